"""Proof that what a dialplan names exists, and that every outcome leads somewhere (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ivr.dialogue import dialplan as plan
from ivr.dialogue import vocabulary as words
from ivr.dialogue.loading import Spoken, Tree
from ivr.dialogue.meaning import SAME_WISH, UNIVERSALS, WHAT_ELSE
from ivr.dialogue.proofs.doors import both_doors, of_hours
from ivr.dialogue.proofs.finding import Finding
from ivr.dialogue.proofs.ways import outcomes, targets
from ivr.document import nearest
from ivr.errors import Place

# The others make a call easier; these make it possible.
INDISPENSABLE = frozenset({"agent", "goodbye", "yes", "no"})

# What a caller notices where a list of answers.yaml isn't there.
_LACKING = {
    "before_name": "“my name is” is kept as a part of the name",
    "before_address": "“my address is” is kept as a part of the address",
    "unfinished": "whoever stops after “my order number is” is not waited for",
    "scores": "a score can't be said but as a digit",
}


def references(
    spoken: Spoken, start: str, served: frozenset[str] = frozenset(), closing: frozenset[str] = frozenset()
) -> Iterator[Finding]:
    """Everything that is named but isn't there, and every outcome without a way.

    `served`: the queues that agents serve; `closing`: those that have opening hours.
    """
    yield from _everywhere(spoken)
    for tree in spoken.trees.values():
        yield from _of_tree(spoken, tree, tree.name == start)
        for name, step in tree.steps.items():
            yield from _targets(tree, name, step)
            yield from _outcomes(spoken, tree, name, step)
            yield from _prompts(spoken, tree, name, step)
            yield from _names(spoken, tree, name, step)
            if isinstance(step, plan.Ask) and step.ask == "intent":
                yield from _wishes(spoken, tree, name, step)
            if isinstance(step, plan.HandOff) and not step.hand_off.startswith("$"):
                yield from _queue(tree, name, step.hand_off, served)
            yield from of_hours(tree, name, step, served, closing)


def _everywhere(spoken: Spoken) -> Iterator[Finding]:
    """What is understood at every step must be sayable: without `agent`, `yes` and `no` no caller is safe."""
    grammar = spoken.understanding.grammar
    place = Place(grammar.folder / "universals.yaml")
    fix = "write them there; the shipped file has a full set to begin with"
    for meaning in (*UNIVERSALS, "yes", "no"):
        if meaning not in grammar.sentences:
            what = f"nobody can say `{meaning}` in {spoken.language}: it has no sentences"
            yield Finding.at(place, what, fix, meaning not in INDISPENSABLE)
    if "danger" not in grammar.universals.danger:
        yield Finding.at(place, f"no words of danger are known in {spoken.language}", fix, True)
    named = {*grammar.universals.declared, *grammar.universals.negatable.values()}
    named |= {intent for each in grammar.universals.declared.values() for intent in each.over}
    named |= {intent for one, others in grammar.universals.outranks.items() for intent in (one, *others)}
    named |= {*grammar.universals.second_wish.apart, *grammar.universals.second_wish.afterwards}
    for intent in sorted(named - grammar.sentences.keys()):
        what = f"`{intent}` has no sentences in {spoken.language}"
        yield Finding.at(place, what, nearest(intent, list(grammar.sentences)), True)
    for intent, others in grammar.universals.outranks.items():
        if both := sorted(other for other in others if intent in grammar.universals.outranks.get(other, ())):
            what = f"`{intent}` and `{both[0]}` outrank each other"
            yield Finding.at(place, what, "leave one of them")
    if not grammar.universals.second_wish.joints:
        what = f"two wishes in one breath aren't understood in {spoken.language}: `second_wish` lacks `joints`"
        yield Finding.at(place, what, fix, True)
    if not grammar.consent.begins:
        what = f"a yes or a no with more behind it isn't understood in {spoken.language}: `begins` is missing"
        yield Finding.at(Place(grammar.folder / "consent.yaml"), what, fix, True)
    if not grammar.consent.asks:
        what = f"“can I have it back?” is a yes to an offer in {spoken.language}: `asks` is missing"
        yield Finding.at(Place(grammar.folder / "consent.yaml"), what, fix, True)
    for words_of, missing in _LACKING.items():
        if not getattr(grammar.answers, words_of):
            what = f"{missing} in {spoken.language}: `{words_of}` is missing"
            yield Finding.at(Place(grammar.folder / "answers.yaml"), what, fix, True)


def _of_tree(spoken: Spoken, tree: Tree, first: bool) -> Iterator[Finding]:
    steps, place = tree.steps, tree.document.place
    if tree.file.start not in steps:
        yield _unknown(tree, ("start",), "step", tree.file.start, steps)
    for intent, step in tree.file.intents.items():
        if step not in steps:
            yield _unknown(tree, ("intents", intent), "step", step, steps)
        keyed = any(intent in each.keys.values() for each in tree.steps.values() if isinstance(each, plan.Ask))
        if intent not in spoken.understanding.grammar.intents and not keyed:
            fix = f"write {spoken.language}/intents/{intent}.yaml, or take it out"
            yield Finding.at(place("intents", intent), f"nobody can say `{intent}`: it has no sentences", fix, True)
    if first and tree.file.always is None:
        yield Finding.at(place(), "the start dialplan has no `always`", "say what deals with agent, goodbye, danger, …")
    if first:
        yield from _asides(spoken, tree)
    if tree.file.always is not None:
        for what, step in tree.file.always:
            if step not in steps:
                yield _unknown(tree, ("always", what), "step", step, steps)


def _asides(spoken: Spoken, tree: Tree) -> Iterator[Finding]:
    """What is asked beside the matter can be said, has an answer, and is answered."""
    grammar, prompts = spoken.understanding.grammar, spoken.prompts
    for name, written in tree.file.asides.items():
        if name not in grammar.asides and name not in grammar.intents:
            fix = f"write it in {spoken.language}/asides.yaml, or take it out"
            what = f"nobody can ask `{name}`: it has no sentences"
            yield Finding.at(tree.document.place("asides", name), what, fix, True)
        answers = {"": written} if isinstance(written, str) else written
        for by, prompt in answers.items():
            place = tree.document.place("asides", name, *([by] if by else []))
            if prompt not in prompts and prompt not in (*plan.DOES, plan.COME_BACK):
                fix = nearest(prompt, list(prompts.words)).split("allowed:")[0] or "write it"
                yield Finding.at(place, f"there is no prompt `{prompt}` in {spoken.language}", fix)
            if by and by not in (*plan.BY_QUESTION.values(), plan.OTHERWISE, *grammar.intents):
                yield Finding.at(place, f"there is no intent `{by}`", nearest(by, list(grammar.intents)))
    for name in sorted(grammar.asides.keys() - tree.file.asides.keys()):
        what = f"`{name}` is asked beside the matter, and nothing answers it"
        fix = f"add `{name}: PROMPT` under `asides` of {tree.name}.yaml"
        yield Finding.at(Place(grammar.folder / "asides.yaml"), what, fix, True)


def _targets(tree: Tree, name: str, step: plan.Step) -> Iterator[Finding]:
    for outcome, target in targets(step):
        if target not in tree.steps:
            path = (outcome,) if getattr(step, outcome, "") == target else ("on", outcome)
            yield _unknown(tree, ("steps", name, *path), "step", target, tree.steps)


def _outcomes(spoken: Spoken, tree: Tree, name: str, step: plan.Step) -> Iterator[Finding]:
    on, place = getattr(step, "on", {}), tree.place(name)
    otherwise = getattr(step, "otherwise", "") or getattr(step, "then", "")
    needed, allowed = outcomes(step), _allowed(spoken, step)
    if missing := [outcome for outcome in needed if outcome not in on and not otherwise]:
        yield Finding.at(
            place, f"step `{name}` has no way for `{'`, `'.join(missing)}`", "add it under `on`, or `otherwise`"
        )
    for outcome in on:
        if allowed and outcome not in allowed:
            yield _unknown(tree, ("steps", name, "on", outcome), "outcome", outcome, allowed)
    if isinstance(step, plan.Call) and step.call in spoken.trees:
        returns = spoken.trees[step.call].file.returns
        if missing := [outcome for outcome in returns if outcome not in on and not step.then]:
            yield Finding.at(
                place, f"`{step.call}` can return `{'`, `'.join(missing)}`", "add it under `on`, or `then`"
            )
    if isinstance(step, plan.Return) and step.return_ not in tree.file.returns:
        yield _unknown(
            tree, ("steps", name, "return"), "outcome", step.return_, tree.file.returns or ("(none in `returns`)",)
        )
    if isinstance(step, plan.Branch) and not step.otherwise and not _exhaustive(on) and not both_doors(step):
        fix = "add `otherwise`, or both `given` and `missing`"
        yield Finding.at(place, f"branch `{name}` doesn't say what follows when none of its words is true", fix)


def _exhaustive(on: Iterable[str]) -> bool:
    return {"given", "missing"} <= set(on) or {"yes", "no", "missing"} <= set(on)


def _allowed(spoken: Spoken, step: plan.Step) -> tuple[str, ...]:
    match step:
        case plan.Act():
            return words.ACT_OUTCOMES
        case plan.HandOff():
            return words.HANDOFF_OUTCOMES
        case plan.Call():
            return spoken.trees[step.call].file.returns if step.call in spoken.trees else ()
        case plan.Ask(ask="yes_no"):
            return (*outcomes(step), SAME_WISH, WHAT_ELSE)
        case plan.Ask(ask="choice"):
            return tuple(dict.fromkeys((*outcomes(step), "yes", "no", WHAT_ELSE)))
        case plan.Ask(ask="order_number"):
            return (*outcomes(step), "phone")
        case plan.Ask(ask="intent"):
            named = {intent for tree in spoken.trees.values() for intent in tree.file.intents}
            return (*{*spoken.understanding.grammar.intents, *named, *step.keys.values(), "yes", "no"},)
    return outcomes(step)


def _prompts(spoken: Spoken, tree: Tree, name: str, step: plan.Step) -> Iterator[Finding]:
    written = [("say", index, prompt) for index, prompt in enumerate(step.say)]
    written += [("say_closed", index, prompt) for index, prompt in enumerate(getattr(step, "say_closed", ()))]
    for key, index, prompt in written:
        if prompt not in spoken.prompts:
            place, like = tree.place(name, key, index), nearest(prompt, list(spoken.prompts.words))
            meant = like.split("allowed:")[0]
            fix = f"{meant}{'else ' if meant else ''}write it in prompts/{spoken.language}"
            yield Finding.at(place, f"there is no prompt `{prompt}` in {spoken.language}", fix)
    if isinstance(step, plan.Ask | plan.Survey) and not step.say:
        yield Finding.at(tree.place(name), f"step `{name}` asks without a word", "add `say`")
    if isinstance(step, plan.Act) and not step.say and step.cost != "never":
        yield Finding.at(
            tree.place(name), f"step `{name}` acts without telling the caller", "add `say`, or `cost: never`"
        )


def _names(spoken: Spoken, tree: Tree, name: str, step: plan.Step) -> Iterator[Finding]:
    match step:
        case plan.Call() if step.call not in spoken.trees:
            yield _unknown(tree, ("steps", name, "call"), "dialplan", step.call, spoken.trees)
        case plan.Act() if not step.act.startswith("$") and step.act not in words.ACTIONS:
            yield _unknown(tree, ("steps", name, "act"), "action", step.act, words.ACTIONS)
        case plan.Act() if step.act in words.WEIGHTY and step.cost in ("never", "implicit"):
            what = f"`{step.act}` is done without asking the caller"
            yield Finding.at(tree.place(name, "cost"), what, "set `cost: explicit`")
        case plan.LookUp():
            for argument in step.with_:
                if argument not in words.LOOK_UPS[step.look_up].arguments:
                    known = words.LOOK_UPS[step.look_up].arguments
                    yield _unknown(tree, ("steps", name, "with", argument), "argument", argument, known)
            if step.look_up == "verify":
                yield from _claim(tree, name, step)
        case plan.Ask(ask="choice") if step.choices_from and not step.then:
            what = f"question `{name}` takes its choices from a value and has no `then`"
            yield Finding.at(tree.place(name), what, "add `then`")
        case plan.Ask(ask="choice") if not step.choices and not step.choices_from:
            yield Finding.at(tree.place(name), f"question `{name}` has no choices", "add `choices` or `choices_from`")
        case plan.Ask(ask="choice"):
            for choice, option in step.choices.items():
                if not getattr(option, spoken.language):
                    what = f"choice `{choice}` can't be said in {spoken.language}"
                    yield Finding.at(tree.place(name, "choices", choice), what, f"add `{spoken.language}: [phrases]`")


def _claim(tree: Tree, name: str, step: plan.LookUp) -> Iterator[Finding]:
    """The order desk verifies nobody by what it doesn't know, and a caller would find out first."""
    kind = step.with_.get("claim_kind", "")
    if not kind:
        fix = f"add `claim_kind` under `with`: {', '.join(sorted(words.CLAIM_KINDS))}"
        yield Finding.at(tree.place(name, "with"), f"step `{name}` doesn't say by what the caller is verified", fix)
    elif kind not in words.CLAIM_KINDS:
        yield _unknown(tree, ("steps", name, "with", "claim_kind"), "claim_kind", kind, words.CLAIM_KINDS)


