"""``hubplanner report``: a run, or several, as one file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support.command import Done, answer, run

import hubplanner as hp
from hubplanner.errors import DataError, ExistsError, ScenarioError
from hubplanner.runs.report import Verdict, write_report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.project import Project


@pytest.fixture
def folders(project: Project) -> tuple[Path, Path]:
    """Two runs, of more and of less money."""
    wide, lean = hp.solve(project.read()), hp.solve(project.read({"model.budget": 250}))
    return wide.write(project.folder / "runs" / "wide"), lean.write(project.folder / "runs" / "lean")


def test_it_audits_and_compares(inside: Callable[..., Done], folders: tuple[Path, Path], tmp_path: Path) -> None:
    done = inside("report", *folders, "-o", tmp_path / "out.html", "--json")
    assert done.returncode == 0, done.stderr
    told = answer(done)
    assert told["audit"] == "pass"
    html = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert told["bytes"] == len(html.encode())
    assert "The audit confirms this run." in html
    assert "Figures side by side" in html
    assert "B: lean" in html


def test_it_tells_what_was_assumed_when_the_run_was_solved(folders: tuple[Path, Path], tmp_path: Path) -> None:
    folder, _ = folders
    assert "detour: 1" in (folder / "scenario.yaml").read_text(encoding="utf-8")  # spelled out, though no one gave it
    html = write_report([folder], tmp_path / "out.html").read_text(encoding="utf-8")
    rows = html[html.index("What was assumed") :].split("</table>", 1)[0].split("</tr>")
    told = {key: row for row in rows for key in ("travel.detour", "horizon_years", "demand.priority") if key in row}
    assert "not given: the default" in told["travel.detour"]
    assert "the scenario" in told["horizon_years"]
    assert "this column of the data" in told["demand.priority"]


def test_data_that_are_gone_are_said(
    inside: Callable[..., Done], folders: tuple[Path, Path], project: Project, tmp_path: Path
) -> None:
    (project.folder / "demand.csv").unlink()
    done = inside("report", folders[0], "-o", tmp_path / "out.html")
    assert done.returncode == 0, done.stderr
    assert "could not be audited here" in (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "Not audited" in done.stderr


def test_it_shows_a_frontier_and_an_explanation(folders: tuple[Path, Path], tmp_path: Path) -> None:
    folder, _ = folders
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    point = {"number": 1, "cost": 100.0, "people": 1234.0, "share": 0.5, "hubs": []}
    frontier = {"name": "own", "trade": "coverage,cost", "points": [point], "currency": "PKR", "knee": None}
    (folder / "frontier.json").write_text(json.dumps(frontier))
    hubs = [{"site_id": plan["hubs"][0]["site_id"], "words": "It is by the bridge."}]
    told = {"plan": {"cost": plan["cost"]["total"]}, "hubs": hubs}
    (folder / "explanation.json").write_text(json.dumps(told))
    html = write_report([folder], tmp_path / "out.html").read_text(encoding="utf-8")
    assert "It is by the bridge." in html
    assert "1,234" in html
    told["plan"]["cost"] += 1
    (folder / "explanation.json").write_text(json.dumps(told))
    with pytest.raises(DataError, match="another plan"):
        write_report([folder], tmp_path / "out.html")


def test_a_failed_audit_is_shown(folders: tuple[Path, Path], tmp_path: Path) -> None:
    finding = {"file": "plan.json", "item": "cost.total", "stated": 1, "recomputed": 2}
    audit = {
        "verdict": "fail",
        "findings": [finding],
        "checked": {"plan.json": 3},
        "not_audited": [],
        "proof": {"words": "the bound holds"},
    }
    html = write_report([folders[0]], tmp_path / "out.html", verdict=Verdict(audit=audit)).read_text(encoding="utf-8")
    assert "The audit found something wrong." in html
    assert "cost.total" in html


def test_nothing_of_others_is_overwritten(folders: tuple[Path, Path], tmp_path: Path) -> None:
    letter = tmp_path / "letter.html"
    letter.write_text("Dear all")
    with pytest.raises(ExistsError, match="was not written by hubplanner; add --overwrite to replace it, or name"):
        write_report([folders[0]], letter)
    with pytest.raises(ExistsError, match="belongs to the run"):
        write_report([folders[0]], folders[0] / "report.html")
    with pytest.raises(ScenarioError, match=r"ends in \.html"):
        write_report([folders[0]], tmp_path / "report.txt")
    assert letter.read_text() == "Dear all"
    write_report([folders[0]], letter, replace=True)
    first = letter.read_bytes()
    write_report([folders[0]], letter)  # a report may be made anew
    assert letter.read_bytes() == first
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_a_folder_that_is_no_run_is_refused(inside: Callable[..., Done], tmp_path: Path) -> None:
    done = inside("report", tmp_path, "-o", tmp_path / "out.html")
    assert done.returncode == 2
    assert not (tmp_path / "out.html").exists()


def test_a_place_that_is_refused_is_refused_before_the_audit(scenario: Path) -> None:
    run("solve", "scenario.yaml", "--out", "first", cwd=scenario.parent)
    done = run("report", "first", "--out", "first/report.html", cwd=scenario.parent)
    assert done.returncode == 2
    assert "belongs to the run" in done.stderr
    assert "re-prove the bound" not in done.stderr
