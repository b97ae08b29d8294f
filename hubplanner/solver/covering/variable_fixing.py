"""What is left of an instance once some options are surely in a better plan and others surely not.

Reduced costs tell which: those of multipliers inside the optimal face, moved for each option on its own, tell more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array, diags_array

from hubplanner.model import MaxCoverage
from hubplanner.model.constraints.budget import budget_of, most_money
from hubplanner.problem import Bools, Floats, Ints
from hubplanner.problem.aggregation.equal_rows import group_rows, total_by
from hubplanner.problem.covering_instance import CoveringInstance
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.backends.highs import new_handle, run
from hubplanner.solver.covering.lp import CoveringLP, Cuts, program_of, proven, table_of
from hubplanner.solver.covering.presolve import of_one_site
from hubplanner.solver.limits import limits
from hubplanner.solver.mip.bounds.relaxation import Relaxation

MOST_PRODUCTS = 1e7
"""Pairs of options in rows up to which multipliers are moved for each option."""


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


def sharper(  # noqa: PLR0913, PLR0917 - a question, and what is known of it
    instance: CoveringInstance,
    objective: MaxCoverage,
    relaxation: Relaxation,
    cuts: Cuts | None,
    margin: float,
    effort: SearchLimits,
) -> Relaxation:
    r"""Return the relaxation with larger reduced costs of the options that it leaves undecided.

    The multipliers of a corner are one of many that prove the same bound, and give most options that a plan surely has,
    or surely lacks, no reduced cost. An interior point without crossover ends inside all of them, where every option
    that can have one does: Güler and Ye (1993), doi:10.1007/BF01581268. These are moved for each option by `losses`.
    Only plans within a margin of the bound are looked at: others are worth no more than the bound less the margin.

    Parameters
    ----------
    cuts
        What sharpened the relaxation; None if nothing did.
    margin
        In need.
    """
    settled = screen(instance, relaxation, margin)
    rest = settle(instance, objective, settled)
    if not rest.is_possible or not len(rest.free):
        return relaxation
    carried, table = None if cuts is None else rest.carried(cuts), table_of(rest.instance, rest.objective)
    handle = new_handle(effort, presolve="off", solver="ipx", run_crossover="off")
    handle.passModel(program_of(table, carried, whole=False))
    run(handle)
    # Whatever multipliers there are prove what they do, also of a point that is not quite the optimum.
    dual = np.asarray(handle.getSolution().row_dual)
    if not len(dual) or not np.isfinite(dual).all():
        return relaxation
    inside, lost = losses(table, carried, np.maximum(-dual, 0.0), relaxation.open_[rest.free] > 0.5)  # noqa: PLR2004
    inside, lost = inside * table.unit + rest.instance.base, lost * table.unit
    # A plan with an option away from its end is within the margin, and loses this, or worth no more than is left out.
    bound = max(inside, rest.left_out)
    away = np.full(len(instance.option), bound - rest.left_out)
    away[rest.free] = np.minimum(bound - inside + lost, away[rest.free])
    away = np.maximum(away, np.abs(relaxation.reduced) + bound - relaxation.bound)
    return replace(relaxation, bound=bound, reduced=np.where(relaxation.open_ > 0.5, away, -away))  # noqa: PLR2004


def losses(table: CoveringLP, cuts: Cuts | None, dual: Floats, is_high: Bools) -> tuple[float, Floats]:
    r"""Return a bound, and how much less (o,) a plan is worth that lacks an option that is high, or has another one.

    With multipliers $\pi_r$ of rows, what is left $a_r$ of their need and reduced costs $d_o$, the bound is a sum of
    $a_r^+$, of $d_o^+$ and of a constant. Where a plan has option o, its rows are covered without their constraints:
    $\pi_r = 0$ for $r \in R_o$ takes as much from all $d_p$ as goes to $a_r$, so that such a plan loses

    .. math:: (-d_o)^+ + \sum_{p \ne o} \min\Bigl(d_p^+, \sum_{r \in R_o \cap R_p} \pi_r\Bigr).

    Where a plan lacks o, raising $\pi_r$ by $\delta_r \le a_r^+$ costs nothing until another option that covers r is
    worth something:

    .. math:: d_o^+ + \sum_{r \in R_o} \delta_r
              - \sum_{p \ne o} \Bigl(\bigl(d_p + \sum_{r \in R_o \cap R_p} \delta_r\bigr)^+ - d_p^+\Bigr).

    Parameters
    ----------
    dual
        (r + s + k,) multipliers of at least 0 of the table's constraints and of the cuts.
    is_high
        (o,) the options whose lack is asked about.
    """
    rows, size = len(table.need), len(table.need) + len(table.limit)
    price, cover = dual[:rows], table.cover
    bound, reduced = proven(table, dual[:size], np.zeros(rows, dtype=np.bool_), cuts, dual[size:])
    if (np.diff(cover.indptr).astype(np.float64) ** 2).sum() > MOST_PRODUCTS:
        return bound, np.maximum(np.where(is_high, reduced, -reduced), 0.0)
    left = table.need - price - (0.0 if cuts is None else cuts.rows.T @ dual[size:])
    worth = np.maximum(reduced, 0.0)
    one, other, shared = _of_others(csr_array(table.covers @ diags_array(price)), cover)
    having = np.bincount(one, np.minimum(shared, worth[other]), minlength=len(reduced))
    raised = _raised(cover, np.maximum(left, 0.0), np.maximum(-reduced, 0.0))
    one, other, shared = _of_others(raised, cover)
    beside = np.bincount(one, np.maximum(reduced[other] + shared, 0.0) - worth[other], minlength=len(reduced))
    lacking = np.maximum(np.asarray(raised.sum(axis=1)).ravel() - beside, 0.0)
    return bound, np.where(is_high, worth + lacking, np.maximum(-reduced, 0.0) + having)


def _of_others(weight: csr_array, cover: csr_array) -> tuple[Ints, Ints, Floats]:
    """Return pairs of different options, and the sum of the first one's weights (o, r) on the rows of the other."""
    found = (weight @ cover).tocoo()
    one, other = found.coords
    is_other = one != other
    return one[is_other], other[is_other], found.data[is_other]


def _raised(cover: csr_array, left: Floats, below: Floats) -> csr_array:
    """Return by how much (o, r) each option's rows may cost more until another option there is worth something.

    Parameters
    ----------
    left
        (r,) what is left of their need.
    below
        (o,) how much options lack until they are worth something.
    """
    width = np.diff(cover.indptr)
    row, column = np.repeat(np.arange(len(width)), width), cover.indices
    order = np.lexsort((below[column], row))
    # The least of each row, and the second least for the option that has it: at the row's first two places.
    first, least, second = cover.indptr[:-1], np.zeros(len(width)), np.full(len(width), np.inf)
    holder = np.full(len(width), -1)
    some, several = width > 0, width > 1
    least[some], holder[some] = below[column[order[first[some]]]], column[order[first[some]]]
    second[several] = below[column[order[first[several] + 1]]]
    room = np.where(column == holder[row], second[row], least[row])
    cells = np.minimum(left[row], room), column, cover.indptr
    return csr_array(csr_array(cells, shape=cover.shape).T)
