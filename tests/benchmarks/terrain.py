"""Travel over land of a country, drawn at random: ``python tests/benchmarks/terrain.py [--side N] [--sites N]``.

Hills of 500 m, three kinds of ground and a road each five kilometres, in cells of 100 m; every way of up to an hour
from each site to 90,000 points, over slopes and without them. Beside that stands scipy's own search over the same
cells, which knows no slopes, from a few of the sites; both must find the same minutes.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hubplanner.problem.travel.friction import Friction, FrictionGrid, GridCells, Moves
from hubplanner.problem.travel.terrain import MOTOR, WALK, Relief

CELL, MINUTES, ROADS, ROAD_KMH = 100.0, 60.0, 50, 40
FEW = 10
"""Sites that scipy's search is timed on."""


def country(side: int, moves: Moves, seed: int = 0) -> FrictionGrid:
    """Return the cells of a country of side by side cells, with slopes."""
    draw = np.random.default_rng(seed)
    kmh = draw.choice([3.0, 4.0, 5.0], (side, side)).astype(np.float32)
    mode = np.full((side, side), WALK, np.uint8)
    for part in (np.s_[::ROADS], np.s_[:, ::ROADS]):
        kmh[part], mode[part] = ROAD_KMH, MOTOR
    down, right = (np.arange(side, dtype=np.float32) / 5000 for _ in range(2))
    heights = (500 * np.sin(30 * down)[:, None] * np.sin(40 * right)[None]).astype(np.float32)
    wide = np.full(side, CELL)
    relief = Relief(heights, mode)
    return FrictionGrid(values=kmh, in_kmh=True, width=wide, height=CELL, moves=moves, relief=relief)


def travel(grid: FrictionGrid, sites: int, points: int) -> Friction:
    """Return travel between places in cells of their own."""
    draw = np.random.default_rng(1)
    side = len(grid.values)
    spots = [GridCells(*draw.integers(0, side, (2, count)), np.zeros(count)) for count in (points, sites)]
    return Friction(grid=grid, points=spots[0], sites=spots[1], most=MINUTES, site_places=np.zeros((sites, 2)))


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what some work gives, and its seconds of the processor."""
    began = time.process_time()
    found = work()
    return found, time.process_time() - began


def main() -> None:
    """Measure, print and write the table."""
    sys.path.append(str(Path(__file__).resolve().parents[1]))
    from benchmarks.suite import note

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=5000, help="cells of the country's side")
    parser.add_argument("--sites", type=int, default=850)
    parser.add_argument("--points", type=int, default=90_000)
    asked = parser.parse_args()
    sloping = country(asked.side, 16)
    flat = replace(sloping, relief=None, is_large=True)
    for grid in (sloping, flat):
        grid.minutes_from(0, 0, 1.0)  # compiles
    middle = asked.side // 2
    cells = int(np.isfinite(sloping.minutes_from(middle, middle, MINUTES)[2]).sum())
    rows = {
        f"compiled, slopes, {asked.sites} sites": (sloping, asked.sites),
        f"compiled, flat, {asked.sites} sites": (flat, asked.sites),
        f"compiled, flat, {FEW} sites": (flat, FEW),
        f"scipy, flat, {FEW} sites": (replace(flat, is_large=False), FEW),
    }
    found, took = {}, []
    for name, (grid, sites) in rows.items():
        ways = travel(grid, sites, asked.points)
        pairs, seconds = timed(lambda ways=ways: ways.pairs(0, asked.points, MINUTES))
        found[name] = pairs
        took.append([name, seconds])
    for one, other in zip(*list(found.values())[-2:], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = (
        f"Ways of up to {MINUTES:g} minutes to {asked.points:,} points over {asked.side:,} x {asked.side:,} cells of "
        f"{CELL:g} m, {cells:,} of them so near to the middle; {peak_mb:,.0f} MB. Plain scipy, which knows no slopes, "
        "finds the same minutes."
    )
    note("terrain", {"about": told, "what": "search", "rows": took})


if __name__ == "__main__":
    main()
