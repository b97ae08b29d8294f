"""Lines that are laid year by year, from files to files: what each year pays, what is written, and the audit."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from support.connected import FIBRE, WORTH, audited, backhaul, found_wrong, planned

from hubplanner.outputs.formats.actions import list_actions
from hubplanner.runs.export import read_result

if TYPE_CHECKING:
    from support.project import Project


def years(*budgets: float, **more: Any) -> dict[str, Any]:
    named = [{"name": str(2027 + at), "budget": budget} for at, budget in enumerate(budgets)]
    return {"model.budget": None, "model.periods": {"years": named, **more}}


def test_each_year_pays_for_the_links_and_lines_that_it_adds(linked: Project) -> None:
    plan = planned(linked, **backhaul(), **years(250.0, 250.0))
    figures, hubs, lines = plan.summary(), plan.hubs, plan.backhaul
    assert set(lines["period"]) <= {"2027", "2028"}
    for year, told in zip(("2027", "2028"), figures["periods"], strict=True):
        own = hubs[(hubs["period"] == year) & (hubs["status"] == "new")]
        spent = own["cost"].sum() + lines.loc[lines["period"] == year, "cost"].sum()
        assert told["cost"] == pytest.approx(spent, abs=0.02)
    assert figures["periods"][0]["cost"] <= 250
    paid = [year["paid"] for year in figures["cost"]["paid"]["by_year"]]
    assert len(paid) == 4
    worth = sum(one["cost"] for one in figures["periods"])
    assert figures["cost"]["total"] == pytest.approx(worth, abs=0.02)
    # What a year adds is paid once in it and then for the horizon's two years.
    lone = planned(linked, **backhaul(), **years(0.0, 500.0)).summary()["cost"]["paid"]["by_year"]
    assert lone[0]["paid"] == 0
    assert lone[2]["paid"] == pytest.approx(lone[3]["paid"])
    assert lone[1]["paid"] + lone[2]["paid"] * WORTH == pytest.approx(
        planned(linked, **backhaul()).summary()["cost"]["total"], abs=0.02
    )


def test_a_programme_with_lines_is_written_audited_and_told_by_year(linked: Project) -> None:
    plan = planned(linked, **backhaul(), **years(250.0, 250.0))
    run = linked.folder / "run"
    assert audited(plan, run) == []
    features = json.loads((run / "backhaul.geojson").read_text(encoding="utf-8"))["features"]
    assert [one["properties"]["period"] for one in features] == plan.backhaul["period"].tolist()
    result, _ = read_result(run)
    laid = [action for action in list_actions(result).sections[2][1] if action.kind == "lay"]
    assert [action.year for action in laid] == sorted(plan.backhaul["period"])
    assert all(f"laid in {action.year}" in action.facts for action in laid)


def test_a_line_that_is_said_to_be_laid_in_another_year_fails_the_audit(linked: Project) -> None:
    linked.edit("sites.csv", "candidate,,1,100", "candidate,,1,300")
    plan = planned(linked, **backhaul(technologies={"fibre": FIBRE}), **years(290.0, 900.0))
    assert plan.backhaul[["to", "period"]].to_numpy().tolist() == [["S4", "2027"], ["S1", "2028"]]
    run = plan.write(linked.folder / "run")
    for year, other in (("2027", "2028"), ("2028", "2027")):
        forged = linked.folder / f"forged{year}"
        shutil.copytree(run, forged)
        for path in forged.glob("backhaul.geojson"):
            tree = json.loads(path.read_text(encoding="utf-8"))
            one = next(one for one in tree["features"] if one["properties"]["period"] == year)
            one["properties"]["period"] = other
            path.write_text(json.dumps(tree), encoding="utf-8")
        manifest = json.loads((forged / "manifest.json").read_text(encoding="utf-8"))
        manifest["files"].pop("backhaul.geojson", None)
        (forged / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        assert any("period" in found or "no line leads there" in found for found in found_wrong(forged))


def test_hubs_that_move_are_refused_with_lines_over_years(linked: Project) -> None:
    [moving] = linked.refusal(backhaul() | years(9.0, 9.0, nested=False))
    assert "model.periods.nested" in moving
    assert "lines stay where they are laid" in moving


def test_several_hubs_of_a_site_have_one_link_and_pass_the_audit_year_by_year(linked: Project) -> None:
    seats = {"hubs.0.capacity": 400, "hubs.1.capacity": 900, "model.max_per_site": 3}
    plan = planned(linked, **backhaul(), **seats, **years(250.0, 900.0))
    counts = [
        dict(zip(p.evaluation.options.tolist(), p.evaluation.counts.tolist(), strict=True))
        for p in plan.solution.periods
    ]
    grown = {option: (counts[0][option], many) for option, many in counts[1].items() if counts[0].get(option)}
    assert any(first < later for first, later in grown.values()), counts
    assert audited(plan, linked.folder / "run") == []
