"""One plan for all futures: bind the question to them, answer it, then recompute every future from distances alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hubplanner.errors import ScenarioError
from hubplanner.formatting import per_cent
from hubplanner.model import (
    Floor,
    Objective,
    Question,
    RobustQuestion,
    Uncertainty,
    Year,
    bind,
    goals_of,
    under_of,
)
from hubplanner.model.constraints.base import of_kind, without
from hubplanner.model.constraints.budget import most_money
from hubplanner.model.constraints.floor import falls_short
from hubplanner.model.constraints.robust import RobustBudget
from hubplanner.model.objectives import PMedian
from hubplanner.model.risk_measures import undominated
from hubplanner.problem import (
    Evaluation,
    Floats,
    GoalResult,
    Ints,
    Problem,
    Solution,
    Status,
    evaluate,
    outcomes,
    relative_gap,
)
from hubplanner.problem.futures import Futures, covered_shares, need_in
from hubplanner.problem.stacked_demand import StackedDemand
from hubplanner.solver.certify import certify
from hubplanner.solver.covering.strategy import ALONE
from hubplanner.solver.options import SolverOptions
from hubplanner.solver.robust.mixtures import MixtureSearch, best_mix, has_core
from hubplanner.solver.robust.residual_search import search_rest
from hubplanner.solver.strategy import Candidate, SolveContext, Terms
from hubplanner.tolerances import AGREEMENT
from hubplanner.translation import gettext as _

MIXING_SHARE = 0.5
"""Part of the time that finding the best mix may take."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RobustRequest:
    """A question over futures, its stacked demand, and how to answer it.

    Parameters
    ----------
    problem, objective
        What was asked.
    context
        How to solve it.
    """

    problem: Problem
    objective: Objective
    context: SolveContext

    @property
    def options(self) -> SolverOptions:
        """How to solve."""
        return self.context.options

    @property
    def under(self) -> Uncertainty:
        """How it looks at futures."""
        found = under_of(self.objective)
        if found is None:
            raise AssertionError
        return found

    def stacked(self, futures: Futures | None = None) -> StackedDemand:
        """Return the demand of its futures, or of others, stacked; distances alone need no rows."""
        with self.context.log.phase(_("stack the futures")):
            return StackedDemand.of(self.problem, futures or self.under.futures)

    def answer(self, bound: RobustQuestion, options: SolverOptions | None = None) -> Solution:
        """Return a bound question's plan: by the core where it has one, by one program else."""
        asked = options or self.options
        if has_core(bound, asked):
            context = replace(self.context, options=asked, deadline=asked.deadline)
            method = f"core: max_coverage over futures within {ALONE}"
            return certify(Question.of(bound.problem, bound.objective), solve_core(bound, context), context, method)
        if asked.is_heuristic or asked.method == "core":
            name = "solver.name heuristic" if asked.is_heuristic else "solver.method core"
            message = f"{name} goes with futures for max_coverage within budget, max_hubs and pins alone"
            raise ScenarioError(message)
        return self.context.solve(bound.problem, bound.objective, replace(asked, method="plain"))

    def choose(
        self, stack: StackedDemand, shares: Floats, held: Floats, options: SolverOptions | None = None
    ) -> Solution:
        """Return the plan that is best on average by some shares (s,), within limits of the futures that are held."""
        if self.objective.minimises_distance:
            return self.context.solve(
                *_nearest(self, self.objective, stack.futures, shares, held), options or self.options
            )
        under = replace(self.under, criterion="expected")
        numbers = np.flatnonzero(shares)
        if len(numbers) == 1 and np.array_equal(np.flatnonzero(held), numbers):
            return self.answer(bind(self.objective, stack.part(numbers.tolist()), under), options)
        return self.answer(bind(self.objective, stack, under, shares=shares, held=held), options)

    def alone(self, stack: StackedDemand, number: int, options: SolverOptions | None = None) -> Solution:
        """Return the best plan if one future were known to come, within that future's own limits."""
        shares = np.eye(len(stack.futures.each))[number]
        return self.choose(stack, shares, shares, options)


class RobustStrategy:
    """One plan for all futures, recomputed in each from distances alone."""

    name = "robust"

    def applies(self, question: Question, options: SolverOptions) -> str | None:  # noqa: ARG002 - any will do
        """Return why it is the way to take."""
        under = under_of(question.objective)
        return None if under is None else f"{under.criterion} over futures"

    def run(self, question: Question, context: SolveContext) -> Candidate:
        """Return the best plan over the objective's futures."""
        context.leave_start("over futures each step finds its own first plan")
        problem, objective = question.instance.problem, question.objective
        quest = RobustRequest(problem=problem, objective=objective, context=context)
        under = quest.under
        if objective.minimises_distance:
            return _median(quest, objective)
        options, stack, alone = context.options, quest.stacked(), tuple[Solution, ...]()
        if under.criterion == "regret":
            with context.log.phase(_("solve each future alone")):
                # Each has its part of the time, and so has the plan for all of them.
                count = len(under.futures.each)
                times = (options.until(context.deadline.part(1 / (count + 1 - number))) for number in range(count))
                alone = tuple(quest.alone(stack, number, time) for number, time in enumerate(times))
            for name, part in zip(under.futures.names, alone, strict=True):
                if part.evaluation is None:
                    # Without a best plan of its own a future has no regret, though its limits may be met on average.
                    context.log.add(part)
                    own = None if part.clash is None else replace(part.clash, future=name)
                    return replace(Candidate.without_plan(part), conflict=own)
        bound = bind(objective, stack, under, best=np.array([found.value for found in alone]) if alone else None)
        found = quest.answer(bound, options.until(context.deadline))
        terms = Terms(
            goals=bound.objective.goals,
            main=bound.objective.goal,
            broken=lambda years: _broken(quest, bound, years[-1].plan),
        )
        pairs = zip(under.futures.names, alone, strict=False)
        best = tuple(GoalResult(name=name, value=part.value, bound=part.bound) for name, part in pairs)
        return replace(_stated(quest, found, terms), alone=best)


