"""What a party of a scenario can do, one verb each: YAML as models; see docs/caller.md."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from ivr.document import nearest
from strict_yaml import OneOrMore

Seconds = Annotated[float, Field(ge=0, le=600)]
Milliseconds = Annotated[float, Field(gt=0, le=600_000)]

# A verb that stands alone: `listen`, or `listen:` with more keys below it.
Nothing = Annotated[None, BeforeValidator(lambda value: value or None)]


class Part(BaseModel):
    """A piece of a scenario: frozen, unknown keys refused, keys written as words."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=False)


class Say(Part):
    """Speak a line."""

    say: str
    speed: int | None = Field(None, ge=80, le=400)


class Play(Part):
    """Play a WAV file (8 kHz, mono, 16 bits), relative to the scenario's folder."""

    play: Path


class Interrupt(Part):
    """Wait until the far end has spoken for `after` seconds, then speak over it."""

    interrupt: str
    after: Seconds = 1.0
    stops_within_ms: Milliseconds | None = Field(None, alias="stops within ms")
    within_seconds: Seconds = Field(20, alias="within seconds")


class Key(Part):
    """Press keys."""

    key: str = Field(pattern=r"^[0-9*#A-D]+$")
    by: Literal["rfc4733", "info"] = "rfc4733"


class Wait(Part):
    """Let seconds pass."""

    wait: Seconds


class Hear(Part):
    """Wait until the far end has said one of the phrases and pauses; answer what it may ask before, each question once."""

    hear: OneOrMore
    if_asked: dict[str, str] = Field({}, alias="if asked")
    within_seconds: Seconds = Field(20, alias="within seconds")
    reply_within_ms: Milliseconds | None = Field(None, alias="reply within ms")


class Listen(Part):
    """Wait until the far end has said anything and pauses."""

    listen: Nothing
    within_seconds: Seconds = Field(20, alias="within seconds")
    reply_within_ms: Milliseconds | None = Field(None, alias="reply within ms")


class NotHeard(Part):
    """Fail if one of the phrases was heard since the call began."""

    not_heard: OneOrMore = Field(alias="not heard")


class Silence(Part):
    """Fail if the far end makes a sound within these seconds."""

    silence: Seconds


class Tone(Part):
    """Send a tone of so many hertz."""

    tone: float = Field(ge=100, le=3800)
    seconds: Seconds = 1.5


class HearTone(Part):
    """Wait for a tone of so many hertz."""

    hear_tone: float = Field(alias="hear tone", ge=100, le=3800)
    within_seconds: Seconds = Field(20, alias="within seconds")


class HearSound(Part):
    """Wait for a sound of any kind, ringing or music included."""

    hear_sound: Nothing = Field(alias="hear sound")
    within_seconds: Seconds = Field(20, alias="within seconds")


class Hold(Part):
    """Put the far end on hold, for so many seconds or until `resume`."""

    hold: Annotated[Seconds | None, BeforeValidator(lambda value: value or None)]


class Resume(Part):
    """Take the far end back from hold."""

    resume: Nothing


class HangUp(Part):
    """Hang up."""

    hang_up: Nothing = Field(alias="hang up")


class HungUpOn(Part):
    """Wait for the far end to hang up."""

    far_hang_up: Nothing = Field(alias="they hang up")
    within_seconds: Seconds = Field(20, alias="within seconds")


class Rang(Part):
    """Fail unless it rang (18x) before the call was answered."""

    rang: Nothing


class Transferred(Part):
    """Wait until the far end has sent this party on to another phone."""

    transferred: Nothing
    within_seconds: Seconds = Field(20, alias="within seconds")


STEPS: dict[str, type[Part]] = {
    "say": Say,
    "play": Play,
    "interrupt": Interrupt,
    "key": Key,
    "wait": Wait,
    "hear": Hear,
    "listen": Listen,
    "not heard": NotHeard,
    "silence": Silence,
    "tone": Tone,
    "hear tone": HearTone,
    "hear sound": HearSound,
    "hold": Hold,
    "resume": Resume,
    "hang up": HangUp,
    "they hang up": HungUpOn,
    "rang": Rang,
    "transferred": Transferred,
}


def _verb(value: Any) -> str:
    """The verb of a step: of its keys the one that names a step."""
    if isinstance(value, Part):
        return next(verb for verb, model in STEPS.items() if isinstance(value, model))
    return next((str(key) for key in value if key in STEPS), "") if isinstance(value, dict) else ""


def _spelt_out(value: Any) -> Any:
    """A step that is a word alone, as a mapping; what is no step is refused with the nearest right verb."""
    value = {value: None} if isinstance(value, str) else value
    if not _verb(value):
        written = str(next(iter(value), "")) if isinstance(value, dict) else str(value)
        raise ValueError(f"`{written}` is no step; {nearest(written, list(STEPS))}")
    return value


Step = Annotated[
    Annotated[Say, Tag("Say")]
    | Annotated[Play, Tag("Play")]
    | Annotated[Interrupt, Tag("Interrupt")]
    | Annotated[Key, Tag("Key")]
    | Annotated[Wait, Tag("Wait")]
    | Annotated[Hear, Tag("Hear")]
    | Annotated[Listen, Tag("Listen")]
    | Annotated[NotHeard, Tag("Not heard")]
    | Annotated[Silence, Tag("Silence")]
    | Annotated[Tone, Tag("Tone")]
    | Annotated[HearTone, Tag("Hear tone")]
    | Annotated[HearSound, Tag("Hear sound")]
    | Annotated[Hold, Tag("Hold")]
    | Annotated[Resume, Tag("Resume")]
    | Annotated[HangUp, Tag("Hang up")]
    | Annotated[HungUpOn, Tag("They hang up")]
    | Annotated[Rang, Tag("Rang")]
    | Annotated[Transferred, Tag("Transferred")],
    Discriminator(lambda value: _verb(value).capitalize()),
]
Steps = tuple[Annotated[Step, BeforeValidator(_spelt_out)], ...]
