"""What an interpretation does to the question that was asked (pure): one judgement out of eleven.

The order is the order of urgency: danger, universals, the answer itself, corrections, a change of mind, and last a no-match. A
question beside the matter, said word for word, comes before them all: it has words of theirs in it ("am I talking to a human?").
"""

from __future__ import annotations

from ivr.dialogue.judgements import (
    Alarm,
    Answered,
    Aside,
    Context,
    Corrected,
    Doubtful,
    Filled,
    Judgement,
    Missed,
    NeverMind,
    Unsettled,
    Wanted,
    Wish,
)
from ivr.dialogue.meaning import (
    OUT_OF_SCOPE,
    SAME_WISH,
    SWITCH_LANGUAGE,
    WHAT_ELSE,
    Interpretation,
    Slot,
    is_matter,
)
from ivr.dialogue.questions import Question
from ivr.dialogue.templates import SLOT_MARKS
from ivr.dialogue.vocabulary import ABOUT_GOODS, UNDOES, URGENT_INTENTS
from ivr.values import Digits

SPOKEN_DIGITS = 4  # so many digits aren't said by chance
WHOLE_NUMBER = 0.85  # as sure as a number with the right shape and check digit is

# What the words of an offer that moves money say themselves: how much comes back, where to, at what fee.
_SAID_BY_OFFERS = frozenset({"cancellation_fee", "refund_policy"})
_NEARLY_SAID = frozenset({"refund_status"})  # unless there is more to say about it
_MONEY = frozenset({"cancel_order", "refund_request", "return_exchange", "price_protection"})


def judge(question: Question, heard: Interpretation, context: Context, certain: bool = False) -> Judgement:
    """The judgement on what was heard; `certain` when the caller has already confirmed it."""
    if heard.aside in context.asides and heard.intent != WHAT_ELSE and not _is_choice(question, heard):
        return Aside(heard.aside, context.asides[heard.aside])
    if heard.danger and not _among_digits(question, heard):
        known = heard.verdict == "accept" and not heard.negated and heard.intent in URGENT_INTENTS
        return Wanted(heard.intent) if known and heard.intent in context.known_intents else Alarm(heard.danger)
    if heard.universal:
        if heard.universal == "goodbye" and heard.verdict != "accept":
            return Missed()  # "uh" heard as "off": nobody is hung up on by a guess
        if heard.universal == "goodbye" and question.expectation.wants == "slot" and not _takes_leave(heard, context):
            return Missed()  # "that's all" to "your name, please?": all they know, and no goodbye
        return Wanted(heard.universal) if heard.universal in question.own else Wish(heard.universal)
    judgement = _sense(question, heard, context)
    if isinstance(judgement, Missed) and question.about == "offer" and context.consent.is_a_question(heard.text):
        return Unsettled()
    if isinstance(judgement, Missed | Unsettled) or certain:
        return judgement
    if not _doubtful(question, heard):
        return judgement
    return Missed() if heard.intent == "thanks" else Doubtful()  # "do you mean thanks?" helps nobody


def _is_choice(question: Question, heard: Interpretation) -> bool:
    """Whether it is surely one of the answers that the question itself names."""
    return question.expectation.wants == "choice" and heard.kind == "choice" and heard.verdict == "accept"


def _takes_leave(heard: Interpretation, context: Context) -> bool:
    """Whether a goodbye is one in so many words, or by key."""
    return "keys" in heard.why or context.consent.takes_leave(heard.text)


def _among_digits(question: Question, heard: Interpretation) -> bool:
    """Whether the word of danger stands among the digits asked for: one of them badly heard, not a cry for help."""
    slot = _wanted_slot(question, heard)
    if slot is None or question.key_digits <= 1:
        return False
    said = slot.value.text if isinstance(slot.value, Digits) else ""
    if slot.decoded is not None and slot.decoded.readings:
        said = slot.decoded.readings[0].digits
    return len(said) >= SPOKEN_DIGITS


def _doubtful(question: Question, heard: Interpretation) -> bool:
    if question.expectation.wants == "yes_no" and heard.kind in ("yes", "no"):
        return False
    match question.manner.confirm:
        case "always":
            return "keys" not in heard.why
        case "never":  # an answer is taken as it was heard; another wish than was asked for must be sure, here too
            return heard.verdict == "confirm" and heard.kind == "intent" and question.expectation.wants != "intent"
        case _:
            return heard.verdict == "confirm"


def _sense(question: Question, heard: Interpretation, context: Context) -> Judgement:
    wants, slot = question.expectation, _wanted_slot(question, heard)
    if wants.wants == "yes_no" and question.about == "step" and (number := _bare_number(heard, context)) is not None:
        return Corrected(number)
    if question.about == "offer" and context.consent.says_the_verb(question.action, heard.text):
        return Answered("yes")
    if question.about == "doubt" and _said_again(question, heard):
        return Answered("yes")
    if heard.verdict == "reject" and slot is None:
        return Missed()
    if heard.slot("undo") is not None and (undone := _undone(question, heard, context)) is not None:
        return undone
    if heard.negated and heard.kind == "intent":
        return _refused(question, heard, context)
    if heard.negated and heard.kind == "no" and context.intent and "no" not in question.own:
        return NeverMind()
    if heard.correction and slot is None and (taken_back := _taken_back(heard, context)) is not None:
        return Corrected(taken_back)
    if slot is not None and (heard.kind != "intent" or heard.intent in ("", context.intent)):
        return Filled(slot)
    if _polite_end(question, heard):
        return Wanted(heard.runner_up)
    if heard.kind == "no" and question.about in ("step", "offer") and _another_wish(question, heard.also, context):
        return Wanted(heard.also[0])
    if heard.hedged and question.about == "offer":
        return Unsettled()
    if heard.kind in ("yes", "no") and (wants.wants == "yes_no" or heard.kind in question.own):
        return Answered(heard.kind)
    if heard.kind == "choice" and (wants.wants == "choice" or heard.intent == WHAT_ELSE):
        return Answered(heard.intent)
    if heard.kind == "intent" and heard.intent != OUT_OF_SCOPE:
        return _turn(question, heard, context)
    if (taken_back := _taken_back(heard, context)) is not None:
        return Corrected(taken_back)
    if heard.kind == "intent" and wants.wants == "intent" and heard.intent in context.known_intents:
        return Wanted(heard.intent)
    return Missed()


