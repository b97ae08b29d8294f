"""`hubplanner compare` as a planner meets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.command import Done, answer, fits

import hubplanner as hp

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.project import Project


def test_two_runs_side_by_side(project: Project, inside: Callable[..., Done]) -> None:
    for name, budget in (("rich", 500), ("poor", 250)):
        hp.solve(project.read({"model.budget": budget})).write(project.folder / "runs" / name)
    done = inside("compare", "rich", "poor", "--out", "beside")
    assert done.returncode == 0
    assert fits(done.stdout)
    for words in ("B - A", "Need share by province", "From A to B", "Lose cover", "look at comparison.png first"):
        assert words in done.stdout
    assert (project.folder / "beside/comparison.png").is_file()
    found = answer(inside("compare", "rich", "poor", "--json"))
    assert found["differences"][0]["people"] < 0
    assert found["folder"] is None
    assert inside("compare", "rich", "poor", "--quiet").stdout == ""
    assert inside("compare", "rich").returncode == 2
    assert inside("compare", "rich", "nosuch").returncode == 2
