"""What a run covers, as areas: the shares of its demand layer on the shapes of its scenario, or on areas of its own."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
from shapely.geometry import shape

from hubplanner.inputs import Inputs
from hubplanner.inputs.coordinates import WGS84
from hubplanner.runs.read import place_of
from hubplanner.web.map_data.layers import MOST_AREAS, MapAreas, areas_text, given_areas, nearest_areas


def covered_areas(folder: Path, known: tuple[Inputs, MapAreas | None] | None = None) -> bytes | None:
    """Return a run's need and covered share as GeoJSON areas; None where there are too many.

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
        kinds = {feature["geometry"]["type"] for feature in features}
        if kinds and kinds <= {"Polygon", "MultiPolygon"} and len(features) <= MOST_AREAS:
            areas = given_areas(gpd.GeoSeries([shape(feature["geometry"]) for feature in features], crs=WGS84))
        else:
            areas = nearest_areas(np.array([place_of(row) for row in features], dtype=np.float64).reshape(-1, 2))
    return None if areas is None else areas_text(areas, ids, need, people, covered)


def _same(ids: list[str], known: tuple[Inputs, MapAreas | None] | None) -> MapAreas | None:
    if known is None or known[1] is None:
        return None
    inputs, areas = known
    return areas if inputs.demand.frame["demand_id"].astype(str).tolist() == ids else None
