"""The panels of a call: who calls, what was said, notes, and what the agent can do with the caller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nicegui import ui

from ivr.accounts import MAY_REVEAL_ALL
from ivr.console import actions, reading
from ivr.console.elements import Text, box, button, draft, empty, head, length, number_to_call, readable, row, tag
from ivr.console.feed import Happening
from ivr.console.screen import Panel, Screen
from ivr.console.views import CallView, LineView
from ivr.handoff import by_hand
from ivr.handoff.briefing import summary
from ivr.handoff.case import briefing_of, matter_of
from ivr.values import Language
from order_lookup import OrderDeskError

_MOOD_KINDS = {"upset": "warn", "angry": "bad", "rage": "bad", "danger": "bad", "fraud": "bad"}
LEVELS = ("none", "low", "medium", "high")
_LEVEL_KINDS = {"none": "warn", "low": "", "medium": "ok", "high": "ok"}


# A worker that hangs must not leave a button that waits for ever.
UNANSWERED_SECONDS = 3.0


class CallPanel(Panel):
    """A panel about one call: it looks again only when something happened to that call."""

    def __init__(self, screen: Screen, call_id: str, classes: str, kinds: tuple[str, ...] = ()) -> None:
        self.call_id = call_id
        super().__init__(screen, classes, kinds)

    async def refresh(self, happenings: Sequence[Happening]) -> None:
        """Nothing to do for other people's calls."""
        mine = [happening for happening in happenings if happening.call_id == self.call_id]
        if mine or not happenings:
            await super().refresh(mine)

    def order_of(self, call: CallView) -> str:
        """The number of the order on this page's card; until there is one, of that which the robot found."""
        return self.screen.orders_found.get(call.id) or call.fact("order.number")

    async def level(self, call: CallView) -> str:
        """How sure we are of the caller: as the robot left it, or as the agent's questions have made it since."""
        known, number = call.fact("verification") or "none", self.order_of(call)
        if not number:
            return known
        house = self.screen.house
        try:
            phone = await house.read(lambda session, _: reading.full_number(session, self.call_id))
            since = await house.orders.level(self.call_id, phone, number)
        except OrderDeskError:
            return known
        return max(known, since, key=lambda level: LEVELS.index(level) if level in LEVELS else 0)


class CallerPanel(CallPanel):
    """Who calls, how sure we are of it, what it is about."""

    revealed = ""

    async def load(self) -> tuple[CallView | None, str, bool]:
        """The call, how far the caller is verified, and whether there is a number that this viewer may see in full."""
        viewer = self.screen.viewer
        call = await self.screen.house.read(lambda session, _: reading.call(session, self.call_id))
        number = await self.screen.house.read(lambda session, _: reading.full_number(session, self.call_id))
        may = viewer.agent is not None or viewer.role in MAY_REVEAL_ALL
        return call, await self.level(call) if call else "none", bool(number) and may

    def draw(self, loaded: tuple[CallView | None, str, bool]) -> None:
        said, (shown, level, revealable) = self.said, loaded
        if shown is None:
            head(said["caller"])
            empty(said["not_found"])
            return
        with head(said["caller"]), box("tags right"):
            self._flags(shown)
        with box("body rows"):
            if name := shown.fact("customer.name"):
                row(said["caller"], name)
            Text(said["number"], "k")
            with box("line v"):
                if self.revealed:
                    number_to_call(self.revealed)
                else:
                    Text(shown.caller or "–", "num")
                if revealable and not self.revealed:
                    button(said["reveal"], self.screen.acting(self._reveal), "small")
            Text(said["verification"], "k")
            with box("v"):
                tag(said.of("verification", level), _LEVEL_KINDS.get(level, ""))
            row(said["about"], self._about(shown))
            if mood := shown.fact("mood"):
                Text(said["mood"], "k")
                with box("v"):
                    tag(said.of("mood", mood), _MOOD_KINDS.get(mood, ""))
            if shown.handoff:
                row(said["queue"], said.of("queue", shown.handoff.queue))

    def _flags(self, shown: CallView) -> None:
        for flag in shown.handoff.flags if shown.handoff else ():
            tag(self.said.of("flag", flag), "bad" if flag == "urgent" else "warn")
        tag(self.said["live"] if shown.live else self.said["ended"], "ok" if shown.live else "")

    def _about(self, shown: CallView) -> str:
        intent = shown.fact("intent") or (shown.handoff.reason if shown.handoff else "")
        return self.said.of("intent", intent) if intent else "–"

    async def _reveal(self) -> None:
        self.revealed = await actions.reveal(self.screen, self.call_id)
        self.screen.notify(self.said["revealed" if self.revealed else "number_gone"])
        await self.again()


