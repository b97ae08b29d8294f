"""Set covering in arrays: which rows matter, what they cost at least, and the best choice near that."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import highspy
import numpy as np
from scipy.sparse import csr_array

from hubplanner.errors import SolverError
from hubplanner.model.lp import decimal_unit
from hubplanner.problem import Bools, Floats, Ints
from hubplanner.problem.aggregation.equal_rows import group_rows
from hubplanner.solver.backends import SearchLimits, Termination
from hubplanner.solver.backends.arrays import lagrangean, linear_program
from hubplanner.solver.backends.highs import WHOLE, new_handle, run, solve_handle
from hubplanner.solver.mip.bounds.relaxation import Relaxation
from hubplanner.solver.progress import told_as

MOST_PRODUCTS = 1e8
"""Pairs of rows at options up to which rows are compared with each other: 81 million took 5.6 s and 2.3 GB."""


def implying_rows(cover: csr_array) -> Ints:
    """Return the rows (r, o) whose options include those of no other: what covers these covers all rows.

    Toregas and ReVelle (1972), doi:10.1111/j.1435-5597.1972.tb01530.x.

    >>> implying_rows(csr_array(np.array([[1, 1, 0], [1, 0, 0], [1, 0, 0], [0, 1, 1]]))).tolist()
    [1, 3]
    """
    first, _ = group_rows(cover)
    if (np.bincount(cover.indices).astype(np.float64) ** 2).sum() > MOST_PRODUCTS:
        return first
    rows = csr_array(cover[first]).astype(np.int32)
    common = (rows @ rows.T).tocoo()
    one, other = common.coords
    larger = other[(common.data == np.diff(rows.indptr)[one]) & (one != other)]
    return np.delete(first, np.unique(larger))


@dataclass(frozen=True, kw_only=True, eq=False)
class SetCover:
    r"""The least that options cost of which each row holds one: $\min c y$ with $\sum_{o \in C_r} y_o \ge 1$.

    Toregas et al. (1971), doi:10.1287/opre.19.6.1363.

    Parameters
    ----------
    cover
        (r, o) the options of each row.
    cost
        (o,) what each costs, at least nothing.
    """

    cover: csr_array
    cost: Floats

    @classmethod
    def of(cls, cover: csr_array, cost: Floats) -> Self:
        """Return the program of the rows that matter."""
        return cls(cover=csr_array(cover[implying_rows(cover)]), cost=cost)

    @property
    def unit(self) -> float:
        """Money that a unit of the program stands for."""
        return decimal_unit(float(self.cost.max(initial=0.0)))

    def program(self, *, whole: bool) -> Any:
        """Return the program for HiGHS; options are whole or not."""
        rows, options = self.cover.shape
        ends, limits = (np.zeros(options), np.ones(options)), (np.ones(rows), np.full(rows, math.inf))
        table = self.cover.astype(np.float64)
        return linear_program(table, self.cost / self.unit, ends, limits, np.ones(options, np.bool_) if whole else None)

    def relaxation(self, effort: SearchLimits) -> Relaxation:
        """Return what any choice costs at least, with reduced costs, as far as time goes."""
        handle, program = new_handle(effort, solver="simplex"), self.program(whole=False)
        handle.passModel(program)
        run(handle)
        solution = handle.getSolution()
        is_solved = handle.getModelStatus() == highspy.HighsModelStatus.kOptimal
        dual = np.asarray(solution.row_dual) if solution.dual_valid else np.zeros(program.num_row_)
        most, gain = lagrangean(program, dual)
        values = np.asarray(solution.col_value) if is_solved else np.zeros(0)
        bound = max(-most, 0.0) * self.unit
        return Relaxation(bound=bound, open_=values, reduced=-gain * self.unit, values=values)

    def rounded(self, open_: Floats) -> Ints:
        """Return a choice (k,) of the options with the largest values of those that cover more."""
        waits, chosen, covers = np.ones(self.cover.shape[0], dtype=np.bool_), list[int](), csr_array(self.cover.T)
        order = np.lexsort((self.cost / np.maximum(np.diff(covers.indptr), 1), -open_))
        for option in order.tolist():
            rows = covers.indices[covers.indptr[option] : covers.indptr[option + 1]]
            if waits[rows].any():
                chosen.append(option)
                waits[rows] = False
        return np.sort(np.array(chosen, dtype=np.intp))

    def within(
        self, known: Relaxation, margin: float, most: float, effort: SearchLimits
    ) -> tuple[Ints | None, float, str]:
        """Return the best choice among those that cost little more than a relaxation, and what no other costs less.

        Parameters
        ----------
        margin
            How much more; what costs more is left out for the most part.
        most
            What costs more than this is of no interest; no less than the bound and the margin.

        Returns
        -------
        tuple
            The choice, None where there is none or time runs out; the bound, which holds for all choices; and the
            solver's version.
        """
        high = known.open_ > 0.5  # noqa: PLR2004 - halfway
        built = np.flatnonzero(high & (known.reduced < -margin))
        free = np.flatnonzero(~(high & (known.reduced < -margin)) & ~(~high & (known.reduced > margin)))
        waits = np.flatnonzero(np.asarray(self.cover[:, built].sum(axis=1)) == 0)
        rest, paid = csr_array(self.cover[waits][:, free]), math.fsum(self.cost[built])
        left_out = known.bound + margin
        if (np.diff(rest.indptr) == 0).any():
            return None, left_out, ""
        chosen, bound, version = SetCover.of(rest, self.cost[free]).best(effort, paid, most)
        return None if chosen is None else np.sort(np.concatenate([built, free[chosen]])), min(bound, left_out), version

    def best(self, effort: SearchLimits, paid: float, most: float) -> tuple[Ints | None, float, str]:
        """Return the best choice, what all cost at least that cost no more than so much, and the solver's version.

        Parameters
        ----------
        paid
            Money that is spent beside it.
        """
        # Rows and options are reduced already: of five drawn questions, 2,000 sites x 10,000 places, presolve makes the
        # search take a sixth longer, and looking for nothing dearer half as long.
        ends = {"presolve": "off", "objective_bound": (most - paid) / self.unit}
        asked = {"mip_rel_gap": 0.0, "mip_abs_gap": effort.gap / self.unit, **ends, **WHOLE}

        def make() -> Any:
            handle = new_handle(effort, **asked)
            handle.passModel(self.program(whole=True))
            return handle

        with told_as("cost", lambda figure: paid - figure * self.unit):
            found = solve_handle(make(), make, np.arange(len(self.cost), dtype=np.int32), [])
        bound = math.inf if found.termination == Termination.INFEASIBLE else paid - found.bound * self.unit
        if found.open_ is None:
            return None, bound, found.version
        chosen = np.flatnonzero(np.round(found.open_) > 0)
        if not self.is_covered(chosen):
            message = "HiGHS returned hubs that leave someone out"
            raise SolverError(message)
        return chosen, bound, found.version

    def is_covered(self, chosen: Ints) -> bool:
        """Tell whether a choice (k,) covers all rows."""
        rows: Bools = np.asarray(self.cover[:, chosen].sum(axis=1)) > 0
        return bool(rows.all())
