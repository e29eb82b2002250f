"""The worker of a caller who talks to the robot is killed: the caller is on the desk's list of callbacks, once."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.caller.leg_state import State
from ivr.caller.useragent import UserAgent
from ivr.console import callbacks
from ivr.demo.stage import Stage
from ivr.records.database import open_database
from ivr.records.tables import CallRow, HandoffRow, LineRow
from ivr.storm.killing import kill
from order_lookup.tables import Callback
from tests.integration.stages import PATIENCE_SECONDS, brief, until

pytestmark = [pytest.mark.integration, pytest.mark.whole_hotline, pytest.mark.timeout(600)]
NUMBER, MASKED = "13802199206", "138****9206"


def asked(session: Session) -> bool:
    """The robot has put its first question."""
    prompts = [details.get("prompt") for details in session.scalars(select(LineRow.details))]
    return "open_question" in prompts


def chose(session: Session) -> str:
    """What the caller's key was understood as."""
    return str(session.scalars(select(CallRow)).one().case.get("intent") or "")


def followed_up(session: Session) -> bool:
    """Whoever booked the callback has noted it."""
    return session.scalars(select(HandoffRow.follow_up)).all() == ["booked"]


async def test_who_was_talking_to_the_robot_is_called_back_once(tmp_path: Path) -> None:
    # With the console there are two that look for the lost: it, and the worker that takes the dead one's place.
    changes = {"console": {"enabled": True}, **brief(tmp_path)}
    async with Stage(tmp_path / "stage", orders=60, changes=changes) as stage:
        assert stage.process is not None
        engine = open_database(stage.settings.database_url)
        async with UserAgent(user=NUMBER) as phone:
            leg = phone.dial(stage.uri())
            await leg.answered(PATIENCE_SECONDS)
            await until("first question", asked, engine)
            leg.stream.key("2")
            assert await until("matter", chose, engine) == "refund_request"
            killed = kill(stage.process.pid, "worker", random.Random(1))
            assert killed is not None
            assert leg.state is State.UP, "nobody tells the caller that the line is dead"
        (due,) = await until("callback", lambda session: callbacks.open_ones(session, own=False), engine)
        await until("follow-up", followed_up, engine)
        await asyncio.sleep(5.0)  # both have looked again, more than once
        with Session(engine) as session:
            call = session.scalars(select(CallRow)).one()
            assert (call.disposition, call.number, call.caller) == ("line_lost", "", MASKED)
            assert (due.number, due.call_id, due.about) == (MASKED, call.id, "refund_request")
            (booked,) = session.scalars(select(Callback)).all()
            assert (booked.phone, booked.done_at) == (NUMBER, None)
            row = session.scalars(select(HandoffRow)).one()
            assert (row.outcome, row.follow_up, row.call_id) == ("line_lost", "booked", call.id)
        engine.dispose()
