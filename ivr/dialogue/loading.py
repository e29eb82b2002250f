"""Dialplans from their folders: read strictly, inherit settings, and one frozen whole with a version.

dialplans/defaults.yaml         what every step inherits (product)
dialplans/zh/defaults.yaml      … for one language
dialplans/NAME.yaml             a tree that serves every language
dialplans/zh/NAME.yaml          a tree of the same name for one language wins there
dialplans/zh/intents/, lists    what callers say (see `understanding`)
prompts/zh/*.yaml               what the robot says
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rapidfuzz import fuzz, process

from ivr.dialogue.dialplan import VERBS, Always, DefaultsFile, Manner, Profile, Step, TreeFile
from ivr.dialogue.prompts import PromptBook, load_prompts
from ivr.dialogue.understanding import OrderPattern, Understanding, load_grammar
from ivr.document import Document, nearest
from ivr.errors import DialplanError, Place
from ivr.values import Language

LANGUAGES: tuple[Language, ...] = ("zh", "en")
KEYS = frozenset(field.alias or key for verb in VERBS.values() for key, field in verb.model_fields.items())
RESERVED = frozenset({"defaults", "lists", "universals", "consent", "answers", "asides"})


@dataclass(frozen=True, slots=True)
class Tree:
    """One dialplan in one language: its steps with everything inherited."""

    name: str
    file: TreeFile
    steps: Mapping[str, Step]
    manners: Mapping[str, Manner]
    document: Document = field(repr=False)

    def place(self, step: str, *path: str | int) -> Place:
        """Where a step, or a key of it, is written."""
        return self.document.place("steps", step, *path)


@dataclass(frozen=True, slots=True)
class Spoken:
    """Everything of one language: its trees, prompts, understanding and defaults."""

    language: Language
    trees: Mapping[str, Tree]
    prompts: PromptBook
    understanding: Understanding
    profiles: Mapping[str, Profile]
    settings: Manner
    progress_seconds: float
    slower_rate: float
    wait_seconds: float


@dataclass(frozen=True, slots=True)
class Dialplans:
    """All dialplans and prompts as loaded at one moment; `version` names exactly these files."""

    spoken: Mapping[Language, Spoken]
    version: str
    folder: Path

    def always(self, language: Language, start: str) -> Always:
        """What holds at every step of a call that began in the tree `start`."""
        always = self.spoken[language].trees[start].file.always
        assert always is not None, "check has refused a start dialplan without `always`"
        return always


def load_dialplans(folder: Path, prompts: Path, pattern: OrderPattern | None = None) -> Dialplans:
    """Everything in the two folders; raises DialplanError with file, line, column and fix."""
    if not folder.is_dir():
        raise DialplanError("is not a folder", "set `dialplan.folder` in config.yaml", Place(folder))
    product = _defaults(folder / "defaults.yaml")
    found = [language for language in LANGUAGES if (folder / language).is_dir()]
    if not found:
        raise DialplanError("has no language", f"make a folder {folder / 'zh'}", Place(folder))
    spoken = {language: _spoken(folder, prompts, language, product, pattern or OrderPattern()) for language in found}
    return Dialplans(spoken, _version(folder, prompts), folder)


def _spoken(folder: Path, prompts: Path, language: Language, product: DefaultsFile, pattern: OrderPattern) -> Spoken:
    own = _defaults(folder / language / "defaults.yaml")
    profiles = {**product.profiles, **own.profiles}
    settings = own.settings.over(product.settings)
    trees = {file.stem: load_tree(file, settings, profiles) for file in _trees(folder, language)}
    if missing := [f"`{name}`" for name, value in settings if value is None]:
        fix = "write them there: a file, a language and a step inherit from it"
        raise DialplanError(f"`settings` lacks {', '.join(missing)}", fix, Place(folder / "defaults.yaml"))
    return Spoken(
        language,
        trees,
        load_prompts(prompts / language, language),
        Understanding.compile(load_grammar(folder / language), language, pattern),
        profiles,
        settings,
        own.progress_seconds or product.progress_seconds or 120.0,
        own.slower_rate or product.slower_rate or 0.8,
        own.wait_seconds or product.wait_seconds or 20.0,
    )


def _trees(folder: Path, language: Language) -> Iterator[Path]:
    """The tree files of a language: its own, and the common ones that it has no own version of."""
    own = {file.stem: file for file in (folder / language).glob("*.yaml")}
    common = {file.stem: file for file in folder.glob("*.yaml")}
    for name, file in sorted({**common, **own}.items()):
        if name not in RESERVED:
            yield file


def _defaults(file: Path) -> DefaultsFile:
    return Document(file, error=DialplanError).typed(DefaultsFile) if file.exists() else DefaultsFile()


def load_tree(file: Path, settings: Manner, profiles: Mapping[str, Profile]) -> Tree:
    """One tree file with its steps typed by their verbs."""
    document = Document(file, error=DialplanError)
    if not isinstance(document.data, dict):
        raise DialplanError("should be `key: value` lines", "see dialplans/README.md", Place(file))
    tree = document.typed(TreeFile)
    steps = {name: _step(document, name) for name in tree.steps}
    below = tree.settings.over(settings)
    manners = {name: (step.over(below) if isinstance(step, Manner) else below) for name, step in steps.items()}
    for name, manner in manners.items():
        if manner.endpointing is not None and manner.endpointing not in profiles:
            place = document.place("steps", name, "endpointing")
            raise DialplanError(
                f"no endpointing profile `{manner.endpointing}`", nearest(manner.endpointing, list(profiles)), place
            )
    return Tree(file.stem, tree, steps, manners, document)


def _step(document: Document, name: str) -> Step:
    written = document.data["steps"][name]
    verb = next((verb for verb in VERBS if verb in written), None)
    if verb is None:
        for key in written:
            if key not in KEYS and (meant := process.extractOne(key, list(VERBS), scorer=fuzz.ratio, score_cutoff=75)):
                place = document.place("steps", name, key)
                raise DialplanError(f"unknown key `{key}`", f"did you mean `{meant[0]}`?", place)
        raise DialplanError(
            f"step `{name}` does nothing", f"give it one of: {', '.join(VERBS)}", document.place("steps", name)
        )
    return document.typed(VERBS[verb], "steps", name)


def _version(folder: Path, prompts: Path) -> str:
    """Twelve hex digits that change with any file of the dialplans or prompts."""
    digest = hashlib.sha256()
    for root in (folder, prompts):
        for file in sorted(root.rglob("*.yaml")):
            digest.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
