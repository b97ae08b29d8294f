"""Futures from the scenario file to the run folder, the score and the audit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from support.command import answer, fits

import hubplanner as hp
from hubplanner.audit import audit_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.command import Done

FILE = "scenario.yaml"
SECTION = """\
futures:
  named:
    - {name: as planned, probability: 0.5}
    - {name: growth, probability: 0.3, need: {province: {Punjab: 2.0}}, cost: {centre: 1.2}}
    - {name: flood, probability: 0.2, need: 0.5, reach: {centre: 0.9}, sites_out: [S2], tiers_out: [park]}
"""


@pytest.fixture
def folder(scenario: Path) -> Path:
    file = scenario
    file.write_text(file.read_text(encoding="utf-8") + SECTION, encoding="utf-8")
    return scenario.parent


def by_hand(plan: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Return need covered and cost in each future, from distances that can be seen on a map."""
    need = {"D1": 750.0, "D2": 500.0, "D3": 2000.0, "D4": 0.0}
    near = {"centre": {"S1": ["D1"], "S2": ["D3"], "S4": ["D2"]}, "park": {"S1": ["D1", "D2"], "S4": ["D2", "D1"]}}
    found = {}
    for name, factors, dear, out in (
        ("as planned", {}, 1.0, ()),
        ("growth", {"D3": 2.0, "D4": 2.0}, 1.2, ()),
        ("flood", dict.fromkeys(need, 0.5), 1.0, ("S2", "park")),
    ):
        reached, cost = set[str](), 0.0
        for hub in plan["hubs"]:
            cost += hub["cost"] * (dear if hub["tier"] == "centre" else 1.0)
            if not {hub["tier"], hub["site_id"]} & set(out):
                reached |= set(near.get(hub["tier"], {}).get(hub["site_id"], []))
        found[name] = sum(need[point] * factors.get(point, 1.0) for point in reached), cost
    return found


def test_a_run_states_every_future(folder: Path, inside: Callable[..., Done]) -> None:
    done = inside("solve", folder / FILE, "--out", folder / "run", "--json")
    plan = answer(done)
    assert (done.returncode, plan["status"]) == (0, "optimal")
    futures = plan["futures"]
    assert {row["name"]: (row["covered"], row["cost"]) for row in futures["each"]} == {
        name: pytest.approx(figures) for name, figures in by_hand(plan).items()
    }
    assert plan["objective_value"] == pytest.approx(sum(row["probability"] * row["value"] for row in futures["each"]))
    # Both centres that the data allow fit into the budget of every future: nothing is gained by planning or by knowing.
    assert [futures["vss"]["value"], futures["evpi"]["at_least"], futures["evpi"]["at_most"]] == pytest.approx(
        [0, 0, 0]
    )
    assert {hub["site_id"] for hub in plan["hubs"]} == {"S1", "S2", "S4"}
    assert max(row["cost"] for row in futures["each"]) <= plan["budget"]
    table = pd.read_csv(folder / "run" / "futures.csv", encoding="utf-8-sig")
    assert table["covered"].tolist() == pytest.approx([row["covered"] for row in futures["each"]])


@pytest.mark.parametrize("under", ["expected", "worst", "regret", "cvar"])
def test_an_audit_confirms_it_and_finds_what_is_changed(folder: Path, under: str) -> None:
    plan = hp.solve(hp.read_scenario(folder / FILE, settings={"model.under": under}))
    where = plan.write(folder / under)
    found = audit_run(where)
    assert (found.verdict, found.findings) == ("pass", ())
    tree = json.loads((where / "plan.json").read_text(encoding="utf-8"))
    tree["futures"]["each"][1]["covered"] += 1
    (where / "plan.json").write_text(json.dumps(tree), encoding="utf-8")
    assert [finding.item for finding in audit_run(where).findings] == ["futures.each.1.covered"]


