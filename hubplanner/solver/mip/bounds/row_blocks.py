"""The relaxation of large covering programs: what is covered leaves the program, cuts over blocks take its place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from scipy.sparse import csr_array, diags_array, hstack, vstack
from scipy.sparse.linalg import svds

from hubplanner.problem import Bools, Floats, Ints
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.backends.arrays import entries, lagrangean, linear_program, matrix
from hubplanner.solver.backends.highs import new_handle, run
from hubplanner.tolerances import EXACT

LEAST_WIDTH, LEAST_ENTRIES = 8, 100_000
"""Options that cover a row on average, and entries of all rows, from which blocks take less time than the rows."""
BLOCKS = 128
"""Blocks of all rows together: beside further limits more than cover alone takes."""
MOST_KINDS = 512
"""Kinds of units, by the sums that they count for, above which each sum has blocks of its own."""
ALIKE = 9
"""Digits to which units count alike for all sums."""
AXES = 3
"""Singular vectors of the cover that say which rows lie near each other."""
MOST_PLACED = 20_000
"""Rows by which these are found: more would take longer and place the others hardly better."""
VIOLATED = 1e-6
"""Units of need by which a point breaks a cut that is worth adding: ten times the solver's own tolerance."""
SLACK_ROUNDS = 8
"""Relaxations in a row that a cut is slack before it goes."""
MOST_ROUNDS = 200
"""Rounds of cuts, at most."""
STALLED, PATIENCE = 1e-5, 5
"""Relative move of the bound in some rounds together from which cuts are given up."""

HALF = 0.5
"""What each of two hubs counts for."""
NO_COLUMN = NOT_ADDED = -1
"""Stands for no column, and for cuts that are no rows of the program."""


def blocks_of(cover: csr_array, need: Floats, count: int) -> Ints:
    """Return the block (r,) of each row: rows that nearly the same options cover share one.

    Rows are placed by singular vectors of the cover, scaled by its row and column sums, as in spectral co-clustering,
    Dhillon (2001), doi:10.1145/502512.502550, and split in halves of equal need across their widest side.
    """
    rows = cover.shape[0]
    block = np.zeros(rows, dtype=np.intp)
    if min(cover.shape) <= AXES + 1 or count < 2:  # noqa: PLR2004 - one block is all rows
        return block
    size = np.sqrt(np.maximum(np.diff(cover.indptr), 1))
    degree = np.sqrt(np.maximum(np.bincount(cover.indices, minlength=cover.shape[1]), 1))
    scaled = csr_array(diags_array(1 / size) @ cover @ diags_array(1 / degree))
    some = csr_array(scaled[np.unique(np.linspace(0, rows - 1, min(rows, MOST_PLACED)).astype(np.intp))])
    _, value, right = svds(some, k=AXES + 1, v0=np.ones(min(some.shape)))
    axes = np.argsort(-value)[1:]
    # Where rows are of fewer kinds than there are axes, some say nothing.
    length = np.maximum(value[axes], EXACT * value.max())
    places = scaled @ (right[axes] / length[:, None]).T / size[:, None]
    for number in range(1, count):
        heavy = int(np.argmax(np.bincount(block, need, minlength=number)))
        inside = np.flatnonzero(block == heavy)
        if len(inside) == 1:
            break
        axis = int(np.argmax(np.ptp(places[inside], axis=0)))
        order = inside[np.argsort(places[inside, axis], kind="stable")]
        total = np.cumsum(need[order])
        half = int(np.searchsorted(total, total[-1] / 2)) + 1
        block[order[min(half, len(order) - 1) :]] = number
    return block


