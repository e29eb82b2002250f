"""Prompts put together from recordings: which are chosen, what lies between them, and when none are."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from ivr.speech.pieces import (
    COMMA_SECONDS,
    SENTENCE_SECONDS,
    Name,
    PieceFolder,
    cut,
    file_name,
    fingerprint,
    name,
    plain,
    words,
)
from ivr.values import Language


def recorded(language: Language, *stems: str) -> dict[Name, Path]:
    return {name(stem, language): Path(f"{stem}.wav") for stem in stems}


def chosen(language: Language, text: str, *stems: str) -> list[str] | None:
    pieces = cut(words(text, language), recorded(language, *stems))
    return None if pieces is None else [piece.file.stem for piece in pieces]


def test_words_and_the_pauses_between_them() -> None:
    said = words("您好，订单3已送达。", "zh")
    assert [word.text for word in said] == ["您", "好", "订", "单", "三", "已", "送", "达"]
    assert [word.pause_seconds for word in said if word.pause_seconds] == [COMMA_SECONDS, SENTENCE_SECONDS]
    assert [word.closes for word in said] == [False] * 7 + [True]


def test_english_words_abbreviations_and_hyphens() -> None:
    assert plain("It’s by twenty-one, at 3 p.m.!", "en") == ("it's", "by", "twenty", "one", "at", "three", "pm")


def test_the_fewest_recordings_are_chosen() -> None:
    assert chosen("zh", "订单三五已送达", "订", "单", "订单", "三", "五", "三五", "已送", "达", "已送达") == [
        "订单",
        "三五",
        "已送达",
    ]


def test_a_longer_start_is_given_up_where_the_rest_could_not_be_said() -> None:
    assert chosen("zh", "甲乙丙丁", "甲乙丙", "甲", "乙", "丙丁") == ["甲", "乙", "丙丁"]


def test_where_a_word_lacks_nothing_is_put_together() -> None:
    assert chosen("zh", "您的牛肉面到了", "您的", "到了") is None
    assert chosen("zh", "。", "您的") is None
    assert chosen("zh", "您的") is None


def test_a_figure_is_no_row_of_digits() -> None:
    assert chosen("zh", "拨打12306", "拨打", "一", "二", "三", "零", "六") is None
    assert chosen("zh", "请按1", "请按", "一") == ["请按", "一"]


@pytest.mark.parametrize(
    "text", ["打5%折", "要¥5", "评分3.5", "二〇二六", "第3~5天", "零下-5", "5＋3", "５％", "五座Б", "3/5"]
)
def test_nothing_that_is_said_is_left_out(text: str) -> None:
    assert chosen("zh", text, *"打折要评分第天零下座一二三四五六") is None


@pytest.mark.parametrize("text", ["三，五～", "《三五》！", "“三”五…", "三五\u200b。", "（三）·五"])
def test_marks_that_nobody_says_keep_no_recording_away(text: str) -> None:
    assert chosen("zh", text, "三", "五") == ["三", "五"]


def test_a_name_as_a_mac_writes_it_and_as_an_input_method_does() -> None:
    assert name(unicodedata.normalize("NFD", "Café"), "en") == name("café", "en") != name("caf", "en")
    assert name("您好，三。", "zh") == name("您好,３。", "zh")


def test_the_falling_recording_is_for_the_end_of_a_sentence_only() -> None:
    assert chosen("zh", "是三。", "是", "三", "三。") == ["是", "三。"]
    assert chosen("zh", "是三，对吗？", "是", "三。", "对吗？") is None
    assert chosen("zh", "是三。", "是", "三") == ["是", "三"]


def test_the_pause_follows_the_piece_and_not_what_is_inside_it() -> None:
    pieces = cut(words("好的，明天。再见", "zh"), recorded("zh", "好的，明天", "再见"))
    assert pieces is not None
    assert [piece.pause_seconds for piece in pieces] == [SENTENCE_SECONDS, 0.0]


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("已经送达。", "已经送达。"),
        ("Is it the order you placed?", "Is it the order you placed."),
        ("a/b: “c”", "ab c"),
        ("../../etc", "....etc"),
    ],
)
def test_a_file_is_named_by_what_it_says_as_every_file_system_takes_it(text: str, file: str) -> None:
    assert file_name(text) == file


def test_a_new_recording_is_seen_and_one_taken_away_is_missed(tmp_path: Path) -> None:
    folder = PieceFolder(tmp_path / "pieces", "zh")
    assert folder.pieces("您好") is None
    (tmp_path / "pieces").mkdir()
    (tmp_path / "pieces" / "您好.wav").write_bytes(b"")
    found = folder.pieces("您好！")
    assert found is not None
    assert [piece.file.name for piece in found] == ["您好.wav"]
    (tmp_path / "pieces" / "您好.wav").unlink()
    assert folder.pieces("您好") is None


def test_a_recording_made_again_is_another_sound(tmp_path: Path) -> None:
    file = tmp_path / "您好.wav"
    file.write_bytes(b"")
    pieces = cut(words("您好", "zh"), {name("您好", "zh"): file})
    assert pieces is not None
    before = fingerprint(pieces)
    os.utime(file, (1, 1))
    assert fingerprint(pieces) != before
    before = fingerprint(pieces)
    file.write_bytes(b"longer")
    os.utime(file, (1, 1))
    assert fingerprint(pieces) != before
