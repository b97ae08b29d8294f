"""Networks of today as they are published, each opened by a line of a scenario: every place where its file has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from support.instances.published import SHARED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from support.project import Project

NETWORKS = SHARED / "backhaul"
published = pytest.mark.skipif(not NETWORKS.is_dir(), reason=f"published networks are not at {NETWORKS}")


def places_of(project: Project, **files: Mapping[str, Any]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return longitude and latitude (k, 2) of the places that a file brings, in its order."""
    technologies: dict[str, Any] = {"fibre": {"cost_per_km": 2.0}}
    if "towers" in files:  # towers are places where they relay, on from a hub that stands
        technologies = {"microwave": {"hop_cost": 2.0}, "satellite": {"site_cost": 9.0}}
    links = project.inputs({"backhaul": {**files, "technologies": technologies}}).links
    assert links is not None
    own = links.places.iloc[len(links.node[0]) :]
    return np.column_stack([own.geometry.x, own.geometry.y])


@published
@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("kenya/ofds_BCS_Kenya_nodes.geojson", "id"),
        ("kenya/ofds_NOFBI_Kenya_nodes.geojson", "id"),
        ("rwanda/RWA_ofds-nodes_16apr2024.geojson", "id"),
        ("watra/GAM_nodes.geojson", "node_id"),
        ("watra/GHA_nodes.geojson", "node_id"),
        ("watra/SLE_nodes.geojson", "node_id"),
        ("example-transmissionnode.gpkg", "ict_id"),
    ],
)
def test_nodes_of_ofds_watra_and_cpp_are_places_with_fibre(project: Project, name: str, key: str) -> None:
    told = gpd.read_file(NETWORKS / name)
    found = places_of(project, nodes={"path": str(NETWORKS / name), "id": key})
    assert found == pytest.approx(shapely.get_coordinates(told.geometry))


@published
def test_nodes_of_an_ofds_table_lie_where_their_text_says(project: Project) -> None:
    file = {"path": str(NETWORKS / "ofds/nodes.csv"), "id": "nodes/0/id", "geometry": {"wkt": "nodes/0/location"}}
    assert places_of(project, nodes=file).tolist() == [[-0.174, 5.625], [-1.628, 6.711]]


@published
@pytest.mark.parametrize(
    ("name", "key", "where"),
    [
        ("kenya/ofds_BCS_Kenya_spans.geojson", "id", {}),
        ("kenya/ofds_NOFBI_Kenya_spans.geojson", "id", {}),
        ("rwanda/RWA_ofds-spans_16apr2024.geojson", "id", {}),
        ("watra/GAM_lines.geojson", "line_id", {}),
        ("watra/GHA_lines.geojson", "line_id", {"status": "Operational"}),
    ],
)
def test_cables_of_ofds_and_watra_may_be_joined_at_all_their_bends(
    project: Project, name: str, key: str, where: dict[str, str]
) -> None:
    told = gpd.read_file(NETWORKS / name)
    for column, value in where.items():
        told = told[told[column] == value]
    file = {"path": str(NETWORKS / name), "id": key, "join_km": 1000.0, **({"where": where} if where else {})}
    found = places_of(project, lines=file)
    assert len(found)
    assert found == pytest.approx(shapely.get_coordinates(told.geometry.force_2d()))


@pytest.mark.parametrize("ending", ["shp", "gpkg", "fgb", "kml", "geojson", "csv"])
def test_a_cable_is_read_from_every_format_that_holds_lines(project: Project, tmp_path: Path, ending: str) -> None:
    name = f"cables.{ending}"
    bends = [[67.0, 30.1], [67.1, 30.2], [67.3, 30.2]]
    cable = gpd.GeoDataFrame({"name": ["K"]}, geometry=[shapely.LineString(bends)], crs="EPSG:4326")
    file: dict[str, Any] = {"path": name, "id": "name", "join_km": 1000.0}
    if name.endswith(".csv"):
        pd.DataFrame({"name": ["K"], "way": [cable.geometry[0].wkt]}).to_csv(tmp_path / name, index=False)
        file["geometry"] = {"wkt": "way"}
    elif name.endswith(".kml"):  # GDAL spells the tag so
        file["id"] = "Name"
        spots = " ".join(f"{lon},{lat},0" for lon, lat in bends)
        line = f"<Placemark><name>K</name><LineString><coordinates>{spots}</coordinates></LineString></Placemark>"
        (tmp_path / name).write_text(
            f'<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{line}</Document></kml>',
            encoding="utf-8",
        )
    else:
        cable.to_file(tmp_path / name)
    project_file = file | {"path": str(tmp_path / name)}
    assert places_of(project, lines=project_file) == pytest.approx(np.array(bends))


