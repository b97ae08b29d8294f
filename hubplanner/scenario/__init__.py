"""The scenario file: read, merged, validated, immutable."""

from hubplanner.scenario.reading import read_scenario
from hubplanner.scenario.schema import json_schema
from hubplanner.scenario.spec import Scenario
from hubplanner.scenario.writing import dump_scenario

__all__ = ["Scenario", "dump_scenario", "json_schema", "read_scenario"]
