"""The figures of plan.json, against a recount by hand."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest

import hubplanner as hp

if TYPE_CHECKING:
    from support.project import Project

NUMBER = (int, float)
MEASURED = (int, float, type(None))
TYPES: dict[str, Any] = {
    "status": str,
    "objective": str,
    "objective_value": NUMBER,
    "bound": NUMBER,
    "gap": NUMBER,
    "seconds": NUMBER,
    "solver": {"name": str, "version": str},
    "currency": str,
    "budget": MEASURED,
    "cost": {"total": NUMBER, "capex": NUMBER, "opex_present_value": NUMBER, "backhaul": NUMBER, "saved": NUMBER},
    "need": {"total": NUMBER, "covered": NUMBER, "share": NUMBER},
    "people": {"total": NUMBER, "covered": NUMBER, "reached": NUMBER, "whom": str},
    "distance": {"mean_km": MEASURED, "max_km": MEASURED},
    "groups": dict,
    "hubs": list,
}
GROUP: dict[str, Any] = {"need": NUMBER, "covered": NUMBER, "share": NUMBER}
HUB: dict[str, Any] = {"site_id": str, "tier": str, "status": str, "cost": NUMBER, "lon": NUMBER, "lat": NUMBER}


def fits(value: Any, shape: Any) -> bool:
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(key in value and fits(value[key], part) for key, part in shape.items())
    return isinstance(value, shape) and not isinstance(value, bool)


@pytest.mark.parametrize("settings", [{}, {"model.budget": None, "model.max_hubs": 2}, {"sites.status": None}])
def test_every_promised_figure_is_there_in_its_type(project: Project, settings: dict[str, Any]) -> None:
    summary = json.loads(json.dumps(hp.solve(project.read(settings)).summary(), allow_nan=False))
    assert [key for key, shape in TYPES.items() if not fits(summary.get(key), shape)] == []
    assert summary["groups"]["province"].keys() == {"Balochistan", "Punjab"}
    assert all(fits(part, GROUP) for values in summary["groups"].values() for part in values.values())
    assert summary["hubs"]
    assert all(fits(hub, HUB) for hub in summary["hubs"])


def test_figures_are_those_of_the_frames(project: Project) -> None:
    plan = hp.solve(project.read({"model.budget": 400, "demand.spread_km": 1.0, "demand.area_km2": "area"}))
    summary, demand, hubs = plan.summary(), plan.demand, plan.hubs
    covered = (demand["need"] * demand["covered_share"]).sum()
    assert summary["need"] == pytest.approx(
        {"total": demand["need"].sum(), "covered": covered, "share": covered / demand["need"].sum()}
    )
    people = (demand["people"] * demand["covered_share"]).sum()
    assert summary["people"] == pytest.approx(
        {"total": demand["people"].sum(), "covered": people, "reached": people, "whom": "people"}
    )
    assert summary["objective_value"] == pytest.approx(covered)
    assert summary["cost"]["total"] == pytest.approx(hubs["cost"].sum())
    mean = (demand["need"] * demand["nearest_km"]).sum() / demand["need"].sum()
    assert summary["distance"]["mean_km"] == pytest.approx(mean)
    assert summary["distance"]["max_km"] >= demand.loc[demand["need"] > 0, "nearest_km"].max()
    for value, part in summary["groups"]["province"].items():
        rows = demand[demand["province"] == value]
        reached = (rows["need"] * rows["covered_share"]).sum()
        assert part["need"] == pytest.approx(rows["need"].sum())
        assert part["covered"] == pytest.approx(reached)
        assert part["share"] == pytest.approx(reached / rows["need"].sum())
        assert part["people"] == pytest.approx(rows["people"].sum())
        assert part["covered_people"] == pytest.approx((rows["people"] * rows["covered_share"]).sum())


def test_cost_is_what_new_hubs_take_to_build_and_to_run(project: Project) -> None:
    cost = hp.solve(project.read({"model.budget": 1e3, "model.require": ["S1"]})).summary()["cost"]
    running = (1 + 2) * 10 * (1 / 1.25 + 1 / 1.25**2)
    parts = {"capex": 300, "opex_present_value": running, "backhaul": 0, "saved": 0}
    paid = cost.pop("paid")
    assert [year["paid"] for year in paid["by_year"]] == pytest.approx([300, 30, 30])
    assert (paid["total"], paid["per_user_year"]) == (pytest.approx(360), None)
    assert cost == pytest.approx({"total": 300 + running, **parts})


def test_gap_is_the_distance_of_bound_and_value(project: Project) -> None:
    summary = hp.solve(project.read()).summary()
    value, bound = summary["objective_value"], summary["bound"]
    assert summary["gap"] == abs(bound - value) / max(1, min(abs(value), abs(bound)))
    assert bound >= value
    assert summary["status"] == "optimal"


def test_a_plan_without_hubs_has_no_distance(project: Project) -> None:
    summary = hp.solve(project.read({"model.budget": 0, "sites.status": None})).summary()
    assert summary["hubs"] == []
    ways = {"mean_km": None, "max_km": None, "nearest_km": None, "unserved_need": 0, "unserved_people": 0}
    lost = {"unreachable_need": summary["need"]["total"], "unreachable_people": summary["people"]["total"]}
    assert summary["distance"] == ways | lost
    assert summary["need"]["share"] == 0


def test_a_place_without_need_has_share_zero(project: Project) -> None:
    summary = hp.solve(project.read({"demand.priority": 0.0})).summary()
    assert summary["need"] == {"total": 0, "covered": 0, "share": 0}
    assert summary["distance"]["mean_km"] is None
    assert {part["share"] for part in summary["groups"]["province"].values()} == {0}


def test_need_beyond_every_way_is_told_apart(project: Project) -> None:
    project.edit("travel.csv", "D3,S2,2,4\n", "")
    travel = {"method": "matrix", "path": str(project.folder / "travel.csv")}
    distance = hp.solve(project.read({"travel": travel})).summary()["distance"]
    assert (distance["unreachable_need"], distance["unreachable_people"]) == (2000, 2800)
    assert distance["max_km"] == pytest.approx(1.5)
    assert distance["mean_km"] == pytest.approx((750 * 1.5 + 500 * 1.2) / 1250)


def test_distances_of_a_table_of_minutes_are_minutes(project: Project) -> None:
    travel = {"method": "matrix", "path": str(project.folder / "travel.csv")}
    tiers = [{"name": "centre", "capex": 1, "reach_minutes": 5}, {"name": "park", "capex": 400, "reach_minutes": 9}]
    plan = hp.solve(project.read({"travel": travel, "hubs": tiers}))
    distance = plan.summary()["distance"]
    assert (distance["mean_km"], distance["max_km"], distance["max_minutes"]) == (None, None, 4)
    assert distance["mean_minutes"] == pytest.approx((750 * 3 + 500 * 2.5 + 2000 * 4) / 3250)
    assert {"distance_minutes", "nearest_minutes"} <= set(plan.demand.columns)
    assert plan.links["distance_minutes"].max() == 4


def test_places_are_rounded_to_a_tenth_of_a_metre(project: Project) -> None:
    project.edit("sites.csv", "67.01,30.01", "67.0123456789,30.0187654321")
    hubs = hp.solve(project.read({"model.require": ["S1"]})).summary()["hubs"]
    assert (hubs[0]["lon"], hubs[0]["lat"]) == (67.012346, 30.018765)
    assert math.isclose(sum(hub["cost"] for hub in hubs), sum(hub["cost"] for hub in hubs if hub["status"] == "new"))
