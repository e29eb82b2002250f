"""The order desk for people: command line and HTTP."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import typer
from fastapi import Depends, FastAPI, HTTPException
from fastapi.testclient import TestClient
from typer.testing import CliRunner, Result

from order_lookup import CallerRef, Policies, SqlOrderSystem, TicketRequest
from order_lookup.cli import db, orders
from order_lookup.demo import CASES
from order_lookup.http import router
from order_lookup.policies import FOLDER

NOW = datetime(2027, 3, 10, 6, 0, tzinfo=UTC)
LATE = CASES["late_food"]
app = typer.Typer()
app.add_typer(orders, name="orders")
app.add_typer(db, name="db")


@pytest.fixture
def run(database_file: Path):  # type: ignore[no-untyped-def]
    def runs(*words: str) -> Result:
        return CliRunner(env={"IVR_DATABASE": f"sqlite:///{database_file}", "COLUMNS": "200"}).invoke(app, words)

    return runs


def test_show_find_and_decide_as_json(run) -> None:  # type: ignore[no-untyped-def]
    shown = json.loads(run("orders", "show", LATE.order_number, "--json", "--now", NOW.isoformat()).stdout)
    assert shown["order"]["number"] == LATE.order_number
    assert shown["situations"] == ["late_delivery"]
    found = json.loads(run("orders", "find", "--tail", LATE.tail, "--phone", LATE.phone, "--json").stdout)
    assert [order["number"] for order in found] == [LATE.order_number]
    decided = json.loads(
        run("orders", "decide", "order_status", LATE.order_number, "--json", "--now", "2027-03-10T14:00:00").stdout
    )
    assert (decided["reason"], decided["level"]) == ("status_late", "high")
    low = run("orders", "decide", "order_status", LATE.order_number, "--level", "low", "--json")
    assert "address" in json.loads(low.stdout)["withheld"]


def test_tables_for_people(run) -> None:  # type: ignore[no-untyped-def]
    assert "牛肉面" in run("orders", "show", LATE.order_number).stdout
    assert LATE.order_number in run("orders", "find", "--item", "noodles").stdout
    assert "account_help" in run("orders", "decide", "account").stdout
    assert all(case.order_number in run("db", "numbers").stdout for case in list(CASES.values())[:3])


def test_the_bench_fills_measures_and_refuses_a_database_in_use(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    url = f"sqlite:///{tmp_path / 'crowd.db'}"
    measured = json.loads(run("orders", "bench", "--orders", "1000", "--json", "--database", url).stdout)
    assert (measured["orders"], len(measured["timings"]), len(measured["load"])) == (1000, 4, 3)
    assert all(0 < one["median_ms"] <= one["p95_ms"] <= one["worst_ms"] for one in measured["timings"])
    again = run("orders", "bench", "--orders", "1000", "--database", url)
    assert (again.exit_code, "empty database" in again.stderr) == (2, True)


def test_a_customer_can_be_taken_off_the_messages(run) -> None:  # type: ignore[no-untyped-def]
    assert run("orders", "messages", LATE.phone, "--refuse").stdout.strip() == "no messages any more"
    assert run("orders", "messages", LATE.phone, "--accept").stdout.strip() == "messages again"


def test_the_settings_own_policies_decide(database_file: Path, tmp_path: Path) -> None:
    for name in ("policies.yaml", "decisions.yaml"):
        text = (FOLDER / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("late_food_minutes: 10", "late_food_minutes: 55"), encoding="utf-8")
    config = tmp_path / "config.yaml"
    config.write_text("orders: {policies: .}\n", encoding="utf-8")
    words = ["orders", "show", LATE.order_number, "--json", "--now", NOW.isoformat(), "--config", str(config)]
    shown = CliRunner(env={"IVR_DATABASE": f"sqlite:///{database_file}"}).invoke(app, words)
    assert json.loads(shown.stdout)["situations"] == []


def test_times_are_those_of_the_shop_of_the_settings(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    config = tmp_path / "config.yaml"
    config.write_text("shop: 柏林面馆\ntime_zone: Europe/Berlin\n", encoding="utf-8")
    words = ("orders", "show", LATE.order_number, "--json", "--now", NOW.isoformat())
    placed = datetime.fromisoformat(json.loads(run(*words).stdout)["order"]["placed_at"])
    find = ("orders", "find", "--tail", LATE.tail, "--phone", LATE.phone)
    shown = {zone: f"{placed.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" for zone in ("Asia/Shanghai", "Europe/Berlin")}
    assert shown["Asia/Shanghai"] in run(*find, "--config", str(tmp_path / "none.yaml")).stdout
    assert shown["Europe/Berlin"] in run(*find, "--config", str(config)).stdout


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("workers: 2\ntime_zone: Mars/Olympus\n", "config.yaml:2:1: `time_zone`: no such time zone"),
        ("- shop\n", "config.yaml:1:1: should be `key: value` lines"),
    ],
)
def test_a_mistake_in_the_settings_is_one_line_too(run, tmp_path: Path, text: str, message: str) -> None:  # type: ignore[no-untyped-def]
    config = tmp_path / "config.yaml"
    config.write_text(text, encoding="utf-8")
    result = run("orders", "find", "--tail", LATE.tail, "--config", str(config))
    assert (result.exit_code, len(result.stderr.strip().splitlines())) == (2, 1)
    assert message in result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("orders", "messages", "13900000009", "--refuse"), "no customer has the phone 13900000009"),
        (("orders", "show", "302610726340"), "no order 302610726340"),
        (("orders", "show", "x" * 10_000), "no order x"),
        (("orders", "decide", "order_statu"), "did you mean `order_status`"),
        (("orders", "decide", "order_status", LATE.order_number, "--level", "sure"), "none, low, medium or high"),
        (("orders", "decide", "order_status", LATE.order_number, "--now", "yesterday"), "--now"),
        (("orders", "find"), "say what to look for"),
        (("orders", "find", "--day", "tomorrow"), "--day"),
        (("orders", "show", "1", "--database", "mysql://x/y"), "isn't supported"),
        (("orders", "show", "1", "--database", "nonsense"), "write it like"),
        (("orders", "show", "1", "--database", "sqlite:////proc/no/such.db"), "/proc/no"),
        (("db", "demo"), "--fresh"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(run, words: tuple[str, ...], message: str) -> None:  # type: ignore[no-untyped-def]
    result = run(*words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_the_database_of_the_settings_is_used(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("database:\n  url: sqlite:///var/shop.db\n", encoding="utf-8")
    result = CliRunner(env={"IVR_DATABASE": ""}).invoke(app, ["db", "path", "--config", str(config)])
    assert result.stdout.strip() == f"sqlite:///{tmp_path}/var/shop.db"
    hidden = CliRunner().invoke(app, ["db", "path", "--database", "postgresql://me:secret@host/db"])
    assert "secret" not in hidden.stdout
    upgraded = [
        CliRunner(env={"IVR_DATABASE": ""}).invoke(app, ["db", "upgrade", "--config", str(config)]) for _ in "ab"
    ]
    assert [u.stdout.strip() for u in upgraded] == ["brought up to date", "up to date already"]


def opened(system: SqlOrderSystem) -> Callable[[], Awaitable[SqlOrderSystem]]:
    async def desk() -> SqlOrderSystem:
        return system

    return desk


@pytest.fixture
def client(database_file: Path, policies: Policies) -> Iterator[TestClient]:
    system = SqlOrderSystem(f"sqlite:///{database_file}", policies, clock=lambda: NOW)
    api = FastAPI()
    api.include_router(router(opened(system)))
    with TestClient(api) as made:
        made.portal.call(
            system.open_ticket,
            TicketRequest(CallerRef("c", LATE.phone), "complaint", "service/courier", "骑手态度差", LATE.order_number),
        )  # type: ignore[union-attr]
        yield made
    system.database.close()


def test_orders_over_http(client: TestClient) -> None:
    assert client.get("/orders", params={"phone": LATE.phone}).json()[0]["number"] == LATE.order_number
    shown = client.get(f"/orders/{LATE.order_number}").json()
    assert shown["customer"]["name"] == LATE.customer
    decided = client.get(f"/orders/{LATE.order_number}/decisions/order_status").json()
    assert decided["offers"][1]["amount"] == {"minor_units": 330, "currency": "CNY"}
    assert client.get("/orders/1/decisions/order_status").status_code == 404
    unknown = client.get(f"/orders/{LATE.order_number}/decisions/order_statuss")
    assert (unknown.status_code, "did you mean `order_status`" in unknown.text) == (404, True)
    assert client.get("/orders/302610726340").status_code == 404
    assert client.get("/orders", params={"item": "x" * 100}).status_code == 422
    assert client.get("/orders/actions", params={"state": "done"}).json() == []


def test_service_over_http(client: TestClient) -> None:
    ticket = client.get("/orders/service/tickets").json()[0]
    number = ticket["number"]
    assert (ticket["queue"], ticket["summary"]) == ("senior", "骑手态度差")
    note = {"author": "李", "text": "已联系"}
    assert client.post(f"/orders/service/tickets/{number}/notes", json=note).status_code == 204
    assert client.post(f"/orders/service/tickets/{number}/notes", json={"author": "", "text": "x"}).status_code == 422
    assert client.post(f"/orders/service/tickets/{number}/close", json=note).status_code == 204
    assert client.post(f"/orders/service/tickets/{number}/close", json=note).status_code == 404
    history = client.get(f"/orders/service/tickets/{number}").json()["history"]
    assert [line["kind"] for line in history] == ["opened", "note", "closed"]
    promises = client.get("/orders/service/promises").json()
    assert {promise["overdue"] for promise in promises} == {True}
    kept = f"/orders/service/promises/{promises[0]['id']}/kept"
    assert [client.post(kept).status_code for _ in "ab"] == [204, 404]
    period = {"name": "typhoon", "rule": "storm", "starts_at": "2027-03-10T08:00:00", "ends_at": "2027-03-11T08:00:00"}
    assert client.post("/orders/service/periods", json=period).status_code == 204
    assert client.post("/orders/service/periods", json=period | {"rule": "x"}).status_code == 409
    assert client.post("/orders/service/periods", json=period | {"ends_at": 0}).status_code == 422
    assert client.get("/orders", params={"day": "0"}).status_code == 422
    stormy = client.get(f"/orders/{LATE.order_number}/decisions/order_status").json()
    assert "special_period" in stormy["situations"]


def test_the_routes_are_described_and_can_be_guarded(database_file: Path, policies: Policies) -> None:
    def nobody() -> None:
        raise HTTPException(401)

    system = SqlOrderSystem(f"sqlite:///{database_file}", policies)
    api = FastAPI()
    api.include_router(router(opened(system), reading=[Depends(nobody)]))
    client = TestClient(api)
    paths = [path.replace("{number}", "1").replace("{intent}", "invoice") for path in api.openapi()["paths"]]
    assert len(paths) >= 10
    for path in paths:
        assert 401 in {client.get(path).status_code, client.post(path.replace("{promise_id}", "1")).status_code}
    system.database.close()


def test_who_may_read_may_not_change(database_file: Path, policies: Policies) -> None:
    def nobody() -> None:
        raise HTTPException(403)

    system = SqlOrderSystem(f"sqlite:///{database_file}", policies)
    api = FastAPI()
    api.include_router(router(opened(system), changing=[Depends(nobody)]))
    client = TestClient(api)
    note = {"author": "李", "text": "x"}
    assert client.get("/orders/service/promises").status_code == 200
    for path, body in (
        ("tickets/T1/notes", note), ("tickets/T1/close", note), ("promises/1/kept", None), ("periods", {}),
    ):  # fmt: skip
        assert client.post(f"/orders/service/{path}", json=body).status_code == 403, path
    system.database.close()
