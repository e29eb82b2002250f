"""A question to the caller: what may be answered by voice and by keys, and what each answer means (pure)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from ivr.commands import KeyInput
from ivr.dialogue.answer_words import Score
from ivr.dialogue.dialplan import Ask, Manner
from ivr.dialogue.meaning import (
    SAME_WISH,
    SWITCH_LANGUAGE,
    WHAT_ELSE,
    Expectation,
    Interpretation,
    Kind,
    Option,
    Slot,
    SlotKind,
    Universal,
)
from ivr.values import Digits, Language, Money, Value

About = Literal["step", "doubt", "offer", "digits", "survey"]
KEY_LENGTHS: Mapping[str, int] = {"order_number": 12, "digits": 12, "phone": 11, "money": 6, "count": 3, "date": 4}
YES_NO_KEYS: Mapping[str, str] = {"1": "yes", "2": "no"}
LANGUAGE_KEY = "8"
UNIVERSAL_KEYS: Mapping[str, Universal] = {"0": "agent", "*": "back", "#": "repeat", "9": "goodbye"}
MOST_ITEMS = 8
# The name of an item isn't a template, whatever it is written with.
NO_PHRASE = re.compile(r"[\[\]()|<>{}]+")
SCORES: tuple[Score, ...] = get_args(Score)


@dataclass(frozen=True, slots=True)
class Question:
    """What the robot waits to hear. `prompt` is the id whose words for silence and misunderstanding are used.

    `about` says what an answer settles: the step itself, a doubt about what was heard, an offer to act, the digits that tell
    orders apart, or a survey. `keys` are the meanings of single keys; `key_digits` above 1 makes keys a number. `own` are the
    words that an open question has a route of its own for: yes, no, and intents, universals among them. `agrees` are the wishes
    that are a yes to an offer when they are said again, `action` what is offered.
    """

    about: About
    prompt: str
    expectation: Expectation
    manner: Manner
    keys: Mapping[str, str] = field(default_factory=dict)
    key_digits: int = 1
    own: frozenset[str] = frozenset()
    agrees: frozenset[str] = frozenset()
    action: str = ""

    @property
    def answerable_by_keys(self) -> bool:
        """Whether a caller without a voice can answer."""
        return self.key_digits > 1 or bool(self.keys)

    @property
    def key_input(self) -> KeyInput:
        """Which keys end input: any single one where they choose, `#` or a pause where they make a number."""
        seconds = self.manner.interdigit_seconds or 3.0
        if self.key_digits > 1:
            return KeyInput(self.key_digits, seconds)
        return KeyInput(1, seconds)

    @property
    def takes_language_key(self) -> bool:
        """Whether key 8 is for another language here: not where a number is keyed, or 8 is one of the answers."""
        return self.key_digits == 1 and self.keys.get(LANGUAGE_KEY, SWITCH_LANGUAGE) == SWITCH_LANGUAGE

    def lacking(self, digits: int) -> Question:
        """The same question, of whose number only so many digits are still to come."""
        return replace(self, expectation=replace(self.expectation, digits=digits))

    def read_keys(self, keys: str) -> Interpretation:
        """Keys as an interpretation: certain, or nothing."""
        if keys in self.keys:
            return _certain(self._kind(self.keys[keys]), self.keys[keys], keys)
        if (universal := UNIVERSAL_KEYS.get(keys)) and (keys != "9" or self.key_digits == 1):
            return _certain("universal", universal, keys, universal=universal)
        if keys == LANGUAGE_KEY and self.takes_language_key:
            return _certain("intent", SWITCH_LANGUAGE, keys)
        if self.key_digits > 1 and keys.isascii() and keys.isdigit():
            return self._number(keys)
        return Interpretation("nothing", text=keys, why=("a key without a meaning here",))

    def _kind(self, meaning: str) -> Kind:
        if meaning in ("yes", "no"):
            return "yes" if meaning == "yes" else "no"
        match self.expectation.wants:
            case "choice":
                return "choice"
            case _:
                return "intent"

    def _number(self, keys: str) -> Interpretation:
        kind = self.expectation.slot or "digits"
        value = _keyed(kind, keys) if len(keys) >= self.expectation.digits else None
        if value is None:
            return Interpretation("nothing", text=keys, why=(f"{len(keys)} keys are no {kind}",))
        return _certain("slot", "", keys, slots=(Slot(kind, value, keys, 1.0),))


def _keyed(kind: SlotKind, keys: str) -> Value:
    match kind:
        case "order_number":
            return Digits(keys) if 4 <= len(keys) <= KEY_LENGTHS[kind] else None
        case "phone":
            return Digits(keys) if len(keys) >= 4 else None
        case "money":
            return Money(int(keys) * 100)
        case "count":
            return int(keys)
        case _:
            return Digits(keys)


def _certain(
    kind: Kind, intent: str, text: str, *, slots: tuple[Slot, ...] = (), universal: Universal | None = None
) -> Interpretation:
    return Interpretation(
        kind, intent, 1.0, slots=slots, verdict="accept", universal=universal, text=text, why=("keys",)
    )


def of_step(step: Ask, prompt: str, manner: Manner, expectation: Expectation, items: tuple[str, ...] = ()) -> Question:
    """The question an `ask` step puts; `expectation` brings language, orders and time, the step what it wants.

    `items` are the choices of a step that takes them from a value: each is said by its own name, or by the phrases that the step
    has for it, and has its place as key.
    """
    either = step.ask == "choice" and "yes" in step.on
    expectation = replace(expectation, what_else=WHAT_ELSE in step.on, either=either)
    own = frozenset(step.on)
    match step.ask:
        case "choice" if step.choices_from:
            keyed = {str(key): item for key, item in enumerate(items[:MOST_ITEMS], 1)}
            keys = {key: item for key, item in keyed.items() if item in step.choices or not step.choices}
            options = tuple(_option(step, item, expectation.language) for item in keys.values())
            wants = _with(expectation, manner, wants="choice", options=options)
            return Question("step", prompt, wants, manner, keys, own=own)
        case "yes_no":
            return replace(yes_no("step", prompt, manner, expectation), own=own & {SAME_WISH})
        case "intent":
            wants = _with(expectation, manner, wants="intent", intents=step.intents or None)
            return Question("step", prompt, wants, manner, step.keys, own=own)
        case "choice":
            options = tuple(_option(step, name, expectation.language) for name in step.choices)
            keys = {each.key: name for name, each in step.choices.items() if each.key}
            wants = _with(expectation, manner, wants="choice", options=options)
            return Question("step", prompt, wants, manner, keys, own=own)
        case kind:
            wants = _with(expectation, manner, wants="slot", slot=kind, digits=step.digits or 0)
            return Question("step", prompt, wants, manner, key_digits=step.digits or KEY_LENGTHS.get(kind, 1))


def _option(step: Ask, name: str, language: Language) -> Option:
    """A choice with its phrases: those of the step, or its own name."""
    written: tuple[str, ...] = getattr(step.choices[name], language) if name in step.choices else ()
    return Option(name, written or (NO_PHRASE.sub(" ", name),))


def yes_no(about: About, prompt: str, manner: Manner, expectation: Expectation, heard: str = "") -> Question:
    """A question for yes or no: keys 1 and 2."""
    return Question(about, prompt, _with(expectation, manner, wants="yes_no", heard=heard), manner, YES_NO_KEYS)


def survey(prompt: str, manner: Manner, expectation: Expectation, said: Mapping[Score, tuple[str, ...]]) -> Question:
    """A question for a score from 1 to 5; `said` are phrases for them, beside the spoken digits that are known anyway."""
    options = tuple(Option(score, said.get(score) or (score,)) for score in SCORES)
    wants = _with(expectation, manner, wants="choice", options=options)
    return Question("survey", prompt, wants, manner, {score: score for score in SCORES})


def some_digits(prompt: str, manner: Manner, expectation: Expectation, choices: tuple[str, ...]) -> Question:
    """A question for the few digits that tell orders apart."""
    wants = _with(expectation, manner, wants="slot", slot="digits", digits=len(choices[0]))
    return Question("digits", prompt, wants, manner, key_digits=max(2, len(choices[0])))


def _with(expectation: Expectation, manner: Manner, **changes: object) -> Expectation:
    thresholds = {"accept": manner.accept_at, "confirm": manner.confirm_at}
    return replace(expectation, **{key: value for key, value in thresholds.items() if value is not None}, **changes)  # type: ignore[arg-type]
