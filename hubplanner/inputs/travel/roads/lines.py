"""A file of roads as lines with their columns, and as segments between vertices that lines share."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hubplanner.errors import DataError, DataWarning, Fault
from hubplanner.formats import graphml, osm
from hubplanner.formats.read import read_layer
from hubplanner.formats.table_formats import DISTANCES, FORMATS, TableFormat, advice_on, format_of, suffixes_of
from hubplanner.formats.tables.parquet import has_geometry, parquet_dataset
from hubplanner.inputs.coordinates import METRES_PER_KM, WGS84
from hubplanner.inputs.readers.columns import Checker, keys_of, select
from hubplanner.inputs.readers.tables import InputTable, as_named, can_read, read_parquet, settled_crs
from hubplanner.inputs.travel_matrix import read_pairs_table
from hubplanner.problem import Floats, GreatCircle, Ints
from hubplanner.problem.travel.roads import SAME_PLACE_KM, RoadGraph, between
from hubplanner.scenario.roads_spec import ACCESS, RoadsSpec
from hubplanner.translation import gettext as _, with_advice

PER_DEGREE = 10**7
"""Vertices that agree to so many parts of a degree, a centimetre, are one, as in OpenStreetMap."""
HALF_CIRCLE = 180 * PER_DEGREE
TAGS = ("route", "duration", "junction", "oneway", "oneway:bicycle", "oneway:foot", "maxspeed")
"""Tags of OpenStreetMap that are read beside those of access."""
ENDS = ("from_x", "from_y", "to_x", "to_y")
LINES: tuple[TableFormat, ...] = tuple(each for each in FORMATS if each.kind in {"shapes", "either"})


@dataclass(frozen=True, kw_only=True, eq=False)
class Roads:
    """A file's roads.

    Parameters
    ----------
    table
        A row a line, as the file has them, with their numbers in it.
    kind
        ``osm``, where columns are tags that mean what they mean there, ``lines``, or ``edges`` of a table.
    vertices
        (v, 2) longitudes and latitudes.
    start, end
        (s,) vertices of each segment.
    km
        (s,) lengths.
    line
        (s,) the line, by position, that each segment is of.
    warnings
        What can be used, but may be a mistake.
    """

    table: InputTable
    kind: Literal["osm", "lines", "edges"]
    vertices: Floats
    start: Ints
    end: Ints
    km: Floats
    line: Ints
    warnings: list[DataWarning] = field(default_factory=list)


def read_roads(spec: RoadsSpec, faults: list[Fault], more: Collection[str] = ()) -> Roads | None:
    """Return a file's roads; None, with every fault noted, where it has none that can be used.

    Parameters
    ----------
    more
        Columns that are read beside those that the scenario names for roads.
    """
    path, before = Path(spec.path), len(faults)
    if path.is_dir() and format_of(path).name == "Parquet" and not any(path.rglob("*.parquet")):
        ends = (*osm.SUFFIXES, *graphml.SUFFIXES, *suffixes_of((*LINES, *DISTANCES)))
        held = sorted(part.name for part in path.iterdir() if part.name.lower().endswith(ends))
        allowed = _("is a folder; name the file of roads in it")
        if held:
            allowed = _("is a folder; name the file of roads in it, such as {held}", held=held[0])
        faults.append(Fault(file=path.name, allowed=allowed))
        return None
    try:
        if path.suffix.lower() in osm.SUFFIXES + graphml.SUFFIXES:
            roads = _osm(spec, path, faults, more)
        elif format_of(path) in DISTANCES and not (format_of(path).name == "Parquet" and _has_geometry(path, faults)):
            roads = _edge_table(spec, path, faults, more)
        else:
            table = _line_table(spec, path, faults)
            roads = None if table is None else _from_lines(spec, [table], faults, kind="lines", more=more)
    except DataError as error:
        faults.extend(error.faults)
        return None
    if roads is not None and joins_ends(spec, roads):
        roads = join_ends(roads, spec.snap_m / METRES_PER_KM)
    if roads is not None and not len(roads.start):
        faults.append(Fault(file=path.name, allowed=_("has no roads, or none that travel.roads.where keeps")))
    return None if len(faults) > before else roads


def _osm(spec: RoadsSpec, path: Path, faults: list[Fault], more: Collection[str]) -> Roads | None:
    for key in ("layer", "crs"):
        if getattr(spec, key) is not None:
            allowed = _("none for OpenStreetMap and GraphML, whose files have one kind of roads, in degrees")
            faults.append(
                Fault(file=path.name, column=f"travel.roads.{key}", value=getattr(spec, key), allowed=allowed)
            )
    named = {name for name in (spec.road_class, spec.oneway, spec.speed_kmh, spec.minutes) if isinstance(name, str)}
    access = {tag for tags in ACCESS.values() for tag in tags}
    read = graphml.read_graphml if path.suffix.lower() in graphml.SUFFIXES else osm.read_osm
    frame = read(path, sorted({"highway", *TAGS, *access, *named, *spec.where, *more}))
    tables = [InputTable(name=path.name, frame=frame, crs=frame.crs, named=True)]
    del frame
    return _from_lines(spec, tables, faults, kind="osm", more=more)


def _has_geometry(path: Path, faults: list[Fault]) -> bool:
    """Tell whether a Parquet file has places of its own, as GeoParquet does, before any of its rows are read."""
    none = read_parquet(path, lambda place: parquet_dataset(place).schema.empty_table().to_pandas(), faults)
    return none is not None and ("geometry" in none.columns or has_geometry(path))


def _line_table(spec: RoadsSpec, path: Path, faults: list[Fault]) -> InputTable | None:
    """Return the rows of a file of lines, in the system that is its own or that the scenario names."""
    if not can_read(path, LINES, faults):
        if format_of(path).kind in {"other", "raster"}:
            taken = ", ".join((".osm.pbf", ".osm", ".graphml", *suffixes_of((*LINES, *DISTANCES))))
            faults[-1] = Fault(
                file=path.name,
                allowed=with_advice(_("a file of roads, ending in one of {taken}", taken=taken), advice_on(path)),
            )
        return None
    if format_of(path).name in {"Parquet", "GeoParquet"}:
        read = read_parquet(path, gpd.read_parquet, faults)
        if not isinstance(read, gpd.GeoDataFrame):
            return None
        own, frame, assumed = read.crs, read, False
    else:
        layer = read_layer(path, spec.layer, spec.encoding)
        own, frame, assumed = layer.crs, layer.frame, layer.assumed
    crs = settled_crs(own, spec.crs, path.name, faults, assumed=assumed)
    if crs is None:
        return None
    places = gpd.GeoDataFrame(frame.drop(columns=frame.geometry.name), geometry=frame.geometry.array, crs=None)
    return InputTable(name=path.name, frame=places.set_crs(crs), crs=crs, named=own is not None)


def _named(spec: RoadsSpec) -> set[str]:
    """Return the columns that a scenario names."""
    columns = (spec.road_class, spec.oneway, spec.speed_kmh, spec.minutes)
    return {*(name for name in columns if isinstance(name, str)), *spec.where}


def _kept(spec: RoadsSpec, table: InputTable, faults: list[Fault], more: Collection[str]) -> InputTable | None:
    """Return a table with its columns as they are named, and the rows that the scenario keeps."""
    found = as_named(table, _named(spec) | set(more))
    if found is None:  # pragma: no cover - a table is given
        raise AssertionError
    before, kept = len(faults), select(found, spec.where, faults) if spec.where else found
    return None if len(faults) > before else kept


def _from_lines(
    spec: RoadsSpec,
    tables: list[InputTable],
    faults: list[Fault],
    *,
    kind: Literal["osm", "lines"],
    more: Collection[str],
) -> Roads | None:
    """Return the roads of a table, which is taken out of a list so that its lines go once their vertices are read."""
    kept = _kept(spec, tables.pop(), faults, more)
    if kept is None:
        return None
    name, first_row, frame, warnings = kept.name, kept.first_row, kept.frame, list[DataWarning]()
    del kept
    empty = (frame.geometry.isna() | frame.geometry.is_empty).to_numpy()
    if empty.any():
        message = _("{count:,} roads have no line, and are left out", count=int(empty.sum()))
        warnings.append(DataWarning(code="unread_roads", message=message, file=name))
        frame = frame[~empty]
    kinds = frame.geometry.geom_type
    checker = Checker(table=InputTable(name=name, frame=frame, first_row=first_row), faults=faults, has_keys=False)
    before = len(faults)
    checker.note("geometry", ~kinds.isin(["LineString", "MultiLineString"]), kinds, _("LineString or MultiLineString"))
    if len(faults) > before:
        return None
    rest = pd.DataFrame(frame.drop(columns="geometry"))
    with np.errstate(all="ignore"):  # places beyond all measure are told below
        shapes = frame.geometry.to_crs(WGS84).to_numpy()
    del checker, frame, kinds
    places, owner, part = _vertices(shapes)
    del shapes
    _give_back()
    on_globe = np.isfinite(places).all(axis=1) & (np.abs(places) <= [180 + 1e-9, 90 + 1e-9]).all(axis=1)
    if not on_globe.all():
        at = int(np.flatnonzero(~on_globe)[0])
        value = ", ".join(f"{number:g}" for number in places[at])
        allowed = _(
            "lon from -180 to 180, lat from -90 to 90; where the file names no system, set "
            "travel.roads.crs to that of the lines; where it names a wrong one, give it the right one in "
            "a GIS"
        )
        row = int(rest.index[owner[part[at]]]) + first_row
        faults.append(Fault(file=name, row=row, column="geometry", value=value, allowed=allowed, kind="crs"))
        return None
    vertex, spots = _shared(places)
    begin = np.flatnonzero(part[1:] == part[:-1]) if len(part) else np.zeros(0, dtype=np.intp)
    begin = begin[vertex[begin] != vertex[begin + 1]]
    km = GreatCircle(places, places).measure(places[begin], places[begin + 1])
    return Roads(
        table=InputTable(name=name, frame=rest, first_row=first_row),
        kind=kind,
        vertices=spots,
        start=vertex[begin],
        end=vertex[begin + 1],
        km=km,
        line=owner[part[begin]].astype(np.intp),
        warnings=warnings,
    )


def _vertices(shapes: np.ndarray[Any, Any]) -> tuple[Floats, Ints, Ints]:
    """Return the vertices (n, 2) of lines, the line (p,) that each of their parts is of, and the part (n,) of each."""
    if not len(shapes):
        return np.zeros((0, 2)), np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp)
    _, places, offsets = shapely.to_ragged_array(shapes, include_z=False)
    owner = np.arange(len(shapes))
    if len(offsets) > 1:  # of parts in lines, too
        owner = np.repeat(owner, np.diff(offsets[1]))
    return places, owner, np.repeat(np.arange(len(owner)), np.diff(offsets[0]))


def _give_back() -> None:
    """Let the system have the memory of lines that are gone: glibc keeps what was freed in small pieces."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # other libraries of C have none
        if trim is not None:
            trim(0)


