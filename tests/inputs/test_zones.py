"""What cells and points take over from the zone they lie in: everyone is in one zone, which adds up to its census."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings, strategies as st
from rasterio.transform import Affine
from support.instances.burundi import people_inside, people_reached
from support.instances.demand_files import write_raster

import hubplanner as hp
from hubplanner.audit import audit_run
from hubplanner.errors import FaultyError
from hubplanner.inputs.joins import values_to_alias
from hubplanner.pipeline.new_project import new_project

REAL = Path(os.environ.get("HUBPLANNER_SHARED", Path(__file__).resolve().parents[3] / "shared" / "data")) / "real"
GRID = Affine(0.1, 0, 67.0, 0, -0.1, 30.5)
PEOPLE = np.arange(1.0, 26.0).reshape(5, 5)
COLUMNS = {"B": (67.0, 67.25), "A": (67.25, 67.4)}
"""Two zones side by side; the raster's last column of cells lies in none."""


def zones(
    folder: Path, columns: dict[str, tuple[float, float]] = COLUMNS, census: tuple[float, ...] = (1000, 500)
) -> None:
    features = []
    for (name, (west, east)), people in zip(columns.items(), census, strict=True):
        ring = [[west, 30], [east, 30], [east, 30.5], [west, 30.5], [west, 30]]
        own = {"id": name, "name": f"zone {name}", "online": 0.5 if name == "A" else 0.25, "people": people}
        shape = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": own, "geometry": shape})
    text = json.dumps({"type": "FeatureCollection", "features": features})
    (folder / "zones.geojson").write_text(text, encoding="utf-8")


def asked(folder: Path, **demand: Any) -> hp.Scenario:
    """Return a scenario of a raster in zones, or of the same as points."""
    (folder / "sites.csv").write_text("id,lon,lat\nS1,67.05,30.25\nS2,67.35,30.25\n", encoding="utf-8")
    tree = {
        "name": "zoned",
        "demand": {
            "path": "people.tif",
            "zones": {"path": "zones.geojson", "id": "id", "take": {"part": "name", "net": "online"}},
            "groups": ["part"],
            "connected_share": "net",
        }
        | demand,
        "sites": {"path": "sites.csv", "id": "id", "x": "lon", "y": "lat"},
        "hubs": [{"name": "hub", "capex": 10, "reach_km": 20}],
        "model": {"budget": 20, "floors": [{"group": "part", "share": 0.1}]},
    }
    (folder / "scenario.yaml").write_text(json.dumps(tree), encoding="utf-8")
    return hp.read_scenario(folder / "scenario.yaml")


def with_zones(**keys: Any) -> dict[str, Any]:
    return {"path": "zones.geojson", "id": "id", "take": {"part": "name", "net": "online"}} | keys


def by_part(inputs: hp.Inputs, column: str = "people") -> dict[str, float]:
    return inputs.demand.frame.groupby("part")[column].sum().to_dict()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_raster(tmp_path / "people.tif", PEOPLE, GRID, "EPSG:4326")
    zones(tmp_path)
    return tmp_path


def test_cells_take_over_group_and_share_of_their_zone(folder: Path) -> None:
    inputs = hp.read_inputs(asked(folder))
    # The border runs through the third column of centres: they belong to A, the first by id.
    west, east = PEOPLE[:, :2].sum(), PEOPLE[:, 2:4].sum()
    assert by_part(inputs) == {"zone A": east, "zone B": west}
    assert by_part(inputs, "need") == pytest.approx({"zone A": east * 0.5, "zone B": west * 0.75})
    lost = PEOPLE[:, 4].sum()
    assert [str(warning) for warning in inputs.warnings if warning.code == "outside_zones"] == [
        (
            f"people.tif: 5 places with {lost:.1f} people lie in no zone of zones.geojson and are left out; "
            "demand.zones.unmatched: nearest would keep them"
        )
    ]


def test_people_of_a_zone_add_up_to_its_census(folder: Path) -> None:
    inputs = hp.read_inputs(asked(folder, zones=with_zones(people="people")))
    assert by_part(inputs) == pytest.approx({"zone A": 500, "zone B": 1000}, rel=1e-12)
    assert inputs.joins[0].lines() == [
        "demand.zones, zones.geojson: 20 of 25 places of people.tif lie in a zone, with 250 of 325 people",
        "  scaled zone by zone from 250 to 1,500 people",
    ]


