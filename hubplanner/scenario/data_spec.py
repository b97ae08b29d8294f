"""The demand, sites and checks sections: which files hold what, how cells are read, and what becomes of doubts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, field_validator, model_validator
from pydantic_core import PydanticCustomError

from hubplanner.formats.table_formats import format_of
from hubplanner.formats.tables.database import database_name, is_database
from hubplanner.scenario.fields import (
    MOST_MONEY,
    Column,
    ColumnOrError,
    ColumnOrFactor,
    ColumnOrPeople,
    ColumnOrShare,
    ColumnOrWeight,
    Encoding,
    FileOrDatabase,
    Flag,
    Identifiers,
    Kilometres,
    LocalFile,
    Spec,
    one_or_more,
    path_alone,
)
from hubplanner.translation import N_, gettext as _, joined


class GroupMean(Spec):
    """What stands in for a missing cell: the mean of the rows that share a group."""

    mean_of: Column
    """Column of the group, such as province."""


def _keys(value: object) -> object:
    """Let location or columns pass: said at once, where a union would complain of each alternative."""
    pairs = value.items() if isinstance(value, dict) else ()
    if value != "location" and not (pairs and all(isinstance(word, str) and word for pair in pairs for word in pair)):
        message = _("location, or columns here and there, such as {example}", example="{district: County}")
        raise ValueError(message)
    return value


def _alike(value: object) -> object:
    """Let a file or values pass."""
    if isinstance(value, dict):
        value = {str(here): str(there) for here, there in value.items()}
    if not (isinstance(value, str | dict) and value):
        message = _(
            "values here and there, such as {example}, or a CSV file with a column of each",
            example="{Quetta City: Quetta}",
        )
        raise ValueError(message)
    return value


def _instead(*words: str) -> Callable[[object], object]:
    """Let what stands in for a missing figure pass: one of some words, a number, or the mean of a group."""

    def checked(value: object) -> object:
        if isinstance(value, dict):
            passes = set(value) == {"mean_of"} and isinstance(value["mean_of"], str) and bool(value["mean_of"])
        else:
            is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MOST_MONEY
            passes = is_number or isinstance(value, GroupMean) or value in words
        if not passes:
            message = _("{words}, a number, or {{mean_of: a column of groups}}", words=joined(words, ", "))
            raise ValueError(message)
        return value

    return checked


_TEXTS = {"type": "object", "additionalProperties": {"type": "string", "minLength": 1}, "minProperties": 1}
Keys = Annotated[
    str | dict[str, str], BeforeValidator(_keys), WithJsonSchema({"anyOf": [{"const": "location"}, _TEXTS]})
]
Aliases = Annotated[
    str | dict[str, str],
    BeforeValidator(_alike),
    WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1}, {"type": "object"}]}),
]
Unmatched = Annotated[Literal["error", "drop"] | float | GroupMean, BeforeValidator(_instead("error", "drop"))]
Missing = Annotated[Literal["drop"] | float | GroupMean, BeforeValidator(_instead("drop"))]
"""What becomes of a row whose cell is blank or says n/a: it is left out, or the cell is this number or that mean."""
Taken = Annotated[dict[Column, Column], Field(min_length=1)]


NoData = Annotated[float, Field(strict=True)] | None
CellValues = Literal["people", "density"]
"""A value of a raster's cells."""


class GeometrySpec(Spec):
    """A column of a table that says where its rows are."""

    wkt: Column | None = None
    """Column of well-known text, such as POINT (67 30), in the system crs."""
    h3: Column | None = None
    """Column of H3 cells, such as 8429a1bffffffff; needs hubplanner[h3]."""
    quadkey: Column | None = None
    """Column of quadkeys, such as 123021: tiles of Web Mercator."""

    @model_validator(mode="after")
    def _one(self) -> GeometrySpec:
        """Refuse none or several."""
        if sum(getattr(self, kind) is not None for kind in ("wkt", "h3", "quadkey")) != 1:
            kind = "one_of"
            raise PydanticCustomError(kind, _("exactly one of wkt, h3 and quadkey, with the name of a column"))
        return self

    @property
    def kind(self) -> str:
        """Which of the kinds the column is of."""
        return next(kind for kind in ("wkt", "h3", "quadkey") if getattr(self, kind) is not None)

    @property
    def column(self) -> str:
        """The column."""
        return str(getattr(self, self.kind))


