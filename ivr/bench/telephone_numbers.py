"""Order numbers said to the running hotline over SIP, and what became of each: from the hotline's own records.

Callers ring from phones the shop doesn't know, so each number is decoded against all orders. The phone's last digits are
keyed afterwards: they are right only for the order that was said, so an order taken wrongly would fail there and be seen.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, text

from ivr.bench.order_numbers import Came, Trial
from ivr.caller.ear import Ear
from ivr.caller.scenario import load
from ivr.caller.scene import Equipment, run
from ivr.demo.stage import Stage
from ivr.demo.story import digits
from ivr.errors import UserError
from ivr.values import Language

FOLDER = Path(__file__).parent
VOICES = ("f2", "f3", "f5", "m1", "m3", "m7", "Annie")
SPEEDS = (130, 150, 165)
# The question for the phone is sensitive, so the records have it masked.
FOUND, ASKED, UNKNOWN = "＊＊＊", "order_which_digits", "order_not_found"
# What is said only when the phone's digits were those of another order, or of none.
NOT_PROVED = frozenset({"order_not_found", "order_not_found_human"})


@dataclass(frozen=True, slots=True)
class Said:
    """A number said over the telephone: who said it, what the hotline heard, and what came of it."""

    number: str
    voice: str
    speed: int
    heard: tuple[str, ...]
    prompts: tuple[str, ...]
    trial: Trial

    @property
    def measured(self) -> bool:
        """Whether the number was said: a call that broke off before, on a machine too busy to listen, says nothing of it."""
        return len(self.heard) > 1


@dataclass(frozen=True, slots=True)
class Order:
    """An order of the demo shop and the phone it was placed with."""

    number: str
    phone: str


async def say_all(
    stage: Stage, language: Language, count: int, seed: int, at_once: int, tell: Callable[[Said], None]
) -> list[Said]:
    """Place a call for each of so many numbers, a few at once."""
    dice = random.Random(f"{seed} {language}")
    orders = dice.sample(orders_of(stage.settings.database_url), count)
    free = asyncio.Semaphore(at_once)
    async with Equipment(ear=Ear()) as equipment:

        async def one(place: int, order: Order) -> Said:
            async with free:
                said = await _say(stage, language, order, place, dice.choice(SPEEDS), equipment)
            tell(said)
            return said

        return list(await asyncio.gather(*(one(place, order) for place, order in enumerate(orders))))


async def _say(stage: Stage, language: Language, order: Order, place: int, speed: int, equipment: Equipment) -> Said:
    voice, phone = VOICES[place % len(VOICES)], f"1990000{place:04d}"
    variables = {
        "voice": voice,
        "speed": str(speed),
        "phone": phone,
        "spoken": digits(order.number, language),
        "proof": order.phone[-4:],
    }
    scenario = load(FOLDER / f"order_number_{language}.yaml", variables)
    uri = stage.uri("hotline-en" if language == "en" else "hotline")
    try:
        result = await run(scenario, uri, equipment=equipment)
    except UserError as fault:  # a port that somebody took in the meantime
        return Said(order.number, voice, speed, (), (str(fault),), Trial("open", "open"))
    await asyncio.sleep(1.0)  # the records are written behind the call
    heard, prompts = _recorded(stage.settings.database_url, phone)
    ends = "" if result.ok else "; ".join(result.failures)
    return Said(order.number, voice, speed, heard, (*prompts, *([ends] if ends else [])), judged(prompts))


def judged(prompts: Sequence[str]) -> Trial:
    """What the hotline's prompts after the number say of it."""
    followed = [each.split(".")[0] for each in prompts if ".no_input" not in each]
    first = next((each for each in followed if each in (FOUND, ASKED, UNKNOWN)), "")
    found = FOUND in followed
    after = followed[followed.index(FOUND) + 1 :] if found else []
    wrong = bool(NOT_PROVED.intersection(after))
    proved = any(each.startswith("status_") for each in after)
    last: Came = "wrong" if wrong else "right" if proved else "open"
    return Trial(last if first == FOUND else "open", last, ASKED in followed)


def orders_of(database_url: str) -> list[Order]:
    """The orders of a shop that have a phone."""
    engine = create_engine(database_url)
    wanted = "SELECT number, phone FROM shop_orders ORDER BY number"
    with engine.connect() as connection:
        found = [Order(number, phone) for number, phone in connection.execute(text(wanted))]
    engine.dispose()
    return found


def _recorded(database_url: str, phone: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the hotline heard and said in the last call from a number (its last digits are kept)."""
    engine = create_engine(database_url)
    wanted = (
        "SELECT speaker, text, details FROM lines WHERE call_id = (SELECT id FROM calls WHERE caller LIKE :tail "
        "ORDER BY started_at DESC LIMIT 1) ORDER BY position"
    )
    with engine.connect() as connection:
        rows = list(connection.execute(text(wanted), {"tail": f"%{phone[-4:]}"}))
    engine.dispose()
    told = [(row.speaker, row.text, json.loads(row.details or "{}")) for row in rows]
    heard = tuple(words for speaker, words, _ in told if speaker == "caller")
    return heard, tuple(str(details.get("prompt", "")) for speaker, _, details in told if speaker == "robot")
