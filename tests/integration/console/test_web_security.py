"""What must not be possible: pages without login, beyond one's role, other people's calls, forged requests, fixed sessions."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from ivr.accounts import digest
from ivr.console.gate import COOKIE
from ivr.records.staff import AuditRow, SessionRow
from tests.integration.console.conftest import LATE, PASSWORD, PATIENCE_SECONDS, Console, Worker, console_in

pytestmark = pytest.mark.integration
HTML = {"accept": "text/html"}
get, post = (partial(ask, timeout=PATIENCE_SECONDS) for ask in (httpx.get, httpx.post))


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One of its own: who guesses passwords here makes everybody at this address wait for a minute."""
    with console_in(tmp_path_factory.mktemp("security")) as made:
        yield made


def form_token(client: httpx.Client) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', client.get("/login").text)
    assert found
    return found[1]


def enter(client: httpx.Client, name: str, password: str = PASSWORD) -> httpx.Response:
    return client.post("/login", data={"name": name, "password": password, "form_token": form_token(client)})


@contextlib.contextmanager
def logged_in(console: Console, name: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=console.url, timeout=PATIENCE_SECONDS) as client:
        answer = enter(client, name)
        assert answer.status_code == 303, answer.text
        yield client


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/calls/c-1",
        "/calls/c-1/recording",
        "/calls/c-1/live",
        "/supervisor",
        "/static/desk.js",
        "/_nicegui/x",
        "/nothing",
    ],
)
def test_no_page_without_login(console: Console, path: str) -> None:
    assert get(console.url + path).status_code == 401
    to_login = get(console.url + path, headers=HTML)
    assert (to_login.status_code, to_login.headers["location"]) == (303, f"/login?next={path}")


@pytest.mark.parametrize(
    "path",
    ["/api/calls", "/api/calls/c-1", "/api/calls/c-1/vcon", "/api/queue", "/api/agents", "/api/events", "/metrics"],
)
def test_no_figures_without_token(console: Console, path: str) -> None:
    assert get(console.url + path).status_code == 401
    wrong = {"authorization": "Bearer ivr_wrong"}
    assert get(console.url + path, headers=wrong).status_code == 401


@pytest.mark.parametrize("scope", ["queue", "agents", "events", "metrics"])
def test_token_reads_only_its_scope(console: Console, scope: str) -> None:
    headers = {"authorization": f"Bearer {console.tokens[scope]}"}
    assert get(console.url + "/api/calls", headers=headers).status_code == 403


def test_agents_stay_within_their_role(console: Console, worker: Worker) -> None:
    worker.call("secret-1")
    with logged_in(console, "anna") as client:
        assert client.get("/supervisor").status_code == 403
        assert client.get("/api/calls").status_code == 403
        assert client.get("/metrics").status_code == 401
        others, missing = client.get("/calls/secret-1"), client.get("/calls/not-there")
        assert (others.status_code, others.text) == (404, missing.text)
        assert client.get("/calls/%00").status_code == 404
        assert [client.get(f"/calls/secret-1/{sound}").status_code for sound in ("recording", "live")] == [403, 403]
    with logged_in(console, "sue") as client:
        assert client.get("/calls/secret-1").status_code == 200
        assert client.get("/api/calls").status_code == 200
        assert [client.get(f"/calls/secret-1/{sound}").status_code for sound in ("recording", "live")] == [404, 404]
    with logged_in(console, "olaf") as client:
        assert client.get("/calls/secret-1").status_code == 200
        assert [client.get(f"/calls/secret-1/{sound}").status_code for sound in ("recording", "live")] == [403, 403]


def test_opening_a_transcript_is_one_line_of_the_audit(console: Console, worker: Worker) -> None:
    worker.call("opened-1")
    with logged_in(console, "sue") as client:
        for _ in range(2):
            assert client.get("/calls/opened-1", headers=HTML).status_code == 200
        for _ in range(3):
            assert client.get("/api/calls/opened-1/vcon").status_code == 200
    with logged_in(console, "anna") as client:
        assert client.get("/calls/opened-1", headers=HTML).status_code == 404
    looked = select(AuditRow.account, AuditRow.what).where(AuditRow.call_id == "opened-1").order_by(AuditRow.id)
    seen: list[tuple[str, str]] = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(seen) < 3 and time.monotonic() < deadline:
        with Session(console.engine) as session:
            seen = [(account, what) for account, what in session.execute(looked).tuples()]
        time.sleep(0.1)
    assert seen == [("sue", "transcript_opened")] * 2 + [("sue", "vcon_downloaded")]