class FileSpec(Spec):
    """A file of rows, and how its cells are written."""

    path: FileOrDatabase
    """CSV, Excel, JSON, GeoJSON, GeoPackage, Shapefile, GeoParquet and others, relative to this file; for demand also a
    GeoTIFF of people; or a PostgreSQL database, postgresql://user@host/database, without a password."""
    table: Column | None = None
    """Table or view of a database, such as public.towns."""
    sql: Column | None = None
    """Question to a database in place of table: one SELECT, whose rows are read."""
    layer: Column | None = None
    """Layer of a file that holds several, or file of an archive that does."""
    sheet: Column | Annotated[int, Field(strict=True, ge=1)] | None = None
    """Sheet of a spreadsheet, by name or by number from 1; the only one with several rows and columns if left out."""
    skip_rows: Annotated[int, Field(strict=True, ge=0, le=1000)] | None = None
    """Rows above the header of a CSV file or a sheet that are no part of the table; none if left out."""
    header_rows: Annotated[int, Field(strict=True, ge=1, le=5)] | None = None
    """Rows of the header of a CSV file or a sheet, whose cells are joined by blanks; 1 if left out."""
    header: Annotated[tuple[Column, ...], Field(min_length=1)] | None = None
    """Names of the columns of a CSV file that has no header, in their order; its first row if left out."""
    encoding: Encoding | None = None
    """Encoding of the text of a CSV file or Shapefile, such as cp1252; UTF-8, or as the file says, if left out."""
    decimal: Literal[".", ","] | None = None
    """Mark of decimals in numbers that are written as text; a point if left out."""
    thousands: Literal[",", ".", " ", "'", "_"] | None = None
    """Mark of thousands in numbers that are written as text; none if left out."""
    percent: Annotated[tuple[Column, ...], BeforeValidator(one_or_more)] | None = None
    """Columns given in per cent, which are divided by 100, by their names here."""
    total_rows: Literal["drop"] | None = None
    """drop leaves out the rows that say total in a cell of their own."""
    where: dict[Column, Identifiers] = Field(default_factory=dict)
    """Only rows whose columns have one of these values, such as {province: Balochistan}."""

    @property
    def is_database(self) -> bool:
        """Tell whether the rows are those of a database."""
        return is_database(self.path)

    @property
    def file_name(self) -> str:
        """What messages call it: the file's name; of a database its name and the table's, or sql and what tells it."""
        if not self.is_database:
            return Path(self.path).name
        part = f"sql-{hashlib.sha256(self.sql.encode()).hexdigest()[:8]}" if self.sql is not None else self.table
        return f"{database_name(self.path)}.{part}"


class JoinSpec(FileSpec):
    """A file whose columns are taken over, by a key or by where a row lies."""

    crs: Column | None = None
    """Coordinate reference system of polygons whose file names none."""
    on: Keys
    """Columns here and there whose values are the same, such as {district: County}; or location, inside a polygon."""
    take: Taken
    """New column here: column there."""
    aliases: Aliases | None = None
    """Value here: value there, for names that differ; or a CSV file with these two columns."""
    exact: Flag = False
    """Tell keys apart by case, accents, hyphens, and zeros before numbers."""
    unmatched: Unmatched = "error"
    """Rows here without a match: error, drop, a number for each column, or {mean_of: group}."""

    @property
    def by_place(self) -> bool:
        """Tell whether a row's partner is the polygon it lies in."""
        return self.on == "location"

    @property
    def keys(self) -> dict[str, str]:
        """The columns here and there; none by place."""
        return self.on if isinstance(self.on, dict) else {}


class ZonesSpec(FileSpec):
    """Polygons whose columns cells and points take over from the one they lie in."""

    crs: Column | None = None
    """Coordinate reference system, where the file names none."""
    join: tuple[JoinSpec, ...] = ()
    """Files whose columns the zones take over by a key, before take and people name them."""
    id: Column
    """Column of unique ids; on a shared border the first of them, in order, holds the place."""
    take: dict[Column, Column] = Field(default_factory=dict)
    """New column here: column there; groups, where, connected_share and priority may name it."""
    people: Column | None = None
    """Column of people that those of a zone's places are scaled to."""
    unmatched: Literal["drop", "error", "nearest"] = "drop"
    """Places outside all zones: drop (counted, and told), error, or nearest: they belong to the nearest zone."""

    @property
    def columns(self) -> frozenset[str]:
        """Columns that the zones' own file is to have."""
        joined = {name for join in self.join for name in join.take}
        named = {self.id, *self.take.values(), *([self.people] if self.people else [])}
        return frozenset((named | {name for join in self.join for name in join.keys}) - joined)


