"""The telephone against SIPp: calls that come, go, are held, cancelled, refused, lost, or garbage."""

from __future__ import annotations

import json
import socket
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.telephony import scenarios as sip
from tests.integration.telephony.peers import (
    OPTIONS,
    SILENCE_SECONDS,
    Peer,
    Robot,
    Sipp,
    answer_to,
    bystander,
    robot,
    until,
)

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def phone() -> Iterator[Robot]:
    """One telephone for all of these calls; it must survive them, and answers by itself."""
    with robot(lost_media_seconds=1) as own:
        yield own


def offered(phone: Robot, known: int) -> dict[str, object]:
    return phone.wait("CallOffered", after=known)


def count(phone: Robot) -> int:
    """The calls so far; an order goes there and back first, so that none of an earlier test is still on its way."""
    phone.order("stop", 0)
    return len(phone.all("CallOffered"))


def silence(folder: Path, seconds: float) -> Path:
    """A silent prompt."""
    file = folder / f"{seconds}.wav"
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(bytes(int(seconds * 8000) * 2))
    return file


def test_a_call_is_offered_with_its_headers_and_answered(phone: Robot, tmp_path: Path) -> None:
    known = count(phone)
    extra = "User-to-User: 6162;encoding=hex\nX-Note: one\nX-Note: two\nP-Asserted-Identity: <sip:boss@example.org>"
    Sipp(tmp_path, sip.invite(extra) + sip.ANSWERED + sip.pause(200) + sip.bye(), phone.port).succeeds()
    call = offered(phone, known)
    assert (call["caller"], call["called"], call["source"]) == ("+8613800138000", "4008001000", "127.0.0.1")
    assert call["headers"]["user-to-user"] == "6162;encoding=hex"
    assert call["headers"]["x-note"] == "one,two"
    assert phone.wait("LegAnswered", leg=call["leg"])["codec"] == "PCMU"
    ended = phone.wait("LegEnded", leg=call["leg"])
    assert (ended["status"], ended["by_far_end"]) == (200, True)


def test_keys_by_rfc_4733(phone: Robot, tmp_path: Path) -> None:
    known = count(phone)
    call = Sipp(tmp_path, sip.invite() + sip.ANSWERED + sip.keys("42*") + sip.expect("BYE"), phone.port)
    leg = offered(phone, known)["leg"]
    phone.wait("DigitHeard", leg=leg, key="*")
    time.sleep(0.5)  # each key is sent many times over, and counts once
    phone.order("hang_up", leg)
    call.succeeds()
    phone.wait("LegEnded", leg=leg)
    assert [event["key"] for event in phone.all("DigitHeard", leg=leg)] == ["4", "2", "*"]


def test_keys_by_info(phone: Robot, tmp_path: Path) -> None:
    known = count(phone)
    relay = sip.request("INFO", 2, body="Signal=7\nDuration=160", kind="application/dtmf-relay") + sip.receive(200)
    # pjsip knows no application/dtmf and says 500; the key counts all the same.
    plain = sip.request("INFO", 3, body="#", kind="application/dtmf") + sip.receive(500)
    Sipp(tmp_path, sip.invite() + sip.ANSWERED + relay + plain + sip.bye(4), phone.port).succeeds()
    leg = offered(phone, known)["leg"]
    phone.wait("LegEnded", leg=leg)
    assert [event["key"] for event in phone.all("DigitHeard", leg=leg)] == ["7", "#"]


@pytest.mark.parametrize("direction", ["sendonly", "inactive"])
def test_a_prompt_waits_while_on_hold(phone: Robot, tmp_path: Path, direction: str) -> None:
    known = count(phone)
    hold = sip.invite(sequence=2, direction=direction) + sip.TRYING + sip.receive(200) + sip.ack(2) + sip.pause(1500)
    back = sip.invite(sequence=3) + sip.TRYING + sip.receive(200) + sip.ack(3) + sip.pause(2000)
    call = Sipp(tmp_path, sip.invite() + sip.ANSWERED + sip.pause(500) + hold + back + sip.bye(4), phone.port)
    leg = offered(phone, known)["leg"]
    phone.wait("LegAnswered", leg=leg)
    play = phone.ordered("play", leg, silence(tmp_path, 0.9))
    held = phone.wait("LegHeld", leg=leg)["at"]
    resumed = phone.wait("LegResumed", leg=leg)["at"]
    ended = phone.wait("PlaybackFinished", playback=play["value"])["at"]
    waited = resumed - max(held, play["at"])
    assert waited > 0.5
    # 0.9 s of prompt, and the time on hold on top; a machine that is busy may take longer, never less.
    assert 0.9 + waited - 0.3 < ended - play["at"] < 0.9 + waited + 5
    assert ended > resumed
    call.succeeds()


def test_an_incoming_refer_is_refused(phone: Robot, tmp_path: Path) -> None:
    known = count(phone)
    refer = sip.request("REFER", 2, "Refer-To: <sip:0900123456@127.0.0.1>") + sip.receive(603)
    Sipp(tmp_path, sip.invite() + sip.ANSWERED + refer + sip.bye(3), phone.port).succeeds()
    phone.wait("LegEnded", leg=offered(phone, known)["leg"])


