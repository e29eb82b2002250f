"""What utterances mean at a step, with the shipped sentences of both languages."""

import csv
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.dialogue.evaluation import understand_one
from ivr.dialogue.meaning import Option, SlotKind
from ivr.dialogue.recognition import grammar_for
from ivr.dialogue.templates import Lists, parse
from ivr.dialogue.understanding import Expectation, Understanding
from ivr.events import Hypothesis
from ivr.values import Digits, Language, Money, Name
from order_lookup.numbers import DEFAULT
from tests.unit.understanding.conftest import NOW, Hear

MINE = DEFAULT.complete("20261121382")


@pytest.mark.parametrize(
    ("said", "universal"),
    [
        ("转人工", "agent"),
        ("别说了给我找个活人", "agent"),
        ("再说一遍", "repeat"),
        ("说慢一点", "slower"),
        ("返回上一步", "back"),
        ("等一下", "wait"),
        ("你等一下啊我找找订单号", "wait"),
        ("让我看一下手机", "wait"),
        ("大声一点", "repeat"),
        ("好的没别的事了再见", "goodbye"),
        ("你能帮我办什么", "help"),
        ("let me talk to a real person", "agent"),
        ("say that again please", "repeat"),
        ("slow down", "slower"),
        ("go back", "back"),
        ("hold on a second", "wait"),
        ("let me find the number", "wait"),
        ("can you speak up", "repeat"),
        ("that's all thanks", "goodbye"),
        ("喂，你好", "repeat"),
        ("hi there", "repeat"),
        ("你是机器人吗", "help"),
        ("are you a robot", "help"),
    ],
)
@pytest.mark.parametrize("wants", ["intent", "yes_no"])
def test_universals_are_heard_at_every_step(hear: Hear, said: str, universal: str, wants: str) -> None:
    found = hear(said, wants=wants)
    assert (found.kind, found.universal, found.verdict) == ("universal", universal, "accept")


@pytest.mark.parametrize("said", ["你们搞人工智能的吗", "i am a travel agent"])
def test_what_only_looks_like_a_universal_is_none(hear: Hear, said: str) -> None:
    assert hear(said).universal is None


@pytest.mark.parametrize(
    ("said", "danger"),
    [
        ("骑手威胁我要报警", "danger"),
        ("我被骗了钱转走了", "fraud"),
        ("你们他妈的", "rage"),
        ("he threatened me", "danger"),
    ],
)
def test_words_of_danger_are_heard_at_every_step(hear: Hear, said: str, danger: str) -> None:
    assert hear(said, wants="slot", slot="order_number").danger == danger


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("对", "yes"),
        ("嗯好的", "yes"),
        ("没错就是这个", "yes"),
        ("不是", "no"),
        ("不用了谢谢", "no"),
        ("算了吧", "no"),
        ("yes please", "yes"),
        ("yeah go ahead", "yes"),
        ("nope", "no"),
        ("no that's wrong", "no"),
    ],
)
def test_yes_and_no(hear: Hear, said: str, kind: str) -> None:
    found = hear(said, wants="yes_no")
    assert (found.kind, found.verdict) == (kind, "accept")


@pytest.mark.parametrize(
    ("said", "kind", "also"),
    [
        ("不取消了", "no", ()),
        ("不退款了", "no", ()),
        ("不，我要退款", "no", ("refund_request",)),
        ("对，我还想开发票", "yes", ("invoice",)),
    ],
)
def test_an_answer_may_carry_a_wish_but_not_the_one_it_refuses(
    hear: Hear, said: str, kind: str, also: tuple[str, ...]
) -> None:
    heard = hear(said, wants="yes_no")

    assert (heard.kind, heard.also) == (kind, also)


