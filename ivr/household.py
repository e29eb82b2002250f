"""What the supervisor knows of the processes of its host, as it tells the console: one line of JSON a second."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Protocol, Self

from ivr.pulse import Figures

UNWRITTEN, OLDEST_SECONDS = "unwritten", "oldest_unwritten_seconds"


class Process(Protocol):
    """As much of a child as is told."""

    @property
    def kind(self) -> str: ...
    @property
    def serves(self) -> bool: ...
    @property
    def causes(self) -> Mapping[str, int]: ...
    @property
    def figures(self) -> Figures: ...


@dataclass(frozen=True, slots=True)
class Household:
    """By kind of process: how many there should be, how many serve, and how often which cause made a new one needed.

    Entries that wait for the database are of all workers together; the age is that of the oldest.
    """

    wanted: Mapping[str, int] = field(default_factory=dict)
    serving: Mapping[str, int] = field(default_factory=dict)
    restarts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    unwritten: int = 0
    oldest_unwritten_seconds: float = 0.0

    @classmethod
    def of(cls, processes: Iterable[Process]) -> Self:
        """As it stands now."""
        listed = list(processes)
        kinds = {
            kind: [each for each in listed if each.kind == kind] for kind in sorted({each.kind for each in listed})
        }
        return cls(
            wanted={kind: len(each) for kind, each in kinds.items()},
            serving={kind: sum(one.serves for one in each) for kind, each in kinds.items()},
            restarts={kind: _added(one.causes for one in each) for kind, each in kinds.items()},
            unwritten=int(sum(each.figures.get(UNWRITTEN, 0) for each in listed)),
            oldest_unwritten_seconds=max((each.figures.get(OLDEST_SECONDS, 0.0) for each in listed), default=0.0),
        )

    @property
    def missing(self) -> Mapping[str, int]:
        """Processes that should serve and don't, by kind."""
        lacking = {kind: number - self.serving.get(kind, 0) for kind, number in self.wanted.items()}
        return {kind: number for kind, number in lacking.items() if number}

    def line(self) -> bytes:
        """As one line."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def read(cls, line: bytes) -> Self | None:
        """From such a line; None for any other, as one that was cut short."""
        try:
            return cls(**json.loads(line))
        except (ValueError, TypeError):
            return None


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """With both causes always there: a counter that appears with its first one hides that one from Prometheus."""
    sums = {"died": 0, "hung": 0}
    for each in counts:
        for cause, number in each.items():
            sums[cause] = sums.get(cause, 0) + number
    return sums
