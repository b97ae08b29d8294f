"""What is installed on this machine."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
from typing import Any

from hubplanner.report.folder import PACKAGES
from hubplanner.solver import found_solvers

EXTRAS = {
    "parquet": "pyarrow",
    "raster": "rasterio",
    "cluster": "distributed",
    "excel": "xlsxwriter",
    "docx": "docx",
    "web": "fastapi",
}
"""Optional parts and the module each needs."""


def examine() -> dict[str, dict[str, Any]]:
    """Return versions, solvers found and optional parts present."""
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {
        "versions": {"python": platform.python_version(), **versions},
        "solvers": dict.fromkeys(found_solvers(), "found"),
        "optional parts": {
            name: "present" if importlib.util.find_spec(module) else f"missing: pip install 'hubplanner[{name}]'"
            for name, module in EXTRAS.items()
        },
    }
