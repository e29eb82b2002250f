"""Each offer worked out for an order: with its amount, its condition, or not possible (pure)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from order_lookup.answers import Choice, Offer
from order_lookup.compensation import for_lateness, goodwill
from order_lookup.facts import DecisionFacts, OrderFacts
from order_lookup.money import Money
from order_lookup.offer_names import OfferName
from order_lookup.policies import ShopPolicies
from order_lookup.shares import paid_for_one
from order_lookup.situations import price_drop, return_until
from order_lookup.words import REFUNDS, REMEDIES, Action, Kind, Situation, Stage, Tier

Situations = frozenset[Situation]
Work = Callable[[DecisionFacts, Situations, ShopPolicies], Offer | None]
OrderWork = Callable[[OrderFacts], Offer | None]

_BEFORE_DISPATCH = frozenset({Stage.UNPAID, Stage.PAID, Stage.ACCEPTED})
_OPEN = frozenset({Stage.UNPAID, Stage.PAID, Stage.ACCEPTED, Stage.DISPATCHED})


def work_out(name: OfferName, facts: DecisionFacts, situations: Situations, policies: ShopPolicies) -> Offer | None:
    """The offer of a name, or None where the order or the caps don't allow it."""
    offer = _WORK[name](facts, situations, policies)
    if offer is None or (offer.action in REMEDIES and facts.order is not None and _remedied(facts.order)):
        return None
    return replace(offer, level_needed=policies.verification.for_action(offer.action))


def over_limit(offer: Offer, facts: DecisionFacts, policies: ShopPolicies) -> bool:
    """Whether the offer sends back more money than the robot decides about by itself: for the order, and in a day.

    What went back for the order before counts, or else the limit could be had in parts. The limits are amounts of the
    policies' currency: money of another one is a human's.
    """
    if offer.action not in REFUNDS or not offer.amount or facts.order is None:
        return False
    if offer.amount.currency != policies.currency:
        return True
    customer, limits = facts.customer, policies.refunds
    tier = customer.tier if customer else Tier.STANDARD
    if (offer.amount + facts.order.refunded).minor_units > limits.robot_limit_minor[tier]:
        return True
    today = customer.refunded_today if customer else None
    day_limit = limits.robot_day_limit_minor.get(tier)
    return day_limit is not None and today is not None and (offer.amount + today).minor_units > day_limit


def _remedied(order: OrderFacts) -> bool:
    """Whether one of the remedies was already chosen: an order is settled once."""
    return any(past.action in REMEDIES and past.stands for past in order.actions)


def _ordinary_refund(order: OrderFacts) -> Money:
    """What may go back for the order itself, without what was paid twice."""
    return (order.refundable - order.overpaid).at_most(order.total)


def _urge(order: OrderFacts) -> Offer | None:
    lost = order.stage is Stage.DELIVERED and order.kind is Kind.FOOD
    return Offer("urge_delivery", Action.URGE_DELIVERY) if order.stage in _OPEN - {Stage.UNPAID} or lost else None


def _cancel_free(order: OrderFacts) -> Offer | None:
    sent = order.stage is Stage.DISPATCHED
    courier_gave_up = sent and order.shipment is not None and order.shipment.courier_cancelled_at is not None
    if order.stage not in _BEFORE_DISPATCH and not courier_gave_up:
        return None
    return Offer("cancel_free", Action.CANCEL, order.refundable, needs_confirmation=True)


def _cancel_with_fee(facts: DecisionFacts, _situations: Situations, policies: ShopPolicies) -> Offer | None:
    order = facts.order
    if order is None or order.kind is not Kind.FOOD or order.stage is not Stage.ACCEPTED:
        return None
    fee = order.total.per_cent(policies.refunds.cancel_fee_percent.accepted)
    back = (_ordinary_refund(order) - fee).at_most(order.refundable)
    return Offer("cancel_with_fee", Action.CANCEL, back, "fee", needs_confirmation=True) if back else None


