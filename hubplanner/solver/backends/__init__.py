"""One adapter a solver, reached by name."""

from __future__ import annotations

from collections.abc import Mapping

from hubplanner.solver.backends.base import (
    Adapter,
    DisagreementError,
    Outcome,
    SearchLimits,
    Solvable,
    Termination,
    believed,
)
from hubplanner.solver.backends.cbc import solve_cbc
from hubplanner.solver.backends.highs import solve_highs
from hubplanner.solver.backends.pulp import found_solvers, known_solver, solve_other, solvers_allowed

__all__ = [
    "DisagreementError",
    "Outcome",
    "SearchLimits",
    "Solvable",
    "Termination",
    "adapter",
    "believed",
    "found_solvers",
    "lacking",
]

ADAPTERS: Mapping[str, Adapter] = {"highs": solve_highs, "cbc": solve_cbc}


def adapter(name: str) -> Adapter:
    """Return the adapter of a solver; those that only PuLP knows share one.

    Raises
    ------
    ScenarioError
        When no solver of that name is on this machine.
    """
    if name.lower() in ADAPTERS:
        return ADAPTERS[name.lower()]
    known_solver(name)
    return solve_other


def lacking(name: str) -> str | None:
    """Return which solvers are on this machine, and what brings the one that was asked for; None where it is there."""
    is_there = name.lower() in ADAPTERS or name.lower() in map(str.lower, found_solvers())
    return None if is_there else solvers_allowed(name)
