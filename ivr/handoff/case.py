"""From what is known of a call to what the agent is told of it (pure)."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.handoff.briefing import Briefing, Mood
from ivr.transcript import mask_number
from ivr.values import Language

_TRIED: Mapping[str, tuple[str, str]] = {
    "done": ("已办理成功", "settled it"),
    "failed": ("办理失败", "tried and failed"),
    "refused": ("已说明不能办理", "had to refuse"),
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


def matter_of(case: Mapping[str, object], reason: str) -> str:
    """What the call is about, as one of our words: the caller's wish, else why a human was sent for."""
    return str(case.get("intent") or reason)


def briefing_of(case: Mapping[str, object], language: Language, subject: str, caller: str) -> Briefing:
    """The briefing of a case: who, what about (`subject`, in words), which order, what was tried, mood; unknown parts stay empty."""
    zh = language == "zh"
    outcome = str(case.get("action.outcome") or "")
    tried = (_TRIED[outcome][0 if zh else 1],) if outcome in _TRIED else ()
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
