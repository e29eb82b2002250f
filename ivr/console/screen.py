"""One open page: its viewer, its panels, and the loop that refreshes them as things happen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol
from urllib.parse import quote

import structlog
from nicegui import background_tasks, ui
from nicegui.client import Client
from sqlalchemy.exc import SQLAlchemyError

from ivr.accounts import Viewer, audit, renew, still_logged_in
from ivr.console.feed import Happening, Watcher
from ivr.console.house import House
from ivr.console.words import Words, words
from ivr.errors import HotlineError
from order_lookup import OrderDeskError

log = structlog.get_logger()
CHECK_SECONDS = 15.0
# Whoever clicked hears that it takes a while before they click again.
SLOW_SECONDS = 2.0


class Part(Protocol):
    """Something on a page that shows what is so now."""

    async def refresh(self, happenings: Sequence[Happening]) -> None:
        """Show what is so now; an empty sequence means: look, whatever happened."""


class Panel:
    """A part that is drawn anew when what it shows has changed."""

    def __init__(self, screen: Screen, classes: str = "", kinds: tuple[str, ...] = ()) -> None:
        self.screen, self.said, self._kinds = screen, screen.said, kinds
        self.container = ui.element("div").classes(classes)
        self._shown: object = _NOTHING
        screen.parts.append(self)

    async def load(self) -> object:
        """What there is to show; equal to the last when nothing has changed."""
        raise NotImplementedError

    def draw(self, shown: Any) -> None:
        """Show it, inside the container."""
        raise NotImplementedError

    async def refresh(self, happenings: Sequence[Happening]) -> None:
        """Load, and draw when it is new."""
        if happenings and self._kinds and not any(happening.kind in self._kinds for happening in happenings):
            return
        loaded = await self.load()
        if loaded == self._shown or self.container.is_deleted:
            return
        self._shown = loaded
        self.container.clear()
        with self.container:
            self.draw(loaded)

    async def again(self) -> None:
        """Draw anew, changed or not."""
        self._shown = _NOTHING
        await self.refresh(())


_NOTHING = object()


class Screen:
    """One page in one browser."""

    def __init__(self, house: House, viewer: Viewer, client: Client) -> None:
        self.house, self.viewer, self.client = house, viewer, client
        self.said: Words = words(viewer.language)
        self.parts: list[Part] = []
        self.here = "/"
        self.orders_found: dict[str, str] = {}  # call → the order on its card, which may be one the robot didn't find
        self._task: asyncio.Task[None] | None = None
        self._watcher: Watcher | None = None

    def start(self) -> None:
        """Follow the feed until the page is closed."""
        self._task = background_tasks.create(self._follow(), name=f"screen {self.viewer.name}")
        self.client.on_delete(lambda: self._task.cancel() if self._task else None)

    async def _follow(self) -> None:
        loop = asyncio.get_running_loop()
        with self.house.feed.watching() as watcher:
            self._watcher = watcher
            await self.show(())
            check_at = loop.time() + CHECK_SECONDS
            while True:
                try:
                    batch = await asyncio.wait_for(watcher.batch(), max(0.0, check_at - loop.time()))
                except TimeoutError:
                    batch = []
                # However much happens: a session that has ended is noticed, and what is due by now is shown.
                if loop.time() >= check_at:
                    check_at, batch = loop.time() + CHECK_SECONDS, []
                    if not await self._goes_on():
                        return
                if watcher.missed:
                    watcher.missed, batch = False, []
                await self.show(batch)

    def look(self) -> None:
        """Have every part look again, soon: whoever acted need not wait for it, nor does their next click."""
        if self._watcher:
            self._watcher.tell(None)

    async def _goes_on(self) -> bool:
        """Whether to follow on; while the database is away nobody is logged out."""
        try:
            return await self.logged_in(active=False)
        except SQLAlchemyError as fault:
            log.warning("console.session_unknown", fault=str(fault))
            return True

    async def show(self, happenings: Sequence[Happening]) -> None:
        """Refresh every part; one that fails does not take the others with it."""
        for part in list(self.parts):
            try:
                await part.refresh(happenings)
            except (SQLAlchemyError, OrderDeskError) as fault:
                log.warning("console.part_failed", part=type(part).__name__, fault=str(fault))
            except Exception:
                log.exception("console.part_broke", part=type(part).__name__)

    async def logged_in(self, active: bool) -> bool:
        """Whether the session goes on, which an action of its owner (`active`) renews; otherwise the page goes to the login."""
        session_id = self.viewer.session
        if await self.house.read(lambda session, now: still_logged_in(session, session_id, now)):
            if active:  # behind the click, which may only want to read
                self.house.write_later(f"session {session_id}", lambda session, now: renew(session, session_id, now))
            return True
        with self.client:
            ui.navigate.to(f"/login?over=1&lang={self.said.language}&next={quote(self.here)}")
        return False

    def acting(self, what: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """A handler that first checks the session, and says so when it takes long or goes wrong.

        A second click while the first is at work is nothing: what is done slowly is still done once.
        """
        at_work = False

        async def handler() -> None:
            nonlocal at_work
            if at_work:
                return
            at_work = True
            slow = asyncio.get_running_loop().call_later(SLOW_SECONDS, self.notify, self.said["slow"])
            try:
                if await self.logged_in(active=True):
                    await what()
            except (SQLAlchemyError, HotlineError) as fault:
                log.error("console.action_failed", fault=str(fault), account=self.viewer.name)
                self.notify(self.said["not_done"])
            except OrderDeskError as fault:
                log.error("console.order_desk_failed", fault=str(fault), account=self.viewer.name)
                self.notify(self.said["order_desk_away"])
            finally:
                at_work = False
                slow.cancel()

        return handler

    def notify(self, text: str) -> None:
        """A short message at the bottom."""
        with self.client:
            ui.notify(text, position="bottom", timeout=4000)

    async def audit(self, what: str, call_id: str | None, **details: object) -> None:
        """Write down what this viewer did or saw."""
        name = self.viewer.name
        await self.house.write(lambda session, now: audit(session, name, what, call_id, now, **details))
