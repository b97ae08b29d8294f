"""The core path and the others give the same answers, whatever they are called with."""

from __future__ import annotations

import numpy as np
import pytest
from support.instances.random_covering import best, sample
from support.instances.tiny import random_town, two_islands

import hubplanner as hp
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.covering import strategy as searching

HEURISTIC = (
    "solver.name heuristic goes with max_coverage, p_median or min_cost for all with travel costs and a tier a site "
    "within budget, max_hubs and pins alone, solver.method auto or core"
)
CORE = (
    "solver.method core goes with max_coverage, p_median, p_center or min_cost for all with travel costs and a tier a "
    "site within budget, max_hubs and pins alone"
)
EFFORT = SearchLimits(name="highs", gap=0.0, seconds=60.0, threads=1, seed=0)


@pytest.mark.parametrize("seed", range(0, 432, 24))
def test_ways_and_names_agree(seed: int) -> None:
    asked, best_value = sample(seed), best(seed)
    if best_value is None:
        return
    problem = asked.case.problem()
    for method in ("auto", "core", "plain"):
        found = hp.solve_problem(problem, asked.objective, hp.SolverOptions(gap=0, method=method, ties=False))
        assert found.value == pytest.approx(best_value)
        assert found.method.startswith("plain" if method == "plain" else "core")
    quick = hp.solve_problem(problem, asked.objective, hp.SolverOptions(name="heuristic", gap=0))
    assert quick.value <= best_value * (1 + 1e-9)
    assert quick.bound >= best_value * (1 - 1e-9)


def test_a_heuristic_calls_no_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "branch", None)
    problem = random_town(1)
    found = hp.solve_problem(problem, hp.MaxCoverage(max_hubs=9), hp.SolverOptions(name="heuristic"))
    assert (found.solver, found.ties) == ("heuristic", "open")
    assert found.value <= found.bound


@pytest.mark.parametrize(
    ("objective", "options", "said"),
    [
        (hp.PCenter(max_hubs=1), {"name": "heuristic"}, HEURISTIC),
        (hp.MaxCoverage(), {"name": "heuristic", "method": "plain"}, HEURISTIC),
        (hp.MinCost(target_share=0.5), {"name": "Heuristic"}, HEURISTIC),
        (hp.MinCost(target_share=0.5), {"name": "heuristic", "method": "core"}, HEURISTIC),
        (hp.PMedian(max_hubs=1, constraints=(hp.Capacity(people=(40,)),)), {"name": "heuristic"}, HEURISTIC),
        (hp.MinCost(target_share=0.5), {"method": "core"}, CORE),
        (hp.PMedian(max_hubs=1, constraints=(hp.Capacity(people=(40,)),)), {"method": "core"}, CORE),
    ],
)
def test_what_has_no_core_is_refused(objective: object, options: dict[str, str], said: str) -> None:
    with pytest.raises(hp.ScenarioError) as caught:
        hp.solve_problem(two_islands(), objective, hp.SolverOptions(**options))  # type: ignore[arg-type]
    assert str(caught.value) == said


@pytest.mark.parametrize("objective", [hp.MaxCoverage(max_hubs=1), hp.PMedian(max_hubs=1)])
def test_what_a_refusal_allows_goes(objective: hp.MaxCoverage | hp.PMedian) -> None:
    for method in ("auto", "core"):
        options = hp.SolverOptions(name="heuristic", method=method)
        assert hp.solve_problem(two_islands(), objective, options).value > 0


def test_a_core_has_what_its_refusal_allows() -> None:
    for objective in (hp.MaxCoverage(max_hubs=1), hp.PMedian(max_hubs=1), hp.PCenter(max_hubs=1)):
        found = hp.solve_problem(two_islands(), objective, hp.SolverOptions(method="core"))
        assert found.method == "core: as asked"


def test_many_questions_are_answered_as_one_by_one() -> None:
    problem, options = random_town(2), hp.SolverOptions(gap=0, ties=False)
    asked = [hp.MaxCoverage(budget=money) for money in (10, 20, 40, 5)] + [hp.MaxCoverage(max_hubs=4)]
    together = hp.solve_many(problem, asked, options)
    alone = [hp.solve_problem(problem, one, options) for one in asked]
    assert [one.value for one in together] == pytest.approx([one.value for one in alone])
    clash = hp.solve_many(two_islands(), [hp.MaxCoverage(budget=money) for money in (7, 1, 5)], options)
    assert [one.status.value for one in clash] == ["optimal", "infeasible", "optimal"]
    assert clash[2].value == 12


@pytest.mark.parametrize("seconds", [1e-9, 0.05])
def test_a_time_limit_ends_in_a_plan_and_a_true_bound(seconds: float) -> None:
    problem, asked = random_town(5, points=3000, sites=400), hp.MaxCoverage(budget=200)
    exact = hp.solve_problem(problem, asked, hp.SolverOptions(ties=False))
    found = hp.solve_problem(problem, asked, hp.SolverOptions(time_limit_s=seconds, ties=False))
    assert found.value <= exact.bound * (1 + 1e-9)
    assert found.bound >= exact.value * (1 - 1e-9)


@pytest.mark.parametrize("method", ["auto", "plain"])
@pytest.mark.parametrize("name", ["highs", "cbc"])
def test_without_any_option_the_empty_plan_is_a_plan_and_a_target_is_out_of_reach(method: str, name: str) -> None:
    nowhere = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], np.zeros((0, 2)), np.zeros(0), reach=5)
    options = hp.SolverOptions(method=method, name=name)
    solution = hp.solve_problem(nowhere, hp.MaxCoverage(budget=3), options)
    assert (solution.status, solution.value, solution.bound) == ("optimal", 0.0, 0.0)
    assert hp.solve_problem(nowhere, hp.MinCost(target_share=0.5), options).status == "infeasible"