def _refund_full(order: OrderFacts) -> Offer | None:
    amount = _ordinary_refund(order)
    if not amount or order.stage in (Stage.UNPAID, Stage.CANCELLED):
        return None
    return Offer("refund_full", Action.REFUND_FULL, amount, needs_confirmation=True)


def _refund_item(order: OrderFacts) -> Offer | None:
    """One piece of one item, at what was paid for it."""
    ordinary = _ordinary_refund(order)
    limit = (ordinary - order.delivery_fee).at_most(ordinary)
    pieces = {name: paid.at_most(limit) for name, paid in paid_for_one(order).items()}
    worth = {name: amount for name, amount in pieces.items() if amount}
    if not worth or order.stage not in (Stage.DELIVERED, Stage.CLOSED):
        return None
    lines = {item.name: item for item in reversed(order.items)}
    choices = tuple(Choice(name, amount, lines[name].name_en, lines[name].price) for name, amount in worth.items())
    return Offer("refund_item", Action.REFUND_PARTIAL, max(worth.values()), needs_confirmation=True, choices=choices)


def _refund_duplicate(order: OrderFacts) -> Offer | None:
    amount = order.overpaid
    return Offer("refund_duplicate", Action.REFUND_DUPLICATE, amount, needs_confirmation=True) if amount else None


def _refund_price_drop(order: OrderFacts) -> Offer | None:
    amount = price_drop(order).at_most(_ordinary_refund(order))
    return Offer("refund_price_drop", Action.REFUND_PRICE_DROP, amount, needs_confirmation=True) if amount else None


def _reship(order: OrderFacts) -> Offer | None:
    sent = order.stage in (Stage.DISPATCHED, Stage.DELIVERED)
    if order.kind is not Kind.PARCEL or not sent or not all(item.in_stock for item in order.items):
        return None
    return Offer("reship", Action.RESHIP, needs_confirmation=True)


def _start_return(facts: DecisionFacts, _situations: Situations, policies: ShopPolicies) -> Offer | None:
    order = facts.order
    if order is None or order.kind is not Kind.PARCEL or (order.items and all(item.fresh for item in order.items)):
        return None
    amount = (_ordinary_refund(order) - order.delivery_fee).at_most(order.total)
    if not _may_go_back(order, facts, policies) or not amount:
        return None
    return Offer("start_return", Action.START_RETURN, amount, "return_goods", needs_confirmation=True)


def _may_go_back(order: OrderFacts, facts: DecisionFacts, policies: ShopPolicies) -> bool:
    """Whether goods on their way or in the window may come back to the shop."""
    until = return_until(order, policies)
    return order.stage is Stage.DISPATCHED or (until is not None and facts.now <= until)


def _exchange(facts: DecisionFacts, _situations: Situations, policies: ShopPolicies) -> Offer | None:
    """One item for the same in another size or colour, as long as it could be returned; whether there is one, a human sees."""
    order = facts.order
    if order is None or order.kind is not Kind.PARCEL or not _may_go_back(order, facts, policies):
        return None
    lines = {item.name: item for item in order.items if not item.fresh}
    choices = tuple(Choice(item.name, None, item.name_en, item.price) for item in lines.values())
    if not choices or not _ordinary_refund(order):
        return None
    return Offer("exchange", Action.EXCHANGE, None, "return_goods", needs_confirmation=True, choices=choices)


def _coupon_late(facts: DecisionFacts, situations: Situations, policies: ShopPolicies) -> Offer | None:
    amount = for_lateness(facts, situations, policies)
    return Offer("coupon_late", Action.ISSUE_COUPON, amount, "coupon") if amount else None


def _coupon_goodwill(facts: DecisionFacts, _situations: Situations, policies: ShopPolicies) -> Offer | None:
    amount = goodwill(facts, policies)
    return Offer("coupon_goodwill", Action.ISSUE_COUPON, amount, "coupon") if amount else None


