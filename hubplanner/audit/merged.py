"""Demand points merged by what reaches them, done once more in the plainest way: a set of reaches for each point."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from hubplanner.audit.hubs import as_hub
from hubplanner.audit.places import SLACK, WGS84, Array, distances
from hubplanner.audit.world import People, World

CHUNK = 20_000
"""Points whose distances to all sites are held at once."""
METRES = 1000.0
DIGITS = 6
"""Of places in the order of rows."""


def merge(world: World) -> World:
    """Return the world with its points merged: rows that the same hubs reach, at their mean place, with a table."""
    people, frame = world.people, world.people.frame
    code, reached = _codes(world)
    label = _labels(world)
    keys = pd.DataFrame({"code": code, "label": label})
    group = keys.groupby(["code", "label"], sort=False).ngroup().to_numpy()
    first = np.unique(group, return_index=True)[1]
    need = frame["need"].to_numpy()
    places = np.column_stack([_mean(group, need, people.points[:, axis]) for axis in (0, 1)])
    planar = world.scenario.travel.method == "planar"
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
            **dict(zip(("lon", "lat"), _degrees(world, places).T, strict=True)),
        )
    )
    merged = People(
        frame=rows,
        points=places,
        row=np.arange(len(rows)),
        other={name: total(values) for name, values in people.other.items()},
        crs=people.crs,
    )
    return replace(world, people=merged, table=_table(world, places, reached[code[first]]))


def _options(world: World) -> list[tuple[int, int]]:
    """Return every site and tier that may hold a hub."""
    tiers = range(len(world.scenario.hubs))
    pairs = [(site, tier) for site in range(len(world.sites.frame)) for tier in tiers]
    return [(site, tier) for site, tier in pairs if as_hub(world, site, tier, 1).status]


def _codes(world: World) -> tuple[Array, Array]:
    """Return a number for each point's set of reaches, and the sets (s, options) by number."""
    options = np.array(_options(world), dtype=np.intp).reshape(-1, 2)
    reach = world.reach[options[:, 1]]
    seen: dict[bytes, int] = {}
    sets: list[Array] = []
    code = np.zeros(len(world.people.points), dtype=np.intp)
    for start in range(0, len(code), CHUNK):
        points = np.arange(start, min(start + CHUNK, len(code)))
        far = world.apart(points, options[:, 0])
        inside = far <= reach * (1 + SLACK)
        for point, row in zip(points.tolist(), inside, strict=True):
            key = np.packbits(row).tobytes()
            if key not in seen:
                seen[key] = len(sets)
                sets.append(row)
            code[point] = seen[key]
    return code, np.array(sets)


def _labels(world: World) -> Array:
    """Return numbers for what else keeps points apart, as they appear in the file."""
    people, scenario = world.people, world.scenario
    parts = {name: people.frame[name] for name in scenario.demand.groups}
    if any(tier.capacity is not None for tier in scenario.hubs):
        count = people.frame["people"].to_numpy()
        for name, values in {"need": people.frame["need"].to_numpy(), **people.other}.items():
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


def _degrees(world: World, places: Array) -> Array:
    if world.scenario.travel.method != "planar":
        return places
    import geopandas as gpd  # noqa: PLC0415 - planar merged demand only

    points = gpd.GeoSeries(gpd.points_from_xy(*places.T), crs=world.people.crs).to_crs(WGS84)
    return np.column_stack([points.x, points.y])


def _table(world: World, places: Array, reached: Array) -> Array:
    """Return distances (n, m) from mean places, on the side of each reach on which the row's points are."""
    table = np.full((len(places), len(world.sites.frame)), np.inf)
    reach, travel = world.reach, world.scenario.travel
    options = _options(world)
    far = distances(places, world.sites.places, travel.detour, planar=travel.method == "planar")
    for row, inside in enumerate(reached):
        beyond: dict[int, list[float]] = {}
        within: dict[int, list[float]] = {}
        for (site, tier), holds in zip(options, inside, strict=True):
            (within if holds else beyond).setdefault(site, []).append(float(reach[tier]))
        for site, holding in within.items():
            low = max((edge for edge in beyond.get(site, [])), default=-1.0)
            least = np.nextafter(low * (1 + 2 * SLACK), np.inf) if low >= 0 else 0.0
            table[row, site] = float(np.clip(far[row, site], least, min(holding)))
    return table
