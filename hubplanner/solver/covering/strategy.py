"""Maximal covering within budget and count alone: the case with the strongest reductions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from hubplanner.model import FixedLevel, MaxCoverage, Objective, Question, Year, goals_of
from hubplanner.problem import Evaluation, Ints, Problem, evaluate, relative_gap
from hubplanner.problem.covering_instance import CoveringInstance
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.cache import CachedPlans, CachedReduction, SolveCache
from hubplanner.solver.covering.benders import is_dense
from hubplanner.solver.covering.branch_and_bound import ROUNDING, Branching, branch, fewest_moves
from hubplanner.solver.covering.construction import exchanged, fitted, greedy, searched, swapped
from hubplanner.solver.covering.lp import Cuts
from hubplanner.solver.covering.presolve import merge_equal, merge_single, nearest, prune, reduction
from hubplanner.solver.covering.relaxation import CoveringRelaxation, solve_relaxation
from hubplanner.solver.covering.variable_fixing import RestrictedInstance, screen, settle, sharper
from hubplanner.solver.limits import limits, required_fit
from hubplanner.solver.mip.bounds.relaxation import Relaxation
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem
from hubplanner.solver.mip.tie_breaking import MOST_DISTANCES, SMALL_OPTIONS, told_apart
from hubplanner.solver.mip.warm_start import plans_of
from hubplanner.solver.options import SolverOptions
from hubplanner.solver.progress import ProgressBounds, progress_within, report_progress
from hubplanner.solver.run_log import RunLog
from hubplanner.solver.strategy import OPEN, Candidate, SolveContext
from hubplanner.tolerances import EXACT
from hubplanner.translation import N_, gettext as _

ALONE = "budget, max_hubs and pins alone"
"""Limits that reductions know."""


def is_plain(problem: Problem, objective: Objective) -> bool:
    """Tell whether a question is maximal covering with nothing but pins, a budget and a number of hubs."""
    return (
        objective.maximises_coverage
        and not objective.constraints
        and objective.fairness is None
        and problem.rule.backup == 1
        and problem.keeps_existing
        and problem.backhaul is None
        and not problem.measures
    )


class CoveringStrategy:
    """Maximal covering within budget, count and pins alone: reductions, screening and a search on what is left."""

    name = "core"

    def applies(self, question: Question, options: SolverOptions) -> str | None:
        """Return why it is the way to take."""
        if options.method == "plain" or not is_plain(question.instance.problem, question.objective):
            return None
        return "as asked" if options.method == "core" else f"{question.objective.name} within {ALONE}"

    def run(self, question: Question, context: SolveContext) -> Candidate:
        """Return the plan that covers most."""
        problem, objective = question.instance.problem, cast("MaxCoverage", question.objective)
        if not required_fit(problem, objective):
            return Candidate(is_infeasible=True)
        options, record = context.options, context.log
        asked = replace(options, gap=0.0) if problem.n_options <= SMALL_OPTIONS else options
        reduced = _reduced(problem, objective, record, context.cache)
        instance = reduced.instance
        with record.phase(_("find a first plan")):
            known = _known(problem, objective, context)
            start = _start(instance, objective, known)
        within = asked.until(context.deadline)
        answer = run(instance, objective, within, start, record, memory=context.cache, reach=context.target)
        # A cheaper tier that was dropped may do where others cover what it does not.
        every = np.flatnonzero(np.isin(reduced.useful.option, instance.option[answer.chosen]))
        chosen = prune(reduced.useful, every)
        if known:
            chosen = nearest(reduced.useful, chosen, np.flatnonzero(np.isin(reduced.useful.option, known[0].options)))
        stated, ties = reduced.useful.covered_need(chosen), OPEN
        is_proven = asked.gap == 0 and relative_gap(stated, max(answer.bound, stated)) <= EXACT
        breaks_ties = options.ties and not options.is_heuristic and is_proven
        # Of budget after budget each plan is near the last by `nearest` alone.
        if known and context.cache is None and not options.is_heuristic and not breaks_ties:
            with record.phase(_("keep hubs")):
                chosen = _kept(reduced.useful, objective, chosen, known[0].options, within.until(context.deadline))
        plan, stated = _full(problem, reduced.useful, chosen), reduced.useful.covered_need(chosen)
        if context.cache is not None:
            context.cache.note(evaluate(problem, plan), answer.line)
        if breaks_ties:
            with record.phase(_("break ties")):
                ranges = _ranges_of_equals(question, reduced.useful, chosen, within.until(context.deadline))
                first, ties = first_of_equals(question, evaluate(problem, plan), context, ranges)
                plan = first.options
        return Candidate(plans=(plan,), stated=(stated,), bounds=(answer.bound,), ties=ties, version=answer.version)


def _known(problem: Problem, objective: Objective, context: SolveContext) -> list[Evaluation]:
    """Return the plan to start from, if it is of the problem, and those of budgets just below and above."""
    start = context.warm_start
    own = start is not None and start.problem.n_options == problem.n_options
    if not own:
        context.leave_start("it belongs to another problem")
    money, _ = limits(objective)
    near = context.cache.near(money) if context.cache else []
    return [*(plans_of(start) if own and start is not None else []), *near]


def _start(instance: CoveringInstance, objective: MaxCoverage, plans: Sequence[Evaluation]) -> Ints:
    """Return the best of some plans made to fit the limits, or a greedy one where there are none."""
    chosen = [np.flatnonzero(np.isin(instance.option, plan.options)) for plan in plans]
    return max(
        [made for one in chosen if (made := fitted(instance, objective, one)) is not None]
        or [greedy(instance, objective)],
        key=instance.covered_need,
    )


def _kept(useful: CoveringInstance, objective: MaxCoverage, chosen: Ints, given: Ints, options: SolverOptions) -> Ints:
    """Return the plan, or one as good that is nearer to a given one, in positions of the instance.

    Parameters
    ----------
    chosen
        (k,) positions in the instance.
    given
        (l,) options of the problem.
    """
    if useful.cover.nnz > MOST_ENTRIES:
        return chosen
    rest, cuts = _left_of_equals(useful, objective, chosen, options)
    known = np.flatnonzero(np.isin(useful.option, given))
    return prune(useful, fewest_moves(useful, rest, cuts, chosen, known, options.effort(0.0, MOST_NODES)))


def _left_of_equals(
    useful: CoveringInstance, objective: MaxCoverage, chosen: Ints, options: SolverOptions
) -> tuple[RestrictedInstance, Cuts | None]:
    """Return what is left to decide among plans that cover as much as a choice, dominated options included, and cuts.

    Parameters
    ----------
    chosen
        (k,) positions in the instance.
    """
    instance, value = merge_single(merge_equal(useful)), useful.covered_need(chosen)
    found = solve_relaxation(instance, objective, options.effort(EXACT * max(value, 1.0)), chosen)
    # So much less than the value is its rounding.
    least, effort = value - EXACT * max(value, 1.0), options.effort(0.0)
    sharp = sharper(instance, objective, found.relaxation, found.cuts, found.relaxation.bound - least, effort)
    rest = _rest(instance, objective, replace(found, relaxation=sharp), sharp.bound - least)
    return rest, None if found.cuts is None else rest.carried(found.cuts)


def _ranges_of_equals(
    question: Question, useful: CoveringInstance, chosen: Ints, options: SolverOptions
) -> tuple[Ints, Ints] | None:
    """Return the fewest and most hubs (1, o) of each option in plans that cover as much; None for large questions."""
    whole, objective = question.instance, cast("MaxCoverage", question.objective)
    if whole.problem.n_points * whole.problem.n_sites > MOST_DISTANCES:
        return None
    rest, _cuts = _left_of_equals(useful, objective, chosen, options)
    least, most = np.atleast_2d(whole.least).copy(), np.atleast_2d(whole.most).copy()
    most[:, np.delete(useful.option, np.union1d(rest.free, rest.built))] = 0
    least[:, useful.option[rest.built]] = 1
    return least, most


def first_of_equals(
    question: Question, plan: Evaluation, context: SolveContext, ranges: tuple[Ints, Ints] | None = None
) -> tuple[Evaluation, str]:
    """Return the plan that comes first among all with the same figure of the goal, and how sure that is.

    Parameters
    ----------
    ranges
        Fewest and most hubs (1, o) of each option in such plans, as far as known.
    """
    goal, year = goals_of(question.objective)[0], Year(question.problems[0], plan)
    opened = np.zeros((1, year.problem.n_options), dtype=np.intp)
    opened[0, plan.options] = plan.counts
    how = context.options
    task = Subproblem(question=question, goal=None, options=how, deadline=context.deadline, ranges=ranges)
    value = goal.value((year,))
    known = Incumbent(years=(year,), opened=opened, value=value, bound=value)
    found, ties = told_apart(
        task, known, goal, (FixedLevel(goal=goal, value=value),), context.log.work, listing=LISTING if ranges else 1.0
    )
    return found.years[-1].plan, ties


def _reduced(
    problem: Problem, objective: Objective, record: RunLog, memory: SolveCache | None = None
) -> CachedReduction:
    """Return the instance that is left to decide."""
    with record.phase(_("reduce the problem")):
        made = reduction(problem, objective, memory)
        instance = made.instance
    record.steps.update(
        demand_points=problem.n_points,
        distinct_rows=len(problem.rows.need),
        model_rows=len(instance.need),
        options=problem.n_options,
        dominated_options=len(made.useful.option) - len(instance.option),
        model_options=len(instance.option),
    )
    return made


def _full(problem: Problem, instance: CoveringInstance, chosen: Ints) -> Ints:
    """Return the chosen and the existing options as indices of the full problem."""
    return np.union1d(np.flatnonzero(problem.existing), instance.option[chosen])


UNUSED = N_("not needed")
"""Stands for the version of a solver that was not called, since the relaxation alone closed the gap."""
FEW, WIDE, FEWEST = 0.7, 3.0, 50
"""Undecided options of the first MIP, and of the relaxation whose reduced costs say which they are: so many for each
that the relaxation uses, and at least. Of 2,000 customers with 12 in reach twenty take 11.6 s in all, 13.1 with 0.65
and 2.2, 11.9 with 0.85 and 2.6, 15.5 with the reduced costs of a corner."""
KICKED, MORE_KICKS = 2.5, 6.0
"""Options among which hubs are kicked, for each that the relaxation uses, and how many times as many kicks as usual. Of
50,000 places about 40 towns, 2,000 sites and 30 hubs, plans cover 1,069,500 after 2.7 s, among 1.5 options for each
1,068,700; with as many kicks as usual 1,064,800. Of 50,000 places anywhere and 1,000 sites 2,181,100, not 2,170,700."""
USED = 1e-3
"""Value from which the relaxation uses an option: an interior point leaves a little in all of them."""
NEARLY = 1 - 1e-6
"""Part of the asked gap by which plans that are left out may be better than the best one met."""
EXCHANGING = 0.25
"""Share of the time that exchanges may take before the relaxation, whose bound and cuts are worth more."""
MOST_MORE = 5
"""Searches for a plan that reaches what is of interest: each better plan leaves less slack."""
LISTING = 0.25
"""Share of the work of telling equal plans apart that listing them may take, before they are to be the cheapest and the
nearest: of the example of travel over land, with more than sixty, listing took all of it."""
MOST_ENTRIES, MOST_NODES = 200_000, 100
"""Entries of rows up to which the plan nearest to a given one is looked for among those as good, and nodes for it."""


@dataclass(frozen=True, kw_only=True)
class CoveringResult:
    """The best choice found on an instance, and what is proven of all others.

    Parameters
    ----------
    chosen
        (k,) positions of the options to build.
    bound
        No choice covers more need, the settled part included.
    version
        The solver's version.
    line
        The relaxation's bound for other budgets; None without a budget.
    """

    chosen: Ints
    bound: float
    version: str
    line: CachedPlans | None = None


def run(  # noqa: PLR0913 - a question, how to solve it, and what is known
    instance: CoveringInstance,
    objective: MaxCoverage,
    options: SolverOptions,
    start: Ints,
    record: RunLog,
    *,
    memory: SolveCache | None = None,
    reach: float | None = None,
) -> CoveringResult:
    """Improve a start until the gap is closed or the time is up.

    The first MIP is confined to plans near the relaxation's bound, mostly the best one among them. Unless the gap is
    closed by it, a second MIP takes all those that might still be better.

    Parameters
    ----------
    memory
        What solves under other budgets left.
    reach
        Covered need that is of interest: the search ends as soon as a plan has it, or none can.
    """
    deadline, dense = options.deadline, is_dense(instance.cover)

    def slack(value: float) -> float:
        if reach is not None and value >= reach:
            return math.inf
        asked = options.gap * value if reach is None else max((reach - value) * NEARLY, 0.0)
        return max(asked, instance.least_gain, ROUNDING * value)

    if dense:
        start = swapped(instance, objective, start, deadline.part(EXCHANGING))
    with record.phase(_("solve the relaxation")):
        effort = options.until(deadline).effort(slack(instance.covered_need(start)))
        found = solve_relaxation(instance, objective, effort, start, memory, slack)
    cuts = 0 if found.cuts is None else len(found.cuts.limit)
    record.steps.update(relaxation_options=found.columns, cuts=cuts)
    start = found.plan
    bound = instance.most_within(min(found.relaxation.bound, instance.most_need))
    # Where a proof to the last is asked, the solver is asked in any case, and finds what exchanges would.
    value = instance.covered_need(start)
    is_open = (options.gap > 0 or reach is not None) and bound - value > slack(value)
    if found.search is None and (is_open or options.is_heuristic):
        with record.phase(_("exchange hubs")):
            start = exchanged(instance, objective, start, np.abs(found.relaxation.reduced), deadline)
    elif found.search is not None and not found.search.is_closed:
        with record.phase(_("exchange hubs")):
            enough, within = reach or bound / (1 + options.gap), options.until(deadline)
            start = _kicked(instance, objective, found.relaxation, start, enough, within)
        found.search.begin_at(start)
    best = CoveringResult(chosen=start, bound=bound, version=UNUSED, line=found.line)
    report_progress("covered need", instance.covered_need(best.chosen), best.bound)
    if options.is_heuristic:
        return best
    if found.search is not None and options.name == "highs":
        with record.phase(_("branch and cut")):
            search = found.search
            search.run(lambda value, bound: report_progress("covered need", value, bound))
        record.steps.update(nodes=search.nodes)
        bound = max(min(best.bound, search.bound), search.value)
        return replace(best, chosen=search.best, bound=bound, version=search.program.handle.version())
    return _proven(instance, objective, found, best, slack, options.until(deadline), record, few=reach is None)


def _proven(  # noqa: PLR0913, PLR0917 - a question, what is known of it, and how to solve it
    instance: CoveringInstance,
    objective: MaxCoverage,
    found: CoveringRelaxation,
    best: CoveringResult,
    slack: Callable[[float], float],
    options: SolverOptions,
    record: RunLog,
    *,
    few: bool,
) -> CoveringResult:
    """Return the best plan that MIPs find among those the relaxation leaves open, and what is proven of all.

    Parameters
    ----------
    slack
        Returns by how much of need a plan is to beat a value to be of interest.
    few
        Whether the first MIP is confined to plans near the bound.
    """
    looked, deadline = 0.0, options.deadline
    for _round in range(2 if few else MOST_MORE):
        value = instance.covered_need(best.chosen)
        effort = options.until(deadline).effort(slack(value))
        if best.bound - value <= effort.gap or deadline.is_past:
            break
        with record.phase(_("solve with {solver}", solver=options.name)):
            margin = found.relaxation.bound - value - effort.gap * NEARLY
            if looked < margin:
                # A little more, so that options there are not at the margin itself.
                looked = (min(margin, _nearest(found.relaxation, WIDE)) if few else margin) / NEARLY
                sharp = sharper(instance, objective, found.relaxation, found.cuts, looked, effort)
                found = replace(found, relaxation=sharp)
            if few:
                margin = min(margin, _nearest(found.relaxation, FEW))
            rest = _rest(instance, objective, found, margin)
            record.steps.update(options_left=len(rest.free), rows_left=len(rest.instance.need))
            with progress_within(ProgressBounds(sense=1, left_out=rest.left_out, bound=best.bound, value=value)):
                best = _search(instance, rest, found.cuts, best, effort)
        few = False
        report_progress("covered need", instance.covered_need(best.chosen), best.bound)
    return best


def _nearest(relaxation: Relaxation, times: float) -> float:
    """Return the margin that leaves so many options undecided for each that the relaxation uses, or a few."""
    used = int(np.count_nonzero(relaxation.open_ > USED))
    away = np.sort(np.abs(relaxation.reduced))
    return float(away[min(max(int(times * used), FEWEST), len(away)) - 1]) if len(away) else 0.0


def _kicked(  # noqa: PLR0913, PLR0917 - a question, what is known of it, and how far to go
    instance: CoveringInstance,
    objective: MaxCoverage,
    relaxation: Relaxation,
    start: Ints,
    enough: float,
    options: SolverOptions,
) -> Ints:
    """Return a plan, or a better one that kicks find; unless it is good enough, among what the relaxation nearly uses.

    Where a proof to the last is asked, plans below it are the search's.
    """
    deadline = options.deadline
    start = searched(instance, objective, start, deadline.part(EXCHANGING), options.seed)
    value = instance.covered_need(start)
    if value >= enough or not options.gap:
        return start
    away, used = np.abs(relaxation.reduced), int(np.count_nonzero(relaxation.open_ > USED))
    keep = away <= np.sort(away)[min(int(KICKED * used), len(away) - 1)]
    keep |= np.isin(instance.site, instance.required)
    keep[start] = True
    kept, smaller = np.flatnonzero(keep), instance.keep_options(keep)
    known, within = np.flatnonzero(np.isin(kept, start)), deadline.part(EXCHANGING)
    aim = enough - instance.base
    found = kept[searched(smaller, objective, known, within, options.seed, times=MORE_KICKS, enough=aim)]
    return found if instance.covered_need(found) > value else start


def _rest(
    instance: CoveringInstance, objective: MaxCoverage, known: CoveringRelaxation, margin: float
) -> RestrictedInstance:
    """Return what is left to decide among the plans within a margin of the relaxation's bound."""
    return settle(instance, objective, screen(instance, known.relaxation, margin))


def _search(
    instance: CoveringInstance, rest: RestrictedInstance, cuts: Cuts | None, best: CoveringResult, effort: SearchLimits
) -> CoveringResult:
    """Return the better of the best choice so far and the best that is left."""
    if not rest.is_possible:
        bound = max(instance.most_within(rest.left_out), instance.covered_need(best.chosen))
        return replace(best, bound=min(best.bound, bound))
    carried = None if cuts is None else rest.carried(cuts)
    start = np.isin(rest.free, best.chosen)
    found = branch(Branching(instance=rest.instance, objective=rest.objective, cuts=carried), start, effort)
    trial = np.union1d(rest.built, rest.free[found.chosen])
    # Without a choice of its own, the settled options may still lack what the limits demand.
    better = found.has_plan and instance.covered_need(trial) > instance.covered_need(best.chosen)
    chosen = trial if better else best.chosen
    bound = max(instance.most_within(max(found.bound, rest.left_out)), instance.covered_need(chosen))
    return replace(best, chosen=chosen, bound=min(best.bound, bound), version=found.version)