CELLS = """\
radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal
LTE,410,1,100,12345,0,67.40,30.40,1000,10,1,1,1,0
UMTS,410,1,100,12346,0,67.60,30.60,1000,10,1,1,1,0
LTE,410,3,100,12345,0,67.4004,30.40,1000,10,1,1,1,0
LTE,410,3,100,12347,0,67.80,30.80,1000,10,1,1,1,0
"""


def test_cells_of_opencellid_are_towers_once_each_by_radio(project: Project) -> None:
    project.write("cells.csv", CELLS)
    file = {"path": str(project.folder / "cells.csv"), "x": "lon", "y": "lat"}
    assert places_of(project, towers=file).tolist() == [[67.4, 30.4], [67.6, 30.6], [67.8, 30.8]]
    fast = places_of(project, towers=file | {"where": {"radio": "LTE"}})
    assert fast.tolist() == [[67.4, 30.4], [67.8, 30.8]]
    [found] = project.messages(
        {"backhaul": {"towers": file | {"where": {"radio": "5G"}}, "technologies": {"microwave": {"hop_cost": 2.0}}}}
    )
    assert "'5G' found; allowed: a value the column has: LTE, UMTS" in found


def test_a_dump_of_opencellid_without_a_header_is_read_by_names_that_the_scenario_gives(project: Project) -> None:
    names, _, rows = CELLS.partition("\n")
    project.write("cells.csv", CELLS)
    whole = {"path": str(project.folder / "cells.csv"), "x": "lon", "y": "lat", "where": {"radio": "LTE"}}
    project.write("dump.csv", rows)
    dump = whole | {"path": str(project.folder / "dump.csv"), "header": names.split(",")}
    assert places_of(project, towers=dump).tolist() == places_of(project, towers=whole).tolist()
    microwave = {"technologies": {"microwave": {"hop_cost": 2.0}}}
    project.write("dump.csv", rows.replace("67.80", "x"))
    [found] = project.messages({"backhaul": {"towers": dump, **microwave}})
    assert "dump.csv, row 4" in found
    [found, *_] = project.messages({"backhaul": {"towers": dump | {"header": ["radio", "mcc"]}, **microwave}})
    assert found.startswith("dump.csv, row 1")
    for wrong, told in (
        ({"header": ["radio", "lon", "lat", "lon"]}, "a name that no other column has"),
        ({"header": ["radio"], "header_rows": 2}, "none beside header"),
        ({"header": []}, "a list of at least one"),
        ({"path": "cells.gpkg", "header": ["radio"], "x": None, "y": None}, "only for a CSV file"),
    ):
        [found, *_] = project.refusal({"backhaul": {"towers": dump | wrong, **microwave}})
        assert told in found


@published
def test_cell_sites_of_cpp_are_towers(project: Project) -> None:
    told = gpd.read_file(NETWORKS / "example-cellsites.gpkg")
    file = {"path": str(NETWORKS / "example-cellsites.gpkg"), "id": "ict_id"}
    found = places_of(project, towers=file)
    every = shapely.get_coordinates(told.geometry)
    assert 0 < len(found) <= len(every)
    assert {tuple(spot) for spot in found} <= {tuple(spot) for spot in every}


def test_files_of_other_things_than_nodes_or_cables_are_refused_by_row(project: Project, tmp_path: Path) -> None:
    spots = gpd.GeoDataFrame({"name": ["K"]}, geometry=gpd.points_from_xy([67.0], [30.0]), crs="EPSG:4326")
    spots.to_file(tmp_path / "spots.geojson")
    fibre = {"technologies": {"fibre": {"cost_per_km": 2.0}}}
    [found] = project.messages({"backhaul": {"lines": {"path": str(tmp_path / "spots.geojson")}, **fibre}})
    assert "'Point' found; allowed: one of LineString, MultiLineString" in found
    (tmp_path / "plain.csv").write_text("name\nK\n", encoding="utf-8")
    [found] = project.messages({"backhaul": {"lines": {"path": str(tmp_path / "plain.csv")}, **fibre}})
    assert "cables: a file of lines, or a table with geometry: {wkt: COLUMN}" in found
