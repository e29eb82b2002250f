"""The ticket of a call, filled in from the case."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from nicegui import ui

from ivr.console import reading
from ivr.console.call_panels import CallPanel
from ivr.console.elements import Text, box, button, choice, empty, head
from ivr.console.matters import KIND, matter
from ivr.console.orders import CATEGORIES
from ivr.console.screen import Screen

_CATEGORY_OF = {
    "urge_delivery": "logistics/late", "order_status": "logistics/late", "not_received": "logistics/lost",
    "refund_request": "payment/refund", "refund_status": "payment/refund", "payment_problem": "payment/duplicate",
    "coupon": "payment/coupon", "return_exchange": "aftersales/return", "missing_item": "aftersales/missing",
    "wrong_item": "aftersales/wrong", "damaged_item": "aftersales/damaged", "food_safety": "quality/food",
    "courier_complaint": "service/courier", "merchant_complaint": "service/merchant", "complaint": "service/complaint",
    "account_stolen": "account/stolen", "account": "account/login", "personal_safety": "safety/person",
    "invoice": "invoice/missing",
}  # fmt: skip


class TicketPanel(CallPanel):
    """A ticket, filled in from the case, opened once."""

    number = due = written = ""

    def __init__(self, screen: Screen, call_id: str, classes: str) -> None:
        super().__init__(screen, call_id, classes, ("agent", KIND))

    async def load(self) -> tuple[str, str, str, bool]:
        """The ticket's number, the category and text proposed, and whether one may be opened."""
        may_act = await self.screen.house.read(
            lambda session, _: reading.may_act(session, self.screen.viewer, self.call_id)
        )
        call = await self.screen.house.read(lambda session, _: reading.call(session, self.call_id))
        if call is None:
            return self.number, "", "", False
        intent = await self.screen.house.read(lambda session, _: matter(session, self.call_id))
        about = self.said.of("intent", intent) if intent else ""
        parts = (about, call.fact("order.number"), call.fact("order.items"))
        category = (call.fact("ticket.category") if intent == call.fact("intent") else "") or _CATEGORY_OF.get(
            intent, "other/question"
        )
        return self.number, category, " · ".join(part for part in parts if part), may_act

    def draw(self, shown: tuple[str, str, str, bool]) -> None:
        number, category, proposed, may_act = shown
        head(self.said["ticket"], number)
        with box("body stack"):
            if number:
                Text(f"{self.said['ticket_opened']} {number} · {self.said['due']} {self.due}", "result", tag="div")
                return
            if not may_act:
                return empty(self.said["not_yours_now"])
            options = {name: self.said.of("category", name) for name in CATEGORIES}
            chosen = category if category in CATEGORIES else "other/question"
            field = choice(options, self.said["ticket_category"], chosen)
            summary = ui.textarea(self.said["ticket_summary"], value=self.written or proposed).props(
                "dense outlined rows=2 maxlength=2000"
            )

            summary.on_value_change(lambda event: setattr(self, "written", str(event.value or "")))

            async def open_ticket() -> None:
                await self._open(str(field.value), str(summary.value or ""))

            with box("line"):
                button(self.said["ticket_open"], self.screen.acting(open_ticket))

    async def _open(self, category: str, summary: str) -> None:
        call = await self.screen.house.read(lambda session, _: reading.call(session, self.call_id))
        phone = await self.screen.house.read(lambda session, _: reading.full_number(session, self.call_id))
        intent = await self.screen.house.read(lambda session, _: matter(session, self.call_id))
        order = self.order_of(call) if call else ""
        name = self.screen.viewer.name
        viewer, call_id = self.screen.viewer, self.call_id
        if not await self.screen.house.read(lambda session, _: reading.may_act(session, viewer, call_id)):
            return self.screen.notify(self.said["not_yours_now"])
        chosen = category if category in CATEGORIES else "other/question"
        ticket = await self.screen.house.orders.open_ticket(
            self.call_id, phone, intent, chosen, summary[:2000], order or None
        )
        if ticket.repeated:
            await self.screen.house.orders.append_ticket(ticket.number, name, summary[:2000])
        zone = ZoneInfo(self.screen.house.settings.time_zone)
        self.number, self.due = ticket.number, ticket.due_at.astimezone(zone).strftime("%m-%d %H:%M")
        await self.screen.audit("ticket", self.call_id, number=ticket.number)
        await self.screen.show(())
