"""Lines that are laid year by year: against every programme of small networks, and by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from support.draws import one_of
from support.oracles.network import Programme, every_programme, random_network, random_ways, reach, small

import hubplanner as hp
from hubplanner.model import Question, Year, broken_years, check_compatible, goals_of
from hubplanner.problem import evaluate
from hubplanner.problem.evaluation import links_after
from hubplanner.solver.mip.heuristics.network_greedy import network_plan

if TYPE_CHECKING:
    from collections.abc import Callable

EXACT = hp.SolverOptions(gap=0.0, threads=1)
SEEDS = one_of(100, range(1000))


def needs_its_edges(problem: hp.Problem, programme: Programme) -> bool:
    """Tell whether every edge serves a hub from the year on in which it is built: without it some link is dearer."""
    net = problem.backhaul
    assert net is not None
    for year, built in enumerate(programme.edges):
        hubs = sorted(programme.options[year] - set(np.flatnonzero(problem.existing).tolist()))
        opened = [next(at for at, some in enumerate(programme.options) if hub in some) for hub in hubs]
        for edge in built:
            dearer = False
            for hub, first in zip(hubs, opened, strict=True):
                site, tier = problem.option_site[hub], problem.option_tier[hub]
                ways = list(zip(net.node[:, site].tolist(), net.line_cost[:, site, tier].tolist(), strict=True))
                with_all, without = (
                    min([net.alone_cost[site, tier], *(price for node, price in ways if node in reach(net, some))])
                    for some in (tuple(programme.edges[first]), tuple(programme.edges[first] - {edge}))
                )
                # An edge that came after the hub is of no use to it.
                dearer |= edge in programme.edges[first] and without > with_all
            if not dearer:
                return False
    return True


def asked(seed: int, *, carry_over: bool) -> hp.MaxCoverage:
    rng = np.random.default_rng(seed)
    budgets = tuple(float(amount) for amount in rng.integers(3, 20, 2))
    return hp.MaxCoverage(constraints=(hp.Periods(budgets=budgets, carry_over=carry_over, discount_rate=0.1),))


def allowed(programme: Programme, budgets: tuple[float, ...], *, carry_over: bool) -> bool:
    one, two = programme.cost
    if carry_over:
        return one <= budgets[0] + 1e-9 and two <= sum(budgets) + 1e-9
    return one <= budgets[0] + 1e-9 and two - one <= budgets[1] + 1e-9


@pytest.mark.parametrize("carry_over", [True, False])
@pytest.mark.parametrize("made", [random_network, random_ways])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_programme_is_the_best_of_every_chain_of_hubs_and_edges(
    seed: int, made: Callable[[int], hp.Problem], *, carry_over: bool
) -> None:
    problem, objective = small(seed, made), asked(seed, carry_over=carry_over)
    budgets = objective.constraints[0].budgets
    within = [one for one in every_programme(problem) if allowed(one, budgets, carry_over=carry_over)]
    # With all money left over for later, nobody gains by laying a line before a hub needs it.
    within = within if carry_over else [one for one in within if needs_its_edges(problem, one)]
    found = hp.solve_problem(problem, objective, EXACT)
    if not within:
        assert found.status == hp.Status.INFEASIBLE
        return
    worth = {one: one.covered[0] + one.covered[1] / 1.1 for one in within}
    best = max(worth.values())
    assert found.value == pytest.approx(best)
    assert found.bound >= best - 1e-6
    cheapest = min(one.cost[1] for one in within if worth[one] >= best - 1e-9)
    assert found.periods[1].evaluation.cost == pytest.approx(cheapest)
    plans = [year.evaluation for year in found.periods]
    stated = Programme(
        options=tuple(frozenset(plan.options.tolist()) for plan in plans),
        edges=tuple(frozenset(plan.edges.tolist()) for plan in plans),
        covered=tuple(plan.covered_need for plan in plans),
        cost=tuple(plan.cost for plan in plans),
    )
    same = [one for one in within if one.options == stated.options and one.edges == stated.edges]
    assert len(same) == 1
    assert (same[0].covered, same[0].cost) == (pytest.approx(stated.covered), pytest.approx(stated.cost))


@pytest.mark.parametrize("made", [random_network, random_ways])
@pytest.mark.parametrize("carry_over", [True, False])
def test_a_programme_without_a_search_keeps_to_limits_and_is_no_better_than_the_best(
    made: Callable[[int], hp.Problem], *, carry_over: bool
) -> None:
    planned = 0
    for seed in range(300, 312):
        problem, objective = small(seed, made), asked(seed, carry_over=carry_over)
        question, goal = Question.of(problem, objective), goals_of(objective)[0]
        found = network_plan(question, goal)
        if not found.years:
            continue
        planned += 1
        assert not broken_years(question, found.years)
        best = hp.solve_problem(problem, objective, EXACT)
        assert found.value <= best.value + 1e-9
    assert planned > 6


def street(alone: float = math.inf) -> hp.Problem:
    """Return two sites in a row behind a trench of 10 and one of 2, with hubs for 5, and dishes at the nearer one."""
    places = np.array([[0.0, 0.0], [100.0, 0.0]])
    problem = hp.Problem.from_points(places, [3.0, 2.0], places, [5.0, 5.0], reach=1.0)
    net = hp.Backhaul(
        ends=np.array([[2, 0], [0, 1]]),
        cost=np.array([10.0, 2.0]),
        roots=np.array([2]),
        node=np.array([0, 1]),
        line_cost=np.array([[1.0], [0.0]]),
        alone_cost=np.array([[alone], [math.inf]]),
    )
    return replace(problem, backhaul=net)


def programme(*budgets: float, carry_over: bool = True) -> hp.MaxCoverage:
    return hp.MaxCoverage(constraints=(hp.Periods(budgets=budgets, carry_over=carry_over),))


def figures(found: hp.Solution) -> list[tuple[float, list[int], float]]:
    plans = [year.evaluation for year in found.periods]
    return [(plan.covered_need, plan.edges.tolist(), plan.cost) for plan in plans]


def test_a_trench_is_laid_when_its_first_hub_opens_and_serves_the_next_year_s_for_nothing_more() -> None:
    assert figures(hp.solve_problem(street(), programme(16, 7), EXACT)) == [(3, [0], 16), (5, [0, 1], 23)]
    assert figures(hp.solve_problem(street(), programme(16, 6.9), EXACT)) == [(3, [0], 16), (3, [0], 16)]
    assert figures(hp.solve_problem(street(), programme(10, 13), EXACT)) == [(0, [], 0), (5, [0, 1], 23)]
    lapses = programme(10, 13, carry_over=False)
    assert hp.solve_problem(street(), lapses, EXACT).value == 0


def test_a_hub_keeps_the_dish_it_opens_with_when_a_trench_comes_later() -> None:
    found = hp.solve_problem(street(alone=4), programme(9, 17), EXACT)
    assert figures(found) == [(3, [], 9), (5, [0, 1], 26)]
    last = found.periods[1].evaluation.backhaul
    assert last is not None
    assert last.on_network.tolist() == [False, True]
    assert last.kept.tolist() == [-1, -2]
    # With the money of both years at once it goes without the dish.
    together = hp.solve_problem(street(alone=4), hp.MaxCoverage(budget=26), EXACT).evaluation
    assert together is not None
    assert together.cost == 23


def test_a_link_that_changes_and_an_edge_that_is_gone_break_a_programme() -> None:
    problem = street(alone=4)
    rich = Question.of(problem, programme(100, 100))

    def broken(*plans: hp.Evaluation) -> list[str]:
        return broken_years(rich, [Year(problem, plan) for plan in plans])

    dish, line = evaluate(problem, [0]), evaluate(problem, [0], edges=[0])
    assert broken(dish, evaluate(problem, [0], edges=[0], kept=links_after(problem, dish))) == []
    assert broken(dish, line) == ["the hub at site 0 changes its link"]
    gone = evaluate(problem, [0], kept=links_after(problem, line))
    assert gone.cost == math.inf
    assert {"edge 0 is taken away again", "the hub at site 0 has no link"} <= set(broken(line, gone))


def test_what_lines_do_not_go_with_over_years_is_refused_with_a_reason() -> None:
    moving = hp.MaxCoverage(constraints=(hp.Periods(budgets=(9.0, 9.0), nested=False),))
    with pytest.raises(hp.ScenarioError, match="lines stay where they are laid"):
        check_compatible(street(), moving)


def test_seats_and_lines_go_over_years() -> None:
    seats = hp.Capacity(people=(2.0,))
    asked = hp.MaxCoverage(constraints=(hp.Periods(budgets=(16, 7)), seats))
    found = hp.solve_problem(street(), asked, EXACT)
    assert figures(found) == [(pytest.approx(2), [0], 16), (pytest.approx(4), [0, 1], 23)]
