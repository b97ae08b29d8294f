"""What whole hubs are worth at most: no whole hubs are worth more, and parts of hubs are."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from support.draws import one_of

from hubplanner.model import AlphaFair, Budget, Capacity, HubsPerSite, MaxCoverage, Question, TangentUtility
from hubplanner.model.cuts.whole_hubs import WholeHubsCut, _Group, whole_hub_shares
from hubplanner.model.goals import tangent_utility
from hubplanner.problem import Floats, Problem
from hubplanner.solver import SolverOptions, solve_problem
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.bounds.relaxation import FIRST_DEPTH, relax, relaxed
from hubplanner.solver.mip.subproblem import Subproblem, program_of

SAME = 1e-7
MOST = 4
"""Hubs of an option that are looked at, at most."""


def drawn(rng: np.random.Generator) -> _Group:
    """Return a group of five options, of rooms alike or not, some without a limit, and a relaxation that serves it."""
    touching = np.sort(rng.uniform(0.1, 6, rng.integers(2, 12)))
    power = float(rng.choice([0.5, 1.0, 2.0]))
    slope = touching**-power
    worth = np.log(touching) if power == 1 else touching ** (1 - power) / (1 - power)
    rooms = np.where(rng.random(5) < 0.5, 1.0, rng.choice([1.0, 0.1, 0.37, 0.9, 2.5, np.inf], 5))
    hubs, least = rng.uniform(0, 2, 5), rng.integers(0, 2, 5) * (rng.random(5) < 0.3)
    hubs = np.maximum(hubs, least)
    served = np.where(np.isfinite(rooms), np.nan_to_num(rooms, posinf=0.0) * hubs, 1.0) * rng.choice([1.0, 0.3], 5)
    known, beside = rng.choice([0.0, 0.4], 2).tolist()
    share = known + beside + float(served.sum())
    start = worth - slope * touching
    return _Group(
        start=start,
        slope=slope,
        room=rooms,
        reach=np.full(5, 10.0),
        served=served,
        hubs=hubs,
        least=least.astype(np.float64),
        known=known,
        beside=beside,
        worth=float((start + slope * share).min()),
        share=share,
    )


def right_side(each: Floats, steepest: float, limit: float, hubs: Floats, others: float) -> float:
    return limit + float(np.nan_to_num(each) @ hubs) + steepest * others


@pytest.mark.parametrize("seed", one_of(10, range(200)))
def test_no_whole_hubs_are_worth_more(seed: int) -> None:
    group = drawn(np.random.default_rng(seed))
    found = group.most_broken()
    if found is None:
        assert not (group.own & (group.hubs > group.least + 1e-6)).any()
        return
    excess, each, steepest, limit = found
    others = float(group.served[np.isnan(each)].sum()) + group.beside
    assert excess == pytest.approx(group.worth - right_side(each, steepest, limit, group.hubs, others), abs=SAME)
    counted = np.flatnonzero(~np.isnan(each))
    ranges = [range(int(group.least[option]), MOST + 1) for option in counted.tolist()]
    nearest = np.inf
    for numbers in itertools.product(*ranges):
        hubs = np.zeros(5)
        hubs[counted] = numbers
        room = group.known + float(group.room[counted] @ hubs[counted])
        for beside in (0.0, 0.05, 0.3, 1.0, 4.0):
            worth = float((group.start + group.slope * (room + beside)).min())
            spare = right_side(each, steepest, limit, hubs, beside) - worth
            assert spare >= -SAME, (numbers, beside)
            nearest = min(nearest, spare)
    assert nearest < 0.1  # it is no looser than it has to be: some whole hubs nearly reach it


def apart(rng: np.random.Generator) -> tuple[Problem, Capacity, Budget, AlphaFair]:
    """Return three towns out of each other's reach, each a group with a large and a small place for hubs."""
    town, place = np.repeat(np.arange(3), 4), np.repeat(np.arange(3), 2)
    need, cost = rng.uniform(5, 15, 12), np.tile([10.0, 4.0], 3) * rng.uniform(0.9, 1.1, 6)
    problem = Problem.from_points(
        np.column_stack([town * 1e4, rng.uniform(0, 10, 12)]), need, np.column_stack([place * 1e4, place]), cost, 100
    )
    fair = AlphaFair(weights=need * (town == np.arange(3)[:, None]), alpha=1.0, linear_below=0.02)
    capacity = Capacity(people=(tuple(np.tile([10.0, 3.0], 3).tolist()),))
    return problem, capacity, Budget(amount=float(rng.uniform(25, 90))), fair


def best_of_apart(problem: Problem, capacity: Capacity, budget: Budget, fair: AlphaFair) -> float:
    """Return the largest equivalent share: in its town a hub serves as many as it has room for, until all are."""
    room, cost = capacity.room(problem), problem.option_cost
    hubs = np.array(list(itertools.product(range(MOST + 1), repeat=6)), dtype=np.float64)
    hubs = hubs[hubs @ cost <= budget.amount]
    shares = np.minimum((hubs * room).reshape(-1, 3, 2).sum(axis=2) / fair.need, 1.0)
    return max(fair.equivalent_share(one) for one in np.unique(shares, axis=0))


def test_the_relaxation_is_sharper_and_no_plan_is_above_it() -> None:
    seeds, sharper = one_of(3, range(24)), 0
    for seed in seeds:
        problem, capacity, budget, fair = apart(np.random.default_rng(seed))
        limits = (capacity, budget, HubsPerSite(count=MOST))
        question = Question.of(problem, MaxCoverage(constraints=limits, fairness=fair))
        fine = [np.full(3, share) for share in np.geomspace(fair.linear_below, 1, 400).tolist()]
        utility, options = TangentUtility.coarse(fair).refined(fine), SolverOptions(threads=1)
        goal, deadline = tangent_utility(utility), Deadline.after(6000.0)
        task = Subproblem(question=question, goal=goal, options=options, deadline=deadline)
        plain = program_of(task, np.full(problem.n_points, FIRST_DEPTH, dtype=np.intp))
        _, form, relaxation = relaxed(task)
        loose = utility.share_of(plain.figure(relax(plain, task.effort(0.0)).bound))
        bound, best = utility.share_of(form.figure(relaxation.bound)), best_of_apart(problem, capacity, budget, fair)
        assert best * (1 - SAME) <= bound <= loose * (1 + SAME), seed
        has_own = any(isinstance(cut, WholeHubsCut) for cut in form.cuts)
        sharper += has_own and loose - bound > 0.1 * (loose - best)
        filled = whole_hub_shares(utility, form, relaxation.values)
        assert all(((shares >= 0) & (shares <= 1)).all() for shares in filled), seed
        found = solve_problem(problem, question.objective, SolverOptions(threads=1, gap=0.0))
        assert (found.value, found.bound) == pytest.approx((best, best), rel=1e-6), seed
    assert sharper > 0.6 * len(seeds)