@dataclass(frozen=True, kw_only=True, eq=False)
class CoverPart:
    r"""The part of a program that says what is covered: $z_u \le \sum_o a_{ro} y_o$ for each of the rows r of unit u.

    Parameters
    ----------
    rows
        (r,) the program's rows that say it, by unit.
    starts
        (u,) first of the rows of each unit.
    size
        (r,) what the program's row says $z_u$ times: the sums are a part of it.
    covered
        (u,) columns of $z_u$.
    cover
        (r, k) the sums on the right, over the columns that stay.
    pairs
        (u,) units of one row that count whole once two of its columns of 0 or 1 do: then without any one of these, too,
        $z_u \le \sum_{o \ne q} y_o$.
    staying, kept
        (k,) columns and (m,) rows of the program that stay.
    """

    rows: Ints
    starts: Ints
    size: Floats
    covered: Ints
    cover: csr_array
    pairs: Bools
    staying: Ints
    kept: Ints

    @property
    def is_large(self) -> bool:
        """Tell whether blocks take less time than the rows one by one."""
        return bool(self.pairs.any()) or self.cover.nnz >= max(LEAST_ENTRIES, LEAST_WIDTH * len(self.rows))

    def tightest(self, at: Floats) -> Tightest:
        """Return the least sum of each unit's rows at values (k,) of the columns that stay."""
        sums = np.asarray(self.cover @ at)
        unit = np.repeat(np.arange(len(self.starts)), np.diff(self.starts, append=len(sums)))
        order = np.lexsort((sums, unit))[self.starts]
        least, without = sums[order], np.full(len(self.starts), NO_COLUMN)
        ends = self.cover.indptr
        some = np.flatnonzero(self.pairs & (ends[self.starts + 1] > ends[self.starts]))
        if len(some):
            rows = csr_array(self.cover[self.starts[some]])
            values, length = at[rows.indices], np.diff(rows.indptr)
            most = np.maximum.reduceat(values, rows.indptr[:-1])
            place = np.flatnonzero(values == np.repeat(most, length))
            first = np.searchsorted(place, rows.indptr[:-1])
            beside = 2 * least[some] - most
            tighter = beside < least[some]
            least[some] = np.minimum(least[some], beside)
            without[some[tighter]] = rows.indices[place[first]][tighter]
        return Tightest(reached=least, row=order, without=without)


@dataclass(frozen=True, kw_only=True, eq=False)
class Tightest:
    """What covers each unit least at some point.

    Parameters
    ----------
    reached
        (u,) the least sum.
    row
        (u,) its row.
    without
        (u,) the column that is left out, the others counting twice as much as in the row; `NO_COLUMN` where none is.
    """

    reached: Floats
    row: Ints
    without: Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class BlockPoint:
    """Values and multipliers of a whole program, from the relaxation over blocks.

    Parameters
    ----------
    values
        (v,) of all columns.
    row_dual
        (m,) multipliers of all rows, signed as HiGHS does.
    beside
        (k,) multipliers of the rows that were added to it.
    told
        Bound and reduced costs (v,) of the program with cuts, where these say more than the rows; None elsewhere.
    """

    values: Floats
    row_dual: Floats
    beside: Floats
    told: tuple[float, Floats] | None = None

    def proof(self, program: Any) -> tuple[float, Floats]:
        """Return the bound and the reduced costs (v,) that it proves of a whole program, with the rows added to it."""
        return lagrangean(program, np.append(self.row_dual, self.beside)) if self.told is None else self.told


def halved(program: Any, decided: Bools) -> tuple[Any, csr_array]:
    r"""Return a program in which each row says what covers one unit, and what (v, v) takes its values back.

    Where a second hub shares the row of the first, :math:`z + z' \le \sum_o y_o`, and z has one of its own, too, the
    half :math:`h = (z + z') / 2` takes the place of :math:`z' = 2 h - z`, so that :math:`2 h \le \sum_o y_o`. In every
    plan it is between 0 and 1.

    Parameters
    ----------
    decided
        (v,) columns of whole variables to decide on.
    """
    low, high, table = np.asarray(program.row_lower_), np.asarray(program.row_upper_), csr_array(matrix(program))
    (count, width), column = table.shape, table.indices
    row = np.repeat(np.arange(count), np.diff(table.indptr))
    ends = ~decided & (np.asarray(program.col_lower_) == 0) & (np.asarray(program.col_upper_) == 1)
    caps = (table.data > 0) & (np.isinf(low) & (high == 0))[row]
    several = np.bincount(row[caps], minlength=count)
    own = np.bincount(column[caps & (several == 1)[row]], minlength=width) > 0
    once = np.bincount(column[caps], minlength=width) == 1
    pair = caps & (several == 2)[row] & (table.data == 1) & ends[column]  # noqa: PLR2004 - z and z'
    first, second = np.flatnonzero(pair & own[column]), np.flatnonzero(pair & (once & ~own)[column])
    _, one, other = np.intersect1d(row[first], row[second], return_indices=True)
    z, with_two = column[first[one]], column[second[other]]
    diagonal = np.ones(width)
    diagonal[with_two] = 2.0
    places: Any = (-np.ones(len(z)), (with_two, z))
    back = csr_array(diags_array(diagonal) + csr_array(places, shape=(width, width)))
    if not len(z):
        return program, back
    told = csr_array(table @ back)
    told.eliminate_zeros()
    ends = program.col_lower_, program.col_upper_
    return linear_program(told, back.T @ np.asarray(program.col_cost_), ends, (low, high)), back


