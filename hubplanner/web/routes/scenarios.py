"""State, scenarios and their maps."""

from __future__ import annotations

import importlib.metadata
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from hubplanner.extras import is_installed
from hubplanner.formats.table_formats import GZIP, UPLOADED, suffixes_of
from hubplanner.translation import gettext as _
from hubplanner.web.responses import Refused, answer, packed_answer
from hubplanner.web.state import context_of

router = APIRouter(prefix="/api")

Overrides = Annotated[list[str] | None, Query(alias="override", max_length=20)]


@router.get("/state")
def state(request: Request) -> Response:
    """Return what the page needs first."""
    context = context_of(request)
    return answer(
        {
            "version": importlib.metadata.version("hubplanner"),
            "scenarios": context.library.listing(),
            "base_map": context.settings.base_map,
            "excel": is_installed("excel"),
            "formats": (*suffixes_of(UPLOADED), GZIP),
        }
    )


@router.get("/scenarios/{name}")
def scenario(request: Request, name: str, overrides: Overrides = None) -> Response:
    """Return what may be changed about a scenario."""
    return answer(context_of(request).library.describe(name, overrides or []))


@router.get("/scenarios/{name}/map")
def base(request: Request, name: str) -> Response:
    """Return sites and bounds."""
    shown = context_of(request).library.get(name)
    with shown.lock:
        return packed_answer(request, shown.base, "application/json")


@router.get("/scenarios/{name}/map/demand")
def demand(request: Request, name: str) -> Response:
    """Return demand as points."""
    shown = context_of(request).library.get(name)
    with shown.lock:
        return packed_answer(request, shown.demand)


@router.get("/scenarios/{name}/map/areas")
def areas(request: Request, name: str) -> Response:
    """Return need as areas."""
    shown = context_of(request).library.get(name)
    with shown.lock:
        found = shown.need
    if found is None:
        raise Refused(404, _("Only points are known, or there are too many areas to draw."))
    return packed_answer(request, found)
