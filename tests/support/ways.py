"""All ways between the small project's people and sites: by the package, and once more by the audit's own code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hubplanner.audit.data.friction import FrictionWays, TerrainWays
from hubplanner.audit.data.roads.ways import RoadWays
from hubplanner.inputs import build_problem
from hubplanner.scenario.travel_spec import FrictionSpec, NetworkSpec, TerrainSpec

if TYPE_CHECKING:
    from hubplanner.problem import Travel
    from support.project import Project

LONGEST = 300.0
"""Minutes over land that the audit looks for where a scenario says none."""


def in_minutes(centre: Any, park: Any) -> dict[str, Any]:
    """Return settings with the reach of both tiers in minutes."""
    reach = {0: centre, 1: park}
    return {
        f"hubs.{tier}.{key}": value
        for tier, minutes in reach.items()
        for key, value in (("reach_km", None), ("reach_minutes", minutes))
    }


def table_of(travel: Travel) -> np.ndarray[Any, Any]:
    """Return the distances (n, m) of all points to all sites."""
    return np.array([travel.from_site(site) for site in range(travel.n_sites)]).T


def table(project: Project, settings: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Return the distances (n, m) of the project's people to its sites."""
    return table_of(build_problem(project.inputs(settings)).travel)


def again(project: Project, settings: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Return the same by the audit's code."""
    inputs = project.inputs(settings)
    spec, ends = inputs.scenario.travel, (inputs.demand.points, inputs.sites.lonlat)
    ways: Any
    if isinstance(spec, NetworkSpec):
        ways = RoadWays(spec, *ends, in_minutes=inputs.unit == "minutes")
    else:
        assert isinstance(spec, FrictionSpec | TerrainSpec)
        kind = TerrainWays if isinstance(spec, TerrainSpec) else FrictionWays
        ways = kind(spec, *ends, most=spec.max_minutes or LONGEST)
    return np.array([ways.to_site(site) for site in range(len(inputs.sites.frame))]).T
