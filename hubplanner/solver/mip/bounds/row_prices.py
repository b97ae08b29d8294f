"""A bound on what hubs of limited room cover or cost, from prices of demand rows, where relaxations are too large."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hubplanner.model import Goal, Objective, Question, TakeUp
from hubplanner.model.constraints.base import of_kind
from hubplanner.model.constraints.budget import money_limit
from hubplanner.model.constraints.hub_count import hub_limit
from hubplanner.problem import Bools, Floats, Ints
from hubplanner.problem.model_instance import AssignRows
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.subproblem import Incumbent

MOST_ROUNDS, MOST_WORK = 200, 1e8
"""Steps of the prices, and pairs of demand and hubs that all of them look at."""
FIRST_STEP, SHRINK, PATIENCE, PROGRESS = 0.5, 0.7, 5, 1e-5
"""Length of the first steps, relative to what closes the gap at once, and by what it shrinks after some whose relative
progress is less."""
MOMENTUM = 0.7
"""Share of the last direction that the next one keeps."""
HALF, MOST_SUGGESTED = 0.5, 3
"""Part of a hub from which it is suggested, and sets of hubs that are."""
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
        come, and their share of the row. Ways that are to be short count below nil.
    owed
        (r,) rows that are to be served whole.
    fee
        (o,) what a hub itself takes off the figure.
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
    owed: Bools
    fee: Floats
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
        serves_all = not question.objective.maximises_coverage
        return cls(
            row=row,
            option=option,
            worth=_worth(question.objective, need, rows)[order],
            owed=(need > 0) & (np.bincount(row, minlength=len(need)) > 0) & serves_all,
            fee=problem.option_cost if question.objective.minimises_cost else np.zeros(problem.n_options),
            crowd=seats[row] * coming,
            coming=coming,
            room=capacity.room(problem),
            size=np.array([np.where(problem.new, problem.option_cost, 0.0), problem.new.astype(np.float64)]),
            allowed=np.array([money_limit(question.constraints) * (1 + LEAK), hub_limit(question.constraints)]),
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

    def built(self, earned: Floats) -> tuple[float, Floats, Floats]:
        """Return what the best hubs (o,) earn together, in parts where money or their number allows parts, and them.

        Last comes what any hubs lose on these at least that have one of an option (o,) among them.
        """
        left = earned - self.fee
        found = [self._within(left, size, limit) for size, limit in zip(self.size, self.allowed, strict=True)]
        at = min(range(len(found)), key=lambda one: found[one][0])
        value, hubs, price = found[at]
        return value, hubs, self._lost(left - price * self.size[at])

    def _within(self, earned: Floats, size: Floats, limit: float) -> tuple[float, Floats, float]:
        r"""Return $\min_{\mu \ge 0} \mu B + \sum_g m_g \max_{o \in g} (e_o - \mu c_o)^+$, hubs of that worth, $\mu$."""
        low = 0.0
        value, hubs = self._priced(earned, size, low)
        if math.isinf(limit) or size @ hubs <= limit:
            return value, hubs, low
        paid = size > 0
        high = float((earned[paid] / size[paid]).max()) + 1.0
        more, (less_value, fewer) = hubs, self._priced(earned, size, high)
        best, price = min((value, low), (less_value + high * limit, high))
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            value, hubs = self._priced(earned, size, middle)
            best, price = min((best, price), (value + middle * limit, middle))
            if size @ hubs > limit:
                low, more = middle, hubs
            else:
                high, fewer = middle, hubs
        over, under = float(size @ more), float(size @ fewer)
        share = (limit - under) / (over - under) if over > under else 0.0
        return best, share * more + (1 - share) * fewer, price

    @cached_property
    def _groups(self) -> tuple[Ints, Ints]:
        """The group of each option (o,), and the last option (g,) of each group."""
        ends = np.append(self.starts[1:], len(self.room))
        return np.repeat(np.arange(len(self.starts)), ends - self.starts), ends - 1

    def _lost(self, left: Floats) -> Floats:
        """Return what a hub of each option (o,) earns less, by what is left of each, than the best of its group."""
        most = np.maximum(np.maximum.reduceat(left, self.starts), 0.0)
        lost: Floats = most[self._groups[0]] - left
        return lost

    def _priced(self, earned: Floats, size: Floats, price: float) -> tuple[float, Floats]:
        """Return what the best hubs (o,) earn where each pays for its size, and them."""
        left = earned - price * size
        group, last = self._groups
        pick = np.lexsort((left, group))[last]
        earns = np.maximum(left[pick], 0.0)
        hubs = np.zeros(len(left))
        hubs[pick] = np.where(earns > 0, self.most, 0.0)
        return math.fsum(earns * self.most), hubs


def _worth(objective: Objective, need: Floats, rows: AssignRows) -> Floats:
    """Return what counts (p,) of a row if an option serves all of it: its need, or less where its way is longer."""
    if objective.maximises_coverage:
        return need[rows.row] * rows.share
    a_way = objective.travel_cost if objective.minimises_cost else 1.0 / max(math.fsum(need), LEAK)
    found: Floats = -a_way * need[rows.row] * rows.distance
    return found


def is_priced(question: Question, goal: Goal | None) -> bool:
    """Tell whether prices of rows bound a goal: need that is covered, or what serving all costs, or takes in ways."""
    problem, capacity, objective = question.problems[-1], question.capacity, question.objective
    simple = question.periods is None and problem.keeps_existing and not problem.measures and problem.backhaul is None
    seats = capacity is not None and capacity.can_relax
    asked = goal is not None and goal.name == objective.goal and not objective.is_bottleneck
    target = objective.target(problem.need)
    serves_all = objective.minimises_distance or (target is not None and target.share == 1)
    all_come = problem.rule.is_step and not of_kind(question.constraints, TakeUp)
    return simple and seats and asked and (objective.maximises_coverage or (serves_all and all_come))


def first_prices(rows: SeatedRows, opened: Ints) -> Floats:
    """Return prices (r,) to begin with: what serving a row costs with some hubs (o,), fees shared by all seats."""
    prices = np.full(rows.rows, -math.inf)
    some = opened[rows.option] > 0
    np.maximum.at(prices, rows.row[some], rows.worth[some])
    longest = np.zeros(rows.rows)
    np.minimum.at(longest, rows.row, rows.worth)
    seats = np.zeros(rows.rows)
    np.maximum.at(seats, rows.row, rows.crowd)
    fees = float(rows.fee @ opened) * seats / max(float(seats.sum()), LEAK)
    return np.where(rows.owed, np.where(np.isinf(prices), longest, prices) - fees, 0.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class PricedBound:
    """What prices of rows prove, and which hubs they suggest.

    Parameters
    ----------
    value
        No plan covers more, or costs less below nil.
    hubs
        Options (k,) of some sets of hubs, the last first, each in the order of what it earns.
    most
        No plan with a hub of an option (o,) covers more, or costs less below nil.
    """

    value: float
    hubs: tuple[Ints, ...]
    most: Floats


def priced_bound(  # noqa: PLR0913, PLR0917 - a question, what is known, and how long
    question: Question, plan: Incumbent, value: float, gap: float, deadline: Deadline, work: int = 1
) -> PricedBound:
    r"""Return a bound on the need that plans cover, or on what they cost, by steps along subgradients of row prices.

    At any prices $u$ of being served, none below nil but of rows that are owed it, no plan covers more than

    .. math:: L(u) = \sum_r u_r + \max_{n} \sum_o n_o \Big(\max_{x_o} \sum_r (w_{ro} - u_r) x_{ro} - f_o\Big),

    where the hubs n keep to money and number alone, parts of hubs included, and each serves whom it likes within its
    room. What is to be least counts below nil: $w_{ro}$ as a way, $f_o$ as a hub's cost; elsewhere that is nil.
    Cornuéjols, Sridharan and Thizy (1991), doi:10.1016/0377-2217(91)90328-T. With one of an option among the hubs, no
    plan covers more than that less what the best hub of its site earns more, at the price of money or number.

    Parameters
    ----------
    plan
        Some plan, whose ways and fees are the first prices.
    value
        What it covers, or costs below nil: where steps aim.
    gap
        Relative gap from which the bound need not fall.
    deadline
        When to stop, if work is not at its end before.
    work
        How many times as many steps as usual are taken at most.
    """
    rows = SeatedRows.of(question)
    opened = np.zeros(len(rows.room), dtype=np.intp) if plan.opened is None else plan.opened[-1]
    prices, best, direction, idle, step = first_prices(rows, opened), math.inf, np.zeros(rows.rows), 0, FIRST_STEP
    suggested, most = dict[bytes, Ints](), np.full(len(rows.room), math.inf)
    for _ in range(max(1, work * min(MOST_ROUNDS, int(MOST_WORK / max(len(rows.row), 1))))):
        earned, served = rows.seated(prices)
        total, hubs, lost = rows.built(earned)
        bound = math.fsum(prices) + total + LEAK * (math.fsum(np.abs(prices)) + abs(total))
        most = np.minimum(most, bound - lost * (1 - LEAK))
        idle = 0 if bound < best - PROGRESS * abs(best) else idle + 1
        if bound <= best:
            best, built = bound, np.flatnonzero(hubs >= HALF)
            suggested.pop(built.tobytes(), None)
            suggested[built.tobytes()] = built[np.argsort(-(earned - rows.fee)[built], kind="stable")]
        if idle == PATIENCE:
            step, idle = step * SHRINK, 0
        slope = 1.0 - np.bincount(rows.row, served * hubs[rows.option], minlength=rows.rows)
        slope[~rows.owed & (prices == 0) & (slope > 0)] = 0.0
        direction = slope + MOMENTUM * direction
        steepness = float(direction @ direction)
        if deadline.is_past or best - value <= gap * abs(value) or not steepness:
            break
        prices = prices - step * (bound - value) / steepness * direction
        prices = np.where(rows.owed, prices, np.maximum(prices, 0.0))
    hubs_of = tuple(list(suggested.values())[: -MOST_SUGGESTED - 1 : -1])
    return PricedBound(value=float(best), hubs=hubs_of, most=np.minimum(most, best))
