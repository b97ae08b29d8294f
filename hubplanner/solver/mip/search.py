"""One goal of a question to its best plan: relaxation, a search near its bound, then one over all that is left."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from hubplanner.model import Formulation, Goal
from hubplanner.model.variables.backhaul import network_of
from hubplanner.problem import Ints
from hubplanner.solver.mip.bounds.flow_cuts import ROUNDING
from hubplanner.solver.mip.bounds.independent_sets import IndependentSets
from hubplanner.solver.mip.bounds.last_year import is_too_dear
from hubplanner.solver.mip.bounds.relaxation import (
    FIRST_DEPTH,
    Relaxation,
    area_bound,
    relaxed,
    sharpened,
    within_margin,
)
from hubplanner.solver.mip.bounds.upper_bound import cap_bound
from hubplanner.solver.mip.bounds.whole_columns import WholeColumns, has_columns
from hubplanner.solver.mip.flow_search import by_flows, has_flows, with_flows
from hubplanner.solver.mip.heuristics.first_plan import EXCHANGING, first_plan, in_order, is_hard, plan_with
from hubplanner.solver.mip.heuristics.network_exchange import improved_network
from hubplanner.solver.mip.heuristics.network_greedy import network_plan
from hubplanner.solver.mip.heuristics.whole_points import is_whole_median, shorter_ways
from hubplanner.solver.mip.plan_merging import PLANS, improved_by_merging, merged
from hubplanner.solver.mip.price_search import has_prices, suggested
from hubplanner.solver.mip.program_search import better, bounded, is_close, search_program
from hubplanner.solver.mip.subproblem import NOTHING, Incumbent, Subproblem, entries_of, is_too_large, sharpens, splits
from hubplanner.solver.progress import ProgressBounds, progress_within, report_progress

SCREENS = (6e-4, 5e-3)
"""Margins of the first searches below the relaxation's bound, relative to it: the next where one holds no plan."""
SHARP_SCREENS = (3e-4, 1.5e-3)
"""The same for a relaxation that inequalities sharpened: good plans lie nearer to it."""
COST_SCREENS = (7e-3,)
"""The same for the least cost, where they lie farther: covering all of 10,000 places from 2,000 sites, three seeds,
takes 6.2 s with it, 6.5 with 5e-3, 6.6 with 1e-2, 6.8 with the screens for cover."""
RELAXING = 0.75
"""Share of the time that the relaxation may take: exchanges may still find a plan, or a better one."""
COSTING = 0.5
"""Share of the time for telling, where no plan is known, whether there is money enough for what limits ask for: with a
quarter of 20 s, five years with rooms were left to the program of all years, which takes longer."""
SHARPENING = 0.8
"""Share of the time left, after exchanges, for inequalities that sharpen the relaxation of hubs apart."""
BOUNDING = 0.9
"""Share of the time left for programs of areas; what they suggest is exchanged and merged with the plan in the rest."""
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
ROUNDED = 1e-6
"""Part of a hub from which a plan made of a relaxation may have it."""
FAR = 0.02
"""Relative distance of a plan from the bound, after exchanges, from which many more come before a search. After 40 s,
three tiers in five floors, 1,000 sites x 20,000 points, are 1.3 % open, without these 5.0; hubs two reaches apart 12,
not 18."""
COST_FAR, COST_LOOK = 0.05, 0.3
"""The same for the least cost, which searches find sooner, and part of the usual work by which that is told. Covering
0.8 of 20,000 points from 1,000 sites is left to searches, and takes 3.9 s, 3.7 without these; 0.9 of 20,000 in three
tiers is proven to 1 % in 43 s, 28 % open without."""
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
        return bounded(task, task.known, cap_bound(task.question, task.goal, math.nan))
    if has_columns(task):
        found = WholeColumns(task).proven(task.gap)
        if is_close(task, found) or task.is_late:
            return found
        # Columns tell no more where seats are counted coarsely.
        return better(task, found, _sought(replace(task, known=found, start=found.opened)))
    if not _serves_whole(task):
        return _sought(task)
    packed = _packed(task)
    if packed.infeasible or is_close(task, packed) or task.is_late:
        return packed
    if packed.years:
        task = replace(task, known=packed, start=packed.opened)
    return better(task, packed, _sought(task))


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
    found = bounded(task, task.known, parts.bound)
    if parts.opened is None or task.is_late:
        return found
    depth = np.full(question.problems[0].n_points, FIRST_DEPTH, dtype=np.intp)
    fixed = replace(task, ranges=(parts.opened, parts.opened), start=None, scale=abs(parts.value))
    # Within the hubs alone its bound says nothing of other hubs, and an end without a plan nothing at all.
    made = search_program(replace(fixed, deadline=task.deadline.part(PACKING)), depth, Incumbent(bound=parts.bound))
    return better(task, found, replace(made, bound=parts.bound, infeasible=False)) if made.years else found


