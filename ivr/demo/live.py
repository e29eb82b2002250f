"""The demo as it happens, a line each: what callers say and key, what was recognised, what the robot answers and does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.markup import escape
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr.caller import happenings as happened
from ivr.records.tables import EventRow

LOOK_SECONDS = 0.15
_QUIET = ("no_input", "case", "queue", "agent", "call_started", "call_ended")


class Feed:
    """Prints lines; `story_of` names the story a call id belongs to."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._numbers: dict[str, str] = {}
        self._calls: dict[str, str] = {}
        self._seen = 0

    def expect(self, masked_number: str, story: str) -> None:
        """The next call from this number is this story."""
        self._numbers[masked_number] = story

    def call_of(self, story: str) -> str | None:
        """The id of the story's call, once it began."""
        return next((call for call, name in self._calls.items() if name == story), None)

    def watcher(self, story: str) -> Callable[[happened.Happening], None]:
        """What to tell of the synthetic caller's side."""

        def tell(event: happened.Happening) -> None:
            match event:
                case happened.Said():
                    over = " [dim](over the prompt)[/]" if event.over else ""
                    self._line(story, event.who, f"[cyan]says[/]  {escape(event.text)}{over}")
                case happened.Keyed():
                    self._line(story, event.who, f"[cyan]keys[/]  {escape(event.keys)}")
                case happened.Replied():
                    self._line(story, event.who, f"[dim]waited {event.gap_ms:.0f} ms for the reply[/]")
                case happened.Stopped():
                    self._line(story, event.who, f"[dim]the prompt fell silent after {event.stop_ms:.0f} ms[/]")
                case happened.Rang() if event.who != "caller":
                    self._line(story, event.who, "[magenta]rings[/]")
                case happened.Checked(met=False):
                    self._line(story, event.who, f"[red]not so: {escape(event.what)}[/] {escape(event.found)}")
                case happened.Ended():
                    self._line(story, event.who, "[dim]hung up[/]")
                case _:
                    pass

        return tell

    async def follow(self, engine: Engine) -> None:
        """Tell what the hotline writes into its feed, until cancelled."""
        while True:
            for row in await asyncio.to_thread(self._news, engine):
                self._tell(row)
            await asyncio.sleep(LOOK_SECONDS)

    def _news(self, engine: Engine) -> list[EventRow]:
        with Session(engine, expire_on_commit=False) as session:
            news = select(EventRow).where(EventRow.id > self._seen).order_by(EventRow.id).limit(500)
            rows = list(session.scalars(news).all())
        self._seen = rows[-1].id if rows else self._seen
        return rows

    def _tell(self, row: EventRow) -> None:
        if row.kind == "call_started" and row.call_id:
            self._calls[row.call_id] = self._numbers.get(str(row.data.get("caller")), "?")
        story = self._calls.get(row.call_id or "", "?")
        if row.kind == "line":
            self._tell_line(story, row.data)
        elif row.kind not in _QUIET:
            values = {key: value for key, value in row.data.items() if value not in (None, "", [], {})}
            said = " ".join(f"{key}={value}" for key, value in values.items())
            self._line(story, "", f"[dim]{row.kind} {escape(said[:150])}[/]")

    def _tell_line(self, story: str, line: dict[str, Any]) -> None:
        text, details = escape(str(line["text"])), line.get("details", {})
        match line["speaker"]:
            case "robot":
                gap = f" [dim]{details['reply_gap_ms']} ms[/]" if "reply_gap_ms" in details else ""
                self._line(story, "robot", f"[green]says[/]  {text}{gap}")
            case "note":
                self._line(story, "robot", f"[yellow]does[/]  {text}")
            case speaker:
                hypotheses = details.get("hypotheses") or []
                sure = f" [dim]{hypotheses[0]['confidence']:.2f}[/]" if hypotheses else ""
                self._line(story, "robot", f"[blue]hears[/] {speaker}: {text or '—'}{sure}")

    def _line(self, story: str, who: str, what: str) -> None:
        self._console.print(f"[bold]{story:<5}[/]{who:<8}{what}", soft_wrap=True)
