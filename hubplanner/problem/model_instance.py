"""A problem prepared for a model with any objective and constraints: options with their ranges, demand as rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csr_array, vstack

from hubplanner.problem.aggregation.equal_rows import group_rows, merge_rows, total_by
from hubplanner.problem.arrays import Bools, Floats, Ints
from hubplanner.problem.coverage import LEAST_SHARE, MOST_BACKUP, levels, missing
from hubplanner.problem.measures import is_crowded
from hubplanner.problem.problem import Problem, condensed, coverage, option_pairs

MANY_PAIRS, RATE_DIGITS = 500_000, 12
"""With more pairs than this, what points measure for a person is alike where it is to so many digits."""
NO_ROW = -1
"""Stands for no row: a point that no option reaches, or that counts for nothing."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CoverRows:
    """Demand merged by what can cover it.

    Parameters
    ----------
    weights
        (r, k) what each row adds to each measure once covered.
    cover
        (r, o) which options cover it.
    times
        (r,) hubs it takes.
    partner
        (r,) for a row that takes two hubs, the row that the first of them covers if it counts no less; -1 elsewhere.
    gain
        (o, k) what each option adds on its own.
    base
        (k,) what is covered whatever is chosen.
    counts
        (r, k) whether a row stands for more of some point than rounding, by what the point counts for a measure.
    never
        (k,) what no choice covers.
    """

    weights: Floats
    cover: csr_array
    times: Ints
    partner: Ints
    gain: Floats
    base: Floats
    counts: Bools
    never: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class AssignRows:
    """Demand to be assigned, merged where points are alike, and the pairs of rows and options that reach them.

    Parameters
    ----------
    totals
        (r, k) each measure's total in each row.
    row_of
        (n,) the row of each point; -1 where it has none.
    part
        (n,) what a point's served share is to that of its row; not 1 where the points of a row are unlike in how many
        come.
    row, option, share, distance, coming
        (p,) the pairs, by row: share of a row covered by the option once assigned, its people's mean distance, and the
        share of them who come to the option at most.
    """

    totals: Floats
    row_of: Ints
    part: Floats
    row: Ints
    option: Ints
    share: Floats
    distance: Floats
    coming: Floats

    def of_points(self, shares: csr_array) -> csr_array:
        """Return the shares (n, o) of the points by those (r, o) of the rows: their parts of them."""
        points = np.flatnonzero(self.row_of != NO_ROW)
        place: Any = (self.part[points], (points, self.row_of[points]))
        return csr_array(csr_array(place, shape=(len(self.row_of), shares.shape[0])) @ shares)


