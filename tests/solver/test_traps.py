"""The traps of PuLP and its solvers, each pinned: PuLP says one thing, the truth is another, and ours is the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
import pulp
import pytest
from support.instances.tiny import dear_and_cheap, random_town, scattered

import hubplanner as hp
from hubplanner.model import Model, build_model
from hubplanner.solver import found_solvers
from hubplanner.solver.backends import SearchLimits, Termination, highs
from hubplanner.solver.backends.cbc import cbc_path, solve_cbc
from hubplanner.solver.backends.highs import new_handle, solve_highs
from hubplanner.solver.covering.branch_and_bound import rounded
from hubplanner.solver.covering.strategy import _reduced
from hubplanner.solver.run_log import RunLog

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EIGHT = hp.MaxCoverage(max_hubs=8)
PULP: dict[str, Callable[..., pulp.LpSolver]] = {
    "highs": lambda **options: pulp.HiGHS(msg=False, threads=1, **options),
    "cbc": lambda **options: pulp.COIN_CMD(path=cbc_path(), msg=False, threads=1, **options),
}
ADAPTERS = {"highs": solve_highs, "cbc": solve_cbc}


def model_of(problem: hp.Problem, objective: hp.MaxCoverage = EIGHT) -> Model:
    return build_model(_reduced(problem, objective, RunLog()).instance, objective)


def zeros(model: Model) -> list[float]:
    return [0.0] * len(model.open_)


@pytest.mark.parametrize("name", PULP)
def test_pulp_says_optimal_at_a_time_limit_and_we_say_feasible_with_the_true_gap(name: str) -> None:
    status = model_of(scattered(0)).program.solve(PULP[name](timeLimit=1))
    assert pulp.LpStatus[status] == "Optimal"

    options = hp.SolverOptions(name=name, time_limit_s=1, threads=1, gap=0)
    solution = hp.solve_problem(scattered(0), EIGHT, options)
    assert solution.status == hp.Status.FEASIBLE
    assert solution.gap > 0.05
    assert 140 <= solution.value < 170 < solution.bound * 1.1


@pytest.mark.parametrize("name", PULP)
def test_pulp_says_optimal_at_a_loose_gap_and_we_state_the_gap(name: str) -> None:
    program = model_of(scattered(0)).program
    status = program.solve(PULP[name](gapRel=0.2))
    assert pulp.LpStatus[status] == "Optimal"
    assert program.sol_status == pulp.LpSolutionOptimal

    loose = hp.solve_problem(scattered(0), EIGHT, hp.SolverOptions(name=name, gap=0.2, threads=1))
    assert loose.status == hp.Status.OPTIMAL  # within the gap that was asked
    assert 0.05 < loose.gap <= 0.2
    best_of_any = hp.solve_problem(scattered(0), EIGHT, hp.SolverOptions(name=name, time_limit_s=1, threads=1))
    assert loose.bound >= best_of_any.value


def test_an_adapter_does_not_take_pulps_word_for_finished() -> None:
    model = model_of(scattered(0))
    hurry = SearchLimits(name="", gap=0.0, seconds=1.0, threads=1, seed=0)
    for name, solve in ADAPTERS.items():
        outcome = solve(model, hurry, zeros(model))
        assert outcome.termination == Termination.STOPPED, name
        assert outcome.bound > outcome.value + 1 / model.need_unit, name


@pytest.fixture
def handles(monkeypatch: pytest.MonkeyPatch) -> list[highspy.Highs]:
    """Keep what programs are handed over to."""
    kept = []

    def keep(*given: Any, **options: Any) -> highspy.Highs:
        kept.append(new_handle(*given, **options))
        return kept[-1]

    monkeypatch.setattr(highs, "new_handle", keep)
    return kept


def test_the_bound_is_the_one_the_highs_handle_holds(handles: list[highspy.Highs]) -> None:
    model = model_of(scattered(0))
    outcome = solve_highs(model, SearchLimits(name="highs", gap=2.0, seconds=2.0, threads=1, seed=0), zeros(model))
    [handle] = handles
    assert outcome.bound == -handle.getInfo().mip_dual_bound
    assert outcome.bound > outcome.value + 0.1
    assert handle.getOptionValue("mip_rel_gap")[1] == 0
    assert handle.getOptionValue("mip_abs_gap")[1] == 2.0


def test_cbc_that_finished_within_an_absolute_gap_proves_that_gap() -> None:
    model = model_of(scattered(0))
    outcome = solve_cbc(model, SearchLimits(name="cbc", gap=18.0, seconds=60.0, threads=1, seed=0), zeros(model))
    assert outcome.termination == Termination.FINISHED
    assert outcome.value < outcome.bound <= outcome.value + 18.0


@pytest.mark.parametrize("name", ADAPTERS)
def test_no_time_at_all_gives_no_plan_or_a_plan_and_never_a_proof(name: str) -> None:
    model = model_of(scattered(1))
    outcome = ADAPTERS[name](model, SearchLimits(name=name, gap=0.0, seconds=0.01, threads=1, seed=0), zeros(model))
    assert outcome.termination == Termination.STOPPED
    if outcome.open_ is not None:
        assert model.instance.covered_need(rounded(outcome.open_, name)) < outcome.bound * model.need_unit


@pytest.mark.parametrize("name", found_solvers())
def test_a_solver_that_overspends_within_its_tolerance_is_held_to_the_budget(name: str) -> None:
    """S1 and S2 cost a ten-millionth too much together; S1 with S3 is the best plan, S0 the first one found.

    The six free hubs come with every plan: to forbid overspent choices with them, one by one, would take forever.
    """
    need = [60, 49, 49, 47] + [0.01] * 6
    cost = [6, 5, 5.0000001, 4.9] + [0.0] * 6
    problem = hp.Problem.from_matrix(np.where(np.eye(10) > 0, 0.0, np.inf), need, cost, reach=1)
    solution = hp.solve_problem(problem, hp.MaxCoverage(budget=10), hp.SolverOptions(name=name, gap=0))
    assert solution.evaluation is not None
    assert solution.evaluation.cost <= 10
    assert solution.bound >= 96.06 - 1e-9
    # CBC 2.10.3 loses its overspent plan and calls the model infeasible: the first plan stays, with its true gap.
    assert solution.value == pytest.approx(60.06 if solution.value < 61 and name == "cbc" else 96.06)
    assert (solution.status == hp.Status.OPTIMAL) == (solution.gap <= 1e-9)
    assert name != "highs" or solution.status == hp.Status.OPTIMAL


def test_an_expression_forgets_all_but_the_last_of_a_variable_that_comes_twice() -> None:
    """Why the terms of a constraint name each variable once."""
    program = pulp.LpProblem("twice", pulp.LpMaximize)
    variable = program.add_variable("x", 0, 1)
    assert pulp.LpAffineExpression([(variable, 1.0), (variable, 2.0)])[variable] == 2.0


@pytest.mark.parametrize("name", found_solvers())
def test_a_solve_prints_nothing(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    hp.solve_problem(dear_and_cheap(), hp.MaxCoverage(budget=11), hp.SolverOptions(name=name))
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")


@pytest.mark.parametrize("name", found_solvers())
def test_two_runs_give_the_same_plan(name: str) -> None:
    town, objective = random_town(2), hp.MaxCoverage(budget=40)
    options = hp.SolverOptions(name=name, threads=1, seed=7)
    one, other = (hp.solve_problem(town, objective, options) for _ in range(2))
    assert one.open_options.tolist() == other.open_options.tolist()
    assert (one.value, one.bound, one.status) == (other.value, other.bound, other.status)


def test_threads_seed_and_time_reach_highs(handles: list[highspy.Highs]) -> None:
    model = model_of(dear_and_cheap(), hp.MaxCoverage(budget=11))
    solve_highs(
        model, SearchLimits(name="highs", gap=0.0, seconds=12.5, threads=2, seed=42, clock=lambda: 0.0), zeros(model)
    )
    [handle] = handles
    found = {name: handle.getOptionValue(name)[1] for name in ("threads", "random_seed", "time_limit")}
    assert found == {"threads": 2, "random_seed": 42, "time_limit": 12.5}
    assert isinstance(handle, highspy.Highs)


@pytest.mark.parametrize(("asked", "taken"), [(0, 1), (1, 1), (2, 2)])
def test_a_small_program_takes_one_thread_unless_more_are_asked_for(
    handles: list[highspy.Highs], asked: int, taken: int
) -> None:
    model = model_of(dear_and_cheap(), hp.MaxCoverage(budget=11))
    solve_highs(model, SearchLimits(name="highs", gap=0.0, seconds=9.0, threads=asked, seed=0), zeros(model))
    assert handles[0].getOptionValue("threads")[1] == taken


def test_threads_seed_and_time_reach_cbc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    commands = tmp_path / "commands"
    wrapper = tmp_path / "cbc"
    wrapper.write_text(f'#!/bin/sh\necho "$@" >> {commands}\nexec {cbc_path()} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setattr("hubplanner.solver.backends.cbc.cbc_path", lambda: str(wrapper))
    model = model_of(dear_and_cheap(), hp.MaxCoverage(budget=11))
    solve_cbc(model, SearchLimits(name="cbc", gap=0.5, seconds=12.5, threads=2, seed=42), zeros(model))
    said = commands.read_text()
    for part in ("-sec 12.5", "-threads 2", "-randomSeed 43", "-randomCbcSeed 43", "-allow 0.499", "-ratio 0.0"):
        assert part in said, said
