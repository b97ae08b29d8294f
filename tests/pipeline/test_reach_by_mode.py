"""A reach of its own by each mode of travel: who is covered, by enumeration, in futures, drawn, told and audited."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
from pipeline.test_closed_roads import MONSOON, along, crowd, named
from support.instances.audited_runs import findings_of
from support.ways import in_minutes, table_of

import hubplanner as hp
from hubplanner.inputs import build_problem

if TYPE_CHECKING:
    from pathlib import Path

    from support.project import Project

MODES = [{"name": "car", "kmh": 20.0}, {"name": "walk"}]
REACH = in_minutes({"car": 9.0, "walk": 40.0}, {"car": 25.0})
"""People may walk to centres only: parks are reached by car alone."""
NEEDS = {"model.budget": 260, "hubs.0.opex_per_year": 0, "hubs.1.capex": 130}


def asked(project: Project, **more: Any) -> dict[str, Any]:
    crowd(project)
    return along(project, modes=MODES, walk_straight=False) | REACH | NEEDS | more


def covers(project: Project, settings: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Return who is covered (n, m, 2) from each site by each tier, by travel with one mode each."""
    by = {}
    for mode in MODES:
        single = {**settings, "travel": {**settings["travel"], "modes": [mode]}} | in_minutes(40.0, 40.0)
        by[mode["name"]] = table_of(build_problem(project.inputs(single)).travel)
    return np.stack([(by["car"] <= 9.0) | (by["walk"] <= 40.0), by["car"] <= 25.0], axis=2)


def best(problem: hp.Problem, tables: list[np.ndarray[Any, Any]], budget: float) -> float:
    """Return the most need that any plan covers on average over tables (n, m, t), by trying all."""
    most = 0.0
    for size in range(problem.n_options + 1):
        for options in map(list, combinations(range(problem.n_options), size)):
            sites = problem.option_site[options]
            if len(set(sites.tolist())) < size or problem.option_cost[options].sum() > budget:
                continue
            for_each = [table[:, sites, problem.option_tier[options]].any(axis=1) @ problem.need for table in tables]
            most = max(most, float(np.mean(for_each)))
    return most


@pytest.mark.parametrize("park", [130, 400], ids=["parks too", "centres alone"])
def test_the_plan_is_the_best_of_all_and_is_audited(project: Project, tmp_path: Path, park: int) -> None:
    settings = asked(project) | {"hubs.1.capex": park}
    plan = hp.solve(project.read(settings))
    problem, cover = plan.problem, covers(project, settings)
    far = table_of(problem.travel)
    # One reach a tier would not do: some are beyond it by the quickest mode and covered, some the other way round.
    assert ((far <= 40) != cover[:, :, 0]).any()
    assert (cover[:, :, 0] & (far > 9)).any()
    assert plan.evaluation.covered_need == pytest.approx(best(problem, [cover], 260), rel=1e-9)
    open_cover = cover[:, problem.option_site[plan.evaluation.options], problem.option_tier[plan.evaluation.options]]
    np.testing.assert_array_equal(plan.evaluation.covered_share > 0.5, open_cover.any(axis=1))
    run = plan.write(tmp_path / "run")
    assert findings_of(run) == []
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "9 minutes by car, 40 minutes by walk" in page
    reach = gpd.read_file(run / "reach.geojson").set_index("tier")
    for tier, number in (("centre", 0), ("park", 1)):
        own = problem.option_site[plan.evaluation.options[problem.option_tier[plan.evaluation.options] == number]]
        if len(own):
            people = problem.people[cover[:, own, number].any(axis=1)].sum()
            assert reach.loc[tier, "people"] == pytest.approx(people)


def test_seats_and_links_heed_the_reach_of_each_mode(project: Project, tmp_path: Path) -> None:
    settings = asked(project) | {"hubs.0.capacity": 900, "hubs.1.capacity": 2500}
    plan = hp.solve(project.read(settings))
    cover, (point, hub) = covers(project, settings), plan.evaluation.assigned.tocoo().coords
    options = plan.evaluation.options[hub]
    assert len(point)
    assert cover[point, plan.problem.option_site[options], plan.problem.option_tier[options]].all()
    assert findings_of(plan.write(tmp_path / "run")) == []


def test_futures_that_close_roads_heed_the_reach_of_each_mode(project: Project, tmp_path: Path) -> None:
    settings = asked(project)
    wet = {"name": "wet", **MONSOON, "reach": 0.9}
    plan = hp.solve(project.read(settings | named(wet) | {"model.under": "expected"}))
    searched = plan.inputs.searched
    assert searched is not None
    dry = covers(project, settings)
    by = {
        mode: table_of(network)
        for mode, network in zip(searched.futures["wet"].names, searched.futures["wet"].means, strict=True)  # type: ignore[attr-defined]
    }
    flooded = np.stack([(by["car"] <= 8.1) | (by["walk"] <= 36.0), by["car"] <= 22.5], axis=2)
    assert (flooded != dry).any()
    assert plan.solution.value == pytest.approx(best(plan.problem, [dry, flooded], 260), rel=1e-9)
    run = plan.write(tmp_path / "run")
    assert findings_of(run) == []


def test_a_run_that_hides_the_reach_of_a_mode_is_found_out(project: Project, tmp_path: Path) -> None:
    run = hp.solve(project.read(asked(project) | {"hubs.1.capex": 400})).write(tmp_path / "run")
    text = (run / "scenario.yaml").read_text(encoding="utf-8")
    (run / "scenario.yaml").write_text(text.replace("walk: 40.0", "walk: 1.0"), encoding="utf-8")
    assert text != (run / "scenario.yaml").read_text(encoding="utf-8")
    assert findings_of(run)


@pytest.mark.parametrize("wrong", ["30", 0, True, {}, [3], {"car": "x"}, {"car": -1}, {"": 3}, float("inf")])
def test_a_reach_that_is_no_time_is_told_once_with_what_is_allowed(project: Project, wrong: Any) -> None:
    (fault,) = project.refusal(along(project) | {"hubs.0.reach_minutes": wrong})
    assert "hubs.0.reach_minutes: " in fault
    assert fault.endswith(
        "allowed: a number of minutes from 0.001 to 1e+06, without quotes; or by mode of travel, such as "
        "{motorcycle: 30, walk: 60}"
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            in_minutes({"bus": 30.0}, 60.0),
            "hubs.0.reach_minutes.bus: 'bus' found; allowed: one of travel.modes: car, walk",
        ),
        (
            in_minutes({"walk": 30.0}, 60.0) | {"travel": {"method": "great_circle", "speed_kmh": 5}},
            "allowed: a number with method great_circle: only method network has modes",
        ),
    ],
)
def test_a_reach_by_what_is_no_mode_is_refused(project: Project, settings: dict[str, Any], said: str) -> None:
    (fault,) = project.refusal(along(project) | settings)
    assert fault.endswith(said)
