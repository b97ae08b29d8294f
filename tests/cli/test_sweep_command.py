"""`hubplanner sweep` as a planner meets it."""

from __future__ import annotations

import os
import signal
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from support.command import Done, answer, fits, run, start

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GRID = ("--grid", "model.budget=250,-1,500", "--jobs", "1")


def test_a_sweep_tells_what_it_found_and_does_it_once(scenario: Path) -> None:
    done = run("sweep", "scenario.yaml", *GRID, cwd=scenario.parent)
    assert done.returncode == 0
    assert fits(done.stdout)
    assert "3 cases: 2 solved, 1 with an error, 0 open." in done.stdout
    assert "2 of 3 cases are left to solve" in done.stderr
    assert "3 of 3 cases done, 1 with an error" in done.stderr
    again = run("sweep", "scenario.yaml", *GRID, "--json", cwd=scenario.parent)
    found = answer(again)
    assert {key: found[key] for key in ("status", "cases", "solved", "errors", "open")} == {
        "status": "complete",
        "cases": 3,
        "solved": 2,
        "errors": 1,
        "open": 0,
    }
    assert "0 of 3 cases are left to solve" in again.stderr
    (folder,) = (scenario.parent / "sweeps").iterdir()
    assert {path.name for path in folder.iterdir()} == {
        *("cases", "manifest.json", "sweep.csv", "sweep.json", "sweep.parquet", "tornado.png"),
    }


def test_ctrl_c_leaves_what_is_done_and_ends_with_4(scenario: Path) -> None:
    budgets = ",".join(map(str, range(300, 420)))
    words = ("sweep", "scenario.yaml", "--grid", f"model.budget={budgets}", "--jobs", "1", "--out", "out", "--json")
    asked = start(*words, patch="import os; os.setsid()", cwd=scenario.parent, daemon=False)
    while not list((scenario.parent / "out/cases").glob("[!.]*.json")):
        assert not wait([asked.process.sentinel], 0.05), asked.error.read_text(encoding="utf-8")
    os.killpg(asked.process.pid or 0, signal.SIGINT)  # as a terminal does: to the workers too
    done = asked.wait()
    found, error = answer(done), done.stderr
    assert done.returncode == 4
    assert found["status"] == "open"
    assert 0 < found["solved"] < 120 == found["cases"] == found["solved"] + found["open"]
    assert "the same command continues" in error
    assert "Traceback" not in error
    assert len(list((scenario.parent / "out/cases").iterdir())) == found["solved"]


def test_wrong_options_are_refused(scenario: Path, inside: Callable[..., Done]) -> None:
    for words, told in (
        (("--grid", "model.budget"), "key=value"),
        ((*GRID, "--cluster", "tcp://127.0.0.1:9"), "not with --cluster"),
        ((*GRID, "--tls-ca", scenario), "only with --cluster"),
    ):
        done = inside("sweep", scenario, *words)
        assert done.returncode == 2
        assert told in done.stderr
