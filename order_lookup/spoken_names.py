"""Whether a name that was heard over the telephone is the one we know: by its sounds, not by its letters (pure).

A recogniser that knows no people writes down the sounds of a name, several readings of them. A Mandarin name is compared syllable by
syllable, each by its initial and its final without tone; what many speakers don't tell apart (zh/z, ch/c, sh/s, n/l, an/ang,
en/eng, in/ing) costs next to nothing. It takes as many syllables as the name has, and none of them far off. An English name is
compared by its consonants and where its vowels are. How often a right name passes, and another one: docs/orders.md.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

from rapidfuzz.distance import Levenshtein

MOST_READINGS = 20
LONGEST = 60
# Of 1: what the syllables of a name may cost on average, and one of them at most; what the sounds of an English name may.
_MEAN, _SYLLABLE, _ENGLISH, _ENGLISH_WORD = 0.2, 0.36, 1 / 3, 0.4
_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcs")
_AS_GOOD_AS_ONE = frozenset(frozenset(pair) for pair in (("zh", "z"), ("ch", "c"), ("sh", "s"), "nl", "lr", "fh"))
_KIN = ("b p m f w", "d t n l r", "g k h", "j q x", "zh ch sh z c s r j q x")
_RELATED = tuple(frozenset(kin.split()) for kin in _KIN)
_NEAR_VOWELS = (frozenset({"e", "i", ""}), frozenset({"o", "u", "ou", "ao"}), frozenset({"e", "a"}))
_SPELT = {"iu": "iou", "ui": "uei", "un": "uen"}
_HAN = re.compile(r"[\u4e00-\u9fff]")
# Surnames that are said otherwise than the word they are written with.
_SURNAMES = {
    "曾": "zeng", "单": "shan", "解": "xie", "仇": "qiu", "查": "zha", "区": "ou", "盖": "ge", "朴": "piao", "翟": "zhai",
    "覃": "qin", "缪": "miao", "任": "ren", "乐": "yue", "召": "shao", "冼": "xian", "燕": "yan", "华": "hua", "尹": "yin",
}  # fmt: skip
_LETTERS = (
    (r"^(?:kn|gn|pn)", "n"), (r"^wr", "r"), (r"^wh", "w"), (r"^ps", "s"), (r"^x", "s"), (r"ght", "t"), (r"gh", ""), (r"ph", "f"),
    (r"tch|ch|sh|tio|sio|cio|cia", "x"), (r"th", "t"), (r"ck", "k"), (r"c(?=[eiy])", "s"), (r"[cq]", "k"), (r"dg|dj", "j"),
    (r"g(?=[eiy])", "j"), (r"z", "s"), (r"v", "f"), (r"mb$", "m"), (r"e$", ""), (r"[aeiouyw]+", "a"), (r"h", ""),
)  # fmt: skip
_SPELLING = tuple((re.compile(letters), sound) for letters, sound in _LETTERS)
_VOICELESS = str.maketrans("ptkj", "bdgx")


def same_by_sound(heard: Sequence[str], known: str) -> bool:
    """Whether one of the readings sounds like the name; a name of one syllable, or one in another script, is proof of nothing."""
    readings = [each[:LONGEST] for each in heard[:MOST_READINGS]]
    if _HAN.search(known):
        return any(_same_mandarin(reading, known) for reading in readings)
    return any(_same_english(reading, known) for reading in readings)


def _same_mandarin(heard: str, known: str) -> bool:
    said, names = _syllables(heard), _syllables(known, named=True)
    if len(names) < 2 or len(said) != len(names):
        return False
    costs = [_apart(one, other) for one, other in zip(said, names, strict=True)]
    return max(costs) <= _SYLLABLE and sum(costs) / len(costs) <= _MEAN


def _same_english(heard: str, known: str) -> bool:
    said, words = _skeleton(heard.casefold()), [_skeleton(word) for word in known.casefold().split()]
    name = "".join(words)
    if not said or len(name) < 4:
        return False
    edits = Levenshtein.editops(name, said)
    if len(edits) > _ENGLISH * max(len(said), len(name)):
        return False
    # Who has the first name right and the last one wrong is somebody else.
    ends = list(accumulate(len(word) for word in words))
    wrong = Counter(min(bisect_right(ends, edit.src_pos), len(words) - 1) for edit in edits)
    return all(wrong[place] <= max(1, _ENGLISH_WORD * len(word)) for place, word in enumerate(words))


@lru_cache(maxsize=2_000)
def _syllables(text: str, named: bool = False) -> tuple[str, ...]:
    """The syllables of Han characters without tones; those of a name with its surname as surnames are said."""
    from pypinyin import lazy_pinyin  # its dictionaries take longer to load than all else here

    plain = "".join(_HAN.findall(text))
    said = lazy_pinyin(plain)
    return (_SURNAMES.get(plain[0], said[0]), *said[1:]) if named and plain else tuple(said)


@lru_cache(maxsize=20_000)
def _apart(one: str, other: str) -> float:
    """How far two syllables are apart, from 0 to 1."""
    if one == other:
        return 0.0
    (initial, final), (other_initial, other_final) = _parts(one), _parts(other)
    return (_initials_apart(initial, other_initial) + _finals_apart(final, other_final)) / 2


def _initials_apart(one: str, other: str) -> float:
    if one == other:
        return 0.0
    if frozenset((one, other)) in _AS_GOOD_AS_ONE:
        return 0.15
    if not one or not other:
        return 0.6
    return 0.5 if any(one in kin and other in kin for kin in _RELATED) else 1.0


def _finals_apart(one: str, other: str) -> float:
    if one == other:
        return 0.0
    (glide, vowel, nasal), (other_glide, other_vowel, other_nasal) = _rhyme(one), _rhyme(other)
    cost = 0.25 * (glide != other_glide) + 0.35 * (nasal != other_nasal)
    if vowel != other_vowel:
        near = vowel[:1] == other_vowel[:1] or any({vowel, other_vowel} <= vowels for vowels in _NEAR_VOWELS)
        cost += 0.25 if near else 0.7
    return min(1.0, cost or 0.05)  # -n and -ng


@lru_cache(maxsize=2_000)
def _parts(syllable: str) -> tuple[str, str]:
    """Initial and final, spellings undone: yi is i, wu is u, xu is xv, liu is liou."""
    if syllable.startswith("yu"):
        return "", f"v{syllable[2:]}"
    if syllable[:1] in "yw":
        vowel = "i" if syllable[0] == "y" else "u"
        return "", vowel + syllable[1:].removeprefix(vowel)
    initial = next((each for each in _INITIALS if syllable.startswith(each)), "")
    final = syllable.removeprefix(initial)
    if initial in ("j", "q", "x") and final.startswith("u"):
        final = f"v{final[1:]}"
    return initial, _SPELT.get(final, final)


def _rhyme(final: str) -> tuple[str, str, bool]:
    """The glide, the vowel, and whether a nasal ends it."""
    glide = final[0] if len(final) > 1 and final[0] in "iuv" and final[1] in "aeo" else ""
    rest = final.removeprefix(glide)
    vowel = rest.removesuffix("ng").removesuffix("n")
    return glide, vowel, vowel != rest


@lru_cache(maxsize=2_000)
def _skeleton(name: str) -> str:
    """An English name as its consonants, one for those that are easily taken for each other, and `a` for any vowels between."""
    sounds = ""
    for word in re.findall(r"[a-z]+", name):
        for letters, sound in _SPELLING:
            word = letters.sub(sound, word)
        sounds += word
    return re.sub(r"(.)\1+", r"\1", sounds).translate(_VOICELESS)
