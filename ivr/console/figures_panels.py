"""The figures' page: today beside yesterday and a week ago, by hour, queue, matter and agent, and where callers get stuck."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from nicegui import ui

from ivr.console.day_book import Day, DayBook, Groups, Week
from ivr.console.elements import Text, box, empty, head
from ivr.console.screen import Panel, Screen
from ivr.console.table import cell, table, table_row
from ivr.console.words import Words
from ivr.promised import Kept
from ivr.staffing import AgentFigures
from ivr.tally import Tally
from ivr.traffic import CAUSES, Figures

Shown = Callable[[Figures], str]
_NARROW = "max-content"
MOST_STEPS = 30


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _clock(seconds: float | None) -> str:
    return "–" if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _hours(seconds: float | None) -> str:
    """To the minute, e.g. 7:05 h: promises and shifts last hours."""
    return "–" if seconds is None else f"{int(seconds) // 3600}:{int(seconds) // 60 % 60:02d} h"


def _promised(promises: Kept) -> str:
    return f"{_percent(promises.in_time_rate)} · {promises.in_time}/{promises.due}"


def _causes(figures: Figures, said: Words) -> str:
    """What low scores were about, as reviewed: the most frequent first."""
    counted = [(getattr(figures, f"low_{cause}"), cause) for cause in CAUSES]
    found = sorted((each for each in counted if each[0]), reverse=True, key=lambda each: each[0])
    return " · ".join(f"{said.of('cause', cause)} {number}" for number, cause in found) or "–"


# What is compared, in the order of a call: key of its words, and what is shown.
ROWS: tuple[tuple[str, Callable[[Tally, Words], str]], ...] = (
    ("calls_ended", lambda day, _: str(day.figures.calls)),
    ("self_service", lambda day, _: f"{_percent(day.figures.self_service_rate)} · {day.figures.self_served}"),
    ("first_contact", lambda day, _: f"{_percent(day.figures.first_contact_resolution)} · {day.figures.resolved}"),
    ("with_human", lambda day, _: str(day.figures.with_human)),
    ("said_nothing", lambda day, _: str(day.figures.said_nothing)),
    ("line_lost", lambda day, _: str(day.figures.line_lost)),
    ("asked_for_human", lambda day, _: str(day.figures.asked)),
    ("out_of_hours", lambda day, _: str(day.figures.out_of_hours)),
    ("service_level", lambda day, _: f"{_percent(day.figures.service_level)} · {day.figures.in_time}"),
    ("speed_of_answer", lambda day, _: _clock(day.figures.speed_of_answer_seconds)),
    ("abandoned", lambda day, _: f"{_percent(day.figures.abandonment_rate)} · {day.figures.gave_up}"),
    ("handle_time", lambda day, _: _clock(day.figures.handle_seconds)),
    ("occupancy", lambda day, _: f"{_percent(day.staff.occupancy)} · {_hours(day.staff.ready)}"),
    ("utilisation", lambda day, _: f"{_percent(day.staff.utilisation)} · {_hours(day.staff.signed_in)}"),
    ("callbacks_in_time", lambda day, _: _promised(day.callbacks)),
    ("callbacks_needless", lambda day, _: str(day.callbacks.needless)),
    ("tickets_in_time", lambda day, _: _promised(day.tickets)),
    ("late_by", lambda day, _: f"{_hours(day.callbacks.late_seconds)} · {_hours(day.tickets.late_seconds)}"),
    ("satisfaction", lambda day, _: _satisfaction(day.figures)),
    ("low_causes", lambda day, said: _causes(day.figures, said)),
)


def _satisfaction(figures: Figures) -> str:
    return "–" if figures.satisfaction is None else f"{figures.satisfaction:.2f} · {figures.scores}"


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
                        cell(value(day, said), "num")
            with table_row():
                cell(said["callbacks_open"])
                cell(f"{shown.callbacks} · {shown.late_callbacks}", "num")
                cell("–")
                cell("–")

    def _links(self) -> None:
        for grouping in ("hour", "queue", "about"):
            _file(self.said[f"by_{grouping}"], f"/api/figures.csv?by={grouping}")


def _file(words: str, address: str) -> None:
    with ui.element("a").props(f"href={address} download"):
        Text(f"CSV: {words} ")


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


_AGENT_COLUMNS: tuple[tuple[str, Callable[[AgentFigures], str]], ...] = (
    ("signed_in", lambda each: _hours(each.time.signed_in)),
    ("state.away", lambda each: _hours(each.time.away)),
    ("occupancy_short", lambda each: _percent(each.time.occupancy)),
    ("utilisation_short", lambda each: _percent(each.time.utilisation)),
    ("talks", lambda each: str(each.talks)),
    ("handle_time_short", lambda each: _clock(each.handle_seconds)),
    ("passed_on_short", lambda each: str(each.passed_on)),
    ("missed_short", lambda each: str(each.time.missed)),
    ("score", lambda each: "–" if each.satisfaction is None else f"{each.satisfaction:.2f} · {each.scores}"),
)


class AgentFiguresPanel(FiguresPanel):
    """Today by agent: time, talks, missed calls, satisfaction."""

    def draw(self, shown: Day) -> None:
        said = self.said
        with head(said["by_agent"]), box("right"):
            _file(said["by_agent"], "/api/figures/agents.csv")
        if not shown.agents:
            return empty(said["no_agents_today"])
        with table(said, "by_agent", (("agent", "1fr"), *((key, _NARROW) for key, _ in _AGENT_COLUMNS))):
            for each in shown.agents:
                with table_row():
                    cell(each.agent)
                    for _, value in _AGENT_COLUMNS:
                        cell(value(each), "num")


_WEEK_COLUMNS: tuple[tuple[str, Callable[[Tally], str]], ...] = (
    ("calls_ended", lambda day: str(day.figures.calls)),
    ("self_service_short", lambda day: _percent(day.figures.self_service_rate)),
    ("first_contact_short", lambda day: _percent(day.figures.first_contact_resolution)),
    ("service_level_short", lambda day: _percent(day.figures.service_level)),
    ("abandoned_short", lambda day: _percent(day.figures.abandonment_rate)),
    ("handle_time_short", lambda day: _clock(day.figures.handle_seconds)),
    ("occupancy_short", lambda day: _percent(day.staff.occupancy)),
    ("callbacks_in_time", lambda day: _promised(day.callbacks)),
    ("tickets_in_time", lambda day: _promised(day.tickets)),
    ("satisfaction", lambda day: _satisfaction(day.figures)),
)


class WeekPanel(Panel):
    """The last seven days and today, for whoever answers for the centre; with files of a week and a month."""

    def __init__(self, screen: Screen, book: DayBook) -> None:
        self._book = book
        super().__init__(screen, "panel week", ("figures",))

    async def load(self) -> Week:
        return await self._book.week()

    def draw(self, shown: Week) -> None:
        said = self.said
        with head(said["by_day"]), box("right"):
            today = datetime.fromtimestamp(
                self.screen.house.clock(), ZoneInfo(self.screen.house.settings.time_zone)
            ).date()
            for days, words in ((7, "last_week"), (30, "last_month")):
                first = today - timedelta(days=days)
                _file(said[words], f"/api/figures.csv?by=day&from={first}&days={days}")
        if not shown:
            return empty(said["no_figures"])
        with table(said, "by_day", (("day", f"minmax({_NARROW}, 1fr)"), *((key, _NARROW) for key, _ in _WEEK_COLUMNS))):
            for day, counted in shown:
                with table_row():
                    cell(day[5:], "num")
                    for _, value in _WEEK_COLUMNS:
                        cell(value(counted), "num")


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
