"""Reductions, starts and solvers, behind one entry: `solve_problem`."""

from hubplanner.solver.backends import found_solvers, lacking
from hubplanner.solver.cache import SolveCache
from hubplanner.solver.cheapest_plan import cheapest
from hubplanner.solver.infeasibility.conflicts import in_words, remedies
from hubplanner.solver.options import SolverOptions
from hubplanner.solver.solve import solve_many, solve_problem

__all__ = [
    "SolveCache",
    "SolverOptions",
    "cheapest",
    "found_solvers",
    "in_words",
    "lacking",
    "remedies",
    "solve_many",
    "solve_problem",
]
