"""What the map shows of demand: its rows or points, or a fine grid where millions of points were merged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pyproj import Transformer
from scipy.spatial import KDTree

from hubplanner.inputs.places import WGS84
from hubplanner.problem import within

if TYPE_CHECKING:
    from hubplanner.inputs.merged import MergedDemand
    from hubplanner.inputs.tally import Lattice
    from hubplanner.problem import Floats
    from hubplanner.report.plan import Plan

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


def seen(plan: Plan) -> DemandLayer:
    """Return the demand of a plan's map."""
    demand, merged = plan.inputs.demand, plan.inputs.merged
    if merged is None or plan.again is None or not len(plan.again.lattice.need):
        lonlat = _lonlat(plan, demand.points)
        return DemandLayer(lonlat=lonlat, need=plan.problem.need, covered_share=plan.evaluation.covered_share)
    lattice = plan.again.lattice
    return DemandLayer(
        lonlat=_lonlat(plan, _points(plan, lattice)), need=lattice.need, covered_share=_covered(plan, merged, lattice)
    )


def _lonlat(plan: Plan, places: Floats) -> Floats:
    transformer = Transformer.from_crs(plan.inputs.demand.crs, WGS84, always_xy=True)
    return np.column_stack(transformer.transform(*places.T))


def _covered(plan: Plan, merged: MergedDemand, lattice: Lattice) -> Floats:
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


def _points(plan: Plan, lattice: Lattice) -> Floats:
    """Return the lattice's places in the unit of demand's points."""
    return lattice.places * (METRES_PER_KM if plan.inputs.scenario.travel.method == "planar" else 1.0)
