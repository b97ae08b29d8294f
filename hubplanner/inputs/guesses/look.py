"""A file that nobody described, read: how it is laid out, where its rows lie and what its columns may hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pyproj import CRS, Transformer

from hubplanner.errors import DataError, Fault
from hubplanner.formats.table_formats import format_of
from hubplanner.inputs.coordinates import MOST_LAT, MOST_LON, WGS84
from hubplanner.inputs.guesses.columns import ColumnGuess, ColumnGuesses, compact, guess_columns, numbers_of, span
from hubplanner.inputs.readers.cells import is_missing
from hubplanner.inputs.readers.columns import as_text, total_rows
from hubplanner.inputs.readers.csv import REPEATED_NAME
from hubplanner.inputs.readers.raster import opened, require_rasterio, strips
from hubplanner.inputs.readers.tables import UNREADABLE, InputTable, read_table, unreadable
from hubplanner.problem import Bools, Floats
from hubplanner.scenario.data_spec import TableSpec
from hubplanner.scenario.names import join_key, shown
from hubplanner.translation import gettext as _, joined

Box = tuple[float, float, float, float]
"""Least x and y, largest x and y."""
MOST_KEYS = 200
"""Columns that are looked through for keys."""
BESIDE, MOST = 1.0, 0.5
"""Degrees beside other files that are still near, and the share of places that must be so with x and y exchanged."""
MOST_SKIPPED, MOST_HEADER = 10, 3
"""Rows above a header, and rows of one, that are looked for."""
_NUMBER = re.compile(r"[+-]?[\d.,'\u00a0\u202f ]*\d[\d.,'\u00a0\u202f ]*%?")
_TWICE = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
)
"""A letter of UTF-8 that was read as two of cp1252."""
_WKT = re.compile(r"\s*(MULTI)?(POINT|POLYGON)\s*Z?M?\s*\(.*", re.IGNORECASE | re.DOTALL)
_H3 = re.compile(r"8[0-9a-f]{14}", re.IGNORECASE)
_QUADKEY = re.compile(r"[0-3]{4,23}")


@dataclass(frozen=True, kw_only=True)
class KeyGuess:
    """A key that says how a file is to be read.

    Parameters
    ----------
    key, value
        As a scenario has them.
    why
        The evidence.
    doubt
        What to ask; blank where there is none.
    """

    key: str
    value: Any
    why: str
    doubt: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class FileLook:
    """What a file, or one of its layers or sheets, holds.

    Parameters
    ----------
    path
        The file.
    kind
        raster, polygons, points, lines, or table where its rows say nothing of where they are.
    count
        Rows, or cells with people.
    keys
        How it is to be read.
    columns
        What its columns may hold.
    table
        Its rows; None for a raster.
    box
        Where its places lie, in its own coordinates; None without any.
    crs
        Their system; None where the file does not say.
    people
        Sum of a raster's cells.
    asked
        The role that the planner gave it; blank where it is to be guessed.
    """

    path: Path
    kind: str
    count: int
    keys: tuple[KeyGuess, ...] = ()
    columns: ColumnGuesses = field(default_factory=ColumnGuesses)
    table: InputTable | None = None
    box: Box | None = None
    crs: CRS | None = None
    people: float = 0.0
    asked: str = ""

    @property
    def name(self) -> str:
        """Name, for messages: of the file, and of its layer or sheet."""
        part = next((str(each.value) for each in self.keys if each.key in {"layer", "sheet"}), "")
        return f"{self.path.name} ({part})" if part else self.path.name

    @property
    def has_places(self) -> bool:
        """Tell whether rows say where they are, other than along a line."""
        return self.kind in {"points", "polygons", "raster"}

    @property
    def degrees(self) -> Box | None:
        """Return the box in degrees; None where there is none, or its system is not known."""
        if self.box is None or self.crs is None:
            return None
        turn = Transformer.from_crs(self.crs, WGS84, always_xy=True)
        found = turn.transform_bounds(*self.box)
        return found if np.isfinite(found).all() else None

    @cached_property
    def key_words(self) -> dict[str, pd.Series]:
        """What the values of each column that may be a key are compared by: names and whole numbers."""
        found: dict[str, pd.Series] = {}
        frame = None if self.table is None else self.table.frame.drop(columns="geometry", errors="ignore")
        if frame is None:
            return found
        names = sorted(map(str, frame.columns), key=lambda name: (compact(name), name))
        for name in names[:MOST_KEYS]:
            words = as_text(frame[name])
            distinct = [word for word in words.unique() if word]
            broken = all("." in word and word.replace(".", "", 1).isdigit() for word in distinct)
            if pd.api.types.is_bool_dtype(frame[name]) or len(distinct) < min(2, len(words)) or broken:
                continue
            found[name] = words.map({word: join_key(word) for word in distinct}).fillna("")
        return found


def look_at_files(paths: Sequence[tuple[str, Path]], crs: str | None = None) -> list[FileLook]:
    """Return what files hold, a look for each layer or sheet, systems that they do not say guessed from the others.

    Parameters
    ----------
    paths
        Role, blank where it is to be guessed, and path of each file; what stands beside a Shapefile is part of it.
    crs
        System of files that name none and are not in degrees.

    Raises
    ------
    DataError
        With every fault of all files that cannot be read.
    """
    looks: list[FileLook] = []
    faults: list[Fault] = []
    for role, path in paths:
        if _is_beside(path, [other for _, other in paths]):
            continue
        try:
            looks += [replace(look, asked=role) for look in look_at_file(path)]
        except DataError as error:
            faults += error.faults
    if faults:
        raise DataError(list(dict.fromkeys(faults)))
    return _exchanged(_with_systems(looks, crs))


def _is_beside(path: Path, others: Sequence[Path]) -> bool:
    """Tell whether a file is a part of another one that is named too, as the .dbf file of a Shapefile is."""
    return any(
        path.suffix.lower() in format_of(other).beside and path.with_suffix("") == other.with_suffix("")
        for other in others
    )


def look_at_file(path: Path) -> list[FileLook]:
    """Return the looks at a file's layers or sheets that hold anything.

    Raises
    ------
    DataError
        With what is wrong where none can be read.
    """
    if format_of(path).kind == "raster":
        return [_raster(path)]
    faults: list[Fault] = []
    parts = next((fault for fault in _read(path, {})[1] if fault.choices), None)
    if parts is None:
        return [_table(path, {})]
    looks = []
    for name in parts.choices:
        try:
            looks.append(_table(path, {str(parts.column): name}))
        except DataError as error:  # a sheet of notes is no table: told only where no other part is one
            faults += error.faults
    if not looks:
        raise DataError(faults)
    return looks


def _raster(path: Path) -> FileLook:
    """Return how many cells of a raster hold how many people."""
    rasterio, count, people, least = require_rasterio(), 0, 0.0, 0.0
    if not path.is_file():
        raise DataError(Fault(file=str(path), allowed=_("cannot be read: No such file or directory")))
    try:
        with opened(rasterio, path) as raster:
            for _rows, values, known in strips(raster):
                held = values[known & (values != 0)]
                count, people = count + int((held > 0).sum()), people + float(held[held > 0].sum())
                least = min(least, float(held.min(initial=0.0)))
            box, own = tuple(raster.bounds), raster.crs
            crs = None if own is None else CRS.from_user_input(own.to_wkt())
    except (rasterio.errors.RasterioError, *UNREADABLE) as error:
        raise DataError(unreadable(path, _("a raster"), error)) from error
    if least < 0 or not count:
        allowed = _("people of at least 0 in its cells, some above; heights and the like are not people")
        raise DataError(Fault(file=path.name, value=f"{least:g}", allowed=allowed))
    return FileLook(path=path, kind="raster", count=count, people=people, box=box, crs=crs)


def _read(path: Path, keys: dict[str, Any]) -> tuple[InputTable | None, list[Fault]]:
    faults: list[Fault] = []
    table = read_table(TableSpec.model_validate({"path": str(path), **keys}), faults)
    return table, faults


def _table(path: Path, part: dict[str, Any]) -> FileLook:
    """Return what a table or a layer holds, read by the keys that it needs.

    Raises
    ------
    DataError
        Where no such keys read it.
    """
    table, keys = _opened(path, part)
    table, more = _with_header(path, table, _said(part, keys))
    keys = [each for each in keys if each.key not in {other.key for other in more}]
    keys = [*(KeyGuess(key=key, value=value, why="") for key, value in part.items()), *keys, *more]
    sums = total_rows(table).to_numpy()
    if _are_sums(table, sums):
        why = _("{count:,} of {all:,} rows say that they are totals of others", count=int(sums.sum()), all=len(sums))
        keys.append(KeyGuess(key="total_rows", value="drop", why=why))
        table = replace(table, frame=table.frame[~sums])
    said = {each.key: each.value for each in keys}
    if "geometry" not in table.frame and (cell := _place_cells(table.frame)) is not None:
        keys.append(cell)
        table, faults = _read(path, {**said, cell.key: cell.value})  # type: ignore[assignment]
        if faults:
            raise DataError(faults)
    columns = guess_columns(table)
    for key, mark in columns.notation.items():
        what = {"decimal": "decimals", "thousands": "thousands"}[key]
        keys.append(
            KeyGuess(key=key, value=mark, why=_("numbers are written with {mark!r} for {what}", mark=mark, what=what))
        )
    return look_at_table(path, table, keys, columns)


def _are_sums(table: InputTable, said: Bools) -> bool:
    """Tell whether rows that say they are totals hold the most in some column; a town may be called so too."""
    if not said.any() or said.all():
        return False
    notation = guess_columns(table).notation
    for name in map(str, table.frame.columns):
        if name != "geometry":
            numbers = numbers_of(table.frame, name, notation).to_numpy(dtype=np.float64)
            numbers = np.where(np.isfinite(numbers), numbers, 0.0)
            if numbers[said].max() > 0 and numbers[said].max() >= numbers[~said].max():
                return True
    return False


def _opened(path: Path, part: dict[str, Any]) -> tuple[InputTable, list[KeyGuess]]:
    """Return a file's rows, and the keys without which it cannot be read."""
    table, faults = _read(path, part)
    if table is not None and not faults and not _is_title(table):
        return table, []
    for way in _ways(path, table, faults):
        keys = way
        other, more = _read(path, _said(part, keys))
        if _names_repeat(more) and _words_below(path, _said(part, keys)):
            why = _("cells of the first row stand over several columns")
            keys = [*way, KeyGuess(key="header_rows", value=2, why=why)]
            other, more = _read(path, _said(part, keys))
        if other is not None and not more and not _is_title(other):
            return other, [_with_sample(each, other) for each in keys]
    if table is None or faults:
        raise DataError(faults)
    return table, []


