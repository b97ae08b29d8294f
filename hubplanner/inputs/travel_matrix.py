"""A table of travel distances or times between demand and sites, with a row a pair or a column a site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from hubplanner.errors import DataError, Fault
from hubplanner.formats.table_formats import DISTANCES, format_of
from hubplanner.inputs.readers.columns import Checker, as_text, keys_of
from hubplanner.inputs.readers.csv import CsvLayout, read_csv
from hubplanner.inputs.readers.tables import InputTable, as_named, can_read, excel_table, read_parquet
from hubplanner.problem import Floats, Ints, Matrix
from hubplanner.scenario.data_spec import FileSpec
from hubplanner.scenario.travel_spec import MatrixSpec
from hubplanner.translation import gettext as _, with_advice

UNITS = ("km", "minutes")
MOST_SHOWN = 10
"""Columns of a file that a message names."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Pairs:
    """The table's rows by demand and site position, ascending, with a distance in each unit it has."""

    point: Ints
    site: Ints
    distance: Mapping[str, Floats]

    def travel(self, unit: str, n_points: int, n_sites: int, factor: float = 1.0) -> Matrix:
        """Return the travel in one unit, times a factor."""
        return Matrix(self.point, self.site, self.distance[unit] * factor, n_points, n_sites)


@dataclass(frozen=True, kw_only=True, eq=False)
class KnownIds:
    """The ids a table may name.

    Parameters
    ----------
    file
        The ids' file, for messages.
    all
        Every id in it; None when they cannot be told, so that any passes.
    used
        The ids that the scenario's filter keeps, in the order of their positions.
    """

    file: str
    all: pd.Series | None
    used: pd.Series


def read_matrix(travel: MatrixSpec, demand: KnownIds, sites: KnownIds, faults: list[Fault]) -> Pairs | None:
    """Return the table; None, with every fault noted, when a row has an unknown id, a pair again or no number."""
    path, before = Path(travel.path), len(faults)
    site_id = travel.site_id or "site_id"
    columns = {unit: getattr(travel, unit) or unit for unit in UNITS}
    named = (travel.demand_id,) if travel.wide else (travel.demand_id, site_id, *columns.values())
    table = as_named(read_pairs_table(path, faults, travel.encoding), named)
    if table is not None and travel.wide is not None:
        table = _with_row_a_pair(table, travel.demand_id, travel.wide, sites, faults)
    if table is None:
        return None
    checker = Checker(table=table, faults=faults, has_keys=False)
    units = [unit for unit in UNITS if getattr(travel, unit) or columns[unit] in table.frame.columns]
    if not units:
        allowed = _("is missing; a column km or minutes is needed, or its name as travel.km or travel.minutes")
        faults.append(Fault(file=path.name, column="km", allowed=allowed))
    way = _("leave the row out if there is no route")
    distance = {unit: checker.numbers(columns[unit], blank=way).to_numpy(dtype=np.float64) for unit in units}
    points = _ids(checker, travel.demand_id, demand, "travel.demand_id")
    places = _ids(checker, site_id, sites, "travel.site_id")
    both = (points != "") & (places != "")
    pair = keys_of(points) + ", " + keys_of(places)
    checker.note_repeated(f"{travel.demand_id}, {site_id}", pair.where(both, ""), _("a pair"))
    return None if len(faults) > before else _pairs(points, places, demand, sites, distance)


def _with_row_a_pair(
    table: InputTable, demand_id: str, unit: str, sites: KnownIds, faults: list[Fault]
) -> InputTable | None:
    """Return a table with a column a site as one with a row a pair, blank cells left out; None with a fault."""
    frame, before = table.frame, len(faults)
    if demand_id not in frame.columns:
        faults.append(_missing(table, demand_id, "travel.demand_id"))
    columns = pd.Series([str(name) for name in frame.columns if name != demand_id], dtype=object)
    if sites.all is not None:
        for name in columns[~keys_of(columns).isin(keys_of(sites.all))]:
            allowed = _(
                "no column but {demand_id} and the ids that {file} has; remove it, or correct the id",
                demand_id=demand_id,
                file=sites.file,
            )
            faults.append(Fault(file=table.name, column=name, value=name, allowed=allowed))
    if len(faults) > before:
        return None
    pairs = frame.melt(id_vars=[demand_id], var_name="site_id", value_name=unit, ignore_index=False)
    has_way = (as_text(pairs[unit]) != "").to_numpy()
    return replace(table, frame=pairs.loc[has_way].sort_index(kind="stable"))


