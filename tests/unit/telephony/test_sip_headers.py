"""SIP headers in and out, and what an INVITE says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import PhoneError
from ivr.telephony import headers, invitation
from ivr.telephony.admission import networks

INVITE = (
    "INVITE sip:4008001000@192.0.2.1;user=phone SIP/2.0\r\n"
    "v: SIP/2.0/UDP 192.0.2.9\r\n"
    'f: "Li ""x" <sip:+8613800138000:secret@192.0.2.9>;tag=1\r\n'
    "t: <sip:95500@example.org>\r\n"
    "i: abc@192.0.2.9\r\n"
    "P-Asserted-Identity: <tel:+8610000000;cpc=x>\r\n"
    "X-Hotline-Source: 203.0.113.7\r\n"
    "X-Note: one\r\n"
    "X-Long: first\r\n"
    "   second\r\n"
    "x-note: two\r\n"
    "nonsense\r\n"
    "\r\n"
    "v=0\r\n\r\nX-Body: no\r\n"
)
EDGES, TRUSTED = networks(["127.0.0.1"], "k"), networks(["203.0.113.0/24"], "k")


def test_a_message_is_split_into_headers_and_body() -> None:
    found = headers.received(INVITE)
    assert (found["call-id"], found["X-NOTE"], found["X-Long"]) == ("abc@192.0.2.9", "one,two", "first second")
    assert "nonsense" not in found
    assert "X-Body" not in found
    assert headers.body(INVITE).startswith("v=0")


@pytest.mark.parametrize(
    ("address", "user"),
    [
        ("<sip:a@b>", "a"),
        ('"sip:evil@x" <sip:a@b>', "a"),
        (r'"\\" <sip:evil@x> \"" <sip:a@b>', "evil"),
        ("Li <sip:evil@x>, <sip:a@b>", "evil"),
        ("sip:+86139;phone-context=x@b", "+86139"),
        ("SIPS:a:pw@b", "a"),
        ("tel:+8610-123;x=y", "+8610-123"),
        ("<sip:host>", ""),
        ("", ""),
    ],
)
def test_the_user_of_an_address(address: str, user: str) -> None:
    assert headers.user(address) == user


def test_who_calls_is_asserted_only_by_those_we_trust() -> None:
    by_edge = invitation.read(INVITE, "127.0.0.1:5060", "hotline", EDGES, TRUSTED)
    assert (by_edge.caller, by_edge.source) == ("+8610000000", "203.0.113.7")
    direct = invitation.read(INVITE, "192.0.2.9:5060", "hotline", EDGES, TRUSTED)
    assert (direct.caller, direct.source, direct.call_id) == ("+8613800138000", "192.0.2.9", "abc@192.0.2.9")


def test_a_number_that_nobody_asserts_may_count_as_unknown() -> None:
    by_edge = invitation.read(INVITE, "127.0.0.1:5060", "hotline", EDGES, TRUSTED, asserted_only=True)
    direct = invitation.read(INVITE, "192.0.2.9:5060", "hotline", EDGES, TRUSTED, asserted_only=True)
    assert (by_edge.caller, direct.caller) == ("+8610000000", "")


def test_the_called_number_is_to_where_the_request_names_our_own_contact() -> None:
    assert invitation.read(INVITE, "192.0.2.9:5060", "hotline", EDGES, ()).called == "4008001000"
    assert invitation.read(INVITE, "192.0.2.9:5060", "4008001000", EDGES, ()).called == "95500"


@given(st.text(max_size=400))
def test_no_message_is_too_strange_to_read(text: str) -> None:
    found = invitation.read(text, text, "hotline", EDGES, TRUSTED)
    assert isinstance(found.caller + found.called + found.source + found.call_id, str)
    message = f"INVITE sip:{text}@x SIP/2.0\r\nFrom: {text}\r\nX-Hotline-Source: {text}\r\n\r\n"
    assert "\n" not in invitation.read(message, "127.0.0.1:1", "hotline", EDGES, TRUSTED).caller


def test_headers_that_may_be_sent() -> None:
    given_headers = {"User-to-User": "6162;encoding=hex", "X-Case": "17 ñ", "Reason": "Q.850;cause=16"}
    assert headers.checked(given_headers) == tuple(given_headers.items())
    assert headers.checked(None) == ()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("X-A", "b\r\nVia: x", "control character"),
        ("X-A", "b\n", "control character"),
        ("X-A", "b\0", "control character"),
        ("X-A: x\r\nVia", "b", "not a SIP token"),
        ("", "b", "not a SIP token"),
        ("Contact", "<sip:evil>", "not one a call may add"),
        ("Content-Length", "0", "not one a call may add"),
        ("X-A", "ñ" * 1250, "do not fit"),
    ],
)
def test_headers_that_must_not_be_sent(name: str, value: str, said: str) -> None:
    with pytest.raises(PhoneError, match=said):
        headers.checked({name: value})


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=40), max_size=4))
def test_nothing_sent_can_begin_a_line_of_its_own(given_headers: dict[str, str]) -> None:
    try:
        pairs = headers.checked(given_headers)
    except PhoneError:
        return
    assert not any(letter in name + value for name, value in pairs for letter in "\r\n\0")


def test_uris_that_may_be_called() -> None:
    assert headers.checked_uri("sip:mei@192.0.2.1:5060;transport=tcp")
    for uri in ("", "mei", "tel:112", "http://x", "sip:a b@c", "sip:a@b>", "sip:a@b\r\nX: y", "sip:" + "a" * 300):
        with pytest.raises(PhoneError):
            headers.checked_uri(uri)


def test_context_is_asked_for_in_the_refer_to_uri() -> None:
    asked = headers.with_headers("sip:a@b", (("User-to-User", "61;encoding=hex"), ("X-Name", "李 &=?>")))
    assert asked == "<sip:a@b?User-to-User=61%3Bencoding%3Dhex&X-Name=%E6%9D%8E%20%26%3D%3F%3E>"
    assert headers.with_headers("sip:a@b", ()) == "<sip:a@b>"


def test_a_display_name_stays_within_its_quotes() -> None:
    assert headers.display_name('Li "W"\\\r\n <sip:x>') == '"Li \\"W\\"\\\\ <sip:x>"'
