"""`ivr models`: list, get, check and evaluate speech models."""

from __future__ import annotations

import dataclasses
import json
import platform
from collections import defaultdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Column, Table

from ivr import config
from ivr.config import Settings
from ivr.errors import ModelError, Place, UserError
from ivr.speech import calibrating, download, evaluation, wording
from ivr.speech.catalogue import catalogue, installed
from ivr.speech.clips import clips_in
from ivr.speech.models import inspect, tried
from ivr.speech.recogniser import Recogniser
from ivr.values import Language

models = typer.Typer(help="Speech models: list, get, check, evaluate.", no_args_is_help=True)

ConfigFile = Annotated[Path | None, typer.Option("--config", help="config.yaml; the models folder is named there.")]


def _settings(file: Path | None) -> Settings:
    if file is not None:
        return config.load(file)
    return config.load(Path("config.yaml")) if Path("config.yaml").exists() else Settings()


def _folder(settings: Settings) -> Path:
    return settings.path(settings.speech.models)


def _model_folder(name: str, settings: Settings) -> Path:
    """A model by its name in the models folder, or by its path."""
    named = _folder(settings) / name
    return named if named.is_dir() else Path(name)


@models.command("list")
def list_models(config_file: ConfigFile = None) -> None:
    """Show what is here, what is in use, and what can be fetched."""
    settings, console = _settings(config_file), Console(highlight=False)
    in_use = {settings.speech.zh: "zh", settings.speech.en: "en"}
    here = Table("here", "in use", "rate", "words", "phrases", title=str(_folder(settings)))
    for name, model in installed(_folder(settings)):
        if isinstance(model, ModelError):
            here.add_row(name, in_use.get(name, ""), "", "", f"[red]{escape(str(model))}[/]")
        else:
            kind = "at run time" if model.grammars else "[yellow]fixed[/]"
            here.add_row(name, in_use.get(name, ""), f"{model.rate / 1000:g} kHz", f"{len(model.words):,}", kind)
    console.print(here)
    official = Table(
        Column("official", no_wrap=True), "short", "size", "checked by", "about", title="ivr models get NAME"
    )
    for each in catalogue().models:
        size = f"{each.bytes / 1e6:,.0f} MB" if each.bytes else "?"
        official.add_row(each.name, each.short, size, "SHA-256" if each.sha256 else "size", each.about)
    console.print(official)


@models.command()
def get(
    name: Annotated[str, typer.Argument(help="zh, en, or a full name from `ivr models list`.")],
    config_file: ConfigFile = None,
    archive: Annotated[Path | None, typer.Option("--from", help="A ZIP fetched elsewhere, instead of the net.")] = None,
    url: Annotated[str, typer.Option(help="Fetch from a mirror instead.")] = "",
) -> None:
    """Fetch an official model: resumed, checked, unpacked, loaded on trial, put in place."""
    settings, console = _settings(config_file), Console(highlight=False)
    table, folder = catalogue(), _folder(settings)
    model = table.find(name)
    if not model.sha256:
        console.print(
            f"[yellow]Nobody published a checksum for {model.name}:[/] it is checked by its size and by loading it."
        )
    if archive:
        found = download.install(model, archive, folder)
    else:
        columns = (TextColumn(model.name), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, console=console) as bar:
            task = bar.add_task("get", total=model.bytes)
            found = download.get(
                model,
                url or table.url(model),
                folder,
                lambda have, total: bar.update(task, completed=have, total=total),
            )
    console.print(f"[green]{found.folder}[/] is ready; to use it write into config.yaml:")
    console.print(f"  speech:\n    {model.language}: {model.name}")


@models.command()
def check(
    source: Annotated[Path, typer.Argument(help="A dialplan, the dialplans' folder, or a model's folder.")],
    config_file: ConfigFile = None,
    model: Annotated[str, typer.Option(help="Model to check against; by default the ones in use.")] = "",
    language: Annotated[str, typer.Option(help="zh or en, with --model.")] = "",
) -> None:
    """List the words of a dialplan that the models lack; of a model's folder, check that it loads."""
    settings, console = _settings(config_file), Console(highlight=False)
    if _is_model(source):
        found = tried(source)
        phrases = "takes phrases at run time" if found.grammars else "does not take phrases at run time"
        console.print(f"[green]{source} loads[/]: {found.rate / 1000:g} kHz, {len(found.words):,} words, {phrases}")
        return
    wanted: list[tuple[Language, str]] = [("zh", settings.speech.zh), ("en", settings.speech.en)]
    if model:
        wanted = [(_language(language or model), model)]
    missing = sum(_report(console, source, tongue, name, settings) for tongue, name in wanted if "://" not in name)
    if missing:
        raise typer.Exit(1)


def _is_model(source: Path) -> bool:
    return source.is_dir() and any((source / each).exists() for each in ("am", "final.mdl", "graph", "conf"))


def _language(name: str) -> Language:
    if name.startswith("en") or "-en" in name:
        return "en"
    if name.startswith("zh") or "-cn" in name:
        return "zh"
    raise UserError(f"which language is `{name}`?", "add --language zh or --language en")


