"""Synthesis end to end: the voice process, its cache, and what happens when it dies or the disk does."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from speech_processes import ROOT, Process, Say

from ivr import config
from ivr.commands import Prompt
from ivr.errors import VoiceUnavailable
from ivr.speech.audio import read_wav
from ivr.speech.recogniser import Recogniser
from ivr.speech.voice import CachedVoice

pytestmark = pytest.mark.integration

PORT, OWN_PORT = 15220, 15221


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The settings of the voice process that the tests of this file share."""
    return written(tmp_path_factory.mktemp("voice") / "config.yaml", PORT)


def written(file: Path, port: int) -> Path:
    file.write_text(f"voice: {{port: {port}, cache: cache}}\n", encoding="utf-8")
    return file


@pytest.fixture(scope="module", autouse=True)
def process(settings: Path) -> Iterator[Process]:
    begun = Process(["-m", "ivr.speech.voice_server", "--config", str(settings)], settings.with_name("shared.log"))
    begun.wait_for("voice_ready")
    yield begun
    assert begun.kill(signal.SIGTERM) == 0


@pytest.fixture
def own(tmp_path: Path, start: Callable[..., Process]) -> tuple[Path, Process]:
    """A voice process that a test may break."""
    file = written(tmp_path / "config.yaml", OWN_PORT)
    begun = start("-m", "ivr.speech.voice_server", "--config", str(file))
    begun.wait_for("voice_ready")
    return file, begun


def voice(settings: Path) -> CachedVoice:
    return CachedVoice.of(config.load(settings))


async def test_prompts_are_made_once_and_outlive_the_process(own: tuple[Path, Process]) -> None:
    settings, process = own
    speaking, hello = voice(settings), Prompt("hello", "您好，请问有什么可以帮您？", "zh")
    file = await speaking.wav(hello)
    made = file.stat().st_mtime_ns
    assert await speaking.wav(hello) == file
    assert file.stat().st_mtime_ns == made
    slow = await speaking.wav(Prompt("hello", hello.text, "zh", rate=0.75))
    assert len(read_wav(slow)) > 1.15 * len(read_wav(file))
    process.kill()
    assert await speaking.wav(hello) == file
    with pytest.raises(VoiceUnavailable):
        await speaking.wav(Prompt("other", "再见", "zh"))


async def test_prompts_are_as_a_telephone_wants_them(settings: Path) -> None:
    for prompt in (Prompt("a", "您的订单正在派送。", "zh"), Prompt("b", "Your order is on its way.", "en")):
        sound = np.frombuffer(read_wav(await voice(settings).wav(prompt)), np.int16).astype(int)
        assert 0.55 < np.max(np.abs(sound)) / 32768 < 0.65
        voiced = np.flatnonzero(np.abs(sound) > 400)
        assert voiced[0] < 0.04 * 8000
        assert len(sound) - voiced[-1] < 0.12 * 8000


async def test_twenty_at_once_from_several_workers(settings: Path) -> None:
    prompts = [Prompt("n", f"号码{'一二三四五六七八九零'[index % 10]}", "zh") for index in range(20)]
    files = await asyncio.gather(*(voice(settings).wav(prompt) for prompt in prompts))
    assert len(set(files)) == 10
    assert all(read_wav(file) for file in files)


async def test_sensitive_prompts_leave_no_trace(settings: Path) -> None:
    speaking = voice(settings)
    file = await speaking.wav(Prompt("name", "王小明先生", "zh", sensitive=True))
    assert read_wav(file)
    assert file.stat().st_mode & 0o077 == 0
    speaking.forget(file)
    assert list((settings.parent / "cache" / "private").iterdir()) == []


async def test_prompts_made_ahead_let_calls_go_first(settings: Path) -> None:
    many = [Prompt("p", f"第{number}句提示，稍后再说", "zh") for number in range(60)]
    ahead = [asyncio.create_task(voice(settings).render_all(many[part::6])) for part in range(6)]
    await asyncio.sleep(0.05)
    await voice(settings).wav(Prompt("now", "请稍等", "zh"))
    assert not any(task.done() for task in ahead)
    assert sum(await asyncio.gather(*ahead)) == 60
    assert await voice(settings).render_all(many) == 0


