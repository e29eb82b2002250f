"""The words of the console's own pages, in Chinese and English: labels, and the names of values."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import RootModel
from starlette.requests import HTTPConnection

from ivr.document import Document

_HERE = Path(__file__).parent
Row = tuple[str, str]  # Chinese, English


class _Labels(RootModel[dict[str, Row]]):
    """labels.yaml."""


class _Names(RootModel[dict[str, dict[str, Row]]]):
    """names.yaml and order_names.yaml: the values of each vocabulary."""


def _table() -> dict[str, Row]:
    rows = dict(Document(_HERE / "labels.yaml").typed(_Labels).root)
    for file in ("names.yaml", "order_names.yaml"):
        for group, values in Document(_HERE / file).typed(_Names).root.items():
            rows |= {f"{group}.{value}": row for value, row in values.items()}
    return rows


TABLE = _table()


class Words:
    """The words of one language; a key that is missing is a mistake of ours and fails."""

    def __init__(self, language: str) -> None:
        self.language = "en" if language == "en" else "zh"
        self._column = 1 if self.language == "en" else 0

    def __getitem__(self, key: str) -> str:
        return TABLE[key][self._column]

    def of(self, group: str, key: str) -> str:
        """The word for a value of a vocabulary (`state`, `intent`, …), or the value itself where it has none."""
        row = TABLE.get(f"{group}.{key}")
        return row[self._column] if row else key.replace("_", " ")

    def noted(self, note: str) -> str:
        """A note as it is shown: the robot's own (`urge_delivery: done`) in words, what a person wrote as it is."""
        action, _, came_of = note.partition(": ")
        known = f"action.{action}" in TABLE and f"came_of.{came_of}" in TABLE
        return f"{self.of('action', action)}: {self.of('came_of', came_of)}" if known else note


@cache
def words(language: str) -> Words:
    """The words of `zh` or `en`."""
    return Words(language)


def language_of(connection: HTTPConnection, asked: str = "") -> str:
    """The language of somebody who isn't logged in: as asked, as kept in their browser, or as their browser is."""
    if asked in ("zh", "en"):
        return asked
    kept = connection.cookies.get("desk_language", "")
    if kept in ("zh", "en"):
        return kept
    return "zh" if "zh" in connection.headers.get("accept-language", "zh").lower() else "en"