def read_pairs_table(path: Path, faults: list[Fault], encoding: str | None) -> InputTable | None:
    """Return the rows of a table without places of its own; None, with a fault noted, where it cannot be read."""
    if not can_read(path, DISTANCES, faults):
        return None
    table = _DISTANCES[format_of(path).name](path, faults, encoding)
    if table is not None and table.frame.empty:
        faults.append(Fault(file=path.name, allowed=_("has no rows of data")))
        return None
    return table


def _csv(path: Path, faults: list[Fault], encoding: str | None) -> InputTable | None:
    found = read_csv(path, faults, CsvLayout(encoding=encoding))
    return None if found is None else InputTable(name=path.name, frame=found.frame, first_row=0)


def _excel(path: Path, faults: list[Fault], _: str | None) -> InputTable | None:
    try:
        return excel_table(path, FileSpec(path=str(path)), faults)
    except DataError as error:
        faults.extend(error.faults)
        return None


def _parquet(path: Path, faults: list[Fault], _: str | None) -> InputTable | None:
    frame = read_parquet(path, pd.read_parquet, faults)
    return None if frame is None else InputTable(name=path.name, frame=frame)


_DISTANCES = {"CSV": _csv, "Excel": _excel, "Parquet": _parquet}
"""How a file of each format becomes a table of distances."""


def _missing(table: InputTable, column: str, key: str) -> Fault:
    """Return that a file lacks a column of ids, with the key that names another."""
    others = ", ".join(map(str, table.frame.columns[:MOST_SHOWN]))
    allowed = _("is missing; name the column of these ids as {key}; the file has {others}", key=key, others=others)
    return Fault(file=table.name, column=column, allowed=allowed)


def _ids(checker: Checker, column: str, known: KnownIds, key: str) -> pd.Series:
    """Return a column of ids, a fault noted for each that its file does not have."""
    if column not in checker.table.frame.columns:
        checker.faults.append(_missing(checker.table, column, key))
        return pd.Series("", index=checker.table.frame.index, dtype=object)
    words = checker.text(column)
    if known.all is not None:
        unknown = ~keys_of(words).isin(keys_of(known.all)) & (words != "")
        every = set(keys_of(known.all))
        checker.note(
            column,
            unknown,
            words,
            lambda row: with_advice(_("an id that {file} has", file=known.file), _as_whole(words.iloc[row], every)),
        )
    return words


def _as_whole(word: str, known: set[str]) -> str:
    """Return which id a number in scientific notation was, as advice; nothing where it was none.

    >>> _as_whole("1e+05", {"100000"})
    '1e+05 may be 100000, written by a program that took ids for numbers; write ids as text'
    """
    try:
        whole = f"{float(word):.0f}"
    except (ValueError, OverflowError):
        return ""
    return (
        _(
            "{word} may be {whole}, written by a program that took ids for numbers; write ids as text",
            word=word,
            whole=whole,
        )
        if whole in known
        else ""
    )


def _pairs(
    points: pd.Series, places: pd.Series, demand: KnownIds, sites: KnownIds, distance: Mapping[str, Floats]
) -> Pairs:
    """Return the rows whose both ends are used, by position."""
    point, site = (
        np.asarray(pd.Index(keys_of(known.used)).get_indexer(pd.Index(keys_of(words))), dtype=np.intp)
        for known, words in ((demand, points), (sites, places))
    )
    order = np.lexsort((site, point))
    order = order[(point[order] >= 0) & (site[order] >= 0)]
    return Pairs(
        point=point[order], site=site[order], distance={unit: values[order] for unit, values in distance.items()}
    )
