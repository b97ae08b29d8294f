"""Gaps between parts of a road network, and what it changes to close one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from hubplanner.problem.arrays import Bools, Floats, Ints
from hubplanner.problem.travel.base import within
from hubplanner.problem.travel.network import Network
from hubplanner.problem.travel.roads import NearestRoad, RoadGraph, Snaps, between


class Gap(NamedTuple):
    """The least gap between a part of the roads and a longer one.

    Parameters
    ----------
    part, other
        Numbers of both parts, 0 the longest.
    km
        How wide it is.
    places
        (2, 2) longitudes and latitudes of its two ends.
    segment, share
        (2,) segments that it is between, and how far along them it begins and ends.
    """

    part: int
    other: int
    km: float
    places: Floats
    segment: Ints
    share: Floats


def gaps_of(graph: RoadGraph, most_km: float) -> list[Gap]:
    """Return the least gap between each part of the roads, but for the longest, and a longer one, if it is not wide.

    Where no roads cross, a gap is least at a vertex of one of them. Looked at are those of the shorter part, and of the
    longer one those whose nearest road of a shorter part it is; of the longest dead ends alone.
    """
    if graph.n_parts == 1:
        return []
    label = np.full(len(graph.vertices), -1, dtype=np.intp)
    label[graph.start], label[graph.end] = graph.part, graph.part
    touching = np.zeros(len(label), dtype=np.intp)
    touching[graph.start], touching[graph.end] = np.arange(len(graph.start)), np.arange(len(graph.start))
    degree = np.bincount(np.concatenate([graph.start, graph.end]), minlength=len(label))
    looked = np.flatnonzero((label > 0) | ((label == 0) & (degree == 1)))
    met = [part for part in _nearest_others(graph, looked, label, most_km) if len(part[0])]
    if not met:
        return []
    vertex, other, share, km = (np.concatenate(part) for part in zip(*met, strict=True))
    # The smaller part of the two is what a bridge joins to the rest.
    part = np.maximum(label[vertex], graph.part[other])
    order = np.lexsort((other, vertex, km, part))
    found = []
    for at in order[np.unique(part[order], return_index=True)[1]].tolist():
        own, to = touching[vertex[at]], other[[at]]
        there = between(graph.vertices[graph.start[to]], graph.vertices[graph.end[to]], share[[at]])
        found.append(
            Gap(
                part=int(part[at]),
                other=int(min(label[vertex[at]], graph.part[other[at]])),
                km=float(km[at]),
                places=np.vstack([graph.vertices[[vertex[at]]], there]),
                segment=np.array([own, other[at]]),
                share=np.array([float(graph.end[own] == vertex[at]), share[at]]),
            )
        )
    return found


def _nearest_others(
    graph: RoadGraph, looked: Ints, label: Ints, most_km: float
) -> Iterator[tuple[Ints, Ints, Floats, Floats]]:
    """Yield vertices (k,), roads of other parts that are near them, how far along these, and how far away.

    Parts are halved again and again, and each half's vertices compared with the other's roads, so that no part is
    compared with itself and each pair of parts is met once.
    """
    boards = np.flatnonzero(graph.boards)
    boards = boards[np.argsort(graph.part[boards], kind="stable")]
    vertices = looked[np.argsort(label[looked], kind="stable")]
    of_roads, of_vertices = graph.part[boards], label[vertices]
    ranges = [(0, 1, graph.n_parts)]  # the longest by itself: its roads are looked up once
    while ranges:
        low, middle, high = ranges.pop()
        ends = [np.searchsorted(of, [low, middle, high]) for of in (of_roads, of_vertices)]
        for roads, own in ((0, 1), (1, 0)):
            there = boards[ends[0][roads] : ends[0][roads + 1]]
            here = vertices[ends[1][own] : ends[1][own + 1]]
            segment, share, km = NearestRoad.of(graph, there).nearest(graph.vertices[here], most_km)
            near = np.flatnonzero(segment >= 0)
            yield here[near], segment[near], share[near], km[near]
        ranges += [
            (first, (first + last) // 2, last) for first, last in ((low, middle), (middle, high)) if last - first > 1
        ]


def reached_across(network: Network, gap: Gap, cost: float, reach: Floats) -> Bools:
    r"""Tell which points (n,) reach some site within its reach once a gap is closed, by a way that may cross it.

    With $D$ the ways along roads as they are, ends $a$ and $b$ of the gap and its cost $c$ each way

    .. math:: D'_{ij} = \min(D_{ij},\; D_{ia} + c + D_{bj},\; D_{ib} + c + D_{aj})

    since a shortest way crosses it at most once.

    Parameters
    ----------
    cost
        Cost of crossing it, in the unit of reach.
    reach
        (m,) reach of each site.
    """
    off = network.off_road._replace(straight=False)
    none = np.full(2, -1, dtype=np.intp)
    snaps = Snaps(
        np.column_stack([gap.segment, none]),
        np.column_stack([gap.share, np.zeros(2)]),
        np.column_stack([np.zeros(2), np.full(2, np.inf)]),
    )
    to_ends = replace(network, sites=gap.places, site_snaps=snaps, off_road=off, found=[])
    to_hubs = replace(to_ends, points=network.sites, point_snaps=network.site_snaps)
    both, most = network.direction == "both", float(reach.max(initial=0.0))
    limit = (2 * most if both else most) * (1 + 1e-6)
    ways = {"to_hub": (True,), "from_hub": (False,)}.get(network.direction, (True, False))
    ends = np.arange(2)
    points = {way: to_ends.one_way(ends, limit, to_hub=way) for way in ways}
    hubs = {way: to_hubs.one_way(ends, limit, to_hub=not way) for way in ways}
    found = np.zeros(network.n_points, dtype=np.bool_)
    for site in range(network.n_sites):
        crossed = [
            np.min([points[way][end] + cost + hubs[way][1 - end, site] for end in (0, 1)], axis=0) for way in ways
        ]
        if both:
            known = [network.one_way(np.array([site]), limit, to_hub=way)[0] for way in ways]
            crossed = [np.minimum(one, other) for one, other in zip(crossed, known, strict=True)]
        found |= within(np.mean(crossed, axis=0), float(reach[site]))
    return found
