"""The demand section: who lives where, and what need that makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS, Proj

from hubplanner.errors import DataWarning, Fault
from hubplanner.formatting import per_cent
from hubplanner.inputs.coordinates import WGS84, lonlat, metres, read_places
from hubplanner.inputs.demand.disaggregation import MOST_POINTS, SpreadReport, expected_points, spread, spread_by
from hubplanner.inputs.demand.zones import ZoneReport
from hubplanner.inputs.joins import JoinReport, join_all
from hubplanner.inputs.readers.columns import Checker, as_text, connected_share
from hubplanner.inputs.readers.tables import as_named, read_table
from hubplanner.inputs.spelling import check_values, mentioned, with_demand_names
from hubplanner.problem import Floats, Ints
from hubplanner.scenario import Scenario
from hubplanner.scenario.fields import MOST_ERROR, MOST_PEOPLE, MOST_WEIGHT
from hubplanner.translation import gettext as _

MOST_STRETCH = 0.05
"""Share by which a projection may stretch or shrink distances: a UTM zone keeps to it well beyond its borders."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Demand:
    """Demand rows and the points their people are counted at.

    Parameters
    ----------
    frame
        n rows in id order: demand_id, people, need, the groups, geometry; unless merged also connected_share, priority,
        and name where the scenario names a column of names.
    points
        (p, 2) coordinates that distances are measured from; the rows themselves without spread.
    row
        (p,) the row each point belongs to.
    share
        (p,) part of the row's people at each point; the parts of a row add up to 1.
    crs
        System of the points.
    growth
        (n,) yearly rate at which each row's people grow.
    offline
        (n,) people of each row who are not connected yet.
    need_of
        (n,) need of each row if its people were those of another column, by that column.
    may_reach
        (n,) largest share of each row's people not connected yet whom a measure may reach, by its name.
    rows
        (n,) where each row stands in its file; none of merged demand.
    warnings
        What was found that may be a mistake.
    joins
        What became of the scenario's joins, zones and spread.
    people_of
        (n,) people of each row by those columns; none of merged demand.
    share_error
        (n,) standard error of each row's connected share; None where none is given, or points are merged.
    survey_figure
        (n,) number of the survey's figure that each row's share comes from; rows of one figure err together.
    """

    frame: gpd.GeoDataFrame
    points: Floats
    row: Ints
    share: Floats
    crs: CRS
    growth: Floats
    offline: Floats
    need_of: Mapping[str, Floats]
    rows: Ints
    may_reach: Mapping[str, Floats] = field(default_factory=dict)
    warnings: tuple[DataWarning, ...] = ()
    joins: tuple[JoinReport | ZoneReport | SpreadReport, ...] = ()
    people_of: Mapping[str, Floats] = field(default_factory=dict)
    share_error: Floats | None = None
    survey_figure: Ints | None = None

    @property
    def point_need(self) -> Floats:
        """Need (p,) of each point: its part of the row's."""
        return self._at_points(self.frame["need"])

    @property
    def point_people(self) -> Floats:
        """People (p,) at each point: its part of the row's."""
        return self._at_points(self.frame["people"])

    @property
    def point_offline(self) -> Floats:
        """People (p,) at each point who are not connected yet: its part of the row's."""
        return self._at_points(self.offline)

    @property
    def point_growth(self) -> Floats:
        """Yearly rate (p,) at which each point's people grow."""
        return self.growth[self.row]

    def group_need(self, *, group: str | None = None, value: str | None = None, people: str | None = None) -> Floats:
        """Return the need (p,) of a group's value at each point, 0 elsewhere; of all people or those of a column."""
        need = self._at_points(self.frame["need"] if people is None else self.need_of[people])
        if group is None:
            return need
        return np.where((self.frame[group] == value).to_numpy()[self.row], need, 0.0)

    def values(self, group: str) -> list[str]:
        """Return the values of a group, in order."""
        return sorted(set(self.frame[group]))

    def _at_points(self, values: pd.Series | Floats) -> Floats:
        return np.asarray(np.asarray(values)[self.row] * self.share)


