"""The same data in any format, order or coordinate system gives the same problem."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from support.project import DEMAND, MATRIX, SITES

from hubplanner.inputs import build_problem
from hubplanner.inputs.readers.columns import as_numbers

if TYPE_CHECKING:
    from pathlib import Path

    from support.project import Project

    from hubplanner.inputs import Inputs

SHORT = {"population_2023": "population", "connected_share": "connected_"}
"""A Shapefile cuts column names to ten characters."""


def arrays(inputs: Inputs) -> dict[str, np.ndarray[Any, Any]]:
    """Return every array of the problem, the travel's pairs among them."""
    problem = build_problem(inputs)
    found = {
        field.name: np.asarray(getattr(problem, field.name)) for field in fields(problem) if field.name != "travel"
    }
    pairs = problem.travel.pairs(0, problem.n_points, 1e9)
    return found | dict(zip(("point", "site", "distance"), pairs, strict=True)) | {"row": inputs.demand.row}


def assert_same(left: Inputs, right: Inputs) -> None:
    first, second = arrays(left), arrays(right)
    for name, values in first.items():
        assert np.array_equal(values, second[name], equal_nan=values.dtype.kind == "f"), name
    for mine, other in ((left.demand.frame, right.demand.frame), (left.sites.frame, right.sites.frame)):
        assert mine.iloc[:, 0].tolist() == other.iloc[:, 0].tolist()
        assert mine.geometry.geom_equals(other.geometry).all()


def as_places(path: Path) -> gpd.GeoDataFrame:
    table = pd.read_csv(path, dtype={"demand_id": str, "site_id": str})
    points = gpd.points_from_xy(table.pop("lon"), table.pop("lat"))
    return gpd.GeoDataFrame(table, geometry=points, crs="EPSG:4326")


def write(frame: gpd.GeoDataFrame, path: Path) -> None:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".shp":
        frame.rename(columns=SHORT).to_file(path)
    else:
        frame.to_file(path)


@pytest.fixture
def long_named(project: Project) -> Project:
    """The small project with leading zeros in ids, Urdu groups and column names longer than a Shapefile's."""
    demand = DEMAND.replace("people", "population_2023").replace("internet", "connected_share").replace("\nD", "\n0")
    project.write("demand.csv", demand.replace("Balochistan", "بلوچستان"))
    project.edit("scenario.yaml", "people: people", "people: population_2023")
    project.edit("scenario.yaml", "connected_share: internet", "connected_share: connected_share")
    return project


@pytest.mark.parametrize("suffix", ["geojson", "json", "gpkg", "shp", "parquet", "geoparquet"])
def test_every_format_gives_the_same_arrays(long_named: Project, suffix: str) -> None:
    folder = long_named.folder
    settings: dict[str, Any] = {}
    for section in ("demand", "sites"):
        path = folder / f"{section}.{suffix}"
        write(as_places(folder / f"{section}.csv"), path.with_suffix(".parquet") if suffix == "geoparquet" else path)
        if suffix == "geoparquet":
            path.with_suffix(".parquet").rename(path)
        settings |= {f"{section}.path": str(path), f"{section}.x": None, f"{section}.y": None}
    if suffix == "shp":
        settings |= {"demand.people": "population", "demand.connected_share": "connected_"}
    inputs = long_named.inputs(settings)
    assert inputs.demand.frame["demand_id"].tolist() == ["01", "02", "03", "04"]
    assert inputs.demand.frame["province"].tolist() == ["بلوچستان"] * 2 + ["Punjab"] * 2
    assert_same(inputs, long_named.inputs())


