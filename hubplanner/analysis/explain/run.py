"""A run, or a plan, to the reasons for it."""

from __future__ import annotations

import logging
import os
import re
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from hubplanner.analysis.explain.explain import explain_plan
from hubplanner.analysis.explain.result import PlanExplanation
from hubplanner.analysis.requests import ExplainRequest, check_asked
from hubplanner.compatibility import Feature
from hubplanner.errors import DataError, Fault
from hubplanner.folders import EXPLANATION_MARKS, is_run
from hubplanner.inputs import Inputs, build_problem
from hubplanner.io import check_place
from hubplanner.outputs.plan import Plan
from hubplanner.pipeline.objective import objective_of
from hubplanner.pipeline.solve import options_of
from hubplanner.problem import Problem, SiteStatus
from hubplanner.runs.load import read_solution
from hubplanner.runs.read import scenario_of
from hubplanner.scenario.names import hint, key_of
from hubplanner.translation import gettext as _, with_advice

log = logging.getLogger(__name__)


def explain(
    run: Plan | str | os.PathLike[str],
    site: str | None = None,
    *,
    sites: int = ExplainRequest.sites,
    time_limit_s: float = ExplainRequest.time_limit_s,
) -> PlanExplanation:
    """Return what each hub of a plan adds, why each other site is out, and what each demand costs.

    Parameters
    ----------
    run
        A plan, or the folder of a run whose inputs are unchanged.
    site
        The id of the one site to explain; all sites if left out.
    sites, time_limit_s
        As in `ExplainRequest`.

    Raises
    ------
    DataError
        When the folder is no run, its inputs have changed, or there is no such site.
    ScenarioError
        When a hub stands at the site already.
    """
    if isinstance(run, Plan):
        inputs, solution = run.inputs, run.solution
    else:
        if is_run(Path(run)):  # reading it says so if not
            check_asked(scenario_of(Path(run)), Feature.EXPLANATIONS)
        log.info(_("read the run and its inputs"))
        inputs, solution = read_solution(Path(run))
    found = explain_plan(
        build_problem(inputs),
        objective_of(inputs),
        options_of(inputs.scenario),
        plan=solution,
        site=None if site is None else _number(inputs, site),
        sites=sites,
        time_limit_s=time_limit_s,
        lift=lambda at: _lifted(inputs, at),
    )
    return PlanExplanation(inputs=inputs, found=found)


def _number(inputs: Inputs, site: str) -> int:
    known = inputs.sites.frame["site_id"].tolist()
    at = {key_of(own): number for number, own in enumerate(known)}.get(key_of(site))
    if at is None:
        allowed = with_advice(_("the id of one of its {count:,} sites", count=len(known)), hint(site, known))
        raise DataError(Fault(file=inputs.scenario.sites.file_name, value=site, column="site", allowed=allowed))
    return at


def _lifted(inputs: Inputs, site: int) -> Problem | None:
    """Return the problem with a banned site free; None where demand was merged without it."""
    if inputs.merged is not None:
        return None
    tiers = [tier.name for tier in inputs.scenario.hubs]
    column = inputs.scenario.sites.tier
    only = str(inputs.sites.frame[column].iloc[site]) if column else ""
    status, allowed = inputs.sites.status.copy(), inputs.sites.allowed.copy()
    status[site] = SiteStatus.CANDIDATE
    allowed[site] = [name == only for name in tiers] if only in tiers else np.ones(len(tiers), dtype=np.bool_)
    return build_problem(replace(inputs, sites=replace(inputs.sites, status=status, allowed=allowed)))


def run_explain(
    run: Path, site: str | None, request: ExplainRequest, out: Path | None = None, *, overwrite: bool = False
) -> tuple[PlanExplanation, Path]:
    """Explain a run, write the folder and return both; the folder is checked first.

    Parameters
    ----------
    out
        Where to write; beside the run, as RUN-explanation or RUN-explanation-SITE, if left out.
    """
    where = run.absolute()
    tail = "" if site is None else "-" + re.sub(r"[^\w.-]", "_", site)
    target = out.absolute() if out else where.with_name(f"{where.name}-explanation{tail}")
    check_place(target, EXPLANATION_MARKS, overwrite=overwrite, keep=[where / "plan.json"])
    found = explain(where, site, **asdict(request))
    log.info(_("write the files"))
    return found, found.write(target, overwrite=overwrite)
