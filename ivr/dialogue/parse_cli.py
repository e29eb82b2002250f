"""`ivr parse`, `ivr eval`, `ivr learn`: understanding by hand, measured, and taught."""

from __future__ import annotations

import csv
import json
import random
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, get_args
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from ivr import config
from ivr.dialogue import evaluation
from ivr.dialogue.classifier import FILE_NAME
from ivr.dialogue.classifier import load as load_learned
from ivr.dialogue.evaluation import Result, Summary, Utterance
from ivr.dialogue.grammar import load_grammar
from ivr.dialogue.learning import learn as learn_from
from ivr.dialogue.learning import source
from ivr.dialogue.loading import load_dialplans
from ivr.dialogue.meaning import Expectation, Interpretation, SlotKind
from ivr.dialogue.questions import of_step
from ivr.dialogue.understanding import Understanding
from ivr.document import nearest
from ivr.errors import UserError
from ivr.events import Hypothesis
from ivr.values import Language

_COLUMNS = ("text", "language", "intent")
ConfigOption = Annotated[Path, typer.Option("--config", help="Settings file.")]


def parse(
    text: Annotated[str, typer.Argument(help="What the caller says, as the recogniser writes it.")],
    language: Annotated[str, typer.Option("--lang", help="zh or en; found out by the script when not given.")] = "",
    step: Annotated[str, typer.Option("--step", help="At this step of a dialplan: TREE.STEP.")] = "",
    wants: Annotated[str, typer.Option("--wants", help="intent, yes_no, or a slot such as order_number.")] = "intent",
    order: Annotated[list[str] | None, typer.Option("--order", help="One of the caller's own order numbers.")] = None,
    settings_file: ConfigOption = Path("config.yaml"),
) -> None:
    """Show what an utterance is understood as, and why."""
    settings = config.load(settings_file, secrets=False) if settings_file.exists() else config.Settings()
    spoken = _language(language or ("zh" if any("\u4e00" <= char <= "\u9fff" for char in text) else "en"))
    understanding = Understanding.load(settings.path(settings.dialplan.folder), spoken)
    expectation = _expectation(wants, spoken, tuple(order or ()), datetime.now(ZoneInfo(settings.time_zone)))
    if step:
        expectation = _at_step(settings, step, expectation)
    _show(understanding.understand((Hypothesis(text, 1.0),), expectation))


def eval_intents(
    file: Annotated[Path, typer.Argument(help="CSV with the columns text, language, intent.")],
    json_file: Annotated[Path | None, typer.Option("--json", help="Write figures and every row's result here.")] = None,
    homophones: Annotated[
        float, typer.Option(min=0, max=1, help="Replace this share of Mandarin characters by others that sound alike.")
    ] = 0.0,
    worst: Annotated[int, typer.Option(help="How many misunderstood utterances to show.")] = 20,
    settings_file: ConfigOption = Path("config.yaml"),
) -> None:
    """Measure how well utterances of known intent are understood: accuracy, confusions, the worst ones."""
    settings = config.load(settings_file, secrets=False) if settings_file.exists() else config.Settings()
    utterances = read_utterances(file)
    rng = random.Random(10)
    folder = settings.path(settings.dialplan.folder)
    made = {language: Understanding.load(folder, language) for language in sorted({u.language for u in utterances})}
    for understanding in made.values():
        understanding.matcher.warm()
    results = []
    for utterance in utterances:
        text = evaluation.with_homophones(utterance.text, homophones, rng) if homophones else utterance.text
        start = time.thread_time()
        understood, score, asked = evaluation.understand_one(made[utterance.language], text)
        results.append(Result(replace(utterance, text=text), understood, score, time.thread_time() - start, asked))
    _report(results, worst)
    if json_file is not None:
        json_file.write_text(json.dumps(evaluation.report(results), ensure_ascii=False, indent=1), encoding="utf-8")


def learn(
    settings_file: ConfigOption = Path("config.yaml"),
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether what was learnt is of today's sentences.")
    ] = False,
) -> None:
    """Teach the classifier anew from sentences and utterances, after they were changed; takes a minute or two."""
    settings = config.load(settings_file, secrets=False) if settings_file.exists() else config.Settings()
    folder, out, stale = settings.path(settings.dialplan.folder), Console(), False
    for language in get_args(Language):
        grammar = load_grammar(folder / language, language)
        if not grammar.intents:
            continue
        known = load_learned(folder / language / FILE_NAME)
        if known is not None and known.source == source(grammar):
            out.print(f"{language}: up to date")
        elif check:
            stale = True
            out.print(f"{language}: sentences, utterances or the code that learns have changed since; run `ivr learn`")
        else:
            learnt = learn_from(grammar)
            learnt.save(folder / language / FILE_NAME)
            out.print(f"{language}: {len(learnt.classes)} intents, {len(learnt.index)} features")
    if stale:
        raise typer.Exit(1)


