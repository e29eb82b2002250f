"""A promised call that an agent makes from the desk, carried out: two legs, a whisper, a notice, and what is written down of it.

What to do when is `handoff/by_hand.py`'s. It is a call like any other in the records (`called: callback`), and a handoff like any
other to queue and agents, so that leases, wrap-up and what a dead worker leaves behind are theirs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from ivr.commands import Prompt
from ivr.errors import PhoneError
from ivr.handoff import by_hand, headers
from ivr.handoff import commands as do
from ivr.handoff.by_hand import Deed, Happened, Stage
from ivr.handoff.calling_back import CALLED
from ivr.legs import AudioHeard, CallOffered, LegAnswered, LegEnded, LegEvent, MediaLost, PlaybackFinished
from ivr.mouth import Mouth
from ivr.ports import AgentCommand
from ivr.services import Conversation, Services
from ivr.stenographer import Stenographer
from ivr.timers import Timers
from ivr.transfer.agent_leg import AgentLeg
from ivr.transfer.bridge import Bridge
from ivr.values import Language

log = structlog.get_logger()
RINGING, ATTEMPT = "ringing", 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call that an agent asked for: whom to ring first, whom then, and what is known of the matter; `handoff` is its place."""

    handoff: int
    call_id: str
    promise: str
    agent: str
    agent_uri: str
    number: str
    address: str
    queue: str
    language: Language = "zh"
    case: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seconds:
    """How long each phone may ring."""

    agent: float = 20.0
    customer: float = 30.0


