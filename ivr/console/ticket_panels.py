"""Open tickets: for agents those of their queues, for supervisors those that were escalated or are past their time."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from nicegui import ui
from sqlalchemy.orm import Session

from ivr.accounts import MAY_REVEAL_ALL, audit
from ivr.console import actions, reading
from ivr.console.dialling import dialling_about, may_dial
from ivr.console.elements import Text, box, button, draft, draft_done, empty, head, number_to_call, tag
from ivr.console.screen import Panel
from ivr.console.table import BUTTONS, cell, table, table_row
from ivr.transcript import mask_number
from order_lookup import OrderDeskError
from order_lookup.clerk import Clerk
from order_lookup.listings import TicketView

MOST = 50
COLUMNS = (
    ("ticket", "max-content"), ("about", "1fr"), ("owner", "max-content"), ("due", "max-content"), (BUTTONS, "max-content"),
)  # fmt: skip
Shown = tuple[int, tuple[TicketView, ...]] | None


def _draft_of(number: str) -> str:
    return f"answer:{number}"


class TicketList(Panel):
    """Tickets, the most urgent first; a click opens one, to be taken over, answered or closed."""

    title = nothing = ""

    async def load(self) -> Shown:
        """How many there are, and the most urgent; None while the order desk is away."""
        try:
            return await self.found(Clerk(await self.screen.house.orders.own()))
        except OrderDeskError:
            return None

    async def found(self, clerk: Clerk) -> Shown:
        """Which tickets."""
        raise NotImplementedError

    def draw(self, shown: Shown) -> None:
        said, (number, tickets) = self.said, shown or (0, ())
        head(said[self.title], str(number) if number else "")
        if not tickets:
            return empty(said[self.nothing] if shown is not None else said["order_desk_away"])
        with table(said, self.title, COLUMNS):
            for ticket in tickets:
                with table_row():
                    self._row(ticket)

    def _row(self, ticket: TicketView) -> None:
        said = self.said
        cell(ticket.number, "num")
        with cell(classes="tags"):
            Text(said.of("category", f"{ticket.category}/{ticket.subcategory}"))
            if ticket.escalated_at:
                tag(said["escalated"], "bad")
        with cell():
            if ticket.owner:
                tag(said["callback_mine"] if ticket.owner == self.screen.viewer.name else ticket.owner)
        with cell():
            due = self._moment(ticket.due_at)
            tag(f"{said['overdue']} {due}" if ticket.overdue else due, "bad" if ticket.overdue else "")
        with cell():
            button(said["open"], self.screen.acting(self._opening(ticket.number)), "small", of=ticket.number)

    @property
    def _may_act(self) -> bool:
        viewer = self.screen.viewer
        return viewer.agent is not None or viewer.role in MAY_REVEAL_ALL

    def _moment(self, at: datetime) -> str:
        return at.astimezone(ZoneInfo(self.screen.house.settings.time_zone)).strftime("%m-%d %H:%M")

    def _opening(self, number: str) -> actions.Handler:
        async def look() -> None:
            ticket = await Clerk(await self.screen.house.orders.own()).ticket(number)
            if ticket is not None:
                self._show(ticket)

        return look

    def _show(self, ticket: TicketView) -> None:
        said = self.said
        with self.screen.client, ui.dialog(value=True) as dialog, box("card wide"):
            dialog.props["aria-label"] = f"{said['ticket']} {ticket.number}"
            Text(f"{ticket.number} · {said.of('category', f'{ticket.category}/{ticket.subcategory}')}", tag="h2")
            Text(ticket.summary, tag="div")
            if ticket.order_number:
                Text(f"{said['order']} {ticket.order_number}", "dim num", tag="div")
            self._whose_number(ticket)
            with box("history"):
                for line in ticket.history:
                    Text(self._moment(line.at), "dim num")
                    Text(said.of("ticket_line", line.kind))
                    # The robot's own reminders say in two languages what the word before says already.
                    told = line.text if line.kind in ("note", "closed") else ""
                    Text(f"{line.author}: {told}" if told else "")
            if self._may_act:
                self._answering(ticket, dialog)
            else:
                with box("line"):
                    button(said["cancel"], dialog.close)

    def _whose_number(self, ticket: TicketView) -> None:
        """Whom to call about it; whole on a logged click only."""
        if not ticket.phone:
            return
        with box("line") as line:
            Text(self.said["number"], "dim")
            Text(mask_number(ticket.phone), "num")
            if not self._may_act or "*" in ticket.phone:
                return

            async def reveal() -> None:
                name = self.screen.viewer.name

                def write(session: Session, now: float) -> None:
                    audit(session, name, "ticket_number_revealed", None, now, number=ticket.number)

                await self.screen.house.write(write)
                line.clear()
                with line:
                    Text(self.said["number"], "dim")
                    number_to_call(ticket.phone)

            button(self.said["reveal"], self.screen.acting(reveal), "small", of=ticket.number)
            if may_dial(self.screen):
                button(self.said["dial"], self.screen.acting(dialling_about(self.screen, ticket.phone)), "small main")

    def _answering(self, ticket: TicketView, dialog: ui.dialog) -> None:
        said, number = self.said, ticket.number
        answer = ui.textarea(said["ticket_answer"]).props("dense outlined rows=2 maxlength=2000")
        draft(answer, _draft_of(number))

        def settle(closing: bool) -> actions.Handler:
            async def go() -> None:
                words = str(answer.value or "").strip()[:2000]
                if not words:
                    return self.screen.notify(said["ticket_say"])
                dialog.close()
                await self._settle(number, words, closing)

            return self.screen.acting(go)

        async def take() -> None:
            dialog.close()
            await self._settle(number, said["ticket_taken"], False)

        def drop() -> None:
            draft_done(self.screen.client, _draft_of(number))
            dialog.close()

        with box("line"):
            if ticket.owner != self.screen.viewer.name:
                button(said["ticket_take"], self.screen.acting(take))
            button(said["ticket_keep"], settle(False), "main")
            button(said["ticket_close"], settle(True))
            button(said["cancel"], drop)

    async def _settle(self, number: str, words: str, closing: bool) -> None:
        system, name = await self.screen.house.orders.own(), self.screen.viewer.name
        if closing:
            await system.close_ticket(number, name, words)
        else:
            await system.append_ticket(number, name, words)
        draft_done(self.screen.client, _draft_of(number))
        await self.screen.audit("ticket_closed" if closing else "ticket_answered", None, number=number)
        self.screen.notify(self.said["ticket_done" if closing else "ticket_kept"])
        await self.again()


class TicketsPanel(TicketList):
    """A supervisor's: what was escalated or is overdue."""

    title, nothing = "late_tickets", "no_late_tickets"

    async def found(self, clerk: Clerk) -> Shown:
        """Wherever it is."""
        return await clerk.late_tickets(MOST)


class MyTicketsPanel(TicketList):
    """An agent's: what is open in the queues they serve."""

    title, nothing = "my_tickets", "no_my_tickets"

    async def found(self, clerk: Clerk) -> Shown:
        """Those of the queues that they serve now."""
        mine = self.screen.viewer.agent or 0
        agent = await self.screen.house.read(lambda session, _: reading.agent(session, mine))
        return await clerk.tickets_of(agent.queues, MOST) if agent is not None else (0, ())
