"""What the command line says and how it ends when something is wrong, and that nothing is lost."""

from __future__ import annotations

import json
import signal
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from support.command import Done, answer, execute, run, start

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


HARD_SITES = 1000
"""Sites in a square of which each covers some 50, at nearly the same cost: no plan is proven in half a minute."""

# -- faults of the user ----------------------------------------------------------------------------------------------

BAD_USAGE: list[tuple[list[str], str]] = [
    (["fly"], "No such command 'fly'"),
    (["solve"], "Missing argument 'SCENARIO'"),
    (["solve", "scenario.yaml", "--fast"], "No such option: --fast"),
    (["solve", "scenario.yaml", "--out"], "requires an argument"),
]


@pytest.mark.parametrize(("words", "said"), BAD_USAGE)
def test_bad_usage_is_told(words: list[str], said: str, inside: Callable[..., Done]) -> None:
    done = inside(*words)
    assert done.returncode == 2
    assert said in done.stdout + done.stderr


BAD_SCENARIOS: list[tuple[list[str], str]] = [
    (["nosuch.yaml"], "nosuch.yaml: cannot be read: No such file or directory"),
    (["."], "is a folder; name scenario.yaml in it"),
    (["demand.csv"], "demand.csv"),
    (["scenario.yaml", "--set", "model.budget"], "allowed: key=value, such as model.budget=2e9"),
    (["scenario.yaml", "--set", "model.bugdet=1"], "did you mean budget?"),
    (["scenario.yaml", "--set", "hubs.7.capex=1"], "a position from 0 to 1"),
    (["scenario.yaml", "--set", "model.budget=-1"], "model.budget: -1"),
    (["scenario.yaml", "--override", "rich"], "allowed: one of lean, wide"),
    (["scenario.yaml", "--set", "solver.name=gurobi"], "scenario.yaml, solver.name: 'gurobi' found; allowed: a solver"),
    (["scenario.yaml", "--set", "solver.name=gurobi"], "for GUROBI: pip install gurobipy"),
    (["scenario.yaml", "--set", "travel.method=camel"], "one of great_circle, planar, matrix"),
    (["scenario.yaml", "--set", "demand.people=nosuch"], "demand.csv, nosuch: is missing"),
    (["scenario.yaml", "--set", "demand.crs=EPSG:1"], "EPSG:1"),
]


def test_a_solver_that_is_not_installed_is_told_before_anything_is_solved(
    scenario: Path, inside: Callable[..., Done]
) -> None:
    done = inside("validate", scenario, "--set", "solver.name=glpk")
    assert done.returncode == 2
    assert f"{scenario.name}, solver.name: 'glpk' found; allowed: a solver on this machine, one of highs" in done.stderr
    assert "for GLPK_CMD install its program glpsol" in done.stderr


@pytest.mark.parametrize(("words", "said"), BAD_SCENARIOS)
def test_a_bad_scenario_is_told_and_leaves_nothing(
    scenario: Path, words: list[str], said: str, inside: Callable[..., Done]
) -> None:
    before = sorted(scenario.parent.iterdir())
    done = inside("solve", *words, "--json", "--quiet")
    assert done.returncode == 2
    assert answer(done)["status"] == "invalid"
    assert said in done.stderr
    assert sorted(scenario.parent.iterdir()) == before


@pytest.mark.parametrize("place", [".", "scenario.yaml", "scenario.yaml/run"])
def test_a_folder_with_something_else_is_refused_before_the_work(
    scenario: Path, place: str, inside: Callable[..., Done]
) -> None:
    before = sorted(scenario.parent.iterdir())
    done = inside("solve", scenario, "--out", place, "--json")
    assert done.returncode == 2
    assert "name another --out, nothing was written" in answer(done)["error"]
    assert "find a first plan" not in done.stderr
    assert sorted(scenario.parent.iterdir()) == before


def test_a_place_that_cannot_be_written_is_told(scenario: Path, inside: Callable[..., Done]) -> None:
    done = inside("solve", scenario, "--out", "/proc/run", "--quiet")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: /proc/run: cannot be written: ")


