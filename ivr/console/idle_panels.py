"""What an agent sees between calls: their latest calls, and who waits for a callback."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from nicegui import ui
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ivr.accounts import audit
from ivr.console import reading
from ivr.console.elements import Text, box, button, empty, head, length, moment, tag
from ivr.console.screen import Panel, Screen
from ivr.console.views import PastCall
from ivr.transcript import mask_number
from order_lookup.tables import Callback

MOST = 50


@dataclass(frozen=True, slots=True)
class Due:
    """Somebody who was promised a call."""

    id: int
    number: str
    queue: str
    due_at: datetime
    shown: str = ""


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

    async def load(self) -> tuple[Due, ...]:
        """Empty where the shop's own backend keeps the callbacks."""
        if self.screen.house.settings.orders.system != "sql":
            return ()
        await self.screen.house.orders.ready()
        rows = await self.screen.house.read(lambda session, _: _due(session))
        return tuple(Due(row.id, row.number, row.queue, row.due_at, self._revealed.get(row.id, "")) for row in rows)

    def draw(self, shown: tuple[Due, ...]) -> None:
        said, zone = self.said, ZoneInfo(self.screen.house.settings.time_zone)
        head(said["callbacks"], str(len(shown)) if shown else "")
        if not shown:
            return empty(said["no_callbacks"])
        with box("scroll"), box("grid").style("grid-template-columns: max-content 1fr max-content max-content"):
            for due in shown:
                late = due.due_at < datetime.now(UTC)
                with box():
                    tag(due.due_at.astimezone(zone).strftime("%m-%d %H:%M"), "bad" if late else "")
                Text(due.shown or due.number, "num", tag="div")
                with box():
                    if not due.shown:
                        button(said["reveal"], self.screen.acting(self._reveal(due.id)), "small")
                with box():
                    button(said["callback_done"], self.screen.acting(self._done(due.id)), "small")

    def _reveal(self, callback: int):  # type: ignore[no-untyped-def]
        name = self.screen.viewer.name

        def read(session: Session, now: float) -> str:
            row = session.get(Callback, callback)
            audit(session, name, "callback_number_revealed", None, now, callback=callback)
            return row.phone if row else ""

        async def reveal() -> None:
            self._revealed[callback] = await self.screen.house.write(read)
            await self.again()

        return reveal

    def _done(self, callback: int):  # type: ignore[no-untyped-def]
        name = self.screen.viewer.name

        def write(session: Session, now: float) -> None:
            open_one = update(Callback).where(Callback.id == callback, Callback.done_at.is_(None))
            session.execute(open_one.values(done_at=datetime.fromtimestamp(now, UTC)))
            audit(session, name, "callback_done", None, now, callback=callback)

        async def done() -> None:
            await self.screen.house.write(write)
            await self.again()

        return done


def _due(session: Session) -> Sequence[Due]:
    rows = session.scalars(select(Callback).where(Callback.done_at.is_(None)).order_by(Callback.due_at).limit(MOST))
    return [Due(row.id, mask_number(row.phone), row.queue, row.due_at) for row in rows]