def test_shares_of_zones_may_be_per_cent(folder: Path) -> None:
    text = (folder / "zones.geojson").read_text(encoding="utf-8")
    plain = hp.read_inputs(asked(folder))
    (folder / "zones.geojson").write_text(
        text.replace('"online": 0.25', '"online": 25').replace("0.5,", "50,"), "utf-8"
    )
    run = hp.solve(asked(folder, zones=with_zones(percent=["net"]))).write(folder / "run")
    inputs = hp.read_inputs(asked(folder, zones=with_zones(percent=["net"])))
    assert by_part(inputs, "need") == pytest.approx(by_part(plain, "need"), rel=1e-12)
    assert audit_run(run).verdict == "pass"
    with pytest.raises(FaultyError, match=r"demand\.zones\.percent: 'online' found"):
        asked(folder, zones=with_zones(percent=["online"]))


def test_places_outside_go_to_the_nearest_zone_or_are_refused(folder: Path) -> None:
    inputs = hp.read_inputs(asked(folder, zones=with_zones(unmatched="nearest")))
    assert by_part(inputs) == {"zone A": PEOPLE[:, 2:].sum(), "zone B": PEOPLE[:, :2].sum()}
    with pytest.raises(FaultyError, match=r"5 places with 75\.0 people"):
        hp.read_inputs(asked(folder, zones=with_zones(unmatched="error")))


def test_a_filter_may_speak_of_zones(folder: Path) -> None:
    inputs = hp.read_inputs(asked(folder, where={"part": ["zone A"]}))
    assert by_part(inputs) == {"zone A": PEOPLE[:, 2:4].sum()}


def test_zones_are_refused_where_rows_can_be_joined(folder: Path) -> None:
    (folder / "towns.csv").write_text("id,lon,lat,people\nD1,67.1,30.1,5\n", encoding="utf-8")
    with pytest.raises(FaultyError, match=r"demand\.join with on: location gives rows"):
        asked(folder, path="towns.csv", id="id", x="lon", y="lat", people="people")


def points(folder: Path) -> dict[str, Any]:
    """Write the raster's cells as a table of points, and return the keys that name it."""
    row, column = np.nonzero(PEOPLE > 0)
    x, y = GRID.c + GRID.a * (column + 0.5), GRID.f + GRID.e * (row + 0.5)
    lines = [f"{a:.6f},{b:.6f},{n}" for a, b, n in zip(x, y, PEOPLE[row, column], strict=True)]
    (folder / "points.csv").write_text("\n".join(["lon,lat,n", *lines]), encoding="utf-8")
    return {"path": "points.csv", "merge": True, "x": "lon", "y": "lat", "people": "n"}


def test_points_in_zones_are_as_cells_are(folder: Path) -> None:
    keys = {"zones": with_zones(people="people")}
    cells = hp.read_inputs(asked(folder, **keys))
    found = hp.read_inputs(asked(folder, **points(folder), **keys))
    assert by_part(found, "need") == pytest.approx(by_part(cells, "need"), rel=1e-12)


@pytest.mark.parametrize("kind", ["cells", "points"])
@pytest.mark.parametrize("capacity", [None, 200])
def test_runs_in_zones_are_audited_in_full(folder: Path, kind: str, capacity: float | None) -> None:
    asked(folder, **(points(folder) if kind == "points" else {}), zones=with_zones(people="people"))
    hub = {"name": "hub", "capex": 10, "reach_km": 20, "capacity": capacity}
    run = hp.solve(hp.read_scenario(folder / "scenario.yaml", settings={"hubs": [hub]})).write(folder / "run")
    audit = audit_run(run)
    assert audit.verdict == "pass", audit.findings
    assert audit.checked["plan.json"] > 20
    plan = json.loads((run / "plan.json").read_text(encoding="utf-8"))
    assert plan["people"]["total"] == pytest.approx(1500)
    assert {name: part["people"] for name, part in plan["groups"]["part"].items()} == pytest.approx(
        {"zone A": 500, "zone B": 1000}
    )


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    people=st.lists(st.integers(0, 10**6), min_size=25, max_size=25).filter(lambda cells: min(cells[0], cells[3]) > 0),
    border=st.floats(67.06, 67.34),
    census=st.tuples(st.floats(1, 1e7), st.floats(1, 1e7)),
)
def test_zones_conserve_people(tmp_path: Path, people: list[int], border: float, census: tuple[float, float]) -> None:
    cells = np.array(people).reshape(5, 5)
    write_raster(tmp_path / "people.tif", cells, GRID, "EPSG:4326")
    zones(tmp_path, {"B": (66.9, border), "A": (border, 67.6)}, census)
    held = rasterio.open(tmp_path / "people.tif").read(1).astype(float)
    plain = hp.read_inputs(asked(tmp_path, connected_share=0.0))
    assert sum(by_part(plain).values()) == pytest.approx(held.sum(), rel=1e-9)
    scaled = hp.read_inputs(asked(tmp_path, connected_share=0.0, zones=with_zones(people="people")))
    assert by_part(scaled) == pytest.approx({"zone B": census[0], "zone A": census[1]}, rel=1e-9)


