"""The words of the console's own pages, in Chinese and English."""

from __future__ import annotations

from functools import cache

from starlette.requests import HTTPConnection

from ivr.console.words_table import TABLE


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
