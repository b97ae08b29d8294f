"""Maximal covering as one linear program in arrays."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csr_array, eye_array, hstack, vstack

from hubplanner.model import Objective
from hubplanner.model.constraints.budget import money_unit, most_money
from hubplanner.model.lp import decimal_unit
from hubplanner.problem import Bools, Floats, Ints
from hubplanner.problem.covering_instance import CoveringInstance
from hubplanner.solver.backends.arrays import linear_program
from hubplanner.solver.limits import limits


@dataclass(frozen=True, kw_only=True, eq=False)
class CoveringLP:
    r"""The program over rows covered z and options open y.

    .. math:: \max \sum_r w_r z_r + \sum_o g_o y_o \quad\text{with}\quad z_r \le \sum_{o \in C_r} y_o, \quad
              S y \le s, \quad 0 \le z, y \le 1

    Church and ReVelle (1974), doi:10.1007/BF01942293.

    Parameters
    ----------
    need
        (r,) weight of each row, in units of need.
    gain
        (o,) what each option adds on its own.
    cover
        (r, o) which options cover a row.
    side
        (s, o) the constraints on options alone.
    limit
        (s,) their right-hand sides.
    is_whole
        (s,) which of them have whole coefficients.
    must
        (o,) options of sites that must hold one.
    unit
        Need that one unit of the objective stands for.
    """

    need: Floats
    gain: Floats
    cover: csr_array
    side: csr_array
    limit: Floats
    is_whole: Bools
    must: Bools
    unit: float

    @cached_property
    def covers(self) -> csr_array:
        """The rows (o, r) that each option covers."""
        return csr_array(self.cover.T)

    @cached_property
    def columns(self) -> csr_array:
        """The options' part (o, r + s) of the constraints, one row an option."""
        return csr_array(hstack([-self.covers, self.side.T], format="csr"))

    def budget_moved(self, other: CoveringLP) -> Ints | None:
        """Return the rows of the budget where another table of the instance differs in it alone; None elsewhere."""
        fixed = self.is_whole
        if self.side.shape != other.side.shape or (self.side - other.side).count_nonzero() or self.unit != other.unit:
            return None
        if not (np.array_equal(fixed, other.is_whole) and np.array_equal(self.limit[fixed], other.limit[fixed])):
            return None
        return np.flatnonzero(~fixed)

    @cached_property
    def matrix(self) -> csr_array:
        """All constraints (r + s, r + o), rows covered first."""
        upper = hstack([eye_array(len(self.need)), -self.cover])
        lower = hstack([csr_array((len(self.limit), len(self.need))), self.side])
        return csr_array(vstack([upper, lower], format="csr"))

    @property
    def limits(self) -> Floats:
        """Right-hand sides (r + s,) of all constraints."""
        return np.concatenate([np.zeros(len(self.need)), self.limit])


@dataclass(frozen=True, kw_only=True, eq=False)
class Cuts:
    r"""Inequalities $R z + O y \le l$ with whole coefficients.

    Parameters
    ----------
    rows, options
        (k, r) and (k, o) coefficients.
    limit
        (k,) right-hand sides.
    """

    rows: csr_array
    options: csr_array
    limit: Floats

    def some(self, chosen: Ints) -> Cuts:
        """Return some of the cuts."""
        return Cuts(rows=self.rows[chosen], options=self.options[chosen], limit=self.limit[chosen])


