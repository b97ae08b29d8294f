"""Kinds of files that are taken from strangers."""

from __future__ import annotations

from hubplanner.errors import Fault, ScenarioError

SUFFIXES = (".csv", ".geojson", ".json", ".gpkg")


def check_kind(name: str) -> str:
    """Return the suffix of a file's name; raise where it is of another kind than those taken.

    >>> check_kind("Villages.CSV")
    '.csv'
    """
    suffix = f".{name.rpartition('.')[2].lower()}"
    if suffix not in SUFFIXES:
        raise ScenarioError(Fault(file=name, value=suffix, allowed=f"a file name ending in {', '.join(SUFFIXES)}"))
    return suffix
