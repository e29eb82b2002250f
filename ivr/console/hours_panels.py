"""Which queues are open, until when, and a supervisor's word about them: closed for a while, or open for longer."""

from __future__ import annotations

from datetime import datetime

from nicegui import ui

from ivr.accounts import MAY_REVEAL_ALL
from ivr.console import actions, reading
from ivr.console.elements import Text, box, button, tag
from ivr.console.screen import Panel
from ivr.hours import Standing

QUARTER, HOUR = 900.0, 3600.0
# How long a queue may be closed, or opened longer, by a click; None: until it is taken back.
CLOSE_FOR: tuple[tuple[str, float | None], ...] = (
    ("close_quarter", QUARTER), ("close_hour", HOUR), ("close_open_end", None),
)  # fmt: skip
OPEN_FOR: tuple[tuple[str, float], ...] = (("open_hour", HOUR), ("open_two_hours", 2 * HOUR))


class HoursPanel(Panel):
    """A line of queues, each open or closed with its next change; a click says otherwise, for who may."""

    async def load(self) -> tuple[tuple[str, Standing], ...]:
        """Every queue that somebody serves or that has hours of its own."""
        hours = self.screen.house.hours
        await hours.look()
        everybody = await self.screen.house.read(lambda session, _: reading.agents(session))
        queues = hours.queues.union(*(each.queues for each in everybody))
        return tuple((queue, hours.standing(queue)) for queue in sorted(queues))

    def draw(self, shown: tuple[tuple[str, Standing], ...]) -> None:
        with box("doors").props("role=list") as doors:
            doors.props["aria-label"] = self.said["opening_hours"]
            for queue, now in shown:
                with box("door").props("role=listitem"):
                    self._draw_one(queue, now)

    def _draw_one(self, queue: str, now: Standing) -> None:
        said, name = self.said, self.said.of("queue", queue)
        Text(name)
        tag(said["queue_open" if now.open else "queue_closed"], "ok" if now.open else "bad" if now.by else "warn")
        if now.until:
            Text(f"{said['until']} {self._moment(now.until)}", "dim num")
        if now.by:
            Text(now.by, "dim")
        if self.screen.viewer.role in MAY_REVEAL_ALL:
            button(said["change"], lambda: self._ask(queue, now), "small", of=name)

    def _moment(self, at: datetime) -> str:
        hours = self.screen.house.hours
        today = hours.now().astimezone(at.tzinfo).date()
        return at.strftime("%H:%M" if at.date() == today else "%m-%d %H:%M")

    def _ask(self, queue: str, now: Standing) -> None:
        said, name = self.said, self.said.of("queue", queue)
        with self.screen.client, ui.dialog(value=True) as dialog, box("card"):
            dialog.props["aria-label"] = f"{said['opening_hours']} {name}"
            Text(f"{name} · {said['queue_open' if now.open else 'queue_closed']}", tag="h2")
            Text(said["queue_closing_means"], "dim", tag="div")
            for words, seconds in CLOSE_FOR:
                button(said[words], self._acting(dialog, queue, False, seconds), "stop" if seconds is None else "")
            ends = not now.open or now.until is not None  # what is open for good can't be open longer
            for words, longer in OPEN_FOR if ends else ():
                button(said[words], self._acting(dialog, queue, True, longer))
            if now.by:
                button(said["as_timetable"], self._back(dialog, queue), "main")
            button(said["cancel"], dialog.close)

    def _acting(self, dialog: ui.dialog, queue: str, opened: bool, seconds: float | None) -> actions.Handler:
        async def go() -> None:
            dialog.close()
            await actions.door(self.screen, queue, opened, seconds)
            await self.again()

        return self.screen.acting(go)

    def _back(self, dialog: ui.dialog, queue: str) -> actions.Handler:
        async def go() -> None:
            dialog.close()
            await actions.door_as_usual(self.screen, queue)
            await self.again()

        return self.screen.acting(go)
