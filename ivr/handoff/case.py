"""From what is known of a call to what the agent is told of it (pure)."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.handoff.briefing import Briefing, Mood
from ivr.transcript import mask_number
from ivr.values import Language

SUBJECTS: Mapping[str, tuple[str, str]] = {
    "order_status": ("查订单", "where an order is"),
    "urge_delivery": ("催配送", "a late delivery"),
    "cancel_order": ("取消订单", "cancelling an order"),
    "change_order": ("修改订单", "changing an order"),
    "change_address": ("修改地址", "changing an address"),
    "refund_request": ("要求退款", "a refund"),
    "refund_status": ("查退款进度", "a refund under way"),
    "refund_policy": ("问退款政策", "the refund policy"),
    "return_exchange": ("退换货", "a return or exchange"),
    "exchange_status": ("查换货进度", "an exchange under way"),
    "missing_item": ("商品少送", "a missing item"),
    "wrong_item": ("商品送错", "a wrong item"),
    "damaged_item": ("商品破损", "a damaged item"),
    "food_safety": ("食品安全", "food safety"),
    "not_received": ("没有收到货", "an order not received"),
    "courier_complaint": ("投诉骑手", "a complaint about a courier"),
    "merchant_complaint": ("投诉商家", "a complaint about a merchant"),
    "complaint": ("投诉", "a complaint"),
    "praise": ("表扬", "praise"),
    "invoice": ("发票问题", "an invoice"),
    "payment_problem": ("支付问题", "a payment problem"),
    "coupon": ("优惠券问题", "a coupon"),
    "price_protection": ("价格保护", "price protection"),
    "account": ("账户问题", "an account"),
    "account_stolen": ("账户被盗", "a stolen account"),
    "personal_safety": ("人身安全", "personal safety"),
    "agent": ("要求人工", "talking to a person"),
}
_TRIED: Mapping[str, tuple[str, str]] = {
    "done": ("办理成功", "done it"),
    "failed": ("办理失败", "tried and failed"),
    "refused": ("说明不能办理", "had to refuse"),
    "unknown": ("办理结果未知", "tried, outcome unknown"),
}
_LEVELS = {"none": 0, "low": 1, "medium": 2, "high": 2}
_MOODS: Mapping[str, Mood] = {
    "rage": "angry",
    "angry": "angry",
    "upset": "upset",
    "danger": "in_danger",
    "fraud": "in_danger",
}


def briefing_of(case: Mapping[str, object], language: Language, reason: str, caller: str) -> Briefing:
    """The briefing of a case: who, what about, which order, what was tried, mood; unknown parts stay empty."""
    zh = language == "zh"
    place = 0 if zh else 1
    intent = str(case.get("intent") or reason)
    subject = SUBJECTS.get(intent, ("", ""))[place]
    outcome = str(case.get("action.outcome") or "")
    tried = (_TRIED[outcome][place],) if outcome in _TRIED else ()
    return Briefing(
        language=language,
        who=_who(case, zh, caller),
        subject=subject,
        order=_order(case, zh),
        tried=tried,
        mood=_MOODS.get(str(case.get("mood") or ""), "calm"),
        verification=_LEVELS.get(str(case.get("verification") or "none"), 0),
    )


def _who(case: Mapping[str, object], zh: bool, caller: str) -> str:
    name, vip = str(case.get("customer.name") or "").strip(), bool(case.get("customer.vip"))
    if name:
        short = _short(name, zh)
    else:
        tail = mask_number(caller)[-4:] if any(character.isdigit() for character in caller) else ""
        short = (f"尾号{tail}的客人" if zh else f"A caller ending in {tail}") if tail else ""
    return (f"VIP{short}" if zh else f"VIP {short}") if vip else short


def _short(name: str, zh: bool) -> str:
    """The family name, as far as there is one: a masked name (Grace M*) is said as it is, and G is nobody's family."""
    chinese = "\u4e00" <= name[0] <= "\u9fff"
    if zh and chinese:
        return f"{name[0]}姓客人"
    if name.endswith("*"):
        return name
    return name[0] if chinese else name.split()[-1]


def _order(case: Mapping[str, object], zh: bool) -> str:
    number = str(case.get("order.number") or "")
    if not number:
        return ""
    items = str(case.get("order.items") or "")
    tail = f"尾号{number[-4:]}" if zh else f"ending {number[-4:]}"
    return f"{tail}，{items}" if zh and items else f"{tail}, {items}" if items else tail