def _coupon_again(facts: DecisionFacts, situations: Situations, _policies: ShopPolicies) -> Offer | None:
    order = facts.order
    if order is None or Situation.COUPON_NOT_APPLIED not in situations:
        return None
    if any(past.offer == "coupon_again" and past.stands for past in order.actions):
        return None
    amount = max(coupon.amount for coupon in order.coupons if coupon.intended and not coupon.used)
    return Offer("coupon_again", Action.ISSUE_COUPON, amount, "coupon")


def _change_address(order: OrderFacts) -> Offer | None:
    return _change(order, Offer("change_address", Action.CHANGE_ADDRESS, needs_confirmation=True), _BEFORE_DISPATCH)


def _change_phone(order: OrderFacts) -> Offer | None:
    return _change(order, Offer("change_phone", Action.CHANGE_PHONE, needs_confirmation=True), _OPEN)


def _change_note(order: OrderFacts) -> Offer | None:
    return _change(order, Offer("change_note", Action.CHANGE_NOTE), _OPEN)


def _change(order: OrderFacts, offer: Offer, stages: frozenset[Stage]) -> Offer | None:
    """A change at these stages; not while one before it may still be carried out, for the later one must stand."""
    waiting = any(past.action == offer.action and past.under_way for past in order.actions)
    return offer if order.stage in stages and not waiting else None


def _send_invoice(order: OrderFacts) -> Offer | None:
    return Offer("send_invoice", Action.SEND_INVOICE) if order.paid and order.stage is not Stage.CANCELLED else None


def _freeze(facts: DecisionFacts, _situations: Situations, _policies: ShopPolicies) -> Offer | None:
    if facts.customer is None or facts.customer.frozen:
        return None
    return Offer("freeze_account", Action.FREEZE_ACCOUNT, needs_confirmation=True)


def _of_order(work: OrderWork) -> Work:
    """An offer that looks at the order alone."""

    def worked(facts: DecisionFacts, _situations: Situations, _policies: ShopPolicies) -> Offer | None:
        return work(facts.order) if facts.order is not None else None

    return worked


def _always(name: OfferName, action: Action) -> Work:
    """An offer that's always possible."""

    def worked(_facts: DecisionFacts, _situations: Situations, _policies: ShopPolicies) -> Offer | None:
        return Offer(name.value, action)

    return worked


_WORK: dict[OfferName, Work] = {
    OfferName.URGE_DELIVERY: _of_order(_urge),
    OfferName.CANCEL_FREE: _of_order(_cancel_free),
    OfferName.CANCEL_WITH_FEE: _cancel_with_fee,
    OfferName.REFUND_FULL: _of_order(_refund_full),
    OfferName.REFUND_ITEM: _of_order(_refund_item),
    OfferName.REFUND_DUPLICATE: _of_order(_refund_duplicate),
    OfferName.REFUND_PRICE_DROP: _of_order(_refund_price_drop),
    OfferName.RESHIP: _of_order(_reship),
    OfferName.START_RETURN: _start_return,
    OfferName.EXCHANGE: _exchange,
    OfferName.COUPON_LATE: _coupon_late,
    OfferName.COUPON_GOODWILL: _coupon_goodwill,
    OfferName.COUPON_AGAIN: _coupon_again,
    OfferName.CHANGE_ADDRESS: _of_order(_change_address),
    OfferName.CHANGE_PHONE: _of_order(_change_phone),
    OfferName.CHANGE_NOTE: _of_order(_change_note),
    OfferName.SEND_INVOICE: _of_order(_send_invoice),
    OfferName.OPEN_TICKET: _always(OfferName.OPEN_TICKET, Action.OPEN_TICKET),
    OfferName.BOOK_CALLBACK: _always(OfferName.BOOK_CALLBACK, Action.BOOK_CALLBACK),
    OfferName.FREEZE_ACCOUNT: _freeze,
}
