"""The one thread that owns every pj object: endpoint, transports, account, switchboard, patchbay.

pjsua2 asserts, and so aborts the process, when its objects are touched from elsewhere. Everybody else posts functions here;
between them the thread lets pj handle its events, and the doorbell wakes it when something was posted. There can be one engine
in a process, once: pj keeps global state, so a worker that wants another phone is another process.
"""

from __future__ import annotations

import errno
import gc
import queue
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pjsua2 as pj
import structlog

from ivr.config_sip import SipSettings
from ivr.errors import ConfigError, PhoneError
from ivr.legs import LegEvent
from ivr.telephony import account, invitation, packet_filter
from ivr.telephony.admission import Admission, Network, networks
from ivr.telephony.doorbell import Doorbell
from ivr.telephony.ear import RATE_HZ
from ivr.telephony.leg import explain
from ivr.telephony.patchbay import Patchbay
from ivr.telephony.pj_log import LEVEL, PjLog
from ivr.telephony.switchboard import Switchboard

log = structlog.get_logger(__name__)

# What the pjsua2 wheel has.
CODECS = ("PCMU", "PCMA", "G722", "GSM", "ILBC", "SPEEX", "L16")
# What pj itself keeps for its next round (a key that was heard) waits this long; what is posted here rings the doorbell.
POLL_MS = 30
GOODBYE_SECONDS = 1.5
# With Python's default of 5 ms a busy thread kept audio callbacks waiting until half of the frames were lost.
SWITCH_SECONDS = 0.0005
# What is over by then in two busy calls is a few thousand objects, seen through in 10 ms.
SWEEP_SECONDS = 30.0
# pj has 64 sockets and aborts for want of one more. A call that is refused has two, which rest for half a second, and up to ten
# packets are taken at once: 12 and 10 of them, and four legs, leave some.
SOCKET_REST_SECONDS, MOST_OFFERS = 0.6, 12
# What must never be freed again: pj's objects of an engine that has ended, until the process does.
_KEPT: list[Any] = []


class Engine:
    """Starts pj in its thread, runs what is posted, and ends the calls; pj itself ends with the process (`phone.leave`)."""

    def __init__(
        self,
        settings: SipSettings,
        port: int,
        rtp_port: int,
        report: Callable[[LegEvent], None],
        number: Callable[[], int],
        callers: int,
        register: bool,
    ) -> None:
        self._settings, self._port, self._rtp_port = settings, port, rtp_port
        self._report, self._number, self._register = report, number, register
        self._admission = Admission(networks(settings.allow, "sip.allow"), callers)
        self._trusted = networks(settings.trusted, "sip.trusted")
        self._edges: tuple[Network, ...] = networks(("127.0.0.1", _literal(settings.address)), "sip.address")
        self._posted: queue.SimpleQueue[Callable[[Switchboard, Patchbay], None]] = queue.SimpleQueue()
        self._ready: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        self._doorbell = Doorbell(_literal(settings.address), port)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="phone", daemon=True)
        self._closed = threading.Event()
        self._sweep_at = time.monotonic() + SWEEP_SECONDS
        self._loop_seen_at: float | None = None
        self._offers: deque[float] = deque()

    def start(self) -> None:
        """Start the thread; returns when calls can come, raises what kept it from that."""
        _check_codecs(self._settings.codecs)
        _claim(self._settings.address, self._port)
        sys.setswitchinterval(SWITCH_SECONDS)
        self._thread.start()
        if fault := self._ready.get():
            raise fault

    def post(self, job: Callable[[Switchboard, Patchbay], None]) -> None:
        """Have a function called on the phone's thread, in order, at once."""
        self._posted.put(job)
        self._doorbell.ring()

    def prove(self, answered: Future[bool]) -> None:
        """Answer on the phone's thread, which hereby knows that the loop runs as well; due once a second."""

        def answer(*_: object) -> None:
            self._loop_seen_at = time.monotonic()
            answered.set_result(True)

        self.post(answer)

    def stop(self) -> None:
        """Hang up every leg and finish the recordings; returns when that is done (about a second)."""
        self._stop.set()
        self._doorbell.ring()
        if self._thread.is_alive():
            self._closed.wait(GOODBYE_SECONDS + 5)

    def _run(self) -> None:
        try:
            endpoint = self._endpoint()
            patchbay = Patchbay(self._report, lambda job: self.post(lambda *_: job()))
            own = account.Account(self._offered)
            self._switchboard = Switchboard(self._settings, own, patchbay, self._report)
            own.create(account.configuration(self._settings, self._port, self._rtp_port, self._register))
        except Exception as fault:
            # Without its traceback: that would keep pj objects alive until another thread frees them, and pj aborts.
            self._ready.put(PhoneError(explain(fault)))
            return
        self._ready.put(None)
        self._serve(endpoint, patchbay, own)
        self._end(endpoint, patchbay, own)
        self._closed.set()

    def _endpoint(self) -> Any:
        endpoint = pj.Endpoint()
        endpoint.libCreate()
        self._log = PjLog()
        endpoint.libInit(_endpoint_config(self._log))
        transport = pj.TransportConfig()
        transport.port, transport.boundAddress = self._port, self._settings.address
        transport.publicAddress = self._settings.public_address
        endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
        endpoint.transportCreate(pj.PJSIP_TRANSPORT_TCP, transport)
        packet_filter.install(self._port, (*self._admission.allowed, *self._edges))
        endpoint.libStart()
        endpoint.audDevManager().setNullDev()
        _choose_codecs(endpoint, self._settings.codecs)
        return endpoint

    def _offered(self, call_id: int, message: str, peer: str) -> None:
        self._offers.append(time.monotonic())
        asserted_only = self._settings.caller_id == "asserted"
        found = invitation.read(message, peer, self._settings.user, self._edges, self._trusted, asserted_only)
        silent_seconds = time.monotonic() - self._loop_seen_at if self._loop_seen_at else 0.0
        refusal = self._admission.refusal(found.source, self._switchboard.callers, silent_seconds)
        leg = self._number()
        self._switchboard.offer(leg, call_id, found, refusal)
        if refusal is not None:
            # Not before the callback is over: pj aborts when an INVITE without an offer is refused in it.
            self.post(lambda board, _: board.reject(leg, refusal.status, refusal.reason))

    def _serve(self, endpoint: Any, patchbay: Patchbay, own: account.Account) -> None:
        while not self._stop.is_set():
            if self._overrun(time.monotonic()):
                time.sleep(POLL_MS / 1000)
            else:
                self._guarded(lambda: endpoint.libHandleEvents(POLL_MS))
            self._run_posted(patchbay)
            now = time.monotonic()
            self._guarded(lambda: self._switchboard.tick(now))  # noqa: B023
            self._guarded(lambda: own.tick(now))  # noqa: B023
            patchbay.tick(now)
            self._sweep(now)

    def _overrun(self, now: float) -> bool:
        """Whether so many calls were offered just now that pj has no sockets for more: those wait, and come again, where they are."""
        while self._offers and now - self._offers[0] > SOCKET_REST_SECONDS:
            self._offers.popleft()
        return len(self._offers) >= MOST_OFFERS

    def _sweep(self, now: float) -> None:
        """Look for garbage here, where its pj objects may be freed; whoever serves calls leaves it to this thread (`gc.disable`)."""
        if now >= self._sweep_at:
            gc.collect()
            self._sweep_at = now + SWEEP_SECONDS

    def _run_posted(self, patchbay: Patchbay) -> None:
        for _ in range(self._posted.qsize()):
            job = self._posted.get()
            self._guarded(lambda: job(self._switchboard, patchbay))  # noqa: B023

    def _guarded(self, job: Callable[[], None]) -> None:
        try:
            job()
        except Exception as fault:
            log.error("phone", fault=explain(fault), exc_info=not isinstance(fault, pj.Error))

    def _end(self, endpoint: Any, patchbay: Patchbay, own: Any) -> None:
        """Hang up, finish the recordings, take the registration back; nothing is freed, for the process ends now.

        By the book everything would be destroyed. But pj's clock still runs through the ports meanwhile: one worker in ten that
        ended under calls crashed, before it had written how they ended.
        """
        _KEPT.append((endpoint, patchbay, own, self._switchboard))
        self._run_posted(patchbay)
        self._guarded(self._switchboard.hang_up_all)
        deadline = time.monotonic() + GOODBYE_SECONDS
        while not self._switchboard.empty and time.monotonic() < deadline:
            endpoint.libHandleEvents(POLL_MS)
        patchbay.close()
        self._guarded(own.shutdown)
        self._guarded(lambda: endpoint.libHandleEvents(POLL_MS))
        self._doorbell.close()


