"""A call worker whose telephones are dice: the real machine, the real queue, callers and agents who do as they like.

    python storm_worker.py DATABASE_URL NAME CALLERS SEED FOLDER

Callbacks and tickets are kept as empty files, one per call, as the order desk keeps them in its tables.
"""

from __future__ import annotations

import asyncio
import random
import sys
from datetime import UTC, datetime
from pathlib import Path

from ivr.commands import StartTimer, StopTimer
from ivr.errors import RecordsError
from ivr.events import CallerHungUp, TimerFired
from ivr.handoff import commands as do
from ivr.handoff import events as on
from ivr.handoff.machine import HandoffMachine
from ivr.handoff.state import State, Terms
from ivr.ports import Caller, Reservation
from ivr.records.database import open_database
from ivr.records.processes import own_name
from ivr.records.queue import SqlQueue

TERMS = Terms(
    ring_seconds=2.0, accept_seconds=1.5, whisper_seconds=2.0, max_wait_seconds=10.0, progress_seconds=2.0, retry_seconds=0.25,
    choice_seconds=0.3, transfer_seconds=1.0, message_seconds=1.0, conclude_seconds=0.5, ask_again_seconds=1.0, rest_seconds=0.3,
)  # fmt: skip


class Call:
    """One caller, from the wish for a human to the end."""

    def __init__(self, queue: SqlQueue, call_id: str, dice: random.Random, folder: Path) -> None:
        self.queue, self.call_id, self.dice, self.folder = queue, call_id, dice, folder
        self.machine = HandoffMachine(TERMS)
        self.events: asyncio.Queue[on.HandoffEvent] = asyncio.Queue()
        self.timers: dict[str, asyncio.TimerHandle] = {}
        self.handoff = self.attempt = 0
        self.loop = asyncio.get_running_loop()

    @property
    def now(self) -> float:
        return self.loop.time()

    def later(self, seconds: float, event: on.HandoffEvent) -> asyncio.TimerHandle:
        return self.loop.call_later(seconds, self.events.put_nowait, event)

    async def run(self) -> None:
        priority = self.dice.choice([0, 3, 5, 5, 5])
        self.events.put_nowait(
            on.HandoffRequested(self.now, self.call_id, "general", "refund", "zh", priority=priority)
        )
        if self.dice.random() < 0.35:
            self.later(self.dice.uniform(0.0, 5.0), CallerHungUp(0.0))
        if self.dice.random() < 0.15:
            self.later(self.dice.uniform(0.2, 3.0), on.CallerKeyed(0.0, self.dice.choice("12*9")))
        while self.machine.state is not State.ENDED:
            for command in self.machine.receive(await self.events.get()):
                try:
                    await self.carry_out(command)
                except RecordsError:
                    self.events.put_nowait(on.StepFailed(self.now, type(command).__name__))

    async def carry_out(self, command: do.HandoffCommand) -> None:
        match command:
            case do.EnterQueue(queue, skill, language, priority, reason):
                caller = Caller("13800004567", repeat=self.dice.random() < 0.3)
                self.handoff = await self.queue.enter(self.call_id, queue, skill, language, priority, reason, caller)
                (self.folder / f"{self.call_id}.called").touch()
            case do.ReserveAgent(exclude):
                answer = await self.queue.reserve(self.handoff, exclude)
                if isinstance(answer, Reservation):
                    self.events.put_nowait(on.AgentReserved(self.now, answer.agent, answer.uri))
                else:
                    self.events.put_nowait(on.NoAgent(self.now, answer.position, answer.expected_wait_seconds, True))
            case do.ReleaseAgent(agent, state, reason, rest):
                # Nobody is here to say that they are back: whoever missed a call rests instead.
                await self.queue.release(self.handoff, agent, "available" if state == "away" else state, reason, rest)
            case do.RingAgent(attempt=attempt):
                self.attempt = attempt
                self.ring()
            case do.Whisper(attempt=attempt):
                self.later(0.2, on.WhisperFinished(0.0, attempt))
                if self.dice.random() < 0.9:
                    key = self.dice.choice("1111112")
                    self.later(self.dice.uniform(0.05, 0.5), on.AgentKeyPressed(self.now, attempt, key))
            case do.Join(attempt=attempt):
                await self.queue.connected(self.handoff)
                self.talk(attempt)
            case do.BookCallback():
                (self.folder / f"{self.call_id}.callback").touch()
                self.events.put_nowait(on.CallbackBooked(self.now, datetime.now(UTC)))
            case do.RecordVoicemail():
                self.later(0.3, on.MessageRecorded(0.0, 2.0))
            case do.OpenTicket():
                (self.folder / f"{self.call_id}.ticket").touch()
            case do.Say(number=number):
                self.later(0.1, on.SayFinished(0.0, number))
            case StartTimer(name, seconds):
                self.stop(name)
                self.timers[name] = self.loop.call_later(
                    seconds, lambda: self.events.put_nowait(TimerFired(name, self.now))
                )
            case StopTimer(name):
                self.stop(name)
            case do.Finish(outcome=outcome):
                await self.queue.finish(self.handoff, outcome)
            case _:
                pass

    def stop(self, name: str) -> None:
        if timer := self.timers.pop(name, None):
            timer.cancel()

    def ring(self) -> None:
        chance, attempt = self.dice.random(), self.attempt
        if chance < 0.7:
            self.later(self.dice.uniform(0.05, 0.4), on.AgentLegAnswered(0.0, attempt))
        elif chance < 0.9:
            status = self.dice.choice([486, 603, 480, 503])
            self.later(self.dice.uniform(0.05, 0.4), on.AgentLegEnded(self.now, attempt, status))

    def talk(self, attempt: int) -> None:
        seconds, chance = self.dice.uniform(0.2, 1.2), self.dice.random()
        agent = self.machine.handoff.agent.agent if self.machine.handoff.agent else ""
        if chance < 0.5:
            self.later(seconds, on.AgentLegEnded(0.0, attempt, 200))
        elif chance < 0.7:
            self.later(seconds, CallerHungUp(0.0))
        elif chance < 0.8:
            self.later(seconds, on.SentBack(0.0, agent, "satisfaction"))
        elif chance < 0.9:
            self.later(seconds, on.PassedOn(self.now, agent, "general", note="x"))
        else:
            self.later(seconds, on.MediaLost(self.now, "agent"))


async def main(url: str, name: str, callers: int, seed: int, folder: Path) -> None:
    engine = open_database(url)
    # By the name of its process a worker that is only slow is told from one that was killed.
    queue, dice = SqlQueue(engine, own_name(name)), random.Random(seed)

    async def beat() -> None:
        while True:
            await queue.heartbeat()
            await asyncio.sleep(1.0)

    beating = asyncio.create_task(beat())

    async def begin(number: int) -> None:
        await asyncio.sleep(dice.uniform(0.0, 4.0))
        call_id = f"{name}-{number}"
        await Call(queue, call_id, random.Random(seed * 1000 + number), folder).run()

    await asyncio.gather(*(begin(number) for number in range(callers)))
    beating.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), Path(sys.argv[5])))
