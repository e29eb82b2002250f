"""What is refused or missing is said on a page with a way back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.integration.console.conftest import Console, keep, log_in

pytestmark = [pytest.mark.integration, pytest.mark.alone]


@pytest.mark.parametrize(
    ("name", "path", "status", "words"),
    [
        ("anna", "/nothing", 404, "没有这个页面"),
        ("anna", "/calls/nothing", 404, "没有这通电话"),
        ("anna", "/calls/%00", 404, "没有这通电话"),
        ("anna", "/calls/nothing/recording", 403, "没有权限查看"),
        ("anna", "/supervisor", 403, "没有权限查看"),
        ("sue", "/calls/nothing/live", 404, "没有这通电话"),
    ],
)
def test_answer_that_leads_nowhere_has_a_way_back(
    page: Page, console: Console, name: str, path: str, status: int, words: str
) -> None:
    log_in(page, console, name)
    answer = page.goto(console.url + path)
    assert answer is not None
    assert answer.status == status
    expect(page.get_by_role("alert")).to_have_text(words)
    keep(page, f"notice-{status}")
    page.keyboard.press("Enter")  # the way back has the focus
    page.wait_for_selector(".bar")
