"""What whole hubs are worth where shares count less the larger they are: less than parts of hubs would be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from pulp import LpConstraintLE, LpVariable

from hubplanner.model.fairness import TangentUtility
from hubplanner.model.formulation import Formulation
from hubplanner.model.lp import Model, Terms, once_for_each_model
from hubplanner.model.variables.assignment import assigned, live_rows
from hubplanner.model.variables.measures import covered_by_measures
from hubplanner.problem import Bools, Floats, Ints

VIOLATION = 1e-3
"""Least excess worth an inequality, as a part of what a group's share is worth."""
SLACK = 1e-9
"""Added to what plans are worth at most, for rounding."""
MINE = 0.5
"""Part of an option's room from which it is taken to be a group's own."""
LARGE = 0.8
"""Part of the largest room from which a hub counts as one of the largest."""
SIZES = 3
"""The largest rooms in use whose hubs are counted in turn."""
CELLS = 64
"""Parts of the smallest room by which the steepest worth of several smaller hubs is bounded."""


@dataclass(frozen=True, kw_only=True, eq=False)
class WholeHubsCut:
    r"""A group's worth by the number of its largest hubs is below the chord between two whole numbers of them.

    With u the least of the group's tangents $W_l$, hubs of room c that are its own, smaller ones of rooms $q_o$, and z
    what it is served by others,

    .. math:: u \le W(k c) + \beta (n - k) + \sigma \sum_o q_o n_o + \delta z, \qquad
              \beta = W((k + 1) c) - W(k c), \quad \sigma = \sup_{t \ge \min q} \varphi(t) / t

    for whole n and $n_o$. W holds the tangents that are no steeper than $\delta$, and
    $\varphi(t) = \max_j W(j c + t) - W(k c) - \beta (j - k)$ is what smaller hubs of room t add to the chord: for t up
    to c that is $W(k c + t) - W(k c)$, and c more add $\beta$ at most. It is mixed integer rounding (Nemhauser and
    Wolsey 1990, doi:10.1007/BF01585752) for a concave function in place of one row.

    Parameters
    ----------
    group
        Number of the group among those with need.
    weight
        (n,) its need at each point.
    part
        What a unit of its need is of its variable for the share.
    each
        (o,) what another hub of each option adds at most; NaN where what it serves counts, not the hub.
    steepest
        The slope $\delta$ of what others serve.
    limit
        The rest of the right side.
    """

    group: int
    weight: Floats
    part: float
    each: Floats
    steepest: float
    limit: float

    def add_to(self, layers: Sequence[Model]) -> None:
        """Add the inequality to the last year, of which alone shares are told."""
        terms, limit = self.row(layers)
        layers[-1].add(f"whole_hubs_{self.group}", terms, LpConstraintLE, limit)

    def row(self, layers: Sequence[Model]) -> tuple[Terms, float]:
        """Return the inequality's terms and upper limit."""
        model = layers[-1]
        assign, (pairs, option, worth) = assigned(model), _served(model, self.group, self.weight)
        others = np.isnan(self.each[option])
        terms: Terms = [(model.variables.fair_shares[self.group][1], 1.0)]
        terms += [(model.open_[option], -float(self.each[option])) for option in np.flatnonzero(self.each > 0).tolist()]
        served = (self.steepest * self.part * worth[others]).tolist()
        terms += [(assign[pair], -value) for pair, value in zip(pairs[others].tolist(), served, strict=True)]
        if model.has_measures:
            covered = covered_by_measures(model, self.weight).times(self.part * self.steepest)
            terms += [(variable, -value) for variable, value in covered.terms]
        return terms, self.limit