def test_whole_orders_are_for_those_who_may_see_numbers_and_who_looked_is_known(console: Console) -> None:
    order, note = f"/api/orders/{LATE.order_number}", {"author": "olaf", "text": "x"}
    with Session(console.engine) as session:
        before = session.scalar(select(func.max(AuditRow.id))) or 0
    with logged_in(console, "olaf") as client:
        shown = [
            client.get(path).status_code for path in (order, f"/api/orders?phone={LATE.phone}", "/api/orders/actions")
        ]
        assert shown == [403, 403, 403]
        assert client.get("/api/orders/service/promises").status_code == 403
        assert client.post("/api/orders/service/tickets/T1/notes", json=note).status_code == 403
        storm = {"name": "s", "rule": "storm", "starts_at": "2027-01-01", "ends_at": "2027-01-02"}
        assert client.post("/api/orders/service/periods", json=storm).status_code == 204
    with logged_in(console, "sue") as client:
        assert [client.get(path).status_code for path in (order, order)] == [200, 200]
        assert client.get(f"/api/orders?phone={LATE.phone}").status_code == 200
        assert client.post("/api/orders/service/tickets/T1/notes", json=note).status_code == 404
    token = {"authorization": f"Bearer {console.tokens['orders']}"}
    assert get(console.url + order, headers=token).status_code == 200
    with Session(console.engine) as session:
        looked = select(AuditRow).where(AuditRow.what.like("order_data%"), AuditRow.id > before).order_by(AuditRow.id)
        lines = [(row.account, row.what, row.details["path"]) for row in session.scalars(looked)]
        everything = str([row.details for row in session.scalars(looked)])
    assert lines == [
        ("sue", "order_data_read", order),
        ("sue", "order_data_read", "/api/orders"),
        ("sue", "order_data_changed", "/api/orders/service/tickets/T1/notes"),
        ("token orders", "order_data_read", order),
    ]
    assert "phone" in everything
    assert LATE.phone not in everything


def test_login_needs_its_own_form(console: Console) -> None:
    answer = post(console.url + "/login", data={"name": "anna", "password": PASSWORD, "form_token": "forged"})
    assert answer.status_code == 403
    assert COOKIE not in answer.cookies


def test_changes_from_another_site_are_refused(console: Console) -> None:
    with logged_in(console, "anna") as client:
        for path in ("/logout", "/login", "/_nicegui_ws/socket.io/?EIO=4&transport=polling"):
            assert client.post(path, headers={"origin": "https://evil.example"}).status_code == 403
        assert client.post("/logout", data={"csrf": "forged"}).status_code == 403
        assert client.get("/", headers=HTML).status_code == 200


def test_whoever_logs_out_of_an_ended_session_comes_to_the_login(console: Console) -> None:
    answer = post(console.url + "/logout", data={"csrf": "x"}, headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/")
    with logged_in(console, "anna") as client:
        refused = client.post("/logout", data={"csrf": "of another session"}, headers=HTML | {"accept-language": "en"})
    assert refused.status_code == 403
    assert 'href="/"' in refused.text


def test_session_is_new_at_every_login_and_gone_after_logout(console: Console) -> None:
    with logged_in(console, "anna") as client:
        first = client.cookies[COOKIE]
        enter(client, "anna")
        second = client.cookies[COOKIE]
        assert first != second
        assert get(console.url + "/static/desk.js", cookies={COOKIE: first}).status_code == 401
        with Session(console.engine) as session:
            csrf = session.get_one(SessionRow, digest(second)).csrf
        assert client.post("/logout", data={"csrf": csrf}).status_code == 303
        assert get(console.url + "/static/desk.js", cookies={COOKIE: second}).status_code == 401


def test_planted_session_stays_outside(console: Console) -> None:
    with httpx.Client(
        base_url=console.url, cookies={COOKIE: "planted-by-somebody"}, timeout=PATIENCE_SECONDS
    ) as client:
        assert client.get("/").status_code == 401
        enter(client, "anna")
        assert "planted-by-somebody" not in [
            cookie.value for cookie in client.cookies.jar if cookie.path == "/" and cookie.domain
        ]
    assert get(console.url + "/", cookies={COOKIE: "planted-by-somebody"}).status_code == 401


def test_cookie_is_out_of_reach_for_scripts(console: Console) -> None:
    with httpx.Client(base_url=console.url, timeout=PATIENCE_SECONDS) as client:
        answer = enter(client, "anna")
    kept = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(COOKIE))
    assert "HttpOnly" in kept
    assert "SameSite=lax" in kept


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null"])
def test_socket_needs_login_and_the_same_origin(console: Console, origin: str | None) -> None:
    url = console.url.replace("http", "ws") + "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    with pytest.raises(InvalidStatus), connect(url, origin=console.url):  # type: ignore[arg-type]
        pass
    if origin is None:
        return
    with logged_in(console, "anna") as client:
        cookie = {"Cookie": f"{COOKIE}={client.cookies[COOKIE]}"}
        with pytest.raises(InvalidStatus), connect(url, origin=origin, additional_headers=cookie):  # type: ignore[arg-type]
            pass
        with connect(url, origin=console.url, additional_headers=cookie) as socket:  # type: ignore[arg-type]
            assert str(socket.recv()).startswith("0{")


