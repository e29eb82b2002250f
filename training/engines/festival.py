"""Festival's diphone and HTS voices, one Festival process per instance fed line by line.

English voices read English text; for everything else the voice gets segments with lengths and pitch (accents.py).
"""

from __future__ import annotations

import os
import random
import select
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from training.engines.accents import Segment, contour
from training.engines.flite import read_wave
from training.languages import Language
from training.sound import to_telephone_rate
from training.utterances import Recording, Samples, Script

VOICES = {
    "kal_diphone": ("english", 105),
    "ked_diphone": ("english", 110),
    "cmu_us_slt_arctic_hts": ("text", 170),
    "lp_diphone": ("italian", 185),
    "pc_diphone": ("italian", 115),
    "hy_fi_mv_diphone": ("finnish", 110),
    "suo_fi_lj_diphone": ("finnish", 185),
    "czech_ph": ("czech", 110),
    "czech_krb": ("czech", 210),
    "czech_dita": ("czech", 190),
    "czech_machac": ("czech", 115),
    "msu_ru_nsh_clunits": ("russian", 110),
    "nsk_diphone": ("indian", 115),
}
"""Festival voice → the accent it has (`text`: reads text only) and the pitch in Hz it is at ease with."""
ANSWER_SECONDS = 10
NSK = Path(__file__).parent / "nsk.scm"


class Festival:
    """One Festival process; it is started anew when it dies of a diphone it lacks."""

    def __init__(self, language: Language, voices: Sequence[str], split: str) -> None:
        self._language, self._voices, self._split = language, list(voices), split
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = Path(tempfile.mkdtemp(prefix="festival-"))

    def close(self) -> None:
        """Ends the process and removes its files."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def say(self, script: Script, random_: random.Random) -> Recording | None:
        """The script by one of the voices; in training the size of the speaker varies too."""
        voice = random_.choice(self._voices)
        accent, pitch_hz = VOICES[voice]
        size = random_.uniform(0.8, 1.2) if self._split == "train" else 1.0
        native = accent in ("english", "text") and self._language.code == "en"
        if native:
            words = " ".join(script.words)
            utterance = f'(Utterance Text "{words}")'
            setting = f"(Parameter.set 'Duration_Stretch {random_.uniform(0.65, 1.4):.2f})"
        else:
            base_hz = pitch_hz * random_.uniform(0.75, 1.3)
            segments = contour(self._language.sounds(script, random_), accent, base_hz, random_)
            utterance, setting = f"(Utterance Segments ({' '.join(map(scheme, segments))}))", ""
        loading = f'(if (not (symbol-bound? \'nsk_diphones)) (load "{NSK}")) ' if voice == "nsk_diphone" else ""
        said = self._synthesise(f"{loading}(voice_{voice}) {setting}", utterance)
        if said is None:
            return None
        samples, rate_hz = said
        return Recording(script, f"festival/{voice}", to_telephone_rate(samples, rate_hz, size))

    def _synthesise(self, setting: str, utterance: str) -> tuple[Samples, int] | None:
        target = self._folder / "said.wav"
        target.unlink(missing_ok=True)
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                ["festival", "--pipe"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
        assert self._process.stdin is not None
        assert self._process.stderr is not None
        saving = f'(set! said {utterance}) (utt.synth said) (utt.save.wave said "{target}" \'riff)'
        try:
            self._process.stdin.write(f'{setting} {saving}\n(format stderr "done\\n")\n'.encode())
            self._process.stdin.flush()
            if not self._wait_until_done():
                self._process.kill()
                self._process = None
        except BrokenPipeError:
            return None
        return read_wave(target) if target.exists() and target.stat().st_size > 2000 else None

    def _wait_until_done(self) -> bool:
        """Reads Festival's complaints up to our `done`; False when it fell silent. Unbuffered, so that select sees all."""
        assert self._process is not None
        assert self._process.stderr is not None
        heard = b""
        while select.select([self._process.stderr], [], [], ANSWER_SECONDS)[0]:
            piece = os.read(self._process.stderr.fileno(), 65536)
            heard = (heard + piece)[-100:]
            if not piece or heard.endswith(b"done\n"):
                return True
        return False


def scheme(segment: Segment) -> str:
    """A segment as Festival's Segments utterance wants it: (name length (offset pitch)…)."""
    start, end = segment.pitch_hz
    targets = f" (0 {start:.0f}) ({segment.seconds:.3f} {end:.0f})" if start else ""
    return f"({segment.phone} {segment.seconds:.3f}{targets})"
