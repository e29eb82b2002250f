"""What the figures are made of: edits, digit values, calibration, the language model."""

from __future__ import annotations

import math

import pytest

from training.language_model import END, START, Trigram

calibration = pytest.importorskip("training.calibration", reason="the training extra is not installed")
evaluation = pytest.importorskip("training.evaluation")


def test_edits_count_substitutions_deletions_and_insertions() -> None:
    assert evaluation.edits(["a", "b", "c"], ["a", "x", "c", "d"]) == 2
    assert evaluation.edits(["a", "b", "c"], []) == 3


def test_digits_of_different_names_are_the_same_digit() -> None:
    assert evaluation.digit_values(["幺", "一", "洞", "零", "两"]) == ["1", "1", "0", "0", "2"]
    assert evaluation.digit_values(["double", "oh", "triple", "seven", "one"]) == list("007771")


def test_matched_words_are_those_in_order() -> None:
    assert calibration.matched(["1", "2", "3", "4"], ["1", "3", "9", "4"]) == [True, True, False, True]
    assert calibration.matched([], ["1"]) == [False]


def test_the_calibration_never_falls_and_keeps_the_mean() -> None:
    pairs = [(raw / 100, (raw * 7919) % 100 < raw) for raw in range(100)]
    table = calibration.rising(pairs)
    assert [x for x, _ in table] == sorted(x for x, _ in table)
    assert [y for _, y in table] == sorted(y for _, y in table)
    assert calibration.look_up(table, 0.95) > calibration.look_up(table, 0.05)
    mean = sum(calibration.look_up(table, raw) for raw, _ in pairs) / 100
    assert mean == pytest.approx(sum(right for _, right in pairs) / 100, abs=0.08)


def test_probabilities_after_a_history_sum_to_one() -> None:
    sentences = [s.split() for s in ("a b c", "a b d", "a b c", "b c")]
    model = Trigram(sentences, ["a", "b", "c", "d", "e"])
    for history in ((), ("a",), ("a", "b"), (START,), ("e",)):
        total = sum(model.probability(w, history) for w in ["a", "b", "c", "d", "e", END])
        assert total == pytest.approx(1.0, abs=1e-6)
    assert model.probability("c", ("a", "b")) > model.probability("d", ("a", "b"))


def test_the_acceptor_starts_at_the_sentence_start_and_backs_off() -> None:
    model = Trigram([["a", "b"], ["a", "b"]], ["a", "b"])
    lines = model.acceptor({"a": 1, "b": 2}).strip().split("\n")
    arcs = [line.split() for line in lines]
    assert arcs[0][0] == "0"
    assert any(len(arc) == 4 and arc[2] == "0" for arc in arcs)
    first = next(arc for arc in arcs if arc[0] == "0" and len(arc) == 4 and arc[2] == "1")
    assert float(first[3]) == pytest.approx(-math.log(model.probability("a", (START,))), abs=1e-3)
