"""A scenario to its near-best plans."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hubplanner.analysis.alternatives.result import MARKS, AlternativePlans
from hubplanner.analysis.alternatives.search import find_alternatives
from hubplanner.errors import Fault, ScenarioError
from hubplanner.inputs import build_problem, read_inputs
from hubplanner.pipeline.objective import objective_of
from hubplanner.pipeline.solve import options_of
from hubplanner.runs.naming import RUNS, default_folder, read_for

if TYPE_CHECKING:
    from pathlib import Path

    from hubplanner.inputs import Inputs
    from hubplanner.scenario import Scenario

log = logging.getLogger(__name__)


def alternatives(
    scenario: Scenario, *, within: float = 0.02, differ: int = 5, count: int = 10, time_limit_s: float = 240.0
) -> AlternativePlans:
    """Return plans nearly as good as the best one, the most different first, and the class of every site.

    Parameters
    ----------
    within
        Share of the best value that a plan may be worse by.
    differ
        Sites with a new hub in one of two plans only: at least so many between any two.
    count
        Plans beside the best one.
    time_limit_s
        Seconds beside those of the best plan.
    """
    _check_certain(scenario)
    log.info("read the data")
    return _found(read_inputs(scenario).tell(), within=within, differ=differ, count=count, time_limit_s=time_limit_s)


def _check_certain(scenario: Scenario) -> None:
    if scenario.futures is not None:
        allowed = "not with alternatives; solve and score weigh futures"
        raise ScenarioError(Fault(file=scenario.name, column="futures", allowed=allowed, kind="scenario"))


def _found(inputs: Inputs, *, within: float, differ: int, count: int, time_limit_s: float) -> AlternativePlans:
    found = find_alternatives(
        build_problem(inputs),
        objective_of(inputs),
        options_of(inputs.scenario),
        within=within,
        differ=differ,
        count=count,
        time_limit_s=time_limit_s,
    )
    return AlternativePlans(inputs=inputs, found=found, differ=differ)


def run_alternatives(  # noqa: PLR0913 - one argument an option
    scenario: Scenario,
    folder: Path | None,
    *,
    within: float,
    differ: int,
    count: int,
    time_limit_s: float,
    runs: Path = RUNS,
    overwrite: bool = False,
) -> tuple[AlternativePlans, Path]:
    """Find a scenario's alternatives, write their folder and return both; the folder is checked first."""
    _check_certain(scenario)
    inputs, target = read_for(
        scenario, folder, MARKS, lambda known: _default_folder(default_folder(known, runs)), overwrite=overwrite
    )
    found = _found(inputs, within=within, differ=differ, count=count, time_limit_s=time_limit_s)
    return found, found.write(target, overwrite=overwrite)


def _default_folder(run: Path) -> Path:
    return run.with_name(f"{run.name}-alternatives")
