"""One person is erased on request: told first, whole, once, and nobody else."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from ivr.__main__ import build
from ivr.erasing import Erased, Eraser
from ivr.errors import UserError
from ivr.handoff.calling_back import CALLED
from ivr.night_watch import forgotten
from ivr.records.journal import SqlRecords, erased, write
from ivr.records.staff import AuditRow
from ivr.records.tables import CallRow, ErasureRow, HandoffRow, LineRow, WrapUpRow
from order_lookup import CallbackRequest, CallerRef, TicketRequest
from order_lookup import tables as t
from order_lookup.database import open_engine
from order_lookup.demo import fill
from tests.unit.erased_person import (
    CALLED_AT,
    HOME,
    ME,
    MOMENT,
    NOW,
    OTHER,
    SAID,
    Hotline,
    called,
    line,
    lives,
    open_hotline,
    traces,
)

MINE = (ME.phone, ME.customer, HOME, SAID, "jing@example.com", f"{ME.phone[:3]}****{ME.phone[-4:]}")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("shop") / "template.db"
    engine = open_engine(f"sqlite:///{file}")
    fill(engine, NOW, customers=45, orders=60)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return file


@pytest.fixture
async def hotline(template: Path, tmp_path: Path) -> AsyncIterator[Hotline]:
    (tmp_path / "var").mkdir()
    shutil.copy(template, tmp_path / "var" / "hotline.db")
    made = await open_hotline(f"sqlite:///{tmp_path / 'var' / 'hotline.db'}", tmp_path)
    yield made
    await made.close()


def eraser(hotline: Hotline) -> Eraser:
    return Eraser(hotline.settings, hotline.desk, hotline.engine)


async def erased_whole(hotline: Hotline, person: str) -> Erased:
    """On SQLite here, on PostgreSQL in the integration tests."""
    await lives(hotline)
    before = hotline.everything()
    assert all(word in before for word in MINE)
    told = await eraser(hotline).look(person)
    assert hotline.everything() == before
    done = await eraser(hotline).erase(person)
    assert (done.counts, done.open) == (told.counts, ())
    assert await eraser(hotline).finish()
    after = hotline.everything()
    assert [word for word in MINE if word in after] == []
    assert all(word in after for word in (OTHER.phone, OTHER.customer, f"call-{OTHER.name}", f"我是{OTHER.customer}"))
    assert sorted(file.name for file in hotline.recordings.glob("*.wav")) == [f"call-{OTHER.name}.wav"]
    return done


@pytest.mark.parametrize("person", [ME.phone, f"+86 {ME.phone[:3]}-{ME.phone[3:7]} {ME.phone[7:]}", f"call-{ME.name}"])
async def test_nothing_of_the_person_is_left_anywhere(hotline: Hotline, tmp_path: Path, person: str) -> None:
    done = await erased_whole(hotline, person)
    assert {"calls", "transcripts", "recordings", "tickets", "call-backs", "notes and drafts", "messages", "entries of the spool",
            "customers", "orders", "actions", "cases for the webhook"} <= done.counts.keys()  # fmt: skip
    assert list(traces(tmp_path / "var", *MINE)) == []
    assert list(traces(tmp_path / "var", OTHER.phone)) != []
    assert (await eraser(hotline).look(person)).nothing


async def test_the_call_in_which_the_robot_kept_a_promise_goes_with_the_one_it_was_made_in(hotline: Hotline) -> None:
    await lives(hotline)
    called(hotline, "back", ME.phone, ME.customer)
    with Session(hotline.engine) as session, session.begin():
        row = session.scalars(select(CallRow).where(CallRow.id == "back")).one()
        row.called, row.case = CALLED, {**row.case, "callback.of": f"call-{ME.name}"}
        for handoff in session.scalars(select(HandoffRow).where(HandoffRow.call_id == "back")):
            handoff.caller = ""  # a colleague had them: nobody is called back any more
    await eraser(hotline).erase(ME.phone)
    with Session(hotline.engine) as session:
        assert session.scalars(select(LineRow).where(LineRow.call_id == "back")).all() == []
    assert await eraser(hotline).finish()
    assert not (hotline.recordings / "back.wav").exists()


async def test_money_orders_and_times_stay(hotline: Hotline) -> None:
    await lives(hotline)

    def accounts(session: Session) -> list[object]:
        entry, order = t.LedgerEntry, t.Order
        kept = (
            entry.key,
            entry.action,
            entry.amount_minor,
            entry.state,
            entry.receipt,
            entry.planned_at,
            entry.order_id,
        )
        money = (t.Refund.amount_minor, t.Refund.state, t.Refund.requested_at)
        placed = (order.number, order.total_minor, order.placed_at, order.customer_id)
        tickets = (t.Ticket.number, t.Ticket.category, t.Ticket.opened_at, t.Ticket.closed_at)
        return [session.execute(select(*what)).all() for what in (kept, money, placed, tickets)]

    before = await hotline.desk.database.read(accounts)
    await eraser(hotline).erase(ME.phone)
    assert await hotline.desk.database.read(accounts) == before
    with Session(hotline.engine) as session:
        call = session.get_one(CallRow, f"call-{ME.name}")
        assert (call.started_at, call.case["intent"]) == (CALLED_AT, "cancel_order")


async def test_the_audit_says_that_and_not_whom(hotline: Hotline) -> None:
    await lives(hotline)
    done = await eraser(hotline).erase(ME.phone)
    with Session(hotline.engine) as session:
        (told,) = session.scalars(select(AuditRow).where(AuditRow.what == "person_erased"))
        looked = [row.details["path"] for row in session.scalars(select(AuditRow)) if "path" in row.details]
    assert (told.details["receipt"], told.details["recordings"], told.details["open"]) == (done.receipt, 1, 0)
    assert ME.phone[-4:] not in str(told.details)
    assert sorted(looked) == ["/api/orders/***********", f"/api/orders/{OTHER.phone}"]


async def test_what_is_open_is_named_and_stays_until_it_is_closed(hotline: Hotline, tmp_path: Path) -> None:
    await lives(hotline)
    caller = CallerRef("call-new", ME.phone)
    ticket = await hotline.desk.open_ticket(TicketRequest(caller, "complaint", "service/complaint", "又慢了", None))
    called(hotline, "call-new", ME.phone, ME.customer)
    called(hotline, "call-now", ME.phone, ME.customer, ended=False)
    first = await eraser(hotline).erase(ME.phone)
    assert first.open == ("call call-now, under way or just over", f"ticket {ticket.number}")
    await eraser(hotline).finish()
    with Session(hotline.engine) as session:
        assert {row.call_id for row in session.scalars(select(LineRow))} == {
            "call-new",
            "call-now",
            f"call-{OTHER.name}",
        }
    assert (await hotline.desk.caller(ME.phone)).customer is not None
    await hotline.desk.close_ticket(ticket.number, "anna", "done")
    with Session(hotline.engine) as session, session.begin():
        session.get_one(CallRow, "call-now").ended_at = MOMENT - 61
    second = await eraser(hotline).erase(ME.phone)
    assert second.open == ()
    assert await eraser(hotline).finish()
    assert list(traces(tmp_path / "var", *MINE)) == []


@pytest.mark.parametrize("what", ["order under way", "call-back", "wrap-up", "promised"])
async def test_other_open_matters_keep_the_customer(hotline: Hotline, what: str) -> None:
    await lives(hotline)
    with Session(hotline.engine) as session, session.begin():
        match what:
            case "order under way":
                session.scalars(select(t.Order).where(t.Order.number == OTHER.order_number)).one().stage = "dispatched"
            case "call-back":
                session.scalars(select(t.Callback).where(t.Callback.phone == OTHER.phone)).one().done_at = None
            case "promised":
                row = session.scalars(select(HandoffRow).where(HandoffRow.call_id == f"call-{OTHER.name}")).one()
                row.callback_due_at = MOMENT
            case "wrap-up":
                row = session.scalars(select(WrapUpRow).where(WrapUpRow.call_id == f"call-{OTHER.name}")).one()
                row.finished_at = None
    assert len((await eraser(hotline).erase(OTHER.phone)).open) == 1
    assert (await hotline.desk.caller(OTHER.phone)).customer.name == OTHER.customer  # type: ignore[union-attr]


async def test_an_entry_that_comes_late_is_not_written_to_an_erased_call(hotline: Hotline) -> None:
    await lives(hotline)
    await eraser(hotline).erase(ME.phone)
    with Session(hotline.engine) as session, session.begin():
        for entry, row in (
            ("line", line(7, SAID)),
            ("case", {"customer.name": ME.customer}),
            ("event", {"kind": "x", "data": {}}),
        ):
            write(session, {"entry": entry, "call_id": f"call-{ME.name}", "at": MOMENT, "row": row})
    assert SAID not in hotline.everything()
    await eraser(hotline).finish()
    records = SqlRecords(hotline.engine, "w", hotline.recordings / "spill")
    await records.flush()
    records.close()
    assert ME.phone not in hotline.everything()


async def test_nobody_erases_a_call_while_something_is_written_of_it(hotline: Hotline, tmp_path: Path) -> None:
    """Between the look whether it was erased and the line, an erasure had come in between: the line stayed for good."""
    await lives(hotline)
    with Session(hotline.engine) as session, session.begin():
        assert not erased(session, f"call-{ME.name}")
        other = sqlite3.connect(tmp_path / "var" / "hotline.db", timeout=0.05)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


async def test_calls_of_a_hidden_number_are_erased_by_their_id_alone(hotline: Hotline) -> None:
    await lives(hotline)
    called(hotline, "call-hidden", "13999990000", "无名")
    with Session(hotline.engine) as session, session.begin():
        session.scalars(select(HandoffRow).where(HandoffRow.call_id == "call-hidden")).one().caller = ""
    found = await eraser(hotline).look("13999990000")
    assert (found.look_alikes, "calls" in found.counts) == (("call-hidden",), False)
    await eraser(hotline).erase("call-hidden")
    assert (await eraser(hotline).look("13999990000")).look_alikes == ()
    with Session(hotline.engine) as session:
        assert session.get_one(CallRow, f"call-{ME.name}").caller


async def test_somebody_elses_call_that_names_a_number_is_not_that_persons(hotline: Hotline) -> None:
    await lives(hotline)
    caller = CallerRef(f"call-{OTHER.name}", OTHER.phone)
    await hotline.desk.book_callback(CallbackRequest(caller, "after_sales", phone=ME.phone))
    await hotline.desk.database.write(lambda s: [setattr(row, "done_at", NOW) for row in s.scalars(select(t.Callback))])
    await eraser(hotline).erase(ME.phone)
    after = hotline.everything()
    assert f"我是{OTHER.customer}" in after
    assert ME.phone not in after


async def test_who_can_not_be_found_is_said_so(hotline: Hotline) -> None:
    for nobody in ("nobody", "T9999999", " "):
        with pytest.raises(UserError, match="--person"):
            await eraser(hotline).look(nobody)
    assert (await eraser(hotline).look("13900000001")).nothing


# Before the commit nothing has happened wherever it dies: every so many steps are enough.
STRIDE = 20
CHILD = """
import asyncio, os, signal, sys
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from ivr.__main__ import build
left = [int(sys.argv[2])]
def tick(*_):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
def armed(connection, cursor, statement, *_):
    if statement.startswith(("DELETE", "UPDATE", "INSERT", "VACUUM", "PRAGMA wal")):
        tick()
