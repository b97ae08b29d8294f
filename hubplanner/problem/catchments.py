"""How large the places are that hubs stand in, and which others would do nearly as well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, diags_array

from hubplanner.problem.arrays import Floats, Ints
from hubplanner.problem.evaluation import Evaluation, covering
from hubplanner.problem.problem import Problem, SiteStatus

Coming = Callable[[Floats], Floats]
"""Gives the share of people who come to a hub at a distance."""
NEARLY = 0.9
"""Part of a hub's catchment, and of its users, from which another place is nearly as good."""


def catchments(problem: Problem, options: Ints, coming: Coming | None = None) -> Floats:
    """Return the need (k,) that would come to a hub of each option if it had room for all.

    Parameters
    ----------
    options
        (k,) the options, ascending.
    coming
        Gives the share of people who come to a hub at a distance; all do if None.

    >>> line = Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> catchments(line, np.array([0, 1])).tolist()
    [3.0, 4.0]
    """
    point, position, distance = covering(problem, options)
    worth = problem.need[point] * problem.rule.share(distance, problem.option_reach[options[position]])
    worth = worth if coming is None else worth * coming(distance)
    return np.bincount(position, worth, minlength=len(options)).astype(np.float64)


@dataclass(frozen=True, kw_only=True, eq=False)
class Proposal:
    """The places of a plan's hubs as what they are: a proposal, with other places that would do nearly as well.

    Parameters
    ----------
    catchment
        (k,) need that would come to a hub of each open option if it had room for all; NaN for those that stand already.
    alternatives
        (k) other sites for a hub of each open option, the largest first.
    rank
        (k,) place of the hub's site among those of its group by catchment; 1 is the largest.
    among
        (k,) sites of the group where a hub of the tier may stand.
    larger
        (k,) sites of them that are larger and hold no hub.
    """

    catchment: Floats
    alternatives: tuple[tuple[int, ...], ...]
    rank: Ints
    among: Ints
    larger: Ints


def proposal(problem: Problem, plan: Evaluation, group: Ints, coming: Coming | None = None) -> Proposal:
    """Return how large the places of a plan's new hubs are, and which others are nearly as good.

    Another site is, if it holds no hub and is of the same group, its catchment is at least nine tenths of that of the
    hub's place, and with all other hubs serving whom they serve, at least nine tenths of the hub's users would come.

    Parameters
    ----------
    group
        (m,) the group of each site, such as its district.
    coming
        Gives the share of people who come to a hub at a distance; all do if None.

    >>> places = [[0, 0], [100, 0], [200, 0]]
    >>> line = Problem.from_points(places, [30, 50, 48], places, [1, 1, 1], reach=5)
    >>> from hubplanner.problem.evaluation import evaluate
    >>> proposal(line, evaluate(line, [1]), np.zeros(3, dtype=int)).alternatives
    ((2,),)
    """
    every = np.arange(problem.n_options)
    catchment = catchments(problem, every, coming)
    left = _left_for(problem, plan, coming)
    held = np.isin(problem.option_site, problem.option_site[plan.options])
    free = ~held & problem.new & (problem.site_status[problem.option_site] == SiteStatus.CANDIDATE)
    found = []
    rank, among, larger = (np.zeros(len(plan.options), dtype=np.intp) for _ in range(3))
    for hub, option in enumerate(plan.options.tolist()):
        if not problem.new[option]:
            found.append(())
            continue
        alike = problem.new & (problem.option_tier == problem.option_tier[option])
        alike &= group[problem.option_site] == group[problem.option_site[option]]
        more = alike & (catchment > catchment[option])
        rank[hub], among[hub], larger[hub] = more.sum() + 1, alike.sum(), (more & ~held).sum()
        users = plan.load[hub] / plan.counts[hub]
        near = alike & free & (catchment >= NEARLY * catchment[option]) & (left[:, hub] >= NEARLY * users)
        order = np.flatnonzero(near)[np.argsort(-catchment[near], kind="stable")]
        found.append(tuple(problem.option_site[order].tolist()))
    own = np.where(problem.new[plan.options], catchment[plan.options], np.nan)
    return Proposal(catchment=own, alternatives=tuple(found), rank=rank, among=among, larger=larger)


def _left_for(problem: Problem, plan: Evaluation, coming: Coming | None) -> Floats:
    r"""Return the people (o, k) who would come to a hub of each option in place of one of each open option.

    Of point i there is $1 - \sum_{o \ne k} x_{io} / p(d_{io})$ left, as take-up has it.
    """
    point, option, distance = covering(problem, np.arange(problem.n_options))
    come = np.ones(len(point)) if coming is None else coming(distance)
    worth = problem.seats[point] * problem.rule.share(distance, problem.option_reach[option]) * come
    pairs: csr_array = csr_array((worth, (option, point)), shape=(problem.n_options, problem.n_points))
    own = plan.assigned.tocoo()
    parts = own.data if coming is None else own.data / np.maximum(coming(plan.pair_distance), np.finfo(float).tiny)
    used: csr_array = csr_array((parts, own.coords), shape=own.shape)
    spare = np.maximum(1.0 - np.asarray(used.sum(axis=1)).ravel(), 0.0)
    one = used @ diags_array(1.0 / plan.counts)  # who would be left without one of the hubs of an option
    return np.asarray((pairs @ spare)[:, None] + (pairs @ one).toarray())
