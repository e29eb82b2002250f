"""The list of callers who were lost, in a real browser."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ivr.console import callbacks
from ivr.records.tables import CallRow, HandoffRow
from order_lookup.tables import Callback
from tests.integration.console.conftest import Console, Worker, keep, log_in

pytestmark = [pytest.mark.integration, pytest.mark.alone]


def test_who_was_lost_with_the_robot_is_on_the_list_and_leads_to_the_call(
    page: Page, console: Console, worker: Worker
) -> None:
    worker.call("desk-9", "13900002222", {"intent": "refund_request"})
    worker.line("desk-9", "caller", "蛋糕坏了我要退款", 4.0)
    worker.flush()
    log_in(page, console, "bert")
    with Session(console.engine) as session, session.begin():
        session.execute(update(CallRow).where(CallRow.id == "desk-9").values(worker="gone", heartbeat_at=1.0))
    listed = page.locator(".grid", has_text="139****2222")
    expect(listed).to_contain_text("退款")
    assert "13900002222" not in page.content()
    keep(page, "callbacks")
    page.get_by_role("button", name="English").click()
    expect(listed).to_contain_text("Refund")
    keep(page, "callbacks-english")
    row = listed.locator(":scope > *", has_text="139****2222")
    assert row.evaluate("cell => cell.scrollWidth <= cell.clientWidth"), "the number is there to its last digit, too"
    page.get_by_role("button", name="中文").click()
    expect(listed).to_contain_text("退款")
    page.locator('a[href="/calls/desk-9"]').click()
    expect(page.get_by_text("蛋糕坏了我要退款")).to_be_visible()
    page.go_back()
    expect(listed).to_be_visible()
    with Session(console.engine) as session:
        (row,) = session.scalars(select(HandoffRow).where(HandoffRow.call_id == "desk-9")).all()
        booked = session.scalars(select(Callback.id).where(Callback.key == "desk-9:callback:general")).one()
    assert (row.outcome, row.follow_up) == ("line_lost", "booked")
    with Session(console.engine) as session, session.begin():
        callbacks.keep(session, False, booked, time.time())
    answer = page.goto(f"{console.url}/calls/desk-9")
    assert answer is not None
    assert answer.status == 404, "there is nothing to call back about any more"