class HandCall:
    """`HandedCall` to bridge and agent's leg; `on_connected` and `on_over` (with the outcome) are told as it goes on."""

    def __init__(
        self,
        wanted: Wanted,
        services: Services,
        dialogue: Conversation,
        seconds: Seconds,
        claim: Callable[[int, HandCall], None],
        on_connected: Callable[[HandCall], None],
        on_over: Callable[[HandCall, str], None],
    ) -> None:
        self.wanted, self.services, self.dialogue, self._allowed = wanted, services, dialogue, seconds
        self._claim, self._on_connected, self._on_over = claim, on_connected, on_over
        self.call_id, self.language = wanted.call_id, wanted.language
        self.offered, self.leg, self.over = CallOffered(0, wanted.number, CALLED, "", ""), 0, False
        self.case: dict[str, object] = {**wanted.case, "caller": wanted.number, by_hand.BY: wanted.agent}
        self.stage = Stage.RINGING
        self._began_at = time.monotonic()
        self._notice = dialogue.phrase(by_hand.NOTICE)
        self._stenographer = Stenographer(services.listener, services.detector, wanted.language)
        self._agent = AgentLeg(self, lambda leg: claim(leg, self), lambda _: self._happened(Happened.WHISPERED))
        self._bridge = Bridge(self, self._stenographer)
        self._mouth: Mouth | None = None
        self._tone: int | None = None
        self._recording: Path | None = None
        self._timers = Timers(lambda _: self._happened(Happened.TIME_UP))

    @property
    def seconds(self) -> float:
        """Call time."""
        return time.monotonic() - self._began_at

    @property
    def finished(self) -> bool:
        """Whether it is over."""
        return self.over

    def begin(self) -> None:
        """Ring the agent's phone."""
        wanted, records = self.wanted, self.services.records
        records.started(self.call_id, wanted.number, CALLED, wanted.language, self.dialogue.version)
        records.case(self.call_id, dict(self.case))
        try:
            sent = headers.case_headers(self.call_id)
            self._agent.ring(do.RingAgent(ATTEMPT, wanted.agent, wanted.agent_uri, sent))
        except PhoneError as fault:
            log.error("by_hand.agent_not_rung", agent=wanted.agent, fault=str(fault))
            return self._happened(Happened.AGENT_GONE)
        self._timers.start(RINGING, self._allowed.agent)

    def on_leg(self, event: LegEvent) -> None:
        """Something happened on one of the two legs."""
        if self.over:
            return
        mine = event.leg == self._agent.number
        match event:
            case AudioHeard():
                self._stenographer.hear(event.leg, event.pcm, self.seconds)
            case PlaybackFinished():
                self._agent.playback_finished(event.playback)
                if self._mouth:
                    self._mouth.playback_finished(event.playback)
            case LegAnswered():
                self._happened(Happened.AGENT_THERE if mine else Happened.CUSTOMER_THERE)
            case LegEnded(status=status):
                if mine:
                    self._agent.ended()
                self._happened(Happened.AGENT_GONE if mine else Happened.CUSTOMER_GONE, status)
            case MediaLost():
                self._happened(Happened.AGENT_GONE if mine else Happened.CUSTOMER_GONE)
            case _:
                pass

    def on_agent_command(self, command: AgentCommand) -> None:
        """What the agent did in the browser: a note, or the end."""
        if command.command == "note":
            text = command.arguments.get("text", "")
            self.services.records.line(self.call_id, "note", text, self.seconds, {"agent": command.agent})
        elif command.command in ("hang_up", "decline") and command.agent == self.wanted.agent:
            self._happened(Happened.AGENT_GONE)

    def stop(self) -> None:
        """The worker ends: nobody's phone rings on; a talk goes on."""
        if self.stage is not Stage.TALKING:
            self._happened(Happened.AGENT_GONE)

    def _happened(self, happened: Happened, status: int = 0) -> None:
        before = self.stage
        self.stage, deeds = by_hand.after(before, happened)
        for deed in deeds:
            try:
                self._do(deed, by_hand.outcome(before, happened, status))
            except Exception:
                log.exception("by_hand.not_done", call_id=self.call_id, deed=deed)
                return self._end("failed")

    def _do(self, deed: Deed, outcome: str) -> None:
        match deed:
            case Deed.WHISPER:
                self._timers.stop(RINGING)
                subject = self.dialogue.about(str(self.case.get("intent") or ""))
                self._agent.whisper(do.Whisper(ATTEMPT, by_hand.whisper(self.language, subject), self.language))
            case Deed.DIAL:
                self._dial()
            case Deed.NOTICE:
                self._give_notice()
            case Deed.JOIN:
                self._join()
            case Deed.HANG_UP_CUSTOMER:
                self.services.phone.hang_up(self.leg)
            case Deed.HANG_UP:
                self._hang_up()
            case Deed.END:
                self._end(outcome)

    def _dial(self) -> None:
        if self._agent.number is not None:
            self._tone = self.services.tones.play(self.services.phone, self._agent.number, "ringing", loop=True)
        self.leg = self.services.phone.dial(self.wanted.address)
        self._claim(self.leg, self)
        self._timers.start(RINGING, self._allowed.customer)
        self.services.records.event(self.call_id, "customer_ringing", {"agent": self.wanted.agent})

    def _give_notice(self) -> None:
        """Who calls, and that it is recorded: before anybody is put through. What can't be said ends the call."""
        services = self.services
        self._timers.stop(RINGING)
        if recording := services.recording_of(self.call_id):
            self._recording = recording
            services.phone.record(self.leg, recording)
        self._mouth = Mouth(services.phone, services.voice, self.leg, self._said, self._noticed, self._unsaid)
        self._mouth.say((self._notice,))

    def _said(self, prompt: Prompt) -> None:
        details = {"prompt": prompt.id, "step": "callback"}
        self.services.records.line(self.call_id, "robot", prompt.text, self.seconds, details)

    def _noticed(self) -> None:
        self._happened(Happened.NOTICED)

    def _unsaid(self, fault: Exception) -> None:
        log.error("by_hand.notice_not_spoken", call_id=self.call_id, fault=str(fault))
        self._happened(Happened.AGENT_GONE)

    def _join(self) -> None:
        if self._agent.number is None:
            return
        self._hush()
        self._bridge.join(self._agent.number, self.wanted.agent)
        self._on_connected(self)

    def _hush(self) -> None:
        if self._tone is not None:
            self.services.phone.stop(self._tone)
            self._tone = None

    def _hang_up(self) -> None:
        self._hush()
        self._bridge.separate()
        if self._mouth:
            self._mouth.drop()
        self._agent.hang_up()
        if self.leg:
            self.services.phone.hang_up(self.leg)

    def _end(self, outcome: str) -> None:
        if self.over:
            return
        self.over, self.stage = True, Stage.OVER
        self._timers.stop_all()
        self._hang_up()
        details = {"recording": self._recording.name} if self._recording else {}
        self.services.records.ended(self.call_id, outcome, self.seconds, details)
        self._on_over(self, outcome)
