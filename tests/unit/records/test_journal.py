"""Records: everything given is written once, in order, also when the database is away for a while."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from ivr.records import spill
from ivr.records.database import open_database
from ivr.records.journal import SqlRecords
from ivr.records.processes import own_name
from ivr.records.tables import CallRow, EventRow, LineRow
from ivr.records.vcon import vcon
from ivr.values import Digits, Money, Name


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'hotline.db'}")
    yield engine
    engine.dispose()


def records(engine: Engine, folder: Path) -> SqlRecords:
    return SqlRecords(engine, "worker-0", folder / "spill")


def call(records: SqlRecords) -> None:
    records.started("c1", "13800138000", "hotline", "zh", "v1")
    records.line("c1", "robot", "您好", 0.5, {"prompt": "greeting"})
    records.line(
        "c1", "caller", "我的电话是13800138000", 3.0, {"hypotheses": [{"text": "13800138000", "confidence": 0.9}]}
    )
    records.case("c1", {"order.number": Digits("302610726346"), "phone": "13800138000", "amount": Money(1250)})
    records.ended("c1", "settled", 12.0, {"satisfaction": 5})


async def test_a_call_is_written_whole_in_order_and_masked(engine: Engine, tmp_path: Path) -> None:
    kept = records(engine, tmp_path)
    call(kept)
    await kept.flush()
    with Session(engine) as session:
        row = session.get_one(CallRow, "c1")
        assert (row.caller, row.disposition, row.satisfaction) == ("138****8000", "settled", 5)
        assert row.case["order.number"] == "302610726346"
        assert row.case["phone"] == "138****8000"
        assert row.case["amount"] == {"minor_units": 1250, "currency": "CNY"}
        lines = session.scalars(select(LineRow).order_by(LineRow.position)).all()
        assert [line.speaker for line in lines] == ["robot", "caller"]
        assert "13800138000" not in json.dumps([[line.text, line.details] for line in lines])
        kinds = [event.kind for event in session.scalars(select(EventRow).order_by(EventRow.id))]
        assert kinds == ["call_started", "line", "line", "case", "call_ended"]
    kept.close()


async def test_the_number_in_full_is_kept_while_the_call_goes_on_and_nowhere_else(
    engine: Engine, tmp_path: Path
) -> None:
    kept = records(engine, tmp_path)
    kept.started("c1", "13800138000", "hotline", "zh", "v1")
    await kept.flush()
    with Session(engine) as session:
        assert session.get_one(CallRow, "c1").number == "13800138000"
        assert "13800138000" not in json.dumps([event.data for event in session.scalars(select(EventRow))])
    kept.ended("c1", "settled", 12.0, {})
    await kept.flush()
    with Session(engine) as session:
        assert session.get_one(CallRow, "c1").number == ""
    kept.close()


async def test_names_addresses_and_notes_of_customers_are_masked_in_case_and_feed(
    engine: Engine, tmp_path: Path
) -> None:
    """What a verified caller may hear is not for everybody who reads the call, the feed or the webhook."""
    kept = records(engine, tmp_path)
    kept.started("c1", "13800138000", "hotline", "zh", "v1")
    told = {"customer.name": Name("王芳"), "order.recipient": "Grace Miller", "fact.courier": Name("赵师傅")}
    kept.case("c1", told | {"order.address": "和平路157号", "fact.note": "门禁 4711", "offer.name": "refund_full"})
    await kept.flush()
    with Session(engine) as session:
        case = session.get_one(CallRow, "c1").case
        feed = json.dumps([event.data for event in session.scalars(select(EventRow))], ensure_ascii=False)
    assert case == {
        "customer.name": "王*", "order.recipient": "Grace M*", "fact.courier": "赵*",
        "order.address": "＊＊＊", "fact.note": "＊＊＊", "offer.name": "refund_full",
    }  # fmt: skip
    assert not [private for private in ("王芳", "Miller", "157", "4711") if private in feed]
    kept.close()


def test_an_error_of_the_database_tells_the_log_no_numbers(engine: Engine) -> None:
    with pytest.raises(OperationalError) as refused, engine.begin() as connection:
        connection.execute(text("UPDATE elsewhere SET number = :number"), {"number": "13800138000"})
    assert "elsewhere" in str(refused.value)
    assert "13800138000" not in str(refused.value)


async def test_an_entry_that_can_never_be_written_holds_up_no_other(engine: Engine, tmp_path: Path) -> None:
    kept = records(engine, tmp_path)
    kept.line("never-started", "caller", "您好", 0.5, {})  # its call is not there
    kept.started("c1", "13800138000", "hotline", "zh", "v1")
    kept.line("c1", "note", "a\0b\ud800", 0.5, {"text\0": "\0"})  # PostgreSQL keeps no NUL, nobody half a character
    await asyncio.wait_for(kept.flush(), 10)
    kept.close()
    with Session(engine) as session:
        assert [line.text for line in session.scalars(select(LineRow))] == ["ab?"]
    (left,) = (tmp_path / "spill").glob("*.jsonl")
    assert "never-started" in left.read_text(encoding="utf-8")


async def test_the_name_of_a_recording_is_no_telephone_number(engine: Engine, tmp_path: Path) -> None:
    kept = records(engine, tmp_path)
    kept.started("c1", "13800138000", "hotline", "zh", "v1")
    kept.ended("c1", "settled", 12.0, {"recording": "b5769f26226447138001380003c499e.wav"})
    await kept.flush()
    with Session(engine) as session:
        assert session.get_one(CallRow, "c1").recording == "b5769f26226447138001380003c499e.wav"
    kept.close()


async def test_a_database_that_was_away_gets_everything_once(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE calls RENAME TO calls_away"))
    kept = records(engine, tmp_path)
    call(kept)
    kept.close(patience_seconds=5)
    spilled = list((tmp_path / "spill").glob("*.jsonl"))
    assert len(spilled) == 1
    assert "13800138000" not in spilled[0].read_text(encoding="utf-8")
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE calls_away RENAME TO calls"))
    again = records(engine, tmp_path)
    await again.flush()
    with Session(engine) as session:
        assert session.get_one(CallRow, "c1").disposition == "settled"
        assert len(session.scalars(select(LineRow)).all()) == 2
    again.close()
    assert list((tmp_path / "spill").glob("*.jsonl")) == []


async def test_an_entry_that_comes_twice_is_written_once(engine: Engine, tmp_path: Path) -> None:
    first, second = records(engine, tmp_path), records(engine, tmp_path)
    for kept in (first, second):
        call(kept)
        await kept.flush()
        kept.close()
    with Session(engine) as session:
        assert len(session.scalars(select(LineRow)).all()) == 2


async def test_a_call_is_exported_as_a_valid_vcon(engine: Engine, tmp_path: Path) -> None:
    kept = records(engine, tmp_path)
    call(kept)
    await kept.flush()
    kept.close()
    with Session(engine) as session:
        container = vcon(session, "c1", tmp_path, "https://desk.example")
    assert container["parties"][0]["tel"] == "tel:138****8000"
    transcript = json.loads(container["analysis"][0]["body"])
    assert [line["speaker"] for line in transcript["lines"]] == ["robot", "caller"]
    assert container["dialog"][0]["type"] == "incomplete"


async def test_a_recording_is_in_the_vcon_with_its_hash(engine: Engine, tmp_path: Path) -> None:
    kept = records(engine, tmp_path)
    kept.started("c2", "", "hotline", "en", "v1")
    (tmp_path / "c2.wav").write_bytes(b"RIFF")
    kept.ended("c2", "settled", 1.0, {"recording": "c2.wav"})
    await kept.flush()
    kept.close()
    with Session(engine) as session:
        container = vcon(session, "c2", tmp_path, "https://desk.example/")
        [dialog] = container["dialog"]
    assert dialog["type"] == "recording"
    assert dialog["content_hash"].startswith("sha512-")
    assert (dialog["url"], dialog["filename"]) == ("https://desk.example/calls/c2/recording", "c2.wav")
    assert str(tmp_path) not in json.dumps(container)


async def test_at_the_end_a_database_that_is_away_is_not_waited_for_and_nothing_is_lost(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that is gone takes seconds to say so, each time; whoever asked for everything to be written has gone meanwhile."""
    asked = 0

    def away(*_: object) -> None:
        nonlocal asked
        asked += 1
        time.sleep(0.3)
        raise OperationalError("", {}, Exception("gone"))

    monkeypatch.setattr("ivr.records.journal.write", away)
    kept = records(engine, tmp_path)
    call(kept)
    await asyncio.sleep(0.5)
    assert kept.waiting[0] == 5
    assert kept.waiting[1] > 0
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(kept.flush(), 0.1)
    for position in range(30):
        kept.event("c1", "late", {"position": position})
    kept.close(3.0)
    assert asked < 5
    assert spill.waiting(tmp_path / "spill") == 35


