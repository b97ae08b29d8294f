"""Instances too large to enumerate, each written down a second time in another way and solved by another solver.

Nothing of hubplanner's models, coverage or evaluation is used here: distances are measured anew, links are weak or
summed, capacities are flows of people, years have opening dates and a purse.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pulp
import pytest

import hubplanner as hp
from hubplanner.models import Capacity, Floor, MaxMin, MinSeparation, Periods
from hubplanner.problem import Decay, Planar, Rule, SiteStatus
from hubplanner.solver.adapters.cbc import cbc_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pulp import LpAffineExpression, LpVariable

    from hubplanner.models import Objective
    from hubplanner.models.specs import Block

    Link = Callable[[LpVariable, LpVariable], object]

EXACT = hp.SolverOptions(gap=0.0, ties=False)
SAME = 1e-6
SEEDS = range(2)


@dataclass(frozen=True, kw_only=True, eq=False)
class Town:
    """A random square of 100 by 100; the first two sites hold a hub, the third must get one.

    Parameters
    ----------
    places, sites
        (n, 2) and (m, 2) coordinates.
    need, people
        (n,) whole numbers, need below people.
    cost
        (m,) of a hub, 0 where one stands.
    reach
        Of every hub.
    """

    places: np.ndarray
    sites: np.ndarray
    need: np.ndarray
    people: np.ndarray
    cost: np.ndarray
    reach: float

    @property
    def distance(self) -> np.ndarray:
        """Distances (n, m)."""
        away = self.places[:, None, :] - self.sites[None, :, :]
        return np.sqrt((away**2).sum(axis=2))

    @property
    def near(self) -> np.ndarray:
        """Which sites (n, m) reach which points."""
        return self.distance <= self.reach

    @property
    def fixed(self) -> np.ndarray:
        """Mask (m,) of the sites that hold a hub in every plan."""
        return np.arange(len(self.sites)) < 3

    @property
    def quarters(self) -> np.ndarray:
        """Need (4, n) of the four quarters of the square."""
        quarter = (self.places[:, 0] > 50) + 2 * (self.places[:, 1] > 50)
        return np.array([np.where(quarter == number, self.need, 0.0) for number in range(4)])

    def problem(self, rule: Rule | None = None) -> hp.Problem:
        """Return the town as hubplanner takes it."""
        plain = hp.Problem.from_points(self.places, self.need, self.sites, self.cost, self.reach)
        status = np.full(len(self.sites), SiteStatus.CANDIDATE, dtype=np.intp)
        status[:2], status[2] = SiteStatus.EXISTING, SiteStatus.REQUIRED
        return replace(plain, people=self.people, site_status=status, rule=rule or Rule())


def town(seed: int, points: int = 120, sites: int = 40, reach: float = 16.0) -> Town:
    rng = np.random.default_rng(seed)
    people = rng.integers(5, 100, points).astype(float)
    cost = rng.integers(10, 40, sites).astype(float)
    cost[:2] = 0
    return Town(
        places=rng.uniform(0, 100, (points, 2)),
        sites=rng.uniform(0, 100, (sites, 2)),
        need=np.maximum(np.floor(people * rng.uniform(0.2, 1, points)), 1.0),
        people=people,
        cost=cost,
        reach=reach,
    )


@dataclass(kw_only=True, eq=False)
class Second:
    """A program in the making, with a binary for each site of a town."""

    town: Town
    program: pulp.LpProblem = field(default_factory=lambda: pulp.LpProblem("second_opinion", pulp.LpMaximize))
    open_: list[LpVariable] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.open_ = self.binaries("open", len(self.town.sites))
        for site in np.flatnonzero(self.town.fixed).tolist():
            self.open_[site].lowBound = 1

    def binaries(self, name: str, count: int) -> list[LpVariable]:
        return [self.program.add_variable(f"{name}_{number}", cat="Binary") for number in range(count)]

    def amounts(
        self, name: str, pairs: Iterable[tuple[int, int]], most: float = 1.0
    ) -> dict[tuple[int, int], LpVariable]:
        return {(i, j): self.program.add_variable(f"{name}_{i}_{j}", 0, most) for i, j in pairs}

    def hold(self, constraint: object) -> None:
        self.program += constraint

    def spend(self, budget: float) -> None:
        self.hold(pulp.lpDot(self.town.cost.tolist(), self.open_) <= budget)

    def build(self, hubs: int) -> None:
        """Build at most so many hubs beside the two that stand."""
        self.hold(pulp.lpSum(self.open_) <= hubs + 2)

    def shares(self, pairs: np.ndarray, *, link: bool = True, whole: bool = False) -> dict[tuple[int, int], LpVariable]:
        """Return what share of each point each site serves, at most all of it together."""
        made = self.amounts("share", np.argwhere(pairs).tolist())
        for (point, site), share in made.items():
            share.cat = "Integer" if whole else "Continuous"
            if link:
                self.hold(share <= self.open_[site])
            del point
        for point in np.flatnonzero(pairs.any(axis=1)).tolist():
            self.hold(pulp.lpSum(made[point, site] for site in np.flatnonzero(pairs[point]).tolist()) <= 1)
        return made

    def worth(self, made: dict[tuple[int, int], LpVariable], value: np.ndarray) -> LpAffineExpression:
        """Return the shares times a value (n, m)."""
        return pulp.lpSum(float(value[pair]) * share for pair, share in made.items())

    def most(self, wanted: LpAffineExpression | LpVariable) -> float:
        """Return the largest value of an expression."""
        self.program.setObjective(pulp.lpSum([wanted]))
        solver = pulp.COIN_CMD(path=cbc_path(), msg=False, gapRel=0.0, gapAbs=0.0, threads=1)
        assert pulp.LpStatus[self.program.solve(solver)] == "Optimal"
        return float(pulp.value(self.program.objective))

    def least(self, wanted: LpAffineExpression | LpVariable) -> float:
        """Return the smallest value of an expression."""
        return -self.most(-1 * wanted)


def by_need(here: Town, value: np.ndarray | float = 1.0) -> np.ndarray:
    return here.need[:, None] * np.broadcast_to(value, here.distance.shape)


def check(problem: hp.Problem, objective: Objective, *figures: float) -> hp.Solution:
    """Solve, and compare the first goals with the second opinion's figures."""
    solution = hp.solve_problem(problem, objective, EXACT)
    assert solution.status == "optimal"
    reached = [(goal.value, goal.bound) for goal in solution.goals] or [(solution.value, solution.bound)]
    for figure, (value, bound) in zip(figures, reached, strict=False):
        assert value == pytest.approx(figure, rel=SAME)
        assert bound == pytest.approx(figure, rel=SAME)
    return solution


