"""Indices back to ids: hubs, demand and links as frames in WGS 84."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, count
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hubplanner.inputs import Inputs
from hubplanner.inputs.coordinates import WGS84, lonlat
from hubplanner.outputs.backhaul import links_of
from hubplanner.outputs.roads import ways_of_links
from hubplanner.outputs.rounding import round_columns
from hubplanner.outputs.stability import certainty_columns
from hubplanner.problem import Evaluation, Floats, Ints, Problem, Solution
from hubplanner.problem.catchments import Proposal

DECIMALS = 6
"""Of degrees: a tenth of a metre."""
BETWEEN_NAMES = "; "
"""Between the names in a cell, none of which holds it."""
_OF_FILES = ("lon", "lat", "fid", "geom", "geometry")
"""Columns that the files bring: coordinates in a table, number and shape in a GeoPackage."""


def hub_frame(
    inputs: Inputs, solution: Solution, evaluation: Evaluation, proposed: Proposal | None = None
) -> gpd.GeoDataFrame:
    """Return one row a site and tier with open hubs, the site's own columns last; its place is the geometry."""
    problem, options = solution.problem, evaluation.options
    sites = inputs.sites.frame.iloc[problem.option_site[options]].reset_index(drop=True)
    tiers = np.array([tier.name for tier in inputs.scenario.hubs], dtype=object)
    credit = evaluation.credit.T
    links = 0.0 if evaluation.backhaul is None else evaluation.backhaul.link_cost  # not in the cost of an option
    plan: dict[str, Any] = {
        "site_id": sites["site_id"],
        "tier": tiers[problem.option_tier[options]],
        "status": _statuses(problem, options),
        "hubs": evaluation.counts,
        "cost": problem.option_cost[options] * evaluation.counts + links,
        "covered_need": credit @ problem.need,
        "covered_people": credit @ problem.people,
        "load": evaluation.load,
        **_room(inputs, problem, evaluation),
        **links_of(inputs, problem, evaluation),
        **({"period": opening_years(solution, evaluation)} if solution.periods else {}),
        **_proposed(inputs, proposed),
        **certainty_columns(inputs, problem, evaluation),
    }
    place = {inputs.scenario.sites.x, inputs.scenario.sites.y} if sites.crs == WGS84 else set()
    own = _renamed(sites.drop(columns=["site_id", "geometry", *place & set(sites.columns)]), plan, "site_")
    figures = pd.DataFrame(plan)
    round_columns(figures, plan)
    columns = dict(figures) | {str(name): _writable(column) for name, column in own.items()}
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(*lonlat(sites).T), crs=WGS84)


def _statuses(problem: Problem, options: Ints) -> np.ndarray[tuple[int, ...], np.dtype[np.str_]]:
    stands = np.where(problem.existing[options], "existing", "new")
    return np.where(problem.upgrades[options], "upgraded", stands)


def _room(inputs: Inputs, problem: Problem, evaluation: Evaluation) -> dict[str, Floats]:
    """Return how many people the hubs have room for, and the share of it that is taken; nothing without capacities."""
    if all(tier.capacity is None for tier in inputs.scenario.hubs):
        return {}
    options = evaluation.options
    room = inputs.sites.capacity[problem.option_site[options], problem.option_tier[options]] * evaluation.counts
    room = np.where(np.isfinite(room), room, np.nan)
    return {"capacity": room, "utilisation": evaluation.load / room}


def _proposed(inputs: Inputs, proposed: Proposal | None) -> dict[str, Any]:
    """Return how large the hubs' places are, and what others are nearly as good by name, the largest first."""
    if proposed is None:
        return {}
    frame = inputs.sites.frame
    names = frame["name" if "name" in frame else "site_id"].to_numpy(dtype=object)
    plain = [str(name).replace(BETWEEN_NAMES, ", ") for name in names]
    others = [BETWEEN_NAMES.join(plain[site] for site in sites) for sites in proposed.alternatives]
    new = proposed.rank > 0
    ranks = {
        name: np.where(new, part, np.nan)
        for name, part in (("size_rank", proposed.rank), ("of_sites", proposed.among), ("larger_free", proposed.larger))
    }
    return {"catchment": proposed.catchment, **ranks, "alternatives": others}


def opening_years(solution: Solution, evaluation: Evaluation) -> list[str]:
    """Return the year from which each open option is open without a break."""
    opened = []
    for option in evaluation.options.tolist():
        year = solution.periods[-1].name
        for period in reversed(solution.periods):
            if option not in period.evaluation.options:
                break
            year = period.name
        opened.append(year)
    return opened


