"""Jobs: asked for, watched, cancelled."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from hubplanner.errors import HubplannerError
from hubplanner.runs.index import run_folders
from hubplanner.scenario import read_scenario
from hubplanner.translation import gettext as _
from hubplanner.web.jobs.queue import ENDED, Job, JobQueue
from hubplanner.web.map_data.scenario import budget_range
from hubplanner.web.requests import KNOWN, OF_A_RUN, check_ask, resolved
from hubplanner.web.responses import Refused, answer, as_refused, json_of
from hubplanner.web.run_files import own_folder, read_note
from hubplanner.web.state import AppState, context_of

router = APIRouter(prefix="/api/jobs")

JOBS = frozenset({"solve", "frontier", "alternatives", "explain", "stability"})
"""Kinds that a page may ask for."""
LOOK_S = 0.1
"""Seconds between two looks at a job."""
ALIVE_S = 10.0
"""Seconds after which an idle stream says that it is alive."""


@router.post("")
async def start(request: Request) -> Response:
    """Put a job in line."""
    context = context_of(request)
    asked = check_ask(await json_of(request, KNOWN), context.settings.limits)
    job = await run_in_threadpool(begin, context, asked)
    return answer({"job": job.id}, 202)


def begin(context: AppState, asked: dict[str, Any]) -> Job:
    """Check what a job is asked and put it in line."""
    kind = asked["kind"]
    if kind not in JOBS:
        raise Refused(501, _("This version cannot {kind} in the app yet.", kind=kind))
    if kind in OF_A_RUN:
        return context.jobs.add(kind, _of_a_run(context, asked))
    file = context.library.file(asked["scenario"])
    scenario, settings = resolved(file, asked)
    note = {key: asked[key] for key in ("scenario", "settings", "overrides", "required", "excluded")}
    ask = {
        "kind": kind,
        "file": str(file),
        "overrides": asked["overrides"],
        "settings": settings,
        "points": asked["points"],
        "within": asked["within"],
        "trade": asked["trade"],
        "group": asked["group"],
        "runs": str(context.settings.runs),
        "note": {**note, "title": scenario.description or scenario.name},
    }
    return context.jobs.add(kind, ask)


@router.post("/outlook")
async def outlook(request: Request) -> Response:
    """Return what each budget would roughly bring and whom each site reaches, or why that cannot be told."""
    context = context_of(request)
    asked = check_ask(await json_of(request, KNOWN) | {"kind": "solve"}, context.settings.limits)
    return await run_in_threadpool(_looked, context, asked)


def _looked(context: AppState, asked: dict[str, Any]) -> Response:
    file = context.library.file(asked["scenario"])
    own = read_scenario(file, asked["overrides"]).model.budget
    most = None if own is None else budget_range(own)["max"]
    try:
        _, settings = resolved(file, asked)
        ask = {"kind": "outlook", "file": str(file), "overrides": asked["overrides"], "settings": settings}
        return answer(context.jobs.look(ask | {"most": most}))
    except (Refused, HubplannerError) as error:
        refused = error if isinstance(error, Refused) else as_refused(error)
        return answer({"curve": None, "sites": {}, "why": refused.sentence})


def _of_a_run(context: AppState, asked: dict[str, Any]) -> dict[str, Any]:
    folder = own_folder(run_folders(context.settings.runs), asked["run"], "run")
    note = read_note(folder)
    own = {key: asked[key] for key in ("kind", "site", "draws", "share_error")}
    return {**own, "run": str(folder), "note": note}


@router.get("")
def listing(request: Request) -> Response:
    """Return all jobs in short."""
    return answer(context_of(request).jobs.listing())


@router.get("/{name}")
def job(request: Request, name: str) -> Response:
    """Return how a job stands."""
    return answer(context_of(request).jobs.get(name).as_dict())


@router.post("/{name}/cancel")
def cancel(request: Request, name: str) -> Response:
    """End a job and all its processes."""
    return answer(context_of(request).jobs.cancel(name).as_dict())


@router.get("/{name}/events")
async def events(request: Request, name: str) -> Response:
    """Return a stream of what a job tells."""
    jobs = context_of(request).jobs
    return StreamingResponse(_events(jobs, jobs.get(name)), media_type="text/event-stream")


async def _events(jobs: JobQueue, job: Job) -> AsyncIterator[str]:
    sent, said = 0, time.monotonic()
    while True:
        ended = job.state in ENDED
        for event, figures in job.events[sent:]:
            sent, said = sent + 1, time.monotonic()
            yield _event(event, figures)
        if ended:
            yield _event("end", job.as_dict())
            return
        if jobs.closed:
            return
        if time.monotonic() - said > ALIVE_S:
            said = time.monotonic()
            yield ": alive\n\n"
        await asyncio.sleep(LOOK_S)


def _event(name: str, figures: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(figures, ensure_ascii=False, allow_nan=False)}\n\n"
