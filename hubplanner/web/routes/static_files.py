"""The page's own files, and the map library's, by name: a file that is not listed is not there."""

from __future__ import annotations

import importlib.util
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from hubplanner.catalogues import page_texts
from hubplanner.extras import absent
from hubplanner.translation import gettext, spoken
from hubplanner.web.responses import Refused

if TYPE_CHECKING:
    from jinja2 import Environment

router = APIRouter()

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".json": "application/json",
}
VENDOR = ("maplibre-gl.js", "maplibre-gl.css")


@router.get("/")
def page() -> Response:
    """Return the page in the language that is spoken, with its words for what the browser adds."""
    language = spoken()
    words = language.as_page(page_texts() if language.texts else ())
    page = _pages().get_template("index.html").render(language=language, words=words, _=gettext)
    return Response(page, media_type=TYPES[".html"], headers={"Cache-Control": "no-cache"})


@cache
def _pages() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - only once a page is asked for

    return Environment(loader=PackageLoader("hubplanner.web", "static"), autoescape=True, undefined=StrictUndefined)


@router.get("/static/{name:path}")
def static(name: str) -> Response:
    """Return a file of the page."""
    return _file(_own().get(name), "no-cache")


@router.get("/vendor/{name}")
def vendor(name: str) -> Response:
    """Return a file of the map library, from its own package."""
    return _file(vendor_folder() / name if name in VENDOR else None, "max-age=3600")


@router.get("/tokens.css")
def tokens() -> Response:
    """Return the colours and sizes that the page shares with the report."""
    place = files("hubplanner.outputs.html") / "page" / "tokens.css"
    return _file(place if place.is_file() else None, "no-cache")


def _own() -> dict[str, Traversable]:
    """Return the page's files by name; read again each time, there are few."""
    found: dict[str, Traversable] = {}
    folders: list[tuple[str, Traversable]] = [("", files("hubplanner.web") / "static")]
    while folders:
        prefix, folder = folders.pop()
        for part in folder.iterdir():
            if part.is_dir():
                folders.append((f"{prefix}{part.name}/", part))
            elif Path(part.name).suffix in TYPES:
                found[f"{prefix}{part.name}"] = part
    return found


@cache
def vendor_folder() -> Path:
    """Return the folder of the map library's files.

    Raises
    ------
    MissingExtraError
        When the package is not installed.
    """
    found = importlib.util.find_spec("maplibre")
    if found is None or found.origin is None:
        raise absent(extra="web", needs="the app needs")
    return Path(found.origin).parent / "srcjs"


def _file(place: Traversable | Path | None, keep: str) -> Response:
    if place is None or not place.is_file():
        raise Refused(404, "There is no such file.")
    return Response(place.read_bytes(), media_type=TYPES[Path(place.name).suffix], headers={"Cache-Control": keep})
