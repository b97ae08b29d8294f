"""Whether a run folder is as it was written: every file there, every figure readable, every hash the same."""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hubplanner.errors import HubplannerError
from hubplanner.folders import is_run
from hubplanner.inputs.sources import file_digests as input_digests
from hubplanner.outputs.run_folder import FILES_OF_EVERY_RUN
from hubplanner.runs.read import RunUnreadableError, lost, manifest_files, read_json, read_manifest, read_plan
from hubplanner.scenario import read_scenario
from hubplanner.tolerances import AGREEMENT

_FIGURES = (
    "objective_value",
    "gap",
    "seconds",
    "cost.total",
    "cost.paid.total",
    "need.total",
    "need.covered",
    "people.covered",
    "people.reached",
)


def verify_run(folder: Path) -> dict[str, Any]:
    """Return what is wrong with a run folder, and how its inputs are today.

    Returns
    -------
    dict
        ``name``; ``intact``; ``hashed``, whether its manifest holds hashes of its files; ``faults``, one line each;
        ``inputs``: ``same``, ``missing`` where they are no longer there, or ``changed``, which is a fault too, as
        the figures are of other data.
    """
    files = manifest_files(folder)
    faults = [*_missing(folder, files), *_changed(folder, files or {}), *_figures(folder)]
    inputs, found = _inputs(folder)
    faults += found
    hashed = files is not None
    return {"name": folder.name, "intact": not faults, "hashed": hashed, "inputs": inputs, "faults": faults}


def _missing(folder: Path, files: dict[str, str] | None) -> Iterator[str]:
    for name in sorted({*FILES_OF_EVERY_RUN, *(files or {})}):
        if not (folder / name).is_file():
            yield f"{name} {lost(folder / name).allowed}"


def _changed(folder: Path, files: dict[str, str]) -> Iterator[str]:
    for name, digest in sorted(files.items()):
        path = folder / name
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            yield f"{name} has changed since the run: its SHA-256 is not the manifest's"


def _figures(folder: Path) -> Iterator[str]:
    """Yield what does not parse, and figures that contradict the tables beside them."""
    if not is_run(folder):
        return  # told as missing
    try:
        read_manifest(folder)
        plan = read_plan(folder)
    except RunUnreadableError as error:
        yield from map(str, error.faults)
        return
    for key in _FIGURES:
        value: Any = plan
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            yield f"plan.json, {key}: {value!r} found; allowed: a finite number"
            return
    yield from _tables(folder, plan)


def _tables(folder: Path, plan: dict[str, Any]) -> Iterator[str]:
    """Yield where tables cannot be read, or do not add up to the plan's figures."""
    try:
        hubs, demand = (_read_csv(folder / f"{name}.csv") for name in ("hubs", "demand"))
        sums = {
            "need.total": math.fsum(float(row["need"]) for row in demand),
            "need.covered": math.fsum(float(row["need"]) * float(row["covered_share"]) for row in demand),
        }
        shapes = {name: len(read_json(folder / f"{name}.geojson")["features"]) for name in ("hubs", "demand")}
        listed = len(plan["hubs"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield f"a table cannot be read: {type(error).__name__}: {error}"
        return
    for name, rows in (("hubs", hubs), ("demand", demand)):
        if len(rows) != shapes[name]:
            yield f"{name}.csv has {len(rows)} rows, {name}.geojson {shapes[name]}"
    if listed != len(hubs):
        yield f"plan.json has {listed} hubs, hubs.csv {len(hubs)}"
    for key, total in sums.items():
        told = float(plan["need"][key.partition(".")[2]])
        if abs(told - total) > AGREEMENT * max(1.0, abs(told)):
            yield f"plan.json, {key} is {told:,.6f}, demand.csv adds up to {total:,.6f}"


def _read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _inputs(folder: Path) -> tuple[str, list[str]]:
    """Return whether the files that a run was made from are as they were."""
    try:
        known = read_manifest(folder).get("inputs", {})
        today = input_digests(read_scenario(folder / "scenario.yaml"))
    except (OSError, HubplannerError):
        return "missing", []
    changed = sorted(name for name, digest in known.items() if name in today and today[name] != digest)
    if changed:
        return "changed", [f"input {name} has changed since the run" for name in changed]
    return ("same" if set(known) <= set(today) else "missing"), []
