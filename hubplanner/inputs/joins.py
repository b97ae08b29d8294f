"""Columns of other files taken over by a key or by place: nobody is lost or counted twice, and no name is guessed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from hubplanner.errors import DataWarning, Fault
from hubplanner.formats.table_formats import format_of
from hubplanner.inputs.areas import OUTSIDE, Areas
from hubplanner.inputs.coordinates import representative
from hubplanner.inputs.readers.columns import Checker, as_numbers, as_text, complete_rows, select, usable_rows
from hubplanner.inputs.readers.tables import InputTable, as_named, read_table
from hubplanner.inputs.spelling import mentioned
from hubplanner.problem import Bools, Ints
from hubplanner.scenario import Scenario
from hubplanner.scenario.data_spec import FileSpec, GroupMean, JoinSpec, TableSpec, ZonesSpec
from hubplanner.scenario.names import hint, join_key, key_of, listed, shown
from hubplanner.translation import gettext as _, joined, ngettext, with_advice

CANDIDATES = 3
"""Names that are offered for one without a partner."""
LIKENESS = 60
"""Least likeness, of 100, of a name that is offered."""
ROWS_NAMED = 5
"""Rows that a message names."""
MOST_OFFERED = 500
"""Names for which others are looked for."""
_BETWEEN = "\x1f"
"""Between the parts of a key of several columns."""
Names = dict[str, tuple[str, ...]]
"""Names without a partner, each with the nearest ones of the other file."""


@dataclass(frozen=True, kw_only=True)
class JoinReport:
    """What became of one join.

    Parameters
    ----------
    key
        Where the scenario asks for it, such as demand.join.0.
    here, there
        The two files.
    rows, matched
        Rows here that stand before the join, and those with a partner.
    unmatched
        Names here without a partner, with the nearest ones there.
    unused
        Names there that no row here has.
    people
        Of each column of people that was taken over: its name, their sum there and the sum that was taken.
    to_alias
        Values here of single columns that the column there lacks, with the nearest ones that are free there.
    inside_if_swapped
        Rows without a partner that would have one with x and y exchanged; None where rows belong together by keys.
    """

    key: str
    here: str
    there: str
    rows: int
    matched: int
    unmatched: Names = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    people: tuple[tuple[str, float, float], ...] = ()
    to_alias: Names = field(default_factory=dict)

    def lines(self) -> list[str]:
        """Return the join in words, for the terminal: both sides, and that people are conserved."""
        said = [f"{self.key}, {self.there}: {self.matched:,} of {self.rows:,} rows of {self.here} have a match"]
        for name, near in self.unmatched.items():
            said.append(f"  no match here: {shown(name)}{f' (near: {listed(near)})' if near else ''}")
        if self.unused:
            said.append(f"  {len(self.unused):,} there match nothing here: {listed(self.unused)}")
        said += [
            f"  {name}: {taken:,.0f} of {total:,.0f} people taken over, each once" for name, total, taken in self.people
        ]
        return said

    def as_dict(self) -> dict[str, object]:
        """Return the join as a JSON object."""
        return {
            "key": self.key,
            "file": self.there,
            "rows": self.rows,
            "matched": self.matched,
            "unmatched": {name: list(near) for name, near in self.unmatched.items()},
            "unused": list(self.unused),
            "people": {name: {"there": total, "taken": taken} for name, total, taken in self.people},
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class Match:
    """How the rows of two tables belong together.

    Parameters
    ----------
    partner
        (n,) position there of each row's partner; -1 without one.
    names
        (n,) what each row here is called in messages.
    unused
        Names there without a row here.
    near
        Returns the names there that are nearest to one here.
    column
        What the names stand in.
    to_alias
        Values here of single columns that the column there lacks, with the nearest ones that are free there.
    inside_if_swapped
        Rows without a partner that would have one with x and y exchanged; None where rows belong together by keys.
    """

    partner: Ints
    names: pd.Series
    unused: tuple[str, ...]
    near: Callable[[str], tuple[str, ...]]
    column: str
    to_alias: Names = field(default_factory=dict)
    inside_if_swapped: int | None = None

    @property
    def alone(self) -> Bools:
        """Tell which rows have no partner."""
        return np.asarray(self.partner == OUTSIDE)


def join_all(
    scenario: Scenario, section: str, table: InputTable, people: Collection[str], faults: list[Fault]
) -> tuple[InputTable, tuple[JoinReport, ...]]:
    """Return a section's rows that count, with what is taken over: filtered before and after it is joined.

    Parameters
    ----------
    scenario
        Holds the section.
    section
        demand or sites.
    table
        The section's file as it was read.
    people
        Columns that count people: a row there that they come from belongs to one row here only.
    faults
        Gets what is wrong.
    """
    spec: TableSpec = getattr(scenario, section)
    taken = {name for join in spec.join for name in join.take}
    table = select(table, {name: values for name, values in spec.where.items() if name not in taken}, faults)
    if not spec.join:
        return usable_rows(table, faults), ()
    table = complete_rows(table, faults)  # a total has no partner
    before = len(faults)
    table, reports = join_each(scenario, section, table, spec, people, faults)
    if len(faults) > before:
        return table, reports
    later = {name: values for name, values in spec.where.items() if name in taken}
    return usable_rows(select(table, later, faults), faults), reports


def join_each(  # noqa: PLR0913, PLR0917 - a table, what is joined to it, and where to note what is wrong
    scenario: Scenario,
    section: str,
    table: InputTable,
    spec: TableSpec | ZonesSpec,
    people: Collection[str],
    faults: list[Fault],
) -> tuple[InputTable, tuple[JoinReport, ...]]:
    """Return a table with what its joins take over, one after the other.

    Where one cannot be made, only those that need what it was to bring are passed over, so that the faults of all
    others are told at once.

    Parameters
    ----------
    scenario
        Holds the joins.
    section
        What they are called there, such as demand.
    table
        The rows that take over.
    spec
        The section.
    people
        Columns that count people: a row there that they come from belongs to one row here only.
    faults
        Gets what is wrong.
    """
    reports: list[JoinReport] = []
    lost = set[str]()
    for number, join in enumerate(spec.join):
        before = len(faults)
        needed = {*join.keys, *([join.unmatched.mean_of] if isinstance(join.unmatched, GroupMean) else [])}
        if needed.isdisjoint(lost):
            joined = _join(scenario, f"{section}.join.{number}", table, spec, join, people, faults)
            if joined is not None:
                table = joined[0]
                reports.append(joined[1])
        if len(faults) > before or not needed.isdisjoint(lost):
            lost.update(join.take)
    return replace(table, lost=frozenset(lost)), tuple(reports)


def values_to_alias(scenario: Scenario) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return what the joins of a scenario lack an alias for, whatever else is wrong with its files.

    Returns
    -------
    list
        Of each value without a partner: the key of its join, such as demand.join.0, the value, and the nearest ones
        of the other file. A join by what another brings is told once that one has its partners.
    """
    found = []
    sections: tuple[tuple[str, TableSpec | ZonesSpec | None], ...] = (
        *(("demand", scenario.demand), ("sites", scenario.sites)),
        ("demand.zones", scenario.demand.zones),
    )
    for section, spec in sections:
        if spec is None or not spec.join:
            continue
        # A file of aliases that is not there yet is the one that is to be written.
        joins = tuple(
            join.model_copy(update={"aliases": None})
            if isinstance(join.aliases, str) and not Path(join.aliases).exists()
            else join
            for join in spec.join
        )
        asked = spec.model_copy(update={"join": joins})
        faults: list[Fault] = []  # told by whoever reads all files
        reports: tuple[JoinReport, ...] = ()
        if isinstance(asked, ZonesSpec):
            zones = read_other(asked, asked.columns, faults, places=False)
            reports = join_each(scenario, section, zones, asked, (), faults)[1] if zones else ()
        elif table := as_named(read_table(asked, faults), mentioned(scenario.model_dump())):
            reports = join_all(scenario.model_copy(update={section: asked}), section, table, (), faults)[1]
        found += [(report.key, value, near) for report in reports for value, near in report.to_alias.items()]
    return found


