"""What a run covers, as areas: the shares of its demand layer on the shapes of its scenario, or on its own polygons."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
from shapely.geometry import shape

from hubplanner.inputs import Inputs
from hubplanner.inputs.coordinates import WGS84
from hubplanner.web.map_data.layers import MapAreas, areas_text, given_areas


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
