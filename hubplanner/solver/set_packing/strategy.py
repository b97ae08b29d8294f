"""Maximal covering by hubs so far apart that no two of them reach the same people: set packing, without rows of demand.

What such hubs cover adds up, so that each is worth what it reaches alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, cast

import networkx as nx
import numpy as np
from scipy.sparse import csr_array

from hubplanner.model import MaxCoverage, MinSeparation, Question
from hubplanner.model.constraints.base import of_kind, without
from hubplanner.problem import Ints, evaluate, relative_gap
from hubplanner.problem.covering_instance import CoveringInstance, reduce_existing
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.backends.highs import new_handle, run
from hubplanner.solver.covering.branch_and_bound import Branching, branch
from hubplanner.solver.covering.lp import CoveringLP, Cuts, joined, program_of, proven, table_of
from hubplanner.solver.covering.presolve import drop_useless
from hubplanner.solver.covering.strategy import first_of_equals
from hubplanner.solver.mip.bounds.independent_sets import IndependentSetCut, IndependentSets
from hubplanner.solver.mip.heuristics.first_plan import first_plan
from hubplanner.solver.mip.tie_breaking import SMALL_OPTIONS
from hubplanner.solver.mip.warm_start import given
from hubplanner.solver.options import SolverOptions
from hubplanner.solver.strategy import OPEN, Candidate, SolveContext
from hubplanner.tolerances import EXACT
from hubplanner.translation import gettext as _

MOST_CLIQUES = 20_000
"""Largest sets of sites too near to each other that are listed: of 1,000 sites, 36 of them within the distance, there
are 2,700, in 0.4 s. All of them bound three draws two reaches apart by 708,700, 701,100 and 698,300, those that cover
each pair once by 724,900, 711,300 and 716,900."""
EXCHANGING, WORK = 0.25, 1.0
"""Share of the time for exchanges, and how many times as many as usual: of the first of these draws they cover 686,700
after 3.3 s, ten times as many, cut off by the time, 678,800 after 12.5 s."""
SHARPENING, PATIENCE, PROGRESS = 0.5, 3, 0.3
"""Share of the time left for inequalities, and rounds in which they are to take away a part of what lies between the
bound and a plan that is good enough: of that draw the bound is 697,900 after 19 s, with 0.15 696,900 after 26 s."""


class SetPackingStrategy:
    r"""Set packing.

    .. math:: \max \sum_o w_o y_o \quad\text{with}\quad \sum_{j \in C} \sum_{o \in O_j} y_o \le 1 \;\; \forall C

    within a budget and a number of hubs, where $w_o$ is the need in reach of option o, and C are all largest sets of
    sites too near to each other. It is exact where any two options that reach the same need stand at one site or too
    near to each other.
    """

    name = "packing"

    def applies(self, question: Question, options: SolverOptions) -> str | None:
        """Return why it is the way to take."""
        objective, problem, is_asked = question.objective, question.instance.problem, options.method == "auto"
        apart = objective.constraints and not without(objective.constraints, MinSeparation)
        covers = objective.maximises_coverage and objective.fairness is None and question.periods is None
        stays = problem.keeps_existing and problem.backhaul is None and not problem.measures
        free = problem.rule.backup == 1 and not len(problem.required_sites) and problem.n_options > SMALL_OPTIONS
        if not (is_asked and options.name == "highs" and apart and covers and stays and free):
            return None
        return "hubs too far apart to reach the same need" if _is_disjoint(question) else None

    def run(self, question: Question, context: SolveContext) -> Candidate:
        """Return the plan that covers most."""
        problem, objective, options = (
            question.instance.problem,
            cast("MaxCoverage", question.objective),
            context.options,
        )
        deadline, log = context.deadline, context.log
        with log.phase(_("reduce the problem")):
            useful = drop_useless(reduce_existing(problem, problem.rows), objective)
            instance, table = _packing(useful), table_of(_packing(useful), objective)
        log.steps.update(demand_points=problem.n_points, options=problem.n_options, model_options=len(instance.option))
        with log.phase(_("find a first plan")):
            known = given(question, context.warm_start)
            work = deadline.part(EXCHANGING)
            found = first_plan(question, work, options.seed, work=WORK, start=known.opened)
        start = found.years[-1].plan.options if found.years else np.zeros(0, dtype=np.intp)
        chosen: Ints = np.flatnonzero(np.isin(instance.option, start))
        value = instance.covered_need(chosen)
        with log.phase(_("solve the relaxation")):
            effort = options.until(deadline.part(SHARPENING)).effort(options.gap * value)
            cuts, bound = _sharpened(question, instance, table, effort, value)
        version = ""
        if bound - value > options.gap * value and not deadline.is_past:
            with log.phase(_("solve with {solver}", solver=options.name)):
                limit = options.until(deadline).effort(max(options.gap * value, instance.least_gain))
                is_open = np.isin(np.arange(len(instance.option)), chosen)
                # 1,000 sites x 20,000 points are within 1 % after 39 s in all; if it does not, within 1.2 % after 47.
                task = Branching(instance=instance, objective=objective, cuts=cuts, seeks=True)
                made = branch(task, is_open, limit)
            better = made.has_plan and instance.covered_need(made.chosen) > value
            chosen, version = (made.chosen if better else chosen), made.version
            value = instance.covered_need(chosen)
            bound = min(bound, max(made.bound, value))
        plan: Ints = np.union1d(np.flatnonzero(problem.existing), instance.option[chosen])
        ties = OPEN
        if options.ties and options.gap == 0 and relative_gap(value, max(bound, value)) <= EXACT:
            with log.phase(_("break ties")):
                first, ties = first_of_equals(question, evaluate(problem, plan), context)
                plan = first.options
        return Candidate(plans=(plan,), stated=(value,), bounds=(max(bound, value),), ties=ties, version=version)


def _is_disjoint(question: Question) -> bool:
    """Tell whether any two options that reach the same need stand at one site or too near to each other."""
    problem = question.instance.problem
    found = reduce_existing(problem, problem.rows)
    cover = csr_array(found.cover[np.flatnonzero(found.need > 0)].astype(np.float64))
    number = problem.n_sites
    pairs = _pairs(question)
    allowed = np.unique(np.concatenate([(pairs @ [number, 1]), np.arange(number) * (number + 1)]))
    # Neighbours in a row first: mostly they tell at once.
    site, starts = found.site[cover.indices], cover.indptr[1:-1]
    follows = np.ones(max(len(site) - 1, 0), dtype=np.bool_)
    follows[starts[(starts > 0) & (starts < len(site))] - 1] = False
    beside = np.sort(np.column_stack([site[:-1], site[1:]])[follows], axis=1)
    if not np.isin(beside @ [number, 1], allowed).all():
        return False
    cells: Any = (np.ones(len(found.site)), (np.arange(len(found.site)), found.site))
    of_sites = csr_array(cover @ csr_array(cells, shape=(len(found.site), number)))
    one, other = (of_sites.T @ of_sites).tocoo().coords
    return bool(np.isin((one * number + other)[one <= other], allowed).all())


def _pairs(question: Question) -> Ints:
    """Return the pairs of sites (p, 2) that are too near to each other for two new hubs, the lower first."""
    problem = question.instance.problem
    found = [one.too_near(problem) for one in of_kind(question.constraints, MinSeparation)]
    return np.unique(np.sort(np.concatenate([np.zeros((0, 2), dtype=np.intp), *found]), axis=1), axis=0)


def _packing(useful: CoveringInstance) -> CoveringInstance:
    """Return the instance without rows: each option gains what it reaches, which no other hub of a plan does."""
    empty = np.zeros(0)
    cover: csr_array = csr_array((0, len(useful.option)), dtype=useful.cover.dtype)
    return replace(useful, need=empty, cover=cover, gain=useful.gain + useful.covers @ useful.need)


def _cliques(question: Question, site: Ints) -> Cuts:
    """Return that each set of sites too near to each other, as large as it gets, has one hub at most.

    Tomita, Tanaka and Takahashi (2006), doi:10.1016/j.tcs.2006.06.015. Where the sets are very many, they are the first
    ones, and pairs that none of these has.
    """
    pairs = _pairs(question)
    found = [sorted(clique) for clique in islice(nx.find_cliques(nx.Graph(pairs.tolist())), MOST_CLIQUES)]
    if len(found) == MOST_CLIQUES:
        inside = _members(found, int(site.max(initial=0)) + 1)
        both = csr_array(inside.T @ inside)
        found += pairs[np.asarray(both[pairs[:, 0], pairs[:, 1]]).ravel() == 0].tolist()
    members = csr_array(_members(sorted(found), int(max(site.max(initial=0), pairs.max(initial=0))) + 1)[:, site])
    several = members[np.flatnonzero(np.diff(members.indptr) > 1)]
    return _cuts(several)


def _members(sets: Sequence[Sequence[int]], sites: int) -> csr_array:
    """Return which sites (k, m) are in each set."""
    row = np.repeat(np.arange(len(sets)), [len(one) for one in sets])
    cells: Any = (np.ones(len(row)), (row, np.array([site for one in sets for site in one], dtype=np.intp)))
    return csr_array(cells, shape=(len(sets), sites))


def _cuts(options: csr_array) -> Cuts:
    """Return that weights (k, o) of hubs come to one at most."""
    count = options.shape[0]
    return Cuts(rows=csr_array((count, 0)), options=options, limit=np.ones(count))


def _sharpened(
    question: Question, instance: CoveringInstance, table: CoveringLP, effort: SearchLimits, value: float
) -> tuple[Cuts, float]:
    """Return what every plan keeps to, inequalities that the relaxation broke among it, and the bound.

    Of those that the relaxation broke the binding ones are kept.
    """
    problem, deadline = question.instance.problem, effort.deadline()
    cliques, sets = _cliques(question, instance.site), IndependentSets(problem, question.constraints, effort)
    handle, cuts, bounds = new_handle(effort, presolve="off", solver="simplex"), cliques, list[float]()
    handle.passModel(program_of(table, cuts, whole=False))
    while True:
        run(handle, deadline)
        solution = handle.getSolution()
        dual, open_ = np.asarray(solution.row_dual), np.asarray(solution.col_value)
        if len(dual) != len(table.limit) + len(cuts.limit) or not np.isfinite(dual).all():
            return cuts, min(bounds, default=instance.most_need)
        multiplier, size = np.maximum(-dual, 0.0), len(table.limit)
        least, reduced = proven(table, multiplier[:size], np.zeros(0, dtype=np.bool_), cuts, multiplier[size:])
        bounds.append(min([least * table.unit + instance.base, *bounds[-1:]]))
        left = bounds[-1] - value - effort.gap
        stalls = len(bounds) > PATIENCE and bounds[-1 - PATIENCE] - bounds[-1] < PROGRESS * left
        if left <= 0 or stalls or deadline.is_past:
            break
        parts = np.zeros((2, problem.n_options))
        parts[:, instance.option] = open_, reduced
        found = [cut for cut in sets.cuts(parts[0], parts[1], deadline) if np.isin(cut.options, instance.option).any()]
        if not found:
            break
        more = _cuts(_weights(found, instance, problem.n_options))
        for number in range(len(found)):
            row = more.options[[number]]
            handle.addRow(-np.inf, 1.0, row.nnz, row.indices.astype(np.int32), row.data)
        cuts = joined([cuts, more])
    binding = np.flatnonzero((multiplier[size:] > 0) | (np.arange(len(cuts.limit)) < len(cliques.limit)))
    return cuts.some(binding), bounds[-1]


def _weights(found: Sequence[IndependentSetCut], instance: CoveringInstance, options: int) -> csr_array:
    """Return the weights (k, o) of inequalities on an instance's options."""
    row = np.repeat(np.arange(len(found)), [len(cut.options) for cut in found])
    cells: Any = (np.concatenate([cut.weight for cut in found]), (row, np.concatenate([cut.options for cut in found])))
    return csr_array(csr_array(cells, shape=(len(found), options))[:, instance.option])
