"""The recipe's command: `python -m training STAGE --lang zh`; `all` runs every stage in order and resumes where it stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from training import corpus
from training.places import SMOKE, places
from training.processes import in_processes
from training.profile import Profile, load

os.environ.setdefault("OMP_NUM_THREADS", "1")
application = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)
Lang = Annotated[str, typer.Option("--lang", help="zh, en or both")]
Human = Annotated[Path | None, typer.Option("--human", help="folder with the human recordings; see training/README.md")]
Jobs = Annotated[int, typer.Option("--jobs", help="processes at a time")]


@application.callback()
def recipe(
    smoke: Annotated[
        bool, typer.Option("--smoke", help="the whole way in minutes, on next to nothing, in training/work/smoke")
    ] = False,
) -> None:
    """Before every stage: which folders and profiles it works with."""
    if smoke:
        os.environ[SMOKE] = "1"


def profiles(lang: str) -> list[Profile]:
    """The profiles of one language or of both."""
    return [load(name) for name in (("zh", "en") if lang == "both" else (lang,))]


def model_folder(profile: Profile) -> Path:
    """Where the bundled model of a profile lives."""
    return places().models / f"{profile.language}-small"


def checkpoint(profile: Profile) -> Path:
    """The trained network of a profile."""
    return places().work / profile.language / "network.pt"


@application.command()
def speech(
    lang: Lang = "both",
    human: Human = None,
    jobs: Jobs = 2,
    split: Annotated[list[str] | None, typer.Option(help="train, dev or test, several times for several")] = None,
) -> None:
    """Synthesises the corpus and prepares the human recordings (training/work/LANG/speech)."""
    for profile in profiles(lang):
        parts = [s for s in corpus.shards(profile) if s.part.split in (split or ("train", "dev", "test"))]
        in_processes([(corpus.make, (profile, s, places().work, human)) for s in parts], jobs)


@application.command()
def features(lang: Lang = "both", jobs: Jobs = 2) -> None:
    """Augments the training shards and computes their features (training/work/LANG/features)."""
    from training.train import make_features

    for profile in profiles(lang):
        shards = [s for s in corpus.shards(profile) if s.part.split == "train"]
        in_processes([(make_features, (profile, s, places().work)) for s in shards], jobs)


@application.command()
def train(
    lang: Lang = "both",
    again: Annotated[bool, typer.Option(help="train although a network exists")] = False,
    parent: Annotated[
        Path | None, typer.Option(help="a network.pt to go on from; a narrower one is widened; with --lang zh or en")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="where the network goes; with --lang zh or en")] = None,
    minutes: Annotated[float | None, typer.Option(help="in place of the profile's")] = None,
    rate: Annotated[float | None, typer.Option(help="the highest learning rate, in place of the profile's")] = None,
    seed: Annotated[int | None, typer.Option(help="another order and other variations than the profile's")] = None,
) -> None:
    """Trains the network (training/work/LANG/network.pt)."""
    from training.train import train as learn

    for profile in profiles(lang):
        target = output or checkpoint(profile)
        if target.exists() and not again:
            print(f"{target} exists; --again trains anew")
            continue
        changed = {"minutes": minutes, "learning_rate": rate}
        training = profile.training.model_copy(update={k: v for k, v in changed.items() if v is not None})
        stretch = profile.model_copy(update={"training": training, "seed": profile.seed if seed is None else seed})
        learn(stretch, places().work, target, parent)


@application.command()
def reread(
    output: Annotated[Path, typer.Argument(help="where the network goes")],
    lang: Annotated[str, typer.Option("--lang", help="zh or en")],
    model: Annotated[Path | None, typer.Option(help="another model folder than models/LANG-small")] = None,
) -> None:
    """Reads a model's network back, to go on from (`train --parent`) or to take a mean with (`average`)."""
    from training.rereading import reread as read_back

    (profile,) = profiles(lang)
    read_back(profile, places().work, (model or model_folder(profile)) / "am" / "final.mdl", output)


@application.command()
def average(
    output: Annotated[Path, typer.Argument(help="where the mean goes")],
    networks: Annotated[list[Path], typer.Argument(help="networks trained from the same one with different seeds")],
) -> None:
    """Writes the mean of several networks."""
    from training.train import average as mean

    mean(networks, output)


@application.command()
def export(lang: Lang = "both") -> None:
    """Writes the trained network into models/LANG-small (am/ and conf/)."""
    from training.bundle import export_network
    from training.card import begin

    for profile in profiles(lang):
        begin(model_folder(profile), profile)
        export_network(profile, checkpoint(profile), model_folder(profile))


@application.command()
def graph(lang: Lang = "both") -> None:
    """Rebuilds the graph of models/LANG-small from templates and dialplans: seconds, no training, no data needed."""
    from training.bundle import build_graph
    from training.card import refresh_index

    for profile in profiles(lang):
        words = build_graph(profile, model_folder(profile))
        refresh_index(model_folder(profile), profile)
        print(f"{model_folder(profile)}: {len(words)} words")


