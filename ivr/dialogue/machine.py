"""The dialogue machine: events of one call in, commands out; no clock, no I/O (pure).

How it works
------------
A call stands at a step of a dialplan and knows values (`Talk`). `receive` drops an answer to an older turn, refuses what cannot
happen in this state, and then lets the event decide; what a caller says is decided in `hearing`. From there the call walks
(`walk`) through steps that wait for nobody, gathering prompts, until one waits; its commands go out under a new turn.

    state       waits for                              goes on with
    FRESH       CallStarted                            the first step
    SPEAKING    PromptsFinished                        the next step (words that may not be interrupted)
    LISTENING   UtteranceHeard, KeysPressed,           what was understood: danger, universal, answer, doubt, change of
                NoInput, MaxSpeech                     mind, or the next try; after the last one the step's `give_up`
    WAITING     LookupFinished or ActionFinished       the route for the outcome
    RECORDING   MessageRecorded                        the next step
    WITH_HUMAN  HandoffEnded                           the route for the outcome; `completed` ends the call
    OVER        nothing                                -

In every state but FRESH and OVER: CallerHungUp → OVER. HoursChanged is only remembered. PromptsFinished where nothing waits for it: nothing. TimerFired
`progress` → the `stuck` step, unless a human is there. SpeechLost → the question again by keys, or `broken`. ComponentFailed →
`broken` (an apology and a human); when that breaks too, a human without words; and then the end. An answer that the state does
not wait for raises IllegalTransition and changes nothing; in OVER everything is dropped.
"""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import assert_never

from ivr import events as told
from ivr.commands import Command, Prompt
from ivr.dialogue import dialplan as plan
from ivr.dialogue import vocabulary as words
from ivr.dialogue.hearing import ask_by_keys, hear, key, try_again
from ivr.dialogue.loading import Dialplans
from ivr.dialogue.meaning import Completeness, Interpretation
from ivr.dialogue.memory import Memory
from ivr.dialogue.order_number import Accepted, NoneFound, heard_phone, heard_whole, settle
from ivr.dialogue.states import Fresh, Listening, Over, Recording, Speaking, State, Waiting, WithHuman
from ivr.dialogue.talk import Talk
from ivr.dialogue.walk import always, break_down, go_on, of_phone, route, settled, walk
from ivr.errors import IllegalTransition
from ivr.events import Event, Hypothesis
from ivr.values import Language, Values

LEGAL: dict[type[State], tuple[type[Event], ...]] = {
    Fresh: (told.CallStarted, told.HoursChanged, told.CallerHungUp),
    Speaking: (told.PromptsFinished, told.KeysPressed),
    Listening: (told.UtteranceHeard, told.KeysPressed, told.NoInput, told.MaxSpeech, told.PromptsFinished),
    Waiting: (told.LookupFinished, told.ActionFinished, told.PromptsFinished),
    Recording: (told.MessageRecorded, told.PromptsFinished),
    WithHuman: (told.HandoffEnded, told.PromptsFinished),
}
ANYWHERE = (
    told.TimerFired,
    told.SpeechLost,
    told.SpeechRestored,
    told.ComponentFailed,
    told.HoursChanged,
    told.CallerHungUp,
)


class Dialogue:
    """One call's conversation, from CallStarted to HangUp or a human; `facts` are values known beforehand (the shop's name)."""

    def __init__(
        self, dialplans: Dialplans, *, start: str = "hotline", started_at: datetime, facts: Values | None = None
    ) -> None:
        self.version = dialplans.version
        self._talk = Talk(dialplans, start, started_at, facts)

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

    def about(self, matter: str) -> str:
        """What a call is about, in words for the colleague who takes it: `about.<wish>`, else the wish's own name."""
        talk = self._talk
        # A reason that is no wish has words, too, but for the caller.
        kinds = ("about", "word") if matter in talk.spoken.understanding.grammar.intents else ("about",)
        made = (talk.spoken.prompts.prompt(f"{kind}.{matter}", talk.memory, talk.now) for kind in kinds)
        return next((each.text for each in made if each), "")

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
                    hear(talk, state, hypotheses, isinstance(event, told.UtteranceHeard) and event.barged_in)
            case told.KeysPressed(keys=keys):
                if isinstance(state, Listening):
                    key(talk, state, keys)
            case told.NoInput():
                if isinstance(state, Listening):
                    try_again(talk, state, "no_input")
            case told.PromptsFinished():
                if isinstance(state, Speaking):
                    walk(talk)
            case told.LookupFinished() | told.ActionFinished():
                if isinstance(state, Waiting):
                    self._answered_by_desk(state, event.outcome, event.values)
            case told.MessageRecorded(duration_seconds=duration_seconds):
                _after_tone(talk, left=duration_seconds > 0)
            case told.HandoffEnded(outcome=outcome, step=step):
                _after_human(talk, outcome, step)
            case told.TimerFired(name=name):
                if name == "progress" and not isinstance(state, Recording | WithHuman):
                    always(talk, "stuck")
            case told.SpeechLost():
                talk.keys_only = True
                if isinstance(state, Listening):
                    ask_by_keys(talk, state)
            case told.SpeechRestored():
                talk.keys_only = False
            case told.ComponentFailed():
                break_down(talk)
            case told.HoursChanged(values=values):
                talk.memory.update(values)
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
            settlement = settle(state.decoded, orders if isinstance(orders, tuple) else ())
            whole = heard_whole(state.decoded, talk.spoken.understanding.pattern)
            if isinstance(settlement, NoneFound) and (phone := heard_phone(state.decoded)) and of_phone(talk, phone):
                return
            if isinstance(settlement, NoneFound) and whole:
                # Nobody is to learn from the next question whether somebody else's order exists.
                settlement = Accepted(whole, 0.0)
            settled(talk, settlement)
        elif isinstance(step, plan.LookUp | plan.Act):
            for name in words.LOOK_UPS[step.look_up].clears if isinstance(step, plan.LookUp) else words.ACT_CLEARS:
                talk.memory.forget(name)
            talk.memory.update(values)
            talk.progress()
            route(talk, step.on, outcome, step.otherwise)


def _after_tone(talk: Talk, left: bool) -> None:
    """The message was left, or nothing was said after the tone."""
    step = talk.step
    if left or not isinstance(step, plan.RecordMessage) or not step.otherwise:
        talk.memory.set("message", True)
        talk.progress()
        go_on(talk)
    else:
        route(talk, {}, "", step.otherwise)


def _after_human(talk: Talk, outcome: str, step: str | None) -> None:
    """The handoff is over: the caller comes back, leaves something, or nobody could be found."""
    here = talk.step
    on = here.on if isinstance(here, plan.HandOff) else {}
    if outcome == "returned" and step in talk.tree(talk.position.here.tree).steps:
        return route(talk, {}, "", step or "")
    if outcome in on:
        return route(talk, on, outcome, "")
    match outcome:
        case "completed" | "abandoned" | "voicemail":
            talk.hang_up("handed_off")
        case "callback":
            talk.hang_up("callback")
        case _:
            break_down(talk)
