"""Better plans by small programs: the hubs near some groups are chosen anew, all others stay as they are.

Each is the whole program with most columns fixed, so that rows which nothing free touches drop out: a hundred hubs in a
second or two. Shaw (1998), doi:10.1007/3-540-49481-2_30, calls it large neighbourhood search. Where the budget, and
whatever else is everybody's, has a price in place of a limit, groups have little to do with each other: each chooses
its hubs alone, to proof, so that little hangs on how a processor rounds (Lagrangean relaxation: Fisher 1981,
doi:10.1287/mnsc.27.1.1). How many are tried, and how far each is searched, are numbers, not times.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property

import highspy
import numpy as np
from scipy.sparse import csr_array, vstack

from hubplanner.model import Formulation, TangentUtility, formulate
from hubplanner.model.goals import tangent_utility
from hubplanner.problem import Bools, Floats, Ints
from hubplanner.solver.backends.arrays import linear_program, matrix
from hubplanner.solver.backends.highs import WHOLE, as_arrays, new_handle, run
from hubplanner.solver.mip.bounds.relaxation import FIRST_DEPTH
from hubplanner.solver.mip.program_search import any_plan, attempt
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem

TRIED, IDLE = 150, 40
"""Neighbourhoods that are tried at most, and in turn without a better plan."""
OPTIONS, NODES = 100, 100
"""Options whose hubs are chosen anew together, at least, and nodes of each search at most."""
NEXT = 4
"""Groups beside one that are chosen anew with it."""
COMMON = 60
"""Options in a row from which it is everybody's, such as the budget: it makes nobody neighbours."""
FINE, ERROR = np.geomspace(0.7, 1.4, 25), 1.5e-4
"""Multiples of a plan's shares at which there are tangents, and the part of a share that such steps err by at most."""
GAP = 1e-5
"""Relative gap of each search, of the whole figure."""
PRICES, PASSES = 4, 3
"""Multiples of the relaxation's prices at which groups choose their hubs, at most, and turns of each group with one."""
ALONE_GAP = 1e-7
"""Relative gap of a group's search, of the whole figure: next to none, so that little hangs on how processors round."""
BEYOND = 0.02
"""Part of a limit by which the next price aims beyond it: then one price has spent too much and one too little."""
DIGITS = 5
"""Digits of prices that do not depend on how a relaxation was rounded."""
LARGEST = 150
"""Options of a group from which it is no smaller a question than all groups."""
JOINED_GAP, JOINED_NODES = 1e-4, 500
"""Relative gap and nodes of the search among hubs on which prices disagree."""
SLACK = 1e-9
"""Relative slack of rows whose fixed part was summed up."""


