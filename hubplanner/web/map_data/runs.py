"""Runs as interactive maps show them: what each covers, as areas, and two side by side."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import shape

from hubplanner.inputs import Inputs
from hubplanner.inputs.coordinates import WGS84
from hubplanner.outputs.comparison import Comparison, figure_table
from hubplanner.runs.compare import compare
from hubplanner.web.map_data.layers import DIGITS, MapAreas, areas_text, given_areas


def side_by_side(first: Path, second: Path) -> dict[str, Any]:
    """Return the figures of two runs, the sites that only one has, who gains and loses, and both layers."""
    found = compare(first, second)
    return {
        "table": _records(figure_table(found.figures)),
        "notes": found.figures["notes"],
        "only_a": _only(found, "a", "b"),
        "only_b": _only(found, "b", "a"),
        "gains": _moved(found.demand, 1),
        "losses": _moved(found.demand, -1),
        "layers": {"type": "FeatureCollection", "features": _features(found)},
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as JSON has them: no NaN."""
    rows: list[dict[str, Any]] = json.loads(frame.to_json(orient="records", double_precision=15))
    return rows


def _only(found: Comparison, own: str, other: str) -> list[dict[str, Any]]:
    """Return the sites that one run has and the other has not, with their hubs."""
    run = next(run for run in found.runs if run.letter == own)
    count: dict[str, int] = {}
    for hub in run.plan["hubs"]:
        count[str(hub["site_id"])] = count.get(str(hub["site_id"]), 0) + int(hub.get("hubs", 1))
    part = found.hubs[found.hubs[f"in_{own}"] & ~found.hubs[f"in_{other}"]]
    columns = [name for name in ("site_id", "name") if name in part]
    rows = _records(pd.DataFrame(part[[*columns, f"tiers_{own}"]]))
    return [
        {key: row[key] for key in columns} | {"tier": row[f"tiers_{own}"], "hubs": count.get(row["site_id"], 1)}
        for row in rows
    ]


def _moved(demand: gpd.GeoDataFrame, sign: int) -> dict[str, float]:
    """Return the people and need that gain (1) or lose (-1) cover."""
    change = np.maximum(sign * demand["difference_b"].fillna(0.0).to_numpy(), 0.0)
    return {name: math.fsum(change * demand[name].to_numpy()) for name in ("people", "need")}


def _features(found: Comparison) -> list[dict[str, Any]]:
    features = []
    for kind, frame in (("demand", found.demand), ("hub", found.hubs)):
        places = np.column_stack([frame.geometry.x, frame.geometry.y]).round(DIGITS).tolist()
        for place, row in zip(places, _records(pd.DataFrame(frame.drop(columns="geometry"))), strict=True):
            point = {"type": "Point", "coordinates": place}
            features.append({"type": "Feature", "properties": {"kind": kind, **row}, "geometry": point})
    return features


def covered_areas(folder: Path, known: tuple[Inputs, MapAreas | None] | None = None) -> bytes:
    """Return a run's need and covered share as GeoJSON areas, none where only points are known or they are too many.

    Parameters
    ----------
    folder
        The run's.
    known
        What the run was made from, with its areas, to be used where it has the same demand rows.
    """
    features = json.loads((folder / "demand.geojson").read_bytes())["features"]
    rows = [feature["properties"] for feature in features]
    ids = [str(row["demand_id"]) for row in rows]
    need, people, covered = (
        np.array([row[key] or 0.0 for row in rows], dtype=np.float64) for key in ("need", "people", "covered_share")
    )
    areas = _same(ids, known)
    if areas is None:
        areas = given_areas(gpd.GeoSeries([shape(feature["geometry"]) for feature in features], crs=WGS84))
    return _NONE if areas is None else areas_text(areas, ids, need, people, covered)


_NONE = b'{"type":"FeatureCollection","features":[]}'


def _same(ids: list[str], known: tuple[Inputs, MapAreas | None] | None) -> MapAreas | None:
    if known is None or known[1] is None:
        return None
    inputs, areas = known
    return areas if inputs.demand.frame["demand_id"].astype(str).tolist() == ids else None
