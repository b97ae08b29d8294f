"""The textbook's programs of questions with further limits, by PuLP and HiGHS or, with merged rows, as arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
import pulp
from scipy.sparse import coo_array, csr_array
from scipy.spatial import KDTree

from benchmarks.figures import Clock, by_pulp, figures
from benchmarks.ours import options
from benchmarks.structures import question, structure

if TYPE_CHECKING:
    from benchmarks.structures import Floats, Ints, Structure

Range = tuple[float, float]

INSIDE = 1e-9
"""Relative slack of a reach: of distances that are equal but for rounding."""


def at_most(most: float) -> Range:
    """Return the range of rows with an upper limit."""
    return -math.inf, most


def at_least(least: float) -> Range:
    """Return the range of rows with a lower limit."""
    return least, math.inf


@dataclass(eq=False)
class Program:
    """A program that is minimised, put together from blocks of columns and rows."""

    cost: list[Floats] = field(default_factory=list)
    whole: list[Any] = field(default_factory=list)
    upper: list[Floats] = field(default_factory=list)
    cells: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)
    low: list[Floats] = field(default_factory=list)
    high: list[Floats] = field(default_factory=list)

    def columns(self, cost: Floats, *, whole: bool = False, upper: float = 1.0) -> Ints:
        """Add columns from 0 to a limit and return their numbers."""
        first = sum(map(len, self.cost))
        self.cost.append(np.asarray(cost, dtype=float))
        self.whole.append(np.full(len(cost), whole))
        self.upper.append(np.full(len(cost), upper))
        return np.arange(first, first + len(cost))

    def rows(self, row: Any, column: Any, value: Any, between: Range, *, count: int | None = None) -> None:
        """Add rows between two limits."""
        row = np.asarray(row)
        number = int(row.max(initial=-1)) + 1 if count is None else count
        first = sum(map(len, self.low))
        values = np.broadcast_to(np.asarray(value, dtype=float), row.shape)
        self.cells.append((row + first, np.asarray(column), values))
        self.low.append(np.full(number, between[0]))
        self.high.append(np.full(number, between[1]))

    @property
    def matrix(self) -> csr_array:
        """All rows."""
        row, column, value = (np.concatenate(parts) for parts in zip(*self.cells, strict=True))
        shape = (sum(map(len, self.low)), sum(map(len, self.cost)))
        return csr_array(coo_array((value, (row, column)), shape=shape))

    def by_highs(self, clock: Clock, limit: float, gap: float, sense: int) -> dict[str, Any]:
        """Solve with HiGHS as arrays, on one thread."""
        matrix, low, high = self.matrix, np.concatenate(self.low), np.concatenate(self.high)
        program = highspy.HighsLp()
        program.num_row_, program.num_col_ = matrix.shape
        program.col_cost_, program.col_upper_ = np.concatenate(self.cost), np.concatenate(self.upper)
        program.col_lower_ = np.zeros(matrix.shape[1])
        program.row_lower_, program.row_upper_ = low, high
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        program.integrality_ = [kinds[int(one)] for one in np.concatenate(self.whole)]
        cells = program.a_matrix_
        cells.format_ = highspy.MatrixFormat.kRowwise
        cells.start_, cells.index_, cells.value_ = matrix.indptr, matrix.indices, matrix.data
        highspy.Highs.resetGlobalScheduler(True)  # noqa: FBT003 - as `by_pulp` does
        solver = highspy.Highs()
        options = {"output_flag": False, "threads": 1, "time_limit": clock.left(limit), "mip_rel_gap": gap}
        for name, value in options.items():
            solver.setOptionValue(name, value)
        solver.passModel(program)
        solver.run()
        info = solver.getInfo()
        if solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
            return {**figures(math.nan, math.nan, clock.seconds(), gap), "status": "infeasible"}
        has_plan = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        value = info.objective_function_value if has_plan else math.nan
        return figures(sense * value, sense * info.mip_dual_bound, clock.seconds(), gap)

    def in_pulp(self) -> Any:
        """Return the same program as PuLP objects."""
        program = pulp.LpProblem("textbook", pulp.LpMinimize)
        whole, upper = np.concatenate(self.whole).tolist(), np.concatenate(self.upper).tolist()
        made = [
            program.add_variable(f"x{number}", 0, most, cat="Integer" if one else "Continuous")
            for number, (one, most) in enumerate(zip(whole, upper, strict=True))
        ]
        program.setObjective(pulp.LpAffineExpression(zip(made, np.concatenate(self.cost).tolist(), strict=True)))
        matrix, low, high = self.matrix, np.concatenate(self.low).tolist(), np.concatenate(self.high).tolist()
        ends, column, value = matrix.indptr.tolist(), matrix.indices.tolist(), matrix.data.tolist()
        for row, (least, most) in enumerate(zip(low, high, strict=True)):
            span = slice(ends[row], ends[row + 1])
            terms = pulp.LpAffineExpression(
                [(made[at], one) for at, one in zip(column[span], value[span], strict=True)]
            )
            if least == most:
                program += terms == most
            elif math.isfinite(most):
                program += terms <= most
            else:
                program += terms >= least
        return program


def _distance(asked: Structure) -> Floats:
    if asked.distance is not None:
        return asked.distance
    return np.hypot(*(asked.places[:, None] - asked.site_xy).transpose(2, 0, 1))


def _pairs(asked: Structure) -> tuple[Ints, Ints, Floats]:
    """Return place, option and distance of each pair within reach; options by site, then tier."""
    if asked.has_travel:
        distance = _distance(asked)
        place, option = np.indices(distance.shape)
        return place.ravel(), option.ravel(), distance.ravel()
    found = []
    tree, tiers = KDTree(asked.site_xy), len(asked.tiers)
    for number, tier in enumerate(asked.tiers):
        near = tree.query_ball_point(asked.places, tier.reach * (1 + INSIDE))
        place = np.repeat(np.arange(len(near)), [len(one) for one in near])
        site = np.fromiter((at for one in near for at in one), np.int64, len(place))
        found.append((place, site * tiers + number, np.zeros(len(place))))
    place, option, distance = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((option, place))
    return place[order], option[order], distance[order]


def _merged(asked: Structure, place: Ints, option: Ints) -> tuple[Ints, Floats, Ints, Ints]:
    """Return row and option of each pair, and need and group of each row: places of a group with the same options."""
    ends = np.searchsorted(place, np.arange(len(asked.need) + 1))
    group = asked.group if len(asked.group) else np.zeros(len(asked.need), dtype=np.int64)
    numbers: dict[tuple[int, bytes], int] = {}
    row_of = np.empty(len(asked.need), dtype=np.int64)
    first = []
    for number in range(len(asked.need)):
        key = (int(group[number]), option[ends[number] : ends[number + 1]].tobytes())
        if key not in numbers:
            numbers[key] = len(numbers)
            first.append(number)
        row_of[number] = numbers[key]
    kept = np.isin(place, first)
    return row_of[place[kept]], option[kept], np.bincount(row_of, asked.need), group[first]


def program_of(asked: Structure, *, merge: bool) -> Program:
    """Return the textbook's program of a question, with a row for each place or for all that are alike."""
    program = Program()
    place, option, distance = _pairs(asked)
    need, group = asked.need, asked.group if len(asked.group) else np.zeros(len(asked.need), dtype=np.int64)
    if merge and not asked.has_travel:
        place, option, need, group = _merged(asked, place, option)
    costs = np.column_stack([tier.cost for tier in asked.tiers]).ravel()
    layers = [_opened(program, asked, costs) for _ in range(max(1, len(asked.years)))]
    for earlier, later in pairwise(layers):
        _pair_rows(program, earlier, later)
    available = np.cumsum(asked.years) if asked.years else [asked.budget or math.inf]
    for open_, money in zip(layers, available, strict=True):
        if math.isfinite(money):
            program.rows(np.zeros(len(open_), dtype=int), open_, costs, at_most(money))
        if asked.has_rooms or asked.has_travel:
            _assign(program, asked, open_, (place, option, distance), need)
        else:
            _cover(program, asked, open_, (place, option), (need, group))
    return program


