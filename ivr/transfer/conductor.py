"""One handoff of one call: what happens goes to the machine, what it commands goes to whom it concerns.

The machine (`ivr/handoff/machine.py`) decides; this does. Every answer of the world goes back to it as an event. A command
that breaks becomes `StepFailed`, so that the machine can offer the caller something else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import assert_never

import structlog

from ivr.commands import HandOff, Prompt, StartTimer, StopTimer
from ivr.config import Settings
from ivr.events import CallerHungUp, HandoffEnded, Hypothesis, TimerFired
from ivr.handoff import commands as do
from ivr.handoff import events as on
from ivr.handoff.machine import HandoffMachine
from ivr.handoff.state import WAITING_STATES, State
from ivr.holding import Holding
from ivr.legs import AudioHeard, DigitHeard, LegEnded, LegEvent, PlaybackFinished
from ivr.ports import AgentCommand, AgentQueue
from ivr.stenographer import Stenographer
from ivr.timers import Timers
from ivr.transfer import hearsay
from ivr.transfer.agent_leg import AgentLeg
from ivr.transfer.bridge import Bridge
from ivr.transfer.errands import Errands
from ivr.transfer.handed_call import HandedCall
from ivr.transfer.place import QueuePlace
from ivr.transfer.promises import Promises
from ivr.transfer.referral import Referral
from ivr.transfer.request import requested, terms_of
from ivr.transfer.voicemail import Voicemail
from ivr.transfer.wish_ear import WishEar

log = structlog.get_logger()
# What must not happen while the robot still speaks to the caller.
_PUTTING_THROUGH = (do.Join, do.TransferAttended, do.TransferBlind)
# SIP's word for whoever is not there (RFC 3261 §21.4.18): to the machine a line that broke, not a talk that is over.
_NEVER_JOINED = 480


class Transfer:
    """`services.HandoffRun`: one handoff of one call; without `on_ended` it neither speaks nor puts through until `go_on`."""

    def __init__(
        self,
        call: HandedCall,
        command: HandOff,
        settings: Settings,
        queue: AgentQueue,
        claim: Callable[[int, Transfer], None],
        on_ended: Callable[[HandoffEnded], None] | None = None,
    ) -> None:
        self._call, self._command, self._on_ended = call, command, on_ended
        self._held_back: list[do.HandoffCommand | HandoffEnded] = []
        self._phone, self._records = call.services.phone, call.services.records
        services = call.services
        self._machine = HandoffMachine(terms_of(settings))
        self._holding = Holding(
            services.phone, services.voice, services.tones, call.leg, self._said, self._quiet, on_ended is None
        )
        self._stenographer = Stenographer(services.listener, services.detector, call.language)
        self._agent = AgentLeg(call, lambda leg: claim(leg, self), self._whispered)
        self._bridge = Bridge(call, self._stenographer)
        self._referral = Referral(call, self._agent)
        place, promises = QueuePlace(call, queue, self._receive), Promises(call, command.queue, self._receive)
        self._errands = Errands(place, promises, self._failed)
        self._wishes = WishEar(call, self._wished)
        self._voicemail = Voicemail(call, self._holding, self._stenographer, self._message_kept)
        self._timers = Timers(lambda name: self._receive(TimerFired(name, call.seconds)))
        self.finished, self._outcome = False, ""
        self._receive(requested(call, command, settings, announced=on_ended is None))

    # -- what happens ----------------------------------------------------------------------------------------------

    def on_leg(self, event: LegEvent) -> None:
        """Something happened on the caller's or the agent's leg; legs of earlier attempts no longer count."""
        seconds = self._call.seconds
        if isinstance(event, AudioHeard):
            self._stenographer.hear(event.leg, event.pcm, seconds)
            if event.leg == self._call.leg:
                self._wishes.hear(event.pcm, seconds)
        elif event.leg == self._agent.number:
            self._on_agent_leg(event, hearsay.of_agent_leg(event, seconds, self._agent.attempt, self._agent.agent))
        elif event.leg == self._call.leg:
            self._on_caller_leg(event, hearsay.of_caller_leg(event, seconds))

    def _on_agent_leg(self, event: LegEvent, said: on.HandoffEvent | None) -> None:
        if isinstance(event, PlaybackFinished):
            self._agent.playback_finished(event.playback)
        elif isinstance(event, LegEnded):
            self._agent.ended()
            if self._on_ended is None and self._machine.state is State.TALKING:
                # Accepted, and gone before the robot had said that it puts through: the two never heard each other.
                said = on.AgentLegEnded(self._call.seconds, self._agent.attempt, _NEVER_JOINED)
        if said:
            self._receive(said)

    def _on_caller_leg(self, event: LegEvent, said: on.HandoffEvent | None) -> None:
        if isinstance(event, PlaybackFinished):
            self._holding.playback_finished(event.playback)
        elif isinstance(event, DigitHeard) and event.key == "#" and self._voicemail.running:
            self._voicemail.end()
        elif said:
            self._receive(said)

    def _wished(self, wish: on.Wish, heard: Hypothesis) -> None:
        """The caller said what they would rather."""
        details = {"confidence": round(heard.confidence, 3), "step": "waiting", "wish": wish}
        self._records.line(self._call.call_id, "caller", heard.text, self._call.seconds, details)
        self._receive(on.CallerSaid(self._call.seconds, wish))

    def on_agent_command(self, command: AgentCommand) -> None:
        """The agent did something in the browser."""
        seconds, agent = self._call.seconds, command.agent
        if said := hearsay.of_desk(command, seconds):
            self._receive(said)
        elif command.command == "note":
            text = command.arguments.get("text", "")
            self._records.line(self._call.call_id, "note", text, seconds, {"agent": agent})
        elif command.command == "hang_up" and self._agent.number is not None and agent == self._agent.agent:
            self._phone.hang_up(self._agent.number)
        else:
            log.warning("transfer.command_ignored", command=command.command, call_id=self._call.call_id)

    def close(self) -> str:
        """The caller is gone; returns the outcome."""
        if not self.finished:
            self._receive(CallerHungUp(self._call.seconds))
        self._silence()
        return self._outcome

    def go_on(self, on_ended: Callable[[HandoffEnded], None]) -> None:
        """The robot has said what it had to say before: from now on the caller is ours."""
        self._on_ended = on_ended
        self._holding.begin()
        self._listen_for_wishes()
        waiting, self._held_back = self._held_back, []
        for each in waiting:
            if isinstance(each, HandoffEnded):
                # Not before the call knows that this was its handoff.
                asyncio.get_running_loop().call_soon(on_ended, each)
            else:
                self._carry_out(each)

    def _whispered(self, attempt: int) -> None:
        self._receive(on.WhisperFinished(self._call.seconds, attempt))

    def _message_kept(self, duration_seconds: float) -> None:
        self._receive(on.MessageRecorded(self._call.seconds, duration_seconds))

    def _said(self, prompt: Prompt) -> None:
        details = {"prompt": prompt.id, "step": "handoff"}
        self._records.line(self._call.call_id, "robot", prompt.text, self._call.seconds, details)

    def _quiet(self, number: int) -> None:
        self._receive(on.SayFinished(self._call.seconds, number))

    # -- what to do ------------------------------------------------------------------------------------------------

    def _receive(self, event: on.HandoffEvent) -> None:
        try:
            commands = self._machine.receive(event)
        except Exception:
            log.exception("transfer.machine_failed", call_id=self._call.call_id, received=type(event).__name__)
            return
        self._listen_for_wishes()
        if commands and isinstance(event, on.CallerKeyed | on.CallerSaid):
            # What was being said need not be heard to its end.
            self._holding.hush()
        for command in commands:
            if self._on_ended is None and isinstance(command, _PUTTING_THROUGH):
                self._held_back.append(command)
            else:
                self._carry_out(command)

    def _listen_for_wishes(self) -> None:
        """While the caller waits or is asked; not while the robot still speaks, and never in a talk or a message."""
        if self._on_ended is not None and self._machine.state in WAITING_STATES:
            self._wishes.open()
        else:
            self._wishes.close()

    def _carry_out(self, command: do.HandoffCommand) -> None:
        try:
            self._do(command)
        except Exception:
            self._failed(command)

    def _failed(self, command: do.HandoffCommand) -> None:
        log.exception("transfer.command_failed", call_id=self._call.call_id, command=type(command).__name__)
        self._receive(on.StepFailed(self._call.seconds, type(command).__name__))

    def _do(self, command: do.HandoffCommand) -> None:
        match command:
            case do.Say():
                self._holding.say(command.number, self._call.dialogue.phrase(command.prompt, command.values))
            case do.PlayMusic():
                self._holding.play(command.kind)
            case do.StopMusic():
                self._holding.stop_music()
            case do.EnterQueue() | do.ReserveAgent() | do.ReleaseAgent() | do.NoteConnected() | do.NoteHeld():
                self._errands.run(command)
            case do.BookCallback() | do.OpenTicket():
                self._errands.run(command)
            case do.RecordVoicemail():
                self._voicemail.take(command.max_seconds)
            case StartTimer():
                self._timers.start(command.name, command.seconds)
            case StopTimer():
                self._timers.stop(command.name)
            case do.Finish():
                self._finish(command)
            case _:
                self._do_between(command)

    def _do_between(
        self,
        command: do.RingAgent | do.Whisper | do.StopWhisper | do.Join | do.Separate | do.HangUpAgent
        | do.TransferAttended | do.TransferBlind,
    ) -> None:  # fmt: skip
        """What concerns the agent's leg, alone or with the caller's."""
        match command:
            case do.RingAgent():
                self._agent.ring(command)
            case do.Whisper():
                self._agent.whisper(command)
            case do.StopWhisper():
                self._agent.hush()
            case do.Join():
                self._join(command)
            case do.Separate():
                self._bridge.separate()
            case do.HangUpAgent():
                self._agent.hang_up()
            case do.TransferAttended(attempt=attempt) if attempt == self._agent.attempt:
                self._referral.attended()
            case do.TransferBlind():
                self._referral.blind(command.agent, command.uri, command.headers)
            case do.TransferAttended():
                log.info("transfer.stale_referral", call_id=self._call.call_id, attempt=command.attempt)
            case _:
                assert_never(command)

    def _join(self, command: do.Join) -> None:
        """One that was held back may be about an agent who is gone by now: the caller goes on waiting, with music."""
        if self._agent.number is not None and command.attempt == self._agent.attempt:
            self._holding.silence()
            self._bridge.join(self._agent.number, self._agent.agent)

    def _finish(self, command: do.Finish) -> None:
        self.finished, self._outcome = True, command.outcome
        self._silence()
        self._timers.stop_all()
        self._errands.leave(command.outcome)
        if command.transferred:
            self._referral.release()
            return
        self._agent.hang_up()
        ended = HandoffEnded(self._command.turn, self._call.seconds, command.outcome, command.step)
        if self._on_ended is None:
            self._held_back.append(ended)
        elif not self._call.over:
            self._on_ended(ended)

    def _silence(self) -> None:
        self._holding.silence()
        self._stenographer.stop()
        self._voicemail.stop()
        self._wishes.close()
        self._agent.hush()
