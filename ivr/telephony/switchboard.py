"""Signalling: every leg of this process, from its INVITE to its end. Phone's thread only.

    offered ─answer→ confirmed ⇄ held          dialled ─ringing→ confirmed ⇄ held
       └────────────── BYE, CANCEL, hang_up, reject, lost ──────────────→ gone

`LegAnswered` goes out once, when the dialog is confirmed (ACK) and media is negotiated; `LegEnded` goes out once per leg that was
offered or dialled, and nothing of that leg after it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pjsua2 as pj
import structlog

from ivr.config_sip import SipSettings
from ivr.legs import (
    CallOffered,
    DigitHeard,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegHeld,
    LegResumed,
    LegRinging,
    MediaLost,
    TransferProgressed,
)
from ivr.telephony.admission import Refusal
from ivr.telephony.invitation import Invitation
from ivr.telephony.leg import Leg, explain
from ivr.telephony.media_watch import MediaWatch
from ivr.telephony.patchbay import Patchbay

log = structlog.get_logger(__name__)

Pairs = tuple[tuple[str, str], ...]
TICK_SECONDS = 0.5


@dataclass(slots=True)
class Line:
    """What the switchboard knows of one leg."""

    call: Any
    watch: MediaWatch
    caller: bool = False
    refused: bool = False
    ringing: bool = False
    answered: bool = False
    held: bool = False
    ended_here: str = ""
    answered_at: float = 0.0


class Switchboard:
    """The legs by number."""

    def __init__(
        self, settings: SipSettings, account: Any, patchbay: Patchbay, report: Callable[[LegEvent], None]
    ) -> None:
        self._settings, self._account, self._patchbay, self._report = settings, account, patchbay, report
        self._lines: dict[int, Line] = {}
        self._ticked_at = 0.0

    @property
    def empty(self) -> bool:
        """Whether no leg is left."""
        return not self._lines

    @property
    def callers(self) -> int:
        """How many callers are on now, those whose call is only offered included."""
        return sum(line.caller and not line.refused for line in self._lines.values())

    def offer(self, number: int, call_id: int, invitation: Invitation, refusal: Refusal | None) -> None:
        """Take in an INVITE: offer it to the worker, or only note that it is refused, which `reject` says to the caller."""
        line = self._line(number, Leg(self, number, self._account, call_id), caller=True)
        if refusal is None:
            self._patchbay.add(number)
            self._report(
                CallOffered(
                    number,
                    invitation.caller,
                    invitation.called,
                    invitation.source,
                    invitation.call_id,
                    invitation.headers,
                )
            )
            return
        line.refused = True
        log.warning("call refused", status=refusal.status, reason=refusal.reason, source=invitation.source)

    def _line(self, number: int, call: Leg, caller: bool = False) -> Line:
        watch = MediaWatch(self._settings.lost_media_seconds, self._settings.max_hold_seconds)
        line = Line(call, watch, caller)
        self._lines[number] = line
        return line

    def answer(self, leg: int, headers: Pairs) -> None:
        """Send 200 OK."""
        if line := self._lines.get(leg):
            self._respond(line, pj.PJSIP_SC_OK, "", headers)

    def reject(self, leg: int, status: int, reason: str) -> None:
        """Refuse with a final status."""
        if line := self._lines.get(leg):
            line.ended_here = reason or "rejected"
            self._respond(line, status, reason)

    def _respond(self, line: Line, status: int, reason: str, headers: Pairs = ()) -> None:
        parameters = _parameters(headers)
        parameters.statusCode, parameters.reason = status, reason
        try:
            line.call.answer(parameters)
        except pj.Error as fault:
            # A CANCEL that crossed our answer; DISCONNECTED follows by itself.
            log.info("answer came too late", status=status, fault=explain(fault))

    def dial(self, number: int, uri: str, headers: Pairs, local_uri: str) -> None:
        """Send an INVITE; one that can't be sent ends the leg with 503."""
        call = Leg(self, number, self._account)
        line = self._line(number, call)
        self._patchbay.add(number)
        parameters = _parameters(headers, default=True)
        parameters.txOption.localUri = local_uri
        try:
            call.makeCall(uri, parameters)
        except pj.Error as fault:
            log.error("call can't be placed", leg=number, fault=explain(fault))
            if self._lines.pop(number, None) is line:
                self._patchbay.release(number)
                self._report(LegEnded(number, 503, explain(fault), by_far_end=False))

    def hang_up(self, leg: int, headers: Pairs, why: str = "hung up") -> None:
        """Send BYE or CANCEL, or refuse an offered call."""
        line = self._lines.get(leg)
        if line is None or line.ended_here:
            return
        line.ended_here = why
        self._patchbay.connect(leg, None)
        try:
            line.call.hangup(_parameters(headers))
        except pj.Error as fault:
            log.info("hang-up came too late", leg=leg, fault=explain(fault))

    def transfer(self, leg: int, refer_to: str, headers: Pairs) -> None:
        """Send a blind REFER; one that can't be sent is reported as status 503."""
        if line := self._lines.get(leg):
            self._refer(leg, lambda: line.call.xfer(refer_to, _parameters(headers, default=True)))

    def transfer_attended(self, leg: int, other: int) -> None:
        """Send REFER with Replaces of the other leg's dialog."""
        line, target = self._lines.get(leg), self._lines.get(other)
        if line and target:
            self._refer(leg, lambda: line.call.xferReplaces(target.call, _parameters((), default=True)))

    def _refer(self, leg: int, send: Callable[[], None]) -> None:
        try:
            send()
        except pj.Error as fault:
            log.error("REFER can't be sent", leg=leg, fault=explain(fault))
            self._report(TransferProgressed(leg, 503))

    def state_changed(self, leg: int, info: Any) -> None:
        """Follow the dialog's state (called by the leg)."""
        line = self._lines.get(leg)
        if line is None:
            return
        if info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self._gone(leg, line, info)
        elif info.state == pj.PJSIP_INV_STATE_EARLY and info.role == pj.PJSIP_ROLE_UAC and not line.ringing:
            line.ringing = True
            self._report(LegRinging(leg))
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            self._follow_media(leg, line, info)

    def media_changed(self, leg: int, info: Any) -> None:
        """Follow the streams (called by the leg)."""
        line = self._lines.get(leg)
        if line and info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            self._follow_media(leg, line, info)

    def _follow_media(self, leg: int, line: Line, info: Any) -> None:
        if line.ended_here:
            return
        index = _active(info)
        self._patchbay.connect(leg, None if index is None else line.call.getAudioMedia(index))
        line.watch.pause()
        if not line.answered:
            line.answered, line.answered_at = True, time.monotonic()
            self._report(LegAnswered(leg, "" if index is None else line.call.getStreamInfo(index).codecName))
        if (index is None) != line.held:
            line.held = index is None
            self._report(LegHeld(leg) if line.held else LegResumed(leg))

    def _gone(self, leg: int, line: Line, info: Any) -> None:
        # The table holds the only reference to the call: it must die before this callback ends.
        del self._lines[leg]
        if line.refused:
            return
        self._patchbay.release(leg)
        reason = line.ended_here or info.lastReason
        self._report(LegEnded(leg, info.lastStatusCode, reason, by_far_end=not line.ended_here))

    def key_heard(self, leg: int, key: str) -> None:
        """A DTMF key (called by the leg)."""
        self._report(DigitHeard(leg, key))

    def transfer_progressed(self, leg: int, status: int) -> None:
        """A NOTIFY for our REFER (called by the leg)."""
        self._report(TransferProgressed(leg, status))

    def tick(self, now: float) -> None:
        """Look for dried-up RTP and calls beyond the longest allowed."""
        if now - self._ticked_at < TICK_SECONDS:
            return
        self._ticked_at = now
        for leg, line in tuple(self._lines.items()):
            if not line.answered or line.ended_here:
                continue
            if 0 < self._settings.max_call_seconds < now - line.answered_at:
                self.hang_up(leg, (("Reason", 'SIP;cause=408;text="call too long"'),), "call too long")
                continue
            silent = line.watch.see_held(now) if line.held else line.watch.see(_packets(line.call), now)
            if silent is not None:
                self._report(MediaLost(leg, silent))

    def hang_up_all(self) -> None:
        """End every leg."""
        for leg in tuple(self._lines):
            self.hang_up(leg, ())


def _active(info: Any) -> int | None:
    """The index of the audio stream that flows both ways; None while on hold."""
    for index, media in enumerate(info.media):
        if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
            return index
    return None


def _packets(call: Any) -> int:
    """Signs of life so far: RTP packets and RTCP reports received."""
    info = call.getInfo()
    index = _active(info)
    if index is None:
        return 0
    rtcp = call.getStreamStat(index).rtcp
    return int(rtcp.rxStat.pkt + rtcp.rxStat.updateCount + rtcp.txStat.updateCount)


def _parameters(headers: Pairs, default: bool = False) -> Any:
    parameters = pj.CallOpParam(default)
    for name, value in headers:
        header = pj.SipHeader()
        header.hName, header.hValue = name, value
        parameters.txOption.headers.append(header)
    return parameters
