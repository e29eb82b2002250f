"""The tickets of a call, each filled in from the case."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from nicegui import ui

from ivr.console import reading
from ivr.console.call_panels import CallPanel
from ivr.console.elements import Text, box, button, choice, draft, draft_choice, draft_done, empty, head, moment
from ivr.console.matters import KIND as MATTER
from ivr.console.matters import matter
from ivr.console.opened_tickets import KIND, Opened, opened, tell_opened
from ivr.console.orders import CATEGORIES
from ivr.console.screen import Screen
from ivr.console.views import CallView

OTHER = "other/question"
_CATEGORY_OF = {
    "urge_delivery": "logistics/late", "order_status": "logistics/late", "not_received": "logistics/lost",
    "refund_request": "payment/refund", "refund_status": "payment/refund", "payment_problem": "payment/duplicate",
    "coupon": "payment/coupon", "return_exchange": "aftersales/return", "missing_item": "aftersales/missing",
    "wrong_item": "aftersales/wrong", "damaged_item": "aftersales/damaged", "food_safety": "quality/food",
    "contact_courier": "logistics/courier", "partner_call": "logistics/partner", "missing_extras": "aftersales/missing",
    "refund_elsewhere": "payment/refund",
    "courier_complaint": "service/courier", "merchant_complaint": "service/merchant", "complaint": "service/complaint",
    "account_stolen": "account/stolen", "account": "account/login", "personal_safety": "safety/person",
    "invoice": "invoice/missing",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TicketShown:
    """What the panel shows: the tickets there are, and one that may be opened (None when not, or not again)."""

    opened: tuple[Opened, ...]
    proposed: tuple[str, str] | None
    may_act: bool


class TicketPanel(CallPanel):
    """A ticket for what the call is about, filled in from the case, opened once; another matter may have its own."""

    written = ""

    def __init__(self, screen: Screen, call_id: str, classes: str) -> None:
        super().__init__(screen, call_id, classes, ("agent", KIND, MATTER))
        self._draft = f"ticket:{call_id}"

    async def load(self) -> TicketShown:
        """The call's tickets, and the category and text of the next."""
        house, call_id, viewer = self.screen.house, self.call_id, self.screen.viewer
        may_act = await house.read(lambda session, _: reading.may_act(session, viewer, call_id))
        call = await house.read(lambda session, _: reading.call(session, call_id))
        there = await house.read(lambda session, _: opened(session, call_id))
        intent = await house.read(lambda session, _: matter(session, call_id))
        if call is None or intent in {ticket.intent for ticket in there}:
            return TicketShown(there, None, may_act)
        return TicketShown(there, self._proposed(call, intent), may_act)

    def _proposed(self, call: CallView, intent: str) -> tuple[str, str]:
        about = self.said.of("intent", intent) if intent else ""
        parts = (about, call.fact("order.number"), call.fact("order.items"))
        known = call.fact("ticket.category") if intent == call.fact("intent") else ""
        category = known or _CATEGORY_OF.get(intent, OTHER)
        return category if category in CATEGORIES else OTHER, " · ".join(part for part in parts if part)

    def draw(self, shown: TicketShown) -> None:
        zone = ZoneInfo(self.screen.house.settings.time_zone)
        head(self.said["ticket"], shown.opened[-1].number if shown.opened else "")
        with box("body stack"):
            for ticket in shown.opened:
                due = moment(ticket.due, zone, with_day=True)
                Text(f"{self.said['ticket_opened']} {ticket.number} · {self.said['due']} {due}", "result", tag="div")
            if shown.proposed is not None and shown.may_act:
                self._form(*shown.proposed)
            elif not shown.opened:
                empty(self.said["not_yours_now"])

    def _form(self, category: str, proposed: str) -> None:
        field = choice(
            {name: self.said.of("category", name) for name in CATEGORIES}, self.said["ticket_category"], category
        )
        # Another matter proposes another category: what was chosen for this one is not that one's.
        chosen = f"{self._draft}:{category}"
        draft_choice(self.screen.client, field, chosen)
        summary = ui.textarea(self.said["ticket_summary"], value=self.written or proposed).props(
            "dense outlined rows=2 maxlength=2000"
        )
        draft(summary, self._draft, proposed)
        summary.on_value_change(lambda event: setattr(self, "written", str(event.value or "")))

        async def open_ticket() -> None:
            await self._open(str(field.value), str(summary.value or ""))
            draft_done(self.screen.client, chosen)

        with box("line"):
            button(self.said["ticket_open"], self.screen.acting(open_ticket))

    async def _open(self, category: str, summary: str) -> None:
        house, viewer, call_id = self.screen.house, self.screen.viewer, self.call_id
        if not await house.read(lambda session, _: reading.may_act(session, viewer, call_id)):
            return self.screen.notify(self.said["not_yours_now"])
        call = await house.read(lambda session, _: reading.call(session, call_id))
        phone = await house.read(lambda session, _: reading.full_number(session, call_id))
        intent = await house.read(lambda session, _: matter(session, call_id))
        there = await house.read(lambda session, _: opened(session, call_id))
        if intent in {each.intent for each in there}:
            return self.screen.look()  # another page of theirs was quicker
        order = self.order_of(call) if call else ""
        chosen = category if category in CATEGORIES else OTHER
        ticket = await house.orders.open_ticket(call_id, phone, intent, chosen, summary[:2000], order or None)
        if ticket.repeated:
            await house.orders.append_ticket(ticket.number, viewer.name, summary[:2000])
        made = Opened(ticket.number, ticket.due_at.timestamp(), intent)
        await house.write(lambda session, now: tell_opened(session, now, call_id, made))
        await self.screen.audit("ticket", call_id, number=ticket.number)
        self.written = ""
        draft_done(self.screen.client, self._draft)
        self.screen.look()
