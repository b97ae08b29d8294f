"""Files of places in a zip archive: unpacked beside nothing else, then read as what they are."""

from __future__ import annotations

import gzip
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from hubplanner.errors import DataError, Fault
from hubplanner.formats.table_formats import format_of
from hubplanner.translation import gettext as _, joined, with_advice

MOST_BYTES = 8_000_000_000
"""Of all that is unpacked."""
MOST_FILES = 10_000
_SHOWN = 5
_CHUNK = 1 << 20
_GEODATABASE = ".gdb"


@contextmanager
def unpacked(path: Path, kinds: Sequence[str], member: str | None) -> Iterator[Path]:
    """Yield the one file of places in an archive, unpacked with those beside it; it is gone afterwards.

    Parameters
    ----------
    path
        The archive, .zip or .kmz.
    kinds
        Endings of files that are read, and ``.gdb``.
    member
        Name of one of several.

    Raises
    ------
    DataError
        Where the archive is damaged, too large, locked, or holds none or several such files.
    """
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory(prefix="hubplanner-") as folder:
            parts = [part for part in archive.infolist() if not part.is_dir() and not _is_hidden(part.filename)]
            if len(parts) > MOST_FILES or sum(part.file_size for part in parts) > MOST_BYTES:
                allowed = _(
                    "at most {most_files:,} files and {most_bytes:,} bytes unpacked; unpack it first",
                    most_files=MOST_FILES,
                    most_bytes=MOST_BYTES,
                )
                raise DataError(Fault(file=path.name, allowed=allowed))
            chosen = _chosen(path, [part.filename for part in parts], kinds, member)
            is_folder = chosen.lower().endswith(_GEODATABASE)
            beside = f"{chosen}/" if is_folder else f"{PurePosixPath(chosen).with_suffix('')}."
            place = Path(folder) / PurePosixPath(chosen).name
            if is_folder:
                place.mkdir()
            for part in parts:
                if part.filename.startswith(beside):
                    name = PurePosixPath(part.filename).name
                    target = place / name if is_folder else place.with_name(name)
                    with archive.open(part) as source, target.open("xb") as file:
                        shutil.copyfileobj(source, file)
            yield place
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, FileExistsError) as error:
        what = str(error).partition("\n")[0][:80]
        cut = _("it may be cut short: fetch it again") if isinstance(error, zipfile.BadZipFile | EOFError) else ""
        raise DataError(
            Fault(file=path.name, allowed=with_advice(_("cannot be unpacked: {what}", what=what), cut))
        ) from error


@contextmanager
def gunzipped(path: Path, most: int = MOST_BYTES) -> Iterator[Path]:
    """Yield the file that gzip packed, called as it is without .gz; it is gone afterwards.

    Parameters
    ----------
    path
        The packed file.
    most
        Bytes that are unpacked.

    Raises
    ------
    DataError
        Where it is damaged or too large.
    """
    left = most
    with tempfile.TemporaryDirectory(prefix="hubplanner-") as folder:
        place = Path(folder) / path.with_suffix("").name
        try:
            with gzip.open(path) as source, place.open("xb") as file:
                while data := source.read(_CHUNK):
                    left -= len(data)
                    if left < 0:
                        raise DataError(
                            Fault(
                                file=path.name,
                                allowed=_("at most {most_bytes:,} bytes unpacked", most_bytes=most),
                            )
                        )
                    file.write(data)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            cut = _("it may be cut short: fetch it again") if isinstance(error, EOFError) else ""
            raise DataError(
                Fault(file=path.name, allowed=with_advice(_("cannot be unpacked: {error}", error=error), cut))
            ) from error
        yield place


def _is_hidden(name: str) -> bool:
    """Tell whether a name is of what systems add to archives of their own."""
    return name.startswith("__MACOSX/") or PurePosixPath(name).name.startswith(".")


def _chosen(path: Path, names: Sequence[str], kinds: Sequence[str], member: str | None) -> str:
    """Return the file, or folder of a geodatabase, that is meant."""
    found = [name for name in names if PurePosixPath(name).suffix.lower() in kinds]
    folders = {
        str(folder) for name in names for folder in PurePosixPath(name).parents if folder.suffix.lower() == _GEODATABASE
    }
    found = [
        *(name for name in found if not any(name.startswith(f"{folder}/") for folder in folders)),
        *sorted(folders),
    ]
    if len(found) == 1:
        return found[0]
    named = [name for name in found if member in {name, PurePosixPath(name).name, PurePosixPath(name).stem}]
    if len(named) == 1:
        return named[0]
    if not found:
        held = sorted(PurePosixPath(name).name for name in names)
        shown = f"{', '.join(held[:_SHOWN])}{', ...' if len(held) > _SHOWN else ''}" or "nothing"
        allowed = _("holds no file ending in one of {kinds}, but {shown}", kinds=joined(kinds, ", "), shown=shown)
        if any(format_of(name).kind in {"table", "raster"} or format_of(name).folder for name in names):
            way = _("tables and rasters are not read out of an archive: unpack it and name the file itself")
            allowed = with_advice(allowed, way)
        raise DataError(Fault(file=path.name, allowed=allowed))
    listed = ", ".join(sorted(found))
    allowed = (
        _("one of {listed}", listed=listed)
        if member
        else _("holds several files; set layer to one of {listed}", listed=listed)
    )
    raise DataError(Fault(file=path.name, column="layer", value=member, allowed=allowed, choices=tuple(sorted(found))))
