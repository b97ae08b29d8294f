"""A stranger's file to a table that is safe to keep: looked at before a reader opens it, then read as all data are."""

from __future__ import annotations

import json
import math
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import geopandas as gpd
import pandas as pd
import pyogrio

from hubplanner.errors import DataWarning, Fault
from hubplanner.inputs.demand import read_demand
from hubplanner.inputs.doubtful import doubts
from hubplanner.inputs.places import WGS84
from hubplanner.inputs.sites import read_sites
from hubplanner.inputs.tables import read_table
from hubplanner.report.files import write_geojson
from hubplanner.scenario.spec import Scenario, TableSpec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PREVIEW_ROWS = 8
MOST_COLUMNS = 200
LONGEST_CELL = 80
GUESSES = {
    "id": ("demand_id", "site_id", "id", "code", "pcode", "fid_", "gid", "uid"),
    "x": ("lon", "lng", "long", "longitude", "x"),
    "y": ("lat", "latitude", "y"),
    "people": ("people", "population", "pop", "persons", "inhabitants"),
    "connected_share": ("connected_share", "internet", "internet_user_share", "internet_share", "connected"),
    "name": ("name", "place", "town", "village", "settlement"),
}
"""Names that columns often have, in small letters."""
_CRS = re.compile(r"urn:ogc:def:crs:(OGC|EPSG):[\w.]*:\w+|EPSG:\d+|OGC:CRS84")


@dataclass(kw_only=True, eq=False)
class Look:
    """What an upload holds, and what is wrong with it."""

    rows: int = 0
    columns: list[str] = field(default_factory=list)
    guess: dict[str, str | None] = field(default_factory=dict)
    preview: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    warnings: tuple[DataWarning, ...] = ()


def look_at(path: Path, kind: str, kept: Path, most_rows: int) -> tuple[Look, Path | None]:
    """Return what a file holds, and where a table that is safe to read was kept; None where something is wrong.

    Parameters
    ----------
    path
        The file, of one of the kinds taken.
    kind
        ``demand`` or ``sites``.
    kept
        Folder for the table, which is free.
    most_rows
        Rows that are taken.
    """
    look, suffix = Look(), path.suffix.lower()
    _SAFE[suffix](path, look.faults)
    if look.faults:
        return look, None
    spec = TableSpec(path=str(path))
    table = read_table(spec, look.faults)
    if table is None:
        return look, None
    frame = table.frame
    look.rows, look.columns = len(frame), [str(name) for name in frame.columns if name != "geometry"]
    look.guess = guess(look.columns, is_table=suffix == ".csv")
    look.preview = [
        _shown(row) for row in frame.head(PREVIEW_ROWS).drop(columns="geometry", errors="ignore").to_dict("records")
    ]
    _check_size(look, path.name, most_rows)
    if not look.faults:
        faults, look.warnings = check_columns(path, kind, look.guess)
        look.faults += faults
    if look.faults:
        return look, None
    return look, _keep(path, frame, table.crs, kept)


def _shown(row: dict[Any, Any]) -> dict[str, Any]:
    """Return a row for a preview, its cells as short texts."""
    return {str(key): "" if pd.isna(cell) else str(cell)[:LONGEST_CELL] for key, cell in row.items()}


def _check_size(look: Look, name: str, most_rows: int) -> None:
    if look.rows > most_rows:
        look.faults.append(Fault(file=name, value=look.rows, allowed=f"at most {most_rows:,} rows"))
    if len(look.columns) > MOST_COLUMNS:
        look.faults.append(Fault(file=name, value=len(look.columns), allowed=f"at most {MOST_COLUMNS} columns"))


def guess(columns: list[str], *, is_table: bool) -> dict[str, str | None]:
    """Return which column is likely to hold what; places only where a table has no geometry.

    >>> guess(["Code", "Lon", "Lat", "Population"], is_table=True)["people"]
    'Population'
    """
    small = {name.lower(): name for name in reversed(columns)}
    found = {what: next((small[name] for name in names if name in small), None) for what, names in GUESSES.items()}
    return found if is_table else found | {"x": None, "y": None}


def check_columns(path: Path, kind: str, columns: dict[str, str | None]) -> tuple[list[Fault], tuple[DataWarning, ...]]:
    """Return faults and warnings of a file read by these columns, as a scenario would; none where too few are known."""
    needed = ("id", "people") if kind == "demand" else ("id",)
    places = ("x", "y") if path.suffix.lower() == ".csv" else ()
    if any(columns.get(what) is None for what in (*needed, *places)):
        return [], ()
    own = {what: columns[what] for what in ("id", "x", "y") if columns.get(what) is not None}
    people = {what: columns[what] for what in ("people", "connected_share") if columns.get(what) is not None}
    plain: dict[str, Any] = {"path": str(path), "id": "id", "people": 0}
    sections = {"demand": plain, "sites": {"path": str(path), "id": "id"}}
    sections[kind] = {"path": str(path), **own, **(people if kind == "demand" else {})}
    scenario = Scenario.model_validate(
        {"name": "upload", **sections, "hubs": [{"name": "hub", "capex": 0, "reach_km": 1}]}
    )
    faults: list[Fault] = []
    demand = read_demand(scenario, faults) if kind == "demand" else None
    sites = read_sites(scenario, faults) if kind == "sites" else None
    warnings = doubts(scenario, demand, sites, None, faults)
    return list(dict.fromkeys(faults)), warnings


