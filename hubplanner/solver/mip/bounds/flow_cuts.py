"""What hubs of limited room serve, as a program over hubs alone: what flows show to be too much is cut off.

Where every seat counts alike, hubs serve as many as flow from them to demand. Rows of people and hubs give way to a
figure for what is served, and to inequalities by least cuts of flows, found where a relaxation or a plan states more.
Benders (1962), doi:10.1007/BF01386316. Relaxations take a second that take a minute with pairs of demand and hubs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np
from pulp import LpInteger
from scipy.sparse import csr_array, hstack, vstack

from hubplanner.model import Floor, FullService, Goal, Question, TakeUp, Year, broken_years, formulate
from hubplanner.model.constraints.base import of_kind, without
from hubplanner.model.constraints.capacity import Capacity
from hubplanner.model.cuts.hub_counts import add_tally
from hubplanner.model.lp import decimal_unit
from hubplanner.problem import Floats, Ints, evaluate
from hubplanner.solver.backends.arrays import entries, lagrangean, linear_program, matrix
from hubplanner.solver.backends.highs import WHOLE, as_arrays, new_handle, run, solve_handle
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.bounds.relaxation import FIRST_DEPTH
from hubplanner.solver.mip.heuristics.seat_flows import LeastCut, SeatFlows
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem

MOST_ROUNDS, PATIENCE, PROGRESS = 300, 100, 1e-4
"""Rounds of cutting the relaxation and solving it again, and those in which its bound has to fall by a part: where all
need can be met, it never does; where hubs share sites about towns it begins to after 40."""
INWARD = 0.5
"""Part of the way from the relaxation's hubs to better known ones at which cuts are looked for first. Of several hubs
at 300 sites about towns it takes 4.3 s and 205 cuts, with 0.25 5.2 s, with 0.75 6.8 s, without 6.5 s and all of 300."""
TINY = 1e-4
"""Parts of hubs there that are left out: a flow takes the longer the more hubs have any. There it takes 1.5 s then, 1.9
without or with 1e-3, 4.3 with 0.01."""
CLOSE = 1e-4
"""Relative distance of what hubs serve from the relaxation's bound at which cutting ends."""
VIOLATION = 1e-7
"""Least excess worth an inequality, as a share of all who can be served, or of those whom a level is short of."""
SMALLEST = 1e-8
"""Least size of an entry: HiGHS leaves out those below a tenth of it, and hubs of few seats would serve nobody."""
ROUNDING = 1e-9
"""Part of a level, or of a figure, that is the rounding of sums."""


def serves_by_flow(question: Question, goal: Goal | None) -> bool:
    """Tell whether flows say what hubs serve, and all else is about hubs alone, of a goal that comes first.

    Points are served in parts, every seat counts alike, and all in reach come; floors are of groups apart.
    """
    objective, capacity = question.objective, question.capacity
    asked = goal is not None and goal.name == objective.goal and objective.fairness is None
    covers = objective.maximises_coverage or (objective.minimises_cost and objective.travel_cost == 0)
    if not (asked and covers) or capacity is None or not capacity.can_relax or capacity.single:
        return False
    problem, rows = question.problems[-1], question.instance.assign_rows
    alone = not problem.measures and problem.backhaul is None and problem.keeps_existing
    alike = all(np.array_equal(one.seats, one.need) for one in question.problems)
    all_come = bool((rows.share == 1).all() and (rows.coming == 1).all())
    served = (*of_kind(question.constraints, FullService), *of_kind(question.constraints, TakeUp))
    return alone and alike and all_come and not served and _are_apart(question)


def _floors(question: Question) -> tuple[list[Floor], list[Floor]]:
    """Return the floors of all need, and those of groups, that ask for anything."""
    floors, need = of_kind(question.constraints, Floor), question.problems[-1].need
    floors = [floor for floor in floors if _level(floor) > 0]
    whole = [np.array_equal(floor.weight, need) for floor in floors]
    return (
        [floor for floor, is_whole in zip(floors, whole, strict=True) if is_whole],
        [floor for floor, is_whole in zip(floors, whole, strict=True) if not is_whole],
    )


def _level(floor: Floor) -> float:
    """Return what a floor asks for."""
    return floor.share * math.fsum(floor.weight)


def _are_apart(question: Question) -> bool:
    """Tell whether floors are of need, of groups without a point in common."""
    need, (_, groups) = question.problems[-1].need, _floors(question)
    weights = np.array([np.asarray(floor.weight) for floor in groups]).reshape(len(groups), len(need))
    return bool((np.count_nonzero(weights, axis=0) <= 1).all() and ((weights == need) | (weights == 0)).all())


