"""Hubs connected by radio, from files to files: hops over towers and hubs, masts, sights, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from support.connected import WORTH, audited, found_wrong, passes_and_reads_back

import hubplanner as hp
from hubplanner.audit.audit import recompute
from hubplanner.audit.data.run_files import open_run
from hubplanner.audit.ledger import Ledger
from hubplanner.inputs import build_problem
from hubplanner.outputs.formats.actions import list_actions
from hubplanner.outputs.formats.arcgis import write_arcgis
from hubplanner.runs.export import read_result

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.project import Project

RADIO = {
    "hop_cost": 8.0,
    "relay_cost": 20.0,
    "tower_per_10_m": 1.0,
    "max_hop_km": 30.0,
    "max_hops": 2,
    "licence_year": 1,
}
HOP, MAST = 8.0 + WORTH, 20.0 + 3.0
NODES = {"path": "nodes.csv", "id": "name", "x": "lon", "y": "lat"}
TOWERS = {"path": "cells.csv", "id": "cell", "x": "lon", "y": "lat"}


def radio(fibre: dict[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    technologies = {"microwave": RADIO | parts, **({} if fibre is None else {"fibre": fibre})}
    links = {"nodes": NODES, "towers": TOWERS, "existing_connected": False, "technologies": technologies}
    return {"backhaul": links, "model.budget": 2000.0, "solver.gap": 0.0}


@pytest.fixture
def relayed(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A node 10 km from S4, whose mast stands there; S3 farther than a hop from all but the tower C1, 26 km from it."""
    monkeypatch.chdir(project.folder)
    project.write("nodes.csv", "name,lon,lat\nN1,67.11,30.13\n")
    project.write("cells.csv", "cell,lon,lat\nC1,67.30,30.30\nC2,67.3002,30.30\nC3,67.1102,30.04\n")
    project.edit("demand.csv", "D3,68.00,31.00", "D3,67.52,30.52")
    return project


def test_a_tower_relays_to_a_hub_that_no_single_hop_reaches_and_masts_are_paid_where_none_stands(
    relayed: Project,
) -> None:
    plan = hp.solve(relayed.read(radio()))
    hubs, lines = plan.hubs.set_index("site_id"), plan.backhaul.set_index("to")
    assert hubs.loc["S3", ["link", "connected_to", "hops"]].tolist() == ["microwave", "N1", 2]
    assert lines.loc["tower C1", ["from", "hops", "hubs_served"]].tolist() == ["N1", 1, 1]
    assert lines.loc["S3", ["from", "technology"]].tolist() == ["tower C1", "microwave"]
    assert set(lines.index) == {"S1", "S4", "tower C1", "S3"}  # C2 is C1 once more
    for to, mast in {"S4": 0.0, "S1": MAST, "tower C1": 0.0, "S3": MAST}.items():
        assert lines.loc[to, "cost"] == pytest.approx(HOP + mast, abs=0.01)
    figures = plan.summary()
    assert figures["cost"]["backhaul"] == pytest.approx(4 * HOP + 2 * MAST, abs=0.02)
    assert figures["backhaul"]["by_technology"]["microwave"]["hubs"] == 3
    once, *yearly = (year["paid"] for year in figures["cost"]["paid"]["by_year"])
    assert yearly[0] == pytest.approx(4 * 1.0 + 20 + 10, abs=0.5)
    assert once + sum(year / 1.25 ** (at + 1) for at, year in enumerate(yearly)) == pytest.approx(
        figures["cost"]["total"], abs=0.02
    )
    said = " ".join(figures["backhaul"]["assumptions"])
    assert "within 30 km are taken to see each other" in said
    assert audited(plan, relayed.folder / "run") == []


def in_two_years(first: float, second: float) -> dict[str, Any]:
    years = [{"name": name, "budget": money} for name, money in (("2027", first), ("2028", second))]
    return {"model.budget": None, "model.periods.years": years}


def test_hops_are_laid_in_the_year_of_their_first_hub_and_serve_later_ones(relayed: Project) -> None:
    whole = hp.solve(relayed.read(radio())).summary()["cost"]["total"]
    plan = hp.solve(relayed.read(radio() | in_two_years(whole / 2, whole / 2)))
    summary, lines = plan.summary(), plan.backhaul.set_index("to")
    assert sorted(summary["periods"][0]["opened"] + summary["periods"][1]["opened"]) == ["S1", "S3", "S4"]
    opened = {site: year["name"] for year in summary["periods"] for site in year["opened"]}
    assert {lines.loc[site, "period"] for site in opened} == {"2027", "2028"}
    assert all(lines.loc[site, "period"] <= year for site, year in opened.items())
    assert lines.loc["tower C1", "period"] == opened["S3"]
    assert audited(plan, relayed.folder / "run") == []


