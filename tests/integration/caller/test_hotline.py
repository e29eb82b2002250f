"""Acceptance: the hotline's own processes, called by synthetic callers, four at a time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ivr.caller import CallResult, Equipment, load_scenario, run
from ivr.caller.ear import Ear
from ivr.caller.scene import prepare
from ivr.demo.stage import Stage
from tests.integration.caller.hotline_calls import ORDERS, SCENARIOS, variables
from tests.integration.stages import brief

ROOT = Path(__file__).parents[3]
MODELS = {"zh": ROOT / "models/zh-small", "en": ROOT / "models/en-small"}
# What the demo's stories don't show, or not through the edge.
AT_ONCE = ("zh/human", "zh/barge_in", "en/keys", "en/barge_in")


@pytest.mark.parametrize("name", ORDERS)
def test_every_scenario_can_be_read(name: str) -> None:
    scenario = load_scenario(SCENARIOS / f"{name}.yaml", variables(name, 5090))
    assert scenario.language == name.partition("/")[0]
    assert scenario.roles[0].phrases


@pytest.mark.integration
async def test_every_phrase_can_be_checked() -> None:
    """The bundled models know enough words of what the scenarios expect, and espeak-ng has the voices."""
    rendered = 0
    async with Equipment(ear=Ear(MODELS)) as equipment:
        for name in ORDERS:
            await prepare(load_scenario(SCENARIOS / f"{name}.yaml", variables(name, 5090)), equipment)
            rendered += 1
    assert rendered == len(ORDERS)


@pytest.mark.integration
@pytest.mark.whole_hotline
@pytest.mark.timeout(600)
async def test_the_hotline_serves_four_callers(tmp_path: Path) -> None:
    async with (
        Stage(tmp_path / "stage", workers=2, edge=True, changes=brief(tmp_path)) as stage,
        Equipment(ear=Ear(MODELS), rtp_ports=range(28_700, 29_100)) as equipment,
    ):

        async def call(name: str) -> CallResult:
            scenario = load_scenario(SCENARIOS / f"{name}.yaml", variables(name, stage.agent_port))
            user = "hotline-en" if scenario.language == "en" else "hotline"
            return await run(scenario, stage.uri(user), equipment=equipment, record_to=tmp_path / name)

        results = await asyncio.gather(*(call(name) for name in AT_ONCE))
    said = {name: (result.failures, result.caller.heard) for name, result in zip(AT_ONCE, results, strict=True)}
    assert all(result.ok for result in results), said
    # The wire itself: nothing was lost on loopback.
    assert all(result.caller.media and result.caller.media.lost == 0 for result in results)
