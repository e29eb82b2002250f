"""From the studio to the telephone: takes put where the voice finds them, and recordings heard back to see what they say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pypinyin import lazy_pinyin
from rapidfuzz import fuzz, process

from ivr.document import nearest
from ivr.errors import AudioFormatError, Place, UserError
from ivr.speech.audio import TELEPHONE, read_wav, write_wav
from ivr.speech.pieces import file_name, name, plain
from ivr.speech.recogniser import Recogniser
from ivr.speech.recordings import read_strictly, write_down
from ivr.speech.takes import ready
from ivr.values import Language

SOUND_ENDINGS = frozenset({".wav", ".mp3", ".flac", ".ogg", ".opus", ".m4a", ".aif", ".aiff"})
# Heard back, a text is doubtful when another is nearer by this much (of 100), or none is near at all. A single word's sounds differ
# by more than its neighbours' do: thirteen and thirteenth are 11 apart, 六 and 九 33.
NEARER, NEARER_SHORT = 8.0, 25.0
NEAR = 45.0
SHORT_WORDS = 3


def recording(prompts: Path, language: Language, named: str, piece: bool) -> Path:
    """Where the recording of a whole prompt (by its name) or of a piece (by what it says) belongs."""
    folder = prompts / language / "recordings"
    return folder / "pieces" / f"{file_name(named)}.wav" if piece else folder / f"{named}.wav"


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a take."""

    taken: bool
    faults: tuple[str, ...] = ()


class Studio:
    """Takes takes: `texts` are what is to be read, as (name, text, whether a piece)."""

    def __init__(self, prompts: Path, language: Language, texts: Iterable[tuple[str, str, bool]]) -> None:
        self._prompts, self._language = prompts, language
        listed = list(texts)
        self._whole = {named: text for named, text, piece in listed if not piece}
        self._pieces = {name(file_name(text), language): text for _, text, piece in listed if piece}
        self._taken: dict[Path, Path] = {}

    def files(self, folder: Path) -> Iterator[Path]:
        """The sound files below a folder."""
        yield from sorted(
            f for f in folder.rglob("*") if f.suffix.lower() in SOUND_ENDINGS and not f.name.startswith(".")
        )

    def take(self, file: Path, anyway: bool = False) -> Imported:
        """Make a take ready and put it in its place; one with faults only `anyway`, one that belongs nowhere not at all.

        Of two takes for one text the first is taken. Raises UserError where nothing can be written.
        """
        text, whole = self._text(file)
        if text is None or not plain(text, self._language):
            return Imported(False, (f"no text has this name; {nearest(file.stem, list(self._whole))}",))
        target = recording(self._prompts, self._language, file.stem if whole else text, piece=not whole)
        if (other := self._taken.get(target)) is not None:
            return Imported(False, (f"{other} says the same and was taken: leave one of them",))
        try:
            samples = np.frombuffer(read_wav(file, convert=True), np.int16)
        except AudioFormatError as fault:
            return Imported(False, (f"{fault.what}: {fault.fix}",))
        made = ready(samples, len(plain(text, self._language)))
        if not made.pcm or (made.faults and not anyway):
            return Imported(False, made.faults)
        try:
            self._keep(target, text if whole else "", made.pcm)
        except OSError as fault:
            raise UserError(
                f"can't be written: {fault.strerror}", "is it allowed, is there room?", Place(target)
            ) from None
        self._taken[target] = file
        return Imported(True, made.faults)

    def _text(self, file: Path) -> tuple[str | None, bool]:
        """What a take says, by its name, and whether it is a whole prompt; in a folder `pieces` are pieces, a shop's own among them."""
        piece = self._pieces.get(name(file.stem, self._language))
        if file.parent.name == "pieces":
            return piece or file.stem, False
        whole = self._whole.get(file.stem)
        return whole or piece, whole is not None

    def _keep(self, target: Path, whole: str, pcm: bytes) -> None:
        """Put it in its place, and write down what a `whole` prompt says."""
        target.parent.mkdir(parents=True, exist_ok=True)
        said = read_strictly(self._prompts, self._language) if whole else {}
        write_wav(target, pcm)
        if whole:
            write_down(self._prompts, self._language, said | {target.stem: whole})


class Listener:
    """Hears recordings back; `texts` are all that any of them may say."""

    def __init__(self, recogniser: Recogniser, language: Language, texts: Sequence[str]) -> None:
        self._recogniser, self._language = recogniser, language
        self._texts = {self._sounds(text): text for text in texts}
        self._short = [text for text in texts if self._is_short(text)]

    def doubt(self, file: Path, text: str) -> str:
        """Why a recording seems to say something else than the text; empty when it doesn't."""
        try:
            pcm = read_wav(file)
        except AudioFormatError as fault:
            return f"{fault.what}: {fault.fix}"
        heard = self._heard(pcm, text)
        if not heard:
            return f"nothing was heard in it; it should say “{text}”"
        sounds, own = self._sounds(heard), self._sounds(text)
        near = fuzz.ratio(sounds, own)
        other, nearest_, _ = process.extractOne(sounds, list(self._texts), scorer=fuzz.ratio)
        if nearest_ > near + (NEARER_SHORT if self._is_short(text) else NEARER):
            return f"sounds like “{self._texts[other]}”; it should say “{text}”"
        return "" if near >= NEAR else f"was heard as “{heard}”; it should say “{text}”"

    def _heard(self, pcm: bytes, text: str) -> str:
        """What the model hears: of what is short one of all that is, of what is longer whatever it is."""
        utterance = self._recogniser.utterance(self._short if self._is_short(text) else (), rate=TELEPHONE.rate)
        utterance.feed(pcm)
        best = utterance.finish()
        return best[0].text if best else ""

    def _is_short(self, text: str) -> bool:
        return len(plain(text, self._language)) <= SHORT_WORDS

    def _sounds(self, text: str) -> str:
        """A text as it sounds, Mandarin in toneless pinyin: 他 and 她 are one."""
        said = "".join(plain(text, "zh")) if self._language == "zh" else " ".join(plain(text, "en"))
        return " ".join(lazy_pinyin(said)) if self._language == "zh" else said
