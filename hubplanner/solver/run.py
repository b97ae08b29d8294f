"""An instance to its best choice of options: relaxation, cuts and exchanges, then a MIP on what is left."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.solver.adapters import Effort
from hubplanner.solver.branch import Branching, branch
from hubplanner.solver.core import sharpened
from hubplanner.solver.residue import screen, settle
from hubplanner.solver.start import exchanged

if TYPE_CHECKING:
    from hubplanner.models import MaxCoverage
    from hubplanner.problem import Ints
    from hubplanner.problem.reduced import Reduced
    from hubplanner.solver.core import Cuts, Sharpened
    from hubplanner.solver.options import SolverOptions
    from hubplanner.solver.record import Record
    from hubplanner.solver.relaxation import Relaxation
    from hubplanner.solver.residue import Residue

UNUSED = "not needed"
"""Stands for the version of a solver that was not called, since the relaxation alone closed the gap."""
FEW, FEWEST = 1.25, 50
"""Undecided options of the first MIP: so many for each that the relaxation uses, and at least."""
USED = 1e-3
"""Value from which the relaxation uses an option: an interior point leaves a little in all of them."""
SCREEN = 6e-4
"""Largest first margin below the relaxation's bound, relative to it."""
ROUNDING = 1e-12
"""Relative gap that is the rounding of sums."""


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
        effort = _effort(options, options.gap * instance.covered_need(start), options.time_limit_s)
        found = sharpened(instance, objective, effort, start)
    cuts = 0 if found.cuts is None else len(found.cuts.limit)
    record.steps.update(relaxation_options=found.columns, cuts=cuts)
    with record.phase("exchange hubs"):
        start = exchanged(instance, objective, found.plan, np.abs(found.relaxation.reduced), deadline)
    best = Answer(chosen=start, bound=found.relaxation.bound, version=UNUSED)
    if options.is_heuristic:
        return best
    for margin in (_near(found.relaxation), math.inf):
        value = instance.covered_need(best.chosen)
        effort = _effort(options, options.gap * value, deadline - time.perf_counter())
        if best.bound - value <= max(effort.gap, ROUNDING * value) or effort.seconds <= 0:
            break
        with record.phase(f"solve with {options.name}"):
            rest = _rest(instance, objective, found, min(margin, found.relaxation.bound - value))
            record.steps.update(options_left=len(rest.free), rows_left=len(rest.instance.need))
            best = _search(instance, rest, found.cuts, best, effort)
    return best


def _near(relaxation: Relaxation) -> float:
    """Return a margin that leaves few options undecided, yet all that the relaxation uses."""
    used = int(np.count_nonzero(relaxation.open_ > USED))
    away = np.sort(np.abs(relaxation.reduced))
    few = away[min(max(int(FEW * used), FEWEST), len(away)) - 1] if len(away) else 0.0
    return float(min(SCREEN * relaxation.bound, few))


def _effort(options: SolverOptions, gap: float, seconds: float) -> Effort:
    return Effort(name=options.name, gap=gap, seconds=seconds, threads=options.threads, seed=options.seed)


def _rest(instance: Reduced, objective: MaxCoverage, known: Sharpened, margin: float) -> Residue:
    """Return what is left to decide among the plans within a margin of the relaxation's bound."""
    return settle(instance, objective, screen(instance, known.relaxation, margin))


def _search(instance: Reduced, rest: Residue, cuts: Cuts | None, best: Answer, effort: Effort) -> Answer:
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
    return Answer(chosen=chosen, bound=min(best.bound, bound), version=found.version)
