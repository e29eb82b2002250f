"""What happens in a shift besides the call itself: other pages, other desks, a database that goes, narrow windows, keys alone."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from ivr.ports import Caller
from ivr.records.staff import AuditRow
from ivr.records.tables import CallRow
from order_lookup.tables import Ticket
from tests.integration.console.conftest import (
    LATE,
    PATIENCE_SECONDS,
    Console,
    Worker,
    keep,
    log_in,
    set_agent,
    too_wide,
)

pytestmark = [pytest.mark.integration, pytest.mark.alone]
LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff von Hohenzollern"
# What sticks out of the bar over the desk, by its words.
OUTSIDE = """() => { const bar = document.querySelector('.incoming').getBoundingClientRect();
    return [...document.querySelectorAll('.incoming .q-btn, .incoming .q-field')].filter(each => {
        const at = each.getBoundingClientRect();
        return at.top < bar.top || at.bottom > bar.bottom || at.left < 0 || at.right > innerWidth;
    }).map(each => each.innerText); }"""


@contextlib.contextmanager
def second_page(browser: Browser, console: Console, name: str, path: str = "/") -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_SECONDS * 1000)
    log_in(page, console, name, path)
    yield page
    context.close()


@contextlib.contextmanager
def without_tables(console: Console, *tables: str) -> Iterator[None]:
    """The database refuses whatever needs these tables."""

    def rename(pairs: list[tuple[str, str]]) -> None:
        with console.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("PRAGMA legacy_alter_table=ON"))
            for before, after in pairs:
                connection.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))
            connection.execute(text("PRAGMA legacy_alter_table=OFF"))

    rename([(table, f"{table}_away") for table in tables])
    try:
        yield
    finally:
        rename([(f"{table}_away", table) for table in tables])


def talked_before(console: Console, worker: Worker, call_id: str, agent: str) -> None:
    """The agent has had this call, and finished it."""
    set_agent(console, agent, "available")
    worker.call(call_id)
    number = worker.hand_off(call_id, agent)
    worker.connected(number)
    worker.over(call_id, number, agent)
    set_agent(console, agent, "away")


def test_agent_who_reads_an_earlier_call_is_rung_for_and_comes_to_the_desk(
    page: Page, console: Console, worker: Worker
) -> None:
    talked_before(console, worker, "shift-1", "anna")
    log_in(page, console, "anna", "/calls/shift-1")
    expect(page.locator(".said.caller .text").first).to_have_text("我的外卖还没到")
    expect(page.locator(".notes")).to_have_count(0)
    set_agent(console, "anna", "available")
    worker.call("shift-2")
    worker.hand_off("shift-2", "anna")
    expect(page.get_by_role("alertdialog", name=re.compile("来电 · 王.* · 催配送"))).to_be_visible()
    keep(page, "ring-beside-earlier-call")
    page.keyboard.press("F2")
    assert [command.command for command in worker.commands("shift-2")] == ["accept"]
    expect(page).to_have_url(f"{console.url}/")
    expect(page.locator(".incoming .tag.ok")).to_be_visible()
    page.goto(f"{console.url}/calls/shift-1")
    page.get_by_role("link", name="工作台").click()
    expect(page).to_have_url(f"{console.url}/")


def test_call_accepted_on_one_page_is_accepted_on_the_other(page: Page, console: Console, worker: Worker) -> None:
    set_agent(console, "bert", "available")
    log_in(page, console, "bert")
    other = page.context.new_page()
    other.goto(f"{console.url}/")
    worker.call("shift-3")
    worker.hand_off("shift-3", "bert")
    expect(other.get_by_role("button", name="接听")).to_be_visible()
    expect(page.get_by_role("button", name="接听")).to_be_visible()
    page.get_by_role("button", name="接听").click()
    expect(other.locator(".incoming .tag.ok")).to_have_text("已接受，请拿起话机")
    other.keyboard.press("F2")
    other.keyboard.press("F4")
    done: list[str] = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while "decline" not in done and time.monotonic() < deadline:
        done += [command.command for command in worker.commands("shift-3")]
    assert done == ["accept", "decline"]


def test_page_says_that_the_database_is_away_and_goes_on_when_it_is_back(
    page: Page, browser: Browser, console: Console, worker: Worker
) -> None:
    set_agent(console, "carl", "away")
    log_in(page, console, "carl")
    expect(page.locator(".me .state")).to_contain_text("小休")
    with without_tables(console, "events", "handoffs", "sessions"):
        expect(page.locator(".strip").get_by_role("alert")).to_have_text("数据库连不上，内容可能不是最新")
        page.get_by_role("button", name="示闲").click()
        expect(page.get_by_text("这一步可能没有办成")).to_be_visible()
        other = page.context.new_page()
        answer = other.goto(f"{console.url}/supervisor")
        assert answer is not None
        assert answer.status == 503
        expect(other.get_by_role("alert")).to_contain_text("数据库暂时连不上")
        keep(other, "database-away")
    other.get_by_role("link", name="再试一次").click()
    expect(other.get_by_role("alert")).to_have_text("没有权限查看")
    other.close()
    expect(page.locator(".strip").get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="示闲").click()
    expect(page.locator(".me .state")).to_contain_text("空闲")
    worker.call("shift-4")
    worker.hand_off("shift-4", "carl")
    expect(page.locator(".incoming .what")).to_contain_text("催配送")


def test_nothing_sticks_out_of_a_narrow_window(page: Page, console: Console, worker: Worker) -> None:
    set_agent(console, "anna", "available")
    log_in(page, console, "anna")
    page.get_by_role("button", name="English").click()
    expect(page.locator(".brand")).to_have_text("Hotline desk")
    worker.call("shift-5", case={"intent": "urge_delivery", "customer.name": LONG_NAME, "mood": "upset"})
    number = worker.hand_off("shift-5", "anna")
    for state in ("accept", "Hang up", "Finish, away"):
        if state == "Hang up":
            worker.connected(number)
        elif state == "Finish, away":
            worker.over("shift-5", number, "anna")
        expect(page.get_by_role("button", name=state)).to_be_visible()
        for width in (1280, 1024, 768):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(OUTSIDE) == [], (state, width)
            assert not too_wide(page), (state, width)
            keep(page, f"narrow-{width}-{state.split(',')[0].replace(' ', '-').lower()}")
        page.set_viewport_size({"width": 1280, "height": 800})


def test_list_stays_where_it_was_scrolled_to_when_more_happens(page: Page, console: Console, worker: Worker) -> None:
    waiting = []

    def enter(number: int) -> None:
        worker.call(f"shift-q{number}", f"1390000{number:04d}")
        caller = Caller(f"1390000{number:04d}")
        waiting.append(worker.run(worker.queue.enter(f"shift-q{number}", "general", "", "zh", 5, "agent", caller)))

    for number in range(40):
        enter(number)
    log_in(page, console, "sue", "/supervisor")
    queue = page.locator(".panel", has=page.get_by_role("heading", name="排队"))
    expect(queue.locator("a")).to_have_count(40)
    queue.locator(".scroll").evaluate("box => { box.scrollTop = 300; }")
    page.wait_for_function("document.querySelector('.panel .scroll').scrollTop === 300")
    enter(40)
    expect(queue.locator("a")).to_have_count(41)
    assert queue.locator(".scroll").evaluate("box => box.scrollTop") == 300
    for place in waiting:
        worker.run(worker.queue.finish(place, "abandoned"))


def test_pass_on_and_notes_by_keys_alone(page: Page, console: Console, worker: Worker) -> None:
    set_agent(console, "anna", "available")
    log_in(page, console, "anna")
    worker.call("shift-6")
    number = worker.hand_off("shift-6", "anna")
    worker.connected(number)
    page.get_by_label("备注", exact=True).focus()
    ring = "(e => getComputedStyle(e).boxShadow)(document.querySelector('.notes'))"
    assert "rgb(31, 111, 139)" in page.evaluate(ring), "whoever uses keys sees where they are"
    page.get_by_role("button", name="转其他队列").press("Enter")
    card = page.locator(".q-dialog .card")
    card.get_by_label("队列").press("Enter")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator("[role=option].q-manual-focusable--focused")).to_be_visible()  # a quicker Enter chooses nothing
    page.keyboard.press("Enter")
    expect(page.get_by_role("option")).to_have_count(0)
    expect(card.locator(".q-select")).to_contain_text("·")
    card.get_by_label("给下一位同事的话").fill("等退款")
    page.keyboard.press("Enter")
    expect(card).to_be_hidden()
    done: list[str] = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while "pass_on" not in done and time.monotonic() < deadline:
        done += [command.command for command in worker.commands("shift-6")]
    assert done == ["note", "pass_on"]
    worker.over("shift-6", number, "anna")
    page.wait_for_selector(".wrapping")
    page.keyboard.press("F9")
    page.keyboard.type("1 箱")
    page.keyboard.press("F10")
    expect(page.get_by_text("请选择处理结果")).to_be_visible()
    # The cursor has left the note: a digit chooses what was asked for.
    expect(page.locator(".wrapping input[maxlength]")).not_to_be_focused()
    page.keyboard.press("2")
    expect(page.locator(".incoming .q-select")).to_contain_text("已承诺")
    expect(page.locator(".wrapping input[maxlength]")).to_have_value("1 箱")


def test_ticket_is_there_after_a_reload_and_another_matter_may_have_its_own(
    page: Page, console: Console, worker: Worker
) -> None:
    set_agent(console, "bert", "available")
    log_in(page, console, "bert")
    worker.call("shift-7")
    number = worker.hand_off("shift-7", "bert")
    worker.connected(number)
    other = page.context.new_page()
    other.goto(f"{console.url}/")
    expect(other.get_by_role("button", name="建工单")).to_be_visible()
    page.get_by_role("button", name="建工单").click()
    first = page.locator(".result", has_text=re.compile(r"工单已建 T\d+ · 应于 \d\d-\d\d \d\d:\d\d"))
    expect(first).to_be_visible()
    shown = other.locator(".result", has_text=first.inner_text())
    expect(shown).to_be_visible()
    expect(other.get_by_role("button", name="建工单")).to_have_count(0)
    other.reload()
    expect(shown).to_be_visible()
    expect(other.get_by_role("button", name="建工单")).to_have_count(0)
    other.get_by_label("来电事由").click()
    other.get_by_role("option", name="开发票").or_(other.get_by_role("option", name="发票")).first.click()
    other.locator(".line").get_by_role("button", name="建工单").click()
    expect(other.locator(".result", has_text="工单已建")).to_have_count(2)
    with Session(console.engine) as session:
        keys = session.scalars(select(Ticket.key).where(Ticket.key.startswith("shift-7:")).order_by(Ticket.id)).all()
    assert keys == [f"shift-7:{intent}:{LATE.order_number}" for intent in ("urge_delivery", "invoice")]
    worker.over("shift-7", number, "bert")


def test_callback_is_shown_as_taken_and_is_gone_from_every_desk_when_it_was_made(
    page: Page, browser: Browser, console: Console, worker: Worker
) -> None:
    worker.call("shift-8", "13900008888", {"intent": "refund_request"})
    with Session(console.engine) as session, session.begin():
        session.execute(update(CallRow).where(CallRow.id == "shift-8").values(worker="gone", heartbeat_at=1.0))
    log_in(page, console, "anna")
    number = re.compile(r"139(\*{4}|0000)8888")
    mine = page.locator(".grid > *", has_text=number)
    expect(mine).to_be_visible()
    with Session(console.engine) as session:
        before = session.scalar(select(func.max(AuditRow.id))) or 0
    with second_page(browser, console, "bert") as other:
        theirs = other.locator(".grid > *", has_text=number)
        expect(theirs).to_be_visible()
        page.get_by_role("button", name="显示 139****8888").click()
        expect(page.get_by_text("13900008888")).to_be_visible()
        expect(theirs).to_contain_text("anna · 正在回电")
        # A slip of the mouse of somebody who never saw the number costs nobody their callback.
        other.get_by_role("button", name="已回电 139****8888").click()
        other.locator(".q-dialog .card").get_by_role("button", name="取消").click()
        expect(other.locator(".q-dialog .card")).to_be_hidden()
        expect(theirs).to_be_visible()
        keep(other, "callback-taken")
        page.get_by_role("button", name="已回电 139****8888").click()
        expect(theirs).to_have_count(0)
        expect(mine).to_have_count(0)
    with Session(console.engine) as session:
        made = (AuditRow.what == "callback_done", AuditRow.id > before)
        done = session.scalars(select(AuditRow.account).where(*made)).all()
    assert done == ["anna"]