def _said(part: dict[str, Any], keys: Sequence[KeyGuess]) -> dict[str, Any]:
    """Return keys of a scenario by name, those that name a part of a file among them."""
    return part | {each.key: each.value for each in keys}


def _names_repeat(faults: list[Fault]) -> bool:
    """Tell whether all that is wrong is names that stand twice, as merged cells over several columns do."""
    return bool(faults) and all(fault.allowed == REPEATED_NAME for fault in faults)


def _words_below(path: Path, keys: dict[str, Any]) -> bool:
    """Tell whether the row below a header holds words that differ: the names proper, and no row of data."""
    below, faults = _read(path, keys | {"skip_rows": keys.get("skip_rows", 0) + 1})
    return below is not None and not faults and not any(_NUMBER.fullmatch(str(name)) for name in below.frame.columns)


def _ways(path: Path, table: InputTable | None, faults: list[Fault]) -> Iterator[list[KeyGuess]]:
    """Yield keys by which a file may be read that cannot be read, or not well, as it stands."""
    own = format_of(path)
    latin = [KeyGuess(key="encoding", value="cp1252", why=_("its text is not UTF-8"))] if own.encoding else []
    system = [KeyGuess(key="crs", value=WGS84, why="")] if any(fault.kind == "crs" for fault in faults) else []
    for keys in (latin, system, [*latin, *system]):
        if keys and faults:
            yield keys
    if not own.header or (table is not None and not faults and not _is_title(table)):
        return
    if _names_repeat(faults):
        yield []
    for encoding in ([], latin):
        for count in range(1, MOST_SKIPPED + 1):
            rows = "row" if count == 1 else "rows"
            yield [
                *encoding,
                KeyGuess(
                    key="skip_rows",
                    value=count,
                    why=_("{count} {rows} of titles above the header", count=count, rows=rows),
                ),
            ]


