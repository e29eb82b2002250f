"""The order desk on a real PostgreSQL: many processes at once, upgrades at once, and the same answers as SQLite."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import pytest
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from order_lookup import Action, ActionRequest, CallerRef, Claim, DownError, LedgerState, SqlOrderSystem, load_policies
from order_lookup import tables as t
from order_lookup.carrier import Carried, Job
from order_lookup.database import downgrade, open_engine, upgrade
from order_lookup.demo import CASES
from order_lookup.words import REFUNDS
from tests.integration.shops import NOW

pytestmark = pytest.mark.integration
PROCESSES, PER_PROCESS = 3, 120
WANTS = (
    ("refundable_parcel", "cancel_order", Action.CANCEL),
    ("refundable_parcel", "refund_request", Action.CANCEL),
    ("duplicate_payment", "payment_problem", Action.REFUND_DUPLICATE),
    ("duplicate_payment", "cancel_order", Action.CANCEL),
    ("delivered_not_received", "refund_request", Action.REFUND_FULL),
    ("delivered_not_received", "not_received", Action.RESHIP),
    ("price_dropped", "price_protection", Action.REFUND_PRICE_DROP),
    ("meal_delivered", "missing_item", Action.REFUND_PARTIAL),
    ("late_food", "order_status", Action.ISSUE_COUPON),
    ("in_transit", "urge_delivery", Action.URGE_DELIVERY),
    ("refund_overdue", "refund_status", Action.OPEN_TICKET),
    ("vip", "urge_delivery", Action.BOOK_CALLBACK),
)


async def _storm(url: str, worker: int) -> Counter[str]:
    """A third of the actions at once, for 5 callers per order who all want the same, and ask again and again."""
    desk = SqlOrderSystem(url, load_policies(), clock=lambda: NOW, threads=2)
    outcomes: Counter[str] = Counter()

    async def one(place: int) -> None:
        name, intent, action = WANTS[place % len(WANTS)]
        case = CASES[name]
        caller = CallerRef(f"call-{place % 5}-{name}", case.phone)
        item = {"meal_delivered": "沙拉"}.get(name, "")
        request = ActionRequest(caller, intent, action, case.order_number, item=item)
        try:
            result = await desk.act(request)
        except DownError:
            outcomes["down"] += 1
        else:
            outcomes[result.state.value if result.state else result.refused] += 1

    await asyncio.gather(*(one(worker * PER_PROCESS + place) for place in range(PER_PROCESS)))
    await desk.close()
    return outcomes


def _run(url: str, worker: int) -> Counter[str]:
    return asyncio.run(_storm(url, worker))


async def _verify_everybody(url: str) -> None:
    desk = SqlOrderSystem(url, load_policies(), clock=lambda: NOW)
    for name in dict.fromkeys(name for name, _, _ in WANTS):
        for call in range(5):
            caller = CallerRef(f"call-{call}-{name}", CASES[name].phone)
            assert (await desk.verify(caller, Claim(name=CASES[name].customer))).passed
    await desk.close()


@pytest.mark.timeout(600)
def test_hundreds_of_actions_at_once_from_several_processes(postgres: Callable[[], str]) -> None:
    url = postgres()
    asyncio.run(_verify_everybody(url))
    engine = open_engine(url)
    with Session(engine) as session:
        orders = {case.order_number for case in CASES.values()}
        before = session.scalar(select(func.count()).select_from(t.Coupon)) or 0
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
        outcomes = sum(pool.map(_run, [url] * PROCESSES, range(PROCESSES)), Counter())
    assert outcomes.total() == PROCESSES * PER_PROCESS
    assert outcomes["down"] == 0
    assert set(outcomes) <= {"done", "not_offered"}
    with Session(engine) as session:
        rows = session.scalars(select(t.LedgerEntry)).all()
        assert {row.state for row in rows} == {LedgerState.DONE.value}
        assert len({row.key for row in rows}) == len(rows)
        for number in orders:
            order = session.scalars(select(t.Order).where(t.Order.number == number)).one()
            paid = session.scalar(select(func.sum(t.Payment.amount_minor)).where(t.Payment.order_id == order.id)) or 0
            refunds = session.scalars(select(t.Refund).where(t.Refund.order_id == order.id)).all()
            assert sum(refund.amount_minor for refund in refunds) <= paid, number
            of_ledger = [row for row in rows if row.order_id == order.id and row.action in REFUNDS and row.amount_minor]
            linked = [refund for refund in refunds if refund.ledger_id is not None]
            assert sorted(r.amount_minor for r in linked) == sorted(r.amount_minor for r in of_ledger), number
        # one coupon for the one late meal, however many callers asked
        assert (session.scalar(select(func.count()).select_from(t.Coupon)) or 0) == before + 1
        # one cancellation, one remedy each
        remedies = Counter(row.order_id for row in rows if row.action in ("cancel", "refund_full", "reship"))
        assert set(remedies.values()) == {1}
    engine.dispose()


_UPGRADE = "import sys, json; from order_lookup.database import open_engine, upgrade; print(json.dumps(upgrade(open_engine(sys.argv[1]))))"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_several_processes_starting_at_once_upgrade_once(
    kind: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if kind == "postgresql":
        engine = create_engine(
            f"{postgres_server.replace('postgresql:', 'postgresql+psycopg:')}/postgres", isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE DATABASE fresh_upgrade")
        engine.dispose()
        url = f"{postgres_server}/fresh_upgrade"
    else:
        url = f"sqlite:///{tmp_path_factory.mktemp('upgrade') / 'fresh.db'}"
    started = [
        subprocess.Popen([sys.executable, "-c", _UPGRADE, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    answers = [(process.communicate(timeout=240), process.returncode) for process in started]
    assert [code for _, code in answers] == [0] * 3, answers
    assert sorted(json.loads(out) for (out, _), _ in answers) == [False, False, True]
    again = open_engine(url)
    assert upgrade(again) is False
    downgrade(again)
    assert upgrade(again) is True
    again.dispose()


async def test_the_same_is_decided_on_both_databases(postgres: Callable[[], str], sqlite: Callable[[], str]) -> None:
    policies = load_policies()
    desks = [SqlOrderSystem(url, policies, clock=lambda: NOW) for url in (postgres(), sqlite())]
    for case in CASES.values():
        for intent in ("order_status", "refund_request", "not_received"):
            one, other = [
                await desk.decide(intent, case.order_number, CallerRef("c", case.phone), NOW) for desk in desks
            ]
            assert one == other, case.name
    for desk in desks:
        await desk.close()


class Wordy:
    """A provider whose receipts are as long as they may be."""

    async def carry(self, job: Job) -> Carried:
        return Carried("R" * 120)


async def test_a_refund_with_the_longest_receipt_is_done(postgres: Callable[[], str]) -> None:
    desk = SqlOrderSystem(postgres(), load_policies(), clock=lambda: NOW, carrier=Wordy())
    case = CASES["refundable_parcel"]
    caller = CallerRef("c", case.phone)
    assert (await desk.verify(caller, Claim(name=case.customer))).passed
    assert (await desk.act(ActionRequest(caller, "cancel_order", Action.CANCEL, case.order_number))).done
    await desk.close()


async def test_a_server_that_goes_away_is_down_and_comes_back(postgres: Callable[[], str]) -> None:
    url = postgres()
    desk = SqlOrderSystem(url, load_policies(), clock=lambda: NOW)
    case = CASES["in_transit"]
    assert (await desk.caller(case.phone)).customer is not None
    admin = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    admin.dispose()
    assert (await desk.caller(case.phone)).customer is not None
    await desk.close()


async def test_a_server_that_isnt_there_is_down_in_time() -> None:
    desk = SqlOrderSystem("postgresql://nobody@127.0.0.1:18199/none", load_policies())
    begun = time.monotonic()
    with pytest.raises(DownError):
        await desk.caller("13800000000")
    assert time.monotonic() - begun < 25
    await desk.close()
