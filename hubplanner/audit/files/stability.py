"""What surveys drawn again are said to make of a plan, checked against the plan and against itself."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from hubplanner.audit.data.hubs import AuditHub
from hubplanner.audit.data.run_files import RunFiles
from hubplanner.audit.data.world import AuditData
from hubplanner.audit.ledger import Ledger
from hubplanner.folders import STABILITY_FILES

FILE, TABLE = STABILITY_FILES
HUBS = "hubs.csv"
SAME_COST = 1e-6
"""Relative difference of costs below which it is of this plan."""


def check_stability(run: RunFiles, world: AuditData, hubs: Sequence[AuditHub], ledger: Ledger) -> None:
    """Hold stability.json and stability.csv of a run, if it has them, against its hubs and each other.

    The draws themselves are planned for by the planner, so that what each of them plans is not audited; what is made of
    them is, and which hubs it is said of.
    """
    if not (run.folder / FILE).is_file():
        return
    stated = run.json(FILE)
    rows, each = stated.get("hubs"), stated.get("each")
    shaped = _is_table(rows, "site_id", "tier", "hubs", "certainty", "in_nine_of_ten") and _is_table(each, "kept")
    ledger.holds(FILE, "hubs and each", true=shaped, stated="missing", recomputed="lists with their figures")
    if not shaped or not isinstance(rows, list) or not isinstance(each, list):
        return
    cost = run.plan.get("cost", {}).get("total")
    ledger.same(FILE, "plan, cost", stated.get("plan", {}).get("cost"), cost, relative=SAME_COST)
    _check_hubs(world, hubs, rows, ledger)
    own = [row for row in rows if row["hubs"]]
    planned = sum(row["hubs"] for row in own)
    level = stated.get("levels", {}).get("hub", {})
    ledger.same(FILE, "levels, hub, hubs", level.get("hubs"), planned)
    ledger.same(FILE, "levels, hub, in_nine_of_ten", level.get("in_nine_of_ten"), sum(r["in_nine_of_ten"] for r in own))
    if planned:
        sure = math.fsum(row["hubs"] * row["certainty"] for row in own) / planned
        ledger.same(FILE, "levels, hub, kept", level.get("kept"), sure)
    kept = [draw["kept"] for draw in each]
    ledger.same(FILE, "draws", stated.get("draws"), len(each))
    ledger.same(FILE, "levels, hub, kept of the draws", level.get("kept"), math.fsum(kept) / max(len(kept), 1))
    ledger.same(FILE, "levels, hub, kept_least", level.get("kept_least"), min(kept, default=None))
    reached = [draw["reached"] for draw in each if draw.get("reached") is not None]
    mean = math.fsum(reached) / len(reached) if reached else None
    ledger.same(FILE, "reached, mean", stated.get("reached", {}).get("mean"), mean)
    ledger.same(FILE, "reached, least", stated.get("reached", {}).get("least"), min(reached, default=None))
    _check_columns(run.csv(HUBS)[1], stated, own, ledger)
    if (run.folder / TABLE).is_file():
        _check_table(run.csv(TABLE)[1], rows, ledger)


def _check_hubs(world: AuditData, hubs: Sequence[AuditHub], rows: Sequence[Mapping[str, Any]], ledger: Ledger) -> None:
    """Hold the hubs it speaks of against the plan's new ones, and its shares against what shares can be."""
    ids, tiers = world.sites.frame["site_id"].tolist(), [tier.name for tier in world.scenario.hubs]
    planned = {(ids[hub.site], tiers[hub.tier]): hub.count for hub in hubs if hub.status != "existing"}
    told = {(str(row["site_id"]), str(row["tier"])): row for row in rows}
    for key, count in planned.items():
        ledger.same(FILE, f"hubs at {key[0]}, {key[1]}", told.get(key, {}).get("hubs"), count)
    for key, row in told.items():
        ledger.same(FILE, f"hubs at {key[0]}, {key[1]}, in the plan", row["hubs"], planned.get(key, 0))
        fine = 0 <= row["certainty"] <= 1 and 0 <= row["in_nine_of_ten"] <= row["hubs"]
        words = "a share, and no more hubs than the plan has"
        ledger.holds(FILE, f"certainty at {key[0]}, {key[1]}", true=fine, stated=row["certainty"], recomputed=words)


def _check_columns(
    table: pd.DataFrame, stated: Mapping[str, Any], own: Sequence[Mapping[str, Any]], ledger: Ledger
) -> None:
    """Hold what the table of hubs says of their certainty, if it does, against what was found."""
    sure = {(str(row["site_id"]), str(row["tier"])): row["certainty"] for row in own}
    by = {f"certainty_by_{name}": (name, values) for name, values in stated.get("groups", {}).items()}
    for column in table.columns.intersection(["certainty", *by]):
        for number, row in enumerate(table.to_dict("records")):
            if row["status"] == "existing":
                continue
            group, values = by.get(column, ("", {}))
            wanted = values.get(str(row.get(group)), {}).get("certainty") if group else sure.get(_place(row))
            ledger.same(HUBS, f"row {number}, {column}", float(row[column] or "nan"), wanted)


def _place(row: Mapping[Any, Any]) -> tuple[str, str]:
    return str(row["site_id"]), str(row["tier"])


def _check_table(table: pd.DataFrame, rows: Sequence[Mapping[str, Any]], ledger: Ledger) -> None:
    ledger.same(TABLE, "rows", len(table), len(rows))
    for number, (own, row) in enumerate(zip(table.to_dict("records"), rows, strict=False)):
        for name in ("hubs", "certainty", "in_nine_of_ten"):
            ledger.same(TABLE, f"row {number}, {name}", float(own.get(name) or "nan"), row[name])


def _is_table(rows: object, *columns: str) -> bool:
    if not isinstance(rows, list):
        return False
    return all(isinstance(row, dict) and set(columns) <= row.keys() for row in rows)
