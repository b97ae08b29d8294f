"""Land cover and heights: what is read of both, AccessMod's published result, and what is said of others."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from inputs.test_friction_rasters import CELL, MINUTES, origin, write
from support.claims import claimed
from support.instances.audited_runs import findings_of
from support.ways import again, table

import hubplanner as hp
from hubplanner.inputs.inputs import told_facts
from hubplanner.inputs.travel.friction import read_terrain
from hubplanner.scenario.travel_spec import TerrainSpec

rasterio = pytest.importorskip("rasterio")
pytest.importorskip("numba")

if TYPE_CHECKING:
    from support.project import Project

SHARED = Path(os.environ.get("HUBPLANNER_SHARED", Path(__file__).resolve().parents[3] / "shared" / "data"))
DEMO = SHARED / "roads" / "accessmod_demo.zip"
SPEEDS = [
    {"class": [1, 2], "kmh": 4.0},
    {"class": 3, "kmh": 12.0, "mode": "bicycle"},
    {"class": 4, "kmh": 60.0, "mode": "motor"},
    {"class": 9, "kmh": 0.0},
]
DEMO_SPEEDS = [
    {"class": [1, 3], "kmh": 2},
    {"class": 2, "kmh": 15, "mode": "bicycle"},
    {"class": 4, "kmh": 3},
    {"class": [5, 6], "kmh": 4},
    {"class": [1001, 1002], "kmh": 80, "mode": "motor"},
    {"class": 1003, "kmh": 60, "mode": "motor"},
    {"class": 1004, "kmh": 12, "mode": "bicycle"},
    {"class": 1005, "kmh": 10, "mode": "bicycle"},
]
"""The speed table of AccessMod's demo."""


def cover() -> np.ndarray[Any, Any]:
    """Return classes over 20 x 20 cells of a tenth of a degree, parted by a river that has a bridge."""
    classes = np.random.default_rng(5).choice([1, 2, 3, 4, 4], (20, 20)).astype(np.uint8)
    classes[:, 10] = 9
    classes[4, 10] = 4
    return classes


def heights(step: float = CELL, size: int = 20) -> np.ndarray[Any, Any]:
    """Return smooth heights of cells of some degrees."""
    down, right = np.mgrid[0:size, 0:size] * step
    return (900 * np.sin(2 * down) * np.cos(3 * right) + 1000).astype(np.float32)


def over(project: Project, **more: Any) -> dict[str, Any]:
    """Return the settings of a scenario on land cover and heights."""
    files = {
        key: {"path": str(project.folder / name)} for key, name in (("land_cover", "land.tif"), ("dem", "dem.tif"))
    }
    return {**MINUTES, "travel": {"method": "terrain", **files, "speeds": SPEEDS, **more}}


@pytest.mark.parametrize("more", [{}, {"direction": "from_hub"}, {"moves": 8}, {"corners": "open"}])
def test_the_audit_measures_the_same_minutes(project: Project, more: dict[str, Any]) -> None:
    write(project, cover())
    write(project, heights(), "dem.tif")
    settings = over(project, **more)
    found = table(project, settings)
    np.testing.assert_allclose(found, again(project, settings), rtol=1e-9)
    assert np.isfinite(found).any()
    assert np.isinf(found).any()


def test_uphill_takes_longer_and_both_directions_differ(project: Project) -> None:
    write(project, np.full((20, 20), 4, np.uint8))
    write(project, heights(), "dem.tif")
    flat = table(project, over(project))
    write(project, np.full((20, 20), 1, np.uint8))
    there, back = (table(project, over(project, direction=way, max_minutes=3e4)) for way in ("to_hub", "from_hub"))
    both = np.isfinite(there) & np.isfinite(back) & (there > 0)
    assert both.sum() > 10
    assert not np.allclose(there[both], back[both], rtol=1e-3)
    write(project, np.zeros((20, 20), np.float32), "dem.tif")
    level = table(project, over(project, max_minutes=3e4))
    near = np.isfinite(flat) & (flat > 0)
    np.testing.assert_allclose(level[near], flat[near] * 60 / 4, rtol=1e-6)


def test_heights_on_other_cells_are_interpolated(project: Project) -> None:
    write(project, cover())
    write(project, heights(CELL / 2, 44), "dem.tif", transform=origin(66.37, 31.63, CELL / 2))
    settings = over(project)
    found = table(project, settings)
    np.testing.assert_allclose(found, again(project, settings), rtol=1e-6)
    assert np.isfinite(found).any()


def test_cells_without_heights_are_barriers(project: Project) -> None:
    write(project, np.full((20, 20), 4, np.uint8))
    known = heights()
    known[:, 8:] = -9999
    write(project, known, "dem.tif", nodata=-9999)
    inputs = project.inputs(over(project))
    assert any(
        "from any open cell of land.tif: 2 demand points (D3, D4)" in str(warning) for warning in inputs.warnings
    )
    assert inputs.searched is not None
    assert inputs.searched.facts["open_share"] == 0.4


