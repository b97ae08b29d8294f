"""Who is covered by which hub, recomputed from places, reaches and, where hubs fill up, from the links of a run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from hubplanner.audit.data.distances import SLACK
from hubplanner.audit.data.hubs import AuditHub
from hubplanner.audit.data.places import Array
from hubplanner.audit.data.world import AuditData
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


ROUNDING = 1e-7
"""Of a point, by which more of it may be served than there is."""
BEND = 1e-6
"""Weight of squared lengths that tells equally short ways apart."""
ALIKE = 1e-6
"""Relative to the longest way: lengths that differ by less are the same."""
PRECISE = {"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-10}


@dataclass(frozen=True, kw_only=True, eq=False)
class ShortestAssignment:
    """The shortest ways of a row's people to its hubs.

    Parameters
    ----------
    mean
        (k,) mean distance to each hub.
    farthest
        The longest way that someone goes.
    unique
        Whether no other ways are as short.
    """

    mean: Array
    farthest: float
    unique: bool


def shortest(  # noqa: PLR0913, PLR0917 - who is where, who goes where, and what is said of it
    far: Array, inside: Array, supply: Array, amount: Array, stated: Array | None = None, off: float = 0.0
) -> ShortestAssignment | None:
    r"""Return the ways by which points go to hubs, as short as can be in all; None where so many cannot.

    .. math:: \min \sum_{ph} d_{ph} x_{ph}, \quad \sum_h x_{ph} \le w_p, \quad \sum_p x_{ph} = s_h, \quad x \ge 0

    Parameters
    ----------
    far, inside
        (p, k) distances, and whether the hub reaches the point.
    supply
        (p,) people of each point, in those of a mean one.
    amount
        (k,) how many go to each hub, in the same unit.
    stated, off
        Mean distances (k,) to each hub that the ways must have, but for so much; any if left out.
    """
    point, hub = np.nonzero(inside)
    if len(amount) == 1 and stated is None:
        return _nearest(far[point, 0], supply[point], float(amount[0]))
    if not len(point):
        return None
    pair, length = np.arange(len(point)), far[point, hub]
    unit = max(float(length.max()), 1e-300)
    rows = [csr_array((np.ones(len(pair)), (point, pair)), shape=(len(far), len(pair)))]
    limits = [supply + ROUNDING]
    if stated is not None:
        moment = csr_array((length / unit, (hub, pair)), shape=(len(amount), len(pair)))
        rows += [moment, -moment]
        limits += [amount * (stated + off) / unit, -amount * (stated - off) / unit]
    solve: Any = linprog  # its stubs do not know sparse matrices
    each = csr_array((np.ones(len(pair)), (hub, pair)), shape=(len(amount), len(pair)))

    def ways(bend: float) -> tuple[Array, float] | None:
        cost = length / unit + bend * (length / unit) ** 2
        found = solve(cost, vstack(rows), np.concatenate(limits), each, amount, method="highs-ds", options=PRECISE)
        if found.status != 0:
            return None
        mean = np.bincount(hub, weights=found.x * length, minlength=len(amount)) / amount
        return mean, float(length[found.x > ROUNDING].max(initial=0.0))

    # Of equally short ways, those with as even and with as uneven lengths as can be: alike, they are all there are.
    first, *others = ways(0.0), ways(BEND), ways(-BEND)
    if first is None:
        return None
    (mean, farthest), close = first, ALIKE * unit
    unique = all(
        other is not None and np.allclose(other[0], mean, rtol=0.0, atol=close) and abs(other[1] - farthest) <= close
        for other in others
    )
    return ShortestAssignment(mean=mean, farthest=farthest, unique=unique)


def _nearest(length: Array, supply: Array, amount: float) -> ShortestAssignment | None:
    """Return the ways of so many people to their only hub: those of the nearest points go."""
    if amount > supply.sum() + len(length) * ROUNDING:
        return None
    order = np.argsort(length, kind="stable")
    ordered, room = length[order], supply[order]
    part = np.clip(amount - (np.cumsum(room) - room), 0.0, room)
    return ShortestAssignment(
        mean=np.array([part @ ordered / amount]),
        farthest=float(ordered[part > ROUNDING].max(initial=0.0)),
        unique=True,
    )
