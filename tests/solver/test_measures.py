"""Hubs and measures for one budget, against every set of hubs with a linear program of its own for the rest."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog
from support.draws import one_of

import hubplanner as hp
from hubplanner.model import (
    AlphaFair,
    Capacity,
    Constraint,
    Floor,
    HubsPerSite,
    MaxCoverage,
    MaxMin,
    MinCost,
    Objective,
    TakeUp,
)
from hubplanner.problem import CoverageRule, Decay, Floats, Measure, Problem, Solution

INSTANCES, APART = 84, 7
"""Seeds, and how far apart those are that are drawn by default: with no divisor that what a case holds goes by."""
CLOSE = 2e-5
EXACT = hp.SolverOptions(gap=0.0)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A small question with two groups, hubs of two tiers, devices and now and then courses."""

    problem: Problem
    budget: float
    room: tuple[float, float]
    take_up: TakeUp | None
    floor: float

    @property
    def groups(self) -> Floats:
        return np.array([self.problem.need * (np.arange(self.problem.n_points) % 2 == group) for group in (0, 1)])

    @property
    def limits(self) -> tuple[Constraint, ...]:
        found: list[Constraint] = [HubsPerSite(count=1)]
        if math.isfinite(self.room[0]):
            found.append(Capacity(people=self.room))
        if self.take_up is not None:
            found.append(self.take_up)
        if self.floor:
            found.append(Floor(weight=self.groups[0], share=self.floor, name="even"))
        return tuple(found)


def case_of(seed: int) -> Case:
    """Return a random case: some without capacities, some where few come from afar, some with a floor, some fading."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(3, 7)), int(rng.integers(2, 4))
    places, sites = rng.uniform(0, 10, (n, 2)), rng.uniform(0, 10, (m, 2))
    if seed % 4 == 0:
        places[1] = places[0]
    people = rng.integers(20, 120, n).astype(float)
    offline = people * rng.choice([1.0, 0.5, 0.8], n)
    need = offline * rng.choice([1.0, 2.0], n)
    plain = Problem.from_points(places, need, sites, np.ones(m), reach=float(rng.uniform(3, 7)))
    devices = Measure(
        name="devices",
        cost=float(rng.uniform(0.2, 1.0)),
        benefit=float(rng.choice([0.3, 0.6, 1.0])),
        offline=offline,
        most=rng.choice([0.0, 0.1, 0.5, 1.0], n),
    )
    courses = Measure(
        name="courses",
        cost=float(rng.uniform(0.1, 0.6)),
        benefit=float(rng.choice([0.2, 1.5])),
        offline=offline,
        most=rng.choice([0.0, 0.2, 0.6], n),
    )
    decay = CoverageRule(decay=Decay.LINEAR, full=1.0) if seed % 9 == 5 else CoverageRule()
    take_up = TakeUp(share=float(rng.choice([0.3, 0.9])), e_fold=4.0) if seed % 3 == 2 and seed % 9 != 5 else None
    problem = replace(
        plain,
        people=people,
        tier_reach=np.array([plain.tier_reach[0], 1.3 * plain.tier_reach[0]]),
        option_site=np.repeat(np.arange(m), 2),
        option_tier=np.tile([0, 1], m),
        option_cost=rng.uniform(8, 40, 2 * m),
        seated=offline,
        rule=decay,
        measures=(devices, courses) if seed % 2 else (devices,),
    )
    room = (float(rng.integers(20, 60)), float(rng.integers(60, 150))) if seed % 5 else (math.inf, math.inf)
    floor = float(rng.choice([0.05, 0.2])) if seed % 6 == 1 else 0.0
    return Case(problem=problem, budget=float(rng.uniform(12, 70)), room=room, take_up=take_up, floor=floor)


@dataclass(frozen=True, kw_only=True)
class Left:
    """What a set of hubs leaves to decide: shares of points by pair, then by measure; rows and their limits."""

    rows: Floats
    limits: Floats
    worth: Floats
    cost: Floats
    most: Floats
    hubs: float


def left_by(case: Case, hubs: tuple[int, ...]) -> Left:
    """Return the linear program of one set of hubs, written from the figures alone."""
    problem, n = case.problem, case.problem.n_points
    far = np.column_stack([problem.travel.from_site(site) for site in range(problem.n_sites)])
    pairs = [
        (i, o)
        for i in range(n)
        for o in hubs
        if far[i, problem.option_site[o]] <= problem.tier_reach[problem.option_tier[o]] * (1 + 1e-9)
    ]
    size = len(pairs) + n * len(problem.measures)
    worth, cost, most = np.zeros((n, size)), np.zeros(size), np.ones(size)
    rows, limits = [], []
    once = np.zeros((n, size))
    come = np.zeros((n, size))
    for at, (i, o) in enumerate(pairs):
        distance, reach = far[i, problem.option_site[o]], problem.tier_reach[problem.option_tier[o]]
        fades = problem.rule.decay == Decay.LINEAR
        share = min(max(1 - max(distance - 1.0, 0) / (reach - 1.0), 0.0), 1.0) if fades else 1.0
        worth[i, at], once[i, at] = share, 1.0
        if case.take_up is not None:
            come[i, at] = 1 / (case.take_up.share * math.exp(-distance / case.take_up.e_fold))
    for number, measure in enumerate(problem.measures):
        for i in range(n):
            at = len(pairs) + number * n + i
            worth[i, at], once[i, at] = measure.benefit, max(measure.benefit, 1.0)
            cost[at], most[at] = measure.cost * measure.offline[i], measure.most[i]
    rows += [*once, *(come if case.take_up is not None else [])]
    limits += [1.0] * len(rows)
    for o in hubs:
        room = case.room[problem.option_tier[o]]
        if math.isfinite(room):
            rows.append(
                np.array([problem.seats[i] if other == o else 0.0 for i, other in pairs] + [0.0] * (size - len(pairs)))
            )
            limits.append(room)
    money = math.fsum(problem.option_cost[list(hubs)])
    if case.floor:
        weight = case.groups[0]
        rows.append(-(weight @ worth))
        limits.append(-case.floor * weight.sum())
    return Left(rows=np.array(rows), limits=np.array(limits), worth=worth, cost=cost, most=most, hubs=money)


def sets_of_hubs(case: Case, money: float) -> Iterator[tuple[int, ...]]:
    """Yield every set of hubs with one a site that the money pays."""
    options = range(case.problem.n_sites)
    for choice in itertools.product((None, 0, 1), repeat=case.problem.n_sites):
        hubs = tuple(2 * site + tier for site, tier in zip(options, choice, strict=True) if tier is not None)
        if math.fsum(case.problem.option_cost[list(hubs)]) <= money:
            yield hubs


def program(left: Left, gain: Floats, money: float, rows: Any = (), limits: Any = ()) -> float:
    """Return the most that shares gain; minus infinity where there are none."""
    every = np.vstack([left.rows, left.cost[None, :], *rows])
    ends = np.concatenate([left.limits, [money - left.hubs], np.asarray(limits, dtype=float)])
    found = linprog(-gain, A_ub=every, b_ub=ends, bounds=np.column_stack([np.zeros(len(gain)), left.most]))
    return -found.fun if found.status == 0 else -math.inf


def most_covered(case: Case) -> float:
    every = (left_by(case, hubs) for hubs in sets_of_hubs(case, case.budget))
    return max(program(left, case.problem.need @ left.worth, case.budget) for left in every)


def shares_of(case: Case, left: Left) -> Floats:
    """Return what each group's covered share gains from each variable (2, v)."""
    return np.asarray(case.groups @ left.worth / case.groups.sum(axis=1)[:, None])


