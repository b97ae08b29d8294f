"""The run folder: written aside, then moved into place, so that it appears whole or not at all."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from hubplanner.folders import FUTURES_FILE, RUN_MARKS, STABILITY_FILES
from hubplanner.io import write_folder_atomically, write_json
from hubplanner.outputs.formats.qgis import write_styles
from hubplanner.outputs.html.render import Extras, write_page
from hubplanner.outputs.map.draw import draw_map
from hubplanner.outputs.map.scene import MapScene, scene_of
from hubplanner.outputs.plan_data import PlanData
from hubplanner.outputs.run_data import Result
from hubplanner.outputs.stability import stability_frame
from hubplanner.outputs.summary import write_futures
from hubplanner.outputs.writers import DECIMALS, write_csv, write_geojson, write_geopackage
from hubplanner.scenario import dump_scenario
from hubplanner.translation import how_said

PACKAGES = ("hubplanner", "geopandas", "highspy", "numpy", "pulp", "pyproj", "scipy", "shapely")


@dataclass(frozen=True, kw_only=True, eq=False)
class RunContents:
    """What the files of a run folder are written from.

    Parameters
    ----------
    plan
        The plan.
    result
        The same run as files for other programs show it, with its figures and layers.
    base
        Folder that paths in the scenario are written from; None for full paths.
    """

    plan: PlanData
    result: Result
    base: Path | None

    @cached_property
    def scene(self) -> MapScene:
        """The map that the picture and the report draw."""
        return scene_of(self.plan)


def has_backhaul(run: RunContents) -> bool:
    """Tell whether hubs are to be connected."""
    return run.plan.inputs.links is not None


def follows_roads(run: RunContents) -> bool:
    """Tell whether people travel along roads."""
    return run.plan.follows_roads


def has_surveys(run: RunContents) -> bool:
    """Tell whether it is known what surveys drawn again make of the plan."""
    return run.plan.stability is not None


def _always(_: RunContents) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class RunFile:
    """A file of the run folder.

    Parameters
    ----------
    name
        What it is called.
    write
        Writes it to a path; None for the manifest, which `hubplanner.io` writes last as it holds the others' hashes.
    when
        Tells whether a run has it.
    """

    name: str
    write: Callable[[RunContents, Path], None] | None
    when: Callable[[RunContents], bool] = _always


def _geopackage(run: RunContents, path: Path) -> None:
    more = {"backhaul": run.plan.backhaul} if has_backhaul(run) else {}
    more |= {} if run.plan.areas is None else {"areas": run.plan.areas}
    more |= {"islands": run.plan.islands, "reach": run.plan.reach} if follows_roads(run) else {}
    write_geopackage(_layers(run.plan) | more, path)
    write_styles(run.plan, path)


def _places(plan: PlanData) -> gpd.GeoDataFrame:
    return plan.demand if plan.areas is None else plan.areas


def _begin(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return rows with the places where their lines begin, and for those where they end."""
    spots = [shapely.get_coordinates(shape)[[0, -1]] for shape in frame.geometry]
    begin, end = (np.array([pair[at] for pair in spots]).reshape(-1, 2) for at in (0, 1))
    ends = {f"to_{axis}": end[:, at].round(DECIMALS) for at, axis in enumerate(("lon", "lat"))}
    return frame.set_geometry(gpd.points_from_xy(*begin.T), crs=frame.crs).assign(**ends)


def _surveys(run: RunContents) -> dict[str, Any]:
    return dict(run.plan.stability or {})


def _scenario(run: RunContents, path: Path) -> None:
    path.write_text(dump_scenario(run.plan.inputs.scenario, run.base), encoding="utf-8")


