"""Which intent a sentence is: exactly one of the templates', or near one by letters and sounds, or by what was learnt (pure).

Exact matches score 1. Otherwise the classifier names a few intents with probabilities, and the sentences of those (and of
intents it was not taught, such as ones written since) are compared with RapidFuzz over characters and sounds. A sentence
much of which no template knows is marked down: that is how a question about the weather stays out of scope.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from rapidfuzz import fuzz, process

from ivr.dialogue.classifier import Classifier
from ivr.dialogue.features import Features
from ivr.dialogue.meaning import OUT_OF_SCOPE
from ivr.dialogue.phonetic_en import sound
from ivr.dialogue.phonetic_zh import sounds
from ivr.dialogue.templates import Node, matches, sample, vocabulary
from ivr.values import Language

_CONSULTED = 3
_SAMPLES = 12
_WORD_OR_MARK = re.compile(r"[^\s\ue000-\uf8ff]+|\S")
_UNTAUGHT_LEVEL = 0.62  # a fuzzy likeness up to this says nothing


@dataclass(frozen=True, slots=True)
class Match:
    """An intent and how sure it is (0..1), with how it was found."""

    intent: str
    score: float
    how: str


@dataclass(slots=True)
class Sentences:
    """The sentences of one intent: templates, and a sample for likeness, made when first needed."""

    language: Language
    nodes: tuple[Node, ...]
    samples: int = _SAMPLES  # of each template
    _words: list[frozenset[str]] = field(default_factory=list)
    _texts: list[str] = field(default_factory=list)
    _spoken: list[str] = field(default_factory=list)

    def is_exact(self, text: str) -> bool:
        """Whether the text is one of the sentences."""
        words = list if self.language == "zh" else _WORD_OR_MARK.findall
        if not self._words:
            known: dict[int, frozenset[str]] = {}
            self._words = [vocabulary(node, words, known) for node in self.nodes]
        needed = frozenset(words(text))  # most templates lack one: that is quickly seen
        return any(needed <= has and matches(node, text) for node, has in zip(self.nodes, self._words, strict=True))

    def likeness(self, text: str) -> tuple[float, str]:
        """The best likeness (0..1) by letters or by sounds, and the sentence."""
        if not self._texts:
            self._texts = list(dict.fromkeys(one for node in self.nodes for one in sample(node, self.samples)))
            self._spoken = [spoken(one, self.language) for one in self._texts]
        best = (0.0, "")
        for query, pool, weight in ((text, self._texts, 1.0), (spoken(text, self.language), self._spoken, 0.96)):
            found = process.extractOne(query, pool, scorer=fuzz.ratio) if query else None
            if found and found[1] / 100 * weight > best[0]:
                best = (found[1] / 100 * weight, self._texts[found[2]])
        return best


class Matcher:
    """All intents of one language."""

    def __init__(
        self,
        language: Language,
        intents: Mapping[str, tuple[Node, ...]],
        features: Features,
        learned: Classifier | None,
        outranks: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self._outranks = outranks or {}
        self.language, self._features, self._learned = language, features, learned
        self.intents = {intent: Sentences(language, nodes) for intent, nodes in intents.items()}
        taught = frozenset(learned.classes) if learned else frozenset()
        self._untaught = tuple(intent for intent in self.intents if intent not in taught)

    def warm(self) -> None:
        """Make what is else made at an intent's first use, so that no caller waits for it."""
        for sentences in self.intents.values():
            sentences.likeness("-")
            sentences.is_exact("-")

    def is_sentence(self, text: str) -> bool:
        """Whether the text is, as it stands, a sentence of any wish."""
        wishes = (sentences for intent, sentences in self.intents.items() if intent not in ("yes", "no"))
        return any(sentences.is_exact(text) for sentences in wishes)

    def rank(self, text: str, only: Collection[str] | None = None) -> list[Match]:
        """Intents by score, best first; `only` leaves others out."""
        known = {intent: 0.0 for intent in self._untaught if only is None or intent in only}
        share = self.coverage(text)
        for intent, probability in self._probable(text, only):
            known[intent] = probability * share
        for intent, sentences in self.intents.items():  # a sentence just written counts, whatever was learnt before
            if intent not in known and (only is None or intent in only) and sentences.is_exact(text):
                known[intent] = 0.0
        found = [self._match(text, intent, probability) for intent, probability in known.items()]
        return self._in_order(sorted(found, key=lambda match: -match.score))

    def _in_order(self, found: list[Match]) -> list[Match]:
        """A sentence of several intents belongs to the one that none of the others outranks."""
        several = [match.intent for match in found if match.score == 1.0]
        if len(several) > 1:
            below = {other for intent in several for other in self._outranks.get(intent, ())}
            found.sort(key=lambda match: (-match.score, match.intent in below))
        return found

    def coverage(self, text: str) -> float:
        """1 when every word (pair of sounds) was met in training, down to 0.35 when hardly any was."""
        if self._learned is None:
            return 1.0
        if self.language == "zh":
            heard = sounds(text)
            pairs = [f"p{one} {two}" for one, two in pairwise(heard)]
            known = sum(pair in self._learned.index for pair in pairs) / max(len(pairs), 1) if pairs else 1.0
        else:
            words = [self._features.speller.correct(word) for word in text.split()]
            known = sum(word in self._learned.vocabulary for word in words) / max(len(words), 1)
        return min(1.0, 0.35 + 0.65 * known / 0.8)

    def _probable(self, text: str, only: Collection[str] | None) -> list[tuple[str, float]]:
        if self._learned is None:
            return []
        values = self._learned.probabilities(self._features.of(text))
        known = dict(zip(self._learned.classes, values.tolist(), strict=True))
        outside = known.pop(OUT_OF_SCOPE, 0.0)
        ranked = sorted(known.items(), key=lambda each: -each[1])
        best = [each for each in ranked if only is None or each[0] in only][:_CONSULTED]
        return [(intent, _against(probability, outside)) for intent, probability in best]

    def _match(self, text: str, intent: str, probability: float) -> Match:
        sentences = self.intents.get(intent)
        if sentences is None:
            return Match(intent, probability, f"learnt {probability:.2f}")
        if sentences.is_exact(text):
            return Match(intent, 1.0, "a sentence of the templates")
        likeness, near = sentences.likeness(text)
        if intent in self._untaught:
            score = max(0.0, (likeness - _UNTAUGHT_LEVEL) / (1 - _UNTAUGHT_LEVEL))
        else:
            score = max(probability, likeness * 0.95 if likeness >= 0.9 and probability >= 0.1 else 0.0)
        return Match(intent, min(score, 0.99), f"learnt {probability:.2f}, {likeness:.2f} like “{near.strip()}”")


def _against(probability: float, outside: float) -> float:
    """A probability given that the sentence is in scope and how likely that is, in equal parts.

    Two near intents share what is in scope between them; that alone must not make a clear wish out of scope.
    """
    return float(probability / max(probability + outside, 1e-9) ** 0.5)


def spoken(text: str, language: Language) -> str:
    """A text as its sounds, for comparing."""
    if language == "zh":
        return " ".join(sounds(text))
    return " ".join(sound(word) for word in text.split())
