"""The tables of the hotline's own records; orders have theirs in `order_lookup`.

Times are UTC seconds since 1970 (float) so that SQLite and PostgreSQL compare them alike. Text is masked before it gets here.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, Index, Integer, String, Text, UniqueConstraint, false
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The records' tables."""

    type_annotation_map = {dict[str, Any]: JSON, list[str]: JSON}  # noqa: RUF012 (SQLAlchemy's way)


class CallRow(Base):
    """One call: who, when, how it ended; `case` is what an agent sees of it (order, offers, mood, verification)."""

    __tablename__ = "calls"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    caller: Mapped[str] = mapped_column(String(64), default="")
    # In full, and only while the call goes on: whom to call back if the line dies.
    number: Mapped[str] = mapped_column(String(64), default="", server_default="")
    called: Mapped[str] = mapped_column(String(64), default="")
    language: Mapped[str] = mapped_column(String(8), default="zh")
    worker: Mapped[str] = mapped_column(String(64), default="")
    dialplan_version: Mapped[str] = mapped_column(String(64), default="")
    started_at: Mapped[float] = mapped_column(Float, index=True)
    ended_at: Mapped[float | None] = mapped_column(Float, default=None)
    heartbeat_at: Mapped[float] = mapped_column(Float, default=0.0)
    disposition: Mapped[str] = mapped_column(String(64), default="")
    recording: Mapped[str] = mapped_column(String(255), default="")
    satisfaction: Mapped[int | None] = mapped_column(Integer, default=None)
    reviewed_by: Mapped[str] = mapped_column(String(64), default="")
    # Whether the robot served the call alone, judged at its end; unknown of calls from before there was a judgement.
    self_served: Mapped[bool | None] = mapped_column(default=None)
    case: Mapped[dict[str, Any]] = mapped_column(default=dict)


