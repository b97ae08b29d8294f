"""Classes of sites for maximal covering within budget and count: reduced costs, swaps, then site after site."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import numpy as np

from hubplanner.analysis.alternatives.interchange import Swaps
from hubplanner.analysis.alternatives.near_optimal import NearOptimal
from hubplanner.analysis.alternatives.site_evidence import SiteEvidence
from hubplanner.model import MaxCoverage
from hubplanner.model.constraints.budget import most_money
from hubplanner.problem import Evaluation, Ints
from hubplanner.problem.covering_instance import CoveringInstance
from hubplanner.solver.covering.benders import is_dense
from hubplanner.solver.covering.construction import cheapest, exchanged, greedy, rounded
from hubplanner.solver.covering.presolve import drop_dominated, drop_useless, merge_single
from hubplanner.solver.covering.probing import Probing, pinned
from hubplanner.solver.covering.strategy import run
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.limits import limits
from hubplanner.solver.run_log import RunLog
from hubplanner.translation import ngettext

log = logging.getLogger(__name__)

MOST_ROUNDS = 2
"""Rounds of exchanges after the relaxation with a site pinned, at most."""
ROUGH = 4.0
"""First gap of a search with a site forced in or out: this part of the share that plans may be worse by."""


def settle_covering(near: NearOptimal, best: Evaluation, book: SiteEvidence, deadline: Deadline) -> None:
    """Class the sites of a question that is maximal covering within budget and count.

    Reduced costs rule sites out, swaps around the best plan show others to be possible. Each site then left is forced
    in, or out: its relaxation may rule, a plan that it suggests may show, else a search does either.

    Parameters
    ----------
    best
        The best plan, that swaps start from.
    deadline
        When to stop.
    """
    quest = _SiteRequest(near, best, deadline)
    if quest.relaxation is not None:
        book.by_relaxation += quest.rule_out(book)
    for options in quest.swapped(book):
        if quest.is_late:
            return
        book.offer(quest.full(options))
    log.info(ngettext("{n} site left to search for", "{n} sites left to search for", len(book.inside | book.outside)))
    for site in sorted(book.inside):
        quest.decide(book, site, inside=True)
    for site in sorted(book.outside):
        quest.decide(book, site, inside=False)


class _SiteRequest:
    """A question in arrays, with its relaxation where simplex takes it well."""

    def __init__(self, near: NearOptimal, best: Evaluation, deadline: Deadline) -> None:
        self.near, self.deadline = near, deadline
        self.objective = cast("MaxCoverage", near.objective)
        self.instance = near.covering
        self.start = np.flatnonzero(np.isin(self.instance.option, best.options))
        # Simplex takes a program with dense rows badly.
        dense = is_dense(self.instance.cover)
        self.pins = None if dense else Probing(self.instance, self.objective, near.effort(0.0, deadline))
        self.relaxation = self.pins.free if self.pins else None

    @property
    def is_late(self) -> bool:
        """Tell whether time is up."""
        return self.deadline.is_past

    def full(self, options: Ints) -> Ints:
        """Return options of the instance as options of the problem."""
        return self.instance.option[options]

    def rule_out(self, book: SiteEvidence) -> int:
        """Settle the sites whose reduced costs tell, and return how many."""
        if self.pins is None or self.relaxation is None:
            return 0
        sites = np.unique(self.instance.site)
        with_hub, without = self.pins.bounds(self.relaxation)
        none = [site for site, most in zip(sites.tolist(), with_hub, strict=True) if not self.near.reaches(most)]
        every = [site for site, most in zip(sites.tolist(), without, strict=True) if not self.near.reaches(most)]
        return book.rule(none=none, every=every)

    def swapped(self, book: SiteEvidence) -> Iterator[Ints]:
        """Yield plans that swaps make of the best one, for the sites still wanted."""
        loss = self.instance.cost if self.relaxation is None else -self.relaxation.reduced
        swaps = Swaps(self.instance, self.objective, self.near.threshold, self.start, loss)
        yield from swaps.using(lambda: book.inside)
        yield from swaps.sparing(lambda: book.outside)

    def decide(self, book: SiteEvidence, site: int, *, inside: bool) -> None:
        """Force a site in, or out, and note what that tells of it; nothing when time is up."""
        if self.is_late or site not in (book.inside if inside else book.outside):
            return
        smaller = pinned(self.instance, site, inside=inside)
        ruled_out = (
            not self._has_plan(smaller)
            or (self.pins is not None and self._by_program(self.pins, book, smaller, site, inside=inside))
            or (site in (book.inside if inside else book.outside) and self._by_search(book, smaller))
        )
        if ruled_out:
            book.rule(none=[site] if inside else (), every=() if inside else [site])

    def _has_plan(self, smaller: CoveringInstance) -> bool:
        """Tell whether the hubs that are forced keep to the limits."""
        money, count = limits(self.objective)
        least = math.fsum(smaller.cost[cheapest(smaller)])
        return least <= most_money(money) and len(smaller.required) <= count

    def _by_program(
        self, pins: Probing, book: SiteEvidence, smaller: CoveringInstance, site: int, *, inside: bool
    ) -> bool:
        """Tell whether the pinned relaxation rules the site out; if not, note the plan that it suggests."""
        book.solves += 1
        most, found = pins.at(site, inside=inside)
        if not self.near.reaches(most):
            return True
        keep = np.flatnonzero(np.isin(self.instance.option, smaller.option))
        trial = rounded(smaller, self.objective, found.open_[keep])
        if smaller.covered_need(trial) < self.near.threshold:
            doubt = np.abs(found.reduced[keep])
            trial = exchanged(smaller, self.objective, trial, doubt, self.deadline, MOST_ROUNDS)
        if smaller.covered_need(trial) >= self.near.threshold:
            book.offer(self.full(keep[trial]))
        return False

    def _by_search(self, book: SiteEvidence, smaller: CoveringInstance) -> bool:
        """Tell whether a search rules a pinned question out; if not, note the plan that it finds."""
        least = merge_single(drop_dominated(drop_useless(smaller, self.objective)))
        start, asked = greedy(least, self.objective), self.near.options.gap
        for gap in (max(self.near.within / ROUGH, asked), asked, 0.0):
            if self.is_late:
                return False
            book.solves += 1
            options = replace(self.near.options.until(self.deadline), gap=gap)
            found = run(least, self.objective, options, start, RunLog())
            if not self.near.reaches(found.bound):
                return True
            start = found.chosen
            if self.near.reaches(least.covered_need(start)) and book.offer(least.option[start]):
                return False
        return False
