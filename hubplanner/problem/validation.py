"""What a caller hands over, as arrays of its own that nobody can change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from scipy.sparse import coo_array, issparse

from hubplanner.errors import DataError, Fault
from hubplanner.problem.solution import SiteStatus
from hubplanner.problem.travel.base import Bools, Floats, Matrix

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from hubplanner.problem.problem import Problem

COUNT = "finite, at least 0"


def vector(name: str, values: ArrayLike, length: int) -> Floats:
    """Return numbers of at least 0, one for each of a known count."""
    array = _numbers(name, values)
    if array.shape != (length,):
        raise DataError(_fault(name, array.shape, f"shape ({length},)"))
    wrong = np.flatnonzero(wrong_counts(array))
    if len(wrong):
        raise DataError(
            Fault(file="problem", row=int(wrong[0]), column=name, value=float(array[wrong[0]]), allowed=COUNT)
        )
    return array


def wrong_counts(values: Floats) -> Bools:
    """Tell which numbers are negative or not finite."""
    return np.asarray(~(np.isfinite(values) & (values >= 0)), dtype=np.bool_)


def coordinates(name: str, values: ArrayLike) -> Floats:
    """Return coordinates (n, 2)."""
    array = _numbers(name, values)
    if array.ndim != 2 or array.shape[1] != 2 or not np.isfinite(array).all():  # noqa: PLR2004 - x and y
        raise DataError(_fault(name, array.shape, "shape (n, 2), finite"))
    return array


def distances(distance: Any) -> Matrix:
    """Return travel over a table, dense or sparse, that is infinite, NaN or (sparse) absent where unreachable."""
    table: Any = coo_array(cast("Any", distance)) if issparse(distance) else _dense(distance)
    if table.ndim != 2:  # noqa: PLR2004 - a table has two dimensions
        raise DataError(_fault("distance", table.shape, "shape (n, m)"))
    data = _numbers("distance", table.data)
    reachable = ~(np.isnan(data) | (data == np.inf))
    point, site = (np.asarray(index, dtype=np.intp)[reachable] for index in table.coords)
    travel = Matrix(point, site, data[reachable], *table.shape)
    _check(travel)
    return travel


def _check(travel: Matrix) -> None:
    wrong = np.flatnonzero(travel.distance < 0)
    if len(wrong):
        place = f"distance[{travel.point[wrong[0]]}, {travel.site[wrong[0]]}]"
        raise DataError(_fault(place, float(travel.distance[wrong[0]]), "at least 0"))
    if len(np.unique(travel.point * travel.n_sites + travel.site)) < len(travel.point):
        raise DataError(_fault("distance", None, "each pair once; call sum_duplicates() or drop one"))


def _dense(distance: ArrayLike) -> coo_array[Any, Any]:
    table = np.atleast_1d(_numbers("distance", distance))
    index = np.nonzero(~np.isnan(table))  # not where it is nonzero: a distance may be zero
    return coo_array((table[index], index), shape=table.shape)


def _numbers(name: str, values: ArrayLike) -> Floats:
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(_fault(name, None, "an array of numbers")) from error
    array.flags.writeable = False
    return array


def _fault(name: str, value: object, allowed: str) -> Fault:
    return Fault(file="problem", column=name, value=value, allowed=allowed)


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
