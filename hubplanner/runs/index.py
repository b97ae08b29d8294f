"""An index of run folders in SQLite, which is never more than a copy: the folders say what is there."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from hubplanner.errors import UnwritableError
from hubplanner.folders import RUN_MARKS, is_run
from hubplanner.runs.read import RunUnreadableError, is_part_of_run, read_manifest, read_plan

log = logging.getLogger(__name__)

Row = dict[str, Any]
INDEX = "index.sqlite"
VERSION = 2
"""Of the table; another one is rebuilt."""
ATTEMPTS = 3
"""Other processes may be making it again at the same moment."""
PATIENCE_S = 30.0
"""Seconds to wait for another process that writes the index."""
_TABLE = "CREATE TABLE IF NOT EXISTS runs (name TEXT PRIMARY KEY, stamp TEXT NOT NULL, row TEXT NOT NULL) STRICT"


def run_folders(runs: Path) -> dict[str, Path]:
    """Return the run folders in a folder by name, damaged ones too; links, hidden and unfinished ones are none."""
    try:
        found = {entry.name: runs / entry.name for entry in os.scandir(runs) if entry.is_dir(follow_symlinks=False)}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UnwritableError(runs, error) from error
    shown = {name: path for name, path in sorted(found.items()) if not name.startswith(".")}
    return {name: path for name, path in shown.items() if is_run(path) or is_part_of_run(path)}


def read_rows(runs: Path) -> list[Row]:
    """Return a row for each run, from the index where it is right, which is mended or made again where it is not."""
    stamps = _stamps(runs)
    for _ in range(ATTEMPTS):
        try:
            return _rows(runs, stamps)
        except (sqlite3.DatabaseError, ValueError) as error:
            if not _is_damage(error):
                # Read-only, full or locked: the folders know everything the index does.
                log.warning("%s cannot be used (%s); the folders are read instead", runs / INDEX, error)
                break
            log.info("rebuild %s: %s", runs / INDEX, error)
            for name in (INDEX, f"{INDEX}-journal"):
                (runs / name).unlink(missing_ok=True)
    return [describe(runs / name) for name in stamps]


def _is_damage(error: Exception) -> bool:
    """Tell whether a new index would help: the file or its table is wrong, rather than out of our hands."""
    return not isinstance(error, sqlite3.OperationalError) or error.sqlite_errorcode == sqlite3.SQLITE_ERROR


def _rows(runs: Path, stamps: dict[str, str]) -> list[Row]:
    """Return the index's rows, brought up to date under its lock."""
    with closing(sqlite3.connect(runs / INDEX, timeout=PATIENCE_S, isolation_level=None)) as index:
        index.execute("PRAGMA journal_mode = DELETE")  # write-ahead logs need shared memory, which network disks lack
        index.execute("BEGIN IMMEDIATE")
        _check(index)
        known = dict(index.execute("SELECT name, stamp FROM runs"))
        index.executemany("DELETE FROM runs WHERE name = ?", [(name,) for name in known if name not in stamps])
        stale = [name for name, stamp in stamps.items() if known.get(name) != stamp]
        fresh = [(name, stamps[name], json.dumps(describe(runs / name))) for name in stale]
        index.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?)", fresh)
        rows = [json.loads(row) for (row,) in index.execute("SELECT row FROM runs ORDER BY name")]
        index.execute("COMMIT")
        return rows


def _check(index: sqlite3.Connection) -> None:
    """Raise where the file is damaged; make the table where it is new or of another version."""
    (sound,) = index.execute("PRAGMA quick_check(1)").fetchone()
    if sound != "ok":
        raise sqlite3.DatabaseError(sound)
    (version,) = index.execute("PRAGMA user_version").fetchone()
    if version != VERSION:
        index.execute("DROP TABLE IF EXISTS runs")
        index.execute(f"PRAGMA user_version = {VERSION}")
    index.execute(_TABLE)


def _stamps(runs: Path) -> dict[str, str]:
    """Return what changes whenever a run is written, by name."""
    stamps = {}
    for name, folder in run_folders(runs).items():
        try:
            states = [path.stat() for path in _marks(folder)]
        except FileNotFoundError:
            continue  # removed or replaced this moment
        stamps[name] = " ".join(f"{state.st_ino}.{state.st_mtime_ns}.{state.st_size}" for state in states)
    return stamps


def _marks(folder: Path) -> list[Path]:
    """Return the files that tell a run, those of them that are there."""
    return [folder / mark for mark in RUN_MARKS if (folder / mark).is_file()]


def describe(folder: Path) -> Row:
    """Return what a list of runs shows; a run that cannot be read says so."""
    try:
        plan, manifest = read_plan(folder), read_manifest(folder)
        row = {name: _safely(read, plan) for name, read in _COLUMNS.items()}
        error, version = None, manifest.get("versions", {}).get("hubplanner")
    except RunUnreadableError as broken:
        row, error, version = dict.fromkeys(_COLUMNS) | {"status": "damaged"}, str(broken), None
    written = next(iter(_marks(folder)), folder).stat().st_mtime
    return {"name": folder.name, **row, "written": written, "version": version, "error": error}


_COLUMNS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "status": lambda plan: plan["status"],
    "objective": lambda plan: plan["objective"],
    "value": lambda plan: plan["objective_value"],
    "gap": lambda plan: plan["gap"],
    "people": lambda plan: plan["people"]["reached"],
    "need_share": lambda plan: plan["need"]["share"],
    "cost": lambda plan: plan["cost"]["total"],
    "currency": lambda plan: plan["currency"],
    "hubs": lambda plan: sum(hub.get("hubs", 1) for hub in plan["hubs"] if hub["status"] != "existing"),
    "seconds": lambda plan: plan["seconds"],
}


def _safely(read: Callable[[dict[str, Any]], Any], plan: dict[str, Any]) -> Any:
    """Return a figure, None where a plan of another version has none."""
    try:
        return read(plan)
    except (KeyError, TypeError, AttributeError):
        return None
