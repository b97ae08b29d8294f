"""The report's map: a scene as shapes of a vector picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from hubplanner.formatting import in_words, share_in_words
from hubplanner.outputs.html.words import count
from hubplanner.outputs.map.hub_symbols import mark_scale
from hubplanner.outputs.map.labels import Sheet, labels_of, place_labels
from hubplanner.outputs.map.legend import bar_km
from hubplanner.outputs.map.need import level_note
from hubplanner.outputs.map.scene import MapScene, groups_of
from hubplanner.outputs.run_data import Result, isolated, on_one_line
from hubplanner.problem import Floats
from hubplanner.scenario import Scenario
from hubplanner.translation import N_, gettext as _, written

WIDTH, HIGHEST = 1000.0, 1150.0
"""Size of the picture in its own units."""
EDGE = 0.03
MOST_LINKS = 4000
"""More links than this are left out."""
LEVELS, WORDS = ("not", "partly", "covered"), (N_("not covered"), N_("partly covered"), N_("covered"))
LINE, MARK = 15.0, 8.0
"""Height of a line of names, and half the width of a mark with its rim before it is scaled."""
NARROW = 1.9
"""Names for a narrow screen are so many times as large, so that they can be read there."""
LETTERS = {"hub": 7.2, "town": 6.4, "area": 10.5, "country": 9.5}
"""Width of a letter of each kind of name."""
COARSE = 0.4
"""Units by which lines of the geography may be simplified."""
LEAST_MARK, MOST_MARK = 2.2, 15.0
"""Radii of graduated points."""
SHAPES = ("circle", "square", "diamond", "triangle", "pentagon", "hexagon")
OUTLINES = {
    "circle": "M0-6A6 6 0 1 1 0 6A6 6 0 1 1 0-6z",
    "square": "M-5.4-5.4h10.8v10.8h-10.8z",
    "diamond": "M0-7L7 0L0 7L-7 0z",
    "triangle": "M0-7L6.6 5.2H-6.6z",
    "pentagon": "M0-6.6L6.3-2L3.9 5.4H-3.9L-6.3-2z",
    "hexagon": "M0-6.4L5.5-3.2V3.2L0 6.4L-5.5 3.2V-3.2z",
}
"""Shapes of tiers, in the order of map.png, about a middle at 0, as wide as a circle of radius 6 looks."""


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
    """What a hub reaches."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True, kw_only=True)
class Point:
    """A place with need of which only the place is known."""

    x: float
    y: float
    radius: float
    css: str
    tip: str


