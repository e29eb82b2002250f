"""The reading script: with everything in it recorded, no prompt needs the synthesiser but for names and goods."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.dialogue.prompts import load_prompts
from ivr.dialogue.reading import fragments, to_read, units
from ivr.dialogue.speaking import spoken
from ivr.speech.pieces import Name, cut, file_name, name, words
from ivr.values import Digits, Language, Money, Value

ROOT = Path(__file__).parents[3]
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 6, 17, 18, 0, tzinfo=ZONE)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(ZONE))
VALUES = st.one_of(
    st.integers(-99_999, 9_999_999),
    st.text("0123456789", min_size=1, max_size=20).map(Digits),
    st.builds(Money, st.integers(-100_000, 99_999_999), st.sampled_from(["CNY", "USD", "EUR", "GBP"])),
    MOMENTS,
    st.timedeltas(timedelta(0), timedelta(days=90)),
    st.booleans(),
)


def recorded(language: Language, texts: list[str]) -> dict[Name, Path]:
    return {name(file_name(text), language): Path(text) for text in texts}


@pytest.mark.parametrize("language", ["zh", "en"])
@settings(max_examples=300, deadline=None)
@given(value=VALUES)
def test_every_value_can_be_said_with_the_units(language: Language, value: Value) -> None:
    said = spoken(value, language, NOW)
    assert cut(words(said, language), recorded(language, list(units(language)))) is not None, said


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_fixed_parts_of_every_shipped_prompt_are_in_the_script(language: Language) -> None:
    book = load_prompts(ROOT / "prompts" / language, language)
    whole = {text.text for text in to_read(book) if not text.piece}
    pieces = recorded(language, [text.text for text in to_read(book) if text.piece])
    for each in book.words.values():
        for text in each.texts():
            for part in fragments_of(text):
                assert text in whole or cut(words(part, language), pieces) is not None, part


def fragments_of(text: str) -> list[str]:
    """A text's parts between its variables, cut by hand."""
    for mark in "[]":
        text = text.replace(mark, "{x}")
    parts, depth, current = [], 0, ""
    for char in text:
        depth += (char == "{") - (char == "}")
        if depth or char == "}":
            parts, current = ([*parts, current] if current else parts), ""
        else:
            current += char
    return [part for part in [*parts, current] if any(each.isalnum() for each in part)]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_two_texts_of_the_script_want_the_same_file_and_every_name_is_short_enough(language: Language) -> None:
    texts = to_read(load_prompts(ROOT / "prompts" / language, language), ("好食多",))
    files = [(text.piece, (file_name(text.name) if text.piece else text.name).lower()) for text in texts]
    assert len(set(files)) == len(files)
    assert max(len(f"{file}.wav".encode()) for _, file in files) <= 255


def test_a_sentence_that_ends_keeps_its_mark_and_one_that_goes_on_has_none() -> None:
    book = load_prompts(ROOT / "prompts" / "zh", "zh")
    parts = set(fragments(book))
    assert {"您尾号", "的订单已经送达", "送到。"} <= parts
