"""An instance to its best choice of options: relaxation, screening, then a MIP on what is left."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from pulp import LpConstraintLE

from hubplanner.errors import SolverError
from hubplanner.models import build_model
from hubplanner.models.budget import TOLERANCE
from hubplanner.models.checks import AGREEMENT
from hubplanner.models.model import decimal_unit
from hubplanner.solver.adapters import Effort, Termination, adapter
from hubplanner.solver.relaxation import Relaxation, relax
from hubplanner.solver.residue import Screening, screen, settle
from hubplanner.solver.start import limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubplanner.models import MaxCoverage
    from hubplanner.problem import Bools, Ints
    from hubplanner.problem.reduced import Reduced
    from hubplanner.solver.options import SolverOptions
    from hubplanner.solver.record import Record

UNUSED = "not needed"
"""Stands for the version of a solver that was not called, since the relaxation alone closed the gap."""
INTEGRALITY = 1e-5
"""Farthest a binary may be from 0 or 1."""
MOST_CUTS = 50
"""Overspent choices that are forbidden before the search for one within the budget ends."""
SCREEN = 6e-4
"""First margin below the relaxation's bound, relative to it: the best plan of every instance measured lay within."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The best choice found on an instance, and what is proven of all others.

    Parameters
    ----------
    chosen
        (k,) positions of the options to build.
    bound
        No choice covers more need, the settled part included.
    version
        The solver's version.
    """

    chosen: Ints
    bound: float
    version: str


def run(instance: Reduced, objective: MaxCoverage, options: SolverOptions, start: Ints, record: Record) -> Answer:
    """Improve a start until the gap is closed or the time is up.

    The first MIP is confined to plans near the relaxation's bound; its plan is nearly always the best one. Only if the
    bound of the plans left out is not good enough does a second MIP take all those that might still be better.
    """
    deadline = time.perf_counter() + options.time_limit_s
    with record.phase("solve the relaxation"):
        relaxation = _relaxation(instance, objective, options)
    best = Answer(chosen=start, bound=relaxation.bound, version=UNUSED)
    for share in (SCREEN, math.inf):
        value = covered_need(instance, best.chosen)
        margin = min(share * relaxation.bound, relaxation.bound - value)
        effort = _effort(options, gap=options.gap * value, seconds=deadline - time.perf_counter())
        if best.bound - value <= effort.gap or effort.seconds <= 0 or margin <= 0:
            break
        with record.phase(f"solve with {options.name}"):
            best = _search(instance, objective, screen(relaxation, margin), best, effort)
    return best


def covered_need(instance: Reduced, chosen: Ints) -> float:
    """Return the need a choice covers, the settled part included."""
    covered = instance.cover[:, chosen].sum(axis=1) > 0
    return math.fsum([instance.base, *instance.need[covered], *instance.gain[chosen]])


def rounded(open_: Sequence[float], solver: str) -> Ints:
    """Return the positions of binaries that are 1; raise when one is neither 0 nor 1."""
    values = np.asarray(open_, dtype=np.float64)
    residual = np.abs(values - (values > 0.5)).max(initial=0.0)  # noqa: PLR2004 - halfway
    if not residual <= INTEGRALITY:  # so that NaN is caught
        message = f"{solver} returned a binary that is {residual:.2g} away from 0 and 1"
        raise SolverError(message)
    return np.flatnonzero(values > 0.5)  # noqa: PLR2004 - halfway


def _effort(options: SolverOptions, gap: float, seconds: float) -> Effort:
    return Effort(name=options.name, gap=gap, seconds=seconds, threads=options.threads, seed=options.seed)


def _relaxation(instance: Reduced, objective: MaxCoverage, options: SolverOptions) -> Relaxation:
    """Return the relaxation, or the little that is known of all plans when time does not suffice for it."""
    effort = _effort(options, gap=0.0, seconds=options.time_limit_s)
    most = math.fsum([instance.base, *instance.need, *instance.gain])
    nothing = np.zeros(len(instance.option))
    model = build_model(instance, objective)
    found = relax(model, effort)
    if not found.is_solved:  # every instance has a plan, so only a failure says there is none
        return Relaxation(bound=most, open_=nothing, reduced=nothing, values=nothing)
    return found.times(model.need_unit, instance.base)


def _search(instance: Reduced, objective: MaxCoverage, screening: Screening, best: Answer, effort: Effort) -> Answer:
    """Return the better of the best choice so far and the best that the screening leaves in."""
    rest, limits_left = settle(instance, objective, screening)
    start = np.isin(rest.option, instance.option[best.chosen])
    found = _branch(rest, limits_left, start, effort)
    trial = np.union1d(screening.built, np.flatnonzero(np.isin(instance.option, rest.option[found.chosen])))
    # Without a choice of its own, the settled options may still lack what the limits demand.
    better = found.has_plan and covered_need(instance, trial) > covered_need(instance, best.chosen)
    chosen = trial if better else best.chosen
    bound = max(found.bound, screening.left_out, covered_need(instance, chosen))
    return Answer(chosen=chosen, bound=min(best.bound, bound), version=found.version)


@dataclass(frozen=True, kw_only=True)
class _Found:
    """A solver's verified choice on an instance; empty without a plan."""

    chosen: Ints
    has_plan: bool
    bound: float
    version: str


