"""What must hold of objectives and constraints on any instance, without knowing its best plan."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from support.draws import examples
from support.instances.random_questions import KINDS, town

import hubplanner as hp
from hubplanner.model import (
    AtMostOne,
    Capacity,
    Floor,
    FullService,
    HubsPerSite,
    MaxCoverage,
    MaxHubs,
    MinCost,
    MinHubs,
    MinSeparation,
    PCenter,
    Periods,
    PMedian,
)
from hubplanner.problem import CoverageRule, Decay, SiteStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.oracles.town import Town

    from hubplanner.model import Objective
    from hubplanner.model.objectives import Constraint

EXACT = hp.SolverOptions(gap=0, threads=1, ties=False)
SAME = 1e-6
seeds = st.integers(0, 10_000)
few = settings(max_examples=examples(15))
MORE_IS_BETTER = {"max_coverage": 1, "min_cost": -1, "p_median": -1, "p_center": -1}


def small(seed: int, **given: Any) -> Town:
    """Return a random town."""
    return town(np.random.default_rng(seed), sites=4, points=8, **given)


def solved(where: Town, objective: Objective) -> hp.Solution:
    return hp.solve_problem(where.problem(), objective, EXACT)


def worth(solution: hp.Solution, objective: Objective) -> float:
    """Return a solution's figure, more is better; minus infinity without a plan."""
    return -math.inf if solution.evaluation is None else MORE_IS_BETTER[objective.name] * solution.value


def never_better(tighter: Objective, looser: Objective, where: Town) -> None:
    tight, loose = (worth(solved(where, objective), objective) for objective in (tighter, looser))
    assert tight <= loose or tight == pytest.approx(loose, rel=SAME, abs=SAME)


def same(one: hp.Solution, other: hp.Solution) -> None:
    assert one.status == other.status
    assert other.value == pytest.approx(one.value, rel=SAME, abs=SAME, nan_ok=True)


def objectives(constraints: tuple[Constraint, ...], hubs: int = 2) -> list[Objective]:
    """Return every objective with some constraints."""
    return [
        MaxCoverage(max_hubs=hubs, constraints=constraints),
        MinCost(0.4, constraints=constraints),
        MinCost(0.4, travel_cost=0.5, constraints=constraints),
        PMedian(max_hubs=hubs, constraints=constraints),
        PCenter(max_hubs=hubs, constraints=constraints),
    ]


LIMITS: dict[str, Callable[[float, Town], Constraint]] = {
    "floor": lambda t, where: Floor(weight=where.needs * (np.arange(len(where.needs)) % 2), share=t),
    "serve all": lambda t, _: FullService(distance=1.3 - t),
    "capacity": lambda t, where: _capacity(t, where, single=False),
    "capacity single": lambda t, where: _capacity(t, where, single=True),
    "max hubs": lambda t, _: MaxHubs(count=round(4 * (1 - t))),
    "max hubs at": lambda t, _: MaxHubs(count=round(3 * (1 - t)), sites=(0, 2, 3)),
    "min hubs": lambda t, _: MinHubs(count=round(3 * t)),
    "separation": lambda t, _: MinSeparation(distance=0.05 + t),
    "at most one": lambda t, _: AtMostOne(sites=tuple(range(round(4 * t)))),
    "per site": lambda t, _: HubsPerSite(count=3 - round(2 * t)),
}


def _capacity(tightness: float, where: Town, *, single: bool) -> Capacity:
    people = 1 + (1 - tightness) * where.people.sum()
    return Capacity(people=(people,) * len(where.reaches), single=single)


@pytest.mark.parametrize("name", LIMITS)
@given(seeds, st.integers(0, len(KINDS) - 1), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=8)
def test_a_tighter_limit_never_makes_a_plan_better(name: str, seed: int, kind: int, one: float, other: float) -> None:
    where, (loose, tight) = small(seed), sorted([one, other])
    looser, tighter = (objectives((LIMITS[name](t, where),))[kind] for t in (loose, tight))
    never_better(tighter, looser, where)


@given(seeds, st.integers(0, len(KINDS) - 1), st.floats(0, 20), st.floats(0, 20))
@few
def test_less_money_never_makes_a_plan_better(seed: int, kind: int, one: float, other: float) -> None:
    objective = objectives(())[kind]
    poor, rich = (replace(objective, budget=money) for money in sorted([one, other]))  # type: ignore[call-arg]
    never_better(poor, rich, small(seed))


@given(seeds, st.floats(0, 0.9))
@few
def test_a_floor_never_raises_the_need_covered(seed: int, share: float) -> None:
    where = small(seed)
    floor = Floor(weight=where.needs * (np.arange(len(where.needs)) < 4), share=share)
    never_better(MaxCoverage(max_hubs=2, constraints=(floor,)), MaxCoverage(max_hubs=2), where)


