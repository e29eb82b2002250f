"""The desk with the real hotline behind it: SIP, speech, dialogue, queue, an agent's phone, and the agent's browser."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr import accounts
from ivr.accounts import Role
from ivr.caller.ear import Ear
from ivr.caller.report import CallResult
from ivr.caller.scenario import load
from ivr.caller.scene import Equipment, run
from ivr.demo.stage import ROOT, Stage
from ivr.records.database import open_database
from ivr.records.tables import AgentRow, CallRow, WrapUpRow
from order_lookup.demo import CASES
from order_lookup.tables import Callback
from tests.integration.console.conftest import ARGUMENTS, CHROMIUM, PASSWORD, log_in_at
from tests.integration.stages import brief

pytestmark = [pytest.mark.integration, pytest.mark.whole_hotline, pytest.mark.timeout(600)]
LATE = CASES["late_food"]
SCENARIO = """
language: zh
number: '{phone}'
call:
  - hear: 请问有什么可以帮您
    within seconds: 60
  - say: 转人工
  - hear tone: 700
    within seconds: 60
  - wait: 1
  - say: 我的外卖还没到
  - wait: 9
  - hang up
agents:
  - name: agent1
    user: agent1
    port: "{port}"
    voice: m3
    rings: 1
    steps:
      - tone: 700
        seconds: 90
      - they hang up
"""


async def test_agent_takes_a_real_call_in_the_browser(tmp_path: Path) -> None:
    changes = {"console": {"enabled": True}, "handoff": {"accept_seconds": 60}, **brief(tmp_path)}
    async with Stage(tmp_path / "stage", orders=150, changes=changes) as stage:
        engine = open_database(stage.settings.database_url)
        with Session(engine) as session, session.begin():
            agent = session.scalars(select(AgentRow).where(AgentRow.name == "agent1")).one()
            accounts.add_account(session, "agent1", PASSWORD, Role.AGENT, agent, time.time())
            # An hour ago they were promised a call, in an hour: they don't wait for it.
            booked_at, due_at = (datetime.now(UTC) + timedelta(hours=hours) for hours in (-1, 1))
            promise = Callback(key="c0:general", phone=LATE.phone, queue="general", due_at=due_at, booked_at=booked_at)
            session.add(promise)
        file = tmp_path / "scenario.yaml"
        file.write_text(SCENARIO.format(phone=LATE.phone, port=stage.agent_port), encoding="utf-8")
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
            page = await context.new_page()
            await log_in_at(page, stage.settings.console.url, "agent1")
            ear = Ear({"zh": ROOT / "models/zh-small", "en": ROOT / "models/en-small"})
            async with Equipment(ear=ear) as equipment:
                calling = asyncio.create_task(run(load(file), stage.uri(), equipment=equipment))
                try:
                    await _serve(page)
                finally:
                    result: CallResult = await calling
            assert result.ok, result.failures
            await _wrap_up(page)
            await browser.close()
        with Session(engine) as session:
            call = session.scalars(select(CallRow)).one()
            wrap = session.scalars(select(WrapUpRow)).one()
            assert (call.disposition, wrap.disposition) == ("handled_by_agent", "solved")
            assert session.scalars(select(Callback.done_at)).one() is not None
        engine.dispose()


async def _serve(page: Page) -> None:
    """The case is on the screen before the caller is put through; accepted with a key of the keyboard."""
    await page.wait_for_selector(".incoming", timeout=70_000)
    await expect(page.locator(".said.robot", has_text="有什么可以帮您")).to_be_visible()
    await page.keyboard.press("F2")
    await page.wait_for_selector(".incoming.talking", timeout=60_000)
    # What the caller says to the human is recognised and appears, speaker by speaker.
    await expect(page.locator(".said.caller").last).to_contain_text("外卖")
    await expect(page.locator(".promised")).to_contain_text("谈完即视为已联系")
    await page.screenshot(path="var/screenshots/real-call.png")


async def _wrap_up(page: Page) -> None:
    await page.wait_for_selector(".incoming.wrapping", timeout=60_000)
    await expect(page.locator(".promised")).to_contain_text("所承诺的回电已结束")
    await page.locator(".incoming .q-select").click()
    await page.get_by_role("option", name="已解决").click()
    await page.keyboard.press("F10")
    await expect(page.locator(".me .state")).to_contain_text("空闲")
