"""GeoJSON to a layer, feature by feature."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import shapely

from hubplanner.errors import DataError, Fault
from hubplanner.formats.layer import Layer, check_size, make_layer
from hubplanner.translation import gettext as _

MOST_SHOWN = 100
"""Faulty geometries that are spelled out."""
WGS84 = "EPSG:4326"
"""RFC 7946: longitude and latitude, WGS 84."""
_BLANK = re.compile(r"[ \t\n\r]*")
_CRS = re.compile(r"urn:ogc:def:crs:(OGC|EPSG|ESRI):[\w.]*:\w+|(EPSG|ESRI):\d+|OGC:CRS84")
"""Systems of registries: a linked one would have to be fetched."""


class _MalformedError(ValueError):
    """What is wrong with the text, and where."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


def read_geojson(path: Path) -> Layer:
    """Return the features of a FeatureCollection, or a Feature alone; raise DataError where it is none."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        row = 1 + error.object.count(b"\n", 0, error.start)
        value = _("byte {byte:#04x}", byte=error.object[error.start])
        raise DataError(
            Fault(file=path.name, row=row, value=value, allowed=_("UTF-8 text, as all GeoJSON is"))
        ) from error
    rows, about = _Rows(path), dict[str, Any]()
    try:
        for key, value in _members(text):
            if key == "":
                rows.add(value)
            else:
                about[key[1:]] = value
    except (_MalformedError, json.JSONDecodeError) as error:
        at = error.at if isinstance(error, _MalformedError) else error.pos
        what = str(error) if isinstance(error, _MalformedError) else error.msg
        raise _unreadable(path, what, 1 + text.count("\n", 0, at)) from error
    except (ValueError, RecursionError) as error:
        what = _("it nests too deeply") if isinstance(error, RecursionError) else str(error)[:80]
        raise _unreadable(path, what) from error
    if about.get("type") == "Feature":
        rows.add(about)
    elif about.get("type") != "FeatureCollection" or "features" not in about:
        kind = about.get("type")
        raise _unreadable(
            path, _("its type is {kind!r}", kind=str(kind)[:40]) if kind else _("it has no type and no features")
        )
    return rows.layer(about.get("crs"))


def _unreadable(path: Path, what: str, row: int | None = None) -> DataError:
    allowed = _("cannot be read as GeoJSON, a FeatureCollection of points or polygons: {what}", what=what)
    return DataError(Fault(file=path.name, row=row, allowed=allowed))


def _members(text: str) -> Iterator[tuple[str, Any]]:
    """Yield the members of the outermost object, a dot before their keys, and each feature under no key."""
    decode = json.JSONDecoder(parse_constant=_no_number).raw_decode
    at, keys = _expect(text, _skip(text, 0), "{"), set[str]()
    while text[at : at + 1] != "}" or keys:
        _expect(text, at, '"')
        key, at = decode(text, at)
        at = _expect(text, _skip(text, at), ":")
        if key in keys:
            message = _("it has {key!r} twice", key=key[:40])
            raise _MalformedError(message, at)
        keys.add(key)
        if key == "features":
            value, at = True, (yield from _items(text, at, decode))
        else:
            value, at = decode(text, at)
        yield f".{key}", value
        at = _skip(text, at)
        if text[at : at + 1] != ",":
            break
        at = _skip(text, at + 1)
    at = _expect(text, at, "}")
    if at < len(text):
        message = _("there is more after its end")
        raise _MalformedError(message, at)


def _items(text: str, at: int, decode: Any) -> Generator[tuple[str, Any], None, int]:
    """Yield the items of a list, and return where it ends."""
    at = _expect(text, at, "[")
    while text[at : at + 1] != "]":
        value, at = decode(text, at)
        if not isinstance(value, dict):
            message = _("a feature is not an object")
            raise _MalformedError(message, at)
        yield "", value
        at = _skip(text, at)
        if text[at : at + 1] == "]":
            break
        at = _expect(text, at, ",")
    return at + 1


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return at if found is None else found.end()


def _expect(text: str, at: int, mark: str) -> int:
    if text[at : at + 1] != mark:
        found = repr(text[at : at + 10]) if at < len(text) else _("the end of the file")
        message = _("{mark!r} expected, {found} found", mark=mark, found=found)
        raise _MalformedError(message, at)
    return _skip(text, at + 1)


def _no_number(word: str) -> NoReturn:
    message = _("{word} is no number", word=word)
    raise ValueError(message)


class _Rows:
    """Features read so far, as columns and geometries."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._count = 0
        self._columns: dict[str, list[Any]] = {}
        self._own_ids: list[Any] = []
        self._shapes: list[Any] = []
        self._points: list[int] = []
        self._places: list[Sequence[float]] = []
        self._faults: list[Fault] = []

    def add(self, feature: dict[str, Any]) -> None:
        """Add a feature; note an invalid geometry."""
        properties = feature.get("properties")
        if not isinstance(properties, dict | None):
            message = _("the properties of feature {count} are not an object", count=self._count + 1)
            raise ValueError(message)  # noqa: TRY004 - of the text, not of a caller
        for key, value in (properties or {}).items():
            cells = self._columns.get(key)
            if cells is None:
                check_size(self._path, 1, len(self._columns) + 1)
                cells = self._columns[key] = []
            cells.extend([None] * (self._count - len(cells)))
            cells.append(json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value)
        own = feature.get("id")
        self._own_ids.append(own if isinstance(own, str | int) else None)
        try:
            self._place(feature.get("geometry"))
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, shapely.errors.ShapelyError) as error:
            self._shapes.append(None)
            if len(self._faults) < MOST_SHOWN:
                what = _("its type or coordinates are missing") if isinstance(error, KeyError) else str(error)[:80]
                allowed = _("a geometry as GeoJSON has them, with coordinates that are numbers: {what}", what=what)
                self._faults.append(
                    Fault(file=self._path.name, row=self._count + 1, column="geometry", allowed=allowed)
                )
        self._count += 1

    def _place(self, tree: Any) -> None:
        if tree is not None and tree["type"] == "Point" and tree["coordinates"]:
            x, y = tree["coordinates"][:2]
            if not (_is_number(x) and _is_number(y)):
                message = _("{coordinates} is no place", coordinates=str(tree["coordinates"])[:40])
                raise ValueError(message)
            self._points.append(self._count)
            self._places.append((float(x), float(y)))
            self._shapes.append(None)
        else:
            self._shapes.append(None if tree is None else _shape(tree))

    def layer(self, crs: Any) -> Layer:
        """Return all rows; raise with every invalid geometry."""
        if self._faults:
            raise DataError(self._faults)
        shapes = np.array([*self._shapes, None], dtype=object)[:-1]
        if self._points:
            shapes[self._points] = shapely.points(np.array(self._places, dtype=np.float64))
        check_size(self._path, self._count, len(self._columns))
        columns = {key: cells + [None] * (self._count - len(cells)) for key, cells in self._columns.items()}
        if "id" not in columns and any(own is not None for own in self._own_ids):
            columns = {"id": self._own_ids, **columns}
        named = self._named(crs)
        return make_layer(self._path, columns, shapes, WGS84 if named is None else named, assumed=named is None)

    def _named(self, crs: Any) -> str | None:
        """Return the system that an older file names; None where it names none."""
        if crs is None:
            return None
        name = (crs.get("properties") or {}).get("name") if isinstance(crs, dict) else None
        if isinstance(name, str) and _CRS.fullmatch(name):
            return WGS84 if name.endswith("CRS84") else name
        allowed = _("a system by name, such as urn:ogc:def:crs:EPSG::32736; links are not followed")
        raise DataError(
            Fault(file=self._path.name, column="crs", value=json.dumps(crs)[:80], allowed=allowed, kind="crs")
        )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shape(tree: dict[str, Any]) -> Any:
    """Return a geometry of GeoJSON."""
    kind = tree["type"]
    if kind == "GeometryCollection":
        return shapely.geometrycollections([_shape(part) for part in tree["geometries"]])
    build = _SHAPES.get(kind)
    if build is None:
        message = _("{kind!r} is not a geometry type", kind=str(kind)[:40])
        raise ValueError(message)
    return build(tree["coordinates"])


def _line(tree: Any) -> Any:
    """Return coordinates (n, 2)."""
    places = np.array([place[:2] for place in tree])
    if places.dtype.kind not in "iuf" or places.shape[1:] != (2,):
        message = _("{tree} are no places", tree=str(tree)[:40])
        raise ValueError(message)
    return places.astype(np.float64)


def _polygon(tree: Any) -> Any:
    # Rings one by one, since holes of several lengths are no array.
    shell, *holes = [shapely.linearrings(_line(ring)) for ring in tree] or [None]
    return shapely.Polygon() if shell is None else shapely.polygons(shell, holes or None)


_SHAPES: dict[str, Callable[[Any], Any]] = {
    "Point": lambda tree: shapely.points(_line([tree])[0]) if tree else shapely.Point(),
    "LineString": lambda tree: shapely.linestrings(_line(tree)) if tree else shapely.LineString(),
    "Polygon": _polygon,
    "MultiPoint": lambda tree: shapely.multipoints(_line(tree)) if tree else shapely.MultiPoint(),
    "MultiLineString": lambda tree: shapely.multilinestrings([shapely.linestrings(_line(part)) for part in tree]),
    "MultiPolygon": lambda tree: shapely.multipolygons([_polygon(part) for part in tree]),
}
