"""Runs that nobody changed pass, whatever they ask; what cannot be audited is said."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pyproj import Geod, Transformer
from runs import audited, findings_of, made, project

import hubplanner as hp
from hubplanner.audit.folder import open_run
from hubplanner.audit.money import annuity, exact
from hubplanner.audit.places import distances, lattice
from hubplanner.audit.service import reaches
from hubplanner.errors import SolverError

if TYPE_CHECKING:
    from collections.abc import Mapping

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "scenarios/examples").glob("*.yaml"))
QUICK = {"solver.ties": False, "solver.gap": 0.3}
PROVEN = ("base", "capacity", "existing", "merged")
"""Examples whose bound is proven anew in a second."""


def _quick(name: str) -> dict[str, Any]:
    """Return settings for any plan where the bound is not proven anew; fairness asks for exact goals."""
    return {"solver.ties": False} if name in {*PROVEN, "fairness"} else QUICK


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_passes(path: Path, tmp_path: Path) -> None:
    run = hp.solve(hp.read_scenario(path, settings=_quick(path.stem))).write(tmp_path / "run")
    if path.stem not in PROVEN:
        assert findings_of(run) == []
        return
    found = audited(run)
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
        {"model.objective": "p_center", "model.max_hubs": 2},
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


def test_seats_of_spread_people_are_not_passed_in_silence() -> None:
    folder = project()
    settings = {"demand.spread_km": 1, "demand.area_km2": "area"}
    scenario = hp.read_scenario(folder / "scenario.yaml", overrides=["seats"], settings=settings)
    found = audited(hp.solve(scenario).write(folder / "run"))
    assert found.findings == ()
    assert found.verdict == "incomplete"
    assert any("spread row" in words for words in found.not_audited)


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

    monkeypatch.setattr("hubplanner.audit.proof._relaxation", lambda *_: math.nan)
    monkeypatch.setattr("hubplanner.audit.proof.solve_problem", no_plan)
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
    found = distances(places, places, 1.0, planar=False)
    for one, start in enumerate(places):
        for other, end in enumerate(places):
            assert found[one, other] == pytest.approx(sphere.inv(*start, *end)[2] / 1000, abs=1e-6)
    from shapely import Point  # noqa: PLC0415 - one test

    disc = lattice(Point(67.0, 30.0), np.pi * 9, 1.0, planar=False)
    assert len(disc) == 29  # whole points within 3 of the middle
    assert distances(disc, np.array([[67.0, 30.0]]), 1.0, planar=False).max() == pytest.approx(3.0, abs=1e-6)


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
