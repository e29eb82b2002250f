"""English: forty phones read off eSpeak's IPA, except that each digit has a vowel of its own.

A vowel shared by no other word ties the digit together, as in training/languages/mandarin.py: five and nine, oh and four
differ in little else on a telephone.
"""

from __future__ import annotations

import functools
import json
import random
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from training.utterances import Script

IPA = {
    "tʃ": "ch", "dʒ": "jh", "aɪ": "ay", "aʊ": "aw", "eɪ": "ey", "ɔɪ": "oy", "oʊ": "ow", "əʊ": "ow", "eə": "eh ax",
    "ʊə": "uh ax", "iə": "ih ax", "əl": "ax l", "n̩": "ax n", "l̩": "ax l", "ɜ": "er", "ɚ": "er", "ɝ": "er", "ɾ": "d",
    "ᵻ": "ih", "ɐ": "ax", "ə": "ax", "ʌ": "ah", "ŋ": "ng", "θ": "th", "ð": "dh", "ʃ": "sh", "ʒ": "zh", "j": "y",
    "ɡ": "g", "g": "g", "ʔ": "t", "ɑ": "aa", "ɒ": "aa", "ɔ": "ao", "o": "ao", "æ": "ae", "a": "ae", "ɛ": "eh",
    "e": "eh", "i": "iy", "ɪ": "ih", "u": "uw", "ʊ": "uh", "ɹ": "r", "r": "r", "x": "k", "ɬ": "l", "h": "hh",
    **{c: c for c in ["b", "d", "f", "k", "l", "m", "n", "p", "s", "t", "v", "w", "z"]},
}  # fmt: skip
DIGITS = {
    "zero": ["z ih0 r ow0", "z iy r ow0", "z ih0 r ax ow0"],
    "oh": ["owO"],
    "one": ["w ah1 n"],
    "two": ["t uw2"],
    "three": ["th r iy3"],
    "four": ["f ao4 r", "f ao4"],
    "five": ["f ay5 v"],
    "six": ["s ih6 k s"],
    "seven": ["s eh7 v ax n", "s eh7 v n"],
    "eight": ["ey8 t", "ey8"],
    "nine": ["n ay9 n"],
}
OWN_VOWELS = ("ih0", "ow0", "owO", "ah1", "uw2", "iy3", "ao4", "ay5", "ih6", "eh7", "ey8", "ay9")
REDUCED = {
    "a": ["ax", "ey"], "the": ["dh ax", "dh iy"], "to": ["t ax", "t uw"], "an": ["ax n", "ae n"], "of": ["ax v", "ah v"],
    "for": ["f er", "f ao r"], "you": ["y uw", "y ax"], "that": ["dh ae t", "dh ax t"], "and": ["ae n d", "ax n", "ax n d"],
    "my": ["m ay"], "i": ["ay"], "i'm": ["ay m"], "your": ["y ao r", "y er"], "can": ["k ae n", "k ax n"], "um": ["ah m"],
    "uh": ["ah"], "o'clock": ["ax k l aa k"], "was": ["w ah z", "w aa z"], "at": ["ae t", "ax t"], "it": ["ih t"],
    "have": ["hh ae v", "hh ax v"], "hmm": ["hh m", "m"], "or": ["ao r", "er"], "are": ["aa r", "er"], "yeah": ["y eh ax", "y ae"],
}  # fmt: skip
PHONES = tuple(sorted({p for v in IPA.values() for p in v.split()}))
SOUNDS = {
    "ch": "tʃ", "jh": "dʒ", "ay": "a ɪ", "aw": "a ʊ", "ey": "e ɪ", "oy": "ɔ ɪ", "ow": "o ʊ", "er": "ɜ", "ng": "ŋ",
    "th": "θ", "dh": "ð", "sh": "ʃ", "zh": "ʒ", "y": "j", "ax": "ə", "ah": "ʌ", "aa": "ɑ", "ao": "ɔ", "ae": "æ",
    "eh": "ɛ", "iy": "i", "ih": "ɪ", "uw": "u", "uh": "ʊ", "r": "ɹ", "hh": "h", "p": "pʰ", "t": "tʰ", "k": "kʰ",
}  # fmt: skip
"""Phones as the IPA-like sounds of engines/accents.yaml; what is missing is its own sound."""
WORD_LIST = Path("/usr/share/dict/american-english-small")
ACCENTS = ("en-us", "en-gb")


