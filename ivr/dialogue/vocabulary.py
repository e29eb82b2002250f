"""What the order desk is asked and answers, in the words of dialplans: look-ups, actions, outcomes, values, queues.

`certain` values are there with that outcome every time, so a prompt may say them; `possible` ones may be missing, so a prompt
says them in square brackets, or a branch asks first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ivr.dialogue.meaning import WHAT_ELSE


@dataclass(frozen=True, slots=True)
class Outcome:
    """The values that come with an outcome word."""

    certain: frozenset[str] = frozenset()
    possible: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Query:
    """A look-up: the arguments it takes, its outcomes, and the names forgotten before its answer is kept."""

    arguments: frozenset[str]
    outcomes: Mapping[str, Outcome]
    clears: tuple[str, ...] = ()


def _words(names: str) -> frozenset[str]:
    return frozenset(names.split())


def _names(prefix: str, names: str) -> frozenset[str]:
    return frozenset(f"{prefix}.{name}" for name in names.split())


_FACTS = (
    "merchant items items_en item_count total recipient phone address note placed_at paid_at promised_at dispatched_at "
    "delivered_at cancelled_at minutes_late late_minutes late_by carrier tracking courier eta_at metres_left minutes_left minutes_still "
    "last_scan_at last_scan_place proof paid refundable duplicate_amount price_drop refunded refund_amount refund_state "
    "refund_due_at refund_arrived_at return_until cancel_fee coupon_amount invoice_due_at promises_broken stage amount "
    "exchange_item exchange_variant exchange_due_at exchange_settled_at return_amount return_noted_at"
)
_CUSTOMER = "name language vip elder tier orders open_tickets contacts"
_OFFER = Outcome(
    _names("offer", "name action confirm level_needed") | {"reason", "level_needed", "verification"},
    _names("offer", "amount condition by items")
    | _names("fact", _FACTS)
    | {"situations", "offers", "remedies", "ticket.category"},
)
_PLAIN = Outcome(frozenset({"reason", "level_needed", "verification"}), _OFFER.certain | _OFFER.possible)
_HUMAN = Outcome(_PLAIN.certain | _names("handoff", "queue reason priority"), _PLAIN.possible)
_VERIFIED = Outcome(frozenset({"verification"}), frozenset({"verification.tries_left"}))

LOOK_UPS: Mapping[str, Query] = {
    "caller": Query(
        frozenset({"phone", "language"}),
        {
            "known": Outcome(_names("customer", _CUSTOMER) | {"verification"}, frozenset({"announcement"})),
            "unknown": Outcome(frozenset({"verification"}), frozenset({"announcement"})),
        },
    ),
    "order": Query(
        frozenset({"number", "tail", "item", "date", "phone"}),
        {
            "found": Outcome(
                _names("order", "number kind status placed_at amount") | {"verification"},
                _names("order", _FACTS) | {"situations"},
            ),
            "unknown": Outcome(),
            "ambiguous": Outcome(frozenset({"orders", "count"})),
        },
        ("order", "situations", "orders"),
    ),
    "existing_orders": Query(
        frozenset({"candidates"}), {"found": Outcome(frozenset({"orders"})), "none": Outcome()}, ("orders",)
    ),
    "decision": Query(
        frozenset({"intent", "order", "offer", "without"}),
        {"offer": _OFFER, "refuse": _PLAIN, "inform": _PLAIN, "handoff": _HUMAN},
        ("reason", "offers", "remedies", "offer", "handoff", "fact", "level_needed"),
    ),
    "verify": Query(
        frozenset({"claim_kind", "claim", "order", "phone"}),
        {"passed": _VERIFIED, "failed": _VERIFIED, "locked": _VERIFIED},
    ),
}

ACTIONS = _words(
    "urge_delivery cancel refund refund_full partial_refund refund_partial refund_duplicate price_protection refund_price_drop "
    "reship start_return exchange change_address change_phone change_note coupon issue_coupon invoice send_invoice ticket open_ticket "
    "callback book_callback freeze_account survey"
)
# What a caller may say to show who they are, one kind at a time.
CLAIM_KINDS = _words("phone_tail name amount")
# Actions that move money or end an order: the caller is asked before they are done.
WEIGHTY = _words(
    "cancel refund refund_full partial_refund refund_partial refund_duplicate price_protection refund_price_drop reship "
    "start_return exchange change_address change_phone freeze_account"
)
# "Shall I cancel it?" — "Cancel it, then": the wish that an action serves, said again, is a yes to it and to no other action.
AGREES: Mapping[str, frozenset[str]] = {
    "urge_delivery": _words("urge_delivery"),
    "cancel": _words("cancel_order refund_request"),
    "refund_full": _words("refund_request"),
    "refund_partial": _words("refund_request"),
    "refund_duplicate": _words("refund_request"),
    "refund_price_drop": _words("price_protection refund_request"),
    "start_return": _words("return_exchange"),
    "exchange": _words("exchange"),  # said with a wish about goods, not a wish of its own
    "send_invoice": _words("invoice"),
}
ACT_CLEARS = ("action",)
# Wishes that an exchange may be meant by.
ABOUT_GOODS = _words("return_exchange change_order")
# What can come of an action: the ledger's words, and the caller's: no to the offer, no usable answer to it, or what else there is.
ACT_OUTCOMES = ("done", "refused", "failed", "unknown", "declined", "give_up", WHAT_ELSE)
HANDOFF_OUTCOMES = ("completed", "returned", "callback", "voicemail", "abandoned", "failed")
# The queues that ship with the order desk (policies.yaml); a shop has more by giving them to its agents (config.yaml).
QUEUES = _words("general after_sales senior account safety")

# Wishes in which a telephone number is the new one of an order.
CHANGES_CONTACT = _words("change_address change_order")

# The wish by which a return or an exchange under way is taken back.
UNDOES = "cancel_order"

# Wishes that say better what the danger is than a word of danger does.
URGENT_INTENTS = _words("food_safety personal_safety account_stolen")

# What a call knows from its first moment.
GIVEN = frozenset({"shop", "shop_en", "call", "caller", "called", "language"})
# Prompts that the machine says of its own accord, and what they may say because it is known then.
OWN_PROMPTS: Mapping[str, frozenset[str]] = {
    "doubt": frozenset({"doubt"}),
    "again": frozenset(),
    "offer_again": frozenset(),
    "help": frozenset(),
    "wait": frozenset(),
    "filler": frozenset(),
    "apology": frozenset(),
    "speech_lost": frozenset(),
    "order_go_on": frozenset(),
    "order_which_digits": frozenset({"digits.place"}),
}
# What callers hear on the way to a human (ivr/handoff), wherever a dialplan has a `hand_off`.
HANDOFF_PROMPTS: Mapping[str, frozenset[str]] = {
    f"handoff.{name}": _words(known)
    for name, known in {
        "agent_lost": "", "callback_booked": "due", "callback_failed_message": "", "connecting": "reason", "failed": "",
        "goodbye": "", "leave_message": "", "message_empty": "", "message_kept": "", "no_number_message": "", "offer": "",
        "offer_again": "", "on_hold": "", "passed_on": "", "position": "position", "progress": "position wait",
        "putting_through": "", "unstaffed": "", "waiting_on": "",
    }.items()
}  # fmt: skip
# What callers hear at the closed door of a queue: needed where queues close, and where a supervisor may close one.
CLOSED_PROMPTS: Mapping[str, frozenset[str]] = {
    f"handoff.{name}": _words(known)
    for name, known in {
        "closed": "", "closed_again": "", "closed_now": "", "closed_urgent": "", "closing": "closes", "goodbye_closed": "",
    }.items()
}  # fmt: skip
# A queue is one of these at any moment: `branch: hours.QUEUE`.
HOURS, OPEN, CLOSED = "hours", "open", "closed"
# Names derived from the value before the last dot.
DERIVED = frozenset({"tail", "count", "first", "menu", "or", "exact"})
