"""Who may hear which call, what is said where there is nothing to hear, and what stands in the audit afterwards."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.accounts import Role, Viewer
from ivr.config import Settings
from ivr.console import listening
from ivr.console.house import LISTENERS_PER_CALL, House, open_house
from ivr.console.live_sound import endless_header
from ivr.console.sound_routes import sound_routes
from ivr.console.sounds import ONE_HEARING_SECONDS
from ivr.records.staff import AuditRow
from ivr.records.tables import CallRow
from ivr.tracks import HEADER_BYTES, tracks

NOW = 1_700_000_000.0
DAY_SECONDS = 86_400.0
SAMPLES = 4000


@dataclass(slots=True)
class Hotline:
    """The routes over a database and a folder of recordings."""

    house: House
    app: FastAPI
    now: float = NOW

    def call(self, call_id: str, **row: Any) -> Path:
        with Session(self.house.engine) as session, session.begin():
            session.add(CallRow(**{"id": call_id, "started_at": NOW - 60, "case": {}, **row}))
        return self.house.recordings / f"{call_id}.wav"

    def get(self, path: str, role: Role = Role.SUPERVISOR, **headers: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://desk") as client:
                return await client.get(path, headers={"x-role": role.value, **headers})

        return asyncio.run(ask())

    def audited(self) -> list[tuple[str, str, str | None]]:
        with Session(self.house.engine) as session:
            rows = session.scalars(select(AuditRow).order_by(AuditRow.id))
            return [(row.account, row.what, row.call_id) for row in rows]


@pytest.fixture
def hotline(tmp_path: Path) -> Iterator[Hotline]:
    house = open_house(Settings(folder=tmp_path))
    house.recordings.mkdir(parents=True)
    app = FastAPI()
    app.include_router(sound_routes(house))

    @app.middleware("http")
    async def logged_in(request: Request, call_next: Any) -> Any:
        role = Role(request.headers["x-role"])
        request.state.viewer = Viewer(1, role.value, role, "en", None, "", "")
        return await call_next(request)

    made = Hotline(house, app)
    house.clock = lambda: made.now
    yield made
    house.engine.dispose()


def recorded(wav: Path) -> bytes:
    with wave.open(str(wav), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(bytes(range(200)) * 200)
    return wav.read_bytes()


def tracked(wav: Path) -> None:
    for track in tracks(wav):
        track.write_bytes(bytes(HEADER_BYTES) + b"\x01\x00" * SAMPLES)


def test_a_recording_is_played_and_can_be_wound(hotline: Hotline) -> None:
    whole = recorded(hotline.call("c-1", ended_at=NOW, recording="c-1.wav"))
    answer = hotline.get("/calls/c-1/recording")
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, "audio/wav", whole)
    assert "no-store" in answer.headers["cache-control"]
    part = hotline.get("/calls/c-1/recording", range="bytes=1000-1999")
    assert (part.status_code, part.content) == (206, whole[1000:2000])
    assert part.headers["content-range"] == f"bytes 1000-1999/{len(whole)}"
    assert hotline.get("/calls/c-1/recording", range="bytes=99999999-").status_code == 416


def test_one_hearing_is_one_line_of_the_audit(hotline: Hotline) -> None:
    recorded(hotline.call("c-1", ended_at=NOW, recording="c-1.wav"))
    for start in (500, 0, 1000):
        hotline.get("/calls/c-1/recording", range=f"bytes={start}-")
    assert hotline.audited() == [("supervisor", "recording_played", "c-1")]
    hotline.now += ONE_HEARING_SECONDS + 1
    hotline.get("/calls/c-1/recording", Role.ADMIN)
    hotline.get("/calls/c-1/recording")
    assert [who for who, _, _ in hotline.audited()] == ["supervisor", "admin", "supervisor"]


@pytest.mark.parametrize("what", ["recording", "live"])
@pytest.mark.parametrize("role", [Role.AGENT, Role.OPERATIONS])
def test_agents_and_operations_hear_nothing(hotline: Hotline, role: Role, what: str) -> None:
    recorded(hotline.call("over", ended_at=NOW, recording="over.wav"))
    tracked(hotline.call("now"))
    for call_id in ("over", "now", "unknown"):
        assert hotline.get(f"/calls/{call_id}/{what}", role).status_code == 403
    assert hotline.audited() == []


@pytest.mark.parametrize("what", ["recording", "live"])
@pytest.mark.parametrize(
    "call_id", ["unknown", "..", "%2e%2e", "..%2fsecret", "%2fetc%2fpasswd", "secret.wav", "a%00b", "x" * 5000, "c-1%2f..%2fsecret"]
)  # fmt: skip
def test_no_path_comes_from_the_browser(hotline: Hotline, call_id: str, what: str) -> None:
    recorded(hotline.house.recordings.parent / "secret.wav")
    tracked(hotline.house.recordings.parent / "secret.wav")
    recorded(hotline.house.recordings / "secret.wav")
    assert hotline.get(f"/calls/{call_id}/{what}").status_code == 404
    assert hotline.audited() == []


def test_neither_a_name_nor_a_link_in_the_records_leads_out_of_the_folder(hotline: Hotline) -> None:
    secret = hotline.house.recordings.parent / "secret.wav"
    recorded(secret)
    hotline.call("c-1", ended_at=NOW, recording="../secret.wav")
    hotline.call("c-2", ended_at=NOW, recording=str(secret))
    hotline.call("c-3", ended_at=NOW, recording="c-3.wav").symlink_to(secret)
    for call_id in ("c-1", "c-2", "c-3"):
        assert hotline.get(f"/calls/{call_id}/recording").status_code == 404


def test_a_recording_that_was_rescued_is_found_though_the_row_has_no_name(hotline: Hotline) -> None:
    whole = recorded(hotline.call("c-1", disposition="line_lost"))
    assert hotline.get("/calls/c-1/recording").content == whole


@pytest.mark.parametrize(
    ("row", "left", "words"),
    [
        ({"ended_at": NOW}, False, "Not recorded"),
        ({"ended_at": NOW, "started_at": NOW - 91 * DAY_SECONDS}, False, "when its time was over"),
        ({"ended_at": NOW, "recording": "c-1.wav"}, True, "try again in a moment"),
        ({"ended_at": NOW, "recording": "c-1.wav"}, False, "not on this machine"),
        ({}, True, "still going on"),
    ],
    ids=["never", "expired", "merging", "elsewhere", "live"],
)
def test_who_finds_no_recording_is_told_why(hotline: Hotline, row: dict[str, Any], left: bool, words: str) -> None:
    wav = hotline.call("c-1", **row)
    if left:
        tracked(wav)
    answer = hotline.get("/calls/c-1/recording")
    assert answer.status_code == 404
    assert words in answer.text


def test_a_call_is_heard_while_it_goes_on_and_that_stands_in_the_audit(
    hotline: Hotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "STALLED_SECONDS", 0.2)
    tracked(hotline.call("c-1"))
    answer = hotline.get("/calls/c-1/live")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/wav")
    assert answer.content == endless_header() + b"\x01\x00" * 2 * SAMPLES
    assert [what for _, what, _ in hotline.audited()] == ["listen_in", "listened_in"]
    with Session(hotline.house.engine) as session:
        assert session.scalars(select(AuditRow.details)).all()[-1] == {"from_second": NOW, "to_second": NOW}
    assert hotline.house.listeners.free("c-1")


def test_who_comes_when_all_places_are_taken_is_told_so(hotline: Hotline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "STALLED_SECONDS", 0.1)
    tracked(hotline.call("c-1"))
    for _ in range(LISTENERS_PER_CALL):
        assert hotline.house.listeners.take("c-1")
    answer = hotline.get("/calls/c-1/live")
    assert (answer.status_code, hotline.audited()) == (429, [])
    hotline.house.listeners.leave("c-1")
    assert hotline.get("/calls/c-1/live").status_code == 200


def test_a_call_that_is_not_recorded_or_over_cannot_be_listened_in_to(hotline: Hotline) -> None:
    hotline.call("silent")
    recorded(hotline.call("over", ended_at=NOW, recording="over.wav"))
    assert "isn't being recorded" in hotline.get("/calls/silent/live").text
    assert "The call is over" in hotline.get("/calls/over/live").text
    assert hotline.get("/calls/silent/live").status_code == hotline.get("/calls/over/live").status_code == 404
