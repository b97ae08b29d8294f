"""The national plan that is shared among districts, recomputed from its files."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hubplanner as hp

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = hp.solve(hp.read_scenario(ROOT / "scenarios/pakistan_fair.yaml"))
    return plan.write(tmp_path_factory.mktemp("fair") / "run")


@pytest.fixture(scope="module")
def plan(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "plan.json").read_text(encoding="utf-8"))
    return found


def test_it_is_proven_within_the_asked_gap(plan: dict[str, Any]) -> None:
    assert plan["status"] == "optimal"
    assert plan["gap"] <= 0.1
    assert plan["objective_value"] <= plan["bound"]
    assert plan["cost"]["total"] <= plan["budget"]


def test_the_equivalent_share_is_that_of_the_districts(plan: dict[str, Any]) -> None:
    districts = plan["groups"]["district"].values()
    need, share = (np.array([row[key] for row in districts]) for key in ("need", "share"))
    least = plan["fairness"]["linear_below_share"]
    # The logarithm, and below the least share its tangent there.
    worth = np.where(share < least, share / least - 1, np.log(np.maximum(share, least) / least))
    assert plan["objective_value"] == pytest.approx(least * np.exp(np.average(worth, weights=need)), rel=1e-6)


def test_most_districts_are_served_not_a_few_for_somewhat_less_need(plan: dict[str, Any]) -> None:
    most = hp.solve(
        hp.read_scenario(ROOT / "scenarios/pakistan_fair.yaml", settings={"model.fairness": None})
    ).summary()
    fair, few = (sum(row["share"] > 0 for row in each["groups"]["district"].values()) for each in (plan, most))
    assert fair > len(plan["groups"]["district"]) / 2 > 2 * few
    assert 0.75 * most["need"]["covered"] < plan["need"]["covered"] < most["need"]["covered"]


def test_hubs_stand_in_settlements_and_are_nearly_full(run: Path) -> None:
    with (run / "hubs.csv").open(encoding="utf-8-sig", newline="") as file:
        hubs = list(csv.DictReader(file))
    assert all(float(hub["utilisation"]) > 0.9 for hub in hubs)
    assert "tehsil_point" not in {hub["kind"] for hub in hubs}
