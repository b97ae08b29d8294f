"""A finished run as the files for other programs are made from it: its figures and layers, read back or in memory."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from hubplanner.formatting import in_words

if TYPE_CHECKING:
    import geopandas as gpd

    from hubplanner.inputs.map_layers import MapLayers
    from hubplanner.inputs.sites import Sites
    from hubplanner.scenario import Scenario

_PLACES = ("tehsil", "district", "division", "province", "region", "state")
"""Columns of a site file that say where a place is, the smallest first; the scenario's own groups count too."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u2028\u2029]+")
_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """A run, as files for other programs show it.

    Parameters
    ----------
    name
        The run's name.
    summary
        Its plan.json.
    scenario
        The question.
    manifest
        What made it.
    hubs, demand, links
        Its layers, WGS 84.
    made
        When it was written.
    sites
        All sites of the question, None where the site file is not at hand.
    backhaul
        The lines that connect hubs, WGS 84; None where that is of no concern.
    areas
        (n,) polygons of the demand rows in degrees; None where their places are points.
    map_layers
        What maps show beside the plan.
    reach, islands
        From where each tier is reached by road, and parts of the roads that none joins, WGS 84; None elsewhere.
    """

    name: str
    summary: dict[str, Any]
    scenario: Scenario
    manifest: dict[str, Any]
    hubs: gpd.GeoDataFrame
    demand: gpd.GeoDataFrame
    links: gpd.GeoDataFrame
    made: datetime
    sites: Sites | None = None
    backhaul: gpd.GeoDataFrame | None = None
    areas: Any = None
    map_layers: MapLayers | None = None
    reach: gpd.GeoDataFrame | None = None
    islands: gpd.GeoDataFrame | None = None

    @property
    def unit(self) -> str:
        """What ways are measured in: km or minutes."""
        return next((str(name)[9:] for name in self.links if str(name).startswith("distance_")), "km")

    @property
    def seated(self) -> bool:
        """Whether hubs serve only so many people."""
        return any(tier.capacity is not None for tier in self.scenario.hubs)

    @property
    def reached(self) -> float:
        """How many people the hubs reach; where seats are for some of them, those alone."""
        return float(self.summary["people"]["reached"])

    def told_reached(self, write: Callable[[float], str]) -> str:
        """Return how many people the hubs reach, and of how many; ``write`` says a number."""
        whom = (
            self.scenario.seated if self.scenario.seats_need else f"of {write(self.summary['people']['total'])} people"
        )
        return f"{write(self.reached)} {whom}"

    @property
    def money(self) -> str:
        """The currency on one line, empty where there is none."""
        return on_one_line(self.scenario.currency)

    def in_money(self, amount: float) -> str:
        """Return money in words, such as ``PKR 19.7 million``."""
        return f"{isolated(self.money)} {in_words(amount)}".strip()

    def name_of(self, row: dict[str, Any]) -> str:
        """Return what a site is called: its name, or else its id."""
        return on_one_line(row.get("name")) or on_one_line(row["site_id"])

    def demand_name(self, row: dict[str, Any]) -> str:
        """Return what a demand row is called: its name where the scenario names a column of names, or else its id."""
        return (on_one_line(row.get("name")) if self.scenario.demand.name else "") or on_one_line(row["demand_id"])

    def area_of(self, row: dict[str, Any]) -> list[str]:
        """Return where a site is, the smallest area first, as far as its columns tell."""
        known = {name.casefold(): name for name in map(str, row)}
        named = [known[word] for word in _PLACES if word in known]
        columns = dict.fromkeys([*named, *(group for group in self.scenario.sites.groups if group in row)])
        return list(dict.fromkeys(filter(None, (on_one_line(row[column]) for column in columns))))


def on_one_line(value: Any) -> str:
    r"""Return a cell as text on one line without control characters, nothing for a blank.

    >>> on_one_line("Turbat\x00\n old "), on_one_line(None), on_one_line(float("nan")), on_one_line(7)
    ('Turbat old', '', '', '7')
    """
    if value is None or (isinstance(value, float) and pd.isna(value)) or value is pd.NaT or value is pd.NA:
        return ""
    return " ".join(_CONTROL.sub(" ", str(value)).split())


def isolated(text: str) -> str:
    """Return text that keeps its direction to itself, so that Urdu does not turn the sentence around it.

    >>> isolated("Turbat"), isolated("تربت") == "\u2068تربت\u2069"
    ('Turbat', True)
    """
    return f"\u2068{text}\u2069" if _RIGHT_TO_LEFT.search(text) else text


def plural(word: str, number: int) -> str:
    """Return how many of a tier: an English word gets its plural, another stays as it is.

    >>> plural("centre", 1), plural("centre", 3), plural("library", 2), plural("hub 2", 2), plural("IT park", 1)
    ('a centre', '3 centres', '2 libraries', '2 hubs of tier hub 2', 'an IT park')
    """
    if number == 1:
        return f"{'an' if word[:1] in 'aeioAEIO' else 'a'} {word}"
    if not (word.isascii() and word[-1:].isalpha()):
        return f"{number:,} hubs of tier {word}"
    if re.search(r"[^aeiou]y$", word):
        return f"{number:,} {word[:-1]}ies"
    return f"{number:,} {word}{'es' if re.search('(s|x|ch|sh)$', word) else 's'}"
