"""Who serves whom, once the hubs are proven: among all ways to serve as well, the one with the shortest ways.

A search proves which hubs to open, and any assignment will do for that. This step reassigns people to the same hubs:
as much need is covered, every floor and level of fairness stays, and the need-weighted distance is least. It also turns
a solver's floating numbers into the whole numbers they stand for: with seats alone the best assignments are corners of
a transportation problem, whose every figure is a sum or difference of seats and people.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, diags_array, vstack

from hubplanner.errors import SolverError
from hubplanner.model import (
    FixedLevel,
    Floor,
    FullService,
    Question,
    Year,
    broken_years,
)
from hubplanner.model.constraints.base import first_of, of_kind
from hubplanner.model.formulation import HOLDING
from hubplanner.problem import Bools, Evaluation, Floats, Ints, Problem, evaluate
from hubplanner.problem.evaluation import covering, links_kept
from hubplanner.problem.travel.base import within
from hubplanner.solver.deadline import Deadline
from hubplanner.translation import gettext as _

log = logging.getLogger(__name__)

MOST_PAIRS = 200_000
"""Points and open hubs within reach above which people stay with the hubs that the search gave them."""
MOST_WHOLE_PAIRS = 2_000
"""The same where points are served whole."""
MOST_NODES = 500
"""Nodes of the search for near hubs where points are served whole: a number, not a time, so that machines agree."""
EXACT_LP: Any = {"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-10}
OUT_OF_TIME = 1
"""What ``linprog`` says at its limit."""
LATE_S = 1.0
"""Seconds for it in any case, so that a plan found at the time limit is put in order too."""
LEAK = 1e-6
"""Relative difference of a figure from the one it stands for that a solver's tolerance explains."""
SNUG, LEAST_PEOPLE = 1e-9, 1e-7
"""Relative and absolute people within which a hub is full, and a point served whole, in the transportation problem."""
LEAST_PRICE = 1e-8
"""Price of a seat or a point, relative to the largest worth of a person, that is not rounding."""


def assign_to_nearest(
    question: Question, years: Sequence[Year], held: Sequence[FixedLevel], deadline: Deadline
) -> tuple[Year, ...]:
    """Return the plan of each year with the same hubs, as good by all goals, and the shortest ways.

    Parameters
    ----------
    held
        The goals reached, with their figures: none gets worse.
    deadline
        When to leave people with the hubs that the search gave them, but for `LATE_S`.
    """
    if question.capacity is None:
        return tuple(years)
    deadline = deadline.grace(LATE_S)
    found = tuple(
        replace(year, plan=_nearer(question, year, deadline, last=number == len(years) - 1))
        for number, year in enumerate(years)
    )
    lost = [
        f"{goal.goal.name} falls from {goal.goal.value(years):,.9g} to {goal.goal.value(found):,.9g}"
        for goal in held
        if goal.goal.sense * (goal.goal.value(found) - goal.goal.value(years)) < -LEAK * max(1.0, abs(goal.value))
    ]
    reasons = lost or broken_years(question, found)
    if reasons:
        log.warning(
            _(
                "people stay with the hubs that the search gave them, a nearer assignment fails: {reason}",
                reason=reasons[0],
            )
        )
        return tuple(years)
    return found


def _nearer(question: Question, year: Year, deadline: Deadline, *, last: bool) -> Evaluation:
    problem, plan = year.problem, year.plan
    if problem.measures:
        return _nearer_beside_measures(question, problem, plan)
    seats = None if deadline.is_past else _Seats.of(question, problem, plan, last=last)
    if seats is None:
        return plan
    served = seats.whole(deadline) if seats.single else seats.split(deadline)
    if served is None:
        log.info(_("people stay with the hubs that the search gave them: the time is up"))
        return plan
    cells: Any = (served, (seats.point, plan.options[seats.hub]))
    shares: csr_array = csr_array(cells, shape=(problem.n_points, problem.n_options))
    return evaluate(problem, plan.hubs, shares, plan.edges, kept=links_kept(problem, plan))


