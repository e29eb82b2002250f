"""The dialogue machine: events of one call in, commands out; no clock, no I/O (pure).

How it works
------------
A call stands at a step of a dialplan and knows values (`Talk`). `receive` drops an answer to an older turn, refuses what cannot
happen in this state, and then lets the event decide. From there the call walks (`walk`) through steps that wait for nobody,
gathering prompts, until one waits; that one's commands go out under a new turn.

    state       waits for                              goes on with
    FRESH       CallStarted                            the first step
    SPEAKING    PromptsFinished                        the next step (words that may not be interrupted)
    LISTENING   UtteranceHeard, KeysPressed,           what was understood: danger, universal, answer, doubt, change of
                NoInput, MaxSpeech                     mind, or the next try; after the last one the step's `give_up`
    WAITING     LookupFinished or ActionFinished       the route for the outcome
    RECORDING   MessageRecorded                        the next step
    WITH_HUMAN  HandoffEnded                           the route for the outcome; `completed` ends the call
    OVER        nothing                                -

In every state but FRESH and OVER: CallerHungUp → OVER. PromptsFinished where nothing waits for it: nothing. TimerFired
`progress` → the `stuck` step, unless a human is there. SpeechLost → the question again by keys, or `broken`. ComponentFailed →
`broken` (an apology and a human); when that breaks too, a human without words; and then the end. An answer that the state does
not wait for raises IllegalTransition and changes nothing; in OVER everything is dropped.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Literal, assert_never

from ivr import events as told
from ivr.commands import Command, Prompt
from ivr.dialogue import dialplan as plan
from ivr.dialogue import judgement as judged
from ivr.dialogue import questions
from ivr.dialogue.judgement import judge
from ivr.dialogue.loading import Dialplans
from ivr.dialogue.meaning import Completeness, Interpretation
from ivr.dialogue.memory import Memory
from ivr.dialogue.order_number import NoneFound, answer, settle
from ivr.dialogue.questions import Question
from ivr.dialogue.states import Fresh, Listening, Over, Recording, Speaking, State, Waiting, WithHuman
from ivr.dialogue.talk import HIDDEN, Talk
from ivr.dialogue.templates import SLOT_MARKS
from ivr.dialogue.walk import (
    act,
    after_human,
    always,
    break_down,
    correct,
    fill,
    give_up,
    go_on,
    is_matter,
    route,
    settled,
    walk,
    want,
)
from ivr.errors import IllegalTransition
from ivr.events import Event, Hypothesis
from ivr.values import Language, Value, Values

LEGAL: dict[type[State], tuple[type[Event], ...]] = {
    Fresh: (told.CallStarted, told.CallerHungUp),
    Speaking: (told.PromptsFinished, told.KeysPressed),
    Listening: (told.UtteranceHeard, told.KeysPressed, told.NoInput, told.MaxSpeech, told.PromptsFinished),
    Waiting: (told.LookupFinished, told.ActionFinished, told.PromptsFinished),
    Recording: (told.MessageRecorded, told.PromptsFinished),
    WithHuman: (told.HandoffEnded, told.PromptsFinished),
}
ANYWHERE = (told.TimerFired, told.SpeechLost, told.SpeechRestored, told.ComponentFailed, told.CallerHungUp)


class Dialogue:
    """One call's conversation, from CallStarted to HangUp or a human; `facts` are values known beforehand (the shop's name)."""

    def __init__(
        self, dialplans: Dialplans, *, start: str = "hotline", started_at: datetime, facts: Values | None = None
    ) -> None:
        self.version = dialplans.version
        self._talk = Talk(dialplans, start, started_at, facts)
        self._agent_wishes = 0

    # -- what others may ask ---------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """What the machine waits for."""
        return self._talk.state

    @property
    def step(self) -> str:
        """The step the call is at, as `tree.step`."""
        return self._talk.where

    @property
    def language(self) -> Language:
        """The language being spoken."""
        return self._talk.language

    @property
    def known(self) -> Values:
        """A copy of every value the call knows."""
        return self._talk.memory.as_mapping()

    def trail(self) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
        """The steps this call came through, and the ways between them."""
        steps = [str(frame) for frame in self._talk.position.trail]
        return frozenset(steps), frozenset(pairwise(steps))

    def phrase(self, prompt_id: str, values: Values | None = None) -> Prompt:
        """One of the product's own prompts in the language of the call, with these values beside what the call knows."""
        talk = self._talk
        memory = Memory({**talk.memory.as_mapping(), **values}) if values else talk.memory
        made = talk.spoken.prompts.prompt(prompt_id, memory, talk.now, rate=talk.speaker.rate)
        return made or Prompt(prompt_id, "…", self.language)

    def completeness(self, partial: str) -> Completeness:
        """Whether the words so far are complete, incomplete, or in the middle of a number."""
        if not isinstance(self.state, Listening):
            return "complete"
        return self._talk.spoken.understanding.completeness(partial, self.state.question.expectation)

    def understand(self, hypotheses: tuple[Hypothesis, ...]) -> Interpretation:
        """What these words would mean here and now."""
        asked = self.state.question.expectation if isinstance(self.state, Listening) else self._talk.expectation()
        return self._talk.spoken.understanding.understand(hypotheses, asked)

    # -- events ----------------------------------------------------------------------------------------------------

    def receive(self, event: Event) -> tuple[Command, ...]:
        """What to do about an event, in order; raises IllegalTransition for one that cannot happen here."""
        if isinstance(self.state, Over) or self._stale(event):
            return ()
        legal = LEGAL[type(self.state)] + (() if isinstance(self.state, Fresh) else ANYWHERE)
        if not isinstance(event, legal):
            raise IllegalTransition(f"{type(event).__name__} while {type(self.state).__name__} at {self.step}")
        self._talk.seconds = max(self._talk.seconds, event.seconds)
        self._happen(event)
        return self._talk.take_out()

    def _stale(self, event: Event) -> bool:
        return getattr(event, "turn", self._talk.turn) != self._talk.turn and not isinstance(self.state, Fresh)

    def _happen(self, event: Event) -> None:
        talk, state = self._talk, self.state
        match event:
            case told.CallStarted():
                self._begin(event)
            case told.UtteranceHeard(hypotheses=hypotheses) | told.MaxSpeech(hypotheses=hypotheses):
                if isinstance(state, Listening):
                    self._hear(state, hypotheses)
            case told.KeysPressed(keys=keys):
                if isinstance(state, Listening):
                    self._key(state, keys)
            case told.NoInput():
                if isinstance(state, Listening):
                    self._try_again(state, "no_input")
            case told.PromptsFinished():
                if isinstance(state, Speaking):
                    walk(talk)
            case told.LookupFinished() | told.ActionFinished():
                if isinstance(state, Waiting):
                    self._answered_by_desk(state, event.outcome, event.values)
            case told.MessageRecorded():
                talk.memory.set("message", True)
                talk.progress()
                go_on(talk)
            case told.HandoffEnded(outcome=outcome, step=step):
                after_human(talk, outcome, step)
            case told.TimerFired(name=name):
                if name == "progress" and not isinstance(state, Recording | WithHuman):
                    always(talk, "stuck")
            case told.SpeechLost():
                talk.keys_only = True
                if isinstance(state, Listening):
                    self._ask_by_keys(state)
            case told.SpeechRestored():
                talk.keys_only = False
            case told.ComponentFailed():
                break_down(talk)
            case told.CallerHungUp():
                talk.state = Over()
            case _:
                assert_never(event)

    def _begin(self, event: told.CallStarted) -> None:
        talk = self._talk
        if event.language in talk.dialplans.spoken:
            talk.use(event.language)
        talk.memory.update({"call": event.call_id, "caller": event.caller, "called": event.called})
        talk.progress()
        walk(talk)

    def _answered_by_desk(self, state: Waiting, outcome: str, values: Values) -> None:
        talk, step = self._talk, self._talk.step
        if state.decoded is not None:
            orders = values.get("orders")
            settled(talk, settle(state.decoded, orders if isinstance(orders, tuple) else ()))
        elif isinstance(step, plan.LookUp | plan.Act):
            for name in CLEARED_BY.get(step.look_up if isinstance(step, plan.LookUp) else "act", ()):
                talk.memory.forget(name)
            talk.memory.update(values)
            talk.progress()
            route(talk, step.on, outcome, step.otherwise)

    # -- the caller ------------------------------------------------------------------------------------------------

    def _hear(self, state: Listening, hypotheses: tuple[Hypothesis, ...]) -> None:
        asked = state.question.expectation
        heard = self._talk.spoken.understanding.understand(hypotheses, asked)
        if state.choosing and not heard.universal and not heard.danger:
            settlement = answer(state.choosing, hypotheses, self.language)
            if not isinstance(settlement, NoneFound):
                return settled(self._talk, settlement)
        self._judge(state, heard)

    def _key(self, state: Listening, keys: str) -> None:
        heard = state.question.read_keys(keys)
        if state.choosing and keys.isdigit() and not heard.universal:
            settlement = answer(state.choosing, (Hypothesis(" ".join(keys), 1.0),), self.language)
            if not isinstance(settlement, NoneFound):
                return settled(self._talk, settlement)
        self._judge(state, heard)

    def _judge(self, state: Listening, heard: Interpretation, certain: bool = False) -> None:
        talk, question = self._talk, state.question
        judgement = judge(question, heard, talk.context(), certain)
        self._note(heard, judgement)
        if isinstance(judgement, judged.Wanted):
            talk.forget_ahead()
        self._keep_extra(heard, question)
        match judgement:
            case judged.Alarm(danger):
                talk.memory.set("danger", danger)
                always(talk, danger)
            case judged.Wish(universal):
                self._wish(state, universal, keyed="keys" in heard.why)
            case judged.Doubtful():
                self._ask_whether(state, heard)
            case judged.Missed():
                self._try_again(state, "no_match")
            case judged.NeverMind():
                talk.memory.forget("intent")
                always(talk, "never_mind")
            case judged.Wanted(intent):
                talk.progress()
                if not want(talk, question, intent):
                    self._try_again(state, "no_match")
            case judged.Corrected(slot):
                correct(talk, question, slot)
            case judged.Filled(slot):
                if state.choosing:
                    return self._try_again(state, "no_match")
                fill(talk, slot)
            case judged.Answered(outcome):
                self._answered(state, outcome)
            case _:
                assert_never(judgement)

    def _note(self, heard: Interpretation, judgement: judged.Judgement) -> None:
        kind = "no_match" if isinstance(judgement, judged.Missed) else "understood"
        text = HIDDEN if self._talk.manner.sensitive else readable(heard.text)
        values: dict[str, Value] = {"heard": text, "meaning": heard.intent or heard.kind, "why": heard.why}
        if isinstance(judgement, judged.Wanted) and is_matter(judgement.intent):
            values["intent"] = judgement.intent
        self._talk.note(kind, values)

    def _keep_extra(self, heard: Interpretation, question: Question) -> None:
        """What was said beyond the answer: values for questions to come, a second wish for later."""
        self._talk.next_intent = heard.also or self._talk.next_intent
        if heard.verdict != "reject":
            for slot in heard.slots:
                if slot.kind != question.expectation.slot:
                    self._talk.hear_ahead(slot)

    def _answered(self, state: Listening, outcome: str) -> None:
        talk, step, question = self._talk, self._talk.step, state.question
        talk.progress()
        if question.about == "doubt" and state.asked and state.held:
            open_again = replace(state, question=state.asked, held=None, asked=None)
            if outcome == "yes":
                self._judge(open_again, state.held, certain=True)
            else:
                self._try_again(open_again, "no_match")
        elif question.about == "offer" and isinstance(step, plan.Act):
            act(talk, step) if outcome == "yes" else route(talk, step.on, "declined", step.otherwise)
        elif isinstance(step, plan.Survey):
            talk.note("survey", {step.survey: int(outcome)})
            talk.memory.set(step.survey, int(outcome))
            go_on(talk)
        elif isinstance(step, plan.Ask):
            talk.memory.set(step.into or "answer", outcome)
            route(talk, step.on, outcome, step.then)

    def _wish(self, state: Listening, universal: str, keyed: bool) -> None:
        talk = self._talk
        match universal:
            case "agent":
                self._agent_wishes += 1
                talk.memory.set("agent_wishes", self._agent_wishes)
                always(talk, "agent_again" if keyed or self._agent_wishes > 1 else "agent")
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
            case _:
                talk.speaker.again()
                talk.listen(state)

    def _ask_whether(self, state: Listening, heard: Interpretation) -> None:
        """Ask whether what was heard is right, in place of the question, which stays open."""
        talk, asked = self._talk, state.asked or state.question
        slot = heard.slots[0] if heard.slots else None
        talk.memory.set("doubt", heard.intent or (slot.value if slot and slot.value is not None else heard.text))
        talk.say("doubt")
        doubt = questions.yes_no("doubt", "doubt", asked.manner, talk.expectation())
        talk.listen(replace(state, question=doubt, held=heard, asked=asked))

    def _try_again(self, state: Listening, what: Literal["no_input", "no_match"]) -> None:
        """Put the question anew in other words, or give up after the last try."""
        talk, question = self._talk, state.question
        no_inputs = state.no_inputs + (what == "no_input")
        no_matches = state.no_matches + (what == "no_match")
        if max(no_inputs, no_matches) >= (question.manner.tries or 3):
            talk.memory.set("gave_up", what)
            return give_up(talk, question)
        variant = "keys" if talk.keys_only else f"{what}.{no_inputs if what == 'no_input' else no_matches}"
        if not talk.say(question.prompt, variant):
            talk.say("again", variant)
            talk.say(question.prompt)
        talk.listen(replace(state, no_inputs=no_inputs, no_matches=no_matches))

    def _ask_by_keys(self, state: Listening) -> None:
        talk = self._talk
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


# What an answer of the order desk says anew, and what is therefore forgotten before it is kept.
CLEARED_BY: dict[str, tuple[str, ...]] = {
    "order": ("order", "situations"),
    "decision": ("reason", "offers", "offer", "handoff", "fact", "level_needed"),
    "existing_orders": ("orders",),
    "act": ("action",),
}
