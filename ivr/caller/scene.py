"""A scenario carried out: the caller dials, the agents' phones wait, and what became of it is one result."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import assert_never

from ivr.caller import happenings as happened
from ivr.caller.conversation import converse
from ivr.caller.digest import Credentials
from ivr.caller.ear import Ear
from ivr.caller.leg import Leg
from ivr.caller.leg_state import State
from ivr.caller.message import parse_uri, sip_uri, token
from ivr.caller.negotiation import CODECS
from ivr.caller.notes import Notes, party_result
from ivr.caller.pacer import Pacer
from ivr.caller.party import Party
from ivr.caller.recording import record
from ivr.caller.report import CallResult, Check
from ivr.caller.scenario import Agent, Role, Scenario
from ivr.caller.sound import read_wav
from ivr.caller.speaker import Line, Speaker
from ivr.caller.steps import Hear, Interrupt, Play, Say
from ivr.caller.useragent import RTP_PORTS, UserAgent
from ivr.caller.wire import local_address

OnEvent = Callable[[happened.Happening], None]
ANSWER_SECONDS = 35.0
# How long agents may go on after the caller has gone, and how long a phone rings that nobody answers.
LINGER_SECONDS, NEVER_SECONDS = 60.0, 600.0


@dataclass(slots=True)
class Equipment:
    """What synthetic calls share: one voice, one ear, one clock for the packets, and the ports of this machine."""

    speaker: Speaker = field(default_factory=Speaker)
    ear: Ear | None = field(default_factory=Ear)
    pacer: Pacer = field(default_factory=Pacer)
    rtp_ports: Sequence[int] = RTP_PORTS
    codecs: Sequence[str] = CODECS
    address: str = ""
    credentials: Credentials | None = None
    keep_audio: bool = True

    async def __aenter__(self) -> Equipment:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.speaker.stop()
        if self.ear:
            await self.ear.stop()


async def run(
    scenario: Scenario,
    uri: str,
    *,
    equipment: Equipment | None = None,
    folder: Path = Path(),
    record_to: Path | None = None,
    on_event: OnEvent = lambda event: None,
) -> CallResult:
    """Place one call and carry the scenario out; raises UserError for what could never work (voice, file, phrase, port)."""
    if equipment is None:
        async with Equipment() as own:
            return await run(scenario, uri, equipment=own, folder=folder, record_to=record_to, on_event=on_event)
    await prepare(scenario, equipment, folder)
    scene = _Scene(scenario, uri, equipment, folder, on_event)
    try:
        await scene.play()
    finally:
        await scene.clear()
    if record_to:
        scene.record(record_to)
    return scene.result()


async def prepare(scenario: Scenario, equipment: Equipment, folder: Path = Path()) -> None:
    """Render every line, read every file and look up every phrase before the first packet."""
    for role in scenario.roles:
        await equipment.speaker.prepare(_lines(role))
        for step in role.steps:
            if isinstance(step, Play):
                read_wav(folder / step.play)
        if equipment.ear:
            for phrase in role.phrases:
                equipment.ear.check(phrase, role.language)
            await equipment.ear.warm(role.language)


def _lines(role: Role) -> Iterable[Line]:
    manner = role.manner
    for step in role.steps:
        if isinstance(step, Say):
            yield Line(step.say, role.language, manner.voice, step.speed or manner.speed)
        elif isinstance(step, Interrupt):
            yield Line(step.interrupt, role.language, manner.voice, manner.speed)
        elif isinstance(step, Hear):
            yield from (Line(answer, role.language, manner.voice, manner.speed) for answer in step.if_asked.values())


@dataclass(slots=True)
class _Part:
    """A role with the leg it was played on, if it came to that."""

    role: Role
    leg: Leg | None = None
    notes: Notes = field(default_factory=Notes)

    def check(self, what: str, met: bool, found: str = "") -> None:
        self.notes.checks.append(Check(what, met, found))


class _Scene:
    """One performance."""

    def __init__(self, scenario: Scenario, uri: str, equipment: Equipment, folder: Path, tell: OnEvent) -> None:
        self._scenario, self._uri, self._with, self._folder, self._tell = scenario, uri, equipment, folder, tell
        self._caller, *self._agents = (_Part(role) for role in scenario.roles)
        self._began = time.monotonic()
        self._phones: list[UserAgent] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def play(self) -> None:
        """Switch the agents' phones on, place the call, and wait for all parties."""
        for agent, part in zip(self._scenario.agents, self._agents, strict=True):
            await self._switch_on(agent, part)
        phone = self._phone(self._scenario.number, 0, self._scenario.name)
        await phone.start()
        self._began = time.monotonic()
        self._tell(happened.Dialled("caller", 0.0, self._uri))
        await self._call(phone)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LINGER_SECONDS)
        for part in self._agents:
            if part.role.steps and part.leg is None:
                part.check("is called", False)

    async def _call(self, phone: UserAgent) -> None:
        part = self._caller
        part.leg = leg = phone.dial(self._uri, tuple(self._scenario.headers.items()))
        leg.on_change = lambda: self._ringing(part)
        with contextlib.suppress(TimeoutError):
            await leg.answered(ANSWER_SECONDS)
        up = leg.moments.answered is not None
        if not up:
            await leg.hang_up()
        found = "answered" if up else f"{leg.status} {leg.reason}".strip()
        part.check(
            "the call is answered" if self._scenario.answered else "the call is not answered",
            up == self._scenario.answered,
            found,
        )
        if up:
            await self._converse(part, leg)
        self._ended(part, leg)

    async def _switch_on(self, agent: Agent, part: _Part) -> None:
        """Switch an agent's phone on, and register it where it is told to."""
        phone = self._phone(agent.user, agent.port, agent.name)
        phone.exchange.credentials = Credentials(agent.user, agent.password) if agent.password else None

        def offered(leg: Leg) -> None:
            if part.leg is not None:
                leg.decline(486, "Busy Here")
                return
            part.leg = leg
            task = asyncio.get_running_loop().create_task(self._take(agent, part, leg))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        phone.on_offer = offered
        await phone.start()
        if agent.register_at:
            status = (await phone.register(agent.register_at)).status
            part.check(f"registers at {agent.register_at}", 200 <= status < 300, str(status))

    async def _take(self, agent: Agent, part: _Part, leg: Leg) -> None:
        self._tell(happened.Dialled(agent.name, self._seconds(), leg.theirs))
        leg.ring()
        self._ringing(part)
        with contextlib.suppress(TimeoutError):
            await leg.ended(agent.rings if agent.answers != "never" else NEVER_SECONDS)
        if leg.moments.ended is None:
            match agent.answers:
                case "yes":
                    leg.answer()
                case "busy":
                    leg.decline(486, "Busy Here")
                case "declines" | "never":
                    leg.decline(603, "Decline")
                case _:
                    assert_never(agent.answers)
        if leg.moments.answered is not None:
            await self._converse(part, leg)
        elif agent.steps:
            part.check("answers", False, f"{leg.status} {leg.reason}")
        self._ended(part, leg)

    async def _converse(self, part: _Part, leg: Leg) -> None:
        leg.stream.keep_audio = self._with.keep_audio
        somebody = Party(part.role, leg, part.notes, self._with.ear, self._began, self._tell)
        await converse(somebody, self._with.speaker, self._folder)

    async def clear(self) -> None:
        """Switch all phones off."""
        for task in tuple(self._tasks):
            task.cancel()
        for phone in self._phones:
            await phone.stop()

    def record(self, folder: Path) -> None:
        """Write what each part said (left) and heard (right)."""
        folder.mkdir(parents=True, exist_ok=True)
        for part in (self._caller, *self._agents):
            if part.leg and part.leg.moments.answered is not None:
                record(part.leg.stream, folder / f"{part.role.who}-{token()}.wav")

    def result(self) -> CallResult:
        """What became of it."""
        sides = [
            party_result(each.role.who, each.leg, each.notes, self._began) for each in (self._caller, *self._agents)
        ]
        return CallResult(self._scenario.about, self._uri, sides[0], tuple(sides[1:]))

    def _phone(self, user: str, port: int, name: str) -> UserAgent:
        given = self._with
        phone = UserAgent(
            given.address or local_address(parse_uri(sip_uri(self._uri)).host),
            port,
            user=user,
            name=name,
            codecs=given.codecs,
            rtp_ports=given.rtp_ports,
            credentials=given.credentials,
            pacer=given.pacer,
        )
        self._phones.append(phone)
        return phone

    def _ringing(self, part: _Part) -> None:
        leg = part.leg
        if leg and leg.state is State.RINGING:
            self._tell(happened.Rang(part.role.who, self._seconds()))

    def _ended(self, part: _Part, leg: Leg) -> None:
        self._tell(happened.Ended(part.role.who, self._seconds(), leg.status, leg.ended_by_far_end))

    def _seconds(self) -> float:
        return time.monotonic() - self._began
