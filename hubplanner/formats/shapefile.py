"""Shapefile to a layer: shapes, attributes, encoding and system, each from the one file that holds it."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely import STRtree

from hubplanner.errors import DataError, Fault
from hubplanner.formats.layer import Layer, check_size, make_layer, regular
from hubplanner.translation import gettext as _

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

_HEAD = 100
"""Bytes before the first record, of shapes and of their index."""
_MAGIC = b"\0\0\x27\x0a"
_CODE = 4
"""Bytes of a shape's kind."""
_MOST_PRJ = 100_000
_POINTS, _LINES, _POLYGONS, _MULTIPOINTS = {1, 11, 21}, {3, 13, 23}, {5, 15, 25}, {8, 18, 28}
"""Codes of shapes: plain, with heights, with measures."""


def read_shapefile(path: Path, encoding: str | None) -> Layer:
    """Return the rows that are not deleted; raise DataError where a file is missing, cut short or damaged."""
    index, table = _beside(path, ".shx"), _beside(path, ".dbf")
    for part, end in ((index, ".shx"), (table, ".dbf")):
        if part is None:
            allowed = _(
                "{stem}{end} is missing beside it: a Shapefile is .shp, .shx, .dbf and .prj together",
                stem=path.stem,
                end=end,
            )
            raise DataError(Fault(file=path.name, allowed=allowed))
    if index is None or table is None:  # pragma: no cover - just raised
        raise AssertionError
    data = _whole(path)
    spots = _spots(path, index, len(data))
    head = _Head.of(table)
    if head.rows != len(spots):
        allowed = _(
            "holds {count:,} shapes, but {name} {rows:,} rows: they are not of one Shapefile",
            count=len(spots),
            name=table.name,
            rows=head.rows,
        )
        raise DataError(Fault(file=path.name, allowed=allowed))
    columns, kept = _attributes(table, head, _encoding(path, encoding))
    shapes = _shapes(path, data, spots)
    return make_layer(path, columns, shapes[kept], _crs(path))


def _beside(path: Path, end: str) -> Path | None:
    """Return the file of that ending beside a Shapefile, in small or capital letters; None without one."""
    for ending in (end, end.upper()):
        beside = path.with_suffix(ending)
        if beside.exists():
            regular(beside)
            return beside
    return None


def _damaged(path: Path, what: str) -> DataError:
    return DataError(Fault(file=path.name, allowed=_("cannot be read as part of a Shapefile: {what}", what=what)))


def _whole(path: Path) -> bytes:
    """Return the bytes of shapes or of their index; raise where they are no such, or end early."""
    data = path.read_bytes()
    if len(data) < _HEAD or data[:4] != _MAGIC:
        raise _damaged(path, _("it does not start like one"))
    length = 2 * int.from_bytes(data[24:28], "big")
    if not _HEAD <= length <= len(data):
        raise _damaged(path, _("it is cut short, {count:,} of {length:,} bytes", count=len(data), length=length))
    return data[:length]


