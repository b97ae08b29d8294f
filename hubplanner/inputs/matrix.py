"""A long table of travel distances or times between demand and sites."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hubplanner.errors import Fault
from hubplanner.inputs.checks import Checker
from hubplanner.inputs.tables import Table, read_csv, require_parquet
from hubplanner.problem import Matrix

if TYPE_CHECKING:
    from hubplanner.problem import Floats

UNITS = ("km", "minutes")


@dataclass(frozen=True, kw_only=True, eq=False)
class Pairs:
    """The table's rows by demand and site position, with a distance in each unit it has."""

    point: np.ndarray[tuple[int, ...], np.dtype[np.intp]]
    site: np.ndarray[tuple[int, ...], np.dtype[np.intp]]
    distance: dict[str, Floats]

    def travel(self, unit: str, n_points: int, n_sites: int, factor: float = 1.0) -> Matrix:
        """Return the travel in one unit, times a factor."""
        return Matrix(self.point, self.site, self.distance[unit] * factor, n_points, n_sites)


def read_matrix(path: Path, demand_ids: pd.Series, site_ids: pd.Series, faults: list[Fault]) -> Pairs | None:
    """Return the table; None, with every fault noted, when a row names an unknown id, repeats a pair or is no number."""
    before = len(faults)
    table = _table(path, faults)
    if table is None:
        return None
    checker = Checker(table=table, faults=faults)
    units = [unit for unit in UNITS if unit in table.frame.columns]
    if not units:
        faults.append(Fault(file=path.name, column="km", allowed="is missing; a column km or minutes"))
    distance = {unit: checker.numbers(unit, unit).to_numpy() for unit in units}
    point, site = (_positions(checker, *known) for known in (("demand_id", demand_ids), ("site_id", site_ids)))
    pair = pd.Series(list(zip(point, site, strict=True)))
    known = pd.Series((point >= 0) & (site >= 0))
    shown = pd.Series([f"{point}, {site}" for point, site in pair]) if (pair.duplicated() & known).any() else pair
    checker.note("demand_id, site_id", pair.duplicated() & known, shown, "a pair only once")
    return None if len(faults) > before else Pairs(point=point, site=site, distance=distance)


def _table(path: Path, faults: list[Fault]) -> Table | None:
    if path.suffix.lower() == ".parquet" and path.is_file():
        require_parquet()
        return Table(name=path.name, frame=pd.read_parquet(path))
    frame = read_csv(path, faults)
    if frame is not None and frame.empty:
        faults.append(Fault(file=path.name, allowed="at least one row of data; the file has none"))
        return None
    return None if frame is None else Table(name=path.name, frame=frame, first_row=2)


def _positions(
    checker: Checker, column: str, ids: pd.Series
) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    """Return the position of each row's id among the known ids, -1 and a fault where it is unknown."""
    words = checker.text(column)
    position = pd.Index(ids).get_indexer(pd.Index(words))
    checker.note(column, pd.Series(position < 0) & (words != ""), words, f"a {column} of the scenario's tables")
    return np.asarray(position, dtype=np.intp)
