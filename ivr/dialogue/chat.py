"""`ivr chat`: talk to the robot in the terminal; the same engine and the same order desk as on the telephone."""

from __future__ import annotations

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console

from ivr.config import Settings
from ivr.desk import Desk
from ivr.dialogue.library import DialplanLibrary, known_queues
from ivr.dialogue.rehearsal import Line, Rehearsal
from ivr.dialogue.vocabulary import CLOSED, HOURS
from ivr.errors import DialplanError
from ivr.orders import open_orders
from ivr.values import Language

GUIDE = "Speak by typing; keys as #12; silence as an empty line; ! before words interrupts; /why shows notes; /quit hangs up."


class Chat:
    """One conversation on a terminal."""

    def __init__(self, console: Console, rehearsal: Rehearsal, why: bool) -> None:
        self._console, self._rehearsal, self._why = console, rehearsal, why
        self._queue = ""

    async def run(self, caller: str, language: Language) -> None:
        """Talk until the call is over or a human takes it."""
        self._console.print(GUIDE, style="dim")
        self._show(await self._rehearsal.begin(caller, language))
        while not self._rehearsal.over:
            if self._rehearsal.with_human:
                self._console.print(self._human(), style="dim", markup=False)
                return
            try:
                typed = await asyncio.to_thread(self._console.input, "[bold cyan]> [/]")
            except EOFError:
                return
            if typed.strip() == "/quit":
                return
            if typed.strip() == "/why":
                self._why = not self._why
                continue
            self._show(await self._answer(typed))

    async def _answer(self, typed: str) -> list[Line]:
        words = typed.strip().removeprefix("!").strip()
        if not words:
            return await self._rehearsal.be_silent()
        if words.startswith("#") or words == "*":
            return await self._rehearsal.key(words[1:] or words)
        return await self._rehearsal.say(words)

    def _human(self) -> str:
        """What comes of being handed over: somebody, or what is said at a closed door."""
        known, queue = self._rehearsal.dialogue.known, self._queue
        if known.get(f"{HOURS}.{queue}") != CLOSED:
            return "(a human would talk now)"
        values = {"opens": known.get(f"{HOURS}.{queue}.opens_at"), "week": known.get(f"{HOURS}.{queue}.week")}
        return f"({queue} is closed: {self._rehearsal.dialogue.phrase('handoff.closed', values).text})"

    def _show(self, lines: list[Line]) -> None:
        for line in lines:
            match line.kind:
                case "robot":
                    self._console.print(f"[green]●[/] {line.text}", highlight=False, soft_wrap=True)
                case "does":
                    if line.text.startswith("hand_off "):
                        self._queue = line.text.split()[1]
                    self._console.print(f"[yellow]→ {line.text}[/]", highlight=False, soft_wrap=True)
                case _ if self._why:
                    self._console.print(f"  {line.text}", style="dim", highlight=False, markup=False, soft_wrap=True)


async def chat(settings: Settings, language: Language, caller: str, why: bool, now: datetime | None = None) -> None:
    """A chat on the configured dialplans, opening hours and order desk; `now`: as if it were then (the order desk goes by the clock)."""
    at, hours = now or datetime.now(ZoneInfo(settings.time_zone)), settings.hours.of_house(settings.time_zone)
    library = DialplanLibrary(settings, hours=lambda: hours.facts(known_queues(settings), at))
    if language not in library.current.spoken:
        raise DialplanError(
            f"there are no dialplans in {language}", f"make the folder {settings.dialplan.folder}/{language}"
        )
    orders = await open_orders(settings)
    try:
        call = f"chat-{datetime.now(ZoneInfo(settings.time_zone)):%Y%m%d%H%M%S%f}"
        rehearsal = Rehearsal(library.dialogue(language, at), Desk(orders, settings.time_zone), call)
        await Chat(Console(), rehearsal, why).run(caller, language)
    finally:
        await orders.close()
