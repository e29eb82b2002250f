"""Ways out by REFER with real phones: caller and agent talk directly, the robot is out of it, and a phone that can't stays."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.caller import happenings as happened
from ivr.caller.ear import Ear
from ivr.caller.happenings import Transferred
from ivr.caller.leg import Leg
from ivr.caller.scenario import Scenario
from ivr.caller.scene import Equipment, run
from ivr.caller.sound import write_wav
from ivr.caller.speaker import Line, Speaker
from ivr.caller.useragent import UserAgent
from ivr.demo.stage import ROOT, Stage, free_ports
from ivr.records.database import open_database
from ivr.records.tables import AgentRow, CallRow, EventRow, HandoffRow
from tests.integration.handoff.baresip import baresip
from tests.integration.stages import GREETED, PATIENCE_SECONDS, brief

pytestmark = [
    pytest.mark.integration,
    pytest.mark.whole_hotline,
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="module"),
]
WAITS_FOR_AGENT = [GREETED, {"key": "0"}]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    ways = {"general": "refer", "after_sales": "refer", "senior": "refer"}
    handoff = {"way_out": ways, "wrap_up_seconds": 1, "accept_seconds": 8}
    folder = tmp_path_factory.mktemp("referral")
    async with Stage(folder / "stage", orders=150, changes={"handoff": handoff, **brief(folder)}) as stage:
        yield stage


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def equipment() -> AsyncIterator[Equipment]:
    async with Equipment(ear=Ear({"zh": ROOT / "models/zh-small", "en": ROOT / "models/en-small"})) as equipment:
        yield equipment


def scenario(stage: Stage, call: list[object], agent: list[object], **caller: object) -> Scenario:
    phone = {"name": "小李", "user": "agent1", "port": str(stage.agent_port), "voice": "m7", "steps": agent}
    return Scenario.model_validate({"number": "13800004567", "call": call, "agents": [phone], **caller})


def text(log: Path) -> str:
    """What was written so far."""
    return log.read_text(errors="replace")


async def written(log: Path, *wanted: str) -> str:
    """What the log says, once it says all of this, or when patience is over."""
    for _ in range(int(PATIENCE_SECONDS / 0.1)):
        if all(words in text(log) for words in wanted):
            break
        await asyncio.sleep(0.1)
    return text(log)


async def ended(stage: Stage) -> HandoffRow:
    """The last handoff, once it is over and the agent is free again."""
    engine = open_database(stage.settings.database_url)
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        while time.monotonic() < deadline:
            await asyncio.sleep(0.2)
            with Session(engine, expire_on_commit=False) as session:
                last = session.scalars(select(HandoffRow).order_by(HandoffRow.id.desc())).first()
                busy = session.scalars(select(AgentRow.id).where(AgentRow.state != "available")).first()
                if last is not None and last.state == "ended" and busy is None:
                    return last
    finally:
        engine.dispose()
    raise AssertionError("handoff or agent did not come to an end")


def kept(stage: Stage, call_id: str) -> tuple[str, dict[str, dict[str, object]]]:
    """The disposition of a call, and its events by kind."""
    engine = open_database(stage.settings.database_url)
    with Session(engine) as session:
        call = session.get_one(CallRow, call_id)
        events = session.scalars(select(EventRow).where(EventRow.call_id == call_id)).all()
        found = call.disposition, {event.kind: event.data for event in events}
    engine.dispose()
    return found


async def test_attended_referral_connects_the_two_phones_directly(stage: Stage, equipment: Equipment) -> None:
    told: list[happened.Happening] = []
    call = [
        *WAITS_FOR_AGENT,
        {"transferred": None, "within seconds": "60"},
        {"say": "您好我要查订单"},
        {"hear": "请稍等"},
    ]
    agent = ["listen", {"key": "1"}, {"transferred": None}, {"hear": "查订单"}, {"say": "好的，请稍等"}, {"wait": "1"}]
    result = await run(scenario(stage, call, agent), stage.uri(), equipment=equipment, on_event=told.append)
    assert result.ok, (result.failures, [party.heard for party in result.parties])
    caller, colleague = sorted((each for each in told if isinstance(each, Transferred)), key=lambda each: each.who)
    assert (caller.ours, caller.theirs) == (colleague.theirs, colleague.ours)
    handoff = await ended(stage)
    assert (handoff.outcome, handoff.connected_at is not None) == ("completed", True)
    disposition, events = kept(stage, handoff.call_id)
    assert disposition == "handled_by_agent"
    assert events["referred"]["how"] == "attended"
    assert events["transferred"]["agent"] == "agent1"


async def test_phone_that_declines_the_referral_stays_on_the_bridge(stage: Stage, equipment: Equipment) -> None:
    call = [
        *WAITS_FOR_AGENT,
        {"hear": "我是客服小李", "within seconds": "60"},
        {"say": "您好我要查订单"},
        {"hear": "请稍等"},
    ]
    agent = ["listen", {"key": "1"}, {"wait": "1"}, {"say": "您好，我是客服小李"}, {"hear": "查订单"}]
    agent += [{"say": "好的，请稍等"}, {"wait": "1"}, "hang up"]  # type: ignore[list-item]
    told: list[happened.Happening] = []
    stubborn = scenario(stage, call, agent, **{"follows transfers": "no"})  # type: ignore[arg-type]
    result = await run(stubborn, stage.uri(), equipment=equipment, on_event=told.append)
    assert result.ok, (result.failures, [party.heard for party in result.parties])
    assert not [each for each in told if isinstance(each, Transferred)]
    handoff = await ended(stage)
    _, events = kept(stage, handoff.call_id)
    assert "referred" in events
    assert "connected" in events
    assert handoff.outcome == "completed"


async def test_caller_who_hangs_up_while_the_referral_hangs_is_called_back(stage: Stage) -> None:
    """REFER is accepted, nothing comes of it, and the caller gives up: that is no talk."""
    port = free_ports(1)[0]
    async with UserAgent(port=port, user="13800004567") as caller, UserAgent(port=stage.agent_port) as colleague:

        def offered(leg: Leg) -> None:
            leg.answer()
            asyncio.get_running_loop().call_later(1.0, leg.stream.key, "1")

        colleague.on_offer = offered
        referred = asyncio.Event()
        leg = caller.dial(stage.uri())
        leg.on_refer = lambda uri: referred.set() or True
        assert await leg.answered(PATIENCE_SECONDS)
        asyncio.get_running_loop().call_later(4.0, leg.stream.key, "0")
        await asyncio.wait_for(referred.wait(), PATIENCE_SECONDS)
        await leg.notify_transfer(180, "Ringing")
        await leg.hang_up()
        handoff = await ended(stage)
    assert handoff.outcome == "abandoned"
    assert kept(stage, handoff.call_id)[0] == "handoff_abandoned"


async def test_phone_without_replaces_is_sent_on_blind_with_the_case_in_headers(stage: Stage, tmp_path: Path) -> None:
    """baresip follows the REFER; the agent's phone is called by it, not by us."""
    speaker = Speaker()
    lines = [Line("人工"), Line("您好我要查订单")]
    await speaker.prepare(lines)
    await speaker.stop()
    pause = np.zeros(8000, np.int16)
    says = [pause] * 6 + [speaker.sound(lines[0])] + [pause] * 6 + [speaker.sound(lines[0])] + [pause] * 4
    write_wav(tmp_path / "says.wav", np.concatenate(says))
    port, rtp = free_ports(2)
    came: asyncio.Future[Leg] = asyncio.get_running_loop().create_future()
    async with UserAgent(port=stage.agent_port, user="agent1") as colleague:

        def offered(leg: Leg) -> None:
            leg.answer()
            came.set_result(leg)

        colleague.on_offer = offered
        async with baresip(tmp_path, port, rtp, f"/dial {stage.uri()}") as log:
            leg = await asyncio.wait_for(came, 2 * PATIENCE_SECONDS)
            handoff = await ended(stage)
            wanted = (f"receiving from 127.0.0.1:{leg.stream.port}", f"Call with {stage.uri()} terminated")
            talked = await written(log, *wanted)
    assert leg.headers.get("User-Agent").startswith("baresip")
    # baresip leaves the headers where the REFER had them: in the URI that it calls.
    assert leg.offer
    assert f"User-to-User={handoff.call_id.encode().hex()}" in leg.offer.request.uri
    assert leg.stream.remote
    assert leg.stream.remote[1] in range(rtp, rtp + 21)
    assert all(words in talked for words in wanted), talked
    assert handoff.outcome == "completed"
    assert kept(stage, handoff.call_id)[1]["referred"]["how"] == "blind"
