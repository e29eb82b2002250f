"""What the caller said or keyed, and what it does to the call: answer, wish, doubt, correction, or another try (pure)."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, assert_never

from ivr.dialogue import dialplan as plan
from ivr.dialogue import judgements as judged
from ivr.dialogue import questions
from ivr.dialogue.judgement import judge
from ivr.dialogue.meaning import SWITCH_LANGUAGE, WHAT_ELSE, Interpretation, is_matter
from ivr.dialogue.number_pieces import MOST_PIECES, Pieces, continues, joined, phone_in, unfinished
from ivr.dialogue.order_number import NoneFound, answer
from ivr.dialogue.questions import Question
from ivr.dialogue.states import Listening
from ivr.dialogue.talk import HIDDEN, Talk
from ivr.dialogue.templates import SLOT_MARKS
from ivr.dialogue.walk import (
    act,
    always,
    break_down,
    correct,
    fill,
    give_up,
    go_on,
    route,
    settled,
    walk,
    want,
)
from ivr.dialogue.wanted import names_phone
from ivr.events import Hypothesis
from ivr.values import Digits, Value

# Characters that a caller may have said in pieces before the tries are counted: a television goes on for ever.
MOST_MISSED = 40


def hear(talk: Talk, state: Listening, hypotheses: tuple[Hypothesis, ...], barged_in: bool = False) -> None:
    """The caller spoke: N-best, best first; `barged_in` when over the prompt."""
    asked = state.question.expectation
    heard = talk.spoken.understanding.understand(hypotheses, asked)
    # Who speaks on over "I didn't understand" has not been misunderstood a second time.
    going_on = barged_in and 0 < len(state.missed) <= MOST_MISSED
    if going_on and heard.verdict != "accept":
        heard = gone_on(talk, state, hypotheses, heard)
    if state.choosing and not heard.universal and not heard.danger:
        settlement = answer(state.choosing, hypotheses, talk.language)
        if not isinstance(settlement, NoneFound):
            return settled(talk, settlement)
    if asked.slot == "order_number" and not state.choosing:
        whole = collected(talk, state, heard, barged_in)
        if whole is None:
            return None
        heard = whole
    decide(talk, replace(state, no_matches=state.no_matches - 1) if going_on else state, heard)
    if asked.wants == "intent" and heard.verdict == "reject" and not heard.aside and hypotheses:
        before = f"{state.missed} " if barged_in and state.missed else ""
        remember_missed(talk, state.question, before + hypotheses[0].text)


def remember_missed(talk: Talk, question: Question, words: str) -> None:
    """Keep words that weren't understood, as long as the same question stays open."""
    if isinstance(talk.state, Listening) and talk.state.question == question:
        talk.state = replace(talk.state, missed=words)


def gone_on(talk: Talk, state: Listening, hypotheses: tuple[Hypothesis, ...], heard: Interpretation) -> Interpretation:
    """What was said over the words "I didn't understand": with what came before it, where that makes more sense."""
    whole = tuple(replace(each, text=f"{state.missed} {each.text}") for each in hypotheses)
    both = talk.spoken.understanding.understand(whole, state.question.expectation)
    return both if (both.verdict != "reject") > (heard.verdict != "reject") or both.verdict == "accept" else heard


def collected(talk: Talk, state: Listening, heard: Interpretation, barged_in: bool) -> Interpretation | None:
    """An order number with the pieces of it that came before; None where the caller was told to go on."""
    pieces, talk.pieces = talk.pieces, None
    slot, pattern = heard.slot("order_number"), talk.spoken.understanding.pattern
    if slot is None or slot.decoded is None or not slot.decoded.readings or heard.universal or heard.danger:
        return heard
    decoded, digits, told = slot.decoded, slot.decoded.readings[0].digits, pieces.asked if pieces else 0
    if names_phone(heard.slots) and (phone := phone_in(digits, pattern)):
        return replace(heard, slots=(replace(slot, value=Digits(phone), decoded=None),))
    going_on = pieces is not None and continues(pieces, digits, barged_in, pattern)
    if pieces and going_on:
        decoded = joined(pieces, decoded, pattern, state.question.expectation.order_numbers, talk.language)
        digits = pieces.digits + digits
    if unfinished(decoded, digits, going_on, pattern) and told < MOST_PIECES:
        talk.pieces = Pieces(digits, awaited=True, asked=told + 1)
        talk.note("understood", {"heard": readable(heard.text), "meaning": "a part of an order number"})
        talk.say("order_go_on")
        talk.listen(replace(state, question=state.question.lacking(pattern.length - len(digits))))
        return None
    talk.pieces = Pieces(digits)  # taken for an end: what follows over the next prompt may be the rest
    value = Digits(decoded.settled) if decoded.settled else None
    said = replace(slot, decoded=decoded, value=value) if going_on else slot
    return replace(heard, slots=(said, *(each for each in heard.slots if each.kind != "order_number")))


