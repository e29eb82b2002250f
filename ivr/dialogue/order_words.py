"""The place of digits in an order number, in words (pure)."""

from __future__ import annotations

from ivr.dialogue.order_number import AskDigits
from ivr.dialogue.speaking import number_en, number_zh
from ivr.values import Language


def place(question: AskDigits, language: Language) -> str:
    """The digits asked for: the last four, the first four, the fifth to the eighth."""
    length, zh = len(question.candidates[0]), language == "zh"
    number = number_zh if zh else number_en
    count = number(question.end - question.start)
    if question.end == length:
        return f"后{count}位" if zh else f"last {count} digits"
    if question.start == 0:
        return f"前{count}位" if zh else f"first {count} digits"
    first, last = number(question.start + 1), number(question.end)
    return f"第{first}到第{last}位" if zh else f"digits {first} to {last}"
