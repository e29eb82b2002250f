"""A word that was misspelt, and the one that was meant (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz, process


def nearest(word: str, allowed: Sequence[str]) -> str:
    """A fix for a misspelt word: the nearest right one, and all that is allowed."""
    best = process.extractOne(word, allowed, scorer=fuzz.ratio, score_cutoff=60)
    listed = ", ".join(sorted(allowed))
    return (f"did you mean `{best[0]}`? " if best else "") + f"allowed: {listed}"
