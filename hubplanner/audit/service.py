"""Who is covered by which hub, recomputed from places, reaches and, where hubs fill up, from the links of a run."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hubplanner.audit.data.places import SLACK, Array
from hubplanner.audit.data.world import AuditData
from hubplanner.audit.hubs import AuditHub
from hubplanner.scenario.model_spec import CoverageSpec

CHUNK = 20_000
"""Points whose distances to all hubs are held at once."""
NOBODY = -1
PART, ROUND, SUM = 1e-6, 1e-9, 1e-12
"""Share of a row that a solver's rounding leaves unserved, that of distances uncovered, and that of sums of a total."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Service:
    """What hubs do for each point, if people go to the hub that covers them best.

    Parameters
    ----------
    covered
        (p,) share that counts as covered.
    hub, distance
        (p,) hub that covers most of the point, the nearest and then the first of equals, and how far it is.
    nearest
        (p,) distance to the nearest hub.
    """

    covered: Array
    hub: Array
    distance: Array
    nearest: Array


def share(spec: CoverageSpec, distance: Array, reach: Array) -> Array:
    """Return the share that a hub covers at each distance."""
    inside = (distance <= reach * (1 + SLACK)) & np.isfinite(distance)
    beyond = np.where(np.isfinite(distance), np.maximum(distance - spec.full_km, 0.0), 0.0)
    width = spec.width_km or 1.0
    room = np.where(reach - spec.full_km > 0, reach - spec.full_km, np.finfo(float).tiny)
    fading = {
        "step": np.ones_like(beyond),
        "linear": np.clip(1.0 - beyond / room, 0.0, 1.0),
        "exponential": np.exp(-beyond / width),
        "gaussian": np.exp(-((beyond / width) ** 2) / 2.0),
    }[spec.decay]
    return np.where(inside, fading, 0.0)


def serve(world: AuditData, hubs: list[AuditHub]) -> Service:
    """Return what hubs do for each point."""
    count = len(world.people.points)
    covered, nearest = np.zeros(count), np.full(count, np.inf)
    hub, distance = np.full(count, NOBODY), np.full(count, np.nan)
    if hubs:
        for start in range(0, count, CHUNK):
            part = np.arange(start, min(start + CHUNK, count))
            covered[part], hub[part], distance[part], nearest[part] = _served(world, hubs, part)
    return Service(covered=covered, hub=hub, distance=distance, nearest=nearest)


def _served(world: AuditData, hubs: list[AuditHub], points: Array) -> tuple[Array, Array, Array, Array]:
    spec, at = world.scenario.coverage, np.arange(len(points))
    sites, tiers = (np.array([getattr(hub, end) for hub in hubs]) for end in ("site", "tier"))
    far = world.apart(points, sites)
    worth = share(spec, world.counted(points, sites, tiers), world.reach[tiers])
    # The best hub is that of the largest share; of equals the nearest, then the first.
    near = np.where(worth >= worth.max(axis=1, keepdims=True), far, np.inf)
    best = np.argmin(near, axis=1)
    top = worth[at, best]
    others = worth.copy()
    alone = np.array([hub.count for hub in hubs])[best] == 1
    others[at[alone], best[alone]] = 0.0
    second = others.max(axis=1)
    weight = 0.0 if spec.backup == 1 else 1.0 if spec.backup_weight is None else spec.backup_weight
    covered, some = (1.0 - weight) * top + weight * second, top > 0
    return covered, np.where(some, best, NOBODY), np.where(some, far[at, best], np.nan), far.min(axis=1)


def reaches(weight: Array, covered: Array, least: float, *, assigned: bool) -> bool:
    """Tell whether a share of a weight by row is covered; all of it is every row that counts, however little.

    What is left of a row is rounding up to a share of it; where people are assigned a solver's, also of the sum.
    """
    left = 1 - covered
    left = np.where(left > (PART if assigned else ROUND), left, 0.0)
    if least >= 1:
        return not (left[weight > 0] > 0).any()
    total = math.fsum(weight)
    slack = (PART if assigned else SUM) * total
    return math.fsum(weight * left) <= (1 - least) * total + slack


def is_assigned(world: AuditData) -> bool:
    """Tell whether people are assigned to hubs, since these fill up, the way to them costs, or measures reach some."""
    full = any(tier.capacity is not None for tier in world.scenario.hubs) or bool(world.scenario.beside)
    return full or bool(world.scenario.model.travel_cost_per_km)


def links_of(world: AuditData, hubs: list[AuditHub], service: Service, year: int) -> pd.DataFrame:
    """Return row, site, share of the row, people, need and mean distance of each link, if people go where they like."""
    people, some = world.people, service.hub != NOBODY
    place = np.array([hub.site for hub in hubs], dtype=np.intp)
    frame = pd.DataFrame(
        {
            "row": people.row[some],
            "site": place[service.hub[some]],
            "share": people.share[some],
            "distance": service.distance[some],
        }
    )
    frame["distance"] *= frame["share"]
    links = frame.groupby(["row", "site"], as_index=False).sum()
    links["distance"] /= links["share"]
    return _weighed(world, links, year)


def _weighed(world: AuditData, links: pd.DataFrame, year: int) -> pd.DataFrame:
    for name in ("people", "need"):
        links[name] = links["share"] * world.people.weight(name, year)[links["row"]]
    return links
