"""Runs: listed, shown, compared, downloaded, renamed, removed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from hubplanner.extras import is_installed
from hubplanner.folders import STABILITY_FILES, is_default_name
from hubplanner.formatting import left_out_of_ways, proof_of
from hubplanner.outputs.formats.exports import EXPORTS
from hubplanner.runs.index import run_folders
from hubplanner.runs.read import as_places, read_manifest, read_plan, stability_of
from hubplanner.runs.store import list_runs, remove_run, rename_run
from hubplanner.scenario import read_scenario
from hubplanner.translation import gettext as _, joined, said_again
from hubplanner.web.map_data.scenario import reaches, unasked
from hubplanner.web.responses import GEOJSON, Refused, answer, encode, json_of, packed, packed_answer
from hubplanner.web.run_files import (
    REPORT,
    files_of,
    forget_note,
    linked,
    move_note,
    open_own,
    own_folder,
    read_note,
    read_own,
)
from hubplanner.web.state import context_of

router = APIRouter(prefix="/api/runs")

PART = 1 << 16
"""Bytes of a file that are sent at once."""
LAYERS = ("hubs", "demand", "links", "backhaul", "reach", "islands")
REPORT_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-scripts allow-modals allow-downloads"
)
"""The report brings all it needs and gets no say in the app: to a browser it is a page from nowhere."""


def run_folder(request: Request, name: str) -> Path:
    """Return a run's folder; refuse a name that is not in the list of them, and a folder that holds links."""
    return own_folder(run_folders(context_of(request).settings.runs), name, "run")


@router.get("")
def runs(request: Request) -> Response:
    """Return all runs, the newest first."""
    place = context_of(request).settings.runs
    rows = list_runs(place) if place.is_dir() else []
    return answer([_row(place, row) for row in rows])


def _row(place: Path, row: dict[str, Any]) -> dict[str, Any]:
    folder = place / row["name"]
    note = read_note(folder)
    figures: dict[str, Any] = {"budget": None, "covered": None}
    foreign = linked(folder)
    if foreign is not None:  # nothing that it leads to is shown
        row = dict.fromkeys(row) | {
            "name": row["name"],
            "written": row["written"],
            "status": "damaged",
            "error": foreign,
        }
    if row["error"] is None:
        plan = read_plan(folder)
        figures = {"budget": plan.get("budget"), "covered": plan.get("need", {}).get("covered")}
    return {
        "id": row["name"],
        **_named(row["name"], note),
        **{key: note[key] for key in ("scenario", "settings", "overrides", "required", "excluded")},
        "share": row["need_share"],
        "created": row["written"],
        **{key: row[key] for key in ("status", "objective", "cost", "currency", "hubs", "people", "gap", "seconds")},
        "proof": proof_of(row),
        **figures,
    }


def _named(name: str, note: dict[str, Any]) -> dict[str, Any]:
    """Return a run's name, whether it is someone's own, and the title of what it answers."""
    return {"name": name, "has_own_name": not is_default_name(name), "title": note["title"] or name}


@router.get("/{name}")
def run(request: Request, name: str) -> Response:
    """Return a run's figures and what it came from."""
    folder = run_folder(request, name)
    note = read_note(folder)
    own = {"id": name, **note, **_named(name, note), "has_report": (folder / REPORT).is_file()}
    plan = read_plan(folder)
    scenario = read_scenario(folder / "scenario.yaml")
    has_error = scenario.demand.connected_share_error is not None or scenario.demand.since_survey is not None
    own |= {"cannot": unasked(scenario), "survey": has_error, "stability": _stability(folder)}
    how = read_manifest(folder).get("said")
    for warning in plan.get("warnings", []):
        warning["message"] = said_again(how, warning["message"])
    return answer(plan | own | {"proof": proof_of(plan), "ways": left_out_of_ways(plan.get("distance", {}))})


def _stability(folder: Path) -> dict[str, Any] | None:
    """Return what surveys drawn again made of a run; None where none were drawn."""
    name = STABILITY_FILES[0]
    return stability_of(read_own(folder, name), folder / name) if name in files_of(folder) else None


@router.post("/{name}/name")
async def rename(request: Request, name: str) -> Response:
    """Give a run a name of one's own."""
    wanted = (await json_of(request, frozenset({"name"}))).get("name")
    if not isinstance(wanted, str):
        raise Refused(400, _("name must be text."))
    return await run_in_threadpool(_renamed, request, name, wanted)


def _renamed(request: Request, name: str, wanted: str) -> Response:
    folder = _idle_folder(request, name)
    renamed = rename_run(str(folder), wanted, context_of(request).settings.runs)
    move_note(folder, renamed)
    return answer({"id": renamed.name, **_named(renamed.name, read_note(renamed))})