def widened(left: Left, more: int, most: float) -> Left:
    """Return the program with some variables more, none of which its rows speak of."""
    return replace(
        left,
        rows=np.column_stack([left.rows, np.zeros((len(left.rows), more))]),
        cost=np.append(left.cost, np.zeros(more)),
        most=np.append(left.most, np.full(more, most)),
    )


def largest_least_share(case: Case) -> float:
    """Return the largest share that both groups have."""
    best = -math.inf
    for hubs in sets_of_hubs(case, case.budget):
        left = left_by(case, hubs)
        rows = np.column_stack([-shares_of(case, left), np.ones(2)])
        gain = np.append(np.zeros(len(left.cost)), 1.0)
        best = max(best, program(widened(left, 1, 1.0), gain, case.budget, [rows], [0.0, 0.0]))
    return best


BELOW = 0.02


def utility(share: Floats, alpha: float) -> Floats:
    """Return the utility in parts of the share below which it is linear."""
    kept = np.maximum(share, BELOW) / BELOW
    bent = np.log(kept) if alpha == 1 else (kept ** (1 - alpha) - 1) / (1 - alpha)
    return np.asarray(bent + np.minimum(share / BELOW - 1, 0.0))


def best_utility(case: Case, alpha: float) -> float:
    """Return the largest mean utility of the groups, weighted by need, with tangents two per cent apart."""
    need, best = case.groups.sum(axis=1), -math.inf
    at = np.minimum(BELOW * 1.02 ** np.arange(math.ceil(math.log(1 / BELOW) / math.log(1.02)) + 1), 1.0)
    slope = (at / BELOW) ** -alpha / BELOW
    for hubs in sets_of_hubs(case, case.budget):
        left = left_by(case, hubs)
        share, more = shares_of(case, left), 2
        rows = [
            np.column_stack([-slope[:, None] * share[group], np.tile(np.eye(2)[group], (len(at), 1))])
            for group in range(2)
        ]
        wide = widened(left, more, np.inf)
        # Utilities below none are left out by a shift.
        ends = np.tile(utility(at, alpha) - slope * at + 1.0, 2)
        gain = np.concatenate([np.zeros(len(left.cost)), need / need.sum()])
        best = max(best, program(wide, gain, case.budget, rows, ends) - 1.0)
    return best


def cheapest(case: Case, share: float) -> float:
    """Return the least money that covers a share of all need."""
    best, need = math.inf, case.problem.need
    for hubs in sets_of_hubs(case, math.inf):
        left = left_by(case, hubs)
        found = program(left, -left.cost, 1e9, [-(need @ left.worth)[None, :]], [-share * need.sum()])
        best = min(best, left.hubs - found)
    return best


