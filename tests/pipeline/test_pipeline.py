"""From a scenario to a plan: what is passed on, and what is raised."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import hubplanner as hp
from hubplanner.pipeline import solve as pipeline
from hubplanner.pipeline.objective import objective_of
from hubplanner.pipeline.solve import overview
from hubplanner.problem import Status

if TYPE_CHECKING:
    from support.project import Project

ROOT = Path(__file__).resolve().parents[2]


def test_the_contract_s_snippet_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    path = "scenarios/balochistan.yaml"
    plan = hp.solve(hp.read_scenario(path, overrides=["lean"], settings={"model.budget": 2e8}))
    summary = plan.summary()
    assert plan.write(tmp_path / "runs/first").is_dir()
    assert json.loads((tmp_path / "runs/first/plan.json").read_text(encoding="utf-8")) == summary
    assert 0 < summary["cost"]["total"] <= summary["budget"] == 2e8
    assert (len(plan.hubs), len(plan.demand)) == (len(summary["hubs"]), len(plan.inputs.demand.frame))
    assert len(plan.links) >= (plan.demand["covered_share"] > 0).sum()


def test_limits_and_effort_of_the_scenario_reach_the_solver(project: Project) -> None:
    settings = {"model.budget": 700, "model.max_hubs": 2, "solver": {"name": "cbc", "gap": 0.0, "seed": 3}}
    scenario = project.read(settings)
    assert objective_of(hp.read_inputs(scenario)) == hp.MaxCoverage(budget=700, max_hubs=2)
    assert pipeline.options_of(scenario) == hp.SolverOptions(name="cbc", gap=0.0, seed=3)
    assert hp.solve(scenario).summary()["solver"]["name"] == "cbc"


def test_more_budget_never_covers_less(project: Project) -> None:
    budgets = [230, 350, 500, 900, 1500]
    covered = [hp.solve(project.read({"model.budget": budget})).summary()["need"]["covered"] for budget in budgets]
    assert covered == sorted(covered)
    assert covered[-1] > covered[0]


def test_demands_that_clash_are_said(project: Project) -> None:
    with pytest.raises(hp.InfeasibleError, match="no plan is possible") as caught:
        hp.solve(project.read({"model.budget": 100, "model.max_hubs": 1}))
    assert caught.value.clashes == (
        "a hub at site S4 and the budget of 100 cannot be met together",
        "the least budget that meets all demands is 228.8",
    )
    assert caught.value.exit_code == 3


def test_no_plan_in_time_is_a_solver_error(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_plan(*words: Any, **more: Any) -> hp.Solution:
        found = hp.solve_problem(*words, **more)
        return replace(found, status=Status.NO_PLAN, evaluation=None, value=math.nan, bound=math.nan)

    monkeypatch.setattr(pipeline, "solve_problem", without_plan)
    with pytest.raises(hp.SolverError, match=r"highs found no plan within the time limit.*; raise solver"):
        hp.solve(project.read())


def test_every_fault_of_the_data_is_raised_at_once(project: Project) -> None:
    project.edit("demand.csv", "1000,0.25", "-1,25")
    with pytest.raises(hp.DataError) as caught:
        hp.solve(project.read({"model.require": ["S9"]}))
    assert [fault.column for fault in caught.value.faults] == ["people", "internet", "model.require"]


def test_overview_counts_what_there_is_and_could_be(project: Project) -> None:
    told = overview(project.inputs())
    assert {each["key"] for each in told.pop("assumptions")} >= {"horizon_years", "discount_rate", "coverage.decay"}
    assert told == {
        "demand_rows": 4,
        "demand_points": 4,
        "people": 4300,
        "need": 750 + 500 + 2000,
        "sites": {"candidate": 2, "existing": 1, "required": 1, "excluded": 1},
        "tiers": ["centre", "park"],
        "options": 5,
        "coverable": {
            "existing": {"hubs": 1, "people": 2800, "need": 2000, "share": pytest.approx(2000 / 3250)},
            "all_sites": {"hubs": 4, "people": 4300, "need": 3250, "share": 1},
        },
        "warnings": [],
    }


def test_overview_takes_the_widest_tier_of_each_site(project: Project) -> None:
    project.edit("sites.csv", "S1,Quetta,67.01", "S1,Quetta,67.09")
    narrow = project.inputs({"sites.tier": None, "hubs.1.reach_km": 4})
    wide = project.inputs({"sites.tier": None, "hubs.1.reach_km": 20})
    assert [overview(inputs)["coverable"]["all_sites"]["people"] for inputs in (narrow, wide)] == [3300, 4300]


def test_overview_of_no_need_has_no_share(project: Project) -> None:
    coverable = overview(project.inputs({"demand.people": 0.0}))["coverable"]
    assert [coverable[name]["share"] for name in ("existing", "all_sites")] == [0, 0]


def test_what_is_worked_with_says_in_a_line_what_it_is(project: Project) -> None:
    plan = hp.solve(project.read())
    solution = r"Solution\(optimal, 3 hubs, value [\d,.]+, bound [\d,.]+, gap [\d.e-]+\)"
    assert re.fullmatch(rf"Plan\({plan.inputs.scenario.name}, {solution}\)", repr(plan))
    assert re.fullmatch(r"Inputs\(\w+, \d+ points, \d+ sites\)", repr(plan.inputs))
    scenario = plan.inputs.scenario
    assert repr(scenario) == str(scenario) == f"Scenario({scenario.name}, {scenario.model.objective})"
    assert re.fullmatch(r"Problem\(\d+ points, \d+ sites, \d+ options, need [\d,.]+\)", repr(plan.problem))
    assert re.fullmatch(r"Evaluation\(3 hubs, covered need [\d,.]+, cost [\d,.]+\)", repr(plan.evaluation))
    assert repr(hp.solve_problem(plan.problem, hp.PMedian(max_hubs=0))) == "Solution(infeasible)"
