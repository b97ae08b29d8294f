r"""Maximal covering over futures within budget, count and pins: by mixes of futures, each a covering problem.

Every criterion is the least that some mix of futures makes of a plan (Artzner et al. 1999,
doi:10.1111/1467-9965.00068):

.. math:: \max_y \min_{\lambda \in \Lambda} \sum_s \lambda_s g_s(y) \;\le\;
          \min_{\lambda \in \Lambda} \max_y \sum_s \lambda_s g_s(y)

with Lambda the probabilities alone (expected), all shares (worst, regret) or shares of at most p / (1 - alpha) (cvar).
A mix is plain maximal covering, so the right side comes from the core; a search is left with what is still open.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.models import MaxCoverage
from hubplanner.problem import EXACT, Rows, Solution, Status, evaluate, relative_gap
from hubplanner.problem.reduced import reduce_existing
from hubplanner.problem.solution import GoalResult
from hubplanner.solver.futures_mix import MixtureTrial, best_mix
from hubplanner.solver.futures_rest import search_rest
from hubplanner.solver.limits import required_fit
from hubplanner.solver.pruning import prune
from hubplanner.solver.reductions import drop_dominated, drop_useless, merge_single
from hubplanner.solver.run import run
from hubplanner.solver.start import greedy
from hubplanner.solver.ties import SMALL_OPTIONS

if TYPE_CHECKING:
    from hubplanner.models import RobustQuestion
    from hubplanner.problem import Floats, Ints
    from hubplanner.problem.reduced import CoveringInstance
    from hubplanner.solver.options import SolverOptions
    from hubplanner.solver.record import RunLog

MIXING_SHARE = 0.5
"""Part of the time that finding the best mix may take."""


def has_core(bound: RobustQuestion, options: SolverOptions) -> bool:
    """Tell whether a bound question is covering within budget, count and pins alone, and is to be answered so."""
    plain = bound.criterion.sense > 0 and not bound.objective.limits
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


def solve_core(bound: RobustQuestion, options: SolverOptions, record: RunLog) -> Solution:
    """Return the best plan over futures; some plan exists."""
    deadline = options.deadline
    mixer, criterion = MixtureSearch(bound, options, record), bound.criterion
    if criterion.kind == "expected":
        found = mixer.solve(criterion.probability, options)
        value = math.fsum(criterion.probability * mixer.worth(found.plan))
        return _solution(bound, found.plan, (value, found.most), options, record, found.version)
    with record.phase("mix the futures"):
        best = best_mix(mixer, options, deadline.part(MIXING_SHARE))
    figures = criterion.goal_sense * best.value, criterion.goal_sense * best.most
    plan, version = best.plan, best.version
    if relative_gap(*figures) > options.gap and not options.is_heuristic:
        with record.phase("search what is left"):
            plan, figures, version = search_rest(mixer, best, figures, deadline)
    return _solution(bound, plan, figures, options, record, version)


def _solution(  # noqa: PLR0913, PLR0917 - a plan, its figures and how they came about
    bound: RobustQuestion,
    plan: Ints,
    figures: tuple[float, float],
    options: SolverOptions,
    record: RunLog,
    version: str,
) -> Solution:
    value, most = figures
    sense = bound.criterion.goal_sense
    every = bound.criterion.of(bound.objective.stack.covered(np.arange(bound.problem.n_options)))
    most = sense * max(min(sense * most, sense * every), sense * value)
    proven = relative_gap(value, most) <= options.gap + EXACT
    return Solution(
        problem=bound.problem,
        status=Status.OPTIMAL if proven else Status.FEASIBLE,
        evaluation=evaluate(bound.problem, plan),
        value=value,
        bound=most,
        seconds=record.seconds,
        solver=options.name,
        version=version,
        steps=record.steps,
        phases=record.phases,
        goals=(GoalResult(name=bound.objective.goal, value=value, bound=most),),
        method="core: max_coverage over futures within budget, max_hubs and pins alone",
    )
