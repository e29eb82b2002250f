"""The HTTP API against its own description, and what it says of a call."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from tests.integration.console.conftest import LATE, PATIENCE_SECONDS, Console, Worker

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]
PATIENT = {"timeout": PATIENCE_SECONDS}


def get(console: Console, path: str, **headers: str) -> httpx.Response:
    token = {"authorization": f"Bearer {console.tokens['all']}"}
    return httpx.get(console.url + path, headers={**token, **headers}, timeout=PATIENCE_SECONDS)


def test_call_as_json_and_as_vcon(console: Console, worker: Worker) -> None:
    worker.call("api-1")
    call = get(console, "/api/calls/api-1").json()
    assert call["case"]["order.number"] == LATE.order_number
    assert [line["speaker"] for line in call["lines"]] == ["robot", "caller"]
    assert LATE.phone not in json.dumps(call)
    vcon = get(console, "/api/calls/api-1/vcon")
    assert vcon.headers["content-type"] == "application/vcon+json"
    assert vcon.json()["vcon"]
    assert get(console, "/api/calls/nothing").status_code == 404
    assert "api-1" in [each["id"] for each in get(console, "/api/calls?live=true").json()]


def test_queue_and_agents(console: Console, worker: Worker) -> None:
    worker.call("api-2")
    number = worker.run(worker.queue.enter("api-2", "general", "", "zh", 5, "refund_request"))
    queue = get(console, "/api/queue").json()
    assert [call["call_id"] for call in queue["calls"] if call["call_id"] == "api-2"] == ["api-2"]
    assert sum(queue["agents"].values()) == 3
    worker.run(worker.queue.finish(number, "completed"))
    assert {agent["name"] for agent in get(console, "/api/agents").json()} == {"anna", "bert", "carl"}


def test_events_come_as_they_happen_and_go_on_where_they_stopped(console: Console, worker: Worker) -> None:
    seen: list[str] = []
    welcomed = threading.Event()

    def listen() -> None:
        """From the server's welcome to the last event of this call."""
        token = {"authorization": f"Bearer {console.tokens['events']}"}
        url = f"{console.url}/api/events?seconds={PATIENCE_SECONDS}"
        with httpx.stream("GET", url, headers=token, timeout=PATIENCE_SECONDS) as stream:
            for line in stream.iter_lines():
                seen.append(line)
                welcomed.set()
                if '"call_id": "api-3"' in line and seen[-2] == "event: case":
                    return

    listener = threading.Thread(target=listen)
    listener.start()
    assert welcomed.wait(PATIENCE_SECONDS)
    worker.call("api-3")
    listener.join(2 * PATIENCE_SECONDS)
    mine = [number for number, line in enumerate(seen) if '"call_id": "api-3"' in line]
    assert [seen[number - 1] for number in mine] == ["event: call_started", "event: line", "event: line", "event: case"]
    last = seen[mine[0] - 2].removeprefix("id: ")
    again = get(console, "/api/events?seconds=0.5", **{"Last-Event-ID": last}).text
    assert again.count('"call_id": "api-3"') == 3


def test_orders_as_the_desk_has_them(console: Console) -> None:
    shown = get(console, f"/api/orders/{LATE.order_number}")
    assert shown.json()["customer"]["name"] == LATE.customer
    assert get(console, f"/api/orders/{LATE.order_number}/decisions/order_status").json()["reason"]
    note = {"author": "crm", "text": "x"}
    for scope, reads, changes in (("orders", 200, 403), ("service", 403, 403), ("calls", 403, 403), ("all", 200, 404)):
        token = {"authorization": f"Bearer {console.tokens[scope]}"}
        assert httpx.get(f"{console.url}/api/orders?tail=0000", headers=token, **PATIENT).status_code == reads, scope
        changed = httpx.post(f"{console.url}/api/orders/service/tickets/T0/notes", json=note, headers=token, **PATIENT)
        assert changed.status_code == changes, scope
    assert httpx.get(f"{console.url}/api/orders", **PATIENT).status_code == 401


def test_figures_for_prometheus(console: Console) -> None:
    token = {"authorization": f"Bearer {console.tokens['metrics']}"}
    text = httpx.get(console.url + "/metrics", headers=token, **PATIENT).text
    assert "hotline_queue_waiting " in text
    assert 'hotline_agents{state="away"}' in text


def test_documentation_is_served_from_here(console: Console) -> None:
    page = httpx.get(console.url + "/api/docs", **PATIENT).text
    assert "https://" not in page.replace("https://fastapi.tiangolo.com", "")
    assert httpx.get(console.url + "/api/docs-static/swagger-ui-bundle.js", **PATIENT).status_code == 200
    assert "/calls/{call_id}" in httpx.get(console.url + "/api/openapi.json", **PATIENT).json()["paths"]


def test_schemathesis_finds_nothing(console: Console, tmp_path: Path) -> None:
    """The events are left out here: a stream has no end for it to wait for."""
    program = Path(sys.executable).parent / "schemathesis"
    command = [
        str(program), "run", f"{console.url}/api/openapi.json", "--url", f"{console.url}/api",
        "-H", f"Authorization: Bearer {console.tokens['all']}", "--exclude-path", "/events",
        "--max-examples", "25", "--phases", "examples,coverage,fuzzing", "--generation-database", "none", "--no-color",
        "--seed", "1",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-12000:] + done.stderr[-2000:]


def test_api_leads_to_its_documentation(console: Console) -> None:
    for path in ("/api", "/api/"):
        answer = httpx.get(console.url + path, **PATIENT)
        assert (answer.status_code, answer.headers["location"]) == (303, "/api/docs")
