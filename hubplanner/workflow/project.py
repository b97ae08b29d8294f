"""A small working project to start from."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from shutil import ignore_patterns

from hubplanner.errors import ExistsError
from hubplanner.io import check_place, copy_folder_atomically


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
        message = f"{directory}: is not empty; name a new or empty folder, nothing was written"
        raise ExistsError(message)
    check_place(directory, ("scenario.yaml",))
    with as_file(files("hubplanner.workflow") / "template") as template:
        copy_folder_atomically(template, directory, ignore_patterns("__pycache__"))
    return sorted(str(path.relative_to(directory)) for path in Path(directory).rglob("*") if path.is_file())
