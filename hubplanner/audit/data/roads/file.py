"""The lines of a file of roads, and the pieces between all their vertices."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd

from hubplanner.audit.data.distances import SLACK
from hubplanner.audit.data.places import WGS84, called, kept, words
from hubplanner.audit.data.raw_tables import PLAIN, has_columns_only
from hubplanner.audit.data.roads.pieces import NEAR_KM, NearPieces, Piece, Spot, apart, between, foot_of
from hubplanner.formats import graphml, osm
from hubplanner.formats.read import read_layer
from hubplanner.formats.table_formats import format_of
from hubplanner.scenario.data_spec import FileSpec
from hubplanner.scenario.roads_spec import ACCESS, FERRY, FOUND_CLASSES, RoadsSpec


def _name(place: tuple[float, float]) -> Spot:
    lon, lat = (round(degrees * 1e7) for degrees in place)
    if abs(lat) == 900_000_000:  # noqa: PLR2004 - a pole
        lon = 0
    return (-lon if lon == 1_800_000_000 else lon), lat  # noqa: PLR2004 - the seam of the map


class RoadFile:
    """The lines of a file and the pieces between their vertices.

    Parameters
    ----------
    spec
        The file and its columns.
    """

    def __init__(self, spec: RoadsSpec, more: Collection[str] = ()) -> None:
        """Read the file, with more columns than roads are described by."""
        self.spec, path = spec, Path(spec.path)
        named = {spec.road_class, spec.oneway, spec.speed_kmh, spec.minutes, *spec.where}
        asked = {name for name in named if isinstance(name, str)} | set(more)
        self.is_osm = path.suffix.lower() in osm.SUFFIXES + graphml.SUFFIXES
        self.is_table = False
        frame: Any
        if self.is_osm:
            tags = {tag for group in ACCESS.values() for tag in group} | asked
            more = {"route", "duration", "junction", "oneway", "oneway:bicycle", "oneway:foot", "maxspeed"}
            read = graphml.read_graphml if path.suffix.lower() in graphml.SUFFIXES else osm.read_osm
            frame = read(path, {"highway"} | tags | more)
        elif format_of(path).kind == "table" or (format_of(path).name == "Parquet" and has_columns_only(path)):
            frame = PLAIN[format_of(path).name](path, FileSpec(path=spec.path, encoding=spec.encoding))
            self.is_table = True
            asked |= {"from", "to", "from_x", "from_y", "to_x", "to_y", "km"}
        elif format_of(path).name in {"Parquet", "GeoParquet"}:
            frame = gpd.read_parquet(path)
            frame = frame.set_crs(spec.crs) if frame.crs is None else frame
        else:
            layer = read_layer(path, spec.layer, spec.encoding)
            stands = spec.crs is not None and (layer.crs is None or layer.assumed)
            frame = layer.frame.set_crs(spec.crs if stands else layer.crs)
        self.frame = kept(called(frame, asked), spec.where)
        self.columns = {name: words(self.frame[name]).tolist() for name in self.frame.columns if name != "geometry"}
        self.pieces = list(self._edges() if self.is_table else self._segments())
        lines = not (self.is_osm or self.is_table)
        if spec.snap_m > 0 and (spec.topology == "ends" or (spec.topology == "auto" and lines)):
            self.pieces = self._joined(spec.snap_m / 1000.0)
        self.length: dict[int, float] = {}
        for piece in self.pieces:
            self.length[piece.line] = self.length.get(piece.line, 0.0) + piece.km

    def kind(self, line: int) -> str:
        """Return a line's class."""
        column = self.spec.road_class or next((name for name in FOUND_CLASSES if name in self.columns), None)
        is_ferry = self.is_osm and self.cell("route", line) == FERRY
        return FERRY if is_ferry else self.cell(column, line).lower()

    def cell(self, column: str | None, line: int) -> str:
        """Return what a line says in a column; nothing without one."""
        return str(self.columns[column][line]) if column in self.columns else ""

    def _edges(self) -> Iterator[Piece]:
        for line in range(len(self.frame)):
            one, other = (
                (float(self.cell(f"{end}_x", line)), float(self.cell(f"{end}_y", line))) for end in ("from", "to")
            )
            km = float(self.cell("km", line)) if "km" in self.columns else apart(one, other)
            ends = ((self.cell("from", line),), (self.cell("to", line),))
            if ends[0] != ends[1]:
                yield Piece(line, ends, (one, other), km)

    def _segments(self) -> Iterator[Piece]:
        shapes = gpd.GeoSeries(self.frame.geometry).to_crs(WGS84)
        for line, shape in enumerate(shapes):
            for part in () if shape is None else getattr(shape, "geoms", [shape]):
                spots = [(float(x), float(y)) for x, y, *_ in part.coords]
                for one, other in pairwise(spots):
                    ends = _name(one), _name(other)
                    if ends[0] != ends[1]:
                        yield Piece(line, ends, (one, other), apart(one, other))

    def _joined(self, most: float) -> list[Piece]:
        """Return the pieces with each loose end of a line tied to the nearest other line, which is cut there."""
        meeting: dict[Spot, int] = {}
        for piece in self.pieces:
            for spot in piece.ends:
                meeting[spot] = meeting.get(spot, 0) + 1
        near = NearPieces(self.pieces, range(len(self.pieces)))
        cuts: dict[int, list[tuple[float, Spot]]] = {}
        ties: list[Piece] = []
        for number, piece in enumerate(self.pieces):
            for spot, place, last in zip(piece.ends, piece.places, (False, True), strict=True):
                if meeting[spot] > 1:
                    continue
                others = [at for at in near.within(place, most) if self.pieces[at].line != piece.line]
                feet = [(*foot_of(place, self.pieces[at].places), at) for at in others]
                feet = [foot for foot in feet if foot[1] <= most * (1 + SLACK)]
                if not feet:
                    continue
                least = min(km for _, km, _ in feet)
                share, km, at = min((foot for foot in feet if foot[1] <= least + NEAR_KM), key=lambda foot: foot[2])
                other = self.pieces[at]
                if share * other.km <= NEAR_KM or (1 - share) * other.km <= NEAR_KM:
                    end = 0 if share <= 0.5 else 1  # noqa: PLR2004 - the nearer one
                    target, there = other.ends[end], other.places[end]
                else:
                    target, there = ("cut", number, last), between(other.places, share)
                    cuts.setdefault(at, []).append((share, target))
                tie = (spot, target) if last else (target, spot)
                ties.append(Piece(piece.line, tie, (place, there) if last else (there, place), km))
        pieces = []
        for number, piece in enumerate(self.pieces):
            stops = [(0.0, piece.ends[0]), *sorted(cuts.get(number, []), key=lambda cut: cut[0]), (1.0, piece.ends[1])]
            for (low, tail), (high, head) in pairwise(stops):
                places = between(piece.places, low), between(piece.places, high)
                pieces.append(Piece(piece.line, (tail, head), places, piece.km * (high - low)))
        return pieces + ties
