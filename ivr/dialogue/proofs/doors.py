"""Proof that dialplans know when nobody is there: what they ask of opening hours exists, and nobody is promised who sleeps (pure)."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.dialogue import dialplan as plan
from ivr.dialogue import vocabulary as words
from ivr.dialogue.loading import Tree
from ivr.dialogue.proofs.finding import Finding
from ivr.document import nearest
from ivr.handoff.queue import URGENT_PRIORITY

PREFIX = f"{words.HOURS}."


def both_doors(step: plan.Branch) -> bool:
    """Whether a branch on opening hours says what follows of an open queue and of a closed one."""
    return step.branch.startswith(PREFIX) and {words.OPEN, words.CLOSED} <= set(step.on)


def of_hours(
    tree: Tree, name: str, step: plan.Step, served: frozenset[str], closing: frozenset[str]
) -> Iterator[Finding]:
    """A branch on the hours of a queue that is none, or by another word; a human promised out of hours."""
    match step:
        case plan.Branch(branch=asked) if asked.startswith(PREFIX):
            yield from _branch(tree, name, step, asked.removeprefix(PREFIX), words.QUEUES | served)
        case plan.HandOff(hand_off=queue, say=said, say_closed=()) if said and not _urgent(step):
            if queue in closing or (closing and queue.startswith("$")):
                fix = "add `say_closed`: what is said instead of `say` while nobody is there"
                what = f"step `{name}` promises a human, and its queue has opening hours"
                yield Finding.at(tree.place(name, "hand_off"), what, fix, True)


def _branch(tree: Tree, name: str, step: plan.Branch, queue: str, known: frozenset[str]) -> Iterator[Finding]:
    if queue.split(".")[0] not in known:
        yield Finding.at(tree.place(name, "branch"), f"there is no queue `{queue}`", nearest(queue, sorted(known)))
    elif queue in known:
        for word in step.on:
            if word not in (words.OPEN, words.CLOSED):
                fix = f"a queue is `{words.OPEN}` or `{words.CLOSED}`"
                yield Finding.at(tree.place(name, "on", word), f"hours are never `{word}`", fix)


def _urgent(step: plan.HandOff) -> bool:
    return step.priority.isdigit() and int(step.priority) <= URGENT_PRIORITY