def _nearer_beside_measures(question: Question, problem: Problem, plan: Evaluation) -> Evaluation:
    """Return the plan with those whom hubs serve at the nearest of them, where hubs take everyone who comes.

    Where hubs fill up, or how many come depends on where they go, the search has weighed who is left for measures.
    """
    takes_all = question.capacity is not None and not question.capacity.can_relax
    if not takes_all or question.take_up is not None:
        return plan
    hubs = plan.hubs
    best, served = evaluate(problem, hubs).assigned.tocoo(), np.asarray(plan.assigned.sum(axis=1)).ravel()
    point, hub = best.coords
    cells: Any = (served[point], (point, plan.options[hub]))
    shares: csr_array = csr_array(cells, shape=(problem.n_points, problem.n_options))
    return evaluate(problem, hubs, shares, reached=plan.reached)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Seats:
    """The pairs of points and open hubs that may serve them, and what has to stay.

    Parameters
    ----------
    problem, plan
        The plan as it was found.
    point, hub, distance, share
        (p,) the pairs: point, position in the plan's options, distance, and the share that counts as covered.
    room
        (k,) people that the hubs of each option serve.
    floors
        What must stay covered.
    whole_points
        (n,) points that must be served whole.
    most
        Whether as much need is covered as these hubs can, not simply as much as before.
    single
        Whether points are served whole or not at all.
    """

    problem: Problem
    plan: Evaluation
    point: Ints
    hub: Ints
    distance: Floats
    share: Floats
    room: Floats
    floors: tuple[_Kept, ...]
    whole_points: Bools
    most: bool
    single: bool

    @classmethod
    def of(cls, question: Question, problem: Problem, plan: Evaluation, *, last: bool) -> _Seats | None:
        """Return what a plan's seats may serve; None where there is nothing to choose, or too much of it."""
        capacity, objective = question.capacity, question.objective
        if capacity is None or not len(plan.options) or question.take_up is not None:
            return None  # nobody to assign, or how many come depends on where they go, which the search has weighed
        floors = _kept(question, plan, last=last)
        if capacity.single and objective.by_distance:
            return None  # the search has weighed these ways already
        counted = np.any([problem.need > 0, *(floor.weight > 0 for floor in floors)], axis=0)
        point, hub, distance = covering(problem, plan.options)
        keep = counted[point]
        if objective.is_bottleneck:
            served = (problem.need > 0) & problem.reachable
            keep &= within(distance, plan.farthest_served(served)) | ~served[point]
        point, hub, distance = point[keep], hub[keep], distance[keep]
        if not len(point):
            return None
        if len(point) > (MOST_WHOLE_PAIRS if capacity.single else MOST_PAIRS):
            log.info(
                _(
                    "people stay with the hubs that the search gave them: {count:,} pairs are too many",
                    count=len(point),
                )
            )
            return None
        everyone = first_of(question.constraints, FullService) is not None
        return cls(
            problem=problem,
            plan=plan,
            point=point,
            hub=hub,
            distance=distance,
            share=problem.rule.share(distance, problem.option_reach[plan.options[hub]]),
            room=capacity.room(problem)[plan.options] * plan.counts,
            floors=tuple(floors),
            whole_points=(problem.need > 0) & problem.reachable if everyone else np.zeros(problem.n_points, np.bool_),
            most=not (objective.minimises_cost or objective.minimises_distance),
            single=capacity.single,
        )

    def split(self, deadline: Deadline) -> Floats | None:
        """Return the share of each pair's point that the hub serves, points shared among hubs; None out of time."""
        people = self.problem.seats[self.point]
        seated, shares = people > 0, np.zeros(len(self.point))
        shares[~seated] = self._unseated(~seated)
        for snapped in (True, False) if seated.any() else ():
            program = _Transport.of(self, np.flatnonzero(seated), snapped=snapped)
            try:
                confined = program.covering_most(deadline) if self.most else program
                served = None if confined is None else confined.nearest(deadline)
            except TimeoutError:
                return None
            if served is not None:
                shares[seated] = served / people[seated]
                return shares
        if seated.any():
            message = _("no program serves people from the plan's own hubs as the plan does")
            raise SolverError(message)
        return shares

    def whole(self, deadline: Deadline) -> Floats:
        """Return the same, every point served whole by the hubs of one option, or not at all."""
        n, hubs, pair = self.problem.n_points, len(self.room), np.arange(len(self.point))
        people, worth = self.problem.seats[self.point], self.problem.need[self.point] * self.share
        now = dict(self.plan.assigned.todok().items())
        before = np.array(
            [round(now.get(key, 0.0)) for key in zip(self.point, self.hub, strict=True)], dtype=np.float64
        )
        limited = np.isfinite(self.room)[self.hub]
        once = csr_array((np.ones(len(pair)), (self.point, pair)), shape=(n, len(pair)))
        load: Any = csr_array((people[limited], (self.hub[limited], pair[limited])), shape=(hubs, len(pair)))
        covers = [worth, *(floor.weight[self.point] * self.share for floor in self.floors)]
        levels = [math.fsum(worth * before), *(floor.reached for floor in self.floors)]
        scales = [max(float(cover.max()), 1e-300) for cover in covers]
        size = np.where(np.isfinite(self.room), np.maximum(self.room, 1.0), 1.0)
        least = [level * (1 - HOLDING) / scale for level, scale in zip(levels, scales, strict=True)]
        rows = [csr_array((cover / scale)[None, :]) for cover, scale in zip(covers, scales, strict=True)]
        cost = self.problem.need[self.point] * self.distance
        found = milp(
            cost / max(float(cost.max()), 1e-300),
            constraints=LinearConstraint(
                vstack([once, diags_array(1 / size) @ load, *rows]),
                np.concatenate([self.whole_points, np.zeros(hubs), least]),
                np.concatenate([np.ones(n), self.room / size, np.full(len(least), np.inf)]),
            ),
            bounds=Bounds(0, 1),
            integrality=np.ones(len(pair), dtype=np.intp),
            options={"node_limit": MOST_NODES, "mip_rel_gap": 0.0, "time_limit": deadline.left},
        )
        if found.x is None:
            return before
        after = np.round(found.x)
        # Within its tolerance the solver may crowd a hub or cover less: then people stay.
        fits = (load @ after <= np.maximum(self.room, load @ before)).all()
        covered = all(
            math.fsum(cover * after) >= level * (1 - HOLDING) for cover, level in zip(covers, levels, strict=True)
        )
        return after if fits and covered and math.fsum(cost * after) < math.fsum(cost * before) else before

    def _unseated(self, chosen: Bools) -> Floats:
        """Return the shares of points without people, who take no seats: with their best hub as far as before."""
        total = np.asarray(self.plan.assigned.sum(axis=1)).ravel()
        pairs = np.flatnonzero(chosen)
        order = pairs[np.lexsort((self.hub[pairs], self.distance[pairs], -self.share[pairs], self.point[pairs]))]
        points, first = np.unique(self.point[order], return_index=True)
        shares = np.zeros(len(self.point))
        shares[order[first]] = np.where(total[points] > 1 - LEAK, 1.0, total[points])
        return shares[pairs]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Kept:
    """A weight (n,) of the points whose covered part must not fall below ``reached``.

    ``level`` is the same without what a solver's tolerance left away: a floor of 0.3 is not one of 0.2999999.
    """

    weight: Floats
    level: float
    reached: float

    @classmethod
    def of(cls, weight: Floats, plan: Evaluation, wanted: float = math.inf) -> _Kept:
        """Return what a plan covers of a weight, as far as it is wanted."""
        covered, wanted = math.fsum(weight * plan.covered_share), min(wanted, math.fsum(weight))
        reached = min(covered, wanted)
        return cls(weight=weight, level=wanted if wanted - reached <= LEAK * wanted else reached, reached=reached)


