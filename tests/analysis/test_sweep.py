"""Sweeps: equal to one case after another, whoever dies on the way; nothing solved twice."""

from __future__ import annotations

import importlib.metadata
import json
import multiprocessing
import os
import random
import signal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from distributed import Client, LocalCluster
from support.command import forks

import hubplanner as hp
from hubplanner.analysis.sweep import cases as sweep_case, local as sweep_local, sweep as sweeps
from hubplanner.analysis.sweep.cases import SweepTask, make_cases, parse_grid, read_settled, solve_case
from hubplanner.analysis.sweep.cluster import Cluster
from hubplanner.analysis.sweep.plot import tornado_of
from hubplanner.analysis.sweep.sweep import plan_sweep, solve_open, write_tables
from hubplanner.cli.project import write_project
from hubplanner.errors import ExistsError, ScenarioError
from hubplanner.pipeline import solve as pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.project import Project

CASES = int(os.environ.get("HUBPLANNER_SWEEP_CASES", "12"))
"""200 for the whole proof."""
SMALL = {"model.budget": [250, 350, 500], "hubs.0.reach_km": [2, 5]}


def timeless(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in record.items() if key != "seconds"} for record in records]


def one_by_one(scenario: Path, asked: sweeps.Sweep) -> list[dict[str, Any]]:
    """What each case gives when it is read, set and solved alone."""
    found = []
    for case in asked.cases:
        settings = case.settings | {"solver.threads": 1}
        plan = hp.solve(hp.read_scenario(scenario, settings=settings))
        figures = sweep_case.figures(plan)
        found.append({"case": case.number, "settings": case.settings, **sweep_case.record(case.key, figures)})
    return found


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fork workers from a process that has imported everything; commands of `tests/cli` start theirs anew."""
    context = forks()
    monkeypatch.setattr(sweep_local.multiprocessing, "get_context", lambda _: context)


@pytest.mark.usefixtures("forked")
def test_a_sweep_survives_two_killed_workers(tmp_path: Path) -> None:
    write_project(tmp_path / "p")
    scenario = tmp_path / "p/scenario.yaml"
    budgets = np.linspace(2e7, 4e8, CASES // 4).round(-5).tolist()
    grid = {"model.budget": budgets, "hubs.0.reach_km": [3.0, 5.0], "discount_rate": [0.05, 0.1]}
    asked = plan_sweep(scenario, grid, folder=tmp_path / "out")
    chance = random.Random(7)  # noqa: S311 - which worker dies when
    deaths = sorted(chance.sample(range(1, CASES - 4), 2))
    for done, _ in enumerate(solve_open(asked, jobs=2), start=1):
        if done in deaths:
            os.kill(chance.choice(multiprocessing.active_children()).pid or 0, signal.SIGKILL)
    assert asked.counts() == {"cases": CASES, "solved": CASES, "errors": 0, "open": 0}
    assert timeless(asked.records()) == timeless(one_by_one(scenario, asked))


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Solve in this process, and say which cases."""
    solved: list[str] = []

    def solve(tasks: list[SweepTask], _: int) -> Iterator[dict[str, Any]]:
        for task in tasks:
            solved.append(task.key)
            yield solve_case(task)

    monkeypatch.setattr(sweeps, "solve_locally", solve)
    return solved


def test_nothing_is_solved_twice(scenario: Path, tmp_path: Path, counted: list[str]) -> None:
    asked = plan_sweep(scenario, SMALL, folder=tmp_path / "out")
    stopped = solve_open(asked)
    first = [next(stopped)["key"], next(stopped)["key"]]
    stopped.close()
    assert asked.counts()["open"] == 4
    done = hp.sweep(scenario, SMALL, folder=tmp_path / "out")
    assert counted == [*first, *(case.key for case in asked.cases[2:])]
    hp.sweep(scenario, SMALL, folder=tmp_path / "out")
    hp.sweep(scenario, {"model.budget": [500, 250]}, settings={"hubs.0.reach_km": 5}, folder=tmp_path / "out")
    assert len(counted) == 6
    assert timeless(done.records()) == timeless(one_by_one(scenario, done))


def test_other_data_or_settings_are_other_cases(project: Project, scenario: Path, counted: list[str]) -> None:
    out = project.folder / "out"
    hp.sweep(scenario, SMALL, folder=out)
    project.edit("demand.csv", "1000", "1001")
    hp.sweep(scenario, SMALL, folder=out)
    hp.sweep(scenario, SMALL, settings={"solver.gap": 0.5}, folder=out)
    assert len(counted) == len(set(counted)) == 18


