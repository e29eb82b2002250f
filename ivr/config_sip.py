"""The section `sip` of config.yaml: where we listen, whom we trust, and the PBX or trunk we register at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from ivr.config_values import Port, Registrar, Seconds, Section, Some
from strict_yaml import OneOrMore

RTP_PORTS_PER_WORKER = 100


class Registration(Section):
    """A PBX or trunk to register at, with digest authentication (RFC 3261 §22)."""

    registrar: Registrar
    user: str
    password: str
    realm: str = "*"
    expires_seconds: int = Field(300, ge=60)


class Tls(Section):
    """TLS at the edge, for those who have a certificate (PEM files)."""

    certificate: Path
    key: Path
    port: Port = 5061


class SipSettings(Section):
    """The telephone side; `other_workers` are `host:port` of call workers on further machines, behind this one's edge."""

    address: str = "127.0.0.1"
    public_address: str = ""
    port: Port = 5060
    user: str = "hotline"
    codecs: Annotated[OneOrMore, Some] = ("PCMU", "PCMA", "G722")
    worker_ports: Port = 5070
    # `no` where an SBC or trunk shares calls out to the workers' ports itself; else Kamailio stands before several workers.
    edge: bool = True
    other_workers: OneOrMore = ()
    rtp_ports: Port = 16384
    allow: OneOrMore = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    trusted: OneOrMore = ()
    caller_id: Literal["from", "asserted"] = "from"
    registration: Registration | None = None
    tls: Tls | None = None
    lost_media_seconds: Seconds = 20
    max_hold_seconds: Seconds = 600
    max_call_seconds: Seconds = 1800
    drain_seconds: Seconds = 120