def _is_title(table: InputTable) -> bool:
    """Tell whether what was taken for a header looks like a title: most of its cells are blank."""
    blank = sum(warning.code == "blank_header" for warning in table.warnings)
    return blank > 0 and blank >= len(table.frame.columns)


def _with_sample(key: KeyGuess, table: InputTable) -> KeyGuess:
    """Return a key, with a word to judge by where it is an encoding."""
    if key.key != "encoding":
        return key
    words = [str(cell) for _, cells in table.frame.items() if cells.dtype != "geometry" for cell in cells]
    mixed = [word for word in words if _TWICE.search(word)]
    if mixed:
        doubt = _(
            "{name} mixes encodings: {count:,} of its cells, such as {names!r}, are UTF-8 and others are "
            "not; will you save it anew in one encoding? Until then these words are misspelt.",
            name=table.name,
            count=len(mixed),
            names=shown(mixed[0]),
        )
        return replace(key, doubt=doubt)
    odd = next((word for word in words if not word.isascii()), "")
    doubt = _("is the text of {name} written in cp1252 (Western Europe)?", name=table.name)
    sample = _("{word!r} is one of its words.", word=shown(odd)) if odd else ""
    return replace(key, doubt=joined((doubt, sample)))


def _with_header(path: Path, table: InputTable, keys: dict[str, Any]) -> tuple[InputTable, list[KeyGuess]]:
    """Return the table with all rows of its header: a row of words above numbers is one."""
    known = keys.get("header_rows", 1)
    for count in range(known + 1, MOST_HEADER + 1):
        if not format_of(path).header or not _starts_with_words(table.frame):
            break
        other, faults = _read(path, {**keys, "header_rows": count})
        if other is None or faults:
            break
        table, keys = other, {**keys, "header_rows": count}
    rows = keys.get("header_rows", 1)
    why = _("the first {rows} rows are words, those below are numbers in the same columns", rows=rows)
    return table, [KeyGuess(key="header_rows", value=rows, why=why)] if rows > known else []


