"""Demand points merged by what reaches them, done once more: each by its distances to all sites near it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import chain, pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from hubplanner.audit.data.distances import RADIUS_KM, SLACK, along
from hubplanner.audit.data.hubs import as_hub
from hubplanner.audit.data.places import WGS84, Array
from hubplanner.audit.data.world import AuditData, AuditPeople

CHUNK = 200_000
"""Points whose distances to the sites near them are held at once."""
MARGIN = 1e-6
"""Relative; how much farther than the longest reach sites are looked for, which distances then decide."""
METRES = 1000.0
DIGITS = 6
"""Of places in the order of rows."""


def merge(world: AuditData) -> AuditData:
    """Return the world with its points merged: rows that the same hubs reach, at their mean place, with a table."""
    people, frame = world.people, world.people.frame
    code, reached = _codes(world)
    label = _labels(world)
    keys = pd.DataFrame({"code": code, "label": label})
    group = keys.groupby(["code", "label"], sort=False).ngroup().to_numpy()
    first = np.unique(group, return_index=True)[1]
    need = frame["need"].to_numpy()
    places = np.column_stack([_mean(group, need, people.points[:, axis]) for axis in (0, 1)])
    planar = world.scenario.travel.is_planar
    ends = places.round(DIGITS) if not planar else (places / METRES).round(DIGITS)
    order = np.lexsort((label[first], ends[:, 1], ends[:, 0]))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    first, places = first[order], places[order]

    def total(values: Array) -> Array:
        return np.bincount(rank[group], weights=values)

    width = max(6, len(str(len(order))))
    rows = (
        frame.iloc[first]
        .reset_index(drop=True)
        .assign(
            demand_id=[f"M{number:0{width}}" for number in range(1, len(order) + 1)],
            people=total(frame["people"].to_numpy()),
            need=total(need),
            seats=total(frame["seats"].to_numpy()),
            **dict(zip(("lon", "lat"), _degrees(world, places).T, strict=True)),
        )
    )
    merged = AuditPeople(
        frame=rows,
        points=places,
        row=np.arange(len(rows)),
        share=np.ones(len(rows)),
        other={name: total(values) for name, values in people.other.items()},
        crs=people.crs,
    )
    return replace(world, people=merged, table=_table(world, places, reached[code[first]]))


def _options(world: AuditData) -> list[tuple[int, int]]:
    """Return every site and tier that may hold a hub."""
    tiers = range(len(world.scenario.hubs))
    pairs = [(site, tier) for site in range(len(world.sites.frame)) for tier in tiers]
    return [(site, tier) for site, tier in pairs if as_hub(world, site, tier, 1).status]


def _codes(world: AuditData) -> tuple[Array, Array]:
    """Return a number for each point's set of reaches, and the sets (s, options) by number."""
    options = np.array(_options(world), dtype=np.intp).reshape(-1, 2)
    number = np.full((len(world.sites.frame), len(world.scenario.hubs)), -1, dtype=np.intp)
    number[options[:, 0], options[:, 1]] = np.arange(len(options))
    seen: dict[bytes, int] = {}
    sets: list[Array] = []
    code = np.zeros(len(world.people.points), dtype=np.intp)
    near = near_sites(world)
    for start in range(0, len(code), CHUNK):
        points = world.people.points[start : start + CHUNK]
        point, option = _reached(world, number, points, *near(points))
        # Of each point's options in order: its set, as bytes.
        order = np.lexsort((option, point))
        ends = np.searchsorted(point[order], np.arange(len(points) + 1))
        held = option[order].astype(np.int32).tobytes()
        for at, (first, last) in enumerate(pairwise((4 * ends).tolist()), start):
            key = held[first:last]
            if key not in seen:
                seen[key] = len(sets)
                sets.append(np.frombuffer(key, dtype=np.int32))
            code[at] = seen[key]
    reached = np.zeros((len(sets), len(options)), dtype=bool)
    for row, held_options in enumerate(sets):
        reached[row, held_options] = True
    return code, reached


