"""vosk's traps, with vosk itself: broken folders, empty grammars, unknown words, wide-band models, long utterances."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from speech_processes import ROOT, Say

from ivr.errors import ModelError
from ivr.speech.models import inspect, tried
from ivr.speech.recogniser import Recogniser

pytestmark = pytest.mark.integration

ZH = ROOT / "models" / "zh-small"
DIGITS = tuple("零一二三四五六七八九")


@pytest.fixture(scope="module")
def mandarin() -> Recogniser:
    return Recogniser(ZH)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ZH, tmp_path / "model")
    return tmp_path / "model"


def hear(recogniser: Recogniser, pcm: bytes, phrases: tuple[str, ...] = DIGITS, step: int = 960, **wishes: object):
    utterance = recogniser.utterance(phrases, **wishes)
    for at in range(0, len(pcm), step):
        utterance.feed(pcm[at : at + step])
    return utterance.finish()


@pytest.mark.parametrize(
    ("name", "keep"), [("am/final.mdl", 20_000), ("graph/HCLr.fst", 30_000), ("graph/Gr.fst", 100)]
)
def test_a_cut_off_file_is_an_error_and_no_crash(folder: Path, name: str, keep: int) -> None:
    """The head is right, so only loading shows it: in a child process, which may crash."""
    file = folder / name
    file.write_bytes(file.read_bytes()[:keep])
    assert inspect(folder)
    with pytest.raises(ModelError) as fault:
        tried(folder)
    assert "\n" not in str(fault.value)
    assert str(folder) in str(fault.value)


def test_a_sound_model_passes_the_trial() -> None:
    assert tried(ZH).name == "zh-small"


@pytest.mark.parametrize("phrases", [("龘龘",), ("[unk]",), ("",), ("？",), ('"]', "\\"), ("a b c",)])
def test_odd_grammars_hear_nothing_and_crash_nothing(mandarin: Recogniser, say: Say, phrases: tuple[str, ...]) -> None:
    assert hear(mandarin, say("三八二七"), phrases) == ()


def test_words_the_model_lacks_are_reported(mandarin: Recogniser) -> None:
    assert mandarin.utterance(("退款", "龘龘")).lacking == ("龘龘",)


def test_odd_sizes_of_sound_change_nothing(mandarin: Recogniser, say: Say) -> None:
    pcm = say("三八二七")
    even, odd, whole = hear(mandarin, pcm), hear(mandarin, pcm, step=333), hear(mandarin, pcm, step=len(pcm))
    assert even[0].text == odd[0].text == whole[0].text == "三 八 二 七"
    assert mandarin.utterance(DIGITS).finish() == ()


def test_a_wide_band_model_is_given_what_it_was_made_for(folder: Path, say: Say) -> None:
    """A model that says 16 kHz refuses 8 kHz sound: it is resampled on the way."""
    config = folder / "conf" / "mfcc.conf"
    config.write_text(config.read_text().replace("--sample-frequency=8000", "--sample-frequency=16000"))
    wide = Recogniser(folder)
    assert wide.model.rate == 16000
    (best, *_) = hear(wide, say("三八二七"))
    assert best.text == "三 八 二 七"
    assert best.words[-1].end_seconds < len(say("三八二七")) / 16000


def test_a_pause_inside_a_number_keeps_its_context(mandarin: Recogniser, say: Say) -> None:
    pcm = say("三八") + bytes(24000) + say("二七")
    (best, *_) = hear(mandarin, pcm)
    assert best.text == "三 八 二 七"


def test_a_long_utterance_is_cut_and_joined(folder: Path, say: Say) -> None:
    """A model that lets vosk end utterances by itself, as official ones do: the pieces become one utterance again."""
    conf = folder / "conf/model.conf"
    kept = [line for line in conf.read_text().splitlines() if ".rule" not in line]
    conf.write_text("\n".join([*kept, "--endpoint.rule2.min-trailing-silence=0.5"]) + "\n")
    pcm = (say("三八二七") + bytes(16000)) * 9
    utterance = Recogniser(folder).utterance(DIGITS)
    cuts = sum(utterance.feed(pcm[at : at + 1600]) is not None for at in range(0, len(pcm), 1600))
    (best, *_) = utterance.finish()
    assert cuts >= 1
    assert best.text.split() == list("三八二七") * 9
    starts = [word.start_seconds for word in best.words]
    assert starts == sorted(starts)


def test_confidences_follow_the_models_calibration(folder: Path, say: Say) -> None:
    points = {"version": 1, "digits": [[0, 0.1], [1, 0.77]]}
    (folder / "calibration.json").write_text(json.dumps(points))
    calibrated = Recogniser(folder)
    (best, *_) = hear(calibrated, say("三八二七"), kind="digits")
    assert 0.1 < best.confidence <= 0.77
    (plain, *_) = hear(calibrated, say("三八二七"), kind="limited")
    assert plain.confidence > best.confidence


def test_speech_outside_the_grammar_is_not_believed(mandarin: Recogniser, say: Say) -> None:
    readings = hear(mandarin, say("今天下午天气真不错"), ("退款", "转人工"))
    assert all(reading.confidence < 0.5 for reading in readings)