def _starts_with_words(frame: pd.DataFrame) -> bool:
    """Tell whether most columns of numbers start with a word."""
    numeric = words = 0
    for name, column in frame.items():
        if name == "geometry" or len(column) < 2:  # noqa: PLR2004 - a row that may be a header, and one of data
            continue
        cells = as_text(column)
        rest = cells[1:]
        rest = rest[~is_missing(rest)]
        if len(rest) and rest.map(lambda cell: _NUMBER.fullmatch(cell) is not None).all():
            numeric += 1
            first = cells.iloc[0]
            words += bool(re.search(r"\w", first)) and _NUMBER.fullmatch(first) is None
    return words > 0 and 2 * words >= numeric


def _place_cells(frame: pd.DataFrame) -> KeyGuess | None:
    """Return the column of a table that holds its places as text; None where none does."""
    for kind, pattern in (("wkt", _WKT), ("h3", _H3), ("quadkey", _QUADKEY)):
        for name in sorted(map(str, frame.columns)):
            words = as_text(frame[name])
            named = kind == "wkt" or kind in compact(name)
            if named and len(words) and words.map(lambda word, way=pattern: way.fullmatch(word) is not None).all():
                return KeyGuess(key="geometry", value={kind: name}, why=_("places as {kind}", kind=kind))
    return None


def look_at_table(path: Path, table: InputTable, keys: list[KeyGuess], columns: ColumnGuesses) -> FileLook:
    """Return the look at a table: of which kind it is, and where it lies."""
    common: dict[str, Any] = {"path": path, "table": table, "count": len(table.frame)}
    if "geometry" in table.frame:
        kinds = set(table.frame.geometry.geom_type.dropna())
        kind = "polygons" if kinds <= {"Polygon", "MultiPolygon"} else "points"
        if any("Line" in kind for kind in kinds):
            kind = "lines"
        named = [key for key in keys if key.key != "crs"]
        west, south, east, north = map(float, table.frame.total_bounds)
        crs = table.crs if len(named) == len(keys) else None
        return FileLook(
            kind=kind, keys=tuple(named), columns=columns, box=(west, south, east, north), crs=crs, **common
        )
    if columns.column("x") is None:
        return FileLook(kind="table", keys=tuple(keys), columns=columns, **common)
    columns = _unswapped(table, columns)
    places = np.column_stack([_numbers(table, columns, key) for key in ("x", "y")])
    places = places[np.isfinite(places).all(axis=1)]
    on_globe = (np.abs(places) <= (MOST_LON, MOST_LAT)).all(axis=1)
    if 2 * on_globe.sum() >= len(places):  # metres are hardly ever so few; a stray one is told when it is read
        places = places[on_globe]
    box: Box | None = None
    if len(places):
        (west, south), (east, north) = places.min(axis=0).tolist(), places.max(axis=0).tolist()
        box = west, south, east, north
    crs = CRS(WGS84) if box is None or _in_degrees(box) else None
    return FileLook(kind="points", keys=tuple(keys), columns=columns, box=box, crs=crs, **common)


