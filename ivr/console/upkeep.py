"""How the house itself does, for `/metrics` and `/healthz`: its processes, what waits to be written or to go out, what runs out."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ivr.config import Settings
from ivr.console.house import House
from ivr.edge.certificate import seconds_left
from ivr.household import Household
from ivr.records import spill
from ivr.records.tables import CasePostRow, HandoffRow
from order_lookup.tables import LedgerEntry, Message
from order_lookup.words import OPEN_STATES

_STDIN = 0


async def hear_supervisor(house: House) -> None:
    """Keep the newest of what the supervisor says about its processes, until it says no more."""
    if not stat.S_ISFIFO(os.fstat(_STDIN).st_mode):
        return
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        house.household = Household.read(line) or house.household


def processes(household: Household) -> Iterator[Metric]:
    """The processes of this host, and what its call workers have not written yet."""
    wanted = GaugeMetricFamily("hotline_processes_wanted", "Processes of this host by kind", labels=["kind"])
    serving = GaugeMetricFamily("hotline_processes_serving", "Those of them that serve", labels=["kind"])
    restarts = CounterMetricFamily(
        "hotline_process_restarts", "Processes started again, by kind and by what became of the one before",
        labels=["kind", "cause"],
    )  # fmt: skip
    for kind, number in household.wanted.items():
        wanted.add_metric([kind], number)
        serving.add_metric([kind], household.serving.get(kind, 0))
        for cause, count in household.restarts.get(kind, {}).items():
            restarts.add_metric([kind, cause], count)
    yield from (wanted, serving, restarts)
    yield GaugeMetricFamily("hotline_records_unwritten", "Entries in workers' memory", household.unwritten)
    oldest = household.oldest_unwritten_seconds
    yield GaugeMetricFamily("hotline_records_oldest_unwritten_seconds", "How long the oldest has waited", oldest)


def spool(recordings: Path) -> Iterator[Metric]:
    """Entries that a process left in files."""
    folder = recordings / "spill"
    yield GaugeMetricFamily("hotline_records_spilled", "Entries in spool files", spill.waiting(folder))
    yield GaugeMetricFamily("hotline_records_refused", "Entries the database can't take", spill.refused(folder))


def database(answers: bool) -> Metric:
    """Whether the figures of calls are there at all."""
    return GaugeMetricFamily("hotline_database_up", "Whether the database answers", float(answers))


def supplies(settings: Settings) -> Iterator[Metric]:
    """What runs out: room for recordings, and the time for which the edge's certificate is valid."""
    with contextlib.suppress(OSError):
        room = shutil.disk_usage(settings.path(settings.records.recordings))
        yield GaugeMetricFamily("hotline_disk_free_ratio", "Room left where recordings are", room.free / room.total)
    if settings.sip.tls:
        with contextlib.suppress(OSError):
            left = seconds_left(settings.path(settings.sip.tls.certificate), datetime.now(UTC))
            yield GaugeMetricFamily("hotline_certificate_seconds", "How long sip.tls.certificate is valid", left)


def outboxes(session: Session, now: float) -> Iterator[Metric]:
    """What waits to be sent, posted, booked or finished, whichever host does it; and what was given up."""
    waiting = GaugeMetricFamily("hotline_outbox_waiting", "Things to be sent, by kind", labels=["kind"])
    oldest = GaugeMetricFamily("hotline_outbox_oldest_seconds", "How long the oldest has waited", labels=["kind"])
    given_up = GaugeMetricFamily("hotline_outbox_given_up", "Tried too often in vain", labels=["kind"])
    for kind, count, since in _queues(session):
        waiting.add_metric([kind], count)
        oldest.add_metric([kind], max(0.0, now - since) if since else 0.0)
    failed = {
        "letter": select(func.count()).where(Message.state == "failed"),
        "case": select(func.count()).where(CasePostRow.given_up),
    }
    for kind, wanted in failed.items():
        given_up.add_metric([kind], session.scalar(wanted) or 0)
    return iter((waiting, oldest, given_up))


def _queues(session: Session) -> Iterable[tuple[str, int, float | None]]:
    """Kind, how many wait, and since when the oldest does."""
    unposted = (CasePostRow.posted_at.is_(None), CasePostRow.given_up.is_(False))
    queues: dict[str, tuple[Any, tuple[Any, ...]]] = {
        "letter": (Message.created_at, (Message.state.in_(("waiting", "sending")),)),
        "case": (CasePostRow.created_at, unposted),
        "callback": (HandoffRow.ended_at, (HandoffRow.follow_up.in_(("due", "served")),)),
        "action": (LedgerEntry.planned_at, (LedgerEntry.state.in_(OPEN_STATES),)),
    }
    for kind, (since, open_ones) in queues.items():
        count, oldest = session.execute(select(func.count(), func.min(since)).where(*open_ones)).one()
        yield kind, count, oldest.timestamp() if isinstance(oldest, datetime) else oldest