def _opened(program: Program, asked: Structure, costs: Floats) -> Ints:
    """Add the hubs of a year, one tier a site, and limits on their number and distance; return their columns."""
    open_ = program.columns(costs if asked.kind == "cost" else np.zeros(len(costs)), whole=True)
    sites, tiers = len(asked.site_xy), len(asked.tiers)
    if tiers > 1:
        program.rows(np.repeat(np.arange(sites), tiers), open_, 1.0, at_most(1.0))
    if asked.max_hubs is not None:
        program.rows(np.zeros(len(open_), dtype=int), open_, 1.0, at_most(asked.max_hubs))
    if asked.apart:
        near = KDTree(asked.site_xy).query_pairs(asked.apart * (1 - INSIDE), output_type="ndarray")
        row = np.repeat(np.arange(len(near)), 2)
        program.rows(row, open_[near.ravel()], 1.0, at_most(1.0))
    if len(asked.districts):
        program.rows(asked.districts, open_, 1.0, at_least(1.0))
    return open_


def _pair_rows(program: Program, lesser: Ints, larger: Ints) -> None:
    """Add that each of some columns is at most another."""
    row = np.tile(np.arange(len(lesser)), 2)
    value = np.repeat([1.0, -1.0], len(lesser))
    program.rows(row, np.concatenate([lesser, larger]), value, at_most(0.0))


