"""Old personal data goes, what accounts for money and matters stays, and what is still open is left alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from order_lookup import (
    Action,
    ActionRequest,
    CallbackRequest,
    CallerRef,
    Claim,
    ContactReport,
    SqlOrderSystem,
    TicketRequest,
    load_policies,
)
from order_lookup import tables as t
from order_lookup.clerk import Clerk
from order_lookup.demo import CASES
from order_lookup.messengers import FileMessenger, Letter
from order_lookup.phones import masked_phone
from order_lookup.poller import Poller
from order_lookup.posting import put
from order_lookup.retention import Keep, forget, forget_letters

NOW = datetime(2027, 3, 10, 6, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=400)
ME, SPOKEN_TO = CASES["refundable_parcel"], CASES["stalled_parcel"]
OPEN, ADDRESS = CASES["late_food"], CASES["coupon_not_applied"]
ALL = Keep(mirrored_orders=90, contacts=180, messages=90, settled=365)
Dump = Mapping[str, list[dict[str, Any]]]


async def a_busy_day(url: str) -> SqlOrderSystem:
    """Calls of every kind: actions, a changed address, tickets open and closed, a callback done, messages sent and waiting."""
    desk = SqlOrderSystem(url, load_policies(), clock=lambda: NOW)
    for case, intent, action, details in (
        (ME, "cancel_order", Action.CANCEL, {}),
        (ADDRESS, "change_address", Action.CHANGE_ADDRESS, {"address": "滨江大道9号"}),
    ):
        caller = CallerRef(f"call-{case.name}", case.phone)
        amount = (await desk.caller(caller)).orders[0].total.minor_units
        claim = Claim(phone_tail=case.phone[-4:], name=case.customer, amount_minor=amount)
        assert (await desk.verify(caller, claim)).passed
        assert (await desk.act(ActionRequest(caller, intent, action, case.order_number, details=details))).done
    for case, close in ((SPOKEN_TO, True), (OPEN, False)):
        caller = CallerRef(f"call-{case.name}", case.phone)
        request = TicketRequest(caller, "complaint", "service/complaint", "太慢", case.order_number)
        number = (await desk.open_ticket(request)).number
        await desk.book_callback(CallbackRequest(caller, "general"))
        await desk.contact(ContactReport(caller, "complaint", "agent", True, case.order_number))
        if close:
            await desk.close_ticket(number, "李", "done")
            await desk.database.write(done)
    return desk


def done(session: Session) -> None:
    for row in session.scalars(select(t.Callback)):
        row.done_at = NOW


class Sink:
    """Sends letters nowhere."""

    async def send(self, letter: Letter) -> None:
        """It is as good as sent."""


async def dump(desk: SqlOrderSystem) -> Dump:
    def work(session: Session) -> Dump:
        return {
            name: [dict(row) for row in session.execute(select(table)).mappings()]
            for name, table in t.Base.metadata.tables.items()
        }

    return await desk.database.read(work)


def row_of(found: Dump, table: str, **wanted: Any) -> dict[str, Any]:
    return next(row for row in found[table] if all(row[name] == value for name, value in wanted.items()))


async def old_data_is_forgotten(url: str) -> None:
    """On SQLite here, on PostgreSQL in the integration tests."""
    desk = await a_busy_day(url)
    await Poller(desk, Sink()).round()
    before = await dump(desk)
    said = await forget(desk.database, ALL, LATER, batch=7)
    after = await dump(desk)
    assert {"orders deleted", "orders masked", "customers masked", "actions masked", "tickets masked"} <= said.keys()
    for kept in ("shop_ledger", "shop_tickets", "shop_ticket_entries", "shop_callbacks", "shop_promises"):
        assert len(after[kept]) == len(before[kept]), kept
    for money in ("key", "amount_minor", "state", "receipt", "order_id"):
        assert [row[money] for row in after["shop_ledger"]] == [row[money] for row in before["shop_ledger"]]
    everything = str(after)
    for case in (ME, ADDRESS, SPOKEN_TO):
        assert case.phone not in everything
        assert case.customer not in str(after["shop_customers"] + after["shop_orders"])
    assert "滨江大道9号" not in everything
    assert not after["shop_contacts"]
    assert not after["shop_verifications"]
    # what is open is left alone, with all that is needed for it
    assert OPEN.phone in {row["number"] for row in after["shop_phones"]}
    assert row_of(after, "shop_orders", number=OPEN.order_number)["address"]
    assert {row["phone"] for row in after["shop_tickets"] if row["closed_at"] is None} >= {OPEN.phone}
    assert await forget(desk.database, ALL, LATER) == {}
    assert await dump(desk) == after
    await desk.close()


async def test_old_data_is_forgotten(database_file: Path) -> None:
    await old_data_is_forgotten(f"sqlite:///{database_file}")


async def test_what_is_young_or_the_shops_own_stays(database_file: Path) -> None:
    desk = await a_busy_day(f"sqlite:///{database_file}")
    before = await dump(desk)
    await forget(desk.database, ALL, NOW + timedelta(days=29))
    orders = await dump(desk)
    assert row_of(orders, "shop_orders", number=ME.order_number) == row_of(
        before, "shop_orders", number=ME.order_number
    )
    await forget(desk.database, Keep(mirrored_orders=None), LATER)
    after = await dump(desk)
    for own in ("shop_orders", "shop_customers", "shop_phones", "shop_items"):
        assert after[own] == orders[own], own
    await desk.close()


async def test_a_refusal_of_messages_and_a_frozen_account_are_not_forgotten(database_file: Path) -> None:
    desk = await a_busy_day(f"sqlite:///{database_file}")
    assert await Clerk(desk).refuse_messages(ME.phone, refused=True)
    caller = CallerRef("thief", ADDRESS.phone)
    assert (await desk.act(ActionRequest(caller, "account_stolen", Action.FREEZE_ACCOUNT))).done
    await forget(desk.database, ALL, LATER)
    for case in (ME, ADDRESS):
        known = (await desk.caller(case.phone)).customer
        assert known is not None, case.name
        assert known.name == ""
    assert (await desk.caller(ADDRESS.phone)).customer.frozen  # type: ignore[union-attr]
    assert (await desk.caller(SPOKEN_TO.phone)).customer is None
    await desk.close()


async def test_a_message_that_waits_is_not_forgotten(database_file: Path) -> None:
    desk = await a_busy_day(f"sqlite:///{database_file}")
    assert [row["state"] for row in (await dump(desk))["shop_outbox"]] == ["waiting", "waiting"]
    await forget(desk.database, ALL, LATER)
    assert len((await dump(desk))["shop_outbox"]) == 2
    await desk.close()


async def test_what_was_done_is_not_done_again_once_forgotten(database_file: Path) -> None:
    desk = await a_busy_day(f"sqlite:///{database_file}")
    caller = CallerRef(f"call-{ME.name}", ME.phone)
    request = ActionRequest(caller, "cancel_order", Action.CANCEL, ME.order_number)
    first = await desk.act(request)
    await forget(desk.database, ALL, LATER)
    again = await desk.act(request)
    assert (again.receipt, again.amount, again.repeated) == (first.receipt, first.amount, True)
    await desk.close()


async def test_the_night_watch_does_it_every_six_hours_and_lives_on_when_it_fails(
    database_file: Path, tmp_path: Path
) -> None:
    now, seen = [NOW], []
    desk = SqlOrderSystem(f"sqlite:///{database_file}", load_policies(), clock=lambda: now[0])

    async def chore(moment: datetime) -> Mapping[str, int]:
        seen.append(moment)
        if len(seen) == 2:
            raise PermissionError("no such right")
        return {"things deleted": 3}

    poller = Poller(desk, FileMessenger(tmp_path / "messages"), chores=[chore])
    assert (await poller.round()).chores == {"things deleted": 3}
    now[0] += timedelta(hours=5)
    assert (await poller.round()).chores == {}
    now[0] += timedelta(hours=2)
    with pytest.raises(PermissionError):
        await poller.round()
    assert (await poller.round()).chores == {}
    now[0] += timedelta(hours=7)
    assert (await poller.round()).chores == {"things deleted": 3}
    await desk.close()


async def test_what_the_outbox_forgets_goes_from_the_file_too(database_file: Path, tmp_path: Path) -> None:
    desk = SqlOrderSystem(f"sqlite:///{database_file}", load_policies(), clock=lambda: NOW)
    messenger = FileMessenger(tmp_path / "out" / "messages.jsonl")
    assert await forget_letters(desk.database, messenger) == 0
    await desk.database.write(lambda session: put(session, "young", "138", "done", "zh", "您好", NOW))
    for key in ("old", "young"):
        await messenger.send(Letter(key, "13812345678", "done", "zh", "您好"))
    assert await forget_letters(desk.database, messenger) == 1
    assert messenger.keys() == {"young"}
    await messenger.send(Letter("old", "13812345678", "done", "zh", "您好"))  # it was sent, forgotten or not
    assert messenger.keys() == {"young"}
    assert (tmp_path / "out" / "messages.jsonl").stat().st_mode & 0o077 == 0
    await desk.close()


@pytest.mark.parametrize(
    ("phone", "masked"),
    [("13801161353", "*******1353"), ("*******1353", "*******1353"), ("", ""), ("110", "*110"), ("10086", "*0086")],
)
def test_a_phone_keeps_its_last_four(phone: str, masked: str) -> None:
    assert masked_phone(phone) == masked
