"""An instance to its best choice of options: relaxation, cuts and exchanges, then a MIP on what is left."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.solver.branch import Branching, branch
from hubplanner.solver.core import solve_relaxation
from hubplanner.solver.progress import ProgressBounds, progress_within, report_progress
from hubplanner.solver.residue import screen, settle
from hubplanner.solver.start import exchanged

if TYPE_CHECKING:
    from hubplanner.models import MaxCoverage
    from hubplanner.problem import Ints
    from hubplanner.problem.reduced import CoveringInstance
    from hubplanner.solver.adapters import SearchLimits
    from hubplanner.solver.core import CoveringRelaxation, Cuts
    from hubplanner.solver.line import CachedPlans
    from hubplanner.solver.memory import SolveCache
    from hubplanner.solver.options import SolverOptions
    from hubplanner.solver.record import RunLog
    from hubplanner.solver.relaxation import Relaxation
    from hubplanner.solver.residue import RestrictedInstance

UNUSED = "not needed"
"""Stands for the version of a solver that was not called, since the relaxation alone closed the gap."""
FEW, FEWEST = 1.25, 50
"""Undecided options of the first MIP: so many for each that the relaxation uses, and at least."""
USED = 1e-3
"""Value from which the relaxation uses an option: an interior point leaves a little in all of them."""
SCREEN = 6e-4
"""Largest first margin below the relaxation's bound, relative to it."""
NEARLY = 1 - 1e-6
"""Part of the asked gap by which plans that are left out may be better than the best one met."""
MOST_MORE = 5
"""Searches for a plan that reaches what is of interest: each better plan leaves less slack."""
ROUNDING = 1e-12
"""Relative gap that is the rounding of sums."""


@dataclass(frozen=True, kw_only=True)
class CoveringResult:
    """The best choice found on an instance, and what is proven of all others.

    Parameters
    ----------
    chosen
        (k,) positions of the options to build.
    bound
        No choice covers more need, the settled part included.
    version
        The solver's version.
    line
        The relaxation's bound for other budgets; None without a budget.
    """

    chosen: Ints
    bound: float
    version: str
    line: CachedPlans | None = None


def run(  # noqa: PLR0913 - a question, how to solve it, and what is known
    instance: CoveringInstance,
    objective: MaxCoverage,
    options: SolverOptions,
    start: Ints,
    record: RunLog,
    *,
    memory: SolveCache | None = None,
    reach: float | None = None,
) -> CoveringResult:
    """Improve a start until the gap is closed or the time is up.

    The first MIP is confined to plans near the relaxation's bound; its plan is nearly always the best one. Only if the
    bound of the plans left out is not good enough does a second MIP take all those that might still be better.

    Parameters
    ----------
    memory
        What solves under other budgets left.
    reach
        Covered need that is of interest: the search ends as soon as a plan has it, or none can.
    """
    deadline = options.deadline
    with record.phase("solve the relaxation"):
        effort = options.effort(_slack(options, instance.covered_need(start), reach))
        found = solve_relaxation(instance, objective, effort, start, memory)
    cuts = 0 if found.cuts is None else len(found.cuts.limit)
    record.steps.update(relaxation_options=found.columns, cuts=cuts)
    with record.phase("exchange hubs"):
        start = exchanged(instance, objective, found.plan, np.abs(found.relaxation.reduced), deadline)
    bound = min(found.relaxation.bound, instance.most_need)
    best = CoveringResult(chosen=start, bound=bound, version=UNUSED, line=found.line)
    report_progress("covered need", instance.covered_need(best.chosen), best.bound)
    if options.is_heuristic:
        return best
    for margin in (_near(found.relaxation), math.inf) if reach is None else [math.inf] * MOST_MORE:
        value = instance.covered_need(best.chosen)
        effort = options.until(deadline).effort(_slack(options, value, reach))
        if reach is not None and value >= reach:
            break
        if best.bound - value <= max(effort.gap, ROUNDING * value) or deadline.is_past:
            break
        with record.phase(f"solve with {options.name}"):
            short = found.relaxation.bound - value - effort.gap * NEARLY
            rest = _rest(instance, objective, found, min(margin, short))
            record.steps.update(options_left=len(rest.free), rows_left=len(rest.instance.need))
            with progress_within(ProgressBounds(sense=1, left_out=rest.left_out, bound=best.bound, value=value)):
                best = _search(instance, rest, found.cuts, best, effort)
        report_progress("covered need", instance.covered_need(best.chosen), best.bound)
    return best


def _slack(options: SolverOptions, value: float, reach: float | None) -> float:
    """Return the distance of plan and bound at which the search may end."""
    return options.gap * value if reach is None else max((reach - value) * NEARLY, 0.0)


def _near(relaxation: Relaxation) -> float:
    """Return a margin that leaves few options undecided, yet all that the relaxation uses."""
    used = int(np.count_nonzero(relaxation.open_ > USED))
    away = np.sort(np.abs(relaxation.reduced))
    few = away[min(max(int(FEW * used), FEWEST), len(away)) - 1] if len(away) else 0.0
    return float(min(SCREEN * relaxation.bound, few))


def _rest(
    instance: CoveringInstance, objective: MaxCoverage, known: CoveringRelaxation, margin: float
) -> RestrictedInstance:
    """Return what is left to decide among the plans within a margin of the relaxation's bound."""
    return settle(instance, objective, screen(instance, known.relaxation, margin))


def _search(
    instance: CoveringInstance, rest: RestrictedInstance, cuts: Cuts | None, best: CoveringResult, effort: SearchLimits
) -> CoveringResult:
    """Return the better of the best choice so far and the best that is left."""
    if not rest.is_possible:
        bound = max(rest.left_out, instance.covered_need(best.chosen))
        return replace(best, bound=min(best.bound, bound))
    carried = None if cuts is None else rest.carried(cuts)
    start = np.isin(rest.free, best.chosen)
    found = branch(Branching(instance=rest.instance, objective=rest.objective, cuts=carried), start, effort)
    trial = np.union1d(rest.built, rest.free[found.chosen])
    # Without a choice of its own, the settled options may still lack what the limits demand.
    better = found.has_plan and instance.covered_need(trial) > instance.covered_need(best.chosen)
    chosen = trial if better else best.chosen
    bound = max(found.bound, rest.left_out, instance.covered_need(chosen))
    return replace(best, chosen=chosen, bound=min(best.bound, bound), version=found.version)
