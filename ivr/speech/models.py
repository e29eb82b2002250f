"""Speech models: folders that vosk can load, looked at closely before vosk is let near them.

vosk ends the process on some broken files and prints on others, so every file is checked first (there, not empty, of the right
kind), and then a child process loads the model on trial: what breaks breaks there, and becomes one line with the file's name.
"""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import sys
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr.errors import ModelError, Place

# The two layouts of vosk models: with sub-folders, and the flat one of models before 2020.
_LAYOUTS = (
    {"model": "am/final.mdl", "mfcc": "conf/mfcc.conf", "conf": "conf/model.conf", "graph": "graph"},
    {"model": "final.mdl", "mfcc": "mfcc.conf", "conf": "", "graph": ""},
)
_FST_MAGIC = struct.pack("<i", 2125659606)
_TRIAL_SECONDS = 180
_GET = "get one with `ivr models list` and `ivr models get NAME`, or use the bundled `zh-small` and `en-small`"

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Raw confidence to probability, piecewise linear between points, per kind of grammar: `limited`, `open`, `digits`."""

    points: Mapping[str, Points] = field(default_factory=dict)

    def __call__(self, kind: str, raw: float) -> float:
        points = self.points.get(kind, ())
        if not points:
            return raw
        right = bisect_right([x for x, _ in points], raw)
        if right == 0 or right == len(points):
            return points[0 if right == 0 else -1][1]
        (x0, y0), (x1, y1) = points[right - 1], points[right]
        return y0 + (y1 - y0) * (raw - x0) / (x1 - x0) if x1 > x0 else y1


@dataclass(frozen=True, slots=True)
class SpeechModel:
    """A model folder that passed inspection; `grammars` tells whether phrases can be given at run time."""

    folder: Path
    rate: int
    words: frozenset[str]
    grammars: bool
    graph_folder: Path
    calibration: Calibration = Calibration()

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.folder.name


def inspect(folder: Path) -> SpeechModel:
    """The model in a folder, by its files alone; raises ModelError with the file at fault."""
    if not folder.is_dir():
        what = "is a file; a model is a folder" if folder.exists() else "there is no such model folder"
        raise ModelError(what, _GET, Place(folder))
    layout = next((each for each in _LAYOUTS if (folder / each["model"]).exists()), None)
    if layout is None:
        raise ModelError("is no vosk model: am/final.mdl is missing", _GET, Place(folder))
    _check_acoustic(folder / layout["model"])
    graph = folder / layout["graph"]
    grammars = (graph / "HCLr.fst").exists() or not (graph / "HCLG.fst").exists()
    for name in ("HCLr.fst", "Gr.fst") if grammars else ("HCLG.fst",):
        _check_fst(graph / name)
    if grammars:
        _check_there(graph / "disambig_tid.int", may_be_empty=True)
    if layout["conf"]:
        _check_there(folder / layout["conf"])
        _check_there(graph / "phones" / "word_boundary.int")
    words = _words(graph / "words.txt") if grammars or (graph / "words.txt").exists() else frozenset()
    return SpeechModel(folder, _rate(folder / layout["mfcc"]), words, grammars, graph, calibration(folder))


def tried(folder: Path) -> SpeechModel:
    """The same after vosk loaded it and decoded a second of silence in a child process; raises ModelError, never crashes."""
    model = inspect(folder)
    command = [sys.executable, "-m", "ivr.speech.trial", str(folder.resolve()), str(model.rate)]
    try:
        child = subprocess.run(command, capture_output=True, timeout=_TRIAL_SECONDS, check=False, env=_quiet())
    except subprocess.TimeoutExpired:
        raise ModelError(f"vosk did not load it within {_TRIAL_SECONDS} s", _GET, Place(folder)) from None
    if child.returncode:
        raise ModelError(*_blamed(folder, child.stderr.decode(errors="replace")))
    return model


def _quiet() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1"}


def _blamed(folder: Path, said: str) -> tuple[str, str, Place]:
    """What vosk said before it died, with the file it spoke of."""
    faults = [line for line in said.splitlines() if line.startswith("ERROR")] or said.strip().splitlines()[-1:]
    reason = re.sub(r"^ERROR \(.*?\):?\S*\s*", "", faults[0])[:200] if faults else "it crashed"
    named = [file for file in folder.rglob("*") if file.is_file() and file.name in said]
    return f"vosk can't load it: {reason}", "fetch or build the model again", Place(named[0] if named else folder)


def _check_there(file: Path, may_be_empty: bool = False) -> None:
    if not file.is_file():
        raise ModelError("is missing from the model", "fetch or build the model again", Place(file))
    if not may_be_empty and not file.stat().st_size:
        raise ModelError("is empty", "fetch or build the model again", Place(file))


def _check_acoustic(file: Path) -> None:
    _check_there(file)
    with file.open("rb") as content:
        if content.read(2) != b"\0B" or b"<TransitionModel>" not in content.read(64):
            raise ModelError("is no Kaldi acoustic model", "fetch or build the model again", Place(file))


def _check_fst(file: Path) -> None:
    _check_there(file)
    with file.open("rb") as content:
        if content.read(4) != _FST_MAGIC:
            raise ModelError("is no OpenFst graph", "fetch or build the model again", Place(file))


def _words(file: Path) -> frozenset[str]:
    _check_there(file)
    words = set()
    try:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            word, _, index = line.rpartition(" ")
            if not word or not index.isdigit():
                raise ModelError("should be `word number`", "fetch or build the model again", Place(file, number))
            words.add(word)
    except UnicodeDecodeError:
        raise ModelError("is not UTF-8 text", "fetch or build the model again", Place(file)) from None
    return frozenset(word for word in words if word[0] not in "<#" or len(word) == 1)


def _rate(file: Path) -> int:
    """The rate of the audio a model was made for; Kaldi's own default is 16 kHz."""
    _check_there(file)
    found = re.search(r"^\s*--sample-frequency=(\S+)", file.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
    try:
        rate = round(float(found[1])) if found else 16000
    except ValueError:
        rate = 0
    if not 4000 <= rate <= 48000:
        raise ModelError(
            f"--sample-frequency={found and found[1]} makes no sense", "mend or fetch it again", Place(file)
        )
    return rate


def calibration(folder: Path) -> Calibration:
    """The model's calibration.json, or none; raises ModelError when it can't be used as written."""
    file = folder / "calibration.json"
    if not file.exists():
        return Calibration()
    try:
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if data.get("version") != 1:
            raise ModelError("`version` should be 1", "write it with `ivr models eval --calibrate`", Place(file))
        kinds = [kind for kind in ("limited", "open", "digits") if data.get(kind)]
        points = {kind: tuple((float(raw), float(sure)) for raw, sure in data[kind]) for kind in kinds}
    except (ValueError, TypeError, AttributeError, OSError):
        fix = 'it should be {"version": 1, "limited": [[raw, probability], …], "open": …, "digits": …}'
        raise ModelError("is no calibration", fix, Place(file)) from None
    for kind, pairs in points.items():
        if list(pairs) != sorted(pairs) or any(not 0 <= sure <= 1 for _, sure in pairs):
            what = f"`{kind}` should rise, with probabilities from 0 to 1"
            raise ModelError(what, "write it with `ivr models eval --calibrate`", Place(file))
    return Calibration(points)
