"""What limits name in the data, and what rules, growth and changes of existing hubs make of the arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from hubplanner.errors import DataError, ScenarioError
from hubplanner.inputs import build_problem
from hubplanner.inputs.groups import group_floors
from hubplanner.problem import Decay, Rule

if TYPE_CHECKING:
    from conftest import Project

NO_SITE = "the id of a site in sites.csv; in quotes if it starts with 0"
NO_HUB = "a site with an existing hub"
YEARS = {"model.periods.years": [{"name": 2027, "budget": 900}]}

# -- names that the data do not have -----------------------------------------------------------------------------------

UNKNOWN: list[tuple[dict[str, Any], list[str]]] = [
    ({"model.at_most_one": [["S1", "S9"]]}, [f"model.at_most_one.0: 'S9' found; allowed: {NO_SITE}"]),
    (
        {"model.only_with": [{"site": "S1", "needs": "S3"}, {"site": "S8", "needs": "S9"}]},
        [
            f"model.only_with.1.site: 'S8' found; allowed: {NO_SITE}",
            f"model.only_with.1.needs: 'S9' found; allowed: {NO_SITE}",
        ],
    ),
    ({"model.existing.upgrade": ["S2", "S9"]}, [f"model.existing.upgrade: 'S9' found; allowed: {NO_SITE}"]),
    ({"model.existing.close": "S9"}, [f"model.existing.close: 'S9' found; allowed: {NO_SITE}"]),
    ({"model.existing.upgrade": ["S1"]}, [f"model.existing.upgrade: 'S1' found; allowed: {NO_HUB}"]),
    ({"model.existing.close": ["S4", "S2"]}, [f"model.existing.close: 'S4' found; allowed: {NO_HUB}"]),
    (
        {"model.floors": [{"group": "province", "value": "Sindh", "share": 0.1}]},
        ["model.floors.0.value: 'Sindh' found; allowed: a value of province in demand.csv: Balochistan, Punjab"],
    ),
    (
        {"sites.groups": ["tier"], "model.hub_limits": [{"group": "tier", "value": "kiosk", "max": 1}]},
        ["model.hub_limits.0.value: 'kiosk' found; allowed: a value of tier in sites.csv: centre, park, town"],
    ),
]


@pytest.mark.parametrize(("settings", "messages"), UNKNOWN)
def test_names_that_the_data_do_not_have_are_faults_of_the_scenario(
    project: Project, settings: dict[str, Any], messages: list[str]
) -> None:
    if "sites.groups" in settings:
        settings |= {"sites.tier": None, "sites.groups": ["kind"]}
        settings["model.hub_limits"] = [{"group": "kind", "value": "kiosk", "max": 1}]
        messages = [message.replace("tier", "kind") for message in messages]
        rows = (project.folder / "sites.csv").read_text(encoding="utf-8").splitlines()
        kinds = ["kind", "town", "centre", "park", "town", "town"]
        text = "\n".join(f"{row},{kind}" for row, kind in zip(rows, kinds, strict=True))
        project.write("sites.csv", text)
    assert type(project.error(settings)) is ScenarioError
    assert project.messages(settings) == [f"scenario.yaml, {message}" for message in messages]
