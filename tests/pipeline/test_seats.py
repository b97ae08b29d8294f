"""Hubs with seats: every figure of distance, in every file, is that of the hub that serves."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest

import hubplanner as hp
from hubplanner.audit import audit_run
from hubplanner.cli.tables import print_plan
from hubplanner.formatting import left_out_of_ways
from hubplanner.outputs.comparison import figure_table
from hubplanner.runs.export import read_result
from hubplanner.runs.index import describe

if TYPE_CHECKING:
    from pathlib import Path

    from hubplanner.scenario import Scenario

DEMAND = "id,x,y,people\nP,400000,2800000,100\nQ,403000,2800000,80\nR,414000,2800000,20\n"
SITES = "id,x,y\nA,401000,2800000\nB,409000,2800000\n"


@pytest.fixture
def two_hubs(tmp_path: Path) -> Path:
    """Return a folder with three villages on a line, 100, 80 and 20 people, and two sites with 100 seats each."""
    (tmp_path / "demand.csv").write_text(DEMAND, encoding="utf-8")
    (tmp_path / "sites.csv").write_text(SITES, encoding="utf-8")
    return tmp_path


def scenario(folder: Path, **model: Any) -> Scenario:
    """Return the question, which hubs 12 km wide with 100 seats each answer."""
    path = folder / "scenario.json"
    tree = {
        "name": "seats",
        "currency": "PKR",
        "demand": {"path": "demand.csv", "id": "id", "x": "x", "y": "y", "people": "people", "crs": "EPSG:32642"},
        "sites": {"path": "sites.csv", "id": "id", "x": "x", "y": "y", "crs": "EPSG:32642"},
        "hubs": [{"name": "hub", "capex": 10, "opex_per_year": 0, "reach_km": 12, "capacity": 100}],
        "horizon_years": 1,
        "discount_rate": 0.0,
        "travel": {"method": "planar"},
        "model": {"max_hubs": 2} | model,
    }
    path.write_text(json.dumps(tree), encoding="utf-8")
    return hp.read_scenario(path)


@pytest.mark.parametrize(
    "model",
    [{}, {"objective": "p_median"}, {"objective": "p_center"}, {"assignment": "single"}],
    ids=["coverage", "median", "center", "single"],
)
def test_one_meaning_of_distance_in_every_file(two_hubs: Path, model: dict[str, Any]) -> None:
    """By hand: P's 100 go 1 km to A, Q's 80 go 6 km and R's 20 go 5 km to B: 680 over 200 is 3.4."""
    folder = hp.solve(scenario(two_hubs, **model)).write(two_hubs / "run")
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    assert plan["distance"]["mean_km"] == pytest.approx(3.4)
    assert plan["distance"]["max_km"] == pytest.approx(6)
    assert plan["distance"]["nearest_km"] == pytest.approx((100 * 1 + 80 * 2 + 20 * 5) / 200)
    links = [
        part["properties"] for part in json.loads((folder / "links.geojson").read_text(encoding="utf-8"))["features"]
    ]
    moment = sum(link["people"] * link["distance_km"] for link in links)
    assert moment / sum(link["people"] for link in links) == pytest.approx(3.4)
    with (folder / "demand.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert {row["demand_id"]: float(row["distance_km"]) for row in rows} == pytest.approx({"P": 1, "Q": 6, "R": 5})
    for goal in plan["goals"]:
        if goal["name"] == "mean distance":
            assert goal["value"] == pytest.approx(3.4)
    assert audit_run(folder).verdict == "pass"


def test_a_row_that_hubs_share_has_the_mean_way_of_its_people(two_hubs: Path) -> None:
    """Of P's 150 people 100 find a seat at A, 1 km away, and 50 at B, 9 km away."""
    (two_hubs / "demand.csv").write_text("id,x,y,people\nP,400000,2800000,150\n", encoding="utf-8")
    plan = hp.solve(scenario(two_hubs))
    assert plan.demand["distance_km"].tolist() == pytest.approx([(100 * 1 + 50 * 9) / 150])
    assert plan.summary()["distance"]["mean_km"] == pytest.approx((100 * 1 + 50 * 9) / 150)
    assert audit_run(plan.write(two_hubs / "run")).verdict == "pass"


def test_everyone_counts_the_people_whom_seats_are_for_and_pays_twice(two_hubs: Path) -> None:
    """Half of each village is online: of the 100 others 100 sit, 40 of them at A, which stands already."""
    two_hubs.joinpath("sites.csv").write_text(
        "id,x,y,status\nA,401000,2800000,existing\nB,409000,2800000,candidate\n", encoding="utf-8"
    )
    asked = scenario(two_hubs, capacity_of="need", max_hubs=1, budget=100)
    tier = asked.hubs[0].model_copy(update={"capacity": 40.0, "opex_per_year": 3.0})
    demand = asked.demand.model_copy(update={"connected_share": 0.5})
    sites = asked.sites.model_copy(update={"status": "status"})
    asked = asked.model_copy(update={"hubs": (tier,), "demand": demand, "sites": sites, "horizon_years": 2})
    plan = hp.solve(asked)
    summary = plan.summary()
    assert summary["people"] == {"total": 200, "covered": 160, "reached": 80, "whom": "people not connected yet"}
    assert summary["cost"]["paid"] == {
        "total": 16,
        "by_year": [{"year": 0, "paid": 10}, {"year": 1, "paid": 3}, {"year": 2, "paid": 3}],
        "per_user_year": pytest.approx(16 / (40 * 2), abs=1e-6),
    }
    folder = plan.write(two_hubs / "run")
    assert describe(folder)["people"] == 80
    assert read_result(folder)[0].reached == 80
    table = figure_table(hp.compare(folder, folder).figures).set_index("figure")["a"]
    assert (table["people reached"], table["cost as paid"], table["cost as paid in year 2"]) == (80, 16, 3)
    frontier = hp.frontier(asked, points=2).summary()
    assert frontier["points"][-1]["people"] == 80
    assert frontier["whom"] == "people not connected yet"
    assert audit_run(folder).verdict == "pass"
    stated = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    stated["cost"]["paid"]["per_user_year"] += 0.01
    stated["people"]["whom"] = "people"
    (folder / "plan.json").write_text(json.dumps(stated), encoding="utf-8")
    wrong = {finding.item for finding in audit_run(folder).findings}
    assert {"cost.paid.per_user_year", "people.whom"} <= wrong


def test_who_has_no_seat_is_left_out_of_the_mean_and_said_beside_it(
    two_hubs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = hp.solve(scenario(two_hubs, max_hubs=1, require=["A"]))
    summary = plan.summary()
    assert summary["distance"]["mean_km"] == pytest.approx(1)
    assert (summary["distance"]["unserved_need"], summary["distance"]["unserved_people"]) == (100, 100)
    assert left_out_of_ways(summary["distance"]) == ["100 of need (100 people) without a seat left out"]
    print_plan(plan, summary | {"objective": "p_median"}, two_hubs)
    assert "100 of need (100 people) without a seat left out" in " ".join(capsys.readouterr().out.split())
    run = plan.write(two_hubs / "run")
    assert audit_run(run).verdict == "pass"
    other = hp.solve(scenario(two_hubs)).write(two_hubs / "other")
    runs = hp.compare(run, other).figures["runs"]
    assert [part["distance"]["unserved_need"] for part in runs] == [100, 0]


def test_the_frontier_states_the_way_that_plans_state(two_hubs: Path) -> None:
    points = hp.frontier(scenario(two_hubs), trade="coverage,distance", points=3).summary()["points"]
    assert [point["mean_distance_km"] for point in points] == pytest.approx([3.4])
    assert [point["unreachable_need"] for point in points] == [0]
