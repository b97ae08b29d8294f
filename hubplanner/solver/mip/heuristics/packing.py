"""Hubs so far apart that hardly a place has two: what they cover adds up, and tens of thousands a second are moved."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from hubplanner.model.constraints.base import of_kind
from hubplanner.model.constraints.earlier_plan import FixedHubs
from hubplanner.problem import Floats, Ints
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.heuristics.greedy import PlanBuilder
from hubplanner.solver.mip.heuristics.ruin_recreate import OF_OPTION, QUICK, RowPlan

TWICE = 1.05
"""How many times what a plan covers its hubs may cover together: where they overlap more, moves would mislead."""
HEAT = (0.15, 0.07)
"""Part of what an open hub is worth by which chance changes worths, at the start and the end. Of hubs two reaches
apart, 1,000 sites x 20,000 points, plans of 20,000 steps cover 682,500 on average of three seeds; from 0.1 to 0.05 it
is 675,000, from 0.15 to 0.03 678,000, from 0.25 to 0.1 674,000; of 100,000 steps 685,000, 684,000, 683,000, 681,000."""
STEP = 700
"""Entries of rows that take as long as a step does beside those of its options, each of which takes as long as one."""
DRAWN = 200
"""Steps whose chances are drawn together, and after which the time is looked at."""


def packs(builder: PlanBuilder) -> bool:
    """Tell whether a plan's hubs cover hardly anything twice, within distance, number and cost alone."""
    question, problem = builder.question, builder.problem
    limits = builder.least or builder.floors or builder.alone or builder.needs or builder.budgets_in
    held = of_kind(question.constraints, FixedHubs) or len(problem.required_sites)
    covers = question.objective.maximises_coverage and question.objective.fairness is None
    covers = covers and problem.rule.backup == 1 and question.periods is None
    if limits or held or not (covers and builder.apart.nnz):
        return False
    worth, plan = _worth(builder), RowPlan(builder)
    new = builder.counts > builder.nothing.counts
    return bool(0 < worth.sum(where=new) <= TWICE * plan.covered.sum())


def _worth(builder: PlanBuilder) -> Floats:
    """Return what each option (o,) alone adds to standing hubs, leaving a plan as it is."""
    saved = builder.save()
    builder.restore(builder.nothing)
    bare = RowPlan(builder)
    builder.restore(saved)
    found: Floats = (bare.worth + bare.gain).sum(axis=0)
    return found


def pack(builder: PlanBuilder, deadline: Deadline, seed: int = 0, *, work: float = 1.0) -> None:
    """Open hubs in the place of those that stand too near, likelier where more is gained, while it cools.

    Annealing that rejects nothing, as Bortz, Kalos and Lebowitz (1975), doi:10.1016/0021-9991(75)90060-1, draw it.

    Parameters
    ----------
    builder
        A plan that `packs`; then the best that was found.
    work
        How many times as much as usual is tried.
    """
    packing = _Packing(builder)
    size = len(packing.options)
    steps = round(work * min(QUICK, OF_OPTION * builder.problem.n_options) / (STEP + size))
    rng, best, known = np.random.default_rng(seed), packing.is_open.copy(), packing.covered
    for step in range(steps):
        if step % DRAWN == 0:
            if deadline.is_past:
                break
            chances = rng.gumbel(size=(DRAWN, size))
        heat = HEAT[0] * (HEAT[1] / HEAT[0]) ** (step / steps)
        if not packing.move(heat * chances[step % DRAWN]):
            break
        if packing.covered > known:
            best, known = packing.is_open.copy(), packing.covered
    builder.restore(builder.nothing)
    for option in packing.options[best].tolist():
        if builder.fits(option):
            builder.open(option, builder.need)


class _Packing:
    """Hubs of which some are too near to each other, each worth the same beside any others.

    Attributes
    ----------
    options
        (k,) the options that are worth something.
    is_open
        (k,) which of them hold a hub.
    covered
        What these are worth together.
    """

    def __init__(self, builder: PlanBuilder) -> None:
        worth, problem = _worth(builder), builder.problem
        self.options: Ints = np.flatnonzero(problem.new & (worth > 0) & (builder.most_of > 0))
        site = problem.option_site[self.options]
        beside = csr_array(csr_array(builder.apart + csr_array(np.eye(problem.n_sites)))[site][:, site])
        self.near = [ends[ends != own] for own, ends in enumerate(np.split(beside.indices, beside.indptr[1:-1]))]
        self.worth = worth[self.options]
        # Money and numbers of hubs: what each takes, and what is left.
        held = builder.counts[self.options] > builder.nothing.counts[self.options]
        most = [at[self.options].astype(np.float64) for _, at in builder.most]
        self.size: Floats = np.array([builder.cost[self.options], *most])
        self.room: Floats = np.array([builder.money, *(float(one.count) for one, _ in builder.most)])
        self.is_open = np.zeros(len(self.options), dtype=np.bool_)
        self.lost, self.freed, self.covered = np.zeros(len(self.options)), np.zeros_like(self.size), 0.0
        for option in np.flatnonzero(held).tolist():
            self._change(option, 1)

    def move(self, chances: Floats) -> bool:
        """Open the option that adds most beside chance, and close those in its way; tell whether one fits."""
        typical = self.covered / max(int(np.count_nonzero(self.is_open)), 1)
        fits = (self.size <= self.room[:, None] + self.freed).all(axis=0) & ~self.is_open
        rate = np.where(fits, self.worth - self.lost + typical * chances, -np.inf)
        option = int(np.argmax(rate))
        if not fits[option]:
            return False
        near = self.near[option]
        for other in near[self.is_open[near]].tolist():
            self._change(other, -1)
        self._change(option, 1)
        return True

    def _change(self, option: int, sign: int) -> None:
        """Open an option, or close it."""
        near, worth, size = self.near[option], sign * self.worth[option], sign * self.size[:, option]
        self.is_open[option] = sign > 0
        self.covered += float(worth)
        self.room = self.room - size
        self.lost[near] += worth
        self.freed[:, near] += size[:, None]
