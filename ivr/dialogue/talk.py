"""A call as it stands: where it is, what it knows, what it is about to say, and the commands it gives (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from ivr import commands as do
from ivr.commands import Command
from ivr.dialogue import dialplan as plan
from ivr.dialogue.judgements import Context
from ivr.dialogue.loading import Dialplans, Spoken, Tree
from ivr.dialogue.meaning import Expectation, Slot
from ivr.dialogue.memory import Memory
from ivr.dialogue.number_pieces import Pieces
from ivr.dialogue.position import Position, Stack
from ivr.dialogue.recognition import grammar_for
from ivr.dialogue.speaker import Speaker
from ivr.dialogue.states import Fresh, Listening, Over, Speaking, State, WithHuman
from ivr.dialogue.vocabulary import CHANGES_CONTACT
from ivr.values import Digits, Language, Value, Values

KNOWN_BY_NUMBER_OF_DIGITS = 12
# So often the other languages are offered; never to who was surely understood so often: one guess among noise may be chance.
MOST_LANGUAGE_OFFERS, SPEAKS_OURS = 2, 2
HIDDEN = "•••"


class Talk:
    """One call's state; whoever decides what happens next does so through it."""

    def __init__(self, dialplans: Dialplans, start: str, started_at: datetime, facts: Values | None) -> None:
        self.dialplans, self.start, self.started_at = dialplans, start, started_at
        self.memory = Memory(facts)
        self.state: State = Fresh()
        self.turn, self.seconds = 0, 0.0
        self.breakages, self.agent_wishes = 0, 0
        self.understood, self.languages_offered = 0, 0
        self.keys_only = False
        self.heard_ahead: dict[str, Slot] = {}
        self.filled_at: dict[str, Stack] = {}
        self.wishes_to_come: list[str] = []
        self.pieces: Pieces | None = None
        self._out: list[Command] = []
        self.spoken: Spoken = next(iter(dialplans.spoken.values()))
        self.speaker = Speaker(self.spoken.prompts, self.memory)
        self.position = Position(start, self.spoken.trees[start].file.start)

    # -- what is so ------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The time of day of the last event, in the shop's zone."""
        return self.started_at + timedelta(seconds=self.seconds)

    @property
    def language(self) -> Language:
        """The language being spoken."""
        return self.spoken.language

    @property
    def where(self) -> str:
        """The step the call is at, as `tree.step`."""
        return str(self.position.here)

    @property
    def step(self) -> plan.Step:
        """The step the call is at."""
        here = self.position.here
        return self.tree(here.tree).steps[here.step]

    @property
    def manner(self) -> plan.Manner:
        """How that step speaks and listens."""
        here = self.position.here
        return self.tree(here.tree).manners[here.step]

    def tree(self, name: str) -> Tree:
        """A tree in the language being spoken."""
        return self.spoken.trees[name]

    def expectation(self) -> Expectation:
        """What helps to understand the caller here, before the step says what it wants."""
        orders, number = self.memory["customer.orders"], self.memory["order.number"]
        return Expectation(
            language=self.language,
            order_numbers=orders if isinstance(orders, tuple) else (),
            heard=number.text if isinstance(number, Digits) else "",
            now=self.now,
        )

    def context(self) -> Context:
        """What a judgement depends on."""
        intents = {intent for frame in self.position.stack for intent in self.tree(frame.tree).file.intents}
        consent = self.spoken.understanding.choices.consent
        return Context(self.memory.word("$intent"), intents, self.filled_at, consent, *self.asides())

    def asides(self) -> tuple[dict[str, str], frozenset[str]]:
        """The prompts that answer what may be asked beside the matter, as it stands, and the wishes that are followed in between."""
        wants = self.state.question.expectation.wants if isinstance(self.state, Listening) else ""
        by = [plan.BY_QUESTION.get(wants, ""), self.memory.word("$intent"), plan.OTHERWISE]
        answers: dict[str, str] = {}
        for name, written in self.spoken.trees[self.start].file.asides.items():
            prompts = {plan.OTHERWISE: written} if isinstance(written, str) else written
            if prompt := next((prompts[each] for each in by if each in prompts), ""):
                answers[name] = prompt
        in_between = frozenset(name for name, prompt in answers.items() if prompt == plan.COME_BACK)
        return {name: prompt for name, prompt in answers.items() if name not in in_between}, in_between

    def use(self, language: Language) -> None:
        """Speak and understand this language from here on."""
        self.spoken = self.dialplans.spoken[language]
        self.speaker = Speaker(self.spoken.prompts, self.memory, self.speaker.rate)
        self.memory.set("language", language)

    # -- what to say and do ------------------------------------------------------------------------------------------

    def take_out(self) -> tuple[Command, ...]:
        """The commands given since the last time."""
        out, self._out = tuple(self._out), []
        return out

    def next_turn(self) -> int:
        """Begin a turn: answers to older ones no longer count."""
        self.turn += 1
        return self.turn

    def give(self, command: Command) -> None:
        """Give a command that needs no answer."""
        self._out.append(command)

    def note(self, kind: str, values: Values) -> None:
        """Write down what was understood or decided."""
        self.give(do.Note(self.turn, kind, self.where, values))

    def progress(self) -> None:
        """The call has come further: the clock of being stuck starts anew."""
        self.give(do.StartTimer("progress", self.spoken.progress_seconds))

    def say(self, prompt: str, variant: str = "") -> bool:
        """Gather a prompt; False where there is nothing to say."""
        return self.speaker.say(prompt, self.now, variant, sensitive=bool(self.manner.sensitive))

    def offer_languages(self) -> None:
        """Say in each other language how to go on in it: who speaks that one understands nothing else that is said."""
        if self.languages_offered >= MOST_LANGUAGE_OFFERS or self.understood >= SPEAKS_OURS:
            return
        self.languages_offered += 1
        for language, spoken in self.dialplans.spoken.items():
            if language != self.language:
                self.speaker.borrow(spoken.prompts, "language_offer", self.now)

    def say_step(self, instead: Sequence[str] = ()) -> None:
        """Gather what the step says, or what is to be said instead."""
        for prompt in instead or self.step.say:
            self.say(prompt)

    def say_out(self) -> bool:
        """Say what was gathered, without interruption; False when there is nothing."""
        if prompts := self.speaker.take():
            self.give(do.Play(self.next_turn(), prompts, barge_in=False))
            self.state = Speaking()
        return bool(prompts)

    def send(self, command: Command, state: State) -> None:
        """Say what was gathered, give the command of the turn just begun, and wait."""
        if prompts := self.speaker.take():
            self.give(do.Play(self.turn, prompts))
        self.give(command)
        self.state = state

    def listen(self, state: Listening, patience_seconds: float | None = None) -> None:
        """Say what was gathered, and wait for the answer to a question; longer where the caller asked for it."""
        question, manner = state.question, state.question.manner
        listen = do.Listen(
            self.next_turn(),
            self.where,
            self.language,
            grammar_for(self.spoken.understanding, question.expectation),
            self.spoken.profiles[manner.endpointing or "normal"].endpointing,
            patience_seconds or manner.no_input_seconds or 5.0,
            manner.max_speech_seconds or 15.0,
            question.key_input,
            bool(manner.sensitive),
        )
        if prompts := self.speaker.take():
            self.give(do.Play(self.turn, prompts, manner.barge_in is not False))
        self.give(listen)
        self.state = state

    def hand_off(self, queue: str, reason: str, skill: str = "", priority: int = 5) -> None:
        """Bring in a human."""
        self.give(do.StopTimer("progress"))
        self.send(do.HandOff(self.next_turn(), queue, reason, skill, priority), WithHuman())

    def hang_up(self, disposition: str) -> None:
        """Say what was gathered, and end the call."""
        self.give(do.StopTimer("progress"))
        turn = self.next_turn()
        self.note("disposition", {"disposition": disposition})
        self.send(do.HangUp(turn, disposition), Over())

    # -- what to remember --------------------------------------------------------------------------------------------

    def hear_ahead(self, slot: Slot) -> None:
        """Keep a value that was said before it was asked for."""
        self.heard_ahead[slot.kind] = slot
        self.memory.set(f"heard.{slot.kind}", True)

    def take_next_wish(self) -> str:
        """The next of the wishes that were said in one breath, once."""
        return self.wishes_to_come.pop(0)

    def take_phone_ahead(self) -> str:
        """A telephone number said before the order's was asked for, once; none where it is what is to be changed."""
        slot = self.heard_ahead.get("phone")
        if slot is None or not isinstance(slot.value, Digits) or self.memory.word("$intent") in CHANGES_CONTACT:
            return ""
        self.heard_ahead.pop("phone")
        self.memory.forget("heard.phone")
        return slot.value.text

    def forget_ahead(self) -> None:
        """Something new is wanted: what was said ahead belonged to the old matter."""
        for kind in self.heard_ahead:
            self.memory.forget(f"heard.{kind}")
        self.heard_ahead.clear()

    def consume(self, slot: Slot) -> None:
        """The value has found its question; a correction will come back here."""
        self.filled_at[slot.kind] = self.position.stack
        self.heard_ahead.pop(slot.kind, None)
        self.memory.forget(f"heard.{slot.kind}")

    def know_order_number(self, digits: str) -> None:
        """Keep what the caller said of the number: all of it, or the end."""
        whole = len(digits) >= KNOWN_BY_NUMBER_OF_DIGITS
        number: Value = Digits(digits)
        self.memory.set("order_number", number if whole else None)
        self.memory.set("order_tail", None if whole else number)