class SpreadBySpec(FileSpec):
    """Cells of a raster or places of a file to which an area's people go, by their weights."""

    weight: Column | None = None
    """Column of weights, such as pupils; 1 for each place if left out. A raster's cells hold theirs."""
    x: Column | None = None
    """Column of the x coordinate or longitude; for tables."""
    y: Column | None = None
    """Column of the y coordinate or latitude, beside x."""
    geometry: GeometrySpec | None = None
    """Column of a table that holds places, instead of x and y."""
    crs: Column | None = None
    """Coordinate reference system of x and y, EPSG:4326 if left out; or of a file that names none."""
    unmatched: Literal["error", "one_point"] = "error"
    """Areas with people and no place inside: error, or one_point: all their people stand at one point inside."""
    nodata: NoData = None
    """Value of a raster's cells that hold nothing, where the file declares none, such as -9999."""
    cells: CellValues = "people"
    """What a raster's cells hold: people, or their density per km2."""

    @property
    def is_raster(self) -> bool:
        """Tell whether the weights are the cells of a raster."""
        return is_raster(self.path)


class TableSpec(FileSpec):
    """A file of places and the columns to read from it."""

    missing: dict[Column, Missing] | None = None
    """What becomes of blank cells, by column, such as {internet: {mean_of: province}, people: drop}; else a fault."""
    join: tuple[JoinSpec, ...] = ()
    """Files whose columns are taken over, one after the other, before anything is checked."""
    x: Column | None = None
    """Column of the x coordinate or longitude; for tables, Parquet without geometry among them."""
    y: Column | None = None
    """Column of the y coordinate or latitude, beside x."""
    geometry: GeometrySpec | None = None
    """Column of a table that holds places, instead of x and y: {wkt: column}, {h3: column} or {quadkey: column}."""
    crs: Column | None = None
    """Coordinate reference system of x and y, EPSG:4326 if left out; or of a file of shapes that names none."""
    groups: tuple[Column, ...] = ()
    """Columns for floors and breakdowns."""
    name: Column | None = None
    """Column of names, shown wherever an id would be; a site file's own column called name if left out."""
    far_places: Flag = False
    """Whether places at 0, 0 (refused if not) and places far from all others (told if not) are meant."""


class TakeUpSpec(Spec):
    """How many of those in reach come to hubs."""

    share: Annotated[float, Field(strict=True, gt=0, le=1)]
    """Share of a row's people that comes to a hub next door, over all hubs together."""
    e_fold_km: Kilometres | None = None
    """Distance over which that share falls to 1/e; the same however far if left out."""


class SinceSurveySpec(Spec):
    """How connected shares have changed since the survey: logit(now) = shift + slope x logit(then) + a normal error.

    Regress the logits of a later survey on those of the earlier one, district by district, to find all three.
    """

    shift: Annotated[float, Field(strict=True, ge=-20, le=20)] = 0.0
    """Constant of the regression."""
    slope: Annotated[float, Field(strict=True, ge=0, le=5)] = 1.0
    """How much of a difference between two places is left; 1 all of it."""
    sd: Annotated[float, Field(strict=True, ge=0, le=10)] = 0.0
    """Standard deviation of what the regression leaves unexplained, in logits."""


