"""Cases are POSTed to another system by whichever worker runs: again when it fails, once when it does not, without the console."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr.case_poster import CasePoster
from ivr.records import case_posts
from ivr.records.case_posts import CLAIM_SECONDS, PAUSES_SECONDS
from ivr.records.database import open_database
from ivr.records.journal import SqlRecords
from ivr.records.queue import SqlQueue
from ivr.records.tables import CasePostRow

pytestmark = pytest.mark.integration


class Receiver(BaseHTTPRequestHandler):
    """Fails the first time, then keeps what comes."""

    kept: list[dict[str, object]]
    keys: list[str]
    came: threading.Event

    def do_POST(self) -> None:
        self.keys.append(str(self.headers["Idempotency-Key"]))
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if len(self.keys) == 1:
            self.send_response(503)
        else:
            self.send_response(204)
            self.kept.append(json.loads(body))
            self.came.set()
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    Receiver.kept, Receiver.keys, Receiver.came = [], [], threading.Event()
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/cases"
    server.shutdown()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_database(f"sqlite:///{tmp_path / 'hotline.db'}")
    yield made
    made.dispose()


def posted(engine: Engine) -> bool:
    """Whether the one case is marked as posted."""
    with Session(engine) as session:
        return session.scalars(select(CasePostRow.posted_at)).one() is not None


async def test_case_is_posted_once_by_several_workers_and_again_after_a_failure(
    tmp_path: Path, url: str, engine: Engine
) -> None:
    posters = [asyncio.create_task(CasePoster(engine, url, tmp_path, "http://desk").run()) for _ in range(3)]
    records = SqlRecords(engine, "w", tmp_path / "spill")
    records.started("hook-1", "13800004567", "4008001234", "zh", "1")
    records.line("hook-1", "caller", "转人工", 3.0, {})
    await records.flush()
    await SqlQueue(engine, "w", posts=True).enter("hook-1", "general", "", "zh", 5, "agent")
    assert await asyncio.to_thread(Receiver.came.wait, 60)
    async with asyncio.timeout(60):
        while not posted(engine):  # noqa: ASYNC110 — what is waited for has no event
            await asyncio.sleep(0.05)
    await asyncio.sleep(1.0)  # and nobody posts it again
    for poster in posters:
        poster.cancel()
    await asyncio.gather(*posters, return_exceptions=True)
    records.close()
    (case,) = Receiver.kept
    assert "转人工" in json.dumps(case, ensure_ascii=False)
    assert Receiver.keys == ["hook-1-1", "hook-1-1"]


async def test_what_goes_wrong_is_said_without_the_address_whose_key_it_may_hold(
    tmp_path: Path, url: str, engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    poster = asyncio.create_task(CasePoster(engine, f"{url}?key=secret", tmp_path, "http://desk").run())
    records = SqlRecords(engine, "w", tmp_path / "spill")
    records.started("hook-3", "13800004567", "4008001234", "zh", "1")
    await records.flush()
    await SqlQueue(engine, "w", posts=True).enter("hook-3", "general", "", "zh", 5, "agent")
    faults: list[str] = []
    async with asyncio.timeout(60):
        while not any(faults):
            await asyncio.sleep(0.05)
            with Session(engine) as session:
                faults = list(session.scalars(select(CasePostRow.fault)))
    poster.cancel()
    await asyncio.gather(poster, return_exceptions=True)
    records.close()
    assert faults == ["answered 503"]
    assert "answered 503" in (said := capsys.readouterr().out)
    assert "secret" not in said


async def test_nothing_is_written_where_no_webhook_is(engine: Engine) -> None:
    await SqlQueue(engine, "w").enter("hook-2", "general", "", "zh", 5, "agent")
    with Session(engine) as session:
        assert session.scalars(select(CasePostRow)).all() == []


def test_who_claimed_and_died_is_replaced_and_a_deaf_receiver_is_given_up(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        case_posts.add(session, "c", 0.0)
        session.flush()
        (first,) = case_posts.claim(session, 0.0)
        assert case_posts.claim(session, CLAIM_SECONDS - 1) == []
        (second,) = case_posts.claim(session, CLAIM_SECONDS)
        assert (first.number, second.tries) == (second.number, 2)
        now = CLAIM_SECONDS
        post = second
        while case_posts.failed(session, post, "deaf", now):
            now += PAUSES_SECONDS[post.tries - 1]
            (post,) = case_posts.claim(session, now)
        assert post.tries == len(PAUSES_SECONDS) + 1
        assert case_posts.claim(session, now + 10**6) == []