def _numbers(table: InputTable, columns: ColumnGuesses, key: str) -> pd.Series:
    return numbers_of(table.frame, columns.one[key].column, columns.notation)


def _unswapped(table: InputTable, columns: ColumnGuesses) -> ColumnGuesses:
    """Return the columns with x and y exchanged where only that puts the places on the globe."""
    x, y = (_numbers(table, columns, key).abs().max() for key in ("x", "y"))
    if not (MOST_LAT < y <= MOST_LON and x <= MOST_LAT):
        return columns
    return _swapped(table, columns, _("{column} has values that no latitude has.", column=columns.one["y"].column))


def _swapped(table: InputTable, columns: ColumnGuesses, evidence: str) -> ColumnGuesses:
    """Return the columns with x and y exchanged, which is asked about."""
    one = dict(columns.one)
    lon, lat = one["y"], one["x"]
    doubt = _("are {column} and {other} swapped? {evidence}", column=lon.column, other=lat.column, evidence=evidence)
    why = _("exchanged with {column}: {span}", column=lat.column, span=span(_numbers(table, columns, "y")))
    one["x"] = ColumnGuess(column=lon.column, why=why, doubt=doubt)
    one["y"] = ColumnGuess(column=lat.column, why=span(_numbers(table, columns, "x")))
    return replace(columns, one=one)


def _exchanged(looks: list[FileLook]) -> list[FileLook]:
    """Return looks with x and y exchanged, or asked about, of points that only so lie near the other files."""
    found = []
    for look in looks:
        boxes = [box for other in looks if other.path != look.path and (box := other.degrees) is not None]
        if look.kind == "points" and boxes and "x" in look.columns.one and look.table is not None:
            low, high = np.array(boxes)[:, :2].min(axis=0) - BESIDE, np.array(boxes)[:, 2:].max(axis=0) + BESIDE
            places = lonlat_of(look)
            near = [((each >= low) & (each <= high)).all(axis=1) for each in (places, places[:, ::-1])]
            if not near[0].any() and near[1].mean() > MOST:
                found.append(with_own_box(replace(look, columns=_turned(look, look.table))))
                continue
        found.append(look)
    return found


def _turned(look: FileLook, table: InputTable) -> ColumnGuesses:
    """Return the columns with x and y exchanged; with a question alone where their own names say the opposite."""
    x, y = look.columns.one["x"], look.columns.one["y"]
    if not (compact(x.column).startswith(("lon", "lng")) and compact(y.column).startswith("lat")):
        return _swapped(table, look.columns, _("Only so do places lie near those of the other files."))
    doubt = _(
        "do the headings {column} and {other} of {name} stand the wrong way round? Only exchanged "
        "do its places lie near those of the other files: exchange the two headings in the file.",
        column=x.column,
        other=y.column,
        name=look.name,
    )
    return replace(look.columns, one={**look.columns.one, "x": replace(x, doubt=doubt)})


def _in_degrees(box: Box) -> bool:
    return max(abs(box[0]), abs(box[2])) <= MOST_LON and max(abs(box[1]), abs(box[3])) <= MOST_LAT


def _with_systems(looks: list[FileLook], asked: str | None) -> list[FileLook]:
    """Return looks whose systems are guessed where the files do not say them: from their range, and from the others.

    Raises
    ------
    DataError
        Where nothing tells a system.
    """
    faults: list[Fault] = []
    known = [box for look in looks if look.crs is not None and (box := look.degrees) is not None]
    crs_known = [look.crs for look in looks if look.crs is not None]
    found = []
    for look in looks:
        if look.box is None or look.crs is not None:
            found.append(look)
            continue
        guess = _system(look, look.box, known, crs_known)
        if asked is not None and not _in_degrees(look.box):
            guess = KeyGuess(key="crs", value=asked, why=_("as --crs says"))
        if guess is None:
            where = ", ".join(f"{part:.6g}" for part in look.box)
            allowed = _(
                "a system that the file names, or that other files tell; say it with --crs, such as --crs EPSG:32642"
            )
            faults.append(
                Fault(
                    file=look.name,
                    column="crs",
                    value=_("coordinates {where}", where=where),
                    allowed=allowed,
                    kind="crs",
                )
            )
            continue
        found.append(replace(look, keys=(*look.keys, guess), crs=CRS.from_user_input(guess.value)))
    if faults:
        raise DataError(faults)
    return found


