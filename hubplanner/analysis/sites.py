"""Which sites every near-best plan needs, which some use, and which none does."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.analysis.pins import solve_pinned
from hubplanner.analysis.swaps import swapped_plans
from hubplanner.models.differ import most_unseen, new_sites
from hubplanner.problem import Status
from hubplanner.solver.covering import is_plain
from hubplanner.solver.median import is_median
from hubplanner.solver.optimise import optimise
from hubplanner.solver.screening import narrowed

if TYPE_CHECKING:
    from hubplanner.analysis.near import Near
    from hubplanner.problem import Evaluation, Ints, Solution
    from hubplanner.solver import SolverOptions

log = logging.getLogger(__name__)

COARSE = 0.3
"""Relative gap of searches that only look for plans with sites not seen yet."""
ROUGH = 4.0
"""First gap of a solve with a site forced in or out: this part of the share that plans may be worse by."""
TURN_S = 20.0
"""Seconds of one such search at most; the last one, which proves, has all that are left."""


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
        Searches made.
    plans
        Recomputed near-best plans that the classes rest on.
    """

    classes: tuple[SiteClass, ...]
    seen_in: frozenset[int]
    seen_out: frozenset[int]
    by_relaxation: int
    solves: int
    plans: int


class _Book:
    """What is known of the sites so far."""

    def __init__(self, near: Near) -> None:
        problem = near.problem
        self.sites = frozenset(problem.option_site[problem.new].tolist())
        self.seen_in: set[int] = set()
        self.seen_out: set[int] = set()
        self.must: set[int] = set()
        self.never: set[int] = set()
        self.plans = self.solves = 0

    def add(self, sites: set[int]) -> None:
        self.seen_in |= sites
        self.seen_out |= self.sites - sites
        self.plans += 1

    @property
    def inside(self) -> frozenset[int]:
        return frozenset(self.sites - self.seen_in - self.never)

    @property
    def outside(self) -> frozenset[int]:
        return frozenset(self.sites - self.seen_out - self.must)

    def class_of(self, site: int) -> SiteClass:
        if site not in self.sites:
            return SiteClass.STANDING
        if site in self.must:
            return SiteClass.MUST
        if site in self.never:
            return SiteClass.NEVER
        return SiteClass.POSSIBLE if site in self.seen_in & self.seen_out else SiteClass.OPEN


def classify(near: Near, best: Solution, plans: list[Evaluation], deadline: float) -> Classified:
    r"""Class every site by exact test against the threshold.

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
    plans
        Near-best plans known already, the best one among them.
    deadline
        When to stop, by `time.perf_counter`.
    """
    book = _Book(near)
    for plan in plans:
        book.add(new_sites(near.problem, plan))
    _without_options(near, book)
    by_relaxation = _by_relaxation(near, book, deadline)
    for plan in swapped_plans(near, plans[0], lambda: (book.inside, book.outside), deadline):
        book.add(new_sites(near.problem, plan))
    log.info("%d sites left to search for", len(book.inside | book.outside))
    together = not (is_plain(near.problem, near.objective) or is_median(near.problem, near.objective))
    while together and (book.inside or book.outside) and time.perf_counter() < deadline:
        together = _searched(near, book, min(deadline, time.perf_counter() + TURN_S))
    _one_by_one(near, best, book, deadline)
    # A site without options, as an excluded one, is never used.
    classes = [book.class_of(site) for site in range(near.problem.n_sites)]
    bare = set(range(near.problem.n_sites)) - set(near.problem.option_site.tolist())
    return Classified(
        classes=tuple(SiteClass.NEVER if site in bare else kind for site, kind in enumerate(classes)),
        seen_in=frozenset(book.seen_in),
        seen_out=frozenset(book.seen_out),
        by_relaxation=by_relaxation,
        solves=book.solves,
        plans=book.plans,
    )


def _one_by_one(near: Near, best: Solution, book: _Book, deadline: float) -> None:
    """Force the sites not settled yet in, or out, one after the other."""
    for site in sorted(book.inside | book.outside):
        inside = site in book.inside
        for gap in (max(near.within / ROUGH, near.options.gap), near.options.gap):
            left = deadline - time.perf_counter()
            if site not in book.inside | book.outside:
                break
            if left <= 0:
                return
            options = replace(near.options, gap=gap, time_limit_s=left, ties=False)
            _pinned(near, best, book, site, options, inside=inside)


def _pinned(near: Near, best: Solution, book: _Book, site: int, options: SolverOptions, *, inside: bool) -> None:  # noqa: PLR0913 - what is asked and known
    """Force one site in or out, and note what that tells of it."""
    found, plan = solve_pinned(near.problem, near.objective, site, options, inside=inside, start=best)
    book.solves += 1
    if plan is not None and near.reaches(found.value):
        book.add(new_sites(near.problem, plan))
    elif found.status == Status.INFEASIBLE or (plan is not None and not near.reaches(found.bound)):
        (book.never if inside else book.must).add(site)


def _without_options(near: Near, book: _Book) -> None:
    """Note required sites: every plan has them."""
    book.must |= set(near.problem.required_sites.tolist()) & book.sites


def _by_relaxation(near: Near, book: _Book, deadline: float) -> int:
    """Settle the sites whose reduced costs tell, and return how many."""
    task = narrowed(near.task(near.goal, deadline), near.threshold)
    if task.ranges is None:
        return 0
    least, most = (part[-1] for part in task.ranges)
    problem, new = near.problem, near.problem.new
    fixed = set(problem.option_site[new & (least > 0)].tolist()) & book.outside
    usable = set(problem.option_site[new & (most > 0)].tolist())
    empty = book.inside - usable
    book.must |= fixed
    book.never |= empty
    return len(fixed) + len(empty)


def _searched(near: Near, book: _Book, deadline: float) -> bool:
    """Search for a plan with sites not settled yet; return whether it settled any."""
    goal = most_unseen(book.inside, book.outside)
    for gap, stop in ((COARSE, min(deadline, time.perf_counter() + TURN_S)), (0.0, deadline)):
        task = near.task(goal, stop, held=True)
        found = optimise(replace(task, gap=gap))
        book.solves += 1
        good = bool(found.years) and near.accepts(found.years)
        if good and found.value >= 1:
            book.add(new_sites(near.problem, found.years[-1].plan))
            return True
        if found.infeasible or found.bound < 1 - 1e-6:
            book.never |= book.inside
            book.must |= book.outside
            return True
    return False


def counted(classified: Classified) -> dict[str, int]:
    """Return how many sites there are of each class."""
    return {str(kind): classified.classes.count(kind) for kind in SiteClass}


def sites_of(classified: Classified, kind: SiteClass) -> Ints:
    """Return the sites of a class, ascending."""
    return np.array([site for site, found in enumerate(classified.classes) if found == kind], dtype=np.intp)