def _join(  # noqa: PLR0913, PLR0917 - two tables, how they belong together, and where to note what is wrong
    scenario: Scenario,
    key: str,
    here: InputTable,
    section: TableSpec | ZonesSpec,
    join: JoinSpec,
    people: Collection[str],
    faults: list[Fault],
) -> tuple[InputTable, JoinReport] | None:
    """Return a table with the columns of one join; None, with faults noted, where the two cannot be compared."""
    before = len(faults)
    there = read_other(join, [*join.keys.values(), *join.take.values()], faults, places=join.by_place)
    if there is None:
        return None
    checker = Checker(table=there, faults=faults)
    for column in join.take.values():
        checker.column(column)
    for name in join.take:
        if name in here.frame.columns:
            allowed = _("a name that {name} does not have: it would be written over", name=here.name)
            faults.append(scenario.fault(f"{key}.take", name, allowed))
    there = _plain_numbers(there, join, plain=here.cells.is_plain)
    if join.by_place and isinstance(section, TableSpec):
        match = _by_place(here, section, there, faults)
    else:
        match = _by_key(scenario, key, here, there, join, faults)
    if match is None or len(faults) > before:
        return None
    _check_once(match, there, join, people, faults)
    alone = match.names[match.alone]
    unmatched = {name: match.near(name) for name in sorted(set(alone))[:MOST_OFFERED]}
    report = JoinReport(
        key=key,
        here=here.name,
        there=there.name,
        rows=len(here.frame),
        matched=int((~match.alone).sum()),
        unmatched=unmatched,
        unused=match.unused,
        people=_totals(match, there, join, people),
        to_alias=match.to_alias,
    )
    if match.alone.any() and join.unmatched == "error":
        _note_alone(here, match, there, unmatched, key, faults)
    return _taken(here, match, there, join, faults), report


