"""How many people a hub serves at most."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pulp import LpConstraintLE

from hubplanner.compatibility import Feature
from hubplanner.model.constraints.base import Constraint, check, refuse
from hubplanner.model.lp import Model, decimal_unit
from hubplanner.model.variables.assignment import assigned, live_rows
from hubplanner.problem import Evaluation, Floats, Problem
from hubplanner.tolerances import AGREEMENT
from hubplanner.translation import N_, gettext as _, joined, written


@dataclass(frozen=True, kw_only=True)
class Capacity(Constraint):
    r"""A hub serves at most so many people within its reach.

    .. math:: \sum_r p_r x_{ro} \le q_o y_o \qquad \forall o

    Here $p_r$ counts the seats that a row takes up: its people, or those of them who are not connected yet.
    With $x_{ro} \le y_o$ wherever a row has fewer people than the hub has room; elsewhere the limit implies it. Where
    only some of those in reach come, the limit is also that of all who do.

    A plan violates it where a hub serves more people than it has room for, or someone out of its reach, a point is
    served more than once or, where points are served whole, in parts.

    Parameters
    ----------
    people
        (t,) people that a hub of each tier can serve, a number or (m,) one for each site; infinite
        where there is no limit.
    single
        Whether a demand point must be served whole, by the hubs of one tier at one site; split among any if not.

    See Also
    --------
    hubplanner.model.constraints.full_service.FullService : everyone is served.

    >>> Capacity(people=(1000, (300, 20_000))).describe(str)
    'capacities of 1,000, 300 to 20,000 people'
    """

    people: tuple[float | tuple[float, ...], ...]
    single: bool = False

    key: ClassVar[str] = "capacity"
    remedies: ClassVar[tuple[str, ...]] = (N_("more room in hubs"), N_("more hubs a site"))
    every_period: ClassVar[bool] = True
    priced: ClassVar[bool] = False
    changes_service: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Refuse a capacity of less than a person."""
        for room in self.people:
            for people in room if isinstance(room, tuple) else (room,):
                if people != np.inf:
                    check("capacity", people, "a number of at least 1 person", lambda value: value >= 1)

    @property
    def can_relax(self) -> bool:
        """Whether some hub is limited; if none is, it only says that people are assigned to hubs."""
        return any(np.isfinite(room).any() for room in self.people)

    @property
    def serves_apart(self) -> bool:
        """Whether points are served whole."""
        return self.single

    @property
    def features(self) -> frozenset[Feature]:
        """Capacity, and points served whole."""
        return frozenset({Feature.CAPACITY, Feature.SINGLE} if self.single else {Feature.CAPACITY})

    def room(self, problem: Problem) -> Floats:
        """Return (o,) people $q_o$ that one hub of each option can serve; infinite where there is no limit."""
        tiers = len(problem.tier_reach)
        if len(self.people) != tiers:
            refuse("capacity", self.people, f"one number for each of {tiers} tiers")
        room = np.empty(problem.n_options)
        for tier, people in enumerate(self.people):
            own = problem.option_tier == tier
            room[own] = np.asarray(people)[problem.option_site[own]] if isinstance(people, tuple) else people
        return room

    def add_to(self, model: Model) -> None:
        """Add a row for each option that has a limit, and the links of people to hubs."""
        instance = model.whole
        rows, assign = live_rows(model), assigned(model)
        people = rows.totals[:, instance.measure(model.seats)][rows.row]
        room = self.room(instance.problem)
        # Others' worth is not to be lost beside that of a whole point which no hub has room for.
        never = self.single & (people > (room * np.maximum(instance.most, 1) * (1 + AGREEMENT))[rows.option])
        for pair in np.flatnonzero(never).tolist():
            assign[pair].upBound = 0
        people = np.where(never, 0.0, people)
        most = np.bincount(rows.option, weights=people * rows.coming, minlength=len(room))
        all_come = bool((rows.coming == 1).all())
        order = np.argsort(rows.option, kind="stable")
        bounds = np.searchsorted(rows.option[order], np.arange(len(room) + 1))
        for option in np.flatnonzero(np.isfinite(room)).tolist():
            pairs = order[bounds[option] : bounds[option + 1]]
            # A solver does not see how few come to a hub of far more room: then it is no more than they are.
            least = room[option] if most[option] > AGREEMENT * room[option] else most[option]
            unit = decimal_unit(least)
            load = [(assign[pair], people[pair] / unit) for pair in pairs.tolist() if people[pair] > 0]
            if load:
                limits = [(least, 0.0)] if all_come else _limits(room[option], most[option])
                for size, limit in limits:
                    hubs = (model.open_[option], -size / unit)
                    model.add(f"capacity_{option}", [*load, hubs], LpConstraintLE, limit / unit)
        # Where few of many rows come, their sum says nearly as much in one row.
        links = people < room[rows.option] if all_come else (people == 0) | ~np.isfinite(room[rows.option])
        for pair in np.flatnonzero(links & ~never).tolist():
            link = (model.open_[rows.option[pair]], -float(rows.coming[pair]))
            model.add(f"link_{pair}", [(assign[pair], 1.0), link], LpConstraintLE, 0)

    def violation(self, problem: Problem, plan: Evaluation) -> str | None:
        """Return how a plan overloads a hub or a point, None when it does not."""
        room = self.room(problem)[plan.options] * plan.counts
        over = plan.load > room * (1 + AGREEMENT)
        if over.any():
            hub = int(np.argmax(over))
            return f"option {plan.options[hub]} serves {plan.load[hub]:,.2f} people, its capacity is {room[hub]:,.2f}"
        whole = np.asarray(plan.assigned.sum(axis=1)).ravel()
        if (whole > 1 + AGREEMENT).any():
            return f"point {int(np.argmax(whole))} is served {whole.max():.6f} times"
        parts = plan.assigned.data
        if self.single and (np.abs(parts - np.round(parts)) > AGREEMENT).any():
            return "a point is served in parts, although assignment is single"
        far = (plan.assigned > AGREEMENT).astype(np.int8) - (plan.credit > 0).astype(np.int8)
        if plan.is_assigned and (far.data > 0).any():
            return "a point is served by a hub that does not reach it"
        return None

    def describe(self, name_of: Callable[[int], str]) -> str:
        """Return the capacities in words."""
        del name_of
        return _("capacities of {people} people", people=joined(map(_in_words, self.people), ", "))


def _limits(room: float, most: float) -> list[tuple[float, float]]:
    r"""Return rows, people served $\le a y + b$ as (a, b), that hold of whole hubs to which so many come at most.

    Besides $q y$ it is what the last of hubs for all leaves empty, $P - \rho (\mu - y)$ as in `ResidualCapacityCut`.
    """
    if most <= room:
        return [(most, 0.0)]
    hubs = math.ceil(most / room * (1 - 1e-12))
    rest = most - (hubs - 1) * room
    return [(room, 0.0), (rest, most - rest * hubs)]


def _in_words(room: float | tuple[float, ...]) -> str:
    least, most = np.min(room), np.max(room)
    return _("{least:,.12g} to {most:,.12g}", least=least, most=most) if least < most else written(f"{most:,.12g}")