@dataclass(frozen=True, kw_only=True, eq=False)
class _Asked:
    """What flows have to come to in a year: the figure of a year's column, or a level where that is None."""

    flows: SeatFlows
    year: int
    level: float | None = None


Row = tuple[csr_array, float]
"""Coefficients (1, v) of all columns, and what they come to at most."""


class FlowProgram:
    """A program over the hubs of a question, with what they serve as figures that cuts hold down.

    Attributes
    ----------
    bound
        No plan is worth more.
    parts
        (p, o) hubs of the relaxation.
    best
        The best plan known.
    """

    def __init__(self, task: Subproblem) -> None:
        question, goal, capacity = task.question, task.goal, task.question.capacity
        if goal is None or capacity is None:
            raise AssertionError
        self.task, self.goal, self.question, self.best = task, goal, question, task.known
        if self.best.years:
            self.best = replace(self.best, value=goal.value(self.best.years))
        rows, measure = question.instance.assign_rows, question.instance.measure
        self.flows = [
            SeatFlows(rows, rows.totals[:, measure(one.need)], capacity.room(one)) for one in question.problems
        ]
        self.groups = self._of_groups()
        self.covers = question.objective.maximises_coverage
        self.asked = self._asks()
        hubs = replace(question, constraints=tuple(without(question.constraints, Capacity, Floor)))
        depth = np.full(question.problems[0].n_points, FIRST_DEPTH, dtype=np.intp)
        self.form = formulate(hubs, None if self.covers else goal, (), depth)
        add_tally(self.form.layers, hubs.constraints)
        self._take(as_arrays(self.form.program))
        self.cuts: list[Row] = []
        self.bound, self.parts = goal.sense * math.inf, np.zeros(self.open_.shape)

    def _of_groups(self) -> SeatFlows | None:
        """Return flows that count no more of each group than its floor; None without any."""
        instance, (_, groups), whole = self.question.instance, _floors(self.question), self.flows[-1]
        if not groups:
            return None
        members = [instance.assign_rows.totals[:, instance.measure(np.asarray(one.weight))] > 0 for one in groups]
        end = np.where(np.any(members, axis=0), np.argmax(members, axis=0), -1)
        return SeatFlows(instance.assign_rows, whole.people, whole.room, (end, np.array([*map(_level, groups)])))

    def _asks(self) -> list[_Asked]:
        """Return what flows have to come to: what is served each year, or a level of it, and floors."""
        last, (whole, groups) = len(self.flows) - 1, _floors(self.question)
        found = [_Asked(flows=flows, year=year) for year, flows in enumerate(self.flows)] if self.covers else []
        found += [_Asked(flows=self.flows[last], year=last, level=_level(floor)) for floor in whole]
        if self.groups is not None:
            found.append(_Asked(flows=self.groups, year=last, level=math.fsum(map(_level, groups))))
        return found

    def _take(self, program: Any) -> None:
        """Take a program of hubs, with a column for each hub of an option that may have several, and for figures."""
        layers, most = self.form.layers, np.asarray(self.form.instance.most)
        opened = [[variable.index for variable in layer.open_] for layer in layers]
        self.open_: Ints = np.array(opened, dtype=np.intp).reshape(len(layers), len(most))
        one, many = np.flatnonzero(most <= 1), np.flatnonzero(most > 1)
        hubs, years, width = np.repeat(many, most[many]), np.arange(len(layers))[:, None], int(program.num_col_)
        first = np.cumsum(most[many]) - most[many]
        self.option: Ints = np.concatenate([one, hubs])
        self.before = np.concatenate([np.zeros(len(one)), np.arange(len(hubs)) - np.repeat(first, most[many])])
        each = width + len(hubs) * years + np.arange(len(hubs))
        self.column: Ints = np.hstack([self.open_[:, one], each]).astype(np.intp)
        figures, self.figure_at = len(layers) if self.covers else 0, width + each.size
        # The hubs of an option are those that it has first, second and so on.
        rows = np.arange(len(many) * len(layers)).reshape(len(layers), len(many))
        places = np.concatenate([np.repeat(rows, most[many], axis=1).ravel(), rows.ravel()])
        columns = np.concatenate([each.ravel(), self.open_[:, many].ravel()])
        cells: Any = (np.repeat([1.0, -1.0], [each.size, rows.size]), (places, columns))
        wide = csr_array((int(program.num_row_), each.size + figures))
        sums = csr_array(cells, shape=(rows.size, self.figure_at + figures))
        self.table = csr_array(vstack([hstack([csr_array(matrix(program)), wide]), sums]))
        ends = (program.row_lower_, program.row_upper_)
        self.least, self.most = (np.append(np.asarray(part), np.zeros(rows.size)) for part in ends)
        self.seats = np.array([flows.total(most.astype(np.float64)) for flows in self.flows])
        self.unit = decimal_unit(self.seats.max())
        worth, tops = [-part for part in self.question.discounts], self.seats / self.unit
        ends = np.zeros(each.size + figures), np.append(np.ones(each.size), tops[:figures])
        columns_of = (program.col_lower_, ends[0]), (program.col_upper_, ends[1])
        self.low, self.high = (np.concatenate([np.asarray(part), more]) for part, more in columns_of)
        self.cost = np.concatenate([np.asarray(program.col_cost_), np.zeros(each.size), worth[:figures]])
        whole = [variable.cat == LpInteger for variable in self.form.program.variables()]
        self.whole = np.append(np.array(whole, dtype=np.bool_), np.zeros(each.size + figures, dtype=np.bool_))

    def figure(self, value: float) -> float:
        """Return the goal's figure for a value of the program's objective."""
        return value * self.unit if self.covers else self.form.figure(value)

    def _row(self, asked: _Asked, cut: LeastCut) -> Row:
        """Return a cut's row, and its upper limit.

        Of a level each hub serves no more than what is missing of it.
        """
        serves = cut.of_hubs(asked.flows.room, self.option, self.before)
        missing = 0.0 if asked.level is None else max(asked.level * (1 - ROUNDING) - cut.base, 0.0)
        unit = self.unit if asked.level is None else decimal_unit(missing)
        serves = serves if asked.level is None else np.minimum(serves, missing)
        some = np.flatnonzero(serves)
        columns, values = self.column[asked.year, some], -np.maximum(serves[some] / unit, SMALLEST)
        limit = cut.base / unit if asked.level is None else -missing / unit
        if asked.level is None:
            columns, values = np.append(columns, self.figure_at + asked.year), np.append(values, 1.0)
        place: Any = (values, (np.zeros(len(columns), dtype=np.intp), columns))
        return csr_array(place, shape=(1, len(self.cost))), limit

    def _broken(self, hubs: Floats, values: Floats) -> tuple[float, list[Row]]:
        """Return what hubs (p, o) serve over the years, and the rows of least cuts that values (v,) break there."""
        served, rows = 0.0, list[Row]()
        for asked in self.asked:
            sent, cut = asked.flows.cut(hubs[asked.year])
            served += self.question.discounts[asked.year] * sent if asked.level is None else 0.0
            row, limit = self._row(asked, cut)
            if (row @ values)[0] > limit + VIOLATION * (self.seats.max() / self.unit if asked.level is None else 1.0):
                rows.append((row, limit))
        return served, rows

    def _arrays(self, *, whole: bool) -> Any:
        """Return the program with all cuts as HiGHS takes it."""
        table = csr_array(vstack([self.table, *(row for row, _ in self.cuts)]))
        limits = [limit for _, limit in self.cuts]
        rows = np.append(self.least, np.full(len(limits), -np.inf)), np.append(self.most, limits)
        return linear_program(table, self.cost, (self.low, self.high), rows, self.whole if whole else None)

    def _lower(self, bound: float) -> None:
        """Take a bound if it is sharper."""
        self.bound = self.goal.sense * min(self.goal.sense * self.bound, self.goal.sense * bound)

    def is_close(self) -> bool:
        """Tell whether the best plan's gap is as asked."""
        return self._is_within(self.bound)

    def _is_within(self, bound: float) -> bool:
        """Tell whether the best plan's gap to a bound is as asked."""
        gap = self.goal.sense * (bound - self.best.value)
        return bool(self.best.years) and gap <= max(self.task.gap, ROUNDING) * abs(self.best.value)

    def relax(self) -> None:
        """Cut the relaxation until its figures are what its hubs serve, first at hubs between it and known ones."""
        effort = self.task.effort(0.0)
        deadline, handle = effort.deadline(), new_handle(effort, solver="simplex")
        handle.passModel(self._arrays(whole=False))
        core = None if self.best.opened is None else self.best.opened.astype(np.float64)
        duals, bounds = np.zeros(0), list[float]()
        while len(bounds) < MOST_ROUNDS:
            run(handle, deadline)
            if handle.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                break
            values, duals = (
                np.asarray(part) for part in (handle.getSolution().col_value, handle.getSolution().row_dual)
            )
            bound = self.figure(-float(self.cost @ values))
            bounds.append(bound)
            before = bounds[max(len(bounds) - 1 - PATIENCE, 0)]
            is_stuck = len(bounds) > PATIENCE and abs(before - bound) < PROGRESS * abs(bound)
            self.parts = np.maximum(values[self.open_], 0.0)
            core = self.parts if core is None else INWARD * core + (1 - INWARD) * self.parts
            core = np.where(core < TINY, 0.0, core)
            served, rows = self._broken(core, values)
            rows = rows or self._broken(self.parts, values)[1]
            is_done = not rows or is_stuck or served >= bound * (1 - CLOSE) > 0
            if is_done or deadline.is_past or self._is_within(bound):
                break
            self.cuts += rows
            block, limits = csr_array(vstack([row for row, _ in rows])), np.array([limit for _, limit in rows])
            handle.addRows(len(limits), np.full(len(limits), -np.inf), limits, block.nnz, *entries(block))
        program = handle.getLp()
        duals = np.append(duals, np.zeros(program.num_row_ - len(duals)))
        self._lower(self.figure(lagrangean(program, duals)[0]))

    def search(self, gap: float, deadline: Deadline) -> bool:
        """Look for a better plan and a sharper bound among whole hubs, and tell whether any of them was cut off.

        Parameters
        ----------
        gap
            Relative gap at which the search may stop.
        """
        unit = self.unit if self.covers else self.form.unit
        figure = self.best.value if self.best.years else self.bound
        effort = replace(self.task, deadline=deadline).effort(gap * abs(figure) / unit)
        program, seen = self._arrays(whole=True), dict[bytes, Floats]()
        # Presolve would put the sums back in place of the count variables, whose branching closes the gap.
        presolve = "off" if self.form.counts else "choose"

        def see(event: Any) -> None:
            values = np.array(event.data_out.mip_solution)
            if len(values) == len(self.cost):
                seen[np.round(values[self.open_]).tobytes()] = values

        def make() -> Any:
            handle = new_handle(effort, mip_rel_gap=0.0, mip_abs_gap=effort.gap, presolve=presolve, **WHOLE)
            handle.passModel(program)
            handle.cbMipImprovingSolution += see
            return handle

        start = [] if self.best.opened is None else self.best.opened.ravel().astype(float).tolist()
        first, before = self.open_.ravel(), len(self.cuts)
        columns = np.append(first, np.delete(np.arange(len(self.cost)), first))
        outcome = solve_handle(make(), make, columns.astype(np.int32), start)
        self.best = replace(self.best, version=outcome.version)
        if math.isfinite(outcome.bound):
            self._lower(self.figure(outcome.bound))
        if outcome.open_ is not None:  # HiGHS does not tell on the way of a plan that its presolve comes to
            last = np.zeros(len(columns))
            last[columns] = outcome.open_
            seen[np.round(last[self.open_]).tobytes()] = last
        for values in seen.values():
            hubs = np.round(values[self.open_])
            served, rows = self._broken(hubs, values)
            self.cuts += rows
            if not self.covers or served > self.best.value or not self.best.years:
                self._try(hubs.astype(np.intp))
        return len(self.cuts) > before

    def take(self, known: Incumbent) -> None:
        """Take a plan if it is better than the best known, with as many served as flow to its hubs."""
        if known.opened is None:
            return
        if not self.best.years or self.goal.sense * (known.value - self.best.value) > 0:
            self.best = known
        self._try(known.opened)

    def _try(self, hubs: Ints) -> None:
        """Take a plan of hubs (p, o) if it is better than the best known and keeps to every limit."""
        years = self._years(hubs)
        value = self.goal.value(years)
        is_better = not self.best.years or self.goal.sense * (value - self.best.value) > 0
        if is_better and not broken_years(self.question, years):
            self.best = replace(self.best, years=years, opened=hubs, value=value)

    def _years(self, hubs: Ints) -> tuple[Year, ...]:
        """Return the plan of hubs (p, o) that serve as many as they can, those first whom floors ask for."""
        found, rows = list[Year](), self.question.instance.assign_rows
        for number, (flows, problem) in enumerate(zip(self.flows, self.question.problems, strict=True)):
            is_last = number == len(self.flows) - 1
            before = self.groups.served(hubs[number]) if is_last and self.groups is not None else None
            shares = rows.of_points(flows.shares(flows.served(hubs[number], before)))
            options = np.repeat(np.arange(flows.hubs), hubs[number])
            found.append(Year(problem, evaluate(problem, options, shares), self.question.discounts[number]))
        return tuple(found)
