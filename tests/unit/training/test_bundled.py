"""The committed models and clips are what their lists say, and small enough for a repository."""

from __future__ import annotations

import hashlib
import json
import wave
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
MODELS = [ROOT / "models" / "zh-small", ROOT / "models" / "en-small"]


@pytest.mark.parametrize("folder", MODELS, ids=lambda p: p.name)
def test_the_files_of_a_model_have_the_digests_of_its_index(folder: Path) -> None:
    index = yaml.safe_load((folder / "MODEL.yaml").read_text("utf-8"))
    assert {"am/final.mdl", "graph/HCLr.fst", "graph/Gr.fst", "graph/words.txt"} <= set(index["files"])
    for name, digest in index["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name
    assert sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) <= 10_000_000


@pytest.mark.parametrize("folder", MODELS, ids=lambda p: p.name)
def test_the_calibration_rises(folder: Path) -> None:
    tables = json.loads((folder / "calibration.json").read_text("utf-8"))
    assert tables.pop("version") == 1
    assert set(tables) == {"limited", "open", "digits"}
    for points in tables.values():
        raw, probability = zip(*points, strict=True)
        assert list(raw) == sorted(raw)
        assert list(probability) == sorted(probability)
        assert all(0 <= p <= 1 for p in probability)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "zh-small",
            [
                "零",
                "幺",
                "洞",
                "两",
                "一",
                "九",
                "十",
                "百",
                "万",
                "是",
                "是的",
                "不是",
                "人工",
                "转人工",
                "客服",
                "真人",
                "嗯",
                "呃",
                "再见",
                "退款",
                "查订单",
                "王",
                "龙",
                "餐",
                "猫",
            ],
        ),
        (
            "en-small",
            [
                "zero",
                "oh",
                "double",
                "triple",
                "nine",
                "hundred",
                "yes",
                "no",
                "agent",
                "operator",
                "representative",
                "human",
                "um",
                "refund",
                "order",
                "tiger",
            ],
        ),
    ],
)
def test_the_words_a_hotline_needs_are_there(name: str, words: list[str]) -> None:
    lines = (ROOT / "models" / name / "graph" / "words.txt").read_text("utf-8").splitlines()
    known = {line.split()[0] for line in lines}
    assert [w for w in words if w not in known] == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_clips_are_telephone_audio_of_every_kind(language: str) -> None:
    folder = ROOT / "tests" / "clips" / language
    rows = yaml.safe_load((folder / "manifest.yaml").read_text("utf-8"))
    assert {"digits", "phrase", "sentence", "oog", "noise"} <= {row["kind"] for row in rows}
    assert {row["file"] for row in rows} == {p.name for p in folder.glob("*.wav")}
    for row in rows:
        with wave.open(str(folder / row["file"])) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
    assert sum(p.stat().st_size for p in folder.iterdir()) < 3_000_000
