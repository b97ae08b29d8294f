"""No solver is believed about questions with constraints either: what it states is compared with what its hubs make."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support.instances.tiny import line_of_five

import hubplanner as hp
from hubplanner.model.goals import cost, covered_need
from hubplanner.solver.backends import ADAPTERS, DisagreementError
from hubplanner.solver.backends.highs import solve_highs
from hubplanner.solver.mip.bounds.upper_bound import agreed_bound

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hubplanner.solver.backends import Outcome, SearchLimits, Solvable

TWO = hp.MaxCoverage(budget=2, constraints=(hp.MinHubs(count=1),))
STACKED = hp.MaxCoverage(budget=2, constraints=(hp.MinHubs(count=1), hp.HubsPerSite(count=2), hp.Capacity(people=(4,))))


def solve_with(
    monkeypatch: pytest.MonkeyPatch, lie: Callable[[int, Outcome], Outcome], objective: hp.MaxCoverage = TWO
) -> hp.Solution:
    """Solve with an adapter that runs HiGHS and then twists its answer; the lie knows how often it was asked."""
    calls: list[int] = []

    def liar(model: Solvable, effort: SearchLimits, start: Sequence[float]) -> Outcome:
        calls.append(1)
        return lie(len(calls), solve_highs(model, effort, start))

    monkeypatch.setitem(ADAPTERS, "liar", liar)  # type: ignore[arg-type]
    return hp.solve_problem(line_of_five(), objective, hp.SolverOptions(name="liar", gap=0, ties=False))


def test_the_truth_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    solution = solve_with(monkeypatch, lambda _, outcome: outcome)
    assert (solution.status, solution.value) == (hp.Status.OPTIMAL, 15)


@pytest.mark.parametrize("wrong", [0.5, 2e-5, math.nan])
def test_a_hub_that_is_no_whole_number_is_caught(monkeypatch: pytest.MonkeyPatch, wrong: float) -> None:
    with pytest.raises(hp.SolverError, match=r"returned a whole number that is .* away from any"):
        solve_with(monkeypatch, lambda _, outcome: replace(outcome, open_=[wrong, *list(outcome.open_ or [])[1:]]))


@pytest.mark.parametrize("more", [1e-3, 5.0, math.nan])
def test_a_value_above_what_the_hubs_make_is_caught(monkeypatch: pytest.MonkeyPatch, more: float) -> None:
    with pytest.raises(hp.SolverError, match=r"liar states covered need .*, its hubs make it 15"):
        solve_with(monkeypatch, lambda _, outcome: replace(outcome, value=outcome.value + more, bound=9e9))


def test_a_bound_below_the_solver_s_own_plan_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(hp.SolverError, match="as the best covered need, its own plan's is 15"):
        solve_with(monkeypatch, lambda _, outcome: replace(outcome, bound=outcome.value - 1))


def test_a_plan_that_breaks_a_limit_is_ruled_out_and_the_next_one_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def over_once(asked: int, outcome: Outcome) -> Outcome:
        return replace(outcome, open_=[1.0, 1.0, 1.0]) if asked == 1 else outcome

    assert solve_with(monkeypatch, over_once).value == 15


@pytest.mark.parametrize(
    ("objective", "why"),
    [(TWO, "the budget is"), (STACKED, "cannot serve people as asked")],
    ids=["alone", "in numbers"],
)
def test_one_that_breaks_limits_for_ever_ends_with_its_words(
    monkeypatch: pytest.MonkeyPatch, objective: hp.MaxCoverage, why: str
) -> None:
    with pytest.raises(hp.SolverError, match=rf"returned only plans that break a limit: .*{why}"):
        solve_with(monkeypatch, lambda _, outcome: replace(outcome, open_=[1.0, 1.0, 1.0]), objective)


def test_where_hubs_are_numbers_a_little_less_money_keeps_within_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    def over_once(asked: int, outcome: Outcome) -> Outcome:
        return replace(outcome, open_=[1.0, 1.0, 1.0]) if asked == 1 else outcome

    solution = solve_with(monkeypatch, over_once, replace(STACKED, budget=2.5))
    assert solution.evaluation is not None
    assert solution.evaluation.cost <= 2.5
    assert solution.value == 8


def test_a_bound_below_a_plan_that_is_known_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    best = hp.solve_problem(line_of_five(), TWO, hp.SolverOptions(gap=0))

    def liar(model: Solvable, effort: SearchLimits, start: Sequence[float]) -> Outcome:
        del start
        truth = solve_highs(model, effort, [])
        # Another plan of the same solver, with a bound that is no contradiction of that plan.
        opened = [0.0] * (len(truth.open_ or []) - 1) + [1.0]
        return replace(truth, open_=opened, value=-math.inf, bound=truth.value * 0.99)

    monkeypatch.setitem(ADAPTERS, "liar", liar)  # type: ignore[arg-type]
    options = hp.SolverOptions(name="liar", gap=0, ties=False)
    with pytest.raises(hp.SolverError, match=r"is stated as the best covered need, a plan's is 15"):
        hp.solve_problem(line_of_five(), TWO, options, start=best)


@pytest.mark.parametrize(("past", "caught"), [(0.9e-6, False), (1.1e-6, True), (0.5, True)])
@pytest.mark.parametrize("sense", [1, -1])
def test_a_figure_passes_its_bound_by_rounding_alone(sense: int, past: float, *, caught: bool) -> None:
    goal = covered_need() if sense > 0 else cost()
    value, bound = 1000.0, 1000.0 * (1 - sense * past)
    if caught:
        with pytest.raises(DisagreementError, match=f"best {goal.name}, a plan's is 1,000"):
            agreed_bound(goal, value, bound)
    else:
        assert agreed_bound(goal, value, bound) == value
    assert agreed_bound(goal, value, value + sense) == value + sense
    assert math.isnan(agreed_bound(goal, value, math.nan))
