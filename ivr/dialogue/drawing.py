"""A dialplan as a picture: Graphviz for SVG, Mermaid for where there is no Graphviz (pure)."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.dialogue import dialplan as plan
from ivr.dialogue.loading import Spoken, Tree
from ivr.dialogue.proofs.ways import targets

# Shape and colour by what a step does, so that questions, the desk, humans and ends are told apart at a glance.
LOOKS: dict[type[plan.Step], tuple[str, str]] = {
    plan.Ask: ("box", "#dbeafe"),
    plan.Survey: ("box", "#dbeafe"),
    plan.LookUp: ("cylinder", "#fef3c7"),
    plan.Act: ("cds", "#fde68a"),
    plan.Branch: ("diamond", "#f3f4f6"),
    plan.Call: ("component", "#ede9fe"),
    plan.HandOff: ("house", "#fecaca"),
    plan.HangUp: ("doublecircle", "#d1d5db"),
    plan.Return: ("circle", "#e5e7eb"),
}
LONGEST_WORDS = 28


def dot(spoken: Spoken, tree: Tree) -> str:
    """The tree in Graphviz' language."""
    lines = [
        f"digraph {_quoted(tree.name)} {{",
        '  graph [rankdir=TB, fontname="sans-serif", nodesep=0.35, ranksep=0.45, label='
        + _quoted(tree.file.about)
        + "]",
        '  node [fontname="sans-serif", fontsize=10, style="filled,rounded", fillcolor=white]',
        '  edge [fontname="sans-serif", fontsize=9, color="#6b7280"]',
        '  "(start)" [shape=point]',
        f'  "(start)" -> {_quoted(tree.file.start)}',
    ]
    for name, step in tree.steps.items():
        shape, colour = LOOKS.get(type(step), ("box", "#ffffff"))
        label = "\n".join(_label(spoken, name, step))
        lines.append(f'  {_quoted(name)} [shape={shape}, fillcolor="{colour}", label={_quoted(label)}]')
    for name, outcome, target in _edges(tree):
        lines.append(f"  {_quoted(name)} -> {_quoted(target)} [label={_quoted(outcome)}]")
    for intent, target in tree.file.intents.items():
        lines.append(f'  "(wish)" -> {_quoted(target)} [label={_quoted(intent)}, style=dashed]')
    if tree.file.intents:
        lines.append('  "(wish)" [shape=plaintext, label="any question:\\nanother wish", fillcolor=white]')
    return "\n".join([*lines, "}"]) + "\n"


def mermaid(spoken: Spoken, tree: Tree) -> str:
    """The tree in Mermaid's language."""
    ids = {name: f"s{index}" for index, name in enumerate(tree.steps)}
    lines = ["flowchart TD", f"  start(( )) --> {ids[tree.file.start]}"]
    for name, step in tree.steps.items():
        opening, closing = {plan.Branch: ("{", "}"), plan.LookUp: ("[(", ")]"), plan.HangUp: ("((", "))")}.get(
            type(step), ("[", "]")
        )
        label = "<br>".join(_label(spoken, name, step)).replace('"', "'")
        lines.append(f'  {ids[name]}{opening}"{label}"{closing}')
    for name, outcome, target in _edges(tree):
        if target in ids:
            lines.append(f"  {ids[name]} -->" + (f"|{outcome}| " if outcome else " ") + ids[target])
    for intent, target in tree.file.intents.items():
        lines.append(f"  wish([another wish]) -.->|{intent}| {ids[target]}")
    return "\n".join(lines) + "\n"


def _edges(tree: Tree) -> Iterator[tuple[str, str, str]]:
    for name, step in tree.steps.items():
        for outcome, target in targets(step):
            yield name, "" if outcome == "then" else outcome, target


def _label(spoken: Spoken, name: str, step: plan.Step) -> Iterator[str]:
    yield name
    match step:
        case plan.Ask():
            yield f"ask {step.ask}"
        case plan.LookUp():
            yield f"look up {step.look_up}"
        case plan.Act():
            yield f"act {step.act}"
        case plan.Branch():
            yield f"{step.branch}?"
        case plan.Call():
            yield f"call {step.call}"
        case plan.HandOff():
            yield f"→ {step.hand_off}"
        case plan.HangUp():
            yield f"end: {step.hang_up}"
        case plan.Return():
            yield f"return {step.return_}"
    for prompt in step.say:
        text = spoken.prompts.text(prompt) or prompt
        yield f"“{text[:LONGEST_WORDS]}{'…' if len(text) > LONGEST_WORDS else ''}”"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
