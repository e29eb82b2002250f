"""The figures' page: today beside yesterday and a week ago, by hour, queue and matter, and where callers get stuck."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from ivr.console.day_book import Day, DayBook, Groups
from ivr.console.elements import Text, box, empty, head
from ivr.console.screen import Panel, Screen
from ivr.console.table import cell, table, table_row
from ivr.traffic import Figures

Shown = Callable[[Figures], str]
_NARROW = "max-content"
MOST_STEPS = 30


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _clock(seconds: float | None) -> str:
    return "–" if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


# What is compared, in the order of a call: key of its words, and what is shown.
ROWS: tuple[tuple[str, Shown], ...] = (
    ("calls_ended", lambda day: str(day.calls)),
    ("self_service", lambda day: f"{_percent(day.self_service_rate)} · {day.self_served}"),
    ("with_human", lambda day: str(day.with_human)),
    ("said_nothing", lambda day: str(day.said_nothing)),
    ("line_lost", lambda day: str(day.line_lost)),
    ("asked_for_human", lambda day: str(day.asked)),
    ("out_of_hours", lambda day: str(day.out_of_hours)),
    ("service_level", lambda day: f"{_percent(day.service_level)} · {day.in_time}"),
    ("speed_of_answer", lambda day: _clock(day.speed_of_answer_seconds)),
    ("abandoned", lambda day: f"{_percent(day.abandonment_rate)} · {day.gave_up}"),
    ("handle_time", lambda day: _clock(day.handle_seconds)),
    ("satisfaction", lambda day: "–" if day.satisfaction is None else f"{day.satisfaction:.2f} · {day.scores}"),
)
_GROUP_COLUMNS: tuple[tuple[str, Shown], ...] = (
    ("calls_ended", lambda day: str(day.calls)),
    ("self_service_short", lambda day: _percent(day.self_service_rate)),
    ("asked", lambda day: str(day.asked)),
    ("service_level_short", lambda day: _percent(day.service_level)),
    ("speed_of_answer", lambda day: _clock(day.speed_of_answer_seconds)),
    ("abandoned_short", lambda day: _percent(day.abandonment_rate)),
    ("handle_time_short", lambda day: _clock(day.handle_seconds)),
)


class FiguresPanel(Panel):
    """A panel of the day's figures; looked at anew every quarter of a minute, whatever happens."""

    def __init__(self, screen: Screen, book: DayBook) -> None:
        self._book = book
        super().__init__(screen, "panel", ("figures",))

    async def load(self) -> Day:
        return await self._book.today()


class TodayPanel(FiguresPanel):
    """Today, yesterday and a week ago, each until this time of day."""

    def draw(self, shown: Day) -> None:
        said = self.said
        with head(said["figures_today"]), box("right"):
            self._links()
        columns = (
            (key, width) for key, width in zip(("figure", "today", "yesterday", "week_ago"), _WIDTHS, strict=True)
        )
        with table(said, "figures_today", tuple(columns)):
            for name, value in ROWS:
                with table_row():
                    cell(said[name])
                    for day in shown.compared:
                        cell(value(day), "num")
            with table_row():
                cell(said["callbacks_open"])
                cell(f"{shown.callbacks} · {shown.late_callbacks}", "num")
                cell("–")
                cell("–")

    def _links(self) -> None:
        for grouping in ("hour", "queue", "about"):
            with ui.element("a").props(f"href=/api/figures.csv?by={grouping} download"):
                Text(f"CSV: {self.said[f'by_{grouping}']} ")


_WIDTHS = ("1fr", _NARROW, _NARROW, _NARROW)


class GroupsPanel(FiguresPanel):
    """Today by hour, queue or matter."""

    def __init__(self, screen: Screen, book: DayBook, grouping: str) -> None:
        self._grouping = grouping
        super().__init__(screen, book)

    def draw(self, shown: Day) -> None:
        said, title = self.said, f"by_{self._grouping}"
        head(said[title])
        groups = shown.by[self._grouping]
        if not groups:
            return empty(said["no_figures"])
        with table(said, title, ((title, "1fr"), *((key, _NARROW) for key, _ in _GROUP_COLUMNS))):
            for name, figures in groups:
                with table_row():
                    cell(self._name(name, groups))
                    for _, value in _GROUP_COLUMNS:
                        cell(value(figures), "num")

    def _name(self, name: str, groups: Groups) -> str:
        if self._grouping == "hour":  # 02:00, and 02:00 +0100 on the day it comes twice
            return name[11:] if len({other[-5:] for other, _ in groups}) > 1 else name[11:16]
        words = "queue" if self._grouping == "queue" else "intent"
        return self.said.of(words, name) if name else self.said["robot_only" if words == "queue" else "not_told"]


class StepsPanel(FiguresPanel):
    """Where callers get stuck: the steps of the dialogue, the most troublesome first."""

    def draw(self, shown: Day) -> None:
        said = self.said
        head(said["stuck"])
        if not shown.steps:
            return empty(said["no_figures"])
        names = ("understood", "not_understood", "silent", "to_human", "hung_up_here")
        with table(said, "stuck", (("dialogue_step", "1fr"), *((name, _NARROW) for name in names))):
            for step in shown.steps[:MOST_STEPS]:
                with table_row():
                    cell(step.name or said["before_any_answer"])
                    cell(f"{_percent(step.understood_rate)} · {step.understood}", "num")
                    for number in (step.not_understood, step.silent, step.to_human, step.hung_up):
                        cell(str(number), "num")
