"""Coverage, distance and capacity on instances too large to enumerate, solved a second time in another way.

Nothing of hubplanner's models, coverage or evaluation is used here: distances are measured anew, links are weak or
summed, capacities are flows of people.
"""

from __future__ import annotations

import numpy as np
import pulp
import pytest
from support.oracles.second_formulation import SEEDS, Second, by_need, check, town

import hubplanner as hp
from hubplanner.model import Capacity
from hubplanner.problem import Planar


@pytest.mark.parametrize("seed", SEEDS)
def test_p_median_with_summed_links(seed: int) -> None:
    here = town(seed, points=60, sites=20)
    second = Second(town=here)
    second.build(3)
    shares = second.shares(np.ones_like(here.near), link=False)
    for site, opened in enumerate(second.open_):
        second.hold(pulp.lpSum(shares[point, site] for point in range(60)) <= 60 * opened)
    for point in range(60):
        second.hold(pulp.lpSum(shares[point, site] for site in range(20)) >= 1)
    mean = second.least(second.worth(shares, by_need(here, here.distance))) / here.need.sum()
    check(here.problem(), hp.PMedian(max_hubs=3), mean)


@pytest.mark.parametrize("seed", SEEDS)
def test_p_center_with_one_largest_distance(seed: int) -> None:
    here = town(seed, points=60, sites=20)
    second = Second(town=here)
    second.spend(90)
    shares = second.shares(np.ones_like(here.near), whole=True)
    worst = second.program.add_variable("worst", 0)
    for point in range(60):
        row = [shares[point, site] for site in range(20)]
        second.hold(pulp.lpSum(row) == 1)
        second.hold(pulp.lpDot(here.distance[point].tolist(), row) <= worst)
    radius = second.least(worst)
    worst.upBound = radius * (1 + 1e-7)
    mean = second.least(second.worth(shares, by_need(here, here.distance))) / here.need.sum()
    check(here.problem(), hp.PCenter(budget=90), radius, mean)


@pytest.mark.parametrize("seed", SEEDS)
def test_capacity_as_a_flow_of_people_over_two_tiers(seed: int) -> None:
    here = town(seed, points=100, sites=25)
    room, reach, dearer = (300.0, 700.0), (14.0, 22.0), (1.0, 2.25)
    second = Second(town=here)
    tiers = [second.open_, second.binaries("large", 25)]
    tiers[1][0].upBound = tiers[1][1].upBound = tiers[0][2].lowBound = 0
    for site in range(25):
        second.hold(tiers[0][site] + tiers[1][site] <= 1)
    second.hold(tiers[0][2] + tiers[1][2] >= 1)
    second.hold(pulp.lpSum(pulp.lpDot((here.cost * dearer[t]).tolist(), tiers[t]) for t in (0, 1)) <= 120)
    served, credit = {point: [] for point in range(100)}, []
    for tier in (0, 1):
        flows = second.amounts(f"flow_{tier}", np.argwhere(here.distance <= reach[tier]).tolist(), most=100.0)
        for site in range(25):
            leaving = pulp.lpSum(flow for (_, to), flow in flows.items() if to == site)
            second.hold(leaving <= room[tier] * tiers[tier][site])
        for (point, _), flow in flows.items():
            served[point].append(flow)
            credit.append(float(here.need[point] / here.people[point]) * flow)
    for point, flows_from in served.items():
        if flows_from:
            second.hold(pulp.lpSum(flows_from) <= float(here.people[point]))
    most = second.most(pulp.lpSum(credit))
    options = [(site, tier) for site in range(25) for tier in (0, 1) if site > 1 or tier == 0]
    site, tier = np.array(options, dtype=np.intp).T
    problem = hp.Problem(
        need=here.need,
        people=here.people,
        travel=Planar(here.places, here.sites),
        site_status=here.problem().site_status,
        tier_reach=np.array(reach),
        option_site=site,
        option_tier=tier,
        option_cost=here.cost[site] * np.array(dearer)[tier],
    )
    check(problem, hp.MaxCoverage(budget=120, constraints=(Capacity(people=room),)), most)


@pytest.mark.parametrize("seed", SEEDS)
def test_capacity_for_whole_points_without_links(seed: int) -> None:
    here = town(seed, points=60, sites=20)
    second = Second(town=here)
    second.build(4)
    shares = second.shares(here.near, link=False, whole=True)
    for site, opened in enumerate(second.open_):
        load = pulp.lpSum(float(here.people[point]) * share for (point, to), share in shares.items() if to == site)
        second.hold(load <= 250 * opened)
    most = second.most(second.worth(shares, by_need(here)))
    check(here.problem(), hp.MaxCoverage(max_hubs=4, constraints=(Capacity(people=(250.0,), single=True),)), most)


@pytest.mark.parametrize("seed", SEEDS)
def test_p_median_with_capacity_for_parts_of_points(seed: int) -> None:
    here = town(seed, points=60, sites=20, reach=500)
    room = float(np.ceil(here.people.sum() / 5.5))
    second = Second(town=here)
    second.build(4)
    flows = second.amounts("flow", np.argwhere(here.near).tolist(), most=100.0)
    for site, opened in enumerate(second.open_):
        second.hold(pulp.lpSum(flows[point, site] for point in range(60)) <= room * opened)
    for point in range(60):
        second.hold(pulp.lpSum(flows[point, site] for site in range(20)) == float(here.people[point]))
    per_person = by_need(here, here.distance) / here.people[:, None]
    mean = second.least(second.worth(flows, per_person)) / here.need.sum()
    check(here.problem(), hp.PMedian(max_hubs=4, constraints=(Capacity(people=(room,)),)), mean)
