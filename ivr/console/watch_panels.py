"""The supervisor's page: queue, agents, and calls now."""

from __future__ import annotations

from nicegui import ui

from ivr.accounts import MAY_REVEAL_ALL
from ivr.console import reading
from ivr.console.agent_dialog import managing
from ivr.console.elements import Text, box, button, empty, head, since, tag
from ivr.console.player import Player
from ivr.console.screen import Panel, Screen
from ivr.console.table import BUTTONS, cell, table, table_row
from ivr.console.views import AgentView, PastCall, QueueView

_STATE_KINDS = {"available": "ok", "ringing": "warn", "on_call": "", "wrap_up": "", "away": "", "offline": ""}
_NARROW, _WIDE = "max-content", "1fr"
_QUEUE_COLUMNS = (
    ("rank", _NARROW), ("waited", _NARROW), ("caller", _WIDE), ("about", _WIDE), ("queue", _NARROW), ("state", _NARROW),
)  # fmt: skip
_AGENT_COLUMNS = (("agent", _WIDE), ("state", _NARROW), ("since", _NARROW), ("queue", "1.3fr"), (BUTTONS, _NARROW))
_LIVE_COLUMNS = (("length", _NARROW), ("caller", _WIDE), ("about", _WIDE), (BUTTONS, _NARROW))


class QueuePanel(Panel):
    """Who waits, in the order of service."""

    async def load(self) -> tuple[QueueView, ...]:
        return tuple(await self.screen.house.read(reading.queue))

    def draw(self, shown: tuple[QueueView, ...]) -> None:
        said = self.said
        waiting = sum(call.state != "connected" for call in shown)  # who talks is shown, and waits no more
        with head(said["in_queue"]), box("tags right"):
            self._by_queue(shown)
            Text(str(waiting) if waiting else "", "num")
        if not shown:
            return empty(said["nobody_waits"])
        with table(said, "in_queue", _QUEUE_COLUMNS):
            for call in shown:
                with table_row():
                    self._draw_call(call)

    def _by_queue(self, shown: tuple[QueueView, ...]) -> None:
        """How many wait where, and for how long: with sixty of them nobody counts rows."""
        waiting = [call for call in shown if call.state != "connected"]
        for queue in sorted({call.queue for call in waiting}):
            theirs = [call.waits_since for call in waiting if call.queue == queue]
            with Text(f"{self.said.of('queue', queue)} {len(theirs)} · ", "tag num"):
                since(min(theirs))

    def _draw_call(self, call: QueueView) -> None:
        said = self.said
        cell(str(call.rank), "num")
        with cell():
            since(call.waits_since)
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
                    with cell(classes="line"):
                        if self.screen.viewer.role in MAY_REVEAL_ALL:
                            asking = self.screen.acting(managing(self.screen, agent))
                            button(said["manage"], asking, "small", of=agent.name)


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
