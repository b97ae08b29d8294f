"""The class of every site by exact test: must-have, possible or never in the plans near the best."""

from __future__ import annotations

import logging
from dataclasses import replace

from hubplanner.analysis.alternatives import capacity_interchange as seats
from hubplanner.analysis.alternatives.covering_sites import ROUGH, settle_covering
from hubplanner.analysis.alternatives.near_optimal import NearOptimal
from hubplanner.analysis.alternatives.site_evidence import SiteEvidence
from hubplanner.analysis.explain.neighbours import Surroundings, site_groups
from hubplanner.analysis.explain.resolve import solve_pinned
from hubplanner.model.goals import most_unseen
from hubplanner.problem import Solution, Status
from hubplanner.solver import SolverOptions, solve_problem
from hubplanner.solver.covering.strategy import is_plain
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.median.strategy import is_median
from hubplanner.solver.mip.bounds.relaxation import narrowed
from hubplanner.translation import ngettext

log = logging.getLogger(__name__)

COARSE = 0.3
"""Relative gap of searches that only look for plans with sites not seen yet."""
TURN_NODES = 500
"""Nodes of one such search at most."""


def classify(near: NearOptimal, best: Solution, book: SiteEvidence, deadline: Deadline) -> None:
    r"""Class every site by exact test against the threshold, as far as time allows.

    A site is must-have if no plan without it, never if no plan with it, is near the best; possible else. Known plans
    settle sites as possible; reduced costs of the relaxation settle others: with bound L, a plan with site j is worth
    at most $L - \min_{o \in O_j} |r_o|$. Where hubs share lines, the relaxation with each site pinned, and plans grown
    again with it or without, settle most (`hubplanner.solver.pinned_sites`). Questions without a core ask for the rest
    in one go, $\max \sum_A u_j + \sum_B (1 - u_j)$ over the near-best plans, A the sites seen in none and B those seen
    in all: its plans settle some, and a proven maximum below 1 settles all. Each site then left is forced in, or out,
    and the bound compared with the threshold.

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
    _without_search(near, book, deadline)
    log.info(ngettext("{n} site left to search for", "{n} sites left to search for", len(book.inside | book.outside)))
    together = not is_median(near.problem, near.objective)
    while together and (book.inside or book.outside) and not deadline.is_past:
        together = _searched(near, book, deadline)
    _among_neighbours(near, best, book, deadline)
    _one_by_one(near, best, book, deadline)


def _among_neighbours(near: NearOptimal, best: Solution, book: SiteEvidence, deadline: Deadline) -> None:
    """Note plans near the best that differ from it in one group of sites alone, where plans are fair by alpha."""
    fairness = near.objective.alpha_fairness
    if fairness is None:
        return
    groups = site_groups(near.problem, fairness)
    around = Surroundings(problem=near.problem, objective=near.objective, fairness=fairness, plan=best, group=groups)
    for site in sorted(book.inside | book.outside):
        inside = site in book.inside
        if site not in book.inside | book.outside or deadline.is_past:
            continue
        part = around.nearby(site, inside=inside)
        options = replace(near.options.until(deadline), gap=max(near.within / ROUGH, near.options.gap), ties=False)
        found, plan = around.whole(part, solve_problem(part.problem, part.objective, options))
        book.solves += 1
        if plan is not None and near.reaches(found.value):
            book.add(plan)


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


def _without_search(near: NearOptimal, book: SiteEvidence, deadline: Deadline) -> None:
    """Settle the sites of which one relaxation of the question, or a plan grown without a search, tells."""
    if near.pinned_sites is None:
        return
    for site in sorted(book.inside | book.outside):
        inside = site in book.inside
        if site not in book.inside | book.outside or deadline.is_past:
            continue
        found = near.pinned_sites.answer(site, near.settles, inside=inside, deadline=deadline)
        if found is None:
            continue
        if found.years and near.accepts(found.years):
            book.add(found.years[-1].plan)
        else:
            book.by_relaxation += book.rule(none=[site] if inside else (), every=() if inside else [site])


def _by_relaxation(near: NearOptimal, book: SiteEvidence, deadline: Deadline) -> None:
    """Settle the sites whose reduced costs tell."""
    task = narrowed(near.task(near.limit.goal, deadline), near.limit.value)
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
        task = near.task(goal, deadline, held=True, never=book.never)
        found = near.found_at(replace(task, gap=gap, nodes=TURN_NODES))
        book.solves += 1
        good = bool(found.years) and near.accepts(found.years)
        if good and found.value >= 1:
            book.add(found.years[-1].plan)
            return True
        if found.infeasible or found.bound < 1 - 1e-6:
            book.rule(none=book.inside, every=book.outside)
            return True
    return False
