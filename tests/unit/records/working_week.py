"""A week at the desk whose outcome is known: agents' hours, callers who come back, promises kept, late or never.

It is played by what really writes it, on a clock of its own; what must be counted stands beside each part, reckoned by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zlib import crc32
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr.console import callback_tries, callbacks
from ivr.ports import Caller
from ivr.records import reached, reviews
from ivr.records.agents import set_state
from ivr.records.queue import SqlQueue
from ivr.records.tables import AgentRow, CallRow, HandoffRow, LineRow
from ivr.traffic import day_begins
from order_lookup import CallbackRequest, CallerRef, ContactReport, TicketRequest, service
from order_lookup.database import open_engine
from order_lookup.demo import fill
from order_lookup.errors import MistakeError
from order_lookup.policies import load_policies
from order_lookup.tables import Callback, Order, Phone
from tests.unit.records.working_day import WorkingDay

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = date(2026, 11, 9)
HOUR, DAY = 3600.0, 86_400.0
MONDAY_BEGINS = day_begins(MONDAY, ZONE)
# The Monday after, at ten: all that follows is over.
LOOKED_AT = MONDAY_BEGINS + 7 * DAY + 10 * HOUR
POLICIES = load_policies().values


def at(day: int, hour: float) -> float:
    """A moment of the week."""
    return MONDAY_BEGINS + day * DAY + hour * HOUR


@dataclass(slots=True)
class Week:
    """The database, and who writes into it."""

    engine: Engine
    day: WorkingDay

    @contextmanager
    def session(self) -> Iterator[Session]:
        with Session(self.engine) as session, session.begin():
            yield session

    def close(self) -> None:
        self.day.records.close()


def open_week(engine: Engine, url: str, folder: Path) -> Week:
    """An empty one, with the demo shop's customers; a database may have them already."""
    desk = open_engine(url)
    with suppress(MistakeError):
        fill(desk, datetime.fromtimestamp(MONDAY_BEGINS, UTC), 20, 60)
    desk.dispose()
    return Week(engine, WorkingDay(engine, folder))


# -- agents' hours ----------------------------------------------------------------------------------------------------


async def agents_work(week: Week) -> None:
    """Monday. Anna is there from 9 to 12; Bert from 9 to 10, and then his phone rings out.

    anna  9:00 available, 10:00 rings, 10:00:10 talks, 10:10:10 wraps up, 10:12:10 available, 11:00 away (lunch), 11:30 available,
          12:00 off duty
    bert  9:00 available, 9:59 rings (a minute), 10:00 away: he missed a call; 10:30 off duty
    """
    for name in ("anna", "bert"):
        _goes(week, name, "available", at(0, 9))
    await _rings_out(week, at(0, 9 + 59 / 60))
    _goes(week, "bert", "offline", at(0, 10.5))
    await _talks(week, at(0, 10))
    _goes(week, "anna", "away", at(0, 11), "lunch")
    _goes(week, "anna", "available", at(0, 11.5))
    _goes(week, "anna", "offline", at(0, 12))


# Seconds: anna 3600 + 2870 + 1800 available, 10 ringing, 600 talk, 120 wrap-up, 1800 away; bert 3540 available, 60 ringing, 1800 away.
ANNA = {"available": 8270.0, "ringing": 10.0, "on_call": 600.0, "wrap_up": 120.0, "away": 1800.0, "missed": 0}
BERT = {"available": 3540.0, "ringing": 60.0, "on_call": 0.0, "wrap_up": 0.0, "away": 1800.0, "missed": 1}
OCCUPANCY = 720.0 / (9000.0 + 3600.0)
UTILISATION = 12_600.0 / (12_600.0 + 3600.0)
# 10 to 11 o'clock: anna all of it ready, 720 s of it handling; bert half an hour away.
OCCUPANCY_AT_TEN = 720.0 / 3600.0
UTILISATION_AT_TEN = 3600.0 / 5400.0


def _goes(week: Week, name: str, state: str, when: float, reason: str = "") -> None:
    with week.session() as session:
        agent = session.scalars(select(AgentRow.id).where(AgentRow.name == name)).one()
        assert set_state(session, agent, state, reason, when)


