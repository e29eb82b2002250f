"""A call without a telephone: a dialogue, an order desk, and what is said and done as lines (no clock, no I/O of its own)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

from ivr import commands as do
from ivr import events as told
from ivr.commands import Command
from ivr.dialogue.machine import Dialogue
from ivr.dialogue.states import Over, Recording, Speaking, WithHuman
from ivr.events import Event, Hypothesis
from ivr.ports import OrderDesk
from ivr.values import Language, plain

Kind = Literal["robot", "does", "note"]
SECONDS_PER_EVENT = 2.0


@dataclass(frozen=True, slots=True)
class Line:
    """Something that happened: words of the robot, something it does, or a note of what it understood."""

    kind: Kind
    text: str


@dataclass(slots=True)
class Rehearsal:
    """One call, driven by hand: each method is something the caller or the world does, and returns what follows."""

    dialogue: Dialogue
    desk: OrderDesk
    call_id: str = "rehearsal"
    seconds: float = 0.0
    turn: int = 0

    @property
    def over(self) -> bool:
        """Whether the call has ended."""
        return isinstance(self.dialogue.state, Over)

    @property
    def with_human(self) -> bool:
        """Whether a human is being brought in."""
        return isinstance(self.dialogue.state, WithHuman)

    async def begin(self, caller: str, language: Language, called: str = "hotline") -> list[Line]:
        """The call is answered."""
        return await self.tell(told.CallStarted(self.seconds, self.call_id, caller, called, language))

    async def say(self, *texts: str, confidence: float = 0.9) -> list[Line]:
        """The caller speaks: N-best, best first."""
        heard = tuple(Hypothesis(text, max(0.05, confidence - 0.1 * place)) for place, text in enumerate(texts))
        return await self.tell(told.UtteranceHeard(self.turn, self.seconds, heard))

    async def key(self, keys: str) -> list[Line]:
        """The caller presses keys."""
        lone = keys if keys in ("*", "#") else keys.rstrip("#")
        return await self.tell(told.KeysPressed(self.turn, self.seconds, lone))

    async def be_silent(self) -> list[Line]:
        """The caller says nothing for as long as the robot waits."""
        return await self.tell(told.NoInput(self.turn, self.seconds))

    async def human(self, outcome: str, step: str | None = None) -> list[Line]:
        """The handoff ends."""
        return await self.tell(told.HandoffEnded(self.turn, self.seconds, outcome, step))

    async def tell(self, event: Event) -> list[Line]:
        """Give the dialogue an event, and carry out what follows until it waits for the caller or a human."""
        lines: list[Line] = []
        events = [event]
        while events:
            self.seconds += SECONDS_PER_EVENT
            commands = self.dialogue.receive(events.pop(0))
            for command in commands:
                lines += self._line(command)
                if isinstance(command, do.LookUp | do.Act):
                    events.append(answer := await self._ask_desk(command))
                    lines += (
                        [Line("note", f"broken: {answer.what}")] if isinstance(answer, told.ComponentFailed) else []
                    )
            if isinstance(self.dialogue.state, Speaking) and commands:
                events.append(told.PromptsFinished(self.turn, self.seconds))
            if isinstance(self.dialogue.state, Recording) and commands:
                events.append(told.MessageRecorded(self.turn, self.seconds, 5.0))
        return joined(lines)

    async def _ask_desk(self, command: do.LookUp | do.Act) -> Event:
        try:
            if isinstance(command, do.LookUp):
                answer = await self.desk.look_up(self.call_id, command.what, command.arguments)
                return told.LookupFinished(command.turn, self.seconds, answer.outcome, answer.values)
            answer = await self.desk.act(self.call_id, command.action, command.intent, command.arguments)
            return told.ActionFinished(command.turn, self.seconds, answer.outcome, answer.values)
        except Exception as fault:
            return told.ComponentFailed(command.turn, self.seconds, f"order desk: {fault}")

    def _line(self, command: Command) -> list[Line]:
        self.turn = getattr(command, "turn", self.turn)
        match command:
            case do.Play():
                return [Line("robot", prompt.text) for prompt in command.prompts]
            case do.LookUp():
                return [Line("note", f"look up {command.what} {_arguments(command.arguments)}")]
            case do.Act():
                return [Line("does", f"act {command.action}"), Line("note", _arguments(command.arguments))]
            case do.HandOff():
                return [Line("does", f"hand_off {command.queue} {command.priority}"), Line("note", command.reason)]
            case do.HangUp():
                return [Line("does", f"hang_up {command.disposition}")]
            case do.RecordMessage():
                return [Line("does", "record")]
            case do.SwitchLanguage():
                return [Line("does", f"speak {command.language}")]
            case do.Note(kind="disposition"):
                return []
            case do.Note():
                return [Line("note", f"{command.kind} {_arguments(command.values)}")]
            case do.Listen() | do.StartTimer() | do.StopTimer():
                return []
            case _:
                assert_never(command)


def _arguments(values: object) -> str:
    known = plain(values)
    return " ".join(f"{key}={value}" for key, value in known.items()) if isinstance(known, dict) else ""


def joined(lines: Sequence[Line]) -> list[Line]:
    """Words of the robot that follow each other are one line."""
    found: list[Line] = []
    for line in lines:
        if line.kind == "robot" and found and found[-1].kind == "robot":
            found[-1] = Line("robot", f"{found[-1].text} {line.text}")
        else:
            found.append(line)
    return found
