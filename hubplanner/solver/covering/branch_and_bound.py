"""The MIP of maximal covering, handed to HiGHS in arrays: building it takes no longer than reading it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import highspy
import numpy as np
from pulp import LpConstraintLE

from hubplanner.errors import SolverError
from hubplanner.model import MaxCoverage, build_model
from hubplanner.model.constraints.budget import MOST_PRICES, most_money
from hubplanner.model.lp import decimal_unit
from hubplanner.problem import Bools, Floats, Ints
from hubplanner.problem.covering_instance import CoveringInstance
from hubplanner.solver.backends import DisagreementError, Outcome, SearchLimits, Termination, adapter, believed
from hubplanner.solver.backends.highs import new_handle, solve_handle
from hubplanner.solver.covering.lp import CoveringLP, Cuts, program_of, table_of
from hubplanner.solver.covering.variable_fixing import RestrictedInstance
from hubplanner.solver.deadline import LEAST_S
from hubplanner.solver.limits import limits
from hubplanner.solver.progress import told_as
from hubplanner.tolerances import AGREEMENT, INTEGRALITY

UNSEEN = 1e-7
"""What is worth less, in units of the objective, is within the tolerance of a solver's reduced costs. Of 100 drawn
questions with one need of 2**31 beside needs below 20 HiGHS stated 12 bounds below the best plan."""


def search_core(
    table: CoveringLP, cuts: Cuts | None, effort: SearchLimits, start: Sequence[float], *, seeks: bool = False
) -> Outcome:
    """Solve the program with whole options.

    Parameters
    ----------
    cuts
        What every plan keeps to as well.
    start
        (o,) options of a plan to start from; none if empty.
    seeks
        As in `Branching`.
    """
    program, prices, first = program_of(table, cuts, whole=True), _prices(table), len(table.need)
    # What HiGHS would settle at the root, to begin anew with less, is settled already.
    asked: dict[str, Any] = {"mip_rel_gap": 0.0, "mip_abs_gap": effort.gap, "mip_allow_restart": False}
    # The program is what the relaxation leaves to decide, which RENS would look for, and begins with a plan, which a
    # jump would: of 2,000 customers with 12 in reach twenty take 10.2 s in all, 11.5 with jumps, 11.5 with RENS.
    asked |= {"mip_heuristic_run_rens": seeks, "mip_heuristic_run_feasibility_jump": seeks}
    if len(prices):
        # Presolve would put the sums back in place of the counts, whose branching closes the gap.
        asked["presolve"] = "off"

    def make() -> Any:
        handle = new_handle(effort, **asked)
        handle.passModel(program)
        if len(prices):
            _count(handle, table, prices, first, first + _money(table)[0])
        return handle

    columns = np.arange(first, first + len(table.gain), dtype=np.int32)
    return solve_handle(make(), make, columns, start)


def _prices(table: CoveringLP) -> Floats:
    """Return the distinct costs of options, if there is a budget and they are few; none else."""
    costs = np.concatenate([table.side[[row]].toarray().ravel() for row in _money(table)] or [np.zeros(0)])
    found = np.unique(costs)
    return found if len(found) <= min(MOST_PRICES, len(costs) // 2) else found[:0]


def _money(table: CoveringLP) -> list[int]:
    return np.flatnonzero(~table.is_whole).tolist()


def _count(handle: Any, table: CoveringLP, prices: Floats, first: int, money: int) -> None:
    r"""Carry the budget by whole numbers of options of each cost: $n_k = \sum_{o : c_o = c_k} y_o$.

    Branching on them closes the gap that a knapsack with few prices leaves, thousands of nodes sooner.

    Parameters
    ----------
    first
        Column of the first option.
    money
        Row of the budget.
    """
    cost, added = table.side[[_money(table)[0]]].toarray().ravel(), []
    for price in prices:
        options = np.flatnonzero(cost == price)
        added.append(handle.getNumCol())
        handle.addCol(0.0, 0.0, float(len(options)), 0, np.zeros(0, np.int32), np.zeros(0))
        handle.changeColIntegrality(added[-1], highspy.HighsVarType.kInteger)
        columns = np.append(options + first, added[-1]).astype(np.int32)
        handle.addRow(0.0, 0.0, len(columns), columns, np.append(np.ones(len(options)), -1.0))
    limit = float(table.limit[_money(table)[0]])
    handle.addRow(-np.inf, limit, len(prices), np.array(added, dtype=np.int32), prices)
    handle.changeRowBounds(money, -np.inf, np.inf)


MOST_MOVES_ENTRIES = 20_000
"""Entries of rows of a program that looks for fewer moves among plans as good: of a larger one the plan stays."""
ROUNDING = 1e-12
"""Relative gap that is the rounding of sums."""
CONCAVE, PARTS = 0.6, 1e3
"""Power of the order of options that no two sets of them have the same sum of, but by chance; parts of a move."""


def fewest_moves(  # noqa: PLR0913, PLR0917 - what is left, and what is known
    instance: CoveringInstance,
    rest: RestrictedInstance,
    cuts: Cuts | None,
    plan: Ints,
    known: Ints,
    effort: SearchLimits,
) -> Ints:
    """Return the plan of those left, and as good, that is nearest to a known one.

    It has hubs at as few sites without one in the known plan as can be; of several such plans it is the cheapest, then
    that whose hubs differ at the fewest sites, then that of lower sites: which of them was found does not matter. Where
    the program is too large, or its search too long, a plan may be farther.

    Parameters
    ----------
    instance, rest, cuts
        The instance, what is left to decide among its plans that cover as much, and what they keep to as well.
    plan, known
        (k,) and (l,) positions in the instance: of a plan among those left, and of the one to stay near.
    """
    free, smaller = rest.free, rest.instance
    least = instance.covered_need(plan) * (1 - ROUNDING)
    chosen, is_known = np.isin(free, plan), np.isin(free, known)
    is_left = len(rest.built) + np.count_nonzero(chosen) == len(plan)
    if not (len(free) and is_left) or smaller.cover.nnz > MOST_MOVES_ENTRIES:
        return plan
    table, (money, _) = table_of(smaller, rest.objective), limits(rest.objective)
    first = len(table.need)
    columns, program = np.arange(first, first + len(free), dtype=np.int32), program_of(table, cuts, whole=True)
    worth = np.concatenate([table.need, table.gain])
    rows = [(worth, (least - smaller.base) / table.unit, math.inf)]
    enters = (~np.isin(smaller.site, instance.site[known])).astype(np.float64)
    order = (1.0 + smaller.option) ** CONCAVE
    # Moves are whole, and the order decides between plans with as many: in parts that a solver tells apart.
    moves = PARTS * (enters - is_known + order / (2 * order.sum()))
    figures = (enters, smaller.cost / max(smaller.cost.max(), 1.0), moves)

    def make(cost: Floats) -> Any:
        handle = new_handle(effort, mip_rel_gap=0.0, mip_abs_gap=AGREEMENT)
        handle.passModel(program)
        for weight, low, high in rows:
            used = np.flatnonzero(weight).astype(np.int32)
            handle.addRow(low, high, len(used), used, weight[used])
        handle.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
        return handle

    for figure in figures:
        cost = np.concatenate([np.zeros(first), figure])
        found = solve_handle(make(cost), partial(make, cost), columns, chosen.astype(float).tolist())
        if found.open_ is None:
            break
        trial = np.zeros(len(free), dtype=np.bool_)
        trial[rounded(found.open_, effort.name)] = True
        if smaller.covered_need(np.flatnonzero(trial)) < least or math.fsum(smaller.cost[trial]) > most_money(money):
            break
        chosen = trial
        if found.termination != Termination.FINISHED:
            break
        rows.append((cost, -math.inf, float(figure @ chosen) + AGREEMENT))
    return np.union1d(rest.built, free[chosen])


MOST_FORBIDDEN = 50
"""Overspent choices that are forbidden before the search for one within the budget ends."""


@dataclass(frozen=True, kw_only=True)
class BranchIncumbent:
    """A solver's verified choice on an instance; empty without a plan."""

    chosen: Ints
    has_plan: bool
    bound: float
    version: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Branching:
    """What is to be searched.

    Parameters
    ----------
    instance, objective
        The program.
    cuts
        Inequalities that every plan keeps to, for a solver that takes arrays; none if None.
    seeks
        Whether HiGHS is to look for plans near the relaxation's values and by jumps.
    """

    instance: CoveringInstance
    objective: MaxCoverage
    cuts: Cuts | None = None
    seeks: bool = False


