"""Where demand points lie that are read in parts: on the globe, in their system, and among each other."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS, Transformer

from hubplanner.errors import DataWarning, Fault
from hubplanner.inputs.coordinates import (
    DEGREES,
    DEGREES_NAMED,
    MANY_TIMES,
    METRES_PER_KM,
    MOST_LAT,
    MOST_LON,
    SIGNS,
    STRAY,
    WGS84,
    Spots,
    body_of,
    off_globe,
    swapped_among,
    told_far,
    turned_among,
)
from hubplanner.inputs.demand.point_stream import MOST_SHOWN
from hubplanner.inputs.readers.columns import Checker
from hubplanner.inputs.readers.points import PointFile, Points
from hubplanner.problem import Chunk, Floats, Ints
from hubplanner.translation import gettext as _

SAMPLED = 1000
"""Points of each part that are kept, about: enough to know where most lie."""
MOST_STRAYS = 1000


class Projection:
    """Places of a file's system as travel measures them."""

    def __init__(self, crs: CRS, *, planar: bool) -> None:
        """Take the file's system, and whether distances are Euclidean in it."""
        self.planar = planar
        self._transformer = None if crs == CRS(WGS84) else Transformer.from_crs(crs, WGS84, always_xy=True)

    def lonlat(self, places: Floats) -> Floats:
        """Return longitudes and latitudes (k, 2), infinite where the system has no such place."""
        if self._transformer is None:
            return places
        return np.column_stack(self._transformer.transform(places[:, 0], places[:, 1]))

    def travelled(self, places: Floats, lonlat: Floats) -> Floats:
        """Return places (k, 2) in the coordinates of travel: kilometres in the plane, else degrees."""
        return places / METRES_PER_KM if self.planar else lonlat


