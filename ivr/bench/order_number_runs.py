"""The three ways in which order numbers are measured: simulated, decoded, and over the telephone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ivr.bench import heard_numbers as decoded
from ivr.bench import telephone_numbers as telephone
from ivr.bench.order_numbers import Tally, simulate
from ivr.demo.stage import ROOT, Stage, fresh_folder
from ivr.dialogue.digit_errors import DigitErrors
from ivr.values import Language

SHOPS = {False: "numbers spread out", True: "numbers counted up"}


@dataclass(frozen=True, slots=True)
class Plan:
    """How many of each, per language; 0 leaves it out."""

    simulated: int
    heard: int
    telephone: int
    seed: int
    at_once: int
    folder: Path


async def all_of(plan: Plan, languages: Sequence[Language], tell: Callable[[str], None]) -> list[tuple[str, Tally]]:
    """Every measurement that was asked for, by name."""
    found: list[tuple[str, Tally]] = []
    for language in languages:
        found += _simulated(plan, language, "by the table")
        if plan.heard:
            heard = await decoded.hear_numbers(ROOT, language, plan.heard, plan.seed)
            found.append((f"{language}, synthesised and decoded", decoded.tally(heard, language, plan.seed)))
            table = decoded.fitted(heard, language)
            tell(f"{language}, errors as heard: {table}")
            found += _simulated(plan, language, "as heard", table)
    if plan.telephone:
        found += await _telephone(plan, languages, tell)
    return found


def _simulated(
    plan: Plan, language: Language, which: str, errors: DigitErrors | None = None
) -> list[tuple[str, Tally]]:
    if not plan.simulated:
        return []
    return [
        (f"{language}, simulated, errors {which}, {shop}", simulate(language, plan.simulated, plan.seed, dense, errors))
        for dense, shop in SHOPS.items()
    ]


async def _telephone(plan: Plan, languages: Sequence[Language], tell: Callable[[str], None]) -> list[tuple[str, Tally]]:
    def one(said: telephone.Said) -> None:
        tell(f"…{said.number[-4:]} {said.voice} {said.speed}: {said.trial.first}, {said.trial.repaired}")

    found = []
    async with Stage(fresh_folder(plan.folder), orders=max(300, plan.telephone)) as stage:
        for language in languages:
            said = await telephone.say_all(stage, language, plan.telephone, plan.seed, plan.at_once, one)
            found.append((f"{language}, over the telephone", Tally.of([each.trial for each in said if each.measured])))
    return found
