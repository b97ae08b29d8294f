"""Maximal covering beyond memory: a relaxation over cells tells which options matter, and the core does the rest."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self, cast

import highspy
import numpy as np
from scipy.sparse import csr_array

from hubplanner.model import MaxCoverage, Question
from hubplanner.model.constraints.budget import most_money
from hubplanner.problem import Bools, Evaluation, Floats, Ints, Problem, Solution, evaluate
from hubplanner.problem.aggregation.cells import Cells
from hubplanner.problem.aggregation.disc_grid import Discs
from hubplanner.problem.covering_instance import CoveringInstance
from hubplanner.problem.problem import option_pairs
from hubplanner.problem.travel.geometric import GeometricTravel
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.backends.highs import new_handle, run
from hubplanner.solver.covering.construction import greedy
from hubplanner.solver.covering.lp import CoveringLP, PrimalPoint, program_of, proven, table_of
from hubplanner.solver.covering.strategy import is_plain
from hubplanner.solver.limits import limits, required_fit
from hubplanner.solver.mip.tie_breaking import SMALL_OPTIONS
from hubplanner.solver.options import SolverOptions
from hubplanner.solver.progress import ProgressBounds, progress_within, report_progress
from hubplanner.solver.strategy import Candidate, SolveContext
from hubplanner.translation import gettext as _

MOST_PAIRS = 20_000_000
"""Pairs of a point and an option that reaches it, up to which all of them are held."""
SAMPLE = 2000
"""Points by which pairs are estimated."""
COUNT = 1000
"""Cells to begin with, at least: more gain little, since those that matter are split."""
MOST_ROUNDS = 30
"""Times that cells are split, at most."""
SHARE_OF_GAP = 0.1
"""Part of the asked gap that cells may overstate."""
HEAVY = 0.95
"""Part of what all cells overstate that is in those split in a round."""
FEWEST, TIMES = 200, 3
"""Options of the first plan, at least, and how many for each that the relaxation uses."""
MAINLY = 0.5
"""Share of a cell from which a greedy plan takes it for covered, where no relaxation tells more."""
USED = 1e-3
"""Value from which the relaxation uses an option."""
RELAXING, FIRST = 0.4, 0.5
"""Part of the time that the relaxation may take, and part of what is left that the first plan may."""


class CellStrategy:
    r"""Maximal covering where points and the options that reach them are too many pairs to hold.

    Cells of points give a relaxation that is no tighter than that of all points, and as tight where they do not err at
    its optimum: those that do are split into the points that are wholly covered there and the others, until what is
    left is a small part of the asked gap. With D its bound and $r_o \le 0$ the reduced cost of an option, no plan with
    the option covers more than $D + r_o$. Options that may be part of a better plan than the best one known are left
    to the core, which looks at all points: with R these options and B what the core proves of plans within R,

    .. math:: \min(D, \max(B, \max_{o \notin R} D + r_o))

    bounds all plans.
    """

    name = "cells"

    def applies(self, question: Question, options: SolverOptions) -> str | None:
        """Return why it is the way to take."""
        problem = question.instance.problem
        if options.method != "auto" or not is_plain(problem, question.objective) or not problem.rule.is_step:
            return None
        if problem.n_options <= SMALL_OPTIONS:  # the core merges points to few rows, and breaks ties
            return None
        if not isinstance(problem.travel, GeometricTravel) or pairs_of(problem) <= MOST_PAIRS:
            return None
        return f"max_coverage with more than {MOST_PAIRS:,} pairs of a point and an option that reaches it"

    def run(self, question: Question, context: SolveContext) -> Candidate | None:
        """Return the plan that covers most."""
        problem, objective = question.instance.problem, cast("MaxCoverage", question.objective)
        if not required_fit(problem, objective):
            return Candidate(is_infeasible=True)
        counted = _open_points(problem)
        if not counted.any():
            return None
        context.leave_start("cells find their own first plans")
        gap, log = context.options.gap, context.log
        with log.phase(_("gather points in cells")):
            relaxed = _CellRelaxation.of(problem, objective, counted)
            first = len(relaxed.cells.start)
        with log.phase(_("split cells where they err")):
            part = context.options.until(context.deadline)
            part = replace(part, time_limit_s=part.time_limit_s * RELAXING)
            rounds = relaxed.tighten(gap * SHARE_OF_GAP, part)
        most, option = relaxed.most, relaxed.instance.option
        kept = relaxed.fitting(max(FEWEST, TIMES * relaxed.used))
        beside, bound = _most_beside(most, option, kept), relaxed.bound
        with log.phase(_("find a first plan")), progress_within(ProgressBounds(sense=1, left_out=beside, bound=bound)):
            found = _solved(problem, objective, kept, context, FIRST)
        if found.evaluation is None:
            return Candidate.without_plan(found)
        plan, value = _of_all(problem, kept, found.evaluation), found.value
        bound = min(bound, max(found.bound, beside))
        report_progress("covered need", value, bound)
        rest = int(np.count_nonzero(most > value * (1 + gap)))
        if bound > value * (1 + gap) and rest:
            kept = np.union1d(kept, relaxed.fitting(rest))
            beside = _most_beside(most, option, kept)
            known = ProgressBounds(sense=1, left_out=beside, bound=bound, value=value)
            with log.phase(_("search among all options that matter")), progress_within(known):
                found = _solved(problem, objective, kept, context, 1.0)
            if found.evaluation is not None and found.value > value:
                plan, value = _of_all(problem, kept, found.evaluation), found.value
            bound = min(bound, max(found.bound, beside))
        log.steps.update(
            demand_points=problem.n_points,
            options=problem.n_options,
            first_cells=first,
            cells=len(relaxed.cells.start),
            cell_rounds=rounds,
            options_left=len(kept),
        )
        return Candidate(plans=(plan,), stated=(value,), bounds=(bound,), version=found.version)


def pairs_of(problem: Problem) -> int:
    """Return about how many pairs of a point and an option that reaches it there are, by a sample of points."""
    most = problem.n_points * problem.n_options
    if most <= MOST_PAIRS or not isinstance(problem.travel, GeometricTravel):
        return most
    at = np.unique(np.linspace(0, problem.n_points - 1, SAMPLE).astype(np.intp))
    some = replace(
        problem,
        need=problem.need[at],
        people=problem.people[at],
        seated=None,
        travel=problem.travel.at(problem.travel.points[at]),
    )
    return int(len(option_pairs(some, 0, len(at))[0]) / len(at) * problem.n_points)


def _open_points(problem: Problem) -> Bools:
    """Tell which points have need that no standing hub covers."""
    open_, standing = problem.need > 0, np.flatnonzero(problem.existing)
    return open_ & (evaluate(problem, standing).covered_share < 1) if len(standing) else open_


def _options_of(problem: Problem, options: Ints) -> Ints:
    """Return the options of the problem with some of its new ones (k,) alone, beside all standing ones."""
    return np.union1d(np.flatnonzero(problem.existing), options)


def _of_all(problem: Problem, options: Ints, plan: Evaluation) -> Evaluation:
    """Return a plan of the restricted problem as one of the whole problem, whose points are the same."""
    return replace(plan, options=_options_of(problem, options)[plan.options])


def _solved(problem: Problem, objective: MaxCoverage, options: Ints, context: SolveContext, part: float) -> Solution:
    """Return the best plan with some of the new options alone, in a part of the time that is left."""
    asked = context.options.until(context.deadline)
    asked = replace(asked, time_limit_s=asked.time_limit_s * part, ties=False, method="core")
    restricted = problem.with_options(_options_of(problem, options), problem.site_status)
    found = context.solve(restricted, objective, asked)
    context.log.add(found)
    return found


def _most_beside(most: Floats, option: Ints, kept: Ints) -> float:
    """Return what no plan with any other option than those kept covers more of."""
    return float(most[~np.isin(option, kept)].max(initial=-math.inf))


@dataclass(kw_only=True, eq=False)
class _CellRelaxation:
    """The relaxation over cells, which are split as it goes.

    Parameters
    ----------
    cells
        The points that count.
    instance
        The first cells as rows, with shares in place of ones.
    table
        Its program.
    point
        Its optimum, or what is known of it; before it is solved, a greedy plan.
    """

    cells: Cells
    instance: CoveringInstance
    table: CoveringLP
    point: PrimalPoint

    @classmethod
    def of(cls, problem: Problem, objective: MaxCoverage, counted: Bools) -> Self:
        """Return the relaxation over the first cells, not solved yet."""
        travel = cast("GeometricTravel", problem.travel)
        money, _ = limits(objective)
        required = np.isin(problem.option_site, problem.required_sites)
        option = np.flatnonzero(~problem.existing & (required | (problem.option_cost <= most_money(money))))
        discs = Discs(travel=travel, site=problem.option_site[option], reach=problem.option_reach[option])
        cells = Cells.of(discs, travel.points[counted], problem.need[counted], COUNT)
        instance = CoveringInstance(
            need=cells.total,
            cover=cells.share,
            option=option,
            site=problem.option_site[option],
            cost=problem.option_cost[option],
            gain=np.zeros(len(option)),
            required=problem.required_sites,
            base=math.fsum(problem.need[~counted]),
        )
        table = table_of(instance, objective)
        chosen = np.zeros(len(option))
        chosen[greedy(replace(instance, cover=csr_array(cells.share >= MAINLY)), objective)] = 1.0
        return cls(cells=cells, instance=instance, table=table, point=replace(_unknown(table), open_=chosen))

    @property
    def bound(self) -> float:
        """No plan covers more need."""
        return self.point.bound * self.table.unit + self.instance.base

    @property
    def most(self) -> Floats:
        """Need (o,) that no plan with an option covers more of; no limit for those of sites that must hold a hub."""
        most = self.bound + np.minimum(self.point.reduced, 0.0) * self.table.unit
        return np.where(self.table.must, math.inf, most)

    @property
    def used(self) -> int:
        """Options that the relaxation uses."""
        return int(np.count_nonzero(self.point.open_ > USED))

    def fitting(self, count: int) -> Ints:
        """Return the options with which plans may cover most, so many of them, or as many as the pairs allow.

        Of equal ones those come first that the relaxation uses most, then those that cover most. All options of sites
        that must hold a hub are among them: without some of them there may be no plan.
        """
        must, alone = self.table.must, self.table.cover.T @ self.table.need
        order = np.lexsort((-alone, -self.point.open_, -self.most))[: max(count, np.count_nonzero(must))]
        pairs = np.cumsum((self.cells.share.T @ (self.cells.stop - self.cells.start))[order])
        return np.sort(self.instance.option[order[(pairs <= MOST_PAIRS) | must[order]]])

    def tighten(self, error: float, options: SolverOptions) -> int:
        """Split cells until they overstate a small part of the bound, none is left to split, or time or room is up.

        Returns
        -------
        int
            How many times they were split.
        """
        deadline = options.deadline
        for rounds in range(MOST_ROUNDS):
            point = _optimum(self.table, options.until(deadline).effort(0.0))
            self.point = min(self.point, point, key=lambda one: one.bound)
            if not point.is_solved or deadline.is_past:
                return rounds
            errors, full = self.cells.errors(point.open_)
            order = np.argsort(-errors, kind="stable")
            many = int(np.searchsorted(np.cumsum(errors[order]), HEAVY * errors.sum())) + 1
            finer = self.cells.split(order[:many], full)
            if errors.sum() <= error * self.bound or len(finer.start) == len(self.cells.start):
                return rounds
            if finer.whole.nnz + finer.part.nnz > MOST_PAIRS:
                return rounds
            self.cells = finer
            self.table = replace(self.table, need=finer.total / self.table.unit, cover=finer.share)
        return MOST_ROUNDS


def _unknown(table: CoveringLP) -> PrimalPoint:
    """Return what is known of a program's optimum before it is looked for: it covers no more than all need."""
    options, sides = len(table.gain), len(table.limit)
    return PrimalPoint(
        covered=np.ones(len(table.need)),
        open_=np.zeros(options),
        bound=math.fsum(table.need),
        reduced=np.zeros(options),
        is_solved=False,
        price=np.zeros(sides),
    )


def _optimum(table: CoveringLP, effort: SearchLimits) -> PrimalPoint:
    """Return a program's optimum by an interior point, without a corner next to it, and what its multipliers prove."""
    rows, handle = len(table.need), new_handle(effort, solver="ipm", run_crossover="off")
    handle.passModel(program_of(table, None, whole=False))
    run(handle)
    solution = handle.getSolution()
    if handle.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return _unknown(table)
    dual, values = np.maximum(-np.asarray(solution.row_dual), 0.0), np.asarray(solution.col_value)
    bound, reduced = proven(table, dual, np.zeros(rows, dtype=np.bool_), None, np.zeros(0))
    return PrimalPoint(
        covered=values[:rows], open_=values[rows:], bound=bound, reduced=reduced, is_solved=True, price=dual[rows:]
    )