def solve_core(bound: RobustQuestion, context: SolveContext) -> Candidate:
    """Return the best plan over futures by mixes of them; some plan exists."""
    options, record, deadline = context.options, context.log, context.deadline
    mixer, criterion = MixtureSearch(bound, options, record), bound.criterion
    if criterion.kind == "expected":
        found = mixer.solve(criterion.probability, options)
        plan, version = found.plan, found.version
        value, most = math.fsum(criterion.probability * mixer.worth(plan)), found.most
    else:
        with record.phase(_("combine the futures")):
            best = best_mix(mixer, options, deadline.part(MIXING_SHARE))
        value, most = criterion.goal_sense * best.value, criterion.goal_sense * best.most
        plan, version = best.plan, best.version
        if relative_gap(value, most) > options.gap and not options.is_heuristic:
            with record.phase(_("search the remaining plans")):
                plan, (value, most), version = search_rest(mixer, best, (value, most), deadline)
    sense = criterion.goal_sense
    every = criterion.of(bound.objective.stack.covered(np.arange(bound.problem.n_options)))
    most = sense * min(sense * most, sense * every)
    return Candidate(plans=(evaluate(bound.problem, plan),), stated=(value,), bounds=(most,), version=version)


def _stated(quest: RobustRequest, found: Solution, terms: Terms) -> Candidate:
    """Return a bound question's solution as a candidate for the question itself."""
    quest.context.log.add(found)
    if found.evaluation is None:
        return Candidate.without_plan(found)
    plan, distances = found.evaluation, quest.objective.minimises_distance
    return Candidate(
        plans=(plan,),
        stated=(found.value,),
        bounds=(found.bound,),
        ties=found.ties,
        version=found.version,
        is_complete=found.status == Status.OPTIMAL,
        terms=terms,
        method=found.method,
        futures=outcomes(quest.problem, quest.under.futures, plan.options, plan.counts, distances=distances),
    )


def _broken(quest: RobustRequest, bound: RobustQuestion, plan: Evaluation) -> list[str]:
    """Return how a plan, recomputed from distances, breaks a limit in a future or has another figure than by rows."""
    known = outcomes(quest.problem, quest.under.futures, plan.options, plan.counts)
    own = known.covered if quest.objective.maximises_coverage else known.cost
    value = bound.criterion.of(own)
    counted = bound.objective.goals[0].value((Year(quest.problem, plan),))
    reasons = []
    if not abs(value - counted) <= AGREEMENT * max(1.0, abs(value)):
        reasons.append(f"the model counts {counted:,.6f} over futures, recomputed it is {value:,.6f}")
    return [*reasons, *_over(quest, known.cost), *_short(quest, plan.options)]


def _over(quest: RobustRequest, cost: Floats) -> list[str]:
    budget, under = quest.objective.budget, quest.under
    if budget is None:
        return []
    spent = math.fsum(under.futures.probability * cost) if under.on_average else float(cost.max())
    return [f"new hubs cost {spent:,.2f}, the budget is {budget:,.2f}"] if spent > most_money(budget) else []


def _short(quest: RobustRequest, options: Ints) -> list[str]:
    """Return which floors a plan falls short of, by the distances themselves."""
    target = quest.objective.target(quest.problem.need)
    floors = [*of_kind(quest.objective.constraints, Floor), *([] if target is None else [target])]
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
            reasons.append(
                f"{name} is covered to {per_cent(least, 4)} over futures, its floor is {per_cent(floor.share, 4)}"
            )
    return reasons


def _median(quest: RobustRequest, objective: Objective) -> Candidate:
    """Return the plan of the least expected mean distance."""
    futures = quest.under.futures
    mixed, asked = _nearest(quest, objective, futures, futures.probability, futures.probability)
    found, goal = quest.context.solve(mixed, asked, quest.options), goals_of(asked)[0]

    def value(years: Sequence[Year]) -> float:
        return goal.value([Year(mixed, years[-1].plan)])

    def broken(years: Sequence[Year]) -> list[str]:
        plan, counted = years[-1].plan, value(years)
        known = outcomes(quest.problem, futures, plan.options, plan.counts, distances=True)
        mean, reasons = known.mean(known.distance), _over(quest, known.cost)
        if not abs(mean - counted) <= AGREEMENT * max(1.0, abs(mean)):
            reasons.append(f"mean distance is {counted:,.9f} by one weight, {mean:,.9f} over futures")
        return reasons

    return _stated(quest, found, Terms(goals=(replace(goal, value=value),), main=goal.name, broken=broken))


def _nearest(
    quest: RobustRequest, objective: Objective, futures: Futures, shares: Floats, held: Floats
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
    constraints = tuple(without(objective.constraints, Uncertainty))
    single = len(limited) == 1
    if budget is not None and not single:
        constraints, budget = (*constraints, RobustBudget(amount=budget, costs=limited)), None
    option_cost = limited[0] if single else problem.option_cost
    mixed = replace(problem, need=weight * math.fsum(problem.need), option_cost=option_cost)
    return mixed, PMedian(budget, objective.max_hubs, constraints=constraints, fairness=objective.fairness)
