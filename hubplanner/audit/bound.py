"""The bound, proven anew: by a relaxation, and by another solver or formulation of the same question."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import Any

from hubplanner.errors import SolverError
from hubplanner.formatting import gap_in_words
from hubplanner.inputs import Inputs, build_problem
from hubplanner.model import Objective, Periods, Question, goals_of, under_of
from hubplanner.model.objectives import CATCHMENT, EQUIVALENT_SHARE
from hubplanner.pipeline.objective import objective_of
from hubplanner.problem import Problem, Solution
from hubplanner.problem.solution import GoalResult, relative_gap
from hubplanner.solver import found_solvers, solve_problem
from hubplanner.solver.backends import adapter
from hubplanner.solver.mip.bounds.relaxation import relaxed
from hubplanner.solver.mip.subproblem import Subproblem
from hubplanner.solver.options import SolverOptions

FILE = "plan.json"
AGREED = 1e-6
"""Relative difference that is a solver's rounding."""
HALF = 0.999
"""Part of the stated gap that is asked of the second proof, so that its bound is no worse than the stated one."""


@dataclass(frozen=True, kw_only=True)
class BoundCheck:
    """How sure the stated bound is.

    Parameters
    ----------
    outcome
        ``confirmed`` where a second proof implies the stated bound, ``not reproven`` where time was too short for one
        and nothing contradicts it, ``contradicted`` where a plan beats it or the second bound excludes the plan.
    words
        The same as a sentence.
    solver, method
        What proved it again.
    relaxation, bound, value
        Bound of the relaxation, bound and value of the second solve; NaN where there is none.
    seconds
        Time it took.
    """

    outcome: str
    words: str
    solver: str
    method: str
    relaxation: float = math.nan
    bound: float = math.nan
    value: float = math.nan
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the proof as a JSON object."""
        numbers = {name: getattr(self, name) for name in ("relaxation", "bound", "value", "seconds")}
        plain = {name: value if math.isfinite(value) else None for name, value in numbers.items()}
        return {"outcome": self.outcome, "words": self.words, "solver": self.solver, "method": self.method, **plain}


def second_solver(name: str) -> str:
    """Return the solver to ask instead of the one that a run used."""
    others = [other for other in ("cbc", "highs") if other != name.lower() and other in found_solvers()]
    return others[0] if others else "highs"


def prove(inputs: Inputs, plan: dict[str, Any], solver: str | None, seconds: float) -> BoundCheck:
    """Prove a run's bound again, by the relaxation's multipliers, and by a second solve where they do not suffice.

    Parameters
    ----------
    inputs
        The question with its data.
    plan
        plan.json.
    solver
        Who solves it anew; another one than the run's if None.
    seconds
        Time for it.
    """
    began, name = time.perf_counter(), solver or second_solver(inputs.scenario.solver.name)
    problem, objective = build_problem(inputs), objective_of(inputs)
    value, bound = float(plan["objective_value"]), float(plan["bound"])
    adapter(name)  # refuses an unknown one, also where the relaxation is enough
    stated = relative_gap(value, bound, goals_of(objective)[0].least)
    gap = min(stated * HALF, 0.5) if stated > AGREED / 10 else 0.0
    options = SolverOptions(name=name, method="plain", ties=False, time_limit_s=seconds, gap=gap)
    loose = _relaxation(problem, objective, options)
    proof = _loosely(objective, loose, value, bound, name)
    if proof is None:
        proof = _anew(problem, objective, options, plan, loose)
    return replace(proof, seconds=time.perf_counter() - began)


def _loosely(objective: Objective, loose: float, value: float, bound: float, name: str) -> BoundCheck | None:
    """Return what the relaxation settles; None where it leaves both possible."""
    sense, slack = goals_of(objective)[0].sense, AGREED * max(1.0, abs(value))
    if sense * (value - loose) > slack:
        words = f"the relaxation proves that no plan is better than {loose:,.6f}, but {value:,.6f} is stated"
        return BoundCheck(outcome="contradicted", words=words, solver=name, method="relaxation", relaxation=loose)
    if sense * (loose - bound) <= slack:
        words = f"the multipliers of the relaxation prove {loose:,.6f}, which implies the stated bound"
        return BoundCheck(outcome="confirmed", words=words, solver=name, method="relaxation", relaxation=loose)
    return None


def _anew(
    problem: Problem, objective: Objective, options: SolverOptions, plan: dict[str, Any], loose: float
) -> BoundCheck:
    """Return what a second solve settles."""
    parts: dict[str, Any] = {"solver": options.name, "method": "plain", "relaxation": loose}
    try:
        found = solve_problem(problem, objective, options)
    except SolverError as error:
        return BoundCheck(outcome="not reproven", words=f"{options.name} made no second proof: {error}", **parts)
    return _judged(objective, found, plan, parts | {"value": found.value, "bound": found.bound})


def _relaxation(problem: Problem, objective: Objective, options: SolverOptions) -> float:
    """Return the bound that the relaxation's multipliers prove of the first goal; NaN where it speaks of another."""
    goal, periods = goals_of(objective)[0], objective.constraint(Periods)
    if under_of(objective) is not None:
        return math.nan
    unnested = periods is not None and not periods.nested
    if unnested or goal.is_bottleneck or goal.name == EQUIVALENT_SHARE or goal.name != objective.main:
        return math.nan
    task = Subproblem(question=Question.of(problem, objective), goal=goal, options=options, deadline=options.deadline)
    _, form, relaxation = relaxed(task)
    return form.figure(relaxation.bound) if math.isfinite(relaxation.bound) else math.nan


