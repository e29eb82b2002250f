"""The strip under the top bar in which a supervisor hears a call: its recording, or the call itself while it goes on.

It stands outside the panels, which are drawn anew whenever something happens: the sound would begin anew with them.
"""

from __future__ import annotations

from nicegui import ui
from sqlalchemy.orm import Session

from ivr.console import reading
from ivr.console.call_panels import CallPanel
from ivr.console.elements import Text, box, button, empty, head
from ivr.console.screen import Screen
from ivr.console.sounds import Sound, heard_of


class Player:
    """One sound at a time, and the buttons that start it; without buttons for who may not hear calls."""

    def __init__(self, screen: Screen) -> None:
        self._screen, self._said = screen, screen.said
        self._strip = box("player").props("role=region").props(f'aria-label="{self._said["sound"]}"')

    def listen_in_button(self, call_id: str, caller: str) -> None:
        """Where calls are recorded, and only there, they can be listened in to."""
        if self._screen.viewer.hears_calls and self._screen.house.settings.records.record:
            listen = self._screen.acting(lambda: self.listen_in(call_id, caller))
            button(self._said["listen_in"], listen, "small", of=caller).props("data-sounds")

    def play_button(self, call_id: str, caller: str, sound: Sound) -> None:
        """Of a call that is over; in its place, when its recording is gone or never was, a word that says so."""
        if not self._screen.viewer.hears_calls:
            return
        if sound.gone:
            Text(self._said[f"sound.{sound}"], "faint")
        else:
            button(self._said["play"], self._screen.acting(lambda: self.play(call_id, caller)), "small", of=caller)

    async def listen_in(self, call_id: str, caller: str) -> None:
        """Hear a call that goes on; when that can't be, say why."""
        if (sound := await self._sound(call_id)) is not Sound.LIVE:
            return self._screen.notify(self._said[f"sound.{sound}"])
        if not self._screen.house.listeners.free(call_id):
            return self._screen.notify(self._said["sound_full"])
        self._show(call_id, caller, live=True)

    async def play(self, call_id: str, caller: str) -> None:
        """Hear a call that is over; when that can't be, say why."""
        if (sound := await self._sound(call_id)) is not Sound.KEPT:
            return self._screen.notify(self._said[f"sound.{sound}"])
        self._show(call_id, caller, live=False)

    async def _sound(self, call_id: str) -> Sound:
        house = self._screen.house
        return await house.read(lambda session, now: heard_of(session, house, call_id, now).sound)

    def _show(self, call_id: str, caller: str, live: bool) -> None:
        said = self._said
        self.close()
        self._strip.classes("on")
        with self._strip:
            Text(said["listening_in" if live else "playing"], "tag ok" if live else "tag")
            with ui.element("a").props(f"href=/calls/{call_id}"):
                Text(caller or "–", "num")
            if live:
                self._live(call_id, caller)
            else:
                sound = ui.element("audio").props("controls autoplay controlslist='nodownload noplaybackrate'")
                sound.props(f"src=/calls/{call_id}/recording")
            Text(said["sound_sides"], "dim wide")
            box("spacer")
            button(said["sound_close"], self.close, "small")

    def _live(self, call_id: str, caller: str) -> None:
        """`static/listen.js` plays it, and shows how loud either side is."""
        sound = box("live").props(f"data-live=/calls/{call_id}/live role=img")
        sound.on("over", self._screen.acting(lambda: self._stopped(call_id, caller)))
        sound.props(f'aria-label="{self._said["listening_in"]}"')
        with sound:
            for side in ("left", "right"):
                box(f"level {side}")

    async def _stopped(self, call_id: str, caller: str) -> None:
        """The call is over, or the sound broke off."""
        sound = await self._sound(call_id)
        self.close()
        self._strip.classes("on")
        with self._strip:
            Text(self._said["sound_stopped" if sound is Sound.LIVE else f"sound.{sound}"])
            Text(caller, "num")
            if sound is Sound.LIVE:
                self.listen_in_button(call_id, caller)
            else:
                self.play_button(call_id, caller, sound)
            box("spacer")
            button(self._said["sound_close"], self.close, "small")

    def close(self) -> None:
        """Silence: the browser lets go of the sound with its element."""
        self._strip.classes(remove="on")
        self._strip.clear()


class SoundPanel(CallPanel):
    """On a call's own page: listen in while it goes on, play it afterwards."""

    def __init__(self, screen: Screen, call_id: str, player: Player) -> None:
        self._player = player
        super().__init__(screen, call_id, "panel", ("call_started", "call_ended"))

    async def load(self) -> tuple[Sound, str]:
        """What there is to hear, and of whom."""
        house = self.screen.house

        def look(session: Session, now: float) -> tuple[Sound, str]:
            call = reading.call(session, self.call_id)
            return heard_of(session, house, self.call_id, now).sound, call.caller if call else ""

        return await house.read(look)

    def draw(self, shown: tuple[Sound, str]) -> None:
        sound, caller = shown
        head(self.said["sound"])
        with box("body line"):
            match sound:
                case Sound.LIVE | Sound.SILENT if self.screen.house.settings.records.record:
                    self._player.listen_in_button(self.call_id, caller)
                case Sound.KEPT | Sound.MERGING:
                    self._player.play_button(self.call_id, caller, sound)
                case _:
                    empty(self.said[f"sound.{sound}"])
