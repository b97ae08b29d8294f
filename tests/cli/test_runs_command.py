"""`hubplanner runs` as a planner meets it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support.command import Done, answer, fits

import hubplanner as hp

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.project import Project


@pytest.fixture
def first(project: Project) -> Path:
    return hp.solve(project.read()).write(project.folder / "runs/first")


@pytest.mark.usefixtures("first")
def test_runs_are_listed_shown_and_checked(inside: Callable[..., Done]) -> None:
    done = inside("runs", "list")
    assert (done.returncode, fits(done.stdout)) == (0, True)
    assert "first" in done.stdout
    assert [row["name"] for row in answer(inside("runs", "list", "--json"))["runs"]] == ["first"]
    done = inside("runs", "show", "fi")
    assert "as they were written" in done.stdout
    assert fits(done.stdout)
    assert answer(inside("runs", "show", "first", "--json"))["verified"]["intact"]
    assert "1 run checked, none damaged." in inside("runs", "verify").stdout
    assert inside("runs", "verify", "--quiet").stdout == ""


def test_damage_ends_with_2_and_says_what(first: Path, inside: Callable[..., Done]) -> None:
    (first / "hubs.csv").unlink()
    done = inside("runs", "verify", "first", "--json")
    assert done.returncode == 2
    (fault, *_) = json.loads(done.stdout)["runs"][0]["faults"]
    assert fault == "hubs.csv is missing; solve runs/first/scenario.yaml again"


def test_a_run_is_removed_by_name_only_from_the_folder(first: Path, inside: Callable[..., Done]) -> None:
    done = inside("runs", "rm", first, "--runs", first)
    assert done.returncode == 2
    assert "nothing was removed" in done.stderr
    assert answer(inside("runs", "rm", "first", "--json")) == {"removed": "runs/first"}
    assert not first.exists()
    assert inside("runs", "rm", "first").returncode == 2


@pytest.mark.usefixtures("first")
def test_a_run_is_renamed_and_found_by_its_new_name(inside: Callable[..., Done]) -> None:
    assert answer(inside("runs", "rename", "fi", "Plan for Sindh", "--json")) == {
        "name": "Plan for Sindh",
        "folder": "runs/Plan for Sindh",
    }
    assert answer(inside("runs", "show", "Plan for Sindh", "--json"))["verified"]["intact"]
    assert inside("runs", "rename", "Plan", "second").stdout == "The run is now runs/second.\n"
    done = inside("runs", "rename", "second", "a/b")
    assert done.returncode == 2
    assert done.stderr == "Error: name: 'a/b' found; allowed: a name without /\n"


def test_no_folder_of_runs_is_told(inside: Callable[..., Done]) -> None:
    done = inside("runs", "list")
    assert done.returncode == 2
    assert done.stderr == "Error: runs: there is no such folder; name the folder of your runs\n"