def demand_frame(inputs: Inputs, problem: Problem, evaluation: Evaluation) -> gpd.GeoDataFrame:
    """Return one row a demand row: its people, how they are covered and by which hub."""
    demand, row, unit = inputs.demand.frame, inputs.demand.row, inputs.unit
    ways, beside = (f"distance_{unit}", f"nearest_{unit}"), _people_by_measure(inputs, problem, evaluation)
    plan = ("demand_id", "need", "people", "covered_share", "site_id", *ways, *beside)
    own = dict.fromkeys([*(["name"] if inputs.scenario.demand.name else []), *inputs.scenario.demand.groups])
    told = _renamed(pd.DataFrame(demand[list(own)]), plan, "demand_")
    frame = pd.concat([demand["demand_id"], told, demand[["need", "people"]]], axis=1)
    if inputs.demand.growth.any():  # as in the last year of a programme
        frame["need"] = np.bincount(row, weights=problem.need)
        frame["people"] = np.bincount(row, weights=problem.people)
    frame["covered_share"] = _mean(row, evaluation.covered_share, inputs.demand.share)
    served = _served(inputs, problem, evaluation)
    # Most need first, then most people, then the nearer hub: the row's first link is the hub that serves it.
    order = ["row", "need", "people", "distance", "site_id"]
    ranked = served.sort_values(order, ascending=[True, False, False, True, True])
    first = ranked.drop_duplicates("row").set_index("row").reindex(range(len(frame)))
    frame["site_id"] = first["site_id"].where(first["site_id"].notna(), None)
    frame[f"distance_{unit}"] = first["distance"]
    if evaluation.is_assigned:  # of all hubs that share the row, by the people each serves
        moment = (served["distance"] * served["share"]).groupby(served["row"]).sum()
        mean = moment / served.groupby("row")["share"].sum()
        frame[f"distance_{unit}"] = mean.reindex(range(len(frame)))
    frame[f"nearest_{unit}"] = _mean(row, evaluation.nearest_distance, problem.need)
    for name, people in beside.items():
        frame[name] = people
    round_columns(frame, plan)
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(*lonlat(demand).T), crs=WGS84)


def _people_by_measure(inputs: Inputs, problem: Problem, plan: Evaluation) -> dict[str, Floats]:
    """Return the people (n,) of each demand row whom each measure reaches, by its name."""
    row, size = inputs.demand.row, len(inputs.demand.frame)
    return {
        measure.name: np.bincount(row, weights=measure.offline * share, minlength=size).astype(np.float64)
        for measure, share in zip(problem.measures, plan.reached, strict=True)
    }


def own_polygons(frame: gpd.GeoDataFrame) -> Any:
    """Return the polygons (n,) of demand rows in WGS 84; None where not all are polygons."""
    given = len(frame) > 0 and bool(frame.geom_type.isin(["Polygon", "MultiPolygon"]).all())
    return frame.geometry.to_crs(WGS84).to_numpy() if given else None


def area_frame(inputs: Inputs, demand: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
    """Return the plan's demand with the polygons of its file, and its points as columns; None where it has none."""
    polygons = own_polygons(inputs.demand.frame)
    if polygons is None:
        return None
    lon, lat = (axis.round(DECIMALS) for axis in (demand.geometry.x, demand.geometry.y))
    return demand.assign(lon=lon, lat=lat).set_geometry(gpd.GeoSeries(polygons, index=demand.index, crs=WGS84))


def link_frame(inputs: Inputs, problem: Problem, evaluation: Evaluation) -> gpd.GeoDataFrame:
    """Return one line a demand row and hub that serves it, with the people and need served.

    Along roads it follows them, and columns say by which mode, and how far on and off roads.
    """
    served = _served(inputs, problem, evaluation)
    row, site = (served[name].to_numpy(dtype=np.intp) for name in ("row", "site"))
    drawn = ways_of_links(inputs, problem, evaluation, row, site)
    frame = pd.DataFrame(
        {
            "demand_id": inputs.demand.frame["demand_id"].to_numpy()[row],
            "site_id": served["site_id"],
            "people": served["people"],
            "need": served["need"],
            f"distance_{inputs.unit}": served["distance"],
            **({} if drawn is None else drawn.columns),
        }
    )
    round_columns(frame, map(str, frame))
    ends = lonlat(inputs.demand.frame)[row], inputs.sites.lonlat[site]
    lines = shapely.linestrings(np.stack(ends, axis=1)) if drawn is None else drawn.lines
    return gpd.GeoDataFrame(frame, geometry=lines, crs=WGS84)


def _served(inputs: Inputs, problem: Problem, evaluation: Evaluation) -> pd.DataFrame:
    """Return people, need and mean distance by demand row and the site whose hubs serve them."""
    pairs = evaluation.assigned.tocoo()
    points, hub = pairs.coords
    share = pairs.data * inputs.demand.share[points]
    frame = pd.DataFrame(
        {
            "row": inputs.demand.row[points],
            "site": problem.option_site[evaluation.options[hub]],
            "people": problem.people[points] * pairs.data,
            "need": problem.need[points] * pairs.data,
            "share": share,
            "distance": evaluation.pair_distance * share,
        }
    )
    # A share is that of the row's people, so a mean over shares is a mean over people.
    served = frame.groupby(["row", "site"], as_index=False).sum()
    served["distance"] /= served["share"]
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
