"""What a call needs from the world, as Protocols; adapters are wired to them in `worker.py`, fakes in the tests.

Adapters never import each other. Methods that are not `async` return at once and report through events.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from ivr.commands import Grammar, Prompt
from ivr.events import Hypothesis
from ivr.hours import Standing
from ivr.legs import LegEvent
from ivr.values import Language, Value


class Phone(Protocol):
    """The SIP endpoint of this process: all its legs, their audio, and what joins them."""

    events: asyncio.Queue[LegEvent]

    def answer(self, leg: int, headers: Mapping[str, str] | None = None) -> None:
        """Send 200 OK; LegAnswered follows when media is up."""

    def reject(self, leg: int, status: int, reason: str = "") -> None:
        """Refuse an offered call with a final SIP status."""

    def dial(self, uri: str, headers: Mapping[str, str] | None = None, caller_name: str = "") -> int:
        """Send an INVITE and return the new leg; LegRinging, LegAnswered or LegEnded follow."""

    def hang_up(self, leg: int, headers: Mapping[str, str] | None = None) -> None:
        """Send BYE (or CANCEL while ringing); LegEnded follows. A leg that is gone is no error."""

    def play(self, leg: int, wav: Path, at_seconds: float = 0.0, loop: bool = False) -> int:
        """Play an 8 kHz mono 16-bit WAV to the leg from an offset and return the playback's number; PlaybackFinished follows unless stopped."""

    def stop(self, playback: int) -> None:
        """Stop a playback at once (≤ 20 ms on the wire); unknown or finished ones are no error."""

    def listen(self, leg: int, on: bool) -> None:
        """Switch AudioHeard events of the leg on or off."""

    def join(self, one: int, other: int) -> None:
        """Let two legs hear each other."""

    def separate(self, one: int, other: int) -> None:
        """Undo `join`."""

    def record(self, leg: int, wav: Path) -> None:
        """Record the call to a stereo WAV, complete after the leg ends: left what the leg says, right what it hears."""

    def hush(self, leg: int, on: bool) -> None:
        """Keep what is said out of the leg's recording, which goes on in silence; or let it in again."""

    def transfer(self, leg: int, uri: str, headers: Mapping[str, str] | None = None) -> None:
        """Send REFER (blind, RFC 3515); TransferProgressed follows, and the leg is not hung up by it."""

    def transfer_attended(self, leg: int, other: int) -> None:
        """Send REFER with Replaces (RFC 3891), so that the far ends of two legs talk directly."""


class Recognition(Protocol):
    """One utterance being recognised."""

    @property
    def partial(self) -> str:
        """The words so far, separated by spaces."""

    def feed(self, pcm: bytes) -> None:
        """Add audio (8 kHz, 16-bit, mono); never blocks."""

    async def finish(self) -> tuple[Hypothesis, ...]:
        """End the utterance and return its N-best; raises SpeechUnavailable."""

    def cancel(self) -> None:
        """Forget the utterance."""


class Listener(Protocol):
    """The recogniser, wherever it runs."""

    @property
    def available(self) -> bool:
        """Whether the last attempt to reach it succeeded."""

    def start(self, language: Language, grammar: Grammar) -> Recognition:
        """Begin an utterance; connecting happens behind it, audio is kept meanwhile."""


class SpeechDetector(Protocol):
    """Tells speech from everything else, one caller's stream at a time."""

    def hear(self, pcm: bytes, seconds: float) -> Sequence[tuple[float, float]]:
        """Take audio (8 kHz, 16-bit, mono) complete at `seconds`; returns (end in seconds, probability of speech) per frame."""


class Voice(Protocol):
    """Text to WAV files, by way of recordings, the prompt cache, and synthesis."""

    async def wav(self, prompt: Prompt) -> Path:
        """Return an 8 kHz mono 16-bit WAV of the prompt; raises VoiceUnavailable."""

    def forget(self, file: Path) -> None:
        """The file was played: one made for this caller alone (a sensitive prompt) may go."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The order desk's reply: an outcome word and typed values."""

    outcome: str
    values: Mapping[str, Value] = field(default_factory=dict)


