"""Which roads a mode may use, each way, and how long they take it: classes, limits, access, one-way roads, ferries."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hubplanner.errors import DataWarning, Fault
from hubplanner.inputs.readers.columns import as_numbers, as_text
from hubplanner.inputs.travel.roads.lines import Roads
from hubplanner.problem import Bools, Floats
from hubplanner.scenario.names import listed
from hubplanner.scenario.roads_spec import (
    ACCESS,
    CLOSED,
    FERRY,
    FOUND_CLASSES,
    NO_CLASS,
    NO_ENTRY,
    SPEEDS,
    ModeSpec,
    RoadsSpec,
)
from hubplanner.translation import gettext as _, ngettext, with_advice

MINUTES_PER_HOUR = 60.0
UNITS = {"mph": 1.609344, "knots": 1.852}
"""Kilometres of the units that a limit may name; any other is kilometres an hour."""
FORTH = frozenset({"yes", "true", "1", "f"})
BACK = frozenset({"-1", "reverse", "t"})
BOTH = frozenset({"", "no", "false", "0", "b", "reversible", "alternating"})
"""What a column of one-way roads says of those that go as they are drawn, against it, and both ways."""
ROUND = frozenset({"roundabout", "circular"})
NO_LIMIT = frozenset({"", "none", "signals", "variable", "0", "0.0", "unposted"})
IN_WORDS = {"walk": 5.0, "urban": 50.0, "living_street": 10.0}
"""Limits in words, those of a country after its code, as in DE:urban; others are the class's."""
MOST_TOLD = 8
_LIMIT = re.compile(r"(\d+(?:\.\d+)?)\s*(km/?h|kph|mph|knots)?")
Words = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Passage:
    """What a mode makes of each line.

    Parameters
    ----------
    forward, backward
        (l,) whether it may go along the line, and against it.
    minutes_per_km
        (l,) its time for a kilometre.
    minutes
        (l,) minutes of a whole line, in place of those for a kilometre; NaN where it has none of its own.
    ferry
        (l,) whether it is one, which nobody joins on the way.
    speeds
        Speeds in km/h that were taken for a class.
    """

    forward: Bools
    backward: Bools
    minutes_per_km: Floats
    minutes: Floats
    ferry: Bools
    speeds: dict[str, float]


