"""Rows as a CSV file that spreadsheets open as they should: a BOM, for Chinese; and no cell that begins a formula (CWE-1236)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

BOM = "\ufeff"
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
Cell = str | float | int | None


def sheet(rows: Iterable[Mapping[str, Cell]], columns: Iterable[str]) -> str:
    """The file's text (RFC 4180); what is unknown is an empty cell."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    names = list(columns)
    writer.writerow(names)
    writer.writerows([_cell(row[name]) for name in names] for row in rows)
    return BOM + written.getvalue()


def _cell(value: Cell) -> Cell:
    return f"'{value}" if isinstance(value, str) and value.startswith(_BEGINS_A_FORMULA) else value
