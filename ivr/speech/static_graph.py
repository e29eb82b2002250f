"""One static graph out of a model's two, for free speech: HCLr ∘ Gr composed once, when the model is loaded.

vosk composes them anew for every utterance, state by state, and spends two thirds of its time so. Composed ahead, free decoding
costs a third. It takes a second or two and some twenty megabytes, so it isn't shipped with the model but made where it's used.

How it works. HCL is a tree of words that hangs from a hub and leads back to it: up to the arc that names the word, sounds only
(the tree); after it, the rest of the word and perhaps silence (the way home). Gr says for each history which words follow at what
cost, and with an empty arc which shorter history to fall back to. So the composed graph has

    a hub for each history                 final as Gr says; an empty arc to the hub of the shorter history
    below it, the branches of the tree     only those that lead to words that history names; the cost of the cheapest word below
      that its words need                  is paid on the way down as early as possible, as look-ahead would (weight pushing)
    the way home, once for each history    from the arc that names the word to the hub of the history it makes
      and each place it begins at

Words: M. Mohri, F. Pereira, M. Riley, "Weighted Finite-State Transducers in Speech Recognition" (2002). File format: OpenFst's
ConstFst, version 2.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Costs = npt.NDArray[np.float64]
Arcs = npt.NDArray[np.void]

_MAGIC = 2125659606
_NUMBERS = "<iIQqqq"  # version, flags, properties, start, states, arcs
_ADD_ON_MAGIC_BYTES = 4
_STATE = np.dtype([("final", "<f4"), ("first", "<u4"), ("arcs", "<u4"), ("in_eps", "<u4"), ("out_eps", "<u4")])
ARC = np.dtype([("in", "<i4"), ("out", "<i4"), ("cost", "<f4"), ("to", "<i4")])
_EXPANDED = 1
# More words' worth of arcs than this and the graph would take gigabytes: big models bring a static graph of their own.
_MOST_WORD_ARCS = 1_000_000


class NoWordTree(ValueError):
    """The graph isn't a tree of words around a hub, or is too large; vosk has to compose it as it goes."""


@dataclass(frozen=True, slots=True)
class Fst:
    """An OpenFst transducer; state `s` has the arcs `first[s]` to `first[s + 1]`."""

    start: int
    final: npt.NDArray[np.float32]
    first: Ints
    arcs: Arcs

    @property
    def sources(self) -> Ints:
        """The state each arc leaves."""
        return np.repeat(np.arange(len(self.final)), np.diff(self.first))


def read(path: Path) -> Fst:
    """A ConstFst, or the ConstFst inside of a look-ahead transducer; raises NoWordTree for any other kind."""
    data = path.read_bytes()
    kind, start, states, arcs, at = _header(data, 0)
    if kind.endswith("lookahead"):
        kind, start, states, arcs, at = _header(data, at + _ADD_ON_MAGIC_BYTES)
    if kind != "const":
        raise NoWordTree(f"{path.name} is of the kind {kind}")
    table = np.frombuffer(data, _STATE, states, at)
    first = np.append(table["first"].astype(np.int64), arcs)
    return Fst(start, table["final"], first, np.frombuffer(data, ARC, arcs, at + table.nbytes))


def _header(data: bytes, at: int) -> tuple[str, int, int, int, int]:
    """Kind, start, number of states and of arcs, and where the content begins."""
    names = []
    if struct.unpack_from("<i", data, at)[0] != _MAGIC:
        raise NoWordTree("no OpenFst file")
    at += 4
    for _ in range(2):
        length = struct.unpack_from("<i", data, at)[0]
        names.append(data[at + 4 : at + 4 + length].decode())
        at += 4 + length
    version, flags, _, start, states, arcs = struct.unpack_from(_NUMBERS, data, at)
    if names[1] != "standard" or flags & 3 or (names[0] == "const" and version != 2):
        raise NoWordTree(f"{names[0]} of {names[1]} arcs, version {version}, flags {flags}")
    return names[0], start, states, arcs, at + struct.calcsize(_NUMBERS)


