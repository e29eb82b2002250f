"""When the robot has seen to what the caller wanted, and when something is still open."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ivr.matters import Matters

Happening = tuple[str, ...]


def matters(*happenings: Happening) -> Matters:
    """`wanted INTENT`, `decided OUTCOME [declined]`, `acted ACTION OUTCOME`, `human`."""
    made = Matters()
    for happening in happenings:
        match happening:
            case ("wanted", intent):
                made.wanted(intent)
            case ("decided", outcome, *rest):
                made.decided(outcome, bool(rest))
            case ("acted", action, outcome):
                made.acted(action, outcome)
            case _:
                made.left_to_human()
    return made


REFUND: Happening = ("wanted", "refund_request")
STATUS: Happening = ("wanted", "order_status")
OFFER: Happening = ("decided", "offer")


@pytest.mark.parametrize(
    ("happenings", "done"),
    [
        pytest.param([], False, id="wanted nothing"),
        pytest.param([("acted", "freeze_account", "done")], False, id="no matter"),
        pytest.param([("wanted", "refund_policy")], True, id="a question, answered"),
        pytest.param([REFUND, OFFER, ("acted", "refund_full", "done")], True, id="refunded"),
        pytest.param([REFUND, OFFER, ("acted", "refund_full", "failed")], False, id="the ledger says no"),
        pytest.param([REFUND, OFFER, ("acted", "refund_full", "unknown")], False, id="the ledger doesn't know yet"),
        pytest.param([REFUND, OFFER, ("acted", "open_ticket", "done")], False, id="a ticket is work for people"),
        pytest.param([REFUND, ("decided", "refuse")], False, id="refused"),
        pytest.param([("wanted", "delivery_time"), OFFER], True, id="told when it comes, needs nothing more"),
        *(
            pytest.param(
                [REFUND, ("decided", "inform"), ("acted", action, "failed")], True, id=f"{action} changes nothing"
            )
            for action in ("ticket", "open_ticket", "callback", "book_callback", "survey")
        ),
        pytest.param([REFUND, ("decided", "inform")], True, id="nothing to do but to say so"),
        pytest.param([REFUND, OFFER, ("decided", "inform", "declined")], False, id="declined every offer"),
        pytest.param(
            [REFUND, OFFER, ("decided", "offer", "declined"), ("acted", "issue_coupon", "done")],
            True,
            id="second offer",
        ),
        pytest.param([STATUS, OFFER], True, id="told where it is, needs nothing more"),
        pytest.param([STATUS, ("decided", "handoff")], False, id="nobody but a human can say"),
        pytest.param([REFUND, ("human",)], False, id="left to a human"),
        pytest.param(
            [REFUND, ("human",), REFUND, OFFER, ("acted", "refund_full", "done")],
            True,
            id="came back, and was refunded",
        ),
        pytest.param([REFUND, ("decided", "refuse"), STATUS], False, id="one of two is open"),
        pytest.param([STATUS, REFUND, OFFER, ("acted", "refund_full", "done")], True, id="both done"),
    ],
)
def test_a_call_is_done_when_every_matter_is(happenings: Sequence[Happening], done: bool) -> None:
    assert matters(*happenings).all_done is done
