"""Radio hops that are laid year by year, with a limit: against every programme of small networks, and by hand."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from solver.test_hops import Country, random_country
from support.draws import one_of
from support.oracles.network import covers_of, subsets

import hubplanner as hp
from hubplanner.model import Question, Year, broken_years
from hubplanner.problem import evaluate
from hubplanner.problem.backhaul import HopStates

if TYPE_CHECKING:
    from collections.abc import Iterator

EXACT = hp.SolverOptions(gap=0.0, ties=False, threads=1)
MOST_LINES, MOST_HOPS, MOST_OPTIONS = 1, 3, 4


def small_country(seed: int) -> Country:
    """Return a country with so few lines, hops and options that its programmes can be enumerated."""
    one = random_country(seed)
    problem = one.problem.with_options(np.arange(min(one.problem.n_options, MOST_OPTIONS)), one.problem.site_status)
    return replace(
        one,
        problem=problem,
        ends=one.ends[:MOST_LINES],
        line_cost=one.line_cost[:MOST_LINES],
        hops=one.hops[:MOST_HOPS],
        hop_cost=one.hop_cost[:MOST_HOPS],
    )


def with_landings(country: Country) -> hp.Problem:
    """Return the problem with its network as states, one hop into each place."""
    problem = country.solved_as()
    net = problem.backhaul
    assert net is not None
    states = HopStates.of(
        places_of(country),
        np.array(country.hops, dtype=np.intp).reshape(-1, 2),
        country.most,
        np.ones(places_of(country), dtype=np.bool_),
    )
    one_of = np.concatenate([np.full(len(country.ends), -1), states.landing]).astype(np.intp)
    return replace(problem, backhaul=replace(net, one_of=one_of))


def places_of(country: Country) -> int:
    every = [*itertools.chain(*country.ends), *itertools.chain(*country.hops), *country.roots, country.sites - 1]
    return 1 + max(every)


def programmes(country: Country) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Yield the need covered and the money spent by each of two years, of every programme.

    Lines, hops and hubs stay, each hub with the link it opens with. One hop leads to a place, and as many lead there
    as did when it was of use first.
    """
    problem, net = country.problem, country.problem.backhaul
    assert net is not None
    covers, standing = covers_of(problem), frozenset(np.flatnonzero(problem.existing).tolist())
    sets = [frozenset(some) for some in subsets(problem.n_options) if standing <= set(some)]
    sites = {some: problem.option_site[sorted(some)].tolist() for some in sets}
    sets = [some for some in sets if len(set(sites[some])) == len(some)]
    pairs = [(one, two) for one in sets for two in sets if one <= two]
    required = set(problem.required_sites.tolist())
    pairs = [pair for pair in pairs if required <= set(sites[pair[1]])]
    worth = {some: math.fsum(problem.need[p] for p in set().union(*(covers[o] for o in some))) for some in sets}

    def link(option: int, fibre: set[int], radio: dict[int, int]) -> float:
        at = problem.option_site[option], problem.option_tier[option]
        own = [float(net.alone_cost[at])]
        own += [float(country.at_hub[0][at])] * (at[0] in fibre) + [float(country.at_hub[1][at])] * (at[0] in radio)
        return min(own)

    lines, hops = list(subsets(len(country.ends))), list(subsets(len(country.hops)))
    hops = [some for some in hops if len({country.hops[hop][1] for hop in some}) == len(some)]
    for laid in itertools.product(lines, lines, hops, hops):
        first, later = laid[0::2], laid[1::2]
        if not (set(first[0]) <= set(later[0]) and set(first[1]) <= set(later[1])):
            continue
        levels: dict[int, int] = {}
        states = []
        for some_lines, some_hops in (first, later):
            fibre = country.reached(some_lines, ())[0]
            # Breadth first: each hop of use for the first time comes as near to fibre as it can, and stays so.
            for count in range(1, country.most + 1):
                for hop in some_hops:
                    start, end = country.hops[hop]
                    if end not in levels and (start in fibre or levels.get(start, 99) < count):
                        before = 0 if start in fibre else levels[start]
                        if before + 1 == count:
                            levels[end] = count
            states.append((fibre, dict(levels)))
        money = [
            math.fsum([*(country.line_cost[at] for at in ls), *(country.hop_cost[at] for at in hs)])
            for ls, hs in (first, later)
        ]
        for one, two in pairs:
            early = math.fsum(link(option, *states[0]) for option in one - standing)
            links = early, early + math.fsum(link(option, *states[1]) for option in two - one)
            hubs = [math.fsum(problem.option_cost[sorted(some)]) for some in (one, two)]
            spent = money[0] + links[0] + hubs[0], money[1] + links[1] + hubs[1]
            if math.isfinite(spent[1]):
                yield (worth[one], worth[two]), spent


@pytest.mark.parametrize("seed", one_of(50, range(1000)))
def test_a_programme_is_the_best_of_every_chain_of_hubs_lines_and_hops(seed: int) -> None:
    country = small_country(seed)
    rng = np.random.default_rng(seed + 30_000)
    one, two = (float(money) for money in rng.integers(3, 15, 2))
    asked = hp.MaxCoverage(constraints=(hp.Periods(budgets=(one, two), discount_rate=0.1),))
    found = hp.solve_problem(with_landings(country), asked, EXACT)
    within = [worth for worth, spent in programmes(country) if spent[0] <= one and spent[1] <= one + two]
    if not within:
        assert found.status == hp.Status.INFEASIBLE
        return
    best = max(first + second / 1.1 for first, second in within)
    assert found.value == pytest.approx(best)
    assert found.bound >= best - 1e-6


@pytest.mark.parametrize("seed", one_of(5, range(40)))
def test_one_hop_into_each_place_is_enough_for_a_plan_of_one_year(seed: int) -> None:
    country = random_country(seed)
    asked = hp.MaxCoverage(budget=float(np.random.default_rng(seed).integers(3, 25)))
    free, one = (hp.solve_problem(problem, asked, EXACT) for problem in (country.solved_as(), with_landings(country)))
    assert (free.status, free.value) == (one.status, pytest.approx(one.value, nan_ok=True))


def test_two_hops_into_one_place_break_a_programme() -> None:
    country = small_country(0)
    country = replace(country, hops=[(country.sites, 0), (1, 0)], hop_cost=[1.0, 1.0], ends=[], line_cost=[])
    country = replace(country, roots={country.sites}, most=2)
    problem = with_landings(country)
    net = problem.backhaul
    assert net is not None
    into = np.flatnonzero(net.sets == net.sets[0])
    assert len(into) > 1
    question = Question.of(problem, hp.MaxCoverage(budget=1000.0))
    plan = evaluate(problem, np.flatnonzero(problem.existing), edges=into)
    assert broken_years(question, [Year(problem, plan)]) == [f"edge {into[1]} is built beside another of its set"]