event.listen(Engine, "before_cursor_execute", armed)
event.listen(Engine, "commit", tick)
unlink = Path.unlink
Path.unlink = lambda path, missing_ok=False: (tick(), unlink(path, missing_ok))[1]
build("forget")(["forget", "--config", sys.argv[1], "--person", sys.argv[3], "--yes"])
"""


def _erase_and_die(config: Path, at: int) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", CHILD, str(config), str(at), ME.phone]
    return subprocess.run(command, capture_output=True, timeout=120, check=False)


async def _after_dying(saved: Path, at: int, before: str) -> bool | None:
    """Of a copy of the hotline whose erasure dies at a step: whether it was erased; None when it didn't die any more."""
    folder = Path(tempfile.mkdtemp(dir=saved.parent))
    await asyncio.to_thread(shutil.copytree, saved, folder / "var")
    copy = await open_hotline(f"sqlite:///{folder / 'var' / 'hotline.db'}", folder)
    ended = await asyncio.to_thread(_erase_and_die, folder / "config.yaml", at)
    assert ended.returncode in (0, -9), ended.stderr.decode()[-2000:]
    nothing = copy.everything() == before
    if not nothing:
        assert [word for word in MINE if word in copy.everything()] == []
        await forgotten(copy.settings, copy.desk, copy.engine, NOW)
        assert list(traces(folder / "var", *MINE)) == []
    await copy.close()
    return None if ended.returncode == 0 else not nothing


