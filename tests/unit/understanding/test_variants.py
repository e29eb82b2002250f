"""Another size or colour, and whether goods are to be exchanged or sent back, out of what callers say."""

from __future__ import annotations

import pytest

from tests.unit.understanding.conftest import Hear


@pytest.mark.parametrize(
    ("text", "variant"),
    [
        ("换大一码", "换成大一码"),
        ("鞋子小了，给我换个大一号的", "换成大一号"),
        ("换个黑色的", "换成黑色"),
        ("把红色换成藏青色的", "换成藏青色"),
        ("换成黑色大一码的", "换成黑色大一码"),
        ("想换双四十二码的", "换成四十二码"),
        ("换 xl 码的", "换成xl码"),
        ("尺码小了想换一件", None),
        ("我要换货", None),
        ("黑色的那件破了", None),
        ("换个骑手", None),
        ("can I exchange it for a bigger size", "a bigger size"),
        ("I'd like to swap the red one for black", "black"),
        ("could you exchange them for a size ten", "a size ten"),
        ("I need it in a black medium", "a black medium"),
        ("can I get a different size", None),
        ("the black one is broken", None),
    ],
)
def test_the_wished_variant(text: str, variant: str | None, hear: Hear) -> None:
    slot = hear(text).slot("variant")
    assert (slot.value if slot else None) == variant


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("我要换货", "exchange"),
        ("怎么退货", "send_back"),
        ("退换货", None),
        ("不合适", None),
        ("I want to return it", "send_back"),
        ("I'd like to exchange it", "exchange"),
        ("exchange it or return it, I don't mind", None),
    ],
)
def test_exchanged_or_sent_back(text: str, said: str | None, hear: Hear) -> None:
    heard = hear(text)
    assert [kind for kind in ("exchange", "send_back") if heard.slot(kind)] == ([said] if said else [])


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("我的换货怎么样了", True),
        ("换货进度", True),
        ("上次换的那件什么时候寄", True),
        ("登记的换货没人联系我", True),
        ("我要换货", False),
        ("换大一码", False),
        ("怎么换货", False),
        ("退款怎么样了", False),
        ("where is my exchange", True),
        ("I haven't heard anything about my exchange", True),
        ("has my exchange been processed", True),
        ("I'd like to exchange it", False),
        ("how do I exchange it", False),
        ("where is my refund", False),
    ],
)
def test_how_an_exchange_stands(text: str, asked: bool, hear: Hear) -> None:
    assert (hear(text).slot("progress") is not None) == asked


@pytest.mark.parametrize(
    ("text", "spoken_of"),
    [
        ("会员有什么好处", True),
        ("优惠券怎么用", False),
        ("is the membership worth it", True),
        ("where are my vouchers", False),
    ],
)
def test_membership_is_spoken_of(text: str, spoken_of: bool, hear: Hear) -> None:
    assert (hear(text).slot("membership") is not None) == spoken_of


@pytest.mark.parametrize("text", ["换大一码", "换个黑色的", "尺码小了想换一件", "swap it for a medium please"])
def test_it_is_a_wish_about_goods(text: str, hear: Hear) -> None:
    heard = hear(text)
    assert (heard.intent, heard.verdict) == ("return_exchange", "accept")


@pytest.mark.parametrize(
    ("text", "variant"),
    [
        ("大一码", "换成大一码"),
        ("要黑色的吧", "换成黑色"),
        ("换大一码", "换成大一码"),
        ("加绒的那种", "换成加绒的那种"),
        ("black please", "black"),
        ("one size up", "one size up"),
    ],
)
def test_any_words_where_it_was_asked_for(text: str, variant: str, hear: Hear) -> None:
    heard = hear(text, wants="slot", slot="variant")
    slot = heard.slot("variant")
    assert (heard.kind, slot.value if slot else None) == ("slot", variant)


@pytest.mark.parametrize("text", ["不用", "好的", "转人工", "算了"])
def test_a_yes_or_no_is_no_variant(text: str, hear: Hear) -> None:
    assert hear(text, wants="slot", slot="variant").slot("variant") is None
