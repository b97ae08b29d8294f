"""The command line as a planner meets it: words in, words and exit codes out."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from hubplanner.cli import app

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Project

PROGRAM = Path(sys.executable).with_name("hubplanner")
WIDTH = 100
HARD_SITES = 1000
"""Sites in a square of which each covers some 50, at nearly the same cost: no plan is proven in half a minute."""
PATCHED = """
import sys
from hubplanner.solver.adapters import ADAPTERS
from hubplanner import cli
{patch}
sys.argv = ["hubplanner", *sys.argv[1:]]
cli.main()
"""

Done = subprocess.CompletedProcess[str]


def run(*words: str | Path, cwd: Path | None = None, **environment: str) -> Done:
    done = execute([str(PROGRAM)], *words, cwd=cwd, **environment)
    assert "Traceback" not in done.stderr
    return done


def run_patched(patch: str, *words: str | Path, cwd: Path | None = None) -> Done:
    """Run the command line with a part of it replaced."""
    return execute([sys.executable, "-c", PATCHED.format(patch=patch)], *words, cwd=cwd)


def execute(command: list[str], *words: str | Path, cwd: Path | None, **environment: str) -> Done:
    return subprocess.run(
        [*command, *map(str, words)],
        cwd=cwd,
        env={**os.environ, "COLUMNS": str(WIDTH), "PYTHONWARNINGS": "error", **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def answer(done: Done) -> dict[str, Any]:
    """The one JSON object that is all of stdout."""
    tree = json.loads(done.stdout, parse_constant=pytest.fail)
    assert isinstance(tree, dict)
    return tree


def fits(text: str) -> bool:
    """Tell whether a text fits the terminal; a path is never broken, so that it can be copied."""
    return all(len(line) <= WIDTH for line in text.splitlines() if not line.startswith("Files: "))


@pytest.fixture
def inside(scenario: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Run the command line in this process, beside the scenario: the imports of each new one take a second."""

    def run_inside(*words: str | Path) -> Done:
        with pytest.raises(SystemExit) as ended:
            app(list(map(str, words)), prog_name="hubplanner")
        out, error = capfd.readouterr()
        return Done(words, ended.value.code if isinstance(ended.value.code, int) else 0, out, error)

    monkeypatch.chdir(scenario.parent)
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    return run_inside


@pytest.fixture
def scenario(project: Project) -> Path:
    return project.folder / "scenario.yaml"


# -- init ------------------------------------------------------------------------------------------------------------


def test_a_new_project_goes_from_first_to_last_command(tmp_path: Path) -> None:
    done = run("init", "Makran منصوبہ", cwd=tmp_path)
    assert done.returncode == 0
    assert "Wrote data/demand.csv, data/sites.csv, scenario.yaml to Makran منصوبہ." in done.stdout
    path = Path("Makran منصوبہ") / "scenario.yaml"
    assert "is valid" in run("validate", path, cwd=tmp_path).stdout
    assert "Coverable" in run("info", path, cwd=tmp_path).stdout
    following = done.stdout.splitlines()[-1].removeprefix("Next: hubplanner ")
    assert run(*shlex.split(following), cwd=tmp_path).returncode == 0
    assert (tmp_path / "Makran منصوبہ" / "runs/first/map.png").is_file()


def test_init_as_json(tmp_path: Path) -> None:
    done = run("init", "new", "--json", cwd=tmp_path)
    assert answer(done) == {"directory": "new", "files": ["data/demand.csv", "data/sites.csv", "scenario.yaml"]}
    assert done.stderr == ""


