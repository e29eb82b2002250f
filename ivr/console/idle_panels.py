"""What an agent sees between calls: their latest calls, and who waits for a callback."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from nicegui import ui
from sqlalchemy.orm import Session

from ivr.accounts import audit
from ivr.console import callbacks, reading
from ivr.console.actions import Handler
from ivr.console.callbacks import Due
from ivr.console.elements import Text, box, button, empty, head, length, moment, tag
from ivr.console.screen import Panel, Screen
from ivr.console.table import cell, table, table_row
from ivr.console.views import PastCall

HISTORY_COLUMNS = (
    ("time", "max-content"), ("caller", "1fr"), ("about", "1fr"), ("length", "max-content"), ("result", "1fr"),
)  # fmt: skip


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
        with table(said, "history", HISTORY_COLUMNS):
            for call in shown:
                with table_row():
                    with cell(), ui.element("a").props(f"href=/calls/{call.call_id}"):
                        Text(moment(call.at, zone, with_day=True), "num")
                    cell(call.caller or "–", "num")
                    cell(said.of("intent", call.about) if call.about else "–")
                    cell(length(call.talk_seconds), "num")
                    cell(said.of("disposition", call.disposition))


class CallbacksPanel(Panel):
    """Promised calls, the most urgent first; the number is shown on a logged click."""

    def __init__(self, screen: Screen, classes: str) -> None:
        self._revealed: dict[int, str] = {}
        super().__init__(screen, classes, ("queue", "agent", "callback"))

    @property
    def _own(self) -> bool:
        """Whether our own queue is the list, because the shop's backend keeps its callbacks to itself."""
        return self.screen.house.settings.orders.system != "sql"

    async def load(self) -> tuple[int, tuple[Due, ...]]:
        """How many there are, and the most urgent."""
        own = self._own
        if not own:
            await self.screen.house.orders.ready()
        rows = await self.screen.house.read(lambda session, _: callbacks.open_ones(session, own))
        taken = await self.screen.house.read(callbacks.taken)
        number, _ = await self.screen.house.read(lambda session, now: callbacks.counts(session, own, now))
        return number, tuple(self._shown_now(row, taken.get(row.id, "")) for row in rows)

    def _shown_now(self, due: Due, caller: str) -> Due:
        late = due.due_at.timestamp() < self.screen.house.clock()
        caller = caller if caller != self.screen.viewer.name else ""
        return replace(due, shown=self._revealed.get(due.id, ""), late=late, caller=caller)

    def draw(self, shown: tuple[int, tuple[Due, ...]]) -> None:
        said, zone, (number, promised) = self.said, ZoneInfo(self.screen.house.settings.time_zone), shown
        head(said["callbacks"], str(number) if number else "")
        if not promised:
            return empty(said["no_callbacks"])
        with (
            box("scroll"),
            box("grid").style("grid-template-columns: minmax(0, 1fr) max-content"),
        ):
            for due in promised:
                with box():
                    with box("line"):
                        tag(due.due_at.astimezone(zone).strftime("%m-%d %H:%M"), "bad" if due.late else "")
                        Text(due.shown or due.number, "num")
                    self._matter(due)
                    if due.caller:
                        with box():
                            tag(f"{due.caller} · {said['callback_taken']}", "warn")
                with box("line"):
                    if not due.shown:
                        button(said["reveal"], self.screen.acting(self._reveal(due.id)), "small", of=due.number)
                    button(said["callback_done"], self.screen.acting(self._asked(due)), "small", of=due.number)

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
            number = callbacks.number_of(session, own, callback)
            audit(session, name, "callback_number_revealed", None, now, callback=callback)
            if number:
                callbacks.take(session, now, callback, name)
            return number

        async def reveal() -> None:
            self._revealed[callback] = await self.screen.house.write(read)
            if not self._revealed[callback]:
                self.screen.notify(self.said["number_gone"])
            await self.again()

        return reveal

    def _asked(self, due: Due) -> Handler:
        """Who was never shown the number has hardly called it: a slip of the mouse must not cost a caller their callback."""
        done = self._done(due.id)

        async def ask() -> None:
            if due.shown:
                return await done()
            said = self.said
            with self.screen.client, ui.dialog(value=True) as dialog, box("card"):
                dialog.props["aria-label"] = f"{said['callback_done']} {due.number}"
                Text(f"{said['callback_done']} {due.number}", tag="h2")
                Text(said["callback_sure"], tag="div")

                async def go() -> None:
                    dialog.close()
                    await done()

                with box("line"):
                    button(said["callback_done"], self.screen.acting(go), "main")
                    button(said["cancel"], dialog.close)

        return ask

    def _done(self, callback: int) -> Handler:
        name, own = self.screen.viewer.name, self._own

        def write(session: Session, now: float) -> bool:
            if not callbacks.keep(session, own, callback, now):
                return False
            audit(session, name, "callback_done", None, now, callback=callback)
            return True

        async def done() -> None:
            if not await self.screen.house.write(write):
                self.screen.notify(self.said["callback_was_done"])
            await self.again()

        return done
