"""The commands of the dialogue: chat, check, graph, test, schema."""

from __future__ import annotations

import asyncio
import gc
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from ivr import config
from ivr.config import Settings
from ivr.errors import DialplanError, UserError
from ivr.values import Language

if TYPE_CHECKING:
    from ivr.dialogue.loading import Dialplans
    from ivr.dialogue.proofs.finding import Finding

Config = Annotated[Path, typer.Option("--config", help="The settings.", envvar="IVR_CONFIG")]
Lang = Annotated[str, typer.Option("--lang", help="zh or en.")]
DEFAULT_CONFIG = Path("config.yaml")
SHOWN_WARNINGS = 10


def settings_of(file: Path, secrets: bool = False) -> Settings:
    """The settings, or the product's own where there is no file; `secrets` where more than dialplans is opened."""
    return config.load(file, secrets) if file.exists() or file != DEFAULT_CONFIG else Settings(folder=Path.cwd())


def language_of(word: str) -> Language:
    match word:
        case "zh" | "en":
            return word
    raise UserError(f"no language `{word}`", "zh or en")


def chat(
    config_file: Config = DEFAULT_CONFIG,
    lang: Lang = "",
    caller: Annotated[str, typer.Option(help="The number you call from.")] = "13800000001",
    why: Annotated[bool, typer.Option(help="Show what was understood and looked up.")] = False,
    now: Annotated[str, typer.Option(help="As if it were then, like 2027-02-16 03:00, by the shop's clock.")] = "",
) -> None:
    """Talk to the robot in the terminal: words, keys as #12, silence as an empty line, ! to interrupt."""
    from ivr.dialogue import chat as chatting

    settings = settings_of(config_file, secrets=True)
    at = _moment(now, settings.time_zone) if now else None
    asyncio.run(chatting.chat(settings, language_of(lang or settings.dialplan.language), caller, why, at))


