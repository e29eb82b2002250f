"""Reserving agents in a real database: rank, exclusion, races, leases. SQLite here; PostgreSQL in the integration tests."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from ivr.config import AgentSettings
from ivr.ports import Caller, Place, Reservation
from ivr.records.agents import draft_wrap_up, enrol, finish_wrap_up, set_state
from ivr.records.database import open_database
from ivr.records.holding import HUNG_SECONDS, LEASE_SECONDS
from ivr.records.processes import lives_here, own_name
from ivr.records.queue import SqlQueue
from ivr.records.staff import AccountRow
from ivr.records.tables import AgentRow, HandoffRow, WrapUpRow


class Clock:
    """A clock the test turns."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(tmp_path: Path, clock: Clock) -> Engine:
    engine = open_database(f"sqlite:///{tmp_path / 'hotline.db'}")
    anna = AgentSettings(name="anna", uri="sip:anna@10.0.0.9")
    enrol(engine, (anna, AgentSettings(name="bert", uri="sip:bert@10.0.0.9", queues=("after_sales",))))
    return engine


async def test_whose_account_is_disabled_is_not_rung_whatever_their_state(engine: Engine, clock: Clock) -> None:
    """Who is disabled in the middle of a call is available again after its wrap-up."""
    anna = agent(engine, "anna")
    with Session(engine) as session, session.begin():
        account = AccountRow(
            name="anna", role="agent", password_hash="", created_at=0.0, agent_id=anna.id, disabled=True
        )
        session.add(account)
    queue = SqlQueue(engine, "worker", clock)
    number = await queue.enter("c-1", "general", "", "zh", 5, "agent")
    assert isinstance(await queue.reserve(number), Place)
    with Session(engine) as session, session.begin():
        session.execute(update(AccountRow).values(disabled=False))
    assert isinstance(await queue.reserve(number), Reservation)


async def test_a_slow_worker_of_this_machine_is_not_taken_for_dead(engine: Engine, clock: Clock) -> None:
    slow = SqlQueue(engine, own_name("worker-0"), clock)
    number = await slow.enter("c-slow", "general", "", "zh", 5, "agent", Caller("13800004567"))
    assert isinstance(await slow.reserve(number), Reservation)
    clock.now += LEASE_SECONDS * 3
    assert await SqlQueue(engine, "other", clock).reap() == []
    assert (agent(engine, "anna").state, handoff(engine, number).state) == ("ringing", "ringing")
    clock.now += HUNG_SECONDS
    assert [lost.handoff for lost in await SqlQueue(engine, "other", clock).reap()] == [number]
    assert agent(engine, "anna").state == "available"


def started_process() -> tuple[subprocess.Popen[str], str]:
    """A process that lives until it is killed, and its name."""
    program = "from ivr.records.processes import own_name; print(own_name('worker-0'), flush=True); input()"
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", program], stdin=pipe, stdout=pipe, text=True)
    assert process.stdout
    return process, process.stdout.readline().strip()


async def test_a_worker_that_was_killed_is_not_waited_for(engine: Engine, clock: Clock) -> None:
    process, name = started_process()
    assert lives_here(name)
    dead = SqlQueue(engine, name, clock)
    number = await dead.enter("c-dead", "general", "", "zh", 5, "agent", Caller("13800004567"))
    process.kill()
    process.wait()
    assert not lives_here(name)
    clock.now += LEASE_SECONDS + 1
    assert [lost.handoff for lost in await SqlQueue(engine, "other", clock).reap()] == [number]


async def test_a_clock_that_is_set_kills_nobody(engine: Engine, clock: Clock) -> None:
    """An hour forward, or a machine that slept: whoever lives has renewed before anybody is taken for dead."""
    steady = Clock()
    live, dead, console = (SqlQueue(engine, name, clock, steady=steady) for name in ("worker-0", "worker-1", "console"))
    number = await live.enter("c-live", "general", "", "zh", 5, "agent", Caller("13800004567"))
    lost = await dead.enter("c-dead", "general", "", "zh", 5, "agent", Caller("13800004568"))
    assert isinstance(await live.reserve(number), Reservation)
    assert await console.reap() == []
    clock.now += 3600
    assert await console.reap() == []
    for _ in range(round(HUNG_SECONDS) + 2):
        clock.now, steady.now = clock.now + 1, steady.now + 1
        await live.heartbeat()
        reaped = await console.reap()
    assert [each.handoff for each in reaped] == [lost]
    assert (agent(engine, "anna").state, handoff(engine, number).state) == ("ringing", "ringing")


def test_a_clock_that_is_set_makes_no_process_another(monkeypatch: pytest.MonkeyPatch) -> None:
    name = own_name("worker-0")
    since = psutil.Process.create_time
    monkeypatch.setattr(psutil.Process, "create_time", lambda process: since(process) + 3600)
    assert lives_here(name)


