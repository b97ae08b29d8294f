"""The app's interface as its page uses it, on a real server."""

from __future__ import annotations

import json
import math
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from support.browser import server as serving
from support.project import DEMAND, SITES

import hubplanner as hp
from hubplanner.folders import FRONTIER_MARKS, is_run

if TYPE_CHECKING:
    from support.browser.server import Serving

app = serving.app


def test_what_the_page_needs_first(app: Serving) -> None:
    state = app.get("/api/state")
    assert [(part["id"], part["name"]) for part in state["scenarios"]] == [("hard", "hard"), ("small", "small")]
    assert state["base_map"] is None
    page = app.client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert app.client.get("/vendor/maplibre-gl.js").headers["content-type"].startswith("text/javascript")
    assert app.client.get("/static/api.js").status_code == 200


def test_a_scenario_and_its_variants(app: Serving) -> None:
    small = app.get("/api/scenarios/small")
    assert small["budget"] == {"value": 500.0, "min": 0.0, "max": 1000.0, "step": 10.0}
    assert small["overrides"] == ["lean", "wide"]
    assert [(hub["id"], hub["capex"], hub["reach_km"]) for hub in small["hubs"]] == [
        ("centre", None, 5),
        ("park", 400, 20),
    ]
    assert small["totals"] == {"people": 4300.0, "need": 3250.0, "sites": 5, "demand": 4}
    assert small["groups"] == {"province": ["Balochistan", "Punjab"]}
    wide = app.get("/api/scenarios/small?override=lean&override=wide")
    assert (wide["budget"]["value"], wide["max_hubs"]) == (900.0, 2)
    assert "one of lean, wide" in app.get("/api/scenarios/small?override=no", 422)["error"]


def test_the_map(app: Serving) -> None:
    base = app.get("/api/scenarios/small/map")
    assert base["bounds"] == [66.9, 29.9, 68.05, 31.02]
    assert base["demand"] == 4
    sites = {feature["properties"]["site_id"]: feature for feature in base["sites"]["features"]}
    assert sites["S2"]["properties"] == {"site_id": "S2", "status": "existing", "name": "Lahore, old"}
    assert sites["S5"]["geometry"] == {"type": "Point", "coordinates": [66.9, 29.9]}
    demand = app.get("/api/scenarios/small/map/demand")["features"]
    assert [feature["properties"] for feature in demand][:2] == [
        {"demand_id": "D1", "need": 750.0, "people": 1000.0},
        {"demand_id": "D2", "need": 500.0, "people": 500.0},
    ]
    assert "Only points are known" in app.get("/api/scenarios/small/map/areas", 404)["error"]
    assert base["areas"] == 0
    assert [note.partition(":")[0] for note in base["world"]["notes"]] == ["Only points are known"]
    assert any("Natural Earth" in source for source in base["world"]["sources"])
    kinds = {line["properties"]["kind"] for line in base["world"]["lines"]["features"]}
    assert kinds <= {"coast", "border", "province", "disputed", "river", "lake"}
    assert kinds
    assert {town["geometry"]["type"] for town in base["world"]["towns"]["features"]} == {"Point"}


