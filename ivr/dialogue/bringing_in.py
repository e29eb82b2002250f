"""The step that brings in a human: whom it asks for, and what it says where nobody is there (pure)."""

from __future__ import annotations

from ivr.dialogue import dialplan as plan
from ivr.dialogue import vocabulary as words
from ivr.dialogue.talk import Talk
from ivr.handoff.queue import URGENT_PRIORITY

COMMON_PRIORITY = 5


def bring_in(talk: Talk, step: plan.HandOff) -> None:
    """Bring in a human, as the step says."""
    memory = talk.memory
    queue, priority = memory.word(step.hand_off, "general"), _priority(talk, step)
    talk.hand_off(queue, memory.word(step.reason, "unknown"), memory.word(step.skill), priority)


def instead_of_promising(talk: Talk, step: plan.Step) -> plan.Names:
    """What a step says that would promise a human of a closed queue; what is urgent is tried all the same, in its own words."""
    if not isinstance(step, plan.HandOff) or _priority(talk, step) <= URGENT_PRIORITY:
        return ()
    queue = talk.memory.word(step.hand_off, "general")
    return step.say_closed if talk.memory[f"{words.HOURS}.{queue}"] == words.CLOSED else ()


def _priority(talk: Talk, step: plan.HandOff) -> int:
    priority = talk.memory.word(step.priority)
    return int(priority) if priority.isdigit() else COMMON_PRIORITY
