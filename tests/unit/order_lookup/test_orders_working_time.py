"""What is promised counts time of work: callbacks, tickets, reminders, escalation; safety's count by the clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from order_builders import Clock, customer, facts

from order_lookup import CallbackRequest, CallerRef, Intent, SqlOrderSystem, TicketRequest, Tier, load_policies
from order_lookup.clerk import Clerk
from order_lookup.decision import decide
from order_lookup.messengers import Letter
from order_lookup.poller import Poller

ZONE = ZoneInfo("Asia/Shanghai")
EVENING = datetime(2027, 3, 10, 20, 50, tzinfo=ZONE)
NIGHT = datetime(2027, 3, 11, 3, 0, tzinfo=ZONE)


class NineToNine:
    """`WorkingTime` of people who are there from 9 to 21; some queues sleep all the time."""

    def __init__(self, *asleep: str) -> None:
        self.asleep = asleep

    def is_open(self, queue: str, at: datetime) -> bool:
        return queue not in self.asleep and 9 <= at.astimezone(ZONE).hour < 21

    def after(self, queue: str, at: datetime, span: timedelta) -> datetime:
        minute = timedelta(minutes=1)
        while not self.is_open(queue, at) or span > timedelta():
            if self.is_open(queue, at):
                span -= minute
            at += minute
            if span <= timedelta() and self.is_open(queue, at - minute):
                return at
        return at


class Letters(list[Letter]):
    """Delivers everything."""

    async def send(self, letter: Letter) -> None:
        self.append(letter)


@pytest.fixture
async def shop(database_file: Path, clock: Clock) -> AsyncIterator[SqlOrderSystem]:
    clock.now = EVENING
    system = SqlOrderSystem(f"sqlite:///{database_file}", load_policies(working=NineToNine()), clock=clock)
    yield system
    await system.close()


def ticket(category: str, call: str = "c1") -> TicketRequest:
    return TicketRequest(CallerRef(call, "13800004567"), "complaint", category, "x")


async def test_a_callback_promised_in_the_evening_is_due_in_the_morning(shop: SqlOrderSystem, clock: Clock) -> None:
    booked = await shop.book_callback(CallbackRequest(CallerRef("c1", "13800004567"), "general"))
    assert booked.due_at == datetime(2027, 3, 11, 9, 20, tzinfo=ZONE)
    clock.now = NIGHT
    booked = await shop.book_callback(CallbackRequest(CallerRef("c2", "13800004567"), "general"))
    assert booked.due_at == datetime(2027, 3, 11, 9, 30, tzinfo=ZONE)
    promised = [(each.what, each.due_at.astimezone(UTC)) for each in await Clerk(shop).promises()]
    assert ("callback", booked.due_at.astimezone(UTC)) in promised


async def test_a_ticket_is_due_after_so_many_hours_of_work(shop: SqlOrderSystem) -> None:
    opened = await shop.open_ticket(ticket("service/complaint"))  # eight hours, ten minutes of them today
    assert opened.due_at == datetime(2027, 3, 11, 16, 50, tzinfo=ZONE)


async def test_what_the_policy_counts_by_the_clock_does_not_sleep(shop: SqlOrderSystem, clock: Clock) -> None:
    opened = await shop.open_ticket(ticket("safety/person"))
    assert opened.due_at == EVENING + timedelta(hours=1)
    assert opened.callback_at == EVENING + timedelta(minutes=10)
    letters = Letters()
    clock.now = NIGHT
    await Poller(shop, letters).round()
    assert [letter.to for letter in letters] == ["staff:senior"]


async def test_nobody_is_reminded_at_night_and_the_supervisor_gets_it_by_day(
    shop: SqlOrderSystem, clock: Clock
) -> None:
    number = (await shop.open_ticket(ticket("logistics/late"))).number
    seen, letters = [], Letters()
    for hours, minutes in ((2, 0), (6, 0), (12, 59), (13, 0), (13, 59), (14, 0), (30, 0), (37, 59), (38, 0)):
        clock.now = EVENING + timedelta(hours=hours, minutes=minutes)
        await Poller(shop, letters).round()
        view = await Clerk(shop).ticket(number)
        assert view is not None
        seen.append([line.kind for line in view.history][1:])
    once, twice = ["reminder"], ["reminder", "escalated"]
    assert seen[:5] == [[], [], [], once, once], "an hour of work later: at 9:50"
    assert seen[5:8] == [twice, twice, twice], "two hours of work later, and not again at night"
    assert seen[8] == ["reminder", "escalated", "escalated"]


async def test_a_ticket_from_before_there_were_hours_waits_for_the_morning(database_file: Path, clock: Clock) -> None:
    clock.now = EVENING
    before = SqlOrderSystem(f"sqlite:///{database_file}", load_policies(), clock=clock)
    number = (await before.open_ticket(ticket("logistics/late"))).number
    await before.close()
    clock.now = NIGHT
    now = SqlOrderSystem(f"sqlite:///{database_file}", load_policies(working=NineToNine()), clock=clock)
    await Poller(now, Letters()).round()
    view = await Clerk(now).ticket(number)
    assert view is not None
    assert [line.kind for line in view.history] == ["opened"]
    await now.close()


def test_a_vip_goes_where_somebody_is() -> None:
    def queue(*asleep: str) -> str:
        case = facts(None, customer=customer(Tier.VIP))
        handoff = decide(Intent.AGENT, case, load_policies(working=NineToNine(*asleep))).handoff
        assert handoff is not None
        return handoff.queue

    assert queue() == "senior"
    assert queue("senior") == "general"
    assert queue("senior", "general") == "senior"
