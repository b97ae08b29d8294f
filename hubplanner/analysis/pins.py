"""A problem with one site's hub forced in or out, and plans of it as plans of the problem itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.problem import SiteStatus, evaluate
from hubplanner.solver import solve_problem

if TYPE_CHECKING:
    from hubplanner.models import Objective
    from hubplanner.problem import Evaluation, Problem, Solution
    from hubplanner.solver import SolverOptions


def solve_pinned(  # noqa: PLR0913 - a question, a pin, and what is known
    problem: Problem, objective: Objective, site: int, options: SolverOptions, *, inside: bool, start: Solution
) -> tuple[Solution, Evaluation | None]:
    """Solve with a new hub forced in at a site, or forbidden there; also return the plan in the problem's own options.

    Where people are assigned to hubs the figures are those of the best assignment found for the pinned problem.
    """
    if inside:
        status = np.where(np.arange(problem.n_sites) == site, int(SiteStatus.REQUIRED), problem.site_status)
        pinned, keep = replace(problem, site_status=status), np.arange(problem.n_options)
    else:
        keep = np.flatnonzero(problem.option_site != site)
        pinned = _without(problem, site, keep)
    found = solve_problem(pinned, objective, options, start=start if inside else None)
    if found.evaluation is None:
        return found, None
    own = replace(found.evaluation, options=keep[found.evaluation.options])
    if not own.is_assigned:
        own = evaluate(problem, np.repeat(own.options, own.counts))
    return found, own


def _without(problem: Problem, site: int, keep: np.ndarray[tuple[int, ...], np.dtype[np.intp]]) -> Problem:
    status = np.where(np.arange(problem.n_sites) == site, int(SiteStatus.EXCLUDED), problem.site_status)
    return replace(
        problem,
        site_status=status,
        option_site=problem.option_site[keep],
        option_tier=problem.option_tier[keep],
        option_cost=problem.option_cost[keep],
        upgrade=None if problem.upgrade is None else problem.upgrade[keep],
    )
