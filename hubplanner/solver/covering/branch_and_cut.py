"""Branch and Benders cut: one relaxation over blocks of rows, re-solved with some options pinned, best bound first."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

import numpy as np

from hubplanner.errors import SolverError
from hubplanner.model import Objective
from hubplanner.model.constraints.budget import most_money
from hubplanner.problem import Floats, Ints
from hubplanner.problem.covering_instance import CoveringInstance
from hubplanner.solver.covering.benders import BlockRelaxation, tighten
from hubplanner.solver.covering.construction import improved
from hubplanner.solver.covering.lp import PrimalPoint
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.limits import limits

ROOT_STALLED, STALLED = 1e-6, 1e-4
"""Relative moves of the bound in a round from which cuts are given up at the root, and left to branching elsewhere:
towns of 10,000 x 1,000, seeds 1 to 3, take 27.5, 9.0 and 2.3 s with 3e-5, 23.2, 7.3 and 2.3 s with 1e-4; seed 1 25.4 s
with 3e-4."""
WHOLE = 1e-6
"""Distance of an option from 0 and 1 that is the solver's tolerance."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _BranchNode:
    """Ends (o,) of the options, and the relaxation within them."""

    low: Floats
    high: Floats
    bound: float
    open_: Floats


@dataclass(kw_only=True, eq=False)
class BlockSearch:
    """A search over one relaxation.

    Parameters
    ----------
    instance, objective
        The question.
    program
        Its relaxation.
    best
        (k,) options of the best plan so far.
    slack
        Returns by how much of need a plan is to beat a value to be of interest.
    deadline
        When to stop.

    Attributes
    ----------
    bound
        No plan covers more need.
    nodes
        Nodes that were branched on.
    """

    instance: CoveringInstance
    objective: Objective
    program: BlockRelaxation
    best: Ints
    slack: Callable[[float], float]
    deadline: Deadline
    bound: float = math.inf
    nodes: int = 0
    _open: list[tuple[float, int, _BranchNode]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)
    _closed: float = -math.inf
    _root: PrimalPoint | None = None

    def __post_init__(self) -> None:
        """Note the value of the plan to begin with."""
        self.value = self.instance.covered_need(self.best)

    def root(self) -> PrimalPoint:
        """Return the relaxation."""
        core = np.zeros(len(self.instance.option))
        core[self.best] = 1.0
        point = tighten(self.program, core, self._enough, ROOT_STALLED)
        if point.bound == -math.inf:
            message = "HiGHS says that no plan keeps to the limits; the one to begin with does"
            raise SolverError(message)
        self._root = point
        self._note(point, self.program.low, self.program.high)
        self._tell()
        return point

    @property
    def is_closed(self) -> bool:
        """Tell whether no plan of interest is left."""
        return not self._open or -self._open[0][0] < self._enough

    def begin_at(self, plan: Ints) -> None:
        """Begin the search at a better plan (k,), which leaves less of interest at the root."""
        self._offer(plan)
        if self._root is not None and not self.nodes:
            self._open.clear()
            self._note(self._root, self.program.low, self.program.high)
            self._tell()

    def run(self, tell: Callable[[float, float], None]) -> None:
        """Branch until no plan of interest is left or time is up.

        Parameters
        ----------
        tell
            Hears of value and bound after each node.
        """
        while not (self.is_closed or self.deadline.is_past):
            node = heapq.heappop(self._open)[2]
            self.nodes += 1
            self._branch(node)
            self._tell()
            tell(self.value, self.bound)

    @property
    def _enough(self) -> float:
        """The least bound of interest, in the program's unit."""
        return (self.value + self.slack(self.value) - self.instance.base) / self.program.table.unit

    def _branch(self, node: _BranchNode) -> None:
        free = node.low < node.high
        if not free.any():
            # What is pinned is one plan, which breaks a limit by less than the solver tells.
            self._offer(np.flatnonzero(node.low > 0))
            return
        away = np.where(free, np.minimum(node.open_, 1 - node.open_), -1.0)
        pick = int(np.argmax(away))
        for end in (1.0, 0.0):
            low, high = node.low.copy(), node.high.copy()
            low[pick] = high[pick] = end
            self.program.fix(low, high)
            point = tighten(self.program, None, self._enough, STALLED)
            if point.is_solved:
                self._note(point, low, high)
            elif point.bound > -math.inf:
                self._push(_BranchNode(low=low, high=high, bound=min(node.bound, point.bound), open_=node.open_))

    def _note(self, point: PrimalPoint, low: Floats, high: Floats) -> None:
        """Take the plans near a relaxation, and keep what it leaves open."""
        if not point.is_solved:
            self._push(_BranchNode(low=low, high=high, bound=point.bound, open_=point.open_))
            return
        if point.bound < self._enough:
            self._closed = max(self._closed, point.bound)
            return
        self._offer(improved(self.instance, self.objective, point.open_, self.deadline))
        enough = self._enough
        # Reduced-cost fixing: a plan with an option away from its end is worth so much at most.
        left, is_high = point.bound - np.abs(point.reduced), point.open_ > 0.5  # noqa: PLR2004 - halfway
        gone = (low < high) & (left < enough)
        self._closed = max(self._closed, float(left[gone].max(initial=-math.inf)))
        high = np.where(gone & ~is_high & (point.reduced < 0), 0.0, high)
        low = np.where(gone & is_high & (point.reduced > 0), 1.0, low)
        self._push(_BranchNode(low=low, high=high, bound=point.bound, open_=point.open_))

    def _push(self, node: _BranchNode) -> None:
        heapq.heappush(self._open, (-node.bound, next(self._order), node))

    def _offer(self, trial: Ints) -> None:
        instance, (money, most) = self.instance, limits(self.objective)
        value = instance.covered_need(trial)
        sites = instance.site[trial]
        fits = math.fsum(instance.cost[trial]) <= most_money(money) and len(trial) <= most
        whole = len(np.unique(sites)) == len(sites) and np.isin(instance.required, sites).all()
        if value > self.value and fits and whole:
            self.best, self.value = trial, value

    def _tell(self) -> None:
        """Set the bound: of what is open, of what was closed, and no less than the best plan."""
        most = max(self._closed, -self._open[0][0] if self._open else -math.inf)
        bound = self.instance.most_within(most * self.program.table.unit + self.instance.base)
        self.bound = min(self.bound, max(bound, self.value))
