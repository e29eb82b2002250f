"""A place in the queue while the database refuses: a moment is waited for, then the caller is told that nobody is there."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from ivr.errors import RecordsError
from ivr.handoff import commands as do
from ivr.handoff import events as on
from ivr.ports import NeverClosed
from ivr.transfer.place import UNENTERED_SECONDS, QueuePlace
from tests.unit.handoff.handed_call import FakeQueue


def test_who_cannot_be_written_into_the_queue_does_not_wait_in_vain() -> None:
    """On a full disk callers waited for all of their patience, and nobody could ever be found for them."""
    call: Any = SimpleNamespace(
        call_id="c1", seconds=3.0, case={}, offered=SimpleNamespace(caller="138"),
        services=SimpleNamespace(hours=NeverClosed()),
    )  # fmt: skip
    told = list[on.HandoffEvent]()
    place = QueuePlace(call, FakeQueue(away=4), told.append)
    with pytest.raises(RecordsError):
        asyncio.run(place.enter(do.EnterQueue("general", "", "zh", 5, "asked_for")))
    with pytest.raises(RecordsError):
        asyncio.run(place.reserve(do.ReserveAgent()))
    call.seconds += UNENTERED_SECONDS
    for _ in range(2):
        asyncio.run(place.reserve(do.ReserveAgent()))
    assert [(type(event), getattr(event, "staffed", None)) for event in told] == [(on.NoAgent, False)] * 2
    asyncio.run(place.reserve(do.ReserveAgent()))
    assert isinstance(told[-1], on.AgentReserved), "the database is back"
