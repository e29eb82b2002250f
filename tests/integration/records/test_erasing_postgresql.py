"""One person's data erased on PostgreSQL: the same as on SQLite, and nothing of it in a dump."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.conftest import _programs
from tests.unit.erased_person import ME, OTHER, open_hotline, traces
from tests.unit.test_erasing import MINE, erased_whole, eraser

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("person", [ME.phone, f"0086 {ME.phone}", f"call-{ME.name}"])
async def test_nothing_of_the_person_is_left_in_a_dump(
    postgres: Callable[[], str], tmp_path: Path, person: str
) -> None:
    url = postgres()
    hotline = await open_hotline(url, tmp_path)
    await erased_whole(hotline, person)
    assert (await eraser(hotline).look(person)).nothing
    await hotline.close()
    dump = _dump(url)
    assert [word for word in MINE if word in dump] == []
    assert OTHER.phone in dump
    assert list(traces(tmp_path, *MINE)) == []


def _dump(url: str) -> str:
    program = shutil.which("pg_dump") or str(_programs() / "pg_dump")
    return subprocess.run([program, "--dbname", url], check=True, capture_output=True, text=True, timeout=60).stdout
