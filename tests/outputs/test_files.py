"""The files of a run, as GIS programs, spreadsheets and scripts read them."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest

import hubplanner as hp
from hubplanner.outputs.frames import _writable
from hubplanner.outputs.writers import harmless, write_csv, write_geojson, write_geopackage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.project import Project

LAYERS = ("hubs", "demand", "links")
ODD_SITES = """\
site_id,name,lon,lat,status,tier,factor,capex,Name,FID,geom,cost,=cmd,mixed,empty
=S1,@Quetta,67.01,30.01,candidate,,1,100,a,1,x,5,-5,-1,
-S2,"Lahore, ""old"" لاہور",68.0123456789,31.01,existing,,1,120,b,1,y,6,7.5,word,
+S4,-Sibi,67.11,30.04,required,centre,2,100,c,2,z,7,0,,
"""


@pytest.fixture
def odd(project: Project) -> hp.Plan:
    """A plan whose files have every trap in them."""
    project.write("sites.csv", ODD_SITES)
    project.edit("demand.csv", "D4", "@D4")
    project.edit("demand.csv", "D3,68.00,31.00,2000,0,1,Punjab", "D3,68.00,32.00,2000,0,1,=Punjab")
    return hp.solve(project.read())


@pytest.fixture
def folder(odd: hp.Plan, tmp_path: Path) -> Path:
    return odd.write(tmp_path / "run")


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def coordinates(geometry: dict[str, Any]) -> Iterator[list[float]]:
    lines = {"Point": [[geometry["coordinates"]]], "LineString": [geometry["coordinates"]]}
    for line in lines.get(geometry["type"], geometry["coordinates"]):
        yield from line


@pytest.mark.parametrize("name", LAYERS)
def test_geojson_keeps_rfc_7946(folder: Path, odd: hp.Plan, name: str) -> None:
    text = (folder / f"{name}.geojson").read_text(encoding="utf-8")
    tree = json.loads(text, parse_constant=pytest.fail)
    assert tree["type"] == "FeatureCollection"
    assert "crs" not in tree
    assert len(tree["features"]) == len(getattr(odd, name))
    for feature in tree["features"]:
        assert feature["type"] == "Feature"
        for lon, lat in coordinates(feature["geometry"]):
            assert -180 <= lon <= 180
            assert -90 <= lat <= 90
            assert (round(lon, 6), round(lat, 6)) == (lon, lat)
        assert list(feature["properties"]) == [column for column in getattr(odd, name).columns if column != "geometry"]


def test_geojson_says_null_where_no_hub_serves(folder: Path) -> None:
    rows = json.loads((folder / "demand.geojson").read_text(encoding="utf-8"))["features"]
    unserved = next(row["properties"] for row in rows if row["properties"]["demand_id"] == "D3")
    assert (unserved["site_id"], unserved["distance_km"]) == (None, None)
    assert unserved["nearest_km"] > 100


def test_a_link_over_the_date_line_is_cut_at_it(tmp_path: Path) -> None:
    lines = gpd.GeoDataFrame({"demand_id": ["a"]}, geometry=gpd.GeoSeries.from_wkt(["LINESTRING (179 1, -179 2)"]))
    write_geojson(lines.set_crs(4326), tmp_path / "links.geojson")
    geometry = json.loads((tmp_path / "links.geojson").read_text(encoding="utf-8"))["features"][0]["geometry"]
    assert geometry["type"] == "MultiLineString"
    assert sorted(geometry["coordinates"]) == [[[-180, 1.5], [-179, 2]], [[179, 1], [180, 1.5]]]


@pytest.mark.parametrize("name", ["hubs", "demand"])
def test_tables_open_in_a_spreadsheet_and_run_nothing(folder: Path, name: str) -> None:
    content = (folder / f"{name}.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\n") == content.count(b"\r\n")
    rows = table(folder / f"{name}.csv")
    cells = [cell for row in rows for cell in (*row.keys(), *row.values())]
    assert [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r", "\n"))] == []
    assert [cell for cell in cells if cell.startswith("-") and not is_number(cell)] == []


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_hubs_table_says_what_the_plan_says(folder: Path, odd: hp.Plan) -> None:
    rows = table(folder / "hubs.csv")
    assert [row["site_id"] for row in rows] == ["'+S4", "'-S2", "'=S1"]
    assert [row["name"] for row in rows] == ["'-Sibi", 'Lahore, "old" لاہور', "'@Quetta"]
    assert [row["'=cmd"] for row in rows] == ["0.0", "7.5", "-5.0"]
    assert [row["mixed"] for row in rows] == ["", "word", "'-1"]
    assert [row["site_cost"] for row in rows] == ["7", "6", "5"]
    assert [float(row["cost"]) for row in rows] == odd.hubs["cost"].tolist()
    assert [(row["lon"], row["lat"]) for row in rows][1] == ("68.012346", "31.01")


@pytest.mark.parametrize("cell", ["=1", "+1", "-x", "@a", "\t=1", "\r=1", "\n=1"])
def test_a_formula_is_made_harmless(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", [-3, -1.5, None, "a=1", "", "Mian-Channu"])
def test_what_is_no_formula_stays(cell: object) -> None:
    assert harmless(cell) == cell


def test_numbers_below_zero_stay_numbers_in_a_table(tmp_path: Path) -> None:
    columns = {"text": ["-1", None], "number": [-1.5, np.nan], "kind": pd.Categorical(["=a", "b"])}
    frame = gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy([-1.0, 2.0], [-3.0, 4.0]), crs=4326)
    write_csv(frame, tmp_path / "t.csv")
    first, second = table(tmp_path / "t.csv")
    assert first == {"text": "'-1", "number": "-1.5", "kind": "'=a", "lon": "-1.0", "lat": "-3.0"}
    assert second == {"text": "", "number": "", "kind": "b", "lon": "2.0", "lat": "4.0"}


def test_geopackage_holds_the_three_layers(folder: Path, odd: hp.Plan) -> None:
    path = folder / "plan.gpkg"
    assert [name for name, _ in pyogrio.list_layers(path)] == [*LAYERS, "layer_styles"]
    for name in LAYERS:
        layer, frame = gpd.read_file(path, layer=name), getattr(odd, name)
        assert layer.crs == "EPSG:4326"
        assert list(layer.columns) == list(frame.columns)
        assert layer.geom_equals(frame).all()
        assert layer.iloc[:, 0].tolist() == frame.iloc[:, 0].tolist()


def test_geopackage_is_a_sound_database(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "plan.gpkg")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []


def test_files_of_a_plan_without_hubs_are_empty_but_whole(project: Project, tmp_path: Path) -> None:
    folder = hp.solve(project.read({"model.budget": 0, "sites.status": None})).write(tmp_path / "run")
    assert table(folder / "hubs.csv") == []
    assert (folder / "hubs.csv").read_text(encoding="utf-8-sig").startswith("site_id,tier,status,hubs,cost")
    for name in ("hubs", "links"):
        assert json.loads((folder / f"{name}.geojson").read_text(encoding="utf-8"))["features"] == []
        assert len(gpd.read_file(folder / "plan.gpkg", layer=name)) == 0
    assert len(table(folder / "demand.csv")) == 4


def test_columns_of_any_kind_can_be_written(tmp_path: Path) -> None:
    columns: dict[str, Any] = {
        "mixed": [1, "a", None],
        "nothing": [None, None, None],
        "logical": [True, None, False],
        "list": [[1, 2], None, [3]],
        "day": pd.DatetimeIndex(["2026-01-01", "NaT", "2026-01-02"]),
        "span": pd.to_timedelta([1, None, 2], unit="s"),
        "month": pd.period_range("2026-01", periods=3, freq="M"),
        "kind": pd.Categorical(["a", "b", None]),
        "whole": pd.array([1, None, 2], dtype="Int64"),
    }
    writable = {name: _writable(pd.Series(column)) for name, column in columns.items()}
    frame = gpd.GeoDataFrame(writable, geometry=gpd.points_from_xy([0, 1, 2], [0, 1, 2]), crs=4326)
    write_geopackage({"hubs": frame}, tmp_path / "plan.gpkg")
    write_geojson(frame, tmp_path / "hubs.geojson")
    write_csv(frame, tmp_path / "hubs.csv")
    read = gpd.read_file(tmp_path / "plan.gpkg")
    assert list(read.columns) == list(frame.columns)
    assert read["mixed"].tolist()[:2] == ["1", "a"]
    assert [row["month"] for row in table(tmp_path / "hubs.csv")] == ["2026-01", "2026-02", "2026-03"]
    assert table(tmp_path / "hubs.csv")[1]["mixed"] == "a"
