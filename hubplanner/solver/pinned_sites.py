"""One question with a hub forced in at a site, or forbidden there, site after site: one relaxation bounds them all."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Self

import highspy
import numpy as np

from hubplanner.model import Formulation, Goal, Objective, Question, Year, broken_years, goals_of
from hubplanner.model.cuts.regions import region_cuts
from hubplanner.model.lp import LateError
from hubplanner.model.variables.backhaul import network_of
from hubplanner.problem import Evaluation, Floats, Ints, Problem, SiteStatus, Solution
from hubplanner.solver.backends.highs import prepared, run
from hubplanner.solver.certify import certify
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.bounds.relaxation import Relaxation, add_cuts, relaxation_of, relaxed
from hubplanner.solver.mip.bounds.upper_bound import agreed_bound
from hubplanner.solver.mip.heuristics.network_greedy import GUIDES, Begun, NetworkGreedy, opened_of
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem, program_of
from hubplanner.solver.options import SolverOptions
from hubplanner.solver.solve import solve_problem
from hubplanner.solver.strategy import Candidate, SolveContext

MOST_ROUNDS = 10
"""Rounds of inequalities that sharpen the relaxation of one site's question."""
MOSTLY = 0.5
"""How open a hub is in a relaxation whose plan keeps it."""

Settled = Callable[[Incumbent], bool]
"""Tells whether a bound, and a plan if there is one, answer a question."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PinnedSites:
    r"""Answers to one question of hubs that share lines, each with another site pinned, without a search.

    A pin narrows the ranges of a site's options alone. So whatever inequality holds without it holds with it, and the
    relaxation of the whole question, solved again from its own basis, bounds the pinned one:

    .. math:: \bar v_{-j} = \max \{c x : A x \le b, y_o = 0 \; \forall o \in O_j\}, \qquad
              \bar v_{+j} = \max \{c x : A x \le b, \textstyle\sum_{o \in O_j} y_o \ge 1\}

    Plans are the known one without the hubs at the site, or without those that the relaxation mostly gives up, grown
    again by greed. Where a bound and a plan do not settle a question, a search has to.

    Parameters
    ----------
    task
        The question and its goal, with the inequalities that its relaxation broke.
    plan
        The best plan known.
    form, handle, basis, rows
        The relaxation's program, the solver that holds it, its last basis and its number of rows.
    greedy
        What plans are grown from.
    """

    task: Subproblem
    plan: Evaluation
    form: Formulation
    handle: Any
    basis: Any
    rows: int
    greedy: NetworkGreedy

    @classmethod
    def of(
        cls, problem: Problem, objective: Objective, options: SolverOptions, plan: Evaluation, deadline: Deadline
    ) -> Self | None:
        """Prepare a question; None where hubs share no lines, people are assigned, years or fairness are asked for."""
        goals = goals_of(objective)
        if problem.backhaul is None or not objective.maximises_coverage or len(goals) > 1:
            return None
        question = Question.of(problem, objective)
        if question.assigns or question.periods is not None or options.name != "highs":
            return None
        task = Subproblem(question=question, goal=goals[0], options=options, deadline=deadline)
        depth, form, relaxation = relaxed(task)
        if not relaxation.is_solved:
            return None
        task = replace(task, cuts=form.cuts)
        try:
            form = program_of(task, depth)
        except LateError:
            return None
        handle = prepared(form.program, task.effort(0.0), mip=False, solver="simplex")
        run(handle)
        if handle.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return cls(
            task=task,
            plan=plan,
            form=form,
            handle=handle,
            basis=handle.getBasis(),
            rows=handle.getNumRow(),
            greedy=NetworkGreedy.of(question),
        )

    @property
    def _goal(self) -> Goal:
        if self.task.goal is None:
            raise AssertionError
        return self.task.goal

    @property
    def _problem(self) -> Problem:
        return self.task.question.instance.problem

    def answer(self, site: int, settled: Settled, *, inside: bool, deadline: Deadline) -> Incumbent | None:
        """Return a plan and the bound of all with a hub at a site, or with none, that settle it; None where none do.

        Parameters
        ----------
        settled
            Tells whether a bound and a plan do; the plan may be missing.
        """
        if self._problem.site_status[site] == SiteStatus.REQUIRED and not inside:
            return None  # that takes a demand away, so that the question is another
        with self._pinned(site, inside=inside):
            found = self._found(site, inside=inside, deadline=deadline)
            return next((one for one in found if settled(one)), None)

    def _found(self, site: int, *, inside: bool, deadline: Deadline) -> Iterator[Incumbent]:
        """Yield what is known of a pinned question, more and more; nothing where its relaxation has no solution."""
        relaxation = self._solved(deadline)
        if not relaxation.is_solved:
            return  # a search tells why there is no plan
        found = Incumbent(bound=self.form.figure(relaxation.bound))
        yield found
        for years in self._near(site, relaxation, inside=inside):
            yield (found := self._better(found, years, site, inside=inside))
        for sharper in self._sharpened(relaxation, deadline):
            relaxation = sharper
            yield (found := self._bounded(found, self.form.figure(sharper.bound)))
        for years in self._anew(site, relaxation, inside=inside):
            yield (found := self._better(found, years, site, inside=inside))

    def certified(self, found: Incumbent) -> Solution:
        """Return a plan that settles a question as a solution, recomputed."""
        plans, options = tuple(year.plan for year in found.years), self.task.options
        candidate = Candidate(plans=plans, stated=(found.value,), bounds=(found.bound,))
        context = SolveContext.begin(options, solve_problem)
        return certify(self.task.question, candidate, context, "the relaxation of the whole question, and greed")

    @contextmanager
    def _pinned(self, site: int, *, inside: bool) -> Iterator[None]:
        """Hold the program with a site pinned; everything is as it was after."""
        instance, layer = self.form.instance, self.form.layers[-1]
        own = np.flatnonzero((self._problem.option_site == site) & self._problem.new)
        columns = np.array([layer.open_[option].index for option in own.tolist()], dtype=np.int32)
        least, most = (part[own].astype(np.float64) for part in (instance.least, instance.most))
        nothing = np.zeros(len(own))
        if inside:
            self.handle.addRow(1.0, math.inf, len(columns), columns, np.ones(len(columns)))
        else:
            self.handle.changeColsBounds(len(columns), columns, nothing, nothing)
        try:
            yield
        finally:
            added = np.arange(self.rows, self.handle.getNumRow(), dtype=np.int32)
            if len(added):
                self.handle.deleteRows(len(added), added)
            self.handle.changeColsBounds(len(columns), columns, least, most)
            # What a question comes to does not depend on those before it.
            self.handle.setBasis(self.basis)

    def _solved(self, deadline: Deadline) -> Relaxation:
        run(self.handle, deadline)
        return relaxation_of(self.handle, self.form)

    def _sharpened(self, relaxation: Relaxation, deadline: Deadline) -> Iterator[Relaxation]:
        """Yield the relaxation with inequalities that its own values broke, round by round."""
        for _ in range(MOST_ROUNDS):
            cuts = list(region_cuts(self.form.layers, relaxation.values))
            if not cuts or deadline.is_past:
                return
            add_cuts(self.handle, self.form, cuts)
            relaxation = self._solved(deadline)
            if not relaxation.is_solved:
                return
            yield relaxation

    def _near(self, site: int, relaxation: Relaxation, *, inside: bool) -> Iterator[tuple[Year, ...]]:
        """Yield plans with most hubs of the known one: all but the site's, then those that a relaxation keeps."""
        problem = self._problem
        hubs = self.plan.hubs
        hubs = hubs[problem.new[hubs] & (problem.option_site[hubs] != site)]
        built, open_ = self._values(relaxation)
        kept = [] if inside else [(hubs, GUIDES[0])]
        kept += [(hubs[open_[hubs] >= MOSTLY], guide) for guide in reversed(GUIDES)]
        for some, guide in kept:
            yield self._grown(some, self.greedy.guided(guide, built, open_), site, inside=inside)

    def _anew(self, site: int, relaxation: Relaxation, *, inside: bool) -> Iterator[tuple[Year, ...]]:
        """Yield plans that a relaxation guides from the beginning."""
        nothing = np.zeros(0, dtype=np.intp)
        for guide in GUIDES[1:]:
            guided = self.greedy.guided(guide, *self._values(relaxation))
            yield self._grown(nothing, guided, site, inside=inside)

    def _values(self, relaxation: Relaxation) -> tuple[Floats, Floats]:
        layer, values = self.form.layers[-1], relaxation.values
        parts = (network_of(layer).build, layer.open_)
        built, open_ = (values[np.array([one.index for one in part], dtype=np.intp)] for part in parts)
        return built, open_

    def _grown(self, hubs: Ints, guided: tuple[Floats, Floats], site: int, *, inside: bool) -> tuple[Year, ...]:
        problem, net = self._problem, self._problem.backhaul
        if net is None:
            raise AssertionError
        edges = net.pruned(problem.option_site[hubs], problem.option_tier[hubs], self.plan.edges)
        pin = {"required": (site,)} if inside else {"banned": (site,)}
        return self.greedy.grown(*guided, Begun(options=hubs, edges=edges, **pin))

    def _better(self, found: Incumbent, years: tuple[Year, ...], site: int, *, inside: bool) -> Incumbent:
        """Return the better of what is known and a plan, if that keeps to all limits and to the pin."""
        plan = years[-1].plan
        hubs = plan.options[self._problem.new[plan.options]]
        if bool((self._problem.option_site[hubs] == site).any()) != inside or broken_years(self.task.question, years):
            return found
        value = self._goal.value(years)
        if found.years and self._goal.sense * (value - found.value) <= 0:
            return found
        found = replace(found, years=years, opened=opened_of(self.task.question, years), value=value)
        return self._bounded(found, found.bound)

    def _bounded(self, found: Incumbent, bound: float) -> Incumbent:
        """Return what is known with the sharper of its bound and another, which no plan passes but by rounding."""
        sense = self._goal.sense
        bound = sense * min(sense * bound, sense * found.bound)
        return replace(found, bound=agreed_bound(self._goal, found.value, bound) if found.years else bound)
