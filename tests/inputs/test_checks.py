"""What the scenario's checks make of doubts about the data, and that sound data raise none."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import box

from hubplanner.errors import FaultyError
from hubplanner.inputs import read_inputs
from hubplanner.scenario import json_schema, read_scenario
from hubplanner.scenario.data_spec import ChecksSpec

if TYPE_CHECKING:
    from support.project import Project

ROOT = Path(__file__).parents[2]
OWN = [path for folder in ("scenarios", "hubplanner/cli/template") for path in sorted((ROOT / folder).rglob("*.yaml"))]
CASES = Path(os.environ.get("HUBPLANNER_SHARED", ROOT.parent / "shared" / "data")).parent / "cases"
DOUBLED = ("D4,68.05,31.02,800,1,1.5", "D4,67.00,30.00,1000,1,1.5")


TOLD = {
    "pakistan": {"no_need_in_reach"},  # one district's only settlement reaches nobody
    "roads": {"far_from_roads"},
    "thinning": {"filled_cells", "thinned_sites"},
}
"""What scenarios are there to show, or must say."""


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_the_projects_own_data_raise_no_doubt(path: Path) -> None:
    assert {warning.code for warning in read_inputs(read_scenario(path)).warnings} == TOLD.get(path.stem, set())


def test_a_check_turns_a_doubt_into_a_fault_or_passes_it_over(project: Project) -> None:
    project.edit("demand.csv", *DOUBLED)
    assert [warning.code for warning in project.inputs().warnings] == ["doubled_place"]
    assert [warning.code for warning in project.inputs({"checks.doubled_place": "warn"}).warnings] == ["doubled_place"]
    assert project.inputs({"checks.doubled_place": "off"}).warnings == ()
    (message,) = project.messages({"checks.doubled_place": "error"})
    assert message.startswith("demand.csv, row 5: the very same place and as many people as row 2")
    assert message.endswith("(checks.doubled_place: error)")


def test_a_doubt_about_a_setting_is_a_fault_of_the_scenario(project: Project) -> None:
    settings = {"travel.detour": 4, "checks.long_detour": "error"}
    error = project.error(settings)
    assert [fault.kind for fault in error.faults] == ["scenario"]


def test_unknown_checks_and_levels_are_refused(project: Project) -> None:
    (unknown,) = project.refusal({"checks.far_plce": "off"})
    assert "did you mean far_place?" in unknown
    (level,) = project.refusal({"checks.far_place": "quiet"})
    assert "checks.far_place: 'quiet' found" in level


def test_every_code_is_a_key_of_the_schema_and_stands_in_the_manual() -> None:
    code = re.compile(r"""(?:code=|code = |_warn\(|_warning\(|append\(\()"([a-z_]+)\"""")
    used = {
        found
        for path in (ROOT / "hubplanner" / "inputs").rglob("*.py")
        for found in code.findall(path.read_text(encoding="utf-8"))
    }
    keys = set(ChecksSpec.model_fields)
    assert used == keys
    schema = json_schema()["$defs"]["ChecksSpec"]
    assert set(schema["properties"]) == keys
    manual = (ROOT / "scenarios" / "README.md").read_text(encoding="utf-8")
    table = manual[manual.index("## Warnings") : manual.index("## Assumptions")]
    told = set(re.findall(r"`([a-z_]+)`", "".join(re.findall(r"^\| `.*? \|", table, re.MULTILINE))))
    assert told == {"code", "guessed"} | keys  # the app guesses, a scenario never does


@pytest.mark.parametrize(
    ("place", "meant"), [("-68.05,31.02", "68.05, 31.02"), ("68.05,-31.02", "68.05, 31.02")], ids=["lon", "lat"]
)
@pytest.mark.parametrize("merged", [False, True], ids=["rows", "merged"])
def test_a_lost_or_wrong_sign_is_told(project: Project, place: str, meant: str, merged: bool) -> None:  # noqa: FBT001
    project.edit("demand.csv", "68.05,31.02", place)
    settings: dict[str, Any] = {"demand.merge": True, "demand.groups": [], "model.budget": 500} if merged else {}
    (warning,) = project.inputs(settings).warnings
    assert (warning.code, warning.row) == ("lost_sign", 5)
    assert f"would lie among the others as {meant}, " in warning.message


def test_a_sign_is_told_where_the_place_is_not_many_times_farther(project: Project) -> None:
    # Fifteen degrees from north to south of the rest, so that three times as far is not five times.
    rows = "".join(f"E{at:02},35.{at % 10},{-4 - at / 4},9,0,1,Punjab,1\n" for at in range(20))
    header = "demand_id,lon,lat,people,internet,weight,province,area\n"
    project.write("demand.csv", f"{header}{rows}E99,35.5,8,7,0,1,Punjab,1\n")
    sites = "site_id,name,lon,lat,status,tier,factor,capex\nS1,a,35.2,-6,candidate,,1,100\n"
    project.write("sites.csv", sites)
    (warning,) = project.inputs().warnings
    assert (warning.code, warning.row) == ("lost_sign", 22)


def test_places_on_both_sides_of_the_date_line_have_lost_no_sign(project: Project) -> None:
    rows = "".join(
        f"F{at:02},{177.5 + at / 8 if at < 20 else -180 + (at - 20) / 8},-17.{at},9,0,1,Fiji,1\n" for at in range(30)
    )
    header = "demand_id,lon,lat,people,internet,weight,province,area\n"
    project.write("demand.csv", header + rows)
    sites = "S1,a,-179.9,-17.5,candidate,,1,100\nS2,a,178,-17.5,candidate,,1,100\n"
    project.write("sites.csv", f"site_id,name,lon,lat,status,tier,factor,capex\n{sites}")
    assert project.inputs().warnings == ()
    project.write("demand.csv", f"{header}{rows}F99,-177.9,-17.4,7,0,1,Fiji,1\nF98,178.1,17.4,7,0,1,Fiji,1\n")
    (warning,) = project.inputs().warnings
    assert (warning.code, warning.row) == ("lost_sign", 33)


@pytest.mark.parametrize(("many", "told"), [(4, True), (3, False)])
def test_a_rare_name_a_letter_from_a_common_one_is_told(project: Project, many: int, told: bool) -> None:  # noqa: FBT001
    rows = "".join(f"E{at},67.{at + 1},30.{at + 1},9,0,1,Balochistan,1\n" for at in range(many))
    header = "demand_id,lon,lat,people,internet,weight,province,area\n"
    project.write("demand.csv", f"{header}{rows}F,67.05,30.3,7,0,1,Baluchistan,1\nG,67.06,30.3,7,0,1,North Kivu,1\n")
    found = [(warning.code, warning.message) for warning in project.inputs({"demand.where": {}}).warnings]
    assert [code for code, _ in found] == (["similar_values"] if told else [])
    if told:
        assert found[0][1].startswith("province: 'Baluchistan', in 1 row, differs by a letter from 'Balochistan', in 4")


@pytest.mark.parametrize(
    ("census", "codes"),
    [((3200, 900), 0), ((40000, 900), 2), ((3400, 150), 1), ((0.3, 900), 2)],
    ids=["alike", "one too large", "one too small", "thousands"],
)
def test_people_far_from_the_census_of_their_zones_are_told(
    project: Project, census: tuple[float, float], codes: int
) -> None:
    zones = gpd.GeoDataFrame(
        {"code": ["A", "B"], "census": census},
        geometry=[box(66, 29, 67.9, 32), box(67.9, 29, 69, 32)],
        crs="EPSG:4326",
    )
    zones.to_file(project.folder / "zones.geojson")
    # A holds 1,500 people of the small project, B 2,800.
    project.edit("demand.csv", "D1,67.00,30.00,1000", "D1,67.00,30.00,2700")
    project.edit("demand.csv", "D3,68.00,31.00,2000", "D3,68.00,31.00,0")
    settings = {
        "demand.merge": True,
        "demand.groups": [],
        "model.budget": 500,
        "demand.zones": {"path": str(project.folder / "zones.geojson"), "id": "code", "people": "census"},
    }
    found = [warning.code for warning in project.inputs(settings).warnings]
    assert found == ["far_from_census"] * codes


def test_null_island_of_the_shared_cases_is_told() -> None:
    case = CASES / "01-null-island"
    if not case.exists():
        pytest.skip("no shared cases at hand")
    with pytest.raises(FaultyError) as caught:
        read_inputs(read_scenario(next(case.glob("*.yaml"))))
    assert any("0, 0" in str(fault) for fault in caught.value.faults)


def test_points_as_thousands_of_the_shared_cases_are_told() -> None:
    case = CASES / "18-european-csv"
    if not case.exists():
        pytest.skip("no shared cases at hand")
    inputs = read_inputs(read_scenario(case / "scenario.yaml", ["dotted"]))
    assert "point_in_people" in {warning.code for warning in inputs.warnings}


def test_a_place_beside_the_rest_is_no_lost_sign() -> None:
    # A country on both sides of the equator and of Greenwich.
    places = np.random.default_rng(1).uniform(-5, 5, (200, 2))
    from hubplanner.inputs.coordinates import turned_among  # noqa: PLC0415

    for signs in ((-1, 1), (1, -1), (-1, -1)):
        assert not turned_among(places, places * signs, places).any()
