"""Offers one after another, on the real order desk: what was declined is not in the ledger, what was accepted is, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from ivr.desk import Desk
from ivr.dialogue.loading import Dialplans, load_dialplans
from ivr.dialogue.machine import Dialogue
from ivr.dialogue.rehearsal import Line, Rehearsal
from ivr.values import Language
from order_lookup import SqlOrderSystem, load_policies
from order_lookup.database import open_engine
from order_lookup.demo import CASES, fill

ROOT = Path(__file__).parents[3]
NOW = datetime(2027, 3, 10, 6, 0, tzinfo=UTC)
STALLED = CASES["stalled_parcel"]


@pytest.fixture(scope="module")
def shipped() -> Dialplans:
    return load_dialplans(ROOT / "dialplans", ROOT / "prompts")


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[tuple[SqlOrderSystem, str]]:
    url = f"sqlite:///{tmp_path / 'orders.db'}"
    engine = open_engine(url)
    fill(engine, NOW, customers=45, orders=40)
    engine.dispose()
    system = await SqlOrderSystem.open(url, load_policies(), clock=lambda: NOW)
    yield system, url
    await system.close()


async def talk(
    shipped: Dialplans, system: SqlOrderSystem, language: Language, *said: str
) -> tuple[list[Line], Rehearsal]:
    """A call about the stalled parcel in which the caller says these things; keys are written as #1."""
    dialogue = Dialogue(shipped, started_at=NOW, facts={"shop": "好食多", "shop_en": "Goodmart"})
    rehearsal = Rehearsal(dialogue, Desk(system, "Asia/Shanghai"), f"call-{language}-{len(said)}")
    lines = await rehearsal.begin(STALLED.phone, language)
    for each in said:
        lines += await (rehearsal.key(each[1:]) if each.startswith("#") else rehearsal.say(each))
    return lines, rehearsal


def ledger(url: str) -> list[str]:
    """The actions that the ledger has from these calls."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT action FROM shop_ledger WHERE call_id LIKE 'call-%' ORDER BY id"))
        actions = [row.action for row in found]
    engine.dispose()
    return actions


@pytest.mark.parametrize(
    ("language", "said", "done"),
    [
        ("zh", ("我要退款", "对", "第二个", STALLED.phone[-4:], "好的"), ["reship"]),
        ("zh", ("我要退款", "对", "#1", STALLED.phone[-4:], "不用", "要"), ["reship"]),
        ("zh", ("我要退款", "对", "退款", STALLED.phone[-4:], "不用", "不用", "好"), ["urge_delivery"]),
        ("zh", ("我要退款", "对", "都不要", "不用", "不用"), []),
        ("en", ("i want a refund", "yes", "the second one", STALLED.phone[-4:], "yes"), ["reship"]),
        ("en", ("i want a refund", "yes", "neither", "no thanks", "no"), []),
    ],
)
async def test_only_what_was_accepted_is_in_the_ledger(
    shipped: Dialplans, system: tuple[SqlOrderSystem, str], language: Language, said: tuple[str, ...], done: list[str]
) -> None:
    spoken = tuple(f"#{each}" if each.isdigit() else each for each in said)
    lines, rehearsal = await talk(shipped, system[0], language, *spoken)
    assert ledger(system[1]) == done, "\n".join(line.text for line in lines)
    assert rehearsal.dialogue.step == "hotline.anything_else", "\n".join(line.text for line in lines)
