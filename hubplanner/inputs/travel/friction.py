"""Travel over a raster of how long a metre takes, or over land cover and slopes: read, checked, places found on it."""

from __future__ import annotations

import warnings as python_warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pyproj import CRS, Proj, Transformer
from scipy import ndimage

from hubplanner.errors import DataWarning, Fault
from hubplanner.extras import is_installed
from hubplanner.formats.table_formats import RASTERS
from hubplanner.formatting import per_cent
from hubplanner.inputs.coordinates import METRES_PER_KM, WGS84
from hubplanner.inputs.demand.table import MOST_STRETCH, Demand
from hubplanner.inputs.inputs import SearchedTravel
from hubplanner.inputs.readers.raster import check_transform, opened, require_rasterio
from hubplanner.inputs.readers.tables import UNREADABLE, can_read, settled_crs, unreadable
from hubplanner.inputs.sites import Sites
from hubplanner.inputs.travel.drawn import Canvas, draw_barriers, draw_roads
from hubplanner.problem import Bools, Floats, GreatCircle, Ints, within
from hubplanner.problem.travel.friction import MINUTES_PER_M_AT_1_KMH, Friction, FrictionGrid, GridCells
from hubplanner.problem.travel.geometric import EARTH_RADIUS_KM
from hubplanner.problem.travel.terrain import BICYCLE, MOTOR, WALK, Relief
from hubplanner.scenario import Scenario
from hubplanner.scenario.travel_spec import FrictionRasterSpec, FrictionSpec, RasterBandSpec, RasterTravel, TerrainSpec
from hubplanner.translation import gettext as _, ngettext