def key(talk: Talk, state: Listening, keys: str) -> None:
    """The caller pressed keys."""
    heard = state.question.read_keys(keys)
    if state.choosing and keys.isdigit() and not heard.universal:
        settlement = answer(state.choosing, (Hypothesis(" ".join(keys), 1.0),), talk.language)
        if not isinstance(settlement, NoneFound):
            return settled(talk, settlement)
    decide(talk, state, heard)


def decide(talk: Talk, state: Listening, heard: Interpretation, certain: bool = False) -> None:
    """Judge what was understood and follow the judgement; `certain` when the caller has confirmed it."""
    question = state.question
    judgement = judge(question, heard, talk.context(), certain)
    talk.understood += heard.verdict == "accept"
    note(talk, heard, judgement)
    if isinstance(judgement, judged.Wanted):
        talk.forget_ahead()
    if not isinstance(judgement, judged.Unsettled):  # a question about the offer is no wish to come
        keep_extra(talk, heard, question)
    match judgement:
        case judged.Alarm(danger):
            talk.memory.set("danger", danger)
            always(talk, danger)
        case judged.Wish(universal):
            wish(talk, state, universal, keyed="keys" in heard.why)
        case judged.Doubtful():
            ask_whether(talk, state, heard)
        case judged.Unsettled():
            try_again(talk, state, "unsettled")
        case judged.Missed():
            try_again(talk, state, "no_match")
        case judged.NeverMind():
            talk.memory.forget("intent")
            always(talk, "never_mind")
        case judged.Wanted(intent):
            talk.progress()
            talk.wishes_to_come = [each for each in talk.wishes_to_come if each != intent]  # now, not later
            if intent == SWITCH_LANGUAGE or talk.context().comes_back(intent):
                keep_matter(talk, question)
            if not want(talk, question, intent):
                try_again(talk, state, "no_match")
        case judged.Corrected(slot):
            correct(talk, question, slot)
        case judged.Filled(slot):
            if state.choosing:
                return try_again(talk, state, "no_match")
            fill(talk, slot)
        case judged.Answered(outcome):
            answered(talk, state, outcome)
        case judged.Aside(_, prompt):
            beside(talk, state, prompt)
        case _:
            assert_never(judgement)


def keep_matter(talk: Talk, question: Question) -> None:
    """What is under way goes on afterwards; what is settled, or was to be asked anyway, doesn't begin anew."""
    under_way = len(talk.position.stack) > 1 and question.expectation.wants != "intent"
    matter = talk.memory.word("$intent")
    if under_way and matter and is_matter(matter):
        talk.wishes_to_come.insert(0, matter)


def note(talk: Talk, heard: Interpretation, judgement: judged.Judgement) -> None:
    """Write down what was understood, for the transcript and the case."""
    kind = "no_match" if isinstance(judgement, judged.Missed) else "understood"
    text = HIDDEN if talk.manner.sensitive else readable(heard.text)
    meaning = judgement.name if isinstance(judgement, judged.Aside) else heard.intent or heard.kind
    values: dict[str, Value] = {"heard": text, "meaning": meaning, "why": heard.why}
    if isinstance(judgement, judged.Wanted) and is_matter(judgement.intent):
        values["intent"] = judgement.intent
    talk.note(kind, values)


def keep_extra(talk: Talk, heard: Interpretation, question: Question) -> None:
    """What was said beyond the answer: values for questions to come, other wishes for later."""
    under_way = {*question.agrees, *talk.wishes_to_come}  # "yes, cancel it"
    if question.expectation.wants != "intent":
        under_way.add(talk.context().intent)
    talk.wishes_to_come += [intent for intent in heard.also if intent not in under_way]
    if heard.verdict != "reject":
        for slot in heard.slots:
            if slot.kind != question.expectation.slot:
                talk.hear_ahead(slot)


