"""Who passes the gate in front of every page, socket and change, who is sent to the login, and who is refused."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from ivr.accounts import Role, Viewer
from ivr.console.gate import COOKIE, HEADERS, Gate

ANNA = Viewer(1, "anna", Role.AGENT, "zh", 1, "hash", "csrf")
OURS, FROM_PUBLIC = {"origin": "http://desk:8080"}, {"origin": "https://desk.example.org"}
THEIRS, PAGE, LOGGED_IN = {"origin": "http://evil.example"}, {"accept": "text/html"}, {"cookie": f"{COOKIE}=good"}
SAME, CROSS = {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "cross-site"}
BEARER = {"authorization": "Bearer ivr_x"}


class House:
    """The part of the house that the gate needs: one session is known, unless the database is away."""

    settings = SimpleNamespace(console=SimpleNamespace(url="https://desk.example.org/"))

    def __init__(self, away: bool = False) -> None:
        self.away, self.asked = away, 0

    async def read(self, work: Callable[..., Any]) -> Viewer | None:
        self.asked += 1
        if self.away:
            raise OperationalError("SELECT", {}, Exception("away"))
        return ANNA if "good" in {cell.cell_contents for cell in work.__closure__ or ()} else None


async def knock(
    path: str, method: str = "GET", kind: str = "http", house: House | None = None, **headers: str
) -> tuple[Any, list[dict[str, Any]]]:
    """The viewer the app behind the gate saw, or "nobody came"; and what was sent back."""
    seen: list[Any] = []
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        seen.append(scope.get("state", {}).get("viewer"))
        if kind == "http":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"x-frame-options", b"OWN")]})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    told = {"host": "desk:8080"} | {name.replace("_", "-"): value for name, value in headers.items()}
    scope: dict[str, Any] = {
        "type": kind, "path": path, "query_string": b"", "scheme": "http", "server": ("desk", 8080), "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in told.items()],
    }  # fmt: skip
    if kind == "http":
        scope["method"] = method
    await Gate(app, house or House())(scope, receive, send)  # type: ignore[arg-type]
    return (seen[0] if seen else "nobody came"), sent


def status(sent: list[dict[str, Any]]) -> tuple[int, str]:
    """The status of the answer, and where it leads."""
    start = next(message for message in sent if message["type"] == "http.response.start")
    return start["status"], dict(start["headers"]).get(b"location", b"").decode()


@pytest.mark.parametrize("path", ["/login", "/healthz", "/favicon.ico", "/api", "/api/calls", "/metrics"])
async def test_what_answers_for_itself_is_reached_without_a_login(path: str) -> None:
    assert (await knock(path))[0] is None


@pytest.mark.parametrize(
    ("path", "method", "headers", "answer"),
    [
        ("/", "GET", PAGE, (303, "/login?next=/")),
        ("/calls/c1", "GET", PAGE, (303, "/login?next=/calls/c1")),
        ("/calls/c1", "POST", PAGE | OURS, (303, "/login?next=/")),  # a form isn't sent again
        ("/a b?", "GET", PAGE, (303, "/login?next=/a%20b%3F")),
        ("/calls/c1", "GET", {}, (401, "")),
        ("/_nicegui_ws/socket.io/", "GET", PAGE | SAME, (401, "")),  # a socket is led nowhere
        ("/loginx", "GET", {}, (401, "")),
        ("/apix", "GET", {}, (401, "")),
        ("/calls", "GET", {"cookie": f"{COOKIE}=stale"}, (401, "")),
        ("/calls", "GET", BEARER, (401, "")),
    ],
)
async def test_who_is_not_logged_in_is_sent_to_the_login_or_told_so(
    path: str, method: str, headers: dict[str, str], answer: tuple[int, str]
) -> None:
    came, sent = await knock(path, method, **headers)
    assert (came, status(sent)) == ("nobody came", answer)


@pytest.mark.parametrize(
    ("path", "method", "headers", "passes"),
    [
        ("/calls", "GET", {}, True),
        ("/calls", "GET", THEIRS, True),  # a link from elsewhere: nothing changes by it
        ("/calls", "HEAD", THEIRS, True),
        ("/calls", "OPTIONS", THEIRS, True),
        ("/calls", "POST", {}, True),  # no browser
        ("/calls", "POST", OURS, True),
        ("/calls", "POST", FROM_PUBLIC, True),
        ("/calls", "POST", THEIRS, False),
        ("/calls", "DELETE", THEIRS, False),
        ("/calls", "POST", {"origin": "null"}, False),
        ("/login", "POST", THEIRS, False),
        ("/api/calls", "POST", THEIRS, False),
        ("/api/calls", "POST", THEIRS | BEARER, True),  # no other site has the token
        ("/_nicegui_ws/socket.io/", "GET", SAME, True),
        ("/_nicegui_ws/socket.io/", "GET", {}, True),
        ("/_nicegui_ws/socket.io/", "GET", CROSS, False),
        ("/_nicegui_ws/socket.io/", "GET", THEIRS, False),
        ("/_nicegui_ws/socket.io/", "POST", OURS, True),
    ],
)
async def test_no_other_site_changes_anything_in_somebodys_name(
    path: str, method: str, headers: dict[str, str], passes: bool
) -> None:
    came, sent = await knock(path, method, **LOGGED_IN, **headers)
    assert (came != "nobody came") == passes
    if not passes:
        assert status(sent) == (403, "")


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        (LOGGED_IN | OURS, True),
        (LOGGED_IN | FROM_PUBLIC, True),
        (LOGGED_IN | THEIRS, False),
        (OURS, False),
        (LOGGED_IN | CROSS, False),
    ],
)
async def test_sockets_want_a_login_and_our_own_page(headers: dict[str, str], passes: bool) -> None:
    came, sent = await knock("/_nicegui_ws/socket.io/", kind="websocket", **headers)
    if passes:
        assert (came, sent) == (ANNA, [])
    else:
        assert came == "nobody came"
        assert sent == [{"type": "websocket.close", "code": 1008, "reason": "not allowed"}]


@pytest.mark.parametrize("headers", [LOGGED_IN | THEIRS, LOGGED_IN | CROSS, OURS])
async def test_a_socket_is_one_wherever_it_leads(headers: dict[str, str]) -> None:
    came, sent = await knock("/listen/c1", kind="websocket", **headers)
    assert (came, sent[0]["code"]) == ("nobody came", 1008)


async def test_nobody_is_looked_up_where_nobody_is_needed() -> None:
    for path, headers, asked in (("/login", LOGGED_IN, 0), ("/calls", {}, 0), ("/calls", LOGGED_IN, 1)):
        house = House()
        await knock(path, house=house, **headers)
        assert house.asked == asked, path


async def test_every_answer_keeps_the_pages_ours_and_takes_nothing_back() -> None:
    assert HEADERS["Content-Security-Policy"].startswith("default-src 'self'; script-src 'self'")
    assert "frame-ancestors 'none'" in HEADERS["Content-Security-Policy"]
    assert {name: HEADERS[name] for name in HEADERS if name != "Content-Security-Policy"} == {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    for headers, frames in ((LOGGED_IN, "OWN"), ({}, "DENY")):
        _, sent = await knock("/calls", **headers)
        found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        assert {name: found[name.lower()] for name in HEADERS} == HEADERS | {"X-Frame-Options": frames}


async def test_too_much_is_refused_before_anybody_is_looked_up_and_a_database_away_is_said() -> None:
    house = House()
    came, sent = await knock("/login", "POST", house=house, content_length="999999999", **LOGGED_IN)
    assert (came, status(sent), house.asked) == ("nobody came", (413, ""), 0)
    assert (b"connection", b"close") in sent[0]["headers"]
    came, sent = await knock("/calls", house=House(away=True), **LOGGED_IN)
    assert (came, status(sent)) == ("nobody came", (503, ""))


async def test_what_is_neither_page_nor_socket_passes() -> None:
    assert (await knock("", kind="lifespan"))[0] is None
