"""What an agent sees between calls: their latest calls, and who waits for a callback."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from nicegui import ui
from sqlalchemy.orm import Session

from ivr.accounts import audit
from ivr.console import callbacks, reading
from ivr.console.actions import Handler
from ivr.console.callbacks import Due
from ivr.console.elements import Text, box, button, empty, head, length, moment, tag
from ivr.console.screen import Panel, Screen
from ivr.console.views import PastCall


class HistoryPanel(Panel):
    """The agent's latest calls."""

    async def load(self) -> tuple[PastCall, ...]:
        mine = self.screen.viewer.agent or 0
        return tuple(await self.screen.house.read(lambda session, _: reading.history(session, mine)))

    def draw(self, shown: tuple[PastCall, ...]) -> None:
        said, zone = self.said, ZoneInfo(self.screen.house.settings.time_zone)
        head(said["history"], str(len(shown)) if shown else "")
        if not shown:
            return empty(said["no_history"])
        with box("scroll"), box("grid").style("grid-template-columns: max-content 1fr 1fr max-content 1fr"):
            for words in ("time", "caller", "about", "length", "result"):
                Text(said[words], "th", tag="div")
            for call in shown:
                with box(), ui.element("a").props(f"href=/calls/{call.call_id}"):
                    Text(moment(call.at, zone, with_day=True), "num")
                Text(call.caller or "–", "num", tag="div")
                Text(said.of("intent", call.about) if call.about else "–", tag="div")
                Text(length(call.talk_seconds), "num", tag="div")
                Text(said.of("disposition", call.disposition), tag="div")


class CallbacksPanel(Panel):
    """Promised calls, the most urgent first; the number is shown on a logged click."""

    def __init__(self, screen: Screen, classes: str) -> None:
        self._revealed: dict[int, str] = {}
        super().__init__(screen, classes, ("queue", "agent", "callback"))

    @property
    def _own(self) -> bool:
        """Whether our own queue is the list, because the shop's backend keeps its callbacks to itself."""
        return self.screen.house.settings.orders.system != "sql"

    async def load(self) -> tuple[Due, ...]:
        own = self._own
        if not own:
            await self.screen.house.orders.ready()
        rows = await self.screen.house.read(lambda session, _: callbacks.open_ones(session, own))
        return tuple(replace(row, shown=self._revealed.get(row.id, "")) for row in rows)

    def draw(self, shown: tuple[Due, ...]) -> None:
        said, zone = self.said, ZoneInfo(self.screen.house.settings.time_zone)
        head(said["callbacks"], str(len(shown)) if shown else "")
        if not shown:
            return empty(said["no_callbacks"])
        with (
            box("scroll"),
            box("grid").style("grid-template-columns: minmax(0, 1fr) max-content"),
        ):
            for due in shown:
                late = due.due_at < datetime.now(UTC)
                with box():
                    with box("line"):
                        tag(due.due_at.astimezone(zone).strftime("%m-%d %H:%M"), "bad" if late else "")
                        Text(due.shown or due.number, "num")
                    self._matter(due)
                with box("line"):
                    if not due.shown:
                        button(said["reveal"], self.screen.acting(self._reveal(due.id)), "small")
                    button(said["callback_done"], self.screen.acting(self._done(due.id)), "small")

    def _matter(self, due: Due) -> None:
        """What it is about, and the way to the call's transcript: whoever calls back should know what was said."""
        about = self.said.of("intent", due.about) if due.about else ""
        if due.call_id:
            with ui.element("a").props(f"href=/calls/{due.call_id}"):
                Text(about or self.said["open"])
        elif about:
            Text(about, "dim", tag="div")

    def _reveal(self, callback: int) -> Handler:
        name, own = self.screen.viewer.name, self._own

        def read(session: Session, now: float) -> str:
            audit(session, name, "callback_number_revealed", None, now, callback=callback)
            return callbacks.number_of(session, own, callback)

        async def reveal() -> None:
            self._revealed[callback] = await self.screen.house.write(read)
            await self.again()

        return reveal

    def _done(self, callback: int) -> Handler:
        name, own = self.screen.viewer.name, self._own

        def write(session: Session, now: float) -> None:
            callbacks.keep(session, own, callback, now)
            audit(session, name, "callback_done", None, now, callback=callback)

        async def done() -> None:
            await self.screen.house.write(write)
            await self.again()

        return done
