"""One party's side of a call: carries out the steps, listens all the while, and notes what it did and heard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, assert_never

import numpy as np

from ivr.caller import happenings as happened
from ivr.caller import measures, sound
from ivr.caller.activity import Span
from ivr.caller.codec import Samples
from ivr.caller.ear import Ear
from ivr.caller.leg import Leg, State
from ivr.caller.phrases import likeness, sounds
from ivr.caller.report import Check, PartyResult, Turn
from ivr.caller.rtp import Arrival, Frame
from ivr.caller.scenario import (
    HangUp,
    Hear,
    HearSound,
    HearTone,
    Hold,
    HungUpOn,
    Interrupt,
    Key,
    Listen,
    Manner,
    NotHeard,
    Play,
    Rang,
    Resume,
    Say,
    Silence,
    Step,
    Tone,
    Wait,
)
from ivr.caller.speaker import Line, Speaker
from ivr.values import Language

# How much of a phrase must be recognised for it to count as heard.
LIKENESS = 0.7
# A tone is there when this share of a second's energy lies at its frequency.
TONALITY = 0.6
SETTLE_SECONDS = 3.0


@dataclass(slots=True)
class Deed:
    """Something this party did, in seconds of the monotonic clock."""

    kind: str
    text: str
    start: float
    end: float
    over: bool = False


@dataclass(slots=True)
class Remark:
    """Something the far end said."""

    span: Span
    text: str


@dataclass(slots=True)
class Notes:
    """All that a party did, heard and checked."""

    deeds: list[Deed] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    quiet: list[tuple[float, float]] = field(default_factory=list)


class Failed(Exception):
    """A step's expectation was not met; the rest of the steps makes no sense any more."""


