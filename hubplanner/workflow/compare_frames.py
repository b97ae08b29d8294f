"""Files of run folders as frames joined by ids, never by position."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from hubplanner.errors import DataError, Fault, ScenarioError
from hubplanner.inputs.places import WGS84
from hubplanner.io import recover
from hubplanner.report.comparison import ComparedRun
from hubplanner.report.folder import is_run
from hubplanner.report.rounding import round_columns
from hubplanner.workflow.store_verify import read_plan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_DEMAND = ("demand_id", "need", "people", "covered_share")
_HUBS = ("site_id", "tier", "status")
_PLAN = (
    *("status", "objective", "objective_value", "bound", "gap", "currency", "budget"),
    *("cost", "need", "people", "hubs"),
)


def read_run(folder: Path, letter: str) -> ComparedRun:
    """Return a run as its folder tells of it; raise where it is none or cannot be read."""
    recover(folder.absolute().parent)
    if not is_run(folder):
        allowed = "is no run folder: plan.json and manifest.json are not both there"
        raise ScenarioError(Fault(file=str(folder), allowed=allowed, kind="scenario"))
    hubs, demand = (_layer(folder / f"{name}.geojson") for name in ("hubs", "demand"))
    for frame, columns, name in ((hubs, _HUBS, "hubs"), (demand, _DEMAND, "demand")):
        lacking = [column for column in columns if column not in frame and len(frame)]
        if lacking:
            raise DataError(Fault(file=str(folder / f"{name}.geojson"), allowed=f"needs {', '.join(lacking)}"))
    plan = read_plan(folder)
    lacking = [key for key in _PLAN if key not in plan]
    if lacking:
        raise DataError(Fault(file=str(folder / "plan.json"), allowed=f"needs {', '.join(lacking)}"))
    return ComparedRun(letter=letter, name=folder.absolute().name, plan=plan, hubs=hubs, demand=demand)


def _layer(path: Path) -> gpd.GeoDataFrame:
    """Return a layer of a run; ids stay text, even such as 007."""
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
        rows = [feature["properties"] for feature in tree["features"]]
        places = np.array([feature["geometry"]["coordinates"][:2] for feature in tree["features"]], dtype=np.float64)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(Fault(file=str(path), allowed=f"cannot be read: {type(error).__name__}: {error}")) from error
    places = places.reshape(-1, 2)
    return gpd.GeoDataFrame(rows, geometry=gpd.points_from_xy(*places.T), crs=WGS84)


def joined_demand(runs: Sequence[ComparedRun]) -> gpd.GeoDataFrame:
    """Return a row a demand id, its people and need from the first run that has it, and its share in each."""
    frames = {run.letter: _by_id(run.demand, "demand_id") for run in runs}
    ids = sorted(set().union(*(frame.index for frame in frames.values())))
    table = pd.DataFrame({"demand_id": ids})
    for column in ("people", "need"):
        table[column] = _first([frame[column].reindex(ids).to_numpy() for frame in frames.values()])
    for letter, frame in frames.items():
        table[f"share_{letter}"] = frame["covered_share"].reindex(ids).to_numpy(dtype=np.float64)
    for run in runs[1:]:
        table[f"difference_{run.letter}"] = table[f"share_{run.letter}"] - table["share_a"]
    round_columns(table, [name for name in map(str, table) if name.startswith("difference_")])
    places = _first([frame.geometry.reindex(ids).to_numpy() for frame in frames.values()])
    return gpd.GeoDataFrame(table, geometry=list(places), crs=WGS84)


def _by_id(frame: gpd.GeoDataFrame, column: str) -> gpd.GeoDataFrame:
    return frame.assign(**{column: frame[column].astype(str)}).drop_duplicates(column).set_index(column)


def _first(columns: Sequence[Any]) -> Any:
    """Return the first value there is, row by row."""
    found = columns[0]
    for column in columns[1:]:
        found = np.where(pd.isna(found), column, found)
    return found


def joined_hubs(runs: Sequence[ComparedRun]) -> gpd.GeoDataFrame:
    """Return a row a site, whether it has hubs in each run, and which."""
    tiers = {run.letter: _tiers(run) for run in runs}
    ids = sorted(set().union(*tiers.values()))
    table = pd.DataFrame({"site_id": ids})
    for letter, known in tiers.items():
        table[f"in_{letter}"] = np.array([site in known for site in ids], dtype=np.bool_)
    for letter, known in tiers.items():
        table[f"tiers_{letter}"] = pd.Series([known.get(site) for site in ids], dtype=object)
    names: dict[str, Any] = {}
    places: dict[str, Any] = {}
    for run in reversed(runs):
        sites = run.hubs.get("site_id", pd.Series(dtype=object)).astype(str)
        places |= dict(zip(sites, run.hubs.geometry, strict=True))
        names |= dict(zip(sites, run.hubs["name"], strict=True)) if "name" in run.hubs else {}
    if names:
        table.insert(1, "name", pd.Series([names.get(site) for site in ids], dtype=object))
    return gpd.GeoDataFrame(table, geometry=[places[site] for site in ids], crs=WGS84)


def _tiers(run: ComparedRun) -> dict[str, str]:
    """Return the hubs at each site in words, such as ``2 centre, 1 park``."""
    found: dict[str, list[str]] = {}
    for hub in sorted(run.hubs.drop(columns="geometry").to_dict("records"), key=lambda hub: str(hub["tier"])):
        count = int(hub.get("hubs", 1))
        found.setdefault(str(hub["site_id"]), []).append(f"{count} {hub['tier']}" if count > 1 else str(hub["tier"]))
    return {site: ", ".join(names) for site, names in found.items()}
