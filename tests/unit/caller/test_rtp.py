"""Packets on a real socket pair: keys, losses, garbage, times of arrival."""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Iterator

import numpy as np
import pytest

from ivr.caller import sound
from ivr.caller.codec import FRAME, PCMA, PCMU
from ivr.caller.rtp import Stream
from ivr.errors import UserError

PORTS = range(27_400, 27_500)


@pytest.fixture
def pair() -> Iterator[tuple[Stream, Stream]]:
    one, other = Stream("127.0.0.1", PORTS), Stream("127.0.0.1", PORTS)
    one.connect((other.address, other.port), PCMU, 101)
    other.connect((one.address, one.port), PCMU, 101)
    yield one, other
    one.close()
    other.close()


def ticks(one: Stream, other: Stream, count: int) -> None:
    for _ in range(count):
        one.tick()
    arrive(other)
    other.tick()


def arrive(stream: Stream) -> None:
    """Wait until something has arrived; the kernel brings what is sent over loopback all at once, on a busy machine a little later."""
    readable, _, _ = select.select([stream._socket], [], [], 10)
    assert readable
    time.sleep(0.005)


def test_speech_arrives_as_it_was_sent(pair: tuple[Stream, Stream]) -> None:
    one, other = pair
    one.say(sound.frames(sound.tone(440, 0.1), PCMU))
    ticks(one, other, 8)
    assert [item.voiced for item in other.arrivals] == [True] * 5 + [False] * 3
    heard = np.concatenate([item.samples for item in other.arrivals[:5] if item.samples is not None])
    assert sound.tonality(heard, 440) > 0.9
    assert one.spoken.current is not None
    assert one.spoken.current.packets == 5


def test_keys_are_each_heard_once(pair: tuple[Stream, Stream]) -> None:
    one, other = pair
    pressed: list[str] = []
    other.on_key = pressed.append
    one.key("1100#*A")
    ticks(one, other, 130)
    assert pressed == list("1100#*A")
    assert not one.speaking


def test_an_event_keeps_its_time_and_ends_three_times(pair: tuple[Stream, Stream]) -> None:
    one, other = pair
    one.key("5")
    for _ in range(11):
        one.tick()
    other._socket.settimeout(10)
    raw = [other._socket.recv(200) for _ in range(11)]
    other._socket.setblocking(False)
    assert {packet[1] & 0x7F for packet in raw} == {101}
    assert [packet[1] >> 7 for packet in raw] == [1] + [0] * 10
    assert len({packet[4:8] for packet in raw}) == 1
    assert [packet[13] >> 7 for packet in raw] == [0] * 8 + [1] * 3
    assert [struct.unpack("!H", packet[14:16])[0] for packet in raw[:3]] == [160, 320, 480]


def test_losses_are_made_and_seen(pair: tuple[Stream, Stream]) -> None:
    one, other = pair
    one.loss = 0.3
    one._random.seed(5)
    ticks(one, other, 200)
    dropped = one.counters.dropped_on_purpose
    assert 40 < dropped < 80
    assert other.counters.received == 200 - dropped


def test_times_of_arrival_are_the_kernels(pair: tuple[Stream, Stream]) -> None:
    one, other = pair
    before = time.monotonic()
    one.tick()
    after = time.monotonic()
    time.sleep(0.3)
    other.tick()
    assert before - 0.001 <= other.arrivals[0].seconds <= after + 0.2


def test_garbage_is_counted_and_nothing_more(pair: tuple[Stream, Stream]) -> None:
    one, other = pair
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for data in (
            b"",
            b"x" * 11,
            b"\x00" * 40,
            b"\x80\x63" + b"\0" * 170,
            b"\x9f\x00" + b"\xff" * 14,
            b"\xa0\x00" + b"\xff" * 20,
        ):
            stranger.sendto(data, (other.address, other.port))
    deadline = time.monotonic() + 10
    while other.counters.strange < 6 and time.monotonic() < deadline:
        other.tick()
    assert other.counters.received == 0
    assert other.counters.strange == 6
    assert one.arrivals == []


def test_extensions_and_contributors_are_skipped(pair: tuple[Stream, Stream]) -> None:
    _, other = pair
    payload = PCMU.encode(sound.tone(440, 0.02))
    header = struct.pack("!BBHII", 0x80 | 0x10 | 1, 0, 7, 0, 9) + b"ctrb" + struct.pack("!HH", 0xBEDE, 1) + b"ext!"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(header + payload, (other.address, other.port))
    arrive(other)
    other.tick()
    assert other.arrivals[0].samples is not None
    assert len(other.arrivals[0].samples) == FRAME


def test_another_payload_type_is_not_played(pair: tuple[Stream, Stream]) -> None:
    one, other = pair
    one.connect((other.address, other.port), PCMA, 101)
    ticks(one, other, 3)
    assert other.arrivals == []
    assert other.counters.strange == 3


def test_no_free_port_is_a_plain_line() -> None:
    first = Stream("127.0.0.1", range(44_500, 44_501))
    with pytest.raises(UserError, match=r"no free RTP port on .* in 44500–44500"):
        Stream("127.0.0.1", range(44_500, 44_501))
    first.close()