def read_demand(scenario: Scenario, faults: list[Fault]) -> Demand | None:
    """Return the demand; None, with every fault noted, when it cannot be used."""
    spec = scenario.demand
    table = as_named(read_table(spec, faults), mentioned(scenario.model_dump()))
    if table is None:
        return None
    before = len(faults)
    measured = {name: measure.people for name, measure in scenario.beside.items()}
    counted = {
        *floor_columns(scenario),
        *([spec.people] if isinstance(spec.people, str) else []),
        *(people for people in measured.values() if isinstance(people, str)),
    }
    table, joins = join_all(scenario, "demand", table, counted, faults)
    checker = Checker(table=table, faults=faults)
    columns = {
        "demand_id": checker.identifiers(spec.id),
        "people": (people := checker.numbers(0.0 if spec.people is None else spec.people, most=MOST_PEOPLE)),
        "connected_share": connected_share(spec, checker, people),
        "priority": checker.numbers(spec.priority, most=MOST_WEIGHT),
    }
    if isinstance(spec.people, str):
        checker.doubt_thousands(spec.people)
    error = None if spec.connected_share_error is None else checker.numbers(spec.connected_share_error, most=MOST_ERROR)
    groups = {group: checker.names(group) for group in spec.groups}
    figures = [groups[name] if name in groups else checker.names(name) for name in spec.surveyed_by]
    columns |= groups | ({"name": checker.text(spec.name, blank=True)} if spec.name else {})
    growth = checker.numbers(spec.growth_per_year, most=1)
    others = {name: checker.numbers(name, most=MOST_PEOPLE) for name in floor_columns(scenario)}
    asked = {
        name: columns["people"] if people is None else checker.numbers(people, most=MOST_PEOPLE)
        for name, people in measured.items()
    }
    area = checker.numbers(spec.area_km2) if spec.area_km2 and spec.spread_km else None
    places = read_places(spec, checker)
    check_values(with_demand_names(scenario, groups), "floors", groups, table.name, faults)
    check_planar(scenario, table.crs, table.name, faults)
    if places is not None:
        check_scale(scenario, places, table.name, faults)
        _check_area(scenario, places, area, checker)
    if places is None or table.crs is None or len(faults) > before:
        return None
    frame = gpd.GeoDataFrame(columns, geometry=places.geometry.array, crs=table.crs)
    per_person = (1 - frame["connected_share"]) * frame["priority"]
    frame["need"] = frame["people"] * per_person
    order = np.argsort(frame["demand_id"].to_numpy(dtype=str), kind="stable")
    ordered = frame.iloc[order].reset_index(drop=True)
    rows = table.rows[order]
    placed = _with_points(scenario, ordered, rows, None if area is None else area.to_numpy()[order], faults)
    need_of = {name: (part * per_person).to_numpy()[order] for name, part in others.items()}
    may_reach = {
        name: _largest_share(people.to_numpy(dtype=np.float64)[order], _offline(ordered)) * scenario.beside[name].share
        for name, people in asked.items()
    }
    if placed is None:
        return None
    figure: Ints | None = None
    if error is not None or spec.since_survey is not None:
        alike = figures or [columns["connected_share"], *([] if error is None else [error])]
        keys = pd.DataFrame(dict(enumerate(alike)))
        figure = np.asarray(keys.groupby(list(keys)).ngroup(), dtype=np.intp)[order]
    return replace(
        placed,
        growth=growth.to_numpy()[order],
        need_of=need_of,
        people_of={name: part.to_numpy()[order] for name, part in others.items()},
        share_error=None if error is None else error.to_numpy()[order],
        survey_figure=figure,
        rows=rows,
        may_reach=may_reach,
        warnings=(*table.warnings, *placed.warnings),
        joins=(*joins, *placed.joins),
    )


def floor_columns(scenario: Scenario) -> list[str]:
    """Return the columns of people that floors speak of."""
    return sorted({floor.people for floor in scenario.model.floors if floor.people is not None})


