"""Programs without a variable, which solvers answer in ways of their own: HiGHS and CBC look at none of their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubplanner.solver.adapters.outcome import Outcome, Termination, no_plan

if TYPE_CHECKING:
    from pulp import LpProblem


def solve_without(program: LpProblem, version: str = "") -> Outcome:
    """Return what a program comes to that has nothing to decide."""
    if not all(constraint.valid() for constraint in program.constraints()):
        return no_plan(Termination.INFEASIBLE, version)
    value = float(program.objective.constant) if program.objective is not None else 0.0
    return Outcome(termination=Termination.FINISHED, open_=[], value=value, bound=value, version=version)
