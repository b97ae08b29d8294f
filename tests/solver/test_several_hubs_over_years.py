"""Several hubs of a size at a site, with lines, over years: all have the link of the first; against every programme."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pulp import HiGHS
from scipy.optimize import linprog
from solver.test_lines_over_years import street
from support.draws import one_of
from support.oracles.network import covers_of, random_network, random_ways, reach, small, subsets

import hubplanner as hp
from hubplanner.model import Question, Year, broken_years, formulate, goals_of
from hubplanner.model.constraints import connected as connected_module
from hubplanner.problem import SiteStatus, evaluate
from hubplanner.problem.evaluation import links_after

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXACT = hp.SolverOptions(gap=0.0, ties=False, threads=1)
ROOM, MOST_OPTIONS, MOST_EDGES = 12.0, 3, 3

Counts = tuple[int, ...]


def few(seed: int, made: Callable[[int], hp.Problem]) -> hp.Problem:
    """Return a network so small that programmes of up to two hubs an option can be enumerated."""
    problem = small(seed, made)
    some = np.arange(min(problem.n_options, MOST_OPTIONS))
    status = np.where(problem.site_status == SiteStatus.REQUIRED, SiteStatus.CANDIDATE, problem.site_status)
    status[np.setdiff1d(np.arange(problem.n_sites), problem.option_site[some])] = SiteStatus.EXCLUDED
    return problem.with_options(some, status)


def seated(problem: hp.Problem, covers: dict[int, set[int]], counts: Counts) -> float:
    """Return the most need that has a seat, as a linear program."""
    pairs = [(point, option) for option, count in enumerate(counts) if count for point in sorted(covers[option])]
    if not pairs:
        return 0.0
    rows = [[float(own == point) for own, _ in pairs] for point in range(problem.n_points)]
    rows += [[float(at == option) * problem.people[own] for own, at in pairs] for option in range(len(counts))]
    limits = [1.0] * problem.n_points + [ROOM * count for count in counts]
    return float(-linprog([-problem.need[own] for own, _ in pairs], A_ub=rows, b_ub=limits, bounds=(0, 1)).fun)


def programmes(problem: hp.Problem, years: int = 2) -> Iterator[tuple[tuple[float, ...], tuple[float, ...]]]:
    """Yield the need with a seat and the money spent by each year, of every programme."""
    net, covers = problem.backhaul, covers_of(problem)
    assert net is not None
    standing = problem.existing.tolist()
    ranges = [(1, 1) if stands else (0, 2) for stands in standing]
    vectors = [
        counts
        for counts in itertools.product(*(range(least, most + 1) for least, most in ranges))
        if _fits(problem, counts)
    ]
    worth = {counts: seated(problem, covers, counts) for counts in vectors}
    edges = [frozenset(some) for some in subsets(net.n_edges)]
    reached = {some: reach(net, tuple(sorted(some))) for some in edges}

    def price(option: int, nodes: set[int]) -> float:
        site, tier = problem.option_site[option], problem.option_tier[option]
        ways = zip(net.node[:, site], net.line_cost[:, site, tier], strict=True)
        return float(min([net.alone_cost[site, tier], *(money for node, money in ways if node in nodes)]))

    for opened in itertools.product(vectors, repeat=years):
        if any(a > b for early, late in itertools.pairwise(opened) for a, b in zip(early, late, strict=True)):
            continue
        for built in itertools.product(edges, repeat=years):
            if any(not early <= late for early, late in itertools.pairwise(built)):
                continue
            spent = []
            for year, (counts, laid) in enumerate(zip(opened, built, strict=True)):
                money = math.fsum(net.cost[sorted(laid)])
                for option, count in enumerate(counts):
                    if count and not standing[option]:
                        first = next(at for at in range(year + 1) if opened[at][option])
                        money += count * (problem.option_cost[option] + price(option, reached[built[first]]))
                spent.append(money)
            if math.isfinite(spent[-1]):
                yield tuple(worth[counts] for counts in opened), tuple(spent)


def _fits(problem: hp.Problem, counts: Counts) -> bool:
    """Tell whether a site has two hubs at most, of one tier, and one where one stands."""
    for site in range(problem.n_sites):
        own = [(count, problem.existing[at]) for at, count in enumerate(counts) if problem.option_site[at] == site]
        some = [count for count, _ in own if count]
        if len(some) > 1 or (any(stands for _, stands in own) and sum(some) > 1):
            return False
    return True


@pytest.mark.parametrize("made", [random_network, random_ways])
@pytest.mark.parametrize("seed", one_of(12, range(120)))
def test_a_programme_is_the_best_of_all_with_up_to_two_hubs_a_site(
    seed: int, made: Callable[[int], hp.Problem]
) -> None:
    problem = few(seed, made)
    net = problem.backhaul
    assert net is not None
    problem = replace(problem, backhaul=net.among(np.arange(min(net.n_edges, MOST_EDGES))))
    one, two = (float(money) for money in np.random.default_rng(seed + 50_000).integers(3, 22, 2))
    limits = (
        hp.Periods(budgets=(one, two), discount_rate=0.1),
        hp.HubsPerSite(count=2),
        hp.Capacity(people=(ROOM,) * len(problem.tier_reach)),
    )
    found = hp.solve_problem(problem, hp.MaxCoverage(constraints=limits), EXACT)
    within = [
        worth[0] + worth[1] / 1.1
        for worth, spent in programmes(problem)
        if spent[0] <= one + 1e-9 and spent[1] <= one + two + 1e-9
    ]
    if not within:
        assert found.status == hp.Status.INFEASIBLE
        return
    assert found.value == pytest.approx(max(within), rel=1e-6)
    assert found.bound >= max(within) * (1 - 1e-6)


@pytest.mark.parametrize("made", [random_network, random_ways])
@pytest.mark.parametrize("seed", one_of(4, range(200, 240)))
def test_a_plan_is_the_best_of_all_with_up_to_two_hubs_a_site(seed: int, made: Callable[[int], hp.Problem]) -> None:
    problem, budget = few(seed, made), float(np.random.default_rng(seed).integers(5, 30))
    limits = (hp.HubsPerSite(count=2), hp.Capacity(people=(ROOM,) * len(problem.tier_reach)))
    found = hp.solve_problem(problem, hp.MaxCoverage(budget=budget, constraints=limits), EXACT)
    within = [worth for (worth,), (spent,) in programmes(problem, years=1) if spent <= budget + 1e-9]
    if not within:
        assert found.status == hp.Status.INFEASIBLE
        return
    assert found.value == pytest.approx(max(within), rel=1e-6)


def test_a_second_hub_has_the_link_of_the_first_whatever_there_is_by_then() -> None:
    problem = street(alone=4)
    before = evaluate(problem, [0])
    later = evaluate(problem, [0, 0, 1], edges=[0, 1], kept=links_after(problem, before))
    assert later.backhaul is not None
    assert later.backhaul.way.tolist() == [-1, 0]
    assert later.backhaul.link_cost[0] == 8
    asked = hp.MaxCoverage(constraints=(hp.Periods(budgets=(99.0, 99.0)), hp.HubsPerSite(count=2)))
    assert broken_years(Question.of(problem, asked), [Year(problem, before), Year(problem, later)]) == []


@pytest.mark.parametrize("ruled", [True, False])
def test_no_trench_is_laid_for_hubs_that_keep_to_the_dish_of_the_first(
    monkeypatch: pytest.MonkeyPatch, *, ruled: bool
) -> None:
    # A dish for 10 in the first year; in the second 14 for another, or for a trench to two more hubs if they may.
    problem = hp.Problem.from_points([[0, 0]], [3.0], [[0, 0]], [1.0], reach=1)
    net = hp.Backhaul(
        ends=np.array([[1, 0]]),
        cost=np.array([12.0]),
        roots=np.array([1]),
        node=np.array([0]),
        line_cost=np.zeros((1, 1)),
        alone_cost=np.full((1, 1), 10.0),
    )
    problem = replace(problem, backhaul=net)
    years = hp.Periods(budgets=(11.0, 14.0), carry_over=False)
    asked = hp.MaxCoverage(constraints=(years, hp.HubsPerSite(count=3), hp.Capacity(people=(1.0,))))
    if not ruled:
        monkeypatch.setattr(connected_module, "_add_links_of_options", lambda _: None)
    question, goal = Question.of(problem, asked), goals_of(asked)[0]
    form = formulate(question, goal, (), np.ones(1, dtype=np.intp))
    form.program.solve(HiGHS(msg=False, threads=1))
    best = form.figure(form.program.objective.value())
    assert best == pytest.approx(3 if ruled else 4)
    if ruled:
        found = hp.solve_problem(problem, asked, EXACT)
        assert found.value == pytest.approx(3)
        assert [year.evaluation.counts.tolist() for year in found.periods] == [[1], [2]]