def plan(case: Case, objective: Objective) -> Solution:
    return hp.solve_problem(case.problem, objective, EXACT)


@pytest.mark.parametrize("seed", one_of(APART, range(INSTANCES)))
def test_covers_most_as_every_set_of_hubs(seed: int) -> None:
    case = case_of(seed)
    expected = most_covered(case)
    found = plan(case, MaxCoverage(budget=case.budget, constraints=case.limits))
    if expected == -math.inf:
        assert found.evaluation is None
        assert str(found.status) == "infeasible"
        return
    assert found.value == pytest.approx(expected, rel=CLOSE, abs=1e-6)
    assert found.bound == pytest.approx(expected, rel=CLOSE, abs=1e-6)


def test_the_drawn_cases_hold_take_up_capacities_floors_and_courses() -> None:
    drawn = [case_of(seed) for seed in range(0, INSTANCES, APART)]
    assert {case.take_up is None for case in drawn} == {math.isinf(case.room[0]) for case in drawn} == {True, False}
    assert {case.floor > 0 for case in drawn} == {len(case.problem.measures) > 1 for case in drawn} == {True, False}
    assert any(case.take_up is not None and math.isfinite(case.room[0]) for case in drawn[::2])


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("seed", one_of(4, range(0, INSTANCES, APART)))
def test_is_fair_as_every_set_of_hubs(seed: int, alpha: float) -> None:
    case = replace(case_of(seed), floor=0.0)
    fair = AlphaFair(weights=case.groups, alpha=alpha, linear_below=BELOW)
    found = plan(case, MaxCoverage(budget=case.budget, constraints=case.limits, fairness=fair))
    stated = utility(np.array([found.value, found.bound]), alpha)
    assert best_utility(case, alpha) == pytest.approx(stated[0], abs=2e-4)
    assert stated[1] - stated[0] <= 2e-4


@pytest.mark.parametrize("seed", one_of(APART, range(INSTANCES)))
def test_lifts_the_worst_as_every_set_of_hubs(seed: int) -> None:
    case = replace(case_of(seed), floor=0.0)
    found = plan(case, MaxCoverage(budget=case.budget, constraints=case.limits, fairness=MaxMin(weights=case.groups)))
    worst = next(goal for goal in found.goals if goal.name == "smallest share")
    assert worst.value == pytest.approx(largest_least_share(case), rel=CLOSE, abs=1e-6)


@pytest.mark.parametrize("seed", one_of(APART, range(INSTANCES)))
def test_reaches_a_share_for_the_least_money(seed: int) -> None:
    case = replace(case_of(seed), floor=0.0)
    expected = cheapest(case, 0.3)
    found = plan(case, MinCost(target_share=0.3, constraints=case.limits))
    if expected == math.inf:
        assert str(found.status) == "infeasible"
        return
    assert found.value == pytest.approx(expected, rel=CLOSE, abs=1e-5)


SEAT = 2.0
"""Money for a seat of a full hub of the two towns below: 200 for 100 seats."""


def on_devices(benefit: float, alpha: float) -> Solution:
    """Return the plan of 1,000 of money for a town that fills hubs and a village that has none in reach."""
    town, village = 4000.0, 400.0
    offline = np.array([town, village])
    devices = Measure(name="devices", cost=3.0, benefit=benefit, offline=offline, most=np.full(2, 0.5))
    plain = Problem.from_points([[0, 0], [50, 0]], offline, [[0, 0]], [200], reach=5)
    problem = replace(plain, seated=offline, measures=(devices,))
    fair = AlphaFair(weights=np.diag(offline), alpha=alpha, linear_below=0.01) if alpha else None
    limits = (Capacity(people=(100.0,)), HubsPerSite(count=5))
    return hp.solve_problem(problem, MaxCoverage(budget=1000, constraints=limits, fairness=fair), EXACT)


def test_where_the_sum_counts_all_money_goes_to_devices_where_one_is_worth_more_than_it_costs_in_seats() -> None:
    even = 3.0 / SEAT
    below, above = on_devices(even * 0.99, 0.0), on_devices(even * 1.01, 0.0)
    assert below.evaluation is not None
    assert above.evaluation is not None
    assert below.evaluation.counts.sum() == 5
    assert not above.evaluation.counts.sum()
    assert above.evaluation.covered_need == pytest.approx(1000 / 3 * even * 1.01)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_where_shares_are_weighed_devices_go_first_to_where_no_hub_fills_and_more_the_more_they_are_worth(
    alpha: float,
) -> None:
    before = 0.0
    for benefit in (0.3, 0.6, 1.2, 1.6):
        plan = on_devices(benefit, alpha).evaluation
        assert plan is not None
        [reached] = plan.reached
        money = 3.0 * float(reached @ [4000, 400])
        if plan.counts.sum() and money:
            assert reached[1] > 2 * reached[0]  # the town has what is left beside whole hubs
        assert money >= before * (1 - 1e-6)
        before = money
    assert before == pytest.approx(1000, rel=1e-6)
