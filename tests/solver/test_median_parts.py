"""The parts that a p-median is solved by, each against what its definition says."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import hubplanner as hp
from hubplanner.problem import SiteStatus
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.median import reduced_mip as median_residue, subgradient as median_climb
from hubplanner.solver.median.cost_matrix import table_of
from hubplanner.solver.median.interchange import first_plan, greedy
from hubplanner.solver.median.lagrangian import bound, nearest, settled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hubplanner.problem import Ints
    from hubplanner.solver.median.cost_matrix import CostMatrix

EXACT = hp.SolverOptions(gap=0.0, ties=False, threads=1)
LATER = Deadline(np.inf)
LIMITS: list[dict[str, Any]] = [{"max_hubs": 3}, {"budget": 10.0}, {"max_hubs": 3, "budget": 8.0}, {}]


def problem(seed: int, points: int = 20, sites: int = 9) -> hp.Problem:
    """Return a random problem with a standing, a required and an excluded site and pairs without a way."""
    rng = np.random.default_rng(seed)
    distance = rng.uniform(1, 50, (points, sites))
    distance[rng.random(distance.shape) < 0.1] = np.inf
    status = np.zeros(sites, dtype=np.intp)
    status[:2] = [SiteStatus.REQUIRED, SiteStatus.EXISTING]
    plain = hp.Problem.from_matrix(distance, rng.integers(0, 5, points), rng.integers(1, 5, sites), reach=9)
    return replace(plain, site_status=status, option_cost=plain.option_cost * (status != SiteStatus.EXISTING))


def choices(table: CostMatrix) -> Iterator[Ints]:
    """Return every choice of sites within the limits."""
    for count in range(table.count + 1):
        for sites in itertools.combinations(range(table.size), count):
            chosen = np.array(sites, dtype=np.intp)
            if table.fits(chosen):
                yield chosen


def tables() -> Iterator[CostMatrix]:
    for seed, limits in enumerate(LIMITS * 3):
        yield table_of(problem(seed), hp.PMedian(**limits))


def test_any_multipliers_prove_a_bound_with_any_number_of_sites_in_sight() -> None:
    rng = np.random.default_rng(0)
    for table in tables():
        best = min(table.value(chosen) for chosen in choices(table))
        for width in (1, 4, table.size):
            near = nearest(table, width)
            for scale in (0.0, 10.0, 100.0, 1e6):
                found = bound(table, near, rng.uniform(0, 1, len(table.base)) * scale)
                assert found.value <= best
                assert found.built.sum() <= table.count


def test_settled_sites_are_what_all_good_choices_agree_on() -> None:
    some = 0
    for table in tables():
        start = first_plan(table, LATER)
        proof = median_climb.climb(table, start, 0.0, LATER)
        multipliers = np.minimum(table.served(start), table.base)
        for proven in (bound(table, nearest(table, table.size), u) for u in (multipliers, multipliers * 1.2)):
            limit = max(proof.value, proven.value) * 1.05
            built, dropped = settled(table, proven, limit)
            some += int(built.sum() + dropped.sum())
            for chosen in choices(table):
                if table.value(chosen) <= limit:
                    assert np.isin(np.flatnonzero(built), chosen).all()
                    assert not dropped[chosen].any()
    assert some > 0


def test_no_exchange_and_no_further_site_makes_a_first_plan_better() -> None:
    for table in tables():
        chosen = first_plan(table, LATER)
        assert table.fits(chosen)
        value = table.value(chosen)
        others = np.setdiff1d(np.arange(table.size), chosen)
        trials = [np.append(chosen, site) for site in others]
        trials += [np.append(np.delete(chosen, out), site) for out in range(len(chosen)) for site in others]
        assert all(table.value(trial) >= value * (1 - 1e-9) for trial in trials if table.fits(trial))


def test_a_greedy_choice_stops_when_time_is_up() -> None:
    table = next(tables())
    assert greedy(table, np.arange(0), LATER.past()).tolist() == []


def test_a_smaller_table_costs_the_same() -> None:
    for table in tables():
        for chosen in itertools.islice(choices(table), 5, 12):
            smaller = table.settle(chosen[:1], np.delete(np.arange(table.size), chosen[:1]))
            rest = np.flatnonzero(np.isin(smaller.option, table.option[chosen[1:]]))
            assert smaller.value(rest) == pytest.approx(table.value(chosen))
            assert sorted(smaller.options(rest)) == sorted(table.options(chosen))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("shallow", [0.0, 9.0])
def test_plans_near_the_bound_first_or_chains_that_grow_change_nothing(
    seed: int, shallow: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = hp.PMedian(**LIMITS[seed % 3])
    plain = hp.solve_problem(problem(seed, 60, 30), asked, EXACT)
    monkeypatch.setattr(median_residue, "FEW_SITES", 0)
    monkeypatch.setattr(median_residue, "SHALLOW", shallow)
    # From a poor plan the search has to find a better one.
    monkeypatch.setattr(median_climb, "IMPROVE", 10_000)
    staged = hp.solve_problem(problem(seed, 60, 30), asked, EXACT)
    assert staged.status == plain.status == hp.Status.OPTIMAL
    assert staged.value == pytest.approx(plain.value, rel=1e-9)
    assert staged.bound <= staged.value


def test_a_few_sites_in_sight_become_more_where_they_do_not_suffice(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = hp.solve_problem(problem(1, 60, 30), hp.PMedian(max_hubs=4), EXACT)
    monkeypatch.setattr(median_climb, "FEWEST", 1)
    monkeypatch.setattr(median_climb, "TIMES", 0)
    found = hp.solve_problem(problem(1, 60, 30), hp.PMedian(max_hubs=4), EXACT)
    assert found.status == hp.Status.OPTIMAL
    assert found.value == pytest.approx(plain.value, rel=1e-9)
