"""Rasters of people that cannot be used, and why."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
from pyproj import CRS, Transformer
from rasterio.transform import Affine
from support.instances.demand_files import NODATA, Many, write_many, write_raster

import hubplanner as hp
from hubplanner.audit import audit_run
from hubplanner.audit.data.places import cells
from hubplanner.errors import MissingExtraError
from hubplanner.inputs.readers import raster as rasters

if TYPE_CHECKING:
    from pathlib import Path

    from support.project import Project

GRID = Affine(0.1, 0, 67.0, 0, -0.1, 30.6)
UTM = Affine(2000, 0, 300_000, 0, -2000, 3_390_000)
PEOPLE = np.arange(1.0, 31.0).reshape(5, 6)


@pytest.fixture
def many(tmp_path: Path) -> Many:
    return write_many(tmp_path)


def raster(many: Many, people: Any = PEOPLE, grid: Affine = GRID, crs: str | None = "EPSG:4326", **options: Any) -> Any:
    """Write a raster and return the settings that name it."""
    write_raster(many.folder / "people.tif", people, grid, crs, **options)
    return {"demand": {"path": str(many.folder / "people.tif")}}


def faults_of(many: Many, settings: dict[str, Any]) -> list[str]:
    with pytest.raises(hp.DataError) as caught:
        hp.read_inputs(many.read(settings))
    return [str(fault) for fault in caught.value.faults]


def with_cells(**cells: float) -> Any:
    people = PEOPLE.copy()
    for place, value in cells.items():
        people[int(place[1]), int(place[2])] = value
    return people


def test_cells_below_nobody_are_named_with_their_row_and_column(many: Many, monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = "allowed: people of at least 0, or the raster's nodata value, which the key nodata may name"
    settings = raster(many, with_cells(c02=-1, c45=-2.5))
    assert faults_of(many, settings) == [
        f"people.tif, row 1, column 3: '-1' found; {allowed}",
        f"people.tif, row 5, column 6: '-2.5' found; {allowed}",
    ]
    settings = raster(many, with_cells(c12=np.inf), nodata=NODATA)
    assert faults_of(many, settings) == [f"people.tif, row 2, column 3: 'inf' found; {allowed}"]
    monkeypatch.setattr(rasters, "CELLS", 7)
    settings = raster(many, np.full((5, 6), NODATA))
    found = faults_of(many, settings)
    assert len(found) == 11
    assert found[-1] == "people.tif, demand.path: 20 more cells have the same fault as those above"


def test_nodata_nan_and_nobody_are_skipped(many: Many) -> None:
    people = with_cells(c00=NODATA, c01=np.nan, c02=0)
    inputs = hp.read_inputs(many.read(raster(many, people, nodata=NODATA)))
    assert inputs.n_points == 27
    assert inputs.demand.frame["people"].sum() == PEOPLE.sum() - 6
    assert inputs.demand.frame["need"].sum() == PEOPLE.sum() - 6


def test_a_raster_without_people_is_refused(many: Many) -> None:
    settings = raster(many, np.zeros((3, 3)))
    assert faults_of(many, settings) == ["people.tif, demand.path: has no cell with people in band 1"]


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_raster_that_lies_nowhere_is_refused(many: Many) -> None:
    assert faults_of(many, raster(many, crs=None))[0].startswith(
        "people.tif, crs: is missing; name it with the key crs"
    )
    settings = raster(many, grid=Affine.identity())
    assert faults_of(many, settings) == [
        (
            "people.tif, transform: a georeferenced raster: the place and size of its cells are missing; they must "
            "stand in the file itself, as files beside it are not read"
        )
    ]
    engineering = 'LOCAL_CS["site",UNIT["metre",1]]'
    assert "a known geographic or projected" in faults_of(many, raster(many, crs=engineering))[0]


def test_a_raster_off_the_globe_or_its_system_is_refused(many: Many) -> None:
    settings = raster(many, grid=Affine(0.1, 0, 267.0, 0, -0.1, 30.6))
    assert faults_of(many, settings)[0].startswith(
        "people.tif, geometry: '267.05, 30.55' found; allowed: lon from -180"
    )
    settings = raster(many, crs="EPSG:32642", grid=Affine(10, 0, 67.0, 0, -10, 80))
    assert "these look like degrees" in faults_of(many, settings)[0]
    settings = raster(many, crs="EPSG:32642", grid=Affine(1e12, 0, 0, 0, -1e12, 0))
    assert "coordinates within the range of WGS 84 / UTM zone 42N" in faults_of(many, settings)[0]


def test_planar_distances_want_metres_true_to_distance(many: Many) -> None:
    planar = {"travel": {"method": "planar"}}
    assert "a projected system in metres for planar travel" in faults_of(many, raster(many) | planar)[0]
    mercator = raster(many, crs="EPSG:3857", grid=Affine(2000, 0, 7.46e6, 0, -2000, 3.58e6))
    assert "a system true to distance here, such as EPSG:32642" in faults_of(many, mercator | planar)[0]
    assert hp.read_inputs(many.read(raster(many, crs="EPSG:32642", grid=UTM) | planar)).n_points == 30


def test_a_file_that_is_no_raster_is_refused(many: Many) -> None:
    settings = raster(many)
    path = many.folder / "people.tif"
    path.write_bytes(b"junk")
    assert faults_of(many, settings)[0].startswith("people.tif, demand.path: cannot be read as a raster: ")
    path.write_bytes(b"")
    assert faults_of(many, settings) == ["people.tif, demand.path: is empty"]
    path.unlink()
    held = "demand.csv, scenario.yaml, sites.csv"
    assert faults_of(many, settings)[0].endswith(
        f"people.tif, demand.path: cannot be read: No such file or directory; its folder holds {held}"
    )


def test_a_raster_that_breaks_off_is_refused(many: Many) -> None:
    settings = raster(
        many,
        np.random.default_rng(0).random((200, 200)),
        compress="deflate",
        grid=Affine(0.003, 0, 67, 0, -0.003, 30.6),
    )
    path = many.folder / "people.tif"
    path.write_bytes(path.read_bytes()[:100_000])
    assert faults_of(many, settings)[0].startswith("people.tif, demand.path: cannot be read as a raster: ")


def test_without_the_optional_part_rasters_say_how_to_get_it(many: Many, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = raster(many)
    monkeypatch.setitem(sys.modules, "rasterio", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'hubplanner\[raster\]'"):
        hp.read_inputs(many.read(settings))


@pytest.mark.parametrize(
    ("dtype", "nodata"), [("float32", -3.4028e38), ("float64", -9999.9), ("int16", -9999), ("uint16", 65535)]
)
def test_a_nodata_value_that_the_file_does_not_declare_is_named(many: Many, dtype: str, nodata: float) -> None:
    people = with_cells(c12=nodata, c33=0).astype(dtype)
    settings = raster(many, people)
    settings["demand"] |= {"nodata": nodata}
    inputs = hp.read_inputs(many.read(settings))
    living = PEOPLE.sum() - PEOPLE[1, 2] - PEOPLE[3, 3]
    assert inputs.demand.frame["people"].sum() == pytest.approx(living, rel=1e-12)
    places, held, _ = cells(many.folder / "people.tif", None, nodata)
    assert held.sum() == living
    assert len(places) == PEOPLE.size - 2
    if nodata < 0:
        settings["demand"] |= {"nodata": None}
        assert "which the key nodata may name" in faults_of(many, settings)[0]


def test_only_a_raster_has_a_nodata_value(project: Project) -> None:
    told = "demand.nodata: -9999.0 found; allowed: only for a raster; rows of a table are left out with where"
    assert project.refusal({"demand.nodata": -9999.0})[0].endswith(told)
    by = {"path": "demand.csv", "x": "lon", "y": "lat", "nodata": -1.0}
    assert any("demand.spread_by.nodata: -1.0 found" in each for each in project.refusal({"demand.spread_by": by}))


@pytest.mark.parametrize(
    ("crs", "grid"),
    [
        ("EPSG:4326", GRID),
        ("EPSG:4326", Affine(0.1, 0, 179.75, 0, -0.1, 0.25)),  # the date line and the equator
        ("EPSG:4326", Affine(0.1, 0.02, 67.0, 0.01, -0.1, 60.6)),
        ("EPSG:4267", GRID),
        ("EPSG:32642", UTM),
        ("EPSG:2264", Affine(3280, 0, 2e6, 0, -3280, 6e5)),  # feet
        ("EPSG:3857", Affine(1000, 0, 7e6, 0, -1000, 3.5e6)),
        ("ESRI:54009", Affine(250, 0, 3e6, 0, -250, -4e5)),
    ],
)
def test_cells_are_as_large_as_geodesics_make_them(tmp_path: Path, crs: str, grid: Affine) -> None:
    write_raster(tmp_path / "people.tif", np.ones((5, 6)), grid, crs)
    places, area, system = cells(tmp_path / "people.tif", None, per_km2=True)
    ours = rasters.cell_km2(CRS(crs), grid, places)
    assert ours == pytest.approx(area, rel=1e-7)
    globe, own = CRS(crs).get_geod(), Transformer.from_crs(system, CRS(crs).geodetic_crs, always_xy=True)
    edge = np.linspace(-0.5, 0.5, 9)[:-1]
    across = np.concatenate([edge, 0.5 + 0 * edge, -edge, -0.5 + 0 * edge])
    down = np.roll(across, 8)
    for (x, y), found in zip(places, ours, strict=True):
        sides = own.transform(x + grid.a * across + grid.b * down, y + grid.d * across + grid.e * down)
        assert globe is not None
        assert found == pytest.approx(abs(globe.polygon_area_perimeter(*sides)[0]) / 1e6, rel=1e-7)


@pytest.mark.parametrize(("crs", "grid"), [("EPSG:4326", GRID), ("EPSG:32642", UTM)])
def test_people_per_km2_are_as_many_as_the_size_of_cells_makes_them(many: Many, crs: str, grid: Affine) -> None:
    settings = raster(many, PEOPLE, grid, crs)
    _, people, _ = cells(many.folder / "people.tif", None, per_km2=True)
    (many.folder / "people.tif").rename(many.folder / "pd.tif")
    settings["demand"] |= {"path": str(many.folder / "pd.tif")}
    assert [warning.code for warning in hp.read_inputs(many.read(settings)).warnings] == ["density_raster"]
    settings["demand"] |= {"cells": "density"}
    plan = hp.solve(many.read(settings))
    assert plan.inputs.warnings == ()
    assert plan.summary()["people"]["total"] == pytest.approx(people.sum(), rel=1e-7)
    assert audit_run(plan.write(many.folder / "run")).verdict == "pass"


def test_bands_that_are_not_read_are_told(many: Many) -> None:
    settings = raster(many)
    with rasterio.open(many.folder / "people.tif") as file:
        cells_of, profile = file.read(1), file.profile | {"count": 2}
    with rasterio.open(many.folder / "people.tif", "w", **profile) as file:
        file.write(cells_of, 1)
        file.write(cells_of * 3, 2)
    [warning] = hp.read_inputs(many.read(settings)).warnings
    assert (warning.code, warning.file) == ("raster_bands", "people.tif")
    assert warning.message.startswith("has 2 bands, and people are read from band 1 alone")
    assert hp.read_inputs(many.read(settings | {"checks": {"raster_bands": "off"}})).warnings == ()


def test_only_a_raster_has_people_per_km2(project: Project) -> None:
    told = "demand.cells: density found; allowed: only for a raster; a table has people by row"
    assert project.refusal({"demand.cells": "density"})[0].replace("'", "").endswith(told)
    by = {"path": "demand.csv", "x": "lon", "y": "lat", "cells": "density"}
    assert any("demand.spread_by.cells" in each for each in project.refusal({"demand.spread_by": by}))


def test_a_plan_over_a_raster_with_a_named_nodata_value_is_audited(many: Many) -> None:
    settings = raster(many, with_cells(c12=-9999, c44=-9999))
    settings["demand"] |= {"nodata": -9999}
    plan = hp.solve(many.read(settings))
    assert plan.summary()["people"]["total"] == pytest.approx(PEOPLE.sum() - PEOPLE[1, 2] - PEOPLE[4, 4], rel=1e-12)
    assert audit_run(plan.write(many.folder / "run")).verdict == "pass"


@pytest.mark.parametrize(
    ("name", "unit", "is_density"),
    [
        ("people.tif", "", False),
        ("nga_ppp_2020_1km_Aggregated.tif", "people per cell", False),
        ("gpw_v4_population_density_2020.tif", "", True),
        ("nga_pd_2020_1km.tif", "", True),
        ("people.tif", "people / km2", True),
        ("people.tif", "persons per square kilometre", True),
        ("updates.tif", "people per sq km", True),
    ],
)
def test_a_raster_that_says_people_per_area_is_doubted(many: Many, name: str, unit: str, *, is_density: bool) -> None:
    settings = raster(many)
    with rasterio.open(many.folder / "people.tif", "r+") as file:
        file.units = [unit]
    (many.folder / "people.tif").rename(many.folder / name)
    settings["demand"] |= {"path": str(many.folder / name)}
    told = [each for each in hp.read_inputs(many.read(settings)).warnings if each.code == "density_raster"]
    assert [each.file for each in told] == [name] * is_density
    for each in told:
        assert "says people per area, but each cell is read as a count of people" in each.message
    off = settings | {"checks": {"density_raster": "off"}}
    assert not [each for each in hp.read_inputs(many.read(off)).warnings if each.code == "density_raster"]
