"""The worst distance by bisection, against all choices of sites, and its parts against what they are to keep."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from support.draws import one_of

import hubplanner as hp
from hubplanner.model import Question
from hubplanner.problem import Planar, SiteStatus
from hubplanner.problem.travel.base import within
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.median import p_center
from hubplanner.solver.median.p_center import CenterTable, _fewest, _greedy, _least, _reduced
from hubplanner.solver.mip.subproblem import Subproblem


def country(seed: int, points: int = 25, sites: int = 9) -> hp.Problem:
    """Return points and sites at whole coordinates, so that distances repeat; some stand, or are required."""
    rng = np.random.default_rng(seed)
    status = rng.choice([SiteStatus.CANDIDATE] * 8 + [SiteStatus.EXISTING, SiteStatus.REQUIRED], sites)
    return hp.Problem(
        need=rng.integers(0, 4, points).astype(float),
        people=np.ones(points),
        travel=Planar(rng.integers(0, 12, (points, 2)).astype(float), rng.integers(0, 12, (sites, 2)).astype(float)),
        site_status=status.astype(np.intp),
        tier_reach=np.array([3.0]),
        option_site=np.arange(sites),
        option_tier=np.zeros(sites, dtype=np.intp),
        option_cost=np.where(status == SiteStatus.EXISTING, 0.0, rng.integers(1, 6, sites)),
    )


def enumerated(problem: hp.Problem, count: float, money: float) -> float:
    """Return the least worst distance over all choices of sites."""
    points, sites = problem.travel.points, problem.travel.sites  # type: ignore[attr-defined]
    far = np.hypot(*(points[problem.need > 0][:, None] - sites[None]).transpose(2, 0, 1))
    stands = np.flatnonzero(problem.site_status == SiteStatus.EXISTING)
    required = set(np.flatnonzero(problem.site_status == SiteStatus.REQUIRED).tolist())
    free = np.setdiff1d(np.arange(len(sites)), stands).tolist()
    best = math.inf
    for size in range(len(free) + 1):
        for chosen in combinations(free, size):
            if required <= set(chosen) and size <= count and problem.option_cost[list(chosen)].sum() <= money:
                used = [*stands, *chosen]
                best = min(best, far[:, used].min(axis=1).max(initial=0.0)) if used else best
    return best


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("most_cells", [p_center.MOST_CELLS, 0])
@pytest.mark.parametrize(("count", "money"), [(2, None), (3, None), (None, 7.0), (3, 6.0)])
def test_the_worst_distance_is_that_of_the_best_choice_there_is(
    seed: int, count: int | None, money: float | None, most_cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(p_center, "MOST_CELLS", most_cells)
    problem = country(seed)
    solution = hp.solve_problem(problem, hp.PCenter(max_hubs=count, budget=money), hp.SolverOptions(gap=0.0))
    best = enumerated(problem, math.inf if count is None else count, math.inf if money is None else money)
    if solution.evaluation is None:
        assert math.isinf(best)
        return
    assert solution.status == "optimal"
    assert solution.goals[0].value == pytest.approx(best)
    assert solution.goals[0].bound == pytest.approx(best)


def fewest(near: np.ndarray) -> int:
    """Return the fewest sites that cover all rows."""
    sites = range(near.shape[1])
    return next(k for k in range(len(sites) + 1) if any(near[:, c].any(axis=1).all() for c in combinations(sites, k)))


@pytest.mark.parametrize("seed", one_of(2, range(40)))
def test_reductions_keep_the_fewest_sites_and_bounds_stay_below_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    near = rng.random((int(rng.integers(1, 14)), 8)) < rng.uniform(0.15, 0.5)
    near[~near.any(axis=1), 0] = True
    price = np.ones(8)
    forced, rows, sites = _reduced(near, price)
    left = near[np.ix_(rows, sites)]
    assert len(forced) + (fewest(left) if len(rows) else 0) == fewest(near)
    assert _least(near, price, Deadline(math.inf)) <= fewest(near) + 1e-9
    greedy = _greedy(near, price, by_price=False)
    assert near[:, greedy].any(axis=1).all()
    assert all(not near[:, np.setdiff1d(greedy, [one])].any(axis=1).all() for one in greedy)


@pytest.mark.parametrize("seed", one_of(2, range(20)))
def test_reductions_keep_the_least_money(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    near, price = rng.random((10, 7)) < 0.35, rng.integers(1, 5, 7).astype(float)
    near[~near.any(axis=1), 0] = True

    def least(table: np.ndarray, prices: np.ndarray) -> float:
        choices = (c for k in range(len(prices) + 1) for c in combinations(range(len(prices)), k))
        return min(prices[list(c)].sum() for c in choices if table[:, c].any(axis=1).all())

    forced, rows, sites = _reduced(near, price)
    rest = least(near[np.ix_(rows, sites)], price[sites]) if len(rows) else 0.0
    assert price[forced].sum() + rest == least(near, price)
    assert _least(near, price, Deadline(math.inf)) <= least(near, price) + 1e-9


def test_of_a_large_question_exchanges_find_what_greedy_choices_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    points, sites = rng.uniform(0, 10, (150, 2)), rng.uniform(0, 10, (50, 2))
    problem = hp.Problem.from_points(points, np.ones(150), sites, np.ones(50), 99.0)
    question = Question.of(problem, hp.PCenter(max_hubs=7))
    task = Subproblem(question=question, goal=None, options=hp.SolverOptions(gap=0.0), deadline=Deadline.after(6000.0))
    best = p_center.least_radius(task)
    monkeypatch.setattr(p_center, "MOST_CELLS", 0)
    table, found = CenterTable.of(problem, hp.PCenter(max_hubs=7)), set[str]()
    for how in p_center.How:
        answer = p_center._covered(table, best.value, task, how)
        if answer.chosen is not None:
            found.add(how.name)
            assert table.worst(answer.chosen) <= best.value * (1 + 1e-9)
    assert found == {"EXCHANGE", "EXCHANGE_LONGER", "SEARCH"}
    large = p_center.least_radius(task)
    assert (large.value, large.bound) == pytest.approx((best.value, best.bound))


def test_farthest_first_is_within_twice_the_best_where_points_are_sites() -> None:
    rng = np.random.default_rng(5)
    places = rng.uniform(0, 10, (14, 2))
    problem = hp.Problem.from_points(places, np.ones(14), places, np.ones(14), 99.0)
    table = CenterTable.of(problem, hp.PCenter(max_hubs=3))
    best = hp.solve_problem(problem, hp.PCenter(max_hubs=3), hp.SolverOptions(gap=0.0)).value
    assert best <= table.worst(table.farthest_first()) <= 2 * best * (1 + 1e-9) + table.radii[0]
    assert within(np.array([best]), table.radii).any()


@pytest.mark.parametrize("seed", one_of(2, range(12)))
def test_few_sites_cover_all_where_a_choice_of_so_few_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    near = rng.random((18, 9)) < 0.3
    near[np.arange(18), rng.integers(0, 9, 18)] = True
    question = Question.of(country(seed), hp.PCenter(max_hubs=1))
    options = hp.SolverOptions(gap=0.0, threads=1)
    task = Subproblem(question=question, goal=None, options=options, deadline=options.deadline)
    least = next(
        size
        for size in range(10)
        if any(near[:, list(some)].any(axis=1).all() for some in combinations(range(9), size))
    )
    for count in range(1, 9):
        found = _fewest(near, count, task)
        assert (found.chosen is not None, found.is_impossible) == (count >= least, count < least)
        assert found.chosen is None or near[:, found.chosen].any(axis=1).all()


def test_each_stage_of_a_large_question_keeps_to_its_part_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    problem = hp.Problem.from_points(
        rng.uniform(0, 10, (60, 2)), np.ones(60), rng.uniform(0, 10, (20, 2)), np.ones(20), 99
    )
    question = Question.of(problem, hp.PCenter(max_hubs=5))
    task = Subproblem(
        question=question, goal=None, options=hp.SolverOptions(gap=0.0), deadline=Deadline(600.0, lambda: 0.0)
    )
    left, plain = dict[p_center.How, float](), p_center._covered

    def timed(table: CenterTable, radius: float, asked: Subproblem, how: p_center.How) -> object:
        left.setdefault(how, asked.deadline.left)
        return plain(table, radius, asked, how)

    monkeypatch.setattr(p_center, "_covered", timed)
    monkeypatch.setattr(p_center, "MOST_CELLS", 0)
    p_center.least_radius(task)
    assert left[p_center.How.EXCHANGE] <= p_center.PART * 600
    assert all(left[how] <= how.part * 600 for how in left)
