"""Joined tables, done once more row by row: plain dictionaries of keys, and each place checked against each polygon."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hubplanner.audit.data.places import Array, alike, inner, kept, read_rows, words
from hubplanner.audit.data.raw_tables import in_shares, mended
from hubplanner.scenario.data_spec import GroupMean, JoinSpec, TableSpec

HYPHENS = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
NOWHERE = -1


def joined_rows(spec: TableSpec, asked: set[str]) -> gpd.GeoDataFrame:
    """Return the rows of a section with all columns that it takes over, filtered."""
    taken = {name for join in spec.join for name in join.take}
    own = {name: values for name, values in spec.where.items() if name not in taken}
    rows = read_rows(spec.model_copy(update={"where": own}), asked)
    for join in spec.join:
        rows = joined(rows, join)
    rows = kept(rows, {name: values for name, values in spec.where.items() if name in taken})
    missing = {name: rule for name, rule in (spec.missing or {}).items() if name in taken}
    percent = tuple(name for name in spec.percent or () if name in taken)
    late = {"missing": missing, "percent": percent, "total_rows": None, "decimal": None, "thousands": None}
    return mended(rows, spec.model_copy(update=late), set()).reset_index(drop=True)


def joined(rows: gpd.GeoDataFrame, join: JoinSpec) -> gpd.GeoDataFrame:
    """Return the rows with the columns that one join takes over."""
    other = other_rows(join, {*join.keys.values(), *join.take.values(), *join.where})
    partner = holders(inner(rows).to_crs(other.crs), other.geometry) if join.by_place else _by_key(rows, other, join)
    alone = partner == NOWHERE
    for name, column in join.take.items():
        whole = other[column] if name not in (join.percent or ()) else in_shares(other[column])
        values = whole.iloc[np.where(alone, 0, partner)].reset_index(drop=True).set_axis(rows.index)
        rows = rows.assign(**{name: _filled(rows, values, alone, join)})
    return rows[~alone].reset_index(drop=True) if join.unmatched == "drop" else rows


def other_rows(join: Any, asked: set[str]) -> Any:
    """Return the rows of a file that is named beside that of a section."""
    shared = {name: getattr(join, name) for name in type(join).model_fields if name in TableSpec.model_fields}
    return read_rows(TableSpec.model_construct(**shared | {"percent": None}), asked)


def holders(points: gpd.GeoSeries, shapes: gpd.GeoSeries) -> Array:
    """Return the position (k,) of the first shape that holds each point, on its border too; -1 without one."""
    found = np.full(len(points), NOWHERE)
    x, y = points.x.to_numpy(), points.y.to_numpy()
    for at, shape in reversed(list(enumerate(shapes))):
        west, south, east, north = shape.bounds
        near = np.flatnonzero((x >= west) & (x <= east) & (y >= south) & (y <= north))
        shapely.prepare(shape)
        found[near[shapely.intersects_xy(shape, x[near], y[near])]] = at
    return found


def _by_key(rows: gpd.GeoDataFrame, other: Any, join: JoinSpec) -> Array:
    plain = alike if join.exact else folded
    same = {plain(name): plain(meant) for name, meant in _aliases(join).items()}
    place: dict[tuple[str, ...], int] = {}
    theirs = zip(*(words(other[column]).map(plain) for column in join.keys.values()), strict=True)
    for at, key in enumerate(theirs):
        if any(key):
            place.setdefault(key, at)
    ours = zip(*(words(rows[column]).map(plain) for column in join.keys), strict=True)
    return np.array([place.get(tuple(same.get(part, part) for part in key), NOWHERE) for key in ours], dtype=int)


def folded(name: str) -> str:
    """Return a key without case, accents, hyphens and zeros before a number."""
    drawn = unicodedata.normalize("NFD", alike(name).casefold())
    letters = "".join(" " if letter in HYPHENS else letter for letter in drawn if not "\u0300" <= letter <= "\u036f")
    key = unicodedata.normalize("NFC", " ".join(letters.split()))
    whole, point, rest = key.partition(".")
    is_whole = whole.isdecimal() and whole.isascii() and not rest.strip("0") and bool(point) == bool(rest)
    return (whole.lstrip("0") or "0") if is_whole else key


def _aliases(join: JoinSpec) -> dict[str, str]:
    if not isinstance(join.aliases, str):
        return dict(join.aliases or {})
    table = pd.read_csv(Path(join.aliases), dtype=str, keep_default_na=False, encoding="utf-8-sig").iloc[:, :2]
    pairs = [(name.strip(), meant.strip()) for name, meant in table.itertuples(index=False, name=None)]
    return {name: meant for name, meant in pairs if name and meant}


def _filled(rows: gpd.GeoDataFrame, values: pd.Series, alone: Array, join: JoinSpec) -> pd.Series:
    """Return a column with a number, or the plain mean of a group, where there is no partner."""
    if not alone.any() or join.unmatched in {"error", "drop"}:
        return values
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    if not isinstance(join.unmatched, GroupMean):
        return numbers.where(~alone, float(join.unmatched))
    group = words(rows[join.unmatched.mean_of])
    means = {name: numbers[(group == name).to_numpy() & ~alone].mean() for name in set(group)}
    return numbers.where(~alone, group.map(means).astype(float))
