"""The dialogue machine on a small dialplan: every state, every event, and what callers do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_shop import NUMBER, TREE, call, load

from ivr import commands as do
from ivr import events as told
from ivr.commands import Command
from ivr.dialogue import questions
from ivr.dialogue.dialplan import Manner
from ivr.dialogue.loading import Dialplans
from ivr.dialogue.machine import ANYWHERE, LEGAL, Dialogue
from ivr.dialogue.meaning import Expectation
from ivr.dialogue.states import Fresh, Listening, Over, Recording, Speaking, State, Waiting, WithHuman
from ivr.errors import IllegalTransition
from ivr.events import Event, Hypothesis
from ivr.values import Digits

ORDER = "302468100007"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Dialplans:
    return load(tmp_path_factory.mktemp("shop"))


class Caller:
    """Drives a dialogue and remembers the last commands."""

    def __init__(self, shop: Dialplans) -> None:
        self.dialogue = call(shop)
        self.out: tuple[Command, ...] = ()
        self.turn = 0
        self.tell(told.CallStarted(0, "call-1", "13800000000", "hotline", "zh"))

    def tell(self, event: Event) -> Caller:
        self.out = self.dialogue.receive(event)
        self.turn = max([self.turn, *(getattr(command, "turn", 0) for command in self.out)])
        return self

    def heard(self) -> Caller:
        return self.tell(told.PromptsFinished(self.turn, 1))

    def says(self, text: str, confidence: float = 0.95) -> Caller:
        return self.tell(told.UtteranceHeard(self.turn, 2, (Hypothesis(text, confidence),)))

    def keys(self, keys: str) -> Caller:
        return self.tell(told.KeysPressed(self.turn, 2, keys))

    def silent(self) -> Caller:
        return self.tell(told.NoInput(self.turn, 2))

    def desk(self, outcome: str, **values: Any) -> Caller:
        named = {name.replace("__", "."): value for name, value in values.items()}
        waits = next(command for command in self.out if isinstance(command, do.LookUp | do.Act))
        event = told.LookupFinished if isinstance(waits, do.LookUp) else told.ActionFinished
        return self.tell(event(self.turn, 3, outcome, named))

    def said(self) -> str:
        return " ".join(p.text for each in self.out if isinstance(each, do.Play) for p in each.prompts)

    def only(self, kind: type[Any]) -> Any:
        found = [command for command in self.out if isinstance(command, kind)]
        assert len(found) == 1, self.out
        return found[0]


@pytest.fixture
def caller(shop: Dialplans) -> Caller:
    return Caller(shop).heard()


def in_state(shop: Dialplans, state: type[State]) -> Dialogue:
    """A call that waits in a state."""
    if state is Fresh:
        return call(shop)
    made = Caller(shop)
    if state is not Speaking:
        made.heard()
    match state:
        case _ if state is Waiting:
            made.says("我的外卖到哪了")
        case _ if state is WithHuman:
            made.says("转人工")
        case _ if state is Recording:
            made.says("转人工").tell(told.HandoffEnded(made.turn, 3, "failed"))
        case _ if state is Over:
            made.tell(told.CallerHungUp(9))
    assert isinstance(made.dialogue.state, state), made.dialogue.state
    return made.dialogue


def all_events(turn: int) -> list[Event]:
    return [
        told.CallStarted(5, "c", "", "", "zh"),
        told.UtteranceHeard(turn, 5, (Hypothesis("退款", 0.9),)),
        told.KeysPressed(turn, 5, "1"),
        told.NoInput(turn, 5),
        told.MaxSpeech(turn, 5),
        told.PromptsFinished(turn, 5),
        told.TimerFired("progress", 5),
        told.LookupFinished(turn, 5, "unknown"),
        told.ActionFinished(turn, 5, "done"),
        told.MessageRecorded(turn, 5, 3.0),
        told.HandoffEnded(turn, 5, "completed"),
        told.SpeechLost(5),
        told.SpeechRestored(5),
        told.ComponentFailed(turn, 5, "desk"),
        told.HoursChanged(5, {"hours.general": "closed"}),
        told.CallerHungUp(5),
    ]


@pytest.mark.parametrize("state", [Fresh, Speaking, Listening, Waiting, Recording, WithHuman, Over])
@pytest.mark.parametrize("index", range(16))
def test_every_event_is_decided_in_every_state(shop: Dialplans, state: type[State], index: int) -> None:
    dialogue = in_state(shop, state)
    event = all_events(dialogue._talk.turn)[index]
    before, step = dialogue.state, dialogue.step
    if state is Over:
        assert dialogue.receive(event) == ()
    elif isinstance(event, LEGAL[state] + (() if state is Fresh else ANYWHERE)):
        dialogue.receive(event)
        assert dialogue.state is not None
    else:
        with pytest.raises(IllegalTransition, match=type(event).__name__):
            dialogue.receive(event)
        assert (dialogue.state, dialogue.step) == (before, step)


@pytest.mark.parametrize("state", [Speaking, Listening, Waiting, Recording, WithHuman])
def test_answers_to_an_older_turn_are_dropped(shop: Dialplans, state: type[State]) -> None:
    dialogue = in_state(shop, state)
    before = dialogue.state
    for event in all_events(dialogue._talk.turn - 1):
        if hasattr(event, "turn"):
            assert dialogue.receive(event) == ()
    assert dialogue.state == before


def test_the_greeting_cannot_be_interrupted_and_the_question_can(shop: Dialplans) -> None:
    caller = Caller(shop)
    assert caller.only(do.Play).barge_in is False
    assert "小店" in caller.said()
    caller.heard()
    assert caller.only(do.Play).barge_in is True
    assert caller.only(do.Listen).step == "hotline.what"


def test_tries_are_worded_differently_and_end_with_a_human(caller: Caller) -> None:
    texts = [caller.silent().said(), caller.silent().said()]
    assert texts == ["您说。", "请按1退款。"]
    assert caller.silent().only(do.HandOff).reason == "lost"


def test_silence_and_misunderstanding_are_counted_apart(caller: Caller) -> None:
    assert caller.silent().said() == "您说。"
    assert caller.says("今天天气怎么样").said() == "没听懂。"
    assert caller.silent().said() == "请按1退款。"
    assert caller.says("天上有几只鸟").said() == "退款请按1。"


def test_money_moves_only_after_yes(caller: Caller) -> None:
    caller.says("我要退款").keys(ORDER)
    assert not [command for command in caller.out if isinstance(command, do.Act)]
    assert caller.said() == "现在退吗？"
    act = caller.says("好的").only(do.Act)
    assert (act.action, act.intent, act.arguments) == ("refund_full", "refund_request", {"order": Digits(ORDER)})
    assert "退好了。" in caller.desk("done").said()


def test_a_no_moves_nothing(caller: Caller) -> None:
    caller.says("我要退款").keys(ORDER).says("不用")
    assert not [command for command in caller.out if isinstance(command, do.Act)]
    assert caller.dialogue.step == "hotline.what"


def test_one_utterance_carries_wish_and_number(caller: Caller) -> None:
    caller.says("退款订单号三零二四六八一零零零零七")
    assert ORDER in caller.only(do.LookUp).arguments["candidates"]
    assert caller.desk("found", orders=(ORDER,)).said() == "现在退吗？"
    assert caller.dialogue.known["order_number"] == Digits(ORDER)


def test_a_corrected_number_replaces_the_old_one(caller: Caller) -> None:
    caller.says("我要退款").keys(ORDER)
    assert caller.said() == "现在退吗？"
    candidates = caller.says("不对，是三零二四七五二三一三二四").only(do.LookUp).arguments["candidates"]
    assert "302475231324" in candidates
    assert caller.desk("found", orders=("302475231324",)).said() == "现在退吗？"
    assert caller.dialogue.known["order_number"] == Digits("302475231324")


def test_what_is_sensitive_is_noted_without_its_value(tmp_path: Path) -> None:
    secret = NUMBER.replace("ask: order_number,", "ask: order_number, sensitive: yes,")
    caller = Caller(load(tmp_path, number=secret)).heard().says("我要退款").keys(ORDER)
    noted = [command.values for command in caller.out if isinstance(command, do.Note)]
    assert noted
    assert ORDER not in str(noted)


def test_an_unknown_number_goes_its_own_way(caller: Caller) -> None:
    caller.says("我要退款").says("三零二四六八一零零零七")
    assert caller.desk("none", orders=()).only(do.HandOff).reason == "lost"


def test_a_number_heard_whole_that_nobody_has_is_answered_like_a_strangers(caller: Caller, shop: Dialplans) -> None:
    caller.says("我要退款").says("三零二四六八一零零零零七")
    nobodys = caller.desk("none", orders=()).out
    stranger = Caller(shop).heard().says("我要退款").says("三零二四六八一零零零零七")
    assert stranger.desk("found", orders=(ORDER,)).out == nobodys


def test_several_orders_are_told_apart_by_the_digits_that_differ(caller: Caller) -> None:
    caller.says("我要退款").says("三零二四六八一零零零零七")
    candidates = caller.only(do.LookUp).arguments["candidates"]
    other = next(each for each in candidates if each != ORDER and each[:8] == ORDER[:8])
    close = tuple(sorted((ORDER, other)))
    caller.desk("found", orders=close)
    if caller.said() == "现在退吗？":
        assert caller.dialogue.known["order_number"] == Digits(ORDER)
    else:
        assert "位" in caller.said()
        assert caller.keys(ORDER[-4:]).said() == "现在退吗？"


def test_a_change_of_mind_is_followed(caller: Caller) -> None:
    caller.says("我要退款")
    assert caller.says("我的外卖到哪了").only(do.LookUp).what == "order"


def test_a_doubtful_wish_is_asked_back(caller: Caller) -> None:
    caller.says("我要退款", confidence=0.1)
    assert caller.said() == "您是说退款吗？"
    assert caller.says("对").said() == "订单号？"


def test_a_doubt_denied_puts_the_question_in_other_words(caller: Caller) -> None:
    caller.says("我要退款", confidence=0.1)
    assert caller.says("不是").said() == "没听懂。"


def test_a_doubtful_wish_said_again_is_meant(caller: Caller) -> None:
    caller.says("我要退款", confidence=0.1)
    assert caller.says("我要退款", confidence=0.3).said() == "订单号？"


def test_key_8_is_another_language_where_it_is_nothing_else() -> None:
    question = questions.yes_no("step", "order_is_it_this", Manner(), Expectation())
    assert question.read_keys("8").intent == "switch_language"
    of_step = replace(question, keys={"8": "complaint"})
    assert of_step.read_keys("8").intent == "complaint"
    number = replace(question, key_digits=12)
    assert not number.takes_language_key
    assert number.read_keys("8").intent != "switch_language"


def test_universals(caller: Caller) -> None:
    assert caller.says("再说一遍").said() == "请问什么事？"
    assert caller.says("帮助").said() == "您可以说退款。"
    caller.says("说慢一点")
    assert caller.only(do.Play).prompts[0].rate < 1
    caller.says("我要退款")
    assert caller.says("返回").said() == "请问什么事？"
    assert caller.says("再见").only(do.HangUp).disposition == "settled"


def test_who_asks_to_wait_is_waited_for_and_loses_no_try(caller: Caller) -> None:
    caller.says("我要退款")
    usual = caller.only(do.Listen).no_input_seconds
    for _ in range(4):
        assert caller.says("等一下").said() == "我等您。"
        assert caller.only(do.Listen).no_input_seconds == 20.0 > usual
    assert not [command for command in caller.out if isinstance(command, do.StartTimer)], "two minutes stay two minutes"
    assert caller.says("再说一遍").said() == "订单号？"
    assert caller.only(do.Listen).no_input_seconds == usual
    caller.says("等一下")
    assert caller.silent().said() == "请说订单号。"


def test_keys_work_beside_speech(caller: Caller) -> None:
    assert caller.keys("1").said() == "订单号？"
    assert caller.keys("*").said() == "请问什么事？"
    assert caller.keys("#").said() == "请问什么事？"
    assert caller.keys("7").said() == "没听懂。"
    assert caller.keys("0").only(do.HandOff).reason == "asked_for"


def test_zero_asks_for_a_human_in_the_middle_of_a_number(caller: Caller) -> None:
    caller.says("我要退款")
    assert caller.keys("0").only(do.HandOff).queue == "general"


def test_danger_comes_before_everything(caller: Caller) -> None:
    caller.says("我要退款").keys(ORDER)
    hand_off = caller.says("救命").only(do.HandOff)
    assert (hand_off.queue, hand_off.priority) == ("safety", 0)


def test_no_longer_wanted(caller: Caller) -> None:
    caller.says("我要退款")
    assert caller.says("不用退款了").said().startswith("那就不退了。")


def test_two_minutes_without_progress(caller: Caller) -> None:
    assert caller.tell(told.TimerFired("progress", 120)).only(do.HandOff).reason == "lost"


def test_a_timer_does_not_take_the_caller_from_a_human(caller: Caller) -> None:
    caller.says("转人工")
    assert caller.tell(told.TimerFired("progress", 120)).out == ()


def test_lost_speech_goes_on_by_keys(caller: Caller) -> None:
    caller.tell(told.SpeechLost(3))
    assert caller.said() == "请按键。 退款请按1。"
    caller.keys("1")
    assert caller.said() == "订单号？ 请按键输入订单号。"
    caller.tell(told.SpeechRestored(5))
    assert caller.keys(ORDER).said() == "现在退吗？"


def test_what_breaks_becomes_an_apology_and_a_human_and_at_last_an_end(caller: Caller) -> None:
    caller.tell(told.ComponentFailed(caller.turn, 3, "voice"))
    assert caller.said() == "抱歉，出了问题。"
    assert caller.only(do.HandOff).reason == "fault"
    caller.tell(told.ComponentFailed(caller.turn, 4, "voice"))
    assert caller.said() == ""
    assert caller.only(do.HandOff).reason == "fault"
    assert caller.tell(told.ComponentFailed(caller.turn, 5, "phone")).only(do.HangUp).disposition == "failed"


def test_an_agent_gives_the_caller_back(caller: Caller) -> None:
    caller.says("转人工").tell(told.HandoffEnded(caller.turn, 9, "returned"))
    assert caller.only(do.Listen).step == "hotline.what"


def test_nobody_there_and_a_message(caller: Caller) -> None:
    caller.says("转人工").tell(told.HandoffEnded(caller.turn, 9, "failed"))
    assert caller.only(do.RecordMessage)
    assert caller.tell(told.MessageRecorded(caller.turn, 12, 4.0)).only(do.HangUp).disposition == "settled"


def test_silence_after_the_tone_is_no_message(caller: Caller) -> None:
    caller.says("转人工").tell(told.HandoffEnded(caller.turn, 9, "failed"))
    assert caller.tell(told.MessageRecorded(caller.turn, 12, 0.0)).only(do.HangUp).disposition == "no_input"


def test_the_survey_takes_a_score_or_none(caller: Caller) -> None:
    caller.says("我的外卖到哪了").desk("found", order__number=Digits(ORDER))
    assert caller.keys("5").only(do.HangUp)
    noted = [command for command in caller.out if isinstance(command, do.Note) and command.kind == "survey"]
    assert noted[0].values == {"satisfaction": 5}


def test_a_question_comes_round_only_so_often(tmp_path: Path) -> None:
    round_and_round = NUMBER.replace("on: {given: given, none: none}", "on: {given: given, none: ask}")
    caller = Caller(load(tmp_path, number=round_and_round)).heard().says("我要退款")
    said = []
    for _ in range(3):
        caller.says("三零二四六八一零零零七").desk("none", orders=())
        said.append(caller.said())
    assert said == ["订单号？", "订单号？", "我请人来帮您。"]


@pytest.mark.parametrize(
    "text", ["", " ", "😀", "\x00\x01", "a" * 10_000, "退" * 10_000, "[(<{", "ＡＢＣ退款", "我要退款\u202e", "٣٤٥"]
)
def test_no_utterance_breaks_a_call(caller: Caller, text: str) -> None:
    caller.says(text)
    assert not isinstance(caller.dialogue.state, Fresh | Over)


def test_no_words_are_a_no_match(caller: Caller) -> None:
    assert caller.tell(told.UtteranceHeard(caller.turn, 2, ())).said() == "没听懂。"
    assert caller.tell(told.MaxSpeech(caller.turn, 3)).said() == "退款请按1。"


def test_timers_and_turns(caller: Caller, tmp_path: Path) -> None:
    listen = caller.only(do.Listen)
    assert (listen.no_input_seconds, listen.max_speech_seconds) == (5.0, 15.0)
    assert listen.turn == caller.only(do.Play).turn == caller.turn


@pytest.mark.parametrize(("wish", "by_day", "at_night"), [("转人工", "agent", "bye"), ("救命", "agent", "agent")])
def test_at_a_closed_door_nobody_is_promised_but_what_is_urgent_is_tried(
    tmp_path: Path, wish: str, by_day: str, at_night: str
) -> None:
    tree = TREE.replace("agent: {say: agent,", "agent: {say: agent, say_closed: bye,")
    tree = tree.replace("danger: {hand_off", "danger: {say: agent, say_closed: bye, hand_off")
    shop, closed = load(tmp_path, hotline=tree), {"hours.general": "closed", "hours.safety": "closed"}
    for hours, prompt in (({}, by_day), (closed, at_night)):
        caller = Caller(shop).heard().tell(told.HoursChanged(1.0, hours)).says(wish)
        assert [each.id for each in caller.only(do.Play).prompts] == [prompt]
        assert caller.only(do.HandOff).queue in ("general", "safety")
