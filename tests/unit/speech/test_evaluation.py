"""Counting what was heard, the conditions of a line, calibration, and words that dialplans want."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.errors import UserError
from ivr.events import Hypothesis
from ivr.speech.audio import level_dbfs, write_wav
from ivr.speech.calibrating import curve, reliability
from ivr.speech.clips import Clip, clips_in
from ivr.speech.conditions import condition
from ivr.speech.evaluation import Heard, table, units
from ivr.speech.wording import is_example, lacking


def heard(kind: str, said: str, text: str, confidence: float = 0.9) -> Heard:
    readings = (Hypothesis(text, confidence),) if text else ()
    return Heard(Clip(Path("a.wav"), said, kind), "clean", readings, confidence, "limited", 0.02, 2.0)


@pytest.mark.parametrize(
    ("text", "digits", "expected"),
    [
        ("我要 退款。", False, ["我", "要", "退", "款"]),
        ("Where's my order?", False, ["where's", "my", "order"]),
        ("幺 洞 两", True, ["一", "零", "二"]),
        ("oh double five", True, ["zero", "five", "five"]),
        ("triple seven one", True, ["seven", "seven", "seven", "one"]),
    ],
)
def test_text_is_compared_by_what_it_means(text: str, digits: bool, expected: list[str]) -> None:
    assert units(text, digits) == expected


def test_the_table_counts_units_utterances_and_false_accepts() -> None:
    rows = table(
        [
            heard("digits", "三 八 二 七", "三 八 两 七"),
            heard("digits", "一 二 三 四", "一 二 四"),
            heard("oog", "长江", "退款", 0.3),
            heard("oog", "黄河", "退款", 0.8),
            heard("oog", "泰山", ""),
            heard("noise", "", "嗯", 0.1),
        ]
    )
    digits, oog, noise = rows
    assert (digits.clips, digits.units) == (2, 8)
    assert digits.unit_accuracy == pytest.approx(7 / 8)
    assert digits.utterance_accuracy == 0.5
    assert digits.real_time_factor == pytest.approx(0.01)
    assert oog.false_accept == pytest.approx(1 / 3)
    assert noise.false_accept == 1.0


def voice() -> np.ndarray:
    times = np.arange(16000) / 8000
    return (np.sin(2 * np.pi * 500 * times) * np.sin(2 * np.pi * 2 * times) * 8000).astype(np.int16)


@pytest.mark.parametrize("name", ["clean", "telephone", "ulaw", "alaw", "snr20", "snr5", "loss3", "loss20"])
def test_conditions_keep_the_length_and_repeat_themselves(name: str) -> None:
    once, again = (condition(name)(voice(), 3) for _ in range(2))
    assert len(once) == 16000
    assert np.array_equal(once, again)
    assert np.array_equal(once, voice()) is (name == "clean")


def test_noise_is_as_loud_as_named() -> None:
    quiet, loud = (
        condition(name)(voice(), 3).astype(int) - condition("telephone")(voice(), 3) for name in ("snr20", "snr5")
    )
    assert level_dbfs(loud.astype(np.int16)) - level_dbfs(quiet.astype(np.int16)) == pytest.approx(15, abs=1.5)


def test_packets_are_lost_at_the_named_rate() -> None:
    long = np.tile(voice(), 20)
    same = (condition("loss10")(long, 3) == condition("telephone")(long, 3)).reshape(-1, 160).all(axis=1)
    assert 0.06 < 1 - same.mean() < 0.15


def test_an_unknown_condition_is_told() -> None:
    with pytest.raises(UserError, match="snrN"):
        condition("underwater")


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=30, max_size=80))
@settings(deadline=None, max_examples=40)
def test_a_calibration_rises_and_stays_a_probability(answers: list[tuple[float, bool]]) -> None:
    points = curve(answers)
    assert points
    assert all(0 <= probability <= 1 for _, probability in points)
    assert points == sorted(points)
    assert [probability for _, probability in points] == sorted(probability for _, probability in points)


def test_a_calibration_finds_the_truth() -> None:
    random = np.random.default_rng(5)
    answers = [(float(raw), bool(random.random() < raw**2)) for raw in random.random(5000)]
    points = dict(curve(answers))
    middle = [probability for raw, probability in points.items() if 0.65 < raw < 0.75]
    assert middle
    assert np.mean(middle) == pytest.approx(0.49, abs=0.08)
    assert curve(answers[:20]) == []


def test_reliability_sets_promise_beside_truth() -> None:
    low, high = reliability([(0.1, False)] * 9 + [(0.1, True)] + [(0.95, True)] * 4)
    assert (low.answers, low.promised, low.true) == (10, pytest.approx(0.1), 0.1)
    assert (high.answers, high.true) == (4, 1.0)


def test_clips_come_from_a_manifest_or_from_texts(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", bytes(1600))
    (tmp_path / "a.txt").write_text("转人工\n", encoding="utf-8")
    assert clips_in([tmp_path]) == [Clip(tmp_path / "a.wav", "转人工", "sentence")]
    manifest = tmp_path / "manifest.yaml"
    manifest.write_text("- {file: a.wav, text: 0123, kind: digits, grammar: [a, b]}\n", encoding="utf-8")
    assert clips_in([manifest]) == [Clip(tmp_path / "a.wav", "0123", "digits", grammar=("a", "b"))]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("- {file: gone.wav}", "gone.wav"),
        ("- {file: a.wav, kin: digits}", "kin"),
        ("- {file: a.wav, kind: song}", "kind"),
        ("[]", "no clips"),
    ],
)
def test_a_bad_manifest_is_one_clear_line(tmp_path: Path, content: str, says: str) -> None:
    write_wav(tmp_path / "a.wav", bytes(1600))
    (tmp_path / "manifest.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=says):
        clips_in([tmp_path])


def test_words_a_model_lacks_are_found_with_their_place(tmp_path: Path) -> None:
    tree = "steps:\n  pay:\n    choices:\n      card:\n        zh: [银行卡, '[用]信用卡']\n        en: [credit card]\n"
    (tmp_path / "hotline.yaml").write_text(tree, encoding="utf-8")
    (tmp_path / "zh").mkdir()
    (tmp_path / "zh" / "intents.yaml").write_text(
        "about: 查询\nsentences:\n  - (我要|请)退款 {money} <fillers>\n", encoding="utf-8"
    )
    words = frozenset({"银行卡", "信用卡", "用", "我", "要", "退款"})
    (only,) = lacking(tmp_path, "zh", words)
    assert (only.word, only.place.line) == ("请", 3)
    assert [each.word for each in lacking(tmp_path, "en", {"card"})] == ["credit"]
    with pytest.raises(UserError, match="no such file"):
        lacking(tmp_path / "gone", "zh", words)


def test_names_of_intents_are_no_words(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    universals = "outranks:\n  refund: [cancel_order, praise]\nnegations: [never mind]\n"
    (tmp_path / "en" / "universals.yaml").write_text(universals, encoding="utf-8")
    assert [each.word for each in lacking(tmp_path, "en", {"never"})] == ["mind"]


def test_examples_to_learn_from_are_told_apart(tmp_path: Path) -> None:
    for folder, said in (("intents", "退货"), ("utterances", "退货给老王")):
        (tmp_path / "zh" / folder).mkdir(parents=True)
        (tmp_path / "zh" / folder / "a.yaml").write_text(f"- {said}\n", encoding="utf-8")
    found = lacking(tmp_path, "zh", frozenset({"退", "给", "王"}))
    assert [(each.word, is_example(each, tmp_path)) for each in found] == [("货", False), ("老", True)]
    examples = tmp_path / "zh" / "utterances"
    assert not any(is_example(each, examples) for each in lacking(examples, "zh", frozenset()))
