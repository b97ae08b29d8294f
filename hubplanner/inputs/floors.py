"""Floors as weights of the demand points, by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hubplanner.inputs.inputs import Inputs
from hubplanner.problem import Floats, grow_demand
from hubplanner.scenario.model_spec import FloorSpec


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
        where = "all need" if spec.group is None else f"{spec.group} {value}"
        yield GroupFloor(
            name=where if spec.people is None else f"{where}, {spec.people}",
            group=spec.group,
            value=value,
            people=spec.people,
            share=spec.share,
            weight=inputs.demand.group_need(group=spec.group, value=value, people=spec.people),
        )
