"""Rivers, lakes and borders that nobody crosses off the road: what ways to and from the roads they bar."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from hubplanner.errors import Fault
from hubplanner.inputs.map_layers import AREAS, LINES, read_shapes
from hubplanner.inputs.travel.roads.lines import Roads
from hubplanner.problem import Bools, Floats
from hubplanner.problem.travel.geometric import EARTH_RADIUS_KM
from hubplanner.scenario.travel_spec import NetworkSpec
from hubplanner.translation import gettext as _

TOUCH = 1e-9
"""Degrees, a tenth of a millimetre, within which a way touches a barrier."""
HALF_TURN = 180.0


class Barriers:
    """Tells which straight ways touch a line or an area, as `hubplanner.problem.travel.roads.Barred`.

    Ways are straight in degrees, as on the map, the shorter way around the globe. One that ends on a barrier, or begins
    on it or inside, is barred as well.

    Parameters
    ----------
    shapes
        (n,) lines and areas of shapely in degrees.

    >>> river = Barriers(np.array([shapely.LineString([(1, -1), (1, 1)])]))
    >>> river(np.array([[0.0, 0.0], [0.0, 0.0]]), np.array([[0.9, 0.0], [1.0, 0.0]])).tolist()
    [False, True]
    """

    def __init__(self, shapes: Any) -> None:
        """Prepare each part of the shapes."""
        self.shapes = np.asarray(shapes, dtype=object)
        self.parts: Any = shapely.get_parts(self.shapes)
        shapely.prepare(self.parts)
        bounds = shapely.bounds(self.parts) + TOUCH * np.array([-1, -1, 1, 1])
        boxes: Any = shapely.box(*bounds.T)
        self._near = shapely.STRtree(boxes)

    @property
    def drawn(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """The shapes as bytes, by which what was made of them is known again."""
        return np.frombuffer(b"".join(shapely.to_wkb(self.shapes)), dtype=np.uint8)

    def __call__(self, start: Floats, end: Floats) -> Bools:
        """Tell which ways between places (k, 2) and (k, 2) in degrees touch a barrier."""
        turns = np.round((start[:, 0] - end[:, 0]) / (2 * HALF_TURN)) * 2 * HALF_TURN
        legs = np.stack([start, end + np.column_stack([turns, np.zeros(len(end))])], axis=1)
        found = self._touched(legs)
        for side in (1, -1):  # what leads over the seam of the map goes on at its other side
            over = np.flatnonzero((side * legs[:, :, 0]).max(axis=1, initial=0.0) > HALF_TURN)
            if len(over):
                found[over] |= self._touched(legs[over] - np.array([side * 2 * HALF_TURN, 0.0]))
        return found

    def _touched(self, legs: Floats) -> Bools:
        found = np.zeros(len(legs), dtype=np.bool_)
        lines: Any = shapely.linestrings(legs)
        leg, part = self._near.query(lines)
        found[leg[shapely.intersects(self.parts[part], lines[leg])]] = True
        left = ~found[leg]  # distances take longer, and are asked only of ways that cross nothing
        leg, part = leg[left], part[left]
        found[leg[shapely.dwithin(self.parts[part], lines[leg], TOUCH)]] = True
        return found


def read_barriers(spec: NetworkSpec, roads: Roads, faults: list[Fault]) -> Barriers | None:
    """Return the barriers of a scenario; None, with every fault noted, where there are none."""
    if spec.barriers is None:
        return None
    before, shapes = len(faults), read_shapes(spec.barriers, (*LINES, *AREAS), faults)
    if len(faults) > before:
        return None
    places = roads.vertices[np.unique([roads.start, roads.end])]
    low, high = places.min(axis=0), places.max(axis=0)
    up = np.degrees(spec.access_max_km / EARTH_RADIUS_KM)
    margin = np.array([up / max(np.cos(np.radians(np.abs([low[1], high[1]]).max())), up / HALF_TURN), up])
    if not shapely.intersects(shapely.box(*(low - margin), *(high + margin)), shapes).any():
        faults.append(Fault(file=spec.barriers.path, allowed=_("lies beside the roads: is it the right file?")))
        return None
    return Barriers(shapes)
