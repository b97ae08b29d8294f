"""The linear relaxation, its bound recomputed from the duals so that no solver need be believed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np
from scipy.sparse import csr_array

from hubplanner.model import Formulation
from hubplanner.model.cuts.regions import region_cuts
from hubplanner.model.cuts.residual_capacity import residuals
from hubplanner.model.formulation import Cut, Ranges, new_formulation
from hubplanner.model.lp import LateError
from hubplanner.model.variables.coverage import rows_covered
from hubplanner.model.variables.distance_chains import too_shallow
from hubplanner.problem import Floats, Ints
from hubplanner.solver.backends import SearchLimits, Solvable
from hubplanner.solver.backends.arrays import lagrangean, linear_program, matrix
from hubplanner.solver.backends.highs import INFEASIBLE, prepared, run
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.bounds.area_programs import AreaBound, AreaPrograms
from hubplanner.solver.mip.bounds.independent_sets import IndependentSets
from hubplanner.solver.mip.bounds.row_blocks import RowBlockRelaxation, cover_part, halved, tightened
from hubplanner.solver.mip.subproblem import Subproblem, program_of, sharpens
from hubplanner.tolerances import AGREEMENT


@dataclass(frozen=True, kw_only=True, eq=False)
class Relaxation:
    """What the relaxation tells of every plan.

    Parameters
    ----------
    bound
        No plan is worth more.
    open_
        (o,) the relaxation's values of the open variables.
    reduced
        (o,) what a plan loses at least by building an option at 0, or by leaving out one at 1 (negated at 0).
    values
        (v,) the relaxation's values of all variables, in the program's order; empty if it was not solved.
    blocks
        The program with cuts over blocks of rows that tells it; None where the program as it is does.
    """

    bound: float
    open_: Floats
    reduced: Floats
    values: Floats
    blocks: _BlockProgram | None = None

    @property
    def is_solved(self) -> bool:
        """Tell whether it was solved in time; its bound holds in any case."""
        return len(self.values) > 0

    @property
    def is_infeasible(self) -> bool:
        """Tell whether it has no solution."""
        return self.bound == -math.inf

    def of_last(self, form: Formulation) -> tuple[Floats, Floats]:
        """Return the values and reduced costs (o,) of the options in the last year of a program."""
        size = len(form.layers[-1].open_)
        first = size * (len(form.layers) - 1)
        return self.open_[first : first + size], self.reduced[first : first + size]

    def times(self, unit: float, base: float) -> Relaxation:
        """Return the relaxation in another unit."""
        return replace(self, bound=self.bound * unit + base, reduced=self.reduced * unit)


def relax(model: Solvable, effort: SearchLimits) -> Relaxation:
    r"""Return the relaxation of a program, in its own unit.

    For any multipliers $\pi$ of the rows, positive ones on upper limits u and negative ones on lower limits l,

    .. math:: \max_{A x \in [l, u]} c x \le \sum_{\pi_i > 0} \pi_i u_i + \sum_{\pi_i < 0} \pi_i l_i
              + \sum_j \max(r_j \bar x_j, r_j \underline x_j), \qquad r = c - A^T \pi

    holds whatever the solver did, also with no multipliers at all. A plan with $x_j$ at the other end of its range is
    worse by $|r_j|$.
    """
    handle = prepared(model.program, effort, mip=False, solver="simplex")
    run(handle, is_firm=effort.is_firm)
    return relaxation_of(handle, model)


def relaxation_of(handle: Any, model: Solvable) -> Relaxation:
    """Return what a linear program that was run tells of every plan; out of time, by its multipliers so far."""
    status, program, nothing = handle.getModelStatus(), handle.getLp(), np.zeros(len(model.open_))
    if status in INFEASIBLE:
        return Relaxation(bound=-math.inf, open_=nothing, reduced=nothing, values=np.zeros(0))
    solution = handle.getSolution()
    if status != highspy.HighsModelStatus.kOptimal:
        known = [np.zeros(program.num_row_)] + [np.asarray(solution.row_dual)] * bool(solution.dual_valid)
        bound = min(lagrangean(program, dual)[0] for dual in known)
        return Relaxation(bound=bound, open_=nothing, reduced=nothing, values=np.zeros(0))
    bound, reduced = lagrangean(program, np.asarray(solution.row_dual))
    columns = [variable.index for variable in model.open_]
    values = np.asarray(solution.col_value)
    return Relaxation(bound=bound, open_=values[columns], reduced=reduced[columns], values=values)


FIRST_DEPTH = 8
"""Distances a point's chain holds at first."""


