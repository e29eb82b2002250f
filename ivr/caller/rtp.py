"""RTP for one call: 20 ms packets out, every packet in with the kernel's time of arrival (RFC 3550, 3551, 4733).

A stream is driven by the `pacer`: it reads what has arrived and sends the next packet, 50 times a second. Arrival times come
from the socket (SO_TIMESTAMPNS), so a busy event loop delays what we do but not what we measure.
"""

from __future__ import annotations

import random
import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ivr.caller.activity import Activity, Loudness
from ivr.caller.codec import FRAME, SILENCE, Codec, Samples, rms
from ivr.errors import UserError

KEYS = "0123456789*#ABCD"
SO_TIMESTAMPNS = 35 if sys.platform == "linux" else None
HEADER = struct.Struct("!BBHII")
KEY_EVENT = struct.Struct("!BBH")
KEY_PACKETS, KEY_PAUSE_PACKETS, END_PACKETS = 8, 5, 3


@dataclass(frozen=True, slots=True)
class Frame:
    """20 ms of sound ready to send, and whether it is voice."""

    payload: bytes
    voiced: bool


@dataclass(slots=True)
class Arrival:
    """A packet received: the kernel's time on the monotonic clock, and what it held."""

    seconds: float
    sequence: int
    timestamp: int
    samples: Samples | None
    voiced: bool


@dataclass(slots=True)
class Counters:
    """What went over the wire."""

    sent: int = 0
    dropped_on_purpose: int = 0
    received: int = 0
    strange: int = 0


