"""Sounds that are not speech: the house's own where they can be played, else the made ones."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from ivr.telephony.playback import samples
from ivr.tones import Tones
from tests.fakes import FakePhone


class PickyPhone(FakePhone):
    """One that plays what the real one would."""

    def play(self, leg: int, wav: Path, at_seconds: float = 0.0, loop: bool = False) -> int:
        samples(wav)
        return super().play(leg, wav, at_seconds, loop)


@pytest.mark.parametrize(("rate_hz", "played"), [(8000, "music.wav"), (44_100, "tone-music.wav")])
def test_music_of_the_house_sounds_where_it_can_be_played(tmp_path: Path, rate_hz: int, played: str) -> None:
    (tmp_path / "prompts/sounds").mkdir(parents=True)
    with wave.open(str(tmp_path / "prompts/sounds/music.wav"), "wb") as own:
        own.setnchannels(1)
        own.setsampwidth(2)
        own.setframerate(rate_hz)
        own.writeframes(bytes(rate_hz))
    phone = PickyPhone()
    assert Tones(tmp_path / "prompts", tmp_path / "cache").play(phone, 1, "music", loop=True) is not None
    assert phone.did("play") == [("play", 1, played, 0.0, True)]


def test_where_there_is_no_room_for_it_the_sound_comes_from_memory(tmp_path: Path) -> None:
    """Who waited heard nothing."""
    (tmp_path / "cache").write_text("no folder", encoding="utf-8")
    tones, phone = Tones(tmp_path / "prompts", tmp_path / "cache"), PickyPhone()
    assert tones.play(phone, 1, "music", loop=True) is not None
    assert tones.wav("music") == tones.wav("music")
    assert samples(tones.wav("music")) > 8000 * 20


def test_a_call_goes_on_without_a_sound_that_the_phone_refuses(tmp_path: Path) -> None:
    class Mute(FakePhone):
        def play(self, leg: int, wav: Path, at_seconds: float = 0.0, loop: bool = False) -> int:
            raise OSError("no")

    assert Tones(tmp_path / "prompts", tmp_path / "cache").play(Mute(), 1, "beep") is None
