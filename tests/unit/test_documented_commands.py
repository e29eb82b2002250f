"""Every `ivr …` that a document names is there, with its options."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from ivr.__main__ import COMMANDS, GROUPS, build

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").glob("*.md"),
    *ROOT.glob("[dmt]*/README*.md"),
    *ROOT.glob("models/*/README.md"),
]
# In backquotes, or at the beginning of a line of a block; `ivr models list | get` names two, of which the first is looked at.
NAMED = re.compile(
    r"`(?:\S*/)?ivr ([a-z]+)(?: ([a-z][a-z-]*))?([^`\n]*)`|^(?:\S*/)?ivr ([a-z]+)(?: ([a-z][a-z-]*))?(.*)$",
    re.MULTILINE,
)


def named(text: str) -> Iterator[tuple[str, str, set[str]]]:
    """Command, subcommand or "", options."""
    for found in NAMED.finditer(text):
        name, sub, rest = found.group(1, 2, 3) if found[1] else found.group(4, 5, 6)
        yield name, sub or "", set(re.findall(r"--[a-z-]+", (rest or "").partition("#")[0]))


@cache
def command(name: str) -> Any:
    """The command or group of a name, as click has it; None where there is none."""
    if name not in COMMANDS | GROUPS:
        return None
    return typer.main.get_command(build(name)).commands[name]  # type: ignore[attr-defined]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_of_a_document_are_there(document: Path) -> None:
    wrong = []
    for name, sub, options in named(document.read_text(encoding="utf-8")):
        found = command(name)
        if found is not None and name in GROUPS and sub:
            found = found.commands.get(sub)
        if found is None:
            wrong.append(f"ivr {name} {sub}".strip())
            continue
        known = {option for parameter in found.params for option in (*parameter.opts, *parameter.secondary_opts)}
        wrong += [f"ivr {name} {sub} {option}" for option in sorted(options - known) if not hasattr(found, "commands")]
    assert wrong == []
