"""Promised calls, the most urgent first: as an agent's list, and as a supervisor's with whose each is; numbers on a logged click."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from nicegui import ui
from sqlalchemy.orm import Session

from ivr.accounts import MAY_REVEAL_ALL, audit
from ivr.console import callback_tries, callbacks, reading
from ivr.console.actions import Handler
from ivr.console.callbacks import Due
from ivr.console.dialling import dialling, may_dial
from ivr.console.elements import Text, box, button, empty, head, moment, number_to_call, tag
from ivr.console.screen import Panel, Screen
from ivr.console.table import BUTTONS, cell, table, table_row

KINDS = ("queue", "agent", "callback")
_NARROW = "max-content"
_COLUMNS = (
    ("due", _NARROW), ("about", "minmax(5em, 1fr)"), ("owner", "minmax(max-content, .6fr)"), ("tries", _NARROW), (BUTTONS, _NARROW),
)  # fmt: skip
Shown = tuple[int, int, tuple[Due, ...]]


class CallbackList(Panel):
    """What both lists show, and what can be done about each callback."""

    def __init__(self, screen: Screen, classes: str) -> None:
        self._revealed: dict[int, str] = {}
        super().__init__(screen, classes, KINDS)

    @property
    def _own(self) -> bool:
        """Whether our own queue is the list, because the shop's backend keeps its callbacks to itself."""
        return self.screen.house.settings.orders.system != "sql"

    @property
    def _may_call(self) -> bool:
        viewer = self.screen.viewer
        return viewer.agent is not None or viewer.role in MAY_REVEAL_ALL

    async def load(self) -> Shown:
        """How many there are, how many of them late, and the most urgent."""
        own = self._own
        if not own:
            await self.screen.house.orders.ready()
        rows = await self.screen.house.read(lambda session, _: callbacks.open_ones(session, own))
        taken = await self.screen.house.read(callbacks.taken)
        number, late = await self.screen.house.read(lambda session, now: callbacks.counts(session, own, now))
        return number, late, tuple(self._shown_now(row, taken.get(row.id, "")) for row in rows)

    def _shown_now(self, due: Due, caller: str) -> Due:
        late = due.due_at.timestamp() < self.screen.house.clock()
        caller = caller if caller != self.screen.viewer.name else ""
        return replace(due, shown=self._revealed.get(due.id, ""), late=late, caller=caller)

    def _head(self, number: int, late: int) -> None:
        told = f"{number} · {self.said['overdue']} {late}" if late else str(number)
        head(self.said["callbacks"], told if number else "")

    def _due(self, due: Due) -> None:
        at = due.due_at.astimezone(ZoneInfo(self.screen.house.settings.time_zone))
        tag(f"{self.said['overdue']} {at:%m-%d %H:%M}" if due.late else f"{at:%m-%d %H:%M}", "bad" if due.late else "")

    def _number(self, due: Due) -> None:
        if due.shown:
            number_to_call(due.shown)
        else:
            Text(due.number or "–", "num")

    def _matter(self, due: Due) -> None:
        """What it is about, and the way to the call's transcript: whoever calls back should know what was said."""
        about = self.said.of("intent", due.about) if due.about else ""
        if due.call_id:
            with ui.element("a").props(f"href=/calls/{due.call_id}"):
                Text(about or self.said["open"])
        elif about:
            Text(about, "dim", tag="div")

    def _whose(self, due: Due) -> None:
        """Whose it is, and who has the customer on the line or the number before them now."""
        if due.on_line:
            tag(f"{due.on_line} · {self.said['callback_on_line']}", "warn")
        elif due.caller:
            tag(f"{due.caller} · {self.said['callback_taken']}", "warn")
        elif due.owner:
            tag(self.said["callback_mine"] if due.owner == self.screen.viewer.name else due.owner)

    def _last(self, due: Due) -> None:
        """How the last call ended that was made from here."""
        if due.last:
            tag(self.said.of("called", due.last))

    def _tries(self, due: Due) -> str:
        if not due.tries:
            return ""
        at = moment(due.tried_at or 0.0, ZoneInfo(self.screen.house.settings.time_zone))
        most = self.screen.house.settings.handoff.callback_tries
        return f"{due.tries}/{most} · {at}" if most else f"{due.tries} · {at}"

    def _buttons(self, due: Due, made: bool = True) -> None:
        """`made`: whether it may be called back without the number having been shown here."""
        if may_dial(self.screen) and due.number and not due.on_line:
            button(self.said["dial"], self.screen.acting(dialling(self.screen, due.id)), "small main", of=due.number)
        if not due.shown:
            button(self.said["reveal"], self.screen.acting(self._reveal(due.id)), "small", of=due.number)
        else:
            button(self.said["no_answer"], self.screen.acting(self._unanswered(due.id)), "small", of=due.number)
        if made:
            button(self.said["callback_done"], self.screen.acting(self._asked(due)), "small", of=due.number)

    def _reveal(self, callback: int) -> Handler:
        name, own = self.screen.viewer.name, self._own

        def read(session: Session, now: float) -> str:
            number = callbacks.number_of(session, own, callback)
            audit(session, name, "callback_number_revealed", None, now, callback=callback)
            if number:
                callback_tries.take(session, own, now, callback, name)
            return number

        async def reveal() -> None:
            self._revealed[callback] = await self.screen.house.write(read)
            if not self._revealed[callback]:
                self.screen.notify(self.said["number_gone"])
            await self.again()

        return reveal

    def _unanswered(self, callback: int) -> Handler:
        name, own, said = self.screen.viewer.name, self._own, self.said
        most = self.screen.house.settings.handoff.callback_tries

        async def unanswered() -> None:
            policies = (await self.screen.house.orders.own()).policies.values

            def write(session: Session, now: float) -> callback_tries.Tried | None:
                result = callback_tries.tried(session, own, callback, most, now, policies)
                if result is not None:
                    audit(session, name, "callback_unanswered", None, now, callback=callback, tries=result.tries)
                return result

            result = await self.screen.house.write(write)
            if result is None:
                self.screen.notify(said["callback_was_done"])
            elif result.given_up:
                self.screen.notify(said["callback_given_up_letter" if result.written else "callback_given_up"])
            self._revealed.pop(callback, None)
            await self.again()

        return unanswered

    def _asked(self, due: Due) -> Handler:
        """Who was never shown the number has hardly called it: a slip of the mouse must not cost a caller their callback."""
        done = self._done(due.id)

        async def ask() -> None:
            if due.shown:
                return await done()
            said = self.said
            with self.screen.client, ui.dialog(value=True) as dialog, box("card"):
                dialog.props["aria-label"] = f"{said['callback_done']} {due.number}"
                Text(f"{said['callback_done']} {due.number}", tag="h2")
                Text(said["callback_sure"], tag="div")

                async def go() -> None:
                    dialog.close()
                    await done()

                with box("line"):
                    button(said["callback_done"], self.screen.acting(go), "main")
                    button(said["cancel"], dialog.close)

        return ask

    def _done(self, callback: int) -> Handler:
        name, own = self.screen.viewer.name, self._own

        def write(session: Session, now: float) -> bool:
            if not callbacks.keep(session, own, callback, now):
                return False
            audit(session, name, "callback_done", None, now, callback=callback)
            return True

        async def done() -> None:
            if not await self.screen.house.write(write):
                self.screen.notify(self.said["callback_was_done"])
            await self.again()

        return done


