"""Spans of voice, gaps, stops and losses from packet times; phrases recognised forgivingly."""

from __future__ import annotations

import pytest

from ivr.caller.activity import Activity, Loudness, Span
from ivr.caller.measures import barge_in_stop, media, percentile, reply_gap
from ivr.caller.phrases import grammar, likeness, sounds
from ivr.caller.rtp import Arrival, Counters


def spans_of(pattern: str, pause: float = 0.1) -> list[tuple[int, int]]:
    """Packets as letters (v: voiced), 20 ms each, as spans in packet numbers."""
    activity = Activity(pause)
    for index, letter in enumerate(pattern):
        activity.feed(index * 0.02, letter == "v")
        activity.rest(index * 0.02)
    activity.close()
    return [(round(span.start / 0.02), round(span.end / 0.02)) for span in activity.spans]


def test_a_pause_divides_spans_and_a_stop_does_not() -> None:
    assert spans_of("..vvv..vvvv......vvvv..") == [(2, 10), (17, 20)]


def test_an_answer_is_a_span_of_its_own_however_soon_it_comes() -> None:
    activity = Activity(0.6)
    for index, letter in enumerate("vvvvvvvvvv" + "." * 20 + "vvvvvvvvvv" + "." * 20 + "vvvv"):
        if index == 20:
            activity.other_ended(0.3)  # we spoke from 0.1 s to 0.3 s, and the far end fell silent at 0.18 s
        activity.feed(index * 0.02, letter == "v")
    assert [(round(span.start, 2), round(span.end, 2)) for span in activity.all] == [(0.0, 0.18), (0.6, 1.26)]


def test_a_click_is_no_voice() -> None:
    assert spans_of("..v........vv.......vvvv") == [(20, 23)]


def test_a_span_is_certain_after_three_packets_and_starts_at_the_first() -> None:
    activity = Activity()
    assert [activity.feed(second, True) for second in (1.0, 1.02, 1.04, 1.06)] == [False, False, True, False]
    assert activity.current == Span(1.0, 1.06, 4)


@pytest.mark.parametrize(
    ("levels", "voiced"),
    [
        ([0, 50, 150, 0, 2000, 300, 0], "....vv."),
        ([260] * 300 + [2600, 1200, 500, 900, 260], "vv.v."),
        ([2600] * 1000, "v" * 1000),
    ],
)
def test_voice_is_told_from_the_noise_of_the_line(levels: list[float], voiced: str) -> None:
    loudness = Loudness()
    judged = "".join("v" if loudness.voiced(level) else "." for level in levels)
    assert judged.endswith(voiced)


HEARD = (Span(1.0, 2.0), Span(3.0, 4.0))


@pytest.mark.parametrize(
    ("ended", "until", "gap"),
    [(2.5, 9.0, 0.5), (1.5, 9.0, None), (4.5, 9.0, None), (2.5, 2.9, None), (0.2, 9.0, 0.8)],
)
def test_reply_gap(ended: float, until: float, gap: float | None) -> None:
    assert reply_gap(ended, HEARD, until) == (None if gap is None else pytest.approx(gap))


def test_barge_in_stop() -> None:
    assert barge_in_stop(1.85, HEARD) == pytest.approx(0.15)
    assert barge_in_stop(2.5, HEARD) is None


def arrivals(*packets: tuple[int, float]) -> list[Arrival]:
    return [Arrival(seconds, number, 160 * number, None, False) for number, seconds in packets]


def test_losses_are_counted_across_the_wrap_of_the_sequence() -> None:
    found = media(arrivals((65534, 0.0), (65535, 0.02), (2, 0.08), (3, 0.10)), Counters())
    assert (found.lost, found.gaps, found.longest_gap_ms) == (2, 1, pytest.approx(60))


def test_a_late_packet_is_not_lost() -> None:
    found = media(arrivals((1, 0.0), (3, 0.02), (2, 0.021), (4, 0.04)), Counters())
    assert (found.lost, found.late_or_twice) == (0, 1)


def test_hold_is_no_gap() -> None:
    packets = arrivals((1, 0.0), (2, 0.02), (3, 1.0), (4, 1.02))
    assert media(packets, Counters()).gaps == 1
    assert media(packets, Counters(), [(0.01, 0.99)]).gaps == 0


def test_steady_packets_have_no_jitter() -> None:
    assert media(arrivals(*((n, n * 0.02) for n in range(50))), Counters()).jitter_ms == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.95, 95), (1.0, 100), (0.0, 1)])
def test_percentiles_are_values_that_were_measured(share: float, value: int) -> None:
    assert percentile(range(1, 101), share) == value
    assert percentile([], share) is None


@pytest.mark.parametrize(
    ("phrase", "heard", "alike"),
    [
        ("订单正在配送中", "您 的 订 单 正 在 配 送 中 [unk]", True),
        ("订单正在配送中", "您 [unk] 订 单 正 [unk] 配 送 钟", True),
        ("订单正在配送中", "订 单 [unk] 已 取 消", False),
        ("订单号 138", "订 单 号 幺 三 八", True),
        ("两天", "二 天", True),
        ("您好", "", False),
    ],
)
def test_chinese_is_compared_by_syllables(phrase: str, heard: str, alike: bool) -> None:
    assert (likeness(sounds(phrase, "zh"), sounds(heard, "zh")) >= 0.7) is alike


def test_words_the_model_does_not_know_may_sound_like_anything() -> None:
    known = {"order", "is", "on", "the"}
    phrase = sounds("Your order is out on the courier's bike", "en", known)
    assert phrase == ["[unk]", "order", "is", "[unk]", "on", "the", "[unk]"]
    assert likeness(phrase, sounds("[unk] order is [unk] on the [unk]", "en")) == pytest.approx(1)
    assert likeness(phrase, sounds("[unk]", "en")) < 0.3
    assert likeness(sounds("courier", "en", known), ["order"]) == 0


def test_the_grammar_holds_what_the_model_knows() -> None:
    assert grammar(["order 12 shipped on"], "en", {"order", "one", "two", "on"}) == [
        "order one two",
        "on",
        "[unk]",
        "[unk]",
    ]
    assert grammar(["订单1"], "zh", set("订单一幺")) == ["订 单 一", "订 单 幺", "[unk]", "[unk]"]
    assert grammar([], "zh", {"一"}) == []