def test_a_damaged_result_is_solved_again(scenario: Path, tmp_path: Path, counted: list[str]) -> None:
    asked = hp.sweep(scenario, SMALL, folder=tmp_path / "out")
    before = timeless(asked.records())
    for number, text in enumerate(("{", '{"key": "another", "status": "optimal"}', "")):
        (tmp_path / f"out/cases/{asked.cases[number].key}.json").write_text(text, encoding="utf-8")
    assert asked.counts()["open"] == 3
    assert timeless(hp.sweep(scenario, SMALL, folder=tmp_path / "out").records()) == before
    assert len(counted) == 9


@pytest.mark.usefixtures("counted")
def test_a_poisoned_case_is_recorded_and_the_rest_goes_on(
    scenario: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    grid = {"demand.people": ["people", "nosuch"], "model.budget": [500, -1, 1], "model.require": [[], ["S1", "S4"]]}
    with caplog.at_level("INFO", "hubplanner"):
        found = hp.sweep(scenario, grid, folder=tmp_path / "out")
    assert caplog.messages[-1] == "12 of 12 cases done, 10 with an error"
    table = found.table
    good = table[table["status"] == "optimal"]
    assert set(good["model.budget"]) == {500}
    assert table.loc[table["model.budget"] == -1, "status"].eq("invalid").all()
    assert table.loc[table["demand.people"] == "nosuch", "error"].str.contains("nosuch|-1").all()
    assert (
        table.loc[(table["model.budget"] == 1) & (table["demand.people"] == "people"), "status"].eq("infeasible").all()
    )
    assert found.counts() == {"cases": 12, "solved": 2, "errors": 10, "open": 0}


@pytest.mark.usefixtures("counted")
def test_no_change_is_looked_for_that_a_table_does_not_tell(
    scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(pipeline, "least_repair", lambda *question: asked.append(question))
    settings = {"model.require": ["S1", "S4"], "model.budget": None}
    with pytest.raises(hp.InfeasibleError, match="no change of hub numbers"):
        hp.solve(hp.read_scenario(scenario, settings=settings | {"model.max_hubs": 1}))
    assert len(asked) == 1
    [record] = hp.sweep(scenario, {"model.max_hubs": [1]}, settings=settings, folder=tmp_path / "out").records()
    assert record["status"] == "infeasible"
    assert record["error"].endswith("what would help: fewer required sites or more hubs allowed")
    assert len(asked) == 1


def test_an_unusable_scenario_is_no_sweep(scenario: Path) -> None:
    with pytest.raises(ScenarioError, match="a number"):
        plan_sweep(scenario, {"model.budget": [-1, -2]})


def dying(task: SweepTask) -> dict[str, Any]:
    """Stand in for a case that takes its process along."""
    if task.scenario.model.budget == 300:
        os._exit(9)
    return sweep_case.record(task.key, {"status": "optimal"}, 0.0)


@pytest.mark.usefixtures("deadly", "forked")
def test_a_case_that_kills_is_given_up_and_no_other_is(scenario: Path, tmp_path: Path) -> None:
    found = hp.sweep(scenario, {"model.budget": list(range(298, 304))}, folder=tmp_path / "out", jobs=2)
    failed = [record for record in found.records() if record["status"] == "failed"]
    assert [record["settings"] for record in failed] == [{"model.budget": 300}]
    assert "died 3 times" in failed[0]["error"]
    assert found.counts() == {"cases": 6, "solved": 5, "errors": 1, "open": 0}
    assert [task.key for task in sweeps._open_tasks(found, keep_runs=False, retry_failed=True)] == [failed[0]["key"]]
    assert sweeps._open_tasks(found, keep_runs=False, retry_failed=False) == []


@pytest.fixture
def deadly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers import this file, and solve by its stand-in."""
    monkeypatch.setattr(sweep_local, "solve_case", dying)


def test_a_cluster_gives_the_same_and_survives_a_death(scenario: Path, tmp_path: Path) -> None:
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        Client(cluster) as client,
    ):
        asked = plan_sweep(scenario, SMALL, folder=tmp_path / "out")
        for done, _ in enumerate(solve_open(asked, cluster=cluster.scheduler_address)):
            if done == 1:
                pid = next(iter(client.run(os.getpid).values()))
                os.kill(pid, signal.SIGKILL)
    assert asked.counts()["solved"] == 6
    assert timeless(asked.records()) == timeless(one_by_one(scenario, asked))


def test_no_cluster_is_told_plainly(scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubplanner.analysis.sweep.cluster.PATIENCE_S", 0.5)
    with pytest.raises(ScenarioError, match="running Dask scheduler"):
        hp.sweep(scenario, SMALL, folder=tmp_path / "out", cluster="tcp://127.0.0.1:9")
    with pytest.raises(ScenarioError, match="go together"):
        Cluster(address="tls://127.0.0.1:9", tls_ca=scenario)
    with pytest.raises(ScenarioError, match="with --tls-ca"):
        Cluster(address="tls://127.0.0.1:9")


def test_a_worker_with_other_data_or_version_is_refused(scenario: Path) -> None:
    (case,) = make_cases(read_settled(scenario), scenario, {"model.budget": [500]})
    assert case.scenario is not None
    right = {"key": "k", "scenario": case.scenario, "digests": case.digests, "version": "0"}
    assert "hubplanner" in solve_case(SweepTask(**right))["error"]
    found = solve_case(SweepTask(**right | {"version": importlib.metadata.version("hubplanner")}))
    assert found["status"] == "optimal"
    other = right | {"digests": {}, "version": importlib.metadata.version("hubplanner")}
    assert "SHA-256" in solve_case(SweepTask(**other))["error"]


@pytest.mark.usefixtures("counted")
def test_the_files_hold_one_row_a_case(scenario: Path, tmp_path: Path) -> None:
    found = hp.sweep(scenario, SMALL, folder=tmp_path / "out")
    table = pd.read_csv(tmp_path / "out/sweep.csv", encoding="utf-8-sig")
    parquet = pd.read_parquet(tmp_path / "out/sweep.parquet")
    tree = json.loads((tmp_path / "out/sweep.json").read_text(encoding="utf-8"))
    assert len(table) == len(parquet) == len(tree["cases"]) == 6
    assert table["model.budget"].tolist() == [250, 250, 350, 350, 500, 500]
    np.testing.assert_allclose(table["people"], [record["people"] for record in found.records()])
    assert tree["counts"] == found.counts()
    assert (tmp_path / "out/tornado.png").read_bytes().startswith(b"\x89PNG")


def test_whole_runs_are_kept_when_asked(scenario: Path, tmp_path: Path, counted: list[str]) -> None:
    hp.sweep(scenario, {"model.budget": [500]}, folder=tmp_path / "out")
    (record,) = hp.sweep(scenario, {"model.budget": [500]}, folder=tmp_path / "out", keep_runs=True).records()
    plan = json.loads((tmp_path / f"out/runs/{record['key']}/plan.json").read_bytes())
    assert plan["people"]["covered"] == record["people"]
    hp.sweep(scenario, {"model.budget": [500]}, folder=tmp_path / "out", keep_runs=True)
    assert len(counted) == 2


def test_a_folder_with_other_things_is_left_alone(scenario: Path) -> None:
    before = sorted(scenario.parent.iterdir())
    with pytest.raises(ExistsError, match="more than an unchanged earlier run"):
        hp.sweep(scenario, SMALL, folder=scenario.parent)
    assert sorted(scenario.parent.iterdir()) == before


@pytest.mark.usefixtures("counted")
def test_the_tornado_has_each_setting_with_others_at_the_base(scenario: Path, tmp_path: Path) -> None:
    found = hp.sweep(scenario, SMALL, folder=tmp_path / "out")
    assert found.base == {"model.budget": 500, "hubs.0.reach_km": 5}
    people = {tuple(record["settings"].values()): record["people"] for record in found.records()}
    tornado = tornado_of(found.records(), found.grid, found.base)
    budget = [people[money, 5] for money in (250, 350, 500)]
    reach = [people[500, km] for km in (2, 5)]
    sizes = {"model.budget": max(budget) - min(budget), "hubs.0.reach_km": max(reach) - min(reach)}
    assert {bar.key: bar.size for bar in tornado.bars} == sizes
    assert [bar.size for bar in tornado.bars] == sorted(sizes.values(), reverse=True)
    assert tornado.base == people[500, 5]
    write_tables(found)
    first = (tmp_path / "out/tornado.png").read_bytes()
    write_tables(found)
    assert (tmp_path / "out/tornado.png").read_bytes() == first


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["model.budget"], "key=value"),
        (["model.budget="], "key=value"),
        (["model.budget=1,1"], "each of them once"),
        (["model.budget=1", "model.budget=2"], "appears twice"),
        ([], "is required"),
        (["a=[1"], "not valid YAML"),
        ([f"a={','.join(map(str, range(400)))}", f"b={','.join(map(str, range(400)))}"], "at most 100,000"),
    ],
)
def test_a_wrong_grid_is_refused(texts: list[str], words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        parse_grid(texts)
