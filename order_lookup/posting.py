"""Empties the outbox: each message is claimed, sent, and marked; tried again later and later when sending fails."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from order_lookup import tables as t
from order_lookup.errors import DownError
from order_lookup.messengers import Letter, Messenger
from order_lookup.work import Database

_log = structlog.get_logger(__name__)
LEASE = timedelta(minutes=2)  # a claimed message that wasn't marked within this time was lost in a crash
TRIES = 8
_BATCH = 40
_FAILURES = 3


async def post(database: Database, messenger: Messenger, now: datetime) -> int:
    """Send what is due, one after the other; how many were sent. A gateway that fails three times running gets a rest."""
    sent = failed = 0
    for _ in range(_BATCH):
        if not await database.read(lambda session: session.scalar(_due(now).limit(1))):
            break
        claimed = await database.write(lambda session: _claim(session, now))
        if claimed is None:  # another process was faster, or the customer wants no messages any more
            continue
        row_id, letter = claimed
        try:
            await messenger.send(letter)
        except DownError as error:
            problem, failed = str(error), failed + 1
            _log.warning("message_not_sent", key=letter.key, problem=problem)
            await database.write(lambda session, i=row_id, p=problem: _failed(session, i, p, now))  # type: ignore[misc]
            if failed == _FAILURES:
                break
        else:
            await database.write(lambda session, i=row_id: _sent(session, i, now))  # type: ignore[misc]
            sent, failed = sent + 1, 0
    return sent


def put(session: Session, key: str, to: str, template: str, language: str, body: str, now: datetime) -> None:
    """Put a message for staff or a merchant into the outbox, once per key."""
    if session.scalar(select(t.Message.id).where(t.Message.key == key[:200])) is None:
        session.add(
            t.Message(
                key=key[:200],
                phone=to[:60],
                template=template,
                language=language,
                body=body,
                state="waiting",
                created_at=now,
                next_at=now,
            )
        )


def _due(now: datetime) -> Select[tuple[t.Message]]:
    return select(t.Message).where(t.Message.state.in_(("waiting", "sending")), t.Message.next_at <= now)


def _claim(session: Session, now: datetime) -> tuple[int, Letter] | None:
    """The message that has waited longest, ours for the time of the lease."""
    row = session.scalars(_due(now).order_by(t.Message.next_at).limit(1).with_for_update(skip_locked=True)).first()
    if row is None:
        return None
    customer = session.get(t.Customer, row.customer_id) if row.customer_id is not None else None
    if customer is not None and customer.messages_refused:
        row.state = "refused"
        return None
    row.state, row.next_at = "sending", now + LEASE
    row.attempts += 1
    return row.id, Letter(row.key, row.phone, row.template, row.language, row.body)


def _sent(session: Session, row_id: int, now: datetime) -> None:
    row = session.get_one(t.Message, row_id)
    row.state, row.sent_at, row.problem = "sent", now, None


def _failed(session: Session, row_id: int, problem: str, now: datetime) -> None:
    row = session.get_one(t.Message, row_id)
    row.problem = problem[:1000]
    row.state = "failed" if row.attempts >= TRIES else "waiting"
    row.next_at = now + timedelta(seconds=15 * 2**row.attempts)
