"""`hubplanner sweep` as a planner meets it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

from support.command import PROGRAM, Done, answer, fits, run

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
    words = [PROGRAM, "sweep", "scenario.yaml", "--grid", f"model.budget={budgets}", "--jobs", "1", "--out", "out"]
    asked = subprocess.Popen(
        [*words, "--json"],
        cwd=scenario.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not list((scenario.parent / "out/cases").glob("[!.]*.json")):
        assert asked.poll() is None
        time.sleep(0.05)
    os.killpg(asked.pid, signal.SIGINT)  # as a terminal does: to the workers too
    out, error = asked.communicate(timeout=60)
    assert asked.returncode == 4
    found = json.loads(out)
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
