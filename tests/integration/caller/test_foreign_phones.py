"""The synthetic caller against phones that are not ours: baresip and SIPp."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ivr.caller import Equipment, run
from ivr.caller.digest import Credentials
from ivr.caller.scenario import Scenario
from ivr.caller.useragent import UserAgent
from tests.integration.caller.peers import PATIENCE_SECONDS, baresip, sipp, text, written_to

pytestmark = pytest.mark.integration
RTP = range(27_000, 27_400)

TALK = [
    {"hear tone": "440"},
    {"tone": "600", "seconds": "0.6"},
    {"key": "5#"},
    {"hold": "0.6"},
    {"wait": "0.5"},
    {"hang up": None},
]


@pytest.mark.parametrize(("transport", "codec"), [("udp", "PCMU"), ("tcp", "PCMA")])
async def test_a_call_with_baresip(tmp_path: Path, transport: str, codec: str) -> None:
    async with baresip(tmp_path, 15_330) as log, Equipment(ear=None, rtp_ports=RTP, codecs=(codec,)) as equipment:
        scenario = Scenario.model_validate({"call": TALK})
        result = await run(scenario, f"sip:bare@127.0.0.1:15330;transport={transport}", equipment=equipment)
        assert result.failures == ()
        assert result.caller.codec == codec
        assert result.caller.media
        assert result.caller.media.lost == 0
        assert result.caller.media.received > 60
        await written_to(log, "session closed")
    told = text(log)
    for event in ("received event: '5' (end=1)", "received event: '#' (end=1)"):
        assert told.count(event) == 1
    assert told.count("got re-INVITE") == 2


async def test_a_call_to_sipp(tmp_path: Path) -> None:
    async with sipp(tmp_path, 15_340, "-sn", "uas") as peer, UserAgent(rtp_ports=RTP) as phone:
        leg = phone.dial("sip:service@127.0.0.1:15340")  # sent again until SIPp has started
        assert await leg.answered(PATIENCE_SECONDS)
        assert leg.moments.rang is not None
        await leg.hang_up()
        status, output = await peer.finish()
    assert (status, leg.status) == (0, 200), output


async def test_a_call_from_sipp(tmp_path: Path) -> None:
    async with UserAgent(port=15_341, rtp_ports=RTP) as phone:
        taken = []

        def offered(leg: object) -> None:
            taken.append(leg)
            leg.ring()
            asyncio.get_running_loop().call_later(0.2, leg.answer)

        phone.on_offer = offered
        async with sipp(tmp_path, 15_342, "-sn", "uac", "127.0.0.1:15341", "-d", "300") as peer:
            status, output = await peer.finish()
    assert status == 0, output
    assert taken[0].ended_by_far_end


CHALLENGING = """<?xml version="1.0"?><scenario name="proxy that asks for a password">
<recv request="INVITE"/>
<send><![CDATA[
SIP/2.0 407 Proxy Authentication Required
[last_Via:]
[last_From:]
[last_To:];tag=1
[last_Call-ID:]
[last_CSeq:]
Proxy-Authenticate: Digest realm="shop", nonce="n1", qop="auth", algorithm=MD5
Content-Length: 0

]]></send>
<recv request="ACK"/>
<recv request="INVITE"><action><ereg regexp="Digest username=.li.*response=.[0-9a-f]{32}" search_in="hdr"
  header="Proxy-Authorization:" check_it="true" assign_to="1"/></action></recv>
<Reference variables="1"/>
<send retrans="500"><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=2
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:127.0.0.1:[local_port]>
Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio 27998 RTP/AVP 0
]]></send>
<recv request="ACK"/>
<send retrans="500"><![CDATA[
BYE sip:caller@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:[local_port];branch=[branch]
From: <sip:service@127.0.0.1:[local_port]>;tag=2
To: <sip:caller@127.0.0.1>
Call-ID: [call_id]
CSeq: 1 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"/>
</scenario>"""


async def test_a_challenge_is_answered(tmp_path: Path) -> None:
    who = Credentials("li", "secret")
    async with sipp(tmp_path, 15_343, scenario=CHALLENGING) as peer, UserAgent(rtp_ports=RTP, credentials=who) as phone:
        leg = phone.dial("sip:service@127.0.0.1:15343")
        assert await leg.answered(PATIENCE_SECONDS)
        await leg.ended(PATIENCE_SECONDS)
        status, output = await peer.finish()
    assert status == 0, output
    assert leg.ended_by_far_end


CANCELLED = """<?xml version="1.0"?><scenario name="caller who gives up, after rubbish">
<send><![CDATA[
NONSENSE sip:phone@127.0.0.1 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:[local_port];branch=[branch]-0
From: <sip:x@127.0.0.1>;tag=9
To: <sip:phone@127.0.0.1>
Call-ID: rubbish-[call_id]
CSeq: 1 NONSENSE
Content-Length: 0

]]></send>
<send retrans="500"><![CDATA[
INVITE sip:phone@127.0.0.1 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:[local_port];branch=[branch]
From: <sip:x@127.0.0.1>;tag=9
To: <sip:phone@127.0.0.1>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:x@127.0.0.1:[local_port]>
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="100"/>
<recv response="180"/>
<send retrans="500"><![CDATA[
CANCEL sip:phone@127.0.0.1 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:[local_port];branch=[branch-2]
From: <sip:x@127.0.0.1>;tag=9
To: <sip:phone@127.0.0.1>
Call-ID: [call_id]
CSeq: 1 CANCEL
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"/>
<recv response="487"/>
<send><![CDATA[
ACK sip:phone@127.0.0.1 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:[local_port];branch=[branch-4]
From: <sip:x@127.0.0.1>;tag=9
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
</scenario>"""


async def test_a_caller_who_gives_up(tmp_path: Path) -> None:
    async with UserAgent(port=15_344, rtp_ports=RTP) as phone:
        offered = []
        phone.on_offer = lambda leg: (offered.append(leg), leg.ring())
        async with sipp(tmp_path, 15_345, "127.0.0.1:15344", scenario=CANCELLED) as peer:
            status, output = await peer.finish()
    assert status == 0, output
    assert (offered[0].status, offered[0].ended_by_far_end) == (487, True)
