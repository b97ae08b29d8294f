"""Ways along roads by another package, in its environment: ``python tests/benchmarks/road_peers.py PACKAGE FILE``.

FILE holds a graph of junctions (indptr, indices, minutes), some of them (sites) and the ways from those (found,
infinite beyond limit) that a package must find too. Prints the seconds of the processor to build its own graph and to
search it, as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np

ALIKE = 1e-6


def igraph(held: dict[str, Any], arcs: tuple[Any, Any]) -> tuple[float, Any]:
    """Search by igraph, whose ways from a site lead to all junctions: it has no limit."""
    import igraph as ig

    graph = ig.Graph(len(held["indptr"]) - 1, np.column_stack(arcs).tolist(), directed=True)
    built = time.process_time()
    return built, np.array(graph.distances(held["sites"].tolist(), weights=held["minutes"].tolist()))


def networkit(held: dict[str, Any], arcs: tuple[Any, Any]) -> tuple[float, Any]:
    """Search by NetworKit, whose ways from a site lead to all junctions: it has no limit."""
    import networkit as nk

    nk.setNumberOfThreads(1)
    graph = nk.GraphFromCoo((held["minutes"], arcs), n=len(held["indptr"]) - 1, weighted=True, directed=True)
    built = time.process_time()
    ways = [nk.distance.Dijkstra(graph, int(site), storePaths=False).run().getDistances() for site in held["sites"]]
    return built, np.array(ways)


def main() -> None:
    """Build, search, compare and print."""
    held = dict(np.load(sys.argv[2]))
    tail = np.repeat(np.arange(len(held["indptr"]) - 1), np.diff(held["indptr"]))
    began = time.process_time()
    built, ways = {"igraph": igraph, "networkit": networkit}[sys.argv[1]](held, (tail, held["indices"].astype(np.intp)))
    ended = time.process_time()
    near = np.isfinite(held["found"])
    np.testing.assert_allclose(ways[near], held["found"][near], rtol=ALIKE, atol=ALIKE)
    assert (ways[~near] > held["limit"] * (1 - ALIKE)).all()
    print(json.dumps({"build": built - began, "search": ended - built}))


if __name__ == "__main__":
    main()