def test_sampled_futures_are_the_same_each_time_and_confirmed(scenario: Path) -> None:
    ranges = {"need": {"province": [0.5, 1.5]}, "cost": [0.9, 1.2], "reach": {"park": [0.6, 1.0]}, "site_out": 0.2}
    settings = {"futures": {"sample": 6, "seed": 4, "ranges": ranges}, "model.budget": 900.0}
    plans = [hp.solve(hp.read_scenario(scenario, settings=settings)).summary() for _ in range(2)]
    assert plans[0]["futures"] == plans[1]["futures"]
    assert len({row["need"] for row in plans[0]["futures"]["each"]}) == 6
    where = hp.solve(hp.read_scenario(scenario, settings=settings)).write(scenario.parent / "sampled")
    assert audit_run(where).verdict == "pass"


def test_any_plan_is_scored_on_any_futures(folder: Path, inside: Callable[..., Done]) -> None:
    hp.solve(hp.read_scenario(folder / FILE)).write(folder / "made")
    plain = hp.read_scenario(folder / FILE, settings={"futures": None})
    hp.solve(plain).write(folder / "plain")
    done = inside("score", folder / "made", folder / "plain", "--futures", folder / FILE, "--json")
    found = answer(done)
    made, other = found["runs"]
    for name, run in (("made", made), ("plain", other)):
        plan = json.loads((folder / name / "plan.json").read_text(encoding="utf-8"))
        figures = by_hand(plan)
        shares = {"as planned": 0.5, "growth": 0.3, "flood": 0.2}
        assert run["expected"] == pytest.approx(sum(share * figures[future][0] for future, share in shares.items()))
        assert run["highest_cost"] == pytest.approx(max(cost for _, cost in figures.values()))
    own = answer(inside("score", folder / "made", "--out", folder / "score", "--json"))
    assert own["runs"][0]["each"] == made["each"]
    assert sorted(path.name for path in (folder / "score").iterdir()) == ["futures.csv", "manifest.json", "score.json"]
    shown = inside("score", folder / "made", folder / "plain", "--futures", folder / FILE)
    assert shown.returncode == 0
    assert fits(shown.stdout)
    assert fits(inside("solve", folder / FILE, "--out", folder / "again").stdout)
    missing = inside("score", folder / "plain")
    assert missing.returncode == 2
    assert "futures: is required" in missing.stderr
    assert inside("score", folder).returncode == 2


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"futures.named.0.probability": 0.6}, "probabilities that add up to 1"),
        ({"futures.named.1.need": {"area": {"x": 2.0}}}, "a group of demand.groups: province"),
        ({"futures.named.1.need": {"province": {"Sindh": 2.0}}}, "a value of province: Balochistan, Punjab"),
        ({"futures.named.1.need": -1}, "a number above 0"),
        ({"futures.named.1.reach": {"hall": 0.5}}, "a tier: centre, park"),
        ({"futures.named.2.sites_out": ["S9"]}, "the id of a site"),
        ({"futures.named.2.tiers_out": ["hall"]}, "a tier: centre, park"),
        ({"futures.sample": 5}, "either named futures or sample"),
        ({"hubs.0.capacity": 100}, "without capacities"),
        ({"model.under": "regret", "model.objective": "min_cost", "model.target_share": 0.5}, "expected or worst"),
        ({"model.objective": "p_center"}, "max_coverage, min_cost or p_median"),
        ({"model.cvar_level": 0.5}, "only with under: cvar"),
        ({"futures": None, "model.under": "worst"}, "only with futures"),
    ],
)
def test_what_cannot_be_is_said(folder: Path, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(hp.ScenarioError, match=words):
        hp.read_inputs(hp.read_scenario(folder / FILE, settings=settings))


def test_other_analyses_refuse_futures(folder: Path) -> None:
    with pytest.raises(hp.ScenarioError, match="futures"):
        hp.frontier(hp.read_scenario(folder / FILE), points=2)
    with pytest.raises(hp.ScenarioError, match="futures"):
        hp.alternatives(hp.read_scenario(folder / FILE))
