"""The dialogue language as typed, frozen parts: what may be written in dialplans/*.yaml (the reference is dialplans/README.md).

A tree is a set of named steps; a step is one verb with its own keys. Every scalar arrives as the string that was written.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from ivr.commands import Endpointing
from strict_yaml import Listed

ONE_OR_MORE = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
Names = Annotated[tuple[str, ...], Listed, WithJsonSchema(ONE_OR_MORE)]
Seconds = Annotated[float, Field(ge=0.1, le=600)]
Share = Annotated[float, Field(ge=0, le=1)]
Routes = dict[str, str]
Arguments = dict[str, str]
# An aside may be answered by what the robot has asked, by the matter it is asked in, or in any case.
BY_QUESTION = {"slot": "value", "intent": "open"}
OTHERWISE = "otherwise"
# Asked to repeat, or for help, the robot does so: universals that stand in place of a prompt.
DOES: tuple[Literal["help", "repeat"], ...] = ("help", "repeat")
# A wish that is followed in the middle of another one, which is gone on with afterwards.
COME_BACK = "come_back"
Wanted = Literal[
    "intent",
    "yes_no",
    "choice",
    "order_number",
    "digits",
    "money",
    "date",
    "count",
    "name",
    "phone",
    "address",
    "free",
    "variant",
]
Confirmation = Literal["never", "doubtful", "always"]
Disposition = Literal[
    "settled", "informed", "message", "callback", "handed_off", "refused", "no_input", "failed", "goodbye",
    "unwanted",
]  # fmt: skip


class Part(BaseModel):
    """A piece of a dialplan: frozen, unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Profile(Part):
    """How long a silence ends an utterance, in seconds, by how complete its words are so far."""

    complete_seconds: Seconds
    incomplete_seconds: Seconds
    in_number_seconds: Seconds

    @property
    def endpointing(self) -> Endpointing:
        """The profile as the command wants it."""
        return Endpointing(self.complete_seconds, self.incomplete_seconds, self.in_number_seconds)


class Manner(Part):
    """How a step speaks and listens; what is not written comes from the file, then the language, then the product."""

    tries: Annotated[int, Field(ge=1, le=3)] | None = None
    visits: Annotated[int, Field(ge=1, le=20)] | None = None
    no_input_seconds: Seconds | None = None
    max_speech_seconds: Seconds | None = None
    interdigit_seconds: Seconds | None = None
    endpointing: str | None = None
    barge_in: bool | None = None
    accept_at: Share | None = None
    confirm_at: Share | None = None
    confirm: Confirmation | None = None
    change_of_mind: bool | None = None
    sensitive: bool | None = None

    def over(self, below: Manner) -> Manner:
        """This manner, with what it leaves open taken from the one below."""
        own = {name: getattr(self, name) for name in Manner.model_fields}
        return Manner(**{name: getattr(below, name) if value is None else value for name, value in own.items()})


class Always(Part):
    """What can happen at every step, and the step that deals with it."""

    agent: str
    agent_again: str
    goodbye: str
    danger: str
    fraud: str
    rage: str
    give_up: str
    stuck: str
    broken: str
    never_mind: str


class Step(Part):
    """What every step may have: words to say first, and how to say them."""

    say: Names = ()
    barge_in: bool | None = None
    note: str = ""


class Say(Step):
    """Say something and go on."""

    say: Names
    then: str


class Option(Part):
    """One answer of a choice: its key, and the phrases for it in each language."""

    key: Annotated[str, Field(pattern=r"^[1-9]$")] | None = None
    zh: Names = ()
    en: Names = ()


class Ask(Step, Manner):
    """Ask, listen, and go on by what was understood."""

    ask: Wanted
    into: str = ""
    choices: dict[str, Option] = {}
    choices_from: str = ""
    intents: Names = ()
    digits: Annotated[int, Field(ge=1, le=32)] | None = None
    keys: dict[Annotated[str, Field(pattern=r"^[1-9]$")], str] = {}
    on: Routes = {}
    then: str = ""
    give_up: str = ""


class LookUp(Step):
    """Ask the order desk for facts."""

    look_up: Literal["caller", "order", "existing_orders", "decision", "verify"]
    with_: Arguments = Field({}, alias="with")
    on: Routes
    otherwise: str = ""


class Act(Step, Manner):
    """Have something done once, after the confirmation its cost asks for."""

    act: str
    intent: str = "$intent"
    with_: Arguments = Field({}, alias="with")
    cost: Literal["never", "implicit", "explicit"] | Annotated[str, Field(pattern=r"^\$")] = "explicit"
    on: Routes
    otherwise: str = ""


class Branch(Step):
    """Go on by a value: the first word in `on` that is true of it."""

    branch: str
    on: Routes
    otherwise: str = ""


class Remember(Step):
    """Forget values, then set some; a list keeps its words and those of the lists it names."""

    remember: dict[str, str | tuple[str, ...]] = {}
    forget: Names = ()
    then: str


class Call(Step):
    """Go through another dialplan and come back with its outcome."""

    call: str
    on: Routes = {}
    then: str = ""


class Return(Step):
    """Go back to the dialplan that called, with an outcome word."""

    return_: str = Field(alias="return")


class HandOff(Step):
    """Bring in a human; where it ends is in `on`. `say_closed` is said instead of `say` while the queue is closed."""

    hand_off: str
    say_closed: Names = ()
    reason: str
    skill: str = ""
    priority: str = "5"
    on: Routes = {}


class RecordMessage(Step):
    """Keep what the caller says; where nothing was said, go on at `otherwise` (or at `then`)."""

    record: str
    seconds: Seconds = 60
    then: str
    otherwise: str = ""


class Survey(Step, Manner):
    """Ask for a score from 1 to 5 and note it; no answer is an answer too."""

    survey: str
    then: str


class Speak(Step):
    """Change the language of the call."""

    language: Literal["zh", "en", "other"]
    then: str


class HangUp(Step):
    """Say goodbye and end the call; the disposition goes into the records."""

    hang_up: Disposition


# The key that makes a step what it is; `say` comes last because every step may have it.
VERBS: dict[str, type[Step]] = {
    "ask": Ask,
    "look_up": LookUp,
    "act": Act,
    "branch": Branch,
    "remember": Remember,
    "forget": Remember,
    "call": Call,
    "return": Return,
    "hand_off": HandOff,
    "record": RecordMessage,
    "survey": Survey,
    "language": Speak,
    "hang_up": HangUp,
    "say": Say,
}


class TreeFile(Part):
    """A file of dialplans/: steps, what callers come for, and what holds at every step."""

    about: str = ""
    start: str
    settings: Manner = Manner()
    intents: dict[str, str] = {}
    always: Always | None = None
    asides: dict[str, str | Routes] = {}
    returns: Names = ()
    steps: dict[str, dict[str, object]] = Field(min_length=1)


class DefaultsFile(Part):
    """dialplans/defaults.yaml, and the same in a language's folder: what steps inherit."""

    settings: Manner = Manner()
    profiles: dict[str, Profile] = {}
    progress_seconds: Seconds | None = None
    slower_rate: Annotated[float, Field(ge=0.5, le=1)] | None = None
    wait_seconds: Seconds | None = None
