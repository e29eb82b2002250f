"""The front of understanding: hypotheses in, one interpretation out (pure)."""

from __future__ import annotations

from ivr.dialogue.meaning import (
    OUT_OF_SCOPE,
    UNIVERSALS,
    Completeness,
    Danger,
    Expectation,
    Interpretation,
    Kind,
    Option,
    Slot,
    SlotKind,
    Universal,
    Verdict,
)
from ivr.dialogue.order_number import OrderPattern

__all__ = [
    "OUT_OF_SCOPE",
    "UNIVERSALS",
    "Completeness",
    "Danger",
    "Expectation",
    "Interpretation",
    "Kind",
    "Option",
    "OrderPattern",
    "Slot",
    "SlotKind",
    "Universal",
    "Verdict",
]
