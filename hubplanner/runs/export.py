"""A run folder to files for other programs: Excel, ArcGIS, Google Earth, and a list of actions."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

from hubplanner.errors import DataError, Fault, ScenarioError, raise_faults
from hubplanner.folders import is_run
from hubplanner.formats.tables.database import SCHEMA, address_fault, without_password
from hubplanner.inputs.coordinates import WGS84
from hubplanner.inputs.map_layers import MapLayers, read_map_layers
from hubplanner.inputs.sites import Sites, read_sites
from hubplanner.inputs.sources import digest_of
from hubplanner.io import check_files, note_exports, sha256, write_files_atomically
from hubplanner.outputs.backhaul import LINE_COLUMNS
from hubplanner.outputs.formats.exports import EXPORTS, Export
from hubplanner.outputs.formats.postgis import write_tables
from hubplanner.outputs.run_data import Result
from hubplanner.runs.read import (
    check_run,
    figures_of,
    lost,
    manifest_files,
    read_manifest,
    scenario_of,
    unreadable,
    without_columns,
)
from hubplanner.scenario import Scenario
from hubplanner.scenario.data_spec import FileSpec
from hubplanner.scenario.files import input_files, input_tables
from hubplanner.translation import gettext as _

log = logging.getLogger(__name__)

_READ = ("plan.json", "scenario.yaml", "hubs.geojson", "demand.geojson", "links.geojson")
_COLUMNS = {
    "hubs": ("site_id", "tier", "status", "hubs", "cost", "covered_need", "covered_people", "load"),
    "demand": ("demand_id", "need", "people", "covered_share", "site_id"),
    "links": ("demand_id", "site_id", "people", "need", "distance_km"),
}
"""What each layer has at least; an empty GeoJSON file cannot tell."""


def export_run(
    run: str | os.PathLike[str],
    kinds: Sequence[str] | None = None,
    folder: str | os.PathLike[str] | None = None,
    *,
    replace: bool = False,
) -> tuple[list[Path], list[str]]:
    """Write files for other programs, each whole or not at all, and return their paths and what there is to say.

    Parameters
    ----------
    run
        A run folder.
    kinds
        Names of `hubplanner.outputs.formats.exports.EXPORTS`; all if left out.
    folder
        Where to write; the run's own folder if left out.
    replace
        Whether files that are there may be replaced; they are told before.

    Raises
    ------
    ScenarioError
        When a kind is unknown.
    DataError
        When the folder is no run, or a file of the run cannot be read, or is not as the run wrote it.
    ExistsError
        When a file is there and may not be replaced; nothing is written then.
    MissingExtraError
        When an optional part is not installed; nothing is written then.
    UnwritableError
        When the system refuses to write there.
    """
    known = {each.name: each for each in EXPORTS}
    kinds = list(known) if kinds is None else kinds
    unknown = [kind for kind in kinds if kind not in known]
    if unknown:
        raise ScenarioError(Fault(file="export", value=unknown[0], allowed=", ".join(known), kind="scenario"))
    source = Path(run)
    target = source if folder is None else Path(folder)
    asked = [known[kind] for kind in dict.fromkeys(kinds)]
    names = [each.file for each in asked]
    check_files(target, names, overwrite=replace)
    result, notes = read_result(source, with_sites="arcgis" in kinds)
    paths = write_files_atomically(target.absolute(), names, lambda aside: _write_files(result, asked, aside))
    if is_run(target):
        note_exports(target, names)
    return paths, notes


def export_tables(
    run: str | os.PathLike[str], url: str, schema: str = SCHEMA, *, replace: bool = False
) -> tuple[list[str], list[str]]:
    """Write a run's layers as tables of a PostgreSQL database, all or none; return their names and notes on them.

    Parameters
    ----------
    run
        A run folder.
    url
        Address of the database, such as postgresql://planner@localhost/gis; a password comes from the environment.
    schema
        Schema of the tables ``hubs``, ``demand``, ``links`` and ``backhaul``; made where it is not there.
    replace
        Whether tables of earlier exports may be replaced.

    Raises
    ------
    ScenarioError
        When the address cannot be used.
    DataError
        When the folder is no run, a file of it cannot be read, the database cannot be written, or a table of these
        names is no export.
    ExistsError
        When tables of an earlier export are there and may not be replaced; nothing is written then.
    MissingExtraError
        When the optional part ``postgis`` is not installed.
    """
    fault = address_fault(url)
    if fault is not None:
        value = without_password(url)
        raise ScenarioError(Fault(file="export", column="--postgis", value=value, allowed=fault, kind="scenario"))
    result, notes = read_result(Path(run))
    return write_tables(result, url, schema, replace=replace), notes


def _write_files(result: Result, asked: Sequence[Export], aside: Path) -> None:
    for each in asked:
        log.info(_("write {file}", file=each.file))
        each.write(result, aside / each.file)


def read_result(folder: Path, *, with_sites: bool = False) -> tuple[Result, list[str]]:
    """Return a run as its folder tells of it, and what there is to say about it.

    Parameters
    ----------
    with_sites
        Whether the other sites of the question are wanted too, for which their file has to be read again.
    """
    check_run(folder)
    _check_unchanged(folder)
    summary, manifest = figures_of(folder), read_manifest(folder)
    scenario = scenario_of(folder)
    sites, notes = _sites(scenario, manifest) if with_sites or summary["closed"] else (None, [])
    layers = {layer: _layer(folder / f"{layer}.geojson", columns) for layer, columns in _COLUMNS.items()}
    areas, demand = None, layers["demand"]
    if not (demand.geom_type == "Point").all():
        areas, places = demand.geometry.to_numpy(), gpd.points_from_xy(demand["lon"], demand["lat"], crs=WGS84)
        layers["demand"] = demand.drop(columns=["lon", "lat"]).set_geometry(places)
    map_layers, more = _map_layers(scenario, manifest)
    result = Result(
        name=folder.absolute().name,
        summary=summary,
        scenario=scenario,
        manifest=manifest,
        **layers,
        made=datetime.fromtimestamp(int((folder / "plan.json").stat().st_mtime), tz=UTC),
        sites=sites,
        backhaul=None if scenario.backhaul is None else _layer(folder / "backhaul.geojson", LINE_COLUMNS),
        areas=areas,
        map_layers=map_layers,
        **_by_road(folder),
    )
    _check_unchanged(folder)  # once more: what was read is what was looked at
    return result, [*notes, *more]


def _by_road(folder: Path) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers that only runs along roads have."""
    columns = {"reach": ("tier", "reach"), "islands": ("part", "km")}
    files = {layer: folder / f"{layer}.geojson" for layer in columns}
    return {layer: _layer(file, columns[layer]) for layer, file in files.items() if file.is_file()}


