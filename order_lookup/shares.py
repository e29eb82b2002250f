"""What was paid for each line of an order, and what one piece of it is worth in a refund (pure).

How it works: a total is the goods and the delivery less what was taken off the whole order (coupons, discounts); what was
taken off isn't kept by itself, so it is what the lines cost more than was paid for them. It is spread over the lines by
their prices, in whole minor units by the largest remainder, so that the lines together are to the cent what was paid for
goods. Nobody tells us how many pieces of a line are broken or missing: a refund is of one, and never rounded up.
"""

from __future__ import annotations

from order_lookup.facts import ItemFacts, OrderFacts
from order_lookup.money import Money


def paid_for_goods(order: OrderFacts) -> Money:
    """What came in for the goods: without delivery and without what was paid twice, never more than they cost."""
    cost = Money(sum(_cost(item) for item in order.items), order.total.currency)
    return (order.paid.at_most(order.total) - order.delivery_fee).at_most(cost)


def paid_for_lines(order: OrderFacts) -> tuple[Money, ...]:
    """What was paid for each line, in the order of the items; the sum is what was paid for goods."""
    return paid_for_goods(order).shared([_cost(item) for item in order.items])


def paid_for_one(order: OrderFacts) -> dict[str, Money]:
    """What one piece of each item was paid with, by the item's name; of lines with one name the cheapest.

    A price difference that went back already isn't paid again with the piece whose price dropped.
    """
    difference = sum(r.amount.minor_units for r in order.refunds if r.stands and r.reason == "price_drop")
    pieces: dict[str, Money] = {}
    for item, paid in zip(order.items, paid_for_lines(order), strict=True):
        given_back = difference if item.price_now < item.price else 0
        left = max(0, paid.minor_units - given_back)
        piece = Money(left // item.quantity, paid.currency)
        pieces[item.name] = min(piece, pieces.get(item.name, piece))
    return pieces


def _cost(item: ItemFacts) -> int:
    return item.price.minor_units * item.quantity
