"""The site section: where hubs may stand, in which tiers and at what cost; fewer of them; which may grow or close."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from hubplanner.errors import DataWarning, Fault
from hubplanner.inputs.coordinates import lonlat, read_places, representative, unit_vectors
from hubplanner.inputs.joins import JoinReport, join_all
from hubplanner.inputs.readers.columns import Checker
from hubplanner.inputs.readers.tables import InputTable, as_named, read_table
from hubplanner.inputs.spelling import check_values, mentioned, with_site_names
from hubplanner.problem import Bools, Floats, Ints, SiteStatus, annuity
from hubplanner.problem.travel.geometric import EARTH_RADIUS_KM
from hubplanner.scenario import Scenario
from hubplanner.scenario.fields import LEAST_FACTOR, LEAST_MONEY, MOST_PEOPLE, MOST_WAY, MOST_WEIGHT
from hubplanner.scenario.names import hint
from hubplanner.translation import gettext as _, joined, with_advice

MOST_COLUMNS = 1_000
"""Columns of a site file, which a plan's files carry on; a GeoPackage holds some more."""
NAME_OF_FILE = "name_of_file"
"""What a file's own column called name becomes where names come from another."""
_STATUSES = {status.name.lower(): status for status in SiteStatus}


@dataclass(frozen=True, kw_only=True, eq=False)
class Sites:
    """Sites, their tiers and costs.

    Parameters
    ----------
    frame
        m rows in id order: site_id, the file's own columns, geometry in the file's system.
    status
        (m,) `SiteStatus` codes, the model's require and exclude applied.
    allowed
        (m, t) which tiers a site may hold; an existing one's own and those it may grow into, none at an excluded one.
    capex, opex_present_value
        (m, t) money for a hub of each tier, cost factor applied; for an upgrade the difference, with its fee in capex;
        to run it may cost less than nothing.
    capacity
        (m, t) people that a hub of each tier can serve; infinite where there is no limit.
    grid_km
        (m,) km to the electric grid; 0 where that is of no concern.
    upgrade
        (m, t) which tiers would replace an existing hub.
    closing_saving
        (m,) money that closing the hub frees; NaN where none may be closed.
    rows
        (m,) where each row stands in its file.
    warnings
        What was found that may be a mistake.
    joins
        What became of the scenario's joins.
    """

    frame: gpd.GeoDataFrame
    status: Ints
    allowed: Bools
    capex: Floats
    opex_present_value: Floats
    capacity: Floats
    grid_km: Floats
    upgrade: Bools
    closing_saving: Floats
    rows: Ints
    warnings: tuple[DataWarning, ...] = ()
    joins: tuple[JoinReport, ...] = ()

    @property
    def lonlat(self) -> Floats:
        """Longitudes and latitudes (m, 2), WGS 84."""
        return lonlat(self.frame)


