"""The console's small parts: limits, answers at hand, words, what is readable, what the feed tells."""

from __future__ import annotations

import os
import re
import shutil
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ivr.console.answers import Faq
from ivr.console.elements import length, money, readable
from ivr.console.feed import Feed, Happening, Watcher
from ivr.console.limits import Limiter
from ivr.console.login import _inside
from ivr.console.orders import _minor
from ivr.console.words import TABLE, words
from ivr.dialogue.prompts import load_prompts
from ivr.dialogue.vocabulary import ACT_OUTCOMES, ACTIONS, HANDOFF_OUTCOMES
from ivr.errors import UserError
from ivr.records.database import open_database
from ivr.records.tables import EventRow
from ivr.transcript import mask_name
from order_lookup import Action, Intent, Money, Situation, Stage

_TICKETS = ("logistics", "aftersales", "payment", "quality", "service", "account", "safety", "invoice", "other")
PROMPTS = Path(__file__).parents[3] / "prompts"


@pytest.fixture(scope="module")
def faq() -> Faq:
    return Faq(PROMPTS, {"shop": "好食多"})


def test_every_category_of_a_ticket_has_words() -> None:
    root = Path(__file__).parents[3]
    sources = [*root.glob("order_lookup/**/*.py"), *root.glob("ivr/**/*.py"), *root.glob("dialplans/**/*.yaml")]
    named = re.compile(rf"""(?:category: |["'])((?:{"|".join(_TICKETS)})/[a-z_]+)\b""")
    found = {name for file in sources for name in named.findall(file.read_text(encoding="utf-8"))}
    assert {"service/promise", "logistics/late"} <= found
    assert sorted(name for name in found if f"category.{name}" not in TABLE) == []


def test_limiter_counts_within_its_window() -> None:
    limiter = Limiter(2, 60.0)
    limiter.failed("a", 0.0)
    assert limiter.allows("a", 1.0)
    limiter.failed("a", 1.0)
    assert not limiter.allows("a", 2.0)
    assert limiter.allows("b", 2.0)
    assert limiter.allows("a", 60.5)


def test_limiter_forgets_old_keys() -> None:
    limiter = Limiter(1, 60.0, keys=10)
    for number in range(100):
        limiter.failed(str(number), float(number * 10))
    assert len(limiter._seen) <= 12


@pytest.mark.parametrize(
    ("heard", "language", "expected"),
    [
        ("我 的 外卖 还 没 到", "zh", "外卖超时怎么办？"),
        ("我 要 开 发票", "zh", "怎么开发票？"),
        ("吃 了 拉 肚子", "zh", "食品安全问题"),
        ("where is my refund", "en", "How long does a refund take?"),
        ("my account was hacked", "en", "My account was stolen"),
    ],
)
def test_answers_fit_what_was_said(faq: Faq, heard: str, language: str, expected: str) -> None:
    assert faq.answers_for([heard], "", language)[0].question == expected


def test_nothing_said_gives_no_answers_and_the_newest_counts_most(faq: Faq) -> None:
    assert faq.answers_for([], "", "zh") == ()
    assert faq.answers_for(["嗯", "你好"], "", "zh") == ()
    assert faq.answers_for(["我要开发票", "我的外卖还没到"], "", "zh")[0].question == "外卖超时怎么办？"


def test_agents_are_shown_what_the_robot_says(faq: Faq) -> None:
    (found, *_) = faq.answers_for(["怎么开发票"], "", "zh")
    said = load_prompts(PROMPTS / "zh", "zh").words["faq_invoice"].text
    assert found.answer == said
    assert found.note.startswith("也可以由您来开")


def test_every_answer_of_the_robot_is_at_hand(faq: Faq) -> None:
    said = {name for name in load_prompts(PROMPTS / "zh", "zh").words if name.startswith("faq_")}
    assert said - {entry.says for entry in faq.entries} == set()


def test_changed_answer_is_shown_and_a_broken_file_keeps_the_old(tmp_path: Path) -> None:
    copy = tmp_path / "prompts"
    shutil.copytree(PROMPTS, copy)
    faq = Faq(copy)
    file = copy / "zh" / "faq.yaml"
    file.write_text(file.read_text("utf-8").replace("电子发票在", "发票现在都在"), "utf-8")
    os.utime(file, (1, 1))
    faq.refresh()
    assert faq.answers_for(["怎么开发票"], "", "zh")[0].answer.startswith("发票现在都在")
    file.write_text("faq_other: x\n", "utf-8")
    os.utime(file, (2, 2))
    faq.refresh()
    assert faq.answers_for(["怎么开发票"], "", "zh")[0].answer.startswith("发票现在都在")
    with pytest.raises(UserError, match=r"prompts/zh/faq\.yaml has no `faq_refund_policy`"):
        Faq(copy)


def test_shop_without_notes_has_no_answers(tmp_path: Path) -> None:
    assert Faq(tmp_path).answers_for(["怎么开发票"], "", "zh") == ()


def test_faq_intents_are_intents_of_the_order_desk(faq: Faq) -> None:
    known = {intent.value for intent in Intent}
    assert [intent for entry in faq.entries for intent in entry.intents if intent not in known] == []


def test_every_word_exists_in_both_languages() -> None:
    assert [key for key, (zh, en) in TABLE.items() if not zh.strip() or not en.strip()] == []
    assert [key for key, (_, en) in TABLE.items() if any("\u4e00" <= letter <= "\u9fff" for letter in en)] == [
        "language_other"
    ]


