"""Demand points read in parts and checked as they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from pyproj import CRS

from hubplanner.errors import DataWarning, Fault
from hubplanner.formats.table_formats import CHUNKED, format_of
from hubplanner.inputs.coordinates import note_swapped_names
from hubplanner.inputs.readers.cells import CellRules
from hubplanner.inputs.readers.columns import (
    Checker,
    among,
    connected_share,
    keys_of,
    near_names,
    note_unknown,
    spellings,
)
from hubplanner.inputs.readers.parquet import (
    ParquetLayout,
    Part,
    coordinates,
    csv_table_parts,
    parquet_layout,
    parquet_parts,
)
from hubplanner.inputs.readers.points import Points
from hubplanner.inputs.readers.tables import InputTable, can_read, parse_crs
from hubplanner.problem import Floats, Ints
from hubplanner.scenario import Scenario
from hubplanner.scenario.fields import MOST_PEOPLE, MOST_WEIGHT
from hubplanner.scenario.names import key_of, spelling_of
from hubplanner.translation import gettext as _, joined

MOST_SHOWN = 100
"""Faults of one column that are spelled out for a part of a file."""
MOST_FAULTS = 1000
"""Faults after which reading stops."""
MOST_KNOWN = 1000
"""Values of a filtered column that are remembered for a message."""


@dataclass(frozen=True, kw_only=True)
class ColumnSelection:
    """Columns to read.

    Parameters
    ----------
    numbers
        Columns of numbers, coordinates among them.
    people
        Other columns of people, which floors name.
    words
        Columns of text, groups and ids among them.
    groups, identifier
        Columns that keep points apart, and of ids; None without.
    """

    numbers: frozenset[str]
    people: tuple[str, ...]
    words: frozenset[str]
    groups: tuple[str, ...]
    identifier: str | None

    @classmethod
    def of(cls, scenario: Scenario, people: list[str], *, again: bool) -> ColumnSelection:
        """Return the columns that a scenario's demand section names; without ids and groups when read again."""
        spec = scenario.demand
        share = spec.connected_people or spec.offline_people or spec.connected_share
        sources = (spec.people, share, spec.priority, spec.x, spec.y, *people)
        numbers = {source for source in sources if isinstance(source, str)}
        groups, identifier = ((), None) if again else (spec.groups, spec.id)
        words = {*groups, *spec.where, *([identifier] if identifier else [])}
        return cls(
            numbers=frozenset(numbers),
            people=tuple(people),
            words=frozenset(words),
            groups=groups,
            identifier=identifier,
        )


