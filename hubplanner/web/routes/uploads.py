"""Uploads, and the scenarios that are made of them."""

from __future__ import annotations

import json
import re
import secrets
import shutil
from pathlib import Path, PurePath
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from hubplanner.errors import ScenarioError
from hubplanner.formats.table_formats import check_kind, unzipped
from hubplanner.translation import gettext as _, joined
from hubplanner.web.requests import check_size
from hubplanner.web.responses import Refused, answer, json_of
from hubplanner.web.scenarios import slug
from hubplanner.web.settings import AppSettings
from hubplanner.web.state import AppState, context_of

router = APIRouter(prefix="/api")

TYPES = frozenset(
    {
        "application/octet-stream",
        "text/csv",
        "application/geo+json",
        "application/json",
        "application/geopackage+sqlite3",
    }
)
KINDS = ("demand", "sites")
ANY = "any"
"""Kind of an upload that is guessed with others."""
ROLES = frozenset({"", "demand", "sites", "table", "zones"})
MOST_FILES = 12
KNOWN = frozenset({"title", "demand", "sites", "currency", "budget", "hubs", "detour"})
COLUMNS = {
    "demand": frozenset({"upload", "id", "x", "y", "people", "connected_share", "priority", "groups"}),
    "sites": frozenset({"upload", "id", "x", "y", "status", "tier", "cost_factor", "groups"}),
}
HUB = frozenset({"name", "capex", "opex_per_year", "reach_km", "reach_minutes", "capacity"})
LONGEST_TITLE, MOST_HUBS, MOST_GROUPS = 200, 12, 8


@router.post("/uploads")
async def upload(request: Request, kind: str, name: str, part: str = "") -> Response:
    """Take a file, look at it, or at a sheet or layer of it, in a process of its own; keep it if nothing is wrong."""
    context, shown = context_of(request), PurePath(_shown(name).replace("\\", "/")).name
    if kind not in {*KINDS, ANY}:
        raise Refused(400, _("kind must be one of {names}.", names=joined((*KINDS, ANY), ", ")))
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in TYPES:
        raise Refused(415, _("Send the file as it is, with Content-Type application/octet-stream."))
    try:
        suffix = check_kind(shown)
    except ScenarioError as error:
        raise Refused(415, str(error)) from error
    own = secrets.token_hex(8)
    place = context.settings.incoming / own
    place.mkdir(parents=True)
    try:
        path = place / f"upload-{own}{suffix}"
        with path.open("xb") as file:
            async for piece in request.stream():
                file.write(piece)
        ask = {
            "kind": "check_upload",
            "file": str(path),
            "upload_kind": kind,
            "name": shown,
            "part": _shown(part),
            "names": {path.name: shown, unzipped(path.name): shown},
        }
        return await run_in_threadpool(_checked, context, ask, own)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _checked(context: AppState, ask: dict[str, Any], own: str) -> Response:
    limits = context.settings.limits
    kept = context.settings.workspace / "uploads" / own
    try:
        look = context.jobs.check({**ask, "kept": str(kept), "rows": limits.upload_rows})
    except Refused:
        shutil.rmtree(kept, ignore_errors=True)
        raise
    count = look.pop("count")
    if count:
        first = look["faults"][0]["text"]
        sentence = (
            first if count == 1 else _("{count:,} faults were found; the first: {first}", count=count, first=first)
        )
        return answer({"error": sentence, **look}, 422)
    _make_room(kept.parent, limits.uploads)
    return answer({"upload": own, "name": ask["name"], "kind": ask["upload_kind"], **look}, 201)


