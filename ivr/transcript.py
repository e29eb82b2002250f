"""What was said, masked: personal data never gets into a transcript, a log or a feed in the clear (pure).

Masked is what `personal_data.py` says: phone numbers to 138****5678, card and identity numbers to their last four, e-mail addresses to
their domain, places with building or room altogether; whole utterances of steps marked sensitive; of the order desk's facts names to
王* and Grace M*, addresses and notes altogether.
"""

from __future__ import annotations

import re

from ivr.personal_data import hide, mask_number

_CJK = "\u3007\u4e00-\u9fff"
_BLANKS = re.compile(rf"(?<=[{_CJK}])[ \t]+(?=[{_CJK}\d])|(?<=\d)[ \t]+(?=[{_CJK}])")
SENSITIVE = "＊＊＊"
__all__ = ["NAMES", "PRIVATE", "SENSITIVE", "mask_name", "mask_number", "masked", "masked_fact"]
# Facts of the order desk that name somebody, and those that nobody but the customer need know.
NAMES = frozenset(
    {
        "customer.name",
        "recipient",
        *(f"{about}.{who}" for about in ("order", "fact") for who in ("recipient", "courier")),
    }
)
PRIVATE = frozenset(f"{about}.{what}" for about in ("order", "fact") for what in ("address", "note"))


def mask_name(name: str) -> str:
    """The family name of a Chinese name, the given name and an initial of any other: 王*, Grace M*."""
    if "*" in name:
        return name
    given, _, family = name.strip().partition(" ")
    if not family:
        return given[:1] + "*"
    return f"{given} {family.split()[-1][:1]}*"


def masked_fact(name: str, value: str) -> str:
    """A fact of the order desk as it may be written down."""
    if name in PRIVATE:
        return masked(value, sensitive=True)
    return mask_name(value) if name in NAMES and value else masked(value)


def masked(text: str, sensitive: bool = False) -> str:
    """The text as it may be written down, without what no database keeps: NUL and halves of characters."""
    text = text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    if sensitive:
        return SENSITIVE if text.strip() else ""
    together = _BLANKS.sub("", text)  # a recogniser writes a blank between words, and so between characters
    hidden = hide(together)
    return hide(text) if hidden == together else hidden
