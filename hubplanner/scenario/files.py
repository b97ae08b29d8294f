"""The files that a scenario names, with those beside them that decide what is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from hubplanner.scenario.scenario import Scenario

PARTS = (".shx", ".dbf", ".prj", ".cpg")
"""Of a Shapefile, beside its .shp; other formats are one file, and others' files beside them are not read."""


def input_files(scenario: Scenario) -> dict[str, Path]:
    """Return the files that a scenario reads by short names: as much of the end of each path as tells it from others.

    Those that are not there are among them, but for parts that a file may do without.
    """
    named = (scenario.demand.path, scenario.sites.path, scenario.travel.path)
    paths = sorted({path for name in named if name for path in (Path(name), *_beside(Path(name)))})
    return {_short(path, paths): path for path in paths}


def _beside(path: Path) -> list[Path]:
    if path.suffix.lower() != ".shp" or not path.parent.is_dir():
        return []
    wanted = {f"{path.stem}{part}".lower() for part in PARTS}
    return [other for other in path.parent.iterdir() if other.name.lower() in wanted and other.is_file()]


def _short(path: Path, paths: Collection[Path]) -> str:
    for length in range(1, len(path.parts) + 1):
        end = path.parts[-length:]
        if sum(other.parts[-length:] == end for other in paths) == 1:
            break
    return "/".join(end)
