"""A finding: where, what is wrong, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.errors import Place


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One fault, or, with `warning`, something that works but deserves a look."""

    file: str
    line: int
    what: str
    fix: str = ""
    warning: bool = False

    @classmethod
    def at(cls, place: Place, what: str, fix: str = "", warning: bool = False) -> Finding:
        """A finding at a place."""
        return cls(str(place.file), place.line, what, fix, warning)

    def __str__(self) -> str:
        kind = "warning: " if self.warning else ""
        return f"{self.file}:{self.line}: {kind}{self.what}" + (f" — {self.fix}" if self.fix else "")