class Conversation:
    """Steps carried out on a leg that is up."""

    def __init__(
        self,
        who: str,
        manner: Manner,
        language: Language,
        *,
        speaker: Speaker,
        ear: Ear | None,
        began: float,
        folder: Path = Path(),
        on_event: Callable[[happened.Happening], None] = lambda event: None,
    ) -> None:
        self.who, self.manner, self.language, self.began, self.folder = who, manner, language, began, folder
        self._speaker, self._ear, self._tell = speaker, ear, on_event
        self.notes = Notes()
        self.leg: Leg | None = None
        self._phrases: list[str] = []
        self._changed = asyncio.Event()
        self._since = 0.0
        self._background: Samples | None = None
        self._listening: set[asyncio.Task[None]] = set()
        self._held_at: float | None = None

    async def hold_to(self, leg: Leg, steps: tuple[Step, ...]) -> None:
        """Carry the steps out until they end, one fails, or the far end hangs up; then hang up."""
        self.attach(leg)
        self._phrases = [phrase for step in steps if isinstance(step, Hear | NotHeard) for phrase in _phrases(step)]
        try:
            for step in steps:
                await self._carry_out(step)
        except Failed:
            pass
        finally:
            await leg.hang_up()
            await self._catch_up()

    def attach(self, leg: Leg) -> None:
        """Take over the leg's audio."""
        self.leg, stream = leg, leg.stream
        assert stream.codec
        stream.heard.pause_seconds = self.manner.pause_seconds
        stream.loss = self.manner.loss_percent / 100
        stream.on_change, leg.on_change = self._on_change, self._on_change
        if self.manner.noise:
            self._background = sound.noise(self.manner.noise.kind, self.manner.noise.snr_db)
            stream.background([frame.payload for frame in sound.frames(self._background, stream.codec)])
        self._since = time.monotonic()
        self._tell(happened.Answered(self.who, self._seconds(), stream.codec.name))

    # ── steps ─────────────────────────────────────────────────────────────────

    async def _carry_out(self, step: Step) -> None:
        match step:
            case Say() | Play() | Tone():
                await self._say(step)
            case Interrupt():
                await self._interrupt(step)
            case Key():
                await self._key(step)
            case Wait():
                await self._until(lambda: False, step.wait)
            case Hear() | Listen():
                await self._hear(step)
            case NotHeard():
                await self._not_heard(step)
            case Silence():
                await self._silence(step)
            case HearTone():
                await self._hear_tone(step)
            case HearSound():
                met = await self._until(lambda: bool(self._spans()), step.within_seconds)
                self._check(f"hears a sound within {step.within_seconds:g} s", met)
            case Hold():
                await self._hold(step)
            case Resume():
                await self._resume()
            case HangUp():
                assert self.leg
                await self.leg.hang_up()
            case HungUpOn():
                met = await self._until(lambda: self._over, step.within_seconds)
                self._check(
                    f"the far end hangs up within {step.within_seconds:g} s", met and self._leg.ended_by_far_end
                )
            case Rang():
                self._check("it rang", self._leg.moments.rang is not None)
            case _:
                assert_never(step)

    async def _say(self, step: Say | Play | Tone) -> None:
        self._alive(f"`{_label(step)}` is said")
        await self._speak("say", _label(step), self._sound(step))

    async def _interrupt(self, step: Interrupt) -> None:
        started = await self._until(lambda: self._leg.stream.heard.current is not None, step.within_seconds)
        self._check("the far end speaks, to be interrupted", started)
        current = self._leg.stream.heard.current
        if current:
            await self._until(lambda: False, max(0.0, current.start + step.after - time.monotonic()))
        line = self.line(step.interrupt)
        deed = await self._speak("interrupt", step.interrupt, self._speaker.sound(line))
        await self._until(lambda: self._stop_of(deed) is not None, SETTLE_SECONDS)
        stop = self._stop_of(deed)
        if stop is not None:
            self._tell(happened.Stopped(self.who, self._seconds(), 1000 * stop))
        if step.stops_within_ms is not None:
            found = ("it went on" if deed.over else "it was not speaking") if stop is None else f"{1000 * stop:.0f} ms"
            met = stop is not None and 1000 * stop <= step.stops_within_ms
            self._check(f"the far end stops within {step.stops_within_ms:g} ms of an interruption", met, found)

    async def _speak(self, kind: str, text: str, samples: Samples) -> Deed:
        stream = self._leg.stream
        assert stream.codec
        over, began = stream.heard.current is not None, time.monotonic()
        frames: tuple[Frame, ...] = sound.frames(samples, stream.codec, self._background)
        self._tell(happened.Said(self.who, self._seconds(), text, over))
        stream.say(frames)
        await self._until(lambda: not stream.speaking, len(frames) * 0.02 + 5)
        spans = [span for span in stream.spoken.all if span.end >= began]
        first = next((time_ for time_ in (max(span.start, began) for span in spans)), began)
        last = spans[-1].end if spans else time.monotonic()
        self._since = last
        deed = Deed(kind, text, first, last, over)
        self.notes.deeds.append(deed)
        return deed

    async def _key(self, step: Key) -> None:
        self._alive(f"key {step.key} is pressed")
        began = time.monotonic()
        self._tell(happened.Keyed(self.who, self._seconds(), step.key))
        if step.by == "info":
            for key in step.key:
                status = await self._leg.key_by_info(key)
                self._check(f"key {key} by INFO is taken", 200 <= status < 300, str(status))
        else:
            self._check("the far end takes RFC 4733 keys", self._leg.stream.events is not None)
            self._leg.stream.key(step.key)
            await self._until(lambda: not self._leg.stream.speaking, 0.5 * len(step.key) + 5)
        self._since = time.monotonic()
        self.notes.deeds.append(Deed("key", step.key, began, self._since))

    async def _hear(self, step: Hear | Listen) -> None:
        phrases = step.hear if isinstance(step, Hear) else ()
        what = (
            f"hears {' or '.join(f'`{phrase}`' for phrase in phrases) or 'something'} within {step.within_seconds:g} s"
        )
        met = await self._until(lambda: self._heard(phrases), step.within_seconds)
        self._check(what, met or self._heard(phrases), "" if met else self._lately() or "nothing")
        if step.reply_within_ms is not None:
            gap = measures.reply_gap(self._since, self._spans())
            met = gap is not None and 1000 * gap <= step.reply_within_ms
            self._check(
                f"the reply begins within {step.reply_within_ms:g} ms",
                met,
                "none" if gap is None else f"{1000 * gap:.0f} ms",
            )

    async def _not_heard(self, step: NotHeard) -> None:
        await self._catch_up()
        heard = sounds(" ".join(remark.text for remark in self.notes.remarks), self.language)
        for phrase in step.not_heard:
            self._check(f"does not hear `{phrase}`", self._likeness(phrase, heard) < LIKENESS)

    async def _silence(self, step: Silence) -> None:
        began = time.monotonic()
        await self._until(lambda: False, step.silence)
        loud = [span for span in self._spans() if span.end > began]
        self._check(f"hears nothing for {step.silence:g} s", not loud)

    async def _hear_tone(self, step: HearTone) -> None:
        stream, kept = self._leg.stream, list[Arrival]()
        present = False

        def collect(arrival: Arrival) -> None:
            nonlocal present
            kept.append(arrival)
            if len(kept) >= 25 and len(kept) % 10 == 0:
                last = np.concatenate([item.samples for item in kept[-25:] if item.samples is not None])
                if sound.tonality(last, step.hear_tone) > TONALITY and kept[-1].voiced:
                    present = True
                    self._on_change()

        stream.on_frame = collect
        try:
            met = await self._until(lambda: present, step.within_seconds)
        finally:
            stream.on_frame = None
        self._check(f"hears a tone of {step.hear_tone:g} Hz within {step.within_seconds:g} s", met)

    async def _hold(self, step: Hold) -> None:
        self._alive("the far end is put on hold")
        self._held_at = time.monotonic()
        status = await self._leg.hold()
        self._check("hold is accepted", 200 <= status < 300, str(status))
        self._tell(happened.Held(self.who, self._seconds(), True))
        if step.hold is not None:
            await self._until(lambda: False, step.hold)
            await self._resume()

    async def _resume(self) -> None:
        status = await self._leg.hold(False)
        self._check("the call is resumed", 200 <= status < 300, str(status))
        self._tell(happened.Held(self.who, self._seconds(), False))
        if self._held_at is not None:
            self.notes.quiet.append((self._held_at, time.monotonic() + 0.1))
        self._since = time.monotonic()

    # ── listening ─────────────────────────────────────────────────────────────

    def _on_change(self) -> None:
        """Something changed on the leg: recognise what was said, tell of replies, wake the step."""
        stream = self._leg.stream
        for span in stream.heard.spans[len(self.notes.remarks) + len(self._listening) :]:
            task = asyncio.get_running_loop().create_task(self._recognise(span))
            self._listening.add(task)
            task.add_done_callback(self._done)
        self._changed.set()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._listening.discard(task)
        self._changed.set()

    async def _recognise(self, span: Span) -> None:
        text = "" if self._ear is None else await self._ear.hear(self._audio(span), self.language, self._phrases)
        self.notes.remarks.append(Remark(span, text))
        start, end = span.start - self.began, span.end - self.began
        self._tell(happened.Heard(self.who, self._seconds(), text, start, end))

    def _audio(self, span: Span) -> Samples:
        """What was heard in a span, in the order of the packets, with a packet's silence for each lost one."""
        near = [item for item in self._leg.stream.arrivals if span.start - 0.1 <= item.seconds <= span.end + 0.1]
        pieces = [item.samples for item in near if item.samples is not None]
        return np.concatenate(pieces) if pieces else np.zeros(160, np.int16)

    def _heard(self, phrases: tuple[str, ...]) -> bool:
        """Whether one of the phrases was said since this party's last deed, and the far end pauses."""
        recent = [remark for remark in self.notes.remarks if self._fresh(remark.span)]
        if not recent or self._leg.stream.heard.current is not None:
            return False
        if not phrases or self._ear is None:
            return True
        heard = sounds(" ".join(remark.text for remark in recent), self.language)
        return any(self._likeness(phrase, heard) >= LIKENESS for phrase in phrases)

    def _fresh(self, span: Span) -> bool:
        """Whether a span came after this party's last deed, or during it; what the deed interrupted is old."""
        during = self.notes.deeds[-1].start if self.notes.deeds else self._since
        return span.end > self._since or span.start > during

    def _likeness(self, phrase: str, heard: list[str]) -> float:
        known = self._ear.vocabulary(self.language) if self._ear else None
        return likeness(sounds(phrase, self.language, known), heard)

    def _lately(self) -> str:
        return " / ".join(remark.text or "…" for remark in self.notes.remarks if self._fresh(remark.span))

    def _stop_of(self, deed: Deed) -> float | None:
        """How long the far end went on after the deed began; None while that is not known."""
        spans = self._leg.stream.heard.spans
        return measures.barge_in_stop(deed.start, spans)

    async def _catch_up(self) -> None:
        """Wait until all that was said is recognised."""
        if self.leg and self.leg.state is State.ENDED:
            self._on_change()
        while self._listening:
            await asyncio.gather(*self._listening)

    # ── inside ────────────────────────────────────────────────────────────────

    def line(self, text: str, speed: int | None = None) -> Line:
        """A line in this party's voice."""
        return Line(text, self.language, self.manner.voice, speed or self.manner.speed)

    @property
    def _leg(self) -> Leg:
        assert self.leg
        return self.leg

    @property
    def _over(self) -> bool:
        return self._leg.state is State.ENDED

    def _seconds(self) -> float:
        return time.monotonic() - self.began

    def _spans(self) -> tuple[Span, ...]:
        """What the far end said since this party's last deed, or is saying."""
        return tuple(span for span in self._leg.stream.heard.all if span.end > self._since)

    def _sound(self, step: Say | Play | Tone) -> Samples:
        match step:
            case Say():
                return self._speaker.sound(self.line(step.say, step.speed))
            case Play():
                return sound.read_wav(self.folder / step.play)
            case Tone():
                return sound.tone(step.tone, step.seconds)
            case _:
                assert_never(step)

    def _alive(self, what: str) -> None:
        if self._over:
            self._check(what, False, "the call is over")

    def _check(self, what: str, met: bool, found: str = "") -> None:
        """Note an expectation; one that was not met ends the steps."""
        self.notes.checks.append(Check(what, met, found))
        self._tell(happened.Checked(self.who, self._seconds(), what, met, found))
        if not met:
            raise Failed

    async def _until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition holds, at most so long, and not past the end of the call."""
        deadline = time.monotonic() + seconds
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0 or self._over:
                await self._catch_up()
                return condition()
            self._changed.clear()
            await _at_most(self._changed.wait(), left)
        return True

    def result(self) -> PartyResult:
        """This party's side of the call, as a report."""
        leg = self.leg
        if leg is None:
            return PartyResult(
                self.who, "", 0, "was not called", "", None, None, 0.0, False, (), tuple(self.notes.checks), None
            )
        moments, spans = leg.moments, leg.stream.heard.all
        answered = moments.answered
        return PartyResult(
            who=self.who,
            call_id=leg.call_id,
            status=leg.status,
            reason=leg.reason,
            codec=leg.stream.codec.name if leg.stream.codec else "",
            ringing_ms=None if moments.rang is None else 1000 * (moments.rang - moments.began),
            setup_ms=None if answered is None else 1000 * (answered - moments.began),
            talked_seconds=0.0 if answered is None else (moments.ended or time.monotonic()) - answered,
            ended_by_far_end=leg.ended_by_far_end,
            turns=self._turns(spans),
            checks=tuple(self.notes.checks),
            media=measures.media(leg.stream.arrivals, leg.stream.counters, self.notes.quiet) if answered else None,
        )

    def _turns(self, spans: tuple[Span, ...]) -> tuple[Turn, ...]:
        deeds, turns = self.notes.deeds, list[Turn]()
        for deed, following in zip(deeds, [*deeds[1:], None], strict=True):
            gap = measures.reply_gap(deed.end, spans, following.start if following else float("inf"))
            stop = measures.barge_in_stop(deed.start, spans) if deed.kind == "interrupt" else None
            turns.append(self._turn(deed.kind, deed.text, deed.start, deed.end, gap, stop))
        turns += [self._turn("hear", remark.text, remark.span.start, remark.span.end) for remark in self.notes.remarks]
        return tuple(sorted(turns, key=lambda turn: turn.start_seconds))

    def _turn(
        self, kind: str, text: str, start: float, end: float, gap: float | None = None, stop: float | None = None
    ) -> Turn:
        thousand = [None if value is None else 1000 * value for value in (gap, stop)]
        return Turn(kind, text, start - self.began, end - self.began, thousand[0], thousand[1])


async def _at_most(work: Coroutine[Any, Any, Any], seconds: float) -> None:
    try:
        await asyncio.wait_for(work, seconds)
    except TimeoutError:
        return


def _phrases(step: Hear | NotHeard) -> tuple[str, ...]:
    return step.hear if isinstance(step, Hear) else step.not_heard


def _label(step: Say | Play | Tone) -> str:
    match step:
        case Say():
            return step.say
        case Play():
            return f"[{step.play.name}]"
        case Tone():
            return f"[{step.tone:g} Hz]"
        case _:
            assert_never(step)
