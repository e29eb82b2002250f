"""The steps of a role carried out one by one by a party.

A step that finds its expectation not met ends the conversation: what comes after would make no sense any more.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import assert_never

from ivr.caller import happenings as happened
from ivr.caller import measures, sound
from ivr.caller.codec import Samples
from ivr.caller.party import Party
from ivr.caller.report import Check
from ivr.caller.speaker import Line, Speaker
from ivr.caller.steps import (
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
    Say,
    Silence,
    Step,
    Tone,
    Transferred,
    Wait,
)

# How long an interrupted far end may go on before we stop waiting for it to stop.
SETTLE_SECONDS = 3.0
LOOK_SECONDS = 0.2


class Failed(Exception):
    """A step's expectation was not met."""


async def converse(party: Party, speaker: Speaker, folder: Path) -> None:
    """Carry the party's steps out until they end, one fails, or the call is over; then hang up."""
    conversation = _Conversation(party, speaker, folder)
    party.pick_up()
    try:
        for step in party.role.steps:
            await conversation.carry_out(step)
    except Failed:
        pass
    finally:
        await party.hang_up()


class _Conversation:
    def __init__(self, party: Party, speaker: Speaker, folder: Path) -> None:
        self._party, self._speaker, self._folder = party, speaker, folder

    async def carry_out(self, step: Step) -> None:
        """Do one step; raises Failed."""
        party = self._party
        match step:
            case Say() | Play() | Tone():
                self._alive(f"`{_label(step)}` is said")
                await party.speak("say", _label(step), self._sound(step))
            case Interrupt():
                await self._interrupt(step)
            case Key():
                await self._key(step)
            case Wait():
                await party.pause(step.wait)
            case Hear() | Listen():
                await self._hear(step)
            case NotHeard():
                await party.hearing.catch_up()
                for phrase in step.not_heard:
                    met = not party.hearing.matches(phrase, party.notes.remarks)
                    self._check(f"does not hear `{phrase}`", met)
            case Silence():
                await self._silence(step)
            case HearTone():
                await self._hear_tone(step)
            case HearSound():
                met = await party.until(self._sounds, step.within_seconds)
                self._check(f"hears a sound within {step.within_seconds:g} s", met)
            case Hold():
                await self._hold(step)
            case Resume():
                await self._resume()
            case HangUp():
                await party.leg.hang_up()
            case HungUpOn():
                await party.until(lambda: party.over, step.within_seconds)
                met = party.over and party.leg.ended_by_far_end
                self._check(f"the far end hangs up within {step.within_seconds:g} s", met)
            case Rang():
                self._check("it rang", party.leg.moments.rang is not None)
            case Transferred():
                met = await party.until(lambda: party.transfers > 0, step.within_seconds)
                self._check(f"is transferred within {step.within_seconds:g} s", met)
            case _:
                assert_never(step)

    # ── doing ─────────────────────────────────────────────────────────────────

    async def _interrupt(self, step: Interrupt) -> None:
        party = self._party
        await party.until(lambda: party.speaking_to_us is not None, step.within_seconds)
        current = party.speaking_to_us
        self._check("the far end speaks, to be interrupted", current is not None)
        if current:
            await party.pause(current.start + step.after - time.monotonic())
        deed = await party.speak("interrupt", step.interrupt, self._speaker.sound(self._line(step.interrupt)))
        spans = party.stream.heard.spans
        await party.until(lambda: measures.barge_in_stop(deed.start, spans) is not None, SETTLE_SECONDS)
        stop = measures.barge_in_stop(deed.start, spans)
        if stop is not None:
            party.tell(happened.Stopped(party.role.who, party.seconds, 1000 * stop))
        if step.stops_within_ms is not None:
            missing = "it went on" if deed.over else "it was not speaking"
            met = stop is not None and 1000 * stop <= step.stops_within_ms
            what = f"the far end stops within {step.stops_within_ms:g} ms of an interruption"
            self._check(what, met, missing if stop is None else f"{1000 * stop:.0f} ms")

    async def _key(self, step: Key) -> None:
        self._alive(f"key {step.key} is pressed")
        match step.by:
            case "info":
                status = await self._party.press_by_info(step.key)
                self._check(f"keys {step.key} by INFO are taken", 200 <= status < 300, str(status))
            case "rfc4733":
                self._check("the far end takes RFC 4733 keys", self._party.stream.events is not None)
                await self._party.press(step.key)
            case _:
                assert_never(step.by)

    async def _hold(self, step: Hold) -> None:
        self._alive("the far end is put on hold")
        status = await self._party.hold()
        self._check("hold is accepted", 200 <= status < 300, str(status))
        if step.hold is not None:
            await self._party.pause(step.hold)
            await self._resume()

    async def _resume(self) -> None:
        self._alive("the call is resumed")
        status = await self._party.resume()
        self._check("the call is resumed", 200 <= status < 300, str(status))

    # ── hearing ───────────────────────────────────────────────────────────────

    async def _hear(self, step: Hear | Listen) -> None:
        party, phrases = self._party, step.hear if isinstance(step, Hear) else ()
        if isinstance(step, Hear) and step.if_asked:
            await self._answer(step)
        met = await party.until(lambda: party.hearing.heard(phrases), step.within_seconds)
        wanted = " or ".join(f"`{phrase}`" for phrase in phrases) or "something"
        lately = " / ".join(remark.text for remark in party.hearing.recent()) or "nothing"
        self._check(f"hears {wanted} within {step.within_seconds:g} s", met, lately)
        if step.reply_within_ms is not None:
            gap = measures.reply_gap(party.since, party.stream.heard.all)
            met = gap is not None and 1000 * gap <= step.reply_within_ms
            found = "there was no gap" if gap is None else f"{1000 * gap:.0f} ms"
            self._check(f"the reply begins within {step.reply_within_ms:g} ms", met, found)

    async def _answer(self, step: Hear) -> None:
        """Answer the questions that may come before what the step waits for."""
        party, hearing, open_questions = self._party, self._party.hearing, dict(step.if_asked)

        def asked() -> str | None:
            return next((question for question in open_questions if hearing.heard((question,))), None)

        while open_questions:
            await party.until(lambda: hearing.heard(step.hear) or asked() is not None, step.within_seconds)
            question = None if hearing.heard(step.hear) else asked()
            if question is None:
                return
            answer = open_questions.pop(question)
            await party.speak("say", answer, self._speaker.sound(self._line(answer)))

    async def _silence(self, step: Silence) -> None:
        began = time.monotonic()
        await self._party.pause(step.silence)
        loud = [span for span in self._party.stream.heard.all if span.end > began]
        self._check(f"hears nothing for {step.silence:g} s", not loud)

    async def _hear_tone(self, step: HearTone) -> None:
        party, deadline = self._party, time.monotonic() + step.within_seconds
        since = party.notes.deeds[-1].start if party.notes.deeds else 0.0
        while not (met := party.hearing.tone(step.hear_tone, since)) and time.monotonic() < deadline and not party.over:
            since = max(since, time.monotonic() - 1.0)
            await party.pause(LOOK_SECONDS)
        self._check(f"hears a tone of {step.hear_tone:g} Hz within {step.within_seconds:g} s", met)

    def _sounds(self) -> bool:
        return any(span.end > self._party.since for span in self._party.stream.heard.all)

    # ── inside ────────────────────────────────────────────────────────────────

    def _line(self, text: str, speed: int | None = None) -> Line:
        role = self._party.role
        return Line(text, role.language, role.manner.voice, speed or role.manner.speed)

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
        if self._party.over:
            self._check(what, False, "the call is over")

    def _check(self, what: str, met: bool, found: str = "") -> None:
        """Note an expectation; one that was not met ends the steps."""
        party = self._party
        party.notes.checks.append(Check(what, met, found))
        party.tell(happened.Checked(party.role.who, party.seconds, what, met, found))
        if not met:
            raise Failed


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