async def test_a_process_that_dies_while_it_writes_the_spool_loses_nothing_of_it(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had read the file, and deleted it: what was not written yet was gone with it."""
    folder, first = tmp_path / "spill", records(engine, tmp_path)
    first.started("c1", "13800138000", "hotline", "zh", "v1")
    await first.flush()
    first.close()
    for position in (1, 2):
        row = {"position": position, "speaker": "caller", "text": "x", "seconds": 1.0, "details": {}}
        spill.keep(folder, {"entry": "line", "call_id": "c1", "at": 1.0, "row": row})
    assert len(list(spill.take_over(folder))) == 1  # by a process that got no further
    (claimed,) = folder.glob("*.claimed-*")
    assert list(spill.take_over(folder)) == [], "it may be at it still"
    gone = claimed.rename(Path(str(claimed).replace(f":{os.getpid()}:", f":{os.getppid()}:")))
    assert list(spill.take_over(folder)) == [], "it may be another host's, who shares the folder"
    os.utime(gone, (1.0, 1.0))
    kept = records(engine, tmp_path)
    await kept.flush()
    with Session(engine) as session:
        assert sorted(session.scalars(select(LineRow.position))) == [1, 2]
    kept.close()
    assert spill.waiting(folder) == 0


async def test_a_line_that_comes_after_the_calls_end_is_in_its_transcript(engine: Engine, tmp_path: Path) -> None:
    """Who hangs up while waiting: what became of the ticket is known when the call is over."""
    kept = records(engine, tmp_path)
    call(kept)
    kept.line("c1", "note", "ticket: done", 12.5, {"kind": "abandoned"})
    await kept.flush()
    kept.close()
    with Session(engine) as session:
        lines = session.scalars(select(LineRow).order_by(LineRow.position)).all()
    assert [(line.position, line.speaker) for line in lines] == [(1, "robot"), (2, "caller"), (3, "note")]


async def test_in_a_container_where_numbers_of_processes_come_again_the_spool_is_read_all_the_same(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, row = tmp_path / "spill", {"kind": "x", "data": {}}
    spill.keep(folder, {"entry": "event", "call_id": "c1", "at": 1.0, "row": row})
    monkeypatch.setattr(spill, "own_name", lambda part: own_name(part).rpartition(":")[0] + ":1.0000")
    assert len(list(spill.take_over(folder))) == 1  # by one of our number, which was killed before it had written them
    monkeypatch.undo()
    spill.keep(folder, {"entry": "event", "call_id": "c2", "at": 1.0, "row": row})
    (claimed,) = folder.glob("*.claimed-*")
    os.utime(claimed, (1.0, 1.0))
    taken = list(spill.take_over(folder))
    assert sorted(entry["call_id"] for _, entries in taken for entry in entries) == ["c1", "c2"]
    assert len({file for file, _ in taken}) == 2


def left_by_another(folder: Path, engine: Engine) -> Path:
    """A call as a process left it in the spool a minute ago, with a caller's word of two lines."""
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE calls RENAME TO calls_away"))
    dying = records(engine, folder)
    call(dying)
    dying.event("c1", "note", {"text": "one\u2028two"})
    dying.close(patience_seconds=5)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE calls_away RENAME TO calls"))
    (file,) = (folder / "spill").glob("*.jsonl")
    minute_ago = time.time() - 60.0
    os.utime(file, (minute_ago, minute_ago))
    return file


def told(engine: Engine) -> list[str]:
    with Session(engine) as session:
        return list(session.scalars(select(EventRow.kind).order_by(EventRow.id)))


CALL = ["call_started", "line", "line", "case", "call_ended", "note"]


async def test_a_living_process_writes_what_another_left_once(engine: Engine, tmp_path: Path) -> None:
    """It waited for a process that starts; what is written just now is let alone, for more may come."""
    living, other = records(engine, tmp_path), records(engine, tmp_path)
    file = left_by_another(tmp_path, engine)
    os.utime(file)
    living.take_over(30.0)
    assert file.exists()
    os.utime(file, (1.0, 1.0))
    for kept in (living, other, living):
        kept.take_over(30.0)
    for kept in (living, other):
        await kept.flush()
        kept.close()
    assert told(engine) == CALL
    assert list((tmp_path / "spill").iterdir()) == []


async def test_what_was_written_before_its_writer_died_is_not_written_twice(engine: Engine, tmp_path: Path) -> None:
    """The feed told the case and the end of a call a second time."""
    text_left = left_by_another(tmp_path, engine).read_text(encoding="utf-8")
    for _ in range(2):
        (tmp_path / "spill" / "1.jsonl").write_text(text_left + '{"entry": "eve', encoding="utf-8")
        kept = records(engine, tmp_path)
        await kept.flush()
        kept.close()
    assert told(engine) == CALL


async def test_what_the_database_refuses_is_not_offered_to_it_every_minute(engine: Engine, tmp_path: Path) -> None:
    kept = records(engine, tmp_path)
    kept.line("never-started", "caller", "您好", 0.5, {})
    await kept.flush()
    (file,) = (tmp_path / "spill").iterdir()
    os.utime(file, (1.0, 1.0))
    kept.take_over(30.0)
    await kept.flush()
    assert (file.exists(), spill.waiting(file.parent), spill.refused(file.parent)) == (True, 0, 1)
    kept.close()


def test_a_full_disk_spoils_no_entry_that_comes_after(tmp_path: Path) -> None:
    """Half a line stayed at the end of the file, and the next entry was glued to it."""
    folder = tmp_path / "spill"
    entry = {"entry": "event", "call_id": "c1", "at": 1.0, "row": {"kind": "x", "data": {"text": "x" * 500}}}
    spill.keep(folder, entry)
    size = next(folder.iterdir()).stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, limits[1]))
    try:
        with structlog.testing.capture_logs() as logged:
            spill.keep(folder, entry)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [line["event"] for line in logged] == ["records.spill_failed"]
    spill.keep(folder, entry)
    ((_, entries),) = spill.take_over(folder)
    assert entries == [entry, entry]
