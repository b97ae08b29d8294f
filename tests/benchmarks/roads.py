"""Travel along the roads of a country, drawn at random: ``python tests/benchmarks/roads.py [--side N]``.

A lattice of roads, one in twenty one-way and a fifth of the minor ones left out, each in several straight stretches;
half of the places lie near towns. It is written to a GeoPackage, read back as a planner's file would be, and searched
for all ways of up to an hour. Beside that stand scipy's own search over the same roads uncontracted, networkx's, and
those of igraph and NetworKit over the junctions that are left after contraction, each from a few sites.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pyogrio
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from hubplanner.inputs.travel.roads.lines import read_roads
from hubplanner.inputs.travel.roads.network import road_graph
from hubplanner.inputs.travel.roads.rules import Rules
from hubplanner.problem.travel.network import Network, OffRoad
from hubplanner.problem.travel.roads import RoadGraph, Snaps, arcs
from hubplanner.scenario.roads_spec import ModeSpec, RoadsSpec

PEERS = Path(__file__).parents[2] / ".venv-peers/bin/python"
MINUTES, STRETCHES, TOWNS = 60.0, 5, 40
CLASSES = np.array(["primary", "secondary", "tertiary", "residential"], dtype=object)
FEW, FEWER = 10, 2
"""Sites that scipy's own search and others are timed on: they take as long for each other one."""
OTHERS = {"igraph": "igraph", "networkit": "NetworKit"}
"""Packages in the environment of peers, and what they call themselves."""


