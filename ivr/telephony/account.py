"""Our SIP identity: the address we are called at, and the registration at a PBX or trunk where one is configured."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pjsua2 as pj
import structlog

from ivr.config_sip import SipSettings
from ivr.telephony.leg import contained

log = structlog.get_logger(__name__)

RETRY_SECONDS = 10.0


class Account(pj.Account):  # type: ignore[misc]
    """Takes INVITEs, and logs how the registration stands."""

    def __init__(self, offered: Callable[[int, str, str], None]) -> None:
        super().__init__()
        self._offered = offered
        self._failed_at: float | None = None

    @contained
    def onIncomingCall(self, prm: Any) -> None:
        """An INVITE came: pj's call id, the message, and who sent it."""
        self._offered(prm.callId, prm.rdata.wholeMsg, prm.rdata.srcAddress)

    @contained
    def onRegState(self, prm: Any) -> None:
        """The registrar answered, or did not."""
        if prm.code // 100 == 2:
            self._failed_at = None
            log.info("registered", expires_seconds=prm.expiration)
        else:
            self._failed_at = time.monotonic()
            log.error("registration failed", status=prm.code, reason=prm.reason, retry_seconds=RETRY_SECONDS)

    def tick(self, now: float) -> None:
        """Try again after any failure: pj gives up on some, but a PBX that says 403 today may be mended by noon."""
        if self._failed_at is not None and now - self._failed_at > RETRY_SECONDS:
            self._failed_at = now
            self.setRegistration(True)


def identity(settings: SipSettings, port: int) -> str:
    """Our own URI, as From shows it."""
    if registration := settings.registration:
        return f"sip:{registration.user}@{_host(registration.registrar)}"
    return f"sip:{settings.user}@{settings.public_address or settings.address}:{port}"


def configuration(settings: SipSettings, port: int, rtp_port: int, register: bool) -> Any:
    """The pj account; `register` False keeps the credentials for outgoing calls, where the edge registers for all."""
    config = pj.AccountConfig()
    config.idUri = identity(settings, port)
    media = config.mediaConfig.transportConfig
    media.port, media.portRange = rtp_port, 40
    # Without it the SDP shows whichever interface the system prefers.
    media.boundAddress, media.publicAddress = settings.address, settings.public_address
    media.qosType = pj.PJ_QOS_TYPE_VOICE
    if registration := settings.registration:
        login = pj.AuthCredInfo("digest", registration.realm, registration.user, 0, registration.password)
        config.sipConfig.authCreds.append(login)
        config.regConfig.registrarUri = _uri(registration.registrar)
        config.regConfig.timeoutSec = registration.expires_seconds
        config.regConfig.retryIntervalSec = 0  # `tick` tries again
        config.regConfig.registerOnAdd = register
    return config


def _uri(registrar: str) -> str:
    return registrar if registrar.lower().startswith(("sip:", "sips:")) else f"sip:{registrar}"


def _host(registrar: str) -> str:
    return _uri(registrar).split(":", 1)[1].split(";")[0]
