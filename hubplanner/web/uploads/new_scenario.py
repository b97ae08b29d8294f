"""A new scenario on uploaded tables: written, read whole as any other, and kept only if nothing is wrong with it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hubplanner.inputs import read_inputs
from hubplanner.scenario import read_scenario
from hubplanner.scenario.yaml_text import write_yaml

FILE = "scenario.yaml"
DETOUR = 1.3
"""Roads are longer than the straight line."""
GAP, TIME_LIMIT_S = 0.001, 300
COLUMNS = {
    "demand": ("id", "x", "y", "people", "connected_share", "priority", "groups", "percent", "decimal", "thousands"),
    "sites": ("id", "x", "y", "status", "tier", "cost_factor", "groups", "decimal", "thousands"),
}
"""What a table may be asked for, and how its cells are read."""


def scenario_tree(wanted: Mapping[str, Any], tables: Mapping[str, str]) -> dict[str, Any]:
    """Return a scenario as its file holds it.

    Parameters
    ----------
    wanted
        ``name``, ``title``, ``currency``, ``budget``, ``hubs``, and the columns of ``demand`` and ``sites``.
    tables
        Names of the two files.
    """
    sections = {
        kind: {"path": tables[kind], **{key: wanted[kind][key] for key in known if wanted[kind].get(key) is not None}}
        for kind, known in COLUMNS.items()
    }
    budget = {} if wanted.get("budget") is None else {"budget": wanted["budget"]}
    return {
        "name": wanted["name"],
        "description": wanted["title"],
        "currency": wanted.get("currency") or "",
        **sections,
        "hubs": [{key: value for key, value in hub.items() if value is not None} for hub in wanted["hubs"]],
        "travel": {"method": "great_circle", "detour": wanted.get("detour") or DETOUR},
        "model": {"objective": "max_coverage", **budget},
        "solver": {"gap": GAP, "time_limit_s": TIME_LIMIT_S},
    }


def new_scenario(wanted: Mapping[str, Any], tables: Mapping[str, Path], folder: Path) -> None:
    """Write a scenario and its tables into a folder, whole or not at all.

    Raises
    ------
    ScenarioError, DataError, CrsError
        With every fault of the scenario and its tables; then nothing is kept.
    """
    aside = folder.with_name(f".{folder.name}")
    aside.mkdir(parents=True)
    try:
        names = {kind: f"{kind}{table.suffix}" for kind, table in tables.items()}
        for kind, table in tables.items():
            shutil.copyfile(table, aside / names[kind])
        (aside / FILE).write_text(write_yaml(scenario_tree(wanted, names)), encoding="utf-8")
        read_inputs(read_scenario(aside / FILE))
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
