"""The acceptance calls of tests/scenarios, and the orders of the demo shop that they are about."""

from __future__ import annotations

from pathlib import Path

from order_lookup.demo import CASES

SCENARIOS = Path(__file__).parents[2] / "scenarios"
ORDERS = {
    "zh/status": "in_transit",
    "zh/keys": "late_food",
    "zh/barge_in": "stalled_parcel",
    "zh/refund": "refundable_parcel",
    "zh/human": "vip",
    "en/status": "english_in_transit",
    "en/keys": "english_in_transit",
    "en/barge_in": "english_in_transit",
    "en/refund": "english_refundable",
    "en/human": "english_in_transit",
}


def variables(name: str, agent_port: int) -> dict[str, str]:
    """What a scenario's `{names}` stand for."""
    case = CASES[ORDERS[name]]
    return {
        "order": case.order_number,
        "phone": case.phone,
        "phone_tail": case.phone[-4:],
        "agent_port": str(agent_port),
    }