MOST_CELLS = 200_000_000
LARGE = 20_000_000
"""Cells that searches may pass from all sites together, from which on compiling them is worth its seconds."""
STRIP = 256
"""Rows of land cover whose heights are looked up at once."""
MEANS = {"motor": MOTOR, "walk": WALK, "bicycle": BICYCLE}
MOST_PACE, LEAST_PACE = 10.0, MINUTES_PER_M_AT_1_KMH / 1000
"""Minutes per metre: six metres an hour, and a thousand kilometres an hour."""
SLOW_KMH = 1.0
"""Where the quickest cell is slower, the unit is mostly another."""
SAME_KM = 1e-6
"""Cells as near as this to each other are equally near to a place: the first in order of reading counts."""
MOST_NAMED = 3
"""Places that a warning names."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FrictionRaster:
    """A raster of how long a metre takes, and where on the globe its cells are.

    Parameters
    ----------
    name
        Name of the file, for messages.
    grid
        Its cells.
    crs
        Its coordinate reference system.
    corner
        Coordinates where its first cell begins.
    step
        What a cell adds to the first coordinate and, row by row, to the second; negative where rows go south.
    drawn
        What plan.json says of roads and barriers that were drawn into it.
    warnings
        What can be used of these, but may be a mistake.
    """

    name: str
    grid: FrictionGrid
    crs: CRS
    corner: tuple[float, float]
    step: tuple[float, float]
    drawn: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[DataWarning, ...] = ()

    @classmethod
    def of(cls, band: RasterBand, grid: FrictionGrid) -> FrictionRaster:
        """Return the cells of a band."""
        place = band.place
        return cls(name=band.name, grid=grid, crs=band.crs, corner=(place.c, place.f), step=(place.a, place.e))

    @cached_property
    def _ways(self) -> tuple[Transformer, Transformer]:
        """From degrees to the raster's system, and back."""
        there, back = (WGS84, self.crs), (self.crs, WGS84)
        return Transformer.from_crs(*there, always_xy=True), Transformer.from_crs(*back, always_xy=True)

    def cells(self, places: Floats) -> tuple[Ints, Ints]:
        """Return the row and column that places (k, 2) in degrees lie in, which need not be there."""
        x, y = (np.asarray(part) for part in self._ways[0].transform(places[:, 0], places[:, 1]))
        if self.crs.is_geographic:  # a raster may count degrees from 0 to 360
            turn = 2 * np.pi / self.crs.axis_info[0].unit_conversion_factor
            x = np.where(x < self.corner[0], x + turn, x)
            x = np.where(x >= self.corner[0] + turn, x - turn, x)
        at = [(part - corner) / step for part, corner, step in zip((x, y), self.corner, self.step, strict=True)]
        inside = [np.where(np.isfinite(part), np.clip(np.floor(part), -1e9, 1e9), -1e9) for part in at]
        return inside[1].astype(np.intp), inside[0].astype(np.intp)

    def middles(self, row: Ints, column: Ints) -> Floats:
        """Return the longitudes and latitudes (k, 2) of the middles of cells."""
        x = self.corner[0] + (column + 0.5) * self.step[0]
        y = self.corner[1] + (row + 0.5) * self.step[1]
        return np.column_stack(self._ways[1].transform(x, y))

    def spots(self, places: Floats, most_km: float) -> GridCells:
        """Return the cells of places (k, 2) in degrees; those on a barrier or beside the raster are moved, if not far.

        A place is moved to the nearest open cell within `most_km`, and takes as long for the way to its middle as that
        cell's pace says.
        """
        row, column = self.cells(places)
        height, width = self.grid.values.shape
        there = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        there[there] = self.grid.values[row[there], column[there]] > 0
        minutes = np.zeros(len(places))
        for at in np.flatnonzero(~there).tolist():
            row[at], column[at], km = self._nearest(places[at], int(row[at]), int(column[at]), most_km)
            if row[at] >= 0:
                cell = slice(row[at], row[at] + 1), slice(column[at], column[at] + 1)
                minutes[at] = km * METRES_PER_KM * float(self.grid.pace(*cell)[0, 0])
        return GridCells(row, column, minutes)

    def _nearest(self, place: Floats, row: int, column: int, most_km: float) -> tuple[int, int, float]:
        """Return the open cell whose middle is nearest to a place, with the km to it; -1 where none is near enough."""
        cell = max(self.grid.height, float(self.grid.width.max()))
        km = min(2 * cell / METRES_PER_KM, most_km)
        while True:  # wider and wider, as most open cells are near and cells may be many
            rows, columns = self.grid.around(row, column, km * METRES_PER_KM * (1 + 2 * MOST_STRETCH) + cell)
            y, x = np.nonzero(self.grid.values[rows, columns] > 0)
            y, x = y + rows.start, x + columns.start
            far = GreatCircle(self.middles(y, x), place[None]).from_site(0)
            near = np.flatnonzero(within(far, min(km, float(far.min(initial=np.inf)) + SAME_KM)))
            if len(near):
                return int(y[near[0]]), int(x[near[0]]), float(far[near[0]])
            if km >= most_km:
                return -1, -1, np.inf
            km = min(2 * km, most_km)


def read_over_raster(
    scenario: Scenario, demand: Demand | None, sites: Sites | None, faults: list[Fault]
) -> SearchedTravel | None:
    """Return travel over a scenario's raster; None, with every fault noted, where there is none."""
    spec, before = scenario.travel, len(faults)
    if not isinstance(spec, RasterTravel):
        return None
    raster = read_ground(spec, faults)
    if raster is None or demand is None or sites is None:
        return None
    _check_scale(raster, np.concatenate([demand.points, sites.lonlat]), faults)
    points, hubs = (raster.spots(places, spec.access_max_km) for places in (demand.points, sites.lonlat))
    for what, spots in ((_("demand point"), points), ("site", hubs)):
        if (spots.row < 0).all():
            faults.append(Fault(file=raster.name, allowed=_elsewhere(raster, what, spec.access_max_km)))
    if len(faults) > before:
        return None
    reach = max(tier.reach(None) for tier in scenario.hubs)
    most = reach if spec.max_minutes is None else spec.max_minutes
    grid = replace(
        raster.grid, is_large=is_installed("terrain") and len(hubs.row) * raster.grid.around_all(most) > LARGE
    )
    travel = Friction(grid=grid, points=points, sites=hubs, most=most, site_places=sites.lonlat)
    places = _Places.of(scenario, raster, demand, sites, points, hubs)
    return SearchedTravel(
        travel=travel,
        facts=_facts(raster, spec, places, most) | raster.drawn,
        warnings=(*raster.warnings, *_doubts(raster, spec, places)),
    )


