"""One call: events in → machines → commands carried out.

The phone's events come in on the loop of the worker; the ear turns sound into words, turn-taking decides whose turn it is, the
dialogue decides what to do, and this conductor does it. An exception anywhere becomes a log entry, an apology and a human.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, assert_never

import structlog

from ivr import turn_taking as turns
from ivr.commands import (
    Act,
    Command,
    Grammar,
    HandOff,
    HangUp,
    Listen,
    LookUp,
    Note,
    Play,
    Prompt,
    RecordMessage,
    StartTimer,
    StopTimer,
    SwitchLanguage,
)
from ivr.ear import Ear
from ivr.endpointing import Completeness
from ivr.errors import SpeechUnavailable
from ivr.events import (
    ActionFinished,
    CallerHungUp,
    CallStarted,
    ComponentFailed,
    Event,
    HandoffEnded,
    Hypothesis,
    KeysPressed,
    LookupFinished,
    MaxSpeech,
    MessageRecorded,
    NoInput,
    SpeechLost,
    SpeechRestored,
    TimerFired,
    UtteranceHeard,
)
from ivr.legs import AudioHeard, CallOffered, DigitHeard, LegAnswered, LegEnded, LegEvent, MediaLost, PlaybackFinished
from ivr.mouth import Mouth
from ivr.ports import Answer, Listener, OrderDesk, Phone, Records, SpeechDetector, Voice
from ivr.values import Language, Values, plain

log = structlog.get_logger()


class Conversation(Protocol):
    """The dialogue as a call needs it: `ivr.dialogue.machine.Dialogue`, or a fake in a test."""

    version: str

    def receive(self, event: Event) -> tuple[Command, ...]:
        """What to do about an event."""

    def completeness(self, partial: str) -> Completeness:
        """Whether the words so far are complete, incomplete, or in the middle of a number."""

    def phrase(self, prompt_id: str, values: Values | None = None) -> Prompt:
        """One of the product's own prompts in the language of the call, its variables filled in."""


class HandoffRun(Protocol):
    """A handoff under way (`ivr.transfer.Transfer`)."""

    def on_leg(self, event: LegEvent) -> None:
        """Something happened on the caller's or the agent's leg."""

    def close(self) -> str:
        """The caller is gone: free agent and place in the queue; returns the outcome, as in HandoffEnded."""


