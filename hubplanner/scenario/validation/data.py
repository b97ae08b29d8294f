"""Checks of the sections on data: keys by format, merged and spread demand, surveys, groups and names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hubplanner.formats.table_formats import format_of
from hubplanner.scenario.backhaul_spec import (
    LinesSpec,
    PairsSpec,
    PlacesSpec,
)
from hubplanner.scenario.data_spec import FileSpec, JoinSpec, SpreadBySpec, TableSpec, ZonesSpec
from hubplanner.scenario.fields import NO_DATABASE
from hubplanner.scenario.names import repeated
from hubplanner.scenario.scenario import Scenario
from hubplanner.scenario.travel_spec import METHODS
from hubplanner.scenario.validation.features import Check, Complaints, where_merged
from hubplanner.translation import gettext as _, joined

_NO_CELL = (
    *("id", "layer", "sheet", "skip_rows", "header_rows", "header", "x", "y", "geometry", "encoding", "decimal"),
    *("thousands", "percent", "missing", "total_rows", "people", "connected_people", "offline_people", "area_km2"),
    "name",
)
"""Keys of demand that name what a raster does not have."""


def _merged_file(scenario: Scenario) -> Complaints:
    demand = scenario.demand
    if not demand.merge or demand.is_raster:
        return
    file = format_of(demand.path)
    if not file.chunked:
        yield (
            "demand.merge",
            True,
            _("only with CSV or GeoParquet, which are read in parts; save demand as one of them"),
        )
        return
    if demand.layer is not None and not file.layers and file.kind != "table":
        yield "demand.layer", demand.layer, _("only for a file of layers, not CSV or Parquet")
    if file.kind == "table":
        return
    if (demand.x is None) != (demand.y is None):
        yield "demand.x" if demand.x is None else "demand.y", None, _("is required: x and y go together")
    if demand.encoding is not None and not file.encoding:
        yield (
            "demand.encoding",
            demand.encoding,
            _("only for a CSV file or a Shapefile; other formats state it themselves"),
        )


def _merged_cells(scenario: Scenario) -> Complaints:
    """Complain of rules of cells that only the whole file decides."""
    demand = scenario.demand
    if not demand.merge or demand.is_raster:
        return
    if demand.name is not None:
        yield (
            "demand.name",
            demand.name,
            _("none with demand.merge: a row stands for all places that the same hubs reach"),
        )
    if demand.geometry is not None:
        yield "demand.geometry", demand.geometry.column, _("none with demand.merge: x and y are read in parts")
    if demand.total_rows is not None:
        yield "demand.total_rows", demand.total_rows, _("none with demand.merge: take such rows out of the file")
    for column, rule in (demand.missing or {}).items():
        if not isinstance(rule, float | int):
            yield f"demand.missing.{column}", str(rule), _("a number with demand.merge, where no other row is at hand")


def _by_row(scenario: Scenario) -> Complaints:
    """Complain of what is read row by row beside merged points, which share one."""
    demand = scenario.demand
    if not demand.is_merged:
        return
    why = where_merged(scenario)
    if scenario.travel.by_row:
        able = " or ".join(name for name, method in METHODS.items() if method.supports_streaming)
        yield (
            "travel.method",
            scenario.travel.method,
            _("{able} {why}: a {method} is by demand row", able=able, why=why, method=scenario.travel.method),
        )
    if demand.join:
        advice = (
            _("zones gives cells and points the columns of polygons")
            if demand.is_raster
            else _("leave merge out to join")
        )
        yield "demand.join", len(demand.join), _("none {why}: {advice}", why=why, advice=advice)


def _raster(scenario: Scenario) -> Complaints:
    demand = scenario.demand
    if not demand.is_raster:
        if demand.nodata is not None:
            yield "demand.nodata", demand.nodata, _("only for a raster; rows of a table are left out with where")
        if demand.cells != "people":
            yield "demand.cells", demand.cells, _("only for a raster; a table has people by row")
        return
    for key in _NO_CELL:
        if getattr(demand, key) is not None:
            yield f"demand.{key}", getattr(demand, key), _("none for a raster: its cells hold people and nothing else")
    own = demand.without_zones()
    for key in ("groups", "where"):
        if getattr(own, key):
            named = ", ".join(getattr(own, key))
            yield f"demand.{key}", named, _("none for a raster, which has no columns but those that demand.zones takes")
    for key in ("connected_share", "priority"):
        if isinstance(getattr(own, key), str):
            allowed = _("a number for a raster, which has no columns but those that demand.zones takes")
            yield f"demand.{key}", getattr(own, key), allowed
    for number, floor in enumerate(scenario.model.floors):
        if floor.people is not None:
            yield f"model.floors.{number}.people", floor.people, _("none for a raster, which has no columns")


def _zones(scenario: Scenario) -> Complaints:
    demand = scenario.demand
    for number, join in enumerate(demand.zones.join if demand.zones else ()):
        if join.by_place:
            yield f"demand.zones.join.{number}.on", "location", _("columns here and there: zones are places themselves")
    if demand.zones is not None and not demand.is_merged:
        allowed = _(
            "only for a raster or with demand.merge; demand.join with on: location gives rows a polygon's columns"
        )
        yield "demand.zones", demand.zones.path, allowed


STREAM_CHECKS: tuple[Check, ...] = (_merged_file, _merged_cells, _by_row, _raster, _zones)


_OWN_COLUMNS = ("demand_id", "people", "connected_share", "priority", "need", "geometry", "covered_share", "site_id")
"""Names of the plan's own columns, which a group must not take."""


