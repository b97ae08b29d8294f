"""Radio between places: which of them stand at a tower, what sees what, and what each hop costs."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from hubplanner.errors import Fault
from hubplanner.inputs.coordinates import lonlat
from hubplanner.inputs.joins import read_other
from hubplanner.inputs.readers.columns import Checker, keys_of
from hubplanner.problem import Bools, Floats, GreatCircle, Ints
from hubplanner.problem.backhaul import HopStates
from hubplanner.scenario.backhaul_spec import MicrowaveSpec, PairsSpec
from hubplanner.scenario.names import hint, key_of
from hubplanner.translation import gettext as _, with_advice

SAME_TOWER_KM = 0.1
"""How far apart towers, or a tower and a place, are one: files list a tower once for each antenna."""
MOST_SIGHTS = 100_000
"""Pairs of places that may see each other; with more the network is none that a search ends with."""
TOWER = "tower {}"
"""Name of the place of a tower, by the tower's id."""


def apart(spots: Floats, others: Floats) -> Ints:
    """Return the towers that stand neither at one of some other places nor at an earlier tower.

    >>> apart(np.array([[0.0, 0.0], [0.0, 0.0005], [1.0, 0.0]]), np.array([[1.0, 0.0005]])).tolist()
    [0]
    """
    alone = np.flatnonzero(~near(spots, others))
    own = spots[alone]
    one, other, _ = GreatCircle(own, own, 1.0).pairs(0, len(own), SAME_TOWER_KM)
    kept = np.ones(len(own), dtype=np.bool_)
    for first, later in sorted(zip(one.tolist(), other.tolist(), strict=True)):
        if first < later and kept[first]:
            kept[later] = False
    return alone[kept]


def near(spots: Floats, others: Floats) -> Bools:
    """Return which places have one of some others beside them."""
    if not len(spots) or not len(others):
        return np.zeros(len(spots), dtype=np.bool_)
    return np.asarray(GreatCircle(spots, others, 1.0).nearest() <= SAME_TOWER_KM, dtype=np.bool_)


def read_hops(  # noqa: PLR0913 - places, where lines lead and masts stand, and where to note what is wrong
    spec: MicrowaveSpec,
    *,
    places: gpd.GeoDataFrame,
    roots: Ints,
    has_mast: Bools,
    on_line: Bools,
    worth: float,
    faults: list[Fault],
) -> tuple[HopStates, pd.DataFrame] | None:
    """Return the hops that may be built; None, with faults noted, where a table of sights cannot be read.

    All hops into a place cost the same, and from one on the internet of today no fewer lead on: where such a place is
    in sight, none but the nearest matters.

    Parameters
    ----------
    places
        Places of the network: sites, nodes, towers.
    roots
        Those where the internet is today.
    has_mast, on_line
        (n,) where no mast is to be built, and which lines may reach.
    worth
        What a unit of money a year is worth.

    Returns
    -------
    tuple
        The states of the network, and its edges as a frame: from, to (places), km, cost, tail, head (nodes), one_way,
        one_of (the place that a hop leads to: one does), technology (blank for the end of a way).
    """
    spots = lonlat(places)
    today = np.zeros(len(places), dtype=np.bool_)
    today[roots] = True
    pairs = _in_sight(spec, places, spots, faults)
    if pairs is None:
        return None
    if len(pairs) > MOST_SIGHTS:
        allowed = _(
            "at most {most_sights:,} pairs of places in sight of each other; lower it, or give fewer towers",
            most_sights=MOST_SIGHTS,
        )
        key = "backhaul.technologies.microwave"
        faults.append(
            Fault(file=key, column="max_hop_km", value=_("{count:,} pairs", count=len(pairs)), allowed=allowed)
        )
        return None
    hops = np.concatenate([pairs, pairs[:, ::-1]])
    hops = hops[~today[hops[:, 1]] & (on_line[hops[:, 0]] | ~today[hops[:, 0]])]
    km = GreatCircle(spots, spots, 1.0).along(*hops.T)
    order = np.lexsort((hops[:, 0], km, ~today[hops[:, 0]], hops[:, 1]))
    hops, km = hops[order], km[order]
    first = np.concatenate([[True], hops[1:, 1] != hops[:-1, 1]])[: len(hops)]
    served = np.zeros(len(places), dtype=np.bool_)
    served[hops[first & today[hops[:, 0]], 1]] = True
    keep = first | ~served[hops[:, 1]]
    hops, km = hops[keep], km[keep]
    states = HopStates.of(len(places), hops, spec.max_hops, on_line)
    mast = spec.relay_cost + spec.tower_per_10_m * spec.tower_m / 10
    money = spec.hop_cost + spec.licence_year * worth + np.where(has_mast[hops[:, 1]], 0.0, mast)
    is_hop = states.hop >= 0
    place = states.place[states.ends]
    frame = pd.DataFrame(
        {
            "from": place[:, 0],
            "to": place[:, 1],
            "km": np.where(is_hop, km[states.hop], 0.0) if len(hops) else np.zeros(0),
            "cost": np.where(is_hop, money[states.hop], 0.0) if len(hops) else np.zeros(0),
            "tail": states.ends[:, 0],
            "head": states.ends[:, 1],
            "one_way": np.ones(len(place), dtype=np.bool_),
            "one_of": states.landing,
            "technology": np.where(is_hop, "microwave", "").astype(object),
        }
    )
    return states, frame


def _in_sight(spec: MicrowaveSpec, places: gpd.GeoDataFrame, spots: Floats, faults: list[Fault]) -> Ints | None:
    """Return the pairs (p, 2) of places that a hop may join, each once."""
    if spec.sights is None:
        return _within(spots, spec.max_hop_km)
    return _of_table(spec.sights, places, spots, spec.max_hop_km, faults)


def _within(spots: Floats, km: float) -> Ints:
    """Return the pairs of places that lie within so many km, at different spots."""
    one, other, far = GreatCircle(spots, spots, 1.0).pairs(0, len(spots), km)
    pairs: Ints = np.column_stack([one, other])[(one < other) & (far > 0)].astype(np.intp)
    return pairs


def _of_table(
    spec: PairsSpec, places: gpd.GeoDataFrame, spots: Floats, most_km: float, faults: list[Fault]
) -> Ints | None:
    """Return the pairs of places that a table says see each other, those too far apart left out."""
    table = read_other(spec, [spec.start, spec.end], faults, places=False)
    if table is None:
        return None
    before, checker = len(faults), Checker(table=table, faults=faults)
    ends = ends_of(spec, checker, places, _("a site, a node or a tower, which is `tower` and its id"))
    if len(faults) > before:
        return None
    pairs: Ints = np.unique(np.sort(ends, axis=1), axis=0)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    short: Bools = GreatCircle(spots, spots, 1.0).along(*pairs.T) <= most_km
    return pairs[short]


def ends_of(spec: PairsSpec, checker: Checker, places: gpd.GeoDataFrame, kinds: str) -> Ints:
    """Return the places (r, 2) that the rows of a table join by their ids; ids of no place are noted."""
    known, ends = {key_of(name): at for at, name in enumerate(places["id"])}, list[Any]()
    for name in (spec.start, spec.end):
        column = checker.text(name)
        at = keys_of(column).map(known)
        lost = at.isna() & (column != "")
        allowed = [
            with_advice(_("the id of {kinds}", kinds=kinds), hint(word, places["id"])) if gone else ""
            for word, gone in zip(column, lost, strict=True)
        ]
        checker.note(name, lost, column, allowed.__getitem__)
        ends.append(at.fillna(0).to_numpy(dtype=np.intp))
    return np.column_stack(ends).astype(np.intp)
