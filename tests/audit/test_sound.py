"""Runs that nobody changed pass, whatever they ask; what cannot be audited is said."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pyproj import Geod, Transformer
from support.instances.audited_runs import audited, findings_of, made, made_of_areas, made_of_raster, project

import hubplanner as hp
from hubplanner.audit.audit import recompute
from hubplanner.audit.data.distances import distances, lattice
from hubplanner.audit.data.money import annuity, exact
from hubplanner.audit.data.run_files import open_run
from hubplanner.audit.ledger import Ledger
from hubplanner.audit.service import reaches, shortest
from hubplanner.errors import SolverError
from hubplanner.scenario.travel_spec import GreatCircleSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

EXAMPLES = Path(__file__).resolve().parents[2] / "scenarios/examples"
NEEDED = {"group": "name", "min": 1, "where_needed": True}


@pytest.mark.parametrize("name", ["base", "capacity", "existing", "merged"])
def test_an_example_is_audited_in_full_with_its_bound_proven_anew(name: str, tmp_path: Path) -> None:
    """Those where that takes a second; `tests/house/test_examples.py` holds all of them to the rest of the audit."""
    scenario = hp.read_scenario(EXAMPLES / f"{name}.yaml", settings={"solver.ties": False})
    found = audited(hp.solve(scenario).write(tmp_path / "run"))
    assert (found.verdict, found.findings, found.not_audited) == ("pass", (), ())
    assert found.proof.outcome == "confirmed"


@pytest.mark.parametrize(
    "settings",
    [
        {"demand.spread_km": 0.7, "demand.area_km2": "area"},
        {"travel.method": "matrix", "travel.path": "travel.csv"},
        {"demand.merge": True},
        {"model.existing": {"close": True, "close_saving": 50, "upgrade": True, "upgrade_fee": 3}},
        {"model.existing": {"upgrade": True, "upgrade_fee": 3}, "hubs.1.opex_per_year": 1, "hubs.0.opex_per_year": 9},
        {"coverage.decay": "linear", "coverage.full_km": 1},
        {"coverage.decay": "exponential", "coverage.width_km": 3},
        {"coverage.backup": 2, "coverage.backup_weight": 0.4, "model.max_per_site": 2, "model.budget": 2000},
        {
            "model.objective": "min_cost",
            "model.target_share": 0.9,
            "model.travel_cost_per_km": 0.01,
            "model.budget": None,
        },
        {"model.objective": "p_median", "model.max_hubs": 2},
        {"demand.take_up": {"share": 0.3, "e_fold_km": 4}, "hubs.0.capacity": 300, "hubs.1.capacity": 500},
        {"hubs.0.capacity": 300, "hubs.1.capacity": 500, "demand.priority": 2},
        {"hubs.0.capacity": 300, "hubs.1.capacity": 500, "model.capacity_of": "people"},
        {"hubs.0.capacity": 300, "hubs.1.capacity": 500, "demand.merge": True},
        {"hubs.0.capacity": 300, "hubs.1.capacity": 500, "demand.merge": True, "model.capacity_of": "people"},
        {"model.fairness": {"alpha": 0}},
        {"model.fairness": {"alpha": 1, "group": "auto"}},
        {"model.fairness": {"alpha": 0.5}, "coverage.decay": "linear", "model.max_per_site": 2},
        {"model.fairness": {"alpha": 2, "linear_below_share": 0.3}},
        {"model.fairness": {"alpha": 1, "group": "auto"}, "hubs.0.capacity": 300, "hubs.1.capacity": 500},
        {"model.fairness": {"alpha": 1, "prefer_largest_of": "name"}, "sites.groups": ["name"]},
        {
            "model.fairness": {"alpha": 2, "prefer_largest_of": "name"},
            "sites.groups": ["name"],
            "demand.take_up": {"share": 0.3, "e_fold_km": 4},
            "hubs.0.capacity": 300,
            "hubs.1.capacity": 500,
            "model.max_per_site": 2,
        },
        {"model.objective": "p_center", "model.max_hubs": 2},
        {"sites.groups": ["name"], "model.hub_limits": [{"group": "name", "min": 1, "where_needed": True}]},
        {"sites.groups": ["name"], "model.hub_limits": [NEEDED | {"value": "Quetta"}, NEEDED | {"value": "Hazar"}]},
        {"horizon_years": 0},
    ],
    ids=", ".join,
)
def test_other_questions_pass(settings: Mapping[str, Any]) -> None:
    folder = project()
    if "travel.path" in settings:
        settings = {**settings, "travel.path": str(folder / "travel.csv")}
    run = hp.solve(hp.read_scenario(folder / "scenario.yaml", settings=settings)).write(folder / "run")
    assert findings_of(run) == []


def recomputed(run: Path) -> Ledger:
    """Return all that an audit compares but for the bound."""
    ledger = Ledger()
    recompute(open_run(run), ledger)
    return ledger


def test_seats_of_spread_people_are_audited_in_full() -> None:
    folder = project()
    settings = {"demand.spread_km": 1, "demand.area_km2": "area"}
    scenario = hp.read_scenario(folder / "scenario.yaml", overrides=["seats"], settings=settings)
    found = audited(hp.solve(scenario).write(folder / "run"))
    assert (found.verdict, found.findings, found.not_audited) == ("pass", (), ())


FREE = {"model__budget": None, "model__target_share": 0.5, "model__objective": "min_cost"}


@pytest.mark.parametrize(
    ("overrides", "settings"),
    [
        ((), {}),
        (("seats",), {}),
        ((), {"model__objective": "p_median"}),
        (("far",), {"model__objective": "p_median", "model__budget": 500}),
        (("far",), {"model__objective": "p_center", "model__budget": 500}),
        (("far",), {**FREE, "model__travel_cost_per_km": 0.01}),
        ((), {**FREE, "model__travel_cost_per_km": 0.01}),
        (("seats",), {"model__assignment": "single", "demand__spread_km": 4}),
    ],
)
def test_polygons_whose_people_are_spread_are_audited_in_full(
    overrides: tuple[str, ...], settings: dict[str, Any]
) -> None:
    ledger = recomputed(made_of_areas(*overrides, **settings))
    assert (ledger.findings, ledger.not_audited) == ([], [])
    assert ledger.checked["demand.geojson"] > 6 * 8


@pytest.mark.parametrize(
    ("crs", "seats", "settings"),
    [
        ("EPSG:4326", False, {}),
        ("EPSG:4326", True, {}),
        ("EPSG:32642", False, {}),
        ("EPSG:32642", True, {"travel__method": "planar"}),
        ("EPSG:4326", False, FREE),
    ],
)
def test_rasters_are_audited_in_full(crs: str, seats: bool, settings: dict[str, Any]) -> None:  # noqa: FBT001
    ledger = recomputed(made_of_raster(crs, seats=seats, **settings))
    assert (ledger.findings, ledger.not_audited) == ([], [])
    rows = hp.read_inputs(open_run(made_of_raster(crs, seats=seats, **settings)).scenario).demand.frame
    assert ledger.checked["demand.csv"] > 5 * len(rows)


def test_a_raster_s_audit_has_a_verdict_and_exit_code_of_its_own() -> None:
    found = audited(made_of_raster())
    assert (found.verdict, found.not_audited) == ("pass", ())
    assert sum(found.checked.values()) > 2000


def test_an_audit_that_compared_nothing_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubplanner.audit.audit.recompute", lambda *_: None)
    found = audited(made())
    assert found.verdict == "fail"
    files = ["plan.json", "manifest.json", *(f"hubs{end}" for end in (".csv", ".geojson")), "plan.gpkg, hubs"]
    files += ["demand.csv", "demand.geojson", "plan.gpkg, demand", "links.geojson", "plan.gpkg, links"]
    assert [finding.file for finding in found.findings if finding.item == "figures compared"] == files


def test_hubs_of_several_tiers_at_a_site_are_told_by_name() -> None:
    run = made_of_areas(
        "seats", model__budget=900, model__max_per_site=3, model__mixed_tiers=True, model__capacity_of="people"
    )
    hubs = json.loads((run / "plan.json").read_text(encoding="utf-8"))["hubs"]
    sites = [hub["site_id"] for hub in hubs]
    mixed = sorted({site for site in sites if sites.count(site) > 1})
    assert mixed
    words = [f"covered_need, covered_people and load at {site} tier by tier" for site in mixed]
    told = recomputed(run)
    assert told.findings == []
    assert [words.partition(":")[0] for words in told.not_audited] == words


def test_the_shortest_ways_are_those_of_all_ways() -> None:
    """Three points to two hubs, two points' worth to each at most; by hand."""
    far = np.array([[1.0, 2.0], [2.0, 2.5], [9.0, 3.0]])
    inside = np.array([[True, True], [True, True], [False, True]])
    even = np.ones(len(far))
    ways = shortest(far, inside, even, np.array([1.0, 1.5]))
    assert ways is not None
    # The first point goes to the first hub, the second and half of the third to the second: 1 + 2.5 + 1.5.
    assert ways.mean.tolist() == pytest.approx([1.0, 4.0 / 1.5], abs=1e-6)
    assert (ways.farthest, ways.unique) == (3.0, True)
    assert shortest(far, inside, even, np.array([2.5, 0.1])) is None
    assert shortest(far, inside, even, np.array([1.0, 1.5]), ways.mean, 1e-6) is not None
    assert shortest(far, inside, even, np.array([1.0, 1.5]), ways.mean - [0.01, 0.0], 1e-6) is None
    alone = shortest(far[:, :1], inside[:, :1], even, np.array([1.5]))
    assert alone is not None
    assert (alone.mean.tolist(), alone.farthest) == ([pytest.approx(2.0 / 1.5)], 2.0)
    assert shortest(far[:, :1], inside[:, :1], even, np.array([2.5])) is None