def cover_part(program: Any, decided: Bools, whole: Bools | None = None) -> CoverPart:
    """Return the part of a program of HiGHS that says what is covered; without rows where it has none.

    Columns leave that are wanted in every sum they count for: in the objective, and in each limit.

    Parameters
    ----------
    decided
        (v,) columns of whole variables to decide on.
    whole
        (v,) other columns that are whole in every plan; none if None.
    """
    low, high, cost = (np.asarray(part) for part in (program.row_lower_, program.row_upper_, program.col_cost_))
    ends = (np.asarray(program.col_lower_) == 0) & (np.asarray(program.col_upper_) == 1)
    wanted, table = ends & ~decided & (cost <= 0), csr_array(matrix(program))
    (count, width), value = table.shape, table.data
    row, column = np.repeat(np.arange(count), np.diff(table.indptr)), table.indices.astype(np.intp)
    at_most, at_least = np.isinf(low) & np.isfinite(high), np.isinf(high) & np.isfinite(low)
    caps = (value > 0) & wanted[column]
    says = at_most & (high == 0) & (np.bincount(row[caps], minlength=count) == 1)
    says &= _all(row, caps | ((value < 0) & ~wanted[column]), count)
    caps &= says[row]
    improves = np.where(value > 0, at_least[row], at_most[row])
    leaves = (np.bincount(column[caps], minlength=width) > 0) & _all(column, caps | improves, width)
    if not (leaves & ((cost < 0) | ~_all(column, caps, width))).any():
        leaves[:] = False  # no sum is left for blocks to tell
    own = np.flatnonzero(caps & leaves[column])
    own = own[np.argsort(column[own], kind="stable")]
    covered, starts = np.unique(column[own], return_index=True)
    staying = np.flatnonzero(~leaves)
    cover = csr_array(diags_array(-1 / value[own]) @ table[row[own]][:, staying])
    ones = decided & (np.asarray(program.col_upper_) <= 1)
    half = (cover.data == HALF) & ones[staying][cover.indices]
    halves = _all(np.repeat(np.arange(len(own)), np.diff(cover.indptr)), half, len(own))
    alone = np.diff(starts, append=len(own)) == 1
    return CoverPart(
        rows=row[own],
        starts=starts,
        size=value[own],
        covered=covered,
        cover=cover,
        pairs=alone & halves[starts] & (np.zeros(width, dtype=np.bool_) if whole is None else whole)[covered],
        staying=staying,
        kept=np.setdiff1d(np.arange(count), row[own]),
    )


def _all(group: Ints, holds: Bools, count: int) -> Bools:
    """Tell of which groups (count,) something holds for every member."""
    return np.asarray(np.bincount(group[~holds], minlength=count) == 0)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Blocks:
    r"""Sums of a program, told by what blocks of units come to: $\sum_u w_{fu} z_u = \sum_b \lambda_{fb} \theta_b$.

    Parameters
    ----------
    weight
        (b, u) what a unit counts in a block.
    part
        (f, b) what each block counts for each sum.
    """

    weight: csr_array
    part: csr_array


def _blocks(cover: csr_array, weights: csr_array) -> _Blocks:
    """Return blocks of units that count alike for all sums, where they are few kinds, or blocks of each sum.

    Parameters
    ----------
    cover
        (u, k) what covers each unit.
    weights
        (f, u) what units count for sums.
    """
    size = np.asarray(weights.max(axis=0).toarray()).ravel()
    # What units of a kind count differs by a factor alone.
    marks = np.random.default_rng(0).uniform(1.0, 2.0, weights.shape[0])
    counting = np.flatnonzero(size > 0)
    trait = np.round((weights.T @ marks)[counting] / size[counting], ALIKE)
    _, sample, kind = np.unique(trait, return_index=True, return_inverse=True)
    if len(sample) <= MOST_KINDS:
        units = [counting[kind == number] for number in range(len(sample))]
        shares = csr_array(weights[:, counting[sample]].multiply(1 / size[counting[sample]]))
        return _joined(cover, units, [size[inside] for inside in units], shares)
    each = [weights[[number]] for number in range(weights.shape[0])]
    units = [one.indices.astype(np.intp) for one in each]
    return _joined(cover, units, [one.data for one in each], csr_array(np.eye(len(each))))


