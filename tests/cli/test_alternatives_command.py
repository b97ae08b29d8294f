"""The command `alternatives` as a planner meets it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.command import answer, fits

import hubplanner as hp

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.command import Done
    from support.project import Project


def test_plans_and_classes_are_written_and_told(scenario: Path, inside: Callable[..., Done]) -> None:
    done = inside("alternatives", scenario, "--within", "0.5", "--differ", "1", "--out", "other")
    assert done.returncode == 0
    assert fits(done.stdout)
    folder = scenario.parent / "other"
    assert {path.name for path in folder.iterdir()} == {
        *("alternatives.json", "alternatives.geojson", "alternatives.png", "sites.csv", "sites.geojson"),
        "manifest.json",
    }
    tree = json.loads((folder / "alternatives.json").read_text(encoding="utf-8"))
    assert tree["must_have"] == ["S4"]
    assert tree["classes"]["standing"] == 1
    assert tree["plans"][0]["difference"] is None
    assert "must-have" in done.stdout


def test_json_is_all_of_stdout_and_other_folders_are_safe(scenario: Path, inside: Callable[..., Done]) -> None:
    assert answer(inside("alternatives", scenario, "--differ", "1", "--json", "--out", "other"))["best"]["value"] > 0
    done = inside("alternatives", scenario, "--out", scenario.parent)
    assert done.returncode == 2
    assert "holds more than" in done.stderr


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"futures.named": [{"name": "dry"}, {"name": "wet", "need": 2}]},
            r"scenario\.yaml, futures: .* found; allowed: none with alternatives: a plan for all",
        ),
        (
            {"model.fairness": "max_min"},
            r"scenario\.yaml, model\.fairness: 'max_min' found; allowed: none with alternatives",
        ),
        (
            {"model.objective": "p_center", "model.max_hubs": 2},
            r"scenario\.yaml, model\.objective: 'p_center' found; allowed: another objective with alternatives",
        ),
    ],
)
def test_what_does_not_go_with_them_is_refused_before_any_work(
    project: Project, settings: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = project.read({"model.floors": [], **settings})
    monkeypatch.setattr("hubplanner.analysis.alternatives.run.read_inputs", pytest.fail)
    with pytest.raises(hp.ScenarioError, match=message):
        hp.alternatives(scenario)
