"""Going through a dialplan: from step to step until one waits for somebody, and from an answer to the step it leads to (pure)."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from ivr import commands as do
from ivr.dialogue import dialplan as plan
from ivr.dialogue import order_number, order_words, questions
from ivr.dialogue import vocabulary as words
from ivr.dialogue.bringing_in import bring_in, instead_of_promising
from ivr.dialogue.candidates import Candidates
from ivr.dialogue.meaning import WHAT_ELSE, Slot, is_matter
from ivr.dialogue.memory import words_of
from ivr.dialogue.order_number import Accepted, AskDigits, Decoded, NoneFound, Settlement, settle
from ivr.dialogue.questions import Question
from ivr.dialogue.states import Listening, Recording, Waiting
from ivr.dialogue.talk import HIDDEN, Talk
from ivr.values import Digits

MOST_SILENT_STEPS = 200
SHORTEST_TAIL = 4


def walk(talk: Talk) -> None:
    """Carry out steps until one waits for an event."""
    for _ in range(MOST_SILENT_STEPS):
        if carry_out(talk, talk.step):
            return
    break_down(talk)


def carry_out(talk: Talk, step: plan.Step) -> bool:
    """Do a step; True when the call now waits."""
    if isinstance(step, plan.Ask):
        ask(talk, step)
        return True
    talk.say_step(instead_of_promising(talk, step))
    match step:
        case plan.Survey():
            scores = talk.spoken.understanding.grammar.answers.scores
            talk.listen(Listening(questions.survey(step.say[-1], talk.manner, talk.expectation(), scores)))
        case plan.Act():
            offer(talk, step)
        case plan.LookUp():
            look_up = do.LookUp(talk.next_turn(), step.look_up, talk.memory.arguments(step.with_))
            talk.send(look_up, Waiting())
        case plan.HandOff():
            bring_in(talk, step)
        case plan.RecordMessage():
            talk.send(do.RecordMessage(talk.next_turn(), step.seconds), Recording())
        case plan.HangUp():
            talk.hang_up(step.hang_up)
        case _:
            return pass_through(talk, step)
    return True


def pass_through(talk: Talk, step: plan.Step) -> bool:
    """Do a step that waits for nobody; True only when its words must be heard out first, or nothing leads on."""
    match step:
        case plan.Say():
            talk.position.go(step.then)
            return step.barge_in is False and talk.say_out()
        case plan.Branch():
            true = words_of(talk.memory[step.branch])
            target = next((where for word, where in step.on.items() if word in true), step.otherwise)
            if not target:
                break_down(talk)
                return True
            talk.position.go(target)
        case plan.Remember():
            for name in step.forget:
                talk.memory.forget(name)
            talk.memory.update({name: talk.memory.resolve(word) for name, word in step.remember.items()})
            talk.position.go(step.then)
        case plan.Call():
            talk.position.enter(step.call, talk.tree(step.call).file.start)
        case plan.Return():
            come_back(talk, step.return_)
        case plan.Speak():
            switch_language(talk, step)
    return False


def come_back(talk: Talk, outcome: str) -> None:
    """Return to the step that called, and follow the outcome."""
    talk.position.leave()
    caller = talk.step
    assert isinstance(caller, plan.Call), "`ivr check` refuses a return from the start dialplan"
    talk.position.go(caller.on.get(outcome) or caller.then)


def switch_language(talk: Talk, step: plan.Speak) -> None:
    """Go on in another language; the steps are the same."""
    others = [language for language in talk.dialplans.spoken if language != talk.language]
    language = step.language if step.language != "other" else next(iter(others), talk.language)
    if language in talk.dialplans.spoken and language != talk.language:
        talk.use(language)
        talk.give(do.SwitchLanguage(language))
    talk.position.go(step.then)


# -- steps that wait --------------------------------------------------------------------------------------------------


def ask(talk: Talk, step: plan.Ask) -> None:
    """Put the step's question, unless the caller has already answered it."""
    prompt = step.say[-1] if step.say else "again"
    items = talk.memory[step.choices_from] if step.choices_from else ()
    listed = items if isinstance(items, tuple) else ()
    question = questions.of_step(step, prompt, talk.manner, talk.expectation(), listed)
    if (ahead := talk.heard_ahead.get(step.ask)) is not None:
        return fill(talk, ahead)
    if step.ask == "order_number" and (phone := talk.take_phone_ahead()) and of_phone(talk, phone):
        return None
    if step.ask == "intent" and talk.wishes_to_come and want(talk, question, talk.take_next_wish()):
        return None
    if talk.position.asked() > (talk.manner.visits or 5) or (talk.keys_only and not question.answerable_by_keys):
        return give_up(talk, question)
    talk.say_step()
    if talk.keys_only:
        talk.say(prompt, "keys")
    talk.listen(Listening(question))


def offer(talk: Talk, step: plan.Act) -> None:
    """Confirm by cost: nothing, saying it, or asking; then have it done."""
    if talk.memory.word(step.cost, "explicit") != "explicit":
        return act(talk, step)
    expectation = replace(talk.expectation(), what_else=WHAT_ELSE in step.on)
    question = questions.yes_no("offer", step.say[-1] if step.say else "again", talk.manner, expectation)
    action = talk.memory.word(step.act)
    question = replace(question, agrees=words.AGREES.get(action, frozenset()), action=action)
    if talk.position.asked() > (talk.manner.visits or 5):
        talk.speaker.drop()
        return give_up(talk, question)
    if talk.keys_only:
        talk.say(question.prompt, "keys")
    talk.listen(Listening(question))


