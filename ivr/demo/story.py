"""The demo's stories: what each caller wants, on which order of the demo shop, and how the call ought to end."""

from __future__ import annotations

from pathlib import Path

from ivr.document import Document
from ivr.values import Language
from order_lookup.demo import CASES, DemoCase
from strict_yaml import Strict

FOLDER = Path(__file__).parent / "stories"
_ZH = dict(zip("0123456789", "零幺二三四五六七八九", strict=True))
_EN = dict(
    zip("0123456789", ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"], strict=True)
)


class Story(Strict):
    """One call of the demo; `ends` are the dispositions that count as a good end, `refunds` asks for money in the ledger."""

    name: str
    shows: str
    scenario: Path
    case: str
    language: Language = "zh"
    ends: tuple[str, ...]
    refunds: bool = False

    @property
    def order(self) -> DemoCase:
        """The order and the customer of this call."""
        return CASES[self.case]

    @property
    def called(self) -> str:
        """The user part that is dialled."""
        return "hotline-en" if self.language == "en" else "hotline"

    def variables(self, agent_port: int) -> dict[str, str]:
        """What the scenario's `{names}` stand for."""
        order = self.order
        return {
            "order": order.order_number,
            "tail": order.tail,
            "phone": order.phone,
            "spoken_order": digits(order.order_number, self.language),
            "spoken_tail": digits(order.tail, self.language),
            "spoken_phone_tail": digits(order.phone[-4:], self.language),
            "agent_port": str(agent_port),
        }


class Stories(Strict):
    """stories.yaml."""

    stories: tuple[Story, ...]


def stories() -> tuple[Story, ...]:
    """All stories, in the order of showing."""
    return Document(FOLDER / "stories.yaml").typed(Stories).stories


def digits(number: str, language: Language) -> str:
    """A number as people say it on the telephone: digit by digit, in groups of four, 幺 for 1."""
    groups = [number[start : start + 4] for start in range(0, len(number), 4)]
    if language == "zh":
        return "，".join("".join(_ZH[digit] for digit in group) for group in groups)
    return ", ".join(" ".join(_EN[digit] for digit in group) for group in groups)
