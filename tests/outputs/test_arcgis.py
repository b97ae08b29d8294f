"""ArcGIS's layers: their fields as Esri documents them, their figures recomputed from the lines."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
from support.instances.hostile_names import LINES, URDU, odd_result

from hubplanner.outputs.formats.arcgis import write_arcgis

if TYPE_CHECKING:
    from pathlib import Path

    from support.project import Project

    from hubplanner.outputs.run_data import Result

FACILITIES = ["Name", "FacilityType", "Weight", "Capacity", "DemandCount", "DemandWeight"]
DEMAND = ["Name", "Weight", "GroupName", "FacilityID", "AllocatedWeight"]
LINE = ["Name", "FacilityID", "DemandID", "Weight"]


def layers(result: Result, path: Path) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    write_arcgis(result, path)
    facilities, demand, lines = (
        gpd.read_file(path, layer=name, fid_as_index=True) for name in ("Facilities", "DemandPoints", "Lines")
    )
    return facilities, demand, lines


def test_layers_and_fields_are_esris(project: Project, tmp_path: Path) -> None:
    facilities, demand, lines = layers(odd_result(project), tmp_path / "arcgis.gpkg")
    totals = ["TotalWeighted_Kilometers", "Total_Kilometers"]
    assert list(facilities)[:8] == [*FACILITIES, *totals]
    assert list(demand)[:5] == DEMAND
    assert list(lines)[:-1] == [*LINE, *totals]
    assert facilities.crs == demand.crs == lines.crs == "EPSG:4326"
    with closing(sqlite3.connect(tmp_path / "arcgis.gpkg")) as base:
        kinds = {row[1]: row[2] for row in base.execute("PRAGMA table_info(DemandPoints)")}
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert (kinds["OBJECTID"], kinds["Shape"], kinds["FacilityID"]) == ("INTEGER", "POINT", "MEDIUMINT")


def test_facilities_are_candidates_required_or_chosen(project: Project, tmp_path: Path) -> None:
    facilities, _, _ = layers(odd_result(project), tmp_path / "arcgis.gpkg")
    kinds = dict(zip(facilities["SiteID"], facilities["FacilityType"], strict=True))
    # S1 is chosen, S2 stands, S3 could be and is not, S4 has to be; S5 may not.
    assert kinds == {"=S1": 3, "S2": 1, "S3": 0, "S4": 1}
    assert facilities.set_index("SiteID")["Name"].to_dict() | {"S2": ""} == {
        "=S1": URDU,
        "S2": "",
        "S3": " ".join(LINES.split()),
        "S4": "=1+1",
    }


def test_totals_are_those_of_the_lines(project: Project, tmp_path: Path) -> None:
    result = odd_result(project)
    facilities, demand, lines = layers(result, tmp_path / "arcgis.gpkg")
    assert len(lines) == len(result.links) > 0
    for (_, line), link in zip(lines.iterrows(), result.links.to_dict("records"), strict=True):
        site, point = facilities.loc[line["FacilityID"]], demand.loc[line["DemandID"]]
        assert (site["SiteID"], point["DemandPointID"]) == (link["site_id"], link["demand_id"])
        assert line["TotalWeighted_Kilometers"] == pytest.approx(link["need"] * link["distance_km"])
        assert line.geometry.coords[0] == point.geometry.coords[0]
        assert line.geometry.coords[-1] == site.geometry.coords[0]
        assert line["Name"] == f"{point['Name']} - {site['Name']}"
    for number, site in facilities.iterrows():
        own = lines[lines["FacilityID"] == number]
        assert site["DemandCount"] == len(own)
        for field, column in (("DemandWeight", "Weight"), *((name, name) for name in list(facilities)[6:8])):
            assert site[field] == pytest.approx(own[column].sum())
    served = demand[demand["FacilityID"].notna()]
    named = facilities["SiteID"].loc[served["FacilityID"].astype(int)].tolist()
    assert named == result.demand.set_index("demand_id")["site_id"].loc[served["DemandPointID"]].tolist()
    assert demand["AllocatedWeight"].sum() == pytest.approx(result.summary["need"]["covered"])


def test_an_empty_plan_and_one_without_its_site_file(project: Project, tmp_path: Path) -> None:
    result = odd_result(project, {"model.budget": 0, "sites.status": None})
    facilities, demand, lines = layers(result, tmp_path / "arcgis.gpkg")
    assert (set(facilities["FacilityType"]), len(demand), len(lines)) == ({0}, 4, 0)
    facilities, _, _ = layers(replace(result, sites=None), tmp_path / "alone.gpkg")
    assert len(facilities) == 0


def test_minutes_are_named_minutes_and_hubs_of_a_site_are_one_facility(project: Project, tmp_path: Path) -> None:
    project.edit("scenario.yaml", "reach_km: 5}", "reach_minutes: 5, capacity: 700}")
    project.edit("scenario.yaml", "reach_km: 20}", "reach_minutes: 20, capacity: 2000}")
    travel = {"method": "matrix", "path": str(project.folder / "travel.csv")}
    more = {"model.max_per_site": 3, "model.mixed_tiers": True, "model.budget": 1300, "sites.tier": None}
    project.write("travel.csv", "demand_id,site_id,minutes\nD1,=S1,3\nD1,S4,20\nD2,S4,2.5\nD3,S2,4\nD2,=S1,4\n")
    result = odd_result(project, {"travel": travel, **more})
    facilities, _, lines = layers(result, tmp_path / "arcgis.gpkg")
    assert "TotalWeighted_Minutes" in facilities
    assert "Total_Minutes" in lines
    assert facilities["Hubs"].sum() == result.hubs["hubs"].sum() > (facilities["Hubs"] > 0).sum()
    room = result.hubs.groupby("site_id")["capacity"].sum()
    assert facilities.dropna(subset="Capacity").set_index("SiteID")["Capacity"].to_dict() == room.to_dict()