def follow(app: Serving, job: str) -> list[tuple[str, Any]]:
    """Return the events of a job until its end, as a browser gets them."""
    events: list[tuple[str, Any]] = []
    with app.client.stream("GET", f"/api/jobs/{job}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("event: "):
                events.append((line.removeprefix("event: "), None))
            elif line.startswith("data: "):
                events[-1] = (events[-1][0], json.loads(line.removeprefix("data: ")))
    return events


def test_a_solve_is_the_plan_of_the_library(app: Serving) -> None:
    name = app.ask(kind="solve", scenario="small", settings={"model.budget": 250, "hubs.0.reach_km": 6})
    events = follow(app, name)
    assert {event for event, _ in events} == {"message", "progress", "end"}
    job = app.get(f"/api/jobs/{name}")
    assert events[-1] == ("end", job)
    assert name in {row["job"] for row in app.get("/api/jobs")}
    assert job["state"] == "done"
    assert job["progress"][-1]["value"] == pytest.approx(job["progress"][-1]["bound"])
    assert "read the data" in job["messages"]
    run = app.get(f"/api/runs/{job['result']['run']}")
    asked = hp.read_scenario(app.folder / "small.yaml", settings={"model.budget": 250, "hubs.0.reach_km": 6})
    summary = hp.solve(asked).summary()
    assert run["need"] == summary["need"]
    assert run["hubs"] == summary["hubs"]
    assert run["settings"] == {"model.budget": 250, "hubs.0.reach_km": 6}
    assert (run["scenario"], run["overrides"], run["required"]) == ("small", [], [])
    listed = next(row for row in app.get("/api/runs") if row["id"] == run["id"])
    assert (listed["cost"], listed["budget"], listed["covered"]) == (run["cost"]["total"], 250, run["need"]["covered"])


def test_a_run_is_renamed_with_what_it_was_asked(app: Serving) -> None:
    run = app.wait(app.ask(kind="solve", scenario="small", settings={"model.budget": 260}))["result"]["run"]
    before = app.get(f"/api/runs/{run}")
    assert (before["has_own_name"], before["title"]) == (False, "small")
    given = app.post(f"/api/runs/{run}/name", {"name": "Plan für Sindh"}, 200)
    known = {"id": "Plan für Sindh", "name": "Plan für Sindh", "has_own_name": True}
    assert given == known | {"title": "small"}
    assert app.get("/api/runs/Plan für Sindh") == before | known
    listed = {row["id"]: row for row in app.get("/api/runs")}
    assert run not in listed
    assert known.items() <= listed["Plan für Sindh"].items()
    app.get(f"/api/runs/{run}", 404)
    assert app.get("/api/runs/Plan für Sindh/layers/hubs")["features"]
    assert "allowed: a name without /" in app.post("/api/runs/Plan für Sindh/name", {"name": "../a"}, 422)["error"]
    app.post("/api/runs/Plan für Sindh/name", {"name": 7}, 400)
    app.post("/api/runs/Plan für Sindh/name", {"other": "a"}, 400)
    app.post("/api/runs/..%2Fsmall.yaml/name", {"name": "a"}, 404)
    again = app.wait(app.ask(kind="solve", scenario="small", settings={"model.budget": 260}))["result"]["run"]
    assert again == run  # the same question makes the same folder, and leaves the one that was named alone
    assert {run, "Plan für Sindh"} <= {row["id"] for row in app.get("/api/runs")}
    for name in (run, "Plan für Sindh"):
        assert app.client.delete(f"/api/runs/{name}").status_code == 204


def test_a_run_stays_where_it_is_while_a_job_works_on_it(app: Serving) -> None:
    run = app.wait(app.ask(kind="solve", scenario="small", settings={"model.budget": 270}))["result"]["run"]
    job = app.ask(kind="stability", run=run, draws=100, share_error=0.05)
    assert "still at work" in app.post(f"/api/runs/{run}/name", {"name": "other"}, 409)["error"]
    assert app.client.delete(f"/api/runs/{run}").status_code == 409
    app.post(f"/api/jobs/{job}/cancel", {}, 200)
    assert app.client.delete(f"/api/runs/{run}").status_code == 204


PINNED: dict[str, Any] = {
    "kind": "solve",
    "scenario": "small",
    "required": ["S3"],
    "excluded": ["S1"],
    "settings": {"model.budget": 900},
}


def test_pins_are_kept_to(app: Serving) -> None:
    free = app.get(f"/api/runs/{app.done(kind='solve', scenario='small')['run']}")
    pinned = app.done(**PINNED)
    sites = {hub["site_id"] for hub in app.get(f"/api/runs/{pinned['run']}")["hubs"]}
    assert "S3" in sites
    assert "S1" not in sites
    assert "S3" not in {hub["site_id"] for hub in free["hubs"]}
    kept = app.get(f"/api/runs/{pinned['run']}")
    assert (kept["required"], kept["excluded"]) == (["S3"], ["S1"])


def test_what_cannot_be_done_is_said(app: Serving) -> None:
    job = app.wait(app.ask(kind="solve", scenario="small", settings={"model.budget": 1}))
    assert (job["state"], job["result"]) == ("failed", None)
    assert job["error"]["error"].startswith("no plan is possible")
    assert job["error"]["least_budget"] > 1
    assert "a budget of" in job["error"]["advice"]
    refused = app.post("/api/jobs", {"kind": "solve", "scenario": "small", "settings": {"model.budget": -1}}, 422)
    assert refused["faults"][0]["column"] == "model.budget"
    assert str(app.folder) not in json.dumps(refused)


def test_layers_and_files_of_a_run(app: Serving) -> None:
    run = app.done(kind="solve", scenario="small")["run"]
    hubs = app.get(f"/api/runs/{run}/layers/hubs")["features"]
    assert {(hub["properties"]["tier"], hub["properties"]["radius_km"]) for hub in hubs} <= {
        ("centre", 5.0),
        ("park", 20.0),
    }
    assert app.get(f"/api/runs/{run}/layers/areas")["features"] == []  # only points are known
    demand = [row["properties"] for row in app.get(f"/api/runs/{run}/layers/demand")["features"]]
    assert [row["demand_id"] for row in demand] == ["D1", "D2", "D3", "D4"]
    assert all(0 <= row["covered_share"] <= 1 for row in demand if row["need"])
    files = {row["name"]: row["bytes"] for row in app.get(f"/api/runs/{run}/files")}
    assert {"plan.json", "hubs.csv", "plan.gpkg", "manifest.json", "plan.kml", "actions.md"} <= set(files)
    assert files["plan.kml"] is None  # made when it is asked for
    assert b"<kml" in app.client.get(f"/api/runs/{run}/files/plan.kml").content
    files = {row["name"]: row["bytes"] for row in app.get(f"/api/runs/{run}/files")}  # the manifest tells of it now
    for name, size in files.items():
        if size is None:
            continue
        file = app.client.get(f"/api/runs/{run}/files/{name}")
        assert file.headers["content-disposition"] == f'attachment; filename="{name}"'
        assert len(file.content) == size


def test_a_frontier_and_a_point_of_it(app: Serving) -> None:
    job = app.wait(app.ask(kind="frontier", scenario="small", points=3))
    assert job["state"] == "done", job
    assert {"point": 1, "points": 3}.items() <= next(row for row in job["progress"] if "point" in row).items()
    name = job["result"]["frontier"]
    found = app.get(f"/api/frontiers/{name}")
    assert found["scenario"] == "small"
    assert name in {row["id"] for row in app.get("/api/frontiers")}
    covered = [point["covered_need"] for point in found["points"]]
    assert covered == sorted(covered)
    damaged = app.folder / "runs" / "damaged"
    damaged.mkdir()
    for text in ("{", "[]", '{"points": 3}'):  # of one that was cut short, the others say nothing
        for file in FRONTIER_MARKS:
            (damaged / file).write_text(text, encoding="utf-8")
        assert {row["id"] for row in app.get("/api/frontiers")} == {name}
        assert "frontier.json" in app.get("/api/frontiers/damaged", 422)["error"]
    shutil.rmtree(damaged)
    layers = app.get(f"/api/frontiers/{name}/layers")["features"]
    assert {row["properties"]["point"] for row in layers} == {point["number"] for point in found["points"]}
    last = found["points"][-1]
    kept = app.wait(app.post(f"/api/frontiers/{name}/points/{last['number']}", {})["job"])
    run = app.get(f"/api/runs/{kept['result']['run']}")
    assert run["need"]["covered"] == last["covered_need"]
    assert run["settings"]["model.budget"] == last["budget"]
    app.post(f"/api/frontiers/{name}/points/99", {}, 404)
    report = app.client.get(f"/api/runs/{run['id']}/report")
    assert report.text.startswith("<!doctype html>")
    assert "sandbox allow-scripts" in report.headers["content-security-policy"]
    assert is_run(app.folder / "runs" / run["id"])
    assert app.client.delete(f"/api/runs/{run['id']}").status_code == 204
    assert not [file for file in app.listing() if run["id"] in file]
    assert app.client.delete(f"/api/runs/{run['id']}").status_code == 404


def test_two_runs_side_by_side(app: Serving) -> None:
    a = app.done(kind="solve", scenario="small")["run"]
    b = app.done(**PINNED)["run"]
    found = app.get(f"/api/compare?a={a}&b={b}")
    rows = {(row["figure"], row["group"], row["value"]): row for row in found["table"]}
    plans = [app.get(f"/api/runs/{name}") for name in (a, b)]
    need = rows["need covered", "", ""]
    assert (need["a"], need["b"]) == tuple(plan["need"]["covered"] for plan in plans)
    sites = [{hub["site_id"] for hub in plan["hubs"]} for plan in plans]
    assert {row["site_id"] for row in found["only_b"]} == sites[1] - sites[0]
    assert {row["site_id"] for row in found["only_a"]} == sites[0] - sites[1]
    assert found["gains"]["need"] - found["losses"]["need"] == pytest.approx(need["difference_b"])
    kinds = [feature["properties"]["kind"] for feature in found["layers"]["features"]]
    assert kinds.count("demand") == 4


def test_alternatives(app: Serving) -> None:
    found = app.done(kind="alternatives", scenario="small", within=0.5)["alternatives"]
    best = max(plan["covered_need"] for plan in found["plans"])
    assert all(plan["covered_need"] >= best * 0.5 - 1e-6 for plan in found["plans"])
    assert {row["site_id"] for row in found["sites"]} == {"S1", "S2", "S3", "S4", "S5"}


def test_why_a_site_has_a_hub_or_none(app: Serving) -> None:
    run = app.done(kind="solve", scenario="small")["run"]
    plan = {hub["site_id"]: hub for hub in app.get(f"/api/runs/{run}")["hubs"]}
    chosen = app.done(kind="explain", run=run, site="S4")["explanation"]
    assert (chosen["site_id"], chosen["name"], chosen["chosen"]) == ("S4", "Sibi", True)
    assert {"label": "Cost", "value": f"PKR {plan['S4']['cost']:,.0f}"} in chosen["figures"]
    other = app.done(kind="explain", run=run, site="S3")["explanation"]
    assert not other["chosen"]
    assert other["sentences"]
    app.post("/api/jobs", {"kind": "explain", "run": "nope", "site": "S4"}, 404)


WANTED = {
    "title": "=cmd|'/c calc'!A1 <b>& yours</b>",
    "currency": "PKR",
    "budget": 500,
    "hubs": [{"name": "centre", "capex": 100, "opex_per_year": 10, "reach_km": 5, "capacity": None}],
}


def test_per_cent_and_decimal_commas_are_guessed_told_and_kept(app: Serving) -> None:
    rows = "D1;67,1;30,1;1000;25 %\nD2;67,2;30,2;1000;75 %\n"
    demand = app.upload("communes.csv", f"demand_id;lon;lat;people;internet\n{rows}")
    assert demand["reading"] == {"decimal": ",", "percent": ["internet"]}
    told = " ".join(warning["text"] for warning in demand["warnings"])
    assert "internet is taken to be in per cent" in told
    sites = app.upload("sites.csv", SITES, "sites")
    columns = {"id": "demand_id", "x": "lon", "y": "lat", "people": "people", "connected_share": "internet"}
    wanted = {
        **WANTED,
        "demand": {"upload": demand["upload"], **columns},
        "sites": {"upload": sites["upload"], "id": "site_id", "x": "lon", "y": "lat"},
    }
    name = app.post("/api/scenarios", wanted, 201)["id"]
    totals = app.get(f"/api/scenarios/{name}")["totals"]
    assert (totals["people"], totals["need"]) == (2000, 1000)


def test_a_scenario_of_ones_own_data(app: Serving) -> None:
    demand = app.upload("my villages.csv", DEMAND.replace("D1,", '"=HYPERLINK(""http://evil"")",'))
    assert demand["rows"] == 4
    assert demand["guess"]["id"] == "demand_id"
    assert demand["guess"]["connected_share"] == "internet"
    assert demand["preview"][0]["people"] == "1000"
    sites = app.upload("Places.CSV", SITES.replace("Quetta", "=1+1").replace("S1", "@S1"), "sites")
    wanted = {
        **WANTED,
        "demand": {"upload": demand["upload"], "id": "demand_id", "x": "lon", "y": "lat", "people": "people"},
        "sites": {"upload": sites["upload"], "id": "site_id", "x": "lon", "y": "lat"},
    }
    name = app.post("/api/scenarios", wanted, 201)["id"]
    listed = {"id": name, "name": "cmd-c-calc-a1-b-yours-b", "title": WANTED["title"], "group": "Your data"}
    assert listed in app.get("/api/state")["scenarios"]
    assert app.get(f"/api/scenarios/{name}")["totals"]["people"] == 4300
    assert len(app.get(f"/api/scenarios/{name}/map")["sites"]["features"]) == 5
    run = app.get(f"/api/runs/{app.done(kind='solve', scenario=name)['run']}")
    assert run["people"]["covered"] > 0
    for file in ("hubs.csv", "demand.csv"):  # formulas stay text
        table = app.client.get(f"/api/runs/{run['id']}/files/{file}").content.decode("utf-8-sig")
        cells = [cell.strip('"') for line in table.splitlines() for cell in line.split(",")]
        assert not [cell for cell in cells if cell.startswith(("=", "@"))]
    wrong = app.post("/api/scenarios", {**wanted, "sites": {**wanted["sites"], "id": "nope"}}, 422)
    assert wrong["faults"][0]["file"] == "Places.CSV"
    assert wrong["faults"][0]["column"] == "nope"


def test_faults_of_an_upload_by_row_and_column(app: Serving) -> None:
    bad = DEMAND.replace("D2,67.10,30.05,500,", "D2,67.10,30.05,-5,").replace("D4,", "D1,")
    refused = app.upload("bad.csv", bad, status=422)
    assert [(fault["row"], fault["column"], fault["value"]) for fault in refused["faults"]] == [
        (5, "demand_id", "D1"),
        (3, "people", "-5"),
    ]
    assert all(fault["file"] == "bad.csv" for fault in refused["faults"])
    assert refused["faults"][1]["text"].startswith("bad.csv, row 3, people: '-5' found")
    assert "upload" not in refused


def square(x: float) -> dict[str, Any]:
    ring = [[x, 30], [x + 0.1, 30], [x + 0.1, 30.1], [x, 30.1], [x, 30]]
    return {"type": "Polygon", "coordinates": [ring]}


def test_polygons_of_a_geojson_are_the_areas(app: Serving) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {"id": f"A{x}", "people": 100 * x, "more": {"a": [1]}},
            "geometry": square(67 + x),
        }
        for x in (1, 2)
    ]
    demand = app.upload("areas.geojson", json.dumps({"type": "FeatureCollection", "features": features}))
    assert demand["columns"] == ["id", "people", "more"]
    sites = app.upload("s.csv", "id,lon,lat\nA,68.05,30.05\n", "sites")
    wanted = {
        **WANTED,
        "demand": {"upload": demand["upload"], "id": "id", "people": "people"},
        "sites": {"upload": sites["upload"], "id": "id", "x": "lon", "y": "lat"},
    }
    name = app.post("/api/scenarios", wanted, 201)["id"]
    areas = app.get(f"/api/scenarios/{name}/map/areas")["features"]
    assert [feature["properties"]["need"] for feature in areas] == [100, 200]
    km2 = 11.12 * 11.12 * math.cos(math.radians(30.05))
    assert areas[0]["properties"]["density"] == pytest.approx(100 / km2, rel=0.01)