def _joined(cover: csr_array, units: Sequence[Ints], weights: Sequence[Floats], shares: csr_array) -> _Blocks:
    """Return sets of units, each split into blocks by its size.

    Parameters
    ----------
    shares
        (f, s) what each set counts for each sum.
    """
    parts, block, count = list[int](), list[Ints](), 0
    for number, (inside, weight) in enumerate(zip(units, weights, strict=True)):
        own = blocks_of(csr_array(cover[inside]), weight, max(1, round(BLOCKS * len(inside) / cover.shape[0])))
        block.append(own + count)
        parts += [number] * (int(own.max()) + 1)
        count = len(parts)
    places: Any = (np.concatenate(block), np.concatenate(units))
    weight_of = csr_array((np.concatenate(weights), places), shape=(count, cover.shape[0]))
    return _Blocks(weight=weight_of, part=csr_array(shares[:, parts]))


@dataclass(kw_only=True, eq=False)
class _UnitCuts:
    """Cuts: what each leaves of the rows (c, r) to one hub more, and for how many relaxations it has been slack.

    Rows that were added to the program are among them; then `added` is the number of the row, else `NOT_ADDED`.
    """

    slope: csr_array
    age: Ints
    added: Ints

    def joined(self, slope: csr_array, added: Ints) -> _UnitCuts:
        """Return these and new ones."""
        age = np.concatenate([self.age, np.zeros(len(added), dtype=np.intp)])
        slopes = csr_array(vstack([self.slope, slope], format="csr"))
        return _UnitCuts(slope=slopes, age=age, added=np.concatenate([self.added, added]))

    def kept(self, some: Ints) -> _UnitCuts:
        """Return some of them."""
        return _UnitCuts(slope=csr_array(self.slope[some]), age=self.age[some], added=self.added[some])


@dataclass(frozen=True, kw_only=True, eq=False)
class BlockPrices:
    """What the multipliers of cuts say of each block.

    Parameters
    ----------
    bound
        What they prove of the whole program.
    constant, worth
        (b,) part of the bound that the cuts of a block are, and what its units count times their weight.
    paid
        (b, k) what a block pays for the columns that stay.
    reduced
        (k,) reduced costs of these columns.
    limits, owed
        Part of the bound that the rows are which say nothing of what is covered, as that of the budget, and what (k,)
        the columns owe to them.
    """

    bound: float
    constant: Floats
    worth: Floats
    paid: csr_array
    reduced: Floats
    limits: float
    owed: Floats


