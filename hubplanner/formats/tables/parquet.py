"""What a Parquet file, or a folder of them, says of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hubplanner.translation import gettext as _

BUFFER = 1 << 20
"""Bytes of a column that are read at once."""
MAGIC = (b"PAR1", b"PARE")
"""What a Parquet file begins with, plain or with an encrypted footer."""


def parquet_dataset(path: Path) -> Any:
    """Return a Parquet file, or all those of a folder as one table, opened but not read.

    Folders within it may be named by a value, as ``province=Sindh``, which then is a column. Files come in the order of
    their names; what begins with a dot or an underscore is none of them.

    Raises
    ------
    OSError, ValueError
        Where it cannot be read, or the folder holds no such file, or anything else.
    """
    from pyarrow import dataset  # noqa: PLC0415 - optional

    held = _held(path) if path.is_dir() else {}
    others = [name for name, is_parquet in held.items() if not is_parquet]
    if len(others) == len(held) > 0:
        message = _("a folder without any; name a file in it, such as {name}", name=others[0])
        raise ValueError(message)
    if others:
        message = _(
            "{others} is none; leave nothing else in the folder, or begin its name with a dot or an underscore",
            others=others[0],
        )
        raise ValueError(message)
    if path.is_file() and _first(path) not in MAGIC:
        message = _("it does not start like one")
        raise ValueError(message)
    scan = dataset.ParquetFragmentScanOptions(use_buffered_stream=True, buffer_size=BUFFER)
    kind = dataset.ParquetFileFormat(default_fragment_scan_options=scan)
    found = dataset.dataset(path, format=kind, partitioning="hive" if path.is_dir() else None)
    if not found.files:
        message = _("a folder without any")
        raise ValueError(message)
    return found


def _held(folder: Path) -> dict[str, bool]:
    """Return the files in a folder with whether each is a Parquet file, by what it begins with."""
    inside = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    read = [path for path in inside if not any(part.startswith((".", "_")) for part in path.parts)]
    return {path.as_posix(): _first(folder / path) in MAGIC for path in read}


def _first(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


def has_geometry(path: Path) -> bool:
    """Tell whether a Parquet file says where its rows are, as GeoParquet does; a plain table has columns alone.

    Raises
    ------
    OSError, ValueError
        Where it cannot be read.
    """
    return b"geo" in (parquet_dataset(path).schema.metadata or {})
