"""The supervisor's page: queue, agents, calls now, and low scores to look into."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from nicegui import ui
from sqlalchemy.orm import Session

from ivr.console import actions, reading
from ivr.console.elements import Text, box, button, empty, head, moment, since, tag
from ivr.console.player import Player
from ivr.console.screen import Panel, Screen
from ivr.console.sounds import Sound, heard_of
from ivr.console.views import AgentView, PastCall, QueueView

_STATE_KINDS = {"available": "ok", "ringing": "warn", "on_call": "", "wrap_up": "", "away": "", "offline": ""}


class QueuePanel(Panel):
    """Who waits, in the order of service."""

    async def load(self) -> tuple[QueueView, ...]:
        return tuple(await self.screen.house.read(reading.queue))

    def draw(self, shown: tuple[QueueView, ...]) -> None:
        said = self.said
        head(said["in_queue"], str(len(shown)) if shown else "")
        if not shown:
            return empty(said["nobody_waits"])
        with (
            box("scroll"),
            box("grid").style("grid-template-columns: max-content max-content 1fr 1fr max-content max-content"),
        ):
            for words in ("rank", "waited", "caller", "about", "queue", "state"):
                Text(said[words], "th", tag="div")
            for call in shown:
                Text(str(call.rank), "num", tag="div")
                with box():
                    since(call.enqueued_at)
                with box(), ui.element("a").props(f"href=/calls/{call.call_id}"):
                    Text(call.caller or "–", "num")
                with box("tags"):
                    Text(said.of("intent", call.reason))
                    for flag in call.flags:
                        tag(said.of("flag", flag), "bad" if flag == "urgent" else "warn")
                Text(said.of("queue", call.queue), tag="div")
                words = said.of("hand_over_state", call.state)
                Text(f"{words} {call.agent}" if call.agent else words, tag="div")


class AgentsPanel(Panel):
    """Who is there, and what they do."""

    async def load(self) -> tuple[AgentView, ...]:
        return tuple(await self.screen.house.read(lambda session, _: reading.agents(session)))

    def draw(self, shown: tuple[AgentView, ...]) -> None:
        said = self.said
        head(said["agents"], str(len(shown)))
        with box("scroll"), box("grid").style("grid-template-columns: 1fr max-content max-content 1.3fr"):
            for words in ("agent", "state", "since", "queue"):
                Text(said[words], "th", tag="div")
            for agent in shown:
                Text(agent.name, tag="div")
                with box():
                    words = said.of("state", agent.state)
                    if agent.state == "away" and agent.away_reason:
                        words += f" · {said.of('away', agent.away_reason)}"
                    tag(words, _STATE_KINDS.get(agent.state, ""))
                with box():
                    since(agent.since)
                Text(" · ".join(said.of("queue", queue) for queue in agent.queues), "dim", tag="div")


class LiveCallsPanel(Panel):
    """Calls under way, each to be listened in to by who may."""

    def __init__(self, screen: Screen, player: Player, classes: str, kinds: tuple[str, ...]) -> None:
        self._player = player
        super().__init__(screen, classes, kinds)

    async def load(self) -> tuple[PastCall, ...]:
        """What is shown of each and no more: a panel that is drawn anew loses the click that is on its way."""
        calls = await self.screen.house.read(lambda session, now: reading.calls(session, True, 100, None, now))
        return tuple(PastCall(call.id, call.started_at, call.caller, call.fact("intent"), 0.0, "") for call in calls)

    def draw(self, shown: tuple[PastCall, ...]) -> None:
        said = self.said
        head(said["live_calls"], str(len(shown)) if shown else "")
        if not shown:
            return empty(said["no_live_calls"])
        with box("scroll"), box("grid").style("grid-template-columns: max-content 1fr 1fr max-content"):
            for words in ("length", "caller", "about", ""):
                Text(said[words] if words else "", "th", tag="div")
            for call in shown:
                with box():
                    since(call.at)
                Text(call.caller or "–", "num", tag="div")
                Text(said.of("intent", call.about) if call.about else "–", tag="div")
                with box("line"):
                    self._player.listen_in_button(call.call_id, call.caller)
                    with ui.element("a").props(f"href=/calls/{call.call_id}"):
                        Text(said["open"])


class LowScoresPanel(Panel):
    """Calls that were rated badly and that nobody has looked at, each to be played by who may."""

    def __init__(self, screen: Screen, player: Player, classes: str, kinds: tuple[str, ...]) -> None:
        self._player = player
        super().__init__(screen, classes, kinds)

    async def load(self) -> tuple[tuple[PastCall, Sound], ...]:
        """The calls, and what there is to hear of each."""
        house = self.screen.house

        def look(session: Session, now: float) -> tuple[tuple[PastCall, Sound], ...]:
            calls = reading.low_scores(session)
            return tuple((call, heard_of(session, house, call.call_id, now).sound) for call in calls)

        return await house.read(look)

    def draw(self, shown: tuple[tuple[PastCall, Sound], ...]) -> None:
        said, zone = self.said, ZoneInfo(self.screen.house.settings.time_zone)
        head(said["low_scores"], str(len(shown)) if shown else "")
        if not shown:
            return empty(said["no_low_scores"])
        with box("scroll"), box("grid").style("grid-template-columns: max-content max-content 1fr 1fr max-content"):
            for words in ("score", "time", "caller", "about", ""):
                Text(said[words] if words else "", "th", tag="div")
            for call, sound in shown:
                with box():
                    tag(f"{said['score']} {call.satisfaction}", "bad")
                with box(), ui.element("a").props(f"href=/calls/{call.call_id}"):
                    Text(moment(call.at, zone, with_day=True), "num")
                Text(call.caller or "–", "num", tag="div")
                Text(said.of("intent", call.about) if call.about else "–", tag="div")
                with box("line"):
                    self._player.play_button(call.call_id, call.caller, sound)
                    button(said["reviewed"], self.screen.acting(self._reviewed(call.call_id)), "small", of=call.caller)

    def _reviewed(self, call_id: str) -> actions.Handler:
        async def reviewed() -> None:
            await actions.reviewed(self.screen, call_id)
            await self.again()

        return reviewed
