"""A small town for the oracle of constraints: its own distances, its own cover, every plan its sites allow."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.problem import CoverageRule, Matrix, Planar, Problem, SiteStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hubplanner.problem import Travel

    Plans = NDArray[np.intp]
    Numbers = NDArray[np.float64]

SLACK = 1e-9
"""Rounding of a limit, relative."""

Option = tuple[int, int]
"""A site and the tier of the hub that stands there."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Town:
    """A small instance.

    Parameters
    ----------
    points, sites
        Places in the plane.
    no_way
        Pairs (point, site) without a way between them.
    needs, people
        By point.
    statuses, reaches
        By site, by tier.
    costs
        Cost of each option, that of a standing hub 0.
    upgrades
        The options that would replace a standing hub.
    savings
        What closing the standing hub of a site saves.
    rule
        When a point is covered.
    taken
        Seats that each point takes up; its people if left out.
    """

    points: Numbers
    sites: Numbers
    no_way: frozenset[tuple[int, int]]
    needs: Numbers
    people: Numbers
    statuses: tuple[SiteStatus, ...]
    reaches: tuple[float, ...]
    costs: Mapping[Option, float]
    upgrades: frozenset[Option] = frozenset()
    savings: Mapping[int, float] = field(default_factory=dict)
    rule: CoverageRule = field(default_factory=CoverageRule)
    taken: Numbers | None = None

    @property
    def seats(self) -> Numbers:
        """Seats that each point takes up."""
        return self.people if self.taken is None else self.taken

    @cached_property
    def options(self) -> list[Option]:
        """All options, by site and tier."""
        return sorted(self.costs)

    @cached_property
    def distance(self) -> Numbers:
        """Distances (n, m)."""
        table = np.array([[math.dist(point, site) for site in self.sites] for point in self.points])
        for point, site in self.no_way:
            table[point, site] = np.inf
        return table.reshape(len(self.points), len(self.sites))

    @cached_property
    def option_distance(self) -> Numbers:
        """Distances (n, o)."""
        return self.distance[:, [site for site, _ in self.options]]

    @cached_property
    def share(self) -> Numbers:
        """Share (n, o) of a point that one hub of each option covers."""
        found = [
            [self._share(d, self.reaches[t]) for d, (_, t) in zip(row, self.options, strict=True)]
            for row in self.option_distance
        ]
        return np.array(found).reshape(len(self.points), len(self.options))

    def _share(self, distance: float, reach: float) -> float:
        rule = self.rule
        if distance > reach * (1 + SLACK):
            return 0.0
        if rule.decay == "step" or distance <= rule.full:
            return 1.0
        if rule.decay == "linear":
            return max((reach - distance) / (reach - rule.full), 0.0)
        steps = (distance - rule.full) / (rule.width or math.nan)
        return math.exp(-steps) if rule.decay == "exponential" else math.exp(-steps * steps / 2)

    @cached_property
    def wants(self) -> NDArray[np.bool_]:
        """Which points have need and a way to some site with options."""
        return (self.needs > 0) & np.isfinite(self.option_distance).any(axis=1)

    @cached_property
    def new(self) -> NDArray[np.bool_]:
        """Which options are new hubs: those at sites where nothing stands."""
        return np.array([self.statuses[site] != SiteStatus.EXISTING for site, _ in self.options], dtype=bool)

    def grown(self, rate: Numbers | None, years: int) -> Town:
        """Return the town some years on."""
        factor = 1.0 if rate is None else (1 + rate) ** years
        taken = None if self.taken is None else self.taken * factor
        return replace(self, needs=self.needs * factor, people=self.people * factor, taken=taken)

    def problem(self) -> Problem:
        """Return the instance as hubplanner takes it."""
        site, tier = (np.array(part, dtype=np.intp) for part in zip(*self.options, strict=True))
        savings = np.array([self.savings.get(place, np.nan) for place in range(len(self.sites))])
        return Problem(
            need=self.needs,
            people=self.people,
            travel=self._travel(),
            site_status=np.array(self.statuses, dtype=np.intp),
            tier_reach=np.array(self.reaches),
            option_site=site,
            option_tier=tier,
            option_cost=np.array([self.costs[option] for option in self.options]),
            rule=self.rule,
            upgrade=np.array([option in self.upgrades for option in self.options]) if self.upgrades else None,
            closing_saving=savings if self.savings else None,
            seated=self.taken,
        )

    def _travel(self) -> Travel:
        if not self.no_way:
            return Planar(self.points, self.sites)
        point, site = np.nonzero(np.isfinite(self.distance))
        distance = self.distance[point, site]
        return Matrix(point, site, distance, *self.distance.shape, sites=Planar(self.sites, self.sites))

    def plans(self, count: int, *, mixed: bool) -> Plans:
        """Return all plans (k, o) as hubs of each option that sites and statuses allow."""
        local = [self._at(site, count, mixed=mixed) for site in range(len(self.sites))]
        rows = [list(itertools.chain(*parts)) for parts in itertools.product(*local)]
        return np.array(rows, dtype=np.intp).reshape(len(rows), len(self.options))

    def _at(self, site: int, count: int, *, mixed: bool) -> list[tuple[int, ...]]:
        """Return what one site may hold: hubs of each of its tiers."""
        here = [option for option in self.options if option[0] == site]
        standing = self.statuses[site] == SiteStatus.EXISTING
        most = 1 if standing else count
        ways = itertools.product(range(most + 1), repeat=len(here))
        allowed = [way for way in ways if sum(way) <= most and (mixed or sum(map(bool, way)) <= 1)]
        if not standing:
            return allowed
        stays = [way for way in allowed if sum(way) == 1]
        return stays + [way for way in allowed if sum(way) == 0 and site in self.savings]

    def cost(self, plans: Plans) -> Numbers:
        """Return what plans cost, less what closed hubs save."""
        total = plans @ np.array([self.costs[option] for option in self.options])
        for site, saving in self.savings.items():
            total = total - saving * (plans[:, self.at(site)].sum(axis=1) == 0)
        return np.asarray(total, dtype=float)

    def at(self, *sites: int) -> list[int]:
        """Return the numbers of the options at some sites."""
        return [number for number, (site, _) in enumerate(self.options) if site in sites]
