"""The least distance within which everyone can have a hub, within budget, count and pins: set covering by bisection."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import highspy
import numpy as np
from pulp import LpAffineExpression, LpConstraint, LpConstraintGE, LpConstraintLE, LpProblem, LpVariable
from scipy.optimize import linprog
from scipy.sparse import csr_array

from hubplanner.model import Objective, Year
from hubplanner.model.constraints.budget import most_money
from hubplanner.model.lp import decimal_unit, new_program
from hubplanner.problem import Bools, Floats, Ints, Problem, evaluate
from hubplanner.problem.travel.base import within
from hubplanner.solver.backends import Termination, adapter
from hubplanner.solver.backends.arrays import linear_program
from hubplanner.solver.backends.highs import INFEASIBLE, WHOLE, new_handle, run
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.limits import limits
from hubplanner.solver.median.cost_matrix import cheapest_options
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem
from hubplanner.solver.set_cover.row_weights import exchanged
from hubplanner.tolerances import REACH_TOLERANCE

MOST_ROWS = 6000
"""Rows, or sites, beyond which none is compared with every other."""
SURE = 1e-7
"""Part by which a bound must pass a limit to prove that nothing keeps to it."""
HALF = 0.5
"""Hubs above a number of them from which a bound proves that so few are not enough."""
MOST_CELLS = 1_000_000
"""Pairs of rows and sites beyond which a search may have no end."""
STEPS, MORE_STEPS = 2_000, 20_000
"""Exchanges in a row that find no smaller choice before they end, at first and later: with 10,000 places, 1,000 sites
and 50 hubs the first come within 2 % of what the others find, in an eighth of the time."""
PART = 0.4
"""Share of the time left that exchanges, relaxations, and exchanges again may take before a search."""
MOST_DEAR = 50
"""Choices that overspend within a solver's tolerance before the question is left open."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CenterTable:
    """Points and the sites that are left to choose from; hubs that stand or are required are settled.

    Parameters
    ----------
    distance
        (n, s) distance of each point with need to each site; infinite where there is no way.
    base
        (n,) distance to the nearest settled hub.
    option, price
        (s,) each site's cheapest option and what it costs.
    count, money
        Hubs that may be built, and what they may cost.
    settled
        Options that are built or stand in any case.
    """

    distance: Floats
    base: Floats
    option: Ints
    price: Floats
    count: float
    money: float
    settled: Ints

    @classmethod
    def of(cls, problem: Problem, objective: Objective) -> CenterTable:
        """Return a question of the worst distance as a table: the cheapest tier of a site stands for all."""
        money, count = limits(objective)
        option, points = cheapest_options(problem), np.flatnonzero(problem.needing)
        site, price = problem.option_site[option], problem.option_cost[option]
        columns = [problem.travel.from_site(place)[points] for place in site.tolist()]
        distance = np.column_stack(columns) if columns else np.zeros((len(points), 0))
        stands, required = problem.existing[option], np.isin(site, problem.required_sites)
        left = most_money(money) - math.fsum(price[required])
        keep = ~(stands | required) & (price <= left)
        return cls(
            distance=distance[:, keep],
            base=distance[:, stands | required].min(axis=1, initial=math.inf),
            option=option[keep],
            price=price[keep],
            count=count - int(required.sum()),
            money=left,
            settled=np.concatenate([np.flatnonzero(problem.existing), option[required]]),
        )

    @property
    def radii(self) -> Floats:
        """The distances that may be the worst one, ascending."""
        every: Floats = np.unique(np.concatenate([self.distance.ravel(), self.base]))
        least = np.minimum(self.base, self.distance.min(axis=1, initial=math.inf)).max(initial=0.0)
        found: Floats = every[np.isfinite(every) & (every >= least)]
        return found

    def worst(self, chosen: Ints) -> float:
        """Return the worst distance with a choice of sites."""
        near = self.distance[:, chosen].min(axis=1, initial=math.inf)
        return float(np.minimum(self.base, near).max(initial=0.0))

    def fits(self, chosen: Ints) -> bool:
        """Tell whether a choice of sites keeps to the limits."""
        return len(chosen) <= self.count and math.fsum(self.price[chosen]) <= self.money

    def farthest_first(self) -> Ints:
        """Return a choice: again and again the site nearest to the point that has it farthest.

        Gonzalez (1985), doi:10.1016/0304-3975(85)90224-5: where points are sites no worst distance is half of its.
        """
        now, chosen = self.base.copy(), list[int]()
        while self.distance.size and len(chosen) < self.count:
            far = int(np.argmax(now))
            fits = np.flatnonzero(self.price <= self.money - math.fsum(self.price[chosen]))
            if not len(fits) or not now[far] > 0:
                break
            site = int(fits[np.argmin(self.distance[far, fits])])
            if not self.distance[far, site] < now[far]:
                break
            chosen.append(site)
            now = np.minimum(now, self.distance[:, site])
        return np.array(chosen, dtype=np.intp)