def write(path: Path, fst: Fst) -> None:
    """A ConstFst."""
    counts, sources = np.diff(fst.first), fst.sources
    table = np.zeros(len(fst.final), _STATE)
    table["final"], table["first"], table["arcs"] = fst.final, fst.first[:-1], counts
    for name, label in (("in_eps", "in"), ("out_eps", "out")):
        table[name] = np.bincount(sources[fst.arcs[label] == 0], minlength=len(fst.final))
    with path.open("wb") as file:
        file.write(struct.pack("<ii5si8s", _MAGIC, 5, b"const", 8, b"standard"))
        file.write(struct.pack(_NUMBERS, 2, 0, _EXPANDED, fst.start, len(fst.final), len(fst.arcs)))
        file.write(table.tobytes())
        file.write(fst.arcs.tobytes())


def compose(hcl: Fst, grammar: Fst) -> Fst:
    """Every way through both at once, weights pushed; raises NoWordTree where HCL isn't such a tree."""
    if len(grammar.arcs) > _MOST_WORD_ARCS:
        raise NoWordTree(f"{len(grammar.arcs)} arcs of words")
    return _Composition(hcl, _Tree(hcl), grammar).fst()


class _Tree:
    """What HCL is made of: the hub, the tree of sounds below it, and the arcs that name words."""

    def __init__(self, hcl: Fst) -> None:
        arcs, sources = hcl.arcs, hcl.sources
        hubs = np.flatnonzero(np.isfinite(hcl.final))
        if len(hubs) != 1 or hcl.final[hubs[0]] != 0:
            raise NoWordTree(f"{len(hubs)} final states")
        self.hub = int(hubs[0])
        self.loops = np.flatnonzero(arcs["to"] == sources)
        self.names = np.flatnonzero(arcs["out"] != 0)
        self.parent = np.full(len(hcl.final), -1, np.int64)
        """The arc that leads to each state of the tree."""
        self._grow(hcl, sources)
        in_tree = self.parent[sources[self.names]] >= 0
        if not np.all(in_tree | (sources[self.names] == self.hub)):
            raise NoWordTree("a word is named outside of the tree")

    def _grow(self, hcl: Fst, sources: Ints) -> None:
        edge = np.array([self.hub])
        while len(edge):
            leaving = _arcs_of(hcl, edge)[0]
            leaving = leaving[(hcl.arcs["out"][leaving] == 0) & (hcl.arcs["to"][leaving] != sources[leaving])]
            edge = hcl.arcs["to"][leaving].astype(np.int64)
            if len(np.unique(edge)) < len(edge) or np.any(self.parent[edge] >= 0) or np.any(edge == self.hub):
                raise NoWordTree("two ways lead to one state before the word is named")
            self.parent[edge] = leaving


