"""SIP text to values and back, digest answers, session descriptions."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ivr.caller import sdp
from ivr.caller.digest import Credentials, answer
from ivr.caller.message import (
    Headers,
    MalformedMessage,
    Request,
    Response,
    named,
    parse,
    parse_address,
    parse_uri,
    sip_uri,
    split,
    with_headers,
)
from ivr.errors import UserError

INVITE = (
    b"INVITE sip:hotline@example.com SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKa, SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKb\r\n"
    b'f: "Li, Ming" <sip:li@example.com>;tag=7\r\n'
    b"Subject: two\r\n lines\r\n"
    b"CSeq: 1 INVITE\r\nl: 4\r\n\r\nbodyrest"
)


def test_compact_names_folds_lists_and_length_are_understood() -> None:
    message = parse(INVITE)
    assert isinstance(message, Request)
    assert len(message.headers.all("Via")) == 2
    assert message.headers.get("subject") == "two lines"
    assert parse_address(message.headers.get("From")).name == "Li, Ming"
    assert parse_address(message.headers.get("From")).tag == "7"
    assert message.body == b"body"


def test_a_message_comes_back_as_it_went_out() -> None:
    sent = Response(486, "Busy Here", Headers((("To", "<sip:a@b>"), ("CSeq", "2 INVITE"))), "忙".encode())
    received = parse(sent.encode())
    assert isinstance(received, Response)
    assert (received.status, received.reason, received.body) == (486, "Busy Here", sent.body)


@pytest.mark.parametrize("name", ["", "Li, Ming", '"><img src=x onerror=alert(1)>', "back\\slash", 'ends with \\"'])
def test_a_name_comes_back_as_it_was_given(name: str) -> None:
    address = parse_address(named(name, "sip:li@example.com") + ";tag=7")
    assert (address.name, address.uri, address.tag) == (name, "sip:li@example.com", "7")


def test_a_value_cannot_begin_a_header_of_its_own() -> None:
    sent = Request("BYE", "sip:a@b", Headers((("Reason", "x\r\nRoute: <sip:evil>"),)))
    assert parse(sent.encode()).headers.get("Route") == ""


@given(some.binary(max_size=400))
def test_no_garbage_raises_anything_else(data: bytes) -> None:
    try:
        parse(b"INVITE sip:a SIP/2.0\r\n" + data)
    except MalformedMessage:
        return


@given(some.text(alphabet='a,"<>\\;', max_size=300))
def test_splitting_is_quick_and_loses_no_letter(value: str) -> None:
    assert "".join(split(value)).count("a") == value.count("a")


def test_uris_are_taken_apart() -> None:
    uri = parse_uri("sip:hotline:secret@[::1]:5070;transport=TCP?x=y")
    assert (uri.user, uri.host, uri.port, uri.transport) == ("hotline", "::1", 5070, "tcp")
    assert sip_uri("hotline@host") == "sip:hotline@host"
    with pytest.raises(UserError, match="sip:hotline@host"):
        sip_uri("tel:110 now")


def test_digest_of_rfc_7616() -> None:
    """RFC 7616 §3.9.1, but for our own cnonce: the response is recomputed from what we sent."""
    challenge = (
        'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    value = answer([challenge], Credentials("Mufasa", "Circle of Life"), "GET", "/dir/index.html")
    assert value
    cnonce = re.search(r'cnonce="(\w+)"', value)
    assert cnonce
    # HA1 and HA2 as printed in errata 4897 for SHA-256.
    one = "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232"
    two = hashlib.sha256(b"GET:/dir/index.html").hexdigest()
    secret = f"{one}:7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v:00000001:{cnonce[1]}:auth:{two}"
    assert f'response="{hashlib.sha256(secret.encode()).hexdigest()}"' in value


def test_digest_of_rfc_2069_without_qop() -> None:
    challenge = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'
    value = answer([challenge], Credentials("Mufasa", "CircleOfLife"), "GET", "/dir/index.html")
    assert value
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in value


def test_a_scheme_we_do_not_know_is_not_answered() -> None:
    assert answer(['Bearer realm="x"'], Credentials("a", "b"), "INVITE", "sip:a") is None


OFFER = b"v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\na=sendonly\r\nm=audio 4000 RTP/AVP 18 8 96\r\n"
EVENTS = b"a=rtpmap:96 telephone-event/8000\r\n"


def test_an_offer_is_answered_with_the_first_codec_in_common() -> None:
    remote = sdp.parse(OFFER + EVENTS)
    answered = sdp.answer(remote, "127.0.0.1", 5000, ("PCMU", "PCMA"))
    assert answered
    assert (answered.codecs, answered.events) == (((8, "PCMA"),), 96)


@pytest.mark.parametrize(
    ("theirs", "ours"), [("sendonly", "recvonly"), ("inactive", "inactive"), ("sendrecv", "sendrecv")]
)
def test_hold_is_mirrored(theirs: str, ours: str) -> None:
    remote = sdp.parse(OFFER + f"a={theirs}\r\n".encode())
    answered = sdp.answer(remote, "127.0.0.1", 5000, ("PCMA",))
    assert answered
    assert answered.direction == ours
    assert remote.held is (theirs != "sendrecv")


def test_old_hold_by_a_zero_address_is_hold() -> None:
    assert sdp.parse(OFFER.replace(b"c=IN IP4 10.0.0.9", b"c=IN IP4 0.0.0.0")).held


def test_no_common_codec_and_no_audio() -> None:
    assert sdp.answer(sdp.parse(OFFER), "127.0.0.1", 5000, ("PCMU",)) is None
    with pytest.raises(MalformedMessage):
        sdp.parse(b"v=0\r\nm=video 4000 RTP/AVP 96\r\n")


def test_transfer_brings_only_headers_that_say_whom_and_why() -> None:
    asked = (
        "sip:li@h:5060?Replaces=a%40b%3Bto-tag%3D1&User-to-User=61%3Bencoding%3Dhex&Via=x&X-Case=1%0D%0AFrom%3A%20me"
    )
    bare, brought = with_headers(asked)
    assert bare == "sip:li@h:5060"
    assert dict(brought) == {
        "Replaces": "a@b;to-tag=1",
        "User-to-User": "61;encoding=hex",
        "X-Case": "1 From: me",
    }
