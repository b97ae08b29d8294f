"""What the app offers beside a scenario's own question, held against what the library takes."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from hubplanner.compatibility import Feature
from hubplanner.errors import ScenarioError
from hubplanner.web.map_data.scenario import fair_stops, unasked, why_not

if TYPE_CHECKING:
    from support.project import Project

YEARS = {"model.budget": None, "model.periods": {"years": [{"name": "1", "budget": 100}, {"name": "2", "budget": 100}]}}
ASKED: dict[str, dict[str, Any]] = {
    "plain": {},
    "years": YEARS,
    "backup": {"coverage.backup": 2, "coverage.backup_weight": 0.5},
    "median": {"model.objective": "p_median"},
    "least cost": {"model.objective": "min_cost", "model.target_share": 0.2, "model.budget": None},
    "worst first": {"model.fairness": "max_min"},
    "alpha": {"model.fairness": {"alpha": 1.5, "group": "province"}},
}
DEVICES = {"measures": {"devices": {"cost": 10, "benefit": 0.5}}}


@pytest.mark.parametrize("name", ASKED)
def test_measures_are_offered_where_the_scenario_takes_them(project: Project, name: str) -> None:
    settings = ASKED[name]
    offered = why_not(project.read(settings), Feature.MEASURES) is None
    try:
        project.read(settings | DEVICES)
    except ScenarioError:
        assert not offered
    else:
        assert offered


@pytest.mark.parametrize("name", ASKED)
def test_each_step_of_the_dial_is_a_scenario(project: Project, name: str) -> None:
    settings = ASKED[name]
    stops = fair_stops(project.read(settings))
    for alpha in stops:
        fairness = {"alpha": alpha, "group": "province"} if alpha else None
        assert project.read(settings | {"model.fairness": fairness}).model.objective == "max_coverage"
    assert stops == {
        "years": [],
        "median": [],
        "least cost": [],
        "alpha": [0.0, 0.5, 1.0, 1.5, 2.0, "max_min"],
    }.get(name, [0.0, 0.5, 1.0, 2.0, "max_min"])


def test_what_cannot_be_asked_of_a_plan_says_why(project: Project) -> None:
    cannot = unasked(project.read(ASKED["alpha"]))
    assert cannot["stability"] is None
    assert cannot["explain"] is None
    assert cannot["alternatives"] is None
    assert "a least share" in str(unasked(project.read(ASKED["alpha"] | {"model.fairness": "max_min"}))["alternatives"])
    assert unasked(project.read(YEARS))["stability"] == "each year would need a survey of its own"
    assert all(reason is None for reason in unasked(project.read()).values())


def test_no_reason_is_told_twice(project: Project) -> None:
    for settings, feature in product(ASKED.values(), Feature):
        reason = why_not(project.read(settings), feature)
        parts = (reason or "").split("; ")
        assert len(parts) == len(set(parts))
