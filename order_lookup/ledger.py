"""The action ledger: planned → sent → done | failed | unknown, each action once.

How it works. An action is written down before anything happens (`plan`), in one transaction with the money it will need:
a refund row in state `planned` counts against what was paid, so that no two actions can spend the same cent. Then it is
marked `sent`, the carrier (payment provider, dispatch) is asked with the ledger's key, and in a third transaction the
effects on the order and the state `done` are written together. A crash leaves `planned` or `sent`: whoever comes next
with the same key, or the poller, goes on from there. The carrier does a key once however often it is asked; and effects
are written only by the transaction that moves the entry out of `planned`, `sent` or `unknown`. `done` and `failed` are
final. `unknown` means that the carrier didn't answer: the money stays reserved and the poller asks again.

  planned → sent      the carrier is about to be asked
  sent    → done      it did it; effects are written in the same transaction
  sent    → failed    it refused; the reservation is released
  sent    → unknown   no answer
  sent    → sent      asked again after a crash
  unknown → sent      asked again
  unknown → done, failed, unknown: an answer, or none, for who had asked at the same time

The same request again finds its entry. Something else under the same key (the address corrected, another remedy after
the bank refused the first) gets the key with a number.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from order_lookup import tables as t
from order_lookup.money import Money
from order_lookup.port import ActionRequest, ActionResult
from order_lookup.words import OPEN_STATES, REFUNDS, REMEDIES, Action, LedgerState

_NEXT: dict[LedgerState, frozenset[LedgerState]] = {
    LedgerState.PLANNED: frozenset({LedgerState.SENT}),
    LedgerState.SENT: frozenset({LedgerState.SENT, LedgerState.DONE, LedgerState.FAILED, LedgerState.UNKNOWN}),
    LedgerState.UNKNOWN: frozenset({LedgerState.SENT, LedgerState.DONE, LedgerState.FAILED, LedgerState.UNKNOWN}),
    LedgerState.DONE: frozenset(),
    LedgerState.FAILED: frozenset(),
}
# What a caller must have said for these, in `details`.
NEEDED_DETAIL = {
    Action.CHANGE_ADDRESS: "address",
    Action.CHANGE_PHONE: "phone",
    Action.CHANGE_NOTE: "note",
    Action.EXCHANGE: "variant",
}
REFUND_REASON = {
    Action.CANCEL: "cancel",
    Action.REFUND_FULL: "refund",
    Action.REFUND_PARTIAL: "item",
    Action.REFUND_DUPLICATE: "duplicate_payment",
    Action.REFUND_PRICE_DROP: "price_drop",
}


class IllegalMoveError(Exception):
    """A ledger entry was to go from one state to another that doesn't follow it; nothing was changed."""


def key(request: ActionRequest) -> str:
    """Call + intent + order, and the family of the action: the remedies exclude each other."""
    family = "remedy" if request.action in REMEDIES else request.action.value
    return f"{request.caller.call_id}:{request.intent}:{request.order_number or '-'}:{family}"


def newest(session: Session, request: ActionRequest) -> t.LedgerEntry | None:
    """The last entry under a request's key, or under that key with a number: what else was wanted there later."""
    base = key(request)
    named = (t.LedgerEntry.key == base) | t.LedgerEntry.key.startswith(f"{base}/", autoescape=True)
    whose = t.LedgerEntry.call_id == request.caller.call_id
    return session.scalars(select(t.LedgerEntry).where(whose, named).order_by(t.LedgerEntry.id.desc()).limit(1)).first()


def next_key(request: ActionRequest, before: t.LedgerEntry | None) -> str:
    """The key of what is wanted instead of an entry, or first of all."""
    base = key(request)
    if before is None:
        return base
    return f"{base}/{int(before.key.removeprefix(base).lstrip('/') or 1) + 1}"


def is_of(row: t.LedgerEntry, request: ActionRequest) -> bool:
    """Whether an entry is what a request asks for, whatever the amount: then it is asked again, and not something else.

    Another offer, item or address isn't: to take it for done would tell the caller so.
    """
    said = NEEDED_DETAIL.get(request.action)
    return (
        row.action == request.action
        and request.offer in ("", row.details.get("offer", ""))
        and request.item == row.details.get("item", "")
        and (said is None or request.details.get(said, "") == row.details.get(said, ""))
    )


def entry(session: Session, ledger_key: str, lock: bool = False) -> t.LedgerEntry | None:
    """The entry of a key."""
    query = select(t.LedgerEntry).where(t.LedgerEntry.key == ledger_key)
    return session.scalar(query.with_for_update() if lock else query)


def move(session: Session, row: t.LedgerEntry, state: LedgerState, now: datetime) -> None:
    """To the next state, its refund with it; IllegalMoveError for a state that doesn't follow."""
    if state not in _NEXT[LedgerState(row.state)]:
        raise IllegalMoveError(f"{row.key}: {row.state} → {state.value}")
    row.state, row.changed_at = state.value, now
    row.attempts += state is LedgerState.SENT
    for refund in session.scalars(select(t.Refund).where(t.Refund.ledger_id == row.id)):
        refund.state = state.value
        refund.reference = row.receipt


def reserve(session: Session, row: t.LedgerEntry, days: int, now: datetime) -> None:
    """Speak for the money of a refund: from now on nobody else can have it."""
    if Action(row.action) not in REFUNDS or row.amount_minor == 0 or row.order_id is None:
        return
    session.add(
        t.Refund(
            order_id=row.order_id,
            ledger_id=row.id,
            amount_minor=row.amount_minor,
            reason=REFUND_REASON[Action(row.action)],
            state=row.state,
            requested_at=now,
            due_at=now + timedelta(days=days),
        )
    )


def result(session: Session, row: t.LedgerEntry, repeated: bool) -> ActionResult:
    """What the robot may say of an entry."""
    number = session.scalar(select(t.Order.number).where(t.Order.id == row.order_id)) if row.order_id else None
    due_at = session.scalar(select(t.Refund.due_at).where(t.Refund.ledger_id == row.id))
    if Action(row.action) is Action.EXCHANGE:
        due_at = session.scalar(select(t.Ticket.due_at).where(t.Ticket.number == row.receipt))
    return ActionResult(
        action=Action(row.action),
        state=LedgerState(row.state),
        order_number=number,
        amount=Money(row.amount_minor, row.currency) if row.amount_minor else None,
        receipt=row.receipt or "",
        due_at=due_at,
        repeated=repeated,
    )


def unfinished(session: Session, before: datetime, limit: int = 50) -> list[str]:
    """Keys of entries that nobody has touched since: left over from a crash, or without an answer."""
    states = [state.value for state in OPEN_STATES]
    rows = session.scalars(
        select(t.LedgerEntry.key)
        .where(t.LedgerEntry.state.in_(states), t.LedgerEntry.changed_at < before)
        .order_by(t.LedgerEntry.changed_at)
        .limit(limit)
    )
    return list(rows)
