"""The supervisor's page in a real browser: queue, agents, low scores, and tickets nobody answered."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from order_lookup.tables import Ticket, TicketEntry
from tests.integration.console.conftest import Console, Worker, escalated_ticket, keep, log_in, too_wide

pytestmark = [pytest.mark.integration, pytest.mark.alone]


def test_supervisor_sees_queue_agents_and_low_scores(page: Page, console: Console, worker: Worker) -> None:
    log_in(page, console, "sue")
    worker.call("desk-6", "13900001111")
    number = worker.run(worker.queue.enter("desk-6", "general", "", "zh", 0, "personal_safety"))
    expect(page.locator(".watch")).to_contain_text("人身安全")
    expect(page.locator(".tag.bad", has_text="紧急")).to_be_visible()
    queue = page.get_by_role("table", name="排队")
    expect(queue.get_by_role("columnheader")).to_have_text(["顺序", "已等候", "来电人", "事由", "队列", "状态"])
    waiting = queue.get_by_role("row").filter(has=page.get_by_role("cell", name="人身安全"))
    expect(waiting.get_by_role("cell")).to_have_count(6)
    expect(page.get_by_role("table", name="坐席").get_by_role("row")).to_have_count(4)
    keep(page, "supervisor")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".watch")).to_contain_text("人身安全")
    assert not too_wide(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    worker.run(worker.queue.finish(number, "completed"))
    worker.records.ended("desk-6", "solved", 60.0, {"satisfaction": 1})
    worker.flush()
    expect(page.get_by_text("评分 1")).to_be_visible()
    page.get_by_role("button", name="复核").click()
    page.get_by_label("问题出在").click()
    page.get_by_role("option", name="机器人").click()
    page.get_by_role("button", name="保存结论").click()
    expect(page.get_by_text("评分 1")).to_have_count(0)


def test_supervisor_settles_a_ticket_nobody_answered(page: Page, console: Console) -> None:
    number = escalated_ticket(console, "desk-13")
    log_in(page, console, "olaf", "/supervisor")
    late = page.locator(".panel", has=page.get_by_role("heading", name="升级与超时工单"))
    expect(late).to_contain_text(number)
    expect(late.locator(".tag.bad", has_text="已升级")).to_be_visible()
    late.get_by_role("button", name=f"打开 {number}").click()
    expect(page.locator(".history")).to_contain_text("升级")
    expect(page.get_by_role("button", name="结案")).to_have_count(0)
    page.context.clear_cookies()
    log_in(page, console, "sue", "/supervisor")
    late.get_by_role("button", name=f"打开 {number}").click()
    page.get_by_role("button", name="结案").click()
    expect(page.get_by_text("请写明处理情况")).to_be_visible()
    page.get_by_label("处理说明").fill("已回访，全额退款")
    keep(page, "supervisor-ticket")
    page.get_by_role("button", name="结案").click()
    expect(page.get_by_text("工单已结案")).to_be_visible()
    expect(late).not_to_contain_text(number)
    with Session(console.engine) as session:
        ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        closed = session.scalars(select(TicketEntry).where(TicketEntry.ticket_id == ticket.id)).all()[-1]
    assert (ticket.state, closed.author, closed.kind, closed.text) == ("closed", "sue", "closed", "已回访，全额退款")
