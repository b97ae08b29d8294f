r"""Maximal covering over futures within budget, count and pins: by mixes of futures, each a covering problem.

Every criterion is the least that some mix of futures makes of a plan (Artzner et al. 1999,
doi:10.1111/1467-9965.00068):

.. math:: \max_y \min_{\lambda \in \Lambda} \sum_s \lambda_s g_s(y) \;\le\;
          \min_{\lambda \in \Lambda} \max_y \sum_s \lambda_s g_s(y)

with Lambda the probabilities alone (expected), all shares (worst, regret) or shares of at most p / (1 - alpha) (cvar).
A mix is plain maximal covering, so the right side comes from the core; a search is left with what is still open.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy.optimize import linprog

from hubplanner.model import MaxCoverage, RobustQuestion
from hubplanner.problem import Floats, Ints, Rows
from hubplanner.problem.covering_instance import CoveringInstance, reduce_existing
from hubplanner.solver.covering.construction import greedy
from hubplanner.solver.covering.presolve import drop_dominated, drop_useless, merge_single, prune
from hubplanner.solver.covering.strategy import run
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.limits import required_fit
from hubplanner.solver.mip.tie_breaking import SMALL_OPTIONS
from hubplanner.solver.options import SolverOptions
from hubplanner.solver.run_log import RunLog


def has_core(bound: RobustQuestion, options: SolverOptions) -> bool:
    """Tell whether a bound question is covering within budget, count and pins alone, and is to be answered so."""
    plain = bound.criterion.sense > 0 and not bound.objective.constraints
    small = bound.problem.n_options <= SMALL_OPTIONS and options.method == "auto" and not options.is_heuristic
    return plain and options.method != "plain" and not small and required_fit(bound.problem, plain_of(bound))


def plain_of(bound: RobustQuestion) -> MaxCoverage:
    """Return the limits of a bound question as those of maximal covering."""
    return MaxCoverage(budget=bound.objective.budget, max_hubs=bound.objective.max_hubs)


@dataclass(frozen=True, eq=False)
class MixtureSearch:
    """Answers what covers most of a mix of futures."""

    bound: RobustQuestion
    options: SolverOptions
    record: RunLog

    @cached_property
    def plain(self) -> MaxCoverage:
        """The limits."""
        return plain_of(self.bound)

    @cached_property
    def offset(self) -> Floats:
        """What is taken off each future's figure (s,): its own best plan's with regret, nothing else."""
        best = self.bound.criterion.best
        return np.zeros(len(self.bound.objective.stack.futures.each)) if best is None else best

    @cached_property
    def most_share(self) -> Floats:
        """Largest share (s,) of each future in a mix."""
        criterion = self.bound.criterion
        if criterion.kind == "cvar":
            return np.minimum(criterion.probability / (1 - criterion.level), 1.0)
        return np.ones(len(criterion.probability))

    def instance(self, shares: Floats, *, whole: bool = False) -> CoveringInstance:
        """Return what there is to decide for a mix; with all options where ``whole``."""
        stack, problem = self.bound.objective.stack, self.bound.problem
        weight = stack.mixed(shares)
        live = np.flatnonzero(weight > 0)
        missed = math.fsum(shares * stack.total) - math.fsum(weight)
        rows = Rows(need=weight[live], cover=stack.cover[live], n_points=problem.n_points, uncovered_need=missed)
        reduced = reduce_existing(problem, rows)
        if whole:
            return merge_single(reduced)
        undominated = drop_dominated(drop_useless(reduced, self.plain))
        instance = merge_single(undominated)
        self.record.steps.update(
            demand_points=problem.n_points,
            distinct_rows=len(live),
            model_rows=len(instance.need),
            options=problem.n_options,
            model_options=len(instance.option),
        )
        return instance

    def solve(self, shares: Floats, options: SolverOptions) -> MixtureTrial:
        """Return the plan that covers most of a mix, and the most that any can."""
        instance = self.instance(shares)
        answer = run(instance, self.plain, options, greedy(instance, self.plain), self.record)
        chosen = instance.option[prune(instance, answer.chosen)]
        plan = np.union1d(np.flatnonzero(self.bound.problem.existing), chosen).astype(np.intp)
        return MixtureTrial(shares=shares, plan=plan, most=answer.bound, version=answer.version)

    def worth(self, plan: Ints) -> Floats:
        """Return the need (s,) that a plan covers in each future."""
        return self.bound.objective.stack.covered(plan)


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
