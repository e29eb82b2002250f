"""Tickets that nobody answers, messages that can't be sent, storms that are coming."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from order_builders import NOW, Clock
from sqlalchemy import select
from sqlalchemy.orm import Session

from order_lookup import (
    Action,
    ActionRequest,
    CallbackRequest,
    CallerRef,
    Claim,
    DownError,
    Policies,
    SqlOrderSystem,
    TicketRequest,
)
from order_lookup import tables as t
from order_lookup.clerk import Clerk
from order_lookup.demo import CASES
from order_lookup.messengers import FileMessenger, Letter, WebhookMessenger
from order_lookup.poller import Poller
from order_lookup.posting import TRIES, put
from order_lookup.reports import open_promises
from order_lookup.service import keep_callback


class Pigeon:
    """Delivers, or is lost as often as told."""

    def __init__(self) -> None:
        self.lost, self.letters = 0, []  # type: tuple[int, list[Letter]]

    async def send(self, letter: Letter) -> None:
        if self.lost:
            self.lost -= 1
            raise DownError("lost")
        self.letters.append(letter)


@pytest.fixture
async def watched(database_file: Path, policies: Policies, clock: Clock) -> AsyncIterator[SqlOrderSystem]:
    system = SqlOrderSystem(f"sqlite:///{database_file}", policies, clock=clock)
    yield system
    await system.close()


async def test_a_silent_ticket_is_chased_up_to_the_supervisor(watched: SqlOrderSystem, clock: Clock) -> None:
    case, pigeon = CASES["refund_overdue"], Pigeon()
    request = TicketRequest(CallerRef("c", case.phone), "refund_status", "payment/refund", "x", case.order_number)
    number = (await watched.open_ticket(request)).number
    clerk = Clerk(watched)
    seen = []
    for minutes in (0, 59, 60, 61, 119, 120, 121, 300):
        clock.now = NOW + timedelta(minutes=minutes)
        await Poller(watched, pigeon).round()  # a new one each time: nothing is kept in memory
        ticket = await clerk.ticket(number)
        assert ticket is not None
        seen.append((minutes, ticket.queue, [line.kind for line in ticket.history][1:]))
    assert seen == [
        (0, "after_sales", []),
        (59, "after_sales", []),
        (60, "after_sales", ["reminder"]),
        (61, "after_sales", ["reminder"]),
        (119, "after_sales", ["reminder"]),
        (120, "senior", ["reminder", "escalated"]),
        (121, "senior", ["reminder", "escalated"]),
        (300, "senior", ["reminder", "escalated"]),
    ]
    assert [letter.to for letter in pigeon.letters] == ["staff:after_sales", "staff:senior"]


async def test_a_serious_ticket_goes_to_the_supervisor_when_its_call_back_is_due(
    watched: SqlOrderSystem, clock: Clock
) -> None:
    pigeon, case = Pigeon(), CASES["meal_delivered"]
    request = TicketRequest(CallerRef("c", case.phone), "food_safety", "quality/food", "x", case.order_number)
    ticket = await watched.open_ticket(request)
    assert ticket.callback_at == NOW + timedelta(minutes=10)
    for minutes in (9, 10, 11, 60, 120):
        clock.now = NOW + timedelta(minutes=minutes)
        await Poller(watched, pigeon).round()
        letters = [letter.to for letter in pigeon.letters]
        assert letters == ([] if minutes < 10 else ["staff:senior"]), minutes


@pytest.mark.parametrize(
    ("intent", "category", "queue", "priority"),
    [("food_safety", "quality/food", "safety", 0), ("account_stolen", "account/stolen", "account", 0),
     ("invoice", "invoice/missing", "senior", 4)],
)  # fmt: skip
async def test_what_is_overdue_is_the_supervisors_but_safety_and_accounts_answer_themselves(
    intent: str, category: str, queue: str, priority: int, watched: SqlOrderSystem, clock: Clock
) -> None:
    opened = await watched.open_ticket(TicketRequest(CallerRef("c", CASES["in_transit"].phone), intent, category, "x"))
    letters = []
    for hours in (3, 26, 28):  # once, and then a day later until somebody answers
        clock.now = NOW + timedelta(hours=hours)
        pigeon = Pigeon()
        await Poller(watched, pigeon).round()
        letters.append([(letter.to, letter.template) for letter in pigeon.letters])
    assert letters == [[("staff:senior", "escalated")], [], [("staff:senior", "escalated")]]
    ticket = await Clerk(watched).ticket(opened.number)
    assert ticket is not None
    assert (ticket.queue, ticket.priority) == (queue, priority)


@pytest.mark.parametrize(("hours", "warned"), [(0, 0), (0.01, 1), (24, 1), (24.01, 0)])
async def test_a_storm_is_warned_of_a_day_ahead_and_not_once_it_is_there(
    hours: float, warned: int, watched: SqlOrderSystem
) -> None:
    starts = NOW + timedelta(hours=hours)
    assert await Clerk(watched).declare("typhoon", "storm", starts, starts + timedelta(days=1))
    assert (await Poller(watched, Pigeon()).round()).warnings == warned


async def test_a_callback_that_was_made_keeps_its_promise(watched: SqlOrderSystem, clock: Clock) -> None:
    case = CASES["in_transit"]
    for call in ("a", "b"):
        caller = CallerRef(call, case.phone)
        booked = await watched.book_callback(CallbackRequest(caller, "general", None, case.order_number))
        clock.now += timedelta(minutes=20)
        made = await watched.database.write(lambda session, i=booked.id: keep_callback(session, i, clock.now))  # type: ignore[misc]
        assert made
        assert not await watched.database.write(lambda session, i=booked.id: keep_callback(session, i, clock.now))  # type: ignore[misc]
    clock.now += timedelta(days=2)
    assert case.phone not in {promise.phone for promise in await Clerk(watched).promises()}
    decision = await watched.decide("order_status", case.order_number, CallerRef("c", case.phone))
    assert decision.reason != "promises_broken"


async def test_two_callbacks_that_were_never_made_escalate(watched: SqlOrderSystem, clock: Clock) -> None:
    case = CASES["in_transit"]
    for call in ("a", "b"):
        await watched.book_callback(CallbackRequest(CallerRef(call, case.phone), "general", None, case.order_number))
    clock.now += timedelta(hours=1)
    decision = await watched.decide("urge_delivery", case.order_number, CallerRef("c", case.phone))
    assert decision.reason == "promises_broken"
    assert decision.handoff is not None
    assert decision.handoff.queue == "senior"


async def serious_ticket(watched: SqlOrderSystem) -> str:
    """Called back in ten minutes, or escalated."""
    request = TicketRequest(CallerRef("c", CASES["refund_overdue"].phone), "food_safety", "quality/food", "x", None)
    return (await watched.open_ticket(request)).number


async def open_callbacks(watched: SqlOrderSystem) -> list[int]:
    return await watched.database.read(
        lambda session: list(session.scalars(select(t.Callback.id).where(t.Callback.done_at.is_(None))))
    )


async def test_a_ticket_whose_caller_was_called_back_in_time_is_not_escalated(
    watched: SqlOrderSystem, clock: Clock
) -> None:
    number = await serious_ticket(watched)
    clock.now = NOW + timedelta(minutes=5)
    (callback,) = await open_callbacks(watched)
    assert await watched.database.write(lambda session: keep_callback(session, callback, clock.now))
    clock.now = NOW + timedelta(minutes=30)
    await Poller(watched, Pigeon()).round()
    ticket = await Clerk(watched).ticket(number)
    assert ticket is not None
    assert (ticket.state, ticket.escalated_at) == ("open", None)


async def test_nobody_is_to_be_called_back_about_a_closed_ticket(watched: SqlOrderSystem, clock: Clock) -> None:
    promised = await Clerk(watched).promises()
    number = await serious_ticket(watched)
    assert len(await open_callbacks(watched)) == 1
    assert len(await Clerk(watched).promises()) == len(promised) + 1
    assert await watched.close_ticket(number, "sue", "refunded, apologised")
    assert await open_callbacks(watched) == []
    assert await Clerk(watched).promises() == promised


async def test_two_hosts_that_look_at_once_escalate_once(
    watched: SqlOrderSystem, database_file: Path, policies: Policies, clock: Clock
) -> None:
    number = await serious_ticket(watched)
    clock.now = NOW + timedelta(minutes=11)
    other, pigeon = SqlOrderSystem(f"sqlite:///{database_file}", policies, clock=clock), Pigeon()
    await asyncio.gather(*(Poller(system, pigeon).round() for system in (watched, other) for _ in range(3)))
    await other.close()
    ticket = await Clerk(watched).ticket(number)
    assert ticket is not None
    assert [line.kind for line in ticket.history] == ["opened", "escalated"]
    assert sum(letter.template == "escalated" for letter in pigeon.letters) == 1


async def test_an_answered_ticket_is_left_alone(watched: SqlOrderSystem, clock: Clock) -> None:
    ticket = await watched.open_ticket(TicketRequest(CallerRef("c"), "complaint", "service/complaint", "x"))
    await watched.append_ticket(ticket.number, "李", "in hand")
    clock.now += timedelta(hours=5)
    assert (await Poller(watched, Pigeon()).round()).tickets == 0


async def test_a_letter_to_the_staff_of_a_queue_with_a_long_name_says_it_whole(watched: SqlOrderSystem) -> None:
    queue = "staff:regional_after_sales_south"
    await watched.database.write(lambda session: put(session, "k", queue, "reminder", "zh", "好", NOW))
    pigeon = Pigeon()
    await Poller(watched, pigeon).round()
    assert [letter.to for letter in pigeon.letters] == [queue]


async def test_messages_are_tried_again_and_given_up_in_the_end(watched: SqlOrderSystem, clock: Clock) -> None:
    await watched.database.write(lambda session: put(session, "k", "13800000000", "done", "zh", "好", NOW))
    await watched.database.write(lambda session: put(session, "k", "13800000000", "done", "zh", "好", NOW))
    pigeon = Pigeon()
    pigeon.lost = 2
    poller = Poller(watched, pigeon)
    assert [(await poller.round()).messages for _ in range(3)] == [0, 0, 0]  # not before its time
    for _ in range(3):
        clock.now += timedelta(hours=2)
        await poller.round()
    assert [letter.key for letter in pigeon.letters] == ["k"]
    await watched.database.write(lambda session: put(session, "hopeless", "13800000000", "done", "zh", "好", NOW))
    pigeon.lost = 99
    for _ in range(TRIES + 2):
        clock.now += timedelta(days=1)
        await poller.round()
    states = await watched.database.read(lambda session: session.execute(select(t.Message.key, t.Message.state)).all())
    assert dict(states.__iter__()) == {"k": "sent", "hopeless": "failed"}
    assert pigeon.lost == 99 - TRIES


async def test_a_message_claimed_by_a_process_that_died_is_sent_after_all(
    watched: SqlOrderSystem, clock: Clock
) -> None:
    await watched.database.write(lambda session: put(session, "k", "13800000000", "done", "zh", "好", NOW))

    class Dead(Pigeon):
        async def send(self, letter: Letter) -> None:
            raise SystemExit

    with pytest.raises(SystemExit):
        await Poller(watched, Dead()).round()
    pigeon = Pigeon()
    await Poller(watched, pigeon).round()
    assert pigeon.letters == []
    clock.now += timedelta(minutes=3)
    await Poller(watched, pigeon).round()
    assert [letter.key for letter in pigeon.letters] == ["k"]


async def test_merchants_and_staff_are_warned_once(watched: SqlOrderSystem, clock: Clock) -> None:
    clerk, pigeon = Clerk(watched), Pigeon()
    starts = NOW + timedelta(hours=20)
    assert await clerk.declare("typhoon", "storm", starts, starts + timedelta(days=1))
    await Poller(watched, pigeon).round()
    await Poller(watched, pigeon).round()
    assert "staff:all" in {letter.to for letter in pigeon.letters}
    assert len(pigeon.letters) == len({letter.key for letter in pigeon.letters}) == 21  # staff and 20 merchants


async def test_a_warning_once_given_costs_no_more_writing(watched: SqlOrderSystem) -> None:
    """A warning may be ahead for days, and the shop may have thousands of merchants; one has no telephone."""

    def mute(session: Session) -> None:
        session.scalars(select(t.Merchant)).first().phone = ""  # type: ignore[union-attr]

    await watched.database.write(mute)
    starts = NOW + timedelta(hours=20)
    assert await Clerk(watched).declare("typhoon", "storm", starts, starts + timedelta(days=1))
    rounds = [await Poller(watched, Pigeon()).round() for _ in range(3)]
    assert [done.warnings for done in rounds] == [1, 0, 0]
    assert sum(done.messages for done in rounds) == 20


async def test_a_customer_who_has_meanwhile_refused_messages_gets_none(watched: SqlOrderSystem) -> None:
    case, pigeon = CASES["refundable_parcel"], Pigeon()
    caller = CallerRef("c", case.phone)
    assert (await watched.verify(caller, Claim(name=case.customer))).passed
    assert (await watched.act(ActionRequest(caller, "cancel_order", Action.CANCEL, case.order_number))).done
    clerk = Clerk(watched)
    assert await clerk.refuse_messages("+86 " + case.phone, refused=True)
    assert not await clerk.refuse_messages("15900000000", refused=True)
    assert (await Poller(watched, pigeon).round()).messages == 0
    assert await clerk.refuse_messages(case.phone, refused=False)
    assert (await Poller(watched, pigeon).round()).messages == 0  # refused is refused
    assert pigeon.letters == []


async def test_a_file_gets_each_letter_once_even_after_a_torn_line(tmp_path: Path) -> None:
    file = tmp_path / "out" / "messages.jsonl"
    letter = Letter("k1", "138", "done", "zh", "您好")
    for _ in range(2):
        await FileMessenger(file).send(letter)
    file.write_text(file.read_text(encoding="utf-8") + '{"key": "k2", "to"\n', encoding="utf-8")
    await FileMessenger(file).send(Letter("k2", "138", "done", "zh", "您好"))
    await FileMessenger(file).send(letter)
    lines = file.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["key"] for line in (lines[0], lines[2])] == ["k1", "k2"]
    assert len(lines) == 3


async def test_a_file_that_cant_be_written_is_down(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(DownError):
        await FileMessenger(tmp_path / "file" / "below").send(Letter("k", "1", "done", "zh", "x"))


async def test_a_webhook_that_refuses_or_is_gone_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200 if len(seen) == 1 else 503)

    messenger = WebhookMessenger("http://sms.example/send", {"X-Key": "s"})
    messenger._client = httpx.AsyncClient(transport=httpx.MockTransport(answer), headers={"X-Key": "s"})
    letter = Letter("呼叫:k", "138", "done", "zh", "您好")
    await messenger.send(letter)
    assert json.loads(seen[0].content)["body"] == "您好"
    assert seen[0].headers["X-Key"] == "s"
    with pytest.raises(DownError, match="503"):
        await messenger.send(letter)
    assert seen[0].headers["Idempotency-Key"] == seen[1].headers["Idempotency-Key"]
    await messenger.close()


async def test_the_list_of_open_promises_begins_with_the_most_urgent(
    watched: SqlOrderSystem, database_file: Path
) -> None:
    case = CASES["in_transit"]
    caller = CallerRef("c", case.phone)
    await watched.promise(caller, "late one", NOW + timedelta(hours=5), case.order_number)
    await watched.promise(caller, "soon one", NOW + timedelta(hours=1), case.order_number)
    await watched.promise(caller, "soon one", NOW + timedelta(hours=9), case.order_number)  # told again: the same
    mine = [p for p in open_promises(f"sqlite:///{database_file}") if p.order_number == case.order_number]
    assert [(p.what, p.customer) for p in mine] == [("soon one", case.customer), ("late one", case.customer)]