RUN_FILES: tuple[RunFile, ...] = (
    RunFile(name="plan.json", write=lambda run, path: write_json(run.result.summary, path)),
    RunFile(name="hubs.geojson", write=lambda run, path: write_geojson(run.plan.hubs, path)),
    RunFile(name="demand.geojson", write=lambda run, path: write_geojson(_places(run.plan), path)),
    RunFile(name="links.geojson", write=lambda run, path: write_geojson(run.plan.links, path)),
    RunFile(
        name="backhaul.geojson",
        write=lambda run, path: write_geojson(run.plan.backhaul, path),
        when=has_backhaul,
    ),
    RunFile(name="plan.gpkg", write=_geopackage),
    RunFile(name="hubs.csv", write=lambda run, path: write_csv(run.plan.hubs, path)),
    RunFile(name="demand.csv", write=lambda run, path: write_csv(run.plan.demand, path)),
    RunFile(
        name="backhaul.csv",
        write=lambda run, path: write_csv(run.plan.backhaul, path, points=False),
        when=has_backhaul,
    ),
    RunFile(
        name="access.csv",
        write=lambda run, path: write_csv(run.plan.access, path),
        when=follows_roads,
    ),
    RunFile(
        name="islands.geojson",
        write=lambda run, path: write_geojson(run.plan.islands, path),
        when=follows_roads,
    ),
    RunFile(
        name="reach.geojson",
        write=lambda run, path: write_geojson(run.plan.reach, path),
        when=follows_roads,
    ),
    RunFile(
        name="gaps.csv",
        write=lambda run, path: write_csv(_begin(run.plan.closing), path),
        when=follows_roads,
    ),
    RunFile(
        name=FUTURES_FILE,
        write=lambda run, path: write_futures(run.result.summary["futures"]["each"], path),
        when=lambda run: "futures" in run.result.summary,
    ),
    RunFile(name="map.png", write=lambda run, path: draw_map(run.plan, run.scene, path)),
    RunFile(name=STABILITY_FILES[0], write=lambda run, path: write_json(_surveys(run), path), when=has_surveys),
    RunFile(
        name=STABILITY_FILES[1],
        write=lambda run, path: write_csv(stability_frame(run.plan.inputs, _surveys(run)), path),
        when=has_surveys,
    ),
    RunFile(
        name="report.html",
        write=lambda run, path: write_page(run.result, path, run.scene, Extras(stability=_surveys(run) or None)),
    ),
    RunFile(name="scenario.yaml", write=_scenario),
    RunFile(name="manifest.json", write=None),
)
"""Every file of a run folder, in the order in which they are written."""
FILES_OF_EVERY_RUN = tuple(each.name for each in RUN_FILES if each.when is _always)


def write_folder(plan: PlanData, folder: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write every file of a run; replace an earlier, unchanged run, and refuse to touch anything else unless asked."""
    target = Path(folder).absolute()
    return write_folder_atomically(
        target, lambda aside: _write_files(plan, aside, target), RUN_MARKS, overwrite=overwrite
    )


def _write_files(plan: PlanData, folder: Path, target: Path) -> dict[str, Any]:
    """Write all files but the manifest, and return what that tells."""
    made_by = manifest(plan)
    result = Result(
        name=target.name,
        summary=plan.summary(),
        scenario=plan.inputs.scenario,
        manifest=made_by,
        **_layers(plan),
        made=datetime.now(tz=UTC),
        backhaul=None if plan.inputs.links is None else plan.backhaul,
        areas=None if plan.areas is None else plan.areas.geometry.to_numpy(),
        map_layers=plan.inputs.map_layers,
        **({"reach": plan.reach, "islands": plan.islands} if plan.follows_roads else {}),
    )
    # Through a link, relative paths would lead elsewhere than from the folder itself.
    run = RunContents(plan=plan, result=result, base=None if target.is_symlink() else target)
    for each in RUN_FILES:
        if each.write is not None and each.when(run):
            each.write(run, folder / each.name)
    return made_by


def _layers(plan: PlanData) -> dict[str, gpd.GeoDataFrame]:
    return {"hubs": plan.hubs, "demand": plan.demand, "links": plan.links}


def manifest(plan: PlanData) -> dict[str, Any]:
    """Return what made the plan: versions, the inputs' SHA-256, and what each step of the solve did."""
    solution = plan.solution
    return {
        "versions": _versions() | {"python": platform.python_version()},
        "solver": {"name": solution.solver, "version": solution.version},
        "inputs": dict(plan.inputs.digests),
        "demand": {"rows": len(plan.inputs.demand.frame), "points": plan.inputs.n_points},
        "method": solution.method,
        "reductions": dict(solution.steps),
        "seconds": dict(solution.phases),
        "said": {warning.message: how_said(warning.message) for warning in plan.inputs.warnings},
    } | ({} if plan.mended is None else {"repair": dict(plan.mended)})


@cache
def _versions() -> dict[str, str]:
    """Return the versions of the packages that make a plan: to find them takes 20 ms, a small plan to write 250."""
    return {name: importlib.metadata.version(name) for name in PACKAGES}