def _plain_numbers(there: InputTable, join: JoinSpec, *, plain: bool) -> InputTable:
    """Return a table whose columns to take are numbers where they are written as its keys say, per cent as shares.

    A cell that is none stays as it is, to be told where the column is used. Plain says whether the table that takes
    them is written as computers write numbers.
    """
    frame, rules = there.frame, there.cells
    for name, column in join.take.items():
        is_percent = name in (join.percent or ())
        if column in frame.columns and (is_percent or not (plain and rules.is_plain)):
            numbers = as_numbers(frame[column], rules, percent=is_percent).set_axis(frame.index)
            frame = frame.assign(**{column: numbers.where(numbers.notna(), frame[column])})
    return replace(there, frame=frame)


def read_other(spec: FileSpec, columns: Collection[str], faults: list[Fault], *, places: bool) -> InputTable | None:
    """Return the rows of a file that a join, zones, a spread or backhaul name; None, with faults, when it cannot be.

    Parameters
    ----------
    spec
        Names the file and how its cells are written.
    columns
        What its columns are called in the scenario.
    faults
        Gets what is wrong.
    places
        Whether its polygons matter; if not, they need no system.
    """
    own: list[Fault] = []
    common = {name: getattr(spec, name) for name in type(spec).model_fields if name in TableSpec.model_fields}
    if isinstance(spec, JoinSpec | ZonesSpec):
        common["percent"] = tuple(spec.take.get(name, name) for name in spec.percent or ())  # it names columns here
    table = as_named(read_table(TableSpec.model_construct(**common), own), [*columns, *spec.where])
    faults += own if places else [fault for fault in own if fault.kind != "crs"]
    if table is None:
        return None
    table = complete_rows(select(table, spec.where, faults), faults)
    return replace(
        table, frame=table.frame if places else pd.DataFrame(table.frame.drop(columns="geometry", errors="ignore"))
    )


