"""The words of the order desk: kinds, stages, levels, intents, actions, queues, situations."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Kind(StrEnum):
    """What is being delivered."""

    PARCEL = "parcel"
    FOOD = "food"


class Stage(StrEnum):
    """How far an order has come; `closed` is delivered and past every window."""

    UNPAID = "unpaid"
    PAID = "paid"
    ACCEPTED = "accepted"
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Level(IntEnum):
    """How sure we are who is calling."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @classmethod
    def named(cls, name: str) -> Level:
        """The level of a lower-case name; KeyError for none of ours."""
        return cls[name.upper()]


class Tier(StrEnum):
    """A customer's standing."""

    STANDARD = "standard"
    SILVER = "silver"
    GOLD = "gold"
    VIP = "vip"


class Intent(StrEnum):
    """What a caller wants: the ids used by the shipped dialplans; decisions.yaml may have more."""

    ORDER_STATUS = "order_status"
    URGE_DELIVERY = "urge_delivery"
    CANCEL_ORDER = "cancel_order"
    CHANGE_ORDER = "change_order"
    CHANGE_ADDRESS = "change_address"
    REFUND_REQUEST = "refund_request"
    REFUND_STATUS = "refund_status"
    REFUND_ELSEWHERE = "refund_elsewhere"
    REFUND_POLICY = "refund_policy"
    RETURN_EXCHANGE = "return_exchange"
    EXCHANGE_STATUS = "exchange_status"
    MISSING_ITEM = "missing_item"
    MISSING_EXTRAS = "missing_extras"
    WRONG_ITEM = "wrong_item"
    DAMAGED_ITEM = "damaged_item"
    FOOD_SAFETY = "food_safety"
    NOT_RECEIVED = "not_received"
    CONTACT_COURIER = "contact_courier"
    PARTNER_CALL = "partner_call"
    COURIER_COMPLAINT = "courier_complaint"
    MERCHANT_COMPLAINT = "merchant_complaint"
    COMPLAINT = "complaint"
    PRAISE = "praise"
    INVOICE = "invoice"
    PAYMENT_PROBLEM = "payment_problem"
    PAYMENT_METHODS = "payment_methods"
    CANCELLATION_FEE = "cancellation_fee"
    DELIVERY_OPTIONS = "delivery_options"
    DELIVERY_TIME = "delivery_time"
    COUPON = "coupon"
    PRICE_PROTECTION = "price_protection"
    PLACE_ORDER = "place_order"
    ACCOUNT = "account"
    ACCOUNT_STOLEN = "account_stolen"
    PERSONAL_SAFETY = "personal_safety"
    AGENT = "agent"
    THANKS = "thanks"
    GOODBYE = "goodbye"
    OUT_OF_SCOPE = "out_of_scope"


class Situation(StrEnum):
    """What is unusual about an order, its customer or the day: the names of the rules in situations.py."""

    LATE_DELIVERY = "late_delivery"
    COURIER_NOT_MOVING = "courier_not_moving"
    MERCHANT_NOT_ACCEPTING = "merchant_not_accepting"
    COURIER_CANCELLED = "courier_cancelled"
    NOT_DISPATCHED = "not_dispatched"
    NOT_DISPATCHED_LONG = "not_dispatched_long"
    LOGISTICS_STALLED = "logistics_stalled"
    OUT_OF_STOCK = "out_of_stock"
    DELIVERED_NOT_RECEIVED = "delivered_not_received"
    REFUND_PENDING = "refund_pending"
    REFUND_OVERDUE = "refund_overdue"
    REFUNDED = "refunded"
    EXCHANGE_NOTED = "exchange_noted"
    EXCHANGE_OVERDUE = "exchange_overdue"
    EXCHANGE_IN_HAND = "exchange_in_hand"
    EXCHANGED = "exchanged"
    RETURN_NOTED = "return_noted"
    RETURN_OVERDUE = "return_overdue"
    PRICE_DROPPED = "price_dropped"
    DUPLICATE_PAYMENT = "duplicate_payment"
    COUPON_NOT_APPLIED = "coupon_not_applied"
    INVOICE_MISSING = "invoice_missing"
    RETURN_OPEN = "return_open"
    RETURN_CLOSED = "return_closed"
    RETURN_EXCEPTED = "return_excepted"
    REPEAT_CONTACT = "repeat_contact"
    UNSOLVED_CONTACTS = "unsolved_contacts"
    PROMISE_BROKEN = "promise_broken"
    HIGH_VALUE = "high_value"
    VIP = "vip"
    SPECIAL_PERIOD = "special_period"


class Action(StrEnum):
    """What may be done; each once."""

    URGE_DELIVERY = "urge_delivery"
    CANCEL = "cancel"
    REFUND_FULL = "refund_full"
    REFUND_PARTIAL = "refund_partial"
    REFUND_DUPLICATE = "refund_duplicate"
    REFUND_PRICE_DROP = "refund_price_drop"
    RESHIP = "reship"
    START_RETURN = "start_return"
    EXCHANGE = "exchange"
    CHANGE_ADDRESS = "change_address"
    CHANGE_PHONE = "change_phone"
    CHANGE_NOTE = "change_note"
    ISSUE_COUPON = "issue_coupon"
    SEND_INVOICE = "send_invoice"
    OPEN_TICKET = "open_ticket"
    BOOK_CALLBACK = "book_callback"
    FREEZE_ACCOUNT = "freeze_account"


class LedgerState(StrEnum):
    """How far an action has come; the robot speaks of an action only as the ledger has it."""

    PLANNED = "planned"
    SENT = "sent"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


# The ledger's states from which an entry still goes on.
OPEN_STATES = frozenset({LedgerState.PLANNED, LedgerState.SENT, LedgerState.UNKNOWN})
# Actions that settle the matter with money or goods: one of them per call, intent and order.
REMEDIES = frozenset(
    {
        Action.CANCEL,
        Action.REFUND_FULL,
        Action.REFUND_PARTIAL,
        Action.RESHIP,
        Action.START_RETURN,
        Action.EXCHANGE,
    }
)
# Actions that move money to the customer.
REFUNDS = frozenset(
    {
        Action.CANCEL,
        Action.REFUND_FULL,
        Action.REFUND_PARTIAL,
        Action.REFUND_DUPLICATE,
        Action.REFUND_PRICE_DROP,
    }
)
