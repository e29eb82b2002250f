"""Steps of SIPp scenarios, to be strung together."""

from __future__ import annotations

SDP = """v=0
o=sipp 1 {version} IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio [auto_media_port] RTP/AVP 0 96
a=rtpmap:0 PCMU/8000
a=rtpmap:96 telephone-event/8000
a=fmtp:96 0-15
a={direction}"""


def _send(first: str, sequence: int, extra: str, body: str = "", kind: str = "", routed: bool = True) -> str:
    method = first.split()[0]
    to = "[peer_tag_param]" if routed else ""
    lines = [
        first,
        "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
        "From: <sip:+8613800138000@127.0.0.1>;tag=[call_number]x[pid]",
        f"To: <sip:4008001000@127.0.0.1>{to}",
        "Call-ID: [call_id]",
        f"CSeq: {sequence} {method}",
        "Contact: <sip:caller@[local_ip]:[local_port];transport=[transport]>",
        "Max-Forwards: 70",
        *([extra] if extra else []),
        *([f"Content-Type: {kind}"] if kind else []),
        "Content-Length: [len]",
        "",
        body,
    ]
    # SIPp takes the leading white space of each line away.
    return (
        "<send" + (' retrans="500"' if method != "ACK" else "") + "><![CDATA[\n\n" + "\n".join(lines) + "\n]]></send>"
    )


def invite(extra: str = "", sequence: int = 1, direction: str = "sendrecv") -> str:
    """An INVITE; with a later sequence number a re-INVITE."""
    uri = "[next_url]" if sequence > 1 else "sip:4008001000@[remote_ip]:[remote_port]"
    body = SDP.format(version=sequence, direction=direction)
    return _send(f"INVITE {uri} SIP/2.0", sequence, extra, body, "application/sdp", sequence > 1)


def bare_invite() -> str:
    """An INVITE without an offer: the 200 brings one, and the ACK is to bring the answer."""
    return _send("INVITE sip:4008001000@[remote_ip]:[remote_port] SIP/2.0", 1, "", routed=False)


def receive(status: int, optional: bool = False) -> str:
    """A response."""
    more = ' optional="true"' if optional else ' rrs="true"'
    return f'<recv response="{status}"{more}></recv>'


def expect(request: str) -> str:
    """A request of the other side, answered 200."""
    return f"""<recv request="{request}"></recv>
<send><![CDATA[

SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>"""


def ack(sequence: int = 1) -> str:
    """The ACK of a 200."""
    return _send("ACK [next_url] SIP/2.0", sequence, "")


def request(method: str, sequence: int, extra: str = "", body: str = "", kind: str = "") -> str:
    """A request within the dialog."""
    return _send(f"{method} [next_url] SIP/2.0", sequence, extra, body, kind)


def pause(milliseconds: int) -> str:
    """Wait."""
    return f'<pause milliseconds="{milliseconds}"/>'


def keys(pressed: str) -> str:
    """RFC 4733 events."""
    return f'<nop><action><exec play_dtmf="{pressed}"/></action></nop>'


TRYING = receive(100, optional=True)
ANSWERED = TRYING + receive(180, optional=True) + receive(200) + ack()
REFUSED_ACK = """<send><![CDATA[

ACK sip:4008001000@[remote_ip]:[remote_port] SIP/2.0
[last_Via:]
[last_From:]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>"""


def refused(status: int) -> str:
    """A final response other than 200, and its ACK."""
    return TRYING + receive(status) + REFUSED_ACK


def bye(sequence: int = 2) -> str:
    """Hang up."""
    return request("BYE", sequence) + receive(200)


RINGING_PHONE = """<recv request="INVITE"></recv>
<send><![CDATA[

SIP/2.0 180 Ringing
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port]>
Content-Length: 0

]]></send>
<recv request="CANCEL"></recv>
<send><![CDATA[

SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
<send retrans="500"><![CDATA[

SIP/2.0 487 Request Terminated
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
CSeq: [last_cseq_number] INVITE
Content-Length: 0

]]></send>
<recv request="ACK"></recv>"""
