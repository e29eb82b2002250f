"""Crashes and retries at every commit and await: money never twice, never too much; ledger, order and bank agree."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from order_crashes import Bank, CrashError, Fuse
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from order_lookup import (
    Action,
    ActionRequest,
    ActionResult,
    CallerRef,
    Claim,
    DownError,
    LedgerState,
    Money,
    SqlOrderSystem,
    load_policies,
)
from order_lookup import tables as t
from order_lookup.demo import CASES
from order_lookup.words import REMEDIES, Stage
from tests.integration.shops import NOW

pytestmark = pytest.mark.integration
POLICIES = load_policies()
TICKS = 8  # before and after each of three commits, before and after the bank

SINGLE: list[tuple[str, str, Action, dict[str, str]]] = [
    ("refundable_parcel", "refund_request", Action.CANCEL, {}),
    ("delivered_not_received", "refund_request", Action.REFUND_FULL, {}),
    ("duplicate_payment", "payment_problem", Action.REFUND_DUPLICATE, {}),
    ("stalled_parcel", "not_received", Action.RESHIP, {}),
    ("late_food", "order_status", Action.ISSUE_COUPON, {}),
    ("invoice_missing", "invoice", Action.SEND_INVOICE, {}),
    ("refund_overdue", "refund_status", Action.OPEN_TICKET, {}),
    ("in_transit", "urge_delivery", Action.BOOK_CALLBACK, {}),
    ("return_open", "return_exchange", Action.EXCHANGE, {"variant": "换成大一码"}),
]


async def open_desk(url: str, bank: Bank) -> SqlOrderSystem:
    return SqlOrderSystem(url, POLICIES, clock=lambda: NOW, carrier=bank)


async def verified(desk: SqlOrderSystem, name: str, call: str) -> CallerRef:
    case = CASES[name]
    caller = CallerRef(call, case.phone)
    orders = (await desk.caller(caller)).orders
    claim = Claim(phone_tail=case.phone[-4:], name=case.customer, amount_minor=orders[0].total.minor_units)
    assert (await desk.verify(caller, claim)).passed
    return caller


async def traces(desk: SqlOrderSystem) -> dict[str, int]:
    """How many rows each table has that an action could write to."""

    def work(session: Session) -> dict[str, int]:
        tables = (t.LedgerEntry, t.Refund, t.Coupon, t.Shipment, t.Invoice, t.Ticket, t.Callback, t.Promise, t.Message)
        return {table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}

    return await desk.database.read(work)


async def interrupted(
    url: str, name: str, intent: str, action: Action, details: dict[str, str], at: int
) -> dict[str, int]:
    """Do it with a crash at one tick, start anew, try again; what is left behind."""
    fuse = Fuse()
    bank = Bank(fuse)
    desk = await open_desk(url, bank)
    caller = await verified(desk, name, "call-1")
    item = (await desk.caller(caller)).orders[0].items[0] if action is Action.EXCHANGE else ""
    request = ActionRequest(caller, intent, action, CASES[name].order_number, item=item, details=details)
    with fuse.burning():
        fuse.arm(at)
        if at:
            with pytest.raises(CrashError):
                await desk.act(request)
        else:
            assert (await desk.act(request)).done
            assert fuse.ticks == TICKS
        fuse.arm(0)
    await desk.close()
    again = await open_desk(url, bank)
    assert (await again.act(request)).done
    assert await again.finish(untouched_seconds=-1) == []
    assert len(bank.carried) == 1
    left = await traces(again)
    await again.close()
    return left


@pytest.mark.parametrize(("name", "intent", "action", "details"), SINGLE, ids=[f"{c[2].value}" for c in SINGLE])
async def test_a_crash_at_any_step_changes_nothing_in_the_end(
    name: str, intent: str, action: Action, details: dict[str, str], sqlite: Callable[[], str]
) -> None:
    smooth = await interrupted(sqlite(), name, intent, action, details, at=0)
    for at in range(1, TICKS + 1):
        assert await interrupted(sqlite(), name, intent, action, details, at) == smooth, f"crash at tick {at}"


@pytest.mark.parametrize("at", range(1, TICKS + 1))
async def test_the_poller_finishes_what_a_crash_left(at: int, sqlite: Callable[[], str]) -> None:
    fuse, url = Fuse(), sqlite()
    bank = Bank(fuse)
    desk = await open_desk(url, bank)
    caller = await verified(desk, "refundable_parcel", "call-1")
    request = ActionRequest(caller, "cancel_order", Action.CANCEL, CASES["refundable_parcel"].order_number)
    with fuse.burning():
        fuse.arm(at)
        with pytest.raises(CrashError):
            await desk.act(request)
        fuse.arm(0)
    finished = await desk.finish(untouched_seconds=-1)
    assert all(result.done for result in finished)
    assert bank.total(request.order_number or "") in (0, 8900)
    assert (await desk.act(request)).done
    assert bank.total(request.order_number or "") == 8900
    await desk.close()


# What fits, and what fights with it for the same money.
TRIES = (
    ("refundable_parcel", "cancel_order", Action.CANCEL),
    ("refundable_parcel", "refund_request", Action.CANCEL),
    ("duplicate_payment", "payment_problem", Action.REFUND_DUPLICATE),
    ("duplicate_payment", "order_status", Action.REFUND_DUPLICATE),
    ("duplicate_payment", "cancel_order", Action.CANCEL),
    ("delivered_not_received", "refund_request", Action.REFUND_FULL),
    ("delivered_not_received", "not_received", Action.REFUND_FULL),
    ("delivered_not_received", "not_received", Action.RESHIP),
    ("delivered_not_received", "missing_item", Action.REFUND_PARTIAL),
    ("price_dropped", "price_protection", Action.REFUND_PRICE_DROP),
    ("price_dropped", "refund_request", Action.REFUND_PRICE_DROP),
    ("price_dropped", "missing_item", Action.REFUND_PARTIAL),
    ("meal_delivered", "missing_item", Action.REFUND_PARTIAL),
    ("meal_delivered", "damaged_item", Action.REFUND_PARTIAL),
    ("meal_delivered", "not_received", Action.REFUND_FULL),
    ("return_open", "return_exchange", Action.EXCHANGE),
    ("return_open", "return_exchange", Action.START_RETURN),
    ("return_open", "change_order", Action.EXCHANGE),
    ("late_food", "order_status", Action.ISSUE_COUPON),
    ("late_food", "urge_delivery", Action.ISSUE_COUPON),
    ("late_food", "price_protection", Action.REFUND_PRICE_DROP),
)
NAMES = tuple(dict.fromkeys(name for name, _, _ in TRIES))
MOODS = ("fine", "fine", "fine", "down", "declines", "forgets to answer")


class Chaos(RuleBasedStateMachine):
    """Several calls ask for everything, in any order, with any amount, while everything fails now and then."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="orders-chaos-"))
        shutil.copy(self.template, self.folder / "shop.db")
        self.loop = asyncio.new_event_loop()
        self.fuse = Fuse()
        self.bank = Bank(self.fuse)
        self.start()

    def start(self) -> None:
        self.desk = self.loop.run_until_complete(open_desk(f"sqlite:///{self.folder / 'shop.db'}", self.bank))
        self.callers: dict[tuple[str, str], CallerRef] = {}
        self.broken = False

    def teardown(self) -> None:
        self.bank.mood = "fine"
        self.loop.run_until_complete(self.desk.finish(untouched_seconds=-1))
        self.loop.run_until_complete(self.desk.close())
        self.everything_agrees()
        self.loop.close()
        shutil.rmtree(self.folder)

    @rule(
        call=st.sampled_from("ab"),
        what=st.sampled_from(TRIES),
        amount=st.none() | st.none() | st.integers(-100, 9_000),
        mood=st.sampled_from(MOODS),
        crash_at=st.just(0) | st.integers(0, 2 * TICKS),
        twice=st.booleans(),
    )
    def ask(
        self, call: str, what: tuple[str, str, Action], amount: int | None, mood: str, crash_at: int, twice: bool
    ) -> None:
        name = what[0]
        key = (name, f"{call}-{name}")
        if key not in self.callers:
            self.callers[key] = self.loop.run_until_complete(verified(self.desk, *key))
        caller, case = self.callers[key], CASES[name]
        item = self.loop.run_until_complete(self.desk.caller(caller)).orders[0].items[0]
        money = Money(amount) if amount is not None else None
        details = {"variant": "换成大一码"}
        request = ActionRequest(caller, what[1], what[2], case.order_number, amount=money, item=item, details=details)
        self.bank.mood = mood
        with self.fuse.burning():
            self.fuse.arm(crash_at)
            results = self.loop.run_until_complete(self.gather(request, 2 if twice else 1))
            self.fuse.arm(0)
        for result in results:
            if isinstance(result, ActionResult) and result.state is LedgerState.DONE and result.amount:
                assert request.amount is None or result.repeated or result.amount <= request.amount
            assert isinstance(result, ActionResult | CrashError | DownError), result

    async def gather(self, request: ActionRequest, times: int) -> list[ActionResult | BaseException]:
        return await asyncio.gather(*(self.desk.act(request) for _ in range(times)), return_exceptions=True)

    @rule(mood=st.sampled_from(MOODS))
    def finish(self, mood: str) -> None:
        self.bank.mood = mood
        self.loop.run_until_complete(self.desk.finish(untouched_seconds=-1))

    @rule()
    @precondition(lambda self: len(self.callers) > 2)
    def restart(self) -> None:
        self.loop.run_until_complete(self.desk.close())
        self.start()
        self.callers = {}

    @invariant()
    def never_more_than_was_paid(self) -> None:
        for name in NAMES:
            paid, reserved, _ = self.books(name)
            number = CASES[name].order_number
            assert self.bank.total(number) <= paid, name
            assert reserved <= paid, name

    def books(self, name: str) -> tuple[int, int, t.Order]:
        """Paid, refunds that stand, and the order's row."""

        def work(session: Session) -> tuple[int, int, t.Order]:
            order = session.scalars(select(t.Order).where(t.Order.number == CASES[name].order_number)).one()
            paid = session.scalar(select(func.sum(t.Payment.amount_minor)).where(t.Payment.order_id == order.id))
            stands = session.scalar(
                select(func.coalesce(func.sum(t.Refund.amount_minor), 0)).where(
                    t.Refund.order_id == order.id, t.Refund.state != "failed"
                )
            )
            return int(paid or 0), int(stands or 0), order

        with Session(self.desk.database.engine) as session:
            return work(session)

    def everything_agrees(self) -> None:
        """After the poller: nothing is open, and the bank has moved exactly what the ledger says."""
        for name in NAMES:
            _, stands, order = self.books(name)
            assert stands == self.bank.total(order.number), name
            with Session(self.desk.database.engine) as session:
                rows = session.scalars(select(t.LedgerEntry).where(t.LedgerEntry.order_id == order.id)).all()
                assert {row.state for row in rows} <= {"done", "failed"}
                assert sum(row.action in REMEDIES and row.state == "done" for row in rows) <= 1, name
                cancelled = any(row.action == "cancel" and row.state == "done" for row in rows)
                assert (order.stage == Stage.CANCELLED.value) == cancelled
                late = session.scalars(select(t.Coupon).where(t.Coupon.order_id == order.id)).all()
                assert len(late) <= 1


def test_chaos(sqlite_template: Path) -> None:
    Chaos.template = sqlite_template
    run_state_machine_as_test(
        Chaos,
        settings=settings(
            max_examples=25,
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate,),
        ),
    )
