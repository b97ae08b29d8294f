"""Demand of all futures stacked, and merged where the same options cover it in whichever future."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csr_array, vstack

from hubplanner.problem.aggregation.equal_rows import group_rows
from hubplanner.problem.arrays import Bools, Floats, Ints, spans
from hubplanner.problem.coverage import LEAST_SHARE, Decay, levels
from hubplanner.problem.futures import Future, Futures, in_service, need_in, pairs_of, reach_factor, travel_in
from hubplanner.problem.model_instance import NO_ROW, CoverRows, ModelInstance
from hubplanner.problem.problem import Problem, by_own_reach


@dataclass(frozen=True, eq=False)
class Pattern:
    """Which rows stand for the demand points in futures with the same reaches and outages.

    Parameters
    ----------
    point, row, step
        (l,) a point, a row that stands for it, and the share of the point that the row adds once covered.
    """

    point: Ints
    row: Ints
    step: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class StackedDemand:
    """All futures' demand over one set of rows.

    Parameters
    ----------
    problem, futures
        What was stacked.
    cover
        (r, o) which options cover each row.
    patterns
        How points become rows, and
    pattern
        (s,) which of the patterns each future has.
    """

    problem: Problem
    futures: Futures
    cover: csr_array
    patterns: tuple[Pattern, ...]
    pattern: tuple[int, ...]

    @classmethod
    def of(cls, problem: Problem, futures: Futures) -> StackedDemand:
        """Stack a problem's demand over futures; raise `ScenarioError` where they do not fit it."""
        futures.check(problem)
        keys = [_key(problem, future) for future in futures.each]
        first = dict(zip(reversed(keys), reversed(futures.each), strict=True))
        order = list(dict.fromkeys(keys))
        made = _patterns(problem, [first[key] for key in order])
        covers = csr_array(vstack([cover for cover, _ in made]))
        kept, group = group_rows(covers)
        start = np.cumsum([0, *(cover.shape[0] for cover, _ in made)])
        patterns = tuple(
            Pattern(part.point, group[part.row + begin], part.step)
            for (_, part), begin in zip(made, start.tolist(), strict=False)
        )
        number = tuple(order.index(key) for key in keys)
        return cls(problem=problem, futures=futures, cover=covers[kept], patterns=patterns, pattern=number)

    @property
    def n_rows(self) -> int:
        """Number of rows r."""
        return int(self.cover.shape[0])

    @cached_property
    def cost(self) -> Floats:
        """Cost (s, o) of each option in each future."""
        return self.futures.cost(self.problem)

    @cached_property
    def total(self) -> Floats:
        """Need (s,) of each future."""
        return np.array([math.fsum(need_in(self.problem, future)) for future in self.futures.each])

    def weights(self, number: int, measure: Floats | None = None) -> Floats:
        """Return what each row (r,) counts in a future, of need or of another measure (n,) that grows with it."""
        future, pattern = self.futures.each[number], self.patterns[self.pattern[number]]
        weight = need_in(self.problem, future) if measure is None else measure * future.need
        return np.bincount(pattern.row, weight[pattern.point] * pattern.step, self.n_rows).astype(np.float64)

    def counts(self, number: int, measure: Floats) -> Bools:
        """Tell which rows (r,) stand for more than rounding of some point that counts for a measure in a future."""
        future, pattern = self.futures.each[number], self.patterns[self.pattern[number]]
        speaks = ((measure * future.need)[pattern.point] > 0) & (pattern.step > LEAST_SHARE)
        return np.asarray(np.bincount(pattern.row, speaks, self.n_rows) > 0)

    def never(self, number: int, measure: Floats) -> float:
        """Return how much of a measure (n,), as it grows with need, no option covers in a future."""
        future, pattern = self.futures.each[number], self.patterns[self.pattern[number]]
        left = 1.0 - np.bincount(pattern.point, pattern.step, self.problem.n_points)
        return math.fsum(measure * future.need * np.where(left > LEAST_SHARE, left, 0.0))

    def mixed(self, shares: Floats, measure: Floats | None = None) -> Floats:
        r"""Return the sum (r,) over futures of what each row counts, $\sum_s \lambda_s w_{rs}$."""
        total = np.zeros(self.n_rows)
        for number in np.flatnonzero(shares).tolist():
            total += shares[number] * self.weights(number, measure)
        return total

    def covered(self, options: Ints) -> Floats:
        """Return the need (s,) that some options cover in each future."""
        reached = self.reached(options)
        return np.array([self._covered(number, reached) for number in range(len(self.futures.each))])

    def reached(self, options: Ints) -> Bools:
        """Tell which rows (r,) some options cover."""
        return np.asarray(np.asarray(self.cover[:, options].sum(axis=1)).ravel() > 0)

    def _covered(self, number: int, reached: Bools) -> float:
        pattern = self.patterns[self.pattern[number]]
        weight = need_in(self.problem, self.futures.each[number])[pattern.point] * pattern.step
        return float(weight[reached[pattern.row]].sum())

    def part(self, numbers: Sequence[int]) -> StackedDemand:
        """Return the stack of some of the futures, equally likely, with the rows that they use."""
        each = [replace(self.futures.each[number], probability=None) for number in numbers]
        used = list(dict.fromkeys(self.pattern[number] for number in numbers))
        rows = np.unique(np.concatenate([self.patterns[number].row for number in used]))
        patterns = tuple(
            replace(self.patterns[number], row=np.searchsorted(rows, self.patterns[number].row)) for number in used
        )
        pattern = tuple(used.index(self.pattern[number]) for number in numbers)
        cover = self.cover[rows]
        return replace(self, futures=Futures(each), cover=cover, patterns=patterns, pattern=pattern)


