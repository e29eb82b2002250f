"""Who may call, and the same as a program for the kernel."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import ConfigError
from ivr.telephony import packet_filter
from ivr.telephony.admission import Admission, Refusal, address, networks, within


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("192.0.2.1:5060", "192.0.2.1"),
        ("192.0.2.1", "192.0.2.1"),
        ("[2001:db8::1]:5060", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("example.org:5060", None),
        ("", None),
    ],
)
def test_the_address_of_a_source(source: str, found: str | None) -> None:
    assert (str(address(source)) if address(source) else None) == found


def test_a_mistake_in_the_list_names_the_key() -> None:
    with pytest.raises(ConfigError, match=r"`sip\.allow`: .*10\.0\.0\.300"):
        networks(["10.0.0.300"], "sip.allow")


def test_who_is_refused_and_with_what() -> None:
    rules = Admission(networks(["10.0.0.0/8"], "k"), callers=2)
    refusals = [
        rules.refusal("10.1.2.3", 0),
        rules.refusal("10.1.2.3", 1),  # behind a trunk all callers come from one address
        rules.refusal("10.1.2.3", 2),
        rules.refusal("11.0.0.1", 0),
        rules.refusal("11.0.0.1", 2),  # no other worker would take it: the edge need not ask
    ]
    assert [refused and refused.status for refused in refusals] == [None, None, 486, 403, 403]


def run(program: bytes, source: int) -> bool:
    """What the kernel does with the program (the four instructions it is made of)."""
    accumulator, step = 0, 0
    while True:
        code, yes, no, constant = struct.unpack_from("=HBBI", program, step * 8)
        step += 1
        match code:
            case packet_filter.LOAD_WORD:
                assert constant == packet_filter.SOURCE_ADDRESS
                accumulator = source
            case packet_filter.AND:
                accumulator &= constant
            case packet_filter.JUMP_IF_EQUAL:
                step += yes if accumulator == constant else no
            case packet_filter.RETURN:
                return constant > 0
            case _:
                raise AssertionError(f"instruction {code:#x}")


def test_a_call_that_the_loop_would_not_answer_is_left_to_another_worker() -> None:
    rules = Admission(networks(["127.0.0.0/8"], "k"), callers=2)
    assert rules.refusal("127.0.0.1", 0, loop_silent_seconds=2.0) is None
    assert rules.refusal("127.0.0.1", 0, loop_silent_seconds=5.0) == Refusal(503, "Service Unavailable")
    assert rules.refusal("192.0.2.1", 0, loop_silent_seconds=5.0) == Refusal(403, "Forbidden")


blocks = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)).map(lambda pair: f"{IPv4Address(pair[0])}/{pair[1]}")


@given(st.lists(blocks, max_size=20), st.integers(0, 2**32 - 1))
def test_the_kernel_decides_as_the_list_does(listed: list[str], source: int) -> None:
    allowed = networks(listed, "k")
    program = packet_filter.program(allowed)
    assert program is not None
    assert run(program, source) is within(str(IPv4Address(source)), allowed)
    for network in allowed:
        assert run(program, int(network.network_address))


def test_too_many_networks_are_left_to_the_answer_403() -> None:
    assert packet_filter.program(networks([f"10.0.{index}.0/24" for index in range(86)], "k")) is None
