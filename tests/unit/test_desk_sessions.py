"""The order desk as a call sees it: what it remembers of a call, and for how long."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.desk import Desk
from ivr.desk_answers import late_by
from order_lookup import Decision, SqlOrderSystem
from order_lookup.database import open_engine
from order_lookup.tables import Callback, Ticket
from order_lookup.words import Intent

NUMBER = "13800004567"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'orders.db'}"


@pytest.fixture
async def system(url: str) -> AsyncIterator[SqlOrderSystem]:
    made = await SqlOrderSystem.open(url)
    yield made
    await made.close()


@pytest.mark.parametrize(("minutes", "said"), [(25, 25), (89, 89), (119, 60), (1921, 1920), (4 * 1440 + 300, 4 * 1440)])
def test_lateness_is_told_as_one_says_it(minutes: int, said: int) -> None:
    decided = Decision(Intent.ORDER_STATUS, None, "status_late", facts={"minutes_late": minutes})
    assert late_by(decided) == timedelta(minutes=said)


async def test_what_is_done_after_the_end_is_done_and_nothing_is_remembered(system: SqlOrderSystem, url: str) -> None:
    desk = Desk(system, "Asia/Shanghai")
    await desk.look_up("c1", "caller", {"phone": NUMBER})
    assert set(desk._sessions) == {"c1"}
    await desk.contact("c1", "handoff_abandoned", {"intent": "refund_request"})
    assert desk._sessions == {}
    arguments = {"queue": "senior", "phone": NUMBER}
    assert (await desk.act("c1", "callback", "refund_request", arguments)).outcome == "done"
    assert (await desk.act("c1", "ticket", "refund_request", {"summary": "gone", "phone": NUMBER})).outcome == "done"
    assert (await desk.act("c1", "survey", "refund_request", {"score": 5})).outcome == "done"
    assert desk._sessions == {}
    with Session(open_engine(url)) as session:
        assert [(row.phone, row.queue) for row in session.scalars(select(Callback))] == [(NUMBER, "senior")]
        assert [row.phone for row in session.scalars(select(Ticket))] == [NUMBER]


async def test_during_the_call_a_promise_is_the_caller_s_whose_number_was_looked_up(
    system: SqlOrderSystem, url: str
) -> None:
    desk = Desk(system, "Asia/Shanghai")
    await desk.look_up("c1", "caller", {"phone": NUMBER})
    await desk.act("c1", "callback", "agent", {"phone": "13911112222"})
    with Session(open_engine(url)) as session:
        assert session.scalars(select(Callback)).one().phone == NUMBER
