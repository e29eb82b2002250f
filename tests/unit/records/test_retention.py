"""Recordings, transcripts and the feed are kept as long as told, and no longer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from ivr.__main__ import build
from ivr.records.database import open_database
from ivr.records.retention import DAY_SECONDS, Keep, forget
from ivr.records.staff import AccountRow, AuditRow, SessionRow
from ivr.records.tables import (
    AgentCommandRow,
    CallbackAttemptRow,
    CallRow,
    CasePostRow,
    EventRow,
    HandoffRow,
    LineRow,
    WrapUpRow,
)

NOW = 1_900_000_000.0
KEEP = Keep(recordings=90, transcripts=180, events=7, audit=365)


def ago(days: float) -> float:
    return NOW - days * DAY_SECONDS


def fill(engine: Engine, folder: Path, days: dict[str, float]) -> None:
    """A call with everything that hangs on it, for each name so many days ago."""
    folder.mkdir(parents=True, exist_ok=True)
    with Session(engine) as session, session.begin():
        for name, age in days.items():
            at = ago(age)
            (folder / f"{name}.wav").write_bytes(b"RIFF")
            os.utime(folder / f"{name}.wav", (at, at))
            call = CallRow(id=name, caller="138****5678", started_at=at, ended_at=at + 60, recording=f"{name}.wav")
            call.case, call.disposition = {"intent": "complaint", "customer.name": "王芳"}, "settled"
            session.add(call)
            session.flush()
            session.add(LineRow(call_id=name, position=1, speaker="caller", text="我叫王芳", seconds=1.0))
            handoff = HandoffRow(call_id=name, queue="general", caller="13812345678", state="ended", enqueued_at=at)
            handoff.briefing = {"customer.name": "王芳"}
            session.add(handoff)
            session.add(
                WrapUpRow(call_id=name, handoff_id=1, agent_id=1, started_at=at, finished_at=at, note="王芳来电")
            )
            session.add(CasePostRow(call_id=name, created_at=at, due_at=at, posted_at=at))
            session.add(AgentCommandRow(call_id=name, agent_id=1, command="note", created_at=at))
            session.add(EventRow(at=at, kind="line", call_id=name, data={"text": "我叫王芳"}))
            session.add(CallbackAttemptRow(promise=f"desk:{age}", number_of_try=1, at=at, outcome="busy"))
            session.add(AuditRow(at=at, account="anna", what="number shown", call_id=name))


def count(engine: Engine, table: type) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def kept_as_told(engine: Engine, folder: Path) -> None:
    """On SQLite here, on PostgreSQL in the integration tests."""
    fill(engine, folder, {"ancient": 400, "old": 200, "middle": 100, "week": 8, "new": 1})
    said = forget(engine, folder, KEEP, NOW)
    assert said == {
        "recordings deleted": 3,
        "transcripts deleted": 2,
        "handoffs masked": 2,
        "notes deleted": 2,
        "cases deleted": 2,
        "commands deleted": 4,
        "events deleted": 4,
        "attempts to call back deleted": 4,
        "audit lines deleted": 1,
    }
    assert sorted(file.stem for file in folder.glob("*.wav")) == ["new", "week"]
    with Session(engine) as session:
        old, middle = session.get_one(CallRow, "old"), session.get_one(CallRow, "middle")
        assert (old.caller, old.disposition, old.case["intent"]) == ("", "settled", "complaint")
        assert "王芳" not in str(old.case)
        assert (middle.caller, middle.case["customer.name"], middle.recording) == ("138****5678", "王芳", "")
        briefings = {row.call_id: (row.caller, row.briefing) for row in session.scalars(select(HandoffRow))}
        assert briefings["old"] == ("", {})
        assert briefings["middle"] == ("13812345678", {"customer.name": "王芳"})
    assert [count(engine, table) for table in (CallRow, HandoffRow, WrapUpRow)] == [5, 5, 5]
    assert [count(engine, table) for table in (LineRow, CasePostRow, EventRow, AuditRow)] == [3, 3, 1, 4]
    assert forget(engine, folder, KEEP, NOW) == {}


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_database(f"sqlite:///{tmp_path / 'hotline.db'}")


def test_each_kind_is_kept_as_long_as_told(engine: Engine, tmp_path: Path) -> None:
    kept_as_told(engine, tmp_path / "recordings")


def test_a_callback_that_is_owed_keeps_its_number(engine: Engine, tmp_path: Path) -> None:
    fill(engine, tmp_path, {"old": 200})
    with Session(engine) as session, session.begin():
        session.scalars(select(HandoffRow)).one().callback_due_at = ago(199)
    assert "handoffs masked" not in forget(engine, tmp_path, KEEP, NOW)
    with Session(engine) as session, session.begin():
        session.scalars(select(HandoffRow)).one().called_back_at = ago(198)
    assert forget(engine, tmp_path, KEEP, NOW) == {"handoffs masked": 1}


def test_ids_of_the_feed_are_never_given_out_again(engine: Engine, tmp_path: Path) -> None:
    fill(engine, tmp_path, {"a": 300, "b": 299})
    forget(engine, tmp_path, KEEP, NOW)
    with Session(engine) as session, session.begin():
        session.add(EventRow(at=NOW, kind="line", data={}))
    with Session(engine) as session:
        assert session.scalars(select(EventRow.id).order_by(EventRow.id)).all() == [2, 3]


def test_a_recording_that_no_call_knows_of_goes_too(engine: Engine, tmp_path: Path) -> None:
    fill(engine, tmp_path, {"known": 1})
    (tmp_path / "spill").mkdir()
    tracks = ("killed.wav.left", "killed.wav.right", "killed.wav.part-9")
    strays = ("stray.wav", *tracks, "spill/17.jsonl", "spill/18.claimed-9")
    for name, age in (*((name, 100) for name in strays), ("young.wav", 1), ("talking.wav.left", 0)):
        (tmp_path / name).write_bytes(b"RIFF")
        os.utime(tmp_path / name, (ago(age), ago(age)))
    assert forget(engine, tmp_path, KEEP, NOW) == {"recordings without a call deleted": len(strays)}
    assert sorted(file.name for file in tmp_path.rglob("*.*")) == [
        "hotline.db", "hotline.db-shm", "hotline.db-wal", "known.wav", "talking.wav.left", "young.wav",
    ]  # fmt: skip


def test_logins_of_yesterday_are_forgotten_with_their_addresses(engine: Engine, tmp_path: Path) -> None:
    with Session(engine) as session, session.begin():
        session.add(AccountRow(id=1, name="anna", role="agent", password_hash="", created_at=0.0))
        session.flush()
        for name, age in (("over", 2), ("today", 0)):
            times = {"created_at": ago(age), "seen_at": ago(age)}
            session.add(SessionRow(token_hash=name, account_id=1, csrf="", address="10.0.0.1", **times))
    assert forget(engine, tmp_path, KEEP, NOW) == {"logins deleted": 1}
    with Session(engine) as session:
        assert session.scalars(select(SessionRow.token_hash)).all() == ["today"]


def test_a_name_in_the_database_never_leads_out_of_the_folder(engine: Engine, tmp_path: Path) -> None:
    folder, outside = tmp_path / "recordings", tmp_path / "outside.wav"
    fill(engine, folder, {"old": 200})
    outside.write_bytes(b"RIFF")
    with Session(engine) as session, session.begin():
        session.get_one(CallRow, "old").recording = "../outside.wav"
    forget(engine, folder, KEEP, NOW)
    assert outside.exists()


def test_by_hand_it_says_what_it_did(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("retention: {recordings_days: 30}\n", encoding="utf-8")
    engine = open_database(f"sqlite:///{tmp_path / 'var/hotline.db'}")
    fill(engine, tmp_path / "var/recordings", {"old": 10_000})
    runs = [
        CliRunner().invoke(build("forget"), ["forget", "--config", str(tmp_path / "config.yaml")]) for _ in range(2)
    ]
    assert [run.exit_code for run in runs] == [0, 0], runs[0].output
    assert "1  recordings deleted" in runs[0].stdout
    assert runs[1].stdout.strip() == "nothing is older than it may be"
