"""The report's map as shapes of a vector picture: areas, borders, reach, links, hubs and names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from hubplanner.outputs.html.areas import areas_of, borders
from hubplanner.outputs.html.labels import SHAPES, Ground, Name, place_names, ranks, scale
from hubplanner.outputs.html.words import about, count
from hubplanner.outputs.map.fonts import in_words, share_in_words
from hubplanner.outputs.map.layout import view_of
from hubplanner.outputs.map.legend import bar_km
from hubplanner.outputs.run_data import isolated, on_one_line

if TYPE_CHECKING:
    from hubplanner.outputs.html.areas import NearestAreas
    from hubplanner.outputs.run_data import Result
    from hubplanner.problem import Floats

WIDTH, HIGHEST = 1000.0, 1150.0
"""Size of the picture in its own units."""
EDGE = 0.03
MOST_LINKS = 4000
"""More links than this are left out."""
PLACES = 7
"""Places along each side of an area where its name may stand."""
LEVELS = ("not", "partly", "covered")


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A shape with its classes and what to say about it."""

    css: str
    path: str
    tip: str = ""


@dataclass(frozen=True, kw_only=True)
class MapMark:
    """A hub: where, as which tier, how it looks and what to say about it."""

    x: float
    y: float
    tier: int
    css: str
    size: float
    tip: str
    number: str = ""


@dataclass(frozen=True, kw_only=True)
class Circle:
    """What a hub reaches: an ellipse where the map is stretched."""

    x: float
    y: float
    wide: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Map:
    """All that is drawn, from the ground up."""

    width: float
    height: float
    areas: tuple[Spot, ...]
    borders: tuple[str, ...]
    border_group: str
    circles: tuple[Circle, ...]
    links: str
    marks: tuple[MapMark, ...]
    names: tuple[Name, ...]
    bar: tuple[float, str]
    limits: tuple[str, ...]
    tiers: tuple[tuple[str, str, int], ...]
    has_existing: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class _Frame:
    """From degrees to units of the picture."""

    view: Any
    low: Floats
    per_km: float
    height: float

    def units(self, km: Floats) -> Floats:
        return np.column_stack([km[:, 0] - self.low[0], -(km[:, 1] - self.low[1])]) * self.per_km + [0.0, self.height]

    def at(self, lonlat: Floats) -> Floats:
        return self.units(self.view.km(lonlat))


def draw(result: Result) -> Map:
    """Return the map of a run."""
    demand, hubs = _lonlat(result.demand), _lonlat(result.hubs)
    radius = _radius(result)
    view = view_of(np.concatenate([demand, hubs]), 4)
    share, need, people = (
        result.demand[name].to_numpy(dtype=np.float64) for name in ("covered_share", "need", "people")
    )
    areas = areas_of(view.km(demand), need, people, np.nan_to_num(share))
    frame = _frame(view, areas, hubs, radius)
    groups = {name: [on_one_line(cell) for cell in result.demand[name]] for name in _groups(result)}
    group, grounds = borders(areas, groups)
    at = frame.at(hubs)
    marks = _marks(result, at)
    return Map(
        width=WIDTH,
        height=round(frame.height, 1),
        areas=tuple(_spots(result, areas, frame, groups)),
        borders=tuple(_path(ground, frame) for ground in grounds.values()),
        border_group=group.replace("_", " "),
        circles=tuple(_circles(at, hubs, radius, frame)),
        links=_links(result, frame),
        marks=marks,
        names=place_names(result, at, _areas_named(grounds, frame), WIDTH, frame.height),
        bar=_bar(frame),
        limits=tuple(in_words(limit) for limit in areas.limits),
        tiers=_tiers(result),
        has_existing=bool(len(result.hubs)) and bool((result.hubs["status"] == "existing").any()),
    )


def _groups(result: Result) -> list[str]:
    found = [
        (name, f"demand_{name}" if f"demand_{name}" in result.demand else name)
        for name in result.scenario.demand.groups
    ]
    return [column for _, column in found if column in result.demand]


def _lonlat(frame: Any) -> Floats:
    return np.column_stack([frame.geometry.x, frame.geometry.y]).astype(np.float64).reshape(-1, 2)


