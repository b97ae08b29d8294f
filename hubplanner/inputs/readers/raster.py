"""People from the cells of a GeoTIFF, window by window."""

from __future__ import annotations

import logging
import math
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from pyproj import CRS, Transformer

from hubplanner.errors import DataWarning, Fault
from hubplanner.extras import absent
from hubplanner.formats.table_formats import RASTERS
from hubplanner.inputs.readers.points import Points
from hubplanner.inputs.readers.tables import UNREADABLE, can_read, settled_crs, unreadable
from hubplanner.problem import Bools, Floats
from hubplanner.scenario.fields import MOST_PEOPLE
from hubplanner.translation import gettext as _

WINDOW = 1 << 23
"""Cells that are read at once, about."""
CELLS = 1 << 20
"""Cells that are looked at together, about."""
CACHE_MB = 64
"""Memory in which the library keeps blocks it may need again."""
MOST_SHOWN = 10
"""Faulty cells that are spelled out."""
_DENSITY = re.compile(
    r"densit|(?<![a-z])pd(?![a-z])|per[ _]?(sq|square)?[ _.]?(km|kilomet)|pp[ _]?sq[ _]?km|/ ?(sq ?)?km|km\^?-2",
    re.IGNORECASE,
)
"""How names, units and descriptions of rasters say people per area."""
ALLOWED = "people of at least 0, or the raster's nodata value, which the key nodata may name"


@dataclass(kw_only=True, eq=False)
class RasterFile:
    """A raster whose cells hold people.

    Parameters
    ----------
    path
        The file.
    crs
        System of its cells.
    per_person, offline
        Need of a person, and the share of people who are not connected yet.
    crs_named
        Whether the file itself names its system.
    nodata
        Value of cells that hold nothing, beside the one that the file declares.
    density
        What in its name, unit or description says that cells hold people per area; blank where nothing does.
    per_km2
        Whether the scenario says that they do.
    bands
        How many it has; the first is read.
    """

    path: Path
    crs: CRS
    per_person: float
    offline: float
    crs_named: bool = True
    nodata: float | None = None
    density: str = ""
    per_km2: bool = False
    bands: int = 1
    _people: bool = False
    _wrong: list[Fault] = field(default_factory=list)
    _more: int = 0

    @property
    def name(self) -> str:
        """Name, for messages."""
        return self.path.name

    def points(self, faults: list[Fault]) -> Iterator[Points]:
        """Yield the cells with people in parts; note those with fewer than none."""
        rasterio = require_rasterio()
        self._wrong, self._more = [], 0
        try:
            with opened(rasterio, self.path) as raster:
                for top, values, known in strips(raster, self.nodata):
                    points = self._with_people(raster.transform, top, values, known)
                    if points is not None:
                        yield points
        except (rasterio.errors.RasterioError, *UNREADABLE) as error:
            faults.append(unreadable(self.path, _("a raster"), error))
        faults.extend(self._wrong)
        if self._more:
            faults.append(
                Fault(
                    file=self.name, allowed=_("{more:,} more cells have the same fault as those above", more=self._more)
                )
            )

    def finish(self, faults: list[Fault]) -> None:
        """Note a raster where nobody lives."""
        if not self._people and not faults:
            faults.append(Fault(file=self.name, allowed=_("has no cell with people in band 1")))

    def groups(self) -> Mapping[str, list[str]]:
        """Return the value of each group, by label: cells have none."""
        return {}

    def warnings(self) -> list[DataWarning]:
        """Return what may be a mistake beside places: bands that are not read, and densities read as counts."""
        found = []
        if self.bands > 1:
            message = _(
                "has {bands} bands, and people are read from band 1 alone; if they are in another, save it "
                "as a file of its own (gdal_translate -b 2), else checks.raster_bands: off",
                bands=self.bands,
            )
            found.append(DataWarning(code="raster_bands", message=message, file=self.name))
        if not self.density or self.per_km2:
            return found
        message = _(
            "{density!r} says people per area, but each cell is read as a count of people: set cells: "
            "density beside its path if they are people per km2, or checks.density_raster: off if these "
            "are counts",
            density=self.density,
        )
        return [*found, DataWarning(code="density_raster", message=message, file=self.name)]

    def _with_people(self, transform: Any, top: int, values: Floats, known: Bools) -> Points | None:
        """Return the cells of a strip that hold people; None, with cells below 0 noted, when there are none."""
        wrong = known & ((values < 0) | (values > MOST_PEOPLE))
        if wrong.any():
            self._note(top, values, wrong)
            return None
        row, column = np.nonzero(known & (values > 0))
        if not len(row):
            return None
        self._people = True
        across, down = column + 0.5, row + (top + 0.5)
        places = np.column_stack(
            [
                transform.a * across + transform.b * down + transform.c,
                transform.d * across + transform.e * down + transform.f,
            ]
        )
        people = values[row, column]
        if self.per_km2:
            people = people * cell_km2(self.crs, transform, places)
        measures = np.column_stack([people * self.per_person, people, people * self.offline])
        return Points(places=places, measures=measures, label=np.zeros(len(people), dtype=np.intp))

    def _note(self, top: int, values: Floats, wrong: Bools) -> None:
        for row, column in np.argwhere(wrong)[: MOST_SHOWN - len(self._wrong)].tolist():
            where = {"row": top + row + 1, "column": _("column {column}", column=column + 1)}
            self._wrong.append(Fault(file=self.name, value=f"{values[row, column]:g}", allowed=ALLOWED, **where))
            self._more -= 1
        self._more += int(wrong.sum())