def least_radius(task: Subproblem) -> Incumbent:
    r"""Return a plan of least worst distance, with the least that is not ruled out as its bound; nothing without one.

    Only distances that occur can be the answer. Each step halves those between the best plan's and the largest one
    ruled out, by asking whether some sites cover all within the middle one, $\sum_{j : d_{ij} \le r} y_j \ge 1$.
    Minieka (1970), doi:10.1137/1012016. Of many points and sites exchanges find plans first, then relaxations rule
    radii out, and a search takes what is left.

    Parameters
    ----------
    task
        A question of p-center with nothing but pins, a budget and a number of hubs.
    """
    problem, version = task.question.problems[0], ""
    table = CenterTable.of(problem, task.question.objective)
    radii, low = table.radii, 0
    if not len(radii):
        return Incumbent()
    chosen = table.farthest_first()
    if not math.isfinite(table.worst(chosen)):
        found = _covered(table, float(radii[-1]), task)
        if found.chosen is None:
            return Incumbent(version=found.version)
        chosen, version = found.chosen, found.version
    for how in How:
        # Where a search would take long, a radius may stay open: then others tell how near the ends can come first.
        least, most, deadline = low, len(radii), task.deadline.part(how.part)
        while not deadline.is_past:
            value = table.worst(chosen)
            high = int(np.searchsorted(radii, value * (1 - REACH_TOLERANCE)))
            most = min(most, high)
            if least >= most:
                break
            middle = (least + most) // 2
            found = _covered(table, float(radii[middle]), replace(task, deadline=deadline), how)
            version = found.version or version
            if found.chosen is not None:
                chosen = found.chosen
            elif found.is_impossible:
                low = least = middle + 1
            elif how.steps:
                least = middle + 1
            elif how is How.RELAX:
                most = middle
            else:
                break
    value = table.worst(chosen)
    bound = min(float(radii[min(low, len(radii) - 1)]), value)
    plan = evaluate(problem, np.concatenate([table.settled, table.option[chosen]]))
    opened = np.zeros((1, problem.n_options), dtype=np.intp)
    opened[0, plan.options] = 1
    return Incumbent(years=(Year(problem, plan),), opened=opened, value=value, bound=bound, version=version)


class How(Enum):
    """What tells whether sites cover everyone within a radius: each step where the one before leaves it open."""

    EXCHANGE, RELAX, EXCHANGE_LONGER, SEARCH = range(4)

    @property
    def steps(self) -> int:
        """Exchanges in a row that find no smaller choice before they end."""
        return {How.EXCHANGE: STEPS, How.EXCHANGE_LONGER: MORE_STEPS}.get(self, 0)

    @property
    def part(self) -> float:
        """Share of the time that is left which it may take."""
        return 1.0 if self is How.SEARCH else PART


@dataclass(frozen=True, kw_only=True, eq=False)
class _Covered:
    """Sites that cover everyone within a radius; None where there are none, or where that stays open."""

    chosen: Ints | None = None
    is_impossible: bool = False
    version: str = ""