def _by_key(  # noqa: PLR0913, PLR0917 - two tables, how they are compared, and where to note what is wrong
    scenario: Scenario, key: str, here: InputTable, there: InputTable, join: JoinSpec, faults: list[Fault]
) -> Match | None:
    """Return which rows have the same key; None, with faults noted, where a column is missing or a key stands twice."""
    before = len(faults)
    own = Checker(table=here, faults=faults)
    other = Checker(table=there, faults=faults)
    ours = [own.text(name, blank=True) for name in join.keys]
    theirs = [other.text(name, blank=True) for name in join.keys.values()]
    compared = cache(key_of if join.exact else join_key)  # a word that stands in many rows is looked at once
    aliases = read_aliases(scenario, key, join, faults)
    if aliases is None or len(faults) > before:
        return None
    known = {compared(word) for words in theirs for word in words.unique()}
    for name, meant in aliases.items():
        if compared(meant) not in known:
            likely = hint(meant, [word for words in theirs for word in words.unique()])
            allowed = with_advice(_("a value that {name} has", name=there.name), likely)
            faults.append(scenario.fault(f"{key}.aliases", f"{name}: {meant}", allowed))
    alias = {compared(name): compared(meant) for name, meant in aliases.items()}
    keys = _keys(ours, lambda word: alias.get(compared(word), compared(word)))
    other_keys = _keys(theirs, compared)
    _note_doubled(there, join, other_keys, theirs, set(keys), faults)
    if len(faults) > before:
        return None
    first = ~other_keys.duplicated().to_numpy() & (other_keys != "").to_numpy()
    position = np.flatnonzero(first)
    found = pd.Index(other_keys.to_numpy()[first]).get_indexer(pd.Index(keys))
    partner = np.where(found < 0, OUTSIDE, position[np.maximum(found, 0)] if len(position) else OUTSIDE)
    partner = np.where((keys == "").to_numpy(), OUTSIDE, partner)
    names, other_names = _together(ours), _together(theirs)
    free = np.setdiff1d(position, partner)
    unused = tuple(other_names.iloc[free])
    near = _nearest(unused, other_names)
    to_alias: Names = {}
    for words, others in zip(ours, theirs, strict=True):
        plain = {word: alias.get(compared(word), compared(word)) for word in words.unique()}
        held = {compared(word) for word in others.unique()}
        lost = sorted(word for word in words[partner == OUTSIDE].unique() if word and plain[word] not in held)
        asked = set(plain.values())
        spare = tuple(word for word in others.unique() if compared(word) not in asked)
        offers = near if len(ours) == 1 else _nearest(spare, others)
        to_alias |= {word: offers(word) if number < MOST_OFFERED else () for number, word in enumerate(lost)}
    return Match(partner=partner, names=names, unused=unused, near=near, column=", ".join(join.keys), to_alias=to_alias)


def _keys(columns: list[pd.Series], compared: Callable[[str], str]) -> pd.Series:
    """Return what rows are compared by, each word of a column looked at once; blank where all columns are."""
    parts = [words.map({word: compared(word) for word in words.unique()}) for words in columns]
    return _joined(parts)


def _joined(parts: list[pd.Series]) -> pd.Series:
    whole = parts[0].astype(object)
    for part in parts[1:]:
        whole = whole + _BETWEEN + part
    return whole.where(whole.str.strip(_BETWEEN) != "", "")


def _together(columns: list[pd.Series]) -> pd.Series:
    return _joined(columns).str.replace(_BETWEEN, ", ")