def test_planar_metres_pass() -> None:
    folder = project()
    to_metres = Transformer.from_crs("EPSG:4326", "EPSG:32642", always_xy=True)
    for name in ("demand.csv", "sites.csv"):
        head, *rows = (folder / name).read_text(encoding="utf-8").splitlines()
        column = head.split(",").index("lon")
        moved = []
        for row in rows:
            cells = row.replace("Lahore, old", "Lahore").replace('"', "").split(",")
            place = to_metres.transform(float(cells[column]), float(cells[column + 1]))
            cells[column : column + 2] = [repr(axis) for axis in place]
            moved.append(",".join(cells))
        (folder / name).write_text("\n".join([head, *moved]) + "\n", encoding="utf-8")
    settings = {"travel.method": "planar", "demand.crs": "EPSG:32642", "sites.crs": "EPSG:32642"}
    run = hp.solve(hp.read_scenario(folder / "scenario.yaml", settings=settings)).write(folder / "run")
    assert findings_of(run) == []


def test_a_second_proof_that_falls_short_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_plan(*_: object) -> None:
        message = "no plan in time"
        raise SolverError(message)

    monkeypatch.setattr("hubplanner.audit.bound._relaxation", lambda *_: math.nan)
    monkeypatch.setattr("hubplanner.audit.bound.solve_problem", no_plan)
    found = audited(made())
    assert (found.verdict, found.findings, found.proof.outcome) == ("incomplete", (), "not reproven")
    assert "no plan in time" in found.proof.words
    assert sum(found.checked.values()) > 150