@pytest.mark.parametrize("seed", SEEDS)
def test_p_median_with_summed_links(seed: int) -> None:
    here = town(seed, points=60, sites=20)
    second = Second(town=here)
    second.build(3)
    shares = second.shares(np.ones_like(here.near), link=False)
    for site, opened in enumerate(second.open_):
        second.hold(pulp.lpSum(shares[point, site] for point in range(60)) <= 60 * opened)
    for point in range(60):
        second.hold(pulp.lpSum(shares[point, site] for site in range(20)) >= 1)
    mean = second.least(second.worth(shares, by_need(here, here.distance))) / here.need.sum()
    check(here.problem(), hp.PMedian(max_hubs=3), mean)


@pytest.mark.parametrize("seed", SEEDS)
def test_p_center_with_one_largest_distance(seed: int) -> None:
    here = town(seed, points=60, sites=20)
    second = Second(town=here)
    second.spend(90)
    shares = second.shares(np.ones_like(here.near), whole=True)
    worst = second.program.add_variable("worst", 0)
    for point in range(60):
        row = [shares[point, site] for site in range(20)]
        second.hold(pulp.lpSum(row) == 1)
        second.hold(pulp.lpDot(here.distance[point].tolist(), row) <= worst)
    radius = second.least(worst)
    worst.upBound = radius * (1 + 1e-7)
    mean = second.least(second.worth(shares, by_need(here, here.distance))) / here.need.sum()
    check(here.problem(), hp.PCenter(budget=90), radius, mean)


