"""Mandarin: a syllable is an initial and a final, both toneless, except that each digit has a final of its own.

Digits are what a hotline must not mishear, and 一/七, 六/九, 四/十 differ in little but the initial. A final that is
shared by no other syllable ties the whole digit together (the network sees 0.2 s to each side of a frame), and 十 and 是,
alike but for the tone, become different words. `Q` stands for no initial.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Sequence
from functools import lru_cache

from pypinyin import Style, pinyin

from training.utterances import Script

INITIALS = tuple(
    ["b", "p", "m", "f", "d", "t", "n", "l", "g", "k", "h", "j", "q", "x", "zh", "ch", "sh", "r", "z", "c", "s"]
)
FINALS = tuple(
    [
        "a",
        "o",
        "e",
        "ai",
        "ei",
        "ao",
        "ou",
        "an",
        "en",
        "ang",
        "eng",
        "ong",
        "er",
        "i",
        "ia",
        "ie",
        "iao",
        "iou",
        "ian",
        "in",
        "iang",
        "ing",
        "iong",
        "u",
        "ua",
        "uo",
        "uai",
        "uei",
        "uan",
        "uen",
        "uang",
        "v",
        "ve",
        "van",
        "vn",
        "ir",
        "iz",
    ]
)
OWN_FINAL = {
    "零": "ing0",
    "幺": "iao1",
    "一": "i1",
    "二": "er2",
    "两": "iang2",
    "三": "an3",
    "四": "iz4",
    "五": "u5",
    "六": "iou6",
    "七": "i7",
    "八": "a8",
    "九": "iou9",
    "十": "ir10",
    "洞": "ong0",
    "是": "irY",
}
READINGS = {"零": "ling2", "幺": "yao1", "一": "yi1", "二": "er4", "两": "liang3", "六": "liu4", "洞": "dong4"} | {
    "十": "shi2", "百": "bai3", "千": "qian1", "万": "wan4", "点": "dian3", "号": "hao4", "行": "xing2", "还": "hai2",
    "的": "de5", "了": "le5", "吗": "ma5", "呢": "ne5", "嗯": "en1", "呃": "e4", "哦": "o4", "喂": "wei4", "地": "di4",
    "得": "de5", "都": "dou1", "着": "zhe5", "长": "chang2", "重": "zhong4", "唉": "ai1", "诶": "ei1", "对": "dui4",
}  # fmt: skip
LATIN = {
    "ok": ("ou1 kei4",), "okay": ("ou1 kei4",), "yes": ("ye4 si5",), "no": ("nou4",), "hello": ("ha1 lou2",),
    "app": ("ei1 pi4 pi4", "a1 pu5"), "vip": ("wei1 ai1 pi4",), "ai": ("ei1 ai1",), "ems": ("yi4 ai2 mu5 ai2 si5",),
    "nba": ("en1 bi4 ei1",), "wifi": ("wai1 fai4",), "s": ("ai2 si5",), "m": ("ai2 mu5",), "l": ("ai2 lou5", "ai2 ou5"),
    "x": ("ai2 ke4 si5",), "xl": ("ai2 ke4 si5 ai2 lou5", "ai2 ke4 si5 ai2 ou5"), "xs": ("ai2 ke4 si5 ai2 si5",),
    "xxl": ("ai2 ke4 si5 ai2 ke4 si5 ai2 lou5", "ai2 ke4 si5 ai2 ke4 si5 ai2 ou5"),
    "xxxl": ("san1 ai2 ke4 si5 ai2 lou5", "ai2 ke4 si5 ai2 ke4 si5 ai2 ke4 si5 ai2 lou5"),
}  # fmt: skip
"""What Mandarin callers say in Latin letters, as the syllables they make of it."""
ZERO_INITIAL = {
    "yi": "i", "ya": "ia", "yo": "o", "ye": "ie", "yao": "iao", "you": "iou", "yan": "ian", "yin": "in",
    "yang": "iang", "ying": "ing", "yong": "iong", "yai": "ai", "yu": "v", "yue": "ve", "yuan": "van", "yun": "vn",
    "wu": "u", "wa": "ua", "wo": "uo", "wai": "uai", "wei": "uei", "wan": "uan", "wen": "uen", "wang": "uang",
    "weng": "eng",
}  # fmt: skip
FULL_FINAL = {"iu": "iou", "ui": "uei", "un": "uen", "ue": "ve", "io": "o", "ueng": "eng"}
IPA_INITIAL = {
    "b": "p", "p": "pʰ", "m": "m", "f": "f", "d": "t", "t": "tʰ", "n": "n", "l": "l", "g": "k", "k": "kʰ", "h": "x",
    "j": "tɕ", "q": "tɕʰ", "x": "ɕ", "zh": "tʂ", "ch": "tʂʰ", "sh": "ʂ", "r": "ʐ", "z": "ts", "c": "tsʰ", "s": "s",
    "Q": "",
}  # fmt: skip
IPA_FINAL = {
    "a": "aː", "o": "oː", "e": "ɤː", "ai": "a ɪ", "ei": "e ɪ", "ao": "a ʊ", "ou": "o ʊ", "an": "a n", "en": "ə n",
    "ang": "ɑ ŋ", "eng": "ə ŋ", "ong": "ʊ ŋ", "er": "ɑː ɹ", "i": "iː", "ia": "j aː", "ie": "j ɛ", "iao": "j a ʊ",
    "iou": "j o ʊ", "ian": "j ɛ n", "in": "i n", "iang": "j ɑ ŋ", "ing": "i ŋ|i ə ŋ", "iong": "j ʊ ŋ", "u": "uː",
    "ua": "w aː", "uo": "w o", "uai": "w a ɪ", "uei": "w e ɪ", "uan": "w a n", "uen": "w ə n", "uang": "w ɑ ŋ",
    "v": "yː", "ve": "ɥ ɛ", "van": "ɥ ɛ n", "vn": "y n", "ir": "ʅː", "iz": "ɿː",
}  # fmt: skip
"""Finals as sounds; a vowel that fills a syllable alone is long (ː), since every syllable takes about as long. | parts alternatives."""
IPA_ONSET = {"i": "j", "in": "j", "ing": "j", "u": "w", "v": "ɥ", "vn": "ɥ"}
"""What a syllable without initial begins with: 一 is [ji], 五 [wu]; without it 六五 is one long vowel."""


def syllable_phones(syllable: str) -> tuple[str, str]:
    """A pinyin syllable with or without tone digit as (initial, final); ValueError when it is none."""
    plain = syllable.strip().lower().rstrip("012345").replace("ü", "v").replace("u:", "v")
    if plain in ZERO_INITIAL:
        return "Q", ZERO_INITIAL[plain]
    initial = next((i for i in sorted(INITIALS, key=len, reverse=True) if plain.startswith(i)), "")
    final = plain[len(initial) :]
    if final == "i" and initial in ("zh", "ch", "sh", "r"):
        final = "ir"
    elif final == "i" and initial in ("z", "c", "s"):
        final = "iz"
    elif initial in ("j", "q", "x") and final.startswith("u"):
        final = "v" + final[1:]
    final = "e" if final == "ê" else FULL_FINAL.get(final, final)
    if final not in FINALS:
        raise ValueError(f"no pinyin syllable: {syllable}")
    return initial or "Q", final


@lru_cache(maxsize=100_000)
def readings(word: str) -> tuple[str, ...]:
    """The dictionary reading of a word, one syllable with tone digit per character; empty when it has none."""
    if word in READINGS:
        return (READINGS[word],)
    syllables = [x[0] for x in pinyin(word, style=Style.TONE3, neutral_tone_with_five=True, errors="ignore")]
    fixed = [READINGS.get(c, s) if c in OWN_FINAL else s for c, s in zip(word, syllables, strict=False)]
    return tuple(fixed) if len(syllables) == len(word) else ()


@lru_cache(maxsize=1)
def common_characters() -> tuple[str, ...]:
    """The 3,755 characters of GB 2312 level 1."""
    rows = ((a, b) for a in range(0xB0, 0xD8) for b in range(0xA1, 0xFF) if not (a == 0xD7 and b > 0xF9))
    return tuple(bytes(pair).decode("gb2312") for pair in rows)


@lru_cache(maxsize=1)
def character_by_syllable() -> dict[str, str]:
    """For each syllable with its tone a character that is read so: the digit where there is one, else a common one."""
    found: dict[str, str] = {}
    for character in (*OWN_FINAL, *common_characters()):
        for syllable in readings(character)[:1]:
            found.setdefault(syllable, character)
    return found


def character_phones(character: str, syllable: str) -> tuple[str, str]:
    """Initial and final of one character; digits end in the final that is theirs alone."""
    initial, final = syllable_phones(syllable)
    return initial, OWN_FINAL.get(character, final)


def sandhi(syllables: list[str], characters: list[str]) -> list[str]:
    """Tones as spoken: a third tone before a third rises; 不 rises before a fourth."""
    spoken = list(syllables)
    for i, (here, after) in enumerate(itertools.pairwise(syllables)):
        if here[-1] == "3" and after[-1] == "3":
            spoken[i] = here[:-1] + "2"
        if characters[i] == "不" and after[-1] == "4":
            spoken[i] = here[:-1] + "2"
    return spoken


class Mandarin:
    """Mandarin as the recipe sees it."""

    code = "zh"
    phones = ("Q", *INITIALS, *FINALS, *OWN_FINAL.values())
    digits = tuple("零幺一二两三四五六七八九洞")

    def pronunciations(self, word: str) -> list[tuple[str, ...]]:
        """One reading for a word; for a single character all of them, since nobody says which is meant."""
        if word in LATIN:
            return [tuple(p for s in said.split() for p in syllable_phones(s)) for said in LATIN[word]]
        candidates = {readings(word)}
        if len(word) == 1 and word not in OWN_FINAL:
            listed = pinyin(word, style=Style.TONE3, heteronym=True, errors="ignore")
            candidates |= {(reading,) for reading in (listed[0] if listed else [])}
        found: list[tuple[str, ...]] = []
        for candidate in sorted(candidates):
            try:
                phones = tuple(p for c, s in zip(word, candidate, strict=True) for p in character_phones(c, s))
            except ValueError:
                continue
            if phones and phones not in found:
                found.append(phones)
        return found

    def script(self, kind: str, words: Sequence[str], random_: random.Random) -> Script | None:
        """The words with their dictionary readings."""
        del random_
        spoken = tuple(readings(w) for w in words)
        try:
            phones = tuple(
                tuple(p for c, s in zip(w, r, strict=True) for p in character_phones(c, s))
                for w, r in zip(words, spoken, strict=True)
            )
        except ValueError:
            return None
        return Script(kind, tuple(words), spoken, phones) if words and all(spoken) else None

    def segment(self, text: str, vocabulary: Iterable[str]) -> list[str]:
        """The fewest vocabulary words that cover the text; a character outside of it stands alone."""
        known = vocabulary if isinstance(vocabulary, set | frozenset | dict) else set(vocabulary)
        best: list[tuple[float, int]] = [(0.0, 0)]
        for end in range(1, len(text) + 1):
            options = [
                (best[start][0] + (1 if text[start:end] in known else 5), start)
                for start in range(max(0, end - 8), end)
                if end - start == 1 or text[start:end] in known
            ]
            best.append(min(options))
        words: list[str] = []
        end = len(text)
        while end:
            words.append(text[best[end][1] : end])
            end = best[end][1]
        return words[::-1]

    def sounds(self, script: Script, random_: random.Random) -> list[list[tuple[str, int]]]:
        """Each word as sounds with the tone of their syllable, as spoken (sandhi applied)."""
        characters = [c for w in script.words for c in w]
        spoken = iter(sandhi([s for r in script.readings for s in r], characters))
        result = []
        for word in script.words:
            sounds: list[tuple[str, int]] = []
            for _ in word:
                syllable = next(spoken)
                initial, final = syllable_phones(syllable)
                onset = IPA_ONSET.get(final, "") if initial == "Q" else IPA_INITIAL[initial]
                rime = random_.choice(IPA_FINAL[final].split("|"))
                sounds += [(s, int(syllable[-1])) for s in f"{onset} {rime}".split()]
            result.append(sounds)
        return result
