"""Why each hub stands where it does: in the words of an explanation, or from the plan's own figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from hubplanner.report.lettering import share_in_words
from hubplanner.report.page_words import about, count, decimal
from hubplanner.report.result import isolated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hubplanner.problem import Floats
    from hubplanner.report.result import Result

EARTH_KM = 6371.0088
FULL = 0.995
"""Share of its room from which a hub is full."""


def reasons(result: Result, explained: Mapping[str, str]) -> list[str]:
    """Return a sentence or two for each row of hubs.

    Parameters
    ----------
    explained
        Words by site id, from an explanation of the plan.
    """
    rows = result.hubs.to_dict("records")
    near, away = _nearest(result)
    names = [isolated(result.name_of(row)) for row in rows]
    asked = set(result.scenario.model.require)
    found = []
    for place, row in enumerate(rows):
        words = explained.get(str(row["site_id"]))
        neighbour = "" if near[place] < 0 else _neighbour(names[near[place]], float(away[place]))
        found.append(words or f"{_because(result, row, asked)}{neighbour}")
    return found


def _because(result: Result, row: dict[str, Any], asked: set[str]) -> str:
    people, room = float(row["covered_people"]), row.get("capacity")
    verb = "Serves" if result.seated else "Brings"
    what = f"{verb} {count(people)} people" + ("" if result.seated else " within reach")
    if room is not None and not pd.isna(room):
        share = people / room if room else 0.0
        what += " and is full" if share >= FULL else f", {share_in_words(share)} of its room"
    if row["status"] == "existing":
        return f"Stands already. {what}."
    each = f", at {about(result, row['cost'] / people)} a person" if people >= 1 and row["cost"] > 0 else ""
    first = "Asked for by the scenario. " if row["site_id"] in asked or _required(row) else ""
    first += "Grows from a smaller one. " if row["status"] == "upgraded" else ""
    return f"{first}{what}{each}."


def _required(row: dict[str, Any]) -> bool:
    return any(row.get(name) == "required" for name in ("site_status", "status"))


def _neighbour(name: str, km: float) -> str:
    return f" The nearest other hub, {name}, is {decimal(km, 'km')} away in a straight line."


def _nearest(result: Result) -> tuple[Floats, Floats]:
    """Return for each hub's row the row of the nearest hub at another site, -1 without one, and the kilometres."""
    hubs = result.hubs
    near, away = np.full(len(hubs), -1), np.full(len(hubs), np.nan)
    if not len(hubs):
        return near, away
    _, first, of = np.unique(hubs["site_id"].astype(str), return_index=True, return_inverse=True)
    if len(first) > 1:
        lon, lat = np.radians(hubs.geometry.x.to_numpy()[first]), np.radians(hubs.geometry.y.to_numpy()[first])
        globe = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
        found: Any = KDTree(globe).query(globe, k=2)
        chord, other = found
        # Where two sites share a place, a site may come second to itself.
        column = np.where(other[:, 1] == np.arange(len(first)), 0, 1)
        rows = np.arange(len(first))
        near = first[other[rows, column]][of]
        away = (2 * EARTH_KM * np.arcsin(np.clip(chord[rows, column] / 2, 0, 1)))[of]
    return near, away
