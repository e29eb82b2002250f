"""Headers of the agent's INVITE: by the RFCs, bounded, and never more than one line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import PhoneError
from ivr.handoff.headers import MAX_TOTAL_BYTES, bounded, call_id_of, case_headers, user_to_user


def test_case_headers() -> None:
    assert case_headers("c-1", "https://desk/calls/c-1", "+8613800004567", trusted=True) == {
        "User-to-User": "632d31;encoding=hex",
        "Call-Info": "<https://desk/calls/c-1>;purpose=info",
        "P-Asserted-Identity": "<tel:+8613800004567>",
    }


def test_caller_is_not_told_to_an_untrusted_trunk() -> None:
    assert "P-Asserted-Identity" not in case_headers("c-1", caller="13800004567")


@pytest.mark.parametrize("caller", ["anonymous", "", "1\r\nX: y", "<tel:1>", "13800004567>;x=y"])
def test_only_a_number_is_asserted(caller: str) -> None:
    assert "P-Asserted-Identity" not in case_headers("c-1", caller=caller, trusted=True)


@given(st.text(min_size=1, max_size=40))
def test_call_id_comes_back(call_id: str) -> None:
    value = user_to_user(call_id)
    assert call_id_of(value) == call_id
    assert value.isascii()
    assert "\n" not in value


@pytest.mark.parametrize("call_id", ["", "x" * 129])
def test_call_id_of_a_wrong_size_is_refused(call_id: str) -> None:
    with pytest.raises(PhoneError):
        user_to_user(call_id)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "http://desk/\r\nX-Evil: 1", "http://desk/a b", "http://desk/<x>"]
)
def test_url_that_could_break_out_is_refused(url: str) -> None:
    with pytest.raises(PhoneError):
        case_headers("c-1", url)


@pytest.mark.parametrize("value", ["a\rb", "a\nb", "a\x00b", "a\x7fb", "x" * 513])
def test_value_that_must_not_go_onto_the_wire_is_refused(value: str) -> None:
    with pytest.raises(PhoneError):
        bounded({"X-Case": value})


@pytest.mark.parametrize("value", ["x" * 512, "a b", "ü" * 256])
def test_a_line_with_blanks_and_of_512_bytes_is_a_value(value: str) -> None:
    assert bounded({"X-Case": value}) == {"X-Case": value}


@pytest.mark.parametrize("call_id", ["x", "x" * 128])
def test_call_id_of_the_right_size_is_taken(call_id: str) -> None:
    assert call_id_of(user_to_user(call_id)) == call_id


def test_room_of_an_invite_is_kept() -> None:
    # name + ": " + value + CRLF: four headers of 500 bytes on the wire fill it to the last byte
    full = {f"X-{number}": "x" * (500 - len("X-0: \r\n")) for number in range(MAX_TOTAL_BYTES // 500)}
    assert bounded(full) == full
    with pytest.raises(PhoneError, match="don't fit"):
        bounded({**full, "X-0": full["X-0"] + "x"})


@pytest.mark.parametrize("name", ["", "X Y", "X:", "Ü"])
def test_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(PhoneError):
        bounded({name: "x"})
