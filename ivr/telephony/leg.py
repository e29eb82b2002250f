"""One SIP dialog and its callbacks, which come on the phone's thread.

An exception that escapes a callback is printed by SWIG, its traceback keeps the object alive, and that aborts the process
later: so each one ends here. A `Call` object must be let go inside the callback that says DISCONNECTED, for its destructor
hangs up whatever call has its slot by then: nothing but the switchboard's table may hold one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Protocol

import pjsua2 as pj
import structlog

from ivr.telephony import dtmf, headers

log = structlog.get_logger(__name__)


class Board(Protocol):
    """What a leg tells the switchboard."""

    def state_changed(self, leg: int, info: Any) -> None:
        """The dialog's state, as a pj CallInfo."""

    def media_changed(self, leg: int, info: Any) -> None:
        """The media, as a pj CallInfo."""

    def key_heard(self, leg: int, key: str) -> None:
        """A DTMF key."""

    def transfer_progressed(self, leg: int, status: int) -> None:
        """A NOTIFY for our REFER."""


def contained(callback: Callable[..., None]) -> Callable[..., None]:
    """The callback with its exceptions logged instead of raised into C++."""

    @functools.wraps(callback)
    def safe(*arguments: Any) -> None:
        try:
            callback(*arguments)
        except Exception as fault:
            log.error("SIP callback failed", callback=callback.__name__, fault=explain(fault))

    return safe


def explain(fault: Exception) -> str:
    """An exception in one line; pj's carry their text in `reason`."""
    return str(getattr(fault, "reason", "") or f"{type(fault).__name__}: {fault}")


class Leg(pj.Call):  # type: ignore[misc]
    """A pj call that knows its number and tells the switchboard."""

    def __init__(self, board: Board, number: int, account: Any, call_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(account, call_id)
        self.number, self._board = number, board

    @contained
    def onCallState(self, prm: Any) -> None:
        """The dialog moved on."""
        self._board.state_changed(self.number, self.getInfo())

    @contained
    def onCallMediaState(self, prm: Any) -> None:
        """Streams were made, changed or stopped: after the answer and after every re-INVITE."""
        self._board.media_changed(self.number, self.getInfo())

    @contained
    def onDtmfDigit(self, prm: Any) -> None:
        """An RFC 4733 event began, or an INFO `application/dtmf-relay` came."""
        self._board.key_heard(self.number, prm.digit)

    @contained
    def onCallTsxState(self, prm: Any) -> None:
        """Read INFO `application/dtmf`, which pjsip itself doesn't know (it answers 500 all the same)."""
        event = prm.e.body.tsxState
        if event.type != pj.PJSIP_EVENT_RX_MSG or not event.src.rdata.info.startswith("Request msg INFO"):
            return
        message = event.src.rdata.wholeMsg
        kind = headers.received(message).get("Content-Type").split(";")[0].strip().lower()
        if kind == "application/dtmf" and (key := dtmf.key(headers.body(message))):
            self._board.key_heard(self.number, key)

    @contained
    def onCallTransferRequest(self, prm: Any) -> None:
        """Refuse an incoming REFER: pjsip would dial any URI in it (toll fraud)."""
        prm.statusCode = pj.PJSIP_SC_DECLINE
        log.warning("REFER refused", leg=self.number, target=prm.dstUri[:80])

    @contained
    def onCallReplaceRequest(self, prm: Any) -> None:
        """Refuse an INVITE with Replaces: nobody takes over a hotline call from outside."""
        prm.statusCode = pj.PJSIP_SC_DECLINE
        log.warning("INVITE with Replaces refused", leg=self.number)

    @contained
    def onCallTransferStatus(self, prm: Any) -> None:
        """A NOTIFY told how our REFER fares."""
        self._board.transfer_progressed(self.number, prm.statusCode)
