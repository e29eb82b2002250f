"""Templates, spoken numbers and the phones of both languages."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from training import spoken
from training.languages.english import OWN_VOWELS, English, from_ipa
from training.languages.mandarin import LATIN, Mandarin, syllable_phones
from training.scripts import step_grammars
from training.templates import expand, hotline_text, literals, parse
from training.vocabulary import CHINESE_SPOKEN, chinese_phrases, dialplan_texts, mixes_numerals, utterance_texts


def test_a_template_yields_exactly_its_alternatives() -> None:
    random_ = random.Random(1)
    said = {expand("{who}(查|看)[一下]订单", {"who": ["我", "帮我"]}, random_, lambda _: None) for _ in range(400)}
    assert said == {f"{who}{verb}{tail}订单" for who in ("我", "帮我") for verb in "查看" for tail in ("", "一下")}


@pytest.mark.parametrize("broken", ["(a|b", "a)", "[a", "a]"])
def test_an_unbalanced_template_is_refused(broken: str) -> None:
    with pytest.raises(ValueError, match="template"):
        parse(broken)


def test_an_unknown_slot_is_refused() -> None:
    with pytest.raises(ValueError, match="nowhere"):
        expand("{nowhere}", {}, random.Random(1), lambda _: None)


def test_literals_of_a_dialplan_template() -> None:
    assert literals("[好|好的]<no_more>(谢谢|多谢){name}再见") == ["好", "好的", "no_more", "谢谢", "多谢", "再见"]


def test_only_grammar_phrases_become_whole_words(tmp_path: Path) -> None:
    folder = tmp_path / "dialplans" / "zh"
    (folder / "utterances").mkdir(parents=True)
    (folder / "grammar.yaml").write_text("phrases: [我要催单]\n", "utf-8")
    (folder / "utterances" / "status.yaml").write_text("- 我的外卖在哪里\n", "utf-8")
    grammar, said = dialplan_texts("zh", tmp_path), utterance_texts("zh", tmp_path)
    assert "我要催单" in chinese_phrases(grammar)
    assert "我的外卖在哪里" in said
    assert "我的外卖在哪里" not in grammar
    words = chinese_phrases(said, whole=False)
    assert "我的外卖在哪里" not in words
    assert set("".join(words)) == set("我的外卖在哪里")


@pytest.mark.parametrize("code", ["zh", "en"])
def test_every_template_of_the_hotline_expands(code: str) -> None:
    slots, intents = hotline_text(code)
    special = spoken.chinese_special if code == "zh" else spoken.english_special
    random_ = random.Random(2)
    assert len(intents) >= 36
    for templates in intents.values():
        for template in templates:
            assert not set("(){}[]|") & set(expand(template, slots, random_, lambda n: special(n, random_)))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "零"),
        (10, "十"),
        (15, "十五"),
        (20, "二十"),
        (101, "一百零一"),
        (110, "一百一十"),
        (1010, "一千零一十"),
        (30_500, "三万零五百"),
    ],
)
def test_chinese_numbers(value: int, said: str) -> None:
    assert spoken.chinese_number(value, random.Random(1)) == said


@pytest.mark.parametrize(
    ("value", "said"), [(0, "zero"), (21, "twenty one"), (700, "seven hundred"), (90_000, "ninety thousand")]
)
def test_english_numbers(value: int, said: str) -> None:
    assert spoken.english_number(value, random.Random(1)) == said


@pytest.mark.parametrize(
    ("syllable", "phones"),
    [
        ("yi1", ("Q", "i")),
        ("zhi4", ("zh", "ir")),
        ("xue2", ("x", "ve")),
        ("jiu3", ("j", "iou")),
        ("er4", ("Q", "er")),
        ("lü4", ("l", "v")),
    ],
)
def test_pinyin_syllables(syllable: str, phones: tuple[str, str]) -> None:
    assert syllable_phones(syllable) == phones


def test_what_is_no_syllable_is_refused() -> None:
    with pytest.raises(ValueError, match="blorg"):
        syllable_phones("blorg")


def test_digits_and_the_word_yes_have_finals_of_their_own() -> None:
    mandarin = Mandarin()
    words = [*mandarin.digits, "十", "是", "旗", "时", "流", "就"]
    lines = [mandarin.pronunciations(w)[0] for w in words]
    assert len(set(lines)) == len(words)
    assert mandarin.pronunciations("是")[0] != mandarin.pronunciations("十")[0]


def test_segmentation_takes_the_fewest_known_words() -> None:
    words = Mandarin().segment("我要查订单三五", {"我要", "我", "要", "查", "订单", "查订单"})
    assert words == ["我要", "查订单", "三", "五"]


@pytest.mark.parametrize(
    ("word", "mixed"),
    [("三百", True), ("三月", True), ("一下", False), ("订单", False), ("四点", True), ("一点", True)],
)
def test_numbers_are_no_words_of_their_own(word: str, mixed: bool) -> None:
    assert mixes_numerals(word) is mixed


def test_english_digits_share_no_vowel_with_other_words() -> None:
    english = English()
    for digit in english.digits:
        assert all(set(OWN_VOWELS) & set(p) for p in english.pronunciations(digit))
    assert from_ipa("ˈɔːɹdɚ") == ("ao", "r", "d", "er")


def test_english_ipa_that_is_not_english_is_refused() -> None:
    with pytest.raises(ValueError, match="no English sound"):
        from_ipa("ɥa")


@pytest.mark.parametrize("code", ["zh", "en"])
def test_step_grammars_hold_the_way_to_a_human(code: str) -> None:
    human = {"zh": "人工", "en": "agent"}[code]
    assert all(human in phrases for phrases in step_grammars(code).values())


def test_latin_letters_have_mandarin_syllables() -> None:
    speaks = Mandarin()
    assert speaks.pronunciations("ok") == [("Q", "ou", "k", "ei")]
    assert len(speaks.pronunciations("app")) == 2
    assert all(set(said) <= set(speaks.phones) for word in LATIN for said in speaks.pronunciations(word))
    assert CHINESE_SPOKEN.findall("ok我要l码的okra, app里下的") == ["ok", "我要", "l", "码的", "app", "里下的"]


def test_a_lone_high_vowel_has_an_onset_and_fills_its_syllable() -> None:
    speaks, draw = Mandarin(), random.Random(1)
    script = speaks.script("digits", ["五", "一", "六"], draw)
    assert script is not None
    assert [[sound for sound, _ in word] for word in speaks.sounds(script, draw)] == (
        [["w", "uː"], ["j", "iː"], ["l", "j", "o", "ʊ"]]
    )
