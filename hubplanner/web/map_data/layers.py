"""What an interactive map draws: sites and demand as points, need as areas, all as GeoJSON texts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from hubplanner.inputs import Inputs
from hubplanner.inputs.coordinates import WGS84, lonlat
from hubplanner.problem import Floats, Ints, SiteStatus

MOST_AREAS = 5000
"""More places than this are drawn as points: areas would take longer to send than to read."""
DIGITS = 5
"""Decimals of degrees: about a metre."""
LINE_DEGREES = 5e-4
"""By which lines beside the plan may be simplified."""
EQUAL_AREA = "EPSG:6933"
APART = 4.0
"""Areas end this many times the usual distance between neighbours away from their place."""
NEIGHBOURS = 0.9
"""Share of places whose nearest neighbour is within the usual distance."""
M2_PER_KM2 = 1e6


@dataclass(frozen=True, kw_only=True, eq=False)
class MapAreas:
    """The areas nearest to each place, or those that the demand file has.

    Parameters
    ----------
    shapes
        (k,) polygons in WGS 84.
    of
        (n,) the area of each demand row; -1 without one.
    km2
        (k,) sizes.
    """

    shapes: Any
    of: Ints
    km2: Floats

    def sums(self, values: Floats) -> Floats:
        """Return the sum (k,) of the rows' values in each area."""
        kept = self.of >= 0
        return np.bincount(self.of[kept], weights=np.asarray(values)[kept], minlength=len(self.km2)).astype(np.float64)

    def first(self) -> Ints:
        """Return the first row (k,) of each area, after which it is called."""
        found = np.full(len(self.km2), -1, dtype=np.intp)
        rows = np.flatnonzero(self.of >= 0)[::-1]
        found[self.of[rows]] = rows
        return found


def bounds(inputs: Inputs) -> list[float]:
    """Return west, south, east and north of all sites and demand."""
    places = np.concatenate([lonlat(inputs.demand.frame), inputs.sites.lonlat])
    return [round(float(part), DIGITS) for part in (*places.min(axis=0), *places.max(axis=0))]


def site_features(inputs: Inputs) -> dict[str, Any]:
    """Return the sites as GeoJSON points: site_id, status, name and groups where there are any."""
    frame, groups = inputs.sites.frame, inputs.scenario.sites.groups
    shown = [name for name in ("name", *groups) if name in frame]
    columns = {name: [None if cell != cell or cell is None else str(cell) for cell in frame[name]] for name in shown}  # noqa: PLR0124 - NaN
    status = [SiteStatus(int(code)).name.lower() for code in inputs.sites.status]
    records = (
        {"site_id": site, "status": kind, **dict(zip(columns, cells, strict=True))}
        for site, kind, *cells in zip(frame["site_id"], status, *columns.values(), strict=True)
    )
    return {"type": "FeatureCollection", "features": _points(inputs.sites.lonlat, records)}


def line_features(inputs: Inputs) -> dict[str, Any]:
    """Return borders, water and roads that the scenario names as GeoJSON lines: what each shows is its kind."""
    features = []
    for kind in ("borders", "water", "roads"):
        parts = shapely.get_parts(getattr(inputs.map_layers, kind))
        lines = np.where(shapely.get_dimensions(parts) > 1, shapely.boundary(parts), parts)
        features += [
            {"type": "Feature", "properties": {"kind": kind}, "geometry": json.loads(line)}
            for line in shapely.to_geojson(shapely.simplify(lines, LINE_DEGREES)).tolist()
        ]
    return {"type": "FeatureCollection", "features": features}


def _points(places: Floats, records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"type": "Feature", "properties": record, "geometry": {"type": "Point", "coordinates": place}}
        for place, record in zip(np.round(places, DIGITS).tolist(), records, strict=True)
    ]


def demand_text(inputs: Inputs) -> bytes:
    """Return the demand as GeoJSON points: demand_id, need and people, and the name where there is one."""
    frame = inputs.demand.frame
    ids = [json.dumps(name, ensure_ascii=False) for name in frame["demand_id"].astype(str)]
    if inputs.scenario.demand.name:
        names = [json.dumps(name, ensure_ascii=False) for name in frame["name"].astype(str)]
        ids = [f'{own},"name":{name}' for own, name in zip(ids, names, strict=True)]
    figures = np.round(frame[["need", "people"]].to_numpy(dtype=np.float64), 1).tolist()
    places = np.round(lonlat(frame), DIGITS).tolist()
    features = ",".join(
        f'{{"type":"Feature","properties":{{"demand_id":{name},"need":{need},"people":{people}}},'
        f'"geometry":{{"type":"Point","coordinates":[{x},{y}]}}}}'
        for name, (need, people), (x, y) in zip(ids, figures, places, strict=True)
    )
    return f'{{"type":"FeatureCollection","features":[{features}]}}'.encode()