CORNERS = ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))
"""Of a cell, from its middle, in columns and rows."""


def cell_km2(crs: CRS, transform: Any, places: Floats) -> Floats:
    r"""Return the area (k,) in km2 on the ellipsoid of a raster's cells about places (k, 2).

    That of their corners' polygon where $x = a \lambda$ and $y = a q / 2$, with Snyder's (1987, doi:10.3133/pp1395)
    authalic q of the latitude: as exact as its sides are straight there, so wholly where rows are parallels.
    """
    if crs.ellipsoid is None:
        raise AssertionError
    a, b = crs.ellipsoid.semi_major_metre, crs.ellipsoid.semi_minor_metre
    e = math.sqrt(max(1 - (b / a) ** 2, 0.0))
    degrees = Transformer.from_crs(crs, CRS.from_dict({"proj": "longlat", "a": a, "b": b}), always_xy=True)
    steps = [(transform.a * c + transform.b * r, transform.d * c + transform.e * r) for c, r in CORNERS]
    corners = np.radians([degrees.transform(places[:, 0] + x, places[:, 1] + y) for x, y in steps])
    east, q = corners[:, 0], _authalic(np.sin(corners[:, 1]), e)
    east = (east - east[0] + np.pi) % (2 * np.pi) - np.pi  # also where the date line runs through a cell
    twice = (east * np.roll(q, -1, axis=0) - np.roll(east, -1, axis=0) * q).sum(axis=0)
    return np.asarray(a**2 / 4 * np.abs(twice) / 1e6)


def _authalic(sine: Floats, e: float) -> Floats:
    """Return Snyder's q, which is twice the sine on a sphere."""
    if e == 0:
        return 2 * sine
    found: Floats = (1 - e**2) * (sine / (1 - (e * sine) ** 2) + np.arctanh(e * sine) / e)
    return found


