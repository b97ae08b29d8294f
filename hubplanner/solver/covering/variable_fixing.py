"""What is left of an instance once some options are surely in a better plan and others surely not."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from hubplanner.model import MaxCoverage
from hubplanner.model.constraints.budget import budget_of, most_money
from hubplanner.problem import Bools, Ints
from hubplanner.problem.aggregation.equal_rows import group_rows, total_by
from hubplanner.problem.covering_instance import CoveringInstance
from hubplanner.solver.covering.lp import Cuts
from hubplanner.solver.covering.presolve import of_one_site
from hubplanner.solver.limits import limits
from hubplanner.solver.mip.bounds.relaxation import Relaxation


@dataclass(frozen=True, kw_only=True, eq=False)
class FixedVariables:
    """What all plans worth more than a limit have in common.

    Parameters
    ----------
    built, dropped
        Positions of the options that all of them build, and that none does.
    left_out
        The limit: no other plan covers more need.
    """

    built: Ints
    dropped: Ints
    left_out: float


def screen(instance: CoveringInstance, relaxation: Relaxation, margin: float) -> FixedVariables:
    r"""Settle the options on which all plans worth more than the relaxation's bound less a margin agree.

    Reduced-cost fixing: a plan with $y_o$ away from its end in the relaxation is worth at most $LP - |r_o|$. The only
    option of a site that must hold a hub is built in any case.
    """
    high = relaxation.open_ > 0.5  # noqa: PLR2004 - halfway
    alone = np.bincount(instance.site)[instance.site] == 1
    forced = alone & np.isin(instance.site, instance.required)
    return FixedVariables(
        built=np.flatnonzero(forced | high & (relaxation.reduced > margin)),
        dropped=np.flatnonzero(~forced & ~high & (relaxation.reduced < -margin)),
        left_out=relaxation.bound - margin,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class RestrictedInstance:
    """The smaller instance with some options built and some dropped, and what became of the rows.

    Parameters
    ----------
    instance, objective
        What is left to decide, and the limits left for it.
    free, built
        Positions of its options, and of those that were built, in the larger instance.
    left_out
        No plan that was left out covers more need.
    is_possible
        Whether what is built keeps to the limits; if not, no plan is left.
    known
        (r,) which of the larger instance's rows are covered already.
    row_of
        (r, r') the row that stands for each of the larger instance's.
    options_of
        (r, o') the options that stand for a row which one site alone covers.
    """

    instance: CoveringInstance
    objective: MaxCoverage
    free: Ints
    built: Ints
    left_out: float
    is_possible: bool
    known: Bools
    row_of: csr_array
    options_of: csr_array

    def carried(self, cuts: Cuts) -> Cuts:
        """Return cuts of the larger instance as cuts of this one: every plan covers equal rows alike."""
        settled = cuts.rows @ self.known.astype(np.float64) + cuts.options[:, self.built].sum(axis=1)
        rows = csr_array(cuts.rows @ self.row_of)
        options = csr_array(cuts.options[:, self.free] + cuts.rows @ self.options_of)
        for part in (rows, options):
            part.eliminate_zeros()
        speaking = np.flatnonzero(np.diff(rows.indptr) + np.diff(options.indptr))
        return Cuts(rows=rows[speaking], options=options[speaking], limit=(cuts.limit - settled)[speaking])


def settle(instance: CoveringInstance, objective: MaxCoverage, screening: FixedVariables) -> RestrictedInstance:
    """Return what is left to decide with some options built and some dropped."""
    built, n_rows = screening.built, len(instance.need)
    known = np.zeros(n_rows, dtype=np.bool_)
    known[instance.covers[built].indices] = True
    stays = ~np.isin(instance.site, instance.site[built])
    stays[screening.dropped] = False
    free = np.flatnonzero(stays)
    cover = csr_array(instance.cover[:, free])
    left = np.flatnonzero(~known & (np.diff(cover.indptr) > 0))
    first, group = group_rows(csr_array(cover[left]))
    kept = csr_array(cover[left[first]])
    single = of_one_site(kept, instance.site[free])
    cells: Any = (np.ones(len(left)), (left, group))
    place: csr_array = csr_array(cells, shape=(n_rows, len(first)))
    need = total_by(group, instance.need[left], len(first))
    smaller = replace(
        instance,
        need=need[~single],
        cover=kept[np.flatnonzero(~single)],
        option=instance.option[free],
        site=instance.site[free],
        cost=instance.cost[free],
        gain=instance.gain[free] + kept[np.flatnonzero(single)].T @ need[single],
        required=np.setdiff1d(instance.required, instance.site[built]),
        base=math.fsum([instance.base, *instance.need[known], *instance.gain[built]]),
    )
    spent, (money, count) = math.fsum(instance.cost[built]), limits(objective)
    return RestrictedInstance(
        instance=smaller,
        objective=_left(objective, spent, len(built)),
        free=free,
        built=built,
        left_out=screening.left_out,
        is_possible=spent <= most_money(money) and len(built) <= count,
        known=known,
        row_of=csr_array(place[:, np.flatnonzero(~single)]),
        options_of=csr_array(place[:, np.flatnonzero(single)] @ kept[np.flatnonzero(single)]),
    )


def _left(objective: MaxCoverage, spent: float, hubs: int) -> MaxCoverage:
    """Return the limits left for what is not yet built; with their tolerance they allow what the whole ones do."""
    budget = None if objective.budget is None else max(objective.budget - budget_of(spent), 0.0)
    max_hubs = None if objective.max_hubs is None else max(objective.max_hubs - hubs, 0)
    return replace(objective, budget=budget, max_hubs=max_hubs)
