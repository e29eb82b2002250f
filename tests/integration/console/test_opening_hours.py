"""The supervisor's line of queues in a real browser: closed by a click, opened again; in audit, figures and API, and for the workers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr import config
from ivr.records.doors import LiveHours
from ivr.records.staff import AuditRow
from tests.integration.console.conftest import Console, console_in, keep, log_in, too_wide

pytestmark = [pytest.mark.integration, pytest.mark.alone]
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def asleep(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """After-sales opens in three hours; everybody else is there around the clock."""
    opens = datetime.now(ZONE) + timedelta(hours=3)
    closes = opens + timedelta(hours=1)
    hours = f"Mo-Su {opens:%H}:00-{closes.hour or 24:02}:00"
    with console_in(tmp_path_factory.mktemp("asleep"), f'hours: {{queues: {{after_sales: "{hours}"}}}}\n') as made:
        yield made


def queue(page: Page, name: str) -> Locator:
    return page.get_by_role("list", name="服务时间").get_by_role("listitem").filter(has_text=name)


def gauge(console: Console, name: str) -> float:
    headers = {"Authorization": f"Bearer {console.tokens['metrics']}"}
    text = httpx.get(f"{console.url}/metrics", headers=headers).text
    (line,) = [line for line in text.splitlines() if line.startswith(f'hotline_queue_open{{queue="{name}"}}')]
    return float(line.split()[-1])


def test_a_supervisor_closes_a_queue_and_takes_it_back(page: Page, asleep: Console) -> None:
    log_in(page, asleep, "sue", "/supervisor")
    after_sales = queue(page, "售后")
    expect(after_sales).to_contain_text("关闭")
    opens = datetime.now(ZONE) + timedelta(hours=3)
    expect(after_sales).to_contain_text(f"{opens:%H}:00")
    assert gauge(asleep, "after_sales") == 0.0
    after_sales.get_by_role("button", name="调整 售后").click()
    expect(page.get_by_role("button", name="关闭 15 分钟")).to_be_visible()
    keep(page, "opening-hours")
    page.get_by_role("button", name="延长开放 1 小时").click()
    expect(after_sales).to_contain_text("开放")
    expect(after_sales).to_contain_text("sue")
    assert gauge(asleep, "after_sales") == 1.0
    headers = {"Authorization": f"Bearer {asleep.tokens['queue']}"}
    (told,) = httpx.get(f"{asleep.url}/api/hours", headers=headers).json()
    assert (told["queue"], told["open"], told["by"]) == ("after_sales", True, "sue")
    general = queue(page, "综合")
    general.get_by_role("button", name="调整 综合").click()
    page.get_by_role("button", name="关闭，直到恢复").click()
    expect(general).to_contain_text("关闭")
    settings = config.load(asleep.folder / "config.yaml")
    worker = LiveHours.of(settings, asleep.engine, frozenset({"general"}))
    worker.read()
    assert not worker.standing("general").open
    general.get_by_role("button", name="调整 综合").click()
    page.get_by_role("button", name="恢复按时间表").click()
    expect(general).to_contain_text("开放")
    worker.read()
    assert worker.standing("general").open
    with Session(asleep.engine) as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.what.startswith("queue_")).order_by(AuditRow.id)).all()
        found = [(row.account, row.what, row.details["queue"]) for row in rows]
    assert found == [
        ("sue", "queue_opened", "after_sales"),
        ("sue", "queue_closed", "general"),
        ("sue", "queue_as_timetable", "general"),
    ]
    page.set_viewport_size({"width": 390, "height": 844})
    expect(general).to_be_visible()
    assert not too_wide(page)


def test_who_only_watches_changes_nothing(page: Page, asleep: Console) -> None:
    log_in(page, asleep, "olaf", "/supervisor")
    expect(queue(page, "综合")).to_be_visible()
    expect(page.get_by_role("button", name="调整 综合")).to_have_count(0)
