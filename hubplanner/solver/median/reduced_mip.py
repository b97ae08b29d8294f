"""What is left of a p-median as one program: chains of distances over the sites that are left."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pulp import LpAffineExpression, LpConstraintEQ, LpConstraintGE, LpConstraintLE
from scipy.sparse import csr_array

from hubplanner.errors import SolverError
from hubplanner.model import Budget, Model
from hubplanner.model.lp import decimal_unit, new_model, new_program
from hubplanner.problem import Floats, Ints
from hubplanner.problem.covering_instance import CoveringInstance
from hubplanner.solver.backends import DisagreementError, Outcome, SearchLimits, Termination, adapter
from hubplanner.solver.covering.branch_and_bound import MOST_FORBIDDEN, rounded
from hubplanner.solver.deadline import LEAST_S
from hubplanner.solver.median.cost_matrix import CostMatrix
from hubplanner.solver.median.lagrangian import KEPT, bound, nearest, settled
from hubplanner.solver.median.subgradient import BoundedPlan
from hubplanner.tolerances import AGREEMENT, INTEGRALITY

STAGES, FEW_SITES = (0.1, 0.25, 0.5), 200
"""Shares of the distance between bound and plan within which plans are looked for first, with more sites than few."""
SHALLOW = 0.2
"""Where chains end at first: beyond the multipliers by this share of the distance between plan and bound."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DistanceChains:
    """A program for a table.

    Parameters
    ----------
    model
        The PuLP model, which maximises.
    unit, constant
        A choice costs the constant less the program's objective times the unit.
    end
        (n,) what each point is taken to cost from farther away than its chain goes; infinite where that is complete.
    """

    model: Model
    unit: float
    constant: float
    end: Floats

    def cost(self, objective: float) -> float:
        """Return what a choice costs for a value of the program's objective."""
        return self.constant - self.unit * objective


@dataclass(frozen=True, kw_only=True, eq=False)
class Links:
    """Sets of sites, each as the bits of a number, of which no hub at any sends points farther.

    Parameters
    ----------
    added
        For each set the one it grew from, 0 for none, and the sites that were added.
    weight
        What it costs to have no hub in a set; those that must hold one are not here.
    constant
        What is paid in any case.
    end
        (n,) the most that each point is taken to cost, were it served from farther away.
    """

    added: dict[int, tuple[int, Ints]]
    weight: dict[int, float]
    constant: float
    end: Floats


def links(table: CostMatrix, depth: Floats, reach: Floats) -> Links:
    """Return the sets of nearest sites of all points that make a difference, equal ones of several points as one.

    Parameters
    ----------
    depth
        (n,) cost up to which a point's sites are distinguished; what lies beyond counts as the next.
    reach
        (n,) the most that each point costs in any plan that is still of interest.
    """
    added, weight, held, paid = dict[int, Any](), dict[int, float](), set[int](), list[float]()
    bits = [1 << site for site in range(table.size)]
    end = np.full(len(reach), np.inf)
    limits = zip(table.base.tolist(), depth.tolist(), reach.tolist(), strict=True)
    for point, (base, deep, most) in enumerate(limits):
        costs = table.cost[point]
        near = np.flatnonzero((costs < base) & (costs <= most))
        near = near[np.argsort(costs[near], kind="stable")]
        steps, starts = np.unique(costs[near], return_index=True)
        # Beyond the last step waits what stands in any case; out of reach, nothing: the set must hold a hub.
        levels = [*steps.tolist(), base]
        paid.append(levels[0])
        told = min(max(int(np.searchsorted(steps, deep, side="right")), 1), len(steps))
        before = 0
        for level, sites in enumerate(np.split(near, starts[1:])[:told]):
            whole = before | sum(bits[site] for site in sites.tolist())
            added.setdefault(whole, (before, sites))
            weight[whole] = weight.get(whole, 0.0) + levels[level + 1] - levels[level]
            before = whole
        if told < len(steps):
            end[point] = levels[told]
        elif base > most:
            held.add(before)
    weight = {whole: cost for whole, cost in weight.items() if whole not in held}
    return Links(added=added, weight=weight, constant=math.fsum(paid), end=end)


