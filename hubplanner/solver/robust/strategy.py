"""One plan for all futures: bind the question to them, answer it, then recompute every future from distances alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.errors import ScenarioError, SolverError
from hubplanner.model import Floor, MaxCoverage, PMedian, Uncertainty, bind, broken_blocks, check_under, under_of
from hubplanner.model.constraints.budget import most_money
from hubplanner.model.constraints.floor import falls_short
from hubplanner.model.constraints.robust import RobustBudget
from hubplanner.model.risk_measures import undominated
from hubplanner.problem import Solution, Status, evaluate, relative_gap
from hubplanner.problem.futures import covered_shares, need_in, outcomes
from hubplanner.problem.solution import GoalResult
from hubplanner.problem.stacked_demand import StackedDemand
from hubplanner.solver.infeasibility import in_words
from hubplanner.solver.robust.mixtures import MixtureSearch, best_mix, has_core
from hubplanner.solver.robust.residual_search import search_rest
from hubplanner.solver.run_log import RunLog
from hubplanner.tolerances import AGREEMENT, EXACT

if TYPE_CHECKING:
    from collections.abc import Callable

    from hubplanner.model import Objective, RobustQuestion
    from hubplanner.problem import Floats, Ints, Problem
    from hubplanner.problem.futures import Futures, Outcomes
    from hubplanner.solver.options import SolverOptions

    Solve = Callable[[Problem, Objective, SolverOptions], Solution]


MIXING_SHARE = 0.5
"""Part of the time that finding the best mix may take."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RobustRequest:
    """A question over futures, its stacked demand, and how to answer it.

    Parameters
    ----------
    problem, objective, options
        What was asked.
    solve
        Solves a question that knows no futures.
    """

    problem: Problem
    objective: Objective
    options: SolverOptions
    solve: Solve
    record: RunLog = field(default_factory=RunLog)

    @property
    def under(self) -> Uncertainty:
        """How it looks at futures."""
        found = under_of(self.objective)
        if found is None:
            raise AssertionError
        return found

    def stacked(self, futures: Futures | None = None) -> StackedDemand:
        """Return the demand of its futures, or of others, stacked; distances alone need no rows."""
        with self.record.phase("stack the futures"):
            return StackedDemand.of(self.problem, futures or self.under.futures)

    def answer(self, bound: RobustQuestion, options: SolverOptions | None = None) -> Solution:
        """Return a bound question's plan: by the core where it has one, by one program else."""
        asked = options or self.options
        if has_core(bound, asked):
            return solve_core(bound, asked, self.record)
        if asked.is_heuristic or asked.method == "core":
            name = "solver.name heuristic" if asked.is_heuristic else "solver.method core"
            message = f"{name} goes with futures for max_coverage within budget, max_hubs and pins alone"
            raise ScenarioError(message)
        return self.solve(bound.problem, bound.objective, replace(asked, method="plain"))

    def choose(
        self, stack: StackedDemand, shares: Floats, held: Floats, options: SolverOptions | None = None
    ) -> Solution:
        """Return the plan that is best on average by some shares (s,), within limits of the futures that are held."""
        if isinstance(self.objective, PMedian):
            return self.solve(*_nearest(self, self.objective, stack.futures, shares, held), options or self.options)
        under = replace(self.under, criterion="expected")
        numbers = np.flatnonzero(shares)
        if len(numbers) == 1 and np.array_equal(np.flatnonzero(held), numbers):
            return self.answer(bind(self.objective, stack.part(numbers.tolist()), under), options)
        return self.answer(bind(self.objective, stack, under, shares=shares, held=held), options)

    def alone(self, stack: StackedDemand, number: int, options: SolverOptions | None = None) -> Solution:
        """Return the best plan if one future were known to come, within that future's own limits."""
        shares = np.eye(len(stack.futures.each))[number]
        return self.choose(stack, shares, shares, options)


def solve_futures(problem: Problem, objective: Objective, options: SolverOptions, solve: Solve) -> Solution:
    """Return the best plan over an objective's futures; the arguments are those of `solve_problem`."""
    quest = RobustRequest(problem=problem, objective=objective, options=options, solve=solve)
    under = quest.under
    check_under(problem, objective, under)
    if isinstance(objective, PMedian):
        return _median(quest, objective)
    deadline, stack, alone = options.deadline, quest.stacked(), tuple[Solution, ...]()
    if under.criterion == "regret":
        with quest.record.phase("solve each future alone"):
            # Each has its part of the time, and so has the plan for all of them.
            count = len(under.futures.each)
            times = (options.until(deadline.part(1 / (count + 1 - number))) for number in range(count))
            alone = tuple(quest.alone(stack, number, time) for number, time in enumerate(times))
        for name, part in zip(under.futures.names, alone, strict=True):
            if part.evaluation is None:
                # Without a best plan of its own a future has no regret, though its limits may be met on average.
                clash = None if part.clash is None else replace(part.clash, future=name)
                clashes = () if clash is None else tuple(in_words(clash))
                return replace(part, problem=problem, clash=clash, clashes=clashes)
    bound = bind(objective, stack, under, best=np.array([found.value for found in alone]) if alone else None)
    found = quest.answer(bound, options.until(deadline))
    if found.evaluation is None:
        return replace(found, problem=problem)
    verify(quest, bound, found)
    pairs = zip(under.futures.names, alone, strict=False)
    best = tuple(GoalResult(name=name, value=part.value, bound=part.bound) for name, part in pairs)
    return replace(stated(quest, found), alone=best)


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


