"""A scenario from files that nobody described: what each is for, how they belong together, and every doubt asked."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil, floor, log10, sqrt
from pathlib import Path
from typing import Any

from hubplanner.inputs.guesses.columns import ColumnGuess, numbers_of
from hubplanner.inputs.guesses.keys import KeyMatch
from hubplanner.inputs.guesses.look import FileLook, blank_cells, lonlat_of
from hubplanner.inputs.guesses.roles import FileRoles, why_demand, why_sites
from hubplanner.inputs.guesses.text import AskedDoubt, MadeGuess, ScenarioText
from hubplanner.problem import annuity
from hubplanner.scenario.fields import PER_CENT
from hubplanner.scenario.names import key_of
from hubplanner.translation import gettext as _, joined, ngettext

CAPEX, OPEX, REACH_KM, HUBS, DETOUR, HORIZON, RATE = 50_000, 15_000, 10, 10, 1.3, 5, 0.1
"""Made-up values, marked as such: what a hub costs, how far it reaches, how many the budget pays."""
GAP, TIME_LIMIT_S = 0.001, 300
MOST_SPREAD = 50_000
"""Points that people are spread over, about."""
BESIDE = 0.1
"""How far beside the demand's box a site is still near it, as a share of its size."""
OUTSIDE = 0.05
"""Share of sites outside the area of the demand from which it is asked whether they belong together."""
_EQUAL_AREA, _M2_PER_KM2 = "ESRI:54034", 1e6


@dataclass(frozen=True, kw_only=True)
class FileUse:
    """What a file is for, in a draft: its name, its role, and why."""

    file: str
    role: str
    why: str


@dataclass(frozen=True, kw_only=True)
class ScenarioDraft:
    """A scenario's text, and what is to be told of it.

    Parameters
    ----------
    text
        The file.
    uses
        What each file is for.
    guesses
        Each guess with its evidence.
    questions
        Each doubt, with its line.
    examples
        Lines whose values are made up.
    joins
        By key of a join, such as demand.join.0, a name for what belongs to it.
    """

    text: str
    uses: tuple[FileUse, ...]
    guesses: tuple[MadeGuess, ...]
    questions: tuple[AskedDoubt, ...]
    examples: tuple[int, ...]
    joins: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Taken:
    """Columns that a section takes over from a file: each by its new name, with the guess that it comes from."""

    look: FileLook
    match: KeyMatch | None
    columns: dict[str, ColumnGuess]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Source:
    """Where a section finds something: the column's name in the scenario, the guess, and the file."""

    name: str
    guess: ColumnGuess
    look: FileLook


def draft_scenario(
    name: str, folder: Path, roles: FileRoles, aliases: Mapping[str, str], title: str = ""
) -> ScenarioDraft:
    """Return a scenario on some files.

    Parameters
    ----------
    name
        What it is called.
    folder
        Where it will stand: paths are relative to it.
    roles
        What each file is for.
    aliases
        By key of a join, such as demand.join.0, the file of names to fill in.
    title
        What stands over maps and reports; of the name if left out.
    """
    return _Writer(folder=folder, roles=roles, aliases=aliases).scenario(name, title)


