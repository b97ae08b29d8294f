"""The one way to a solution: options, limits that clash, statuses, and plans that can be seen to be best."""

from __future__ import annotations

import logging
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
import pulp
import pytest
from support.clock import Ticking
from support.instances.random_covering import best, sample
from support.instances.tiny import dear_and_cheap, line_of_five, two_islands

import hubplanner as hp
from hubplanner.model import build_model
from hubplanner.problem import SiteStatus
from hubplanner.solver import found_solvers
from hubplanner.solver.backends import SearchLimits, Termination
from hubplanner.solver.backends.highs import solve_highs
from hubplanner.solver.backends.pulp import solve_other
from hubplanner.solver.covering import strategy as covering, strategy as search
from hubplanner.solver.covering.construction import cheapest
from hubplanner.solver.covering.strategy import _reduced
from hubplanner.solver.run_log import RunLog

if TYPE_CHECKING:
    from hubplanner.model import Model


@pytest.mark.parametrize("name", found_solvers())
@pytest.mark.parametrize(
    ("budget", "value", "sites"),
    [(0, 0, []), (1, 8, [0]), (2, 15, [0, 2]), (3, 15, [0, 2]), (4, 16, [0, 1, 2]), (None, 16, [0, 1, 2])],
)
def test_the_line_of_five(name: str, budget: float | None, value: float, sites: list[int]) -> None:
    solution = hp.solve_problem(line_of_five(), hp.MaxCoverage(budget=budget), hp.SolverOptions(name=name, gap=0))
    assert (solution.value, solution.open_sites.tolist()) == (value, sites)
    assert solution.bound >= value


@pytest.mark.parametrize(
    ("budget", "value", "options"), [(3, 6, [0, 3]), (5, 12, [0, 4]), (7, 15, [0, 1, 4]), (100, 15, [0, 1, 4])]
)
def test_two_islands(budget: float, value: float, options: list[int]) -> None:
    solution = hp.solve_problem(two_islands(), hp.MaxCoverage(budget=budget))
    assert (solution.status, solution.value) == (hp.Status.OPTIMAL, value)
    assert solution.open_options.tolist() == options
    assert solution.evaluation is not None
    assert solution.evaluation.cost <= budget


def test_a_solution_says_what_it_is() -> None:
    solution = hp.solve_problem(dear_and_cheap(), hp.MaxCoverage(budget=11), hp.SolverOptions(gap=0))
    assert (solution.status, solution.value, solution.gap) == ("optimal", 99, pytest.approx(0, abs=1e-9))
    assert solution.open_sites.tolist() == [1, 2, 3]
    assert (solution.solver, solution.version) == ("highs", highspy.Highs().version())
    assert solution.seconds > 0
    assert sum(solution.phases.values()) <= solution.seconds
    assert {"reduce the problem", "solve the relaxation", "solve with highs", "recompute the plan"} <= set(
        solution.phases
    )
    assert solution.steps == {
        "demand_points": 4,
        "distinct_rows": 4,
        "model_rows": 0,
        "options": 4,
        "dominated_options": 0,
        "model_options": 4,
        "relaxation_options": 4,
        "cuts": 0,
        "options_left": 3,
        "rows_left": 0,
    }
    assert solution.method == "core: max_coverage within budget, max_hubs and pins alone"


