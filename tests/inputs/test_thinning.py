"""Of many candidates some are kept: no two too near, one of each group, those preferred first, and it is told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from support.draws import examples
from support.instances.audited_runs import audited
from support.instances.demand_files import write_many

import hubplanner as hp
from hubplanner.errors import ScenarioError
from hubplanner.inputs import sites
from hubplanner.inputs.sites import thinned
from hubplanner.model import compatibility
from hubplanner.pipeline import solve
from hubplanner.problem import GreatCircle
from hubplanner.scenario import json_schema

if TYPE_CHECKING:
    from pathlib import Path

    from support.project import Project

SITES = """\
site_id,name,lon,lat,status,tier,factor,capex,size
S1,Quetta,67.00,30.00,candidate,,1,100,1
S2,Lahore,67.00,30.01,existing,,1,120,2
S3,Hazar,67.00,30.02,candidate,,1,100,9
S4,Sibi,67.00,30.03,required,,1,100,3
S5,Kalat,67.00,30.04,candidate,,1,100,1
S6,Kalat,67.00,31.00,candidate,,1,100,0
"""
"""A kilometre apart; of S1, S3 and S5 each is 2.2 km from the next."""


def kept(project: Project, **keys: Any) -> list[str]:
    project.write("sites.csv", SITES)
    own = {f"sites.{key}": value for key, value in keys.items() if "__" not in key}
    other = {key.replace("__", "."): value for key, value in keys.items() if "__" in key}
    inputs = project.inputs(own | other)
    counts = [warning.message for warning in inputs.warnings if warning.code == "thinned_sites"]
    assert len(counts) == (len(inputs.sites.frame) < 6)
    return list(inputs.sites.frame["site_id"])


@pytest.mark.parametrize("most", [3, 6, 9])
def test_too_many_pairs_are_told_with_a_line_that_is_enough(
    project: Project, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    rows = [f"S{at},Place,{67 + at / 100:.2f},30,candidate,,1,100" for at in range(12)]
    project.write("sites.csv", "\n".join(["site_id,name,lon,lat,status,tier,factor,capex", *rows]) + "\n")
    hubs = {"hubs": [{"name": "centre", "capex": 10, "reach_km": 20, "capacity": 300}]}
    for module in (compatibility, solve):
        monkeypatch.setattr(module, "MOST_PAIRS", most)
    with pytest.raises(ScenarioError, match="Under sites, write thin_km") as caught:
        hp.solve(project.read(hubs))
    thin_km, left = re.search(r"thin_km: ([\d.]+): it leaves (\d+) of 12", str(caught.value)).groups()  # type: ignore[union-attr]
    plan = hp.solve(project.read(hubs | {"sites.thin_km": float(thin_km)}))
    assert len(plan.inputs.sites.frame) == int(left)
    monkeypatch.setattr(sites, "THINNINGS_KM", (0.1,))
    with pytest.raises(ScenarioError, match="No thin_km up to"):
        hp.solve(project.read(hubs))


@pytest.mark.parametrize(
    ("keys", "sites"),
    [
        ({}, "S1 S2 S3 S4 S5 S6"),
        ({"thin_km": 2}, "S1 S2 S3 S4 S5 S6"),
        ({"thin_km": 3}, "S1 S2 S4 S5 S6"),
        ({"thin_km": 3, "prefer": "size"}, "S2 S3 S4 S6"),
        ({"thin_km": 500}, "S1 S2 S4"),
        ({"one_per": "name"}, "S1 S2 S3 S4 S5"),
        ({"one_per": "name", "thin_km": 500}, "S1 S2 S4"),
        ({"thin_km": 3, "model__at_most_one": [["S3", "S6"]]}, "S1 S2 S3 S4 S5 S6"),
        ({"thin_km": 3, "model__exclude": ["S1"]}, "S1 S2 S3 S4 S6"),
    ],
)
def test_which_candidates_stay(project: Project, keys: dict[str, Any], sites: str) -> None:
    assert kept(project, **keys) == sites.split()


def test_what_is_left_out_is_counted(project: Project) -> None:
    project.write("sites.csv", SITES)
    (warning,) = project.inputs({"sites.thin_km": 3, "sites.one_per": "name"}).warnings
    # S3 is 2.2 km from S1, and S6 has the name of S5.
    assert warning.message == "2 of 4 candidates are left out by sites.thin_km 3 and one_per name"


def test_a_preference_alone_is_refused(project: Project) -> None:
    assert "only with sites.thin_km or one_per" in project.refusal({"sites.prefer": "capex"})[0]


def test_a_matrix_may_name_candidates_that_went(project: Project) -> None:
    project.write("travel.csv", "demand_id,site_id,km,minutes\nD1,S1,1,1\nD1,S3,2,2\nD2,S5,3,3\n")
    matrix = {"travel__method": "matrix", "travel__path": str(project.folder / "travel.csv")}
    assert kept(project, thin_km=3, **matrix) == ["S1", "S2", "S4", "S5", "S6"]


@settings(max_examples=examples(120), deadline=None)
@given(
    st.lists(st.tuples(st.floats(60, 61), st.floats(-1, 1), st.sampled_from("abc")), min_size=1, max_size=25),
    st.floats(1, 90),
)
def test_what_stays_is_apart_and_what_went_could_not_come_back(
    places: list[tuple[float, float, str]], km: float
) -> None:
    lonlat, groups = np.array([place[:2] for place in places]), [place[2] for place in places]
    apart = np.column_stack([GreatCircle(lonlat, lonlat[[at]]).from_site(0) for at in range(len(places))])
    for group in (None, groups):
        stay = thinned(np.ones(len(places), dtype=bool), lonlat, km, group, np.zeros(len(places)))
        clash = apart < km * (1 - 1e-9)
        if group is not None:
            clash |= np.array(group)[:, None] == np.array(group)[None, :]
        np.fill_diagonal(clash, val=False)
        assert not clash[np.ix_(stay, stay)].any()
        assert clash[~stay][:, stay].any(axis=1).all()


@pytest.mark.parametrize(
    "keys", [{"sites.thin_km": 12}, {"sites.one_per": "status", "sites.thin_km": 3, "sites.prefer": "factor"}]
)
def test_runs_of_some_candidates_are_audited(tmp_path: Path, keys: dict[str, Any]) -> None:
    many = write_many(tmp_path)
    scenario = many.read(keys)
    plan = hp.solve(scenario)
    assert [warning["code"] for warning in plan.summary()["warnings"]] == ["thinned_sites"]
    found = audited(plan.write(tmp_path / "run"))
    assert (found.verdict, found.findings) == ("pass", ())


FROM = """\
name: from
demand:
  {path: demand.csv, id: demand_id, x: lon, y: lat, people: people, groups: [province],
  where: {province: [Balochistan, Punjab]}}