def _endpoint_config(writer: PjLog) -> Any:
    config = pj.EpConfig()
    agent = config.uaConfig
    agent.threadCnt, agent.mainThreadOnly, agent.userAgent = 0, True, "Hotline"
    config.logConfig.level = config.logConfig.consoleLevel = LEVEL
    config.logConfig.msgLogging = 0
    config.logConfig.writer = writer
    media = config.medConfig
    media.clockRate = media.sndClockRate = RATE_HZ
    media.audioFramePtime, media.quality, media.ecTailLen, media.noVad = 20, 1, 0, True
    return config


def check_telephone(settings: SipSettings) -> None:
    """What is wrong with the telephone's settings, as far as it can be told without opening a port; raises ConfigError."""
    _check_codecs(settings.codecs)
    networks(settings.allow, "sip.allow")
    networks(settings.trusted, "sip.trusted")


def _check_codecs(wanted: tuple[str, ...]) -> None:
    for name in wanted:
        if name.upper() not in CODECS:
            raise ConfigError(f"`sip.codecs`: unknown codec `{name}`", f"allowed: {', '.join(CODECS)}")


def _choose_codecs(endpoint: Any, wanted: tuple[str, ...]) -> None:
    """Put the wanted codecs first, in their order, and switch the others off; of several rates the lowest is taken."""
    known = sorted((codec.codecId for codec in endpoint.codecEnum2()), key=lambda codec: int(codec.split("/")[1]))
    names = [codec.split("/")[0].upper() for codec in known]
    chosen = [known[names.index(name.upper())] for name in wanted]
    for codec in known:
        endpoint.codecSetPriority(codec, 255 - chosen.index(codec) if codec in chosen else 0)


def _literal(address: str) -> str:
    return socket.gethostbyname(address) if address else "127.0.0.1"


def _claim(address: str, port: int) -> None:
    """Raise ConfigError where the SIP port can't be had: pj says it less plainly, and only after it has begun."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError as fault:
                taken = fault.errno == errno.EADDRINUSE
                fix = "stop what uses it or choose another `sip.port`" if taken else "check `sip.address`"
                raise ConfigError(f"SIP port {port} on {address} can't be opened: {fault.strerror}", fix) from None
