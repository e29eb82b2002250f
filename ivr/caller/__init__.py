"""The synthetic caller: a SIP phone that speaks, listens and measures, for demos, tests, load and mystery calls."""

from ivr.caller.report import CallResult, LoadResult
from ivr.caller.scenario import Scenario
from ivr.caller.scenario import load as load_scenario
from ivr.caller.scene import Equipment, run

__all__ = ["CallResult", "Equipment", "LoadResult", "Scenario", "load_scenario", "run"]
