"""Order numbers decoded against data: what was heard × how recognisers err ∩ check digit ∩ orders that exist (pure).

`decode` turns N-best into readings and weighs this caller's own orders by them; mostly that settles it. If not, `expand`
names the valid numbers that may have been meant, the order desk says which of them exist, and `settle` decides: one order
that stands out is accepted, several are told apart by one group of digits, none is said to be none. Costs are negative
logs of probabilities, so the gap between two orders is how much likelier the one is: a gap of `MARGIN` is about 50 : 1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import log

from ivr.dialogue import numbers_en, numbers_zh
from ivr.dialogue.digit_errors import ERRORS, IMPOSSIBLE, cost, neighbours
from ivr.events import Hypothesis
from ivr.values import Language

OWN_SURE = 2.5  # a whole number of the caller's own, heard as good as rightly
OWN_LIMIT = 10.5  # costs above this are not what the caller said, even of their own orders
OWN_WEIGHT = 5.5  # an order of the caller's own is some hundred times as likely as any one of all the others
LIMIT = 8.0
ALONE_LIMIT = 10.5  # of an own order when nobody else's is near
CROWD, CROWD_LIMIT = 3, 4.3
MARGIN = 4.0
ASK_LIMIT = 9.5
MOST_CANDIDATES = 500
GROUP = 4
LONGEST_TAIL = 6  # so many digits at most are taken for a number's end
_TAIL = re.compile(
    r"尾号|末尾|尾数|[后末]\s*[三四五六3-6]\s*[位个]|最后\s*[几三四五六3-6]|"
    r"\b(?:last|final)\s+(?:three|four|five|six|few|[3-6])\b|\bend(?:s|ing)?\s+(?:in|with|on)\b"
)


@dataclass(frozen=True, slots=True)
class OrderPattern:
    """The shape of an order number; `is_valid` knows length, prefix and check digit (the order desk's own function)."""

    length: int = 12
    prefix: str = ""
    is_valid: Callable[[str], bool] = lambda number: number.isascii() and number.isdigit() and len(number) == 12


@dataclass(frozen=True, slots=True)
class Candidate:
    """An order number that may have been meant; cost is the negative log of how likely it is to be heard as it was."""

    number: str
    cost: float


@dataclass(frozen=True, slots=True)
class Reading:
    """One hypothesis as digits, and the cost of that hypothesis (0 for the best)."""

    digits: str
    cost: float


@dataclass(frozen=True, slots=True)
class Decoded:
    """What was heard of an order number: readings, and this caller's own orders by cost, cheapest first.

    `tail` says that the caller named the end of the number only. `likely` is the one of this caller's own orders that stands
    out, or ""; `settled` the same where it was heard so well that nobody else's can be meant.
    """

    readings: tuple[Reading, ...]
    own: tuple[Candidate, ...]
    language: Language
    tail: bool = False
    settled: str = ""
    likely: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """One order is meant, with little doubt; it is still read back (implicit confirmation)."""

    number: str
    cost: float


@dataclass(frozen=True, slots=True)
class AskDigits:
    """Several orders fit: ask for the digits from `start` to `end` (of the number, from 0), which tell them apart."""

    candidates: tuple[str, ...]
    start: int
    end: int

    @property
    def choices(self) -> tuple[str, ...]:
        """What those digits can be, candidates in order."""
        return tuple(dict.fromkeys(number[self.start : self.end] for number in self.candidates))


@dataclass(frozen=True, slots=True)
class NoneFound:
    """No order fits what was heard."""


Settlement = Accepted | AskDigits | NoneFound


# ITU-T E.164 numbers of China: a mobile telephone has eleven digits, from 13 to 19.
_MOBILE = re.compile(r"1[3-9][0-9]{9}")


def names_tail(text: str) -> bool:
    """Whether the words announce the end of a number alone."""
    return _TAIL.search(text.lower()) is not None


def looks_like_phone(digits: str) -> bool:
    """Whether the digits are those of a mobile telephone."""
    return _MOBILE.fullmatch(digits) is not None


def decode(
    hypotheses: Sequence[Hypothesis], pattern: OrderPattern, caller_orders: Sequence[str], language: Language
) -> Decoded:
    """What N-best says of an order number, weighed against the caller's own orders; never raises for any text."""
    readings = readings_of(hypotheses, language)
    longest = max((len(reading.digits) for reading in readings), default=0)
    tail = any(names_tail(hypothesis.text) for hypothesis in hypotheses[:3]) or longest <= pattern.length // 2
    own = _weighed(caller_orders, readings, language, tail)
    likely = _likely_own(own, readings, pattern, tail)
    # More than a trifle badly heard, it may be a neighbour's: the order desk is asked which numbers exist.
    settled = likely if tail or (own and own[0].cost <= OWN_SURE) else ""
    return Decoded(readings, own, language, tail, settled, likely)


def expand(decoded: Decoded, pattern: OrderPattern, limit: int = MOST_CANDIDATES) -> tuple[str, ...]:
    """Valid numbers that may have been meant, most likely first, to be looked up; empty for a tail."""
    if decoded.tail:
        return ()
    found: dict[str, float] = {}
    for budget in (4.0, 7.0, ASK_LIMIT):
        for reading in decoded.readings[:4]:
            for number, price in _neighbours(reading, pattern, decoded.language, budget).items():
                found[number] = min(price + reading.cost, found.get(number, IMPOSSIBLE))
        if len(found) >= limit:
            break
    return tuple(sorted(found, key=lambda number: found[number])[:limit])


def settle(decoded: Decoded, existing: Iterable[str]) -> Settlement:
    """Which order is meant, given those of the expanded candidates that exist (the caller's own are known to)."""
    own = {candidate.number for candidate in decoded.own}
    others = [] if decoded.tail else [number for number in existing if number not in own]
    weighed = [Candidate(each.number, each.cost - OWN_WEIGHT) for each in decoded.own]
    weighed += _weighed(others, decoded.readings, decoded.language, decoded.tail)
    ranked = sorted(weighed, key=lambda candidate: candidate.cost)
    # Where no other order is anywhere near what was heard, much may have gone wrong and it is still the caller's own.
    alone = not others and not decoded.tail
    if not ranked or ranked[0].cost > (ALONE_LIMIT if alone else ASK_LIMIT - (OWN_WEIGHT if decoded.tail else 0)):
        return NoneFound()
    best = ranked[0]
    near = [candidate.number for candidate in ranked if candidate.cost - best.cost < MARGIN][:5]
    if len(near) > 1:
        return AskDigits(tuple(near), *_deciding(near))
    return Accepted(best.number, best.cost) if best.cost <= _limit(decoded, len(others)) else NoneFound()


def _limit(decoded: Decoded, others: int) -> float:
    """The cost up to which an order is believed: where many near numbers exist, a likely confusion proves little."""
    if decoded.tail:
        return _tail_limit(decoded.readings) - OWN_WEIGHT
    if not others:
        return ALONE_LIMIT
    return LIMIT if others < CROWD else CROWD_LIMIT


def heard_whole(decoded: Decoded, pattern: OrderPattern) -> str:
    """The best reading if it is a valid number as it stands, else ""."""
    best = decoded.readings[0].digits if decoded.readings else ""
    return best if not decoded.tail and pattern.is_valid(best) else ""


def heard_phone(decoded: Decoded) -> str:
    """The best reading if it is the number of a mobile telephone, else ""."""
    best = decoded.readings[0].digits if decoded.readings else ""
    return best if looks_like_phone(best) else ""


def answer(question: AskDigits, hypotheses: Sequence[Hypothesis], language: Language) -> Settlement:
    """Which candidate the answer to `AskDigits` picks: the caller said those digits, or the whole number again."""
    length = len(question.candidates[0])
    ranked = []
    for number in question.candidates:
        part = number[question.start : question.end]
        for reading in readings_of(hypotheses, language):
            against = number if len(reading.digits) > (length + len(part)) // 2 else part
            ranked.append((cost(against, reading.digits, ERRORS[language]) + reading.cost, number))
    ranked.sort()
    if not ranked or ranked[0][0] > OWN_LIMIT:
        return NoneFound()
    best = ranked[0][1]
    rival = next((price for price, number in ranked if number != best), IMPOSSIBLE)
    return Accepted(best, ranked[0][0]) if rival - ranked[0][0] >= MARGIN / 2 else NoneFound()


def correct(heard: str, wrong: str, right: str, pattern: OrderPattern) -> tuple[str, ...]:
    """The numbers meant by correcting a part of the one read back: `right` put in place of `wrong`, or of a whole group.

    "不对，是三八二七" gives the group it resembles most; valid numbers come first.
    """
    places = [match.start() for match in re.finditer(f"(?={re.escape(wrong)})", heard)] if wrong else []
    if wrong and len(wrong) == len(right) and places:
        options = [heard[:at] + right + heard[at + len(right) :] for at in places]
    else:
        options = [heard[:at] + right + heard[at + len(right) :] for at in _windows(heard, right)]
    options = [option for option in dict.fromkeys(options) if option != heard and len(option) == len(heard)]
    return tuple(sorted(options, key=lambda number: not pattern.is_valid(number)))


def readings_of(hypotheses: Sequence[Hypothesis], language: Language) -> tuple[Reading, ...]:
    """N-best as digit strings with the cost of each hypothesis against the best, cheapest first (at most 12)."""
    take = numbers_zh.digit_readings if language == "zh" else numbers_en.digit_readings
    found: dict[str, float] = {}
    top = max((hypothesis.confidence for hypothesis in hypotheses), default=1.0)
    for hypothesis in hypotheses[:10]:
        doubt = min(3.0, log(max(top, 1e-3) / max(hypothesis.confidence, 1e-3)))
        for reading in take(_after_tail_words(hypothesis.text.lower()[:200])):
            if len(reading.digits) <= 24:
                found[reading.digits] = min(doubt + reading.cost, found.get(reading.digits, IMPOSSIBLE))
    ranked = sorted((price, digits) for digits, price in found.items())
    return tuple(Reading(digits, price) for price, digits in ranked[:12])


def _after_tail_words(text: str) -> str:
    """The text without "last four" or 后四位, whose four is no digit of the number."""
    return re.sub(_TAIL.pattern + r"\s*(?:digits|numbers|位|个)?", " ", text)


def _weighed(
    numbers: Iterable[str], readings: Sequence[Reading], language: Language, tail: bool
) -> tuple[Candidate, ...]:
    errors = ERRORS[language]
    weighed = (
        Candidate(number, min((cost(number, r.digits, errors, tail) + r.cost for r in readings), default=IMPOSSIBLE))
        for number in dict.fromkeys(numbers)
    )
    return tuple(sorted(weighed, key=lambda candidate: candidate.cost))


def _likely_own(own: Sequence[Candidate], readings: Sequence[Reading], pattern: OrderPattern, tail: bool) -> str:
    """The caller's own order that stands out, unless the words as heard are a valid number of somebody else."""
    if not own or own[0].cost > (_tail_limit(readings) if tail else OWN_LIMIT):
        return ""
    if len(own) > 1 and own[1].cost - own[0].cost < MARGIN:
        return ""
    stranger = any(pattern.is_valid(r.digits) and r.digits != own[0].number and r.cost < 3.0 for r in readings)
    return "" if stranger else own[0].number


def _tail_limit(readings: Sequence[Reading]) -> float:
    """A tail has few digits to go by: one confusion in four digits, none in three, and two digits say nothing."""
    longest = max((len(reading.digits) for reading in readings), default=0)
    return {0: -1.0, 1: -1.0, 2: -1.0, 3: 1.5}.get(longest, 4.5)


def _neighbours(reading: Reading, pattern: OrderPattern, language: Language, budget: float) -> dict[str, float]:
    if abs(len(reading.digits) - pattern.length) > 3:
        return {}
    found = neighbours(reading.digits, pattern.length, budget - reading.cost, ERRORS[language])
    return {number: price for number, price in found.items() if pattern.is_valid(number)}


def _deciding(numbers: Sequence[str]) -> tuple[int, int]:
    """The group of digits that tells the most candidates apart; if several do, one that is easily named: the last, the first."""
    length = len(numbers[0])
    groups = [(at, min(at + GROUP, length)) for at in range(0, length, GROUP)]

    def worth(group: tuple[int, int]) -> tuple[int, bool, bool]:
        apart = len({number[group[0] : group[1]] for number in numbers})
        return apart, group[1] == length, group[0] == 0

    return max(groups, key=worth)


def _windows(heard: str, right: str) -> list[int]:
    """Where a correction fits, most alike first; whole groups before other places."""
    starts = range(len(heard) - len(right) + 1)
    alike = {at: sum(a == b for a, b in zip(heard[at:], right, strict=False)) for at in starts}
    best = max(alike.values(), default=0)
    fitting = [at for at in starts if alike[at] == best]
    return [at for at in fitting if at % GROUP == 0] or fitting