class CoordinateChecks:
    """Notes misplaced points as they come, and what only all of them show."""

    def __init__(self, file: PointFile, column: str, *, far_places: bool = False) -> None:
        """Take the file, what its coordinates are called, and whether places far from all others are meant."""
        self._file, self._column, self._far_meant = file, column, far_places
        self.warnings: list[DataWarning] = []
        self._sample: list[tuple[Floats, Floats, Ints]] = []
        self._strays: list[tuple[Floats, Ints]] = []
        self._far: list[tuple[Floats, Floats, Ints]] = []
        self._has_rows = True
        self._low, self._high, self._most = np.full(2, np.inf), np.full(2, -np.inf), np.zeros(2)

    @property
    def bounds(self) -> tuple[Floats, Floats]:
        """Least and largest longitude and latitude (2,)."""
        return self._low, self._high

    def add(self, points: Points, lonlat: Floats, faults: list[Fault]) -> None:
        """Note the points of a part that cannot lie where they are said to."""
        before = len(faults)
        if self._file.crs.is_geographic:
            for wrong, allowed in off_globe(points.places, named=self._file.crs_named):
                self._note(points, pd.Series(wrong), allowed, faults)
        else:
            lost = pd.Series(~np.isfinite(lonlat).all(axis=1))
            self._note(points, lost, _("coordinates within the range of {name}", name=self._file.crs.name), faults)
        if len(faults) > before:
            return
        self._low = np.minimum(self._low, lonlat.min(axis=0))
        self._high = np.maximum(self._high, lonlat.max(axis=0))
        self._most = np.maximum(self._most, np.abs(points.places).max(axis=0))
        self._has_rows = points.table is not None
        rows = np.arange(len(lonlat)) if points.table is None else points.table.rows
        every = np.arange(0, len(lonlat), -(-len(lonlat) // SAMPLED))  # not a slice, which would keep all points alive
        self._sample.append((points.places[every], lonlat[every], rows[every]))
        stray = np.flatnonzero(swapped_among(lonlat))[:MOST_STRAYS]
        if (
            self._file.crs.is_geographic
            and points.table is not None
            and sum(len(row) for _, row in self._strays) < MOST_STRAYS
        ):
            self._strays.append((lonlat[stray], rows[stray]))
        if not self._far_meant:
            self._keep_far(points.places, lonlat, rows)

    def _keep_far(self, places: Floats, lonlat: Floats, rows: Ints) -> None:
        """Keep the points of a part that lie at 0, 0, or far from its other ones."""
        zero, body = (places == 0).all(axis=1), body_of(lonlat)
        far = zero if body is None else zero | (body.distance(lonlat) > body.beyond(MANY_TIMES))
        if self._file.crs.is_geographic:
            for signs in SIGNS:
                far |= turned_among(lonlat, lonlat * signs, lonlat)
        kept = np.flatnonzero(far)[: max(MOST_STRAYS - sum(len(row) for *_, row in self._far), 0)]
        self._far.append((places[kept], lonlat[kept], rows[kept]))

    def _doubt_far(self) -> None:
        """Warn of points that do not lie where the others do, of those kept and of the sample."""
        places, degrees, rows = (np.concatenate(part) for part in zip(*self._far, *self._sample, strict=True))
        first = np.unique(rows if self._has_rows else places, axis=0, return_index=True)[1]
        spots = Spots(
            file=self._file.name,
            section="demand",
            column=self._column,
            lonlat=degrees[first],
            own=places[first],
            rows=rows[first] if self._has_rows else None,
        )
        self.warnings += told_far([spots], [self.around()])

    def around(self) -> Floats:
        """Return longitudes and latitudes (k, 2) of points that stand for all."""
        return np.concatenate([lonlat for _, lonlat, _ in self._sample] or [np.zeros((0, 2))])

    def finish(self, faults: list[Fault]) -> None:
        """Note degrees that pass for metres, and points that only make sense with lon and lat exchanged."""
        crs, name = self._file.crs, self._file.name
        if not self._sample:
            return
        if not crs.is_geographic and self._most[0] <= MOST_LON and self._most[1] <= MOST_LAT:
            allowed = DEGREES_NAMED if self._file.crs_named else DEGREES
            faults.append(Fault(file=name, column="crs", value=crs.name, allowed=allowed, kind="crs"))
        if crs.is_geographic and self._strays:
            self._note_strays(faults)
        if not self._far_meant:
            self._doubt_far()

    def sample(self) -> gpd.GeoDataFrame | None:
        """Return points that stand for all, in the file's system; None without any."""
        if not self._sample:
            return None
        places = np.concatenate([places for places, _, _ in self._sample])
        return gpd.GeoDataFrame(geometry=gpd.points_from_xy(*places.T, crs=self._file.crs))

    def _note(self, points: Points, wrong: pd.Series, allowed: str, faults: list[Fault]) -> None:
        positions = np.flatnonzero(wrong)
        if not len(positions):
            return
        shown = [f"{x:g}, {y:g}" for x, y in points.places[positions]]
        if points.table is None:
            faults.append(Fault(file=self._file.name, column=self._column, value=shown[0], allowed=allowed))
            return
        words = pd.Series(shown, index=positions).reindex(range(len(wrong)))
        Checker(table=points.table, faults=faults, most=MOST_SHOWN).note(self._column, wrong, words, allowed)

    def _note_strays(self, faults: list[Fault]) -> None:
        """Note suspects of all parts, and sampled points, that are far from most points of the whole file."""
        rest = self.around()
        sampled = [(lonlat, rows) for _, lonlat, rows in self._sample]
        places, rows = (np.concatenate(part) for part in zip(*self._strays, *sampled, strict=True))
        found = np.flatnonzero(swapped_among(places, rest))
        values = dict(zip(rows[found].tolist(), places[found], strict=True))
        for row in sorted(values)[:MOST_SHOWN]:
            value = f"{values[row][0]:g}, {values[row][1]:g}"
            faults.append(Fault(file=self._file.name, row=row, column=self._column, value=value, allowed=STRAY))


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