class LineRow(Base):
    """One line of a transcript: speaker is caller, robot, agent or note; `details` has hypotheses, confidence, step, reply gap."""

    __tablename__ = "lines"
    __table_args__ = (Index("lines_of_call", "call_id", "position", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id"))
    position: Mapped[int] = mapped_column(Integer)
    speaker: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    seconds: Mapped[float] = mapped_column(Float)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)


class HandoffRow(Base):
    """One place in the queue; state is waiting, ringing, connected, talked or ended.

    Whom the robot lost never was in a queue, but is owed a callback all the same: ended, with the outcome `line_lost`.
    """

    __tablename__ = "handoffs"
    __table_args__ = (Index("handoffs_by_state", "state", "queue"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    # No foreign key: the queue must not wait for the journal, which writes the call when the database lets it.
    call_id: Mapped[str] = mapped_column(String(64), index=True)
    queue: Mapped[str] = mapped_column(String(64))
    # The queue asked for first: who is passed on moves to another.
    first_queue: Mapped[str] = mapped_column(String(64), default="", server_default="")
    skill: Mapped[str] = mapped_column(String(64), default="")
    language: Mapped[str] = mapped_column(String(8), default="zh")
    priority: Mapped[int] = mapped_column(Integer, default=5)
    vip: Mapped[bool] = mapped_column(default=False)
    elder: Mapped[bool] = mapped_column(default=False)
    repeat: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(String(255), default="")
    state: Mapped[str] = mapped_column(String(16), default="waiting")
    worker: Mapped[str] = mapped_column(String(64), default="")
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"), default=None)
    enqueued_at: Mapped[float] = mapped_column(Float, index=True)
    reserved_at: Mapped[float | None] = mapped_column(Float, default=None)
    # When the first human had the caller; `connected_at` is the last one's, where the call was passed on.
    answered_at: Mapped[float | None] = mapped_column(Float, default=None)
    connected_at: Mapped[float | None] = mapped_column(Float, default=None)
    ended_at: Mapped[float | None] = mapped_column(Float, default=None)
    heartbeat_at: Mapped[float] = mapped_column(Float, default=0.0)
    outcome: Mapped[str] = mapped_column(String(32), default="")
    briefing: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # Whom to call back; emptied once there is nothing to call back about.
    caller: Mapped[str] = mapped_column(String(64), default="")
    excluded: Mapped[list[str]] = mapped_column(default=list)
    asked_at: Mapped[float] = mapped_column(Float, default=0.0)
    # Of who was lost: due, booked, and if it became needless before it was kept, served and closed.
    follow_up: Mapped[str] = mapped_column(String(16), default="", index=True)
    held: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Came to a closed door: offered a callback or a message, and asked for nobody.
    out_of_hours: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Set once a callback was promised in this handoff; `called_back_at` when an agent has kept it.
    callback_due_at: Mapped[float | None] = mapped_column(Float, default=None, index=True)
    called_back_at: Mapped[float | None] = mapped_column(Float, default=None)


class AgentRow(Base):
    """A human agent; state is available, ringing, on_call, wrap_up, away or offline."""

    __tablename__ = "agents"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    uri: Mapped[str] = mapped_column(String(255), default="")
    queues: Mapped[list[str]] = mapped_column(default=list)
    skills: Mapped[list[str]] = mapped_column(default=list)
    languages: Mapped[list[str]] = mapped_column(default=list)
    state: Mapped[str] = mapped_column(String(16), default="offline", index=True)
    since: Mapped[float] = mapped_column(Float, default=0.0)
    away_reason: Mapped[str] = mapped_column(String(64), default="")
    call_id: Mapped[str | None] = mapped_column(String(64), default=None)
    lease_until: Mapped[float | None] = mapped_column(Float, default=None)
    rest_until: Mapped[float] = mapped_column(Float, default=0.0)


class AgentStateRow(Base):
    """An agent came into a state, which lasts until their next; kept for as long as figures are wanted, append-only."""

    __tablename__ = "agent_states"
    __table_args__ = (Index("agent_states_of_agent", "agent_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    agent_id: Mapped[int] = mapped_column(Integer)
    at: Mapped[float] = mapped_column(Float, index=True)
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(64), default="", server_default="")


class WrapUpRow(Base):
    """What an agent has to finish after a talk; an empty disposition is still to be given."""

    __tablename__ = "wrap_ups"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    call_id: Mapped[str] = mapped_column(String(64), index=True)
    handoff_id: Mapped[int] = mapped_column(Integer)
    agent_id: Mapped[int] = mapped_column(Integer, index=True)
    reason: Mapped[str] = mapped_column(String(32), default="")
    talk_seconds: Mapped[float] = mapped_column(Float, default=0.0)
    started_at: Mapped[float] = mapped_column(Float)
    finished_at: Mapped[float | None] = mapped_column(Float, default=None, index=True)
    disposition: Mapped[str] = mapped_column(String(64), default="")
    note: Mapped[str] = mapped_column(Text, default="")


class DoorRow(Base):
    """A supervisor's word about a queue, which goes before its timetable: closed or open until a moment, or until it is taken back."""

    __tablename__ = "queue_doors"

    queue: Mapped[str] = mapped_column(String(64), primary_key=True)
    open: Mapped[bool] = mapped_column()
    until: Mapped[float | None] = mapped_column(Float, default=None)
    by: Mapped[str] = mapped_column(String(64), default="")
    at: Mapped[float] = mapped_column(Float)


class ReviewRow(Base):
    """What a supervisor found out about a low score: whose fault it was, and what was done about it."""

    __tablename__ = "reviews"

    call_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[float] = mapped_column(Float)
    cause: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(Text, default="", server_default="")
    ticket: Mapped[str] = mapped_column(String(20), default="", server_default="")


class CallbackWorkRow(Base):
    """What agents did about a callback: whose it is, and the calls that nobody answered.

    The callback itself is the order desk's, or our own queue's where a shop's backend keeps its own (`source`).
    """

    __tablename__ = "callback_works"
    __table_args__ = (Index("callback_works_of_callback", "source", "callback", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    source: Mapped[str] = mapped_column(String(8))
    callback: Mapped[int] = mapped_column(Integer)
    owner: Mapped[str] = mapped_column(String(64), default="", server_default="")
    tries: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    first_tried_at: Mapped[float | None] = mapped_column(Float, default=None)
    tried_at: Mapped[float | None] = mapped_column(Float, default=None)
    # How it came off the list: made, unreached, or reached_us (they rang again); empty while it is on it, or its ticket was closed.
    ended: Mapped[str] = mapped_column(String(16), default="", server_default="")


class CasePostRow(Base):
    """A case on its way to the webhook: written with the place in the queue, posted by whichever worker claims it."""

    __tablename__ = "case_posts"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    call_id: Mapped[str] = mapped_column(String(64), index=True)
    created_at: Mapped[float] = mapped_column(Float)
    # Whoever posts moves this ahead first: nobody else tries meanwhile, and a poster that dies is replaced.
    due_at: Mapped[float] = mapped_column(Float, index=True)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    posted_at: Mapped[float | None] = mapped_column(Float, default=None)
    given_up: Mapped[bool] = mapped_column(default=False)
    fault: Mapped[str] = mapped_column(String(255), default="")


class AgentCommandRow(Base):
    """What an agent did in the browser, for the worker that owns the call: taken exactly once."""

    __tablename__ = "agent_commands"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    call_id: Mapped[str] = mapped_column(String(64), index=True)
    agent_id: Mapped[int] = mapped_column(Integer)
    command: Mapped[str] = mapped_column(String(32))
    arguments: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[float] = mapped_column(Float)
    taken_at: Mapped[float | None] = mapped_column(Float, default=None, index=True)


class EventRow(Base):
    """The feed: append-only, tailed by id; old rows are pruned."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[float] = mapped_column(Float, index=True)
    kind: Mapped[str] = mapped_column(String(32))
    call_id: Mapped[str | None] = mapped_column(String(64), default=None, index=True)
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)


class CallbackAttemptRow(Base):
    """A call that the robot made to somebody who was promised one; the outcome is empty while it goes on."""

    __tablename__ = "callback_attempts"
    __table_args__ = (UniqueConstraint("promise", "try", name="callback_attempts_once"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    # `desk:` or `own:` and the number of the row that promises it.
    promise: Mapped[str] = mapped_column(String(64))
    number_of_try: Mapped[int] = mapped_column("try", Integer)
    at: Mapped[float] = mapped_column(Float, index=True)
    outcome: Mapped[str] = mapped_column(String(32), default="", server_default="")
    call_id: Mapped[str] = mapped_column(String(64), default="", server_default="")


class ErasureRow(Base):
    """One person's data was erased on request: which calls were theirs, and how much of what; not whose they were.

    Written in the transaction that erases. Unfinished until files and what the database file still held of it are gone, too.
    """

    __tablename__ = "erasures"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[float] = mapped_column(Float)
    calls: Mapped[list[str]] = mapped_column(default=list)
    finished_at: Mapped[float | None] = mapped_column(Float, default=None, index=True)
