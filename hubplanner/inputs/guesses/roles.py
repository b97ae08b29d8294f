"""Which file is the demand, which the sites, and what the others add to them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hubplanner.errors import DataError, Fault
from hubplanner.inputs.guesses.keys import KeyMatch, match_keys
from hubplanner.inputs.guesses.look import FileLook, narrowed
from hubplanner.scenario.names import listed
from hubplanner.translation import gettext as _, joined, ngettext

ROLES = ("demand", "sites", "table", "zones")
"""What a planner may say that a file is."""
OF_DEMAND = re.compile(r"demand|people|popul|pop(_|\b)|village|settlement|household|census|where.?people|communes?\b")
OF_SITES = re.compile(
    r"site|candidate|school|librar|hub|tower|mast|post.?office|facilit|health|clinic|hospital|centre|center|building|"
    r"universit|college|office|node|station|masjid|mosque|church"
)
_EVEN = 0.5
"""Two readings of the files whose evidence differs by less than this are equally likely."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FileRoles:
    """What each file is for.

    Parameters
    ----------
    demand, sites
        Where people live, and where hubs may stand; may be the same.
    zones
        Polygons in which the cells of a raster lie; None without.
    areas
        Polygons in which the points of demand lie; None without.
    tables
        Tables that add columns, each with what takes them (demand, sites, zones) and the key.
    unused
        Files that serve for nothing, and why.
    """

    demand: FileLook
    sites: FileLook
    zones: FileLook | None = None
    areas: FileLook | None = None
    tables: tuple[tuple[FileLook, str, KeyMatch], ...] = ()
    unused: tuple[tuple[FileLook, str], ...] = ()


def assign_roles(looks: Sequence[FileLook]) -> FileRoles:
    """Return what each file is most likely for.

    People must come from the demand's own column, from the cells of a raster, or from a table with its key.

    Raises
    ------
    DataError
        Where no file says how many people live where, none has places for hubs, or two are equally likely.
    """
    looks = [replace(look, kind="table") if look.asked == "table" else look for look in looks]
    placed = [look for look in looks if look.has_places]
    plain = [look for look in looks if look.kind == "table"]
    keys = {
        (one.name, other.name): match
        for one in placed
        for other in plain
        if one.kind != "raster" and (match := match_keys(one, other)) is not None
    }
    readings = [
        (_demand_evidence(one, plain, keys) + _sites_evidence(other, alone=one is other), one, other)
        for one in placed
        for other in placed
        if _may_be(one, "demand")
        and _may_be(other, "sites")
        and _has_people(one, plain, keys)
        and other.kind != "raster"
    ]
    if not readings:
        raise DataError(_lacking(looks, placed, plain, keys))
    readings.sort(key=lambda each: (-each[0], each[1].name, each[2].name))
    best, demand, sites = readings[0]
    even = [(one, other) for score, one, other in readings[1:] if best - score < _EVEN]
    if even:
        raise DataError(_ambiguous([(demand, sites), *even]))
    return _with_others(looks, demand, sites, keys)


def _may_be(look: FileLook, role: str) -> bool:
    return look.asked in {"", role}


def _has_people(look: FileLook, plain: Sequence[FileLook], keys: dict[tuple[str, str], KeyMatch]) -> bool:
    return look.kind == "raster" or look.columns.column("people") is not None or bool(_counted(look, plain, keys))


def _counted(look: FileLook, plain: Sequence[FileLook], keys: dict[tuple[str, str], KeyMatch]) -> list[FileLook]:
    """Return the tables that say how many people live in each row of a file: its keys, each once."""
    return [
        table
        for table in plain
        if table.columns.column("people") is not None
        and (match := keys.get((look.name, table.name))) is not None
        and match.unique
    ]


def _demand_evidence(look: FileLook, plain: Sequence[FileLook], keys: dict[tuple[str, str], KeyMatch]) -> float:
    """Return how much speaks for a file as that of people."""
    if look.asked == "demand":
        return 20.0
    if look.kind == "raster":
        return 6.0
    people = look.columns.one.get("people")
    score = 0.0 if people is None else 3.0 - people.rank
    score = max(score, 2.0 if _counted(look, plain, keys) else 0.0)
    score += 1.0 if look.columns.online else 0.0
    return score + _by_name(look) - _by_columns(look)


def _sites_evidence(look: FileLook, *, alone: bool) -> float:
    """Return how much speaks for a file as that of sites."""
    if look.asked == "sites":
        return 20.0
    score = (1.0 if look.columns.column("people") is None else 0.0) + (1.0 if look.kind == "points" else -1.0)
    return score - _by_name(look) + _by_columns(look) - (4.0 if alone else 0.0)


def _by_name(look: FileLook) -> float:
    """Return 2 where a file's name speaks of people, -2 where it speaks of sites."""
    name = look.name.casefold()
    return 2.0 * bool(OF_DEMAND.search(name)) - 2.0 * bool(OF_SITES.search(name))


def _by_columns(look: FileLook) -> float:
    """Return 2 where columns are those of sites: statuses, tiers, factors of cost."""
    return 2.0 * any(look.columns.column(key) for key in ("status", "tier", "cost_factor"))


def _with_columns(looks: Sequence[FileLook]) -> str:
    """Return which columns files have."""
    return joined((_("{name} has {names}", name=look.name, names=listed(_columns(look))) for look in looks), "; ")


