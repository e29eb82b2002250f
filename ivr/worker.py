"""A call worker: one process, one SIP endpoint, two callers with room for their agents' legs.

This is where adapters are wired to ports. The loop takes the phone's events and gives each to the call its leg belongs to;
beside it run the chores on the database (`chores`), the sign of life that the supervisor waits for, the agents' commands from the
browser, opening hours, promised calls, and the look-out for changed dialplans.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import sys
import time
import uuid
from collections.abc import Callable
from functools import partial

import structlog
from sqlalchemy import Engine

from ivr.call import Call
from ivr.chores import Chores, patiently
from ivr.commands import HandOff
from ivr.config import Settings
from ivr.config_sip import RTP_PORTS_PER_WORKER
from ivr.desk import Desk
from ivr.desk_commands import DeskCommands
from ivr.dialler import Answered, Dialler
from ivr.dialogue.library import DialplanLibrary, known_queues
from ivr.events import HandoffEnded, HoursChanged
from ivr.hand_dialler import HandDialler
from ivr.handoff.calling_back import CALLED
from ivr.household import OLDEST_SECONDS, UNWRITTEN
from ivr.legs import AudioHeard, CallOffered, LegAnswered, LegEnded, LegEvent
from ivr.orders import open_orders
from ivr.pulse import Figures, announce, beat
from ivr.records.callback_works import DESK, QUEUE
from ivr.records.database import open_database
from ivr.records.database_clock import DatabaseClock
from ivr.records.doors import LiveHours
from ivr.records.journal import SqlRecords
from ivr.records.processes import own_name
from ivr.records.queue import SqlQueue
from ivr.services import Services
from ivr.speech.client import WebSocketListener
from ivr.speech.vad import SpeechDetector
from ivr.speech.voice import CachedVoice
from ivr.telephony.headers import called_number, plain_number
from ivr.telephony.phone import Pjsua2Phone, leave
from ivr.tones import Tones
from ivr.transfer import HeadStart, Transfer
from ivr.values import Language, Values
from order_lookup import OrderSystem

log = structlog.get_logger()
CALLERS = 2
# For the last calls to end, and for what is still to be written; what isn't by then, another process writes from the spool.
FLUSH_SECONDS = 2.0
HOURS_SECONDS = 1.0
# What came of promised calls is written down before a worker ends, unless the database is away.
SETTLE_SECONDS = 5.0


class Worker:
    """All calls of one process."""

    def __init__(self, settings: Settings, index: int, orders: OrderSystem, engine: Engine, hours: LiveHours) -> None:
        self._settings, self.name = settings, f"worker-{index}"
        alone = settings.workers == 1
        port = settings.sip.port if alone else settings.sip.worker_ports + index
        self._engine = engine
        # A name of this process alone: what it holds when it dies must not be renewed by the one that takes its place.
        process = own_name(self.name)
        clock = DatabaseClock(self._engine)
        recordings, posts = settings.path(settings.records.recordings), bool(settings.handoff.webhook)
        self._records = SqlRecords(self._engine, process, recordings / "spill", clock)
        promises = QUEUE if settings.orders.system == "http" else DESK
        self._queue = SqlQueue(self._engine, process, clock, posts, time.monotonic, promises)
        self._orders = orders
        self._chores = Chores(settings, self.name, engine, self._queue, orders, self._records)
        self._hours = hours
        self._library = DialplanLibrary(settings, hours=hours.facts)
        self._phone = Pjsua2Phone(
            settings.sip,
            port,
            settings.sip.rtp_ports + index * RTP_PORTS_PER_WORKER,
            callers=CALLERS,
            register=alone or (index == 0 and not settings.sip.edge),
        )
        self._listener, self._voice = WebSocketListener.of(settings), CachedVoice.of(settings)
        recordings.mkdir(parents=True, exist_ok=True)
        self._services = Services(
            phone=self._phone,
            listener=self._listener,
            voice=self._voice,
            desk=Desk(self._orders, settings.time_zone),
            records=self._records,
            tones=Tones(settings.path(settings.dialplan.prompts), settings.path(settings.voice.cache)),
            detector=SpeechDetector,
            start_handoff=self._start_handoff,
            recordings=recordings if settings.records.record else None,
            keep_free_bytes=settings.records.keep_free_mb * 1_000_000,
            slow_seconds=settings.orders.slow_seconds,
            hours=hours,
        )
        self._calls: dict[int, Call] = {}
        self._agents: dict[int, Transfer] = {}
        self._commands = DeskCommands(engine, clock)
        self._starts: dict[str, HeadStart] = {}
        self._dialler = Dialler(
            settings, engine, self._phone, self._may_dial, self._called_back, clock, lambda queue: hours.standing(queue).open
        )  # fmt: skip
        self._by_hand = HandDialler(
            settings, engine, process, clock, self._services, self._library, self._has_room, self._rest
        )
        self._commands.more = self._by_hand.calls
        self._draining, self._quiet = asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        """Serve until SIGTERM, then take no new calls and end when the last one has."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._drain)
        await self._listener.open()
        self._phone.start()
        sys.setswitchinterval(0.0005)
        beside = [
            asyncio.create_task(work())
            for work in (
                self._dispatch,
                self._prove_life,
                *self._chores.all,
                self._keep_hours,
                self._commands.run,
                self._by_hand.run,
                self._reload,
                self._keep_promises,
            )
        ]
        announce()
        gc.disable()  # the phone's thread sweeps: a pj object in garbage, freed by any other, aborts the process
        await self._draining.wait()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._quiet.wait(), self._settings.sip.drain_seconds)
        for task in beside[1:]:
            task.cancel()
        await self._phone.close()
        for last in (self._quiet.wait(), self._records.flush()):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(last, FLUSH_SECONDS)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(self._dialler.settled(), self._by_hand.settled()), SETTLE_SECONDS)
        self._records.close()
        await self._orders.close()

    async def _prove_life(self) -> None:
        """From here to the phone's thread and back, once a second: who answers a call needs both."""

        def figures() -> Figures:
            entries, seconds = self._records.waiting
            return {UNWRITTEN: entries, OLDEST_SECONDS: round(seconds, 1)}

        await beat(self._phone.works, figures=figures)

    async def _keep_promises(self) -> None:
        if self._settings.callbacks.dial and self._settings.callbacks.robot:
            await self._dialler.run()

    def _may_dial(self) -> bool:
        """Only while nobody is on the line, so that a place is left for callers."""
        return not self._calls and not self._by_hand.seats and not self._draining.is_set()

    def _has_room(self) -> bool:
        """Of the four legs each caller may need two, and so does a call that an agent makes."""
        callers = {call for call in self._calls.values() if not call.over}
        taken = len(callers) + self._dialler.busy + self._by_hand.seats
        return taken < CALLERS and not self._draining.is_set()

    def _rest(self) -> None:
        """The last call is over, of a worker that is to end."""
        if self._draining.is_set() and not self._calls and not self._by_hand.calls:
            self._quiet.set()

    def _drain(self) -> None:
        log.info("worker.draining", calls=len(set(self._calls.values())))
        self._draining.set()
        self._dialler.stop()
        self._by_hand.stop()
        self._rest()

    async def _dispatch(self) -> None:
        while True:
            event = await self._phone.events.get()
            try:
                self._on_leg(event)
            except Exception:
                log.exception("worker.event_failed", received=type(event).__name__)

    def _on_leg(self, event: LegEvent) -> None:
        if isinstance(event, CallOffered):
            self._offered(event)
        elif call := self._calls.get(event.leg):
            call.on_leg(event)
        elif transfer := self._agents.get(event.leg):
            if isinstance(event, LegEnded):
                del self._agents[event.leg]
            transfer.on_leg(event)
        elif owner := next((each for each in (self._dialler, self._by_hand) if each.owns(event.leg)), None):
            owner.on_leg(event)
        elif not isinstance(event, AudioHeard):
            log.debug("worker.stray_event", received=type(event).__name__, leg=event.leg)

    def _offered(self, event: CallOffered) -> None:
        if not self._has_room():
            self._phone.reject(event.leg, 486, "Busy Here")
            return
        language: Language = self._settings.dialplan.numbers.get(event.called, self._settings.dialplan.language)
        able = {name: event.headers.get(name, "") for name in ("allow", "supported")}
        offered = CallOffered(
            event.leg, plain_number(event.caller), called_number(event.called), event.source, event.call_id, able
        )
        call = self._call(offered, language, {})
        log.info("call.offered", call_id=call.call_id, source=event.source, sip_call_id=event.call_id)
        self._phone.answer(event.leg)

    def _called_back(self, answered: Answered) -> str:
        """Who was promised a call has picked up: from now on it is a call like any other."""
        promise = answered.promise
        offered = CallOffered(answered.leg, plain_number(promise.number), CALLED, "", "")
        call = self._call(offered, promise.language, {"callback.queue": promise.queue})
        call.record.case.update({**answered.case, "caller": offered.caller})
        log.info("call.back", call_id=call.call_id, promise=promise.name)
        call.on_leg(LegAnswered(answered.leg))
        return call.call_id

    def _call(self, offered: CallOffered, language: Language, facts: Values) -> Call:
        """A call on a leg, with its conversation at the beginning."""
        dialogue = HeadStart(self._library.dialogue(language, facts=facts))
        call = Call(offered, uuid.uuid4().hex, language, dialogue, self._services, self._over)
        dialogue.begin = partial(self._begin_handoff, call)
        self._calls[offered.leg], self._starts[call.call_id] = call, dialogue
        return call

    def _over(self, call: Call) -> None:
        self._starts.pop(call.call_id).close()
        self._commands.of.pop(call.call_id, None)
        del self._calls[call.leg]
        self._dialler.over(call.call_id, call.disposition, call.record.human_talked)
        log.info("call.over", call_id=call.call_id, disposition=call.disposition, seconds=round(call.seconds, 1))
        self._rest()

    def _start_handoff(self, call: Call, command: HandOff, on_ended: Callable[[HandoffEnded], None]) -> Transfer:
        """The handoff that was begun ahead, or a new one."""
        return self._starts[call.call_id].take(on_ended) or self._handoff(call, command, on_ended)

    def _begin_handoff(self, call: Call, command: HandOff) -> Transfer | None:
        """Ahead of the call, which still says that it will; with the case on the desk before the agent's phone rings."""
        if call.over or call.handoff:
            return None
        call.case["handoff.reason"] = command.reason
        call.record.keep_case()
        return self._handoff(call, command, None)

    def _handoff(self, call: Call, command: HandOff, on_ended: Callable[[HandoffEnded], None] | None) -> Transfer:
        made = Transfer(call, command, self._settings, self._queue, self._agents.__setitem__, on_ended)
        self._commands.of[call.call_id] = made
        return made

    async def _keep_hours(self) -> None:
        """What supervisors say of a queue, and the clock that opens and closes it, reach the calls under way within a second."""
        known = self._hours.facts()
        while True:
            await patiently(self._hours.look())
            if (now := self._hours.facts()) != known:
                known = now
                for call in {call for call in self._calls.values() if not call.over}:
                    call.tell(HoursChanged(call.seconds, now))
            await asyncio.sleep(HOURS_SECONDS)

    async def _reload(self) -> None:
        while True:
            await asyncio.sleep(self._settings.dialplan.reload_seconds or 3600)
            await asyncio.to_thread(self._library.reload)


def run(settings: Settings, index: int) -> None:
    """The worker process; it ends without the interpreter's teardown, which pj's threads would not survive."""
    asyncio.run(_serve(settings, index))
    leave(0)


async def _serve(settings: Settings, index: int) -> None:
    engine = open_database(settings.database_url)
    hours = LiveHours.of(settings, engine, known_queues(settings))
    await Worker(settings, index, await open_orders(settings, hours), engine, hours).run()
