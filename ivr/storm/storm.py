"""A storm from beginning to end: a hotline of its own, people on the telephone, kills by the clock, and the report."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ivr.caller.pacer import Pacer
from ivr.caller.useragent import UserAgent
from ivr.demo.stage import CALLERS_PER_WORKER, Stage, free_ports
from ivr.records.agents import finish_wrap_up, set_state
from ivr.records.database import open_database
from ivr.records.tables import AgentRow
from ivr.storm import invariants
from ivr.storm.killing import Killed, kill
from ivr.storm.people import Colleague, Customer

LOOK_SECONDS = 0.5
CALM_SECONDS = 90.0
RECOVERY_SECONDS = 10.0
# Short, so that five minutes see every way a call can go; the machine behind it is the same.
HANDOFF = {"ring_seconds": 6, "accept_seconds": 5, "wrap_up_seconds": 3, "max_wait_seconds": 30}
QUEUES = ("general", "safety", "account", "senior", "after_sales")
RTP = range(30_000, 36_000)


@dataclass(frozen=True, slots=True)
class Weather:
    """How hard it blows: `seconds` of calls, so many kills of a worker (and of the console) spread over them."""

    callers: int = 50
    agents: int = 10
    seconds: float = 300.0
    worker_kills: int = 8
    console_kills: int = 3
    workers: int = 0
    seed: int = 1

    @property
    def processes(self) -> int:
        """Call workers: room for every caller unless said otherwise."""
        return self.workers or max(2, -(-self.callers // CALLERS_PER_WORKER))

    @property
    def kills(self) -> tuple[str, ...]:
        """The parts to kill, in order, consoles between workers."""
        parts = ["worker"] * self.worker_kills
        for index in range(self.console_kills):
            parts.insert((index + 1) * len(parts) // (self.console_kills + 1), "console")
        return tuple(parts)


@dataclass(slots=True)
class Report:
    """What became of it; `faults` is empty when every invariant held."""

    customers: Counter[str] = field(default_factory=Counter)
    colleagues: Counter[str] = field(default_factory=Counter)
    killed: list[Killed] = field(default_factory=list)
    recovery_seconds: list[float] = field(default_factory=list)
    ended: dict[str, dict[str, int]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything held."""
        return not self.faults


class Storm:
    """One storm in a folder; `tell` gets a line whenever something dies."""

    def __init__(self, folder: Path, weather: Weather, tell: Callable[[str], None] = lambda line: None) -> None:
        self._folder, self._weather, self._tell = folder, weather, tell
        self._dice = random.Random(weather.seed)
        self.report = Report()

    async def run(self) -> Report:
        """Blow, calm down, and look what is left."""
        weather = self._weather
        ports = free_ports(weather.agents)
        async with Stage(
            self._folder, workers=weather.processes, edge=True, changes=_changes(ports), orders=60
        ) as stage:
            engine = open_database(stage.settings.database_url)
            async with AsyncExitStack() as stack:
                await self._colleagues(stack, ports)
                watching = asyncio.create_task(self._watch(engine))
                await asyncio.gather(self._customers(stack, stage), self._kill(stage))
                await self._calm_down(engine)
                watching.cancel()
            with Session(engine) as session:
                self.report.faults += invariants.unsettled(session)
                self.report.ended = invariants.counted(session)
            engine.dispose()
        return self.report

    async def _colleagues(self, stack: AsyncExitStack, ports: Sequence[int]) -> None:
        pacer = Pacer()
        for port in ports:
            phone = UserAgent(port=port, user=f"agent{port}", rtp_ports=RTP, pacer=pacer)
            await stack.enter_async_context(phone)
            Colleague(phone, random.Random(self._dice.random()), self.report.colleagues, self._complain)

    async def _customers(self, stack: AsyncExitStack, stage: Stage) -> None:
        pacer, people = Pacer(), []
        for _ in range(self._weather.callers):
            phone = await stack.enter_async_context(UserAgent(rtp_ports=RTP, pacer=pacer))
            dice = random.Random(self._dice.random())
            people.append(Customer(phone, stage.uri(), dice, self.report.customers))
        await asyncio.gather(*(each.run(self._weather.seconds) for each in people))

    async def _kill(self, stage: Stage) -> None:
        assert stage.process is not None
        parts = self._weather.kills
        for part in parts:
            await asyncio.sleep(self._weather.seconds / (len(parts) + 1))
            if killed := await asyncio.to_thread(kill, stage.process.pid, part, self._dice):
                self.report.killed.append(killed)
                self._tell(f"killed {killed.part}")

    async def _watch(self, engine: Engine) -> None:
        """Look twice a second; agents who were sent away come back, and wrap-ups get a disposition."""
        wrong_since: float | None = None
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                wrong, orphans = await asyncio.to_thread(self._look, engine)
            except DBAPIError:
                continue  # the database is busy: look again
            for fault in wrong:
                self._complain(fault)
            now = time.monotonic()
            if orphans and wrong_since is None:
                wrong_since = self._last_kill(now)
            elif not orphans and wrong_since is not None:
                self.report.recovery_seconds.append(round(now - wrong_since, 1))
                if now - wrong_since > RECOVERY_SECONDS:
                    self._complain(f"queue and agents were wrong for {now - wrong_since:.1f} s after a kill")
                wrong_since = None

    def _last_kill(self, now: float) -> float:
        """What is held by nobody was held by whom we killed last."""
        return max((each.at for each in self.report.killed), default=now)

    def _look(self, engine: Engine) -> tuple[list[str], int]:
        now = time.time()
        with Session(engine) as session, session.begin():
            for agent in session.scalars(select(AgentRow).where(AgentRow.state.in_(("away", "wrap_up")))).all():
                if agent.state == "away":
                    set_state(session, agent.id, "available", "", now)
                elif agent.since < now - 1.0 and agent.id % 2:
                    finish_wrap_up(session, agent.id, "solved", "", False, now)
            return list(invariants.broken(session)), invariants.orphans(session, now)

    async def _calm_down(self, engine: Engine) -> None:
        deadline = time.monotonic() + CALM_SECONDS
        while time.monotonic() < deadline:
            await asyncio.sleep(1.0)
            if await asyncio.to_thread(self._quiet, engine):
                return

    def _quiet(self, engine: Engine) -> bool:
        with Session(engine) as session:
            return invariants.quiet(session)

    def _complain(self, fault: str) -> None:
        if fault not in self.report.faults:
            self.report.faults.append(fault)
            self._tell(fault)


def _changes(ports: Sequence[int]) -> dict[str, Any]:
    agents = [
        {"name": f"agent{port}", "uri": f"sip:agent{port}@127.0.0.1:{port}", "queues": list(QUEUES)} for port in ports
    ]
    return {"agents": agents, "handoff": HANDOFF, "console": {"enabled": True}}