class OrderDesk(Protocol):
    """The order desk as a call sees it; the vocabulary of `look_up` and `act` is in `desk.py`."""

    async def look_up(self, call_id: str, what: str, arguments: Mapping[str, Value]) -> Answer:
        """Answer a question of fact or policy."""

    async def act(self, call_id: str, action: str, intent: str, arguments: Mapping[str, Value]) -> Answer:
        """Have something done once, and say what the ledger says of it."""

    async def contact(self, call_id: str, outcome: str, facts: Mapping[str, Value]) -> None:
        """Remember that this customer called, about what, and how it ended: the next call is a repeat contact."""


class Records(Protocol):
    """What is kept of a call. Methods return at once; a slow database never holds up a call, and nothing is lost."""

    def started(self, call_id: str, caller: str, called: str, language: Language, version: str) -> None:
        """The call was answered; `version` is the dialplan's."""

    def line(self, call_id: str, speaker: str, text: str, seconds: float, details: Mapping[str, object]) -> None:
        """A line of the transcript: `speaker` is caller, robot, agent or note; text is masked before it is written."""

    def case(self, call_id: str, facts: Mapping[str, object]) -> None:
        """What an agent should know of the call by now (order, situation, offers, verification, mood): replaces earlier facts."""

    def event(self, call_id: str, kind: str, data: Mapping[str, object]) -> None:
        """Something the live screens show at once and the transcript does not hold."""

    def ended(self, call_id: str, disposition: str, seconds: float, details: Mapping[str, object]) -> None:
        """The call is over; waits for nothing."""

    async def flush(self) -> None:
        """Return once everything given so far is in the database."""


@dataclass(frozen=True, slots=True)
class AgentCommand:
    """What an agent did in the browser about a call: accept, decline, hold, resume, send_back, pass_on, hang_up, note."""

    call_id: str
    agent: str
    command: str
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who waits: `number` in full, for a callback; the flags decide the rank."""

    number: str = ""
    vip: bool = False
    elder: bool = False
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class Reservation:
    """An agent that is ours until released; name and URI come from the agents table and nowhere else."""

    agent: str
    uri: str
    language: Language


@dataclass(frozen=True, slots=True)
class Place:
    """Nobody yet: place in the queue from 1, expected wait, and whether anybody serves the queue now."""

    position: int
    expected_wait_seconds: float | None
    staffed: bool


class Hours(Protocol):
    """When queues are open, as it stands at the moment of asking."""

    def standing(self, queue: str) -> Standing:
        """How the queue stands now."""

    def closes_soon(self, queue: str) -> datetime | None:
        """When the queue closes, if whoever waits should be told by now."""


class NeverClosed:
    """`Hours` of a house where people are there around the clock."""

    def standing(self, queue: str) -> Standing:
        """Open."""
        return Standing()

    def closes_soon(self, queue: str) -> datetime | None:
        """Never."""
        return None


class AgentQueue(Protocol):
    """The queue of callers and the states of agents, shared by all workers through the database."""

    async def enter(
        self,
        call_id: str,
        queue: str,
        skill: str,
        language: Language,
        priority: int,
        reason: str,
        caller: Caller = Caller(),
        briefing: Mapping[str, Any] | None = None,
        out_of_hours: bool = False,
    ) -> int:
        """Put the call into the queue, or move it from the one it is in; returns the handoff's number.

        `out_of_hours`: to be called back, perhaps; not to be served now, and not to be counted among those who waited.
        """

    async def reserve(self, handoff: int, exclude: Sequence[str] = ()) -> Reservation | Place:
        """Reserve the agent who is this call's turn, or say where the call stands."""

    async def connected(self, handoff: int) -> None:
        """Caller and agent talk."""

    async def held(self, handoff: int, on: bool) -> None:
        """The agent has put the caller on hold, or taken them back."""

    async def promised(self, handoff: int, due_at: datetime) -> None:
        """The caller was promised a call by then."""

    async def release(self, handoff: int, agent: str, state: str, reason: str, rest_seconds: float = 0.0) -> None:
        """Give the agent up, into a state."""

    async def finish(self, handoff: int, outcome: str) -> None:
        """The handoff is over; an agent it still holds is freed."""
