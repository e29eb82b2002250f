"""A team leader's page in a real browser: callbacks given out, low scores reviewed, agents helped; and a shift that ends."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ivr.records.staff import AccountRow, AuditRow
from ivr.records.tables import AgentRow, CallbackWorkRow, CallRow, ReviewRow
from order_lookup import CallbackRequest, CallerRef, ContactReport, service
from order_lookup.database import open_engine, writing
from order_lookup.policies import load_policies
from order_lookup.tables import Callback, Message, Ticket
from tests.integration.console.conftest import (
    LATE,
    Console,
    Worker,
    agent_state,
    console_in,
    escalated_ticket,
    keep,
    log_in,
    set_agent,
)

pytestmark = [pytest.mark.integration, pytest.mark.alone]


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One whose callbacks and scores nobody else sees to."""
    with console_in(tmp_path_factory.mktemp("leader")) as made:
        yield made


def callback_of(console: Console, call_id: str, phone: str, due_minutes: float) -> int:
    """A callback that was booked yesterday."""
    desk = writing(open_engine(console.engine.url.render_as_string(hide_password=False)))
    now = datetime.now(UTC)
    with Session(desk) as session, session.begin():
        asked = CallbackRequest(CallerRef(call_id, phone), "general", now + timedelta(minutes=due_minutes))
        booked = service.book_callback(session, asked, now - timedelta(days=1), load_policies().values).id
    desk.dispose()
    return int(booked)


def rated_badly(console: Console, call_id: str, phone: str) -> None:
    """A call that was settled, and rated 1; the customer is known."""
    desk = writing(open_engine(console.engine.url.render_as_string(hide_password=False)))
    with Session(console.engine) as session, session.begin():
        case = {"intent": "refund_request"}
        told = {"disposition": "settled", "caller": "139****7777", "satisfaction": 1, "case": case}
        session.add(CallRow(id=call_id, started_at=time.time() - 90.0, ended_at=time.time(), **told))
    with Session(desk) as session, session.begin():
        report = ContactReport(CallerRef(call_id, phone), "refund_request", "settled", True)
        service.contact(session, report, datetime.now(UTC))
    desk.dispose()


def test_a_callback_is_given_out_tried_and_given_up(page: Page, console: Console) -> None:
    booked = callback_of(console, "cb-1", "13900005555", -30)
    log_in(page, console, "sue", "/supervisor")
    listed = page.get_by_role("table", name="待回电")
    row = listed.get_by_role("row").filter(has=page.get_by_role("button", name="指派 139****5555"))
    expect(row.locator(".tag.bad")).to_contain_text("已超时")
    expect(page.locator(".panel", has=listed)).to_contain_text("已超时 1")
    row.get_by_role("button", name="指派").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("bert")).click()
    expect(row).to_contain_text("bert")
    for number in (1, 2, 3):
        expect(row.get_by_role("button", name="未接通")).to_have_count(0)  # who hasn't seen the number hasn't called it
        row.get_by_role("button", name="显示").click()
        expect(row.locator("a[href='tel:13900005555']")).to_be_visible()
        row.get_by_role("button", name="未接通").click()
        if number < 3:
            expect(row).to_contain_text(f"{number}/3")
    keep(page, "supervisor-callbacks")
    expect(page.get_by_text("已结束回电并短信告知客户")).to_be_visible()
    expect(row).to_have_count(0)
    with Session(console.engine) as session:
        work = session.scalars(select(CallbackWorkRow).where(CallbackWorkRow.callback == booked)).one()
        letter = session.scalars(select(Message).where(Message.phone == "13900005555")).one()
        done = session.get_one(Callback, booked).done_at
        told = session.scalars(select(AuditRow.what).where(AuditRow.account == "sue").order_by(AuditRow.id)).all()
    assert (work.owner, work.tries, work.ended) == ("bert", 3, "unreached")
    assert letter.template == "unreached"
    assert done is not None
    assert [what for what in told if what.startswith("callback")] == ["callback_assigned"] + 3 * [
        "callback_number_revealed", "callback_unanswered",
    ]  # fmt: skip


