"""Prompts: what is filled in, what is left out, what is refused."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from small_shop import WORDS, call, load

from ivr.dialogue.memory import Memory
from ivr.dialogue.prompts import PromptBook, load_prompts
from ivr.errors import DialplanError
from ivr.events import CallStarted
from ivr.values import Digits, Money
from order_lookup import load_policies

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 21, 18, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def book(folder: Path, text: str) -> PromptBook:
    folder.mkdir(exist_ok=True)
    (folder / "all.yaml").write_text(text, encoding="utf-8")
    return load_prompts(folder, "zh")


def said(made: PromptBook, prompt: str, **values: object) -> str | None:
    memory = Memory({name.replace("__", "."): value for name, value in values.items()})  # type: ignore[misc]
    found = made.prompt(prompt, memory, NOW)
    return found.text if found else None


def test_an_optional_part_goes_with_its_value(tmp_path: Path) -> None:
    made = book(tmp_path, 'p: "好的[，退{amount}]。"')
    assert said(made, "p", amount=Money(3580)) == "好的，退三十五元八角。"
    assert said(made, "p") == "好的。"


def test_a_sentence_that_cannot_be_said_is_left_out(tmp_path: Path) -> None:
    made = book(tmp_path, 'p: "退{amount}。请稍等。"\nq: "退{amount}。"')
    assert said(made, "p") == "请稍等。"
    assert said(made, "q") is None


def test_a_word_is_said_by_its_label_and_never_bare(tmp_path: Path) -> None:
    made = book(tmp_path, 'p: "{reason}"\nword.late_meal: "晚了[{minutes}分钟]。"')
    assert said(made, "p", reason="late_meal", minutes=20) == "晚了二十分钟。"
    assert said(made, "p", reason="late_meal") == "晚了。"
    assert said(made, "p", reason="another_rule") is None


def test_derived_values(tmp_path: Path) -> None:
    made = book(tmp_path, 'p: "{order.tail}，{items.count}件，{items.menu}"')
    assert said(made, "p", order=Digits("120345678901"), items=("面", "茶")) == "八九零幺，两件，面请按1，茶请按2"


def test_a_time_far_off_is_said_exactly_where_somebody_goes_by_it(tmp_path: Path) -> None:
    made = book(tmp_path, 'p: "{due}之前[，{due.exact}]。"\nq: "回电[，最晚{due.exact}]。"')
    assert said(made, "p", due=NOW.replace(month=12, day=1, hour=9)) == "十二月一日之前，十二月一日上午九点。"
    assert said(made, "q") == "回电。"


def test_what_varies_cannot_be_recorded(tmp_path: Path) -> None:
    made = book(
        tmp_path,
        'a: 您好。\nb: "您好{shop}。"\nc: {text: 几分？, no_input: [几分呢？], keys: 请按键。}\nword.late: 晚了',
    )
    assert dict(made.recordable()) == {"a": "您好。", "c": "几分？", "c.no_input.1": "几分呢？", "c.keys": "请按键。"}


def test_the_last_words_serve_for_further_tries(tmp_path: Path) -> None:
    made = book(tmp_path, "p: {text: 一, no_input: [二, 三]}")
    assert [made.text("p", f"no_input.{number}") for number in (1, 2, 3)] == ["二", "三", "三"]
    assert made.text("p", "no_match.1") is None


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("p: {txt: 您好}", "unknown key `txt` — did you mean `text`?"),
        ("p: [您好]", "prompt `p` should be a text"),
        ("- 您好", "should be `prompt id: words` lines"),
        ("p: 您好\np: 您好", "key `p` is written twice"),
    ],
)
def test_what_is_wrong_has_a_place_and_a_fix(tmp_path: Path, written: str, told: str) -> None:
    with pytest.raises(DialplanError, match=r"all\.yaml") as caught:
        book(tmp_path, written)
    assert told in str(caught.value)


def test_a_colleague_hears_what_the_call_is_about_in_words_of_their_own_or_by_the_wishs_name(tmp_path: Path) -> None:
    words = WORDS + "about.refund: 要求退款\nword.was_late: 您的外卖晚了。\n"
    dialogue = call(load(tmp_path, prompts=words))
    dialogue.receive(CallStarted(0.0, "c1", "13800138000", "hotline", "zh"))
    assert dialogue.about("refund") == "要求退款"
    assert dialogue.about("status") == "查订单"
    assert dialogue.about("was_late") == ""  # a reason, told to the caller
    assert dialogue.about("") == ""


def test_what_colleagues_hear_is_about_wishes_that_there_are_in_both_languages() -> None:
    told = {}
    for language in ("zh", "en"):
        words = load_prompts(ROOT / "prompts" / language, language).words
        told[language] = {prompt.removeprefix("about.") for prompt in words if prompt.startswith("about.")}
    assert told["zh"] == told["en"] != set()
    book = load_policies().book
    assert told["zh"] - {"agent"} <= set(book.intents)
