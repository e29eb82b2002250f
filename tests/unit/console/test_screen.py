"""What holds a page up: its session, a database that is away or slow, clicks that come twice, and a stream that reads slowly."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.orm import Session

from ivr.accounts import Role, Viewer
from ivr.console import api
from ivr.console import screen as screens
from ivr.console.feed import Feed, Happening, Sent
from ivr.console.house import House
from ivr.console.screen import Screen
from ivr.console.words import words
from ivr.records.database import open_database
from ivr.records.holding import tell

PATIENCE_SECONDS = 30.0
AWAY = OperationalError("SELECT 1", {}, Exception("the database is away"))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_database(f"sqlite:///{tmp_path / 'hotline.db'}")
    yield made
    made.dispose()


class Page(Screen):
    """A page without a browser: whether it is logged in is said beforehand, and what it shows and says is kept."""

    def __init__(self, house: Any, sessions: list[bool | Exception]) -> None:
        viewer = Viewer(1, "anna", Role.AGENT, "en", 1, "s", "c")
        super().__init__(house, viewer, SimpleNamespace())  # type: ignore[arg-type]
        self._sessions = sessions
        self.shown: list[int] = []
        self.told: list[str] = []

    async def logged_in(self, active: bool) -> bool:
        """As was said beforehand; the last goes on."""
        now = self._sessions.pop(0) if len(self._sessions) > 1 else self._sessions[0]
        if isinstance(now, Exception):
            raise now
        return now

    async def show(self, happenings: Any) -> None:
        """Keep how much there was."""
        self.shown.append(len(happenings))

    def notify(self, text: str) -> None:
        """Keep what was said."""
        self.told.append(text)


async def until(true: Callable[[], bool], meanwhile: Callable[[], None] = lambda: None) -> None:
    """Wait for something, for as long as a busy machine may need."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not true():
            meanwhile()
            await asyncio.sleep(0.01)


async def test_session_that_ended_is_noticed_however_much_happens(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screens, "CHECK_SECONDS", 0.3)
    feed = Feed(engine)
    page = Page(SimpleNamespace(feed=feed), [True, False])
    following = asyncio.create_task(page._follow())
    await until(following.done, lambda: feed._tell(Happening(1, 0.0, "queue", None)))
    assert await following is None


async def test_page_goes_on_when_the_database_is_back(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screens, "CHECK_SECONDS", 0.05)
    feed = Feed(engine)
    page = Page(SimpleNamespace(feed=feed), [AWAY, True])
    following = asyncio.create_task(page._follow())
    await until(lambda: len(page._sessions) == 1 or following.done())
    page.shown.clear()
    feed._tell(Happening(1, 0.0, "queue", None))
    await until(lambda: 1 in page.shown or following.done())
    assert not following.done()
    following.cancel()