class Rules:
    """Reads the columns of roads once, for all modes.

    Parameters
    ----------
    spec
        What they are called.
    roads
        The roads.
    faults, warnings
        Get what is wrong, and what may be a mistake.
    """

    def __init__(self, spec: RoadsSpec, roads: Roads, faults: list[Fault], warnings: list[DataWarning]) -> None:
        """Read classes, limits, minutes and ferries."""
        self.spec, self.roads, self.faults, self.warnings = spec, roads, faults, warnings
        self.name, self.size = roads.table.name, len(roads.table.frame)
        self.column = spec.road_class or next((name for name in FOUND_CLASSES if self._has(name)), None)
        self.classes = np.char.lower(self._words(self.column).astype(str)).astype(object)
        route = self._words("route") if roads.kind == "osm" else np.array([""])
        self.ferry = np.asarray((self.classes == FERRY) | (route == FERRY), dtype=np.bool_)
        self.classes[self.ferry] = FERRY
        self.limit = self._limits()
        self.minutes = self._minutes()
        self._tell_unused()

    def closed_to(self, modes: str) -> Fault:
        """Return what to say where no road is open to anyone who travels."""
        classes = listed(sorted(set(self.classes.tolist()) - {""}))
        way = _(
            "travel.modes says who travels, such as walk, and how fast on a class, such as speeds: {example}",
            example="{path: 8}",
        )
        allowed = with_advice(
            _("no road is open to {modes}", modes=modes),
            _("its classes are {names}", names=classes) if classes else "",
            way,
        )
        return Fault(file=self.name, allowed=allowed)

    def _has(self, name: str) -> bool:
        return name in self.roads.table.frame.columns

    def _words(self, name: str | None) -> Words:
        """Return a column's cells as text, blanks without one; note a fault where a column is named and not there."""
        if name is None:
            return np.full(self.size, "", dtype=object)
        if not self._has(name):
            self.faults.append(self.roads.table.lacks(name))
            return np.full(self.size, "", dtype=object)
        return as_text(self.roads.table.frame[name]).to_numpy(dtype=object)

    def _wrong(self, column: str, at: Iterable[int], words: Words, allowed: str) -> None:
        for place in at:
            row = self.roads.table.row(int(place))
            self.faults.append(Fault(file=self.name, row=row, column=column, value=str(words[place]), allowed=allowed))

    def _warn(self, code: str, message: str) -> None:
        self.warnings.append(DataWarning(code=code, message=message, file=self.name))

    def _limits(self) -> Floats:
        """Return the speed (l,) in km/h that each line says; NaN where it says none."""
        given = self.spec.speed_kmh
        if isinstance(given, float | int):
            return np.full(self.size, float(given))
        column = given or ("maxspeed" if self.roads.kind == "osm" else None)
        words = self._words(column)
        known = {word: limit_of(word) for word in set(words.tolist())}
        unread = np.flatnonzero([known[word] is None for word in words.tolist()])
        if len(unread) and self.roads.kind == "osm":
            shown = ", ".join(sorted(set(words[unread].tolist()))[:MOST_TOLD])
            self._warn(
                "unread_roads",
                _(
                    "{count:,} roads have a maxspeed that is not a speed, and take their class's: {shown}",
                    count=len(unread),
                    shown=shown,
                ),
            )
        elif len(unread) and len(unread) == np.count_nonzero(words != ""):
            allowed = _(
                "speeds in km/h; it holds '{words}' and no speed: name another column in "
                "travel.roads.speed_kmh, or leave that out for the speeds of classes",
                words=words[unread[0]],
            )
            self.faults.append(
                Fault(file=self.name, column=str(column), allowed=_("is not {allowed}", allowed=allowed))
            )
        elif len(unread):
            allowed = _("a speed in km/h, or a number with mph; blank for the class's")
            self._wrong(str(column), unread.tolist(), words, allowed)
        return np.array([np.nan if known[word] is None else known[word] for word in words.tolist()], dtype=np.float64)

    def _minutes(self) -> Floats:
        """Return the minutes (l,) from end to end that lines have of their own; NaN where they have none."""
        own = "minutes" if self.roads.kind == "edges" and self._has("minutes") and self.spec.speed_kmh is None else None
        column = self.spec.minutes or own
        words = self._words(column)
        minutes = np.full(self.size, np.nan)
        if column is not None and self._has(column):
            minutes = as_numbers(self.roads.table.frame[column]).to_numpy(dtype=np.float64)
            wrong = ~(np.isfinite(minutes) & (minutes >= 0)) & (words != "")
            self._wrong(column, np.flatnonzero(wrong).tolist(), words, _("a number of at least 0"))
        ferry = self.ferry & ~np.isfinite(minutes)
        return np.asarray(np.where(ferry, self._crossings(), minutes), dtype=np.float64)

    def _crossings(self) -> Floats:
        """Return the minutes (l,) of ferries: their duration, or their length at the speed of ferries, and the wait."""
        km = np.bincount(self.roads.line, weights=self.roads.km, minlength=self.size)
        sailing = km * MINUTES_PER_HOUR / self.spec.ferry_kmh
        words = self._words("duration") if self.roads.kind == "osm" else np.full(self.size, "", dtype=object)
        for at in np.flatnonzero(self.ferry).tolist():
            sailing[at] = duration_of(str(words[at])) or sailing[at]
        return np.asarray(sailing + self.spec.ferry_wait_minutes, dtype=np.float64)

    def _tell_unused(self) -> None:
        if self.roads.kind == "osm":
            return
        for key, column, given in (
            ("oneway", "oneway", self.spec.oneway),
            ("speed_kmh", "maxspeed", self.spec.speed_kmh or self.spec.minutes),
        ):
            if given is None and self._has(column):
                message = _(
                    "has a column {column}, which is not used; set travel.roads.{key}: {column} if it counts",
                    column=column,
                    key=key,
                )
                self._warn("unused_columns", message)

    # -- a mode -----------------------------------------------------------------------------------------------------

    def of(self, mode: ModeSpec, number: int) -> Passage:
        """Return what a mode, by its number in the scenario, makes of each line."""
        speed, used = self._speeds(mode, number)
        may = np.isfinite(speed) & ~self._shut(mode)
        may |= self.ferry & self.spec.ferries & ~self._shut(mode)
        forward, backward = self._directions(mode)
        minutes = self.minutes if mode.kmh is None else np.where(self.ferry, self.minutes, np.nan)
        return Passage(
            forward=may & forward,
            backward=may & backward,
            minutes_per_km=np.where(
                np.isfinite(speed), MINUTES_PER_HOUR / np.where(np.isfinite(speed), speed, 1.0), 0.0
            ),
            minutes=minutes,
            ferry=self.ferry,
            speeds=used,
        )

    def _speeds(self, mode: ModeSpec, number: int) -> tuple[Floats, dict[str, float]]:
        """Return the speed (l,) on each line, NaN where the mode may not go, and that of each class."""
        by_class, used = mode.by_class, dict[str, float]()
        timed = np.isfinite(self.minutes) if mode.kmh is None else np.zeros(self.size, dtype=np.bool_)
        limited = np.isfinite(self.limit) if mode.kmh is None else timed
        told = timed | limited
        speed = np.full(self.size, np.nan)
        if self.column is None and mode.kmh is None and not told.all():
            allowed = _("no column highway, fclass or class; name the column of the road's class in travel.roads.class")
            self.faults.append(Fault(file=self.name, allowed=allowed))
            return speed, used
        for name in sorted(set(self.classes.tolist()) - {FERRY}):
            here, found = self.classes == name, by_class.get(name or NO_CLASS)
            if found is not None:
                speed[here] = found
                if not told[here].all():
                    used[name or NO_CLASS] = found * mode.speed_factor
                self._tell_no_class(name, int((here & ~told).sum()), found)
            elif name in CLOSED or name in SPEEDS["car"]:
                continue
            elif mode.kmh is not None:
                speed[here] = mode.kmh
            elif self.roads.kind == "osm":
                rows = int(here.sum())
                self._warn(
                    "unread_roads",
                    _(
                        "{rows:,} roads of class '{road_class}' are closed to {mode}: no speed is known",
                        rows=rows,
                        road_class=name,
                        mode=mode.name,
                    ),
                )
            elif told[here].all():
                speed[here] = np.inf
            else:
                rows = int((here & ~told).sum())
                allowed = ngettext(
                    "{n} row has class '{name}', which has no speed; add travel.modes.{number}.speeds.{name}",
                    "{n} rows have class '{name}', which has no speed; add travel.modes.{number}.speeds.{name}",
                    rows,
                    name=name,
                    number=number,
                )
                self.faults.append(Fault(file=self.name, allowed=allowed))
        open_ones = ~np.isnan(speed)
        own = np.minimum(self.limit, speed) if mode.name in {"walk", "bicycle"} else self.limit
        speed = np.where(limited & open_ones, own, speed)
        speed = np.where(np.isinf(speed), SPEEDS["car"][NO_CLASS], speed)  # minutes of its own stand above it
        return speed * mode.speed_factor, used

    def _tell_no_class(self, name: str, rows: int, speed: float) -> None:
        if not name and self.column is not None and rows:
            message = _(
                "{rows:,} roads have no class and were taken as '{road_class}' at {speed:g} km/h",
                rows=rows,
                road_class=NO_CLASS,
                speed=speed,
            )
            if message not in {warning.message for warning in self.warnings}:
                self._warn("unread_roads", message)

    def _shut(self, mode: ModeSpec) -> Bools:
        """Tell which lines (l,) are closed to a mode by the first of its tags of access that says anything."""
        shut = np.zeros(self.size, dtype=np.bool_)
        undecided = np.ones(self.size, dtype=np.bool_)
        for tag in ACCESS.get(mode.name, ACCESS["car"]):
            if not self._has(tag):
                continue
            words = self._words(tag)
            no = {
                word for word in set(words.tolist()) if {part.strip() for part in word.lower().split(";")} <= NO_ENTRY
            }
            says = undecided & (words != "")
            shut |= says & np.isin(words, list(no))
            undecided &= ~says
        return shut

    def _directions(self, mode: ModeSpec) -> tuple[Bools, Bools]:
        """Return which lines (l,) may be gone along, and which against, for what one-way roads say."""
        is_osm = self.roads.kind == "osm"
        column = self.spec.oneway or ("oneway" if is_osm else None)
        words = np.char.lower(self._words(column).astype(str)).astype(object)
        unknown = [word not in FORTH | BACK | BOTH for word in words.tolist()]
        if is_osm:
            if mode.name == "walk":
                words = np.char.lower(self._words("oneway:foot").astype(str)).astype(object)
            elif mode.name == "bicycle":
                own = self._words("oneway:bicycle")
                words = np.where(own != "", own, words)
            tacit = np.isin(self._words("junction"), list(ROUND)) | (self.classes == "motorway")
            words = np.where(tacit & (words == "") & (mode.name != "walk"), "yes", words)
        else:
            allowed = _("yes, no or -1; 1 or 0; F, T or B; blank: both ways")
            self._wrong(str(column), np.flatnonzero(unknown).tolist(), words, allowed)
            words = np.where(mode.name == "walk", "", words)
        return ~np.isin(words, list(BACK)), ~np.isin(words, list(FORTH))