def read_sites(scenario: Scenario, faults: list[Fault]) -> Sites | None:
    """Return the sites; None, with every fault noted, when they cannot be used."""
    spec, tiers = scenario.sites, [tier.name for tier in scenario.hubs]
    table = as_named(read_table(spec, faults), mentioned(scenario.model_dump()))
    if table is None:
        return None
    before = len(faults)
    table, joins = join_all(scenario, "sites", table, (), faults)
    checker = Checker(table=table, faults=faults)
    if len(table.frame.columns) > MOST_COLUMNS:
        value, allowed = (
            _("{count:,} columns", count=len(table.frame.columns)),
            _("at most {most_columns:,}: a plan's files hold them all", most_columns=MOST_COLUMNS),
        )
        faults.append(Fault(file=table.name, value=value, allowed=allowed))
    blank = pd.Series([""] * len(table.frame))
    ids = checker.identifiers(spec.id)
    words = blank
    if spec.status:
        words = checker.choices(spec.status, _STATUSES, "candidate", spec.status_words, "status_words")
    only_tier = checker.choices(spec.tier, tiers, "") if spec.tier else blank
    factor = checker.numbers(spec.cost_factor, least=LEAST_FACTOR, most=MOST_WEIGHT).to_numpy()
    capex, opex = (_money(scenario, checker, item, factor) for item in ("capex", "opex_per_year"))
    capacity = _capacity(scenario, checker)
    power = scenario.backhaul.electricity if scenario.backhaul is not None else None
    grid_km = checker.numbers(0.0 if power is None else power.grid_km, most=MOST_WAY).to_numpy(dtype=np.float64)
    one_per = checker.names(spec.one_per) if spec.one_per else None
    preference = checker.numbers(spec.prefer or 0.0).to_numpy()
    groups = {group: checker.names(group) for group in spec.groups}
    names = checker.text(spec.name, blank=True) if spec.name and spec.name != "name" else None
    scenario = with_site_names(scenario, ids, groups)
    places = read_places(spec, checker)
    status = np.array([_STATUSES.get(word, SiteStatus.CANDIDATE) for word in words], dtype=np.intp)
    changes = read_changes(scenario, checker)
    has_ids = spec.id is None or spec.id in table.frame.columns
    pinned = _pinned(scenario, ids, status, faults) if has_ids else status
    if has_ids:
        check_named(scenario, ids, pinned, faults)
        check_values(scenario, "hub_limits", groups, table.name, faults)
    if places is None or len(faults) > before:
        return None
    order = np.argsort(ids.to_numpy(dtype=str), kind="stable")
    present_value = opex * annuity(scenario.discount_rate, scenario.horizon_years)
    sites = Sites(
        frame=_frame(table, places, ids, spec.id, groups, names),
        status=pinned,
        allowed=_allowed(tiers, only_tier, pinned),
        capex=capex,
        opex_present_value=present_value,
        capacity=capacity,
        grid_km=grid_km,
        upgrade=np.zeros(capex.shape, dtype=np.bool_),
        closing_saving=np.full(len(ids), np.nan),
        rows=table.rows,
        warnings=tuple(table.warnings),
        joins=joins,
    )
    ordered = _in_order(_with_changes(scenario, sites, ids, changes), order)
    return _thinned(scenario, ordered, None if one_per is None else one_per.iloc[order].tolist(), preference[order])


def _thinned(scenario: Scenario, sites: Sites, one_per: list[str] | None, preference: Floats) -> Sites:
    """Return the sites without the candidates that thin_km and one_per leave out, which is told.

    Sites that the scenario names stay, as do those that are no candidates.
    """
    spec = scenario.sites
    if not spec.is_thinned:
        return sites
    free = _may_go(scenario, sites)
    kept = thinned(free, sites.lonlat, spec.thin_km, one_per, preference)
    if kept.all():
        return sites
    keys = [_("thin_km {thin_km:g}", thin_km=spec.thin_km)] if spec.thin_km is not None else []
    keys += [_("one_per {one_per}", one_per=spec.one_per)] if spec.one_per is not None else []
    message = _(
        "{count:,} of {all:,} candidates are left out by sites.{keys}",
        count=int((~kept).sum()),
        all=int(free.sum()),
        keys=joined(keys, _(" and ")),
    )
    warning = DataWarning(code="thinned_sites", message=message, file=spec.file_name)
    return replace(_in_order(sites, np.flatnonzero(kept)), warnings=(*sites.warnings, warning))


def _may_go(scenario: Scenario, sites: Sites) -> Bools:
    """Tell which sites are candidates that the scenario does not name."""
    named = {site for _, site, _ in mentions(scenario)}
    named |= {site for future in (scenario.futures.named if scenario.futures else ()) for site in future.sites_out}
    free: Bools = (sites.status == SiteStatus.CANDIDATE) & ~sites.frame["site_id"].isin(named).to_numpy()
    return free


THINNINGS_KM = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 50.0)
"""Least distances between candidates that are tried, one after the other."""


