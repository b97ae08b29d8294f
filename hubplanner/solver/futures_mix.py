"""The mix of futures that leaves plans the least: cutting planes over what each plan found makes of every mix."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import linprog

from hubplanner.problem import Floats

if TYPE_CHECKING:
    from hubplanner.problem import Ints
    from hubplanner.solver.deadline import Deadline
    from hubplanner.solver.futures_core import MixtureSearch
    from hubplanner.solver.options import SolverOptions

log = logging.getLogger(__name__)

ROUNDS = 40
"""Mixes that are tried at most."""
SHORTER = 0.5
"""Step from the best mix so far to the one that the cuts propose, after a whole one led to no better."""
PATIENCE = 4
"""Mixes in a row that lower the bound by next to nothing before the search for one ends."""
ROUGH = 1e-3
"""Relative gap of the plans that mixes are judged by."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MixtureTrial:
    """What a mix of futures shows.

    Parameters
    ----------
    shares
        (s,) of the mix.
    plan
        (k,) options of a plan that covers much of it.
    most
        No plan covers more of it.
    version
        The solver's.
    """

    shares: Floats
    plan: Ints
    most: float
    version: str


@dataclass(frozen=True, kw_only=True, eq=False)
class MixedPlan:
    """The best plan met, its figure, the most that any plan's can be, and the mix that shows it."""

    plan: Ints
    value: float
    most: float
    shares: Floats
    version: str


def best_mix(mixer: MixtureSearch, options: SolverOptions, deadline: Deadline) -> MixedPlan:
    """Return the mix of the least bound that cutting planes find, and the best plan met; figures to be maximised.

    Kelley (1960), doi:10.1137/0108053, with steps cut short where they lead nowhere; mixes are judged by their
    relaxation, the last one is solved to the asked gap.
    """
    quick = replace(options, name="heuristic", ties=False, gap=max(options.gap, ROUGH))
    shares = mixer.bound.criterion.probability
    found = MixedPlan(plan=np.zeros(0, dtype=np.intp), value=-math.inf, most=math.inf, shares=shares, version="")
    gains, step, idle = list[Floats](), 1.0, 0
    for _ in range(ROUNDS):
        trial = mixer.solve(shares, quick.until(deadline))
        gains.append(mixer.worth(trial.plan) - mixer.offset)
        before, found = found, _better(mixer, found, trial, gains[-1])
        log.debug("mix: figure %.9g, bound %.9g", found.value, found.most)
        proposed, least = _propose(mixer, np.array(gains))
        small = options.gap / 4 * max(1.0, abs(found.most))
        idle = idle + 1 if before.most - found.most <= small else 0
        if _closed(found, options.gap) or deadline.is_past or found.most - least <= small or idle >= PATIENCE:
            break
        step = 1.0 if found.most < before.most else step * SHORTER
        shares = found.shares + step * (proposed - found.shares)
    if _closed(found, options.gap) or options.is_heuristic or deadline.is_past:
        return found
    trial = mixer.solve(found.shares, options.until(deadline))
    return _better(mixer, found, trial, mixer.worth(trial.plan) - mixer.offset)


def _better(mixer: MixtureSearch, found: MixedPlan, trial: MixtureTrial, gain: Floats) -> MixedPlan:
    criterion = mixer.bound.criterion
    value = criterion.goal_sense * criterion.of(gain + mixer.offset)
    most = trial.most - math.fsum(trial.shares * mixer.offset)
    if value > found.value:
        found = replace(found, plan=trial.plan, value=value, version=trial.version)
    return replace(found, most=most, shares=trial.shares) if most < found.most else found


def _closed(found: MixedPlan, gap: float) -> bool:
    return found.most - found.value <= gap * max(1.0, abs(found.value))


def _propose(mixer: MixtureSearch, gains: Floats) -> tuple[Floats, float]:
    r"""Return the mix of which the plans met make least, $\min_\lambda \max_k \sum_s \lambda_s g_{ks}$, and that."""
    count = gains.shape[1]
    unit = max(float(np.abs(gains).max(initial=0.0)), 1.0)
    cap = mixer.most_share
    result: Any = linprog(
        np.append(np.zeros(count), 1.0),
        A_ub=np.hstack([gains / unit, -np.ones((len(gains), 1))]),
        b_ub=np.zeros(len(gains)),
        A_eq=np.append(np.ones(count), 0.0)[None],
        b_eq=[1.0],
        bounds=[*((0.0, float(most)) for most in cap), (None, None)],
    )
    shares = np.clip(result.x[:count], 0.0, cap)
    return shares / shares.sum(), float(result.x[-1]) * unit