def act(talk: Talk, step: plan.Act) -> None:
    """Have it done; there is no way back to before it."""
    talk.position.no_way_back()
    action, intent = talk.memory.word(step.act), talk.memory.word(step.intent)
    talk.send(do.Act(talk.next_turn(), action, intent, talk.memory.arguments(step.with_)), Waiting())


# -- where an answer leads --------------------------------------------------------------------------------------------


def route(talk: Talk, on: plan.Routes, outcome: str, otherwise: str) -> None:
    """Follow an outcome; one that leads nowhere is ours, not the caller's."""
    if target := on.get(outcome) or otherwise:
        talk.position.go(target)
        walk(talk)
    else:
        break_down(talk)


def go_on(talk: Talk) -> None:
    """Follow the step's `then`."""
    route(talk, {}, "", getattr(talk.step, "then", ""))


def always(talk: Talk, what: str) -> None:
    """Go to the step that deals with something that can happen anywhere."""
    step = getattr(talk.dialplans.always(talk.language, talk.start), what)
    talk.position.jump(talk.position.stack[:1], step)
    walk(talk)


def give_up(talk: Talk, question: Question) -> None:
    """The last try failed."""
    step = talk.step
    if isinstance(step, plan.Survey):
        return go_on(talk)
    if isinstance(step, plan.Ask) and step.give_up:
        return route(talk, {}, "", step.give_up)
    if isinstance(step, plan.Act) and "give_up" in step.on:
        return route(talk, step.on, "give_up", "")
    talk.memory.set("gave_up_at", question.prompt)
    always(talk, "give_up")


def want(talk: Talk, question: Question, intent: str) -> bool:
    """Follow an intent: by the step's own route, or to the nearest tree that deals with it; False where none does."""
    step = talk.step
    own = isinstance(step, plan.Ask) and step.ask == "intent" and question.about == "step"
    if own and isinstance(step, plan.Ask) and (leads := step.on.get(intent) or step.then):
        if step.into or is_matter(intent):
            talk.memory.set(step.into or "intent", intent)
        route(talk, {}, "", leads)
        return True
    for depth in range(len(talk.position.stack), 0, -1):
        stack = talk.position.stack[:depth]
        if target := talk.tree(stack[-1].tree).file.intents.get(intent):
            if is_matter(intent):
                talk.memory.set("intent", intent)
            talk.position.fresh_matter()
            talk.position.jump(stack, target)
            walk(talk)
            return True
    return False


def correct(talk: Talk, question: Question, slot: Slot) -> None:
    """A value is given anew: go on from where it was asked for, or, where it never was, with the matter from its beginning."""
    if slot.kind in talk.filled_at:
        talk.position.restore(talk.filled_at[slot.kind])
        return fill(talk, slot)
    talk.hear_ahead(slot)
    if not want(talk, question, talk.memory.word("$intent")):
        break_down(talk)


def fill(talk: Talk, slot: Slot) -> None:
    """Take the value of a slot at the step that asks for it; an order number heard unsurely is looked up first."""
    step = talk.step
    assert isinstance(step, plan.Ask)
    talk.progress()
    talk.consume(slot)
    talk.note("slot", {"slot": slot.kind, "value": HIDDEN if talk.manner.sensitive else slot.value})
    if slot.kind == "order_number" and slot.value is None and slot.decoded is not None:
        return find_number(talk, slot.decoded)
    if slot.kind == "order_number":
        number = slot.value.text if isinstance(slot.value, Digits) else slot.text
        if order_number.looks_like_phone(number) and of_phone(talk, number):
            return None
        talk.know_order_number(number)
    else:
        talk.memory.set(step.into or slot.kind, slot.value)
    route(talk, step.on, "given", step.then)


def find_number(talk: Talk, decoded: Decoded) -> None:
    """Look up which of the numbers that may have been meant exist; a mere tail is taken as it was heard."""
    if decoded.readings and not decoded.tail:
        candidates = Candidates(decoded, talk.spoken.understanding.pattern)
        return talk.send(do.LookUp(talk.next_turn(), "existing_orders", candidates), Waiting(decoded))
    settlement = settle(decoded, ())
    digits = decoded.readings[0].digits if decoded.readings else ""
    if isinstance(settlement, NoneFound) and len(digits) >= SHORTEST_TAIL:
        settlement = Accepted(digits, 0.0)
    settled(talk, settlement)


def settled(talk: Talk, settlement: Settlement) -> None:
    """Go on with the order that was meant, ask for the digits that decide, or say that there is none."""
    step = talk.step
    assert isinstance(step, plan.Ask)
    match settlement:
        case Accepted(number):
            talk.know_order_number(number)
            route(talk, step.on, "given", step.then)
        case AskDigits():
            talk.memory.set("digits.place", order_words.place(settlement, talk.language))
            talk.say("order_which_digits")
            question = questions.some_digits("order_which_digits", talk.manner, talk.expectation(), settlement.choices)
            talk.listen(Listening(question, choosing=settlement))
        case NoneFound():
            route(talk, step.on, "none", step.then)
        case _:
            assert_never(settlement)


def of_phone(talk: Talk, digits: str) -> bool:
    """The caller gave a telephone number in place of an order's: go the way for that; False where there is none."""
    step = talk.step
    if not isinstance(step, plan.Ask) or "phone" not in step.on:
        return False
    talk.memory.set("stated_phone", Digits(digits))
    route(talk, step.on, "phone", "")
    return True


def break_down(talk: Talk) -> None:
    """Ours broke: sorry and a human; if that breaks too, a human without words; then the end."""
    talk.breakages += 1
    match talk.breakages:
        case 1:
            always(talk, "broken")
        case 2:
            talk.speaker.take()
            talk.hand_off("general", "fault", priority=3)
        case _:
            talk.hang_up("failed")
