"""Places nearly as good as those of a plan's hubs, against a count of all of them point by point."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import hubplanner as hp
from hubplanner.problem import Evaluation, Problem, SiteStatus, evaluate
from hubplanner.problem.catchments import NEARLY, proposal
from hubplanner.solver import SolverOptions, solve_problem

SHARE, FOLD = 0.4, 3.0


def instance(seed: int, *, seats: bool) -> tuple[Problem, Evaluation, np.ndarray]:
    """Return a random plan of a few hubs, and the district of each site."""
    rng = np.random.default_rng([seed, seats])
    status = rng.choice([SiteStatus.CANDIDATE] * 6 + [SiteStatus.EXISTING, SiteStatus.REQUIRED], 14)
    problem = Problem.from_points(
        rng.uniform(0, 10, (40, 2)),
        rng.integers(1, 20, 40),
        rng.uniform(0, 10, (14, 2)),
        np.ones(14),
        reach=2.5,
    )
    stands = status == SiteStatus.EXISTING
    problem = replace(problem, site_status=status, option_cost=np.where(stands, 0.0, 1.0))
    limits = (
        (hp.Capacity(people=(25.0,)), hp.TakeUp(share=SHARE, e_fold=FOLD), hp.HubsPerSite(count=2)) if seats else ()
    )
    found = solve_problem(problem, hp.MaxCoverage(max_hubs=5, constraints=limits), SolverOptions(gap=0.0, ties=False))
    assert found.evaluation is not None
    return problem, found.evaluation, rng.integers(0, 3, 14)


def coming(distance: np.ndarray) -> np.ndarray:
    return SHARE * np.exp(-distance / FOLD)


@pytest.mark.parametrize("seats", [True, False], ids=["with seats and take-up", "for all in reach"])
@pytest.mark.parametrize("seed", range(12))
def test_alternatives_are_all_places_nearly_as_good_and_no_others(seed: int, *, seats: bool) -> None:
    problem, plan, district = instance(seed, seats=seats)
    found = proposal(problem, plan, district, coming if seats else None)
    points = range(problem.n_points)
    far = np.array([problem.travel.from_site(site) for site in range(problem.n_sites)])
    part = coming(far) if seats else np.ones(far.shape)
    part[far > 2.5] = 0.0
    used = plan.assigned.toarray()
    for hub, option in enumerate(plan.options.tolist()):
        here = problem.option_site[option]
        if problem.site_status[here] == SiteStatus.EXISTING:
            assert math.isnan(found.catchment[hub])
            assert found.alternatives[hub] == ()
            continue
        size = [sum(problem.need[i] * part[site, i] for i in points) for site in range(problem.n_sites)]
        assert found.catchment[hub] == pytest.approx(size[here])
        expected = []
        for site in range(problem.n_sites):
            left = 0.0
            for i in points:
                taken = 0.0
                for other, place in enumerate(problem.option_site[plan.options].tolist()):
                    stays = plan.counts[other] - (other == hub)
                    if used[i, other] > 0:
                        taken += used[i, other] / part[place, i] * stays / plan.counts[other]
                left += problem.need[i] * part[site, i] * (1 - taken)
            if (
                problem.site_status[site] == SiteStatus.CANDIDATE
                and site not in problem.option_site[plan.options]
                and district[site] == district[here]
                and size[site] >= NEARLY * size[here]
                and left + 1e-9 >= NEARLY * plan.load[hub] / plan.counts[hub]
            ):
                expected.append(site)
        assert set(found.alternatives[hub]) == set(expected)
        larger = [site for site in range(14) if district[site] == district[here] and size[site] > size[here] + 1e-9]
        larger = [site for site in larger if problem.site_status[site] != SiteStatus.EXISTING]
        assert found.rank[hub] == len(larger) + 1
        assert found.larger[hub] == len(set(larger) - set(problem.option_site[plan.options].tolist()))
        sizes = [size[site] for site in found.alternatives[hub]]
        assert sizes == sorted(sizes, reverse=True)


def test_some_places_have_alternatives_and_some_have_none() -> None:
    counts = [
        len(others)
        for seed in range(12)
        for problem, plan, district in [instance(seed, seats=True)]
        for others in proposal(problem, plan, district, coming).alternatives
    ]
    assert 0 in counts
    assert max(counts) > 0


def test_a_plan_without_hubs_has_no_places() -> None:
    problem = Problem.from_points([[0, 0]], [1], [[0, 0]], [1], reach=1)
    assert proposal(problem, evaluate(problem, []), np.zeros(1, dtype=np.intp)).alternatives == ()
