"""An exchange on the agent's desk: the caller's wish is asked for, shown before it is done, and kept as the robot keeps it; once."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from order_lookup.demo import CASES, DemoCase
from order_lookup.tables import LedgerEntry, Ticket
from tests.integration.console.conftest import Console, Worker, keep, log_in, set_agent, too_wide

pytestmark = [pytest.mark.integration, pytest.mark.alone]
CASE = CASES["return_open"]


def take(page: Page, console: Console, worker: Worker, agent: str, call_id: str, case: DemoCase) -> int:
    """The agent talks to the customer of a case, who wants an exchange and whose name is right."""
    set_agent(console, agent, "available")
    log_in(page, console, agent)
    worker.call(call_id, case.phone, {"intent": "return_exchange", "order.number": case.order_number})
    number = worker.hand_off(call_id, agent, case.phone)
    worker.connected(number)
    return number


def prove(page: Page, name: str) -> None:
    page.locator(".verify input:not([readonly])").last.fill(name)
    page.locator(".verify button").click()


def entries(console: Console, call_id: str) -> list[tuple[str, str]]:
    """What the ledger has of a call."""
    with Session(console.engine) as session:
        rows = session.scalars(select(LedgerEntry).where(LedgerEntry.call_id == call_id))
        return [(row.action, str(row.details.get("variant", ""))) for row in rows]


def tickets(console: Console, call_id: str) -> list[str]:
    with Session(console.engine) as session:
        return list(session.scalars(select(Ticket.summary).where(Ticket.key.startswith(f"{call_id}:"))))


def item_of(offer: Locator) -> str:
    """换货 · 双肩包 · 需寄回商品"""
    return offer.inner_text().split(" · ")[1]


def test_the_wish_is_asked_for_shown_and_kept_once(page: Page, console: Console, worker: Worker) -> None:
    number = take(page, console, worker, "anna", "exchange-1", CASE)
    offer = page.get_by_role("button", name="换货")
    # Whose number it is doesn't prove who calls: nothing is exchanged before.
    expect(offer).to_be_disabled()
    prove(page, CASE.customer)
    expect(offer).to_be_enabled()
    item = item_of(offer)
    offer.click()
    card = page.locator(".q-dialog .card")
    done, wish = card.get_by_role("button", name="确定办理"), card.get_by_label("换成什么")
    expect(wish).to_be_focused()
    expect(card.get_by_text("例如：大一码、黑色、42码")).to_be_visible()
    keep(page, "desk-exchange-asked")
    for written, told in (
        ("", "请写明客户想换成的尺码或颜色"),
        ("换成", "请写明客户想换成的尺码或颜色"),
        ("大" * 81, "不超过80个字"),
    ):
        wish.fill(written)
        done.click()
        expect(card.get_by_text(told)).to_be_visible()
    assert entries(console, "exchange-1") == []
    wish.fill("黑色的，大一码")
    expect(card.locator(".result")).to_have_text(f"{item}: 换成黑色的，大一码")
    assert not too_wide(page)
    keep(page, "desk-exchange")
    done.dblclick()
    expect(page.locator(".result.done")).to_have_text(re.compile(r"换货: 已办成 · 换成黑色的，大一码 · 回执 T\d+"))
    expect(page.locator(".q-notification", has_text=f"换货 · {item}")).to_have_text(re.compile("需寄回商品: 已办成$"))
    assert entries(console, "exchange-1") == [("exchange", "换成黑色的，大一码")]
    assert tickets(console, "exchange-1") == [f"{item}: 换成黑色的，大一码"]
    expect(page.locator(".tag", has_text="换货办理中")).to_be_visible()
    expect(page.get_by_text(f"换货 · {item}: 换成黑色的，大一码", exact=True)).to_be_visible()
    # The order is settled: no second remedy is offered beside it.
    expect(page.get_by_role("button", name="换货")).to_have_count(0)
    expect(page.get_by_role("button", name="发起退货")).to_have_count(0)
    keep(page, "desk-exchanged")
    worker.over("exchange-1", number, "anna")
    set_agent(console, "anna", "away")


def test_two_agents_of_one_call_exchange_once(page: Page, browser: Browser, console: Console, worker: Worker) -> None:
    """The call is passed on while the first agent's dialog is still open, in English on the second desk."""
    case = CASES["price_dropped"]
    number = take(page, console, worker, "anna", "exchange-2", case)
    prove(page, case.customer)
    offer = page.get_by_role("button", name="换货")
    expect(offer).to_be_enabled()
    item = item_of(offer)
    offer.click()
    first = page.locator(".q-dialog .card")
    first.get_by_label("换成什么").fill("白色")
    worker.run(worker.queue.release(number, "anna", "available", "passed_on"))
    set_agent(console, "anna", "away")
    context = browser.new_context(locale="en-GB")
    other = context.new_page()
    set_agent(console, "bert", "available")
    worker.connected(worker.hand_off("exchange-2", "bert", case.phone))
    log_in(other, console, "bert")
    other.get_by_role("button", name="English").click()
    other.get_by_role("button", name="Exchange · ").click()
    second = other.locator(".q-dialog .card")
    second.get_by_role("button", name="Do it").click()
    expect(second.get_by_text("Please write which size or colour the caller would like")).to_be_visible()
    second.get_by_label("Exchange it for").fill("a larger size")
    keep(other, "desk-exchange-english")
    second.get_by_label("Exchange it for").press("Enter")
    expect(other.locator(".result.done")).to_contain_text("Exchange: Done · a larger size")
    first.get_by_role("button", name="确定办理").click()
    expect(page.locator(".q-notification", has_text="这通电话不在您手上")).to_be_visible()
    assert entries(console, "exchange-2") == [("exchange", "a larger size")]
    assert tickets(console, "exchange-2") == [f"{item}: a larger size"]
    other.get_by_role("button", name="中文").click()
    expect(other.get_by_role("button", name="English")).to_be_visible()
    context.close()
    set_agent(console, "bert", "away")


def test_agent_says_what_the_call_is_about_and_the_offers_and_the_ticket_follow(
    page: Page, console: Console, worker: Worker
) -> None:
    """The caller said no more than "agent": nothing the robot heard brings an exchange or a return on offer."""
    case = CASES["in_transit"]
    set_agent(console, "anna", "available")
    log_in(page, console, "anna")
    worker.call("matter-1", case.phone, {"intent": "agent", "order.number": case.order_number})
    number = worker.hand_off("matter-1", "anna", case.phone)
    worker.connected(number)
    about = page.get_by_label("来电事由")
    expect(about).to_be_visible()
    expect(page.get_by_role("button", name="发起退货")).to_have_count(0)
    about.click()
    page.get_by_role("option", name="退换货").click()
    expect(page.get_by_role("button", name="发起退货")).to_be_visible()
    expect(page.get_by_label("类别")).to_have_value("售后 / 退货")
    keep(page, "desk-matter")
    page.reload()
    expect(page.get_by_role("button", name="发起退货")).to_be_visible()
    assert not too_wide(page)
    worker.over("matter-1", number, "anna")