class Neighbourhoods:
    """The program of a question, of which parts are solved beside a plan."""

    def __init__(self, task: Subproblem, utility: TangentUtility, known: Incumbent) -> None:
        """Formulate the question with tangents that are known, seen from the shares of a plan."""
        self.task, self.known = task, known
        self._shares = utility.fairness.shares(known.years[-1].plan)
        self.utility = replace(utility, at=max(utility.fairness.mean(self._shares), utility.fairness.linear_below))
        depth = np.full(task.question.problems[0].n_points, FIRST_DEPTH, dtype=np.intp)
        self.form: Formulation = formulate(task.question, tangent_utility(self.utility), (), depth, task.ranges)
        program = as_arrays(self.form.program)
        self.rows = csr_array(matrix(program))
        self.cost, self.low, self.high, self.least, self.most = (
            np.array(part)
            for part in (
                program.col_cost_,
                program.col_lower_,
                program.col_upper_,
                program.row_lower_,
                program.row_upper_,
            )
        )
        self.is_whole: Bools = np.array([kind == highspy.HighsVarType.kInteger for kind in program.integrality_])
        self.open_ = np.array([variable.index for variable in self.form.layers[-1].open_], dtype=np.intp)
        self.is_open: Bools = np.zeros(program.num_col_, dtype=np.bool_)
        self.is_open[self.open_] = True
        touches = self.rows.astype(np.bool_).astype(np.int32)
        is_common = np.asarray(touches @ self.is_open.astype(np.int32)) > COMMON
        self._rows_of_all: Ints = np.flatnonzero(is_common)
        self._near = csr_array(touches[~is_common].T @ touches[~is_common])
        self._is_common: Bools = ~self.is_open & (np.asarray(touches.T @ is_common.astype(np.int32)) > 0)

    @property
    def applies(self) -> bool:
        """Tell whether there is one period: hubs of several have rows in common that say what stands already."""
        return len(self.form.layers) == 1

    def improved(self, enough: float) -> Incumbent:
        """Return the best plan found, recomputed: the known one, or one with a larger equivalent share.

        Parameters
        ----------
        enough
            Equivalent share at which to stop.
        """
        rng = np.random.default_rng(self.task.options.seed)
        opened = self.known.opened
        if opened is None:
            raise AssertionError
        self._refine(self._shares)
        values, idle = self._solved(np.zeros(0, dtype=np.intp), opened[0].astype(np.float64)), 0
        for _ in range(TRIED):
            if values is None or idle >= IDLE or self.task.is_late or self._share(values) >= enough * (1 + ERROR):
                break
            found = self._solved(self._some(rng), values)
            is_better = found is not None and self.cost @ found < self.cost @ values - SLACK * abs(self.cost @ values)
            values, idle = (found, 0) if found is not None and is_better else (values, idle + 1)
        if values is None:
            return self.known
        hubs = np.round(values[self.open_]).astype(np.intp)[None]
        goal = tangent_utility(self.utility)
        made = any_plan(replace(self.task, goal=goal, ranges=(hubs, hubs), start=hubs, gap=0.0))
        return made if made.years else self.known

    def by_prices(self) -> Incumbent:
        """Return the best plan of hubs that groups choose alone where what is everybody's has a price; or nothing.

        The relaxation's prices come first, then higher ones where these spend too much, or lower ones, until one has
        spent too much and another too little. Where they agree on a number of hubs it is taken; one search settles the
        others within all limits.
        """
        opened, relaxed = self.known.opened, self._relaxed()
        if opened is None or relaxed is None or max(map(len, self._groups), default=0) > LARGEST:
            return Incumbent()
        prices, shares = relaxed
        self._refine(shares)
        values = self._solved(np.zeros(0, dtype=np.intp), opened[0].astype(np.float64))
        factor, spent, hubs = 1.0, list[float](), list[Ints]()
        for _ in range(PRICES):
            if values is None or self.task.is_late:
                break
            values = self._settled(values, prices * factor)
            hubs.append(np.round(values[self.open_]).astype(np.intp))
            spent.append(self._spent(values, prices))
            if spent[-1] <= 0 or min(spent) <= 1 < max(spent):
                break
            aim = 1 + BEYOND if spent[-1] > 1 else 1 / (1 + BEYOND)
            factor *= (spent[-1] * aim) ** self.utility.fairness.alpha
        if values is None or not hubs or self.task.is_late:
            return Incumbent()
        ranges = np.min(hubs, axis=0)[None], np.max(hubs, axis=0)[None]
        within = [one for one, part in zip(hubs, spent, strict=True) if part <= 1]
        joined = replace(
            self.task,
            goal=tangent_utility(self.utility),
            gap=JOINED_GAP,
            scale=abs(self.form.figure(-float(self.cost @ values))),
            ranges=ranges,
            start=within[-1][None] if within else None,
            nodes=JOINED_NODES,
        )
        found, _ = attempt(joined, self.form.depth)
        return found

    def _relaxed(self) -> tuple[Floats, Floats] | None:
        """Return the prices of what is everybody's, and the groups' shares (g,), by the relaxation; None without."""
        handle = new_handle(self.task.options.until(self.task.deadline).effort(0.0), solver="simplex")
        ends = (self.low, self.high), (self.least, self.most)
        handle.passModel(linear_program(self.rows, self.cost, *ends, None))
        run(handle)
        if handle.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution = handle.getSolution()
        prices = np.asarray(solution.row_dual)[self._rows_of_all]
        shares = self.utility.shares_in(self.form.layers[-1], np.asarray(solution.col_value))
        return np.array([float(f"{price:.{DIGITS}g}") for price in prices.tolist()]), shares

    def _refine(self, shares: Floats) -> None:
        """Add tangents about some shares (g,)."""
        known = self.utility
        self.utility = known.refined([np.minimum(shares * part, 1.0) for part in FINE.tolist()])
        added = list(self.utility.rows_beyond(known, self.form.layers[-1]))
        if not added:
            return
        most, columns, parts = zip(*added, strict=True)
        ends = np.cumsum([0, *map(len, columns)])
        shape = len(most), len(self.cost)
        rows = csr_array((np.concatenate(parts), np.concatenate(columns), ends), shape=shape)
        self.rows = csr_array(vstack([self.rows, rows]))
        self.least = np.concatenate([self.least, np.full(len(most), -math.inf)])
        self.most = np.concatenate([self.most, np.array(most)])

    def _settled(self, values: Floats, prices: Floats) -> Floats:
        """Return the values (v,) of a plan after each group chose its hubs at some prices, until none changes them."""
        waiting = np.ones(len(self._groups), dtype=np.bool_)
        for _ in range(PASSES):
            for group in np.flatnonzero(waiting).tolist():
                if self.task.is_late:
                    return values
                found = self._with(self._about(self._groups[group]), values, prices)
                waiting[group] = False
                if found is None:
                    continue
                if (np.round(found[self.open_]) != np.round(values[self.open_])).any():
                    waiting |= self._common[group] > 0
                    waiting[group] = False
                values = found
        return values

    def _spent(self, values: Floats, prices: Floats) -> float:
        """Return the largest part of a limit that is everybody's and has a price that a plan takes; 0 without any."""
        parts = [0.0]
        for row, price in zip(self._rows_of_all.tolist(), prices.tolist(), strict=True):
            used = float((self.rows[[row]] @ values)[0])
            if price < 0 < self.most[row] < math.inf:
                parts.append(used / float(self.most[row]))
            elif price > 0 and used > 0:
                parts.append(float(self.least[row]) / used)
        return max(parts)

    def _share(self, values: Floats) -> float:
        return self.utility.share_of(self.form.figure(-float(self.cost @ values)))

    def _beside(self, columns: Ints) -> Bools:
        """Tell which columns (v,) share a row with some, but one that is everybody's."""
        return np.asarray(self._near[columns].sum(axis=0)).ravel() > 0

    @cached_property
    def _groups(self) -> list[Ints]:
        """The options that serve someone of each group."""
        found = []
        for share, _ in self.form.layers[-1].variables.fair_shares:
            served = self._beside(np.array([share.index])) & ~self.is_open
            found.append(np.flatnonzero(self._beside(np.flatnonzero(served)) & self.is_open))
        return [options for options in found if len(options)]

    @cached_property
    def _common(self) -> Ints:
        """How many options two groups (g, g) have in common."""
        member = np.zeros((len(self._groups), len(self.cost)), dtype=np.int32)
        for group, options in enumerate(self._groups):
            member[group, options] = 1
        return np.asarray(member @ member.T)

    def _some(self, rng: np.random.Generator) -> Ints:
        """Return the options of a random group and those beside it, and of others, until they are enough."""
        chosen: Ints = np.zeros(0, dtype=np.intp)
        for group in rng.permutation(len(self._groups)).tolist():
            near = np.argsort(-self._common[group], kind="stable")[: NEXT + 1]
            near = near[self._common[group][near] > 0]
            chosen = np.union1d(chosen, np.concatenate([self._groups[one] for one in near.tolist()]))
            if len(chosen) >= OPTIONS:
                break
        return chosen

    def _solved(self, options: Ints, values: Floats) -> Floats | None:
        """Return the values (v,) of all columns with some options chosen anew; None where nothing was found.

        Parameters
        ----------
        values
            (v,) of a plan; of its options (o,) alone where everybody is to be served anew.
        """
        is_plan = len(values) == len(self.cost)
        free = ~self.is_open
        if is_plan:
            free = self._is_common | self._about(options)
        else:
            values, hubs = np.zeros(len(self.cost)), values
            values[self.open_] = hubs
        return self._with(free, values)

    def _about(self, options: Ints) -> Bools:
        """Tell which columns (v,) are some options, who may come to them, and what these groups are worth."""
        near = self._beside(options) & ~self.is_open
        near = self._beside(np.flatnonzero(near)) & ~self.is_open
        free = near | (self._beside(np.flatnonzero(near)) & self._is_worth)
        free[options] = True
        return free

    @cached_property
    def _is_worth(self) -> Bools:
        """Which columns (v,) are groups' shares and what they are worth."""
        found = np.zeros(len(self.cost), dtype=np.bool_)
        found[[one.index for pair in self.form.layers[-1].variables.fair_shares for one in pair]] = True
        return found

    def _with(self, free: Bools, values: Floats, prices: Floats | None = None) -> Floats | None:
        """Return the values with the free columns (v,) at their best beside the others.

        Parameters
        ----------
        prices
            What rows that are everybody's cost; they are limits if None.
        """
        columns, cost = np.flatnonzero(free), self.cost
        fixed = self.rows @ np.where(free, 0.0, values)
        part = self.rows[:, columns]
        is_row = np.diff(part.indptr) > 0
        if prices is not None:
            is_row[self._rows_of_all] = False
            cost = cost - np.asarray(prices @ self.rows[self._rows_of_all]).ravel()
        rows = np.flatnonzero(is_row)
        part, fixed = csr_array(part[rows]), fixed[rows]
        slack = SLACK * np.maximum(1.0, np.abs(fixed))
        whole = np.flatnonzero(self.is_whole[columns])
        program = linear_program(
            part,
            cost[columns],
            (self.low[columns], self.high[columns]),
            (self.least[rows] - fixed - slack, self.most[rows] - fixed + slack),
            self.is_whole[columns] if len(whole) else None,
        )
        gap = (GAP if prices is None else ALONE_GAP) * abs(float(self.cost @ values))
        effort = self.task.options.until(self.task.deadline).effort(gap, NODES)
        handle = new_handle(effort, mip_rel_gap=0.0, mip_abs_gap=gap, mip_allow_restart=False, **WHOLE)
        handle.passModel(program)
        if len(whole) and np.any(free & self.is_open):
            handle.setSolution(len(whole), whole.astype(np.int32), np.round(values[columns][whole]))
        run(handle)
        if handle.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            return None
        found = values.copy()
        found[columns] = np.asarray(handle.getSolution().col_value)
        found[self.is_whole] = np.round(found[self.is_whole])
        return found
