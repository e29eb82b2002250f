"""What an agent sees between calls: their latest calls."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from nicegui import ui

from ivr.console import reading
from ivr.console.elements import Text, empty, head, length, moment
from ivr.console.screen import Panel
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