def _keep(path: Path, frame: pd.DataFrame, crs: Any, kept: Path) -> Path:
    """Keep a table as plain text that no reader runs: a CSV as it is, all else as GeoJSON written here."""
    kept.mkdir(parents=True)
    if path.suffix.lower() == ".csv":
        target = kept / "table.csv"
        target.write_bytes(path.read_bytes())
        return target
    target = kept / "table.geojson"
    for name in frame.columns[[not pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes]].drop("geometry"):
        frame[name] = frame[name].map(str, na_action="ignore")
    places = gpd.GeoDataFrame(frame, geometry="geometry", crs=crs).to_crs(WGS84)
    write_geojson(places, target)
    return target


def _safe_csv(path: Path, faults: list[Fault]) -> None:
    """Note a packed file: a CSV file is text, and read as such."""
    with path.open("rb") as file:
        start = file.read(4)
    if start[:2] in {b"PK", b"\x1f\x8b"}:
        faults.append(Fault(file=path.name, allowed="a CSV file; this one is packed, so unpack it first"))


def _safe_geojson(path: Path, faults: list[Fault]) -> None:
    """Write a GeoJSON file anew with nothing in it but features, so that no reader takes it for something else."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        tree = json.loads(text, parse_constant=_refuse_number, parse_float=_finite)
        features = _features(tree)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        detail = "it nests too deeply" if isinstance(error, RecursionError) else str(error)[:LONGEST_CELL]
        faults.append(Fault(file=path.name, allowed=f"GeoJSON, a FeatureCollection of points or polygons ({detail})"))
        return
    plain = {"type": "FeatureCollection", **_crs(tree), "features": features}
    path.write_text(json.dumps(plain, ensure_ascii=False), encoding="utf-8")


def _refuse_number(word: str) -> float:
    message = f"{word} is no number"
    raise ValueError(message)


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse_number(text[:LONGEST_CELL])


def _features(tree: Any) -> list[dict[str, Any]]:
    """Return features with plain properties and geometry, as GeoJSON has them; raise where there is anything else."""
    if tree["type"] != "FeatureCollection" or not isinstance(tree["features"], list):
        message = f"its type is {str(tree['type'])[:LONGEST_CELL]!r}"
        raise ValueError(message)
    return [
        {
            "type": "Feature",
            "properties": _properties(part.get("properties")),
            "geometry": _geometry(part.get("geometry")),
        }
        for part in tree["features"]
    ]


def _properties(tree: Any) -> dict[str, Any]:
    if tree is None:
        return {}
    return {
        str(key): value if isinstance(value, str | int | float | bool | None) else json.dumps(value)
        for key, value in tree.items()
    }


def _geometry(tree: Any) -> dict[str, Any] | None:
    return None if tree is None else {"type": str(tree["type"]), "coordinates": tree["coordinates"]}


def _crs(tree: dict[str, Any]) -> dict[str, Any]:
    """Return the system an older file names, where it is one of the registries'."""
    name = ((tree.get("crs") or {}).get("properties") or {}).get("name")
    known = isinstance(name, str) and _CRS.fullmatch(name)
    return {"crs": {"type": "name", "properties": {"name": name}}} if known else {}


def _safe_geopackage(path: Path, faults: list[Fault]) -> None:
    """Note views and virtual tables: a GeoPackage is a database, and these run what they say."""
    with path.open("rb") as file:
        head = file.read(72)
    if head[:16] != b"SQLite format 3\0" or head[68:72] not in {b"GPKG", b"GP10", b"GP11"}:
        faults.append(Fault(file=path.name, allowed="a GeoPackage"))
        return
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)) as base:
            base.execute("PRAGMA trusted_schema = OFF")
            parts = base.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master").fetchall()
    except sqlite3.Error as error:
        faults.append(Fault(file=path.name, allowed=f"a GeoPackage that is intact ({error})"))
        return
    for kind, name, text in parts:
        words = text.lower().split()
        virtual = words[:2] == ["create", "virtual"] and "rtree" not in "".join(words)
        if kind == "view" or virtual:
            allowed = "plain tables; export the layer into a new GeoPackage"
            faults.append(
                Fault(file=path.name, column=name, value="a virtual table" if virtual else "a view", allowed=allowed)
            )


_SAFE: dict[str, Callable[[Path, list[Fault]], None]] = {
    ".csv": _safe_csv,
    ".geojson": _safe_geojson,
    ".json": _safe_geojson,
    ".gpkg": _safe_geopackage,
}


def drivers_only() -> None:
    """Leave the vector library only the formats that are taken, and no way to other files or the network."""
    pyogrio.set_gdal_config_options(
        {
            "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
            "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
            "OGR_SQLITE_PRAGMA": "trusted_schema=OFF",
            "OGR_GEOJSON_MAX_OBJ_SIZE": "200",
        }
    )
