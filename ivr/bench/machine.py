"""What machine this is, and what a tree of processes takes of it."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

import psutil


def description() -> dict[str, object]:
    """Processor, cores, memory and load now: without them a figure means nothing."""
    model = ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
    return {
        "processor": model or platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_before": [round(load, 2) for load in os.getloadavg()],
    }


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds spent and memory held (proportional set size where the kernel tells, MiB) by a tree of processes."""

    cpu_seconds: float
    memory_mib: float


def usage(root: int) -> Usage:
    """What a process and all below it have used so far."""
    cpu, memory = 0.0, 0.0
    for process in _tree(root):
        try:
            times = process.cpu_times()
            cpu += times.user + times.system
            full = process.memory_full_info()
            memory += getattr(full, "pss", full.rss)
        except psutil.Error:
            continue  # it ended while we looked
    return Usage(cpu, memory / 2**20)


def _tree(root: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(root)
        return [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return []
