"""What the agent is told: a whisper of 5 to 15 seconds before the caller is put through, and the written summary.

The whisper names nobody in full and reads no number out: it is heard in an open-plan office. Who, what about, which order, what
was tried, mood; whatever is unknown is left out rather than said to be unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ivr.values import Language

Mood = Literal["calm", "upset", "angry", "in_danger"]

# Spoken at the pace of the voice (words_per_minute 165): about 4.4 hanzi or 2.6 English words a second.
ZH_CHARACTERS_PER_SECOND, EN_WORDS_PER_SECOND = 4.4, 2.6
MAX_SECONDS = 15.0

_MOODS = {
    "zh": {
        "calm": "",
        "upset": "客人有些着急",
        "angry": "客人情绪激动，请先安抚",
        "in_danger": "可能有人身危险，请马上处理",
    },
    "en": {
        "calm": "",
        "upset": "The caller is upset",
        "angry": "The caller is angry, please calm them first",
        "in_danger": "Possible danger to a person, act at once",
    },
}
_VERIFIED = {
    "zh": ("未核实身份", "来电号码匹配", "已核实身份"),
    "en": ("not verified", "number known", "identity verified"),
}


@dataclass(frozen=True, slots=True)
class Briefing:
    """The case in short phrases, each in the caller's language and already masked; empty when unknown."""

    language: Language = "zh"
    who: str = ""
    subject: str = ""
    order: str = ""
    tried: tuple[str, ...] = ()
    mood: Mood = "calm"
    verification: int = 0
    waited_seconds: float = 0.0
    note: str = ""


def whisper(briefing: Briefing) -> str:
    """The text for the agent's ear: at most 15 s when spoken, always with the keys at its end."""
    essential, extra = (_zh if briefing.language == "zh" else _en)(briefing)
    keys = "接听请按1，拒接请按2。" if briefing.language == "zh" else "Press 1 to accept, 2 to decline."
    parts = [_clipped(part, briefing.language) for part in essential if part]
    for part in (_clipped(part, briefing.language) for part in extra if part):
        if spoken_seconds(_sentences([*parts, part], briefing.language) + keys, briefing.language) <= MAX_SECONDS:
            parts.append(part)
    return _sentences(parts, briefing.language) + keys


def spoken_seconds(text: str, language: Language) -> float:
    """How long the voice takes for a text, estimated."""
    if language == "zh":
        return sum(1 for character in text if character.isalnum()) / ZH_CHARACTERS_PER_SECOND
    return len(text.split()) / EN_WORDS_PER_SECOND


def summary(briefing: Briefing) -> tuple[str, ...]:
    """The case summary for the desk and the ticket: one short line each, most important first."""
    zh = briefing.language == "zh"
    names = ("来电人", "事由", "订单", "机器人", "情绪", "身份", "转接说明") if zh else (
        "Caller", "Subject", "Order", "The robot", "Mood", "Verification", "Passed on with",
    )  # fmt: skip
    values = (
        briefing.who,
        briefing.subject,
        briefing.order,
        ("；" if zh else "; ").join(briefing.tried),
        _MOODS[briefing.language][briefing.mood],
        _VERIFIED[briefing.language][min(2, max(0, briefing.verification))],
        briefing.note,
    )
    return tuple(f"{name}{'：' if zh else ': '}{value}" for name, value in zip(names, values, strict=True) if value)


def _zh(case: Briefing) -> tuple[list[str], list[str]]:
    who = f"{case.who or '客人'}来电"
    essential = [_MOODS["zh"][case.mood], f"{who}，{case.subject}" if case.subject else who]
    extra = [
        case.note and f"同事留言：{case.note}",
        case.order and f"订单{case.order}",
        case.tried and "机器人" + "、".join(case.tried),
        _VERIFIED["zh"][min(2, max(0, case.verification))],
        case.waited_seconds >= 60 and f"已等候{round(case.waited_seconds / 60)}分钟",
    ]
    return essential, [part for part in extra if isinstance(part, str)]


def _en(case: Briefing) -> tuple[list[str], list[str]]:
    who = case.who or "A customer"
    essential = [_MOODS["en"][case.mood], f"{who}, about {case.subject}" if case.subject else f"{who} is calling"]
    extra = [
        case.note and f"Colleague's note: {case.note}",
        case.order and f"Order: {case.order}",
        case.tried and "The robot " + ", ".join(case.tried),
        _VERIFIED["en"][min(2, max(0, case.verification))].capitalize(),
        case.waited_seconds >= 60 and f"Waited {_minutes(round(case.waited_seconds / 60))}",
    ]
    return essential, [part for part in extra if isinstance(part, str)]


def _minutes(count: int) -> str:
    return "a minute" if count == 1 else f"{count} minutes"


def _clipped(part: str, language: Language) -> str:
    """A phrase short enough to leave room for the others: 26 hanzi or 12 words."""
    line = " ".join(part.split())
    if language == "zh":
        return line[:26]
    return " ".join(line.split(" ")[:12])


def _sentences(parts: list[str], language: Language) -> str:
    return "".join(f"{part}。" for part in parts) if language == "zh" else "".join(f"{part}. " for part in parts)
