"""Two wishes in one breath: "帮我取消，然后开张发票", "cancel it and also send me the invoice" (pure).

Most of what callers join by "and" is one matter told in two halves ("it's broken and I want my money back"). A second wish is one only
where the one has nothing to do with the other, and both halves are as sure as sentences said alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from ivr.dialogue.matching import Match
from ivr.dialogue.meaning import OUT_OF_SCOPE, UNIVERSALS
from ivr.values import Language

SURE = 0.85
_JOINTS: Mapping[Language, re.Pattern[str]] = {
    "zh": re.compile(r"(?:然后|另外|还有就是|还有|顺便|对了|再就是|完了|同时|并且)[再还]?"),
    "en": re.compile(r"(?:,? *\b(?:and then|and also|oh and|also|and|by the way|plus)\b)+"),
}
# What has nothing to do with any other matter of an order, and what has nothing to do with what is put right before it.
_APART = frozenset(
    {
        "invoice", "change_address", "coupon", "place_order", "praise", "account", "payment_methods", "delivery_options",
        "opening_hours",
    }
)  # fmt: skip
_AFTERWARDS = frozenset({"courier_complaint"})
_NO_WISH = frozenset({*UNIVERSALS, OUT_OF_SCOPE, "yes", "no", "thanks"})


def two(text: str, rank: Callable[[str], Sequence[Match]], language: Language) -> tuple[Match, Match] | None:
    """The two wishes of a text, in the order in which they were said."""
    for joint in _JOINTS[language].finditer(text):
        halves = [rank(half) for half in (text[: joint.start()], text[joint.end() :]) if half.strip()]
        if len(halves) == 2 and halves[0] and halves[1] and _are_two(halves[0][0], halves[1][0]):
            return halves[0][0], halves[1][0]
    return None


def _are_two(first: Match, second: Match) -> bool:
    if (
        first.intent == second.intent
        or {first.intent, second.intent} & _NO_WISH
        or min(first.score, second.score) < SURE
    ):
        return False
    return bool({first.intent, second.intent} & _APART) or second.intent in _AFTERWARDS
