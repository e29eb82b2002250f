"""What may be said of an order, as plain typed values for speech, at the caller's verification level (pure)."""

from __future__ import annotations

from order_lookup.answers import FactValue
from order_lookup.facts import DecisionFacts, OrderFacts
from order_lookup.goods_back import ExchangeFacts
from order_lookup.policies import ShopPolicies
from order_lookup.situations import minutes_late, price_drop, return_until
from order_lookup.words import Kind, Situation, Stage


def statements(
    facts: DecisionFacts, situations: frozenset[Situation], policies: ShopPolicies
) -> tuple[dict[str, FactValue], frozenset[str]]:
    """The facts that may be said, and the names of those held back from this caller."""
    everything = _gather(facts, situations, policies)
    said = {name: v for name, v in everything.items() if facts.level >= policies.verification.for_fact(name)}
    return said, frozenset(everything.keys() - said.keys())


def _gather(facts: DecisionFacts, situations: frozenset[Situation], policies: ShopPolicies) -> dict[str, FactValue]:
    order = facts.order
    if order is None:
        return {}
    values: dict[str, FactValue | None] = {
        **_the_order(order),
        **_its_times(order),
        **_its_delivery(order, facts),
        **_its_money(order),
        **_its_exchange(order, facts),
        **_its_return(order),
        **_its_limits(order, facts, situations, policies),
    }
    return {name: value for name, value in values.items() if value is not None and value != ""}


def _the_order(order: OrderFacts) -> dict[str, FactValue | None]:
    return {
        "number": order.number,
        "kind": order.kind.value,
        "stage": order.stage.value,
        "merchant": order.merchant,
        "items": "、".join(item.name for item in order.items),
        "items_en": ", ".join(item.name_en for item in order.items),
        "item_count": sum(item.quantity for item in order.items),
        "total": order.total,
        "recipient": order.recipient,
        "phone": order.phone,
        "address": order.address,
        "note": order.note,
    }


def _its_times(order: OrderFacts) -> dict[str, FactValue | None]:
    return {
        "placed_at": order.placed_at,
        "paid_at": order.paid_at,
        "promised_at": order.promised_at,
        "dispatched_at": order.dispatched_at,
        "delivered_at": order.delivered_at,
        "cancelled_at": order.cancelled_at,
    }


def _its_delivery(order: OrderFacts, facts: DecisionFacts) -> dict[str, FactValue | None]:
    values: dict[str, FactValue | None] = {"minutes_late": minutes_late(order, facts.now) or None}
    shipment = order.shipment
    if shipment is None:
        return values
    values |= {"carrier": shipment.carrier, "tracking": shipment.tracking, "courier": shipment.courier}
    if order.stage is Stage.DISPATCHED:
        values |= {"eta_at": shipment.eta_at, "metres_left": shipment.metres_left}
        if shipment.eta_at is not None and shipment.eta_at > facts.now:
            values["minutes_left"] = int((shipment.eta_at - facts.now).total_seconds() // 60)
    if order.kind is Kind.FOOD and shipment.courier_moved_at is not None and order.stage is Stage.DISPATCHED:
        values["minutes_still"] = max(0, int((facts.now - shipment.courier_moved_at).total_seconds() // 60))
    if shipment.scans:
        values |= {"last_scan_at": shipment.scans[-1].at, "last_scan_place": shipment.scans[-1].place}
    if order.stage in (Stage.DELIVERED, Stage.CLOSED):
        values["proof"] = shipment.proof
    return values


def _its_money(order: OrderFacts) -> dict[str, FactValue | None]:
    values: dict[str, FactValue | None] = {
        "paid": order.paid or None,
        "refundable": order.refundable or None,
        "duplicate_amount": order.overpaid or None,
        "price_drop": price_drop(order) or None,
    }
    standing = [refund for refund in order.refunds if refund.stands]
    if standing:
        newest = max(standing, key=lambda refund: refund.requested_at)
        values |= {
            "refunded": order.refunded,
            "refund_amount": newest.amount,
            "refund_state": newest.state,
            "refund_due_at": newest.due_at,
            "refund_arrived_at": newest.arrived_at,
        }
    return values


def _its_exchange(order: OrderFacts, facts: DecisionFacts) -> dict[str, FactValue | None]:
    exchange = order.exchange
    if exchange is None:
        return {}
    return {
        "exchange_item": exchange.item,
        "exchange_variant": exchange.variant,
        "exchange_due_at": exchange.due_at if _is_awaited(exchange, facts) else None,
        "exchange_settled_at": exchange.settled_at,
    }


def _its_return(order: OrderFacts) -> dict[str, FactValue | None]:
    going_back = order.going_back
    return {"return_amount": going_back.amount or None, "return_noted_at": going_back.noted_at} if going_back else {}


def _is_awaited(exchange: ExchangeFacts, facts: DecisionFacts) -> bool:
    """Whether it can still be said by when somebody will be in touch."""
    return not exchange.settled and exchange.answered_at is None and not exchange.overdue(facts.now)


def _its_limits(
    order: OrderFacts, facts: DecisionFacts, situations: frozenset[Situation], policies: ShopPolicies
) -> dict[str, FactValue | None]:
    values: dict[str, FactValue | None] = {"return_until": return_until(order, policies)}
    if order.kind is Kind.FOOD and order.stage in (Stage.ACCEPTED, Stage.DISPATCHED):
        fees = policies.refunds.cancel_fee_percent
        values["cancel_fee"] = order.total.per_cent(fees.accepted if order.stage is Stage.ACCEPTED else fees.dispatched)
    if Situation.COUPON_NOT_APPLIED in situations:
        missed = [coupon for coupon in order.coupons if coupon.intended and not coupon.used]
        values["coupon_amount"] = max(coupon.amount for coupon in missed)
    waiting = [invoice for invoice in order.invoices if invoice.issued_at is None]
    if waiting:
        values["invoice_due_at"] = min(invoice.due_at for invoice in waiting)
    if Situation.PROMISE_BROKEN in situations:
        values["promises_broken"] = sum((p.kept_at or facts.now) > p.due_at for p in order.promises)
    return values
