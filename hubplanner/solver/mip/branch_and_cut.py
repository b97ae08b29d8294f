"""Where hubs share lines: branch and cut, as HiGHS takes no inequalities at the nodes of a search of its own."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import highspy
import numpy as np
from pulp import LpInteger

from hubplanner.model import Formulation, Year
from hubplanner.model.cuts.regions import RegionCut, region_cuts, unreached_cuts
from hubplanner.model.variables.backhaul import network_of
from hubplanner.problem import Floats, Ints
from hubplanner.solver.backends import Outcome, SearchLimits, Termination
from hubplanner.solver.backends.base import no_plan
from hubplanner.solver.backends.highs import INFEASIBLE, matrix, prepared, run
from hubplanner.solver.mip.bounds.relaxation import add_cuts
from hubplanner.solver.progress import listener

ROOT_ROUNDS, ROUNDS = 10, 3
"""Rounds of cutting at the root and at other nodes."""
LEAST_FALL = 1e-5
"""Relative fall of a node's bound in a round below which its cutting ends."""
TRIED, ITERATIONS, RELIABLE = 8, 100, 1
"""Fractional variables whose both sides are tried before one is branched on, iterations of each try, and tries after
which a variable's falls are believed: on 120 towns 3 tries of 30 iterations left a quarter more open in the same time,
4 tries of each variable two thirds more on 60."""
NEAR, EVERY = 60, 100
"""Nodes of a search for a better plan beside a relaxation, and after how many others there is one."""
MOST_ITERATIONS = 2**31 - 1
SOLVED = {highspy.HighsModelStatus.kOptimal, *INFEASIBLE}
FRACTIONAL = 1e-6
"""Distance from a whole number from which a variable is branched on."""
PRECISE = 1e-9
"""Tolerance of rows and ranges, as of whole numbers in searches of HiGHS: hubs are not to overspend by it."""
ROUNDING = 1e-9
"""Relative difference of bounds that is rounding."""
IDLE, SPARE = 30, 200
"""Nodes after which an inequality that bound none of them is dropped, and inequalities dropped together at least."""

Ranges = dict[int, tuple[float, float]]


@dataclass(frozen=True, kw_only=True, eq=False)
class _PartOfPlans:
    """Part of all plans.

    Parameters
    ----------
    bound
        None of them is worth more.
    ranges
        Least and most of the columns that are confined.
    basis
        A basis of the relaxation it was split from, and how often rows had been dropped by then.
    """

    bound: float
    ranges: Ranges
    basis: tuple[Any, int] | None = None


def branch_and_cut(
    form: Formulation, effort: SearchLimits, known: Sequence[Year] = (), floor: float = -math.inf
) -> Outcome:
    """Solve a program of hubs that share lines; no plan is handed back where none is worth more than a known one.

    Each node is sharpened by the inequalities of regions that its relaxation breaks, which hold everywhere. They make
    whole numbers connected, so that the flow is left out where an option is one hub at most. Nodes are split on the
    variable that lowers both sides most, by short tries at first and by what splits of it did later (Achterberg, Koch
    and Martin 2005, doi:10.1016/j.orl.2004.04.002), the better side first. Plans come from small searches as well, in
    which all is fixed that the relaxation has whole (Berthold 2014, doi:10.1007/s10107-013-0689-4), or as the best
    plan (Danna, Rothberg and Le Pape 2005, doi:10.1007/s10107-004-0518-7).

    Parameters
    ----------
    known
        The years of a plan that is known; none if empty.
    floor
        What it is worth, in the program's unit.
    """
    return _BranchAndCut(form, effort, known, floor).outcome()


