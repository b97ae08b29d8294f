"""What was assumed: each setting that matters, and whether anyone chose it."""

from __future__ import annotations

from typing import Any

import pytest

from hubplanner.scenario import Scenario, assumptions
from hubplanner.scenario.assumptions import in_words

LEAST: dict[str, Any] = {
    "name": "least",
    "demand": {"path": "demand.csv", "id": "id", "x": "x", "y": "y", "people": "people"},
    "sites": {"path": "sites.csv", "id": "id", "x": "x", "y": "y"},
    "hubs": [{"name": "hub", "capex": 1.0, "opex_per_year": 1.0, "reach_km": 5.0}],
}
DEFAULTS = {
    "horizon_years": 5,
    "discount_rate": 0.1,
    "demand.connected_share": 0.0,
    "demand.priority": 1.0,
    "demand.spread_km": None,
    "sites.status": "candidate",
    "sites.cost_factor": 1.0,
    "travel.method": "great_circle",
    "travel.detour": 1.0,
    "coverage.decay": "step",
    "coverage.backup": 1,
    "model.objective": "max_coverage",
    "model.max_per_site": 1,
}


def told(**changes: Any) -> dict[str, tuple[Any, str]]:
    tree = dict(LEAST)
    for section, change in changes.items():
        tree[section] = {**tree.get(section, {}), **change} if isinstance(change, dict) else change
    found = assumptions(Scenario.model_validate(tree))
    assert len({one["key"] for one in found}) == len(found)
    return {one["key"]: (one["value"], one["source"]) for one in found}


def test_the_least_scenario_assumes_every_default() -> None:
    assert told() == {key: (value, "default") for key, value in DEFAULTS.items()}


@pytest.mark.parametrize(
    ("changes", "key", "value", "source"),
    [
        ({"travel": {"detour": 1.3}}, "travel.detour", 1.3, "scenario"),
        ({"travel": {"detour": 1.0}}, "travel.detour", 1.0, "scenario"),
        ({"demand": {"connected_share": 0.4}}, "demand.connected_share", 0.4, "scenario"),
        ({"demand": {"connected_share": "internet"}}, "demand.connected_share", "internet", "data"),
        ({"sites": {"status": "kind"}}, "sites.status", "kind", "data"),
        ({"model": {"objective": "p_median"}}, "model.objective", "p_median", "scenario"),
        ({"coverage": {"backup": 2}}, "coverage.backup_weight", 1.0, "default"),
        ({"coverage": {"decay": "linear"}}, "coverage.full_km", 0.0, "default"),
        ({"model": {"max_per_site": 2}}, "model.mixed_tiers", False, "default"),
    ],
)
def test_what_is_given_is_told_apart(changes: dict[str, Any], key: str, value: object, source: str) -> None:
    assert told(**changes)[key] == (value, source)


def test_what_cannot_matter_is_left_out() -> None:
    assert "travel.detour" not in told(travel={"method": "matrix", "path": "ways.csv"})
    assert "discount_rate" not in told(horizon_years=0)
    assert "horizon_years" not in told(hubs=[{"name": "hub", "capex": 1.0, "reach_km": 5.0}])
    assert "model.assignment" in told(hubs=[{"name": "hub", "capex": 1.0, "reach_km": 5.0, "capacity": 10.0}])
    years = {"model": {"periods": {"years": [{"name": 2027, "budget": 1.0}]}}}
    assert {"model.periods.nested", "demand.growth_per_year"} <= told(**years).keys()


def test_one_line_names_the_defaults_alone() -> None:
    found = [
        {"key": "horizon_years", "value": 5, "source": "scenario"},
        {"key": "travel.detour", "value": 1.0, "source": "default"},
        {"key": "model.mixed_tiers", "value": False, "source": "default"},
        {"key": "demand.spread_km", "value": None, "source": "default"},
    ]
    line = "Assumed, as not given: travel.detour 1, model.mixed_tiers false, demand.spread_km none"
    assert in_words(found) == line
    assert in_words(found[:1]) == ""
