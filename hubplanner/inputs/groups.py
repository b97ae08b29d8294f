"""What fairness and floors say of groups: which groups fairness speaks of, and why; floors as weights of demand."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hubplanner.inputs.inputs import Inputs
from hubplanner.problem import Floats, SiteStatus, grow_demand
from hubplanner.scenario.model_spec import AUTO, FloorSpec
from hubplanner.translation import N_, gettext as _


@dataclass(frozen=True, kw_only=True)
class FairGroups:
    """The groups of demand that are to be covered fairly.

    Parameters
    ----------
    column
        One of ``demand.groups``.
    values
        What its groups are called, in order, those without need included.
    with_need
        How many of them have need.
    because
        Why this column, as the rest of ``fairness by district: ...``.
    """

    column: str
    values: tuple[str, ...]
    with_need: int
    because: str


def fair_groups(inputs: Inputs) -> FairGroups:
    """Return the groups that a scenario's fairness speaks of; it asks for some.

    With ``auto`` it is the finest column whose groups with need are fewer than the hubs that the money buys of the
    tier that costs least for a seat, or for a hub where hubs serve everyone: with more groups than hubs most of them
    get nothing whatever their utility is.
    """
    scenario = inputs.scenario
    asked = scenario.fairness_group
    if asked != AUTO:
        return _of(inputs, asked, N_("as asked"))
    hubs, tier = _affordable(inputs)
    every = sorted((_of(inputs, column, "") for column in scenario.demand.groups), key=lambda one: -one.with_need)
    fine = [one for one in every if one.with_need < hubs]
    taken = fine[0] if fine else every[-1]
    most = (
        _("no limit on hubs")
        if math.isinf(hubs)
        else _("{hubs:,.0f} hubs of tier {tier} can be paid for", hubs=hubs, tier=tier)
    )
    because = _(
        "the finest of demand.groups with fewer groups than hubs, {with_need:,}, as {most}",
        with_need=taken.with_need,
        most=most,
    )
    if not fine:
        because = _(
            "the coarsest of demand.groups, although its {with_need:,} groups are no fewer than hubs: {most}",
            with_need=taken.with_need,
            most=most,
        )
    return _of(inputs, taken.column, because)


def _of(inputs: Inputs, column: str, because: str) -> FairGroups:
    need = inputs.demand.frame.groupby(column)["need"].sum()
    values = tuple(inputs.demand.values(column))
    return FairGroups(column=column, values=values, with_need=int((need > 0).sum()), because=because)


def _affordable(inputs: Inputs) -> tuple[float, str]:
    """Return how many new hubs may be built at most, and the tier whose cost that takes."""
    model, tiers, sites = inputs.scenario.model, inputs.scenario.hubs, inputs.sites
    most = math.inf if model.max_hubs is None else float(model.max_hubs)
    usable = sites.allowed & (sites.status != SiteStatus.EXISTING)[:, None]
    if not usable.any():
        return 0.0, tiers[0].name
    cost, a_seat = sites.capex + sites.opex_present_value, np.full(usable.shape, np.inf)
    seats = sites.capacity if all(tier.capacity is not None for tier in tiers) else np.ones(usable.shape)
    a_seat[usable] = cost[usable] / seats[usable]
    tier, site = divmod(int(np.argmin(a_seat.T)), len(cost))
    if model.budget is not None:
        price = float(cost[site, tier])
        most = min(most, model.budget // price if price > 0 else math.inf)
    return most, tiers[tier].name


@dataclass(frozen=True, kw_only=True, eq=False)
class GroupFloor:
    """The least covered share of one group's need.

    Parameters
    ----------
    name
        What the group is called, such as "province Punjab".
    group, value, people
        As in the scenario, with each value of a group a floor of its own.
    share
        Least covered share.
    weight
        (p,) need of the group at each demand point.
    """

    name: str
    group: str | None
    value: str | None
    people: str | None
    share: float
    weight: Floats

    def in_year(self, inputs: Inputs, years: int) -> Floats:
        """Return the weight some years on."""
        return grow_demand(self.weight, inputs.demand.point_growth, years)


def group_floors(inputs: Inputs) -> list[GroupFloor]:
    """Return every floor of a scenario, one for each value of a group."""
    return [floor for spec in inputs.scenario.model.floors for floor in _each(inputs, spec)]


def _each(inputs: Inputs, spec: FloorSpec) -> Iterator[GroupFloor]:
    each_value = [spec.value] if spec.group is None or spec.value is not None else inputs.demand.values(spec.group)
    for value in each_value:
        where = _("all need") if spec.group is None else f"{spec.group} {value}"
        yield GroupFloor(
            name=where if spec.people is None else f"{where}, {spec.people}",
            group=spec.group,
            value=value,
            people=spec.people,
            share=spec.share,
            weight=inputs.demand.group_need(group=spec.group, value=value, people=spec.people),
        )
