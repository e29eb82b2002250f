"""A real console process on a real database, a browser, and a worker that plays calls into the database."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from playwright.async_api import Page as AsyncPage
from playwright.async_api import expect as expect_async
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from ivr import accounts
from ivr.accounts import Role
from ivr.config import AgentSettings, Settings
from ivr.errors import RecordsError
from ivr.ports import AgentCommand, Caller, Reservation
from ivr.records.agent_commands import take_commands
from ivr.records.agents import enrol
from ivr.records.database import open_database
from ivr.records.journal import SqlRecords
from ivr.records.queue import SqlQueue
from ivr.records.staff import AccountRow
from ivr.records.tables import AgentRow
from order_lookup import CallerRef, TicketRequest, overdue, service
from order_lookup.database import open_engine
from order_lookup.demo import CASES, fill
from order_lookup.policies import load_policies

T = TypeVar("T")
PASSWORD = "correct horse battery"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PROGRAM = "import sys; from pathlib import Path; from ivr import config; from ivr.console import server; server.run(config.load(Path(sys.argv[1])))"
LATE = CASES["late_food"]
PORTS = range(15410, 15490)
# How long something may take to happen: it costs nothing where it happens at once, and the machine may be slow or busy.
PATIENCE_SECONDS = 30.0
BEAT_SECONDS = 1.0
for each in (expect, expect_async):
    each.set_options(timeout=PATIENCE_SECONDS * 1000)


def free_port() -> int:
    """Beginning elsewhere in each process, so that tests beside these on the same machine don't want the same."""
    first = os.getpid() % len(PORTS)
    for port in (*PORTS[first:], *PORTS[:first]):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")


@dataclass(slots=True)
class Console:
    """The console's process and its database."""

    folder: Path
    engine: Engine
    url: str
    tokens: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = (self.folder / "console.log").open("ab")
        command = [sys.executable, "-c", PROGRAM, str(self.folder / "config.yaml")]
        self.process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            try:
                served = httpx.get(f"{self.url}/healthz", timeout=PATIENCE_SECONDS).status_code == 200
                if served and self.process.poll() is None:  # and not somebody else's on a port that we wanted, too
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        self.stop(signal.SIGKILL)
        raise AssertionError((self.folder / "console.log").read_text())

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self.process:
            self.process.send_signal(how)
            self.process.wait(PATIENCE_SECONDS)


@contextlib.contextmanager
def console_in(folder: Path, more: str = "") -> Iterator[Console]:
    """A console process on a database of its own, with a demo shop, accounts and tokens; `more` settings."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    prompts = Path(__file__).parents[3] / "prompts"
    written = f'console:\n  port: "{port}"\n  url: {url}\ndialplan:\n  prompts: {prompts}\n'
    (folder / "config.yaml").write_text(written + more, encoding="utf-8")
    database = Settings(folder=folder).database_url
    engine = open_database(database)
    fill(open_engine(database), datetime.now(UTC), 60, 200)
    with Session(engine) as session, session.begin():
        now = time.time()
        for name in ("anna", "bert", "carl"):
            agent = AgentRow(name=name, uri=f"sip:{name}@127.0.0.1:15490", state="away", since=now)
            agent.queues, agent.languages = ["general", "after_sales"], ["zh", "en"]
            session.add(agent)
            session.flush()
            accounts.add_account(session, name, PASSWORD, Role.AGENT, agent, now)
        accounts.add_account(session, "sue", PASSWORD, Role.SUPERVISOR, None, now)
        accounts.add_account(session, "olaf", PASSWORD, Role.OPERATIONS, None, now)
        tokens = {scope: accounts.add_token(session, scope, [scope], now) for scope in accounts.SCOPES}
        tokens["all"] = accounts.add_token(session, "all", list(accounts.SCOPES), now)
    made = Console(folder, engine, url, tokens)
    made.start()
    yield made
    made.stop()
    engine.dispose()


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console_in(tmp_path_factory.mktemp("console")) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_SECONDS * 1000)
    yield page
    context.close()


@pytest.fixture(autouse=True)
def as_at_first(request: pytest.FixtureRequest) -> None:
    """Whatever a test before this one left: nobody takes calls, and everybody reads Chinese."""
    if "console" not in request.fixturenames:
        return
    console: Console = request.getfixturevalue("console")
    with Session(console.engine) as session, session.begin():
        session.execute(update(AccountRow).values(language="zh"))
    for name in ("anna", "bert", "carl"):
        set_agent(console, name, "away")


def keep(page: Page, name: str) -> None:
    """Screenshots are artefacts of the run."""
    folder = Path("var/screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png")


def too_wide(page: Page) -> bool:
    """Whether something is beyond the right edge of the page."""
    return bool(page.evaluate("document.body.scrollWidth > document.documentElement.clientWidth"))


def log_in(page: Page, console: Console, name: str, path: str = "/") -> None:
    page.goto(f"{console.url}/login?next={path}")
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector(".bar")


async def log_in_at(page: AsyncPage, url: str, name: str) -> None:
    """Log in at a hotline's console; the page is there when it returns."""
    await page.goto(f"{url}/login")
    await page.fill("input[name=name]", name)
    await page.fill("input[name=password]", PASSWORD)
    await page.click("button[type=submit]")
    await page.wait_for_selector(".bar")


