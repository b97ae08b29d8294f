"""An oracle that tries every plan: pure Python, its own distances, nothing of hubplanner's coverage or evaluation."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.problem import GreatCircle, Matrix, Planar, Problem, SiteStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hubplanner.model import MaxCoverage
    from hubplanner.problem import Travel

EDGE = 1 + 1e-9
"""A limit is inclusive, and rounding does not break it."""
EARTH_RADIUS_KM = 6371.0088

Option = tuple[int, int]
"""A site and the tier of the hub that stands there."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A small instance in plain Python.

    Parameters
    ----------
    geometry
        ``plane``, ``sphere`` or ``matrix``.
    points, sites
        Coordinates; unused with a matrix.
    table
        Distances of a matrix by (point, site); a missing pair is unreachable.
    needs, statuses, reaches
        By point, by site, by tier.
    costs
        Cost of each option that may be built or stands; an existing site has one, at no cost.
    """

    geometry: str
    points: tuple[tuple[float, float], ...]
    sites: tuple[tuple[float, float], ...]
    table: Mapping[tuple[int, int], float]
    needs: tuple[float, ...]
    statuses: tuple[SiteStatus, ...]
    reaches: tuple[float, ...]
    costs: Mapping[Option, float]

    def distance(self, point: int, site: int) -> float:
        """Return the distance of a point to a site."""
        if self.geometry == "matrix":
            return self.table.get((point, site), math.inf)
        measure = math.dist if self.geometry == "plane" else _arc
        return measure(self.points[point], self.sites[site])

    def covers(self, option: Option) -> frozenset[int]:
        """Return the points an option covers."""
        site, tier = option
        reach = self.reaches[tier] * EDGE
        return frozenset(point for point in range(len(self.needs)) if self.distance(point, site) <= reach)

    def value(self, plan: Iterable[Option]) -> float:
        """Return the need a plan covers."""
        covered = frozenset[int]().union(*(self.covers(option) for option in plan))
        return math.fsum(self.needs[point] for point in covered)

    def new(self, plan: Iterable[Option]) -> list[Option]:
        """Return the options of a plan that are to be built."""
        return [option for option in plan if self.statuses[option[0]] != SiteStatus.EXISTING]

    def allows(self, plan: Iterable[Option], objective: MaxCoverage) -> bool:
        """Tell whether a plan keeps to the limits and to what the sites allow."""
        chosen = list(plan)
        new = self.new(chosen)
        money = math.inf if objective.budget is None else objective.budget * EDGE
        count = math.inf if objective.max_hubs is None else objective.max_hubs
        held = {site for site, _ in chosen}
        fixed = {SiteStatus.EXISTING, SiteStatus.REQUIRED}
        return (
            len(held) == len(chosen)
            and all(option in self.costs for option in chosen)
            and all(site in held for site, status in enumerate(self.statuses) if status in fixed)
            and math.fsum(self.costs[option] for option in new) <= money
            and len(new) <= count
        )

    def plans(self) -> Iterator[tuple[Option, ...]]:
        """Return all plans: nothing or one of its tiers at each site."""
        choices = [
            [None, *(option for option in self.costs if option[0] == site)] for site in range(len(self.statuses))
        ]
        for plan in itertools.product(*choices):
            yield tuple(option for option in plan if option is not None)

    def problem(self) -> Problem:
        """Return the instance as hubplanner takes it."""
        options = sorted(self.costs)
        return Problem(
            need=np.array(self.needs, dtype=float),
            people=np.array(self.needs, dtype=float),
            travel=self._travel(),
            site_status=np.array(self.statuses, dtype=np.intp),
            tier_reach=np.array(self.reaches, dtype=float),
            option_site=np.array([site for site, _ in options], dtype=np.intp),
            option_tier=np.array([tier for _, tier in options], dtype=np.intp),
            option_cost=np.array([self.costs[option] for option in options], dtype=float),
        )

    def named(self, options: Iterable[int]) -> list[Option]:
        """Return options of the problem as (site, tier)."""
        known = sorted(self.costs)
        return [known[option] for option in options]

    def _travel(self) -> Travel:
        if self.geometry == "matrix":
            pairs = np.array(list(self.table), dtype=np.intp).reshape(-1, 2)
            distance = np.array(list(self.table.values()), dtype=float)
            return Matrix(pairs[:, 0], pairs[:, 1], distance, len(self.needs), len(self.statuses))
        kind = Planar if self.geometry == "plane" else GreatCircle
        return kind(np.array(self.points).reshape(-1, 2), np.array(self.sites).reshape(-1, 2))


def best_value(case: Case, objective: MaxCoverage) -> float | None:
    """Return the most need that any allowed plan covers; None when none is allowed."""
    mask = {option: sum(1 << point for point in case.covers(option)) for option in case.costs}
    known: dict[int, float] = {}
    best = None
    for plan in case.plans():
        covered = 0
        for option in plan:
            covered |= mask[option]
        if covered not in known:
            known[covered] = case.value(plan)
        if (best is None or known[covered] > best) and case.allows(plan, objective):
            best = known[covered]
    return best


def _arc(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the great-circle distance in km, from the angle between two unit vectors."""
    a, b = _unit(one), _unit(other)
    cross = math.dist((0, 0, 0), (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]))
    return EARTH_RADIUS_KM * math.atan2(cross, sum(u * v for u, v in zip(a, b, strict=True)))


def _unit(place: tuple[float, float]) -> tuple[float, float, float]:
    lon, lat = math.radians(place[0]), math.radians(place[1])
    return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)
