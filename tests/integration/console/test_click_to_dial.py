"""A click on the list of callbacks over real SIP: the agent's own phone rings, then the customer's, and what came of it stands there."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr import accounts
from ivr.accounts import Role
from ivr.caller.leg import Leg
from ivr.caller.useragent import UserAgent
from ivr.demo.stage import Stage, free_ports
from ivr.records.database import open_database
from ivr.records.staff import AuditRow
from ivr.records.tables import AgentRow, CallbackAttemptRow, CallRow, HandoffRow, LineRow
from order_lookup.tables import Callback
from tests.integration.console.conftest import ARGUMENTS, CHROMIUM, PASSWORD, log_in_at
from tests.integration.stages import PATIENCE_SECONDS, brief, until

pytestmark = [pytest.mark.integration, pytest.mark.whole_hotline, pytest.mark.timeout(600)]
NUMBER = "13802199206"


def promised(engine: Engine) -> None:
    """A customer waits for a call, and the agent has an account."""
    now = datetime.now(UTC)
    with Session(engine) as session, session.begin():
        session.add(Callback(key="c1:general", phone=NUMBER, queue="general", due_at=now, booked_at=now))
        agent = session.scalars(select(AgentRow).where(AgentRow.name == "agent1")).one()
        accounts.add_account(session, "agent1", PASSWORD, Role.AGENT, agent, time.time())


def outcomes(session: Session) -> list[str]:
    """How the calls ended so far."""
    return [each for each in session.scalars(select(CallbackAttemptRow.outcome)) if each]


class Phones:
    """The agent's telephone, which picks up, and the customer's, which at first is busy."""

    def __init__(self, agent: UserAgent, customer: UserAgent) -> None:
        self.order, self.agents, self.customers, self.busy = list[str](), list[Leg](), list[Leg](), True
        agent.on_offer, customer.on_offer = self._agent, self._customer

    def _agent(self, leg: Leg) -> None:
        self.order.append("agent")
        self.agents.append(leg)
        leg.ring()
        leg.answer()

    def _customer(self, leg: Leg) -> None:
        self.order.append("customer")
        self.customers.append(leg)
        if self.busy:
            return leg.decline(486, "Busy Here")
        leg.ring()
        leg.answer()


async def test_a_click_rings_the_agent_then_the_customer_and_keeps_the_promise(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    dial = {"dial": f"sip:{{number}}@127.0.0.1:{port}", "from_hour": 0, "until_hour": 24, "robot": False}
    short = brief(tmp_path, callback_by_hand="您好，通话会被录音。")
    changes = {"console": {"enabled": True}, "callbacks": dial, **short}
    async with Stage(tmp_path / "stage", orders=60, changes=changes) as stage:
        engine = open_database(stage.settings.database_url)
        promised(engine)
        async with (
            UserAgent(user=NUMBER, port=port) as customer,
            UserAgent(user="agent1", port=stage.agent_port) as agent,
            async_playwright() as playwright,
        ):
            phones = Phones(agent, customer)
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            page = await (await browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")).new_page()
            await log_in_at(page, stage.settings.console.url, "agent1")
            await _is_busy(page, engine, phones)
            await _is_reached(page, engine, phones)
            await _was_a_voicemail(page)
            await browser.close()
        with Session(engine) as session:
            assert session.scalars(select(Callback.done_at)).one() is None, "a voicemail keeps no promise"
            said = list(
                session.scalars(select(LineRow.details["prompt"].as_string()).where(LineRow.speaker == "robot"))
            )
            assert said == ["callback_by_hand"]
            call = session.scalars(select(CallRow).order_by(CallRow.started_at.desc())).first()
            assert call is not None
            assert (call.called, call.caller, call.disposition) == ("callback", "138****9206", "no_answer")
            assert call.recording.endswith(".wav")
            audit = set(session.scalars(select(AuditRow.what)))
            assert {"callback_dialled", "callback_corrected"} <= audit
        engine.dispose()


async def _click(page: Page) -> None:
    await page.get_by_role("button", name="呼叫 138****9206").click()


async def _is_busy(page: Page, engine: Engine, phones: Phones) -> None:
    await _click(page)
    assert await until("outcome", outcomes, engine) == ["busy"]
    assert phones.order == ["agent", "customer"]
    await expect(page.locator(".tag", has_text="占线")).to_be_visible()
    await expect(page.locator(".me .state")).to_contain_text("空闲")
    assert NUMBER not in await page.content()


async def _is_reached(page: Page, engine: Engine, phones: Phones) -> None:
    phones.busy = False
    await _click(page)
    await expect(page.locator(".incoming.talking")).to_be_visible(timeout=PATIENCE_SECONDS * 1000)
    heard = [leg.stream.counters.received for leg in (phones.agents[-1], phones.customers[-1])]
    await asyncio.sleep(1.0)
    for leg, before in zip((phones.agents[-1], phones.customers[-1]), heard, strict=True):
        assert leg.stream.counters.received > before + 20, "the line between the two is dead"
    await expect(page.get_by_role("button", name="保持")).to_have_count(0)
    await page.screenshot(path="var/screenshots/click-to-dial.png")
    await phones.customers[-1].hang_up()
    assert await until("outcome", lambda session: outcomes(session)[1:], engine) == ["handled_by_agent"]
    with Session(engine) as session:
        assert session.scalars(select(Callback.done_at)).one() is not None
        assert session.scalars(select(HandoffRow.outcome).order_by(HandoffRow.id.desc())).first() == "completed"


async def _was_a_voicemail(page: Page) -> None:
    await page.wait_for_selector(".incoming.wrapping")
    await page.screenshot(path="var/screenshots/click-to-dial-corrected.png")
    await page.locator(".promised").get_by_role("button", name="无人接听").click()
    await expect(page.locator(".promised .tag.warn")).to_contain_text("无人接听")