def _nearest(unused: tuple[str, ...], every: pd.Series) -> Callable[[str], tuple[str, ...]]:
    """Return what finds the names nearest to one: of those that are free, then of all."""

    @cache
    def pool() -> dict[str, str]:
        return {name: join_key(name) for name in unused or every.unique() if name}

    @cache
    def near(name: str) -> tuple[str, ...]:
        found = process.extract(join_key(name), pool(), scorer=fuzz.WRatio, limit=CANDIDATES, score_cutoff=LIKENESS)
        return tuple(original for _, _, original in found)

    return near


def _note_doubled(  # noqa: PLR0913, PLR0917 - a table's keys, those that matter, and where to note what is wrong
    there: InputTable, join: JoinSpec, keys: pd.Series, words: list[pd.Series], wanted: set[str], faults: list[Fault]
) -> None:
    """Note each row there whose key stands in an earlier one, where a row here asks for it."""
    again = keys.duplicated() & keys.isin(wanted) & (keys != "")
    first = {key: position for position, key in reversed(list(enumerate(keys)))}
    names = _together(words)

    def allowed(position: int) -> str:
        earlier = first[keys.iloc[position]]
        told = {"row": there.row(earlier), "found": names.iloc[earlier]}
        if names.iloc[earlier] == names.iloc[position]:
            return _(
                "a key only once; row {row} has it already: keep one with where, add a column to on that tells them "
                "apart",
                row=told["row"],
            )
        if join.exact:
            return _(
                "a key only once; row {row} has it already, written {found!a} there: keep one with where, add a column "
                "to on that tells them apart",
                **told,
            )
        return _(
            "a key only once; row {row} has it already, written {found!a} there: keep one with where, add a column to "
            "on that tells them apart, or exact: true if they differ",
            **told,
        )

    Checker(table=there, faults=faults).note(", ".join(join.keys.values()), again, names, allowed)


def _by_place(here: InputTable, section: TableSpec, there: InputTable, faults: list[Fault]) -> Match | None:
    """Return which polygon each row lies in; None, with faults noted, where there are no polygons or no places."""
    wrong = (
        ~there.frame.geometry.geom_type.isin(["Polygon", "MultiPolygon"]).to_numpy()
        if "geometry" in there.frame
        else [True]
    )
    if np.any(wrong):
        row = there.row(int(np.argmax(wrong)))
        faults.append(Fault(file=there.name, row=row, column="geometry", allowed=_("polygons, to join on: location")))
        return None
    if here.crs is None:
        return None
    places = table_places(here, section)
    areas = Areas(there.frame.geometry)
    partner = areas.at(places, here.crs)
    if areas.doubled:
        here.warnings.append(overlap(there.name, areas.doubled))
    lost = ~np.isfinite(places).all(axis=1)
    if lost.any():  # told in full when places are read
        partner[lost] = 0
    names = pd.Series([f"{x:.5g}, {y:.5g}" for x, y in places], dtype=object)
    rows = there.rows[np.setdiff1d(np.arange(len(there.frame)), partner)]
    unused = tuple(_("row {row}", row=row) for row in rows)
    swapped = int((areas.at(places[partner == OUTSIDE][:, ::-1], here.crs) != OUTSIDE).sum())
    return Match(
        partner=partner, names=names, unused=unused, near=lambda _: (), column="location", inside_if_swapped=swapped
    )


def are_polygons(table: InputTable, faults: list[Fault]) -> bool:
    """Tell whether a table's places are polygons throughout; note the first that is not."""
    kinds = (
        table.frame.geometry.geom_type if "geometry" in table.frame else pd.Series(_("no geometry"), table.frame.index)
    )
    wrong = np.flatnonzero(~kinds.isin(["Polygon", "MultiPolygon"]).to_numpy())
    if len(wrong):
        row, kind = table.row(int(wrong[0])), str(kinds.iloc[wrong[0]])
        allowed = _("polygons, which tell where a place lies")
        faults.append(Fault(file=table.name, row=row, column="geometry", value=kind, allowed=allowed))
    return not len(wrong)


