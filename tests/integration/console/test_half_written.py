"""What is half written on the desk outlives the page and a restart of the console, and is gone when it is kept."""

from __future__ import annotations

import signal

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from order_lookup.tables import Ticket, TicketEntry
from tests.integration.console.conftest import Console, Worker, escalated_ticket, log_in, set_agent

pytestmark = [pytest.mark.integration, pytest.mark.alone]
# Longer than the browser takes to notice that a field is there.
SETTLED_MS = 700


def restart(page: Page, console: Console) -> None:
    """The console dies and returns; the page loads itself anew."""
    with page.expect_event("load"):
        console.stop(signal.SIGKILL)
        console.start()
    page.wait_for_selector(".bar")


def test_half_written_note_outlives_the_page_and_is_gone_when_kept(
    page: Page, console: Console, worker: Worker
) -> None:
    set_agent(console, "anna", "available")
    log_in(page, console, "anna")
    worker.call("half-0")
    worker.connected(worker.hand_off("half-0", "anna"))
    note = page.locator(".notes input")
    note.fill("客人下午三点后")
    page.reload()
    expect(note).to_have_value("客人下午三点后")
    note.press("End")
    note.press_sequentially("在家")
    note.press("Enter")
    expect(note).to_have_value("")
    kept = [command.arguments["text"] for command in worker.commands("half-0") if command.command == "note"]
    assert kept == ["客人下午三点后在家"]
    page.wait_for_timeout(700)
    page.reload()
    page.wait_for_timeout(700)
    expect(note).to_have_value("")


def test_half_written_ticket_outlives_the_console_and_the_next_matter_begins_afresh(
    page: Page, console: Console, worker: Worker
) -> None:
    set_agent(console, "anna", "available")
    log_in(page, console, "anna")
    worker.call("half-1")
    number = worker.hand_off("half-1", "anna")
    worker.connected(number)
    summary = page.get_by_label("内容", exact=True)
    proposed = summary.input_value()
    assert proposed
    category = page.get_by_label("类别", exact=True)
    category.click()
    page.get_by_role("option", name="质量 / 食品").first.click()
    summary.fill("餐洒了一半，客人要求今晚回电")
    page.wait_for_timeout(SETTLED_MS)
    restart(page, console)
    expect(summary).to_have_value("餐洒了一半，客人要求今晚回电")
    expect(category).to_have_value("质量 / 食品")
    page.get_by_role("button", name="建工单").click()
    expect(page.locator(".result", has_text="工单已建")).to_be_visible()
    with Session(console.engine) as session:
        opened = session.scalars(select(Ticket.summary).where(Ticket.key.startswith("half-1:"))).all()
    assert opened == ["餐洒了一半，客人要求今晚回电"]
    page.get_by_label("来电事由").click()
    page.get_by_role("option", name="发票").first.click()
    expect(summary).to_have_value(proposed.replace("催配送", "发票"))
    page.wait_for_timeout(SETTLED_MS)
    expect(summary).to_have_value(proposed.replace("催配送", "发票"))
    worker.over("half-1", number, "anna")


def test_half_written_answer_to_a_ticket_outlives_the_console(page: Page, console: Console) -> None:
    number = escalated_ticket(console, "half-2")
    log_in(page, console, "sue", "/supervisor")
    opening, answer = page.get_by_role("button", name=f"打开 {number}"), page.get_by_label("处理说明")
    opening.click()
    answer.fill("已回访，客人接受")
    restart(page, console)
    opening.click()
    expect(answer).to_have_value("已回访，客人接受")
    page.get_by_role("button", name="取消").click()
    expect(answer).to_be_hidden()
    opening.click()
    page.wait_for_timeout(SETTLED_MS)
    expect(answer).to_have_value("")  # taken back by whoever wrote it
    answer.fill("已全额退款")
    page.get_by_role("button", name="结案").click()
    expect(page.get_by_text("工单已结案")).to_be_visible()
    with Session(console.engine) as session:
        ticket = session.scalars(select(Ticket.id).where(Ticket.number == number)).one()
        closed = session.scalars(select(TicketEntry).where(TicketEntry.ticket_id == ticket)).all()[-1]
    assert (closed.kind, closed.text) == ("closed", "已全额退款")
    assert page.evaluate("Object.keys(sessionStorage).filter(key => key.startsWith('draft:'))") == []
