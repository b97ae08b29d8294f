"""Need on a fine grid: what a map shows of more points than memory holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from hubplanner.problem import Chunk, Floats

SIDE = 300
"""Cells of the grid each way: several to a hexagon of the map."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Lattice:
    """Need gathered at places.

    Parameters
    ----------
    places
        (g, 2) in the coordinates of travel.
    need
        (g,) above 0.
    """

    places: Floats
    need: Floats


class DensityGrid:
    """Need of the points read so far, by cell of a grid over their bounds."""

    def __init__(self, bounds: tuple[Floats, Floats]) -> None:
        """Take the least and largest longitude and latitude (2,)."""
        self._low, extent = bounds[0], bounds[1] - bounds[0]
        self._size = np.where(extent > 0, extent, 1.0) / SIDE
        self._sums = np.zeros((3, SIDE * SIDE))

    def add(self, lonlat: Floats, chunk: Chunk) -> None:
        """Add some points that lie at longitudes and latitudes (k, 2)."""
        column, row = np.clip((lonlat - self._low) / self._size, 0, SIDE - 1).astype(np.intp).T
        need = chunk.measures[:, 0]
        weights = need, *(chunk.places * need[:, None]).T
        self._sums += [np.bincount(row * SIDE + column, weights=each, minlength=SIDE * SIDE) for each in weights]

    def lattice(self) -> Lattice:
        """Return the need of each cell that has some, at its mean place."""
        need, *moments = self._sums[:, self._sums[0] > 0]
        return Lattice(places=np.column_stack(moments) / need[:, None], need=need)