def test_a_name_of_another_machine_or_of_nobody_lives_not_here() -> None:
    name = own_name("worker-0")
    assert lives_here(name)
    assert len(name) <= 64
    for other in (name[:-1], name.replace("@", "@far-away-"), "worker-0", ""):
        assert not lives_here(other)


def agent(engine: Engine, name: str) -> AgentRow:
    with Session(engine) as session:
        return session.scalars(select(AgentRow).where(AgentRow.name == name)).one()


def handoff(engine: Engine, number: int) -> HandoffRow:
    with Session(engine) as session:
        return session.get_one(HandoffRow, number)


async def enter(queue: SqlQueue, call_id: str, priority: int = 5, **who: bool) -> int:
    return await queue.enter(call_id, "general", "", "zh", priority, "refund", Caller("13800004567", **who), {"a": 1})


async def test_free_agent_is_reserved_and_rung(engine: Engine, clock: Clock) -> None:
    queue = SqlQueue(engine, "w1", clock)
    number = await enter(queue, "c1")
    assert await queue.reserve(number) == Reservation("anna", "sip:anna@10.0.0.9", "zh")
    assert (agent(engine, "anna").state, agent(engine, "anna").call_id) == ("ringing", "c1")
    assert handoff(engine, number).state == "ringing"


async def test_second_caller_waits_and_hears_the_place(engine: Engine, clock: Clock) -> None:
    queue = SqlQueue(engine, "w1", clock)
    await queue.reserve(await enter(queue, "c1"))
    assert await queue.reserve(await enter(queue, "c2")) == Place(1, 240.0, True)
    assert await queue.reserve(await enter(queue, "c3")) == Place(2, 480.0, True)


async def test_higher_ranked_call_of_another_worker_gets_the_agent(engine: Engine, clock: Clock) -> None:
    one, other = SqlQueue(engine, "w1", clock), SqlQueue(engine, "w2", clock)
    common = await enter(one, "c1")
    clock.now += 10
    elder = await enter(other, "c2", elder=True)
    assert isinstance(await one.reserve(common), Place)
    assert isinstance(await other.reserve(elder), Reservation)


async def test_call_that_does_not_ask_holds_nobody_up(engine: Engine, clock: Clock) -> None:
    queue = SqlQueue(engine, "w1", clock)
    await enter(queue, "c1", priority=0)
    clock.now += 5
    assert isinstance(await queue.reserve(await enter(queue, "c2")), Reservation)


async def test_unstaffed_queue_is_told(engine: Engine, clock: Clock) -> None:
    queue = SqlQueue(engine, "w1", clock)
    with Session(engine) as session, session.begin():
        assert set_state(session, agent(engine, "anna").id, "away", "lunch", clock())
    assert await queue.reserve(await enter(queue, "c1")) == Place(1, None, False)


async def test_excluded_and_resting_agents_are_not_rung(engine: Engine, clock: Clock) -> None:
    queue = SqlQueue(engine, "w1", clock)
    number = await enter(queue, "c1")
    assert isinstance(await queue.reserve(number, ("anna",)), Place)
    await queue.reserve(number)
    await queue.release(number, "anna", "available", "declined", 15.0)
    assert handoff(engine, number).state == "waiting"
    assert isinstance(await queue.reserve(number), Place)
    clock.now += 15
    assert isinstance(await queue.reserve(number), Reservation)


async def test_talk_wrap_up_and_free_again(engine: Engine, clock: Clock) -> None:
    queue = SqlQueue(engine, "w1", clock)
    number = await enter(queue, "c1")
    await queue.reserve(number)
    await queue.connected(number)
    clock.now += 5
    await queue.heartbeat()
    clock.now += 5
    await queue.release(number, "anna", "wrap_up", "talked")
    await queue.release(number, "anna", "available", "late")
    await queue.finish(number, "completed")
    assert agent(engine, "anna").state == "wrap_up"
    assert handoff(engine, number).caller == "13800004567"
    with Session(engine) as session, session.begin():
        assert finish_wrap_up(session, agent(engine, "anna").id, "refund_explained", "all well", False, clock())
        wrap = session.scalars(select(WrapUpRow)).one()
        assert (wrap.disposition, wrap.talk_seconds) == ("refund_explained", 10.0)
    assert agent(engine, "anna").state == "available"
    assert handoff(engine, number).caller == ""


async def test_what_was_written_stands_when_the_time_for_it_runs_out(engine: Engine, clock: Clock) -> None:
    queue = SqlQueue(engine, "w1", clock)
    number = await enter(queue, "c1")
    await queue.reserve(number)
    await queue.connected(number)
    await queue.release(number, "anna", "wrap_up", "talked")
    with Session(engine) as session, session.begin():
        draft_wrap_up(session, agent(engine, "anna").id, "c1", "", "wants a call tomorrow")
    clock.now += 181
    await queue.reap(180.0)
    with Session(engine) as session:
        wrap = session.scalars(select(WrapUpRow)).one()
        assert (wrap.disposition, wrap.note) == ("not_given", "wants a call tomorrow")
        assert wrap.finished_at is not None


