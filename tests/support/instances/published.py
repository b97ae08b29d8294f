"""Readers of published instances: third-party files, used where present."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse.csgraph import shortest_path

import hubplanner as hp
from hubplanner.model import Capacity
from hubplanner.problem import Matrix, Planar, SiteStatus

SHARED = Path(os.environ.get("HUBPLANNER_SHARED", Path(__file__).resolve().parents[4] / "shared" / "data"))
FOLDER = SHARED / "benchmarks"
EXACT = hp.SolverOptions(gap=0.0, ties=False, time_limit_s=6000)
"""Proven optima, in whatever time; which of several equal plans is no matter."""
FAR = 1e9
"""A reach beyond all distances."""

needs_files = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"published instances are not at {FOLDER}")


def expected(name: str) -> dict[str, Any]:
    """Return the known optima of a source."""
    optima: dict[str, Any] = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
    return optima[name]


def pmed(name: str) -> tuple[hp.Problem, int]:
    """Return an OR-Library p-median instance and its p: unit need, shortest paths between the nodes of a graph."""
    lines = (FOLDER / "orlib_pmed" / f"{name}.txt").read_text(encoding="utf-8").split("\n")
    nodes, edges, hubs = map(int, lines[0].split())
    length = np.zeros((nodes, nodes))
    for line in lines[1 : edges + 1]:
        one, other, along = map(int, line.split())
        length[one - 1, other - 1] = length[other - 1, one - 1] = along
    distance = shortest_path(length, directed=False)
    return hp.Problem.from_matrix(distance, np.ones(nodes), np.ones(nodes), FAR), hubs


def cap(name: str) -> tuple[hp.Problem, Capacity]:
    """Return an OR-Library facility location instance: a tier for each capacity, serving costs as distances."""
    numbers = np.array((FOLDER / "orlib_cap" / f"{name}.txt").read_text(encoding="utf-8").split(), dtype=float)
    sites, customers = numbers[:2].astype(int)
    room, cost = numbers[2 : 2 + 2 * sites].reshape(sites, 2).T
    table = numbers[2 + 2 * sites :].reshape(customers, sites + 1)
    demand, whole = table[:, 0], table[:, 1:]
    rooms, tier = np.unique(room, return_inverse=True)
    point, site = np.indices(whole.shape)
    travel = Matrix(point.ravel(), site.ravel(), (whole / demand[:, None]).ravel(), customers, sites)
    problem = hp.Problem(
        need=demand,
        people=demand,
        travel=travel,
        site_status=np.full(sites, SiteStatus.CANDIDATE, dtype=np.intp),
        tier_reach=np.full(len(rooms), FAR),
        option_site=np.arange(sites),
        option_tier=tier.astype(np.intp),
        option_cost=cost,
    )
    return problem, Capacity(people=tuple(rooms.tolist()))


def pmedcap(name: str) -> tuple[hp.Problem, int, Capacity]:
    """Return an OR-Library capacitated p-median instance, its p and its capacity: whole-numbered distances."""
    numbers = np.array((FOLDER / "orlib_pmedcap" / f"{name}.txt").read_text(encoding="utf-8").split(), dtype=float)
    nodes, hubs, room = numbers[2:5].astype(int).tolist()
    _, x, y, demand = numbers[5:].reshape(nodes, 4).T
    distance = np.floor(np.hypot(x[:, None] - x, y[:, None] - y))
    point, site = np.indices(distance.shape)
    travel = Matrix(point.ravel(), site.ravel(), distance.ravel(), nodes, nodes)
    return alike(travel, demand), hubs, Capacity(people=(room,), single=True)


def sjc_capacitated(name: str) -> tuple[hp.Problem, int, Capacity]:
    """Return a capacitated p-median instance of São José dos Campos, its p and its capacity."""
    numbers = np.array((FOLDER / "cpmp_sjc" / f"{name}.dat").read_text(encoding="utf-8").split(), dtype=float)
    hubs = int(numbers[1])
    x, y, room, demand = numbers[2:].reshape(-1, 4).T
    places = np.column_stack([x, y])
    return alike(Planar(places, places), demand), hubs, Capacity(people=(room[0],), single=True)


def alike(travel: Matrix | Planar, people: np.ndarray) -> hp.Problem:
    """Return a problem whose points count alike and fill hubs by their people; each may hold a hub."""
    size = len(people)
    return hp.Problem(
        need=np.ones(size),
        people=people,
        travel=travel,
        site_status=np.full(size, SiteStatus.CANDIDATE, dtype=np.intp),
        tier_reach=np.array([FAR]),
        option_site=np.arange(size),
        option_tier=np.zeros(size, dtype=np.intp),
        option_cost=np.ones(size),
    )


def sjc(name: str, reach: float) -> hp.Problem:
    """Return a maximal covering instance of São José dos Campos: the demand points are the sites."""
    x, y, need = np.loadtxt(FOLDER / "mclp_sjc" / f"{name}.txt", skiprows=1).T
    places = np.column_stack([x, y])
    return hp.Problem.from_points(places, need, places, np.ones(len(places)), reach)


def san_francisco(*, join: bool = True) -> hp.Problem:
    """Return the stores and tracts of San Francisco, tracts joined by their names unless told not to."""
    folder = FOLDER / "spopt_sf"
    with (folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    with (folder / "SF_demand_205_centroid_uniform_weight.csv").open(encoding="utf-8") as file:
        tracts = {row["NAME"]: float(row["POP2000"]) for row in csv.DictReader(file)}
    stores = sorted({row["name"] for row in table})
    order = sorted({row["DestinationName"] for row in table})
    distance = np.full((len(order), len(stores)), np.inf)
    for row in table:
        distance[order.index(row["DestinationName"]), stores.index(row["name"])] = float(row["distance"])
    people = [tracts[name] for name in order] if join else list(tracts.values())
    return hp.Problem.from_matrix(distance, people, np.ones(len(stores)), expected("spopt_sf")["radius_m"])