def _cover(
    program: Program, asked: Structure, open_: Ints, pairs: tuple[Ints, Ints], rows: tuple[Floats, Ints]
) -> None:
    """Add who is covered by enough hubs, and what of each group has to be."""
    (row, option), (need, group) = pairs, rows
    if asked.kind == "cost":
        program.rows(row, open_[option], 1.0, at_least(1.0), count=len(need))
        return
    counts = np.zeros(len(need)) if asked.is_fair else -need
    covered = program.columns(counts, whole=asked.times > 1)
    value = np.concatenate([np.full(len(need), float(asked.times)), -np.ones(len(row))])
    program.rows(
        np.concatenate([np.arange(len(need)), row]), np.concatenate([covered, open_[option]]), value, at_most(0.0)
    )
    total = np.bincount(group, need)
    for number, share in enumerate(asked.floors):
        inside = np.flatnonzero(group == number)
        if len(inside):
            program.rows(
                np.zeros(len(inside), dtype=int), covered[inside], need[inside], at_least(share * total[number])
            )
    if asked.is_fair:
        worst = program.columns(np.array([-1.0]))
        column = np.concatenate([covered, np.full(len(total), worst[0])])
        value = np.concatenate([need / total[group], -np.ones(len(total))])
        program.rows(np.concatenate([group, np.arange(len(total))]), column, value, at_least(0.0))


def _assign(program: Program, asked: Structure, open_: Ints, pairs: tuple[Ints, Ints, Floats], need: Floats) -> None:
    """Add who is served where, within rooms, at the cost of travel or for what is covered."""
    row, option, distance = pairs
    rate = 1.0 / need.sum() if asked.kind == "median" else asked.travel_cost
    worth = rate * need[row] * distance if asked.has_travel else -need[row]
    served = program.columns(worth, whole=asked.is_single)
    program.rows(row, served, 1.0, (1.0, 1.0) if asked.has_travel else at_most(1.0), count=len(need))
    _pair_rows(program, served, open_[option])
    room = np.tile([tier.room for tier in asked.tiers], len(asked.site_xy))
    if asked.has_rooms:
        every = np.arange(len(open_))
        value = np.concatenate([need[row], -room])
        program.rows(np.concatenate([option, every]), np.concatenate([served, open_]), value, at_most(0.0))


def merged(given: dict[str, Any], *, limit: float, gap: float) -> dict[str, Any]:
    """Solve with merged rows as arrays."""
    asked = structure(given)
    clock = Clock()
    if asked.kind == "center":
        return _bisected(asked, clock, limit)
    sense = -1 if asked.kind == "coverage" else 1
    return program_of(asked, merge=True).by_highs(clock, limit, gap, sense)


def plain(given: dict[str, Any], *, limit: float, gap: float) -> dict[str, Any]:
    """Solve the textbook's program by PuLP and HiGHS."""
    asked = structure(given)
    clock = Clock()
    found = by_pulp(program_of(asked, merge=False).in_pulp(), "HiGHS", clock, limit, gap)
    if asked.kind != "coverage":
        return found
    turned = {name: None if found[name] is None else -found[name] for name in ("value", "bound")}
    return found | turned


def _bisected(asked: Structure, clock: Clock, limit: float) -> dict[str, Any]:
    """Find the least radius by bisection, each step a covering program of HiGHS."""
    distance = _distance(asked)
    radii = np.unique(distance[np.isfinite(distance)])
    low, high, is_open = 0, len(radii) - 1, False
    while low < high and not is_open:
        middle = (low + high) // 2
        program, (row, site) = Program(), np.nonzero(distance <= radii[middle])
        open_ = program.columns(np.ones(distance.shape[1]), whole=True)
        program.rows(row, open_[site], 1.0, at_least(1.0), count=len(distance))
        program.rows(np.zeros(len(open_), dtype=int), open_, 1.0, at_most(float(asked.max_hubs or 0)))
        found = program.by_highs(clock, limit, 1.0, 1)
        if found["status"] == "infeasible":
            low = middle + 1
        elif found["value"] is not None:
            high = middle
        else:
            is_open = True
    return figures(float(radii[high]), float(radii[low]), clock.seconds(), 0.0)


def ours(given: dict[str, Any], *, limit: float, gap: float) -> dict[str, Any]:
    """Solve with hubplanner; a clash is solved once its reason is known."""
    import hubplanner as hp

    asked = structure(given)
    how = options(limit, gap)
    clock = Clock()
    solution = hp.solve_problem(*question(asked), how)
    seconds = clock.seconds()
    if solution.status == hp.Status.INFEASIBLE:
        found = figures(math.nan, math.nan, seconds, gap)
        return {**found, "status": "infeasible", "clashes": list(solution.clashes)}
    if not solution.goals:
        return {**figures(math.nan, math.nan, seconds, gap), "status": str(solution.status)}
    first = solution.goals[0]
    return {**figures(first.value, first.bound, seconds, gap), "phases": solution.phases}


RUNS = {
    ("structure", "PuLP + HiGHS"): plain,
    ("structure", "merged rows + HiGHS"): merged,
    ("structure", "hubplanner"): ours,
}
