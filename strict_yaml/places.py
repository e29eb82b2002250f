"""Where something is written, and how a mistake there is told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """A spot in a file, counted from 1 as editors count."""

    file: Path
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


def told(what: str, fix: str = "", place: Place | None = None) -> str:
    """A person's mistake in one line: where it is, what is wrong, how to mend it."""
    return (f"{place}: " if place else "") + what + (f" — {fix}" if fix else "")