def test_what_cannot_be_is_told_with_the_demands_that_clash_and_what_it_would_take(scenario: Path) -> None:
    words = ("--set", "model.require=[S1]", "--out", scenario.parent / "run", "--json")
    done = run("solve", scenario, "--set", "model.budget=300", *words)
    tree = answer(done)
    clash = "a hub at site S1, a hub at site S4 and the budget of 300 cannot be met together"
    least = "the least budget that meets all demands is 343.2"
    advice = "what would help: fewer required sites or a budget of 343.2"
    assert done.returncode == 3
    assert tree == {
        "status": "infeasible",
        "error": f"no plan is possible: {clash}; {least}; {advice}",
        "clashes": [clash, least],
        "least_budget": pytest.approx(343.2),
        "advice": advice,
    }
    assert done.stderr.splitlines()[-1] == f"Error: {tree['error']}"
    assert not (scenario.parent / "run").exists()
    again = run("solve", scenario, "--set", f"model.budget={tree['least_budget']!r}", *words)
    assert again.returncode == 0
    assert answer(again)["cost"]["total"] == pytest.approx(tree["least_budget"])


def test_what_no_money_helps_has_no_least_budget(scenario: Path, inside: Callable[..., Done]) -> None:
    done = inside("solve", scenario, "--set", "model.at_most_one=[[S2, S4]]", "--json", "--quiet")
    clash = "a hub at site S4 and at most one of sites S2, S4 cannot be met together"
    assert done.returncode == 3
    tree = answer(done)
    assert (tree["clashes"], tree["least_budget"]) == ([clash, "no budget meets all demands"], None)


# -- time limits, failures and bugs ----------------------------------------------------------------------------------


@pytest.fixture
def hard(tmp_path: Path) -> Path:
    """A scenario that takes far longer than a second to prove."""
    random = np.random.default_rng(2026)
    places = 500_000 + random.random((HARD_SITES, 2)) * 1000
    needs, costs = random.integers(1, 100, HARD_SITES), random.integers(90, 101, HARD_SITES)
    rows = zip(places.tolist(), needs, costs, strict=True)
    lines = [f"{number},{x},{y},{need},{cost}" for number, ((x, y), need, cost) in enumerate(rows)]
    (tmp_path / "places.csv").write_text("\n".join(["id,x,y,people,cost", *lines, ""]), encoding="utf-8")
    (tmp_path / "hard.yaml").write_text(
        """\
name: hard
demand: {path: places.csv, id: id, x: x, y: y, crs: "EPSG:32642", people: people}
sites: {path: places.csv, id: id, x: x, y: y, crs: "EPSG:32642"}
hubs: [{name: hub, capex: cost, reach_km: 0.126}]
travel: {method: planar}
model: {budget: 1800}
solver: {gap: 0.0, time_limit_s: 1}
""",
        encoding="utf-8",
    )
    return tmp_path / "hard.yaml"


