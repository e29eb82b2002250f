"""The front of understanding: hypotheses in, one interpretation out (pure).

Each hypothesis is made plain, its values are found and marked, and what is left is matched. In order of urgency: words of
danger and a wish for a human stand anywhere in a sentence; then what the step wants (yes or no, a choice, a value); then
intents and universals. The hypothesis that makes the most sense wins, not the one that sounded best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ivr.dialogue import alarms, answers, slots, wanted
from ivr.dialogue.answer_words import AnswerWords
from ivr.dialogue.asides import Asides
from ivr.dialogue.classifier import FILE_NAME, Classifier
from ivr.dialogue.classifier import load as load_learned
from ivr.dialogue.features import Features
from ivr.dialogue.grammar import Grammar, load_grammar
from ivr.dialogue.markers import Markers
from ivr.dialogue.matching import Match, Matcher
from ivr.dialogue.meaning import (
    OUT_OF_SCOPE,
    SWITCH_LANGUAGE,
    UNIVERSALS,
    Completeness,
    Danger,
    Expectation,
    Interpretation,
    Kind,
    Option,
    Slot,
    SlotKind,
    Universal,
    Verdict,
)
from ivr.dialogue.normal_text import in_other_writing, plain, without_placeholders
from ivr.dialogue.order_number import OrderPattern
from ivr.dialogue.several_wishes import SeveralWishes
from ivr.dialogue.templates import SLOT_MARKS
from ivr.dialogue.variants import Variants
from ivr.dialogue.vocabulary import URGENT_INTENTS
from ivr.events import Hypothesis
from ivr.values import Language

__all__ = [
    "OUT_OF_SCOPE", "UNIVERSALS", "Completeness", "Danger", "Expectation", "Grammar", "Interpretation", "Kind", "Option",
    "OrderPattern", "Slot", "SlotKind", "Understanding", "Universal", "Verdict", "load_grammar",
]  # fmt: skip

_CHANGE_OF_MIND = 0.85
_SMALL_WORDS = frozenset({"yes", "no", "repeat", "slower", "wait", "help", "back"})
_SMALL_WORD_LEVEL = 0.75
_DECLARED = 0.9
_LIKELY = 0.6  # as likely as that, and said in so many words: then it is sure
# Below this a hypothesis is a guess among noise ("听得到吗" as 妈的, a cough as 嘞): enough for a wish that is asked back, too little to
# agree to anything, raise an alarm or end the call by.
BARELY_HEARD = 0.2
_AT_ONCE = ("thanks", "yes", "no", "wait")


class Understanding:
    """All that one language's callers may say; made once, asked for each utterance."""

    def __init__(self, grammar: Grammar, pattern: OrderPattern, learned: Classifier | None) -> None:
        self.grammar, self.pattern, self.language = grammar, pattern, grammar.language
        self.normal, self.markers, self.variants = grammar.normal, Markers(grammar), Variants(grammar)
        lists = {
            name: [self.normal.literal(phrase) for phrase in phrases] for name, phrases in grammar.lists.lists.items()
        }
        self.features = Features(self.language, lists, learned.vocabulary if learned else ())
        outranks = grammar.universals.outranks
        self.matcher = Matcher(self.language, grammar.intents, self.features, learned, outranks)
        self.choices, self.several_wishes = answers.Choices(grammar), SeveralWishes(grammar)
        self.answer_words, self.asides = AnswerWords(grammar.language, grammar.answers), Asides(grammar)

    @classmethod
    def compile(cls, grammar: Grammar, language: Language, pattern: OrderPattern | None = None) -> Understanding:
        """From a grammar that was loaded, with what was learnt from it where that lies beside it."""
        if grammar.language != language:
            grammar = replace(grammar, language=language)
        return cls(grammar, pattern or OrderPattern(), load_learned(grammar.folder / FILE_NAME))

    @classmethod
    def load(cls, folder: Path, language: Language, pattern: OrderPattern | None = None) -> Understanding:
        """From the folder of dialplans; raises DialplanError with place and fix."""
        return cls.compile(load_grammar(folder / language, language), language, pattern)

    def understand(self, hypotheses: Sequence[Hypothesis], expectation: Expectation) -> Interpretation:
        """The best interpretation over N-best; no text makes it raise."""
        if not hypotheses:
            return Interpretation("nothing", why=("no words",))
        top = max(each.confidence for each in hypotheses)
        found = []
        for rank, each in enumerate(hypotheses[:5]):
            trust = (0.6 + 0.4 * min(1.0, top)) * (max(each.confidence, 1e-3) / max(top, 1e-3)) ** 0.3
            one = self._one(each.text, hypotheses if rank == 0 else (each,), expectation)
            if each.confidence < BARELY_HEARD:
                one = self._guessed(one)
            found.append(_trusted(one, min(1.0, trust), expectation))
        found = alarms.weighed(found, hypotheses[:5], expectation)
        return max(
            found, key=lambda one: (one.verdict != "reject" or one.aside != "", one.danger is not None, one.score)
        )

    def completeness(self, partial: str, expectation: Expectation) -> Completeness:
        """Whether what was said so far may be all: in the middle of a number, of a sentence, or done."""
        return wanted.completeness(plain(partial), expectation, self)

    def _one(self, text: str, hypotheses: Sequence[Hypothesis], expectation: Expectation) -> Interpretation:
        bare = plain(without_placeholders(text))
        if self.language == "zh":
            bare = wanted.closed_up(bare)
        found = slots.find(bare, expectation)
        sentence = self.normal.text(slots.marked(bare, found))
        if not sentence.strip():
            return self._other_language(bare) or Interpretation("nothing", text=bare, why=("no words",))
        values = (*slots.as_slots(found), *wanted.order_slots(self, bare, hypotheses, found, expectation))
        values += self.variants.find(bare)
        said = answers.Said(bare, sentence, values, hypotheses)
        meant = self._answer(said, expectation)
        return (self._other_language(bare) if meant.kind == "nothing" else None) or meant

    def _other_language(self, bare: str) -> Interpretation | None:
        """Who is heard in another language and makes no sense in this one wants to speak that."""
        if SWITCH_LANGUAGE not in self.grammar.intents or not in_other_writing(bare, self.language):
            return None
        return Interpretation("intent", SWITCH_LANGUAGE, 0.95, text=bare, why=("said in another language",))

    def _answer(self, said: answers.Said, expectation: Expectation) -> Interpretation:
        # Where a name is said, the recogniser writes sounds down, and some of them happen to be words.
        dangers = self.markers.danger_alone if expectation.slot == "name" else self.markers.danger
        danger, universal = dangers(said.sentence), self.markers.anywhere(said.sentence)
        if danger and alarms.few_words_expected(expectation) and not self._is_meant(said.sentence):
            danger = None
        negation = self.markers.negation(said.sentence)
        if self.markers.is_greeting(said.bare):
            return Interpretation("universal", "repeat", 1.0, universal="repeat", text=said.bare, why=("a greeting",))
        if universal and not (negation and negation.intent == universal):
            found = Interpretation(
                "universal", universal, 0.97, universal=universal, why=(f"says a word for {universal}",)
            )
        else:
            found = wanted.answer(self, said, expectation) or self._intent(said, expectation)
        if found.kind == "nothing" and danger:
            found = alarms.raised(danger)
        if expectation.wants == "intent" and found.kind == "intent" and not found.negated:
            found = self._with_others(found, said)
        correction = self.markers.correction(said.bare) is not None
        aside = self.asides.named(said.sentence)
        if found.kind == "nothing" and not aside:
            aside = self.asides.near(said.sentence)
        values = found.slots or said.slots
        if (
            expectation.slot == "free" and found.kind == "intent"
        ):  # "what happened?" — told in words of a wish: it may be both
            values += (Slot("free", said.bare, said.bare, 0.8),)
        said_so = {"text": said.sentence.strip(), "correction": correction, "aside": aside}
        return replace(found, danger=danger, slots=values, **said_so)  # type: ignore[arg-type]

    def _is_meant(self, sentence: str) -> bool:
        """Whether words of danger are much of a sentence, or it makes sense as one of danger."""
        return self.markers.much_danger(sentence) or any(
            match.intent in URGENT_INTENTS and match.score >= _LIKELY for match in self.matcher.rank(sentence)[:1]
        )

    def _guessed(self, one: Interpretation) -> Interpretation:
        """What is left of a guess: no yes or no, no danger, no goodbye, and a human only where nothing else was heard."""
        said = self.normal.text(one.text)
        alone = self.markers.agent_alone(said) or self.matcher.is_sentence(said)
        if (
            (one.universal == "agent" and not alone)
            or one.kind in ("danger", "yes", "no")
            or one.universal == "goodbye"
        ):
            return Interpretation("nothing", slots=one.slots, text=one.text, why=("barely heard",))
        return replace(one, danger=None)

    def _with_others(self, found: Interpretation, said: answers.Said) -> Interpretation:
        """The first of several wishes, with the others, where more than one was said."""
        wishes = self.several_wishes.apart(said.bare, lambda part: self.matcher.rank(self.normal.text(part)))
        if not wishes:
            return found
        first, *others = wishes
        also, why = tuple(each.intent for each in others), tuple(each.how for each in wishes)
        return replace(found, intent=first.intent, score=first.score, also=also, why=why)

    def _intent(self, said: answers.Said, expectation: Expectation) -> Interpretation:
        if said.sentence.strip() == SLOT_MARKS["phone"]:
            return Interpretation("nothing", OUT_OF_SCOPE, why=("a telephone number, and no wish",))
        negation = self.markers.negation(said.sentence)
        sentence = self.markers.without_likeness(said.sentence)
        if negation is not None:
            rest = self.matcher.rank(negation.rest) if negation.rest.strip() else []
            if (
                not rest
                or rest[0].score < expectation.accept
                or rest[0].intent in (*_AT_ONCE, OUT_OF_SCOPE, negation.intent)
            ):
                return Interpretation(
                    "intent", negation.intent, 0.9, negated=True, why=(f"does not want it: “{negation.text.strip()}”",)
                )
            sentence = negation.rest
        ranked = self.matcher.rank(sentence)
        if sentence != said.sentence and (whole := self.matcher.rank(said.sentence)) and whole[0].score == 1.0:
            ranked = whole  # "人工客服几点上班" is a sentence as it stands
        if ranked and (declared := self.markers.declared(sentence, ranked[0].intent, ranked[0].score >= _LIKELY)):
            ranked = [Match(declared, _DECLARED, "says so in so many words"), *ranked]
        return self._ranked(ranked, expectation)

    def _ranked(self, ranked: Sequence[Match], expectation: Expectation) -> Interpretation:
        """The best match as an interpretation: an intent the step does not ask for must be surer, and so must small words."""
        ranked = [match for match in ranked if match.intent not in _SMALL_WORDS or match.score >= _SMALL_WORD_LEVEL]
        if not ranked:
            return Interpretation("nothing", OUT_OF_SCOPE, why=("no intents are loaded",))
        best, second = ranked[0], ranked[1] if len(ranked) > 1 else Match("", 0.0, "")
        wished = expectation.wants == "intent" and (expectation.intents is None or best.intent in expectation.intents)
        level = expectation.confirm if wished or best.intent in UNIVERSALS else max(expectation.accept, _CHANGE_OF_MIND)
        shared = {"score": best.score, "runner_up": second.intent, "runner_up_score": second.score, "why": (best.how,)}
        if best.intent == OUT_OF_SCOPE or best.score < level:
            return Interpretation("nothing", OUT_OF_SCOPE, **{**shared, "runner_up": best.intent})  # type: ignore[arg-type]
        if best.intent in ("yes", "no"):
            return Interpretation("yes" if best.intent == "yes" else "no", best.intent, **shared)  # type: ignore[arg-type]
        if best.intent in UNIVERSALS:
            universal: Universal = next(name for name in UNIVERSALS if name == best.intent)
            return Interpretation("universal", best.intent, universal=universal, **shared)  # type: ignore[arg-type]
        return Interpretation("intent", best.intent, **shared)  # type: ignore[arg-type]


def _trusted(one: Interpretation, trust: float, expectation: Expectation) -> Interpretation:
    """The interpretation with the recogniser's doubt in its score, and the verdict of the step's thresholds."""
    score = one.score * trust
    verdict: Verdict = (
        "accept" if score >= expectation.accept else "confirm" if score >= expectation.confirm else "reject"
    )
    if one.kind == "nothing":
        verdict = "reject"
    return replace(one, score=score, verdict=verdict)
