"""The offers a rule may name."""

from __future__ import annotations

from enum import StrEnum


class OfferName(StrEnum):
    """What may be offered; each is worked out in offers.py and is left out where it isn't possible."""

    URGE_DELIVERY = "urge_delivery"
    CANCEL_FREE = "cancel_free"
    CANCEL_WITH_FEE = "cancel_with_fee"
    REFUND_FULL = "refund_full"
    REFUND_ITEM = "refund_item"
    REFUND_DUPLICATE = "refund_duplicate"
    REFUND_PRICE_DROP = "refund_price_drop"
    RESHIP = "reship"
    START_RETURN = "start_return"
    EXCHANGE = "exchange"
    COUPON_LATE = "coupon_late"
    COUPON_GOODWILL = "coupon_goodwill"
    COUPON_AGAIN = "coupon_again"
    CHANGE_ADDRESS = "change_address"
    CHANGE_PHONE = "change_phone"
    CHANGE_NOTE = "change_note"
    SEND_INVOICE = "send_invoice"
    OPEN_TICKET = "open_ticket"
    BOOK_CALLBACK = "book_callback"
    FREEZE_ACCOUNT = "freeze_account"


# Offers that never depend on money or the state of the order: what a refusal can always fall back on.
ALWAYS_POSSIBLE = frozenset({OfferName.OPEN_TICKET, OfferName.BOOK_CALLBACK})
