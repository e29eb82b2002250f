"""Recordings of people: which files are whose, what is said in them, and who is kept for tests."""

from pathlib import Path

import pytest

from training.evaluation import Tally
from training.languages.mandarin import character_by_syllable
from training.people import table_in_one_go
from training.recordings import sources, split_of

FILES = (
    "cmn-北京.opus",
    "cmn-八.opus",
    "cmn-jiu3.mp3",
    "liu4.mp3",
    "nothing5.mp3",
    "17307130162-02-07.wav",
    "17307130162-13-07.wav",
    "7_theo_3.wav",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).touch()
    return tmp_path


def test_each_collection_is_known_by_its_names(folder: Path) -> None:
    found = {(source.speaker, source.words) for source in sources("zh", folder)}

    assert found == {
        ("audio-cmn/yue-tan", ("北京",)),
        ("audio-cmn/yue-tan", ("八",)),
        ("syllabs/chen-wang", ("九",)),
        ("pinyin-sound/one", ("六",)),
        ("dspspeech/17307130162", ("语言",)),
    }
    assert [(s.speaker, s.words) for s in sources("en", folder)] == [("fsdd/theo", ("seven",))]


def test_people_are_kept_apart_as_a_whole_and_a_lone_woman_by_words(folder: Path) -> None:
    held = {"test": ["17307130162"]}
    splits = {s.words[0]: split_of(s, held, held_share=1.0) for s in sources("zh", folder)}

    assert splits["语言"] == "test"
    assert splits["北京"] in ("dev", "test")
    assert {splits["八"], splits["九"], splits["六"]} == {"train"}


def test_a_syllable_stands_for_its_digit_before_any_other_character() -> None:
    characters = character_by_syllable()

    assert [characters[s] for s in ("yi1", "yao1", "liang3", "shi4", "dong4")] == [*"一幺两是洞"]
    assert characters["ma3"] not in ("", "一")


def test_a_table_of_numbers_said_in_one_go_counts_digits_and_whole_numbers() -> None:
    heard = Tally()
    heard.add("3141", "3141")
    heard.add("2718", "27182")

    assert table_in_one_go({"an4": heard}).split("\n")[-1] == "| an4 | 87.5 | of 8 | 50.0 | of 2 |"
    assert "Nobody" in table_in_one_go({})
