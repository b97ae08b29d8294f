"""A stranger's file to a table that is safe to keep: looked at before a reader opens it, then read as all data are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from hubplanner.errors import DataError, DataWarning, Fault
from hubplanner.formats.geopackage import foreign_parts
from hubplanner.formats.table_formats import format_of
from hubplanner.inputs.coordinates import WGS84
from hubplanner.inputs.demand import read_demand
from hubplanner.inputs.guesses.columns import guess_columns
from hubplanner.inputs.readers.tables import InputTable, read_table
from hubplanner.inputs.sites import read_sites
from hubplanner.inputs.warnings import data_warnings
from hubplanner.outputs.writers import write_geojson
from hubplanner.scenario.data_spec import TableSpec
from hubplanner.scenario.scenario import Scenario

PREVIEW_ROWS = 8
MOST_COLUMNS = 200
LONGEST_CELL = 80
MOST_LINES = 10
"""Lines to a row that is taken: blank ones, and cells of several lines."""
_PART = 1 << 20


@dataclass(kw_only=True, eq=False)
class FileInspection:
    """What an upload holds, and what is wrong with it."""

    rows: int = 0
    columns: list[str] = field(default_factory=list)
    guess: dict[str, str | None] = field(default_factory=dict)
    reading: dict[str, Any] = field(default_factory=dict)
    preview: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    warnings: tuple[DataWarning, ...] = ()


def look_at(path: Path, kind: str, kept: Path, most_rows: int) -> tuple[FileInspection, Path | None]:
    """Return what a file holds, and where a table that is safe to read was kept; None where something is wrong.

    Parameters
    ----------
    path
        The file, of one of the kinds taken.
    kind
        ``demand`` or ``sites``; any other to look at the file alone, as it is read with others.
    kept
        Folder for the table, which is free.
    most_rows
        Rows that are taken.
    """
    look, file = FileInspection(), format_of(path)
    if file.name in _SAFE:
        _SAFE[file.name](path, most_rows, look.faults)
    if look.faults:
        return look, None
    spec = TableSpec(path=str(path))
    table = read_table(spec, look.faults)
    if table is None:
        return look, None
    frame = table.frame
    if file.kind == "either" and "geometry" not in frame:
        look.faults.append(Fault(file=path.name, allowed="GeoJSON; save a table without places of its own as CSV"))
        return look, None
    look.rows, look.columns = len(frame), [str(name) for name in frame.columns if name != "geometry"]
    look.preview = [
        _shown(row) for row in frame.head(PREVIEW_ROWS).drop(columns="geometry", errors="ignore").to_dict("records")
    ]
    _check_size(look, path.name, most_rows)
    if not look.faults:
        _guess(table, look)
        faults, warnings = check_columns(path, kind, look.guess, look.reading)
        look.faults += faults
        look.warnings += warnings
    if look.faults:
        return look, None
    return look, _keep(path, frame, table.crs, kept)


def _shown(row: dict[Any, Any]) -> dict[str, Any]:
    """Return a row for a preview, its cells as short texts."""
    return {str(key): "" if pd.isna(cell) else str(cell)[:LONGEST_CELL] for key, cell in row.items()}


def _check_size(look: FileInspection, name: str, most_rows: int) -> None:
    if look.rows > most_rows:
        look.faults.append(Fault(file=name, value=look.rows, allowed=f"at most {most_rows:,} rows"))
    if len(look.columns) > MOST_COLUMNS:
        look.faults.append(Fault(file=name, value=len(look.columns), allowed=f"at most {MOST_COLUMNS} columns"))


def _guess(table: InputTable, look: FileInspection) -> None:
    """Note which column is likely to hold what, and how its cells are read; tell what else than a name decided."""
    found = guess_columns(table)
    online = [guess for guess in found.online if guess.key == "connected_share"]
    look.guess = {what: found.column(what) for what in ("id", "x", "y", "people", "name")}
    look.guess["connected_share"] = online[0].column if online else None
    look.reading = dict(found.notation)
    shares = {guess.column: guess.why for guess in online if guess.percent}
    if shares:
        look.reading["percent"] = list(shares)
    told = [f"{column} is taken to be {why}" for column, why in shares.items()]
    told += [f"numbers are read with {mark!a} as the mark of {key}" for key, mark in found.notation.items()]
    look.warnings = tuple(DataWarning(code="guessed", message=message, file=table.name) for message in told)


def check_columns(
    path: Path, kind: str, columns: dict[str, str | None], reading: dict[str, Any]
) -> tuple[list[Fault], tuple[DataWarning, ...]]:
    """Return faults and warnings of a file read by these columns, as a scenario would; none where too few are known."""
    if kind not in {"demand", "sites"}:
        return [], ()
    needed = ("id", "people") if kind == "demand" else ("id",)
    places = ("x", "y") if format_of(path).kind == "table" else ()
    if any(columns.get(what) is None for what in (*needed, *places)):
        return [], ()
    own = {what: columns[what] for what in ("id", "x", "y") if columns.get(what) is not None}
    people = {what: columns[what] for what in ("people", "connected_share") if columns.get(what) is not None}
    plain: dict[str, Any] = {"path": str(path), "id": "id", "people": 0}
    sections = {"demand": plain, "sites": {"path": str(path), "id": "id"}}
    sections[kind] = {"path": str(path), **own, **(people if kind == "demand" else {}), **reading}
    scenario = Scenario.model_validate(
        {"name": "upload", **sections, "hubs": [{"name": "hub", "capex": 0, "reach_km": 1}]}
    )
    faults: list[Fault] = []
    demand = read_demand(scenario, faults) if kind == "demand" else None
    sites = read_sites(scenario, faults) if kind == "sites" else None
    warnings = data_warnings(scenario, demand, sites, None, faults)
    return list(dict.fromkeys(faults)), warnings


def _keep(path: Path, frame: pd.DataFrame, crs: Any, kept: Path) -> Path:
    """Keep a table as plain text that no reader runs: one of columns as it is, all else as GeoJSON written here."""
    kept.mkdir(parents=True)
    if format_of(path).kind == "table":
        target = kept / f"table{path.suffix.lower()}"
        target.write_bytes(path.read_bytes())
        return target
    target = kept / "table.geojson"
    for name in frame.columns[[not pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes]].drop("geometry"):
        frame[name] = frame[name].map(str, na_action="ignore")
    places = gpd.GeoDataFrame(frame, geometry="geometry", crs=crs).to_crs(WGS84)
    write_geojson(places, target)
    return target


def _safe_csv(path: Path, most_rows: int, faults: list[Fault]) -> None:
    """Note a packed file, as a CSV file is text; and one with so many lines that reading them all is a waste."""
    lines = 0
    with path.open("rb") as file:
        start = file.read(4)
        while part := file.read(_PART):
            lines += part.count(b"\n") + part.count(b"\r")
    if start[:2] in {b"PK", b"\x1f\x8b"}:
        faults.append(Fault(file=path.name, allowed="a CSV file; this one is packed, so unpack it first"))
    if lines > MOST_LINES * most_rows:
        faults.append(Fault(file=path.name, value=f"{lines:,} lines", allowed=f"at most {most_rows:,} rows"))


def _safe_geopackage(path: Path, most_rows: int, faults: list[Fault]) -> None:
    """Note views and virtual tables: a GeoPackage is a database, and these run what they say."""
    del most_rows
    try:
        parts = foreign_parts(path)
    except DataError as error:
        faults.extend(error.faults)
        return
    allowed = "plain tables; export the layer into a new GeoPackage"
    faults.extend(Fault(file=path.name, column=name, value=what, allowed=allowed) for name, what in parts)


_SAFE: dict[str, Callable[[Path, int, list[Fault]], None]] = {"CSV": _safe_csv, "GeoPackage": _safe_geopackage}
"""What a file of a format is looked through for before it is read."""