@pytest.mark.parametrize("text", ["", "。。。", "   ", "🙂", "\0", "<speak>", "a" * 1999, "[[x]]"])
async def test_odd_texts_give_sound_or_a_clear_refusal(settings: Path, text: str) -> None:
    try:
        assert len(read_wav(await voice(settings).wav(Prompt("odd", text, "en")))) > 100
    except VoiceUnavailable as fault:
        assert "no sound" in str(fault)  # noqa: PT017 — either is right, but nothing else is
    assert await voice(settings).wav(Prompt("after", "still here", "en"))


async def test_a_text_too_long_is_refused(settings: Path) -> None:
    with pytest.raises(VoiceUnavailable, match="at most 2000"):
        await voice(settings).wav(Prompt("long", "好" * 2001, "zh"))


async def test_while_the_cache_cannot_be_written_prompts_come_from_memory(own: tuple[Path, Process]) -> None:
    """A full disk was silence wherever a prompt had not been said before."""
    settings, process = own
    (cache := settings.parent / "cache").write_text("a file where the folder should be")
    prompt, name = Prompt("a", "您好", "zh"), Prompt("name", "王小明", "zh", sensitive=True)
    file, private = [await voice(settings).wav(each) for each in (prompt, name)]
    process.wait_for("prompt_not_written")
    assert len(read_wav(file)) > 1000
    assert await voice(settings).wav(prompt) == file
    assert private.stat().st_mode & 0o077 == 0
    cache.unlink()
    assert (await voice(settings).wav(Prompt("b", "再见", "zh"))).is_relative_to(cache)
    assert process.kill(signal.SIGTERM) == 0
    assert not file.exists()
    assert not private.exists()


def test_a_full_disk_leaves_no_half_prompt(tmp_path: Path) -> None:
    """A limit on the size of files stands in for a full disk, in a process of its own."""
    code = "import resource, signal, sys; from pathlib import Path; from ivr.speech.prompt_cache import PromptCache, Speaking\n"
    code += "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
    code += "PromptCache(Path(sys.argv[1])).keep(Speaking('a', 'en', 'en-gb', 165), bytes(20000))"
    child = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, check=False)
    assert b"OSError" in child.stderr
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []


async def test_garbage_gets_an_answer() -> None:
    for line in (b"garbage\n", b"[]\n", b'{"language": "fr", "text": "x"}\n', b'{"language": "zh", "text": 5}\n'):
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        writer.write(line)
        assert "error" in json.loads(await reader.readline())
        writer.close()
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    writer.write(b'{"text": "x", "language": "zh", "voice": "../../evil"}\n{"health": 1}\n')
    assert "no voice" in json.loads(await reader.readline())["error"]
    assert json.loads(await reader.readline())["ok"]
    writer.close()


async def test_a_prompt_that_hangs_ends_the_process_and_says_so(tmp_path: Path, start: Callable[..., Process]) -> None:
    """Every prompt takes longer than the allowed thousandth of a second here."""
    file = written(tmp_path / "config.yaml", OWN_PORT)
    code = "import ivr.speech.voice_server as server; server.HANG_SECONDS = 0.001; raise SystemExit(server.main())"
    process = start("-c", code, "--config", str(file))
    process.wait_for("voice_ready")
    with pytest.raises(VoiceUnavailable):
        await voice(file).wav(Prompt("long", "这是一句很长的话" * 230, "zh"))
    assert await asyncio.to_thread(process.wait) == 70
    assert "prompt_hangs" in process.log.read_text()


def test_an_unknown_voice_is_one_line_and_exit_status_2(tmp_path: Path, start: Callable[..., Process]) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(f"voice: {{port: {OWN_PORT}, zh: cmm}}\n", encoding="utf-8")
    process = start("-m", "ivr.speech.voice_server", "--config", str(file))
    assert process.wait() == 2
    said = process.log.read_text()
    assert "voice.zh: espeak-ng has no voice `cmm`" in said
    assert "allowed: " in said
    assert " cmn, " in said
    assert "Traceback" not in said


def test_the_robot_understands_its_own_voice(say: Say) -> None:
    """Intelligibility at 8 kHz, as far as a machine can tell: every digit of every language is heard as said."""
    for model, words, name in (
        ("zh-small", "零一二三四五六七八九", "cmn"),
        ("en-small", "one two three four five six", "en-gb"),
    ):
        recogniser = Recogniser(ROOT / "models" / model)
        expected = list(words) if model == "zh-small" else words.split()
        utterance = recogniser.utterance(expected, "digits")
        utterance.feed(say(words, name))
        best, *_ = utterance.finish()
        assert best.text.split() == expected