def chains(table: CostMatrix, depth: Floats, reach: Floats) -> DistanceChains:
    r"""Return the program of a table.

    With $z_S$ telling that no hub is at any site of S, and $S_i^1 \subset S_i^2 \subset \dots$ the sites of point i
    by their costs $C_i^1 < C_i^2 < \dots$, up to the most that it costs in any good plan, or to where its chain ends,

    .. math:: \min \sum_i \Big(C_i^1 + \sum_k (C_i^{k+1} - C_i^k) z_{S_i^k}\Big) + \sum_j r_j y_j, \qquad
              z_S + \sum_{j \in S \setminus S'} y_j \ge z_{S'}, \quad z_\emptyset = 1

    Points share the variables of sets they have in common: Garcia, Labbe and Marin (2011), doi:10.1287/ijoc.1100.0418.
    """
    found = links(table, depth, reach)
    model = new_model(_sites(table), new_program("p_median"))
    hubs = model.variable("hubs", 0, table.count, whole=True)
    model.add("hubs", [*model.opened(np.arange(table.size)), (hubs, -1.0)], LpConstraintEQ, 0)
    # HiGHS leaves out its presolve where numbers of hubs may be branched on: here that is three times as fast.
    model.counts.append(hubs)
    if math.isfinite(table.money):
        Budget(amount=table.money).add_to(model)
    beyond = {whole: model.variable(f"beyond_{number}", 0, 1) for number, whole in enumerate(found.weight)}
    for number, (whole, (before, sites)) in enumerate(found.added.items()):
        if before and before not in beyond:
            continue  # A hub is in the smaller set, and so in this one.
        terms = model.opened(sites)
        terms += [(beyond[whole], 1.0)] if whole in beyond else []
        terms += [(beyond[before], -1.0)] if before else []
        model.add(f"chain_{number}", terms, LpConstraintGE, 0 if before else 1)
    rented = np.flatnonzero(table.rent > 0)
    unit = decimal_unit(max([*found.weight.values(), *table.rent[rented].tolist()], default=0.0))
    costs = [(beyond[key], -cost / unit) for key, cost in found.weight.items()]
    model.program.setObjective(LpAffineExpression([*costs, *model.opened(rented, -table.rent[rented] / unit)]))
    return DistanceChains(model=model, unit=unit, constant=found.constant + table.paid, end=found.end)


def _sites(table: CostMatrix) -> CoveringInstance:
    """Return the sites of a table as the instance that constraint families take."""
    return CoveringInstance(
        need=np.zeros(0),
        cover=csr_array((0, table.size)),
        option=table.option,
        site=table.option,
        cost=table.price,
        gain=np.zeros(table.size),
        required=np.zeros(0, dtype=np.intp),
        base=0.0,
    )


def explore(proof: BoundedPlan, effort: SearchLimits) -> tuple[BoundedPlan, str]:
    """Return the proof after a solver looked through the plans near the bound, then farther from it, then all.

    A plan that it finds on the way is the best one: all others cost more than was looked for.
    """
    deadline, version = effort.deadline(), ""
    for share in STAGES if proof.table.size > FEW_SITES else ():
        limit = proof.bound.value + share * (proof.value - proof.bound.value)
        near = confined(proof, limit)
        found, version = search(near, replace(effort, seconds=deadline.left), known=False)
        if found.value < near.value:
            return found, version
        proof = replace(proof, lower=max(proof.lower, min(found.lower, limit)))
        if deadline.is_past or proof.value - proof.lower <= effort.gap:
            return proof, version
    return search(proof, replace(effort, seconds=deadline.left))


def confined(proof: BoundedPlan, limit: float) -> BoundedPlan:
    """Return a proof of plans that cost at most a limit, which is in place of what its own costs."""
    value = limit + proof.table.slack(KEPT, limit)
    built, dropped = settled(proof.table, proof.bound, value)
    table = proof.table.settle(np.flatnonzero(built), np.flatnonzero(~built & ~dropped))
    known = bound(table, nearest(table, table.size), proof.bound.multipliers)
    return replace(proof, table=table, chosen=np.arange(0), value=value, lower=known.value, bound=known)