def limit_of(text: str) -> float | None:
    """Return a limit in km/h; NaN where none is said, None where it cannot be read. Of several the least counts.

    >>> limit_of("50"), limit_of("30 mph"), limit_of("60;40"), limit_of("DE:urban"), limit_of("fast")
    (50.0, 48.28032, 40.0, 50.0, None)
    """
    found = []
    for part in text.lower().replace("|", ";").split(";"):
        word = part.strip()
        number = _LIMIT.fullmatch(word)
        if word in NO_LIMIT:
            continue
        if number is not None:
            found.append(float(number.group(1)) * UNITS.get(number.group(2) or "", 1.0))
        elif ":" in word and word.rpartition(":")[2] not in IN_WORDS:
            continue  # a rule of a country, such as that of rural roads, which is for the class to say
        elif word.rpartition(":")[2] in IN_WORDS:
            found.append(IN_WORDS[word.rpartition(":")[2]])
        else:
            return None
    return min((speed for speed in found if speed > 0), default=np.nan)


def duration_of(text: str) -> float:
    """Return the minutes of a ferry's duration, written like 45, 1:30 or 01:30:00; 0 where none can be read.

    >>> duration_of("45"), duration_of("1:30"), duration_of("01:30:30"), duration_of("")
    (45.0, 90.0, 90.5, 0.0)
    """
    parts = text.strip().split(":")
    if not all(part.isdigit() for part in parts) or len(parts) > 3:  # noqa: PLR2004 - hours, minutes and seconds
        return 0.0
    numbers = [float(part) for part in parts]
    if len(numbers) == 1:
        return numbers[0]
    hours, minutes, seconds = (*numbers, 0.0)[:3]
    return hours * 60 + minutes + seconds / 60
