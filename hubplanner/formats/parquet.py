"""What a Parquet file says of itself."""

from __future__ import annotations

from pathlib import Path


def has_geometry(path: Path) -> bool:
    """Tell whether a Parquet file says where its rows are, as GeoParquet does; a plain table has columns alone.

    Raises
    ------
    OSError, ValueError
        Where it cannot be read.
    """
    from pyarrow.parquet import read_schema  # noqa: PLC0415 - optional

    return b"geo" in (read_schema(path).metadata or {})
