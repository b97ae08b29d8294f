"""Fairness, measures and surveys drawn again as the app asks for them, held against the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.browser import server as serving

import hubplanner as hp
from hubplanner.analysis.stability.stability import stability

if TYPE_CHECKING:
    from support.browser.server import Serving

app = serving.app

FAIR: dict[str, Any] = {"model.fairness": {"alpha": 1, "group": "province"}}
DEVICES: dict[str, Any] = {"measures": {"devices": {"cost": 0.2, "cost_per_year": 0, "benefit": 0.5, "share": 0.4}}}
SURE: dict[str, Any] = {"kind": "solve", "scenario": "small", "settings": {"model.budget": 250}}


def test_a_scenario_says_what_may_be_asked(app: Serving) -> None:
    small = app.get("/api/scenarios/small")
    assert small["fairness"] == {
        "alpha": 0,
        "group": None,
        "linear_below_share": None,
        "prefer_largest_of": None,
        "old_keys": [],
        "stops": [0, 0.5, 1, 2, "max_min"],
    }
    assert (small["measures"], small["no_measures"]) == ({}, None)


@pytest.mark.parametrize("settings", [FAIR, DEVICES, {"model.fairness": {"alpha": "max_min", "group": "province"}}])
def test_a_plan_is_that_of_the_library(app: Serving, settings: dict[str, Any]) -> None:
    run = app.get(f"/api/runs/{app.done(kind='solve', scenario='small', settings=settings)['run']}")
    summary = hp.solve(hp.read_scenario(app.folder / "small.yaml", settings=settings)).summary()
    assert run["settings"] == settings
    for key in ("need", "groups", "measures", "fairness"):
        assert run.get(key) == summary.get(key)


def test_plans_nearly_as_fair(app: Serving) -> None:
    found = app.done(kind="alternatives", scenario="small", within=0.5, settings=FAIR | SURE["settings"])[
        "alternatives"
    ]
    best = found["best"]["value"]
    assert 0 < best <= 1  # an equivalent share
    assert all(plan["objective_value"] >= best * 0.5 * (1 - 1e-6) for plan in found["plans"])
    assert {row["class"] for row in found["sites"]} <= {"must_have", "possible", "never", "standing"}


def test_what_fairness_costs(app: Serving) -> None:
    name = app.done(kind="frontier", scenario="small", trade="coverage,fairness", group="province")["frontier"]
    found = app.get(f"/api/frontiers/{name}")
    assert [point["alpha"] for point in found["points"]] == [0, 0.5, 1, 2, "max_min"]
    assert found["points"][0]["price"] == 0
    row = next(row for row in app.get("/api/frontiers") if row["id"] == name)
    assert (row["trade"], row["group"], row["settings"]) == ("coverage,fairness", "province", {})


def test_a_survey_drawn_again(app: Serving) -> None:
    run = app.done(**SURE)["run"]
    before = app.get(f"/api/runs/{run}")
    assert (before["stability"], before["survey"]) == (None, False)
    assert before["cannot"] == {"explain": None, "alternatives": None, "stability": None}
    app.done(kind="stability", run=run, draws=4, share_error=0.1)
    found = app.get(f"/api/runs/{run}")["stability"]
    own = stability(app.folder / "runs" / run, draws=4, settings={"demand.connected_share_error": 0.1}).summary()
    assert found == own
    assert {row["name"] for row in app.get(f"/api/runs/{run}/files")} >= {"stability.json", "stability.csv"}
    again = app.wait(app.ask(kind="stability", run=run, draws=2, share_error=0.1))  # its own files may be replaced
    assert (again["state"], app.get(f"/api/runs/{run}")["stability"]["draws"]) == ("done", 2)


def test_a_survey_whose_error_nobody_knows(app: Serving) -> None:
    job = app.wait(app.ask(kind="stability", run=app.done(**SURE)["run"], draws=2))
    assert job["state"] == "failed"
    assert job["error"]["faults"][0]["column"] == "demand.connected_share_error"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"kind": "frontier", "scenario": "small", "trade": "coverage,luck"}, "trade must be one of coverage,cost"),
        ({"kind": "stability", "run": "RUN", "draws": 1}, "draws must be a number from 2 to 100"),
        ({"kind": "stability", "run": "RUN", "share_error": "0.1"}, "share_error must be a number"),
        ({"kind": "stability"}, "run must be text"),
        ({"kind": "solve", "scenario": "small", "settings": {"measures": {"path": "x"}}}, "cannot name a file"),
        ({"kind": "solve", "scenario": "small", "settings": {"measures.devices.cost": 1}}, "cannot be set here"),
    ],
)
def test_what_cannot_be_asked_is_refused(app: Serving, asked: dict[str, Any], words: str) -> None:
    run = app.done(**SURE)["run"]
    wanted = {key: run if part == "RUN" else part for key, part in asked.items()}
    assert words in app.post("/api/jobs", wanted, 400)["error"]
