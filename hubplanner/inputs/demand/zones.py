"""What cells of a raster, and points that are read in parts, take over from the polygon they lie in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from pyproj import CRS

from hubplanner.errors import DataWarning, Fault
from hubplanner.inputs.areas import OUTSIDE, Areas
from hubplanner.inputs.coordinates import read_places
from hubplanner.inputs.demand.point_stream import GroupEncoder
from hubplanner.inputs.joins import JoinReport, are_polygons, join_each, overlap, read_other
from hubplanner.inputs.readers.columns import Checker, among, note_unknown
from hubplanner.inputs.readers.points import PointFile, Points
from hubplanner.problem import Bools, Floats, Ints
from hubplanner.scenario import Scenario
from hubplanner.scenario.data_spec import TableSpec
from hubplanner.scenario.fields import MOST_PEOPLE, MOST_WEIGHT
from hubplanner.scenario.names import listed
from hubplanner.translation import gettext as _

MANY_TIMES = 5.0
"""Times by which the people of a zone and its census may differ."""
MOST_OFF = 0.5
"""Share by which the people of all zones and their census may."""


@dataclass(frozen=True, kw_only=True)
class ZoneReport:
    """What zones did to people: how many lay where, and what they were scaled to.

    Parameters
    ----------
    here, there
        The files of people and of zones.
    places, inside
        Places with people, and those in a zone.
    people, people_inside
        Their people as the file has them.
    census
        People of the zones, which those inside are scaled to; None where they stay as they are.
    empty
        Zones without people.
    """

    here: str
    there: str
    places: int
    inside: int
    people: float
    people_inside: float
    census: float | None
    empty: tuple[str, ...]

    def lines(self) -> list[str]:
        """Return the report in words, for the terminal."""
        said = [
            (
                f"demand.zones, {self.there}: {self.inside:,} of {self.places:,} places of {self.here} lie in a zone, "
                f"with {self.people_inside:,.0f} of {self.people:,.0f} people"
            )
        ]
        if self.census is not None:
            said.append(f"  scaled zone by zone from {self.people_inside:,.0f} to {self.census:,.0f} people")
        if self.empty:
            said.append(f"  {len(self.empty):,} zones have no people: {listed(self.empty)}")
        return said

    def as_dict(self) -> dict[str, object]:
        """Return the report as a JSON object."""
        return {
            "key": "demand.zones",
            "file": self.there,
            "places": self.places,
            "inside": self.inside,
            "people": {"all": self.people, "inside": self.people_inside, "census": self.census},
            "empty": list(self.empty),
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class Zones:
    """Polygons in the order of their ids, and what lies in them takes over.

    Parameters
    ----------
    name
        The file's name.
    areas
        The polygons.
    ids
        (z,) their ids.
    kept
        (z,) which of them the scenario's filter keeps.
    groups
        Value (z,) of each group that comes from zones.
    per_person
        (z,) need of a person, as far as the zone says.
    offline
        (z,) share of people who are not connected yet, as far as the zone says.
    census
        (z,) people to scale to; None to leave them as they are.
    joins
        What became of the files joined to them.
    warnings
        What was found in their file that may be a mistake.
    """

    name: str
    areas: Areas
    ids: list[str]
    kept: Bools
    groups: Mapping[str, list[str]]
    per_person: Floats
    offline: Floats
    census: Floats | None
    joins: tuple[JoinReport, ...] = ()
    warnings: tuple[DataWarning, ...] = ()


def read_zones(scenario: Scenario, faults: list[Fault]) -> Zones | None:
    """Return a scenario's zones; None, with every fault noted, when they cannot be used."""
    spec, demand, before = scenario.demand.zones, scenario.demand, len(faults)
    if spec is None:
        raise AssertionError
    table = read_other(spec, spec.columns, faults, places=True)
    if table is None or not are_polygons(table, faults):
        return None
    table, joins = join_each(scenario, "demand.zones", table, spec, [spec.people] if spec.people else [], faults)
    if len(faults) > before:
        return None
    checker = Checker(table=table, faults=faults)
    ids = checker.identifiers(spec.id)
    groups = {group: checker.names(spec.take[group]) for group in demand.groups if group in spec.take}
    factors = []
    for source, most in ((demand.connected_share, 1.0), (demand.priority, MOST_WEIGHT)):
        given = isinstance(source, str) and source in spec.take
        factors.append(checker.numbers(spec.take[str(source)], most=most) if given else None)
    census = checker.numbers(spec.people, most=MOST_PEOPLE) if spec.people else None
    kept = np.ones(len(table.frame), dtype=np.bool_)
    for name in demand.of_zones & demand.where.keys():
        words = checker.text(spec.take[name], blank=True)
        note_unknown(table.name, spec.take[name], set(words), demand.where[name], faults)
        kept &= among(words, demand.where[name])
    shapes = read_places(TableSpec.model_construct(path=spec.path), checker)
    if shapes is None or len(faults) > before:
        return None
    order = np.argsort(ids.to_numpy(dtype=str), kind="stable")
    share, priority = (None if factor is None else factor.to_numpy()[order] for factor in factors)
    ones = np.ones(len(order))
    offline = ones if share is None else 1 - share
    return Zones(
        name=table.name,
        areas=Areas(shapes.geometry.iloc[order]),
        ids=ids.iloc[order].tolist(),
        kept=kept[order],
        groups={group: values.iloc[order].tolist() for group, values in groups.items()},
        per_person=offline * (ones if priority is None else priority),
        offline=offline,
        census=None if census is None else census.to_numpy()[order],
        joins=joins,
        warnings=tuple(table.warnings),
    )


