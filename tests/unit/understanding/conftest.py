"""The shipped understanding, loaded once, and short ways to ask it."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ivr.dialogue.understanding import Expectation, Interpretation, OrderPattern, Understanding
from ivr.events import Hypothesis
from order_lookup.numbers import DEFAULT

DIALPLANS = Path(__file__).parents[3] / "dialplans"
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))  # a Friday
Hear = Callable[..., Interpretation]


@pytest.fixture(scope="session")
def shipped() -> dict[str, Understanding]:
    pattern = OrderPattern(12, "", DEFAULT.is_valid)
    return {"zh": Understanding.load(DIALPLANS, "zh", pattern), "en": Understanding.load(DIALPLANS, "en", pattern)}


@pytest.fixture(scope="session")
def hear(shipped: dict[str, Understanding]) -> Hear:
    def heard(text: str, **wanted: object) -> Interpretation:
        language = "zh" if any("\u4e00" <= char <= "\u9fff" for char in text) else "en"
        expectation = Expectation(language=language, now=NOW, **wanted)
        return shipped[language].understand((Hypothesis(text, 1.0),), expectation)

    return heard
