"""A bound on what hubs of limited room cover, from prices of demand rows, for relaxations too large to solve."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hubplanner.model import Question
from hubplanner.model.constraints.budget import money_limit
from hubplanner.model.constraints.hub_count import hub_limit
from hubplanner.problem import Floats, Ints
from hubplanner.solver.deadline import Deadline

MOST_ROUNDS, MOST_WORK = 200, 1e8
"""Steps of the prices, and pairs of demand and hubs that all of them look at."""
FIRST_STEP, SHRINK, PATIENCE, PROGRESS = 0.5, 0.7, 5, 1e-5
"""Length of the first steps, relative to what closes the gap at once, and by what it shrinks after some whose relative
progress is less."""
MOMENTUM = 0.7
"""Share of the last direction that the next one keeps."""
HALVINGS = 60
"""Halvings of the range of a price of money."""
LEAK = 1e-9
"""Share by which money and the bound itself are taken wider, so that rounding leaves no plan out."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SeatedRows:
    """Rows of demand, who may be served by which option, and what options cost.

    Parameters
    ----------
    row, option, worth, crowd, coming
        (p,) the pairs, by option: what counts of a row if the option serves all of it, the seats that those take who
        come, and their share of the row.
    room
        (o,) seats of a hub.
    size
        (k, o) what a hub takes of money, and of the number of hubs.
    allowed
        (k,) how much of it there is; infinite where it is no limit.
    starts, most
        (g,) first of the options of which only some hubs together are allowed, and how many.
    rows
        Number of rows.
    """

    row: Ints
    option: Ints
    worth: Floats
    crowd: Floats
    coming: Floats
    room: Floats
    size: Floats
    allowed: Floats
    starts: Ints
    most: Floats
    rows: int

    @classmethod
    def of(cls, question: Question) -> SeatedRows:
        """Return the rows of a question whose hubs have limited room, in one year."""
        problem, instance, capacity = question.problems[-1], question.instance, question.capacity
        if capacity is None:
            raise AssertionError
        rows = instance.assign_rows
        order = np.argsort(rows.option, kind="stable")
        row, option, coming = rows.row[order], rows.option[order], rows.coming[order]
        need, seats = (rows.totals[:, instance.measure(of)] for of in (problem.need, problem.seats))
        # What stands at a site may stay beside what is built there: then each option has a limit of its own.
        stands = np.isin(problem.option_site, problem.option_site[problem.existing])
        starts = np.flatnonzero(np.diff(problem.option_site, prepend=-1) | stands)
        return cls(
            row=row,
            option=option,
            worth=need[row] * rows.share[order],
            crowd=seats[row] * coming,
            coming=coming,
            room=capacity.room(problem),
            size=np.array([np.where(problem.new, problem.option_cost, 0.0), problem.new.astype(np.float64)]),
            allowed=np.array([money_limit(question.blocks) * (1 + LEAK), hub_limit(question.blocks)]),
            starts=starts,
            most=np.where(stands[starts], instance.most[starts], question.per_site.count).astype(np.float64),
            rows=len(rows.totals),
        )

    def seated(self, prices: Floats) -> tuple[Floats, Floats]:
        """Return what a hub of each option (o,) earns by serving rows at prices (r,), and whom (p,) it serves."""
        profit = self.worth - prices[self.row]
        some = np.flatnonzero(profit > 0)
        crowd = self.crowd[some]
        with np.errstate(divide="ignore"):
            rate = profit[some] * self.coming[some] / crowd
        order = np.lexsort((-rate, self.option[some]))
        some, crowd = some[order], crowd[order]
        option, before = self.option[some], np.cumsum(crowd) - crowd
        first = np.searchsorted(option, option)
        room = self.room[option] - (before - before[first])
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.where(crowd > 0, np.clip(room / crowd, 0.0, 1.0), 1.0)
        served = np.zeros(len(self.row))
        served[some] = part * self.coming[some]
        earned: Floats = np.bincount(self.option, profit * served, minlength=len(self.room)).astype(np.float64)
        return earned, served

    def built(self, earned: Floats) -> tuple[float, Floats]:
        """Return what the best hubs (o,) earn together, in parts where money or their number allows parts, and them."""
        found = [self._within(earned, size, limit) for size, limit in zip(self.size, self.allowed, strict=True)]
        return min(found, key=lambda one: one[0])

    def _within(self, earned: Floats, size: Floats, limit: float) -> tuple[float, Floats]:
        r"""Return $\min_{\mu \ge 0} \mu B + \sum_g m_g \max_{o \in g} (e_o - \mu c_o)^+$, and hubs within the limit."""
        low = 0.0
        value, hubs = self._priced(earned, size, low)
        if math.isinf(limit) or size @ hubs <= limit:
            return value, hubs
        paid = size > 0
        high = float((earned[paid] / size[paid]).max()) + 1.0
        more, (less_value, fewer) = hubs, self._priced(earned, size, high)
        best = min(value, less_value + high * limit)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            value, hubs = self._priced(earned, size, middle)
            best = min(best, value + middle * limit)
            if size @ hubs > limit:
                low, more = middle, hubs
            else:
                high, fewer = middle, hubs
        over, under = float(size @ more), float(size @ fewer)
        share = (limit - under) / (over - under) if over > under else 0.0
        return best, share * more + (1 - share) * fewer

    def _priced(self, earned: Floats, size: Floats, price: float) -> tuple[float, Floats]:
        """Return what the best hubs (o,) earn where each pays for its size, and them."""
        left = earned - price * size
        group = np.repeat(np.arange(len(self.starts)), np.diff(self.starts, append=len(left)))
        pick = np.lexsort((left, group))[np.append(self.starts[1:], len(left)) - 1]
        earns = np.maximum(left[pick], 0.0)
        hubs = np.zeros(len(left))
        hubs[pick] = np.where(earns > 0, self.most, 0.0)
        return math.fsum(earns * self.most), hubs