@pytest.mark.parametrize(
    ("objective", "clashes"),
    [
        (
            hp.MaxCoverage(budget=2.5),
            [
                "a hub at site 2 and the budget of 2.5 cannot be met together",
                "the least budget that meets all demands is 3",
            ],
        ),
        (
            hp.MaxCoverage(budget=0),
            [
                "a hub at site 2 and the budget of 0 cannot be met together",
                "the least budget that meets all demands is 3",
            ],
        ),
        (hp.MaxCoverage(max_hubs=0), ["a hub at site 2 and max_hubs = 0 cannot be met together"]),
        (
            hp.MaxCoverage(budget=1, max_hubs=0),
            ["a hub at site 2 and max_hubs = 0 cannot be met together", "no budget meets all demands"],
        ),
    ],
)
@pytest.mark.parametrize("name", found_solvers())
def test_limits_that_the_required_sites_break_are_named_with_both_numbers(
    objective: hp.MaxCoverage, clashes: list[str], name: str
) -> None:
    solution = hp.solve_problem(two_islands(), objective, hp.SolverOptions(name=name))
    assert solution.status == hp.Status.INFEASIBLE
    assert list(solution.clashes) == clashes
    assert (solution.open_sites.tolist(), solution.evaluation) == ([], None)
    assert math.isnan(solution.value)
    assert math.isnan(solution.bound)


def test_money_is_told_in_digits_and_so_that_it_suffices() -> None:
    dear = replace(two_islands(), option_cost=np.array([0, 2, 6, 2e9 + 7.5, 3e9]))
    solution = hp.solve_problem(dear, hp.MaxCoverage(budget=2e9))
    assert solution.clashes == (
        "a hub at site 2 and the budget of 2,000,000,000 cannot be met together",
        "the least budget that meets all demands is 2,000,000,008",
    )


def test_required_sites_that_just_fit_are_no_clash() -> None:
    solution = hp.solve_problem(two_islands(), hp.MaxCoverage(budget=3, max_hubs=1))
    assert (solution.status, solution.value) == ("optimal", 6)
    required = replace(line_of_five(), site_status=np.full(3, SiteStatus.REQUIRED), option_cost=np.full(3, 0.1))
    assert hp.solve_problem(required, hp.MaxCoverage(budget=0.3)).value == 16  # 0.1 + 0.1 + 0.1 > 0.3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gap": -0.1}, "solver.gap: -0.1 found; allowed: from 0 to below 1"),
        ({"gap": 1}, "solver.gap: 1 found"),
        ({"gap": math.nan}, "solver.gap: nan found"),
        ({"time_limit_s": 0}, "solver.time_limit_s: 0 found; allowed: more than 0"),
        ({"time_limit_s": math.inf}, "solver.time_limit_s: inf found"),
        ({"time_limit_s": math.nan}, "solver.time_limit_s: nan found"),
        ({"threads": -1}, "solver.threads: -1 found; allowed: 0 or more"),
        ({"seed": -1}, "solver.seed: -1 found; allowed: 0 to 2147483646"),
        ({"seed": 2**31 - 1}, "solver.seed: 2147483647 found"),
    ],
)
def test_options_that_no_solver_takes_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(hp.ScenarioError, match=message):
        hp.SolverOptions(**options)


@pytest.mark.parametrize("name", found_solvers())
def test_every_option_at_its_end_is_taken(name: str) -> None:
    options = hp.SolverOptions(name=name, gap=0, time_limit_s=1e-3 if name == "highs" else 1, seed=2**31 - 2)
    assert hp.solve_problem(dear_and_cheap(), hp.MaxCoverage(budget=11), options).value in {61, 99}


@pytest.mark.parametrize("few", [0.01, search.FEW, 2.0, 1e9])
def test_the_two_searches_find_the_best_from_the_poorest_start(monkeypatch: pytest.MonkeyPatch, few: float) -> None:
    monkeypatch.setattr(search, "FEW", few)
    monkeypatch.setattr(search, "FEWEST", 1)
    for seed in range(144, 432, 9):
        asked, top = sample(seed), best(seed)
        if top is not None:
            instance = _reduced(asked.case.problem(), asked.objective, RunLog()).instance
            start = np.array(sorted(cheapest(instance)), dtype=np.intp)
            answer = search.run(instance, asked.objective, hp.SolverOptions(gap=0, threads=1), start, RunLog())
            assert instance.covered_need(answer.chosen) == pytest.approx(top), seed
            assert answer.bound == pytest.approx(top, rel=1e-8), seed


