"""What the figures are made of: edits, digit values, calibration, the language model."""

from __future__ import annotations

import math

import pytest

from training import clips, evaluation
from training.language_model import END, START, Trigram


def test_edits_count_substitutions_deletions_and_insertions() -> None:
    assert evaluation.edits(["a", "b", "c"], ["a", "x", "c", "d"]) == 2
    assert evaluation.edits(["a", "b", "c"], []) == 3


def test_digits_of_different_names_are_the_same_digit() -> None:
    assert evaluation.digit_values(["幺", "一", "洞", "零", "两"]) == ["1", "1", "0", "0", "2"]
    assert evaluation.digit_values(["double", "oh", "triple", "seven", "one"]) == list("007771")


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


def test_a_clip_is_judged_by_its_kind() -> None:

    def errors(kind: str, text: str, heard: list[str]) -> int:
        tally = evaluation.Tally()
        clip = clips.Clip(samples=None, text=text, kind=kind, condition="clean", speaker="x")
        clips.judge(clip, heard, tally)
        return int(tally.errors)

    assert errors("digits", "一 二 三", ["幺", "二", "三"]) == 0
    assert errors("digits", "一 二 三", ["幺", "三"]) == 1
    assert errors("phrase", "转人工", ["转", "人工"]) == 0
    assert errors("phrase", "转人工", ["[unk]"]) == 1
    assert errors("sentence", "where is my order", ["where", "my", "order"]) == 1
    assert errors("oog", "blue whale", ["[unk]"]) == 0
    assert errors("oog", "blue whale", ["refund"]) == 1
    assert errors("noise", "", []) == 0
