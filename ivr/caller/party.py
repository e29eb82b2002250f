"""Somebody on the telephone: speaks, presses keys, holds, hears, is transferred, and notes what it did and heard."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

from ivr.caller import happenings as happened
from ivr.caller import sound
from ivr.caller.activity import Span
from ivr.caller.codec import Samples
from ivr.caller.ear import Ear
from ivr.caller.hearing import Hearing
from ivr.caller.leg import Leg
from ivr.caller.leg_state import State
from ivr.caller.notes import Deed, Notes, Remark
from ivr.caller.rtp import Stream
from ivr.caller.scenario import Role
from ivr.caller.steps import HearTone

# How long a phone that we were sent to may ring, and how long the one that sent us may take to let go.
TRANSFER_SECONDS, LET_GO_SECONDS = 35.0, 3.0


class Party:
    """A role on a leg that is up. Times are seconds of the monotonic clock; what happens is told as it happens."""

    def __init__(
        self,
        role: Role,
        leg: Leg,
        notes: Notes,
        ear: Ear | None,
        began: float,
        tell: Callable[[happened.Happening], None],
    ) -> None:
        self.role, self.leg, self.notes, self.tell = role, leg, notes, tell
        self.hearing = Hearing(role, leg.stream, notes, ear, self._remarked)
        self.transfers = 0
        self._began = began
        self._changed = asyncio.Event()
        self._replied_to: Deed | None = None
        self._held_at: float | None = None
        self._background: Samples | None = None
        self._moving = False

    @property
    def stream(self) -> Stream:
        return self.leg.stream

    @property
    def over(self) -> bool:
        """Whether the call is over."""
        return self.leg.state is State.ENDED and not self._moving

    @property
    def seconds(self) -> float:
        """Seconds since the scene began."""
        return time.monotonic() - self._began

    @property
    def since(self) -> float:
        """The end of this party's last deed."""
        return self.notes.deeds[-1].end if self.notes.deeds else 0.0

    @property
    def speaking_to_us(self) -> Span | None:
        """What the far end is saying."""
        return self.stream.heard.current

    def pick_up(self) -> None:
        """Make the leg and its audio this role's own."""
        leg, stream, manner = self.leg, self.stream, self.role.manner
        assert stream.codec
        stream.heard.pause_seconds = manner.pause_seconds
        stream.loss = manner.loss_percent / 100
        stream.keep_audio = stream.keep_audio or any(isinstance(step, HearTone) for step in self.role.steps)
        stream.on_change = leg.on_change = self._on_change
        leg.on_refer, leg.on_replaced = self._referred, self._replaced
        if manner.noise:
            self._background = sound.noise(manner.noise.kind, manner.noise.snr_db)
            stream.background([frame.payload for frame in sound.frames(self._background, stream.codec)])
        self.tell(happened.Answered(self.role.who, self.seconds, stream.codec.name))

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition holds, at most so long, and not past the end of the call."""
        deadline = time.monotonic() + seconds
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0 or self.over:
                await self.hearing.catch_up()
                return condition()
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left)
        return True

    async def pause(self, seconds: float) -> None:
        """Let time pass."""
        await self.until(lambda: False, seconds)

    # ── deeds ─────────────────────────────────────────────────────────────────

    async def speak(self, kind: str, text: str, samples: Samples) -> Deed:
        """Speak to the end; `text` is what it is called in notes."""
        stream = self.stream
        assert stream.codec
        over, asked = self.speaking_to_us is not None, time.monotonic()
        frames = sound.frames(samples, stream.codec, self._background)
        self.tell(happened.Said(self.role.who, self.seconds, text, over))
        stream.say(frames)
        await self.until(lambda: not stream.speaking, len(frames) * 0.02 + 5)
        spans = [span for span in stream.spoken.all if span.end >= asked]
        start = max(spans[0].start, asked) if spans else asked
        end = spans[-1].end if spans else time.monotonic()
        stream.heard.other_ended(end)
        return self._did(Deed(kind, text, start, end, over))

    async def press(self, keys: str) -> None:
        """Press keys as RFC 4733 events."""
        start, over, stream = time.monotonic(), self.speaking_to_us is not None, self.stream
        self.tell(happened.Keyed(self.role.who, self.seconds, keys))
        stream.key(keys)
        await self.until(lambda: not stream.speaking, 0.5 * len(keys) + 5)
        # A reply may come as soon as the last key has begun.
        self._did(Deed("key", keys, start, max(start, stream.keyed_at), over))

    async def press_by_info(self, keys: str) -> int:
        """Press keys by SIP INFO; returns the worst status."""
        start, over, statuses = time.monotonic(), self.speaking_to_us is not None, []
        self.tell(happened.Keyed(self.role.who, self.seconds, keys))
        last = start
        for key in keys:
            last = time.monotonic()
            statuses.append(await self.leg.key_by_info(key))
        self._did(Deed("key", keys, start, last, over))
        return max(statuses, default=200)

    async def hold(self) -> int:
        """Put the far end on hold; returns the status."""
        self._held_at = time.monotonic()
        status = await self.leg.hold()
        self.tell(happened.Held(self.role.who, self.seconds, True))
        return status

    async def resume(self) -> int:
        """Take the far end back; returns the status."""
        status = await self.leg.hold(False)
        self.tell(happened.Held(self.role.who, self.seconds, False))
        if self._held_at is not None:
            self.notes.quiet.append((self._held_at, time.monotonic() + 0.1))
            self._held_at = None
        return status

    async def hang_up(self) -> None:
        """Hang up, and finish listening to what was said."""
        await self.leg.hang_up()
        await self.hearing.catch_up()

    def _did(self, deed: Deed) -> Deed:
        self.notes.deeds.append(deed)
        self._on_change()
        return deed

    # ── what the far end does ─────────────────────────────────────────────────

    def _on_change(self) -> None:
        """Something changed on the leg or its stream: listen, tell of a reply, wake whoever waits."""
        self.hearing.changed()
        deed, current = self.notes.deeds[-1] if self.notes.deeds else None, self.speaking_to_us
        if deed and current and current.start > deed.end and deed is not self._replied_to:
            self._replied_to = deed
            self.tell(happened.Replied(self.role.who, self.seconds, 1000 * (current.start - deed.end)))
        self._changed.set()

    def _remarked(self, remark: Remark) -> None:
        start, end = remark.span.start - self._began, remark.span.end - self._began
        self.tell(happened.Heard(self.role.who, self.seconds, remark.text, start, end))
        self._changed.set()

    def _referred(self, uri: str) -> bool:
        """The far end asks us to call somebody else instead (RFC 3515)."""
        if not self.role.manner.follows_transfers:
            return False
        self._moving = True
        self.leg.agent.run(self._follow(uri))
        return True

    async def _follow(self, uri: str) -> None:
        old = self.leg
        await old.notify_transfer(100, "Trying")
        leg = old.agent.dial(uri)
        with contextlib.suppress(TimeoutError):
            await leg.answered(TRANSFER_SECONDS)
        answered = leg.moments.answered is not None
        if old.state is State.UP:
            await old.notify_transfer(200 if answered else leg.status or 408, "OK" if answered else leg.reason)
        if answered:
            self._move(leg)
            with contextlib.suppress(TimeoutError):
                await old.ended(LET_GO_SECONDS)
            await old.hang_up()
        else:
            await leg.hang_up()
        self._moving = False
        self._changed.set()

    def _replaced(self, leg: Leg) -> bool:
        """Another phone takes the far end's place (RFC 3891)."""
        old = self.leg
        leg.answer()
        self._move(leg)
        leg.agent.run(old.hang_up())
        return True

    def _move(self, leg: Leg) -> None:
        """Go on with the conversation on another leg; what was said and heard so far stays."""
        old, stream = self.stream, leg.stream
        leg.agent.pacer.remove(old)
        self.leg.on_change = old.on_change = lambda: None
        old.heard.close()
        stream.heard, stream.spoken, stream.keep_audio = old.heard, old.spoken, old.keep_audio
        self.hearing.move(stream)
        self.leg = leg
        self.transfers += 1
        self.pick_up()
        ours, theirs = f"{stream.address}:{stream.port}", ":".join(str(part) for part in stream.remote or ())
        self.tell(happened.Transferred(self.role.who, self.seconds, leg.target, ours, theirs))
        self._changed.set()
