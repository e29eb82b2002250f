"""Sentences that belong to two intents, found over all that the templates stand for without writing them out (pure).

How it works: the templates of all intents are read side by side, a unit at a time (a character of Mandarin, a word of English).
A state is the set of what may still follow, with the intent each belongs to; where fewer than two intents are left in it,
nothing more can collide, and the search goes no further. Where two intents end in one state, what was read is a sentence of
both. Templates have no repetition and the same rest is the same number, so a state met before need not be searched again:
when the search ends, every pair of intents with a common sentence was found (subset construction, cut short).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ivr.dialogue.templates import Choice, Node, Sequence, SlotMark, Text
from ivr.values import Language

MOST_STATES = 40_000
_UNITS: Mapping[Language, re.Pattern[str]] = {"zh": re.compile(r".", re.DOTALL), "en": re.compile(r"\S+\s*|\s+")}
_END = 0
State = frozenset[tuple[str, int]]  # an intent, and the number of what may follow
# Units that may come next, with what follows each; whether a sentence may end here.
Moves = tuple[Mapping[str, tuple[int, ...]], bool]


@dataclass(frozen=True, slots=True)
class Collisions:
    """A sentence for each pair of intents that share one; `complete` unless there was too much to search."""

    sentences: Mapping[tuple[str, str], str]
    complete: bool


def collisions(intents: Mapping[str, tuple[Node, ...]], language: Language) -> Collisions:
    """The pairs of intents that have a sentence in common."""
    rests = _Rests(language)
    begin: State = frozenset((intent, rests.of(node, _END)) for intent, nodes in intents.items() for node in nodes)
    found: dict[tuple[str, str], str] = {}
    seen, waiting = {begin}, [(begin, "")]
    while waiting and len(seen) < MOST_STATES:
        state, read = waiting.pop()
        ended = {intent for intent, rest in state if rests.moves(rest)[1]}
        for pair in ((one, other) for one in ended for other in ended if one < other and read.strip()):
            found.setdefault(pair, read)
        for unit, after in _following(rests, state).items():
            following = frozenset(after)
            if following not in seen:
                seen.add(following)
                waiting.append((following, read + unit))
    return Collisions(found, not waiting)


def _following(rests: _Rests, state: State) -> dict[str, set[tuple[str, int]]]:
    """What follows by each unit that more than one intent may go on with."""
    units: dict[str, set[str]] = {}
    for intent, rest in state:
        units.setdefault(intent, set()).update(rests.moves(rest)[0])
    met: set[str] = set()
    shared: set[str] = set()
    for of_intent in units.values():
        shared |= met & of_intent
        met |= of_intent
    following: dict[str, set[tuple[str, int]]] = {unit: set() for unit in shared}
    for intent, rest in state:
        moves = rests.moves(rest)[0]
        for unit in shared & moves.keys():
            following[unit].update((intent, after) for after in moves[unit])
    return following


class _Rests:
    """What may follow at a place of a template, numbered: a part and the number of what follows it; 0 is the end."""

    def __init__(self, language: Language) -> None:
        self._unit = _UNITS[language]
        self._cut: dict[str, tuple[str, ...]] = {}
        self._numbers: dict[tuple[int | str, int], int] = {}
        self._parts: list[tuple[Node | str, int]] = [("", _END)]
        self._moves: dict[int, Moves] = {_END: ({}, True)}

    def of(self, part: Node | str, after: int) -> int:
        """The number of a part followed by a rest."""
        # Lists are shared between templates, so the same node is the same object.
        key = (part if isinstance(part, str) else id(part), after)
        if key not in self._numbers:
            self._numbers[key] = len(self._parts)
            self._parts.append((part, after))
        return self._numbers[key]

    def moves(self, rest: int) -> Moves:
        """The units that may come next, with what follows each, and whether the sentence may end."""
        if rest not in self._moves:
            self._moves[rest] = self._found(*self._parts[rest])
        return self._moves[rest]

    def _found(self, part: Node | str, after: int) -> Moves:
        match part:
            case str():
                return {part: (after,)}, False
            case Text(text):
                units = self._units(text)
                return ({units[0]: (self._row(units[1:], after),)}, False) if units else self.moves(after)
            case SlotMark():
                return dict.fromkeys(part.marks, (after,)), False
            case Sequence(parts):
                return self.moves(self._row(parts, after))
            case Choice(options):
                return self._either(options, after)

    def _either(self, options: tuple[Node, ...], after: int) -> Moves:
        found: dict[str, dict[int, None]] = {}
        may_end = False
        for option in options:
            # Most options are words: looked at here, they need no number of their own.
            units = self._units(option.text) if isinstance(option, Text) else ()
            if units:
                found.setdefault(units[0], {})[self._row(units[1:], after) if len(units) > 1 else after] = None
                continue
            moves, ends = self.moves(after if isinstance(option, Text) else self.of(option, after))
            may_end = may_end or ends
            for unit, rests in moves.items():
                found.setdefault(unit, {}).update(dict.fromkeys(rests))
        return {unit: tuple(rests) for unit, rests in found.items()}, may_end

    def _units(self, text: str) -> tuple[str, ...]:
        if text not in self._cut:
            self._cut[text] = tuple(self._unit.findall(text))
        return self._cut[text]

    def _row(self, parts: tuple[Node, ...] | tuple[str, ...], after: int) -> int:
        for part in reversed(parts):
            after = self.of(part, after)
        return after