@dataclass(frozen=True, kw_only=True)
class Written:
    """A line of a name, where it starts, its kind, the dot of a town, and where a line from it to the name ends."""

    text: str
    x: float
    y: float
    css: str
    dot: tuple[float, float] | None = None
    lead: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Map:
    """All that is drawn, from the ground up."""

    width: float
    height: float
    land: tuple[Spot, ...]
    areas: tuple[Spot, ...]
    points: tuple[Point, ...]
    lines: tuple[Spot, ...]
    circles: tuple[Circle, ...]
    reach: str
    islands: str
    links: str
    trenches: str
    marks: tuple[MapMark, ...]
    names: tuple[Written, ...]
    narrow_names: tuple[Written, ...]
    bar: tuple[float, str]
    limits: tuple[str, ...]
    levels: tuple[tuple[str, str], ...]
    of_need: str
    tiers: tuple[tuple[str, str, int], ...]
    has_existing: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Frame:
    """From kilometres to units of the picture."""

    low: Floats
    per_km: float
    height: float

    def units(self, km: Floats) -> Floats:
        return np.column_stack([km[:, 0] - self.low[0], -(km[:, 1] - self.low[1])]) * self.per_km + [0.0, self.height]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east and north kilometres of the picture."""
        east, north = self.low + np.array([WIDTH, self.height]) / self.per_km
        return float(self.low[0]), float(self.low[1]), float(east), float(north)


def draw(result: Result, scene: MapScene) -> Map:
    """Return the map of a run as a page draws it."""
    frame = _frame(scene)
    at = frame.units(scene.hubs)
    tips, km = _tips(result, scene), bar_km(150 / 1.4 / frame.per_km)
    return Map(
        width=WIDTH,
        height=round(frame.height, 1),
        land=tuple(_land(scene, frame)),
        areas=tuple(_spots(scene, frame, tips)) if scene.need.kind != "points" else (),
        points=tuple(_points(scene, frame, tips)) if scene.need.kind == "points" else (),
        lines=tuple(_lines(scene, frame)),
        circles=tuple(_circles(scene, at, frame)),
        reach=_layer(result.reach, scene, frame),
        islands=_layer(result.islands, scene, frame),
        links=_links(result, scene, frame),
        trenches=_cut(scene.trenches, frame),
        marks=_marks(result, at),
        names=tuple(_names(scene, at, frame, 1.0)),
        narrow_names=tuple(_names(scene, at, frame, NARROW)),
        bar=(round(km * frame.per_km, 1), written(f"{km:g} km")),
        limits=tuple(in_words(limit) for limit in scene.need.limits),
        levels=tuple((LEVELS[level], _(words)) for level, words in enumerate(WORDS) if level in scene.need.seen)[::-1],
        of_need=level_note(scene.need.seen),
        tiers=_tiers(result),
        has_existing=bool(len(result.hubs)) and bool((result.hubs["status"] == "existing").any()),
        notes=tuple(map(_, scene.notes)),
    )


def _frame(scene: MapScene) -> _Frame:
    span = float(np.ptp(scene.extent, axis=0).max())
    margin = EDGE * span if span > 0 else 1.0
    low, high = scene.extent[0] - margin, scene.extent[1] + margin
    wide, tall = high - low
    per_km = min(WIDTH / wide, HIGHEST / tall)
    low[0] -= (WIDTH / per_km - wide) / 2
    least = max(tall, 0.45 * WIDTH / per_km)
    low[1] -= (least - tall) / 2
    return _Frame(low=low, per_km=float(per_km), height=float(least * per_km))


def _land(scene: MapScene, frame: _Frame) -> list[Spot]:
    """Return sea and land, from the ground up; nothing without geography."""
    behind = scene.geography
    if behind is None:
        return []
    sea = Spot(css="sea", path=f"M0 0H{WIDTH:g}V{frame.height:g}H0z")
    return [
        sea,
        *(
            Spot(css=css, path=_cut(shapes, frame))
            for css, shapes in (("abroad", behind.abroad), ("home", behind.home))
        ),
    ]


def _lines(scene: MapScene, frame: _Frame) -> list[Spot]:
    """Return what lies above need: water, borders and given outlines."""
    water = shapely.get_parts(scene.water)
    flat = shapely.get_dimensions(water) > 1
    behind = scene.geography
    found = [("lake", water[flat]), ("river", water[~flat]), ("road", scene.roads), ("given", scene.borders)]
    if behind is not None:
        found = [
            ("lake", behind.lakes),
            ("river", behind.rivers),
            ("coast", behind.coast),
            ("province", behind.provinces),
            *found,
            ("state", behind.borders),
            ("state disputed", behind.disputed),
        ]
    return [Spot(css=css, path=path) for css, shapes in found if (path := _cut(shapes, frame))]


def _cut(shapes: Any, frame: _Frame) -> str:
    """Return shapes within the picture as one path."""
    if not len(shapes):
        return ""
    cut = shapely.get_parts(shapely.clip_by_rect(shapes, *frame.box))
    return "".join(_path(shape, frame) for shape in shapely.simplify(cut, COARSE / frame.per_km))


def _names(scene: MapScene, at: Floats, frame: _Frame, size: float) -> list[Written]:
    """Return the names that find room when written so many times as large as on a wide screen."""
    sheet = Sheet(
        units=frame.units,
        size=(0.0, 0.0, WIDTH, frame.height),
        width=lambda text, kind: len(text) * LETTERS[kind] * size,
        line=LINE * size,
        mark=MARK * mark_scale(len(at)) / 1.6,
        upwards=False,
    )
    return [
        Written(
            text=isolated(label.text),
            x=round(label.x, 1),
            y=round(label.y + 4.5 * size * label.size, 1),
            css=f"of-{label.kind}" + " small" * (label.size < 1),
            lead=None if label.lead is None else (round(label.lead[0], 1), round(label.lead[1], 1)),
            dot=(round(label.at[0], 1), round(label.at[1], 1)) if label.kind == "town" else None,
        )
        for label in place_labels(labels_of(scene), at, sheet)
    ]


def _covered(share: float, need: float) -> str:
    return _("none to cover") if need == 0 else _("{share} covered", share=share_in_words(share))


def _path(shape: Any, frame: _Frame) -> str:
    """Return a polygon or a line as a path, in steps from point to point."""
    if shapely.get_dimensions(shape) == 1:
        return _steps(frame.units(shapely.get_coordinates(shape)))
    rings = shapely.get_rings(shapely.get_parts(shape))
    return "".join(f"{_steps(frame.units(shapely.get_coordinates(ring))[:-1])}z" for ring in rings)


def _steps(points: Floats) -> str:
    tenths = np.round(points * 10).astype(int)
    steps = np.diff(tenths, axis=0)
    moved = steps[np.any(steps != 0, axis=1)]
    start = f"M{tenths[0, 0] / 10:g} {tenths[0, 1] / 10:g}"
    return start + "".join(f"l{x / 10:g} {y / 10:g}" for x, y in moved.tolist())


def _tips(result: Result, scene: MapScene) -> list[str]:
    """Return what there is to say about each place with need."""
    need, ids = scene.need, [result.demand_name(row) for row in result.demand.to_dict("records")]
    groups = [[on_one_line(value) for value in values] for values in groups_of(result.scenario, result.demand).values()]
    found = []
    for number, (row, rows) in enumerate(zip(need.row.tolist(), need.rows.tolist(), strict=True)):
        told = {
            "need": count(need.need[number]),
            "covered": _covered(need.covered[number], need.need[number]),
        }
        if need.people is None:
            figures = _("need {need}, {covered}", **told)
        else:
            figures = _("{people} people, need {need}, {covered}", people=count(need.people[number]), **told)
        found.append(figures if row < 0 else f"{_called(ids, groups, row, rows)}: {figures}")
    return found


def _more(number: int) -> str:
    return _("{count} more", count=count(number))


def _called(ids: Sequence[str], groups: Sequence[Sequence[str]], row: int, rows: int) -> str:
    where = ", ".join(isolated(values[row]) for values in groups if values[row])
    called = isolated(ids[row]) if rows == 1 else _("{some} and {last}", some=isolated(ids[row]), last=_more(rows - 1))
    return f"{called} ({where})" if where else called


def _spots(scene: MapScene, frame: _Frame, tips: Sequence[str]) -> list[Spot]:
    need = scene.need
    faces = zip(need.faces, need.of.tolist(), need.face_level.tolist(), strict=True)
    found = []
    for shape, of, level in faces:
        name = LEVELS[level]
        found.append(Spot(css=f"area {name} {name}-{need.shade[of] + 1}", path=_path(shape, frame), tip=tips[of]))
    # Those with the darker edge are drawn last.
    return sorted((spot for spot in found if spot.path), key=lambda spot: "partly" in spot.css)


def _points(scene: MapScene, frame: _Frame, tips: Sequence[str]) -> list[Point]:
    """Return graduated points, the large ones first."""
    need, at = scene.need, frame.units(scene.need.places)
    most = max(float(need.need.max(initial=0.0)), 1e-9)
    radius = np.maximum(MOST_MARK * np.sqrt(need.need / most), LEAST_MARK)
    return [
        Point(
            x=round(float(at[number, 0]), 1),
            y=round(float(at[number, 1]), 1),
            radius=round(float(radius[number]), 1),
            css=f"area {LEVELS[need.level[number]]} {LEVELS[need.level[number]]}-{4 if need.level[number] == 1 else 3}",
            tip=tips[number],
        )
        for number in np.argsort(-need.need, kind="stable").tolist()
    ]


def _circles(scene: MapScene, at: Floats, frame: _Frame) -> list[Circle]:
    shown = np.isfinite(scene.radius) & (scene.radius * frame.per_km < 2 * WIDTH)
    kept = {
        tuple(np.round([x, y, reach * frame.per_km], 1).tolist()): None
        for (x, y), reach in zip(at[shown], scene.radius[shown], strict=True)
    }
    return [Circle(x=x, y=y, radius=radius) for x, y, radius in kept]


def _layer(shapes: gpd.GeoDataFrame | None, scene: MapScene, frame: _Frame) -> str:
    """Return a layer in degrees as one path; nothing where there is none."""
    if shapes is None or not len(shapes):
        return ""
    return _cut(shapely.transform(shapes.geometry.to_numpy(), scene.projection.km), frame)


def _links(result: Result, scene: MapScene, frame: _Frame) -> str:
    if not 0 < len(result.links) <= MOST_LINKS:
        return ""
    places, line = shapely.get_coordinates(result.links.geometry.to_numpy(), return_index=True)
    spots = np.round(frame.units(scene.projection.km(places)), 1)
    begins = np.append(True, np.diff(line) != 0)
    fresh = begins | np.append(begins[1:], True) | np.append(True, (np.diff(spots, axis=0) != 0).any(axis=1))
    return "".join(
        f"{'M' if first else 'L'}{x:g} {y:g}"
        for first, (x, y) in zip(begins[fresh].tolist(), spots[fresh].tolist(), strict=True)
    )


def _marks(result: Result, at: Floats) -> tuple[MapMark, ...]:
    rank, size = ranks(result.scenario), mark_scale(len(result.hubs))
    rows = result.hubs.to_dict("records")
    found = [
        _mark(result, row, (x, y), rank[str(row["tier"])], size) for row, (x, y) in zip(rows, at.tolist(), strict=True)
    ]
    return tuple(sorted(found, key=lambda mark: -mark.size))


def _mark(result: Result, row: dict[str, Any], at: tuple[float, float], tier: int, size: float) -> MapMark:
    many = int(row["hubs"])
    name = isolated(result.name_of(row))
    kind = {"existing": _("stands already"), "upgraded": _("upgraded")}.get(row["status"], _("new"))
    people = count(row[result.scenario.column_of_reached])
    does = (
        _("serves {people} people", people=people)
        if result.seated
        else _("brings within reach {people} people", people=people)
    )
    paid = f", {result.in_money(row['cost'])}" if row["cost"] else ""
    tier_name = f"{count(many)} x " * (many > 1) + isolated(on_one_line(row["tier"]))
    tip = f"{name}: {tier_name}, {kind}; {does}{paid}"
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


def _tiers(result: Result) -> tuple[tuple[str, str, int], ...]:
    """Return each tier's name and shape, and how many hubs of it the plan has, the one of the least reach first."""
    rank, hubs = ranks(result.scenario), result.hubs
    counts = hubs.groupby("tier")["hubs"].sum().to_dict() if len(hubs) else {}
    return tuple(
        (name, SHAPES[at % len(SHAPES)], int(counts.get(name, 0)))
        for name, at in sorted(rank.items(), key=lambda pair: pair[1])
    )


def ranks(scenario: Scenario) -> dict[str, int]:
    """Return each tier's place by how far it reaches, the least 0."""
    reach = [tier.reach(scenario.travel.speed_kmh) for tier in scenario.hubs]
    return {scenario.hubs[tier].name: rank for rank, tier in enumerate(np.argsort(reach, kind="stable").tolist())}
