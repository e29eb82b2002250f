"""Tickets that need a supervisor: escalated because nobody answered, or past the time by which they should be settled."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from nicegui import ui

from ivr.accounts import MAY_REVEAL_ALL
from ivr.console import actions
from ivr.console.elements import Text, box, button, draft, draft_done, empty, head, tag
from ivr.console.screen import Panel
from ivr.console.table import BUTTONS, cell, table, table_row
from order_lookup import OrderDeskError
from order_lookup.clerk import Clerk
from order_lookup.listings import TicketView

MOST = 50
COLUMNS = (("ticket", "max-content"), ("about", "1fr"), ("due", "max-content"), (BUTTONS, "max-content"))


def _draft_of(number: str) -> str:
    return f"answer:{number}"


class TicketsPanel(Panel):
    """What was escalated or is overdue, the most urgent first; a click opens it, to be answered or closed."""

    async def load(self) -> tuple[int, tuple[TicketView, ...]] | None:
        """How many there are, and the most urgent; None while the order desk is away."""
        try:
            return await Clerk(await self.screen.house.orders.own()).late_tickets(MOST)
        except OrderDeskError:
            return None

    def draw(self, shown: tuple[int, tuple[TicketView, ...]] | None) -> None:
        said, (number, tickets) = self.said, shown or (0, ())
        head(said["late_tickets"], str(number) if number else "")
        if not tickets:
            return empty(said["no_late_tickets"] if shown is not None else said["order_desk_away"])
        with table(said, "late_tickets", COLUMNS):
            for ticket in tickets:
                with table_row():
                    cell(ticket.number, "num")
                    with cell(classes="tags"):
                        Text(said.of("category", f"{ticket.category}/{ticket.subcategory}"))
                        if ticket.escalated_at:
                            tag(said["escalated"], "bad")
                    with cell():
                        tag(self._moment(ticket.due_at), "bad" if ticket.overdue else "")
                    with cell():
                        opening = self.screen.acting(self._opening(ticket.number))
                        button(said["open"], opening, "small", of=ticket.number)

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
            with box("history"):
                for line in ticket.history:
                    Text(self._moment(line.at), "dim num")
                    Text(said.of("ticket_line", line.kind))
                    # The robot's own reminders say in two languages what the word before says already.
                    told = line.text if line.kind in ("note", "closed") else ""
                    Text(f"{line.author}: {told}" if told else "")
            if self.screen.viewer.role in MAY_REVEAL_ALL:
                self._answering(ticket.number, dialog)
            else:
                with box("line"):
                    button(said["cancel"], dialog.close)

    def _answering(self, number: str, dialog: ui.dialog) -> None:
        said = self.said
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

        def drop() -> None:
            draft_done(self.screen.client, _draft_of(number))
            dialog.close()

        with box("line"):
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