@application.command()
def calibrate(lang: Lang = "both") -> None:
    """Measures on the dev set what confidence means, writes calibration.json, and checks it on the committed test clips.

    The product's own recogniser does the measuring (`ivr models eval --calibrate`): the raw confidence is its business.
    """
    from training.card import fill, refresh_index, reliability_table
    from training.clips import CALIBRATION_PLAN, write_clips

    for profile in profiles(lang):
        folder, dev = model_folder(profile), places().work / profile.language / "dev-clips"
        write_clips(profile, places().work, dev, "dev", CALIBRATION_PLAN)
        subprocess.run(
            [sys.executable, "-m", "ivr", "models", "eval", str(folder), str(dev), "--calibrate"], check=True
        )
        report = places().work / profile.language / "reliability.json"
        tested = places().clips / profile.language
        evaluate_clips = [
            sys.executable,
            "-m",
            "ivr",
            "models",
            "eval",
            str(folder),
            str(tested),
            "--json",
            str(report),
        ]
        subprocess.run(evaluate_clips, check=True)
        fill(folder, {"reliability": reliability_table(json.loads(report.read_text("utf-8"))["reliability"])})
        refresh_index(folder, profile)


@application.command()
def evaluate(
    lang: Lang = "both",
    model: Annotated[Path | None, typer.Option(help="another model folder")] = None,
    split: str = "test",
    limit: Annotated[int, typer.Option(help="utterances per row")] = 300,
) -> None:
    """Prints the table of goals; for the bundled model and the test split it also goes into its README and MODEL.yaml."""
    from training import card
    from training.evaluation import Evaluation

    for profile in profiles(lang):
        folder = model or model_folder(profile)
        examples: dict[str, list[str]] = {}
        confusions: dict[str, dict[str, dict[str, int]]] = {}
        figures = card.measure(Evaluation(profile, places().work, folder, split, limit), examples, confusions)
        report = places().work / profile.language / f"errors-{split}.json"
        errors = {"figures": figures, "confusions": confusions, "examples": examples}
        report.write_text(json.dumps(errors, ensure_ascii=False, indent=1), "utf-8")
        if model is None and split == "test":
            card.fill(folder, {"figures": card.table(profile.language, figures)})
            card.write_index(folder, profile, figures)


@application.command()
def people(
    human: Annotated[Path, typer.Option("--human", help="folder with the human recordings; see training/README.md")],
    lang: Lang = "both",
    model: Annotated[Path | None, typer.Option(help="another model folder, with --lang zh or en")] = None,
) -> None:
    """Measures digits of people nobody may learn from, and numbers of those kept for tests; for the bundled models the tables go into their READMEs."""
    from training import card
    from training.people import in_one_go, measure, table, table_in_one_go

    for profile in profiles(lang):
        folder = model or model_folder(profile)
        shown = {
            "people": table(measure(folder, profile.language, human)),
            "numbers": table_in_one_go(in_one_go(folder, profile, human)),
        }
        print(*shown.values(), sep="\n")
        if model is None:
            card.fill(folder, shown)


@application.command()
def product(lang: Lang = "both") -> None:
    """Measures step grammars with the product's own recogniser: phrases, and false accepts after its confidence threshold."""
    from training.clips import PRODUCT_PLAN, write_clips

    for profile in profiles(lang):
        folder = places().work / profile.language / "product-clips"
        write_clips(profile, places().work, folder, "test", PRODUCT_PLAN)
        command = [sys.executable, "-m", "ivr", "models", "eval", str(model_folder(profile)), str(folder)]
        subprocess.run(command, check=True)


@application.command()
def clips(lang: Lang = "both") -> None:
    """Writes the small committed test clips and their manifest (tests/clips/LANG) from the test material."""
    from training.clips import write_clips

    for profile in profiles(lang):
        print(f"{write_clips(profile, places().work, places().clips / profile.language)} clips")


@application.command("test-clips")
def decode_test_clips(lang: Lang = "both") -> None:
    """Decodes the committed clips with the committed models and prints the table; needs no training data."""
    from training.clips import decode_clips

    for profile in profiles(lang):
        decode_clips(profile.language, model_folder(profile), places().clips / profile.language)


@application.command("all")
def everything(lang: Lang = "both", human: Human = None, jobs: Jobs = 2) -> None:
    """All stages in order; what exists is not made again."""
    speech(lang, human, jobs)
    features(lang, jobs)
    train(lang)
    export(lang)
    graph(lang)
    evaluate(lang, model=None, split="test", limit=300)
    clips(lang)
    calibrate(lang)


if __name__ == "__main__":
    application()
