"""Making sure who calls, and what happened with them before."""

from __future__ import annotations

from nicegui import ui

from ivr.console import reading
from ivr.console.call_panels import CallPanel
from ivr.console.elements import Text, box, button, choice, empty, head, tag
from ivr.console.orders import Earlier
from order_lookup import OrderDeskError

KINDS = ("name", "phone_tail", "amount")


class VerifyPanel(CallPanel):
    """What the caller says of themselves, checked by the order desk; drawn once, for somebody types in it."""

    async def load(self) -> tuple[bool, str]:
        """Whether it may be used, and the order's number."""
        viewer, call_id = self.screen.viewer, self.call_id
        call = await self.screen.house.read(lambda session, _: reading.call(session, call_id))
        may_act = await self.screen.house.read(lambda session, _: reading.may_act(session, viewer, call_id))
        number = self.order_of(call) if call else ""
        return may_act and bool(number), number

    def draw(self, shown: tuple[bool, str]) -> None:
        usable, number = shown
        self.container.set_visibility(usable)
        if not usable:
            return
        said = self.said
        head(said["verify"])
        with box("body verify"):
            kind = choice({name: said.of("verify", name) for name in KINDS}, said["verify_by"], "name")
            stated = ui.input(said["verify_stated"]).props("dense outlined maxlength=60")

            async def check() -> None:
                words = str(stated.value or "").strip()
                if words:
                    await self._check(number, str(kind.value), words[:60])

            stated.on("keydown.enter", self.screen.acting(check))
            button(said["verify"], self.screen.acting(check))

    async def _check(self, number: str, kind: str, stated: str) -> None:
        call_id, viewer = self.call_id, self.screen.viewer
        if not await self.screen.house.read(lambda session, _: reading.may_act(session, viewer, call_id)):
            return self.screen.notify(self.said["not_yours_now"])
        phone = await self.screen.house.read(lambda session, _: reading.full_number(session, call_id))
        found = await self.screen.house.orders.verify(call_id, phone, number, kind, stated)
        await self.screen.audit("verify", call_id, kind=kind, passed=found.passed)
        if found.passed:
            self.screen.notify(self.said["verify_passed"])
        elif found.exhausted:
            self.screen.notify(self.said["verify_locked"])
        else:
            self.screen.notify(f"{self.said['verify_failed']} {found.failures_left}")
        self.screen.look()


class EarlierPanel(CallPanel):
    """Open tickets and the latest contacts."""

    async def load(self) -> Earlier | None:
        """None where the number, by which they are found, isn't kept any more."""
        call_id = self.call_id
        phone = await self.screen.house.read(lambda session, _: reading.full_number(session, call_id))
        call = await self.screen.house.read(lambda session, _: reading.call(session, call_id))
        if not phone and call is not None and not call.live:
            return None
        try:
            return await self.screen.house.orders.earlier(call_id, phone)
        except OrderDeskError:
            return Earlier()

    def draw(self, shown: Earlier | None) -> None:
        said = self.said
        head(said["earlier"])
        if shown is None:
            return empty(said["number_gone"])
        if not shown.tickets and not shown.contacts:
            return empty(said["no_earlier"])
        with box("body stack"):
            for number, category, due in shown.tickets:
                with box("line"):
                    tag(number, "warn")
                    Text(said.of("category", category))
                    Text(f"{said['due']} {due:%m-%d %H:%M}", "dim num")
            for at, intent, _, solved in shown.contacts:
                with box("line"):
                    Text(f"{at:%m-%d %H:%M}", "dim num")
                    Text(said.of("intent", intent))
                    tag(said["solved"] if solved else said["unsolved"], "ok" if solved else "bad")