def read_utterances(file: Path) -> list[Utterance]:
    """The rows of an evaluation file; UserError with line and fix for one that can't be used."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise UserError(f"{file}: no column `{missing[0]}`", f"the first line should be {','.join(_COLUMNS)}")
            return [
                Utterance(row["text"] or "", _language(row["language"] or ""), (row["intent"] or "").strip())
                for row in rows
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "not a CSV file in UTF-8"
        raise UserError(f"{file}: can't be read: {reason}", "check the file") from None


def _language(name: str) -> Language:
    match name.strip().lower().split("-")[0]:
        case "zh" | "cn":
            return "zh"
        case "en":
            return "en"
        case other:
            raise UserError(f"no language `{other}`", "use zh or en")


def _expectation(wants: str, language: Language, orders: tuple[str, ...], now: datetime) -> Expectation:
    base = Expectation(language=language, order_numbers=orders, now=now)
    if wants == "intent":
        return base
    if wants == "yes_no":
        return replace(base, wants="yes_no")
    kind = next((kind for kind in get_args(SlotKind) if kind == wants), None)
    if kind is None:
        raise UserError(f"nothing wants `{wants}`", nearest(wants, ["intent", "yes_no", *get_args(SlotKind)]))
    return replace(base, wants="slot", slot=kind)


def _at_step(settings: config.Settings, step: str, expectation: Expectation) -> Expectation:
    """The expectation of an `ask` step of a dialplan."""
    plans = load_dialplans(settings.path(settings.dialplan.folder), settings.path(settings.dialplan.prompts))
    trees = plans.spoken[expectation.language].trees
    steps = {f"{tree}.{name}": (trees[tree], name) for tree in trees for name in trees[tree].steps}
    short = {name.split(".", 1)[1]: found for name, found in steps.items()}
    found = steps.get(step) or short.get(step)
    if found is None:
        raise UserError(f"no step `{step}`", nearest(step, list(steps)))
    tree, name = found
    asked = tree.steps[name]
    if not hasattr(asked, "ask"):
        raise UserError(f"`{step}` listens to nothing", "name an `ask` step")
    return of_step(asked, "", tree.manners[name], expectation).expectation  # type: ignore[arg-type]


def _show(found: Interpretation) -> None:
    table = Table(show_header=False, box=None)
    table.add_row(
        "understood", f"[bold]{found.intent or found.kind}[/] ({found.kind}{', negated' if found.negated else ''})"
    )
    table.add_row("verdict", f"{found.verdict}, score {found.score:.2f}")
    if found.runner_up:
        table.add_row("runner-up", f"{found.runner_up} {found.runner_up_score:.2f}")
    for slot in found.slots:
        table.add_row(f"slot {slot.kind}", f"{slot.value} from “{slot.text}” ({slot.confidence:.2f})")
        if slot.decoded:
            table.add_row("", "heard as " + ", ".join(each.digits for each in slot.decoded.readings[:5]))
    for name, value in (("danger", found.danger), ("correction", found.correction), ("also", found.also)):
        if value:
            table.add_row(name, str(value))
    table.add_row("heard", "".join("#" if "\ue000" <= char <= "\ue00f" else char for char in found.text))
    for reason in found.why:
        table.add_row("why", reason)
    Console().print(table)


def _report(results: list[Result], worst: int) -> None:
    out = Console()
    figures = Table(
        "language", "utterances", "right", "of it asked back", "wrong at once",
        "out of scope rejected", "false rejects", "median CPU ms",
    )  # fmt: skip
    for language in sorted({each.utterance.language for each in results}):
        one = Summary.of([each for each in results if each.utterance.language == language])
        parts = (one.accuracy, one.right_asked_back, one.wrong_at_once, one.rejected, one.false_rejects)
        shares = (f"{share:.1%}" for share in parts)
        figures.add_row(language, str(one.count), *shares, f"{one.median_seconds * 1000:.1f}")
    out.print(figures)
    confused = Table("meant", "understood", "times", title="Confusions")
    for (meant, understood), times in evaluation.confusions(results).most_common(20):
        confused.add_row(meant, understood, str(times))
    wrong = sorted((each for each in results if not each.right), key=lambda each: -each.score)
    worse = Table("utterance", "meant", "understood", "score", title="Worst")
    for each in wrong[:worst]:
        worse.add_row(each.utterance.text[:80], each.utterance.intent, each.understood, f"{each.score:.2f}")
    if wrong:
        out.print(confused, worse)