def test_intent_and_order_in_one_utterance(hear: Hear) -> None:
    found = hear(
        "我要退款，订单尾号" + "三八二" + "零一二三四五六七八九"[int(MINE[-1])], order_numbers=(MINE, "202611210000")
    )
    assert (found.intent, found.verdict) == ("refund_request", "accept")
    slot = found.slot("order_number")
    assert slot
    assert slot.value == Digits(MINE)


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("不用退款了", "refund_request"),
        ("别取消订单了", "cancel_order"),
        ("i don't want a refund", "refund_request"),
        ("那不取消了", "cancel_order"),
    ],
)
def test_what_is_not_wanted_is_negated(hear: Hear, said: str, intent: str) -> None:
    found = hear(said)
    assert (found.intent, found.negated) == (intent, True)


@pytest.mark.parametrize("said", ["怎么还不退款了", "商家说不退了", "为什么不退款"])
def test_who_complains_of_a_no_does_not_say_it(hear: Hear, said: str) -> None:
    assert hear(said).negated is False


@pytest.mark.parametrize(
    ("said", "wants"), [("算了", "slot"), ("那不弄了", "intent"), ("never mind", "slot"), ("oh forget it", "intent")]
)
def test_a_matter_is_given_up_where_a_value_is_asked_for(hear: Hear, said: str, wants: str) -> None:
    found = hear(said, wants=wants, slot="address" if wants == "slot" else None)
    assert (found.kind, found.negated, found.verdict) == ("no", True, "accept")


@pytest.mark.parametrize("said", ["一三九一二三四五六七八", "三十块"])
def test_a_bare_value_is_no_wish(hear: Hear, said: str) -> None:
    assert hear(said).verdict == "reject"


@pytest.mark.parametrize("said", [MINE, f"订单号{MINE}", f"it's {MINE}"])
def test_an_order_number_alone_asks_for_that_order(hear: Hear, said: str) -> None:
    found = hear(said)
    assert (found.intent, found.verdict) == ("order_status", "accept")
    assert found.slot("order_number") is not None


@pytest.mark.parametrize("said", ["可以说英语吗", "英语服务", "can i speak chinese", "chinese please"])
def test_the_other_language_can_be_asked_for(hear: Hear, said: str) -> None:
    assert (hear(said).intent, hear(said).verdict) == ("switch_language", "accept")


@pytest.mark.parametrize(
    ("said", "spoken"),
    [
        ("do you speak english", "zh"),
        ("hello where is my parcel", "zh"),
        ("能说中文吗", "en"),
        ("我的快递到哪了", "en"),
    ],
)
@pytest.mark.parametrize("wants", ["intent", "yes_no"])
def test_who_speaks_the_other_language_gets_it(
    shipped: dict[str, Understanding], said: str, spoken: Language, wants: Literal["intent", "yes_no"]
) -> None:
    found = shipped[spoken].understand((Hypothesis(said, 0.9),), Expectation(wants, language=spoken, now=NOW))
    assert (found.intent, found.verdict) == ("switch_language", "accept")


@pytest.mark.parametrize("said", ["ok", "我要退 iphone", "vip"])
def test_a_word_of_another_language_is_no_wish_for_it(shipped: dict[str, Understanding], said: str) -> None:
    assert shipped["zh"].understand((Hypothesis(said, 0.9),), Expectation(now=NOW)).intent != "switch_language"


@pytest.mark.parametrize(
    "said", ["do you speak english", "i don't speak chinese do you speak english", "能说中文吗", "english please"]
)
def test_the_language_that_is_spoken_goes_on(hear: Hear, said: str) -> None:
    assert (hear(said).universal, hear(said).verdict) == ("repeat", "accept")


@pytest.mark.parametrize("kind", ["free", "address"])
@pytest.mark.parametrize("said", ["yes", "ok", "好的"])
def test_a_mere_yes_is_no_words_to_write_down(hear: Hear, said: str, kind: SlotKind) -> None:
    assert hear(said, wants="slot", slot=kind).slot(kind) is None


@pytest.mark.parametrize("said", ["no wait don't cancel", "hold on don't refund it", "等等先别退", "等等我不退了"])
def test_wait_is_not_all_that_is_said(hear: Hear, said: str) -> None:
    found = hear(said, wants="slot", slot="digits", digits=4)
    assert found.negated
    assert found.universal is None


