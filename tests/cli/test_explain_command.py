"""The command `explain` as a planner meets it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support.command import answer, fits

import hubplanner as hp
from hubplanner.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.command import Done
    from support.project import Project

    from hubplanner.analysis.explain.resolve import Counterfactual

WAYS: dict[str, dict[str, Any]] = {
    "seats": {"hubs.0.capacity": 600, "hubs.1.capacity": 900},
    "periods": {"model.periods.years": [{"name": "2027", "budget": 150}, {"name": "2028", "budget": 300}]},
    "median": {"model.objective": "p_median"},
    "centre": {"model.objective": "p_center"},
    "cost": {"model.objective": "min_cost", "model.target_share": 0.4},
    "floor": {"model.floors": [{"group": "province", "share": 0.3}]},
    "fair": {"model.fairness": "max_min"},
    "stacked": {"model.max_per_site": 2, "model.mixed_tiers": True, "hubs.0.capacity": 300, "model.budget": 900},
}


@pytest.fixture
def solved(scenario: Path, inside: Callable[..., Done]) -> Path:
    """A run folder."""
    assert inside("solve", scenario, "--out", "run").returncode == 0
    return scenario.parent / "run"


def test_all_is_written_and_told(solved: Path, inside: Callable[..., Done]) -> None:
    done = inside("explain", solved)
    assert done.returncode == 0
    assert fits(done.stdout)
    folder = solved.with_name("run-explanation")
    assert {path.name for path in folder.iterdir()} == {"explanation.json", "explanation.md", "manifest.json"}
    tree = json.loads((folder / "explanation.json").read_text(encoding="utf-8"))
    assert {price["kind"]: price["site_id"] for price in tree["prices"]} == {"pin": "S4", "ban": "S5"}
    assert [shadow["kind"] for shadow in tree["shadows"]] == ["budget"]
    text = (folder / "explanation.md").read_text(encoding="utf-8")
    for entry in [*tree["hubs"], *tree["prices"], *tree["rejected"]]:
        assert entry["words"].split(".")[0] in text.replace("\\", "")
    assert "Sibi (S4) gets a centre" in text
    assert "Kalat (S5) gets no hub. The scenario rules it out" in text


def test_one_site_is_explained_alone_and_json_is_all_of_stdout(solved: Path, inside: Callable[..., Done]) -> None:
    tree = answer(inside("explain", solved, "S3", "--json"))
    assert [one["site_id"] for one in tree["rejected"]] == ["S3"]
    assert tree["rejected"][0]["with"]["status"] == "infeasible"  # S4 and S3 together are beyond the budget
    assert not tree["hubs"]
    assert tree["folder"].endswith("run-explanation-S3")
    assert answer(inside("explain", solved, "S4", "--json"))["prices"][0]["kind"] == "pin"


def test_what_cannot_be_explained_is_refused(solved: Path, inside: Callable[..., Done], project: Project) -> None:
    for words, said in (
        ((solved, "S9"), "the id of one of its 5 sites"),
        ((solved, "S2"), "there is an existing hub"),
        ((solved.parent / "none",), "is not there; name the folder of a run"),
        ((solved, "--out", solved.parent), "holds more than"),
    ):
        done = inside("explain", *words, "--quiet")
        assert done.returncode == 2, words
        assert said in done.stderr
    project.edit("demand.csv", "D1,67.00,30.00,1000", "D1,67.00,30.00,1001")
    assert "SHA-256" in inside("explain", solved, "--quiet").stderr


def test_a_figure_that_the_hubs_do_not_achieve_is_refused(solved: Path) -> None:
    tree = json.loads((solved / "plan.json").read_text(encoding="utf-8"))
    tree["objective_value"] += 50
    (solved / "plan.json").write_text(json.dumps(tree), encoding="utf-8")
    with pytest.raises(DataError, match="which its hubs achieve"):
        hp.explain(solved)


@pytest.mark.parametrize("way", WAYS)
def test_a_folder_is_explained_as_its_plan(project: Project, way: str) -> None:
    plan = hp.solve(project.read(WAYS[way]))
    folder = plan.write(project.folder / "run")
    direct, read = (hp.explain(run).summary() for run in (plan, folder))
    assert _losses(direct) == pytest.approx(_losses(read), rel=1e-5, abs=1e-3)
    if not plan.evaluation.is_assigned:  # who is served by which hub is not one way only
        assert _rounded(direct) == _rounded(read)
    assert hp.explain(plan).markdown().startswith("# Why the plan of small")


def test_what_the_time_left_out_is_told(project: Project) -> None:
    plan = hp.solve(project.read())
    found = hp.explain(plan, time_limit_s=1e-9)
    tree, text = found.summary(), found.markdown()
    assert not tree["complete"]
    assert [hub["without"] for hub in tree["hubs"]] == [None] * len(tree["hubs"])
    assert "What would replace it was not worked out." in text
    assert "## What this does not say" in text
    assert hp.explain(plan).summary()["complete"]


def test_a_solve_that_is_cut_short_leaves_a_range_in_words(project: Project) -> None:
    found = hp.explain(hp.solve(project.read()))
    change, words = found.found.hubs[0].change, found.words
    assert change is not None

    def says(change: Counterfactual) -> str:
        return words.fares(change, words.best).removeprefix("the best plan ")

    assert "not found in time" in says(replace(change, least=-math.inf, most=math.inf))
    assert "worse by at least 5 of need" in says(replace(change, least=5.0, most=math.inf))
    assert "how much better" in says(replace(change, least=-math.inf, most=0.0))
    assert says(replace(change, least=2.0, most=5.0)) == "is worse by 2 of need at least and 5 of need at most"
    assert says(replace(change, least=-3.0, most=5.0)).startswith("is worse by 5 of need at most, or better by up to 3")
    assert says(replace(change, least=-5.0, most=-2.0)) == "is better by 2 of need at least and 5 of need at most"
    assert says(replace(change, least=0.0, most=0.0)) == "is as good"


def _losses(tree: dict[str, Any]) -> list[Any]:
    """Return what does not depend on which of equal plans is found."""
    changes = [hub["without"] for hub in tree["hubs"]] + [one["with"] for one in tree["rejected"]]
    prices = [price[end] for price in tree["prices"] for end in ("least", "most")]
    ends = [change and change[end] for change in changes for end in ("loss_least", "loss_most")]
    return [-1.0 if value is None else value for value in [*ends, *prices, tree["plan"]["value"]]]


def _rounded(tree: Any) -> Any:
    """Return a tree without what a proof's rounding changes, and with figures rounded."""
    if isinstance(tree, dict):
        return {key: _rounded(value) for key, value in tree.items() if key not in {"bound", "gap", "goals", "seconds"}}
    if isinstance(tree, list):
        return [_rounded(value) for value in tree]
    return float(f"{tree:.5g}") if isinstance(tree, float) and abs(tree) > 1e-3 else 0.0 if tree == 0 else tree
