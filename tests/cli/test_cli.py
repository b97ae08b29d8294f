"""The command line as a planner meets it: words in, words out."""

from __future__ import annotations

import importlib.metadata
import json
import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.command import Done, answer, execute, fits, run, run_anew, start
from support.draws import WHITE

from hubplanner.cli.tables import to_its_bound

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.project import Project

# -- init ------------------------------------------------------------------------------------------------------------


def test_a_new_project_goes_from_first_to_last_command(tmp_path: Path) -> None:
    done = run("init", "Makran منصوبہ", cwd=tmp_path)
    assert done.returncode == 0
    assert "Wrote data/demand.csv, data/sites.csv, scenario.yaml to Makran منصوبہ." in done.stdout
    path = Path("Makran منصوبہ") / "scenario.yaml"
    assert "is valid" in run("validate", path, cwd=tmp_path).stdout
    assert "Coverable" in run("info", path, cwd=tmp_path).stdout
    following = done.stdout.splitlines()[-1].removeprefix("Next: hubplanner ")
    assert run(*shlex.split(following), cwd=tmp_path, drawn=True).returncode == 0
    assert (tmp_path / "Makran منصوبہ" / "runs/first/map.png").stat().st_size > len(WHITE)


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
    first, assumed = done.stdout.splitlines()
    assert first == "scenario.yaml is valid: 4 demand rows, 5 sites, 2 tiers."
    assert assumed.startswith("Assumed, as not given: ")
    assert "coverage.decay step" in assumed
    assert done.stderr == ""
    assert inside("validate", scenario, "--quiet").stdout == ""
    told = answer(inside("validate", scenario, "--json"))
    assert told.pop("assumptions") == answer(inside("info", scenario, "--json"))["assumptions"]
    assert told == {
        "status": "valid",
        "demand_rows": 4,
        "demand_points": 4,
        "sites": 5,
        "joins": [],
        "warnings": [],
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
        "61.5 % of need, 2,800 people, by 1 hub\n",
        "100.0 % of need, 4,300 people, by 4 hubs",
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
    for words in (
        "New hubs",
        "People covered",
        "PKR 500",
        "Proof",
        "within the asked gap",
        "without a search",
        "Punjab",
    ):
        assert words in done.stdout
    assert f"Files: {scenario.parent / 'first'}" in done.stdout
    assert "read the data ..." in done.stderr
    assert "write the files ..." in done.stderr
    assert (scenario.parent / "first" / "plan.json").is_file()


@pytest.mark.parametrize(
    ("goal", "told"),
    [
        (("equivalent share", 0.0039999, 0.0040346), "0.4000 %, at best 0.4035 %"),
        (("2 smallest shares", 0.820715, 0.820716), "82.0715 %, at best 82.0716 %"),
        (("catchment", 2808980.45, 2809186.9), "2,808,980, at best 2,809,187"),
        (("mean distance", 12.34567, 12.3), "12.3457, at best 12.3"),
        (("cost", -250000.4, -250001.0), "-250,000, at best -250,001"),
    ],
)
def test_goals_are_told_without_tails(goal: tuple[str, float, float], told: str) -> None:
    assert to_its_bound(*goal) == told


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
    done = run_anew(*words, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "\\u0633" in done.stdout
    told = start(*words, "--json", patch="sys.stdout.reconfigure(encoding='ascii')").wait()
    assert told.stdout.isascii()
    assert "سوات" in answer(told)["groups"]["province"]


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
    code = f"""
import atexit, sys
atexit.register(lambda: sys.stderr.write(','.join({heavy!r} & set(sys.modules))))
from hubplanner.cli import main as cli
sys.argv = ["hubplanner", *sys.argv[1:]]
cli.main()
"""
    done = execute([sys.executable, "-c", code], *filter(None, [command]), "--help", cwd=None)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Usage: hubplanner {command}".strip() in done.stdout
    options = {"solve": ("--set KEY=VALUE", "--override NAME", "--out DIR", "--json", "--quiet", "SCENARIO")}
    for option in options.get(command, ("--help",)):
        assert option in done.stdout


@pytest.mark.parametrize(("gap", "said"), [("0.0", "no plan covers more;"), ("0.0123", "over 1.23 % more;")])
def test_a_closed_gap_is_told_without_noughts(
    scenario: Path, inside: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, gap: str, said: str
) -> None:
    monkeypatch.setattr("hubplanner.outputs.summary.relative_gap", lambda *_: float(gap))
    assert said in " ".join(inside("solve", scenario, "--out", "run").stdout.split())