def _report(console: Console, source: Path, language: Language, name: str, settings: Settings) -> int:
    words = inspect(_model_folder(name, settings)).words
    found = wording.lacking(source, language, words)
    examples = [each for each in found if wording.is_example(each, source)]
    missing = [each for each in found if each not in examples]
    for each in missing:
        console.print(
            f"{each.place}: {name} can't hear [bold]{each.word}[/] in “{escape(each.phrase)}”",
            markup=True,
            soft_wrap=True,
        )
    if missing:
        console.print(
            f"[red]{name} lacks {len(missing)} words[/]: reword, or train a model with them (training/README.md)"
        )
    else:
        console.print(f"[green]{name} knows every word[/] callers may say in {language}")
    if examples:
        folder = examples[0].place.file.parent
        console.print(
            f"{len(examples)} more stand in examples alone, mostly names and brands, and meanings are learnt without "
            f"them: ivr models check {folder}",
            soft_wrap=True,
        )
    return len(missing)


@models.command("eval")
def evaluate(
    model: Annotated[str, typer.Argument(help="A model's name or folder.")],
    files: Annotated[list[Path], typer.Argument(help="manifest.yaml, its folder, or WAV files with .txt beside them.")],
    condition: Annotated[
        list[str] | None, typer.Option(help="clean, telephone, ulaw, alaw, snr10, loss5 …; may be repeated.")
    ] = None,
    accept: Annotated[
        float, typer.Option(help="Confidence from which out-of-grammar speech counts as accepted.")
    ] = 0.45,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write everything as data.")] = None,
    calibrate: Annotated[bool, typer.Option(help="Write the model's calibration.json from these clips.")] = False,
    errors: Annotated[bool, typer.Option(help="Show what was heard wrongly.")] = False,
    config_file: ConfigFile = None,
) -> None:
    """Measure a model: accuracy per kind of speech and condition, false accepts, speed."""
    console = Console(highlight=False)
    folder = _model_folder(model, _settings(config_file))
    recogniser, clips = Recogniser(tried(folder)), clips_in(files)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(folder.name, total=len(clips) * len(condition or ["clean"]))
        heard = evaluation.evaluate(recogniser, clips, condition or ["clean"], lambda: bar.advance(task))
    rows = evaluation.table(heard, accept)
    console.print(_table(folder.name, rows))
    if errors:
        for each in (each for each in heard if not each.right and each.clip.kind not in ("oog", "noise")):
            console.print(
                f"{each.clip.file.name} [{each.condition}]: {' '.join(each.said)} → {' '.join(each.text)}", markup=False
            )
    if calibrate:
        console.print(f"written: {_write_calibration(folder, heard)}")
    if json_file:
        json_file.write_text(json.dumps(_data(folder, rows, heard), ensure_ascii=False, indent=1), encoding="utf-8")


def _table(name: str, rows: list[evaluation.Row]) -> Table:
    shown = Table(
        "kind", "condition", "clips", "words or digits", "utterances", "false accepts", "real-time factor", title=name
    )
    for row in rows:
        shares = (row.unit_accuracy, row.utterance_accuracy, row.false_accept)
        cells = ["" if share is None else f"{share:.1%}" for share in shares]
        shown.add_row(row.kind, row.condition, str(row.clips), *cells, f"{row.real_time_factor:.4f}")
    return shown


def _answers(heard: list[evaluation.Heard], raw: bool) -> dict[str, list[tuple[float, bool]]]:
    """(confidence, right?) of the best readings, per kind of grammar; silence promises nothing and is left out."""
    answers: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for each in heard:
        if each.hypotheses:
            promised = each.raw_confidence if raw else each.hypotheses[0].confidence
            answers[each.grammar_kind].append((promised, each.right and each.clip.kind not in ("oog", "noise")))
    return answers


def _write_calibration(folder: Path, heard: list[evaluation.Heard]) -> Path:
    curves = {kind: calibrating.curve(pairs) for kind, pairs in _answers(heard, raw=True).items()}
    if not any(curves.values()):
        raise UserError("there are too few clips to calibrate with", "give at least 30 of a kind", Place(folder))
    file = folder / "calibration.json"
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"version": 1}
    known.update({kind: points for kind, points in curves.items() if points})
    file.write_text(json.dumps(known) + "\n", encoding="utf-8")
    return file


def _data(folder: Path, rows: list[evaluation.Row], heard: list[evaluation.Heard]) -> dict[str, Any]:
    promised = _answers(heard, raw=False)
    return {
        "model": folder.name,
        "machine": f"{platform.machine()} {platform.system()} Python {platform.python_version()}",
        "rows": [dataclasses.asdict(row) for row in rows],
        "reliability": {
            kind: [dataclasses.asdict(each) for each in calibrating.reliability(pairs)]
            for kind, pairs in promised.items()
        },
        "clips": [
            {
                "file": str(each.clip.file),
                "kind": each.clip.kind,
                "condition": each.condition,
                "said": each.clip.text,
                "heard": [[reading.text, round(reading.confidence, 4)] for reading in each.hypotheses],
                "raw_confidence": round(each.raw_confidence, 4),
            }
            for each in heard
        ],
    }
