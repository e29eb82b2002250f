"""Many tasks in a few processes. Not in __main__: a spawned process cannot find functions of `python -m training` there."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path


def _run_task(task: tuple[Callable[..., Path], tuple[object, ...]]) -> str:
    work, arguments = task
    return work(*arguments).name


def in_processes(tasks: list[tuple[Callable[..., Path], tuple[object, ...]]], jobs: int) -> None:
    """Runs tasks in processes of their own (eSpeak has global state), printing what is done and what is to come."""
    began = time.monotonic()
    context = multiprocessing.get_context("spawn")
    with context.Pool(jobs, maxtasksperchild=1) as pool:
        for done, name in enumerate(pool.imap(_run_task, tasks), 1):
            spent = time.monotonic() - began
            left = spent / done * (len(tasks) - done)
            print(f"{done}/{len(tasks)} {name} {spent / 60:.1f} min, about {left / 60:.1f} to go", flush=True)
