"""A promised call over real SIP: the robot dials, asks whether it is a good time, brings in a colleague, and the promise is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr.caller.leg import Leg
from ivr.caller.leg_state import State
from ivr.caller.useragent import UserAgent
from ivr.demo.stage import Stage, free_ports
from ivr.records.database import open_database
from ivr.records.tables import CallbackAttemptRow, CallRow, HandoffRow, LineRow
from order_lookup.tables import Callback, Promise
from tests.integration.stages import PATIENCE_SECONDS, brief, until

pytestmark = [pytest.mark.integration, pytest.mark.whole_hotline, pytest.mark.timeout(600)]
NUMBER = "13802199206"


def promise(engine: Engine) -> None:
    """Somebody was promised a call, as the order desk writes it down."""
    now = datetime.now(UTC)
    with Session(engine) as session, session.begin():
        session.add(Callback(key="c1:general", phone=NUMBER, queue="general", due_at=now, booked_at=now))
        session.add(Promise(key="c1:general", what="callback", call_id="c1", due_at=now, made_at=now))


def said(session: Session) -> list[str]:
    """The prompts that the robot has said."""
    return [str(details.get("prompt")) for details in session.scalars(select(LineRow.details))]


def asked(session: Session) -> bool:
    """The robot has asked whether it is a good time."""
    return "callback_good_time" in said(session)


def outcomes(session: Session) -> list[str]:
    """What came of the calls so far, those that are over."""
    return [
        each for each in session.scalars(select(CallbackAttemptRow.outcome).order_by(CallbackAttemptRow.id)) if each
    ]


def dispositions(session: Session) -> list[str]:
    """How the calls ended, those that are over; a call's record follows the promise's, by another hand."""
    return [each for each in session.scalars(select(CallRow.disposition)) if each]


def answers(phone: UserAgent, offered: list[Leg], rung: asyncio.Event) -> None:
    """The phone picks up whoever calls."""

    def taken(leg: Leg) -> None:
        offered.append(leg)
        rung.set()
        leg.ring()
        leg.answer()

    phone.on_offer = taken


@dataclass(frozen=True)
class Talk:
    """A customer who was called back and the colleague who took over; `calls` are all that rang at the customer's."""

    engine: Engine
    calls: list[Leg]
    customer: Leg
    colleague: Leg


@asynccontextmanager
async def talk_of_a_promise(folder: Path) -> AsyncIterator[Talk]:
    """The robot calls as was promised, the customer says that it is a good time, and a colleague is with them."""
    (port,) = free_ports(1)
    dial = {"dial": f"sip:{{number}}@127.0.0.1:{port}", "from_hour": 0, "until_hour": 24}
    changes = {"callbacks": dial, **brief(folder, callback_hello="您好，给您回电。")}
    async with Stage(folder / "stage", orders=60, changes=changes) as stage:
        engine, theirs, ours = open_database(stage.settings.database_url), list[Leg](), list[Leg]()
        async with (
            UserAgent(user=NUMBER, port=port) as customer,
            UserAgent(user="agent1", port=stage.agent_port) as colleague,
        ):
            answers(customer, theirs, asyncio.Event())
            answers(colleague, ours, rung := asyncio.Event())
            promise(engine)
            await until("question", asked, engine)
            await asyncio.sleep(1.0)
            theirs[0].stream.key("1")
            async with asyncio.timeout(PATIENCE_SECONDS):
                await rung.wait()
            await asyncio.sleep(2.0)
            ours[0].stream.key("1")
            await until("talk", lambda session: session.scalars(select(HandoffRow.connected_at)).first(), engine)
            yield Talk(engine, theirs, theirs[0], ours[0])
        engine.dispose()


async def test_a_promise_is_kept_by_the_robot_and_a_colleague(tmp_path: Path) -> None:
    async with talk_of_a_promise(tmp_path) as talk:
        heard = talk.customer.stream.counters.received
        await asyncio.sleep(1.0)
        assert talk.customer.stream.counters.received > heard + 20, "the line between the two is dead"
        await talk.customer.hang_up()
        assert await until("outcome", outcomes, talk.engine) == ["handled_by_agent"]
        with Session(talk.engine) as session:
            assert session.scalars(select(Callback.done_at)).one() is not None
            assert session.scalars(select(Promise.kept_at).where(Promise.key == "c1:general")).one() is not None
            call = session.scalars(select(CallRow)).one()
            assert (call.called, call.caller) == ("callback", "138****9206")
        assert await until("disposition", dispositions, talk.engine) == ["handled_by_agent"]
        assert len(talk.calls) == 1, "nobody is called twice"


async def test_a_promise_is_kept_too_where_the_robot_says_goodbye_after_the_talk(tmp_path: Path) -> None:
    async with talk_of_a_promise(tmp_path) as talk:
        await talk.colleague.hang_up()
        await until("robot", lambda session: "anything_else" in said(session), talk.engine)
        talk.customer.stream.key("2")
        await until("score asked for", lambda session: any("satisf" in each for each in said(session)), talk.engine)
        talk.customer.stream.key("5")
        assert await until("outcome", outcomes, talk.engine) == ["handled_by_agent"]
        assert await until("disposition", dispositions, talk.engine) == ["settled"]
        with Session(talk.engine) as session:
            assert session.scalars(select(Callback.done_at)).one() is not None


async def test_a_hotline_that_stops_lets_the_phone_that_rings_go(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    dial = {"dial": f"sip:{{number}}@127.0.0.1:{port}", "from_hour": 0, "until_hour": 24}
    async with Stage(tmp_path / "stage", orders=60, changes={"callbacks": dial, **brief(tmp_path)}) as stage:
        engine, legs, rung = open_database(stage.settings.database_url), list[Leg](), asyncio.Event()

        def rings(leg: Leg) -> None:
            legs.append(leg)
            leg.ring()
            rung.set()

        async with UserAgent(user=NUMBER, port=port) as customer:
            customer.on_offer = rings
            promise(engine)
            async with asyncio.timeout(PATIENCE_SECONDS):
                await rung.wait()
            await asyncio.sleep(1.0)
            await stage.stop()
            await legs[0].ended(5.0)
            with Session(engine) as session:
                assert outcomes(session) == ["broken_off"]
                assert session.scalars(select(Callback.done_at)).one() is None
        engine.dispose()


async def test_who_does_not_pick_up_is_tried_again_later_and_callers_have_the_line(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    dial = {"dial": f"sip:{{number}}@127.0.0.1:{port}", "from_hour": 0, "until_hour": 24}
    async with Stage(tmp_path / "stage", orders=60, changes={"callbacks": dial, **brief(tmp_path)}) as stage:
        engine = open_database(stage.settings.database_url)
        async with UserAgent(user=NUMBER, port=port) as customer, UserAgent(user="13900000009") as another:
            customer.on_offer = lambda leg: leg.decline(486, "Busy Here")
            promise(engine)
            assert await until("outcome", outcomes, engine) == ["busy"]
            leg = another.dial(stage.uri())
            assert await leg.answered(PATIENCE_SECONDS)
            assert leg.state is State.UP
            await asyncio.sleep(5.0)
            await leg.hang_up()
            with Session(engine) as session:
                assert outcomes(session) == ["busy"]
                assert session.scalars(select(Callback.done_at)).one() is None
        engine.dispose()