class TableFile:
    """A CSV or GeoParquet file of demand points, and what was seen of it so far."""

    def __init__(self, scenario: Scenario, crs: CRS, wanted: ColumnSelection, layout: ParquetLayout | None) -> None:
        """Take the scenario, the places' system, the columns and, for Parquet, the layout."""
        self.crs, self.name = crs, scenario.demand.file_name
        self.crs_named = layout is not None and layout.crs_named
        self._scenario, self._wanted, self._layout = scenario, wanted, layout
        self._labels, self._ids, self._rows, self._kept = GroupEncoder(), DuplicateIds(), 0, 0
        self._ended = self._sound = False
        self._seen: dict[str, set[str]] = {column: set() for column in scenario.demand.where}
        self._told: dict[DataWarning, None] = {}
        self._spelled: dict[str, dict[str, set[str]]] = {group: {} for group in wanted.groups}
        self._seats = any(tier.capacity is not None for tier in scenario.hubs)

    def points(self, faults: list[Fault]) -> Iterator[Points]:
        """Yield the points in parts, those without a fault; note every fault."""
        before, self._sound = len(faults), False
        for part in self._parts(faults):
            self._rows += len(part.table.frame)
            self._told |= dict.fromkeys(part.table.warnings)
            found: list[Fault] = []
            points = self._checked(part.table, part, found)
            if found:  # once more, with the cells as they are written
                found = []
                self._checked(part.exact(), part, found)
            faults.extend(found)
            if points is not None and len(points.label):
                yield points
            if len(self._labels) > MOST_LABELS:
                faults.append(self._too_many_labels())
                return
            if len(faults) - before > MOST_FAULTS:
                allowed = _("was not read to its end, after {count:,} faults", count=len(faults) - before)
                faults.append(Fault(file=self.name, allowed=allowed))
                return
        self._ended, self._sound = True, len(faults) == before

    def finish(self, faults: list[Fault]) -> None:
        """Note ids that occur twice, filters that nothing passes, and a file without rows."""
        spec, before = self._scenario.demand, len(faults)
        if self._rows == 0:
            faults.extend([Fault(file=self.name, allowed=_("has no rows of data"))] if self._sound else [])
            return
        for column, wanted in spec.where.items() if self._ended else ():
            note_unknown(self.name, column, self._seen[column], wanted, faults)
        if self._kept == 0 and self._sound and len(faults) == before:
            allowed = _("leaves no row: none has the asked {where} at once", where=joined(spec.where, _(" and ")))
            faults.append(Fault(file=self.name, column="where", allowed=allowed))
        suspects = self._ids.suspects()
        if spec.id and len(suspects):
            faults.extend(note_repeats(self._with_ids(spec.id), suspects, spec.id, MOST_SHOWN))

    def groups(self) -> Mapping[str, list[str]]:
        """Return the value of each group, by label."""
        return {
            group: [spelling_of(self._spelled[group][str(key)]) for key in self._labels.values(place)]
            for place, group in enumerate(self._wanted.groups)
        }

    def warnings(self) -> list[DataWarning]:
        """Return what may be a mistake in columns and groups."""
        return list(self._told) + [
            warning for group, spelled in self._spelled.items() for warning in near_names(self.name, group, spelled)
        ]

    def _parts(self, faults: list[Fault]) -> Iterator[Part]:
        path, wanted = Path(self._scenario.demand.path), self._wanted
        columns = wanted.numbers | wanted.words
        if self._layout is not None:
            return parquet_parts(path, self._layout, columns, faults, CellRules.of(self._scenario.demand))
        return csv_table_parts(path, columns, wanted.numbers - wanted.words, faults, self._scenario.demand)

    def _with_ids(self, column: str) -> Iterator[tuple[InputTable, pd.Series]]:
        unread: list[Fault] = []
        for part in self._parts(unread):
            table, _ = self._kept_rows(Checker(table=part.table, faults=unread))
            yield table, Checker(table=table, faults=unread).text(column)

    def _kept_rows(self, checker: Checker) -> tuple[InputTable, np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
        """Return the rows that the filter keeps, and their mask."""
        table, kept = checker.table, np.ones(len(checker.table.frame), dtype=np.bool_)
        for column, wanted in self._scenario.demand.where.items():
            words = checker.text(column, blank=True)
            seen = self._seen[column]
            keys = {key_of(value) for value in wanted}
            seen.update(value for value in words.unique() if key_of(value) in keys or len(seen) < MOST_KNOWN)
            kept &= among(words, wanted)
        return (table if kept.all() else replace(table, frame=table.frame[kept])), kept

    def _checked(self, whole: InputTable, part: Part, faults: list[Fault]) -> Points | None:
        """Return a table's points; None, with faults noted, when some cell cannot be used."""
        spec = self._scenario.demand
        table, kept = self._kept_rows(Checker(table=whole, faults=faults))
        checker = Checker(table=table, faults=faults, most=MOST_SHOWN)
        ids = checker.text(self._wanted.identifier) if self._wanted.identifier else None
        counted = checker.numbers(0.0 if spec.people is None else spec.people, most=MOST_PEOPLE)
        people, share = counted.to_numpy(), connected_share(spec, checker, counted).to_numpy()
        per_person = (1 - share) * checker.numbers(spec.priority, most=MOST_WEIGHT).to_numpy()
        others = [checker.numbers(name, most=MOST_PEOPLE).to_numpy() for name in self._wanted.people]
        groups = {group: self._keyed(group, checker.text(group)) for group in self._wanted.groups}
        if part.geometry is None:
            places = np.column_stack([checker.coordinates(str(axis)).to_numpy() for axis in (spec.x, spec.y)])
        else:
            places = coordinates(part.geometry, kept, checker)
        self._told |= dict.fromkeys(table.warnings)
        if faults:
            return None
        self._kept += len(people)
        if ids is not None:
            self._ids.add(ids)
        label = self._labels.number({**groups, **self._ratios(people, 1 - share, per_person, others)}, len(people))
        own = [people * per_person, people, people * (1 - share)]
        measures = np.column_stack([*own, *(other * per_person for other in others)])
        return Points(places=places, measures=measures, label=label, table=table)

    def _keyed(self, group: str, words: pd.Series) -> pd.Series:
        """Return what names are compared by, and remember how they are spelled."""
        keys = keys_of(words)
        known = self._spelled[group]
        for key, same in spellings(words, keys).items():
            known.setdefault(key, set()).update(same)
        return keys

    def _ratios(
        self, people: Floats, offline: Floats, per_person: Floats, others: Sequence[Floats]
    ) -> dict[str, Floats]:
        """Return what a seat is worth at each point; nothing without capacities, where no seat is short."""
        if not self._seats:
            return {}
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = [np.nan_to_num(other / people, posinf=np.inf) for other in others]
        taken = [offline] if self._scenario.seats_need else []
        return {f"\0{place}": ratio for place, ratio in enumerate([per_person, *ratios, *taken])}

    def _too_many_labels(self) -> Fault:
        allowed = _("at most {most_labels:,} combinations of groups", most_labels=MOST_LABELS)
        if self._seats:
            allowed += _(" and, as tiers have capacities, of need per person; round shares and priorities")
        return Fault(file=self.name, value=_("{count:,} or more", count=len(self._labels)), allowed=allowed)


def open_table(scenario: Scenario, people: list[str], faults: list[Fault], *, again: bool = False) -> TableFile | None:
    """Return a table that is read in parts; None, with faults noted, when it does not open.

    Parameters
    ----------
    scenario
        Names the file and its columns.
    people
        Other columns of people.
    faults
        Gets what is wrong.
    again
        Whether it was read and checked before, so that ids and groups do not matter.
    """
    spec, path = scenario.demand, Path(scenario.demand.path)
    if not can_read(path, CHUNKED, faults):
        return None
    note_swapped_names(spec, path.name, faults)
    wanted = ColumnSelection.of(scenario, people, again=again)
    if format_of(path).kind == "table":
        crs = parse_crs(spec.crs or "EPSG:4326", path.name, faults)
        return None if crs is None else TableFile(scenario, crs, wanted, None)
    layout = parquet_layout(path, spec, faults)
    return None if layout is None else TableFile(scenario, layout.crs, wanted, layout)


MOST_LABELS = 200_000
"""More combinations than this leave little to merge."""


class GroupEncoder:
    """The combinations of values seen so far, numbered from 0 as they appear.

    >>> labels = GroupEncoder()
    >>> labels.number({"province": pd.Series(["Sindh", "Punjab", "Sindh"])}, 3).tolist()
    [0, 1, 0]
    >>> labels.values(0)
    ['Sindh', 'Punjab']
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._number: dict[tuple[object, ...], int] = {}

    def __len__(self) -> int:
        """Return how many combinations there are."""
        return len(self._number)

    def number(self, columns: Mapping[str, pd.Series | Floats], size: int) -> Ints:
        """Return the number (size,) of each row's combination of values."""
        if not columns:
            self._number.setdefault((), 0)
            return np.zeros(size, dtype=np.intp)
        frame = pd.DataFrame(dict(columns))
        code = frame.groupby(list(frame.columns), sort=False, dropna=False).ngroup().to_numpy()
        first = np.unique(code, return_index=True)[1]
        for key in frame.iloc[first].itertuples(index=False, name=None):
            self._number.setdefault(key, len(self._number))
        known = [self._number[key] for key in frame.iloc[first].itertuples(index=False, name=None)]
        return np.array(known, dtype=np.intp)[code]

    def values(self, place: int) -> list[object]:
        """Return the value of one column, by number."""
        return [key[place] for key in self._number]


MOST_SUSPECTS = 100_000
"""Hashes that a second look follows."""

Hashes = np.ndarray[tuple[int, ...], np.dtype[np.uint64]]


class DuplicateIds:
    """Hashes of all ids read so far.

    Ids with equal hashes may differ: `note` compares the ids themselves.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._hashes: list[Hashes] = []

    def add(self, words: pd.Series) -> None:
        """Add the ids of some rows; blanks do not count."""
        self._hashes.append(hashes(keys_of(words[words != ""])))

    def suspects(self) -> Hashes:
        """Return hashes that occur twice, ascending, and forget all others."""
        together = np.empty(sum(map(len, self._hashes)), dtype=np.uint64)
        end = len(together)
        while self._hashes:  # each part is let go once it is copied
            part = self._hashes.pop()
            together[end - len(part) : end] = part
            end -= len(part)
        together.sort()
        return np.unique(together[1:][together[1:] == together[:-1]])[:MOST_SUSPECTS]


def hashes(words: pd.Series) -> Hashes:
    """Return a 64-bit number (k,) for each id, the same on every machine."""
    return np.asarray(pd.util.hash_array(words.to_numpy(dtype=object), categorize=False), dtype=np.uint64)


def note_repeats(
    parts: Iterable[tuple[InputTable, pd.Series]], suspects: Hashes, column: str, most: int
) -> list[Fault]:
    """Return a fault for each row whose id stands in an earlier row, the first ones spelled out.

    Parameters
    ----------
    parts
        The rows again, and their ids.
    suspects
        Hashes that occur twice, ascending.
    column
        The ids' column.
    most
        Faults to return.
    """
    first: dict[str, int] = {}
    faults: list[Fault] = []
    count = 0
    for table, words in parts:
        keys = keys_of(words)
        code = hashes(keys)
        place = np.minimum(np.searchsorted(suspects, code), len(suspects) - 1)
        for position in np.flatnonzero((suspects[place] == code) & (words != "").to_numpy()).tolist():
            word, row = str(words.iloc[position]), table.row(position)
            earlier = first.setdefault(keys.iloc[position], row)
            if earlier == row:
                continue
            count += 1
            if count <= most:
                allowed = _("an id only once; row {earlier} has it already", earlier=earlier)
                faults.append(Fault(file=table.name, row=row, column=column, value=word, allowed=allowed))
    if count > most:
        allowed = _("at least {count:,} more rows have an id that stands above them", count=count - most)
        faults.append(Fault(file=faults[0].file, column=column, allowed=allowed))
    return faults
