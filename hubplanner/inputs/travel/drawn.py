"""Roads, and rivers and lakes that nobody crosses, of vector files: drawn into the cells of a raster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import shapely
from pyproj import CRS, Transformer

from hubplanner.errors import DataWarning, Fault
from hubplanner.inputs.coordinates import WGS84
from hubplanner.inputs.map_layers import AREAS, LINES, read_shapes
from hubplanner.inputs.travel.roads.lines import read_roads
from hubplanner.inputs.travel.roads.rules import MINUTES_PER_HOUR, Passage, Rules
from hubplanner.problem import Bools, Floats, Ints
from hubplanner.problem.arrays import spans
from hubplanner.problem.travel.terrain import BICYCLE, MOTOR, WALK
from hubplanner.scenario.travel_spec import TerrainSpec
from hubplanner.translation import gettext as _

AT_ONCE = 200_000
"""Segments whose cells are found together."""
LEAST_PART = 1e-12
"""Share of a segment below which what lies in a cell is rounding."""
MEANS_OF = {"walk": WALK, "bicycle": BICYCLE}
"""How modes cross a cell of road; all others have a motor."""


class Canvas(NamedTuple):
    """The cells that are drawn into.

    Parameters
    ----------
    kmh, mode
        (r, c) speeds on the flat, 0 for barriers, and how cells are crossed.
    crs, place
        Their coordinate reference system, and where they lie.
    """

    kmh: np.ndarray[Any, np.dtype[np.float32]]
    mode: np.ndarray[Any, np.dtype[np.uint8]]
    crs: CRS
    place: Any

    def at(self, places: Floats) -> Floats:
        """Return places (n, 2) in degrees as columns and rows, with parts of cells."""
        x, y = Transformer.from_crs(WGS84, self.crs, always_xy=True).transform(places[:, 0], places[:, 1])
        return np.column_stack([(x - self.place.c) / self.place.a, (y - self.place.f) / self.place.e])

    def passed(self, start: Floats, end: Floats) -> Iterator[tuple[Ints, Ints]]:
        """Yield segments between places (s, 2), as `at` returns them, with the cells, by number, that each passes.

        A cell holds its upper and its left side.
        """
        size = np.array(self.kmh.shape[::-1])
        low, high = np.minimum(start, end), np.maximum(start, end)
        near = np.flatnonzero((np.isfinite(high) & (high >= 0) & (low < size)).all(axis=1))
        for begin in range(0, len(near), AT_ONCE):
            some = near[begin : begin + AT_ONCE]
            owner, share = _cuts(start[some], end[some])
            inside = np.flatnonzero((owner[1:] == owner[:-1]) & (np.diff(share) > LEAST_PART))
            of, middle = owner[inside], (share[inside] + share[inside + 1]) / 2
            spot = start[some][of] + (end[some] - start[some])[of] * middle[:, None]
            column, row = np.floor(spot).astype(np.intp).T
            there = (column >= 0) & (column < size[0]) & (row >= 0) & (row < size[1])
            yield some[of[there]], row[there] * size[0] + column[there]


def _cuts(start: Floats, end: Floats) -> tuple[Ints, Floats]:
    """Return segments with the shares of each where it begins, crosses a side of a cell, and ends, in order."""
    owners, shares = [np.repeat(np.arange(len(start)), 2)], [np.tile([0.0, 1.0], len(start))]
    for axis in (0, 1):
        low, high = np.minimum(start, end)[:, axis], np.maximum(start, end)[:, axis]
        first = np.floor(low) + 1
        count = np.maximum(np.ceil(high) - first, 0).astype(np.intp)
        owner = np.repeat(np.arange(len(start)), count)
        side = spans(first, count)
        owners.append(owner)
        shares.append((side - start[owner, axis]) / (end - start)[owner, axis])
    owner, share = np.concatenate(owners), np.concatenate(shares)
    order = np.lexsort((share, owner))
    return owner[order], share[order]


def draw_barriers(spec: TerrainSpec, canvas: Canvas, faults: list[Fault]) -> int:
    """Close each cell that a line or an area of barriers touches; return how many there are."""
    if spec.barriers is None:
        return 0
    shapes = read_shapes(spec.barriers, (*LINES, *AREAS), faults)
    shapes = shapely.transform(shapes, canvas.at)
    closed = np.zeros(canvas.kmh.size, dtype=np.bool_)
    places, of = shapely.get_coordinates(_sides(shapes), return_index=True)
    segment = np.flatnonzero(of[1:] == of[:-1])
    for _part, cells in canvas.passed(places[segment], places[segment + 1]):
        closed[cells] = True
    for area in shapely.get_parts(shapes[shapely.get_dimensions(shapes) == 2]):  # noqa: PLR2004 - areas
        _fill(area, closed.reshape(canvas.kmh.shape))
    canvas.kmh[closed.reshape(canvas.kmh.shape)] = 0
    if not closed.any() and not faults:
        faults.append(Fault(file=spec.barriers.path, allowed=_("lies beside the land cover: is it the right file?")))
    return int(closed.sum())


def _sides(shapes: Any) -> Any:
    """Return lines and the outlines of areas, each in one piece."""
    areas = shapely.get_dimensions(shapes) == 2  # noqa: PLR2004 - areas
    lines = shapely.get_parts(shapes[~areas])
    return np.concatenate([lines, shapely.get_rings(shapes[areas])])


def _fill(area: Any, closed: Bools) -> None:
    """Close the cells whose middles lie in an area, strip by strip."""
    shapely.prepare(area)
    left, top, right, bottom = area.bounds
    columns = np.arange(max(int(np.floor(left)), 0), min(int(np.ceil(right)), closed.shape[1]))
    for row in range(max(int(np.floor(top)), 0), min(int(np.ceil(bottom)), closed.shape[0])):
        closed[row, columns] |= shapely.contains_xy(area, columns + 0.5, row + 0.5)


def draw_roads(
    spec: TerrainSpec, canvas: Canvas, name: str, faults: list[Fault], warnings: list[DataWarning]
) -> tuple[int, dict[str, dict[str, float]]]:
    """Make cells that roads pass as fast as the quickest mode on them, where that is quicker; bridges open barriers.

    Returns
    -------
    cells, speeds
        How many cells that are, and the speeds in km/h by mode and class that were taken where roads say none.
    """
    if spec.roads is None:
        return 0, {}
    before, roads = len(faults), read_roads(spec.roads, faults)
    if roads is None:
        return 0, {}
    warnings += roads.warnings
    rules = Rules(spec.roads, roads, faults, warnings)
    passages = [rules.of(mode, number) for number, mode in enumerate(spec.modes)]
    if len(faults) > before:
        return 0, {}
    spots = canvas.at(roads.vertices)
    quickest, by = np.zeros(canvas.kmh.size, dtype=np.float32), np.zeros(canvas.kmh.size, dtype=np.uint8)
    km: Floats = np.bincount(roads.line, weights=roads.km, minlength=len(roads.table.frame)).astype(np.float64)
    for mode, passage in zip(spec.modes, passages, strict=True):
        speed = _line_kmh(passage, km)[roads.line]
        used = np.flatnonzero(speed > 0)
        own = np.zeros(canvas.kmh.size, dtype=np.float32)
        for of, cells in canvas.passed(spots[roads.start[used]], spots[roads.end[used]]):
            np.maximum.at(own, cells, speed[used][of])
        better = own > quickest
        quickest[better], by[better] = own[better], MEANS_OF.get(mode.name, MOTOR)
    if not quickest.any():
        who = " or ".join(mode.name for mode in spec.modes)
        fault = Fault(file=roads.table.name, allowed=_("has no road on {name}: is it the right file?", name=name))
        is_open = any((passage.forward | passage.backward)[roads.line].any() for passage in passages)
        faults.append(fault if is_open else rules.closed_to(who))
    better = (quickest > canvas.kmh.ravel()).reshape(canvas.kmh.shape)
    canvas.kmh[better] = quickest.reshape(canvas.kmh.shape)[better]
    canvas.mode[better] = by.reshape(canvas.kmh.shape)[better]
    return int(better.sum()), {mode.name: passage.speeds for mode, passage in zip(spec.modes, passages, strict=True)}


def _line_kmh(passage: Passage, km: Floats) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the speed (l,) on each line, from its own minutes where it has any; 0 where it is closed."""
    pace = passage.minutes_per_km
    speed = np.divide(MINUTES_PER_HOUR, pace, out=np.zeros_like(pace), where=pace > 0)
    timed = np.isfinite(passage.minutes) & (passage.minutes > 0)
    speed[timed] = km[timed] / passage.minutes[timed] * MINUTES_PER_HOUR
    speed[~(passage.forward | passage.backward)] = 0.0
    return speed.astype(np.float32)