@given(seeds, st.integers(0, len(KINDS) - 1))
@few
def test_room_for_all_is_no_capacity(seed: int, kind: int) -> None:
    """Where every point that has need is within reach: people are assigned to hubs within it only."""
    where = replace(small(seed), reaches=(2.0,), no_way=frozenset())
    without = objectives(())[kind]
    for single in (False, True)[: 2 - (KINDS[kind] == "min_cost with travel")]:  # which may serve parts of points
        people = float(where.people.sum())
        for room in (math.inf, max(people, 1.0)):
            with_room = objectives((Capacity(people=(room,), single=single),))[kind]
            same(solved(where, without), solved(where, with_room))


@given(seeds)
@few
def test_room_for_all_covers_as_much_as_no_capacity_whatever_the_reach(seed: int) -> None:
    where = small(seed, tiers=2, rule="linear")
    with_room = MaxCoverage(max_hubs=2, constraints=(Capacity(people=(math.inf, math.inf)),))
    same(solved(where, MaxCoverage(max_hubs=2)), solved(where, with_room))


NEARLY_STEP = {
    "linear up to the reach": CoverageRule(decay=Decay.LINEAR, full=0.4),
    "exponential": CoverageRule(decay=Decay.EXPONENTIAL, full=0.4, width=1e-9),
    "gaussian": CoverageRule(decay=Decay.GAUSSIAN, full=0.4, width=1e-9),
}


@pytest.mark.parametrize("name", NEARLY_STEP)
@given(seed=seeds, kind=st.sampled_from(["max_coverage", "min_cost"]), backup=st.booleans())
@few
def test_decay_that_vanishes_is_none(name: str, seed: int, kind: str, *, backup: bool) -> None:
    """Linear decay from the reach on, or any width of next to nothing beyond it, is a step at full coverage."""
    twice = {"backup": 2, "backup_weight": 0.5} if backup else {}
    rule = replace(NEARLY_STEP[name], **twice)  # type: ignore[arg-type]
    reach = 0.4 if rule.decay == Decay.LINEAR else 0.9
    fading = replace(small(seed), reaches=(reach,), rule=rule)
    step = replace(fading, reaches=(0.4,), rule=CoverageRule(**twice))  # type: ignore[arg-type]
    objective = objectives(())[KINDS.index(kind)]
    same(solved(step, objective), solved(fading, objective))


@given(seeds, st.floats(0, 15), st.sampled_from([MaxCoverage, PMedian]))
@few
def test_one_period_is_none(seed: int, money: float, kind: type[MaxCoverage | PMedian]) -> None:
    where = small(seed)
    for more in ({}, {"carry_over": False}, {"nested": False}):
        periods = Periods(budgets=(money,), discount_rate=0.2, growth=np.full(8, 0.5), **more)  # type: ignore[arg-type]
        same(solved(where, kind(budget=money)), solved(where, kind(constraints=(periods,))))


@given(seeds, st.lists(st.floats(0, 5), min_size=2, max_size=3), st.sampled_from([MaxCoverage, PMedian]))
@few
def test_hubs_that_may_move_are_worth_no_less_than_hubs_that_stay(
    seed: int, budgets: list[float], kind: type[MaxCoverage | PMedian]
) -> None:
    where = small(seed)
    growth = np.random.default_rng(seed).uniform(-0.3, 0.5, 8)
    stay, move = (
        kind(constraints=(Periods(budgets=tuple(budgets), growth=growth, nested=nested), MinHubs(count=1)))
        for nested in (True, False)
    )
    never_better(stay, move, where)
    solution = solved(where, move)
    if solution.evaluation is not None:
        nested = solved(where, stay)
        assert solution.nested_value == pytest.approx(nested.value, rel=SAME, abs=SAME, nan_ok=True)


@given(seeds, st.lists(st.floats(0, 5), min_size=2, max_size=3))
@few
def test_a_longer_programme_covers_no_less_in_its_last_year(seed: int, budgets: list[float]) -> None:
    """With need that counts in the last year only, the best last year has all the money there is by then."""
    where = small(seed)
    last = []
    for years in range(1, len(budgets) + 1):
        rates = Periods(budgets=tuple(budgets[:years]), discount_rate=0.0, nested=False)
        solution = solved(where, MaxCoverage(constraints=(rates,)))
        last.append(-math.inf if solution.evaluation is None else solution.evaluation.covered_need)
    assert all(later >= earlier - SAME for earlier, later in itertools.pairwise(last))


@given(seeds, st.lists(st.floats(0, 5), min_size=2, max_size=3))
@few
def test_a_year_more_never_lowers_what_a_programme_covers(seed: int, budgets: list[float]) -> None:
    where = small(seed)
    years = [tuple(budgets[:count]) for count in range(1, len(budgets) + 1)]
    sums = [
        worth(solved(where, each), each)
        for each in (MaxCoverage(constraints=(Periods(budgets=part),)) for part in years)
    ]
    required = SiteStatus.REQUIRED in where.statuses  # a shorter programme may be too poor for its required hubs
    assert required or all(math.isfinite(part) for part in sums)
    assert all(later >= earlier - SAME for earlier, later in itertools.pairwise(sums))
