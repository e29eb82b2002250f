"""`ivr check` on a folder as a person has it: files nobody reads, recordings nobody hears, and the exit status."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_shop import UNIVERSALS, write

from ivr.dialogue.cli import check, graph
from ivr.errors import ConfigError, UserError
from ivr.speech.audio import write_wav


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Path]:
    """The small shop with its config.yaml, whose secret nobody knows here."""
    write(tmp_path, universals=UNIVERSALS)
    hook = "messages: {kind: webhook, url: 'http://sms.example', headers: {X-Key: '${NO_SUCH_SECRET}'}}"
    (tmp_path / "config.yaml").write_text(f"orders: {{{hook}}}\n", encoding="utf-8")
    yield tmp_path / "config.yaml"
    gc.enable()  # which the command has switched off


def test_the_small_shop_passes_without_its_secrets(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(shop)
    assert "0 faults, 0 warnings" in capsys.readouterr().out


def test_a_file_that_is_not_read_is_a_fault(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop.parent / "prompts" / "zh" / "more.yml").write_text("more: 您好\n", encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        check(shop)
    assert ended.value.code == 1
    assert "more.yml:1: is not read: its name doesn't end in `.yaml` — call it more.yaml" in capsys.readouterr().out


def test_recordings_that_nobody_would_hear_are_warned_of(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recordings = shop.parent / "prompts" / "zh" / "recordings"
    recordings.mkdir()
    write_wav(recordings / "bye.wav", b"\0\0" * 800)
    write_wav(recordings / "messag.wav", b"\0\0" * 800)
    (recordings / "message.wav").write_bytes(b"no sound")
    check(shop)
    said = capsys.readouterr().out
    assert "no prompt without variables is called `messag` — did you mean `message`?" in said
    assert "message.wav:1: warning: the prompt is synthesised instead" in said
    assert "bye.wav" not in said


def test_a_recording_of_words_that_have_changed_is_warned_of(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recordings = shop.parent / "prompts" / "zh" / "recordings"
    recordings.mkdir()
    write_wav(recordings / "bye.wav", b"\0\0" * 800)
    said = recordings / "said.yaml"
    said.write_text("bye: 再会再会\n", encoding="utf-8")
    check(shop)
    assert "bye.wav:1: warning: says “再会再会”" in capsys.readouterr().out
    said.write_text("bye: 再见。\n", encoding="utf-8")
    check(shop)
    assert "bye.wav" not in capsys.readouterr().out


def test_a_robot_that_calls_back_needs_words_for_whom_it_calls(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write_text("callbacks: {dial: 'sip:{number}@trunk.example'}\n", encoding="utf-8")
    with pytest.raises(SystemExit):
        check(shop)
    assert "no step in zh branches on `callback.queue`" in capsys.readouterr().out


def test_agents_who_call_back_need_words_for_whom_they_call(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write_text("callbacks: {dial: 'sip:{number}@trunk.example', robot: no}\n", encoding="utf-8")
    with pytest.raises(SystemExit):
        check(shop)
    told = capsys.readouterr().out
    assert "zh has no prompt `callback_by_hand`" in told
    assert "callback.queue" not in told, "which only the robot's calls begin with"


def test_the_policies_are_proved_too(shop: Path) -> None:
    shop.write_text("orders: {policies: desk}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"`orders.policies`: .*policies.yaml:1:1: can't be read"):
        check(shop)


def test_what_cannot_be_drawn_is_told(shop: Path) -> None:
    with pytest.raises(UserError, match="there are no dialplans in en"):
        graph("hotline", None, shop, "en")
    with pytest.raises(UserError, match=r"none of \.svg, \.dot and \.mmd"):
        graph("hotline", shop.parent / "x.png", shop, "zh")
