"""Indices back to ids: hubs, demand and links as frames in WGS 84."""

from __future__ import annotations

from itertools import chain, count
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hubplanner.inputs.places import WGS84, lonlat
from hubplanner.problem import NOWHERE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hubplanner.inputs import Inputs
    from hubplanner.problem import Evaluation, Floats, Problem

_OF_FILES = ("lon", "lat", "fid", "geom", "geometry")
"""Columns that the files bring: coordinates in a table, number and shape in a GeoPackage."""


def hub_frame(inputs: Inputs, problem: Problem, evaluation: Evaluation) -> gpd.GeoDataFrame:
    """Return one row an open hub, the site's own columns last; longitude and latitude are its geometry."""
    options = evaluation.options
    sites = inputs.sites.frame.iloc[problem.option_site[options]].reset_index(drop=True)
    tiers = np.array([tier.name for tier in inputs.scenario.hubs], dtype=object)
    served = evaluation.server != NOWHERE
    plan: dict[str, Any] = {
        "site_id": sites["site_id"],
        "tier": tiers[problem.option_tier[options]],
        "status": np.where(problem.existing[options], "existing", "new"),
        "cost": problem.option_cost[options],
        "covered_need": _total(evaluation.server[served], problem.need[served], len(options)),
        "covered_people": _total(evaluation.server[served], problem.people[served], len(options)),
    }
    place = {inputs.scenario.sites.x, inputs.scenario.sites.y} if sites.crs == WGS84 else set()
    own = _renamed(sites.drop(columns=["site_id", "geometry", *place & set(sites.columns)]), plan, "site_")
    columns = plan | {str(name): _writable(column) for name, column in own.items()}
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(*lonlat(sites).T), crs=WGS84)


def demand_frame(inputs: Inputs, problem: Problem, evaluation: Evaluation) -> gpd.GeoDataFrame:
    """Return one row a demand row: its people, how they are covered and by which hub."""
    demand, row, unit = inputs.demand.frame, inputs.demand.row, inputs.unit
    plan = ("demand_id", "need", "people", "covered_share", "site_id", f"distance_{unit}", f"nearest_{unit}")
    groups = _renamed(pd.DataFrame(demand[list(inputs.scenario.demand.groups)]), plan, "demand_")
    frame = pd.concat([demand["demand_id"], groups, demand[["need", "people"]]], axis=1)
    frame["covered_share"] = _mean(row, evaluation.covered_share, np.ones(len(row)))
    served = _served(inputs, problem, evaluation)
    # Most need first, then most people, then the nearer hub: the row's first link is the hub that serves it.
    order = ["row", "need", "people", "distance", "site_id"]
    ranked = served.sort_values(order, ascending=[True, False, False, True, True])
    first = ranked.drop_duplicates("row").set_index("row").reindex(range(len(frame)))
    frame["site_id"] = first["site_id"].where(first["site_id"].notna(), None)
    frame[f"distance_{unit}"] = first["distance"]
    frame[f"nearest_{unit}"] = _mean(row, evaluation.nearest_distance, problem.need)
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(*lonlat(demand).T), crs=WGS84)


def link_frame(inputs: Inputs, problem: Problem, evaluation: Evaluation) -> gpd.GeoDataFrame:
    """Return one line a demand row and hub that serves it, with the people and need served."""
    served = _served(inputs, problem, evaluation)
    start = lonlat(inputs.demand.frame)[served["row"]]
    end = inputs.sites.lonlat[served["site"]]
    frame = pd.DataFrame(
        {
            "demand_id": inputs.demand.frame["demand_id"].to_numpy()[served["row"]],
            "site_id": served["site_id"],
            "people": served["people"],
            "need": served["need"],
            f"distance_{inputs.unit}": served["distance"],
        }
    )
    return gpd.GeoDataFrame(frame, geometry=shapely.linestrings(np.stack([start, end], axis=1)), crs=WGS84)


def _served(inputs: Inputs, problem: Problem, evaluation: Evaluation) -> pd.DataFrame:
    """Return people, need and mean distance by demand row and the hub that serves them."""
    points = np.flatnonzero(evaluation.server != NOWHERE)
    site = problem.option_site[evaluation.options[evaluation.server[points]]]
    frame = pd.DataFrame(
        {
            "row": inputs.demand.row[points],
            "site": site,
            "people": problem.people[points],
            "need": problem.need[points],
            "distance": evaluation.server_distance[points],
        }
    )
    # The people of a row stand evenly on its points, so a plain mean is a mean over people.
    sums = {"people": "sum", "need": "sum", "distance": "mean"}
    served = frame.groupby(["row", "site"], as_index=False).agg(sums)
    served["site_id"] = inputs.sites.frame["site_id"].to_numpy(dtype=object)[served["site"]]
    return served


def _renamed(own: pd.DataFrame, plan: Iterable[str], prefix: str) -> pd.DataFrame:
    """Return columns named so that they differ from each other and the plan's by more than case, for a GeoPackage."""
    used = {name.casefold() for name in (*plan, *_OF_FILES)}
    names = {}
    for name in sorted(map(str, own.columns), key=lambda name: name.casefold() in used):
        tries = chain([name, f"{prefix}{name}"], (f"{prefix}{name}_{number}" for number in count(2)))
        names[name] = next(new for new in tries if new.casefold() not in used)
        used.add(names[name].casefold())
    return own.rename(columns=names)


def _writable(column: pd.Series) -> pd.Series:
    """Return a column as files hold it: what is no number, date or text becomes text."""
    plain = column.dtype.kind in "biufM" or pd.api.types.is_string_dtype(column) or column.dtype == object
    return column if plain else column.map(str, na_action="ignore").astype(object)


def _total(group: np.ndarray[tuple[int, ...], np.dtype[np.intp]], weight: Floats, length: int) -> Floats:
    return np.bincount(group, weights=weight, minlength=length).astype(np.float64)


def _mean(row: np.ndarray[tuple[int, ...], np.dtype[np.intp]], values: Floats, weight: Floats) -> Floats:
    """Return the weighted mean of values by row: plain where a row has no weight, NaN where a value is infinite."""
    count = np.bincount(row)
    weight = np.where(_total(row, weight, len(count))[row] > 0, weight, 1.0)
    mean = _total(row, values * weight, len(count)) / _total(row, weight, len(count))
    return np.where(np.isfinite(mean), mean, np.nan)