def _make_room(place: Path, most: int) -> None:
    """Remove the oldest uploads beyond those that are kept: scenarios have copies of their own."""
    found = sorted((path for path in place.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for path in found[: max(len(found) - most, 0)]:
        shutil.rmtree(path, ignore_errors=True)


@router.post("/projects")
async def project(request: Request) -> Response:
    """Make a scenario of uploads that nobody described; tell what was guessed, and the names without a partner."""
    context, tree = context_of(request), await json_of(request, frozenset({"title", "files"}))
    title, files = _shown(str(tree.get("title") or "")).strip(), tree.get("files")
    if not title:
        raise Refused(400, _("A scenario needs a title."))
    if not isinstance(files, list) or not 0 < len(files) <= MOST_FILES:
        raise Refused(400, _("files must be a list of 1 to {most_files} uploads.", most_files=MOST_FILES))
    for one in files:
        is_one = isinstance(one, dict) and _only(one, frozenset({"upload", "role"}))
        if not is_one or not isinstance(one.get("upload"), str) or one.get("role", "") not in ROLES:
            raise Refused(
                400,
                _(
                    "Each of files names an upload and a role, one of {roles}.",
                    roles=joined(sorted(ROLES - {""}), ", "),
                ),
            )
    return await run_in_threadpool(_drafted, context, title, files)


def _drafted(context: AppState, title: str, files: list[dict[str, str]]) -> Response:
    settings = context.settings
    _check_room(settings)
    tables = []
    for one in files:
        place, note = _upload(settings.workspace / "uploads", one["upload"], ANY)
        tables += [(one.get("role", ""), each["name"], str(place / each["table"])) for each in note["tables"]]
    folder = settings.workspace / f"own-{secrets.token_hex(4)}"
    names = {f".{folder.name}": _("the new scenario")}
    ask = {"kind": "draft_project", "title": title, "files": tables, "names": names, "folder": str(folder)}
    try:
        return answer(context.jobs.check(ask), 201)
    finally:
        shutil.rmtree(folder.with_name(f".{folder.name}"), ignore_errors=True)


@router.post("/projects/{name}/aliases")
async def aliases(request: Request, name: str) -> Response:
    """Take over which names mean the same in the joins of a scenario that was made here."""
    context, tree = context_of(request), await json_of(request, frozenset({"chosen"}))
    chosen, folder = tree.get("chosen"), context.settings.workspace / name
    if not re.fullmatch(r"own-[0-9a-f]{8}", name) or not folder.is_dir():
        raise Refused(404, _("There is no such scenario of your own."))
    if not isinstance(chosen, dict) or not all(_is_names(part) for part in chosen.values()):
        raise Refused(400, _("chosen must say, by join, which name here is which there."))
    ask = {"kind": "name_partners", "folder": str(folder), "chosen": chosen, "names": {}}
    return await run_in_threadpool(lambda: answer(context.jobs.check(ask)))


def _is_names(part: Any) -> bool:
    return isinstance(part, dict) and all(isinstance(value, str) for value in part.values())


def _check_room(settings: AppSettings) -> None:
    """Refuse to keep more scenarios than there is room for."""
    if len(list(settings.workspace.glob("own-*"))) >= settings.limits.uploads:
        raise Refused(409, _("{uploads} scenarios of your own are kept already.", uploads=settings.limits.uploads))


@router.post("/scenarios")
async def new(request: Request) -> Response:
    """Make a scenario of two uploads."""
    context = context_of(request)
    wanted = _wanted(await json_of(request, KNOWN))
    return await run_in_threadpool(_made, context, wanted)


def _made(context: AppState, wanted: dict[str, Any]) -> Response:
    settings = context.settings
    _check_room(settings)
    tables, names = {}, {}
    for kind in KINDS:
        place, note = _upload(settings.workspace / "uploads", wanted[kind]["upload"], kind)
        table = place / note["tables"][0]["table"]
        tables[kind] = str(table)
        names[f"{kind}{table.suffix}"] = note["name"]
        wanted[kind] |= _reading(note.get("reading", {}), wanted[kind])
    folder = settings.workspace / f"own-{secrets.token_hex(4)}"
    ask = {"kind": "new_scenario", "wanted": wanted, "tables": tables, "names": names, "folder": str(folder)}
    try:
        return answer(context.jobs.check(ask), 201)
    finally:
        shutil.rmtree(folder.with_name(f".{folder.name}"), ignore_errors=True)


def _upload(place: Path, name: str, kind: str) -> tuple[Path, dict[str, Any]]:
    known = {path.name: path for path in place.iterdir() if path.is_dir()} if place.is_dir() else {}
    if name not in known:
        raise Refused(404, _("The {kind} are no upload that is here.", kind=kind))
    note: dict[str, Any] = json.loads((known[name] / "upload.json").read_bytes())
    if note["kind"] != kind:
        raise Refused(400, _("That upload holds {found}, not {kind}.", found=note["kind"], kind=kind))
    return known[name], note


def _reading(guessed: dict[str, Any], section: dict[str, Any]) -> dict[str, Any]:
    """Return how a table's cells are read, as was guessed and told: per cent only where that column was chosen."""
    percent = [name for name in guessed.get("percent", []) if name == section.get("connected_share")]
    return {key: mark for key, mark in guessed.items() if key != "percent"} | ({"percent": percent} if percent else {})


def _wanted(tree: dict[str, Any]) -> dict[str, Any]:
    """Return what a new scenario is to be, each part plain; the scenario's own checks do the rest."""
    title = _shown(str(tree.get("title") or "")).strip()
    if not title:
        raise Refused(400, _("A scenario needs a title."))
    hubs = tree.get("hubs")
    if not isinstance(hubs, list) or not 0 < len(hubs) <= MOST_HUBS or not all(isinstance(hub, dict) for hub in hubs):
        raise Refused(400, _("hubs must be a list of 1 to {most_hubs} kinds of hubs.", most_hubs=MOST_HUBS))
    parts = {kind: _columns(tree.get(kind), kind) for kind in KINDS}
    currency = _shown(str(tree.get("currency") or ""))[:10]
    plain = [{key: _plain(hub[key], key) for key in hub} for hub in hubs if _only(hub, HUB)]
    money = {key: _plain(tree.get(key), key) for key in ("budget", "detour")}
    return {"name": slug(title)[:60], "title": title, "currency": currency, "hubs": plain, **parts, **money}


def _columns(section: Any, kind: str) -> dict[str, Any]:
    if not isinstance(section, dict) or not isinstance(section.get("upload"), str):
        raise Refused(400, _("{kind} must name an upload and its columns.", kind=kind))
    _only(section, COLUMNS[kind])
    groups = section.get("groups") or []
    if not isinstance(groups, list) or len(groups) > MOST_GROUPS or not all(isinstance(name, str) for name in groups):
        raise Refused(
            400, _("{kind}.groups must be a list of at most {most_groups} columns.", kind=kind, most_groups=MOST_GROUPS)
        )
    check_size(f"{kind}.groups", groups)
    plain = {key: _plain(value, f"{kind}.{key}") for key, value in section.items() if key != "groups"}
    return plain | ({"groups": groups} if groups else {})


def _only(tree: dict[str, Any], known: frozenset[str]) -> bool:
    unknown = sorted(set(tree) - known)
    if unknown:
        raise Refused(
            400,
            _("{unknown!r} is unknown; known are {known}.", unknown=unknown[0][:40], known=joined(sorted(known), ", ")),
        )
    return True


def _plain(value: Any, key: str) -> Any:
    if value is not None and (isinstance(value, bool) or not isinstance(value, str | int | float)):
        raise Refused(400, _("{key} must be a text or a number.", key=key))
    check_size(key, value)
    return value


def _shown(name: str) -> str:
    """Return a text as it may be shown and kept: one line, no controls, not too long."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", " ", name)[:LONGEST_TITLE]
