"""Audio on pj's conference bridge: legs, playbacks, ears and recordings, plugged as `wiring` says. Phone's thread only."""

from __future__ import annotations

import tempfile
import time
import wave
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pjsua2 as pj
import structlog

from ivr.legs import LegEvent, PlaybackFinished, RecordingFinished
from ivr.telephony import recording
from ivr.telephony.ear import RATE_HZ, Ear, reader
from ivr.telephony.leg import explain
from ivr.telephony.playback import SHORTEST_SAMPLES, Playback
from ivr.telephony.recording import Recording
from ivr.telephony.wiring import SILENCE, Cable, Channel, Node, cables

log = structlog.get_logger(__name__)

LEGS = 4  # PJSUA_MAX_CALLS of the wheel
PLAYERS = 28  # of pjsua's 32, the silence and a margin aside
# An end-of-file event may still be on its way from pj's own thread when a player is done with.
RETIRE_SECONDS = 2.0
RESCUE_SECONDS = 60.0

Report = Callable[[LegEvent], None]
Post = Callable[[Callable[[], None]], None]


class Patchbay:
    """Every audio object of this process, and the cables between them."""

    def __init__(self, report: Report, post: Post) -> None:
        self._report, self._post = report, post
        self._channels: dict[int, Channel] = {}
        self._audio: dict[Node, Any] = {SILENCE: _silence()}
        self._plugged: frozenset[Cable] = frozenset()
        self._retired: deque[tuple[float, Any]] = deque()
        self._recordings: dict[int, Recording] = {}
        self._rescued_at = -RESCUE_SECONDS
        self._merger = ThreadPoolExecutor(1, thread_name_prefix="recordings")
        read = reader()
        self._free_ears = [Ear(f"ear{index}", read, report) for index in range(LEGS)]

    def add(self, leg: int) -> None:
        """A leg exists; its audio comes later."""
        self._channels[leg] = Channel(leg)

    def connect(self, leg: int, audio: Any | None) -> None:
        """The leg's media is new, changed, or (None) on hold or gone: pull its cables, and plug them into what is there now."""
        node, channel = Node("leg", leg), self._channels[leg]
        channel.talking = False
        self._rewire()
        self._audio.pop(node, None)
        if audio is not None:
            self._audio[node] = audio
            channel.talking = True
            self._rewire()

    def release(self, leg: int) -> None:
        """The leg is gone: stop all that plays to it, give back its ear, finish its recording."""
        channel = self._channels[leg]
        self.connect(leg, None)
        for playback in tuple(channel.playbacks):
            self.stop(playback)
        self._finish_recording(leg)
        self.listen(leg, False)
        del self._channels[leg]
        for other in self._channels.values():
            other.joined.discard(leg)

    def play(self, playback: int, leg: int, wav: Path, from_sample: int, samples: int, loop: bool) -> None:
        """Start a playback; one with nothing left to play is finished at once."""
        channel = self._channels.get(leg)
        if channel is None:
            return
        if samples - from_sample < 1 or samples < SHORTEST_SAMPLES:
            self._report(PlaybackFinished(leg, playback))
            return
        self._make_room()
        try:
            player = Playback(leg, wav, from_sample, loop, lambda: self._post(lambda: self._ended(playback)))
        except pj.Error as fault:
            # Whoever waits for its end must not wait for ever.
            log.error("not played", wav=str(wav), fault=explain(fault))
            self._report(PlaybackFinished(leg, playback))
            return
        self._audio[Node("playback", playback)] = player
        channel.playbacks.add(playback)
        self._rewire()

    def stop(self, playback: int) -> None:
        """Stop a playback; an unknown or finished one is no error."""
        node = Node("playback", playback)
        player = self._audio.get(node)
        if player is None:
            return
        self._channels[player.leg].playbacks.discard(playback)
        self._rewire()
        del self._audio[node]
        self._retired.append((time.monotonic(), player))

    def _ended(self, playback: int) -> None:
        player = self._audio.get(Node("playback", playback))
        if player is not None:
            leg = player.leg
            self.stop(playback)
            self._report(PlaybackFinished(leg, playback))

    def listen(self, leg: int, on: bool) -> None:
        """Lend the leg an ear, or take it back."""
        channel, node = self._channels.get(leg), Node("ear", leg)
        if channel is None or channel.listening == on:
            return
        if on:
            self._audio[node] = self._free_ears.pop()
            self._audio[node].leg = leg
        channel.listening = on
        self._rewire()
        if not on:
            self._audio[node].leg = None
            self._free_ears.append(self._audio.pop(node))

    def join(self, one: int, other: int, on: bool) -> None:
        """Let two legs hear each other, or no longer."""
        for here, there in ((one, other), (other, one)):
            if channel := self._channels.get(here):
                (channel.joined.add if on else channel.joined.discard)(there)
        self._rewire()

    def record(self, leg: int, wav: Path) -> None:
        """Begin the leg's recording; a second one is not begun."""
        channel = self._channels.get(leg)
        if channel is None or channel.recording:
            return
        taken = self._recordings[leg] = Recording(wav)
        self._audio[Node("left", leg)], self._audio[Node("right", leg)] = taken.left, taken.right
        channel.recording = True
        self._rewire()

    def hush(self, leg: int, on: bool) -> None:
        """Record silence in place of what is said, or again what is said."""
        if channel := self._channels.get(leg):
            channel.hushed = on
            self._rewire()

    def _finish_recording(self, leg: int) -> None:
        """End the leg's recording and merge it off this thread; RecordingFinished follows."""
        taken = self._recordings.pop(leg, None)
        if taken is None:
            return
        self._channels[leg].recording = False
        self._rewire()
        del self._audio[Node("left", leg)], self._audio[Node("right", leg)]
        wav = taken.wav
        del taken
        self._merger.submit(self._merge, leg, wav)

    def _merge(self, leg: int, wav: Path) -> None:
        try:
            recording.merge(wav)
        except OSError as fault:
            log.error("recording lost its merge; its tracks are kept", wav=str(wav), fault=str(fault))
        else:
            self._report(RecordingFinished(leg, wav))
        if time.monotonic() - self._rescued_at > RESCUE_SECONDS:
            self._rescued_at = time.monotonic()
            for rescued in recording.rescue(wav.parent):
                log.warning("recording of a killed process rescued", wav=str(rescued))

    def tick(self, now: float) -> None:
        """Let go of players that have been silent long enough."""
        while self._retired and now - self._retired[0][0] > RETIRE_SECONDS:
            self._retired.popleft()

    def _make_room(self) -> None:
        playing = sum(len(channel.playbacks) for channel in self._channels.values())
        while self._retired and playing + len(self._retired) >= PLAYERS:
            self._retired.popleft()

    def close(self) -> None:
        """Let go of every leg: its playbacks end, its recordings are finished; then wait for the merging. Ports stay."""
        for leg in tuple(self._channels):
            self.release(leg)
        self._merger.shutdown(wait=True)

    def _rewire(self) -> None:
        wanted = cables(self._channels)
        for cable in self._plugged - wanted:
            self._plug(cable, False)
        for cable in wanted - self._plugged:
            self._plug(cable, True)
        self._plugged = wanted

    def _plug(self, cable: Cable, on: bool) -> None:
        source, sink = self._audio[cable.source], self._audio[cable.sink]
        try:
            (source.startTransmit if on else source.stopTransmit)(sink)
        except pj.Error as fault:
            # Pulling a cable from a leg that pj has already taken off the bridge is PJ_EINVAL and means that it is done.
            (log.error if on else log.debug)("cable", plugged=on, cable=str(cable), fault=explain(fault))


def _silence() -> Any:
    """An endless source of silent frames; the file behind it needs no name once it is open."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        with wave.open(file, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(RATE_HZ)
            out.writeframes(bytes(RATE_HZ * 2))
        file.flush()
        player = pj.AudioMediaPlayer()
        player.createPlayer(file.name, 0)
    return player
