"""A plan's places as a proposal: how large they are in their district, and which others would do, in every output."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from support.instances.audited_runs import findings_of
from support.project import Project

import hubplanner as hp
from hubplanner.outputs.html.minute import firmness
from hubplanner.outputs.html.prose import reasons
from hubplanner.runs.export import read_result

DEMAND = """\
demand_id,lon,lat,people,internet,weight,province
D1,67.0,30.0,500,0,1,West
D2,68.0,30.0,480,0,1,West
D3,69.0,30.0,300,0,1,West
D4,71.0,30.0,200,0,1,East
D5,72.0,30.0,900,0,1,East
"""
SITES = """\
site_id,name,lon,lat,status,tier,factor,capex,province
S1,Alpha,67.0,30.0,candidate,,1,100,West
S2,Beta,68.0,30.0,candidate,,1,100,West
S3,Gamma,69.0,30.0,candidate,,1,100,West
S4,Delta,71.0,30.0,candidate,,1,100,East
S5,Epsilon,72.0,30.0,excluded,,1,100,East
"""
SETTINGS = {
    "hubs": [{"name": "centre", "capex": 100, "reach_km": 5, "capacity": 100}],
    "model": {"max_hubs": 2, "fairness": {"alpha": 1, "group": "province", "prefer_largest_of": "province"}},
}


@pytest.fixture
def run(project: Project) -> Path:
    project.write("demand.csv", DEMAND)
    project.write("sites.csv", SITES)
    project.edit("scenario.yaml", "  cost_factor: factor\n", "  cost_factor: factor\n  groups: [province]\n")
    return hp.solve(project.read(SETTINGS)).write(project.folder / "run")


def test_the_largest_town_is_taken_and_the_next_one_named(run: Path) -> None:
    hubs = pd.read_csv(run / "hubs.csv", encoding="utf-8-sig").set_index("site_id")
    assert hubs["catchment"].to_dict() == {"S1": 500, "S4": 200}
    assert hubs[["size_rank", "of_sites", "larger_free"]].loc["S1"].tolist() == [1, 3, 0]
    assert hubs["alternatives"].fillna("").to_dict() == {"S1": "Beta", "S4": ""}
    stated = json.loads((run / "plan.json").read_text(encoding="utf-8"))
    assert [hub["alternatives"] for hub in stated["hubs"]] == [["S2"], []]
    assert [goal["value"] for goal in stated["goals"]][1] == 700
    assert stated["fairness"]["prefer_largest_of"] == "province"
    assert findings_of(run) == []


def test_a_town_whose_name_holds_a_semicolon_is_one_in_the_list_of_others(project: Project) -> None:
    project.write("demand.csv", DEMAND)
    project.write("sites.csv", SITES.replace("Beta", '"Beta; upper; lower"'))
    project.edit("scenario.yaml", "  cost_factor: factor\n", "  cost_factor: factor\n  groups: [province]\n")
    run = hp.solve(project.read(SETTINGS)).write(project.folder / "run")
    hubs = pd.read_csv(run / "hubs.csv", encoding="utf-8-sig").set_index("site_id")
    assert hubs.loc["S1", "alternatives"] == "Beta, upper, lower"
    assert "Beta, upper, lower</bdi>" in (run / "report.html").read_text(encoding="utf-8").split("Or in")[1]
    assert findings_of(run) == []


def test_the_report_says_so(run: Path) -> None:
    result, _ = read_result(run)
    first, second = reasons(result, {})
    assert " Of the 3 sites of West it is where most would come." in first
    assert " It is the only site of East." in second
    [told] = [said for said in firmness(result) if "proposal" in said]
    assert "1 of 2 has another nearly as good, named beside it below" in told
    assert "Beta" in (run / "report.html").read_text(encoding="utf-8").split("Or in")[1]