@pytest.mark.parametrize(
    ("classes", "dem", "settings", "said"),
    [
        (
            np.full((20, 20), 7, np.uint8),
            {},
            {},
            "'7 in 400 cells' found; allowed: a class with a speed: add {class: 7",
        ),
        (
            cover(),
            {"transform": origin(10, 50, CELL)},
            {},
            "dem.tif, travel.dem.path: heights where land.tif has cells that",
        ),
        (cover(), {"crs": None}, {}, "dem.tif, crs: is missing; name it with the key crs"),
        (cover().astype(np.complex64), {}, {}, "'complex64' found; allowed: a band of numbers"),
        (
            cover(),
            {},
            {"land_cover": {"path": "land.tif", "band": 3}},
            "travel.land_cover.band: '3' found; allowed: 1,",
        ),
        (cover(), {}, {"dem": {"path": "none.tif"}}, "none.tif"),
    ],
)
def test_rasters_that_do_not_do_are_told(
    project: Project, classes: np.ndarray[Any, Any], dem: dict[str, Any], settings: dict[str, Any], said: str
) -> None:
    write(project, classes)
    write(project, heights(), "dem.tif", **dem)
    base = over(project, **settings)
    messages = project.messages(base)
    assert any(said in message for message in messages), messages


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"speeds": [*SPEEDS, {"class": 3, "kmh": 5}]}, "each class once; 3 is given twice"),
        ({"speeds": [{"class": 3, "kmh": 0}]}, "a class that anyone can cross; all have 0 km/h"),
        ({"speeds": [{"class": 3, "kmh": 5, "mode": "camel"}]}, "travel.speeds.0.mode: 'camel' found"),
        ({"direction": "both"}, "travel.direction: 'both' found"),
        ({"max_minutes": 10}, "at least the largest reach, 300 minutes"),
        ({"speed_kmh": 30.0}, "none with methods friction and terrain"),
    ],
)
def test_what_does_not_go_with_terrain_is_refused(project: Project, settings: dict[str, Any], said: str) -> None:
    messages = project.refusal(over(project, **settings))
    assert any(said in message for message in messages), messages


def test_accessmods_published_raster_is_found_again(project: Project) -> None:
    """Two hours to six facilities, two of which stand on barriers, over its merged land cover and heights of 2015."""
    if not DEMO.exists():
        pytest.skip(f"{DEMO} is absent: set HUBPLANNER_SHARED to the folder that holds roads/")
    inner = {
        "land.tif": "analysis/land_cover_merged__demo/land_cover_merged__demo.GeoTIFF",
        "dem.tif": "base/DEM/dem__dem.GeoTIFF",
        "published.tif": "analysis/cumulative_cost__demo/cumulative_cost__demo.GeoTIFF",
    }
    demo = zipfile.ZipFile(DEMO)
    for name, path in inner.items():
        project.write(name, demo.read(f"demo/{path}"))
    settings = over(project, speeds=DEMO_SPEEDS, corners="open")["travel"]
    ground = read_terrain(TerrainSpec.model_validate(settings), faults := [])
    assert ground is not None, faults
    facilities = np.array(
        [
            *([594026.128, 4918974.135], [604744.358, 4915521.149], [604125.615, 4921010.0]),
            *([606301.196, 4926339.176], [593507.182, 4925540.797], [591870.507, 4926758.324]),
        ]
    )
    row = ((facilities[:, 1] - ground.corner[1]) / ground.step[1]).astype(int)
    column = ((facilities[:, 0] - ground.corner[0]) / ground.step[0]).astype(int)
    is_open = ground.grid.values[row, column] > 0
    assert is_open.tolist() == [False, True, True, False, True, True]
    found = np.full(ground.grid.values.shape, np.inf)
    for at in np.flatnonzero(is_open).tolist():
        top, left, near = ground.grid.minutes_from(int(row[at]), int(column[at]), 120.0)
        part = found[top : top + near.shape[0], left : left + near.shape[1]]
        np.minimum(part, near, out=part)
    with rasterio.open(project.folder / "published.tif") as file:
        published = file.read(1) / 60
    ours, theirs = np.isfinite(found), np.isfinite(published)
    assert theirs.sum() == 253_624
    _, cells, minutes = claimed("accessmod")
    assert (ours != theirs).sum() < cells / 100 * theirs.sum()
    assert cells <= 0.3
    both = ours & theirs & (published > 1)
    assert (found[both] / published[both]).mean() == pytest.approx(1, abs=minutes / 100)
    assert abs(np.median(found[both] - published[both])) < 0.15


def drawn(project: Project, lines: dict[str, list[Any]], shapes: list[Any], name: str) -> str:
    """Write lines or areas to a file and return its name."""
    gpd.GeoDataFrame(lines, geometry=shapes, crs="EPSG:4326").to_crs("EPSG:32642").to_file(project.folder / name)
    return str(project.folder / name)


