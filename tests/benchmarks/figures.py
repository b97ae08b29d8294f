"""The figures of a run, alike for all contenders."""

from __future__ import annotations

import math
import resource
import time
from typing import TYPE_CHECKING, Any

import highspy
import pulp

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDING = 1e-6
"""Relative; solvers add in their own order, and keep to rows and wholeness within a tolerance."""


def processor_seconds() -> float:
    """Return what this process, and those that it has waited for, took of the processor, in seconds."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


class Clock:
    """Tell the seconds since it was made: those of the processor, and for limits those on the wall."""

    def __init__(self) -> None:
        """Start."""
        self.began, self.wall_began = processor_seconds(), time.perf_counter()

    def seconds(self) -> float:
        """Return the seconds of the processor since then."""
        return processor_seconds() - self.began

    def wall(self) -> float:
        """Return the seconds on the wall since then."""
        return time.perf_counter() - self.wall_began

    def left(self, limit: float) -> float:
        """Return what is left of a limit for a solver, in seconds on the wall."""
        return max(1.0, limit - self.wall())


def figures(value: float, bound: float, seconds: float, gap: float, **more: Any) -> dict[str, Any]:
    """Return a record of a value, its bound and whether their gap is as asked."""
    if not (math.isfinite(value) and math.isfinite(bound)):
        return {"value": None, "bound": None, "gap": None, "seconds": seconds, "status": "no plan", **more}
    found = abs(bound - value) / max(1.0, abs(value))
    status = "optimal" if found <= gap + ROUNDING else "feasible"
    return {"value": value, "bound": bound, "gap": found, "seconds": seconds, "status": status, **more}


def by_pulp(program: Any, name: str, clock: Clock, limit: float, gap: float) -> dict[str, Any]:
    """Solve a PuLP model on one thread; CBC, which has no limit here, has proven what it returns."""
    make: Callable[[], Any] = {
        "CBC": lambda: pulp.PULP_CBC_CMD(msg=False, gapRel=gap, threads=1),
        "HiGHS": lambda: pulp.HiGHS(msg=False, gapRel=gap, timeLimit=clock.left(limit), threads=1),
    }[name]
    highspy.Highs.resetGlobalScheduler(True)  # noqa: FBT003 - HiGHS keeps the threads of its first run otherwise
    program.solve(make())
    seconds = clock.seconds()
    if name == "CBC":
        value = bound = pulp.value(program.objective) if program.sol_status == pulp.LpSolutionOptimal else math.nan
        return figures(value, bound, seconds, gap)
    info, sign = program.solverModel.getInfo(), -1.0 if program.sense == pulp.LpMaximize else 1.0
    return figures(sign * info.objective_function_value, sign * info.mip_dual_bound, seconds, gap)
