"""What waiting callers say is a wish only when it is nothing else and surely heard."""

from __future__ import annotations

import pytest

from ivr.events import Hypothesis
from ivr.handoff.events import Wish
from ivr.handoff.wishes import phrases_of, wish_of
from ivr.transfer.wish_ear import sentences
from ivr.values import Language


@pytest.mark.parametrize(
    ("language", "text", "confidence", "wish"),
    [
        ("zh", "给 我 回电", 0.9, "callback"),
        ("zh", "我要 留言", 0.9, "voicemail"),
        ("zh", "还要 多久", 0.7, "agent"),
        ("zh", "算了", 0.9, "goodbye"),
        ("zh", "算了", 0.7, None),
        ("zh", "给 我 回电", 0.5, None),
        ("zh", "[unk] 回电", 0.9, None),
        ("zh", "今天 天气", 0.9, None),
        ("zh", "", 1.0, None),
        ("en", "call me back", 0.9, "callback"),
        ("en", "Leave a message", 0.9, "voicemail"),
        ("en", "i'll wait", 0.9, "wait"),
        ("en", "how long", 0.9, "agent"),
    ],
)
def test_wish(language: Language, text: str, confidence: float, wish: Wish | None) -> None:
    assert wish_of((Hypothesis(text, confidence),), sentences(language)) == wish


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_sentence_means_two_things(language: Language) -> None:
    said = [sentence for ways in sentences(language).values() for sentence in ways]
    assert len(phrases_of(sentences(language))) == len(said)


def test_nothing_heard_is_no_wish() -> None:
    assert wish_of((), sentences("zh")) is None
