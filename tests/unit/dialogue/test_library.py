"""Hot reload: what passes is taken by new calls, what doesn't is refused, and calls under way keep theirs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from small_shop import TREE, WORDS, write

from ivr.config import DialplanSettings, Settings
from ivr.dialogue.library import DialplanLibrary
from ivr.errors import DialplanError
from ivr.events import CallStarted, PromptsFinished


def library(folder: Path) -> DialplanLibrary:
    dialplans, prompts = write(folder)
    return DialplanLibrary(Settings(folder=folder, dialplan=DialplanSettings(folder=dialplans, prompts=prompts)))


def change(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    os.utime(file, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns + 1_000_000))


def test_nothing_changed_nothing_taken(tmp_path: Path) -> None:
    assert library(tmp_path).reload() is False


def test_a_change_that_passes_is_taken_by_new_calls_only(tmp_path: Path) -> None:
    shelf = library(tmp_path)
    before = shelf.dialogue("zh")
    change(tmp_path / "prompts/zh/all.yaml", WORDS.replace("请问什么事？", "有什么可以帮您？"))
    assert shelf.reload() is True
    after = shelf.dialogue("zh")
    assert before.version != after.version == shelf.current.version
    said = []
    for dialogue in (before, after):
        dialogue.receive(CallStarted(0, "c", "", "", "zh"))
        play = dialogue.receive(PromptsFinished(1, 1))[0]
        said.append(play.prompts[0].text)  # type: ignore[union-attr]
    assert said == ["请问什么事？", "有什么可以帮您？"]


@pytest.mark.parametrize(
    "broken",
    [TREE.replace("then: what}", "then: nowhere}"), TREE.replace("steps:", "stpes:"), "- no", "", "steps: &a [*a]"],
)
def test_a_change_that_fails_is_refused_with_its_findings(tmp_path: Path, broken: str) -> None:
    shelf = library(tmp_path)
    version = shelf.current.version
    change(tmp_path / "dialplans/hotline.yaml", broken)
    assert shelf.reload() is False
    assert shelf.current.version == version
    assert "hotline.yaml" in shelf.findings[0]
    change(tmp_path / "dialplans/hotline.yaml", TREE.replace("then: what}", "then: what}  "))
    assert shelf.reload() is True
    assert shelf.findings == ()


def test_whoever_looks_for_changes_goes_on_looking_where_ours_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = library(tmp_path)
    change(tmp_path / "dialplans/hotline.yaml", TREE.replace("then: what}", "then: what}  "))
    monkeypatch.setattr("ivr.dialogue.library.warm", lambda _: 1 / 0)
    assert shelf.reload() is False
    assert shelf.findings


def test_a_file_that_vanishes_is_refused(tmp_path: Path) -> None:
    shelf = library(tmp_path)
    (tmp_path / "dialplans/number.yaml").unlink()
    assert shelf.reload() is False
    assert any("there is no dialplan `number`" in finding for finding in shelf.findings)


def test_a_broken_set_does_not_start(tmp_path: Path) -> None:
    dialplans, prompts = write(tmp_path, hotline=TREE.replace("then: what}", "then: nowhere}"))
    with pytest.raises(DialplanError, match="nowhere"):
        DialplanLibrary(Settings(folder=tmp_path, dialplan=DialplanSettings(folder=dialplans, prompts=prompts)))
