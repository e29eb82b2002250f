"""One party's side of a call: carries out the steps one by one, listens all the while, and notes what it did and heard.

A step that finds its expectation not met ends the conversation: what comes after would make no sense any more.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import assert_never

from ivr.caller import happenings as happened
from ivr.caller import measures, sound
from ivr.caller.codec import Samples
from ivr.caller.ear import Ear
from ivr.caller.hearing import Hearing
from ivr.caller.leg import Leg, State
from ivr.caller.notes import Deed, Notes, Remark
from ivr.caller.report import Check
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
    NotHeard,
    Play,
    Rang,
    Resume,
    Role,
    Say,
    Silence,
    Step,
    Tone,
    Wait,
)
from ivr.caller.speaker import Line, Speaker

# How long an interrupted far end may go on before we stop waiting for it to stop.
SETTLE_SECONDS = 3.0


class Failed(Exception):
    """A step's expectation was not met."""


class Conversation:
    """A role being played on a leg that is up."""

    def __init__(
        self,
        role: Role,
        leg: Leg,
        notes: Notes,
        *,
        speaker: Speaker,
        ear: Ear | None,
        began: float,
        folder: Path,
        tell: Callable[[happened.Happening], None],
    ) -> None:
        self._role, self._leg, self._stream, self._notes = role, leg, leg.stream, notes
        self._speaker, self._began, self._folder, self._tell = speaker, began, folder, tell
        self._hearing = Hearing(role, leg.stream, notes, ear, self._remarked)
        self._changed = asyncio.Event()
        self._replied_to: Deed | None = None
        self._held_at: float | None = None
        self._background: Samples | None = None

    async def go(self) -> None:
        """Carry the steps out until they end, one fails, or the call is over; then hang up."""
        self._pick_up()
        try:
            for step in self._role.steps:
                await self._carry_out(step)
        except Failed:
            pass
        finally:
            await self._leg.hang_up()
            await self._hearing.catch_up()

    def _pick_up(self) -> None:
        stream, manner = self._stream, self._role.manner
        assert stream.codec
        stream.heard.pause_seconds = manner.pause_seconds
        stream.loss = manner.loss_percent / 100
        stream.keep_audio = stream.keep_audio or any(isinstance(step, HearTone) for step in self._role.steps)
        stream.on_change = self._leg.on_change = self._on_change
        if manner.noise:
            self._background = sound.noise(manner.noise.kind, manner.noise.snr_db)
            stream.background([frame.payload for frame in sound.frames(self._background, stream.codec)])
        self._tell(happened.Answered(self._role.who, self._seconds(), stream.codec.name))

    async def _carry_out(self, step: Step) -> None:
        match step:
            case Say() | Play() | Tone():
                self._alive(f"`{_label(step)}` is said")
                await self._speak("say", _label(step), self._sound(step))
            case Interrupt():
                await self._interrupt(step)
            case Key():
                await self._key(step)
            case Wait():
                await self._pause(step.wait)
            case Hear() | Listen():
                await self._hear(step)
            case NotHeard():
                await self._not_heard(step)
            case Silence():
                await self._silence(step)
            case HearTone():
                await self._hear_tone(step)
            case HearSound():
                met = await self._until(lambda: self._speaks(), step.within_seconds)
                self._check(f"hears a sound within {step.within_seconds:g} s", met)
            case Hold():
                await self._hold(step)
            case Resume():
                await self._resume()
            case HangUp():
                await self._leg.hang_up()
            case HungUpOn():
                await self._until(lambda: self._over, step.within_seconds)
                met = self._over and self._leg.ended_by_far_end
                self._check(f"the far end hangs up within {step.within_seconds:g} s", met)
            case Rang():
                self._check("it rang", self._leg.moments.rang is not None)
            case _:
                assert_never(step)

    # ── doing ─────────────────────────────────────────────────────────────────

    async def _speak(self, kind: str, text: str, samples: Samples) -> Deed:
        stream = self._stream
        assert stream.codec
        over, asked = stream.heard.current is not None, time.monotonic()
        frames = sound.frames(samples, stream.codec, self._background)
        self._tell(happened.Said(self._role.who, self._seconds(), text, over))
        stream.say(frames)
        await self._until(lambda: not stream.speaking, len(frames) * 0.02 + 5)
        spans = [span for span in stream.spoken.all if span.end >= asked]
        start = max(spans[0].start, asked) if spans else asked
        deed = Deed(kind, text, start, spans[-1].end if spans else time.monotonic(), over)
        self._did(deed)
        return deed

    def _did(self, deed: Deed) -> None:
        self._notes.deeds.append(deed)
        self._on_change()

    async def _interrupt(self, step: Interrupt) -> None:
        heard = self._stream.heard
        await self._until(lambda: heard.current is not None, step.within_seconds)
        current = heard.current
        self._check("the far end speaks, to be interrupted", current is not None)
        if current:
            await self._pause(current.start + step.after - time.monotonic())
        deed = await self._speak("interrupt", step.interrupt, self._speaker.sound(self._line(step.interrupt)))
        await self._until(lambda: measures.barge_in_stop(deed.start, heard.spans) is not None, SETTLE_SECONDS)
        stop = measures.barge_in_stop(deed.start, heard.spans)
        if stop is not None:
            self._tell(happened.Stopped(self._role.who, self._seconds(), 1000 * stop))
        if step.stops_within_ms is not None:
            missing = "it went on" if deed.over else "it was not speaking"
            met = stop is not None and 1000 * stop <= step.stops_within_ms
            what = f"the far end stops within {step.stops_within_ms:g} ms of an interruption"
            self._check(what, met, missing if stop is None else f"{1000 * stop:.0f} ms")

    async def _key(self, step: Key) -> None:
        self._alive(f"key {step.key} is pressed")
        stream, start = self._stream, time.monotonic()
        over = stream.heard.current is not None
        self._tell(happened.Keyed(self._role.who, self._seconds(), step.key))
        if step.by == "info":
            for key in step.key:
                stream.keyed_at = time.monotonic()
                status = await self._leg.key_by_info(key)
                self._check(f"key {key} by INFO is taken", 200 <= status < 300, str(status))
        else:
            self._check("the far end takes RFC 4733 keys", stream.events is not None)
            stream.key(step.key)
            await self._until(lambda: not stream.speaking, 0.5 * len(step.key) + 5)
        # A reply may come as soon as the last key has begun.
        self._did(Deed("key", step.key, start, max(start, stream.keyed_at), over))

    async def _hold(self, step: Hold) -> None:
        self._alive("the far end is put on hold")
        self._held_at = time.monotonic()
        status = await self._leg.hold()
        self._check("hold is accepted", 200 <= status < 300, str(status))
        self._tell(happened.Held(self._role.who, self._seconds(), True))
        if step.hold is not None:
            await self._pause(step.hold)
            await self._resume()

    async def _resume(self) -> None:
        self._alive("the call is resumed")
        status = await self._leg.hold(False)
        self._check("the call is resumed", 200 <= status < 300, str(status))
        self._tell(happened.Held(self._role.who, self._seconds(), False))
        if self._held_at is not None:
            self._notes.quiet.append((self._held_at, time.monotonic() + 0.1))
            self._held_at = None

    # ── hearing ───────────────────────────────────────────────────────────────

    async def _hear(self, step: Hear | Listen) -> None:
        phrases = step.hear if isinstance(step, Hear) else ()
        met = await self._until(lambda: self._hearing.heard(phrases), step.within_seconds)
        wanted = " or ".join(f"`{phrase}`" for phrase in phrases) or "something"
        lately = " / ".join(remark.text for remark in self._hearing.recent()) or "nothing"
        self._check(f"hears {wanted} within {step.within_seconds:g} s", met, lately)
        if step.reply_within_ms is not None:
            gap = measures.reply_gap(self._since, self._stream.heard.all)
            met = gap is not None and 1000 * gap <= step.reply_within_ms
            found = "there was no gap" if gap is None else f"{1000 * gap:.0f} ms"
            self._check(f"the reply begins within {step.reply_within_ms:g} ms", met, found)

    async def _not_heard(self, step: NotHeard) -> None:
        await self._hearing.catch_up()
        for phrase in step.not_heard:
            self._check(f"does not hear `{phrase}`", not self._hearing.matches(phrase, self._notes.remarks))

    async def _silence(self, step: Silence) -> None:
        began = time.monotonic()
        await self._pause(step.silence)
        loud = [span for span in self._stream.heard.all if span.end > began]
        self._check(f"hears nothing for {step.silence:g} s", not loud)

    async def _hear_tone(self, step: HearTone) -> None:
        since, deadline = (
            self._notes.deeds[-1].start if self._notes.deeds else 0.0,
            time.monotonic() + step.within_seconds,
        )
        while not (met := self._hearing.tone(step.hear_tone, since)) and time.monotonic() < deadline and not self._over:
            since = max(since, time.monotonic() - 1.0)
            await self._pause(0.2)
        self._check(f"hears a tone of {step.hear_tone:g} Hz within {step.within_seconds:g} s", met)

    def _remarked(self, remark: Remark) -> None:
        start, end = remark.span.start - self._began, remark.span.end - self._began
        self._tell(happened.Heard(self._role.who, self._seconds(), remark.text, start, end))
        self._changed.set()

    def _on_change(self) -> None:
        """Something changed on the leg or its stream: listen, tell of a reply, wake the step."""
        self._hearing.changed()
        deed, current = self._notes.deeds[-1] if self._notes.deeds else None, self._stream.heard.current
        if deed and current and current.start > deed.end and deed is not self._replied_to:
            self._replied_to = deed
            self._tell(happened.Replied(self._role.who, self._seconds(), 1000 * (current.start - deed.end)))
        self._changed.set()

    # ── inside ────────────────────────────────────────────────────────────────

    @property
    def _over(self) -> bool:
        return self._leg.state is State.ENDED

    @property
    def _since(self) -> float:
        """The end of this party's last deed."""
        return self._notes.deeds[-1].end if self._notes.deeds else 0.0

    def _speaks(self) -> bool:
        return any(span.end > self._since for span in self._stream.heard.all)

    def _seconds(self) -> float:
        return time.monotonic() - self._began

    def _line(self, text: str, speed: int | None = None) -> Line:
        manner = self._role.manner
        return Line(text, self._role.language, manner.voice, speed or manner.speed)

    def _sound(self, step: Say | Play | Tone) -> Samples:
        match step:
            case Say():
                return self._speaker.sound(self._line(step.say, step.speed))
            case Play():
                return sound.read_wav(self._folder / step.play)
            case Tone():
                return sound.tone(step.tone, step.seconds)
            case _:
                assert_never(step)

    def _alive(self, what: str) -> None:
        if self._over:
            self._check(what, False, "the call is over")

    def _check(self, what: str, met: bool, found: str = "") -> None:
        """Note an expectation; one that was not met ends the steps."""
        self._notes.checks.append(Check(what, met, found))
        self._tell(happened.Checked(self._role.who, self._seconds(), what, met, found))
        if not met:
            raise Failed

    async def _pause(self, seconds: float) -> None:
        await self._until(lambda: False, seconds)

    async def _until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition holds, at most so long, and not past the end of the call."""
        deadline = time.monotonic() + seconds
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0 or self._over:
                await self._hearing.catch_up()
                return condition()
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except TimeoutError:
                continue
        return True


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
