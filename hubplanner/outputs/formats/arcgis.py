"""The plan in the layers and fields that ArcGIS Location-Allocation writes, so that what reads those reads ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from hubplanner.inputs.coordinates import WGS84
from hubplanner.inputs.sites import Sites
from hubplanner.outputs.rounding import round_columns
from hubplanner.outputs.run_data import Result, on_one_line
from hubplanner.outputs.writers import check_geopackage, gdal_writes
from hubplanner.problem import SiteStatus

CANDIDATE, REQUIRED, CHOSEN = 0, 1, 3
"""ArcGIS's codes of FacilityType; it knows no existing ones, which are required there."""
_UNITS = {"km": "Kilometers", "minutes": "Minutes"}


def write_arcgis(result: Result, path: Path) -> None:
    """Write a GeoPackage with the layers Facilities, DemandPoints and Lines.

    Names and meanings are those of Esri's *Location-allocation analysis layer* and *LocationAllocation output data
    types*; weights are need, capacities people. A facility is a site; beside Esri's fields, those in the scenario's
    words: SiteID, Status, Tiers, Hubs, Cost, DemandPointID, People, CoveredShare. A demand point served by several
    sites has the FacilityID of the one that serves most of it; Lines has all. Where hubs are connected, Backhaul has
    the lines to build, which Esri has no layer for.

    Parameters
    ----------
    result
        The run; without its sites, Facilities holds those with hubs alone.
    path
        The GeoPackage.
    """
    facilities, demand = _facilities(result), _demand_points(result)
    numbers = pd.Series(range(1, len(facilities) + 1), index=facilities["SiteID"])
    lines = _lines(result, facilities, demand, numbers)
    facilities, demand = _with_totals(facilities, lines), _with_service(demand, lines, result, numbers)
    layers = {"Facilities": facilities, "DemandPoints": demand, "Lines": lines}
    if result.backhaul is not None:
        layers["Backhaul"] = _built(result.backhaul)
    for frame in layers.values():
        round_columns(frame, map(str, frame))
    with gdal_writes(path):
        for number, (name, frame) in enumerate(layers.items()):
            pyogrio.write_dataframe(
                frame,
                path,
                layer=name,
                driver="GPKG",
                append=bool(number),
                geometry_type="LineString" if name in {"Lines", "Backhaul"} else "Point",
                FID="OBJECTID",
                GEOMETRY_NAME="Shape",
            )
        check_geopackage(path, {name: len(frame) for name, frame in layers.items()})


def _built(lines: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the lines to build, in fields named as ArcGIS names its own."""
    names = {str(name): str(name).title().replace("_", "") for name in lines.columns if name != "geometry"}
    return lines.rename(columns=names | {"edge_id": "EdgeID"})


def _facilities(result: Result) -> gpd.GeoDataFrame:
    """Return one row a site, in id order, with what stands there."""
    hubs = _by_site(result)
    places = hubs[["Name", "geometry"]] if result.sites is None else _all_sites(result, result.sites)
    places = places.loc[sorted(places.index)]
    has = places.index.isin(hubs.index)
    kinds = np.where(has, CHOSEN, CANDIDATE)
    kinds[has & places.index.isin(_pinned(result, hubs))] = REQUIRED
    table = {
        "Name": places["Name"].to_numpy(),
        "FacilityType": kinds.astype(np.int32),
        "Weight": 1.0,
        "Capacity": hubs["Capacity"].reindex(places.index).to_numpy(dtype=np.float64),
        "SiteID": places.index.to_numpy(dtype=object),
        "Status": hubs["Status"].reindex(places.index).where(has, "none").to_numpy(dtype=object),
        "Tiers": hubs["Tiers"].reindex(places.index).where(has, "").to_numpy(dtype=object),
        "Hubs": hubs["Hubs"].reindex(places.index).fillna(0).to_numpy(dtype=np.int32),
        "Cost": hubs["Cost"].reindex(places.index).fillna(0.0).to_numpy(dtype=np.float64),
    }
    return gpd.GeoDataFrame(table, geometry=places["geometry"].to_numpy(), crs=WGS84)


def _by_site(result: Result) -> gpd.GeoDataFrame:
    """Return the plan's hubs with one row a site."""
    rows: dict[str, dict[str, Any]] = {}
    for hub in result.hubs.to_dict("records"):
        site, count = str(hub["site_id"]), int(hub["hubs"])
        row = rows.setdefault(site, {"Name": result.name_of(hub), "Capacity": 0.0, "Hubs": 0, "Cost": 0.0})
        row["Capacity"] += hub.get("capacity", np.nan)
        row["Hubs"] += count
        row["Cost"] += hub["cost"]
        row.setdefault("Tiers", []).append(f"{count} {hub['tier']}" if count > 1 else hub["tier"])
        row.setdefault("Status", {})[hub["status"]] = None
        row["geometry"] = hub["geometry"]
    columns = ["Name", "Capacity", "Hubs", "Cost", "Tiers", "Status", "geometry"]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    for column in ("Tiers", "Status"):
        frame[column] = [", ".join(words) for words in frame[column]]
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=WGS84)