sites: {from: demand, groups: [area], thin_km: 9, prefer: people}
hubs: [{name: centre, capex: 100, reach_km: 5}]
model: {budget: 200}
"""


def test_a_site_may_stand_at_each_row_of_demand(project: Project) -> None:
    project.write("scenario.yaml", FROM)
    scenario = project.read()
    assert scenario.sites.path == scenario.demand.path
    assert (scenario.sites.id, scenario.sites.groups, scenario.sites.where) == (
        "demand_id",
        ("area",),
        {"province": ("Balochistan", "Punjab")},
    )
    plan = hp.solve(scenario)
    # D2 is 11 km from D1, D4 5 km from D3, which has more people.
    assert plan.summary()["need"]["share"] == pytest.approx(3000 / 4300)
    assert sorted(plan.hubs["site_id"]) == ["D1", "D3"]
    assert [warning["code"] for warning in plan.summary()["warnings"]] == ["thinned_sites"]
    found = audited(plan.write(project.folder / "run"))
    assert (found.verdict, found.findings, found.not_audited) == ("pass", (), ())
    again = hp.read_scenario(project.folder / "run" / "scenario.yaml")
    assert again.sites == scenario.sites


@pytest.mark.parametrize(
    ("old", "new"),
    [("from: demand", "from: roads"), ("from: demand", "from: demand, path: s.csv"), ("demand.csv", "people.tif")],
)
def test_sites_come_from_demand_or_from_a_file(project: Project, old: str, new: str) -> None:
    project.write("scenario.yaml", FROM.replace(old, new))
    found = project.refusal()
    assert any("sites.from: " in fault and "for a site at each row of its file" in fault for fault in found)


def test_the_schema_knows_sites_from_demand() -> None:
    schema = Draft202012Validator(json_schema())
    tree = YAML(typ="safe").load(FROM)
    assert schema.is_valid(tree)
    tree["sites"].pop("from")
    assert not schema.is_valid(tree)