def stated(quest: RobustRequest, found: Solution) -> Solution:
    """Return a bound question's solution as one of the question itself."""
    if found.evaluation is None:
        return replace(found, problem=quest.problem)
    options, counts = found.evaluation.options, found.evaluation.counts
    return replace(
        found,
        problem=quest.problem,
        evaluation=evaluate(quest.problem, np.repeat(options, counts)),
        seconds=quest.record.seconds,
        steps={**quest.record.steps, **found.steps},
        phases={**found.phases, **quest.record.phases},
        futures=figures(quest, options, counts),
    )


def figures(quest: RobustRequest, options: Ints, counts: Ints) -> Outcomes:
    """Return what open options come to in each future."""
    distances = isinstance(quest.objective, PMedian)
    return outcomes(quest.problem, quest.under.futures, options, counts, distances=distances)


def verify(quest: RobustRequest, bound: RobustQuestion, found: Solution) -> None:
    """Raise when a plan, recomputed from distances, has another figure than stated, or breaks a limit in a future."""
    plan = found.evaluation
    if plan is None:
        raise AssertionError
    known = outcomes(quest.problem, quest.under.futures, plan.options, plan.counts)
    own = known.covered if isinstance(quest.objective, MaxCoverage) else known.cost
    value = bound.criterion.of(own)
    reasons = broken_blocks(bound.problem, plan, bound.objective)
    if abs(value - found.value) > AGREEMENT * max(1.0, abs(value)):
        reasons.append(f"the model counts {found.value:,.6f} over futures, recomputed it is {value:,.6f}")
    reasons += _over(quest, known.cost)
    reasons += _short(quest, plan.options)
    if reasons:
        raise SolverError("; ".join(reasons))


def _over(quest: RobustRequest, cost: Floats) -> list[str]:
    budget, under = getattr(quest.objective, "budget", None), quest.under
    if budget is None:
        return []
    spent = math.fsum(under.futures.probability * cost) if under.on_average else float(cost.max())
    return [f"new hubs cost {spent:,.2f}, the budget is {budget:,.2f}"] if spent > most_money(budget) else []


def _short(quest: RobustRequest, options: Ints) -> list[str]:
    """Return which floors a plan falls short of, by the distances themselves."""
    floors = [block for block in quest.objective.limits if isinstance(block, Floor)]
    target = getattr(quest.objective, "target_share", None)
    if target is not None:
        floors.append(Floor(weight=quest.problem.need, share=target, name="all need"))
    if not floors:
        return []
    under, futures = quest.under, quest.under.futures
    shares = list(covered_shares(quest.problem, futures, options))
    reasons = []
    for floor in floors:
        weights = [np.asarray(floor.weight * np.asarray(future.need)) for future in futures.each]
        parts = list(zip(weights, shares, strict=True))
        if under.on_average:
            mixed = [weight * part for weight, part in zip(weights, futures.probability.tolist(), strict=True)]
            parts = [(np.concatenate(mixed), np.concatenate(shares))]
        if any(falls_short(weight, share, floor.share) for weight, share in parts):
            least = min(
                math.fsum(weight * share) / total for weight, share in parts if (total := math.fsum(weight)) > 0
            )
            name = floor.name or "a group"
            reasons.append(f"{name} is covered to {least:.4%} over futures, its floor is {floor.share:.4%}")
    return reasons


def _median(quest: RobustRequest, objective: PMedian) -> Solution:
    """Return the plan of the least expected mean distance."""
    futures = quest.under.futures
    mixed, asked = _nearest(quest, objective, futures, futures.probability, futures.probability)
    found = stated(quest, quest.solve(mixed, asked, quest.options))
    if found.futures is not None:
        value = found.futures.mean(found.futures.distance)
        reasons = _over(quest, found.futures.cost)
        if abs(value - found.value) > AGREEMENT * max(1.0, abs(value)):
            reasons.append(f"mean distance is {found.value:,.9f} by one weight, {value:,.9f} over futures")
        if reasons:
            raise SolverError("; ".join(reasons))
    return found


def _nearest(
    quest: RobustRequest, objective: PMedian, futures: Futures, shares: Floats, held: Floats
) -> tuple[Problem, PMedian]:
    r"""Return the least expected mean distance as one question: need $\sum_s p_s w_{is} / W_s$, W all of a future's.

    Distances are the same in all futures, so their mean over futures is one over points.
    """
    problem, on_average, budget = quest.problem, quest.under.on_average, objective.budget
    weight = np.zeros(problem.n_points)
    for share, future in zip(shares.tolist(), futures.each, strict=True):
        # Points without a way to any site are left aside, but say that there is need.
        need = need_in(problem, future)
        total = math.fsum(need[problem.reachable]) or math.fsum(need)
        weight += share * need / total if total > 0 else 0.0
    costs = futures.cost(problem)
    limited = (held @ costs)[None] if on_average else undominated(costs[held > 0])
    limits = tuple(block for block in objective.limits if not isinstance(block, Uncertainty))
    single = len(limited) == 1
    if budget is not None and not single:
        limits, budget = (*limits, RobustBudget(amount=budget, costs=limited)), None
    option_cost = limited[0] if single else problem.option_cost
    mixed = replace(problem, need=weight * math.fsum(problem.need), option_cost=option_cost)
    return mixed, replace(objective, limits=limits, budget=budget)
