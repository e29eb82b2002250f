"""The ways through dialplans as a graph: what can follow what, in every tree and through every call (pure).

A node is a stack of frames, as in a call: the same tree called from two steps is two sets of nodes, so a proof about a node
holds for exactly the calls that come that way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from ivr.dialogue import dialplan as plan
from ivr.dialogue import vocabulary as words
from ivr.dialogue.loading import Spoken, Tree
from ivr.dialogue.position import Frame, Stack

MOST_NODES = 200_000


@dataclass(frozen=True, slots=True)
class Way:
    """A way from a step: the outcome that leads along it, and the next node. `urgent` ways are open at every step."""

    outcome: str
    to: Stack
    kind: str = "own"


@dataclass(slots=True)
class Ways:
    """All nodes that a call beginning at `start` can be at, with the ways between them."""

    spoken: Spoken
    start: Stack
    out: dict[Stack, list[Way]] = field(default_factory=dict)

    def step(self, node: Stack) -> plan.Step:
        """The step of a node."""
        return self.tree(node).steps[node[-1].step]

    def tree(self, node: Stack) -> Tree:
        """The tree of a node."""
        return self.spoken.trees[node[-1].tree]

    def steps(self) -> set[Frame]:
        """Every step that can be reached, however it is come by."""
        return {node[-1] for node in self.out}


def explore(spoken: Spoken, start: str) -> Ways:
    """Everything that can be reached from the start of a dialplan."""
    begin: Stack = (Frame(start, spoken.trees[start].file.start),)
    ways = Ways(spoken, begin)
    waiting = deque([begin])
    while waiting and len(ways.out) < MOST_NODES:
        node = waiting.popleft()
        if node in ways.out:
            continue
        ways.out[node] = [way for way in _ways(ways, node) if _exists(spoken, way.to)]
        waiting.extend(way.to for way in ways.out[node] if way.to not in ways.out)
    return ways


def _exists(spoken: Spoken, node: Stack) -> bool:
    return node[-1].step in spoken.trees[node[-1].tree].steps


def _ways(ways: Ways, node: Stack) -> Iterator[Way]:
    step = ways.step(node)
    match step:
        case plan.Call():
            if step.call in ways.spoken.trees and step.call not in {frame.tree for frame in node}:
                callee = ways.spoken.trees[step.call]
                yield Way("call", (*node, Frame(step.call, callee.file.start)))
        case plan.Return():
            yield from _return(ways, node, step)
        case _:
            for outcome, target in targets(step):
                yield Way(outcome, _to(node, target))
    yield from _anywhere(ways, node, step)


def _return(ways: Ways, node: Stack, step: plan.Return) -> Iterator[Way]:
    if len(node) == 1:
        return
    caller = ways.step(node[:-1])
    if isinstance(caller, plan.Call) and (target := caller.on.get(step.return_) or caller.then):
        yield Way(step.return_, _to(node[:-1], target))


def _anywhere(ways: Ways, node: Stack, step: plan.Step) -> Iterator[Way]:
    """What can happen besides: universals and words of danger, another wish, nothing understood, something broken."""
    always = ways.spoken.trees[ways.start[0].tree].file.always
    if always is None:
        return
    root = node[:1]
    listening = isinstance(step, plan.Ask | plan.Survey) or (isinstance(step, plan.Act) and step.cost != "never")
    if listening:
        for name in ("agent", "agent_again", "goodbye", "danger", "fraud", "rage", "never_mind"):
            yield Way(name, _to(root, getattr(always, name)), "always")
        for depth in range(1, len(node) + 1):
            for intent, target in ways.spoken.trees[node[depth - 1].tree].file.intents.items():
                yield Way(intent, _to(node[:depth], target), "intent")
    if listening and not _own_give_up(step):
        yield Way("give_up", _to(root, always.give_up), "give_up")
    if listening or isinstance(step, plan.LookUp | plan.Act):
        yield Way("stuck", _to(root, always.stuck), "always")
    if listening or isinstance(step, plan.LookUp | plan.Act | plan.HandOff | plan.RecordMessage):
        yield Way("broken", _to(root, always.broken), "broken")


def _own_give_up(step: plan.Step) -> bool:
    return isinstance(step, plan.Survey) or bool(getattr(step, "give_up", "")) or "give_up" in getattr(step, "on", {})


def _to(stack: Stack, step: str) -> Stack:
    return (*stack[:-1], Frame(stack[-1].tree, step))


def targets(step: plan.Step) -> Iterator[tuple[str, str]]:
    """The outcomes of a step and the steps of its own tree they lead to, as written."""
    for name in ("on",):
        for outcome, target in getattr(step, name, {}).items():
            yield outcome, target
    for name in ("then", "otherwise", "give_up"):
        if target := getattr(step, name, ""):
            yield name, target


def outcomes(step: plan.Step) -> tuple[str, ...]:
    """The outcomes that a step must have a way for."""
    match step:
        case plan.LookUp():
            return tuple(words.LOOK_UPS[step.look_up].outcomes)
        case plan.Act():
            asked = step.cost == "explicit" or step.cost.startswith("$")
            return words.ACT_OUTCOMES[: 5 if asked else 4]
        case plan.Ask(ask="yes_no"):
            return ("yes", "no")
        case plan.Ask(ask="choice"):
            return tuple(step.choices)
        case plan.Ask(ask="order_number"):
            return ("given", "none")
        case plan.Ask(ask="intent"):
            return ()
        case plan.Ask():
            return ("given",)
    return ()
