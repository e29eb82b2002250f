"""What a worker does beside its calls goes on whatever happens, and what is ours to mend is not put on the database."""

from __future__ import annotations

import pytest
import structlog
from sqlalchemy.exc import OperationalError

from ivr.chores import patiently
from ivr.errors import RecordsError
from order_lookup import OrderDeskError


@pytest.mark.parametrize(
    ("fault", "told", "level"),
    [
        (RecordsError("away"), "worker.database_unreachable", "warning"),
        (OperationalError("", {}, Exception("away")), "worker.database_unreachable", "warning"),
        (OrderDeskError("away"), "worker.database_unreachable", "warning"),
        (KeyError("queue"), "worker.chore_failed", "error"),
    ],
)
async def test_a_chore_that_fails_is_told_as_what_it_is_and_ends_nothing(
    fault: Exception, told: str, level: str
) -> None:
    async def chore() -> None:
        raise fault

    with structlog.testing.capture_logs() as logged:
        await patiently(chore())
    assert [(line["event"], line["log_level"]) for line in logged] == [(told, level)]
