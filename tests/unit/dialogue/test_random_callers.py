"""Random callers on the shipped dialplans: nothing they do breaks a call, and who says nothing usable ends with a human or goodbye."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ivr import events as told
from ivr.dialogue import vocabulary as words
from ivr.dialogue.loading import Dialplans, load_dialplans
from ivr.dialogue.machine import Dialogue
from ivr.dialogue.rehearsal import Rehearsal
from ivr.ports import Answer
from ivr.values import Digits, Money, Value

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 21, 18, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
SAID = {
    "zh": [
        "我要退款",
        "转人工",
        "对",
        "不对",
        "是的",
        "不用了",
        "尾号三八二一",
        "查订单",
        "取消订单",
        "我要投诉骑手",
        "返回",
        "再说一遍",
        "说慢一点",
        "等一下",
        "帮助",
        "嗯",
        "谢谢",
        "没有了",
        "三零二四六八一零零零零七",
        "不对，是三零二四七五二三一三二四",
        "我不想退款了",
        "改地址",
        "幸福路十二号",
        "开发票",
        "今天天气",
        "牛肉面",
        "😀",
        "东西少了",
    ],
    "en": [
        "refund",
        "agent",
        "yes",
        "no",
        "where is my order",
        "cancel my order",
        "three oh two four six eight one oh oh oh oh seven",
        "go back",
        "repeat",
        "help",
        "something is missing",
        "i want to complain about the courier",
        "thanks",
        "no thank you",
        "purple elephants",
        "change my address",
    ],
}
KEYS = ["0", "1", "2", "3", "9", "*", "#", "302468100007", "0007", "12345"]


class AnyDesk:
    """An order desk that answers anything it could answer, with only what is certain of each answer."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self.acted: list[str] = []

    async def look_up(self, call_id: str, what: str, arguments: Mapping[str, Value]) -> Answer:
        outcomes = words.LOOK_UPS[what].outcomes
        outcome = self._dice.choice(sorted(outcomes))
        some = {name for name in outcomes[outcome].possible if self._dice.random() < 0.3}
        return Answer(outcome, {name: self._value(name) for name in sorted(outcomes[outcome].certain | some)})

    async def act(self, call_id: str, action: str, intent: str, arguments: Mapping[str, Value]) -> Answer:
        self.acted.append(action)
        return Answer(self._dice.choice(["done", "refused", "failed", "unknown"]))

    async def contact(self, call_id: str, outcome: str, facts: Mapping[str, Value]) -> None:
        """Nothing to remember."""

    def _value(self, name: str) -> Value:
        choices: dict[str, tuple[Value, ...]] = {
            "offer.name": (
                "urge_delivery",
                "cancel_free",
                "refund_full",
                "refund_item",
                "change_address",
                "open_ticket",
                "other",
            ),
            "offer.level_needed": ("none", "low", "medium", "high"),
            "verification": ("none", "low", "medium", "high"),
            "order.status": ("paid", "dispatched", "delivered", "odd"),
            "customer.orders": ((), ("302468100007",), ("302468100007", "302475231324")),
            "orders": (("302468100007",), ("302468100007", "302475231324")),
            "offer.items": (("面",), ("面", "(茶|水)", "[饭]")),
            "handoff.priority": (0, 3, "odd"),
            "situations": (("late_delivery",), ()),
        }
        if name in choices:
            return self._dice.choice(choices[name])
        if name.endswith("_at"):
            return NOW
        if name.endswith(("amount", "total", "fee", "drop", "paid")):
            return Money(3580)
        return Digits("302468100007") if name == "order.number" else "odd_word"


@pytest.fixture(scope="module")
def shipped() -> Dialplans:
    return load_dialplans(ROOT / "dialplans", ROOT / "prompts")


async def _move(rehearsal: Rehearsal, dice: random.Random, said: list[str]) -> None:
    match dice.randrange(12):
        case 0 | 1:
            await rehearsal.be_silent()
        case 2 | 3 | 4:
            await rehearsal.key(dice.choice(KEYS))
        case 5 if dice.random() < 0.2:
            await rehearsal.tell(told.SpeechLost(rehearsal.seconds))
        case 6 if dice.random() < 0.1:
            await rehearsal.tell(told.ComponentFailed(rehearsal.turn, rehearsal.seconds, "voice"))
        case _:
            await rehearsal.say(*dice.sample(said, dice.choice([1, 1, 2])), confidence=dice.random())


@pytest.mark.parametrize("seed", range(25))
def test_nothing_a_caller_does_breaks_a_call(shipped: Dialplans, seed: int) -> None:
    dice = random.Random(seed)
    language = dice.choice(["zh", "en"])

    async def call() -> Rehearsal:
        rehearsal = Rehearsal(
            Dialogue(shipped, started_at=NOW, facts={"shop": "好食多", "shop_en": "Goodmart"}), AnyDesk(dice)
        )
        await rehearsal.begin("13800000000", language)
        for _ in range(60):
            if rehearsal.over:
                break
            if rehearsal.with_human:
                await rehearsal.human(dice.choice(words.HANDOFF_OUTCOMES))
            else:
                await _move(rehearsal, dice, SAID[language])
        for _ in range(60):  # from wherever that led, silence leads out
            if rehearsal.over or rehearsal.with_human:
                break
            await rehearsal.be_silent()
        return rehearsal

    rehearsal = asyncio.run(call())
    assert rehearsal.over or rehearsal.with_human, rehearsal.dialogue.step