def test_init_quietly(tmp_path: Path) -> None:
    done = run("init", "new", "--quiet", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_init_touches_no_folder_with_anything_in_it(scenario: Path, inside: Callable[..., Done]) -> None:
    before = sorted(scenario.parent.iterdir())
    done = inside("init", scenario.parent, "--json")
    assert done.returncode == 2
    assert answer(done)["status"] == "invalid"
    assert "is not empty" in done.stderr
    assert sorted(scenario.parent.iterdir()) == before


# -- validate and info -----------------------------------------------------------------------------------------------


def test_validate_counts_what_it_read(scenario: Path, inside: Callable[..., Done]) -> None:
    done = inside("validate", "scenario.yaml")
    assert done.stdout == "scenario.yaml is valid: 4 demand rows, 5 sites, 2 tiers.\n"
    assert done.stderr == ""
    assert inside("validate", scenario, "--quiet").stdout == ""
    assert answer(inside("validate", scenario, "--json")) == {
        "status": "valid",
        "demand_rows": 4,
        "demand_points": 4,
        "sites": 5,
    }


@pytest.mark.parametrize("command", ["validate", "info", "solve"])
def test_every_fault_is_told_at_once(
    project: Project, scenario: Path, command: str, inside: Callable[..., Done]
) -> None:
    project.edit("demand.csv", "1000,0.25", "-1,25")
    project.edit("sites.csv", "S4,Sibi,67.11,30.04,required", "S1,Sibi,67.11,30.04,wanted")
    done = inside(command, scenario, "--json")
    faults = answer(done)["faults"]
    assert done.returncode == 2
    assert [(fault["file"], fault["row"], fault["column"]) for fault in faults] == [
        ("demand.csv", 2, "people"),
        ("demand.csv", 2, "internet"),
        ("sites.csv", 5, "site_id"),
        ("sites.csv", 5, "status"),
    ]
    assert "4 faults found" in done.stderr
    assert "demand.csv, row 2, people: '-1' found; allowed: a number of at least 0" in done.stderr
    assert not (scenario.parent / "runs").exists()


def test_info_tells_what_is_and_what_could_be(scenario: Path, inside: Callable[..., Done]) -> None:
    done = inside("info", scenario)
    assert done.returncode == 0
    assert fits(done.stdout)
    for words in (
        "4,300, of whom 3,250 count as need",
        "4 rows, 4 points",
        "2 candidate, 1 existing, 1 required, 1 excluded",
        "61.5% of need, 2,800 people, by 1 hub\n",
        "100.0% of need, 4,300 people, by 4 hubs",
    ):
        assert words in "\n".join(line.rstrip() for line in done.stdout.splitlines()) + "\n"
    assert inside("info", scenario, "--quiet").stdout == ""
    assert answer(inside("info", scenario, "--json"))["need"] == 3250


# -- solve -----------------------------------------------------------------------------------------------------------


def test_solve_writes_the_run_and_tells_of_it(scenario: Path) -> None:
    done = run("solve", scenario, "--out", "first", cwd=scenario.parent)
    assert done.returncode == 0
    assert fits(done.stdout)
    assert fits(done.stderr)
    for words in ("New hubs", "People covered", "PKR 500", "Proof", "within the asked gap", "Punjab", "centre"):
        assert words in done.stdout
    assert f"Files: {scenario.parent / 'first'}" in done.stdout
    assert "read the data ..." in done.stderr
    assert "write the files ..." in done.stderr
    assert (scenario.parent / "first" / "plan.json").is_file()


def test_solve_as_json_is_plan_json_and_the_folder(scenario: Path) -> None:
    done = run("solve", scenario, "--json", cwd=scenario.parent)
    tree = answer(done)
    folder = Path(tree.pop("folder"))
    assert folder.parent == scenario.parent / "runs"
    assert tree == json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    assert done.stderr != ""
    assert run("solve", scenario, "--json", "--quiet", cwd=scenario.parent).stderr == ""


@pytest.mark.parametrize("solver", ["highs", "cbc"])
def test_no_solver_talks_on_stdout(scenario: Path, solver: str) -> None:
    done = run("solve", scenario, "--set", f"solver.name={solver}", "--set", "model.budget=1e3", "--json", "--quiet")
    assert answer(done)["solver"]["name"] == solver
    done = run("solve", scenario, "--set", f"solver.name={solver}", "--set", "model.budget=1e3", "--quiet")
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_settings_and_overrides_are_applied_in_turn(scenario: Path, inside: Callable[..., Done]) -> None:
    both = inside(
        "solve", scenario, "--override", "lean", "--override", "wide", "--out", scenario.parent / "a", "--json"
    )
    assert answer(both)["budget"] == 900
    over = ("--override", "wide", "--set", "model.budget=7e2", "--set", "model.max_hubs=1")
    done = inside("solve", scenario, *over, "--out", scenario.parent / "b", "--json")
    tree = answer(done)
    assert tree["budget"] == 700
    assert sum(hub["status"] == "new" for hub in tree["hubs"]) == 1
    assert answer(inside("validate", scenario, *over, "--json"))["status"] == "valid"
    assert answer(inside("info", scenario, "--set", "demand.priority=0.0", "--json"))["need"] == 0


def test_names_are_shown_as_they_are(project: Project, scenario: Path, inside: Callable[..., Done]) -> None:
    project.edit("demand.csv", "D4,68.05,31.02,800,1,1.5,Punjab", "D4,68.05,31.02,800,1,1.5,[red]Swat[/] :smile:")
    done = inside("solve", scenario, "--set", "description='[/bold] for all'", "--out", project.folder / "run")
    assert done.returncode == 0
    assert "[red]Swat[/] :smile:" in done.stdout
    assert "[/bold] for all" in done.stdout


def test_a_terminal_without_the_letters_shows_their_codes(project: Project, scenario: Path) -> None:
    project.edit("demand.csv", "D4,68.05,31.02,800,1,1.5,Punjab", "D4,68.05,31.02,800,1,1.5,سوات")
    words = ("solve", scenario, "--out", project.folder / "run")
    done = run(*words, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "\\u0633" in done.stdout
    assert "سوات" in answer(run(*words, "--json", PYTHONIOENCODING="ascii"))["groups"]["province"]


def test_tables_of_many_places_are_cut_short_and_fit(
    project: Project, scenario: Path, inside: Callable[..., Done]
) -> None:
    rows = [f"D{number},{66 + number / 4},30,100,0,1,A district of a rather long name {number}" for number in range(15)]
    project.write("demand.csv", "\n".join(["demand_id,lon,lat,people,internet,weight,province", *rows, ""]))
    sites = [f"S{number},Place {number},{66 + number / 4},30,,,1,10,Tehsil {number}" for number in range(14)]
    project.write("sites.csv", "\n".join(["site_id,name,lon,lat,status,tier,factor,capex,tier_of", *sites, ""]))
    long = ("--set", "sites.groups=[tier_of]", "--set", f"description={'many words ' * 20}")
    done = inside("solve", scenario, *long, "--set", "model.budget=1e6", "--out", project.folder / "run")
    assert done.returncode == 0
    assert fits(done.stdout)
    assert "2 others  " in done.stdout
    assert "3 others in plan.json" in done.stdout


def test_a_plan_of_no_new_hub_is_told_too(scenario: Path, inside: Callable[..., Done]) -> None:
    words = ("--set", "model.budget=0", "--set", "sites.status=null", "--out", scenario.parent / "run")
    done = inside("solve", scenario, *words)
    assert done.returncode == 0
    assert re.search(r"New hubs +0\b", done.stdout)


# -- schema and doctor -----------------------------------------------------------------------------------------------


def test_the_schema_is_json() -> None:
    done = run("schema")
    assert done.stderr == ""
    assert {"name", "demand", "sites", "hubs", "model", "solver"} <= set(answer(done)["properties"])


def test_the_doctor_tells_what_is_installed() -> None:
    done = run("doctor")
    assert done.returncode == 0
    assert fits(done.stdout)
    tree = answer(run("doctor", "--json"))
    assert tree["versions"]["hubplanner"] == importlib.metadata.version("hubplanner")
    for name in ("highs", "cbc", "parquet", *tree["versions"].values()):
        assert name in done.stdout
    assert run("doctor", "--quiet").stdout == ""


# -- help ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["", "init", "validate", "info", "solve", "schema", "doctor"])
def test_help_names_what_there_is_and_loads_nothing_heavy(command: str) -> None:
    heavy = {"geopandas", "highspy", "matplotlib", "networkx", "numpy", "pandas", "pulp", "pyogrio", "scipy", "shapely"}
    patch = f"import atexit\natexit.register(lambda: sys.stderr.write(','.join({heavy!r} & set(sys.modules))))"
    done = execute(
        [
            sys.executable,
            "-c",
            PATCHED.replace("from hubplanner.solver.adapters import ADAPTERS\n", "").format(patch=patch),
        ],
        *filter(None, [command]),
        "--help",
        cwd=None,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Usage: hubplanner {command}".strip() in done.stdout
    options = {"solve": ("--set KEY=VALUE", "--override NAME", "--out DIR", "--json", "--quiet", "SCENARIO")}
    for option in options.get(command, ("--help",)):
        assert option in done.stdout


# -- faults of the user ----------------------------------------------------------------------------------------------

BAD_USAGE: list[tuple[list[str], str]] = [
    ([], "Usage: hubplanner"),
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
    (["."], "cannot be read: Is a directory"),
    (["demand.csv"], "demand.csv"),
    (["scenario.yaml", "--set", "model.budget"], "allowed: key=value, such as model.budget=2e9"),
    (["scenario.yaml", "--set", "model.bugdet=1"], "did you mean budget?"),
    (["scenario.yaml", "--set", "hubs.7.capex=1"], "a position from 0 to 1"),
    (["scenario.yaml", "--set", "model.budget=-1"], "model.budget: -1"),
    (["scenario.yaml", "--override", "rich"], "allowed: one of lean, wide"),
    (["scenario.yaml", "--set", "solver.name=gurobi"], "a solver on this machine, one of highs, cbc"),
    (["scenario.yaml", "--set", "model.objective=p_median"], "p_median is not yet supported"),
    (["scenario.yaml", "--set", "demand.people=nosuch"], "demand.csv, nosuch: is missing"),
    (["scenario.yaml", "--set", "demand.crs=EPSG:1"], "EPSG:1"),
]


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


def test_what_cannot_be_is_told_with_the_demands_that_clash(scenario: Path) -> None:
    words = ("--set", "model.budget=100", "--set", "model.max_hubs=0", "--out", scenario.parent / "run")
    done = run("solve", scenario, *words, "--json")
    tree = answer(done)
    assert done.returncode == 3
    assert tree["status"] == "infeasible"
    assert ["budget" in tree["clashes"][0], "max_hubs" in tree["clashes"][1]] == [True, True]
    assert "no plan is possible" in done.stderr
    assert not (scenario.parent / "run").exists()


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


def test_an_interrupted_solve_leaves_nothing(hard: Path) -> None:
    command = [PROGRAM, "solve", hard, "--set", "solver.time_limit_s=120", "--out", hard.parent / "run"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        read = ""
        while "solve with highs" not in read:
            line = process.stderr.readline()
            assert line, read
            read += line
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert (out, "Traceback" in error) == ("", False)
    assert {path.name for path in hard.parent.iterdir()} == {"hard.yaml", "places.csv"}


FAILING = {
    "SolverError": "from hubplanner.errors import SolverError\ndef fail(*_):\n    raise SolverError('it broke')",
    "no plan": (
        "import hubplanner.workflow.pipeline as pipeline\nfrom dataclasses import replace\n"
        "solve = pipeline.solve_problem\n"
        "pipeline.solve_problem = lambda *words: replace(solve(*words), status='no_plan', evaluation=None)"
    ),
}


@pytest.mark.parametrize(
    ("patch", "seconds", "said"),
    [
        (f"{FAILING['SolverError']}\nADAPTERS['highs'] = fail", 60, "it broke"),
        (FAILING["no plan"], 1, "highs found no plan within the time limit; raise solver.time_limit_s"),
    ],
    ids=list(FAILING),
)
def test_a_failing_solver_or_no_plan_is_told(hard: Path, patch: str, seconds: int, said: str) -> None:
    words = ("solve", hard, "--set", f"solver.time_limit_s={seconds}", "--out", hard.parent / "run", "--json")
    done = run_patched(patch, *words)
    assert done.returncode == 5
    assert answer(done) == {"status": "no_plan", "error": said}
    assert "Traceback" not in done.stderr
    assert not (hard.parent / "run").exists()


def test_only_a_bug_shows_a_traceback(scenario: Path) -> None:
    patch = "from hubplanner.report import folder\nfolder.draw_map = lambda *_: {}['a bug']"
    done = run_patched(patch, "solve", scenario, "--out", scenario.parent / "run", "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" in done.stderr
    assert "KeyError: 'a bug'" in done.stderr
    assert {path.name for path in scenario.parent.iterdir()} == {
        "scenario.yaml",
        "demand.csv",
        "sites.csv",
        "travel.csv",
    }