def read_ground(spec: RasterTravel, faults: list[Fault]) -> FrictionRaster | None:
    """Return the cells that a scenario's ways lead over; None, with faults noted, when they cannot be used."""
    if isinstance(spec, FrictionSpec):
        return read_raster(spec.raster, spec.moves, faults)
    return read_terrain(spec, faults) if isinstance(spec, TerrainSpec) else None


class RasterBand(NamedTuple):
    """A band of a raster.

    Parameters
    ----------
    name
        Name of the file, for messages.
    cells
        (r, c) what it holds, masked where that is nothing.
    crs, place
        Its coordinate reference system, and where its cells lie.
    """

    name: str
    cells: Any
    crs: CRS
    place: Any


def read_band(spec: FrictionRasterSpec | RasterBandSpec, key: str, faults: list[Fault]) -> RasterBand | None:
    """Return a band of a raster; None, with faults noted, when it cannot be used."""
    path, before = Path(spec.path), len(faults)
    if not can_read(path, RASTERS, faults):
        return None
    rasterio = require_rasterio()
    try:
        with python_warnings.catch_warnings():
            python_warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
            with opened(rasterio, path) as file:
                crs = settled_crs(None if file.crs is None else file.crs.to_wkt(), spec.crs, path.name, faults)
                check_transform(file, path, faults)
                _check_shape(file, spec.band, key, path.name, faults)
                if crs is None or len(faults) > before:
                    return None
                place, shift = file.transform, (file.scales[spec.band - 1], file.offsets[spec.band - 1])
                cells = file.read(spec.band, masked=True)
    except (rasterio.errors.RasterioError, *UNREADABLE) as error:
        faults.append(unreadable(path, _("a raster"), error))
        return None
    if shift != (1, 0):
        cells = cells * float(shift[0]) + float(shift[1])
    return RasterBand(path.name, cells, crs, place)


def read_raster(spec: FrictionRasterSpec, moves: int, faults: list[Fault]) -> FrictionRaster | None:
    """Return a raster of how long a metre takes; None, with faults noted, when it cannot be used."""
    before, band = len(faults), read_band(spec, "travel.raster", faults)
    if band is None:
        return None
    values = np.asarray(band.cells.data)
    values = np.where(np.ma.getmaskarray(band.cells) | ~np.isfinite(values), values.dtype.type(0), values)
    metres = _metres(band.crs, band.place, values.shape, band.name, faults)
    if metres is None:
        return None
    width, height = metres
    in_kmh = spec.unit == "km_per_hour"
    grid = FrictionGrid(values=values, in_kmh=in_kmh, width=width, height=height, moves=16 if moves != 8 else 8)  # noqa: PLR2004
    _check_values(grid, band.name, faults)
    return None if len(faults) > before else FrictionRaster.of(band, grid)


