"""`ivr check` of sentences that might mean two things: questions beside the matter, and wishes that outrank others."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_shop import INTENTS, TREE, UNIVERSALS, load

from ivr.dialogue.check import check
from ivr.dialogue.proofs.understood import colliding


def findings(folder: Path, **changed: str) -> list[str]:
    return [str(finding) for finding in check(load(folder, **changed))]


ASIDES = "asides:\n  recorded: [录音吗]\n  long: [要多久]\n"
ANSWERED = "asides: {recorded: lost, long: {refund: lost}}\nsteps:"


def test_questions_beside_the_matter_that_are_answered_pass(tmp_path: Path) -> None:
    assert findings(tmp_path, asides=ASIDES, hotline=TREE.replace("steps:", ANSWERED, 1)) == []


@pytest.mark.parametrize(
    ("asides", "answered", "told"),
    [
        (
            ASIDES,
            "asides: {recorded: lost}\nsteps:",
            "warning: `long` is asked beside the matter, and nothing answers it",
        ),
        (
            ASIDES,
            ANSWERED.replace("recorded: lost", "recorded: lots"),
            "there is no prompt `lots` in zh — did you mean `lost`",
        ),
        (
            ASIDES,
            ANSWERED.replace("refund: lost", "refnud: lost"),
            "there is no intent `refnud` — did you mean `refund`?",
        ),
        (ASIDES, ANSWERED.replace("{rec", "{tape: lost, rec"), "warning: nobody can ask `tape`: it has no sentences"),
        (
            ASIDES,
            ANSWERED.replace("recorded: lost", "recorded: told"),
            "prompt `told` says {order.number.tail}, which isn't sure",
        ),
    ],
)
def test_questions_beside_the_matter_are_proven(tmp_path: Path, asides: str, answered: str, told: str) -> None:
    found = findings(tmp_path, asides=asides, hotline=TREE.replace("steps:", answered, 1))
    assert [each for each in found if told in each], found


def shared(folder: Path, **changed: str) -> list[str]:
    return [str(finding) for finding in colliding(load(folder, **changed).spoken["zh"])]


def test_a_question_beside_the_matter_that_is_a_wish_is_told(tmp_path: Path) -> None:
    asides, tree = ASIDES.replace("录音吗", "我要退款"), TREE.replace("steps:", ANSWERED, 1)
    (told,) = shared(tmp_path, asides=asides, hotline=tree)
    assert "“我要退款” is asked beside the matter as `recorded`, and is a sentence of `refund`" in told
    # Answered in a refund only, it is followed everywhere else.
    by_matter = tree.replace("recorded: lost", "recorded: {refund: lost}")
    assert shared(tmp_path, asides=asides, hotline=by_matter) == []


def test_a_sentence_of_two_wishes_is_the_ones_that_outranks_the_other(tmp_path: Path) -> None:
    both = INTENTS.replace('"退款[订单号', '"[我的]订单到哪了", "退款[订单号')
    (told,) = shared(tmp_path, intents=both)
    assert "is a sentence of `refund`, and of `status`" in told
    mutual = UNIVERSALS + "outranks: {status: [refund], refund: [status]}\n"
    assert any("outrank each other" in each for each in findings(tmp_path, intents=both, universals=mutual))
    for first, other in (("status", "refund"), ("refund", "status")):
        decided = UNIVERSALS + f"outranks: {{{first}: [{other}]}}\n"
        assert shared(tmp_path, intents=both, universals=decided) == []
        matcher = load(tmp_path, intents=both, universals=decided).spoken["zh"].understanding.matcher
        assert matcher.rank("我的订单到哪了")[0].intent == first
