"""Valhalla's ways through Porto Alegre, frozen by tests/benchmarks/valhalla.py, against ours over the same extract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.instances.published import SHARED

import hubplanner as hp

EXTRACT = SHARED / "roads" / "poa.osm.pbf"
TABLE: dict[str, Any] = json.loads(Path(__file__).with_name("valhalla_poa.json").read_text(encoding="utf-8"))

pytestmark = pytest.mark.skipif(not EXTRACT.exists(), reason=f"{EXTRACT} is absent: set HUBPLANNER_SHARED")


def ratios(unit: Any) -> np.ndarray[Any, Any]:
    """Return ours over Valhalla's for each pair with a way; pairs next to each other say nothing."""
    roads = hp.read_roads(EXTRACT, unit=unit)
    travel = roads.travel(TABLE["from"], TABLE["to"], access_max_km=1, walk_straight=False)
    ours = np.array([travel.from_site(site) for site in range(len(TABLE["to"]))]).T
    theirs = np.array(TABLE[unit], dtype=float)
    apart = np.isfinite(ours) & (theirs > 0.5)
    assert apart.sum() > 1300
    return ours[apart] / theirs[apart]


def test_the_shortest_ways_are_as_long() -> None:
    found = ratios("km")
    assert np.median(found) == pytest.approx(1, abs=0.01)
    assert (np.abs(found - 1) < 0.01).mean() > 0.95


def test_minutes_are_of_the_same_order() -> None:
    """Other speeds by class, and Valhalla counts turns: ours are less, by about as much on every way."""
    found = ratios("minutes")
    assert 0.75 < np.median(found) < 1.05
    assert (np.abs(found / np.median(found) - 1) < 0.25).mean() > 0.9
