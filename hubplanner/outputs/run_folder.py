"""The run folder: written aside, then moved into place, so that it appears whole or not at all."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hubplanner.io import write_folder_atomically
from hubplanner.outputs.formats.qgis import write_styles
from hubplanner.outputs.html.render import write_page
from hubplanner.outputs.map.draw import draw_map
from hubplanner.outputs.run_data import Result
from hubplanner.outputs.summary import FUTURES_FILE, write_futures
from hubplanner.outputs.writers import write_csv, write_geojson, write_geopackage
from hubplanner.scenario import dump_scenario

if TYPE_CHECKING:
    import os

    from hubplanner.outputs.plan_data import PlanData

RUN_MARKS = ("plan.json", "manifest.json")
"""Files that tell an earlier run from a folder with something else in it."""
PACKAGES = ("hubplanner", "geopandas", "highspy", "numpy", "pulp", "pyproj", "scipy", "shapely")


RUN_FILES = (
    *("plan.json", "hubs.geojson", "demand.geojson", "links.geojson", "plan.gpkg", "hubs.csv", "demand.csv"),
    *("map.png", "report.html", "scenario.yaml", "manifest.json"),
)
"""Every file of a run folder."""


def write_folder(plan: PlanData, folder: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write every file of a run; replace an earlier, unchanged run, and refuse to touch anything else unless asked."""
    target = Path(folder).absolute()
    return write_folder_atomically(
        target, lambda aside: _write_files(plan, aside, target), RUN_MARKS, overwrite=overwrite
    )


def is_run(folder: Path) -> bool:
    """Tell whether a folder holds a run."""
    return all((folder / mark).is_file() for mark in RUN_MARKS)


def _write_files(plan: PlanData, folder: Path, target: Path) -> dict[str, Any]:
    """Write all files but the manifest, and return what that tells."""
    layers = {"hubs": plan.hubs, "demand": plan.demand, "links": plan.links}
    for name, frame in layers.items():
        write_geojson(frame, folder / f"{name}.geojson")
    write_geopackage(layers, folder / "plan.gpkg")
    write_styles(plan, folder / "plan.gpkg")
    write_csv(plan.hubs, folder / "hubs.csv")
    write_csv(plan.demand, folder / "demand.csv")
    draw_map(plan, folder / "map.png")
    # Through a link, relative paths would lead elsewhere than from the folder itself.
    base = None if target.is_symlink() else target
    (folder / "scenario.yaml").write_text(dump_scenario(plan.inputs.scenario, base), encoding="utf-8")
    summary = plan.summary()
    _write_json(summary, folder / "plan.json")
    if "futures" in summary:
        write_futures(summary["futures"]["each"], folder / FUTURES_FILE)
    made_by, made = manifest(plan), datetime.now(tz=UTC)
    scenario, name = plan.inputs.scenario, target.name
    result = Result(name=name, summary=summary, scenario=scenario, manifest=made_by, **layers, made=made)
    write_page(result, folder / "report.html")
    return made_by


def _write_json(tree: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(tree, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def manifest(plan: PlanData) -> dict[str, Any]:
    """Return what made the plan: versions, the inputs' SHA-256, and what each step of the solve did."""
    solution = plan.solution
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {
        "versions": versions | {"python": platform.python_version()},
        "solver": {"name": solution.solver, "version": solution.version},
        "inputs": dict(plan.inputs.digests),
        "demand": {"rows": len(plan.inputs.demand.frame), "points": plan.inputs.n_points},
        "method": solution.method,
        "reductions": dict(solution.steps),
        "seconds": dict(solution.phases),
    }