def _branch(instance: Reduced, objective: MaxCoverage, start: Bools, effort: Effort) -> _Found:
    """Return the solver's best choice on an instance, held to the budget exactly.

    A solver may overspend within its own tolerance. Then its choice is forbidden, with all that contain it, and the
    model solved again: no plan is lost by that, so the bounds stay.
    """
    deadline = time.perf_counter() + effort.seconds
    money, _ = limits(objective)
    cuts: list[Ints] = []
    found = _solve(instance, objective, start, effort, cuts)
    while (excess := math.fsum(instance.cost[found.chosen]) - money * (1 + TOLERANCE)) > 0:
        _tolerate(effort.name, instance, found.chosen, excess)
        left = deadline - time.perf_counter()
        if left <= 0 or len(cuts) == MOST_CUTS:
            return replace(found, chosen=found.chosen[:0], has_plan=False)
        cuts.append(found.chosen[instance.cost[found.chosen] > 0])
        again = _solve(instance, objective, start, replace(effort, seconds=left), cuts)
        found = replace(again, bound=min(again.bound, found.bound))
    return found


def _tolerate(solver: str, instance: Reduced, chosen: Ints, excess: float) -> None:
    """Raise when a choice overspends by more than rounding of binaries and of the budget row may hide."""
    if excess > INTEGRALITY * (math.fsum(instance.cost[chosen]) + decimal_unit(instance.cost.max())):
        message = f"{solver} returned hubs that cost {excess:,.2f} more than the budget leaves"
        raise SolverError(message)


def _solve(instance: Reduced, objective: MaxCoverage, start: Bools, effort: Effort, cuts: Sequence[Ints]) -> _Found:
    """Return the solver's choice with its bound in need; raise when its figures contradict its own choice.

    Parameters
    ----------
    cuts
        Choices none of which a plan may contain.
    """
    model = build_model(instance, objective)
    for number, members in enumerate(cuts):
        model.add(f"cut_{number}", model.opened(members), LpConstraintLE, len(members) - 1)
    task = replace(effort, gap=effort.gap / model.need_unit)
    outcome = adapter(effort.name)(model, task, start.astype(float).tolist())
    # Every instance has a plan: a solver that finds none possible proves nothing.
    limit = math.inf if outcome.termination == Termination.INFEASIBLE else outcome.bound
    stated, bound = (figure * model.need_unit + instance.base for figure in (outcome.value, limit))
    if outcome.open_ is None:
        return _Found(chosen=np.zeros(0, dtype=np.intp), has_plan=False, bound=bound, version=outcome.version)
    chosen = rounded(outcome.open_, effort.name)
    _agree(effort.name, covered_need(instance, chosen), stated, bound)
    return _Found(chosen=chosen, has_plan=True, bound=bound, version=outcome.version)


def _agree(solver: str, value: float, stated: float, bound: float) -> None:
    """Raise when a plan covers less than the solver states, or more than it says any can.

    A plan found on the way may leave rows uncounted that its hubs cover: covering more than stated is no contradiction.
    """
    slack = AGREEMENT * max(1.0, abs(value))
    if not value >= stated - slack:
        message = f"{solver} states {stated:,.6f} covered need, its hubs cover {value:,.6f}"
        raise SolverError(message)
    if not value <= bound + slack:
        message = f"{solver} states {bound:,.6f} as the most any plan covers, its own covers {value:,.6f}"
        raise SolverError(message)
