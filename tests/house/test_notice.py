"""NOTICE names every package that hubplanner is installed with, and what its wheels bring."""

from __future__ import annotations

import re
from configparser import ConfigParser
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTICE = (ROOT / "NOTICE").read_text(encoding="utf-8")
LIBRARIES = NOTICE.partition("Libraries that the wheels above share\n")[2]
BUNDLED = {
    "cbc": "CBC",
    "libgeos": "GEOS",
    "libgdal": "GDAL",
    "libproj": "PROJ",
    "libscip-": "SCIP",
    "maplibre-gl.js": "MapLibre GL JS",
    "libarrow.": "Apache Arrow",
    "DejaVuSans.ttf": "DejaVu",
    "axe.min.js": "axe-core",
}
"""Beginnings of the names of foreign files in wheels, and what they are."""


def settings() -> ConfigParser:
    parser = ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def packages() -> set[str]:
    """Return what is needed, and what the extras for users bring."""
    parser = settings()
    lists = [parser["options"]["install_requires"]]
    lists += [text for extra, text in parser["options.extras_require"].items() if extra != "dev"]
    lines = [line.strip() for text in lists for line in text.splitlines()]
    named = {re.split(r"[<>=!\[ ]", line)[0] for line in lines if line and not line.startswith("#")}
    return named - {"hubplanner"}  # all extras at once


def named() -> dict[str, str]:
    """Return each package that NOTICE names, with its line."""
    rows = [line for line in NOTICE.splitlines() if re.match(r"\S+ {2,}\S", line)]
    return {line.split()[0]: line for line in rows}


def installed() -> set[str]:
    return packages() | {"axe-playwright-python", "pyscipopt"}


def test_every_package_is_named() -> None:
    assert packages() <= named().keys()
    assert "NOTICE" in settings()["metadata"]["license_files"]


@pytest.mark.parametrize("package", sorted(installed()))
def test_what_a_wheel_brings_is_named(package: str) -> None:
    files = [file for file in distribution(package).files or () if file.name]
    brought = {what for start, what in BUNDLED.items() if any(file.name.startswith(start) for file in files)}
    assert {what for what in brought if what not in named()[package]} == set()
    libraries = {re.split(r"[-.]", file.name)[0] for file in files if file.parts[0].endswith(".libs")}
    assert libraries <= set(re.findall(r"\blib\w+", LIBRARIES))


def test_what_is_looked_for_in_wheels_is_there() -> None:
    names = [file.name for package in named().keys() & installed() for file in distribution(package).files or ()]
    assert [start for start in BUNDLED if not any(name.startswith(start) for name in names)] == []