class DemandSpec(TableSpec):
    """Where people live and how many of them lack a connection."""

    merge: Flag = False
    """Read CSV or GeoParquet in parts and merge points that the same hubs can reach; always so for a raster."""
    nodata: NoData = None
    """Value of a raster's cells that hold nobody, where the file declares none, such as -9999."""
    cells: CellValues = "people"
    """What a raster's cells hold: people, or their density per km2, which is multiplied by each cell's area."""
    id: Column | None = None
    """Column of unique ids; numbers of rows if left out, none for a raster."""
    people: Annotated[ColumnOrPeople | None, Field(validate_default=True)] = None
    """People at the place: a column or a number; none for a raster, whose cells hold them."""
    connected_share: ColumnOrShare = 0.0
    """Share of the people already connected, 0 to 1."""
    connected_people: Column | None = None
    """Column of people already connected, a count in place of connected_share."""
    offline_people: Column | None = None
    """Column of people not connected, a count in place of connected_share."""
    connected_share_error: ColumnOrError | None = None
    """Standard error of the connected share, such as 0.02: a column or a number. Only hubplanner stability heeds it."""
    surveyed_by: Annotated[tuple[Column, ...], BeforeValidator(one_or_more)] = ()
    """Columns whose values share one figure of the survey, such as district, whose rows err together; rows with the
    same share and error if left out."""
    since_survey: SinceSurveySpec | None = None
    """How connected shares have changed since the survey. Only hubplanner stability heeds it."""
    priority: ColumnOrWeight = 1.0
    """Weight of the place's need, at least 0."""
    growth_per_year: ColumnOrShare = 0.0
    """Rate a year at which people and need grow, such as 0.02; with model.periods only."""
    area_km2: Column | None = None
    """Column of areas; with spread_km only, where the file has points."""
    spread_km: Kilometres | None = None
    """Spread each row's people evenly over points this far apart, in its polygon or a disc of area_km2."""
    spread_by: SpreadBySpec | None = None
    """Spread the people of each row, a polygon, over the cells of a raster or the places of a file that lie in it."""
    take_up: TakeUpSpec | None = None
    """How many of those in reach come to hubs; where tiers have a capacity. Everyone comes if left out."""
    zones: ZonesSpec | None = None
    """What cells of a raster and points with merge take over from the polygon they lie in."""

    @field_validator("people")
    @classmethod
    def _given(cls, value: str | float | None, info: ValidationInfo) -> str | float | None:
        """Refuse to go without, but where cells hold them."""
        if value is None and not is_raster(info.data.get("path", "")):
            kind = "missing"
            raise PydanticCustomError(kind, _("is required"))
        return value

    @property
    def of_zones(self) -> frozenset[str]:
        """Columns that come from zones."""
        return frozenset(self.zones.take if self.zones else ())

    def without_zones(self) -> DemandSpec:
        """Return the section as far as its own file goes: without what comes from zones."""
        taken = self.of_zones
        return self.model_copy(
            update={
                "groups": tuple(group for group in self.groups if group not in taken),
                "where": {name: values for name, values in self.where.items() if name not in taken},
                "connected_share": 0.0 if self.connected_share in taken else self.connected_share,
                "priority": 1.0 if self.priority in taken else self.priority,
                "zones": None,
            }
        )

    @property
    def is_raster(self) -> bool:
        """Tell whether people come from the cells of a raster."""
        return is_raster(self.path)

    @property
    def is_merged(self) -> bool:
        """Tell whether points are merged while they are read."""
        return self.merge or self.is_raster


class MapFileSpec(Spec):
    """A file that maps show beside the plan."""

    path: LocalFile
    """File of lines, polygons or places, relative to this one."""
    layer: Column | None = None
    """Layer of a file that holds several."""
    x: Column | None = None
    """Of places in a table: column of the longitude or x; lon if left out."""
    y: Column | None = None
    """Of places in a table: column of the latitude or y; lat if left out."""
    name: Column | None = None
    """Of places: column of their names; name if left out."""
    crs: Column | None = None
    """Coordinate reference system, where the file names none; of x and y EPSG:4326 if left out."""


MapFile = Annotated[
    MapFileSpec | None, BeforeValidator(path_alone, json_schema_input_type=LocalFile | MapFileSpec | None)
]


class MapSpec(Spec):
    """Files that maps show beside the plan: a path each, or {path, layer, x, y, name, crs}."""

    borders: MapFile = None
    """Polygons or lines, in place of the outlines of the demand's own polygons or zones."""
    places: MapFile = None
    """Towns for orientation, the most important first, in place of the world's best known."""
    water: MapFile = None
    """Rivers and lakes, lines or polygons."""
    roads: MapFile = None
    """Lines of roads."""

    @property
    def files(self) -> dict[str, MapFileSpec]:
        """The files by layer."""
        given = {layer: getattr(self, layer) for layer in type(self).model_fields}
        return {layer: spec for layer, spec in given.items() if spec is not None}


def is_raster(path: str) -> bool:
    """Tell whether a path names a raster.

    >>> is_raster("population.TIF")
    True
    """
    return format_of(path).kind == "raster"


class SitesSpec(TableSpec):
    """Where hubs may stand, and where they already do."""

    id: Column | None = None
    """Column of unique ids; numbers of rows if left out."""
    status: Column | None = None
    """Column of candidate, existing, required or excluded; candidate if left out."""
    status_words: dict[Column, Literal["candidate", "existing", "required", "excluded"]] | None = None
    """Other words of the column status and what they mean, such as {Operational: existing}."""
    tier: Column | None = None
    """Column of the tier of an existing hub, or the only tier a site may take; blank = any."""
    cost_factor: ColumnOrFactor = 1.0
    """Multiplier of the tiers' costs at the site."""
    thin_km: Kilometres | None = None
    """Least distance between candidates, as the crow flies; those nearer to one that is kept are left out."""
    one_per: Column | None = None
    """Column of which each value keeps one candidate, such as district."""
    prefer: Column | None = None
    """Column whose largest values thin_km and one_per keep; the ids that come first if left out."""

    @property
    def is_thinned(self) -> bool:
        """Tell whether only some of the candidates are kept."""
        return self.thin_km is not None or self.one_per is not None


