"""Optional parts: what each needs, whether it is there, and what to do where it is not."""

from __future__ import annotations

import importlib.util

from hubplanner.errors import MissingExtraError
from hubplanner.translation import gettext as _

EXTRAS = {
    "parquet": ("pyarrow",),
    "raster": ("rasterio",),
    "terrain": ("numba", "rasterio"),
    "cluster": ("distributed",),
    "excel": ("xlsxwriter", "python_calamine"),
    "h3": ("h3",),
    "duckdb": ("duckdb",),
    "postgis": ("geoalchemy2", "psycopg", "sqlalchemy"),
    "docx": ("docx",),
    "languages": ("babel",),
    "web": ("fastapi", "uvicorn", "maplibre"),
}
"""Modules that each part of ``extras_require`` in setup.cfg brings, by what it is called there."""


def is_installed(extra: str) -> bool:
    """Tell whether an optional part is there."""
    return all(importlib.util.find_spec(module) for module in EXTRAS[extra])


def absent(*, extra: str, needs: str) -> MissingExtraError:
    """Return the error to raise where an optional part is not there.

    >>> str(absent(extra="excel", needs="an Excel workbook needs"))
    "an Excel workbook needs an optional part: pip install 'hubplanner[excel]'"
    """
    return MissingExtraError(_("{needs} an optional part: pip install 'hubplanner[{extra}]'", needs=needs, extra=extra))
