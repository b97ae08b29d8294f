"""A run that someone changed is found out, whatever was changed."""

from __future__ import annotations

import json
import shutil
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from support.instances.audited_runs import audited, findings_of, made, made_of_areas, made_of_raster

from hubplanner.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def copied(tmp_path: Path, *overrides: str) -> Path:
    """Return a copy of a run with its inputs."""
    shutil.copytree(made(*overrides).parent, tmp_path / "project")
    return tmp_path / "project" / "run"


def in_json(file: str, *path: str | int, to: Any) -> Callable[[Path], None]:
    """Change one figure of a JSON file; a function is given the old one."""

    def change(run: Path) -> None:
        tree = json.loads((run / file).read_text(encoding="utf-8"))
        node = tree
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = to(node[path[-1]]) if callable(to) else to
        (run / file).write_text(json.dumps(tree), encoding="utf-8")

    return change


def in_text(file: str, old: str, new: str) -> Callable[[Path], None]:
    def change(run: Path) -> None:
        text = (run / file).read_text(encoding="utf-8")
        assert old in text
        (run / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def last_row(file: str) -> Callable[[Path], None]:
    """Leave out the last row of a table."""

    def change(run: Path) -> None:
        lines = (run / file).read_text(encoding="utf-8-sig").splitlines()
        (run / file).write_text("\n".join(lines[:-1]), encoding="utf-8-sig")

    return change


def in_package(statement: str) -> Callable[[Path], None]:
    def change(run: Path) -> None:
        with sqlite3.connect(run / "plan.gpkg") as base:
            for (name,) in base.execute("select name from sqlite_master where type = 'trigger'").fetchall():
                base.execute(f'drop trigger "{name}"')
            assert base.execute(statement).rowcount > 0
        base.close()

    return change


def more(value: float) -> float:
    return value * 1.01 + 1


def added(hubs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [*hubs, hubs[0] | {"site_id": "S3", "tier": "park", "status": "new"}]


TAMPERED: dict[str, tuple[str, str, Callable[[Path], None]]] = {
    "cost of a hub": ("plan.json", "S4 centre, cost", in_json("plan.json", "hubs", -1, "cost", to=more)),
    "total cost": ("plan.json", "cost.total", in_json("plan.json", "cost", "total", to=more)),
    "dropped hub": ("plan.json", "site S4", in_json("plan.json", "hubs", to=lambda hubs: hubs[:-1])),
    "dropped row": ("hubs.csv", "S4 centre", last_row("hubs.csv")),
    "added hub": ("plan.json", "budget", in_json("plan.json", "hubs", to=added)),
    "moved hub": (
        "hubs.geojson",
        "S4 centre, lon",
        in_json("hubs.geojson", "features", -1, "geometry", "coordinates", 0, to=lambda lon: lon + 0.01),
    ),
    "another tier": ("plan.json", "hub S4 park", in_json("plan.json", "hubs", -1, "tier", to="park")),
    "unknown site": ("plan.json", "hub S9 centre", in_json("plan.json", "hubs", -1, "site_id", to="S9")),
    "covered people": ("plan.json", "people.covered", in_json("plan.json", "people", "covered", to=more)),
    "reached people": ("plan.json", "people.reached", in_json("plan.json", "people", "reached", to=more)),
    "money paid": ("plan.json", "cost.paid.total", in_json("plan.json", "cost", "paid", "total", to=more)),
    "money paid in a year": (
        "plan.json",
        "cost.paid.by_year.1.paid",
        in_json("plan.json", "cost", "paid", "by_year", 1, "paid", to=more),
    ),
    "need": ("plan.json", "need.total", in_json("plan.json", "need", "total", to=more)),
    "value": ("plan.json", "objective_value", in_json("plan.json", "objective_value", to=more)),
    "bound": ("plan.json", "bound", in_json("plan.json", "bound", to=lambda bound: bound - 100)),
    "looser bound": ("plan.json", "gap", in_json("plan.json", "bound", to=more)),
    "goal": ("plan.json", "goal covered need", in_json("plan.json", "goals", 0, "value", to=more)),
    "gap": ("plan.json", "gap", in_json("plan.json", "gap", to=0.01)),
    "group share": (
        "plan.json",
        "groups.province.Punjab.share",
        in_json("plan.json", "groups", "province", "Punjab", "share", to=0.5),
    ),
    "added group": ("plan.json", "groups.province", in_json("plan.json", "groups", "province", "Sindh", to={})),
    "distance": ("plan.json", "distance.mean_km", in_json("plan.json", "distance", "mean_km", to=more)),
    "status": ("plan.json", "status", in_json("plan.json", "status", to="feasible")),
    "closed": ("plan.json", "closed", in_json("plan.json", "closed", to=["S2"])),
    "budget": ("plan.json", "budget", in_text("scenario.yaml", "budget: 500", "budget: 501")),
    "covered share": (
        "demand.geojson",
        "D1, covered_share",
        in_json("demand.geojson", "features", 0, "properties", "covered_share", to=0.5),
    ),
    "demand row": ("demand.csv", "D2, need", in_text("demand.csv", "D2,Balochistan,500", "D2,Balochistan,510")),
    "demand row gone": ("demand.csv", "D4", last_row("demand.csv")),
    "link": (
        "links.geojson",
        "D1 S1, people",
        in_json("links.geojson", "features", 0, "properties", "people", to=more),
    ),
    "layer of hubs": (
        "plan.gpkg, hubs",
        "S4 centre, load",
        in_package("update hubs set load = 7 where site_id = 'S4'"),
    ),
    "layer of demand": (
        "plan.gpkg, demand",
        "D1, people",
        in_package("update demand set people = 1 where demand_id = 'D1'"),
    ),
    "layer of links": ("plan.gpkg, links", "rows", in_package("delete from links where demand_id = 'D1'")),
    "points": ("manifest.json", "demand.points", in_json("manifest.json", "demand", "points", to=5)),
    "solver": ("manifest.json", "solver.version", in_json("manifest.json", "solver", "version", to="0")),
}


def test_more_people_than_come_are_found_out(tmp_path: Path) -> None:
    """Said of a plan in which all came."""
    run = copied(tmp_path, "seats")
    assert findings_of(run) == []
    scenario = run / "scenario.yaml"
    text = scenario.read_text(encoding="utf-8")
    scenario.write_text(
        text.replace("demand:\n", "demand:\n  take_up: {share: 0.3, e_fold_km: 4}\n", 1), encoding="utf-8"
    )
    assert any(finding.item.endswith("take_up") for finding in findings_of(run))


@pytest.mark.parametrize(
    ("key", "to", "item"),
    [
        ("equivalent_share", more, "fairness, equivalent_share"),
        ("alpha", 2.0, "fairness, alpha"),
        ("group", "area", "fairness, group"),
        ("groups", 7, "fairness, groups"),
        ("served", 0, "fairness, served"),
        ("linear_below_share", 0.3, "fairness, linear_below_share"),
        ("shares", {}, "fairness, median share"),
        ("bound", more, "fairness, bound"),
        ("prefer_largest_of", "area", "fairness, prefer_largest_of"),
    ],
)
def test_tampered_fairness_is_found_out(key: str, to: Any, item: str, tmp_path: Path) -> None:
    run = copied(tmp_path, "fair")
    assert findings_of(run) == []
    in_json("plan.json", "fairness", key, to=to)(run)
    assert item in {finding.item for finding in findings_of(run)}


def test_towns_that_are_not_nearly_as_good_are_found_out(tmp_path: Path) -> None:
    run = copied(tmp_path, "largest")
    assert findings_of(run) == []
    hubs = json.loads((run / "plan.json").read_text(encoding="utf-8"))["hubs"]
    at = next(at for at, hub in enumerate(hubs) if hub["status"] == "new")
    in_json("plan.json", "hubs", at, "alternatives", to=[hubs[at]["site_id"]])(run)
    name = hubs[at]["site_id"]
    assert {finding.item for finding in findings_of(run)} == {f"hub {name}, alternative {name}"}
    in_json("plan.json", "hubs", at, "alternatives", to=None)(run)
    assert {finding.item for finding in findings_of(run)} == {f"hub {name}, alternatives"}


def test_a_catchment_that_is_too_large_is_found_out(tmp_path: Path) -> None:
    run = copied(tmp_path, "largest")
    in_json("plan.json", "goals", 1, "value", to=more)(run)
    assert "goal catchment" in {finding.item for finding in findings_of(run)}


@pytest.mark.parametrize("kind", TAMPERED)
def test_a_tampered_run_is_found_out(kind: str, tmp_path: Path) -> None:
    file, item, change = TAMPERED[kind]
    run = copied(tmp_path)
    change(run)
    found = findings_of(run)
    assert (file, item) in {(finding.file, finding.item) for finding in found}, found


def test_people_moved_between_links_of_full_hubs_are_found_out(tmp_path: Path) -> None:
    run = copied(tmp_path, "seats")
    assert audited(run).verdict == "pass"
    in_json("links.geojson", "features", 0, "properties", "people", to=lambda people: people / 2)(run)
    items = {finding.item for finding in findings_of(run)}
    assert {"need.covered", "people.covered", "objective_value"} <= items
    assert any(item.endswith(", need") for item in items)


KINDS: dict[str, tuple[str, str, Callable[[Path], None]]] = {
    "total need": ("plan.json", "need.total", in_json("plan.json", "need", "total", to=more)),
    "covered need": ("plan.json", "need.covered", in_json("plan.json", "need", "covered", to=more)),
    "covered people": ("plan.json", "people.covered", in_json("plan.json", "people", "covered", to=more)),
    "mean distance": ("plan.json", "distance.mean_km", in_json("plan.json", "distance", "mean_km", to=more)),
    "farthest": ("plan.json", "distance.max_km", in_json("plan.json", "distance", "max_km", to=more)),
    "value": ("plan.json", "objective_value", in_json("plan.json", "objective_value", to=more)),
    "cost of a hub": ("plan.json", "cost", in_json("plan.json", "hubs", 0, "cost", to=more)),
    "points": ("manifest.json", "demand.points", in_json("manifest.json", "demand", "points", to=more)),
    "share of a row": (
        "demand.geojson",
        ", covered_share",
        in_json("demand.geojson", "features", 0, "properties", "covered_share", to=lambda share: share / 2 + 0.1),
    ),
    "need of a row": (
        "demand.geojson",
        ", need",
        in_json("demand.geojson", "features", 1, "properties", "need", to=more),
    ),
    "distance of a link": (
        "links.geojson",
        "distance",
        in_json("links.geojson", "features", 0, "properties", "distance_km", to=lambda far: far * 1.001),
    ),
    "people of a link": (
        "links.geojson",
        "",
        in_json("links.geojson", "features", 0, "properties", "people", to=lambda people: people * 0.99),
    ),
    "a row gone": ("demand.csv", "rows", last_row("demand.csv")),
    "load of a hub": (
        "plan.gpkg, hubs",
        ", load",
        in_package("update hubs set load = load + 1"),
    ),
}
RUNS: dict[str, Callable[[], Path]] = {"raster": made_of_raster, "polygons": lambda: made_of_areas("seats")}


@pytest.mark.parametrize("which", RUNS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_tampered_run_of_rasters_or_spread_polygons_is_found_out(kind: str, which: str, tmp_path: Path) -> None:
    file, item, change = KINDS[kind]
    shutil.copytree(RUNS[which]().parent, tmp_path / "project")
    run = tmp_path / "project" / "run"
    change(run)
    found = findings_of(run)
    assert any(finding.file == file and item in finding.item for finding in found), found


def test_another_way_to_a_hub_than_the_shortest_is_found_out(tmp_path: Path) -> None:
    shutil.copytree(made_of_areas("seats").parent, tmp_path / "project")
    run = tmp_path / "project" / "run"
    for file in ("links.geojson",):
        in_json(file, "features", 0, "properties", "distance_km", to=lambda far: far + 0.05)(run)
    items = {finding.item for finding in findings_of(run)}
    assert any("mean distance" in item for item in items)


@pytest.mark.parametrize(("make", "file"), [(made_of_raster, "people.tif"), (made_of_areas, "areas.gpkg")])
def test_changed_rasters_and_polygons_are_refused_by_name(make: Callable[[], Path], file: str, tmp_path: Path) -> None:
    shutil.copytree(make().parent, tmp_path / "project")
    with (tmp_path / "project" / file).open("ab") as data:
        data.write(b" ")
    with pytest.raises(DataError, match=rf"{file}: .*SHA-256"):
        audited(tmp_path / "project" / "run")


def test_a_hub_beyond_its_room_is_found_out(tmp_path: Path) -> None:
    run = copied(tmp_path, "seats")
    in_text("scenario.yaml", "capacity: 900.0", "capacity: 800.0")(run)
    assert any(f.file == "links.geojson" and "room for 800" in str(f.recomputed) for f in findings_of(run))


def test_a_hub_said_to_open_in_another_year_is_found_out(tmp_path: Path) -> None:
    run = copied(tmp_path, "years")
    assert audited(run).verdict == "pass"
    hubs = json.loads((run / "plan.json").read_text(encoding="utf-8"))["hubs"]
    late = next(number for number, hub in enumerate(hubs) if hub["status"] == "new" and hub["period"] == "b")
    in_json("plan.json", "hubs", late, "period", to="a")(run)
    assert any(finding.item.startswith("periods.0") for finding in findings_of(run))


def test_a_worse_plan_said_to_be_best_is_found_out_by_the_second_proof(tmp_path: Path) -> None:
    """All figures agree with each other and with the hubs; only the question was another one."""
    run = copied(tmp_path, "tight")
    wide = in_text("scenario.yaml", "budget: 240", "budget: 900")
    wide(run)
    in_json("plan.json", "budget", to=900.0)(run)
    found = audited(run)
    assert [finding.item for finding in found.findings] == ["bound, proven anew"]
    assert found.proof.outcome == "contradicted"
    assert found.proof.value > found.proof.bound - 1e-6


@pytest.mark.parametrize(
    "change", [in_text("../demand.csv", "1000", "1001"), in_text("../sites.csv", "Quetta", "Kuchlak")]
)
def test_changed_inputs_are_refused_by_name(change: Callable[[Path], None], tmp_path: Path) -> None:
    run = copied(tmp_path)
    change(run)
    with pytest.raises(DataError, match=r"(demand|sites)\.csv: .*SHA-256"):
        audited(run)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda run: (run / "plan.json").unlink(), "plan.json: is missing"),
        (lambda run: (run / "plan.json").write_text("{"), "is not JSON"),
        (lambda run: (run / "plan.json").write_text("[" * 100_000), "is not JSON"),
        (lambda run: (run / "manifest.json").write_text("[]"), "holds no JSON object"),
        (lambda run: (run / "hubs.geojson").write_text("{}"), "cannot be read"),
        (lambda run: (run.parent / "sites.csv").unlink(), "is not there"),
        (in_json("plan.json", "bound", to=None), "bound: is null, not a number"),
        (in_json("plan.json", "hubs", to=3), "hubs: is 3, not a list of objects"),
        (in_json("plan.json", "need", to=3), "need: is 3, not an object"),
        (in_json("manifest.json", "inputs", "other.csv", to="0"), "other.csv: is in manifest.json"),
    ],
)
def test_what_is_no_run_is_refused_in_words(change: Callable[[Path], Any], words: str, tmp_path: Path) -> None:
    run = copied(tmp_path)
    change(run)
    with pytest.raises(DataError, match=words):
        audited(run)