def test_a_sentence_just_written_counts_before_anything_is_learnt_anew(shipped: dict[str, Understanding]) -> None:
    grammar = shipped["zh"].grammar
    added = parse("这里说什么我都听不懂", Lists({}, str))
    fresh = Understanding.compile(
        replace(grammar, intents={**grammar.intents, "invoice": (*grammar.intents["invoice"], added)}), "zh"
    )
    found = fresh.understand((Hypothesis("这里说什么我都听不懂", 1.0),), Expectation(now=NOW))
    assert (found.intent, found.score) == ("invoice", 1.0)


def test_not_this_but_that(hear: Hear) -> None:
    found = hear("不要退款，我要换货")
    assert (found.intent, found.negated) == ("return_exchange", False)


@pytest.mark.parametrize("said", ["不对，最后是{}", "不是，是{}"])
def test_one_group_of_a_number_read_back_is_corrected(hear: Hear, said: str) -> None:
    wrong = MINE[:8] + ("3829" if MINE[8:] != "3829" else "3820")
    spoken = "".join("零一二三四五六七八九"[int(digit)] for digit in MINE[8:])
    found = hear(said.format(spoken), wants="slot", slot="order_number", heard=wrong, order_numbers=(MINE,))
    assert found.correction
    slot = found.slot("order_number")
    assert slot
    assert slot.value == Digits(MINE)


@pytest.mark.parametrize(
    ("said", "kind", "value"),
    [
        ("三十五块五", "money", Money(3550)),
        ("twenty five dollars", "money", Money(2500, "USD")),
        ("两个", "count", 2),
        ("我叫张伟", "name", Name("张伟")),
        ("my name is john smith", "name", Name("john smith")),
        ("一三八零零一三八零零零", "phone", Digits("13800138000")),
        ("三号楼一零二", "address", "3号楼102"),
        ("明天", "date", datetime(2026, 11, 21, tzinfo=NOW.tzinfo)),
        ("就是没送到", "free", "就是没送到"),
    ],
)
def test_values_of_each_kind(hear: Hear, said: str, kind: str, value: object) -> None:
    slot = hear(said, wants="slot", slot=kind).slot(kind)  # type: ignore[arg-type]
    assert slot
    assert slot.value == value


def test_an_option_is_chosen_by_its_phrase_or_by_its_sound(hear: Hear) -> None:
    options = (Option("home", ("送到家", "家里")), Option("locker", ("快递柜", "柜子")))
    assert hear("放快递柜吧", wants="choice", options=options).intent == "locker"
    assert hear("放快弟贵", wants="choice", options=options).intent == "locker"
    assert hear("今天天气不错", wants="choice", options=options).kind != "choice"


def test_the_hypothesis_that_makes_sense_wins(shipped: dict[str, Understanding]) -> None:
    heard = (Hypothesis("我要对宽啊嗯", 0.5), Hypothesis("我要退款", 0.45))
    assert shipped["zh"].understand(heard, Expectation(language="zh")).intent == "refund_request"


def test_traditional_characters_are_understood(hear: Hear) -> None:
    assert hear("我要退貨，東西壞了想換新的").intent in ("return_exchange", "damaged_item")
    assert hear("請幫我轉人工").universal == "agent"


def test_a_change_of_mind_is_heard_at_another_step(hear: Hear) -> None:
    found = hear("我要取消订单", wants="slot", slot="address")
    assert (found.kind, found.intent) == ("intent", "cancel_order")