def _shared(places: Floats) -> tuple[Ints, Floats]:
    """Return the vertex (n,) of each place, those in one spot being one, and the spots (v, 2)."""
    lon, lat = np.rint(places * PER_DEGREE).astype(np.int64).T
    lon = np.where(lon == HALF_CIRCLE, -HALF_CIRCLE, lon)  # the seam of the map is one line
    lon = np.where(np.abs(lat) == HALF_CIRCLE // 2, 0, lon)  # and a pole one place
    key = (lon + HALF_CIRCLE) * (HALF_CIRCLE + 1) + lat + HALF_CIRCLE // 2
    _, first, vertex = np.unique(key, return_index=True, return_inverse=True)
    return vertex.astype(np.intp), places[first]


def _edge_table(spec: RoadsSpec, path: Path, faults: list[Fault], more: Collection[str]) -> Roads | None:
    """Return the roads of a table with a row an edge between two named places."""
    read, before = read_pairs_table(path, faults, spec.encoding), len(faults)
    if read is None:
        return None
    table = as_named(read, {"from", "to", "km", *ENDS})
    kept = None if table is None else _kept(spec, table, faults, more)
    if kept is None:
        return None
    checker = Checker(table=kept, faults=faults, has_keys=False)
    ends = [checker.text(name) for name in ("from", "to")]
    where = [checker.coordinates(name).to_numpy(dtype=np.float64) for name in ENDS]
    start, end = np.column_stack(where[:2]), np.column_stack(where[2:])
    wrong = (np.abs(start) > [180, 90]).any(axis=1) | (np.abs(end) > [180, 90]).any(axis=1)
    shown = pd.Series([", ".join(f"{cell:g}" for cell in row) for row in np.hstack([start, end]).tolist()])
    checker.note(", ".join(ENDS), pd.Series(wrong), shown, _("lon from -180 to 180, lat from -90 to 90"))
    given = checker.numbers("km", blank=_("write the length of the road")).to_numpy() if "km" in kept.frame else None
    if len(faults) > before:
        return None
    names = np.concatenate([keys_of(words).to_numpy(dtype=object) for words in ends]).astype(str)
    known, first, vertex = np.unique(names, return_index=True, return_inverse=True)
    places = np.concatenate([start, end])
    apart = GreatCircle(places, places).measure(places, places[first][vertex]) > 1e-3  # noqa: PLR2004 - a metre
    if apart.any():
        at = int(np.flatnonzero(apart)[0])
        allowed = _("one place for each name; this one lies elsewhere in an earlier row")
        row = kept.row(at % len(start))
        faults.append(Fault(file=path.name, row=row, column=_("from, to"), value=known[vertex[at]], allowed=allowed))
        return None
    tail, head = np.split(vertex.astype(np.intp), 2)
    keep = np.flatnonzero(tail != head)
    km = GreatCircle(start, end).measure(start, end) if given is None else given
    return Roads(
        table=kept,
        kind="edges",
        vertices=places[first],
        start=tail[keep],
        end=head[keep],
        km=np.asarray(km, dtype=np.float64)[keep],
        line=keep,
    )


def joins_ends(spec: RoadsSpec, roads: Roads) -> bool:
    """Tell whether ends of lines are joined to lines that they nearly touch."""
    return spec.snap_m > 0 and (spec.topology == "ends" or (spec.topology == "auto" and roads.kind == "lines"))


def join_ends(roads: Roads, within_km: float) -> Roads:
    """Return roads with each end of a line that touches none joined to the nearest other line, if that is near.

    That line is cut where the end meets it, and a segment as long as the gap, of the line that ends, joins the two.
    """
    size = len(roads.start)
    degree = np.bincount(np.concatenate([roads.start, roads.end]), minlength=len(roads.vertices))
    own, side = np.nonzero(degree[np.column_stack([roads.start, roads.end])] == 1)
    loose = np.where(side == 0, roads.start[own], roads.end[own])
    ways = np.ones(size)
    graph = RoadGraph(
        vertices=roads.vertices,
        start=roads.start,
        end=roads.end,
        km=roads.km,
        forward=ways,
        backward=ways,
        boards=np.ones(size, dtype=np.bool_),
    )
    near = graph.every_road.nearest(roads.vertices[loose], within_km, (roads.line, roads.line[own]))
    met = np.flatnonzero(near[0] >= 0)
    segment, share, gap = near[0][met], near[1][met], near[2][met]
    inside = (share * roads.km[segment] > SAME_PLACE_KM) & ((1 - share) * roads.km[segment] > SAME_PLACE_KM)
    spot = between(roads.vertices[roads.start[segment]], roads.vertices[roads.end[segment]], share)
    added = np.cumsum(inside) - 1 + len(roads.vertices)
    target = np.where(inside, added, np.where(share < 0.5, roads.start[segment], roads.end[segment]))  # noqa: PLR2004
    vertices = np.vstack([roads.vertices, spot[inside]])
    at = np.concatenate([np.zeros(size), share[inside], np.ones(size)])
    of = np.concatenate([np.arange(size), segment[inside], np.arange(size)])
    vertex = np.concatenate([roads.start, added[inside], roads.end])
    order = np.lexsort((at, of))
    at, of, vertex = at[order], of[order], vertex[order]
    piece = np.flatnonzero(of[1:] == of[:-1])
    forth = side[met] == 1
    joint = loose[met]
    return replace(
        roads,
        vertices=vertices,
        start=np.concatenate([vertex[piece], np.where(forth, joint, target)]),
        end=np.concatenate([vertex[piece + 1], np.where(forth, target, joint)]),
        km=np.concatenate([roads.km[of[piece]] * (at[piece + 1] - at[piece]), gap]),
        line=np.concatenate([roads.line[of[piece]], roads.line[own[met]]]),
    )
