"""How many people a hub serves at most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pulp import LpConstraintLE

from hubplanner.model.lp import decimal_unit
from hubplanner.model.parameters import check, refuse
from hubplanner.model.variables.assignment import assigned, live_rows
from hubplanner.tolerances import AGREEMENT

if TYPE_CHECKING:
    from hubplanner.model.lp import Model
    from hubplanner.problem import Evaluation, Problem


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """A hub of tier t serves at most ``people[t]`` people within its reach; infinite where tiers have no limit.

    Parameters
    ----------
    people
        (t,) people a hub of each tier can serve.
    single
        Whether a demand point must be served whole, by the hubs of one tier at one site; split among any if not.
    """

    people: tuple[float, ...]
    single: bool = False

    def __post_init__(self) -> None:
        """Refuse a capacity of less than a person."""
        for people in self.people:
            if people != np.inf:
                check("capacity", people, "a number of at least 1 person", lambda value: value >= 1)


def add_capacity(model: Model, block: Capacity) -> None:
    r"""Serve no more people than hubs have room for: $\sum_r p_r x_{ro} \le q_{t(o)} y_o \;\forall o$.

    With $x_{ro} \le y_o$ wherever a row has fewer people than the hub has room; elsewhere the limit implies it.
    """
    instance = model.whole
    if len(block.people) != len(instance.problem.tier_reach):
        refuse("capacity", block.people, f"one number for each of {len(instance.problem.tier_reach)} tiers")
    rows, assign = live_rows(model), assigned(model)
    people = rows.totals[:, instance.measure(model.people)][rows.row]
    room = np.array(block.people)[instance.problem.option_tier]
    order = np.argsort(rows.option, kind="stable")
    bounds = np.searchsorted(rows.option[order], np.arange(len(room) + 1))
    for option in np.flatnonzero(np.isfinite(room)).tolist():
        pairs = order[bounds[option] : bounds[option + 1]]
        unit = decimal_unit(room[option])
        load = [(assign[pair], people[pair] / unit) for pair in pairs.tolist() if people[pair] > 0]
        if load:
            limit = (model.open_[option], -room[option] / unit)
            model.add(f"capacity_{option}", [*load, limit], LpConstraintLE, 0)
    for pair in np.flatnonzero(people < room[rows.option]).tolist():
        link = (model.open_[rows.option[pair]], -1.0)
        model.add(f"link_{pair}", [(assign[pair], 1.0), link], LpConstraintLE, 0)


def broken_capacity(problem: Problem, plan: Evaluation, block: Capacity) -> str | None:
    """Return how a plan overloads a hub or a point, None when it does not."""
    room = np.array(block.people)[problem.option_tier[plan.options]] * plan.counts
    over = plan.load > room * (1 + AGREEMENT)
    if over.any():
        hub = int(np.argmax(over))
        return f"option {plan.options[hub]} serves {plan.load[hub]:,.2f} people, its capacity is {room[hub]:,.2f}"
    whole = np.asarray(plan.assigned.sum(axis=1)).ravel()
    if (whole > 1 + AGREEMENT).any():
        return f"point {int(np.argmax(whole))} is served {whole.max():.6f} times"
    parts = plan.assigned.data
    if block.single and (np.abs(parts - np.round(parts)) > AGREEMENT).any():
        return "a point is served in parts, although assignment is single"
    return None
