"""The prompt cache: named by content, whole or absent, swept; private prompts leave no trace."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ivr.commands import Prompt
from ivr.config import VoiceSettings
from ivr.errors import VoiceUnavailable
from ivr.speech.audio import read_wav, write_wav
from ivr.speech.prompt_cache import KEEP_SECONDS, PRIVATE_SECONDS, PromptCache, Speaking, words_per_minute
from ivr.speech.voice import CachedVoice

HELLO = Speaking("您好", "zh", "cmn", 206)
PCM = bytes(range(200)) * 8


def aged(file: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(file, (then, then))


def test_what_is_kept_is_found(tmp_path: Path) -> None:
    cache = PromptCache(tmp_path)
    assert cache.find(HELLO) is None
    file = cache.keep(HELLO, PCM)
    assert cache.find(HELLO) == file
    assert read_wav(file) == PCM


@pytest.mark.parametrize(
    "other",
    [
        Speaking("您好！", "zh", "cmn", 206),
        Speaking("您好", "en", "cmn", 206),
        Speaking("您好", "zh", "cmn+f2", 206),
        Speaking("您好", "zh", "cmn", 132),
    ],
)
def test_another_text_language_voice_or_speed_is_another_file(tmp_path: Path, other: Speaking) -> None:
    cache = PromptCache(tmp_path)
    cache.keep(HELLO, PCM)
    assert cache.find(other) is None


def test_no_text_can_lead_out_of_the_folder(tmp_path: Path) -> None:
    file = PromptCache(tmp_path).file(Speaking("../../etc/passwd\0", "zh", "cmn", 206))
    assert tmp_path in file.parents
    assert len(file.relative_to(tmp_path).parts) == 2


def test_a_hit_renews_the_date_and_the_sweep_removes_what_is_old(tmp_path: Path) -> None:
    cache = PromptCache(tmp_path)
    used, unused = cache.keep(HELLO, PCM), cache.keep(Speaking("再见", "zh", "cmn", 206), PCM)
    aged(used, KEEP_SECONDS + 10)
    aged(unused, KEEP_SECONDS + 10)
    assert cache.find(HELLO) == used
    assert cache.sweep() == 1
    assert used.exists()
    assert not unused.exists()


def test_private_prompts_are_nameless_only_ours_and_short_lived(tmp_path: Path) -> None:
    cache = PromptCache(tmp_path)
    file = cache.keep_private(PCM)
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0
    assert cache.sweep() == 0
    aged(file, PRIVATE_SECONDS + 1)
    assert cache.sweep() == 1
    assert not file.exists()


def test_speeds_stay_within_what_the_engine_can_do() -> None:
    assert [words_per_minute(165, "en", rate) for rate in (0.1, 0.8, 1.0, 9.0)] == [80, 132, 165, 450]
    assert words_per_minute(160, "zh", 1.0) == 200


def voice(tmp_path: Path) -> CachedVoice:
    """A voice whose process is not there (port 15289 is nobody's)."""
    return CachedVoice(VoiceSettings(port=15289), tmp_path / "cache", tmp_path / "prompts")


async def test_cached_prompts_go_on_without_the_voice_process(tmp_path: Path) -> None:
    file = PromptCache(tmp_path / "cache").keep(HELLO, PCM)
    assert await voice(tmp_path).wav(Prompt("hello", "您好", "zh")) == file


async def test_without_the_voice_process_new_prompts_say_so_at_once(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(VoiceUnavailable, match=r"prompt `hello`: no voice process at 127\.0\.0\.1:15289"):
        await voice(tmp_path).wav(Prompt("hello", "您好", "zh"))
    assert time.monotonic() - began < 10


async def test_a_sensitive_prompt_is_never_taken_from_the_cache(tmp_path: Path) -> None:
    PromptCache(tmp_path / "cache").keep(HELLO, PCM)
    with pytest.raises(VoiceUnavailable):
        await voice(tmp_path).wav(Prompt("hello", "您好", "zh", sensitive=True))


async def test_a_recording_wins_where_it_may(tmp_path: Path) -> None:
    PromptCache(tmp_path / "cache").keep(HELLO, PCM)
    recording = tmp_path / "prompts" / "zh" / "recordings" / "hello.wav"
    recording.parent.mkdir(parents=True)
    write_wav(recording, PCM)
    assert await voice(tmp_path).wav(Prompt("hello", "您好", "zh")) == recording
    assert await voice(tmp_path).wav(Prompt("hello", "您好", "zh", recordable=False)) != recording


async def test_a_recording_of_the_wrong_kind_is_passed_over_until_it_is_mended(tmp_path: Path) -> None:
    cached = PromptCache(tmp_path / "cache").keep(HELLO, PCM)
    recording = tmp_path / "prompts" / "zh" / "recordings" / "hello.wav"
    recording.parent.mkdir(parents=True)
    recording.write_bytes(b"an mp3")
    speaking = voice(tmp_path)
    assert await speaking.wav(Prompt("hello", "您好", "zh")) == cached
    write_wav(recording, PCM)
    aged(recording, 5)
    assert await speaking.wav(Prompt("hello", "您好", "zh")) == recording


@pytest.mark.parametrize("name", ["../hello", "a/b", ".hidden", ""])
async def test_a_prompt_id_is_no_path(tmp_path: Path, name: str) -> None:
    outside = tmp_path / "prompts" / "zh" / "hello.wav"
    outside.parent.mkdir(parents=True)
    write_wav(outside, PCM)
    cached = PromptCache(tmp_path / "cache").keep(HELLO, PCM)
    assert await voice(tmp_path).wav(Prompt(name, "您好", "zh")) == cached