def table_places(table: InputTable, section: TableSpec) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return a table's places (n, 2) in its own system: points, or points inside its polygons; NaN where unusable."""
    if section.x and section.y:
        columns = [table.frame.get(name, pd.Series(np.nan, index=table.frame.index)) for name in (section.x, section.y)]
        return np.column_stack([as_numbers(column).to_numpy() for column in columns])
    shapes = table.frame.geometry
    usable = ~(shapes.isna() | shapes.is_empty).to_numpy()
    places = np.full((len(shapes), 2), np.nan)
    inside = representative(table.frame[usable])
    places[usable] = np.column_stack([inside.x, inside.y])
    return places


def overlap(file: str, count: int) -> DataWarning:
    """Return the warning of polygons that lie over each other."""
    message = _(
        "{count:,} places lie inside two polygons or more, which overlap; each belongs to the first of them",
        count=count,
    )
    return DataWarning(code="overlapping_areas", message=message, file=file)


def _check_once(match: Match, there: InputTable, join: JoinSpec, people: Collection[str], faults: list[Fault]) -> None:
    """Note rows there whose people more than one row here would take."""
    counted = [name for name in join.take if name in people]
    if not counted:
        return
    often = np.flatnonzero(np.bincount(match.partner[~match.alone], minlength=len(there.frame)) > 1)
    for position in often.tolist():
        names = match.names[match.partner == position]
        allowed = _(
            "people of one row here; {count:,} rows would each have them all: {names}. Join what is a "
            "share, or plan by the areas that are counted",
            count=len(names),
            names=listed(set(names)),
        )
        column = join.take[counted[0]]
        faults.append(Fault(file=there.name, row=there.row(position), column=column, allowed=allowed))


def _totals(
    match: Match, there: InputTable, join: JoinSpec, people: Collection[str]
) -> tuple[tuple[str, float, float], ...]:
    found = []
    for name, column in join.take.items():
        if name in people:
            values = as_numbers(there.frame[column]).to_numpy()
            found.append((name, float(np.nansum(values)), float(np.nansum(values[match.partner[~match.alone]]))))
    return tuple(found)


def _note_alone(  # noqa: PLR0913, PLR0917 - rows, what may be meant, and where to note them
    here: InputTable,
    match: Match,
    there: InputTable,
    near: Mapping[str, tuple[str, ...]],
    key: str,
    faults: list[Fault],
) -> None:
    """Note each name without a partner once, with those that may be meant."""
    alone = np.flatnonzero(match.alone).tolist()
    otherwise = _("say {key}.unmatched: drop, a number or mean_of", key=key)
    turned = match.inside_if_swapped
    if turned is not None:
        rows = ", ".join(f"{here.row(position)}" for position in alone[:ROWS_NAMED])
        rows += ", ..." if len(alone) > ROWS_NAMED else ""
        swapped = _(
            "exchange x and y, by which {turned:,} of them lie there, or {otherwise}",
            turned=turned,
            otherwise=otherwise,
        )
        allowed = with_advice(
            _("a place inside a polygon of {name}", name=there.name),
            _("{count:,} rows lie in none: {rows}", count=len(alone), rows=rows) if len(alone) > 1 else "",
            swapped if 2 * turned > len(alone) else otherwise,
        )
        row, value = here.row(alone[0]), match.names.iloc[alone[0]]
        faults.append(Fault(file=here.name, row=row, column=match.column, value=value, allowed=allowed))
        return
    first: dict[str, int] = {}
    for position in alone:
        first.setdefault(match.names.iloc[position], position)
    for name, position in first.items():
        count = int((match.names[match.alone] == name).sum())
        allowed = with_advice(
            _("a value that {name} has", name=there.name),
            ngettext("it stands in {n} row", "it stands in {n} rows", count) if count > 1 else "",
            _("near: {near}", near=joined(map(shown, near[name]), ", ")) if near.get(name) else "",
            _("name its match under {key}.aliases, or {otherwise}", key=key, otherwise=otherwise),
        )
        row = here.row(position)
        faults.append(Fault(file=here.name, row=row, column=match.column, value=name, allowed=allowed))


