"""A human's recordings in place of the synthesiser: whole, in pieces, stale, broken, private."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from ivr.commands import Prompt
from ivr.config import VoiceSettings
from ivr.errors import UserError, VoiceUnavailable
from ivr.speech.audio import read_wav, write_wav
from ivr.speech.pieces import COMMA_SECONDS
from ivr.speech.recordings import said_file, write_down
from ivr.speech.studio import Studio
from ivr.speech.voice import CachedVoice

TONE = np.asarray(8000 * np.sin(np.arange(2400) / 4), np.int16)
TAKE = np.concatenate([TONE * 0, np.tile(TONE, 4), TONE * 0])
VARYING = Prompt("status", "您的订单，三五", "zh", recordable=False)


def voice(tmp_path: Path) -> CachedVoice:
    """A voice whose process is not there: what is not recorded can't be said."""
    return CachedVoice(VoiceSettings(port=15289), tmp_path / "cache", tmp_path / "prompts")


def record(tmp_path: Path, *names: str) -> None:
    for each in names:
        file = tmp_path / "prompts" / "zh" / "recordings" / f"{each}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        write_wav(file, TONE.tobytes())


async def test_a_prompt_that_varies_is_put_together(tmp_path: Path) -> None:
    record(tmp_path, "pieces/您的订单", "pieces/三", "pieces/五")
    file = await voice(tmp_path).wav(VARYING)
    assert len(read_wav(file)) / 2 / 8000 == pytest.approx(3 * 0.3 + COMMA_SECONDS, abs=0.02)
    assert await voice(tmp_path).wav(VARYING) == file


async def test_said_slower_the_pieces_are_further_apart(tmp_path: Path) -> None:
    record(tmp_path, "pieces/您的订单", "pieces/三", "pieces/五")
    plain = read_wav(await voice(tmp_path).wav(VARYING))
    slower = read_wav(await voice(tmp_path).wav(Prompt("status", VARYING.text, "zh", rate=0.75, recordable=False)))
    assert len(slower) / 16000 == pytest.approx(len(plain) / 16000 + 2 * 0.1, abs=0.01)


async def test_a_piece_made_again_is_heard_at_once(tmp_path: Path) -> None:
    record(tmp_path, "pieces/您的订单三五")
    speaking = voice(tmp_path)
    before = await speaking.wav(VARYING)
    file = tmp_path / "prompts/zh/recordings/pieces/您的订单三五.wav"
    write_wav(file, np.concatenate([TONE, TONE]).tobytes())
    after = await speaking.wav(VARYING)
    assert len(read_wav(after)) > 1.5 * len(read_wav(before))


async def test_where_a_piece_lacks_the_whole_prompt_is_synthesised(tmp_path: Path) -> None:
    record(tmp_path, "pieces/您的订单", "pieces/三")
    with pytest.raises(VoiceUnavailable):
        await voice(tmp_path).wav(VARYING)


async def test_a_piece_that_cannot_be_played_is_no_dead_line(tmp_path: Path) -> None:
    record(tmp_path, "pieces/您的订单", "pieces/三")
    (tmp_path / "prompts/zh/recordings/pieces/五.wav").write_bytes(b"an mp3")
    with pytest.raises(VoiceUnavailable):
        await voice(tmp_path).wav(VARYING)


async def test_what_is_personal_is_put_together_for_this_call_alone(tmp_path: Path) -> None:
    record(tmp_path, "pieces/您的订单", "pieces/三", "pieces/五")
    speaking = voice(tmp_path)
    file = await speaking.wav(Prompt("status", VARYING.text, "zh", recordable=False, sensitive=True))
    assert file.parent == tmp_path / "cache" / "private"
    assert file.stat().st_mode & 0o077 == 0
    speaking.forget(file)
    assert not file.exists()
    assert not list((tmp_path / "cache").rglob("*.wav"))


def imported(tmp_path: Path, text: str) -> None:
    takes = tmp_path / "takes"
    takes.mkdir(exist_ok=True)
    write_wav(takes / "hello.wav", TAKE.tobytes())
    taken = Studio(tmp_path / "prompts", "zh", [("hello", text, False)]).take(takes / "hello.wav")
    assert taken.taken, taken.faults


async def test_a_recording_of_words_that_have_changed_is_not_played(tmp_path: Path) -> None:
    imported(tmp_path, "退款三天到账。")
    speaking = voice(tmp_path)
    assert (await speaking.wav(Prompt("hello", "退款，三天到账", "zh"))).stem == "hello"
    with pytest.raises(VoiceUnavailable):
        await speaking.wav(Prompt("hello", "退款五天到账。", "zh"))


