"""The scenario file: read, merged, validated, immutable."""

from hubplanner.scenario.assumptions import assumptions
from hubplanner.scenario.json_schema import json_schema
from hubplanner.scenario.loader import dump_scenario, read_scenario
from hubplanner.scenario.scenario import Scenario

__all__ = ["Scenario", "assumptions", "dump_scenario", "json_schema", "read_scenario"]
