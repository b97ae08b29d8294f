"""Nothing that a strategy claims is believed: each false claim is caught, and all of them are said at once."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.sparse import csr_array
from support.instances.tiny import line_of_five

import hubplanner as hp
from hubplanner.model import Budget, Capacity, Periods, Question, goals_of
from hubplanner.problem import Conflict, Future, Futures, evaluate, outcomes
from hubplanner.solver.certify import certify
from hubplanner.solver.strategy import Candidate, SolveContext, Terms
from hubplanner.stopping import ask_to_stop, forget_stop

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


def certified(objective: Objective, candidate: Candidate, context: SolveContext | None = None) -> hp.Solution:
    begun = context or SolveContext.begin(OPTIONS, hp.solve_problem)
    return certify(Question.of(line_of_five(), objective), candidate, begun, "test: by hand")


TWO = hp.MaxCoverage(budget=2)
BEST = hp.solve_problem(line_of_five(), TWO, hp.SolverOptions(gap=0.0))
HUBS, MOST = BEST.open_options.tolist(), BEST.value
OUTCOMES = outcomes(line_of_five(), Futures((Future(name="dry"),)), HUBS)


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


@pytest.mark.parametrize(("radius", "mean", "status"), [(0.0, 0.5, "optimal"), (0.2, 0.0, "feasible")])
def test_of_the_worst_distance_the_status_speaks_of_that_and_the_mean_has_its_own_gap(
    radius: float, mean: float, status: str
) -> None:
    near = hp.PCenter(max_hubs=2)
    hubs = hp.solve_problem(line_of_five(), near, hp.SolverOptions(gap=0.0)).open_options.tolist()
    true = claimed(near, hubs)
    bounds = (true.bounds[0] * (1 - radius), true.bounds[1] * (1 - mean))
    found = certified(near, replace(true, bounds=bounds, is_complete=False))
    assert found.status == status
    assert (found.goals[0].gap > 0.1, found.goals[1].gap > 0.1) == (radius > 0, mean > 0)
    far = hp.PMedian(max_hubs=2)
    true = claimed(far, hp.solve_problem(line_of_five(), far, hp.SolverOptions(gap=0.0)).open_options.tolist())
    assert certified(far, replace(true, bounds=(true.bounds[0] / 2, *true.bounds[1:]))).status == "feasible"


def test_all_that_is_wrong_is_said_at_once() -> None:
    less = hp.MaxCoverage(budget=1, max_hubs=1)
    false = claimed(TWO, HUBS, stated=(MOST + 1,), bounds=(MOST - 1,), levels=(MOST + 2,))
    with pytest.raises(hp.SolverError) as caught:
        certified(less, false)
    for part in ("max_hubs is 1", "budget is 1", "the model counts", "better than the proven bound", "reached before"):
        assert part in str(caught.value)
    assert len(str(caught.value).split("; ")) == 5


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


def test_what_a_strategy_tells_beside_its_plan_is_passed_on() -> None:
    context = SolveContext.begin(OPTIONS, hp.solve_problem)
    context.log.steps["rows"] = 4
    context.log.phases["search"] = 0.5
    honest = claimed(TWO, HUBS)
    told = replace(honest, version="1.2", ties="unique", nested_value=7.0, alone=(BEST.goals[0],), futures=OUTCOMES)
    found = certified(TWO, told, context)
    assert (found.solver, found.version, found.ties, found.nested_value) == (OPTIONS.name, "1.2", "unique", 7.0)
    assert (found.steps, found.phases.pop("recompute the plan") > 0) == ({"rows": 4}, True)
    assert found.phases == {"search": 0.5}
    assert (found.alone, found.futures) == ((BEST.goals[0],), OUTCOMES)
    assert (found.periods, found.clashes, found.clash, found.stopped) == ((), (), None, False)
    assert found.seconds > 0
    assert found.problem.n_sites == line_of_five().n_sites
    assert certified(TWO, replace(honest, method="another way")).method == "another way"


def test_each_year_is_recomputed_and_none_may_close_what_is_open() -> None:
    years = Periods(budgets=(1, 3), discount_rate=0.5, growth=np.full(5, 0.1), names=("now", "then"))
    objective = hp.MaxCoverage(constraints=(years,))
    best = hp.solve_problem(line_of_five(), objective, hp.SolverOptions(gap=0.0))
    honest = Candidate(
        plans=tuple(year.evaluation for year in best.periods), stated=(best.value,), bounds=(best.value,)
    )
    found = certified(objective, honest)
    assert [(year.name, year.evaluation.options.tolist()) for year in found.periods] == [
        ("now", [0]),
        ("then", [0, 1, 2]),
    ]
    assert found.value == pytest.approx(8 + 16 * 1.1 / 1.5)
    assert [math.fsum(year.problem.need) for year in found.periods] == pytest.approx([16, 17.6])
    assert found.problem is found.periods[-1].problem
    with pytest.raises(hp.SolverError, match="a hub of option 0 is closed again"):
        certified(objective, replace(honest, plans=(honest.plans[0], evaluate(line_of_five(), [1, 2]))))
    with pytest.raises(ValueError, match="zip"):
        certified(objective, replace(honest, plans=honest.plans[:1]))


def test_a_clash_is_told_in_words() -> None:
    clash = Conflict(demands=(Budget(amount=1),), is_smallest=True, least_budget=2.0)
    found = certified(TWO, Candidate(is_infeasible=True, conflict=clash))
    assert found.clash is clash
    assert found.clashes == ("the budget of 1 cannot be met", "the least budget that meets all demands is 2")


def test_a_search_that_was_ended_is_said_to_be_where_it_proved_nothing() -> None:
    open_ended = claimed(TWO, HUBS, bounds=(MOST * 1.2,))
    ask_to_stop()
    try:
        assert certified(TWO, open_ended).stopped
        assert certified(TWO, Candidate()).stopped
        assert not certified(TWO, claimed(TWO, HUBS)).stopped
        assert not certified(TWO, Candidate(is_infeasible=True)).stopped
    finally:
        forget_stop()
    assert not certified(TWO, open_ended).stopped


def test_the_gap_that_is_proven_is_the_one_asked_for_in_the_strategy_s_terms() -> None:
    context = replace(SolveContext.begin(OPTIONS, hp.solve_problem), proof=0.01)
    assert certified(TWO, claimed(TWO, HUBS, bounds=(MOST * 1.05,)), context).status == hp.Status.FEASIBLE
    assert certified(TWO, claimed(TWO, HUBS, bounds=(MOST * 1.005,)), context).status == hp.Status.OPTIMAL


def test_a_figure_reached_before_is_held_but_for_rounding() -> None:
    assert certified(TWO, claimed(TWO, HUBS, levels=(MOST,))).value == MOST
    assert certified(TWO, claimed(TWO, HUBS, levels=(MOST * (1 + 5e-10),))).value == MOST
    with pytest.raises(hp.SolverError, match="reached before"):
        certified(TWO, claimed(TWO, HUBS, levels=(MOST * (1 + 1e-7),)))


def test_where_people_are_assigned_a_figure_is_held_to_the_precision_of_linear_programs() -> None:
    seats = hp.MaxCoverage(budget=2, constraints=(Capacity(people=(5.5,)),))
    question, best = Question.of(line_of_five(), seats), hp.solve_problem(line_of_five(), seats)
    assert best.evaluation is not None
    assert best.evaluation.is_assigned
    honest = Candidate(plans=(best.evaluation,), stated=(best.value,), bounds=(best.value,))
    context = SolveContext.begin(OPTIONS, hp.solve_problem)
    held = certify(question, replace(honest, levels=(best.value * (1 + 1e-7),)), context, "")
    assert held.value == pytest.approx(best.value)
    with pytest.raises(hp.SolverError, match="reached before"):
        certify(question, replace(honest, levels=(best.value * (1 + 1e-5),)), context, "")


def test_the_size_below_which_a_gap_is_absolute_is_the_goal_s_own() -> None:
    question = Question.of(line_of_five(), TWO)
    [goal] = goals_of(TWO)
    large = Terms(goals=(replace(goal, least=100.0),), main=goal.name, broken=lambda _: [])
    context = SolveContext.begin(OPTIONS, hp.solve_problem)
    found = certify(question, replace(claimed(TWO, HUBS, bounds=(MOST + 5,)), terms=large), context, "")
    assert (found.least, found.goals[0].least, found.gap) == (100.0, 100.0, 0.05)
    assert certified(TWO, Candidate()).least == 1.0


def test_a_hub_that_does_not_reach_those_it_serves_breaks_its_capacity() -> None:
    line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    room = hp.Capacity(people=(9.0,))
    assert room.violation(line, evaluate(line, [0, 1], csr_array(np.eye(2)))) is None
    assert room.violation(line, evaluate(line, [0], csr_array([[1.0, 0.0], [1.0, 0.0]]))) == (
        "a point is served by a hub that does not reach it"
    )