def test_garbage_is_survived(phone: Robot, tmp_path: Path) -> None:
    invite = OPTIONS.replace("OPTIONS", "INVITE")
    for packet in ("\0\xff" * 700, "INVITE", "\n\n\n\n", invite.replace("CSeq: 1", "CSeq: x"), invite * 40):
        answer_to(packet, phone.port, within=0.1)  # whatever it says, if anything
    assert answer_to(invite.replace("Length: 0\n\n", "Length: 3\n\nv=x"), phone.port).split()[1] in (
        "400",
        "415",
        "488",
    )
    with socket.create_connection(("127.0.0.1", phone.port), 1) as stream:
        stream.sendall(b"\x16\x03\x01GET / HTTP/1.1\r\n\r\n" * 50)
    assert "200" in answer_to(OPTIONS, phone.port)
    Sipp(tmp_path, sip.invite() + sip.ANSWERED + sip.bye(), phone.port).succeeds()


def test_dried_up_rtp_is_told_and_the_call_can_be_ended_with_a_reason(phone: Robot, tmp_path: Path) -> None:
    known = count(phone)
    call = Sipp(tmp_path, sip.invite() + sip.ANSWERED + sip.expect("BYE"), phone.port)
    leg = offered(phone, known)["leg"]
    assert 1 <= phone.wait("MediaLost", leg=leg)["silent_seconds"] < 10
    phone.order("hang_up", leg, {"Reason": 'SIP;cause=408;text="media lost"'})
    ended = phone.wait("LegEnded", leg=leg)
    assert (ended["status"], ended["by_far_end"]) == (200, False)
    call.succeeds()


def test_an_offer_of_ours_that_is_never_answered_is_lost_media(phone: Robot, tmp_path: Path) -> None:
    known = count(phone)
    call = Sipp(tmp_path, sip.bare_invite() + sip.ANSWERED + sip.expect("BYE"), phone.port)
    leg = offered(phone, known)["leg"]
    assert 1 <= phone.wait("MediaLost", leg=leg)["silent_seconds"] < 10
    phone.order("hang_up", leg)
    assert phone.wait("LegEnded", leg=leg)["status"] == 200
    call.succeeds()


def test_orders_wake_the_phone_where_it_waits_for_packets(tmp_path: Path) -> None:
    with robot(poll_ms=20_000) as sleeper:
        call = Sipp(tmp_path, sip.invite() + sip.ANSWERED + sip.expect("BYE"), sleeper.port)
        leg = sleeper.wait("LegAnswered", within=10)["leg"]
        sleeper.order("hang_up", leg)
        assert sleeper.wait("LegEnded", within=10, leg=leg)["status"] == 200
        call.succeeds()


def test_the_fifth_call_is_told_busy_and_the_slots_come_back(phone: Robot, tmp_path: Path) -> None:
    known = count(phone)
    talk = sip.invite() + sip.ANSWERED + sip.expect("BYE")
    for round_ in (1, 2):
        four = Sipp(tmp_path, talk, phone.port, calls=4)
        until(lambda round_=round_: count(phone) == known + 4 * round_)
        legs = [call["leg"] for call in phone.all("CallOffered")[-4:]]
        for leg in legs:
            phone.wait("LegAnswered", leg=leg)
        Sipp(tmp_path, sip.invite() + sip.refused(486), phone.port).succeeds()
        own = phone.order("dial", "sip:agent@127.0.0.1:9")
        assert phone.wait("LegEnded", leg=own)["status"] == 503
        for leg in legs:
            phone.order("hang_up", leg)
        four.succeeds()
        for leg in legs:
            phone.wait("LegEnded", leg=leg)


@pytest.mark.parametrize(("places", "allow", "status"), [(1, ["127.0.0.0/8"], "486"), (2, ["10.0.0.0/8"], "403")])
def test_an_invite_without_an_offer_is_refused_and_harms_no_call(places: int, allow: list[str], status: str) -> None:
    """Quite legal (RFC 3261 §13.2.1), and it ended the process with every call in it."""
    invite = OPTIONS.replace("OPTIONS", "INVITE").replace("User-Agent", "Contact: <sip:a@SOURCE:PORT>\nUser-Agent")
    with bystander(callers=places, allow=allow, answer=True) as full:
        if status == "486":
            assert "100" in answer_to(invite, full.port)
            full.wait("CallOffered")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.bind(("127.0.0.1", 0))
            own.settimeout(15)
            sent = invite.replace("PORT", str(own.getsockname()[1])).replace("SOURCE", "127.0.0.1")
            own.sendto(sent.replace("\n", "\r\n").encode(), ("127.0.0.1", full.port))
            while status not in (said := own.recv(4096).decode().split("\r\n")[0]):
                assert "100 Trying" in said
        assert "200 OK" in answer_to(OPTIONS, full.port)
        assert full.process.poll() is None


