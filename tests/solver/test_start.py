"""The first plan keeps to all limits, and pruning a plan never makes it worse."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st
from scipy.sparse import csr_array
from support.instances.random_covering import best, sample
from support.instances.tiny import line_of_five, two_islands

from hubplanner.model import MaxCoverage
from hubplanner.problem import Problem, merge_demand
from hubplanner.problem.covering_instance import CoveringInstance, reduce_existing
from hubplanner.solver.covering.construction import PartialPlan, greedy
from hubplanner.solver.covering.presolve import prune
from hubplanner.solver.covering.strategy import _reduced
from hubplanner.solver.limits import limits
from hubplanner.solver.run_log import RunLog

seeds = st.integers(0, 431)


@given(seeds)
def test_the_first_plan_keeps_to_every_limit(seed: int) -> None:
    asked = sample(seed)
    assume(best(seed) is not None)
    problem = asked.case.problem()
    instance = _reduced(problem, asked.objective, RunLog()).instance
    chosen = greedy(instance, asked.objective)
    existing = np.flatnonzero(problem.existing).tolist()
    assert asked.case.allows(asked.case.named([*existing, *instance.option[chosen].tolist()]), asked.objective)
    assert np.array_equal(chosen, np.unique(chosen))


def test_the_first_plan_is_often_the_best_and_mostly_near() -> None:
    shares = []
    for seed in range(0, 432, 4):
        top = best(seed)
        if top:
            instance = _reduced(sample(seed).case.problem(), sample(seed).objective, RunLog()).instance
            shares.append(instance.covered_need(greedy(instance, sample(seed).objective)) / top)
    assert np.mean(np.isclose(shares, 1)) > 0.6
    assert np.quantile(shares, 0.1) > 0.8


@given(seeds, st.integers(0, 2**32))
def test_pruning_loses_no_covered_need_and_adds_no_cost(seed: int, plan_seed: int) -> None:
    asked = sample(seed)
    assume(best(seed) is not None)
    problem = asked.case.problem()
    instance = _reduced(problem, MaxCoverage(), RunLog()).instance
    chosen = random_plan(instance, np.random.default_rng(plan_seed))
    pruned = prune(instance, chosen)
    assert instance.covered_need(pruned) >= instance.covered_need(chosen) - 1e-9 * instance.covered_need(chosen)
    assert math.fsum(instance.cost[pruned]) <= math.fsum(instance.cost[chosen])
    assert len(pruned) <= len(chosen)
    assert set(instance.site[pruned]) <= set(instance.site[chosen])
    assert len(set(instance.site[pruned])) == len(pruned)
    assert set(instance.required) <= set(instance.site[pruned])
    assert prune(instance, pruned).tolist() == pruned.tolist()


def random_plan(instance: CoveringInstance, rng: np.random.Generator) -> np.ndarray:
    """Return one random option at each required site and at some others."""
    order = rng.permutation(len(instance.option))
    one = order[np.unique(instance.site[order], return_index=True)[1]]
    return np.sort(one[np.isin(instance.site[one], instance.required) | (rng.random(len(one)) < 0.6)])


def small(cover: list[list[int]], **changes: object) -> CoveringInstance:
    """Return an instance with a need of 1 in each row, an option a site, a cost of 1 each."""
    table = np.array(cover, dtype=np.int8)
    count = table.shape[1]
    given: dict[str, object] = {
        "need": np.ones(len(table)),
        "cover": csr_array(table),
        "option": np.arange(count),
        "site": np.arange(count),
        "cost": np.ones(count),
        "gain": np.zeros(count),
        "required": np.zeros(0, dtype=np.intp),
        "base": 0.0,
    }
    return CoveringInstance(**{**given, **changes})  # type: ignore[arg-type]


def test_a_hub_whose_need_others_cover_goes_the_dearest_first() -> None:
    instance = small([[1, 1, 0], [0, 1, 1]], cost=np.array([1.0, 5.0, 1.0]))
    assert prune(instance, np.array([0, 1, 2])).tolist() == [0, 2]
    assert prune(instance, np.array([0, 1])).tolist() == [1]


def test_a_hub_that_covers_no_need_goes_and_a_required_one_stays() -> None:
    instance = small([[1, 0, 0]], required=np.array([2]))
    assert prune(instance, np.array([0, 1, 2])).tolist() == [0, 2]
    worthless = small([[1]], need=np.zeros(1))
    assert prune(worthless, np.array([0])).tolist() == []


def test_a_hub_gives_way_to_a_cheaper_tier_that_covers_as_much() -> None:
    tiers = {"site": np.array([0, 0]), "cost": np.array([2.0, 3.0])}
    assert prune(small([[1, 1]], **tiers), np.array([1])).tolist() == [0]
    assert prune(small([[0, 1]], **tiers), np.array([1])).tolist() == [1]
    assert prune(small([[1, 1]], gain=np.array([0.0, 1.0]), **tiers), np.array([1])).tolist() == [1]
    assert prune(small([[1, 1]], gain=np.array([2.0, 1.0]), **tiers), np.array([1])).tolist() == [0]
    assert prune(small([[0, 0]], required=np.array([0]), **tiers), np.array([1])).tolist() == [0]


def test_greedy_takes_what_covers_most_for_its_money() -> None:
    instance = small([[1, 0], [1, 0], [0, 1], [1, 0]], cost=np.array([4.0, 1.0]))
    assert greedy(instance, MaxCoverage(budget=4)).tolist() == [1]
    assert greedy(instance, MaxCoverage(budget=5)).tolist() == [0, 1]
    assert greedy(instance, MaxCoverage(max_hubs=0)).tolist() == []
    assert greedy(small([[1, 1]], cost=np.zeros(2)), MaxCoverage(budget=0)).tolist() == [0]


def test_a_hub_grows_into_a_larger_tier_when_money_is_left() -> None:
    problem = two_islands()
    instance = _reduced(problem, MaxCoverage(budget=5), RunLog()).instance
    assert instance.option[greedy(instance, MaxCoverage(budget=4.5))].tolist() == [3]
    assert instance.option[greedy(instance, MaxCoverage(budget=5))].tolist() == [4]
    assert instance.option[greedy(instance, MaxCoverage(budget=7))].tolist() == [1, 4]
    one = MaxCoverage(max_hubs=1)
    assert instance.option[greedy(instance, one)].tolist() == [4]


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        (MaxCoverage(), (math.inf, math.inf)),
        (MaxCoverage(budget=3), (3, math.inf)),
        (MaxCoverage(max_hubs=2), (math.inf, 2)),
        (MaxCoverage(budget=0, max_hubs=0), (0, 0)),
    ],
)
def test_a_limit_left_out_is_infinite(objective: MaxCoverage, expected: tuple[float, float]) -> None:
    assert limits(objective) == expected


def test_greedy_covers_the_line_as_far_as_the_money_goes() -> None:
    instance = reduce_existing(line_of_five(), merge_demand(line_of_five()))
    values = [instance.covered_need(greedy(instance, MaxCoverage(budget=budget))) for budget in range(6)]
    assert values == [0, 8, 15, 15, 16, 16]


def test_a_hub_that_a_cheaper_tier_makes_needless_goes() -> None:
    """Looked at from the dearest: the hub at S1 is needed, then S0's cheaper tier covers its row too."""
    instance = small(
        [[1, 1, 0], [0, 1, 1]],
        site=np.array([0, 0, 1]),
        cost=np.array([3.0, 2.0, 4.0]),
    )
    assert prune(instance, np.array([0, 2])).tolist() == [1]


@pytest.mark.filterwarnings("error")
def test_of_free_hubs_and_dear_ones_the_dear_one_adds_least_for_what_it_takes() -> None:
    problem = Problem.from_points([[0, 0], [9, 0]], [1e9, 1e9], [[0, 0], [9, 0]], [0, 5], reach=1)
    choice = PartialPlan(reduce_existing(problem, merge_demand(problem)), MaxCoverage(budget=5))
    choice.open_all(np.array([0, 1]))
    assert choice.least() == 1
