"""The way of its own that p-median goes: against an enumeration of all plans, the general way, and edges of both."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.clock import Ticking
from support.draws import one_of
from support.oracles.covering import Case

import hubplanner as hp
from hubplanner.model import MaxMin
from hubplanner.problem import SiteStatus
from hubplanner.solver.median import strategy as home
from hubplanner.solver.median.strategy import is_median
from hubplanner.solver.mip import tie_breaking as ties

if TYPE_CHECKING:
    from support.oracles.covering import Option

SEEDS = 160
MID = 6
EXACT = hp.SolverOptions(gap=0.0, threads=1)
QUICK = replace(EXACT, ties=False)
LIMITS = ("neither", "budget", "max_hubs", "both")
MIXES = ([1, 0, 0, 0], [0.6, 0.2, 0.1, 0.1], [0.4, 0.2, 0.2, 0.2])


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A random instance with its objective."""

    case: Case
    objective: hp.PMedian


@cache
def sample(seed: int) -> Sample:
    """Return the instance of a seed: few distinct distances, so that many plans are equal, or many."""
    rng = np.random.default_rng(seed)
    sites, points, tiers = int(rng.integers(1, 7)), int(rng.integers(1, 16)), 1 + seed % 2
    statuses = tuple(SiteStatus(code) for code in rng.choice(4, sites - 1, p=MIXES[seed % 3]))
    statuses = (*statuses, SiteStatus.CANDIDATE)
    costs: dict[Option, float] = {}
    for site, status in enumerate(statuses):
        allowed = [tier for tier in range(tiers) if rng.random() < 0.85] or [0]
        allowed = {SiteStatus.EXISTING: allowed[:1], SiteStatus.EXCLUDED: []}.get(status, allowed)
        costs.update({(site, tier): _cost(rng, status) for tier in allowed})
    whole, share = bool(seed % 4), (0.5, 0.8, 1.0)[seed % 3]
    table = {
        (point, site): float(rng.integers(0, 6)) if whole else float(rng.uniform(0, 10))
        for point in range(points)
        for site in range(sites)
        if rng.random() < share
    }
    case = Case(
        geometry="matrix",
        points=((0.0, 0.0),) * points,
        sites=((0.0, 0.0),) * sites,
        table=table,
        needs=tuple((rng.choice([0.0, 1.0, 2.0, 3.5], points) * (seed % 32 != 9)).tolist()),
        statuses=statuses,
        reaches=tuple(rng.uniform(0, 9, tiers).tolist()),
        costs=costs,
    )
    limits = LIMITS[(seed // 2) % 4]
    money = float(rng.integers(0, 4 * sites)) if limits in {"budget", "both"} else None
    count = int(rng.integers(0, sites + 2)) if limits in {"max_hubs", "both"} else None
    return Sample(case=case, objective=hp.PMedian(budget=money, max_hubs=count))


def _cost(rng: np.random.Generator, status: SiteStatus) -> float:
    return 0.0 if status == SiteStatus.EXISTING else float(rng.choice([0, 1, 2, 2.5, 5]))


def mean(case: Case, plan: tuple[Option, ...]) -> float | None:
    """Return the mean distance of a plan; None where it leaves someone without a hub that could have one, or all."""
    total, weight = [], []
    for point, need in enumerate(case.needs):
        ways = [case.distance(point, site) for site, _ in case.costs]
        if need > 0 and min(ways, default=math.inf) < math.inf:
            nearest = min((case.distance(point, site) for site, _ in plan), default=math.inf)
            if math.isinf(nearest):
                return None
            total.append(need * nearest)
            weight.append(need)
    if not weight:
        return None if any(need > 0 for need in case.needs) else 0.0
    return math.fsum(total) / math.fsum(weight)


def worst(case: Case, plan: tuple[Option, ...]) -> float:
    """Return the largest distance of a point with need to a hub, of a plan that leaves no one without."""
    sites = [site for site, _ in plan]
    nearest = [min((case.distance(point, site) for site in sites), default=0.0) for point in range(len(case.needs))]
    return max(d for d, need in zip([0.0, *nearest], [1.0, *case.needs], strict=True) if need > 0 and d < math.inf)


def order(case: Case, plan: tuple[Option, ...]) -> tuple[Any, ...]:
    """Return a key that puts the better of two plans first, to the last tie."""
    new = case.new(plan)
    figure = mean(case, plan)
    assert figure is not None
    money = math.fsum(case.costs[option] for option in new)
    return round(figure, 9), round(money, 9), len(new), [option not in plan for option in sorted(case.costs)]


@cache
def best(seed: int) -> tuple[Option, ...] | None:
    """Return the first of all best plans, None when none is allowed."""
    case, objective = sample(seed).case, sample(seed).objective
    allowed = (plan for plan in case.plans() if case.allows(plan, objective) and mean(case, plan) is not None)
    return min(allowed, key=lambda plan: order(case, plan), default=None)


@cache
def solved(seed: int) -> hp.Solution:
    """Return the exact solution of a seed's instance."""
    return hp.solve_problem(sample(seed).case.problem(), sample(seed).objective, EXACT)


@pytest.mark.parametrize("part", range(8))
def test_it_finds_the_first_of_the_best_of_all_plans(part: int) -> None:
    for seed in one_of(2, range(part, SEEDS, 8)):
        case, first = sample(seed).case, best(seed)
        problem = case.problem()
        assert is_median(problem, sample(seed).objective)
        found = solved(seed)
        if first is None:
            assert found.status == hp.Status.INFEASIBLE, seed
            continue
        assert found.status == hp.Status.OPTIMAL, seed
        assert found.value == pytest.approx(mean(case, first), abs=1e-9), seed
        assert found.bound <= found.value, seed
        assert found.ties != ties.OPEN, seed
        assert case.named(found.open_options.tolist()) == list(first), seed


@pytest.mark.parametrize("part", range(4))
def test_p_center_comes_first_and_mean_distance_next(part: int) -> None:
    for seed in one_of(2, range(part, SEEDS, 8)):
        case, asked = sample(seed).case, sample(seed).objective
        centre = hp.PCenter(budget=asked.budget, max_hubs=asked.max_hubs)
        allowed = [plan for plan in case.plans() if case.allows(plan, asked) and mean(case, plan) is not None]
        first = min(allowed, key=lambda plan: (worst(case, plan), order(case, plan)), default=None)
        found = hp.solve_problem(case.problem(), centre, EXACT)
        if first is None:
            assert found.status == hp.Status.INFEASIBLE, seed
            continue
        assert found.status == hp.Status.OPTIMAL, seed
        figures = [goal.value for goal in found.goals]
        assert figures == pytest.approx([worst(case, first), mean(case, first)], abs=1e-9), seed
        assert found.value == found.bound == figures[0], seed
        assert case.named(found.open_options.tolist()) == list(first), seed


def test_the_random_instances_hold_everything_that_can_be_odd() -> None:
    found: Counter[str] = Counter()
    for seed in range(SEEDS):
        case = sample(seed).case
        found["feasible" if best(seed) else "infeasible" if best(seed) is None else "no hub"] += 1
        found.update(status.name for status in set(case.statuses))
        found["no way"] += len(case.table) < len(case.points) * len(case.sites)
        found["no need"] += 0.0 in case.needs
        found["two tiers"] += len({site for site, _ in case.costs}) < len(case.costs)
        if best(seed):
            found[solved(seed).ties] += 1
            found["own way"] += "rounds" in solved(seed).steps
    assert len(found) >= 11, found
    assert min(found.values()) >= 5, found
    assert found["own way"] >= 80, found


def town(seed: int) -> tuple[hp.Problem, hp.PMedian]:
    """Return a town of 50 points and 30 sites that the relaxation leaves open, a limit of each kind in turn."""
    rng = np.random.default_rng(seed)
    distance = rng.uniform(1, 100, (50, 30)) if seed % 2 else rng.integers(1, 30, (50, 30)).astype(float)
    distance[rng.random(distance.shape) < 0.2] = np.inf
    price = rng.integers(1, 9, 30).astype(float)
    problem = hp.Problem.from_matrix(distance, rng.integers(0, 5, 50), price, reach=10)
    statuses = np.zeros(30, dtype=np.intp)
    statuses[:2] = [SiteStatus.REQUIRED, SiteStatus.EXISTING]
    costs = problem.option_cost * (statuses != SiteStatus.EXISTING)
    limits: dict[str, Any] = [{"max_hubs": 8}, {"budget": 24.0}, {"max_hubs": 7, "budget": 18.0}][seed % 3]
    return replace(problem, site_status=statuses, option_cost=costs), hp.PMedian(**limits)


@pytest.mark.parametrize("seed", range(MID))
def test_it_agrees_with_the_general_way(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem, objective = town(seed)
    own = hp.solve_problem(problem, objective, QUICK)
    monkeypatch.setattr(home, "is_median", lambda *_: False)
    general = hp.solve_problem(problem, objective, QUICK)
    assert own.status == general.status == hp.Status.OPTIMAL
    assert "rounds" in own.steps
    assert "rounds" not in general.steps
    assert own.value == pytest.approx(general.value, rel=1e-9)
    assert own.bound == pytest.approx(general.bound, rel=1e-6)
    assert own.bound <= own.value


def test_a_gap_that_is_allowed_is_kept_to() -> None:
    problem, objective = town(1)
    exact = hp.solve_problem(problem, objective, QUICK)
    rough = hp.solve_problem(problem, objective, replace(QUICK, gap=0.05))
    assert rough.status == hp.Status.OPTIMAL
    assert rough.gap <= 0.05
    assert rough.bound <= exact.value <= rough.value


@pytest.mark.parametrize("name", ["highs", "cbc"])
def test_a_time_limit_ends_in_a_plan_with_a_true_gap(name: str) -> None:
    problem, objective = town(3)
    exact = hp.solve_problem(problem, objective, QUICK)
    for looks in (1, 4, 12, 40):
        short = replace(QUICK, name=name, time_limit_s=looks, clock=Ticking())
        hasty = hp.solve_problem(problem, objective, short)
        assert hasty.status == hp.Status.FEASIBLE, looks
        assert hasty.bound <= exact.value <= hasty.value, looks
        assert math.isfinite(hasty.gap), looks


def test_two_solves_are_the_same() -> None:
    problem, objective = town(2)
    one, other = (hp.solve_problem(problem, objective, QUICK) for _ in range(2))
    assert one.open_options.tolist() == other.open_options.tolist()
    assert (one.value, one.bound) == (other.value, other.bound)


def test_more_need_on_a_larger_scale_changes_no_plan() -> None:
    problem, objective = town(5)
    larger = replace(problem, need=problem.need * 2.0**20)
    one, other = (hp.solve_problem(each, objective, QUICK) for each in (problem, larger))
    assert one.value == pytest.approx(other.value, rel=1e-9)
    assert other.status == hp.Status.OPTIMAL


@pytest.mark.parametrize(
    "objective",
    [
        hp.PMedian(max_hubs=2, constraints=(hp.MinHubs(count=1),)),
        hp.PMedian(max_hubs=2, fairness=MaxMin(weights=np.ones((1, 50)))),
        hp.MaxCoverage(max_hubs=2),
    ],
)
def test_anything_more_goes_the_general_way(objective: hp.PMedian) -> None:
    problem, _ = town(1)
    assert not is_median(problem, objective)
    closing = np.full(problem.n_sites, np.nan)
    closing[1] = 1.0
    assert not is_median(replace(problem, closing_saving=closing), hp.PMedian(max_hubs=2))


def test_a_plan_of_money_spent_to_the_last_coin_is_within_it() -> None:
    """Of prices such as 0.1 and 0.2 the sum is not 0.3 to a computer."""
    problem = hp.Problem.from_matrix(np.array([[0.0, 9, 9], [9, 0, 9], [9, 9, 1]]), [5, 5, 1], [0.1, 0.2, 0.3], reach=1)
    found = hp.solve_problem(problem, hp.PMedian(budget=0.3), EXACT)
    assert found.open_sites.tolist() == [0, 1]
    required = replace(problem, site_status=np.array([SiteStatus.REQUIRED, 0, 0]))
    assert hp.solve_problem(required, hp.PMedian(budget=0.3), EXACT).open_sites.tolist() == [0, 1]
