"""How the program is first met, asked wrongly, and read by another program."""

from __future__ import annotations

import json
from collections.abc import Callable

import pandas as pd
import pytest
from support.command import Done, run, run_anew, start
from support.project import Project

from hubplanner.formatting import in_words


def test_alone_it_says_how_to_begin() -> None:
    told = run()
    assert told.returncode == 0
    assert told.stdout.count("\n  hubplanner ") == 3
    assert "hubplanner init my-project" in told.stdout


@pytest.mark.parametrize("words", [(), ("runs",), ("cache",)])
def test_no_sentence_about_a_command_is_cut(words: tuple[str, ...]) -> None:
    commands = run(*words, "--help").stdout.partition("Commands:\n")[2].splitlines()
    assert len(commands) > 1
    assert [line for line in commands if not line.endswith(".") or line.endswith("...")] == []


def test_it_knows_its_version() -> None:
    assert run("--version").stdout.startswith("hubplanner 0.")


def test_shells_can_complete_it() -> None:
    words = {"_HUBPLANNER_COMPLETE": "complete_bash", "COMP_WORDS": "hubplanner front", "COMP_CWORD": "1"}
    assert run_anew(**words).stdout.split() == ["frontier"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("solve", "a.yaml", "--bogus"), "No such option: --bogus"),
        (("solve",), "Missing argument 'SCENARIO'"),
        (("frontier", "a.yaml", "--points", "many"), "valid integer"),
        (("plan",), "No such command 'plan'"),
    ],
)
def test_a_wrong_use_is_json_where_json_is_asked(words: tuple[str, ...], says: str) -> None:
    plain, told = run(*words), run(*words, "--json")
    assert plain.returncode == told.returncode == 2
    assert plain.stdout == ""
    answer = json.loads(told.stdout)
    assert answer["status"] == "invalid"
    assert says in answer["error"]
    assert says in " ".join(plain.stderr.split())


def test_tables_that_nobody_watches_are_not_cut(project: Project) -> None:
    town = "a town with more letters to its name than terminals have columns " * 2
    hub = "Jackson-George Regional Library System"
    project.edit("demand.csv", "D1,67.00,30.00,1000,0.25,1,Balochistan", f"D1,67.00,30.00,1000,0.25,1,{town}")
    project.edit("sites.csv", "S4,Sibi,", f"S4,{hub},")
    words = ("solve", project.folder / "scenario.yaml", "--overwrite", "--out", project.folder / "run")
    narrow = start(*words, patch="import os; os.environ['COLUMNS'] = '80'").wait().stdout
    assert town.strip() not in narrow
    assert hub not in narrow
    wide = start(*words, patch="import os; del os.environ['COLUMNS']").wait()
    assert town.strip() in wide.stdout
    assert hub in wide.stdout


def test_hubs_are_told_by_name_before_places(project: Project) -> None:
    told = run("solve", project.folder / "scenario.yaml", "--out", project.folder / "run").stdout
    before, _, rest = told.partition("New hubs by tier")
    assert "Sibi" in before
    assert "Need covered by province" in rest


def test_tables_of_new_hubs_without_any_are_left_out(project: Project, inside: Callable[..., Done]) -> None:
    project.edit("sites.csv", "required", "candidate")
    done = inside("solve", "scenario.yaml", "--set", "model.budget=0")
    assert "New hubs                0, beside 1 existing" in done.stdout
    assert "New hubs by tier" not in done.stdout


def test_a_path_that_is_set_is_relative_to_the_scenario(project: Project) -> None:
    (project.folder / "other").mkdir()
    (project.folder / "demand.csv").rename(project.folder / "other" / "people.csv")
    done = run("validate", project.folder / "scenario.yaml", "--set", "demand.path=other/people.csv")
    assert done.returncode == 0, done.stderr


def test_people_served_are_those_whom_seats_are_for(project: Project) -> None:
    """A row is served in part, so that of its people only those who are offline take a seat."""
    out = project.folder / "run"
    sizes = ("--set", "hubs.0.capacity=300", "--set", "hubs.1.capacity=900")
    told = run("solve", project.folder / "scenario.yaml", *sizes, "--out", out).stdout
    hubs = pd.read_csv(out / "hubs.csv")
    assert 0 < hubs["load"].sum() < hubs["covered_people"].sum()
    assert f"{hubs['load'].sum():,.0f} people not connected yet" in told
    page = (out / "report.html").read_text(encoding="utf-8")
    assert f"serve {in_words(hubs['load'].sum())} people not connected yet" in page


@pytest.mark.parametrize("shell", ["zsh", "bash"])
def test_a_shell_completes_commands_and_options(shell: str) -> None:
    asked = {"_HUBPLANNER_COMPLETE": f"complete_{shell}"}
    for words, found in (("hubplanner sol", "solve"), ("hubplanner solve --over", "--override")):
        own = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" ")), "_TYPER_COMPLETE_ARGS": words}
        done = run_anew(**asked, **own)
        assert found in done.stdout
