"""Radio hops with a limit, beside lines: against every set of hubs, lines and hops, and by hand."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from support.draws import one_of
from support.oracles.network import NetworkPlan, best_within, covers_of, random_network, subsets

import hubplanner as hp
from hubplanner.problem.backhaul import HopStates

EXACT = hp.SolverOptions(gap=0.0, threads=1)
SEEDS = one_of(50, range(1000))


@dataclass(frozen=True, kw_only=True)
class Country:
    """Sites on fibre or by radio: lines either way, hops one way, each with its money; at most so many hops."""

    problem: hp.Problem
    ends: list[tuple[int, int]]
    line_cost: list[float]
    hops: list[tuple[int, int]]
    hop_cost: list[float]
    most: int
    roots: set[int]
    at_hub: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    """Money (2, m, t) at a hub's site by fibre and by radio."""

    def solved_as(self) -> hp.Problem:
        """Return the problem with its network as states."""
        n_places = 1 + max([*itertools.chain(*self.ends), *itertools.chain(*self.hops), *self.roots, self.sites - 1])
        states = HopStates.of(
            n_places,
            np.array(self.hops, dtype=np.intp).reshape(-1, 2),
            self.most,
            np.ones(n_places, dtype=np.bool_),
        )
        hop_cost = np.append(self.hop_cost, 0.0)[states.hop]
        own = self.problem.backhaul
        assert own is not None
        net = hp.Backhaul(
            ends=np.concatenate([np.array(self.ends, dtype=np.intp).reshape(-1, 2), states.ends]),
            cost=np.concatenate([self.line_cost, hop_cost]),
            roots=np.array(sorted(self.roots)),
            node=np.stack([np.arange(self.sites), states.node[: self.sites]]),
            line_cost=self.at_hub,
            alone_cost=own.alone_cost,
            one_way=np.concatenate(
                [np.zeros(len(self.ends), dtype=np.bool_), np.ones(len(states.ends), dtype=np.bool_)]
            ),
        )
        return replace(self.problem, backhaul=net)

    @property
    def sites(self) -> int:
        return len(self.problem.site_status)

    def reached(self, lines: tuple[int, ...], hops: tuple[int, ...]) -> tuple[set[int], set[int]]:
        """Return the places on fibre, and those that hops lead to from these, at most so many in a row."""
        fibre, grew = set(self.roots), True
        while grew:
            fresh = {other for line in lines for one, other in (self.ends[line], self.ends[line][::-1]) if one in fibre}
            grew, fibre = not fresh <= fibre, fibre | fresh
        radio, front = set[int](), set(fibre)
        for _ in range(self.most):
            front = {self.hops[hop][1] for hop in hops if self.hops[hop][0] in front}
            radio |= front
        return fibre, radio

    def plans(self) -> list[NetworkPlan]:
        """Return every plan whose hubs are all connected, with the cheapest link of each."""
        problem, net, covers = self.problem, self.problem.backhaul, covers_of(self.problem)
        assert net is not None
        found = []
        for lines in subsets(len(self.ends)):
            for hops in subsets(len(self.hops)):
                fibre, radio = self.reached(lines, hops)
                money = math.fsum([*(self.line_cost[at] for at in lines), *(self.hop_cost[at] for at in hops)])
                for options in subsets(problem.n_options):
                    sites = problem.option_site[list(options)].tolist()
                    standing = set(np.flatnonzero(problem.existing).tolist())
                    if len(set(sites)) < len(sites) or not standing <= set(options):
                        continue
                    if not set(problem.required_sites.tolist()) <= set(sites):
                        continue
                    cost = money + math.fsum(problem.option_cost[list(options)])
                    for option in set(options) - standing:
                        at = problem.option_site[option], problem.option_tier[option]
                        own = [net.alone_cost[at]]
                        own += [self.at_hub[0][at]] * (at[0] in fibre) + [self.at_hub[1][at]] * (at[0] in radio)
                        cost += min(own)
                    served = set().union(*(covers[option] for option in options)) if options else set()
                    covered = math.fsum(problem.need[point] for point in served)
                    if math.isfinite(cost):
                        found.append(NetworkPlan(options=options, edges=(), covered=covered, cost=float(cost)))
        return found


