"""A handoff under way: the handoff machine's commands carried out on phone, queue, desk and mouths.

The machine (`ivr/handoff/machine.py`) decides; this file does. Every answer of the world goes back to it as an event. A
command that breaks becomes `StepFailed`, so that the machine can offer the caller something else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, assert_never

import structlog

from ivr.commands import HandOff, Prompt, StartTimer, StopTimer
from ivr.config import Settings
from ivr.events import CallerHungUp, HandoffEnded, Hypothesis, TimerFired
from ivr.handoff import commands as do
from ivr.handoff import events as on
from ivr.handoff.case import briefing_of
from ivr.handoff.machine import HandoffMachine
from ivr.handoff.state import Terms
from ivr.holding import Holding
from ivr.legs import (
    AudioHeard,
    DigitHeard,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegHeld,
    LegResumed,
    LegRinging,
    MediaLost,
    PlaybackFinished,
    TransferProgressed,
)
from ivr.mouth import Mouth
from ivr.ports import AgentCommand, AgentQueue, Caller, Place, Reservation
from ivr.stenographer import Stenographer
from ivr.tones import Tones

log = structlog.get_logger()


class Transfer:
    """`call.HandoffRun`: one handoff of one call."""

    def __init__(
        self,
        call: Any,
        command: HandOff,
        settings: Settings,
        queue: AgentQueue,
        tones: Tones,
        claim: Callable[[int], None],
        on_ended: Callable[[HandoffEnded], None],
    ) -> None:
        self._call, self._command, self._settings, self._queue = call, command, settings, queue
        self._claim, self._on_ended = claim, on_ended
        self._phone, self._desk, self._records = call.services.phone, call.services.desk, call.services.records
        terms = settings.handoff
        self._machine = HandoffMachine(
            Terms(
                ring_seconds=terms.ring_seconds,
                accept_seconds=terms.accept_seconds,
                max_wait_seconds=terms.max_wait_seconds,
            )
        )
        services = call.services
        self._holding = Holding(services.phone, services.voice, tones, call.leg, self._said, self._quiet)
        self._stenographer = Stenographer(services.listener, services.detector, call.language)
        self._to_agent: Mouth | None = None
        self._agent_leg: int | None = None
        self._attempt = 0
        self._agent = ""
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._finished, self._outcome = False, ""
        self._handoff = 0
        self._end_message: Callable[[], None] | None = None
        self._order: asyncio.Lock = asyncio.Lock()
        self._briefing = briefing_of(call.case, call.language, command.reason, call.offered.caller)
        self._receive(self._request())

    def _request(self) -> on.HandoffRequested:
        command, settings = self._command, self._settings
        way_out = settings.handoff.way_out.get(command.queue, "bridge")
        return on.HandoffRequested(
            self._call.seconds,
            self._call.call_id,
            command.queue,
            command.reason,
            self._call.language,
            skill=command.skill,
            priority=command.priority,
            way_out=way_out,
            caller=self._call.offered.caller,
            trusted=bool(settings.sip.trusted),
            case_url=f"{settings.console.url}/calls/{self._call.call_id}",
            briefing=self._briefing,
        )

    # -- what happens ----------------------------------------------------------------------------------------------

    def on_leg(self, event: LegEvent) -> None:
        """Something happened on the caller's or the agent's leg."""
        seconds, attempt, agent = self._call.seconds, self._attempt, event.leg == self._agent_leg
        match event:
            case AudioHeard():
                self._stenographer.hear(event.leg, event.pcm, seconds)
            case PlaybackFinished():
                mouth = self._to_agent if agent else self._holding
                if mouth:
                    mouth.playback_finished(event.playback)
            case DigitHeard(key="#") if self._end_message is not None:
                self._end_message()
            case LegHeld() if agent:
                self._receive(on.AgentHeld(seconds, self._agent))
            case LegResumed() if agent:
                self._receive(on.AgentResumed(seconds, self._agent))
            case DigitHeard(key=key):
                self._receive(on.AgentKeyPressed(seconds, attempt, key) if agent else on.CallerKeyed(seconds, key))
            case LegRinging() if agent:
                self._receive(on.AgentLegRinging(seconds, attempt))
            case LegAnswered() if agent:
                self._receive(on.AgentLegAnswered(seconds, attempt))
            case LegEnded() if agent:
                self._agent_leg = None
                self._receive(on.AgentLegEnded(seconds, attempt, event.status))
            case MediaLost():
                self._receive(on.MediaLost(seconds, "agent" if agent else "caller"))
            case TransferProgressed():
                self._receive(on.TransferProgressed(seconds, event.status))
            case _:
                pass

    def on_agent_command(self, command: AgentCommand) -> None:
        """The agent did something in the browser."""
        seconds, agent, arguments = self._call.seconds, command.agent, command.arguments
        match command.command:
            case "accept":
                self._receive(on.AgentAccepted(seconds, agent))
            case "decline":
                self._receive(on.AgentDeclined(seconds, agent))
            case "hold":
                self._receive(on.AgentHeld(seconds, agent))
            case "resume":
                self._receive(on.AgentResumed(seconds, agent))
            case "send_back":
                self._receive(on.SentBack(seconds, agent, arguments.get("step", "")))
            case "pass_on":
                where, skill, note = (arguments.get(key, "") for key in ("queue", "skill", "note"))
                self._receive(on.PassedOn(seconds, agent, where, skill, note))
            case "hang_up":
                if self._agent_leg is not None and agent == self._agent:
                    self._phone.hang_up(self._agent_leg)
            case "note":
                self._records.line(self._call.call_id, "note", arguments.get("text", ""), seconds, {"agent": agent})
            case other:
                log.warning("transfer.unknown_command", command=other, call_id=self._call.call_id)

    def close(self) -> str:
        """The caller is gone; returns the outcome."""
        if not self._finished:
            self._receive(CallerHungUp(self._call.seconds))
        self._silence()
        return self._outcome

    def _receive(self, event: on.HandoffEvent) -> None:
        try:
            commands = self._machine.receive(event)
        except Exception:
            log.exception("transfer.machine_failed", call_id=self._call.call_id, received=type(event).__name__)
            return
        for command in commands:
            try:
                self._do(command)
            except Exception:
                log.exception("transfer.command_failed", call_id=self._call.call_id, command=type(command).__name__)
                self._receive(on.StepFailed(self._call.seconds, type(command).__name__))

    # -- what to do ------------------------------------------------------------------------------------------------

    def _do(self, command: do.HandoffCommand) -> None:
        match command:
            case do.Say():
                self._holding.say(command.number, self._call.dialogue.phrase(command.prompt, command.values))
            case do.PlayMusic():
                self._holding.play(command.kind)
            case do.StopMusic():
                self._holding.stop_music()
            case do.EnterQueue() | do.ReserveAgent() | do.ReleaseAgent() | do.BookCallback() | do.OpenTicket():
                self._spawn(self._in_order(command))
            case do.RingAgent():
                self._ring(command)
            case do.Whisper():
                self._whisper(command)
            case do.StopWhisper():
                if self._to_agent:
                    self._to_agent.drop()
            case do.Join():
                self._join()
            case do.Separate():
                self._separate()
            case do.HangUpAgent():
                self._hang_up_agent()
            case do.TransferAttended():
                if self._agent_leg is not None:
                    self._phone.transfer_attended(self._call.leg, self._agent_leg)
            case do.TransferBlind():
                self._phone.transfer(self._call.leg, command.uri, command.headers)
            case do.RecordVoicemail():
                self._record_voicemail(command.max_seconds)
            case StartTimer() | StopTimer():
                self._time(command)
            case do.Finish():
                self._finish(command)
            case _:
                assert_never(command)

    async def _in_order(self, command: do.HandoffCommand) -> None:
        """Queue and desk are asked one thing after another, in the order of the machine's commands."""
        async with self._order:
            try:
                await self._ask(command)
            except Exception:
                log.exception("transfer.command_failed", call_id=self._call.call_id, command=type(command).__name__)
                self._receive(on.StepFailed(self._call.seconds, type(command).__name__))

    async def _ask(self, command: do.HandoffCommand) -> None:
        seconds = self._call.seconds
        match command:
            case do.EnterQueue():
                self._handoff = await self._enter(command)
            case do.ReserveAgent():
                match await self._queue.reserve(self._handoff, command.exclude):
                    case Reservation(agent, uri, language):
                        self._receive(on.AgentReserved(self._call.seconds, agent, uri, agent, language))
                    case Place(position, wait, staffed):
                        self._receive(on.NoAgent(seconds, position, wait, staffed))
            case do.ReleaseAgent():
                reason, rest = command.reason, command.rest_seconds
                await self._queue.release(self._handoff, command.agent, command.state, reason, rest)
            case do.BookCallback():
                await self._book_callback(command.reason)
            case do.OpenTicket():
                await self._open_ticket(command)

    async def _enter(self, command: do.EnterQueue) -> int:
        case = self._call.case
        vip, elder, repeat = (bool(case.get(f"customer.{key}")) for key in ("vip", "elder", "contacts"))
        return await self._queue.enter(
            self._call.call_id,
            command.queue,
            command.skill,
            command.language,
            command.priority,
            command.reason,
            Caller(self._call.offered.caller, vip, elder, repeat),
            {key: value for key, value in case.items() if isinstance(value, str | int | float | bool)},
        )

    async def _leave(self, outcome: str) -> None:
        """After everything asked of the queue before, releasing the agent among it."""
        async with self._order:
            await self._queue.finish(self._handoff, outcome)

    async def _book_callback(self, reason: str) -> None:
        if not any(character.isdigit() for character in self._call.offered.caller):
            self._receive(on.CallbackRefused(self._call.seconds, "no_number"))
            return
        arguments = {"queue": self._command.queue, "order": self._order_number(), "reason": reason}
        answer = await self._desk.act(self._call.call_id, "callback", self._intent(), arguments)
        due = answer.values.get("action.due_at")
        if answer.outcome == "done" and isinstance(due, datetime):
            self._receive(on.CallbackBooked(self._call.seconds, due))
        else:
            self._receive(on.CallbackRefused(self._call.seconds, answer.outcome))

    async def _open_ticket(self, command: do.OpenTicket) -> None:
        summary = f"{command.kind}: {command.reason}"
        arguments = {"order": self._order_number(), "summary": summary}
        answer = await self._desk.act(self._call.call_id, "ticket", self._intent(), arguments)
        self._records.line(
            self._call.call_id, "note", f"ticket: {answer.outcome}", self._call.seconds, {"kind": command.kind}
        )

    def _intent(self) -> str:
        return str(self._call.case.get("intent") or "agent")

    def _order_number(self) -> str:
        return str(self._call.case.get("order.number") or "")

    # -- the agent's leg -------------------------------------------------------------------------------------------

    def _ring(self, command: do.RingAgent) -> None:
        self._attempt, self._agent = command.attempt, command.agent
        self._agent_leg = self._phone.dial(command.uri, command.headers, self._call.offered.caller)
        self._claim(self._agent_leg)
        self._records.event(self._call.call_id, "agent_ringing", {"agent": command.agent})

    def _whisper(self, command: do.Whisper) -> None:
        if self._agent_leg is None:
            return
        services = self._call.services
        self._to_agent = Mouth(
            services.phone,
            services.voice,
            self._agent_leg,
            lambda _: None,
            self._whispered,
            lambda _: self._whispered(),
        )
        self._to_agent.say(
            (Prompt("handoff.whisper", command.text, command.language, recordable=False, sensitive=True),)
        )
        self._records.line(self._call.call_id, "note", command.text, self._call.seconds, {"whisper": self._agent})

    def _whispered(self) -> None:
        self._receive(on.WhisperFinished(self._call.seconds, self._attempt))

    def _join(self) -> None:
        self._holding.silence()
        if self._agent_leg is None:
            return
        self._phone.join(self._call.leg, self._agent_leg)
        for leg, speaker in ((self._call.leg, "caller"), (self._agent_leg, "agent")):
            self._phone.listen(leg, True)
            self._stenographer.follow(leg, speaker, self._talked)
        self._spawn(self._queue.connected(self._handoff))
        self._records.event(self._call.call_id, "connected", {"agent": self._agent})

    def _talked(self, speaker: str, heard: Hypothesis) -> None:
        details = {"confidence": round(heard.confidence, 3), "step": "talk"}
        self._records.line(self._call.call_id, speaker, heard.text, self._call.seconds, details)

    def _separate(self) -> None:
        self._stenographer.stop()
        if self._agent_leg is not None:
            self._phone.separate(self._call.leg, self._agent_leg)

    def _hang_up_agent(self) -> None:
        if self._to_agent:
            self._to_agent.drop()
            self._to_agent = None
        if self._agent_leg is not None:
            self._phone.hang_up(self._agent_leg)

    def _record_voicemail(self, max_seconds: float) -> None:
        """The call's recording keeps the sound, the transcript the words; silence or the cap ends the message."""
        began = self._call.seconds

        def done(heard: Hypothesis | None) -> None:
            self._end_message = None
            text, seconds = heard.text if heard else "", self._call.seconds
            self._records.line(self._call.call_id, "caller", text, seconds, {"step": "voicemail"})
            self._receive(on.MessageRecorded(seconds, seconds - began))

        def end() -> None:
            """`#`: the words of a message cut short are in the recording, not in the transcript."""
            self._stenographer.stop()
            done(None)

        self._end_message = end
        self._holding.beep()
        self._phone.listen(self._call.leg, True)
        self._stenographer.take_message(self._call.leg, max_seconds, done)

    def _said(self, prompt: Prompt) -> None:
        details = {"prompt": prompt.id, "step": "handoff"}
        self._records.line(self._call.call_id, "robot", prompt.text, self._call.seconds, details)

    def _quiet(self, number: int) -> None:
        self._receive(on.SayFinished(self._call.seconds, number))

    def _silence(self) -> None:
        self._holding.silence()
        self._stenographer.stop()
        if self._to_agent:
            self._to_agent.drop()

    def _time(self, command: StartTimer | StopTimer) -> None:
        if timer := self._timers.pop(command.name, None):
            timer.cancel()
        if isinstance(command, StartTimer):
            loop = asyncio.get_running_loop()
            self._timers[command.name] = loop.call_later(command.seconds, self._timer_fired, command.name)

    def _timer_fired(self, name: str) -> None:
        self._timers.pop(name, None)
        self._receive(TimerFired(name, self._call.seconds))

    def _finish(self, command: do.Finish) -> None:
        self._finished, self._outcome = True, command.outcome
        self._silence()
        for timer in self._timers.values():
            timer.cancel()
        if self._agent_leg is not None:
            self._phone.hang_up(self._agent_leg)
        self._spawn(self._leave(command.outcome))
        if command.transferred:
            self._phone.hang_up(self._call.leg)
        elif not self._call.over:
            self._on_ended(HandoffEnded(self._command.turn, self._call.seconds, command.outcome, command.step))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _logged(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            log.exception("transfer.work_failed", call_id=self._call.call_id)