def country(side: int, seed: int = 0) -> gpd.GeoDataFrame:
    """Return the roads of a country of side by side kilometres, with ``highway`` and ``oneway``."""
    draw = np.random.default_rng(seed)
    number = np.arange(side * side).reshape(side, side)
    ends = np.vstack(
        [
            np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()]),
            np.column_stack([number[:-1].ravel(), number[1:].ravel()]),
        ]
    )
    row, column = np.divmod(ends[:, 0], side)
    across = ends[:, 1] - ends[:, 0] == 1
    track = np.where(across, row, column)
    kind = np.select([track % 40 == 0, track % 10 == 0, track % 4 == 0], [0, 1, 2], default=3)
    keep = (kind < 3) | (draw.random(len(ends)) > 0.2)
    ends, kind = ends[keep], kind[keep]
    spots = np.column_stack([np.arange(side * side) % side, np.arange(side * side) // side]) * 0.009 + [60.0, 24.0]
    spots += draw.uniform(-0.002, 0.002, spots.shape)
    share = np.linspace(0, 1, STRETCHES + 1)[None, :, None]
    lines = spots[ends[:, :1]] * (1 - share) + spots[ends[:, 1:]] * share
    lines[:, 1:-1] += draw.uniform(-0.0003, 0.0003, lines[:, 1:-1].shape)
    columns = {"highway": CLASSES[kind], "oneway": np.where(draw.random(len(ends)) < 0.05, "yes", "no")}
    return gpd.GeoDataFrame(columns, geometry=shapely.linestrings(lines), crs="EPSG:4326")


def places(side: int, count: int, seed: int) -> np.ndarray[Any, Any]:
    """Return places of which half lie near towns."""
    draw = np.random.default_rng(seed)
    wide = side * 0.009
    towns = np.random.default_rng(1).uniform(0, wide, (TOWNS, 2))
    near = towns[draw.integers(TOWNS, size=count // 2)] + draw.normal(0, 0.05, (count // 2, 2))
    found = np.vstack([near, draw.uniform(0, wide, (count - count // 2, 2))])
    return found.clip(0, wide) + np.array([60.0, 24.0])


class Clock:
    """Seconds of the processor that steps take."""

    def __init__(self) -> None:
        self.steps: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure a step."""
        began = time.process_time()
        yield
        self.steps[name] = time.process_time() - began


def measure(side: int, sites: int, points: int) -> tuple[Clock, dict[str, Any]]:
    """Return how long each step takes, and what came of it; raise where two ways to search disagree."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "roads.gpkg")
        # In a process of its own, whose memory is no part of ours.
        subprocess.run([sys.executable, __file__, "--side", f"{side}", "--write", str(file)], check=True)
        lines = pyogrio.read_info(file)["features"]
        spec = RoadsSpec(path=str(file), oneway="oneway")
        faults: list[Any] = []
        with clock.step("read"):
            roads = read_roads(spec, faults)
        if roads is None:
            raise ValueError(faults)
        with clock.step("build"):
            passage = Rules(spec, roads, faults, []).of(ModeSpec(), 0)
            graph = road_graph(roads, passage, island_km=5.0, in_minutes=True)
            edges = len(graph.edges.start)
    off = OffRoad(60 / 4.5, 10.0)
    with clock.step("snap"):
        network = Network.of(graph, places(side, points, 2), places(side, sites, 3), off)
    with clock.step("search"):
        pairs = len(network.pairs(0, points, MINUTES)[0])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    about = {"lines": lines, "segments": len(graph.start), "edges": edges, "pairs": pairs, "peak_mb": peak}
    _compare(clock, network)
    return clock, about


def _compare(clock: Clock, network: Network) -> None:
    """Search the roads uncontracted from a few junctions by scipy and networkx, and hold both against ours."""
    roads = network.roads
    some = np.unique(roads.start)[:: max(len(roads.start) // FEW // 8, 1)][:FEW]
    tail, head = np.concatenate([roads.start, roads.end]), np.concatenate([roads.end, roads.start])
    plain = arcs(tail, head, np.concatenate([roads.forward, roads.backward]), len(roads.vertices))
    with clock.step("scipy alone"):
        found = dijkstra(plain, indices=some, limit=MINUTES)
    ours = _from_vertices(roads, some, network.off_road)
    there = np.isfinite(found)
    np.testing.assert_allclose(found[there], ours[there], rtol=1e-9, atol=1e-9)
    # A graph of networkx with all roads takes ten gigabytes, and ways within the limit pass what they reach alone.
    near = np.flatnonzero(there[:FEWER].any(axis=0))
    graph = nx.from_scipy_sparse_array(csr_array(plain[near][:, near]), create_using=nx.DiGraph)
    with clock.step("networkx"):
        for number, node in enumerate(np.searchsorted(near, some[:FEWER]).tolist()):
            ways = nx.single_source_dijkstra_path_length(graph, node, cutoff=MINUTES, weight="weight")
            nodes = near[np.array(list(ways))]
            np.testing.assert_allclose(np.array(list(ways.values())), found[number, nodes], rtol=1e-9, atol=1e-9)
    if PEERS.exists():
        _ask_others(clock, roads)


def _ask_others(clock: Clock, roads: RoadGraph) -> None:
    """Let other packages search the junctions that are left after contraction, in processes of their own."""
    graph = roads.graph
    sites = np.linspace(0, graph.shape[0] - 1, FEWER).astype(np.intp)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "graph.npz")
        np.savez(
            file,
            indptr=graph.indptr,
            indices=graph.indices,
            minutes=graph.data,
            sites=sites,
            found=dijkstra(graph, indices=sites, limit=MINUTES),
            limit=MINUTES,
        )
        for package, name in OTHERS.items():
            command = [str(PEERS), str(Path(__file__).with_name("road_peers.py")), package, str(file)]
            told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            clock.steps[f"{name}, its graph"] = told["build"]
            clock.steps[f"{name}, {FEWER} sites"] = told["search"]


def _from_vertices(roads: RoadGraph, some: np.ndarray[Any, Any], off: OffRoad) -> np.ndarray[Any, Any]:
    """Return our ways from some vertices to all of those that roads begin or end at."""
    segment = np.full(len(roads.vertices), -1)
    share = np.zeros(len(segment))
    segment[roads.end], share[roads.end] = np.arange(len(roads.end)), 1.0
    segment[roads.start], share[roads.start] = np.arange(len(roads.start)), 0.0

    def snaps(which: np.ndarray[Any, Any]) -> Snaps:
        none = np.full(len(which), -1)
        zero, far = np.zeros(len(which)), np.full(len(which), np.inf)
        return Snaps(
            np.column_stack([segment[which], none]),
            np.column_stack([share[which], zero]),
            np.column_stack([zero, far]),
        )

    every = np.arange(len(segment))
    network = Network(
        roads=roads,
        points=roads.vertices,
        sites=roads.vertices[some],
        point_snaps=snaps(every),
        site_snaps=snaps(some),
        off_road=off._replace(straight=False),
        direction="from_hub",
    )
    return network.one_way(np.arange(len(some)), MINUTES, to_hub=False)


def main() -> None:
    """Measure, print and write the table."""
    sys.path.append(str(Path(__file__).resolve().parents[1]))
    from benchmarks.suite import note

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=760, help="km of the country's side")
    parser.add_argument("--sites", type=int, default=850)
    parser.add_argument("--points", type=int, default=90_000)
    parser.add_argument("--write", type=Path, help="write the country's roads to this file, and end")
    asked = parser.parse_args()
    if asked.write:
        country(asked.side).to_file(asked.write)
        return
    clock, about = measure(asked.side, asked.sites, asked.points)
    named = {"scipy alone": f"scipy alone, {FEW} sites", "networkx": f"networkx, {FEWER} sites"}
    told = (
        f"Ways of up to {MINUTES:g} minutes along a country's roads, read from a GeoPackage: {about['segments']:,} "
        f"stretches of {about['lines']:,} roads, {about['edges']:,} edges after contraction; {asked.sites:,} sites, "
        f"{asked.points:,} points: {about['pairs']:,} pairs, {about['peak_mb']:,.0f} MB. Plain scipy and networkx "
        "search the same roads from a few sites, igraph and NetworKit the edges after contraction, and all find the "
        "same minutes."
    )
    rows = [[named.get(name, name), seconds] for name, seconds in clock.steps.items()]
    note("roads", {"about": told, "what": "step", "rows": rows})


if __name__ == "__main__":
    main()
