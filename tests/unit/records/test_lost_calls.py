"""Calls of a dead worker get their end, and their callers a callback where one is owed; everybody else is left alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ivr.records import journal
from ivr.records.database import open_database
from ivr.records.holding import Lost, reap, tell
from ivr.records.lost_calls import LEASE_SECONDS, end, renew
from ivr.records.tables import CallRow, HandoffRow, LineRow

NUMBER = "13800004567"
DEAD_AT, NOW = 10.0, 11.0 + LEASE_SECONDS
Said = tuple[str, str, str]
WORDS: Said = ("caller", "我想退款", "hotline.open_question")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_database(f"sqlite:///{tmp_path / 'hotline.db'}")
    yield made
    made.dispose()


def call(
    session: Session,
    name: str = "c1",
    number: str = NUMBER,
    lines: Sequence[Said] = (WORDS,),
    case: Mapping[str, str] | None = None,
    worker: str = "w1",
) -> CallRow:
    """A call under way, last seen at DEAD_AT."""
    row = CallRow(id=name, number=number, worker=worker, started_at=1.0, heartbeat_at=DEAD_AT, case=dict(case or {}))
    session.add(row)
    session.flush()
    for position, (speaker, text, step) in enumerate(lines, start=1):
        details = {"step": step}
        session.add(LineRow(call_id=name, position=position, speaker=speaker, text=text, seconds=1.0, details=details))
    session.flush()
    return row


def owed(session: Session) -> list[Lost]:
    end(session, NOW)
    session.flush()
    return reap(session, 180.0, NOW)


def test_only_calls_without_a_worker_are_ended(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        for name, worker, ended in (("lives", "w2", None), ("dead", "w1", None), ("over", "w1", 50.0)):
            row = call(session, name, worker=worker)
            row.ended_at, row.disposition = ended, "solved" if ended else ""
        session.flush()
        renew(session, "w2", 20.0)
        assert end(session, 10.0 + LEASE_SECONDS) == []
        assert end(session, 11.0 + LEASE_SECONDS) == ["dead"]
        assert end(session, 11.0 + LEASE_SECONDS) == []
    with Session(engine) as session:
        found = {row.id: (row.ended_at, row.disposition) for row in session.query(CallRow)}
        lost = session.scalars(select(HandoffRow.call_id)).all()
    assert found == {"lives": (None, ""), "dead": (10.0, "line_lost"), "over": (50.0, "solved")}
    assert lost == ["dead"]


def test_a_callback_is_owed_with_number_and_matter_and_the_call_forgets_the_number(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        call(session, case={"intent": "refund_request", "order.number": "302610726346", "mood": "calm"})
        (lost,) = owed(session)
        about = {"intent": "refund_request", "order.number": "302610726346"}
        assert (lost.call_id, lost.caller, lost.queue, lost.reason) == ("c1", NUMBER, "general", "refund_request")
        assert (lost.outcome, lost.follow_up, lost.briefing) == ("line_lost", "due", about)
    with Session(engine) as session:
        assert session.get_one(CallRow, "c1").number == ""


@pytest.mark.parametrize(
    ("number", "lines"),
    [
        pytest.param("anonymous", [WORDS], id="nobody to call"),
        pytest.param("", [WORDS], id="no number"),
        pytest.param(NUMBER, [], id="nothing was said"),
        pytest.param(NUMBER, [("robot", "您好", ""), ("caller", "", "")], id="noise"),
        pytest.param(NUMBER, [("caller", "[#]", ""), ("caller", "[*]", "")], id="a key that means nothing yet"),
        pytest.param(
            NUMBER, [WORDS, ("robot", "请打分", "hotline.satisfaction")], id="asked for a score: it was served"
        ),
    ],
)
def test_nobody_is_called_back_without_a_reason(engine: Engine, number: str, lines: list[Said]) -> None:
    with Session(engine) as session, session.begin():
        call(session, number=number, lines=lines)
        assert owed(session) == []
        assert session.get_one(CallRow, "c1").disposition == "line_lost"


@pytest.mark.parametrize("text", ["喂", "hello", "[1]", "＊＊＊"])
def test_a_word_or_a_key_is_enough(engine: Engine, text: str) -> None:
    with Session(engine) as session, session.begin():
        call(session, lines=[("caller", text, "")])
        assert [lost.call_id for lost in owed(session)] == ["c1"]


def test_whoever_was_being_said_goodbye_to_is_not_called_back(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        call(session)
        tell(session, DEAD_AT, "disposition", "c1", disposition="goodbye")
        session.flush()
        assert owed(session) == []


@pytest.mark.parametrize(
    ("outcome", "due"),
    [("returned", True), ("failed", True), ("completed", False), ("callback", False), ("voicemail", False)],
)
def test_after_a_handoff_only_who_was_with_the_robot_again_is_called_back(
    engine: Engine, outcome: str, due: bool
) -> None:
    with Session(engine) as session, session.begin():
        call(session)
        session.add(HandoffRow(call_id="c1", queue="general", state="ended", outcome=outcome, enqueued_at=5.0))
        session.flush()
        assert [lost.outcome for lost in owed(session)] == (["line_lost"] if due else [])


def test_who_waits_for_a_human_is_followed_up_once_by_the_queue(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        call(session)
        waiting = {"state": "waiting", "worker": "w1", "heartbeat_at": DEAD_AT, "caller": NUMBER}
        session.add(HandoffRow(call_id="c1", queue="senior", enqueued_at=5.0, **waiting))
        session.flush()
        assert [(lost.outcome, lost.queue) for lost in owed(session)] == [("lost", "senior")]


def ending(session: Session, call_id: str, disposition: str) -> None:
    entry = {"entry": "ended", "call_id": call_id, "at": 99.0, "row": {"disposition": disposition}}
    journal.write(session, entry)
    session.flush()


@pytest.mark.parametrize("disposition", ["failed", "handoff_failed", "handoff_abandoned"])
def test_whom_we_promised_a_colleague_without_being_able_to_write_it_down_is_called_back_once(
    engine: Engine, disposition: str
) -> None:
    """On a full disk callers heard that their call was noted, and nobody ever knew of it."""
    with Session(engine) as session, session.begin():
        call(session)
        tell(
            session, DEAD_AT, "disposition", "c1", disposition="goodbye"
        )  # the robot said it, for want of anything else
        for _ in range(2):
            ending(session, "c1", disposition)
        (lost,) = reap(session, 180.0, NOW)
        assert (lost.call_id, lost.caller, lost.outcome, lost.follow_up) == ("c1", NUMBER, "line_lost", "due")


@pytest.mark.parametrize("outcome", ["callback", "voicemail", "completed", "abandoned"])
def test_what_was_promised_already_is_promised_once(engine: Engine, outcome: str) -> None:
    with Session(engine) as session, session.begin():
        call(session)
        session.add(HandoffRow(call_id="c1", queue="general", state="ended", outcome=outcome, enqueued_at=5.0))
        session.flush()
        ending(session, "c1", "handoff_abandoned" if outcome == "abandoned" else "failed")
        assert reap(session, 180.0, NOW) == []


@pytest.mark.parametrize(
    ("number", "disposition", "matter", "taken_back"),
    [
        pytest.param(NUMBER, "settled", "refund_request", True, id="settled the same matter"),
        pytest.param(NUMBER, "handled_by_agent", "order_status", True, id="a human had the caller"),
        pytest.param(NUMBER, "settled", "order_status", False, id="settled another matter"),
        pytest.param(NUMBER, "settled", "", False, id="wanted nothing"),
        pytest.param(NUMBER, "caller_hung_up", "refund_request", False, id="hung up again"),
        pytest.param("13911112222", "settled", "refund_request", False, id="somebody else"),
    ],
)
def test_who_calls_again_and_is_helped_need_not_be_called_back(
    engine: Engine, number: str, disposition: str, matter: str, taken_back: bool
) -> None:
    with Session(engine) as session, session.begin():
        call(session, case={"intent": "refund_request"})
        assert len(owed(session)) == 1
        call(session, "c2", number, case={"intent": matter} if matter else {}, worker="w2")
        ending(session, "c2", disposition)
        row = session.scalars(select(HandoffRow)).one()
        session.refresh(row)
        assert (row.follow_up, row.caller) == (("served", "") if taken_back else ("due", NUMBER))
        assert session.get_one(CallRow, "c2").number == ""


def test_without_a_known_matter_any_settled_call_will_do(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        call(session)
        owed(session)
        call(session, "c2", case={"intent": "order_status"}, worker="w2")
        ending(session, "c2", "settled")
        assert [lost.follow_up for lost in reap(session, 180.0, 100.0)] == ["served"]


def test_a_call_that_lived_after_all_takes_its_own_callback_back(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        call(session)
        owed(session)
        ending(session, "c1", "caller_hung_up")
        assert session.get_one(CallRow, "c1").disposition == "caller_hung_up"
        assert [lost.follow_up for lost in reap(session, 180.0, 100.0)] == ["served"]
