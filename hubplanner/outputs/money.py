"""What a plan is paid for year by year, beside what that is worth today: the only place where that is worked out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hubplanner.inputs import Inputs
from hubplanner.outputs.backhaul import backhaul_cost, backhaul_money
from hubplanner.outputs.frames import opening_years
from hubplanner.problem import Evaluation, Floats, Ints, Solution, annuity
from hubplanner.problem.evaluation import measures_cost


def cost_of(inputs: Inputs, solution: Solution, plan: Evaluation) -> dict[str, Any]:
    r"""Return a plan's money twice: in today's money by kind, and as it is paid, year by year.

    A hub that opens in year $y$ is paid $C$ to build in that year and $c$ to run in each of the $H$ years after it.
    Today that is worth $C + c \sum_{t=1}^{H} (1 + r)^{-t}$, which is what a budget limits; paid is $C + H c$.

    Returns
    -------
    dict
        ``total`` in today's money, of which ``capex``, ``opex_present_value`` and ``backhaul``, less ``saved`` by
        closing hubs; ``measures``, where there are any. ``paid``: ``total``; ``by_year``, where ``year`` 0 is that of
        building (in a programme, its first year; what closing frees counts there); ``per_user_year``, what is paid for
        hubs for each person with a seat in one that is new or upgraded, and year of running: None where hubs have no
        seats, none is taken, or no year counts.
    """
    problem, scenario = solution.problem, inputs.scenario
    bought = ~problem.existing[plan.options]
    options, counts = plan.options[bought], plan.counts[bought]
    where = problem.option_site[options], problem.option_tier[options]
    capex, opex = inputs.sites.capex[where] * counts, inputs.sites.opex_present_value[where] * counts
    backhaul, saved = backhaul_cost(inputs, problem, plan), math.fsum(problem.savings[plan.closed])
    worth = annuity(scenario.discount_rate, scenario.horizon_years)
    running = opex / worth if worth else np.zeros(len(opex))
    names = [period.name for period in solution.periods]
    opened = [names.index(name) for name in opening_years(solution, plan)] if names else [0] * len(plan.options)
    opens = np.array(opened, dtype=np.intp)
    links = backhaul_money(inputs, solution, plan, opens, worth)
    years = _by_year(
        np.concatenate([capex, links.once]),
        np.concatenate([running, links.yearly]),
        np.concatenate([opens[bought], links.year]),
        scenario.horizon_years,
    )
    years[0] -= saved
    users = math.fsum(plan.load[bought]) * scenario.horizon_years if scenario.has_capacity else 0.0
    for_hubs, beside = math.fsum(years), dict[str, float]()
    if problem.measures:
        beside["measures"] = math.fsum(measures_cost(problem, plan.reached))
        for measure, share in zip(problem.measures, plan.reached, strict=True):
            spec, people = scenario.beside[measure.name], math.fsum(measure.offline * share)
            years[0] += spec.cost * people
            years[1 : scenario.horizon_years + 1] += spec.cost_per_year * people
    paid = math.fsum(years)
    return {
        "total": plan.cost,
        "capex": math.fsum(capex),
        "opex_present_value": math.fsum(opex),
        "backhaul": backhaul,
        "saved": saved,
        **beside,
        "paid": {
            "total": paid,
            "by_year": [{"year": year, "paid": amount} for year, amount in enumerate(years.tolist())],
            "per_user_year": for_hubs / users if users > 0 else None,
        },
    }


def _by_year(capex: Floats, running: Floats, opened: Ints, horizon: int) -> Floats:
    """Return the money of each year, from the first to the last in which a hub runs.

    >>> _by_year(np.array([10.0, 20.0]), np.array([1.0, 2.0]), np.array([0, 1]), 2).tolist()
    [10.0, 21.0, 3.0, 2.0]
    """
    years = np.zeros(int(opened.max(initial=0)) + horizon + 1)
    np.add.at(years, opened, capex)
    for year in range(1, horizon + 1):
        np.add.at(years, opened + year, running)
    return years
