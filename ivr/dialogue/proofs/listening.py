"""Proof that every question can be put again, asked back, and answered by keys (pure)."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.dialogue import dialplan as plan
from ivr.dialogue.loading import Spoken, Tree
from ivr.dialogue.proofs.finding import Finding
from ivr.dialogue.questions import UNIVERSAL_KEYS
from ivr.errors import Place

# What can't be keyed: the step must then say where a caller without a voice goes.
ONLY_SPOKEN = frozenset({"name", "address", "free", "variant"})


def listening(spoken: Spoken) -> Iterator[Finding]:
    """Questions without words for silence or misunderstanding, without a key path, or whose answers hide a universal."""
    for tree in spoken.trees.values():
        for intent in tree.file.intents:
            yield from _named(spoken, intent, tree.document.place("intents", intent))
        for name, step in tree.steps.items():
            if isinstance(step, plan.Ask) and tree.manners[name].confirm != "never":
                for choice in step.choices:
                    yield from _named(spoken, choice, tree.place(name, "choices", choice))
            if (
                not isinstance(step, plan.Ask | plan.Survey | plan.Act)
                or not step.say
                or step.say[-1] not in spoken.prompts
            ):
                continue
            if isinstance(step, plan.Act) and step.cost in ("never", "implicit"):
                continue
            yield from _again(spoken, tree, name, step)
            yield from _keys(tree, name, step)


def _named(spoken: Spoken, word: str, place: Place) -> Iterator[Finding]:
    """ "Do you mean …?" needs a name for what was perhaps meant."""
    if f"word.{word}" not in spoken.prompts:
        fix = f"add `word.{word}: …` to prompts/{spoken.language}"
        yield Finding.at(
            place, f"`{word}` has no name in {spoken.language}: the robot can't ask whether it is meant", fix
        )


def _again(spoken: Spoken, tree: Tree, name: str, step: plan.Step) -> Iterator[Finding]:
    prompt, place = step.say[-1], spoken.prompts.places[step.say[-1]]
    words, times = spoken.prompts.words[prompt], (tree.manners[name].tries or 3) - 1
    for kind, texts in (("no_input", words.no_input), ("no_match", words.no_match)):
        if len(texts) < times:
            what = f"prompt `{prompt}` is asked {times + 1} times by `{tree.name}.{name}` and has {len(texts)} of {times} `{kind}`"
            yield Finding.at(place, what, f"add {times - len(texts)} under `{kind}`, each worded differently")
        elif len(set(texts)) < len(texts) or words.text in texts:
            yield Finding.at(place, f"prompt `{prompt}` repeats itself in `{kind}`", "word each try differently")
    spoken_only = isinstance(step, plan.Ask) and step.ask in ONLY_SPOKEN
    if not words.keys and not spoken_only:
        yield Finding.at(place, f"prompt `{prompt}` has no `keys`", "say what to press when speech doesn't work")


def _keys(tree: Tree, name: str, step: plan.Step) -> Iterator[Finding]:
    if not isinstance(step, plan.Ask):
        return
    match step.ask:
        case "intent" if not step.keys:
            yield Finding.at(
                tree.place(name), f"question `{name}` can't be answered by keys", "add `keys: {1: intent}`"
            )
        case "choice" if not step.choices_from:
            keys = [option.key for option in step.choices.values() if option.key]
            for choice, option in step.choices.items():
                if option.key is None:
                    what = f"choice `{choice}` can't be answered by keys"
                    yield Finding.at(tree.place(name, "choices", choice), what, "give it a `key`")
                elif keys.count(option.key) > 1:
                    place = tree.place(name, "choices", choice, "key")
                    yield Finding.at(place, f"key {option.key} is given twice in `{name}`", "give each choice its own")
                elif option.key in UNIVERSAL_KEYS:
                    what = f"key {option.key} means {UNIVERSAL_KEYS[option.key]} everywhere"
                    yield Finding.at(tree.place(name, "choices", choice, "key"), what, "take another", warning=True)
        case kind if kind in ONLY_SPOKEN and not step.give_up:
            what = f"question `{name}` can only be answered by voice"
            yield Finding.at(tree.place(name), what, "say in `give_up` where a caller without a voice goes")