@pytest.mark.parametrize("seed", SEEDS)
def test_capacity_as_a_flow_of_people_over_two_tiers(seed: int) -> None:
    here = town(seed, points=100, sites=25)
    room, reach, dearer = (300.0, 700.0), (14.0, 22.0), (1.0, 2.25)
    second = Second(town=here)
    tiers = [second.open_, second.binaries("large", 25)]
    tiers[1][0].upBound = tiers[1][1].upBound = tiers[0][2].lowBound = 0
    for site in range(25):
        second.hold(tiers[0][site] + tiers[1][site] <= 1)
    second.hold(tiers[0][2] + tiers[1][2] >= 1)
    second.hold(pulp.lpSum(pulp.lpDot((here.cost * dearer[t]).tolist(), tiers[t]) for t in (0, 1)) <= 120)
    served, credit = {point: [] for point in range(100)}, []
    for tier in (0, 1):
        flows = second.amounts(f"flow_{tier}", np.argwhere(here.distance <= reach[tier]).tolist(), most=100.0)
        for site in range(25):
            leaving = pulp.lpSum(flow for (_, to), flow in flows.items() if to == site)
            second.hold(leaving <= room[tier] * tiers[tier][site])
        for (point, _), flow in flows.items():
            served[point].append(flow)
            credit.append(float(here.need[point] / here.people[point]) * flow)
    for point, flows_from in served.items():
        if flows_from:
            second.hold(pulp.lpSum(flows_from) <= float(here.people[point]))
    most = second.most(pulp.lpSum(credit))
    options = [(site, tier) for site in range(25) for tier in (0, 1) if site > 1 or tier == 0]
    site, tier = np.array(options, dtype=np.intp).T
    problem = hp.Problem(
        need=here.need,
        people=here.people,
        travel=Planar(here.places, here.sites),
        site_status=here.problem().site_status,
        tier_reach=np.array(reach),
        option_site=site,
        option_tier=tier,
        option_cost=here.cost[site] * np.array(dearer)[tier],
    )
    check(problem, hp.MaxCoverage(budget=120, limits=(Capacity(people=room),)), most)


@pytest.mark.parametrize("seed", SEEDS)
def test_capacity_for_whole_points_without_links(seed: int) -> None:
    here = town(seed, points=60, sites=20)
    second = Second(town=here)
    second.build(4)
    shares = second.shares(here.near, link=False, whole=True)
    for site, opened in enumerate(second.open_):
        load = pulp.lpSum(float(here.people[point]) * share for (point, to), share in shares.items() if to == site)
        second.hold(load <= 250 * opened)
    most = second.most(second.worth(shares, by_need(here)))
    check(here.problem(), hp.MaxCoverage(max_hubs=4, limits=(Capacity(people=(250.0,), single=True),)), most)


@pytest.mark.parametrize("seed", SEEDS)
def test_p_median_with_capacity_for_parts_of_points(seed: int) -> None:
    here = town(seed, points=60, sites=20, reach=500)
    room = float(np.ceil(here.people.sum() / 5.5))
    second = Second(town=here)
    second.build(4)
    flows = second.amounts("flow", np.argwhere(here.near).tolist(), most=100.0)
    for site, opened in enumerate(second.open_):
        second.hold(pulp.lpSum(flows[point, site] for point in range(60)) <= room * opened)
    for point in range(60):
        second.hold(pulp.lpSum(flows[point, site] for site in range(20)) == float(here.people[point]))
    per_person = by_need(here, here.distance) / here.people[:, None]
    mean = second.least(second.worth(flows, per_person)) / here.need.sum()
    check(here.problem(), hp.PMedian(max_hubs=4, limits=(Capacity(people=(room,)),)), mean)


