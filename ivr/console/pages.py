"""The pages and who may open them: `/` the agent's desk, `/calls/{id}` one call, `/supervisor`, `/figures`."""

from __future__ import annotations

import re

import structlog
from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from nicegui import app, ui
from nicegui.client import Client
from sqlalchemy.exc import SQLAlchemyError

from ivr.accounts import Viewer
from ivr.console import reading
from ivr.console.call_panels import CallerPanel, SummaryPanel, Transcript
from ivr.console.callback_panels import CallbacksPanel, WatchCallbacksPanel
from ivr.console.day_book import DayBook
from ivr.console.elements import Text, box, empty, head
from ivr.console.figures_panels import AgentFiguresPanel, GroupsPanel, StepsPanel, TodayPanel, WeekPanel
from ivr.console.frame import frame
from ivr.console.hours_panels import HoursPanel
from ivr.console.house import House
from ivr.console.identity_panels import EarlierPanel, VerifyPanel
from ivr.console.idle_panels import HistoryPanel
from ivr.console.notices import not_now, notice
from ivr.console.order_panels import AnswersPanel, OrderPanel
from ivr.console.player import Player, SoundPanel
from ivr.console.promised_panel import PromisedPanel
from ivr.console.review_panels import LowScoresPanel, ReviewPanel, ReviewsPanel
from ivr.console.screen import Panel, Part, Screen
from ivr.console.ticket_form import TicketPanel
from ivr.console.ticket_panels import MyTicketsPanel, TicketsPanel
from ivr.console.top_bar import TopBar
from ivr.console.watch_panels import AgentsPanel, LiveCallsPanel, QueuePanel

log = structlog.get_logger()
# A slow database: whoever is not allowed is told so all the same, instead of being shown an empty page.
PATIENCE_SECONDS = 30.0
TRANSCRIPT_OPENED = "transcript_opened"
_CALL_ID = re.compile(r"[A-Za-z0-9._@:-]{1,64}")


def add_pages(house: House) -> None:
    """Register the pages with NiceGUI, and what is said where there is none or one fails."""
    app.add_exception_handler(404, _no_such_page)
    app.add_exception_handler(SQLAlchemyError, _database_away)
    app.add_exception_handler(Exception, _went_wrong)
    _add_agents_pages(house)
    _add_supervisors_pages(house)


def _add_agents_pages(house: House) -> None:
    """The desk, and a call by itself (which supervisors open, too)."""

    @ui.page("/", response_timeout=PATIENCE_SECONDS)
    async def desk(request: Request, client: Client) -> Response | None:
        viewer: Viewer = request.state.viewer
        if viewer.agent is None and viewer.sees_all_calls:
            return RedirectResponse("/supervisor", 303)
        screen = Screen(house, viewer, client)
        frame(screen, "/")
        TopBar(screen).listen()
        Desk(screen)
        screen.start()
        return None

    @ui.page("/calls/{call_id}", response_timeout=PATIENCE_SECONDS)
    async def call(request: Request, client: Client, call_id: str) -> Response | None:
        viewer: Viewer = request.state.viewer
        known = _CALL_ID.fullmatch(call_id) is not None
        allowed = known and await house.read(lambda session, _: reading.may_see(session, viewer, call_id))
        if not allowed:
            # The same answer for a call that is somebody else's and one that is not there.
            return notice(request, "not_found", 404)
        house.seen(viewer.name, TRANSCRIPT_OPENED, call_id)
        screen = Screen(house, viewer, client)
        frame(screen, f"/calls/{call_id}")
        if viewer.agent is not None:
            TopBar(screen).listen()  # whoever reads an earlier call is rung for all the same
        player = Player(screen)
        with box("desk"):
            call_columns(
                screen, call_id, player, noting=await house.read(lambda s, _: reading.may_act(s, viewer, call_id))
            )
        screen.start()
        return None