@pytest.mark.parametrize("text", ["", " ", "😀🎉", "\x00\x07", "退" * 10_000, "a" * 10_000, "Ж д ы", "。？！"])
def test_odd_input_is_no_match(shipped: dict[str, Understanding], text: str) -> None:
    for language in ("zh", "en"):
        found = shipped[language].understand((Hypothesis(text, 1.0),), Expectation(language=language))  # type: ignore[arg-type]
        assert found.verdict == "reject" or text[0] == "退"


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(max_size=80)
    | st.text(alphabet="我要退款订单三八二一不是对人工 no order1{}[]()|<>?", max_size=40)
    | st.text(alphabet="零一二两三八十百千万亿个点半月号块元对 0123", max_size=12),
    wants=st.sampled_from(["intent", "yes_no", "slot"]),
    slot=st.sampled_from(
        ["order_number", "digits", "money", "date", "time", "count", "name", "phone", "address", "free"]
    ),
    language=st.sampled_from(["zh", "en"]),
)
def test_nothing_that_is_said_raises(
    shipped: dict[str, Understanding], text: str, wants: str, slot: str, language: str
) -> None:
    asked = Expectation(wants=wants, slot=slot, language=language, heard=MINE, now=NOW)  # type: ignore[arg-type]
    found = shipped[language].understand((Hypothesis(text, 0.7),), asked)
    assert 0.0 <= found.score <= 1.0
    assert shipped[language].completeness(text, asked) in ("complete", "incomplete", "in_number")


@pytest.mark.parametrize(("language", "least"), [("zh", 0.95), ("en", 0.90)])
def test_accuracy_and_speed_on_the_dev_set(shipped: dict[str, Understanding], language: str, least: float) -> None:
    file = Path(__file__).parents[2] / "utterances" / f"dev_{language}.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    shipped[language].matcher.warm()
    begun = time.thread_time()
    right = sum(understand_one(shipped[language], row["text"])[0] == row["intent"] for row in rows)
    assert right / len(rows) >= least
    assert (time.thread_time() - begun) / len(rows) <= 0.010


@pytest.mark.parametrize("said", ["那个我想问一下", "嗯喂你好", "um hello"])
def test_a_hesitant_greeting_is_one(hear: Hear, said: str) -> None:
    assert hear(said).universal == "repeat"


@pytest.mark.parametrize(
    "said", ["我没有订单号，手机号行吗，一三八零二一九九二零六", "我手机号是一三八零二一九九二零六"]
)
def test_a_telephone_number_outweighs_the_question_whether_it_will_do(hear: Hear, said: str) -> None:
    found = hear(said, wants="slot", slot="order_number")
    slot = found.slot("order_number")
    assert found.universal is None
    assert slot
    assert slot.decoded
    assert slot.decoded.readings[0].digits == "13802199206"


@pytest.mark.parametrize("said", ["喂喂听得到吗", "喂", "能用手机号查吗", "可以用手机号吗"])
def test_what_is_said_where_a_number_is_asked_for_is_in_its_grammar(
    shipped: dict[str, Understanding], said: str
) -> None:
    """Else the recogniser makes words of danger of it."""
    asked = Expectation(wants="slot", slot="order_number", language="zh")
    assert {"喂", "喂喂", "听得到吗", "手机号", "能用手机号查吗"} <= set(grammar_for(shipped["zh"], asked).phrases)
    assert shipped["zh"].understand((Hypothesis(said, 0.9),), asked).universal in ("repeat", "help")


@pytest.mark.parametrize("said", ["不是这单", "不是那单", "不是这一单", "不是我的单", "no not that one"])
def test_a_no_is_not_the_yes_that_it_resembles(hear: Hear, said: str) -> None:
    """ "不是这单" is most like "就是这单"."""
    assert hear(said, wants="yes_no").kind == "no"


@pytest.mark.parametrize(
    ("text", "refund", "reship"),
    [
        ("都可以", "退款", "补发"),
        ("随便你", "退款", "补发"),
        ("你看着办", "退款", "补发"),
        ("either is fine", "a refund", "a new one"),
    ],
)
def test_any_choice_will_do(text: str, refund: str, reship: str, hear: Hear, shipped: dict[str, Understanding]) -> None:
    options = (Option("refund_full", (refund,)), Option("reship", (reship,)))
    heard = hear(text, wants="choice", options=options, either=True)
    assert (heard.kind, heard.verdict) == ("yes", "accept")
    asked = Expectation(wants="choice", language="zh", options=options, either=True)
    expected = grammar_for(shipped["zh"], asked).phrases
    assert "都行" in expected
    assert "都行" not in grammar_for(shipped["zh"], replace(asked, either=False)).phrases
