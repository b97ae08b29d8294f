"""Files of roads: what is read of each, what each word of a column does, and what is said of those that do not do."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings as examples, strategies as st
from support.draws import patience
from support.ways import again, in_minutes, table

import hubplanner as hp
from hubplanner.audit.data.roads.pieces import NearPieces, Piece, foot_of
from hubplanner.audit.data.roads.ways import RoadWays
from hubplanner.cache import PLACE, entries
from hubplanner.inputs import build_problem
from hubplanner.inputs.inputs import told_facts
from hubplanner.inputs.travel.roads import network
from hubplanner.problem import GreatCircle
from hubplanner.problem.travel.network import Network
from hubplanner.problem.travel.roads import RoadGraph
from hubplanner.scenario.roads_spec import RoadsSpec
from hubplanner.scenario.travel_spec import NetworkSpec

if TYPE_CHECKING:
    from support.project import Project

REAL = Path(os.environ.get("HUBPLANNER_SHARED", Path(__file__).resolve().parents[3] / "shared" / "data")) / "roads"
LINES = [
    ("primary", "", "", [(66.9, 30.0), (67.05, 30.02), (67.2, 30.1)]),
    ("track", "yes", "20", [(67.05, 30.02), (67.1, 30.06)]),
    ("primary", "no", "30 mph", [(67.2, 30.1), (68.0, 31.0), (68.1, 31.05)]),
    ("secondary", "-1", "", [(68.0, 31.0), (68.0, 31.1)]),
]
MINUTES = in_minutes(15, 90)


def lines(columns: dict[str, list[Any]] | None = None) -> gpd.GeoDataFrame:
    own = columns or {name: [row[at] for row in LINES] for at, name in enumerate(("highway", "oneway", "maxspeed"))}
    return gpd.GeoDataFrame(own, geometry=[shapely.LineString(row[3]) for row in LINES], crs="EPSG:4326")


def by_road(project: Project, path: str, **roads: Any) -> dict[str, Any]:
    """Return the settings of a scenario on a file of roads."""
    where = {"path": str(project.folder / path), **roads}
    return {**MINUTES, "travel": {"method": "network", "roads": where}}


@pytest.mark.parametrize("suffix", ["gpkg", "geojson", "shp", "fgb", "parquet"])
def test_lines_of_any_format_give_the_same_ways(project: Project, suffix: str) -> None:
    path = project.folder / f"roads.{suffix}"
    lines().to_parquet(path) if suffix == "parquet" else lines().to_file(path)
    lines().to_file(project.folder / "plain.geojson")
    columns = {"oneway": "oneway", "speed_kmh": "maxspeed"}
    found = table(project, by_road(project, path.name, **columns))
    np.testing.assert_allclose(found, table(project, by_road(project, "plain.geojson", **columns)))
    np.testing.assert_allclose(found, again(project, by_road(project, path.name, **columns)), rtol=1e-9)
    assert np.isfinite(found).any()


def test_parquet_files_are_told_by_their_places_whatever_that_column_is_called(project: Project) -> None:
    lines().to_parquet(project.folder / "roads.parquet")
    lines().rename_geometry("wkb").to_parquet(project.folder / "named.parquet")
    found, named = (table(project, by_road(project, name)) for name in ("roads.parquet", "named.parquet"))
    np.testing.assert_array_equal(found, named)
    np.testing.assert_allclose(named, again(project, by_road(project, "named.parquet")), rtol=1e-9)
    (project.folder / "torn.parquet").write_bytes((project.folder / "roads.parquet").read_bytes()[:-9])
    with pytest.raises(hp.DataError, match=r"torn\.parquet.*cannot be read as a Parquet file"):
        table(project, by_road(project, "torn.parquet"))


def test_a_projected_file_is_brought_to_degrees(project: Project) -> None:
    lines().to_file(project.folder / "roads.gpkg")
    lines().to_crs("EPSG:32642").to_file(project.folder / "metres.gpkg")
    found, metres = (table(project, by_road(project, name)) for name in ("roads.gpkg", "metres.gpkg"))
    np.testing.assert_allclose(found, metres, rtol=1e-6)


@pytest.mark.parametrize("direction", ["to_hub", "from_hub", "both"])
def test_modes_directions_and_limits_are_those_of_the_audit(project: Project, direction: str) -> None:
    lines().to_file(project.folder / "roads.gpkg")
    settings = by_road(project, "roads.gpkg", oneway="oneway", speed_kmh="maxspeed")
    modes = [{"name": "motorcycle", "speed_factor": 0.8, "speeds": {"track": 18}}, {"name": "walk", "kmh": 4.5}]
    settings["travel"] |= {"modes": modes, "direction": direction, "detour": 1.3, "island_km": 30.0}
    np.testing.assert_allclose(table(project, settings), again(project, settings), rtol=1e-9)


def test_a_table_of_edges_is_read_with_kilometres_or_minutes(project: Project) -> None:
    edges = pd.DataFrame(
        {
            "from": ["A", "B"],
            "to": ["B", "C"],
            "from_x": [67.0, 67.01],
            "from_y": [30.0, 30.01],
            "to_x": [67.01, 67.1],
            "to_y": [30.01, 30.05],
            "km": [2.0, 12.0],
            "class": ["primary", "primary"],
        }
    )
    edges.to_csv(project.folder / "roads.csv", index=False)
    found = table(project, by_road(project, "roads.csv"))  # D1 at A, D2 at C, S1 at B
    assert found[:2, 0] == pytest.approx([2 / 65 * 60, 12 / 65 * 60])
    edges.assign(minutes=[5.0, 30.0]).drop(columns=["km", "class"]).to_csv(project.folder / "times.csv", index=False)
    settings = by_road(project, "times.csv")
    assert table(project, settings)[:2, 0] == pytest.approx([5, 30])
    np.testing.assert_allclose(table(project, settings), again(project, settings))
    in_km = {key: value for key, value in by_road(project, "roads.csv").items() if not key.startswith("hubs")}
    in_km["travel"]["access_max_km"] = 0.5
    assert table(project, in_km)[:2, 0] == pytest.approx([2, 12])
    assert project.inputs(in_km).unit == "km"


def test_a_graph_of_osmnx_goes_the_way_its_edges_do(project: Project) -> None:
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph(crs="epsg:4326")
    graph.add_node(1, x="67.0", y="30.0")
    graph.add_node(2, x="67.01", y="30.01")
    graph.add_node(3, x="67.1", y="30.05")
    bent = "LINESTRING (67.01 30.01, 67.05 30.01, 67.1 30.05)"
    graph.add_edge(1, 2, highway="primary", length="1500", maxspeed="['50', '30']")
    graph.add_edge(
        3, 2, highway="['secondary', 'primary']", geometry="LINESTRING (67.1 30.05, 67.05 30.01, 67.01 30.01)"
    )
    graph.add_edge(2, 3, highway="secondary", geometry=bent)
    nx.write_graphml(graph, project.folder / "roads.graphml")
    settings = by_road(project, "roads.graphml")
    settings["travel"] |= {"walk_straight": False}
    found = table(project, settings)
    np.testing.assert_allclose(found, again(project, settings), rtol=1e-9)
    km = GreatCircle(np.array([[67.0, 30.0]]), np.array([[67.01, 30.01]])).from_site(0)[0]
    assert found[0, 0] == pytest.approx(km / 30 * 60)  # D1 to S1 along the first edge, at the least of its limits
    settings["travel"]["direction"] = "from_hub"
    assert table(project, settings)[:2, 0].tolist() == [np.inf, pytest.approx(found[1, 0])]
    (project.folder / "roads.graphml").write_text("<graphml><graph", encoding="utf-8")
    assert "roads.graphml, travel.roads.path: cannot be read as GraphML" in project.messages(settings)[0]


FAULTS: list[tuple[dict[str, list[Any]], dict[str, Any], str]] = [
    (
        {"kind": ["a"] * 4},
        {},
        "roads.gpkg, travel.roads.path: no column highway, fclass or class; name the column",
    ),
    (
        {"highway": ["katcha"] * 4},
        {},
        "4 rows have class 'katcha', which has no speed; add travel.modes.0",
    ),
    (
        {"highway": ["road"] * 4, "v": ["50", "fast", "", "9"]},
        {"speed_kmh": "v"},
        "row 2, v: 'fast' found",
    ),
    (
        {"highway": ["road"] * 4, "o": ["yes", "maybe", "", ""]},
        {"oneway": "o"},
        "row 2, o: 'maybe' found",
    ),
    ({"highway": ["road"] * 4}, {"oneway": "one"}, "roads.gpkg, one: is missing; the file's columns are highway"),
    (
        {"highway": ["footway"] * 4},
        {},
        "roads.gpkg, travel.roads.path: no road is open to car; its classes are footway",
    ),
    (
        {"highway": ["road"] * 4, "v": ["slow", "fast", "", "fast"]},
        {"speed_kmh": "v"},
        "roads.gpkg, v: is not speeds in km/h; it holds 'slow' and no speed: name another column",
    ),
    (
        {"highway": ["road"] * 4},
        {"where": {"highway": ["path"]}},
        "where highway: 'path' found; allowed: a value the column has: road",
    ),
]


@pytest.mark.parametrize(("columns", "roads", "said"), FAULTS)
def test_columns_that_do_not_do_are_told(
    project: Project, columns: dict[str, list[Any]], roads: dict[str, Any], said: str
) -> None:
    lines(columns).to_file(project.folder / "roads.gpkg")
    assert any(said in message for message in project.messages(by_road(project, "roads.gpkg", **roads)))


def test_roads_of_another_country_are_told(project: Project) -> None:
    away = lines()
    away.geometry = away.translate(xoff=-50)
    away.to_file(project.folder / "roads.gpkg")
    messages = project.messages(by_road(project, "roads.gpkg"))
    assert any("lies from 16.9 to 18.1 E" in message and "is it the right file" in message for message in messages)


def test_a_folder_is_told_with_what_it_holds(project: Project) -> None:
    folder = project.folder / "roads"
    folder.mkdir()
    assert any(
        "is a folder; name the file of roads in it" in told for told in project.messages(by_road(project, "roads"))
    )
    lines().to_file(folder / "trunk.gpkg")
    [message] = project.messages(by_road(project, "roads"))
    assert message == "roads, travel.roads.path: is a folder; name the file of roads in it, such as trunk.gpkg"


def test_latitudes_in_the_place_of_longitudes_are_told(project: Project) -> None:
    turned = lines()
    turned.geometry = turned.geometry.transform(lambda places: places[:, ::-1])
    turned.to_file(project.folder / "roads.gpkg")
    [message] = project.messages(by_road(project, "roads.gpkg"))
    assert message.endswith("its latitudes and longitudes are swapped; write longitude first")


def test_a_speed_that_is_neither_text_nor_a_speed_is_one_fault(project: Project) -> None:
    lines().to_file(project.folder / "roads.gpkg")
    [message] = project.refusal(by_road(project, "roads.gpkg", speed_kmh=0))
    assert "travel.roads.speed_kmh: 0 found; allowed: text" in message
    assert message.endswith(", or a number greater than or equal to 0.1")


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (b"<!DOCTYPE html><html><body>404</body></html>", "it is a web page, so its download failed"),
        (b"", "it is empty; download it again"),
        (b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18\xa6\x01", "it is damaged, or cut short; download it again"),
    ],
)
def test_a_download_that_failed_is_told(project: Project, held: bytes, said: str) -> None:
    (project.folder / "roads.osm.pbf").write_bytes(held)
    [message] = project.messages(by_road(project, "roads.osm.pbf"))
    assert said in message


@pytest.mark.parametrize("name", ["roads.osm.pbf", "roads.osm", "roads.docx", "none.gpkg"])
def test_files_that_hold_no_roads_are_told(project: Project, name: str) -> None:
    if not name.startswith("none"):
        (project.folder / name).write_bytes(b"\x00\x01 no such thing")
    messages = project.messages(by_road(project, name))
    assert any(name in message for message in messages)


def test_parts_apart_and_places_far_away_are_told(project: Project) -> None:
    lines().iloc[:2].to_file(project.folder / "roads.gpkg")
    settings = by_road(project, "roads.gpkg", oneway="oneway")
    inputs = project.inputs(settings)
    told = [str(warning) for warning in inputs.warnings]
    assert any("2 demand points with 2,800 people are more than 10 km from any road" in line for line in told)
    assert any("has a column maxspeed, which is not used" in line for line in told)
    assert inputs.searched is not None
    assert inputs.searched.facts["people_beyond_access"] == 2800
    apart = lines()
    apart.geometry = [*apart.geometry[:3], shapely.LineString([(68.0, 31.005), (68.0, 31.1)])]
    apart.to_file(project.folder / "apart.gpkg")
    told = [str(warning) for warning in project.inputs(by_road(project, "apart.gpkg")).warnings]
    assert any("1 part is apart from the main network" in line for line in told)


METRE = 1 / 111_195.08
"""Degrees of latitude."""


@pytest.mark.parametrize(("gap", "told"), [(0.001, True), (0.0, False)])
def test_lines_of_which_hardly_any_meets_another_are_doubted(project: Project, gap: float, told: bool) -> None:  # noqa: FBT001
    ends = [66.9, 67.1, 67.5, 68.0]
    shapes = [shapely.LineString([(one, 30.0), (other - gap, 30.0)]) for one, other in pairwise(ends)]
    frame = gpd.GeoDataFrame({"highway": ["primary"] * 3}, geometry=shapes, crs="EPSG:4326")
    frame.to_file(project.folder / "roads.gpkg")
    warnings = [str(warning) for warning in project.inputs(by_road(project, "roads.gpkg")).warnings]
    said = "3 lines fall into 3 parts: hardly any meets another, by a vertex that both have"
    assert any(said in warning for warning in warnings) == told


@pytest.mark.parametrize("last", ["yes", "no"])
def test_roads_that_all_lead_one_way_are_doubted(project: Project, last: str) -> None:
    frame = lines().assign(highway="primary", way=["yes", "-1", "yes", last])
    frame.to_file(project.folder / "roads.gpkg")
    warnings = project.inputs(by_road(project, "roads.gpkg", oneway="way")).warnings
    found = [str(warning) for warning in warnings if warning.code == "all_one_way"]
    assert len(found) == (last == "yes")
    assert all("each of the 4 roads open to car leads one way only by column way" in line for line in found)


def undershoot(project: Project, metres: float) -> None:
    """Write a road past D1 and one that ends so many metres before the middle of it, at which S1 lies."""
    main, side = [(66.99, 30.0), (67.03, 30.0)], [(67.01, 30.01), (67.01, 30.0 + metres * METRE)]
    shapes = [shapely.LineString(main), shapely.LineString(side)]
    frame = gpd.GeoDataFrame({"highway": ["primary"] * 2}, geometry=shapes, crs="EPSG:4326")
    frame.to_file(project.folder / "gap.gpkg")


@pytest.mark.parametrize(
    ("snap_m", "topology", "joined"), [(1.0, "auto", False), (5.0, "auto", True), (5.0, "vertices", False)]
)
def test_an_end_that_nearly_touches_a_road_is_joined_to_it(
    project: Project,
    snap_m: float,
    topology: str,
    joined: bool,  # noqa: FBT001
) -> None:
    undershoot(project, 3.0)
    settings = by_road(project, "gap.gpkg", snap_m=snap_m, topology=topology)
    settings["travel"] |= {"walk_straight": False, "island_km": 0.0}
    found = table(project, settings)
    assert np.isfinite(found[0, 0]) == joined
    np.testing.assert_allclose(found, again(project, settings), rtol=1e-9)
    inputs = project.inputs(settings)
    assert inputs.searched is not None
    [*gaps] = inputs.searched.facts["gaps"]
    if joined:
        assert not gaps
        assert found[0, 0] == pytest.approx((0.9636 + 1.1092) / 65 * 60, rel=1e-2)
    else:
        [gap] = gaps
        assert gap["metres"] == pytest.approx(2.832, abs=1e-3)  # since an arc bulges north of its parallel
        assert (gap["lon"], round(gap["lat"], 4)) == (67.01, 30.0)
        assert any("the least gap between parts of the network is 2.8 m wide" in str(one) for one in inputs.warnings)


def test_what_is_told_of_roads_stands_in_the_plan(project: Project) -> None:
    lines().to_file(project.folder / "roads.gpkg")
    facts = project.inputs(by_road(project, "roads.gpkg")).searched
    assert facts is not None
    first, speeds = told_facts(facts.facts)
    assert first.startswith("Roads: ")
    assert "in one part" in first
    assert speeds == "Speeds of car by class where roads say none, in km/h: primary 65, secondary 55, track 15."


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"demand.merge": True}, "great_circle or planar with demand.merge"),
        (
            {"hubs.1.reach_minutes": None, "hubs.1.reach_km": 5},
            "reach_minutes for every tier or reach_km",
        ),
        ({"travel.speed_kmh": 30.0}, "none with method network"),
        ({"travel.roads.minutes": "m", "travel.roads.speed_kmh": 5.0}, "none beside speed_kmh"),
        ({"travel.roads.colour": "m"}, "a known key, one of class, crs, encoding"),
        ({"travel.modes": [{"name": "camel"}]}, "or any name with speeds or kmh of its own; camel has neither"),
    ],
)
def test_what_does_not_go_with_roads_is_refused(project: Project, settings: dict[str, Any], said: str) -> None:
    lines().to_file(project.folder / "roads.gpkg")
    base = by_road(project, "roads.gpkg")
    own = {key: value for key, value in settings.items() if not key.startswith("travel.")}
    for key, value in settings.items():
        if key.startswith("travel."):
            part = base["travel"]
            *path, last = key.split(".")[1:]
            for step in path:
                part = part[step]
            part[last] = value
    assert any(said in message for message in project.refusal({**base, **own}))


@pytest.mark.parametrize(
    ("country", "mode"),
    [
        ("liechtenstein", "car"),
        ("andorra", "walk"),
        *(pytest.param(country, "car", marks=patience) for country in ("andorra", "poa", "helsinki")),
    ],
)
def test_real_extracts_are_measured_alike_by_the_audit(tmp_path: Path, country: str, mode: str) -> None:
    path = REAL / f"{country}.osm.pbf"
    if not path.exists():
        pytest.skip(f"{path} is absent: set HUBPLANNER_SHARED to the folder that holds roads/")
    del tmp_path
    from hubplanner.inputs.travel.roads.lines import read_roads  # noqa: PLC0415
    from hubplanner.inputs.travel.roads.network import road_graph  # noqa: PLC0415
    from hubplanner.inputs.travel.roads.rules import Rules  # noqa: PLC0415
    from hubplanner.problem.travel.network import OffRoad  # noqa: PLC0415

    spec = NetworkSpec.model_validate({"method": "network", "roads": {"path": str(path)}, "modes": [{"name": mode}]})
    roads = read_roads(RoadsSpec(path=str(path)), faults := [])
    assert roads is not None
    rules = Rules(spec.roads, roads, faults, [])
    graph = road_graph(roads, rules.of(spec.modes[0], 0), island_km=spec.island_km, in_minutes=True)
    assert not faults
    draw = np.random.default_rng(3)
    low, high = np.quantile(roads.vertices, [0.1, 0.9], axis=0)
    points, sites = draw.uniform(low, high, (25, 2)), draw.uniform(low, high, (2, 2))
    network = Network.of(graph, points, sites, OffRoad(60 / 4.5, 10.0))
    found = np.array([network.from_site(site) for site in range(2)]).T
    ways = RoadWays(spec, points, sites, in_minutes=True)
    expected = np.array([ways.to_site(site) for site in range(2)]).T
    np.testing.assert_allclose(found, expected, rtol=1e-8)
    assert np.isfinite(found).mean() > 0.9


def test_a_long_road_is_near_where_it_bulges_beside_the_line_of_its_ends(project: Project) -> None:
    ends, away = [(60.0, 30.0), (74.0, 30.0)], [(66.0, 29.5), (66.0, 29.6)]
    shapes = [shapely.LineString(ends), shapely.LineString(away)]
    frame = gpd.GeoDataFrame({"highway": ["primary"] * 2}, geometry=shapes, crs="EPSG:4326")
    frame.to_file(project.folder / "long.gpkg")
    settings = by_road(project, "long.gpkg", snap_m=0.0)
    settings["travel"] |= {"walk_straight": False, "access_max_km": 60.0, "island_km": 0.0}
    inputs = project.inputs(settings)
    points = np.array([[67.0, 30.18], [66.0, 30.17], [61.0, 29.95]])  # beside the arc, 20 km from its chord
    sites = np.array([[68.0, 30.18], [73.0, 30.1]])
    travel = inputs.scenario.travel
    assert isinstance(travel, NetworkSpec)
    ways = RoadWays(travel, points, sites, in_minutes=True)
    network = build_problem(inputs).travel
    assert isinstance(network, Network)
    network = Network.of(network.roads, points, sites, network.off_road)
    for site in range(2):
        found = network.from_site(site)
        assert (found < np.inf).all()
        np.testing.assert_allclose(ways.to_site(site), found, rtol=1e-9)


@examples(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_no_piece_of_road_near_a_place_is_left_out_by_the_audit(seed: int) -> None:
    draw = np.random.default_rng(seed)
    middle = np.array([draw.choice([-180.0, 0.0, 67.0, 179.9]), draw.choice([-89.95, -60.0, 0.0, 30.0, 70.0, 89.9])])
    wide = draw.choice([0.1, 5.0, 80.0])
    ends = middle + draw.uniform(-wide, wide, (30, 2, 2)) * [1, 0.2]
    ends[..., 0] = (ends[..., 0] + 180) % 360 - 180
    ends[..., 1] = ends[..., 1].clip(-90, 90)
    pieces = [
        Piece(line, ((line, 0), (line, 1)), ((float(a[0]), float(a[1])), (float(b[0]), float(b[1]))), 1.0)
        for line, (a, b) in enumerate(ends)
    ]
    place = middle + draw.uniform(-wide, wide, 2) * [1, 0.2]
    spot = (float((place[0] + 180) % 360 - 180), float(place[1].clip(-90, 90)))
    far = np.array([foot_of(spot, piece.places)[1] for piece in pieces])
    km = float(np.median(far))
    assert set(np.flatnonzero(far <= km).tolist()) <= set(NearPieces(pieces, range(30)).within(spot, km))


@pytest.mark.parametrize("direction", ["to_hub", "from_hub", "both"])
def test_streets_drawn_once_a_direction_are_gone_both_ways(project: Project, direction: str) -> None:
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph(crs="epsg:4326")
    for node, (lon, lat) in enumerate([(66.95, 30.0), (67.05, 30.02), (67.2, 30.1)]):
        graph.add_node(node, x=str(lon), y=str(lat))
    bent = [(67.05, 30.02), (67.1, 30.02), (67.2, 30.1)]
    shape = shapely.LineString(bent)
    graph.add_edge(0, 1, highway="primary")
    graph.add_edge(1, 0, highway="primary")
    graph.add_edge(1, 2, highway="secondary", geometry=shape.wkt)
    graph.add_edge(2, 1, highway="secondary", geometry=shape.reverse().wkt)
    nx.write_graphml(graph, project.folder / "osmnx.graphml")
    rows = [("primary", [(66.95, 30.0), (67.05, 30.02)]), ("secondary", bent)]
    shapes = [shapely.LineString(spots) for _, spots in rows]
    gpd.GeoDataFrame({"highway": [kind for kind, _ in rows]}, geometry=shapes, crs="EPSG:4326").to_file(
        project.folder / "once.gpkg"
    )
    found = []
    for name in ("osmnx.graphml", "once.gpkg"):
        settings = by_road(project, name)
        settings["travel"] |= {"walk_straight": False, "direction": direction, "island_km": 30.0}
        found.append(table(project, settings))
        np.testing.assert_allclose(found[-1], again(project, settings), rtol=1e-9)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-9)
    assert np.isfinite(found[0][:2, [0, 3]]).all()
    facts = [project.inputs(by_road(project, name)).searched for name in ("osmnx.graphml", "once.gpkg")]
    lengths = [one.facts["roads_km"] for one in facts if one is not None]
    assert lengths[0] == pytest.approx(lengths[1], rel=1e-12)


def test_roads_in_python_are_those_of_a_scenario_and_of_networkx(project: Project) -> None:
    lines().to_file(project.folder / "roads.gpkg")
    settings = by_road(project, "roads.gpkg", oneway="oneway", speed_kmh="maxspeed")
    inputs = project.inputs(settings)
    roads = hp.read_roads(project.folder / "roads.gpkg", oneway="oneway", speed_kmh="maxspeed")
    travel = roads.travel(inputs.demand.points, inputs.sites.lonlat)
    found = np.array([travel.from_site(site) for site in range(travel.n_sites)]).T
    np.testing.assert_allclose(found, table(project, settings), rtol=1e-12)
    graph = roads.to_networkx()
    assert graph.number_of_edges() == 10  # six stretches, of which two go one way
    spots = {(round(about["x"], 4), round(about["y"], 4)): node for node, about in graph.nodes(data=True)}
    ways = nx.single_source_dijkstra_path_length(graph, spots[66.9, 30.0], weight="minutes")
    there = roads.travel([[66.9, 30.0]], [[68.0, 31.0]]).from_site(0)[0]
    assert there == pytest.approx(ways[spots[68.0, 31.0]], rel=1e-12)
    assert sum(km for _, _, km in graph.edges(data="km")) == pytest.approx(
        2 * sum(roads.part_km)
        - sum(about["km"] for tail, head, about in graph.edges(data=True) if not graph.has_edge(head, tail)),
        rel=1e-12,
    )
    problem = hp.Problem.from_travel(travel, inputs.demand.point_need, np.ones(travel.n_sites), reach=30)
    assert hp.solve_problem(problem, hp.MaxCoverage(budget=1)).value > 0
    assert roads.route(travel, 0, 0).cost == pytest.approx(found[0, 0])


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"mode": "camel"}, "camel"),
        ({"mode": "bicycle", "road_class": "kind"}, "kind"),
        ({"snap_m": -1.0}, "snap_m"),
        ({"speeds": {"primary": 0.0}}, "speeds.primary"),
    ],
)
def test_wrong_words_of_roads_in_python_are_told(project: Project, keys: dict[str, Any], said: str) -> None:
    lines().to_file(project.folder / "roads.gpkg")
    with pytest.raises(hp.HubplannerError) as caught:
        hp.read_roads(project.folder / "roads.gpkg", **keys)
    assert said in str(caught.value)


def test_where_places_join_large_networks_is_kept(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines().to_file(project.folder / "plain.geojson")
    settings = by_road(project, "plain.geojson", oneway="oneway", speed_kmh="maxspeed")
    plain = table(project, settings)
    monkeypatch.setenv(PLACE, str(tmp_path / "kept"))
    monkeypatch.setattr(network, "KEPT_FROM", 0)
    np.testing.assert_array_equal(table(project, settings), plain)
    assert len(entries()) == 2, "of points and of sites"

    def search(*_: object) -> None:
        raise LookupError

    monkeypatch.setattr(RoadGraph, "snap", search)  # nothing is searched for a second time
    np.testing.assert_array_equal(table(project, settings), plain)
    with pytest.raises(LookupError):
        table(project, settings | {"travel.access_max_km": 3})
