"""Any event in any state, with any words: nothing but IllegalTransition is ever raised, and every call finds its way out."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from ivr import commands as do
from ivr import events as told
from ivr.commands import Command
from ivr.dialogue import vocabulary as words
from ivr.dialogue.loading import Dialplans, load_dialplans
from ivr.dialogue.machine import Dialogue
from ivr.dialogue.states import Fresh, Listening, Over, Recording, Speaking, Waiting, WithHuman
from ivr.errors import IllegalTransition
from ivr.events import Event, Hypothesis
from ivr.values import Digits, Language, Money, Name, Value
from order_lookup.offer_names import OfferName

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 21, 18, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
LONG = 10_000
PLAUSIBLE = (
    *(
        "对",
        "好的",
        "是的",
        "不用",
        "不用了",
        "没有了",
        "一二三四",
        "三零二四六八一零零零零七",
        "牛肉面",
        "幸福路十二号",
    ),
    *(
        "yes",
        "no",
        "yes please",
        "no thanks",
        "one two three four",
        "three oh two four six eight one oh oh oh oh seven",
    ),
    *(
        "查订单",
        "取消订单",
        "东西坏了",
        "没收到",
        "改地址",
        "开发票",
        "投诉",
        "where is my order",
        "cancel my order",
        "it is damaged",
        "complaint",
    ),
)
ODD = (
    *(
        "我要退款",
        "轉人工",
        "我要退貨，訂單尾號三八二一",
        "對",
        "不要了",
        "第二個",
        "還有別的選擇嗎",
        "查订单三零二四六八一零零零零七",
    ),
    *(
        "refund",
        "the second one",
        "what else can you do",
        "agent",
        "it ends in oh oh oh seven",
        "no i meant three eight two seven",
    ),
    *(
        "😀" * 40,
        "👩‍👩‍👧‍👦退款🇨🇳",
        "\x00\x07\x1b[31m",
        "｛order.number｝{order.number}$intent[x]",
        "Ж退款ß",
        "零" * 200,
        "尾号" * 300,
    ),
    *("退" * LONG, "refund " * (LONG // 7), "一" * LONG, "one " * (LONG // 4)),
)
TEXTS = some.one_of(*[some.sampled_from(PLAUSIBLE)] * 5, some.sampled_from(ODD), some.text(max_size=80))
SURE = some.sampled_from([0.98, 0.95, 0.9, 0.6, 0.2, 0.0])
HYPOTHESES = some.lists(some.builds(Hypothesis, TEXTS, SURE), min_size=1, max_size=3).map(tuple) | some.just(())
KEYS = some.one_of(
    some.sampled_from(["1", "1", "2", "2", "3", "302468100007", "1234", "*"]), some.text("0123456789*#", max_size=14)
)
NAMES = sorted(
    {
        name
        for query in words.LOOK_UPS.values()
        for each in query.outcomes.values()
        for name in each.certain | each.possible
    }
)
VALUES: some.SearchStrategy[Value] = some.one_of(
    some.none(),
    some.booleans(),
    some.integers(-10, 10_000),
    some.sampled_from(["", "odd_word", "refund_full", "medium", "{x}", "😀"]),
    some.just(Digits("302468100007")),
    some.just(Money(3580)),
    some.just(Name("王小明")),
    some.just(NOW),
    some.lists(some.sampled_from(["302468100007", "reship", "refund_full", "[面]", ""]), max_size=9).map(tuple),
)
ANSWERS = some.dictionaries(some.sampled_from(NAMES), VALUES, max_size=12)
OUTCOMES = some.sampled_from(
    [
        "found",
        "known",
        "unknown",
        "ambiguous",
        "offer",
        "refuse",
        "inform",
        "handoff",
        "passed",
        "failed",
        "locked",
        "none",
    ]
)
ENDS = some.sampled_from([*["returned"] * 6, *words.HANDOFF_OUTCOMES, "odd"])
SECONDS = some.floats(0, 1000)
# Turns are relative to the call's own: 0 is the present one, anything else is stale.
TURNS = some.sampled_from([0, 0, 0, 0, -1, 7])
EVENTS: some.SearchStrategy[Event] = some.one_of(
    some.builds(
        told.CallStarted, SECONDS, some.just("c"), some.just("138"), some.just("h"), some.sampled_from(["zh", "en"])
    ),
    some.builds(told.UtteranceHeard, TURNS, SECONDS, HYPOTHESES),
    some.builds(told.UtteranceHeard, TURNS, SECONDS, HYPOTHESES),
    some.builds(told.MaxSpeech, TURNS, SECONDS, HYPOTHESES),
    some.builds(told.KeysPressed, TURNS, SECONDS, KEYS),
    some.builds(told.NoInput, TURNS, SECONDS),
    some.builds(told.PromptsFinished, TURNS, SECONDS),
    some.builds(told.LookupFinished, TURNS, SECONDS, OUTCOMES, ANSWERS),
    some.builds(told.LookupFinished, TURNS, SECONDS, OUTCOMES, ANSWERS),
    some.builds(told.ActionFinished, TURNS, SECONDS, some.sampled_from([*words.ACT_OUTCOMES, "odd"]), ANSWERS),
    some.builds(told.MessageRecorded, TURNS, SECONDS, some.just(1.0)),
    some.builds(told.HandoffEnded, TURNS, SECONDS, ENDS, some.sampled_from([None, "status", "nowhere"])),
    some.builds(told.TimerFired, some.sampled_from(["progress", "odd"]), SECONDS),
    some.builds(told.SpeechLost, SECONDS),
    some.builds(told.SpeechRestored, SECONDS),
    some.builds(told.ComponentFailed, TURNS, SECONDS, some.just("voice")),
)
WAITS_FOR = {
    Listening: do.Listen,
    Waiting: (do.LookUp, do.Act),
    Recording: do.RecordMessage,
    WithHuman: do.HandOff,
    Speaking: do.Play,
}


@pytest.fixture(scope="module")
def shipped() -> Dialplans:
    return load_dialplans(ROOT / "dialplans", ROOT / "prompts")


class Call:
    """A dialogue under fire: gives events the present turn, and checks what comes back."""

    def __init__(self, dialplans: Dialplans, language: Language) -> None:
        self.dialogue = Dialogue(dialplans, started_at=NOW, facts={"shop": "好食多", "shop_en": "Goodmart"})
        self.turn = 0
        self.waits: tuple[Command, ...] = ()
        self.tell(told.CallStarted(0.0, "call", "13800000000", "hotline", language))

    def tell(self, event: Event) -> None:
        """An event; an illegal one changes nothing."""
        before, step = self.dialogue.state, self.dialogue.step
        try:
            given = self.dialogue.receive(event)
        except IllegalTransition:
            assert (self.dialogue.state, self.dialogue.step) == (before, step)
            return
        self.turn = max([self.turn, *(getattr(command, "turn", 0) for command in given)])
        if any(getattr(command, "turn", -1) == self.turn for command in given if not isinstance(command, do.Note)):
            self.waits = tuple(command for command in given if getattr(command, "turn", -1) == self.turn)
        self.check()

    def check(self) -> None:
        """Whatever the call waits for, somebody was told to bring it, in the present turn."""
        state = self.dialogue.state
        if not isinstance(state, Fresh | Over):
            assert any(isinstance(command, WAITS_FOR[type(state)]) for command in self.waits), (state, self.waits)
        for command in self.waits:
            if isinstance(command, do.Play):
                assert all(
                    prompt.text.strip() and "{" not in prompt.text.replace("{x}", "") for prompt in command.prompts
                )

    def way_out(self) -> bool:
        """Whether a caller who says nothing any more, with a desk that fails, comes to a human or the end."""
        for _ in range(60):
            match self.dialogue.state:
                case Over() | WithHuman():
                    return True
                case Listening():
                    self.tell(told.NoInput(self.turn, 1.0))
                case Waiting():
                    self.tell(told.ComponentFailed(self.turn, 1.0, "order desk"))
                case Recording():
                    self.tell(told.MessageRecorded(self.turn, 1.0, 0.0))
                case Speaking():
                    self.tell(told.PromptsFinished(self.turn, 1.0))
        return False


def _present(event: Event, turn: int) -> Event:
    """The event with its turn counted from the present one."""
    return type(event)(**{**_fields(event), "turn": turn + event.turn}) if hasattr(event, "turn") else event


def _fields(event: Event) -> dict[str, object]:
    return {name: getattr(event, name) for name in type(event).__dataclass_fields__}


NOW_TURN = some.just(0)
LIKELY: dict[type[object], some.SearchStrategy[Event]] = {
    Listening: some.one_of(
        some.builds(told.UtteranceHeard, NOW_TURN, SECONDS, HYPOTHESES),
        some.builds(told.UtteranceHeard, NOW_TURN, SECONDS, HYPOTHESES),
        some.builds(told.KeysPressed, NOW_TURN, SECONDS, KEYS),
        some.builds(told.NoInput, NOW_TURN, SECONDS),
    ),
    Speaking: some.builds(told.PromptsFinished, NOW_TURN, SECONDS),
    Recording: some.builds(told.MessageRecorded, NOW_TURN, SECONDS, some.just(1.0)),
    WithHuman: some.builds(told.HandoffEnded, NOW_TURN, SECONDS, ENDS, some.sampled_from([None, "status", "nowhere"])),
}


def answers(waits: tuple[Command, ...]) -> some.SearchStrategy[Event]:
    """What the order desk may answer to what it was asked, true or not."""
    asked = next(command for command in waits if isinstance(command, do.LookUp | do.Act))
    if isinstance(asked, do.Act):
        return some.builds(told.ActionFinished, NOW_TURN, SECONDS, some.sampled_from(words.ACT_OUTCOMES), ANSWERS)
    outcomes = words.LOOK_UPS[asked.what].outcomes

    def values(outcome: str) -> some.SearchStrategy[Event]:
        sure = some.fixed_dictionaries({name: value_of(name) for name in sorted(outcomes[outcome].certain)})
        both = some.builds(lambda one, other: {**one, **other}, ANSWERS, sure)
        return some.builds(told.LookupFinished, NOW_TURN, SECONDS, some.just(outcome), both)

    return some.sampled_from(sorted(outcomes)).flatmap(values)


def value_of(name: str) -> some.SearchStrategy[Value]:
    """A likely value of a name, where there is one."""
    match name:
        case "offer.name":
            return some.sampled_from([offer.value for offer in OfferName])
        case "offer.level_needed" | "verification" | "level_needed":
            return some.sampled_from(["none", "low", "medium", "high"])
        case "orders" | "customer.orders":
            return some.sampled_from([(), ("302468100007",), ("302468100007", "302475231324")])
        case _:
            return VALUES


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(data=some.data(), language=some.sampled_from(["zh", "en"]))
def test_any_events_are_survived_and_every_call_ends(
    shipped: Dialplans, data: some.DataObject, language: Language
) -> None:
    call = Call(shipped, language)
    for _ in range(data.draw(some.sampled_from([5, 20, 40]))):
        likely = (
            answers(call.waits)
            if isinstance(call.dialogue.state, Waiting)
            else LIKELY.get(type(call.dialogue.state), EVENTS)
        )
        event = data.draw(some.one_of(*[likely] * 15, EVENTS))
        call.tell(_present(event, call.turn))
    assert call.way_out(), call.dialogue.step


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    "text", [text for text in ODD if len(text) >= 200] + ["\u200b" * LONG, "a" * LONG, "𠮷" * LONG]
)
def test_ten_thousand_characters_are_an_answer_like_any_other(
    shipped: Dialplans, language: Language, text: str
) -> None:
    call = Call(shipped, language)
    call.tell(told.PromptsFinished(call.turn, 1.0))
    call.tell(told.LookupFinished(call.turn, 1.0, "unknown", {"verification": "none"}))
    assert isinstance(call.dialogue.state, Listening)
    call.tell(told.UtteranceHeard(call.turn, 2.0, (Hypothesis(text, 0.9),)))
    assert not isinstance(call.dialogue.state, Over)
    assert call.way_out()


@pytest.mark.parametrize(
    ("traditional", "simplified"), [("我要退貨", "我要退货"), ("轉人工", "转人工"), ("訂單到哪裡了", "订单到哪里了")]
)
def test_traditional_characters_are_understood_as_simplified(
    shipped: Dialplans, traditional: str, simplified: str
) -> None:
    where = []
    for text in (traditional, simplified):
        call = Call(shipped, "zh")
        call.tell(told.PromptsFinished(call.turn, 1.0))
        call.tell(told.LookupFinished(call.turn, 1.0, "unknown", {"verification": "none"}))
        call.tell(told.UtteranceHeard(call.turn, 2.0, (Hypothesis(text, 0.9),)))
        where.append(call.dialogue.step)
    assert where[0] == where[1] != "hotline.open_question"