@dataclass(frozen=True, kw_only=True, eq=False)
class StackedInstance(ModelInstance):
    """An instance whose demand is that of all futures.

    Parameters
    ----------
    stack
        The futures' rows, which take the place of the problem's.
    """

    stack: StackedDemand

    @cached_property
    def settled(self) -> Bools:
        """Mask of the stack's rows (r,) that hubs which stay cover."""
        fixed = np.flatnonzero(self.least)
        return self.stack.reached(fixed)

    @cached_property
    def live(self) -> Ints:
        """The stack's rows that are left to cover."""
        return np.flatnonzero(~self.settled)

    @cached_property
    def cover_rows(self) -> CoverRows:
        """The rows that are left to cover, with their mean need over futures as the only measure."""
        weights = self.stack.mixed(self.stack.futures.probability)
        return CoverRows(
            weights=weights[self.live, None],
            cover=self.stack.cover[self.live],
            times=np.ones(len(self.live), dtype=np.intp),
            partner=np.full(len(self.live), NO_ROW, dtype=np.intp),
            gain=np.zeros((len(self.option), 1)),
            base=np.array([weights[self.settled].sum()]),
            counts=weights[self.live, None] > 0,
            never=np.zeros(1),
        )


def _key(problem: Problem, future: Future) -> tuple[bytes, bytes, int]:
    """Return what tells futures with different coverage apart."""
    ways = id(travel_in(problem, future))
    return reach_factor(problem, future).tobytes(), in_service(problem, future).tobytes(), ways


def _patterns(problem: Problem, futures: Sequence[Future]) -> list[tuple[csr_array, Pattern]]:
    """Return the distinct rows of each future's coverage, and which of them stand for the points."""
    factors = [reach_factor(problem, future) for future in futures]
    most = max(float((problem.option_reach * factor).max(initial=0.0)) for factor in factors)
    known: dict[int, tuple[Ints, Ints, Floats]] = {}  # points, options and distances of pairs, by travel
    merged: dict[tuple[int, bytes], tuple[csr_array, Pattern]] = {}
    found = []
    for future, factor in zip(futures, factors, strict=True):
        travel = travel_in(problem, future)
        key = id(travel), factor.tobytes()
        if key not in merged:
            if id(travel) not in known:
                point, site, distance = pairs_of(travel, most)
                entry, option = _by_option(problem, site)
                known[id(travel)] = point[entry], option, distance[entry]
            point, option, distance = known[id(travel)]
            share = problem.rule.share(distance / factor[option], problem.option_reach[option])
            site = problem.option_site[option]
            share = share * by_own_reach(problem, travel, point, site, option, factor[option])
            merged[key] = _merged(problem, point, option, share)
        found.append(_without(problem, future, *merged[key]))
    return found


def _by_option(problem: Problem, site: Ints) -> tuple[Ints, Ints]:
    """Return each pair's number (l,) once for every option at its site, and those options."""
    count = np.bincount(problem.option_site, minlength=problem.n_sites)
    order = np.argsort(problem.option_site, kind="stable")
    start = np.cumsum(count) - count
    size = count[site]
    return np.repeat(np.arange(len(site)), size), order[spans(start[site], size)]


def _merged(problem: Problem, point: Ints, option: Ints, share: Floats) -> tuple[csr_array, Pattern]:
    keep = share > 0
    kind = np.int8 if problem.rule.decay == Decay.STEP else np.float64
    cells: Any = (share[keep].astype(kind), (point[keep], option[keep]))
    cover = csr_array(cells, shape=(problem.n_points, problem.n_options))
    cover.sort_indices()
    level = levels(cover)
    live = np.diff(level.cover.indptr) > 0
    first, group = group_rows(csr_array(level.cover[live]))
    return csr_array(level.cover[live][first]), Pattern(level.point[live], group, level.step[live])


def _without(problem: Problem, future: Future, cover: csr_array, pattern: Pattern) -> tuple[csr_array, Pattern]:
    """Return rows without the options that are out of service."""
    serves = in_service(problem, future)
    if serves.all():
        return cover, pattern
    pairs = cover.tocoo()
    keep = serves[pairs.coords[1]]
    cells: Any = (pairs.data[keep], (pairs.coords[0][keep], pairs.coords[1][keep]))
    left = csr_array(cells, shape=cover.shape)
    left.sort_indices()
    live = np.diff(left.indptr) > 0
    number = np.cumsum(live) - 1
    stays = live[pattern.row]
    return csr_array(left[live]), Pattern(pattern.point[stays], number[pattern.row[stays]], pattern.step[stays])
