"""Measure peak memory and time for demand at national scale: a raster of 90 million cells, files of 20 million rows.

Run it alone: ``python tests/benchmarks/memory.py [raster] [csv] [parquet]``. Files, about 2 GB, are made in a temporary
folder, and each case runs in a fresh process.
"""

from __future__ import annotations

import json
import resource
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

CELLS = (9_000, 10_000)
ROWS, CHUNK = 20_000_000, 1_000_000
SITES = 800
WEST, SOUTH, EAST, NORTH = 66.0, 26.0, 66.0 + 10_000 / 1200, 26.0 + 9_000 / 1200
PROVINCES = ("Balochistan", "Khyber Pakhtunkhwa", "Punjab", "Sindh")
LIMITS_GB = {"raster": 4.0, "csv": 2.0, "parquet": 2.0}
TABLE = "id: id, people: people, connected_share: internet, groups: [province], merge: true"
DEMAND = {
    "raster": "{path: demand.tif, connected_share: 0.4}",
    "csv": f"{{path: demand.csv, x: lon, y: lat, {TABLE}}}",
    "parquet": f"{{path: demand.parquet, {TABLE}}}",
}
SCENARIO = """\
name: large
demand: %s
sites: {path: sites.csv, id: site_id, x: lon, y: lat}
hubs:
  - {name: telecentre, capex: 3.72e6, reach_km: 5}
  - {name: centre, capex: 10.44e6, reach_km: 10}
  - {name: park, capex: 79.0e6, reach_km: 25}
model: {budget: 2.0e9}
solver: {gap: 0.001, time_limit_s: 120}
"""


def write_sites(folder: Path, rng: np.random.Generator) -> None:
    """Write candidate sites all over the area."""
    places = rng.uniform((WEST, SOUTH), (EAST, NORTH), (SITES, 2))
    lines = [f"S{number:04},{lon:.6f},{lat:.6f}" for number, (lon, lat) in enumerate(places)]
    (folder / "sites.csv").write_text("\n".join(["site_id,lon,lat", *lines]) + "\n", encoding="utf-8")


def write_raster(path: Path, rng: np.random.Generator) -> None:
    """Write people on a grid of about 100 m, a tenth of it without data."""
    import rasterio
    from rasterio.transform import from_bounds
    from rasterio.windows import Window

    rows, columns = CELLS
    shape = {"height": rows, "width": columns, "count": 1, "dtype": "float32", "nodata": -99999.0}
    tiles = {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "deflate", "zlevel": 1}
    place = {"crs": "EPSG:4326", "transform": from_bounds(WEST, SOUTH, EAST, NORTH, columns, rows)}
    with rasterio.open(path, "w", driver="GTiff", **shape, **tiles, **place) as raster:
        for top in range(0, rows, 256):
            strip = rng.exponential(0.8, (min(256, rows - top), columns)).astype(np.float32)
            strip[rng.random(strip.shape) < 0.1] = -99999
            raster.write(strip, 1, window=Window(0, top, columns, len(strip)))


def tables(rng: np.random.Generator):  # noqa: ANN201 - an arrow type, imported by need
    """Yield rows of demand as arrow tables."""
    import pyarrow as pa

    for start in range(0, ROWS, CHUNK):
        lon, lat = rng.uniform((WEST, SOUTH), (EAST, NORTH), (CHUNK, 2)).round(6).T
        columns = {
            "id": pa.array([f"P{number}" for number in range(start, start + CHUNK)]),
            "lon": lon,
            "lat": lat,
            "people": rng.integers(1, 30, CHUNK),
            "internet": rng.integers(0, 90, CHUNK) / 100,
            "province": pa.array(np.array(PROVINCES)[rng.integers(0, 4, CHUNK)]),
        }
        yield pa.table(columns)


def write_csv(path: Path, rng: np.random.Generator) -> None:
    """Write demand as CSV."""
    from pyarrow import csv

    with path.open("wb") as file:
        for number, table in enumerate(tables(rng)):
            csv.write_csv(table, file, csv.WriteOptions(include_header=not number, quoting_style="none"))


def write_parquet(path: Path, rng: np.random.Generator) -> None:
    """Write demand as GeoParquet with points in WKB."""
    import pyarrow as pa
    from pyarrow import parquet

    geo = {"version": "1.0.0", "primary_column": "geometry"}
    geo["columns"] = {"geometry": {"encoding": "WKB", "geometry_types": ["Point"]}}
    writer = None
    for table in tables(rng):
        points = np.zeros(CHUNK, dtype=[("order", "u1"), ("kind", "<u4"), ("x", "<f8"), ("y", "<f8")])
        points["order"], points["kind"] = 1, 1
        points["x"], points["y"] = table["lon"], table["lat"]
        cells = pa.Array.from_buffers(
            pa.binary(struct.calcsize("<BIdd")), CHUNK, [None, pa.py_buffer(points.tobytes())]
        )
        whole = table.drop_columns(["lon", "lat"]).append_column("geometry", cells.cast(pa.binary()))
        whole = whole.replace_schema_metadata({"geo": json.dumps(geo)})
        writer = writer or parquet.ParquetWriter(path, whole.schema)
        writer.write_table(whole)
    if writer is not None:
        writer.close()


WRITERS = {"raster": ("demand.tif", write_raster), "csv": ("demand.csv", write_csv)}
WRITERS["parquet"] = ("demand.parquet", write_parquet)


def run_case(scenario: str) -> None:
    """Solve a scenario in this process and print what it took."""
    import hubplanner as hp
    from hubplanner.pipeline.solve import solve_inputs

    began = time.perf_counter()
    inputs = hp.read_inputs(hp.read_scenario(scenario))
    read = time.perf_counter()
    plan = solve_inputs(inputs)
    solved = time.perf_counter()
    plan.summary()
    figures = {"points": inputs.n_points, "rows": len(inputs.demand.frame), "gap": plan.solution.gap}
    figures |= {"read_s": read - began, "solve_s": plan.solution.seconds}
    figures |= {"measure_s": solved - read - plan.solution.seconds, "total_s": time.perf_counter() - began}
    figures["peak_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps(figures))


def main(cases: list[str]) -> None:
    """Make each case's file, run it and print its figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_sites(folder, np.random.default_rng(0))
        for case in cases:
            file, write = WRITERS[case]
            write(folder / file, np.random.default_rng(1))
            (folder / "scenario.yaml").write_text(SCENARIO % DEMAND[case], encoding="utf-8")
            command = [sys.executable, __file__, "--run", str(folder / "scenario.yaml")]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            figures = json.loads(done.stdout.splitlines()[-1])
            verdict = "within" if figures["peak_gb"] <= LIMITS_GB[case] else "ABOVE"
            shown = ", ".join(
                f"{key} {value:,.4g}" if value < 1e4 else f"{key} {value:,}" for key, value in figures.items()
            )
            print(f"{case}: {shown}; {verdict} {LIMITS_GB[case]:g} GB", flush=True)
            (folder / file).unlink()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run_case(sys.argv[2])
    else:
        main(sys.argv[1:] or list(WRITERS))
