"""From the reading script to the caller's ear: takes imported, heard back, and put together to what a model understands."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from speech_processes import ROOT, Say
from typer.testing import CliRunner

from ivr.commands import Prompt
from ivr.config import VoiceSettings
from ivr.dialogue.prompts_cli import prompts
from ivr.speech.audio import AudioFormat, read_wav, resample, wav_bytes
from ivr.speech.pieces import file_name
from ivr.speech.recogniser import Recogniser
from ivr.speech.voice import CachedVoice

pytestmark = pytest.mark.integration

STUDIO = AudioFormat(48_000, 2, 1)
PIECES = ("您尾号", "的订单已经送达", "三", "五", "七", "九", "牛肉面", "时间是")
WHOLE = {"complaint_noted": "好的，我都记下来了。", "praise": "谢谢您的夸奖！"}
RUNNER = CliRunner()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A shop's folder with prompts of its own, and its settings."""
    shutil.copytree(ROOT / "prompts", tmp_path / "prompts")
    models = f"speech: {{models: {ROOT / 'models'}}}\n"
    (tmp_path / "config.yaml").write_text(f"dialplan: {{folder: {ROOT / 'dialplans'}}}\n{models}", encoding="utf-8")
    return tmp_path


@pytest.fixture
def takes(shop: Path, say: Say) -> Path:
    """What a speaker brought home from the studio: 48 kHz, quiet, with silence around."""
    folder = shop / "takes"
    (folder / "pieces").mkdir(parents=True)
    texts = {folder / "pieces" / f"{file_name(text)}.wav": text for text in PIECES}
    texts |= {folder / f"{named}.wav": text for named, text in WHOLE.items()}
    for file, text in texts.items():
        quiet = np.frombuffer(say(text, "cmn+f2"), np.int16) // 4
        file.write_bytes(wav_bytes(resample(quiet, 8000, STUDIO.rate).tobytes(), STUDIO))
    return folder


def ran(shop: Path, *words: str) -> tuple[int, str]:
    result = RUNNER.invoke(prompts, [*words, "--config", str(shop / "config.yaml"), "--lang", "zh"])
    return result.exit_code, result.output


async def test_what_was_read_piece_by_piece_is_understood_as_a_sentence(shop: Path, takes: Path) -> None:
    assert ran(shop, "import", str(takes))[0] == 0
    code, told = ran(shop, "check")
    assert code == 0, told
    speaking = CachedVoice(VoiceSettings(port=15229), shop / "cache", shop / "prompts")
    said = Prompt("status_delivered", "您尾号三五七九的订单已经送达，时间是七九五三。", "zh", recordable=False)
    utterance = Recogniser(ROOT / "models" / "zh-small").utterance([*PIECES, *"一二四六八零"])
    utterance.feed(read_wav(await speaking.wav(said)))
    heard = utterance.finish()
    assert heard[0].text.replace(" ", "") == "您尾号三五七九的订单已经送达时间是七九五三"


def test_the_script_tells_what_is_left_to_read(shop: Path, takes: Path) -> None:
    _, before = ran(shop, "script", "--missing")
    assert ran(shop, "import", str(takes))[0] == 0
    _, after = ran(shop, "script", "--missing")
    taken = set(before.splitlines()) - set(after.splitlines())
    assert "recordings/praise.wav\t谢谢您的夸奖！" in taken
    assert "recordings/pieces/您尾号.wav\t您尾号" in taken


def test_a_take_under_the_wrong_name_is_heard(shop: Path, takes: Path) -> None:
    (takes / "praise.wav").write_bytes((takes / "complaint_noted.wav").read_bytes())
    assert ran(shop, "import", str(takes))[0] == 0
    code, told = ran(shop, "check")
    assert code == 1
    assert "praise.wav: sounds like “好的，我都记下来了。”; it should say “谢谢您的夸奖！”" in told


def test_a_take_that_was_cut_off_is_left_out(shop: Path, takes: Path) -> None:
    whole = read_wav(takes / "complaint_noted.wav", STUDIO)
    (takes / "complaint_noted.wav").write_bytes(wav_bytes(whole[: STUDIO.bytes_per_second * 15 // 10], STUDIO))
    code, told = ran(shop, "import", str(takes))
    assert code == 1
    assert "complaint_noted.wav: 8 syllables in" in told
    assert not (shop / "prompts/zh/recordings/complaint_noted.wav").exists()
