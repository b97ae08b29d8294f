"""What frames, figures and files promise, whatever is asked: capacities, years, changes, floors, decay, backup."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest

import hubplanner as hp

if TYPE_CHECKING:
    from pathlib import Path

    from support.project import Project

OWN = ["site_id", "tier", "status", "hubs", "cost", "covered_need", "covered_people", "load"]
SEATS = ["capacity", "utilisation"]
REST = ["name", "site_status", "site_tier", "factor", "capex", "geometry"]
YEARS = [{"name": 2027, "budget": 300}, {"name": 2028, "budget": 100}, {"name": 2029, "budget": 500}]
OFFLINE = {"D1": 0.75, "D2": 0.5, "D3": 1.0, "D4": 0.0}
"""Part of each place's people who are not connected yet: those whom seats are for."""
AREAS = {"demand.spread_km": 1.0, "demand.area_km2": "area"}

ASKED: dict[str, dict[str, Any]] = {
    "capacity": {"hubs.0.capacity": 600, "hubs.1.capacity": 900, "model.budget": 1000},
    "seats for all": {
        "hubs.0.capacity": 600,
        "hubs.1.capacity": 900,
        "model.budget": 1000,
        "model.capacity_of": "people",
    },
    "some capacity": {"hubs.0.capacity": 600, "model.budget": 1000, "model.assignment": "single"},
    "stacked": {
        "hubs.0.capacity": 300,
        "hubs.1.capacity": 900,
        "model.budget": 2500,
        "sites.tier": None,
        "model.max_per_site": 3,
        "model.mixed_tiers": True,
    },
    "years": {"model.budget": None, "model.periods.years": YEARS, "demand.growth_per_year": 0.1},
    "years with seats": {
        "model.periods.years": YEARS,
        "demand.growth_per_year": 0.1,
        "model.budget": 600,
        "hubs.0.capacity": 600,
    },
    "years apart": {"model.budget": None, "model.periods": {"years": YEARS, "nested": False, "discount_rate": 0.1}},
    "upgrade": {"model.existing": {"upgrade": True, "upgrade_fee": 7}, "hubs.0.reach_km": 1, "model.budget": 2000},
    "closed": {
        "model.objective": "min_cost",
        "model.target_share": 0.2,
        "model.require": ["S1"],
        "model.existing": {"close": ["S2"], "close_saving": 50},
    },
    "floors": {"model.floors": [{"group": "province", "share": 0.3}, {"people": "area", "share": 0.1}]},
    "decay": {"coverage": {"decay": "linear", "full_km": 1}},
    "decay of areas": {"coverage": {"decay": "gaussian", "full_km": 1, "width_km": 2}} | AREAS,
    "backup": {"coverage": {"backup": 2, "backup_weight": 0.3}, "hubs.0.reach_km": 12},
    "seats in areas": {"hubs.0.capacity": 600, "hubs.1.capacity": 900, "model.budget": 1000} | AREAS,
    "nearest": {"model.objective": "p_median", "model.max_hubs": 2},
    "farthest": {"model.objective": "p_center", "model.max_hubs": 2},
    "fair": {"model.fairness": "max_min", "model.budget": 300},
}


WRITTEN = {"some capacity", "years with seats", "closed"}
"""Those whose files are looked at: the map takes a second."""


