"""Cases are POSTed to another system, again when it does not answer well the first time."""

from __future__ import annotations

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from ivr.config import Settings
from ivr.console.house import open_house
from ivr.console.webhook import post_cases
from ivr.records.database import open_database
from ivr.records.journal import SqlRecords
from ivr.records.queue import SqlQueue

pytestmark = pytest.mark.integration


class Receiver(BaseHTTPRequestHandler):
    """Fails the first time, then keeps what comes."""

    kept: list[dict[str, object]]
    came: threading.Event
    asked = 0

    def do_POST(self) -> None:
        type(self).asked += 1
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if type(self).asked == 1:
            self.send_response(503)
        else:
            self.send_response(204)
            self.kept.append(json.loads(body))
            self.came.set()
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


async def test_case_is_posted_when_the_caller_enters_the_queue(tmp_path: Path) -> None:
    Receiver.kept, Receiver.came, Receiver.asked = [], threading.Event(), 0
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = Settings(folder=tmp_path)
    engine = open_database(settings.database_url)
    house = open_house(settings)
    url = f"http://127.0.0.1:{server.server_port}/cases"
    duties = [asyncio.create_task(house.feed.run()), asyncio.create_task(post_cases(house, url))]
    await asyncio.sleep(0.5)
    records = SqlRecords(engine, "w", tmp_path / "spill")
    records.started("hook-1", "13800004567", "4008001234", "zh", "1")
    records.line("hook-1", "caller", "转人工", 3.0, {})
    await records.flush()
    await SqlQueue(engine, "w").enter("hook-1", "general", "", "zh", 5, "agent")
    assert await asyncio.to_thread(Receiver.came.wait, 15)
    for duty in duties:
        duty.cancel()
    await asyncio.gather(*duties, return_exceptions=True)
    records.close()
    server.shutdown()
    (case,) = Receiver.kept
    assert Receiver.asked == 2
    assert "转人工" in json.dumps(case, ensure_ascii=False)