class _BranchAndCut:
    """The relaxation of a program, the inequalities found so far, and the best plan."""

    def __init__(self, form: Formulation, effort: SearchLimits, known: Sequence[Year], floor: float) -> None:
        self._form, self._effort, self._floor, self._deadline = form, effort, floor, effort.deadline()
        self._handle = prepared(form.program, effort, mip=False, solver="simplex", primal_feasibility_tolerance=PRECISE)
        variables = form.program.variables()
        self._whole: Ints = np.array([one.index for one in variables if one.cat == LpInteger], dtype=np.intp)
        self._leave_out_flow()
        program = self._handle.getLp()
        self._low, self._high = np.array(program.col_lower_), np.array(program.col_upper_)
        self._first, self._idle = self._handle.getNumRow(), np.zeros(0, dtype=np.intp)
        self._plan: Floats | None = None
        self._like = _like(form, known)
        self._ranges: Ranges = {}
        self._is_solved, self._values = False, np.zeros(0)
        self._left_out, self._nodes, self._looks, self._purges, self._number = -math.inf, 0, EVERY, 0, count()
        # What rounding a column down, and up, cost for each unit, added up, and how often it was seen.
        self._loss, self._seen = np.zeros((len(variables), 2)), np.zeros((len(variables), 2))
        self._root = math.inf, np.zeros(len(variables))

    def _leave_out_flow(self) -> None:
        """Drop the flow where inequalities of sites say as much of whole numbers."""
        nets = [network_of(layer) for layer in self._form.layers]
        flow = [variable.index for net in nets for variable in net.flow]
        if flow and all((self._form.instance.most[net.graph.option] == 1).all() for net in nets):
            touched = np.asarray(abs(matrix(self._handle.getLp())[:, flow]).sum(axis=1)).ravel()
            rows = np.flatnonzero(touched).astype(np.int32)
            self._handle.deleteRows(len(rows), rows)

    def outcome(self) -> Outcome:
        """Search, and return the best plan above the floor, if any."""
        root = _PartOfPlans(bound=math.inf, ranges={})
        bound, values = self._sharpened(root, ROOT_ROUNDS)
        if values is None and self._is_solved:
            self._leave_out(bound)
            bound = -math.inf
        elif values is not None:
            self._root = bound, np.asarray(self._handle.getSolution().col_dual)
            self._confine()
            self._look_near(values, bound, np.setdiff1d(self._whole, _fractional(values, self._whole)))
            self._look_as_known(values, bound)
            most = math.inf if self._effort.nodes is None else self._effort.nodes
            bound = self._explore(replace(root, bound=bound), most, is_all=True)
        return self._told(bound)

    def _look_as_known(self, values: Floats, bound: float) -> None:
        """Search for a better plan in which all is as the best plan and a relaxation agree on."""
        if len(self._like):
            whole = self._whole
            self._look_near(values, bound, whole[np.abs(values[whole] - self._like[whole]) < FRACTIONAL])

    def _look_near(self, values: Floats, bound: float, settled: Ints) -> None:
        """Search for a better plan in which some columns are as in a relaxation, where there they are whole."""
        if len(settled) == len(self._whole):
            return
        before, ends = self._left_out, np.round(values[settled]).tolist()
        near = dict(zip(settled.tolist(), zip(ends, ends, strict=True), strict=True))
        self._explore(_PartOfPlans(bound=bound, ranges=near), self._nodes + NEAR)
        self._left_out = before
        self._confine()  # what a better plan fixed everywhere leaves plans out of all

    def _told(self, left: float) -> Outcome:
        """Return what was found, with the bound of what is yet to be searched, if anything."""
        bound = max(self._floor, self._left_out, left)
        if bound <= self._floor + ROUNDING * max(1.0, abs(self._floor)):
            bound = self._floor
        termination = Termination.FINISHED if left <= self._enough else Termination.STOPPED
        version = self._handle.version()
        if self._plan is None:
            return no_plan(Termination.INFEASIBLE if bound == -math.inf else termination, version, bound)
        opened = self._plan[[variable.index for variable in self._form.open_]].tolist()
        return Outcome(termination=termination, open_=opened, value=self._floor, bound=bound, version=version)

    @property
    def _enough(self) -> float:
        """What a plan has to be worth more than to be of interest."""
        slack = max(self._effort.gap, ROUNDING * max(1.0, abs(self._floor)))
        return self._floor if self._floor == -math.inf else self._floor + slack

    def _leave_out(self, bound: float) -> None:
        """Take note of plans that are passed over though some may be a little better than the best."""
        self._left_out = max(self._left_out, bound)

    def _explore(self, start: _PartOfPlans, most: float, *, is_all: bool = False) -> float:
        """Search part of all plans up to a number of nodes; return the bound of what is left of it."""
        waiting: list[tuple[float, int, _PartOfPlans]] = []
        node: _PartOfPlans | None = start
        hear = listener() if is_all else None
        while node is not None or waiting:
            node = heapq.heappop(waiting)[-1] if node is None else node
            if node.bound <= self._enough:
                self._leave_out(node.bound)
                node = None
                continue
            bound = max(node.bound, -waiting[0][0]) if waiting else node.bound
            if hear is not None:
                hear(self._floor, max(bound, self._left_out))
            if self._deadline.is_past or self._nodes >= most:
                return bound
            self._nodes += 1
            parts = self._parts(node)
            if parts is None:
                return bound
            if parts and is_all and self._nodes >= self._looks:
                self._look_as_known(self._values, node.bound)
                self._looks = self._nodes + EVERY
            node = parts[0] if parts else None
            for part in parts[1:]:
                heapq.heappush(waiting, (-part.bound, next(self._number), part))
        return -math.inf

    def _parts(self, node: _PartOfPlans) -> list[_PartOfPlans] | None:
        """Return the parts of a node that may hold a better plan, the more promising first; None out of time."""
        bound, values = self._sharpened(node, ROUNDS)
        if values is None:
            if self._is_solved:
                self._leave_out(bound)
            return [] if self._is_solved else None
        fractional = _fractional(values, self._whole)
        if len(fractional):
            return self._split(node, bound, values, fractional)
        self._floor, self._plan, self._like = bound, values, values
        self._confine()
        return []

    def _sharpened(self, node: _PartOfPlans, rounds: int) -> tuple[float, Floats | None]:
        """Return a node's bound and the values of its relaxation, cut; no values where it holds no better plan.

        Whole numbers are cut until they are connected.
        """
        self._enter(node)
        bound = min(self._solved(), node.bound)
        while self._is_solved and bound > self._enough:
            values = np.asarray(self._handle.getSolution().col_value)
            cuts: list[RegionCut] = []
            if not len(_fractional(values, self._whole)):
                cuts = list(unreached_cuts(self._form.layers, values))
            if not cuts and rounds > 0:
                cuts = list(region_cuts(self._form.layers, values))
            if not cuts:
                self._age()
                self._values = values
                return bound, values
            add_cuts(self._handle, self._form, cuts)
            self._idle = np.append(self._idle, np.zeros(len(cuts), dtype=np.intp))
            before, bound = bound, min(self._solved(), bound)
            rounds = rounds - 1 if before - bound > LEAST_FALL * abs(before) else 0
        return bound, None

    def _enter(self, node: _PartOfPlans) -> None:
        """Confine columns to a node's ranges, and drop inequalities that have long been slack."""
        idle = np.flatnonzero(self._idle > IDLE)
        if len(idle) >= SPARE:
            self._handle.deleteRows(len(idle), (self._first + idle).astype(np.int32))
            self._idle = np.delete(self._idle, idle)
            self._purges += 1
        before, self._ranges = self._ranges, node.ranges
        self._set_ranges({*before, *node.ranges})
        if node.basis is not None and node.basis[1] == self._purges:
            basis = node.basis[0]
            missing = self._handle.getNumRow() - len(basis.row_status)
            if missing:
                basis.row_status = [*basis.row_status, *[highspy.HighsBasisStatus.kBasic] * missing]
            self._handle.setBasis(basis)

    def _set_ranges(self, some: set[int]) -> None:
        """Give some columns the ranges of the node, within what holds everywhere."""
        columns = np.array(sorted(some), dtype=np.int32)
        if len(columns):
            own = [self._ranges.get(column, (-math.inf, math.inf)) for column in columns.tolist()]
            low, high = np.array(own, dtype=np.float64).T
            low, high = np.maximum(low, self._low[columns]), np.minimum(high, self._high[columns])
            # A node that holds nothing of interest by now may as well hold what it did.
            self._handle.changeColsBounds(len(columns), columns, np.minimum(low, high), np.maximum(low, high))

    def _solved(self, iterations: int | None = None) -> float:
        """Run the relaxation; return its value, or that after some iterations, minus infinity if there is none."""
        handle = self._handle
        handle.setOptionValue("time_limit", handle.getRunTime() + self._deadline.left)
        handle.setOptionValue("simplex_iteration_limit", MOST_ITERATIONS if iterations is None else iterations)
        run(handle)
        if handle.getModelStatus() not in SOLVED and iterations is None and not self._deadline.is_past:
            # A basis that numbers make unfit: from none at all it is solved, or time is up.
            handle.clearSolver()
            run(handle)
        status = handle.getModelStatus()
        self._is_solved = status in SOLVED
        if status in INFEASIBLE:
            return -math.inf
        return -float(handle.getInfo().objective_function_value) if self._is_solved or iterations else math.inf

    def _age(self) -> None:
        """Count for how many nodes each inequality has been slack."""
        is_slack = np.asarray(self._handle.getSolution().row_dual)[self._first :] == 0
        self._idle = np.where(is_slack, self._idle + 1, 0)

    def _confine(self) -> None:
        """Fix columns of which the reduced cost at the root says that no better plan has them otherwise."""
        bound, reduced = self._root
        dear, cheap = self._far(bound, reduced)
        self._high[dear], self._low[cheap] = self._low[dear], self._high[cheap]
        self._set_ranges({*dear.tolist(), *cheap.tolist()})

    def _settled(self, bound: float) -> Ranges:
        """Return the ranges that the relaxation at hand leaves to better plans of its node, where they are narrower."""
        dear, cheap = self._far(bound, np.asarray(self._handle.getSolution().col_dual))
        found: Ranges = {}
        for column in dear.tolist():
            low, high = self._range(column)
            if low < high:
                found[column] = low, low
        for column in cheap.tolist():
            low, high = self._range(column)
            if low < high:
                found[column] = high, high
        return found

    def _far(self, bound: float, reduced: Floats) -> tuple[Ints, Ints]:
        """Return the whole columns that a better plan has at their lower end, and at their upper one."""
        whole, room = self._whole, bound - self._enough
        if not math.isfinite(room):
            return whole[:0], whole[:0]
        far = whole[np.abs(reduced[whole]) > room + ROUNDING * max(1.0, abs(bound))]
        if len(far):
            self._leave_out(self._enough)
        # HiGHS minimises the negated objective: what is dear is at its lower end.
        return far[reduced[far] > 0], far[reduced[far] < 0]

    def _range(self, column: int) -> tuple[float, float]:
        """Return a column's range in the node at hand."""
        return self._ranges.get(column, (float(self._low[column]), float(self._high[column])))

    def _split(self, node: _PartOfPlans, bound: float, values: Floats, fractional: Ints) -> list[_PartOfPlans]:
        """Return the parts of a node on the variable that promises most, but for what holds no better plan."""
        node = replace(node, ranges={**node.ranges, **self._settled(bound)})
        down = values[fractional] - np.floor(values[fractional])
        part = np.column_stack([down, 1 - down])
        seen = self._seen.sum(axis=0)
        usual = np.where(seen > 0, self._loss.sum(axis=0) / np.maximum(seen, 1), 1.0)
        own = self._loss[fractional] / np.maximum(self._seen[fractional], 1)
        falls = np.where(self._seen[fractional] > 0, own, usual) * part
        order = np.argsort(-_score(falls), kind="stable")
        is_known = self._seen[fractional[order]].min(axis=1) >= RELIABLE
        basis = self._handle.getBasis()
        strange = order[~is_known][:TRIED].tolist()
        for at in strange:
            column = int(fractional[at])
            ends = self._ends(column, values)
            falls[at] = [self._fall(column, end, bound, basis) for end in ends]
            finite = np.isfinite(falls[at])
            self._loss[column][finite] += (falls[at] / part[at])[finite]
            self._seen[column][finite] += 1
            if not finite.all():
                kept = [end for end, has_plans in zip(ends, finite.tolist(), strict=True) if has_plans]
                return [self._part(node, bound, column, end, basis) for end in kept]
        choice = [*order[is_known][:1].tolist(), *strange]
        best = max(choice, key=lambda at: float(_score(falls[at])))
        column = int(fractional[best])
        parts = [self._part(node, bound, column, end, basis) for end in self._ends(column, values)]
        return sorted(parts, key=lambda part: -part.bound)

    def _part(
        self, node: _PartOfPlans, bound: float, column: int, end: tuple[float, float], basis: Any
    ) -> _PartOfPlans:
        """Return part of a node, with the bound of its relaxation before it is cut."""
        self._ranges = {**node.ranges, column: end}
        self._set_ranges({column})
        self._handle.setBasis(basis)
        value = self._solved()
        part = _PartOfPlans(bound=min(bound, value), ranges=self._ranges, basis=(self._handle.getBasis(), self._purges))
        self._ranges = node.ranges
        self._set_ranges({column})
        return part

    def _ends(self, column: int, values: Floats) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return the range of a column below its value, and above it."""
        low, high = self._range(column)
        return (low, math.floor(values[column])), (math.ceil(values[column]), high)

    def _fall(self, column: int, end: tuple[float, float], bound: float, basis: Any) -> float:
        """Return by about how much the bound falls in part of a node; infinitely where that holds no better plan."""
        before = self._ranges
        self._ranges = {**before, column: end}
        self._set_ranges({column})
        self._handle.setBasis(basis)
        value = self._solved(ITERATIONS)
        is_empty = self._is_solved and value <= self._enough
        if is_empty:
            self._leave_out(value)
        self._ranges = before
        self._set_ranges({column})
        return math.inf if is_empty else max(bound - value, 0.0)


def _like(form: Formulation, years: Sequence[Year]) -> Floats:
    """Return a plan as values (v,) of a program's whole columns; none without a plan."""
    net = form.instance.problem.backhaul
    if net is None or not years:
        return np.zeros(0)
    found = np.zeros(len(form.program.variables()))
    for layer, year in zip(form.layers, years, strict=True):
        for option, number in zip(year.plan.options.tolist(), year.plan.counts.tolist(), strict=True):
            found[layer.open_[option].index] = number
        network = network_of(layer)
        arcs = {
            pair: at
            for at, pair in enumerate(zip(network.graph.head.tolist(), network.graph.edge.tolist(), strict=True))
        }
        for node, edge, _ in net.ways(year.plan.edges):
            arc = arcs.get((node, edge))
            if arc is not None:
                found[network.build[arc].index] = 1.0
    return found


def _fractional(values: Floats, whole: Ints) -> Ints:
    """Return the columns of those that are to be whole whose values are not."""
    given = values[whole]
    return whole[np.abs(given - np.round(given)) > FRACTIONAL]


def _score(falls: Floats) -> Floats:
    """Return what splitting promises (..., 2), by how much both sides fall."""
    score: Floats = np.maximum(falls, FRACTIONAL).prod(axis=-1)
    return score