@pytest.mark.parametrize(("group", "vocabulary"), [("action", Action), ("situation", Situation), ("stage", Stage)])
def test_the_order_desk_s_words_are_translated(group: str, vocabulary: type) -> None:
    assert [each.value for each in vocabulary if f"{group}.{each.value}" not in TABLE] == []  # type: ignore[attr-defined]


def test_the_dialogue_s_words_are_translated() -> None:
    files = sorted((PROMPTS.parent / "dialplans/zh/intents").glob("*.yaml"))
    intents = {name for file in files for name in yaml.safe_load(file.read_text(encoding="utf-8"))["intents"]}
    hotline = yaml.safe_load((PROMPTS.parent / "dialplans/hotline.yaml").read_text(encoding="utf-8"))["steps"]
    reasons = {step["reason"] for step in hotline.values() if not step.get("reason", "$").startswith("$")}
    assert len(intents) > 20
    assert len(reasons) > 5
    assert sorted(each for each in intents | reasons if f"intent.{each}" not in TABLE) == []
    assert sorted(action for action in ACTIONS if f"action.{action}" not in TABLE) == []
    assert sorted({*ACT_OUTCOMES, *HANDOFF_OUTCOMES} - {key[8:] for key in TABLE if key.startswith("came_of.")}) == []


@pytest.mark.parametrize(
    ("note", "shown"),
    [
        ("urge_delivery: done", "催促配送: 已办成"),
        ("handoff: returned", "转人工: 已转回机器人"),
        ("客户: done", "客户: done"),
        ("urge_delivery", "urge_delivery"),
        ("ticket: 已经建过", "ticket: 已经建过"),
    ],
)
def test_the_robot_s_notes_are_words_and_a_person_s_stay(note: str, shown: str) -> None:
    assert words("zh").noted(note) == shown


def test_unknown_values_are_shown_as_they_are() -> None:
    assert words("zh").of("queue", "night_shift") == "night shift"
    with pytest.raises(KeyError):
        words("zh")["no such key"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("我 的 外卖 还 没 到", "我的外卖还没到"),
        ("订单 尾号 4 5 6 7", "订单尾号4 5 6 7"),
        ("where is it", "where is it"),
        ("", ""),
    ],
)
def test_recognised_chinese_is_readable(text: str, shown: str) -> None:
    assert readable(text) == shown


@pytest.mark.parametrize(
    ("name", "shown"), [("王芳", "王*"), ("Grace Miller", "Grace M*"), ("王*", "王*"), ("O", "O*")]
)
def test_names_are_masked(name: str, shown: str) -> None:
    assert mask_name(name) == shown


def test_amounts_and_lengths() -> None:
    assert [money(Money(units, code)) for units, code in ((3305, "CNY"), (5, "CHF"), (1250, "JPY"), (3305, "KWD"))] == [
        "¥33.05",
        "CHF 0.05",
        "JPY 1250",
        "KWD 3.305",
    ]
    assert (length(187.9), length(-1)) == ("3:07", "0:00")
    assert [_minor(text) for text in ("33", "33.5", "¥33.05", "33,5元", "x", "1e9", "", "33.055", "-3")] == [
        3300, 3350, 3305, 3350, None, None, None, None, None,
    ]  # fmt: skip
    assert [_minor(text, places) for text, places in (("3305", 0), ("33.5", 0), ("3.3", 3))] == [3305, None, 3300]


def _luminance(colour: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("ink", "ground"),
    [("ink", "ground"), ("dim", "ground"), ("faint", "tint"), ("accent", "tint"), ("warn", "warn-ground"),
     ("bad", "bad-ground"), ("caller", "tint"), ("robot", "tint"), ("agent", "tint")],
)  # fmt: skip
def test_every_text_can_be_read(ink: str, ground: str) -> None:
    style = (files("ivr.console") / "static/desk.css").read_text(encoding="utf-8")
    colour = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", style))
    dark, light = sorted((_luminance(colour[ink]), _luminance(colour[ground])))
    assert (light + 0.05) / (dark + 0.05) >= 4.5


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/login",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: x",
        "",
    ],
)
def test_login_leads_nowhere_else(target: str) -> None:
    assert _inside(target) == "/"


def test_login_leads_back_to_our_page() -> None:
    assert _inside("/calls/c-1") == "/calls/c-1"


@pytest.fixture
def engine(tmp_path) -> Engine:  # type: ignore[no-untyped-def]
    return open_database(f"sqlite:///{tmp_path / 'hotline.db'}")


def happen(engine: Engine, number: int | None = None) -> int:
    with Session(engine) as session, session.begin():
        row = EventRow(id=number, at=1.0, kind="line", call_id="c", data={})
        session.add(row)
        session.flush()
        return row.id


def test_feed_tells_each_thing_once_even_when_it_appears_late(engine: Engine) -> None:
    feed = Feed(engine)
    happen(engine, 10)
    assert [each.id for each in feed._fresh()] == [10]
    happen(engine, 12)
    assert [each.id for each in feed._fresh()] == [12]
    happen(engine, 11)
    assert [each.id for each in feed._fresh()] == [11]
    assert feed._fresh() == []


async def test_slow_watcher_is_told_that_it_missed_something() -> None:
    watcher = Watcher()
    for number in range(2000):
        watcher.tell(Happening(number, 1.0, "line", None))
    assert watcher.missed
    assert len(await watcher.batch()) == 1000
