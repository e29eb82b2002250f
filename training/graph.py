"""The decoding graph of a vosk model with runtime grammars: HCLr.fst, Gr.fst, words.txt and phone positions.

HCL is written down directly: from a hub, a prefix tree of all pronunciations leads back to the hub over an optional silence.
A phone is one arc for its first frame and a loop for the others; the word stands on the last phone's arc. `[unk]` is a
loop over all phones, each as likely as it is in the training text. OpenFst's command-line tools do the rest; vosk composes
HCLr with a grammar or with Gr at run time, looking ahead by words, and needs both to use the word numbers that the look-ahead
conversion hands out.
"""

from __future__ import annotations

import math
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.kaldi_model import first_frame_id, loop_id
from training.profile import Decoding

UNKNOWN = "[unk]"
POSITIONS = {"B": "begin", "E": "end", "I": "internal", "S": "singleton"}
LOOKAHEAD_LIBRARY = Path("/usr/lib/x86_64-linux-gnu/libfstlookahead.so.22")
SILENCE_COST, NO_SILENCE_COST = -math.log(0.3), -math.log(0.7)
Lexicon = Mapping[str, Sequence[tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class PhoneTable:
    """Kaldi's phones: 1 is silence, then each base phone at the begin, end, inside of a word, and alone."""

    base: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        return ["SIL"] + [f"{p}_{position}" for p in self.base for position in POSITIONS]

    @property
    def outputs(self) -> list[tuple[int, int]]:
        """Network outputs of each phone; the four positions of a base phone share theirs."""
        return [(0, 1)] + [(2 * k, 2 * k + 1) for k in range(1, len(self.base) + 1) for _ in POSITIONS]

    def id(self, phone: str, position: str) -> int:
        return 2 + 4 * self.base.index(phone) + list(POSITIONS).index(position)

    def in_word(self, pronunciation: Sequence[str]) -> list[int]:
        """The phones of a word by position."""
        if len(pronunciation) == 1:
            return [self.id(pronunciation[0], "S")]
        inner = [self.id(p, "I") for p in pronunciation[1:-1]]
        return [self.id(pronunciation[0], "B"), *inner, self.id(pronunciation[-1], "E")]


class HclWriter:
    """Collects the arcs of HCL as AT&T text; the first arc's source is the start."""

    def __init__(self, table: PhoneTable, words: Mapping[str, int], costs: Decoding) -> None:
        self._table, self._words, self._costs = table, words, costs
        self._arcs: list[str] = []
        self._states = 0
        start, self.hub = self._state(), self._state()
        self._optional_silence(start, self.hub)
        self._end = self._state()
        self._optional_silence(self._end, self.hub)

    def _state(self) -> int:
        self._states += 1
        return self._states - 1

    def _arc(self, source: int, target: int, transition: int, word: int, cost: float) -> None:
        self._arcs.append(f"{source} {target} {transition} {word} {cost:.5f}")

    def _phone(self, source: int, phone: int, word: int = 0, cost: float = 0.0) -> int:
        target = self._state()
        self._arc(source, target, first_frame_id(phone), word, cost)
        self._arc(target, target, loop_id(phone), 0, 0.0)
        return target

    def _optional_silence(self, source: int, target: int) -> None:
        self._arc(source, target, 0, 0, NO_SILENCE_COST)
        self._arc(self._phone(source, 1, 0, SILENCE_COST), target, 0, 0, 0.0)

    def add_lexicon(self, lexicon: Lexicon) -> None:
        """All pronunciations as one tree from the hub; the word bonus repays what vosk charges each word of a grammar."""
        tree: dict[tuple[int, ...], int] = {}
        for word, pronunciations in sorted(lexicon.items()):
            for pronunciation in pronunciations:
                phones = self._table.in_word(pronunciation)
                state = self.hub
                path: tuple[int, ...] = ()
                for phone in phones[:-1]:
                    path = (*path, phone)
                    if path not in tree:
                        tree[path] = self._phone(state, phone)
                    state = tree[path]
                last = self._phone(state, phones[-1], self._words[word], -self._costs.word_bonus)
                self._arc(last, self._end, 0, 0, 0.0)

    def add_unknown(self, phone_cost: Mapping[str, float]) -> None:
        """`[unk]`: one or more phones of any kind."""
        loop, word = self._state(), self._words[UNKNOWN]
        for phone in self._table.base:
            cost = phone_cost[phone] + self._costs.unknown_per_phone
            enter = cost + self._costs.unknown_enter
            self._arc(self._phone(self.hub, self._table.id(phone, "B"), word, enter), loop, 0, 0, 0.0)
            self._arc(self._phone(loop, self._table.id(phone, "I"), 0, cost), loop, 0, 0, 0.0)
            self._arc(self._phone(loop, self._table.id(phone, "E"), 0, cost), self._end, 0, 0, 0.0)
            self._arc(self._phone(self.hub, self._table.id(phone, "S"), word, enter), self._end, 0, 0, 0.0)

    def text(self) -> str:
        return "\n".join([*self._arcs, f"{self.hub} 0"]) + "\n"


def openfst(command: str, folder: Path, *, lookahead: bool = False) -> None:
    """Runs a pipeline of OpenFst tools; Debian ships the look-ahead type without a plug-in folder, hence the preload."""
    environment = dict(os.environ, LD_PRELOAD=str(LOOKAHEAD_LIBRARY)) if lookahead else None
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=folder, env=environment, capture_output=True)
    if done.returncode:
        raise RuntimeError(f"OpenFst failed (is libfst-tools installed?): {command}: {done.stderr.decode()}")


def write_words(path: Path, words: Mapping[str, int], top: int) -> None:
    """words.txt with the symbols that vosk expects at its ends."""
    rows = [
        ("<eps>", 0),
        *sorted(words.items(), key=lambda w: w[1]),
        ("#0", top + 1),
        ("<s>", top + 2),
        ("</s>", top + 3),
    ]
    path.write_text("".join(f"{word} {number}\n" for word, number in rows), "utf-8")


def write_hcl(
    folder: Path, table: PhoneTable, lexicon: Lexicon, phone_cost: Mapping[str, float], costs: Decoding
) -> dict[str, int]:
    """Writes HCLr.fst, words.txt and the small files of graph/; returns the word numbers Gr must use."""
    (folder / "phones").mkdir(parents=True, exist_ok=True)
    numbers = {word: n for n, word in enumerate([*sorted(lexicon), UNKNOWN], 1)}
    writer = HclWriter(table, numbers, costs)
    writer.add_lexicon(lexicon)
    writer.add_unknown(phone_cost)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        (work / "HCL.txt").write_text(writer.text())
        openfst("fstcompile HCL.txt | fstarcsort --sort_type=olabel > HCL.fst", work)
        convert = "fstconvert --fst_type=olabel_lookahead --save_relabel_opairs=pairs HCL.fst HCLr.fst"
        openfst(convert, work, lookahead=True)
        lines = (work / "pairs").read_text().split("\n")
        relabelled = {int(old): int(new) for old, new in (line.split() for line in lines if line.strip())}
        (folder / "HCLr.fst").write_bytes((work / "HCLr.fst").read_bytes())
    final = {word: relabelled[number] for word, number in numbers.items()}
    write_words(folder / "words.txt", final, max(relabelled.values()))
    (folder / "disambig_tid.int").write_text("")
    kinds = ["nonword"] + [POSITIONS[name[-1]] for name in table.names[1:]]
    boundaries = "".join(f"{n} {kind}\n" for n, kind in enumerate(kinds, 1))
    (folder / "phones" / "word_boundary.int").write_text(boundaries)
    return final


def write_grammar(path: Path, acceptor: str) -> None:
    """Gr.fst from AT&T text whose labels are the numbers of words.txt."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "G.txt").write_text(acceptor)
        command = "fstcompile --acceptor G.txt | fstarcsort --sort_type=ilabel | fstconvert --fst_type=const > Gr.fst"
        openfst(command, Path(name))
        path.write_bytes((Path(name) / "Gr.fst").read_bytes())