def read_terrain(spec: TerrainSpec, faults: list[Fault]) -> FrictionRaster | None:
    """Return land cover and heights; None, with faults noted, when they cannot be used."""
    before = len(faults)
    cover, heights = (
        read_band(part, f"travel.{key}", faults) for key, part in (("land_cover", spec.land_cover), ("dem", spec.dem))
    )
    if cover is None or heights is None:
        return None
    known = ~np.ma.getmaskarray(cover.cells)
    kmh, mode = _crossed(spec, cover, known, faults)
    elevation = _on_cells_of(cover, heights)
    canvas, drawn, told = Canvas(kmh, mode, cover.crs, cover.place), dict[str, Any](), list[DataWarning]()
    if len(faults) == before and spec.barriers is not None:
        drawn["barrier_cells"] = draw_barriers(spec, canvas, faults)
    if len(faults) == before and spec.roads is not None:
        drawn["road_cells"], drawn["speeds_used"] = draw_roads(spec, canvas, cover.name, faults, told)
    metres = _metres(cover.crs, cover.place, known.shape, cover.name, faults)
    if metres is None or len(faults) > before:
        return None
    kmh[np.isnan(elevation)] = 0
    if not (kmh > 0).any():
        allowed = _(
            "heights where {name} has cells that anyone can cross; it has none there: is it the right file?",
            name=cover.name,
        )
        faults.append(Fault(file=heights.name, allowed=allowed))
        return None
    grid = FrictionGrid(
        values=kmh,
        in_kmh=True,
        width=metres[0],
        height=metres[1],
        moves=spec.moves,
        relief=Relief(elevation, mode, spec.direction == "to_hub"),
        cuts_corners=spec.corners == "open",
    )
    return replace(FrictionRaster.of(cover, grid), drawn=drawn, warnings=tuple(told))


def _crossed(
    spec: TerrainSpec, cover: RasterBand, known: Bools, faults: list[Fault]
) -> tuple[np.ndarray[Any, np.dtype[np.float32]], np.ndarray[Any, np.dtype[np.uint8]]]:
    """Return km/h on the flat (r, c), 0 for barriers, and how cells are crossed; note classes without a speed."""
    held, at = np.unique(np.asarray(cover.cells.data)[known], return_inverse=True)
    said = {value: speed for speed in spec.speeds for value in speed.classes}
    for number in np.flatnonzero([value not in said for value in held.tolist()]).tolist():
        cells = int((at == number).sum())
        allowed = _(
            "a class with a speed: add {{class: {held:g}, kmh: 4}} to travel.speeds, or kmh: 0 for a barrier",
            held=held[number],
        )
        faults.append(
            Fault(
                file=cover.name,
                value=_("{held:g} in {cells:,} cells", held=held[number], cells=cells),
                column="class",
                allowed=allowed,
            )
        )
    kmh, mode = np.zeros(known.shape, np.float32), np.zeros(known.shape, np.uint8)
    speeds = [said.get(value) for value in held.tolist()]
    kmh[known] = np.array([speed.kmh if speed else 0.0 for speed in speeds], np.float32)[at]
    mode[known] = np.array([MEANS[speed.mode] if speed else MOTOR for speed in speeds], np.uint8)[at]
    return kmh, mode


def _on_cells_of(cover: RasterBand, heights: RasterBand) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the heights (r, c) at the middles of land cover's cells, linear between the four around; NaN for none."""
    own = np.where(np.ma.getmaskarray(heights.cells), np.nan, np.asarray(heights.cells.data, dtype=np.float32))
    own = own.astype(np.float32)
    if own.shape == cover.cells.shape and heights.crs == cover.crs and heights.place.almost_equals(cover.place):
        return own
    found = np.full(cover.cells.shape, np.nan, dtype=np.float32)
    there = Transformer.from_crs(cover.crs, heights.crs, always_xy=True)
    x = cover.place.c + (np.arange(found.shape[1]) + 0.5) * cover.place.a
    for start in range(0, found.shape[0], STRIP):
        part = found[start : start + STRIP]
        y = cover.place.f + (np.arange(start, start + len(part)) + 0.5) * cover.place.e
        to_x, to_y = there.transform(*np.meshgrid(x, y))
        down, right = (to_y - heights.place.f) / heights.place.e, (to_x - heights.place.c) / heights.place.a
        at = np.stack([down, right])
        size = np.array(own.shape)[:, None, None]
        inside = ((at >= 0) & (at <= size)).all(axis=0)
        between = np.clip(at - 0.5, 0, size - 1)[:, inside]
        part[inside] = ndimage.map_coordinates(own, between, order=1)
    return found