def search(
    proof: BoundedPlan, effort: SearchLimits, forbidden: tuple[Ints, ...] = (), *, known: bool = True
) -> tuple[BoundedPlan, str]:
    """Return the proof after a solver looked through all plans that may be better, and the solver's version.

    Chains end a little beyond the multipliers at first, where the relaxed program ends them, and go on for the points
    that a choice serves from farther away. A choice that overspends within the solver's tolerance is forbidden, with
    all that contain it. In both cases the program is solved again.

    Parameters
    ----------
    forbidden
        Choices that are not wanted, nor any that contains one.
    known
        Whether the proof's own choice is in the program: not where it is forbidden, or costs more than is asked for.
    """
    table, deadline = proof.table, effort.deadline()
    margin = proof.value - proof.bound.value
    reach = proof.bound.multipliers + margin + table.slack(AGREEMENT, proof.value)
    depth = proof.bound.multipliers + SHALLOW * margin
    cuts, trusted = list(forbidden), known
    while True:
        form = chains(table, depth, reach)
        for number, members in enumerate(cuts):
            form.model.add(f"cut_{number}", form.model.opened(members), LpConstraintLE, len(members) - 1)
        left = max(deadline.left, LEAST_S)
        start = np.isin(np.arange(table.size), proof.chosen).astype(float).tolist() if trusted else []
        task = replace(effort, gap=effort.gap / form.unit, seconds=left)
        outcome = adapter(effort.name)(form.model, task, start)
        if outcome.open_ is None:
            return _without_plan(proof, form, outcome, known=known), outcome.version
        try:
            proof, chosen = _believed(proof, form, outcome, effort.name)
        except DisagreementError:
            # HiGHS 1.16 may state the best plan's value and hand back the start: once more without one.
            if not trusted:
                raise
            trusted = False
            continue
        beyond = table.served(chosen) > form.end
        is_done = table.fits(chosen) and (not beyond.any() or proof.value - proof.lower <= effort.gap)
        if is_done or deadline.is_past or len(cuts) >= MOST_FORBIDDEN:
            return proof, outcome.version
        depth[beyond] = reach[beyond]
        if not table.fits(chosen):
            _tolerate(effort.name, table, chosen)
            cuts.append(chosen[table.price[chosen] > 0])


def _without_plan(proof: BoundedPlan, form: DistanceChains, outcome: Outcome, *, known: bool) -> BoundedPlan:
    """Return the proof with the bound of a solver that has no plan; where there is one, none possible is no proof."""
    if outcome.termination != Termination.INFEASIBLE:
        return _raised(proof, form.cost(outcome.bound))
    return proof if known else replace(proof, lower=proof.value)


def _believed(proof: BoundedPlan, form: DistanceChains, outcome: Outcome, solver: str) -> tuple[BoundedPlan, Ints]:
    """Return the proof with what a solver adds to it, and its choice; raise when its figures contradict that."""
    table, lower = proof.table, form.cost(outcome.bound)
    chosen = rounded(outcome.open_ or [], solver)
    value, stated = table.value(chosen), form.cost(outcome.value)
    if table.fits(chosen):
        nearer = np.minimum(table.served(chosen), form.end)
        counted = math.fsum([*nearer, *table.rent[chosen], table.paid])
        _agree(solver, table, counted, stated, lower)
    better = value < proof.value and table.fits(chosen)
    return _raised(replace(proof, chosen=chosen, value=value) if better else proof, lower), chosen


def _raised(proof: BoundedPlan, lower: float) -> BoundedPlan:
    """Return the proof with the better bound; every plan that was left out costs more than the best one."""
    if proof.table.is_whole and math.isfinite(lower):
        lower = max(lower, proof.table.next_value(lower - proof.table.slack(AGREEMENT, proof.value)))
    return replace(proof, lower=min(max(proof.lower, lower), proof.value))


def _agree(solver: str, table: CostMatrix, value: float, stated: float, lower: float) -> None:
    """Raise when a plan costs more than the solver states, or less than it says any can."""
    slack = table.slack(AGREEMENT, value)
    value, stated, lower, slack = (figure / table.scale for figure in (value, stated, lower, slack))
    if not value <= stated + slack:
        message = f"{solver} states {stated:,.6f}, its hubs make it {value:,.6f}"
        raise DisagreementError(message)
    if not value >= lower - slack:
        message = f"{solver} states {lower:,.6f} as the least, its own plan's is {value:,.6f}"
        raise DisagreementError(message)


def _tolerate(solver: str, table: CostMatrix, chosen: Ints) -> None:
    """Raise when a choice breaks the limits by more than rounding of binaries and of the budget row may hide."""
    spent = math.fsum(table.price[chosen])
    if len(chosen) > table.count:
        message = f"{solver} returned {len(chosen)} hubs, {table.count} are left"
        raise SolverError(message)
    if spent - table.money > INTEGRALITY * (spent + decimal_unit(table.price.max())):
        message = f"{solver} returned hubs that cost {spent - table.money:,.2f} more than the budget leaves"
        raise SolverError(message)
