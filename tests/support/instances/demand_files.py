"""Many demand points about twelve sites, as the files that hold them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio

from hubplanner.scenario import Scenario, read_scenario

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rasterio.crs import CRS
    from rasterio.transform import Affine

MANY = """\
name: many
demand: {path: demand.csv, id: id, x: lon, y: lat, people: people, connected_share: internet, groups: [province]}
sites: {path: sites.csv, id: site_id, x: lon, y: lat, status: status, cost_factor: factor}
hubs:
  - {name: centre, capex: 100, reach_km: 6}
  - {name: park, capex: 350, reach_km: 14}
horizon_years: 0
model: {budget: 700}
solver: {gap: 0.0}
"""
NODATA = -9999.0


@dataclass(frozen=True, kw_only=True)
class Many:
    """A folder with 1,500 demand points in two provinces, twelve sites, two tiers; lon 67-67.8, lat 30-30.6."""

    folder: Path

    @property
    def table(self) -> pd.DataFrame:
        """The demand, as its file has it."""
        return pd.read_csv(self.folder / "demand.csv")

    def read(self, settings: Mapping[str, Any] | None = None) -> Scenario:
        """Return the scenario."""
        return read_scenario(self.folder / "scenario.yaml", (), settings)

    def as_parquet(self, name: str = "demand.parquet", **options: Any) -> dict[str, Any]:
        """Write the demand as GeoParquet and return the settings that name it."""
        table = self.table
        places = gpd.points_from_xy(table["lon"], table["lat"], crs="EPSG:4326")
        gpd.GeoDataFrame(table.drop(columns=["lon", "lat"]), geometry=places).to_parquet(self.folder / name, **options)
        path = str(self.folder / name)
        return {"demand.path": path, "demand.x": None, "demand.y": None, "demand.merge": True}


def write_many(folder: Path) -> Many:
    """Write the files."""
    rng = np.random.default_rng(5)
    size = 1500
    lon, lat = rng.uniform((67, 30), (67.8, 30.6), (size, 2)).round(5).T
    columns = {
        "id": [f"D{number}" for number in range(size)],
        "lon": lon,
        "lat": lat,
        "people": rng.integers(1, 40, size),
        "women": rng.integers(1, 20, size),
        "internet": rng.choice([0.0, 0.25, 0.5], size),
        "province": np.where(lon < 67.4, "Punjab", "Sindh"),
    }
    pd.DataFrame(columns).to_csv(folder / "demand.csv", index=False)
    lon, lat = rng.uniform((67.05, 30.05), (67.75, 30.55), (12, 2)).round(5).T
    sites = {"site_id": [f"S{number:02}" for number in range(12)], "lon": lon, "lat": lat}
    sites["status"] = ["existing", *["candidate"] * 11]
    sites["factor"] = rng.uniform(0.9, 1.1, 12).round(3)  # no two plans are equal
    pd.DataFrame(sites).to_csv(folder / "sites.csv", index=False)
    (folder / "scenario.yaml").write_text(MANY, encoding="utf-8")
    return Many(folder=folder)


def write_raster(path: Path, people: Any, transform: Affine, crs: CRS | str | None, **options: Any) -> None:
    """Write a GeoTIFF of people."""
    values = np.asarray(people)
    shape = {"height": values.shape[0], "width": values.shape[1], "count": 1, "dtype": values.dtype}
    with rasterio.open(path, "w", driver="GTiff", crs=crs, transform=transform, **shape, **options) as raster:
        raster.write(values, 1)


def cells_of(path: Path) -> pd.DataFrame:
    """Return the cells of a raster that hold people, as a table in the raster's system: what a user would have made."""
    with rasterio.open(path) as raster:
        values = raster.read(1).astype(float)
        row, column = np.nonzero((values > 0) & (values != raster.nodata))
        x, y = rasterio.transform.xy(raster.transform, row, column)
    return pd.DataFrame({"id": np.arange(len(row)), "x": x, "y": y, "people": values[row, column]})