@pytest.mark.slow
def test_burundi_from_its_raw_files(tmp_path: Path) -> None:
    own = REAL / "burundi"
    if not own.is_dir():
        pytest.skip(f"{own} is absent: set HUBPLANNER_SHARED to the folder that holds real/")
    tree = {
        "name": "burundi",
        "demand": {
            "path": str(own / "ghs_pop_250m.tif"),
            "zones": {"path": str(own / "aoi.geojson"), "id": "fid", "take": {"country": "NAME_0"}},
            "groups": ["country"],
            "connected_share": 0.1,
        },
        "sites": {"path": str(own / "towns.csv"), "id": "Town", "x": "lon", "y": "lat"},
        "hubs": [{"name": "hub", "capex": 10, "reach_km": 10}],
        "model": {"budget": 30},
    }
    (tmp_path / "scenario.yaml").write_text(json.dumps(tree), encoding="utf-8")
    run = hp.solve(hp.read_scenario(tmp_path / "scenario.yaml")).write(tmp_path / "run")
    plan = json.loads((run / "plan.json").read_text(encoding="utf-8"))
    total = people_inside(own)["people"].sum()
    assert plan["people"]["total"] == pytest.approx(total, rel=1e-9)
    assert plan["groups"]["country"]["Burundi"]["people"] == pytest.approx(total, rel=1e-9)
    assert plan["people"]["covered"] == pytest.approx(people_reached(own, plan["hubs"], 10), rel=1e-9)
    assert plan["need"]["covered"] == pytest.approx(0.9 * plan["people"]["covered"], rel=1e-9)
    assert audit_run(run).verdict == "pass"


def test_no_zone_is_left_where_a_box_covers_all(folder: Path) -> None:
    zones(folder, {"A": (67.0, 67.5)}, (325,))
    inputs = hp.read_inputs(asked(folder))
    assert by_part(inputs) == {"zone A": 325}
    assert not inputs.warnings


# --- tables joined to zones


def with_table(folder: Path, text: str, **keys: Any) -> dict[str, Any]:
    (folder / "online.csv").write_text(text, encoding="utf-8")
    join = {"path": "online.csv", "on": {"name": "area"}, "take": {"net": "online", "census": "people"}, **keys}
    return with_zones(join=[join], take={"part": "name", "net": "net"}, people="census")


def test_zones_take_over_columns_of_a_table(folder: Path) -> None:
    table = "area,online,people\nZone  A,50,500\nzone b,25,1000\nzone c,10,9\n"
    expected = hp.read_inputs(asked(folder, zones=with_zones(people="people")))
    scenario = asked(folder, zones=with_table(folder, table, percent=["net"]))
    found = hp.read_inputs(scenario)
    assert by_part(found) == pytest.approx(by_part(expected))
    assert by_part(found, "need") == pytest.approx(by_part(expected, "need"))
    told = [line for join in found.joins for line in join.lines()]
    assert told[0].startswith("demand.zones.join.0, online.csv: 2 of 2 rows")
    assert "online.csv" in found.digests
    hp.solve(scenario).write(folder / "run")
    audit = audit_run(folder / "run")
    assert (audit.verdict, audit.not_audited) == ("pass", ())
    assert audit.checked["demand.csv"] > 0


