"""Plans without a solver: greedy, the rounded relaxation, and what exchanges of hubs make of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.solver.choice import NONE, PartialPlan

if TYPE_CHECKING:
    from hubplanner.models import Objective
    from hubplanner.problem import Floats, Ints
    from hubplanner.problem.reduced import CoveringInstance
    from hubplanner.solver.deadline import Deadline

MOST_TRIES = 200
"""Hubs that are tried in a round of exchanges."""
LEAST_GAIN = 1e-9
"""Relative gain of an exchange below which it is rounding."""


def greedy(instance: CoveringInstance, objective: Objective) -> Ints:
    """Return options chosen one by one for the most newly covered need per share of the limits, within all limits.

    Required sites take their cheapest tier first.

    Returns
    -------
    Ints
        (k,) positions in the instance, at most one a site, ascending.
    """
    choice = _with_required(instance, objective)
    choice.fill()
    return choice.options


def fitted(instance: CoveringInstance, objective: Objective, chosen: Ints) -> Ints | None:
    """Return a plan made to keep to the limits: without the hubs that add least for what they take, then filled up.

    None where its required hubs alone are too dear.

    Parameters
    ----------
    chosen
        (k,) positions of the options of a plan under other limits.
    """
    choice = _with_required(instance, objective)
    for option in chosen.tolist():
        choice.open(option)
    while choice.is_beyond:
        option = choice.least()
        if option is None:
            return None
        choice.close(option)
    choice.fill()
    return choice.options


def rounded(instance: CoveringInstance, objective: Objective, open_: Floats) -> Ints:
    """Return a plan near values (o,) of the relaxation: the largest ones that fit, then greedily more."""
    choice = _with_required(instance, objective)
    room, left = choice.count - len(choice.options), choice.money - choice.spent
    for option in np.argsort(-open_, kind="stable")[: np.count_nonzero(open_ > 0)].tolist():
        held = int(choice.held[instance.site[option]])
        # A required site changes its tier, others take one hub.
        extra = instance.cost[option] - (instance.cost[held] if held != NONE else 0.0)
        first = held == NONE or (open_[held] == 0 and instance.site[option] in instance.required)
        if first and extra <= left and (held != NONE or room >= 1):
            left, room = left - extra, room - (held == NONE)
            choice.open(option)
    choice.fill()
    return choice.options


def exchanged(  # noqa: PLR0913, PLR0917 - an instance with a plan of it, and how far to go
    instance: CoveringInstance,
    objective: Objective,
    chosen: Ints,
    doubt: Floats,
    deadline: Deadline,
    rounds: float = math.inf,
) -> Ints:
    """Return a plan that closing one of its doubtful hubs, and spending what it frees anew, does not improve.

    Teitz and Bart (1968), doi:10.1287/opre.16.5.955, with money in place of a number of hubs.

    Parameters
    ----------
    chosen
        (k,) positions of the options of a plan.
    doubt
        (o,) the smaller, the sooner an option is tried: its reduced cost, for one.
    deadline
        When to stop.
    rounds
        Times that every hub is tried, at most.
    """
    choice = PartialPlan(instance, objective)
    for option in chosen.tolist():
        choice.open(option)
    improved, done = True, 0
    while improved and done < rounds:
        done += 1
        tried = choice.options[np.argsort(doubt[choice.options], kind="stable")][:MOST_TRIES]
        improved = False
        for option in tried.tolist():
            if deadline.is_past:
                return choice.options
            improved |= _exchange(choice, option)
    return choice.options


def _exchange(choice: PartialPlan, option: int) -> bool:
    """Try a plan without a hub; keep the better one and tell whether it changed."""
    instance = choice.instance
    if instance.site[option] in instance.required or choice.held[instance.site[option]] != option:
        return False
    before, value = choice.options, choice.value
    choice.close(option)
    choice.fill()
    if choice.value > value * (1 + LEAST_GAIN):
        return True
    now = choice.options
    for extra in np.setdiff1d(now, before).tolist():
        choice.close(extra)
    for missing in np.setdiff1d(before, now).tolist():
        choice.open(missing)
    return False


def _with_required(instance: CoveringInstance, objective: Objective) -> PartialPlan:
    choice = PartialPlan(instance, objective)
    for option in cheapest(instance):
        choice.open(option)
    return choice


def cheapest(instance: CoveringInstance) -> list[int]:
    """Return the cheapest option of each required site."""
    options = (np.flatnonzero(instance.site == site) for site in instance.required)
    return [int(at[np.argmin(instance.cost[at])]) for at in options]
