"""A frontier as tables: one row a point, and one row a point and hub."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from hubplanner.inputs.places import WGS84

if TYPE_CHECKING:
    from hubplanner.report.frontier_result import Frontier


def points_frame(frontier: Frontier) -> pd.DataFrame:
    """Return one row a point; sites in a cell are parted by spaces, and hubs are counted by tier."""
    at = frontier.summary()["knee"]
    return pd.DataFrame([_row(point, frontier, at) for point in frontier.points])


def _row(point: dict[str, Any], frontier: Frontier, at: int | None) -> dict[str, Any]:
    plain = {key: value for key, value in point.items() if key not in {"hubs", "entering", "leaving", "number"}}
    new = [hub for hub in point["hubs"] if hub["status"] != "existing"]
    tiers = {
        f"hubs_{tier.name}": sum(hub["hubs"] for hub in new if hub["tier"] == tier.name)
        for tier in frontier.inputs.scenario.hubs
    }
    sites = {key: " ".join(point[key]) for key in ("entering", "leaving")}
    return {"number": point["number"], **plain, "new_hubs": sum(tiers.values()), **tiers, **sites} | {
        "knee": point["number"] == at
    }


def hubs_frame(frontier: Frontier) -> gpd.GeoDataFrame:
    """Return the hubs of all plans, WGS 84 points, with the number of their point and its budget."""
    place = dict(zip(frontier.inputs.sites.frame["site_id"], frontier.inputs.sites.lonlat, strict=True))
    rows = [
        {"point": point["number"], "budget": point["budget"], **hub, "entering": hub["site_id"] in point["entering"]}
        for point in frontier.points
        for hub in point["hubs"]
    ]
    columns = ["point", "budget", "site_id", "tier", "status", "hubs", "cost", "entering"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["budget"] = frame["budget"].astype(float)
    lon, lat = ([float(place[site][axis]) for site in frame["site_id"]] for axis in (0, 1))
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(lon, lat), crs=WGS84)
