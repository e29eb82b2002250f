"""How well utterances of known intent are understood: accuracy, confusions, false rejects (pure)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ivr.dialogue.meaning import OUT_OF_SCOPE, Expectation, Interpretation
from ivr.dialogue.unclean import alike
from ivr.dialogue.understanding import Understanding
from ivr.events import Hypothesis
from ivr.values import Language

_NOT_INTENTS = frozenset({"switch_language", "repeat", "slower", "wait", "help", "back", "yes", "no", ""})


@dataclass(frozen=True, slots=True)
class Utterance:
    """A row of an evaluation file."""

    text: str
    language: Language
    intent: str


@dataclass(frozen=True, slots=True)
class Result:
    """An utterance and what was made of it: the intent, and whether it was sure or would be asked back ("Do you mean …?").

    `seconds` is how long that took.
    """

    utterance: Utterance
    understood: str
    score: float
    seconds: float
    asked_back: bool = False

    @property
    def right(self) -> bool:
        """Whether the intent is the one in the file."""
        return self.understood == self.utterance.intent

    @property
    def wrong_at_once(self) -> bool:
        """Whether a wrong intent would be acted on without asking."""
        return not self.right and not self.asked_back and self.understood != OUT_OF_SCOPE


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures over results of one language; shares are 0..1, NaN-free (1.0 where there is nothing to count).

    What is right after asking back counts as right; `right_asked_back` says how much of the whole that is.
    """

    count: int
    accuracy: float
    rejected: float
    false_rejects: float
    median_seconds: float
    right_asked_back: float = 0.0
    wrong_at_once: float = 0.0

    @classmethod
    def of(cls, results: Sequence[Result]) -> Summary:
        """Accuracy over all; out-of-scope rejected; of the others, the share taken for out-of-scope."""
        outside = [each for each in results if each.utterance.intent == OUT_OF_SCOPE]
        inside = [each for each in results if each.utterance.intent != OUT_OF_SCOPE]
        times = sorted(each.seconds for each in results)
        return cls(
            len(results),
            _share(sum(each.right for each in results), len(results)),
            _share(sum(each.right for each in outside), len(outside)),
            _share(sum(each.understood == OUT_OF_SCOPE for each in inside), len(inside)) if inside else 0.0,
            times[len(times) // 2] if times else 0.0,
            sum(each.right and each.asked_back for each in results) / max(1, len(results)),
            sum(each.wrong_at_once for each in results) / max(1, len(results)),
        )


def intent_of(found: Interpretation) -> str:
    """The intent that would be acted on; what is refused, negated, or no intent at all is out of scope."""
    if found.verdict == "reject" or found.negated or found.intent in _NOT_INTENTS:
        return OUT_OF_SCOPE
    return found.intent


def understand_one(understanding: Understanding, text: str) -> tuple[str, float, bool]:
    """The intent of a text at an open question, its score, and whether the robot would ask back before it acts."""
    found = understanding.understand((Hypothesis(text, 1.0),), Expectation(language=understanding.language))
    return intent_of(found), found.score, found.verdict == "confirm"


def with_homophones(text: str, share: float, rng: random.Random) -> str:
    """The text with a share of its hanzi replaced by others of the same or nearly the same sound."""
    places = [at for at, char in enumerate(text) if "\u4e00" <= char <= "\u9fff"]
    chars = list(text)
    for at in rng.sample(places, round(len(places) * share + rng.random() * 0.999 - 0.4995) if places else 0):
        others = [char for char in alike(chars[at]) if char != chars[at]]
        chars[at] = rng.choice(others) if others else chars[at]
    return "".join(chars)


def confusions(results: Sequence[Result]) -> Counter[tuple[str, str]]:
    """How often each intent was taken for another."""
    return Counter((each.utterance.intent, each.understood) for each in results if not each.right)


def report(results: Sequence[Result]) -> Mapping[str, object]:
    """Everything as plain values for JSON: figures by language, counts by intent, each row."""
    languages = sorted({each.utterance.language for each in results})
    by_language = {name: [each for each in results if each.utterance.language == name] for name in languages}
    return {
        "languages": {name: _figures(Summary.of(rows)) for name, rows in by_language.items()},
        "intents": {name: _by_intent(rows) for name, rows in by_language.items()},
        "rows": [
            {
                "text": each.utterance.text,
                "language": each.utterance.language,
                "intent": each.utterance.intent,
                "understood": each.understood,
                "score": round(each.score, 3),
                "right": each.right,
                "asked_back": each.asked_back,
            }
            for each in results
        ],
    }


def _figures(summary: Summary) -> Mapping[str, float]:
    return {
        "count": summary.count,
        "accuracy": round(summary.accuracy, 4),
        "out_of_scope_rejected": round(summary.rejected, 4),
        "false_rejects": round(summary.false_rejects, 4),
        "right_asked_back": round(summary.right_asked_back, 4),
        "wrong_at_once": round(summary.wrong_at_once, 4),
        "median_milliseconds": round(summary.median_seconds * 1000, 2),
    }


def _by_intent(results: Sequence[Result]) -> Mapping[str, Mapping[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for each in results:
        for intent in (each.utterance.intent, each.understood):
            counts.setdefault(intent, {"count": 0, "right": 0, "understood": 0})
        counts[each.utterance.intent]["count"] += 1
        counts[each.utterance.intent]["right"] += each.right
        counts[each.understood]["understood"] += 1
    return dict(sorted(counts.items()))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
