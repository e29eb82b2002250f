"""Readings of one sound heard at several speeds: one vote each, times as they were said."""

from __future__ import annotations

import pytest

from ivr.events import Hypothesis, Word
from ivr.speech.rehearing import DOUBT, combined, doubtful


def reading(text: str, confidence: float, starts: float = 0.0) -> Hypothesis:
    words = tuple(Word(word, starts + at, starts + at + 0.5) for at, word in enumerate(text.split()))
    return Hypothesis(text, confidence, words)


def test_what_is_heard_at_several_speeds_beats_what_was_surer_once() -> None:
    hearings = [
        (1.0, [reading("六 二", 0.6), reading("零 二", 0.4)]),
        (0.85, [reading("零 二", 0.9)]),
        (1.15, [reading("零 二", 0.5), reading("六 二", 0.3)]),
    ]
    best, second = combined(hearings, 5)
    assert (best.text, second.text) == ("零 二", "六 二")
    assert best.confidence == pytest.approx((0.4 + 0.9 + 0.5) / 3)
    assert second.confidence == pytest.approx((0.6 + 0.3) / 3)


def test_a_hearing_without_words_is_a_vote_for_nothing() -> None:
    (only,) = combined([(1.0, [reading("退款", 0.8)]), (0.85, []), (1.15, [])], 5)
    assert only.confidence == pytest.approx(0.8 / 3)


def test_words_stand_where_they_were_said() -> None:
    (_, slower) = combined([(1.0, [reading("一", 0.6)]), (1.15, [reading("七", 0.5, starts=1.15)])], 5)
    assert slower.words[0].start_seconds == pytest.approx(1.0)
    assert slower.words[0].end_seconds == pytest.approx(1.65 / 1.15)


def test_how_mandarin_is_cut_makes_no_other_reading() -> None:
    (only,) = combined([(1.0, [reading("我要 退款", 0.6)]), (0.85, [reading("我要退款", 0.6)])], 5)
    assert only.text == "我要 退款"
    assert only.confidence == pytest.approx(0.6)


def test_no_more_readings_than_wanted() -> None:
    assert len(combined([(1.0, [reading("一", 0.5), reading("七", 0.3), reading("八", 0.2)])], 2)) == 2


def test_nothing_and_certainty_leave_no_doubt() -> None:
    assert not doubtful([])
    assert not doubtful([reading("一", DOUBT)])
    assert doubtful([reading("一", DOUBT - 0.01), reading("七", 0.1)])
