"""The files of a frontier, whole or not at all."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

from hubplanner.io import write_folder_atomically
from hubplanner.report.files import harmless, write_geojson
from hubplanner.report.frontier_frames import points_frame
from hubplanner.report.frontier_picture import draw_frontier
from hubplanner.scenario import dump_scenario

if TYPE_CHECKING:
    import os

    from hubplanner.report.frontier_result import Frontier

FRONTIER_MARKS = ("frontier.json", "frontier.csv")
"""Files that tell an earlier frontier from a folder with something else in it."""


def write_frontier(frontier: Frontier, folder: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write every file of a frontier; replace an earlier one, and refuse to touch anything else unless asked."""
    target = Path(folder).absolute()
    return write_folder_atomically(
        target, lambda aside: _write_files(frontier, aside, target), FRONTIER_MARKS, overwrite=overwrite
    )


def _write_files(frontier: Frontier, aside: Path, target: Path) -> None:
    tree = json.dumps(frontier.summary(), indent=1, ensure_ascii=False, allow_nan=False)
    (aside / "frontier.json").write_text(f"{tree}\n", encoding="utf-8")
    table = points_frame(frontier)
    for name in ("entering", "leaving"):
        table[name] = table[name].map(harmless)
    table.columns = [str(harmless(name)) for name in table.columns]
    path = aside / "frontier.csv"
    table.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
    write_geojson(frontier.hubs, aside / "frontier.geojson")
    draw_frontier(frontier, aside / "frontier.png")
    # Through a link, relative paths would lead elsewhere than from the folder itself.
    scenario = dump_scenario(frontier.inputs.scenario, None if target.is_symlink() else target)
    (aside / "scenario.yaml").write_text(scenario, encoding="utf-8")
