"""Covering everyone at the least cost, without other limits: reductions, one relaxation, searches near its bound."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array, vstack

from hubplanner.model import Question
from hubplanner.problem import Evaluation, Ints, Problem, evaluate, relative_gap
from hubplanner.problem.covering_instance import CoveringInstance, reduce_existing
from hubplanner.solver.covering.presolve import drop_dominated, drop_useless, prune
from hubplanner.solver.covering.strategy import first_of_equals
from hubplanner.solver.mip.tie_breaking import SMALL_OPTIONS
from hubplanner.solver.mip.warm_start import plans_of
from hubplanner.solver.options import SolverOptions
from hubplanner.solver.progress import ProgressBounds, progress_within, report_progress
from hubplanner.solver.set_cover.row_weights import exchanged
from hubplanner.solver.set_cover.search import SetCover
from hubplanner.solver.strategy import OPEN, Candidate, SolveContext
from hubplanner.tolerances import EXACT
from hubplanner.translation import gettext as _

NEAR, WIDER = 1e-3, 4.0
"""Margin of the first search above the relaxation's bound, relative to it, and how much wider the next is that finds no
plan."""
FIRST_NODES: int | None = 20
"""Nodes of a search before exchanges: where it has no end by then, they come first."""
STEPS, EXCHANGING = 20_000, 0.25
"""Exchanges in a row that find no better choice before they end, and their share of the time. Of 2,000 sites that cost
alike and 10,000 places, three seeds come from a greedy choice to 274 to 276 hubs in 4 to 5 s, with 5,000 to 284."""
ROUNDING = 1e-12
"""Relative gap that is the rounding of sums."""


class SetCoverStrategy:
    r"""Set covering.

    Rows that include all options of another, and options that a cheaper one replaces, go. Choices that cost more than a
    margin above the relaxation's bound are left to no search: with reduced cost :math:`r_o` one that has option o away
    from its end costs :math:`L + |r_o|` at least. The first search is near the bound; the second looks at all choices
    that may be better than what it found.
    """

    name = "set cover"

    def applies(self, question: Question, options: SolverOptions) -> str | None:
        """Return why it is the way to take."""
        objective, is_asked = question.objective, options.method == "auto" and options.name == "highs"
        is_alone = not objective.constraints and objective.budget is None and objective.max_hubs is None
        if not (is_asked and objective.covers_all and is_alone and _is_plain(question.instance.problem)):
            return None
        return "min_cost for all within pins alone"

    def run(self, question: Question, context: SolveContext) -> Candidate:
        """Return the plan that costs least."""
        problem, log = question.instance.problem, context.log
        if problem.rows.uncovered_need > 0:
            return Candidate(is_infeasible=True)
        with log.phase(_("reduce the problem")):
            instance = _reduced(question)
            cover = SetCover.of(_with_required(instance), instance.cost)
        log.steps.update(
            demand_points=problem.n_points,
            distinct_rows=len(problem.rows.need),
            model_rows=cover.cover.shape[0],
            options=problem.n_options,
            model_options=len(instance.option),
        )
        known = _known(problem, context)
        chosen, bound, version = _searched(problem, instance, cover, known, context)
        made = np.union1d(np.flatnonzero(problem.existing), instance.option[chosen])
        plan = min([*known, made], key=lambda options: math.fsum(problem.option_cost[options]))
        value, ties = math.fsum(problem.option_cost[plan]), OPEN
        if context.options.ties and context.options.gap == 0 and relative_gap(value, bound) <= EXACT:
            with log.phase(_("break ties")):
                first, ties = first_of_equals(question, evaluate(problem, plan), context)
                plan = first.options
        return Candidate(plans=(plan,), stated=(value,), bounds=(bound,), ties=ties, version=version)


def _is_plain(problem: Problem) -> bool:
    """Tell whether all there is to decide is where new hubs stand, whose larger tiers cover what smaller ones do."""
    stays = problem.keeps_existing and problem.backhaul is None and not problem.measures
    return stays and problem.rule.is_step and problem.mode_reach is None and problem.n_options > SMALL_OPTIONS


def _reduced(question: Question) -> CoveringInstance:
    """Return the instance that is left to decide: the rows with need, and options that no other replaces."""
    problem = question.instance.problem
    counted = np.flatnonzero(problem.rows.need > 0)
    rows = replace(problem.rows, need=problem.rows.need[counted], cover=csr_array(problem.rows.cover[counted]))
    return drop_dominated(drop_useless(reduce_existing(problem, rows), question.objective))


def _with_required(instance: CoveringInstance) -> csr_array:
    """Return the rows (r, o), and one for each site that must hold a hub, which its own options cover."""
    number, option = np.nonzero(instance.required[:, None] == instance.site)
    cells: Any = (np.ones(len(number), dtype=np.int8), (number, option))
    own: csr_array = csr_array(cells, shape=(len(instance.required), len(instance.option)))
    return csr_array(vstack([instance.cover, own], format="csr"))


def _known(problem: Problem, context: SolveContext) -> list[Ints]:
    """Return the options of the plan to start from, if it covers everyone: some may be replaced in the reductions."""
    start = context.warm_start
    plans: list[Evaluation] = []
    if start is not None and start.problem.n_options == problem.n_options:
        plans = plans_of(start)
    found = [plan.options for plan in plans if _covers_all(problem, plan.options)]
    if not found:
        context.leave_start("it does not cover everyone" if plans else "it belongs to another problem")
    return found


def _covers_all(problem: Problem, options: Ints) -> bool:
    """Tell whether a plan with all standing hubs and one at a site covers everyone and holds the required sites."""
    sites = problem.option_site[options]
    is_whole = np.isin(np.flatnonzero(problem.existing), options).all()
    has_sites = np.isin(problem.required_sites, sites).all() and len(np.unique(sites)) == len(sites)
    covered = np.asarray(problem.rows.cover[:, options].sum(axis=1)) > 0
    return bool(is_whole and has_sites and covered[problem.rows.need > 0].all())


def _searched(
    problem: Problem, instance: CoveringInstance, cover: SetCover, known: Sequence[Ints], context: SolveContext
) -> tuple[Ints, float, str]:
    """Return the best choice (k,), what all cost at least, and the solver's version; none dearer than known plans."""
    log, deadline, gap = context.log, context.deadline, context.options.gap
    cost = instance.cost
    inside = [np.flatnonzero(np.isin(instance.option, options)) for options in known]
    least_known = min((math.fsum(problem.option_cost[options]) for options in known), default=math.inf)
    with log.phase(_("solve the relaxation")):
        relaxation = cover.relaxation(context.limits(0.0))
        values = relaxation.open_ if relaxation.is_solved else np.zeros(len(cost))
        tried = [*(one for one in inside if cover.is_covered(one)), prune(instance, cover.rounded(values))]
    best = min(tried, key=lambda chosen: math.fsum(cost[chosen]))
    value, bound, version = min(math.fsum(cost[best]), least_known), relaxation.bound, ""
    margin, nodes, is_last = NEAR * value, FIRST_NODES, False
    report_progress("cost", value, bound)
    while relaxation.is_solved and value - bound > max(gap, ROUNDING) * value and not (is_last or deadline.is_past):
        enough = value - gap * value
        margin = min(margin, enough - relaxation.bound)
        left_out = relaxation.bound + margin
        far = ProgressBounds(sense=-1, left_out=left_out, bound=bound, value=value)
        with log.phase(_("solve with {solver}", solver=context.options.name)), progress_within(far):
            effort = replace(context.limits(gap * value), nodes=nodes)
            found, least, version = cover.within(relaxation, margin, enough, effort)
        bound = max(bound, min(least, value))
        ends = min(left_out, math.inf if found is None else math.fsum(cost[found]) - gap * value)
        is_open = nodes is not None and least < ends * (1 - EXACT)
        is_last = margin >= enough - relaxation.bound and not is_open
        if is_open:
            # A longer search would tell later than exchanges how far the best choice is.
            with log.phase(_("exchange hubs")):
                start, until = best if found is None else found, deadline.part(EXCHANGING)
                found = exchanged(cover.cover, cost, start, bound * (1 + gap), STEPS, until, context.options.seed)
            nodes = None
        if found is not None:
            trial = prune(instance, found)
            best = min(best, trial, key=lambda chosen: math.fsum(cost[chosen]))
            value = min(math.fsum(cost[best]), least_known)
        report_progress("cost", value, bound)
        margin = math.inf if found is not None else margin * WIDER
    return best, bound, version