def test_an_unanswered_call_is_cancelled_or_rejected(tmp_path: Path) -> None:
    cancel = """<send><![CDATA[

CANCEL sip:4008001000@[remote_ip]:[remote_port] SIP/2.0
[last_Via:]
[last_From:]
To: <sip:4008001000@127.0.0.1>
Call-ID: [call_id]
CSeq: 1 CANCEL
Max-Forwards: 70
Content-Length: 0

]]></send>"""
    given_up = sip.invite() + sip.receive(100) + sip.pause(300) + cancel + sip.receive(200)
    with robot(answer=False, callers=1) as phone:
        Sipp(tmp_path, given_up + sip.receive(487) + sip.REFUSED_ACK, phone.port).succeeds()
        assert phone.wait("LegEnded", leg=1)["status"] == 487
        refused = Sipp(tmp_path, sip.invite() + sip.refused(603), phone.port)
        leg = phone.wait("CallOffered", after=1)["leg"]
        # The one place for a caller is taken by a call that is only offered.
        Sipp(tmp_path, sip.invite() + sip.refused(486), phone.port).succeeds()
        phone.order("reject", leg, 603, "Not Now")
        refused.succeeds()
        assert phone.wait("LegEnded", leg=leg)["by_far_end"] is False
        phone.order("hang_up", leg)
        assert not phone.all("LegAnswered")


def test_a_call_we_place_is_given_up_while_it_rings(phone: Robot, tmp_path: Path) -> None:
    # The INVITE is sent again until SIPp has started.
    ringing = Sipp(tmp_path, sip.RINGING_PHONE, phone.port)
    leg = phone.order("dial", f"sip:agent@127.0.0.1:{ringing.port}")
    phone.wait("LegRinging", leg=leg)
    phone.order("hang_up", leg)
    assert phone.wait("LegEnded", leg=leg)["status"] == 487
    ringing.succeeds()


def test_what_must_not_be_sent_is_refused(phone: Robot) -> None:
    assert "control character" in phone.refuses("dial", "sip:a@127.0.0.1", {"X-A": "b\r\nVia: evil"})
    assert "not a SIP token" in phone.refuses("dial", "sip:a@127.0.0.1", {"X A\r\n": "b"})
    assert "not one a call may add" in phone.refuses("dial", "sip:a@127.0.0.1", {"Route": "<sip:evil>"})
    assert "do not fit" in phone.refuses("dial", "sip:a@127.0.0.1", {"X-A": "b" * 2500})
    assert "not a SIP URI" in phone.refuses("dial", "sip:a@127.0.0.1>\r\nX: y")
    assert "of more than 256 bytes" in phone.refuses("dial", "sip:" + "a" * 260)


def test_nobody_answers_a_dead_address(phone: Robot) -> None:
    leg = phone.order("dial", "sip:a@127.0.0.1:9;transport=tcp")
    assert phone.wait("LegEnded", leg=leg)["status"] >= 408


def test_strangers_find_nothing_and_who_has_no_place_left_says_so(tmp_path: Path) -> None:
    with robot(allow=["127.0.0.1", "10.0.0.0/8"], callers=1) as phone:
        assert answer_to(OPTIONS, phone.port, "127.0.0.2", SILENCE_SECONDS) == ""
        assert answer_to(OPTIONS.replace("OPTIONS", "INVITE"), phone.port, "127.0.0.2", SILENCE_SECONDS) == ""
        with pytest.raises(TimeoutError):
            socket.create_connection(("127.0.0.1", phone.port), 0.5, ("127.0.0.2", 0))
        assert "200" in answer_to(OPTIONS, phone.port)
        call = Sipp(tmp_path, sip.invite() + sip.ANSWERED + sip.expect("BYE"), phone.port)
        leg = phone.wait("LegAnswered")["leg"]
        Sipp(tmp_path, sip.invite() + sip.refused(486), phone.port).succeeds()
        assert count(phone) == 1
        phone.order("hang_up", leg)
        call.succeeds()


def test_a_call_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with robot(max_call_seconds=1) as phone:
        Sipp(tmp_path, sip.invite() + sip.ANSWERED + sip.expect("BYE"), phone.port).succeeds()
        assert phone.wait("LegEnded")["reason"] == "call too long"


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        ({}, "can't be opened: Address already in use"),
        ({"port": 15198, "codecs": ["PCMU", "opus"]}, "unknown codec `opus` — allowed: PCMU, PCMA, G722"),
        ({"port": 15198, "address": "192.0.2.1"}, "can't be opened: Cannot assign requested address"),
        ({"port": 15198, "allow": ["10.0.0.0/99"]}, "`sip.allow`: '10.0.0.0/99'"),
    ],
)
def test_a_persons_mistake_is_one_clear_line(phone: Robot, mistake: dict[str, object], said: str) -> None:
    second = Peer("robot.py", json.dumps({"port": phone.port, "rtp_port": 25990, **mistake}))
    assert second.process.wait(60) == 2
    assert said in until(lambda: second.all("Raised"))[0]["what"]
