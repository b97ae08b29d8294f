"""`hubplanner serve` as it starts: what it prints, what it refuses, and who may come in from outside."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest
from support.browser import server as serving
from support.browser.server import served
from support.command import run
from support.project import DEMAND, SCENARIO, SITES
from support.pseudo import LANGUAGE, other, write_pseudo

from hubplanner.errors import ScenarioError
from hubplanner.web.scenarios import scenario_files, slug
from hubplanner.web.security import content_policy
from hubplanner.web.settings import AppSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.browser.server import Serving
    from support.project import Project


@pytest.fixture
def opened(project: Project) -> Iterator[Serving]:
    """Served at an address that is not this machine's usual one, as to others."""
    base_map = "https://tiles.example.org/style.json"
    server = serving.start(project.folder, "--host", "127.0.0.2", "--base-map", base_map, anew=True)
    yield server
    serving.stop(server)


def test_from_outside_only_with_the_token(opened: Serving) -> None:
    address, _, token = opened.address.partition("?token=")
    with httpx.Client(base_url=address) as client:
        for path in ("/", "/api/state", "/static/api.js", "/?token=", f"/api/state?token={token}", "/?token=wrong"):
            assert client.get(path).status_code == 401
        assert client.get("/api/state", headers={"Cookie": f"hubplanner={token}"}).status_code == 401
        entered = client.get("/", params={"token": token})
        assert (entered.status_code, entered.headers["location"]) == (303, "/")
        cookie = entered.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert token.lower() not in cookie
        assert client.get("/").status_code == 200
        for words in (token, "wrong"):  # the token leaves the address bar also where the cookie is known
            again = client.get("/", params={"token": words})
            assert (again.status_code, again.headers["location"]) == (303, "/")
            assert again.headers["referrer-policy"] == "no-referrer"
        assert client.get("/api/state").json()["base_map"] == "https://tiles.example.org/style.json"
        assert "connect-src 'self' https://tiles.example.org;" in client.get("/").headers["content-security-policy"]
        assert client.get("/api/state", headers={"Host": "evil.example:80"}).status_code == 421


def test_what_it_cannot_serve_is_said(tmp_path: Path) -> None:
    empty = run("serve", tmp_path)
    assert empty.returncode == 2
    assert "a scenario file, or a folder of them" in empty.stderr
    assert run("serve", tmp_path / "none.yaml").returncode == 2


@pytest.mark.parametrize(
    "url", ["style.json", "javascript:alert(1)", "https://", "https://a b/", "https://u:p@a.org/s"]
)
def test_a_base_map_is_an_address(tmp_path: Path, url: str) -> None:
    with pytest.raises(ScenarioError, match="the address of a map style"):
        AppSettings(scenarios={}, runs=tmp_path, workspace=tmp_path, incoming=tmp_path, port=1, base_map=url)


def test_nothing_from_outside_without_a_base_map() -> None:
    assert "http" not in content_policy(None)
    assert "unsafe" not in content_policy(None)


def test_scenarios_of_a_folder(project: Project) -> None:
    project.write("broken.yaml", "name: broken\n")
    (project.folder / "examples").mkdir()
    text = (project.folder / "scenario.yaml").read_text(encoding="utf-8").replace("path: ", "path: ../")
    project.write("examples/My plan.yml", text)
    assert list(scenario_files(project.folder)) == ["scenario", "examples-my-plan"]
    assert list(scenario_files(project.folder / "scenario.yaml")) == ["scenario"]
    assert slug("../../etc") == "etc"


def test_what_others_extend_and_short_names_come_first(project: Project) -> None:
    for name, base in (("a-district", "province"), ("province", "scenario"), ("b-another", "scenario")):
        project.write(f"{name}.yaml", f"extends: {base}.yaml\nname: {name}\n")
    assert list(scenario_files(project.folder)) == ["scenario", "province", "b-another", "a-district"]


def test_the_app_starts_without_what_only_its_work_takes() -> None:
    heavy = {"geopandas", "highspy", "jinja2", "matplotlib", "numpy", "pandas", "pulp", "pyogrio", "scipy", "shapely"}
    line = f"import sys, hubplanner.web.app; print(*sorted({heavy!r} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True).stdout == "\n"


def test_workers_import_nothing_from_the_folder_that_is_served_and_speak_its_language(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    for name, text in (("small.yaml", SCENARIO), ("demand.csv", DEMAND), ("sites.csv", SITES)):
        (folder / name).write_text(text, encoding="utf-8")
    for module in ("json", "multiprocessing", "numpy", "signal", "sitecustomize"):
        (folder / f"{module}.py").write_text("open('imported', 'w').close()\n", encoding="utf-8")
    catalogue = write_pseudo(tmp_path / f"{LANGUAGE}.po")
    with served(folder, "--language", str(catalogue), anew=True) as server:
        assert server.done(kind="solve", scenario="small")["run"]
        failed = server.wait(server.ask(kind="solve", scenario="small", settings={"model.budget": 1}))
    assert other("no plan is possible: {clashes}").partition(":")[0] in failed["error"]["error"]
    assert not list(tmp_path.rglob("imported"))
