"""A scenario carried out: the caller dials, the agents' phones wait, and what became of it is one result."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ivr.caller import happenings as happened
from ivr.caller.conversation import Conversation
from ivr.caller.digest import Credentials
from ivr.caller.ear import Ear
from ivr.caller.leg import Leg
from ivr.caller.pacer import Pacer
from ivr.caller.recording import record
from ivr.caller.report import CallResult, Check
from ivr.caller.scenario import Agent, Hear, Interrupt, Manner, NotHeard, Play, Say, Scenario, Step
from ivr.caller.sound import read_wav
from ivr.caller.speaker import Line, Speaker
from ivr.caller.useragent import RTP_PORTS, UserAgent
from ivr.caller.wire import local_address
from ivr.values import Language

OnEvent = Callable[[happened.Happening], None]
ANSWER_SECONDS = 35.0


@dataclass(slots=True)
class Equipment:
    """What synthetic calls share: one voice, one ear, one clock for the packets, and the ports of this machine."""

    speaker: Speaker = field(default_factory=Speaker)
    ear: Ear | None = field(default_factory=Ear)
    pacer: Pacer = field(default_factory=Pacer)
    rtp_ports: Sequence[int] = RTP_PORTS
    codecs: Sequence[str] = ("PCMU", "PCMA")
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
    for manner, language, steps in _parts(scenario):
        await equipment.speaker.prepare(_lines(manner, language, steps))
        if equipment.ear:
            await equipment.ear.warm(language)
        for step in steps:
            if isinstance(step, Play):
                read_wav(folder / step.play)
            if equipment.ear and isinstance(step, Hear | NotHeard):
                for phrase in step.hear if isinstance(step, Hear) else step.not_heard:
                    equipment.ear.check(phrase, language)


def _parts(scenario: Scenario) -> Iterable[tuple[Manner, Language, tuple[Step, ...]]]:
    yield scenario, scenario.language, scenario.call
    for agent in scenario.agents:
        yield agent, agent.language or scenario.language, agent.steps


def _lines(manner: Manner, language: Language, steps: tuple[Step, ...]) -> Iterable[Line]:
    for step in steps:
        if isinstance(step, Say):
            yield Line(step.say, language, manner.voice, step.speed or manner.speed)
        elif isinstance(step, Interrupt):
            yield Line(step.interrupt, language, manner.voice, manner.speed)


class _Scene:
    """One performance."""

    def __init__(self, scenario: Scenario, uri: str, equipment: Equipment, folder: Path, on_event: OnEvent) -> None:
        self._scenario, self._uri, self._with, self._tell = scenario, uri, equipment, on_event
        self._began = time.monotonic()
        self._folder = folder
        host = uri.rpartition("@")[2].removeprefix("sip:").partition(";")[0].partition(":")[0]
        self._address = equipment.address or local_address(host)
        self._caller = self._conversation("caller", scenario, scenario.language)
        self._agents = [self._conversation(a.name, a, a.language or scenario.language) for a in scenario.agents]
        self._phones: list[UserAgent] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def play(self) -> None:
        """Switch the agents' phones on, place the call, and wait for all parties."""
        for agent, conversation in zip(self._scenario.agents, self._agents, strict=True):
            await self._wait_as(agent, conversation)
        phone = self._phone(self._scenario.number, 0, self._scenario.name)
        await phone.start()
        self._began = self._caller.began = time.monotonic()
        for conversation in self._agents:
            conversation.began = self._began
        self._tell(happened.Dialled("caller", 0.0, self._uri))
        await self._call(phone)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=60)
        for agent, conversation in zip(self._scenario.agents, self._agents, strict=True):
            if agent.steps and conversation.leg is None:
                conversation.notes.checks.append(Check("is called and answers", False))

    async def _call(self, phone: UserAgent) -> None:
        leg = phone.dial(self._uri, tuple(self._scenario.headers.items()))
        leg.stream.keep_audio = self._with.keep_audio
        leg.on_change = lambda: self._ringing("caller", leg)
        with contextlib.suppress(TimeoutError):
            await leg.answered(ANSWER_SECONDS)
        self._caller.leg = leg
        up = leg.moments.answered is not None
        found = f"{leg.status} {leg.reason}".strip() if leg.status else "no answer"
        what = "the call is answered" if self._scenario.answered else "the call is not answered"
        self._caller.notes.checks.append(Check(what, up == self._scenario.answered, "" if up else found))
        if up:
            await self._caller.hold_to(leg, self._scenario.call)
        else:
            await leg.hang_up()
        self._ended("caller", leg)

    async def _wait_as(self, agent: Agent, conversation: Conversation) -> None:
        """Switch an agent's phone on."""
        phone = self._phone(agent.user, agent.port, agent.name)
        if agent.password:
            phone.credentials = Credentials(agent.user, agent.password)

        def offered(leg: Leg) -> None:
            if conversation.leg is not None:
                leg.decline(486, "Busy Here")
                return
            conversation.leg = leg
            task = asyncio.get_running_loop().create_task(self._take(agent, conversation, leg))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        phone.on_offer = offered
        await phone.start()
        if agent.register_at:
            response = await phone.register(agent.register_at)
            met = 200 <= response.status < 300
            conversation.notes.checks.append(Check(f"registers at {agent.register_at}", met, str(response.status)))

    async def _take(self, agent: Agent, conversation: Conversation, leg: Leg) -> None:
        self._tell(happened.Dialled(agent.name, self._seconds(), leg.theirs))
        leg.stream.keep_audio = self._with.keep_audio
        leg.ring()
        self._ringing(agent.name, leg)
        with contextlib.suppress(TimeoutError):
            await leg.ended(agent.rings if agent.answers != "never" else 600)
        if leg.moments.ended is None:
            if agent.answers == "yes":
                leg.answer()
            else:
                leg.decline(*((486, "Busy Here") if agent.answers == "busy" else (603, "Decline")))
        if leg.moments.answered is not None:
            await conversation.hold_to(leg, agent.steps)
        elif agent.steps:
            conversation.notes.checks.append(Check("answers", False, f"{leg.status} {leg.reason}"))
        self._ended(agent.name, leg)

    async def clear(self) -> None:
        """Switch all phones off."""
        for task in tuple(self._tasks):
            task.cancel()
        for phone in self._phones:
            await phone.stop()

    def record(self, folder: Path) -> None:
        """Write what each party said (left) and heard (right)."""
        folder.mkdir(parents=True, exist_ok=True)
        for conversation in (self._caller, *self._agents):
            leg = conversation.leg
            if leg and leg.moments.answered is not None:
                record(leg.stream, folder / f"{conversation.who}-{leg.call_id.partition('@')[0]}.wav")

    def result(self) -> CallResult:
        """What became of it."""
        agents = tuple(conversation.result() for conversation in self._agents)
        return CallResult(self._scenario.about, self._uri, self._caller.result(), agents)

    def _conversation(self, who: str, manner: Manner, language: Language) -> Conversation:
        return Conversation(
            who,
            manner,
            language,
            speaker=self._with.speaker,
            ear=self._with.ear,
            began=self._began,
            folder=self._folder,
            on_event=self._tell,
        )

    def _phone(self, user: str, port: int, name: str) -> UserAgent:
        phone = UserAgent(
            self._address,
            port,
            user=user,
            name=name,
            codecs=self._with.codecs,
            rtp_ports=self._with.rtp_ports,
            credentials=self._with.credentials,
            pacer=self._with.pacer,
        )
        self._phones.append(phone)
        return phone

    def _ringing(self, who: str, leg: Leg) -> None:
        if leg.moments.rang is not None and leg.moments.answered is None and leg.moments.ended is None:
            self._tell(happened.Rang(who, self._seconds()))

    def _ended(self, who: str, leg: Leg) -> None:
        self._tell(happened.Ended(who, self._seconds(), leg.status, leg.ended_by_far_end))

    def _seconds(self) -> float:
        return time.monotonic() - self._began
