"""A project to start from, and what is installed: apart, so that help need not wait for these imports."""

from __future__ import annotations

import importlib.metadata
import platform
from importlib.resources import as_file, files
from pathlib import Path
from shutil import ignore_patterns
from typing import Any

from hubplanner.errors import ExistsError
from hubplanner.extras import EXTRAS, is_installed
from hubplanner.io import check_place, copy_folder_atomically
from hubplanner.outputs.run_folder import PACKAGES
from hubplanner.solver import found_solvers


def write_project(directory: Path) -> list[str]:
    """Copy the template into a new or empty folder and return the files' names.

    Raises
    ------
    ExistsError
        When the folder holds anything.
    UnwritableError
        When it cannot be made.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        what = "is not empty" if directory.is_dir() else "is a file"
        message = f"{directory}: {what}; name a new or empty folder, nothing was written"
        raise ExistsError(message)
    check_place(directory, ("scenario.yaml",))
    with as_file(files("hubplanner.cli") / "template") as template:
        copy_folder_atomically(template, directory, ignore_patterns("__pycache__"))
    return sorted(str(path.relative_to(directory)) for path in Path(directory).rglob("*") if path.is_file())


def examine() -> dict[str, dict[str, Any]]:
    """Return versions, solvers found and optional parts present."""
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {
        "versions": {"python": platform.python_version(), **versions},
        "solvers": dict.fromkeys(found_solvers(), "found"),
        "optional parts": {
            name: "present" if is_installed(name) else f"missing: pip install 'hubplanner[{name}]'" for name in EXTRAS
        },
    }