def test_without_time_for_the_relaxation_the_need_in_reach_is_the_bound() -> None:
    options = hp.SolverOptions(time_limit_s=1e-9, clock=Ticking())
    solution = hp.solve_problem(dear_and_cheap(), hp.MaxCoverage(budget=11), options)
    assert (solution.status, solution.value, solution.bound) == ("feasible", 61, 159)


def test_an_asked_gap_that_the_first_plan_meets_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(covering, "SMALL_OPTIONS", 0)
    solution = hp.solve_problem(dear_and_cheap(), hp.MaxCoverage(budget=11), hp.SolverOptions(gap=0.7))
    assert (solution.status, solution.value) == ("optimal", 61)
    assert solution.gap == pytest.approx((100 - 61) / 61)  # the relaxation gives 100.2, and need is whole
    assert "solve with highs" not in solution.phases


def test_a_small_instance_is_solved_exactly_whatever_gap_is_asked() -> None:
    solution = hp.solve_problem(dear_and_cheap(), hp.MaxCoverage(budget=11), hp.SolverOptions(gap=0.7))
    assert (solution.status, solution.value, solution.ties) == ("optimal", 99, "unique")
    assert solution.gap <= 1e-9


def dear_model() -> Model:
    objective = hp.MaxCoverage(budget=11)
    return build_model(_reduced(dear_and_cheap(), objective, RunLog()).instance, objective)


@pytest.mark.parametrize("name", found_solvers())
def test_an_impossible_model_is_infeasible(name: str) -> None:
    model = dear_model()
    model.add("impossible", [(variable, 1.0) for variable in model.open_], pulp.LpConstraintGE, 5)
    solve = {"highs": solve_highs}.get(name, solve_other)
    if name != "cbc":  # test_cbc_log.py has it
        outcome = solve(model, SearchLimits(name=name, gap=0.0, seconds=9.0, threads=1, seed=0), [0.0] * 4)
        assert (outcome.termination, outcome.open_, outcome.bound) == (Termination.INFEASIBLE, None, -math.inf)


def test_a_model_that_highs_gives_up_is_a_solver_error() -> None:
    model = dear_model()
    for variable in model.program.variables():
        variable.bounds(0, None)
        variable.cat = pulp.LpContinuous
    unbounded = replace(model, program=pulp.LpProblem("unbounded", pulp.LpMaximize))
    free = unbounded.program.add_variable("free")
    unbounded.program.setObjective(pulp.LpAffineExpression([(free, 1.0)]))
    with pytest.raises(hp.SolverError, match="HiGHS stopped: Unbounded"):
        solve_highs(
            replace(unbounded, open_=[], counts=[]),
            SearchLimits(name="highs", gap=0.0, seconds=9.0, threads=1, seed=0),
            [],
        )


def test_ctrl_c_stops_highs_and_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[float] = []
    real = highspy.Highs.wait

    def interrupted(self: highspy.Highs, *seconds: float) -> object:
        calls.append(len(calls))
        if len(calls) == 1:
            raise KeyboardInterrupt
        return real(self, *seconds)

    monkeypatch.setattr(highspy.Highs, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        hp.solve_problem(dear_and_cheap(), hp.MaxCoverage(budget=11))
    assert len(calls) == 2  # stopped, then waited for


def test_phases_are_told_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="hubplanner"):
        hp.solve_problem(dear_and_cheap(), hp.MaxCoverage(budget=11))
    assert [record.getMessage() for record in caplog.records][:3] == [
        "reduce the problem",
        "find a first plan",
        "solve the relaxation",
    ]


def test_a_solver_that_was_not_needed_says_so_in_place_of_its_version() -> None:
    line = hp.Problem.from_points([[0, 0]], [3], [[1, 0]], [1], reach=5)
    assert hp.solve_problem(line, hp.MaxCoverage(max_hubs=1)).version == "not needed"
