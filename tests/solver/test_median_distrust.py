"""No solver is believed about what is left of a p-median: adapters that lie are caught, or their lie does no harm."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import hubplanner as hp
from hubplanner.problem.evaluation import evaluate_again
from hubplanner.solver.backends import ADAPTERS, Outcome, Termination
from hubplanner.solver.backends.highs import solve_highs
from hubplanner.solver.median import strategy as home

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hubplanner.model import Model
    from hubplanner.problem import Evaluation
    from hubplanner.solver.backends import SearchLimits

    Lie = Callable[[Model, Outcome], Outcome]

ASKED = hp.PMedian(max_hubs=4)
LIMITED = hp.PMedian(budget=9)


def scattered() -> hp.Problem:
    """Return 30 points and 16 sites at distances without rhyme or reason, which the relaxation leaves open."""
    rng = np.random.default_rng(7)
    return hp.Problem.from_matrix(rng.uniform(1, 100, (30, 16)), np.ones(30), rng.integers(1, 6, 16), reach=10)


def solve_with(monkeypatch: pytest.MonkeyPatch, lie: Lie, objective: hp.PMedian = ASKED) -> hp.Solution:
    """Solve with an adapter that runs HiGHS and then twists its answer; it has to be asked."""
    calls: list[int] = []

    def liar(model: Model, effort: SearchLimits, start: Sequence[float]) -> Outcome:
        calls.append(1)
        return lie(model, solve_highs(model, effort, start))

    monkeypatch.setitem(ADAPTERS, "liar", liar)  # type: ignore[arg-type]
    found = hp.solve_problem(scattered(), objective, hp.SolverOptions(name="liar", gap=0, ties=False))
    assert calls
    return found


@cache
def truth(objective: hp.PMedian = ASKED) -> float:
    """Return the value of a best plan."""
    return hp.solve_problem(scattered(), objective, hp.SolverOptions(gap=0, ties=False)).value


@pytest.mark.parametrize("objective", [ASKED, LIMITED])
def test_an_adapter_that_tells_the_truth_is_believed(monkeypatch: pytest.MonkeyPatch, objective: hp.PMedian) -> None:
    solution = solve_with(monkeypatch, lambda _, outcome: outcome, objective)
    assert (solution.status, solution.value) == (hp.Status.OPTIMAL, truth(objective))
    assert solution.bound == pytest.approx(solution.value, rel=1e-7)


@pytest.mark.parametrize("wrong", [0.5, 2e-5, -0.3, 2.0, math.nan])
def test_a_binary_that_is_neither_0_nor_1_is_caught(monkeypatch: pytest.MonkeyPatch, wrong: float) -> None:
    with pytest.raises(hp.SolverError, match=r"returned a binary that is .* away from 0 and 1"):
        solve_with(monkeypatch, lambda _, outcome: replace(outcome, open_=[wrong, *list(outcome.open_ or [])[1:]]))


@pytest.mark.parametrize("more", [1.0, 500.0, math.nan, math.inf])
def test_a_value_better_than_what_the_hubs_make_is_caught(monkeypatch: pytest.MonkeyPatch, more: float) -> None:
    with pytest.raises(hp.SolverError, match=r"(?i)liar states .*, its hubs make it"):
        solve_with(monkeypatch, lambda _, outcome: replace(outcome, value=outcome.value + more, bound=math.inf))


@pytest.mark.parametrize("less", [1.0, 500.0, math.nan])
def test_a_bound_that_the_solver_s_own_plan_beats_is_caught(monkeypatch: pytest.MonkeyPatch, less: float) -> None:
    with pytest.raises(hp.SolverError, match="as the least, its own plan's is"):
        solve_with(monkeypatch, lambda _, outcome: replace(outcome, bound=outcome.value - less))


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(termination=Termination.INFEASIBLE, open_=None, value=math.nan, bound=-math.inf, version="1"),
        Outcome(termination=Termination.STOPPED, open_=None, value=math.nan, bound=math.inf, version="1"),
        Outcome(termination=Termination.STOPPED, open_=None, value=math.nan, bound=math.nan, version="1"),
        Outcome(termination=Termination.FINISHED, open_=None, value=math.nan, bound=math.inf, version="1"),
    ],
    ids=["infeasible", "stopped without a bound", "stopped with none", "finished without a plan"],
)
def test_a_solver_without_a_plan_leaves_the_one_there_was_and_the_multipliers_bound(
    monkeypatch: pytest.MonkeyPatch, outcome: Outcome
) -> None:
    solution = solve_with(monkeypatch, lambda _, __: outcome)
    assert solution.status == hp.Status.FEASIBLE
    assert 0 < solution.bound <= truth() <= solution.value
    assert solution.gap < 0.2


def test_too_many_hubs_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(hp.SolverError, match=r"(?i)liar returned .* hubs, .* are left"):
        solve_with(monkeypatch, lambda model, outcome: replace(outcome, open_=[1.0] * len(model.open_)))


def test_hubs_far_beyond_the_budget_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(hp.SolverError, match=r"(?i)liar returned hubs that cost .* more than the budget leaves"):
        solve_with(monkeypatch, lambda model, outcome: replace(outcome, open_=[1.0] * len(model.open_)), LIMITED)


def test_hubs_slightly_beyond_the_budget_are_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """A solver that takes hubs of 9.000001 for 9 is asked again without them."""
    asked: list[int] = []
    price = scattered().option_cost.copy()
    best = hp.solve_problem(scattered(), LIMITED, hp.SolverOptions(gap=0, ties=False))
    price[best.open_sites[0]] += (9 - price[best.open_sites].sum()) + 1e-6
    dearer = replace(scattered(), option_cost=price)

    def over(model: Model, effort: SearchLimits, start: Sequence[float]) -> Outcome:
        asked.append(1)
        built = np.isin(model.instance.site, best.open_sites)
        if len(asked) > 1 or built.sum() < len(best.open_sites):
            return solve_highs(model, effort, start)
        hubs = built.astype(float).tolist()
        return Outcome(termination=Termination.FINISHED, open_=hubs, value=-9e9, bound=math.inf, version="1")

    monkeypatch.setitem(ADAPTERS, "liar", over)  # type: ignore[arg-type]
    found = hp.solve_problem(dearer, LIMITED, hp.SolverOptions(name="liar", gap=0, ties=False))
    exact = hp.solve_problem(dearer, LIMITED, hp.SolverOptions(gap=0, ties=False))
    assert found.value == pytest.approx(exact.value, rel=1e-9)
    assert found.evaluation is not None
    assert found.evaluation.cost <= 9 * (1 + 1e-9)


def test_a_plan_recounted_by_the_evaluator_must_be_as_far_as_the_table_says(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(problem: hp.Problem, found: Evaluation, *, assigned: bool) -> object:
        plan = evaluate_again(problem, found, assigned=assigned)
        return replace(plan, nearest_distance=plan.nearest_distance / 2)

    monkeypatch.setattr("hubplanner.solver.certify.evaluate_again", short)
    with pytest.raises(hp.SolverError, match=r"the model counts .* as mean distance, recomputed it is"):
        hp.solve_problem(scattered(), ASKED)


def test_a_plan_better_than_the_proven_bound_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    real = home.climb

    def careless(*given: Any) -> Any:
        proof = real(*given)
        return replace(proof, lower=proof.value * 1.01)

    monkeypatch.setattr(home, "climb", careless)
    with pytest.raises(hp.SolverError, match="better than the proven bound"):
        hp.solve_problem(scattered(), ASKED)


def test_a_limit_that_got_lost_on_the_way_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    real = home.climb

    def careless(*given: Any) -> Any:
        proof = real(*given)
        return replace(proof, chosen=np.arange(proof.table.size))

    monkeypatch.setattr(home, "climb", careless)
    with pytest.raises(hp.SolverError, match="new hubs are built, max_hubs is 4"):
        hp.solve_problem(scattered(), ASKED, hp.SolverOptions(gap=0.9, ties=False))