async def _rings_out(week: Week, when: float) -> None:
    day = week.day
    day.now = when
    queue = SqlQueue(week.engine, "w", day.clock)
    handoff = await queue.enter("rang-out", "after_sales", "", "zh", 5, "agent", Caller(""))
    await queue.reserve(handoff)
    day.now += 60.0
    await queue.release(handoff, "bert", "away", "no_answer")
    await queue.finish(handoff, "abandoned")


async def _talks(week: Week, when: float) -> None:
    day = week.day
    day.now = when
    day.begin("talk")
    await day.records.flush()
    handoff = await day.queue.enter("talk", "general", "", "zh", 5, "agent", Caller("13800004567"))
    await day.queue.reserve(handoff)
    day.now += 10.0
    await day.queue.heartbeat()
    await day.queue.connected(handoff)
    await day.talked(handoff, "anna", 600.0, 120.0)
    await day.queue.finish(handoff, "completed")
    day.end("talk", "handled_by_agent", 0.0, satisfaction=2)
    await day.records.flush()
    with week.session() as session:
        assert reviews.review(session, "talk", "sue", "policy", "", when)


# -- who comes back ---------------------------------------------------------------------------------------------------

# (call, day, hour, phone, intent, order number or None, words) → resolved at the first contact, or None where it isn't one.
Call = tuple[str, float, float, str, str, str | None, bool]


def calls_of_the_week(first: str, second: str, phone: str, other_phone: str) -> list[tuple[Call, bool | None]]:
    """`first` and `second` are orders of the customer who has both telephones."""
    stranger, courier, silent, late = "13711110001", "13711110002", "13711110003", "13711110004"
    return [
        # Comes back the day after about the same order, from another telephone, with another matter: the first was not resolved.
        (("a1", 0, 9.0, phone, "order_status", first, True), False),
        (("a2", 1, 9.0, other_phone, "refund_request", first, True), None),
        # Another order of theirs is another matter, and nobody comes back about it.
        (("a3", 1, 11.0, phone, "order_status", second, True), True),
        # No order on either call: the same matter on Wednesday, another one on Thursday.
        (("b1", 0, 10.0, stranger, "invoice", None, True), False),
        (("b2", 2, 10.0, stranger, "invoice", None, True), None),
        (("b3", 3, 10.0, stranger, "coupon", None, True), True),
        # Who never says what it is about comes back for the same.
        (("c1", 0, 10.0, courier, "payment_problem", None, True), False),
        (("c2", 0, 12.0, courier, "out_of_scope", None, True), None),
        # Whoever hangs up in the greeting has neither come nor come back.
        (("d1", 0, 10.0, silent, "invoice", None, True), True),
        (("d2", 1, 10.0, silent, "out_of_scope", None, False), None),
        # Four days later is not within three; it is a first contact of its own, and too young to judge on Monday at ten.
        (("e1", 0, 10.0, late, "invoice", None, True), True),
        (("e2", 6.5, 10.0, late, "invoice", None, True), None),
        # A withheld number is nobody's.
        (("f1", 0, 10.0, "", "invoice", None, True), None),
    ]


FIRST_CONTACTS, RESOLVED = 7, 4  # a1 a3 b1 b3 c1 d1 e1; a3 b3 d1 e1


def callers_come(week: Week) -> dict[str, bool | None]:
    """All of them; what must be said of each."""
    with week.session() as session:
        first, second, phone, other = _a_customer(session)
        truth = calls_of_the_week(first, second, phone, other)
        for (call_id, day, hour, number, intent, order, words), _ in truth:
            began = at(0, 0) + day * DAY + hour * HOUR
            silent = {} if words else {"disposition": "caller_hung_up"}
            session.add(
                CallRow(id=call_id, started_at=began, ended_at=began + 120.0, case={"intent": intent}, **silent)
            )
            session.flush()
            if words:
                session.add(LineRow(call_id=call_id, position=1, speaker="caller", text="…", seconds=1.0, details={}))
            report = ContactReport(CallerRef(call_id, number), intent, "settled", True, order)
            service.contact(session, report, _moment(began + 120.0))
    return {call[0]: resolved for call, resolved in truth}


