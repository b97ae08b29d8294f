"""What is known so far of the sites of all plans near the best."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from hubplanner.analysis.alternatives.near_optimal import NearOptimal
from hubplanner.model.constraints.budget import most_money
from hubplanner.model.constraints.earlier_plan import new_sites
from hubplanner.problem import Evaluation, Ints
from hubplanner.solver.limits import limits


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
    by_relaxation
        Sites settled by reduced costs alone.
    solves
        Searches made, linear programs included.
    plans
        Recomputed near-best plans that the classes rest on.
    """

    classes: tuple[SiteClass, ...]
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
    def never(self) -> frozenset[int]:
        """Sites that are proven to be in no near-best plan."""
        return frozenset(self._never)

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