def _covered(table: CenterTable, radius: float, task: Subproblem, how: How = How.SEARCH) -> _Covered:
    """Return sites within the limits that cover everyone within a radius: greedily, or by a search on what is left.

    Parameters
    ----------
    how
        What a large question is asked; of a small one a search takes no longer than the rest.
    """
    waits = ~within(table.base, radius)
    near = within(table.distance[waits], radius)
    if not near.any(axis=1).all():
        return _Covered(is_impossible=True)
    chosen = _greedy(near, table.price, by_price=math.isinf(table.count))
    if table.fits(chosen):
        return _Covered(chosen=chosen)
    forced, rows, sites = _reduced(near, table.price)
    core, price = near[np.ix_(rows, sites)], table.price[sites]
    count, money = table.count - len(forced), table.money - math.fsum(table.price[forced])
    tried, is_large = _greedy(core, price, by_price=math.isinf(table.count)), core.size > MOST_CELLS
    if is_large and how.steps and math.isinf(money):
        tried = exchanged(csr_array(core), np.ones(len(sites)), tried, count, how.steps, task.deadline)
    chosen = np.concatenate([forced, sites[tried]])
    if table.fits(chosen) or (is_large and how.steps):
        return _Covered(chosen=chosen if table.fits(chosen) else None)
    for each, most, slack in ((np.ones(len(sites)), count, SURE), (price, money, 0.0)):
        if math.isfinite(most) and _least(core, each, task.deadline) > most * (1 + SURE) + slack:
            return _Covered(is_impossible=True)
    if is_large and how is How.RELAX:
        found = _Covered()
    elif task.options.name.lower() == "highs" and math.isinf(money):
        found = _fewest(core, int(count), task)
    else:
        found = _searched(core, price, count, money, task)
    if found.chosen is None:
        return found
    chosen = np.concatenate([forced, sites[found.chosen]])
    # A solver's word is not enough: the choice itself must keep to limits and radius.
    kept = table.fits(chosen) and table.worst(chosen) <= radius * (1 + REACH_TOLERANCE)
    return _Covered(chosen=chosen if kept else None, version=found.version)


def _greedy(near: Bools, price: Floats, *, by_price: bool) -> Ints:
    """Return sites that cover all rows (r, s), each the one that covers most of the rest, less those not needed."""
    waits, chosen = np.ones(len(near), dtype=np.bool_), list[int]()
    rate = 1.0 / np.maximum(price, 1e-300) if by_price else np.ones(len(price))
    gain = near.sum(axis=0).astype(np.float64)
    while waits.any():
        site = int(np.argmax(gain * rate))
        now = waits & near[:, site]
        gain -= near[now].sum(axis=0)
        waits &= ~now
        chosen.append(site)
    times = near[:, chosen].sum(axis=1)
    kept = list[int]()
    for site in chosen:  # the first ones are the likeliest to have become needless
        own = near[:, site]
        if (times[own] > 1).all():
            times = times - own
        else:
            kept.append(site)
    return np.array(kept, dtype=np.intp)


def _reduced(near: Bools, price: Floats) -> tuple[Ints, Ints, Ints]:
    """Return sites that every choice may as well take, and the rows and sites that are left to decide on.

    A row goes whose sites include all of another's; a site goes where one no dearer covers all of its rows. Toregas and
    ReVelle (1972), doi:10.1111/j.1435-5597.1972.tb01530.x.
    """
    forced = list[int]()
    _, rows = np.unique(np.packbits(near, axis=1), axis=0, return_index=True)
    sites = np.flatnonzero(near.any(axis=0))
    while True:
        before = len(rows), len(sites)
        one, other, same = _inside(near[np.ix_(rows, sites)])
        rows = np.delete(rows, np.unique(other[~same | (one < other)]))
        one, other, same = _inside(near[np.ix_(rows, sites)].T)
        own, rival = price[sites[one]], price[sites[other]]
        sites = np.delete(sites, np.unique(one[(rival < own) | ((rival == own) & (~same | (other < one)))]))
        alone = np.flatnonzero(near[np.ix_(rows, sites)].sum(axis=1) == 1)
        if len(alone):
            taken = np.unique(sites[near[np.ix_(rows[alone], sites)].argmax(axis=1)])
            forced += taken.tolist()
            rows = rows[~near[np.ix_(rows, taken)].any(axis=1)]
            sites = sites[near[np.ix_(rows, sites)].any(axis=0)] if len(rows) else sites[:0]
        if (len(rows), len(sites)) == before or not len(rows):
            return np.array(forced, dtype=np.intp), rows, sites


def _inside(sets: Bools) -> tuple[Ints, Ints, Bools]:
    """Return the pairs of sets (k, e) of which one lies in the other, and whether both are the same."""
    if len(sets) > MOST_ROWS:
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.bool_)
    table, size = sets.astype(np.float32), sets.sum(axis=1)
    one, other = np.nonzero((table @ table.T) == size[:, None])
    apart = one != other
    one, other = one[apart], other[apart]
    return one, other, size[one] == size[other]


