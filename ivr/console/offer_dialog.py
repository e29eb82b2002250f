"""The second click before something is done: what it is, and what it wants to know besides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from nicegui import ui

from ivr.console.details import DETAILS, Detail
from ivr.console.elements import Text, box, button, money
from ivr.console.orders import OfferView
from ivr.console.screen import Screen
from ivr.console.words import Words


def ask(
    screen: Screen, number: str, offer: OfferView, words: str, agreed: Callable[[Mapping[str, str]], Awaitable[None]]
) -> None:
    """Name what is about to be done to an order; `agreed` gets the details by the ledger's names, once they can be used."""
    said, detail = screen.said, DETAILS.get(offer.action)
    with screen.client, ui.dialog(value=True) as dialog, box("card"):
        dialog.props["aria-label"] = words
        Text(words, tag="h2")
        amount = money(offer.amount) if offer.amount else ""
        Text(f"{said['order']} {number}   {amount}", "num")
        field = _field(said, detail, offer) if detail is not None else None

        async def go() -> None:
            if not dialog.value or (field is not None and not field.validate()):
                return  # closed by a click a moment before, or not yet complete
            dialog.close()
            written = str(field.value or "") if field is not None else ""
            await agreed({detail.name: detail.kept(written, said.language)} if detail is not None else {})

        if field is not None:
            field.on("keydown.enter", screen.acting(go))
        with box("line"):
            button(said["confirm_offer"], screen.acting(go), "main")
            button(said["cancel"], dialog.close)


def _field(said: Words, detail: Detail, offer: OfferView) -> ui.input:
    """What the action wants to know; for a wish also what the ticket will say."""

    def wrong(written: str | None) -> str | None:
        problem = detail.problem(written or "")
        return said[f"detail_{problem}.{detail.name}"] if problem else None

    def noted(written: str | None) -> str:
        return f"{offer.item_shown}: {detail.kept(written or '', said.language)}"

    field = ui.input(said[f"detail.{detail.name}"], validation=wrong).props("dense outlined autofocus")
    field.props["hint"] = said[f"detail_hint.{detail.name}"]
    if detail.name == "variant":
        label = ui.label().classes("result").bind_text_from(field, "value", noted)
        label.bind_visibility_from(field, "value", lambda written: not detail.problem(written or ""))
    return field
