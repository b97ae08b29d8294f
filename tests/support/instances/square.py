"""Points and sites drawn on a square of 100, a site of them standing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hubplanner.problem import CoverageRule, Planar, Problem, SiteStatus


def whole_need(rng: np.random.Generator, points: int) -> np.ndarray:
    """Return needs of 1 to 59."""
    return rng.integers(1, 60, points).astype(float)


def square(
    seed: int,
    *,
    points: int,
    reach: tuple[float, ...],
    sites: int = 9,
    rule: CoverageRule | None = None,
    need_of: Callable[[np.random.Generator, int], np.ndarray] = whole_need,
) -> Problem:
    """Return a problem with a tier for each reach; the first site has a hub of the first tier and costs nothing."""
    rng, tiers = np.random.default_rng(seed), len(reach)
    need = need_of(rng, points)
    status = np.full(sites, SiteStatus.CANDIDATE, dtype=np.intp)
    status[0] = SiteStatus.EXISTING
    site, tier = (part.ravel() for part in np.meshgrid(np.arange(sites), np.arange(tiers), indexing="ij"))
    kept = (site > 0) | (tier == 0)
    return Problem(
        need=need,
        people=need,
        travel=Planar(rng.uniform(0, 100, (points, 2)), rng.uniform(0, 100, (sites, 2))),
        site_status=status,
        tier_reach=np.array(reach),
        option_site=site[kept],
        option_tier=tier[kept],
        option_cost=np.where(site > 0, rng.integers(4, 12, len(site)) * (1.0 + tier), 0.0)[kept],
        rule=rule or CoverageRule(),
    )