def areas_of(inputs: Inputs) -> MapAreas | None:
    """Return the demand file's own polygons, or the areas nearest to each of its points; None where they are many."""
    frame = inputs.demand.frame
    if len(frame) <= MOST_AREAS and bool(frame.geom_type.isin(["Polygon", "MultiPolygon"]).all()):
        return given_areas(frame.geometry.to_crs(WGS84))
    return nearest_areas(lonlat(frame))


def given_areas(own: gpd.GeoSeries) -> MapAreas:
    """Return polygons (n,) in degrees as the areas of as many rows."""
    shapes = shapely.set_precision(own.simplify(10.0**-DIGITS * 50).to_numpy(), 10.0**-DIGITS)
    return MapAreas(shapes=shapes, of=np.arange(len(own)), km2=_km2(own))


def nearest_areas(places: Floats) -> MapAreas | None:
    """Return the Thiessen polygons of places (n, 2) in degrees, ended a little beyond them; None where they are many.

    Places that coincide share an area. Voronoi (1908), doi:10.1515/crll.1908.134.198.
    """
    own, of = np.unique(np.round(places, DIGITS), axis=0, return_inverse=True)
    if not 1 < len(own) <= MOST_AREAS:
        return None
    middle = np.cos(np.radians(own[:, 1].mean()))
    flat = own * [middle, 1.0]  # so that distances to the east are as long as those to the north
    points = shapely.points(flat)
    reach = shapely.box(*_around(flat))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=reach, ordered=True))
    if len(cells) != len(own):
        return None
    away = _usual_distance(points) * APART
    cut = shapely.intersection(cells, shapely.buffer(points, away, quad_segs=4))
    shapes = shapely.transform(cut, lambda xy: xy / [middle, 1.0])
    shapes = shapely.set_precision(shapes, 10.0**-DIGITS)
    return MapAreas(shapes=shapes, of=of.ravel().astype(np.intp), km2=_km2(gpd.GeoSeries(shapes, crs=WGS84)))


def _around(flat: Floats) -> tuple[float, float, float, float]:
    (west, south), (east, north) = flat.min(axis=0), flat.max(axis=0)
    margin = max(east - west, north - south, 0.01)
    return west - margin, south - margin, east + margin, north + margin


def _usual_distance(points: Any) -> float:
    tree = shapely.STRtree(points)
    _, away = tree.query_nearest(points, exclusive=True, all_matches=False, return_distance=True)
    return float(np.quantile(away, NEIGHBOURS)) if len(away) else 0.01


def _km2(shapes: gpd.GeoSeries) -> Floats:
    return np.maximum(np.asarray(shapes.to_crs(EQUAL_AREA).area, dtype=np.float64) / M2_PER_KM2, 1e-6)


def areas_text(
    areas: MapAreas, ids: Sequence[str], need: Floats, people: Floats, covered: Floats | None = None
) -> bytes:
    """Return areas as GeoJSON: demand_id of their first row, need, people and need per km2, and the share covered.

    Parameters
    ----------
    areas
        The shapes and the area of each row.
    ids, need, people
        (n,) of each demand row.
    covered
        (n,) share of each row that is covered; None to leave it out.
    """
    total = areas.sums(need)
    figures: dict[str, Floats] = {
        "need": total.round(1),
        "people": areas.sums(people).round(1),
        "density": (total / areas.km2).round(3),
    }
    if covered is not None:
        share = areas.sums(need * covered) / np.where(total > 0, total, 1.0)
        figures["covered_share"] = np.asarray(share, dtype=np.float64).round(4)
    names = [ids[row] if row >= 0 else "" for row in areas.first().tolist()]
    records = [
        {"demand_id": name, **dict(zip(figures, row, strict=True))}
        for name, row in zip(names, np.column_stack(list(figures.values())).tolist(), strict=True)
    ]
    features = ",".join(
        f'{{"type":"Feature","properties":{json.dumps(record, ensure_ascii=False)},"geometry":{shape}}}'
        for record, shape in zip(records, shapely.to_geojson(areas.shapes).tolist(), strict=True)
    )
    return f'{{"type":"FeatureCollection","features":[{features}]}}'.encode()
