"""What a plan along roads shows beside others: the ways that people take."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import shapely

from hubplanner.inputs import Inputs
from hubplanner.inputs.coordinates import lonlat
from hubplanner.problem import Evaluation, GreatCircle, Ints, Problem
from hubplanner.problem.travel.routes import routes

SIMPLER = 0.02 / 111.195
"""Degrees, 20 m, by which drawn ways may leave the roads that they follow."""


class DrawnWays(NamedTuple):
    """Ways of links along roads.

    Parameters
    ----------
    lines
        (k,) lines in degrees, from the demand row to the hub.
    columns
        Of each: ``mode``, the means that is quickest; ``road_km`` along roads; ``access_km`` off them, in a straight
        line, at both ends together.
    """

    lines: Any
    columns: dict[str, Any]


def ways_of_links(inputs: Inputs, problem: Problem, plan: Evaluation, row: Ints, site: Ints) -> DrawnWays | None:
    """Return the ways of links (k,) between demand rows and sites; None where people do not travel along roads.

    Of a row whose people are spread over points it is the way of the point nearest to the row's place.
    """
    modes = {} if inputs.searched is None else inputs.searched.modes
    if not modes:
        return None
    point = _middle_points(inputs, problem, plan, row, site)
    far = np.array([network.along(point, site) for network in modes.values()]).reshape(len(modes), len(point))
    quickest = far.argmin(axis=0)
    start = lonlat(inputs.demand.frame)[row]
    lines, road_km, access_km = np.empty(len(row), dtype=object), np.zeros(len(row)), np.zeros(len(row))
    for number, network in enumerate(modes.values()):
        mine = np.flatnonzero(quickest == number)
        for at, route in zip(mine.tolist(), routes(network, point[mine], site[mine], far[number, mine]), strict=True):
            away = (start[at] != route.places[0]).any()
            lines[at] = shapely.LineString(np.vstack([start[[at]], route.places]) if away else route.places)
            road_km[at], access_km[at] = route.road_km, route.off_km
    names = np.array(list(modes), dtype=object)
    columns = {"mode": names[quickest], "road_km": road_km, "access_km": access_km}
    return DrawnWays(shapely.simplify(lines, SIMPLER, preserve_topology=False), columns)


def _middle_points(inputs: Inputs, problem: Problem, plan: Evaluation, row: Ints, site: Ints) -> Ints:
    """Return for each row and site the point, of those served there, that is nearest to the row's place."""
    points, hub = plan.assigned.tocoo().coords
    served = pd.DataFrame(
        {"point": points, "row": inputs.demand.row[points], "site": problem.option_site[plan.options[hub]]}
    )
    places = lonlat(inputs.demand.frame)
    measure = GreatCircle(inputs.demand.points, places).measure
    served["km"] = measure(inputs.demand.points[served["point"]], places[served["row"]])
    first = (
        served.sort_values(["row", "site", "km", "point"]).drop_duplicates(["row", "site"]).set_index(["row", "site"])
    )
    return first.loc[pd.MultiIndex.from_arrays([row, site]), "point"].to_numpy(dtype=np.intp)