def ways(count: int, seed: int) -> list[Any]:
    """Return crooked lines across the raster."""
    draw = np.random.default_rng(seed)
    return [shapely.LineString(draw.uniform([66.3, 29.7], [68.5, 31.7], (4, 2))) for _ in range(count)]


@pytest.mark.parametrize("seed", range(4))
def test_drawn_roads_and_barriers_are_what_the_audit_draws(project: Project, seed: int) -> None:
    write(project, cover())
    write(project, heights(), "dem.tif")
    bare = table(project, over(project))
    lake = shapely.Point(67.6, 30.6).buffer(0.25).difference(shapely.Point(67.6, 30.6).buffer(0.12))
    classes = {"highway": ["primary", "track", "path", "motorway", "footway", "tertiary"]}
    settings = over(
        project,
        barriers=drawn(project, {"name": ["river", "river", "lake"]}, [*ways(2, seed), lake], "water.gpkg"),
        roads={"path": drawn(project, classes, ways(6, seed + 9), "roads.gpkg"), "snap_m": 0},
        modes=[{"name": "motorcycle"}, {"name": "bicycle"}, {"name": "walk", "kmh": 5}],
    )
    found = table(project, settings)
    np.testing.assert_allclose(found, again(project, settings), rtol=1e-9)
    assert not np.array_equal(found, bare)
    inputs = project.inputs(settings)
    assert inputs.searched is not None
    facts = inputs.searched.facts
    words = told_facts(facts)
    assert f"{facts['road_cells']} cells quicker, and {facts['barrier_cells']} cells are drawn barriers" in " ".join(
        words
    )
    assert any(told.startswith("Speeds of motorcycle by class") for told in words)
    assert facts["road_cells"] > 40
    assert facts["barrier_cells"] > 30
    assert facts["speeds_used"]["motorcycle"]["path"] == 10


def test_a_river_parts_and_a_bridge_joins(project: Project) -> None:
    write(project, np.full((20, 20), 1, np.uint8))
    write(project, np.zeros((20, 20), np.float32), "dem.tif")
    river = drawn(project, {}, [shapely.LineString([(67.37, 29), (67.41, 33)])], "river.gpkg")
    settings = over(project, barriers=river, corners="open", max_minutes=1e5, access_max_km=200)
    far = table(project, over(project, corners="open", max_minutes=1e5))
    shut = table(project, settings)
    assert np.isinf(shut).sum() > np.isinf(far).sum()
    bridge = {"path": drawn(project, {"highway": ["road"]}, [shapely.LineString([(66.4, 30), (68.3, 31.2)])], "b.gpkg")}
    joined = table(project, settings | {"travel": settings["travel"] | {"roads": bridge}})
    assert np.isinf(joined).sum() == np.isinf(far).sum()
    assert (joined[np.isfinite(far)] > 0).any()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"modes": [{"name": "walk"}]}, "travel.modes: 'walk' found; allowed: none without travel.roads"),
        (
            {"roads": {"path": "far.gpkg"}},
            "far.gpkg, travel.roads.path: has no road on land.tif: is it",
        ),
        ({"barriers": "far.gpkg"}, "lies beside the land cover: is it the right file?"),
        (
            {"roads": {"path": "foot.gpkg"}},
            "foot.gpkg, travel.roads.path: no road is open to car",
        ),
        ({"roads": {"path": "none.gpkg"}}, "none.gpkg, travel.roads.path: cannot be read"),
        ({"roads": {"path": "foot.gpkg", "minutes": "a", "speed_kmh": "b"}}, "none beside speed_kmh"),
    ],
)
def test_files_that_cannot_be_drawn_are_told(project: Project, settings: dict[str, Any], said: str) -> None:
    write(project, cover())
    write(project, heights(), "dem.tif")
    drawn(project, {"highway": ["primary"]}, [shapely.LineString([(10, 50), (10.1, 50)])], "far.gpkg")
    drawn(project, {"highway": ["footway"]}, ways(1, 0), "foot.gpkg")
    asked = over(project, **settings)
    messages = project.refusal(asked) if "none " in said else project.messages(asked)
    assert any(said in message for message in messages), messages


def test_a_plan_over_drawn_roads_is_audited(project: Project, tmp_path: Path) -> None:
    write(project, cover())
    write(project, heights(), "dem.tif")
    settings = over(
        project,
        barriers={"path": drawn(project, {}, ways(2, 1), "water.gpkg")},
        roads={"path": drawn(project, {"fclass": ["primary"] * 5}, ways(5, 3), "roads.gpkg"), "class": "fclass"},
    )
    run = hp.solve(project.read(settings)).write(tmp_path / "run")
    assert findings_of(run) == []
    file = run / "scenario.yaml"
    text = file.read_text(encoding="utf-8")
    assert "water.gpkg" in text
    file.write_text(text.replace("speed_factor: 1.0", "speed_factor: 0.2"), encoding="utf-8")
    assert findings_of(run)