@dataclass(frozen=True, kw_only=True, eq=False)
class _Group:
    """A group of demand, who serves it by a relaxation, and what room hubs have for it, as parts of its share.

    Parameters
    ----------
    start, slope
        (k,) where its tangents meet 0, and their slopes.
    room, reach, served
        (o,) what a hub of each option has room for, infinite without a limit, who may come to it, and who does.
    hubs, least
        (o,) the hubs of each option, and those that every plan has.
    known, beside
        What is covered whatever is chosen, and what measures beside hubs cover.
    worth, share
        What the relaxation has of both.
    """

    start: Floats
    slope: Floats
    room: Floats
    reach: Floats
    served: Floats
    hubs: Floats
    least: Floats
    known: float
    beside: float
    worth: float
    share: float

    @cached_property
    def own(self) -> Bools:
        """Options whose hubs serve hardly anyone else."""
        with np.errstate(invalid="ignore"):
            mine = (self.reach >= MINE * self.room) & (self.served >= MINE * self.room * self.hubs)
        return np.isfinite(self.room) & (self.room > 0) & mine

    def steps(self, own: Bools) -> tuple[float, float, int]:
        """Return what there is without new hubs, the largest room, and how many of these the share fills."""
        base, largest = self.known + float(self.room[own] @ self.least[own]), float(self.room[own].max())
        return base, largest, max(int((float(self.room[own] @ self.hubs[own]) + self.known - base) / largest), 0)

    def most_broken(self) -> tuple[float, Floats, float, float] | None:
        """Return by how much the inequality that is broken most is, its part for each hub, its slope and its limit."""
        used = np.unique(self.room[self.own & (self.hubs > self.least + SLACK)])
        found = [self._most_broken(self.own & (self.room <= largest)) for largest in used[-SIZES:].tolist()]
        return max(found, key=lambda one: one[0]) if found else None

    def _most_broken(self, own: Bools) -> tuple[float, Floats, float, float]:
        """Return the inequality of some options that is broken most; what larger hubs serve counts, not they."""
        found = list[tuple[float, Floats, float, float]]()
        active = int(np.argmin(self.start + self.slope * self.share))
        for steepest in {float(self.slope[at]) for at in (active - 1, active, active + 1) if 0 <= at < len(self.slope)}:
            count = self.steps(own)[2]
            for number in {max(count - 1, 0), count, count + 1}:
                found.append(self._at(own, number, steepest))
        best = max(found, key=lambda one: one[0])
        # Of the others by what the hub and what it serves add to the right side: the less is the tighter.
        as_hubs = np.nan_to_num(best[1]) * (self.hubs - self.least)
        better = own & ((as_hubs <= best[2] * self.served) | (self.least > 0))
        if better.any() and (better != own).any():
            count = self.steps(better)[2]
            found += [self._at(better, number, best[2]) for number in {max(count - 1, 0), count, count + 1}]
        return max(found, key=lambda one: one[0])

    def _at(self, own: Bools, number: int, steepest: float) -> tuple[float, Floats, float, float]:
        """Return an inequality between two numbers of the largest hubs: its excess, parts, slope and limit."""
        flat = self.slope <= steepest * (1 + SLACK)

        def most(share: Floats) -> Floats:
            return np.asarray((self.start[flat] + np.multiply.outer(share, self.slope[flat])).min(axis=-1))

        base, largest, _ = self.steps(own)
        first, second = most(base + largest * np.array([number, number + 1.0])).tolist()
        chord = second - first
        small = own & (self.room < LARGE * largest)
        each = np.where(own, chord, np.nan)
        if small.any():
            least = float(self.room[small].min())
            ends = np.linspace(0.0, least, CELLS + 1)
            added = most(base + largest * number + ends) - first
            further = ((chord + added[1:]) / (largest + ends[:-1])).max()
            steep = max(float(added[-1]) / least, float(further), chord / largest)
            each = np.where(small, np.minimum(chord, steep * self.room), each)
        new = np.where(own, self.hubs - self.least, 0.0)
        others = float(self.served[~own].sum()) + self.beside
        limit = first - chord * number + SLACK * max(abs(first), abs(chord * number))
        excess = self.worth - limit - float(np.nan_to_num(each) @ new) - steepest * others
        return excess, each, steepest, limit - float(np.nan_to_num(each) @ self.least)