def test_operations_see_callbacks_and_make_none(page: Page, console: Console) -> None:
    callback_of(console, "cb-2", "13900006666", 30)
    log_in(page, console, "olaf", "/supervisor")
    row = page.get_by_role("table", name="待回电").get_by_role("row").filter(has_text="139****6666")
    expect(row).to_be_visible()
    expect(row.get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("button", name="管理")).to_have_count(0)


def test_a_review_says_what_was_wrong_and_has_the_customer_called(page: Page, console: Console) -> None:
    rated_badly(console, "low-1", "13900007777")
    log_in(page, console, "sue", "/supervisor")
    low = page.get_by_role("table", name="低分待查").get_by_role("row").filter(has_text="139****7777")
    low.get_by_role("button", name="复核").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="保存结论").click()
    expect(page.get_by_text("请选择问题出在哪里")).to_be_visible()
    page.get_by_role("option", name="规则政策").click()
    dialog.get_by_label("说明与处理").fill("运费没退，规则写得不清楚；回访 13900007777")
    dialog.get_by_text("建工单，回访客户").click()
    keep(page, "review")
    dialog.get_by_role("button", name="保存结论").click()
    expect(low).to_have_count(0)
    expect(page.get_by_role("table", name="待回电")).to_contain_text("139****7777")
    page.goto(f"{console.url}/calls/low-1")
    told = page.locator(".panel", has=page.get_by_role("heading", name="复核"))
    expect(told).to_contain_text("规则政策")
    expect(told).to_contain_text("运费没退")
    expect(told).not_to_contain_text("13900007777")
    page.goto(f"{console.url}/figures")
    expect(page.get_by_role("table", name="今日与同时刻对比")).to_contain_text("规则政策 1")
    expect(page.get_by_role("table", name="近七天复核结论")).to_contain_text("运费没退")
    keep(page, "figures-reviews")
    with Session(console.engine) as session:
        found, call = session.get_one(ReviewRow, "low-1"), session.get_one(CallRow, "low-1")
        ticket = session.scalars(select(Ticket).where(Ticket.key.startswith("low-1:review"))).one()
        booked = session.scalars(select(Callback).where(Callback.key.startswith("low-1:callback"))).one()
    assert (call.reviewed_by, found.cause, found.ticket) == ("sue", "policy", ticket.number)
    assert (ticket.phone, booked.phone, booked.due_at) == ("13900007777", "13900007777", ticket.due_at)


def test_a_supervisor_helps_an_agent(page: Page, browser: Browser, console: Console) -> None:
    """Another queue while it is overrun, off duty for who forgot, and a password for who forgot that."""
    set_agent(console, "carl", "available")
    log_in(page, console, "sue", "/supervisor")
    row = page.get_by_role("table", name="坐席").get_by_role("row").filter(has_text="carl")
    row.get_by_role("button", name="管理").click()
    dialog = page.get_by_role("dialog")
    dialog.locator(".q-chip", has_text="售后").get_by_role("button").click()
    dialog.get_by_role("button", name="保存队列").click()
    expect(row).not_to_contain_text("售后")
    row.get_by_role("button", name="管理").click()
    dialog.get_by_role("button", name="签退").click()
    expect(row).to_contain_text("离线")
    row.get_by_role("button", name="管理").click()
    page.get_by_role("dialog").get_by_role("button", name="重设密码").click()
    password = page.locator(".password").inner_text()
    context = browser.new_context(locale="zh-CN")
    fresh = context.new_page()
    fresh.goto(f"{console.url}/login")
    expect(fresh.get_by_text("忘记密码")).to_be_visible()
    fresh.fill("input[name=name]", "carl")
    fresh.fill("input[name=password]", password)
    fresh.click("button[type=submit]")
    expect(fresh.locator(".me .state")).to_contain_text("离线")
    context.close()
    with Session(console.engine) as session, session.begin():  # a telephone whose owner has become an admin
        session.execute(update(AccountRow).where(AccountRow.name == "bert").values(role="admin"))
    page.reload()
    page.get_by_role("button", name="管理 bert").click()
    page.get_by_role("dialog").get_by_role("button", name="重设密码").click()
    expect(page.get_by_text("不能在这里重设")).to_be_visible()
    with Session(console.engine) as session, session.begin():
        session.execute(update(AccountRow).where(AccountRow.name == "bert").values(role="agent"))
    with Session(console.engine) as session:
        carl = session.scalars(select(AgentRow).where(AgentRow.name == "carl")).one()
        told = session.scalars(select(AuditRow.what).where(AuditRow.account == "sue")).all()
    assert (carl.queues, carl.state) == (["general"], "offline")
    assert {"agent_queues", "agent_off_duty", "password_set"} <= set(told)
    assert password not in str(told)