async def test_a_recording_put_there_by_hand_is_believed_and_a_broken_list_harms_nobody(tmp_path: Path) -> None:
    record(tmp_path, "hello")
    said_file(tmp_path / "prompts", "zh").write_text("hello: [", encoding="utf-8")
    assert (await voice(tmp_path).wav(Prompt("hello", "您好", "zh"))).stem == "hello"


async def test_a_recording_without_a_date_is_played(tmp_path: Path) -> None:
    record(tmp_path, "hello")
    os.utime(tmp_path / "prompts/zh/recordings/hello.wav", (0, 0))
    assert (await voice(tmp_path).wav(Prompt("hello", "您好", "zh"))).stem == "hello"


def test_an_import_that_breaks_off_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imported(tmp_path, "退款三天到账。")
    before = said_file(tmp_path / "prompts", "zh").read_text(encoding="utf-8")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ivr.speech.recordings.os.replace", killed)
    with pytest.raises(KeyboardInterrupt):
        write_down(tmp_path / "prompts", "zh", {"hello": "退款五天到账。"})
    assert said_file(tmp_path / "prompts", "zh").read_text(encoding="utf-8") == before


def test_a_list_that_cannot_be_read_is_told_and_not_written_over(tmp_path: Path) -> None:
    imported(tmp_path, "退款三天到账。")
    said_file(tmp_path / "prompts", "zh").write_text("bye: [", encoding="utf-8")
    with pytest.raises(UserError, match=r"said\.yaml"):
        imported(tmp_path, "退款三天到账。")
    assert said_file(tmp_path / "prompts", "zh").read_text(encoding="utf-8") == "bye: ["


def test_where_nothing_can_be_written_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "prompts" / "zh").mkdir(parents=True)
    (tmp_path / "prompts" / "zh" / "recordings").write_bytes(b"no folder")
    with pytest.raises(UserError, match="can't be written"):
        imported(tmp_path, "您好")


def test_of_two_takes_for_one_text_the_second_is_told(tmp_path: Path) -> None:
    takes = tmp_path / "takes"
    for each in ("monday/三.wav", "tuesday/３.WAV"):
        (takes / each).parent.mkdir(parents=True)
        write_wav(takes / each, TAKE.tobytes())
    studio = Studio(tmp_path / "prompts", "zh", [("三", "三", True)])
    first, second = (studio.take(file) for file in studio.files(takes))
    assert first.taken
    assert not second.taken
    assert "monday/三.wav says the same and was taken" in second.faults[0]


def test_takes_find_their_places_and_strangers_are_told(tmp_path: Path) -> None:
    takes = tmp_path / "takes"
    (takes / "pieces").mkdir(parents=True)
    for each in ("hello.wav", "helo.wav", "您的订单.wav", "pieces/牛肉面.wav", "clipped.wav"):
        write_wav(takes / each, TAKE.tobytes())
    write_wav(takes / "clipped.wav", (np.sign(TAKE) * 32767).astype(np.int16).tobytes())
    (takes / "bye.mp3").write_bytes(b"ID3")
    texts = [("hello", "您好", False), ("bye", "再见", False), ("clipped", "好", False), ("您的订单", "您的订单", True)]
    studio = Studio(tmp_path / "prompts", "zh", texts)
    results = {file.name: studio.take(file) for file in studio.files(takes)}
    assert {name for name, result in results.items() if result.taken} == {"hello.wav", "您的订单.wav", "牛肉面.wav"}
    assert "did you mean `hello`" in results["helo.wav"].faults[0]
    assert "clipped" in results["clipped.wav"].faults[0]
    assert "is not a WAV file" in results["bye.mp3"].faults[0]
    kept = {str(file.relative_to(tmp_path / "prompts/zh/recordings")) for file in (tmp_path / "prompts").rglob("*.wav")}
    assert kept == {"hello.wav", "pieces/您的订单.wav", "pieces/牛肉面.wav"}
    assert studio.take(takes / "clipped.wav", anyway=True).taken


def test_a_piece_that_is_called_like_a_prompt_is_a_piece_in_its_folder(tmp_path: Path) -> None:
    takes = tmp_path / "takes" / "pieces"
    takes.mkdir(parents=True)
    write_wav(takes / "praise.wav", TAKE.tobytes())
    studio = Studio(tmp_path / "prompts", "en", [("praise", "Thank you!", False), ("praise", "praise", True)])
    assert studio.take(takes / "praise.wav").taken
    assert (tmp_path / "prompts/en/recordings/pieces/praise.wav").exists()
    assert not said_file(tmp_path / "prompts", "en").exists()
