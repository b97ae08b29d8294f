"""Measures beside hubs from the scenario file to the audit, and what an audit says where figures are changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import hubplanner as hp
from hubplanner.audit.audit import audit_run
from hubplanner.runs.load import read_solution

if TYPE_CHECKING:
    from collections.abc import Callable

DEMAND = """demand_id,lon,lat,people,online,region,can
D1,67.00,27.00,4000,0.5,north,1500
D2,67.05,27.02,1000,0.2,north,900
D3,67.60,27.50,700,0.1,south,200
D4,67.62,27.51,300,0.0,south,300
D5,68.50,28.20,90,0.3,east,50
D6,67.01,27.01,2500,0.4,north,1500
"""
SITES = "site_id,lon,lat\nS1,67.01,27.00\nS2,67.61,27.50\nS3,68.60,28.10\n"
SCENARIO = """name: tiny
currency: PKR
demand: {path: demand.csv, id: demand_id, x: lon, y: lat, people: people, connected_share: online, groups: [region]}
sites: {path: sites.csv, id: site_id, x: lon, y: lat}
hubs:
  - {name: small, capex: 1.0e6, reach_km: 10, capacity: 300}
  - {name: large, capex: 4.0e6, reach_km: 20, capacity: 2000}
horizon_years: 2
discount_rate: 0.1
measures:
  devices: {cost: 2000, cost_per_year: 100, benefit: 0.6, people: can, share: 0.5}
  courses: {cost: 500, benefit: 0.15, share: 0.3}
model: {budget: 6.0e6}
solver: {gap: 0.0}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("measures")
    for name, text in (("demand.csv", DEMAND), ("sites.csv", SITES), ("scenario.yaml", SCENARIO)):
        (made / name).write_text(text, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def run(folder: Path) -> Path:
    return hp.solve(hp.read_scenario(folder / "scenario.yaml")).write(folder / "run")


def test_measures_share_the_budget_with_the_power_and_links_of_hubs(folder: Path, tmp_path: Path) -> None:
    power = {"kwh_cost": 40.0, "grid_km": 2.0, "grid_cost_per_km": 1e5, "solar_per_w": 300.0}
    links = {"technologies": {"satellite": {"site_cost": 2e5, "kwh_year": 200.0}}, "electricity": power}
    asked = hp.read_scenario(folder / "scenario.yaml", settings={"backhaul": links, "hubs.0.kwh_year": 900.0})
    plan = hp.solve(asked)
    cost = plan.summary()["cost"]
    assert cost["measures"] > 0
    assert cost["backhaul"] > 0
    parts = ("capex", "opex_present_value", "backhaul", "measures")
    assert cost["total"] == pytest.approx(sum(cost[part] for part in parts), abs=0.05)
    audit = audit_run(plan.write(tmp_path / "run"))
    assert (audit.verdict, audit.findings) == ("pass", ())


def test_a_run_with_measures_is_confirmed_and_read_back(run: Path) -> None:
    audit = audit_run(run)
    assert (audit.verdict, audit.findings) == ("pass", ())
    stated = json.loads((run / "plan.json").read_text(encoding="utf-8"))
    assert read_solution(run)[1].value == pytest.approx(stated["objective_value"], rel=1e-6)


def test_money_and_need_add_up_over_hubs_and_measures(run: Path) -> None:
    plan = json.loads((run / "plan.json").read_text(encoding="utf-8"))
    measures, cost, demand = plan["measures"], plan["cost"], pd.read_csv(run / "demand.csv")
    assert set(measures) == {"devices", "courses"}
    assert measures["devices"]["cost_per_person"] == pytest.approx(2000 + 100 / 1.1 + 100 / 1.21)
    assert cost["measures"] == pytest.approx(sum(one["cost"] for one in measures.values()), abs=0.01)
    assert cost["total"] == pytest.approx(cost["capex"] + cost["opex_present_value"] + cost["measures"], abs=0.01)
    assert cost["total"] <= 6.0e6
    by_hubs = sum(hub["covered_need"] for hub in plan["hubs"])
    assert plan["need"]["covered"] == pytest.approx(by_hubs + sum(one["covered"] for one in measures.values()))
    for name, one in measures.items():
        assert demand[name].sum() == pytest.approx(one["people"])
        assert one["covered"] == pytest.approx(one["benefit"] * one["people"])  # the need of a person is one
    assert (demand["devices"] <= 0.5 * pd.Series([1500, 800, 200, 300, 50, 1500]) + 1e-6).all()


def _more_people(run: Path) -> None:
    rows = pd.read_csv(run / "demand.csv")
    rows.loc[rows["demand_id"] == "D3", "courses"] = 400.0
    rows.to_csv(run / "demand.csv", index=False)


def _less_money(run: Path) -> None:
    plan: dict[str, Any] = json.loads((run / "plan.json").read_text(encoding="utf-8"))
    plan["measures"]["courses"]["cost"] *= 0.9
    (run / "plan.json").write_text(json.dumps(plan), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "item"), [(_more_people, "D3, courses"), (_less_money, "measures.courses.cost")], ids=["people", "money"]
)
def test_what_is_changed_is_found(run: Path, tmp_path: Path, change: Callable[[Path], None], item: str) -> None:
    run = shutil.copytree(run, run.parent / tmp_path.name)  # paths of inputs are relative to where it stands
    change(run)
    assert item in {finding.item for finding in audit_run(run).findings}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"measures.courses.per_hub_year": 200}, "courses by themselves, not those given at hubs"),
        ({"measures.devices.benefit": 4.0}, "at most 0.25"),
        ({"model.floors": [{"share": 1}]}, "below 1 with measures"),
        ({"model.objective": "p_median"}, "has no way to a hub"),
        ({"measures.devices.cost": 0}, "greater than or equal to"),
        ({"measures.devices.people": "phones"}, "phones"),
    ],
)
def test_what_measures_do_not_go_with_is_said(folder: Path, settings: dict[str, Any], says: str) -> None:
    with pytest.raises(hp.HubplannerError, match=says):
        hp.solve(hp.read_scenario(folder / "scenario.yaml", settings=settings))