def relaxed(task: Subproblem) -> tuple[Ints, Formulation, Relaxation]:
    """Return chains (n,) deep enough for the relaxation, its program, and the relaxation.

    Where the time is up before the program is made, that has no rows, and its relaxation says nothing.
    """
    depth = np.full(task.question.problems[0].n_points, FIRST_DEPTH, dtype=np.intp)
    while True:
        try:
            form = program_of(task, depth)
        except LateError:
            form = replace(new_formulation(task.question, depth, task.ranges), sense=task.sense)
            nothing = np.zeros(len(form.open_))
            return depth, form, Relaxation(bound=math.inf, open_=nothing, reduced=nothing, values=np.zeros(0))
        cuts, relaxation = _relax(task, form)
        form = replace(form, cuts=(*task.cuts, *cuts))
        if not relaxation.is_solved:
            return depth, form, relaxation
        short = [too_shallow(layer, relaxation.values) for layer in form.layers]
        shallow = np.unique(np.concatenate(short))
        if not len(shallow):
            return depth, form, relaxation
        depth[shallow] *= 2


def _relax(task: Subproblem, form: Formulation) -> tuple[tuple[Cut, ...], Relaxation]:
    """Return the relaxation of a task's program, and the inequalities that sharpened it."""
    effort = task.effort(0.0)
    if sharpens(task):
        return relax_tightly(form, effort)
    handle = prepared(form.program, effort, mip=False, solver="simplex")
    known = by_blocks(handle, form, task.effort(0.0), task.start)
    if known is not None:
        return (), known
    run(handle)
    return (), relaxation_of(handle, form)


def by_blocks(handle: Any, form: Formulation, effort: SearchLimits, start: Ints | None) -> Relaxation | None:
    """Return the relaxation of a large covering program by cuts over blocks of its rows; None of any other.

    Where cuts leave no solution, that is not taken for granted: the whole program is to say so itself.
    """
    blocks = _BlockProgram.of(handle, form, effort)
    return None if blocks is None else blocks.solve(start)


class _BlockProgram:
    """A large covering program by cuts over blocks of its rows: bound and reduced costs are those of the program."""

    relaxation: RowBlockRelaxation
    binding: Ints
    """Which of the inequalities that were added bind."""

    def __init__(self, handle: Any, form: Formulation) -> None:
        self.handle, self.form, program = handle, form, handle.getLp()
        self.columns = np.array([variable.index for variable in form.open_], dtype=np.intp)
        decided, whole = np.zeros((2, program.num_col_), dtype=np.bool_)
        decided[self.columns] = True
        rows = [row for layer in form.layers for row in layer.variables.made.get(rows_covered, ())]
        whole[[row.index for row in rows if row.cat == "Integer"]] = True
        self.program, self.back = halved(program, decided)
        self.part = cover_part(self.program, decided, whole)

    @classmethod
    def of(cls, handle: Any, form: Formulation, effort: SearchLimits) -> _BlockProgram | None:
        """Return the blocks of a program that is large and covers; None of any other."""
        found = cls(handle, form)
        if not found.part.is_large:
            return None
        found.relaxation = RowBlockRelaxation(found.program, found.part, effort)
        return found

    def add(self, cuts: Sequence[Cut]) -> None:
        """Add inequalities on what is open: none of their columns is halved."""
        first = self.handle.getNumRow()
        add_cuts(self.handle, self.form, cuts)
        whole = self.handle.getLp()
        table, ends = csr_array(matrix(whole)), (np.asarray(whole.row_lower_), np.asarray(whole.row_upper_))
        self.relaxation.add(csr_array(table[first:]), ends[1][first:])
        told = csr_array(table @ self.back)
        told.eliminate_zeros()
        columns = self.program.col_lower_, self.program.col_upper_
        self.program = linear_program(told, np.asarray(self.program.col_cost_), columns, ends)

    def solve(self, start: Ints | None) -> Relaxation | None:
        """Return the relaxation, from a plan where one is known; None where it has no solution in time."""
        core = np.zeros(self.program.num_col_)
        if start is not None:
            core[self.columns[: start.size]] = start.ravel()
        point = tightened(self.relaxation, core)
        if point is None:
            return None
        self.binding = np.flatnonzero(point.beside)
        bound, reduced = point.proof(self.program)
        values = self.back @ point.values
        open_, reduced = values[self.columns], reduced[self.columns]
        return Relaxation(bound=bound, open_=open_, reduced=reduced, values=values, blocks=self)

    def areas(self, effort: SearchLimits) -> AreaPrograms | None:
        """Return the programs of areas, from the relaxation that was solved, in a time of their own; None out of it."""
        staying = self.part.staying
        ends = np.asarray(self.program.col_lower_)[staying], np.asarray(self.program.col_upper_)[staying]
        self.relaxation.deadline = effort.deadline()
        if self.relaxation.solve() is None:  # without the cuts that were purged since
            return None
        return AreaPrograms(self.relaxation, np.isin(staying, self.columns), ends, effort)

    def opened(self, parts: Floats) -> Floats:
        """Return how much (o,) of each option columns that stay (k,) open."""
        values = np.zeros(self.program.num_col_)
        values[self.part.staying] = parts
        return values[self.columns]


