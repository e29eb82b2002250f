"""Lists for the day: what was promised and isn't kept yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from order_lookup import tables as t
from order_lookup.database import open_engine, upgrade


@dataclass(frozen=True, slots=True)
class OpenPromise:
    """Something a customer was told; `customer` is empty for a caller we don't know."""

    what: str
    due_at: datetime
    customer: str
    order_number: str | None


def open_promises(database_url: str) -> list[OpenPromise]:
    """All promises not kept yet, the earliest due first; DownError when the database can't be reached."""
    engine = open_engine(database_url)
    try:
        upgrade(engine)
        with Session(engine) as session:
            rows = session.execute(
                select(t.Promise.what, t.Promise.due_at, t.Customer.name, t.Order.number)
                .outerjoin(t.Customer, t.Customer.id == t.Promise.customer_id)
                .outerjoin(t.Order, t.Order.id == t.Promise.order_id)
                .where(t.Promise.kept_at.is_(None))
                .order_by(t.Promise.due_at, t.Promise.id)
            )
            return [OpenPromise(what, due_at, name or "", number) for what, due_at, name, number in rows]
    finally:
        engine.dispose()