@pytest.mark.parametrize("seed", SEEDS)
def test_linear_decay_by_assignment(seed: int) -> None:
    here = town(seed, reach=20)
    second = Second(town=here)
    second.spend(130)
    fading = np.clip((20 - here.distance) / (20 - 6), 0, 1)
    most = second.most(second.worth(second.shares(fading > 0), by_need(here, fading)))
    check(here.problem(Rule(decay=Decay.LINEAR, full=6)), hp.MaxCoverage(budget=130), most)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("weight", [1.0, 0.7])
def test_backup_by_pairs_of_hubs(seed: int, weight: float) -> None:
    here = town(seed, points=80, sites=25, reach=18)
    second = Second(town=here)
    second.build(6)
    pairs = list(combinations(range(25), 2))
    both = {pair: second.program.add_variable(f"both_{pair[0]}_{pair[1]}", 0, 1) for pair in pairs}
    for (one, other), together in both.items():
        second.hold(together <= second.open_[one])
        second.hold(together <= second.open_[other])
    worth = (1 - weight) * second.worth(second.shares(here.near), by_need(here))
    for point in range(80):
        at = np.flatnonzero(here.near[point]).tolist()
        twice = second.program.add_variable(f"twice_{point}", 0, 1)
        second.hold(twice <= pulp.lpSum(both[pair] for pair in combinations(at, 2)))
        worth += weight * float(here.need[point]) * twice
    most = second.most(worth)
    check(here.problem(Rule(backup=2, backup_weight=weight)), hp.MaxCoverage(max_hubs=6), most)


@pytest.mark.parametrize("seed", SEEDS)
def test_fading_backup_by_two_assignments(seed: int) -> None:
    here = town(seed, points=80, sites=25, reach=24)
    second = Second(town=here)
    second.spend(110)
    fading = np.where(here.near, np.exp(-np.maximum(here.distance - 5, 0) / 9), 0)
    first, then = second.shares(here.near), second.amounts("second", np.argwhere(here.near).tolist())
    for (point, site), share in then.items():
        second.hold(first[point, site] + share <= second.open_[site])
    for point in np.flatnonzero(here.near.any(axis=1)).tolist():
        second.hold(pulp.lpSum(then[point, site] for site in np.flatnonzero(here.near[point]).tolist()) <= 1)
    worth = by_need(here, fading)
    most = second.most(0.6 * second.worth(first, worth) + 0.4 * second.worth(then, worth))
    rule = Rule(decay=Decay.EXPONENTIAL, full=5, width=9, backup=2, backup_weight=0.4)
    check(here.problem(rule), hp.MaxCoverage(budget=110), most)


@pytest.mark.parametrize("seed", SEEDS)
def test_separation_pair_by_pair(seed: int) -> None:
    here = town(seed)
    second = Second(town=here)
    second.build(8)
    for one, other in combinations(range(2, 40), 2):
        if np.hypot(*(here.sites[one] - here.sites[other])) < 32:
            second.hold(second.open_[one] + second.open_[other] <= 1)
    most = second.most(second.worth(second.shares(here.near), by_need(here)))
    apart = check(here.problem(), hp.MaxCoverage(max_hubs=8, limits=(MinSeparation(distance=32),)), most)
    free = hp.solve_problem(here.problem(), hp.MaxCoverage(max_hubs=8), EXACT)
    assert free.value > apart.value