def answered(talk: Talk, state: Listening, outcome: str) -> None:
    """The question has its answer: clear the doubt, act or not, keep the score, or follow the route."""
    step, question = talk.step, state.question
    talk.progress()
    if question.about == "doubt" and state.asked and state.held:
        open_again = replace(state, question=state.asked, held=None, asked=None)
        if outcome == "yes":
            decide(talk, open_again, state.held, certain=True)
        elif not (talk.wishes_to_come and want(talk, state.asked, talk.take_next_wish())):
            try_again(talk, open_again, "no_match")
    elif question.about == "offer" and isinstance(step, plan.Act):
        if outcome == "yes":
            act(talk, step)
        else:
            route(talk, step.on, WHAT_ELSE if outcome == WHAT_ELSE else "declined", step.otherwise)
    elif isinstance(step, plan.Survey):
        talk.note("survey", {step.survey: int(outcome)})
        talk.memory.set(step.survey, int(outcome))
        go_on(talk)
    elif isinstance(step, plan.Ask):
        if outcome != WHAT_ELSE:
            talk.memory.set(step.into or "answer", outcome)
        route(talk, step.on, outcome, step.then)


def wish(talk: Talk, state: Listening, universal: str, keyed: bool) -> None:
    """Something that is understood at every step; a key for a human leaves no question."""
    match universal:
        case "agent":
            talk.agent_wishes += 1
            talk.memory.set("agent_wishes", talk.agent_wishes)
            always(talk, "agent_again" if keyed or talk.agent_wishes > 1 else "agent")
        case "goodbye":
            always(talk, "goodbye")
        case "back" if talk.position.back():
            walk(talk)
        case "help":
            if not talk.say(state.question.prompt, "help"):
                talk.say("help")
                talk.say(state.question.prompt)
            talk.listen(state)
        case "slower":
            talk.speaker.rate = talk.spoken.slower_rate
            talk.speaker.again()
            talk.listen(state)
        case "wait":
            talk.say("wait")
            talk.speaker.aside()
            talk.listen(state, talk.spoken.wait_seconds)
        case _:
            talk.speaker.again()
            talk.listen(state)


def ask_whether(talk: Talk, state: Listening, heard: Interpretation) -> None:
    """Ask whether what was heard is right, in place of the question, which stays open."""
    asked = state.asked or state.question
    slot = heard.slots[0] if heard.slots else None
    talk.memory.set("doubt", heard.intent or (slot.value if slot and slot.value is not None else heard.text))
    if not talk.say("doubt"):  # a value without a name: better asked anew than silence
        return try_again(talk, state, "no_match")
    doubt = questions.yes_no("doubt", "doubt", asked.manner, talk.expectation())
    doubt = replace(doubt, agrees=frozenset({heard.intent} if heard.kind == "intent" else ()))
    talk.listen(replace(state, question=doubt, held=heard, asked=asked))


def beside(talk: Talk, state: Listening, prompt: str) -> None:
    """Answer what was asked beside the matter, and put the robot's own question again: it costs no try."""
    question = state.question
    if prompt in plan.DOES:
        return wish(talk, state, prompt, keyed=False)
    talk.say(prompt)
    if not (talk.keys_only and talk.say(question.prompt, "keys")):
        talk.say(question.prompt)
    talk.listen(state)


def try_again(talk: Talk, state: Listening, what: Literal["no_input", "no_match", "unsettled"]) -> None:
    """Put the question anew, in other words or (to who neither agrees nor refuses) as it was; or give up after the last try."""
    question = state.question
    no_inputs = state.no_inputs + (what == "no_input")
    no_matches = state.no_matches + (what != "no_input")
    if max(no_inputs, no_matches) >= (question.manner.tries or 3):
        talk.memory.set("gave_up", "no_input" if what == "no_input" else "no_match")
        return give_up(talk, question)
    variant = "keys" if talk.keys_only else f"{what}.{no_inputs if what == 'no_input' else no_matches}"
    if what == "unsettled" and not talk.keys_only:
        talk.say("offer_again")
        talk.say(question.prompt)
    elif not talk.say(question.prompt, variant):
        talk.say("again", variant)
        talk.say(question.prompt)
    if what != "unsettled" and question.takes_language_key and SWITCH_LANGUAGE in talk.context().known_intents:
        talk.offer_languages()
    talk.listen(replace(state, no_inputs=no_inputs, no_matches=no_matches))


def ask_by_keys(talk: Talk, state: Listening) -> None:
    """Speech is lost: put the question by keys, or bring in a human."""
    if not state.question.answerable_by_keys:
        return break_down(talk)
    talk.say("speech_lost")
    if not talk.say(state.question.prompt, "keys"):
        talk.say(state.question.prompt)
    talk.listen(state)


def readable(text: str) -> str:
    """The words that were understood, with the names of values in place of the marks that stand for them."""
    for kind, mark in SLOT_MARKS.items():
        text = text.replace(mark, f"{{{kind}}}")
    return text
