"""The demand and sites sections: which files hold what, and how their cells are to be read."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from hubplanner.formats.table_formats import format_of
from hubplanner.scenario.fields import (
    Column,
    ColumnOrFactor,
    ColumnOrPeople,
    ColumnOrShare,
    ColumnOrWeight,
    Encoding,
    Flag,
    Identifiers,
    Kilometres,
    LocalFile,
    Spec,
)


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
    return format_of(path).kind == "raster"


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