@dataclass(frozen=True, slots=True)
class Services:
    """What calls of one worker share."""

    phone: Phone
    listener: Listener
    voice: Voice
    desk: OrderDesk
    records: Records
    detector: Callable[[], SpeechDetector]
    start_handoff: Callable[[Call, HandOff, Callable[[HandoffEnded], None]], HandoffRun]
    recordings: Path | None = None


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
        self.case: dict[str, object] = {"caller": offered.caller}
        self.disposition = ""
        self.handoff: HandoffRun | None = None
        self.over = False
        self._began_at = time.monotonic()
        self._turns = turns.TurnTaking()
        self.mouth = Mouth(
            services.phone, services.voice, self.leg, self._prompt_started, self._prompts_ended, self._voice_failed
        )
        self._ear = Ear(
            services.listener, services.detector(), dialogue.completeness, self._happened, self._speech_lost
        )
        self._clock: asyncio.TimerHandle | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._after_prompts: list[Callable[[], None]] = []
        self._step, self._sensitive = "", False
        self._speech_lost_told = False
        self._broken = False
        self._speech_ended_at: float | None = None
        self._recording: Path | None = None
        self._message: tuple[RecordMessage, float] | None = None

    @property
    def seconds(self) -> float:
        """Call time."""
        return time.monotonic() - self._began_at

    # -- the phone's side ------------------------------------------------------------------------------------------

    def on_leg(self, event: LegEvent) -> None:
        """Something happened on a leg of this call."""
        if self.over:
            return
        if event.leg != self.leg or (self.handoff and not isinstance(event, LegEnded | PlaybackFinished)):
            if self.handoff:
                self.handoff.on_leg(event)
            return
        match event:
            case AudioHeard():
                self._ear.hear(event.pcm, self.seconds)
                self._notice_speech()
            case DigitHeard():
                self._happened(turns.KeyHeard(event.key))
            case PlaybackFinished():
                self.mouth.playback_finished(event.playback)
                if self.handoff:
                    self.handoff.on_leg(event)
            case LegAnswered():
                self._begin()
            case MediaLost():
                log.warning("call.media_lost", call_id=self.call_id, seconds=event.silent_seconds)
                self.disposition = self.disposition or "media_lost"
                self.services.phone.hang_up(self.leg)
            case LegEnded():
                self._end()
            case _:
                pass

    def _begin(self) -> None:
        self._began_at = time.monotonic()
        offered, services = self.offered, self.services
        services.records.started(self.call_id, offered.caller, offered.called, self.language, self.dialogue.version)
        if services.recordings is not None:
            self._recording = services.recordings / f"{self.call_id}.wav"
            services.phone.record(self.leg, self._recording)
        services.phone.listen(self.leg, True)
        self.tell(CallStarted(0.0, self.call_id, offered.caller, offered.called, self.language))

    def _end(self) -> None:
        self.over = True
        self._stop_everything()
        if self.handoff:
            self.disposition = _HANDOFF_DISPOSITIONS.get(self.handoff.close(), "handoff_abandoned")
        try:
            for command in self.dialogue.receive(CallerHungUp(self.seconds)):
                if isinstance(command, Note):
                    self._note(command)
        except Exception:
            log.exception("call.dialogue_failed", call_id=self.call_id)
        self.disposition = self.disposition or "caller_hung_up"
        details: dict[str, object] = {"recording": self._recording.name} if self._recording else {}
        if "satisfaction" in self.case:
            details["satisfaction"] = self.case["satisfaction"]
        self.services.records.ended(self.call_id, self.disposition, self.seconds, details)
        facts = {key: value for key, value in self.case.items() if isinstance(value, str | int)}
        contact = self.services.desk.contact(self.call_id, self.disposition, facts)
        self._spawn(self._remember(contact))
        self._on_over(self)

    async def _remember(self, contact: Coroutine[Any, Any, None]) -> None:
        try:
            await contact
        except Exception:
            log.exception("call.contact_not_kept", call_id=self.call_id)

    def _stop_everything(self) -> None:
        self.mouth.drop()
        self._ear.close()
        self._stop_clock()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._after_prompts.clear()

    # -- the dialogue's side ---------------------------------------------------------------------------------------

    def tell(self, event: Event) -> None:
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
            log.exception("call.command_failed", call_id=self.call_id)
            turn = next((command.turn for command in commands if isinstance(command, Play | Listen | HandOff)), 0)
            self._fail(turn, str(fault))

    def _carry_out(self, commands: tuple[Command, ...]) -> None:
        prompts: tuple[Prompt, ...] = ()
        barge_in, listen, turn = True, None, None
        for command in commands:
            match command:
                case Play():
                    prompts, barge_in, turn = prompts + command.prompts, barge_in and command.barge_in, command.turn
                case Listen():
                    listen, turn = command, command.turn
                case LookUp() | Act():
                    self._spawn(self._ask_desk(command))
                case HandOff():
                    self._after_prompts.append(lambda command=command: self._hand_off(command))  # type: ignore[misc]
                case RecordMessage():
                    self._after_prompts.append(lambda command=command: self._record_message(command))  # type: ignore[misc]
                case StartTimer():
                    self._start_timer(command)
                case StopTimer():
                    if timer := self._timers.pop(command.name, None):
                        timer.cancel()
                case SwitchLanguage():
                    self.language = command.language
                case Note():
                    self._note(command)
                case HangUp():
                    self.disposition = command.disposition
                    self._after_prompts.append(lambda: self.services.phone.hang_up(self.leg))
                case _:
                    assert_never(command)
        if turn is not None:
            self._take_turn(turn, prompts, barge_in, listen)
        if not self.mouth.busy:
            self._run_after_prompts()

    def _take_turn(self, turn: int, prompts: tuple[Prompt, ...], barge_in: bool, listen: Listen | None) -> None:
        self._step = listen.step if listen else self._step
        self._sensitive = listen.sensitive if listen else False
        self.mouth.drop()
        self._do(self._turns.begin(turn, bool(prompts), barge_in, listen, self.seconds))
        if self._turns.state is turns.State.SPEAKING:
            self.mouth.say(prompts)

    def _run_after_prompts(self) -> None:
        waiting, self._after_prompts = self._after_prompts, []
        for action in waiting:
            action()

    async def _ask_desk(self, command: LookUp | Act) -> None:
        try:
            answer = await self._desk_answer(command)
        except Exception as fault:
            log.exception("call.order_desk_failed", call_id=self.call_id)
            self._fail(command.turn, f"order desk: {fault}")
            return
        self._keep_in_case(answer.values)
        finished = LookupFinished if isinstance(command, LookUp) else ActionFinished
        if isinstance(command, Act):
            details = {"action": command.action, "outcome": answer.outcome, "values": plain(answer.values)}
            self.services.records.line(
                self.call_id, "note", f"{command.action}: {answer.outcome}", self.seconds, details
            )
        self._when_quiet(lambda: self.tell(finished(command.turn, self.seconds, answer.outcome, answer.values)))

    async def _desk_answer(self, command: LookUp | Act) -> Answer:
        desk = self.services.desk
        if isinstance(command, LookUp):
            return await desk.look_up(self.call_id, command.what, command.arguments)
        return await desk.act(self.call_id, command.action, command.intent, command.arguments)

    def _when_quiet(self, action: Callable[[], None]) -> None:
        """An answer waits for the prompt that announced it ("let me look") to end."""
        if self.mouth.busy:
            self._after_prompts.append(action)
        elif not self.over:
            action()

    def _keep_in_case(self, values: object) -> None:
        known = plain(values)
        if isinstance(known, dict) and known:
            self.case.update({key: value for key, value in known.items() if value is not None})
            self.services.records.case(self.call_id, dict(self.case))

    def _hand_off(self, command: HandOff) -> None:
        self._ear.close()
        self._stop_clock()
        self.case["handoff.reason"] = command.reason
        self.services.records.case(self.call_id, dict(self.case))
        self.handoff = self.services.start_handoff(self, command, self._handoff_ended)

    def _handoff_ended(self, event: HandoffEnded) -> None:
        self.handoff = None
        self.services.phone.listen(self.leg, True)
        self.services.records.line(self.call_id, "note", f"handoff: {event.outcome}", self.seconds, {})
        self.disposition = _HANDOFF_DISPOSITIONS.get(event.outcome, f"handoff_{event.outcome}")
        self.tell(event)

    def _record_message(self, command: RecordMessage) -> None:
        """A message is the recording of the call from here to the caller's silence, marked by its place in call time."""
        self._message = (command, self.seconds)
        listening = Listen(
            command.turn, self._step, self.language, _OPEN, no_input_seconds=5.0, max_speech_seconds=command.max_seconds
        )
        self._take_turn(command.turn, (), True, listening)

    def _start_timer(self, command: StartTimer) -> None:
        if timer := self._timers.pop(command.name, None):
            timer.cancel()
        loop = asyncio.get_running_loop()
        self._timers[command.name] = loop.call_later(command.seconds, self._timer_fired, command.name)

    def _timer_fired(self, name: str) -> None:
        self._timers.pop(name, None)
        self.tell(TimerFired(name, self.seconds))

    # -- turns -----------------------------------------------------------------------------------------------------

    def _happened(self, happening: turns.Happening) -> None:
        if self.over or (self.handoff and not isinstance(happening, turns.PromptsEnded)):
            return
        if isinstance(happening, turns.SpeechStopped):
            self._speech_ended_at = self._ear.speech_ended_seconds
        self._do(self._turns.receive(happening, self.seconds))

    def _do(self, steps: turns.Steps) -> None:
        for step in steps:
            match step:
                case turns.OpenEar():
                    self._ear.open(step.listen)
                case turns.CloseEar():
                    self._ear.close()
                case turns.PausePrompts():
                    self.mouth.pause()
                case turns.ResumePrompts():
                    self.mouth.resume()
                case turns.DropPrompts():
                    self.mouth.drop()
                case turns.StartClock():
                    self._stop_clock()
                    loop = asyncio.get_running_loop()
                    self._clock = loop.call_later(step.seconds, self._happened, turns.ClockRanOut())
                case turns.StopClock():
                    self._stop_clock()
                case turns.Deliver():
                    self._deliver(step.event)
                case _:
                    assert_never(step)

    def _stop_clock(self) -> None:
        if self._clock:
            self._clock.cancel()
            self._clock = None

    def _deliver(self, event: Event) -> None:
        if self._message:
            command, began = self._message
            self._message = None
            self.tell(MessageRecorded(command.turn, self.seconds, max(0.0, self.seconds - began)))
            return
        match event:
            case UtteranceHeard() | MaxSpeech():
                self._caller_line(_best(event.hypotheses), {"hypotheses": _listed(event.hypotheses)})
            case KeysPressed():
                self._caller_line(f"[{event.keys}]", {"keys": event.keys})
            case NoInput():
                self.services.records.event(self.call_id, "no_input", {"step": self._step})
        self.tell(event)

    def _caller_line(self, text: str, details: dict[str, object]) -> None:
        details |= {"step": self._step, "sensitive": self._sensitive}
        self.services.records.line(self.call_id, "caller", text, self.seconds, details)

    def _prompt_started(self, prompt: Prompt) -> None:
        details: dict[str, object] = {"prompt": prompt.id, "step": self._step, "sensitive": prompt.sensitive}
        if self._speech_ended_at is not None:
            details["reply_gap_ms"] = round((self.seconds - self._speech_ended_at) * 1000)
            self._speech_ended_at = None
        self.services.records.line(self.call_id, "robot", prompt.text, self.seconds, details)

    def _prompts_ended(self) -> None:
        self._happened(turns.PromptsEnded())
        if not self.mouth.busy:
            self._run_after_prompts()

    def _note(self, note: Note) -> None:
        if note.kind == "disposition":
            self.disposition = str(note.values.get("disposition", self.disposition))
        values = plain(note.values)
        if isinstance(values, dict):
            self.case.update({key: value for key, value in values.items() if value not in (None, "")})
            self.services.records.event(self.call_id, note.kind, {"step": note.step, **values})

    # -- when something breaks -------------------------------------------------------------------------------------

    def _notice_speech(self) -> None:
        """Tell the dialogue when the recogniser that was lost is back."""
        if self._speech_lost_told and self.services.listener.available:
            self._speech_lost_told = False
            self.tell(SpeechRestored(self.seconds))

    def _speech_lost(self, fault: SpeechUnavailable) -> None:
        log.warning("call.speech_lost", call_id=self.call_id, fault=str(fault))
        if not self._speech_lost_told:
            self._speech_lost_told = True
            self.tell(SpeechLost(self.seconds))
        if self._turns.state is turns.State.DECIDING:
            self._happened(turns.Recognised(()))

    def _voice_failed(self, fault: Exception) -> None:
        """A prompt that can't be spoken is left out; the dialogue goes on as if it had been said, and the log knows."""
        log.error("call.prompt_not_spoken", call_id=self.call_id, fault=str(fault))
        self._prompts_ended()

    def _fail(self, turn: int, what: str) -> None:
        if not self.over:
            self.tell(ComponentFailed(turn, self.seconds, what))

    def _apologise(self) -> None:
        """The dialogue itself broke: say sorry and bring in a human; if that breaks too, hang up rather than be silent."""
        if self._broken:
            self.disposition = "failed"
            self.services.phone.hang_up(self.leg)
            return
        self._broken = True
        self._stop_everything()
        self._do(self._turns.stop())
        self._after_prompts.append(lambda: self._hand_off(HandOff(0, "general", "fault", priority=3)))
        self.mouth.say((self.dialogue.phrase("apology"),))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


_HANDOFF_DISPOSITIONS = {"completed": "handled_by_agent", "callback": "callback_booked", "voicemail": "message_left"}


def _best(hypotheses: tuple[Hypothesis, ...]) -> str:
    return hypotheses[0].text if hypotheses else ""


def _listed(hypotheses: tuple[Hypothesis, ...]) -> list[dict[str, object]]:
    return [{"text": each.text, "confidence": round(each.confidence, 3)} for each in hypotheses]


_OPEN = Grammar("open")