def check_planar(scenario: Scenario, crs: CRS | None, name: str, faults: list[Fault]) -> None:
    """Note planar distance in anything but metres."""
    if not scenario.travel.is_planar or crs is None:
        return
    metric = crs.is_projected and all(axis.unit_name in {"metre", "meter"} for axis in crs.axis_info[:2])
    if not metric:
        allowed = _("a projected system in metres for planar travel, such as EPSG:32642; or travel.method great_circle")
        faults.append(Fault(file=name, column="crs", value=crs.name, allowed=allowed, kind="crs"))


def check_scale(scenario: Scenario, places: gpd.GeoDataFrame, name: str, faults: list[Fault]) -> None:
    """Note planar distance in a projection that stretches it where the demand is, as Web Mercator does."""
    crs = places.crs
    if not scenario.travel.is_planar or crs is None or not crs.is_projected:
        return
    factors = Proj(crs).get_factors(*lonlat(places).T)
    scale = np.concatenate([factors.meridional_scale, factors.parallel_scale])
    worst = float(np.abs(scale[np.isfinite(scale)] - 1).max(initial=0.0))
    if worst > MOST_STRETCH:
        allowed = _(
            "a system true to distance here, such as {system}; this one is {worst} off",
            system=places.estimate_utm_crs(),
            worst=per_cent(worst, 0),
        )
        faults.append(Fault(file=name, column="crs", value=crs.name, allowed=allowed, kind="crs"))


def _check_area(scenario: Scenario, places: gpd.GeoDataFrame, area: pd.Series | None, checker: Checker) -> None:
    """Note points that are to be spread but have no area."""
    spec, is_point = scenario.demand, (places.geom_type == "Point").reset_index(drop=True)
    if spec.spread_km and spec.area_km2 is None and is_point.any():
        allowed = _("is required: demand.spread_km spreads the people of a point over a disc of this area")
        checker.faults.append(scenario.fault("demand.area_km2", None, allowed))
    if area is not None:
        checker.note(str(spec.area_km2), is_point & (area == 0), as_text(area), _("a number above 0, the area in km2"))


def _with_points(
    scenario: Scenario, frame: gpd.GeoDataFrame, rows: Ints, area: Floats | None, faults: list[Fault]
) -> Demand | None:
    """Return the demand with its people spread over points, or standing at each row's own point."""
    planar = scenario.travel.is_planar
    places = frame.geometry if planar else frame.geometry.to_crs(WGS84)
    spacing = scenario.demand.spread_km
    if scenario.demand.spread_by is not None:
        found = spread_by(scenario, frame, rows, places.crs, faults)
        if found is None:
            return None
        demand = _demand(frame, found.points, found.row, places.crs)
        return replace(demand, share=found.share, warnings=found.warnings, joins=(found.report,))
    if spacing is None:
        points = metres(frame, frame.crs) if planar else lonlat(frame)
        return _demand(frame, points, np.arange(len(frame)), places.crs)
    expected = expected_points(places, area, spacing, planar=planar)
    if expected > MOST_POINTS:
        allowed = _(
            "a wider spacing, for at most {most_points:,} points; this one makes about {expected:,.0f}",
            most_points=MOST_POINTS,
            expected=expected,
        )
        column = "demand.spread_km"
        faults.append(scenario.fault(column, spacing, allowed))
        return None
    points, row = spread(places, area, spacing, planar=planar)
    return _demand(frame, points, row, places.crs)


def _offline(frame: gpd.GeoDataFrame) -> Floats:
    """Return the people (n,) of each row who are not connected yet."""
    return np.asarray((frame["people"] * (1 - frame["connected_share"])).to_numpy())


def _largest_share(people: Floats, offline: Floats) -> Floats:
    """Return what people are of those not connected yet, at most all; nothing where everyone is."""
    return np.divide(np.minimum(people, offline), offline, out=np.zeros(len(offline)), where=offline > 0)


def _demand(frame: gpd.GeoDataFrame, points: Floats, row: Ints, crs: CRS) -> Demand:
    """Return demand that does not grow, with no other people than its own, evenly at the points of their row."""
    nowhere = np.zeros(0, dtype=np.intp)
    return Demand(
        frame=frame,
        points=points,
        row=row,
        share=(1 / np.bincount(row))[row],
        crs=crs,
        growth=np.zeros(len(frame)),
        offline=_offline(frame),
        need_of={},
        rows=nowhere,
    )
