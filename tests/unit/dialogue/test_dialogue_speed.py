"""A thousand steps load within a second, an utterance is understood within ten milliseconds: in processor time, like the bench."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.bench.dialogue_runs import long_tree, thousand, understanding
from ivr.dialogue.loading import Dialplans, load_dialplans
from ivr.values import Language

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def shipped() -> Dialplans:
    return load_dialplans(ROOT / "dialplans", ROOT / "prompts")


def test_a_thousand_steps_of_every_kind_load_within_a_second(shipped: Dialplans) -> None:
    assert long_tree(1000).count("\n  s") == 1001
    assert min(thousand(shipped, 1000) for _ in range(2)) < 1000


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_utterance_is_understood_within_ten_milliseconds(shipped: Dialplans, language: Language) -> None:
    assert len(shipped.spoken[language].understanding.grammar.intents) >= 40
    rows = list(understanding(shipped, language))
    assert len(rows) == 2
    assert all(row.milliseconds < row.goal for row in rows), rows
