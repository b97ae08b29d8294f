"""What is told before anything is solved: held against proven plans, and distances measured one by one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hubplanner.analysis.outlook import outlook, rough_frontier, site_facts
from hubplanner.inputs import Inputs, build_problem, read_inputs
from hubplanner.pipeline.objective import objective_of
from hubplanner.problem.evaluation import people_reached
from hubplanner.scenario import read_scenario
from hubplanner.solver import SolverOptions, solve_problem

EXAMPLES = Path(__file__).parents[2] / "scenarios" / "examples"
MOST = 4e8
EARTH_KM = 6371.0088


def example(name: str) -> Inputs:
    return read_inputs(read_scenario(EXAMPLES / f"{name}.yaml"))


@pytest.mark.parametrize("name", ["base", "capacity", "existing"])
def test_a_rough_frontier_is_never_above_what_is_proven(name: str) -> None:
    inputs = example(name)
    problem = build_problem(inputs)
    rough = rough_frontier(inputs, problem, MOST)
    assert rough is not None
    assert rough.cost[0] == 0
    assert rough.cost[-1] <= MOST
    assert (np.diff(rough.cost) >= 0).all()
    assert (np.diff(rough.people) >= 0).all()
    for part in (0.25, 0.5, 1.0):
        question = replace(objective_of(inputs), budget=part * MOST)
        best = solve_problem(problem, question, SolverOptions(name="highs", gap=1e-4, time_limit_s=6000, threads=1))
        assert best.evaluation is not None
        proven = people_reached(problem, best.evaluation)
        told = float(rough.people[np.searchsorted(rough.cost, part * MOST, side="right") - 1])
        assert 0.8 * proven <= told <= 1.02 * proven  # need is what is proven, of which people follow nearly


def test_a_rough_frontier_says_what_limits_take() -> None:
    inputs = example("floors")
    rough = rough_frontier(inputs, build_problem(inputs), MOST)
    assert rough is not None
    assert 0 < rough.needed <= MOST
    assert rough_frontier(inputs, build_problem(inputs), rough.needed / 100) is None


@pytest.mark.parametrize("name", ["years", "devices", "backhaul", "least_cost", "nearest_on_average"])
def test_no_rough_frontier_where_money_buys_more_than_hubs_or_reach_is_not_asked_for(name: str) -> None:
    found = outlook(example(name), MOST)
    assert found["curve"] is None
    assert found["sites"]


def test_facts_of_sites_are_those_of_every_pair_measured_alone() -> None:
    inputs = example("capacity")
    problem = build_problem(inputs)
    facts = site_facts(inputs, problem)
    frame, sites = inputs.demand.frame, inputs.sites.frame
    x, y = np.radians(frame.geometry.x.to_numpy()), np.radians(frame.geometry.y.to_numpy())
    offline = frame["people"].to_numpy() * (1 - frame["connected_share"].to_numpy())
    detour = inputs.scenario.travel.detour
    seen = 0
    for row in sites.to_dict("records"):
        at_x, at_y = np.radians(row["geometry"].x), np.radians(row["geometry"].y)
        half = np.sin((y - at_y) / 2) ** 2 + np.cos(y) * np.cos(at_y) * np.sin((x - at_x) / 2) ** 2
        km = detour * 2 * EARTH_KM * np.arcsin(np.sqrt(half))
        for told, tier in zip(facts[row["site_id"]], inputs.scenario.hubs, strict=True):
            near = km <= float(tier.reach_km or 0)
            assert told["tier"] == tier.name
            assert told["people"] == pytest.approx(frame["people"].to_numpy()[near].sum())
            assert told["offline"] == pytest.approx(offline[near].sum())
            assert told["seats"] == tier.capacity
            seen += told["people"] > 0
    assert seen > 50
