"""What the agent hears and reads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.handoff import commands as do
from ivr.handoff import events as on
from ivr.handoff.briefing import Briefing, spoken_seconds, summary, whisper
from ivr.handoff.case import briefing_of, matter_of
from ivr.handoff.machine import HandoffMachine
from ivr.values import Language
from tests.unit.handoff.handoff_states import of, told

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
    tried=("found the order", "offered 12 yuan"),
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


def test_all_that_is_known_is_said_in_this_order() -> None:
    told = replace(ZH, subject="超时退款", order="尾号4567", note="要照片")
    assert whisper(told) == (
        "客人情绪激动，请先安抚。会员王女士来电，超时退款。同事留言：要照片。订单尾号4567。"
        "机器人查到订单、提出补偿12元。已核实身份。接听请按1，拒接请按2。"
    )
    assert whisper(replace(EN, order="ending 4567", waited_seconds=60)) == (
        "The caller is upset. Ms Wang, a member, about a late meal. Order: ending 4567. "
        "The robot found the order, offered 12 yuan. Number known. Waited a minute. Press 1 to accept, 2 to decline."
    )
    assert summary(replace(ZH, note="要照片")) == (
        "来电人：会员王女士",
        "事由：外卖超时要求退款",
        "订单：尾号4567，已超时40分钟",
        "机器人：查到订单；提出补偿12元",
        "情绪：客人情绪激动，请先安抚",
        "身份：已核实身份",
        "转接说明：要照片",
    )
    assert summary(replace(EN, note="photos", verification=0, mood="in_danger")) == (
        "Caller: Ms Wang, a member", "Subject: a late meal", "Order: ending 4567, 40 minutes late",
        "The robot: found the order; offered 12 yuan", "Mood: Possible danger to a person, act at once",
        "Verification: not verified", "Passed on with: photos",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "zh", "en"),
    [
        ({}, "客人来电。未核实身份。", "A customer is calling. Not verified. "),
        (
            {"note": "急"},
            "客人来电。同事留言：急。未核实身份。",
            "A customer is calling. Colleague's note: 急. Not verified. ",
        ),
        (
            {"mood": "upset"},
            "客人有些着急。客人来电。未核实身份。",
            "The caller is upset. A customer is calling. Not verified. ",
        ),
        (
            {"mood": "angry"},
            "客人情绪激动，请先安抚。客人来电。未核实身份。",
            "The caller is angry, please calm them first. A customer is calling. Not verified. ",
        ),
        (
            {"mood": "in_danger", "verification": 9},
            "可能有人身危险，请马上处理。客人来电。已核实身份。",
            "Possible danger to a person, act at once. A customer is calling. Identity verified. ",
        ),
        (
            {"waited_seconds": 59.9, "verification": 1},
            "客人来电。来电号码匹配。",
            "A customer is calling. Number known. ",
        ),
        (
            {"waited_seconds": 60.0},
            "客人来电。未核实身份。已等候1分钟。",
            "A customer is calling. Not verified. Waited a minute. ",
        ),
        (
            {"waited_seconds": 151.0},
            "客人来电。未核实身份。已等候3分钟。",
            "A customer is calling. Not verified. Waited 3 minutes. ",
        ),
    ],
)
def test_what_is_unknown_is_left_out_of_the_whisper(changed: dict[str, Any], zh: str, en: str) -> None:
    assert whisper(Briefing(**changed)) == f"{zh}接听请按1，拒接请按2。"
    assert whisper(Briefing(language="en", **changed)) == f"{en}Press 1 to accept, 2 to decline."


def test_what_has_no_room_is_left_out_and_what_comes_after_it_is_not() -> None:
    long = Briefing(who="一" * 30, subject="二" * 30, order="三" * 30, note="四" * 10)
    assert whisper(long) == f"{'一' * 26}。同事留言：{'四' * 10}。未核实身份。接听请按1，拒接请按2。"
    words = Briefing("en", who="one", subject="two " * 20, order="three " * 20)
    assert whisper(words).split(". ")[:3] == [f"one, about{' two' * 10}", f"Order:{' three' * 11}", "Not verified"]


def test_the_whisper_says_how_long_the_caller_has_waited_for_this_agent() -> None:
    """Since the request; anew for who was passed on or whose agent was lost."""

    def heard(machine: HandoffMachine, seconds: float, attempt: int) -> str:
        machine.receive(on.AgentReserved(seconds - 1, f"agent {attempt}", "sip:a@10.0.0.9"))
        (whispered,) = of(do.Whisper, machine.receive(on.AgentLegAnswered(seconds, attempt)))
        assert isinstance(whispered, do.Whisper)
        machine.receive(on.AgentAccepted(seconds + 1, f"agent {attempt}"))
        return whispered.text

    machine = told()
    assert "已等候2分钟" in heard(machine, 120.0, 1)
    machine.receive(on.PassedOn(400.0, "agent 1", "after_sales"))
    assert "已等候" not in heard(machine, 430.0, 2)
    machine.receive(on.AgentLegEnded(900.0, 2, 408))
    assert "已等候1分钟" in heard(machine, 960.0, 3)


@pytest.mark.parametrize(
    ("known", "zh", "en"),
    [
        ({}, Briefing(who="尾号5678的客人"), Briefing("en", who="A caller ending in 5678")),
        ({"customer.vip": True, "customer.name": "王芳"}, Briefing(who="VIP王姓客人"), Briefing("en", who="VIP 王")),
        (
            {"customer.name": "Al", "mood": "rage"},
            Briefing(who="Al", mood="angry"),
            Briefing("en", who="Al", mood="angry"),
        ),
        (
            {"customer.name": "Al", "mood": "angry"},
            Briefing(who="Al", mood="angry"),
            Briefing("en", who="Al", mood="angry"),
        ),
        (
            {"customer.name": "Al", "mood": "upset"},
            Briefing(who="Al", mood="upset"),
            Briefing("en", who="Al", mood="upset"),
        ),
        (
            {"customer.name": "Al", "mood": "danger"},
            Briefing(who="Al", mood="in_danger"),
            Briefing("en", who="Al", mood="in_danger"),
        ),
        (
            {"customer.name": "Al", "mood": "fraud", "verification": "medium"},
            Briefing(who="Al", mood="in_danger", verification=2),
            Briefing("en", who="Al", mood="in_danger", verification=2),
        ),
        (
            {"customer.name": "Al", "verification": "high", "order.number": "302610726346"},
            Briefing(who="Al", order="尾号6346", verification=2),
            Briefing("en", who="Al", order="ending 6346", verification=2),
        ),
        (
            {"customer.name": "Al", "verification": "low", "order.number": "302610726346", "order.items": "面"},
            Briefing(who="Al", order="尾号6346，面", verification=1),
            Briefing("en", who="Al", order="ending 6346, 面", verification=1),
        ),
        ({"customer.name": "Al", "order.items": "面"}, Briefing(who="Al"), Briefing("en", who="Al")),
        (
            {"customer.name": "Al", "mood": "?", "verification": "?", "action.outcome": "?"},
            Briefing(who="Al"),
            Briefing("en", who="Al"),
        ),
    ],
)
def test_what_the_agent_is_told_of_a_case(known: dict[str, object], zh: Briefing, en: Briefing) -> None:
    assert briefing_of(known, "zh", "", "13812345678") == zh
    assert briefing_of(known, "en", "", "13812345678") == en


@pytest.mark.parametrize(
    ("outcome", "zh", "en"),
    [
        ("done", "机器人已办理成功", "The robot settled it"),
        ("failed", "机器人办理失败", "The robot tried and failed"),
        ("refused", "机器人已说明不能办理", "The robot had to refuse"),
        ("unknown", "机器人办理结果未知", "The robot tried, outcome unknown"),
    ],
)
def test_what_the_robot_did_is_a_sentence(outcome: str, zh: str, en: str) -> None:
    assert zh in whisper(briefing_of({"action.outcome": outcome}, "zh", "", ""))
    assert en in whisper(briefing_of({"action.outcome": outcome}, "en", "", ""))


def test_who_withholds_the_number_is_a_caller_without_a_name() -> None:
    assert briefing_of({}, "zh", "催单", "anonymous") == Briefing(subject="催单")
    assert matter_of({"intent": "refund_request"}, "agent") == "refund_request"
    assert matter_of({}, "agent") == "agent"


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
    assert "The robot: found the order; offered 12 yuan" in summary(EN)


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
