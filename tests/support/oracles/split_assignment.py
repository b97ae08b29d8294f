"""People split among the hubs of one plan, by a linear program that the oracle writes itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np

from support.oracles.assignment import rooms, share_worth, sought, utility
from support.oracles.town import SLACK

if TYPE_CHECKING:
    from support.oracles.questions import Query
    from support.oracles.town import Numbers, Plans


class Split:
    """The linear program of people split among the hubs of a plan: shares of pairs, then columns for each fair goal.

    One program is kept for all that is asked of a plan, each question begins where the last ended: most answers take
    a few steps of the simplex method.
    """

    def __init__(self, query: Query, plan: Plans) -> None:
        """Write the rows that hold whatever is sought."""
        town = query.town
        self.query = query
        hubs = np.flatnonzero(plan)
        point, hub = np.nonzero(town.share[:, hubs] > 0)
        self.point, self.option = point, hubs[hub]
        self.share, self.distance = town.share[point, self.option], town.option_distance[point, self.option]
        self.goals = sought(query.objective)
        self.groups = [w for w in getattr(query.objective.fairness, "weights", ()) if w.sum() > 0]
        self.width = len(point) + len(self.groups) * (len(self.groups) + 1)
        self.program = highspy.Highs()
        self.program.setOptionValue("output_flag", False)  # noqa: FBT003 - a setting and its value
        self.program.setOptionValue("threads", 1)
        self._add_columns(np.zeros(self.width), np.ones(self.width))
        self.possible = True
        for one in range(len(town.points)):
            self.at_most(self.row(point == one), 1.0)
        for option, room in enumerate(rooms(query.capacity, plan)):
            if math.isfinite(room):
                self.at_most(self.row(town.seats[point] * (self.option == option)), room)
        for constraint in query.constraints:
            if type(constraint).__name__ == "TakeUp":
                self._come(constraint)
        for constraint in query.service:
            self._serve(constraint)
        for count in range(1, len(self.groups) + 1):
            self._fair(count)

    def _add_columns(self, least: Numbers, most: Numbers) -> None:
        self.program.addVars(len(least), least, most)

    def row(self, coefficients: Numbers) -> Numbers:
        """Return a row with a coefficient for each pair."""
        found = np.zeros(self.width)
        found[: len(self.point)] = coefficients
        return found

    def at_most(self, row: Numbers, limit: float) -> None:
        """Add a row."""
        used = np.flatnonzero(row)
        if len(used):
            self.program.addRow(-highspy.kHighsInf, limit, len(used), used.astype(np.int32), row[used])
        else:
            self.possible &= limit >= 0

    def _covered(self, weight: Numbers) -> Numbers:
        return self.row(weight[self.point] * self.share)

    def _come(self, constraint: Any) -> None:
        """Let of each point no more come than their ways allow: parts of what would come to each hub alone."""
        come = np.exp(self.distance / constraint.e_fold) / constraint.share
        for point in range(len(self.query.town.points)):
            self.at_most(self.row(np.where(self.point == point, come, 0.0)), 1.0)

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
            self.at_most(-self.row(self.point == point), -1.0)

    def within(self, radius: float) -> None:
        """Serve no one farther than a radius, or than was said before."""
        for pair in np.flatnonzero(self.distance > radius * (1 + SLACK)).tolist():
            self.program.changeColBounds(pair, 0.0, 0.0)

    def _fair(self, count: int) -> None:
        """Add d_g >= r - s_g, with r and d_g the columns of the k smallest shares."""
        level = self._columns(count)
        for group, weight in enumerate(self.groups):
            row = -self._covered(weight) / weight.sum()
            row[level] += 1.0
            row[level + 1 + group] -= 1.0
            self.at_most(row, 0.0)

    def _columns(self, count: int) -> int:
        return len(self.point) + (count - 1) * (len(self.groups) + 1)

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
        return -self.row(weight[self.point] * self.distance)

    def largest(self, gain: Numbers) -> float | None:
        """Return the largest gain, None where nothing is possible."""
        if not self.possible:
            return None
        if not len(gain):
            return 0.0
        self.program.changeColsCost(len(gain), np.arange(len(gain), dtype=np.int32), -gain)
        self.program.run()
        if self.program.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return -float(self.program.getInfo().objective_function_value)

    def fairest(self) -> float | None:
        """Return the largest equivalent share, by tangents of its own until bound and utility agree."""
        fair, groups = self.query.objective.fairness, len(self.groups)
        if not groups:
            return 0.0 if self.largest(np.zeros(self.width)) is not None else None
        need = np.array([weight.sum() for weight in self.groups])
        part = np.stack([self._covered(weight) / weight.sum() for weight in self.groups])
        best, touched = -math.inf, np.full(groups, 0.5)
        self._add_columns(np.full(groups, -highspy.kHighsInf), np.full(groups, highspy.kHighsInf))
        for _ in range(60):
            kept = np.maximum(touched, fair.linear_below)
            slope, level = kept**-fair.alpha, utility(kept, fair.alpha, fair.linear_below)
            for group in range(groups):
                row = np.concatenate([-slope[group] * part[group], np.zeros(groups)])
                row[self.width + group] = 1.0
                self.at_most(row, level[group] - slope[group] * kept[group])
            bound = self.largest(np.concatenate([np.zeros(self.width), need / need.sum()]))
            if bound is None:
                return None
            touched = part @ np.array(self.program.getSolution().col_value)[: self.width]
            best = max(best, float(utility(touched, fair.alpha, fair.linear_below) @ need / need.sum()))
            if bound - best < 1e-10 * max(1.0, abs(best)):
                break
        return float(share_worth(np.array([best]), fair.alpha, fair.linear_below)[0])

    def radius(self) -> float | None:
        """Serve everyone within the smallest radius, and return it."""
        radii = [0.0, *np.unique(self.distance[self.query.town.wants[self.point]]).tolist()]
        most = self.program.getLp().col_upper_[: len(self.point)]
        found = None
        for radius in sorted(set(radii), reverse=True):
            self.within(radius)
            if self.largest(np.zeros(self.width)) is None:
                break
            found, most = radius, self.program.getLp().col_upper_[: len(self.point)]
        for pair, kept in enumerate(most):
            self.program.changeColBounds(pair, 0.0, kept)
        return found


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