def from_ipa(ipa: str) -> tuple[str, ...]:
    """An IPA word as phones; ValueError names a sound that is not English."""
    for mark in "ˈˌ_‍ˑ-":
        ipa = ipa.replace(mark, "")
    rest = ipa.replace("oːɹ", "ɔɹ").replace("oː", "oʊ").replace("ː", "")
    phones: list[str] = []
    keys = sorted(IPA, key=len, reverse=True)
    while rest:
        key = next((k for k in keys if rest.startswith(k)), None)
        if key is None:
            raise ValueError(f"no English sound: {rest} in {ipa}")
        phones += IPA[key].split()
        rest = rest[len(key) :]
    return tuple(phones)


_transcribed: dict[tuple[str, str], tuple[str, ...]] = {}


def transcribe(words: Iterable[str], accent: str) -> None:
    """Looks up many words in one run of eSpeak, one word per line."""
    wanted = [w for w in dict.fromkeys(words) if (w, accent) not in _transcribed]
    if not wanted:
        return
    done = subprocess.run(
        ["espeak-ng", "-v", accent, "-q", "--ipa"], input="\n".join(wanted) + "\n", capture_output=True, text=True
    )
    said = [line.strip() for line in done.stdout.split("\n") if line.strip()]
    if len(said) != len(wanted):  # a line was split or joined: look up one by one
        said = [
            subprocess.run(["espeak-ng", "-v", accent, "-q", "--ipa", w], capture_output=True, text=True).stdout.strip()
            for w in wanted
        ]
    for word, ipa in zip(wanted, said, strict=True):
        try:
            _transcribed[word, accent] = from_ipa("".join(ipa.split()))
        except ValueError:
            _transcribed[word, accent] = ()


def preload(words: Iterable[str], kept: Path) -> None:
    """Looks up many words in both accents, through a file that keeps them for the next process."""
    if kept.exists():
        stored = json.loads(kept.read_text("utf-8"))
        _transcribed.update({(w, accent): tuple(p) for accent in ACCENTS for w, p in stored[accent].items()})
    missing = [w for w in dict.fromkeys(words) if (w, ACCENTS[-1]) not in _transcribed]
    if not missing:
        return
    for accent in ACCENTS:
        transcribe(missing, accent)
    kept.parent.mkdir(parents=True, exist_ok=True)
    everything = {a: {w: p for (w, accent), p in _transcribed.items() if accent == a} for a in ACCENTS}
    kept.write_text(json.dumps(everything, ensure_ascii=False), "utf-8")


@functools.lru_cache(maxsize=1)
def common_words() -> tuple[str, ...]:
    """Common English words that a new dialplan might use: short entries of Debian's small American word list, without plurals."""
    lines = WORD_LIST.read_text("utf-8").split("\n")
    short = {w for w in lines if w.isascii() and w.isalpha() and w.islower() and 2 <= len(w) <= 8}
    return tuple(sorted(w for w in short if not (w.endswith("s") and w[:-1] in short)))


class English:
    """English as the recipe sees it."""

    code = "en"
    phones = (*PHONES, *OWN_VOWELS)
    digits = tuple(DIGITS)

    def pronunciations(self, word: str) -> list[tuple[str, ...]]:
        """American and British as eSpeak has them; digits and small words from the tables above."""
        if word in DIGITS or word in REDUCED:
            return [tuple(p.split()) for p in (DIGITS | REDUCED)[word]]
        for accent in ACCENTS:
            transcribe([word], accent)
        found = [_transcribed[word, accent] for accent in ACCENTS]
        return [p for p in dict.fromkeys(found) if p]

    def script(self, kind: str, words: Sequence[str], random_: random.Random) -> Script | None:
        """The words with one pronunciation each, the first most of the time."""
        phones = []
        for word in words:
            options = self.pronunciations(word)
            if not options:
                return None
            phones.append(options[0] if random_.random() < 0.7 else random_.choice(options))
        return Script(kind, tuple(words), tuple((w,) for w in words), tuple(phones)) if words else None

    def segment(self, text: str, vocabulary: Iterable[str]) -> list[str]:
        """English writes its words apart."""
        del vocabulary
        return text.lower().split()

    def sounds(self, script: Script, random_: random.Random) -> list[list[tuple[str, int]]]:
        """Each word's phones as sounds without tone."""
        del random_
        plain = [[p.rstrip("0123456789O") for p in word] for word in script.phones]
        return [[(s, 0) for p in word for s in SOUNDS.get(p, p).split()] for word in plain]
