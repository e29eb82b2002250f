"""The way out is what the queue wants and the caller's phone can."""

from __future__ import annotations

import pytest

from ivr.handoff.events import WayOut
from ivr.handoff.way_out import chosen

ABLE = {"allow": "INVITE, ACK, BYE, REFER", "supported": "100rel, replaces"}


@pytest.mark.parametrize(
    ("configured", "headers", "taken"),
    [
        ("bridge", ABLE, "bridge"),
        ("refer", ABLE, "refer"),
        ("refer", {"allow": "INVITE,REFER", "supported": ""}, "blind"),
        ("refer", {"allow": "INVITE,BYE", "supported": "replaces"}, "bridge"),
        ("blind", ABLE, "blind"),
        ("blind", {"allow": "INVITE"}, "bridge"),
        ("blind", {}, "blind"),
        ("refer", {"supported": "Replaces"}, "refer"),
    ],
)
def test_way_out(configured: WayOut, headers: dict[str, str], taken: WayOut) -> None:
    assert chosen(configured, headers) == taken