async def test_a_fault_of_ours_does_not_end_the_feed(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.console.feed.REST_SECONDS", 0.01)
    feed, looks = Feed(engine), [lambda: [], lambda: 1 / 0, lambda: [Happening(1, 0.0, "queue", None)]]
    monkeypatch.setattr(feed, "_fresh", lambda: looks.pop(0)() if looks else [])
    with feed.watching() as watcher:
        running = asyncio.create_task(feed.run())
        told: list[Happening] = []
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not told:
                told = await watcher.batch()
        running.cancel()
    assert [each.id for each in told] == [1]


async def test_action_is_done_once_however_often_it_is_clicked_and_a_slow_one_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(screens, "SLOW_SECONDS", 0.01)
    page = Page(SimpleNamespace(), [True])
    go_on, done = asyncio.Event(), []

    async def act() -> None:
        await go_on.wait()
        done.append(1)

    click = page.acting(act)
    first = asyncio.create_task(click())
    await until(lambda: page.told == [words("en")["slow"]])
    async with asyncio.timeout(PATIENCE_SECONDS):
        await click()
    go_on.set()
    await first
    await click()
    assert done == [1, 1]


async def test_next_click_need_not_wait_until_the_page_has_looked_again(engine: Engine) -> None:
    page = Page(SimpleNamespace(feed=Feed(engine)), [True])
    following = asyncio.create_task(page._follow())
    await until(lambda: page.shown == [0])
    go_on, clicks = asyncio.Event(), []

    async def slowly(happenings: Any) -> None:
        page.shown.append(len(happenings))
        await go_on.wait()

    async def act() -> None:
        clicks.append(1)
        page.look()

    page.show = slowly  # type: ignore[method-assign]
    click = page.acting(act)
    await click()
    await until(lambda: page.shown == [0, 0])
    await click()
    assert clicks == [1, 1]
    following.cancel()


async def test_whoever_clicks_is_told_when_not_even_the_session_can_be_looked_up() -> None:
    page = Page(SimpleNamespace(), [AWAY])

    async def act() -> None:
        raise AssertionError("nobody knows whether they may")

    await page.acting(act)()
    assert page.told == [words("en")["not_done"]]


async def test_feed_outlives_whatever_the_database_says_and_wakes_who_watches(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = Feed(engine)
    fresh, faults = feed._fresh, [NoConnectionFree("no connection is free"), AWAY]

    async def begun() -> None:
        """Nothing happened before."""

    def sometimes() -> list[Happening]:
        if faults:
            raise faults.pop()
        return fresh()

    monkeypatch.setattr(feed, "_begin", begun)
    monkeypatch.setattr(feed, "_fresh", sometimes)
    running = asyncio.create_task(feed.run())
    with feed.watching() as watcher:
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await watcher.batch() == []
            assert not feed.healthy
            assert await watcher.batch() == []
        assert feed.healthy
    assert not running.done()
    running.cancel()


async def test_reading_goes_on_while_changes_wait_for_a_lock(engine: Engine) -> None:
    house = House(SimpleNamespace(), engine, Feed(engine), SimpleNamespace(), SimpleNamespace(), SimpleNamespace())  # type: ignore[arg-type]
    unlocked = threading.Event()
    waiting = [asyncio.create_task(house.write(lambda *_: unlocked.wait(PATIENCE_SECONDS))) for _ in range(60)]
    await asyncio.sleep(0)  # each has asked for its thread
    try:
        async with asyncio.timeout(PATIENCE_SECONDS / 2):
            assert await house.read(lambda session, _: session.scalar(text("SELECT 1"))) == 1
    finally:
        unlocked.set()
        await asyncio.gather(*waiting)


async def test_stream_goes_on_after_any_number_of_events(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "PAGE", 10)
    with Session(engine) as session, session.begin():
        for number in range(35):
            tell(session, float(number), "queue", None, number=number)
    house = House(SimpleNamespace(), engine, Feed(engine), SimpleNamespace(), SimpleNamespace(), SimpleNamespace())  # type: ignore[arg-type]
    events = [line async for line in api._stream(house, 0.05, 0) if line.startswith("id: ")]
    assert [int(line.split()[1]) for line in events] == list(range(1, 36))


async def test_stream_that_is_read_slowly_misses_nothing(engine: Engine) -> None:
    feed = Feed(engine)
    house = House(SimpleNamespace(), engine, feed, SimpleNamespace(), SimpleNamespace(), SimpleNamespace())  # type: ignore[arg-type]
    stream = api._stream(house, PATIENCE_SECONDS, None)
    assert await anext(stream) == ": welcome\n\n"
    with Session(engine) as session, session.begin():
        for number in range(2500):
            tell(session, float(number), "queue", None, number=number)
    for number in range(1, 2501):
        feed._tell(Happening(number, 0.0, "queue", None))
    seen = [int((await anext(stream)).split()[1]) for _ in range(2500)]
    assert seen == list(range(1, 2501))
    await stream.aclose()  # type: ignore[attr-defined]


def test_what_was_sent_is_forgotten_in_time() -> None:
    sent = Sent(0)
    assert all(sent.fresh(number) for number in range(1, 10_000))
    assert not sent.fresh(9_999)
    assert len(sent._ids) < 5_000
    assert sent.newest == 9_999