async def test_switch_is_refused_while_the_phone_rings(engine: Engine, clock: Clock) -> None:
    queue = SqlQueue(engine, "w1", clock)
    await queue.reserve(await enter(queue, "c1"))
    with Session(engine) as session, session.begin():
        assert not set_state(session, agent(engine, "anna").id, "away", "lunch", clock())
    assert agent(engine, "anna").state == "ringing"


@pytest.mark.parametrize(("talking", "state"), [(False, "available"), (True, "wrap_up")])
async def test_dead_worker_is_noticed_within_ten_seconds(
    engine: Engine, clock: Clock, talking: bool, state: str
) -> None:
    dead, alive = SqlQueue(engine, "w1", clock), SqlQueue(engine, "w2", clock)
    number = await enter(dead, "c1")
    await dead.reserve(number)
    if talking:
        await dead.connected(number)
    clock.now += 5
    assert await alive.reap() == []
    clock.now += 5
    (lost,) = await alive.reap()
    assert (lost.call_id, lost.caller) == ("c1", "13800004567")
    assert agent(engine, "anna").state == state
    assert await alive.reap() == [lost]
    await alive.followed_up(number)
    assert await alive.reap() == []


async def test_heartbeats_keep_a_live_worker_s_calls(engine: Engine, clock: Clock) -> None:
    queue = SqlQueue(engine, "w1", clock)
    number = await enter(queue, "c1")
    await queue.reserve(number)
    await queue.connected(number)
    for _ in range(20):
        clock.now += 2
        await queue.heartbeat()
        assert await queue.reap() == []
    assert agent(engine, "anna").state == "on_call"


async def test_forgotten_wrap_up_ends_by_itself(engine: Engine, clock: Clock) -> None:
    queue = SqlQueue(engine, "w1", clock)
    number = await enter(queue, "c1")
    await queue.reserve(number)
    await queue.connected(number)
    await queue.release(number, "anna", "wrap_up", "talked")
    await queue.finish(number, "completed")
    clock.now += 181
    await queue.reap(180.0)
    assert agent(engine, "anna").state == "available"
    with Session(engine) as session:
        assert session.scalars(select(WrapUpRow.disposition)).one() == "not_given"


async def test_passed_on_call_keeps_its_waiting_time(engine: Engine, clock: Clock) -> None:
    queue = SqlQueue(engine, "w1", clock)
    number = await enter(queue, "c1")
    await queue.reserve(number)
    await queue.connected(number)
    clock.now += 3
    await queue.release(number, "anna", "wrap_up", "passed_on")
    assert await queue.enter("c1", "after_sales", "", "zh", 4, "refund") == number
    assert await queue.reserve(number, ("anna",)) == Reservation("bert", "sip:bert@10.0.0.9", "zh")
    assert handoff(engine, number).enqueued_at == 1_000_000.0


async def test_call_whose_agent_s_line_broke_gets_another_agent(engine: Engine, clock: Clock) -> None:
    queue = SqlQueue(engine, "w1", clock)
    number = await enter(queue, "c1")
    await queue.reserve(number)
    await queue.connected(number)
    await queue.release(number, "anna", "away", "no_media")
    assert handoff(engine, number).state == "waiting"
    with Session(engine) as session, session.begin():
        set_state(session, agent(engine, "anna").id, "available", "", clock())
    assert isinstance(await queue.reserve(number), Reservation)


async def test_agent_who_wraps_up_one_call_may_take_the_next_before_the_first_is_over(
    engine: Engine, clock: Clock
) -> None:
    queue, other = SqlQueue(engine, "w1", clock), SqlQueue(engine, "w2", clock)
    first = await enter(queue, "c1")
    await queue.reserve(first)
    await queue.connected(first)
    await queue.release(first, "anna", "wrap_up", "talked")
    with Session(engine) as session, session.begin():
        finish_wrap_up(session, agent(engine, "anna").id, "solved", "", False, clock())
    second = await enter(other, "c2")
    assert isinstance(await other.reserve(second), Reservation)
    await queue.finish(first, "completed")
    assert (agent(engine, "anna").state, agent(engine, "anna").call_id) == ("ringing", "c2")


async def test_ten_callers_at_once_never_share_an_agent(engine: Engine) -> None:
    """Ten workers in ten threads after two agents: exactly two get one."""
    enrol(engine, (AgentSettings(name="carl", uri="sip:carl@10.0.0.9"),))
    queues = [SqlQueue(engine, f"w{number}") for number in range(10)]
    numbers = [await enter(queue, f"c{index}") for index, queue in enumerate(queues)]
    answers = await asyncio.gather(*(queue.reserve(number) for queue, number in zip(queues, numbers, strict=True)))
    reserved = [answer.agent for answer in answers if isinstance(answer, Reservation)]
    assert sorted(reserved) == ["anna", "carl"]
