"""Proof that callers can be understood: universals not shadowed, answers of one question distinguishable (pure)."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.dialogue.loading import Spoken
from ivr.dialogue.proofs.finding import Finding


def understood(spoken: Spoken) -> Iterator[Finding]:
    """Phrases of a question that mean something else everywhere, or the same as another answer."""
    yield from ()
