"""A table on a page: named columns and rows of cells, told as such to who hears the page instead of seeing it (WAI-ARIA)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from nicegui import ui

from ivr.console.elements import Text, box
from ivr.console.words import Words

# A column of buttons has no heading to see.
BUTTONS = "actions"


@contextmanager
def table(said: Words, title: str, columns: Sequence[tuple[str, str]]) -> Iterator[None]:
    """A table that scrolls: `columns` are the key of each heading and the column's width; rows go inside."""
    widths = " ".join(width for _, width in columns)
    with (
        box("scroll").props("tabindex=0"),
        _with_role(box("grid").style(f"grid-template-columns: {widths}"), "table") as made,
    ):
        made.props["aria-label"] = said[title]
        with table_row():
            for heading, _ in columns:
                with _with_role(box("th"), "columnheader"):
                    Text(said[heading], "unseen" if heading == BUTTONS else "")
        yield


def table_row() -> ui.element:
    """A row, to be filled with cells."""
    return _with_role(box("tr"), "row")


def cell(words: str = "", classes: str = "") -> ui.element:
    """A cell with plain text, or to be filled."""
    return _with_role(Text(words, classes, tag="div") if words else box(classes), "cell")


def _with_role(element: ui.element, role: str) -> ui.element:
    return element.props(f"role={role}")