class CallbacksPanel(CallbackList):
    """An agent's list: their own first, other people's last."""

    def draw(self, shown: Shown) -> None:
        number, late, promised = shown
        self._head(number, late)
        if not promised:
            return empty(self.said["no_callbacks"])
        whose = {self.screen.viewer.name: 0, "": 1}
        with (
            box("scroll"),
            box("grid").style("grid-template-columns: minmax(0, 1fr) max-content"),
        ):
            for due in sorted(promised, key=lambda each: whose.get(each.owner, 2)):
                with box():
                    with box("line"):
                        self._due(due)
                        self._number(due)
                    self._matter(due)
                    with box("tags"):
                        self._whose(due)
                        self._last(due)
                        if due.tries:
                            tag(f"{self.said['no_answer']} {self._tries(due)}")
                with box("line"):
                    self._buttons(due)


class WatchCallbacksPanel(CallbackList):
    """A supervisor's list: who, when due, whose, how often tried; to be given to somebody, or made."""

    def draw(self, shown: Shown) -> None:
        number, late, promised = shown
        self._head(number, late)
        if not promised:
            return empty(self.said["no_callbacks"])
        with table(self.said, "callbacks", _COLUMNS):
            for due in promised:
                with table_row():
                    self._row(due)

    def _row(self, due: Due) -> None:
        with cell():
            self._due(due)
            with box():
                self._number(due)
        with cell():
            self._matter(due)
            Text(self.said.of("queue", due.queue), "dim", tag="div")
        with cell(classes="tags"):
            self._whose(due)
        with cell():
            Text(self._tries(due) or "–", "num", tag="div")
            self._last(due)
        with cell(classes="line"):
            if self._may_call:
                button(self.said["assign"], self.screen.acting(self._assigning(due)), "small", of=due.number)
                self._buttons(due, due.shown != "")

    def _assigning(self, due: Due) -> Handler:
        """A dialog with a button for each agent, those first who serve the queue."""

        async def ask() -> None:
            said, everybody = self.said, await self.screen.house.read(lambda session, _: reading.agents(session))
            with self.screen.client, ui.dialog(value=True) as dialog, box("card"):
                dialog.props["aria-label"] = f"{said['assign']} {due.number}"
                Text(f"{said['assign']} {due.number} · {said.of('queue', due.queue)}", tag="h2")
                with box("stack choices"):
                    for each in sorted(everybody, key=lambda agent: (due.queue not in agent.queues, agent.name)):
                        words = f"{each.name} · {said.of('state', each.state)}"
                        button(words, self.screen.acting(self._assigned(due.id, each.name, dialog)))
                with box("line"):
                    button(said["assign_nobody"], self.screen.acting(self._assigned(due.id, "", dialog)))
                    button(said["cancel"], dialog.close)

        return ask

    def _assigned(self, callback: int, owner: str, dialog: ui.dialog) -> Handler:
        name, own = self.screen.viewer.name, self._own

        def write(session: Session, now: float) -> bool:
            if not callback_tries.assign(session, own, now, callback, owner):
                return False
            audit(session, name, "callback_assigned", None, now, callback=callback, owner=owner)
            return True

        async def assigned() -> None:
            dialog.close()
            if not await self.screen.house.write(write):
                self.screen.notify(self.said["callback_was_done"])
            await self.again()

        return assigned
