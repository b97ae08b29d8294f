"""How to solve: which solver, how exact, for how long."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from hubplanner.errors import ScenarioError
from hubplanner.solver.backends.base import SearchLimits
from hubplanner.solver.deadline import CLOCK, LEAST_S, Clock, Deadline

METHODS = ("auto", "plain", "core")
HEURISTIC = "heuristic"
"""Name that asks for a plan without a search."""
LARGEST_SEED = 2**31 - 2
"""What every solver takes, with one added for CBC."""


@dataclass(frozen=True, kw_only=True)
class SolverOptions:
    """Parameters of a solve.

    Parameters
    ----------
    name
        ``highs``, ``cbc`` or a solver PuLP finds, by its PuLP name; ``heuristic`` for a plan without a search, with
        its gap to the relaxation's bound.
    gap
        Asked relative gap between plan and bound.
    time_limit_s
        Seconds for the solver; the best plan so far is taken then.
    threads
        Threads; 0 lets the solver choose.
    seed
        Seed of everything random.
    ties
        Whether to look for the first of equally good plans: with gap 0, and for up to 30 options whatever the gap.
        Where hubs share lines, also whether to look for the cheapest lines to a plan's hubs.
    method
        ``core`` reduces the question to what is left to decide before it is searched, ``plain`` hands it to the solver
        as one PuLP program, ``auto`` takes the core where the question has one.
    clock
        What the time limit is read from.

    >>> SolverOptions(name="cbc").gap
    0.0001
    """

    name: str = "highs"
    gap: float = 1e-4
    time_limit_s: float = 300.0
    threads: int = 0
    seed: int = 0
    ties: bool = True
    method: str = "auto"
    clock: Clock = field(default=CLOCK, repr=False, compare=False)

    @property
    def is_heuristic(self) -> bool:
        """Tell whether no solver is to search."""
        return self.name.lower() == HEURISTIC

    @property
    def deadline(self) -> Deadline:
        """Return when a solve that begins now is to stop."""
        return Deadline.after(self.time_limit_s, self.clock)

    def effort(self, gap: float, nodes: int | None = None) -> SearchLimits:
        """Return what a solver is asked, with an absolute gap in the program's unit."""
        return SearchLimits(
            name=self.name,
            gap=gap,
            seconds=self.time_limit_s,
            threads=self.threads,
            seed=self.seed,
            nodes=nodes,
            clock=self.clock,
        )

    def until(self, deadline: Deadline) -> SolverOptions:
        """Return the options with the time that a deadline leaves, and next to none where it is past."""
        return replace(self, time_limit_s=max(deadline.left, LEAST_S), clock=deadline.clock)

    def __post_init__(self) -> None:
        """Refuse what no solver could take."""
        wrong = {
            "gap": not 0 <= self.gap < 1,
            "time_limit_s": not (math.isfinite(self.time_limit_s) and self.time_limit_s > 0),
            "threads": self.threads < 0,
            "seed": not 0 <= self.seed <= LARGEST_SEED,
            "method": self.method not in METHODS,
        }
        allowed = {
            "gap": "from 0 to below 1",
            "time_limit_s": "more than 0",
            "threads": "0 or more",
            "seed": f"0 to {LARGEST_SEED}",
            "method": ", ".join(METHODS),
        }
        for name, is_wrong in wrong.items():
            if is_wrong:
                message = f"solver.{name}: {getattr(self, name)!r} found; allowed: {allowed[name]}"
                raise ScenarioError(message)