def test_the_best_plan_at_the_time_limit_is_written_with_its_true_gap(hard: Path) -> None:
    done = run("solve", hard, "--out", hard.parent / "run", "--json")
    tree = answer(done)
    assert done.returncode == 4
    assert tree["status"] == "feasible"
    assert 1e-6 < tree["gap"] == (tree["bound"] - tree["objective_value"]) / tree["objective_value"]
    assert 0 < tree["cost"]["total"] <= 1800
    plan = json.loads((hard.parent / "run/plan.json").read_text(encoding="utf-8"))
    assert plan == {key: value for key, value in tree.items() if key != "folder"}
    told = run("solve", hard, "--out", hard.parent / "run")
    assert told.returncode == 4
    assert "NOT proven within the asked gap" in told.stdout


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_solve_writes_its_best_plan_with_its_true_gap(hard: Path, how: signal.Signals) -> None:
    out = hard.parent / "deep/run"
    process = start("solve", hard, "--set", "solver.time_limit_s=3000", "--out", out)
    process.wait_for("branch and cut")
    process.signal(how)
    done = process.wait(600)
    assert (done.returncode, "Traceback" in done.stderr) == (4, False)
    assert "Stopping: the best plan so far will be written; once more ends at once.\n" in done.stderr
    assert "stopped by you, NOT proven within the asked gap" in " ".join(done.stdout.split())
    plan = json.loads((out / "plan.json").read_text(encoding="utf-8"))
    assert (plan["status"], plan["stopped"]) == ("feasible", True)
    assert 0 < plan["cost"]["total"] <= 1800
    assert 1e-6 < plan["gap"] < 1
    assert "The search was stopped before the proof" in (out / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_at_once(hard: Path, how: signal.Signals) -> None:
    patch = "import time\nfrom hubplanner.outputs import run_folder as folder\n"
    patch += "folder.draw_map = lambda *_: (print('drawing', file=sys.stderr, flush=True), time.sleep(6000))"
    words = ["solve", hard, "--set", "solver.time_limit_s=3000", "--out", hard.parent / "deep/run"]
    process = start(*words, patch=patch)
    process.wait_for("branch and cut")
    process.signal(how)
    process.wait_for("drawing")
    process.signal(how)
    done = process.wait(600)
    assert (done.returncode, done.stdout) == (128 + how, "")
    assert done.stderr.endswith("Interrupted; nothing was written.\n")
    assert {path.name for path in hard.parent.iterdir()} == {"hard.yaml", "places.csv"}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_is_interrupted_before_there_is_a_plan_leaves_nothing(hard: Path, how: signal.Signals) -> None:
    patch = "import time\nimport hubplanner.pipeline.solve as pipeline\n"
    patch += "pipeline.build_problem = lambda _: (print('building', file=sys.stderr, flush=True), time.sleep(6000))"
    process = start("solve", hard, "--out", hard.parent / "deep/run", patch=patch)
    process.wait_for("building")
    process.signal(how)
    done = process.wait(600)
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (128 + how, "", False)
    assert done.stderr.endswith("Interrupted; nothing was written.\n")
    assert {path.name for path in hard.parent.iterdir()} == {"hard.yaml", "places.csv"}


def test_a_search_that_is_stopped_without_a_plan_leaves_nothing(hard: Path) -> None:
    patch = """
import os, signal
from dataclasses import replace
import hubplanner.pipeline.solve as pipeline
from hubplanner.stopping import searching
solve = pipeline.solve_problem
def without_plan(*words, **more):
    with searching():
        os.kill(os.getpid(), signal.SIGINT)
        return replace(solve(*words, **more), status="no_plan", evaluation=None)
pipeline.solve_problem = without_plan
"""
    done = start("solve", hard, "--out", hard.parent / "run", "--json", patch=patch).wait()
    assert (done.returncode, done.stdout) == (128 + signal.SIGINT, "")
    assert done.stderr.endswith("Interrupted; nothing was written.\n")
    assert not (hard.parent / "run").exists()


def test_an_interrupted_frontier_writes_its_points_so_far(hard: Path) -> None:
    out = hard.parent / "frontier"
    words = ["frontier", hard, "--budgets", "200,1800,1900", "--set", "solver.time_limit_s=3000"]
    process = start(*words, "--set", "solver.gap=0.0001", "--out", out)
    process.wait_for("solve for a budget of 1,800")
    process.wait_for("branch and cut")
    process.signal(signal.SIGINT)
    done = process.wait(600)
    assert (done.returncode, "Traceback" in done.stderr) == (4, False)
    assert "Left out: 1 limit: 1,900 not solved: stopped by you." in " ".join(done.stdout.split())
    tree = json.loads((out / "frontier.json").read_text(encoding="utf-8"))
    assert [point["budget"] for point in tree["points"]] == [200, 1800]
    assert [(item["limit"], item["status"]) for item in tree["left_out"]] == [(1900, "stopped")]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_program_that_is_ended_while_it_writes_leaves_the_earlier_run(scenario: Path, how: signal.Signals) -> None:
    out = scenario.parent / "deep/run"
    assert run("solve", scenario, "--out", out).returncode == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    patch = "import time\nfrom hubplanner.outputs import run_folder as folder\n"
    patch += "folder.draw_map = lambda *_: (print('drawing', file=sys.stderr, flush=True), time.sleep(600))"
    process = start("solve", scenario, "--out", out, patch=patch)
    process.wait_for("drawing")
    assert len(list(out.parent.iterdir())) == 2
    process.signal(how)
    done = process.wait(200)
    assert (done.returncode, "Traceback" in done.stderr) == (128 + how, False)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert list(out.parent.iterdir()) == [out]


def test_a_hangup_is_ignored_where_it_was_asked_to_be(scenario: Path) -> None:
    patch = "import os, signal\nfrom hubplanner.outputs import run_folder as folder\ndraw = folder.draw_map\n"
    patch += "folder.draw_map = lambda *words: (os.kill(os.getpid(), signal.SIGHUP), draw(*words))"
    words = ("solve", scenario, "--out", scenario.parent / "run", "--quiet")
    ignored = f"import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n{patch}"
    assert start(*words, patch=ignored).wait().returncode == 0
    assert start(*words, patch=patch).wait().returncode == 128 + signal.SIGHUP


@pytest.mark.parametrize(
    ("module", "how"),
    [
        *(("hubplanner.cli.main", how) for how in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)),
        *((module, signal.SIGINT) for module in ("typer", "hubplanner.scenario", "geopandas")),
    ],
)
def test_an_end_while_parts_are_loaded_is_quiet(scenario: Path, module: str, how: signal.Signals) -> None:
    code = f"""
import os, signal, sys
signal.signal({int(how)}, signal.SIG_DFL)  # a shell in the background has SIGINT ignored
from hubplanner.__main__ import main
class Ending:
    def find_spec(self, name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), {int(how)})
sys.meta_path.insert(0, Ending())
sys.argv = ["hubplanner", "validate", {str(scenario)!r}, "--quiet"]
main()
"""
    done = execute([sys.executable, "-c", code], cwd=None)
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (128 + how, "", False)
    assert done.stderr in {"", "Interrupted; nothing was written.\n"}