def is_priced(question: Question) -> bool:
    """Tell whether prices of rows bound the need that a question's plans cover."""
    problem, capacity = question.problems[-1], question.capacity
    seats = capacity is not None and capacity.can_relax
    return seats and question.periods is None and problem.keeps_existing and not problem.measures


def priced_bound(question: Question, value: float, gap: float, deadline: Deadline) -> float:
    r"""Return a bound on the need that plans cover, by steps along subgradients of prices of rows.

    At any prices $u \ge 0$ of being served, no plan covers more than

    .. math:: L(u) = \sum_r u_r + \max_{n} \sum_o n_o \max_{x_o} \sum_r (w_{ro} - u_r) x_{ro},

    where the hubs n keep to money and number alone, parts of hubs included, and each serves whom it likes within its
    room. Cornuéjols, Sridharan and Thizy (1991), doi:10.1016/0377-2217(91)90328-T.

    Parameters
    ----------
    value
        What some plan covers: where steps aim.
    gap
        Relative gap from which the bound need not fall.
    deadline
        When to stop, if work is not at its end before.
    """
    rows = SeatedRows.of(question)
    prices, best, direction, idle, step = np.zeros(rows.rows), math.inf, np.zeros(rows.rows), 0, FIRST_STEP
    for _ in range(max(1, min(MOST_ROUNDS, int(MOST_WORK / max(len(rows.row), 1))))):
        earned, served = rows.seated(prices)
        total, hubs = rows.built(earned)
        bound = (math.fsum(prices) + total) * (1 + LEAK)
        idle = 0 if bound < best * (1 - PROGRESS) else idle + 1
        best = min(best, bound)
        if idle == PATIENCE:
            step, idle = step * SHRINK, 0
        slope = 1.0 - np.bincount(rows.row, served * hubs[rows.option], minlength=rows.rows)
        slope[(prices == 0) & (slope > 0)] = 0.0
        direction = slope + MOMENTUM * direction
        steepness = float(direction @ direction)
        if deadline.is_past or best - value <= gap * abs(value) or not steepness:
            break
        prices = np.maximum(prices - step * (bound - value) / steepness * direction, 0.0)
    return float(best)
