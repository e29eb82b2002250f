"""One transition of the handoff machine in the making, and what several transitions have in common."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ivr.commands import StartTimer, StopTimer
from ivr.handoff import commands, events
from ivr.handoff.queue import URGENT_PRIORITY
from ivr.handoff.state import Handoff, State, Terms
from ivr.values import Value

# Every timer's name carries the part's, so that the dialogue's timers can't be meant.
RETRY, PATIENCE, PROGRESS = "handoff.retry", "handoff.patience", "handoff.progress"
RING, WHISPER, ACCEPT, TRANSFER = "handoff.ring", "handoff.whisper", "handoff.accept", "handoff.transfer"
CHOICE, BOOK, RECORD, CONCLUDE = "handoff.choice", "handoff.book", "handoff.record", "handoff.conclude"


class Step:
    """The handoff to be, and the commands so far; thrown away when a handler raises."""

    def __init__(self, handoff: Handoff, terms: Terms) -> None:
        self.now, self.terms, self.commands = handoff, terms, list[commands.HandoffCommand]()

    @property
    def request(self) -> events.HandoffRequested:
        """What was asked for, as it stands now."""
        assert self.now.request is not None
        return self.now.request

    def to(self, state: State | None = None, **changes: Any) -> None:
        """Change the handoff."""
        self.now = replace(self.now, state=state or self.now.state, **changes)

    def do(self, *what: commands.HandoffCommand) -> None:
        """Add commands."""
        self.commands.extend(what)

    def say(self, prompt: str, **values: Value) -> None:
        """Say a prompt, numbered, so that its end can be told from an earlier one's."""
        self.to(said=self.now.said + 1)
        self.do(commands.Say(self.now.said, prompt, values))

    def start(self, timer: str, seconds: float) -> None:
        """Start a timer, or start it anew."""
        self.to(timers=self.now.timers | {timer})
        self.do(StartTimer(timer, seconds))

    def stop(self, *timers: str) -> None:
        """Stop those of the timers that run; all of them when none is named."""
        running = sorted(self.now.timers & set(timers) if timers else self.now.timers)
        self.to(timers=self.now.timers - set(running))
        self.do(*(StopTimer(timer) for timer in running))

    def ours(self, agent: str) -> bool:
        """Whether this is the agent being tried or talked to."""
        return self.now.agent is not None and self.now.agent.agent == agent

    def ask(self, seconds: float) -> None:
        """Ask the queue for an agent; the timer asks again should no answer come."""
        self.do(commands.ReserveAgent(self.now.excluded(seconds, self.terms.ask_again_seconds)))
        self.start(RETRY, self.terms.answer_seconds)

    def wait(self, seconds: float) -> None:
        """Wait with the patience of somebody who has just come."""
        self.to(State.WAITING, announced=False, deadline=seconds + self.terms.max_wait_seconds)
        self.start(PATIENCE, self.terms.max_wait_seconds)
        self.start(PROGRESS, self.terms.progress_seconds)
        self.ask(seconds)

    def release(self, state: commands.Release, reason: str, rest_seconds: float = 0.0) -> None:
        """Give the agent up, once."""
        if self.now.agent:
            self.do(commands.ReleaseAgent(self.now.agent.agent, state, reason, rest_seconds))
        self.to(agent=None)

    def drop_agent(self, state: commands.Release, reason: str) -> None:
        """End the agent's leg, if there is one, and give the agent up; not to be rung again before that leg has gone."""
        self.stop(RING, WHISPER, ACCEPT, TRANSFER)
        if self.now.agent and not self.now.agent_gone:
            self.do(commands.HangUpAgent(self.now.attempt))
        self.release(state, reason, self.terms.breath_seconds if state == "available" else 0.0)

    def next_agent(
        self, event: events.HandoffEvent, state: commands.Release, reason: str, rest_seconds: float = 0.0
    ) -> None:
        """Give this agent up for another one, or for the caller's choice when patience is over."""
        self.stop(RING, WHISPER, ACCEPT, TRANSFER)
        if self.now.agent:
            self.to(asked=(*self.now.asked, (self.now.agent.agent, event.seconds)))
            if not self.now.agent_gone:
                self.do(commands.HangUpAgent(self.now.attempt))
        self.release(state, reason, rest_seconds)
        if event.seconds >= self.now.deadline:
            return self.offer("handoff.offer")
        self.to(State.WAITING)
        self.do(commands.PlayMusic("music"))
        self.ask(event.seconds)

    @property
    def urgent(self) -> bool:
        """Whether it can't wait for the morning: danger to a person, and fraud."""
        return self.request.priority <= URGENT_PRIORITY

    @property
    def turned_away(self) -> bool:
        """Whether the caller came to a closed door, was told so, and it can wait: nobody has promised them anything."""
        return self.request.shut is not None and self.now.shut is not None and not self.urgent

    def closed(self, shut: events.Shut) -> None:
        """Nobody is there: say who is back when, and let the caller choose."""
        late = self.request.shut is None
        prompt = "handoff.closed_urgent" if self.urgent else "handoff.closed_now" if late else "handoff.closed"
        self.to(shut=shut)
        self.offer(prompt, opens=shut.opens_at, week=shut.week)

    def offer(self, prompt: str, **values: Value) -> None:
        """Let the caller choose: callback, message, or waiting on."""
        self.stop(RETRY, PROGRESS, PATIENCE)
        self.to(State.OFFERING, offers=self.now.offers + 1)
        self.do(commands.StopMusic())
        self.say(prompt, **values)
        # Until the prompt has ended, the timer only guards against its never ending.
        self.start(CHOICE, self.terms.conclude_seconds)

    def book(self, reason: str) -> None:
        """Have a callback written down; nothing is promised yet."""
        self.stop()
        self.to(State.BOOKING)
        self.do(commands.BookCallback(reason))
        self.start(BOOK, self.terms.answer_seconds * 2)

    def take_message(self, prompt: str) -> None:
        """Take a message for the ticket."""
        self.stop()
        self.to(State.RECORDING)
        self.do(commands.StopMusic())
        self.say(prompt)
        self.do(commands.RecordVoicemail(self.terms.message_seconds))
        self.start(RECORD, self.terms.message_seconds + self.terms.conclude_seconds)

    def ticket(self, outcome: commands.Outcome) -> None:
        """Open the ticket of every outcome that leaves work to do, once."""
        nothing_to_do = outcome in ("completed", "returned") or (outcome == "abandoned" and self.turned_away)
        if not nothing_to_do and not self.now.ticketed:
            self.to(ticketed=True)
            self.do(commands.OpenTicket(outcome, self.request.reason))

    def conclude(self, outcome: commands.Outcome, last_words: str, **values: Value) -> None:
        """Say the last words; `Finish` follows when they are out."""
        self.stop()
        self.ticket(outcome)
        self.to(State.CONCLUDING, outcome=outcome)
        self.do(commands.StopMusic())
        self.say(last_words, **values)
        self.start(CONCLUDE, self.terms.conclude_seconds)

    def finish(self, outcome: commands.Outcome, step: str | None = None, transferred: bool = False) -> None:
        """The handoff is over; no timer outlives it."""
        self.stop()
        self.ticket(outcome)
        self.to(State.ENDED, outcome=outcome)
        self.do(commands.Finish(outcome, step, transferred))