def test_money_is_exact() -> None:
    scenario = open_run(made()).scenario
    assert annuity(scenario) == exact("0.8") + exact("0.64")


def test_distances_and_lattices_are_those_of_the_sphere() -> None:
    places = np.array([[67.0, 30.0], [-179.9, -89.0], [0.0, 0.0]])
    sphere = Geod(a=6371008.8, b=6371008.8)
    found = distances(places, places, GreatCircleSpec())
    for one, start in enumerate(places):
        for other, end in enumerate(places):
            assert found[one, other] == pytest.approx(sphere.inv(*start, *end)[2] / 1000, abs=1e-6)
    from shapely import Point  # noqa: PLC0415 - one test

    disc = lattice(Point(67.0, 30.0), np.pi * 9, 1.0, planar=False)
    assert len(disc) == 29  # whole points within 3 of the middle
    assert distances(disc, np.array([[67.0, 30.0]]), GreatCircleSpec()).max() == pytest.approx(3.0, abs=1e-6)


@pytest.mark.parametrize("assigned", [False, True])
def test_a_village_left_out_is_no_share_of_all(*, assigned: bool) -> None:
    need = np.array([2.4e8, 5.0, 0.0])
    whole, without = np.array([1.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0])
    assert reaches(need, whole, 1.0, assigned=assigned)
    assert not reaches(need, without, 1.0, assigned=assigned)
    assert reaches(need, without, 0.9999999, assigned=assigned)
    assert not reaches(need, without, 0.99999999, assigned=False)
    assert reaches(need, whole - 1e-7 * assigned, 1.0, assigned=assigned)
    assert not reaches(need, whole - 1e-5, 1.0, assigned=assigned)


def test_columns_are_audited_by_their_code_in_a_header_of_two_rows(tmp_path: Path) -> None:
    (tmp_path / "places.csv").write_text("id,lon,lat\na,67.0,30.0\nb,67.1,30.0\n", encoding="utf-8")
    counts = "GEO_ID,B01,B02\nGeography,Total,Total:!!Online\na,100,30\nb,300,20\n"
    (tmp_path / "counts.csv").write_text(counts, encoding="utf-8")
    join = {"path": "counts.csv", "header_rows": 2, "on": {"id": "GEO_ID"}, "take": {"people": "B01", "online": "B02"}}
    tree = {
        "name": "codes",
        "demand": {
            "path": "places.csv",
            "id": "id",
            "x": "lon",
            "y": "lat",
            "join": [join],
            "people": "people",
            "connected_people": "online",
        },
        "sites": {"path": "places.csv", "id": "id", "x": "lon", "y": "lat"},
        "hubs": [{"name": "hub", "capex": 1, "reach_km": 1}],
        "model": {"budget": 1},
    }
    (tmp_path / "scenario.yaml").write_text(json.dumps(tree), encoding="utf-8")
    run = hp.solve(hp.read_scenario(tmp_path / "scenario.yaml")).write(tmp_path / "run")
    assert json.loads((run / "plan.json").read_text(encoding="utf-8"))["need"]["covered"] == 280
    assert findings_of(run) == []