def test_numeric_ids_read_the_same_from_text_and_from_numbers(project: Project) -> None:
    project.write("demand.csv", DEMAND.replace("\nD", "\n1"))
    table = pd.read_csv(project.folder / "demand.csv")
    points = gpd.points_from_xy(table["lon"], table["lat"])
    for kind, values in {"int": table["demand_id"], "float": table["demand_id"].astype(float)}.items():
        path = project.folder / f"{kind}.gpkg"
        gpd.GeoDataFrame(table.assign(demand_id=values), geometry=points, crs="EPSG:4326").to_file(path)
        inputs = project.inputs({"demand.path": str(path), "demand.x": None, "demand.y": None})
        assert inputs.demand.frame["demand_id"].tolist() == ["11", "12", "13", "14"]
        assert_same(inputs, project.inputs())


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_in_text_is_the_float_it_spells(number: float) -> None:
    assert as_numbers(pd.Series([repr(number)])).tolist() == [number]


def shuffled(text: str, seed: int) -> str:
    """Return a CSV text with its rows and columns in another order."""
    rng = np.random.default_rng(seed)
    cells = [line.replace("Lahore, old", "Lahore old").replace('"', "").split(",") for line in text.splitlines()]
    columns = rng.permutation(len(cells[0]))
    order = [0, *(1 + rng.permutation(len(cells) - 1))]
    return "\n".join(",".join(cells[row][column] for column in columns) for row in order)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("variant", ["great_circle", "matrix", "spread"])
def test_the_order_of_rows_and_columns_changes_nothing(project: Project, seed: int, variant: str) -> None:
    settings: dict[str, dict[str, Any]] = {
        "great_circle": {},
        "matrix": {"travel.method": "matrix", "travel.path": str(project.folder / "travel.csv")},
        "spread": {"demand.spread_km": 1, "demand.area_km2": "area"},
    }
    expected = project.inputs(settings[variant])
    for name, text in {"demand.csv": DEMAND, "sites.csv": SITES, "travel.csv": MATRIX}.items():
        project.write(name, shuffled(text, seed))
    assert_same(project.inputs(settings[variant]), expected)


@pytest.mark.parametrize("section", ["demand", "sites"])
def test_demand_and_sites_may_be_in_different_systems(project: Project, section: str) -> None:
    expected = arrays(project.inputs())
    path = project.folder / "utm.gpkg"
    as_places(project.folder / f"{section}.csv").to_crs("EPSG:32642").to_file(path)
    found = arrays(project.inputs({f"{section}.path": str(path), f"{section}.x": None, f"{section}.y": None}))
    for name, values in expected.items():
        assert found[name] == pytest.approx(values, abs=1e-6, nan_ok=True), name


def test_a_csv_may_be_in_metres(project: Project) -> None:
    expected = project.inputs()
    table = as_places(project.folder / "sites.csv").to_crs("EPSG:32642")
    table.assign(lon=table.geometry.x, lat=table.geometry.y).drop(columns="geometry").to_csv(
        project.folder / "sites.csv", index=False
    )
    inputs = project.inputs({"sites.crs": "EPSG:32642"})
    assert inputs.sites.lonlat == pytest.approx(expected.sites.lonlat)


def test_digests_tell_every_file_that_was_read(project: Project) -> None:
    digests = project.inputs().digests
    assert digests == {
        name: hashlib.sha256(text.encode()).hexdigest() for name, text in (("demand.csv", DEMAND), ("sites.csv", SITES))
    }


def test_digests_of_a_shapefile_cover_its_parts(project: Project) -> None:
    as_places(project.folder / "demand.csv").to_file(project.folder / "places.shp")
    settings = {"demand.path": str(project.folder / "places.shp"), "demand.x": None, "demand.y": None}
    assert {"places.shp", "places.dbf", "places.shx", "places.prj", "sites.csv"} <= set(
        project.inputs(settings).digests
    )


def test_digests_keep_files_of_one_name_apart(project: Project) -> None:
    (project.folder / "towns").mkdir()
    project.write("towns/demand.csv", SITES)
    digests = project.inputs({"sites.path": str(project.folder / "towns" / "demand.csv")}).digests
    assert sorted(digests) == sorted([f"{project.folder.name}/demand.csv", "towns/demand.csv"])