def _lacking(
    looks: Sequence[FileLook],
    placed: Sequence[FileLook],
    plain: Sequence[FileLook],
    keys: dict[tuple[str, str], KeyMatch],
) -> list[Fault]:
    """Return what no file says."""
    files = ", ".join(look.name for look in looks)
    if not placed:
        columns = _with_columns(plain) or files
        allowed = _(
            "no file says where anything is; name one with longitudes and latitudes, points, polygons, "
            "or a raster. {columns}",
            columns=columns,
        )
        return [Fault(file=files, allowed=allowed)]
    if not any(_has_people(look, plain, keys) and _may_be(look, "demand") for look in placed):
        told = [look for look in plain if look.columns.column("people")]
        more = joined(
            (
                _("{name} counts people, but no column of it is a key of a file of places", name=look.name)
                for look in told
            ),
            "; ",
        )
        columns = _with_columns([look for look in placed if look.table is not None])
        allowed = _(
            "no file says how many people live where; name one with a column such as population, or a "
            "raster of people. {more}",
            more=more or columns,
        )
        return [Fault(file=files, allowed=allowed)]
    allowed = _("no file has places where hubs may stand; name one of points or polygons beside the raster")
    return [Fault(file=files, allowed=allowed)]


def _columns(look: FileLook) -> list[str]:
    frame = None if look.table is None else look.table.frame
    return [] if frame is None else [str(name) for name in frame.columns if name != "geometry"]


def _ambiguous(readings: Sequence[tuple[FileLook, FileLook]]) -> list[Fault]:
    """Return which files may be the same, with the words that say which is which."""
    faults = []
    for place, role, what in (
        (0, "demand", _("say how many people live where")),
        (1, "sites", _("have places for hubs")),
    ):
        names = sorted({reading[place].name for reading in readings})
        paths = {reading[place].name: reading[place].path.name for reading in readings}
        if len(names) > 1:
            allowed = _(
                "one file as {role}; these {what}: say which with {role}=FILE, such as {role}={paths}",
                role=role,
                what=what,
                paths=paths[names[0]],
            )
            faults.append(Fault(file=" and ".join(names), allowed=allowed))
    return faults


def _with_others(
    looks: Sequence[FileLook], demand: FileLook, sites: FileLook, keys: dict[tuple[str, str], KeyMatch]
) -> FileRoles:
    """Return the roles of all files: what is neither demand nor sites adds columns, is zones, or is not used."""
    zones = areas = None
    tables, unused = [], []
    for look in sorted(looks, key=lambda look: look.name):
        if look in {demand, sites}:
            continue
        if look.kind == "table":
            options = [(part, keys[part.name, look.name]) for part in (demand, sites) if (part.name, look.name) in keys]
            chosen = _taker(look, options, demand)
            if chosen is None:
                why = _(
                    "no column of it is a key of {name}{more}",
                    name=demand.name,
                    more="" if sites is demand else _(" or {name}", name=sites.name),
                )
                unused.append((look, why))
            else:
                tables.append((narrowed(look, chosen[1].used), "demand" if chosen[0] is demand else "sites", chosen[1]))
        elif look.kind == "polygons" and demand.kind == "raster" and zones is None:
            zones = look
        elif look.kind == "polygons" and demand.kind == "points" and areas is None:
            areas = look
        else:
            what = {"lines": _("lines are neither people nor sites"), "raster": _("people come from another file")}
            unused.append((look, what.get(look.kind, _("a plan takes one file of people and one of sites"))))
    for look, why in unused if zones is not None else ():
        match = match_keys(zones, look) if zones is not None and look.kind == "table" else None
        if match is not None:
            tables.append((narrowed(look, match.used), "zones", match))
            unused = [other for other in unused if other != (look, why)]
    return FileRoles(demand=demand, sites=sites, zones=zones, areas=areas, tables=tuple(tables), unused=tuple(unused))


def _taker(
    look: FileLook, options: Sequence[tuple[FileLook, KeyMatch]], demand: FileLook
) -> tuple[FileLook, KeyMatch] | None:
    """Return the section that takes a table's columns: sites for statuses and tiers, demand for the rest."""
    if not options:
        return None
    of_sites = _by_columns(look) > 0
    return min(options, key=lambda each: ((each[0] is demand) == of_sites, -each[1].share))


def why_demand(look: FileLook, people: FileLook | None) -> str:
    """Return why a file is taken for that of people."""
    if look.asked == "demand":
        return _("as you say")
    if look.kind == "raster":
        return _(
            "a raster: {counted} with {people:,.0f} people",
            counted=ngettext("{n} cell", "{n} cells", look.count),
            people=look.people,
        )
    own = look.columns.one.get("people")
    where = ""
    if people is not None:
        where = _("people of {name}", name=people.name)
        if own is not None:
            where = _("people in {column}", column=own.column)
    return joined((_how_many(look), where), ", ")


def why_sites(look: FileLook, demand: FileLook) -> str:
    """Return why a file is taken for that of sites."""
    if look.asked == "sites":
        return _("as you say")
    if look is demand:
        return _("no other file has places: a hub may stand at each place where people live")
    named = re.search(rf"[^\W_]*({OF_SITES.pattern})[^\W_]*", look.path.stem.casefold())
    told = next((column for key in ("status", "tier", "cost_factor") if (column := look.columns.column(key))), None)
    why = ""
    if named:
        why = _("by the name {word}", word=named.group())
    elif told:
        why = _("with a column {column}", column=told)
    return joined((_how_many(look), why), ", ")


def _how_many(look: FileLook) -> str:
    """Return how many places a file has."""
    return {
        "points": ngettext("{n} point", "{n} points", look.count),
        "lines": ngettext("{n} line", "{n} lines", look.count),
        "polygons": ngettext("{n} polygon", "{n} polygons", look.count),
    }[look.kind]
