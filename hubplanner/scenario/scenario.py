"""The scenario as frozen, validated models: the only place where defaults live."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pydantic reads the annotations
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from hubplanner.scenario.fields import (
    MOST_PEOPLE,
    Column,
    ColumnOrFactor,
    ColumnOrMoney,
    ColumnOrPeople,
    ColumnOrShare,
    ColumnOrWeight,
    Encoding,
    Flag,
    Identifiers,
    Kilometres,
    LocalFile,
    Name,
    Share,
    Spec,
    plain,
    prose,
)
from hubplanner.scenario.futures_spec import FuturesSpec  # noqa: TC001 - pydantic reads the annotations
from hubplanner.scenario.model_spec import CoverageSpec, ModelSpec

MINUTES_PER_HOUR = 60.0
MOST_DETOUR = 10.0
MOST_SECONDS = 1e8
"""Three years."""
MOST_THREADS = 256
MOST_SEED = 2**31 - 2
"""What every solver takes, with one added for CBC."""
MOST_YEARS = 100
MOST_TIERS = 100
RASTERS = (".tif", ".tiff")
"""How the names of rasters end."""


class TableSpec(Spec):
    """A file of places and the columns to read from it."""

    path: LocalFile
    """CSV, GeoJSON, GeoPackage, Shapefile or GeoParquet, relative to this file; for demand also a GeoTIFF of people."""
    layer: Column | None = None
    """Layer of a file that holds several."""
    x: Column | None = None
    """Column of the x coordinate or longitude; CSV only, or Parquet without geometry with demand.merge."""
    y: Column | None = None
    """Column of the y coordinate or latitude, beside x."""
    crs: Column | None = None
    """Coordinate reference system of x and y, EPSG:4326 if left out; or of a file of shapes that names none."""
    encoding: Encoding | None = None
    """Encoding of the text of a CSV file or Shapefile, such as cp1252; UTF-8, or as a .cpg file says, if left out."""
    groups: tuple[Column, ...] = ()
    """Columns for floors and breakdowns."""
    where: dict[Column, Identifiers] = Field(default_factory=dict)
    """Only rows whose columns have one of these values, such as {province: Balochistan}."""
    far_places: Flag = False
    """Whether places at 0, 0 (refused if not) and places far from all others (told if not) are meant."""


class DemandSpec(TableSpec):
    """Where people live and how many of them lack a connection."""

    merge: Flag = False
    """Read CSV or GeoParquet in parts and merge points that the same hubs can reach; always so for a raster."""
    id: Annotated[Column | None, Field(validate_default=True)] = None
    """Column of unique ids; may be left out with merge, none for a raster."""
    people: Annotated[ColumnOrPeople | None, Field(validate_default=True)] = None
    """People at the place: a column or a number; none for a raster, whose cells hold them."""
    connected_share: ColumnOrShare = 0.0
    """Share of the people already connected, 0 to 1."""
    priority: ColumnOrWeight = 1.0
    """Weight of the place's need, at least 0."""
    growth_per_year: ColumnOrShare = 0.0
    """Rate a year at which people and need grow, such as 0.02; with model.periods only."""
    area_km2: Column | None = None
    """Column of areas; with spread_km only, where the file has points."""
    spread_km: Kilometres | None = None
    """Spread each row's people evenly over points this far apart, in its polygon or a disc of area_km2."""

    @field_validator("id", "people")
    @classmethod
    def _given(cls, value: str | float | None, info: ValidationInfo) -> str | float | None:
        """Refuse to go without, but where there are no columns or no ids are asked for."""
        merged = info.field_name == "id" and info.data.get("merge", False)
        if value is None and not merged and not is_raster(info.data.get("path", "")):
            kind = "missing"
            raise PydanticCustomError(kind, "is required")
        return value

    @property
    def is_raster(self) -> bool:
        """Tell whether people come from the cells of a raster."""
        return is_raster(self.path)

    @property
    def is_merged(self) -> bool:
        """Tell whether points are merged while they are read."""
        return self.merge or self.is_raster


def is_raster(path: str) -> bool:
    """Tell whether a path names a raster.

    >>> is_raster("population.TIF")
    True
    """
    return path.lower().endswith(RASTERS)