class Stream:
    """The audio of one call at one local port."""

    def __init__(self, address: str, ports: Sequence[int]) -> None:
        self._socket = _bound(address, ports)
        self.address, self.port = _name(self._socket)
        self.remote: tuple[str, int] | None = None
        self.codec: Codec | None = None
        self.events: int | None = None
        self.sending = True
        self.keep_audio = True
        self.loss = 0.0
        self.arrivals: list[Arrival] = []
        self.sent: list[tuple[float, bytes]] = []
        self.spoken, self.heard = Activity(), Activity()
        self.counters = Counters()
        self._loudness = Loudness()
        self.keyed_at = 0.0
        self.on_key: Callable[[str], None] = lambda key: None
        self.on_change: Callable[[], None] = lambda: None
        self._frames: deque[Frame] = deque()
        self._keys: deque[tuple[bytes, bool, int]] = deque()
        self._background: Sequence[bytes] = ()
        self._sequence, self._timestamp = random.randrange(1 << 15), random.randrange(1 << 31)
        self._ssrc = random.randrange(1 << 32)
        self._key_clock: int | None = None
        self._random = random.Random()

    def connect(self, remote: tuple[str, int], codec: Codec, events: int | None) -> None:
        """Send to where the session description says, in the codec agreed on."""
        self.remote, self.codec, self.events = remote, codec, events
        if not self._background:
            self._background = (codec.encode(SILENCE),)

    def background(self, frames: Sequence[bytes]) -> None:
        """What is sent while nothing is said: encoded frames, over and over."""
        self._background = frames or self._background

    def say(self, frames: Sequence[Frame]) -> None:
        """Queue frames behind what is still being said."""
        self._frames.extend(frames)

    def hush(self) -> None:
        """Forget what is not yet said."""
        self._frames.clear()

    @property
    def speaking(self) -> bool:
        return bool(self._frames or self._keys)

    def key(self, keys: str) -> None:
        """Queue key presses as RFC 4733 events: 160 ms each, the end packet three times, 100 ms between keys."""
        for key in keys:
            number = KEYS.index(key)
            for index in range(KEY_PACKETS):
                self._keys.append((KEY_EVENT.pack(number, 10, FRAME * (index + 1)), index == 0, index))
            end = KEY_EVENT.pack(number, 0x80 | 10, FRAME * KEY_PACKETS)
            self._keys.extend((end, False, KEY_PACKETS + index) for index in range(END_PACKETS))
            self._keys.extend((b"", False, 0) for _ in range(KEY_PAUSE_PACKETS))

    def tick(self) -> None:
        """Read everything that arrived, then send one packet."""
        self._receive()
        now = time.monotonic()
        if self.remote and self.sending and self.codec:
            self._send(now)
        if self.heard.rest(now) or self.spoken.rest(now):
            self.on_change()

    def close(self) -> None:
        """Read what is left and give the port back."""
        if self._socket.fileno() >= 0:
            self._receive()
            self.heard.close()
            self.spoken.close()
            self._socket.close()

    def _send(self, now: float) -> None:
        assert self.codec
        marker, kind, clock = 0, self.codec.payload_type, self._timestamp
        if self._keys and self.events is not None:
            payload, marked, index = self._keys.popleft()
            if payload:
                # All packets of one event carry the time of its beginning (RFC 4733 §2.3.5).
                clock = self._timestamp - FRAME * index
                self.keyed_at = now if marked else self.keyed_at
                marker, kind = (0x80 if marked else 0), self.events
            else:
                payload = self._background[self.counters.sent % len(self._background)]
            if not self._keys:
                self.on_change()
        elif self._frames:
            frame = self._frames.popleft()
            payload = frame.payload
            self.spoken.feed(now, frame.voiced)
            if not self._frames:
                self.on_change()
        else:
            payload = self._background[self.counters.sent % len(self._background)]
        self._emit(payload, marker, kind, clock, now)

    def _emit(self, payload: bytes, marker: int, kind: int, clock: int, now: float) -> None:
        header = HEADER.pack(0x80, marker | kind, self._sequence, clock & 0xFFFFFFFF, self._ssrc)
        self._sequence = self._sequence + 1 & 0xFFFF
        self._timestamp += FRAME
        self.counters.sent += 1
        if self.loss and self._random.random() < self.loss:
            self.counters.dropped_on_purpose += 1
            return
        if self.keep_audio and self.codec and kind == self.codec.payload_type:
            self.sent.append((now, payload))
        try:
            self._socket.sendto(header + payload, self.remote)  # type: ignore[arg-type]
        except OSError:
            self.counters.strange += 1

    def _receive(self) -> None:
        offset = time.monotonic_ns() - time.time_ns()
        while True:
            try:
                data, ancillary, _, _ = self._socket.recvmsg(2048, 64)
            except BlockingIOError:
                return
            except OSError:
                # An earlier packet of ours met a closed port (ICMP): nothing to read because of it.
                self.counters.strange += 1
                return
            self._packet(data, _arrived(ancillary, offset))

    def _packet(self, data: bytes, seconds: float) -> None:
        if len(data) < 12 or data[0] >> 6 != 2 or not self.codec:
            self.counters.strange += 1
            return
        first, second, sequence, timestamp, _ = HEADER.unpack_from(data)
        start = 12 + 4 * (first & 15)
        if first & 0x10 and len(data) >= start + 4:
            start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4])
        payload = data[start : len(data) - data[-1]] if first & 0x20 else data[start:]
        kind = second & 0x7F
        if kind == self.codec.payload_type and payload:
            self.counters.received += 1
            samples = self.codec.decode(payload)
            arrival = Arrival(seconds, sequence, timestamp, samples, self._loudness.voiced(rms(samples)))
            self._heard(arrival)
        elif kind == self.events and len(payload) >= 4:
            self.counters.received += 1
            self.arrivals.append(Arrival(seconds, sequence, timestamp, None, False))
            self._key_heard(payload[0], timestamp)
        else:
            self.counters.strange += 1

    def _heard(self, arrival: Arrival) -> None:
        if self.heard.feed(arrival.seconds, arrival.voiced):
            self.on_change()
        if not self.keep_audio:
            arrival.samples = None
        self.arrivals.append(arrival)

    def _key_heard(self, number: int, timestamp: int) -> None:
        """One event is one key, however many packets tell of it: they share their timestamp."""
        if timestamp != self._key_clock and number < len(KEYS):
            self._key_clock = timestamp
            self.on_key(KEYS[number])


def _name(bound: socket.socket) -> tuple[str, int]:
    host, port = bound.getsockname()
    return str(host), int(port)


def _arrived(ancillary: list[tuple[int, int, bytes]], offset_ns: int) -> float:
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS and len(data) >= 16:
            whole, nanoseconds = struct.unpack("qq", data[:16])
            return float(whole * 1_000_000_000 + nanoseconds + offset_ns) / 1e9
    return time.monotonic()


def _bound(address: str, ports: Sequence[int]) -> socket.socket:
    """A UDP socket on a free even port of the range; raises UserError when all are taken."""
    start = random.randrange(len(ports)) if len(ports) > 1 else 0
    for index in range(len(ports)):
        port = ports[(start + index) % len(ports)]
        if port % 2:
            continue
        found = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            found.bind((address, port))
        except OSError:
            found.close()
            continue
        found.setblocking(False)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
        if SO_TIMESTAMPNS:
            found.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        return found
    raise UserError(
        f"no free RTP port on {address} in {ports[0]}–{ports[-1]}", "give another range, or end other calls"
    )
