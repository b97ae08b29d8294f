"""Frontiers: listed, shown, and a point of one turned into a run."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response

from hubplanner.folders import FRONTIER_MARKS, has_marks
from hubplanner.formatting import proof_of
from hubplanner.runs.read import RunUnreadableError, frontier_of
from hubplanner.translation import gettext as _
from hubplanner.web.responses import Refused, answer, packed, packed_answer
from hubplanner.web.routes.runs import with_radius
from hubplanner.web.run_files import linked, own_folder, read_note, read_own
from hubplanner.web.state import context_of

log = logging.getLogger(__name__)
router = APIRouter(prefix="/api/frontiers")


def frontier_folders(runs: Path) -> dict[str, Path]:
    """Return the frontiers in the folder of runs, by name."""
    found = sorted(runs.iterdir()) if runs.is_dir() else []
    return {
        path.name: path
        for path in found
        if not path.name.startswith(".") and not path.is_symlink() and has_marks(path, FRONTIER_MARKS)
    }


def _folder(request: Request, name: str) -> Path:
    return own_folder(frontier_folders(context_of(request).settings.runs), name, "frontier")


def _read(folder: Path) -> dict[str, Any]:
    return frontier_of(read_own(folder, "frontier.json"), folder / "frontier.json")


@router.get("")
def frontiers(request: Request) -> Response:
    """Return all frontiers, the newest first."""
    found = []
    for name, folder in frontier_folders(context_of(request).settings.runs).items():
        if linked(folder) is not None:
            continue
        try:
            tree, note = _read(folder), read_note(folder)
        except RunUnreadableError as error:
            log.warning("%s is not listed: %s", folder, error)
            continue
        created = (folder / "frontier.json").stat().st_mtime
        figures = {
            "points": len(tree["points"]),
            "trade": tree["trade"],
            "group": tree.get("group"),
            "created": created,
        }
        found.append(note | {"id": name, "title": note["title"] or tree["name"], **figures})
    return answer(sorted(found, key=lambda row: -row["created"]))


@router.get("/{name}")
def frontier(request: Request, name: str) -> Response:
    """Return a frontier's points."""
    folder = _folder(request, name)
    tree = _read(folder)
    points = [point | {"proof": proof_of(point)} for point in tree["points"]]
    return answer(tree | read_note(folder) | {"id": name, "points": points})


@router.get("/{name}/layers")
def layers(request: Request, name: str) -> Response:
    """Return the hubs of all points."""
    folder = _folder(request, name)
    text = with_radius(read_own(folder, "frontier.geojson"), folder)
    return packed_answer(request, (text, packed(text)))


@router.post("/{name}/points/{number}")
def keep(request: Request, name: str, number: int) -> Response:
    """Solve for a point's budget, which makes a run of it."""
    folder, context = _folder(request, name), context_of(request)
    tree, note = _read(folder), read_note(folder)
    point = next((point for point in tree["points"] if point["number"] == number), None)
    if point is None:
        raise Refused(404, _("The frontier has no such point."))
    if tree["trade"] != "coverage,cost":
        raise Refused(409, _("Only a point of coverage against cost has a budget to solve for."))
    budget = {"model.budget": point["cost"] if point["budget"] is None else point["budget"]}
    ask = {
        "kind": "solve",
        "file": str(folder / "scenario.yaml"),
        "overrides": [],
        "settings": budget,
        "runs": str(context.settings.runs),
        "note": {**note, "settings": {**(note["settings"] or {}), **budget}, "title": note["title"] or tree["name"]},
    }
    return answer({"job": context.jobs.add("solve", ask).id}, 202)
