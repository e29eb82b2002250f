"""Keys in SIP INFO bodies, as phones write them."""

from __future__ import annotations

import pytest

from ivr.caller import dtmf


@pytest.mark.parametrize("key", "0123456789*#ABCD")
def test_what_is_pressed_is_read_again(key: str) -> None:
    assert dtmf.key(dtmf.relay(key)) == key


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b"Signal=5\r\nDuration=160\r\n", "5"),
        (b"signal = #\nDuration= 100\n", "#"),
        (b"7", "7"),
        (b" * \r\n", "*"),
        (b"", ""),
        (b"Signal=\r\n", ""),
        (b"Signal=12\r\n", ""),
        (b"\xff\xfe", ""),
    ],
)
def test_the_key_is_found_or_none(body: bytes, key: str) -> None:
    assert dtmf.key(body) == key
