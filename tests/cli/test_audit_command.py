"""The audit on the command line: a verdict in words, and an exit code for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.command import answer, fits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.command import Done
    from support.project import Project


@pytest.fixture
def run(scenario: Path, inside: Callable[..., Done]) -> Path:
    folder = scenario.parent / "run"
    inside("solve", scenario, "--out", folder, "--quiet")
    return folder


def test_a_sound_run_passes(run: Path, inside: Callable[..., Done]) -> None:
    done = inside("audit", run)
    assert done.returncode == 0
    assert "PASS: all figures are confirmed" in done.stdout
    assert fits(done.stdout)
    assert "re-prove the bound" in done.stderr
    done = inside("audit", run, "--json", "--quiet", "--solver", "highs", "--time-limit", "20")
    found = answer(done)
    assert (found["verdict"], found["findings"], found["proof"]["solver"]) == ("pass", [], "highs")
    assert (found["proof"]["outcome"], done.stderr) == ("confirmed", "")


def test_a_tampered_run_fails_with_an_exit_code_of_its_own(
    run: Path, project: Project, inside: Callable[..., Done]
) -> None:
    project.edit("run/hubs.csv", "228.8", "28.8")
    done = inside("audit", run)
    assert done.returncode == 6
    assert "FAIL: 1 finding" in done.stdout
    assert "S4 centre, cost" in done.stdout
    assert fits(done.stdout)
    found = answer(inside("audit", run, "--json"))
    assert found["findings"] == [
        {"file": "hubs.csv", "item": "S4 centre, cost", "stated": 28.8, "recomputed": pytest.approx(228.8)}
    ]


def test_changed_inputs_are_refused(run: Path, project: Project, inside: Callable[..., Done]) -> None:
    project.edit("demand.csv", "D1,67.00,30.00,1000", "D1,67.00,30.00,1001")
    done = inside("audit", run, "--json")
    assert done.returncode == 2
    assert answer(done)["faults"][0]["file"] == "demand.csv"


def test_an_unknown_solver_is_refused(run: Path, inside: Callable[..., Done]) -> None:
    done = inside("audit", run, "--solver", "abacus")
    assert done.returncode == 2
    assert "abacus" in done.stderr


def test_people_spread_with_seats_are_audited_in_full(scenario: Path, inside: Callable[..., Done]) -> None:
    spread = ("--set", "demand.spread_km=1", "--set", "demand.area_km2=area", "--set", "hubs.0.capacity=900")
    inside("solve", scenario, "--out", "seats", "--quiet", *spread)
    done = inside("audit", "seats")
    assert done.returncode == 0
    assert "PASS: all figures are confirmed" in done.stdout
    assert fits(done.stdout)
