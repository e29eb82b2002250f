"""Numbers that may have been meant are worked out beside the event loop: no call stands still for another's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ivr.desk import Desk
from ivr.dialogue.candidates import Candidates
from ivr.dialogue.order_number import OrderPattern, decode, expand
from ivr.events import Hypothesis
from order_lookup import SqlOrderSystem, load_policies
from order_lookup.database import open_engine, upgrade
from order_lookup.numbers import DEFAULT

PATTERN = OrderPattern(12, "", DEFAULT.is_valid)
# Two digits short and four ways to take it: as much to work out as there ever is.
HARD = tuple(
    Hypothesis(text, 0.5)
    for text in ("一一七七六六九九四四", "一七七七六九九九四四", "一一七一六六九六四四", "七一七七六六九九四")
)


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[SqlOrderSystem]:
    url = f"sqlite:///{tmp_path / 'orders.db'}"
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    system = await SqlOrderSystem.open(url, load_policies())
    yield system
    await system.close()


def test_they_are_worked_out_when_asked_for_and_once() -> None:
    asked: list[str] = []

    def is_valid(number: str) -> bool:
        asked.append(number)
        return DEFAULT.is_valid(number)

    pattern = OrderPattern(12, "", is_valid)
    decoded = decode(HARD, PATTERN, (), "zh")
    candidates = Candidates(decoded, pattern)
    assert asked == []
    assert candidates["candidates"] == expand(decoded, PATTERN)
    before = len(asked)
    assert candidates.get("candidates")
    assert len(asked) == before
    assert dict(candidates) == {"candidates": candidates["candidates"]}


async def test_the_loop_goes_on_while_numbers_are_worked_out(system: SqlOrderSystem) -> None:
    desk = Desk(system, "Asia/Shanghai")
    decoded = decode(HARD, PATTERN, (), "zh")
    began = time.process_time()
    expand(decoded, PATTERN)
    assert time.process_time() - began > 0.03, "not hard enough to show anything"
    await desk.look_up("call", "existing_orders", {"candidates": ()})  # the first query opens the database
    stalls = [await _longest_stall(desk, Candidates(decoded, PATTERN)) for _ in range(3)]
    assert min(stalls) < 0.02


async def _longest_stall(desk: Desk, candidates: Candidates) -> float:
    """The most this process worked between two turns of the loop: processor time, so a busy machine doesn't count."""
    looking = asyncio.create_task(desk.look_up("call", "existing_orders", candidates))
    longest, last = 0.0, time.process_time()
    while not looking.done():
        await asyncio.sleep(0.001)
        now = time.process_time()
        longest, last = max(longest, now - last), now
    await looking
    return longest