class _Composition:
    """Collects the arcs; a composed state is a number: history × states of HCL + state of HCL."""

    def __init__(self, hcl: Fst, tree: _Tree, grammar: Fst) -> None:
        self._hcl, self._tree, self._grammar = hcl, tree, grammar
        self._size = len(hcl.final)
        self._sources = hcl.sources
        self._made: list[tuple[Ints, Arcs, Ints]] = []

    def fst(self) -> Fst:
        """The composed graph, its states numbered without gaps."""
        histories = np.arange(len(self._grammar.final))
        beginning = np.array([self._grammar.start * self._size + self._hcl.start])
        self._shorter_histories()
        self._ways_home(np.union1d(beginning, self._words()))
        sources = np.concatenate([made[0] for made in self._made])
        targets = np.concatenate([made[2] for made in self._made])
        states, numbers = np.unique(np.concatenate([sources, targets, self._hubs(histories)]), return_inverse=True)
        final = np.full(len(states), np.inf, np.float32)
        final[np.searchsorted(states, self._hubs(histories))] = self._grammar.final
        arcs = np.concatenate([made[1] for made in self._made])
        arcs["to"] = numbers[len(sources) : 2 * len(sources)]
        order = np.argsort(numbers[: len(sources)], kind="stable")
        first = np.concatenate([[0], np.cumsum(np.bincount(numbers[: len(sources)], minlength=len(states)))])
        return Fst(int(np.searchsorted(states, beginning[0])), final, first, arcs[order])

    def _hubs(self, histories: Ints) -> Ints:
        return histories * self._size + self._tree.hub

    def _add(self, sources: Ints, arcs: Arcs, targets: Ints, costs: Costs) -> None:
        arcs = arcs.copy()
        arcs["cost"] += costs
        self._made.append((sources, arcs, targets))

    def _shorter_histories(self) -> None:
        """The empty arcs of the grammar, from hub to hub."""
        empty = np.flatnonzero(self._grammar.arcs["in"] == 0)
        arcs = self._grammar.arcs[empty]
        targets = self._hubs(arcs["to"].astype(np.int64))
        self._add(self._hubs(self._grammar.sources[empty]), arcs, targets, np.zeros(len(arcs)))

    def _words(self) -> Ints:
        """Below each hub the branches its words need, and the arcs that name them; returns where the ways home begin."""
        tree, hcl = self._tree, self._hcl
        said = np.flatnonzero(self._grammar.arcs["in"] != 0)
        said, named = _joined(self._grammar.arcs["in"][said], said, hcl.arcs["out"][tree.names], tree.names)
        history = self._grammar.sources[said]
        cost = self._grammar.arcs["cost"][said].astype(np.float64)
        leaves = self._sources[named]
        branches, cheapest = self._branches(history, leaves, cost)
        below = np.where(leaves == tree.hub, 0.0, _looked_up(history * self._size + leaves, branches, cheapest))
        homes = self._grammar.arcs["to"][said].astype(np.int64) * self._size + hcl.arcs["to"][named]
        self._add(history * self._size + leaves, hcl.arcs[named], homes, cost - below)
        self._sprout(branches, cheapest)
        return np.unique(homes)

    def _branches(self, history: Ints, leaves: Ints, cost: Costs) -> tuple[Ints, Costs]:
        """The composed states of the tree that are needed, sorted, and the cost of the cheapest word below each."""
        tree, keys, costs = self._tree, [], []
        while len(leaves):
            inside = leaves != tree.hub
            history, leaves, cost = history[inside], leaves[inside], cost[inside]
            keys.append(history * self._size + leaves)
            costs.append(cost)
            leaves = self._sources[tree.parent[leaves]]
        branches, at = np.unique(np.concatenate(keys), return_inverse=True)
        cheapest = np.full(len(branches), np.inf)
        np.minimum.at(cheapest, at, np.concatenate(costs))
        return branches, cheapest

    def _sprout(self, branches: Ints, cheapest: Costs) -> None:
        """The arcs into the branches, and their loops."""
        history, state = branches // self._size, branches % self._size
        into = self._tree.parent[state]
        above = self._sources[into]
        paid = np.where(above == self._tree.hub, 0.0, _looked_up(history * self._size + above, branches, cheapest))
        self._add(history * self._size + above, self._hcl.arcs[into], branches, cheapest - paid)
        loop_of = np.full(self._size, -1, np.int64)
        loop_of[self._sources[self._tree.loops]] = self._tree.loops
        turning = loop_of[state] >= 0
        loops = self._hcl.arcs[loop_of[state[turning]]]
        self._add(branches[turning], loops, branches[turning], np.zeros(len(loops)))

    def _ways_home(self, edge: Ints) -> None:
        """From where words are named (and from the start) back to the hubs: copies of HCL's arcs without words."""
        seen = edge
        while len(edge):
            arcs, at = _arcs_of(self._hcl, edge % self._size)
            sources = edge[at]
            targets = sources // self._size * self._size + self._hcl.arcs["to"][arcs]
            self._add(sources, self._hcl.arcs[arcs], targets, np.zeros(len(arcs)))
            reached = np.unique(targets[targets % self._size != self._tree.hub])
            edge = np.setdiff1d(reached, seen, assume_unique=True)
            seen = np.union1d(seen, edge)


def _arcs_of(fst: Fst, states: Ints) -> tuple[Ints, Ints]:
    """The arcs that leave `states`, and for each the position of its state in `states`."""
    counts = fst.first[states + 1] - fst.first[states]
    at = np.repeat(np.arange(len(states)), counts)
    within = np.arange(len(at)) - np.repeat(np.cumsum(counts) - counts, counts)
    return fst.first[states][at] + within, at


def _joined(left: Ints, left_rows: Ints, right: Ints, right_rows: Ints) -> tuple[Ints, Ints]:
    """All pairs of rows whose keys are equal."""
    order = np.argsort(right, kind="stable")
    begin, end = (np.searchsorted(right[order], left, side=side) for side in ("left", "right"))
    at = np.repeat(np.arange(len(left)), end - begin)
    within = np.arange(len(at)) - np.repeat(np.cumsum(end - begin) - (end - begin), end - begin)
    return left_rows[at], right_rows[order][begin[at] + within]


def _looked_up(keys: Ints, table: Ints, values: Costs) -> Costs:
    """The value of each key in a sorted table; of a key that isn't in it, that of some other."""
    return values[np.minimum(np.searchsorted(table, keys), len(table) - 1)]