@pytest.mark.parametrize("seed", SEEDS)
def test_floors_of_four_quarters(seed: int) -> None:
    here = town(seed)
    free = hp.solve_problem(here.problem(), hp.MaxCoverage(budget=130), EXACT)
    assert free.evaluation is not None
    reached = [float(quarter @ free.evaluation.covered_share / quarter.sum()) for quarter in here.quarters]
    worst = int(np.argmin(reached))
    second = Second(town=here)
    second.spend(130)
    shares = second.shares(here.near)
    floors: tuple[Block, ...] = ()
    for number, (quarter, share) in enumerate(zip(here.quarters, reached, strict=True)):
        least = share + 0.03 if number == worst else max(share - 0.3, 0.0)
        second.hold(second.worth(shares, quarter[:, None] * here.near) >= least * float(quarter.sum()))
        floors += (Floor(weight=quarter, share=least),)
    most = second.most(second.worth(shares, by_need(here)))
    held = check(here.problem(), hp.MaxCoverage(budget=130, limits=floors), most)
    assert free.value > held.value


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("carry_over", [True, False])
def test_three_years_with_opening_dates_and_a_purse(seed: int, *, carry_over: bool) -> None:
    here = town(seed, points=80, sites=30)
    budgets, rate = (55.0, 35.0, 50.0), 0.08
    growth = np.random.default_rng(seed).uniform(-0.1, 0.3, 80)
    second = Second(town=here)
    dates = [second.binaries(f"year_{year}", 30) for year in range(3)]
    for site, opened in enumerate(second.open_):
        second.hold(pulp.lpSum(year[site] for year in dates) == opened)
    dates[0][0].lowBound = dates[0][1].lowBound = 1
    purse, worth = pulp.lpSum([]), pulp.lpSum([])
    for year, money in enumerate(budgets):
        spent = pulp.lpDot(here.cost.tolist(), dates[year])
        left = second.program.add_variable(f"left_{year}", 0)
        second.hold(purse + money - spent == left)
        purse = left if carry_over else pulp.lpSum([])
        discounted = here.need * (1 + growth) ** year / (1 + rate) ** year
        for point in range(80):
            reached = second.program.add_variable(f"reached_{year}_{point}", 0, 1)
            near = np.flatnonzero(here.near[point]).tolist()
            second.hold(reached <= pulp.lpSum(dates[past][site] for past in range(year + 1) for site in near))
            worth += float(discounted[point]) * reached
    most = second.most(worth)
    years = Periods(budgets=budgets, carry_over=carry_over, discount_rate=rate, growth=growth)
    solution = check(here.problem(), hp.MaxCoverage(limits=(years,)), most)
    assert len(solution.periods) == 3


@pytest.mark.parametrize("seed", SEEDS)
def test_fairness_subset_by_subset(seed: int) -> None:
    here = town(seed, points=80, sites=30)
    second = Second(town=here)
    second.spend(100)
    shares = second.shares(here.near)
    groups = [second.worth(shares, q[:, None] / q.sum() * here.near) for q in here.quarters]
    figures = []
    for count in range(1, 5):
        lowest = second.program.add_variable(f"lowest_{count}", 0, count)
        for subset in combinations(groups, count):
            second.hold(lowest <= pulp.lpSum(subset))
        figures.append(second.most(lowest))
        lowest.lowBound = figures[-1] - SAME / 10
    figures.append(second.most(second.worth(shares, by_need(here))))
    solution = check(here.problem(), hp.MaxCoverage(budget=100, fairness=MaxMin(weights=here.quarters)), *figures)
    assert len(solution.goals) == len(figures)


@pytest.mark.parametrize("seed", SEEDS)
def test_least_cost_of_four_fifths(seed: int) -> None:
    here = town(seed)
    second = Second(town=here)
    shares = second.shares(here.near)
    second.hold(second.worth(shares, by_need(here)) >= 0.8 * float(here.need.sum()))
    least = second.least(pulp.lpDot(here.cost.tolist(), second.open_))
    check(here.problem(), hp.MinCost(0.8), least)


@pytest.mark.parametrize("seed", SEEDS)
def test_least_cost_of_hubs_and_travel_for_four_fifths(seed: int) -> None:
    here = town(seed, points=80, sites=25, reach=25)
    second = Second(town=here)
    shares = second.shares(here.near)
    second.hold(second.worth(shares, by_need(here)) >= 0.8 * float(here.need.sum()))
    travel = second.worth(shares, by_need(here, here.distance))
    least = second.least(pulp.lpDot(here.cost.tolist(), second.open_) + 0.004 * travel)
    check(here.problem(), hp.MinCost(0.8, travel_cost=0.004), least)