def strips(raster: Any, nodata: float | None = None) -> Iterator[tuple[int, Floats, Bools]]:
    """Yield the first row, values (rows, columns) and which hold data, strip by strip, in whole blocks of rows.

    Cells that are ``nodata`` as they are stored, before any scale, hold none, nor do those that the file masks itself.
    """
    from rasterio.windows import Window  # noqa: PLC0415 - optional

    height = raster.block_shapes[0][0]
    rows = max(WINDOW // raster.width // height, 1) * height
    if rows * raster.width > 4 * WINDOW:  # blocks too tall to hold one across the raster
        rows = max(WINDOW // raster.width, 1)
    step = max(CELLS // raster.width, 1)
    scale, offset = raster.scales[0], raster.offsets[0]
    for start in range(0, raster.height, rows):
        stop = min(start + rows, raster.height)
        data = raster.read(1, window=Window(0, start, raster.width, stop - start), masked=True)
        for top in range(0, stop - start, step):
            part = data[top : top + step]
            values = part.data.astype(np.float64) * scale + offset
            known = ~np.ma.getmaskarray(part) & ~np.isnan(values)
            if nodata is not None:
                is_float = np.issubdtype(part.dtype, np.floating)
                known &= part.data != (part.dtype.type(nodata) if is_float else nodata)
            yield start + top, values, known


def open_raster(  # noqa: PLR0913 - a file, and what the scenario says of its cells
    path: Path,
    crs: str | None,
    faults: list[Fault],
    *,
    offline: float = 1.0,
    priority: float = 1.0,
    nodata: float | None = None,
    per_km2: bool = False,
) -> RasterFile | None:
    """Return a raster of people; None, with faults noted, when it cannot be used.

    Parameters
    ----------
    path
        The file.
    crs
        System that stands in for one that the file does not name.
    faults
        Gets what is wrong.
    offline, priority
        Share of people who are not connected yet, and the weight of their need.
    nodata
        Value of cells that hold nothing, beside the one that the file declares.
    per_km2
        Whether its cells hold people per km2.
    """
    before = len(faults)
    if not can_read(path, RASTERS, faults):
        return None
    rasterio = require_rasterio()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
            with opened(rasterio, path) as raster:
                named = raster.crs is not None
                said = (path.stem, raster.units[0], raster.descriptions[0])
                own, bands = raster.crs.to_wkt() if named else None, raster.count
                settled = settled_crs(own, crs, path.name, faults)
                check_transform(raster, path, faults)
    except (rasterio.errors.RasterioError, *UNREADABLE) as error:
        faults.append(unreadable(path, _("a raster"), error))
        return None
    if settled is None or len(faults) > before:
        return None
    per_person = offline * priority
    return RasterFile(
        path=path,
        crs=settled,
        per_person=per_person,
        offline=offline,
        crs_named=named,
        nodata=nodata,
        per_km2=per_km2,
        bands=bands,
        density=next((words for words in said if words and _DENSITY.search(words)), ""),
    )


@contextmanager
def opened(rasterio: ModuleType, path: Path) -> Iterator[Any]:
    """Open a GeoTIFF, and nothing that only ends like one; no file beside it, no address is looked for."""
    quiet = logging.getLogger("rasterio")
    before, quiet.propagate = quiet.propagate, False
    quiet.addHandler(_SILENT)
    try:
        with rasterio.Env(**_ENVIRONMENT), rasterio.open(path, driver="GTiff") as raster:
            yield raster
    finally:
        quiet.propagate = before
        quiet.removeHandler(_SILENT)


_SILENT = logging.NullHandler()
_ENVIRONMENT = {
    "GDAL_CACHEMAX": CACHE_MB,
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
}


def check_transform(raster: Any, path: Path, faults: list[Fault]) -> None:
    """Note a raster whose cells lie nowhere."""
    transform = raster.transform
    sound = np.isfinite(tuple(transform)).all() and transform.determinant != 0
    if transform.is_identity or not sound:
        allowed = _(
            "a georeferenced raster: the place and size of its cells are missing; they must stand in the "
            "file itself, as files beside it are not read"
        )
        faults.append(Fault(file=path.name, column="transform", allowed=allowed, kind="crs"))


def require_rasterio() -> ModuleType:
    """Return the optional part that reads rasters; raise when it is missing."""
    try:
        import rasterio  # noqa: PLC0415 - optional
        import rasterio.errors  # noqa: PLC0415
    except ImportError as error:
        raise absent(extra="raster", needs=_("GeoTIFF rasters need")) from error
    module: ModuleType = rasterio
    return module
