"""Hubs that stand apart, a neighbourhood at a time: inequalities that whole hubs keep to and parts of them do not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from pulp import LpConstraintLE
from scipy.sparse import csr_array, diags_array

from hubplanner.model import Formulation
from hubplanner.model.constraints.base import Constraint, of_kind
from hubplanner.model.constraints.min_separation import MinSeparation
from hubplanner.model.lp import Model, Terms
from hubplanner.problem import Bools, Floats, Ints, Problem
from hubplanner.problem.arrays import both_ways
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.backends.arrays import linear_program
from hubplanner.solver.backends.highs import new_handle, run
from hubplanner.solver.deadline import Deadline

VIOLATION = 1e-3
"""Least excess worth an inequality, in hubs."""
USED = 1e-6
"""Least part of a hub for which a site is in use."""
MOST_SETS, MOST_WITH_OTHERS = 3_000, 100_000
"""Sets of a neighbourhood's sites in use, at most, and of these with the other sites. Of hubs two reaches apart, 1,000
sites x 20,000 points, five rounds cut off 1.8 % of the bound in 6.5 s; with forty of the other sites alone 1.1 %, and
with 10,000 sets of those in use as well 1.0 % in 12.6 s."""
TIMES = 3
"""Inequalities of a round that speak of a site before no more are sought around it."""
BITS = 62
"""Sites that a whole number tells."""
PARTS = 2.0**20
"""Weights are whole numbers of such parts of one, so that sums of them are exact."""
Sets: TypeAlias = npt.NDArray[np.uint64]
"""Sets of sites, a bit for each."""
_NO_SITE: Sets = np.zeros(1, dtype=np.uint64)
"""The empty one alone."""


@dataclass(frozen=True, kw_only=True, eq=False)
class IndependentSetCut:
    r"""Weights of sites of which hubs that stand apart hold one at most.

    .. math:: \sum_j a_j \sum_{o \in O_j \cap N} y_o \le 1, \qquad
              \sum_{j \in I} a_j \le 1 \text{ for all sets } I \text{ of sites that are far enough from each other}

    Parameters
    ----------
    options, weight
        (k,) new options of the sites, and the weight of each.
    """

    options: Ints
    weight: Floats

    def add_to(self, layers: Sequence[Model]) -> None:
        """Add the inequality; hubs stay, so that those of the last year say it of all."""
        terms, limit = self.row(layers)
        layers[-1].add("apart", terms, LpConstraintLE, limit)

    def row(self, layers: Sequence[Model]) -> tuple[Terms, float]:
        """Return the inequality's terms and upper limit."""
        return layers[-1].opened(self.options, self.weight), 1.0


