"""Proof that what is said can be said: variables are known wherever a prompt needs them (pure).

Forward over all ways, a node knows what it knows however it was come by (definite assignment); look-ups and actions bring what
`vocabulary` promises for the outcome, and forget what they clear.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

from ivr.dialogue import dialplan as plan
from ivr.dialogue import vocabulary as words
from ivr.dialogue.loading import Spoken
from ivr.dialogue.meaning import WHAT_ELSE
from ivr.dialogue.position import Stack
from ivr.dialogue.prompts import OPTIONAL, VARIABLE, variables
from ivr.dialogue.proofs.finding import Finding
from ivr.dialogue.proofs.ways import Way, Ways

Known = frozenset[str]
STRAY = re.compile(r"[{}\[\]｛｝［］]")


def saying(ways: Ways, closing: bool = False) -> Iterator[Finding]:
    """Prompts with a variable that isn't certain to be known where they are said; `closing`: queues have opening hours."""
    known = _known(ways)
    for node in ways.out:
        step = ways.step(node)
        for prompt in (*step.say, *getattr(step, "say_closed", ())):
            if prompt in ways.spoken.prompts:
                yield from _of_prompt(ways, node, prompt, known[node])
    yield from _asides(ways)
    yield from _own(ways.spoken, closing)
    yield from _brackets(ways.spoken)


def _of_prompt(ways: Ways, node: Stack, prompt: str, known: Known) -> Iterator[Finding]:
    book = ways.spoken.prompts
    for text in book.words[prompt].texts():
        for name in variables(text):
            if not _has(known, name):
                what = f"prompt `{prompt}` says {{{name}}}, which isn't sure to be known at `{node[-1]}`"
                yield Finding.at(book.places[prompt], what, "put that part in [brackets], or branch on it first")


def _asides(ways: Ways) -> Iterator[Finding]:
    """What is asked beside the matter is asked anywhere: only what every call knows is sure to be known."""
    book, asides = ways.spoken.prompts, ways.spoken.trees[ways.start[0].tree].file.asides
    said = {prompt for one in asides.values() for prompt in ([one] if isinstance(one, str) else one.values())}
    for prompt in sorted(said & book.words.keys()):
        for name in variables(book.words[prompt].text):
            if not _has(words.GIVEN, name):
                what = f"prompt `{prompt}` says {{{name}}}, which isn't sure to be known where it is asked for"
                yield Finding.at(book.places[prompt], what, "put that part in [brackets]")


def _brackets(spoken: Spoken) -> Iterator[Finding]:
    """A bracket that isn't closed, or isn't one of ours, would be read aloud."""
    for prompt, written in spoken.prompts.words.items():
        for text in written.texts():
            if left := STRAY.search(OPTIONAL.sub(r"\1", VARIABLE.sub("", text))):
                what = f"prompt `{prompt}` has a `{left[0]}` that belongs to no `{{value}}` and no `[optional part]`"
                fix = "close it, write { } and [ ] as they are here, and no blank between { }"
                yield Finding.at(spoken.prompts.places[prompt], what, fix)


def _own(spoken: Spoken, closing: bool) -> Iterator[Finding]:
    """The prompts that the machine says of its own accord."""
    hands_off = any(isinstance(step, plan.HandOff) for tree in spoken.trees.values() for step in tree.steps.values())
    ours = {**words.OWN_PROMPTS, **({**words.HANDOFF_PROMPTS, **words.CLOSED_PROMPTS} if hands_off else {})}
    for prompt, known in ours.items():
        if prompt not in spoken.prompts:
            place = next(iter(spoken.prompts.places.values()))
            fix = "add it: the robot says it by itself"
            if known:
                fix += f", and may say {{{'}, {'.join(sorted(known))}}}"
            # Nobody hears these until a queue is closed: by its hours, or by a supervisor.
            mild = prompt in words.CLOSED_PROMPTS and not closing
            yield Finding.at(place, f"prompt `{prompt}` is missing in {spoken.language}", fix, mild)
            continue
        for text in spoken.prompts.words[prompt].texts():
            for name in variables(text):
                if not _has(known | words.GIVEN, name):
                    what = f"prompt `{prompt}` says {{{name}}}, which isn't sure to be known"
                    may = f"it may say {{{'}, {'.join(sorted(known))}}}; else " if known else ""
                    yield Finding.at(spoken.prompts.places[prompt], what, f"{may}put that part in [brackets]")


def _has(known: Known, name: str) -> bool:
    owner, _, part = name.rpartition(".")
    return name in known or (part in words.DERIVED and owner in known)


def _known(ways: Ways) -> dict[Stack, Known]:
    known: dict[Stack, Known] = {ways.start: words.GIVEN}
    waiting = deque([ways.start])
    while waiting:
        node = waiting.popleft()
        for way in ways.out[node]:
            after = _after(ways.step(node), way, known[node])
            before = known.get(way.to)
            if before is None or not before <= after:
                known[way.to] = after if before is None else before & after
                waiting.append(way.to)
    return known


def _after(step: plan.Step, way: Way, known: Known) -> Known:
    """What is known after a way was taken."""
    if way.kind == "intent":
        return known | {"intent"}
    if way.kind != "own":
        return known - {"intent"} if way.outcome == "never_mind" else known
    match step:
        case plan.LookUp():
            query = words.LOOK_UPS[step.look_up]
            answered = query.outcomes.get(way.outcome, words.Outcome())
            return _without(known, query.clears) | answered.certain
        case plan.Act():
            asked = ("declined", "give_up", WHAT_ELSE)
            return known if way.outcome in asked else _without(known, words.ACT_CLEARS)
        case plan.Branch():
            if way.outcome in ("missing", "otherwise"):
                return known if way.outcome == "otherwise" else known - {step.branch}
            return known | {step.branch}
        case plan.Remember():
            rest = _without(known, step.forget)
            return rest | {name for name, word in step.remember.items() if _is_sure(word, rest)}
        case plan.Ask():
            return known | _answer(step, way.outcome)
        case plan.Survey():
            return known
    return known


def _is_sure(word: str | tuple[str, ...], known: Known) -> bool:
    """Whether a word as written has a value: a list always has, the words that aren't known are left out of it."""
    return isinstance(word, tuple) or not word.startswith("$") or _has(known, word[1:])


def _answer(step: plan.Ask, outcome: str) -> Known:
    if outcome in ("give_up", WHAT_ELSE) or step.ask == "order_number":
        return frozenset()
    if step.ask == "intent":
        return frozenset({step.into or "intent"})
    return frozenset({step.into or ("answer" if step.ask in ("yes_no", "choice") else step.ask)})


def _without(known: Known, names: tuple[str, ...]) -> Known:
    return frozenset(each for each in known if not any(each == name or each.startswith(f"{name}.") for name in names))
