"""Proof that every step is on a road: reachable, with a human or an end ahead, and no circle without the caller (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ivr.dialogue import dialplan as plan
from ivr.dialogue.position import Frame, Stack
from ivr.dialogue.proofs.finding import Finding
from ivr.dialogue.proofs.ways import Ways

ENDS = (plan.HandOff, plan.HangUp)


def roads(ways: Ways) -> Iterator[Finding]:
    """Steps that nobody can come to, that lead nowhere, and circles that turn by themselves."""
    yield from _unreachable(ways)
    yield from _endless(ways)
    yield from _circles(ways)
    yield from _calls_in_circles(ways)


def _unreachable(ways: Ways) -> Iterator[Finding]:
    reached = ways.steps()
    called = {frame.tree for frame in reached}
    for tree in ways.spoken.trees.values():
        if tree.name not in called:
            what = f"no call comes to the dialplan `{tree.name}`"
            yield Finding.at(tree.document.place(), what, "call it from a step, or take the file out")
            continue
        for name in tree.steps:
            if Frame(tree.name, name) not in reached:
                what = f"no call comes to step `{name}`"
                yield Finding.at(tree.place(name), what, "lead a way to it, or take it out")


def _endless(ways: Ways) -> Iterator[Finding]:
    """Steps from which, by their own ways alone, neither a human nor an end can be reached."""
    back: dict[Stack, list[Stack]] = {}
    for node, out in ways.out.items():
        for way in out:
            if way.kind in ("own", "give_up", "intent"):
                back.setdefault(way.to, []).append(node)
    saved = {node for node in ways.out if isinstance(ways.step(node), ENDS)}
    waiting = list(saved)
    while waiting:
        for before in back.get(waiting.pop(), ()):
            if before not in saved:
                saved.add(before)
                waiting.append(before)
    for frame in sorted({node[-1] for node in ways.out if node not in saved}, key=str):
        what = f"from step `{frame.step}` neither a human nor an end can be reached"
        yield Finding.at(ways.spoken.trees[frame.tree].place(frame.step), what, "lead on to `hand_off` or `hang_up`")


def _circles(ways: Ways) -> Iterator[Finding]:
    """Circles of steps that turn without an answer from the caller: the robot would talk or ask the desk for ever.

    A question leaves a circle: each is put at most `visits` times in one matter and then gives up. So what must have no circle
    is the graph of all steps that are no questions, and of questions by their `give_up` alone.
    """
    silent = {node: _without_caller(ways, node) for node in ways.out}
    for circle in _components(silent):
        node = min(circle, key=lambda each: str(each[-1]))
        names = " → ".join(sorted({each[-1].step for each in circle}))
        what = f"these steps go round without the caller: {names}"
        yield Finding.at(ways.tree(node).place(node[-1].step), what, "let one of them ask, hand off or hang up")


def _without_caller(ways: Ways, node: Stack) -> tuple[Stack, ...]:
    step = ways.step(node)
    if isinstance(step, ENDS):
        return ()
    if isinstance(step, plan.Ask | plan.Survey):
        return tuple(way.to for way in ways.out[node] if way.outcome == "give_up")
    if isinstance(step, plan.Act) and step.cost == "explicit":
        return tuple(way.to for way in ways.out[node] if way.outcome == "give_up")
    return tuple(way.to for way in ways.out[node] if way.kind == "own")


def _components(graph: Mapping[Stack, tuple[Stack, ...]]) -> Iterator[set[Stack]]:
    """Strongly connected components with a circle in them (Tarjan 1972, without recursion)."""
    index: dict[Stack, int] = {}
    low: dict[Stack, int] = {}
    stack: list[Stack] = []
    on_stack: set[Stack] = set()
    for root in graph:
        if root in index:
            continue
        work = [(root, iter(graph[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, rest = work[-1]
            following = next(rest, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    component = set()
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        component.add(member)
                        if member == node:
                            break
                    if len(component) > 1 or node in graph[node]:
                        yield component
            elif following not in graph:
                continue
            elif following not in index:
                index[following] = low[following] = len(index)
                stack.append(following)
                on_stack.add(following)
                work.append((following, iter(graph[following])))
            elif following in on_stack:
                low[node] = min(low[node], index[following])


def _calls_in_circles(ways: Ways) -> Iterator[Finding]:
    for node in ways.out:
        step = ways.step(node)
        if isinstance(step, plan.Call) and step.call in {frame.tree for frame in node}:
            chain = " → ".join(dict.fromkeys([*(frame.tree for frame in node), step.call]))
            what = f"dialplans call each other in a circle: {chain}"
            yield Finding.at(ways.tree(node).place(node[-1].step, "call"), what, "return instead of calling")
