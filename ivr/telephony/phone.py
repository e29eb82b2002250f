"""The telephone as the rest of a call worker sees it: commands in, leg events out, on the side of asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import sys
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path

from ivr.config_sip import SipSettings
from ivr.legs import AudioHeard, LegEnded, LegEvent, PlaybackFinished
from ivr.telephony import headers as sip
from ivr.telephony.account import identity
from ivr.telephony.engine import Engine
from ivr.telephony.playback import samples


class Pjsua2Phone:
    """`ivr.ports.Phone` on pjsua2: four legs at most, `callers` of them for people who call in.

    Every method returns at once; what it causes comes as an event. Orders for a leg that is gone are no error and cause
    nothing. One phone per process, started once; after `close` the process should end by `leave`.
    """

    def __init__(
        self,
        settings: SipSettings,
        port: int,
        rtp_port: int,
        loop: asyncio.AbstractEventLoop | None = None,
        callers: int = 2,
        register: bool = True,
    ) -> None:
        self.events: asyncio.Queue[LegEvent] = asyncio.Queue()
        self._loop = loop or asyncio.get_running_loop()
        self._numbers, self._playbacks = itertools.count(1), itertools.count(1)
        self._playing: dict[int, int] = {}
        self._heard: set[int] = set()
        self._identity = identity(settings, port)
        self._engine = Engine(
            settings, port, rtp_port, self._report, lambda: next(self._numbers), callers=callers, register=register
        )

    def start(self) -> None:
        """Open the ports and take calls; raises ConfigError (port in use, unknown codec) or PhoneError."""
        self._engine.start()

    async def close(self) -> None:
        """Hang up every leg and finish the recordings."""
        await asyncio.to_thread(self._engine.stop)

    async def works(self) -> bool:
        """Comes back when the phone's thread has come to what is asked of it now."""
        answered: Future[bool] = Future()
        self._engine.prove(answered)
        return await asyncio.wrap_future(answered)

    def _report(self, event: LegEvent) -> None:
        """Bring an event over from pj's threads."""
        # RuntimeError: the loop has ended, and with it whoever would have cared.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._deliver, event)

    def _deliver(self, event: LegEvent) -> None:
        match event:
            case PlaybackFinished(playback=playback):
                # It may have been stopped while this was on its way.
                if self._playing.pop(playback, None) is None:
                    return
            case AudioHeard(leg=leg):
                # Frames come from another thread than the end of the leg does.
                if leg not in self._heard:
                    return
            case LegEnded(leg=leg):
                self._heard.discard(leg)
                self._playing = {number: on for number, on in self._playing.items() if on != leg}
        self.events.put_nowait(event)

    def answer(self, leg: int, headers: Mapping[str, str] | None = None) -> None:
        """Send 200 OK; LegAnswered follows when the far end has confirmed and media is up."""
        pairs = sip.checked(headers)
        self._engine.post(lambda board, _: board.answer(leg, pairs))

    def reject(self, leg: int, status: int, reason: str = "") -> None:
        """Refuse an offered call with a final SIP status; LegEnded follows."""
        self._engine.post(lambda board, _: board.reject(leg, status, reason))

    def dial(self, uri: str, headers: Mapping[str, str] | None = None, caller_name: str = "") -> int:
        """Send an INVITE and return the new leg; raises PhoneError for a URI or headers that must not be sent."""
        target, pairs = sip.checked_uri(uri), sip.checked(headers)
        local = f"{sip.display_name(caller_name)} <{self._identity}>" if caller_name else ""
        leg = next(self._numbers)
        self._engine.post(lambda board, _: board.dial(leg, target, pairs, local))
        return leg

    def hang_up(self, leg: int, headers: Mapping[str, str] | None = None) -> None:
        """Send BYE (or CANCEL while ringing); LegEnded follows."""
        pairs = sip.checked(headers)
        self._engine.post(lambda board, _: board.hang_up(leg, pairs))

    def play(self, leg: int, wav: Path, at_seconds: float = 0.0, loop: bool = False) -> int:
        """Play an 8 kHz mono 16-bit WAV and return the playback's number; raises AudioFormatError for any other file."""
        length = samples(wav)
        start = max(0, round(at_seconds * 8000))
        playback = next(self._playbacks)
        self._playing[playback] = leg
        self._engine.post(lambda _, bay: bay.play(playback, leg, wav, start, length, loop))
        return playback

    def stop(self, playback: int) -> None:
        """Stop a playback; within 20 ms nothing of it is on the wire, and PlaybackFinished won't come any more."""
        self._playing.pop(playback, None)
        self._engine.post(lambda _, bay: bay.stop(playback))

    def listen(self, leg: int, on: bool) -> None:
        """Switch AudioHeard events (20 ms each) of the leg on or off."""
        (self._heard.add if on else self._heard.discard)(leg)
        self._engine.post(lambda _, bay: bay.listen(leg, on))

    def join(self, one: int, other: int) -> None:
        """Let two legs hear each other."""
        self._engine.post(lambda _, bay: bay.join(one, other, True))

    def separate(self, one: int, other: int) -> None:
        """Undo `join`."""
        self._engine.post(lambda _, bay: bay.join(one, other, False))

    def record(self, leg: int, wav: Path) -> None:
        """Record the call to a stereo WAV: left what the leg says, right what it hears; RecordingFinished when it is complete."""
        self._engine.post(lambda _, bay: bay.record(leg, wav))

    def hush(self, leg: int, on: bool) -> None:
        """Keep what is said out of the leg's recording, which goes on in silence; or let it in again."""
        self._engine.post(lambda _, bay: bay.hush(leg, on))

    def transfer(self, leg: int, uri: str, headers: Mapping[str, str] | None = None) -> None:
        """Send a blind REFER; the headers go into it and are asked for in the INVITE it causes."""
        target, pairs = sip.checked_uri(uri), sip.checked(headers)
        refer_to = sip.with_headers(target, pairs)
        self._engine.post(lambda board, _: board.transfer(leg, refer_to, pairs))

    def transfer_attended(self, leg: int, other: int) -> None:
        """Send REFER with Replaces to `leg`, so that it calls the far end of `other` in our place."""
        self._engine.post(lambda board, _: board.transfer_attended(leg, other))


def leave(status: int = 0) -> None:
    """End the process for good after `close`: Python's own teardown would free pj objects out of order."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
