"""vosk's replies as hypotheses: confidences that mean something, `[unk]` taken out, segments joined."""

from __future__ import annotations

import json
import math

import pytest

from ivr.events import Hypothesis, Word
from ivr.speech.vosk_results import calibrated, joined, segment, written


def reply(*readings: tuple[str, float]) -> str:
    """An N-best reply as vosk writes it: 0.3 s per word."""
    alternatives = [
        {
            "text": text,
            "confidence": score,
            "result": [
                {"word": word, "start": 0.3 * index, "end": 0.3 * index + 0.3}
                for index, word in enumerate(text.split())
            ],
        }
        for text, score in readings
    ]
    return json.dumps({"alternatives": alternatives})


def test_a_lone_reading_is_certain_and_keeps_its_times() -> None:
    (only,) = segment(reply(("三 八", 412.5))).readings
    assert only.text == "三 八"
    assert only.confidence == 1.0
    assert only.words[1] == Word("八", 0.3, 0.6)


def test_readings_share_the_likelihood() -> None:
    first, second = segment(reply(("三 八", 401.0), ("三 七", 400.0))).readings
    assert first.confidence == pytest.approx(math.e / (math.e + 1))
    assert second.confidence == pytest.approx(1 / (math.e + 1))


def test_unknown_sound_lowers_confidence_by_its_time_and_is_not_said() -> None:
    (only,) = segment(reply(("[unk] 退款", 400.0))).readings
    assert only.text == "退款"
    assert only.confidence == pytest.approx(0.5)


def test_only_unknown_sound_is_no_reading_but_takes_its_share() -> None:
    assert segment(reply(("[unk]", 400.0))).readings == ()
    (only,) = segment(reply(("[unk]", 400.0), ("退款", 400.0))).readings
    assert only.confidence == pytest.approx(0.5)


def test_readings_that_became_alike_are_one() -> None:
    (only,) = segment(reply(("退款", 400.0), ("[unk] 退款", 400.0))).readings
    assert only.confidence == pytest.approx(0.5 + 0.25)


def test_how_mandarin_is_cut_into_words_makes_no_other_reading() -> None:
    first, second = segment(
        reply(("我的外卖 还没到", 400.0), ("我的 外卖 还没到", 400.0), ("我的 外卖 还没 倒", 400.0))
    ).readings
    assert (first.text, second.text) == ("我的外卖 还没到", "我的 外卖 还没 倒")
    assert first.confidence == pytest.approx(2 / 3)


def test_empty_replies_have_no_readings() -> None:
    assert segment('{"alternatives": [{"text": "", "confidence": 1.0}]}').readings == ()
    assert segment('{"text": ""}').readings == ()


def test_a_server_without_n_best_gives_the_mean_of_its_words() -> None:
    words = [
        {"word": "one", "start": 0, "end": 0.3, "conf": 1.0},
        {"word": "two", "start": 0.3, "end": 0.6, "conf": 0.5},
    ]
    (only,) = segment(json.dumps({"text": "one two", "result": words})).readings
    assert (only.text, only.confidence) == ("one two", 0.75)


def test_our_own_servers_probabilities_are_taken_as_they_are() -> None:
    reading = Hypothesis("三 八", 0.83, (Word("三", 0.0, 0.3, 0.83), Word("八", 0.3, 0.6, 0.83)))
    both = json.dumps({**json.loads(reply(("三 八", 400.0))), "hypotheses": written((reading,))})
    assert segment(both).readings == (reading,)


def test_segments_are_joined_best_with_best() -> None:
    first, second = segment(reply(("三 八", 401.0), ("三 七", 400.0))), segment(reply(("五", 400.0)))
    best, other = joined([first, segment('{"text": ""}'), second], 5)
    assert best.text == "三 八 五"
    assert other.text == "三 七 五"
    assert best.confidence == pytest.approx(first.readings[0].confidence)
    assert len(best.words) == 3


def test_no_word_is_lost_however_many_segments() -> None:
    many = [segment(reply(("一", 400.0), ("七", 399.0))) for _ in range(30)]
    readings = joined(many, 5)
    assert len(readings) == 5
    assert readings[0].text == " ".join("一" * 30)


def test_silence_is_no_hypothesis() -> None:
    assert joined([segment('{"text": ""}')], 5) == ()


def test_calibration_reaches_the_words() -> None:
    (only,) = calibrated(segment(reply(("三", 400.0))).readings, lambda raw: raw * 0.9)
    assert only.confidence == pytest.approx(0.9)
    assert only.words[0].confidence == pytest.approx(0.9)
