"""Hubs that are connected, from files to files: what each link costs, what is written of it, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from support.connected import (
    DEGREE,
    DISH,
    FIBRE,
    NODE_FILE,
    NODES,
    PER_KM,
    WORTH,
    audited,
    backhaul,
    passes_and_reads_back,
    planned,
)

import hubplanner as hp
from hubplanner.audit.audit import recompute
from hubplanner.audit.data.run_files import open_run
from hubplanner.audit.ledger import Ledger
from hubplanner.formatting import in_words
from hubplanner.inputs import build_problem
from hubplanner.outputs.backhaul import hubs_behind
from hubplanner.outputs.formats.actions import list_actions
from hubplanner.outputs.formats.excel import costs
from hubplanner.outputs.formats.kml import write_kml
from hubplanner.outputs.html.tables import dearest_lines
from hubplanner.outputs.map.hub_symbols import LINES
from hubplanner.outputs.map.layout import view_of
from hubplanner.outputs.map.legend import draw_legend, legend_rows
from hubplanner.outputs.map.scene import scene_of
from hubplanner.pipeline.solve import overview, solve_inputs
from hubplanner.runs.export import read_result

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.project import Project


def test_lines_and_dishes_are_paid_from_the_budget_and_told_hub_by_hub(linked: Project) -> None:
    plan = planned(linked, **backhaul())
    figures, hubs, lines = plan.summary(), plan.hubs.set_index("site_id"), plan.backhaul
    assert hubs.loc["S2", "link"] == "as it stands"
    assert hubs.loc["S2", "link_cost"] == 0
    assert (hubs.loc["S4", "link"], hubs.loc["S4", "connected_to"], hubs.loc["S4", "hops"]) == ("fibre", "N1", 1)
    first = lines.iloc[0]
    assert (first["from"], first["to"], first["technology"], first["status"]) == ("N1", "S4", "fibre", "new")
    assert first["km"] == pytest.approx(0.09 * DEGREE * 1.5)
    assert first["cost"] == pytest.approx(first["km"] * PER_KM, abs=0.01)
    assert list(first.geometry.coords) == [(67.11, 30.13), (67.11, 30.04)]
    cost = figures["cost"]
    assert cost["backhaul"] == pytest.approx(hubs["link_cost"].sum() + lines["cost"].sum(), abs=0.02)
    assert cost["total"] == pytest.approx(hubs["cost"].sum() + lines["cost"].sum(), abs=0.02)
    assert cost["total"] == pytest.approx(cost["capex"] + cost["opex_present_value"] + cost["backhaul"], abs=0.02)
    assert cost["total"] <= 500
    once, *yearly = (year["paid"] for year in cost["paid"]["by_year"])
    assert yearly == pytest.approx([yearly[0]] * 2)
    assert once + yearly[0] * WORTH == pytest.approx(cost["total"], abs=0.02)
    assert cost["paid"]["total"] == pytest.approx(once + yearly[0] * len(yearly), abs=0.02)
    told = figures["backhaul"]
    assert told["by_technology"]["fibre"]["km"] == pytest.approx(lines["km"].sum())
    assert sum(one["hubs"] for one in told["by_technology"].values()) == (hubs["link"] != "as it stands").sum()
    assert any("Not given for satellite" in said for said in told["assumptions"])


def test_a_dear_trench_leaves_hubs_to_dishes_and_a_dear_dish_to_trenches(linked: Project) -> None:
    dear = planned(linked, **backhaul(technologies={"fibre": FIBRE | {"cost_per_km": 50.0}, "satellite": DISH}))
    assert set(dear.hubs["link"]) == {"as it stands", "satellite"}
    assert dear.backhaul.empty
    own = dear.hubs.set_index("site_id").loc["S4"]
    assert own["link_cost"] == pytest.approx(60 + 10 * WORTH)
    alone = planned(linked, **backhaul(technologies={"fibre": FIBRE}))
    assert set(alone.hubs["link"]) == {"as it stands", "fibre"}


def test_what_is_assumed_of_today_s_network_is_the_first_doubt_of_the_report(linked: Project) -> None:
    note = "Nodes are <guessed>,\nnot surveyed."
    run = planned(linked, **backhaul(note=note)).write(linked.folder / "run")
    told = json.loads((run / "plan.json").read_text(encoding="utf-8"))["backhaul"]["assumptions"]
    assert told[0] == "Nodes are <guessed>, not surveyed."
    first = (run / "report.html").read_text(encoding="utf-8").partition('<section id="hubs"')[0]
    said = first.partition("What to doubt")[2].partition("</li>")[0]
    assert said.endswith("Links: Nodes are &lt;guessed&gt;, not surveyed.")
    [found] = linked.refusal(backhaul(note="x" * 501))
    assert "backhaul.note" in found
    assert "500" in found


def test_links_that_stand_alone_are_a_cost_of_their_hub_and_keep_the_core(linked: Project) -> None:
    alone = {"backhaul": {"technologies": {"satellite": DISH | {"max_mbps": 50.0, "lines": 2}}}, "hubs.0.mbps": 80.0}
    inputs = linked.inputs(alone | {"hubs.1.mbps": 50.0})
    problem = build_problem(inputs)
    assert problem.backhaul is None
    plan = solve_inputs(inputs)
    assert plan.solution.method.startswith("core")
    own = plan.hubs.set_index("site_id").loc["S4"]
    assert own["link_cost"] == pytest.approx(2 * (60 + 10 * WORTH))
    assert own["cost"] == pytest.approx(2 * (100 + 10 * WORTH) + own["link_cost"])
    assert plan.summary()["cost"]["backhaul"] == pytest.approx(plan.hubs["link_cost"].sum())


def test_cell_sites_serve_hubs_within_range(linked: Project) -> None:
    linked.write("cells.csv", "cell,lon,lat\nC1,67.12,30.05\n")
    towers = {"path": "cells.csv", "id": "cell", "x": "lon", "y": "lat"}
    cellular = {"site_cost": 20.0, "range_km": 3.0}
    asked = {"backhaul": {"towers": towers, "technologies": {"cellular": cellular, "satellite": DISH}}}
    links = planned(linked, **asked).hubs.set_index("site_id")["link"]
    assert links["S4"] == "cellular"
    assert set(links.drop(["S2", "S4"])) <= {"satellite"}
    only = linked.inputs({"backhaul": {"towers": towers, "technologies": {"cellular": cellular}}})
    assert [warning.code for warning in only.warnings if warning.code == "no_link"] == ["no_link"]
    assert build_problem(only).n_options == 2


def test_cell_sites_of_the_radios_that_serve_hubs_alone_do_so(linked: Project) -> None:
    linked.write("cells.csv", "cell,lon,lat,radio\nC1,67.12,30.05,gsm\nC2,67.02,30.01,LTE\n")
    towers = {"path": "cells.csv", "id": "cell", "x": "lon", "y": "lat", "radio": "radio"}
    cellular = {"site_cost": 20.0, "range_km": 3.0}

    def by_cell(**more: Any) -> set[str]:
        asked = {"backhaul": {"towers": towers, "technologies": {"cellular": cellular | more, "satellite": DISH}}}
        plan = planned(linked, **asked, **{"model.budget": 3000})
        assert audited(plan, linked.folder / "run") == []
        return set(plan.hubs.loc[plan.hubs["link"] == "cellular", "site_id"])

    with_new = by_cell()
    assert with_new
    assert "S4" not in with_new
    assert by_cell(radios=["2G", "4G"]) == with_new | {"S4"}
    assert by_cell(radios=["5G"]) == set()
    linked.edit("cells.csv", "gsm", "WiMAX")
    asked = {"backhaul": {"towers": towers, "technologies": {"cellular": cellular, "satellite": DISH}}}
    [found] = linked.messages(asked)
    assert "cells.csv, row 2, radio: 'WiMAX' found; allowed: one of 2G, 3G, 4G, 5G, GSM" in found
    nowhere = {"backhaul": {"towers": towers | {"radio": "kind"}, "technologies": {"cellular": cellular}}}
    [found] = linked.messages(nowhere)
    assert "kind" in found


def test_lines_start_anywhere_along_a_cable(linked: Project) -> None:
    cable = {"type": "Feature", "properties": {"name": "K"}, "geometry": {"type": "LineString"}}
    cable["geometry"]["coordinates"] = [[67.0, 30.1], [67.2, 30.1]]  # type: ignore[index]
    linked.write("cables.geojson", json.dumps({"type": "FeatureCollection", "features": [cable]}))
    lines = {"path": "cables.geojson", "id": "name", "join_km": 1.0}
    plan = planned(linked, **backhaul(nodes=[], lines=lines, technologies={"fibre": FIBRE}))
    first = plan.backhaul.set_index("to").loc["S4"]
    assert str(first["from"]).startswith("K at ")
    assert -1e-9 <= first["km"] - 0.06 * DEGREE * 1.5 <= 1
    assert audited(plan, linked.folder / "run") == []


def test_a_table_of_lines_says_what_may_be_built_and_for_what(linked: Project) -> None:
    linked.write("edges.csv", "a,b,km,money\nN1,S3,4,40\nS3,S4,2,\nS3,S1,1,9\n".replace(",\nS3,S1", ",7\nS3,S1"))
    table = {"path": "edges.csv", "from": "a", "to": "b", "km": "km", "cost": "money"}
    asked = backhaul(edges="table", table=table, technologies={"fibre": FIBRE | {"upkeep_per_km_year": 0.0}})
    plan = planned(linked, **asked)
    lines = plan.backhaul.set_index(["from", "to"])
    assert lines.loc[("N1", "S3"), "cost"] == 40
    assert lines.loc[("S3", "S4"), ["km", "cost"]].tolist() == [2, 7]
    assert audited(plan, linked.folder / "run") == []
    dumped = (linked.folder / "run" / "scenario.yaml").read_text(encoding="utf-8")
    assert "from: a" in dumped


ROADS = """\
from,to,from_x,from_y,to_x,to_y,km,class
N1,J,67.11,30.13,67.20,30.085,12,secondary
J,S4,67.20,30.085,67.11,30.04,9,secondary
S4,S1,67.11,30.04,67.01,30.01,11,secondary
"""


def by_road(**travel: Any) -> dict[str, Any]:
    network = {"method": "network", "roads": {"path": "roads.csv", "class": "class"}, "access_max_km": 3.0} | travel
    links = backhaul(edges="roads", technologies={"fibre": FIBRE})
    del links["backhaul"]["detour"]
    return links | {"travel": network}


def test_lines_are_as_long_as_the_roads_between_their_ends_and_lead_nowhere_else(linked: Project) -> None:
    linked.write("roads.csv", ROADS)
    inputs = linked.inputs(by_road())
    assert inputs.links is not None
    ids, edges = inputs.links.places["id"], inputs.links.edges
    km = {frozenset({ids[a], ids[b]}): length for a, b, length in edges[["from", "to", "km"]].itertuples(index=False)}
    assert km[frozenset({"N1", "S4"})] == pytest.approx(21)
    assert km[frozenset({"S4", "S1"})] == pytest.approx(11)
    assert set().union(*km) == {"N1", "S4", "S1"}  # no road leads to the others
    assert [warning.code for warning in inputs.warnings if warning.code == "no_link"] == ["no_link"]
    plan = planned(linked, **by_road(), **{"model.budget": 2000})
    first = plan.backhaul.set_index("to").loc["S4"]
    assert first["km"] == pytest.approx(21)
    assert first["cost"] == pytest.approx(21 * PER_KM, abs=0.01)
    assert any("as long as the roads" in said for said in plan.summary()["backhaul"]["assumptions"])
    assert audited(plan, linked.folder / "run") == []
    lines = linked.folder / "run" / "backhaul.geojson"
    tree = json.loads(lines.read_text(encoding="utf-8"))
    tree["features"][0]["properties"]["km"] = 10.0
    lines.write_text(json.dumps(tree), encoding="utf-8")
    ledger = Ledger()
    recompute(open_run(linked.folder / "run"), ledger)
    assert any("km" in finding.item for finding in ledger.findings)


def test_places_off_the_road_pay_the_straight_way_to_it_and_one_ways_are_no_matter(linked: Project) -> None:
    linked.write("nodes.csv", NODES.replace("67.11,30.13", "67.11,30.14"))
    one_way = "\n".join(line + (",oneway" if at == 0 else ",yes") for at, line in enumerate(ROADS.split("\n")[:-1]))
    linked.write("roads.csv", one_way + "\n")
    travel = {"detour": 1.5, "roads": {"path": "roads.csv", "class": "class", "oneway": "oneway"}}
    plan = planned(linked, **by_road(**travel), **{"model.budget": 2000})
    first = plan.backhaul.set_index("to").loc["S4"]
    assert first["km"] == pytest.approx(21 + 0.01 * DEGREE * 1.5, rel=1e-6)
    assert audited(plan, linked.folder / "run") == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"travel": {"method": "great_circle"}}, "straight or table without travel.method: network"),
        ({"backhaul.detour": 1.3}, "backhaul.detour: 1.3 found; allowed: to be left out with edges: roads"),
    ],
)
def test_lines_by_road_ask_for_roads_and_no_detour(linked: Project, settings: dict[str, Any], message: str) -> None:
    linked.write("roads.csv", ROADS)
    assert any(message in found for found in linked.refusal(by_road() | settings))


def test_lines_along_the_roads_of_a_province_are_measured_anew(tmp_path: Path) -> None:
    scenarios = Path(__file__).resolve().parents[2] / "scenarios/examples"
    roads = {"path": "../../data/roads/invented.csv", "class": "class"}
    settings = {
        "backhaul.edges": "roads",
        "backhaul.detour": None,
        "travel": {"method": "network", "detour": 1.3, "roads": roads},
        "solver.gap": 0.05,
    }
    scenario = hp.read_scenario(scenarios / "backhaul.yaml", settings=settings)
    plan = hp.solve(scenario)
    assert len(plan.backhaul)
    assert audited(plan, tmp_path / "run") == []


POWER = {"kwh_cost": 0.2, "grid_km": "grid", "grid_cost_per_km": 7.0, "solar_per_w": 0.7, "kwh_per_w_year": 1.25}
FAR = {"S1": 9.0, "S2": 5.0, "S3": 0.0, "S4": 0.5, "S5": 1.0}


def powered(project: Project, **technologies: Any) -> dict[str, Any]:
    """Write how far each site is from the grid, and return the settings of hubs and links that take electricity."""
    lines = (project.folder / "sites.csv").read_text(encoding="utf-8").splitlines()
    told = [f"{line},{'grid' if not at else FAR[line.split(',')[0]]}" for at, line in enumerate(lines)]
    project.write("sites.csv", "\n".join(told) + "\n")
    asked = backhaul(technologies=technologies, electricity=POWER)
    if "fibre" not in technologies:
        asked["backhaul"]["nodes"] = []
    return asked | {"hubs.0.kwh_year": 20.0, "hubs.1.kwh_year": 4.0, "model.budget": 3000}


@pytest.mark.parametrize("fibre", [{}, {"fibre": FIBRE | {"kwh_year": 3.0}}])
def test_electricity_comes_from_the_grid_or_the_sun_whichever_is_cheaper(
    linked: Project, fibre: dict[str, Any]
) -> None:
    plan = planned(linked, **powered(linked, satellite=DISH | {"kwh_year": 2.0}, **fibre))
    kwh = {"centre": 20.0, "park": 4.0}
    for hub in plan.hubs.to_dict("records"):
        if hub["link"] == "as it stands":
            assert pd.isna(hub["power"])
            assert hub["power_cost"] == 0
            continue
        taken = kwh[hub["tier"]] + (3.0 if hub["link"] == "fibre" else 2.0)
        grid = FAR[hub["site_id"]] * 7.0 + taken * 0.2 * WORTH
        sun = taken / 1.25 * 0.7
        assert hub["power"] == ("grid" if grid <= sun else "solar")
        assert hub["power_cost"] == pytest.approx(hub["hubs"] * min(grid, sun))
        own = 5.0 if hub["link"] == "fibre" else 60.0 + 10.0 * WORTH
        assert hub["link_cost"] == pytest.approx(hub["hubs"] * own + hub["power_cost"])
    assert set(plan.hubs["power"].dropna()) == {"grid", "solar"}
    told = plan.summary()["backhaul"]["electricity"]
    assert sum(one["hubs"] for one in told.values()) == (plan.hubs["power"].notna()).sum()
    assert sum(one["cost"] for one in told.values()) == pytest.approx(plan.hubs["power_cost"].sum())
    assert audited(plan, linked.folder / "run") == []
    assert "Where new hubs have electricity from" in (linked.folder / "run/report.html").read_text(encoding="utf-8")


def test_power_is_part_of_what_decides_between_links(linked: Project) -> None:
    thirsty = powered(linked, satellite=DISH | {"kwh_year": 9000.0}, fibre=FIBRE)
    assert set(planned(linked, **thirsty).hubs["link"]) == {"as it stands", "fibre"}


def test_an_audit_finds_power_that_was_changed(linked: Project) -> None:
    plan = planned(linked, **powered(linked, satellite=DISH))
    run = plan.write(linked.folder / "run")
    at = next(at for at, hub in enumerate(plan.summary()["hubs"]) if hub["power"])
    for change in (
        _in_plan("hubs", at, "power_cost", to=1.0),
        _in_plan("hubs", at, "power", to="wind"),
        _in_plan("backhaul", "electricity", "solar", "cost", to=1.0),
    ):
        kept = (run / "plan.json").read_text(encoding="utf-8")
        change(run)
        ledger = Ledger()
        recompute(open_run(run), ledger)
        assert ledger.findings
        (run / "plan.json").write_text(kept, encoding="utf-8")


def test_a_run_is_written_read_back_and_audited(linked: Project) -> None:
    run = planned(linked, **backhaul()).write(linked.folder / "run")
    table = pd.read_csv(run / "backhaul.csv", encoding="utf-8-sig")
    layer = gpd.read_file(run / "plan.gpkg", layer="backhaul")
    assert len(table) == len(layer) == len(gpd.read_file(run / "backhaul.geojson"))
    assert {"link", "link_cost", "mbps", "connected_to", "hops"} <= set(pd.read_csv(run / "hubs.csv"))
    passes_and_reads_back(run)


def test_what_comes_out_for_people_tells_of_lines_and_their_money(linked: Project) -> None:
    plan = planned(linked, **backhaul(technologies={"fibre": FIBRE}))
    run = plan.write(linked.folder / "run")
    result, _ = read_result(run)
    words = list_actions(result)
    assert "to connect" in " ".join(words.summary)
    laid = [action for heading, actions in words.sections for action in actions if heading.startswith("Lay lines")]
    assert len(laid) == len(plan.backhaul)
    assert "km of fibre from N1 to" in laid[0].task
    assert "serves" in laid[0].facts
    whole = costs(result).set_index("item")["cost"]
    assert whole["all"] == pytest.approx(whole["to build"] + whole["to run, 2 years"] + whole["to connect"], abs=0.05)
    write_kml(result, linked.folder / "plan.kml")
    assert "<LineString>" in (linked.folder / "plan.kml").read_text(encoding="utf-8")
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "How the hubs are connected" in page
    assert 'class="trenches"' in page
    dearest = page.partition("The lines that cost most")[2].partition("</table>")[0]
    assert dearest.count("<tr>") == min(len(plan.backhaul), 10) + 1
    assert "Sibi to Quetta" in dearest.partition("<tbody>")[2].partition("</tr>")[0]
    behind = hubs_behind(plan.backhaul.to_dict("records"), plan.hubs.to_dict("records"))
    assert [len(sites) for sites in behind] == plan.backhaul["hubs_served"].tolist()
    told = overview(plan.inputs)["backhaul"]
    assert told == {"technologies": ["fibre"], "sites": 4, "sites_with_link": 4, "lines": len(plan.inputs.links.edges)}  # type: ignore[union-attr]
    assumed = {one["key"]: one["source"] for one in plan.summary()["assumptions"]}
    assert (assumed["backhaul.detour"], assumed["backhaul.neighbours"]) == ("scenario", "default")


def test_a_hub_behind_a_line_is_one_whatever_its_name_holds(linked: Project) -> None:
    linked.edit("sites.csv", "Sibi", '"Sibi; old town; east; mill"')
    plan = planned(linked, **backhaul(technologies={"fibre": FIBRE}))
    result, _ = read_result(plan.write(linked.folder / "run"))
    table = dearest_lines(result)
    assert table is not None
    named = [row[-1].text for row in table.rows if "Sibi" in row[-1].text]
    assert named
    assert all("Sibi; old town; east; mill" in names and "more" not in names for names in named)


def _without_lines(run: Path) -> None:
    tree = json.loads((run / "backhaul.geojson").read_text(encoding="utf-8"))
    (run / "backhaul.geojson").write_text(json.dumps(tree | {"features": []}), encoding="utf-8")


def _in_lines(key: str, value: Any) -> Callable[[Path], None]:
    def change(run: Path) -> None:
        tree = json.loads((run / "backhaul.geojson").read_text(encoding="utf-8"))
        tree["features"][0]["properties"][key] = value
        (run / "backhaul.geojson").write_text(json.dumps(tree), encoding="utf-8")

    return change


def _in_plan(*path: Any, to: Any) -> Callable[[Path], None]:
    def change(run: Path) -> None:
        tree = json.loads((run / "plan.json").read_text(encoding="utf-8"))
        node = tree
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = to
        (run / "plan.json").write_text(json.dumps(tree), encoding="utf-8")

    return change


@pytest.mark.parametrize(
    ("change", "item"),
    [
        (_without_lines, "hub S4 centre"),
        (_in_lines("km", 3.0), "km"),
        (_in_lines("cost", 3.0), "cost"),
        (_in_lines("hubs_served", 9), "hubs_served"),
        (_in_lines("from", "Atlantis"), "line"),
        (_in_plan("cost", "backhaul", to=1.0), "cost.backhaul"),
        (_in_plan("backhaul", "by_technology", "fibre", "hubs", to=7), "backhaul.by_technology.fibre.hubs"),
        (_in_plan("hubs", -1, "link", to="satellite"), "link"),
    ],
)
def test_an_audit_finds_a_line_or_a_link_that_was_changed(
    linked: Project, change: Callable[[Path], None], item: str
) -> None:
    run = planned(linked, **backhaul(technologies={"fibre": FIBRE})).write(linked.folder / "run")
    change(run)
    ledger = Ledger()
    recompute(open_run(run), ledger)
    assert any(item in finding.item for finding in ledger.findings)


def test_the_legend_names_each_kind_of_line_with_its_kilometres(linked: Project) -> None:
    plan = planned(linked, **backhaul(technologies={"fibre": FIBRE}))
    scene = scene_of(plan)
    view = view_of(scene.projection, scene.extent, legend_rows(plan))
    page = Figure(figsize=view.sheet.size).add_axes((0, 0, 1, 1))
    draw_legend(page, plan, view, scene, np.zeros(0))
    words = [text.get_text() for text in page.texts]
    assert f"fibre to build: {in_words(plan.backhaul['km'].sum())} km" in words
    assert [line.get_color() for line in page.lines if line.get_xdata()[0] != line.get_xdata()[-1]] == [LINES["fibre"]]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no technology": (backhaul(technologies={}), "at least one of fibre, microwave, satellite and cellular"),
    "fibre from nowhere": (backhaul(nodes=[]), "is required with fibre, or lines"),
    "nodes without fibre": (backhaul(technologies={"satellite": DISH}), "only with backhaul.technologies.fibre"),
    "cellular without towers": (
        backhaul(technologies={"fibre": FIBRE, "cellular": {"site_cost": 1.0, "range_km": 5.0}}),
        "the cell sites in whose range",
    ),
    "a table that is none": (backhaul(edges="table"), "is required with edges: table"),
    "edges": (backhaul(edges="rails"), "one of straight, roads, table"),
    "roads": (backhaul(edges="roads"), "straight or table without travel.method: network"),
    "a technology of no name": (backhaul(technologies={"laser": {"cost": 1.0}}), "one of cellular, fibre, microwave"),
    "Mbps that are not said": (
        backhaul(technologies={"fibre": FIBRE | {"per_mbps_year": 3.0}}),
        "is required: fibre is paid or limited by Mbps",
    ),
    "too many Mbps": (
        backhaul(technologies={"satellite": DISH | {"max_mbps": 10.0}}, nodes=[])
        | {"hubs.0.mbps": 20.0, "hubs.1.mbps": 5.0},
        "what some link of centre carries: satellite 10",
    ),
    "an unknown link": (backhaul(technologies={"fibre": FIBRE}) | {"hubs.0.links": ["satellite"]}, "one of backhaul"),
    "an unknown key": (backhaul(nodes=[NODE_FILE | {"lon": "x"}]), "a known key, one of crs, decimal"),
    "an unknown key of one file": (backhaul(nodes=NODE_FILE | {"lon": "x"}), "a known key, one of crs, decimal"),
    "power from nowhere": (backhaul(electricity={}), "kwh_cost for power from the grid, solar_per_w for panels"),
    "a grid without a price": (
        backhaul(electricity={"solar_per_w": 1.0, "grid_km": 3.0}),
        "kwh_cost beside grid_km and grid_cost_per_km",
    ),
    "kWh that nobody pays": (backhaul() | {"hubs.0.kwh_year": 5.0}, "only with backhaul.electricity"),
    "power that nobody takes": (backhaul(electricity={"kwh_cost": 0.2}), "only where something takes power"),
    "kWh without backhaul": ({"hubs.0.kwh_year": 5.0}, "only with backhaul.electricity"),
    "links without backhaul": ({"hubs.0.mbps": 20.0}, "only with backhaul"),
    "futures": (backhaul() | {"futures.named": [{"name": "now"}]}, "none with backhaul by fibre"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_makes_no_network_is_refused(linked: Project, case: str) -> None:
    settings, words = REFUSED[case]
    assert any(words in message for message in linked.refusal(settings))


def test_faults_of_files_name_file_row_and_what_is_allowed(linked: Project) -> None:
    linked.write("edges.csv", "a,b\nN1,S1\nS1,N1\nS1,Nowhere\nS4,S4\n")
    table = {"path": "edges.csv", "from": "a", "to": "b"}
    [lost] = linked.messages(backhaul(edges="table", table=table))
    assert "edges.csv, row 4" in lost
    assert "the id of a site or a node" in lost
    linked.edit("edges.csv", "Nowhere", "S3")
    told = linked.messages(backhaul(edges="table", table=table))
    assert len(told) == 2
    assert any("another place than where the line begins" in message for message in told)
    assert any("each line once" in message for message in told)
    linked.write("nodes.csv", NODES.replace("30.13", "x"))
    assert any("nodes.csv, row 2" in message for message in linked.messages(backhaul()))


def test_a_required_site_that_no_link_reaches_is_a_fault(linked: Project) -> None:
    near = FIBRE | {"max_km": 1.0}
    [message] = linked.messages(backhaul(technologies={"fibre": near}))
    assert "required S4" in message
    assert "no way to a node" in message


def test_sites_without_a_link_are_told_with_what_would_give_them_one(linked: Project) -> None:
    linked.edit("sites.csv", "required", "candidate")
    inputs = linked.inputs(backhaul(technologies={"fibre": FIBRE | {"max_km": 1.0}}))
    [told] = [warning.message for warning in inputs.warnings if warning.code == "no_link"]
    assert told.endswith(
        "to give them one, raise backhaul.technologies.fibre.max_km (1) or add backhaul.technologies.satellite"
    )


def test_fibre_that_starts_nowhere_is_refused(linked: Project) -> None:
    linked.edit("sites.csv", "existing", "candidate")
    asked = backhaul(nodes=[], existing_connected=True)
    [message] = linked.messages(asked)
    assert "no place" in message
    assert "files of places where fibre may start" in message


def test_a_running_cost_that_seems_to_hold_a_line_is_told(linked: Project) -> None:
    sites = (linked.folder / "sites.csv").read_text(encoding="utf-8").splitlines()
    lines = [f"{line},{'satellite_line' if not at else 10}" for at, line in enumerate(sites)]
    linked.write("sites.csv", "\n".join(lines) + "\n")
    inputs = linked.inputs(backhaul() | {"hubs.0.opex_per_year": "satellite_line"})
    [told] = [warning for warning in inputs.warnings if warning.code == "link_paid_twice"]
    assert "hub tier centre seems to hold a line to the internet" in told.message
