"""Callers who pause for long: the rest of a number, or of a sentence, comes over the robot's next words."""

from __future__ import annotations

import pytest
from small_shop import load

from ivr import commands as do
from ivr import events as told
from ivr.dialogue.consent import Consent
from ivr.dialogue.judgement import judge
from ivr.dialogue.judgements import Context, Missed
from ivr.dialogue.loading import Dialplans
from ivr.dialogue.meaning import Expectation, Interpretation
from ivr.dialogue.number_pieces import MOST_PIECES, Pieces, continues
from ivr.dialogue.order_number import OrderPattern
from ivr.dialogue.questions import Question
from ivr.dialogue.states import Listening
from ivr.events import Hypothesis
from tests.unit.dialogue.test_machine import ORDER, Caller


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Dialplans:
    return load(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def caller(shop: Dialplans) -> Caller:
    return Caller(shop).heard()


def over(caller: Caller, text: str, confidence: float = 0.95) -> Caller:
    """The caller speaks into the prompt."""
    heard = (Hypothesis(text, confidence),)
    return caller.tell(told.UtteranceHeard(caller.turn, 2, heard, barged_in=True))


def test_who_stops_in_the_middle_of_a_number_is_told_to_go_on(caller: Caller) -> None:
    assert caller.says("我要退款").says("三零二四六八一").said() == "请接着说。"
    looked_up = caller.says("零零零零七").only(do.LookUp)
    assert looked_up.what == "existing_orders"
    assert ORDER in looked_up.arguments["candidates"]


def test_a_number_in_three_pieces(caller: Caller) -> None:
    assert caller.says("我要退款").says("三零二").said() == "请接着说。"
    assert caller.says("四六八一").said() == "请接着说。"
    assert ORDER in caller.says("零零零零七").only(do.LookUp).arguments["candidates"]


def test_who_begins_anew_is_not_taken_to_go_on(caller: Caller) -> None:
    caller.says("我要退款").says("三零二四六八一")
    assert ORDER in caller.says("三零二四六八一零零零零七").only(do.LookUp).arguments["candidates"]


def test_a_caller_is_told_to_go_on_only_so_often(caller: Caller) -> None:
    caller.says("我要退款")
    said = 0
    while isinstance(caller.dialogue.state, Listening) and said < 9:
        said += caller.says("三零二").said() == "请接着说。"
    assert said == MOST_PIECES


PATTERN = OrderPattern()


@pytest.mark.parametrize(
    ("before", "digits", "barged_in", "goes_on"),
    [
        (Pieces("3026"), "1072", True, True),  # the next group, into the question for the whole number
        (Pieces("3026"), "1072", False, False),  # … after it: the end of another number
        (Pieces("3026", awaited=True), "1072", False, True),
        (Pieces("3026"), "3026", True, False),  # the same again
        (Pieces("3026"), "30261072", True, False),  # from the beginning, and further
        (Pieces("3026"), "302610726346", True, False),
        (Pieces("30261072", awaited=True), "634612", False, False),  # too many for one number
    ],
)
def test_what_goes_on_a_number(before: Pieces, digits: str, barged_in: bool, goes_on: bool) -> None:
    assert continues(before, digits, barged_in, PATTERN) is goes_on


def test_a_sentence_that_goes_on_over_not_understood_is_one_sentence(caller: Caller) -> None:
    """ "我想把" … "钱要回来退款": neither the second part nor the first costs a further try."""
    assert caller.says("昨天买的那个").said() == "没听懂。"
    assert over(caller, "双肩包").said() == "没听懂。"
    assert over(caller, "我要退款").said() == "订单号？"


def test_a_television_is_not_listened_to_without_end(caller: Caller) -> None:
    news = "各位观众晚上好今天是星期一欢迎收看新闻节目"
    heard = 0
    while isinstance(caller.dialogue.state, Listening) and heard < 9:
        over(caller, news)
        heard += 1
    assert heard == 4  # one more than the tries


def question(wants: str = "yes_no") -> Question:
    from ivr.dialogue.dialplan import Manner

    return Question("step", "number", Expectation(wants=wants), Manner(confirm="never"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "heard",
    [
        Interpretation("universal", "goodbye", 0.43, verdict="confirm", universal="goodbye", text="off"),
        Interpretation("intent", "thanks", 0.57, verdict="confirm", text="你"),
    ],
)
def test_a_guess_neither_ends_the_call_nor_drops_the_matter(heard: Interpretation) -> None:
    """ "uh" heard as "off" hung up on the caller; 你 as thanks gave a refund up. Also where `confirm: never` stands."""
    context = Context("refund_request", {"refund_request", "thanks"}, (), Consent("zh"))
    assert judge(question(), heard, context) == Missed()