class SummaryPanel(CallPanel):
    """The case in a few lines, and what was done."""

    async def load(self) -> tuple[str, ...]:
        call = await self.screen.house.read(lambda session, _: reading.call(session, self.call_id))
        if call is None:
            return ()
        language: Language = "en" if self.said.language == "en" else "zh"
        matter = matter_of(call.case, call.handoff.reason if call.handoff else "")
        case = {**call.case, "verification": await self.level(call)}
        return summary(briefing_of(case, language, self.said.of("intent", matter) if matter else "", call.caller))

    def draw(self, shown: tuple[str, ...]) -> None:
        head(self.said["summary"])
        with box("body stack"):
            for line in shown:
                Text(line, tag="div")
            if not shown:
                empty("–")


class Transcript(CallPanel):
    """What was said, line by line as it is recognised; lines are added, never drawn anew."""

    def __init__(self, screen: Screen, call_id: str, classes: str, noting: bool) -> None:
        super().__init__(screen, call_id, classes, ("line",))
        self._last = 0
        with self.container:
            head(self.said["transcript"])
            with box("scroll follow").props("tabindex=0 role=region") as scroll:
                scroll.props["aria-label"] = self.said["transcript"]
                self._lines = box("talk").props("role=log aria-live=polite")
            if noting:
                with box("notes"):
                    self._note = ui.input(placeholder=f"{self.said['note_hint']}  F9").props(
                        "dense borderless maxlength=500"
                    )
                    self._note.props["aria-label"] = self.said["note"]
                    draft(self._note, call_id)
                    self._note.on("keydown.enter", screen.acting(self._keep_note))

    async def refresh(self, happenings: Sequence[Happening]) -> None:
        """Add what is new."""
        if happenings and not any(each.kind == "line" and each.call_id == self.call_id for each in happenings):
            return
        fresh = await self.screen.house.read(lambda session, _: reading.lines(session, self.call_id, self._last))
        with self._lines:
            for line in fresh:
                self._last = max(self._last, line.position)
                self._add(line)

    def _add(self, line: LineView) -> None:
        unsure = line.confidence is not None and line.confidence < 0.5
        speaker = line.speaker if line.speaker in ("caller", "robot", "agent") else "note"
        with box(f"said {speaker} {'unsure' if unsure else ''}"):
            Text(length(line.seconds), "at")
            Text(self.said.of("speaker", speaker), "who")
            Text(self.said.noted(line.text) if speaker == "note" else readable(line.text), "text")

    def draw(self, shown: Any) -> None:
        """Lines are added by `refresh`."""

    async def _keep_note(self) -> None:
        note = (self._note.value or "").strip()
        if not note:
            return
        if await actions.tell_worker(self.screen, self.call_id, "note", text=note[:500]):
            self._note.value = ""
        else:
            self.screen.notify(self.said["call_is_over"])


