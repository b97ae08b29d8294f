"""One goal of a question to its best plan: relaxation, a search near its bound, then one over all that is left."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hubplanner.errors import SolverError
from hubplanner.model import Budget, Formulation, Year, broken_years
from hubplanner.model.constraints.budget import money_limit
from hubplanner.model.formulation import HOLDING
from hubplanner.model.goals import cost
from hubplanner.model.variables.backhaul import network_of
from hubplanner.problem import Ints
from hubplanner.solver.backends import DisagreementError, Outcome, Termination, adapter
from hubplanner.solver.backends.pulp import solve_without
from hubplanner.solver.mip.bounds.flow_cuts import ROUNDING, FlowProgram, serves_by_flow
from hubplanner.solver.mip.bounds.independent_sets import IndependentSets
from hubplanner.solver.mip.bounds.relaxation import (
    FIRST_DEPTH,
    Relaxation,
    area_bound,
    hub_ranges,
    relaxed,
    sharpened,
    within_margin,
)
from hubplanner.solver.mip.bounds.row_prices import PricedBound, is_priced, priced_bound
from hubplanner.solver.mip.bounds.upper_bound import LEAK, agreed_bound, cap_bound
from hubplanner.solver.mip.bounds.whole_columns import WholeColumns, has_columns
from hubplanner.solver.mip.heuristics.first_plan import EXCHANGING, first_plan, in_order, is_hard, plan_with
from hubplanner.solver.mip.heuristics.network_exchange import improved_network
from hubplanner.solver.mip.heuristics.network_greedy import network_plan
from hubplanner.solver.mip.heuristics.recentre import located_and_allocated
from hubplanner.solver.mip.heuristics.room_exchange import exchanged_rooms, flows_tell
from hubplanner.solver.mip.heuristics.whole_points import is_whole_median, shorter_ways
from hubplanner.solver.mip.reconstruct import UnservableError, opened_in, realise, whole
from hubplanner.solver.mip.subproblem import NOTHING, Incumbent, Subproblem, entries_of, program_of, sharpens, splits
from hubplanner.solver.progress import ProgressBounds, progress_within, report_progress, told_as
from hubplanner.tolerances import AGREEMENT

SCREENS = (6e-4, 5e-3)
"""Margins of the first searches below the relaxation's bound, relative to it: the next where one holds no plan."""
SHARP_SCREENS = (3e-4, 1.5e-3)
"""The same for a relaxation that inequalities sharpened: good plans lie nearer to it."""
COST_SCREENS = (7e-3,)
"""The same for the least cost, where they lie farther: covering all of 10,000 places from 2,000 sites, three seeds,
takes 6.2 s with it, 6.5 with 5e-3, 6.6 with 1e-2, 6.8 with the screens for cover."""
RELAXING = 0.75
"""Share of the time that the relaxation may take: exchanges may still find a plan, or a better one."""
SHARPENING = 0.8
"""Share of the time left, after exchanges, for inequalities that sharpen the relaxation of hubs apart."""
MANY_ENTRIES = 300_000
"""Pairs of demand and hubs from which searches take so long that exchanges come first."""
PRICED_ENTRIES = 50_000
"""Pairs of demand and hubs from which prices of rows come before a program for costs or ways; for cover from many. With
second hubs, where the worst group comes first, or where the relaxation lies far above the plan, exchanges come before
searches from so many."""
THOROUGH = (0.5, 20.0)
"""Share of the time for exchanges where searches hardly find a plan, and how many times as many as usual: of the worst
of 5 groups, 1,000 sites x 10,000 points, three draws, 0.8, 1.0 and 0.6 % is open after half a minute."""
AREA_ENTRIES = 20_000
"""Pairs of demand and hubs from which programs of areas come before a search where second hubs count."""
LEAST_PROGRESS, MORE_STEPS = 1e-3, 4
"""Relative gain of a plan of suggested hubs below which prices take more steps at once, so many times as many."""
FLOW_ENTRIES, FLOW_ROUNDS, WITHIN = 2_000, 50, 0.2
"""Pairs of demand and hubs from which cuts by flows come before a program of pairs, rounds of looking for plans and
cutting, and part of the gap to which the program over hubs is solved in each. To 1e-4: of 1,500 pairs both take 1.5 s,
of 4,400 over three years 0.5 s, not 1.8 % open after 4 s; of 6,800 0.4 % is open after 8 s, not 1.1."""
ROUNDED = 1e-6
"""Part of a hub from which a plan made of a relaxation may have it."""
FAR = 0.02
"""Relative distance of a plan from the bound, after exchanges, from which many more come before a search. After 40 s,
three tiers in five floors, 1,000 sites x 20,000 points, are 1.3 % open, without these 5.0; hubs two reaches apart 12,
not 18."""
ROUNDS = 3
"""Times that flows make a plan better, each from the best before: until it is close to its bound, or one finds none."""
COST_FAR, COST_LOOK = 0.05, 0.3
"""The same for the least cost, which searches find sooner, and part of the usual work by which that is told. Covering
0.8 of 20,000 points from 1,000 sites is left to searches, and takes 3.9 s, 3.7 without these; 0.9 of 20,000 in three
tiers is proven to 1 % in 43 s, 28 % open without."""
BUILDING_S, SERVING_S, LAYING_S = 1.5e-6, 3e-5, 7e-5
"""Seconds that a pair of demand and hub takes until a solver has it, and where people are assigned: measured 0.6e-6 to
1.5e-6 (3 tiers, second hubs, years) and 2.7e-5 to 2.9e-5 (facilities, 3 tiers with capacities); and that a line takes
one way: 5.6e-5 to 8.4e-5 (1,500 and 3,000 towns)."""
WHOLE_POINTS, IN_PARTS, PACKING = 150, 0.4, 0.3
"""Points from which those that are served whole are served in parts first, and the shares of the time for that and for
packing them. To 1 %, without and with it: cover of 1,000 and 5,000 points 21 s (1.1 % open) and 11, or 17 and 7;
p-median of 150 and 200 points 4.9 and 14.5 s, or 2.6 and 5.6; but of 100 points 1.5 and 6.6 % open, or 1.1 and 9.2."""
FEW_OPTIONS = 100
"""With fewer options than this the first search is over all plans."""


