"""MODEL.yaml, README.md and the figures of a bundled model: written by the recipe from what it measured."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import yaml

from training.evaluation import GOALS, Evaluation, Tally
from training.profile import Profile
from training.utterances import Recording

NAMES = {"zh": "Mandarin", "en": "English"}
Figures = dict[str, float]


def measure(
    evaluation: Evaluation, examples: dict[str, list[str]], confusions: dict[str, dict[str, dict[str, int]]]
) -> Figures:
    """All rows of the table in per cent (no speech: words heard); what went wrong goes into `examples` and `confusions`.

    `confusions` has the rows of digits: {row: {digit said: {digit heard: times}}}, "" for nothing said or heard.
    """
    figures: Figures = {}

    def note(row: str, tally: Tally, value: float) -> None:
        if tally.units:
            figures[row] = round(value, 2)
            examples[row] = tally.examples[:12]
            if "digit" in row:
                confusions[row] = tally.confusions()
            print(f"{row:34s} {value:6.2f}  ({tally.utterances} utterances)", flush=True)

    def synthetic_digits(engine: str, recording_kind: str, count: int) -> bool:
        return not engine.startswith("human") and recording_kind == "digits" and count >= 4

    for name in ("clean", "telephone", "snr20", "snr10", "snr5", "loss5"):
        tally = evaluation.digits(name, lambda e, r: synthetic_digits(e, r.script.kind, len(r.script.words)))
        note(f"digit strings, {name}", tally, tally.accuracy)
    engines = sorted({r.speaker.split("/")[0] for e, r in evaluation.recordings if not e.startswith("human")})

    def of_family(family: str, engine: str, recording: Recording) -> bool:
        synthetic = synthetic_digits(engine, recording.script.kind, len(recording.script.words))
        return synthetic and recording.speaker.startswith(family + "/")

    for family in engines:
        tally = evaluation.digits("clean", partial(of_family, family))
        note(f"digit strings, clean, {family}", tally, tally.accuracy)
    for name in ("clean", "snr20"):
        tally = evaluation.steps(name)
        note(f"step phrases, {name}", tally, tally.utterances_right)
    for name in ("clean", "snr20"):
        tally = evaluation.sentences(name)
        note(f"sentences, {name}", tally, tally.accuracy)
    digits = evaluation.speaks.digits
    tally = evaluation.digits(
        "clean", lambda e, r: e in ("human:isolated", "human:single") and r.script.words[0] in digits
    )
    note("human isolated digits", tally, tally.accuracy)
    tally = evaluation.digits("clean", lambda e, r: e == "human:strings")
    note("human digit strings", tally, tally.accuracy)
    tally = evaluation.human_words()
    note("human words in a grammar of 50", tally, tally.utterances_right)
    tally = evaluation.false_accepts()
    note("false accepts", tally, 100 - tally.utterances_right)
    minutes = evaluation.profile.no_speech_minutes
    figures["no speech"], examples["no speech"] = evaluation.no_speech(minutes)
    print(f"{'no speech':34s} {figures['no speech']:6.0f}  words in {minutes:g} minutes, free and step decoding")
    figures["real-time factor"] = round(evaluation.decode_seconds / max(1e-9, evaluation.speech_seconds), 4)
    print(f"{'real-time factor':34s} {figures['real-time factor']:.4f}")
    return figures


def table(language: str, figures: Mapping[str, float]) -> str:
    """The figures as a Markdown table with their goals."""
    lines = ["| | goal | measured | |", "|---|---|---|---|"]
    for row, value in figures.items():
        goal = GOALS[language].get(row)
        at_most = row in ("false accepts", "no speech")
        shown = "" if goal is None else f"{'≤' if at_most else '≥'} {goal:g}"
        met = "" if goal is None else ("met" if (value <= goal if at_most else value >= goal) else "**missed**")
        lines.append(f"| {row} | {shown} | {value:g} | {met} |")
    return "\n".join(lines)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_index(folder: Path, profile: Profile, figures: Mapping[str, float]) -> None:
    """MODEL.yaml: what the model is, the SHA-256 of its files, and its figures."""
    kept = ("am", "conf", "graph", "calibration.json")
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.relative_to(folder).parts[0] in kept)
    content = {
        "name": f"{profile.language}-small",
        "language": profile.language,
        "version": profile.version,
        "rate_hz": 8000,
        "license": "CC-BY-SA-4.0",
        "engine": "vosk 0.3.45",
        "files": {str(p.relative_to(folder)): digest(p) for p in files},
        "figures": dict(figures),
    }
    (folder / "MODEL.yaml").write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")


def refresh_index(folder: Path, profile: Profile) -> None:
    """MODEL.yaml with the digests of the files as they are now, figures kept."""
    path = folder / "MODEL.yaml"
    before = yaml.safe_load(path.read_text("utf-8")) if path.exists() else {}
    write_index(folder, profile, before.get("figures", {}))


def reliability_table(bins: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """Calibrated confidence against truth, by kind of grammar, as Markdown; `bins` as `ivr models eval --json` writes them."""
    lines = ["| grammar | confidence promised | right | utterances |", "|---|---|---|---|"]
    for kind, rows in bins.items():
        lines += [
            f"| {kind} | {r['promised']:.2f} | {r['true']:.2f} | {r['answers']:g} |" for r in rows if r["answers"]
        ]
    return "\n".join(lines)


CARD = """# {name}

Made by the recipe in `training/`, profile {name}, version {version}.

<!-- figures -->
<!-- /figures -->

<!-- reliability -->
<!-- /reliability -->
"""


def begin(folder: Path, profile: Profile) -> None:
    """A bare README.md for a model that has none yet, with the marks that `fill` looks for."""
    path = folder / "README.md"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(CARD.format(name=folder.name, version=profile.version), "utf-8")


def fill(folder: Path, marks: Mapping[str, str]) -> None:
    """Replaces the text between `<!-- name -->` and `<!-- /name -->` in the model's README.md; prose is left alone."""
    path = folder / "README.md"
    text = path.read_text("utf-8")
    for name, content in marks.items():
        before, opening, rest = text.partition(f"<!-- {name} -->")
        _, closing, after = rest.partition(f"<!-- /{name} -->")
        if not opening or not closing:
            raise ValueError(f"{path}: the marks <!-- {name} --> and <!-- /{name} --> are missing")
        text = f"{before}{opening}\n{content}\n{closing}{after}"
    path.write_text(text, "utf-8")
