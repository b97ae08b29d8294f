"""Where there is no need left, it is said in words, not as 0 %."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import hubplanner as hp
from hubplanner.audit import audit_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.command import Done
    from support.project import Project

PUNJAB = {"D3,68.00,31.00,2000,0,1": "D3,68.00,31.00,2000,1,1"}
"""All of Punjab is connected then."""
BALOCHISTAN = {"1000,0.25,1": "1000,1,1", "500,0.5,2": "500,1,2"}


def _connect(project: Project, *changes: dict[str, str]) -> None:
    for change in changes:
        for old, new in change.items():
            project.edit("demand.csv", old, new)


def test_a_group_without_need_is_said_in_words(project: Project, inside: Callable[..., Done]) -> None:
    _connect(project, PUNJAB)
    floors = "model.floors=[{group: province, share: 0.1}]"
    done = inside("solve", "scenario.yaml", "--set", floors, "--out", "run")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "province Punjab 10.0 % no need" in lines
    assert "Punjab 2,800 2,800 no need" in lines
    page = (project.folder / "run" / "report.html").read_text(encoding="utf-8")
    assert page.count("no need") >= 2
    summary = hp.solve(project.read({"model.floors": [{"group": "province", "share": 0.1}]})).summary()
    assert [(floor["covered"], floor["need"]) for floor in summary["floors"]] == [(pytest.approx(1), 1250), (0, 0)]
    assert summary["groups"]["province"]["Punjab"]["share"] == 0  # a number, as the contract has it


def test_no_need_at_all_is_said_in_words(project: Project, inside: Callable[..., Done]) -> None:
    _connect(project, PUNJAB, BALOCHISTAN)
    done = inside("solve", "scenario.yaml", "--out", "run")
    assert "Need covered 0 of 0 (no need)" in " ".join(done.stdout.split())
    assert "0.0 %" not in done.stdout.replace("(20.0 %)", "")
    assert "no need" in inside("info", "scenario.yaml").stdout
    assert audit_run(_run(project), None, 5).as_dict()["verdict"] == "pass"


def _run(project: Project) -> Path:
    return project.folder / "run"