def optimise(task: Subproblem) -> Incumbent:
    """Return the best plan for a goal, or as good a one as time allows.

    The first search is confined to plans near the relaxation's bound; its plan is nearly always the best one. Only if
    the bound of the plans left out is not good enough does a second one take all those that might still be better.
    """
    if task.is_late:
        return _bounded(task, task.known, cap_bound(task.question, task.goal, math.nan))
    if has_columns(task):
        found = WholeColumns(task).proven(task.gap)
        if is_close(task, found) or task.is_late:
            return found
        # Columns tell no more where seats are counted coarsely.
        return _better(task, found, _sought(replace(task, known=found, start=found.opened)))
    if not _serves_whole(task):
        return _sought(task)
    packed = _packed(task)
    if packed.infeasible or is_close(task, packed) or task.is_late:
        return packed
    if packed.years:
        task = replace(task, known=packed, start=packed.opened)
    return _better(task, packed, _sought(task))


def _serves_whole(task: Subproblem) -> bool:
    """Tell whether so many points are to be served whole that they are served in parts first."""
    question, anew = task.question, not task.held and task.ranges is None and task.goal is not None
    capacity, points = question.capacity, question.problems[0].n_points
    return anew and points >= WHOLE_POINTS and capacity is not None and capacity.single and capacity.can_relax


def _packed(task: Subproblem) -> Incumbent:
    """Return a plan of points served whole by the hubs that are best where they may be served in parts.

    No plan is better than those are, and few of many points are served in parts: packing them whole loses little.
    """
    question = task.question
    constraints = tuple(
        replace(constraint, single=False) if constraint is question.capacity else constraint
        for constraint in question.constraints
    )
    parts = _sought(
        replace(task, question=replace(question, constraints=constraints), deadline=task.deadline.part(IN_PARTS))
    )
    if parts.infeasible:
        return parts
    found = _bounded(task, task.known, parts.bound)
    if parts.opened is None or task.is_late:
        return found
    depth = np.full(question.problems[0].n_points, FIRST_DEPTH, dtype=np.intp)
    fixed = replace(task, ranges=(parts.opened, parts.opened), start=None, scale=abs(parts.value))
    # Within the hubs alone its bound says nothing of other hubs, and an end without a plan nothing at all.
    made = _search(replace(fixed, deadline=task.deadline.part(PACKING)), depth, Incumbent(bound=parts.bound))
    return _better(task, found, replace(made, bound=parts.bound, infeasible=False)) if made.years else found


def _sought(task: Subproblem) -> Incumbent:
    """Return the best plan for a goal: by prices of rows first where a program is large."""
    if has_flows(task):
        found = by_flows(task)
        is_proven = is_close(replace(task, gap=max(task.gap, ROUNDING)), found)
        if is_proven or task.is_late or entries_of(task) >= MANY_ENTRIES:
            return found
        return _better(task, found, _optimised(replace(task, known=found, start=found.opened)))
    if not _has_prices(task, MANY_ENTRIES if task.sense > 0 else PRICED_ENTRIES):
        return _optimised(task)
    priced, _ = suggested(task)
    priced = with_flows(task, priced)
    if is_close(task, priced):
        return priced
    return _better(task, priced, _optimised(replace(task, known=priced, start=priced.opened)))


