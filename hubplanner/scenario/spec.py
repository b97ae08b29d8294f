"""The scenario as frozen, validated models: the only place where defaults live."""

from __future__ import annotations

from math import isfinite
from pathlib import Path  # noqa: TC003 - pydantic reads the annotations
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, WithJsonSchema

PER_CENT = 100.0


def _identifier(value: object) -> object:
    """Read a bare number in YAML as the id it spells."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _column_or_number(value: object) -> object:
    """Let a column name or a finite number of at least 0 pass."""
    number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value >= 0
    if not number and not (isinstance(value, str) and value):
        message = "a column name, or a number of at least 0"
        raise ValueError(message)
    return value


def _column_or_share(value: object) -> object:
    value = _column_or_number(value)
    if isinstance(value, int | float) and value > 1:
        message = f"a column name, or a number from 0 to 1{per_cent_hint(value)}"
        raise ValueError(message)
    return value


def per_cent_hint(value: float) -> str:
    """Return what a share above 1 may have meant, for the end of a message.

    >>> per_cent_hint(45)
    '; 45 looks like per cent, write 0.45'
    """
    return f"; {value:g} looks like per cent, write {value / PER_CENT:g}" if 1 < value <= PER_CENT else ""


def _one_or_more(value: object) -> object:
    return value if isinstance(value, list | tuple) else (value,)


_ID_SCHEMA = {"anyOf": [{"type": "string", "minLength": 1}, {"type": "integer"}]}
_IDS_SCHEMA = {"anyOf": [*_ID_SCHEMA["anyOf"], {"type": "array", "items": _ID_SCHEMA, "minItems": 1}]}

Identifier = Annotated[str, BeforeValidator(_identifier), Field(min_length=1), WithJsonSchema(_ID_SCHEMA)]
Identifiers = Annotated[
    tuple[Identifier, ...], BeforeValidator(_one_or_more), Field(min_length=1), WithJsonSchema(_IDS_SCHEMA)
]
Column = Annotated[str, Field(min_length=1)]
ColumnOrNumber = Annotated[str | float, BeforeValidator(_column_or_number)]
ColumnOrShare = Annotated[str | float, BeforeValidator(_column_or_share)]
Amount = Annotated[float, Field(strict=True, ge=0)]
Positive = Annotated[float, Field(strict=True, gt=0)]
Share = Annotated[float, Field(strict=True, ge=0, le=1)]
Count = Annotated[int, Field(strict=True, ge=0)]


class Spec(BaseModel):
    """A section of the scenario: immutable, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


class TableSpec(Spec):
    """A file of places and the columns to read from it."""

    path: Column
    """CSV, GeoJSON, GeoPackage, Shapefile or GeoParquet file, relative to the scenario file."""
    layer: Column | None = None
    """Layer of a file that holds several."""
    id: Column
    """Column of unique ids."""
    x: Column | None = None
    """Column of the x coordinate or longitude; CSV only."""
    y: Column | None = None
    """Column of the y coordinate or latitude; CSV only."""
    crs: Column | None = None
    """Coordinate reference system of x and y; CSV only, EPSG:4326 if left out."""
    groups: tuple[Column, ...] = ()
    """Columns for floors and breakdowns."""
    where: dict[Column, Identifiers] = {}
    """Only rows whose columns have one of these values, such as {province: Balochistan}."""


class DemandSpec(TableSpec):
    """Where people live and how many of them lack a connection."""

    people: ColumnOrNumber
    """People at the place: a column or a number."""
    connected_share: ColumnOrShare = 0.0
    """Share of the people already connected, 0 to 1."""
    priority: ColumnOrNumber = 1.0
    """Weight of the place's need, at least 0."""
    area_km2: Column | None = None
    """Column of areas; with spread_km only, where the file has points."""
    spread_km: Positive | None = None
    """Spread each row's people evenly over points this far apart, in its polygon or a disc of area_km2."""


class SitesSpec(TableSpec):
    """Where hubs may stand, and where they already do."""

    status: Column | None = None
    """Column of candidate, existing, required or excluded; candidate if left out."""
    tier: Column | None = None
    """Column of the tier of an existing hub, or the only tier a site may take; blank = any."""
    cost_factor: ColumnOrNumber = 1.0
    """Multiplier of the tiers' costs at the site."""