def _check_shape(file: Any, band: int, key: str, name: str, faults: list[Fault]) -> None:
    """Note a band that is not there or holds no numbers, cells too many to hold, and rows that do not run east."""
    if band > file.count:
        allowed = _("a band from 1 to {count}", count=file.count) if file.count > 1 else _("1, the file's only band")
        faults.append(Fault(file=name, column=f"{key}.band", value=str(band), allowed=allowed))
    elif np.dtype(file.dtypes[band - 1]).kind not in "iuf":
        faults.append(Fault(file=name, column="band", value=file.dtypes[band - 1], allowed=_("a band of numbers")))
    if file.width * file.height > MOST_CELLS:
        allowed = _(
            "at most {most_cells:,} cells; cut it to where people live with gdalwarp -te", most_cells=MOST_CELLS
        )
        faults.append(Fault(file=name, value=_("{width:,} cells", width=file.width * file.height), allowed=allowed))
    grid = file.transform
    if grid.b != 0 or grid.d != 0 or grid.a < 0:
        allowed = _("rows that run from west to east; this raster is turned, and gdalwarp straightens it")
        faults.append(Fault(file=name, column="transform", allowed=allowed, kind="crs"))


def _metres(crs: CRS, grid: Any, shape: tuple[int, ...], name: str, faults: list[Fault]) -> tuple[Floats, float] | None:
    """Return the metres from a cell to the next by row (r,), and from row to row; None where rows leave the globe."""
    unit = float(crs.axis_info[0].unit_conversion_factor)
    if not crs.is_geographic:
        return np.full(shape[0], grid.a * unit), abs(grid.e) * unit
    latitude = (grid.f + (np.arange(shape[0]) + 0.5) * grid.e) * unit
    if np.abs(latitude).max() > np.pi / 2:
        allowed = _("rows between 90 S and 90 N; is the file in metres, or its place in another order?")
        faults.append(Fault(file=name, column="transform", allowed=allowed, kind="crs"))
        return None
    radius = EARTH_RADIUS_KM * METRES_PER_KM
    return radius * grid.a * unit * np.cos(latitude), radius * abs(grid.e) * unit


def _check_values(grid: FrictionGrid, name: str, faults: list[Fault]) -> None:
    """Note cells of less than 0, and speeds that nobody has."""
    values, unit, other = grid.values, _("minutes per metre"), "km_per_hour"
    if grid.in_kmh:
        unit, other = "km/h", "minutes_per_metre"
    ends = (
        sorted(MINUTES_PER_M_AT_1_KMH / pace for pace in (MOST_PACE, LEAST_PACE))
        if grid.in_kmh
        else (
            LEAST_PACE,
            MOST_PACE,
        )
    )
    below = values < 0
    if below.any():
        allowed = _(
            "{unit} of at least 0, or the raster's nodata value for barriers; gdal_edit.py -a_nodata declares it",
            unit=unit,
        )
        faults.append(_at(values, below, name, allowed))
        return
    wrong = ((values > 0) & (values < ends[0])) | (values > ends[1])
    if wrong.any():
        allowed = _(
            "{unit} from {least:g} to {most:g}, or 0 for a barrier; is travel.raster.unit {other}?",
            unit=unit,
            least=ends[0],
            most=ends[1],
            other=other,
        )
        faults.append(_at(values, wrong, name, allowed))
    elif not (values > 0).any():
        faults.append(
            Fault(file=name, allowed=_("has no cell that anyone can cross: all are 0, infinite or without data"))
        )


def _at(values: Any, wrong: Bools, name: str, allowed: str) -> Fault:
    """Return the fault of the first cell that is wrong, with how many are."""
    row, column = (int(part) for part in np.unravel_index(int(np.argmax(wrong)), wrong.shape))
    count = int(wrong.sum())
    if count > 1:
        allowed = _("{allowed}; {count:,} cells are so", allowed=allowed, count=count)
    return Fault(
        file=name,
        value=f"{values[row, column]:g}",
        allowed=allowed,
        row=row + 1,
        column=_("column {column}", column=column + 1),
    )


