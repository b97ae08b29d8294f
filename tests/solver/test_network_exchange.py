"""Plans with lines that are made better by closing hubs and growing others: within limits, and never worse."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from benchmarks import connected
from support.oracles.network import every_plan, random_network, random_ways

import hubplanner as hp
from hubplanner.model import Question, Year, broken_years, goals_of
from hubplanner.model.variables.backhaul import network_of
from hubplanner.problem import Backhaul, Planar, SiteStatus, evaluate
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip import subproblem
from hubplanner.solver.mip.bounds.relaxation import relaxed
from hubplanner.solver.mip.heuristics.network_exchange import _Apart, _closed, improved_network
from hubplanner.solver.mip.heuristics.network_greedy import network_plan
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem

if TYPE_CHECKING:
    from collections.abc import Callable

EXACT = hp.SolverOptions(gap=0.0, ties=False, threads=1)


def improved(problem: hp.Problem, asked: hp.MaxCoverage, seed: int = 0) -> tuple[Incumbent, Incumbent, float]:
    """Return a greedy plan, what it is made into, and the relaxation's bound."""
    question, goal = Question.of(problem, asked), goals_of(asked)[0]
    task = Subproblem(question=question, goal=goal, options=EXACT, deadline=EXACT.deadline)
    _, form, relaxation = relaxed(task)
    if not relaxation.is_solved:
        return Incumbent(), Incumbent(), np.nan
    layer, values = form.layers[0], relaxation.values
    built = values[[variable.index for variable in network_of(layer).build]]
    open_ = values[[variable.index for variable in layer.open_]]
    first, bound = network_plan(question, goal, built, open_), form.figure(relaxation.bound)
    found = improved_network(question, goal, first, bound, built, open_, Deadline(math.inf), seed)
    if found.years:
        assert not broken_years(question, found.years)
    return first, found, bound


def in_a_row(*, n_sites: int) -> hp.Problem:
    """Return sites beside each other, each pair joined by a dear line that is written first and a cheap one."""
    places = np.column_stack([np.arange(n_sites) * 1000.0, np.zeros(n_sites)])
    joins = np.array([[at, at + 1] for at in range(n_sites - 1)])
    net = Backhaul(
        ends=np.concatenate([joins, joins[:, ::-1], joins]),
        cost=np.repeat([7.0, 5.0, 6.0], n_sites - 1),
        roots=np.array([0]),
        node=np.arange(n_sites),
        line_cost=np.ones((n_sites, 1)),
        alone_cost=np.full((n_sites, 1), np.inf),
    )
    return hp.Problem(
        travel=Planar(places, places),
        need=np.ones(n_sites),
        people=np.ones(n_sites),
        site_status=np.zeros(n_sites, dtype=int),
        tier_reach=np.array([100.0]),
        option_site=np.arange(n_sites),
        option_tier=np.zeros(n_sites, dtype=int),
        option_cost=np.ones(n_sites),
        backhaul=net,
    )


def test_of_lines_between_the_same_places_the_cheapest_counts() -> None:
    problem = in_a_row(n_sites=4)
    assert _Apart.of(problem).of_site(1) == pytest.approx([5, 0, 5, 10])


def test_of_several_hubs_at_a_site_some_may_stay() -> None:
    problem = in_a_row(n_sites=3)
    plan = evaluate(problem, np.array([0, 1, 1, 2, 2, 2]), edges=np.array([2, 3]))
    rng, seen = np.random.default_rng(0), set()
    for _ in range(40):
        begun, closed = _closed(_Apart.of(problem), Incumbent(years=(Year(problem, plan, 1.0),)), rng)
        if not begun.required:
            assert len(begun.options) + closed == 6
            seen.add(tuple(begun.options.tolist()))
    assert any(len(set(options)) < len(options) for options in seen)


@pytest.mark.parametrize("seats", [False, True])
@pytest.mark.parametrize("made", [random_network, random_ways])
def test_a_plan_is_made_no_worse_and_no_better_than_the_best(made: Callable[[int], hp.Problem], *, seats: bool) -> None:
    for seed in range(700, 725):
        problem, budget = made(seed), float(np.random.default_rng(seed).integers(10, 25))
        rooms = (hp.Capacity(people=(15.0,) * len(problem.tier_reach)),) * seats
        first, found, _ = improved(problem, hp.MaxCoverage(budget=budget, constraints=rooms))
        if not first.years:
            continue
        assert found.value >= first.value
        assert found.years[0].plan.cost <= budget + 1e-9
        if not seats:
            assert found.value <= max(plan.covered for plan in every_plan(problem) if plan.cost <= budget) + 1e-9


def test_required_hubs_and_floors_are_kept() -> None:
    problem, asked = connected.question({"seed": 1, "towns": 30, "nodes": 3})
    assert asked.budget is not None
    status = np.where(np.arange(problem.n_sites) % 11 == 4, SiteStatus.REQUIRED, problem.site_status)
    weight = np.where(np.arange(problem.n_points) < 60, problem.need, 0.0)
    floor = hp.Floor(weight=weight, share=0.2, name="first")
    asked = hp.MaxCoverage(budget=2 * asked.budget, constraints=(floor,))
    first, found, _ = improved(replace(problem, site_status=status), asked)
    assert first.years
    assert found.value > first.value
    assert {4, 15, 26} <= set(found.years[0].plan.options.tolist())


def test_among_towns_it_comes_within_half_a_per_cent_of_the_best_where_greedy_plans_are_far() -> None:
    far, near = [], []
    for seed in (1, 3):
        problem, asked = connected.question({"seed": seed, "towns": 30, "nodes": 3})
        first, found, _ = improved(problem, asked)
        best = hp.solve_problem(problem, asked, EXACT).value
        far.append(1 - first.value / best)
        near.append(1 - found.value / best)
    assert max(near) < 0.005 < max(far), (far, near)


def test_the_same_seed_makes_the_same_plan_and_what_is_enough_is_left_as_it_is() -> None:
    problem, asked = connected.question({"seed": 2, "towns": 20, "nodes": 2})
    one, other = (improved(problem, asked, seed=5)[1] for _ in range(2))
    assert one.opened is not None
    assert other.opened is not None
    assert one.opened.tolist() == other.opened.tolist()
    question, goal = Question.of(problem, asked), goals_of(asked)[0]
    first = network_plan(question, goal)
    nothing = np.zeros(0)
    assert improved_network(question, goal, first, first.value, nothing, nothing, Deadline(math.inf), 0) is first


def test_where_making_the_program_would_take_all_of_the_time_the_plan_without_a_search_is_handed_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem, asked = connected.question({"seed": 2, "towns": 20, "nodes": 2})
    question, goal = Question.of(problem, asked), goals_of(asked)[0]
    monkeypatch.setattr(subproblem, "LAYING_S", 1e9)
    found = hp.solve_problem(problem, asked, replace(EXACT, ties=True))
    assert found.status == hp.Status.FEASIBLE
    assert found.value == network_plan(question, goal).value