class Controls(Panel):
    """Hold, send back, pass on, hang up: for the agent who talks."""

    def __init__(self, screen: Screen, call_id: str) -> None:
        self.call_id, self.on_hold = call_id, False
        self._hold_button: ui.button | None = None
        super().__init__(screen, "line", ("agent",))

    async def load(self) -> tuple[str, bool, bool]:
        """The agent's state, whether the caller is on hold (by this page, another one, or the telephone), and who called whom."""
        mine = self.screen.viewer.agent or 0
        agent = await self.screen.house.read(lambda session, _: reading.agent(session, mine))
        call = await self.screen.house.read(lambda session, _: reading.call(session, self.call_id))
        held = bool(call and call.handoff and call.handoff.held)
        placed = bool(call and call.handoff and call.handoff.reason == by_hand.REASON)
        return (agent.state if agent and agent.call_id == self.call_id else "", held, placed)

    def draw(self, shown: tuple[str, bool, bool]) -> None:
        state, self.on_hold, placed = shown
        if state != "on_call":
            return
        said, screen = self.said, self.screen
        if placed:  # whom the agent called has no robot to go back to, and no queue to wait in
            button(said["hang_up"], screen.acting(self._hang_up), "stop")
            return
        words = said["resume"] if self.on_hold else said["hold"]
        if self.on_hold:
            tag(said["held"], "hold")
        kind = "main" if self.on_hold else ""
        self._hold_button = button(words, screen.acting(self.hold), kind, key="F8")
        with button(said["send_back"], lambda: None), ui.menu():
            for step in ("satisfaction", "verification"):
                ui.menu_item(said.of("step", step), screen.acting(self._send_back(step)))
        button(said["pass_on"], screen.acting(self._ask_queue))
        button(said["hang_up"], screen.acting(self._hang_up), "stop")

    async def hold(self) -> None:
        """Hold, or back from hold; the button shows it once it is so, within half a second."""
        command = "resume" if self.on_hold else "hold"
        if await actions.tell_worker(self.screen, self.call_id, command) and self._hold_button:
            self._hold_button.props("loading")
            with self.container:
                ui.timer(UNANSWERED_SECONDS, self.again, once=True)

    def _send_back(self, step: str) -> actions.Handler:
        async def send() -> None:
            await actions.tell_worker(self.screen, self.call_id, "send_back", step=step)

        return send

    async def _hang_up(self) -> None:
        await actions.tell_worker(self.screen, self.call_id, "hang_up")

    async def _queues(self) -> dict[str, str]:
        """Every open queue with who is there for it, this agent not counted: nobody is passed on into the dark unawares."""
        said, mine = self.said, self.screen.viewer.agent
        everybody = await self.screen.house.read(lambda session, _: reading.agents(session))
        words, hours = {}, self.screen.house.hours
        for queue in sorted({queue for each in everybody for queue in each.queues if hours.standing(queue).open}):
            states = [each.state for each in everybody if queue in each.queues and each.id != mine]
            free = states.count("available")
            busy = set(states) & {"ringing", "on_call", "wrap_up"}
            there = f"{said['state.available']} {free}" if free else said["queue_busy" if busy else "queue_empty"]
            words[queue] = f"{said.of('queue', queue)} · {there}"
        return words

    async def _ask_queue(self) -> None:
        said, queues = self.said, await self._queues()
        with self.screen.client, ui.dialog(value=True) as dialog, box("card"):
            dialog.props["aria-label"] = said["pass_on"]
            Text(said["pass_on"], tag="h2")
            queue = ui.select(queues, label=said["queue"]).props("dense outlined")
            note = ui.input(said["pass_on_note"]).props("dense outlined maxlength=120")

            async def go() -> None:
                if queue.value not in queues:
                    queue.run_method("showPopup")  # nobody is passed on to whichever queue comes first
                    return
                dialog.close()
                arguments = {"queue": str(queue.value), "note": str(note.value or "").strip()[:120]}
                if arguments["note"]:  # the whisper may have to cut it short; in the conversation it stands whole
                    await actions.tell_worker(self.screen, self.call_id, "note", text=arguments["note"])
                await actions.tell_worker(self.screen, self.call_id, "pass_on", **arguments)

            note.on("keydown.enter", acting := self.screen.acting(go))
            with box("line"):
                button(said["go"], acting, "main")
                button(said["cancel"], dialog.close)