FAILING = {
    "SolverError": (
        "from hubplanner.errors import SolverError\ndef fail(*_):\n    raise SolverError('it broke')\n"
        "import hubplanner.solver.covering.branch_and_cut as constraints\nconstraints.BlockSearch.run = fail"
    ),
    "no plan": (
        "import hubplanner.pipeline.solve as pipeline\nfrom dataclasses import replace\n"
        "solve = pipeline.solve_problem\n"
        "pipeline.solve_problem = lambda *a, **more: replace(solve(*a, **more), status='no_plan', evaluation=None)"
    ),
}


@pytest.mark.parametrize(
    ("patch", "seconds", "said"),
    [
        (FAILING["SolverError"], 3000, "it broke"),
        (
            FAILING["no plan"],
            1,
            (
                "highs found no plan within the time limit "
                "(core: max_coverage within budget, max_hubs and pins alone); raise solver.time_limit_s"
            ),
        ),
    ],
    ids=list(FAILING),
)
def test_a_failing_solver_or_no_plan_is_told(hard: Path, patch: str, seconds: int, said: str) -> None:
    words = ("solve", hard, "--set", f"solver.time_limit_s={seconds}", "--out", hard.parent / "run", "--json")
    done = start(*words, patch=patch).wait()
    assert done.returncode == 5
    assert answer(done) == {"status": "no_plan", "error": said}
    assert "Traceback" not in done.stderr
    assert not (hard.parent / "run").exists()


def test_only_a_bug_shows_a_traceback(scenario: Path) -> None:
    patch = "from hubplanner.outputs import run_folder as folder\nfolder.draw_map = lambda *_: {}['a bug']"
    done = start("solve", scenario, "--out", scenario.parent / "run", "--json", patch=patch).wait()
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" in done.stderr
    assert "KeyError: 'a bug'" in done.stderr
    assert {path.name for path in scenario.parent.iterdir()} == {
        "scenario.yaml",
        "demand.csv",
        "sites.csv",
        "travel.csv",
    }
