"""Checks between the keys of a scenario, section by section: what needs what, and what does not go together."""

from __future__ import annotations

from hubplanner.errors import Fault
from hubplanner.scenario.scenario import Scenario
from hubplanner.scenario.validation.data import DATA_CHECKS, STREAM_CHECKS
from hubplanner.scenario.validation.features import Check, not_together
from hubplanner.scenario.validation.futures import FUTURES_CHECKS
from hubplanner.scenario.validation.model import LIST_CHECKS, MODEL_CHECKS
from hubplanner.scenario.validation.travel import TRAVEL_CHECKS


def inconsistencies(scenario: Scenario) -> list[Fault]:
    """Return everything in the scenario that contradicts itself."""
    return [scenario.fault(key, value, allowed) for check in _CHECKS for key, value, allowed in check(scenario)]


_CHECKS: tuple[Check, ...] = (
    *TRAVEL_CHECKS,
    *DATA_CHECKS,
    *LIST_CHECKS,
    *MODEL_CHECKS,
    *STREAM_CHECKS,
    *FUTURES_CHECKS,
    not_together,
)