def _has_prices(task: Subproblem, entries: int = 0) -> bool:
    """Tell whether prices of rows bound a goal, in a program of so many entries at least."""
    alone = bool(task.known.years) and not task.held and task.ranges is None
    return alone and is_priced(task.question, task.goal) and entries_of(task) >= entries


def has_flows(task: Subproblem) -> bool:
    """Tell whether cuts by flows come before the program of a goal: it has some pairs, and hubs may serve by parts."""
    is_free = task.options.name == "highs" and task.options.method == "auto"
    alone = is_free and bool(task.known.years) and not task.held and task.ranges is None
    return alone and entries_of(task) >= FLOW_ENTRIES and serves_by_flow(task.question, task.goal)


def by_flows(task: Subproblem) -> Incumbent:
    """Return the plan that is known or a better one, with its bound, by a program over hubs that flows cut."""
    program = FlowProgram(task)
    program.relax()
    if not program.is_close():
        hubs = in_order(np.where(program.parts > ROUNDED, program.parts, 0.0))
        program.take(plan_with(task.question, hubs, task.deadline))
    for number in range(FLOW_ROUNDS):
        if program.is_close() or task.is_late:
            break
        if flows_tell(task.question):
            enough, seed = program.bound / (1 + task.gap), task.options.seed + number
            program.take(exchanged_rooms(task.question, program.best, enough, task.deadline.part(1 / 2), seed))
            if program.is_close() or task.is_late:
                break
        report_progress(program.goal.name, program.best.value, program.bound)
        before = program.best.value, program.bound
        is_cut = program.search(WITHIN * task.gap, task.deadline.part(1 / 2))
        if not is_cut and before == (program.best.value, program.bound):
            break
    return _bounded(task, program.best, cap_bound(task.question, task.goal, program.bound))


def suggested(task: Subproblem) -> tuple[Incumbent, PricedBound]:
    """Return the plan that is known or a better one, of hubs that prices of rows suggest, and what these prove.

    Where ways count, prices begin anew at a better plan, as long as that makes it better still, and with more steps,
    in half of the time together.
    """
    work, deadline = 1, task.deadline.part(1 / 2)
    found, best = _suggested(task, work)
    while task.question.objective.by_distance and not (deadline.is_past or is_close(task, best)):
        more, better = _suggested(replace(task, known=best, deadline=deadline), work)
        found = PricedBound(value=min(found.value, more.value), hubs=more.hubs, most=np.minimum(found.most, more.most))
        is_stuck = task.sense * (better.value - best.value) <= LEAST_PROGRESS * abs(best.value)
        best = _bounded(task, better, cap_bound(task.question, task.goal, task.sense * found.value))
        if is_stuck and work > 1:
            break
        work = MORE_STEPS if is_stuck else work
    return best, found


def _suggested(task: Subproblem, work: int) -> tuple[PricedBound, Incumbent]:
    """Return what prices of rows prove, and the plan that is known or a better one of hubs that they suggest."""
    best, goal = task.known, task.goal
    if goal is None:
        raise AssertionError
    value = task.sense * goal.value(best.years)
    found = priced_bound(task.question, best, value, task.gap, task.deadline.part(1 / 2), work)
    bound = cap_bound(task.question, goal, task.sense * found.value)
    for hubs in found.hubs:
        if task.is_late or is_close(task, _bounded(task, best, bound)):
            break
        trial = located_and_allocated(task, plan_with(task.question, hubs, task.deadline))
        if trial.years and task.sense * (trial.value - goal.value(best.years)) > 0:
            best = trial
    return found, _bounded(task, best, bound)


def with_flows(task: Subproblem, known: Incumbent) -> Incumbent:
    """Return a plan, or a better one by flows where they tell what it is worth and it is not close to its bound."""
    if task.goal is None or not flows_tell(task.question) or is_close(task, known):
        return known
    enough, deadline = known.bound / (1 + task.gap), task.deadline.part(THOROUGH[0])
    for number in range(ROUNDS):
        before = known
        known = exchanged_rooms(task.question, before, enough, deadline, task.options.seed + number)
        if known is before or is_close(task, known):
            break
    return known


