"""Nothing that a strategy claims is believed: each false claim is caught, and all of them are said at once."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support.instances.tiny import line_of_five

import hubplanner as hp
from hubplanner.model import Question
from hubplanner.problem import evaluate
from hubplanner.solver.certify import certify
from hubplanner.solver.strategy import Candidate, SolveContext

if TYPE_CHECKING:
    from hubplanner.model import Objective

OPTIONS = hp.SolverOptions(gap=0.1)


def claimed(objective: Objective, options: list[int], **figures: tuple[float, ...]) -> Candidate:
    """Return a candidate of a line of five whose figures are those of its hubs, but for some."""
    found = hp.solve_problem(line_of_five(), objective, hp.SolverOptions(gap=0.0))
    true = [goal.value for goal in found.goals]
    assert found.open_options.tolist() == options
    honest = Candidate(plans=(evaluate(line_of_five(), options),), stated=tuple(true), bounds=tuple(true))
    return replace(honest, **figures)


def certified(objective: Objective, candidate: Candidate) -> hp.Solution:
    return certify(
        Question.of(line_of_five(), objective),
        candidate,
        SolveContext.begin(OPTIONS, hp.solve_problem),
        "test: by hand",
    )


TWO = hp.MaxCoverage(budget=2)
BEST = hp.solve_problem(line_of_five(), TWO, hp.SolverOptions(gap=0.0))
HUBS, MOST = BEST.open_options.tolist(), BEST.value


def test_what_is_true_is_believed_and_its_figures_are_the_recomputed_ones() -> None:
    found = certified(TWO, claimed(TWO, HUBS, stated=(MOST * (1 + 1e-7),)))
    assert (found.status, found.value, found.bound) == (hp.Status.OPTIMAL, MOST, MOST)
    assert (found.method, found.goals[0].name) == ("test: by hand", "covered need")


@pytest.mark.parametrize("stated", [MOST * 1.01, MOST * 0.99, math.nan])
def test_another_figure_than_the_hubs_have_is_caught(stated: float) -> None:
    with pytest.raises(hp.SolverError, match=r"the model counts .* as covered need, recomputed it is"):
        certified(TWO, claimed(TWO, HUBS, stated=(stated,)))


@pytest.mark.parametrize("bound", [MOST * 0.99, math.nan])
def test_a_bound_that_the_plan_passes_is_caught(bound: float) -> None:
    with pytest.raises(hp.SolverError, match="better than the proven bound"):
        certified(TWO, claimed(TWO, HUBS, bounds=(bound,)))


def test_a_bound_that_is_passed_by_rounding_is_lifted_to_the_figure() -> None:
    assert certified(TWO, claimed(TWO, HUBS, bounds=(MOST * (1 - 1e-8),))).bound == MOST


@pytest.mark.parametrize(("gap", "status"), [(0.05, hp.Status.OPTIMAL), (0.2, hp.Status.FEASIBLE)])
def test_a_plan_is_called_optimal_within_the_asked_gap_only(gap: float, status: hp.Status) -> None:
    assert certified(TWO, claimed(TWO, HUBS, bounds=(MOST * (1 + gap),))).status == status


def test_a_plan_without_all_its_goals_is_not_called_optimal() -> None:
    late = replace(claimed(TWO, HUBS), is_complete=False)
    assert certified(TWO, late).status == hp.Status.FEASIBLE


def test_all_that_is_wrong_is_said_at_once() -> None:
    less = hp.MaxCoverage(budget=1, max_hubs=1)
    false = claimed(TWO, HUBS, stated=(MOST + 1,), bounds=(MOST - 1,), levels=(MOST + 2,))
    with pytest.raises(hp.SolverError) as caught:
        certified(less, false)
    for part in ("max_hubs is 1", "budget is 1", "the model counts", "better than the proven bound", "reached before"):
        assert part in str(caught.value)


def test_less_is_better_where_the_goal_says_so() -> None:
    near = hp.PCenter(max_hubs=2)
    hubs = hp.solve_problem(line_of_five(), near, hp.SolverOptions(gap=0.0)).open_options.tolist()
    true = claimed(near, hubs)
    assert certified(near, true).goals[0].bound == true.bounds[0]
    with pytest.raises(hp.SolverError, match=r"worst distance is .* better than the proven bound"):
        certified(near, replace(true, bounds=(true.bounds[0] * 1.01, true.bounds[1])))
    with pytest.raises(hp.SolverError, match=r"worst distance is .* worse than the .* reached before"):
        certified(near, replace(true, levels=(true.stated[0] * 0.99,)))


def test_without_a_plan_it_says_whether_there_is_none() -> None:
    assert certified(TWO, Candidate()).status == hp.Status.NO_PLAN
    assert certified(TWO, Candidate(is_infeasible=True)).status == hp.Status.INFEASIBLE
    assert math.isnan(certified(TWO, Candidate()).value)


def test_a_plan_that_reached_no_goal_is_an_error() -> None:
    bare = Candidate(plans=(evaluate(line_of_five(), [0]),))
    with pytest.raises(hp.SolverError, match="reached no goal of max_coverage"):
        certified(hp.MaxCoverage(), bare)