def branch(task: Branching, start: Bools, effort: SearchLimits) -> BranchIncumbent:
    """Return the solver's best choice on an instance, held to the budget exactly.

    A solver may overspend within its own tolerance. Then its choice is forbidden, with all that contain it, and the
    model solved again: no plan is lost by that, so the bounds stay.

    Parameters
    ----------
    start
        (o,) options of a plan to start from.
    """
    deadline, instance = effort.deadline(), task.instance
    money, _ = limits(task.objective)
    forbidden: list[Ints] = []

    def ask(given: Sequence[float]) -> BranchIncumbent:
        left = max(deadline.left, LEAST_S)
        return _solve(task, given, replace(effort, seconds=left), forbidden)

    known = start.astype(float).tolist()
    found = believed(ask, known)
    while (excess := math.fsum(instance.cost[found.chosen]) - most_money(money)) > 0:
        _tolerate(effort.name, instance, found.chosen, excess)
        if deadline.is_past or len(forbidden) == MOST_FORBIDDEN:
            return replace(found, chosen=found.chosen[:0], has_plan=False)
        forbidden.append(found.chosen[instance.cost[found.chosen] > 0])
        again = believed(ask, known)
        found = replace(again, bound=min(again.bound, found.bound))
    return found


def rounded(open_: Sequence[float], solver: str) -> Ints:
    """Return the positions of binaries that are 1; raise when one is neither 0 nor 1."""
    values = np.asarray(open_, dtype=np.float64)
    residual = np.abs(values - (values > 0.5)).max(initial=0.0)  # noqa: PLR2004 - halfway
    if not residual <= INTEGRALITY:  # so that NaN is caught
        message = f"{solver} returned a binary that is {residual:.2g} away from 0 and 1"
        raise SolverError(message)
    return np.flatnonzero(values > 0.5)  # noqa: PLR2004 - halfway