def _a_customer(session: Session) -> tuple[str, str, str, str]:
    """Two orders of a customer, and two telephones of theirs."""
    for customer in session.scalars(select(Order.customer_id).distinct()):
        numbers = session.scalars(select(Order.number).where(Order.customer_id == customer).limit(2)).all()
        phones = session.scalars(select(Phone.number).where(Phone.customer_id == customer)).all()
        if len(numbers) == 2 and phones:
            session.add(Phone(customer_id=customer, number="13711119999"))
            session.flush()
            return numbers[0], numbers[1], phones[0], "13711119999"
    raise AssertionError("the demo shop has such a customer")


# -- what was promised ------------------------------------------------------------------------------------------------

CALLBACKS = {"due": 5, "in_time": 3, "early": (600.0 + 300.0 + 900.0) / 3, "late": (1200.0 + 2 * HOUR) / 2}
TICKETS = {"due": 3, "in_time": 1, "early": 3600.0, "late": (1800.0 + 2 * HOUR) / 2}


def promises_are_made(week: Week) -> None:
    """Looked at on Monday a week later at ten; those due after that don't count, however early they were kept.

    callbacks  due Tuesday 12:00: made 10 min before; made 20 min late; tried 5 min before, unanswered thrice, given up an hour late;
               taken back 15 min before (its ticket was closed). Due that Monday 8:00, two hours ago: open. Due at 11: made.
               Needless, and none of these: a caller rang again an hour before and talked with Anna; another was lost, and helped since.
    tickets    due Tuesday 12:00: closed an hour before; closed half an hour late. Due Monday 8:00: open. Due at 11: closed.
    """
    noon, monday = at(1, 12), LOOKED_AT - 2 * HOUR
    with week.session() as session:
        made = {name: _callback(session, name, due) for name, due in (
            ("early", noon), ("late", noon), ("unreached", noon), ("closed", noon), ("open", monday),
            ("later", LOOKED_AT + HOUR), ("rang", noon), ("lost", noon),
        )}  # fmt: skip
        assert reached.close(session, "desk", made["rang"], "rang2", "anna", noon - HOUR)
        lost = HandoffRow(call_id="lost", queue="general", state="ended", outcome="lost", enqueued_at=noon - DAY)
        session.add(lost)
        session.flush()
        service.take_back_callback(session, "lost", "general", _moment(noon - HOUR))
        reached.taken_back(session, "desk", lost.id)
        assert callbacks.keep(session, False, made["early"], noon - 600.0)
        assert callbacks.keep(session, False, made["late"], noon + 1200.0)
        for when in (noon - 300.0, noon + 1800.0, noon + 3600.0):
            callback_tries.tried(session, False, made["unreached"], 3, when, POLICIES)
        service.take_back_callback(session, "closed", "general", _moment(noon - 900.0))
        callbacks.keep(session, False, made["later"], LOOKED_AT - HOUR)
        early, late, _, later = (_ticket(session, name, due) for name, due in (
            ("t1", noon), ("t2", noon), ("t3", monday), ("t4", LOOKED_AT + HOUR),
        ))  # fmt: skip
        service.close_ticket(session, early, "anna", "办结", _moment(noon - 3600.0))
        service.close_ticket(session, late, "anna", "办结", _moment(noon + 1800.0))
        service.close_ticket(session, later, "anna", "办结", _moment(LOOKED_AT - HOUR))


def _callback(session: Session, call_id: str, due: float) -> int:
    phone = f"136{crc32(call_id.encode()) % 10**8:08d}"  # each has a number of their own
    asked = CallbackRequest(CallerRef(call_id, phone), "general", _moment(due))
    service.book_callback(session, asked, _moment(due - DAY), POLICIES)
    session.flush()
    return session.scalars(select(Callback.id).where(Callback.key.startswith(f"{call_id}:"))).one()


def _ticket(session: Session, call_id: str, due: float) -> str:
    """Complaints are due eight hours after they were opened."""
    hours = POLICIES.tickets.categories["service"].due_hours
    asked = TicketRequest(CallerRef(call_id, ""), "complaint", "service/complaint", "投诉", None)
    return service.open_ticket(session, asked, _moment(due) - timedelta(hours=hours), POLICIES).number


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