def _sought(task: Subproblem) -> Incumbent:
    """Return the best plan for a goal: by prices of rows first where a program is large."""
    if has_flows(task):
        found = by_flows(task)
        is_proven = is_close(replace(task, gap=max(task.gap, ROUNDING)), found)
        if is_proven or task.is_late or entries_of(task) >= MANY_ENTRIES:
            return found
        return better(task, found, _optimised(replace(task, known=found, start=found.opened)))
    if not has_prices(task, MANY_ENTRIES if task.sense > 0 else PRICED_ENTRIES):
        return _optimised(task)
    priced, _ = suggested(task)
    priced = with_flows(task, priced)
    if is_close(task, priced):
        return priced
    return better(task, priced, _optimised(replace(task, known=priced, start=priced.opened)))


def _optimised(task: Subproblem) -> Incumbent:
    """Return the best plan for a goal by a relaxation, what improves on it or on the plan, and searches below it."""
    known = task.known
    if is_too_large(task):
        known = _improved(task, known, 1.0, THOROUGH[1])
        return bounded(task, known, cap_bound(task.question, task.goal, math.nan))
    may_exchange = bool(known.years) or task.seeks
    if task.seeks and not known.years and is_too_dear(task, COSTING):
        return Incumbent(infeasible=True)
    depth, form, relaxation = relaxed(replace(task, deadline=task.deadline.part(RELAXING)) if may_exchange else task)
    if relaxation.is_infeasible and not known.years:
        return Incumbent(infeasible=True)
    if not relaxation.is_solved:
        return _unrelaxed(task, depth, form, relaxation)
    state = _State(task=task, known=known, depth=depth, form=form, relaxation=relaxation)
    for phase in PHASES:
        state = phase(state)
    return state.known if is_close(state.task, state.known) else _searched(state)


def _unrelaxed(task: Subproblem, depth: Ints, form: Formulation, relaxation: Relaxation) -> Incumbent:
    """Return what exchanges make of the rest where the relaxation took this long: so would the search."""
    known = task.known
    bound = math.nan if relaxation.is_infeasible else form.figure(relaxation.bound)
    if math.isnan(known.bound) and has_prices(task):
        known, _ = suggested(task)
    limit = cap_bound(task.question, task.goal, bound)
    flowing = known.years and not task.held and task.ranges is None
    improved = with_flows(task, bounded(task, known, limit)) if flowing else known
    found = bounded(task, _improved(task, improved, 1.0, THOROUGH[1]), limit)
    found = found if math.isnan(known.bound) else better(task, known, found)
    return found if task.is_late or known.years else search_program(task, depth, found)


@dataclass(frozen=True, kw_only=True)
class _State:
    """What is known of a goal between its relaxation and the searches below that.

    Parameters
    ----------
    task
        The goal, with the hubs that searches start from.
    known
        The best plan; nothing where none is known.
    depth, form, relaxation
        Chains (n,), the program with the inequalities that sharpen it, and its relaxation.
    """

    task: Subproblem
    known: Incumbent
    depth: Ints
    form: Formulation
    relaxation: Relaxation

    @property
    def bound(self) -> float:
        """No plan's figure is better, by the relaxation; NaN where it has no solution."""
        return math.nan if self.relaxation.is_infeasible else self.form.figure(self.relaxation.bound)

    @property
    def goal(self) -> Goal | None:
        """The goal where any plan of the question may take the place of the one known; None where others are held."""
        return None if self.task.held or self.task.ranges is not None else self.task.goal

    def taking(self, known: Incumbent) -> _State:
        """Return the state with another plan, from which searches start."""
        return replace(self, known=known, task=replace(self.task, start=known.opened))


