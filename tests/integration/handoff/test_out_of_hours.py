"""A call at closed hours, over SIP and with speech: who is back when is said, the callback is promised for after opening, and is due then."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr.demo.stage import Stage, free_ports
from ivr.dialogue.speaking import clock_zh
from ivr.records import doors
from ivr.records.database import open_database
from ivr.records.tables import AgentRow, CallRow, HandoffRow, LineRow
from order_lookup.tables import Callback, Promise, Ticket
from tests.integration.stages import GREETED, PATIENCE_SECONDS, all_agents_are_busy, brief, called

pytestmark = [pytest.mark.integration, pytest.mark.whole_hotline, pytest.mark.timeout(600)]
ZONE = ZoneInfo("Asia/Shanghai")
NUMBER = "13800004567"


def closed_now(now: datetime) -> tuple[str, datetime]:
    """Hours in which nobody is there just now: two a day that begin three hours from now, and when that is."""
    opens = (now + timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
    closes = opens + timedelta(hours=2)
    return f"Mo-Su {opens.hour:02}:00-{closes.hour or 24:02}:00", opens


WAITING = [
    GREETED,
    {"key": "0"},
    {"hear": "大约还要等", "within seconds": str(PATIENCE_SECONDS)},
    {"hear": "人工服务时间已经结束", "within seconds": str(PATIENCE_SECONDS)},
    {"key": "1"},
    {"hear": "已经登记", "within seconds": str(PATIENCE_SECONDS)},
]


async def close_for_an_hour(engine: Engine, within: str) -> float:
    """A supervisor closes the queue a while after somebody has begun to wait; when that was."""
    async with asyncio.timeout(240):
        while True:
            with Session(engine) as session:
                if within in session.scalars(select(LineRow.details["prompt"].as_string())).all():
                    break
            await asyncio.sleep(0.5)
    await asyncio.sleep(8.0)  # what was being said is out
    with Session(engine) as session, session.begin():
        now = time.time()
        doors.say(session, "general", False, now + 3600.0, "sue", now)
    return now


async def test_whoever_waits_is_told_within_two_seconds_when_a_supervisor_closes(tmp_path: Path) -> None:
    changes = brief(tmp_path, handoff_progress="大约还要等{wait}。")
    async with Stage(tmp_path / "stage", orders=60, changes=changes) as stage:
        engine = open_database(stage.settings.database_url)
        all_agents_are_busy(engine)
        closing = asyncio.create_task(close_for_an_hour(engine, "handoff.progress"))
        await called(stage, tmp_path, number=NUMBER, call=WAITING)
        closed_at = await closing
        with Session(engine) as session:
            handoff = session.scalars(select(HandoffRow)).one()
            began_at = session.scalars(select(CallRow)).one().started_at
            lines = session.scalars(select(LineRow).order_by(LineRow.position)).all()
            told_at = [began_at + each.seconds for each in lines if each.details.get("prompt") == "handoff.closed_now"]
        engine.dispose()
    assert (handoff.outcome, handoff.out_of_hours) == ("callback", False)
    assert handoff.callback_due_at is not None
    assert handoff.callback_due_at - (closed_at + 3600.0 + 1800.0) < 2.0, "half an hour after it opens again"
    assert 0 <= told_at[0] - closed_at < 3.0


BACK_TO_THE_ROBOT = [
    {"hear": "how can i help", "within seconds": str(PATIENCE_SECONDS)},
    {"key": "0"},
    {"hear": "nobody is in just now", "within seconds": str(PATIENCE_SECONDS)},
    {"hear": "they are back", "within seconds": "20"},
    {"key": "*"},
    {"hear": "anything else", "within seconds": str(PATIENCE_SECONDS)},
    "hang up",
]
IN_DANGER = [
    GREETED,
    {"say": "骑手要打我"},
    {"hear": "我是客服小李", "within seconds": str(PATIENCE_SECONDS)},
    "they hang up",
]
ON_CALL = ["listen", {"key": "1"}, {"wait": "1"}, {"say": "您好，我是客服小李"}, {"wait": "2"}, "hang up"]


async def test_at_night_the_robot_goes_on_and_danger_finds_who_is_on_call(tmp_path: Path) -> None:
    hours, _ = closed_now(datetime.now(ZONE))
    (port,) = free_ports(1)
    asleep = {
        "name": "day",
        "uri": f"sip:day@127.0.0.1:{port}",
        "queues": ["general", "safety", "account", "after_sales"],
    }
    on_call = {"name": "agent1", "uri": f"sip:agent1@127.0.0.1:{port}", "queues": ["senior"]}
    changes = {
        "hours": {"default": hours, "on_call": {"safety": "senior"}},
        "agents": [asleep, on_call],
        **brief(tmp_path),
    }
    async with Stage(tmp_path / "stage", orders=60, changes=changes) as stage:
        engine = open_database(stage.settings.database_url)
        with Session(engine) as session, session.begin():
            session.scalars(select(AgentRow).where(AgentRow.name == "day")).one().state = "away"
        await called(stage, tmp_path, "hotline-en", number=NUMBER, language="en", call=BACK_TO_THE_ROBOT)
        phone = {"name": "小李", "user": "agent1", "port": str(port), "voice": "m7", "steps": ON_CALL}
        await called(stage, tmp_path, number=NUMBER, call=IN_DANGER, agents=[phone])
        with Session(engine) as session:
            late, urgent = session.scalars(select(HandoffRow).order_by(HandoffRow.id)).all()
            booked = session.scalars(select(Callback).where(Callback.phone.endswith(NUMBER))).all()
        engine.dispose()
    assert (late.queue, late.outcome, late.out_of_hours) == ("general", "returned", True)
    assert (urgent.first_queue, urgent.queue, urgent.outcome, urgent.out_of_hours) == (
        "safety",
        "senior",
        "completed",
        False,
    )
    assert booked == [], "who went back to the robot was promised nothing, and who was in danger was talked to"


async def test_a_call_at_closed_hours_is_promised_a_callback_after_opening(tmp_path: Path) -> None:
    hours, opens = closed_now(datetime.now(ZONE))
    opening, due = clock_zh(opens.hour, 0), opens + timedelta(minutes=30)
    call = [
        GREETED,
        {"key": "0"},
        {"hear": "现在不在人工服务时间", "within seconds": str(PATIENCE_SECONDS)},
        {"hear": f"{opening}以后有人接听", "within seconds": "20"},
        {"wait": "1"},
        {"say": "给我回电"},
        {"hear": "已经登记", "within seconds": str(PATIENCE_SECONDS)},
        {"hear": f"{clock_zh(due.hour, 30)}之前", "within seconds": "20"},
    ]
    changes = {"hours": {"default": hours}, **brief(tmp_path)}
    async with Stage(tmp_path / "stage", orders=60, changes=changes) as stage:
        await called(stage, tmp_path, number=NUMBER, call=call)
        engine = open_database(stage.settings.database_url)
        with Session(engine) as session:
            handoff = session.scalars(select(HandoffRow)).one()
            booked = session.scalars(select(Callback).where(Callback.phone.endswith(NUMBER))).one()
            promised = session.scalars(select(Promise).where(Promise.call_id == handoff.call_id)).one()
            ticket = session.scalars(select(Ticket).where(Ticket.key.startswith(handoff.call_id))).one()
            record = session.scalars(select(CallRow)).one()
            lines = session.scalars(select(LineRow).order_by(LineRow.position)).all()
        engine.dispose()
    assert (handoff.outcome, handoff.out_of_hours, handoff.agent_id) == ("callback", True, None)
    assert booked.due_at.astimezone(UTC) == promised.due_at.astimezone(UTC) == due.astimezone(UTC)
    assert handoff.callback_due_at == due.timestamp()
    assert ticket.due_at > due.astimezone(UTC)
    assert record.disposition == "callback"
    told = [line.details["prompt"] for line in lines if line.details.get("step") == "handoff"]
    assert told == ["handoff.closed", "handoff.callback_booked"]
    said = " ".join(line.text for line in lines if line.speaker == "robot")
    assert "正在为您转接" not in said
