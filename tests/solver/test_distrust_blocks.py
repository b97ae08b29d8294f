"""No solver is believed about questions with blocks either: what it states is compared with what its hubs make."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support.instances.tiny import line_of_five

import hubplanner as hp
from hubplanner.solver.backends import ADAPTERS
from hubplanner.solver.backends.highs import solve_highs

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