def _radius(result: Result) -> Floats:
    """Return the radius of each hub's circle in kilometres, NaN where reach is none."""
    travel = result.scenario.travel
    if not travel.is_geometric or not len(result.hubs):
        return np.full(len(result.hubs), np.nan)
    reach = {tier.name: travel.circle(tier.reach(travel.speed_kmh)) for tier in result.scenario.hubs}
    return np.array([reach.get(str(tier), np.nan) for tier in result.hubs["tier"]], dtype=np.float64)


def _frame(view: Any, areas: NearestAreas, hubs: Floats, radius: Floats) -> _Frame:
    km = [shapely.total_bounds(areas.shapes).reshape(2, 2)]
    span = float(np.ptp(km[0], axis=0).max())
    if len(hubs):
        away = np.nan_to_num(np.where(2 * radius < span, radius, 0.0))[:, None]
        km += [view.km(hubs) + away, view.km(hubs) - away]
    whole = np.concatenate(km)
    margin = EDGE * span
    low, high = whole.min(axis=0) - margin, whole.max(axis=0) + margin
    wide, tall = high - low
    per_km = min(WIDTH / wide, HIGHEST / tall)
    low[0] -= (WIDTH / per_km - wide) / 2
    least = max(tall, 0.45 * WIDTH / per_km)
    low[1] -= (least - tall) / 2
    return _Frame(view=view, low=low, per_km=float(per_km), height=float(least * per_km))


def _covered(share: float, need: float) -> str:
    return "none to cover" if need == 0 else f"{share_in_words(share)} covered"


def _path(shape: Any, frame: _Frame) -> str:
    """Return the rings of a polygon as a path, in steps from point to point."""
    return "".join(
        _ring(frame.units(shapely.get_coordinates(ring)))
        for part in shapely.get_parts(shape)
        if shapely.get_type_id(part) == shapely.GeometryType.POLYGON
        for ring in shapely.get_rings(part)
    )


def _ring(points: Floats) -> str:
    tenths = np.round(points[:-1] * 10).astype(int)
    steps = np.diff(tenths, axis=0)
    moved = steps[np.any(steps != 0, axis=1)]
    start = f"M{tenths[0, 0] / 10:g} {tenths[0, 1] / 10:g}"
    return start + "".join(f"l{x / 10:g} {y / 10:g}" for x, y in moved.tolist()) + "z"


def _spots(result: Result, areas: NearestAreas, frame: _Frame, groups: dict[str, list[str]]) -> list[Spot]:
    rows = np.argsort(areas.of, kind="stable")
    first = rows[np.searchsorted(areas.of[rows], np.arange(len(areas.need)))]
    inside = np.bincount(areas.of, minlength=len(areas.need))
    ids = result.demand["demand_id"].map(on_one_line).tolist()
    found = []
    for number, (row, many) in enumerate(zip(first.tolist(), inside.tolist(), strict=True)):
        where = ", ".join(isolated(values[row]) for values in groups.values() if values[row])
        called = isolated(ids[row]) if many == 1 else f"{isolated(ids[row])} and {many - 1:,} more"
        tip = (
            f"{called}{f' ({where})' if where else ''}: {count(areas.people[number])} people, "
            f"need {count(areas.need[number])}, {_covered(areas.covered[number], areas.need[number])}"
        )
        css = f"area {LEVELS[areas.level[number]]} {LEVELS[areas.level[number]]}-{areas.shade[number] + 1}"
        found.append(Spot(css=css, path=_path(areas.shapes[number], frame), tip=tip))
    # Those with the darker edge are drawn last.
    return sorted((spot for spot in found if spot.path), key=lambda spot: "partly" in spot.css)


def _circles(at: Floats, hubs: Floats, radius: Floats, frame: _Frame) -> list[Circle]:
    middle = np.cos(np.radians(frame.view.middle[1]))
    wide = radius * frame.per_km * middle / np.maximum(np.cos(np.radians(hubs[:, 1])), 0.05)
    kept = {
        (round(float(x), 1), round(float(y), 1), round(float(east), 1), round(float(north), 1)): None
        for (x, y), east, north in zip(at, wide, radius * frame.per_km, strict=True)
        if np.isfinite(north) and north < 2 * WIDTH
    }
    return [Circle(x=x, y=y, wide=east, high=north) for x, y, east, north in kept]


