"""Need on the map: hexagons where demand is spread, graduated points for a few rows; blue where covered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import PolyCollection
from pyproj import Transformer
from scipy.spatial import KDTree

from hubplanner.inputs.coordinates import WGS84
from hubplanner.problem import within

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hubplanner.inputs.aggregation import MergedDemand
    from hubplanner.inputs.stream_checks import Lattice
    from hubplanner.outputs.plan_data import PlanData
    from hubplanner.problem import Floats, Ints

# The blues of covered are darker than any other colour, and partly covered has a dark edge: both show in black and
# white, and to colour-blind readers.
NOT_COVERED = ("#f2eee4", "#e5ddcc", "#d6cab3", "#c6b79b", "#b3a283")
PARTLY = ("#d3e6f3", "#bddaed", "#a6cce5", "#8fbddc", "#78aed3")
COVERED = ("#5f9cc8", "#4484b5", "#2d6c9f", "#1a5486", "#0c3c69")
EDGES, WIDTHS = ("white", COVERED[3], "white"), (0.35, 0.8, 0.35)
"""Of not, partly and fully covered hexagons."""
MOST_MARKS = 1500
"""More points than this are gathered in hexagons."""
HEXAGON_INCH = 0.112
"""Width of a hexagon on paper: wide enough to show around a hub's mark."""
LEAST_SPACINGS = 2.5
"""Width of a hexagon in spacings of spread demand: a narrower one would show how the lattice falls."""
SOME, HALF = 0.1, 0.5
"""Covered shares of the need from which a hexagon counts as partly covered, and as covered."""
_NICE = np.concatenate([np.array([1, 2, 5]) * 10.0**power for power in range(-6, 9)])
_LEAST_MARK, _MOST_MARK = 9.0, 420.0
"""Areas of graduated points, square points of type."""


@dataclass(frozen=True, kw_only=True, eq=False)
class HexagonLayer:
    """Demand to draw.

    Parameters
    ----------
    places
        (p, 2) kilometres on the map.
    need, covered_share
        (p,) by place.
    hexagon_km
        Width of a hexagon.
    merged
        Whether places stand for points that were merged.
    """

    places: Floats
    need: Floats
    covered_share: Floats
    hexagon_km: float
    merged: bool = False

    @property
    def gathered(self) -> bool:
        """Whether the demand is drawn as hexagons rather than points."""
        return self.merged or len(self.need) > MOST_MARKS


@dataclass(frozen=True, kw_only=True, eq=False)
class Hexagons:
    """Demand by hexagon.

    Parameters
    ----------
    centres
        (h, 2) kilometres on the map.
    density
        (h,) need per square kilometre.
    coverage
        (h,) 0 where not covered, 1 partly, 2 covered.
    """

    centres: Floats
    density: Floats
    coverage: Ints


def draw_ground(axes: Axes, ground: HexagonLayer) -> Floats:
    """Draw the demand and return what its legend explains: class limits of hexagons, or needs of graduated points."""
    return _draw_hexagons(axes, ground) if ground.gathered else _draw_marks(axes, ground)


def hexagons(ground: HexagonLayer) -> Hexagons:
    """Return need and coverage of each hexagon that has demand."""
    centres, cell = np.unique(_nearest_centres(ground.places, ground.hexagon_km), axis=0, return_inverse=True)
    cell = cell.ravel()
    need = np.bincount(cell, weights=ground.need)
    # Without need, a hexagon is as covered as its places are.
    weight = np.where(need[cell] > 0, ground.need, 1.0)
    share = np.bincount(cell, weights=weight * ground.covered_share) / np.bincount(cell, weights=weight)
    area = np.sqrt(3) / 2 * ground.hexagon_km**2
    return Hexagons(centres=centres, density=need / area, coverage=np.searchsorted((SOME, HALF), share, side="right"))


def _nearest_centres(places: Floats, width: float) -> Floats:
    """Return the centre (p, 2) of the upright hexagon that holds each place, rounded so that equal ones compare equal.

    The centres are two rectangular lattices, one shifted by half a step; the nearer of both candidates is it.
    """
    step = np.array([width, width * np.sqrt(3)])
    first = np.round(places / step) * step
    second = (np.floor(places / step) + HALF) * step
    nearer = np.hypot(*(places - first).T) <= np.hypot(*(places - second).T)
    return np.asarray(np.round(np.where(nearer[:, None], first, second) / width, 6) * width)


