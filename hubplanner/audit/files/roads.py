"""What a run along roads says beside its plan: parts apart, what closing gaps brings, and who is within reach."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from hubplanner.audit.data.distances import SLACK
from hubplanner.audit.data.hubs import AuditHub
from hubplanner.audit.data.places import Array
from hubplanner.audit.data.roads.ways import RoadWays
from hubplanner.audit.data.run_files import RunFiles
from hubplanner.audit.data.world import AuditData
from hubplanner.audit.ledger import Ledger

METRES = 1000.0
METRE = 1e-3
"""Metres by which widths of gaps may differ."""
MOST_GAP_M = 3000.0
"""Wider gaps are left blank."""
Frame = pd.DataFrame


def check_roads(run: RunFiles, world: AuditData, ways: RoadWays, hubs: list[AuditHub], ledger: Ledger) -> None:
    """Compare what is said of parts of the roads, of gaps between them, and of who is within reach of each tier."""
    for file, stated in (run.table("islands.geojson"), run.table("plan.gpkg", "islands")):
        _check_islands(file, stated, world, ways, ledger)
    for file, stated in (run.table("reach.geojson"), run.table("plan.gpkg", "reach")):
        _check_reach(file, stated, world, hubs, ledger)
    _check_gaps(*run.csv("gaps.csv"), world, ways, hubs, ledger)


def _check_islands(file: str, stated: Frame, world: AuditData, ways: RoadWays, ledger: Ledger) -> None:
    """Hold each part that no road joins to the longest against the file's, longest first, then most people."""
    people, need = _figures(world)
    km, ids = ways.part_km, world.sites.frame["site_id"].to_numpy()
    own, sites = ways.part_of_points, ways.parts_of(world.sites.lonlat)
    ledger.same(file, "rows", len(stated), len(km) - 1)
    if len(stated) != len(km) - 1 or not len(stated):
        return
    expected = Frame(
        {
            "km": km[1:],
            "people": [people[own == part].sum() for part in range(1, len(km))],
            "need": [need[own == part].sum() for part in range(1, len(km))],
            "sites": [", ".join(map(str, ids[sites == part])) for part in range(1, len(km))],
            "gap_m": [METRES * ways.gap_km(part, MOST_GAP_M / METRES) for part in range(1, len(km))],
        }
    )
    order = ["km", "people", "sites"]
    rows = [table.round({"km": 6, "people": 3}).sort_values(order, kind="stable") for table in (stated, expected)]
    for found, wanted in zip(*(table.to_dict("records") for table in rows), strict=True):
        label = f"part {found['part']}"
        for name in ("km", "people", "need"):
            ledger.same(file, f"{label}, {name}", found[name], wanted[name], relative=1e-6, absolute=1e-3)
        ledger.same(file, f"{label}, sites", found["sites"] or "", wanted["sites"])
        # A gap between a bend of a longer part and the middle of this one may be narrower than any at its own vertices.
        width = math.inf if pd.isna(found["gap_m"]) else float(found["gap_m"])
        ledger.holds(
            file, f"{label}, gap_m", true=width <= wanted["gap_m"] + METRE, stated=width, recomputed=wanted["gap_m"]
        )


def _check_reach(file: str, stated: Frame, world: AuditData, hubs: list[AuditHub], ledger: Ledger) -> None:
    """Hold who is within reach of one of each tier's hubs, and how many hubs there are, against the file."""
    people, need = _figures(world)
    rows = {str(row["tier"]): row for row in stated.to_dict("records")}
    tiers = sorted({hub.tier for hub in hubs})
    ledger.same(file, "rows", len(stated), len(tiers))
    for tier in tiers:
        name, own = world.scenario.hubs[tier].name, [hub for hub in hubs if hub.tier == tier]
        row = rows.get(name)
        ledger.holds(file, name, true=row is not None, stated="missing", recomputed="a row")
        if row is None:
            continue
        inside = _within(world, own)
        for key, value in (
            ("reach", float(world.reach[tier])),
            ("hubs", sum(hub.count for hub in own)),
            ("people", people[inside].sum()),
            ("need", need[inside].sum()),
        ):
            ledger.same(file, f"{name}, {key}", float(row[key]), value, relative=1e-6, absolute=1e-3)


def _check_gaps(  # noqa: PLR0913, PLR0917 - rows, what they are held against, and where to note what is wrong
    file: str, stated: Frame, world: AuditData, ways: RoadWays, hubs: list[AuditHub], ledger: Ledger
) -> None:
    """Hold whom each road across a gap, and each hub beside them, would bring within reach against the file."""
    people, need = _figures(world)
    already = _within(world, hubs)
    sites = {str(name): at for at, name in enumerate(world.sites.frame["site_id"])}
    tiers = {tier.name: at for at, tier in enumerate(world.scenario.hubs)}
    for row in stated.to_dict("records"):
        if row["what"] == "gap":
            label, part = f"part {row['part']}", int(row["part"])
            places = [(float(row[x]), float(row[y])) for x, y in (("lon", "lat"), ("to_lon", "to_lat"))]
            km = float(row["road_km"])
            ledger.same(file, f"{label}, beside", float(row["beside"]), people[ways.part_of_points == part].sum())
            reach = {
                hub.site: max(
                    ways.first_reach(partial(world.reach_by, other.tier)) for other in hubs if other.site == hub.site
                )
                for hub in hubs
            }
            across = ways.reached_across(part, places, km, reach)
            ledger.holds(file, f"{label}, road_km", true=across is not None, stated=km, recomputed="no such gap there")
            if across is None:
                continue
            fresh = across & ~already
        else:
            label = f"{row['site_id']} {row['tier']}"
            at = sites.get(str(row["site_id"])), tiers.get(str(row["tier"]))
            if at[0] is None or at[1] is None:
                ledger.holds(file, label, true=False, stated=label, recomputed="no such site or tier")
                continue
            fresh = _from(world, at[0], at[1]) & ~already
        for key, weight in (("people", people), ("need", need)):
            ledger.same(file, f"{label}, {key}", float(row[key]), weight[fresh].sum(), relative=1e-6, absolute=1e-3)


def _within(world: AuditData, hubs: list[AuditHub]) -> Any:
    """Tell which points (p,) are within reach of some hub."""
    found = np.zeros(len(world.people.points), dtype=bool)
    for hub in hubs:
        found |= _from(world, hub.site, hub.tier)
    return found


def _from(world: AuditData, site: int, tier: int) -> Any:
    """Tell which points (p,) are within reach of a hub."""
    every = np.arange(len(world.people.points))
    return world.counted(every, np.array([site]), np.array([tier]))[:, 0] <= world.reach[tier] * (1 + SLACK)


def _figures(world: AuditData) -> tuple[Array, Array]:
    """Return people and need (p,) at each point, as they are at first."""
    return tuple(world.people.at_points(world.people.weight(name, 0)) for name in ("people", "need"))  # type: ignore[return-value]
