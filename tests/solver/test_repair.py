"""The least change of limits, against the enumeration of all plans, and what is told and written of it."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from support.command import run as command

import hubplanner as hp
from hubplanner.audit import audit_run
from hubplanner.solver.infeasibility.repair import least_repair

ROOT = Path(__file__).resolve().parents[2]
SPACING = ROOT / "scenarios/examples/spacing.yaml"


def line(seed: int) -> tuple[hp.Problem, hp.MaxCoverage, list[float], list[tuple[str, int, tuple[int, ...]]]]:
    """Return five sites in a line, a question of random limits, each site's cost and the limits in plain Python."""
    random = np.random.default_rng(seed)
    places = [[10.0 * site, 0.0] for site in range(5)]
    prices = random.integers(1, 5, 5).astype(float).tolist()
    problem = hp.Problem.from_points(places, random.integers(1, 9, 5), places, prices, reach=5)
    groups = [(0, 1), (2, 3, 4), (0, 1, 2), (0, 1, 2, 3, 4)]
    limits = [
        (str(random.choice(["max", "min"])), int(random.integers(0, len(group) + 1)), group)
        for group in groups
        for _ in range(2)
    ]
    constraints = tuple((hp.MaxHubs if kind == "max" else hp.MinHubs)(count=n, sites=at) for kind, n, at in limits)
    floor = hp.Floor(weight=problem.need, share=float(random.choice([0.0, 0.3, 0.7])), name="all need")
    budget = float(random.integers(1, 12))
    return problem, hp.MaxCoverage(budget=budget, constraints=(*constraints, floor)), prices, limits


def enumerated(
    problem: hp.Problem, asked: hp.MaxCoverage, prices: list[float], limits: list[tuple[str, int, tuple[int, ...]]]
) -> tuple[float, int, int, float]:
    """Return the least budget with a plan, and then of all plans the least change, lowered minima and spread."""
    floor = next(constraint for constraint in asked.constraints if isinstance(constraint, hp.Floor))
    need = problem.need.tolist()
    plans = [plan for plan in itertools.product((0, 1), repeat=5) if served(plan, need) >= floor.share - 1e-12]
    budget = max(asked.budget or 0.0, min(paid(plan, prices) for plan in plans))
    found = []
    for plan in plans:
        if paid(plan, prices) <= budget:
            by = [passed(plan, *limit) for limit in limits]
            lowered = sum(hubs for hubs, limit in zip(by, limits, strict=True) if limit[0] == "min")
            spread = sum(hubs**2 / max(limit[1], 1) for hubs, limit in zip(by, limits, strict=True))
            found.append((sum(by), lowered, round(spread, 9)))
    return (budget, *min(found))


def served(plan: tuple[int, ...], need: list[float]) -> float:
    return math.fsum(n for n, built in zip(need, plan, strict=True) if built) / math.fsum(need)


def paid(plan: tuple[int, ...], prices: list[float]) -> float:
    return math.fsum(p for p, built in zip(prices, plan, strict=True) if built)


def passed(plan: tuple[int, ...], kind: str, count: int, group: tuple[int, ...]) -> int:
    built = sum(plan[site] for site in group)
    return max(0, built - count if kind == "max" else count - built)


@pytest.mark.parametrize("seed", range(25))
def test_the_change_is_the_least_of_all_plans(seed: int) -> None:
    problem, asked, prices, limits = line(seed)
    found = least_repair(problem, asked, hp.SolverOptions())
    assert found is not None
    money, hubs, lowered, spread = enumerated(problem, asked, prices, limits)
    moved = [change for change in found.changes if not isinstance(change.limit, hp.Budget)]
    by = [abs(change.after - change.before) for change in moved]
    assert found.hubs == found.at_least == sum(by) == hubs
    assert sum(n for n, change in zip(by, moved, strict=True) if isinstance(change.limit, hp.MinHubs)) == lowered
    assert sum(n**2 / max(change.before, 1) for n, change in zip(by, moved, strict=True)) == pytest.approx(spread)
    budget = [change.after for change in found.changes if isinstance(change.limit, hp.Budget)]
    assert budget == ([money] if money > (asked.budget or 0.0) else [])


def test_random_questions_are_of_every_kind() -> None:
    kinds = {bool(enumerated(*line(seed))[1]) for seed in range(25)}
    richer = {enumerated(*line(seed))[0] > (line(seed)[1].budget or 0.0) for seed in range(25)}
    assert kinds == richer == {True, False}