def test_an_audit_notes_two_hops_into_one_place_and_a_hop_of_another_year(relayed: Project) -> None:
    whole = hp.solve(relayed.read(radio())).summary()["cost"]["total"]
    run = hp.solve(relayed.read(radio() | in_two_years(whole / 2, whole / 2))).write(relayed.folder / "run")
    path = run / "backhaul.geojson"
    said = json.loads(path.read_text(encoding="utf-8"))
    again = json.loads(json.dumps(said["features"][0]))
    again["properties"]["edge_id"] = 999
    path.write_text(json.dumps(said | {"features": [*said["features"], again]}), encoding="utf-8")
    assert f"hops to {again['properties']['to']}" in found_wrong(run)
    for feature in said["features"]:
        feature["properties"]["period"] = "2028"
    path.write_text(json.dumps(said), encoding="utf-8")
    assert "periods.0.cost" in found_wrong(run)


def test_towers_of_a_file_without_a_header_relay_as_others_do_and_are_audited(relayed: Project) -> None:
    names, _, rows = (relayed.folder / "cells.csv").read_text(encoding="utf-8").partition("\n")
    relayed.write("dump.csv", rows)
    asked = radio()
    asked["backhaul"]["towers"] = TOWERS | {"path": "dump.csv", "header": names.split(",")}
    plan = hp.solve(relayed.read(asked))
    assert "tower C1" in set(plan.backhaul["to"])
    assert audited(plan, relayed.folder / "run") == []


def test_limits_to_hops_their_length_and_their_mbps_keep_a_far_hub_away(relayed: Project) -> None:
    assert "S3" in set(hp.solve(relayed.read(radio())).hubs["site_id"])
    for less in ({"max_hops": 1}, {"max_hop_km": 25.0}):
        inputs = relayed.inputs(radio(**less))
        assert [warning.code for warning in inputs.warnings if warning.code == "no_link"] == ["no_link"]
        assert "S3" not in set(hp.solve(relayed.read(radio(**less))).hubs["site_id"])
    narrow = radio(max_mbps=50.0) | {
        "hubs.0.mbps": 20.0,
        "hubs.1.mbps": 60.0,
        "backhaul.technologies.satellite": {"site_cost": 300.0},
    }
    hubs = hp.solve(relayed.read(narrow)).hubs.set_index("site_id")
    assert hubs.loc["S3", "link"] == "satellite"
    assert hubs.loc["S4", "link"] == "microwave"


def test_hops_begin_where_new_fibre_ends_and_no_fibre_where_hops_end(relayed: Project) -> None:
    relayed.write("cells.csv", "cell,lon,lat\nC3,67.1102,30.04\n")
    cheap = {"cost_per_km": 0.5, "max_km": 60.0}
    settings = radio(cheap, max_hops=1) | {"hubs.1.links": ["microwave"], "hubs.0.links": ["fibre"]}
    near = relayed.inputs(settings)
    links = near.links
    assert links is not None
    by = links.edges[links.edges["technology"] == "microwave"]
    assert set(links.places["id"].iloc[by["from"].unique()]) >= {"N1"}
    plan = hp.solve(relayed.read(settings | {"backhaul.technologies.microwave.max_hop_km": 60.0}))
    assert set(plan.hubs["link"]) <= {"fibre", "microwave", "as it stands"}
    assert audited(plan, relayed.folder / "run") == []
    problem = build_problem(near)
    assert problem.backhaul is not None
    assert problem.backhaul.node.shape[0] == 2


def test_only_places_that_a_table_names_see_each_other(relayed: Project) -> None:
    relayed.write("sights.csv", "a,b\nN1,S4\ntower C1,S3\n")
    sights = {"line_of_sight": "table", "sights": {"path": "sights.csv", "from": "a", "to": "b"}}
    plan = hp.solve(relayed.read(radio(**sights)))
    assert set(plan.backhaul["to"]) == {"S4"}
    relayed.write("sights.csv", "a,b\nN1,S4\ntower C1,S3\nN1,tower C1\n")
    more = hp.solve(relayed.read(radio(**sights)))
    assert set(more.backhaul["to"]) == {"S4", "tower C1", "S3"}
    assert audited(more, relayed.folder / "run") == []
    _change("from", "S4", "S3")(relayed.folder / "run")
    ledger = Ledger()
    recompute(open_run(relayed.folder / "run"), ledger)
    assert "hop S4-S3" in {finding.item for finding in ledger.findings}
    relayed.write("sights.csv", "a,b\nN1,S44\n")
    [found] = relayed.messages(radio(**sights))
    assert "sights.csv, row 2" in found
    assert "the id of a site, a node or a tower" in found


def test_a_run_by_radio_is_read_back_audited_and_told_as_tasks(relayed: Project) -> None:
    run = hp.solve(relayed.read(radio())).write(relayed.folder / "run")
    passes_and_reads_back(run)
    result, _ = read_result(run)
    tasks = [
        action.task for heading, actions in list_actions(result).sections for action in actions if "lines" in heading
    ]
    assert any(task.startswith("Set up microwave from N1 to tower C1, 26") for task in tasks)
    assert "microwave" in (run / "report.html").read_text(encoding="utf-8")
    assert set(pd.read_csv(run / "backhaul.csv", encoding="utf-8-sig")["technology"]) == {"microwave"}


