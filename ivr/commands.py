"""What to do, in the imperative: everything the dialogue can ask for.

`call.py` carries commands out in order. `Play` queues prompts; a following `Listen` of the same turn opens the ear (at once
where barge-in is allowed, else when the prompts end) and starts the no-input timer when the prompts end (VoiceXML 2.0 §4.1.8).
A `Listen` is answered by exactly one of UtteranceHeard, KeysPressed, NoInput, MaxSpeech; a `Play` without `Listen` by
PromptsFinished; LookUp, Act, RecordMessage and HandOff by their own event. A new turn's commands stop what is left of the old.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ivr.values import Language, Value


@dataclass(frozen=True, slots=True)
class Prompt:
    """Something to say: the id (a recording of that id wins when `recordable`), and the words in their spoken form."""

    id: str
    text: str
    language: Language
    rate: float = 1.0
    recordable: bool = True
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Grammar:
    """What may be recognised: `open` decodes freely; `limited` holds the phrases, and anything else is no-match.

    `names` are any sounds that a person's name may have, and the phrases: what was heard is to be read by its sound.
    Beside the phrases there may be digits: `single` ones, such as an option's, or a `string` of any length.
    """

    kind: Literal["open", "limited", "names"]
    phrases: tuple[str, ...] = ()
    digits: Literal["none", "single", "string"] = "none"


@dataclass(frozen=True, slots=True)
class Endpointing:
    """How long a silence ends an utterance, in seconds, by how complete its words are so far."""

    complete_seconds: float = 0.45
    incomplete_seconds: float = 1.2
    in_number_seconds: float = 2.5


@dataclass(frozen=True, slots=True)
class KeyInput:
    """What ends input by keys: one key where `max_digits` is 1; else that many digits, `#`, `*` at once, or a pause."""

    max_digits: int = 1
    interdigit_seconds: float = 3.0


@dataclass(frozen=True, slots=True)
class Play:
    """Say the prompts one after another; with `barge_in`, speech or a key stops them."""

    turn: int
    prompts: tuple[Prompt, ...]
    barge_in: bool = True


@dataclass(frozen=True, slots=True)
class Listen:
    """Wait for speech or keys; `step` names the place in the dialplan for the transcript."""

    turn: int
    step: str
    language: Language
    grammar: Grammar
    endpointing: Endpointing = Endpointing()
    no_input_seconds: float = 5.0
    max_speech_seconds: float = 15.0
    keys: KeyInput = KeyInput()
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class LookUp:
    """Ask the order desk: `what` is one of caller, order, existing_orders, decision, verify, faq (see `ports.OrderDesk`)."""

    turn: int
    what: str
    arguments: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Act:
    """Have something done once: the idempotency key is call + intent + order."""

    turn: int
    action: str
    intent: str
    arguments: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HandOff:
    """Bring in a human; `priority` 0 is the most urgent."""

    turn: int
    queue: str
    reason: str
    skill: str = ""
    priority: int = 5


@dataclass(frozen=True, slots=True)
class RecordMessage:
    """Keep what the caller says until silence, `#` or the cap."""

    turn: int
    max_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Have `TimerFired(name)` delivered after `seconds`; a timer of that name starts anew."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class StopTimer:
    """Forget the timer."""

    name: str


@dataclass(frozen=True, slots=True)
class SwitchLanguage:
    """From here on prompts and recognition are in this language."""

    language: Language


@dataclass(frozen=True, slots=True)
class Note:
    """Write down what was understood or decided, for the transcript: kind is `understood`, `no_match`, `slot`, `survey`, `mood` or `disposition`."""

    turn: int
    kind: str
    step: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HangUp:
    """Say nothing more and end the call once queued prompts are out; the disposition goes into the records."""

    turn: int
    disposition: str


Command = (
    Play | Listen | LookUp | Act | HandOff | RecordMessage | StartTimer | StopTimer | SwitchLanguage | Note | HangUp
)
