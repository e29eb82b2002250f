"""In a call: what this caller was promised before, and whether the talk keeps it; nothing where nothing was promised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from nicegui import ui
from sqlalchemy.orm import Session

from ivr.console import callbacks, reading
from ivr.console.actions import Handler
from ivr.console.call_panels import CallPanel
from ivr.console.callbacks import KIND, Due
from ivr.console.dialling import correcting as correcting_
from ivr.console.elements import Text, box, button, head, tag
from ivr.console.feed import Happening
from ivr.console.screen import Panel
from ivr.handoff import by_hand
from ivr.handoff.calling_back import CALLED, TALKED
from ivr.records import by_hand as hand_calls
from ivr.records import reached


@dataclass(frozen=True, slots=True)
class Promised:
    """The promises still open, those of them that the talk will keep or would but for the agent's word, and how many it has kept.

    `placed`: the call is the promised one, `outcome` how it ended if an agent made it; `mine`: the viewer may say what becomes of them.
    """

    open: tuple[Due, ...] = ()
    same: frozenset[int] = frozenset()
    staying: frozenset[int] = frozenset()
    kept: int = 0
    placed: bool = False
    mine: bool = False
    outcome: str = ""


class PromisedPanel(CallPanel):
    """Why and by when the caller was to be called, so that nobody starts from nothing and nobody calls in vain."""

    async def refresh(self, happenings: Sequence[Happening]) -> None:
        """What colleagues do about callbacks belongs to no call."""
        mine = [each for each in happenings if each.call_id == self.call_id or each.kind == KIND]
        if mine or not happenings:
            await Panel.refresh(self, mine)

    async def load(self) -> Promised:
        house, viewer = self.screen.house, self.screen.viewer
        own = house.settings.orders.system != "sql"
        if not own:
            await house.orders.ready()

        def look(session: Session, now: float) -> Promised:
            call, handoff = reading.call(session, self.call_id), None
            if call is None or (handoff := call.handoff) is None:
                return Promised()
            found = callbacks.to_caller(session, own, call.id)
            dues = tuple(replace(due, late=due.due_at.timestamp() < now) for due in found)
            goes_on = handoff.state in reading.SHOWN
            same = frozenset(due.id for due in found if goes_on and due.queue == handoff.queue)
            staying, kept = reached.staying(session, call.id), reached.closed_in(session, call.id)
            mine = reading.may_act(session, viewer, call.id)
            outcome = hand_calls.outcome_of(session, call.id) if handoff.reason == by_hand.REASON else ""
            return Promised(dues, same, frozenset(staying), kept, call.called == CALLED, mine, outcome)

        return await house.read(look)

    def draw(self, shown: Promised) -> None:
        said = self.said
        self.container.set_visibility(bool(shown.open or shown.kept or shown.outcome))
        if not shown.open and not shown.kept and not shown.outcome:
            return
        head(said["callback_promised"])
        with box("body stack"):
            if shown.kept:
                Text(said["callback_reached_us"], "dim", tag="div")
            if shown.outcome:
                self._came_of_it(shown)
            for due in shown.open:
                self._one(due, shown)

    def _came_of_it(self, shown: Promised) -> None:
        """How SIP says it ended, to be put right by who heard it: a voicemail answers, too, and so does a stranger."""
        said = self.said
        with box("tags"):
            Text(said["dial_outcome"], "dim")
            tag(said.of("called", shown.outcome), "ok" if shown.outcome == TALKED else "warn")
        if shown.mine:
            Text(said["dial_correct"], "dim", tag="div")
            with box("tags"):
                for outcome in by_hand.OUTCOMES:
                    if outcome != shown.outcome:
                        correcting = self.screen.acting(correcting_(self.screen, self.call_id, outcome, self.again))
                        button(said.of("called", outcome), correcting, "small")

    def _one(self, due: Due, shown: Promised) -> None:
        said = self.said
        at = due.due_at.astimezone(ZoneInfo(self.screen.house.settings.time_zone))
        with box():
            with box("tags"):
                tag(
                    f"{said['overdue']} {at:%m-%d %H:%M}" if due.late else f"{at:%m-%d %H:%M}",
                    "bad" if due.late else "",
                )
                tag(said.of("queue", due.queue))
                if due.owner:
                    tag(due.owner)
                if due.tries:
                    tag(f"{said['no_answer']} {due.tries}")
            about = said.of("intent", due.about) if due.about else said["open"]
            if due.call_id and due.call_id != self.call_id:
                with ui.element("a").props(f"href=/calls/{due.call_id} target=_blank"):
                    Text(about)
            elif due.about:
                Text(about, tag="div")
            self._what_comes_of_it(due, shown)

    def _what_comes_of_it(self, due: Due, shown: Promised) -> None:
        said, ends = self.said, due.id in shown.same and due.id not in shown.staying
        if shown.placed:
            Text(said["callback_being_made"], "dim", tag="div")
            return
        Text(said["callback_ends" if ends else "callback_stays"], "dim", tag="div")
        if shown.mine:
            doing = self._let_stay(due.id, True) if ends else self._no_need(due.id, due.id in shown.same)
            with box("line"):
                button(said["callback_let_stay" if ends else "callback_no_need"], self.screen.acting(doing), "small")

    def _no_need(self, promise: int, same: bool) -> Handler:
        """While they talk about the same queue's, the talk will keep it after all; else the agent says that it is seen to."""
        return self._let_stay(promise, False) if same else self._close(promise)

    def _let_stay(self, promise: int, stays: bool) -> Handler:
        viewer = self.screen.viewer

        def write(session: Session, now: float) -> None:
            if reading.may_act(session, viewer, self.call_id):
                reached.let_stay(session, promise, self.call_id, viewer.name, stays, now)

        async def stay() -> None:
            await self.screen.house.write(write)
            await self.again()

        return stay

    def _close(self, promise: int) -> Handler:
        viewer, source = self.screen.viewer, callbacks.source(self.screen.house.settings.orders.system != "sql")

        def write(session: Session, now: float) -> bool:
            may = reading.may_act(session, viewer, self.call_id)
            return may and reached.close(session, source, promise, self.call_id, viewer.name, now)

        async def close() -> None:
            if not await self.screen.house.write(write):
                self.screen.notify(self.said["callback_was_done"])
            await self.again()

        return close
