"""What became of synthetic calls: results as frozen dataclasses, as JSON, and as tables on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from ivr.caller.measures import Media, percentile


@dataclass(frozen=True, slots=True)
class Check:
    """An expectation of the scenario, and whether it was met."""

    what: str
    met: bool
    found: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """Something a party did (`say`, `interrupt`, `key`) or heard (`hear`), with what was measured of it."""

    kind: str
    text: str
    start_seconds: float
    end_seconds: float
    reply_gap_ms: float | None = None
    stop_ms: float | None = None


@dataclass(frozen=True, slots=True)
class PartyResult:
    """One phone's side of a call; times in seconds from the INVITE of the scenario's caller."""

    who: str
    call_id: str
    status: int
    reason: str
    codec: str
    ringing_ms: float | None
    setup_ms: float | None
    talked_seconds: float
    ended_by_far_end: bool
    turns: tuple[Turn, ...]
    checks: tuple[Check, ...]
    media: Media | None

    @property
    def ok(self) -> bool:
        return all(check.met for check in self.checks)

    @property
    def heard(self) -> str:
        """All that was recognised, in one line."""
        return " / ".join(turn.text for turn in self.turns if turn.kind == "hear")


@dataclass(frozen=True, slots=True)
class CallResult:
    """A scenario carried out once: the caller's side and those of the agents."""

    about: str
    uri: str
    caller: PartyResult
    agents: tuple[PartyResult, ...] = ()

    @property
    def parties(self) -> tuple[PartyResult, ...]:
        return (self.caller, *self.agents)

    @property
    def ok(self) -> bool:
        """Whether every expectation of every party was met."""
        return all(party.ok for party in self.parties)

    @property
    def failures(self) -> tuple[str, ...]:
        """The expectations that were not met, as lines to read."""
        return tuple(
            f"{party.who}: {check.what}" + (f" (found: {check.found})" if check.found else "")
            for party in self.parties
            for check in party.checks
            if not check.met
        )


@dataclass(frozen=True, slots=True)
class LoadResult:
    """Many calls at once."""

    calls: tuple[CallResult, ...]
    wall_seconds: float
    caller_cpu_seconds: float
    worst_pacing_delay_ms: float

    @property
    def ok(self) -> bool:
        return all(call.ok for call in self.calls)

    def gaps_ms(self) -> list[float]:
        """All reply gaps after speech."""
        return [gap for call in self.calls for gap in measured(call, "reply_gap_ms", ("say", "interrupt"))]


def measured(call: CallResult, name: str, kinds: Sequence[str]) -> list[float]:
    """One figure of all the caller's turns of some kinds."""
    values = [getattr(turn, name) for turn in call.caller.turns if turn.kind in kinds]
    return [value for value in values if value is not None]


def figures(calls: Sequence[CallResult]) -> dict[str, float | int | None]:
    """The figures that are asked of a hotline, over all calls."""
    gaps = [gap for call in calls for gap in measured(call, "reply_gap_ms", ("say", "interrupt"))]
    stops = [stop for call in calls for stop in measured(call, "stop_ms", ("interrupt",))]
    setups = [call.caller.setup_ms for call in calls if call.caller.setup_ms is not None]
    streams = [call.caller.media for call in calls if call.caller.media]
    return {
        "calls": len(calls),
        "as_expected": sum(call.ok for call in calls),
        "reply_gaps": len(gaps),
        "reply_gap_p50_ms": percentile(gaps, 0.5),
        "reply_gap_p95_ms": percentile(gaps, 0.95),
        "barge_ins": len(stops),
        "barge_in_stop_p95_ms": percentile(stops, 0.95),
        "setup_p95_ms": percentile(setups, 0.95),
        "rtp_received": sum(stream.received for stream in streams),
        "rtp_lost": sum(stream.lost for stream in streams),
        "rtp_gaps_over_40_ms": sum(stream.gaps for stream in streams),
    }


def as_data(result: CallResult | LoadResult) -> dict[str, Any]:
    """A result as plain data for JSON, with its verdict and figures."""
    calls = result.calls if isinstance(result, LoadResult) else (result,)
    data = asdict(result)
    for call, plain in zip(calls, data["calls"] if isinstance(result, LoadResult) else (data,), strict=True):
        plain |= {"ok": call.ok, "failures": list(call.failures)}
    return {**data, "ok": result.ok, "figures": figures(calls)}


def table(result: CallResult) -> Table:
    """One call, turn by turn."""
    shown = Table(title=result.about or result.uri, title_justify="left")
    for column in ("at s", "who", "does", "", "reply ms", "stops ms"):
        shown.add_column(column, justify="right" if column.endswith(" s") or column.endswith("ms") else "left")
    rows = sorted((turn.start_seconds, party.who, turn) for party in result.parties for turn in party.turns)
    for start, who, turn in rows:
        style = "dim" if turn.kind == "hear" else ""
        shown.add_row(
            f"{start:.2f}", who, turn.kind, turn.text, _whole(turn.reply_gap_ms), _whole(turn.stop_ms), style=style
        )
    return shown


def summary(calls: Sequence[CallResult]) -> Table:
    """The figures over all calls."""
    shown = Table(show_header=False)
    for name, value in figures(calls).items():
        shown.add_row(name.replace("_", " "), "–" if value is None else f"{value:.0f}")
    return shown


def _whole(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"
