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
from hubplanner.outputs.map.geography import CREDIT, DISCLAIMER, LEAST_SPAN_KM, geography
from hubplanner.outputs.map.labels import spread
from hubplanner.outputs.map.projection import HALF_TURN, MapProjection
from hubplanner.outputs.map.scene import FINE
from hubplanner.problem import Floats, SiteStatus
from hubplanner.translation import N_, gettext

MOST_AREAS = 5000
"""More areas than this are drawn as points: they would take longer to send than to read."""
DIGITS = 5
"""Decimals of degrees: about a metre."""
LINE_DEGREES = 5e-4
"""By which lines beside the plan may be simplified."""
EQUAL_AREA = "EPSG:6933"
M2_PER_KM2 = 1e6
AROUND = 2.0
"""Geography is known this many spans away from the middle, so that a map may be moved."""
MOST_TOWNS = 60
ONLY_POINTS = N_("Only points are known: need is drawn where they are, and no area or border is made up for them.")


@dataclass(frozen=True, kw_only=True, eq=False)
class MapAreas:
    """The areas that the demand file has, one of each row.

    Parameters
    ----------
    shapes
        (n,) polygons in WGS 84.
    km2
        (n,) sizes.
    """

    shapes: Any
    km2: Floats


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


def world_features(inputs: Inputs) -> dict[str, Any]:
    """Return what lies around the sites and demand, as on the printed map, none where a map is finer than that.

    Returns
    -------
    dict
        ``lines`` of coasts, borders, rivers and lakes, ``towns``, ``notes`` with what a reader must know, and
        ``sources`` of the lines and towns.
    """
    given, frame = inputs.map_layers, inputs.demand.frame
    places = np.concatenate([lonlat(frame), inputs.sites.lonlat])
    projection = MapProjection.around(places)
    km = projection.km(places)
    span = float(np.ptp(km, axis=0).max())
    notes: list[str] = [] if areas_of(inputs) is not None else [ONLY_POINTS]
    sources: list[str] = []
    world = geography(projection, AROUND * span, km) if span >= LEAST_SPAN_KM else None
    drawn: dict[str, Any] = {}
    if world is not None:
        drawn = {"coast": world.coast, "border": world.borders, "province": world.provinces, "disputed": world.disputed}
        if not given.is_given("water"):
            drawn |= {"river": world.rivers, "lake": shapely.boundary(world.lakes)}
        sources = [CREDIT, DISCLAIMER]
    lines = []
    for kind, shapes in drawn.items():
        degrees = shapely.transform(shapely.simplify(shapes, span * FINE), projection.lonlat)
        west, _, east, _ = shapely.bounds(degrees).reshape(-1, 4).T
        lines += [
            {"type": "Feature", "properties": {"kind": kind}, "geometry": json.loads(text)}
            for text in shapely.to_geojson(degrees[east - west < HALF_TURN]).tolist()
        ]
    if given.is_given("places"):
        names, towns = list(given.names), given.places
    else:
        known = spread([town for town in (world.towns if world is not None else ()) if town.home])[:MOST_TOWNS]
        names = [town.name for town in known]
        towns = projection.lonlat(np.array([town.place for town in known], dtype=np.float64).reshape(-1, 2))
    records = ({"name": name, "order": at} for at, name in enumerate(names[:MOST_TOWNS]))
    return {
        "lines": {"type": "FeatureCollection", "features": lines},
        "towns": {"type": "FeatureCollection", "features": _points(towns[:MOST_TOWNS], records)},
        "notes": [gettext(note) for note in notes],
        "sources": [gettext(source) for source in sources],
    }


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
    """Return the demand file's own polygons; None where only points are known, or they are too many."""
    return given_areas(inputs.demand.frame.geometry)


def given_areas(own: gpd.GeoSeries) -> MapAreas | None:
    """Return polygons (n,) as the areas of as many rows; None where they are anything else, or too many."""
    if not 0 < len(own) <= MOST_AREAS or not bool(own.geom_type.isin(["Polygon", "MultiPolygon"]).all()):
        return None
    degrees = own.to_crs(WGS84).simplify(10.0**-DIGITS * 50)
    shapes = shapely.set_precision(degrees.to_numpy(), 10.0**-DIGITS)
    return MapAreas(shapes=shapes, km2=np.maximum(own.to_crs(EQUAL_AREA).area.to_numpy() / M2_PER_KM2, 1e-6))


def areas_text(
    areas: MapAreas, ids: Sequence[str], need: Floats, people: Floats, covered: Floats | None = None
) -> bytes:
    """Return areas as GeoJSON: demand_id, need, people and need per km2, and the share covered.

    Parameters
    ----------
    areas
        The shapes.
    ids, need, people
        (n,) of each demand row.
    covered
        (n,) share of each row that is covered; None to leave it out.
    """
    figures = {"need": need.round(1), "people": people.round(1), "density": (need / areas.km2).round(3)}
    if covered is not None:
        figures["covered_share"] = np.where(need > 0, covered, 0.0).round(4)
    records = [
        {"demand_id": name, **dict(zip(figures, row, strict=True))}
        for name, row in zip(ids, np.column_stack(list(figures.values())).tolist(), strict=True)
    ]
    features = ",".join(
        f'{{"type":"Feature","properties":{json.dumps(record, ensure_ascii=False)},"geometry":{shape}}}'
        for record, shape in zip(records, shapely.to_geojson(areas.shapes).tolist(), strict=True)
    )
    return f'{{"type":"FeatureCollection","features":[{features}]}}'.encode()
