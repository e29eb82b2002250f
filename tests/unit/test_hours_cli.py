"""`ivr hours`: the coming days in words, before they are live; `ivr chat --now`: what a caller hears then."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ivr.errors import UserError
from ivr.hours_cli import hours

WRITTEN = """
agents:
- {name: a, uri: 'sip:a@b', queues: [general, senior, safety, night]}
hours:
  country: CN
  default: "Mo-Su 09:00-21:00; PH 10:00-18:00; 2027 Jan 3 off"
  queues: {safety: 24/7, night: "Mo-Fr 22:00-06:00"}
  on_call: {safety: senior}
"""


def told(folder: Path, text: str, *words: str) -> list[str]:
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    app = typer.Typer()
    app.command()(hours)
    result = CliRunner().invoke(app, [*words, "--config", str(folder / "config.yaml")], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output.splitlines()


def test_a_holiday_is_seen_before_it_comes(tmp_path: Path) -> None:
    lines = told(tmp_path, WRITTEN, "--from", "2026-12-31", "--days", "4")
    assert lines == [
        "general, senior   Mo-Su 09:00-21:00; PH 10:00-18:00; 2027 Jan 3 off",
        "  Thu 31 Dec 2026  09:00-21:00",
        "  Fri 01 Jan 2027  10:00-18:00   (else 09:00-21:00)",
        "  Sat 02 Jan 2027  09:00-21:00",
        "  Sun 03 Jan 2027  closed   (else 09:00-21:00)",
        "night   Mo-Fr 22:00-06:00",
        "  Thu 31 Dec 2026  22:00-06:00 the next day",
        "  Fri 01 Jan 2027  22:00-06:00 the next day",
        "  Sat 02 Jan 2027  closed",
        "  Sun 03 Jan 2027  closed",
        "safety   24/7",
        "  every day  open around the clock",
        "When it is urgent and nobody of safety is there, senior is asked.",
    ]


def test_two_weeks_from_today(tmp_path: Path) -> None:
    assert (
        len([line for line in told(tmp_path, "hours: {default: 'Mo-Su 09:00-21:00'}\n") if "09:00-21:00" in line]) == 15
    )


def test_without_hours_people_are_there_around_the_clock(tmp_path: Path) -> None:
    assert "around the clock" in " ".join(told(tmp_path, ""))


def test_a_day_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="write it like 2027-02-01"):
        told(tmp_path, WRITTEN, "--from", "tomorrow")
