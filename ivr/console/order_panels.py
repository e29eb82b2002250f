"""The order card, its offers by the ledger, and answers at hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from ivr.console import reading
from ivr.console.answers import Found
from ivr.console.call_panels import CallPanel
from ivr.console.elements import Text, box, button, choice, empty, head, money, tag
from ivr.console.matters import KIND, MATTERS, matter, set_matter
from ivr.console.offer_dialog import ask
from ivr.console.orders import Done, OfferView, OrderCard, OwnOrder
from ivr.console.screen import Screen
from ivr.records.holding import tell
from order_lookup import ActionResult, OrderDeskError

_BAD = {"late_delivery", "refund_overdue", "promise_broken", "delivered_not_received", "duplicate_payment"}


@dataclass(frozen=True, slots=True)
class OrderShown:
    """What the order panel shows at one moment."""

    card: OrderCard | None
    number: str
    about: str
    away: bool
    ended: bool
    may_act: bool
    done: tuple[Done, ...]
    said_now: tuple[tuple[str, str], ...]
    latest: tuple[OwnOrder, ...] = ()


class OrderPanel(CallPanel):
    """The order with timeline, situation and what can be done about it."""

    def __init__(self, screen: Screen, call_id: str, classes: str) -> None:
        super().__init__(screen, call_id, classes, ("case", "order", "agent", "offer", KIND))
        self.typed = ""
        self.results: list[tuple[str, str]] = []

    async def load(self) -> OrderShown:
        """The card of the order the robot found or the agent typed in."""
        house, call_id, viewer = self.screen.house, self.call_id, self.screen.viewer
        call = await house.read(lambda session, _: reading.call(session, call_id))
        may_act = await house.read(lambda session, _: reading.may_act(session, viewer, call_id))
        about = await house.read(lambda session, _: matter(session, call_id))
        number = self.typed or (call.fact("order.number") or call.fact("order") if call else "")
        ended = call is not None and not call.live
        card, away = None, False
        done: tuple[Done, ...] = ()
        latest: tuple[OwnOrder, ...] = ()
        try:
            phone = await self._phone()
            if call and number:
                card = await house.orders.card(call_id, phone, number, about, self.said.language)
                done = await house.orders.done(house.read, call_id)
            if card is None and may_act and not ended:
                latest = await house.orders.latest(call_id, phone, self.said.language)
        except OrderDeskError:
            away = True
        if card is not None:
            self.screen.orders_found[call_id] = card.number
        return OrderShown(card, number, about, away, ended, may_act, done, tuple(self.results), latest)

    async def _phone(self) -> str:
        return await self.screen.house.read(lambda session, _: reading.full_number(session, self.call_id))

    def draw(self, shown: OrderShown) -> None:
        said = self.said
        head(said["order"], shown.card.number if shown.card else "")
        with box("body stack"):
            if shown.away:
                Text(said["order_desk_away"], "tag bad")
            if shown.card is None:
                self._search(shown)
            else:
                self._card(shown.card)
                if shown.may_act:
                    self._matter(shown.about)
                    self._offers(shown.card)
            for kind, words in shown.said_now:
                Text(words, f"result {kind}", tag="div")
            if shown.done:
                Text(said["done_so_far"], "dim")
            for each in shown.done:
                words = f"{said.of('action', each.action)}: {said.of('ledger', each.state)}"
                words += f" · {each.wish}" if each.wish else ""
                words += f" · {said['receipt']} {each.receipt}" if each.receipt else ""
                Text(words, f"result {each.state}", tag="div")

    def _search(self, shown: OrderShown) -> None:
        if shown.ended or not shown.may_act:
            Text(shown.number or self.said["no_order"], "dim num", tag="div")
            return
        if shown.number and not shown.away:
            Text(f"{self.said['order_unknown']} {shown.number}", "dim", tag="div")
        elif not shown.away:
            Text(self.said["no_order"], "dim", tag="div")
        if shown.latest:
            Text(self.said["latest_orders"], "dim")
        for order in shown.latest:
            with box("offer"), button(order.words, self.screen.acting(self._chosen(order.number))):
                Text(order.placed_at.strftime("%m-%d %H:%M"), "amount dim")
        with box("line"):
            field = ui.input(self.said["find_order"], value=shown.number).classes("fill")
            field.props("dense outlined maxlength=40")

            async def find() -> None:
                await self._chosen(str(field.value or "").strip()[:40])()

            field.on("keydown.enter", self.screen.acting(find))
            button(self.said["find"], self.screen.acting(find))

    def _chosen(self, number: str) -> Callable[[], Awaitable[None]]:
        async def choose() -> None:
            self.typed = number
            await self.again()
            self.screen.look()

        return choose

    def _card(self, card: OrderCard) -> None:
        said = self.said
        with box("tags"):
            tag(said.of("kind", card.kind))
            tag(said.of("stage", card.stage), "ok" if card.stage == "delivered" else "")
            for situation in card.situations:
                tag(said.of("situation", situation), "bad" if situation in _BAD else "warn")
        items = ("、" if said.language == "zh" else ", ").join(card.items)
        Text(" · ".join(part for part in (card.merchant, items) if part), tag="div")
        if card.exchange:
            Text(f"{said.of('action', 'exchange')} · {card.exchange}", tag="div")
        with box("timeline"):
            for name, at in card.timeline:
                box(f"dot {'later' if at > datetime.now(at.tzinfo) else ''}")
                Text(said.of("event", name))
                Text(at.strftime("%m-%d %H:%M"), "at")
            box("dot later").style("visibility:hidden")
            Text(said["total"], "dim")
            Text(money(card.total), "at amount")

    def _matter(self, about: str) -> None:
        """What the offers are for: the robot may have heard it wrong, or not at all."""
        options = {name: self.said.of("intent", name) for name in dict.fromkeys((*MATTERS, *filter(None, (about,))))}
        choice(options, self.said["matter"], about or None).on_value_change(self._matter_chosen)

    async def _matter_chosen(self, event: ValueChangeEventArguments[Any]) -> None:
        house, call_id, viewer, about = self.screen.house, self.call_id, self.screen.viewer, str(event.value or "")

        async def keep() -> None:
            if not await house.read(lambda session, _: reading.may_act(session, viewer, call_id)):
                return self.screen.notify(self.said["not_yours_now"])
            await house.write(lambda session, now: set_matter(session, now, call_id, about))
            await self.screen.audit("matter", call_id, intent=about)
            self.screen.look()

        await self.screen.acting(keep)()

    def _offers(self, card: OrderCard) -> None:
        said = self.said
        Text(said["offers"], "dim")
        if not card.offers:
            empty(said["no_offers"])
        for offer in card.offers:
            words = self._worded(offer)
            with box("offer"), button(words, self._ask(card, offer, words)) as made:
                if offer.amount:
                    Text(money(offer.amount), "amount")
            if not offer.allowed:
                made.disable()
                made.tooltip(f"{said['level_needed']}: {said.of('verification', offer.level_needed)}")
        if not all(offer.allowed for offer in card.offers):
            with box():
                tag(said["level_needed"], "warn")

    def _worded(self, offer: OfferView) -> str:
        words = [self.said.of("action", offer.action), offer.item_shown]
        if offer.condition and offer.action != "issue_coupon":
            words.append(self.said.of("condition", offer.condition))
        return " · ".join(word for word in words if word)

    def _ask(self, card: OrderCard, offer: OfferView, words: str) -> Callable[[], None]:
        async def agreed(details: Mapping[str, str]) -> None:
            await self._carry_out(card, offer, words, details)

        return lambda: ask(self.screen, card.number, offer, words, agreed)

    async def _carry_out(self, card: OrderCard, offer: OfferView, words: str, details: Mapping[str, str]) -> None:
        house, call_id, viewer = self.screen.house, self.call_id, self.screen.viewer
        if not await house.read(lambda session, _: reading.may_act(session, viewer, call_id)):
            return self.screen.notify(self.said["not_yours_now"])
        intent = await house.read(lambda session, _: matter(session, call_id)) or "agent"
        result = await house.orders.carry_out(call_id, await self._phone(), intent, card.number, offer, details)
        kind = _kind(result)
        await self.screen.audit("offer", call_id, action=offer.action, order=card.number, outcome=kind)
        # An address or a telephone number stays in the ledger, which forgets it in its time.
        wish = {"wish": details["variant"]} if "variant" in details and kind != "refused" else {}
        done = {"action": offer.action, "outcome": kind, "receipt": result.receipt} | wish
        await house.write(lambda session, now: tell(session, now, "offer", call_id, **done))
        said = f"{words}: {self.said.of('result', 'repeated' if result.repeated and result.done else kind)}"
        if result.refused:
            said += f" ({self.said.of('refused', result.refused)})"
        # What the ledger has, the panel shows anyway; what it refused to begin is said here.
        self.results = [(kind, said)] if result.refused else []
        self.screen.notify(said)
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
        self.screen.house.faq.refresh()
        return self.screen.house.faq.answers_for(heard, call.fact("intent") if call else "", self.said.language)

    def draw(self, shown: tuple[Found, ...]) -> None:
        head(self.said["answers"])
        with box("body"):
            for found in shown:
                with box("answer"):
                    Text(found.question, "q", tag="div")
                    if found.answer:
                        Text(found.answer, "a", tag="div")
                    if found.note:
                        Text(found.note, "a note", tag="div")
            if not shown:
                empty(self.said["no_answers"])