@dataclass(slots=True)
class Worker:
    """A call worker without a telephone: it keeps calls, queue and commands as the real one does."""

    console: Console
    records: SqlRecords
    queue: SqlQueue
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    beating: Future[None] | None = None

    def __post_init__(self) -> None:
        # Playwright's own loop runs in this thread.
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.beating = asyncio.run_coroutine_threadsafe(self._beat(), self.loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE_SECONDS)

    async def _beat(self) -> None:
        """Renew what this worker holds, or the console takes it for dead before a slow browser is done."""
        while True:
            with contextlib.suppress(RecordsError):
                await self.queue.heartbeat()
            await asyncio.sleep(BEAT_SECONDS)

    def fall_silent(self) -> None:
        """Renew nothing any more, as one that was killed."""
        if self.beating:
            self.beating.cancel()

    def call(self, call_id: str, caller: str = LATE.phone, case: dict[str, object] | None = None) -> None:
        """A call that was answered and talked to the robot for a while."""
        self.records.started(call_id, caller, "4008001234", "zh", "1")
        self.records.line(call_id, "robot", "您好，这里是好食多客服热线。请问有什么可以帮您？", 0.8, {})
        self.records.line(call_id, "caller", "我 的 外卖 还 没 到", 4.2, {"confidence": 0.93})
        known = {
            "intent": "urge_delivery", "order.number": LATE.order_number, "customer.name": "王*", "mood": "upset",
            "verification": "low", "situations": ["late_delivery"],
        }  # fmt: skip
        self.records.case(call_id, known if case is None else case)
        self.flush()

    def line(self, call_id: str, speaker: str, text: str, seconds: float) -> None:
        self.records.line(call_id, speaker, text, seconds, {"confidence": 0.9})
        self.flush()

    def flush(self) -> None:
        self.run(self.records.flush())

    def hand_off(self, call_id: str, agent: str, caller: str = LATE.phone, queue: str = "general") -> int:
        """Into the queue, and this agent's phone rings."""
        told = {"order.number": LATE.order_number, "intent": "urge_delivery"}
        number = self.run(
            self.queue.enter(call_id, queue, "", "zh", 3, "urge_delivery", Caller(caller, repeat=True), told)
        )
        others = tuple({"anna", "bert", "carl"} - {agent})
        reserved = self.run(self.queue.reserve(number, others))
        assert isinstance(reserved, Reservation), reserved
        assert reserved.agent == agent
        return number

    def commands(self, call_id: str) -> list[AgentCommand]:
        """What the agent did in the browser, as soon as there is something."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if taken := take_commands(self.console.engine, [call_id], time.time()):
                return taken
            time.sleep(0.05)
        return []

    def connected(self, handoff: int) -> None:
        self.run(self.queue.connected(handoff))

    def over(self, call_id: str, handoff: int, agent: str) -> None:
        self.run(self.queue.release(handoff, agent, "wrap_up", "talked"))
        self.run(self.queue.finish(handoff, "completed"))
        self.records.ended(call_id, "agent", 90.0, {})
        self.flush()


@pytest.fixture
def worker(console: Console, tmp_path: Path) -> Iterator[Worker]:
    name = f"worker-{os.getpid()}-{tmp_path.name}"
    queue = SqlQueue(console.engine, name, promises="desk")
    made = Worker(console, SqlRecords(console.engine, name, tmp_path / "spill"), queue)
    yield made
    made.fall_silent()
    made.records.close()
    made.loop.call_soon_threadsafe(made.loop.stop)


def set_agent(console: Console, name: str, state: str) -> None:
    """Put an agent into a state, whatever was before."""
    with Session(console.engine) as session, session.begin():
        row = session.query(AgentRow).filter_by(name=name).one()
        row.state, row.call_id, row.since, row.rest_until = state, None, time.time(), 0.0


def agent_state(console: Console, name: str) -> str:
    with Session(console.engine) as session:
        return str(session.query(AgentRow).filter_by(name=name).one().state)


def escalated_ticket(console: Console, call_id: str) -> str:
    """A ticket that nobody answered in time."""
    asked = TicketRequest(CallerRef(call_id, LATE.phone), "food_safety", "quality/food", "面里有头发", None)
    policies, now = load_policies().values, datetime.now(UTC)
    database = open_engine(console.engine.url.render_as_string(hide_password=False))
    with Session(database) as session, session.begin():
        number = service.open_ticket(session, asked, now - timedelta(days=9), policies).number
        session.flush()
        overdue.chase(session, now, policies)
    database.dispose()
    return number


def agents_of(*names: str) -> tuple[AgentSettings, ...]:
    return tuple(AgentSettings(name=name, uri=f"sip:{name}@127.0.0.1:15490") for name in names)


__all__ = ["Console", "Worker", "agent_state", "agents_of", "enrol", "log_in", "set_agent"]