def _reached(world: AuditData, number: Array, points: Array, point: Array, site: Array) -> tuple[Array, Array]:
    """Return the pairs of points and options that reach them, among pairs of points and sites."""
    far = along(points[point], world.sites.places[site], world.scenario.travel)
    inside = (far[:, None] <= world.reach * (1 + SLACK)) & (number[site] >= 0)
    pair, tier = np.nonzero(inside)
    return point[pair], number[site[pair], tier]


def near_sites(world: AuditData) -> Callable[[Array], tuple[Array, Array]]:
    """Return what finds the pairs of points and sites that may be within the longest reach."""
    planar = world.scenario.travel.is_planar
    most = float(world.reach.max()) / world.scenario.travel.detour * (1 + MARGIN)
    # On the sphere of radius one by chords, which grow with the ways along it.
    chord = 2.0 * float(np.sin(min(most / RADIUS_KM, np.pi) / 2.0)) + MARGIN / RADIUS_KM
    radius = most * METRES if planar else chord
    tree = KDTree(world.sites.places if planar else _on_sphere(world.sites.places))

    def near(points: Array) -> tuple[Array, Array]:
        found: Any = tree.query_ball_point(points if planar else _on_sphere(points), radius)
        count = np.fromiter(map(len, found), np.intp, len(found))
        return np.repeat(np.arange(len(points)), count), np.fromiter(chain.from_iterable(found), np.intp, count.sum())

    return near


def _on_sphere(degrees: Array) -> Array:
    lon, lat = np.deg2rad(degrees).T
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def _labels(world: AuditData) -> Array:
    """Return numbers for what else keeps points apart, as they appear in the file."""
    people, scenario = world.people, world.scenario
    parts = {name: people.frame[name] for name in scenario.demand.groups}
    if any(tier.capacity is not None for tier in scenario.hubs):
        count = people.frame["people"].to_numpy()
        weights = ("need", "seats") if scenario.model.capacity_of == "need" else ("need",)
        own = {name: people.frame[name].to_numpy() for name in weights}
        for name, values in (own | people.other).items():
            each = np.where(count > 0, values / np.where(count > 0, count, 1.0), 0.0)
            parts[f"{name} a person"] = pd.Series(each).round(12)
    if not parts:
        return np.zeros(len(people.frame), dtype=np.intp)
    by_line = pd.DataFrame(parts).assign(line=people.frame["line"]).sort_values("line")
    number = by_line.groupby(list(parts), sort=False).ngroup()
    return number.sort_index().to_numpy()


def _mean(group: Array, need: Array, values: Array) -> Array:
    """Return the mean of values by group, weighted by need, or evenly where there is none."""
    some = np.bincount(group, weights=need)[group] > 0
    weight = np.where(some, need, 1.0)
    return np.asarray(np.bincount(group, weights=weight * values) / np.bincount(group, weights=weight))


def _degrees(world: AuditData, places: Array) -> Array:
    if not world.scenario.travel.is_planar:
        return places
    import geopandas as gpd  # noqa: PLC0415 - planar merged demand only

    points = gpd.GeoSeries(gpd.points_from_xy(*places.T), crs=world.people.crs).to_crs(WGS84)
    return np.column_stack([points.x, points.y])


def _table(world: AuditData, places: Array, reached: Array) -> Array:
    """Return distances (n, m) from mean places, on the side of each reach on which the row's points are."""
    shape = len(places), len(world.sites.frame)
    within, beyond = np.full(shape, np.inf), np.full(shape, -1.0)
    for (site, tier), holds in zip(_options(world), reached.T, strict=True):
        edge = float(world.reach[tier])
        within[holds, site] = np.minimum(within[holds, site], edge)
        beyond[~holds, site] = np.maximum(beyond[~holds, site], edge)
    row, at = np.nonzero(np.isfinite(within))
    far = along(places[row], world.sites.places[at], world.scenario.travel)
    low = beyond[row, at]
    least = np.where(low >= 0, np.nextafter(low * (1 + 2 * SLACK), np.inf), 0.0)
    table = np.full(shape, np.inf)
    table[row, at] = np.clip(far, least, within[row, at])
    return table