def joined(parts: Sequence[Cuts]) -> Cuts:
    """Return several sets of cuts as one."""
    return Cuts(
        rows=csr_array(vstack([part.rows for part in parts], format="csr")),
        options=csr_array(vstack([part.options for part in parts], format="csr")),
        limit=np.concatenate([part.limit for part in parts]),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class PrimalPoint:
    """An end of the relaxation, and what its multipliers prove of all plans.

    Parameters
    ----------
    covered, open_
        (r,) and (o,) values of the rows and options.
    bound
        No plan is worth more, in units of the objective.
    reduced
        (o,) reduced cost of each option.
    is_solved
        Whether this is the relaxation's optimum.
    price
        (s,) multipliers of the constraints on options alone.
    """

    covered: Floats
    open_: Floats
    bound: float
    reduced: Floats
    is_solved: bool
    price: Floats


def table_of(instance: CoveringInstance, objective: Objective, forbidden: Sequence[Ints] = ()) -> CoveringLP:
    """Return the program of an instance with its budget, number of hubs, pins and one hub a site.

    Parameters
    ----------
    forbidden
        Sets of options none of which a plan may contain whole.
    """
    unit = decimal_unit(instance.largest_need)
    rows = [*_side_rows(instance, objective), *map(_without, forbidden)]
    shape = (len(rows), len(instance.option))
    options = [options for options, _, _, _ in rows]
    weights = [weights for _, weights, _, _ in rows]
    cells: Any = (np.concatenate(weights or [np.zeros(0)]), _places(options))
    return CoveringLP(
        need=instance.need / unit,
        gain=instance.gain / unit,
        cover=instance.cover.astype(np.float64),
        side=csr_array(cells, shape=shape),
        limit=np.array([limit for _, _, limit, _ in rows]),
        is_whole=np.array([whole for _, _, _, whole in rows], dtype=np.bool_),
        must=np.isin(instance.site, instance.required),
        unit=unit,
    )


def _without(members: Ints) -> tuple[Ints, Floats, float, bool]:
    return members, np.ones(len(members)), len(members) - 1.0, True


def _places(options: list[Ints]) -> tuple[Ints, Ints]:
    number = np.repeat(np.arange(len(options)), [len(part) for part in options])
    return number, np.concatenate([*options, np.zeros(0, dtype=np.intp)])


def _side_rows(instance: CoveringInstance, objective: Objective) -> Iterator[tuple[Ints, Floats, float, bool]]:
    """Yield options, coefficients, right-hand side and whether they are whole, of each constraint on options alone."""
    money, count = limits(objective)
    every = np.arange(len(instance.option))
    if math.isfinite(money):
        unit = money_unit(instance.cost.max(initial=0.0), money)
        yield every, instance.cost / unit, most_money(money) / unit, False
    if math.isfinite(count):
        yield every, np.ones(len(every)), float(count), True
    _, first, size = np.unique(instance.site, return_index=True, return_counts=True)
    for start, options in zip(first[size > 1].tolist(), size[size > 1].tolist(), strict=True):
        yield np.arange(start, start + options), np.ones(options), 1.0, True
    for site in instance.required.tolist():
        at = np.flatnonzero(instance.site == site)
        yield at, -np.ones(len(at)), -1.0, True


def program_of(table: CoveringLP, cuts: Cuts | None, *, whole: bool) -> Any:
    """Return the program of a table with cuts for HiGHS, which minimises; options are whole or not."""
    matrix, limit, rows = table.matrix, table.limits, len(table.need)
    if cuts is not None:
        matrix = csr_array(vstack([matrix, hstack([cuts.rows, cuts.options])], format="csr"))
        limit = np.concatenate([limit, cuts.limit])
    width = matrix.shape[1]
    return linear_program(
        matrix,
        -np.concatenate([table.need, table.gain]),
        (np.zeros(width), np.ones(width)),
        (np.full(len(limit), -math.inf), limit),
        np.arange(width) >= rows if whole else None,
    )


def proven(
    table: CoveringLP, dual: Floats, untouched: Bools, cuts: Cuts | None, cut_dual: Floats
) -> tuple[float, Floats]:
    r"""Return the bound and the reduced costs of all options that multipliers of at least 0 prove.

    .. math:: u^T b + \sum_r (w_r - (A^T u)_r)^+ + \sum_o (g_o - (A^T u)_o)^+

    Parameters
    ----------
    dual
        (r + s,) multipliers of the table's constraints.
    untouched
        (r,) rows that are given away at their full worth, whatever their multiplier.
    cut_dual
        (k,) multipliers of the cuts.
    """
    rows = len(table.need)
    price = np.where(untouched, table.need, dual[:rows])
    worth, reduced = table.need - price, table.gain - table.columns @ np.concatenate([price, dual[rows:]])
    constant = dual[rows:] @ table.limit
    if cuts is not None:
        worth, reduced = worth - cuts.rows.T @ cut_dual, reduced - cuts.options.T @ cut_dual
        constant += cut_dual @ cuts.limit
    return math.fsum([constant, *np.maximum(worth, 0.0), *np.maximum(reduced, 0.0)]), reduced
