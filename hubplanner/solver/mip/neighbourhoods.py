"""Better plans by small programs: the hubs near some groups are chosen anew, all others stay as they are.

Each is the whole program with most columns fixed, so that rows which nothing free touches drop out: a hundred hubs in a
second or two. Shaw (1998), doi:10.1007/3-540-49481-2_30, calls it large neighbourhood search. How many are tried, and
how far each is searched, are numbers, not times.
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
from hubplanner.solver.mip.program_search import any_plan
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

    def _with(self, free: Bools, values: Floats) -> Floats | None:
        """Return the values with the free columns (v,) at their best beside the others."""
        columns = np.flatnonzero(free)
        fixed = self.rows @ np.where(free, 0.0, values)
        part = self.rows[:, columns]
        rows = np.flatnonzero(np.diff(part.indptr) > 0)
        part, fixed = csr_array(part[rows]), fixed[rows]
        slack = SLACK * np.maximum(1.0, np.abs(fixed))
        whole = np.flatnonzero(self.is_whole[columns])
        program = linear_program(
            part,
            self.cost[columns],
            (self.low[columns], self.high[columns]),
            (self.least[rows] - fixed - slack, self.most[rows] - fixed + slack),
            self.is_whole[columns] if len(whole) else None,
        )
        gap = GAP * abs(float(self.cost @ values))
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
