"""How long it takes from the end of the caller's last word to the ringing of a free agent's phone, over real SIP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from ivr.caller.leg import Leg
from ivr.caller.measures import percentile
from ivr.caller.scenario import Scenario, load
from ivr.caller.scene import Equipment, prepare, run
from ivr.caller.useragent import UserAgent
from ivr.demo.stage import Stage
from ivr.errors import UserError

FOLDER = Path(__file__).parent
AT_ONCE = 2
# Who insists, and who says what it is about: both are put through after their second utterance.
MATTERS = ("转人工", "我的外卖还没到")
QUEUES = ("general", "safety", "account", "senior", "after_sales")


def changes(ports: Sequence[int]) -> dict[str, Any]:
    """The settings of a stage with so many agents, each at a port of its own."""
    agents = [
        {"name": f"agent{port}", "uri": f"sip:agent{port}@127.0.0.1:{port}", "queues": list(QUEUES)} for port in ports
    ]
    return {"agents": agents, "handoff": {"wrap_up_seconds": 1}}


async def time_to_ring(
    stage: Stage, ports: Sequence[int], calls: int, tell: Callable[[str], None]
) -> dict[str, float | int | None]:
    """Milliseconds from speech end to the agent's ringing, over `calls` calls, two at a time, with an agent free for each."""
    rang: dict[str, float] = {}
    room = asyncio.Semaphore(AT_ONCE)
    async with AsyncExitStack() as stack:
        for port in ports:
            phone = await stack.enter_async_context(UserAgent(port=port, user=f"agent{port}"))
            phone.on_offer = lambda leg: _ring(leg, rang)
        equipment = await stack.enter_async_context(Equipment(ear=None, keep_audio=False))
        scenarios = [load(FOLDER / "to_a_human.yaml", {"matter": matter}) for matter in MATTERS]
        for scenario in scenarios:
            await prepare(scenario, equipment)

        async def call(number: int) -> float | None:
            async with room:
                caller = f"1390000{number:04d}"
                scenario = scenarios[number % len(scenarios)].model_copy(update={"number": caller})
                waited = await _waited(scenario, caller, stage.uri(), equipment, rang)
                tell(f"to a human: {'did not ring' if waited is None else f'{waited:.0f} ms'}")
                return waited

        found = await asyncio.gather(*(call(number) for number in range(calls)))
    waits = [waited for waited in found if waited is not None]
    if not waits:
        raise UserError("no agent's phone rang", f"the whole log is in {stage.log_file}")
    return {
        "ring_calls": len(found),
        "ring_missed": len(found) - len(waits),
        "ring_p50_ms": percentile(waits, 0.5),
        "ring_p95_ms": percentile(waits, 0.95),
    }


async def _waited(
    scenario: Scenario, caller: str, uri: str, equipment: Equipment, rang: dict[str, float]
) -> float | None:
    began = time.monotonic()
    result = await run(scenario, uri, equipment=equipment)
    last = [turn for turn in result.caller.turns if turn.kind == "say"][-1:]
    if caller not in rang or not last:
        return None
    return 1000 * (rang[caller] - began - last[0].end_seconds)


def _ring(leg: Leg, rang: dict[str, float]) -> None:
    """The agent's phone shows the caller's number; it rings until the caller gives up."""
    leg.ring()
    caller = leg.theirs.split('"')[1] if '"' in leg.theirs else ""
    rang.setdefault(caller, time.monotonic())
