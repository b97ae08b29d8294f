"""Draw how long a metre takes over land that is invented, for an example that anyone can run.

Cells of 0.05 degrees over Balochistan: walking at 5 km/h in plains and slower in hills of three waves, roads of
../roads/invented.csv at 40 km/h, and a desert nobody crosses. Use a real raster for a real plan, such as those of the
Malaria Atlas Project.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import rasterio

HERE = Path(__file__).resolve().parent
CELL = 0.05
WEST, SOUTH, EAST, NORTH = 60.8, 24.8, 70.4, 32.2
ROAD_KMH, PLAIN_KMH, HILL_KMH = 40.0, 5.0, 1.5
DESERT = (63.5, 28.7, 0.5)
"""Longitude, latitude and radius in degrees."""
DECIMALS = 5


def main() -> None:
    """Write the raster of minutes per metre, 0 where nobody goes."""
    lon, lat = np.meshgrid(np.arange(WEST + CELL / 2, EAST, CELL), np.arange(NORTH - CELL / 2, SOUTH, -CELL))
    waves = np.sin(1.3 * lon + 0.4 * lat) + np.sin(0.7 * lon - 1.9 * lat) + np.sin(2.1 * lat)
    kmh = np.where(waves > 1, HILL_KMH, PLAIN_KMH)
    kmh[np.hypot(lon - DESERT[0], lat - DESERT[1]) < DESERT[2]] = np.inf
    for edge in pd.read_csv(HERE.parent / "roads" / "invented.csv").itertuples():
        steps = np.linspace(0, 1, 400)
        x, y = (edge.from_x + steps * (edge.to_x - edge.from_x), edge.from_y + steps * (edge.to_y - edge.from_y))
        kmh[((NORTH - y) / CELL).astype(int), ((x - WEST) / CELL).astype(int)] = ROAD_KMH
    minutes = np.where(np.isinf(kmh), 0, 0.06 / kmh).round(DECIMALS).astype(np.float32)
    profile = {
        "driver": "GTiff",
        "dtype": "float32",
        "count": 1,
        "crs": "EPSG:4326",
        "compress": "deflate",
        "nodata": 0,
    }
    size = {
        "height": minutes.shape[0],
        "width": minutes.shape[1],
        "transform": rasterio.Affine(CELL, 0, WEST, 0, -CELL, NORTH),
    }
    with rasterio.open(HERE / "invented.tif", "w", **profile, **size) as raster:
        raster.write(minutes, 1)


if __name__ == "__main__":
    main()
