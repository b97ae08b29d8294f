"""The figures of a run, alike for all contenders."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDING = 1e-6
"""Relative; solvers add in their own order, and keep to rows and wholeness within a tolerance."""


class Clock:
    """Tell the seconds since it was made."""

    def __init__(self) -> None:
        """Start."""
        self.began = time.perf_counter()

    def seconds(self) -> float:
        """Return the seconds since then."""
        return time.perf_counter() - self.began

    def left(self, limit: float) -> float:
        """Return what is left of a limit for a solver, in seconds."""
        return max(1.0, limit - self.seconds())


def figures(value: float, bound: float, seconds: float, gap: float, **more: Any) -> dict[str, Any]:
    """Return a record of a value, its bound and whether their gap is as asked."""
    if not (math.isfinite(value) and math.isfinite(bound)):
        return {"value": None, "bound": None, "gap": None, "seconds": seconds, "status": "no plan", **more}
    found = abs(bound - value) / max(1.0, abs(value))
    status = "optimal" if found <= gap + ROUNDING else "feasible"
    return {"value": value, "bound": bound, "gap": found, "seconds": seconds, "status": status, **more}


def by_pulp(
    program: Any, name: str, clock: Clock, limit: float, gap: float, *, threads: int | None = None
) -> dict[str, Any]:
    """Solve a PuLP model and return its figures; CBC, which has no limit here, has proven what it returns."""
    import pulp

    make: Callable[[], Any] = {
        "CBC": lambda: pulp.PULP_CBC_CMD(msg=False, gapRel=gap),
        "HiGHS": lambda: pulp.HiGHS(msg=False, gapRel=gap, timeLimit=clock.left(limit), threads=threads),
    }[name]
    program.solve(make())
    seconds = clock.seconds()
    if name == "CBC":
        value = bound = pulp.value(program.objective) if program.sol_status == pulp.LpSolutionOptimal else math.nan
        return figures(value, bound, seconds, gap)
    info, sign = program.solverModel.getInfo(), -1.0 if program.sense == pulp.LpMaximize else 1.0
    return figures(sign * info.objective_function_value, sign * info.mip_dual_bound, seconds, gap)
