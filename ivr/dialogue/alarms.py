"""How much a word of danger weighs that was perhaps misheard: raise the alarm, ask back, or let it be (pure).

An alarm brings people at once, so it must have been said. Where few words are expected, all that is said is made of those, and
words of danger are among them: "that's all" was "that assault", 我在跟谁说话 was 我在跟踪会说找, English in a Mandarin call 个骗子吗听不.

    the words, where few are expected                    → are more than a third of what was said, or it makes sense as danger; else no alarm
    the readings that have them (by their confidences)   → enough of them: an alarm; fewer: asked back, where nothing else makes sense
    the readings with a word for a human, of few words   → enough of them: a human; fewer: nothing ("who am I talking to" was "supervisor …")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ivr.dialogue.meaning import DIGIT_SLOTS, Danger, Expectation, Interpretation
from ivr.events import Hypothesis

_BY_DANGER: dict[Danger, str] = {"danger": "personal_safety", "fraud": "account_stolen", "rage": "complaint"}
# Of all readings' confidences, what those must have that an alarm is raised by.
_ENOUGH, _ENOUGH_OF_FEW_WORDS, _ENOUGH_FOR_A_HUMAN = 0.3, 0.5, 0.33
_UNHEARD = Interpretation("nothing", why=("a word for a human in few of the readings",))


def few_words_expected(expectation: Expectation) -> bool:
    """Whether the recogniser was told what to expect (`recognition.grammar_for`), names aside."""
    return expectation.wants in ("yes_no", "choice") or expectation.slot in DIGIT_SLOTS


def raised(danger: Danger) -> Interpretation:
    """A word of danger, and nothing else that is understood."""
    return Interpretation("danger", _BY_DANGER[danger], 0.95, danger=danger, why=(f"a word of {danger}",))


def weighed(
    found: Sequence[Interpretation], hypotheses: Sequence[Hypothesis], expectation: Expectation
) -> list[Interpretation]:
    """The interpretations, each of one hypothesis; where too few readings have the word of danger, it is asked back."""
    few, everything = few_words_expected(expectation), sum(each.confidence for each in hypotheses)
    pairs = tuple(zip(found, hypotheses, strict=True))
    alarming = sum(each.confidence for one, each in pairs if one.danger)
    human = sum(each.confidence for one, each in pairs if one.universal == "agent")
    if alarming < (_ENOUGH_OF_FEW_WORDS if few else _ENOUGH) * everything:
        found = [_doubted(one, expectation) if one.danger else one for one in found]
    if few and human < _ENOUGH_FOR_A_HUMAN * everything:
        found = [_UNHEARD if one.universal == "agent" else one for one in found]
    return list(found)


def _doubted(one: Interpretation, expectation: Expectation) -> Interpretation:
    if one.kind != "danger":
        return replace(one, danger=None)
    score = min(one.score, (expectation.accept + expectation.confirm) / 2)
    return replace(one, kind="intent", danger=None, score=score, verdict="confirm")
