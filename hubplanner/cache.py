"""What takes long to make from files, kept on the disk between commands under a checksum of all that it was made of."""

from __future__ import annotations

import hashlib
import importlib.metadata
import logging
import os
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from hubplanner.errors import UnwritableError
from hubplanner.io import recover, sha256, write_atomically

log = logging.getLogger(__name__)

PLACE = "HUBPLANNER_CACHE"
"""Environment variable: the folder of the cache, or ``off``."""
OFF = "off"
MOST_BYTES = 2_000_000_000
"""Room that all entries take at most; those that were not used for longest go first."""
LIBRARIES = ("numpy", "scipy", "pandas", "geopandas", "shapely", "pyogrio", "pyproj")
_DAMAGED = (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)
_ENDING = ".npz"

Arrays = dict[str, np.ndarray[Any, Any]]
Part = np.ndarray[Any, Any] | Path | str | float | None
"""What a result is made of: arrays and words as they are, a file by its bytes."""


def cache_folder() -> Path | None:
    """Return where entries are kept, whether or not it is there yet; None where the cache is off."""
    place = os.environ.get(PLACE, "")
    if place == OFF:
        return None
    if place:
        return Path(place)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hubplanner"


def kept(kind: str, made_of: Iterable[Part], make: Callable[[], Arrays]) -> Arrays:
    """Return what was made of the same before, or make it and keep it.

    An entry is found by a checksum of all that it was made of, of this program's own text and of the versions of the
    libraries that it computes with, so that none is ever out of date. One that cannot be read whole is thrown away.

    Parameters
    ----------
    kind
        A word for what is made, which its file's name begins with.
    made_of
        Everything that the result follows from.
    make
        Makes the result: arrays of numbers by name.
    """
    folder = cache_folder()
    if folder is None:
        return make()
    place = folder / f"{kind}-{_checksum(kind, made_of)}{_ENDING}"
    found = _read(place)
    if found is None:
        found = make()
        _write(place, found)
    return found


def entries() -> list[Path]:
    """Return the files of the cache, those that were not used for longest first."""
    folder = cache_folder()
    found = list[tuple[int, Path]]()
    for path in [] if folder is None else folder.glob(f"*-*{_ENDING}"):
        with suppress(FileNotFoundError):  # another process threw it away
            found.append((path.stat().st_mtime_ns, path))
    return [path for _, path in sorted(found)]


def size_of(paths: Iterable[Path]) -> int:
    """Return the bytes that files take; one that is gone takes none."""
    total = 0
    for path in paths:
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def clear() -> tuple[int, int]:
    """Throw all entries away; return how many there were, and their bytes.

    Raises
    ------
    UnwritableError
        When the system refuses.
    """
    found = entries()
    size = size_of(found)
    for path in found:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise UnwritableError(path, error) from error
    return len(found), size


def _read(place: Path) -> Arrays | None:
    try:
        with place.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            # Reading a part checks its checksum.
            found = {name: file[name] for name in file.files}
        os.utime(place)  # the least recently used goes first
    except FileNotFoundError:
        return None
    except _DAMAGED:
        log.warning("%s: a damaged entry of the cache is thrown away and made again", place)
        with suppress(OSError):  # the new one takes its place, or says why it cannot
            place.unlink()
        return None
    return found


def _write(place: Path, arrays: Arrays) -> None:
    """Keep arrays, and throw away what there is no room for; where that cannot be, say so: all else can go on."""
    size = sum(array.nbytes for array in arrays.values())
    if size > MOST_BYTES:
        log.info("%s: not kept, since %s bytes are more than the cache holds", place.name, f"{size:,}")
        return
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        recover(place.parent)
        write_atomically(place, lambda path: _save(path, arrays))
    except OSError as error:
        log.warning("%s; set %s=%s to work without a cache", UnwritableError(place, error), PLACE, OFF)
        return
    found = entries()
    over = size_of(found) - MOST_BYTES
    for path in found:
        if over <= 0:
            break
        if path != place:
            with suppress(OSError):  # another process was first, or uses it
                over -= size_of([path])
                path.unlink()


def _save(path: Path, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def _checksum(kind: str, made_of: Iterable[Part]) -> str:
    digest = hashlib.sha256(f"{kind} {_program()}".encode())
    for part in made_of:
        if isinstance(part, np.ndarray):
            digest.update(f"\0array {part.dtype.str} {part.shape} ".encode())
            digest.update(np.ascontiguousarray(part).data.cast("B") if part.size else b"")
        elif isinstance(part, Path):
            digest.update(f"\0file {sha256(part)}".encode())
        else:
            digest.update(f"\0{type(part).__name__} {part!r}".encode())
    return digest.hexdigest()


@cache
def _program() -> str:
    """Return a checksum of this program and of the versions of what it computes with."""
    own, digest = Path(__file__).parent, hashlib.sha256()
    for path in sorted(own.rglob("*.py")):
        digest.update(f"{path.relative_to(own).as_posix()} ".encode() + path.read_bytes())
    for name in ("hubplanner", *LIBRARIES):
        digest.update(f"{name} {importlib.metadata.version(name)} ".encode())
    return digest.hexdigest()