def _rounded(state: _State) -> _State:
    """Take the plan of the hubs of which the relaxation has most, where more is better, if that is better."""
    task, known, goal, form = state.task, state.known, state.goal, state.form
    network = task.question.instance.problem.backhaul
    if goal is None or not known.years or network is not None or goal.sense < 0 or entries_of(task) < PRICED_ENTRIES:
        return state
    value = goal.value(known.years)
    if form.figure(state.relaxation.bound) - value <= task.gap * abs(value):
        return state
    years, size = len(form.layers), len(form.layers[-1].open_)
    parts = state.relaxation.open_[: years * size].reshape(years, size)
    found = plan_with(task.question, in_order(np.where(parts > ROUNDED, parts, 0.0)), task.deadline)
    return state.taking(found) if found.years and found.value > value else state


def _exchanged(state: _State) -> _State:
    """Exchange hubs where searches would take long or find nothing near the bound, and more where that is still far."""
    task, known, bound = state.task, state.known, state.bound
    if not (known.years or task.seeks):
        return state
    near, far = (SCREENS[-1], FAR) if task.sense > 0 else (COST_SCREENS[-1], COST_FAR)
    if known.years and not _searches_long(task) and not _is_far(task, known, bound, near):
        return state
    if _has_areas(task):
        return state.taking(improved_by_merging(task, known, task.deadline.part(THOROUGH[0])))
    share, work = THOROUGH if is_hard(task.question) else (EXCHANGING, 1.0 if task.sense > 0 else COST_LOOK)
    known = _improved(task, known, share, work)
    if work < THOROUGH[1] and _is_far(task, known, bound, far):
        known = _improved(task, known, *THOROUGH)
    return state.taking(known)


def _sent_on(state: _State) -> _State:
    """Exchange hubs of limited room with people sent on along flows, with some pairs and a plan far from the bound."""
    task, known, goal, bound = state.task, state.known, state.goal, state.bound
    if goal is None or not known.years or entries_of(task) < PRICED_ENTRIES:
        return state
    if not abs(bound - goal.value(known.years)) > FAR * abs(bound):
        return state
    return state.taking(with_flows(task, bounded(task, known, bound)))


def _shifted(state: _State) -> _State:
    """Send on and swap points that are served whole, where the plan is far from the bound."""
    task, known, goal, bound = state.task, state.known, state.goal, state.bound
    if goal is None or not known.years or not is_whole_median(task.question):
        return state
    if not goal.value(known.years) - bound > FAR * abs(bound):
        return state
    enough = bound / (1 - task.gap) if task.gap < 1 else math.inf
    return state.taking(shorter_ways(task.question, known, enough, task.deadline.part(THOROUGH[0]), task.options.seed))


def _sharpened(state: _State) -> _State:
    """Sharpen the relaxation where hubs stand apart and the plan's gap is not as asked."""
    task, known, form, goal = state.task, state.known, state.form, state.task.goal
    if goal is None or not IndependentSets.applies(form) or not _is_far(task, known, state.bound, task.gap):
        return state
    value = goal.value(known.years)
    enough = (task.sense * value + task.gap * abs(value) - form.constant) / form.unit
    task = replace(task, deadline=task.deadline.part(SHARPENING))
    form, relaxation = sharpened(task, form, state.relaxation, enough)
    return replace(state, form=form, relaxation=relaxation)


def _connected(state: _State) -> _State:
    """Take a plan that the relaxation suggests where hubs share lines, unless a better one is known."""
    task, known, goal, relaxation = state.task, state.known, state.goal, state.relaxation
    if goal is None or task.question.instance.problem.backhaul is None:
        return state
    layer, bound = state.form.layers[-1], state.form.figure(relaxation.bound)
    built = relaxation.values[[variable.index for variable in network_of(layer).build]]
    open_ = relaxation.values[[variable.index for variable in layer.open_]]
    found, deadline = network_plan(task.question, goal, built, open_), task.deadline.part(EXCHANGING)
    enough = bound - task.gap * abs(bound)
    found = improved_network(task.question, goal, found, enough, built, open_, deadline, task.options.seed)
    is_worse = bool(known.years) and task.sense * (known.value - found.value) > 0
    return state if not found.years or is_worse else state.taking(found)


def _bounded(state: _State) -> _State:
    """Give the plan the relaxation's bound, and searches what the relaxation tells."""
    task, bound = state.task, state.bound
    # A gap of the bound's figure may not be one of the plan's, by which it is told: then the search would run again.
    size = abs(bound) if task.sense < 0 else abs(bound) / (1 + task.gap) ** 2
    scale = size if math.isnan(task.scale) else task.scale
    known = bounded(task, state.known, bound)
    start = known.opened if known.years else task.start
    return replace(state, known=known, task=replace(task, scale=scale, cuts=state.form.cuts, start=start))


