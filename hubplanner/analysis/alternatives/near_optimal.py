"""Plans near the best one: the question, and the figure they have to reach, or how fair they have to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from hubplanner.errors import ScenarioError
from hubplanner.model import (
    AlphaFair,
    Constraint,
    FixedLevel,
    Goal,
    Objective,
    Periods,
    Question,
    TangentUtility,
    Year,
    goals_of,
)
from hubplanner.model.formulation import HOLDING
from hubplanner.model.goals import tangent_utility
from hubplanner.problem import Evaluation, Floats, Problem
from hubplanner.problem.covering_instance import CoveringInstance, reduce_existing
from hubplanner.solver import SolverOptions
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.covering.presolve import merge_single
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.alpha_fair import tangents_near_relaxation
from hubplanner.solver.mip.search import optimise
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem
from hubplanner.solver.pinned_sites import PinnedSites
from hubplanner.tolerances import AGREEMENT
from hubplanner.translation import gettext as _

EXACT = 1e-9
"""Relative difference of tangents and utility that is rounding."""
MOST_ROUNDS = 30
"""Searches with sharper tangents at most; two or three are usual."""


@dataclass(kw_only=True, eq=False)
class FairLevel:
    """An alpha-fair utility that programs hold at a level, or seek the most of, by tangents.

    These lie above it, so that no plan as fair as asked is left out and what programs prove holds. A plan that is fair
    enough by its tangents alone gets tangents of its own, and another is sought.

    Parameters
    ----------
    utility
        The tangents so far.
    least
        The equivalent share that is asked.
    """

    utility: TangentUtility
    least: float

    @classmethod
    def near(cls, task: Subproblem, fairness: AlphaFair, least: float) -> FairLevel:
        """Return a level with tangents at the shares of the relaxation of a task's question."""
        utility, *_ = tangents_near_relaxation(task, TangentUtility.coarse(fairness))
        return cls(utility=utility, least=least)

    @property
    def goal(self) -> Goal:
        """The figure by the tangents that there are when a program is made."""
        return replace(
            tangent_utility(self.utility),
            expression=lambda form: self.utility.expression(form.layers[-1]),
            value=lambda years: self.utility.figure(self._shares(years)),
        )

    @property
    def held(self) -> FixedLevel:
        """The level as programs hold it."""
        return FixedLevel(goal=self.goal, value=self.utility.exact(np.full(len(self.utility.touching), self.least)))

    def found_at(self, task: Subproblem) -> Incumbent:
        """Return the plan of a task that holds the level, as fair as that by the utility itself."""
        return self._searched(task, lambda years: self._is_reached(years) or self._is_exact(years))

    def most(self, task: Subproblem) -> Incumbent:
        """Return the fairest plan of a task that seeks it."""
        return self._searched(task, self._is_exact)

    def _searched(self, task: Subproblem, is_enough: Callable[[Sequence[Year]], bool]) -> Incumbent:
        found = optimise(task)
        for _round in range(MOST_ROUNDS):
            if not found.years or task.is_late or is_enough(found.years):
                break
            self.utility = self.utility.refined([self._shares(found.years)])
            found = optimise(replace(task, start=found.opened))
        return found

    def _shares(self, years: Sequence[Year]) -> Floats:
        return self.utility.fairness.shares(years[-1].plan)

    def _is_reached(self, years: Sequence[Year]) -> bool:
        return self.utility.fairness.equivalent_share(self._shares(years)) >= self.least * (1 - AGREEMENT)

    def _is_exact(self, years: Sequence[Year]) -> bool:
        shares = self._shares(years)
        return self.utility.figure(shares) - self.utility.exact(shares) <= EXACT * abs(self.utility.exact(shares))


