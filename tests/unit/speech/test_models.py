"""Model folders: every broken one is an error that names the file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ivr.errors import ModelError
from ivr.speech.catalogue import catalogue, installed
from ivr.speech.models import Calibration, inspect

MODELS = Path(__file__).parents[3] / "models"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the bundled English model that may be broken."""
    shutil.copytree(MODELS / "en-small", tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.parametrize(("name", "word"), [("zh-small", "三"), ("en-small", "three")])
def test_the_bundled_models_pass(name: str, word: str) -> None:
    model = inspect(MODELS / name)
    assert model.rate == 8000
    assert model.grammars
    assert {word, "[unk]"} <= model.words
    assert not {"<eps>", "#0", "<s>"} & model.words


@pytest.mark.parametrize(
    "name",
    [
        "am/final.mdl",
        "conf/mfcc.conf",
        "conf/model.conf",
        "graph/Gr.fst",
        "graph/words.txt",
        "graph/phones/word_boundary.int",
    ],
)
def test_a_missing_or_empty_file_is_named(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"")
    with pytest.raises(ModelError, match=Path(name).name):
        inspect(folder)
    (folder / name).unlink()
    with pytest.raises(ModelError, match=Path(name).name):
        inspect(folder)


@pytest.mark.parametrize("name", ["am/final.mdl", "graph/HCLr.fst", "graph/Gr.fst"])
def test_a_file_of_another_kind_is_named(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"<html>404 not found</html>" * 100)
    with pytest.raises(ModelError, match=Path(name).name):
        inspect(folder)


def test_garbled_words_are_named_with_their_line(folder: Path) -> None:
    (folder / "graph" / "words.txt").write_text("<eps> 0\none\n", encoding="utf-8")
    with pytest.raises(ModelError, match=r"words\.txt:2"):
        inspect(folder)


def test_a_missing_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="ivr models list"):
        inspect(tmp_path / "nowhere")


def test_the_rate_is_read_and_16_khz_by_default(folder: Path) -> None:
    (folder / "conf" / "mfcc.conf").write_text("--use-energy=false\n", encoding="utf-8")
    assert inspect(folder).rate == 16000
    (folder / "conf" / "mfcc.conf").write_text("--sample-frequency=wide\n", encoding="utf-8")
    with pytest.raises(ModelError, match=r"mfcc\.conf"):
        inspect(folder)


def test_a_model_with_a_fixed_graph_takes_no_phrases(folder: Path) -> None:
    (folder / "graph" / "Gr.fst").unlink()
    (folder / "graph" / "HCLr.fst").rename(folder / "graph" / "HCLG.fst")
    assert not inspect(folder).grammars


def test_calibration_is_linear_between_points_and_flat_outside() -> None:
    calibration = Calibration({"limited": ((0.2, 0.1), (0.6, 0.5), (1.0, 0.98))})
    assert calibration("limited", 0.0) == 0.1
    assert calibration("limited", 0.4) == pytest.approx(0.3)
    assert calibration("limited", 1.0) == 0.98
    assert calibration("open", 0.37) == 0.37


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"version": 2}', '{"version": 1, "open": [[0.5, 2]]}', '{"version": 1, "open": [[1, 0.5], [0, 0.1]]}'],
)
def test_a_broken_calibration_is_named(folder: Path, content: str) -> None:
    (folder / "calibration.json").write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match=r"calibration\.json"):
        inspect(folder)


def test_a_calibration_is_read(folder: Path) -> None:
    points = {"version": 1, "digits": [[0, 0.05], [1, 0.97]]}
    (folder / "calibration.json").write_text(json.dumps(points), encoding="utf-8")
    assert inspect(folder).calibration("digits", 1.0) == 0.97


def test_the_catalogue_is_sound() -> None:
    table = catalogue()
    assert {table.find("zh").name, table.find("en").name} == {"vosk-model-small-cn-0.22", "vosk-model-small-en-us-0.15"}
    assert table.url(table.find("zh")) == "https://alphacephei.com/vosk/models/vosk-model-small-cn-0.22.zip"
    with pytest.raises(ModelError, match=r"did you mean `vosk-model-cn-0\.22`"):
        table.find("vosk-model-cn-0.2")


def test_what_is_installed_is_listed_with_its_faults(folder: Path) -> None:
    (folder / "am" / "final.mdl").unlink()
    ((name, fault),) = installed(folder.parent)
    assert name == "model"
    assert isinstance(fault, ModelError)
