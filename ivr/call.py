"""One call: events in → machines → commands carried out.

The phone's events come in on the loop of the worker; the floor turns sound into words and words into sound, the dialogue
decides what to do, and this conductor does it. An exception anywhere becomes a log entry, an apology and a human.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import assert_never

import structlog

from ivr import commands as do
from ivr import errand
from ivr import events as on
from ivr.call_record import CallRecord
from ivr.commands import Command, Prompt
from ivr.errors import SpeechUnavailable
from ivr.floor import Floor
from ivr.legs import AudioHeard, CallOffered, DigitHeard, LegAnswered, LegEnded, LegEvent, MediaLost, PlaybackFinished
from ivr.message import Message
from ivr.ports import Answer
from ivr.services import Conversation, HandoffRun, Services
from ivr.tasks import Tasks
from ivr.timers import Timers
from ivr.values import Language

log = structlog.get_logger()


class Call:
    """One caller's call, from the INVITE to the last record."""

    def __init__(
        self,
        offered: CallOffered,
        call_id: str,
        language: Language,
        dialogue: Conversation,
        services: Services,
        on_over: Callable[[Call], None],
    ) -> None:
        self.offered, self.call_id, self.language = offered, call_id, language
        self.dialogue, self.services, self._on_over = dialogue, services, on_over
        self.leg = offered.leg
        self.record = CallRecord(services.records, call_id, offered.caller)
        self.handoff: HandoffRun | None = None
        self.over = False
        self._began_at = time.monotonic()
        self._floor = Floor(
            services, self.leg, dialogue.completeness, lambda: self.seconds, self._caller_did,
            lambda prompt, gap: self.record.said(prompt, self.seconds, gap), self._speech_lost, self._voice_failed,
        )  # fmt: skip
        self._timers = Timers(lambda name: self.tell(on.TimerFired(name, self.seconds)))
        self._tasks = Tasks()
        self._speech_lost_told, self._broken = False, False
        self._recording: Path | None = None
        self._message: Message | None = None

    @property
    def seconds(self) -> float:
        """Call time."""
        return time.monotonic() - self._began_at

    @property
    def case(self) -> dict[str, object]:
        """What is known so far, as a human would be given it."""
        return self.record.case

    @property
    def disposition(self) -> str:
        """How the call ended, or will as things stand."""
        return self.record.disposition

    # -- the phone's side ------------------------------------------------------------------------------------------

    def on_leg(self, event: LegEvent) -> None:
        """Something happened on a leg of this call."""
        if self.over:
            return
        if event.leg != self.leg:
            if self.handoff:  # the agent's leg; without a handoff, one that was hung up and says so late
                self.handoff.on_leg(event)
            return
        if self.handoff and not isinstance(event, LegEnded | PlaybackFinished):
            self.handoff.on_leg(event)  # what the caller says and presses is the handoff's while it lasts
            return
        match event:
            case AudioHeard():
                self._floor.hear(event.pcm)
                self._notice_speech()
            case DigitHeard():
                self._floor.key(event.key)
            case PlaybackFinished():
                self._floor.playback_finished(event.playback)
                if self.handoff:  # it plays to the caller, too, and each knows its own playbacks
                    self.handoff.on_leg(event)
            case LegAnswered():
                self._begin()
            case MediaLost():
                log.warning("call.media_lost", call_id=self.call_id, seconds=event.silent_seconds)
                self._hang_up(self.disposition or "media_lost")
            case LegEnded():
                self._end()

    def _begin(self) -> None:
        self._began_at = time.monotonic()
        offered, services = self.offered, self.services
        services.records.started(self.call_id, offered.caller, offered.called, self.language, self.dialogue.version)
        if recording := services.recording_of(self.call_id):
            self._recording = recording
            services.phone.record(self.leg, recording)
        services.phone.listen(self.leg, True)
        self.tell(on.CallStarted(0.0, self.call_id, offered.caller, offered.called, self.language))

    def _hang_up(self, disposition: str) -> None:
        self.record.disposition = disposition
        self.services.phone.hang_up(self.leg)

    def _end(self) -> None:
        self.over = True
        self._floor.stop()
        self._timers.stop_all()
        if self.handoff:
            self.record.handoff_broken_off(self.handoff.close())
        try:
            for command in self.dialogue.receive(on.CallerHungUp(self.seconds)):
                if isinstance(command, do.Note):
                    self.record.noted(command)
        except Exception:
            log.exception("call.dialogue_failed", call_id=self.call_id)
        self.record.ended(self.seconds, self._recording.name if self._recording else None)
        self._tasks.spawn(errand.remember(self.services.desk, self.call_id, self.disposition, self.record.facts()))
        self._on_over(self)

    # -- the dialogue's side ---------------------------------------------------------------------------------------

    def tell(self, event: on.Event) -> None:
        """Give the dialogue an event and carry out what it answers."""
        if self.over:
            return
        try:
            commands = self.dialogue.receive(event)
        except Exception:
            log.exception("call.dialogue_failed", call_id=self.call_id, received=type(event).__name__)
            self._apologise()
            return
        try:
            self._carry_out(commands)
        except Exception as fault:
            turns = (command.turn for command in commands if isinstance(command, do.Play | do.Listen | do.HandOff))
            self._broke(next(turns, 0), fault)

    def _carry_out(self, commands: tuple[Command, ...]) -> None:
        """Prompts and question of one answer are one turn, which the floor takes as a whole; all else is done as it comes."""
        prompts: tuple[Prompt, ...] = ()
        barge_in, listen, turn = True, None, None
        for command in commands:
            match command:
                case do.Play():
                    prompts, barge_in, turn = prompts + command.prompts, barge_in and command.barge_in, command.turn
                case do.Listen():
                    listen, turn = command, command.turn
                case _:
                    self._do(command)
        if turn is not None:
            self.record.listening(listen)
            self._floor.take(turn, prompts, barge_in, listen)
        self._floor.settle()

    def _do(self, command: Command) -> None:
        match command:
            case do.LookUp() | do.Act():
                self._tasks.spawn(self._ask_desk(command))
            case do.HandOff():
                self._floor.afterwards(self._guarded(command.turn, lambda: self._hand_off(command)))
            case do.RecordMessage():
                self._floor.afterwards(self._guarded(command.turn, lambda: self._record_message(command)))
            case do.HangUp():
                self.record.ends(command.disposition)
                self._floor.afterwards(lambda: self.services.phone.hang_up(self.leg))
            case do.StartTimer():
                self._timers.start(command.name, command.seconds)
            case do.StopTimer():
                self._timers.stop(command.name)
            case do.SwitchLanguage():
                self.language = command.language
                self.record.speaks(command.language)
            case do.Note():
                self.record.noted(command)
            case do.Play() | do.Listen():
                raise AssertionError("a turn is taken as a whole")
            case _:
                assert_never(command)

    async def _ask_desk(self, command: do.LookUp | do.Act) -> None:
        try:
            answer = await errand.run(command, self.call_id, self.services, self._say_we_are_at_it)
        except Exception as fault:
            log.exception("call.order_desk_failed", call_id=self.call_id)
            self._fail(command.turn, f"order desk: {fault}")
            answer = Answer("failed")
        else:
            self.record.answered(command, answer, self.seconds)
            # An answer waits for the prompt that announced it ("let me look") to end.
            self._floor.afterwards(lambda: self.tell(errand.finished(command, answer, self.seconds)))
            self._floor.settle()
        if self.over and isinstance(command, do.Act):
            await errand.tell_later(command, answer, self.call_id, self.offered.caller, self.case, self.services.desk)

    def _say_we_are_at_it(self) -> bool:
        if self.over or self.handoff:
            return False
        self._floor.aside(self.dialogue.phrase("filler"))
        return True

    def _hand_off(self, command: do.HandOff) -> None:
        self._floor.leave()
        self.record.case["handoff.reason"] = command.reason
        self.record.keep_case()
        self.handoff = self.services.start_handoff(self, command, self._handoff_ended)

    def _handoff_ended(self, event: on.HandoffEnded) -> None:
        self.handoff = None
        self.services.phone.listen(self.leg, True)
        self.record.note(f"handoff: {event.outcome}", self.seconds)
        self.record.handoff_ended(event.outcome, event.step is not None)
        self.tell(event)

    def _record_message(self, command: do.RecordMessage) -> None:
        self._message = Message(command, self.seconds)
        listening = self._message.listening(self.record.step, self.language)
        self.record.listening(listening)
        self._floor.take(command.turn, (), True, listening)
        self.services.tones.play(self.services.phone, self.leg, "beep")

    # -- the floor's side ------------------------------------------------------------------------------------------

    def _caller_did(self, event: on.Event) -> None:
        """The caller's part of a turn ended: words, keys or silence."""
        if self.over:
            return
        if message := self._message:
            self._message = None
            self.tell(message.ended(event, self.seconds))
            return
        self.record.heard(event, self.seconds)
        self.tell(event)

    # -- when something breaks -------------------------------------------------------------------------------------

    def _notice_speech(self) -> None:
        """Tell the dialogue when the recogniser that was lost is back."""
        if self._speech_lost_told and self.services.listener.available:
            self._speech_lost_told = False
            self.tell(on.SpeechRestored(self.seconds))

    def _speech_lost(self, fault: SpeechUnavailable) -> None:
        log.warning("call.speech_lost", call_id=self.call_id, fault=str(fault))
        if not self._speech_lost_told:
            self._speech_lost_told = True
            self.tell(on.SpeechLost(self.seconds))

    def _voice_failed(self, fault: Exception) -> None:
        log.error("call.prompt_not_spoken", call_id=self.call_id, fault=str(fault))

    def _guarded(self, turn: int, action: Callable[[], None]) -> Callable[[], None]:
        def act() -> None:
            try:
                action()
            except Exception as fault:
                self._broke(turn, fault)

        return act

    def _broke(self, turn: int, fault: Exception) -> None:
        log.exception("call.command_failed", call_id=self.call_id)
        if self._broken:
            self._hang_up("failed")
        else:
            self._fail(turn, str(fault))

    def _fail(self, turn: int, what: str) -> None:
        if not self.over:
            self.tell(on.ComponentFailed(turn, self.seconds, what))

    def _apologise(self) -> None:
        """The dialogue itself broke: say sorry and bring in a human; if that breaks too, hang up rather than be silent."""
        if self._broken:
            self._hang_up("failed")
            return
        self._broken = True
        self._timers.stop_all()
        handing = do.HandOff(0, "general", "fault", priority=3)
        self._floor.apologise(self.dialogue.phrase("apology"), self._guarded(0, lambda: self._hand_off(handing)))