def _optimised(task: Subproblem) -> Incumbent:
    """Return the best plan for a goal by a relaxation and searches below its bound."""
    known, deadline = task.known, task.deadline
    if _is_too_large(task):
        known = _improved(task, known, 1.0, THOROUGH[1])
        return _bounded(task, known, cap_bound(task.question, task.goal, math.nan))
    may_exchange = bool(known.years) or task.seeks
    depth, form, relaxation = relaxed(replace(task, deadline=deadline.part(RELAXING)) if may_exchange else task)
    if relaxation.is_infeasible and not known.years:
        return Incumbent(infeasible=True)
    bound = math.nan if relaxation.is_infeasible else form.figure(relaxation.bound)
    if not relaxation.is_solved:
        # Where the relaxation takes this long, so would the search: exchanges make the best of the rest.
        if math.isnan(known.bound) and _has_prices(task):
            known, _ = suggested(task)
        limit = cap_bound(task.question, task.goal, bound)
        flowing = known.years and not task.held and task.ranges is None
        better = with_flows(task, _bounded(task, known, limit)) if flowing else known
        found = _bounded(task, _improved(task, better, 1.0, THOROUGH[1]), limit)
        found = found if math.isnan(known.bound) else _better(task, known, found)
        return found if task.is_late or known.years else _search(task, depth, found)
    if task.seeks and not known.years and _is_too_dear(task):
        return Incumbent(infeasible=True)
    known = _rounded(task, form, relaxation, known)
    near, far = (SCREENS[-1], FAR) if task.sense > 0 else (COST_SCREENS[-1], COST_FAR)
    if may_exchange and (not known.years or _searches_long(task) or _is_far(task, known, bound, near)):
        share, work = THOROUGH if is_hard(task.question) else (EXCHANGING, 1.0 if task.sense > 0 else COST_LOOK)
        known = _improved(task, known, share, work)
        if work < THOROUGH[1] and _is_far(task, known, bound, far):
            known = _improved(task, known, *THOROUGH)
        task = replace(task, start=known.opened)
    if _is_roomy(task, known, bound):
        known = with_flows(task, _bounded(task, known, bound))
        task = replace(task, start=known.opened)
    if _is_whole_and_far(task, known, bound):
        enough = bound / (1 - task.gap) if task.gap < 1 else math.inf
        known = shorter_ways(task.question, known, enough, deadline.part(THOROUGH[0]), task.options.seed)
        task = replace(task, start=known.opened)
    form, relaxation = _sharpened(task, form, relaxation, known)
    bound = bound if relaxation.is_infeasible else form.figure(relaxation.bound)
    guided = _guided(task, form, relaxation)
    if guided.years and not (known.years and task.sense * (known.value - guided.value) > 0):
        known, task = guided, replace(task, start=guided.opened)
    scale = abs(bound) if math.isnan(task.scale) else task.scale
    found = _in_areas(task, form, _bounded(task, known, bound))
    task = replace(task, scale=scale, cuts=form.cuts, start=found.opened if found.years else task.start)
    return found if is_close(task, found) else _searched(task, depth, form, relaxation, found)


def _sharpened(
    task: Subproblem, form: Formulation, relaxation: Relaxation, known: Incumbent
) -> tuple[Formulation, Relaxation]:
    """Return a program and its relaxation, sharpened where hubs stand apart and a plan's gap is not as asked."""
    goal, bound = task.goal, form.figure(relaxation.bound)
    if goal is None or not IndependentSets.applies(form) or not _is_far(task, known, bound, task.gap):
        return form, relaxation
    value = goal.value(known.years)
    enough = (task.sense * value + task.gap * abs(value) - form.constant) / form.unit
    return sharpened(replace(task, deadline=task.deadline.part(SHARPENING)), form, relaxation, enough)


def _in_areas(task: Subproblem, form: Formulation, known: Incumbent) -> Incumbent:
    """Return what is known, with the bound of programs of areas where second hubs count and it is not close enough.

    What exchanges make of the hubs that these open takes its place if it is better.
    """
    goal = task.goal
    if goal is None or not known.years or not _has_areas(task) or is_close(task, known):
        return known
    aimed = [(task.sense * value - form.constant) / form.unit for value in (known.value, known.value * (1 + task.gap))]
    found = area_bound(replace(task, deadline=task.deadline.part(SHARPENING)), form, *aimed)
    if found is None:
        return known
    bound = task.sense * min(task.sense * known.bound, task.sense * form.figure(found.value))
    hubs = in_order(found.parts.reshape(len(form.layers), -1))
    # Exchanges before may have begun at the same plan: another seed takes them elsewhere.
    other = replace(task, options=replace(task.options, seed=task.options.seed + 1))
    trial = _improved(other, plan_with(task.question, hubs, task.deadline), *THOROUGH)
    better = bool(trial.years) and task.sense * (goal.value(trial.years) - known.value) > 0
    return _bounded(task, trial if better else known, bound)


