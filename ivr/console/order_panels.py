"""The order card, its offers by the ledger, answers at hand, and the ticket form."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from nicegui import ui

from ivr.console import reading
from ivr.console.answers import Found, answers_for
from ivr.console.call_panels import CallPanel
from ivr.console.elements import Text, box, button, choice, empty, head, money, row, tag
from ivr.console.orders import CATEGORIES, OfferView, OrderCard
from ivr.console.screen import Screen
from order_lookup import ActionResult, OrderDeskError

_BAD = {"late_delivery", "refund_overdue", "promise_broken", "delivered_not_received", "duplicate_payment"}


class OrderPanel(CallPanel):
    """The order with timeline, situation and what can be done about it."""

    def __init__(self, screen: Screen, call_id: str, classes: str) -> None:
        super().__init__(screen, call_id, classes, ("case", "order"))
        self.typed = ""
        self.results: list[tuple[str, str]] = []
        self.card: OrderCard | None = None

    async def load(self) -> tuple[OrderCard | None, str, bool, tuple[tuple[str, str], ...]]:
        """The card, what was asked for, whether the order desk answers, and what was done here."""
        call = await self.screen.house.read(lambda session, _: reading.call(session, self.call_id))
        number = self.typed or (call.fact("order.number") or call.fact("order") if call else "")
        self.card, away = None, False
        if call and number:
            try:
                self.card = await self.screen.house.orders.card(
                    self.call_id, await self._phone(), number, call.fact("intent"), self.said.language
                )
            except OrderDeskError:
                away = True
        return self.card, number, away, tuple(self.results)

    async def _phone(self) -> str:
        return await self.screen.house.read(lambda session, _: reading.full_number(session, self.call_id))

    def draw(self, shown: tuple[OrderCard | None, str, bool, tuple[tuple[str, str], ...]]) -> None:
        card, number, away, results = shown
        head(self.said["order"], card.number if card else "")
        with box("body stack"):
            if away:
                Text(self.said["order_desk_away"], "tag bad")
            if card is None:
                self._search(number, away)
            else:
                self._card(card)
                self._offers(card)
            for kind, words in results:
                Text(words, f"result {kind}", tag="div")

    def _search(self, number: str, away: bool) -> None:
        if number and not away:
            Text(f"{self.said['order_unknown']} {number}", "dim", tag="div")
        elif not away:
            Text(self.said["no_order"], "dim", tag="div")
        with box("line"):
            field = ui.input(self.said["find_order"], value=number).props("dense outlined maxlength=40").classes("fill")

            async def find() -> None:
                self.typed = str(field.value or "").strip()[:40]
                await self.again()

            field.on("keydown.enter", self.screen.acting(find))
            button(self.said["find"], self.screen.acting(find))

    def _card(self, card: OrderCard) -> None:
        said = self.said
        with box("tags"):
            tag(said.of("kind", card.kind))
            tag(said.of("stage", card.stage), "ok" if card.stage == "delivered" else "")
            for situation in card.situations:
                tag(said.of("situation", situation), "bad" if situation in _BAD else "warn")
        with box("rows"):
            if card.merchant:
                Text(card.merchant, "k")
                Text("、".join(card.items) if said.language == "zh" else ", ".join(card.items), "v")
            row("Σ", money(card.total, said.language), "amount")
        with box("timeline"):
            for name, at in card.timeline:
                later = at > datetime.now(at.tzinfo)
                box(f"dot {'later' if later else ''}")
                Text(said.of("event", name))
                Text(at.strftime("%m-%d %H:%M"), "at")

    def _offers(self, card: OrderCard) -> None:
        said = self.said
        Text(said["offers"], "dim")
        if not card.offers:
            empty(said["no_offers"])
        for offer in card.offers:
            words = said.of("action", offer.action)
            if offer.item:
                words += f" · {offer.item}"
            if offer.condition:
                words += f" · {said.of('condition', offer.condition)}"
            with box("offer"), button(words, self._ask(card, offer, words)):
                if offer.amount:
                    Text(money(offer.amount, said.language), "amount")
        if card.level != card.level_needed and card.level in ("none", "low"):
            Text(said["level_needed"], "tag warn")

    def _ask(self, card: OrderCard, offer: OfferView, words: str) -> Any:
        """Money is moved only after a second click that names what is done."""

        def ask() -> None:
            with self.screen.client, ui.dialog(value=True) as dialog, box("card"):
                Text(words, tag="h2")
                amount = money(offer.amount, self.said.language) if offer.amount else ""
                Text(f"{card.number}  {amount}", "num")

                async def go() -> None:
                    dialog.close()
                    await self._carry_out(card, offer, words)

                with box("line"):
                    button(self.said["confirm_offer"], self.screen.acting(go), "main")
                    button(self.said["cancel"], dialog.close)

        return ask

    async def _carry_out(self, card: OrderCard, offer: OfferView, words: str) -> None:
        call = await self.screen.house.read(lambda session, _: reading.call(session, self.call_id))
        intent = (call.fact("intent") if call else "") or "agent"
        phone = await self._phone()
        result = await self.screen.house.orders.carry_out(self.call_id, phone, intent, card.number, offer)
        kind = _kind(result)
        await self.screen.audit("offer", self.call_id, action=offer.action, order=card.number, outcome=kind)
        said = f"{words}: {self.said.of('result', 'repeated' if result.repeated else kind)}"
        if result.refused:
            said += f" ({result.refused.replace('_', ' ')})"
        if result.receipt:
            said += f" · {self.said['receipt']} {result.receipt}"
        self.results.append((kind, said))
        await self.again()


def _kind(result: ActionResult) -> str:
    if result.state is None:
        return "refused"
    return result.state.value if result.state.value in ("done", "failed") else "unknown"


class AnswersPanel(CallPanel):
    """What the FAQ says to what the caller said last."""

    async def load(self) -> tuple[Found, ...]:
        lines = await self.screen.house.read(lambda session, _: reading.lines(session, self.call_id))
        heard = [line.text for line in lines if line.speaker == "caller"][-3:]
        call = await self.screen.house.read(lambda session, _: reading.call(session, self.call_id))
        return answers_for(heard, call.fact("intent") if call else "", self.said.language)

    def draw(self, shown: tuple[Found, ...]) -> None:
        head(self.said["answers"])
        with box("body"):
            for found in shown:
                with box("answer"):
                    Text(found.question, "q", tag="div")
                    Text(found.answer, "a", tag="div")
            if not shown:
                empty(self.said["no_answers"])


class TicketPanel(CallPanel):
    """A ticket, filled in from the case, opened once."""

    number = ""

    async def load(self) -> tuple[str, str]:
        """The ticket's number, and the text proposed; a text being edited is never overwritten."""
        call = await self.screen.house.read(lambda session, _: reading.call(session, self.call_id))
        if call is None:
            return self.number, ""
        about = self.said.of("intent", call.fact("intent")) if call.fact("intent") else ""
        parts = (about, call.fact("order.number"), call.fact("order.items"))
        return self.number, " · ".join(part for part in parts if part)

    def draw(self, shown: tuple[str, str]) -> None:
        number, proposed = shown
        head(self.said["ticket"], number)
        with box("body stack"):
            if number:
                Text(f"{self.said['ticket_opened']} {number}", "result", tag="div")
                return
            options = {name: name.replace("/", " / ") for name in CATEGORIES}
            category = choice(options, self.said["ticket_category"], "other/question")
            summary = ui.textarea(self.said["ticket_summary"], value=proposed).props(
                "dense outlined rows=2 maxlength=2000"
            )

            async def open_ticket() -> None:
                await self._open(str(category.value), str(summary.value or ""))

            with box("line"):
                button(self.said["ticket_open"], self.screen.acting(open_ticket))

    async def _open(self, category: str, summary: str) -> None:
        call = await self.screen.house.read(lambda session, _: reading.call(session, self.call_id))
        phone = await self.screen.house.read(lambda session, _: reading.full_number(session, self.call_id))
        intent, order = (call.fact("intent"), call.fact("order.number")) if call else ("", "")
        name = self.screen.viewer.name
        chosen = category if category in CATEGORIES else "other/question"
        ticket = await self.screen.house.orders.open_ticket(
            self.call_id, phone, intent, chosen, summary[:2000], order or None
        )
        if ticket.repeated:
            await self.screen.house.orders.append_ticket(ticket.number, name, summary[:2000])
        self.number = ticket.number
        await self.screen.audit("ticket", self.call_id, number=ticket.number)
        await self.again()


def zone_of(screen: Screen) -> ZoneInfo:
    """The shop's time zone."""
    return ZoneInfo(screen.house.settings.time_zone)
