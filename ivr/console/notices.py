"""Answers that only say something: what is not there, not allowed, or not possible now; to a browser as a page with a way back."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from importlib.resources import files

from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from ivr.accounts import Viewer
from ivr.console.words import language_of, words

_TEMPLATE = (files("ivr.console") / "notice.html").read_text(encoding="utf-8")


def wants_page(connection: HTTPConnection) -> bool:
    """Whether a person looks at the answer, rather than a program or a player."""
    return "text/html" in connection.headers.get("accept", "")


def notice(
    connection: HTTPConnection,
    word: str,
    status: int,
    way: str = "/",
    way_word: str = "back_to_desk",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The word, in the viewer's language, and where to go from here; to programs the word alone."""
    viewer: Viewer | None = connection.scope.get("state", {}).get("viewer")
    said = words(viewer.language if viewer else language_of(connection))
    kept = {"Cache-Control": "no-store", **(headers or {})}
    if not wants_page(connection):
        return PlainTextResponse(said[word], status, kept)
    values = {
        "language": "zh-CN" if said.language == "zh" else "en", "title": said["title"],
        "words": said[word], "way": way, "way_words": said[way_word],
    }  # fmt: skip
    return HTMLResponse(re.sub(r"\{\{(\w+)\}\}", lambda name: html.escape(values[name[1]]), _TEMPLATE), status, kept)


def not_now(connection: HTTPConnection) -> Response:
    """The database is away: the same page again, in a moment."""
    way = connection.url.path if connection.scope.get("method") == "GET" else "/"
    return notice(connection, "not_now", 503, way, "try_again", {"Retry-After": "5"})