class TierSpec(Spec):
    """A size a hub can be built in."""

    name: Column
    """The tier's name."""
    capex: ColumnOrNumber
    """Cost of building one: a number or a column of the site file."""
    opex_per_year: ColumnOrNumber = 0.0
    """Cost of running one for a year: a number or a column of the site file."""
    reach_km: Positive | None = None
    """Distance within which people count as covered, inclusive."""
    reach_minutes: Positive | None = None
    """Travel time within which people count as covered, instead of reach_km."""
    capacity: Positive | None = None
    """People one hub can serve."""


class TravelSpec(Spec):
    """How far it is from people to hubs."""

    method: Literal["great_circle", "planar", "matrix", "network"] = "great_circle"
    """Haversine, Euclidean in a projected CRS, a table of distances, or a road network."""
    detour: Annotated[float, Field(strict=True, ge=1)] = 1.0
    """Factor from straight-line to travelled distance."""
    speed_kmh: Positive | None = None
    """Speed that turns minutes into kilometres; only with minutes."""
    path: Column | None = None
    """Long table demand_id, site_id, km (or minutes); matrix only."""


class CoverageSpec(Spec):
    """How coverage fades with distance."""

    decay: Literal["step", "linear", "exponential", "gaussian"] = "step"
    """Step: all within reach count fully."""


class FloorSpec(Spec):
    """The least covered share of need of a group."""

    group: Column
    """One of the demand groups."""
    value: Identifier | None = None
    """One value of the group; each of them if left out."""
    share: Share
    """Least covered share of need."""


class ModelSpec(Spec):
    """What to maximise or minimise, and under which limits."""

    objective: Literal["max_coverage", "min_cost", "p_median", "p_center"] = "max_coverage"
    """What makes one plan better than another."""
    budget: Amount | None = None
    """Money for new hubs, in the scenario's currency; existing ones are free."""
    max_hubs: Count | None = None
    """Most new hubs."""
    target_share: Annotated[float, Field(strict=True, gt=0, le=1)] | None = None
    """Share of need to cover; min_cost only."""
    floors: tuple[FloorSpec, ...] = ()
    """Least covered shares of groups."""
    min_separation_km: Positive | None = None
    """Least distance between any two new hubs."""
    require: tuple[Identifier, ...] = ()
    """Ids of sites that must hold a hub, on top of the status column."""
    exclude: tuple[Identifier, ...] = ()
    """Ids of sites that must not, on top of the status column."""


class SolverSpec(Spec):
    """Which solver, how exact and for how long."""

    name: Column = "highs"
    """highs, cbc, or any solver PuLP finds by name."""
    gap: Annotated[float, Field(strict=True, ge=0, lt=1)] = 1e-4
    """Asked proof: relative gap between plan and bound."""
    time_limit_s: Positive = 300.0
    """Seconds after which the best plan so far is taken."""
    threads: Count = 0
    """Threads for the solver; 0 lets it choose."""
    seed: Count = 0
    """Seed of everything random."""


class Scenario(Spec):
    """One planning question: data, tiers, costs, limits and solver."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    """Short name; letters, digits, dot, dash and underscore."""
    description: str = ""
    """One line."""
    currency: str = ""
    """Unit of all money."""
    demand: DemandSpec
    sites: SitesSpec
    hubs: Annotated[tuple[TierSpec, ...], Field(min_length=1)]
    """The tiers, at least one."""
    horizon_years: Count = 5
    """Years of running cost that count; 0 = capex only."""
    discount_rate: Annotated[float, Field(strict=True, ge=0, lt=10)] = 0.1
    """Yearly rate for the present value of running cost."""
    travel: TravelSpec = TravelSpec()
    coverage: CoverageSpec = CoverageSpec()
    model: ModelSpec = ModelSpec()
    solver: SolverSpec = SolverSpec()

    _file: Path | None = PrivateAttr(default=None)

    @property
    def file(self) -> str:
        """Name of the file the scenario was read from, for messages."""
        return str(self._file) if self._file else "scenario"
