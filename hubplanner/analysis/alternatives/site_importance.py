"""What is known so far of the sites of all plans near the best."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.analysis.alternatives import capacity_interchange as seats
from hubplanner.analysis.alternatives.covering_sites import ROUGH, settle_covering
from hubplanner.analysis.explain.resolve import solve_pinned
from hubplanner.model.constraints.budget import most_money
from hubplanner.model.constraints.plan_distance import most_unseen, new_sites
from hubplanner.problem import Status
from hubplanner.solver.covering.strategy import is_plain
from hubplanner.solver.limits import limits
from hubplanner.solver.median.strategy import is_median
from hubplanner.solver.mip.relaxation import narrowed
from hubplanner.solver.mip.search import optimise

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hubplanner.analysis.alternatives.near_optimal import NearOptimal
    from hubplanner.problem import Evaluation, Ints, Solution
    from hubplanner.solver import SolverOptions
    from hubplanner.solver.deadline import Deadline


class SiteClass(StrEnum):
    """What a site is to all plans near the best."""

    MUST = "must_have"
    POSSIBLE = "possible"
    NEVER = "never"
    OPEN = "open"
    STANDING = "standing"


@dataclass(frozen=True, kw_only=True, eq=False)
class Classified:
    """Every site with its class.

    Parameters
    ----------
    classes
        One a site; `standing` where a hub stands already, `open` where the time did not suffice.
    seen_in, seen_out
        Sites that are in some, and missing from some, recomputed plan near the best.
    by_relaxation
        Sites settled by reduced costs alone.
    solves
        Searches made, linear programs included.
    plans
        Recomputed near-best plans that the classes rest on.
    """

    classes: tuple[SiteClass, ...]
    seen_in: frozenset[int]
    seen_out: frozenset[int]
    by_relaxation: int
    solves: int
    plans: int


class SiteEvidence:
    """Sites seen in and out of near-best plans, and those proven to be in all or in none.

    Attributes
    ----------
    sites
        Sites that a new hub may stand at.
    by_relaxation, solves, plans
        As in `Classified`.
    """

    def __init__(self, near: NearOptimal) -> None:
        problem = near.problem
        self._near = near
        self.sites = frozenset(problem.option_site[problem.new].tolist())
        self._seen_in: set[int] = set()
        self._seen_out: set[int] = set()
        # Every plan has the required sites.
        self._must = set(problem.required_sites.tolist()) & self.sites
        self._never: set[int] = set()
        self.plans = self.solves = self.by_relaxation = 0

    @property
    def inside(self) -> frozenset[int]:
        """Sites that no near-best plan is known to use, and that none is proven to lack."""
        return frozenset(self.sites - self._seen_in - self._never)

    @property
    def outside(self) -> frozenset[int]:
        """Sites that no near-best plan is known to do without, and that are not proven to be in all."""
        return frozenset(self.sites - self._seen_out - self._must)

    def add(self, plan: Evaluation) -> None:
        """Note a recomputed near-best plan."""
        self._note(new_sites(self._near.problem, plan))

    def _note(self, sites: set[int]) -> None:
        self._seen_in |= sites
        self._seen_out |= self.sites - sites
        self.plans += 1

    def offer(self, options: Ints) -> bool:
        """Note a plan of some new options if merged demand tells that it is near the best; tell whether.

        For maximal covering within budget and count.
        """
        problem, rows = self._near.problem, self._near.problem.rows
        chosen = np.concatenate([np.flatnonzero(problem.existing), options])
        sites = set(problem.option_site[options].tolist())
        covered = np.asarray(rows.cover[:, chosen].sum(axis=1)).ravel() > 0
        money, count = limits(self._near.objective)
        good = (
            self._near.reaches(math.fsum(rows.need[covered]))
            and math.fsum(problem.option_cost[options]) <= most_money(money)
            and len(options) == len(sites) <= count
            and sites >= set(problem.required_sites.tolist())
        )
        if good:
            self._note(sites)
        return good

    def rule(self, *, none: Iterable[int] = (), every: Iterable[int] = ()) -> int:
        """Note sites that no near-best plan uses, and that every one does; return how many were not settled."""
        never, must = self.inside & set(none), self.outside & set(every)
        self._never |= never
        self._must |= must
        return len(never) + len(must)

    def closed(self) -> Classified:
        """Return the classes as they are now known."""
        problem = self._near.problem
        # A site without options, as an excluded one, is never used.
        bare = set(range(problem.n_sites)) - set(problem.option_site.tolist())
        return Classified(
            classes=tuple(SiteClass.NEVER if site in bare else self._class(site) for site in range(problem.n_sites)),
            seen_in=frozenset(self._seen_in),
            seen_out=frozenset(self._seen_out),
            by_relaxation=self.by_relaxation,
            solves=self.solves,
            plans=self.plans,
        )

    def _class(self, site: int) -> SiteClass:
        if site not in self.sites:
            return SiteClass.STANDING
        if site in self._must:
            return SiteClass.MUST
        if site in self._never:
            return SiteClass.NEVER
        return SiteClass.POSSIBLE if site in self._seen_in & self._seen_out else SiteClass.OPEN


def counted(classified: Classified) -> dict[str, int]:
    """Return how many sites there are of each class."""
    return {str(kind): classified.classes.count(kind) for kind in SiteClass}


log = logging.getLogger(__name__)

COARSE = 0.3
"""Relative gap of searches that only look for plans with sites not seen yet."""
TURN_NODES = 500
"""Nodes of one such search at most."""


def classify(near: NearOptimal, best: Solution, book: SiteEvidence, deadline: Deadline) -> None:
    r"""Class every site by exact test against the threshold, as far as time allows.

    A site is must-have if no plan without it, never if no plan with it, is near the best; possible else. Known plans
    settle sites as possible; reduced costs of the relaxation settle others: with bound L, a plan with site j is worth
    at most $L - \min_{o \in O_j} |r_o|$. Questions without a core ask for the rest in one go, $\max \sum_A u_j +
    \sum_B (1 - u_j)$ over the near-best plans, A the sites seen in none and B those seen in all: its plans settle some,
    and a proven maximum below 1 settles all. Each site then left is forced in, or out, and the bound held against the
    threshold.

    Parameters
    ----------
    near
        The question with its threshold.
    best
        The best plan, that solves start from.
    book
        What is known already; what is found is noted there.
    deadline
        When to stop.
    """
    if best.evaluation is not None and is_plain(near.problem, near.objective):
        settle_covering(near, best.evaluation, book, deadline)
        return
    if best.evaluation is not None and seats.suits(near):
        seats.offer_swaps(near, best.evaluation, book, deadline)
    if (book.inside or book.outside) and not deadline.is_past:
        _by_relaxation(near, book, deadline)
    log.info("%d sites left to search for", len(book.inside | book.outside))
    together = not is_median(near.problem, near.objective)
    while together and (book.inside or book.outside) and not deadline.is_past:
        together = _searched(near, book, deadline)
    _one_by_one(near, best, book, deadline)


def _one_by_one(near: NearOptimal, best: Solution, book: SiteEvidence, deadline: Deadline) -> None:
    """Force the sites not settled yet in, or out, one after the other."""
    asked = near.options.gap
    for site in sorted(book.inside | book.outside):
        inside = site in book.inside
        for gap in (max(near.within / ROUGH, asked), asked, 0.0):
            if site not in book.inside | book.outside:
                break
            if deadline.is_past:
                return
            options = replace(near.options.until(deadline), gap=gap, ties=False)
            _pinned(near, best, book, site, options, inside=inside)


def _pinned(  # noqa: PLR0913
    near: NearOptimal, best: Solution, book: SiteEvidence, site: int, options: SolverOptions, *, inside: bool
) -> None:
    """Force one site in or out, and note what that tells of it."""
    found, plan = solve_pinned(near.problem, near.objective, site, options, inside=inside, start=best)
    book.solves += 1
    if plan is not None and near.reaches(found.value):
        book.add(plan)
    elif found.status == Status.INFEASIBLE or (plan is not None and not near.reaches(found.bound)):
        book.rule(none=[site] if inside else (), every=() if inside else [site])


def _by_relaxation(near: NearOptimal, book: SiteEvidence, deadline: Deadline) -> None:
    """Settle the sites whose reduced costs tell."""
    task = narrowed(near.task(near.goal, deadline), near.threshold)
    if task.ranges is None:
        return
    least, most = (part[-1] for part in task.ranges)
    problem, new = near.problem, near.problem.new
    fixed, usable = (set(problem.option_site[new & (part > 0)].tolist()) for part in (least, most))
    book.by_relaxation += book.rule(none=book.inside - usable, every=fixed)


def _searched(near: NearOptimal, book: SiteEvidence, deadline: Deadline) -> bool:
    """Search for a plan with sites not settled yet; return whether it settled any."""
    goal = most_unseen(book.inside, book.outside)
    for gap in (COARSE, 0.0):
        task = near.task(goal, deadline, held=True)
        found = optimise(replace(task, gap=gap, nodes=TURN_NODES))
        book.solves += 1
        good = bool(found.years) and near.accepts(found.years)
        if good and found.value >= 1:
            book.add(found.years[-1].plan)
            return True
        if found.infeasible or found.bound < 1 - 1e-6:
            book.rule(none=book.inside, every=book.outside)
            return True
    return False
