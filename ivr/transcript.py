"""What was said, masked: personal data never gets into a transcript, a log or a feed in the clear (pure).

Kept as it is: order numbers' last four, amounts, dates. Masked: phone numbers to 138****5678, card and identity numbers to
their last four, e-mail addresses to their domain, and whole utterances of steps marked sensitive. Of the order desk's facts: names
to 王* and Grace M*, addresses and notes altogether.
"""

from __future__ import annotations

import re

_CHINESE_DIGITS = str.maketrans("零〇洞一幺腰二两三四五六七八九拐勾", "00011122345678979")
_ENGLISH_DIGITS = {
    "zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
    "six": "6", "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
_SPOKEN_ZH = re.compile(r"(?:[零〇洞一幺腰二两三四五六七八九拐勾]\s*){7,}")
_SPOKEN_EN = re.compile(rf"(?:\b(?:{'|'.join(_ENGLISH_DIGITS)}|double|triple)\b[\s,.-]*){{7,}}", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"(?<!\d)(?:\d[ -]?){7,}(?!\d)")
_EMAIL = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
SENSITIVE = "＊＊＊"
# Facts of the order desk that name somebody, and those that nobody but the customer need know.
NAMES = frozenset(
    {
        "customer.name",
        "recipient",
        *(f"{about}.{who}" for about in ("order", "fact") for who in ("recipient", "courier")),
    }
)
PRIVATE = frozenset(f"{about}.{what}" for about in ("order", "fact") for what in ("address", "note"))


def mask_number(number: str) -> str:
    """Digits with the middle hidden: 11-digit phones keep 3 and 4, anything else of 5 or more keeps its last four."""
    digits = re.sub(r"\D", "", number)
    if len(digits) < 5:
        return number
    if len(digits) == 11:
        return f"{digits[:3]}****{digits[-4:]}"
    return "*" * (len(digits) - 4) + digits[-4:]


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
    text = _EMAIL.sub(lambda found: f"***@{found[1]}", text)
    text = _LONG_NUMBER.sub(lambda found: mask_number(found[0]) + _tail_space(found[0]), text)
    text = _SPOKEN_ZH.sub(lambda found: mask_number(re.sub(r"\s", "", found[0]).translate(_CHINESE_DIGITS)), text)
    return _SPOKEN_EN.sub(lambda found: mask_number(_english_digits(found[0])) + _tail_space(found[0]), text)


def _tail_space(text: str) -> str:
    return " " if text.endswith(" ") else ""


def _english_digits(text: str) -> str:
    digits, times = "", 1
    for word in re.findall(r"[a-z]+", text.lower()):
        if word in ("double", "triple"):
            times = 2 if word == "double" else 3
        else:
            digits, times = digits + _ENGLISH_DIGITS[word] * times, 1
    return digits
