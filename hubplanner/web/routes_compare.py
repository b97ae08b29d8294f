"""Two runs side by side."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from hubplanner.web.answers import encode, packed, packed_answer
from hubplanner.web.routes_runs import run_folder

router = APIRouter(prefix="/api")


@router.get("/compare")
def compare(request: Request, a: str, b: str) -> Response:
    """Return how a run differs from another one."""
    from hubplanner.workflow.mapdata_compare import side_by_side  # noqa: PLC0415 - heavy

    text = encode(side_by_side(run_folder(request, a), run_folder(request, b)))
    return packed_answer(request, (text, packed(text)), "application/json")
