"""What an utterance can do to the question that was asked, and what the call knows when that is judged: a vocabulary (pure)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ivr.dialogue.consent import Consent
from ivr.dialogue.meaning import Danger, Slot, Universal


@dataclass(frozen=True, slots=True)
class Alarm:
    """A word of danger, fraud or rage."""

    danger: Danger


@dataclass(frozen=True, slots=True)
class Wish:
    """Something that is understood at every step."""

    universal: Universal


@dataclass(frozen=True, slots=True)
class Answered:
    """The question is answered with a word: yes, no, or the name of a choice."""

    outcome: str


@dataclass(frozen=True, slots=True)
class Filled:
    """The question is answered with a value."""

    slot: Slot


@dataclass(frozen=True, slots=True)
class Wanted:
    """The caller says what they want: the answer to an open question, or a change of mind."""

    intent: str


@dataclass(frozen=True, slots=True)
class Corrected:
    """A value given earlier is taken back and given anew."""

    slot: Slot


@dataclass(frozen=True, slots=True)
class NeverMind:
    """The caller no longer wants what the call is about."""


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Neither a yes nor a no to an offer: a question about it, or a yes that is taken back."""


@dataclass(frozen=True, slots=True)
class Doubtful:
    """Perhaps understood: ask whether it was."""


@dataclass(frozen=True, slots=True)
class Missed:
    """Not understood."""


@dataclass(frozen=True, slots=True)
class Aside:
    """A question beside the matter, and the prompt that answers it: the robot's own question stays open."""

    name: str
    prompt: str


Judgement = Alarm | Wish | Answered | Filled | Wanted | Corrected | NeverMind | Unsettled | Doubtful | Missed | Aside


@dataclass(frozen=True, slots=True)
class Context:
    """What the call knows when it judges: the matter under way, intents it can follow, slots it can take back, words of consent,
    the prompts that answer what is asked beside the matter, and the wishes that are followed in the middle of another one."""

    intent: str
    known_intents: Collection[str]
    corrigible: Collection[str]
    consent: Consent
    asides: Mapping[str, str] = field(default_factory=dict)
    in_between: Collection[str] = ()

    def comes_back(self, intent: str) -> bool:
        """Whether a wish is followed at once in the middle of another one, which is gone on with afterwards."""
        return intent in self.in_between and self.intent not in self.in_between