@dataclass(kw_only=True, eq=False)
class _Writer:
    """Writes a scenario section by section, and keeps what is to be told."""

    folder: Path
    roles: FileRoles
    aliases: Mapping[str, str]
    text: ScenarioText = field(default_factory=ScenarioText)
    uses: list[FileUse] = field(default_factory=list)
    joins: dict[str, str] = field(default_factory=dict)
    unused: list[tuple[FileLook, str]] = field(default_factory=list)
    spread_to: FileLook | None = None
    zones_say_online: bool = False

    def scenario(self, name: str, title: str) -> ScenarioDraft:
        """Return the whole of it."""
        say = self.text
        say.comment(
            "Written by hubplanner init --from: what the files are taken for, the evidence beside each guess. Look "
            "through the questions, put your own values on the lines marked EXAMPLE, then run hubplanner validate and "
            "hubplanner solve on this file. scenarios/README.md explains the keys."
        )
        say.say(0, "name", name)
        made_up = title or f"Hubs for {name.replace('-', ' ').replace('_', ' ').title() if name.islower() else name}"
        say.say(0, "description", made_up, example=not title, why="" if title else _("the title of maps and reports"))
        say.say(0, "currency", "USD", example=True, why=_("the currency of all money below"))
        for section in (self._demand, self._sites, self._hubs):
            say.blank()
            section()
        say.blank()
        say.say(0, "solver", {"gap": GAP, "time_limit_s": TIME_LIMIT_S})
        for look, why in [*self.unused, *(other for other in self.roles.unused if other[0] is not self.spread_to)]:
            self.uses.append(FileUse(file=look.name, role=_("not used"), why=why))
            say.blank()
            say.ask(_("{name} is not used: {why}. Is that right?", name=look.name, why=why))
        return ScenarioDraft(
            text=say.whole(),
            uses=tuple(self.uses),
            guesses=tuple(say.guesses),
            questions=tuple(say.questions),
            examples=tuple(say.examples),
            joins=self.joins,
        )

    def _demand(self) -> None:
        say, look = self.text, self.roles.demand
        taken = self._taken_by_demand(look)
        people = _source("people", look, taken)
        why = why_demand(look, None if people is None else people.look)
        self.uses.append(FileUse(file=look.name, role="demand", why=why))
        say.say(0, "demand")
        doubt = ""
        if look.kind == "raster":
            doubt = _(
                "do cells of {name} count people (not people per km2)? They sum to {people:,.0f}.",
                name=look.name,
                people=look.people,
            )
        say.say(2, "path", self._relative(look.path), why=why, ask=doubt)
        self._keys(look, 2)
        self._places(look)
        self._joins("demand", look, taken)
        if people is not None:
            self._column("people", people, look)
        self._zones()
        online = self._online(look, taken)
        self._groups(look, taken)
        self._own(look, "priority")
        self._missing([people, online, *(_source(key, look, []) for key in ("x", "y", "priority"))])
        self._spread(look)

    def _sites(self) -> None:
        say, look = self.text, self.roles.sites
        same = look is self.roles.demand
        why = why_sites(look, self.roles.demand)
        self.uses.append(FileUse(file=look.name, role="sites", why=why))
        keys = ("status", "tier", "cost_factor")
        taken: list[_Taken] = []
        for table, part, match in self.roles.tables:
            if part == "sites":
                found = {
                    key: guess for key in keys if (guess := table.columns.one.get(key)) and key not in look.columns.one
                }
                self._take(taken, table, match, look, found)
        say.say(0, "sites")
        same_file = _("may a hub stand at each place of {name}? No other file has places for hubs.", name=look.name)
        say.say(2, "path", self._relative(look.path), why=why, ask=same_file if same else self._outside())
        self._keys(look, 2)
        self._places(look)
        self._joins("sites", look, taken)
        for key in keys:
            source = _source(key, look, taken)
            if source is None:
                continue
            self._column(key, source, look)
            if key == "status" and source.look.columns.status_words:
                say.say(2, "status_words", dict(source.look.columns.status_words))
        if not same:
            self._groups(look, [])
        self._missing([_source(key, look, taken) for key in ("x", "y", "cost_factor")])

    def _hubs(self) -> None:
        say, look = self.text, self.roles.sites
        say.say(0, "hubs")
        for number, tier in enumerate(look.columns.tiers or ("hub",)):
            size = 2 + number  # each tier costs half as much again
            hub = {"name": tier, "capex": CAPEX * size // 2, "opex_per_year": OPEX * size // 2, "reach_km": REACH_KM}
            why = _("cost to build, to run for a year, and how far people come; add capacity if seats are limited")
            say.say(2, "", hub, item=True, example=True, why="" if number else why)
        say.say(0, "horizon_years", HORIZON, example=True, why=_("years of running cost that the budget must pay"))
        say.say(0, "discount_rate", RATE, example=True, why=_("money of later years counts less"))
        travel = {"method": "great_circle", "detour": DETOUR}
        say.say(0, "travel", travel, example=True, why=_("roads are longer than the straight line"))
        count = min(HUBS, max(1, look.count // 3))
        say.say(0, "model")
        budget = _rounded((CAPEX + OPEX * annuity(RATE, HORIZON)) * count)
        say.say(
            2,
            "budget",
            budget,
            example=True,
            why=_("pays {counted} or so", counted=ngettext("{n} hub", "{n} hubs", count)),
        )

    # -- what sections share -----------------------------------------------------------------------------------------

    def _relative(self, path: Path) -> str:
        try:
            return Path(os.path.relpath(path.absolute(), self.folder.absolute())).as_posix()
        except ValueError:  # another drive
            return path.absolute().as_posix()

    def _keys(self, look: FileLook, indent: int) -> None:
        """Write how a file is to be read."""
        for key in look.keys:
            self.text.say(indent, key.key, key.value, why=key.why, ask=key.doubt)

    def _places(self, look: FileLook) -> None:
        """Write which columns name the rows and say where they are."""
        if look.kind == "raster":
            return
        if "id" not in look.columns.one:
            self.text.comment(
                _("No id: no column of codes or names has a different value in each row, so rows go by number."),
                2,
            )
        for key in ("id", "x", "y"):
            self._own(look, key)
        named = look.columns.column("name")
        if named is not None and named != look.columns.column("id"):
            self._own(look, "name")

    def _own(self, look: FileLook, key: str) -> None:
        source = _source(key, look, [])
        if source is not None:
            self._column(key, source, look)

    def _column(self, key: str, source: _Source, look: FileLook) -> None:
        """Write a key with its column; the evidence of one that is taken over stands where it is taken."""
        own = source.look is look
        self.text.say(2, key, source.name, why=source.guess.why if own else "", ask=source.guess.doubt if own else "")

    def _take(
        self,
        taken: list[_Taken],
        look: FileLook,
        match: KeyMatch | None,
        section: FileLook,
        found: dict[str, ColumnGuess],
    ) -> None:
        """Note what a section takes over from a file under names that it lacks; what brings nothing is unused."""
        if not found:
            lacks = _("it brings nothing that the plan lacks: people, who is online, groups, statuses")
            self.unused.append((look, lacks))
            return
        held = set() if section.table is None else {key_of(str(name)) for name in section.table.frame.columns}
        held |= {name for each in taken for name in each.columns}
        columns: dict[str, ColumnGuess] = {}
        for name, guess in found.items():
            free, number = key_of(name), 1
            while free in held:
                number += 1
                free = f"{key_of(name)}_{number}"
            held.add(free)
            columns[free] = guess
        taken.append(_Taken(look=look, match=match, columns=columns))

    def _taken_by_demand(self, look: FileLook) -> list[_Taken]:
        """Return what demand takes over: people and who is online where its own file lacks them, and groups."""
        tables = [(table, match) for table, part, match in self.roles.tables if part == "demand"]
        people = _best([(table, table.columns.one.get("people")) for table, match in tables if match.unique])
        if "people" in look.columns.one:
            people = None
        online = _best([(table, _online_of(table, match)) for table, match in tables])
        if look.columns.online:
            online = None
        taken: list[_Taken] = []
        for table, match in tables:
            found: dict[str, ColumnGuess] = {}
            if people is not None and people[0] is table:
                found["people"] = people[1]
            if online is not None and online[0] is table:
                found["internet"] = online[1]
            if not look.columns.groups:
                found |= {guess.column: guess for guess in table.columns.groups}
            self._take(taken, table, match, look, found)
        if self.roles.areas is not None:
            self._take(
                taken, self.roles.areas, None, look, {guess.column: guess for guess in _names_of(self.roles.areas)}
            )
        return taken

    def _joins(self, part: str, section: FileLook, taken: list[_Taken], indent: int = 2) -> None:
        say = self.text
        if taken:
            say.say(indent, "join")
        for number, each in enumerate(taken):
            look, match, key = each.look, each.match, f"{part}.join.{number}"
            stem = re.sub(r"\W+", "-", look.path.stem)
            self.joins[key] = f"{stem}-{len(self.joins) + 1}" if stem in self.joins.values() else stem
            say.say(indent + 2, "path", self._relative(look.path), item=True)
            self._keys(look, indent + 4)
            if match is None:
                say.say(indent + 4, "on", "location", why=_("each place takes over from the polygon that it lies in"))
                by = _("the polygon each place lies in")
            else:
                by = ", ".join(f"{one} = {_short(look, other)}" for one, other in match.on)
                self._key(key, section, look, match, indent + 4)
            take = {new: _short(look, guess.column) for new, guess in each.columns.items()}
            why = "; ".join(f"{new}: {_told(look, guess)}" for new, guess in each.columns.items())
            doubts = " ".join(guess.doubt for guess in each.columns.values() if guess.doubt)
            say.say(indent + 4, "take", take, why=why, ask=doubts)
            percent = [new for new, guess in each.columns.items() if guess.percent]
            if percent:
                say.say(indent + 4, "percent", percent)
            self.uses.append(
                FileUse(
                    file=look.name,
                    role=_("joined to {part}", part=part),
                    why=_("{take} by {by}", take=joined(take, ", "), by=by),
                )
            )

    def _key(self, key: str, section: FileLook, look: FileLook, match: KeyMatch, indent: int) -> None:
        """Write the columns by which rows belong together, and what becomes of those that have no partner."""
        say, lost = self.text, match.rows - match.matched
        on = {one: _short(look, other) for one, other in match.on}
        doubt = ""
        if lost:
            way = (
                _("fill in {aliases}", aliases=self.aliases[key])
                if key in self.aliases
                else _("say unmatched otherwise")
            )
            people = section.columns.one.get("people")
            rows = ngettext("{n} row", "{n} rows", lost)
            if people is not None and section.table is not None:
                numbers = numbers_of(section.table.frame, people.column, section.columns.notation)
                rows += _(" with {people:,.0f} people", people=numbers[match.alone].sum())
            doubt = _(
                "{rows} of {name} without a match in {other} are left out; to keep them, {way}.",
                rows=rows,
                name=section.name,
                other=look.name,
                way=way,
            )
        say.say(
            indent,
            "on",
            on,
            why=_("{matched:,} of {rows:,} rows have a match", matched=match.matched, rows=match.rows),
            ask=doubt,
        )
        if key in self.aliases:
            say.say(
                indent,
                "aliases",
                self.aliases[key],
                why=_("complete its column there: similar names are listed beside it"),
            )
        if lost:
            say.say(indent, "unmatched", "drop")

    def _online(self, look: FileLook, taken: list[_Taken]) -> _Source | None:
        """Write who is online already, or ask."""
        say = self.text
        if self.zones_say_online:
            say.say(2, "connected_share", "internet")
            return None
        found = [
            (each.look, name, guess)
            for each in taken
            for name, guess in each.columns.items()
            if name.startswith("internet")
        ]
        own = [(look, guess.column, guess) for guess in look.columns.online[:1]]
        if not (own or found):
            say.say(
                2, "connected_share", 0, ask=_("no file says how many are online; is nobody? Put their share here.")
            )
            return None
        source, name, guess = (own or found)[0]
        others = [other.column for other in source.columns.online if other.column != guess.column]
        more = (
            _("is {column} who is online, rather than {others}?", column=guess.column, others=joined(others, _(" or ")))
            if others
            else ""
        )
        why, doubt = (guess.why, guess.doubt) if source is look else ("", "")
        say.say(2, guess.key, name, why=why, ask=joined((doubt, more)))
        if source is look and guess.percent:
            say.say(2, "percent", [name])
        return _Source(name=name, guess=guess, look=source)

    def _groups(self, look: FileLook, taken: list[_Taken]) -> None:
        """Write the columns for floors and breakdowns."""
        found = [(guess.column, guess.why) for guess in look.columns.groups]
        for each in taken:
            groups = {
                guess.column for guess in (_names_of(each.look) if each.match is None else each.look.columns.groups)
            }
            found += [(new, guess.why) for new, guess in each.columns.items() if guess.column in groups]
        zones = self.roles.zones if look is self.roles.demand else None
        found += [(name, guess.why) for name, guess in _zone_groups(zones).items()]
        if found:
            say = self.text
            say.say(2, "groups", [name for name, _ in found], why="; ".join(f"{name}: {why}" for name, why in found))

    def _zones(self) -> None:
        say, look = self.text, self.roles.zones
        if look is None:
            return
        guess = look.columns.one.get("id")
        if guess is None:
            self.unused.append((look, _("zones need a column with another value in each row, and it has none")))
            return
        polygons = ngettext("{n} polygon", "{n} polygons", look.count)
        self.uses.append(
            FileUse(file=look.name, role="zones", why=_("{polygons} in which the cells lie", polygons=polygons))
        )
        say.say(2, "zones")
        ask = _("are cells outside {name} to be left out? unmatched: nearest would keep them.", name=look.name)
        say.say(4, "path", self._relative(look.path), why=polygons, ask=ask)
        self._keys(look, 4)
        say.say(4, "id", guess.column, why=guess.why)
        share, taken = _zone_share(look), self._taken_by_zones(look)
        self._joins("demand.zones", look, taken, 4)
        joined = {name: each for table in taken for name, each in table.columns.items()}
        take = {name: group.column for name, group in _zone_groups(look).items()}
        if share is not None:
            take["internet"] = share.column
        elif "internet" in joined:
            take["internet"] = "internet"
        self.zones_say_online = "internet" in take
        if take:
            say.say(4, "take", take, why="" if share is None else _("internet: {why}", why=share.why))
        if share is not None and share.percent:
            say.say(4, "percent", ["internet"])
        people = look.columns.one.get("people") or joined.get("people")
        if people is not None:
            own = look.columns.one.get("people") is people
            name, raster = (
                people.column if own else "people",
                _("the raster counts {people:,.0f}", people=self.roles.demand.people),
            )
            say.ask(
                _(
                    "{name} counts people too ({why}; {raster}); scale cells to it with people: {name}?",
                    name=name,
                    why=people.why,
                    raster=raster,
                ),
                4,
            )

    def _taken_by_zones(self, look: FileLook) -> list[_Taken]:
        """Return what zones take over: who is online, and how many live there, where their own file lacks it."""
        taken: list[_Taken] = []
        lacking = {"people"} if "people" not in look.columns.one else set()
        lacking |= {"internet"} if _zone_share(look) is None else set()
        for table, part, match in self.roles.tables:
            if part != "zones":
                continue
            found: dict[str, ColumnGuess] = {}
            online = next((guess for guess in table.columns.online if guess.key == "connected_share"), None)
            if online is not None and "internet" in lacking:
                found["internet"] = online
            if "people" in lacking and "people" in table.columns.one and match.unique:
                found["people"] = table.columns.one["people"]
            lacking -= set(found)
            self._take(taken, table, match, look, found)
        return taken

    def _missing(self, sources: list[_Source | None]) -> None:
        """Say what becomes of rows whose cells say nothing, as a scenario must."""
        rules: dict[str, Any] = {}
        asks = []
        for source in sources:
            if source is None or source.look.table is None:
                continue
            gaps = int(blank_cells(source.look, source.guess.column).sum())
            if not gaps:
                continue
            told = {"name": source.look.name, "column": source.guess.column}
            if source.guess.key == "connected_share":
                mean = _mean(source)
                rules[source.name] = mean
                asks.append(
                    ngettext(
                        "{n} row of {name} has no {column}; is {mean:g}, the mean of the others, right?",
                        "{n} rows of {name} have no {column}; is {mean:g}, the mean of the others, right?",
                        gaps,
                        mean=mean,
                        **told,
                    )
                )
            else:
                rules[source.name] = "drop"
                asks.append(
                    ngettext(
                        "{n} row of {name} has no {column} and is left out; is that right?",
                        "{n} rows of {name} have no {column} and are left out; is that right?",
                        gaps,
                        **told,
                    )
                )
        if rules:
            self.text.say(2, "missing", rules, ask=joined(asks))

    def _spread(self, look: FileLook) -> None:
        """Spread people of polygons that are wider than a hub reaches."""
        if look.kind != "polygons" or look.table is None or look.crs is None:
            return
        shapes = look.table.frame.geometry.set_crs(look.crs, allow_override=True)
        area = shapes.to_crs(_EQUAL_AREA).area.to_numpy() / _M2_PER_KM2
        if sqrt(float(area.max())) <= REACH_KM / 2:
            return
        places = [other for other, _ in self.roles.unused if other.kind in {"raster", "points"}]
        if places:
            self._spread_by(look, min(places, key=lambda other: (other.kind != "raster", other.name)))
            return
        spacing = _rounded(max(REACH_KM / 4, sqrt(float(area.sum()) / MOST_SPREAD)))
        why = _("people of a polygon, of up to {max:,.0f} km2, stand on points this far apart", max=area.max())
        ask = _("do people of {name} live all over each polygon, rather than in one town?", name=look.name)
        self.text.say(2, "spread_km", spacing, why=why, ask=ask)

    def _spread_by(self, look: FileLook, places: FileLook) -> None:
        """Send people of polygons to the cells or points of a file that serves for nothing else."""
        self.spread_to = places
        by = {"path": self._relative(places.path)} | {key.key: key.value for key in places.keys}
        by |= {key: column for key in ("x", "y") if places.kind == "points" and (column := places.columns.column(key))}
        kind = "cells" if places.kind == "raster" else "places"
        why = _("people of a polygon go to the {kind} of {name} inside it", kind=kind, name=places.name)
        ask = _(
            "do people of {name} live where the {kind} of {places} are?", name=look.name, kind=kind, places=places.name
        )
        if places.kind == "points":
            ask += _(
                " weight: COLUMN sends more to the larger ones; spread_km: 2.5 in its place, all over each polygon."
            )
        self.uses.append(
            FileUse(file=places.name, role=_("where people are"), why=_("{kind} inside the polygons", kind=kind))
        )
        self.text.say(2, "spread_by", by | {"unmatched": "one_point"}, why=why, ask=ask)

    def _outside(self) -> str:
        """Return what to ask of sites that lie where nobody of the demand lives; blank where few do."""
        look, area = self.roles.sites, self.roles.demand.degrees
        if area is None:
            return ""
        lon, lat = lonlat_of(look).T
        wide = max(area[2] - area[0], area[3] - area[1], 1.0) * BESIDE
        out = ~((lon >= area[0] - wide) & (lon <= area[2] + wide) & (lat >= area[1] - wide) & (lat <= area[3] + wide))
        if out.mean() < OUTSIDE:
            return ""
        where = _("lie outside the area of {name}", name=self.roles.demand.name)
        return _(
            "{count:,} of {counted} {where}; do the files belong together?",
            count=int(out.sum()),
            counted=ngettext("{n} site", "{n} sites", len(out)),
            where=where,
        )


def _source(key: str, look: FileLook, taken: list[_Taken]) -> _Source | None:
    """Return where a section finds something: in its own file, else in what it takes over."""
    own = look.columns.one.get(key)
    if own is not None:
        return _Source(name=own.column, guess=own, look=look)
    for each in taken:
        for name, guess in each.columns.items():
            if guess is each.look.columns.one.get(key):
                return _Source(name=name, guess=guess, look=each.look)
    return None


def _best(found: list[tuple[FileLook, ColumnGuess | None]]) -> tuple[FileLook, ColumnGuess] | None:
    """Return the most telling of some guesses, with its file; None without any."""
    known = [(table, guess) for table, guess in found if guess is not None]
    return min(known, key=lambda each: (each[1].rank, each[0].name)) if known else None


def _online_of(table: FileLook, match: KeyMatch) -> ColumnGuess | None:
    """Return who is online as a table says it; a count only where each of its rows belongs to one row here."""
    return next((guess for guess in table.columns.online if match.unique or guess.key == "connected_share"), None)


def _names_of(areas: FileLook) -> list[ColumnGuess]:
    """Return what polygons are called: their groups, and their own names where there are several."""
    found = list(areas.columns.groups)
    named = areas.columns.one.get("name") or areas.columns.one.get("id")
    if named is not None and areas.count > 1 and named.column not in {guess.column for guess in found}:
        found.append(named)
    return found


def _zone_groups(zones: FileLook | None) -> dict[str, ColumnGuess]:
    """Return the groups that zones bring to cells, by their new names."""
    return {key_of(guess.column): guess for guess in _names_of(zones)} if zones and "id" in zones.columns.one else {}


def _zone_share(zones: FileLook) -> ColumnGuess | None:
    """Return the column of zones that says who is online; cells take over shares, not counts."""
    known = "id" in zones.columns.one
    return next((guess for guess in zones.columns.online if known and guess.key == "connected_share"), None)


def _mean(source: _Source) -> float:
    """Return the mean share of a column's cells that say one, to three digits."""
    if source.look.table is None:
        raise AssertionError
    mean = float(numbers_of(source.look.table.frame, source.guess.column, source.look.columns.notation).mean())
    return round(mean / (PER_CENT if source.guess.percent else 1), 3)


def _short(look: FileLook, column: str) -> str:
    """Return the shortest name of a column: of a header of several rows, its code."""
    also = look.table.also if look.table is not None else {}
    names = [key_of(column), *(name for name, whole in also.items() if whole == column)]
    return min(names, key=lambda name: (len(name), name))


def _told(look: FileLook, guess: ColumnGuess) -> str:
    """Return the evidence of a column, with what its code leaves out of its name."""
    rest = key_of(guess.column).removeprefix(_short(look, guess.column)).strip()
    return f"{rest}, {guess.why}" if rest else guess.why


def _rounded(value: float) -> float:
    """Return a number rounded up to two digits.

    >>> _rounded(106_861.8), _rounded(2.5)
    (110000.0, 2.5)
    """
    unit = 10.0 ** (floor(log10(value)) - 1)
    return float(round(ceil(value / unit - 1e-9) * unit, 6))
