"""What a Parquet file, or a folder of them, says of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

BUFFER = 1 << 20
"""Bytes of a column that are read at once."""


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

    scan = dataset.ParquetFragmentScanOptions(use_buffered_stream=True, buffer_size=BUFFER)
    kind = dataset.ParquetFileFormat(default_fragment_scan_options=scan)
    found = dataset.dataset(path, format=kind, partitioning="hive" if path.is_dir() else None)
    if not found.files:
        message = "a folder without any"
        raise ValueError(message)
    return found


def has_geometry(path: Path) -> bool:
    """Tell whether a Parquet file says where its rows are, as GeoParquet does; a plain table has columns alone.

    Raises
    ------
    OSError, ValueError
        Where it cannot be read.
    """
    return b"geo" in (parquet_dataset(path).schema.metadata or {})
