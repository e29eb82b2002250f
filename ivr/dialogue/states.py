"""The states of a dialogue: what it waits for, with what it must remember while it waits (pure)."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.dialogue.meaning import Interpretation
from ivr.dialogue.order_number import AskDigits, Decoded
from ivr.dialogue.questions import Question


@dataclass(frozen=True, slots=True)
class Fresh:
    """Before the call."""


@dataclass(frozen=True, slots=True)
class Speaking:
    """Words that may not be interrupted are being said."""


@dataclass(frozen=True, slots=True)
class Listening:
    """A question was asked; so often it met silence or wasn't understood.

    While a doubt is cleared up, `held` is what the caller is asked to confirm and `asked` the question that stays open.
    `choosing` are the orders among which the digits asked for decide. `missed` are words to an open question that weren't
    understood; the caller may be going on.
    """

    question: Question
    no_inputs: int = 0
    no_matches: int = 0
    held: Interpretation | None = None
    asked: Question | None = None
    choosing: AskDigits | None = None
    missed: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The order desk is at it: for the step, or, with `decoded`, to find out which order was meant."""

    decoded: Decoded | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """The caller leaves a message."""


@dataclass(frozen=True, slots=True)
class WithHuman:
    """A human is being brought in, or talks."""


@dataclass(frozen=True, slots=True)
class Over:
    """The call has ended."""


State = Fresh | Speaking | Listening | Waiting | Recording | WithHuman | Over