def test_lines_and_hops_are_told_apart_in_qgis_and_arcgis(relayed: Project) -> None:
    near = {"cost_per_km": 0.2, "max_km": 17.0}
    asked = radio(near, max_mbps=30.0) | {"hubs.0.mbps": 20.0, "hubs.1.mbps": 30.0, "backhaul.neighbours": 2}
    run = hp.solve(relayed.read(asked)).write(relayed.folder / "run")
    built = gpd.read_file(run / "plan.gpkg", layer="backhaul")
    assert set(built["technology"]) == {"fibre", "microwave"}
    styles = pyogrio.read_dataframe(run / "plan.gpkg", layer="layer_styles").set_index("f_table_name")
    for name in ("fibre", "microwave"):
        assert f"{name} to build" in styles.loc["backhaul", "styleQML"]
    result, _ = read_result(run)
    write_arcgis(result, relayed.folder / "esri.gpkg")
    layer = gpd.read_file(relayed.folder / "esri.gpkg", layer="Backhaul")
    assert layer["HubsServed"].tolist() == built["hubs_served"].tolist()
    assert {"EdgeID", "Technology", "From", "To", "Km", "Cost", "Mbps", "Hops", "Status"} <= set(layer)


def test_hops_that_carry_more_than_one_can_are_counted(relayed: Project) -> None:
    relayed.edit("demand.csv", "D4,68.05,31.02,800,1", "D4,67.30,30.301,800,0")
    relayed.edit("sites.csv", "S5,Kalat,66.90,29.90,excluded", "S5,Kalat,67.30,30.301,candidate")
    plan = hp.solve(relayed.read(radio(max_mbps=30.0) | {"hubs.0.mbps": 20.0, "hubs.1.mbps": 30.0}))
    lines = plan.backhaul.set_index("to")
    assert lines.loc["S5", "mbps"] == 50
    told = plan.summary()["backhaul"]["assumptions"]
    assert "Hubs behind 1 hop ask for more than the 30 of a hop together, up to 50 Mbps." in told
    assert audited(plan, relayed.folder / "run") == []


def _change(key: str, value: Any, at: str) -> Callable[[Path], None]:
    def change(run: Path) -> None:
        file = run / "backhaul.geojson"
        tree = json.loads(file.read_text(encoding="utf-8"))
        [line] = [one for one in tree["features"] if one["properties"]["to"] == at]
        line["properties"][key] = value
        file.write_text(json.dumps(tree), encoding="utf-8")

    return change


def _without_tower(run: Path) -> None:
    file = run / "backhaul.geojson"
    tree = json.loads(file.read_text(encoding="utf-8"))
    tree["features"] = [one for one in tree["features"] if one["properties"]["to"] != "tower C1"]
    file.write_text(json.dumps(tree), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "item"),
    [
        (_without_tower, "hub S3 park"),
        (_change("km", 3.0, "S3"), "km"),
        (_change("cost", HOP, "S3"), "cost"),
        (_change("technology", "laser", "S3"), "line"),
        (_change("from", "N1", "S3"), "hop N1-S3, km"),
        (_change("hops", 1, "S3"), "hops"),
    ],
)
def test_an_audit_finds_a_hop_that_was_changed(relayed: Project, change: Callable[[Path], None], item: str) -> None:
    run = hp.solve(relayed.read(radio())).write(relayed.folder / "run")
    change(run)
    ledger = Ledger()
    recompute(open_run(run), ledger)
    assert any(item in finding.item for finding in ledger.findings)


def test_an_audit_finds_more_hops_than_are_allowed(relayed: Project) -> None:
    run = hp.solve(relayed.read(radio())).write(relayed.folder / "run")
    text = (run / "scenario.yaml").read_text(encoding="utf-8")
    (run / "scenario.yaml").write_text(text.replace("max_hops: 2", "max_hops: 1"), encoding="utf-8")
    ledger = Ledger()
    recompute(open_run(run), ledger)
    assert any("hub S3 park" in finding.item for finding in ledger.findings)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (radio(line_of_sight="table"), "is required with line_of_sight: table"),
        (radio(sights={"path": "s.csv", "from": "a", "to": "b"}), "only with line_of_sight: table"),
        (radio(line_of_sight="elevation"), "one of assumed, table"),
        (radio(max_hops=9), "8"),
        (radio(max_hop_km=30_000.0), "400"),
        (radio(hop_cost=-1.0), "hop_cost"),
        (radio() | {"backhaul.nodes": []}, "is required with microwave, or lines"),
        (radio() | {"hubs.0.links": ["fibre"]}, "one of backhaul.technologies: microwave"),
        (
            radio(max_mbps=10.0) | {"hubs.0.mbps": 20.0, "hubs.1.mbps": 5.0},
            "what some link of centre carries: microwave 10",
        ),
    ],
)
def test_what_makes_no_hops_is_refused(relayed: Project, settings: dict[str, Any], words: str) -> None:
    assert any(words in message for message in relayed.refusal(settings))


def test_more_pairs_in_sight_than_a_search_ends_with_are_refused(
    relayed: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubplanner.inputs.backhaul.microwave.MOST_SIGHTS", 3)
    [found] = relayed.messages(radio())
    assert "max_hop_km" in found
    assert "at most 3 pairs of places in sight of each other" in found
