"""A supervisor hears a real call: while it goes on, by the stream and in the browser, and when it is over."""

from __future__ import annotations

import asyncio
import io
import re
import time
import wave
from pathlib import Path

import httpx
import numpy as np
import pytest
from playwright.async_api import Page, async_playwright, expect
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr import accounts
from ivr.accounts import Role
from ivr.caller.ear import Ear
from ivr.caller.scenario import load
from ivr.caller.scene import Equipment, run
from ivr.demo.stage import ROOT, Stage
from ivr.records.database import open_database
from ivr.records.staff import AuditRow
from ivr.records.tables import CallRow
from ivr.tracks import HEADER_BYTES, tracks
from order_lookup.demo import CASES
from tests.integration.console.conftest import ARGUMENTS, CHROMIUM, PASSWORD, PATIENCE_SECONDS, log_in_at
from tests.integration.stages import brief

pytestmark = [pytest.mark.integration, pytest.mark.whole_hotline, pytest.mark.timeout(300)]
MODELS = {"zh": ROOT / "models/zh-small", "en": ROOT / "models/en-small"}
SCENARIO = f"""
language: zh
number: '{CASES["late_food"].phone}'
call:
  - hear: 请问有什么可以帮您
    within seconds: 60
  - wait: 6
  - say: 我的外卖还没到
  - wait: 7
  - hang up
"""


async def test_supervisor_listens_in_to_a_real_call_and_hears_it_again(tmp_path: Path) -> None:
    async with Stage(
        tmp_path / "stage", orders=150, changes={"console": {"enabled": True}, **brief(tmp_path)}
    ) as stage:
        engine = open_database(stage.settings.database_url)
        with Session(engine) as session, session.begin():
            accounts.add_account(session, "sue", PASSWORD, Role.SUPERVISOR, None, time.time())
        file = tmp_path / "scenario.yaml"
        file.write_text(SCENARIO, encoding="utf-8")
        url = stage.settings.console.url
        ear = Ear(MODELS)
        async with async_playwright() as playwright, httpx.AsyncClient(base_url=url, timeout=PATIENCE_SECONDS) as desk:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            page = await browser.new_page(viewport={"width": 1280, "height": 800}, locale="zh-CN")
            await log_in_at(page, url, "sue")
            desk.cookies.update({each["name"]: each["value"] for each in await page.context.cookies()})
            async with Equipment(ear=ear) as equipment:
                calling = asyncio.create_task(run(load(file), stage.uri(), equipment=equipment))
                call_id = await _live_call(engine, stage.settings.path(stage.settings.records.recordings))
                streaming = asyncio.create_task(_stream(desk, call_id))
                await _leave_at_once(desk, engine, call_id)
                await _listen_in(page)
                assert (await calling).ok
                heard = await asyncio.wait_for(streaming, PATIENCE_SECONDS)
                recording = await _recording(desk, call_id)
                assert heard in recording, "what was heard is a stretch of the recording, sample by sample"
                left, right = np.frombuffer(heard, "<i2").reshape(-1, 2).T.copy()
                for side, words in ((left, "我的外卖还没到"), (right, "请问有什么可以帮您")):
                    assert words in (await ear.hear(side, "zh", [words])).replace(" ", "")
            await _play_again(page, engine, call_id)
            await browser.close()
        assert _audited(engine, call_id) == ["listen_in"] * 3 + ["listened_in"] * 3 + ["recording_played"]
        engine.dispose()


async def _live_call(engine: Engine, recordings: Path) -> str:
    """The call's id, as soon as it is recorded."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with Session(engine) as session:
            call_id = session.scalar(select(CallRow.id))
        if call_id and tracks(recordings / f"{call_id}.wav")[1].exists():
            return call_id
        await asyncio.sleep(0.1)
    raise AssertionError("no call came")


async def _stream(desk: httpx.AsyncClient, call_id: str) -> bytes:
    """All that the stream gives, to its end, without its header."""
    heard = bytearray()
    async with desk.stream("GET", f"/calls/{call_id}/live") as answer:
        assert answer.status_code == 200, await answer.aread()
        async for piece in answer.aiter_bytes():
            heard += piece
    return bytes(heard[HEADER_BYTES:])


async def _leave_at_once(desk: httpx.AsyncClient, engine: Engine, call_id: str) -> None:
    """Whoever closes the connection is written down as gone, while the call goes on."""
    async with desk.stream("GET", f"/calls/{call_id}/live") as answer:
        await anext(answer.aiter_bytes())
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if "listened_in" in _audited(engine, call_id):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the listener is still there")


def _audited(engine: Engine, call_id: str) -> list[str]:
    """What stands in the audit of this call, sorted."""
    with Session(engine) as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.call_id == call_id, AuditRow.account == "sue"))
        return sorted(row.what for row in rows)


async def _listen_in(page: Page) -> None:
    """The browser plays it, and shows that there is a voice."""
    await page.get_by_role("button", name="监听").click()
    await expect(page.locator(".player")).to_contain_text("正在监听")
    live = page.locator(".player .live")
    await expect(live).to_have_attribute("data-seconds", re.compile(r"^[3-9]|^\d\d"))
    await page.wait_for_function(
        "Number(getComputedStyle(document.querySelector('.player .live')).getPropertyValue('--left')) > 0.1"
    )
    await page.screenshot(path="var/screenshots/listening-in.png")
    await expect(page.locator(".player")).to_contain_text("通话已结束", timeout=60_000)


async def _recording(desk: httpx.AsyncClient, call_id: str) -> bytes:
    """The recording's samples, as soon as its tracks are merged."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answer = await desk.get(f"/calls/{call_id}/recording")
        if answer.status_code == 200:
            with wave.open(io.BytesIO(answer.content)) as recorded:
                return recorded.readframes(recorded.getnframes())
        await asyncio.sleep(0.2)
    raise AssertionError(answer.text)


async def _play_again(page: Page, engine: Engine, call_id: str) -> None:
    """The caller's low score is under review; the player knows its length and can be wound."""
    with Session(engine) as session, session.begin():
        session.get_one(CallRow, call_id).satisfaction = 1
    await page.reload()
    await page.get_by_role("button", name="回听").click()
    await page.wait_for_function("document.querySelector('.player audio')?.currentTime > 0.5")
    await page.screenshot(path="var/screenshots/played-again.png")
    await page.evaluate("document.querySelector('.player audio').currentTime = 8")
    await page.wait_for_function("document.querySelector('.player audio').currentTime > 8.5")
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.screenshot(path="var/screenshots/played-on-a-telephone.png")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
