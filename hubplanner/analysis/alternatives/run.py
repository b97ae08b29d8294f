"""A scenario to its near-best plans."""

from __future__ import annotations

import logging
from dataclasses import asdict
from functools import partial
from pathlib import Path

from hubplanner.analysis.alternatives.result import AlternativePlans
from hubplanner.analysis.alternatives.search import find_alternatives
from hubplanner.analysis.requests import AlternativesRequest, check_asked
from hubplanner.compatibility import Feature
from hubplanner.folders import ALTERNATIVES_MARKS, RUNS
from hubplanner.inputs import Inputs, build_problem, read_inputs
from hubplanner.pipeline.objective import objective_of
from hubplanner.pipeline.solve import infeasible, options_of
from hubplanner.runs.naming import default_folder, read_for
from hubplanner.scenario import Scenario
from hubplanner.translation import gettext as _

log = logging.getLogger(__name__)


def alternatives(
    scenario: Scenario,
    *,
    within: float = AlternativesRequest.within,
    differ: int = AlternativesRequest.differ,
    count: int = AlternativesRequest.count,
    time_limit_s: float = AlternativesRequest.time_limit_s,
) -> AlternativePlans:
    """Return plans nearly as good as the best one, the most different first, and the class of every site.

    Parameters
    ----------
    within, differ, count, time_limit_s
        As in `AlternativesRequest`.
    """
    check_asked(scenario, Feature.ALTERNATIVES)
    log.info(_("read the data"))
    request = AlternativesRequest(within=within, differ=differ, count=count, time_limit_s=time_limit_s)
    return _found(read_inputs(scenario).tell(), request)


def _found(inputs: Inputs, request: AlternativesRequest) -> AlternativePlans:
    found = find_alternatives(
        build_problem(inputs),
        objective_of(inputs),
        options_of(inputs.scenario),
        **asdict(request),
        refusal=partial(infeasible, inputs),
    )
    return AlternativePlans(inputs=inputs, found=found, differ=request.differ)


def run_alternatives(
    scenario: Scenario,
    request: AlternativesRequest,
    folder: Path | None = None,
    *,
    runs: Path = RUNS,
    overwrite: bool = False,
) -> tuple[AlternativePlans, Path]:
    """Find a scenario's alternatives, write their folder and return both; the folder is checked first."""
    check_asked(scenario, Feature.ALTERNATIVES)
    inputs, target = read_for(
        scenario,
        folder,
        ALTERNATIVES_MARKS,
        lambda known: _default_folder(default_folder(known, runs)),
        overwrite=overwrite,
    )
    found = _found(inputs, request)
    return found, found.write(target, overwrite=overwrite)


def _default_folder(run: Path) -> Path:
    return run.with_name(f"{run.name}-alternatives")