Level = Literal["error", "warn", "off"]


class ChecksSpec(Spec):
    """What becomes of what can be used but may be a mistake: refused, told or passed over, by its code.

    Each key is the code of a warning. One that is left out warns, but for ``zero_place``, which is an error.

    >>> checks = ChecksSpec(doubled_place="off")
    >>> checks.level("doubled_place"), checks.level("far_place"), checks.level("zero_place")
    ('off', 'warn', 'error')
    """

    zero_place: Level | None = Field(None, description=N_("places at 0, 0, where no other is"))
    far_place: Level | None = Field(
        None, description=N_("places many times farther from the rest than the rest spread")
    )
    lost_sign: Level | None = Field(
        None, description=N_("places that lie among the others once a coordinate has its minus sign")
    )
    doubled_place: Level | None = Field(
        None, description=N_("rows at the very same place as an earlier one, and otherwise alike")
    )
    wide_area: Level | None = Field(
        None, description=N_("areas wider than any reach whose people are counted at one point")
    )
    spellings: Level | None = Field(None, description=N_("values of a group in several spellings that look the same"))
    similar_values: Level | None = Field(None, description=N_("values of a group that are nearly the same"))
    similar_id: Level | None = Field(None, description=N_("ids that differ in case alone"))
    control_character: Level | None = Field(None, description=N_("ids that hold characters no one sees"))
    point_in_people: Level | None = Field(
        None, description=N_("numbers of people whose points look like those of thousands")
    )
    row_numbers: Level | None = Field(None, description=N_("rows called by their numbers, since no id is named"))
    dropped_rows: Level | None = Field(None, description=N_("rows left out by the rules of cells"))
    filled_cells: Level | None = Field(None, description=N_("blank cells filled by the rules of cells"))
    total_row: Level | None = Field(None, description=N_("rows that say total"))
    repaired_shape: Level | None = Field(None, description=N_("polygons that cross themselves, repaired"))
    blank_header: Level | None = Field(None, description=N_("columns without a name, which are not read"))
    group_is_id: Level | None = Field(None, description=N_("groups that hold the id"))
    free_site: Level | None = Field(None, description=N_("sites at which hubs cost nothing"))
    long_detour: Level | None = Field(None, description=N_("a detour longer than roads mostly are"))
    thinned_sites: Level | None = Field(None, description=N_("candidates left out by thin_km and one_per"))
    no_need_in_reach: Level | None = Field(
        None, description=N_("values of a group without a site that has need within reach")
    )
    left_out: Level | None = Field(None, description=N_("rows that a join leaves out"))
    outside_zones: Level | None = Field(None, description=N_("places that lie in no zone"))
    empty_zone: Level | None = Field(None, description=N_("zones or areas whose people have no place to go to"))
    far_from_census: Level | None = Field(None, description=N_("zones with people far from their census"))
    overlapping_areas: Level | None = Field(None, description=N_("places inside two polygons"))
    link_paid_twice: Level | None = Field(
        None, description=N_("running costs that seem to hold a line to the internet, beside backhaul")
    )
    no_link: Level | None = Field(None, description=N_("sites that no link reaches"))
    roads_apart: Level | None = Field(
        None, description=N_("parts of the road network that no road joins to the main one")
    )
    all_one_way: Level | None = Field(None, description=N_("roads of which every one leads one way only"))
    far_from_roads: Level | None = Field(None, description=N_("places farther from any road than people go off it"))
    unread_roads: Level | None = Field(
        None, description=N_("roads without a class, or with a class, speed or place that is not known")
    )
    unused_columns: Level | None = Field(None, description=N_("columns of roads that are mostly meant and not used"))
    on_barrier: Level | None = Field(
        None, description=N_("places on barriers of a raster of travel times, moved to the nearest open cell")
    )
    cut_off: Level | None = Field(None, description=N_("places that no way over the raster joins to any site"))
    raster_bands: Level | None = Field(
        None, description=N_("a raster of people with several bands, of which the first is read")
    )
    density_raster: Level | None = Field(
        None, description=N_("a raster whose name, unit or description says people per area")
    )
    slow_raster: Level | None = Field(
        None, description=N_("a raster of travel times whose quickest cell is slower than any walk")
    )

    def level(self, code: str) -> Level:
        """Return what becomes of a kind of doubt."""
        given: Level | None = getattr(self, code)
        return given or ("error" if code == "zero_place" else "warn")

    @classmethod
    def words(cls, code: str) -> str:
        """Return what a code stands for.

        >>> ChecksSpec.words("total_row")
        'rows that say total'
        """
        return _(str(cls.model_fields[code].description))
