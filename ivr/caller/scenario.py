"""A call as it is written down: how the caller and the agents it may meet talk, and what each of them does; see docs/caller.md."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from ivr.caller.steps import Hear, NotHeard, Part, Seconds, Step, Steps
from ivr.document import Document
from ivr.errors import UserError
from ivr.values import Language


class Background(Part):
    """Noise under the speech."""

    kind: Literal["white", "babble"] = "babble"
    snr_db: float = Field(15, alias="snr db", ge=-5, le=60)


class Manner(Part):
    """How somebody talks and what the line does to it."""

    voice: str = Field("f2", pattern=r"^[A-Za-z0-9 ]*$")
    speed: int = Field(150, ge=80, le=400)
    noise: Background | None = None
    loss_percent: float = Field(0, alias="loss percent", ge=0, le=50)
    follows_transfers: bool = Field(True, alias="follows transfers")
    pause_seconds: float = Field(0.8, alias="pause seconds", ge=0.2, le=5)


class Agent(Manner):
    """A human's phone: it listens on a port, is called, and does its steps."""

    name: str
    user: str = "agent"
    port: int = Field(0, ge=0, le=65_535)
    register_at: str = Field("", alias="register at")
    password: str = ""
    language: Language | None = None
    rings: Seconds = 1.0
    answers: Literal["yes", "busy", "declines", "never"] = "yes"
    steps: Steps = ()


@dataclass(frozen=True, slots=True)
class Role:
    """Somebody's part in a scenario."""

    who: str
    manner: Manner
    language: Language
    steps: tuple[Step, ...]

    @property
    def phrases(self) -> tuple[str, ...]:
        """What this party may hear."""
        given = (
            (*step.hear, *step.if_asked) if isinstance(step, Hear) else step.not_heard
            for step in self.steps
            if isinstance(step, Hear | NotHeard)
        )
        return tuple(dict.fromkeys(phrase for phrases in given for phrase in phrases))


class Scenario(Manner):
    """A call: what it is about, the caller's steps, and the agents on their phones."""

    about: str = ""
    language: Language = "zh"
    name: str = ""
    number: str = "caller"
    headers: dict[str, str] = Field(default_factory=dict)
    call: Steps
    answered: bool = True
    agents: tuple[Agent, ...] = ()

    @property
    def roles(self) -> tuple[Role, ...]:
        """The caller's part, then the agents'."""
        caller = Role("caller", self, self.language, self.call)
        return (caller, *(Role(each.name, each, each.language or self.language, each.steps) for each in self.agents))


def load(file: Path, variables: Mapping[str, str] | None = None) -> Scenario:
    """A scenario with `{name}` filled from the variables; raises UserError with file, line, key and fix."""
    document = Document(file)
    if not isinstance(document.data, dict):
        raise UserError("is no scenario", "write `call:` and a list of steps", document.place())
    document.data = _filled(document.data, variables or {}, document, ())
    return document.typed(Scenario)


def _filled(value: Any, variables: Mapping[str, str], document: Document, path: tuple[str | int, ...]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, variables, document, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, variables, document, (*path, index)) for index, item in enumerate(value)]

    def given(found: re.Match[str]) -> str:
        if found[1] not in variables:
            what = f"`{{{found[1]}}}` has no value"
            raise UserError(what, f"give one: --set {found[1]}=…", document.place(*path))
        return variables[found[1]]

    return re.sub(r"\{(\w+)\}", given, value) if isinstance(value, str) else value
