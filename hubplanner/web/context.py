"""What all routes share: settings, scenarios and jobs of one server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import Request  # noqa: TC002 - FastAPI reads the annotations

from hubplanner.web.jobs import Jobs
from hubplanner.web.library import Library

if TYPE_CHECKING:
    from hubplanner.web.settings import AppSettings


@dataclass(frozen=True, kw_only=True)
class Context:
    """One server's state."""

    settings: AppSettings
    library: Library
    jobs: Jobs


def new_context(settings: AppSettings) -> Context:
    """Return the state of a server that starts."""
    library = Library(settings.scenarios, settings.workspace)
    return Context(settings=settings, library=library, jobs=Jobs(settings.limits))


def context_of(request: Request) -> Context:
    """Return the state of the server that a request reached."""
    context: Context = request.app.state.context
    return context