def random_country(seed: int) -> Country:
    """Return at most five places with a few lines and hops; some sites beyond lines, some hops both ways."""
    problem, rng = random_network(seed), np.random.default_rng(seed + 20_000)
    own = problem.backhaul
    assert own is not None
    sites, tiers = own.alone_cost.shape
    places = sites + int(rng.integers(1, 3))
    every = list(itertools.combinations(range(places), 2))
    lines = [every[at] for at in rng.permutation(len(every))[: int(rng.integers(0, 3))]]
    ways = list(itertools.permutations(range(places), 2))
    hops = [ways[at] for at in rng.permutation(len(ways))[: int(rng.integers(2, 6))]]
    shape = (2, sites, tiers)
    alone = np.where(rng.random(own.alone_cost.shape) < 0.6, np.inf, own.alone_cost)
    return Country(
        problem=replace(problem, backhaul=replace(own, alone_cost=alone)),
        ends=lines,
        line_cost=rng.integers(0, 8, len(lines)).astype(float).tolist(),
        hops=hops,
        hop_cost=rng.integers(1, 6, len(hops)).astype(float).tolist(),
        most=int(rng.integers(1, 4)),
        roots={places - 1},
        at_hub=np.where(rng.random(shape) < 0.85, rng.integers(0, 4, shape), np.inf).astype(float),
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_plan_is_the_best_of_every_set_of_hubs_lines_and_hops(seed: int) -> None:
    country = random_country(seed)
    plans, problem = country.plans(), country.solved_as()
    budget = float(np.random.default_rng(seed).integers(3, 25))
    best_within(plans, budget, hp.solve_problem(problem, hp.MaxCoverage(budget=budget), EXACT))


def chain(most: int) -> hp.Problem:
    """Return A, B and C in a row, hops of 3 from a root to A and on to B and C, hubs for 1 at B and C alone."""
    places = np.array([[0.0, 0.0], [100.0, 0.0]])
    problem = hp.Problem.from_points(places, [1.0, 1.0], places, [1.0, 1.0], reach=1.0)
    states = HopStates.of(4, np.array([[3, 2], [2, 0], [0, 1]]), most, np.array([False, False, False, True]))
    net = hp.Backhaul(
        ends=states.ends,
        cost=np.where(states.hop >= 0, 3.0, 0.0),
        roots=np.array([3]),
        node=states.node[None, :2],
        line_cost=np.zeros((1, 2, 1)),
        alone_cost=np.full((2, 1), math.inf),
        one_way=np.ones(len(states.ends), dtype=np.bool_),
    )
    return replace(problem, backhaul=net)


def test_a_far_hub_is_reached_through_relays_only_as_far_as_hops_are_allowed() -> None:
    for most, covered in {1: [0, 0, 0, 0], 2: [0, 1, 1, 1], 3: [0, 1, 1, 2]}.items():
        asked = [hp.MaxCoverage(budget=budget) for budget in (6.9, 7.0, 10.9, 11.0)]
        assert [hp.solve_problem(chain(most), one, EXACT).value for one in asked] == covered


def test_fewer_hops_never_cover_more() -> None:
    for seed in range(50, 58):
        country = random_country(seed)
        asked, quick = hp.MaxCoverage(budget=15.0), replace(EXACT, ties=False)
        ways = [replace(country, most=most).solved_as() for most in (1, 2, 3)]
        values = [hp.solve_problem(way, asked, quick).value for way in ways]
        values = [-1.0 if math.isnan(value) else value for value in values]
        assert values == sorted(values)
