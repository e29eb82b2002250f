"""What the agent hears and reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.handoff.briefing import Briefing, spoken_seconds, summary, whisper
from ivr.handoff.case import briefing_of
from ivr.values import Language

ZH = Briefing(
    language="zh",
    who="会员王女士",
    subject="外卖超时要求退款",
    order="尾号4567，已超时40分钟",
    tried=("查到订单", "提出补偿12元"),
    mood="angry",
    verification=2,
    waited_seconds=130,
)
EN = Briefing(
    language="en",
    who="Ms Wang, a member",
    subject="a late meal",
    order="ending 4567, 40 minutes late",
    tried=("finding the order", "offering 12 yuan"),
    mood="upset",
    verification=1,
)


@pytest.mark.parametrize("case", [ZH, EN], ids=["zh", "en"])
def test_whisper_says_who_what_order_tried_and_mood_in_5_to_15_seconds(case: Briefing) -> None:
    text = whisper(case)
    assert case.who in text
    assert case.subject in text
    assert case.order in text
    assert 5 <= spoken_seconds(text, case.language) <= 15


def test_angry_caller_is_announced_first() -> None:
    assert whisper(ZH).startswith("客人情绪激动")


def test_keys_are_said_last_even_when_nothing_is_known() -> None:
    assert whisper(Briefing()).endswith("接听请按1，拒接请按2。")
    assert whisper(Briefing(language="en")).endswith("Press 1 to accept, 2 to decline.")


@given(
    st.builds(
        Briefing,
        language=st.sampled_from(["zh", "en"]),
        who=st.text(max_size=60),
        subject=st.text(max_size=200),
        order=st.text(max_size=200),
        tried=st.lists(st.text(max_size=80), max_size=6).map(tuple),
        mood=st.sampled_from(["calm", "upset", "angry", "in_danger"]),
        verification=st.integers(-1, 5),
        waited_seconds=st.floats(0, 4000),
        note=st.text(max_size=200),
    )
)
def test_whisper_never_runs_over(case: Briefing) -> None:
    text = whisper(case)
    assert spoken_seconds(text, case.language) <= 17
    assert "\n" not in text
    assert "1" in text


def test_summary_leaves_out_what_is_unknown() -> None:
    assert summary(Briefing(subject="催单")) == ("事由：催单", "身份：未核实身份")
    assert summary(EN)[0] == "Caller: Ms Wang, a member"
    assert "Tried: finding the order; offering 12 yuan" in summary(EN)


@pytest.mark.parametrize(
    ("name", "language", "who"),
    [
        ("王芳", "zh", "王姓客人"),
        ("王*", "zh", "王姓客人"),
        ("Grace Miller", "zh", "Miller"),
        ("Grace M*", "zh", "Grace M*"),
        ("Grace Miller", "en", "Miller"),
        ("Grace M*", "en", "Grace M*"),
        ("王芳", "en", "王"),
        ("王*", "en", "王*"),
        (" ", "zh", "尾号5678的客人"),
    ],
)
def test_whoever_calls_is_named_by_the_family_in_either_language(name: str, language: Language, who: str) -> None:
    assert briefing_of({"customer.name": name}, language, "", "13812345678").who == who


@pytest.mark.parametrize(("language", "known"), [("zh", "来电号码匹配"), ("en", "number known")])
def test_a_known_number_is_not_called_verified(language: Language, known: str) -> None:
    """The desk's panel says the same: a number can be forged, and an agent who reads "verified" asks nothing more."""
    case = briefing_of({"verification": "low", "intent": "refund_request"}, language, "退款", "13800000001")
    assert any(known in line for line in summary(case))
    assert known in whisper(case).lower()
