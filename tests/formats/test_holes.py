"""Polygons with holes of several lengths."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import shapely

from hubplanner.formats.read import read_layer

if TYPE_CHECKING:
    from pathlib import Path


def test_holes_may_have_different_numbers_of_corners(tmp_path: Path) -> None:
    square = [[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]]
    holes = [[[1, 1], [2, 1], [1, 2], [1, 1]], [[4, 4], [5, 4], [5, 5], [4, 5], [4, 4]]]
    shape = {"type": "MultiPolygon", "coordinates": [[square, *holes]]}
    path = tmp_path / "holes.geojson"
    feature = {"type": "Feature", "properties": {"a": 1}, "geometry": shape}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    found = read_layer(path).frame.geometry.iloc[0]
    assert found.equals(shapely.geometry.shape(shape))
    assert found.area == 81 - 0.5 - 1
