"""Who is served first: danger and fraud, then VIP and elders, then repeat contacts, then who waits longest; aged, so that nobody starves.

A call's band comes from the dialogue's priority (0 danger … 9) and from who is calling. Waiting moves a call up by one band for
every `AGEING_SECONDS`, but never among the urgent: danger to a person is not overtaken by patience. Within a band the longest
wait is first; equal waits fall back to the handoff's number, so that the order is total and the same in every process.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ivr.values import Language

URGENT_BAND, FAVOURED_BAND, REPEAT_BAND, COMMON_BAND = 0, 1, 2, 3
# One band of waiting. 90 s: a common call is level with VIPs after three minutes, within most callers' patience.
AGEING_SECONDS = 90.0
URGENT_PRIORITY, FAVOURED_PRIORITY, REPEAT_PRIORITY = 1, 3, 4


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call in the queue; `waiting_seconds` counts from its first request for a human."""

    handoff: int
    queue: str
    waiting_seconds: float
    language: Language = "zh"
    skill: str = ""
    priority: int = 5
    favoured: bool = False
    repeated: bool = False
    excluded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody who could take a call now; `idle_seconds` since the last one."""

    agent: str
    queues: frozenset[str]
    languages: frozenset[Language] = frozenset({"zh", "en"})
    skills: frozenset[str] = frozenset()
    idle_seconds: float = 0.0


def band(call: Waiting) -> int:
    """The band before ageing: 0 urgent, 1 VIP or elder, 2 repeat contact, 3 everybody else."""
    if call.priority <= URGENT_PRIORITY:
        return URGENT_BAND
    if call.favoured or call.priority <= FAVOURED_PRIORITY:
        return FAVOURED_BAND
    if call.repeated or call.priority <= REPEAT_PRIORITY:
        return REPEAT_BAND
    return COMMON_BAND


def rank(call: Waiting) -> tuple[int, float, int]:
    """The sort key: aged band, longest wait, handoff number; smaller is sooner."""
    unaged = band(call)
    if unaged == URGENT_BAND:
        return URGENT_BAND, -call.waiting_seconds, call.handoff
    aged = max(FAVOURED_BAND, unaged - int(call.waiting_seconds // AGEING_SECONDS))
    return aged, -call.waiting_seconds, call.handoff


def ranked(calls: Iterable[Waiting]) -> list[Waiting]:
    """The calls in the order in which they are served."""
    return sorted(calls, key=rank)


def may_serve(agent: Agent, call: Waiting) -> bool:
    """Whether queue, language and skill fit, and the agent was not asked for this call a moment ago."""
    return (
        call.queue in agent.queues
        and call.language in agent.languages
        and (not call.skill or call.skill in agent.skills)
        and agent.agent not in call.excluded
    )


def assigned(calls: Iterable[Waiting], agents: Sequence[Agent]) -> dict[int, str]:
    """Which agent each handoff gets: by rank, each call the fitting agent with fewest skills to spare, then the longest idle."""
    free = list(agents)
    result: dict[int, str] = {}
    for call in ranked(calls):
        fitting = [agent for agent in free if may_serve(agent, call)]
        if not fitting:
            continue
        best = min(fitting, key=lambda agent: (len(agent.skills) + len(agent.queues), -agent.idle_seconds, agent.agent))
        free.remove(best)
        result[call.handoff] = best.agent
    return result


def position(call: Waiting, calls: Iterable[Waiting]) -> int:
    """The call's place in its own queue, counted from 1; calls of other queues don't count."""
    same = [other for other in calls if other.queue == call.queue and other.handoff != call.handoff]
    return 1 + sum(1 for other in same if rank(other) < rank(call))


def expected_wait_seconds(place: int, agents: int, handling_seconds: float) -> float | None:
    """How long the call at this place waits when `agents` serve the queue, each call taking `handling_seconds`; None when nobody does."""
    if agents <= 0:
        return None
    return place * handling_seconds / agents
