"""A run folder as it stands, and the proof that its inputs are those the plan was made from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from hubplanner.errors import DataError, Fault, raise_faults
from hubplanner.formats.read import read_layer
from hubplanner.formats.tables.postgis import query_of, table_digest
from hubplanner.io import recover, sha256
from hubplanner.run_schema import MANIFEST, NUMBER, Findings, findings_in, findings_in_plan, of_every_row
from hubplanner.scenario import Scenario, read_scenario
from hubplanner.scenario.files import input_files, input_tables
from hubplanner.scenario.travel_spec import NetworkSpec

LAYERS = ("hubs", "demand", "links")
FILES = (
    *("plan.json", "manifest.json", "scenario.yaml", "plan.gpkg", "hubs.csv", "demand.csv"),
    *(f"{layer}.geojson" for layer in LAYERS),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class RunFiles:
    """A run folder's files.

    Parameters
    ----------
    folder
        Where it is.
    scenario
        The question, from scenario.yaml.
    plan, manifest
        The files of the same names.
    """

    folder: Path
    scenario: Scenario
    plan: dict[str, Any]
    manifest: dict[str, Any]

    def tables(self, layer: str) -> Iterator[tuple[str, pd.DataFrame]]:
        """Yield each file that holds a layer, with its rows; lon and lat as columns, lines by their two ends."""
        for file in files_of(layer):
            name, _, within = file.partition(", ")
            yield self.csv(name) if name.endswith(".csv") else self.table(name, within or None)

    def csv(self, file: str) -> tuple[str, pd.DataFrame]:
        """Return what a plain table is called, and its rows."""
        return file, _csv(self.folder / file)

    def json(self, file: str) -> dict[str, Any]:
        """Return a file that holds one JSON object."""
        return _json(self.folder / file)

    def table(self, file: str, layer: str | None = None) -> tuple[str, pd.DataFrame]:
        """Return what a spatial file, or a layer of it, is called, and its rows."""
        return file if layer is None else f"{file}, {layer}", _spatial(self.folder / file, layer)


def files_of(layer: str) -> tuple[str, ...]:
    """Return what the files are called that hold a layer."""
    return (*(() if layer == "links" else (f"{layer}.csv",)), f"{layer}.geojson", f"plan.gpkg, {layer}")


def open_run(folder: Path) -> RunFiles:
    """Read a run folder and check that its inputs are unchanged.

    Raises
    ------
    DataError
        When a file is missing or cannot be read, or an input differs from the one the plan was made from.
    ScenarioError
        When scenario.yaml is no scenario.
    """
    recover(folder.absolute().parent)
    _check_there(folder, FILES)
    plan, manifest = (_json(folder / name) for name in ("plan.json", "manifest.json"))
    _check_shape(folder, "plan.json", findings_in_plan(plan))
    bounds = {"bound": plan["bound"], **{f"goals.{at}.bound": goal["bound"] for at, goal in enumerate(plan["goals"])}}
    unbounded = Findings([(NUMBER, key, bound) for key, bound in bounds.items() if bound is None])
    _check_shape(folder, "plan.json", unbounded)
    _check_shape(folder, "manifest.json", findings_in(manifest, MANIFEST))
    run = RunFiles(folder=folder, scenario=read_scenario(folder / "scenario.yaml"), plan=plan, manifest=manifest)
    check_digests(run)
    if run.scenario.backhaul is not None:
        _check_there(folder, ("backhaul.geojson", "backhaul.csv"))
    if isinstance(run.scenario.travel, NetworkSpec):
        _check_there(folder, ("access.csv", "islands.geojson", "reach.geojson", "gaps.csv"))
    return run


def _check_there(folder: Path, names: tuple[str, ...]) -> None:
    if not folder.is_dir():
        raise DataError(Fault(file=str(folder), allowed="is no folder; name the folder of a run"))
    lost = [name for name in names if not (folder / name).is_file()]
    raise_faults(
        [Fault(file=str(folder / name), allowed=f"is missing from the run; {_way_out(folder, name)}") for name in lost]
    )


def _way_out(folder: Path, name: str) -> str:
    return "put it back" if name == "scenario.yaml" else f"solve {folder / 'scenario.yaml'} again"


def _json(path: Path) -> dict[str, Any]:
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(Fault(file=str(path), allowed=f"is not JSON, so solve again: {error}")) from error
    if not isinstance(tree, dict):
        raise DataError(Fault(file=str(path), allowed="holds no JSON object; solve again"))
    return tree


_NEEDED = {
    *("objective_value", "bound", "cost", "need", "need.total"),
    *("hubs", "goals", "goals.value", "goals.bound", "periods"),
}
"""Keys of plan.json that all else is checked against; what else is missing is a finding."""


def _check_shape(folder: Path, name: str, found: Findings) -> None:
    """Raise where a file holds what it should not, or lacks what it is checked by."""
    file, way_out = str(folder / name), _way_out(folder, name)
    faults = [
        Fault(file=file, column=place, allowed=f"is {json.dumps(value)[:40]}, not {kind}; {way_out}")
        for kind, place, value in found.wrong
    ]
    lacking = [key for key in found.lacking if of_every_row(key) in _NEEDED]
    raise_faults(faults + [Fault(file=file, column=key, allowed=f"is missing; {way_out}") for key in lacking])


def check_digests(run: RunFiles) -> None:
    """Raise for every input that is gone, changed, or not in the manifest."""
    stated = run.manifest.get("inputs", {})
    files, tables = input_files(run.scenario), input_tables(run.scenario)
    gone = [name for name in stated if name not in {**files, **tables}]
    faults = [Fault(file=name, allowed="is in manifest.json but scenario.yaml does not name it") for name in gone]
    for name, path in files.items():
        if not path.is_file():
            faults.append(
                Fault(file=str(path), allowed="is not there; the plan was made from it, so put it back or solve again")
            )
            continue
        faults += _other_than(stated, name, sha256(path), "file")
    for name, spec in tables.items():
        found = table_digest(spec.path, query_of(spec.table, spec.sql), spec.file_name)
        faults += _other_than(stated, name, found, "table")
    raise_faults(faults)


def _other_than(stated: dict[str, Any], name: str, found: str, kind: str) -> list[Fault]:
    """Return the fault of an input that is not the one the plan was made from."""
    if found == stated.get(name):
        return []
    allowed = f"SHA-256 {stated.get(name, 'in manifest.json')}, of the {kind} the plan was made from; solve again"
    return [Fault(file=name, value=found, allowed=allowed)]


def _csv(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except ValueError as error:
        raise DataError(Fault(file=str(path), allowed=f"is not a CSV table: {error}")) from error


def _spatial(path: Path, layer: str | None) -> pd.DataFrame:
    """Return a layer's rows as a table."""
    try:
        held = read_layer(path, layer)
        frame = held.frame.set_crs(held.crs)
    except DataError as error:
        raise DataError([replace(fault, file=str(path)) for fault in error.faults]) from error
    table = pd.DataFrame(frame.drop(columns=[name for name in ("geometry",) if name in frame]))
    if "geometry" not in frame or not len(frame):
        return table
    places = frame.geometry.to_crs("EPSG:4326")
    if (places.geom_type == "Point").all():
        return table.assign(lon=places.x.to_numpy(), lat=places.y.to_numpy())
    if {"edge_id", "road_km"} & set(table):  # in their order, which is that of the way to a hub
        spots = np.stack([shapely.get_coordinates(line)[[0, -1]] for line in places])
        return table.assign(
            **{f"{axis}_{at}": spots[:, at, column] for at in (0, 1) for column, axis in enumerate(("lon", "lat"))}
        )
    ends = places.bounds
    return table.assign(west=ends.minx, south=ends.miny, east=ends.maxx, north=ends.maxy)
