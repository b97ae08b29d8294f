"""The app as an ASGI program: routes, the door before them, and nothing from any other host."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from hubplanner.errors import HubplannerError
from hubplanner.translation import Language, in_language
from hubplanner.web.responses import SMALLEST_PACKED, Refused, as_refused, refusal
from hubplanner.web.routes import (
    frontiers as routes_frontiers,
    jobs as routes_jobs,
    runs as routes_runs,
    scenarios as routes_scenarios,
    static_files as pages,
    uploads as routes_uploads,
)
from hubplanner.web.security import Guard
from hubplanner.web.settings import AppSettings
from hubplanner.web.state import new_context

log = logging.getLogger(__name__)

WRONG = "Something went wrong inside hubplanner; the terminal says more."


def create_app(settings: AppSettings) -> FastAPI:
    """Return the app of a server."""
    settings.workspace.mkdir(parents=True, exist_ok=True)
    app = FastAPI(
        title="hubplanner", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_life, redirect_slashes=False
    )
    app.state.context = new_context(settings)
    for part in (pages, routes_scenarios, routes_uploads, routes_jobs, routes_runs, routes_frontiers):
        app.include_router(part.router)
    app.include_router(routes_runs.comparisons)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(HubplannerError, _unusable)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _not_served)
    app.add_exception_handler(ClientDisconnect, _broken_off)
    app.add_exception_handler(Exception, _wrong)
    app.add_middleware(GZipMiddleware, minimum_size=SMALLEST_PACKED, compresslevel=4)
    app.add_middleware(Guard, settings=settings)
    app.add_middleware(Speaker, language=settings.language)
    return app


class Speaker:
    """Answers every request in the app's language."""

    def __init__(self, app: ASGIApp, language: Language) -> None:
        """Take what answers, and the language to speak."""
        self.app, self.language = app, language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        with in_language(self.language):
            await self.app(scope, receive, send)


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    """Make ready for work when the server starts, and end all of it when it stops."""
    threading.Thread(target=app.state.context.jobs.warm, daemon=True).start()
    yield
    await run_in_threadpool(app.state.context.jobs.close)


def _refused(request: Request, error: Exception) -> Response:
    del request
    return refusal(error if isinstance(error, Refused) else Refused(500, WRONG))


def _unusable(request: Request, error: Exception) -> Response:
    del request
    return refusal(as_refused(error) if isinstance(error, HubplannerError) else Refused(500, WRONG))


def _unreadable(request: Request, error: Exception) -> Response:
    del request, error
    return refusal(Refused(400, "The address has parts that cannot be read."))


def _not_served(request: Request, error: Exception) -> Response:
    del request
    status = error.status_code if isinstance(error, HTTPException) else 500
    return refusal(Refused(status, "There is nothing here." if status < 500 else WRONG))  # noqa: PLR2004


def _broken_off(request: Request, error: Exception) -> Response:
    del request, error
    return refusal(Refused(400, "The request was interrupted."))


def _wrong(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return refusal(Refused(500, WRONG))
