"""What is written down of one call while it goes on: who said what, what happened, and the case a human would be given."""

from __future__ import annotations

from ivr.commands import Act, Listen, LookUp, Note, Prompt
from ivr.events import Event, Hypothesis, KeysPressed, MaxSpeech, NoInput, UtteranceHeard
from ivr.matters import Matters
from ivr.ports import Answer, Records
from ivr.values import Language, Values, plain

_HANDOFF_DISPOSITIONS = {"completed": "handled_by_agent", "callback": "callback_booked", "voicemail": "message_left"}
# After these the robot may still say goodbye as after any call; that settles nothing.
_LEFT_OPEN = frozenset({"callback", "voicemail", "abandoned", "failed"})


class CallRecord:
    """The record of one call; `disposition` is how it ended, empty while that is open, `human_talked` whether a colleague had it."""

    def __init__(self, records: Records, call_id: str, caller: str) -> None:
        self._records, self._call_id = records, call_id
        self.case: dict[str, object] = {"caller": caller}
        self._kept: dict[str, object] = {}
        self.disposition = ""
        self._step, self._sensitive = "", False
        self._matters = Matters()
        self.human_talked, self._left_open = False, False

    def listening(self, listen: Listen | None) -> None:
        """The step that the next words of the caller answer."""
        self._step = listen.step if listen else self._step
        self._sensitive = listen.sensitive if listen else False

    @property
    def step(self) -> str:
        """The step that was last listened in."""
        return self._step

    def said(self, prompt: Prompt, seconds: float, gap_seconds: float | None) -> None:
        """The robot began to say a prompt, so long after the caller's speech had ended."""
        details: dict[str, object] = {"prompt": prompt.id, "step": self._step, "sensitive": prompt.sensitive}
        if gap_seconds is not None:
            details["reply_gap_ms"] = round(gap_seconds * 1000)
        self._records.line(self._call_id, "robot", prompt.text, seconds, details)

    def heard(self, event: Event, seconds: float) -> None:
        """The caller spoke, keyed or was silent."""
        match event:
            case UtteranceHeard() | MaxSpeech():
                self._caller(_best(event.hypotheses), seconds, {"hypotheses": _listed(event.hypotheses)})
            case KeysPressed():
                self._caller(f"[{event.keys}]", seconds, {"keys": event.keys})
            case NoInput():
                self._records.event(self._call_id, "no_input", {"step": self._step})
            case _:
                pass

    def _caller(self, text: str, seconds: float, details: dict[str, object]) -> None:
        details |= {"step": self._step, "sensitive": self._sensitive}
        self._records.line(self._call_id, "caller", text, seconds, details)

    def note(self, text: str, seconds: float, details: dict[str, object] | None = None) -> None:
        """A line of the transcript that nobody said."""
        self._records.line(self._call_id, "note", text, seconds, details or {})

    def answered(self, asked: LookUp | Act, answer: Answer, seconds: float) -> None:
        """The order desk answered: what it knows, what it did or did not do, what it decided."""
        self._learned(answer.values)
        if isinstance(asked, Act):
            details = {"action": asked.action, "outcome": answer.outcome, "values": plain(answer.values)}
            self.note(f"{asked.action}: {answer.outcome}", seconds, details)
            self._matters.acted(asked.action, answer.outcome)
        elif asked.what == "decision":  # perhaps after the caller had declined offers
            self._matters.decided(answer.outcome, bool(asked.arguments.get("without")))

    def speaks(self, language: Language) -> None:
        """The call goes on in this language."""
        self._records.event(self._call_id, "language", {"language": language})

    def noted(self, note: Note) -> None:
        """The dialogue's own note: a value of the case, and the disposition where it says so."""
        if note.kind == "disposition":
            self.ends(str(note.values.get("disposition", self.disposition)))
        values = plain(note.values)
        if isinstance(values, dict):
            self.case.update({key: value for key, value in values.items() if value not in (None, "")})
            self._records.event(self._call_id, note.kind, {"step": note.step, **values})
            if "intent" in values:
                self._matters.wanted(str(values["intent"]))
            if "intent" in values or note.kind == "survey":  # after a crash it is known what it was about, or the score
                self.keep_case()

    def _learned(self, values: Values) -> None:
        """Facts of the order desk for the case."""
        known = plain(values)
        if isinstance(known, dict) and known:
            self.case.update({key: value for key, value in known.items() if value is not None})
            self.keep_case()

    def keep_case(self) -> None:
        """Write the case down as it stands, for the agent's screen, unless that is what it says already."""
        if self.case != self._kept:
            self._kept = dict(self.case)
            self._records.case(self._call_id, dict(self.case))

    def ends(self, disposition: str) -> None:
        """The dialogue ends the call; that a human had it, or had been asked for in vain, says less than how that ended."""
        says_less = disposition == "handed_off" or (disposition == "settled" and self._left_open)
        if not (says_less and self.disposition):
            self.disposition = disposition

    def handoff_ended(self, outcome: str, sent_back: bool) -> None:
        """A human's part is over: how it ended is how the call ends, unless more is said; `sent_back`: by the human."""
        self.human_talked = self.human_talked or sent_back or outcome == "completed"
        self._left_open = outcome in _LEFT_OPEN
        self._matters.left_to_human()
        self.disposition = _HANDOFF_DISPOSITIONS.get(outcome, f"handoff_{outcome}")

    def handoff_broken_off(self, outcome: str) -> None:
        """The caller hung up in a handoff."""
        self.human_talked = self.human_talked or outcome == "completed"
        self.disposition = _HANDOFF_DISPOSITIONS.get(outcome, "handoff_abandoned")

    def ended(self, seconds: float, recording: str | None) -> None:
        """The call is over."""
        self.disposition = self.disposition or "caller_hung_up"
        alone = self.disposition == "settled" and self._matters.all_done and not self.human_talked
        details: dict[str, object] = {"self_served": alone} | ({"recording": recording} if recording else {})
        if "satisfaction" in self.case:
            details["satisfaction"] = self.case["satisfaction"]
        self._records.ended(self._call_id, self.disposition, seconds, details)

    def facts(self) -> dict[str, str | int]:
        """The plain facts of the case, for the order desk's record of contacts."""
        return {key: value for key, value in self.case.items() if isinstance(value, str | int)}


def _best(hypotheses: tuple[Hypothesis, ...]) -> str:
    return hypotheses[0].text if hypotheses else ""


def _listed(hypotheses: tuple[Hypothesis, ...]) -> list[dict[str, object]]:
    return [{"text": each.text, "confidence": round(each.confidence, 3)} for each in hypotheses]