def _has_areas(task: Subproblem) -> bool:
    """Tell whether programs of areas bound a goal: where second hubs count, in a program of some size."""
    objective, alone = task.question.objective, not task.held and task.ranges is None
    counts = objective.maximises_coverage and task.question.problems[-1].rule.backup > 1
    return alone and counts and not task.question.assigns and entries_of(task) >= AREA_ENTRIES


def _searches_long(task: Subproblem) -> bool:
    """Tell whether searches take so long that exchanges come first: with many pairs, or some where these do well."""
    return _has_areas(task) or entries_of(task) >= (PRICED_ENTRIES if is_hard(task.question) else MANY_ENTRIES)


def _is_far(task: Subproblem, known: Incumbent, bound: float, margin: float) -> bool:
    """Tell whether what a plan covers of many pairs, or costs, is far from a bound: a search near it finds none."""
    objective = task.question.objective
    by_rows = (objective.maximises_coverage or objective.minimises_cost) and not task.question.assigns
    if not by_rows or task.goal is None or not known.years or entries_of(task) < PRICED_ENTRIES:
        return False
    return bool(abs(bound - task.goal.value(known.years)) > margin * abs(bound))


def _is_roomy(task: Subproblem, known: Incumbent, bound: float) -> bool:
    """Tell whether flows are to come before a search: with some pairs, and a plan far from a bound."""
    alone = bool(known.years) and not task.held and task.ranges is None and entries_of(task) >= PRICED_ENTRIES
    return alone and task.goal is not None and abs(bound - task.goal.value(known.years)) > FAR * abs(bound)


def _is_whole_and_far(task: Subproblem, known: Incumbent, bound: float) -> bool:
    """Tell whether points that are served whole are to be sent on and swapped: with a plan far from a bound."""
    if not known.years or task.goal is None or task.held or task.ranges is not None:
        return False
    return is_whole_median(task.question) and task.goal.value(known.years) - bound > FAR * abs(bound)


def _is_too_large(task: Subproblem) -> bool:
    """Tell whether making a program alone would take all of the time that is left."""
    net, years = task.question.instance.problem.backhaul, len(task.question.problems)
    laying = 0.0 if net is None else len(net.arcs[0]) * years * LAYING_S
    each = SERVING_S if task.question.assigns else BUILDING_S
    return entries_of(task) * each + laying > task.deadline.left


def _is_too_dear(task: Subproblem) -> bool:
    """Tell whether the other limits ask for more than the budget, by the relaxation of the least cost.

    Where no plan is near, that shows it sooner than the relaxation of the goal, which cuts over blocks may leave open.
    """
    question, problem = task.question, task.question.instance.problem
    money, adds_up = money_limit(question.constraints), problem.keeps_existing and not problem.measures
    if math.isinf(money) or question.periods is not None or not adds_up or problem.backhaul is not None:
        return False
    others = tuple(constraint for constraint in question.constraints if not isinstance(constraint, Budget))
    _, form, relaxation = relaxed(replace(task, goal=cost(), question=replace(question, constraints=others)))
    return relaxation.is_infeasible or form.figure(relaxation.bound) > money * (1 + LEAK)


def _searched(task: Subproblem, depth: Ints, form: Formulation, relaxation: Relaxation, found: Incumbent) -> Incumbent:
    """Return the best plan that searches find below a relaxation's bound, near it first."""
    bound, made = form.figure(relaxation.bound), form if _stays_alike(task) else None
    if task.goal is not None and len(form.open_) > FEW_OPTIONS:
        near = NOTHING
        for share in _screens(task):
            margin = share * abs(bound)
            left_out = bound - task.sense * margin
            with progress_within(ProgressBounds(sense=task.sense, left_out=left_out, bound=bound, value=found.value)):
                near = _search(within_margin(task, form, relaxation, margin), depth, Incumbent(bound=bound), made)
            found = _better(task, found, _or_left_out(task, near, left_out))
            report_progress(task.goal.name, found.value, found.bound)
            if task.is_late or is_close(task, found) or (found.years and _is_too_large(task)):
                return found
            if near.years:
                break
        if found.years and not near.years:
            found = _better(task, found, _bounded(task, _improved(task, found, EXCHANGING), found.bound))
        if found.years:
            task = within_margin(task, form, relaxation, abs(bound - found.value))
            task = replace(task, start=found.opened, scale=max(1.0, abs(found.value)))
    # Plans farther from the bound than the best one are worse than it.
    with progress_within(
        ProgressBounds(sense=task.sense, left_out=-task.sense * math.inf, bound=bound, value=found.value)
    ):
        found = _search(task, depth, found, made)
    if task.goal is not None:
        report_progress(task.goal.name, found.value, found.bound)
    return found


