"""Files of run folders, which others may have written, and what the app remembers of the runs that it made itself."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from hubplanner.folders import ALTERNATIVES_MARKS, FRONTIER_MARKS, RUN_MARKS
from hubplanner.io import write_atomically
from hubplanner.translation import gettext as _
from hubplanner.web.responses import Refused

REPORT = "report.html"
"""The report that the app makes of a run, with what an audit finds."""
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_BY_FOLDER = os.open in os.supports_dir_fd
"""Whether a name can be opened in a folder that is held open, so that nobody can put another in its place meanwhile."""


def own_folder(folders: Mapping[str, Path], name: str, what: str) -> Path:
    """Return a run or frontier by its name in a list of them; refuse other names, and folders that hold links."""
    folder = folders.get(name)
    if folder is None:
        raise Refused(404, _("There is no such {what}.", what=what))
    foreign = linked(folder)
    if foreign is not None:
        raise Refused(
            409,
            _(
                "{foreign} of this {what} is a link, or no file at all; the app follows none.",
                foreign=foreign,
                what=what,
            ),
        )
    return folder


def linked(folder: Path) -> str | None:
    """Return the name of what in a folder is neither a file nor a folder, such as a link; None without any."""
    try:
        with os.scandir(folder) as entries:
            return next((entry.name for entry in entries if not _is_plain(entry)), None)
    except FileNotFoundError as error:
        raise Refused(404, _("{name} is gone.", name=folder.name)) from error


def _is_plain(entry: os.DirEntry[str]) -> bool:
    return entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)


def files_of(folder: Path) -> list[str]:
    """Return the names of the files that stand in a folder itself: no links, nothing hidden."""
    with os.scandir(folder) as entries:
        plain = (entry for entry in entries if entry.is_file(follow_symlinks=False))
        return sorted(entry.name for entry in plain if not entry.name.startswith("."))


def open_own(folder: Path, name: str) -> BinaryIO:
    """Open a file that stands in a folder itself; refuse links and what is no file, without a moment between.

    Raises
    ------
    Refused
        When there is no such file, or it is none.
    """
    try:
        file = os.fdopen(_handle(folder, name), "rb")
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.EMLINK, errno.ENXIO, errno.ENOTDIR}:
            raise Refused(
                409, _("{name} of this folder is a link, or no file at all; the app follows none.", name=name)
            ) from error
        raise Refused(404, _("There is no such file.")) from error
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise Refused(409, _("{name} of this folder is a link, or no file at all; the app follows none.", name=name))
    return file


def _handle(folder: Path, name: str) -> int:
    if not _BY_FOLDER:  # pragma: no cover - Windows, which opens no folders
        path = folder / name
        if path.is_symlink():
            raise OSError(errno.ELOOP, name)
        return os.open(path, _FLAGS)
    place = os.open(folder, _FLAGS | os.O_DIRECTORY)
    try:
        return os.open(name, _FLAGS, dir_fd=place)
    finally:
        os.close(place)


def read_own(folder: Path, name: str) -> bytes:
    """Return the content of a file that stands in a folder itself, as `open_own` opens it."""
    with open_own(folder, name) as file:
        return file.read()


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
    for mark, *_rest in (RUN_MARKS, FRONTIER_MARKS, ALTERNATIVES_MARKS):
        path = folder / mark
        if path.is_file():
            return path.stat().st_mtime_ns
    return None
