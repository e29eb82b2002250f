"""What a recogniser listens for where somebody says their name: any sounds, in place of the words it knows (pure).

A model for a hotline knows few names, and its language model takes 陈明 for 真名. So one word of the model stands for each sound: of
Mandarin one character per syllable, which is all there is; of English one word per sound among those of one or two syllables, of
which longer names are put together. Whoever reads what was heard goes by the sounds (order_lookup/spoken_names.py).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

# Characters that callers begin with ("我叫", "收货人是"): as a syllable of a name they would be taken for that.
_BEGINNINGS = frozenset("我你您他她好收件货人名字姓就是叫做嗯呃那个的")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_ENGLISH = re.compile(r"[a-z]{1,7}")
_MUTE_END = re.compile(r"(?<=[^aeiouyl])e$|(?<=[aeiouy]l)e$|es$|ed$")
_VOWELS = re.compile(r"[aeiouy]+")
_SPELT_ALIKE = tuple(
    (re.compile(letters), sound)
    for letters, sound in (
        (r"^(?:kn|gn|pn)", "n"), (r"^wr", "r"), (r"^wh", "w"), (r"^ps", "s"), (r"^x", "s"), (r"ght", "t"), (r"gh", ""),
        (r"ph", "f"), (r"tch|ch|sh|tio|sio|cio|cia", "x"), (r"th", "0"), (r"ck", "k"), (r"c(?=[eiy])", "s"), (r"[cq]", "k"),
        (r"dg|dj", "j"), (r"g(?=[eiy])", "j"), (r"z", "s"), (r"mb$", "m"), (r"e$", ""), (r"(.)\1+", r"\1"),
    )
)  # fmt: skip


@lru_cache(maxsize=4)
def name_sounds(words: frozenset[str]) -> tuple[str, ...]:
    """One word of the model for each sound that a name may have."""
    syllables = sorted(word for word in words if len(word) == 1 and _HAN.match(word))
    return _mandarin(syllables) if syllables else _english(words)


def _mandarin(characters: Collection[str]) -> tuple[str, ...]:
    """Of each syllable, tones aside, a character that is said in one way only where there is one."""
    from pypinyin import Style, pinyin  # its dictionaries take longer to load than all else here

    best: dict[str, tuple[int, str]] = {}
    for character in characters:
        ways = pinyin(character, style=Style.NORMAL, heteronym=True)[0]
        rank = (10 * (character in _BEGINNINGS) + len(set(ways)), character)
        best[ways[0]] = min(best.get(ways[0], rank), rank)
    return tuple(character for _, character in best.values())


def _english(words: Collection[str]) -> tuple[str, ...]:
    """The shortest word of each sound, of one or two syllables."""
    short = [word for word in words if _ENGLISH.fullmatch(word) and len(_VOWELS.findall(_MUTE_END.sub("", word))) <= 2]
    found: dict[str, str] = {}
    for word in sorted(short, key=lambda word: (len(word), word)):
        found.setdefault(_sound(word), word)
    return tuple(found.values())


def _sound(word: str) -> str:
    for letters, sound in _SPELT_ALIKE:
        word = letters.sub(sound, word)
    return word