def _add_supervisors_pages(house: House) -> None:
    """What goes on now, and what the day has been."""

    @ui.page("/supervisor", response_timeout=PATIENCE_SECONDS)
    async def supervisor(request: Request, client: Client) -> Response | None:
        viewer: Viewer = request.state.viewer
        if not viewer.sees_all_calls:
            return notice(request, "not_allowed", 403)
        screen = Screen(house, viewer, client)
        frame(screen, "/supervisor")
        player = Player(screen)
        with box("watch now"):
            HoursPanel(screen, "panel hours", ("hours", "agent"))
            QueuePanel(screen, "panel", ("queue", "agent", "call_started", "call_ended"))
            AgentsPanel(screen, "panel", ("agent",))
            LiveCallsPanel(screen, player, "panel", ("call_started", "call_ended", "case"))
            WatchCallbacksPanel(screen, "panel")
            TicketsPanel(screen, "panel", ("queue", "agent", "call_ended"))
            LowScoresPanel(screen, player, "panel", ("call_ended", "reviewed"))
        screen.start()
        return None

    book = DayBook(house)

    @ui.page("/figures", response_timeout=PATIENCE_SECONDS)
    async def figures(request: Request, client: Client) -> Response | None:
        viewer: Viewer = request.state.viewer
        if not viewer.sees_all_calls:
            return notice(request, "not_allowed", 403)
        screen = Screen(house, viewer, client)
        frame(screen, "/figures")
        with box("watch figures"):
            TodayPanel(screen, book)
            StepsPanel(screen, book)
            WeekPanel(screen, book)
            GroupsPanel(screen, book, "hour")
            with box("pair"):
                GroupsPanel(screen, book, "queue")
                GroupsPanel(screen, book, "about")
            AgentFiguresPanel(screen, book)
            ReviewsPanel(screen, "panel", ("reviewed",))
        screen.start()
        return None


async def _no_such_page(request: Request, _: Exception) -> Response:
    return notice(request, "no_such_page", 404)


async def _database_away(request: Request, fault: Exception) -> Response:
    log.error("console.database_refused", path=request.url.path, fault=str(fault))
    return not_now(request)


async def _went_wrong(request: Request, fault: Exception) -> Response:
    log.error("console.page_broke", path=request.url.path, exc_info=fault)
    return notice(request, "went_wrong", 500)


def call_columns(screen: Screen, call_id: str, player: Player | None = None, noting: bool = True) -> None:
    """Caller and summary; the conversation; order, answers, ticket. With a player, who may hear calls hears this one."""
    with box("column"):
        CallerPanel(screen, call_id, "panel", ("case", "queue", "agent", "call_ended"))
        PromisedPanel(screen, call_id, "panel promised", ("callback", "queue", "agent", "call_ended"))
        if player and screen.viewer.hears_calls:
            SoundPanel(screen, call_id, player)
        if screen.viewer.sees_all_calls:
            ReviewPanel(screen, call_id, "panel", ("call_ended", "reviewed", "callback"))
        VerifyPanel(screen, call_id, "panel", ("agent", "call_ended"))
        SummaryPanel(screen, call_id, "panel", ("case", "queue"))
        EarlierPanel(screen, call_id, "panel", ("call_ended",))
    with box("column middle"):
        Transcript(screen, call_id, "panel grow", noting and screen.viewer.agent is not None)
    with box("column"):
        OrderPanel(screen, call_id, "panel")
        AnswersPanel(screen, call_id, "panel", ("line", "case"))
        TicketPanel(screen, call_id, "panel")


class Desk(Panel):
    """The desk's columns: the agent's call, or what there is to do between calls."""

    def __init__(self, screen: Screen) -> None:
        self._columns: list[Part] = []
        super().__init__(screen, "work", ("agent",))

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
        with box("desk"):
            if shown:
                self.screen.house.seen(self.screen.viewer.name, TRANSCRIPT_OPENED, shown)
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
            if self.screen.viewer.agent is not None:
                MyTicketsPanel(self.screen, "panel grow", ("ticket", "callback"))
            HistoryPanel(self.screen, "panel grow", ("agent",))
        with box("column"):
            CallbacksPanel(self.screen, "panel grow")