def _check_unchanged(folder: Path) -> None:
    """Raise where a file is missing, or is not the one that the run wrote."""
    known, scenario = manifest_files(folder) or {}, folder / "scenario.yaml"
    faults = []
    for name in _READ:
        path = folder / name
        if not path.is_file():
            faults.append(lost(path))
        elif name in known and sha256(path) != known[name]:
            allowed = _(
                "has changed since the run: its SHA-256 is not the manifest's; put it back, or solve {scenario} again",
                scenario=scenario,
            )
            faults.append(Fault(file=str(path), allowed=allowed))
    raise_faults(faults)


def _layer(path: Path, columns: Sequence[str]) -> gpd.GeoDataFrame:
    """Return a layer; ids stay text, even such as 007."""
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        rows: list[dict[str, Any]] = [feature["properties"] for feature in features]
        shapes = [shapely.geometry.shape(feature["geometry"]) for feature in features]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise unreadable(path, error) from error
    frame = gpd.GeoDataFrame(rows, columns=None if rows else list(columns), geometry=shapes, crs=WGS84)
    lacking = [name for name in columns if name not in frame and not name.startswith("distance_")]
    if lacking:
        raise without_columns(path, lacking)
    return frame


def _map_layers(scenario: Scenario, manifest: dict[str, Any]) -> tuple[MapLayers, list[str]]:
    """Return what the run's maps show beside the plan; none, with a note, where a file is gone or another one."""
    files, known, zones = input_files(scenario), manifest.get("inputs", {}), scenario.demand.zones
    wanted = {Path(layer.path) for layer in (scenario.map.files.values() if scenario.map else ())}
    if zones is not None and zones.is_database and _table_state(zones, scenario, manifest) != "same":
        return MapLayers(), [
            _("{file_name} is not as the run read it: maps are drawn without it", file_name=zones.file_name)
        ]
    wanted |= {Path(zones.path)} if zones else set()
    for name, path in files.items():
        if path in wanted and not (path.is_file() and sha256(path) == known.get(name)):
            return MapLayers(), [_("{name} is not as the run read it: maps are drawn without it", name=path.name)]
    faults: list[Fault] = []
    return read_map_layers(scenario, faults), [_("maps are drawn without: {fault}", fault=fault) for fault in faults]


def _sites(scenario: Scenario, manifest: dict[str, Any]) -> tuple[Sites | None, list[str]]:
    """Return all sites of the question, None with a note where their file is gone or another one."""
    path, known = Path(scenario.sites.path), manifest.get("inputs", {})
    if scenario.sites.is_database:
        state = _table_state(scenario.sites, scenario, manifest)
        if state != "same":
            return None, [
                _(
                    "{file_name} {state}: the files hold the sites with hubs alone",
                    file_name=scenario.sites.file_name,
                    state=state,
                )
            ]
        return _all_sites(scenario), []
    name = next(name for name, file in input_files(scenario).items() if file == path)
    if not path.is_file():
        return None, [
            _("{name} is not where the run read it: the files hold the sites with hubs alone", name=path.name)
        ]
    if sha256(path) != known.get(name):
        return None, [_("{name} has changed since the run: the files hold the sites with hubs alone", name=path.name)]
    return _all_sites(scenario), []


def _all_sites(scenario: Scenario) -> Sites | None:
    faults: list[Fault] = []
    sites = read_sites(scenario, faults)
    raise_faults(faults)
    return sites


def _table_state(spec: FileSpec, scenario: Scenario, manifest: dict[str, Any]) -> str:
    """Return whether a database's table is the same as when the run read it, or else what is so."""
    name = next(
        name
        for name, one in input_tables(scenario).items()
        if (one.path, one.table, one.sql) == (spec.path, spec.table, spec.sql)
    )
    try:
        return "same" if digest_of(spec) == manifest.get("inputs", {}).get(name) else _("has changed since the run")
    except DataError:
        return _("can no longer be read")