def _said_again(question: Question, heard: Interpretation) -> bool:
    """Whether the caller, asked whether something was meant, says it in other words: as good as a yes, if it is likely at all."""
    if heard.kind == "intent":
        return not heard.negated and heard.verdict != "reject" and heard.intent in question.agrees
    return (
        heard.kind == "nothing" and heard.runner_up in question.agrees and heard.score >= question.expectation.confirm
    )


def _bare_number(heard: Interpretation, context: Context) -> Slot | None:
    """A whole order number and nothing else: in answer to "this order?" it says which, where it says no other wish."""
    if heard.text != SLOT_MARKS["order_number"] or context.intent not in context.known_intents:
        return None
    return next((slot for slot in heard.slots if slot.kind == "order_number" and slot.confidence >= WHOLE_NUMBER), None)


def _another_wish(question: Question, also: tuple[str, ...], context: Context) -> bool:
    """ "No, I want my money back": the no is a breath before another wish than the one under way."""
    wanted = question.expectation.wants == "yes_no" and question.manner.change_of_mind
    return bool(wanted and also and also[0] in context.known_intents and also[0] != context.intent)


def _polite_end(question: Question, heard: Interpretation) -> bool:
    """ "OK, thanks" to "anything else?" is no yes, where the step has a way for thanks."""
    equally = heard.runner_up in question.own and heard.runner_up_score >= question.expectation.accept
    return question.expectation.wants == "intent" and heard.kind == "yes" and equally


def _wanted_slot(question: Question, heard: Interpretation) -> Slot | None:
    wants = question.expectation
    return heard.slot(wants.slot) if wants.wants == "slot" and wants.slot else None


def _refused(question: Question, heard: Interpretation, context: Context) -> Judgement:
    """ "I don't want a refund": no to an offer, the end of the matter, no to a question, or nothing we can use."""
    yes_no = question.expectation.wants == "yes_no"
    alike = heard.intent == context.intent or {heard.intent, context.intent} <= _MONEY
    if alike and not (yes_no and question.about == "offer"):
        return NeverMind()
    return Answered("no") if yes_no else Missed()


def _undone(question: Question, heard: Interpretation, context: Context) -> Judgement | None:
    """ "I don't want to return it any more": no to an offer; where nothing is offered, what was begun is to be undone."""
    if heard.kind != "intent" or heard.intent not in _MONEY:
        return None
    if question.about == "offer":
        return Answered("no")
    if question.expectation.wants == "intent" and UNDOES in context.known_intents:
        return Wanted(UNDOES)
    return None


def _turn(question: Question, heard: Interpretation, context: Context) -> Judgement:
    open_question = question.expectation.wants == "intent"
    if open_question:
        return Wanted(heard.intent)
    if question.about == "survey" and not is_matter(heard.intent):
        return Missed()  # "thank you" is no score, and goes on for ever
    if heard.text in SLOT_MARKS.values():  # digits where none were asked for are no wish for another order
        return Missed()
    if _wish(heard) in question.agrees and heard.verdict == "accept" and not context.consent.asks_whether(heard.text):
        return Answered("yes")
    if _agrees_too_soon(question, heard, context):
        return Missed()
    money_offered = question.about == "offer" and question.agrees & _MONEY
    if money_offered and (heard.intent in _SAID_BY_OFFERS or context.consent.impatient(heard.text)):
        return Unsettled()
    if heard.intent in context.asides and heard.intent != context.intent:
        return Aside(heard.intent, context.asides[heard.intent])
    if money_offered and heard.intent in _NEARLY_SAID:
        return Unsettled()
    if heard.intent == context.intent and (taken_back := _taken_back(heard, context)) is not None:
        return Corrected(taken_back)
    if heard.intent == context.intent and SAME_WISH in question.own and heard.verdict == "accept":
        return Answered(SAME_WISH)  # "this order?" — "hurry it up!": they didn't say no
    followed = question.manner.change_of_mind or heard.intent == SWITCH_LANGUAGE
    other = heard.intent != context.intent or question.about == "doubt"  # "do you mean …?" — "no: what I came for"
    if followed and other and heard.intent in context.known_intents:
        return Wanted(heard.intent)
    return Missed()


def _agrees_too_soon(question: Question, heard: Interpretation, context: Context) -> bool:
    """ "Yes, refund it" where digits are asked for first: it agrees to what is under way, and is no other matter."""
    in_front = context.consent.in_front("yes", heard.text)
    return question.expectation.wants == "slot" and heard.intent in _MONEY and in_front != ""


def _wish(heard: Interpretation) -> str:
    """The wish that may agree to an action: of goods exchanged or sent back the one that was said, and no other size or colour."""
    if heard.slot("exchange") is None or heard.intent not in ABOUT_GOODS:
        return heard.intent
    return "exchange" if heard.slot("variant") is None else ""


def _taken_back(heard: Interpretation, context: Context) -> Slot | None:
    """A value given before, given anew; an order number also where the robot had found the order by itself."""
    for slot in heard.slots:
        if slot.kind in context.corrigible or (slot.kind == "order_number" and context.intent in context.known_intents):
            return slot
    return None