@pytest.fixture(params=ASKED)
def asked(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def plan(asked: str, project: Project) -> hp.Plan:
    return hp.solve(project.read(ASKED[asked]))


def test_figures_frames_and_files_agree(asked: str, plan: hp.Plan, tmp_path: Path) -> None:
    assert_columns(asked, plan)
    assert_sums(plan)
    assert all(floor["covered"] >= floor["share"] - 1e-6 for floor in plan.summary()["floors"])
    if asked in WRITTEN:
        assert_files(plan, plan.write(tmp_path / "run"))


def assert_columns(asked: str, plan: hp.Plan) -> None:
    seats = SEATS if any(tier.capacity for tier in plan.inputs.scenario.hubs) else []
    period = ["period"] if asked.startswith("years") else []
    assert plan.hubs.columns.tolist() == OWN + seats + period + REST
    for hub in plan.summary()["hubs"]:
        assert list(hub) == [*OWN, *seats, *period, "lon", "lat"]


def assert_sums(plan: hp.Plan) -> None:
    """Hubs, links and demand rows each add up to the plan's figures, and so do its groups."""
    summary, hubs, demand, links = plan.summary(), plan.hubs, plan.demand, plan.links
    need, people = summary["need"], summary["people"]
    assert hubs["covered_need"].sum() == pytest.approx(need["covered"])
    assert hubs["covered_people"].sum() == pytest.approx(people["covered"])
    assert (demand["need"] * demand["covered_share"]).sum() == pytest.approx(need["covered"])
    assert (demand["people"] * demand["covered_share"]).sum() == pytest.approx(people["covered"])
    assert demand[["need", "people"]].sum().tolist() == pytest.approx([need["total"], people["total"]])
    assert need["share"] == pytest.approx(need["covered"] / need["total"])
    parts = summary["groups"]["province"].values()
    for whole, part in ((need["total"], "need"), (need["covered"], "covered"), (people["covered"], "covered_people")):
        assert sum(values[part] for values in parts) == pytest.approx(whole)
    assert summary["cost"]["total"] == pytest.approx(hubs["cost"].sum() - summary["cost"]["saved"])
    part = links["demand_id"].map(OFFLINE) if plan.inputs.scenario.seats_need else 1.0
    served = (links["people"] * part).groupby(links["site_id"]).sum().reindex(hubs["site_id"].unique(), fill_value=0.0)
    assert served.to_dict() == pytest.approx(hubs.groupby("site_id")["load"].sum().to_dict())
    served = links.groupby("demand_id")["people"].sum().reindex(demand["demand_id"], fill_value=0.0)
    assert (served.to_numpy() <= demand["people"] * (1 + 1e-6)).all()
    if "capacity" in hubs:
        limited = hubs[hubs["capacity"].notna()]
        assert (limited["load"] <= limited["capacity"] * (1 + 1e-6)).all()
        assert limited["utilisation"].tolist() == pytest.approx((limited["load"] / limited["capacity"]).tolist())
        tiers = {tier.name: tier.capacity for tier in plan.inputs.scenario.hubs}
        room = [(tiers[tier] or float("nan")) * count for tier, count in zip(hubs["tier"], hubs["hubs"], strict=True)]
        assert hubs["capacity"].tolist() == pytest.approx(room, nan_ok=True)


def assert_files(plan: hp.Plan, folder: Path) -> None:
    """plan.json, the table, GeoJSON and GeoPackage say what the frames say; what is not known is blank or null."""
    found = json.loads((folder / "plan.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert found == plan.summary()
    with (folder / "hubs.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    features = json.loads((folder / "hubs.geojson").read_text(encoding="utf-8"), parse_constant=pytest.fail)["features"]
    layer = gpd.read_file(folder / "plan.gpkg", layer="hubs")
    assert [row["site_id"] for row in rows] == layer["site_id"].tolist() == plan.hubs["site_id"].tolist()
    assert layer.columns.tolist() == plan.hubs.columns.tolist()
    for name in plan.hubs.columns.drop("geometry"):
        cells, values = [row[name] for row in rows], plan.hubs[name]
        assert [cell == "" for cell in cells] == values.isna().tolist()
        assert [row["properties"][name] is None for row in features] == values.isna().tolist()
        if values.dtype.kind in "if":
            numbers = [float(cell or "nan") for cell in cells]
            assert numbers == pytest.approx(values.tolist(), nan_ok=True)
    assert len(gpd.read_file(folder / "plan.gpkg", layer="links")) == len(plan.links)