class IndependentSets:
    """The sites of a question that are too near to each other for two new hubs."""

    def __init__(self, problem: Problem, constraints: Sequence[Constraint], effort: SearchLimits) -> None:
        self.problem = problem
        pairs = [one.too_near(problem) for one in of_kind(constraints, MinSeparation)]
        once = np.unique(np.concatenate([np.zeros((0, 2), dtype=np.intp), *pairs]), axis=0)
        beside = both_ways(once, problem.n_sites)
        self.near = csr_array(beside + diags_array((np.diff(beside.indptr) > 0).astype(np.float64)))
        self.handle = new_handle(effort, presolve="off", solver="simplex")

    @staticmethod
    def applies(form: Formulation) -> bool:
        """Tell whether new hubs are to stand apart."""
        return bool(of_kind(form.question.constraints, MinSeparation))

    def cuts(self, open_: Floats, reduced: Floats, deadline: Deadline) -> Iterator[IndependentSetCut]:
        """Yield inequalities that a relaxation breaks: of sites in use near each of them, and of the others there.

        Local cuts: Applegate, Bixby, Chvátal and Cook (2001), doi:10.1007/3-540-45586-8_7. All sets of the sites in use
        are listed, so that a small program finds the weights which the relaxation exceeds most. Then the others take
        what the sets that they go with leave them, those that are likeliest to be used first.

        Parameters
        ----------
        open_, reduced
            (o,) the relaxation's values of the options in the last year, and what a plan loses by one of them.
        """
        new, site = self.problem.new, self.problem.option_site
        held = np.bincount(site[new], open_[new], minlength=self.near.shape[0]).astype(np.float64)
        worth: Floats = np.full(len(held), -np.inf)
        np.maximum.at(worth, site[new], reduced[new])
        times: Ints = np.zeros(len(held), dtype=np.intp)
        for middle in np.flatnonzero((held > USED) & (held < 1 - USED) & (np.diff(self.near.indptr) > 0)).tolist():
            if deadline.is_past:
                return
            if times[middle] < TIMES and (cut := self._around(middle, held, worth)) is not None:
                times[np.unique(site[cut.options])] += 1
                yield cut

    def _around(self, middle: int, held: Floats, worth: Floats) -> IndependentSetCut | None:
        """Return the inequality that is broken most by sites in use around one; None where none is."""
        common = self.near[[middle]] @ self.near @ self.near  # the more ways lead to a site in three steps, the nearer
        sites: Ints = common.indices[np.argsort(-common.data, kind="stable")].astype(np.intp)
        used = sites[held[sites] > USED][:BITS]
        sets, too_near = _NO_SITE, _bits(self._too_near(used, used))
        for number, apart in enumerate(too_near):
            more = sets[sets & apart == 0] | np.uint64(1 << number)
            if len(sets) + len(more) > MOST_SETS:
                used = used[:number]
                break
            sets = np.concatenate([sets, more])
        size = len(used)
        weight = self._weights(_largest(sets, too_near[:size] & np.uint64((1 << size) - 1)), held[used])
        if weight @ held[used] <= 1 + VIOLATION:
            return None
        used, weight = used[weight > 0], weight[weight > 0]
        others = np.setdiff1d(sites, used)
        others = others[self._too_near(others, used).any(axis=1)]
        return self._lifted(used, weight, others[np.argsort(-worth[others], kind="stable")])

    def _too_near(self, sites: Ints, to: Ints) -> Bools:
        """Tell which of some sites are too near to which of others, but not to themselves."""
        return np.asarray((self.near[sites][:, to].toarray() > 0) & (sites[:, None] != to))

    def _weights(self, sets: Floats, held: Floats) -> Floats:
        """Return the weights (k,) that what is held exceeds most, of which no set (s, k) has more than one."""
        # The weights are the multipliers of the program that covers what is held with sets, which has few rows.
        count, size = sets.shape
        ends, limits = (np.zeros(count), np.full(count, np.inf)), (held, np.full(size, np.inf))
        self.handle.passModel(linear_program(csr_array(sets.T), np.ones(count), ends, limits))
        run(self.handle)
        weight = np.asarray(self.handle.getSolution().row_dual)
        if len(weight) != size:
            return np.zeros(size)
        # The solver keeps to limits within a tolerance, a sum of parts to the last one.
        weight = np.floor(np.clip(weight, 0.0, 1.0) / max(1.0, float((sets @ weight).max())) * PARTS) / PARTS
        return np.asarray(weight if (sets @ weight).max() <= 1 else np.zeros(size))

    def _lifted(self, used: Ints, weight: Floats, others: Ints) -> IndependentSetCut:
        """Return the inequality of sites with weights, and of others with all that sets leave them, in turn."""
        sites, taken, weights = np.concatenate([used, others]), list[int](), list[float]()
        sets, total, too_near = _NO_SITE, np.zeros(1), self._too_near(sites, sites)
        for place in range(len(sites)):
            if len(taken) == BITS:
                break
            goes = sets & _bits(too_near[[place]][:, taken])[0] == 0
            most = float(weight[place]) if place < len(used) else 1.0 - float(total[goes].max())
            if most > 0 and len(sets) + np.count_nonzero(goes) <= MOST_WITH_OTHERS:
                sets = np.concatenate([sets, sets[goes] | np.uint64(1 << len(taken))])
                total = np.concatenate([total, total[goes] + most])
                taken.append(place)
                weights.append(most)
        of_sites: Floats = np.zeros(self.near.shape[0])
        of_sites[sites[taken]] = weights
        of_options = np.where(self.problem.new, of_sites[self.problem.option_site], 0.0)
        options = np.flatnonzero(of_options)
        return IndependentSetCut(options=options, weight=of_options[options])


def _bits(members: Bools) -> Sets:
    """Return each row of members (s, k) as a set."""
    return np.asarray(members @ (np.uint64(1) << np.arange(members.shape[1], dtype=np.uint64)))


def _largest(sets: Sets, too_near: Sets) -> Floats:
    """Return the sites (s, k), as 0 and 1, of the sets that none of the sites can be added to."""
    size = len(too_near)
    one = np.uint64(1) << np.arange(size, dtype=np.uint64)
    free = np.zeros(len(sets), dtype=np.bool_)
    for bit, apart in zip(one, too_near, strict=True):
        free |= sets & (apart | bit) == 0
    return np.asarray((sets[~free][:, None] & one != 0).astype(np.float64))
