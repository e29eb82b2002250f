"""The figures' page in a real browser, and the same numbers by the API, as a file, and on the command line."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.records.agent_states import came_into
from ivr.records.tables import AgentRow, CallRow, EventRow, HandoffRow, LineRow, WrapUpRow
from ivr.traffic import same_time
from tests.integration.console.conftest import Console, console_in, keep, log_in, too_wide

pytestmark = [pytest.mark.integration, pytest.mark.alone]
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One that nobody else has calls on: figures are of all there are."""
    with console_in(tmp_path_factory.mktemp("figures")) as made:
        yield made


def add(session: Session, call_id: str, began: float, waited: float | None = None, **told: object) -> None:
    """A call that has ended; with `waited`, a human had it after so long."""
    case = {"intent": "refund_request"}
    session.add(CallRow(id=call_id, started_at=began, ended_at=began + 1.0, case=case, **told))
    session.flush()
    session.add(LineRow(call_id=call_id, position=1, speaker="caller", text="退款", seconds=1.0, details={}))
    for kind in ("understood", "no_match"):
        session.add(EventRow(at=began, kind=kind, call_id=call_id, data={"step": "refund.which_order"}))
    if waited is not None:
        at = {
            "enqueued_at": began,
            "answered_at": began + waited,
            "connected_at": began + waited,
            "ended_at": began + 90.0,
        }
        place = {"queue": "after_sales", "first_queue": "after_sales", "state": "ended", "outcome": "completed"}
        handoff = HandoffRow(call_id=call_id, **place, **at)
        session.add(handoff)
        session.flush()
        ended = {"started_at": began, "finished_at": began + 30.0, "talk_seconds": 100.0}
        session.add(WrapUpRow(call_id=call_id, handoff_id=handoff.id, agent_id=1, **ended))


def fill(console: Console) -> None:
    """Today: one alone, one answered in time, one late; yesterday at this time one alone."""
    now = time.time()
    today, yesterday = (same_time(now, SHANGHAI, days)[0] for days in (0, 1))
    with Session(console.engine) as session, session.begin():
        add(session, "today-1", today, disposition="settled", self_served=True, satisfaction=5)
        add(session, "today-2", today, 20.0, disposition="handled_by_agent", self_served=False, satisfaction=4)
        add(session, "today-3", today, 40.0, disposition="handled_by_agent", self_served=False)
        add(session, "before-1", yesterday, disposition="settled", self_served=True)


def anna_works(console: Console) -> None:
    """Today since midnight: as long away as she was ready, of which a third on a call; she is off duty by now."""
    today, now = same_time(time.time(), SHANGHAI, 0)
    quarter = (now - today) / 6
    states = (("available", 0), ("on_call", 2), ("away", 3), ("offline", 6))
    with Session(console.engine) as session, session.begin():
        anna = session.scalars(select(AgentRow).where(AgentRow.name == "anna")).one()
        for state, quarters in states:
            came_into(session, anna.id, state, today + quarters * quarter)


def by_api(console: Console, path: str, **parameters: str) -> httpx.Response:
    token = {"authorization": f"Bearer {console.tokens['metrics']}"}
    return httpx.get(f"{console.url}/api/{path}", params=parameters, headers=token, timeout=30.0)


def by_command(console: Console, *options: str, report: str = "figures") -> Any:
    command = [str(Path(sys.executable).parent / "ivr"), "report", report, "--json", *options]
    config = ["--config", str(console.folder / "config.yaml")]
    return json.loads(subprocess.run([*command, *config], capture_output=True, text=True, check=True).stdout)


def test_page_api_file_and_command_line_tell_the_same(page: Page, console: Console) -> None:
    fill(console)
    anna_works(console)
    (api,) = by_api(console, "figures").json()
    told = by_command(console, "--days", "1")
    assert {name: told[name] for name in api if name != "group"} == {name: api[name] for name in api if name != "group"}
    assert (api["asked"], api["in_time"], api["service_level"], api["speed_of_answer_seconds"]) == (2, 1, 0.5, 30.0)
    assert (api["handle_seconds"], api["satisfaction"], api["self_served"]) == (130.0, 4.5, 1)
    log_in(page, console, "sue", "/figures")
    compared = page.get_by_role("table", name="今日与同时刻对比")

    def row(name: str) -> list[str]:
        cells = compared.get_by_role("row").filter(has=page.get_by_role("cell", name=name, exact=True))
        return cells.get_by_role("cell").all_inner_texts()

    expect(compared).to_contain_text("20 秒内接起")
    assert row("20 秒内接起")[:3] == ["20 秒内接起", "50.0% · 1", "– · 0"]
    assert row("平均等待")[1] == "0:30"
    assert row("平均处理时长（含整理）")[1] == "2:10"
    assert row("满意度 · 评分数")[1] == "4.50 · 2"
    assert row("已结束来电")[1] == str(api["calls"])
    expect(page.get_by_role("table", name="按队列")).to_contain_text("售后")
    days = page.get_by_role("table", name="按天").get_by_role("row")
    expect(days).to_have_count(3)
    expect(days.nth(1).get_by_role("cell")).to_contain_text(
        [time.strftime("-%d", time.gmtime(time.time() + 8 * 3600)), "3", "33.3%"]
    )
    expect(page.get_by_role("link", name="近 30 天")).to_have_attribute(
        "href", re.compile(r"by=day&from=[-0-9]{10}&days=30$")
    )
    stuck = page.get_by_role("table", name="客户卡在哪里（今天）")
    expect(stuck).to_contain_text("refund.which_order")
    keep(page, "figures")
    page.set_viewport_size({"width": 390, "height": 844})
    assert not too_wide(page)


def test_the_file_opens_in_a_spreadsheet(console: Console) -> None:
    answer = by_api(console, "figures.csv", by="about")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert sum(int(row["calls"]) for row in rows) == by_api(console, "figures").json()[0]["calls"]


def test_agents_are_told_alike_everywhere(page: Page, console: Console) -> None:
    (api,) = (each for each in by_api(console, "figures/agents").json() if each["agent"] == "anna")
    (told,) = (each for each in by_command(console, "--days", "1", report="agents") if each["agent"] == "anna")
    assert (api["occupancy"], api["utilisation"]) == (told["occupancy"], told["utilisation"]) == (0.333, 0.5)
    assert set(told) == set(api)
    rows = list(
        csv.DictReader(io.StringIO(by_api(console, "figures/agents.csv").content.decode("utf-8-sig"), newline=""))
    )
    assert [row["utilisation"] for row in rows if row["agent"] == "anna"] == ["0.5"]
    log_in(page, console, "sue", "/figures")
    anna = page.get_by_role("table", name="按坐席").get_by_role("row").filter(has_text="anna")
    expect(anna).to_contain_text("33.3%")
    expect(anna).to_contain_text("50.0%")


def test_who_may_see_figures(page: Page, console: Console) -> None:
    other = {"authorization": f"Bearer {console.tokens['calls']}"}
    assert httpx.get(f"{console.url}/api/figures", headers=other, timeout=30.0).status_code == 403
    assert by_api(console, "figures", days="366").status_code == 422
    log_in(page, console, "anna")
    assert page.goto(f"{console.url}/figures").status == 403  # type: ignore[union-attr]
