"""When silence on the network is told."""

from __future__ import annotations

from ivr.telephony.dtmf import key
from ivr.telephony.media_watch import MediaWatch


def test_silence_is_told_once_per_limit_and_begins_with_the_first_reading() -> None:
    watch = MediaWatch(20)
    assert watch.see(0, 100) is None
    assert watch.see(0, 119.9) is None
    assert watch.see(0, 120) == 20
    assert watch.see(0, 121) is None
    assert watch.see(0, 140) == 40
    assert watch.see(1, 150) is None
    assert watch.see(1, 169) is None
    assert watch.see(1, 170) == 20


def test_time_on_hold_does_not_count() -> None:
    watch = MediaWatch(20)
    watch.see(5, 0)
    watch.pause()
    assert watch.see(5, 100) is None
    assert watch.see(5, 119) is None
    assert watch.see(5, 120) == 20


def test_a_hold_may_last_longer_but_not_for_ever() -> None:
    watch = MediaWatch(20, hold_limit_seconds=600)
    watch.see(5, 0)
    watch.pause()
    assert watch.see_held(1) is None
    assert watch.see_held(600) is None
    assert watch.see_held(601) == 600
    assert watch.see_held(602) is None
    assert watch.see(5, 700) is None
    assert watch.see_held(800) is None
    assert watch.see_held(1399) is None
    assert watch.see_held(1400) == 600


def test_streams_that_never_began_wait_no_longer_than_those_that_dried_up() -> None:
    watch = MediaWatch(20, hold_limit_seconds=600)
    assert watch.see_held(1) is None
    assert watch.see_held(21) == 20


def test_no_limit_never_tells() -> None:
    watch = MediaWatch(0)
    watch.see(5, 0)
    assert watch.see(5, 10_000) is None
    assert watch.see_held(20_000) is None
    assert watch.see_held(90_000) is None


def test_keys_in_info_bodies() -> None:
    bodies = ["5", "#", " *\r\n", "Signal=7\r\nDuration=160", "signal = a", "11", "Signal=10", "d"]
    assert [key(body) for body in bodies] == ["5", "#", "*", "7", "A", "#", "*", "D"]
    assert [key(body) for body in ("", "x", "16", "Duration=5", "12345", "Signal=")] == [None] * 6