def _check_scale(raster: FrictionRaster, places: Floats, faults: list[Fault]) -> None:
    """Note a projection in which a metre is not one where the places are, as in Web Mercator."""
    if raster.crs.is_geographic:
        return
    factors = Proj(raster.crs).get_factors(*places.T)
    scale = np.concatenate([factors.meridional_scale, factors.parallel_scale])
    worst = float(np.abs(scale[np.isfinite(scale)] - 1).max(initial=0.0))
    if worst > MOST_STRETCH:
        allowed = _(
            "degrees, or a system true to distance where people live; a metre of this one is up to "
            "{worst} off, and gdalwarp -t_srs EPSG:4326 brings it to degrees",
            worst=per_cent(worst, 0),
        )
        faults.append(Fault(file=raster.name, column="crs", value=raster.crs.name, allowed=allowed, kind="crs"))


def _elsewhere(raster: FrictionRaster, what: str, most_km: float) -> str:
    height, width = raster.grid.values.shape
    corners = raster.middles(np.array([0, 0, height - 1, height - 1]), np.array([0, width - 1, 0, width - 1]))
    low, high = corners.min(axis=0), corners.max(axis=0)
    return _(
        "lies from {west:.1f} to {east:.1f} E and {south:.1f} to {north:.1f} N; no {what} lies within "
        "travel.access_max_km, {most_km:g} km, of a cell of it that anyone can cross: is it the "
        "right file?",
        west=low[0],
        east=high[0],
        south=low[1],
        north=high[1],
        what=what,
        most_km=most_km,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Places:
    """Demand points and sites on a raster: who they are, whether moved, beyond access or cut off from all sites."""

    files: tuple[str, str]
    ids: tuple[Any, Any]
    people: Floats
    moved: tuple[Bools, Bools]
    beyond: tuple[Bools, Bools]
    cut_off: Bools
    farthest: tuple[float, float]

    @classmethod
    def of(  # noqa: PLR0913, PLR0917 - the places and what is known of them
        cls,
        scenario: Scenario,
        raster: FrictionRaster,
        demand: Demand,
        sites: Sites,
        points: GridCells,
        hubs: GridCells,
    ) -> _Places:
        """Look at where places stand.

        A move across a corner needs one open cell beside it, so cells are joined as their sides are, unless ways may
        slip through.
        """
        beside = ndimage.generate_binary_structure(2, 2 if raster.grid.cuts_corners else 1)
        part, _ = ndimage.label(raster.grid.values > 0, beside)
        held = np.unique(part[hubs.row[hubs.row >= 0], hubs.column[hubs.row >= 0]])
        beyond = points.row < 0, hubs.row < 0
        alone = ~np.isin(part[points.row, points.column], held) & ~beyond[0]
        places = demand.points, sites.lonlat
        moved, farthest = [], []
        for spots, where in zip((points, hubs), places, strict=True):
            own = _is_moved(raster, spots, where)
            km = GreatCircle(where[own], where[own]).measure(
                where[own], raster.middles(spots.row[own], spots.column[own])
            )
            moved.append(own)
            farthest.append(float(km.max(initial=0.0)))
        return cls(
            files=(scenario.demand.file_name, scenario.sites.file_name),
            ids=(
                demand.frame["demand_id"].to_numpy(dtype=object)[demand.row],
                sites.frame["site_id"].to_numpy(dtype=object),
            ),
            people=demand.point_people,
            moved=(moved[0], moved[1]),
            beyond=beyond,
            cut_off=alone,
            farthest=(farthest[0], farthest[1]),
        )

    def told(self, which: Bools) -> str:
        """Return how many demand points these are, the ids of the first, and how many people there are."""
        return _(
            "{points} with {people:,.0f} people",
            points=ngettext(
                "{n} demand point ({ids})",
                "{n} demand points ({ids})",
                int(which.sum()),
                ids=_first_of(self.ids[0][which]),
            ),
            people=self.people[which].sum(),
        )

    def told_sites(self, which: Bools) -> str:
        """Return how many sites these are, and the ids of the first."""
        ids = _first_of(self.ids[1][which])
        return ngettext("{n} site ({ids})", "{n} sites ({ids})", int(which.sum()), ids=ids)


def _first_of(ids: Sequence[Any]) -> str:
    known = list(dict.fromkeys(map(str, ids)))
    some, more = ", ".join(known[:MOST_NAMED]), len(known) - MOST_NAMED
    return _("{some} and {count:,} more", some=some, count=more) if more > 0 else some


def _is_moved(raster: FrictionRaster, spots: GridCells, places: Floats) -> Bools:
    """Tell which places stand on another cell than the one they lie in."""
    row, column = raster.cells(places)
    return np.asarray(((row != spots.row) | (column != spots.column)) & (spots.row >= 0))


def _doubts(raster: FrictionRaster, spec: RasterTravel, places: _Places) -> tuple[DataWarning, ...]:
    """Return warnings of places that are moved, beyond access or cut off, and of a raster that is mostly misread."""
    found = list[DataWarning]()
    ends = (_("nobody reaches a hub from there"), _("nobody reaches a hub there"))
    for number, (file, tell, end) in enumerate(zip(places.files, (places.told, places.told_sites), ends, strict=True)):
        if places.moved[number].any():
            message = _(
                "on barriers of {name}, or beside it: {tell}; ways begin at the nearest open cell, up to "
                "{farthest:.1f} km away",
                name=raster.name,
                tell=tell(places.moved[number]),
                farthest=places.farthest[number],
            )
            found.append(DataWarning(code="on_barrier", message=message, file=file))
        if places.beyond[number].any():
            message = _(
                "more than {access_max_km:g} km, travel.access_max_km, from any open cell of {name}: {tell}; {end}",
                access_max_km=spec.access_max_km,
                name=raster.name,
                tell=tell(places.beyond[number]),
                end=end,
            )
            found.append(DataWarning(code="cut_off", message=message, file=file))
    if places.cut_off.any():
        message = _(
            "on parts of {name} that barriers part from every site: {told}; {ends}",
            name=raster.name,
            told=places.told(places.cut_off),
            ends=ends[0],
        )
        found.append(DataWarning(code="cut_off", message=message, file=places.files[0]))
    quickest = MINUTES_PER_M_AT_1_KMH / raster.grid.fastest
    if quickest < SLOW_KMH and isinstance(spec, FrictionSpec):
        other = "minutes_per_metre" if raster.grid.in_kmh else "km_per_hour"
        message = _(
            "its quickest cell is crossed at {quickest:.2g} km/h; is travel.raster.unit {other}?",
            quickest=quickest,
            other=other,
        )
        found.append(DataWarning(code="slow_raster", message=message, file=raster.name))
    return tuple(found)


def _facts(raster: FrictionRaster, spec: RasterTravel, places: _Places, most: float) -> dict[str, Any]:
    """Return what plan.json says of the raster: its cells, how far ways are looked for, who is moved or cut off."""
    values, people = raster.grid.values, places.people
    return {
        "moves": spec.moves,
        "max_minutes": most,
        "rows": values.shape[0],
        "columns": values.shape[1],
        "open_share": float((values > 0).mean()),
        "quickest_kmh": MINUTES_PER_M_AT_1_KMH / raster.grid.fastest,
        "people_moved": float(people[places.moved[0]].sum()),
        "sites_moved": places.ids[1][places.moved[1]].tolist(),
        "people_beyond_access": float(people[places.beyond[0]].sum()),
        "sites_beyond_access": places.ids[1][places.beyond[1]].tolist(),
        "people_cut_off": float(people[places.cut_off].sum()),
    }
