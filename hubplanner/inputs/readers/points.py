"""Demand points as every reader hands them on, in parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from pyproj import CRS

from hubplanner.errors import DataWarning, Fault
from hubplanner.inputs.readers.tables import InputTable
from hubplanner.problem import Floats, Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Points:
    """Some demand points.

    Parameters
    ----------
    places
        (k, 2) coordinates in the file's system.
    measures
        (k, q) need, people, then the need of other columns of people.
    label
        (k,) numbers of what keeps points apart.
    table
        The rows they come from, for messages; None for cells of a raster.
    """

    places: Floats
    measures: Floats
    label: Ints
    table: InputTable | None = None


class PointFile(Protocol):
    """A file that holds demand points."""

    @property
    def name(self) -> str:
        """Name, for messages."""
        ...

    @property
    def crs(self) -> CRS:
        """System of the places."""
        ...

    @property
    def crs_named(self) -> bool:
        """Tell whether the file itself names that system."""
        ...

    def points(self, faults: list[Fault]) -> Iterator[Points]:
        """Yield the points in parts, those without a fault; note every fault."""
        ...

    def finish(self, faults: list[Fault]) -> None:
        """Note what only the whole file shows, once all points were read."""
        ...

    def groups(self) -> Mapping[str, list[str]]:
        """Return the value of each group, by label."""
        ...

    def warnings(self) -> list[DataWarning]:
        """Return what may be a mistake, once all points were read."""
        ...