def _wishes(spoken: Spoken, tree: Tree, name: str, step: plan.Ask) -> Iterator[Finding]:
    """What keys and `intents` of an open question name must be something that can be wished for."""
    known = {"yes", "no", *spoken.understanding.grammar.intents}.union(
        *(each.file.intents for each in spoken.trees.values())
    )
    places: list[tuple[tuple[str | int, ...], str]] = [(("keys", key), intent) for key, intent in step.keys.items()]
    places += [(("intents", index), intent) for index, intent in enumerate(step.intents or ())]
    for path, intent in places:
        if intent not in known:
            yield _unknown(tree, ("steps", name, *path), "intent", intent, known)


def _queue(tree: Tree, name: str, queue: str, served: frozenset[str]) -> Iterator[Finding]:
    """A queue nobody serves is a human who never comes: known where no agents are named, a warning where some are."""
    if queue not in words.QUEUES | served:
        yield _unknown(tree, ("steps", name, "hand_off"), "queue", queue, words.QUEUES | served)
    elif served and queue not in served:
        fix = "add it to `queues` of an agent in config.yaml"
        yield Finding.at(tree.place(name, "hand_off"), f"no agent serves the queue `{queue}`", fix, True)


def _unknown(tree: Tree, path: tuple[str | int, ...], kind: str, name: str, known: Iterable[str]) -> Finding:
    fix = (
        nearest(name, sorted(known))
        if len(list(known)) <= 40
        else nearest(name, sorted(known)).split("allowed:")[0].strip()
    )
    return Finding.at(tree.document.place(*path), f"there is no {kind} `{name}`", fix or "write it")
