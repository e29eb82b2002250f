"""What is a yes, what only begins like one, and what is taken back in the same breath."""

from __future__ import annotations

import pytest

from ivr.dialogue.consent import Consent
from ivr.dialogue.understanding import Understanding
from tests.unit.understanding.conftest import Hear


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("要不还是算了吧", "no"),
        ("对不起我不要了", "no"),
        ("不好意思是的", "yes"),
        ("好的那就退吧", "yes"),
        ("no problem go ahead", "yes"),
        ("sorry, no", "no"),
        ("可以多退点吗", "nothing"),
        ("要多久啊", "intent"),
        ("行不行啊", "nothing"),
        ("对了还有一个事", "nothing"),
        ("好贵啊", "nothing"),
    ],
)
def test_a_word_for_yes_may_be_the_beginning_of_another(text: str, kind: str, hear: Hear) -> None:
    heard = hear(text, wants="yes_no")
    assert (heard.kind if heard.verdict != "reject" else "nothing") == kind


@pytest.mark.parametrize(
    ("text", "hedged"),
    [
        ("好但是我要全部退", True),
        ("可以是可以但是什么时候到账", True),
        ("好是好就是太少了", True),
        ("好的什么时候到账", False),
        ("对退给我", False),
        ("是要退多少钱", True),
        ("好我再问问我老公", True),
        ("对半退行吗", True),
        ("okay so who pays the shipping", True),
        ("yes i have a question", True),
        ("sure no problem", False),
        ("yes but how long will it take", True),
        ("right no i don't want that", True),
        ("yes please refund it", False),
        ("okay how long does it take", False),
        ("没有别的办法了吗", True),
    ],
)
def test_a_yes_that_is_taken_back_is_hedged(text: str, hedged: bool, hear: Hear) -> None:
    assert hear(text, wants="yes_no").hedged is hedged


@pytest.mark.parametrize(
    ("action", "text", "says"),
    [
        ("refund_full", "嗯退吧", True),
        ("start_return", "那就退货吧", True),
        ("reship", "补发一份", True),
        ("reship", "退款吧", False),
        ("refund_partial", "全退", False),
        ("cancel", "能取消吗", False),
        ("exchange", "退吧", False),
    ],
)
def test_the_verb_of_an_action_agrees_to_it_alone(
    action: str, text: str, says: bool, shipped: dict[str, Understanding]
) -> None:
    consent = shipped["zh"].choices.consent
    assert consent.says_the_verb(action, text.replace("吧", "")) is says


@pytest.mark.parametrize("text", ["嗯能开专票不", "对不起不好意思我不要了吗", "好的停"])
def test_a_yes_that_turns_into_a_question_or_a_stop_is_hedged(text: str, shipped: dict[str, Understanding]) -> None:
    assert shipped["zh"].choices.consent.hedged("yes", text)


def test_an_apology_may_be_said_twice(hear: Hear) -> None:
    assert hear("对不起不好意思我不要了", wants="yes_no").kind == "no"


def test_without_words_of_consent_only_whole_sentences_are_an_answer() -> None:
    nothing = Consent("zh")
    assert nothing.in_front("yes", "好的那就退吧") == ""
    assert nothing.without_opening("对不起不要") == "对不起不要"
    assert not nothing.hedged("yes", "好但是")
    assert not nothing.says_the_verb("cancel", "取消")
    assert not nothing.impatient("")
    assert not nothing.takes_leave("再见")
