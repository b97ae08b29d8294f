"""A long table of travel distances or times between demand and sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hubplanner.errors import DataError, Fault
from hubplanner.formats.table_formats import DISTANCES, format_of
from hubplanner.inputs.readers.columns import Checker, keys_of
from hubplanner.inputs.readers.csv import CsvLayout, read_csv
from hubplanner.inputs.readers.tables import InputTable, as_named, can_read, excel_table, read_parquet
from hubplanner.problem import Matrix
from hubplanner.scenario.data_spec import FileSpec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hubplanner.problem import Floats, Ints

UNITS = ("km", "minutes")


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


def read_matrix(
    path: Path, demand: KnownIds, sites: KnownIds, faults: list[Fault], encoding: str | None = None
) -> Pairs | None:
    """Return the table; None, with every fault noted, when a row has an unknown id, a pair again or no number."""
    before = len(faults)
    table = as_named(_table(path, faults, encoding), ("demand_id", "site_id", *UNITS))
    if table is None:
        return None
    checker = Checker(table=table, faults=faults, has_keys=False)
    units = [unit for unit in UNITS if unit in table.frame.columns]
    if not units:
        faults.append(Fault(file=path.name, column="km", allowed="is missing; a column km or minutes is needed"))
    way = "leave the row out if there is no way"
    distance = {unit: checker.numbers(unit, blank=way).to_numpy(dtype=np.float64) for unit in units}
    points, places = _ids(checker, "demand_id", demand), _ids(checker, "site_id", sites)
    both = (points != "") & (places != "")
    pair = keys_of(points) + ", " + keys_of(places)
    checker.note_repeated("demand_id, site_id", pair.where(both, ""), "a pair")
    return None if len(faults) > before else _pairs(points, places, demand, sites, distance)


def _table(path: Path, faults: list[Fault], encoding: str | None) -> InputTable | None:
    if not can_read(path, DISTANCES, faults):
        return None
    table = _DISTANCES[format_of(path).name](path, faults, encoding)
    if table is not None and table.frame.empty:
        faults.append(Fault(file=path.name, allowed="has no rows of data"))
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


def _ids(checker: Checker, column: str, known: KnownIds) -> pd.Series:
    """Return a column of ids, a fault noted for each that its file does not have."""
    words = checker.text(column)
    if known.all is not None:
        unknown = ~keys_of(words).isin(keys_of(known.all)) & (words != "")
        checker.note(column, unknown, words, f"an id that {known.file} has")
    return words


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
