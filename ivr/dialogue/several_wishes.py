"""Several wishes in one breath: "帮我取消，然后开张发票，还有投诉骑手", "cancel it and also send me the invoice" (pure).

Most of what callers join by "and" is one matter told in two halves ("it's broken and I want my money back"). Another wish is one only
where it has nothing to do with those before it (`second_wish` of universals.yaml), and each part is as sure as a sentence said alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import combinations

from ivr.dialogue.grammar import Grammar
from ivr.dialogue.matching import Match
from ivr.dialogue.meaning import OUT_OF_SCOPE, UNIVERSALS

SURE = 0.85
MOST_JOINTS = 8  # each is looked at with all that follow it; nobody has so many wishes
_NO_WISH = frozenset({*UNIVERSALS, OUT_OF_SCOPE, "yes", "no", "thanks"})
Rank = Callable[[str], Sequence[Match]]


class SeveralWishes:
    """The words that join wishes in one language, and the wishes that may be joined."""

    def __init__(self, grammar: Grammar) -> None:
        words = grammar.universals.second_wish
        joints = "|".join(map(re.escape, sorted(words.joints, key=len, reverse=True))) or "(?!)"
        self._joints = re.compile(rf"(?:,? *\b(?:{joints})\b)+" if grammar.language == "en" else f"(?:{joints})")
        self._apart, self._afterwards = frozenset(words.apart), frozenset(words.afterwards)

    def apart(self, text: str, rank: Rank) -> tuple[Match, ...]:
        """The wishes of a text in the order in which they were said; none where there is but one."""
        return self._wishes(text, rank) if len(self._joints.findall(text)) <= MOST_JOINTS else ()

    def _wishes(self, text: str, rank: Rank) -> tuple[Match, ...]:
        for joint in self._joints.finditer(text):
            first, rest = rank(text[: joint.start()])[:1], text[joint.end() :]
            if not first or not rest.strip() or not _sure(first[0]):
                continue
            for others in (self._wishes(rest, rank), tuple(rank(rest)[:1])):
                if others and self._have_nothing_in_common((first[0], *others)):
                    return (first[0], *others)
        return ()

    def _have_nothing_in_common(self, wishes: Sequence[Match]) -> bool:
        return all(map(_sure, wishes)) and all(
            one.intent != other.intent
            and ({one.intent, other.intent} & self._apart or other.intent in self._afterwards)
            for one, other in combinations(wishes, 2)
        )


def _sure(wish: Match) -> bool:
    return wish.score >= SURE and wish.intent not in _NO_WISH