class _RowProgram:
    """Any program as it is."""

    binding: Ints
    """Which of the inequalities that were added bind."""

    def __init__(self, handle: Any, form: Formulation, effort: SearchLimits) -> None:
        self.handle, self.form, self.deadline = handle, form, effort.deadline()
        self.first = handle.getNumRow()

    def add(self, cuts: Sequence[Cut]) -> None:
        """Add inequalities."""
        add_cuts(self.handle, self.form, cuts)

    def solve(self, start: Ints | None) -> Relaxation | None:
        """Return the relaxation; None where it has none in time."""
        del start
        run(self.handle, self.deadline)
        found = relaxation_of(self.handle, self.form)
        self.binding = np.flatnonzero(np.asarray(self.handle.getSolution().row_dual)[self.first :])
        return found if found.is_solved else None


def area_bound(relaxation: Relaxation, effort: SearchLimits, value: float, enough: float) -> AreaBound | None:
    """Return what programs of areas prove and suggest of options; None without cuts over blocks, or out of time.

    Parameters
    ----------
    value
        What a plan is worth, in the program's unit.
    enough
        The bound, in the program's unit, at which to stop.
    """
    program, deadline = relaxation.blocks, effort.deadline()
    areas = None if program is None else program.areas(effort)
    if program is None or areas is None or deadline.is_past:
        return None
    found = areas.bound(value, enough)
    return replace(found, parts=program.opened(found.parts))


def sharpened(
    task: Subproblem, form: Formulation, relaxation: Relaxation, enough: float
) -> tuple[Formulation, Relaxation]:
    """Return a program whose hubs stand apart with inequalities that its relaxation broke, and its relaxation then.

    Of many inequalities those that bind are kept.

    Parameters
    ----------
    enough
        The bound, in the program's unit, at which to stop.
    """
    effort = task.effort(0.0)
    deadline, handle = effort.deadline(), prepared(form.program, effort, mip=False, solver="simplex")
    add_cuts(handle, form, form.cuts[len(task.cuts) :])  # those of the task are in the program
    program, sets = (
        _BlockProgram.of(handle, form, effort) or _RowProgram(handle, form, effort),
        IndependentSets(form.instance.problem, form.question.constraints, effort),
    )
    added, cuts, bounds = list[Cut](), form.cuts, [relaxation.bound]
    while relaxation.bound > enough and not deadline.is_past:
        found = list(sets.cuts(*relaxation.of_last(form), deadline))
        if not found:
            break
        program.add(found)
        added += found
        better = program.solve(task.start if len(bounds) == 1 else None)
        if better is None or not better.bound < relaxation.bound:
            break
        relaxation, cuts = better, (*form.cuts, *(added[number] for number in program.binding))
        bounds.append(relaxation.bound)
        left = relaxation.bound - enough
        if len(bounds) > SETS_PATIENCE and bounds[-1 - SETS_PATIENCE] - relaxation.bound < SETS_GAIN * left:
            break
    return replace(form, cuts=cuts), relaxation


def narrowed(task: Subproblem, value: float) -> Subproblem:
    """Return a task with the ranges that its goal leaves to plans no worse than a value."""
    _, form, relaxation = relaxed(task)
    if not relaxation.is_solved:
        return task
    task = replace(task, cuts=form.cuts)
    return within_margin(task, form, relaxation, abs(form.figure(relaxation.bound) - value))