def _taken(here: InputTable, match: Match, there: InputTable, join: JoinSpec, faults: list[Fault]) -> InputTable:
    """Return the table with the columns of its partners; rows without one left out or filled, as asked."""
    frame, alone = here.frame, match.alone
    kept: Bools = np.ones(len(frame), dtype=np.bool_)
    if alone.any() and join.unmatched == "drop":
        kept = ~alone
        names = listed(set(match.names[alone]))
        message = _(
            "{count:,} rows without a match in {name} are left out: {names}",
            count=int(alone.sum()),
            name=there.name,
            names=names,
        )
        here.warnings.append(DataWarning(code="left_out", message=message, file=here.name))
    columns = {}
    for name, column in join.take.items():
        values = there.frame[column].iloc[np.maximum(match.partner, 0)].reset_index(drop=True)
        if alone.any() and join.unmatched not in {"error", "drop"}:
            values = _filled(here, values, match, join, name, faults)
        columns[name] = values.set_axis(frame.index)
    joined = frame.assign(**columns)[kept]
    if joined.empty:
        faults.append(
            Fault(file=here.name, column="join", allowed=_("has no row with a match in {name}", name=there.name))
        )
    return replace(here, frame=joined)


def _filled(  # noqa: PLR0913, PLR0917 - a column, where it lacks what, and where to note what is wrong
    here: InputTable, values: pd.Series, match: Match, join: JoinSpec, name: str, faults: list[Fault]
) -> pd.Series:
    """Return a column with a number, or the mean of a group, in the rows that have no partner."""
    alone = match.alone
    numbers = as_numbers(values)
    words = as_text(values)
    wrong = pd.Series(np.isnan(numbers.to_numpy()) & ~alone & (words != "").to_numpy())
    allowed = _(
        "a number: rows without a match get {more}",
        more=_("a mean") if isinstance(join.unmatched, GroupMean) else _("one"),
    )
    Checker(table=here, faults=faults).note(name, wrong, words, allowed)
    if not isinstance(join.unmatched, GroupMean):
        return numbers.mask(alone, float(join.unmatched))
    group = Checker(table=here, faults=faults).text(join.unmatched.mean_of)
    mean = numbers.mask(alone).groupby(group).transform("mean")
    without = pd.Series(alone & mean.isna().to_numpy())
    note = _(
        "a {mean_of} in which some row has a match in {file_name}",
        mean_of=join.unmatched.mean_of,
        file_name=join.file_name,
    )
    Checker(table=here, faults=faults).note(join.unmatched.mean_of, without, group, note)
    return numbers.mask(alone, mean)


def read_aliases(scenario: Scenario, key: str, join: JoinSpec, faults: list[Fault]) -> dict[str, str] | None:
    """Return value here and value there, of a mapping or of a CSV file's first two columns; None, with faults noted."""
    if not isinstance(join.aliases, str):
        return dict(join.aliases or {})
    path = Path(join.aliases)
    if format_of(path).name != "CSV" or not path.is_file():
        allowed = _("an existing CSV file with two columns: the value here and the value there")
        faults.append(scenario.fault(f"{key}.aliases", path.name, allowed))
        return None
    table = read_table(TableSpec(path=join.aliases), faults)
    if table is None:
        return None
    frame = table.frame
    if len(frame.columns) < 2:  # noqa: PLR2004 - a value here and one there
        faults.append(
            Fault(file=path.name, allowed=_("has one column; two are needed: the value here and the value there"))
        )
        return None
    ours, theirs = (as_text(frame.iloc[:, place]) for place in (0, 1))
    return {name: meant for name, meant in zip(ours, theirs, strict=True) if name and meant}
