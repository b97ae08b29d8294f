"""What can be used but may be a mistake is told, by row and value, before anything is planned."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import box

from hubplanner.inputs.coordinates import body_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.command import Done
    from support.project import Project

    import hubplanner as hp

DEMAND = """\
demand_id,lon,lat,people,internet,weight,province
D1,67.00,30.00,1000,0.25,1,Balochistan
D2,67.10,30.05,500,0.5,2,Balochistan
D3,68.00,31.00,2000,0,1,Punjab
D4,{place},800,1,1.5,Punjab
"""
MERGED = {"demand.merge": True, "demand.groups": [], "model.budget": 500}


def _codes(inputs: hp.Inputs) -> list[tuple[str, str, int | None]]:
    return [(warning.code, warning.file, warning.row) for warning in inputs.warnings]


def test_sound_data_warn_of_nothing(project: Project) -> None:
    assert project.inputs().warnings == ()


@pytest.mark.parametrize("settings", [{}, MERGED], ids=["rows", "merged"])
def test_a_place_at_zero_is_refused_unless_meant(project: Project, settings: dict[str, Any]) -> None:
    project.write("demand.csv", DEMAND.format(place="0,0.00"))
    (message,) = project.messages(settings)
    assert message.startswith("demand.csv, row 5: lon, lat 0, 0: lies ")
    assert message.endswith("set demand.far_places: true (checks.zero_place: error)")
    assert _codes(project.inputs({**settings, "checks.zero_place": "warn"})) == [("zero_place", "demand.csv", 5)]
    assert project.inputs({**settings, "checks.zero_place": "off"}).warnings == ()
    assert project.inputs({**settings, "demand.far_places": True}).warnings == ()


@pytest.mark.parametrize("settings", [{}, MERGED], ids=["rows", "merged"])
def test_a_place_far_from_all_others_is_told_unless_meant(project: Project, settings: dict[str, Any]) -> None:
    project.write("demand.csv", DEMAND.format(place="10,50"))
    inputs = project.inputs(settings)
    assert _codes(inputs) == [("far_place", "demand.csv", 5)]
    # By the haversine it is 5,193 km to (67.1, 30.05) and 5,187 km to (68, 31): to the middle it is about as far.
    found = re.match(r"lon, lat 10, 50: lies (\S+) km from the middle", inputs.warnings[0].message)
    assert found
    assert float(found[1].replace(",", "")) == pytest.approx(5190, rel=0.01)
    assert project.inputs({**settings, "demand.far_places": True}).warnings == ()


def test_a_site_far_from_all_others_is_told(project: Project) -> None:
    project.edit("sites.csv", "S5,Kalat,66.90,29.90", "S5,Kalat,6.690,29.90")
    assert _codes(project.inputs()) == [("far_place", "sites.csv", 6)]


def test_zero_is_a_place_where_others_are_near_it(project: Project) -> None:
    for name in ("demand.csv", "sites.csv"):
        text = (project.folder / name).read_text(encoding="utf-8")
        for lon, lat in (("67", "30"), ("68", "31"), ("66", "29")):
            text = text.replace(f",{lon}.", f",{int(lon) - 67}.").replace(f",{lat}.", f",{int(lat) - 30}.")
        project.write(name, text)
    assert project.inputs().demand.points[0].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("places", "radius"),
    [
        ([[0.0, 10.0], [0.0, 11.0]], None),
        ([[0.0, 10.0], [0.0, 11.0], [0.0, 12.0]], 111.2),
        ([[0.0, 10.0], [0.0, 11.0], [0.0, 12.0], [0.0, 60.0]], 111.2 * 1.5),
        # An archipelago: each island farther out than the last, none after a gap many times as wide as all before it.
        ([[0.0, 0.5 * 2.0**step] for step in range(8)], 111.2 * (64 - 6)),
    ],
)
def test_the_body_of_places_ends_at_a_wide_gap(places: list[list[float]], radius: float | None) -> None:
    body = body_of(np.array(places))
    assert (None if body is None else body.radius) == (None if radius is None else pytest.approx(radius, rel=0.01))


def test_the_body_of_places_knows_the_antimeridian() -> None:
    places = np.array([[179.9, -17.0], [-179.9, -17.1], [179.8, -16.9], [-179.8, -17.0], [20.0, -17.0]])
    body = body_of(places)
    assert body is not None
    assert (body.distance(places) > body.beyond(5)).tolist() == [False, False, False, False, True]


def test_doubled_places_are_told(project: Project) -> None:
    project.edit("demand.csv", "D4,68.05,31.02,800,1", "D4,67.00,30.00,1000,1")
    project.edit("sites.csv", 'S2,"Lahore, old",68.01,31.01,existing,,1,120', "S2,Quetta,67.01,30.01,candidate,,1,100")
    inputs = project.inputs()
    assert _codes(inputs) == [("doubled_place", "demand.csv", 5), ("doubled_place", "sites.csv", 3)]
    assert "row 2" in inputs.warnings[0].message
    assert "row 2" in inputs.warnings[1].message


def test_a_doubled_place_without_people_is_nothing(project: Project) -> None:
    project.edit("demand.csv", "D4,68.05,31.02,800,1", "D4,67.00,30.00,0,1")
    project.edit("demand.csv", "D1,67.00,30.00,1000", "D1,67.00,30.00,0")
    assert project.inputs().warnings == ()


@pytest.mark.parametrize(("half", "told"), [(0.03, False), (0.3, True)])
def test_an_area_wider_than_any_reach_is_told_unless_it_is_spread(project: Project, half: float, told: bool) -> None:  # noqa: FBT001
    frame = gpd.GeoDataFrame(
        {"demand_id": ["D1", "D2"], "population": [5, 7]},
        geometry=[box(67 - half, 30 - half, 67 + half, 30 + half), box(68, 30, 68.01, 30.01)],
        crs="EPSG:4326",
    )
    frame.to_file(project.folder / "areas.geojson")
    settings = {
        "demand": {"path": str(project.folder / "areas.geojson"), "id": "demand_id", "people": "population"},
        "model.budget": 500,
    }
    inputs = project.inputs(settings)
    assert _codes(inputs) == ([("wide_area", "areas.geojson", 1)] if told else [])
    if told:  # the corner is 0.3 degrees of latitude, and as much of longitude, from the point: 33.36 and 28.98 km
        assert "up to 44.2 km" in inputs.warnings[0].message
        assert project.inputs({**settings, "demand.spread_km": 3}).warnings == ()


def test_many_warnings_of_a_kind_are_counted(project: Project) -> None:
    rows = "".join(f"E{number:02},67,30,9,0,1,Punjab\n" for number in range(30))
    project.write("demand.csv", DEMAND.format(place="68.05,31.02") + rows)
    inputs = project.inputs()
    assert [warning.row for warning in inputs.warnings] == [None, *range(7, 12)]
    assert inputs.warnings[0].message.startswith("29 rows: rows at the very same place")


def test_warnings_are_told_by_every_command_and_kept(project: Project, inside: Callable[..., Done]) -> None:
    project.edit("demand.csv", "D4,68.05,31.02,800,1", "D4,67.00,30.00,1000,1")
    start = "Warning: demand.csv, row 5: the very same place"
    told = inside("validate", "scenario.yaml")
    assert start in told.stderr
    assert "1 warning." in told.stdout
    assert start in inside("info", "scenario.yaml").stderr
    solved = inside("solve", "scenario.yaml", "--out", "run")
    assert start in solved.stderr
    assert solved.stderr.index(start) < solved.stderr.index("reduce the problem")
    assert "1 warning about the data" in solved.stdout
    plan = json.loads((project.folder / "run" / "plan.json").read_text(encoding="utf-8"))
    (warning,) = plan["warnings"]
    assert (warning["code"], warning["file"], warning["row"]) == ("doubled_place", "demand.csv", 5)
    assert set(warning) == {"code", "message", "file", "row"}
    assert warning["message"] in (project.folder / "run" / "report.html").read_text(encoding="utf-8")
    for command in ("validate", "info"):
        found = inside(command, "scenario.yaml", "--json")
        assert json.loads(found.stdout)["warnings"] == plan["warnings"]
        assert start in found.stderr
