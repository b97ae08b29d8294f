"""A town written down a second time: nothing of hubplanner's models, coverage or evaluation is used here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pulp
import pytest

import hubplanner as hp
from hubplanner.problem import CoverageRule, SiteStatus
from hubplanner.solver.backends.cbc import cbc_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pulp import LpAffineExpression, LpVariable

    from hubplanner.model import Objective

    Link = Callable[[LpVariable, LpVariable], object]

EXACT = hp.SolverOptions(gap=0.0, ties=False)
SAME = 1e-6
SEEDS = range(2)


@dataclass(frozen=True, kw_only=True, eq=False)
class Town:
    """A random square of 100 by 100; the first two sites hold a hub, the third must get one.

    Parameters
    ----------
    places, sites
        (n, 2) and (m, 2) coordinates.
    need, people
        (n,) whole numbers, need below people.
    cost
        (m,) of a hub, 0 where one stands.
    reach
        Of every hub.
    """

    places: np.ndarray
    sites: np.ndarray
    need: np.ndarray
    people: np.ndarray
    cost: np.ndarray
    reach: float

    @property
    def distance(self) -> np.ndarray:
        """Distances (n, m)."""
        away = self.places[:, None, :] - self.sites[None, :, :]
        return np.sqrt((away**2).sum(axis=2))

    @property
    def near(self) -> np.ndarray:
        """Which sites (n, m) reach which points."""
        return self.distance <= self.reach

    @property
    def fixed(self) -> np.ndarray:
        """Mask (m,) of the sites that hold a hub in every plan."""
        return np.arange(len(self.sites)) < 3

    @property
    def quarters(self) -> np.ndarray:
        """Need (4, n) of the four quarters of the square."""
        quarter = (self.places[:, 0] > 50) + 2 * (self.places[:, 1] > 50)
        return np.array([np.where(quarter == number, self.need, 0.0) for number in range(4)])

    def problem(self, rule: CoverageRule | None = None) -> hp.Problem:
        """Return the town as hubplanner takes it."""
        plain = hp.Problem.from_points(self.places, self.need, self.sites, self.cost, self.reach)
        status = np.full(len(self.sites), SiteStatus.CANDIDATE, dtype=np.intp)
        status[:2], status[2] = SiteStatus.EXISTING, SiteStatus.REQUIRED
        return replace(plain, people=self.people, site_status=status, rule=rule or CoverageRule())


def town(seed: int, points: int = 120, sites: int = 40, reach: float = 16.0) -> Town:
    rng = np.random.default_rng(seed)
    people = rng.integers(5, 100, points).astype(float)
    cost = rng.integers(10, 40, sites).astype(float)
    cost[:2] = 0
    return Town(
        places=rng.uniform(0, 100, (points, 2)),
        sites=rng.uniform(0, 100, (sites, 2)),
        need=np.maximum(np.floor(people * rng.uniform(0.2, 1, points)), 1.0),
        people=people,
        cost=cost,
        reach=reach,
    )


@dataclass(kw_only=True, eq=False)
class Second:
    """A program in the making, with a binary for each site of a town."""

    town: Town
    program: pulp.LpProblem = field(default_factory=lambda: pulp.LpProblem("second_opinion", pulp.LpMaximize))
    open_: list[LpVariable] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.open_ = self.binaries("open", len(self.town.sites))
        for site in np.flatnonzero(self.town.fixed).tolist():
            self.open_[site].lowBound = 1

    def binaries(self, name: str, count: int) -> list[LpVariable]:
        return [self.program.add_variable(f"{name}_{number}", cat="Binary") for number in range(count)]

    def amounts(
        self, name: str, pairs: Iterable[tuple[int, int]], most: float = 1.0
    ) -> dict[tuple[int, int], LpVariable]:
        return {(i, j): self.program.add_variable(f"{name}_{i}_{j}", 0, most) for i, j in pairs}

    def hold(self, constraint: object) -> None:
        self.program += constraint

    def spend(self, budget: float) -> None:
        self.hold(pulp.lpDot(self.town.cost.tolist(), self.open_) <= budget)

    def build(self, hubs: int) -> None:
        """Build at most so many hubs beside the two that stand."""
        self.hold(pulp.lpSum(self.open_) <= hubs + 2)

    def shares(self, pairs: np.ndarray, *, link: bool = True, whole: bool = False) -> dict[tuple[int, int], LpVariable]:
        """Return what share of each point each site serves, at most all of it together."""
        made = self.amounts("share", np.argwhere(pairs).tolist())
        for (point, site), share in made.items():
            share.cat = "Integer" if whole else "Continuous"
            if link:
                self.hold(share <= self.open_[site])
            del point
        for point in np.flatnonzero(pairs.any(axis=1)).tolist():
            self.hold(pulp.lpSum(made[point, site] for site in np.flatnonzero(pairs[point]).tolist()) <= 1)
        return made

    def worth(self, made: dict[tuple[int, int], LpVariable], value: np.ndarray) -> LpAffineExpression:
        """Return the shares times a value (n, m)."""
        return pulp.lpSum(float(value[pair]) * share for pair, share in made.items())

    def most(self, wanted: LpAffineExpression | LpVariable) -> float:
        """Return the largest value of an expression."""
        self.program.setObjective(pulp.lpSum([wanted]))
        solver = pulp.COIN_CMD(path=cbc_path(), msg=False, gapRel=0.0, gapAbs=0.0, threads=1)
        assert pulp.LpStatus[self.program.solve(solver)] == "Optimal"
        return float(pulp.value(self.program.objective))

    def least(self, wanted: LpAffineExpression | LpVariable) -> float:
        """Return the smallest value of an expression."""
        return -self.most(-1 * wanted)


def by_need(here: Town, value: np.ndarray | float = 1.0) -> np.ndarray:
    return here.need[:, None] * np.broadcast_to(value, here.distance.shape)


def check(problem: hp.Problem, objective: Objective, *figures: float) -> hp.Solution:
    """Solve, and compare the first goals with the second opinion's figures."""
    solution = hp.solve_problem(problem, objective, EXACT)
    assert solution.status == "optimal"
    reached = [(goal.value, goal.bound) for goal in solution.goals] or [(solution.value, solution.bound)]
    for figure, (value, bound) in zip(figures, reached, strict=False):
        assert value == pytest.approx(figure, rel=SAME)
        assert bound == pytest.approx(figure, rel=SAME)
    return solution
