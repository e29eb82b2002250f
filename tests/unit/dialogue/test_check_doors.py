"""`ivr check` where queues close: what is said at a closed door, and branches on opening hours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from small_shop import TREE, WORDS, load

from ivr.dialogue.check import House, check


def findings(folder: Path, **changed: str) -> list[str]:
    return [str(finding) for finding in check(load(folder, **changed))]


def closing(folder: Path, closing: frozenset[str] = frozenset({"general"}), **files: str) -> list[str]:
    return [str(each) for each in check(load(folder, **files), house=House(closing=closing))]


def test_the_words_at_a_closed_door_are_needed_where_queues_close(tmp_path: Path) -> None:
    without = "\n".join(line for line in WORDS.splitlines() if not line.startswith("handoff.closing"))
    (told,) = findings(tmp_path, prompts=without)
    assert "warning: prompt `handoff.closing` is missing in zh" in told, "a supervisor may close a queue"
    (told,) = [each for each in closing(tmp_path / "house", prompts=without) if "handoff" in each]
    assert "warning" not in told


def test_a_human_promised_out_of_hours_is_warned_of(tmp_path: Path) -> None:
    told = [each for each in closing(tmp_path) if "opening hours" in each]
    assert sorted(re.findall("step `(.+?)`", " ".join(told))) == ["agent", "broken", "lost"]
    assert all("warning" in each and "add `say_closed`" in each for each in told)
    mended = TREE.replace("hand_off: general,", "say_closed: bye, hand_off: general,")
    assert [each for each in closing(tmp_path / "mended", hotline=mended) if "opening hours" in each] == []
    assert [each for each in closing(tmp_path / "other", frozenset({"safety"})) if "opening hours" in each] == []


def test_what_is_said_at_a_closed_door_exists(tmp_path: Path) -> None:
    (told,) = findings(
        tmp_path,
        hotline=TREE.replace("hand_off: general, reason: asked", "say_closed: byee, hand_off: general, reason: asked"),
    )
    assert "there is no prompt `byee` in zh" in told


@pytest.mark.parametrize(
    ("branch", "what"),
    [
        ("branch: hours.general, on: {open: bye, closed: agent}", ""),
        ("branch: hours.general, on: {closed: agent}, otherwise: bye", ""),
        ("branch: hours.general, on: {closed: agent}", "doesn't say what follows"),
        (
            "branch: hours.generall, on: {open: bye, closed: agent}",
            "there is no queue `generall` — did you mean `general`?",
        ),
        ("branch: hours.general, on: {shut: agent}, otherwise: bye", "hours are never `shut`"),
    ],
)
def test_a_branch_on_opening_hours(tmp_path: Path, branch: str, what: str) -> None:
    tree = TREE.replace("lost: {say: lost, hand_off: general, reason: lost}", f"lost: {{{branch}}}")
    told = findings(tmp_path, hotline=tree)
    assert [what in each for each in told] == [True] * bool(what), told
