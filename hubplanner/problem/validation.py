"""What a caller hands over, as arrays of its own that nobody can change."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import coo_array, issparse

from hubplanner.errors import DataError, Fault
from hubplanner.problem.arrays import Bools, Floats
from hubplanner.problem.travel.base import Matrix

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
