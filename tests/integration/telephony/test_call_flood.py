"""More calls at once than pj has sockets for, straight at a worker without an edge: who is on the line notices nothing."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from tests.integration.telephony import scenarios as sip
from tests.integration.telephony.peers import RTP_PORTS, SIP_PORTS, Sipp, bystander

pytestmark = pytest.mark.integration
CALLS, SECONDS = 200, 0.5
INVITE = """INVITE sip:hotline@127.0.0.1 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{number}
From: <sip:a@example.org>;tag={number}
To: <sip:hotline@127.0.0.1>
Call-ID: flood-{number}
CSeq: 1 INVITE
Max-Forwards: 70
Contact: <sip:a@127.0.0.1:{port}>
Content-Type: application/sdp
Content-Length: {length}

{offer}"""
OFFER = "v=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 40000 RTP/AVP 0\n"


def flood(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("127.0.0.1", 0))
        length = len(OFFER.replace("\n", "\r\n"))
        for number in range(CALLS):
            text = INVITE.format(port=own.getsockname()[1], number=number, length=length, offer=OFFER)
            own.sendto(text.replace("\n", "\r\n").encode(), ("127.0.0.1", port))
            time.sleep(SECONDS / CALLS)


def test_a_flood_of_calls_ends_nobody_elses(tmp_path: Path) -> None:
    """pj aborted with "no room in the queue of sockets" at the thirty-first, and with it both calls ended."""
    port = next(SIP_PORTS)
    with bystander(port=port, rtp_port=next(RTP_PORTS), callers=1) as worker:
        call = Sipp(tmp_path, sip.invite() + sip.ANSWERED + sip.expect("BYE"), port)
        leg = worker.wait("LegAnswered")["leg"]
        flood(port)
        time.sleep(2.0)
        assert worker.all("LegEnded", leg=leg) == []
        worker.order("hang_up", leg)
        call.succeeds()