class SitesSpec(TableSpec):
    """Where hubs may stand, and where they already do."""

    id: Column
    """Column of unique ids."""
    status: Column | None = None
    """Column of candidate, existing, required or excluded; candidate if left out."""
    tier: Column | None = None
    """Column of the tier of an existing hub, or the only tier a site may take; blank = any."""
    cost_factor: ColumnOrFactor = 1.0
    """Multiplier of the tiers' costs at the site."""


class TierSpec(Spec):
    """A size a hub can be built in."""

    name: Name
    """The tier's name."""
    capex: ColumnOrMoney
    """Cost of building one: a number or a column of the site file."""
    opex_per_year: ColumnOrMoney = 0.0
    """Cost of running one for a year: a number or a column of the site file."""
    reach_km: Kilometres | None = None
    """Distance within which people count as covered, inclusive."""
    reach_minutes: Kilometres | None = None
    """Travel time within which people count as covered, instead of reach_km."""
    capacity: Annotated[float, Field(strict=True, ge=1, le=MOST_PEOPLE)] | None = None
    """People one hub can serve; no limit if left out."""

    def reach(self, speed_kmh: float | None) -> float:
        """Return the reach in kilometres, or in minutes where no speed turns them into kilometres."""
        if self.reach_km is not None:
            return self.reach_km
        return (self.reach_minutes or 0.0) * (1.0 if speed_kmh is None else speed_kmh / MINUTES_PER_HOUR)


class TravelSpec(Spec):
    """How far it is from people to hubs."""

    method: Literal["great_circle", "planar", "matrix", "network"] = "great_circle"
    """Haversine, Euclidean in a projected CRS, a table of distances, or a road network."""
    detour: Annotated[float, Field(strict=True, ge=1, le=MOST_DETOUR)] = 1.0
    """Factor from straight-line to travelled distance."""
    speed_kmh: Annotated[float, Field(strict=True, ge=0.1, le=1000)] | None = None
    """Speed that turns minutes into kilometres; only with minutes."""
    path: LocalFile | None = None
    """Long table demand_id, site_id, km (or minutes); matrix only."""
    encoding: Encoding | None = None
    """Encoding of a CSV table's text; UTF-8 if left out."""


class SolverSpec(Spec):
    """Which solver, how exact and for how long."""

    name: Column = "highs"
    """highs, cbc, or any solver PuLP finds by name; heuristic for a plan without a search, with its gap."""
    gap: Annotated[float, Field(strict=True, ge=0, lt=1)] = 1e-4
    """Asked proof: relative gap between plan and bound."""
    time_limit_s: Annotated[float, Field(strict=True, gt=0, le=MOST_SECONDS)] = 300.0
    """Seconds after which the best plan so far is taken."""
    threads: Annotated[int, Field(strict=True, ge=0, le=MOST_THREADS)] = 0
    """Threads for the solver; 0 lets it choose."""
    seed: Annotated[int, Field(strict=True, ge=0, le=MOST_SEED)] = 0
    """Seed of everything random."""
    ties: Flag = True
    """Whether to look for the first of equally good plans: with gap 0, and for up to 30 options whatever the gap."""
    method: Literal["auto", "plain", "core"] = "auto"
    """core reduces the question before a search, plain hands it over whole, auto takes core where there is one."""


class Scenario(Spec):
    """One planning question: data, tiers, costs, limits and solver."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]
    """Short name; letters, digits, dot, dash and underscore."""
    description: Annotated[str, BeforeValidator(prose), Field(max_length=2000)] = ""
    """One line."""
    currency: Annotated[str, BeforeValidator(plain), Field(max_length=20)] = ""
    """Unit of all money."""
    demand: DemandSpec
    sites: SitesSpec
    hubs: Annotated[tuple[TierSpec, ...], Field(min_length=1, max_length=MOST_TIERS)]
    """The tiers, at least one."""
    horizon_years: Annotated[int, Field(strict=True, ge=0, le=MOST_YEARS)] = 5
    """Years of running cost that count; 0 = capex only."""
    discount_rate: Share = 0.1
    """Yearly rate for the present value of running cost."""
    travel: TravelSpec = TravelSpec()
    coverage: CoverageSpec = CoverageSpec()
    model: ModelSpec = ModelSpec()
    futures: FuturesSpec | None = None
    """Ways the world may turn out; as the data say if left out."""
    solver: SolverSpec = SolverSpec()

    _file: Path | None = PrivateAttr(default=None)

    @property
    def file(self) -> str:
        """Name of the file the scenario was read from, for messages."""
        return str(self._file) if self._file else "scenario"