@pytest.mark.parametrize("declared", [True, False])
def test_nobody_fills_the_memory_before_the_login(console: Console, declared: bool) -> None:
    """A form of 300 MB had taken 2.8 GB, on the machine that takes the calls."""

    def endless() -> Iterator[bytes]:
        for _ in range(512):
            yield b"a" * 65536

    form = {"content-type": "multipart/form-data; boundary=x"} | ({"content-length": str(2**25)} if declared else {})
    assert console.process is not None
    memory = Path(f"/proc/{console.process.pid}/status")
    for path, headers in (("/login", form), ("/api/orders/service/tickets/T1/notes", {"content-type": "text/json"})):
        memory_before = _kilobytes(memory)
        with contextlib.suppress(httpx.TransportError):  # let go of while it still wrote
            assert post(console.url + path, content=endless(), headers=headers).status_code in (400, 413, 422)
        assert _kilobytes(memory) - memory_before < 20_000
    assert get(console.url + "/healthz").status_code == 200


def _kilobytes(status: Path) -> int:
    """The most memory that the process ever had."""
    return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))


def test_log_lines_can_t_be_forged(console: Console) -> None:
    with httpx.Client(base_url=console.url, timeout=PATIENCE_SECONDS) as client:
        enter(client, "x\nevent=login account=admin", "x" * 12)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while "account=admin" not in (log := (console.folder / "console.log").read_text(encoding="utf-8")):
        assert time.monotonic() < deadline, log[-2000:]
        time.sleep(0.05)
    assert "console.login_failed" in log
    assert not [line for line in log.splitlines() if line.startswith("event=login")]


def test_pages_are_hardened(console: Console) -> None:
    headers = get(console.url + "/login").headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers


def test_login_does_not_tell_who_exists(console: Console) -> None:
    with httpx.Client(base_url=console.url, timeout=PATIENCE_SECONDS) as client:
        known, unknown = (enter(client, name, "x" * 12) for name in ("olaf", "nobody"))
    assert known.status_code == unknown.status_code == 401
    assert re.sub(r'value="[^"]*"', "", known.text) == re.sub(r'value="[^"]*"', "", unknown.text)


def test_wrong_password_keeps_the_account_and_the_way(console: Console) -> None:
    with httpx.Client(base_url=console.url, timeout=PATIENCE_SECONDS) as client:
        sent = {"name": "an<na", "password": "x" * 12, "form_token": form_token(client), "next": "/calls/c-1"}
        text = client.post("/login", data=sent).text
    assert 'value="an&lt;na"' in text
    assert "/login?lang=en&amp;next=/calls/c-1" in text
    assert text.index("autofocus") > text.index('name="password"')


def test_guessing_is_slowed_down(console: Console) -> None:
    """The last test here: this address has to wait a minute afterwards. Guessing many at once gains nothing."""
    with httpx.Client(base_url=console.url, timeout=PATIENCE_SECONDS) as client, ThreadPoolExecutor(40) as guessers:
        token = form_token(client)

        def guess(number: int) -> int:
            sent = {"name": f"nobody{number}", "password": "x" * 12, "form_token": token}
            return client.post("/login", data=sent).status_code

        statuses = list(guessers.map(guess, range(40)))
        assert set(statuses) == {401, 429}
        assert statuses.count(401) <= 21
        assert enter(client, "nobody", "x" * 12).status_code == 429