@dataclass(frozen=True, kw_only=True, eq=False)
class MeasureCells:
    """Demand that measures may reach, merged where points are alike.

    Parameters
    ----------
    cell
        (n,) the cell of each point; -1 where no measure may reach anyone.
    row
        (c,) the assignment row of each cell; -1 where it has none, or where it does not matter.
    is_crowded
        (c,) whether hubs and measures together might serve someone of the cell twice.
    """

    cell: Ints
    row: Ints
    is_crowded: Bools

    def total(self, weight: Floats) -> Floats:
        """Return what weights (n,) of the points come to in each cell (c,)."""
        some = self.cell != NO_ROW
        return np.bincount(self.cell[some], weights=weight[some], minlength=len(self.row)).astype(np.float64)


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelInstance:
    """A problem and the measures of demand that a model speaks of.

    Parameters
    ----------
    problem
        The arrays.
    measures
        (k, n) what of each point may count as covered or served: need, people, need of a group.
    most_per_site
        Hubs of one tier at a site without a standing hub.
    apart
        Whether each point is a row of its own in an assignment, however alike others are.
    coming
        Gives the share of people who come to a hub at a distance at most; all do if None.
    most_coming
        Largest share of a point's people that come to hubs.
    """

    problem: Problem
    measures: Floats
    most_per_site: int = 1
    apart: bool = False
    coming: Callable[[Floats], Floats] | None = None
    most_coming: float = 1.0

    def measure(self, weight: Floats) -> int:
        """Return the number of a measure."""
        key = hash(np.asarray(weight, dtype=np.float64).tobytes())
        alike = self._measure_numbers.get(key, range(len(self.measures)))
        return next(number for number in alike if np.array_equal(self.measures[number], weight))

    @cached_property
    def _measure_numbers(self) -> dict[int, list[int]]:
        """The numbers of measures by a hash of their figures: there may be one for each of many groups."""
        found: dict[int, list[int]] = {}
        for number, known in enumerate(self.measures):
            found.setdefault(hash(known.tobytes()), []).append(number)
        return found

    @property
    def option(self) -> Ints:
        """Indices (o,) of the options: all of them."""
        return np.arange(self.problem.n_options)

    @property
    def site(self) -> Ints:
        """Site (o,) of each option."""
        return self.problem.option_site

    @property
    def required(self) -> Ints:
        """Sites that must hold a hub."""
        return self.problem.required_sites

    @property
    def kept(self) -> Ints:
        """Sites whose standing hub stays, as it is or upgraded."""
        return self.problem.kept_sites

    @property
    def new(self) -> Bools:
        """Mask (o,) of new hubs."""
        return self.problem.new

    @cached_property
    def cost(self) -> Floats:
        """Money (o,) for a hub of each option, plus what closing in its place would save."""
        return self.problem.option_cost + np.nan_to_num(self.problem.savings)[self.site]

    @property
    def base_cost(self) -> float:
        """Money that is saved if every hub that may be closed is closed, negative."""
        return -float(np.nansum(self.problem.savings))

    @cached_property
    def least(self) -> Ints:
        """Fewest hubs (o,) of each option: 1 for a standing hub that stays as it is."""
        free = np.isin(self.site, self.site[self.problem.upgrades]) | ~np.isnan(self.problem.savings)[self.site]
        return (self.problem.existing & ~free).astype(np.intp)

    @cached_property
    def most(self) -> Ints:
        """Most hubs (o,) of each option."""
        return np.where(self.new, self.most_per_site, 1)

    @property
    def largest_need(self) -> float:
        """Total of the first measure."""
        return float(self.measures[0].sum())

    @cached_property
    def counted(self) -> Bools:
        """Mask (n,) of the points that count for some measure."""
        return np.asarray((self.measures > 0).any(axis=0))

    @cached_property
    def distances(self) -> Floats:
        """Distance (n, m) of every point to every site; infinite where there is no way."""
        columns = [self.problem.travel.from_site(site) for site in range(self.problem.n_sites)]
        return np.column_stack(columns) if columns else np.zeros((self.problem.n_points, 0))

    @cached_property
    def cover_rows(self) -> CoverRows:
        """Demand merged by what covers it; what fixed hubs cover is settled."""
        problem, measures = condensed(self.problem, self.measures)
        points = np.flatnonzero((measures > 0).any(axis=0))
        shares = coverage(problem, 0, problem.n_points)[points]
        level, fixed = levels(shares), np.flatnonzero(self.least)
        free = np.setdiff1d(self.option, fixed)
        standing = np.asarray(level.cover[:, fixed].sum(axis=1), dtype=np.intp).ravel()
        keep = csr_array((np.ones(len(free), np.int8), (free, free)), shape=(len(self.option),) * 2)
        open_cover = csr_array(level.cover @ keep)
        worth = measures[:, points][:, level.point].T * level.step[:, None]
        speaks = (worth > 0) & (level.step > LEAST_SHARE)[:, None]
        size = len(self.measures)
        base, never, parts = np.zeros(size), measures[:, points] @ missing(level, len(points)), []
        for rank, weight in problem.rule.ranks.items():
            base += weight * worth[standing >= rank].sum(axis=0)
            may = np.diff(open_cover.indptr) > 0
            never = never + weight * worth[(standing < rank) & ~may].sum(axis=0)
            for times in range(1, rank + 1):
                rows = np.flatnonzero((standing == rank - times) & may)
                both = np.hstack([worth[rows] * weight, speaks[rows]])
                parts.append((*merge_rows(open_cover[rows], both), times))
        covers, weights, times_of = zip(*parts, strict=True)
        count = [len(part) for part in weights]
        both = np.concatenate(weights)
        return CoverRows(
            weights=both[:, :size],
            cover=csr_array(vstack(covers)),
            times=np.repeat(times_of, count),
            partner=self._partners(times_of, count),
            gain=np.zeros((len(self.option), len(base))),
            base=base,
            counts=both[:, size:] > 0,
            never=never,
        )

    def _partners(self, times: tuple[int, ...], count: list[int]) -> Ints:
        """Return the row of the first hub for each row that takes two: both parts merge the same points alike."""
        partner = np.full(sum(count), NO_ROW, dtype=np.intp)
        ranks = self.problem.rule.ranks
        if times[-1] == MOST_BACKUP and ranks.get(1, 0.0) >= ranks[MOST_BACKUP]:
            partner[len(partner) - count[-1] :] = np.arange(count[0])
        return partner

    @cached_property
    def assign_rows(self) -> AssignRows:
        r"""Demand to assign: points with the same options, and the same measures for a person, are one row.

        Where few come from far, $x_i \le p(d_i)$, that holds of points whose options stand at one site: together they
        fill at most $\sum_i w_i p(d_i)$ seats there, and each has its part $p(d_i)$ of what they fill.
        """
        problem = self.problem
        point, option, distance = option_pairs(problem, 0, problem.n_points)
        share = problem.rule.share(distance, problem.option_reach[option])
        keep = (share > 0) & self.counted[point]
        order = np.lexsort((option[keep], point[keep]))
        point, option = point[keep][order], option[keep][order]
        distance, share = distance[keep][order], share[keep][order]
        reached, row = np.unique(point, return_inverse=True)
        come = np.ones(len(point)) if self.coming is None else self.coming(distance)
        first, group = self._alike(reached, row, option, come)
        if np.isin(row, first).sum() > MANY_PAIRS and len(first) > 1:
            first, group = self._alike(reached, row, option, come, digits=RATE_DIGITS)
        row_of = np.full(problem.n_points, NO_ROW, dtype=np.intp)
        row_of[reached] = group
        stays = np.isin(row, first)
        size = self.problem.n_options
        pair = np.searchsorted(group[row[stays]] * size + option[stays], group[row] * size + option)
        weight = np.where(problem.people > 0, problem.people, 1.0)[point]
        mean, coming = (np.bincount(pair, weight * of) / np.bincount(pair, weight) for of in (distance, come))
        part = np.ones(problem.n_points)
        part[point] = np.divide(come, coming[pair], out=np.ones(len(point)), where=coming[pair] > 0)
        return AssignRows(
            totals=total_by(group, self.measures[:, reached].T, len(first)),
            row_of=row_of,
            part=part,
            row=group[row[stays]],
            option=option[stays],
            share=share[stays],
            distance=mean,
            coming=coming,
        )

    @cached_property
    def crowded(self) -> Bools:
        """Mask (n,) of the points where hubs and measures together might serve someone twice."""
        if not self.problem.measures:
            return np.zeros(self.problem.n_points, dtype=np.bool_)
        return is_crowded(self.problem.measures, self.most_coming)

    @cached_property
    def measure_cells(self) -> MeasureCells:
        """Points that measures may reach: of a row, or alike for a person where nobody can be served twice."""
        problem, crowded = self.problem, self.crowded
        most = np.array([measure.most for measure in problem.measures]).reshape(-1, problem.n_points)
        offline = np.max([measure.offline for measure in problem.measures], axis=0, initial=0.0)
        some = np.flatnonzero((most > 0).any(axis=0) & (offline > 0) & self.counted)
        row = np.where(crowded, self.assign_rows.row_of, NO_ROW)[some]
        # Rows are alike in all of this already; elsewhere points must be.
        alone = row == NO_ROW
        rates = np.where(alone, self.measures[:, some] / offline[some], 0.0)
        size = 10.0 ** np.floor(np.log10(np.where(rates > 0, rates, 1.0)))
        rates = np.round(rates / size, RATE_DIGITS - 1) * size
        shares = np.where(alone & crowded[some], most[:, some], 0.0)
        traits = np.column_stack([row, crowded[some], *rates, *shares])
        _, first, group = np.unique(traits, axis=0, return_index=True, return_inverse=True)
        cell = np.full(problem.n_points, NO_ROW, dtype=np.intp)
        cell[some] = group.ravel()
        return MeasureCells(cell=cell, row=row[first], is_crowded=crowded[some][first])

    def _alike(
        self, reached: Ints, row: Ints, option: Ints, come: Floats, digits: int | None = None
    ) -> tuple[Ints, Ints]:
        """Return the first of each group of alike points among the reached ones, and the group of each.

        Measures for a person are compared as they are, or to so many digits.
        """
        own = np.arange(len(reached))
        if self.apart or not self.problem.rule.is_step:
            return own, own
        cover = csr_array((np.ones(len(row), np.int8), (row, option)), shape=(len(reached), self.problem.n_options))
        _, same_cover = group_rows(cover)
        people = self.problem.people[reached]
        per_person = self.measures[:, reached] / np.where(people > 0, people, 1.0)
        if digits is not None:
            size = 10.0 ** np.floor(np.log10(np.where(per_person > 0, per_person, 1.0)))
            per_person = np.round(per_person / size, digits - 1) * size
        unlike = np.zeros(len(reached), dtype=np.intp)
        if len(come) and np.ptp(come) > 0:
            sites = self.site[option]
            least, most = np.full(len(reached), self.problem.n_sites), np.full(len(reached), -1)
            np.minimum.at(least, row, sites)
            np.maximum.at(most, row, sites)
            unlike = np.where((least < most) | self.crowded[reached], own + 1, 0)
        traits = np.column_stack([same_cover, people > 0, unlike, *per_person])
        _, first, group = np.unique(traits, axis=0, return_index=True, return_inverse=True)
        order = np.argsort(first)
        rank = np.empty_like(order)
        rank[order] = own[: len(order)]
        return first[order], rank[group.ravel()]
