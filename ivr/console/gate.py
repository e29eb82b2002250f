"""Who may pass: login before every page and socket, same origin before every change, and headers that keep the pages ours.

One ASGI middleware in front of everything, NiceGUI's own routes and sockets included. The API answers for itself (`api.py`), since
it also takes tokens; everything else needs a session. A page may still ask for a role of its own (`pages.py`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import quote, urlsplit

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response

from ivr.accounts import Viewer, viewer_of
from ivr.console.house import House
from ivr.console.notices import not_now, notice, wants_page
from ivr.console.patience import bounded, too_large

log = structlog.get_logger()

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "desk_session"
OPEN = ("/login", "/healthz", "/favicon.ico", "/api")
# These answer for themselves, by token or session.
OWN_RULES = ("/api/", "/metrics")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
# Vue compiles templates in the browser ('unsafe-eval'), NiceGUI starts from an inline script; nothing comes from elsewhere.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self' ws: wss:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Gate:
    """The middleware; puts the viewer into `scope["state"]["viewer"]`."""

    def __init__(self, app: App, house: House) -> None:
        self._app, self._house = app, house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let pass, redirect to the login, or refuse."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        connection, state = HTTPConnection(scope), scope.setdefault("state", {})
        state["viewer"] = None
        if scope["type"] == "http":
            receive = bounded(receive)
            if too_large(connection.headers.get("content-length", "")):
                too_much = notice(connection, "too_large", 413, headers={"Connection": "close"})
                return await too_much(scope, receive, _hardened(send))
        try:
            state["viewer"] = viewer = await self._viewer(connection)
            refusal = self._refusal(connection, viewer)
        except SQLAlchemyError as fault:
            log.error("console.database_refused", path=scope["path"], fault=str(fault))
            refusal = not_now(connection)
        if refusal is None:
            return await self._app(scope, receive, _hardened(send))
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 1008, "reason": "not allowed"})
        await refusal(scope, receive, _hardened(send))

    async def _viewer(self, connection: HTTPConnection) -> Viewer | None:
        token = connection.cookies.get(COOKIE)
        if not token or connection.scope["path"] in OPEN:
            return None
        return await self._house.read(lambda session, now: viewer_of(session, token, now))

    def _refusal(self, connection: HTTPConnection, viewer: Viewer | None) -> Response | None:
        scope, headers = connection.scope, connection.headers
        path = str(scope["path"])
        socket = scope["type"] == "websocket" or path.startswith("/_nicegui_ws/")
        bearer = headers.get("authorization", "").lower().startswith("bearer ")
        changes = socket or scope["method"] not in SAFE_METHODS
        if changes and not bearer and not self._same_origin(headers, required=socket):
            return notice(connection, "other_site", 403)
        if path in OPEN or path.startswith(OWN_RULES) or viewer is not None:
            return None
        if not socket and wants_page(connection):
            return RedirectResponse(f"/login?next={quote(path if scope['method'] == 'GET' else '/')}", 303)
        return notice(connection, "please_log_in", 401)

    def _same_origin(self, headers: Headers, required: bool) -> bool:
        """A browser names the page's origin with every socket and every change; programs that are no browser name none."""
        origin = headers.get("origin")
        if origin is None:
            # The polling transport of the page's socket is a same-origin GET, which browsers send without Origin.
            return not required or headers.get("sec-fetch-site", "same-origin") == "same-origin"
        ours = {headers.get("host", ""), urlsplit(self._house.settings.console.url).netloc}
        return urlsplit(origin).netloc in ours


def _hardened(send: Send) -> Send:
    async def with_headers(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return with_headers
