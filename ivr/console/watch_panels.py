"""The supervisor's page: queue, agents, calls now, and low scores to look into."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from nicegui import ui
from sqlalchemy.orm import Session

from ivr.console import actions, reading
from ivr.console.elements import Text, button, empty, head, moment, since, tag
from ivr.console.player import Player
from ivr.console.screen import Panel, Screen
from ivr.console.sounds import Sound, heard_of
from ivr.console.table import BUTTONS, cell, table, table_row
from ivr.console.views import AgentView, PastCall, QueueView

_STATE_KINDS = {"available": "ok", "ringing": "warn", "on_call": "", "wrap_up": "", "away": "", "offline": ""}
_NARROW, _WIDE = "max-content", "1fr"
_QUEUE_COLUMNS = (
    ("rank", _NARROW), ("waited", _NARROW), ("caller", _WIDE), ("about", _WIDE), ("queue", _NARROW), ("state", _NARROW),
)  # fmt: skip
_AGENT_COLUMNS = (("agent", _WIDE), ("state", _NARROW), ("since", _NARROW), ("queue", "1.3fr"))
_LIVE_COLUMNS = (("length", _NARROW), ("caller", _WIDE), ("about", _WIDE), (BUTTONS, _NARROW))
_SCORE_COLUMNS = (("score", _NARROW), ("time", _NARROW), ("caller", _WIDE), ("about", _WIDE), (BUTTONS, _NARROW))


class QueuePanel(Panel):
    """Who waits, in the order of service."""

    async def load(self) -> tuple[QueueView, ...]:
        return tuple(await self.screen.house.read(reading.queue))

    def draw(self, shown: tuple[QueueView, ...]) -> None:
        said = self.said
        waiting = sum(call.state != "connected" for call in shown)  # who talks is shown, and waits no more
        head(said["in_queue"], str(waiting) if waiting else "")
        if not shown:
            return empty(said["nobody_waits"])
        with table(said, "in_queue", _QUEUE_COLUMNS):
            for call in shown:
                with table_row():
                    self._draw_call(call)

    def _draw_call(self, call: QueueView) -> None:
        said = self.said
        cell(str(call.rank), "num")
        with cell():
            since(call.enqueued_at)
        with cell(), ui.element("a").props(f"href=/calls/{call.call_id}"):
            Text(call.caller or "–", "num")
        with cell(classes="tags"):
            Text(said.of("intent", call.reason))
            for flag in call.flags:
                tag(said.of("flag", flag), "bad" if flag == "urgent" else "warn")
        cell(said.of("queue", call.queue))
        words = said.of("hand_over_state", call.state)
        cell(f"{words} {call.agent}" if call.agent else words)


class AgentsPanel(Panel):
    """Who is there, and what they do."""

    async def load(self) -> tuple[AgentView, ...]:
        return tuple(await self.screen.house.read(lambda session, _: reading.agents(session)))

    def draw(self, shown: tuple[AgentView, ...]) -> None:
        said = self.said
        head(said["agents"], str(len(shown)))
        with table(said, "agents", _AGENT_COLUMNS):
            for agent in shown:
                with table_row():
                    cell(agent.name)
                    with cell():
                        words = said.of("state", agent.state)
                        if agent.state == "away" and agent.away_reason:
                            words += f" · {said.of('away', agent.away_reason)}"
                        tag(words, _STATE_KINDS.get(agent.state, ""))
                    with cell():
                        since(agent.since)
                    cell(" · ".join(said.of("queue", queue) for queue in agent.queues), "dim")


class LiveCallsPanel(Panel):
    """Calls under way, each to be listened in to by who may."""

    def __init__(self, screen: Screen, player: Player, classes: str, kinds: tuple[str, ...]) -> None:
        self._player = player
        super().__init__(screen, classes, kinds)

    async def load(self) -> tuple[int, tuple[PastCall, ...]]:
        """What is shown of each and no more: a panel that is drawn anew loses the click that is on its way."""
        read = self.screen.house.read
        number, calls = await read(
            lambda session, _: (reading.live_count(session), reading.calls(session, True, 100, None))
        )
        return number, tuple(
            PastCall(call.id, call.started_at, call.caller, call.fact("intent"), 0.0, "") for call in calls
        )

    def draw(self, shown: tuple[int, tuple[PastCall, ...]]) -> None:
        said, (number, calls) = self.said, shown
        head(said["live_calls"], str(number) if number else "")
        if not calls:
            return empty(said["no_live_calls"])
        with table(said, "live_calls", _LIVE_COLUMNS):
            for call in calls:
                with table_row():
                    with cell():
                        since(call.at)
                    cell(call.caller or "–", "num")
                    cell(said.of("intent", call.about) if call.about else "–")
                    with cell(classes="line"):
                        self._player.listen_in_button(call.call_id, call.caller)
                        with ui.element("a").props(f"href=/calls/{call.call_id}"):
                            Text(said["open"])


class LowScoresPanel(Panel):
    """Calls that were rated badly and that nobody has looked at, each to be played by who may."""

    def __init__(self, screen: Screen, player: Player, classes: str, kinds: tuple[str, ...]) -> None:
        self._player = player
        super().__init__(screen, classes, kinds)

    async def load(self) -> tuple[int, tuple[tuple[PastCall, Sound], ...]]:
        """How many there are, the newest calls, and what there is to hear of each."""
        house = self.screen.house

        def look(session: Session, now: float) -> tuple[int, tuple[tuple[PastCall, Sound], ...]]:
            calls = reading.low_scores(session)
            heard = tuple((call, heard_of(session, house, call.call_id, now).sound) for call in calls)
            return reading.low_score_count(session), heard

        return await house.read(look)

    def draw(self, shown: tuple[int, tuple[tuple[PastCall, Sound], ...]]) -> None:
        said, zone = self.said, ZoneInfo(self.screen.house.settings.time_zone)
        number, calls = shown
        head(said["low_scores"], str(number) if number else "")
        if not calls:
            return empty(said["no_low_scores"])
        with table(said, "low_scores", _SCORE_COLUMNS):
            for call, sound in calls:
                with table_row():
                    with cell():
                        tag(f"{said['score']} {call.satisfaction}", "bad")
                    with cell(), ui.element("a").props(f"href=/calls/{call.call_id}"):
                        Text(moment(call.at, zone, with_day=True), "num")
                    cell(call.caller or "–", "num")
                    cell(said.of("intent", call.about) if call.about else "–")
                    with cell(classes="line"):
                        self._player.play_button(call.call_id, call.caller, sound)
                        reviewed = self.screen.acting(self._reviewed(call.call_id))
                        button(said["reviewed"], reviewed, "small", of=call.caller)

    def _reviewed(self, call_id: str) -> actions.Handler:
        async def reviewed() -> None:
            await actions.reviewed(self.screen, call_id)
            await self.again()

        return reviewed
