"""What all routes share: settings, scenarios and jobs of one server."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from hubplanner.web.jobs.queue import JobQueue
from hubplanner.web.scenarios import ScenarioStore
from hubplanner.web.settings import AppSettings


@dataclass(frozen=True, kw_only=True)
class AppState:
    """One server's state."""

    settings: AppSettings
    library: ScenarioStore
    jobs: JobQueue


def new_context(settings: AppSettings) -> AppState:
    """Return the state of a server that starts."""
    library = ScenarioStore(settings.scenarios, settings.workspace)
    return AppState(settings=settings, library=library, jobs=JobQueue(settings.limits))


def context_of(request: Request) -> AppState:
    """Return the state of the server that a request reached."""
    context: AppState = request.app.state.context
    return context