def _tolerate(solver: str, instance: CoveringInstance, chosen: Ints, excess: float) -> None:
    """Raise when a choice overspends by more than rounding of binaries and of the budget row may hide."""
    if excess > INTEGRALITY * (math.fsum(instance.cost[chosen]) + decimal_unit(instance.cost.max())):
        message = f"{solver} returned hubs that cost {excess:,.2f} more than the budget leaves"
        raise SolverError(message)


def _solve(task: Branching, start: Sequence[float], effort: SearchLimits, forbidden: Sequence[Ints]) -> BranchIncumbent:
    """Return the solver's choice with its bound in need; raise when its figures contradict its own choice.

    Parameters
    ----------
    forbidden
        Choices none of which a plan may contain.
    """
    instance = task.instance
    outcome, unit = _outcome(task, start, effort, forbidden)
    # Every instance has a plan: a solver that finds none possible proves nothing.
    limit = math.inf if outcome.termination == Termination.INFEASIBLE else outcome.bound
    # Whole people, so few beside billions, are all the same to a solver; parts of one are rounding in any case.
    figures = np.concatenate([instance.need, instance.gain])
    if (figures == np.round(figures)).all():
        limit += math.fsum(figures[figures < UNSEEN * unit]) / unit
    stated, bound = (figure * unit + instance.base for figure in (outcome.value, limit))
    if outcome.open_ is None:
        return BranchIncumbent(chosen=np.zeros(0, dtype=np.intp), has_plan=False, bound=bound, version=outcome.version)
    chosen = rounded(outcome.open_, effort.name)
    _agree(effort.name, instance.covered_need(chosen), stated, bound)
    return BranchIncumbent(chosen=chosen, has_plan=True, bound=bound, version=outcome.version)


def _outcome(
    task: Branching, start: Sequence[float], effort: SearchLimits, forbidden: Sequence[Ints]
) -> tuple[Outcome, float]:
    """Return what the solver answers, and the need that a unit of it stands for."""
    if effort.name == "highs":
        table = table_of(task.instance, task.objective, forbidden)
        with told_as("covered need", lambda figure: figure * table.unit + task.instance.base):
            effort = replace(effort, gap=effort.gap / table.unit)
            return search_core(table, task.cuts, effort, start, seeks=task.seeks), table.unit
    model = build_model(task.instance, task.objective)
    for number, members in enumerate(forbidden):
        model.add(f"forbidden_{number}", model.opened(members), LpConstraintLE, len(members) - 1)
    asked = replace(effort, gap=effort.gap / model.need_unit)
    return adapter(effort.name)(model, asked, start), model.need_unit


def _agree(solver: str, value: float, stated: float, bound: float) -> None:
    """Raise when a plan covers less than the solver states, or more than it says any can.

    A plan found on the way may leave rows uncounted that its hubs cover: covering more than stated is no contradiction.
    """
    slack = AGREEMENT * max(1.0, abs(value))
    if not value >= stated - slack:
        message = f"{solver} states {stated:,.6f} covered need, its hubs cover {value:,.6f}"
        raise DisagreementError(message)
    if not value <= bound + slack:
        message = f"{solver} states {bound:,.6f} as the most any plan covers, its own covers {value:,.6f}"
        raise DisagreementError(message)
