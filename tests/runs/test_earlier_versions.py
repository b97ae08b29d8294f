"""Run folders that a version wrote which told less: a clear word of what is not there, and what to do."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from support.project import Project

import hubplanner as hp
from hubplanner.errors import DataError
from hubplanner.runs.export import export_run
from hubplanner.runs.report import write_report


def without(run: Path, key: str, part: str) -> None:
    """Take a figure out of plan.json, as if it had never been written."""
    plan, manifest = (json.loads((run / name).read_text(encoding="utf-8")) for name in ("plan.json", "manifest.json"))
    del plan[key][part]
    text = json.dumps(plan)
    (run / "plan.json").write_text(text, encoding="utf-8")
    manifest["files"]["plan.json"] = hashlib.sha256(text.encode()).hexdigest()
    (run / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize(("key", "part"), [("cost", "paid"), ("people", "reached")])
def test_a_run_of_an_earlier_version_is_to_be_solved_anew(project: Project, key: str, part: str) -> None:
    run = hp.solve(project.read()).write(project.folder / "run")
    without(run, key, part)
    said = rf"plan\.json: needs {key}\.{part}.*: solve .*scenario\.yaml again; another version of hubplanner wrote"
    with pytest.raises(DataError, match=said):
        write_report([run], project.folder / "page.html")
    with pytest.raises(DataError, match=said):
        export_run(run, ["excel"], project.folder / "out")
    assert not (project.folder / "page.html").exists()


def test_such_a_run_is_compared_by_what_both_tell(project: Project) -> None:
    old, new = (hp.solve(project.read()).write(project.folder / name) for name in ("old", "new"))
    without(old, "cost", "paid")
    assert hp.compare(old, new).summary()["differences"][0]["cost"] == 0
    without(old, "people", "reached")
    with pytest.raises(DataError, match=r"needs people\.reached: solve .*again"):
        hp.compare(old, new)
