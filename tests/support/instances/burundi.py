"""The people of Burundi by another library: cells of the raster in the country, recomputed once for all tests."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import rasterio

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

EARTH_KM = 6371.0088


@cache
def people_inside(own: Path) -> gpd.GeoDataFrame:
    """Return the raster's cells with people that lie in the country, in degrees."""
    with rasterio.open(own / "ghs_pop_250m.tif") as raster:
        band = raster.read(1, masked=True).filled(0).astype(float)
        row, column = np.nonzero(band > 0)
        x, y = raster.xy(row, column)
        cells = gpd.GeoDataFrame({"people": band[row, column]}, geometry=gpd.points_from_xy(x, y), crs=raster.crs)
    country = gpd.read_file(own / "aoi.geojson")
    return gpd.sjoin(cells.to_crs(country.crs), country, predicate="intersects")


def people_reached(own: Path, hubs: Iterable[dict[str, Any]], reach_km: float) -> float:
    """Return how many of them live within so many kilometres, as the crow flies, of some hub."""
    inside = people_inside(own)
    lon, lat = np.radians(inside.geometry.x), np.radians(inside.geometry.y)
    reached = np.zeros(len(inside), dtype=bool)
    for hub in hubs:
        at = np.radians([hub["lon"], hub["lat"]])
        half = np.sin((lat - at[1]) / 2) ** 2 + np.cos(lat) * np.cos(at[1]) * np.sin((lon - at[0]) / 2) ** 2
        reached |= (2 * EARTH_KM * np.arcsin(np.sqrt(half)) <= reach_km).to_numpy()
    return float(inside["people"].to_numpy()[reached].sum())
