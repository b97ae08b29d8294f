"""Take-up by distance against an enumeration of all plans, with the shares of each by a program of the oracle's own."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array
from support.instances.random_questions import CONSTRAINTS, town
from support.oracles.questions import Query, best, recheck

import hubplanner as hp
from hubplanner.model import AlphaFair, MaxMin, TakeUp, Year, broken_years
from hubplanner.model.formulation import Question
from hubplanner.problem import Status, evaluate
from hubplanner.solver import SolverOptions, solve_problem

LIMITS: tuple[tuple[str, ...], ...] = (
    ("capacity split", "budget"),
    ("capacity split", "max hubs"),
    ("two a site", "capacity split", "budget"),
)
SEEDS = 12
SAME = 1e-6


def asked(limits: tuple[str, ...], seed: int) -> Query:
    """Return a random question in which not everyone comes: for the most need, fairly, or for the least money."""
    rng = np.random.default_rng([seed, LIMITS.index(limits), 7])
    place = town(rng, tiers=2, sites=3, points=7)
    come = TakeUp(share=float(rng.choice([0.3, 0.7, 1.0])), e_fold=float(rng.choice([0.2, 0.6, np.inf])))
    constraints = (*(CONSTRAINTS[name](rng, place) for name in limits), come)
    group = rng.integers(0, 2, len(place.needs))
    weights = np.array([place.needs * (group == number) for number in range(2)])
    made: hp.MaxCoverage | hp.MinCost = hp.MaxCoverage(constraints=constraints)
    if seed % 4 == 1:
        made = hp.MaxCoverage(
            constraints=constraints, fairness=AlphaFair(weights=weights, alpha=1.0, linear_below=0.05)
        )
    if seed % 4 == 2:
        made = hp.MaxCoverage(constraints=constraints, fairness=MaxMin(weights=weights))
    if seed % 4 == 3:
        made = hp.MinCost(float(rng.uniform(0.05, 0.2)), constraints=constraints)
    return Query(town=place, objective=made, constraints=made.all_constraints)


@pytest.mark.parametrize("limits", LIMITS, ids=", ".join)
def test_the_plan_is_the_best_of_all(limits: tuple[str, ...]) -> None:
    for seed in range(SEEDS):
        query = asked(limits, seed)
        expected = best(query)
        found = solve_problem(query.town.problem(), query.objective, SolverOptions(gap=0.0, threads=1, ties=False))
        if expected is None:
            assert found.status == Status.INFEASIBLE, seed
            continue
        assert found.status == Status.OPTIMAL, (seed, found.gap)
        assert found.evaluation is not None
        assert [goal.value for goal in found.goals] == pytest.approx(expected, rel=SAME, abs=SAME), seed
        for goal, figure in zip(found.goals, expected, strict=True):
            sense = -1 if goal.name == "cost" else 1
            assert sense * (goal.bound - figure) >= -SAME * max(1.0, abs(figure)), (seed, goal)
        opened = np.zeros(len(query.town.options), dtype=np.intp)
        opened[found.evaluation.options] = found.evaluation.counts
        shares = np.zeros((len(query.town.points), len(opened)))
        shares[:, found.evaluation.options] = found.evaluation.assigned.toarray()
        assert recheck(query, opened, shares) == pytest.approx(expected, rel=1e-5, abs=SAME), seed


LINE = hp.Problem.from_points([[0, 0]], [100], [[0, 0], [1, 0]], [1, 1], reach=5)


def test_two_hubs_at_a_place_do_not_each_have_all_who_come() -> None:
    come, room = TakeUp(share=0.5, e_fold=1.0), hp.Capacity(people=(1000.0,))
    one, both = (
        solve_problem(LINE, hp.MaxCoverage(max_hubs=count, constraints=(room, come))).value for count in (1, 2)
    )
    assert one == pytest.approx(50)
    assert both == pytest.approx(50)
    far = hp.MaxCoverage(max_hubs=1, constraints=(room, come))
    alone = hp.Problem.from_points([[0, 0]], [100], [[1, 0]], [1], reach=5)
    assert solve_problem(alone, far).value == pytest.approx(50 / np.e)


def test_more_than_come_is_told() -> None:
    come, room = TakeUp(share=0.5, e_fold=1.0), hp.Capacity(people=(1000.0,))
    objective = hp.MaxCoverage(max_hubs=2, constraints=(room, come))
    within, over = (evaluate(LINE, [0, 1], csr_array(np.array(shares))) for shares in ([[0.25, 0.09]], [[0.25, 0.1]]))
    question = Question.of(LINE, objective)
    assert broken_years(question, [Year(LINE, within)]) == []
    assert broken_years(question, [Year(LINE, over)]) == [
        "point 0 comes to hubs 1.043656 times as often as its way allows"
    ]


@pytest.mark.parametrize("wrong", [{"share": 0.0}, {"share": 1.5}, {"e_fold": 0.0}, {"e_fold": np.nan}])
def test_parameters_that_mean_nothing_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(hp.ScenarioError, match=r"above 0"):
        TakeUp(**({"share": 0.5} | wrong))
