"""The pages and who may open them: `/` the agent's desk, `/calls/{id}` one call, `/supervisor`."""

from __future__ import annotations

import re

from fastapi import Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from nicegui import ui
from nicegui.client import Client

from ivr.accounts import Viewer
from ivr.console import reading
from ivr.console.call_panels import CallerPanel, SummaryPanel, Transcript
from ivr.console.elements import Text, box, empty, head
from ivr.console.frame import frame
from ivr.console.house import House
from ivr.console.identity_panels import EarlierPanel, VerifyPanel
from ivr.console.idle_panels import CallbacksPanel, HistoryPanel
from ivr.console.order_panels import AnswersPanel, OrderPanel
from ivr.console.player import Player, SoundPanel
from ivr.console.screen import Panel, Part, Screen
from ivr.console.ticket_form import TicketPanel
from ivr.console.ticket_panels import TicketsPanel
from ivr.console.top_bar import TopBar
from ivr.console.watch_panels import AgentsPanel, LiveCallsPanel, LowScoresPanel, QueuePanel
from ivr.console.words import words

_CALL_ID = re.compile(r"[A-Za-z0-9._@:-]{1,64}")


def add_pages(house: House) -> None:
    """Register the pages with NiceGUI."""

    @ui.page("/")
    async def desk(request: Request, client: Client) -> Response | None:
        viewer: Viewer = request.state.viewer
        if viewer.agent is None and viewer.sees_all_calls:
            return RedirectResponse("/supervisor", 303)
        screen = Screen(house, viewer, client)
        frame(screen, "/")
        bar = TopBar(screen)
        Desk(screen, bar)
        ui.on("shortcut", lambda event: screen.acting(lambda: bar.shortcut(event.args))())
        screen.start()
        return None

    @ui.page("/calls/{call_id}")
    async def call(request: Request, client: Client, call_id: str) -> Response | None:
        viewer: Viewer = request.state.viewer
        said = words(viewer.language)
        known = _CALL_ID.fullmatch(call_id) is not None
        allowed = known and await house.read(lambda session, _: reading.may_see(session, viewer, call_id))
        if not allowed:
            # The same answer for a call that is somebody else's and one that is not there.
            return PlainTextResponse(said["not_found"], 404)
        screen = Screen(house, viewer, client)
        frame(screen, f"/calls/{call_id}")
        player = Player(screen)
        with box("desk"):
            call_columns(screen, call_id, player)
        screen.start()
        return None

    @ui.page("/supervisor")
    async def supervisor(request: Request, client: Client) -> Response | None:
        viewer: Viewer = request.state.viewer
        if not viewer.sees_all_calls:
            return PlainTextResponse(words(viewer.language)["not_allowed"], 403)
        screen = Screen(house, viewer, client)
        frame(screen, "/supervisor")
        player = Player(screen)
        with box("watch"):
            QueuePanel(screen, "panel", ("queue", "agent", "call_started", "call_ended"))
            AgentsPanel(screen, "panel", ("agent",))
            LiveCallsPanel(screen, player, "panel", ("call_started", "call_ended", "case"))
            with box("pair"):
                TicketsPanel(screen, "panel", ("queue", "agent", "call_ended"))
                LowScoresPanel(screen, player, "panel", ("call_ended",))
        screen.start()
        return None


def call_columns(screen: Screen, call_id: str, player: Player | None = None) -> None:
    """Caller and summary; the conversation; order, answers, ticket. With a player, who may hear calls hears this one."""
    with box("column"):
        CallerPanel(screen, call_id, "panel", ("case", "queue", "agent", "call_ended"))
        if player and screen.viewer.hears_calls:
            SoundPanel(screen, call_id, player)
        VerifyPanel(screen, call_id, "panel", ("agent", "call_ended"))
        SummaryPanel(screen, call_id, "panel", ("case", "queue"))
        EarlierPanel(screen, call_id, "panel", ("call_ended",))
    with box("column middle"):
        Transcript(screen, call_id, "panel grow")
    with box("column"):
        OrderPanel(screen, call_id, "panel")
        AnswersPanel(screen, call_id, "panel", ("line", "case"))
        TicketPanel(screen, call_id, "panel")


class Desk(Panel):
    """The desk's columns: the agent's call, or what there is to do between calls."""

    def __init__(self, screen: Screen, bar: TopBar) -> None:
        self._bar = bar
        self._columns: list[Part] = []
        super().__init__(screen, "", ("agent",))

    async def load(self) -> str:
        """The id of the call the agent is on; empty between calls."""
        mine = self.screen.viewer.agent or 0
        agent = await self.screen.house.read(lambda session, _: reading.agent(session, mine))
        busy = agent is not None and agent.state in ("ringing", "on_call", "wrap_up")
        return agent.call_id or "" if agent is not None and busy else ""

    def draw(self, shown: str) -> None:
        """The old columns' parts are forgotten with their elements; the new ones look at once."""
        others = [part for part in self.screen.parts if part not in self._columns]
        self.screen.parts[:] = others
        with box("desk with-call" if shown else "desk"):
            if shown:
                call_columns(self.screen, shown)
            else:
                self._idle()
        self._columns = [part for part in self.screen.parts if part not in others]
        ui.timer(0, self._look, once=True)

    async def _look(self) -> None:
        for part in list(self._columns):
            await part.refresh(())

    def _idle(self) -> None:
        said = self.said
        with box("column"), box("panel"):
            head(said["ready"])
            with box("body"):
                empty(said["ready_text"] if self.screen.viewer.agent is not None else said["agents_only"])
            with box("body rows"):
                for key, what in (
                    ("F2", "accept"),
                    ("F4", "decline"),
                    ("F8", "hold"),
                    ("F9", "note"),
                    ("F10", "finish"),
                ):
                    Text(key, "k num")
                    Text(said[what], "v dim")
        with box("column middle"):
            HistoryPanel(self.screen, "panel grow", ("agent",))
        with box("column"):
            CallbacksPanel(self.screen, "panel grow")
