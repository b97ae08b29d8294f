"""Coordinates that are swapped, off the globe, or in another system than is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from support.project import DEMAND, SITES

from hubplanner.errors import CrsError
from hubplanner.inputs.coordinates import off_globe, swapped_among

if TYPE_CHECKING:
    from support.project import Project

GLOBE = "lon from -180 to 180, lat from -90 to 90"

METRES = "these look like metres: give all rows in one system, for most are in degrees"
CORRECT = "correct it in the file"


@pytest.mark.parametrize(
    ("new", "fault"),
    [
        ("30.00,167.00", f"'30, 167' found; allowed: {GLOBE}; {CORRECT}"),
        ("-30.00,-97.00", f"'-30, -97' found; allowed: {GLOBE}; {CORRECT}"),
        ("67.00,90.20", f"'67, 90.2' found; allowed: {GLOBE}; {CORRECT}"),
        ("6700,30.00", f"'6700, 30' found; allowed: {GLOBE}; {CORRECT}"),
        ("267.00,30.00", f"'267, 30' found; allowed: {GLOBE}; {CORRECT}"),
        (
            "500000,3300000",
            f"'500000, 3.3e+06' found; allowed: {GLOBE}; {METRES}",
        ),
        ("30.00,67.00", "'30, 67' found; allowed: a place near the other rows; lon and lat look swapped"),
    ],
)
@pytest.mark.parametrize(("name", "old"), [("demand.csv", "67.00,30.00"), ("sites.csv", "67.01,30.01")])
def test_a_single_row_that_is_swapped_or_off_the_globe_is_named(
    project: Project, name: str, old: str, new: str, fault: str
) -> None:
    project.edit(name, old, new)
    assert project.messages() == [f"{name}, row 2, lon, lat: {fault}"]


@pytest.mark.parametrize(
    ("places", "cause"),
    [
        ([(24.1, 91.2), (24.2, 89.1), (23.9, 90.4), (24.0, 90.1)], {"these look swapped": [0, 2, 3]}),
        ([(91.2, 24.1), (24.2, 91.1), (90.4, 23.9), (90.1, 24.0)], {"these look swapped": [1]}),
        ([(181.2, -17.1), (178.1, -18.0), (179.9, -17.5)], {"take 360 off those above 180": [0]}),
        ([(500e3, 3.3e6), (510e3, 3.31e6)], {"set crs to a projected one": [0, 1]}),
        ([(67.1, 90.2), (67.2, 30.1)], {CORRECT: [0]}),
        ([(np.inf, 3.0), (67.2, 30.1)], {CORRECT: [0]}),
    ],
)
def test_a_cause_is_named_only_where_it_is_likely(
    places: list[tuple[float, float]], cause: dict[str, list[int]]
) -> None:
    told = off_globe(np.array(places), named=False)
    found = {allowed: np.flatnonzero(wrong).tolist() for wrong, allowed in told if wrong.any()}
    assert list(found.values()) == list(cause.values())
    assert all(allowed.endswith(words) for allowed, words in zip(found, cause, strict=True))


def test_rows_swapped_within_and_beyond_range_are_named_together(project: Project) -> None:
    text = DEMAND.replace("67.00,30.00", "30.00,67.00") + "D5,30.0,130.0,1,0,1,Punjab,1\nD6,67.2,30.1,1,0,1,Punjab,1\n"
    project.write("demand.csv", text)
    rows = [text.partition(":")[0] for text in project.messages()]
    assert rows == ["demand.csv, row 6, lon, lat", "demand.csv, row 2, lon, lat"]


@pytest.mark.parametrize(
    ("x", "y", "refused"),
    [
        ("lat", "lon", True),
        ("Latitude", "Longitude", True),
        ("LAT", "lng", True),
        ("lateral", "drop", False),
        ("lon", "lat", False),
    ],
)
def test_columns_named_the_wrong_way_round_are_refused(project: Project, x: str, y: str, refused: bool) -> None:  # noqa: FBT001 - a table
    project.write("demand.csv", DEMAND.replace("lon,lat", f"{x},{y}"))
    if refused:
        [message] = project.messages({"demand.x": x, "demand.y": y})
        assert message == (
            f"demand.csv, x: {x}, y: {y}: x is the longitude and y the latitude; these look swapped: write x: {y} and "
            f"y: {x}, or, where the file's own headings stand the wrong way round, exchange them there"
        )
    else:
        assert len(project.inputs({"demand.x": x, "demand.y": y}).demand.frame) == 4


def test_headings_that_stand_the_wrong_way_round_are_taken_where_only_so_places_are_on_the_globe(
    project: Project,
) -> None:
    for name, text in {"demand.csv": DEMAND, "sites.csv": SITES}.items():
        head, *rows = text.replace(",67.", ",167.").replace(",68.", ",168.").splitlines()
        project.write(name, "\n".join([head.replace("lon,lat", "lat,lon"), *rows]))
    given = {f"{part}.{key}": column for part in ("demand", "sites") for key, column in (("x", "lat"), ("y", "lon"))}
    frame = project.inputs(given).demand.frame
    assert frame.geometry.x.min() >= 167


@pytest.mark.parametrize("name", ["demand.csv", "sites.csv"])
def test_a_file_swapped_against_the_other_is_named(project: Project, name: str) -> None:
    text = {"demand.csv": DEMAND, "sites.csv": SITES}[name]
    project.write(name, text.replace("lon,lat", "lat,lon"))
    assert project.messages() == [
        "sites.csv, geometry: lies far from all demand; lon and lat of one of the two files look swapped"
    ]


def test_sites_far_from_all_demand_are_no_swap(project: Project) -> None:
    text = SITES.replace(",67", ",10").replace(",68", ",11").replace(",66", ",9")
    project.write("sites.csv", text)
    assert len(project.inputs().sites.frame) == 5


def test_a_far_town_is_no_swap_where_lon_and_lat_are_alike() -> None:
    rng = np.random.default_rng(0)
    egypt = np.column_stack([31 + 0.3 * rng.standard_normal(200), 29 + 1.5 * rng.standard_normal(200)])
    siwa, marsa_matruh = [25.5, 29.2], [27.2, 31.35]
    assert not swapped_among(np.vstack([egypt, siwa, marsa_matruh])).any()


@pytest.mark.parametrize("places", [[], [[67, 30]], [[67, 30], [30, 67]], [[67, 30]] * 4, [[30, 67]] * 4])
def test_without_a_majority_nobody_is_called_swapped(places: list[list[float]]) -> None:
    assert not swapped_among(np.array(places, dtype=float).reshape(-1, 2)).any()


def test_places_all_over_the_globe_are_no_swap() -> None:
    rng = np.random.default_rng(1)
    places = np.column_stack([rng.uniform(-180, 180, 2000), rng.uniform(-90, 90, 2000)])
    assert not swapped_among(places).any()


# --- systems


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        (
            {"travel.method": "planar"},
            (
                "demand.csv, crs: 'WGS 84' found; allowed: a projected system in metres for planar travel, "
                "such as EPSG:32642; or travel.method great_circle"
            ),
        ),
        (
            {"demand.crs": "EPSG:32642"},
            (
                "demand.csv, crs: 'WGS 84 / UTM zone 42N' found; allowed: coordinates in its own unit; these look like "
                "degrees, so set crs to EPSG:4326"
            ),
        ),
    ],
)
def test_degrees_are_no_metres(project: Project, settings: dict[str, Any], fault: str) -> None:
    assert type(project.error(settings)) is CrsError
    assert project.messages(settings) == [fault]


def in_system(project: Project, crs: str) -> dict[str, Any]:
    table = pd.read_csv(project.folder / "demand.csv")
    path = project.folder / "demand.gpkg"
    points = gpd.points_from_xy(table["lon"], table["lat"], crs="EPSG:4326").to_crs(crs)
    gpd.GeoDataFrame(table, geometry=points).to_file(path)
    return {"demand.path": str(path), "demand.x": None, "demand.y": None}


def test_planar_travel_in_feet_is_refused(project: Project) -> None:
    settings = in_system(project, "EPSG:2264") | {"travel.method": "planar"}
    assert type(project.error(settings)) is CrsError
    [found] = project.messages(settings)
    assert found.startswith(
        "demand.gpkg, crs: 'NAD83 / North Carolina (ftUS)' found; allowed: a projected system in metres"
    )


def test_feet_will_do_for_the_great_circle(project: Project) -> None:
    expected = project.inputs().demand.points
    assert project.inputs(in_system(project, "EPSG:2264")).demand.points == pytest.approx(expected, abs=1e-4)


def test_a_planar_fault_comes_together_with_faults_of_rows(project: Project) -> None:
    project.edit("demand.csv", "67.10", "x")
    assert len(project.messages({"travel.method": "planar"})) == 2


def test_coordinates_beyond_a_systems_range_are_named(project: Project) -> None:
    project.write("demand.csv", DEMAND.replace("67.00,30.00", "1e12,1e12").replace("67.10,30.05", "500000,3300000"))
    found = project.messages({"demand.crs": "EPSG:32642"})
    assert found == [
        (
            "demand.csv, row 2, lon, lat: '1e+12, 1e+12' found; allowed: coordinates within the range of "
            "WGS 84 / UTM zone 42N"
        )
    ]