class RowBlockRelaxation:
    r"""A program's relaxation in which covered units are told by what blocks of them come to.

    .. math:: \theta_b \le \phi_b(y) = \sum_{u \in b} w_u \min\Big(1, \min_{r \in R_u} \sum_o a_{ro} y_o\Big)

    :math:`\phi_b` is concave and piecewise linear, so that its slopes at any point are a cut that asks no solver:
    :math:`w_u` for the tightest row of each unit that is not wholly covered there. The multiplier of a row in the whole
    program is the sum over the cuts of their multipliers times these slopes, so that the whole program's bound can be
    recomputed.

    Parameters
    ----------
    program
        The whole program of HiGHS.
    part
        What of it says what is covered.
    effort
        Solver; its time is that of all relaxations together.

    Attributes
    ----------
    deadline
        When to stop.
    """

    def __init__(self, program: Any, part: CoverPart, effort: SearchLimits) -> None:
        self.part, self.size, self.deadline = part, (program.num_row_, program.num_col_), effort.deadline()
        table, gain = csr_array(matrix(program)[part.kept]), -np.asarray(program.col_cost_)
        sums = csr_array(vstack([csr_array(gain[None, :]), table], format="csr"))
        own = csr_array(sums[:, part.covered])
        told = np.flatnonzero(np.diff(own.indptr))
        self.blocks = _blocks(csr_array(part.cover[part.starts]), csr_array(abs(own[told])))
        self.count = self.blocks.weight.shape[0]
        places: Any = (np.sign(own[told].sum(axis=1)), (told, np.arange(len(told))))
        beside = csr_array(csr_array(places, shape=(sums.shape[0], len(told))) @ self.blocks.part)
        rows = csr_array(hstack([sums[:, part.staying], beside], format="csr"))
        low, high = (np.asarray(end)[part.staying] for end in (program.col_lower_, program.col_upper_))
        ends = np.concatenate([low, np.zeros(self.count)]), np.concatenate([high, self.blocks.weight.sum(axis=1)])
        limits = np.asarray(program.row_lower_)[part.kept], np.asarray(program.row_upper_)[part.kept]
        master = linear_program(csr_array(rows[1:]), -rows[[0]].toarray().ravel(), ends, limits)
        self.handle = new_handle(effort, presolve="off", solver="simplex")
        self.handle.passModel(master)
        self.values: Floats = np.zeros(rows.shape[1])
        nothing: Ints = np.zeros(0, dtype=np.intp)
        self.pool = _UnitCuts(slope=csr_array((0, len(part.rows))), age=nothing, added=nothing)
        self.added = 0

    def add(self, rows: csr_array, most: Floats) -> None:
        """Add rows (k, v) over columns that stay, with their upper limits; they leave the relaxation as cuts do."""
        count = len(most)
        own = csr_array(hstack([rows[:, self.part.staying], csr_array((count, self.count))], format="csr"))
        self.handle.addRows(count, np.full(count, -math.inf), most, own.nnz, *entries(own))
        numbers = np.arange(self.added, self.added + count)
        self.pool = self.pool.joined(csr_array((count, len(self.part.rows))), numbers)
        self.added += count

    def cut(self, at: Floats) -> int:
        """Add the cuts at values (k,) of the columns that stay which the solved point breaks; return how many."""
        stay, tightest = len(self.part.staying), self.part.tightest(at)
        is_open = tightest.reached < 1
        constant = self.blocks.weight @ ~is_open
        of_units = self.blocks.weight.multiply(is_open).tocoo()
        places: Any = (of_units.row, tightest.row[of_units.col])
        slope = csr_array((of_units.data, places), shape=(self.count, len(self.part.rows)))
        slope.eliminate_zeros()
        steep = csr_array(slope @ self.part.cover + self._beside(of_units, tightest))
        broken = np.flatnonzero(self.values[stay:] - constant - steep @ self.values[:stay] > VIOLATED)
        if len(broken):
            rows = csr_array(hstack([-steep[broken], csr_array(np.eye(self.count)[broken])], format="csr"))
            count = len(broken)
            self.handle.addRows(count, np.full(count, -math.inf), constant[broken], rows.nnz, *entries(rows))
            self.pool = self.pool.joined(csr_array(slope[broken]), np.full(count, NOT_ADDED))
        return len(broken)

    def _beside(self, of_units: Any, tightest: Tightest) -> csr_array:
        """Return what units, told by blocks, add to the slopes (b, k) where one of their columns is left out."""
        some = (tightest.without[of_units.col] != NO_COLUMN) & (of_units.data > 0)
        block, unit, weight = of_units.row[some], of_units.col[some], of_units.data[some]
        shape: Any = (self.count, len(self.part.rows))
        places: Any = (block, tightest.row[unit])
        others = csr_array((weight, places), shape=shape) @ self.part.cover
        gone: Any = (block, tightest.without[unit])
        return csr_array(others - csr_array((weight, gone), shape=(self.count, len(self.part.staying))))

    def solve(self) -> tuple[float, BlockPoint] | None:
        """Return the optimum with the cuts so far and what it stands for; None where there is none in time."""
        if self.deadline.is_past:
            return None
        run(self.handle, self.deadline)
        if self.handle.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution, part, pool = self.handle.getSolution(), self.part, self.pool
        self.values, dual = np.asarray(solution.col_value), np.asarray(solution.row_dual)
        of_cuts = np.minimum(dual[len(part.kept) :], 0.0)
        pool.age = np.where(of_cuts < 0, 0, pool.age + 1)
        row_dual, values = np.zeros(self.size[0]), np.zeros(self.size[1])
        row_dual[part.kept] = dual[: len(part.kept)]
        row_dual[part.rows] = (pool.slope.T @ of_cuts) / part.size
        values[part.staying] = self.values[: len(part.staying)]
        values[part.covered] = np.clip(part.tightest(values[part.staying]).reached, 0.0, 1.0)
        worth = -float(self.handle.getInfo().objective_function_value)
        told = self._told(dual) if part.pairs.any() else None
        own, beside = pool.added != NOT_ADDED, np.zeros(self.added)
        beside[pool.added[own]] = of_cuts[own]
        return worth, BlockPoint(values=values, row_dual=row_dual, beside=beside, told=told)

    def _told(self, dual: Floats) -> tuple[float, Floats]:
        """Return the bound and the reduced costs (v,) that multipliers of the program with cuts prove."""
        reduced, stay = np.zeros(self.size[1]), self.part.staying
        bound, own = lagrangean(self.handle.getLp(), dual)
        reduced[stay] = own[: len(stay)]
        return bound, reduced

    def prices(self) -> BlockPrices:
        """Return at what prices the cuts of the solved relaxation share columns among blocks."""
        program, first, stay = self.handle.getLp(), len(self.part.kept), len(self.part.staying)
        dual, pool = np.asarray(self.handle.getSolution().row_dual), self.pool
        bound, reduced = lagrangean(program, dual)
        cuts = np.flatnonzero(pool.added == NOT_ADDED)
        weight = np.maximum(-dual[first + cuts], 0.0)
        table = csr_array(csr_array(matrix(program))[first + cuts])
        of_block = csr_array(table[:, stay:].T @ diags_array(weight))
        limits = csr_array(matrix(program))[:first]
        multiplier = np.where(np.diff(csr_array(limits[:, stay:]).indptr) > 0, 0.0, -dual[:first])
        ends = np.where(multiplier > 0, np.asarray(program.row_upper_)[:first], np.asarray(program.row_lower_)[:first])
        multiplier[np.isinf(ends)] = 0.0
        some = np.flatnonzero(multiplier)
        return BlockPrices(
            limits=math.fsum(multiplier[some] * ends[some]),
            owed=np.asarray(limits[:, :stay].T @ multiplier),
            bound=bound,
            constant=of_block @ np.asarray(program.row_upper_)[first + cuts],
            worth=np.asarray(of_block.sum(axis=1)),
            paid=csr_array(of_block @ -table[:, :stay]),
            reduced=reduced[:stay],
        )

    def purge(self) -> None:
        """Drop the cuts that have been slack for long, once they are many."""
        pool = self.pool
        old = pool.age > SLACK_ROUNDS
        if np.count_nonzero(old) > max(self.count, len(old) // 3):
            rows, kept = (np.flatnonzero(old) + len(self.part.kept)).astype(np.int32), np.flatnonzero(~old)
            self.handle.deleteRows(len(rows), rows)
            self.pool = pool.kept(kept)


def tightened(program: RowBlockRelaxation, core: Floats | None) -> BlockPoint | None:
    """Return the relaxation once no cut is broken or cuts move it no more; None where it has no solution in time.

    Cuts are made at the relaxation's point and, as long as that moves the bound, between it and a point within
    (in-out separation): Ben-Ameur and Neto (2007), doi:10.1002/net.20137.

    Parameters
    ----------
    core
        (v,) values of all columns at some plan to begin with; none if None.
    """
    staying = program.part.staying
    inner = None if core is None else core[staying]
    best, bounds = None, list[float]()
    for _ in range(MOST_ROUNDS):
        found = program.solve()
        if found is None:
            break
        (bound, best), at = found, found[1].values[staying]
        program.purge()
        bounds.append(bound)
        stalls = len(bounds) > PATIENCE and bounds[-1 - PATIENCE] - bound < STALLED * abs(bound)
        if stalls and bound < bounds[0]:
            if inner is None:
                break
            inner, bounds = None, [bounds[0], bound]
        added = 0
        if inner is not None:
            inner = 0.5 * (inner + at)
            added = program.cut(inner)
        if not added + program.cut(at):
            break
    return best