def _stays_alike(task: Subproblem) -> bool:
    """Tell whether a program within other ranges has the same rows, so that its relaxation's need not be made again.

    Shares of people at hubs that may not be are left out, and rows for second hubs depend on how many may be.
    """
    return not (task.cuts or task.question.assigns or sharpens(task) or task.question.problems[-1].rule.backup > 1)


def _guided(task: Subproblem, form: Formulation, relaxation: Relaxation) -> Incumbent:
    """Return a first plan where hubs share lines, made as a relaxation suggests; none elsewhere."""
    problem = task.question.instance.problem
    if problem.backhaul is None or task.goal is None or task.held or task.ranges is not None:
        return NOTHING
    layer = form.layers[-1]
    values = relaxation.values
    built = values[[variable.index for variable in network_of(layer).build]]
    open_ = values[[variable.index for variable in layer.open_]]
    found, deadline = network_plan(task.question, task.goal, built, open_), task.deadline.part(EXCHANGING)
    bound = form.figure(relaxation.bound)
    enough = bound - task.gap * abs(bound)
    return improved_network(task.question, task.goal, found, enough, built, open_, deadline, task.options.seed)


def _rounded(task: Subproblem, form: Formulation, relaxation: Relaxation, known: Incumbent) -> Incumbent:
    """Return a plan or, where more is better, that of the hubs of which a relaxation has most, if that is better."""
    goal, network = task.goal, task.question.instance.problem.backhaul
    anew = bool(known.years) and not task.held and task.ranges is None and network is None
    if not anew or goal is None or goal.sense < 0 or entries_of(task) < PRICED_ENTRIES:
        return known
    value, bound = goal.value(known.years), form.figure(relaxation.bound)
    if bound - value <= task.gap * abs(value):
        return known
    years, size = len(form.layers), len(form.layers[-1].open_)
    parts = relaxation.open_[: years * size].reshape(years, size)
    parts = np.where(parts > ROUNDED, parts, 0.0)
    found = plan_with(task.question, in_order(parts), task.deadline)
    return found if found.years and found.value > value else known


def _screens(task: Subproblem) -> tuple[float, ...]:
    """Return the margins of first searches: none where plans lie far below the bound, as where hubs share lines."""
    if task.question.instance.problem.backhaul is not None or not task.screens:
        return ()
    if splits(task):
        return SHARP_SCREENS
    return SCREENS if task.sense > 0 else COST_SCREENS


def _improved(task: Subproblem, known: Incumbent, share: float, work: float = 1.0) -> Incumbent:
    """Return the better of a plan, if any, and what exchanges come to in part of the time; goals held allow none."""
    if task.goal is None or not (known.years or task.seeks) or task.held:
        return known
    if task.question.instance.problem.backhaul is not None:
        return known
    found = first_plan(task.question, task.deadline.part(share), task.options.seed, work=work, start=known.opened)
    if found.years and known.years and task.sense * found.value <= task.sense * task.goal.value(known.years):
        return known
    return found if found.years else known


def _bounded(task: Subproblem, known: Incumbent, bound: float) -> Incumbent:
    """Return a plan with the bound of its goal, which it passes by rounding at most; the bound alone without one."""
    if task.goal is None or not known.years:
        return replace(known, bound=bound)
    value = task.goal.value(known.years)
    return replace(known, value=value, bound=agreed_bound(task.goal, value, bound))


def any_plan(task: Subproblem) -> Incumbent:
    """Return some plan that keeps to a task's limits and held goals, without a relaxation before: few are left."""
    depth = np.full(task.question.problems[0].n_points, FIRST_DEPTH, dtype=np.intp)
    return _search(task, depth, Incumbent(bound=math.inf))


def _or_left_out(task: Subproblem, found: Incumbent, left_out: float) -> Incumbent:
    """Return what a search in part found, with a bound that holds for the plans left out as well."""
    if found.infeasible:
        # No plan near the bound: all are worth at most what was left out.
        return Incumbent(bound=left_out, version=found.version)
    known = (found.bound, left_out, found.value) if found.years else (found.bound, left_out)
    return replace(found, bound=task.sense * max(task.sense * figure for figure in known))


