"""What the app answers in a language that nobody speaks: each sentence of an explanation, a warning, a fault, a job."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from support.browser.server import Serving, served
from support.project import DEMAND, SCENARIO, SITES
from support.pseudo import LANGUAGE, left_over, other, write_pseudo

from hubplanner.scenario.model_spec import ModelSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = {
    "small.yaml": SCENARIO,
    "sited.yaml": SCENARIO.replace("name: small", "name: sited").replace("budget: 500", "max_hubs: 2"),
    "demand.csv": DEMAND + "D5,67.00,30.00,1000,0.25,1,Balochistan,12\n",
    "sites.csv": SITES,
}
MACHINES = "csv CSV yaml hubplanner highs"
OF_A_LIBRARY = "invalid could not find EOCD file zip"
"""What the library that unpacks archives says of one that is none."""
CODES = {"goal", "goals", "version", "code", "kind"}
"""Keys of what the page knows by its English."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("answers") / "project"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / name).write_text(content, encoding="utf-8")
    catalogue = write_pseudo(folder.parent / f"{LANGUAGE}.po")
    with served(folder, "--language", str(catalogue)) as serving:
        yield serving


def sentences(tree: Any) -> list[str]:
    """All texts of several words in an answer; one word alone is a name, or a code that the page knows."""
    if isinstance(tree, dict):
        return [text for key, value in tree.items() if key not in CODES for text in sentences(value)]
    if isinstance(tree, list):
        return [text for value in tree for text in sentences(value)]
    return [tree] if isinstance(tree, str) and " " in tree.strip() else []


def unsaid(tree: Any, *more: str) -> set[str]:
    """Return the texts of an answer with words that are neither in the page's language nor data."""
    known = {word for text in (*FILES.values(), MACHINES, *more) for word in re.findall(r"[A-Za-z]{3,}", text)}
    return {text for text in sentences(tree) if left_over([text], known)}


def test_explanations_of_a_hub_and_of_a_site_without(app: Serving) -> None:
    for scenario in ("small", "sited"):
        run = app.done(kind="solve", scenario=scenario)["run"]
        chosen = {hub["site_id"] for hub in app.get(f"/api/runs/{run}")["hubs"]}
        assert 0 < len(chosen) < 5
        for site in ("S1", "S3", "S4", "S5"):
            told = app.done(kind="explain", run=run, site=site)["explanation"]
            assert told["sentences"]
            assert (site, unsaid(told)) == (site, set())


def test_a_run_with_what_is_odd_in_its_data(app: Serving) -> None:
    run = app.done(kind="solve", scenario="small")["run"]
    told = app.get(f"/api/runs/{run}")
    assert told["warnings"]
    assert unsaid(told, run) == set()
    scenario = app.get("/api/scenarios/small")
    assert scenario["warnings"]
    assert unsaid(scenario) == set()
    base = app.get("/api/scenarios/small/map")
    assert unsaid({**base, "world": base["world"]["notes"]}) == set()


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "solve", "scenario": "small"},
        {"kind": "solve", "scenario": "small", "settings": {"hubs.0.capacity": 900, "hubs.1.capacity": 900}},
        {"kind": "solve", "scenario": "small", "settings": {"model.fairness": {"alpha": 1, "group": "province"}}},
        {"kind": "solve", "scenario": "small", "settings": {"model.objective": "p_median", "model.max_hubs": 2}},
        {"kind": "frontier", "scenario": "small", "points": 3},
        {"kind": "alternatives", "scenario": "small", "within": 0.1},
    ],
)
def test_what_a_job_says_on_its_way(app: Serving, asked: dict[str, Any]) -> None:
    job = app.wait(app.ask(**asked))
    assert job["state"] == "done", job
    assert other("read the data") in job["messages"]
    assert unsaid(job) == set()


def test_why_a_job_fails(app: Serving) -> None:
    least = {"model.target_share": 1, "model.objective": "min_cost", "model.budget": 150}
    for settings in ({"model.budget": 1}, least):
        job = app.wait(app.ask(kind="solve", scenario="small", settings=settings))
        assert job["state"] == "failed"
        assert unsaid(job["error"], KEYS) == set()


def test_what_is_wrong_with_a_request(app: Serving) -> None:
    for asked in (
        {"kind": "solve", "scenario": "small", "settings": {"model.budget": -3}},
        {"kind": "solve", "scenario": "small", "settings": {"model.bugdet": 3}},
        {"kind": "solve", "scenario": "small", "settings": {"model.require": ["S9"]}},
        {"kind": "solve", "scenario": "none"},
    ):
        answer = app.client.post("/api/jobs", json=asked).json()
        if "job" in answer:
            answer = app.wait(answer["job"])["error"]
        assert (asked, unsaid(answer, KEYS, "bugdet")) == (asked, set())


KEYS = " ".join(re.sub("_", " ", name) for name in ModelSpec.model_fields)


WRONG = {
    "words.csv": "place,lon,lat,people\na,67.0,30.0,many\nb,67.1,,5\nc,sixty,30,7\n",
    "swapped.csv": "id,lat,lon,people\na,67.0,130.0,12\nb,67.1,130.2,5\nc,167.1,30.2,5\n",
    "doubled.csv": "id,lon,lat,people,people\na,67.0,30.0,3,4\n",
    "cells.csv": "id,lon,lat,people\na,67.0,30.0\nb,67.0,30.0,3,4\n",
    "nothing.csv": "",
    "text.xlsx": "id,lon,lat\n",
    "map.geojson": '{"type": "FeatureCollection"}',
    "map.kmz": "no archive",
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_file(app: Serving, name: str) -> None:
    answer = app.client.post(
        "/api/uploads",
        params={"kind": "demand", "name": name},
        content=WRONG[name].encode(),
        headers={"Content-Type": "application/octet-stream"},
    ).json()
    assert answer.get("faults") or answer.get("error") or answer.get("warnings"), answer
    assert unsaid(answer, *WRONG.values(), *WRONG, OF_A_LIBRARY) == set()


def test_what_a_file_is_taken_for(app: Serving) -> None:
    people = "district,pop_2023,internet_pct,x,y\nQuetta,1000,25,67,30\nSibi,500,50,67.1,30.05\nLahore,900,60,68,31\n"
    towns = "town,longitude,latitude,capex\nQuetta,67.01,30.01,100\nSibi,67.1,30.06,120\nLahore,68.01,31.02,90\n"
    names = [app.upload(name, content, kind="any") for name, content in (("people.csv", people), ("towns.csv", towns))]
    for each in names:
        assert unsaid(each, people, towns, "people towns") == set()
    files = [{"upload": each["upload"], "role": ""} for each in names]
    made = app.client.post("/api/projects", json={"title": "mine", "files": files}).json()
    assert unsaid(made, people, towns, "people towns") == set()