def _judged(objective: Objective, found: Solution, plan: dict[str, Any], parts: dict[str, Any]) -> BoundCheck:
    """Compare goal by goal, as long as the goals before are equal: each bound holds with those held."""
    name = parts["solver"]
    if found.evaluation is None:
        outcome = "contradicted" if str(found.status) == "infeasible" else "not reproven"
        return BoundCheck(outcome=outcome, words=f"{name}, method plain: {found.status}", **parts)
    senses = {goal.name: goal.sense for goal in goals_of(objective)}
    stated = {goal["name"]: goal for goal in plan.get("goals", [])}
    under = under_of(objective)
    fallback = -1 if under is not None and under.criterion == "regret" else goals_of(objective)[0].sense
    for goal in found.goals:
        if goal.name not in stated or goal.name == CATCHMENT:  # the bound of catchments is that of like plans
            continue
        value, bound = float(stated[goal.name]["value"]), float(stated[goal.name]["bound"])
        own = goal.name == objective.main and math.isfinite(parts["relaxation"])
        sense = senses.get(goal.name, fallback)
        proven = sense * min(sense * goal.bound, sense * parts["relaxation"]) if own else goal.bound
        outcome, words = _one_goal(name, sense, (value, bound), replace(goal, bound=proven))
        if outcome != "confirmed":
            return BoundCheck(outcome=outcome, words=words, **parts)
        if abs(goal.value - value) > AGREED * max(goal.least, abs(value)):
            break
    words = f"re-solved by {name}, method plain: it implies the stated bound"
    return BoundCheck(outcome="confirmed", words=words, **parts)


def _one_goal(name: str, sense: int, stated: tuple[float, float], found: GoalResult) -> tuple[str, str]:
    """Return how a goal's stated value and bound stand beside those of the second solve."""
    value, bound = stated
    slack = AGREED * max(found.least, abs(value))
    if sense * (found.value - bound) > slack:
        words = f"{name} found a plan with {found.name} {found.value:,.6f}, beyond the stated bound {bound:,.6f}"
        return "contradicted", words
    if sense * (value - found.bound) > slack:
        words = f"{name} proves that no plan's {found.name} is better than {found.bound:,.6f}; stated is {value:,.6f}"
        return "contradicted", words
    if sense * (found.bound - bound) > slack:
        gap = relative_gap(value, found.bound, found.least)
        words = f"re-proved up to {found.bound:,.6f}, a gap of {gap_in_words(gap)}; the stated bound is {bound:,.6f}"
        return "not reproven", words
    return "confirmed", ""
