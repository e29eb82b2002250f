"""Proof that the order desk decides whatever it is asked about, and that what it has decided can be told (pure).

Forward over all ways, a node knows which wishes a call may have there; each that reaches a decision, or an action of the ledger,
needs rules in decisions.yaml.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping

from ivr.dialogue import dialplan as plan
from ivr.dialogue.position import Stack
from ivr.dialogue.prompts import VARIABLE
from ivr.dialogue.proofs.finding import Finding
from ivr.dialogue.proofs.ways import Way, Ways
from ivr.document import nearest

Wishes = frozenset[str]
# Intent → the rules that may decide about it.
Rules = Mapping[str, frozenset[str]]
# What the desk does whatever it was asked for.
UNDECIDED = frozenset({"ticket", "open_ticket", "callback", "book_callback", "survey"})
# What a decision says of a wish that lacks its order.
ALWAYS = frozenset({"order_needed", "order_not_found"})


def decided(ways: Ways, rules: Rules) -> Iterator[Finding]:
    """Wishes that the order desk knows no rules for, and rules that nothing is said of."""
    reasons: set[str] = set()
    for node, wishes in _wishes(ways).items():
        step, tree, name = ways.step(node), ways.tree(node), node[-1].step
        path: tuple[str, ...]
        match step:
            case plan.LookUp(look_up="decision"):
                word, path = step.with_.get("intent", ""), ("with", "intent")
            case plan.Act() if step.act not in UNDECIDED:
                word, path = step.intent, ("intent",)
            case _:
                continue
        if not word:
            yield Finding.at(
                tree.place(name), f"step `{name}` doesn't say about what", "add `intent: $intent` to `with`"
            )
        asked = wishes if word == "$intent" else frozenset() if word.startswith("$") else frozenset({word})
        for intent in sorted(asked - rules.keys() - {""}):
            near = nearest(intent, list(rules)).split("allowed:")[0]
            fix = (
                f"{near}{'else ' if near else ''}write its rules in decisions.yaml, or `remember: {{intent: …}}` before"
            )
            yield Finding.at(tree.place(name, *path), f"the order desk has no rules for `{intent}`", fix)
        if isinstance(step, plan.LookUp):
            reasons = reasons.union(ALWAYS, *(rules.get(intent, ()) for intent in asked))
    yield from _untold(ways, reasons)


def _untold(ways: Ways, reasons: set[str]) -> Iterator[Finding]:
    """Where `{reason}` is said, each rule has its sentence, the prompt `word.<rule>`."""
    book = ways.spoken.prompts
    untold = sorted(rule for rule in reasons if f"word.{rule}" not in book)
    for prompt, words in book.words.items():
        if untold and any("reason" in VARIABLE.findall(text) for text in words.texts()):
            what = f"nothing is said of {len(untold)} rules of decisions.yaml in {book.language}: {', '.join(untold)}"
            yield Finding.at(book.places[prompt], what, f"add `word.{untold[0]}: …` to prompts/{book.language}", True)
            return


def _wishes(ways: Ways) -> dict[Stack, Wishes]:
    wishes: dict[Stack, Wishes] = {ways.start: frozenset({""})}
    waiting = deque([ways.start])
    while waiting:
        node = waiting.popleft()
        for way in ways.out[node]:
            after, before = _after(ways.step(node), way, wishes[node]), wishes.get(way.to)
            if before is None or not after <= before:
                wishes[way.to] = after | (before or frozenset())
                waiting.append(way.to)
    return wishes


def _after(step: plan.Step, way: Way, wishes: Wishes) -> Wishes:
    """What a call may want after a way was taken; the empty word: nothing that is known here."""
    if way.kind == "intent":
        return frozenset({way.outcome})
    match step:
        case _ if way.outcome == "never_mind":
            return frozenset({""})
        case plan.Branch(branch="intent") if way.kind == "own":
            return wishes - step.on.keys() if way.outcome == "otherwise" else wishes & {way.outcome}
        case plan.Remember() if "intent" in step.remember or "intent" in step.forget:
            word = step.remember.get("intent", "")
            return frozenset({word if isinstance(word, str) and not word.startswith("$") else ""})
        case plan.Ask(ask="intent") if step.into in ("", "intent") and way.kind == "own" and way.outcome in step.on:
            return frozenset({way.outcome}) if way.outcome not in ("yes", "no") else wishes
    return wishes