def _moment(text: str, zone: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        raise UserError(f"`--now {text}` is no time", "write it like 2027-02-16 03:00") from None


def check(
    config_file: Config = DEFAULT_CONFIG,
    as_json: Annotated[bool, typer.Option("--json", help="Findings as JSON.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Every warning, however many.")] = False,
) -> None:
    """Prove the dialplans: references, ways out, loops, prompts, keys, variables. Exit status 1 when there are faults."""
    from ivr.dialogue.check import check as prove
    from ivr.dialogue.check import faults
    from ivr.dialogue.library import house
    from ivr.dialogue.loading import load_dialplans
    from ivr.dialogue.proofs.overlooked import overlooked
    from ivr.dialogue.proofs.understood import colliding

    gc.disable()  # all that is made here lives to the end of the command; looking for what doesn't took a quarter of its time
    settings = settings_of(config_file)
    loaded = load_dialplans(settings.path(settings.dialplan.folder), settings.path(settings.dialplan.prompts))
    shared = [finding for spoken in loaded.spoken.values() for finding in colliding(spoken)]
    folders = (loaded.folder, settings.path(settings.dialplan.prompts))
    passed_over = [finding for folder in folders for finding in overlooked(folder)]
    findings = (
        *passed_over,
        *prove(loaded, settings.dialplan.start, house(settings)),
        *_not_called_back(settings, loaded),
        *_unheard(settings, loaded),
        *_recorded(settings, loaded),
        *shared,
    )
    wrong = faults(findings)
    if as_json:
        keys = ("file", "line", "what", "fix", "warning")
        print(
            json.dumps([{key: getattr(each, key) for key in keys} for each in findings], ensure_ascii=False, indent=2)
        )
    else:
        shown = findings if everything else (*wrong, *[each for each in findings if each.warning][:SHOWN_WARNINGS])
        for finding in shown:
            print(finding)
        if len(shown) < len(findings):
            print(f"… and {len(findings) - len(shown)} more warnings: ivr check --all")
        steps = {
            language: sum(len(tree.steps) for tree in each.trees.values()) for language, each in loaded.spoken.items()
        }
        counted = ", ".join(f"{language}: {count} steps" for language, count in steps.items())
        print(f"{counted}; {len(wrong)} faults, {len(findings) - len(wrong)} warnings; version {loaded.version}")
    if wrong:
        sys.exit(1)


def _not_called_back(settings: Settings, loaded: Dialplans) -> Iterator[Finding]:
    """Where promised calls are dialled from here, customers must hear who calls and that it is recorded, whoever makes the call; and
    the dialplans must know the robot's from a caller's: else the called are greeted as callers."""
    from ivr.dialogue.dialplan import Branch
    from ivr.dialogue.proofs.finding import Finding
    from ivr.handoff.by_hand import NOTICE

    for spoken in loaded.spoken.values() if settings.callbacks.dial else ():
        if NOTICE not in spoken.prompts:
            what = f"`callbacks.dial` is set, but {spoken.language} has no prompt `{NOTICE}`: agents can't call anybody back by a click"
            yield Finding(str(loaded.folder), 1, what, "take it over, in words of your own", settings.callbacks.robot)
        if not settings.callbacks.robot:
            continue
        steps = [step for tree in spoken.trees.values() for step in tree.steps.values()]
        if any(isinstance(step, Branch) and step.branch == "callback.queue" for step in steps):
            continue
        what = f"`callbacks.dial` is set, but no step in {spoken.language} branches on `callback.queue`: who is called hears what callers hear"
        yield Finding(str(loaded.folder), 1, what, "take over `callback.yaml`, and the step `begin` of `hotline.yaml`")


def _unheard(settings: Settings, loaded: Dialplans) -> Iterator[Finding]:
    """The words of each language's sentences that the configured speech model doesn't know: those can't be heard."""
    from ivr.dialogue.proofs.finding import Finding
    from ivr.dialogue.recognition import spoken_phrases
    from ivr.speech.phrases import unknown_parts

    for language, spoken in loaded.spoken.items():
        model = settings.path(settings.speech.models) / getattr(settings.speech, language)
        listed = model / "graph" / "words.txt"
        if not listed.exists():
            continue  # a vosk-server, or a model that keeps its words to itself
        words = {line.split(" ", 1)[0] for line in listed.read_text(encoding="utf-8").splitlines()}
        lacking = (part for said in spoken_phrases(spoken.understanding) for part in unknown_parts(said, words))
        # "3q" is typed for 三Q, and heard as what it stands for.
        unknown = Counter(part for part in lacking if not any(char.isdigit() for char in part))
        if unknown:
            most = ", ".join(part for part, _ in unknown.most_common(20))
            what = (
                f"the model `{model.name}` doesn't know {len(unknown)} words of what callers say in {language}: {most}"
            )
            yield Finding(str(loaded.folder / language), 1, what, "train it with them, or choose a larger model", True)


def _recorded(settings: Settings, loaded: Dialplans) -> Iterator[Finding]:
    """Recordings that nobody will hear: no prompt has their name or their words any more, or they are no telephone sound."""
    from ivr.dialogue.proofs.finding import Finding
    from ivr.document import nearest
    from ivr.speech.audio import read_wav
    from ivr.speech.pieces import plain
    from ivr.speech.recordings import read_aloud

    prompts = settings.path(settings.dialplan.prompts)
    for language, spoken in loaded.spoken.items():
        texts, said = dict(spoken.prompts.recordable()), read_aloud(prompts, language)
        for file in sorted((prompts / language / "recordings").rglob("*.wav")):
            named = file.stem if file.parent.name == "recordings" else None
            if named is not None and named not in texts:
                near = nearest(named, list(texts)).split("allowed:")[0]
                fix = f"{near}{'else ' if near else ''}`ivr prompts script` has the names"
                yield Finding(str(file), 1, f"no prompt without variables is called `{named}`", fix, True)
            elif named in said and plain(said[named], language) != plain(texts[named], language):
                what = f"says “{said[named]}”, the prompt is “{texts[named]}” now: it is synthesised instead"
                yield Finding(str(file), 1, what, "record it again, `ivr prompts import` it", True)
            try:
                read_wav(file)
            except UserError as fault:
                yield Finding(str(file), 1, f"the prompt is synthesised instead: {fault.what}", fault.fix, True)


def graph(
    dialplan: Annotated[str, typer.Argument(help="Its name, such as hotline.")],
    out: Annotated[
        Path | None, typer.Option(help="Write there: .svg, .dot or .mmd; else Mermaid to the terminal.")
    ] = None,
    config_file: Config = DEFAULT_CONFIG,
    lang: Lang = "",
) -> None:
    """Draw a dialplan as SVG (with Graphviz) or Mermaid."""
    from ivr.dialogue.drawing import dot, mermaid
    from ivr.dialogue.loading import load_dialplans
    from ivr.document import nearest

    settings = settings_of(config_file)
    loaded = load_dialplans(settings.path(settings.dialplan.folder), settings.path(settings.dialplan.prompts))
    language = language_of(lang or settings.dialplan.language)
    if language not in loaded.spoken:
        raise DialplanError(f"there are no dialplans in {language}", nearest(language, list(loaded.spoken)))
    spoken = loaded.spoken[language]
    if out is not None and out.suffix not in (".svg", ".dot", ".mmd"):
        raise UserError(f"`{out.name}` is none of .svg, .dot and .mmd", f"write --out {out.stem}.svg")
    if dialplan not in spoken.trees:
        raise DialplanError(f"there is no dialplan `{dialplan}`", nearest(dialplan, list(spoken.trees)))
    tree = spoken.trees[dialplan]
    if out is None or out.suffix == ".mmd":
        _put(out, mermaid(spoken, tree))
    elif out.suffix == ".dot":
        _put(out, dot(spoken, tree))
    elif not (program := shutil.which("dot")):
        raise UserError("Graphviz isn't installed", "apt install graphviz, or ask for a .mmd file")
    else:
        drawn = subprocess.run([program, "-Tsvg"], input=dot(spoken, tree), capture_output=True, text=True, check=False)
        if drawn.returncode:
            raise UserError(f"Graphviz refused: {drawn.stderr.strip()[:200]}", "ask for a .dot file and look into it")
        _put(out, drawn.stdout)


def _put(file: Path | None, text: str) -> None:
    if file is None:
        print(text, end="")
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as fault:
        raise UserError(f"{file} can't be written: {fault.strerror}", "name another file") from None
    print(file)


def play(
    files: Annotated[list[Path] | None, typer.Argument(help="Conversations; all of them without a name.")] = None,
    config_file: Config = DEFAULT_CONFIG,
    show_untried: Annotated[
        bool, typer.Option("--untried", help="List the steps that no conversation came through.")
    ] = False,
) -> None:
    """Play the conversations in tests/conversations against the dialplans. Exit status 1 when one goes otherwise."""
    from ivr.dialogue.loading import load_dialplans
    from ivr.dialogue.test_runner import coverage, play_all

    settings = settings_of(config_file)
    loaded = load_dialplans(settings.path(settings.dialplan.folder), settings.path(settings.dialplan.prompts))
    chosen = files or sorted((settings.folder / "tests" / "conversations").glob("*.yaml"))
    if not chosen:
        raise UserError("there are no conversations", "write one in tests/conversations, see dialplans/README.md")
    played = play_all(chosen, loaded, {"shop": settings.shop, "shop_en": settings.shop_en})
    console = Console(highlight=False)
    for each in played:
        console.print(f"[red]✗[/] {each.file.name}: {each.about}" if each.fault else f"[green]✓[/] {each.about}")
        if each.fault:
            console.print(each.fault, markup=False)
    covered = coverage(played, loaded, settings.dialplan.start)
    failed = sum(bool(each.fault) for each in played)
    console.print(
        f"{len(played) - failed} of {len(played)} conversations as written; "
        f"steps {covered.steps}/{covered.all_steps}, ways {covered.ways}/{covered.all_ways}"
    )
    if show_untried:
        console.print("Untried: " + ", ".join(covered.untried))
    if failed:
        sys.exit(1)


# `ivr test`; a function of that name would look like one of pytest's.
test = play


def schema(kind: Annotated[str, typer.Argument(help="dialplan, defaults or prompts.")] = "dialplan") -> None:
    """JSON Schema of the dialogue language, for completion in editors."""
    from ivr.dialogue import schema as schemas

    if kind not in schemas.KINDS:
        raise UserError(f"there is no schema `{kind}`", ", ".join(schemas.KINDS))
    print(json.dumps(schemas.schema(kind), ensure_ascii=False, indent=2))