def _search(task: Subproblem, depth: Ints, found: Incumbent, made: Formulation | None = None) -> Incumbent:
    """Solve until the plan's gap is as asked and its chains are deep enough.

    Parameters
    ----------
    made
        The task's program within any ranges; None where it is to be made.
    """
    depth = depth.copy()
    while True:
        trial, shallow = attempt(task, depth, made)
        found = _better(task, found, trial)
        if found.infeasible or task.is_late or not (len(shallow) or _too_coarse(task, found)):
            return found
        depth[shallow] *= 2
        made = None
        start = found.opened if found.years else trial.opened
        task = replace(task, start=start, scale=max(1.0, abs(found.value)) if found.years else task.scale)


def is_close(task: Subproblem, found: Incumbent) -> bool:
    """Tell whether a plan's gap is as asked, relative to its figure also where that is below one, as a share is."""
    return bool(found.years) and abs(found.bound - found.value) <= task.gap * abs(found.value)


def _too_coarse(task: Subproblem, found: Incumbent) -> bool:
    """Tell whether the gap was taken of a larger figure than the one found, and is not what was asked."""
    size = max(1.0, abs(found.value))
    return bool(found.years) and size < task.scale and abs(found.bound - found.value) > task.gap * size


def _better(task: Subproblem, one: Incumbent, other: Incumbent) -> Incumbent:
    """Return the better plan of two attempts with the sharper of their bounds, which no plan passes but by rounding."""
    sense = task.sense
    bound = sense * float(np.nanmin([sense * one.bound, sense * other.bound]))
    if other.infeasible:
        return replace(one, bound=bound) if one.years else replace(other, bound=bound)
    keep = one if one.years and not sense * other.value > sense * one.value else other
    if keep.years and task.goal is not None:
        bound = agreed_bound(task.goal, keep.value, bound)
    return replace(keep, bound=bound, version=other.version)


ASSIGNING, ASSIGNING_S = 0.1, 2.0
"""Share of the time limit, and seconds at least, to assign people to given hubs when time is up."""
MOST_ATTEMPTS = 50
"""Plans that break a limit within a solver's tolerance before the search for one that does not ends."""


def attempt(task: Subproblem, depth: Ints, made: Formulation | None = None) -> tuple[Incumbent, Ints]:
    """Return a solver's plan, recomputed, its bound, and the points whose chain was too short for it.

    A plan that breaks a limit within the solver's tolerance is ruled out and the program solved again; so it is without
    its start, where the solver's figures are not those of its plan.

    Parameters
    ----------
    made
        The task's program within any ranges; None where it is to be made.
    """
    nothing, bounds = np.zeros(0, dtype=np.intp), []
    for _ in range(MOST_ATTEMPTS):
        form = program_of(task, depth) if made is None else made
        form.keep_within(hub_ranges(task))
        gap = task.gap * task.scale / form.unit if math.isfinite(task.scale) else 0.0
        outcome = _outcome(task, form, gap)
        if outcome.termination == Termination.INFEASIBLE:
            return Incumbent(infeasible=True, version=outcome.version), nothing
        bounds.append(form.figure(outcome.bound))
        bound = task.sense * max(task.sense * bound for bound in bounds)
        if outcome.open_ is None:
            return Incumbent(bound=bound, version=outcome.version), nothing
        decisions = whole(outcome.open_, task.options.name)
        years, reasons = _realised(task, form, decisions)
        opened, shallow = opened_in(form, decisions), _beyond(form, years) if years else nothing
        reasons = reasons or broken_years(task.question, years) or ([] if len(shallow) else _lost(task, years))
        if not reasons:
            value = 0.0 if task.goal is None else task.goal.value(years)
            if not len(shallow) and (contradiction := _contradiction(task, value, form.figure(outcome.value), bound)):
                if task.start is None:
                    raise DisagreementError(contradiction)
                bounds.pop()
                task = replace(task, start=None)
                continue
            found = Incumbent(years=years, opened=opened, value=value, bound=bound, version=outcome.version)
            return found, shallow
        if task.is_late:
            return Incumbent(bound=bound, version=outcome.version), nothing
        task, made = _ruled_out(task, form, opened, reasons, years), None
    raise DisagreementError(f"{task.options.name} returned only plans that break a limit: " + "; ".join(reasons))


def _outcome(task: Subproblem, form: Formulation, gap: float) -> Outcome:
    if not form.program.numVariables():
        return solve_without(form.program)
    with told_as("limits" if task.goal is None else task.goal.name, form.figure):
        return adapter(task.options.name)(form, task.effort(gap), _start(task))


