"""Rasters of travel times: what is read of each, where places stand on them, and what is said of others."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.ways import again, in_minutes, table

from hubplanner import extras
from hubplanner.audit.data.friction import FrictionWays
from hubplanner.errors import MissingExtraError
from hubplanner.inputs.readers import raster as raster_reader
from hubplanner.scenario.travel_spec import FrictionSpec

rasterio = pytest.importorskip("rasterio")

if TYPE_CHECKING:
    from support.project import Project

SHARED = Path(os.environ.get("HUBPLANNER_SHARED", Path(__file__).resolve().parents[3] / "shared" / "data"))
DEMO = SHARED / "roads" / "accessmod_demo.zip"
CELL = 0.1
WEST, NORTH = 66.47, 31.53
MINUTES = in_minutes(60, 300)


def origin(west: float, north: float, cell: float) -> Any:
    """Return where the cells of a raster lie."""
    return rasterio.Affine(cell, 0, west, 0, -cell, north)


def land() -> np.ndarray[Any, Any]:
    """Return speeds in km/h over 20 x 20 cells of a tenth of a degree."""
    kmh = np.random.default_rng(5).choice([4.0, 5.0, 30.0, 60.0], (20, 20))
    kmh[:, 10] = 0
    kmh[4, 10] = 5
    return kmh


def write(project: Project, values: np.ndarray[Any, Any], name: str = "land.tif", **more: Any) -> None:
    """Write a raster."""
    bands = values if values.ndim == 3 else values[None]
    profile = {"driver": "GTiff", "dtype": bands.dtype, "crs": "EPSG:4326", "count": len(bands)}
    profile |= {"height": bands.shape[1], "width": bands.shape[2]}
    profile |= {"transform": origin(WEST, NORTH, CELL)} | more
    with rasterio.open(project.folder / name, "w", **profile) as file:
        file.write(bands)


def over(project: Project, name: str = "land.tif", unit: str = "km_per_hour", **more: Any) -> dict[str, Any]:
    """Return the settings of a scenario on a raster."""
    raster = {"path": str(project.folder / name), "unit": unit}
    raster |= {key: more.pop(key) for key in ("band", "crs") if key in more}
    return {**MINUTES, "travel": {"method": "friction", "raster": raster, **more}}


@pytest.mark.parametrize("moves", [8, 16])
def test_the_audit_measures_the_same_minutes(project: Project, moves: int) -> None:
    write(project, land())
    settings = over(project, moves=moves)
    found = table(project, settings)
    np.testing.assert_allclose(found, again(project, settings), rtol=1e-9)
    assert np.isfinite(found).any()
    assert np.isinf(found).any()
    assert project.inputs(settings).unit == "minutes"


def test_minutes_speeds_bands_and_scales_say_the_same(project: Project) -> None:
    kmh = land()
    write(project, kmh)
    pace = np.divide(0.06, kmh, out=np.full(kmh.shape, np.inf), where=kmh > 0)
    write(project, pace, "pace.tif")
    write(project, np.stack([kmh * 0, np.where(kmh > 0, kmh, -9)]), "bands.tif", nodata=-9)
    write(project, np.flipud(kmh), "south.tif", transform=rasterio.Affine(CELL, 0, WEST, 0, CELL, NORTH - 20 * CELL))
    write(project, kmh, "round.tif", transform=origin(WEST + 360, NORTH, CELL))
    write(project, (kmh * 2).astype(np.int16), "half.tif")
    with rasterio.open(project.folder / "half.tif", "r+") as file:
        file.scales = (0.5,)
    found = table(project, over(project))
    for settings in (
        over(project, "pace.tif", "minutes_per_metre"),
        over(project, "bands.tif", band=2),
        over(project, "south.tif"),
        over(project, "round.tif"),
        over(project, "half.tif"),
    ):
        np.testing.assert_allclose(table(project, settings), found, rtol=1e-9)
        np.testing.assert_allclose(again(project, settings), found, rtol=1e-9)


def test_a_raster_in_metres_is_met_by_places_in_degrees(project: Project) -> None:
    metres = {"crs": "EPSG:32642", "transform": origin(2.5e5, 3.46e6, 5000)}
    write(project, np.full((40, 60), 30.0), **metres)
    settings = over(project)
    found = table(project, settings)
    np.testing.assert_allclose(found, again(project, settings), rtol=1e-9)
    assert np.isfinite(found).sum() > 5
    same_cell = project.inputs(settings).demand.points[:1]
    assert len(same_cell) == 1


def test_places_on_barriers_are_moved_and_named(project: Project) -> None:
    kmh = np.full((20, 20), 6.0)
    kmh[15, 5] = 0  # D1 at 67.0, 30.0 and S1
    kmh[2:8, 13:18] = 0  # D3, D4 and S2 at 68.0, 31.0
    write(project, kmh)
    settings = over(project, access_max_km=15.0)
    inputs = project.inputs(settings)
    told = [str(warning) for warning in inputs.warnings]
    assert any("on barriers of land.tif, or beside it: 1 demand point (D1) with 1,000" in line for line in told)
    assert any("2 demand points (D3, D4) with 2,800 people; nobody reaches a hub from there" in line for line in told)
    assert any("1 site (S2); nobody reaches a hub there" in line for line in told)
    assert inputs.searched is not None
    assert inputs.searched.facts["people_beyond_access"] == 2800
    assert inputs.searched.facts["sites_beyond_access"] == ["S2"]
    assert inputs.searched.facts["people_moved"] == 1000
    found = table(project, settings)
    np.testing.assert_allclose(found, again(project, settings), rtol=1e-9)
    assert np.isinf(found[2:]).all()
    assert np.isfinite(found[0]).any()


def test_parts_that_no_site_is_on_are_told(project: Project) -> None:
    kmh = np.full((20, 20), 6.0)
    kmh[:, 12] = 0
    write(project, kmh)
    sites = (project.folder / "sites.csv").read_text(encoding="utf-8").splitlines()
    project.write("sites.csv", "\n".join(line for line in sites if not line.startswith("S2")) + "\n")
    inputs = project.inputs(over(project))
    told = [str(warning) for warning in inputs.warnings]
    assert any("barriers part from every site: 2 demand points (D3, D4) with 2,800 people" in line for line in told)


def test_a_raster_that_is_mostly_misread_is_doubted(project: Project) -> None:
    write(project, np.full((20, 20), 5.0))
    told = [str(warning) for warning in project.inputs(over(project, unit="minutes_per_metre")).warnings]
    assert any("quickest cell is crossed at 0.012 km/h; is travel.raster.unit km_per_hour?" in line for line in told)


ONES = np.ones((20, 20))
AWAY = origin(10, 50, CELL)
FAULTS: list[tuple[np.ndarray[Any, Any], dict[str, Any], dict[str, Any], str]] = [
    (
        ONES * 20,
        {},
        {"unit": "minutes_per_metre"},
        "from 6e-05 to 10, or 0 for a barrier; is travel.raster.unit km_per_hour?; 400",
    ),
    (ONES * 0.003, {}, {}, "km/h from 0.006 to 1000, or 0 for a barrier; is travel.raster.unit minutes_per_metre?"),
    (-ONES, {}, {}, "row 1, column 1: '-1' found; allowed: km/h of at least 0, or the raster's nodata value"),
    (ONES * 0, {}, {}, "has no cell that anyone can cross"),
    (ONES, {}, {"band": 2}, "travel.raster.band: '2' found; allowed: 1, the file's only band"),
    (ONES.astype(np.complex64), {}, {}, "'complex64' found; allowed: a band of numbers"),
    (ONES, {"crs": None}, {}, "crs: is missing; name it with the key crs"),
    (ONES, {"crs": "EPSG:32642"}, {"crs": "EPSG:4326"}, "leave the key crs out"),
    (
        ONES,
        {"transform": AWAY},
        {},
        "no demand point lies within travel.access_max_km, 5 km, of a cell",
    ),
    (ONES, {"transform": origin(66, 95, CELL)}, {}, "rows between 90 S and 90 N"),
    (ONES, {"transform": rasterio.Affine(0.1, 0.01, 66, 0.01, -0.1, 31)}, {}, "rows that run from west to east"),
    (
        ONES,
        {"crs": "EPSG:3857", "transform": origin(7.4e6, 3.7e6, 2e4)},
        {},
        "a system true to distance where people live; a metre of this one is up to 1",
    ),
]


@pytest.mark.parametrize(("values", "profile", "settings", "said"), FAULTS)
def test_rasters_that_do_not_do_are_told(
    project: Project, values: np.ndarray[Any, Any], profile: dict[str, Any], settings: dict[str, Any], said: str
) -> None:
    write(project, values, **profile)
    messages = project.messages(over(project, **settings))
    assert any(said in message for message in messages), messages


@pytest.mark.parametrize("name", ["none.tif", "land.csv", "text.tif"])
def test_files_that_hold_no_raster_are_told(project: Project, name: str) -> None:
    if name == "text.tif":
        project.write(name, "no raster")
    assert any(name in message for message in project.messages(over(project, name)))


def test_without_rasterio_the_part_to_install_is_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    write(project, ONES)

    def missing() -> None:
        raise extras.absent(extra="raster", needs="GeoTIFF rasters need")

    monkeypatch.setattr("hubplanner.inputs.travel.friction.require_rasterio", missing)
    assert raster_reader.require_rasterio() is rasterio
    with pytest.raises(MissingExtraError, match=r"hubplanner\[raster\]"):
        project.inputs(over(project))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"demand.merge": True}, "great_circle or planar with demand.merge"),
        (
            {"hubs.1.reach_minutes": None, "hubs.1.reach_km": 5},
            "reach_minutes with method friction, whose raster",
        ),
        ({"travel.speed_kmh": 30.0}, "none with methods friction and terrain"),
        ({"travel.detour": 1.3}, "1 with methods friction and terrain"),
        ({"travel.moves": 4}, "travel.moves: 4 found"),
        ({"travel.max_minutes": 200}, "at least the largest reach, 300 minutes"),
        ({"model.objective": "p_center", "model.max_hubs": 2}, "is required for p_center, which looks beyond reach"),
        ({"coverage.decay": "linear"}, "a method with kilometres, such as network, since decay is in km"),
    ],
)
def test_what_does_not_go_with_a_raster_is_refused(project: Project, settings: dict[str, Any], said: str) -> None:
    write(project, ONES)
    base = over(project)
    base["travel"] |= {
        key.removeprefix("travel."): value for key, value in settings.items() if key.startswith("travel.")
    }
    own = {key: value for key, value in settings.items() if not key.startswith("travel.")}
    messages = project.refusal({**base, **own})
    assert any(said in message for message in messages), messages


def test_accessmods_raster_is_searched_alike_by_the_audit(project: Project) -> None:
    """Its published minutes are of ways with slopes, so what is compared here is two searches over its land cover."""
    if not DEMO.exists():
        pytest.skip(f"{DEMO} is absent: set HUBPLANNER_SHARED to the folder that holds roads/")
    inner = "demo/analysis/land_cover_merged__demo/land_cover_merged__demo.GeoTIFF"
    project.write("classes.tif", zipfile.ZipFile(DEMO).read(inner))
    with rasterio.open(project.folder / "classes.tif") as file:
        classes, known, profile = file.read(1), file.read_masks(1) > 0, file.profile
    kmh = np.where(known, 2.0 + classes % 7 * 3.0, 0.0)[150:260, 150:300].astype(np.float32)
    own = profile["transform"]
    corner = origin(own.c + 150 * own.a, own.f + 150 * own.e, own.a)
    write(project, kmh, crs=profile["crs"], transform=corner)
    from hubplanner.inputs.travel.friction import read_raster  # noqa: PLC0415

    spec = FrictionSpec.model_validate(over(project)["travel"])
    raster = read_raster(spec.raster, 8, faults := [])
    assert raster is not None, faults
    draw = np.random.default_rng(2)
    places = raster.middles(draw.integers(0, 110, 60), draw.integers(0, 150, 60))
    from hubplanner.problem.travel.friction import Friction  # noqa: PLC0415

    spots = raster.spots(places, 5.0)
    sites = spots.some(np.arange(2))
    travel = Friction(grid=raster.grid, points=spots, sites=sites, most=40.0, site_places=places[:2])
    ways = FrictionWays(spec, places, places[:2], most=40.0)
    for site in range(2):
        np.testing.assert_allclose(travel.from_site(site), ways.to_site(site), rtol=1e-9)
    assert np.isfinite(travel.from_site(0)).sum() > 5