def whole_hub_cuts(utility: TangentUtility, form: Formulation, values: Floats) -> Iterator[WholeHubsCut]:
    """Yield an inequality for each group in which a relaxation's values break one."""
    for number, group in enumerate(_groups(utility, form, values)):
        found = group.most_broken()
        if found is not None and found[0] > VIOLATION * max(1.0, abs(group.worth)):
            _, each, steepest, limit = found
            yield WholeHubsCut(
                group=number,
                weight=utility.fairness.with_need[number],
                part=1 / (float(utility.fairness.need[number]) * utility.at),
                each=each,
                steepest=steepest,
                limit=limit,
            )


def whole_hub_shares(utility: TangentUtility, form: Formulation, values: Floats) -> list[Floats]:
    """Return shares (g,) of groups that whole numbers of their largest hubs fill, about those of a relaxation."""
    found = []
    for group in _groups(utility, form, values):
        shares = np.full(4, group.share)
        used = group.own & (group.hubs > group.least + SLACK)
        if used.any():
            base, largest, count = group.steps(group.own & (group.room <= group.room[used].max()))
            shares = base + largest * np.maximum(count + np.arange(-1, 3), 0)
        found.append(np.clip(shares * utility.at, 0.0, 1.0))
    return list(np.transpose(found))


def _groups(utility: TangentUtility, form: Formulation, values: Floats) -> Iterator[_Group]:
    """Yield the groups with need."""
    fairness, model, capacity = utility.fairness, form.layers[-1], form.question.capacity
    if capacity is None:
        raise AssertionError
    instance, rows, size = model.whole, live_rows(model), len(model.open_)
    room = capacity.room(instance.problem)
    shares, hubs = _of(assigned(model), values), _of(model.open_, values)
    people = rows.totals[:, instance.measure(model.seats)][rows.row]
    for number, (weight, need) in enumerate(zip(fairness.with_need, fairness.need.tolist(), strict=True)):
        part = 1 / (need * utility.at)
        pairs, option, need_served = _served(model, number, weight)
        worth = need_served * part
        with np.errstate(divide="ignore"):
            ratio = worth / people[pairs]
        most = np.zeros(size)
        np.maximum.at(most, option, ratio)
        known = float(fairness.covered_elsewhere[number]) * part
        share, gain = (values[one.index] for one in model.variables.fair_shares[number])
        served, reach = np.zeros((2, size))
        np.add.at(served, option, worth * shares[pairs])
        np.add.at(reach, option, worth * rows.coming[pairs])
        start, slope = utility.lines(number)
        beside = 0.0
        if model.has_measures:
            measured = covered_by_measures(model, weight).times(part)
            known += measured.constant
            beside = sum(value * float(values[variable.index]) for variable, value in measured.terms)
        yield _Group(
            start=start,
            slope=slope,
            room=np.multiply(room, most, out=np.zeros(size), where=most > 0),
            reach=reach,
            served=served,
            hubs=hubs,
            least=np.asarray(instance.least, dtype=np.float64),
            known=known,
            beside=beside,
            worth=float(gain),
            share=float(share),
        )


def _served(model: Model, group: int, weight: Floats) -> tuple[Ints, Ints, Floats]:
    """Return who may be served of a group: pairs (k,) of rows and options, the options, and the need of each."""
    known = _known(model)
    if group not in known:
        rows = live_rows(model)
        need = rows.totals[:, model.whole.measure(weight)][rows.row] * rows.share
        pairs = np.flatnonzero(need > 0)
        known[group] = (pairs, rows.option[pairs], need[pairs])
    return known[group]


@once_for_each_model
def _known(model: Model) -> dict[int, tuple[Ints, Ints, Floats]]:
    """Return where a model's groups are remembered: to tell them among many measures takes longer than the rest."""
    del model
    return {}


def _of(variables: Sequence[LpVariable], values: Floats) -> Floats:
    return np.asarray(values[[variable.index for variable in variables]])
