"""What the hubs of a growing plan cover and serve, hub by hub: opened and closed again without a look at the rest."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csc_array, csr_array

from hubplanner.model import FullService, Question
from hubplanner.model.constraints.base import of_kind
from hubplanner.problem import Floats, Ints, Problem
from hubplanner.problem.coverage import MOST_BACKUP
from hubplanner.problem.problem import coverage
from hubplanner.tolerances import REACH_TOLERANCE

SHORT = 1e-9
"""Relative shortfall that is rounding."""


def total(weight: Floats, value: Floats | Ints) -> float:
    """Return the sum of products: without the threads of a matrix library, which take their time to begin."""
    return float(np.einsum("i,i->", weight, value))


@dataclass
class Units:
    """Demand that hubs cover: points, or rows of points that are alike where people are assigned.

    Parameters
    ----------
    people
        (u,) of each unit.
    weigh
        Returns what (u,) of a measure (n,) each unit holds.
    starts, unit, share, distance
        Spans of each option (o + 1,), and the units, shares and distances of its pairs.
    coming
        Share of each pair's unit that comes to the option.
    """

    people: Floats
    weigh: Callable[[Floats], Floats]
    starts: Ints
    unit: Ints
    share: Floats
    distance: Floats
    coming: Floats

    @classmethod
    def of(cls, question: Question, problem: Problem) -> Units:
        """Return the demand of a question in a year."""
        instance = question.instance
        if question.assigns:
            rows = instance.assign_rows
            order = np.argsort(rows.option, kind="stable")
            return cls(
                people=rows.totals[:, instance.measure(problem.seats)],
                weigh=lambda weight: rows.totals[:, instance.measure(weight)],
                starts=np.searchsorted(rows.option[order], np.arange(problem.n_options + 1)),
                unit=rows.row[order],
                share=rows.share[order],
                distance=rows.distance[order],
                coming=rows.coming[order],
            )
        cover = csc_array(coverage(problem, 0, problem.n_points))
        return cls(
            people=problem.seats,
            weigh=lambda weight: weight,
            starts=cover.indptr.astype(np.intp),
            unit=cover.indices.astype(np.intp),
            share=cover.data.astype(np.float64),
            distance=np.zeros(cover.nnz),
            coming=np.ones(cover.nnz),
        )

    def pairs(self, option: int) -> slice:
        """Return the span of an option's pairs."""
        return slice(int(self.starts[option]), int(self.starts[option + 1]))

    @cached_property
    def choices(self) -> Ints:
        """Options (u,) that reach each unit."""
        return np.bincount(self.unit, minlength=len(self.people)).astype(np.intp)

    @cached_property
    def by_unit(self) -> csr_array:
        """The shares (u, o) of all pairs."""
        cells: Any = (self.share, self.unit, self.starts)
        return csr_array(csc_array(cells, shape=(len(self.people), len(self.starts) - 1)))

    def two_best(self, unit: Ints, counts: Ints) -> tuple[Floats, Floats]:
        """Return the largest and the second largest share (k,) of some units that hubs (o,) cover."""
        pairs = self.by_unit[unit]
        held = counts[pairs.indices]
        row, share = np.repeat(np.arange(len(unit)), np.diff(pairs.indptr)), pairs.data
        row, share = (np.repeat(part[held > 0], np.minimum(held[held > 0], 2)) for part in (row, share))
        order = np.lexsort((-share, row))
        row, share = row[order], share[order]
        first, second = np.zeros(len(unit)), np.zeros(len(unit))
        starts = np.searchsorted(row, np.arange(len(unit) + 1))
        some, twice = np.diff(starts) > 0, np.diff(starts) > 1
        first[some], second[twice] = share[starts[:-1][some]], share[starts[:-1][twice] + 1]
        return first, second


@dataclass(frozen=True, kw_only=True, eq=False)
class Added:
    """What one more hub adds: units, the share of their people that it serves, and by how much they count for more.

    ``taken`` is the share of those who come to it that no other hub can have.
    """

    option: int
    unit: Ints
    taken: Floats
    distance: Floats
    part: Floats
    growth: Floats

    def of(self, weight: Floats) -> float:
        """Return how much of a weight (u,) it covers."""
        return float(weight[self.unit] @ self.growth)


