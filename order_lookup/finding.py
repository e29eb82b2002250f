"""Which order the caller means: by number, by tail, by item word, by day, or the most likely of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta

from rapidfuzz import fuzz
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from order_lookup import tables as t
from order_lookup.gathering import customer_of_phone, summaries
from order_lookup.numbers import digits_only
from order_lookup.phones import normal_phone
from order_lookup.policies import ShopPolicies
from order_lookup.port import (
    Ambiguous,
    CallerRef,
    Candidate,
    FindResult,
    Foreign,
    Found,
    OrderQuery,
    OrderSummary,
    Unknown,
)
from order_lookup.verifying import customers_heard
from order_lookup.words import Stage

MOST_NUMBERS = 500
_LOOKED_AT = 200
_SHOWN = 5
_TAIL_LENGTHS = range(4, 7)
_FITS = 0.65  # below this an item word says nothing of an order
_CLEARLY = 0.2  # this much better than the next is an answer
_LONGEST_WORD = 60
_YEARS = range(1990, 2200)  # a day beyond isn't meant, and its midnight may be beyond the calendar's end
_OVER = frozenset({Stage.CLOSED.value, Stage.CANCELLED.value})


def recent(session: Session, customers: Sequence[int], limit: int = 20) -> tuple[OrderSummary, ...]:
    """The orders of customers, newest first."""
    rows = session.scalars(_of(customers).limit(limit)).all()
    return summaries(session, rows, customers)


def existing(session: Session, numbers: Sequence[str], caller: CallerRef | None) -> Mapping[str, OrderSummary]:
    """Which of these numbers exist; at most 500 are looked at."""
    wanted = list(dict.fromkeys(n for n in numbers if n.isascii() and n.isdigit() and len(n) <= 40))[:MOST_NUMBERS]
    if not wanted:
        return {}
    rows = session.scalars(select(t.Order).where(t.Order.number.in_(wanted))).all()
    mine = customers_heard(session, caller).keys() if caller else ()
    return {summary.number: summary for summary in summaries(session, rows, mine)}


def find(session: Session, query: OrderQuery, policies: ShopPolicies) -> FindResult:
    """The order a caller means; nobody else's is ever found."""
    customers = list(customers_heard(session, query.caller))
    if query.number:
        return _by_number(session, digits_only(query.number), customers)
    if query.phone:
        return _by_phone(session, query, customers, policies)
    if not customers or (query.day is not None and query.day.year not in _YEARS):
        return Unknown()
    rows: Sequence[t.Order] = session.scalars(_filtered(query, customers, policies).limit(_LOOKED_AT)).all()
    if query.tail:
        tail = digits_only(query.tail)
        if len(tail) not in _TAIL_LENGTHS:
            return Unknown()
        rows = [row for row in rows if row.number.endswith(tail)]
    return _choose(summaries(session, rows, customers), query)


def _by_number(session: Session, number: str, customers: Sequence[int]) -> FindResult:
    if not number or len(number) > 40:
        return Unknown()
    row = session.scalar(select(t.Order).where(t.Order.number == number))
    if row is None:
        return Unknown()
    if row.customer_id not in customers:
        return Foreign()
    return Found(summaries(session, [row], customers)[0])


def _by_phone(session: Session, query: OrderQuery, heard: Sequence[int], policies: ShopPolicies) -> FindResult:
    """The likeliest order under a telephone number; nobody's as long as the caller may not hear of its owner."""
    owner = customer_of_phone(session, normal_phone(query.phone))
    if owner is None or owner.id not in heard:
        return Unknown()
    rows = session.scalars(_filtered(query, [owner.id], policies).limit(_LOOKED_AT)).all()
    chosen = _choose(summaries(session, rows, [owner.id]), query)
    return Found(chosen.candidates[0].order) if isinstance(chosen, Ambiguous) else chosen


def _of(customers: Sequence[int]) -> Select[tuple[t.Order]]:
    return (
        select(t.Order).where(t.Order.customer_id.in_(customers)).order_by(t.Order.placed_at.desc(), t.Order.id.desc())
    )


def _filtered(query: OrderQuery, customers: Sequence[int], policies: ShopPolicies) -> Select[tuple[t.Order]]:
    wanted = _of(customers)
    if query.kind is not None:
        wanted = wanted.where(t.Order.kind == query.kind.value)
    if query.day is not None:
        zone = policies.shop.zone
        start = datetime.combine(query.day, time(), zone)
        end = datetime.combine(query.day + timedelta(days=1), time(), zone)  # a day at DST isn't 24 hours long
        wanted = wanted.where(t.Order.placed_at >= start, t.Order.placed_at < end)
    return wanted


def _choose(orders: Sequence[OrderSummary], query: OrderQuery) -> FindResult:
    scored = [Candidate(order, _score(order, place, query)) for place, order in enumerate(orders)]
    fitting = sorted((c for c in scored if c.score >= _FITS or not query.item), key=lambda c: -c.score)[:_SHOWN]
    if not fitting:
        return Unknown()
    if len(fitting) == 1 or fitting[0].score - fitting[1].score >= _CLEARLY:
        return Found(fitting[0].order)
    return Ambiguous(tuple(fitting))


def _score(order: OrderSummary, place: int, query: OrderQuery) -> float:
    """From 0 to 1: the item word counts most; then what is still under way; then what is newer."""
    newness = 1 / (1 + place)
    under_way = order.stage.value not in _OVER
    base = 0.7 * under_way + 0.3 * newness
    return round(0.85 * _word_score(query.item, order) + 0.15 * base, 3) if query.item else round(base, 3)


def _word_score(word: str, order: OrderSummary) -> float:
    said = word.casefold().strip()[:_LONGEST_WORD]
    best = 0.0
    for name in (*order.items, *order.items_en, order.merchant):
        known = name.casefold()
        inside = len(said) >= 1 and said in known
        best = max(best, 1.0 if inside else fuzz.partial_ratio(said, known) / 100 if len(said) >= 2 and known else 0.0)
    return best