def _far_from_census(zones: Zones, people: Floats, census: Floats, file: str) -> list[DataWarning]:
    """Return a warning where the people (z,) of zones are many times more or fewer than their census (z,)."""
    used = (people > 0) & zones.kept
    found = []
    most, least = np.maximum(people, census), np.minimum(people, census)
    for at in np.flatnonzero(used & (most > MANY_TIMES * least)).tolist():
        message = _(
            "zone {ids}: {people:,.0f} people in {file}, {census:,.0f} by the census",
            ids=zones.ids[at],
            people=people[at],
            file=file,
            census=census[at],
        )
        found.append(DataWarning(code="far_from_census", message=message, file=zones.name))
    here, there = float(people[used].sum()), float(census[used].sum())
    if used.any() and abs(here - there) > MOST_OFF * max(here, there):
        message = _(
            "the zones have {here:,.0f} people in {file} and {there:,.0f} by the census; look whether "
            "both are people, of the same year",
            here=here,
            file=file,
            there=there,
        )
        found.insert(0, DataWarning(code="far_from_census", message=message, file=zones.name))
    return found


class ZonedFile:
    """A file of demand points, each with what its zone says: a `PointFile` over another."""

    def __init__(self, scenario: Scenario, file: PointFile, first: PointFile, zones: Zones) -> None:
        """Take the file, the same opened once more to add up people by zone, and the zones."""
        self.crs: CRS = file.crs
        self.name, self.crs_named = file.name, file.crs_named
        self._scenario, self._file, self._first, self._zones = scenario, file, first, zones
        self._labels = GroupEncoder()
        self._unmatched = scenario.demand.zones.unmatched if scenario.demand.zones else "drop"
        seats = any(tier.capacity is not None for tier in scenario.hubs)
        ratio = zones.per_person if seats else np.ones(len(zones.ids))
        taken = zones.offline if scenario.seats_need else np.ones(len(zones.ids))
        kinds = list(zip(*zones.groups.values(), ratio.tolist(), taken.tolist(), strict=True))
        number = {kind: place for place, kind in reversed(list(enumerate(kinds)))}
        self._kind = np.array([number[kind] for kind in kinds], dtype=np.intp)
        self._factor: Floats | None = None
        self._begin()

    def _begin(self) -> None:
        self._count, self._people = 0, 0.0
        self._in_zone, self._sum = np.zeros(len(self._zones.ids), dtype=np.intp), np.zeros(len(self._zones.ids))
        self._zones.areas.doubled = 0

    def points(self, faults: list[Fault]) -> Iterator[Points]:
        """Yield the points that lie in zones in parts; note every fault."""
        if self._factor is None:
            self._factor = self._scale()
        self._begin()
        for points in self._file.points(faults):
            zone = self._zone_of(points)
            inside = zone != OUTSIDE
            zone = zone[inside]
            if not len(zone):
                continue
            columns = {"point": points.label[inside].astype(float), "zone": self._kind[zone].astype(float)}
            measures = points.measures[inside] * self._factor[zone][:, None]
            measures[:, 0] *= self._zones.per_person[zone]
            measures[:, 2] *= self._zones.offline[zone]
            measures[:, 3:] *= self._zones.per_person[zone][:, None]
            table = points.table
            yield replace(
                points,
                places=points.places[inside],
                measures=measures,
                label=self._labels.number(columns, len(zone)),
                table=None if table is None else replace(table, frame=table.frame[inside]),
            )

    def finish(self, faults: list[Fault]) -> None:
        """Note what only the whole file shows, and people outside all zones where none may be."""
        before = len(faults)
        self._file.finish(faults)
        outside = self._count - int(self._in_zone.sum())
        if len(faults) > before or not self._count:
            return
        if outside == self._count:
            allowed = _("has no place with people in a zone of {name}", name=self._zones.name)
            faults.append(Fault(file=self.name, column="demand.zones", allowed=allowed))
        elif outside and self._unmatched == "error":
            allowed = _("places inside a zone; say demand.zones.unmatched: nearest, or drop to leave them out")
            value = _(
                "{outside:,} places with {people:,.1f} people", outside=outside, people=self._people - self._sum.sum()
            )
            faults.append(Fault(file=self.name, column="demand.zones", value=value, allowed=allowed))

    def groups(self) -> Mapping[str, list[str]]:
        """Return the value of each group, by label."""
        own = self._file.groups()
        point, zone = ([int(str(value).partition(".")[0]) for value in self._labels.values(at)] for at in (0, 1))
        found = {group: [values[at] for at in point] for group, values in own.items()}
        found |= {group: [values[at] for at in zone] for group, values in self._zones.groups.items()}
        return {group: found[group] for group in self._scenario.demand.groups if group in found}

    def warnings(self) -> list[DataWarning]:
        """Return what may be a mistake: in the file, and people that zones leave out."""
        found = [*self._file.warnings(), *self._zones.warnings]
        if self._zones.areas.doubled:
            found.append(overlap(self._zones.name, self._zones.areas.doubled))
        outside = self._count - int(self._in_zone.sum())
        if outside:
            people = self._people - float(self._sum.sum())
            message = _(
                "{outside:,} places with {people:,.1f} people lie in no zone of {name} and are left out; "
                "demand.zones.unmatched: nearest would keep them",
                outside=outside,
                people=people,
                name=self._zones.name,
            )
            found.append(DataWarning(code="outside_zones", message=message, file=self.name))
        census = self._zones.census
        lost = [] if census is None else np.flatnonzero((census > 0) & (self._sum == 0) & self._zones.kept).tolist()
        if census is not None and lost:
            names = listed(self._zones.ids[at] for at in lost)
            message = _(
                "zones with {census:,.0f} people have no place for them in {name}: {names}",
                census=census[lost].sum(),
                name=self.name,
                names=names,
            )
            found.append(DataWarning(code="empty_zone", message=message, file=self._zones.name))
        if census is not None:
            found += _far_from_census(self._zones, self._sum, census, self.name)
        return found

    def reports(self) -> tuple[JoinReport | ZoneReport, ...]:
        """Return what zones did to people, once all points were read, and what was joined to them."""
        census, used = self._zones.census, self._sum > 0
        report = ZoneReport(
            here=Path(self.name).name,
            there=self._zones.name,
            places=self._count,
            inside=int(self._in_zone.sum()),
            people=self._people,
            people_inside=float(self._sum.sum()),
            census=None if census is None else float(census[used].sum()),
            empty=tuple(self._zones.ids[at] for at in np.flatnonzero(~used & self._zones.kept)),
        )
        return (*self._zones.joins, report)

    def _zone_of(self, points: Points) -> Ints:
        """Return the zone (k,) of each point, and count it; -1 outside all that are kept."""
        zones, people = self._zones, points.measures[:, 1]
        zone = zones.areas.at(points.places, self.crs)
        lost = np.flatnonzero(zone == OUTSIDE)
        if self._unmatched == "nearest" and len(lost):
            zone[lost] = zones.areas.nearest(points.places[lost], self.crs)
        asked = (zone == OUTSIDE) | zones.kept[zone]  # what a filter leaves out is not lost
        inside = (zone != OUTSIDE) & asked
        self._count += int(asked.sum())
        self._people += float(people[asked].sum())
        self._in_zone += np.bincount(zone[inside], minlength=len(zones.ids))
        self._sum += np.bincount(zone[inside], weights=people[inside], minlength=len(zones.ids))
        return np.where(inside, zone, OUTSIDE)

    def _scale(self) -> Floats:
        """Return what people (z,) of each zone are multiplied by, reading all of them once."""
        census = self._zones.census
        if census is None:
            return np.ones(len(self._zones.ids))
        for points in self._first.points([]):  # faults are told when they are read for good
            self._zone_of(points)
        return np.where(self._sum > 0, census / np.where(self._sum > 0, self._sum, 1.0), 1.0)
