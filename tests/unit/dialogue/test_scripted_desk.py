"""The order desk of test conversations: what is written is offered, and nothing else."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from small_shop import NOW, load

from ivr.dialogue.machine import Dialogue
from ivr.dialogue.rehearsal import Rehearsal
from ivr.dialogue.scripted_desk import DeskFile, ScriptedDesk

WRITTEN = {"outcome": "offer", "reason": "bottle_arrived", "offer.name": "reship", "offer.action": "reship"}


async def test_an_offer_that_stands_alone_is_made_until_it_is_declined() -> None:
    desk = ScriptedDesk(DeskFile(look_up={"decision.leaking_bottle": WRITTEN}), ZoneInfo("Asia/Shanghai"))
    made = await desk.look_up("c", "decision", {"intent": "leaking_bottle"})
    assert (made.outcome, made.values["offer.name"]) == ("offer", "reship")
    after = await desk.look_up("c", "decision", {"intent": "leaking_bottle", "without": ("reship",)})
    assert (after.outcome, "offer.name" in after.values) == ("inform", False)


class Broken:
    """An order desk that fails."""

    async def look_up(self, *_: object) -> None:
        raise RuntimeError("no such rule")

    act = look_up


async def test_what_broke_is_noted_where_a_person_tries_it(tmp_path: Path) -> None:
    dialogue = Dialogue(load(tmp_path), start="hotline", started_at=NOW, facts={"shop": "好食多"})
    rehearsal = Rehearsal(dialogue, Broken())  # type: ignore[arg-type]
    await rehearsal.begin("13800000001", "zh")
    lines = await rehearsal.say("外卖到哪了")
    assert [line.text for line in lines if line.text.startswith("broken")] == ["broken: order desk: no such rule"]
