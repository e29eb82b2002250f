"""What a listening step expects, and what an utterance means there: the seam between dialogue and understanding (pure)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ivr.dialogue.order_number import Decoded
from ivr.values import Language, Value

SlotKind = Literal[
    "order_number", "digits", "money", "date", "time", "count", "name", "phone", "address", "free", "variant", "exchange",
    "send_back", "membership", "progress", "compensation", "other_order", "contact", "company", "undo", "extras",
    "damaged", "wrong", "missing",
]  # fmt: skip
DIGIT_SLOTS: frozenset[SlotKind] = frozenset({"order_number", "digits", "phone"})
Universal = Literal["agent", "repeat", "slower", "wait", "help", "back", "goodbye"]
Danger = Literal["danger", "fraud", "rage"]
Verdict = Literal["accept", "confirm", "reject"]
Kind = Literal["intent", "slot", "yes", "no", "choice", "universal", "danger", "nothing"]
Completeness = Literal["complete", "incomplete", "in_number"]

UNIVERSALS: tuple[Universal, ...] = ("agent", "repeat", "slower", "wait", "help", "back", "goodbye")
OUT_OF_SCOPE = "out_of_scope"
WHAT_ELSE = "what_else"
SAME_WISH = "same_wish"
SWITCH_LANGUAGE = "switch_language"
COURTESIES = frozenset({"thanks", SWITCH_LANGUAGE})


def is_matter(intent: str) -> bool:
    """Whether a wish is what a call is about, not a courtesy or a universal."""
    return intent not in UNIVERSALS and intent not in COURTESIES


@dataclass(frozen=True, slots=True)
class Option:
    """One answer of a choice step: its name in the dialplan and the phrases (sentence templates) that choose it."""

    name: str
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the step wants to hear, and what is known that helps to understand it.

    `intents` None means all that are loaded; an intent, a universal or a word of danger is recognised at every step
    whatever is wanted (change of mind), at a stricter threshold where the step wants something else.
    `digits` is the length wanted of a `digits` slot (0: any). `order_numbers` are this caller's own.
    `heard` is the value the robot has just read back: a correction ("不对，是三八二七") is laid over it.
    `what_else` says that the caller may ask what else there is, in place of a yes, a no or a choice; `either` that any choice will do.
    `now` (aware, the shop's zone) makes dates absolute; without it dates and times stay unresolved.
    """

    wants: Literal["intent", "slot", "yes_no", "choice"] = "intent"
    language: Language = "zh"
    intents: tuple[str, ...] | None = None
    slot: SlotKind | None = None
    options: tuple[Option, ...] = ()
    digits: int = 0
    order_numbers: tuple[str, ...] = ()
    heard: str = ""
    what_else: bool = False
    either: bool = False
    now: datetime | None = None
    accept: float = 0.7
    confirm: float = 0.4


@dataclass(frozen=True, slots=True)
class Slot:
    """A value heard: typed where it could be made so, with the words it came from.

    For `order_number`: `value` is Digits when this caller's own orders (or a whole valid number heard clearly) settle it,
    else None, and `decoded` holds the candidates to look up (`order_number.expand`, then `order_number.settle`).
    `money` gives Money; `date` a datetime at midnight or, unresolved, its words; `time` a datetime (with `now`) or
    "HH:MM"; `count` an int; `digits` and `phone` Digits; `name` a Name; `address` and `free` the words, `variant` those for the
    size or colour wished for; `exchange` and `send_back` are True: the one was said, and not the other; `progress`, where
    it was asked how an exchange stands, and `membership`, `compensation`, `other_order`, `contact` (a telephone number) and
    `company` (on an invoice), where they were spoken of, `undo`, where a return or exchange is to be taken back,
    `extras`, where chopsticks and the like were named and nothing else beside them, and `damaged`, `wrong` and `missing`, where
    goods or food were said to be so.
    """

    kind: SlotKind
    value: Value
    text: str
    confidence: float
    decoded: Decoded | None = None


@dataclass(frozen=True, slots=True)
class Interpretation:
    """What an utterance means at a step.

    `intent` is the intent's id, the universal's, the option's name, "yes" or "no", or "" — by `kind`. `runner_up` is the
    next best of the same sort. With `negated` the caller says they do NOT want `intent` ("不用退款了"). With `correction`
    the utterance takes back something just read back; the slots hold the corrected value. `universal` and `danger` are set
    whatever `kind` is. A yes or no that carries more ("对，我还想开发票") has kind yes or no and the intent in `also`; so are
    the others of several wishes in one breath. One that is taken back in the same breath ("yes but I want all of it") is `hedged`.
    `aside` is the question beside the matter that the utterance is, word for word or nearly, whatever else it may mean.
    `why` says in words how it was found; `text` is the hypothesis that won, normalised.
    """

    kind: Kind
    intent: str = ""
    score: float = 0.0
    runner_up: str = ""
    runner_up_score: float = 0.0
    slots: tuple[Slot, ...] = ()
    verdict: Verdict = "reject"
    negated: bool = False
    universal: Universal | None = None
    danger: Danger | None = None
    correction: bool = False
    also: tuple[str, ...] = ()
    hedged: bool = False
    aside: str = ""
    text: str = ""
    why: tuple[str, ...] = field(default=())

    def slot(self, kind: SlotKind) -> Slot | None:
        """The first slot of a kind, or None."""
        return next((slot for slot in self.slots if slot.kind == kind), None)
