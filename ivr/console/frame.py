"""What every page has: the top bar with queue strip and state switch, the banner for a lost connection."""

from __future__ import annotations

from copy import copy
from hashlib import sha256
from importlib.resources import files

from nicegui import ui
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from ivr.console import actions, reading
from ivr.console.elements import Text, box, button
from ivr.console.screen import Panel, Screen
from ivr.console.views import AgentView, Strip
from ivr.records.staff import AccountRow

AWAY_REASONS = ("lunch", "break", "meeting", "training")
_STATIC = files("ivr.console") / "static"
# A browser may keep what it has for days: what has changed has another address.
_VERSION = sha256(b"".join((_STATIC / name).read_bytes() for name in ("desk.css", "desk.js", "listen.js"))).hexdigest()[
    :12
]
ASSETS = f'<link rel="stylesheet" href="/static/desk.css?{_VERSION}">' + "".join(
    f'<script src="/static/{name}?{_VERSION}" defer></script>' for name in ("desk.js", "listen.js")
)


def frame(screen: Screen, here: str) -> None:
    """Draw the bar; the page's own parts follow."""
    said, client = screen.said, screen.client
    screen.here = here
    ui.add_head_html(ASSETS)
    ui.page_title(said["title"])
    # NiceGUI's page is one for all who open it; its language is the viewer's own.
    client.page = copy(client.page)
    client.page.language = "en-US" if said.language == "en" else "zh-CN"
    # Without a click the browser's clock starts from the server's, so that waiting times agree between desks.
    box().props(f"data-server-time={screen.house.clock()}").style("display:none")
    with box("banner").props('id=lost role="alert"'):
        Text(said["connection_lost"])
    with box("bar", "header"):
        Text(said["title"], "brand", tag="h1")
        _links(screen, here)
        QueueStrip(screen, "strip", ("queue", "agent", "call_ended"))
        box("spacer")
        if screen.viewer.agent is not None:
            StateSwitch(screen, "me", ("agent",))
        button(said["language_other"], screen.acting(lambda: _switch_language(screen)), "small")
        with ui.element("form").props("method=post action=/logout"):
            ui.element("input").props(f"type=hidden name=csrf value={screen.viewer.csrf}")
            Text(f"{screen.viewer.name} · {said['log_out']}", "plain", tag="button").props("type=submit")


def _links(screen: Screen, here: str) -> None:
    """To the viewer's own pages, from wherever they are; who has one page only needs no link on it."""
    viewer = screen.viewer
    own = [("/", "desk")] if viewer.agent is not None or not viewer.sees_all_calls else []
    own += [("/supervisor", "supervisor"), ("/figures", "figures")] if viewer.sees_all_calls else []
    for path, words in own:
        if own == [(here, words)] and not viewer.sees_all_calls:
            continue
        with ui.element("a").props(f"href={path}").classes("here" if here == path else ""):
            Text(screen.said[words])


async def _switch_language(screen: Screen) -> None:
    other = "en" if screen.viewer.language == "zh" else "zh"
    mine = update(AccountRow).where(AccountRow.id == screen.viewer.account).values(language=other)
    await screen.house.write(lambda session, _: session.execute(mine) and None)
    with screen.client:
        ui.navigate.reload()


class QueueStrip(Panel):
    """Waiting, longest wait, agents by state."""

    _last = Strip(0, None, dict.fromkeys(reading.STATES, 0))

    async def load(self) -> tuple[Strip, bool]:
        """The last that was seen, while the database is away."""
        try:
            self._last = await self.screen.house.read(lambda session, _: reading.strip(session))
        except SQLAlchemyError:
            return self._last, False
        return self._last, self.screen.house.feed.healthy

    def draw(self, shown: tuple[Strip, bool]) -> None:
        strip, healthy = shown
        if not healthy:
            Text(self.said["database_away"], "tag bad").props("role=alert")
        with Text(self.said["waiting"], "cell hot" if strip.waiting else "cell"):
            Text(str(strip.waiting), tag="b")
        with Text(self.said["longest"], "cell"):
            if strip.longest_since and strip.waiting:
                ui.element("b").props(f"data-since={strip.longest_since}")
            else:
                Text("–", tag="b")
        for state in ("available", "ringing", "on_call", "wrap_up", "away"):
            with Text(self.said.of("state", state), "cell minor" if state in ("ringing", "away") else "cell"):
                Text(str(strip.agents[state]), tag="b")


class StateSwitch(Panel):
    """The agent's own state, and the two ways to change it."""

    async def load(self) -> AgentView | None:
        mine = self.screen.viewer.agent
        return await self.screen.house.read(lambda session, _: reading.agent(session, mine or 0))

    def draw(self, shown: AgentView | None) -> None:
        if shown is None:
            return
        words = self.said.of("state", shown.state)
        if shown.state == "away" and shown.away_reason:
            words += f" · {self.said.of('away', shown.away_reason)}"
        with Text(words, f"state {shown.state}"):
            ui.element("b").props(f"data-since={shown.since}")
        if shown.state in ("away", "offline"):
            button(self.said["go_available"], self._to("available"), "small go")
        if shown.state == "away":
            button(self.said["go_off_duty"], self._to("offline"), "small")
        if shown.state in ("available", "offline"):
            with button(self.said["go_away"], lambda: None, "small"), ui.menu():
                for reason in AWAY_REASONS:
                    ui.menu_item(self.said.of("away", reason), self._to("away", reason))
                ui.separator()
                ui.menu_item(self.said["go_off_duty"], self._to("offline"))

    def _to(self, state: str, reason: str = "") -> actions.Handler:
        async def switch() -> None:
            if not await actions.switch(self.screen, state, reason):
                self.screen.notify(self.said["switch_refused"])

        return self.screen.acting(switch)
