"""The static graph says of every string of sounds what its two halves say together."""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ivr.speech import static_graph
from ivr.speech.static_graph import Fst, NoWordTree

MODELS = Path(__file__).parents[3] / "models"
Rows = Sequence[tuple[int, int, int, int, float]]
# Words 1 (sounds 11 12), 2 (11 13), 3 (14 alone, the name on its only sound), 4 (11 12 15); a home with silence (19) or without.
TREE: Rows = [
    (0, 1, 0, 0, 0.4),
    (1, 2, 11, 0, 0.1),
    (2, 2, 21, 0, 0.0),
    (2, 3, 12, 1, -0.5),
    (3, 3, 22, 0, 0.0),
    (2, 4, 13, 2, -0.5),
    (1, 5, 14, 3, 0.2),
    (5, 5, 24, 0, 0.0),
    (2, 6, 12, 0, 0.0),
    (6, 7, 15, 4, 0.0),
    (3, 8, 0, 0, 0.0),
    (4, 8, 0, 0, 0.0),
    (5, 8, 0, 0, 0.0),
    (7, 8, 0, 0, 0.0),
    (8, 1, 0, 0, 0.3),
    (8, 9, 19, 0, 1.2),
    (9, 1, 0, 0, 0.0),
]
GRAMMAR: Rows = [
    (0, 1, 1, 1, 0.2),
    (0, 2, 4, 4, 1.1),
    (0, 3, 0, 0, 0.7),
    (1, 2, 2, 2, 0.5),
    (1, 3, 0, 0, 0.9),
    (2, 3, 0, 0, 0.1),
    (3, 1, 1, 1, 1.5),
    (3, 3, 2, 2, 1.7),
    (3, 2, 3, 3, 1.9),
    (3, 2, 4, 4, 2.5),
]


def made(rows: Rows, final: Sequence[float]) -> Fst:
    ordered = sorted(rows, key=lambda row: row[0])
    arcs = np.array([(i, o, cost, to) for _, to, i, o, cost in ordered], static_graph.ARC)
    first = np.searchsorted([row[0] for row in ordered], np.arange(len(final) + 1))
    return Fst(0, np.array(final, np.float32), first, arcs)


NEVER = float("inf")
HCL = made(TREE, [NEVER, 0.0, *[NEVER] * 8])
GR = made(GRAMMAR, [NEVER, 0.6, NEVER, 0.3])


def arcs_from(fst: Fst, state: int) -> list[tuple[int, int, int, float]]:
    rows = fst.arcs[fst.first[state] : fst.first[state + 1]]
    return [(int(row["in"]), int(row["out"]), int(row["to"]), float(row["cost"])) for row in rows]


def cheapest(sounds: Sequence[int], fst: Fst, grammar: Fst | None = None) -> tuple[float, tuple[int, ...]] | None:
    """The best way of reading `sounds`, through one graph or through two in step, and its words."""
    start = (fst.start, grammar.start if grammar else 0, 0)
    best: dict[tuple[int, int, int, tuple[int, ...]], float] = {(*start, ()): 0.0}
    queue = [(0.0, *start, ())]
    found: tuple[float, tuple[int, ...]] | None = None
    while queue:
        cost, state, history, at, words = heapq.heappop(queue)
        if best[state, history, at, words] < cost:
            continue
        end = cost + float(fst.final[state]) + (float(grammar.final[history]) if grammar else 0.0)
        if at == len(sounds) and end < NEVER and (found is None or end < found[0]):
            found = (end, words)
        ways = []
        for sound, word, to, more in arcs_from(fst, state):
            if sound and (at == len(sounds) or sounds[at] != sound):
                continue
            after = [(history, 0.0)]
            if word and grammar:
                after = [(to_, more_) for w, _, to_, more_ in arcs_from(grammar, history) if w == word]
            ways += [(to, h, at + bool(sound), (*words, word) if word else words, more + m) for h, m in after]
        if grammar:
            ways += [(state, to, at, words, more) for w, _, to, more in arcs_from(grammar, history) if not w]
        for *key, more in ways:
            step = (key[0], key[1], key[2], key[3])
            if cost + more < best.get(step, NEVER) - 1e-9:
                best[step] = cost + more
                heapq.heappush(queue, (cost + more, *step))
    return found


def spoken(random_: random.Random) -> list[int]:
    """Sounds of words at random, some held for longer, with silences."""
    pronounced = {1: [11, 12], 2: [11, 13], 3: [14], 4: [11, 12, 15]}
    held = {11: 21, 14: 24}
    sounds: list[int] = []
    for _ in range(random_.randint(1, 5)):
        for sound in pronounced[random_.randint(1, 4)]:
            sounds += [sound, *[held.get(sound, 0)] * (random_.randint(0, 2) if sound in held else 0)]
        sounds += [19] * random_.randint(0, 1)
    return sounds


def test_composed_ahead_costs_and_words_are_the_same() -> None:
    composed = static_graph.compose(HCL, GR)
    random_ = random.Random(7)
    heard = 0
    for _ in range(120):
        sounds = spoken(random_)
        together, ahead = cheapest(sounds, HCL, GR), cheapest(sounds, composed)
        assert (together is None) == (ahead is None), sounds
        if together and ahead:
            heard += 1
            assert ahead[0] == pytest.approx(together[0], abs=1e-5), sounds
            assert ahead[1] == together[1]
    assert heard > 80
    assert cheapest([11], composed) is None


def test_costs_are_paid_as_early_as_they_are_known() -> None:
    composed = static_graph.compose(HCL, GR)
    hub = next(to for sound, _, to, _ in arcs_from(composed, composed.start) if sound == 0)
    first = {sound: cost for sound, _, _, cost in arcs_from(composed, hub)}
    assert first[11] == pytest.approx(0.1 + 0.2)  # the cheapest word that begins so costs 0.2 here


@pytest.mark.parametrize("name", ["zh-small", "en-small"])
def test_the_bundled_graphs_are_word_trees(name: str, tmp_path: Path) -> None:
    hcl, grammar = (static_graph.read(MODELS / name / "graph" / file) for file in ("HCLr.fst", "Gr.fst"))
    composed = static_graph.compose(hcl, grammar)
    assert len(composed.arcs) > 3 * len(grammar.arcs)
    assert np.isfinite(composed.final).sum() == np.isfinite(grammar.final).sum()
    static_graph.write(tmp_path / "HCLG.fst", composed)
    again = static_graph.read(tmp_path / "HCLG.fst")
    assert again.start == composed.start
    assert np.array_equal(again.arcs, composed.arcs)
    assert np.array_equal(again.first, composed.first)
    assert np.array_equal(again.final, composed.final)


def test_what_is_no_word_tree_is_refused(tmp_path: Path) -> None:
    two_ways = made([*TREE, (1, 2, 16, 0, 0.0)], HCL.final.tolist())
    with pytest.raises(NoWordTree, match="two ways"):
        static_graph.compose(two_ways, GR)
    with pytest.raises(NoWordTree, match="2 final states"):
        static_graph.compose(made(TREE, [NEVER, 0.0, 0.0, *[NEVER] * 7]), GR)
    late_name = made([*TREE[:-1], (9, 1, 0, 4, 0.0)], HCL.final.tolist())
    with pytest.raises(NoWordTree, match="outside of the tree"):
        static_graph.compose(late_name, GR)
    (tmp_path / "no.fst").write_bytes(b"not an FST at all, but long enough to look like one at first sight")
    with pytest.raises(NoWordTree, match="no OpenFst"):
        static_graph.read(tmp_path / "no.fst")