def enough_thinning(scenario: Scenario, sites: Sites, pairs: Ints, most: int) -> str:
    """Return the line of a scenario that leaves few enough candidates, in a sentence.

    Fewer sites leave no more pairs than their own: rows of demand that become alike are merged further.

    Parameters
    ----------
    sites
        As they are read.
    pairs
        (m,) pairs of demand and hubs at each site.
    most
        Pairs that may be left.
    """
    free, held = _may_go(scenario, sites), scenario.sites.thin_km or 0.0
    for km in (km for km in THINNINGS_KM if km > held):
        kept = thinned(free, sites.lonlat, km, None, np.zeros(len(free)))
        left = int(pairs[kept].sum())
        if left <= most:
            told = {"km": km, "count": int((kept & free).sum()), "all": int(free.sum()), "left": left}
            if scenario.sites.prefer:
                return _(
                    "Under sites, write thin_km: {km:g}: it leaves about {count:,} of {all:,} candidates and about "
                    "{left:,} pairs or fewer",
                    **told,
                )
            return _(
                "Under sites, write thin_km: {km:g}: it leaves {count:,} of {all:,} candidates and {left:,} pairs or "
                "fewer",
                **told,
            )
    return _("No thin_km up to {most:g} is enough here", most=THINNINGS_KM[-1])


def _with_changes(scenario: Scenario, sites: Sites, ids: pd.Series, changes: Changes) -> Sites:
    """Return the sites with the tiers their hubs may grow into, at the difference in cost, and what closing frees.

    What stands is paid for, so that a larger tier which is cheaper to build pays nothing back; one that is cheaper to
    run saves money from now on, and an upgrade may free more than it costs.
    """
    existing, standing = sites.status == SiteStatus.EXISTING, sites.allowed
    growing = existing & is_named(ids, scenario.model.existing.upgrade)
    own = np.argmax(standing, axis=1)
    upgrade = growing[:, None] & larger_tiers(scenario, sites.capacity, own)
    at_own = np.arange(len(ids)), own
    capex = np.maximum(sites.capex - sites.capex[at_own][:, None], 0.0) + changes.fee[:, None]
    opex = sites.opex_present_value - sites.opex_present_value[at_own][:, None]
    closing = existing & is_named(ids, scenario.model.existing.close) & ~ids.isin(scenario.model.require).to_numpy()
    return replace(
        sites,
        allowed=standing | upgrade,
        upgrade=upgrade,
        capex=np.where(upgrade, capex, sites.capex),
        opex_present_value=np.where(upgrade, opex, sites.opex_present_value),
        closing_saving=np.where(closing, changes.saving, np.nan),
    )


def _in_order(sites: Sites, order: Ints) -> Sites:
    return replace(
        sites,
        frame=sites.frame.iloc[order].reset_index(drop=True),
        status=sites.status[order],
        allowed=sites.allowed[order],
        capex=sites.capex[order],
        opex_present_value=sites.opex_present_value[order],
        capacity=sites.capacity[order],
        grid_km=sites.grid_km[order],
        upgrade=sites.upgrade[order],
        closing_saving=sites.closing_saving[order],
        rows=sites.rows[order],
    )


def _money(scenario: Scenario, checker: Checker, item: str, factor: Floats) -> Floats:
    """Return capex or yearly opex (m, t), cost factor applied."""
    columns = [checker.numbers(getattr(tier, item), least=LEAST_MONEY).to_numpy() for tier in scenario.hubs]
    return np.column_stack(columns) * factor[:, None]


def _capacity(scenario: Scenario, checker: Checker) -> Floats:
    """Return people that a hub can serve (m, t), infinite where a tier has no limit."""
    rooms = np.full((len(checker.table.frame), len(scenario.hubs)), math.inf)
    for number, tier in enumerate(scenario.hubs):
        if tier.capacity is None:
            continue
        room = checker.numbers(tier.capacity, most=MOST_PEOPLE, blank=_("exclude the site if it has none"))
        rooms[:, number] = room
        if isinstance(tier.capacity, str):
            words = checker.text(tier.capacity, blank=True)
            none = (room >= 0) & (room < 1)
            checker.note(tier.capacity, none, words, _("a number of at least 1; exclude a site without room"))
    return rooms


