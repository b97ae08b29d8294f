"""What planners have, uploaded: spreadsheets, rasters, Shapefiles, layers; what is kept, told and drawn of each."""

from __future__ import annotations

import gzip
import math
import zipfile
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, expect
from rasterio.transform import Affine
from shapely import box
from shapely.geometry import shape
from support.browser import chromium as shared, server as serving
from support.browser.visit import visiting
from support.instances.demand_files import write_raster

from hubplanner.web.uploads import inspect
from hubplanner.web.uploads.inspect import look_at

if TYPE_CHECKING:
    from pathlib import Path

    from support.browser.server import Serving

app, browser = serving.app, shared.plain_browser
TOWNS = pd.DataFrame(
    {
        "town_id": [f"T{at}" for at in range(6)],
        "lon": [67 + at / 20 for at in range(6)],
        "lat": [30 + at / 30 for at in range(6)],
        "population": [500 + 37 * at for at in range(6)],
    }
)
SCHOOLS = TOWNS.drop(columns="population").rename(columns={"town_id": "school_id"})
PLACES = gpd.GeoDataFrame(
    TOWNS.drop(columns=["lon", "lat"]), geometry=gpd.points_from_xy(TOWNS["lon"], TOWNS["lat"]), crs="EPSG:4326"
)
WHOLE = int(TOWNS["population"].sum())


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same towns in many formats, and a raster of people."""
    folder = tmp_path_factory.mktemp("brought")
    with pd.ExcelWriter(folder / "towns.xlsx") as book:
        pd.DataFrame({"note": ["made by hand"]}).to_excel(book, sheet_name="Read me", index=False)
        TOWNS.to_excel(book, sheet_name="Towns", index=False)
        SCHOOLS.to_excel(book, sheet_name="Schools", index=False)
    for name in ("towns.fgb", "towns.gpkg", "towns.shp", "towns.kml"):
        PLACES.to_file(
            folder / name, driver={"fgb": "FlatGeobuf", "gpkg": "GPKG", "kml": "KML"}.get(name[-4:].strip("."))
        )
    PLACES.to_parquet(folder / "towns.parquet")
    with zipfile.ZipFile(folder / "towns.zip", "w") as archive:
        for path in sorted(folder.glob("towns.*")):
            if path.suffix in {".shp", ".shx", ".dbf", ".prj", ".cpg"}:
                archive.write(path, path.name)
    people = np.zeros((60, 90))
    people[5:50, 10:80] = np.arange(45 * 70).reshape(45, 70) % 17
    write_raster(folder / "people.tif", people, Affine(0.01, 0, 67, 0, -0.01, 31), "EPSG:4326")
    return folder


@pytest.mark.parametrize("name", ["towns.fgb", "towns.gpkg", "towns.zip", "towns.kml", "towns.parquet"])
def test_layers_are_kept_as_plain_text_and_drawn(files: Path, tmp_path: Path, name: str) -> None:
    for kind in ("demand", "any"):
        look = look_at(files / name, kind, tmp_path / kind, 1000)
        assert not look.faults
        [(_, kept)] = look.kept
        assert kept.suffix == ".geojson"
        assert gpd.read_file(kept)["population"].astype(int).sum() == WHOLE
        [drawn] = look.looks
        assert (drawn["kind"], drawn["count"], drawn["people"]) == ("points", 6, WHOLE)
        assert sorted(shape(row["geometry"]).x for row in drawn["features"]) == pytest.approx(TOWNS["lon"].tolist())


def test_a_sheet_is_chosen(files: Path, tmp_path: Path) -> None:
    look = look_at(files / "towns.xlsx", "demand", tmp_path / "a", 1000, "Towns")
    assert not look.faults
    assert look.parts[-2:] == ["Towns", "Schools"]
    assert look.reading == {"sheet": "Towns"}
    assert (look.guess["id"], look.guess["people"]) == ("town_id", "population")
    other = look_at(files / "towns.xlsx", "sites", tmp_path / "b", 1000, "Schools")
    assert (other.part, other.columns) == ("Schools", ["school_id", "lon", "lat"])
    none = look_at(files / "towns.xlsx", "sites", tmp_path / "c", 1000, "Nowhere")
    assert "Towns" in none.faults[0].allowed
    assert not (tmp_path / "c").exists()


def test_a_workbook_opens_at_its_first_table_or_else_at_its_first_sheet(files: Path, tmp_path: Path) -> None:
    look = look_at(files / "towns.xlsx", "demand", tmp_path / "a", 1000)
    assert (look.parts, look.part) == (["Read me", "Towns", "Schools"], "Towns")
    with pd.ExcelWriter(tmp_path / "notes.xlsx") as book:
        for sheet in ("One", "Two"):
            pd.DataFrame({"note": ["made by hand"]}).to_excel(book, sheet_name=sheet, index=False)
    notes = look_at(tmp_path / "notes.xlsx", "demand", tmp_path / "b", 1000)
    assert (notes.parts, notes.part) == (["One", "Two"], "One")


def test_a_raster_is_drawn_in_coarse_cells_that_hold_all_people(files: Path, tmp_path: Path) -> None:
    look = look_at(files / "people.tif", "demand", tmp_path / "kept", 1000)
    assert not look.faults  # cells are merged while they are read: any number may hold people
    assert look.kept[0][1].read_bytes() == (files / "people.tif").read_bytes()
    [drawn] = look.looks
    values = np.arange(45 * 70) % 17
    assert (drawn["kind"], drawn["count"], look.rows) == ("raster", (values > 0).sum(), (values > 0).sum())
    assert drawn["people"] == values.sum()
    assert math.fsum(row["properties"]["need"] for row in drawn["features"]) == values.sum()
    extent = gpd.GeoSeries([shape(row["geometry"]) for row in drawn["features"]]).total_bounds
    assert box(*extent).covers(box(67.1, 30.5, 67.8, 30.95))
    assert box(67, 30.4, 67.9, 31).covers(box(*extent))


@pytest.mark.parametrize("name", ["towns.gpkg", "towns.fgb", "towns.kml", "towns.csv", "towns.geojson"])
def test_what_gzip_packed_is_looked_at_as_what_it_holds(files: Path, tmp_path: Path, name: str) -> None:
    plain, packed = tmp_path / name, tmp_path / f"{name}.gz"
    if name == "towns.csv":
        TOWNS.to_csv(plain, index=False)
    elif name == "towns.geojson":
        PLACES.to_file(plain, driver="GeoJSON")
    else:
        plain.write_bytes((files / name).read_bytes())
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    looks = [look_at(path, "demand", tmp_path / f"kept-{at}", 1000) for at, path in enumerate((plain, packed))]
    assert not looks[1].faults
    assert looks[0].rows == looks[1].rows == len(TOWNS)
    assert looks[0].columns == looks[1].columns
    assert [path.name for _, path in looks[1].kept] == [path.name for _, path in looks[0].kept]
    assert looks[1].kept[0][1].read_bytes() == looks[0].kept[0][1].read_bytes()


def test_what_gzip_packed_is_bounded_and_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "towns.csv.gz"
    path.write_bytes(gzip.compress(TOWNS.to_csv(index=False).encode())[:-9])
    [fault] = look_at(path, "demand", tmp_path / "a", 1000).faults
    assert (fault.file, "cut short" in fault.allowed) == ("towns.csv.gz", True)
    path.write_bytes(gzip.compress(b"id,lon,lat,people\n" + b" " * 1000))
    monkeypatch.setattr(inspect, "MOST_UNPACKED", 100)
    [fault] = look_at(path, "demand", tmp_path / "a", 1000).faults
    assert fault.allowed == "at most 100 bytes unpacked"
    assert [entry.name for entry in tmp_path.iterdir()] == ["towns.csv.gz"]


def test_sizes_are_held(files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = look_at(files / "towns.zip", "any", tmp_path / "b", 5)
    assert "at most 5 rows" in str(refused.faults[0])
    monkeypatch.setattr(inspect, "MOST_UNPACKED", 100)
    for name in ("towns.zip", "towns.xlsx"):
        refused = look_at(files / name, "any", tmp_path / "c", 1000)
        assert "at most 2,000 files and 100 bytes unpacked" in str(refused.faults[0])
    assert "a raster holds people" in str(look_at(files / "people.tif", "sites", tmp_path / "d", 5000).faults[0])
    assert list(tmp_path.iterdir()) == []


def test_places_without_a_system_are_doubted(files: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(files / "towns.zip") as old, zipfile.ZipFile(tmp_path / "bare.zip", "w") as new:
        for name in old.namelist():
            if not name.endswith(".prj"):
                new.writestr(name, old.read(name))
    look = look_at(tmp_path / "bare.zip", "any", tmp_path / "kept", 1000)
    assert not look.faults
    assert any("are taken to be degrees" in warning.message for warning in look.warnings)


def test_a_raster_and_a_sheet_make_a_plan(app: Serving, files: Path) -> None:
    kept = [app.upload(name, (files / name).read_bytes(), "any") for name in ("people.tif", "towns.zip")]
    assert [look["kind"] for each in kept for look in each["looks"]] == ["raster", "points"]
    made = app.post("/api/projects", {"title": "Raster", "files": [{"upload": each["upload"]} for each in kept]}, 201)
    assert {use["role"] for use in made["uses"]} >= {"demand", "sites"}
    people = app.get(f"/api/scenarios/{made['id']}")["totals"]["people"]
    assert people == pytest.approx((np.arange(45 * 70) % 17).sum(), rel=1e-9)


def test_files_are_seen_on_a_map_before_anything_is_planned(app: Serving, browser: Browser, files: Path) -> None:
    parts: list[Any] = [files / f"towns.{end}" for end in ("shp", "shx", "dbf", "prj", "cpg")]
    with visiting(browser) as visit:
        visit.open(f"{app.origin}/#scenario")
        page = visit.page
        page.click("#own-data")
        page.set_input_files("#file-demand", [files / "towns.xlsx"])
        expect(page.locator("#sheet-demand")).to_have_value("Towns")
        page.select_option("#sheet-demand", "Schools")
        expect(page.locator("#found-demand .looks")).not_to_contain_text("people")
        page.select_option("#sheet-demand", "Towns")
        expect(page.locator("#found-demand .ok")).to_contain_text("6 rows")
        expect(page.locator("#column-demand-people")).to_have_value("population")
        expect(page.locator("#found-demand .preview canvas")).to_be_visible()
        page.set_input_files("#file-together", [files / "people.tif", *parts])
        preview = page.locator("#found-together .preview")
        expect(page.locator("#uses li")).to_have_count(2)
        expect(page.locator("#uses")).to_contain_text("people.tif: where people live")
        expect(page.locator("#uses")).to_contain_text("towns.shp: where hubs could stand")
        expect(page.locator(".uploads")).to_be_hidden()
        expect(preview.locator("canvas")).to_be_visible()
        expect(preview).to_have_attribute("aria-busy", "false")
        expect(page.locator("#guesses")).to_be_visible()
        visit.shoot("preview")
        page.click("#together-open")
        expect(page.locator("#dialog")).to_be_hidden()
        expect(page.locator("#dialog canvas")).to_have_count(0)  # a closed dialog holds no map
        expect(page.locator("#about")).to_contain_text("My plan")
        expect(page.locator("#legend-body")).to_contain_text("Only points are known")
