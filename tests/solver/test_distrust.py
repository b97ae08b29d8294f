"""No solver is believed: adapters that lie are caught, or their lie does no harm."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pulp
import pytest
from support.instances.tiny import dear_and_cheap, two_islands

import hubplanner as hp
from hubplanner.problem import evaluate
from hubplanner.solver import found_solvers
from hubplanner.solver.backends import ADAPTERS, Outcome, Termination
from hubplanner.solver.backends.highs import solve_highs
from hubplanner.solver.covering import presolve, strategy as home, strategy as run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hubplanner.model import Model
    from hubplanner.problem import Evaluation, Ints
    from hubplanner.problem.covering_instance import CoveringInstance
    from hubplanner.solver.backends import SearchLimits

    Lie = Callable[[Model, Outcome], Outcome]

ELEVEN = hp.MaxCoverage(budget=11)
TRUTH, START = 99, 61
RELAXATION = 100
"""Of 100.2, since need is whole."""


def solve_with(
    monkeypatch: pytest.MonkeyPatch,
    lie: Lie,
    problem: hp.Problem | None = None,
    objective: hp.MaxCoverage = ELEVEN,
) -> hp.Solution:
    """Solve with an adapter that runs HiGHS and then twists its answer, over all that may beat the first plan."""

    def liar(model: Model, effort: SearchLimits, start: Sequence[float]) -> Outcome:
        return lie(model, solve_highs(model, effort, start))

    monkeypatch.setattr(run, "sharper", lambda _instance, _objective, relaxation, *_: relaxation)
    monkeypatch.setattr(run, "FEW", 1e9)
    monkeypatch.setitem(ADAPTERS, "liar", liar)  # type: ignore[arg-type]
    return hp.solve_problem(problem or dear_and_cheap(), objective, hp.SolverOptions(name="liar", gap=0))


def opened(model: Model, sites: set[int]) -> list[float]:
    return [float(site in sites) for site in model.instance.site.tolist()]


def plan_of(model: Model, sites: set[int]) -> Outcome:
    """Return the outcome of a true statement about hubs at some sites."""
    instance, open_ = model.instance, opened(model, sites)
    value = sum(gain for gain, built in zip(instance.gain, open_, strict=True) if built) / model.need_unit
    return Outcome(termination=Termination.FINISHED, open_=open_, value=value, bound=value, version="1")


def test_an_adapter_that_tells_the_truth_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    solution = solve_with(monkeypatch, lambda _, outcome: outcome)
    assert (solution.status, solution.value, solution.bound) == (hp.Status.OPTIMAL, TRUTH, pytest.approx(TRUTH))
    assert solution.open_sites.tolist() == [1, 2, 3]


@pytest.mark.parametrize("wrong", [0.5, 2e-5, -0.3, 2.0, 7.0, math.nan])
def test_a_binary_that_is_neither_0_nor_1_is_caught(monkeypatch: pytest.MonkeyPatch, wrong: float) -> None:
    with pytest.raises(hp.SolverError, match=r"returned a binary that is .* away from 0 and 1"):
        solve_with(monkeypatch, lambda _, outcome: replace(outcome, open_=[wrong, *list(outcome.open_ or [])[1:]]))


def test_a_binary_that_is_off_by_rounding_is_rounded(monkeypatch: pytest.MonkeyPatch) -> None:
    def off(_: Model, outcome: Outcome) -> Outcome:
        return replace(outcome, open_=[abs(value - 9e-6) for value in outcome.open_ or []])

    assert solve_with(monkeypatch, off).value == TRUTH


@pytest.mark.parametrize("more", [1e-3, 5.0, math.nan, math.inf])
def test_a_value_above_what_the_hubs_cover_is_caught(monkeypatch: pytest.MonkeyPatch, more: float) -> None:
    with pytest.raises(hp.SolverError, match=r"(?i)liar states .* covered need, its hubs cover"):
        solve_with(
            monkeypatch, lambda _, outcome: replace(outcome, value=outcome.value + more, bound=outcome.bound + 9)
        )


@pytest.mark.parametrize("less", [1e-3, 5.0, math.nan])
def test_a_bound_below_the_solvers_own_plan_is_caught(monkeypatch: pytest.MonkeyPatch, less: float) -> None:
    with pytest.raises(hp.SolverError, match="as the most any plan covers, its own covers"):
        solve_with(monkeypatch, lambda _, outcome: replace(outcome, bound=outcome.value - less))


def test_a_value_below_what_the_hubs_cover_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    solution = solve_with(monkeypatch, lambda _, outcome: replace(outcome, value=0.0))
    assert (solution.status, solution.value) == (hp.Status.OPTIMAL, TRUTH)


def test_a_bound_of_nothing_leaves_the_relaxations(monkeypatch: pytest.MonkeyPatch) -> None:
    solution = solve_with(monkeypatch, lambda _, outcome: replace(outcome, bound=math.inf))
    assert (solution.status, solution.value) == (hp.Status.FEASIBLE, TRUTH)
    assert solution.bound == pytest.approx(RELAXATION)


def test_hubs_far_beyond_the_budget_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(hp.SolverError, match=r"(?i)liar returned hubs that cost .* more than the budget leaves"):
        solve_with(monkeypatch, lambda model, _: plan_of(model, {0, 1, 2, 3}))


def test_hubs_slightly_beyond_the_budget_are_repaired(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    dearer = replace(dear_and_cheap(), option_cost=dear_and_cheap().option_cost + np.array([0, 0, 1e-6, 0]))

    def first_over(model: Model, outcome: Outcome) -> Outcome:
        calls.append(len(model.program.constraints()))
        both = {1, 2, 3}
        over = sum(model.instance.site == site for site in (1, 2)).sum() == 2 and len(calls) < 4
        return plan_of(model, both) if over else outcome

    solution = solve_with(monkeypatch, first_over, dearer)
    assert solution.value == START
    assert solution.evaluation is not None
    assert solution.evaluation.cost <= 11
    assert len(calls) > 2


def test_one_that_overspends_slightly_for_ever_leaves_the_plan_there_was(monkeypatch: pytest.MonkeyPatch) -> None:
    dearer = replace(dear_and_cheap(), option_cost=dear_and_cheap().option_cost + np.array([0, 0, 1e-6, 0]))

    def always_over(model: Model, outcome: Outcome) -> Outcome:
        return plan_of(model, {1, 2, 3}) if {1, 2} <= set(model.instance.site.tolist()) else outcome

    solution = solve_with(monkeypatch, always_over, dearer)
    assert solution.value == START
    assert solution.bound >= START


@pytest.mark.parametrize(
    ("sites", "reason"),
    [({0}, "required site 3 holds no hub"), ({0, 1, 2, 3}, "4 new hubs are built, max_hubs is 3")],
)
def test_a_limit_that_got_lost_on_the_way_is_caught(
    monkeypatch: pytest.MonkeyPatch, sites: set[int], reason: str
) -> None:
    real = home.run

    def careless(*given: Any, **more: Any) -> Any:
        chosen = np.flatnonzero(np.isin(given[0].site, list(sites)))
        return replace(real(*given, **more), chosen=chosen, bound=1e6)

    monkeypatch.setattr(home, "run", careless)
    with pytest.raises(hp.SolverError, match=reason):
        hp.solve_problem(dear_and_cheap(), hp.MaxCoverage(budget=20, max_hubs=3))


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(termination=Termination.INFEASIBLE, open_=None, value=math.nan, bound=-math.inf, version="1"),
        Outcome(termination=Termination.STOPPED, open_=None, value=math.nan, bound=math.inf, version="1"),
        Outcome(termination=Termination.STOPPED, open_=None, value=math.nan, bound=1e6, version="1"),
        Outcome(termination=Termination.FINISHED, open_=None, value=math.nan, bound=math.inf, version="1"),
    ],
    ids=["infeasible", "stopped without a bound", "stopped with a bound", "finished without a plan"],
)
def test_a_solver_without_a_plan_leaves_the_one_there_was_and_the_relaxations_bound(
    monkeypatch: pytest.MonkeyPatch, outcome: Outcome
) -> None:
    solution = solve_with(monkeypatch, lambda _, __: outcome)
    assert (solution.status, solution.value) == (hp.Status.FEASIBLE, START)
    assert solution.bound == pytest.approx(RELAXATION)


def test_a_plan_recounted_by_the_evaluator_must_cover_what_the_model_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(problem: hp.Problem, options: Ints) -> Evaluation:
        return replace(evaluate(problem, options), covered_need=1.0)

    monkeypatch.setattr("hubplanner.solver.certify.evaluate", short)
    with pytest.raises(hp.SolverError, match=r"the model counts 15.000000 as covered need, recomputed it is 1.000000"):
        hp.solve_problem(two_islands(), hp.MaxCoverage(budget=7))


def test_a_plan_above_the_proven_bound_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    real = home.run
    monkeypatch.setattr(home, "run", lambda *given, **more: replace(real(*given, **more), bound=14.0))
    with pytest.raises(hp.SolverError, match=r"covered need is 15.000000, better than the proven bound 14.000000"):
        hp.solve_problem(two_islands(), hp.MaxCoverage(budget=7))


def test_a_better_and_cheaper_tier_found_in_pruning_is_no_contradiction(monkeypatch: pytest.MonkeyPatch) -> None:
    """The large tier at the required site is cheaper here; a plan with the small one is made better on the way."""
    odd = replace(two_islands(), option_cost=two_islands().option_cost[[0, 1, 2, 4, 3]])
    real = home.run

    def worse(instance: CoveringInstance, *given: Any, **more: Any) -> object:
        return replace(real(instance, *given, **more), chosen=np.flatnonzero(instance.option == 3))

    monkeypatch.setattr(home, "run", worse)
    monkeypatch.setattr(presolve, "drop_dominated", lambda instance, **_: instance)
    solution = hp.solve_problem(odd, hp.MaxCoverage(max_hubs=1))
    assert solution.open_options.tolist() == [0, 4]
    assert solution.value == 12


@pytest.mark.parametrize("name", ["nosuch", "PULP_CBC_CMD", "HiGHS_CMD", ""])
def test_a_solver_that_is_not_here_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(hp.ScenarioError, match=r"solver.name: .* allowed: .* one of highs, cbc") as caught:
        hp.solve_problem(two_islands(), ELEVEN, hp.SolverOptions(name=name))
    assert repr(name) in str(caught.value)


def test_names_are_read_in_any_case() -> None:
    for name in (known.swapcase() for known in found_solvers()):
        assert hp.solve_problem(dear_and_cheap(), ELEVEN, hp.SolverOptions(name=name)).value == TRUTH


@pytest.mark.parametrize("path", ["/nowhere/cbc", "/bin/true"])
def test_a_cbc_that_does_not_run_is_a_solver_error(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr("hubplanner.solver.backends.cbc.cbc_path", lambda: path)
    with pytest.raises(hp.SolverError, match="CBC failed"):
        hp.solve_problem(dear_and_cheap(), ELEVEN, hp.SolverOptions(name="cbc"))


def test_another_solver_that_fails_is_a_solver_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> int:
        message = "no licence"
        raise pulp.PulpSolverError(message)

    monkeypatch.setattr(pulp.LpProblem, "solve", fail)
    with pytest.raises(hp.SolverError, match="SCIP_PY failed: no licence"):
        hp.solve_problem(dear_and_cheap(), ELEVEN, hp.SolverOptions(name="SCIP_PY"))