def _pinned(scenario: Scenario, ids: pd.Series, status: Ints, faults: list[Fault]) -> Ints:
    """Return the statuses with the model's require and exclude applied; note pins that cannot hold."""
    pinned = status.copy()
    position = {site: number for number, site in enumerate(ids)}
    pins = (
        ("require", scenario.model.require, SiteStatus.REQUIRED, SiteStatus.EXCLUDED),
        ("exclude", scenario.model.exclude, SiteStatus.EXCLUDED, SiteStatus.REQUIRED),
    )
    file = scenario.sites.file_name
    if scenario.sites.where:
        file = _("{file}, among the rows that sites.where keeps", file=file)
    for key, sites, wanted, opposite in pins:
        for site in sites:
            at = position.get(site)
            found = None if at is None else SiteStatus(int(status[at]))
            reason = _pin_fault(key, found, opposite, file)
            if reason and found is None:
                reason = with_advice(reason, hint(site, position))
            if reason:
                column = f"model.{key}"
                faults.append(scenario.fault(column, site, reason))
            elif found != SiteStatus.EXISTING:
                pinned[at] = wanted
    return pinned


def _pin_fault(key: str, found: SiteStatus | None, opposite: SiteStatus, file: str) -> str | None:
    """Return why a pin cannot hold, None when it can."""
    if found is None:
        return _("the id of a site in {file}; in quotes if it starts with 0", file=file)
    if found == opposite:
        return _("a site whose status is not {name}", name=opposite.name.lower())
    if found == SiteStatus.EXISTING and key == "exclude":
        return _("a site without an existing hub; to plan as if a hub were gone, set its status to excluded")
    return None


def _allowed(tiers: list[str], only_tier: pd.Series, status: Ints) -> Bools:
    """Return which tiers each site may hold: one where it exists or names one, none where excluded."""
    named = only_tier.to_numpy()
    existing = (status == SiteStatus.EXISTING) & (named == "")
    named = np.where(existing, tiers[0], named)
    allowed = (named[:, None] == "") | (named[:, None] == np.array(tiers)[None, :])
    return np.asarray(allowed & (status != SiteStatus.EXCLUDED)[:, None])


def _frame(  # noqa: PLR0913, PLR0917 - the columns that have a part of their own
    table: InputTable,
    places: gpd.GeoDataFrame,
    ids: pd.Series,
    id_column: str | None,
    groups: dict[str, pd.Series],
    names: pd.Series | None,
) -> gpd.GeoDataFrame:
    """Return the file's columns with the id first and groups as text, each site a point.

    Names from another column than the file's own column name are ``name``, and that one becomes ``name_of_file``.
    """
    own = places.drop(columns=["geometry", *([id_column] if id_column else [])]).assign(**groups)
    typed = pd.DataFrame(
        {name: column if name in groups else _typed(column) for name, column in own.items() if name != "site_id"}
    )
    if names is not None:
        typed = typed.rename(columns={"name": NAME_OF_FILE}).assign(name=names)
    inside = representative(places)
    return gpd.GeoDataFrame({"site_id": ids, **typed}, geometry=inside.array, crs=table.crs)


def _typed(column: pd.Series) -> pd.Series:
    """Return a text column as numbers where every cell spells one, and none looks like a code with leading zeros."""
    if not pd.api.types.is_string_dtype(column):
        return column
    words = column.replace("", None)
    said, numbers = words.notna(), pd.to_numeric(words, errors="coerce")
    readable = said.any() and numbers.notna().sum() == said.sum()
    return words if not readable or words.str.match(r"^[+-]?0\d", na=False).any() else numbers


@dataclass(frozen=True, kw_only=True, eq=False)
class Changes:
    """Money (m,) for an upgrade on top of the difference, and from a closure."""

    fee: Floats
    saving: Floats


def read_changes(scenario: Scenario, checker: Checker) -> Changes:
    """Return what changes of existing hubs cost and free."""
    existing = scenario.model.existing
    sources = existing.upgrade_fee, existing.close_saving
    fee, saving = (checker.numbers(source, least=LEAST_MONEY).to_numpy() for source in sources)
    return Changes(fee=fee, saving=saving)


