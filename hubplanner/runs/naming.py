"""A scenario to a run folder."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from hubplanner.folders import HASH_LENGTH, RUN_MARKS, RUNS
from hubplanner.inputs import Inputs, read_inputs
from hubplanner.io import ROOM, check_place, check_writable
from hubplanner.outputs.plan import Plan
from hubplanner.pipeline.solve import solve_inputs
from hubplanner.scenario import Scenario
from hubplanner.translation import gettext as _

log = logging.getLogger(__name__)

ROW = 2_000
"""Bytes that a row of demand or a site takes in all files of a result, about."""


def run_scenario(
    scenario: Scenario,
    folder: Path | None = None,
    *,
    runs: Path = RUNS,
    overwrite: bool = False,
    repair: bool = False,
) -> tuple[Plan, Path]:
    """Solve a scenario, write its run folder and return both.

    Parameters
    ----------
    folder
        Where to write; ``NAME-HASH`` in the folder of runs if left out, the same for the same question.
    runs
        The folder of runs.
    overwrite
        Whether anything else than an earlier, unchanged run that stands there goes; it is told before.
    repair
        Whether a scenario that allows no plan is mended, as `hubplanner.solve` does.
    """
    inputs, target = read_for(
        scenario, folder, RUN_MARKS, lambda known: default_folder(known, runs), overwrite=overwrite
    )
    plan = solve_inputs(inputs, repair=repair)
    log.info(_("write the files"), extra={"folder": str(target)})
    return plan, plan.write(target, overwrite=overwrite)


def read_for(
    scenario: Scenario,
    folder: Path | None,
    marks: Sequence[str],
    default: Callable[[Inputs], Path],
    *,
    overwrite: bool,
) -> tuple[Inputs, Path]:
    """Return a scenario's data and where the result will stand, which is looked at before the work.

    Parameters
    ----------
    folder
        Where to write, looked at before anything is read; what ``default`` says if left out.
    marks, overwrite
        As for `write_folder_atomically`.
    """
    keep = read_files(scenario)
    if folder is not None:
        check_place(folder, marks, overwrite=overwrite, keep=keep)
    log.info(_("read the data"))
    inputs = read_inputs(scenario).tell()
    rows = len(inputs.demand.frame) + len(inputs.sites.frame)
    target = (folder or default(inputs)).absolute()
    if folder is None:
        check_place(target, marks, overwrite=overwrite, keep=keep, room=ROOM + ROW * rows)
    else:
        check_writable(target, ROOM + ROW * rows)
    return inputs, target


def read_files(scenario: Scenario) -> list[str]:
    """Return the files that a scenario reads, its own among them."""
    named = (scenario.file, scenario.demand.path, scenario.sites.path, *scenario.travel.files)
    return [name for name in named if name]


def default_folder(inputs: Inputs, runs: Path = RUNS) -> Path:
    """Return ``runs/NAME-HASH``; the hash is of the resolved scenario, the inputs' contents and the version."""
    digest = question_digest(inputs.scenario, inputs.digests)
    return runs / f"{inputs.scenario.name}-{digest[:HASH_LENGTH]}"


def question_digest(scenario: Scenario, digests: Mapping[str, str]) -> str:
    """Return a SHA-256 of a resolved scenario, its inputs' contents and the version, wherever the files are."""
    question = scenario.model_dump(mode="json")
    for section in ("demand", "sites", "travel"):
        question[section].pop("path", None)
    for part in ("roads", "raster", "land_cover", "dem"):
        question["travel"].get(part, {}).pop("path", None)
    parts = [question, dict(digests), importlib.metadata.version("hubplanner")]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