def _links(result: Result, frame: _Frame) -> str:
    if not 0 < len(result.links) <= MOST_LINKS:
        return ""
    ends = np.round(frame.at(shapely.get_coordinates(result.links.geometry.to_numpy())), 1).reshape(-1, 4)
    return "".join(f"M{a:g} {b:g}L{c:g} {d:g}" for a, b, c, d in ends.tolist())


def _marks(result: Result, at: Floats) -> tuple[MapMark, ...]:
    rank, size = ranks(result.scenario), scale(len(result.hubs))
    rows = result.hubs.to_dict("records")
    found = [
        _mark(result, row, (x, y), rank[str(row["tier"])], size) for row, (x, y) in zip(rows, at.tolist(), strict=True)
    ]
    return tuple(sorted(found, key=lambda mark: -mark.size))


def _mark(result: Result, row: dict[str, Any], at: tuple[float, float], tier: int, size: float) -> MapMark:
    many = int(row["hubs"])
    name = isolated(result.name_of(row))
    verb = "serves" if result.seated else "brings within reach"
    kind = {"existing": "stands already", "upgraded": "upgraded"}.get(row["status"], "new")
    paid = f", {about(result, row['cost'])}" if row["cost"] else ""
    tip = (
        f"{name}: {count(many) + ' x ' if many > 1 else ''}{isolated(on_one_line(row['tier']))}, {kind}; "
        f"{verb} {count(row['covered_people'])} people{paid}"
    )
    shape = SHAPES[tier % len(SHAPES)]
    return MapMark(
        x=round(at[0], 1),
        y=round(at[1], 1),
        tier=tier,
        css=f"hub {shape} {'stands' if row['status'] == 'existing' else 'new'}",
        size=round(size * (1 + 0.28 * min(tier, 4)), 2),
        tip=tip,
        number=str(many) if many > 1 else "",
    )


def _areas_named(grounds: dict[str, Any], frame: _Frame) -> list[Ground]:
    """Return the names of grounds, places in each, the best first, and how wide it is; the widest first."""
    found = []
    for name, ground in grounds.items():
        inside = _inside(ground)
        if len(inside) and name:
            west, _, east, _ = shapely.bounds(ground)
            found.append((name, frame.units(inside), float(east - west) * frame.per_km))
    return sorted(found, key=lambda place: -place[2])


def _inside(ground: Any) -> Floats:
    """Return places in a ground, those nearest to its middle first."""
    west, south, east, north = shapely.bounds(ground)
    middle = shapely.get_coordinates(shapely.point_on_surface(ground))
    if not len(middle):
        return middle
    parts = np.linspace(0, 1, PLACES + 2)[1:-1]
    grid = np.stack(np.meshgrid(west + (east - west) * parts, south + (north - south) * parts), axis=-1).reshape(-1, 2)
    shapely.prepare(ground)
    grid = grid[shapely.contains_xy(ground, grid)]
    away = np.hypot(*(grid - shapely.get_coordinates(shapely.centroid(ground))).T)
    return np.concatenate([middle, grid[np.argsort(away, kind="stable")]])


def _bar(frame: _Frame) -> tuple[float, str]:
    km = bar_km(150 / 1.4 / frame.per_km)
    return round(km * frame.per_km, 1), f"{km:g} km"


def _tiers(result: Result) -> tuple[tuple[str, str, int], ...]:
    """Return each tier's name and shape, and how many hubs of it the plan has, the one of the least reach first."""
    rank, hubs = ranks(result.scenario), result.hubs
    counts = hubs.groupby("tier")["hubs"].sum().to_dict() if len(hubs) else {}
    return tuple(
        (name, SHAPES[at % len(SHAPES)], int(counts.get(name, 0)))
        for name, at in sorted(rank.items(), key=lambda pair: pair[1])
    )