def test_an_agent_takes_a_ticket_over_calls_and_closes_it(page: Page, console: Console) -> None:
    number = escalated_ticket(console, "mine-1")
    with Session(console.engine) as session, session.begin():
        ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        ticket.queue = "after_sales"
    log_in(page, console, "bert")
    row = page.get_by_role("table", name="我队列的工单").get_by_role("row").filter(has_text=number)
    expect(row.locator(".tag.bad", has_text="已超时")).to_be_visible()
    row.get_by_role("button", name="打开").click()
    page.get_by_role("button", name="接手").click()
    expect(row).to_contain_text("我的")
    row.get_by_role("button", name="打开").click()
    dialog = page.get_by_role("dialog")
    assert LATE.phone not in page.content()
    dialog.get_by_role("button", name="显示").click()
    expect(dialog.locator(f"a[href='tel:{LATE.phone}']")).to_be_visible()
    dialog.get_by_label("处理说明").fill("已回访，补送一份")
    keep(page, "desk-ticket")
    dialog.get_by_role("button", name="结案").click()
    expect(row).to_have_count(0)
    with Session(console.engine) as session:
        told = session.scalars(select(AuditRow.what).where(AuditRow.account == "bert").order_by(AuditRow.id)).all()
        assert session.scalars(select(Ticket.state).where(Ticket.number == number)).one() == "closed"
    assert [what for what in told if "ticket" in what] == ["ticket_answered", "ticket_number_revealed", "ticket_closed"]


def test_who_logs_out_everywhere_is_rung_no_more(page: Page, browser: Browser, console: Console) -> None:
    set_agent(console, "anna", "available")
    log_in(page, console, "anna")
    context = browser.new_context(locale="zh-CN")
    other = context.new_page()
    log_in(other, console, "anna")
    other.get_by_role("button", name="退出").click()
    expect(other.locator("input[name=password]")).to_be_visible()
    assert agent_state(console, "anna") == "available"
    context.close()
    page.get_by_role("button", name="退出").click()
    expect(page.locator("input[name=password]")).to_be_visible()
    assert agent_state(console, "anna") == "offline"


def test_keys_alone_and_a_dark_room(page: Page, console: Console, worker: Worker) -> None:
    """A list that is drawn anew keeps the keyboard where it was; lists can be scrolled by keys; dark is dark."""
    callback_of(console, "cb-3", "13900008881", 60)
    log_in(page, console, "sue", "/supervisor")
    expect(page.get_by_role("heading", level=1)).to_have_text("客服工作台")
    assign = page.get_by_role("button", name="指派 139****8881")
    assign.focus()
    callback_of(console, "cb-4", "13900008882", 10)
    worker.call("keys-1", "13900001111")
    number = worker.run(worker.queue.enter("keys-1", "general", "", "zh", 5, "agent"))
    expect(page.get_by_role("table", name="待回电")).to_contain_text("139****8882")
    expect(assign).to_be_focused()
    expect(page.locator(".panel .tags .tag", has_text="综合 1")).to_be_visible()
    worker.run(worker.queue.finish(number, "completed"))
    worker.records.ended("keys-1", "solved", 9.0, {})
    assert page.locator(".panel > .scroll:not([tabindex])").count() == 0
    page.emulate_media(color_scheme="dark")
    page.reload()
    expect(page.get_by_role("table", name="待回电")).to_be_visible()
    ground = page.locator(".panel").first.evaluate("panel => getComputedStyle(panel).backgroundColor")
    assert max(map(int, re.findall(r"\d+", ground)[:3])) < 64, ground
