"""`ivr test`: plays every conversation, shows where one goes otherwise, and which steps and ways none of them has tried."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from ivr.dialogue.conversation import Played, play
from ivr.dialogue.loading import Dialplans
from ivr.dialogue.proofs.ways import explore


@dataclass(frozen=True, slots=True)
class Coverage:
    """What of the dialplans the conversations came through, out of all that a call can come to."""

    steps: int
    all_steps: int
    ways: int
    all_ways: int
    untried: tuple[str, ...]


def play_all(files: list[Path], dialplans: Dialplans, facts: dict[str, str]) -> list[Played]:
    """Every conversation, one after another."""

    async def each() -> list[Played]:
        return [await play(file, dialplans, facts) for file in files]

    return asyncio.run(each())


def coverage(played: list[Played], dialplans: Dialplans, start: str = "hotline") -> Coverage:
    """Steps and their own ways (not what is open everywhere), over all languages: the steps are the same in each."""
    steps: set[str] = set()
    ways: set[tuple[str, str]] = set()
    for spoken in dialplans.spoken.values():
        graph = explore(spoken, start)
        steps |= {str(frame) for frame in graph.steps()}
        own = ((node, way) for node, out in graph.out.items() for way in out if way.kind == "own")
        ways |= {(str(node[-1]), str(way.to[-1])) for node, way in own}
    tried_steps = {step for each in played for step in each.steps} & steps
    tried_ways = {way for each in played for way in each.ways} & ways
    return Coverage(len(tried_steps), len(steps), len(tried_ways), len(ways), tuple(sorted(steps - tried_steps)))