def _spread(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    demand, by = scenario.demand, scenario.demand.spread_by
    value = demand.spread_km if by is None else by.path
    key = "demand.spread_km" if by is None else "demand.spread_by"
    if value is not None and scenario.travel.by_row:
        yield key, value, _("only with computed distances: a matrix has none for spread points")
    if by is None:
        return
    for other in ("spread_km", "area_km2"):
        if getattr(demand, other) is not None:
            yield f"demand.{other}", getattr(demand, other), _("none beside spread_by, which says where people are")
    yield from _format_keys(key, by)
    if not by.is_raster and by.nodata is not None:
        yield f"{key}.nodata", by.nodata, _("only for a raster; rows of a table are left out with where")
    if not by.is_raster and by.cells != "people":
        yield f"{key}.cells", by.cells, _("only for a raster; a table has a weight by row")
    if not by.is_raster:
        yield from _place_keys(key, by)
        return
    for name in ("weight", "x", "y"):
        if getattr(by, name) is not None:
            yield f"{key}.{name}", getattr(by, name), _("none for a raster: its cells hold weights and nothing else")
    for name in ("geometry", "where", "percent", "decimal", "total_rows"):
        if getattr(by, name):
            yield (
                f"{key}.{name}",
                str(getattr(by, name)),
                _("none for a raster: its cells hold weights and nothing else"),
            )


def _file_keys(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    """Complain of keys that do not go with a file's format."""
    for name, table in (("demand", scenario.demand), ("sites", scenario.sites)):
        file = format_of(table.path)
        if name == "demand" and scenario.demand.is_merged and file.kind != "table":
            continue  # `_merged_file` and `_raster` know what goes with those
        yield from _place_keys(name, table)
        yield from _format_keys(name, table)
    for name, other in _other_files(scenario):
        yield from _format_keys(name, other)
        for column in other.percent or ():
            if column not in other.take:
                yield f"{name}.percent", column, _("a column that take brings: {take}", take=joined(other.take, ", "))
    for name, links in _link_files(scenario):
        if links.is_database:
            yield f"{name}.path", links.path, NO_DATABASE
            continue
        yield from _format_keys(name, links)
        if isinstance(links, PlacesSpec):
            yield from _place_keys(name, links)


def _other_files(scenario: Scenario) -> Iterator[tuple[str, JoinSpec | ZonesSpec]]:
    """Yield the files beside those of demand and sites, and where the scenario names them."""
    for name, table in (("demand", scenario.demand), ("sites", scenario.sites)):
        for number, join in enumerate(table.join):
            yield f"{name}.join.{number}", join
    if scenario.demand.zones is not None:
        yield "demand.zones", scenario.demand.zones
        for number, join in enumerate(scenario.demand.zones.join):
            yield f"demand.zones.join.{number}", join


def _link_files(scenario: Scenario) -> Iterator[tuple[str, PlacesSpec | LinesSpec | PairsSpec]]:
    """Yield the files of backhaul, and where the scenario names them."""
    spec = scenario.backhaul
    if spec is None:
        return
    for key in ("nodes", "lines", "towers"):
        for number, file in enumerate(getattr(spec, key)):
            yield f"backhaul.{key}.{number}", file
    if spec.table is not None:
        yield "backhaul.table", spec.table
    if spec.technologies.microwave is not None and spec.technologies.microwave.sights is not None:
        yield "backhaul.technologies.microwave.sights", spec.technologies.microwave.sights


def _format_keys(name: str, table: FileSpec) -> Iterator[tuple[str, Any, str]]:
    """Complain of keys that files of another format have."""
    file = format_of(table.path)
    if table.encoding is not None and not file.encoding:
        yield (
            f"{name}.encoding",
            table.encoding,
            _("only for a CSV file or a Shapefile; other formats state it themselves"),
        )
    if table.layer is not None and not file.layers:
        yield f"{name}.layer", table.layer, _("only for a file of layers, not CSV or Parquet")
    if table.sheet is not None and not file.sheets:
        yield f"{name}.sheet", table.sheet, _("only for a spreadsheet; of a file of layers, name a layer")
    for key in ("table", "sql"):
        if getattr(table, key) is not None and not table.is_database:
            yield f"{name}.{key}", getattr(table, key), _("only for a database, whose path begins postgresql://")
    if table.is_database and (table.table is None) == (table.sql is None):
        yield f"{name}.table", table.table, _("either table, such as public.towns, or sql, one SELECT")
    for key in ("skip_rows", "header_rows"):
        if getattr(table, key) is not None and not file.header:
            yield f"{name}.{key}", getattr(table, key), _("only for a CSV file or a spreadsheet")
    if table.header is not None:
        yield from _own_header(name, table, table.header)
    if table.thousands is not None and table.thousands == (table.decimal or "."):
        yield f"{name}.thousands", table.thousands, _("another mark than that of decimals; set decimal")


def _own_header(name: str, table: FileSpec, header: tuple[str, ...]) -> Iterator[tuple[str, Any, str]]:
    """Complain of names for columns that a file names itself, and of names that are not those of one column."""
    if format_of(table.path).name != "CSV":
        yield f"{name}.header", ", ".join(header), _("only for a CSV file; other files name their columns")
    if table.header_rows is not None:
        yield f"{name}.header_rows", table.header_rows, _("none beside header: the file has no header")
    for at in repeated(list(header)):
        yield f"{name}.header.{at}", header[at], _("a name that no other column has")


def _place_keys(name: str, table: TableSpec | SpreadBySpec | PlacesSpec) -> Iterator[tuple[str, Any, str]]:
    """Complain of coordinates that a file does not have, or that a table lacks."""
    file = format_of(table.path)
    for key, value in {"x": table.x, "y": table.y}.items():
        if file.kind == "shapes" and value is not None:
            allowed = _("only for a CSV file; a vector file carries its own geometry")
            if file.name == "archive":
                allowed = _("none for an archive, out of which shapes are read; unpack a table and name it itself")
            yield f"{name}.{key}", value, allowed
        if file.kind == "table" and value is None and table.geometry is None:
            yield f"{name}.{key}", None, _("is required for a {kind}", kind=_TABLES.get(file.name, file.name))
        if value is not None and table.geometry is not None:
            yield f"{name}.{key}", value, _("none beside geometry")
    if file.kind == "shapes" and table.geometry is not None:
        yield f"{name}.geometry", table.geometry.column, _("only for a table; a vector file carries its own geometry")


_TABLES = {"CSV": "CSV file", "Excel": "spreadsheet"}


def _file_counts(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    """Complain of several ways to say how many are connected."""
    demand = scenario.demand
    given = [key for key in ("connected_people", "offline_people") if getattr(demand, key) is not None]
    if demand.connected_share != 0:
        given.insert(0, "connected_share")
    for key in given[1:]:
        yield f"demand.{key}", getattr(demand, key), _("none beside {given}, which says the same", given=given[0])


def _survey(scenario: Scenario) -> Complaints:
    """Complain of errors of shares where none are read row by row, and of keys that say nothing without them."""
    demand = scenario.demand
    if demand.is_merged and demand.connected_share_error is not None:
        allowed = _(
            "none {where_merged}: merged points keep no share of their own", where_merged=where_merged(scenario)
        )
        yield "demand.connected_share_error", demand.connected_share_error, allowed
    if demand.is_merged and demand.since_survey is not None:
        yield (
            "demand.since_survey",
            demand.since_survey.sd,
            _("none {where_merged}", where_merged=where_merged(scenario)),
        )
    if demand.surveyed_by and demand.connected_share_error is None and demand.since_survey is None:
        allowed = _("only with demand.connected_share_error or since_survey")
        yield "demand.surveyed_by", ", ".join(demand.surveyed_by), allowed


def _status_words(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    sites = scenario.sites
    if sites.prefer is not None and not sites.is_thinned:
        yield "sites.prefer", sites.prefer, _("only with sites.thin_km or one_per, which keep some candidates")
    if sites.status_words and sites.status is None:
        yield (
            "sites.status_words",
            ", ".join(sites.status_words),
            _("only with sites.status, the column that holds them"),
        )


def _row_names(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    """Complain of names in place of a group that is called name."""
    for key, table in (("demand", scenario.demand), ("sites", scenario.sites)):
        if table.name not in {None, "name"} and "name" in table.groups:
            yield f"{key}.name", table.name, _("name, or left out: a column of that name is a group")


def _group_names(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    for group in scenario.demand.groups:
        if group in _OWN_COLUMNS:
            yield (
                "demand.groups",
                group,
                _("a column with a name other than {own_columns}; rename it", own_columns=joined(_OWN_COLUMNS, ", ")),
            )


DATA_CHECKS: tuple[Check, ...] = (
    _spread,
    _file_keys,
    _file_counts,
    _survey,
    _status_words,
    _row_names,
    _group_names,
)