def _idle_folder(request: Request, name: str) -> Path:
    """Return a run's folder; refuse while a job writes there."""
    folder = run_folder(request, name)
    if context_of(request).jobs.works_on(folder):
        raise Refused(409, _("A search about this plan is still at work: cancel it, or wait for its end."))
    return folder


@router.delete("/{name}")
def remove(request: Request, name: str) -> Response:
    """Remove a run."""
    folder = _idle_folder(request, name)
    remove_run(str(folder), context_of(request).settings.runs)
    forget_note(folder)
    return Response(status_code=204)


@router.get("/{name}/layers/areas")
def areas(request: Request, name: str) -> Response:
    """Return need and cover as areas."""
    from hubplanner.web.map_data.runs import covered_areas  # noqa: PLC0415 - heavy

    folder = run_folder(request, name)
    known = _areas_known(request, folder)
    text = covered_areas(folder, known)
    return packed_answer(request, (text, packed(text)))


def _areas_known(request: Request, folder: Path) -> Any:
    """Return the demand of the scenario that made a run, for its areas; None where it is no longer there."""
    library, scenario = context_of(request).library, read_note(folder)["scenario"]
    if scenario is None:
        return None
    try:
        shown = library.get(scenario)
    except Refused:
        return None
    with shown.lock:
        return shown.inputs, shown.areas


@router.get("/{name}/layers/{layer}")
def layer(request: Request, name: str, layer: str) -> Response:
    """Return a layer of a run; hubs with the distance they cover."""
    folder = run_folder(request, name)
    if layer not in LAYERS:
        raise Refused(404, _("There is no such layer; there are areas, {layers}.", layers=joined(LAYERS, ", ")))
    text = read_own(folder, f"{layer}.geojson")
    text = with_radius(text, folder) if layer == "hubs" else as_places(text) if layer == "demand" else text
    return packed_answer(request, (text, packed(text)))


def with_radius(text: bytes, folder: Path) -> bytes:
    """Return hubs with the radius of the circle each covers, None where it is no circle."""
    tree = json.loads(text)
    radius = reaches(read_scenario(folder / "scenario.yaml"))
    for feature in tree["features"]:
        feature["properties"]["radius_km"] = radius.get(feature["properties"]["tier"])
    return encode(tree)


@router.get("/{name}/files")
def files(request: Request, name: str) -> Response:
    """Return the files of a run, and those that can be made of it, whose size is not known yet."""
    folder = run_folder(request, name)
    found = files_of(folder)
    rows: list[dict[str, Any]] = [{"name": file, "bytes": (folder / file).lstat().st_size} for file in found]
    return answer([*rows, *({"name": other, "bytes": None} for other in _makeable() if other not in found)])


@router.get("/{name}/files/{file}")
def download(request: Request, name: str, file: str) -> Response:
    """Return a file of a run to keep, made now where it is for another program."""
    opened = _made(request, name, file)
    headers = {
        "Content-Disposition": f"attachment; filename*=utf-8''{quote(file)}"
        if quote(file) != file
        else f'attachment; filename="{file}"',
        "Content-Length": str(os.fstat(opened.fileno()).st_size),
    }
    media_type = GEOJSON if file.endswith(".geojson") else "application/octet-stream"
    return StreamingResponse(_parts(opened), media_type=media_type, headers=headers)


def _parts(opened: BinaryIO) -> Iterator[bytes]:
    with opened:
        while part := opened.read(PART):
            yield part


@router.get("/{name}/report")
def report(request: Request, name: str) -> Response:
    """Return a run's report as a page that stands alone."""
    headers = {"Content-Security-Policy": REPORT_POLICY}
    with _made(request, name, REPORT) as opened:
        return Response(opened.read(), media_type="text/html; charset=utf-8", headers=headers)


def _made(request: Request, name: str, file: str) -> BinaryIO:
    """Return a file of a run, opened, made now where it can be made of it."""
    folder, what = run_folder(request, name), _makeable().get(file)
    if file not in files_of(folder) and what is not None:
        kind = what if file == REPORT else "export"
        context_of(request).jobs.check({"kind": kind, "run": str(folder), "what": what})
    if file not in files_of(folder):
        raise Refused(404, _("There is no such file."))
    return open_own(folder, file)


def _makeable() -> dict[str, str]:
    """Return the files that can be made of a run here, and what each is called by its maker."""
    made = [each for each in EXPORTS if each.extra is None or is_installed(each.extra)]
    return {REPORT: "report"} | {each.file: each.name for each in made}


comparisons = APIRouter(prefix="/api")


@comparisons.get("/compare")
def compare(request: Request, a: str, b: str) -> Response:
    """Return how a run differs from another one."""
    from hubplanner.web.map_data.runs import side_by_side  # noqa: PLC0415 - heavy

    text = encode(side_by_side(run_folder(request, a), run_folder(request, b)))
    return packed_answer(request, (text, packed(text)), "application/json")
