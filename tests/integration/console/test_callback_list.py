"""The list of callers who were lost, in a real browser."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ivr.console import callbacks
from ivr.records.tables import CallRow, HandoffRow
from order_lookup.tables import Callback
from tests.integration.console.conftest import Console, Worker, keep, log_in, set_agent

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


def test_who_was_promised_a_call_and_rings_again_is_shown_as_such_and_not_called_in_vain(
    page: Page, console: Console, worker: Worker
) -> None:
    number, now = "13900003333", datetime.now(UTC)
    worker.call("desk-20", number, {"intent": "refund_request"})
    with Session(console.engine) as session, session.begin():
        due = {"due_at": now + timedelta(hours=1), "booked_at": now - timedelta(hours=1), "phone": number}
        for queue in ("general", "after_sales"):
            session.add(Callback(key=f"desk-20:callback:{queue}", queue=queue, **due))
    set_agent(console, "anna", "available")
    worker.call("desk-21", number, {"intent": "refund_request"})
    handoff = worker.hand_off("desk-21", "anna", number)
    worker.connected(handoff)
    with Session(console.engine) as session, session.begin():
        begun = HandoffRow.connected_at - 60.0
        session.execute(update(HandoffRow).where(HandoffRow.id == handoff).values(connected_at=begun))
    log_in(page, console, "anna")
    promised = page.locator(".promised")
    expect(promised).to_contain_text("退款")
    expect(promised).to_contain_text("谈完即视为已联系")
    expect(promised).to_contain_text("之后仍会回电")
    page.get_by_role("button", name="仍需回电").click()
    expect(promised.get_by_text("谈完即视为已联系")).to_have_count(0)
    promised.get_by_role("button", name="无需回电").first.click()
    expect(promised).to_contain_text("谈完即视为已联系")
    keep(page, "promised")
    worker.over("desk-21", handoff, "anna")
    expect(promised).to_contain_text("所承诺的回电已结束")
    with Session(console.engine) as session:
        theirs = select(Callback.queue).where(Callback.phone == number, Callback.done_at.is_(None))
        assert session.scalars(theirs).all() == ["after_sales"]
    promised.get_by_role("button", name="无需回电").click()
    expect(promised.get_by_role("button")).to_have_count(0)
    with Session(console.engine) as session:
        assert session.scalars(theirs).all() == []