def _all_sites(result: Result, sites: Sites) -> gpd.GeoDataFrame:
    """Return the name and place of every site that may hold a hub."""
    allowed = sites.status != SiteStatus.EXCLUDED
    table = pd.DataFrame(sites.frame.drop(columns="geometry"))[allowed]
    names = [result.name_of(row) for row in table.to_dict("records")]
    points = gpd.points_from_xy(*sites.lonlat[allowed].T)
    ids = [str(site) for site in table["site_id"]]
    return gpd.GeoDataFrame({"Name": names}, index=ids, geometry=points, crs=WGS84)


def _pinned(result: Result, hubs: gpd.GeoDataFrame) -> set[str]:
    """Return the sites that had to be part of the plan."""
    pinned = {*result.scenario.model.require, *(site for site, status in hubs["Status"].items() if status != "new")}
    if result.sites is not None:
        required = result.sites.status == SiteStatus.REQUIRED
        pinned |= set(map(str, result.sites.frame["site_id"][required]))
    return pinned


def _demand_points(result: Result) -> gpd.GeoDataFrame:
    rows, groups = result.demand, result.scenario.demand.groups
    group = next((name for name in (f"demand_{groups[0]}", groups[0]) if name in rows), "") if groups else ""
    table = {
        "Name": [result.demand_name(row) for row in rows.to_dict("records")],
        "Weight": rows["need"].to_numpy(dtype=np.float64),
        "GroupName": [on_one_line(value) for value in rows[group]] if group else "",
        "DemandPointID": rows["demand_id"].astype(str).to_numpy(dtype=object),
        "People": rows["people"].to_numpy(dtype=np.float64),
        "CoveredShare": rows["covered_share"].to_numpy(dtype=np.float64),
    }
    return gpd.GeoDataFrame(table, geometry=rows.geometry.to_numpy(), crs=WGS84)


def _lines(
    result: Result, facilities: gpd.GeoDataFrame, demand: gpd.GeoDataFrame, numbers: pd.Series[Any]
) -> gpd.GeoDataFrame:
    """Return a line from each demand point to each site that serves some of it."""
    links, unit = result.links, _UNITS[result.unit]
    points = pd.Series(range(len(demand)), index=demand["DemandPointID"])
    row = points.loc[links["demand_id"].astype(str)].to_numpy(dtype=np.intp)
    site = numbers.loc[links["site_id"].astype(str)].to_numpy(dtype=np.intp)
    names = demand["Name"].to_numpy(), facilities["Name"].to_numpy()
    ways, weight = (links[name].to_numpy(dtype=np.float64) for name in (f"distance_{result.unit}", "need"))
    table = {
        "Name": [f"{names[0][start]} - {names[1][end - 1]}" for start, end in zip(row, site, strict=True)],
        "FacilityID": site.astype(np.int32),
        "DemandID": (row + 1).astype(np.int32),
        "Weight": weight,
        f"TotalWeighted_{unit}": weight * ways,
        f"Total_{unit}": ways,
    }
    ends = [shapely.get_coordinates(frame.geometry) for frame in (demand, facilities)]
    lines = shapely.linestrings(np.stack([ends[0][row], ends[1][site - 1]], axis=1).reshape(-1, 2, 2))
    return gpd.GeoDataFrame(table, geometry=lines, crs=WGS84)


def _with_totals(facilities: gpd.GeoDataFrame, lines: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the facilities with what their lines add up to."""
    sums = lines.drop(columns=["Name", "DemandID", "geometry"]).groupby("FacilityID").sum()
    counts = lines.groupby("FacilityID").size()
    numbers = pd.Index(np.arange(1, len(facilities) + 1))
    esri = {
        "DemandCount": counts.reindex(numbers).fillna(0).to_numpy(dtype=np.int32),
        "DemandWeight": sums["Weight"].reindex(numbers).fillna(0.0).to_numpy(),
    }
    esri |= {
        name: sums[name].reindex(numbers).fillna(0.0).to_numpy() for name in map(str, sums) if name.startswith("Total")
    }
    own = ["SiteID", "Status", "Tiers", "Hubs", "Cost", "geometry"]
    named = facilities.assign(**esri)
    return named[[*(name for name in named if name not in own), *own]]


def _with_service(
    demand: gpd.GeoDataFrame, lines: gpd.GeoDataFrame, result: Result, numbers: pd.Series[Any]
) -> gpd.GeoDataFrame:
    """Return the demand points with the site that serves most of each, and the weight that all sites serve."""
    served = lines.groupby("DemandID")["Weight"].sum().reindex(np.arange(1, len(demand) + 1)).fillna(0.0)
    site = result.demand["site_id"].map(lambda name: numbers.get(str(name)), na_action="ignore")
    own = ["DemandPointID", "People", "CoveredShare", "geometry"]
    esri = {"FacilityID": site.astype("Int32").array, "AllocatedWeight": served.to_numpy()}
    named = demand.assign(**esri)
    return named[[*(name for name in named if name not in own), *own]]
