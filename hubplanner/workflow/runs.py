"""A scenario to a run folder."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from hubplanner.inputs import read_inputs
from hubplanner.report.folder import check_free
from hubplanner.workflow.pipeline import solve_inputs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hubplanner.inputs import Inputs
    from hubplanner.report import Plan
    from hubplanner.scenario import Scenario

log = logging.getLogger(__name__)

HASH_LENGTH = 10
RUNS = Path("runs")
"""The folder of runs, under the current one."""


def run_scenario(scenario: Scenario, folder: Path | None = None, *, runs: Path = RUNS) -> tuple[Plan, Path]:
    """Solve a scenario, write its run folder and return both.

    Parameters
    ----------
    folder
        Where to write; ``NAME-HASH`` in the folder of runs if left out, the same for the same question.
    runs
        The folder of runs.
    """
    log.info("read the data")
    inputs = read_inputs(scenario).tell()
    target = (folder or default_folder(inputs, runs)).absolute()
    check_free(target)  # before the work, not after it
    plan = solve_inputs(inputs)
    log.info("write the files", extra={"folder": str(target)})
    return plan, plan.write(target)


def default_folder(inputs: Inputs, runs: Path = RUNS) -> Path:
    """Return ``runs/NAME-HASH``; the hash is of the resolved scenario, the inputs' contents and the version."""
    digest = question_digest(inputs.scenario, inputs.digests)
    return runs / f"{inputs.scenario.name}-{digest[:HASH_LENGTH]}"


def question_digest(scenario: Scenario, digests: Mapping[str, str]) -> str:
    """Return a SHA-256 of a resolved scenario, its inputs' contents and the version, wherever the files are."""
    question = scenario.model_dump(mode="json")
    for section in ("demand", "sites", "travel"):
        question[section].pop("path", None)
    parts = [question, dict(digests), importlib.metadata.version("hubplanner")]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
