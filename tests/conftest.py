"""For all tests: Hypothesis tries the same examples on every machine, however slow it is; `--hypothesis-profile=dice` tries new ones."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, not whether the program is right.
settings.register_profile("dice", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", settings.get_profile("dice"), derandomize=True)
settings.load_profile("same")
