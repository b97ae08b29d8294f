"""Who is served by whom where a hub serves only so many people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from pulp import LpConstraintLE

from hubplanner.model.lp import LinearExpression, decimal_unit
from hubplanner.model.parameters import AGREEMENT, check, refuse

if TYPE_CHECKING:
    from pulp import LpVariable

    from hubplanner.model.lp import Model
    from hubplanner.problem import Evaluation, Problem
    from hubplanner.problem.model_instance import AssignRows


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


def assigned(model: Model) -> list[LpVariable]:
    r"""Return $x_{ro} \in [0, 1]$, the share of row r that option o serves, with $\sum_o x_{ro} \le 1 \;\forall r$."""
    if "assign" in model.parts:
        found: list[LpVariable] = model.parts["assign"]
        return found
    rows = live_rows(model)
    whole = bool(model.parts.get("single"))
    made = [
        model.variable(f"assign_{row}_{option}", 0, 1, whole=whole)
        for row, option in zip(rows.row.tolist(), rows.option.tolist(), strict=True)
    ]
    model.parts["assign"] = made
    if whole:
        model.decisions.extend(made)
    for row, (start, stop) in enumerate(_spans(rows)):
        if stop > start:
            model.add(f"assign_{row}", [(variable, 1.0) for variable in made[start:stop]], LpConstraintLE, 1)
    return made


def live_rows(model: Model) -> AssignRows:
    """Return rows with the pairs of options that may have a hub: those left out by their range serve no one."""
    if "live" not in model.parts:
        rows = model.whole.assign_rows
        may = np.array([variable.upBound > 0 for variable in model.open_], dtype=bool)[rows.option]
        kept = {name: getattr(rows, name)[may] for name in ("row", "option", "share", "distance")}
        model.parts["live"] = replace(rows, **kept)
    found: AssignRows = model.parts["live"]
    return found


def served(model: Model, measure: int) -> LinearExpression:
    r"""Return how much of a measure is covered by assignment: $\sum_{ro} w_r a_{ro} x_{ro}$."""
    rows = live_rows(model)
    worth = rows.totals[:, measure][rows.row] * rows.share
    return LinearExpression(terms=[(v, w) for v, w in zip(assigned(model), worth.tolist(), strict=True) if w != 0])


def distance_served(model: Model, measure: int) -> LinearExpression:
    r"""Return the distance to assigned hubs, times a measure: $\sum_{ro} w_r d_{ro} x_{ro}$."""
    rows = live_rows(model)
    worth = rows.totals[:, measure][rows.row] * rows.distance
    return LinearExpression(terms=[(v, w) for v, w in zip(assigned(model), worth.tolist(), strict=True) if w != 0])


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


def _spans(rows: AssignRows) -> list[tuple[int, int]]:
    bounds = np.searchsorted(rows.row, np.arange(len(rows.totals) + 1)).tolist()
    return list(pairwise(bounds))