def _by_areas(state: _State) -> _State:
    """Bound the plan by programs of areas where second hubs count and it is not close enough.

    What exchanges make of the hubs that these open takes its place if it is better.
    """
    task, known, form, goal = state.task, state.known, state.form, state.task.goal
    if goal is None or not known.years or not _has_areas(task) or is_close(task, known):
        return state
    aimed = [(task.sense * value - form.constant) / form.unit for value in (known.value, known.value * (1 + task.gap))]
    effort = replace(task, deadline=task.deadline.part(BOUNDING)).effort(0.0)
    found = area_bound(state.relaxation, effort, *aimed)
    if found is None:
        return state
    bound = task.sense * min(task.sense * known.bound, task.sense * form.figure(found.value))
    known = bounded(task, known, bound)
    if is_close(task, known):
        return state.taking(known)
    hubs = in_order(found.parts.reshape(len(form.layers), -1))
    # Exchanges before may have begun at the same plan: another seed takes them elsewhere.
    other = replace(task, options=replace(task.options, seed=task.options.seed + PLANS))
    trial = _improved(other, plan_with(task.question, hubs, task.deadline), THOROUGH[0])
    both = merged(task, [known, trial] if trial.years else [known])
    return state.taking(bounded(task, both, bound))


PHASES = (_rounded, _exchanged, _sent_on, _shifted, _sharpened, _connected, _bounded, _by_areas)
"""What comes between a relaxation and the searches below it, in this order; each says where it has nothing to do."""


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


def _searched(state: _State) -> Incumbent:
    """Return the best plan that searches find below a relaxation's bound, near it first."""
    task, found, depth, form, relaxation = state.task, state.known, state.depth, state.form, state.relaxation
    bound, made = form.figure(relaxation.bound), form if _stays_alike(task) else None
    if task.goal is not None and len(form.open_) > FEW_OPTIONS:
        near = NOTHING
        for share in _screens(task):
            margin = share * abs(bound)
            left_out = bound - task.sense * margin
            with progress_within(ProgressBounds(sense=task.sense, left_out=left_out, bound=bound, value=found.value)):
                near = search_program(
                    within_margin(task, form, relaxation, margin), depth, Incumbent(bound=bound), made
                )
            found = better(task, found, _or_left_out(task, near, left_out))
            report_progress(task.goal.name, found.value, found.bound)
            if task.is_late or is_close(task, found) or (found.years and is_too_large(task)):
                return found
            if near.years:
                break
        if found.years and not near.years:
            found = better(task, found, bounded(task, _improved(task, found, EXCHANGING), found.bound))
        if found.years:
            task = within_margin(task, form, relaxation, abs(bound - found.value))
            task = replace(task, start=found.opened, scale=max(1.0, abs(found.value)))
    # Plans farther from the bound than the best one are worse than it.
    with progress_within(
        ProgressBounds(sense=task.sense, left_out=-task.sense * math.inf, bound=bound, value=found.value)
    ):
        found = search_program(task, depth, found, made)
    if task.goal is not None:
        report_progress(task.goal.name, found.value, found.bound)
    return found


def _stays_alike(task: Subproblem) -> bool:
    """Tell whether a program within other ranges has the same rows, so that its relaxation's need not be made again.

    Shares of people at hubs that may not be are left out, and rows for second hubs depend on how many may be.
    """
    return not (task.cuts or task.question.assigns or sharpens(task) or task.question.problems[-1].rule.backup > 1)


def _screens(task: Subproblem) -> tuple[float, ...]:
    """Return the margins of first searches: none where plans lie far below the bound, as where hubs share lines."""
    if task.question.instance.problem.backhaul is not None or not task.screens:
        return ()
    if splits(task):
        return SHARP_SCREENS
    return SCREENS if task.sense > 0 else COST_SCREENS


def _or_left_out(task: Subproblem, found: Incumbent, left_out: float) -> Incumbent:
    """Return what a search in part found, with a bound that holds for the plans left out as well."""
    if found.infeasible:
        # No plan near the bound: all are worth at most what was left out.
        return Incumbent(bound=left_out, version=found.version)
    known = (found.bound, left_out, found.value) if found.years else (found.bound, left_out)
    return replace(found, bound=task.sense * max(task.sense * figure for figure in known))


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
