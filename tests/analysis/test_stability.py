"""Plans held against surveys drawn again: each draw planned for by enumeration, and draws held to what they say."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from support.command import answer, fits
from support.instances.audited_runs import findings_of
from support.project import SCENARIO, Project

import hubplanner as hp
from hubplanner.analysis.stability.stability import Stability, certainty
from hubplanner.inputs.survey import drawn_again, drawn_shares, with_shares
from hubplanner.pipeline.earlier_plan import surveyed_plan
from hubplanner.pipeline.objective import objective_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.command import Done

ERROR = {"demand.connected_share_error": 0.1}
OWN = {"demand.surveyed_by": ["demand_id"]}
EQUAL_DEMAND = """\
demand_id,lon,lat,people,internet,weight,province,women
D1,67.0,30.0,1000,0.5,1,West,400
D2,69.0,30.0,1000,0.5,1,East,600
D3,71.0,30.0,900,0.4,1,Far,500
"""
EQUAL_SITES = """\
site_id,name,lon,lat,status,tier,factor,capex,province
S1,Westtown,67.0,30.0,candidate,centre,1,100,West
S2,Easttown,69.0,30.0,candidate,centre,1,100,East
S3,Fartown,71.0,30.0,candidate,centre,1,130,Far
"""
COST = 100 + 10 * (1 / 1.25 + 1 / 1.25**2)


def equal_districts(project: Project) -> Project:
    """Write two districts that are the same but for their names, a third that costs more, and money for one hub."""
    project.write("demand.csv", EQUAL_DEMAND)
    project.write("sites.csv", EQUAL_SITES)
    grouped = SCENARIO.replace("  cost_factor: factor\n", "  cost_factor: factor\n  groups: [province]\n")
    project.write("scenario.yaml", grouped)
    return project


@pytest.fixture
def equal(project: Project) -> Project:
    return equal_districts(project)


def solved(project: Project, **settings: Any) -> hp.Plan:
    return hp.solve(project.read({"model.budget": COST, **ERROR, **OWN, **settings}))


def test_a_small_error_moves_nothing(project: Project) -> None:
    found = hp.stability(hp.solve(project.read({"demand.connected_share_error": 1e-9})), draws=5).summary()
    assert found["levels"]["hub"] == {"hubs": 2, "kept": 1.0, "kept_least": 1.0, "in_nine_of_ten": 2}
    assert found["reached"] == {"mean": 1.0, "least": 1.0, "proven": pytest.approx(1.0, abs=1e-6)}
    assert {hub["certainty"] for hub in found["hubs"]} == {1.0}


def test_of_two_equal_districts_each_has_the_hub_in_about_half_of_the_draws(equal: Project) -> None:
    found = hp.stability(solved(equal, **{"model.exclude": ["S3"]}), draws=30)
    rows = found.hubs.set_index("site_id")
    assert rows["hubs"].tolist() == [1, 0]
    assert 0.3 < rows["certainty"].iloc[0] < 0.7
    assert rows["certainty"].sum() == pytest.approx(1)
    groups = found.summary()["groups"]["province"]
    assert groups["Far"] == {"hubs": 0, "certainty": 0, "in_nine_of_ten": 0, "least": 0, "mean": 0, "most": 0}
    assert groups["West"]["certainty"] == pytest.approx(rows["certainty"]["S1"])
    assert found.summary()["levels"]["province"]["in_nine_of_ten"] == 0


def test_rows_of_one_figure_err_together(equal: Project) -> None:
    together = hp.stability(solved(equal, **{"demand.surveyed_by": (), "model.exclude": ["S3"]}), draws=10).summary()
    assert together["figures"] == 2
    assert together["levels"]["hub"]["in_nine_of_ten"] == 1
    assert hp.stability(solved(equal), draws=2).summary()["figures"] == 3


@pytest.mark.parametrize("budget", [1.3 * COST, 2.4 * COST])
def test_each_draw_is_planned_for_as_an_enumeration_would(equal: Project, budget: float) -> None:
    plan = solved(equal, **{"model.budget": budget})
    found = hp.stability(plan, draws=15, seed=3)
    inputs, cost = plan.inputs, plan.problem.option_cost
    people = inputs.demand.frame["people"].to_numpy()
    kept = np.isin(np.arange(3), plan.evaluation.options)
    subsets = [np.array(chosen) for chosen in itertools.product([False, True], repeat=3)]
    affordable = [chosen for chosen in subsets if cost[chosen].sum() <= budget]
    moved = 0
    for number, draw in enumerate(found.draws):
        need = people * (1 - drawn_shares(inputs.demand, None, 3, number))
        best = max(affordable, key=lambda chosen: need[chosen].sum())
        assert draw.value == pytest.approx(need[best].sum())
        assert draw.kept_need == pytest.approx(need[kept].sum())
        assert draw.reached == pytest.approx(min(need[kept].sum() / need[best].sum(), 1))
        if need[best].sum() > need[kept].sum() * (1 + 1e-6):
            assert draw.hubs.tolist() == best.astype(int).tolist()
            moved += 1
        else:
            assert draw.hubs.tolist() == kept.astype(int).tolist()
    assert 0 < moved < 15
    assert found.summary()["reached"]["least"] == pytest.approx(min(draw.reached or 0 for draw in found.draws))


def test_shares_are_drawn_with_the_error_that_is_given(equal: Project) -> None:
    demand = equal.inputs({"demand.connected_share_error": 0.05, **OWN}).demand
    drawn = np.array([drawn_shares(demand, None, 0, number) for number in range(4000)])
    assert drawn.mean(axis=0) == pytest.approx([0.5, 0.5, 0.4], abs=0.004)
    assert drawn.std(axis=0) == pytest.approx([0.05] * 3, rel=0.05)
    assert np.abs(np.corrcoef(drawn.T)[np.triu_indices(3, 1)]).max() < 0.06
    assert not np.array_equal(drawn, [drawn_shares(demand, None, 1, number) for number in range(4000)])


def test_a_share_of_nothing_is_not_certain_and_one_without_error_is(project: Project) -> None:
    project.write(
        "demand.csv",
        "demand_id,lon,lat,people,internet,weight,province,error\n"
        + "".join(
            f"D{number},67.0,30.{number},1000,{share},1,B,{error}\n"
            for number, (share, error) in enumerate([(0, 0.01), (0, 0), (1, 0), (1, 0.01)])
        ),
    )
    demand = project.inputs({"demand.connected_share_error": "error"}).demand
    drawn = np.array([drawn_shares(demand, None, 0, number) for number in range(300)])
    assert (drawn[:, 0] > 0).all()
    assert drawn[:, 0].mean() == pytest.approx(0.01, rel=0.2)
    assert (drawn[:, 1] == 0).all()
    assert (drawn[:, 2] == 1).all()
    assert drawn[:, 3].mean() == pytest.approx(0.99, abs=0.002)


def test_years_since_the_survey_move_and_scatter_logits(equal: Project) -> None:
    inputs = equal.inputs({"demand.since_survey": {"shift": 1.0, "slope": 0.5, "sd": 0.3}, **OWN})
    spec = inputs.scenario.demand.since_survey
    drawn = np.array([drawn_shares(inputs.demand, spec, 0, number) for number in range(3000)])
    logits = np.log(drawn / (1 - drawn))
    assert logits.mean(axis=0) == pytest.approx([1.0, 1.0, 1 + 0.5 * np.log(0.4 / 0.6)], abs=0.03)
    assert logits.std(axis=0) == pytest.approx([0.3] * 3, rel=0.06)


def test_drawn_data_are_what_a_file_with_those_shares_would_give(equal: Project) -> None:
    settings = ERROR | OWN | {"model.floors": [{"group": "province", "people": "women", "share": 0.0}]}
    again = drawn_again(equal.inputs(settings), 0, 7)
    table = pd.read_csv(equal.folder / "demand.csv")
    table["internet"] = again.demand.frame["connected_share"].to_numpy()
    equal.write("demand.csv", table.to_csv(index=False))
    read = equal.inputs(settings)
    for name in ("need", "connected_share", "people"):
        assert again.demand.frame[name].tolist() == pytest.approx(read.demand.frame[name].tolist())
    assert again.demand.need_of["women"].tolist() == pytest.approx(read.demand.need_of["women"].tolist())
    assert again.demand.offline.tolist() == pytest.approx(read.demand.offline.tolist())
    built = [hp.build_problem(inputs).need.tolist() for inputs in (again, read)]
    assert built[0] == pytest.approx(built[1])
    assert with_shares(read, np.ones(3)).demand.frame["need"].tolist() == [0, 0, 0]


def test_the_order_of_rows_changes_no_draw(equal: Project) -> None:
    settings = ERROR | {"demand.surveyed_by": "province"}
    before = drawn_shares(equal.inputs(settings).demand, None, 5, 0)
    head, *rows = EQUAL_DEMAND.splitlines()
    equal.write("demand.csv", "\n".join([head, *rows[::-1]]) + "\n")
    assert drawn_shares(equal.inputs(settings).demand, None, 5, 0).tolist() == before.tolist()


def test_the_same_seed_writes_the_same_files_and_more_draws_begin_alike(equal: Project) -> None:
    plan = solved(equal)
    folder = plan.write(equal.folder / "run")
    files = []
    for seed in (4, 4, 5):
        hp.stability(folder, draws=6, seed=seed).write(folder)
        files.append([(folder / f"stability.{kind}").read_bytes() for kind in ("json", "csv")])
    assert files[0] == files[1] != files[2]
    more = hp.stability(plan, draws=9, seed=5)
    fewer = hp.stability(plan, draws=6, seed=5)
    assert [draw.value for draw in more.draws[:6]] == [draw.value for draw in fewer.draws]


def test_certainty_counts_each_hub_of_a_place() -> None:
    planned, drawn = np.array([3, 1, 0]), np.array([[3, 1, 0]] * 17 + [[1, 0, 2]] * 3)
    share, sure = certainty(planned, drawn)
    assert share.tolist() == pytest.approx([(17 * 3 + 3) / 60, 0.85, 0.15])
    assert sure.tolist() == [1, 0, 0]


WAYS: dict[str, dict[str, Any]] = {
    "seats": {"hubs.0.capacity": 300},
    "take_up": {"hubs.0.capacity": 300, "demand.take_up": {"share": 0.5, "e_fold_km": 5.0}},
    "fair": {"model.fairness": {"alpha": 1, "group": "province", "linear_below_share": 0.01}},
    "max_min": {"model.fairness": "max_min"},
    "cost": {"model.objective": "min_cost", "model.target_share": 0.3, "model.budget": None},
    "median": {"model.objective": "p_median"},
    "centre": {"model.objective": "p_center"},
    "floor": {"model.floors": [{"group": "province", "value": "West", "share": 0.5}]},
}


@pytest.mark.parametrize("way", WAYS)
def test_whatever_can_be_planned_can_be_drawn_again(equal: Project, way: str) -> None:
    found = hp.stability(solved(equal, **{"model.budget": 2.4 * COST, **WAYS[way]}), draws=3)
    tree = found.summary()
    assert tree["status"] == "optimal"
    for draw in found.draws:
        assert draw.reached is None or 0 < (draw.reached_at_least or 0) <= draw.reached + 1e-9 <= 1 + 1e-9
    assert sum(draw.reached is not None for draw in found.draws) + tree["misses_limits"] == 3
    json.dumps(tree, allow_nan=False)


def test_a_plan_that_misses_a_limit_in_a_draw_is_told(equal: Project) -> None:
    settings = {"model.objective": "min_cost", "model.target_share": 0.34, "model.budget": None}
    tree = hp.stability(solved(equal, **settings), draws=12).summary()
    assert 0 < tree["misses_limits"] < 12
    assert [each["reached"] is None for each in tree["each"]].count(True) == tree["misses_limits"]
    assert all(each["objective_value"] > 0 for each in tree["each"])


def refusal(project: Project, **settings: Any) -> str:
    with pytest.raises(hp.HubplannerError) as caught:
        hp.stability(hp.solve(project.read(settings)), draws=2)
    return str(caught.value)


def test_what_cannot_be_drawn_again_says_why(project: Project) -> None:
    assert "a standard error, such as 0.02" in refusal(project)
    years = {"model.periods.years": [{"name": "2027", "budget": 300}], "model.budget": None}
    assert "model.periods: '1 year' found; allowed: none with stability: each year would need" in refusal(
        project, **ERROR, **years
    )
    assert "allowed: none with stability: a plan for all futures is weighed by score" in refusal(
        project, **ERROR, **{"futures.named": [{"name": "now"}]}
    )
    none = {"model.budget": None, "model.max_hubs": 0, "sites.status": None}
    assert "no new hub" in refusal(project, **ERROR, **none)
    merged = project.refusal({"demand.merge": True, **ERROR})
    assert any("merged points keep no share of their own" in message for message in merged)
    assert any("since_survey" in message for message in project.refusal({"demand.surveyed_by": ["province"]}))
    assert any("0.4" in message for message in project.refusal({"demand.connected_share_error": 2}))
    with pytest.raises(hp.ScenarioError, match="--draws"):
        hp.stability(Path("nowhere"), draws=1)


@pytest.fixture
def run(equal: Project, inside: Callable[..., Done]) -> Path:
    """A run folder without errors of its own."""
    money = ("--set", f"model.budget={COST}")
    assert inside("solve", equal.folder / "scenario.yaml", "--out", "run", *money).returncode == 0
    return equal.folder / "run"


ASKED = ("--draws", "4", "--set", "demand.connected_share_error=0.1", "--set", "demand.surveyed_by=[demand_id]")


def test_the_command_tells_it_and_writes_into_the_run(run: Path, inside: Callable[..., Done]) -> None:
    done = inside("stability", run, *ASKED)
    assert done.returncode == 0
    assert fits(done.stdout)
    assert "hubs stand in nine of ten surveys; 4 were drawn, of 3 figures for 3 rows." in done.stdout
    tree = json.loads((run / "stability.json").read_text(encoding="utf-8"))
    table = pd.read_csv(run / "stability.csv", encoding="utf-8-sig")
    assert table["site_id"].tolist() == [hub["site_id"] for hub in tree["hubs"]]
    assert inside("runs", "verify", run).returncode == 0
    shown = answer(inside("stability", run, *ASKED, "--json"))  # its own files it replaces
    assert shown == tree | {"folder": str(run)}


def test_the_command_keeps_what_is_not_its_own(run: Path, inside: Callable[..., Done]) -> None:
    (run / "stability.csv").write_text("mine\n", encoding="utf-8")
    done = inside("stability", run, *ASKED)
    assert done.returncode == 2
    assert "stability.csv exists" in done.stderr
    assert (run / "stability.csv").read_text(encoding="utf-8") == "mine\n"
    assert inside("stability", run, *ASKED, "--overwrite").returncode == 0
    done = inside("stability", run, "--set", "model.budget=9", "--overwrite")
    assert done.returncode == 2
    assert "all else would be another plan" in done.stderr
    assert inside("stability", run.parent).returncode == 2


def test_a_report_shows_it(run: Path, inside: Callable[..., Done]) -> None:
    assert "stability" not in page(run, inside)
    assert inside("stability", run, *ASKED).returncode == 0
    text = page(run, inside)
    assert 'id="stability"' in text
    assert "surveys that might have come out as well" in text
    assert "Easttown" in text


def test_what_was_found_before_is_shown_with_every_plan_of_the_same_question(equal: Project) -> None:
    asked = {"model.budget": 2.4 * COST}
    first = solved(equal, **asked)
    assert first.stability is None
    assert "certainty" not in first.hubs
    folder = first.write(equal.folder / "run")
    found = hp.stability(first, draws=4)
    found.write(folder)
    assert hp.stability(folder, draws=2).summary()["question"] == found.summary()["question"]
    known = equal.folder / "scenario.stability.json"
    shutil.copy(folder / "stability.json", known)

    plan = solved(equal, **asked)
    assert plan.stability == json.loads(known.read_text(encoding="utf-8"))
    sure = found.hubs.set_index("site_id")["certainty"]
    assert plan.hubs["certainty"].tolist() == pytest.approx(sure[plan.hubs["site_id"]].tolist())
    groups = found.summary()["groups"]["province"]
    by = [groups[province]["certainty"] for province in plan.hubs["province"]]
    assert plan.hubs["certainty_by_province"].tolist() == pytest.approx(by)
    again = plan.write(equal.folder / "again")
    for name in ("stability.json", "stability.csv"):
        assert (again / name).read_bytes() == (folder / name).read_bytes()
    assert "surveys that might have come out as well" in (again / "report.html").read_text(encoding="utf-8")
    assert findings_of(again) == []

    table = pd.read_csv(again / "hubs.csv", encoding="utf-8-sig")
    for column in ("certainty", "certainty_by_province"):
        table.assign(**{column: 0.123}).to_csv(again / "hubs.csv", index=False, encoding="utf-8-sig")
        assert f"row 0, {column}" in {finding.item for finding in findings_of(again)}

    other = solved(equal, **asked, **{"model.exclude": ["S1"]})
    assert other.stability is None
    assert "hubplanner stability finds out" in (other.write(equal.folder / "other") / "report.html").read_text("utf-8")
    equal.write("sites.csv", EQUAL_SITES.replace(",130,", ",131,"))
    assert solved(equal, **asked).stability is None


def test_a_solve_starts_from_the_plan_that_was_looked_into(equal: Project, caplog: pytest.LogCaptureFixture) -> None:
    asked = {"model.budget": 2.4 * COST}
    first = solved(equal, **asked)
    known = hp.stability(first, draws=2).summary()
    assert surveyed_plan(first.inputs, first.problem, objective_of(first.inputs)) is None
    equal.write("scenario.stability.json", json.dumps(known))
    with caplog.at_level("INFO"):
        plan = solved(equal, **asked)
    assert "start from the plan that surveys were drawn again for" in caplog.text
    assert plan.hubs["site_id"].tolist() == first.hubs["site_id"].tolist()
    start = surveyed_plan(plan.inputs, plan.problem, objective_of(plan.inputs))
    assert start is not None
    assert start.evaluation is not None
    assert start.evaluation.options.tolist() == first.evaluation.options.tolist()
    assert start.value == pytest.approx(first.solution.value, rel=1e-9)
    own = next(hub for hub in known["hubs"] if hub["hubs"])
    own["site_id"] = "nowhere"
    equal.write("scenario.stability.json", json.dumps(known))
    assert solved(equal, **asked).stability is None


def test_a_file_beside_the_scenario_that_is_no_such_result_is_refused(equal: Project) -> None:
    for text in ("{", "[]", '{"draws": 3}'):
        equal.write("scenario.stability.json", text)
        with pytest.raises(
            hp.DataError, match=r"scenario\.stability\.json.*is no stability\.json of hubplanner stability"
        ):
            solved(equal)


def page(run: Path, inside: Callable[..., Done]) -> str:
    assert inside("report", run, "--no-audit", "--out", "page.html").returncode == 0
    return (run.parent / "page.html").read_text(encoding="utf-8")


def changed(path: Path, *keys: str | int, to: object) -> None:
    tree = json.loads(path.read_text(encoding="utf-8"))
    node = tree
    for key in keys[:-1]:
        node = node[key]
    node[keys[-1]] = to
    path.write_text(json.dumps(tree), encoding="utf-8")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder of the equal districts with what three surveys would change."""
    small = equal_districts(Project(folder=tmp_path_factory.mktemp("drawn")))
    plan = solved(small, **{"model.budget": 2.4 * COST})
    folder = plan.write(small.folder / "run")
    hp.stability(plan, draws=3).write(folder)
    assert findings_of(folder) == []
    return folder


