"""The bell that wakes the phone."""

from __future__ import annotations

from ivr.telephony.doorbell import Doorbell


def test_a_bell_at_an_address_that_nothing_can_be_sent_to_is_no_fault() -> None:
    """The phone itself says in one line what is wrong with its address; a machine without a route ended in a traceback before."""
    bell = Doorbell("255.255.255.255", 9)
    bell.ring()
    bell.close()