def within_margin(task: Subproblem, form: Formulation, relaxation: Relaxation, margin: float) -> Subproblem:
    r"""Return a task with the ranges of plans that are worse than the relaxation's bound by at most a margin.

    Reduced-cost fixing: with relaxation bound L and reduced cost $r_o$, a plan that is k hubs away from the
    relaxation's end of a range is worth at most $L - k |r_o|$.
    """
    least, most = hub_ranges(task)
    reduced = relaxation.reduced[: least.size].reshape(least.shape)
    room = margin / form.unit * (1 + AGREEMENT) + AGREEMENT
    with np.errstate(divide="ignore"):
        away = np.floor(room / np.abs(reduced))
    fewest = np.where(reduced > 0, np.maximum(least, most - away), least)
    largest = np.where(reduced < 0, np.minimum(most, least + away), most)
    return replace(task, ranges=(fewest.astype(np.intp), largest.astype(np.intp)))


def hub_ranges(task: Subproblem) -> Ranges:
    """Return the fewest and the most hubs (p, o) of each option in each year that are of interest."""
    instance, size = task.question.instance, (len(task.question.problems), len(task.question.instance.option))
    if task.ranges is not None:
        return task.ranges
    return np.broadcast_to(instance.least, size), np.broadcast_to(instance.most, size)


MOST_ROUNDS = 20
"""Rounds of cutting and solving again."""
LEAST_GAIN = 1e-6
"""Relative fall of the bound in a round below which cutting ends."""
NETWORK_ROUNDS, PATIENCE, NETWORK_GAIN = 200, 8, 1e-4
"""The same where hubs share lines: rounds, and the fall of the bound in some of them together."""
SHARES_GAIN = 1e-4
"""The same where groups' shares count less the larger they are: the national question's bound falls by 1.1 % in six
rounds, by 0.03 % in the nine after."""
SETS_PATIENCE, SETS_GAIN = 3, 0.15
"""The same of hubs apart: rounds, and the part of what lies between bound and aim that they take away together."""


def relax_tightly(form: Formulation, effort: SearchLimits) -> tuple[tuple[Cut, ...], Relaxation]:
    """Return the relaxation of a program, sharpened by inequalities that its own values broke, and those.

    The bound and the reduced costs are recomputed from the multipliers, as those of the relaxation alone are. Of many
    inequalities those that bind are kept: a search with all the others does not end its first node.
    """
    deadline = effort.deadline()
    handle = prepared(form.program, effort, mip=False, solver="simplex")
    run(handle)
    return cut_further(handle, form, deadline)


def cut_further(handle: Any, form: Formulation, deadline: Deadline) -> tuple[tuple[Cut, ...], Relaxation]:
    """Return inequalities that the values of a program which was run broke, and its relaxation with them.

    They stay in the program that the solver holds.
    """
    has_network = form.instance.problem.backhaul is not None
    has_shares = form.goal is not None and form.goal.broken is not None
    rounds, patience, gain = MOST_ROUNDS, 1, SHARES_GAIN if has_shares else LEAST_GAIN
    if has_network:
        rounds, patience, gain = NETWORK_ROUNDS, PATIENCE, NETWORK_GAIN
    first, cuts, best = handle.getNumRow(), list[Cut](), relaxation_of(handle, form)
    if not best.is_solved:
        return (), best
    bounds, binding = [best.bound], np.zeros(0, dtype=np.bool_)
    for _ in range(rounds):
        found = list(_broken(form, best.values))
        if not found or deadline.is_past:
            break
        add_cuts(handle, form, found)
        run(handle, deadline)
        if handle.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            break
        cuts, best = cuts + found, relaxation_of(handle, form)
        binding = np.asarray(handle.getSolution().row_dual)[first:] != 0
        bounds.append(best.bound)
        if len(bounds) > patience and bounds[-1 - patience] - best.bound < gain * abs(best.bound):
            break
    if has_network:
        cuts = [cut for cut, binds in zip(cuts, binding, strict=True) if binds]
    return tuple(cuts), best


def _broken(form: Formulation, values: Floats) -> Iterator[Cut]:
    """Yield the inequalities that a relaxation's values break."""
    capacity = form.question.capacity
    if capacity is not None and not capacity.single and capacity.can_relax:
        yield from residuals(form.layers, capacity, values)
        if form.goal is not None and form.goal.broken is not None:
            yield from form.goal.broken(form, values)
    if form.instance.problem.backhaul is not None:
        yield from region_cuts(form.layers, values)


def add_cuts(handle: Any, form: Formulation, cuts: Sequence[Cut]) -> None:
    """Add inequalities to the program that a solver holds."""
    for cut in cuts:
        terms, limit = cut.row(form.layers)
        columns = np.array([variable.index for variable, _ in terms], dtype=np.int32)
        handle.addRow(-np.inf, limit, len(columns), columns, np.array([value for _, value in terms]))