def _kept(question: Question, plan: Evaluation, *, last: bool) -> list[_Kept]:
    """Return what must stay covered: floors as asked, in the last year, and fairness as it is reached."""
    floors = of_kind(question.constraints, Floor) if last else []
    kept = [_Kept.of(np.asarray(floor.weight), plan, floor.share * math.fsum(floor.weight)) for floor in floors]
    fairness = question.objective.fairness
    return kept if fairness is None else [*kept, *(_Kept.of(weight, plan) for weight in fairness.with_need)]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Side:
    """A row over pairs beside those of points and hubs: ``weight`` times people from ``least`` to ``most``."""

    weight: Floats
    least: float
    most: float = math.inf


@dataclass(frozen=True, kw_only=True, eq=False)
class _Transport:
    r"""People of points to seats of hubs, $y_{ih}$: $\sum_h y_{ih} \le p_i$, $\sum_i y_{ih} \le q_h$.

    Parameters
    ----------
    point, hub
        (p,) row of each pair's point, and of its hub.
    people, room
        Right-hand sides of the rows.
    tight
        (r,) rows of points, then of hubs, that must be met with equality.
    worth, way
        (p,) need covered, and need times distance, by a person.
    sides
        Further rows.
    allowed
        (p,) pairs that may serve.
    """

    point: Ints
    hub: Ints
    people: Floats
    room: Floats
    tight: Bools
    worth: Floats
    way: Floats
    sides: tuple[_Side, ...]
    allowed: Bools

    @classmethod
    def of(cls, seats: _Seats, pair: Ints, *, snapped: bool) -> _Transport:
        """Return the program of some pairs, whose points have people; with levels as a solver left them, or snapped."""
        problem = seats.problem
        points, row = np.unique(seats.point[pair], return_inverse=True)
        people, need = problem.seats[points], problem.need[points]
        beside = np.ones(problem.n_points, np.bool_)
        beside[points] = False
        kept = list(seats.floors)
        if not seats.most and not seats.whole_points.any():
            kept.append(_Kept.of(problem.need, seats.plan))
        sides = []
        for floor in kept:
            level = floor.level if snapped else floor.reached
            level -= math.fsum((floor.weight * seats.plan.covered_share)[beside])
            weight = floor.weight[points][row] / people[row] * seats.share[pair]
            sides.append(_Side(weight=weight, least=max(level, 0.0) * (1 - HOLDING)))
        return cls(
            point=row.astype(np.intp),
            hub=seats.hub[pair],
            people=people,
            room=seats.room,
            tight=np.concatenate([seats.whole_points[points], np.zeros(len(seats.room), np.bool_)]),
            worth=(need / people)[row] * seats.share[pair],
            way=(need / people)[row] * seats.distance[pair],
            sides=tuple(sides),
            allowed=np.ones(len(pair), np.bool_),
        )

    def covering_most(self, deadline: Deadline) -> _Transport | None:
        """Return the program confined to where as much need is covered as can be; None where there is no solution.

        By complementary slackness these are the people with whom every row with a price is met with equality and every
        pair with one serves nobody.
        """
        found = self._solve(-self.worth, deadline)
        if found is None:
            return None
        least = LEAST_PRICE * max(float(np.abs(self.worth).max(initial=0.0)), 1e-300)
        sides = tuple(
            replace(side, most=side.least if price > 0 else math.inf)
            for side, price in zip(self.sides, found.side_prices.tolist(), strict=True)
        )
        tight = self.tight | (found.row_prices > least)
        return replace(self, tight=tight, sides=sides, allowed=found.pair_prices <= least)

    def nearest(self, deadline: Deadline) -> Floats | None:
        """Return the people (p,) of each pair that go the least distance; None where there is no solution."""
        found = self._solve(self.way, deadline)
        return None if found is None else self._exact(found.people)

    def _solve(self, cost: Floats, deadline: Deadline) -> _Found | None:
        """Return the people of least cost, with the prices of rows and pairs; None where there is no solution.

        Raises
        ------
        TimeoutError
            When the solver says that its time is up: its clock is not that of the deadline.
        """
        pair, limit = np.arange(len(self.point)), np.concatenate([self.people, self.room])
        ends = np.concatenate([self.point, len(self.people) + self.hub])
        rows = csr_array((np.ones(2 * len(pair)), (ends, np.tile(pair, 2))), shape=(len(limit), len(pair)))
        loose, unit = ~self.tight & np.isfinite(limit), max(float(np.abs(cost).max(initial=0.0)), 1e-300)
        scales = [max(float(np.abs(side.weight).max(initial=0.0)), 1e-300) for side in self.sides]
        least = [csr_array((-side.weight / scale)[None, :]) for side, scale in zip(self.sides, scales, strict=True)]
        tops = [(-row, side.most / scale) for row, side, scale in zip(least, self.sides, scales, strict=True)]
        tops = [(row, top) for row, top in tops if math.isfinite(top)]
        lows = [-side.least / scale for side, scale in zip(self.sides, scales, strict=True)]
        equal = bool(self.tight.any())
        solve: Any = linprog  # its stubs do not know sparse matrices
        found = solve(
            cost / unit,
            A_ub=vstack([rows[loose], *least, *(row for row, _ in tops)]),
            b_ub=np.concatenate([limit[loose], lows, [top for _, top in tops]]),
            A_eq=rows[self.tight] if equal else None,
            b_eq=limit[self.tight] if equal else None,
            # No pair has a limit of its own besides those of its rows, which would share the rows' prices.
            bounds=np.column_stack([np.zeros(len(pair)), np.where(self.allowed, np.inf, 0.0)]),
            method="highs-ds",
            options={**EXACT_LP, "time_limit": deadline.left},
        )
        if found.status == OUT_OF_TIME:
            raise TimeoutError
        if found.status != 0:
            return None
        prices, count = np.zeros(len(limit)), int(loose.sum())
        prices[loose] = -found.ineqlin.marginals[:count] * unit
        return _Found(
            people=found.x,
            row_prices=prices,
            side_prices=-found.ineqlin.marginals[count : count + len(self.sides)] * unit,
            pair_prices=found.lower.marginals * unit,
        )

    def _exact(self, people: Floats) -> Floats:
        """Return the people of each pair worked out from seats and people alone, where these determine them.

        A row that is full, with one pair left to know, tells it: what the others leave. What no row tells stays as the
        program has it.
        """
        size = np.concatenate([self.people, self.room])
        ends = np.stack([self.point, len(self.people) + self.hub])
        open_ = people > np.minimum(LEAST_PEOPLE, SNUG * self.people[self.point])
        result = np.where(open_, people, 0.0)
        full = np.bincount(ends.ravel(), np.tile(result, 2), minlength=len(size)) >= size * (1 - SNUG) - LEAST_PEOPLE
        pairs_of: list[list[int]] = [[] for _ in size]
        for pair in np.flatnonzero(open_).tolist():
            for row in ends[:, pair].tolist():
                pairs_of[row].append(pair)
        left, count = size.copy(), [len(pairs) for pairs in pairs_of]
        ready = [row for row in range(len(size)) if full[row] and count[row] == 1]
        while ready:
            last = [pair for pair in pairs_of[ready.pop()] if open_[pair]]
            if not last:
                continue
            pair = last[0]
            told = [left[end] for end in ends[:, pair].tolist() if full[end] and count[end] == 1]
            result[pair], open_[pair] = max(min(told), 0.0), False
            for end in ends[:, pair].tolist():
                left[end] -= result[pair]
                count[end] -= 1
                if full[end] and count[end] == 1:
                    ready.append(end)
        return result


@dataclass(frozen=True, kw_only=True, eq=False)
class _Found:
    """A program's people, and the prices of its rows (points, then hubs), its sides and its pairs."""

    people: Floats
    row_prices: Floats
    side_prices: Floats
    pair_prices: Floats