@pytest.mark.parametrize(
    ("text", "keys", "fault"),
    [
        ("area,online,people\nzone A,0.5,500\n", {}, "zones.geojson, row 1, name: 'zone B' found; allowed: "),
        ("area,online,people\nzone A,0.5,500\nzone B,,1\n", {}, "zones.geojson, row 1, net: blank found; allowed: a "),
        ("area,online,people\nzone A,1,1\nzone B,1,1\nzone a,1,1\n", {}, "online.csv, row 4, area: 'zone a' found"),
        ("area,online\nzone A,1\nzone B,1\n", {}, "online.csv, people: is missing"),
        ("area,online,people\nzone A,1,1\n", {"on": "location"}, "demand.zones.join.0.on: 'location' found; allowed"),
    ],
)
def test_a_table_that_zones_cannot_take_over_is_told(folder: Path, text: str, keys: dict[str, Any], fault: str) -> None:
    with pytest.raises(FaultyError) as caught:
        hp.read_inputs(asked(folder, zones=with_table(folder, text, **keys)))
    assert fault in str(caught.value)


def test_zones_without_a_partner_may_be_left_out(folder: Path) -> None:
    table = with_table(folder, "area,online,people\nzone A,0.5,500\n", unmatched="drop")
    inputs = hp.read_inputs(asked(folder, zones=table))
    assert by_part(inputs) == pytest.approx({"zone A": 500})
    assert [warning.code for warning in inputs.warnings][:1] == ["left_out"]


def test_aliases_of_tables_joined_to_zones_are_offered(folder: Path) -> None:
    table = "area,online,people\nZone A,50,500\nZohne B,25,1000\n"
    scenario = asked(folder, zones=with_table(folder, table, percent=["net"]))
    assert values_to_alias(scenario) == [("demand.zones.join.0", "zone B", ("Zohne B",))]
    aliases = {"zone B": "Zohne B"}
    scenario = asked(folder, zones=with_table(folder, table, percent=["net"], aliases=aliases))
    assert values_to_alias(scenario) == []
    assert by_part(hp.read_inputs(scenario)) == pytest.approx({"zone A": 500, "zone B": 1000})


# --- what init --from makes of such files


def test_a_table_by_the_names_of_zones_is_joined_to_them(folder: Path) -> None:
    asked(folder)  # writes the sites
    (folder / "online.csv").write_text(
        "area,internet users (%),pop2020\nZone A,50,500\nZONE B,25,1000\n", encoding="utf-8"
    )
    shapes = json.loads((folder / "zones.geojson").read_text(encoding="utf-8"))
    for feature in shapes["features"]:
        feature["properties"] = {key: feature["properties"][key] for key in ("id", "name")}
    (folder / "zones.geojson").write_text(json.dumps(shapes), encoding="utf-8")
    given = [str(folder / name) for name in ("people.tif", "zones.geojson", "sites.csv", "online.csv")]
    made = new_project(folder / "new", given)
    assert made.faults == ()
    assert {use.file: use.role for use in made.draft.uses} == {
        "people.tif": "demand",
        "zones.geojson": "zones",
        "sites.csv": "sites",
        "online.csv": "joined to demand.zones",
    }
    inputs = made.inputs
    assert inputs is not None
    expected = hp.read_inputs(
        asked(
            folder,
            zones=with_zones(
                take={"part": "name", "net": "net"},
                join=[
                    {
                        "path": "online.csv",
                        "on": {"name": "area"},
                        "take": {"net": "internet users (%)"},
                        "percent": ["net"],
                    }
                ],
            ),
        )
    )
    assert inputs.demand.frame["need"].sum() == pytest.approx(expected.demand.frame["need"].sum(), rel=1e-12)
    assert any("scale cells to it with people: people?" in question.text for question in made.draft.questions)


def test_people_of_polygons_go_to_the_cells_of_a_raster_that_serves_for_nothing_else(folder: Path) -> None:
    asked(folder)
    given = ["demand=zones.geojson", "people.tif", "sites=sites.csv"]
    made = new_project(
        folder / "new", [name.replace("=", f"={folder}/") if "=" in name else str(folder / name) for name in given]
    )
    assert made.faults == ()
    assert "spread_by: {path: ../people.tif, unmatched: one_point}" in made.draft.text
    assert made.inputs is not None
    assert made.inputs.demand.frame["people"].sum() == 1500
    assert made.inputs.n_points == 20  # the cells in zones
