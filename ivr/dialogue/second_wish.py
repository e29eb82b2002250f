"""Two wishes in one breath: "帮我取消，然后开张发票", "cancel it and also send me the invoice" (pure).

Most of what callers join by "and" is one matter told in two halves ("it's broken and I want my money back"). A second wish is one only
where the one has nothing to do with the other (`second_wish` of universals.yaml), and both halves are as sure as sentences said alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ivr.dialogue.grammar import Grammar
from ivr.dialogue.matching import Match
from ivr.dialogue.meaning import OUT_OF_SCOPE, UNIVERSALS

SURE = 0.85
_NO_WISH = frozenset({*UNIVERSALS, OUT_OF_SCOPE, "yes", "no", "thanks"})


class SecondWish:
    """The words that join two wishes in one language, and the wishes that may be joined."""

    def __init__(self, grammar: Grammar) -> None:
        words = grammar.universals.second_wish
        joints = "|".join(map(re.escape, sorted(words.joints, key=len, reverse=True))) or "(?!)"
        self._joints = re.compile(rf"(?:,? *\b(?:{joints})\b)+" if grammar.language == "en" else f"(?:{joints})")
        self._apart, self._afterwards = frozenset(words.apart), frozenset(words.afterwards)

    def two(self, text: str, rank: Callable[[str], Sequence[Match]]) -> tuple[Match, Match] | None:
        """The two wishes of a text, in the order in which they were said."""
        for joint in self._joints.finditer(text):
            halves = [rank(half) for half in (text[: joint.start()], text[joint.end() :]) if half.strip()]
            if len(halves) == 2 and halves[0] and halves[1] and self._are_two(halves[0][0], halves[1][0]):
                return halves[0][0], halves[1][0]
        return None

    def _are_two(self, first: Match, second: Match) -> bool:
        wishes = {first.intent, second.intent}
        if len(wishes) < 2 or wishes & _NO_WISH or min(first.score, second.score) < SURE:
            return False
        return bool(wishes & self._apart) or second.intent in self._afterwards
