"""Low scores: which are still to be looked into, the review itself, and what was found out."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from nicegui import ui
from sqlalchemy.orm import Session

from ivr.accounts import MAY_REVEAL_ALL
from ivr.console import actions, reading
from ivr.console.call_panels import CallPanel
from ivr.console.elements import Text, box, button, choice, draft, draft_done, empty, head, moment, row, tag
from ivr.console.player import Player
from ivr.console.screen import Panel, Screen
from ivr.console.sounds import Sound, heard_of
from ivr.console.table import BUTTONS, cell, table, table_row
from ivr.console.views import PastCall
from ivr.records import reviews
from ivr.records.reviews import Review
from ivr.traffic import CAUSES

_NARROW, _WIDE = "max-content", "1fr"
_COLUMNS = (("score", _NARROW), ("time", _NARROW), ("caller", _WIDE), ("about", _WIDE), (BUTTONS, _NARROW))


class LowScoresPanel(Panel):
    """Calls that were rated badly and that nobody has looked at, each to be played by who may."""

    def __init__(self, screen: Screen, player: Player, classes: str, kinds: tuple[str, ...]) -> None:
        self._player = player
        super().__init__(screen, classes, kinds)

    async def load(self) -> tuple[int, tuple[tuple[PastCall, Sound], ...]]:
        """How many there are, the newest calls, and what there is to hear of each."""
        house = self.screen.house

        def look(session: Session, now: float) -> tuple[int, tuple[tuple[PastCall, Sound], ...]]:
            calls = reading.low_scores(session)
            heard = tuple((call, heard_of(session, house, call.call_id, now).sound) for call in calls)
            return reading.low_score_count(session), heard

        return await house.read(look)

    def draw(self, shown: tuple[int, tuple[tuple[PastCall, Sound], ...]]) -> None:
        said, zone = self.said, ZoneInfo(self.screen.house.settings.time_zone)
        number, calls = shown
        head(said["low_scores"], str(number) if number else "")
        if not calls:
            return empty(said["no_low_scores"])
        with table(said, "low_scores", _COLUMNS):
            for call, sound in calls:
                with table_row():
                    with cell():
                        tag(f"{said['score']} {call.satisfaction}", "bad")
                    with cell(), ui.element("a").props(f"href=/calls/{call.call_id}"):
                        Text(moment(call.at, zone, with_day=True), "num")
                    cell(call.caller or "–", "num")
                    cell(said.of("intent", call.about) if call.about else "–")
                    with cell(classes="line"):
                        self._player.play_button(call.call_id, call.caller, sound)
                        asking = self.screen.acting(reviewing(self.screen, call.call_id, call.caller))
                        button(said["review"], asking, "small", of=call.caller)


class ReviewPanel(CallPanel):
    """On a call's own page: its score and what its review found, or the way to one; nothing where there is no low score."""

    async def load(self) -> tuple[int | None, Review | None, str]:
        """The score, the review, and who calls."""
        call = await self.screen.house.read(lambda session, _: reading.call(session, self.call_id))
        found = await self.screen.house.read(lambda session, _: reviews.review_of(session, self.call_id))
        return (call.satisfaction, found, call.caller) if call else (None, None, "")

    def draw(self, shown: tuple[int | None, Review | None, str]) -> None:
        score, found, caller = shown
        low = score is not None and score <= reading.LOW_SCORE
        self.container.set_visibility(low)
        if not low:
            return
        said = self.said
        head(said["review"], f"{said['score']} {score}")
        with box("body rows") if found else box("body"):
            if found is None:
                asking = self.screen.acting(reviewing(self.screen, self.call_id, caller))
                button(said["review"], asking, "main")
                return
            row(said["review_cause"], said.of("cause", found.cause))
            row(said["review_note"], found.note or "–")
            row(said["review_by"], found.by)
            if found.ticket:
                row(said["ticket"], found.ticket)


class ReviewsPanel(Panel):
    """What was found out lately, for somebody to learn from."""

    def draw(self, shown: tuple[Review, ...]) -> None:
        said, zone = self.said, ZoneInfo(self.screen.house.settings.time_zone)
        head(said["reviews"], str(len(shown)) if shown else "")
        if not shown:
            return empty(said["no_reviews"])
        columns = (("time", _NARROW), ("score", _NARROW), ("review_cause", _NARROW), ("about", _NARROW))
        with table(said, "reviews", (*columns, ("review_note", _WIDE), ("review_by", _NARROW))):
            for each in shown:
                with table_row():
                    with cell(), ui.element("a").props(f"href=/calls/{each.call_id}"):
                        Text(moment(each.at, zone, with_day=True), "num")
                    cell(str(each.score or "–"), "num")
                    cell(said.of("cause", each.cause))
                    cell(said.of("intent", each.about) if each.about else "–")
                    cell(" · ".join(part for part in (each.note, each.ticket) if part) or "–", "whole")
                    cell(each.by)

    async def load(self) -> tuple[Review, ...]:
        week = self.screen.house.clock() - 7 * 86_400.0
        return tuple(await self.screen.house.read(lambda session, _: reviews.latest(session, week)))


def reviewing(screen: Screen, call_id: str, caller: str) -> actions.Handler:
    """A dialog in which a review is written; the customer may be called back by a ticket while their number is known."""

    async def ask() -> None:
        said = screen.said
        phone = await actions.phone_of(screen, call_id) if screen.viewer.role in MAY_REVEAL_ALL else ""
        with screen.client, ui.dialog(value=True) as dialog, box("card"):
            dialog.props["aria-label"] = f"{said['review']} {caller}"
            Text(f"{said['review']} {caller}", tag="h2")
            cause = choice({name: said.of("cause", name) for name in CAUSES}, said["review_cause"])
            note = ui.textarea(said["review_note"]).props("dense outlined rows=3 maxlength=2000")
            draft(note, f"review:{call_id}")
            back = ui.checkbox(said["review_call_back"]) if phone else None

            async def keep() -> None:
                if cause.value not in CAUSES:
                    cause.run_method("showPopup")
                    return screen.notify(said["review_choose"])
                dialog.close()
                words = str(note.value or "").strip()
                if not await actions.reviewed(screen, call_id, str(cause.value), words):
                    return screen.notify(said["review_was_done"])
                draft_done(screen.client, f"review:{call_id}")
                if back is not None and back.value:
                    number = await actions.call_back_about(screen, call_id, phone, words or said["review_call_back"])
                    screen.notify(f"{said['ticket_opened']} {number}")
                screen.look()

            with box("line"):
                button(said["review_keep"], screen.acting(keep), "main")
                button(said["cancel"], dialog.close)

    return ask