def test_what_no_limit_mends_is_told_as_such() -> None:
    problem = hp.Problem.from_points([[0, 0], [90, 0]], [3, 4], [[1, 0]], [1], reach=5)
    everyone = hp.MinCost(target_share=1.0, max_hubs=0)
    assert least_repair(problem, everyone, hp.SolverOptions()) is None
    alone = {"model.require": ["GN1168312"], "model.exclude": ["GN1177446"]}  # Pasni, only with Gwadar
    with pytest.raises(hp.InfeasibleError, match="no change of hub numbers and budget makes a plan possible"):
        hp.solve(hp.read_scenario(SPACING, settings=alone), repair=True)


@pytest.mark.parametrize("limit", [{"min": 1}, {"min": 1, "max": 1}], ids=["least", "both"])
def test_the_least_change_that_is_told_is_made_where_hubs_are_asked_for_by_need(
    limit: dict[str, int], tmp_path: Path
) -> None:
    """A limit of every district where need is becomes one of each, at the sites that it spoke of."""
    every = [{"group": "district", "where_needed": True, **limit}, {"group": "district", "value": "Gwadar", "min": 1}]
    settings = {"model.hub_limits": every, "model.min_separation_km": None, "model.min_hubs": None}
    asked = hp.read_scenario(SPACING, settings=settings)
    with pytest.raises(hp.InfeasibleError) as told:
        hp.solve(asked)
    mended = hp.repair(asked)
    assert f"(solve --repair) is {', '.join(map(str, mended.changes))};" in str(told.value)
    assert {change.limit.key for change in mended.changes} == {"min_hubs"}
    again = hp.read_scenario(SPACING, settings=settings | dict(mended.settings))
    assert again.model == mended.inputs.scenario.model
    plan = hp.solve(asked, repair=True)
    assert plan.summary()["hubs"] == hp.solve(again).summary()["hubs"]
    assert audit_run(plan.write(tmp_path / "run")).findings == ()


def test_a_scenario_is_mended_solved_written_and_audited(tmp_path: Path) -> None:
    asked = ["solve", str(SPACING), "--set", "model.budget=5e7", "--quiet", "--out", str(tmp_path / "run")]
    assert command(*asked).returncode == 3
    assert not (tmp_path / "run").exists()
    done = command(*asked, "--repair")
    assert done.returncode == 0
    assert "by 1 hub: in all: at least 5 -> 4" in done.stderr
    assert "--set model.min_hubs=4" in done.stderr
    plan = json.loads((tmp_path / "run/plan.json").read_text(encoding="utf-8"))
    change = {"limit": "min_hubs", "of": "", "from": 5, "to": 4}
    told = {"hubs": 1, "at_least": 1, "changes": [change], "settings": {"model.min_hubs": 4}}
    assert plan["repair"] == json.loads((tmp_path / "run/manifest.json").read_text(encoding="utf-8"))["repair"] == told
    assert "mended_limits" in {warning["code"] for warning in plan["warnings"]}
    assert "at least 5 -&gt; 4" in (tmp_path / "run/report.html").read_text(encoding="utf-8")
    by_hand = hp.solve(hp.read_scenario(SPACING, settings={"model.budget": 5e7, "model.min_hubs": 4})).summary()
    assert [hub["site_id"] for hub in plan["hubs"]] == [hub["site_id"] for hub in by_hand["hubs"]]
    assert audit_run(tmp_path / "run").findings == ()


def test_a_plan_that_is_possible_is_left_as_asked() -> None:
    scenario = hp.read_scenario(SPACING)
    assert hp.repair(scenario).changes == ()
    assert "repair" not in hp.solve(scenario, repair=True).summary()


def test_a_limit_of_each_value_is_spelled_out_for_all_of_them() -> None:
    limits = [{"group": "district", "min": 1, "max": 1}, {"group": "district", "value": "Quetta", "min": 3}]
    settings = {"model.hub_limits": limits, "model.min_separation_km": None, "model.budget": None}
    mended = hp.repair(hp.read_scenario(SPACING, settings=settings))
    assert [(str(change)) for change in mended.changes] == ["district Quetta: at most 1 -> 3"]
    again = hp.read_scenario(SPACING, settings=settings | dict(mended.settings))
    assert again.model == mended.inputs.scenario.model
    assert hp.solve(again).summary()["status"] == "optimal"


def test_plans_for_futures_are_refused() -> None:
    with pytest.raises(hp.ScenarioError, match="leave futures out"):
        hp.repair(hp.read_scenario(ROOT / "scenarios/futures.yaml"))