def _system(look: FileLook, box: Box, known: list[Box], systems: list[CRS]) -> KeyGuess | None:
    """Return the system in which coordinates make sense; None where there is none, or several."""
    west, south, east, north = box
    where = _("{west:.6g} to {east:.6g}, {south:.6g} to {north:.6g}", west=west, east=east, south=south, north=north)
    if _in_degrees(box):
        doubt = _(
            "{name} names no coordinate system; are these degrees (WGS 84)? They run from {where}.",
            name=look.name,
            where=where,
        )
        return KeyGuess(
            key="crs", value=WGS84, why=_("coordinates from {where} look like degrees", where=where), doubt=doubt
        )
    names = [f"EPSG:{system.to_epsg()}" for system in systems if system.is_projected and system.to_epsg()]
    names += [f"EPSG:{code}" for low, high in ((32601, 32661), (32701, 32761)) for code in range(low, high)]
    near = [name for name in [*dict.fromkeys(names), "EPSG:3857"] if known and _among(name, box, known)]
    if len(near) != 1 and (not near or near[0] not in names[: len(names) - 120]):
        return None
    name = CRS.from_user_input(near[0]).name
    doubt = _(
        "{name} names no coordinate system; is it {system} ({code})? There it lies among the other files.",
        name=look.name,
        system=name,
        code=near[0],
    )
    return KeyGuess(key="crs", value=near[0], why=_("in {name} it lies among the other files", name=name), doubt=doubt)


def _among(name: str, box: Box, known: list[Box]) -> bool:
    """Tell whether a box in a system lies over the boxes of others."""
    turned = Transformer.from_crs(name, WGS84, always_xy=True).transform_bounds(*box)
    if not np.isfinite(turned).all():
        return False
    middle = (turned[0] + turned[2]) / 2, (turned[1] + turned[3]) / 2
    return any(one[0] <= middle[0] <= one[2] and one[1] <= middle[1] <= one[3] for one in known)


def narrowed(look: FileLook, used: Bools) -> FileLook:
    """Return the look at some rows of a table alone, so that what is told of its columns is of these.

    Whether a column is in per cent is still judged by all rows: more of them tell better.
    """
    if look.table is None:
        raise AssertionError
    table = replace(look.table, frame=look.table.frame[used])
    some = guess_columns(table)
    percent = {guess.column: guess.percent for guess in look.columns.online}
    online = tuple(replace(guess, percent=percent.get(guess.column, guess.percent)) for guess in some.online)
    return replace(look, table=table, columns=replace(some, online=online, notation=look.columns.notation))


def lonlat_of(look: FileLook) -> Floats:
    """Return longitudes and latitudes (n, 2) of a file's places, WGS 84; NaN where there are none."""
    if look.crs is None:
        raise AssertionError
    return np.column_stack(Transformer.from_crs(look.crs, WGS84, always_xy=True).transform(*_places(look).T))


def with_own_box(look: FileLook) -> FileLook:
    """Return the look with the box of the rows that it now has."""
    places = _places(look)
    places = places[np.isfinite(places).all(axis=1)]
    (west, south), (east, north) = places.min(axis=0).tolist(), places.max(axis=0).tolist()
    return replace(look, box=(west, south, east, north))


def _places(look: FileLook) -> Floats:
    """Return coordinates (n, 2) of a file's places in its own system; NaN where there are none."""
    if look.table is None:
        raise AssertionError
    if "geometry" in look.table.frame:
        inside = look.table.frame.geometry.representative_point()
        return np.column_stack([inside.x, inside.y])
    return np.column_stack([_numbers(look.table, look.columns, key) for key in ("x", "y")])


def blank_cells(look: FileLook, column: str) -> Bools:
    """Tell which cells of a column say nothing."""
    if look.table is None:
        raise AssertionError
    return np.asarray(is_missing(as_text(look.table.frame[column])).to_numpy(dtype=np.bool_))
