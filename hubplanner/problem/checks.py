"""What must hold of a problem's arrays before anything is computed from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hubplanner.errors import Fault
from hubplanner.problem.arrays import COUNT, wrong_counts
from hubplanner.problem.status import SiteStatus

if TYPE_CHECKING:
    from hubplanner.problem.problem import Problem
    from hubplanner.problem.travel import Bools


def faults(problem: Problem) -> list[Fault]:
    """Return what is wrong with the arrays: shapes first, then values, then what they say together."""
    return _wrong_shapes(problem) or _wrong_values(problem) or _wrong_options(problem)


def _wrong_shapes(problem: Problem) -> list[Fault]:
    options = np.size(problem.option_site)
    expected = {
        "need": problem.travel.n_points,
        "people": problem.travel.n_points,
        "site_status": problem.travel.n_sites,
        "tier_reach": max(1, np.size(problem.tier_reach)),
        "option_site": options,
        "option_tier": options,
        "option_cost": options,
    }
    optional = {"upgrade": options, "closing_saving": problem.travel.n_sites}
    expected |= {name: length for name, length in optional.items() if getattr(problem, name) is not None}
    found = {name: np.shape(getattr(problem, name)) for name in expected}
    return [
        Fault(file="problem", column=name, value=found[name], allowed=f"shape ({length},)")
        for name, length in expected.items()
        if found[name] != (length,)
    ]


def _wrong_values(problem: Problem) -> list[Fault]:
    counts = dict.fromkeys(("need", "people", "option_cost", "tier_reach"), COUNT)
    codes = {"site_status": len(SiteStatus), "option_site": problem.n_sites, "option_tier": len(problem.tier_reach)}
    allowed = counts | {name: f"0 to {limit - 1}" for name, limit in codes.items()}
    wrong = {name: wrong_counts(getattr(problem, name)) for name in counts} | {
        name: (getattr(problem, name) < 0) | (getattr(problem, name) >= limit) for name, limit in codes.items()
    }
    # An upgrade may free money.
    wrong["option_cost"] &= ~(problem.upgrades & np.isfinite(problem.option_cost))
    return [_at(name, getattr(problem, name), wrong[name], allowed[name]) for name in wrong if wrong[name].any()]


def _wrong_options(problem: Problem) -> list[Fault]:
    key = problem.option_site * len(problem.tier_reach) + problem.option_tier
    if (np.diff(key) <= 0).any():
        return [Fault(file="problem", column="option_site", allowed="distinct (site, tier) pairs, ascending")]
    status, options = problem.site_status, np.bincount(problem.option_site, minlength=problem.n_sites)
    standing = np.bincount(problem.option_site[problem.existing], minlength=problem.n_sites)
    existing = status == SiteStatus.EXISTING
    wrong = {
        "one option at an existing site": existing & (standing != 1),
        "at least one option at a required site": (status == SiteStatus.REQUIRED) & (options == 0),
        "no option at an excluded site": (status == SiteStatus.EXCLUDED) & (options > 0),
    }
    found = [_at("option_site", options, sites, allowed) for allowed, sites in wrong.items() if sites.any()]
    return [*found, *_wrong_existing(problem)]


def _wrong_existing(problem: Problem) -> list[Fault]:
    """Return what is wrong with the money and the changes of standing hubs."""
    savings, elsewhere = problem.savings, problem.site_status != SiteStatus.EXISTING
    wrong = {
        ("option_cost", "0 at an existing site"): problem.existing & (problem.option_cost > 0),
        ("upgrade", "upgrades at existing sites only"): problem.upgrades & problem.new,
        ("closing_saving", "NaN where nothing stands"): elsewhere & ~np.isnan(savings),
        ("closing_saving", COUNT): wrong_counts(np.nan_to_num(savings, posinf=np.inf)) & ~np.isnan(savings),
    }
    values = {"option_cost": problem.option_cost, "upgrade": problem.upgrades, "closing_saving": savings}
    return [_at(name, values[name], mask, allowed) for (name, allowed), mask in wrong.items() if mask.any()]


def _at(name: str, values: np.ndarray[tuple[int, ...], np.dtype[np.generic]], wrong: Bools, allowed: str) -> Fault:
    """Return the fault of the first wrong entry."""
    row = int(np.argmax(wrong))
    return Fault(file="problem", row=row, column=name, value=values[row].item(), allowed=allowed)
