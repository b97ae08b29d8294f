"""Files of the whole world among those of one country: which column says which rows are meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import shapely

from hubplanner.inputs.coordinates import WGS84
from hubplanner.inputs.guesses.look import FileLook, KeyGuess, lonlat_of, narrowed, with_own_box
from hubplanner.inputs.readers.columns import as_text
from hubplanner.problem import Bools, Floats
from hubplanner.translation import gettext as _

MOST_INSIDE = 0.5
"""Share of a file's points among the polygons of others below which it goes far beyond them."""
LEAST_ALIKE = 0.8
"""Share of the points inside that have a value, and of those with the value that lie inside, for it to say so."""
MOST_VALUES = 2_000
"""Values of a column that tells countries or their parts."""


def of_one_region(looks: Sequence[FileLook]) -> list[FileLook]:
    """Return looks of which points that go far beyond the polygons of the others are those of one value of a column.

    A file of all towns of the world beside the districts of one country is read with ``where: {country: BD}``, which is
    asked about; points that no value singles out stay as they are.
    """
    return [_narrowed(look, [other for other in looks if other.kind == "polygons"]) for look in looks]


def _narrowed(look: FileLook, areas: Sequence[FileLook]) -> FileLook:
    if look.kind != "points" or look.table is None or not areas:
        return look
    inside = _inside(lonlat_of(look), areas)
    if not inside.any() or inside.mean() > MOST_INSIDE:
        return look
    said = _said_by(look.table.frame, inside)
    if said is None:
        return look
    column, value, rows = said
    among = " and ".join(area.name for area in areas)
    why = _(
        "{count:,} of {all:,} rows, those among the polygons of {among}",
        count=int(rows.sum()),
        all=len(rows),
        among=among,
    )
    doubt = _(
        "{name} goes far beyond {among}; are rows with {column} {value} alone meant?",
        name=look.name,
        among=among,
        column=column,
        value=value,
    )
    key = KeyGuess(key="where", value={column: value}, why=why, doubt=doubt)
    some = narrowed(look, rows)
    return with_own_box(replace(some, count=int(rows.sum()), keys=(*look.keys, key)))


def _inside(places: Floats, areas: Sequence[FileLook]) -> Bools:
    """Tell which places (n, 2) lie in a polygon of any file."""
    found = np.zeros(len(places), dtype=np.bool_)
    for area in areas:
        if area.table is None or area.crs is None:
            continue
        shapes = area.table.frame.geometry.set_crs(area.crs, allow_override=True).to_crs(WGS84)
        west, south, east, north = shapes.total_bounds
        near = np.flatnonzero(((places >= [west, south]) & (places <= [east, north])).all(axis=1))
        tree = shapely.STRtree(shapes.to_numpy())
        found[near[tree.query(shapely.points(places[near]), predicate="intersects")[0]]] = True
    return found


def _said_by(frame: pd.DataFrame, inside: Bools) -> tuple[str, str, Bools] | None:
    """Return the column and the value whose rows are those inside as nearly as any, and these rows."""
    best: tuple[float, int, str, str, Bools] | None = None
    for name in sorted(map(str, frame.columns)):
        if name == "geometry" or not (pd.api.types.is_string_dtype(frame[name]) or frame[name].dtype == object):
            continue
        words = as_text(frame[name])
        codes, values = pd.factorize(words.where(words != ""))
        if not 1 < len(values) <= MOST_VALUES:
            continue
        held = np.bincount(codes[inside & (codes >= 0)], minlength=len(values))
        rows = codes == int(held.argmax())
        hits = int(held.max())
        alike = min(hits / inside.sum(), hits / rows.sum())
        found = (-round(alike, 3), len(values), name, str(values[int(held.argmax())]), rows)
        if alike >= LEAST_ALIKE and (best is None or found[:3] < best[:3]):
            best = found
    return None if best is None else best[2:]