def class_limits(values: Floats) -> Floats:
    """Return at most four round numbers that part values into classes.

    >>> class_limits(np.arange(1.0, 101.0)).tolist()
    [20.0, 50.0, 100.0]
    """
    positive = values[values > 0]
    if not len(positive):
        return np.zeros(0)
    wanted = np.log(np.quantile(positive, [0.3, 0.6, 0.85, 0.96]))
    return np.unique(_NICE[np.abs(np.log(_NICE) - wanted[:, None]).argmin(axis=1)])


def shades(colors: tuple[str, ...], limits: Floats) -> tuple[str, ...]:
    """Return the colours of as many classes as there are, from the palest."""
    return colors[: len(limits) + 1]


def _draw_hexagons(axes: Axes, ground: HexagonLayer) -> Floats:
    cells = hexagons(ground)
    limits = class_limits(cells.density)
    shade: Ints = np.searchsorted(limits, cells.density, side="right")
    colors = np.array([NOT_COVERED, PARTLY, COVERED])[cells.coverage, shade]
    angles = np.radians(np.arange(30, 390, 60))
    shape = ground.hexagon_km / np.sqrt(3) * np.column_stack([np.cos(angles), np.sin(angles)])
    for level in range(3):
        chosen = cells.coverage == level
        outlines = list(cells.centres[chosen, None, :] + shape)
        style: dict[str, Any] = {"edgecolors": EDGES[level], "linewidths": WIDTHS[level], "zorder": 1 + level / 10}
        axes.add_collection(PolyCollection(outlines, facecolors=colors[chosen].tolist(), **style))
    return limits


def mark_area(need: Floats, most: float) -> Floats:
    """Return the areas of graduated points in square points of type."""
    return np.maximum(_MOST_MARK * need / most if most > 0 else np.zeros_like(need), _LEAST_MARK)


def _draw_marks(axes: Axes, ground: HexagonLayer) -> Floats:
    """Draw one circle a place, small ones over large ones."""
    most = float(ground.need.max())
    order = np.argsort(-ground.need, kind="stable")
    colors = np.where(ground.covered_share >= HALF, COVERED[2], NOT_COVERED[4])
    area = mark_area(ground.need, most)
    east, north = ground.places[order].T
    axes.scatter(east, north, s=area[order], c=colors[order].tolist(), edgecolors="white", linewidths=0.6, zorder=2)
    if most <= 0:
        return np.zeros(1)
    return np.unique([_NICE[_NICE.searchsorted(most * part, side="right") - 1] for part in (0.05, 0.3, 1.0)])


METRES_PER_KM = 1000.0


@dataclass(frozen=True, kw_only=True, eq=False)
class DemandLayer:
    """Demand on a map.

    Parameters
    ----------
    lonlat
        (p, 2) longitudes and latitudes.
    need, covered_share
        (p,) by place.
    """

    lonlat: Floats
    need: Floats
    covered_share: Floats


def seen(plan: PlanData) -> DemandLayer:
    """Return the demand of a plan's map."""
    demand, merged = plan.inputs.demand, plan.inputs.merged
    if merged is None or plan.again is None or not len(plan.again.lattice.need):
        lonlat = _lonlat(plan, demand.points)
        return DemandLayer(lonlat=lonlat, need=plan.problem.need, covered_share=plan.evaluation.covered_share)
    lattice = plan.again.lattice
    return DemandLayer(
        lonlat=_lonlat(plan, _points(plan, lattice)), need=lattice.need, covered_share=_covered(plan, merged, lattice)
    )


def _lonlat(plan: PlanData, places: Floats) -> Floats:
    transformer = Transformer.from_crs(plan.inputs.demand.crs, WGS84, always_xy=True)
    return np.column_stack(transformer.transform(*places.T))


def _covered(plan: PlanData, merged: MergedDemand, lattice: Lattice) -> Floats:
    """Return the share (g,) covered: none beyond reach, else that of the nearest row some of which is covered."""
    options, problem, share = plan.evaluation.options, plan.problem, plan.evaluation.covered_share
    near = np.zeros(len(lattice.need), dtype=np.bool_)
    travel = merged.straight.at(lattice.places)
    for site, reach in zip(problem.option_site[options], problem.option_reach[options], strict=True):
        near |= within(travel.from_site(int(site)), float(reach))
    rows = np.flatnonzero(share > 0)
    if not len(rows):
        return np.zeros(len(near))
    _, nearest = KDTree(plan.inputs.demand.points[rows]).query(_points(plan, lattice))
    return np.where(near, share[rows[nearest]], 0.0)


def _points(plan: PlanData, lattice: Lattice) -> Floats:
    """Return the lattice's places in the unit of demand's points."""
    return lattice.places * (METRES_PER_KM if plan.inputs.scenario.travel.is_planar else 1.0)
