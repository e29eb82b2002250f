"""Free speech through the graph composed ahead: the words vosk finds when it composes as it goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.speech.audio import read_wav
from ivr.speech.recogniser import Recogniser

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_composed_ahead_hears_the_same(language: str) -> None:
    recogniser = Recogniser(ROOT / "models" / f"{language}-small")
    assert recogniser.free_handle is not recogniser.handle
    left_to_vosk = Recogniser(ROOT / "models" / f"{language}-small")
    left_to_vosk.free_handle = left_to_vosk.handle
    clips = sorted((ROOT / "tests/clips" / language).glob("*sentence*.wav"))
    assert len(clips) > 5
    for clip in clips:
        pcm = read_wav(clip)
        ahead = recogniser.utterance()
        ahead.feed(pcm)
        as_it_goes = left_to_vosk.utterance()
        as_it_goes.feed(pcm)
        assert ahead.finish()[0].text == as_it_goes.finish()[0].text, clip.name


def test_a_graph_that_cannot_be_composed_is_left_to_vosk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.speech.static_graph._MOST_WORD_ARCS", 10)
    recogniser = Recogniser(ROOT / "models" / "en-small")
    assert recogniser.free_handle is recogniser.handle
    utterance = recogniser.utterance()
    utterance.feed(read_wav(next(iter(sorted((ROOT / "tests/clips/en").glob("*sentence*.wav"))))))
    assert utterance.finish()
