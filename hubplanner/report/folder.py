"""The run folder: written aside, then moved into place, so that it appears whole or not at all."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import re
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hubplanner.errors import ExistsError, UnwritableError
from hubplanner.report.files import write_csv, write_geojson, write_geopackage
from hubplanner.report.futures import FUTURES_FILE, write_futures
from hubplanner.report.page_render import write_page
from hubplanner.report.picture import draw_map
from hubplanner.report.qgis import write_styles
from hubplanner.report.result import Result
from hubplanner.scenario import dump_scenario

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from hubplanner.report.plan import Plan

_MARKS = ("plan.json", "manifest.json")
"""Files that tell an earlier run from a folder with something else in it."""
PACKAGES = ("hubplanner", "geopandas", "highspy", "numpy", "pulp", "pyproj", "scipy", "shapely")


RUN_FILES = (
    *("plan.json", "hubs.geojson", "demand.geojson", "links.geojson", "plan.gpkg", "hubs.csv", "demand.csv"),
    *("map.png", "report.html", "scenario.yaml", "manifest.json"),
)
"""Every file of a run folder."""


def write_folder(plan: Plan, folder: str | os.PathLike[str]) -> Path:
    """Write every file of a run; replace an earlier run, and refuse to touch anything else."""
    target = Path(folder).absolute()
    return write_whole(target, lambda aside: _write_files(plan, aside, target))


def write_whole(target: Path, write: Callable[[Path], None], marks: tuple[str, ...] = _MARKS) -> Path:
    """Write a folder aside, then move it into place; replace an earlier one that bears the marks, and nothing else.

    Raises
    ------
    ExistsError
        When the target holds something else.
    UnwritableError
        When the system refuses to write there.
    """
    check_free(target, marks)
    try:
        return _write_aside(write, target)
    except OSError as error:
        raise UnwritableError(target, error) from error


def is_run(folder: Path) -> bool:
    """Tell whether a folder holds a run."""
    return all((folder / mark).is_file() for mark in _MARKS)


def _write_aside(write: Callable[[Path], None], target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target, so that moving it into place is one rename.
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        write(aside)
        aside.chmod(0o755)
        _move(aside, target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return target


def check_free(target: Path, marks: tuple[str, ...] = _MARKS) -> None:
    """Raise when a path holds something that writing a folder with these marks there would lose."""
    for place in target.parents:
        if place.exists() and not place.is_dir():
            message = f"{target}: {place} is a file, not a folder; name another --out, nothing was written"
            raise ExistsError(message)
    if not target.exists():
        return
    if not target.is_dir() or (any(target.iterdir()) and not all((target / mark).is_file() for mark in marks)):
        message = f"{target}: holds something other than an earlier run; name another --out, nothing was written"
        raise ExistsError(message)


def _move(aside: Path, target: Path) -> None:
    """Put the finished folder in the target's place; the earlier run stays until then, and returns if that fails."""
    if not target.exists():
        aside.rename(target)
        return
    earlier = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    target.rename(earlier / "run")
    try:
        aside.rename(target)
    except BaseException:
        (earlier / "run").rename(target)
        raise
    finally:
        shutil.rmtree(earlier, ignore_errors=True)


def clear_aside(target: Path) -> None:
    """Remove what a writer that was killed left beside a folder, and put back an earlier run that it had moved."""
    for aside in target.parent.glob(".*"):
        if re.fullmatch(rf"\.{re.escape(target.name)}-[a-z0-9_]{{8}}", aside.name) and not aside.is_symlink():
            if not target.exists() and is_run(aside / "run"):
                (aside / "run").rename(target)
            shutil.rmtree(aside, ignore_errors=True)


def _write_files(plan: Plan, folder: Path, target: Path) -> None:
    layers = {"hubs": plan.hubs, "demand": plan.demand, "links": plan.links}
    for name, frame in layers.items():
        write_geojson(frame, folder / f"{name}.geojson")
    write_geopackage(layers, folder / "plan.gpkg")
    write_styles(plan, folder / "plan.gpkg")
    write_csv(plan.hubs, folder / "hubs.csv")
    write_csv(plan.demand, folder / "demand.csv")
    draw_map(plan, folder / "map.png")
    (folder / "scenario.yaml").write_text(dump_scenario(plan.inputs.scenario, target), encoding="utf-8")
    summary = plan.summary()
    _write_json(summary, folder / "plan.json")
    if "futures" in summary:
        write_futures(summary["futures"]["each"], folder / FUTURES_FILE)
    made_by, made = manifest(plan), datetime.now(tz=UTC)
    scenario, name = plan.inputs.scenario, target.name
    result = Result(name=name, summary=summary, scenario=scenario, manifest=made_by, **layers, made=made)
    write_page(result, folder / "report.html")
    _write_json(made_by | {"files": file_digests(folder)}, folder / "manifest.json")


def file_digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file in a folder, by name."""
    digests = {}
    for path in sorted(folder.iterdir()):
        with path.open("rb") as file:
            digests[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests


def _write_json(tree: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(tree, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def manifest(plan: Plan) -> dict[str, Any]:
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