async def test_killed_in_the_middle_nothing_is_half_done(hotline: Hotline, tmp_path: Path) -> None:
    """Killed ever later, until it is through; each time either nothing has happened, or all does in the next round."""
    await lives(hotline)
    before, saved = hotline.everything(), tmp_path / "saved"
    await hotline.close()
    await asyncio.to_thread(shutil.copytree, tmp_path / "var", saved)
    at, nothing, erased = 1, 0, 0
    while await _after_dying(saved, at, before) is False:
        nothing, at = nothing + 1, at + STRIDE
    at -= STRIDE - 1  # the commit was passed: on step by step
    while (died := await _after_dying(saved, at, before)) is not None:
        nothing, erased, at = nothing + (not died), erased + died, at + 1
    assert nothing > 3
    assert erased > 3


@pytest.mark.parametrize("dies", ["files", "file deleted", "vacuum"])
async def test_killed_after_the_commit_the_next_round_goes_on(
    hotline: Hotline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies: str
) -> None:
    await lives(hotline)
    await eraser(hotline).erase(ME.phone)
    if dies == "file deleted":
        (hotline.recordings / f"call-{ME.name}.wav").unlink()
    if dies == "vacuum":
        monkeypatch.setattr("ivr.records.erasure.scrubbed", lambda _: False)
        assert not await eraser(hotline).finish()
        monkeypatch.undo()
    done = await forgotten(hotline.settings, hotline.desk, hotline.engine, NOW)
    assert done["erasures finished"] == 1
    assert list(traces(tmp_path / "var", *MINE)) == []
    assert not (hotline.recordings / f"call-{ME.name}.wav").exists()