def _least(near: Bools, price: Floats, deadline: Deadline) -> float:
    """Return what sites that cover all rows cost at least, by the relaxation's multipliers; 0 where time runs out."""
    if not len(near):
        return 0.0
    solve: Any = linprog  # its stubs do not know sparse matrices
    rows, limit = csr_array(-near.astype(np.float64)), {"time_limit": deadline.left}
    found = solve(price, A_ub=rows, b_ub=-np.ones(len(near)), bounds=(0, None), options=limit)
    if found.status != 0:
        return 0.0
    dual = np.maximum(-found.ineqlin.marginals, 0.0)
    load = dual @ near
    # Scaled so that no site's rows are worth more than it costs, which makes the sum a bound whatever was solved.
    scale = float(np.min(np.where(load > price, price / np.where(load > 0, load, 1.0), 1.0), initial=1.0))
    return scale * math.fsum(dual)


def _fewest(near: Bools, count: int, task: Subproblem) -> _Covered:
    """Return the fewest sites that cover all rows, as soon as they are few enough or are proven not to be.

    Fewest sites are found, and proven, far sooner than any at all within a limit on their number.
    """
    rows, width = csr_array(near.astype(np.float64)), near.shape[1]
    program = linear_program(
        rows,
        np.ones(width),
        (np.zeros(width), np.ones(width)),
        (np.ones(len(near)), np.full(len(near), np.inf)),
        np.ones(width, dtype=np.bool_),
    )
    ends = {"objective_target": count + HALF, "objective_bound": count + HALF}
    handle = new_handle(task.effort(0.0), **ends, **WHOLE)
    handle.passModel(program)
    run(handle)
    info, version = handle.getInfo(), str(handle.version())
    if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
        chosen = np.flatnonzero(np.round(handle.getSolution().col_value) > 0)
        if len(chosen) <= count and near[:, chosen].any(axis=1).all():
            return _Covered(chosen=chosen, version=version)
    proven = handle.getModelStatus() in INFEASIBLE or info.mip_dual_bound > count + SURE
    return _Covered(is_impossible=bool(proven), version=version)


@dataclass(frozen=True, eq=False)
class _CoverProgram:
    """The rows and sites that are left as a PuLP program."""

    program: LpProblem
    open_: list[LpVariable]
    counts: list[LpVariable]


def _searched(near: Bools, price: Floats, count: float, money: float, task: Subproblem) -> _Covered:
    """Return a solver's choice of sites that covers all rows within the limits."""
    program = new_program("cover")
    open_ = [program.add_variable(f"open_{site}", 0, 1, cat="Integer") for site in range(near.shape[1])]
    program.setObjective(LpAffineExpression([(variable, -1.0) for variable in open_]))
    rows = [([(open_[site], 1.0) for site in np.flatnonzero(row).tolist()], LpConstraintGE, 1.0) for row in near]
    if math.isfinite(count):
        rows.append(([(variable, 1.0) for variable in open_], LpConstraintLE, float(count)))
    if math.isfinite(money):
        unit = decimal_unit(price.max(initial=0.0))
        rows.append((list(zip(open_, (price / unit).tolist(), strict=True)), LpConstraintLE, money / unit))
    for number, (terms, sense, bound) in enumerate(rows):
        program.addConstraint(LpConstraint(LpAffineExpression(terms), sense, f"row_{number}", bound))
    effort = task.effort(float(near.shape[1] + 1))  # any choice will do
    for attempt in range(MOST_DEAR):
        outcome = adapter(task.options.name)(_CoverProgram(program, open_, []), effort, [])
        if outcome.termination == Termination.INFEASIBLE:
            return _Covered(is_impossible=True, version=outcome.version)
        if outcome.open_ is None or task.is_late:
            return _Covered(version=outcome.version)
        chosen = np.flatnonzero(np.round(np.asarray(outcome.open_)) > 0)
        if math.fsum(price[chosen]) <= money:
            return _Covered(chosen=chosen, version=outcome.version)
        # It overspends within the solver's tolerance, and so does whatever holds all of it.
        terms = [(open_[site], 1.0) for site in chosen.tolist()]
        dear = LpConstraint(LpAffineExpression(terms), LpConstraintLE, f"dear_{attempt}", len(chosen) - 1)
        program.addConstraint(dear)
    return _Covered(version=outcome.version)
