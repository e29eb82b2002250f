"""Written confirmations: a message is put into the outbox in the transaction that settles the action."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from order_lookup import tables as t
from order_lookup.effects import Work
from order_lookup.gathering import customer_of_phone
from order_lookup.message_texts import MESSAGE_VALUES, MessageName
from order_lookup.money import Money
from order_lookup.phones import normal_phone
from order_lookup.policies import ShopPolicies
from order_lookup.posting import put
from order_lookup.words import REFUNDS, Action

_SILENT = frozenset({Action.URGE_DELIVERY, Action.CHANGE_NOTE})
_SYMBOLS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£"}


def confirm(work: Work) -> None:
    """Put the confirmation of a settled action into the outbox; a customer who refused messages gets none."""
    action = Action(work.entry.action)
    customer = work.customer
    if customer is None or action in _SILENT:
        return
    phone = _phone(work)
    name = _template(action, bool(work.entry.amount_minor))
    texts = work.policies.messages[name]
    english = customer.language == "en"
    body = (texts.en if english else texts.zh).format(**_values(work, english))
    work.session.add(
        t.Message(
            key=f"{work.entry.key}:message"[:200],
            customer_id=customer.id,
            phone=phone,
            template=name,
            language="en" if english else "zh",
            body=body,
            state="refused" if customer.messages_refused or not phone else "waiting",
            created_at=work.now,
            next_at=work.now,
        )
    )


def unreached(session: Session, key: str, phone: str, language: str, now: datetime, policies: ShopPolicies) -> bool:
    """Write to somebody whom nobody could reach by telephone; False where that can't be, or they want no messages."""
    texts, to = policies.messages.get("unreached"), normal_phone(phone)
    customer = customer_of_phone(session, to)
    if texts is None or not to or (customer is not None and customer.messages_refused):
        return False
    english = (customer.language if customer is not None else language) == "en"
    shop = policies.shop.name_en if english else policies.shop.name_zh
    known = dict.fromkeys(MESSAGE_VALUES, "") | {"shop": shop}
    body = (texts.en if english else texts.zh).format(**known)
    put(session, key, to, "unreached", "en" if english else "zh", body, now)
    return True


def _template(action: Action, money: bool) -> MessageName:
    if action is Action.CANCEL and money:
        return "cancel"
    if action in REFUNDS and money:
        return "refund"
    return "coupon" if action is Action.ISSUE_COUPON else "done"


def _values(work: Work, english: bool) -> dict[str, str]:
    shop, entry = work.policies.shop, work.entry
    coupon = entry.action == Action.ISSUE_COUPON
    days = work.policies.compensation.coupon_days if coupon else work.policies.situations.refund_days
    return {
        "shop": shop.name_en if english else shop.name_zh,
        "tail": work.order.number[-4:] if work.order is not None else "----",
        "amount": written(Money(entry.amount_minor, entry.currency)),
        "days": str(days),
        "receipt": entry.receipt or "",
    }


def written(amount: Money) -> str:
    """Money as it is written in a message."""
    number, currency = str(amount).split()
    return f"{_SYMBOLS[currency]}{number}" if currency in _SYMBOLS else f"{number} {currency}"


def _phone(work: Work) -> str:
    """The order's phone; failing that the one that called."""
    if work.order is not None and (phone := normal_phone(work.order.phone)):
        return phone
    return normal_phone(work.detail("phone_of_caller"))