@pytest.mark.parametrize(
    ("keys", "to", "item"),
    [
        (("hubs", 0, "certainty"), 0.123, "levels, hub, kept"),
        (("hubs", 0, "hubs"), 5, "hubs at {}, {}"),
        (("hubs", 0, "in_nine_of_ten"), 9, "certainty at {}, {}"),
        (("levels", "hub", "in_nine_of_ten"), 7, "levels, hub, in_nine_of_ten"),
        (("levels", "hub", "kept_least"), 0.01, "levels, hub, kept_least"),
        (("reached", "least"), 0.01, "reached, least"),
        (("draws",), 1, "draws"),
        (("plan", "cost"), 1.0, "plan, cost"),
        (("hubs",), None, "hubs and each"),
    ],
)
def test_what_is_told_wrongly_is_found_out(
    drawn: Path, tmp_path: Path, keys: tuple[str | int, ...], to: object, item: str
) -> None:
    folder = shutil.copytree(drawn, drawn.parent / tmp_path.name)  # beside its data
    first = json.loads((folder / "stability.json").read_text(encoding="utf-8"))["hubs"][0]
    changed(folder / "stability.json", *keys, to=to)
    assert item.format(first["site_id"], first["tier"]) in {finding.item for finding in findings_of(folder)}


def test_the_frames_hold_every_place(equal: Project) -> None:
    found = hp.stability(solved(equal), draws=8)
    assert isinstance(found, Stability)
    assert list(found.hubs.columns[:7]) == [
        "site_id",
        "name",
        "province",
        "tier",
        "hubs",
        "certainty",
        "in_nine_of_ten",
    ]
    assert found.hubs["certainty"].between(0, 1).all()