def _realised(task: Subproblem, form: Formulation, decisions: Ints) -> tuple[tuple[Year, ...], list[str]]:
    """Return the plan of each year; none, and why, where the hubs keep to the constraints within a tolerance only."""
    try:
        seconds = task.deadline.grace(max(ASSIGNING_S, ASSIGNING * task.options.time_limit_s)).left
        return tuple(realise(form, decisions, replace(task.effort(0.0), seconds=seconds, is_firm=True))), []
    except UnservableError as error:
        return (), [str(error)]


def _start(task: Subproblem) -> list[float]:
    """Return the hubs to start from; none where they lie outside the ranges that are of interest."""
    if task.start is None:
        return []
    least, most = task.ranges or (task.start, task.start)
    is_inside = (least <= task.start).all() and (task.start <= most).all()
    return task.start.ravel().astype(float).tolist() if is_inside else []


def _beyond(form: Formulation, years: Sequence[Year]) -> Ints:
    """Return the points whose chain ended before their nearest hub, by the recomputed distances."""
    short = [
        point
        for layer, year in zip(form.layers, years, strict=True)
        for point in layer.variables.chain_ends
        if year.plan.nearest_distance[point] > _reached(form, point)
    ]
    return np.unique(np.array(short, dtype=np.intp))


def _reached(form: Formulation, point: int) -> float:
    """Return the largest distance that a point's chain distinguishes."""
    distance = form.instance.distances[point, form.instance.site]
    steps = np.unique(distance[np.isfinite(distance)])
    return float(steps[min(form.depth[point], len(steps) - 1)])


def _lost(task: Subproblem, years: Sequence[Year]) -> list[str]:
    """Return which goals held a plan falls short of, by more than rounding."""
    # Where people are assigned, a linear program serves them to its own tolerance.
    slack = AGREEMENT if task.question.assigns else 2 * HOLDING
    return [
        f"{held.goal.name} is {value:,.9g}, below the {held.value:,.9g} reached before"
        for held in task.held
        for value in [held.goal.value(years)]
        if held.goal.sense * (value - held.value) < -slack * max(1.0, abs(held.value))
    ]


def _contradiction(task: Subproblem, value: float, stated: float, bound: float) -> str:
    """Return how a plan is worth less than the solver states, or more than it says any can be; blank if it is not."""
    if task.goal is None:
        return ""
    sense, slack = task.goal.sense, AGREEMENT * max(1.0, abs(value))
    if not sense * value >= sense * stated - slack:
        return f"{task.options.name} states {task.goal.name} {stated:,.6f}, its hubs make it {value:,.6f}"
    if not sense * value <= sense * bound + slack:
        figure = f"{bound:,.6f} as the best {task.goal.name}"
        return f"{task.options.name} states {figure}, its own plan's is {value:,.6f}"
    return ""


def _ruled_out(
    task: Subproblem, form: Formulation, opened: Ints, reasons: Sequence[str], years: Sequence[Year]
) -> Subproblem:
    """Return the task without a plan that breaks a limit; raise when rounding does not explain how."""
    over = bool(years) and _overspends(task, form, years)
    # Where hubs share lines, the same ones may be connected for less: then money is made scarcer, too.
    if form.instance.most.max(initial=1) == 1 and not (over and form.instance.problem.backhaul is not None):
        if over and len(opened) == 1:
            # With all that contain its hubs that cost: else those that are free would come in every combination.
            dear = np.flatnonzero((opened[0] > 0) & (form.instance.cost > 0))
            return replace(task, too_dear=(*task.too_dear, dear))
        return replace(task, forbidden=(*task.forbidden, opened))
    # Hubs in numbers cannot be ruled out one by one: leave the solver a little less money.
    if all(constraint.money is None for constraint in task.question.constraints):
        raise SolverError("; ".join(reasons))
    constraints = tuple(
        constraint if constraint.money is None else constraint.with_money(constraint.money * (1 - TIGHTER))
        for constraint in task.question.constraints
    )
    return replace(task, question=replace(task.question, constraints=constraints))


def _overspends(task: Subproblem, form: Formulation, years: Sequence[Year]) -> bool:
    """Tell whether a plan costs more than there is money for, and so any that adds to it."""
    problems, plans = [year.problem for year in years], [year.plan for year in years]
    over = any(
        constraint.violations(problems, plans)
        for constraint in task.question.constraints
        if constraint.money is not None
    )
    return over and float(form.instance.cost.min(initial=0.0)) >= 0


TIGHTER = 1e-8
"""Share by which budgets shrink when a solver overspends within its tolerance."""