async def test_a_database_that_somebody_reads_is_cleaned_later(hotline: Hotline, tmp_path: Path) -> None:
    await lives(hotline)
    await eraser(hotline).erase(ME.phone)
    reader = sqlite3.connect(tmp_path / "var" / "hotline.db")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM calls").fetchall()
    try:
        event.listen(hotline.engine, "checkout", lambda made, *_: made.execute("PRAGMA busy_timeout=50"))
        assert not await eraser(hotline).finish()
    finally:
        reader.close()
    with Session(hotline.engine) as session:
        assert session.scalars(select(ErasureRow.finished_at)).one() is None
    assert await eraser(hotline).finish()
    assert list(traces(tmp_path / "var", *MINE)) == []


def test_by_hand_it_tells_first_and_asks(template: Path, tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    shutil.copy(template, tmp_path / "var" / "hotline.db")

    async def fill_it() -> None:
        made = await open_hotline(f"sqlite:///{tmp_path / 'var' / 'hotline.db'}", tmp_path)
        await lives(made)
        await made.close()

    asyncio.run(fill_it())

    def said(*words: str, given: str = "") -> tuple[int, str]:
        command = ["forget", "--config", str(tmp_path / "config.yaml"), *words]
        result = CliRunner().invoke(build("forget"), command, input=given)
        return result.exit_code, result.output

    code, told = said("--person", ME.phone, given="n\n")
    assert (code, "nothing was erased" in told) == (1, True)
    assert "1  recordings" in told
    assert ME.phone not in told
    code, told = said("--person", "-", given=f"{ME.phone}\ny\n")
    assert code == 0, told
    assert "in the audit as E0000001" in told
    assert said("--person", ME.phone, "--yes") == (0, "there is nothing to erase\n")
    assert list(traces(tmp_path / "var", *MINE)) == []
