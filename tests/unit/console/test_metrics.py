"""`/metrics`: every name that docs/running.md lists and no other, with real figures behind them; also while the database is away."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.middleware.base import RequestResponseEndpoint

from ivr import accounts
from ivr.config import Settings
from ivr.config_sip import SipSettings, Tls
from ivr.console.feed import Feed
from ivr.console.figures import figures_route
from ivr.console.house import House
from ivr.household import Household
from ivr.records import spill
from ivr.records.database import bring_up_to_date, open_database
from ivr.records.doors import LiveHours
from ivr.records.tables import CasePostRow, HandoffRow
from tests.unit.telephony.test_certificate import make

ROOT = Path(__file__).parents[3]
WELL = Household(
    wanted={"worker": 2, "edge": 1},
    serving={"worker": 1, "edge": 1},
    restarts={"worker": {"died": 3, "hung": 1}, "edge": {"died": 0, "hung": 2}},
    unwritten=7,
    oldest_unwritten_seconds=61.5,
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'hotline.db'}"
    bring_up_to_date(url)
    made = open_database(url)
    yield made
    made.dispose()


@pytest.fixture
async def asked(engine: Engine, tmp_path: Path) -> httpx.AsyncClient:
    """Whoever asks a console of this house, with a token."""
    certificate, key = make(tmp_path, "30")
    settings = Settings(folder=tmp_path, sip=SipSettings(tls=Tls(certificate=certificate, key=key)))
    settings.path(settings.records.recordings).mkdir(parents=True)
    hours = LiveHours(engine, settings.hours.of_house("UTC"), frozenset({"general"}))
    house = House(settings, engine, Feed(engine), SimpleNamespace(), SimpleNamespace(), hours)  # type: ignore[arg-type]
    house.household = WELL
    app = FastAPI()

    @app.middleware("http")
    async def nobody_logged_in(request: Request, answer: RequestResponseEndpoint) -> Response:
        request.state.viewer = None
        try:
            return await answer(request)
        except SQLAlchemyError:
            return Response(status_code=503)

    app.include_router(figures_route(house))
    with Session(engine) as session, session.begin():
        token = accounts.add_token(session, "prometheus", ["metrics"], time.time())
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(transport=transport, base_url="http://x", headers={"Authorization": f"Bearer {token}"})


def names(told: str) -> set[str]:
    """As Prometheus has them: a counter's ends in `_total`."""
    families = text_string_to_metric_families(told)
    return {each.name + ("_total" if each.type == "counter" else "") for each in families}


def documented() -> set[str]:
    """The first column of the table of metrics."""
    section = (ROOT / "docs/running.md").read_text(encoding="utf-8").partition("### Metrics")[2].partition("\n#")[0]
    return {
        name
        for row in re.findall(r"^\| (.*?) \|", section, re.MULTILINE)
        for name in re.findall(r"`(hotline_\w+)", row)
    }


async def test_the_document_names_each_metric_there_is_and_no_other(asked: httpx.AsyncClient) -> None:
    assert names((await asked.get("/metrics")).text) == documented()


def test_alerts_ask_for_metrics_there_are() -> None:
    watched = (ROOT / "docs/running.md").read_text(encoding="utf-8").partition("| alert when")[2].partition("\n\n")[0]
    assert set(re.findall(r"hotline_\w+", watched)) <= documented()


async def test_processes_spool_and_outboxes_are_told_as_they_are(
    asked: httpx.AsyncClient, engine: Engine, tmp_path: Path
) -> None:
    now, folder = time.time(), tmp_path / "var/recordings/spill"
    entry = {"entry": "event", "call_id": "c1", "at": 1.0, "row": {}}
    for refused in (False, False, True):
        spill.keep(folder, entry, refused)
    with Session(engine) as session, session.begin():
        session.add(CasePostRow(call_id="c1", created_at=now - 700, due_at=now))
        session.add(HandoffRow(
            call_id="c1", queue="general", language="zh", reason="", state="ended", outcome="lost", worker="w",
            enqueued_at=now - 90, ended_at=now - 80, heartbeat_at=now - 90, briefing={}, caller="1", excluded=[],
            follow_up="due",
        ))  # fmt: skip
    told = (await asked.get("/metrics")).text
    for line in (
        'hotline_processes_wanted{kind="worker"} 2.0',
        'hotline_processes_serving{kind="worker"} 1.0',
        'hotline_process_restarts_total{cause="hung",kind="edge"} 2.0',
        'hotline_process_restarts_total{cause="died",kind="edge"} 0.0',
        "hotline_records_unwritten 7.0",
        "hotline_records_oldest_unwritten_seconds 61.5",
        "hotline_records_spilled 2.0",
        "hotline_records_refused 1.0",
        'hotline_outbox_waiting{kind="case"} 1.0',
        'hotline_outbox_waiting{kind="callback"} 1.0',
        'hotline_outbox_waiting{kind="letter"} 0.0',
        'hotline_outbox_given_up{kind="letter"} 0.0',
        "hotline_database_up 1.0",
    ):
        assert line in told.splitlines(), line
    ages = dict(re.findall(r'hotline_outbox_oldest_seconds\{kind="(\w+)"\} (\S+)', told))
    assert 700 <= float(ages["case"]) < 1000
    assert 80 <= float(ages["callback"]) < 400


async def test_while_the_database_is_away_the_house_still_tells_how_it_does(
    asked: httpx.AsyncClient, engine: Engine
) -> None:
    """The alert for it could never ring: there were no figures at all then."""
    assert (await asked.get("/metrics")).status_code == 200
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE api_tokens RENAME TO away"))
    told = await asked.get("/metrics")
    assert "hotline_database_up 0.0" in told.text.splitlines()
    assert "hotline_records_oldest_unwritten_seconds 61.5" in told.text.splitlines()
    stranger = await asked.get("/metrics", headers={"Authorization": "Bearer guessed"})
    assert stranger.status_code == 503
