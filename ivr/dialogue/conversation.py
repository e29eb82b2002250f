"""A test is a conversation: tests/conversations/*.yaml, played against the dialplans, with a diff where it goes otherwise.

about: what this shows
language: zh
desk: late_meal                    # desks/late_meal.yaml beside it
talk:
  - robot: 有什么可以帮您            # a part of what it says next
  - caller: 我的外卖到哪儿了          # or a list: N-best, best first
  - key: 1    - silence:   - human: returned   - wait: progress   - lose: speech | desk   - clock: 21:05
  - does: act urge_delivery        # act ACTION · hand_off QUEUE PRIORITY · hang_up DISPOSITION · record · speak LANGUAGE
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from ivr import events as told
from ivr.config_hours import HoursSettings
from ivr.dialogue import vocabulary as words
from ivr.dialogue.dialplan import Part
from ivr.dialogue.loading import Dialplans
from ivr.dialogue.machine import Dialogue
from ivr.dialogue.rehearsal import Line, Rehearsal, joined
from ivr.dialogue.scripted_desk import DeskFile, ScriptedDesk, Written, load_desk
from ivr.document import Document
from ivr.errors import DialplanError, IllegalTransition, Place
from ivr.hours import HouseHours
from ivr.timetable import HoursError
from ivr.values import Language, Value
from strict_yaml import OneOrMore

ZONE = ZoneInfo("Asia/Shanghai")
ROBOTS = ("robot", "does")


class Move(Part):
    """One line of a conversation: exactly one of its keys."""

    robot: str | None = None
    does: str | None = None
    caller: OneOrMore | None = None
    key: str | None = None
    silence: str | None = None
    human: str | None = None
    wait: str | None = None
    lose: str | None = None
    clock: Annotated[str, Field(pattern=r"^\d\d:\d\d$")] | None = None

    @model_validator(mode="after")
    def one(self) -> Move:
        """A move is one thing."""
        if len(self.model_fields_set) != 1:
            raise ValueError("a line is one of: " + ", ".join(type(self).model_fields))
        return self

    @property
    def what(self) -> str:
        """Which one it is."""
        return next(iter(self.model_fields_set))


class ConversationFile(Part):
    """A conversation as it should go."""

    about: str
    language: Language = "zh"
    caller: str = "13800000000"
    now: str = "2026-11-21 18:00"
    hours: HoursSettings = HoursSettings()
    start: str = "hotline"
    desk: str = ""
    confidence: float = 0.9
    given: dict[str, str] = Field(default_factory=dict)
    look_up: dict[str, Written] = Field(default_factory=dict)
    act: dict[str, Written] = Field(default_factory=dict)
    talk: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Played:
    """How a conversation went: where it left the script, or nothing; and the steps and ways it took."""

    file: Path
    about: str
    fault: str
    steps: frozenset[str]
    ways: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of a conversation that began at `now`, and when people are there."""

    now: datetime
    hours: HouseHours

    def seconds(self, time: str) -> float:
        """Call time at a time of that day."""
        hour, minute = (int(part) for part in time.split(":"))
        return (self.now.replace(hour=hour, minute=minute) - self.now).total_seconds()

    def facts(self, seconds: float) -> dict[str, Value]:
        """What is known of opening hours at a call time."""
        return self.hours.facts(words.QUEUES, self.now + timedelta(seconds=seconds))


async def play(file: Path, dialplans: Dialplans, facts: dict[str, str]) -> Played:
    """Play one conversation; raises DialplanError when the file can't be read."""
    script = Document(file, error=DialplanError).typed(ConversationFile)
    desks = file.parent / "desks"
    named = desks / f"{script.desk or 'nobody'}.yaml"
    written = load_desk(named) if script.desk or named.exists() else DeskFile()
    look_up, act = {**written.look_up, **script.look_up}, {**written.act, **script.act}
    desk = ScriptedDesk(written.model_copy(update={"look_up": look_up, "act": act}), ZONE)
    now = datetime.fromisoformat(script.now).replace(tzinfo=ZONE)
    house = _hours(script, file)
    known = {**facts, **script.given, **house.facts(words.QUEUES, now)}
    rehearsal = Rehearsal(dialogue := Dialogue(dialplans, start=script.start, started_at=now, facts=known), desk)
    fault = await _follow(script, rehearsal, Clock(now, house))
    steps, ways = dialogue.trail()
    return Played(file, script.about, fault, steps, ways)


def _hours(script: ConversationFile, file: Path) -> HouseHours:
    """The opening hours of the conversation's own `hours`, written as in config.yaml; without any, people are there."""
    try:
        return script.hours.of_house(ZONE.key)
    except HoursError as fault:
        raise DialplanError(f"`hours`: {fault.what}", fault.fix, Place(file)) from None


async def _follow(script: ConversationFile, rehearsal: Rehearsal, clock: Clock) -> str:
    expected: list[str] = []
    actual: list[str] = []
    waiting = _heard(await rehearsal.begin(script.caller, script.language))
    for move in script.talk:
        shown = _shown(move)
        if move.what in ROBOTS:
            said = waiting.pop(0) if waiting else Line("note", "(nothing)")
            fits = said.kind == move.what and _fits(shown.partition(": ")[2], said)
            expected.append(shown)
            actual.append(shown if fits else f"{said.kind}: {said.text}")
            continue
        actual += [f"{line.kind}: {line.text}" for line in waiting]
        expected.append(shown)
        actual.append(shown)
        if rehearsal.over:
            actual.append("(the call is over)")
            break
        try:
            if move.clock:
                rehearsal.seconds = max(rehearsal.seconds, clock.seconds(move.clock))
                event = told.HoursChanged(rehearsal.seconds, clock.facts(rehearsal.seconds))
                waiting = _heard(await rehearsal.tell(event))
            else:
                waiting = _heard(await _do(move, rehearsal, script.confidence))
        except IllegalTransition as fault:
            actual.append(f"({fault})")
            break
    actual += [f"{line.kind}: {line.text}" for line in waiting]
    if expected == actual:
        return ""
    return "\n".join(difflib.unified_diff(expected, actual, "expected", "actual", lineterm="", n=2))


async def _do(move: Move, rehearsal: Rehearsal, confidence: float) -> list[Line]:
    match move.what:
        case "caller":
            return await rehearsal.say(*(move.caller or ()), confidence=confidence)
        case "key":
            return await rehearsal.key(move.key or "")
        case "silence":
            return await rehearsal.be_silent()
        case "human":
            outcome, _, step = (move.human or "").partition(" ")
            return await rehearsal.human(outcome, step or None)
        case "wait":
            return await rehearsal.tell(told.TimerFired(move.wait or "progress", rehearsal.seconds))
        case _:
            if move.lose == "speech":
                return await rehearsal.tell(told.SpeechLost(rehearsal.seconds))
            return await rehearsal.tell(told.ComponentFailed(rehearsal.turn, rehearsal.seconds, move.lose or ""))


def _heard(lines: list[Line]) -> list[Line]:
    return joined([line for line in lines if line.kind in ROBOTS])


def _shown(move: Move) -> str:
    value = getattr(move, move.what)
    return f"{move.what}: {' | '.join(value) if isinstance(value, tuple) else value or ''}"


def _fits(expected: str, said: Line) -> bool:
    return (
        expected in said.text if said.kind == "robot" else said.text == expected or said.text.startswith(f"{expected} ")
    )
