"""Closed answers: yes or no, and one of a step's options (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from ivr.dialogue.consent import Answer, Consent
from ivr.dialogue.grammar import Grammar
from ivr.dialogue.matching import Sentences, spoken
from ivr.dialogue.meaning import WHAT_ELSE, Interpretation, Option, Slot
from ivr.dialogue.templates import sample
from ivr.events import Hypothesis

ANSWERS: tuple[Answer, ...] = ("no", "yes")
_SURELY = 0.88  # so like one of the sentences that nothing else is meant


@dataclass(frozen=True, slots=True)
class Said:
    """One hypothesis, made plain: as said, as a sentence for matching, with the values found."""

    bare: str
    sentence: str
    slots: tuple[Slot, ...]
    hypotheses: Sequence[Hypothesis]


class Choices:
    """Yes and no, and the options of choice steps (made when first met)."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._language = grammar.language
        self._yes_no = {answer: Sentences(grammar.language, grammar.intents.get(answer, ())) for answer in ANSWERS}
        self.consent = Consent(grammar.language, grammar.consent)
        self._options: dict[tuple[Option, ...], dict[str, Sentences]] = {}
        said = grammar.universals
        self._what_else = Sentences(grammar.language, grammar.phrases(said.what_else))
        self._either = Sentences(grammar.language, grammar.phrases(said.either))
        self._never_mind = Sentences(grammar.language, grammar.phrases(said.never_mind))
        self._ordinals = {
            place: Sentences(grammar.language, grammar.phrases(ones)) for place, ones in said.ordinals.items()
        }

    def yes_no(self, said: Said) -> Interpretation | None:
        """A yes or a no: a sentence of theirs, or one of their words in front of more."""
        said = replace(said, sentence=self.consent.without_opening(said.sentence) or said.sentence)
        for answer, sentences in self._yes_no.items():
            if sentences.is_exact(said.sentence):
                return _answered(answer, 1.0, "a sentence of the templates")
        ranked = sorted(((s.likeness(said.sentence)[0], answer) for answer, s in self._yes_no.items()), reverse=True)
        likeness, answer = ranked[0]
        front = self._in_front(said)
        if front and front.kind != answer:  # 不是这单 is most like 就是这单
            return front
        if likeness >= 0.85 and likeness - ranked[1][0] >= 0.1:
            return _answered(answer, likeness * 0.95, f"{likeness:.2f} like a {answer}")
        return front

    def is_whole_answer(self, sentence: str) -> bool:
        """Whether the sentence is exactly one of the yes or no sentences."""
        return any(sentences.is_exact(sentence) for sentences in self._yes_no.values())

    def what_else(self, said: Said) -> Interpretation | None:
        """A question for other choices than those named."""
        likeness = self._likeness(self._what_else, said)
        if likeness < _SURELY:
            return None
        return Interpretation("choice", WHAT_ELSE, likeness, why=("asks what else there is",))

    def either(self, said: Said) -> Interpretation | None:
        """Any of the choices will do."""
        return _answered("yes", 1.0, "any choice will do") if self._either.is_exact(said.sentence) else None

    def never_mind(self, said: Said) -> Interpretation | None:
        """The matter is given up, in so many words: a no to all of it."""
        if not self._never_mind.is_exact(said.sentence):
            return None
        return replace(_answered("no", 1.0, "gives the matter up"), negated=True)

    def place(self, said: Said, options: tuple[Option, ...]) -> Interpretation | None:
        """The option named by its place: the first, the latter, the last one."""
        places = {str(at): option.name for at, option in enumerate(options, 1)} | {"last": options[-1].name}
        scores = {place: self._likeness(self._ordinals[place], said) for place in places if place in self._ordinals}
        best = max(scores, key=lambda place: scores[place], default="")
        if not best or scores[best] < _SURELY:
            return None
        return Interpretation("choice", places[best], scores[best], why=(f"names place {best} of {len(options)}",))

    @staticmethod
    def _likeness(sentences: Sentences, said: Said) -> float:
        return 1.0 if sentences.is_exact(said.sentence) else 0.97 * sentences.likeness(said.sentence)[0]

    def _in_front(self, said: Said) -> Interpretation | None:
        for answer in ANSWERS:
            if front := self.consent.in_front(answer, said.sentence):
                found = _answered(answer, 0.75, f"begins with “{front}”")
                return replace(found, hedged=self.consent.hedged(answer, said.sentence))
        return None

    def option(self, said: Said, options: tuple[Option, ...]) -> Interpretation | None:
        """The option that is named: wholly, within the sentence, or nearly."""
        if options not in self._options:
            if len(self._options) > 500:
                self._options.clear()
            self._options[options] = {
                each.name: Sentences(
                    self._language, self._grammar.phrases((*each.phrases, each.name.replace("_", " ")))
                )
                for each in options
            }
        scores = sorted(((self._score(said, s), name) for name, s in self._options[options].items()), reverse=True)
        (best, name), (second, runner_up) = scores[0], scores[1] if len(scores) > 1 else (0.0, "")
        if best < 0.6 or best - second < 0.02:
            return None
        return Interpretation("choice", name, best, runner_up, second, why=(f"{best:.2f} like the option",))

    def _score(self, said: Said, sentences: Sentences) -> float:
        if sentences.is_exact(said.sentence):
            return 1.0
        best = sentences.likeness(said.sentence)[0]
        level = 0.6 * (best - 0.6) / 0.4 + 0.4 if best > 0.6 else 0.0
        heard = spoken(said.sentence, self._language)
        for node in sentences.nodes:
            for phrase in sample(node, 20):
                if len(phrase.strip()) >= 2 and phrase.strip() in said.sentence:
                    level = max(level, 0.9 + min(0.05, len(phrase) / 200))
                elif len(phrase.strip()) >= 3:
                    level = max(level, _near(spoken(phrase, self._language), heard))
        return min(level, 0.97)


def _near(phrase: str, heard: str) -> float:
    """How sure it is that the phrase sounds somewhere in what was heard."""
    likeness = fuzz.partial_ratio(phrase, heard) / 100 if len(phrase) <= len(heard) else 0.0
    return 0.85 * likeness if likeness >= 0.88 else 0.0


def _answered(answer: str, score: float, why: str) -> Interpretation:
    return Interpretation("yes" if answer == "yes" else "no", answer, score, why=(why,))
