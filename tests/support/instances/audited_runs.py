"""Small runs to audit, each made once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import geopandas as gpd
import numpy as np
from rasterio.transform import Affine
from shapely import Polygon

import hubplanner as hp
from hubplanner.audit import Audit, audit_run
from hubplanner.audit.audit import recompute
from hubplanner.audit.data.run_files import open_run
from hubplanner.audit.ledger import Finding, Ledger
from support.instances.demand_files import NODATA, write_many, write_raster
from support.project import DEMAND, MATRIX, SCENARIO, SITES

SEATS = """\
  tight: {model: {budget: 240}}
  fair: {model: {budget: 240, fairness: {alpha: 1, group: province, linear_below_share: 0.2}}}
  largest:
    sites: {groups: [status]}
    model: {budget: 240, fairness: {alpha: 1, group: province, linear_below_share: 0.2, prefer_largest_of: status}}
  seats:
    hubs:
      - {name: centre, capex: capex, opex_per_year: 10, reach_km: 5, capacity: 900}
      - {name: park, capex: 400, reach_km: 20, capacity: 2500}
    model: {budget: 900}
  years:
    demand: {growth_per_year: 0.1}
    model: {budget: null, periods: {discount_rate: 0.1, years: [{name: a, budget: 300}, {name: b, budget: 500}]}}
"""


def project() -> Path:
    """Write the small scenario and its data into a folder of their own."""
    folder = Path(mkdtemp())
    (folder / "demand.csv").write_text(DEMAND, encoding="utf-8")
    (folder / "sites.csv").write_text(SITES, encoding="utf-8")
    (folder / "travel.csv").write_text(MATRIX, encoding="utf-8")
    (folder / "scenario.yaml").write_text(SCENARIO + SEATS, encoding="utf-8")
    return folder


@cache
def made(*overrides: str) -> Path:
    """Return the folder of a run, beside its inputs."""
    folder = project()
    scenario = hp.read_scenario(folder / "scenario.yaml", overrides=overrides)
    return hp.solve(scenario).write(folder / "run")


def audited(run: Path) -> Audit:
    return audit_run(run, seconds=10)


def findings_of(run: Path) -> list[Finding]:
    """Return what is wrong with all but the bound, which takes longest."""
    ledger = Ledger()
    recompute(open_run(run), ledger)
    return ledger.findings


AREAS = """\
name: areas
demand: {path: areas.gpkg, id: demand_id, people: people, connected_share: internet, groups: [province], spread_km: 2}
sites: {path: sites.csv, id: site_id, x: lon, y: lat}
hubs: [{name: centre, capex: 100, reach_km: 6}, {name: park, capex: 250, reach_km: 12}]
model: {budget: 400}
solver: {gap: 0.05, ties: false}
overrides:
  seats:
    hubs:
      - {name: centre, capex: 100, reach_km: 6, capacity: 1500}
      - {name: park, capex: 250, reach_km: 12, capacity: 4000}
  far:
    hubs:
      - {name: centre, capex: 100, reach_km: 40, capacity: 15000}
      - {name: park, capex: 250, reach_km: 60, capacity: 40000}
"""
SEATED = {
    "hubs.0.capacity": 2000,
    "hubs.1.capacity": 9000,
}


@cache
def made_of_areas(*overrides: str, **settings: Any) -> Path:
    """Return the folder of a run over six polygons, whose people are spread."""
    folder, rng, rows, shapes = Path(mkdtemp()), np.random.default_rng(4), [], []
    for number in range(6):
        x, y = 67 + 0.12 * (number % 3), 30 + 0.12 * (number // 3)
        corners = [(0, 0), (0.12, 0), (0.12, 0.08), (0.06, 0.12), (0, 0.12)]
        shapes.append(Polygon([(x + right, y + up) for right, up in corners]))
        about = {"people": int(rng.integers(500, 5000)), "internet": float(rng.choice([0.1, 0.3, 0.5]))}
        rows.append({"demand_id": f"A{number}", "province": "PQ"[number % 2], **about})
    gpd.GeoDataFrame(rows, geometry=shapes, crs="EPSG:4326").to_file(folder / "areas.gpkg", layer="areas")
    sites = rng.uniform((67, 30), (67.36, 30.24), (8, 2)).round(4).tolist()
    lines = [f"S{number},{lon},{lat}" for number, (lon, lat) in enumerate(sites)]
    (folder / "sites.csv").write_text("\n".join(["site_id,lon,lat", *lines]) + "\n", encoding="utf-8")
    (folder / "scenario.yaml").write_text(AREAS, encoding="utf-8")
    asked = {key.replace("__", "."): value for key, value in settings.items()}
    return hp.solve(hp.read_scenario(folder / "scenario.yaml", overrides=overrides, settings=asked)).write(
        folder / "run"
    )


GRIDS = {
    "EPSG:4326": Affine(0.01, 0, 67.0, 0, -0.01, 30.6),
    "EPSG:32642": Affine(1000, 0, 300_000, 0, -1000, 3_390_000),
}


@cache
def made_of_raster(crs: str = "EPSG:4326", *, seats: bool = False, **settings: Any) -> Path:
    """Return the folder of a run over a raster of people."""
    many, rng = write_many(Path(mkdtemp())), np.random.default_rng(1)
    people = rng.exponential(5, (60, 80)).astype("float32")
    people[rng.random(people.shape) < 0.2] = NODATA
    write_raster(many.folder / "people.tif", people, GRIDS[crs], crs, nodata=NODATA)
    asked: dict[str, Any] = {"demand": {"path": str(many.folder / "people.tif"), "connected_share": 0.3}}
    asked |= SEATED if seats else {}
    asked |= {key.replace("__", "."): value for key, value in settings.items()}
    return hp.solve(many.read(asked)).write(many.folder / "run")
