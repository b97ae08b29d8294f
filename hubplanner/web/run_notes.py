"""What the app remembers of the runs it made: which scenario and settings they came from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hubplanner.folders import ALTERNATIVES_MARKS, FRONTIER_MARKS, RUN_MARKS
from hubplanner.io import write_atomically

FOLDER = ".app"
"""Beside the runs, hidden from the list of them."""
KEYS = ("scenario", "title", "settings", "overrides", "required", "excluded")


def write_note(folder: Path, note: dict[str, Any]) -> None:
    """Remember where a run came from, for as long as it is not replaced."""
    place = folder.parent / FOLDER
    place.mkdir(exist_ok=True)
    text = json.dumps(note | {"stamp": _stamp(folder)}, ensure_ascii=False)
    write_atomically(place / f"{folder.name}.json", lambda path: path.write_text(text, encoding="utf-8"))


def read_note(folder: Path) -> dict[str, Any]:
    """Return what is remembered of a run; nothing where it was made or replaced by something else."""
    try:
        note = json.loads((folder.parent / FOLDER / f"{folder.name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        note = {}
    known = note if isinstance(note, dict) and note.get("stamp") == _stamp(folder) else {}
    return {key: known.get(key) for key in KEYS}


def move_note(folder: Path, renamed: Path) -> None:
    """Keep what is remembered of a run that has another name now."""
    note = folder.parent / FOLDER / f"{folder.name}.json"
    if note.is_file() and folder != renamed:
        note.replace(note.with_name(f"{renamed.name}.json"))


def forget_note(folder: Path) -> None:
    """Forget a run that is gone."""
    (folder.parent / FOLDER / f"{folder.name}.json").unlink(missing_ok=True)


def _stamp(folder: Path) -> int | None:
    for mark, *_ in (RUN_MARKS, FRONTIER_MARKS, ALTERNATIVES_MARKS):
        path = folder / mark
        if path.is_file():
            return path.stat().st_mtime_ns
    return None
