"""New scenarios on uploads, asked for column by column or guessed whole: read as any, kept if nothing is wrong."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hubplanner.errors import DataError, Fault, raise_faults
from hubplanner.inputs import Inputs, read_inputs
from hubplanner.inputs.joins import JoinReport
from hubplanner.io import write_atomically
from hubplanner.pipeline.new_project import new_project
from hubplanner.scenario import read_scenario
from hubplanner.scenario.yaml_text import write_yaml
from hubplanner.translation import gettext as _

FILE = "scenario.yaml"
DETOUR = 1.3
"""Roads are longer than the straight line."""
GAP, TIME_LIMIT_S = 0.001, 300
COLUMNS = {
    "demand": (
        "id",
        "x",
        "y",
        "people",
        "connected_share",
        "priority",
        "groups",
        "percent",
        "decimal",
        "thousands",
        "sheet",
    ),
    "sites": ("id", "x", "y", "status", "tier", "cost_factor", "groups", "decimal", "thousands", "sheet"),
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


def draft_project(title: str, files: Sequence[tuple[str, str, Path]], folder: Path) -> dict[str, Any]:
    """Write a scenario on uploads that nobody described, as ``init --from`` does; kept where it can be read.

    Parameters
    ----------
    title
        What stands over maps and reports.
    files
        What the planner says each file is, blank to guess; its name, and the table that was kept of it.
    folder
        Where the scenario and the tables go.

    Returns
    -------
    dict
        ``uses``, ``guesses`` and ``questions`` of the draft, and ``joins`` with the names of both sides that have no
        partner.
    """
    aside = folder.with_name(f".{folder.name}")
    aside.mkdir(parents=True)
    try:
        paths, names = [], {}
        for number, (role, shown, table) in enumerate(files):
            stem = re.sub(r"[^\w-]+", "_", Path(shown).stem).strip("_")[:60] or "table"
            target = aside / f"{stem}{table.suffix}"
            if target.exists() or stem.startswith("aliases-"):
                target = aside / f"table_{number + 1}_{stem}{table.suffix}"
            shutil.copyfile(table, target)
            names[target.name] = shown
            paths.append(f"{role}={target}" if role else str(target))
        made = new_project(aside, paths, name=folder.name, title=title)
        if made.inputs is None:
            raise DataError(made.faults)
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    draft = made.draft
    return {
        "id": folder.name,
        "uses": [asdict(use) | {"file": names.get(use.file, use.file)} for use in draft.uses],
        "guesses": [asdict(guess) for guess in draft.guesses],
        "questions": [question.text for question in draft.questions],
        "joins": _joins(made.inputs),
    }


def name_partners(folder: Path, chosen: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Take over which names mean the same in a scenario's joins; nothing changes where they cannot.

    Parameters
    ----------
    folder
        The scenario's.
    chosen
        By key of a join, such as demand.join.0: value here and value there.
    """
    scenario = read_scenario(folder / FILE)
    zones = scenario.demand.zones
    parts = {"demand": scenario.demand.join, "sites": scenario.sites.join, "demand.zones": zones.join if zones else ()}
    files = {
        f"{part}.join.{number}": Path(join.aliases)
        for part, joins in parts.items()
        for number, join in enumerate(joins)
        if isinstance(join.aliases, str) and Path(join.aliases).parent == folder.absolute()
    }
    raise_faults([Fault(file=FILE, column=key, allowed=_("a join with aliases")) for key in chosen if key not in files])
    before = {key: files[key].read_bytes() for key in chosen}
    try:
        for key, names in chosen.items():
            _complete(files[key], names)
        inputs = read_inputs(read_scenario(folder / FILE))
    except BaseException:
        for key, content in before.items():
            files[key].write_bytes(content)
        raise
    return {"id": folder.name, "joins": _joins(inputs)}


def _complete(path: Path, names: Mapping[str, str]) -> None:
    """Write the values there beside those here in a file of aliases."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = list(csv.reader(file))

    def write(aside: Path) -> None:
        with aside.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([head, *([row[0], names.get(row[0], row[1]), *row[2:]] for row in rows)])

    write_atomically(path, write)


def _joins(inputs: Inputs) -> list[dict[str, object]]:
    return [join.as_dict() for join in inputs.joins if isinstance(join, JoinReport)]