@dataclass
class Cover:
    """What the hubs of a plan cover in one year.

    Parameters
    ----------
    left
        (u,) share of each unit's people that no one serves; unused where hubs have room for all.
    best
        (u,) share of each unit that counts as covered.
    shares
        (2, u) largest and second largest share of each unit that a hub covers; unused where people are assigned.
    """

    question: Question
    problem: Problem
    units: Units
    left: Floats = field(init=False)
    best: Floats = field(init=False)
    shares: Floats = field(init=False)

    def __post_init__(self) -> None:
        """Begin with nothing covered."""
        count = len(self.units.people)
        self.left, self.best, self.shares = np.ones(count), np.zeros(count), np.zeros((2, count))
        self.second = self.problem.rule.ranks.get(MOST_BACKUP, 0.0)
        capacity = self.question.capacity
        none = np.full(self.problem.n_options, math.inf)
        self.room = none if capacity is None else capacity.room(self.problem)
        self.far = [constraint.distance for constraint in of_kind(self.question.constraints, FullService)]
        self.by_distance = self.question.objective.by_distance

    def adds(self, option: int, weight: Floats, *, exact: bool = False) -> Added:
        """Return what one more hub adds; it serves those first who have most of a weight (u,).

        Parameters
        ----------
        exact
            Whether the most is wanted that it may add: by parts of units, also where they are to be served whole.
        """
        span = self.units.pairs(option)
        unit, share = self.units.unit[span], self.units.share[span]
        if not self.question.assigns:
            growth = self._growth(unit, share)
            return Added(
                option=option,
                unit=unit,
                taken=share,
                distance=self.units.distance[span],
                part=share,
                growth=growth,
            )
        near = self.units.distance[span] <= min(self.far, default=math.inf) * (1 + REACH_TOLERANCE)
        some = near & (self.left[unit] > 0)
        unit, share, distance = unit[some], share[some], self.units.distance[span][some]
        coming = self.units.coming[span][some]
        people = self.units.people[unit] * coming
        if self.by_distance and not exact:
            order = np.argsort(distance, kind="stable")
        else:  # of those who count alike for a seat, who has fewer hubs to go to comes first
            rate = weight[unit] * share * coming / np.maximum(people, SHORT)
            order = np.lexsort((self.units.choices[unit], -rate))
        unit, share, coming = unit[order], share[order], coming[order]
        part = self._seated(self.left[unit] * people[order], float(self.room[option]), in_parts=exact)
        taken = self.left[unit] * part
        parts = taken * coming
        return Added(option=option, unit=unit, taken=taken, distance=distance[order], part=parts, growth=share * parts)

    def _seated(self, crowd: Floats, room: float, *, in_parts: bool) -> Floats:
        """Return the share of each crowd, in their order, that finds room."""
        if not in_parts and self.question.capacity is not None and self.question.capacity.single:
            part = np.zeros(len(crowd))
            for at, size in enumerate(crowd.tolist()):
                if size <= room:
                    part[at], room = 1.0, room - size
            return part
        before = np.cumsum(crowd) - crowd
        return np.clip((room - before) / np.maximum(crowd, SHORT), 0.0, 1.0)

    def at_most(self, weight: Floats) -> Floats:
        """Return what a hub of each option (o,) adds of a weight (u,) at most; just that where no one is assigned."""
        units = self.units
        if not self.question.assigns:
            return self._sums(weight[units.unit] * self._growth(units.unit, units.share))
        found = self._sums(weight[units.unit] * units.share * self.left[units.unit] * units.coming)
        some = weight > 0
        if (units.people[some] <= 0).any():
            return found  # who is nobody takes no room
        densest = float((weight[some] / units.people[some]).max(initial=0.0))
        return np.minimum(found, np.where(np.isinf(self.room), math.inf, self.room * densest) if densest else 0.0)

    def _growth(self, unit: Ints, share: Floats) -> Floats:
        """Return how much more of units counts as covered with a hub that covers a share of them.

        A second hub counts for half at most, or the first would count for less, and none were begun.
        """
        first, second = self.shares[:, unit]
        nearer: Floats = np.maximum(share - first, 0.0)
        if not self.second:
            return nearer
        part = min(self.second, 0.5)
        found: Floats = (1 - part) * nearer + part * np.maximum(np.minimum(share, first) - second, 0.0)
        return found

    def _counts(self, unit: Ints) -> None:
        """Note what of some units counts as covered."""
        first, second = self.shares[:, unit]
        self.best[unit] = (1 - self.second) * first + self.second * second

    def _sums(self, worth: Floats) -> Floats:
        sums = np.concatenate([[0.0], np.cumsum(worth)])
        found: Floats = sums[self.units.starts[1:]] - sums[self.units.starts[:-1]]
        return found

    def open(self, option: int, weight: Floats) -> Added:
        """Take in one more hub, and return what it adds."""
        added = self.adds(option, weight)
        self.take(added)
        return added

    def take(self, added: Added) -> None:
        """Take in what one more hub adds."""
        if self.question.assigns:
            self.best[added.unit] += added.growth
            self.left[added.unit] = np.maximum(self.left[added.unit] - added.taken, 0.0)
            return
        first, second = self.shares[:, added.unit]
        self.shares[1, added.unit] = np.maximum(second, np.minimum(first, added.part))
        self.shares[0, added.unit] = np.maximum(first, added.part)
        self._counts(added.unit)

    def close(self, added: Added, counts: Ints) -> None:
        """Give up what a hub added, with the hubs (o,) that are left."""
        if not self.question.assigns:
            unit = self.units.unit[self.units.pairs(added.option)]
            self.shares[:, unit] = self.units.two_best(unit, counts)
            self._counts(unit)
            return
        self.left[added.unit] = np.minimum(self.left[added.unit] + added.taken, 1.0)
        self.best[added.unit] = np.maximum(self.best[added.unit] - added.growth, 0.0)

    def assigned(self, hubs: Sequence[Added]) -> csr_array | None:
        """Return the share (n, o) of each point's people that options serve; None where no one is assigned."""
        if not self.question.assigns:
            return None
        unit = np.concatenate([np.zeros(0, dtype=np.intp), *(hub.unit for hub in hubs)])
        option = np.repeat([hub.option for hub in hubs], [len(hub.unit) for hub in hubs])
        part = np.concatenate([np.zeros(0), *(hub.part for hub in hubs)])
        some = part > 0
        cells: Any = (part[some], (unit[some], option.astype(np.intp)[some]))
        shares: csr_array = csr_array(cells, shape=(len(self.units.people), self.problem.n_options))
        return self.question.instance.assign_rows.of_points(shares)


def worth_alone(question: Question) -> Floats:
    """Return the need (o,) that a hub of each option covers if it is the only one, in the last year."""
    problem = question.problems[-1]
    units = Units.of(question, problem)
    cover, need = Cover(question, problem, units), units.weigh(problem.need)
    if not question.assigns:
        return cover.at_most(need)
    return np.array([cover.adds(option, need, exact=True).of(need) for option in range(problem.n_options)])
