"""What an uploaded file holds, as it is drawn before anything is planned: points, shapes, a raster's coarse cells."""

from __future__ import annotations

import json
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from hubplanner.inputs.coordinates import WGS84
from hubplanner.inputs.guesses.columns import numbers_of
from hubplanner.inputs.guesses.look import FileLook, lonlat_of
from hubplanner.inputs.readers.raster import opened, require_rasterio, strips
from hubplanner.web.map_data.layers import DIGITS, EQUAL_AREA, M2_PER_KM2

MOST_POINTS, MOST_SHAPES = 2000, 1000
"""Of more, evenly spaced rows are drawn, which is told."""
COARSE = 40
"""Coarse cells along the longer side of a raster."""
DETAIL = 500
"""Steps along the longer side of a file's extent by which its shapes may be simplified."""


def preview(look: FileLook) -> dict[str, Any]:
    """Return what is told and drawn of a file, a sheet or a layer.

    Returns
    -------
    dict
        ``name``, ``kind`` and ``count``; ``people`` of a raster or of a column that is likely to hold them; ``columns``
        and the evidence for each; ``box`` in degrees; ``features`` in GeoJSON, and how many rows they are ``drawn`` of.
    """
    columns = [{"key": key, "column": guess.column, "why": guess.why} for key, guess in look.columns.one.items()]
    columns += [
        {"key": guess.key or "online", "column": guess.column, "why": guess.why} for guess in look.columns.online
    ]
    told = {"name": look.path.name, "kind": look.kind, "count": look.count, "columns": columns}
    box = look.degrees
    if box is None or look.kind == "table":
        return told | {"people": None, "box": None, "drawn": 0, "features": []}
    if look.table is None:  # a raster
        return told | {"people": look.people, "box": box, "drawn": look.count, "features": _coarse(look)}
    frame, column = look.table.frame, look.columns.column("people")
    people = None if column is None else numbers_of(frame, column, look.columns.notation).to_numpy(dtype=np.float64)
    most = MOST_POINTS if look.kind == "points" else MOST_SHAPES
    rows = np.arange(0, len(frame), max(1, -(-len(frame) // most)))
    if look.kind == "points":
        places = lonlat_of(look)
        rows = rows[np.isfinite(places[rows]).all(axis=1)]
        shapes, km2 = shapely.points(places[rows]), np.ones(len(rows))
    else:
        own = frame.geometry.iloc[rows].to_crs(WGS84)
        held = ~(own.isna() | own.is_empty).to_numpy()
        own, rows = own[held], rows[held]
        km2 = own.to_crs(EQUAL_AREA).area.to_numpy() / M2_PER_KM2
        step = max(box[2] - box[0], box[3] - box[1]) / DETAIL
        shapes = own.simplify(step).to_numpy()
    need = np.ones(len(rows)) if people is None else np.nan_to_num(people[rows])
    total = None if people is None else float(np.nansum(people))
    return told | {"people": total, "box": box, "drawn": len(rows), "features": _features(shapes, need, km2)}


def _features(shapes: Any, need: Any, km2: Any) -> list[dict[str, Any]]:
    density = need / np.maximum(km2, 1e-6)
    texts = shapely.to_geojson(shapely.transform(shapes, lambda xy: xy.round(DIGITS))).tolist()
    return [
        {"type": "Feature", "properties": {"need": own, "density": thick}, "geometry": json.loads(text)}
        for text, own, thick in zip(texts, need.round(1).tolist(), density.round(3).tolist(), strict=True)
    ]


def _coarse(look: FileLook) -> list[dict[str, Any]]:
    """Return the people of a raster in coarse cells, each the sum of those that it is made of."""
    with opened(require_rasterio(), look.path) as raster:
        size = -(-max(raster.width, raster.height) // COARSE)
        down, across = -(-raster.height // size), -(-raster.width // size)
        sums = np.zeros((down, across))
        for first, values, known in strips(raster):
            row, column = np.nonzero(known & (values > 0))
            np.add.at(sums, ((row + first) // size, column // size), values[row, column])
        east, across_down, west, down_across, north, top = tuple(raster.transform)[:6]
    row, column = np.nonzero(sums)
    boxes = shapely.box(
        column * size,
        row * size,
        np.minimum((column + 1) * size, raster.width),
        np.minimum((row + 1) * size, raster.height),
    )
    turn = np.array([[east, down_across], [across_down, north]])
    flat = shapely.transform(boxes, lambda xy: xy @ turn + [west, top])
    cells = gpd.GeoSeries(flat, crs=look.crs)
    km2 = cells.to_crs(EQUAL_AREA).area.to_numpy() / M2_PER_KM2
    return _features(cells.to_crs(WGS84).to_numpy(), sums[row, column], km2)
