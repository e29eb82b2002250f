"""The bar under the header that says what the agent's call wants of them now: accept, talk, or wrap up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments, ValueChangeEventArguments
from sqlalchemy.orm import Session

from ivr.console import actions, reading
from ivr.console.call_panels import Controls
from ivr.console.elements import Text, box, button, choice, since, tag, until
from ivr.console.feed import Happening
from ivr.console.screen import Panel, Screen
from ivr.console.views import AgentView, CallView

DISPOSITIONS = ("solved", "promised", "ticket", "passed_on", "not_ours", "hung_up", "abuse")
TYPING_SECONDS = 0.5
BUSY = ("ringing", "on_call", "wrap_up")
KEYS = ("F2", "F4", "F8", "F10", *map(str, range(1, len(DISPOSITIONS) + 1)))


class TopBar(Panel):
    """Incoming with countdown, talking with controls, wrap-up with disposition; nothing while idle."""

    def __init__(self, screen: Screen) -> None:
        super().__init__(screen, "", ("agent",))
        self.disposition = ""
        self.note = ""
        self._chosen: ui.select | None = None
        self.controls: Controls | None = None
        self.state, self.placed = "", False
        self.call_id = ""
        self._drawn: tuple[str, str, bool] | None = None

    async def load(self) -> tuple[AgentView | None, CallView | None, bool]:
        """The agent and the call they are on."""
        mine = self.screen.viewer.agent or 0
        agent = await self.screen.house.read(lambda session, _: reading.agent(session, mine))
        if agent is None or agent.call_id is None or agent.state not in BUSY:
            return (None, None, False)
        call_id = agent.call_id
        self.placed = await self.screen.house.read(lambda session, _: reading.is_placed(session, call_id))
        call = await self.screen.house.read(lambda session, _: reading.call(session, call_id))
        # The case may grow while the phone rings; what the bar says of it stays, so that nothing jumps under the finger.
        accepted = agent.state == "ringing" and await self.screen.house.read(lambda s, _: reading.accepted(s, agent))
        if agent.state == "wrap_up":
            begun = await self.screen.house.read(lambda session, _: reading.open_wrap_up(session, mine))
            self.disposition, self.note = (begun.disposition, begun.note) if begun else ("", "")
        return agent, call, accepted

    async def refresh(self, happenings: Sequence[Happening]) -> None:
        """Only when the agent's state is another: a form that is being filled in stays, and what is about to be clicked."""
        now = await self.screen.house.read(lambda session, _: self._standing(session))
        if now != self._drawn:
            await super().refresh(())
            self._drawn = now

    def _standing(self, session: Session) -> tuple[str, str, bool]:
        agent = reading.agent(session, self.screen.viewer.agent or 0)
        if agent is None or not agent.call_id or agent.state not in BUSY:
            return ("", "", False)
        return agent.state, agent.call_id, agent.state == "ringing" and reading.accepted(session, agent)

    async def again(self) -> None:
        """Draw anew, whatever was drawn."""
        self._drawn = None
        await super().again()

    def draw(self, shown: tuple[AgentView | None, CallView | None, bool]) -> None:
        agent, call, accepted = shown
        if self.controls in self.screen.parts:
            self.screen.parts.remove(self.controls)
        self.controls = None
        self.state, self.call_id = (agent.state, agent.call_id or "") if agent else ("", "")
        match self.state:
            case "ringing" if self.placed:
                self._calling()
            case "ringing" if agent:
                self._ringing(agent, call, accepted)
            case "on_call" if agent:
                self._talking(agent, call)
            case "wrap_up" if agent:
                self._wrapping(agent)

    def _calling(self) -> None:
        """Their own call to a customer: nothing to accept but their phone."""
        with self._region("incoming"):
            self._what(self.said["dial_yours"])
            box("spacer")
            button(self.said["dial_cancel"], self.screen.acting(self.decline), "stop", key="F4")

    def _ringing(self, agent: AgentView, call: CallView | None, accepted: bool) -> None:
        rings_until = agent.since + self.screen.house.settings.handoff.ring_seconds
        with box("incoming").props("role=alertdialog") as bar:
            bar.props["aria-label"] = f"{self.said['incoming']} · {self._headline(call)}"
            until(rings_until, "left")
            self._what(f"{self.said['incoming']} · {self._headline(call)}")
            self._flags(call)
            if call and call.handoff:
                with Text(f"{self.said['waited']} ", "dim wide"):
                    since(call.handoff.waits_since)
            box("spacer")
            if accepted:
                Text(self.said["accepted"], "tag ok")
            else:
                button(self.said["accept"], self.screen.acting(self.accept), "go", key="F2")
            button(self.said["decline"], self.screen.acting(self.decline), "stop", key="F4")

    def _talking(self, agent: AgentView, call: CallView | None) -> None:
        with self._region("incoming talking"):
            since(agent.since, "left")
            self._what(self._headline(call))
            self._flags(call)
            box("spacer")
            self.controls = Controls(self.screen, agent.call_id or "")
            ui.timer(0, self.controls.again, once=True)

    def _wrapping(self, agent: AgentView) -> None:
        options = {
            name: f"{digit} {self.said.of('disposition', name)}" for digit, name in enumerate(DISPOSITIONS, start=1)
        }
        ends_at = agent.since + self.screen.house.settings.handoff.wrap_up_seconds
        with self._region("incoming wrapping"):
            since(agent.since, "left")
            self._what(self.said["wrap_up"])
            chosen = choice(options, self.said["disposition"], self.disposition or None)
            chosen.on_value_change(self._disposition_chosen)
            self._chosen = chosen
            note = ui.input(self.said["note"], value=self.note).props("dense outlined maxlength=500")
            note.classes("fill").on_value_change(self._note_written)
            box("spacer")
            with Text(f"{self.said['ends_in']} ", "dim wide"):
                until(ends_at)
            button(self.said["finish"], self.screen.acting(self.finish), "go", key="F10")
            button(self.said["finish_away"], self.screen.acting(self.finish_away))

    def _region(self, classes: str) -> ui.element:
        bar = box(classes).props("role=region")
        bar.props["aria-label"] = self.said["own_call"]
        return bar

    def _what(self, words: str) -> None:
        """What it is about; on a page about another call, the way to the desk."""
        if self.screen.here == "/":
            Text(words, "what")
            return
        with ui.element("a").props("href=/").classes("what"):
            Text(words)

    def _headline(self, call: CallView | None) -> str:
        if call is None:
            return "…"
        intent = call.fact("intent") or (call.handoff.reason if call.handoff else "")
        parts = (call.fact("customer.name") or call.caller, self.said.of("intent", intent) if intent else "")
        return " · ".join(part for part in parts if part)

    def _flags(self, call: CallView | None) -> None:
        with box("tags"):
            for flag in call.handoff.flags if call and call.handoff else ():
                tag(self.said.of("flag", flag), "bad" if flag == "urgent" else "warn")

    async def accept(self) -> None:
        """Accept; the phone still has to be picked up."""
        if await actions.tell_worker(self.screen, self.call_id, "accept"):
            self.screen.notify(self.said["accept_hint"])
            await self.again()
            if self.screen.here != "/":
                with self.screen.client:
                    ui.navigate.to("/")

    async def decline(self) -> None:
        """Decline; the next agent is asked."""
        await actions.tell_worker(self.screen, self.call_id, "decline")

    async def finish(self) -> None:
        """Finish the wrap-up and be available."""
        await self._finish(False)

    async def finish_away(self) -> None:
        """Finish the wrap-up and be away."""
        await self._finish(True)

    async def _disposition_chosen(self, event: ValueChangeEventArguments[Any]) -> None:
        self.disposition = event.value or ""
        await actions.draft(self.screen, self.call_id, self.disposition, self.note)

    async def _note_written(self, event: ValueChangeEventArguments[Any]) -> None:
        self.note = written = event.value or ""
        await asyncio.sleep(TYPING_SECONDS)
        if self.note == written and self.state == "wrap_up":
            await actions.draft(self.screen, self.call_id, self.disposition, self.note)

    async def _finish(self, away: bool) -> None:
        if not self.disposition:
            if self._chosen:
                self._chosen.run_method("focus")  # where the cursor is in the note, digits would be written there
            return self.screen.notify(self.said["choose_disposition"])
        if await actions.finish(self.screen, self.call_id, self.disposition, self.note or "", away):
            self.disposition = self.note = ""

    def listen(self) -> None:
        """Keys pressed on this page."""
        pressed = {key: self.screen.acting(partial(self.shortcut, key)) for key in KEYS}

        async def press(event: GenericEventArguments) -> None:
            if act := pressed.get(str(event.args)):
                await act()

        ui.on("shortcut", press)

    async def shortcut(self, key: str) -> None:
        """F2 accept, F4 decline, F8 hold, F10 finish, a digit for a disposition: where they mean something now."""
        match (key, self.state):
            case ("F2", "ringing") if not self.placed:
                await self.accept()
            case ("F4", "ringing"):
                await self.decline()
            case ("F8", "on_call") if self.controls:
                await self.controls.hold()
            case ("F10", "wrap_up"):
                await self.finish()
            case (digit, "wrap_up") if self._chosen and digit.isdigit():
                self._chosen.set_value(DISPOSITIONS[int(digit) - 1])
                self._chosen.run_method("hidePopup")