@dataclass(frozen=True, kw_only=True, eq=False)
class NearOptimal:
    r"""A question, and the worst figure that counts as near the best: $(1 \mp \epsilon) v$.

    Parameters
    ----------
    problem, objective, options
        What is asked.
    value
        The figure v of the best plan known: no plan within the share of the true best one is left out.
    within
        The share epsilon.
    best
        That plan, where it is known.
    """

    problem: Problem
    objective: Objective
    options: SolverOptions
    value: float
    within: float
    best: Evaluation | None = None

    def __post_init__(self) -> None:
        """Refuse years that are planned each alone."""
        periods = self.objective.constraint(Periods)
        if periods is not None and not periods.nested:
            message = _("alternatives do not go with periods with nested: false; let hubs stay open")
            raise ScenarioError(message)

    @cached_property
    def goal(self) -> Goal:
        """The objective's goal."""
        return goals_of(self.objective)[0]

    @property
    def threshold(self) -> float:
        """The worst figure that is still near the best."""
        return self.value - self.goal.sense * self.within * abs(self.value)

    @cached_property
    def fair_level(self) -> FairLevel | None:
        """What counts as near the best where plans are fair by alpha, whose figure is no sum; None elsewhere."""
        fairness = self.objective.alpha_fairness
        if fairness is None:
            return None
        deadline = self.options.deadline
        task = Subproblem(question=self.question, goal=None, options=self.options, deadline=deadline)
        return FairLevel.near(task, fairness, self.threshold)

    @property
    def limit(self) -> FixedLevel:
        """The goal as programs hold or seek it, and its worst figure that is still near the best."""
        return FixedLevel(goal=self.goal, value=self.threshold) if self.fair_level is None else self.fair_level.held

    def found_at(self, task: Subproblem) -> Incumbent:
        """Return the plan of a task that is held near the best."""
        return optimise(task) if self.fair_level is None else self.fair_level.found_at(task)

    def best_of(self, task: Subproblem) -> Incumbent:
        """Return the plan of a task that seeks the best."""
        return optimise(task) if self.fair_level is None else self.fair_level.most(task)

    @cached_property
    def question(self) -> Question:
        """The question, prepared once."""
        return Question.of(self.problem, self.objective)

    def task(
        self,
        goal: Goal,
        deadline: Deadline,
        *,
        held: bool = False,
        constraints: Sequence[Constraint] = (),
        never: frozenset[int] = frozenset(),
    ) -> Subproblem:
        """Return the task of reaching a goal, held near the best or not, with further constraints.

        Parameters
        ----------
        never
            Sites that no plan near the best uses: held there, plans do without them.
        """
        question = self.question
        if constraints:
            question = Question.of(self.problem, self.objective, (*question.constraints, *constraints))
        keep = (self.limit,) if held else ()
        task = Subproblem(question=question, goal=goal, options=self.options, deadline=deadline, held=keep)
        if held and never:
            instance, years = question.instance, len(question.problems)
            unused = self.problem.new & np.isin(self.problem.option_site, sorted(never))
            most = np.where(unused, 0, instance.most)
            task = replace(task, ranges=(np.tile(instance.least, (years, 1)), np.tile(most, (years, 1))))
        return task if self.pinned_sites is None else replace(task, cuts=self.pinned_sites.task.cuts)

    @cached_property
    def pinned_sites(self) -> PinnedSites | None:
        """What tells of one site after the other without a search, where hubs share lines; None elsewhere.

        The inequalities that its relaxation broke hold whatever is sought.
        """
        if self.best is None:
            return None
        return PinnedSites.of(self.problem, self.objective, self.options, self.best, self.options.deadline)

    def settles(self, found: Incumbent) -> bool:
        """Tell whether a plan is near the best, or a bound tells that none is."""
        return bool(found.years and self.accepts(found.years)) or not self.reaches(found.bound)

    @cached_property
    def covering(self) -> CoveringInstance:
        """The question in arrays, where it is maximal covering within budget and count."""
        return merge_single(reduce_existing(self.problem, self.problem.rows))

    def effort(self, gap: float, deadline: Deadline, nodes: int | None = None) -> SearchLimits:
        """Return what a solver is asked, until a time to stop, with an absolute gap."""
        return self.options.until(deadline).effort(gap, nodes)

    def accepts(self, years: Sequence[Year]) -> bool:
        """Tell whether a recomputed plan is near the best, but for rounding."""
        return self.reaches(self.goal.value(years))

    def reaches(self, figure: float) -> bool:
        """Tell whether a figure is near the best, but for rounding."""
        slack = (AGREEMENT if self.question.assigns else 2 * HOLDING) * max(self.goal.least, abs(self.threshold))
        return self.goal.sense * (figure - self.threshold) >= -slack
