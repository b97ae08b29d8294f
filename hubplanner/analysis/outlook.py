"""What each budget would bring, roughly, and whom each site reaches: told at once, before anything is solved."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hubplanner.inputs import Inputs, build_problem
from hubplanner.model import MaxCoverage, Question
from hubplanner.outputs.rounding import finite
from hubplanner.pipeline.objective import objective_of
from hubplanner.problem import Floats, Problem
from hubplanner.problem.evaluation import covering
from hubplanner.solver.mip.heuristics.greedy import PlanBuilder

MOST_STEPS = 200
"""Hubs of a curve that are told; of more, some evenly drawn."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RoughFrontier:
    """Plans that grow hub by hub from the first to the last, within all limits that more hubs break.

    Parameters
    ----------
    cost
        (k,) money of the new hubs so far, ascending from 0.
    people
        (k,) people whom they reach with those that stand: at least as many can be reached for the money.
    needed
        Money from which on these plans have all hubs that limits ask for; 0 where none do.
    """

    cost: Floats
    people: Floats
    needed: float

    def as_dict(self) -> dict[str, Any]:
        """Return it as a page draws it, thinned where it has many steps."""
        some = np.unique(np.linspace(0, len(self.cost) - 1, MOST_STEPS).astype(np.intp))
        return {"cost": self.cost[some].tolist(), "people": self.people[some].tolist(), "needed": self.needed}


def rough_frontier(inputs: Inputs, problem: Problem, most: float) -> RoughFrontier | None:
    """Return what budgets up to one bring where hubs are added one by one, each worth most for its money.

    One pass tells all budgets, since a plan that grows passes through those of less money. The best plan of a sum may
    reach more. None where the money buys more than hubs, or counts by year or future, or where reaching people is not
    what is asked for.

    Parameters
    ----------
    most
        The largest budget of interest, in money.
    """
    objective = objective_of(inputs)
    if not isinstance(objective, MaxCoverage) or problem.backhaul is not None or problem.measures:
        return None
    question = Question.of(problem, replace(objective, budget=most))
    if inputs.scenario.futures is not None or question.periods is not None:
        return None
    builder = PlanBuilder(question)
    builder.meet()
    if builder.shortfall > 0:  # what limits ask for is not known to be had for this money
        return None
    asked = len(builder.opened)
    builder.fill()
    seats = builder.units.weigh(problem.seats)
    standing = math.fsum(added.of(seats) for added in builder.standing)
    cost = np.cumsum([0.0, *(builder.cost[hub.added.option] for hub in builder.opened)])
    people = standing + np.cumsum([0.0, *(hub.added.of(seats) for hub in builder.opened)])
    return RoughFrontier(cost=cost, people=people, needed=float(cost[asked]))


def site_facts(inputs: Inputs, problem: Problem) -> dict[str, list[dict[str, Any]]]:
    """Return by site id, for each tier that a hub may have there, whom it reaches alone, and what it costs.

    Returns
    -------
    dict
        By site: ``tier``, ``people`` in its reach, ``offline``, those of them who are not connected, ``cost`` in money
        and ``seats``, None where there is no limit.
    """
    point, option, distance = covering(problem, np.arange(problem.n_options))
    share = problem.rule.share(distance, problem.option_reach[option])
    people, offline = (
        np.bincount(option, measure[point] * share, minlength=problem.n_options)
        for measure in (problem.people, inputs.demand.point_offline)
    )
    tiers, ids = inputs.scenario.hubs, inputs.sites.frame["site_id"].tolist()
    seats = inputs.sites.capacity
    found: dict[str, list[dict[str, Any]]] = {}
    for at, (site, tier) in enumerate(zip(problem.option_site.tolist(), problem.option_tier.tolist(), strict=True)):
        room = float(seats[site, tier])
        found.setdefault(ids[site], []).append(
            {
                "tier": tiers[tier].name,
                "people": float(people[at]),
                "offline": float(offline[at]),
                "cost": float(problem.option_cost[at]),
                "seats": finite(room),
            }
        )
    return found


def outlook(inputs: Inputs, most: float | None) -> dict[str, Any]:
    """Return what a planner wants to know at once: ``curve``, the rough frontier, and ``sites``, the facts of each.

    Parameters
    ----------
    most
        The largest budget of interest, in money; None where there is no budget.
    """
    problem = build_problem(inputs)
    rough = None if most is None else rough_frontier(inputs, problem, most)
    return {"curve": None if rough is None else rough.as_dict(), "sites": site_facts(inputs, problem)}
