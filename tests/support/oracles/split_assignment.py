"""People split among the hubs of one plan, by a linear program that the oracle writes itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import linprog

from support.oracles.assignment import rooms, share_worth, sought, utility
from support.oracles.town import SLACK

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.oracles.questions import Query
    from support.oracles.town import Numbers, Plans


class Split:
    """The linear program of people split among the hubs of a plan: shares of pairs, then columns for each fair goal."""

    def __init__(self, query: Query, plan: Plans) -> None:
        """Write the rows that hold whatever is sought."""
        town = query.town
        self.query = query
        self.pairs = [(i, o) for i in range(len(town.points)) for o in np.flatnonzero(plan) if town.share[i, o] > 0]
        self.goals = sought(query.objective)
        self.groups = [w for w in getattr(query.objective.fairness, "weights", ()) if w.sum() > 0]
        self.width = len(self.pairs) + len(self.groups) * (len(self.groups) + 1)
        self.most = np.ones(self.width)
        self.rows: list[tuple[Numbers, float]] = []
        for point in range(len(town.points)):
            self.at_most(self.sum(lambda i, _, point=point: i == point), 1.0)
        for option, room in enumerate(rooms(query.capacity, plan)):
            if math.isfinite(room):
                self.at_most(self.sum(lambda i, o, option=option: town.seats[i] * (o == option)), room)
        for constraint in query.constraints:
            if type(constraint).__name__ == "TakeUp":
                self._come(constraint)
        for constraint in query.service:
            self._serve(constraint)
        for count in range(1, len(self.groups) + 1):
            self._fair(count)

    def sum(self, coefficient: Callable[..., float]) -> Numbers:
        """Return a row with a coefficient for each pair."""
        return np.array(
            [coefficient(*pair) for pair in self.pairs] + [0.0] * (self.width - len(self.pairs)), dtype=float
        )

    def at_most(self, row: Numbers, limit: float) -> None:
        """Add a row."""
        self.rows.append((row, limit))

    def _covered(self, weight: Numbers) -> Numbers:
        return self.sum(lambda i, o: weight[i] * self.query.town.share[i, o])

    def _come(self, constraint: Any) -> None:
        """Let of each point no more come than their ways allow: parts of what would come to each hub alone."""
        town = self.query.town
        for point in range(len(town.points)):
            self.at_most(
                self.sum(
                    lambda i, o, point=point: (
                        math.exp(town.option_distance[i, o] / constraint.e_fold) / constraint.share
                        if i == point
                        else 0.0
                    )
                ),
                1.0,
            )

    def _serve(self, constraint: Any) -> None:
        town = self.query.town
        if type(constraint).__name__ == "Floor":
            self.at_most(
                -self._covered(constraint.weight),
                -constraint.share * constraint.weight.sum() + SLACK * constraint.weight.sum(),
            )
            return
        self.within(constraint.distance)
        for point in np.flatnonzero(town.wants):
            self.at_most(-self.sum(lambda i, _, point=point: i == point), -1.0)

    def within(self, radius: float) -> None:
        """Serve no one farther than a radius."""
        for number, (i, o) in enumerate(self.pairs):
            if self.query.town.option_distance[i, o] > radius * (1 + SLACK):
                self.most[number] = 0.0

    def _fair(self, count: int) -> None:
        """Add d_g >= r - s_g, with r and d_g the columns of the k smallest shares."""
        level = self._columns(count)
        for group, weight in enumerate(self.groups):
            row = -self._covered(weight) / weight.sum()
            row[level] += 1.0
            row[level + 1 + group] -= 1.0
            self.at_most(row, 0.0)

    def _columns(self, count: int) -> int:
        return len(self.pairs) + (count - 1) * (len(self.groups) + 1)

    def gain(self, name: str) -> Numbers:
        """Return what each column adds to a goal, times its sense."""
        town = self.query.town
        if name == "covered need":
            return self._covered(town.needs)
        if name.startswith("fair"):
            count = int(name.split()[1])
            row, level = np.zeros(self.width), self._columns(count)
            row[level], row[level + 1 : level + 1 + len(self.groups)] = count, -1.0
            return row
        weight = town.needs * getattr(self.query.objective, "travel_cost", 0.0)
        if name == "mean distance":
            weight = np.where(town.wants, town.needs, 0.0)
            weight = weight / weight.sum() if weight.sum() > 0 else weight
        return -self.sum(lambda i, o: weight[i] * town.option_distance[i, o])

    def largest(self, gain: Numbers) -> float | None:
        """Return the largest gain, None where nothing is possible."""
        if not self.width:
            return 0.0 if all(limit >= 0 for _, limit in self.rows) else None
        found = linprog(
            -gain,
            A_ub=np.array([row for row, _ in self.rows]),
            b_ub=np.array([limit for _, limit in self.rows]),
            bounds=np.column_stack([np.zeros(self.width), self.most]),
        )
        return -float(found.fun) if found.status == 0 else None

    def fairest(self) -> float | None:
        """Return the largest equivalent share, by tangents of its own until bound and utility agree."""
        fair, groups = self.query.objective.fairness, len(self.groups)
        if not groups:
            return 0.0 if self.largest(np.zeros(self.width)) is not None else None
        need = np.array([weight.sum() for weight in self.groups])
        part = np.stack([self._covered(weight) / weight.sum() for weight in self.groups])
        wide = [np.concatenate([row, np.zeros(groups)]) for row, _ in self.rows]
        limits, best, touched = [limit for _, limit in self.rows], -math.inf, np.full(groups, 0.5)
        for _ in range(60):
            kept = np.maximum(touched, fair.linear_below)
            slope, level = kept**-fair.alpha, utility(kept, fair.alpha, fair.linear_below)
            for group in range(groups):
                row = np.concatenate([-slope[group] * part[group], np.zeros(groups)])
                row[self.width + group] = 1.0
                wide.append(row)
                limits.append(level[group] - slope[group] * kept[group])
            free = np.full((groups, 2), [-np.inf, np.inf])
            found = linprog(
                -np.concatenate([np.zeros(self.width), need / need.sum()]),
                A_ub=np.array(wide),
                b_ub=np.array(limits),
                bounds=np.vstack([np.column_stack([np.zeros(self.width), self.most]), free]),
            )
            if found.status != 0:
                return None
            touched = part @ found.x[: self.width]
            best = max(best, float(utility(touched, fair.alpha, fair.linear_below) @ need / need.sum()))
            if -found.fun - best < 1e-10 * max(1.0, abs(best)):
                break
        return share_worth(best, fair.alpha, fair.linear_below)

    def radius(self) -> float | None:
        """Serve everyone within the smallest radius, and return it."""
        town, kept = self.query.town, self.most.copy()
        radii = sorted({0.0, *(town.option_distance[i, o] for i, o in self.pairs if town.wants[i])})
        low, high = 0, len(radii)
        while low < high:
            self.most = kept.copy()
            self.within(radii[(low + high) // 2])
            possible = self.largest(np.zeros(self.width)) is not None
            low, high = (low, (low + high) // 2) if possible else ((low + high) // 2 + 1, high)
        if low == len(radii):
            return None
        self.most = kept
        self.within(radii[low])
        return float(radii[low])


def split(query: Query, plan: Plans) -> list[float] | None:
    """Return the best figure of each goal in turn for hubs whose people may be split among them."""
    program, figures = Split(query, plan), list[float]()
    for goal in program.goals:
        if goal.name == "worst distance":
            found = program.radius()
        elif goal.name == "equivalent share":
            found = program.fairest()
        else:
            gain = program.gain(goal.name)
            found = program.largest(gain)
            if found is not None:
                program.at_most(-gain, -found + SLACK * max(1.0, abs(found)))
                fixed = query.town.cost(plan[None])[0] if goal.name == "cost" else 0.0
                found = goal.sense * found + fixed
        if found is None:
            return None
        figures.append(found)
    return figures