def larger_tiers(scenario: Scenario, capacity: Floats, own: Ints) -> Bools:
    """Return which tiers are larger than a site's own (m, t): by capacity (m, t) if all have one, else by reach."""
    reaches = [tier.reach(scenario.travel.speed_kmh) for tier in scenario.hubs]
    is_limited = all(tier.capacity is not None for tier in scenario.hubs)
    size = capacity if is_limited else np.broadcast_to(reaches, capacity.shape)
    return np.asarray(size > size[np.arange(len(own)), own][:, None])


def is_named(ids: pd.Series, sites: bool | tuple[str, ...]) -> Bools:  # noqa: FBT001 - all, none, or those listed
    """Tell which sites (m,) are meant: all, none, or those listed."""
    if isinstance(sites, bool):
        return np.full(len(ids), sites, dtype=np.bool_)
    return np.asarray(ids.isin(sites).to_numpy(), dtype=np.bool_)


def check_named(scenario: Scenario, ids: pd.Series, status: Ints, faults: list[Fault]) -> None:
    """Note sites that the model names and that the file does not have, or that are not what they must be."""
    position = {site: number for number, site in enumerate(ids)}
    file = scenario.sites.file_name
    for key, site, must_stand in mentions(scenario):
        at = position.get(site)
        if at is None:
            allowed = _("the id of a site in {file}; in quotes if it starts with 0", file=file)
            allowed = with_advice(allowed, hint(site, position))
        elif must_stand and status[at] != SiteStatus.EXISTING:
            allowed = _("a site with an existing hub")
        else:
            continue
        faults.append(scenario.fault(key, site, allowed))


def mentions(scenario: Scenario) -> Iterator[tuple[str, str, bool]]:
    """Yield key, site and whether a hub must stand there, for each site the model names."""
    model = scenario.model
    for key in ("upgrade", "close"):
        sites = getattr(model.existing, key)
        for site in () if isinstance(sites, bool) else sites:
            yield f"model.existing.{key}", site, True
    for number, together in enumerate(model.at_most_one):
        for site in together:
            yield f"model.at_most_one.{number}", site, False
    for number, pair in enumerate(model.only_with):
        yield f"model.only_with.{number}.site", pair.site, False
        yield f"model.only_with.{number}.needs", pair.needs, False


ROUNDING = 1e-9
"""Relative to the least distance, by which a place may be nearer and still count as that far."""


def thinned(
    free: Bools, lonlat: Floats, thin_km: float | None, groups: Sequence[str] | None, preference: Floats
) -> Bools:
    """Tell which sites stay when candidates are taken one after the other, those preferred first.

    A candidate stays unless one taken before it is of its group, or nearer than ``thin_km``. Sites that are not free
    stay and push none out. What is left is a maximal set: no candidate that went could come back.

    Parameters
    ----------
    free
        (m,) which sites, in the order of ids, are candidates that may go.
    lonlat
        (m, 2) longitudes and latitudes.
    thin_km
        Least distance between candidates along a great circle; none if None.
    groups
        Group (m,) of which each keeps one candidate; none if None.
    preference
        (m,) larger comes first; of equals the first id.

    >>> line = np.array([[0.0, 0.0], [0.01, 0.0], [0.02, 0.0]])  # 1.1 km apart
    >>> thinned(np.ones(3, dtype=bool), line, 2.0, None, np.array([1, 1, 1])).tolist()
    [True, False, True]
    >>> thinned(np.ones(3, dtype=bool), line, None, ["a", "b", "b"], np.array([1, 1, 2])).tolist()
    [True, False, True]
    """
    kept, gone, taken = ~free, np.zeros(len(free), dtype=np.bool_), set[str]()
    vectors = unit_vectors(lonlat)
    tree = KDTree(vectors)
    angle = 0.0 if thin_km is None else min(thin_km * (1 - ROUNDING) / EARTH_RADIUS_KM, np.pi)
    for site in np.argsort(-preference, kind="stable").tolist():
        if not free[site] or gone[site] or (groups is not None and groups[site] in taken):
            continue
        kept[site] = True
        if groups is not None:
            taken.add(groups[site])
        if thin_km is not None:
            gone[tree.query_ball_point(vectors[site], 2 * np.sin(angle / 2))] = True
    return kept