def _spots(path: Path, index: Path, size: int) -> Any:
    """Return where each record of shapes stands (n, 2), start and length in bytes."""
    data = _whole(index)
    pairs = np.frombuffer(data, dtype=">i4", offset=_HEAD, count=(len(data) - _HEAD) // 8 * 2).reshape(-1, 2)
    spots = pairs.astype(np.int64) * 2
    if ((spots[:, 0] < _HEAD) | (spots[:, 1] < _CODE) | (spots.sum(axis=1) + 8 > size)).any():
        raise _damaged(index, _("it points at places that {name} does not have", name=path.name))
    return spots


@dataclass(frozen=True, kw_only=True)
class _Head:
    """What a .dbf file says of itself: rows, where they start, and name, kind and width of each column."""

    rows: int
    start: int
    names: tuple[bytes, ...]
    kinds: tuple[str, ...]
    widths: tuple[int, ...]

    @classmethod
    def of(cls, path: Path) -> _Head:
        """Read it; raise where it does not fit the file."""
        size = path.stat().st_size
        with path.open("rb") as file:
            data = file.read(1 << 16)
        rows, start, width = (int.from_bytes(data[at:end], "little") for at, end in ((4, 8), (8, 10), (10, 12)))
        fields = [data[at : at + 32] for at in range(32, min(start, len(data)) - 31, 32)]
        end = next((number for number, field in enumerate(fields) if field[:1] == b"\r"), len(fields))
        fields = fields[:end]
        widths = tuple(field[16] + (256 * field[17] if chr(field[11]) == "C" else 0) for field in fields)
        if not fields or 1 + sum(widths) != width or 0 in widths:
            raise _damaged(path, _("the widths of its columns do not fit its rows"))
        if start + rows * width > size:
            raise _damaged(
                path, _("it is cut short, {size:,} of {start:,} bytes", size=size, start=start + rows * width)
            )
        check_size(path, rows, len(fields))
        names = tuple(field[:11].partition(b"\0")[0] for field in fields)
        return cls(rows=rows, start=start, names=names, kinds=tuple(chr(field[11]) for field in fields), widths=widths)


@dataclass(frozen=True, kw_only=True)
class _Encoding:
    """How text is spelled, and who says so."""

    codec: str
    source: str


def _encoding(path: Path, asked: str | None) -> _Encoding:
    """Return the encoding that is asked for, else that of the .cpg file, else UTF-8."""
    if asked is not None:
        return _Encoding(codec=asked, source=_("as asked for"))
    beside = _beside(path, ".cpg")
    if beside is None:
        return _Encoding(codec="utf-8", source=_("and there is no .cpg file that says otherwise"))
    word = beside.read_bytes()[:40].decode("ascii", errors="replace").strip(' \t\r\n\0"')
    page = re.fullmatch(r"(?:ANSI|OEM|CP|windows-?)?[ -]?(\d{3,5})", word, re.IGNORECASE)
    latin = re.fullmatch(r"ISO[ -]?8859[ -]?(\d{1,2})", word, re.IGNORECASE)
    number = page.group(1) if page else ""
    codec = f"cp{number}" if page else f"iso8859-{latin.group(1)}" if latin else word
    codec = {"cp65001": "utf-8", "cp88591": "iso8859-1"}.get(codec, codec)
    if not is_codec(codec):
        allowed = _("a known encoding; name it with the key encoding, such as encoding: cp1252")
        raise DataError(Fault(file=beside.name, value=word, allowed=allowed))
    return _Encoding(codec=codec, source=_("as {name} says", name=beside.name))


def is_codec(name: str) -> bool:
    """Tell whether a name is that of an encoding of text.

    >>> is_codec("cp1252"), is_codec("klingon"), is_codec("base64")
    (True, False, False)
    """
    try:
        known = codecs.lookup(name)
        "".encode(known.name)
    except (LookupError, ValueError, UnicodeError):
        return False
    return True


def _attributes(path: Path, head: _Head, encoding: _Encoding) -> tuple[dict[str, list[Any]], Any]:
    """Return the cells by column, and which rows are not deleted (n,)."""
    fields = [("gone", "S1"), *((str(place), f"S{width}") for place, width in enumerate(head.widths))]
    with path.open("rb") as file:
        file.seek(head.start)
        data = file.read(head.rows * (1 + sum(head.widths)))
    table = np.frombuffer(data, dtype=np.dtype(fields), count=head.rows)
    kept = table["gone"] != b"*"
    table, columns = table[kept], dict[str, list[Any]]()
    for place, (raw, kind) in enumerate(zip(head.names, head.kinds, strict=True)):
        name = _text(path, raw, encoding, None, None)
        while name in columns:
            name += "_1"
        if kind == "C":
            cells = table[str(place)].tolist()
            columns[name] = [_text(path, cell, encoding, row, name) or None for row, cell in enumerate(cells, 1)]
        elif kind in _CELLS:
            columns[name] = [_CELLS[kind](cell) for cell in table[str(place)].tolist()]
    return columns, kept


def _text(path: Path, cell: bytes, encoding: _Encoding, row: int | None, column: str | None) -> str:
    try:
        return cell.decode(encoding.codec).strip(" \0")
    except UnicodeDecodeError as error:
        shown = cell.decode("cp1252", errors="replace").strip(" \0")
        value = _("byte {object:#04x}", object=error.object[error.start])
        allowed = _(
            "{codec} text, {source}; name the encoding with the key encoding: in cp1252, say, this cell "
            "reads {shown!r}",
            codec=encoding.codec,
            source=encoding.source,
            shown=shown,
        )
        raise DataError(Fault(file=path.name, row=row, column=column, value=value, allowed=allowed)) from error


def _number(cell: bytes) -> float | str | None:
    """Return a number as it is spelled; other text as it is, for the checks of columns to name."""
    text = cell.decode("latin-1").strip(" \0")
    if not text.strip("*"):
        return None
    for reader in (int, float):
        if "_" not in text:
            try:
                return reader(text)
            except ValueError:
                continue
    return text


def _date(cell: bytes) -> str | None:
    text = cell.decode("latin-1").strip(" \0")
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.strip("0") else text or None  # noqa: PLR2004


_CELLS = {
    "N": _number,
    "F": _number,
    "L": lambda cell: {b"T": True, b"Y": True, b"F": False, b"N": False}.get(cell.upper()),
    "D": _date,
}
"""Kinds of cells beside text; notes and pictures lie in files of their own, which are not read."""


def _shapes(path: Path, data: bytes, spots: Any) -> Any:
    """Return geometries (n,), None where a row has none; raise where a record is damaged."""
    shapes = np.full(len(spots), None, dtype=object)
    start = spots[:, 0] + 8
    if not len(spots):
        return shapes
    kind = np.frombuffer(data, dtype=np.uint8)[start[:, None] + np.arange(4)].copy().view("<i4").ravel()
    is_point = np.isin(kind, list(_POINTS)) & (spots[:, 1] >= 20)  # noqa: PLR2004 - code, x and y
    if is_point.any():
        cells = np.frombuffer(data, dtype=np.uint8)[start[is_point][:, None] + np.arange(4, 20)].copy()
        places = cells.view("<f8").reshape(-1, 2)
        lost = ~np.isfinite(places).all(axis=1)
        shapes[is_point] = shapely.points(np.where(lost[:, None], 0.0, places))
        shapes[np.flatnonzero(is_point)[lost]] = shapely.Point()
    for row in np.flatnonzero(~is_point & (kind != 0)).tolist():
        at, size = int(start[row]), int(spots[row, 1])
        try:
            shapes[row] = _shape(int(kind[row]), data[at : at + size])
        except (ValueError, IndexError, shapely.errors.ShapelyError) as error:
            what = _("the shape of row {row} is damaged ({error})", row=row + 1, error=str(error)[:60])
            raise _damaged(path, what) from error
    return shapes


def _shape(kind: int, record: bytes) -> Any:
    """Return the lines, polygons or points of a record; the kind and the bounds stand before them."""
    if kind in _MULTIPOINTS:
        count = int.from_bytes(record[36:40], "little")
        return shapely.multipoints(_places(record, 40, count))
    if kind not in _LINES | _POLYGONS:
        message = _("shapes of kind {kind} are not read", kind=kind)
        raise ValueError(message)
    parts, count = (int.from_bytes(record[at : at + 4], "little") for at in (36, 40))
    if 44 + 4 * parts > len(record):
        message = _("it ends early")
        raise ValueError(message)
    first = np.frombuffer(record, dtype="<i4", offset=44, count=parts)
    places = _places(record, 44 + 4 * parts, count)
    ends = np.append(first[1:], count)
    if parts == 0 or first[0] != 0 or (ends <= first).any():
        message = _("its parts are out of order")
        raise ValueError(message)
    lines = [places[begin:end] for begin, end in zip(first, ends, strict=True)]
    if kind in _LINES:
        whole: Any = [shapely.linestrings(line) for line in lines]
        return whole[0] if len(whole) == 1 else shapely.multilinestrings(whole)
    return _polygon(lines)


def _places(record: bytes, at: int, count: int) -> Floats:
    if at + 16 * count > len(record):
        message = _("it ends early")
        raise ValueError(message)
    places = np.frombuffer(record, dtype="<f8", offset=at, count=2 * count).reshape(-1, 2)
    if not np.isfinite(places).all():
        message = _("its coordinates are not numbers")
        raise ValueError(message)
    return places.astype(np.float64)


def _polygon(rings: list[Floats]) -> Any:
    """Return the area of rings: one inside another is a hole, one inside that an island, whichever way they turn."""
    whole: Any = shapely.polygons(np.array([shapely.linearrings(ring) for ring in rings]))
    if len(whole) == 1:
        return whole[0]
    area: Any = shapely.area(whole)
    inner, outer = STRtree(whole).query(shapely.point_on_surface(whole), predicate="within")
    larger = (area[outer] > area[inner]) | ((area[outer] == area[inner]) & (outer < inner))
    inner, outer = inner[larger], outer[larger]
    depth = np.bincount(inner, minlength=len(whole))
    holes: dict[int, list[Any]] = {place: [] for place in np.flatnonzero(depth % 2 == 0).tolist()}
    for place in np.flatnonzero(depth % 2 == 1).tolist():
        around = [other for other in outer[inner == place].tolist() if other in holes]
        holes[min(around, key=lambda other: float(area[other]))].append(shapely.get_exterior_ring(whole[place]))
    parts = [shapely.polygons(shapely.get_exterior_ring(whole[place]), own or None) for place, own in holes.items()]
    return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)


def _crs(path: Path) -> Any:
    """Return the system of the .prj file, as the registry has it where it is sure to be the same; None without."""
    beside = _beside(path, ".prj")
    text = "" if beside is None else beside.read_bytes()[:_MOST_PRJ].decode("utf-8", errors="replace").strip()
    if not text:
        return None
    try:
        system = CRS.from_wkt(text)
        code = system.to_epsg(min_confidence=90)
    except CRSError:
        return text
    return system if code is None else CRS.from_epsg(code)
