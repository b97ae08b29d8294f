"""What planning for futures is worth, and what knowing the future would be."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace

import numpy as np

from hubplanner.errors import ScenarioError
from hubplanner.model import Objective, under_of
from hubplanner.problem import Floats, Futures, GoalResult, Outcomes, Problem, Solution, Status, outcomes
from hubplanner.problem.futures import mean_future
from hubplanner.problem.stacked_demand import StackedDemand
from hubplanner.solver.options import SolverOptions
from hubplanner.solver.robust.strategy import RobustRequest
from hubplanner.solver.solve import solve_problem
from hubplanner.solver.strategy import SolveContext
from hubplanner.translation import gettext as _

log = logging.getLogger(__name__)

MANY = 12
"""Futures above which each alone gets a plan without a search, with its bound."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ValueOfInformation:
    r"""What planning for futures is worth, and what knowing the future would be, on average.

    With RP the expected figure of the best plan for all futures, EEV that of the plan for their mean, and WS the mean
    of the best figures of each future alone, for more-is-better,

    .. math:: \mathrm{VSS} = RP - EEV \ge 0, \qquad \mathrm{EVPI} = WS - RP \ge 0

    Where limits hold on average, RP may break the limits that a future alone sets, and EVPI may be negative. Birge and
    Louveaux (2011), doi:10.1007/978-1-4614-0237-4.

    Parameters
    ----------
    sense
        1 where more is better, -1 where less is.
    recourse
        RP with its bound.
    mean_plan
        EEV; the plan for the mean future keeps to the same limits.
    alone
        Best figure of each future alone, within its own limits, with its bound; empty where time was too short, or a
        future has no plan within them.
    probability
        (s,) of the futures.
    on_average
        Whether limits hold on average over the futures, not in each of them.
    """

    sense: int
    recourse: GoalResult
    mean_plan: float
    alone: tuple[GoalResult, ...]
    probability: Floats
    on_average: bool = False

    @property
    def planning(self) -> tuple[float, float, float]:
        """Value of the stochastic solution: as found, at least and at most."""
        found, most = (
            max(self.sense * (end - self.mean_plan), 0.0) for end in (self.recourse.value, self.recourse.bound)
        )
        return found, found, max(found, most)

    @property
    def knowing(self) -> tuple[float, float, float] | None:
        """Expected value of perfect information: as found, at least and at most; None where not all are known."""
        if not self.alone:
            return None
        value, bound = (
            math.fsum(self.probability * np.array([getattr(part, end) for part in self.alone]))
            for end in ("value", "bound")
        )
        pairs = ((value, self.recourse.value), (value, self.recourse.bound), (bound, self.recourse.value))
        nothing = -math.inf if self.on_average else 0.0
        found, least, most = (max(self.sense * (one - other), nothing) for one, other in pairs)
        return found, least, max(found, most)


def figures_of(objective: Objective, found: Outcomes) -> Floats:
    """Return the objective's figure (s,) in each future."""
    if objective.maximises_coverage:
        return found.covered
    return found.cost if objective.minimises_cost else found.distance


def value_of_information(
    problem: Problem, objective: Objective, solution: Solution, options: SolverOptions
) -> ValueOfInformation | None:
    """Work out what planning for an objective's futures, and what knowing them, is worth.

    Parameters
    ----------
    solution
        The objective's, by `solve_problem`.
    options
        How to solve each of the questions; all futures alone together have the time limit once.

    Returns
    -------
    Worth or None
        None where no plan was found in time.

    >>> import hubplanner as hp
    >>> line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> futures = hp.Futures([hp.Future(name="calm"), hp.Future(name="flood", sites_out=(1,))])
    >>> objective = hp.MaxCoverage(budget=1, constraints=(hp.Uncertainty(futures=futures),))
    >>> worth = value_of_information(line, objective, hp.solve_problem(line, objective), hp.SolverOptions())
    >>> worth.planning[0], worth.knowing[0]
    (1.0, 0.5)
    """
    quest = RobustRequest(
        problem=problem,
        objective=objective,
        context=SolveContext.begin(replace(options, ties=False), solve_problem),
    )
    under = under_of(objective)
    if under is None:
        message = _("there are no futures to weigh: add hubplanner.Uncertainty to the constraints")
        raise ScenarioError(message)
    each = [replace(future, probability=None) for future in under.futures.each]
    stack = quest.stacked(Futures([*each, replace(mean_future(under.futures), name="the mean of all futures")]))
    probability = np.append(under.futures.probability, 0.0)
    log.info(_("plan for all futures and for their mean"))
    recourse = solution if under.criterion == "expected" else quest.choose(stack, probability, probability)
    mean = quest.choose(stack, np.eye(len(probability))[-1], probability)
    if recourse.evaluation is None or mean.evaluation is None:
        return None
    plan, distances = mean.evaluation, objective.minimises_distance
    found = outcomes(problem, under.futures, plan.options, plan.counts, distances=distances)
    return ValueOfInformation(
        sense=1 if objective.maximises_coverage else -1,
        recourse=GoalResult(name="expected", value=recourse.value, bound=recourse.bound),
        mean_plan=found.mean(figures_of(objective, found)),
        alone=solution.alone or _alone(quest, stack),
        probability=under.futures.probability,
        on_average=under.on_average,
    )


def _alone(quest: RobustRequest, stack: StackedDemand) -> tuple[GoalResult, ...]:
    """Return the best figure of each future alone with its bound; nothing where one has no plan, or time is short."""
    futures, options = quest.under.futures, quest.options
    # A plan without a search knows of no limits beside budget, count and pins.
    limited = len(quest.objective.constraints) > 1 or quest.problem.n_options == 0
    if len(futures.each) > MANY and quest.objective.maximises_coverage and not limited:
        options = replace(options, name="heuristic")
    log.info(_("plan for each future alone"))
    deadline, found = options.deadline, list[GoalResult]()
    for number, name in enumerate(futures.names):
        part = None if deadline.is_past else quest.alone(stack, number, options.until(deadline))
        if part is None or part.evaluation is None:
            if part is not None and part.status == Status.INFEASIBLE:
                log.info(_("no plan keeps to the limits in future {name} alone", name=name))
            else:
                log.info(_("time is too short for each future alone"))
            return ()
        found.append(GoalResult(name=name, value=part.value, bound=part.bound))
    return tuple(found)
