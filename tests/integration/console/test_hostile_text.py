"""What callers, shops and colleagues write is shown as text on every page: none of it runs, is fetched, or leads elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ivr.records.tables import HandoffRow
from order_lookup import CallerRef, TicketRequest, load_policies, service
from order_lookup.tables import Item, Order
from tests.integration.console.conftest import LATE, Console, Worker, log_in, set_agent

pytestmark = pytest.mark.integration
EVIL = "<img src=/static/x onerror=\"window.ran=1\"><script>window.ran=1</script>{{constructor.constructor('window.ran=1')()}}"
RUN = "window.ran === 1 || Boolean(document.querySelector('img[src*=\"static/x\"]'))"


def spoil_the_order(console: Console) -> None:
    with Session(console.engine) as session, session.begin():
        order = session.scalars(select(Order).where(Order.number == LATE.order_number)).one()
        order.merchant = order.recipient = order.note = EVIL
        session.execute(update(Item).where(Item.order_id == order.id).values(name=EVIL, name_en=EVIL))


def open_ticket(console: Console) -> None:
    """One that is overdue, so that the supervisor has it."""
    long_ago = datetime.now(UTC) - timedelta(days=9)
    request = TicketRequest(CallerRef("evil-0", LATE.phone), "complaint", "service/complaint", EVIL, LATE.order_number)
    with Session(console.engine) as session, session.begin():
        made = service.open_ticket(session, request, long_ago, load_policies().values)
        service.append_ticket(session, made.number, EVIL[:120], EVIL, long_ago)


def test_nothing_that_is_shown_runs(page: Page, console: Console, worker: Worker) -> None:
    spoil_the_order(console)
    open_ticket(console)
    facts = {"customer.name": EVIL, "mood": EVIL, "order.items": EVIL, "order.number": LATE.order_number}
    worker.call("evil-1", case={"intent": EVIL[:200], "ticket.category": EVIL, "situations": [EVIL], **facts})
    for speaker in ("caller", "robot", "agent", "note"):
        worker.line("evil-1", speaker, EVIL, 5.0)
    fetched: list[str] = []
    page.on("request", lambda asked: fetched.append(asked.url))
    log_in(page, console, "anna")
    set_agent(console, "anna", "available")
    number = worker.hand_off("evil-1", "anna")
    with Session(console.engine) as session, session.begin():
        session.execute(update(HandoffRow).where(HandoffRow.id == number).values(reason=EVIL[:200], queue=EVIL[:60]))
    expect(page.locator(".said.caller .text").last).to_contain_text("onerror")
    page.wait_for_timeout(500)
    assert not page.evaluate(RUN)
    page.context.clear_cookies()
    log_in(page, console, "sue", "/supervisor")
    expect(page.get_by_text("onerror").first).to_be_visible()
    page.get_by_role("button", name="打开").first.click()
    expect(page.locator(".card .history")).to_contain_text("onerror")
    page.goto(f"{console.url}/calls/evil-1")
    expect(page.locator(".said.note .text").last).to_contain_text("onerror")
    page.wait_for_timeout(500)
    assert not page.evaluate(RUN)
    assert [url for url in fetched if not url.startswith((console.url, "data:"))] == []
    worker.over("evil-1", number, "anna")
